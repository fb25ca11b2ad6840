//! The console's state, and how events change it. Nothing here reads, writes, waits or asks the clock: time comes with
//! each event, and what has to be done goes out as effects.

mod answers;
mod boards;
mod importing;
mod keys;
mod menus;
mod mouse;
mod plans;
mod texts;
pub(crate) mod views;

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::layout::Size;
use usher_core::Progress;
use usher_core::model::{BatchId, ConsoleLook, Timestamp, TransferId, UserId};

use crate::board::Board;
use crate::counters::Counters;
use crate::effect::Effect;
use crate::event::{Event, Timer};
use crate::form::Form;
use crate::handouts::Handouts;
use crate::importing::{Importing, Terms};
use crate::key::Key;
use crate::layout::Layout;
use crate::names::Names;
use crate::overlay::detail::DetailPane;
use crate::overlay::form_view::{form_page, menu_page};
use crate::overlay::help::Help;
use crate::overlay::menu::Menu;
use crate::overlay::note::Note;
use crate::overlay::plan::Sheet;
use crate::overlay::plan_view::list_room;
use crate::overlay::text::TextPane;
use crate::reader::FileReader;
use crate::replay::Replay;
use crate::screen::import_view;
use crate::screen::users::Users;
use crate::theme::{Depth, Theme};

/// How long the keyboard must rest before a filter being typed is put in force.
const TYPING: Duration = Duration::from_millis(90);
/// The shortest time between two readings of the list because of other people's changes.
const REFRESH_MS: i64 = 200;
/// The shortest time between two countings because of other people's changes; slow countings are done more seldom.
const RECOUNT_MS: i64 = 500;
/// How often it is looked whether a server runs.
const LOOK_MS: i64 = 20_000;
/// How long a page of the list is awaited before it is said.
const SLOW_MS: i64 = 400;
/// Most keys that are kept while the list is read.
const MOST_DEFERRED: usize = 256;

/// What does not change while the console runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) read_only: bool,
    pub(crate) plain: bool,
    /// How what a provider asked is carried out from the inbox.
    pub(crate) replay: Option<Replay>,
    /// How files of people are read.
    pub(crate) reader: Option<FileReader>,
    /// How mails are previewed and sheets are made.
    pub(crate) handouts: Option<Handouts>,
    /// Its colours.
    pub(crate) theme: Theme,
    /// How many of them the terminal shows.
    pub(crate) depth: Depth,
    pub(crate) no_files: bool,
    pub(crate) title: Option<String>,
    /// What of its looks was chosen in a console, and not asked for when this one was started.
    pub(crate) kept: ConsoleLook,
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
    /// The import that is looked through, over every other screen unless it is hidden.
    pub(crate) importing: Option<Importing>,
    /// The page by which a file is to arrive, and how it is imported then.
    awaited: Option<(Option<TransferId>, Terms)>,
    import_generation: u64,
    /// Screens over the list of people, the one that is seen last.
    pub(crate) boards: Vec<Board>,
    pub(crate) form: Option<Form>,
    pub(crate) menu: Option<Menu>,
    pub(crate) note: Option<Note>,
    /// A text that is read or written, and the one that waits below it.
    pub(crate) text: Option<TextPane>,
    text_below: Option<TextPane>,
    pub(crate) message: Option<(String, Tone)>,
    /// What is being applied: the sheet that was confirmed.
    pub(crate) applying: Option<Sheet>,
    /// How far that is.
    pub(crate) progress: Progress,
    /// How far the plan is that is being made.
    pub(crate) planning: Progress,
    pub(crate) dirty: bool,
    last_batch: Option<BatchId>,
    board_generation: u64,
    pub(crate) names: Names,
    /// Whose form is to be opened when their fields are here.
    opening: Option<UserId>,
    form_of_marks: bool,
    /// Whether the mouse is left to the terminal.
    mouse_left: bool,
    /// The form that led to what is being applied.
    form_applied: Option<Form>,
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
            importing: None,
            awaited: None,
            import_generation: 0,
            boards: Vec::new(),
            form: None,
            menu: None,
            note: None,
            text: None,
            text_below: None,
            message: None,
            applying: None,
            progress: Progress::new(),
            planning: Progress::new(),
            dirty: true,
            last_batch: None,
            board_generation: 0,
            names: Names::default(),
            opening: None,
            form_of_marks: false,
            mouse_left: false,
            form_applied: None,
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
        self.effects.push(Effect::ReadNames);
        self.set_timer(Timer::Look, LOOK_MS);
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
            Event::Click { x, y } => self.click(x, y),
            Event::Wheel { down } => self.wheel(down),
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
        let details =
            self.detail.is_some() && self.boards.is_empty() && self.import_on_top().is_none();
        let held = self.counters.as_ref().is_some_and(|it| !it.held.is_empty());
        Layout::of(self.size, details, held)
    }

    /// Whether something lies over the screen that takes all keys.
    pub(crate) fn is_covered(&self) -> bool {
        self.sheet.is_some()
            || self.help.is_some()
            || self.form.is_some()
            || self.menu.is_some()
            || self.note.is_some()
            || self.text.is_some()
    }

    /// Whether an action with people has somebody to act on, on the screen on top.
    pub(crate) fn has_whom_on_board(&self) -> bool {
        self.anybody_on_board()
    }

    /// Whether what is on the screen is not yet what was asked for.
    fn is_settling(&self) -> bool {
        if self.import_on_top().is_some() {
            return false;
        }
        let screen = match self.boards.last() {
            Some(board) => board.is_settling(),
            None => self.users.list.is_settling(),
        };
        self.opening.is_some() || (screen && !self.is_covered())
    }

    fn lay_out(&mut self) {
        let layout = self.layout();
        self.users.list.set_height(usize::from(layout.list.height));
        if let Some(sheet) = &mut self.sheet {
            sheet.set_room(list_room(sheet, self.settings.plain, layout.overlay));
        }
        let height = usize::from(layout.list.height);
        self.boards.iter_mut().for_each(|it| it.set_height(height));
        if let Some(importing) = &mut self.importing {
            importing.set_height(height - import_view::told_height(height));
        }
        if let Some(menu) = &mut self.menu {
            menu.set_page(menu_page(layout.overlay, self.settings.plain));
        }
        if let Some(text) = &mut self.text {
            text.set_room(layout.overlay);
        }
        if let Some(help) = &mut self.help {
            help.set_room(layout.overlay);
        }
    }

    fn resize(&mut self, size: Size) {
        self.size = size;
        self.lay_out();
    }

    /// Asks for whatever the state still lacks, and lets keys through that waited for the list.
    fn settle(&mut self) {
        self.ask_list();
        self.ask_board();
        while !self.is_settling()
            && let Some(key) = self.deferred.pop_front()
        {
            let waiting = self.deferred.len();
            self.key_now(key);
            self.ask_list();
            self.ask_board();
            if self.deferred.len() > waiting {
                // The same key waits again, for rows that are being read.
                break;
            }
        }
        self.show_field();
        self.ask_counts();
        if self.counters_stale && !self.counters_asked {
            (self.counters_stale, self.counters_asked) = (false, true);
            self.effects.push(Effect::ReadCounters);
        }
        let current = self.users.list.current().map(|row| row.id);
        if self.boards.is_empty()
            && let (Some(pane), Some(user)) = (&mut self.detail, current)
            && pane.wants(user)
        {
            self.effects.push(Effect::ReadDetail(user));
        }
    }

    fn ask_board(&mut self) {
        let generation = self.board_generation + 1;
        if let Some(board) = self.boards.last_mut()
            && let Some(request) = board.next_request(generation)
        {
            self.board_generation = generation;
            self.effects.push(Effect::ReadBoard(request));
        }
    }

    /// Keeps the line of a form that is filled in on the screen.
    fn show_field(&mut self) {
        let page = form_page(self.layout().overlay, self.settings.plain);
        if let Some(form) = &mut self.form {
            form.top = form.top.clamp((form.at + 1).saturating_sub(page), form.at);
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
            self.set_timer(Timer::Slow, SLOW_MS);
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
}
