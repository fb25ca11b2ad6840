//! A workbook with typed cells, written row by row. What people typed is always text in it, and never a formula.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Chart as Drawing, ChartType, Format, FormatAlign, Workbook, Worksheet};

use super::cell::{Cell, Chart, Column, Sink};
use super::file::cannot_write;
use crate::error::Result;
use crate::model::{TimeZoneName, Timestamp, harmless};

/// The rows of a sheet, the titles included; what comes after goes onto another one.
const MOST_ROWS: u32 = 1_048_576;
/// The characters of a cell.
const MOST_CHARACTERS: usize = 32_767;

pub(crate) struct Xlsx<W> {
    book: Workbook,
    sheet: Option<Worksheet>,
    out: W,
    zone: TimeZoneName,
    name: String,
    columns: Vec<Column>,
    /// How many sheets this table has.
    sheets: u32,
    row: u32,
    formats: Formats,
}

struct Formats {
    title: Format,
    instant: Format,
    day: Format,
    /// Text that would be a formula if it were typed: it stays text also when somebody edits the cell.
    quoted: Format,
}

impl<W: Write + Send> Xlsx<W> {
    /// A workbook whose rows wait in the folder, and whose instants are told in a time zone.
    pub(crate) fn new(out: W, folder: &Path, zone: TimeZoneName) -> Result<Self> {
        let mut book = Workbook::new();
        book.set_tempdir(folder).map_err(cannot_write)?;
        Ok(Self {
            book,
            sheet: None,
            out,
            zone,
            name: String::new(),
            columns: Vec::new(),
            sheets: 0,
            row: 0,
            formats: Formats {
                title: Format::new().set_bold().set_align(FormatAlign::Top),
                instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
                day: Format::new().set_num_format("yyyy-mm-dd"),
                quoted: Format::new().set_quote_prefix(),
            },
        })
    }

    fn begin_sheet(&mut self) -> Result<()> {
        self.end_sheet()?;
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.name.clone(),
            sheets => format!("{} {sheets}", self.name),
        };
        let mut sheet = self
            .book
            .new_worksheet_with_constant_memory()
            .map_err(cannot_write)?;
        sheet
            .set_name(name)
            .and_then(|it| it.set_freeze_panes(1, 0))
            .map_err(cannot_write)?;
        for (column, about) in (0..).zip(&self.columns) {
            sheet
                .set_column_width(column, f64::from(about.width))
                .and_then(|it| {
                    it.write_string_with_format(0, column, about.title(), &self.formats.title)
                })
                .map_err(cannot_write)?;
        }
        self.row = 1;
        self.sheet = Some(sheet);
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<()> {
        let Some(mut sheet) = self.sheet.take() else {
            return Ok(());
        };
        if let (Some(last), true) = (
            u16::try_from(self.columns.len())
                .ok()
                .and_then(|it| it.checked_sub(1)),
            self.row > 0,
        ) {
            sheet
                .autofilter(0, 0, self.row.saturating_sub(1), last)
                .map_err(cannot_write)?;
        }
        self.book.push_worksheet(sheet);
        Ok(())
    }

    /// How far the clock on the wall is before UTC at an instant.
    fn offset_ms(&self, at: Timestamp) -> i64 {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        i64::from(self.zone.zone().to_offset(at).seconds()) * 1000
    }

    /// The instant as a spreadsheet counts it: days since 1899-12-30, by the clock on the wall.
    fn serial(&self, at: Timestamp) -> f64 {
        let local = at.as_millis() + self.offset_ms(at);
        local as f64 / 86_400_000.0 + 25_569.0
    }
}

impl<W: Write + Send> Sink for Xlsx<W> {
    fn table(&mut self, name: &str, columns: &[Column]) -> Result<()> {
        self.end_sheet()?;
        self.name = name.to_owned();
        self.columns = columns.to_vec();
        self.sheets = 0;
        self.begin_sheet()
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        if self.row >= MOST_ROWS {
            self.begin_sheet()?;
        }
        let row = self.row;
        self.row += 1;
        for (column, cell) in (0..).zip(cells) {
            let serial = match cell {
                Cell::Instant(at) => Some((self.serial(*at), &self.formats.instant)),
                Cell::Day(day) => Some((
                    day.start_in(&utc()?).as_millis() as f64 / 86_400_000.0 + 25_569.0,
                    &self.formats.day,
                )),
                _ => None,
            };
            let Some(sheet) = &mut self.sheet else {
                continue;
            };
            let written = match cell {
                Cell::Empty => Ok(sheet),
                Cell::Number(number) => sheet.write_number(row, column, *number as f64),
                Cell::Flag(flag) => sheet.write_boolean(row, column, *flag),
                Cell::Instant(_) | Cell::Day(_) => match serial {
                    Some((serial, format)) => {
                        sheet.write_number_with_format(row, column, serial, format)
                    }
                    None => Ok(sheet),
                },
                Cell::Text(_) | Cell::Words(_) | Cell::List(_) | Cell::Fields(_) => {
                    let text = shown(&cell.said());
                    if text.starts_with(['=', '+', '-', '@']) {
                        sheet.write_string_with_format(row, column, text, &self.formats.quoted)
                    } else {
                        sheet.write_string(row, column, text)
                    }
                }
            };
            written.map_err(cannot_write)?;
        }
        Ok(())
    }

    fn chart(&mut self, chart: &Chart) -> Result<()> {
        let Some(sheet) = &mut self.sheet else {
            return Ok(());
        };
        let mut drawing = Drawing::new(ChartType::Line);
        drawing.title().set_name(&chart.title);
        for line in &chart.lines {
            let (name, first, last) = (self.name.as_str(), line.first + 1, line.last + 1);
            drawing
                .add_series()
                .set_name(&line.name)
                .set_categories((name, first, chart.time, last, chart.time))
                .set_values((name, first, line.column, last, line.column));
        }
        let beside = u16::try_from(self.columns.len()).unwrap_or(0) + 1;
        sheet
            .insert_chart(1, beside, &drawing)
            .map(|_| ())
            .map_err(cannot_write)
    }

    fn end(&mut self) -> Result<()> {
        self.end_sheet()?;
        self.book
            .save_to_writer(&mut self.out)
            .map_err(cannot_write)?;
        self.out.flush().map_err(cannot_write)
    }
}

fn utc() -> Result<TimeZoneName> {
    "UTC".parse()
}

/// Text that can be shown in one cell.
fn shown(text: &str) -> String {
    let text = harmless(text);
    match text.char_indices().nth(MOST_CHARACTERS - 1) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
