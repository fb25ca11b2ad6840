//! Files from people: rows in, everything understood and everything wrong with it out. Files are hostile: they are read by
//! a process of its own (`apart.rs`, `worker.rs`), what is read of them is bounded, and nothing of them is trusted.

mod apart;
mod columns;
mod copy;
mod delimited;
mod encoding;
mod individuals;
mod limits;
pub(crate) mod meaning;
pub(crate) mod near;
mod review;
mod seal;
mod sheet;
mod table;
mod template;
mod wire;
mod workbook;
mod worker;

pub use apart::{Source, Task, WORKER, read_apart};
pub use columns::{Column, Columns, EXAMPLE, REASON};
pub(crate) use columns::{is_ours, title_of_field};
pub use copy::write_error_copy;
pub use encoding::{GUESSED, check_encoding};
pub(crate) use individuals::day;
pub use individuals::{Problem, Reviewed, review_individuals};
pub use limits::Limits;
pub use review::{Does, Fault, Mode, Review, RowReview, letters};
pub use sheet::{About, Cell, Cells, Format, MOST_COLUMNS, Row, Sheet};
pub use table::Table;
pub use template::write_template;
pub use worker::{read_as_told, read_here, work};

use std::borrow::Cow;

use crate::error::Error;
use crate::model::GroupRole;

/// A group with a role, as a cell says it. A name with a separator in it is quoted.
pub(crate) fn group_said(name: &str, role: GroupRole) -> String {
    if name.contains([';', ',', '"', '\n']) {
        format!("\"{}\":{}", name.replace('"', "\"\""), role.as_str())
    } else {
        format!("{name}:{}", role.as_str())
    }
}

/// The parts of a list in a cell: apart by a sign, which is part of a name within quotes.
pub(crate) fn parts(text: &str, signs: &[char]) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                part.push('"');
            }
            '"' if quoted || part.trim().is_empty() => quoted = !quoted,
            it if signs.contains(&it) && !quoted => parts.push(std::mem::take(&mut part)),
            it => part.push(it),
        }
    }
    parts.push(part);
    let parts = parts.into_iter().map(|it| it.trim().to_owned());
    parts.filter(|it| !it.is_empty()).collect()
}

fn bad(bad: wire::Bad) -> Error {
    Error::invalid("the file", bad.why, bad.remedy)
}

/// Whether a spreadsheet would compute a cell of this text. An apostrophe in front keeps it from doing so.
pub(crate) fn begins_like_a_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// What was typed: an apostrophe that keeps a spreadsheet from computing a cell is not part of it.
fn as_typed(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if begins_like_a_formula(rest) => rest,
        _ => cell,
    }
}

/// A text as a workbook has it, whose cells say by themselves that they are text: only one that begins with such an apostrophe
/// gets one more.
pub(crate) fn in_workbook(text: &str) -> Cow<'_, str> {
    match text.starts_with('\'') && begins_like_a_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}
