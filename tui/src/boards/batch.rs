//! Every change of one batch.

use usher_core::directory::HistoryPage;
use usher_core::{Read, Result};

use super::{Topic, batches};
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::key::Key;
use crate::people::export_batch;
use crate::summary::{in_words, short};

pub(super) const KIND: Kind = Kind {
    name: "batch",
    sentence: "Every change of one batch.",
    columns: &[text("Whom", 26, 1), text("What", 40, 2)],
    empty: "this batch changed nothing that you may see",
    read,
    acts: &[
        Act {
            key: Key::Char('u'),
            name: "undo this",
            sentence: "Show the plan for undoing this batch.",
            does: |here| undo(here),
        },
        Act {
            key: Key::Char('E'),
            name: "export",
            sentence: "Write reports about its people, as they stood before it, to a file.",
            does: |here| match here.topic {
                Topic::Batch(batch) => export_batch(batch.to_string()),
                _ => Doing::Say("there is no batch here".to_owned()),
            },
        },
    ],
};

fn undo(here: &Here<'_>) -> Doing {
    match here.topic {
        Topic::Batch(batch) => batches::undo(*batch),
        _ => Doing::Say("there is no batch here".to_owned()),
    }
}

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Batch(id) = topic else {
        return Ok(Found::default());
    };
    let batch = read.find_batch(&id.to_string())?;
    let mut events = read.history(&HistoryPage {
        batch: Some(*id),
        limit: limit + 1,
        ..HistoryPage::default()
    })?;
    let more = events.len() > limit;
    events.truncate(limit);
    let names = read.names_for(events.iter().filter_map(|it| it.change.as_ref()))?;
    let items = events.iter().map(|event| {
        let what = match &event.change {
            Some(change) => in_words(&change.described(&names)),
            None => format!("{} (erased)", event.kind),
        };
        let whom = event.user.map(|it| names.user(it)).unwrap_or_default();
        let item = Item::new(event.seq, vec![whom, what]);
        match event.user {
            Some(user) => item.about(user),
            None => item,
        }
    });
    let fate = if batch.undone_by.is_some() {
        ", undone"
    } else {
        ""
    };
    Ok(Found {
        title: format!(
            "batch {}: {} by {}, {}{fate}",
            short(batch.id),
            batch.command.replace('_', " "),
            read.actor_name(batch.actor)?.replace('_', " "),
            batch.door.as_str(),
        ),
        items: items.collect(),
        more,
    })
}
