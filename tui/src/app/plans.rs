//! From a wish to a batch: planned, shown, confirmed, applied, and undone one key later.

use usher_core::Progress;
use usher_core::change::Change;
use usher_core::command::{Command, WhenFull};
use usher_core::model::BatchId;

use super::importing::said_done;
use super::menus::too_long_to_copy;
use super::{App, Tone};
use crate::effect::{Effect, Intent, Wish};
use crate::event::{Outcome, Timer};
use crate::key::Key;
use crate::overlay::note::Note;
use crate::overlay::plan::{Asked, Phase, Sheet};
use crate::summary::{Proposal, short};
use crate::words;

impl App {
    pub(super) fn undo(&mut self) {
        self.plan(
            "your last batch".to_owned(),
            false,
            Wish::Undo(self.last_batch),
        );
    }

    pub(super) fn plan(&mut self, target: String, of_marks: bool, wish: Wish) {
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

    pub(super) fn ask_plan(&mut self, intent: Intent) {
        self.plan_generation += 1;
        self.planning = Progress::new();
        self.effects.push(Effect::Plan {
            generation: self.plan_generation,
            intent,
            progress: self.planning.clone(),
        });
        self.set_timer(Timer::Progress, self.progress_every());
    }

    pub(super) fn key_on_sheet(&mut self, key: Key) {
        let Some(sheet) = &mut self.sheet else { return };
        match sheet.press(key) {
            Asked::Nothing => {}
            Asked::Close => {
                self.close_sheet();
            }
            Asked::Replan(intent) => {
                sheet.phase = Phase::Planning;
                self.ask_plan(intent);
            }
            Asked::Apply => self.apply(),
            Asked::Copy(line) => match too_long_to_copy(&line) {
                Some(_) => {
                    sheet.note = Some("it is too long for a clipboard; nothing is copied");
                }
                None => {
                    sheet.note = Some("the command is copied");
                    self.effects.push(Effect::Copy(line));
                }
            },
        }
    }

    /// Closes the sheet, if there is one; a plan that is still being made is not waited for.
    pub(super) fn close_sheet(&mut self) -> bool {
        let mut sheet = self.sheet.take();
        let open = sheet.is_some();
        if let Some(sheet) = &mut sheet {
            self.take_back_import_plan(sheet);
        }
        self.plan_generation += u64::from(open);
        self.discard(sheet);
        open
    }

    fn discard(&mut self, sheet: Option<Sheet>) {
        self.effects
            .extend(sheet.map(|it| Effect::Discard(Box::new(it))));
    }

    pub(super) fn apply(&mut self) {
        let Some(sheet) = self.sheet.take() else {
            return;
        };
        if let Some(proposal) = sheet.proposal() {
            let (request, confirmed) = (Box::new(proposal.request.clone()), proposal.plan.digest);
            let (intent, undoes) = (proposal.intent.clone(), proposal.undoes);
            self.progress = Progress::new();
            // What was said of the one before would stand in front of how far this one is.
            self.message = None;
            self.effects.push(Effect::Apply {
                request,
                confirmed,
                intent,
                undoes,
                progress: self.progress.clone(),
            });
            self.set_timer(Timer::Progress, self.progress_every());
            self.applying = Some(sheet);
            self.form_applied = self.form.take();
        }
    }

    /// How often it is shown how far something is: every frame costs, most of all over SSH.
    fn progress_every(&self) -> i64 {
        if self.settings.no_files { 1_000 } else { 250 }
    }

    pub(super) fn look_at_progress(&mut self) {
        let plans = |it: &Sheet| matches!(it.phase, Phase::Planning);
        if self.applying.is_some() || self.sheet.as_ref().is_some_and(plans) {
            self.set_timer(Timer::Progress, self.progress_every());
        }
    }

    /// Takes back what is being applied, as a whole, unless it is too late; whether there was anything.
    pub(super) fn cancel_applying(&mut self) -> bool {
        if self.applying.is_none() || self.leaving {
            return false;
        }
        let said = if self.progress.cancel() {
            "cancelling: all of it is taken back…"
        } else {
            self.leaving = true;
            "too late to cancel: it is being put on disk; z undoes it then"
        };
        self.say(said, Tone::Plain);
        true
    }

    /// What was confirmed is done: marks and forms that led to it have had their day.
    fn done(&mut self, sheet: &Sheet, token: Option<String>) {
        let command = sheet.proposal().map(|it| &it.request.command);
        if matches!(command, Some(Command::SetMailText { .. })) {
            (self.text, self.text_below) = (None, None);
        }
        self.form_applied = None;
        if sheet.of_marks {
            match self.boards.last_mut() {
                Some(board) => board.clear_marks(),
                None => self.users.done_with_marks(),
            }
        }
        if let Some(token) = token {
            self.note = Some(Note {
                title: "The new token, shown this once".to_owned(),
                lines: vec![
                    token.clone(),
                    String::new(),
                    "Give it to the identity provider now; it is stored nowhere.".to_owned(),
                ],
                copy: token,
                copied: false,
            });
        }
    }

    pub(super) fn applied(&mut self, outcome: Outcome) {
        let Some(mut sheet) = self.applying.take() else {
            return;
        };
        match outcome {
            Outcome::Done {
                batch,
                promoted,
                token,
            } => {
                self.say_done(&sheet, batch, promoted);
                if let Some(proposal) = sheet.proposal() {
                    self.import_done(proposal, batch);
                }
                if let Some(undone) = sheet.proposal().and_then(|it| it.undoes) {
                    self.import_undone(undone);
                }
                self.done(&sheet, token);
                self.discard(Some(sheet));
                self.refresh();
            }
            Outcome::Moved { proposal, what } => {
                let seen = sheet
                    .proposal()
                    .map(|before| proposal.differs_from(before))
                    .unwrap_or_default();
                sheet.show(proposal, if seen.is_empty() { what } else { seen });
                self.sheet = Some(sheet);
                self.form = self.form_applied.take();
                self.lay_out();
            }
            Outcome::Unknown(why) => {
                if let Phase::Shown { unknown, .. } = &mut sheet.phase {
                    *unknown = Some(why);
                }
                sheet.typed.clear();
                self.sheet = Some(sheet);
                self.form = self.form_applied.take();
            }
            Outcome::Cancelled => {
                self.take_back_import_plan(&mut sheet);
                self.form = self.form_applied.take();
                self.discard(Some(sheet));
                self.say("cancelled: nothing was changed", Tone::Good);
            }
            Outcome::Refused(why) => {
                self.take_back_import_plan(&mut sheet);
                let why = format!("nothing was changed: {why}");
                self.form = self.form_applied.take();
                match &mut self.form {
                    Some(form) => form.fault = Some(why),
                    None => self.say(&why, Tone::Bad),
                }
                self.refresh_form();
            }
        }
    }

    pub(super) fn say_done(&mut self, sheet: &Sheet, batch: Option<BatchId>, promoted: usize) {
        let Some(proposal) = sheet.proposal() else {
            return;
        };
        let Some(batch) = batch else {
            self.say("there was nothing to change any more", Tone::Plain);
            return;
        };
        let undone = matches!(proposal.intent.wish, Wish::Undo(_));
        let comes_back = proposal.plan.changes.iter().any(|it| it.comes_back());
        self.last_batch = (!undone && comes_back).then_some(batch);
        self.say(&done_in_words(proposal, batch, promoted), Tone::Good);
    }
}

/// Whether nothing is done yet but that somebody else is asked.
fn is_asked(proposal: &Proposal) -> bool {
    let mut changes = proposal.plan.changes.iter();
    changes.all(|it| matches!(*it, Change::ApprovalAsked { .. }))
}

/// What was done, in one line.
fn done_in_words(proposal: &Proposal, batch: BatchId, promoted: usize) -> String {
    let review = proposal.plan.review.as_deref();
    let mut parts = vec![match proposal.number() {
        _ if review.is_some() => review.map(said_done).unwrap_or_default(),
        0 => format!("{}: done", proposal.heading()),
        _ if is_asked(proposal) => "asked a second administrator to approve it".to_owned(),
        _ => proposal.done_in_words(),
    }];
    if !proposal.plan.skipped.is_empty() && review.is_none() {
        parts.push(format!("{} skipped", words::count(proposal.n_left_out)));
    }
    if promoted > 0 {
        parts.push(format!(
            "{} moved up from the queue",
            words::count(promoted)
        ));
    }
    parts.push(format!("batch {}", short(batch)));
    let comes_back = proposal.plan.changes.iter().any(|it| it.comes_back());
    if !matches!(proposal.intent.wish, Wish::Undo(_)) && comes_back {
        parts.push("z undo".to_owned());
    }
    parts.join(" · ")
}
