//! Who waits for a license of a pool, in the order in which they get one.

use usher_core::command::Command;
use usher_core::model::{Hold, PoolName};
use usher_core::{Read, Result, Selection};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form};
use crate::key::Key;
use crate::words::quoted;

pub(super) const KIND: Kind = Kind {
    name: "queue",
    sentence: "Who waits for a license of a pool.",
    columns: &[
        number("Place", 6),
        text("Name", 20, 1),
        text("Email", 24, 2),
        text("Becomes", 9, 0),
    ],
    empty: "nobody waits",
    read,
    acts: &[
        Act {
            key: Key::Char('K'),
            name: "up",
            sentence: "Move the person one place up.",
            does: |here| by(here, |place| place.saturating_sub(1).max(1)),
        },
        Act {
            key: Key::Char('J'),
            name: "down",
            sentence: "Move the person one place down.",
            does: |here| by(here, |place| place + 1),
        },
        Act {
            key: Key::Char('H'),
            name: "to the head",
            sentence: "Move the person to the head of the queue.",
            does: |here| by(here, |_| 1),
        },
        Act {
            key: Key::Char('='),
            name: "to a place",
            sentence: "Move the person to a place that you type.",
            does: ask,
        },
    ],
};

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Queue(name) = topic else {
        return Ok(Found::default());
    };
    let pool = read.pool(name)?;
    let mut queue = read.queue(pool.id, limit + 1)?;
    let more = queue.len() > limit;
    queue.truncate(limit);
    let rows = queue.into_iter().enumerate().map(|(i, (user, license))| {
        let becomes = match license.hold {
            Hold::Queued(entry) if pool.is_access() => entry.leads_to.as_str(),
            _ => "-",
        };
        let cells = vec![
            (i + 1).to_string(),
            user.name(),
            user.label(),
            becomes.to_owned(),
        ];
        Item::new(user.id, cells).about(user.id)
    });
    Ok(Found {
        title: format!("queue of {name}"),
        items: rows.collect(),
        more,
    })
}

/// The pool, the row's place, and its person's label.
fn waiting<'a>(here: &'a Here<'_>) -> std::result::Result<(&'a PoolName, &'a Item, usize), String> {
    let nobody = || "nobody waits here".to_owned();
    let Topic::Queue(pool) = here.topic else {
        return Err(nobody());
    };
    let item = here.one_person()?;
    let place = item.cell(0).parse().map_err(|_| nobody())?;
    Ok((pool, item, place))
}

fn by(here: &Here<'_>, to: fn(usize) -> usize) -> Doing {
    match waiting(here) {
        Ok((pool, item, place)) if to(place) != place => moved(pool, item, to(place)),
        Ok(_) => Doing::Say("they stand there already".to_owned()),
        Err(why) => Doing::Say(why),
    }
}

fn moved(pool: &PoolName, item: &Item, position: usize) -> Doing {
    let Some(user) = item.who else {
        return Doing::Say("nobody waits here".to_owned());
    };
    let label = item.cell(2);
    let order = Order::new(
        Command::MoveInQueue {
            pool: pool.clone(),
            who: Selection::from(user),
            position,
        },
        format!("Move {label} to place {position} of {pool}"),
        format!(
            "usher queue move {} --pool {pool} --to {position}",
            quoted(label)
        ),
    );
    Doing::Plan {
        target: format!("{} <{label}>, at place {} now", item.cell(1), item.cell(0)),
        wish: Wish::Order(Box::new(order)),
    }
}

fn ask(here: &Here<'_>) -> Doing {
    let (pool, item, _) = match waiting(here) {
        Ok(it) => it,
        Err(why) => return Doing::Say(why),
    };
    let (pool, item) = (pool.clone(), item.clone());
    let field =
        Field::new("place", "1 is the head of the queue.").number::<std::num::NonZeroUsize>();
    let form = Form::new(
        format!("Move {}", item.cell(1)),
        vec![field],
        move |fields| {
            let place = fields.first().and_then(|it| it.text().parse().ok());
            place
                .map(|place| moved(&pool, &item, place))
                .ok_or_else(|| (0, "type a place".to_owned()))
        },
    );
    Doing::Ask(Box::new(form))
}
