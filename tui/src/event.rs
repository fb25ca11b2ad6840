//! Everything that wakes the console.

use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::layout::Size;
use usher_core::exchange::Page;
use usher_core::mail::MailText;
use usher_core::model::{BatchId, Language, UserId};
use usher_core::plan::Template;

use crate::board::Found;
use crate::counters::Counters;
use crate::detail::Detail;
use crate::importing::{FileRead, Looked};
use crate::key::Key;
use crate::list::Row;
use crate::names::{Names, PersonFields};
use crate::summary::Proposal;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted.
    Paste(String),
    /// The mouse's button was pressed on a cell.
    Click {
        /// How many cells from the left.
        x: u16,
        /// How many rows from the top.
        y: u16,
    },
    /// The mouse's wheel was turned.
    Wheel {
        /// Whether towards oneself.
        down: bool,
    },
    /// The terminal has another size.
    Resized(Size),
    /// The terminal may show something else than what was drawn.
    Redraw(Size),
    /// A timer has run out.
    Timer(Timer),
    /// Something was committed, by this process or another.
    Committed,
    /// An effect has an answer.
    Answered(Answer),
    /// The terminal is gone.
    HungUp,
    /// The process was told to end.
    Signal(i32),
}

/// Something that is to happen later. There is one timer of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// The filter has not been typed in for a moment.
    Filter,
    /// The list may be read again.
    Refresh,
    /// The filtered list may be counted again.
    Recount,
    /// An age on the screen is another one now.
    Age,
    /// Whether a server runs may be another answer now.
    Look,
    /// What is applied is further now.
    Progress,
    /// A page of the list has been read for longer than an eye waits.
    Slow,
    /// A file may have arrived by a page.
    Arrival,
    /// Nobody has typed for as long as the organization allows.
    Idle,
}

/// What came of an effect.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Rows of the list.
    Window {
        /// Of which request.
        generation: u64,
        /// The rows, or why there are none.
        result: Result<Window, String>,
    },
    /// The people between two rows.
    Range {
        /// Of which request.
        generation: u64,
        /// The people, or why there are none.
        result: Result<Vec<UserId>, String>,
    },
    /// Rows of a board.
    Board {
        /// Of which request.
        generation: u64,
        /// The rows, or why there are none.
        result: Result<Box<Found>, String>,
    },
    /// Everybody on a board, to be marked.
    Everybody {
        /// Of which request.
        generation: u64,
        /// They, or why they could not be read.
        result: Result<Vec<UserId>, String>,
    },
    /// A text to copy, or why there is none.
    Clip(Result<String, String>),
    /// The names that forms and filters offer.
    Names(Result<Box<Names>, String>),
    /// What came of writing a file, in words.
    Exported(Result<String, String>),
    /// A page from which a file is fetched, and what the file is called.
    HandedOut(Result<(Page, String), String>),
    /// Files of tables, and folders.
    Files(Vec<String>),
    /// People who are called so.
    People {
        /// What was asked.
        called: String,
        /// Their addresses and names.
        found: Vec<(String, String)>,
    },
    /// What was read of a file.
    FileRead {
        /// Of which request.
        generation: u64,
        /// Its rows, or why there are none.
        result: Result<FileRead, String>,
    },
    /// What came of looking through a file.
    Reviewed {
        /// Of which request.
        generation: u64,
        /// The review, or why there is none.
        result: Result<Box<Looked>, String>,
    },
    /// What a mail says.
    Words(Result<Box<MailWords>, String>),
    /// The address of the join page.
    JoinLink(Result<String, String>),
    /// A page on which a file can be sent.
    TakenIn(Result<Page, String>),
    /// Whether a file has arrived by a page.
    Arrived(Result<bool, String>),
    /// How many mails are tried again.
    Retried(Result<usize, String>),
    /// What came of saving or removing a view, in words.
    View(Result<String, String>),
    /// One person's fields.
    Fields {
        /// Whose.
        user: UserId,
        /// The fields, or why they cannot be read.
        result: Result<Box<PersonFields>, String>,
    },
    /// What the header says.
    Counters(Result<Box<Counters>, String>),
    /// How many people.
    Count {
        /// Of which request.
        generation: u64,
        /// The numbers, or why there are none.
        result: Result<Counted, String>,
    },
    /// What a command would do.
    Planned {
        /// Of which request.
        generation: u64,
        /// The proposal, or why there is none.
        result: Result<Box<Proposal>, String>,
    },
    /// What came of applying.
    Applied(Box<Outcome>),
    /// Whoever sits here is no active administrator any more.
    ShutOut,
    /// One person.
    Detail {
        /// Whom.
        user: UserId,
        /// Everything shown about them, or why it cannot be.
        result: Result<Box<Detail>, String>,
    },
}

/// What a mail says.
#[derive(Debug)]
pub(crate) struct MailWords {
    /// Which message.
    pub(crate) template: Template,
    /// In which language.
    pub(crate) language: Language,
    /// Its words.
    pub(crate) text: MailText,
    /// Whether they are filled in with examples.
    pub(crate) is_preview: bool,
}

/// Rows in the order of the list.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// Whether there is nothing before them.
    pub(crate) at_start: bool,
    /// Whether there is nothing after them.
    pub(crate) at_end: bool,
    /// How many of them come before the person around whom was read.
    pub(crate) before: usize,
    /// Those of them whom a marked query finds, when that was asked.
    pub(crate) marked: BTreeSet<UserId>,
}

/// Numbers of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// In the list, if that had to be counted.
    pub(crate) total: Option<i64>,
    /// Marked, if that had to be counted.
    pub(crate) marked: Option<i64>,
    /// Marked and in the list, if that had to be counted.
    pub(crate) marked_here: Option<i64>,
    /// How long it took, which decides how often it is done.
    pub(crate) took: Duration,
}

/// What came of applying a plan.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is done.
    Done {
        /// The batch; none when there was nothing to change any more.
        batch: Option<BatchId>,
        /// How many people it promoted from the queue.
        promoted: usize,
        /// A connection's new token, shown this once.
        token: Option<String>,
    },
    /// The plan is another one now: look again.
    Moved {
        /// The plan as it is now.
        proposal: Box<Proposal>,
        /// What moved, in words.
        what: Vec<String>,
    },
    /// The disk failed while committing. Repeating the same request is safe.
    Unknown(String),
    /// It was cancelled; nothing changed.
    Cancelled,
    /// It was refused; nothing changed.
    Refused(String),
}
