//! What was imported from files, newest first.

use usher_core::model::Import;
use usher_core::{Read, Result};

use super::{Topic, batches};
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::key::Key;
use crate::people;
use crate::theme::Role;
use crate::words;
use crate::writing::Content;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "imports",
    sentence: "What was imported from files, and what became of its rows.",
    columns: &[
        text("At", 16, 0),
        text("File", 16, 2),
        text("Who", 14, 1),
        number("Rows", 7),
        number("Arrived", 7),
        number("Updated", 7),
        number("Same", 6),
        number("Wrong", 6),
        number("Queued", 6),
        number("No seat", 7),
        text("Fate", 7, 0),
    ],
    empty: "nothing was imported; i imports a file",
    read,
    acts: &[
        Act {
            key: Key::Char('i'),
            name: "import",
            sentence: "Import people from a file, or from rows that are pasted.",
            does: |_| Doing::AskFile,
        },
        Act {
            key: Key::Char('u'),
            name: "undo this",
            sentence: "Show the plan for undoing this import.",
            does: undo,
        },
        Act {
            key: Key::Char('T'),
            name: "template",
            sentence: "Write a table to fill in, with the organization's own columns.",
            does: |_| {
                let hint = "A new .xlsx file, to be filled in and imported.";
                let form =
                    people::ask_where("Write a template", &["xlsx"], hint, Content::Template);
                Doing::Ask(Box::new(form))
            },
        },
    ],
};

fn undo(here: &Here<'_>) -> Doing {
    match here.item.and_then(|it| it.key.parse().ok()) {
        Some(batch) => batches::undo(batch),
        None => Doing::Say("there is no import here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut imports = read.imports(None, limit + 1)?;
    let more = imports.len() > limit;
    imports.truncate(limit);
    let mut items = Vec::with_capacity(imports.len());
    for import in &imports {
        items.push(item(import, &zone, &read.actor_name(import.actor)?));
    }
    Ok(Found {
        title: "imports".to_owned(),
        items,
        more,
    })
}

fn item(import: &Import, zone: &Zone, actor: &str) -> Item {
    let terms = &import.terms;
    let count = |it: usize| words::number(i64::try_from(it).unwrap_or(i64::MAX));
    // What earlier versions did not count is not known.
    let known = |it: Option<usize>| it.map_or_else(|| "-".to_owned(), count);
    let cells = vec![
        zone.minute(import.at),
        terms.named().unwrap_or_else(|| "-".to_owned()),
        actor.replace('_', " "),
        count(terms.rows),
        count(terms.arrived),
        count(terms.updated),
        count(terms.unchanged),
        count(terms.wrong),
        known(terms.queued),
        known(terms.left_out),
        if import.undone_by.is_some() {
            "undone"
        } else {
            ""
        }
        .to_owned(),
    ];
    let role = match (import.undone_by.is_some(), terms.n_undone() > 0) {
        (true, _) => Role::Muted,
        (false, true) => Role::Warn,
        (false, false) => Role::Plain,
    };
    Item::new(import.batch, cells)
        .looking(role)
        .opening(Topic::Batch(import.batch))
}
