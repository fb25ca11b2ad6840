//! Who acts for the organization, and what they may do.

use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::key::Key;
use crate::people;

pub(super) const KIND: Kind = Kind {
    name: "administrators",
    sentence: "Who acts for the organization, and what they may.",
    columns: &[
        text("Name", 18, 1),
        text("Email", 24, 1),
        text("May", 24, 2),
        text("Status", 9, 0),
        text("System users", 14, 0),
    ],
    empty: "nobody acts for the organization",
    read,
    acts: &[Act {
        key: Key::Char('='),
        name: "permissions",
        sentence: "Give the marked people, else this one, permissions, or take them.",
        does: permissions,
    }],
};

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let all = read.administrators()?;
    let more = all.len() > limit;
    let items = all.into_iter().take(limit).map(|it| {
        let may: Vec<_> = it.permissions.iter().map(|it| it.as_str()).collect();
        let cells = vec![
            it.user.name(),
            it.user.label(),
            may.join(", "),
            it.user.status.as_str().to_owned(),
            it.system_users.join(", "),
        ];
        Item::new(it.user.id, cells).about(it.user.id)
    });
    Ok(Found {
        title: "administrators".to_owned(),
        items: items.collect(),
        more,
    })
}

fn permissions(here: &Here<'_>) -> Doing {
    here.with_people(people::permissions)
}
