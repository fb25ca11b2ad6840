//! Workbooks, by calamine. One of today is read as it goes by; older ones and OpenDocument's are read as a whole, and may
//! be smaller. Formulas are not computed: what counts is the value that was computed when the file was saved.

use std::io::{Read, Seek};

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, Ods, Reader as _, SheetType, SheetVisible, Xls,
    Xlsx, XlsxError,
};

use super::as_typed;
use super::columns::{LOOKED_AT, is_head};
use super::delimited::{too_many_cells, too_many_rows};
use super::limits::{Limits, said};
use super::meaning::UNCOMPUTED;
use super::sheet::{About, Cell, Format, LONGEST_CELL, MOST_COLUMNS, Row, RowBuilder};
use super::template::{EXPLANATIONS, LISTS};
use super::wire::Bad;

/// How many rows a sheet has, at most, in any program.
const MOST_ROWS: u32 = 1 << 20;
/// Between days since 1904-01-01 and days since 1899-12-30.
const TO_1900: f64 = 1_462.0;

/// Where rows go: what the file is, once, then every row with its number.
pub(super) trait Rows {
    fn about(&mut self, about: &About) -> Result<(), Bad>;
    fn row(&mut self, number: u32, cells: &[u8]) -> Result<(), Bad>;
    fn count(&self) -> u32;
}

/// Reads a workbook of today: the named sheet, else the first visible one in which anything is.
pub(super) fn xlsx<F: Read + Seek>(
    mut file: F,
    wanted: Option<&str>,
    limits: &Limits,
    rows: &mut impl Rows,
) -> Result<(), Bad> {
    refuse_bombs(&mut file, limits)?;
    let mut book = Xlsx::new(file).map_err(|it| xlsx_bad(&it))?;
    let visible = sheets(book.sheets_metadata());
    let names = wanted_first(book.sheets_metadata(), &visible, wanted)?;
    let with_people = with_people(&visible, |name, peeked| {
        let mut cells = book.worksheet_cells_reader(name).map_err(|_| damaged())?;
        let mut out = Streamed::new(Format::Xlsx, name, (&[], &[]), limits);
        while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
            let (row, column) = cell.get_position();
            out.cell(row, column, of_ref(cell.get_value()), peeked)?;
        }
        out.end(peeked)
    });
    let others = (visible.as_slice(), with_people.as_slice());
    for name in &names {
        let mut cells = match book.worksheet_cells_reader(name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(xlsx_bad(&error)),
        };
        let mut out = Streamed::new(Format::Xlsx, name, others, limits);
        loop {
            match cells.next_cell_with_formula_metadata() {
                Ok(None) => break,
                Ok(Some(cell)) => {
                    let (row, column) = cell.pos;
                    let value = match (&cell.value, &cell.formula) {
                        // Programs that write workbooks often leave computing to whoever opens them.
                        (DataRef::Empty, Some(_)) => Value::Cell(Cell::Fault(UNCOMPUTED)),
                        (value, _) => of_ref(value),
                    };
                    out.cell(row, column, value, rows)?;
                }
                Err(error) => return Err(xlsx_bad(&error)),
            }
        }
        if out.end(rows)? {
            return Ok(());
        }
    }
    Err(empty())
}

/// What is packed in a file may not be more than it may be, by what the file says of itself; should it lie, the worker's
/// other limits end it.
fn refuse_bombs<F: Read + Seek>(file: &mut F, limits: &Limits) -> Result<(), Bad> {
    let mut archive = zip::ZipArchive::new(&mut *file).map_err(|_| damaged())?;
    let mut inflated = 0_u64;
    for part in 0..archive.len() {
        let part = archive.by_index_raw(part).map_err(|_| damaged())?;
        inflated = inflated.saturating_add(part.size());
    }
    drop(archive);
    if inflated > limits.inflated {
        return Err(Bad::new(
            format!("holds more than {} when unpacked", said(limits.inflated)),
            "split it, or save it as CSV (UTF-8)",
        ));
    }
    file.rewind().map_err(|_| damaged())
}

/// Reads a workbook of before 2007.
pub(super) fn xls<F: Read + Seek>(
    file: F,
    wanted: Option<&str>,
    limits: &Limits,
    rows: &mut impl Rows,
) -> Result<(), Bad> {
    let book = Xls::new(file).map_err(|error| match error {
        calamine::XlsError::Password => locked(),
        _ => damaged(),
    })?;
    as_a_whole(book, Format::Xls, wanted, limits, rows)
}

/// Reads an OpenDocument spreadsheet.
pub(super) fn ods<F: Read + Seek>(
    mut file: F,
    wanted: Option<&str>,
    limits: &Limits,
    rows: &mut impl Rows,
) -> Result<(), Bad> {
    refuse_bombs(&mut file, limits)?;
    let book = Ods::new(file).map_err(|error| match error {
        calamine::OdsError::Password => locked(),
        _ => damaged(),
    })?;
    as_a_whole(book, Format::Ods, wanted, limits, rows)
}

/// Reads the named sheet, else the first visible one in which anything is, of a workbook that is read as a whole.
fn as_a_whole<F: Read + Seek>(
    mut book: impl calamine::Reader<F>,
    format: Format,
    wanted: Option<&str>,
    limits: &Limits,
    rows: &mut impl Rows,
) -> Result<(), Bad> {
    let visible = sheets(book.sheets_metadata());
    let names = wanted_first(book.sheets_metadata(), &visible, wanted)?;
    let with_people = with_people(&visible, |name, peeked| {
        let range = book.worksheet_range(name).map_err(|_| damaged())?;
        let mut out = Streamed::new(format, name, (&[], &[]), limits);
        whole(&range, &mut out, peeked)?;
        out.end(peeked)
    });
    let others = (visible.as_slice(), with_people.as_slice());
    for name in names {
        let range = book.worksheet_range(&name).map_err(|_| damaged())?;
        let mut out = Streamed::new(format, &name, others, limits);
        whole(&range, &mut out, rows)?;
        if out.end(rows)? {
            return Ok(());
        }
    }
    Err(empty())
}

fn whole(
    range: &calamine::Range<Data>,
    out: &mut Streamed<'_>,
    rows: &mut impl Rows,
) -> Result<(), Bad> {
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let row = first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
        let column = first_column.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
        out.cell(row, column, of_data(value), rows)?;
    }
    Ok(())
}

/// The visible worksheets, in their order.
fn sheets(all: &[calamine::Sheet]) -> Vec<String> {
    let visible = all
        .iter()
        .filter(|it| it.visible == SheetVisible::Visible && it.typ == SheetType::WorkSheet);
    // The page of explanations of our own template is known by the lists beside it.
    let of_ours = all.iter().any(|it| it.name == LISTS);
    visible
        .filter(|it| !of_ours || it.name != EXPLANATIONS)
        .map(|it| it.name.clone())
        .collect()
}

fn wanted_first(
    all: &[calamine::Sheet],
    visible: &[String],
    wanted: Option<&str>,
) -> Result<Vec<String>, Bad> {
    let Some(wanted) = wanted else {
        return Ok(visible.to_vec());
    };
    let is_it = |it: &str| it.trim().eq_ignore_ascii_case(wanted.trim());
    let found = visible.iter().find(|it| is_it(it));
    found.map(|it| vec![it.clone()]).ok_or_else(|| {
        let is_hidden = |it: &calamine::Sheet| it.visible != SheetVisible::Visible;
        let hidden = all.iter().any(|it| is_hidden(it) && is_it(&it.name));
        let choose = format!("name one of {}", visible.join(", "));
        match hidden {
            true => Bad::new(
                format!("has its sheet {wanted} hidden"),
                format!("show it in a spreadsheet program and save the file, or {choose}"),
            ),
            false => Bad::new(format!("has no sheet called {wanted}"), choose),
        }
    })
}

/// How many sheets are looked into for people.
const PEEKED_INTO: usize = 32;

/// The sheets of a workbook whose titles tell that they have people. With one sheet there is nothing to be told apart.
fn with_people(
    visible: &[String],
    mut peek: impl FnMut(&str, &mut Peeked) -> Result<bool, Bad>,
) -> Vec<String> {
    if visible.len() < 2 {
        return Vec::new();
    }
    let mut has_people = |it: &&String| {
        let mut peeked = Peeked::default();
        // What is wrong with a sheet that is not read is nothing to those that are.
        let _ = peek(it, &mut peeked);
        peeked.has_people
    };
    let some = visible.iter().take(PEEKED_INTO);
    some.filter(&mut has_people).cloned().collect()
}

/// The first rows of a sheet, of which is seen only whether they have titles of people.
#[derive(Default)]
struct Peeked {
    rows: u32,
    has_people: bool,
}

impl Rows for Peeked {
    fn about(&mut self, _: &About) -> Result<(), Bad> {
        Ok(())
    }

    fn row(&mut self, number: u32, cells: &[u8]) -> Result<(), Bad> {
        self.rows += 1;
        self.has_people = Row::parse(number, cells).is_some_and(|it| is_head(&it));
        // More is not wanted.
        match self.has_people || self.rows >= LOOKED_AT {
            true => Err(damaged()),
            false => Ok(()),
        }
    }

    fn count(&self) -> u32 {
        self.rows
    }
}

/// A sheet whose cells go by.
struct Streamed<'l> {
    about: About,
    limits: &'l Limits,
    builder: RowBuilder,
    row: u32,
    cells: u64,
    told: bool,
}

impl<'l> Streamed<'l> {
    fn new(
        format: Format,
        name: &str,
        (all, with_people): (&[String], &[String]),
        limits: &'l Limits,
    ) -> Self {
        let others = |of: &[String]| of.iter().filter(|it| *it != name).cloned().collect();
        Self {
            about: About {
                format,
                sheet: Some(name.to_owned()),
                others: others(all),
                others_with_people: others(with_people),
                encoding: None,
                separator: None,
            },
            limits,
            builder: RowBuilder::default(),
            row: 0,
            cells: 0,
            told: false,
        }
    }

    fn cell(
        &mut self,
        row: u32,
        column: u32,
        value: Value<'_>,
        rows: &mut impl Rows,
    ) -> Result<(), Bad> {
        self.cells += 1;
        if self.cells > self.limits.cells {
            return Err(too_many_cells(self.limits.cells));
        }
        let cell = match &value {
            Value::Cell(Cell::Empty) => return Ok(()),
            Value::Cell(cell) => *cell,
            Value::Owned(text) => Cell::Text(text),
        };
        if row >= MOST_ROWS {
            return Err(Bad::new(
                format!(
                    "has something in row {}, and no sheet has more than {MOST_ROWS} rows",
                    u64::from(row) + 1
                ),
                "split it, or clear what stands below its end",
            ));
        }
        if row < self.row {
            return Err(damaged());
        }
        if row > self.row {
            self.end_row(rows)?;
            self.row = row;
        }
        let place = usize::try_from(column).unwrap_or(usize::MAX);
        if place >= MOST_COLUMNS {
            return Err(Bad::new(
                format!(
                    "has something in row {}, column {}",
                    u64::from(row) + 1,
                    u64::from(column) + 1
                ),
                format!("it may have {MOST_COLUMNS} columns: look for cells far to the right"),
            ));
        }
        if let Cell::Text(text) | Cell::Fault(text) = cell
            && text.len() > LONGEST_CELL
        {
            return Err(Bad::new(
                format!(
                    "has a cell of more than 32 KiB in row {}",
                    u64::from(row) + 1
                ),
                "shorten it",
            ));
        }
        self.builder.put(place, cell);
        Ok(())
    }

    fn end_row(&mut self, rows: &mut impl Rows) -> Result<(), Bad> {
        let Some(cells) = self.builder.made() else {
            self.builder.clear();
            return Ok(());
        };
        if !self.told {
            self.told = true;
            rows.about(&self.about)?;
        }
        let most = match self.about.format {
            Format::Xls | Format::Ods => self.limits.whole_rows,
            Format::Csv | Format::Xlsx => self.limits.rows,
        };
        if rows.count() >= most {
            return Err(match self.about.format {
                Format::Xls | Format::Ods => Bad::new(
                    format!("has more than {most} rows"),
                    "save it as .xlsx, of which more can be read, or split it",
                ),
                Format::Csv | Format::Xlsx => too_many_rows(most),
            });
        }
        let handed = rows.row(self.row.saturating_add(1), cells);
        self.builder.clear();
        handed
    }

    /// Whether there was anything in it.
    fn end(mut self, rows: &mut impl Rows) -> Result<bool, Bad> {
        self.end_row(rows)?;
        Ok(self.told)
    }
}

enum Value<'a> {
    Cell(Cell<'a>),
    Owned(String),
}

fn of_ref<'a>(value: &'a DataRef<'_>) -> Value<'a> {
    match value {
        DataRef::Empty => Value::Cell(Cell::Empty),
        DataRef::Int(it) => Value::Cell(Cell::Number(*it as f64)),
        DataRef::Float(it) => Value::Cell(Cell::Number(*it)),
        DataRef::Bool(it) => Value::Cell(Cell::Flag(*it)),
        DataRef::String(it) => text(it),
        DataRef::SharedString(it) => text(it),
        DataRef::DateTime(it) => date(it),
        DataRef::DateTimeIso(it) => Value::Cell(Cell::Text(it)),
        DataRef::DurationIso(it) => clock(it),
        DataRef::Error(it) => Value::Cell(Cell::Fault(fault(it))),
    }
}

fn of_data(value: &Data) -> Value<'_> {
    match value {
        Data::Empty => Value::Cell(Cell::Empty),
        Data::Int(it) => Value::Cell(Cell::Number(*it as f64)),
        Data::Float(it) => Value::Cell(Cell::Number(*it)),
        Data::Bool(it) => Value::Cell(Cell::Flag(*it)),
        Data::String(it) => text(it),
        Data::DateTime(it) => date(it),
        // A day without a time is a day.
        Data::DateTimeIso(it) => {
            Value::Cell(Cell::Text(it.strip_suffix("T00:00:00").unwrap_or(it)))
        }
        Data::DurationIso(it) => clock(it),
        Data::Error(it) => Value::Cell(Cell::Fault(fault(it))),
    }
}

/// Text of a workbook.
fn text(text: &str) -> Value<'_> {
    // Text that came by way of a csv file has such an apostrophe still.
    Value::Cell(Cell::Text(as_typed(text)))
}

/// A time of day, or a length of time, as people write it: `PT08H30M00S` is `08:30:00`.
fn clock(iso: &str) -> Value<'_> {
    let parts = || {
        let rest = iso.strip_prefix("PT")?;
        let (hours, rest) = rest.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let whole = seconds.split_once(['.', ',']).map_or(seconds, |it| it.0);
        let seconds: u32 = whole.parse().ok()?;
        Some(format!("{hours:02}:{minutes:02}:{seconds:02}"))
    };
    parts().map_or(Value::Cell(Cell::Text(iso)), Value::Owned)
}

fn date(at: &ExcelDateTime) -> Value<'static> {
    if at.is_duration() {
        return Value::Cell(Cell::Number(at.as_f64()));
    }
    // Which day it counts from is calamine's secret, but the day that comes of it is not.
    let by_1900 = ExcelDateTime::new(at.as_f64(), calamine::ExcelDateTimeType::DateTime, false);
    let is_1904 = by_1900.to_ymd_hms_milli() != at.to_ymd_hms_milli();
    // A time of day is on no day.
    Value::Cell(Cell::Serial(if is_1904 && at.as_f64() >= 1.0 {
        at.as_f64() + TO_1900
    } else {
        at.as_f64()
    }))
}

fn fault(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        _ => "#ERROR!",
    }
}

fn xlsx_bad(error: &XlsxError) -> Bad {
    match error {
        XlsxError::Password => locked(),
        _ => damaged(),
    }
}

pub(super) fn locked() -> Bad {
    Bad::new(
        "is protected by a password",
        "open it and save it without one: in Excel by File, Info, Protect Workbook, Encrypt with Password, and emptying it",
    )
}

pub(super) fn damaged() -> Bad {
    Bad::new(
        "is damaged, or not what its name says",
        "open it in a spreadsheet program and save it as .xlsx",
    )
}

pub(super) fn empty() -> Bad {
    Bad::new(
        "is empty",
        "give it a row of column names and the rows below",
    )
}
