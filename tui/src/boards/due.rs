//! What will happen by itself, and what should have happened already.

use std::collections::HashMap;

use usher_core::directory::DuePage;
use usher_core::model::{DueWhat, PoolId, UserId};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Found, Item, Kind, text};
use crate::theme::Role;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "due dates",
    sentence: "What will happen by itself, the next first.",
    columns: &[
        text("Day", 11, 0),
        text("What", 12, 1),
        text("Who", 28, 2),
        text("Pool", 12, 0),
        text("At", 17, 0),
    ],
    empty: "nothing is coming by itself",
    read,
    acts: &[],
};

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut due = read.due(&DuePage {
        limit: limit + 1,
        ..DuePage::default()
    })?;
    let more = due.len() > limit;
    due.truncate(limit);
    let pools: HashMap<PoolId, String> = read
        .pools()?
        .into_iter()
        .map(|it| (it.id, it.name.to_string()))
        .collect();
    let users: Vec<UserId> = due.iter().filter_map(|it| parts(it.what).0).collect();
    let labels = read.labels_of(&users)?;
    let why_not = read.why_nothing_comes(&due)?;
    let items = due.iter().zip(why_not).map(|(due, why_not)| {
        let (user, pool) = parts(due.what);
        let overdue = due.at <= read.now();
        let label = user.and_then(|it| labels.get(&it)).cloned();
        let pool_name = pool.and_then(|it| pools.get(&it)).cloned();
        let what = match (&why_not, pool) {
            // Of the end of a license that a group or pre-work gives anyway nothing comes but that.
            (Some(_), Some(_)) => "end, stays".to_owned(),
            (Some(why_not), None) => format!("{}: {why_not}", due.what.as_str()),
            (None, _) => due.what.as_str().replace('_', " "),
        };
        let cells = vec![
            due.day.to_string(),
            what,
            label.unwrap_or_default(),
            pool_name.unwrap_or_default(),
            if overdue {
                "overdue".to_owned()
            } else {
                zone.minute(due.at)
            },
        ];
        let key = format!("{} {} {user:?} {pool:?}", due.day, due.what.as_str());
        let role = match (&why_not, overdue) {
            (Some(_), _) => Role::Muted,
            (None, true) => Role::Danger,
            (None, false) => Role::Plain,
        };
        let item = Item::new(key, cells).looking(role);
        match user {
            Some(user) => item.about(user),
            None => item.opening(Topic::Pools),
        }
    });
    Ok(Found {
        title: "due dates".to_owned(),
        items: items.collect(),
        more,
    })
}

fn parts(what: DueWhat) -> (Option<UserId>, Option<PoolId>) {
    match what {
        DueWhat::Promotion(pool) | DueWhat::PoolStart(pool) | DueWhat::PoolEnd(pool) => {
            (None, Some(pool))
        }
        DueWhat::Person { user, pool, .. } => (Some(user), pool),
    }
}
