//! From an import that was looked through to its plan, and to what came of it.

use std::sync::Arc;

use usher_core::import::{Does, Review};
use usher_core::model::BatchId;

use super::super::{App, Tone};
use crate::key::Key;
use crate::overlay::menu::{Choice, Entry, Menu};
use crate::overlay::plan::Sheet;
use crate::summary::{Proposal, short};
use crate::words::{count, some};

impl App {
    /// Shows the plan of the import, or says what stands in its way.
    pub(super) fn confirm_import(&mut self) {
        if self.settings.read_only {
            self.say("this console is read-only", Tone::Bad);
            return;
        }
        let Some(importing) = &mut self.importing else {
            return;
        };
        let why = match (&importing.done, importing.busy, self.applying.is_some()) {
            (Some(_), _, _) => Some("it is imported; z undoes it, esc leaves"),
            (None, Some(_), _) => {
                importing.goes_on = true;
                Some("it is looked through first; then its plan is shown")
            }
            (None, None, true) => Some("a plan is being applied; wait for it"),
            (None, None, false) => None,
        };
        let review = importing.looked.as_ref().and_then(|it| it.review());
        let wrong = review
            .filter(|it| it.is_blocked())
            .map(|it| it.count(Does::Wrong));
        let looked = importing.looked.as_ref();
        let is_short = looked.is_some_and(|it| !it.plan().shortfalls.is_empty());
        if let Some(why) = why {
            self.say(why, Tone::Plain);
        } else if let Some(wrong) = wrong {
            self.ask_what_about(wrong, is_short);
        } else if importing.is_old {
            self.look_through();
            self.say(
                "the roster has changed: look once more, then y",
                Tone::Plain,
            );
        } else {
            self.show_import_plan();
        }
    }

    fn ask_what_about(&mut self, wrong: usize, is_short: bool) {
        let entry = |key: char, name: &str, sentence: &'static str| Entry {
            key: key.to_string(),
            name: name.to_owned(),
            sentence: sentence.into(),
            choice: Choice::Press(Key::Char(key)),
        };
        let queue = entry(
            'Q',
            "queue the rest",
            "Queue those for whom there is no room, behind those who wait.",
        );
        let mut entries = vec![
            entry('n', "mend them", "Go to the next row that is wrong."),
            entry(
                'P',
                "leave them out",
                "Import what is right only; y then shows its plan.",
            ),
            entry(
                'E',
                "write a copy",
                "With what is wrong marked, to be mended elsewhere.",
            ),
        ];
        if is_short {
            entries.insert(0, queue);
        }
        let title = match wrong {
            1 => "1 row is wrong: nothing is imported as it stands".to_owned(),
            n => format!(
                "{} rows are wrong: nothing is imported as it stands",
                count(n)
            ),
        };
        self.show_menu(title, entries);
        self.menu = self.menu.take().map(Menu::by_key);
    }

    fn show_import_plan(&mut self) {
        let Some(importing) = &mut self.importing else {
            return;
        };
        let proposal = importing.looked.as_mut().and_then(|it| it.proposal.take());
        let Some(proposal) = proposal else { return };
        importing.lent = true;
        let target = format!(
            "{}, {}",
            importing.title(),
            some(importing.looked.as_ref().map_or(0, |it| it.len()), "row")
        );
        let mut sheet = Sheet::planning(target, false);
        sheet.show(proposal, Vec::new());
        self.sheet = Some(sheet);
        self.lay_out();
    }

    /// A sheet is closed: the plan of an import goes back to it, unless it was made otherwise meanwhile.
    pub(in crate::app) fn take_back_import_plan(&mut self, sheet: &mut Sheet) {
        let Some(importing) = self.importing.as_mut().filter(|it| it.lent) else {
            return;
        };
        importing.lent = false;
        let proposal = sheet.take_proposal();
        let looked = importing.looked.as_mut();
        match (proposal, looked) {
            (Some(proposal), Some(looked)) if Arc::ptr_eq(&proposal.plan, looked.plan()) => {
                looked.proposal = Some(proposal);
            }
            _ => self.look_through(),
        }
    }

    /// The import was applied.
    pub(in crate::app) fn import_done(&mut self, proposal: &Proposal, batch: Option<BatchId>) {
        let Some(review) = &proposal.plan.review else {
            return;
        };
        if let Some(importing) = self.importing.as_mut().filter(|it| it.lent) {
            importing.lent = false;
            importing.done = Some(match batch {
                Some(batch) => format!("{} · batch {}", said_done(review), short(batch)),
                None => "there was nothing to change any more".to_owned(),
            });
        }
    }
}

impl App {
    /// A batch was undone: perhaps that of the import on the screen.
    pub(in crate::app) fn import_undone(&mut self, batch: BatchId) {
        let done = self.importing.as_mut().and_then(|it| it.done.as_mut());
        if let Some(done) = done.filter(|it| it.ends_with(&format!("batch {}", short(batch)))) {
            *done = format!("undone · it was batch {}", short(batch));
        }
    }
}

/// What an import did, in words: `411 invited · 37 left out`.
pub(in crate::app) fn said_done(review: &Review) -> String {
    let parts = [
        (Does::Invite, "invited"),
        (Does::Create, "created"),
        (Does::Queue, "queued"),
        (Does::Update, "updated"),
        (Does::Nothing, "as they were"),
        (Does::LeftOut, "left out without a seat"),
        (Does::Wrong, "left out"),
    ];
    let parts = parts.into_iter().filter_map(|(does, word)| {
        let n = review.count(does);
        (n > 0).then(|| format!("{} {word}", count(n)))
    });
    parts.collect::<Vec<_>>().join(" · ")
}
