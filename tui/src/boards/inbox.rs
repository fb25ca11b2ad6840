//! What identity providers asked, and what came of it.

use std::collections::HashMap;

use usher_core::model::{Asked, AskedFilter, ConnectionId, UserId};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::key::Key;
use crate::summary::short;
use crate::theme::Role;
use crate::words;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "inbox",
    sentence: "What identity providers asked, and what came of it.",
    columns: &[
        text("At", 16, 0),
        text("Status", 8, 0),
        text("Asked", 13, 0),
        text("What came of it", 18, 3),
        text("Person", 16, 2),
        text("Connection", 12, 0),
        text("Number", 8, 0),
    ],
    empty: "nothing was asked",
    read,
    acts: &[
        Act {
            key: Key::Char('F'),
            name: "only failed",
            sentence: "Show only what was refused, failed or is held, or everything again.",
            does: turn,
        },
        Act {
            key: Key::Char('P'),
            name: "replay",
            sentence: "Carry out what was refused, failed or is held, as it would be today.",
            does: replay,
        },
    ],
};

fn replay(here: &Here<'_>) -> Doing {
    let number = here.item.and_then(|it| it.key.parse().ok());
    number.map_or_else(|| Doing::Say("nothing is here".to_owned()), Doing::Replay)
}

fn turn(here: &Here<'_>) -> Doing {
    match here.topic {
        Topic::Inbox { connection, failed } => Doing::Become(Topic::Inbox {
            connection: connection.clone(),
            failed: !failed,
        }),
        _ => Doing::Say("nothing was asked".to_owned()),
    }
}

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let Topic::Inbox { connection, failed } = topic else {
        return Ok(Found::default());
    };
    let known = connection.as_deref().map(|it| read.connection(it));
    let filter = AskedFilter {
        connection: known.transpose()?.map(|it| it.id),
        failed: *failed,
        ..AskedFilter::default()
    };
    let mut asked = read.asked(&filter, limit + 1)?;
    let more = asked.len() > limit;
    asked.truncate(limit);
    let names: HashMap<ConnectionId, String> = read
        .connections()?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let users: Vec<UserId> = asked.iter().filter_map(|it| it.user).collect();
    let labels = read.labels_of(&users)?;
    let items = asked.iter().map(|it| item(it, &zone, &names, &labels));
    let what = if *failed {
        "failed requests"
    } else {
        "requests"
    };
    Ok(Found {
        title: match connection {
            Some(name) => format!("{what} of {name}"),
            None => format!("{what} of providers"),
        },
        items: items.collect(),
        more,
    })
}

/// A body as people read JSON, line by line.
fn laid_out(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .and_then(|it| serde_json::to_string_pretty(&it))
        .unwrap_or_else(|_| body.to_owned())
}

fn item(
    asked: &Asked,
    zone: &Zone,
    names: &HashMap<ConnectionId, String>,
    labels: &HashMap<UserId, String>,
) -> Item {
    let batch = asked.replayed.or(asked.batch);
    let came = match (&asked.error, asked.batch, asked.replayed) {
        (_, _, Some(batch)) => format!("replayed, batch {}", short(batch)),
        (Some(error), ..) => error.clone(),
        (None, Some(batch), _) => format!("batch {}", short(batch)),
        (None, None, _) => "nothing to change".to_owned(),
    };
    let person = asked.user.map(|it| match labels.get(&it) {
        Some(label) => label.clone(),
        None => it.to_string(),
    });
    // The person has a column: the id in the path would say it once more.
    let kind = asked.path.split('/').nth(1).unwrap_or_default();
    let cells = vec![
        zone.minute(asked.at),
        if asked.is_held() {
            "429 held".to_owned()
        } else {
            asked.status.to_string()
        },
        format!("{} {kind}", asked.method),
        came,
        person
            .or_else(|| asked.whom.clone())
            .unwrap_or_else(|| "-".to_owned()),
        names.get(&asked.connection).cloned().unwrap_or_default(),
        asked.seq.to_string(),
    ];
    let role = match (asked.replayed, asked.is_held(), asked.is_failed()) {
        (Some(_), ..) => Role::Muted,
        (None, true, _) => Role::Warn,
        (None, false, true) => Role::Danger,
        _ => Role::Plain,
    };
    let mut facts = vec![(
        "Request".to_owned(),
        format!("{} {}", asked.method, asked.path),
    )];
    if asked.times > 1 {
        let times = words::some(usize::try_from(asked.times).unwrap_or(0), "request");
        facts.push(("Stands for".to_owned(), times));
    }
    if let Some(body) = &asked.body {
        facts.push(("Body".to_owned(), laid_out(body)));
    }
    let mut item = Item::new(asked.seq, cells).looking(role).telling(facts);
    if let Some(user) = asked.user {
        item = item.about(user);
    }
    match batch {
        Some(batch) => item.opening(Topic::Batch(batch)),
        None => item,
    }
}
