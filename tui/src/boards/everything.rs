//! Every board, with what it shows and its key.

use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Found, Item, Kind, text};

pub(super) const KIND: Kind = Kind {
    name: "screens",
    sentence: "Every screen.",
    columns: &[
        text("Key", 4, 0),
        text("Screen", 18, 0),
        text("What it shows", 30, 1),
    ],
    empty: "",
    read,
    acts: &[],
};

fn read(_: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let boards = Topic::main().into_iter();
    let rows = boards
        .filter(|(_, it)| *it != Topic::Everything)
        .map(|(key, topic)| {
            let kind = topic.kind();
            let cells = vec![
                key.map(String::from).unwrap_or_default(),
                kind.name.to_owned(),
                kind.sentence.to_owned(),
            ];
            Item::new(kind.name, cells).opening(topic)
        });
    Ok(Found {
        title: "screens; 1 is people".to_owned(),
        items: rows.collect(),
        more: false,
    })
}
