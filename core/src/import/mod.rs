//! Files from people: rows in, everything understood and everything wrong with it out. Files are hostile: they are read by
//! a process of its own (`apart.rs`, `worker.rs`), what is read of them is bounded, and nothing of them is trusted.

mod apart;
mod columns;
mod copy;
mod delimited;
mod individuals;
mod limits;
pub(crate) mod near;
mod review;
mod sheet;
mod table;
mod wire;
mod workbook;
mod worker;

pub use apart::{Source, Task, WORKER, read_apart};
pub use columns::{Column, Columns, EXAMPLE, REASON};
pub use copy::write_error_copy;
pub(crate) use individuals::day;
pub use individuals::{Problem, Reviewed, review_individuals};
pub use limits::Limits;
pub use review::{Does, Fault, Mode, Review, RowReview, letters};
pub use sheet::{About, Cell, Cells, Format, MOST_COLUMNS, Row, Sheet};
pub use table::Table;
pub use worker::{read_here, work};

use crate::error::Error;

fn bad(bad: wire::Bad) -> Error {
    Error::invalid("the file", bad.why, bad.remedy)
}

/// Whether a spreadsheet would compute a cell of this text. An apostrophe in front keeps it from doing so.
pub(crate) fn begins_like_a_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}
