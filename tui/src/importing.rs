//! Importing a file: what was chosen, what came of looking through it, where the attention is, and what was mended. It
//! decides nothing about people: what is wrong with a row is what the core says, and what is confirmed is a plan.

mod forms;
mod looked;
mod terms;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use usher_core::import::{Does, RowReview, Sheet};

use crate::line::LineEditor;
use crate::reader::FileReader;

pub(crate) use forms::{ask_file, ask_terms, mend_form};
pub(crate) use looked::{Looked, Show};
pub(crate) use terms::{Origin, Terms};

/// Reviews that took longer than this are not made again by themselves when the roster changes.
const QUICK_MS: u128 = 500;

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(crate) struct ReadRequest {
    /// How files are read.
    pub(crate) by: FileReader,
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// From where.
    pub(crate) origin: Origin,
    /// Which sheet of it.
    pub(crate) sheet: Option<String>,
    /// How it is encoded.
    pub(crate) encoding: Option<String>,
}

/// What was read of a file.
#[derive(Debug)]
pub(crate) struct FileRead {
    /// Its rows.
    pub(crate) sheet: Arc<Sheet>,
    /// What it is called, where that was not known before.
    pub(crate) name: Option<String>,
}

/// Rows that are to be looked through.
#[derive(Clone, Debug)]
pub(crate) struct ReviewRequest {
    /// Comes back with the answer.
    pub(crate) generation: u64,
    /// As they were read.
    pub(crate) sheet: Arc<Sheet>,
    /// What was mended in them.
    pub(crate) mends: Vec<Mend>,
    /// How they are imported.
    pub(crate) terms: Terms,
    /// What the file is called.
    pub(crate) name: Option<String>,
    /// The command line that does the same.
    pub(crate) line: String,
    /// What that command reads as its input.
    pub(crate) input: Option<String>,
}

/// A cell that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mend {
    /// The number of its row.
    pub(crate) row: u32,
    /// Its column, counted from 0.
    pub(crate) column: usize,
    /// What it says now.
    pub(crate) text: String,
    /// Whether it is the title of a column that the file lacks, which is there with the first cell below it.
    pub(crate) is_title: bool,
}

/// How many cells were mended, each counted once however often, and without the titles that came with them.
fn n_cells(mends: &[Mend]) -> usize {
    let cells = mends.iter().filter(|it| !it.is_title);
    let cells: HashSet<(u32, usize)> = cells.map(|it| (it.row, it.column)).collect();
    cells.len()
}

/// What is being done about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// It is read.
    Reading,
    /// It is looked through.
    Looking,
}

/// An import on the screen.
#[derive(Debug)]
pub(crate) struct Importing {
    /// Where its rows come from.
    pub(crate) origin: Origin,
    /// What the file is called.
    pub(crate) name: Option<String>,
    /// How it is imported.
    pub(crate) terms: Terms,
    /// What is being done about it.
    pub(crate) busy: Option<Busy>,
    /// Why it cannot be read or imported.
    pub(crate) fault: Option<String>,
    /// What came of looking through it.
    pub(crate) looked: Option<Box<Looked>>,
    /// What came of importing it.
    pub(crate) done: Option<String>,
    /// Whether the roster has changed since it was looked through.
    pub(crate) is_old: bool,
    /// Whether another screen is seen meanwhile.
    pub(crate) hidden: bool,
    /// Whether its plan is to be shown as soon as it was looked through.
    pub(crate) goes_on: bool,
    /// Whether the plan that is shown is this one's.
    pub(crate) lent: bool,
    /// Which rows are shown.
    pub(crate) show: Show,
    /// What they must have in them.
    pub(crate) filter: String,
    /// What is being typed as that.
    pub(crate) bar: Option<LineEditor>,
    /// Of the last request.
    pub(crate) generation: u64,
    sheet: Option<Arc<Sheet>>,
    mends: Vec<Mend>,
    /// How many cells were mended before each step of mending.
    steps: Vec<usize>,
    /// The copy that is being written, and how many cells were mended then.
    copying: Option<(PathBuf, usize)>,
    copied: Option<(PathBuf, usize)>,
    /// What was mended in other sheets of the workbook, by the sheets that were asked for.
    elsewhere: Vec<(Option<String>, Vec<Mend>, Vec<usize>)>,
    shown: Vec<u32>,
    cursor: usize,
    top: usize,
    height: usize,
    leaving: bool,
}

impl Importing {
    /// An import of which nothing was read yet.
    pub(crate) fn new(origin: Origin, terms: Terms) -> Self {
        let name = match &origin {
            Origin::Path(path) => path.file_name().map(|it| it.to_string_lossy().into_owned()),
            Origin::Text(_) | Origin::Page(_) => None,
        };
        Self {
            origin,
            name,
            terms,
            busy: None,
            fault: None,
            looked: None,
            done: None,
            is_old: false,
            hidden: false,
            goes_on: false,
            lent: false,
            show: Show::All,
            filter: String::new(),
            bar: None,
            generation: 0,
            sheet: None,
            mends: Vec::new(),
            steps: Vec::new(),
            copying: None,
            copied: None,
            elsewhere: Vec::new(),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            height: 1,
            leaving: false,
        }
    }

    /// What it is called on the screen.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(match self.origin {
            Origin::Text(_) => "what was pasted",
            Origin::Path(_) | Origin::Page(_) => "the file",
        })
    }

    /// Asks for the file to be read.
    pub(crate) fn read(&mut self, generation: u64, by: FileReader) -> ReadRequest {
        self.generation = generation;
        self.busy = Some(Busy::Reading);
        self.fault = None;
        ReadRequest {
            by,
            generation,
            origin: self.origin.clone(),
            sheet: self.terms.sheet.clone(),
            encoding: self.terms.encoding.clone(),
        }
    }

    /// Takes what was read.
    pub(crate) fn take_sheet(&mut self, read: FileRead) {
        self.sheet = Some(read.sheet);
        self.name = read.name.or(self.name.take());
    }

    /// Takes how it is to be imported. What was mended stays mended, however the text is read; in another sheet it waits until
    /// that one is read again. Returns how many cells wait from now on.
    pub(crate) fn set_terms(&mut self, terms: Terms) -> usize {
        let before = std::mem::replace(&mut self.terms, terms).sheet;
        if before == self.terms.sheet {
            return 0;
        }
        let (mends, steps) = (
            std::mem::take(&mut self.mends),
            std::mem::take(&mut self.steps),
        );
        self.copied = None;
        let waiting = n_cells(&mends);
        if !mends.is_empty() {
            self.elsewhere.push((before, mends, steps));
        }
        let mut elsewhere = self.elsewhere.iter();
        if let Some(place) = elsewhere.position(|it| it.0 == self.terms.sheet) {
            (_, self.mends, self.steps) = self.elsewhere.swap_remove(place);
        }
        waiting
    }

    /// Asks for the rows to be looked through; none while nothing was read.
    pub(crate) fn review(&mut self, generation: u64) -> Option<ReviewRequest> {
        let sheet = Arc::clone(self.sheet.as_ref()?);
        self.generation = generation;
        self.busy = Some(Busy::Looking);
        self.fault = None;
        self.is_old = false;
        Some(ReviewRequest {
            generation,
            sheet,
            mends: self.mends.clone(),
            terms: self.terms.clone(),
            name: self.name.clone(),
            line: self.command_line(),
            input: self.command_input(),
        })
    }

    /// Takes what came of that, and gives back what is known no longer.
    pub(crate) fn take_looked(&mut self, looked: Box<Looked>) -> Option<Box<Looked>> {
        self.busy = None;
        self.lent = false;
        let here = self.current().map(|it| it.row);
        let before = self.looked.replace(looked);
        if let Show::Kind(_) = self.show {
            // The ways of being wrong are others now: the one that was looked at is found by its words.
            self.show = self.same_kind(before.as_deref());
        }
        self.find(here);
        before
    }

    fn same_kind(&self, before: Option<&Looked>) -> Show {
        let Show::Kind(kind) = self.show else {
            return self.show;
        };
        let words = before
            .and_then(|it| it.kinds().get(kind))
            .map(|it| &it.words);
        let now = self.looked.as_ref().and_then(|looked| {
            let mut kinds = looked.kinds().iter();
            kinds.position(|it| Some(&it.words) == words)
        });
        match (now, self.looked.as_ref().map(|it| it.wrong().is_empty())) {
            (Some(now), _) => Show::Kind(now),
            (None, Some(false)) => Show::Only(Does::Wrong),
            (None, _) => Show::All,
        }
    }

    /// Notes that the roster is another one now; whether the rows are to be looked through again at once.
    pub(crate) fn grow_old(&mut self) -> bool {
        let quick = self
            .looked
            .as_ref()
            .is_some_and(|it| it.took.as_millis() < QUICK_MS);
        self.is_old |= self.looked.is_some() && self.done.is_none();
        quick && self.is_old && self.busy.is_none() && !self.lent
    }

    /// The command line that does the same.
    pub(crate) fn command_line(&self) -> String {
        let copied = self
            .copied
            .as_ref()
            .filter(|it| it.1 == self.mends.len() && it.1 > 0);
        let copy = copied.map(|it| it.0.display().to_string());
        let name = self.name.as_deref();
        self.terms
            .line(&self.origin, name, &self.mends, copy.as_deref())
    }

    /// What that command reads as its input: what was pasted, where it is imported as it is.
    fn command_input(&self) -> Option<String> {
        match &self.origin {
            Origin::Text(text) if self.mends.is_empty() => Some(text.to_string()),
            _ => None,
        }
    }

    /// How many cells were mended.
    pub(crate) fn n_mended(&self) -> usize {
        n_cells(&self.mends)
    }

    /// Whether a row was mended since it was looked through.
    pub(crate) fn is_being_mended(&self, row: u32) -> bool {
        self.busy == Some(Busy::Looking)
            && self
                .steps
                .last()
                .and_then(|from| self.mends.get(*from..))
                .is_some_and(|it| it.iter().any(|it| it.row == row))
    }

    /// Takes what was mended.
    pub(crate) fn mend(&mut self, mends: Vec<Mend>) {
        self.steps.push(self.mends.len());
        self.mends.extend(mends);
    }

    /// Takes the last mending back; whether there was one.
    pub(crate) fn unmend(&mut self) -> bool {
        match self.steps.pop() {
            Some(n) => {
                self.mends.truncate(n);
                true
            }
            None => false,
        }
    }

    /// A copy with what was mended goes there.
    pub(crate) fn copy_to(&mut self, path: PathBuf) {
        self.copying = Some((path, self.mends.len()));
    }

    /// It was written, or not.
    pub(crate) fn copied(&mut self, written: bool) {
        let copied = self.copying.take().filter(|_| written);
        self.copied = copied.or(self.copied.take());
    }

    /// Whether leaving now throws something away, which is said once.
    pub(crate) fn may_leave(&mut self) -> bool {
        let mended = !self.mends.is_empty() || !self.elsewhere.is_empty();
        let loses = mended && self.done.is_none() && self.copied.is_none();
        !loses || std::mem::replace(&mut self.leaving, true)
    }

    /// Something else was pressed.
    pub(crate) fn stay(&mut self) {
        self.leaving = false;
    }

    /// Shows other rows, with the cursor on the same one where it is among them.
    pub(crate) fn set_show(&mut self, show: Show) {
        self.show = show;
        let here = self.current().map(|it| it.row);
        self.find(here);
    }

    /// Puts what was typed in force.
    pub(crate) fn set_filter(&mut self, text: &str) {
        text.trim().clone_into(&mut self.filter);
        let here = self.current().map(|it| it.row);
        self.find(here);
    }

    /// Finds the rows that are to be shown, and puts the cursor on the first from `here` on.
    fn find(&mut self, here: Option<u32>) {
        let line = self.cursor.saturating_sub(self.top);
        let Some(looked) = &self.looked else { return };
        self.shown = looked.found(self.show, &self.filter);
        if let Some(here) = here {
            let number = |place: &u32| looked.row(*place).map_or(0, |it| it.row);
            self.cursor = self.shown.partition_point(|it| number(it) < here);
        }
        self.cursor = self.cursor.min(self.shown.len().saturating_sub(1));
        self.top = self.cursor.saturating_sub(line);
        self.show_cursor();
    }

    /// The row under the cursor.
    pub(crate) fn current(&self) -> Option<&RowReview> {
        self.looked.as_ref()?.row(*self.shown.get(self.cursor)?)
    }

    /// The rows on the screen, each with its place.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (usize, &RowReview)> {
        let looked = self.looked.as_deref();
        let rows = self
            .shown
            .iter()
            .enumerate()
            .skip(self.top)
            .take(self.height);
        rows.filter_map(move |(i, place)| Some((i, looked?.row(*place)?)))
    }

    /// The place of the cursor, and how many rows are shown.
    pub(crate) fn place(&self) -> (usize, usize) {
        (self.cursor, self.shown.len())
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

    /// Moves the cursor.
    pub(crate) fn move_by(&mut self, rows: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
        self.show_cursor();
    }

    /// Goes to the row on a line of the screen; whether the cursor was there already.
    pub(crate) fn go_to_line(&mut self, line: usize) -> bool {
        let was_there = self.top + line == self.cursor;
        self.cursor = (self.top + line).min(self.shown.len().saturating_sub(1));
        was_there
    }

    /// Goes to the next row that is wrong, or the one before; from the last one on to the first. Whether there is one.
    pub(crate) fn go_to_problem(&mut self, back: bool) -> bool {
        let Some(looked) = &self.looked else {
            return false;
        };
        let wrong = |place: &u32| looked.row(*place).is_some_and(|it| it.does == Does::Wrong);
        let rows = || self.shown.iter().enumerate();
        let found = if back {
            let before = rows().take(self.cursor).rev().find(|it| wrong(it.1));
            before.or_else(|| rows().skip(self.cursor).rev().find(|it| wrong(it.1)))
        } else {
            let after = rows().skip(self.cursor + 1).find(|it| wrong(it.1));
            after.or_else(|| rows().take(self.cursor + 1).find(|it| wrong(it.1)))
        };
        let found = found.map(|it| it.0);
        self.cursor = found.unwrap_or(self.cursor);
        self.show_cursor();
        found.is_some()
    }

    fn show_cursor(&mut self) {
        let first = (self.cursor + 1).saturating_sub(self.height);
        self.top = self.top.clamp(first, self.cursor.max(first));
        self.top = self.top.min(self.shown.len().saturating_sub(self.height));
    }
}
