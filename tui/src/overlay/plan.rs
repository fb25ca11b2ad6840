//! The plan sheet: what a command would do, before it does it. Nothing is confirmed that has not been shown.

use usher_core::command::WhenFull;

use crate::action::{Action, Place, action};
use crate::effect::Intent;
use crate::key::Key;
use crate::summary::Proposal;

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
    /// The first line of the list that is shown.
    pub(crate) scroll: usize,
    /// How many lines are shown; known since the last frame's size.
    pub(crate) page: usize,
    /// What has been typed to confirm.
    pub(crate) typed: String,
    /// A word about what was pressed.
    pub(crate) note: Option<&'static str>,
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
            page: 10,
            typed: String::new(),
            note: None,
        }
    }

    /// Shows a plan.
    pub(crate) fn show(&mut self, proposal: Box<Proposal>, moved: Vec<String>) {
        self.phase = Phase::Shown {
            proposal,
            moved,
            unknown: None,
        };
        self.scroll = 0;
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
                self.note = Some("the command is copied");
                let line = self.proposal().map(|it| it.command_line.clone());
                line.map_or(Asked::Nothing, Asked::Copy)
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
            Some(proposal) if !proposal.fits() => Asked::Replan(Intent {
                when_full,
                ..proposal.intent.clone()
            }),
            _ => Asked::Nothing,
        }
    }

    fn scroll_by(&mut self, action: Action) -> Asked {
        let page = self.page.max(1);
        let last = self
            .proposal()
            .map_or(0, Proposal::list_len)
            .saturating_sub(1);
        let to = match action {
            Action::Down => self.scroll + 1,
            Action::Up => self.scroll.saturating_sub(1),
            Action::PageDown => self.scroll + page,
            Action::PageUp => self.scroll.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => (last + 1).saturating_sub(page),
            _ => self.scroll,
        };
        self.scroll = to.min(last);
        Asked::Nothing
    }
}
