//! A workbook with typed cells, written row by row. What people typed is always text in it, and never a formula.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{
    Chart as Drawing, ChartEmptyCells, ChartMarker, ChartMarkerType, ChartType, Format,
    FormatAlign, Workbook, Worksheet,
};

use super::cell::{Cell, Chart, Column, Sink};
use super::file::cannot_write;
use crate::error::Result;
use crate::model::{Date, Step, TimeZoneName, Timestamp, harmless};

/// The rows of a sheet, the titles included; what comes after goes onto another one.
const MOST_ROWS: u32 = 1_048_576;
/// The characters of a cell.
const MOST_CHARACTERS: usize = 32_767;
/// The size of a chart, in pixels.
const WIDTH: u32 = 900;
const HEIGHT: u32 = 420;
/// From how many days on the marks of a chart are small.
const MANY: u32 = 60;

pub(crate) struct Xlsx<W> {
    book: Workbook,
    sheet: Option<Worksheet>,
    /// What a chart on that sheet draws.
    beside: Option<Worksheet>,
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
            beside: None,
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
        if let Some(beside) = self.beside.take() {
            self.book.push_worksheet(beside);
        }
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

/// The sheet of what a chart draws: a row for each day, a column for each line.
const DRAWN: &str = "over time";

impl<W: Write + Send> Xlsx<W> {
    /// The chart, whose values are put onto a sheet of their own: lines of one chart share their days.
    fn drawn(&mut self, chart: &Chart) -> Result<Drawing> {
        let mut sheet = Worksheet::new();
        sheet
            .set_name(DRAWN)
            .and_then(|it| it.set_freeze_panes(1, 1))
            .and_then(|it| it.set_column_width(0, 12))
            .and_then(|it| it.write_string_with_format(0, 0, "Day", &self.formats.title))
            .map_err(cannot_write)?;
        for (row, day) in (1..).zip(&chart.days) {
            sheet
                .write_number_with_format(row, 0, day_serial(*day)?, &self.formats.day)
                .map_err(cannot_write)?;
        }
        let last = u32::try_from(chart.days.len()).unwrap_or(u32::MAX);
        let mut drawing = Drawing::new(ChartType::Line);
        drawing.set_width(WIDTH).set_height(HEIGHT);
        drawing.title().set_name(&chart.title);
        drawing.show_empty_cells_as(ChartEmptyCells::Gaps);
        // A line of one day would not be seen without them.
        let size = if last > MANY { 2 } else { 5 };
        for (column, line) in (1..).zip(&chart.lines) {
            let width = line.name.chars().count().clamp(10, 40);
            sheet
                .set_column_width(column, width as f64 + 2.0)
                .and_then(|it| {
                    let name = shown(&line.name);
                    it.write_string_with_format(0, column, name, &self.formats.title)
                })
                .map_err(cannot_write)?;
            for (row, value) in (1..).zip(&line.values) {
                if let Some(value) = value {
                    sheet
                        .write_number(row, column, *value as f64)
                        .map_err(cannot_write)?;
                }
            }
            drawing
                .add_series()
                .set_name((DRAWN, 0, column))
                .set_categories((DRAWN, 1, 0, last, 0))
                .set_values((DRAWN, 1, column, last, column))
                .set_marker(
                    ChartMarker::new()
                        .set_type(ChartMarkerType::Circle)
                        .set_size(size),
                );
        }
        let days = match chart.by {
            Step::Day | Step::Week => "yyyy-mm-dd",
            Step::Month => "mmm yyyy",
            Step::Year => "yyyy",
        };
        drawing.x_axis().set_text_axis(true).set_num_format(days);
        drawing.y_axis().set_min(0);
        self.beside = Some(sheet);
        Ok(drawing)
    }
}

/// A day as a spreadsheet counts it.
fn day_serial(day: Date) -> Result<f64> {
    Ok(day.start_in(&utc()?).as_millis() as f64 / 86_400_000.0 + 25_569.0)
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
                Cell::Day(day) => Some((day_serial(*day)?, &self.formats.day)),
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
        let beside = u16::try_from(self.columns.len()).unwrap_or(0) + 1;
        let drawn = self.drawn(chart)?;
        let Some(sheet) = &mut self.sheet else {
            return Ok(());
        };
        sheet
            .insert_chart(1, beside, &drawn)
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
