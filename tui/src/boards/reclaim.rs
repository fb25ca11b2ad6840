//! Seats that may be wasted, and taking them back.

use std::collections::BTreeSet;

use usher_core::command::Command;
use usher_core::model::Timestamp;
use usher_core::waste::{Reason, Wasteful};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::key::Key;
use crate::words;
use crate::zone::Zone;

const DAY_MS: i64 = 86_400_000;

pub(super) const KIND: Kind = Kind {
    name: "reclaim",
    sentence: "Seats that may be wasted, the surest first.",
    columns: &[
        text("Reason", 13, 0),
        text("Since", 11, 0),
        text("Name", 18, 1),
        text("Email", 24, 2),
        text("Status", 9, 0),
        text("Gives back", 14, 0),
        text("Looks like", 20, 1),
    ],
    empty: "no seat looks wasted",
    read,
    acts: &[
        Act {
            key: Key::Char('T'),
            name: "take all back",
            sentence: "Show the plan for taking all of these seats back.",
            does: |here| take(here, |_| true),
        },
        Act {
            key: Key::Char('S'),
            name: "of this reason",
            sentence: "Show the plan for taking back the seats of this row's reason.",
            does: |here| {
                let reason = here.item.map_or("", |it| it.cell(0)).replace(' ', "_");
                take(here, |it| it.as_str() == reason)
            },
        },
    ],
};

/// What is looked for: as `usher reclaim` does without options.
fn wanted(now: Timestamp, reasons: BTreeSet<Reason>, limit: usize) -> Wasteful {
    // Whole days, so that a plan shown and a plan applied a little later mean the same people.
    let today = now.as_millis().div_euclid(DAY_MS) * DAY_MS;
    let ago = |days: i64| Timestamp::from_millis(today - days * DAY_MS);
    Wasteful {
        reasons,
        not_seen_since: ago(90),
        invited_before: ago(14),
        pool: None,
        except: BTreeSet::new(),
        limit,
    }
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut found = read.wasted(&wanted(read.now(), Reason::ALL.into(), limit + 1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let pools = read.pools()?;
    let twins: Vec<_> = found.iter().filter_map(|it| it.twin).collect();
    let twins = read.labels_of(&twins)?;
    let items = found.iter().map(|it| {
        let gives = pools.iter().filter(|pool| it.gives.contains(&pool.id));
        let gives: Vec<_> = gives.map(|it| it.name.as_str()).collect();
        let cells = vec![
            it.reason.as_str().replace('_', " "),
            zone.day(it.since),
            it.user.name(),
            it.user.label(),
            it.user.status.as_str().to_owned(),
            gives.join(" "),
            it.twin
                .and_then(|it| twins.get(&it))
                .cloned()
                .unwrap_or_default(),
        ];
        Item::new(it.user.id, cells).about(it.user.id)
    });
    Ok(Found {
        title: "seats that may be wasted".to_owned(),
        items: items.collect(),
        more,
    })
}

fn take(here: &Here<'_>, of: impl Fn(&Reason) -> bool) -> Doing {
    let reasons: BTreeSet<_> = Reason::ALL.into_iter().filter(|it| of(it)).collect();
    if reasons.is_empty() {
        return Doing::Say("no seat looks wasted".to_owned());
    }
    let mut line = "usher reclaim --yes".to_owned();
    let names: Vec<_> = reasons.iter().map(|it| it.as_str()).collect();
    if reasons.len() < Reason::ALL.len() {
        line.push_str(&format!(" --reason {}", names.join(",")));
    }
    let order = Order::new(
        Command::Reclaim(wanted(here.now, reasons.clone(), usize::MAX)),
        "Take wasted seats back",
        line,
    );
    Doing::Plan {
        target: format!(
            "{}: {}",
            words::some(reasons.len(), "reason"),
            names.join(", ").replace('_', " ")
        ),
        wish: Wish::Order(Box::new(order)),
    }
}
