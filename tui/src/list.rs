//! A window over a list that may have a million rows: some pages of it in memory, read by key ahead of the cursor.
//!
//! The cursor stands on a person, not on a row number. Whatever is read anew, by whomever it was changed, the cursor
//! stays on that person and that person on their line of the screen. Nothing here reads: the list says what it needs
//! ([`List::next_request`]) and takes what came ([`List::accept`]).

mod reading;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use usher_core::model::{Status, UserId};
use usher_core::query::{Expr, SortBy};

/// One person in the list, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Who.
    pub(crate) id: UserId,
    /// Where they stand.
    pub(crate) status: Status,
    /// Their name, family name first when both are known.
    pub(crate) name: String,
    /// Their address, else user name.
    pub(crate) email: String,
    /// Their manager's address.
    pub(crate) manager: String,
    /// Their functional area.
    pub(crate) area: String,
    /// Their title.
    pub(crate) title: String,
    /// Their region.
    pub(crate) region: String,
    /// Their language.
    pub(crate) language: String,
    /// Their labels.
    pub(crate) labels: String,
    /// When they were last seen.
    pub(crate) seen: String,
    /// When they were created.
    pub(crate) created: String,
    /// What they have in custom fields, by their names.
    pub(crate) custom: Vec<(String, String)>,
    /// Whether only owners may take them off.
    pub(crate) protected: bool,
}

/// Where the cursor lands when the list is read from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Land {
    Top,
    Bottom,
}

/// On which side of the rows in memory something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// What the newest request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Nothing,
    Replace(Land),
    Refresh,
    Extend(Side),
}

/// How a movement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Where it wanted, or at the end of the list.
    Done,
    /// It wants a row that is not in memory yet.
    Waits,
}

/// The list and the cursor in it.
#[derive(Debug)]
pub(crate) struct List {
    query: Expr,
    sort: SortBy,
    descending: bool,
    rows: Vec<Row>,
    at_start: bool,
    at_end: bool,
    top: usize,
    cursor: usize,
    height: usize,
    /// The place of the first row in memory in the whole list, if known, and whether that is certain.
    first: Option<(i64, bool)>,
    total: Option<i64>,
    /// Where a range of rows begins: its person, and on which side they are when not in memory.
    range: Option<(UserId, Side)>,
    /// Those in memory whom a marked query finds.
    found: BTreeSet<UserId>,
    generation: u64,
    pending: Pending,
    wanted: Option<Land>,
    stale: bool,
    loaded: bool,
    /// Reading failed: wait for somebody to do something before trying again.
    failed: bool,
    /// What is shown is not yet what was asked for, for longer than an eye waits.
    slow: bool,
}

impl List {
    /// A list that has not been read yet.
    pub(crate) fn new(query: Expr) -> Self {
        Self {
            query,
            sort: SortBy::Name,
            descending: false,
            rows: Vec::new(),
            at_start: false,
            at_end: false,
            top: 0,
            cursor: 0,
            height: 1,
            first: None,
            total: None,
            range: None,
            found: BTreeSet::new(),
            generation: 0,
            pending: Pending::Nothing,
            wanted: Some(Land::Top),
            stale: false,
            loaded: false,
            failed: false,
            slow: false,
        }
    }

    /// Who is in the list.
    pub(crate) fn query(&self) -> &Expr {
        &self.query
    }

    /// In which order.
    pub(crate) fn sort(&self) -> SortBy {
        self.sort
    }

    /// Lists others from now on. What is shown stays until they are read.
    pub(crate) fn set_query(&mut self, query: Expr) {
        if self.query != query {
            self.query = query;
            self.range = None;
            self.total = None;
            self.wanted = Some(Land::Top);
        }
    }

    /// Names in its query are others now, and it finds the same people: the cursor stays.
    pub(crate) fn call_otherwise(&mut self, query: Expr) {
        if self.query != query {
            self.query = query;
            self.stale = true;
        }
    }

    /// Whether the order is turned round.
    pub(crate) fn is_descending(&self) -> bool {
        self.descending
    }

    /// Sorts otherwise from now on.
    pub(crate) fn set_sort(&mut self, sort: SortBy, descending: bool) {
        self.sort = sort;
        self.descending = descending;
        self.range = None;
        // The cursor stays on its person, who is elsewhere in the list now.
        self.first = None;
        self.stale = true;
    }

    /// The rows on the screen, each with its place in memory.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows
            .iter()
            .enumerate()
            .skip(self.top)
            .take(self.height)
    }

    /// The rows in memory.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The place in memory of the row under the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The person under the cursor.
    pub(crate) fn current(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }

    /// Whether a marked query finds this person, who is in memory.
    pub(crate) fn finds(&self, user: UserId) -> bool {
        self.found.contains(&user)
    }

    /// Says that what was asked for takes long, if it is still awaited.
    pub(crate) fn note_slow(&mut self) {
        self.slow =
            self.wanted.is_some() || matches!(self.pending, Pending::Replace(_) | Pending::Refresh);
    }

    /// Whether what is shown is not yet what was asked for, for longer than an eye waits.
    pub(crate) fn is_slow(&self) -> bool {
        self.slow
    }

    /// Whether anything has been read.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether what is shown is not yet what was asked for.
    pub(crate) fn is_settling(&self) -> bool {
        self.wanted.is_some() || matches!(self.pending, Pending::Replace(_))
    }

    /// How many people are in the list, when that has been counted.
    pub(crate) fn total(&self) -> Option<i64> {
        self.total
    }

    /// Takes the number of people in the list.
    pub(crate) fn set_total(&mut self, total: i64) {
        self.total = Some(total);
        self.anchor();
    }

    /// The cursor's place in the whole list, counted from 1, and whether it is certain.
    pub(crate) fn rank(&self) -> Option<(i64, bool)> {
        self.current()?;
        let (first, certain) = self.first?;
        let rank = first + as_rank(self.cursor) + 1;
        Some((
            rank.max(1),
            certain && self.total.is_none_or(|total| rank <= total),
        ))
    }

    /// Everything may have changed: read it anew around the cursor.
    pub(crate) fn refresh(&mut self) {
        self.stale = true;
    }

    /// The screen shows that many rows now.
    pub(crate) fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
        self.show_cursor();
    }

    /// How many rows the screen shows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Moves the cursor by that many rows.
    pub(crate) fn move_by(&mut self, rows: isize) -> Moved {
        self.failed = false;
        let wanted = self.cursor.saturating_add_signed(rows);
        let last = self.rows.len().saturating_sub(1);
        let beyond = (wanted > last && !self.at_end)
            || (rows < 0 && self.cursor < rows.unsigned_abs() && !self.at_start);
        if beyond && !self.rows.is_empty() {
            return Moved::Waits;
        }
        self.cursor = wanted.min(last);
        self.show_cursor();
        Moved::Done
    }

    /// Goes to the row that the screen shows on this line; whether the cursor was there already.
    pub(crate) fn go_to_line(&mut self, line: usize) -> bool {
        let place = self.top + line;
        let was_there = place == self.cursor;
        if place < self.rows.len() {
            self.cursor = place;
        }
        was_there
    }

    /// Goes to an end of the list.
    pub(crate) fn jump(&mut self, land: Land) {
        match land {
            Land::Top if self.at_start => self.cursor = 0,
            Land::Bottom if self.at_end => self.cursor = self.rows.len().saturating_sub(1),
            _ => self.wanted = Some(land),
        }
        self.show_cursor();
    }

    /// Begins a range at the cursor.
    pub(crate) fn begin_range(&mut self) {
        self.range = self.current().map(|row| (row.id, Side::Above));
    }

    /// Ends the range without a mark.
    pub(crate) fn end_range(&mut self) {
        self.range = None;
    }

    /// The rows in memory that are in the range, if there is one.
    pub(crate) fn range(&self) -> Option<RangeInclusive<usize>> {
        let (user, side) = self.range?;
        let begin = self.place(user).unwrap_or(match side {
            Side::Above => 0,
            Side::Below => self.rows.len().saturating_sub(1),
        });
        Some(begin.min(self.cursor)..=begin.max(self.cursor))
    }

    /// The first and the last person of the range, and whether everybody between them is in memory.
    pub(crate) fn range_ends(&self) -> Option<(UserId, UserId, bool)> {
        let (user, side) = self.range?;
        let here = self.current()?.id;
        let place = self.place(user);
        let above = place.map_or(side == Side::Above, |it| it <= self.cursor);
        Some(if above {
            (user, here, place.is_some())
        } else {
            (here, user, place.is_some())
        })
    }

    fn place(&self, user: UserId) -> Option<usize> {
        self.rows.iter().position(|row| row.id == user)
    }

    /// Keeps the cursor on the screen, moving the screen as little as it can.
    fn show_cursor(&mut self) {
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.top = self
            .top
            .clamp((self.cursor + 1).saturating_sub(self.height), self.cursor);
        let most = self.rows.len().saturating_sub(self.height);
        if self.at_end && self.top > most {
            self.top = most;
        }
    }
}

fn as_rank(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
