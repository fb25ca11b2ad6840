//! `usher import` and `usher imports`: people by files, and what was imported.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use usher_core::Read;
use usher_core::command::{Command, Import};
use usher_core::import::write_error_copy;
use usher_core::model::{Door, Import as Imported};

use crate::args::{ImportArgs, LimitArgs, batch_json};
use crate::confirm::{self, carry_out};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::names::ActorNames;
use crate::output::{Listing, Row};
use crate::reading::{self, newest_first};

const COLUMNS: &[&str] = &[
    "BATCH",
    "AT",
    "ACTOR",
    "FILE",
    "MODE",
    "ROWS",
    "ARRIVED",
    "QUEUED",
    "UPDATED",
    "UNCHANGED",
    "LEFT OUT",
    "WRONG",
    "UNDONE BY",
];
const KEYS: &[&str] = &[
    "batch",
    "at",
    "actor",
    "file",
    "sheet",
    "digest",
    "mode",
    "format",
    "rows",
    "arrived",
    "queued",
    "updated",
    "unchanged",
    "left_out",
    "wrong",
    "undone_by",
];

/// Imports a file.
pub(crate) fn run(desk: &Desk, args: &ImportArgs) -> Result<()> {
    let desk = &Desk {
        session: desk
            .session
            .directory()
            .as_actor(desk.session.actor(), Door::Import),
        format: desk.format,
    };
    if let Some(out) = &args.errors {
        refuse_ending(out)?;
        refuse_source(out, &args.file)?;
    }
    let sheet = reading::sheet(
        desk,
        &args.file,
        args.sheet.as_deref(),
        args.encoding.as_deref(),
    )?;
    let name = args
        .file
        .file_name()
        .filter(|_| args.file != Path::new("-"));
    let command = Command::Import(Import {
        file: name.map(|it| it.to_string_lossy().into_owned()),
        partial: args.partial,
        again: args.again,
        as_typed: args.as_typed,
        overriding: args.overriding,
        mail: !args.no_mail,
        send_on: args.send_on,
        ..Import::of(Arc::new(sheet), args.mode)
    });
    if let Some(out) = &args.errors {
        let mut request = desk.session.request(command.clone());
        request.when_full = confirm::chosen(&args.plan);
        let plan = desk.session.plan(&request)?;
        if let Some(review) = plan.review.filter(|it| !it.faults.is_empty()) {
            let rows = write_error_copy(&review, out, args.force)?;
            crate::failure::complain(&format!(
                "{} with what is wrong: {}",
                match rows {
                    1 => "wrote 1 row".to_owned(),
                    rows => format!("wrote {rows} rows"),
                },
                out.display()
            ));
            if let Some(unread) = review.sheet.about.unread() {
                crate::failure::complain(&unread);
            }
        }
    }
    carry_out(desk, command, &args.plan)
}

/// The copy has one sheet and no formulas: it does not take the place of what it is a copy of.
fn refuse_source(out: &Path, source: &Path) -> Result<()> {
    let real = |it: &Path| std::fs::canonicalize(it).ok();
    match real(out).is_some_and(|it| Some(it) == real(source)) {
        true => Err(Failure::Usage(
            "the copy with what is wrong would take the place of the file itself: name another"
                .into(),
        )),
        false => Ok(()),
    }
}

fn refuse_ending(out: &Path) -> Result<()> {
    let is_xlsx = out
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("xlsx"));
    if is_xlsx {
        Ok(())
    } else {
        Err(Failure::Usage(
            "the copy with what is wrong is a workbook: let its name end in .xlsx".into(),
        ))
    }
}

/// Lists imports, newest first.
pub(crate) fn list(desk: &Desk, args: &LimitArgs) -> Result<()> {
    let read = desk.read()?;
    let mut actors = ActorNames::default();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    newest_first(
        args.limit,
        |before, limit| read.imports(before, limit),
        |it| it.seq,
        |it| listing.row(row(&read, &mut actors, it)?),
    )?;
    listing.end("no imports")
}

/// What earlier versions did not count is not known.
fn known(count: Option<usize>) -> String {
    count.map_or_else(|| "-".to_owned(), |it| it.to_string())
}

fn row(read: &Read<'_>, actors: &mut ActorNames, import: &Imported) -> Result<Row> {
    let actor = actors.name(read, import.actor)?;
    let terms = &import.terms;
    let cells = vec![
        import.batch.to_string(),
        import.at.to_string(),
        actor.clone(),
        terms.named().unwrap_or_else(|| "-".to_owned()),
        terms.mode.as_str().to_owned(),
        terms.rows.to_string(),
        terms.arrived.to_string(),
        known(terms.queued),
        terms.updated.to_string(),
        terms.unchanged.to_string(),
        known(terms.left_out),
        terms.wrong.to_string(),
        import
            .undone_by
            .map(|it| it.to_string())
            .unwrap_or_default(),
    ];
    let json = vec![
        ("batch", json!(import.batch.to_string())),
        ("at", json!(import.at)),
        ("actor", json!(actor)),
        ("file", json!(terms.file)),
        ("sheet", json!(terms.sheet)),
        ("digest", json!(terms.digest)),
        ("mode", json!(terms.mode)),
        ("format", json!(terms.format)),
        ("rows", json!(terms.rows)),
        ("arrived", json!(terms.arrived)),
        ("queued", json!(terms.queued)),
        ("updated", json!(terms.updated)),
        ("unchanged", json!(terms.unchanged)),
        ("left_out", json!(terms.left_out)),
        ("wrong", json!(terms.wrong)),
        ("undone_by", batch_json(import.undone_by)),
    ];
    Ok(Row { cells, json })
}
