//! What was applied, newest first, with undo.

use usher_core::model::{Batch, BatchId};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::Wish;
use crate::key::Key;
use crate::people::export_batch;
use crate::summary::short;
use crate::theme::Role;
use crate::words;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "batches",
    sentence: "Everything that was applied, by whom, with undo.",
    columns: &[
        text("At", 17, 0),
        text("Command", 14, 0),
        number("People", 7),
        text("Door", 8, 0),
        text("Who", 14, 1),
        text("Fate", 9, 0),
        number("Changes", 8),
        text("Batch", 13, 0),
        text("Undoes", 13, 0),
    ],
    empty: "nothing was applied yet",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "events",
            sentence: "Show every change of the batch.",
            does: |here| on(here, |batch| Doing::Open(Topic::Batch(batch))),
        },
        Act {
            key: Key::Char('u'),
            name: "undo this",
            sentence: "Show the plan for undoing this batch.",
            does: |here| on(here, undo),
        },
        Act {
            key: Key::Char('E'),
            name: "export",
            sentence: "Write reports about its people, as they stood before it, to a file.",
            does: |here| on(here, |batch| export_batch(batch.to_string())),
        },
    ],
};

fn on(here: &Here<'_>, does: impl FnOnce(BatchId) -> Doing) -> Doing {
    match here.item.and_then(|it| it.key.parse().ok()) {
        Some(batch) => does(batch),
        None => Doing::Say("there is no batch here".to_owned()),
    }
}

/// The plan for undoing a batch.
pub(super) fn undo(batch: BatchId) -> Doing {
    Doing::Plan {
        target: format!("batch {}", short(batch)),
        wish: Wish::Undo(Some(batch)),
    }
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut batches = read.batches(None, limit + 1)?;
    let more = batches.len() > limit;
    batches.truncate(limit);
    let mut items = Vec::with_capacity(batches.len());
    for batch in &batches {
        items.push(item(batch, &zone, &read.actor_name(batch.actor)?));
    }
    let sees_all = read.sees_everybody();
    if !sees_all && !more {
        let said = "What others applied is shown to those who see everybody.";
        items.push(Item::heading(said));
    }
    let title = if sees_all { "batches" } else { "your batches" };
    Ok(Found {
        title: title.to_owned(),
        items,
        more,
    })
}

fn item(batch: &Batch, zone: &Zone, actor: &str) -> Item {
    let fate = match (batch.undone_by, batch.undoes, batch.caused_by) {
        (Some(_), ..) => "undone",
        (_, Some(_), _) => "an undo",
        (_, _, Some(_)) => "promotion",
        _ => "",
    };
    let cells = vec![
        zone.minute(batch.at),
        batch.command.replace('_', " "),
        words::number(batch.people),
        batch.door.as_str().to_owned(),
        actor.replace('_', " "),
        fate.to_owned(),
        words::number(batch.changes),
        short(batch.id),
        batch.undoes.map(short).unwrap_or_default(),
    ];
    let role = if batch.undone_by.is_some() {
        Role::Muted
    } else {
        Role::Plain
    };
    Item::new(batch.id, cells)
        .looking(role)
        .opening(Topic::Batch(batch.id))
}
