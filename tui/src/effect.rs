//! Everything that the console can cause. The runner carries effects out, away from the thread that draws.

use std::any::Any;
use std::time::Duration;

use usher_core::command::{Command, Request, WhenFull};
use usher_core::mail::MailText;
use usher_core::model::{
    BatchId, ConnectionId, ConsoleLook, Language, TransferId, UserId, View, WhichMails,
};
use usher_core::plan::{Digest, Template};
use usher_core::query::{Expr, SortBy};
use usher_core::{Progress, Selection};

use crate::board::{BoardRequest, EverybodyRequest};
use crate::event::Timer;
use crate::handouts::Handouts;
use crate::importing::{ReadRequest, ReviewRequest};
use crate::overlay::menu::Clip;
use crate::replay::Replay;
use crate::verb::Verb;
use crate::writing::Writing;

/// Something to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Read rows of the list. A newer request of this kind makes an older one void.
    ReadWindow(WindowRequest),
    /// Read who is between two people in the list.
    ReadRange(RangeRequest),
    /// Read rows of a board. A newer request makes an older one void.
    ReadBoard(BoardRequest),
    /// Read everybody on a board, to mark them. A newer request makes an older one void.
    ReadEverybody(EverybodyRequest),
    /// Read the names that forms and filters offer.
    ReadNames,
    /// Write a file.
    Export(Box<Writing>),
    /// Write a file that is fetched from a page.
    HandOut(Box<Writing>),
    /// List the files of tables whose names begin so. A newer request makes an older one void.
    ListFiles(String),
    /// Find people who are called so, to offer them in a form. A newer request makes an older one void.
    FindPeople(String),
    /// Read a file of people. A newer request makes an older one void.
    ReadFile(Box<ReadRequest>),
    /// ConsoleLook through what was read. A newer request makes an older one void.
    Review(Box<ReviewRequest>),
    /// Read what a mail says.
    ReadWords(Template, Language),
    /// Fill a mail in with examples.
    Preview {
        /// How that is done.
        by: Handouts,
        /// Which message.
        template: Template,
        /// In which language.
        language: Language,
        /// Not as it is, but so.
        text: Option<Box<MailText>>,
    },
    /// Read the address of the join page.
    ReadJoinLink,
    /// Make a page on which a file can be sent.
    TakeIn,
    /// ConsoleLook whether a file has arrived by a page.
    LookForFile(TransferId),
    /// Try mails again: these, else all that can be.
    RetryMails(WhichMails),
    /// Keep a view.
    SaveView(Box<View>),
    /// Keep how this console looks.
    SaveLook(ConsoleLook),
    /// Forget the view of this name.
    RemoveView(String),
    /// Read one person's fields for a form.
    ReadFields(UserId),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Read what these people are called, to copy it.
    ReadClip(Clip, Selection),
    /// Put text into the clipboard of whoever sits at the terminal.
    Copy(String),
    /// Read what the header says.
    ReadCounters,
    /// Count people.
    Count(CountRequest),
    /// Read one person.
    ReadDetail(UserId),
    /// Plan a command.
    Plan {
        /// Which request this is.
        generation: u64,
        /// What is wanted.
        intent: Intent,
        /// How far it is.
        progress: Progress,
    },
    /// Apply what was planned and shown.
    Apply {
        /// The request that was planned.
        request: Box<Request>,
        /// What was confirmed.
        confirmed: Digest,
        /// What was wanted, to word the plan again if it has moved.
        intent: Intent,
        /// The batch that it undoes.
        undoes: Option<BatchId>,
        /// How far it is, and by what it is cancelled.
        progress: Progress,
    },
    /// Throw something large away: a plan about a million people takes a while to be forgotten.
    Discard(Box<dyn Any + Send>),
    /// Start a timer, or stop it.
    Timer(Timer, Option<Duration>),
    /// Draw everything anew.
    Repaint,
    /// End the console.
    Quit,
}

/// Rows to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowRequest {
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// Who.
    pub(crate) query: Expr,
    /// In which order.
    pub(crate) sort: SortBy,
    /// Whether that is turned round.
    pub(crate) descending: bool,
    /// From where.
    pub(crate) reach: Reach,
    /// How many at most.
    pub(crate) limit: usize,
    /// A marked query: which of the rows does it find?
    pub(crate) marked: Option<Expr>,
}

/// Where rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// At the beginning of the list.
    Start,
    /// At its end.
    End,
    /// After a person.
    After(UserId),
    /// Before a person.
    Before(UserId),
    /// Around a person who may not be in the list any more: this many before, the rest from them on.
    Around(UserId, usize),
}

/// People between two rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RangeRequest {
    /// Comes back with the answer.
    pub(crate) generation: u64,
    /// Who is in the list.
    pub(crate) query: Expr,
    /// In which order.
    pub(crate) sort: SortBy,
    /// Whether that is turned round.
    pub(crate) descending: bool,
    /// The first.
    pub(crate) first: UserId,
    /// The last.
    pub(crate) last: UserId,
}

/// People to count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CountRequest {
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// The list, if its number is not known.
    pub(crate) query: Option<Expr>,
    /// What is marked, if its number is not known.
    pub(crate) marked: Option<Expr>,
    /// What is marked and in the list, if its number is not known.
    pub(crate) marked_here: Option<Expr>,
}

/// What is to be planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    /// Something with people.
    People {
        /// What.
        verb: Verb,
        /// With whom.
        who: Selection,
        /// The same selection as the command line writes it, where it can.
        typed: Option<String>,
    },
    /// Something with people who were named one by one.
    Named {
        /// What.
        verb: Verb,
        /// Their addresses, user names or ids.
        names: Vec<String>,
    },
    /// Anything that is not about people who were found or marked.
    Order(Box<Order>),
    /// Carrying out in a connection's place what it asked and did not get.
    Replay {
        /// The number of the request.
        seq: i64,
        /// How it becomes a command.
        by: Replay,
        /// Who asked it, once it is planned.
        connection: Option<ConnectionId>,
    },
    /// Undoing a batch; without one, this administrator's last batch that can be undone.
    Undo(Option<BatchId>),
}

/// A command with the words that tell it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    /// The command.
    pub(crate) command: Command,
    /// What it does, as a heading: `Set pool access`.
    pub(crate) heading: String,
    /// The command line that does the same.
    pub(crate) line: String,
    /// What that command reads as its input.
    pub(crate) input: Option<String>,
    /// What has to be typed before it is applied, where one key would be too easy.
    pub(crate) word: Option<String>,
}

impl Order {
    /// A command that one key applies.
    pub(crate) fn new(
        command: Command,
        heading: impl Into<String>,
        line: impl Into<String>,
    ) -> Self {
        Self {
            command,
            heading: heading.into(),
            line: line.into(),
            input: None,
            word: None,
        }
    }

    /// The same, whose command line reads its input: this, if anything.
    pub(crate) fn with_input(self, input: Option<String>) -> Self {
        Self { input, ..self }
    }

    /// The same, applied only when this word is typed.
    pub(crate) fn with_word(self, word: &str) -> Self {
        Self {
            word: Some(word.to_owned()),
            ..self
        }
    }
}

/// A wish, and what to do when a pool is full.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Intent {
    /// What is wanted.
    pub(crate) wish: Wish,
    /// What to do when a pool is full.
    pub(crate) when_full: WhenFull,
}
