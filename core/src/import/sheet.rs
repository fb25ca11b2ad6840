//! A sheet of cells, whatever file it came from: rows with their numbers, cells with their types. Rows are kept as the text in
//! which they came out of the worker, hundreds of them on one page; those of a large sheet are put aside.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::model::harmless;
use crate::pages::{KEPT, PAGE, Page, Pages};

/// The most columns of a sheet.
pub const MOST_COLUMNS: usize = 1_024;
/// The longest cell, in bytes.
pub(super) const LONGEST_CELL: usize = 32 << 10;
/// Days from 1899-12-30, from which spreadsheets count, to 1970-01-01.
const TO_1970: i64 = 25_569;
const DAY_MS: f64 = 86_400_000.0;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text separated by a sign.
    Csv,
    /// A workbook of today.
    Xlsx,
    /// A workbook of before 2007.
    Xls,
    /// An OpenDocument spreadsheet.
    Ods,
}

impl Format {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
        }
    }

    /// The format of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx, Self::Xls, Self::Ods]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// How a sheet was found in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What the file is.
    pub format: Format,
    /// The sheet's name in a workbook.
    pub sheet: Option<String>,
    /// Other sheets of the workbook, which were not read.
    pub others: Vec<String>,
    /// Those of them whose titles tell that they have people, too.
    pub others_with_people: Vec<String>,
    /// How the text is encoded.
    pub encoding: Option<String>,
    /// What stands between two cells of the text.
    pub separator: Option<char>,
}

/// How much of a sheet's name is shown; spreadsheet programs allow no longer one.
const NAME_OF_SHEET: usize = 40;
/// How many sheets are named.
const NAMED: usize = 12;

impl About {
    /// The sheet that was read, of a workbook in which others are read as well.
    pub fn one_of_several(&self) -> Option<String> {
        let read = self.sheet.as_deref().filter(|_| !self.others.is_empty())?;
        Some(harmless(read).chars().take(NAME_OF_SHEET).collect())
    }

    /// Which sheet of a workbook was read, and which were not; none where there are no others.
    pub fn unread(&self) -> Option<String> {
        let read = self.sheet.as_deref().filter(|_| !self.others.is_empty())?;
        let has_people = |it: &&String| self.others_with_people.contains(it);
        let (people, rest): (Vec<_>, Vec<_>) = self.others.iter().partition(has_people);
        let people = people
            .into_iter()
            .map(|it| format!("{} (has people, too)", named(it)));
        let rest = rest.into_iter().map(|it| named(it));
        let mut names: Vec<String> = people.chain(rest).take(NAMED).collect();
        if self.others.len() > NAMED {
            names.push(format!("and {} more", self.others.len() - NAMED));
        }
        Some(format!(
            "only the sheet {} is read, not {}",
            named(read),
            names.join(", ")
        ))
    }
}

/// The name of a sheet in a sentence.
pub(super) fn named(sheet: &str) -> String {
    let shown: String = harmless(sheet).chars().take(NAME_OF_SHEET).collect();
    format!("{shown:?}")
}

/// What is in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A day or an instant, as spreadsheets count them: days since 1899-12-30, by a clock on some wall.
    Serial(f64),
    /// What a formula failed with, such as `#REF!`.
    Fault(&'a str),
}

impl<'a> Cell<'a> {
    /// The cell as text, as somebody would have typed it.
    pub fn said(self) -> Cow<'a, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Fault(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Flag(true) => Cow::Borrowed("true"),
            Self::Flag(false) => Cow::Borrowed("false"),
            Self::Serial(serial) => Cow::Owned(serial_said(serial)),
        }
    }

    /// Whether there is nothing in it to be seen.
    pub fn is_blank(self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// `2026-01-31`, with the time of day if there is one; of less than a day `08:30:00`.
fn serial_said(serial: f64) -> String {
    if (0.0..1.0).contains(&serial) {
        let seconds = (serial * DAY_MS / 1_000.0).round() as u32 % 86_400;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        return format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    }
    let ms = ((serial - TO_1970 as f64) * DAY_MS).round();
    let start = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let Ok(at) = start.checked_add(jiff::SignedDuration::from_millis(ms as i64)) else {
        return serial.to_string();
    };
    if at.time() == jiff::civil::Time::midnight() {
        at.date().to_string()
    } else {
        at.to_string()
    }
}

const EMPTY: u8 = 0;
const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const YES: u8 = 3;
const NO: u8 = 4;
const SERIAL: u8 = 5;
const FAULT: u8 = 6;

/// How many letters a length takes, and a number: seven bits in each, so that a row as a whole is text, which is looked at once
/// when it arrives and never again.
const LENGTH: usize = 3;
const WIDE: usize = 10;

/// One row with anything in it.
#[derive(Clone)]
pub struct Row<'s> {
    number: u32,
    cells: Text<'s>,
}

/// The text of a row.
#[derive(Clone)]
enum Text<'s> {
    /// It is in memory anyway.
    Lent(&'s str),
    /// A part of a page that was put aside.
    Held(Arc<[u8]>, Range<usize>),
}

impl<'s> Row<'s> {
    /// Its number in the file, counted from 1 as a spreadsheet shows it: blank rows count, the lines of one cell do not.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its cells, from the first column on. Those behind the last one that is filled are left out.
    pub fn cells(&self) -> Cells<'_> {
        Cells { rest: self.text() }
    }

    /// The cell of a column, counted from 0.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        self.cells().nth(column).unwrap_or(Cell::Empty)
    }

    /// One in which nothing is to be seen.
    fn blank(number: u32) -> Self {
        Self {
            number,
            cells: Text::Lent(""),
        }
    }

    fn text(&self) -> &str {
        match &self.cells {
            Text::Lent(text) => text,
            // What was put aside is what was text before.
            Text::Held(page, at) => {
                std::str::from_utf8(page.get(at.clone()).unwrap_or_default()).unwrap_or_default()
            }
        }
    }

    /// A row of these bytes, if they are such a row.
    pub(super) fn parse(number: u32, bytes: &'s [u8]) -> Option<Self> {
        Self::parse_counting(number, bytes).map(|it| it.0)
    }

    /// As [`Row::parse`], and how many cells it has.
    pub(super) fn parse_counting(number: u32, bytes: &'s [u8]) -> Option<(Self, usize)> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut cells = Cells { rest: text };
        let mut n_cells = 0;
        while !cells.rest.is_empty() {
            cells.step()?;
            n_cells += 1;
        }
        let row = Self {
            number,
            cells: Text::Lent(text),
        };
        (n_cells <= MOST_COLUMNS).then_some((row, n_cells))
    }
}

impl PartialEq for Row<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number && self.text() == other.text()
    }
}

impl Eq for Row<'_> {}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.cells()).finish()
    }
}

/// The cells of a row.
#[derive(Clone)]
pub struct Cells<'a> {
    rest: &'a str,
}

impl<'a> Cells<'a> {
    /// The next cell; none when the row ends or is none.
    fn step(&mut self) -> Option<Cell<'a>> {
        let kind = *self.rest.as_bytes().first()?;
        let rest = self.rest.get(1..)?;
        let (cell, rest) = match kind {
            EMPTY => (Cell::Empty, rest),
            YES => (Cell::Flag(true), rest),
            NO => (Cell::Flag(false), rest),
            NUMBER | SERIAL => {
                let (bits, rest) = sevens::<WIDE>(rest)?;
                let number = f64::from_bits(bits);
                let cell = if kind == NUMBER {
                    Cell::Number(number)
                } else {
                    Cell::Serial(number)
                };
                (cell, rest)
            }
            TEXT | FAULT => {
                let (length, rest) = sevens::<LENGTH>(rest)?;
                let (text, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                let cell = if kind == TEXT {
                    Cell::Text(text)
                } else {
                    Cell::Fault(text)
                };
                (cell, rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(cell)
    }
}

/// A number of so many letters of seven bits, the lowest first, and what follows it.
fn sevens<const N: usize>(text: &str) -> Option<(u64, &str)> {
    let (letters, rest) = text.split_at_checked(N)?;
    let letters = letters.bytes().rev();
    let number = letters.fold(0, |number: u64, it| number << 7 | u64::from(it & 0x7f));
    Some((number, rest))
}

/// Puts a number behind the others in so many letters.
fn put_sevens<const N: usize>(bytes: &mut Vec<u8>, mut number: u64) {
    for _ in 0..N {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or(0));
        number >>= 7;
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        self.step()
    }
}

/// A row in the making.
#[derive(Default)]
pub(super) struct RowBuilder {
    bytes: Vec<u8>,
    columns: usize,
    /// Where the last cell ends that is not blank.
    filled: usize,
}

impl RowBuilder {
    /// Puts a cell behind the last one.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        let mut text = |kind, text: &str| {
            self.bytes.push(kind);
            put_sevens::<LENGTH>(&mut self.bytes, text.len() as u64);
            self.bytes.extend(text.as_bytes());
        };
        match cell {
            Cell::Empty | Cell::Text("") => self.bytes.push(EMPTY),
            Cell::Text(it) => text(TEXT, it),
            Cell::Fault(it) => text(FAULT, it),
            Cell::Flag(flag) => self.bytes.push(if flag { YES } else { NO }),
            Cell::Number(number) => {
                self.bytes.push(NUMBER);
                put_sevens::<WIDE>(&mut self.bytes, number.to_bits());
            }
            Cell::Serial(number) => {
                self.bytes.push(SERIAL);
                put_sevens::<WIDE>(&mut self.bytes, number.to_bits());
            }
        }
        self.columns += 1;
        if !cell.is_blank() {
            self.filled = self.bytes.len();
        }
    }

    /// Puts a cell into a column, with empty ones before it.
    pub(super) fn put(&mut self, column: usize, cell: Cell<'_>) {
        while self.columns < column {
            self.push(Cell::Empty);
        }
        if self.columns == column {
            self.push(cell);
        }
    }

    /// How many columns it has.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Its bytes; none when there is nothing to be seen in it.
    pub(super) fn made(&self) -> Option<&[u8]> {
        self.bytes.get(..self.filled).filter(|it| !it.is_empty())
    }

    /// Begins a new row.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.columns = 0;
        self.filled = 0;
    }
}

/// Where a row stands: its number in the file, and where on its page it begins.
#[derive(Clone, Copy)]
struct Place {
    number: u32,
    from: u32,
}

/// A sheet: what was read of a file. A copy of it has its rows in common with it. Rows of a large sheet are read again when they
/// are looked at; should that fail, they look blank, and [`Sheet::check`] tells so.
#[derive(Clone)]
pub struct Sheet {
    /// Where it was found.
    pub about: About,
    places: Arc<Vec<Place>>,
    /// At which place each page begins.
    begins: Arc<Vec<u32>>,
    pages: Arc<Pages>,
    /// The hash of everything in it, as long as nothing was mended.
    hash: [u8; 32],
    /// Rows that were mended, by their places.
    mended: BTreeMap<usize, Arc<str>>,
    failed: Arc<OnceLock<Error>>,
}

/// The rows of a sheet in the making.
pub(super) struct Rows {
    places: Vec<Place>,
    begins: Vec<u32>,
    pages: Pages,
    /// The page that is being filled.
    page: String,
    hash: Sha256,
    failed: OnceLock<Error>,
}

impl Rows {
    /// No row yet. What does not stay in memory is put aside in this folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::beyond(folder, KEPT)
    }

    /// As [`Rows::in_folder`], where no folder is known: that of the system for such files.
    pub(super) fn anywhere() -> Self {
        Self::in_folder(&tempfile::env::temp_dir())
    }

    /// As [`Rows::in_folder`], with room for so many bytes in memory.
    fn beyond(folder: &Path, room: usize) -> Self {
        Self {
            places: Vec::new(),
            begins: Vec::new(),
            pages: Pages::in_folder(folder.to_owned(), room),
            page: String::with_capacity(PAGE),
            hash: Sha256::new(),
            failed: OnceLock::new(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Why they cannot be kept, if so.
    pub(super) fn failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// Puts a row behind the last one.
    pub(super) fn push(&mut self, row: &Row<'_>) {
        let text = row.text();
        if self.page.len() + text.len() > PAGE {
            self.turn();
        }
        let at = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        if self.page.is_empty() {
            self.begins.push(at(self.places.len()));
        }
        self.places.push(Place {
            number: row.number,
            from: at(self.page.len()),
        });
        self.page.push_str(text);
        add(&mut self.hash, row);
    }

    /// Begins a new page.
    fn turn(&mut self) {
        if !self.page.is_empty() && self.failed.get().is_none() {
            let put = self.pages.put(self.page.as_bytes());
            if let Err(error) = put {
                self.failed.get_or_init(|| error);
            }
        }
        self.page.clear();
    }

    /// The sheet of these rows, in the order in which they came.
    pub(super) fn sheet(mut self, about: About) -> Sheet {
        self.turn();
        self.places.shrink_to_fit();
        Sheet {
            about,
            places: Arc::new(self.places),
            begins: Arc::new(self.begins),
            pages: Arc::new(self.pages),
            hash: self.hash.finalize().into(),
            mended: BTreeMap::new(),
            failed: Arc::new(self.failed),
        }
    }
}

impl Sheet {
    /// A sheet of these texts, as a csv file would have it.
    pub fn of_texts<'t, R: IntoIterator<Item = &'t str>>(
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        Self::of_rows(Rows::anywhere(), rows)
    }

    /// As [`Sheet::of_texts`], of which no more than so many bytes stay in memory; the rest is put aside in that folder, and
    /// whether that could be done, [`Sheet::check`] tells.
    pub fn of_texts_beyond<'t, R: IntoIterator<Item = &'t str>>(
        rows: impl IntoIterator<Item = R>,
        folder: &Path,
        room: usize,
    ) -> Self {
        Self::of_rows(Rows::beyond(folder, room), rows)
    }

    fn of_rows<'t, R: IntoIterator<Item = &'t str>>(
        mut made: Rows,
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        let about = About {
            format: Format::Csv,
            sheet: None,
            others: Vec::new(),
            others_with_people: Vec::new(),
            encoding: None,
            separator: None,
        };
        let mut builder = RowBuilder::default();
        for (number, cells) in (1..).zip(rows) {
            builder.clear();
            cells
                .into_iter()
                .for_each(|it| builder.push(Cell::Text(it)));
            if let Some(row) = builder.made().and_then(|it| Row::parse(number, it)) {
                made.push(&row);
            }
        }
        made.sheet(about)
    }

    /// Whether every row that was looked at was there to be looked at.
    ///
    /// # Errors
    /// [`Error::File`] when some of them could not be kept, or not be read again: they looked blank.
    pub fn check(&self) -> Result<()> {
        match self.failed.get() {
            None => Ok(()),
            Some(Error::File { path, why, remedy }) => Err(Error::File {
                path: path.clone(),
                why: why.clone(),
                remedy: remedy.clone(),
            }),
            Some(other) => Err(Error::Broken(other.to_string())),
        }
    }

    /// Empty pages for something else that is as long as the sheet, and as confidential.
    pub(crate) fn other_pages(&self) -> Pages {
        self.pages.others()
    }

    /// How many rows it has in which anything is to be seen.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing is to be seen in it.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Its rows, without those in which nothing is to be seen.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows_at(0..self.len())
    }

    /// The rows at some places.
    pub(crate) fn rows_at(&self, places: Range<usize>) -> impl ExactSizeIterator<Item = Row<'_>> {
        let places = places.start.min(self.len())..places.end.min(self.len());
        let mut page = None;
        places.map(move |it| self.stands(it, &mut page))
    }

    /// The row at a place among them, counted from 0.
    pub fn at(&self, place: usize) -> Option<Row<'_>> {
        (place < self.len()).then(|| self.stands(place, &mut None))
    }

    /// The row of that number, if anything is to be seen in it.
    pub fn row(&self, number: u32) -> Option<Row<'_>> {
        self.at(self.place(number)?)
    }

    /// The number of the row at a place.
    pub(crate) fn number(&self, place: usize) -> Option<u32> {
        self.places.get(place).map(|it| it.number)
    }

    fn place(&self, number: u32) -> Option<usize> {
        self.places
            .binary_search_by_key(&number, |it| it.number)
            .ok()
    }

    /// The row at a place; which page was read last is remembered, with its number.
    fn stands<'s>(&'s self, place: usize, last: &mut Option<(usize, Page<'s>)>) -> Row<'s> {
        let long = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
        let Some(here) = self.places.get(place) else {
            return Row::blank(0);
        };
        if let Some(mended) = self.mended.get(&place) {
            return Row {
                number: here.number,
                cells: Text::Lent(mended),
            };
        }
        let after = self.begins.partition_point(|it| long(*it) <= place);
        let number = after.saturating_sub(1);
        let page = match last {
            Some((there, page)) if *there == number => page.clone(),
            _ => match self.pages.get(number) {
                Ok(page) => last.insert((number, page)).1.clone(),
                Err(error) => {
                    self.failed.get_or_init(|| error);
                    return Row::blank(here.number);
                }
            },
        };
        // The next one begins on this page, or it ends with the page.
        let next = self.places.get(place + 1);
        let next = next.filter(|_| {
            self.begins
                .get(after)
                .is_none_or(|it| long(*it) > place + 1)
        });
        let at = long(here.from)..next.map_or(page.len(), |it| long(it.from));
        let cells = match page {
            Page::Kept(page) => {
                let text = page.get(at).and_then(|it| std::str::from_utf8(it).ok());
                Text::Lent(text.unwrap_or_default())
            }
            Page::Aside(page) => Text::Held(page, at),
        };
        Row {
            number: here.number,
            cells,
        }
    }

    /// Puts text into a cell of the row of that number, column counted from 0. Without such a row nothing happens.
    pub fn mend(&mut self, number: u32, column: usize, text: &str) {
        let Some((place, row)) = self.place(number).and_then(|it| Some((it, self.at(it)?))) else {
            return;
        };
        let mut builder = RowBuilder::default();
        let columns = row.cells().count().max(column + 1);
        for (i, cell) in row
            .cells()
            .chain(std::iter::repeat(Cell::Empty))
            .take(columns)
            .enumerate()
        {
            builder.push(if i == column { Cell::Text(text) } else { cell });
        }
        let Some(mended) = Row::parse(number, builder.made().unwrap_or_default()) else {
            return;
        };
        let mended = mended.text().into();
        self.mended.insert(place, mended);
    }

    /// A hash of everything in it. It is not keyed: it must not be stored as it is.
    pub(crate) fn hash(&self) -> [u8; 32] {
        if self.mended.is_empty() {
            return self.hash;
        }
        let mut hash = Sha256::new();
        self.rows().for_each(|it| add(&mut hash, &it));
        hash.finalize().into()
    }
}

/// Adds a row to a hash of rows.
fn add(hash: &mut Sha256, row: &Row<'_>) {
    let text = row.text();
    hash.update(row.number.to_le_bytes());
    hash.update(text.len().to_le_bytes());
    hash.update(text.as_bytes());
}

/// Wherever the rows stand.
impl PartialEq for Sheet {
    fn eq(&self, other: &Self) -> bool {
        self.about == other.about && self.rows().eq(other.rows())
    }
}

impl Eq for Sheet {}

/// Nothing of what is in it.
impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sheet({} rows, {:02x?})", self.len(), self.hash())
    }
}
