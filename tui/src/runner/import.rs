//! Reading a file of people, and looking it through.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use usher_core::Progress;
use usher_core::command::WhenFull;
use usher_core::import::Source;
use usher_core::{Error, Result, Session};

use super::plan;
use crate::effect::{Intent, Wish};
use crate::importing::{FileRead, Looked, Origin, ReadRequest, ReviewRequest};
use crate::reader::ReadAs;
use crate::words::at_home;

/// How files of tables end.
const ENDINGS: [&str; 6] = ["csv", "xlsx", "xls", "ods", "tsv", "txt"];
/// Most files of a folder that are looked at.
const MOST_FILES: usize = 5_000;

/// Files of tables, and folders, whose names begin with what was typed.
pub(super) fn files(typed: &str) -> Vec<String> {
    let (folder, begun) = typed.split_at(typed.rfind('/').map_or(0, |it| it + 1));
    let place = match folder {
        "" => PathBuf::from("."),
        folder => at_home(folder),
    };
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let named = entries.take(MOST_FILES).flatten().filter_map(|it| {
        let name = it.file_name().into_string().ok()?;
        let hidden = name.starts_with('.') && !begun.starts_with('.');
        let fits = name.to_lowercase().starts_with(&begun.to_lowercase()) && !hidden;
        let ending = name.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
        match it.path().is_dir() {
            _ if !fits => None,
            true => Some(format!("{folder}{name}/")),
            false => ENDINGS
                .contains(&ending.as_str())
                .then(|| format!("{folder}{name}")),
        }
    });
    let mut files: Vec<String> = named.collect();
    files.sort_unstable_by_key(|it| (it.ends_with('/'), it.clone()));
    files
}

/// What is in a file.
pub(super) fn read(session: &Session, request: &ReadRequest) -> Result<FileRead> {
    let wanted = ReadAs {
        sheet: request.sheet.as_deref(),
        encoding: request.encoding.as_deref(),
    };
    let (read, name) = match &request.origin {
        Origin::Path(path) => (request.by.read(session, Source::Path(path), wanted)?, None),
        Origin::Text(text) => {
            let mut text = Cursor::new(text.as_bytes());
            // The terminal has made text of it already.
            let wanted = ReadAs {
                encoding: None,
                ..wanted
            };
            let read = request.by.read(session, Source::Pipe(&mut text), wanted)?;
            (read, None)
        }
        Origin::Page(page) => {
            let file = session.arrived(*page)?;
            let file = file.ok_or_else(|| Error::not_found("file", "sent by that page"))?;
            let read = request.by.read(session, Source::Path(&file.path), wanted)?;
            (read, Some(file.name))
        }
    };
    Ok(FileRead {
        sheet: Arc::new(read),
        name,
    })
}

/// What an import would make of it.
pub(super) fn review(
    session: &Session,
    request: ReviewRequest,
    cancelled: &Arc<AtomicBool>,
) -> Result<Box<Looked>, String> {
    let begun = Instant::now();
    let mut sheet = request.sheet;
    for mend in &request.mends {
        Arc::make_mut(&mut sheet).mend(mend.row, mend.column, &mend.text);
    }
    let order = request
        .terms
        .order(sheet, request.name.as_deref(), request.line)
        .with_input(request.input);
    let intent = Intent {
        wish: Wish::Order(Box::new(order)),
        when_full: match request.terms.queue_rest {
            true => WhenFull::QueueRest,
            false => WhenFull::Ask,
        },
    };
    let looked = Looked::new(plan(session, intent, cancelled, &Progress::new())?);
    let mut looked = looked.ok_or("what it would do cannot be told")?;
    // A row that could not be read again looks as if it were blank.
    let read = looked.review().map_or(Ok(()), |it| it.sheet.check());
    read.map_err(|it| it.to_string())?;
    looked.took = begun.elapsed();
    Ok(Box::new(looked))
}
