//! `usher batches` and `usher undo`: what was applied, and taking it back.

use serde_json::json;
use usher_core::Read;
use usher_core::command::Command;
use usher_core::model::{Actor, Batch};

use crate::args::{LimitArgs, UndoArgs, batch_json};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::names::ActorNames;
use crate::output::{Listing, Row};
use crate::reading::newest_first;

const COLUMNS: &[&str] = &[
    "BATCH",
    "AT",
    "ACTOR",
    "DOOR",
    "COMMAND",
    "CHANGES",
    "UNDONE BY",
];
const KEYS: &[&str] = &[
    "id",
    "actor",
    "door",
    "command",
    "at",
    "changes",
    "undone_by",
    "undoes",
    "caused_by",
    "on_behalf",
];

/// Lists batches, newest first.
pub(crate) fn list(desk: &Desk, args: &LimitArgs) -> Result<()> {
    let read = desk.read()?;
    let mut actors = ActorNames::default();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    newest_first(
        args.limit,
        |before, limit| read.batches(before, limit),
        |it| it.seq,
        |it| listing.row(row(&read, &mut actors, it)?),
    )?;
    listing.end("no batches")
}

fn row(read: &Read<'_>, actors: &mut ActorNames, batch: &Batch) -> Result<Row> {
    let actor = actors.name(read, batch.actor)?;
    let on_behalf = match batch.on_behalf {
        Some(connection) => Some(actors.name(read, Actor::Connection(connection))?),
        None => None,
    };
    let cells = vec![
        batch.id.to_string(),
        batch.at.to_string(),
        match &on_behalf {
            Some(connection) => format!("{actor} for {connection}"),
            None => actor.clone(),
        },
        batch.door.as_str().to_owned(),
        batch.command.clone(),
        batch.changes.to_string(),
        batch
            .undone_by
            .map_or_else(|| "-".to_owned(), |it| it.to_string()),
    ];
    let json = vec![
        ("id", json!(batch.id)),
        ("actor", json!(actor)),
        ("door", json!(batch.door)),
        ("command", json!(batch.command)),
        ("at", json!(batch.at)),
        ("changes", json!(batch.changes)),
        ("undone_by", batch_json(batch.undone_by)),
        ("undoes", batch_json(batch.undoes)),
        ("caused_by", batch_json(batch.caused_by)),
        ("on_behalf", json!(on_behalf)),
    ];
    Ok(Row { cells, json })
}

/// Plans the inverse of a batch against today's state.
pub(crate) fn undo(desk: &Desk, args: &UndoArgs) -> Result<()> {
    let batch = desk.read()?.find_batch(&args.batch)?.id;
    carry_out(desk, Command::Undo { batch }, &args.plan)
}
