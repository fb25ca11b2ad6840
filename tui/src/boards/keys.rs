//! The keys with which administrators come in over SSH: everybody's own, and those of others for whoever may see them.

use usher_core::command::Command;
use usher_core::model::{SshKey, UserId};
use usher_core::{Read, Result, Selection};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::verb::Verb;
use crate::words::quoted;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "SSH keys",
    sentence: "The keys with which you and other administrators come in over SSH.",
    columns: &[
        text("Whose", 24, 1),
        text("Comment", 16, 1),
        text("Kind", 12, 0),
        text("Added", 11, 0),
        text("Fingerprint", 50, 0),
    ],
    empty: "nobody comes in by a key; i adds one",
    read,
    acts: &[
        Act {
            key: Key::Char('i'),
            name: "add a key",
            sentence: "Let yourself, or as an owner somebody else, come in by another key.",
            does: |here| Doing::Ask(Box::new(add(here.actor))),
        },
        Act {
            key: Key::Delete,
            name: "take the key",
            sentence: "Take this key: a console that was opened by it closes.",
            does: remove,
        },
    ],
};

/// Where a row has the fingerprint.
const FINGERPRINT: usize = 4;

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let keys = read.ssh_keys_that_open(None)?;
    let more = keys.len() > limit;
    let people: Vec<UserId> = keys.iter().map(|it| it.user).collect();
    let labels = read.labels_of(&people)?;
    let items = keys.iter().take(limit).map(|it| {
        let fingerprint = it.key.fingerprint().to_string();
        let label = labels.get(&it.user).cloned();
        let cells = vec![
            label.unwrap_or_else(|| it.user.to_string()),
            it.key.comment().unwrap_or("-").to_owned(),
            it.key.kind().to_owned(),
            zone.day(it.added_at),
            fingerprint.clone(),
        ];
        Item::new(fingerprint, cells).about(it.user)
    });
    Ok(Found {
        title: "SSH keys".to_owned(),
        items: items.collect(),
        more,
    })
}

/// The form that adds a key; whoever sits here is offered first.
fn add(actor: &str) -> Form {
    let me = Some(actor).filter(|it| it.contains('@')).unwrap_or("");
    let fields = vec![
        Field::new("key", "One line of a .pub file.").checked(|text| match text.trim() {
            "" => Ok(()),
            line => SshKey::parse(line).map(|_| ()).map_err(|it| it.to_string()),
        }),
        Field::new(
            "whose",
            "An administrator: yourself; owners add keys for others too.",
        )
        .with(me)
        .offering(Offer::People),
    ];
    Form::new("A key to come in with over SSH", fields, |fields| {
        let text = |i: usize| fields.get(i).map_or("", Field::text);
        let key = SshKey::parse(text(0)).map_err(|it| (0, it.to_string()))?;
        if text(1).is_empty() {
            return Err((1, "say whose it is".to_owned()));
        }
        let whose = text(1).to_owned();
        Ok(Doing::Plan {
            target: format!("a key of {whose}"),
            wish: Wish::Named {
                verb: Verb::AddKey(Box::new(key)),
                names: vec![whose],
            },
        })
    })
}

fn remove(here: &Here<'_>) -> Doing {
    let Some((item, user)) = here.item.and_then(|it| Some((it, it.who?))) else {
        return Doing::Say("there is no key here".to_owned());
    };
    let fingerprint = item.cell(FINGERPRINT);
    let whose = item.cell(0);
    let order = Order::new(
        Command::RemoveSshKeys {
            who: Selection::from(user),
            fingerprint: Some(fingerprint.to_owned()),
        },
        format!("Take a key from {whose}"),
        format!(
            "usher admin key remove {} {}",
            quoted(whose),
            quoted(fingerprint)
        ),
    );
    Doing::Plan {
        target: format!("key {fingerprint} of {whose}"),
        wish: Wish::Order(Box::new(order)),
    }
}
