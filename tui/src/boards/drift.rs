//! Where the roster differs from its identity providers.

use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Found, Item, Kind, text};

pub(super) const KIND: Kind = Kind {
    name: "drift",
    sentence: "Where the roster differs from its identity providers, and why.",
    columns: &[
        text("Person", 20, 2),
        text("What", 11, 0),
        text("Provider has", 13, 1),
        text("Ours", 13, 1),
        text("Why", 14, 0),
        text("Connection", 12, 0),
    ],
    empty: "the roster and its providers agree",
    read,
    acts: &[],
};

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Drift(name) = topic else {
        return Ok(Found::default());
    };
    let of = name.as_deref().map(|it| read.connection(it)).transpose()?;
    let drifts = read.drifts(of.map(|it| it.id))?;
    let more = drifts.len() > limit;
    let items = drifts.into_iter().take(limit).map(|it| {
        let word = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
        let key = format!("{} {} {}", it.user, it.part, it.connection);
        let provider = match it.refused {
            // Of somebody who was refused for a name of another it is told who they are: the name is the same.
            Some(refused) => format!("{refused}, refused"),
            None => word(it.provider),
        };
        let cells = vec![
            it.label,
            it.part.replace('_', " "),
            provider,
            word(it.roster),
            it.why.as_str().replace('_', " "),
            it.connection,
        ];
        Item::new(key, cells).about(it.user)
    });
    Ok(Found {
        title: match name {
            Some(name) => format!("drift from {name}"),
            None => "drift from providers".to_owned(),
        },
        items: items.collect(),
        more,
    })
}
