//! The copy of a file in which what is wrong is marked: the same sheet, columns, order and values, the wrong cells coloured,
//! and the reasons in a column of their own and in a note on each cell. Importing it again ignores that column.

use std::path::Path;

use rust_xlsxwriter::{Color, Format as Look, Note, Workbook, Worksheet, XlsxError};

use super::columns::REASON;
use super::review::{Fault, Review};
use super::sheet::{Cell, Row};
use super::{in_workbook, seal};
use crate::error::Result;
use crate::report::{cannot_write, exists, folder_of, place, place_over};

/// The rows of a sheet.
const MOST_ROWS: u32 = 1_048_576;
/// Notes cost a drawing each: beyond these the reasons stand in their column only.
const MOST_NOTES: usize = 5_000;

struct Looks {
    head: Look,
    wrong: Look,
    reason: Look,
    day: Look,
    instant: Look,
    time: Look,
    wrong_time: Look,
    wrong_day: Look,
    wrong_instant: Look,
    /// Text that would be a formula if it were typed.
    quoted: Look,
    wrong_quoted: Look,
}

impl Looks {
    fn new() -> Self {
        let wrong = || Look::new().set_background_color(Color::RGB(0xFF_C7_CE));
        let (day, instant) = ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss");
        let time = "hh:mm:ss";
        Self {
            head: Look::new().set_bold(),
            wrong: wrong(),
            reason: Look::new().set_font_color(Color::RGB(0x9C_00_06)),
            day: Look::new().set_num_format(day),
            instant: Look::new().set_num_format(instant),
            time: Look::new().set_num_format(time),
            wrong_time: wrong().set_num_format(time),
            wrong_day: wrong().set_num_format(day),
            wrong_instant: wrong().set_num_format(instant),
            quoted: Look::new().set_quote_prefix(),
            wrong_quoted: wrong().set_quote_prefix(),
        }
    }
}

/// Writes the copy, of every row, or of those that are wrong where the others are done. A copy of the same file that nobody
/// has touched since is replaced, so that an import that was interrupted is run again as it was; anything else that is
/// there already is not, unless it is to be replaced whatever it is. Returns how many rows with something wrong are in it.
///
/// # Errors
/// [`crate::Error::File`] when something else is there already or it cannot be made.
pub fn write_error_copy(review: &Review, to: &Path, replace: bool) -> Result<usize> {
    let source = review.sheet.hash();
    let replace = replace || seal::is_untouched(to, &source);
    if !replace && std::fs::symlink_metadata(to).is_ok() {
        return Err(exists(to));
    }
    let mut book = Workbook::new();
    book.set_tempdir(folder_of(to)?).map_err(cannot_write)?;
    let mut sheet = book
        .new_worksheet_with_constant_memory()
        .map_err(cannot_write)?;
    let wrong = fill(&mut sheet, review).map_err(cannot_write)?;
    // What could not be read again is not told to be blank.
    review.sheet.check()?;
    book.push_worksheet(sheet);
    let mut bytes = book.save_to_buffer().map_err(cannot_write)?;
    seal::put(&mut bytes, &source);
    match replace {
        true => place_over(to, &bytes)?,
        false => place(to, &bytes)?,
    }
    Ok(wrong)
}

fn fill(sheet: &mut Worksheet, review: &Review) -> Result<usize, XlsxError> {
    let looks = Looks::new();
    let about = &review.sheet.about;
    sheet.set_name(about.sheet.as_deref().unwrap_or("People"))?;
    let old_reason = review.columns.reason();
    let widest = review
        .sheet
        .rows()
        .map(|it| it.cells().count())
        .max()
        .unwrap_or(0);
    let reason = old_reason.unwrap_or(widest.max(review.columns.titles.len()));
    let reason_column = u16::try_from(reason).unwrap_or(u16::MAX);
    for (place, title) in review.columns.titles.iter().enumerate() {
        let width = title.chars().count().clamp(12, 40);
        if let Ok(column) = u16::try_from(place) {
            sheet.set_column_width(column, width as f64 + 6.0)?;
        }
    }
    sheet.set_column_width(reason_column, 80.0)?;
    let head = review.columns.number;
    let (mut next, mut wrong, mut notes) = (0, 0, 0);
    for row in review.sheet.rows() {
        let is_wrong = !review.faults_of(row.number()).is_empty();
        let is_below = row.number() > head;
        if is_below && review.partial && !is_wrong {
            continue;
        }
        // Where nothing is left out, rows keep their places.
        let at = if review.partial {
            next
        } else {
            row.number().saturating_sub(1)
        };
        if at >= MOST_ROWS {
            break;
        }
        next = at + 1;
        let faults = review.faults_of(row.number());
        if row.number() == head {
            for (place, title) in review.columns.lacking() {
                let place = u16::try_from(place).unwrap_or(u16::MAX);
                sheet.write_string_with_format(at, place, title, &looks.head)?;
            }
            sheet.write_string_with_format(at, reason_column, REASON, &looks.head)?;
            if let Some(unread) = about.unread() {
                let note = format!("Of the file {unread}.");
                sheet.insert_note(at, reason_column, &Note::new(note).add_author_prefix(false))?;
            }
        }
        write_row(
            sheet,
            &looks,
            at,
            &row,
            faults,
            Some(reason),
            row.number() == head,
        )?;
        if faults.is_empty() {
            continue;
        }
        wrong += 1;
        let why: Vec<String> = faults
            .iter()
            .map(|it| match it.column {
                Some(column) => format!("{}: {}", review.title(column), it.why),
                None => it.why.clone(),
            })
            .collect();
        // Reasons that name other rows name them as they are in the file.
        let moved = match u64::from(at) + 1 == u64::from(row.number()) {
            true => String::new(),
            false => format!("row {} of the file: ", row.number()),
        };
        let why = format!("{moved}{}", why.join("; "));
        sheet.write_string_with_format(at, reason_column, why, &looks.reason)?;
        for fault in faults {
            let column = fault.column.and_then(|it| u16::try_from(it).ok());
            if let Some(column) = column.filter(|_| notes < MOST_NOTES) {
                notes += 1;
                sheet.insert_note(at, column, &Note::new(&fault.why).add_author_prefix(false))?;
            }
        }
    }
    if let Some(at) = row_of_head(review) {
        sheet.set_freeze_panes(at + 1, 0)?;
    }
    Ok(wrong)
}

fn row_of_head(review: &Review) -> Option<u32> {
    if review.partial {
        u32::try_from(review.columns.head).ok()
    } else {
        review.columns.number.checked_sub(1)
    }
}

fn write_row(
    sheet: &mut Worksheet,
    looks: &Looks,
    at: u32,
    row: &Row<'_>,
    faults: &[Fault],
    reason: Option<usize>,
    is_head: bool,
) -> Result<(), XlsxError> {
    let width = row.cells().count();
    let last = faults.iter().filter_map(|it| it.column).max();
    let width = last.map_or(width, |it| width.max(it + 1));
    let cells = row.cells().chain(std::iter::repeat(Cell::Empty));
    for (place, cell) in cells.take(width).enumerate() {
        let Ok(column) = u16::try_from(place) else {
            break;
        };
        if Some(place) == reason {
            continue;
        }
        let is_wrong = faults.iter().any(|it| it.column == Some(place));
        write_cell(sheet, looks, (at, column), cell, is_wrong, is_head)?;
    }
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    looks: &Looks,
    (row, column): (u32, u16),
    cell: Cell<'_>,
    is_wrong: bool,
    is_head: bool,
) -> Result<(), XlsxError> {
    let wrong = |plain, wrong| if is_wrong { wrong } else { plain };
    match cell {
        Cell::Empty if is_wrong => sheet.write_blank(row, column, &looks.wrong)?,
        Cell::Empty => sheet,
        Cell::Text(text) | Cell::Fault(text) => {
            let look = if super::begins_like_a_formula(text) {
                wrong(Some(&looks.quoted), Some(&looks.wrong_quoted))
            } else {
                wrong(is_head.then_some(&looks.head), Some(&looks.wrong))
            };
            let text = in_workbook(text);
            match look {
                Some(look) => sheet.write_string_with_format(row, column, text.as_ref(), look)?,
                None => sheet.write_string(row, column, text.as_ref())?,
            }
        }
        Cell::Number(number) if is_wrong => {
            sheet.write_number_with_format(row, column, number, &looks.wrong)?
        }
        Cell::Number(number) => sheet.write_number(row, column, number)?,
        Cell::Flag(flag) if is_wrong => {
            sheet.write_boolean_with_format(row, column, flag, &looks.wrong)?
        }
        Cell::Flag(flag) => sheet.write_boolean(row, column, flag)?,
        Cell::Serial(serial) => {
            let look = match (serial.fract() == 0.0, is_wrong) {
                (true, false) => &looks.day,
                (true, true) => &looks.wrong_day,
                (false, _) if (0.0..1.0).contains(&serial) => match is_wrong {
                    true => &looks.wrong_time,
                    false => &looks.time,
                },
                (false, false) => &looks.instant,
                (false, true) => &looks.wrong_instant,
            };
            sheet.write_number_with_format(row, column, serial, look)?
        }
    };
    Ok(())
}
