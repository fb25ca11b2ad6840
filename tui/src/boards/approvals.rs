//! What one administrator asked for and a second one has to approve.

use usher_core::command::Command;
use usher_core::model::ApprovalId;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::key::Key;
use crate::theme::Role;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "approvals",
    sentence: "What waits for a second administrator.",
    columns: &[
        text("State", 9, 0),
        text("Permission", 20, 0),
        text("For", 14, 1),
        text("Asked by", 12, 1),
        text("Until", 16, 0),
    ],
    empty: "nothing was ever asked of a second administrator",
    read,
    acts: &[
        Act {
            key: Key::Char('A'),
            name: "approve",
            sentence: "Do what the other administrator asked for.",
            does: |here| decide(here, true),
        },
        Act {
            key: Key::Char('X'),
            name: "refuse",
            sentence: "Refuse what the other administrator asked for.",
            does: |here| decide(here, false),
        },
    ],
};

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let approvals = read.approvals()?;
    let more = approvals.len() > limit;
    let mut items = Vec::new();
    for approval in approvals.into_iter().take(limit) {
        let label = read.labels_of(&[approval.user])?.remove(&approval.user);
        let cells = vec![
            approval.standing(read.now()).to_owned(),
            approval.permission.as_str().replace('_', " "),
            label.unwrap_or_else(|| approval.user.to_string()),
            read.actor_name(approval.by)?.replace('_', " "),
            zone.minute(approval.expires_at),
        ];
        let role = if approval.is_open(read.now()) {
            Role::Warn
        } else {
            Role::Muted
        };
        items.push(
            Item::new(approval.id, cells)
                .looking(role)
                .opening(Topic::Person(approval.user)),
        );
    }
    Ok(Found {
        title: "approvals".to_owned(),
        items,
        more,
    })
}

fn decide(here: &Here<'_>, yes: bool) -> Doing {
    let Some(item) = here.item else {
        return Doing::Say("nothing was asked".to_owned());
    };
    let Ok(approval) = item.key.parse::<ApprovalId>() else {
        return Doing::Say("nothing was asked".to_owned());
    };
    let (verb, word) = if yes {
        ("Approve", "approve")
    } else {
        ("Refuse", "reject")
    };
    let command = if yes {
        Command::Approve { approval }
    } else {
        Command::Reject { approval }
    };
    let order = Order::new(
        command,
        format!("{verb}: {} for {}", item.cell(1), item.cell(2)),
        format!("usher approvals {word} {approval}"),
    );
    Doing::Plan {
        target: format!("asked by {}", item.cell(3)),
        wish: Wish::Order(Box::new(order)),
    }
}
