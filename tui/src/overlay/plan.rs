//! The plan sheet: what a command would do, before it does it. Nothing is confirmed that has not been shown.

use usher_core::command::WhenFull;

use crate::action::{Action, Place, action};
use crate::effect::Intent;
use crate::key::Key;
use crate::summary::{ListLine, Proposal};
use crate::words::wrapped;

/// Up to this many people are confirmed by one key; for more, their number is typed.
pub(crate) const BY_ONE_KEY: usize = 25;

/// The sheet.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// Whom it is about, in words: `80 marked people, 12 of them not in the list`.
    pub(crate) target: String,
    /// Whether it is about the marks, which are taken away when it is done.
    pub(crate) of_marks: bool,
    /// Where it stands.
    pub(crate) phase: Phase,
    /// The first entry of the list that is shown.
    pub(crate) scroll: usize,
    /// How much room the list has; known since the last frame's size.
    pub(crate) room: Room,
    /// Whether what is longer than a line goes on below it, where somebody has chosen.
    pub(crate) folds: Option<bool>,
    /// What has been typed to confirm.
    pub(crate) typed: String,
    /// A word about what was pressed.
    pub(crate) note: Option<&'static str>,
}

/// How much room a list has, in cells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    /// How many rows.
    pub(crate) rows: usize,
    /// How wide it is.
    pub(crate) width: u16,
    /// Whether what is longer than a line goes on below it.
    pub(crate) folds: bool,
}

impl Room {
    /// Cells for who it is about; what becomes of them stands beside it.
    pub(crate) fn half(self) -> u16 {
        (self.width / 2).min(36)
    }

    /// An entry in lines: who, and what becomes of them.
    fn folded(self, line: &ListLine) -> (Vec<String>, Vec<String>) {
        let cells = |from: u16, to: u16| usize::from(to.saturating_sub(from)).max(1);
        if line.what.is_empty() {
            return (wrapped(&line.who, cells(2, self.width)), Vec::new());
        }
        (
            wrapped(&line.who, cells(2, self.half())),
            wrapped(&line.what, cells(self.half() + 1, self.width)),
        )
    }
}

/// Where a sheet stands.
#[derive(Debug)]
pub(crate) enum Phase {
    /// The plan is being made.
    Planning,
    /// The plan is shown.
    Shown {
        /// It.
        proposal: Box<Proposal>,
        /// What moved since it was shown before, in words.
        moved: Vec<String>,
        /// Why its last attempt has an unknown outcome.
        unknown: Option<String>,
    },
    /// There is none, and why.
    Failed(String),
}

/// What pressing a key on the sheet asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    /// Nothing more.
    Nothing,
    /// Close it.
    Close,
    /// Plan again.
    Replan(Intent),
    /// Apply what is shown.
    Apply,
    /// Put the command line into the clipboard.
    Copy(String),
}

impl Sheet {
    /// A sheet whose plan is being made.
    pub(crate) fn planning(target: String, of_marks: bool) -> Self {
        Self {
            target,
            of_marks,
            phase: Phase::Planning,
            scroll: 0,
            room: Room::default(),
            folds: None,
            typed: String::new(),
            note: None,
        }
    }

    /// Gives its list this much room: one that fits with every line whole is shown so.
    pub(crate) fn set_room(&mut self, room: Room) {
        self.room = room;
        self.room.folds = self.folds.unwrap_or_else(|| {
            let length = self.proposal().map_or(0, Proposal::list_len);
            self.room.folds = true;
            length <= room.rows && self.rows_of(0..length) <= room.rows
        });
    }

    /// An entry of the list in lines, as they are shown.
    pub(crate) fn entry(&self, line: &ListLine) -> (Vec<String>, Vec<String>) {
        if self.room.folds {
            return self.room.folded(line);
        }
        let what = Some(line.what.clone()).filter(|it| !it.is_empty());
        (vec![line.who.clone()], what.into_iter().collect())
    }

    fn rows_of(&self, entries: impl Iterator<Item = usize>) -> usize {
        let lines = entries.filter_map(|it| self.proposal()?.list_line(it));
        let rows = lines.map(|it| {
            let (who, what) = self.entry(&it);
            who.len().max(what.len())
        });
        rows.sum()
    }

    /// Shows a plan.
    pub(crate) fn show(&mut self, proposal: Box<Proposal>, moved: Vec<String>) {
        self.phase = Phase::Shown {
            proposal,
            moved,
            unknown: None,
        };
        self.scroll = 0;
        self.folds = None;
        self.typed.clear();
        self.note = None;
    }

    /// The plan that is shown.
    pub(crate) fn proposal(&self) -> Option<&Proposal> {
        match &self.phase {
            Phase::Shown { proposal, .. } => Some(proposal),
            Phase::Planning | Phase::Failed(_) => None,
        }
    }

    /// Takes the plan out of it.
    pub(crate) fn take_proposal(&mut self) -> Option<Box<Proposal>> {
        match std::mem::replace(&mut self.phase, Phase::Planning) {
            Phase::Shown { proposal, .. } => Some(proposal),
            Phase::Planning | Phase::Failed(_) => None,
        }
    }

    /// What has to be typed before it is applied: the number of people, or a name.
    pub(crate) fn word(&self) -> Option<String> {
        self.proposal().and_then(Proposal::word)
    }

    /// Whether there is anything to apply.
    pub(crate) fn can_apply(&self) -> bool {
        self.proposal()
            .is_some_and(|it| it.fits() && !it.plan.is_empty())
    }

    /// What a key does.
    pub(crate) fn press(&mut self, key: Key) -> Asked {
        self.note = None;
        if let Key::Char(typed) = key
            && self.takes(typed)
        {
            self.typed.push(typed);
            return Asked::Nothing;
        }
        if key == Key::Backspace {
            self.typed.pop();
            return Asked::Nothing;
        }
        let Some(action) = action(Place::Plan, key) else {
            return Asked::Nothing;
        };
        match action {
            Action::Back => Asked::Close,
            Action::Confirm => self.confirm(),
            Action::Accept => self.accept(),
            Action::Fewer => self.choose(WhenFull::Fewer),
            Action::QueueRest => self.choose(WhenFull::QueueRest),
            Action::Copy => {
                let line = self.proposal().map(|it| it.command_line.clone());
                line.map_or(Asked::Nothing, Asked::Copy)
            }
            Action::Detail => {
                self.folds = Some(!self.room.folds);
                self.set_room(self.room);
                Asked::Nothing
            }
            scrolling => self.scroll_by(scrolling),
        }
    }

    /// Whether a character goes to what is typed: digits always, other characters where a name is wanted.
    fn takes(&self, typed: char) -> bool {
        let named = self
            .word()
            .is_some_and(|it| !it.chars().all(|c| c.is_ascii_digit()));
        self.can_apply() && self.typed.len() < 64 && (named || typed.is_ascii_digit())
    }

    fn confirm(&mut self) -> Asked {
        if !self.can_apply() {
            return Asked::Nothing;
        }
        if self.word().is_some() {
            self.note = Some("this takes its number");
            return Asked::Nothing;
        }
        Asked::Apply
    }

    fn accept(&mut self) -> Asked {
        let Some(proposal) = self.proposal() else {
            return if matches!(self.phase, Phase::Failed(_)) {
                Asked::Close
            } else {
                Asked::Nothing
            };
        };
        if proposal.fits() && proposal.plan.is_empty() {
            return Asked::Close;
        }
        if !self.can_apply() || self.typed.is_empty() {
            return Asked::Nothing;
        }
        let number = proposal.number().to_string();
        if self.typed == proposal.word().unwrap_or(number) {
            return Asked::Apply;
        }
        self.typed.clear();
        self.note = Some("that is not it");
        Asked::Nothing
    }

    fn choose(&mut self, when_full: WhenFull) -> Asked {
        match self.proposal() {
            Some(proposal) if proposal.chooses() && proposal.intent.when_full != when_full => {
                Asked::Replan(Intent {
                    when_full,
                    ..proposal.intent.clone()
                })
            }
            _ => Asked::Nothing,
        }
    }

    fn scroll_by(&mut self, action: Action) -> Asked {
        let length = self.proposal().map_or(0, Proposal::list_len);
        let last = length.saturating_sub(1);
        let to = match action {
            Action::Down => self.scroll + 1,
            Action::Up => self.scroll.saturating_sub(1),
            Action::PageDown => self.scroll + self.fitting(self.scroll..length),
            Action::PageUp => self.scroll - self.fitting((0..self.scroll).rev()),
            Action::Top => 0,
            Action::Bottom => length - self.fitting((0..length).rev()),
            _ => self.scroll,
        };
        self.scroll = to.min(last);
        Asked::Nothing
    }

    /// How many of these entries have room on the screen, one at least where there is any.
    fn fitting(&self, entries: impl Iterator<Item = usize>) -> usize {
        let Some(proposal) = self.proposal() else {
            return 0;
        };
        let (mut taken, mut n) = (0, 0);
        for line in entries.map_while(|it| proposal.list_line(it)) {
            let (who, what) = self.entry(&line);
            taken += who.len().max(what.len());
            if n > 0 && taken > self.room.rows {
                break;
            }
            n += 1;
        }
        n
    }
}
