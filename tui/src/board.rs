//! A board: a listing of anything, with its own actions. What it lists and what its keys do is said by its [`Kind`], one
//! small file a kind in `boards`; how it moves, finds, marks and reads anew is here, once for all of them.
//!
//! The cursor stands on a row by its key, not on a number: whatever is read anew, it stays on that row.

use std::collections::BTreeSet;

use usher_core::mail::MailText;
use usher_core::model::{Language, Timestamp, UserId, View, WhichMails, search_text};
use usher_core::plan::Template;
use usher_core::{Read, Selection};

use crate::app::views::Look;
use crate::boards::Topic;
use crate::effect::Wish;
use crate::form::Form;
use crate::importing::{Mend, Origin, Terms};
use crate::key::Key;
use crate::line::LineEditor;
use crate::marks::{Marks, in_words};
use crate::people::Whom;
use crate::theme::Role;
use crate::words;
use crate::writing::Writing;

/// How many rows are read at first; reading on doubles it.
const FIRST: usize = 200;
/// Most rows that a filter reads on for by itself.
const MOST_FILTERED: usize = 20_000;

/// What a kind of board lists and does.
pub(crate) struct Kind {
    /// What it is called, in the palette too.
    pub(crate) name: &'static str,
    /// What it shows, as a sentence.
    pub(crate) sentence: &'static str,
    /// Its columns.
    pub(crate) columns: &'static [Column],
    /// What is said when there is nothing.
    pub(crate) empty: &'static str,
    /// Reads its first rows.
    pub(crate) read: fn(&Read<'_>, &Topic, usize) -> usher_core::Result<Found>,
    /// What its keys do, besides what every board's do.
    pub(crate) acts: &'static [Act],
}

/// A column: its head, and how many cells it takes at least and of what is left.
pub(crate) struct Column {
    /// Its head.
    pub(crate) head: &'static str,
    /// Cells that it takes where there is room.
    pub(crate) width: u16,
    /// Its share of the room that is left.
    pub(crate) share: u16,
    /// Whether its text stands at its right edge.
    pub(crate) right: bool,
}

/// A column of text.
pub(crate) const fn text(head: &'static str, width: u16, share: u16) -> Column {
    Column {
        head,
        width,
        share,
        right: false,
    }
}

/// A column of numbers.
pub(crate) const fn number(head: &'static str, width: u16) -> Column {
    Column {
        head,
        width,
        share: 0,
        right: true,
    }
}

/// An action of a board.
pub(crate) struct Act {
    /// Its key.
    pub(crate) key: Key,
    /// What it is called in a hint.
    pub(crate) name: &'static str,
    /// What it does, as a sentence.
    pub(crate) sentence: &'static str,
    /// What comes of it.
    pub(crate) does: fn(&Here<'_>) -> Doing,
}

/// Where an action was called.
pub(crate) struct Here<'a> {
    /// On which board.
    pub(crate) topic: &'a Topic,
    /// On which row.
    pub(crate) item: Option<&'a Item>,
    /// Who sits at the console.
    pub(crate) actor: &'a str,
    /// All rows that were read.
    pub(crate) items: &'a [Item],
    /// Whom it is for: the marked people, else the one of the row.
    pub(crate) whom: Option<Whom>,
    /// Whose rows are marked.
    pub(crate) marked: Vec<UserId>,
    /// When.
    pub(crate) now: Timestamp,
}

impl Here<'_> {
    /// What comes of an action with people: with the marked ones, else with the one of the row.
    pub(crate) fn with_people(&self, does: impl FnOnce(&Whom) -> Doing) -> Doing {
        match &self.whom {
            None => Doing::Say("nobody is here".to_owned()),
            Some(whom) if whom.of_marks => Doing::OfMarks(Box::new(does(whom))),
            Some(whom) => does(whom),
        }
    }

    /// The row of the only person that an action is for; refuses where several are marked.
    pub(crate) fn one_person(&self) -> Result<&Item, String> {
        let item = match self.marked.as_slice() {
            [] => self.item.filter(|it| it.who.is_some()),
            [one] => self.items.iter().find(|it| it.who == Some(*one)),
            many => {
                return Err(format!(
                    "{} are marked, and this is for one: M takes the marks away",
                    words::people(many.len())
                ));
            }
        };
        item.ok_or_else(|| "nobody is here".to_owned())
    }
}

/// What comes of an action.
#[derive(Debug)]
pub(crate) enum Doing {
    /// Show another board over this one.
    Open(Topic),
    /// Show another board instead of this one, with the cursor on the same row.
    Become(Topic),
    /// Show the people whom a query finds.
    People(String),
    /// Show a plan.
    Plan {
        /// Whom or what it is about, in words.
        target: String,
        /// What is wanted.
        wish: Wish,
    },
    /// Show what a request of this number, that a provider made, would do today.
    Replay(i64),
    /// Try mails again: these, else all that can be.
    Retry(WhichMails),
    /// This, about the marks, which are taken away when it is done.
    OfMarks(Box<Self>),
    /// Ask for what is still missing.
    Ask(Box<Form>),
    /// Read a person's fields, to edit them.
    Edit(UserId),
    /// Ask for fields of many people, to set them.
    EditMany(Box<Whom>),
    /// Ask whom to invite.
    Invite,
    /// Show the list of people otherwise.
    Look(Look),
    /// Write a file.
    Export(Box<Writing>),
    /// Ask for a file of people.
    AskFile,
    /// Ask for a file to be sent by a page, and import it so.
    TakeIn(Box<Terms>),
    /// Read a file of people and look it through.
    Import(Box<(Origin, Terms)>),
    /// Look it through on other terms.
    Terms(Box<Terms>),
    /// Mend cells of it.
    Mend(Vec<Mend>),
    /// Keep a view.
    SaveView(Box<View>),
    /// Copy the address of the join page.
    CopyJoinLink,
    /// Ask for the language of a sheet with the address of the join page, and where it goes.
    JoinSheet,
    /// Open what a mail says, to be changed.
    Write(Template, Language),
    /// Show what a mail says, filled in with examples.
    Preview(Template, Language, Option<Box<MailText>>),
    /// Say something.
    Say(String),
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// What it is, for as long as it is: rows of the same key are the same row.
    pub(crate) key: String,
    /// Its texts, one a column.
    pub(crate) cells: Vec<String>,
    /// Its look.
    pub(crate) role: Role,
    /// The person whom it is about, if it is about one.
    pub(crate) who: Option<UserId>,
    /// Whether it only heads the rows below it.
    pub(crate) heading: bool,
    /// Where pressing enter leads.
    pub(crate) opens: Option<Topic>,
    /// What is to be known of it besides its columns: labels and texts.
    pub(crate) facts: Vec<(String, String)>,
}

impl Item {
    /// A row that looks like text.
    pub(crate) fn new(key: impl ToString, cells: Vec<String>) -> Self {
        Self {
            key: key.to_string(),
            cells,
            role: Role::Plain,
            who: None,
            heading: false,
            opens: None,
            facts: Vec::new(),
        }
    }

    /// The same, with what is to be known of it besides.
    pub(crate) fn telling(self, facts: Vec<(String, String)>) -> Self {
        Self { facts, ..self }
    }

    /// One of the texts that are to be known of it besides.
    pub(crate) fn fact(&self, label: &str) -> &str {
        let fact = self.facts.iter().find(|it| it.0 == label);
        fact.map_or("", |it| it.1.as_str())
    }

    /// Everything that is to be known of it, line by line: what columns cut or leave out, and what has none.
    pub(crate) fn in_full(&self, columns: &[Column]) -> String {
        let heads = columns.iter().map(|it| it.head);
        let cells = heads.zip(self.cells.iter().map(|it| it.trim()));
        let facts = self.facts.iter().map(|it| (it.0.as_str(), it.1.as_str()));
        let mut said = String::new();
        for (label, text) in cells.chain(facts).filter(|it| !it.1.is_empty()) {
            let text = text.replace('\n', "\n    ");
            said.push_str(&format!("{label}: {text}\n"));
        }
        said
    }

    /// The same, in another look.
    pub(crate) fn looking(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The same, about a person, whose board enter opens.
    pub(crate) fn about(self, user: UserId) -> Self {
        Self {
            who: Some(user),
            opens: Some(Topic::Person(user)),
            ..self
        }
    }

    /// The same, leading elsewhere.
    pub(crate) fn opening(self, topic: Topic) -> Self {
        Self {
            opens: Some(topic),
            ..self
        }
    }

    /// A line over other rows.
    pub(crate) fn heading(text: &str) -> Self {
        Self {
            heading: true,
            role: Role::Title,
            ..Self::new(format!("# {text}"), vec![text.to_owned()])
        }
    }

    /// One of its texts.
    pub(crate) fn cell(&self, i: usize) -> &str {
        self.cells.get(i).map_or("", String::as_str)
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What the board is called now.
    pub(crate) title: String,
    /// Its first rows.
    pub(crate) items: Vec<Item>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// Rows to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoardRequest {
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// Of what.
    pub(crate) topic: Topic,
    /// How many.
    pub(crate) limit: usize,
}

/// Everybody on a board, to be marked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EverybodyRequest {
    /// Comes back with the answer; an answer of another generation is dropped.
    pub(crate) generation: u64,
    /// On which board.
    pub(crate) topic: Topic,
    /// What their rows must have in them.
    pub(crate) filter: String,
}

/// The words of a filter.
pub(crate) struct Words(Vec<String>);

impl Words {
    /// Those of a text, as rows are compared with them.
    pub(crate) fn of(text: &str) -> Self {
        let words = search_text(text.split_whitespace());
        Self(words.split_whitespace().map(str::to_owned).collect())
    }

    /// Whether every row fits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a row has all of them in it.
    pub(crate) fn fit(&self, item: &Item) -> bool {
        if self.is_empty() {
            return true;
        }
        let text = search_text(item.cells.iter().map(String::as_str));
        self.0.iter().all(|it| text.contains(it))
    }
}

/// A board on the screen.
#[derive(Debug)]
pub(crate) struct Board {
    /// What it lists.
    pub(crate) topic: Topic,
    found: Found,
    /// The rows that the filter lets through, by their places.
    shown: Vec<usize>,
    cursor: usize,
    top: usize,
    height: usize,
    limit: usize,
    generation: u64,
    waits: bool,
    stale: bool,
    loaded: bool,
    /// Why the last reading failed.
    pub(crate) fault: Option<String>,
    /// What rows must have in them.
    pub(crate) filter: String,
    /// What is being typed as the filter.
    pub(crate) bar: Option<LineEditor>,
    /// Whose rows are marked.
    marks: Marks,
    /// How many of them are not in the list, where that is known.
    n_hidden: Option<i64>,
    /// Which request for everybody is awaited.
    marking: Option<u64>,
    sort: Option<(usize, bool)>,
}

impl Board {
    /// A board that has not been read yet.
    pub(crate) fn new(topic: Topic) -> Self {
        Self {
            topic,
            found: Found::default(),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            height: 1,
            limit: FIRST,
            generation: 0,
            waits: false,
            stale: true,
            loaded: false,
            fault: None,
            filter: String::new(),
            bar: None,
            marks: Marks::default(),
            n_hidden: Some(0),
            marking: None,
            sort: None,
        }
    }

    /// What it is called.
    pub(crate) fn title(&self) -> &str {
        if self.found.title.is_empty() {
            self.topic.kind().name
        } else {
            &self.found.title
        }
    }

    /// Whether anything has been read.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether what is shown is not yet what was asked for.
    pub(crate) fn is_settling(&self) -> bool {
        self.marking.is_some() || (!self.loaded && self.fault.is_none())
    }

    /// Whether some rows only head others.
    pub(crate) fn has_headings(&self) -> bool {
        self.found.items.iter().any(|it| it.heading)
    }

    /// How many rows there are, and whether there are more.
    pub(crate) fn count(&self) -> (usize, bool) {
        let rows = self.shown.iter().filter_map(|i| self.found.items.get(*i));
        (rows.filter(|it| !it.heading).count(), self.found.more)
    }

    /// By which column it is sorted, and whether backwards; none is the order in which it was read.
    pub(crate) fn sort(&self) -> Option<(usize, bool)> {
        self.sort
    }

    /// The rows on the screen, each with its place.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.shown
            .iter()
            .filter_map(|i| self.found.items.get(*i))
            .enumerate()
            .skip(self.top)
            .take(self.height)
    }

    /// The place of the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// All rows that were read.
    pub(crate) fn items(&self) -> &[Item] {
        &self.found.items
    }

    /// The row under the cursor.
    pub(crate) fn current(&self) -> Option<&Item> {
        self.item(self.cursor)
    }

    fn item(&self, place: usize) -> Option<&Item> {
        self.found.items.get(*self.shown.get(place)?)
    }

    /// Everything may have changed.
    pub(crate) fn refresh(&mut self) {
        self.stale = true;
    }

    /// Lists something else, with the cursor on the same row.
    pub(crate) fn become_topic(&mut self, topic: Topic) {
        self.topic = topic;
        self.stale = true;
    }

    /// The screen shows that many rows now.
    pub(crate) fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
        self.show_cursor();
    }

    /// What to read next, if anything.
    pub(crate) fn next_request(&mut self, generation: u64) -> Option<BoardRequest> {
        let near_end = self.cursor + 2 * self.height >= self.shown.len();
        let allowed = self.filter.is_empty() || self.found.items.len() < MOST_FILTERED;
        if self.loaded && self.found.more && near_end && allowed && !self.waits && !self.stale {
            self.limit = self.limit.saturating_mul(2);
            self.stale = true;
        }
        if !self.stale {
            return None;
        }
        self.stale = false;
        self.waits = true;
        self.generation = generation;
        Some(BoardRequest {
            generation,
            topic: self.topic.clone(),
            limit: self.limit,
        })
    }

    /// Takes what was read; an answer to an older request is dropped. How many marks were taken away, because whoever had
    /// them is not on the board any more.
    pub(crate) fn accept(&mut self, generation: u64, result: Result<Box<Found>, String>) -> usize {
        if generation != self.generation {
            return 0;
        }
        self.waits = false;
        match result {
            Ok(found) => {
                let here = self.current().map(|it| it.key.clone());
                self.found = *found;
                self.loaded = true;
                self.fault = None;
                self.arrange(here.as_deref());
                self.drop_marks_of_gone()
            }
            Err(why) => {
                self.fault = Some(why);
                // Nothing is read on by itself until something happens.
                self.found.more = false;
                0
            }
        }
    }

    fn drop_marks_of_gone(&mut self) -> usize {
        if self.marks.is_empty() || self.found.more || !self.topic.lists_everybody() {
            return 0;
        }
        let here = self.found.items.iter().filter_map(|it| it.who).collect();
        let n_gone = self.marks.keep(&here);
        self.marks_changed();
        n_gone
    }

    /// Counts how many of the marked are not in the list: it is drawn with every frame.
    fn marks_changed(&mut self) {
        let rows = self.shown.iter().filter_map(|i| self.found.items.get(*i));
        let listed: BTreeSet<_> = rows.filter_map(|it| it.who).collect();
        let listed = listed.iter().filter(|it| self.marks.has(**it, false));
        let marked = self.marks.known_number().unwrap_or(0);
        let hidden = marked - i64::try_from(listed.count()).unwrap_or(0);
        let all_listed = self.filter.is_empty() && self.topic.lists_everybody();
        self.n_hidden = match (self.found.more, all_listed) {
            (true, true) => Some(0),
            (true, false) if hidden > 0 => None,
            _ => Some(hidden),
        };
    }

    /// Whether somebody is marked.
    pub(crate) fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Whether this person is marked.
    pub(crate) fn is_marked(&self, user: UserId) -> bool {
        self.marks.has(user, false)
    }

    /// Takes all marks away.
    pub(crate) fn clear_marks(&mut self) {
        self.marks = Marks::default();
        self.n_hidden = Some(0);
    }

    /// The marks in words, as on the list of people.
    pub(crate) fn marks_in_words(&self) -> String {
        let marked = self.marks.known_number().unwrap_or(0);
        in_words(format!("{} marked", words::number(marked)), self.n_hidden)
    }

    /// Puts the rows through the filter and in order, and the cursor back on its row.
    fn arrange(&mut self, here: Option<&str>) {
        let line = self.cursor.saturating_sub(self.top);
        let words = Words::of(&self.filter);
        let items = &self.found.items;
        self.shown = (0..items.len())
            .filter(|i| items.get(*i).is_some_and(|it| words.fit(it)))
            .collect();
        if let Some((column, backwards)) = self.sort {
            self.shown.sort_by(|a, b| {
                let cell = |i: &usize| items.get(*i).map_or("", |it| it.cell(column));
                let order = natural(cell(a)).cmp(&natural(cell(b)));
                if backwards { order.reverse() } else { order }
            });
        }
        let place = here.and_then(|key| {
            let shown = self.shown.iter().filter_map(|i| self.found.items.get(*i));
            shown.into_iter().position(|it| it.key == key)
        });
        if let Some(place) = place {
            self.cursor = place;
            self.top = place.saturating_sub(line);
        }
        self.off_headings(true);
        self.show_cursor();
        self.marks_changed();
    }

    /// Sorts by the next column, or in the order of reading again.
    pub(crate) fn sort_next(&mut self) -> String {
        let columns = self.topic.kind().columns;
        self.sort = match self.sort {
            _ if self.found.items.iter().any(|it| it.heading) => None,
            None => Some((0, false)),
            Some((column, false)) => Some((column, true)),
            Some((column, true)) => (column + 1 < columns.len()).then_some((column + 1, false)),
        };
        let here = self.current().map(|it| it.key.clone());
        self.arrange(here.as_deref());
        match self
            .sort
            .and_then(|(i, down)| Some((columns.get(i)?, down)))
        {
            None => "in its own order".to_owned(),
            Some((column, backwards)) => {
                let way = if backwards { ", backwards" } else { "" };
                let some = if self.found.more {
                    ", of the rows read so far"
                } else {
                    ""
                };
                format!("sorted by {}{way}{some}", column.head.to_lowercase())
            }
        }
    }

    /// Moves the cursor by that many rows, past headings.
    pub(crate) fn move_by(&mut self, rows: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
        self.off_headings(rows >= 0);
        self.show_cursor();
    }

    /// Goes to the first row or the last one read.
    pub(crate) fn jump(&mut self, to_end: bool) {
        self.cursor = if to_end {
            self.shown.len().saturating_sub(1)
        } else {
            0
        };
        self.off_headings(!to_end);
        self.show_cursor();
        if !to_end {
            self.top = 0;
        }
    }

    /// Goes to the row that the screen shows on this line; whether the cursor was there already.
    pub(crate) fn go_to_line(&mut self, line: usize) -> bool {
        let place = self.top + line;
        let was_there = place == self.cursor;
        if place < self.shown.len() {
            self.cursor = place;
            self.off_headings(true);
        }
        was_there
    }

    /// How many rows the screen shows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    fn off_headings(&mut self, down: bool) {
        let is_heading = |place: usize| self.item(place).is_some_and(|it| it.heading);
        let last = self.shown.len().saturating_sub(1);
        let below = (self.cursor..=last).find(|it| !is_heading(*it));
        let above = (0..=self.cursor.min(last))
            .rev()
            .find(|it| !is_heading(*it));
        let place = if down {
            below.or(above)
        } else {
            above.or(below)
        };
        self.cursor = place.unwrap_or(self.cursor);
    }

    fn show_cursor(&mut self) {
        self.cursor = self.cursor.min(self.shown.len().saturating_sub(1));
        let over = self.cursor > 0 && self.item(self.cursor - 1).is_some_and(|it| it.heading);
        let upper = self.cursor - usize::from(over && self.height > 1);
        self.top = self
            .top
            .clamp(
                (self.cursor + 1).saturating_sub(self.height),
                upper.max((self.cursor + 1).saturating_sub(self.height)),
            )
            .min(self.shown.len().saturating_sub(self.height));
    }

    /// Puts a filter in force.
    pub(crate) fn set_filter(&mut self, text: &str) {
        let here = self.current().map(|it| it.key.clone());
        text.trim().clone_into(&mut self.filter);
        self.arrange(here.as_deref());
    }

    /// Marks the row under the cursor, or takes the mark away; whether it is about a person.
    pub(crate) fn toggle_mark(&mut self) -> bool {
        let Some(who) = self.current().and_then(|it| it.who) else {
            return false;
        };
        let marked = self.marks.has(who, false);
        self.marks.set(who, false, !marked);
        self.marks_changed();
        true
    }

    /// Marks everybody whom the filter lets through, besides who is marked already. Where not all rows were read, it says
    /// what is to be read.
    pub(crate) fn mark_all(&mut self, generation: u64) -> Option<EverybodyRequest> {
        if !self.found.more {
            let rows = self.shown.iter().filter_map(|i| self.found.items.get(*i));
            self.marks.add(rows.filter_map(|it| it.who));
            self.marks_changed();
            return None;
        }
        self.marking = Some(generation);
        Some(EverybodyRequest {
            generation,
            topic: self.topic.clone(),
            filter: self.filter.clone(),
        })
    }

    /// Whether everybody is being read to be marked.
    pub(crate) fn is_marking(&self) -> bool {
        self.marking.is_some()
    }

    /// Waits no longer for everybody to be marked.
    pub(crate) fn stop_marking(&mut self) {
        self.marking = None;
    }

    /// Marks everybody who was read for that; an answer to another request is dropped. Why they could not be read comes back.
    pub(crate) fn mark_everybody(
        &mut self,
        generation: u64,
        result: Result<Vec<UserId>, String>,
    ) -> Option<String> {
        if self.marking != Some(generation) {
            return None;
        }
        self.marking = None;
        match result {
            Ok(people) => {
                self.marks.add(people);
                self.marks_changed();
                None
            }
            Err(why) => Some(why),
        }
    }

    /// The people who are marked.
    pub(crate) fn marked_people(&self) -> Vec<UserId> {
        match self.marks.selection() {
            Selection::Ids(people) => people,
            // Only the list of people marks by a query.
            Selection::Query { .. } => Vec::new(),
        }
    }
}

/// Text in the order in which people expect it: numbers by their size.
fn natural(text: &str) -> (bool, i64, String) {
    let digits: String = text.chars().filter(|it| *it != ',').collect();
    match digits.trim().parse::<i64>() {
        Ok(number) => (false, number, String::new()),
        Err(_) => (true, 0, search_text([text])),
    }
}
