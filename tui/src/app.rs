//! The console's state, and how events change it. Nothing here reads, writes, waits or asks the clock: time comes with
//! each event, and what has to be done goes out as effects.

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::layout::Size;
use usher_core::command::WhenFull;
use usher_core::model::{BatchId, Timestamp, UserId};

use crate::action::{Action, Place, action};
use crate::counters::Counters;
use crate::effect::{Effect, Intent, Verb, Wish};
use crate::event::{Answer, Counted, Event, Outcome, Timer};
use crate::key::Key;
use crate::layout::Layout;
use crate::line::LineEditor;
use crate::list::Moved;
use crate::overlay::detail::DetailPane;
use crate::overlay::help::Help;
use crate::overlay::plan::{Asked, Phase, Sheet};
use crate::screen::users::{Uncounted, Users};
use crate::summary::{Proposal, short};
use crate::words;

/// How long the keyboard must rest before a filter being typed is put in force.
const TYPING: Duration = Duration::from_millis(90);
/// The shortest time between two readings of the list because of other people's changes.
const REFRESH_MS: i64 = 200;
/// The shortest time between two countings because of other people's changes; slow countings are done more seldom.
const RECOUNT_MS: i64 = 500;
/// Most keys that are kept while the list is read.
const MOST_DEFERRED: usize = 256;

/// What does not change while the console runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) read_only: bool,
    pub(crate) plain: bool,
    pub(crate) title: Option<String>,
}

/// How much the console has to say about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Plain,
    Bad,
}

/// The console.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) size: Size,
    pub(crate) now: Timestamp,
    pub(crate) users: Users,
    pub(crate) counters: Option<Counters>,
    pub(crate) detail: Option<DetailPane>,
    pub(crate) sheet: Option<Sheet>,
    pub(crate) help: Option<Help>,
    pub(crate) message: Option<(String, Tone)>,
    /// What is being applied: the sheet that was confirmed.
    pub(crate) applying: Option<Sheet>,
    pub(crate) dirty: bool,
    last_batch: Option<BatchId>,
    leaving: bool,
    deferred: VecDeque<Key>,
    plan_generation: u64,
    counting: Counting,
    refreshed_at: Option<i64>,
    refresh_waits: bool,
    counters_asked: bool,
    counters_stale: bool,
    effects: Vec<Effect>,
}

/// Where counting stands.
#[derive(Debug, Default)]
struct Counting {
    generation: u64,
    running: bool,
    waits: bool,
    /// When the next counting because of other people's changes may begin.
    not_before: i64,
}

impl App {
    /// A console that has read nothing yet.
    pub(crate) fn new(settings: Settings, size: Size, now: Timestamp) -> Self {
        let mut app = Self {
            settings,
            size,
            now,
            users: Users::new(),
            counters: None,
            detail: None,
            sheet: None,
            help: None,
            message: None,
            applying: None,
            dirty: true,
            last_batch: None,
            leaving: false,
            deferred: VecDeque::new(),
            plan_generation: 0,
            counting: Counting::default(),
            refreshed_at: None,
            refresh_waits: false,
            counters_asked: false,
            counters_stale: true,
            effects: Vec::new(),
        };
        app.lay_out();
        app
    }

    /// What has to be done first.
    pub(crate) fn start(&mut self) -> Vec<Effect> {
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// Takes an event that happened at `now`, and says what has to be done.
    pub(crate) fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.dirty = true;
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Resized(size) => self.resize(size),
            Event::Redraw(size) => {
                self.resize(size);
                self.effects.push(Effect::Repaint);
            }
            Event::Timer(timer) => self.timer(timer),
            Event::Committed => self.committed(),
            Event::Answered(answer) => self.answered(answer),
            Event::HungUp | Event::Signal(_) => self.effects.push(Effect::Quit),
        }
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// The parts of the screen.
    pub(crate) fn layout(&self) -> Layout {
        Layout::of(self.size, self.detail.is_some())
    }

    fn lay_out(&mut self) {
        let layout = self.layout();
        self.users.list.set_height(usize::from(layout.list.height));
        if let Some(sheet) = &mut self.sheet {
            sheet.page = usize::from(layout.overlay.height.saturating_sub(4));
        }
        if let Some(help) = &mut self.help {
            help.set_page(usize::from(layout.overlay.height));
        }
    }

    fn resize(&mut self, size: Size) {
        self.size = size;
        self.lay_out();
    }

    /// Asks for whatever the state still lacks, and lets keys through that waited for the list.
    fn settle(&mut self) {
        self.ask_list();
        while !self.users.list.is_settling()
            && let Some(key) = self.deferred.pop_front()
        {
            let waiting = self.deferred.len();
            self.key_now(key);
            self.ask_list();
            if self.deferred.len() > waiting {
                // The same key waits again, for rows that are being read.
                break;
            }
        }
        self.ask_counts();
        if self.counters_stale && !self.counters_asked {
            (self.counters_stale, self.counters_asked) = (false, true);
            self.effects.push(Effect::ReadCounters);
        }
        let current = self.users.list.current().map(|row| row.id);
        if let (Some(pane), Some(user)) = (&mut self.detail, current)
            && pane.wants(user)
        {
            self.effects.push(Effect::ReadDetail(user));
        }
    }

    fn ask_list(&mut self) {
        let marked = self
            .users
            .marks
            .query_beside(self.users.list.query())
            .cloned();
        if let Some(request) = self.users.list.next_request(marked.as_ref()) {
            self.effects.push(Effect::ReadWindow(request));
        }
    }

    fn ask_counts(&mut self) {
        let generation = self.counting.generation + 1;
        if let Some(request) = self.users.count_request(generation) {
            self.counting.generation = generation;
            self.counting.running = true;
            self.effects.push(Effect::Count(request));
        }
    }

    // Keys.

    fn key(&mut self, key: Key) {
        if key == Key::Ctrl('c') {
            self.interrupt();
            return;
        }
        self.leaving &= key == Key::Char('q');
        let on_list =
            self.sheet.is_none() && self.help.is_none() && self.users.filter.bar.is_none();
        let waits = !self.deferred.is_empty() || (on_list && self.needs_the_list(key));
        if key == Key::Escape {
            self.deferred.clear();
        } else if waits {
            if self.deferred.len() < MOST_DEFERRED {
                self.deferred.push_back(key);
            }
            return;
        }
        self.key_now(key);
    }

    /// Whether a key is about a row while the rows that were asked for are not here yet.
    fn needs_the_list(&self, key: Key) -> bool {
        let for_any_list = matches!(
            action(Place::Users, key),
            None | Some(
                Action::Filter
                    | Action::MarkAll
                    | Action::ClearMarks
                    | Action::Help
                    | Action::Quit
                    | Action::Repaint
                    | Action::Undo
            )
        );
        self.users.list.is_settling() && !for_any_list
    }

    fn key_now(&mut self, key: Key) {
        if self.sheet.is_some() {
            self.key_on_sheet(key);
        } else if let Some(help) = &mut self.help {
            if !help.press(key) {
                self.help = None;
            }
        } else if self.users.filter.bar.is_some() {
            self.key_in_filter(key);
        } else if let Some(action) = action(Place::Users, key) {
            self.message = None;
            self.act(action, key);
        }
    }

    fn interrupt(&mut self) {
        self.deferred.clear();
        if self.sheet.take().is_some() || self.help.take().is_some() {
            return;
        }
        if self.users.filter.bar.is_some() {
            self.leave_filter();
            return;
        }
        if self.leaving {
            self.effects.push(Effect::Quit);
        }
        self.leaving = true;
        self.say("ctrl-c again or q leaves the console", Tone::Plain);
    }

    fn paste(&mut self, text: &str) {
        if let Some(bar) = &mut self.users.filter.bar {
            bar.insert(text);
            self.typed_in_filter();
        }
    }

    fn act(&mut self, action: Action, key: Key) {
        match action {
            Action::Filter => self.open_filter(),
            Action::Sort => self.sort(),
            Action::Mark => {
                self.users.toggle_mark();
                self.users.list.move_by(1);
            }
            Action::Range => {
                if let Some(request) = self.users.range() {
                    self.effects.push(Effect::ReadRange(request));
                }
            }
            Action::MarkAll => self.users.mark_all(),
            Action::Invert => self.users.invert(),
            Action::ClearMarks => self.users.clear_marks(),
            Action::OnlyMarked => self.only_marked(),
            Action::Deactivate => self.wish(Verb::Deactivate),
            Action::Reactivate => self.wish(Verb::Reactivate),
            Action::Resend => self.wish(Verb::Resend),
            Action::Undo => self.undo(),
            Action::Detail => self.toggle_detail(),
            Action::Help => {
                self.help = Some(Help::default());
                self.lay_out();
            }
            Action::Repaint => self.effects.push(Effect::Repaint),
            Action::Back => self.back(),
            Action::Quit => self.quit(),
            moving => {
                if self.users.go(moving) == Moved::Waits {
                    self.deferred.push_front(key);
                }
            }
        }
    }

    fn back(&mut self) {
        if self.users.list.range().is_some() {
            self.users.list.end_range();
        } else if self.detail.is_some() {
            self.toggle_detail();
        } else if self.users.only_marked {
            self.users.show_only_marked(false);
        } else {
            self.users.apply_filter("", self.now);
        }
    }

    fn quit(&mut self) {
        if self.applying.is_some() && !self.leaving {
            self.leaving = true;
            self.say("a plan is being applied; q again leaves, and the plan is applied whole or not at all", Tone::Plain);
            return;
        }
        self.effects.push(Effect::Quit);
    }

    fn toggle_detail(&mut self) {
        self.detail = match self.detail {
            None => Some(DetailPane::default()),
            Some(_) => None,
        };
        self.lay_out();
    }

    fn only_marked(&mut self) {
        if self.users.only_marked {
            self.users.show_only_marked(false);
        } else if self.users.marks.is_empty() {
            self.say("nobody is marked", Tone::Plain);
        } else {
            self.users.show_only_marked(true);
        }
    }

    fn sort(&mut self) {
        use usher_core::query::SortBy;
        let (next, word) = match self.users.list.sort() {
            SortBy::Name => (SortBy::Email, "email"),
            SortBy::Email => (SortBy::Status, "status"),
            SortBy::Status => (SortBy::Created, "creation"),
            SortBy::Created => (SortBy::Name, "name"),
        };
        self.users.list.set_sort(next);
        self.say(&format!("sorted by {word}"), Tone::Plain);
    }

    // The filter.

    fn open_filter(&mut self) {
        self.users.filter.bar = Some(LineEditor::with(&self.users.filter.text));
    }

    fn key_in_filter(&mut self, key: Key) {
        match action(Place::Filter, key) {
            Some(Action::Accept) => self.accept_filter(),
            Some(Action::Back) => self.leave_filter(),
            Some(moving) => {
                // Only movements are left; one beyond the rows in memory is no reason to stop typing.
                self.users.go(moving);
            }
            None => {
                let pressed = self
                    .users
                    .filter
                    .bar
                    .as_mut()
                    .and_then(|bar| bar.press(key));
                if pressed == Some(true) {
                    self.typed_in_filter();
                }
            }
        }
    }

    fn typed_in_filter(&mut self) {
        self.users.filter.fault = None;
        self.effects
            .push(Effect::Timer(Timer::Filter, Some(TYPING)));
    }

    fn accept_filter(&mut self) {
        let text = self
            .users
            .filter
            .bar
            .as_ref()
            .map(|bar| bar.text().to_owned())
            .unwrap_or_default();
        self.effects.push(Effect::Timer(Timer::Filter, None));
        if self.users.apply_filter(&text, self.now) {
            self.users.filter.bar = None;
        }
    }

    fn leave_filter(&mut self) {
        self.effects.push(Effect::Timer(Timer::Filter, None));
        self.users.filter.bar = None;
        self.users.filter.fault = None;
        self.users.apply_filter("", self.now);
    }

    // Plans.

    fn wish(&mut self, verb: Verb) {
        let Some(target) = self.users.target() else {
            self.say("there is nobody here", Tone::Plain);
            return;
        };
        let wish = Wish::People {
            verb,
            who: target.who,
            typed: target.typed,
        };
        self.plan(target.words, target.of_marks, wish);
    }

    fn undo(&mut self) {
        self.plan(
            "your last batch".to_owned(),
            false,
            Wish::Undo(self.last_batch),
        );
    }

    fn plan(&mut self, target: String, of_marks: bool, wish: Wish) {
        if self.settings.read_only {
            self.say("this console is read-only", Tone::Bad);
        } else if self.applying.is_some() {
            self.say("a plan is being applied; wait for it", Tone::Plain);
        } else {
            self.sheet = Some(Sheet::planning(target, of_marks));
            self.lay_out();
            self.ask_plan(Intent {
                wish,
                when_full: WhenFull::Ask,
            });
        }
    }

    fn ask_plan(&mut self, intent: Intent) {
        self.plan_generation += 1;
        self.effects.push(Effect::Plan {
            generation: self.plan_generation,
            intent,
        });
    }

    fn key_on_sheet(&mut self, key: Key) {
        let Some(sheet) = &mut self.sheet else { return };
        match sheet.press(key) {
            Asked::Nothing => {}
            Asked::Close => {
                self.sheet = None;
                self.plan_generation += 1;
            }
            Asked::Replan(intent) => {
                sheet.phase = Phase::Planning;
                self.ask_plan(intent);
            }
            Asked::Apply => self.apply(),
        }
    }

    fn apply(&mut self) {
        let Some(sheet) = self.sheet.take() else {
            return;
        };
        if let Some(proposal) = sheet.proposal() {
            let (request, confirmed) = (Box::new(proposal.request.clone()), proposal.plan.digest);
            let (intent, undoes) = (proposal.intent.clone(), proposal.undoes);
            self.effects.push(Effect::Apply {
                request,
                confirmed,
                intent,
                undoes,
            });
            self.applying = Some(sheet);
        }
    }

    fn applied(&mut self, outcome: Outcome) {
        let Some(mut sheet) = self.applying.take() else {
            return;
        };
        match outcome {
            Outcome::Done { batch, promotions } => {
                self.say_done(&sheet, batch, promotions);
                if sheet.of_marks {
                    self.users.clear_marks();
                }
                self.refresh();
            }
            Outcome::Moved { proposal, what } => {
                let seen = sheet
                    .proposal()
                    .map(|before| proposal.differs_from(before))
                    .unwrap_or_default();
                sheet.show(proposal, if seen.is_empty() { what } else { seen });
                self.sheet = Some(sheet);
                self.lay_out();
            }
            Outcome::Unknown(why) => {
                if let Phase::Shown { unknown, .. } = &mut sheet.phase {
                    *unknown = Some(why);
                }
                sheet.typed.clear();
                self.sheet = Some(sheet);
            }
            Outcome::Refused(why) => self.say(&format!("nothing was changed: {why}"), Tone::Bad),
        }
    }

    fn say_done(&mut self, sheet: &Sheet, batch: Option<BatchId>, promotions: usize) {
        let Some(proposal) = sheet.proposal() else {
            return;
        };
        let Some(batch) = batch else {
            self.say("there was nothing to change any more", Tone::Plain);
            return;
        };
        let undone = matches!(proposal.intent.wish, Wish::Undo(_));
        self.last_batch = (!undone).then_some(batch);
        self.say(&done_in_words(proposal, batch, promotions), Tone::Good);
    }

    // Other people's changes.

    fn committed(&mut self) {
        let now = self.now.as_millis();
        let since = self
            .refreshed_at
            .map_or(i64::MAX, |at| now.saturating_sub(at));
        if self.refresh_waits {
            return;
        }
        if (0..REFRESH_MS).contains(&since) {
            self.refresh_waits = true;
            self.set_timer(Timer::Refresh, REFRESH_MS - since);
        } else {
            self.refresh();
        }
    }

    /// Reads everything on the screen anew.
    fn refresh(&mut self) {
        self.refreshed_at = Some(self.now.as_millis());
        self.users.list.refresh();
        self.counters_stale = true;
        if let Some(pane) = &mut self.detail {
            pane.refresh();
        }
        self.recount();
    }

    fn recount(&mut self) {
        let wait = self.counting.not_before - self.now.as_millis();
        if self.counting.waits {
            return;
        }
        if wait > 0 || self.counting.running {
            self.counting.waits = true;
            self.set_timer(Timer::Recount, wait.max(RECOUNT_MS));
        } else {
            self.users.uncounted.total = true;
            self.users.uncounted.marks = true;
        }
    }

    fn set_timer(&mut self, timer: Timer, millis: i64) {
        let after = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        self.effects.push(Effect::Timer(timer, Some(after)));
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Filter => {
                let text = self
                    .users
                    .filter
                    .bar
                    .as_ref()
                    .map(|bar| bar.text().to_owned());
                if let Some(text) = text {
                    self.users.apply_filter(&text, self.now);
                }
            }
            Timer::Refresh => {
                self.refresh_waits = false;
                self.refresh();
            }
            Timer::Recount => {
                self.counting.waits = false;
                self.recount();
            }
            Timer::Age => self.set_age_timer(),
        }
    }

    /// Wakes up when the age of the newest batch is to be said otherwise.
    fn set_age_timer(&mut self) {
        if let Some(newest) = self.counters.as_ref().and_then(|it| it.newest.as_ref()) {
            let (_, next) = words::age(self.now.as_millis() - newest.at.as_millis());
            self.effects
                .push(Effect::Timer(Timer::Age, Some(Duration::from_millis(next))));
        }
    }

    // Answers.

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Window { generation, result } => match result {
                Ok(window) => self.users.list.accept(generation, window),
                Err(why) => {
                    self.users.list.fail(generation);
                    self.deferred.clear();
                    self.say(&why, Tone::Bad);
                }
            },
            Answer::Range { generation, result } => self.range_read(generation, result),
            Answer::Counters(result) => self.counters_read(result),
            Answer::Count { generation, result } => self.counted(generation, result),
            Answer::Planned { generation, result } => self.planned(generation, result),
            Answer::Applied(outcome) => self.applied(*outcome),
            Answer::Detail { user, result } => {
                if let Some(pane) = &mut self.detail {
                    pane.take(user, result);
                }
            }
        }
    }

    fn range_read(&mut self, generation: u64, result: Result<Vec<UserId>, String>) {
        if self.users.range_generation == Some(generation) {
            match result {
                Ok(users) => self.users.mark_range(&users),
                Err(why) => {
                    self.users.range_generation = None;
                    self.say(&why, Tone::Bad);
                }
            }
        }
    }

    fn counters_read(&mut self, result: Result<Box<Counters>, String>) {
        self.counters_asked = false;
        match result {
            Ok(counters) => {
                self.counters = Some(*counters);
                self.set_age_timer();
            }
            Err(why) => self.say(&why, Tone::Bad),
        }
    }

    fn counted(&mut self, generation: u64, result: Result<Counted, String>) {
        if generation != self.counting.generation {
            return;
        }
        self.counting.running = false;
        self.users.counting = Uncounted::default();
        match result {
            Ok(counted) => {
                let rest = i64::try_from(counted.took.as_millis())
                    .unwrap_or(i64::MAX)
                    .saturating_mul(10);
                self.counting.not_before =
                    self.now.as_millis().saturating_add(rest.max(RECOUNT_MS));
                if let Some(total) = counted.total {
                    self.users.list.set_total(total);
                }
                self.users.n_marked = counted.marked.or(self.users.n_marked);
                self.users.n_marked_here = counted.marked_here.or(self.users.n_marked_here);
            }
            Err(why) => self.say(&why, Tone::Bad),
        }
    }

    fn planned(&mut self, generation: u64, result: Result<Box<Proposal>, String>) {
        if generation != self.plan_generation {
            return;
        }
        if let Some(sheet) = &mut self.sheet {
            match result {
                Ok(proposal) => sheet.show(proposal, Vec::new()),
                Err(why) => sheet.phase = Phase::Failed(why),
            }
        }
    }

    fn say(&mut self, text: &str, tone: Tone) {
        self.message = Some((text.to_owned(), tone));
    }
}

/// What was done, in one line.
fn done_in_words(proposal: &Proposal, batch: BatchId, promotions: usize) -> String {
    let mut parts = vec![format!(
        "{} {}",
        words::count(proposal.number()),
        proposal.done_word()
    )];
    if !proposal.plan.skipped.is_empty() {
        parts.push(format!(
            "{} skipped",
            words::count(proposal.plan.skipped.len())
        ));
    }
    if promotions > 0 {
        parts.push(format!(
            "{} moved up from the queue",
            words::count(promotions)
        ));
    }
    parts.push(format!("batch {}", short(batch)));
    if !matches!(proposal.intent.wish, Wish::Undo(_)) {
        parts.push("z undo".to_owned());
    }
    parts.join(" · ")
}
