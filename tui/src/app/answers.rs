//! What comes from outside: answers, other people's changes, and timers that ran out.

use std::time::Duration;

use usher_core::model::UserId;

use super::{App, LOOK_MS, RECOUNT_MS, REFRESH_MS, Tone};
use crate::counters::Counters;
use crate::effect::Effect;
use crate::event::{Answer, Counted, Timer};
use crate::overlay::note::Note;
use crate::overlay::plan::Phase;
use crate::screen::users::Uncounted;
use crate::summary::Proposal;
use crate::words;

impl App {
    pub(super) fn committed(&mut self) {
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
    pub(super) fn refresh(&mut self) {
        self.refreshed_at = Some(self.now.as_millis());
        self.users.list.refresh();
        self.counters_stale = true;
        if let Some(pane) = &mut self.detail {
            pane.refresh();
        }
        if let Some(board) = self.boards.last_mut() {
            board.refresh();
        }
        self.refresh_form();
        self.import_grows_old();
        self.recount();
    }

    pub(super) fn recount(&mut self) {
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

    pub(super) fn set_timer(&mut self, timer: Timer, millis: i64) {
        let after = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        self.effects.push(Effect::Timer(timer, Some(after)));
    }

    pub(super) fn timer(&mut self, timer: Timer) {
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
            Timer::Look => {
                self.counters_stale = true;
                self.set_timer(Timer::Look, LOOK_MS);
            }
            Timer::Progress => self.look_at_progress(),
            Timer::Slow => self.users.list.note_slow(),
            Timer::Arrival => self.await_file(),
            // The loop ends by itself.
            Timer::Idle => {}
        }
    }

    /// Wakes up when the age of the newest batch is to be said otherwise.
    pub(super) fn set_age_timer(&mut self) {
        if let Some(newest) = self.counters.as_ref().and_then(|it| it.newest.as_ref()) {
            let (_, next) = words::age(self.now.as_millis() - newest.at.as_millis());
            self.effects
                .push(Effect::Timer(Timer::Age, Some(Duration::from_millis(next))));
        }
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Window { generation, result } => match result {
                Ok(window) => {
                    self.users.list.accept(generation, window);
                    if !self.users.list.is_settling() && self.users.filter.fault.is_none() {
                        self.follow_filter();
                    }
                }
                Err(why) => {
                    if self.users.list.fail(generation) {
                        self.deferred.clear();
                        self.say(&why, Tone::Bad);
                    }
                }
            },
            Answer::Range { generation, result } => self.range_read(generation, result),
            Answer::Board { generation, result } => {
                if let Some(board) = self.boards.last_mut() {
                    let failed = result.is_err();
                    let n_gone = board.accept(generation, result);
                    if failed {
                        self.deferred.clear();
                    }
                    // What has just been done is worth more.
                    if n_gone > 0 && self.message.is_none() {
                        self.say(&no_longer_marked(n_gone), Tone::Plain);
                    }
                }
            }
            Answer::Everybody { generation, result } => {
                let waiting = self.boards.iter_mut();
                let faults: Vec<_> = waiting
                    .filter_map(|it| it.mark_everybody(generation, result.clone()))
                    .collect();
                for why in faults {
                    self.deferred.clear();
                    self.say(&why, Tone::Bad);
                }
            }
            Answer::Clip(Ok(text)) => self.copy(text),
            Answer::Clip(Err(why)) => self.say(&why, Tone::Bad),
            Answer::Names(result) => match result {
                Ok(names) => {
                    if let Some(form) = &mut self.form {
                        form.take_names(&names);
                    }
                    self.names = *names;
                    self.name_columns();
                }
                Err(why) => self.say(&why, Tone::Bad),
            },
            Answer::Files(files) => {
                if let Some(form) = &mut self.form {
                    form.take_files(files);
                }
            }
            Answer::People { called, found } => {
                if let Some(form) = &mut self.form {
                    form.take_people(called, found);
                }
            }
            Answer::FileRead { generation, result } => self.file_read(generation, result),
            Answer::Reviewed { generation, result } => self.reviewed(generation, result),
            Answer::Words(result) => self.words_read(result),
            Answer::JoinLink(Ok(link)) => {
                self.say(&format!("copied {link}"), Tone::Good);
                self.effects.push(Effect::Copy(link));
            }
            Answer::JoinLink(Err(why)) => self.say(&why, Tone::Bad),
            Answer::TakenIn(result) => self.taken_in(result),
            Answer::Arrived(result) => self.arrived(result),
            Answer::Exported(Ok(said)) => {
                self.file_written(true);
                self.form = None;
                self.say(&said, Tone::Good);
            }
            Answer::Exported(Err(why)) | Answer::HandedOut(Err(why)) => {
                self.file_written(false);
                match &mut self.form {
                    Some(form) => form.fault = Some(why),
                    None => self.say(&why, Tone::Bad),
                }
            }
            Answer::HandedOut(Ok((page, name))) => {
                self.file_written(true);
                self.form = None;
                self.note = Some(Note {
                    title: format!("Fetch {name} from this page"),
                    lines: vec![
                        page.url.clone(),
                        String::new(),
                        "It opens once, within ten minutes. Whoever has the address has the file."
                            .to_owned(),
                    ],
                    copy: page.url,
                    copied: false,
                });
                self.lay_out();
            }
            Answer::Retried(result) => {
                match result {
                    Ok(0) => self.say("nothing of it can be tried again", Tone::Plain),
                    Ok(1) => self.say("1 mail is tried again", Tone::Good),
                    Ok(n) => self.say(&format!("{n} mails are tried again"), Tone::Good),
                    Err(why) => self.say(&why, Tone::Bad),
                }
                self.committed();
            }
            Answer::View(result) => {
                match result {
                    Ok(said) => self.say(&said, Tone::Good),
                    Err(why) => self.say(&why, Tone::Bad),
                }
                self.effects.push(Effect::ReadNames);
            }
            Answer::Fields { user, result } => self.fields_read(user, result),
            Answer::Counters(result) => self.counters_read(result),
            Answer::Count { generation, result } => self.counted(generation, result),
            Answer::Planned { generation, result } => self.planned(generation, result),
            Answer::Applied(outcome) => self.applied(*outcome),
            // The loop ends by itself.
            Answer::ShutOut => {}
            Answer::Detail { user, result } => {
                if let Some(pane) = &mut self.detail {
                    pane.take(user, result);
                }
            }
        }
    }

    pub(super) fn range_read(&mut self, generation: u64, result: Result<Vec<UserId>, String>) {
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

    pub(super) fn counters_read(&mut self, result: Result<Box<Counters>, String>) {
        self.counters_asked = false;
        match result {
            Ok(counters) => {
                if self.users.vocabulary != counters.vocabulary {
                    self.users.learn(&counters.vocabulary);
                    // A column may be called otherwise now.
                    if self.counters.is_some() {
                        self.effects.push(Effect::ReadNames);
                    }
                }
                self.counters = Some(*counters);
                self.set_age_timer();
                // The brake's line takes a row, or gives it back.
                self.lay_out();
            }
            Err(why) => self.say(&why, Tone::Bad),
        }
    }

    pub(super) fn counted(&mut self, generation: u64, result: Result<Counted, String>) {
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
                if counted.marked == Some(0) {
                    self.users.clear_marks();
                    self.say("nobody is found, so nobody is marked", Tone::Plain);
                }
            }
            Err(why) => self.say(&why, Tone::Bad),
        }
    }

    pub(super) fn planned(&mut self, generation: u64, result: Result<Box<Proposal>, String>) {
        if generation != self.plan_generation {
            return;
        }
        if let Some(sheet) = &mut self.sheet {
            match result {
                Ok(proposal) => sheet.show(proposal, Vec::new()),
                Err(why) => {
                    sheet.phase = Phase::Failed(why);
                    // Perhaps somebody else has changed the person whose fields these are.
                    self.refresh_form();
                }
            }
            self.lay_out();
        }
    }

    pub(super) fn say(&mut self, text: &str, tone: Tone) {
        self.message = Some((text.to_owned(), tone));
    }
}

/// That marks were taken away from people who are no longer on a board.
fn no_longer_marked(n: usize) -> String {
    match n {
        1 => "1 marked person is not listed here any more, and is not marked".to_owned(),
        n => format!(
            "{} marked people are not listed here any more, and are not marked",
            words::count(n)
        ),
    }
}
