//! Identity providers' links: whether their tokens live, and when they were last heard.

use usher_core::command::Command;
use usher_core::model::{Connection, ConnectionActivity, ConnectionPolicy, NewPeople, Timestamp};
use usher_core::{Read, Result};

mod health;
mod terms;

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::theme::Role;
use crate::words::quoted;
use crate::zone::Zone;

pub(crate) use health::{Failing, failing};

const DAY_MS: i64 = 86_400_000;

pub(super) const KIND: Kind = Kind {
    name: "connections",
    sentence: "Identity providers: health, tokens, policy, brake.",
    columns: &[
        text("Connection", 14, 1),
        text("Last 24 hours", 20, 1),
        text("Last heard", 17, 0),
        text("Token", 22, 1),
        text("New people", 10, 0),
        text("Mails", 5, 0),
        number("Tokens", 6),
        text("Added", 11, 0),
    ],
    empty: "no identity provider is connected yet; i adds one",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "people",
            sentence: "List the people whom the connection brought.",
            does: |here| on(here, |name| Doing::People(format!("connection:{name}"))),
        },
        Act {
            key: Key::Char('h'),
            name: "held",
            sentence: "List the people whom the connection's brake holds.",
            does: |here| on(here, |name| Doing::Open(Topic::Held(Some(name.to_owned())))),
        },
        Act {
            key: Key::Char('l'),
            name: "inbox",
            sentence: "List what the connection asked, and what came of it.",
            does: |here| on(here, inbox),
        },
        Act {
            key: Key::Char('e'),
            name: "policy",
            sentence: "Say how it brings people in, and how long its tokens work.",
            does: |here| with(here, terms::ask_policy),
        },
        Act {
            key: Key::Char('b'),
            name: "brake",
            sentence: "Limit how many people it may take off in a while, or take the limit away.",
            does: |here| with(here, terms::ask_brake),
        },
        Act {
            key: Key::Char('D'),
            name: "drift",
            sentence: "List where the roster differs from what it says.",
            does: |here| {
                on(here, |name| {
                    Doing::Open(Topic::Drift(Some(name.to_owned())))
                })
            },
        },
        Act {
            key: Key::Char('i'),
            name: "new connection",
            sentence: "Add an identity provider; its token is shown once.",
            does: |_| add(),
        },
        Act {
            key: Key::Char('t'),
            name: "new token",
            sentence: "Give it a new token; the old one goes on for a day.",
            does: |here| on(here, rotate),
        },
        Act {
            key: Key::Delete,
            name: "revoke",
            sentence: "Refuse every token of the connection from now on.",
            does: |here| on(here, revoke),
        },
    ],
};

/// Where a row has what its connection's new people become, and whether they are mailed.
const NEW_PEOPLE: usize = 4;
const MAILS: usize = 5;

fn on(here: &Here<'_>, does: impl FnOnce(&str) -> Doing) -> Doing {
    with(here, |item| does(item.cell(0)))
}

fn with(here: &Here<'_>, does: impl FnOnce(&Item) -> Doing) -> Doing {
    match here.item {
        Some(item) => does(item),
        None => Doing::Say("there is no connection here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let (now, zone) = (read.now(), Zone::of(read)?);
    let mut items = Vec::new();
    for connection in read.connections()? {
        items.push(if read.sees_everybody() {
            let activity = read.connection_activity(connection.id)?;
            let facts = health::facts(read, &connection, &activity, &zone)?;
            item(&connection, &activity, now, &zone).telling(facts)
        } else {
            hidden(&connection)
        });
    }
    Ok(Found {
        title: "connections".to_owned(),
        items,
        more: false,
    })
}

/// What somebody is told who sees a part of the people: that there is such a connection.
fn hidden(connection: &Connection) -> Item {
    let not = || "not shown to you".to_owned();
    let cells = vec![connection.name.clone(), not(), not(), not()];
    Item::new(connection.id, cells).looking(Role::Muted)
}

fn item(
    connection: &Connection,
    activity: &ConnectionActivity,
    now: Timestamp,
    zone: &Zone,
) -> Item {
    let lives = |ends: Option<Timestamp>| ends.is_none_or(|it| it > now);
    let living = connection.tokens.iter().filter(|it| lives(it.ends_at));
    let token = match (connection.revoked_at, living.clone().next()) {
        (Some(at), _) => format!("revoked {}", zone.day(at)),
        (None, None) => "none lives".to_owned(),
        (None, Some(it)) => match it.ends_at {
            None => format!("{}… lives", it.hint),
            Some(end) => format!("{}… until {}", it.hint, zone.day(end)),
        },
    };
    let heard = connection
        .tokens
        .iter()
        .filter_map(|it| it.last_used_at)
        .max();
    let dead = connection.revoked_at.is_some() || living.clone().next().is_none();
    let cells = vec![
        connection.name.clone(),
        health::of_today(activity),
        heard.map_or_else(|| "never".to_owned(), |it| zone.minute(it)),
        token,
        match connection.policy.new_people {
            NewPeople::Active => "active",
            NewPeople::Waiting => "waiting",
        }
        .to_owned(),
        if connection.policy.mails { "yes" } else { "no" }.to_owned(),
        living.count().to_string(),
        zone.day(connection.created_at),
    ];
    let role = match (dead, health::is_bad(activity)) {
        (true, _) => Role::Danger,
        (false, true) => Role::Warn,
        (false, false) => Role::Plain,
    };
    Item::new(connection.id, cells).looking(role)
}

fn plan(name: &str, order: Order) -> Doing {
    Doing::Plan {
        target: format!("connection {name}"),
        wish: Wish::Order(Box::new(order)),
    }
}

fn inbox(name: &str) -> Doing {
    Doing::Open(Topic::Inbox {
        connection: Some(name.to_owned()),
        failed: false,
    })
}

fn rotate(name: &str) -> Doing {
    let command = Command::RotateToken {
        name: name.to_owned(),
        overlap_ms: DAY_MS,
    };
    let line = format!("usher idp rotate {} --overlap 24h", quoted(name));
    let heading = format!("Give {name} a new token");
    plan(name, Order::new(command, heading, line))
}

fn revoke(name: &str) -> Doing {
    let command = Command::RevokeConnection {
        name: name.to_owned(),
    };
    let line = format!("usher idp revoke {}", quoted(name));
    let order = Order::new(command, format!("Revoke connection {name}"), line);
    plan(name, order.with_word(name))
}

fn add() -> Doing {
    let fields = vec![
        Field::new("name", "A short word, such as okta."),
        Field::new(
            "new people",
            "What those whom it brings become: active or waiting.",
        )
        .with("active")
        .offering(Offer::Words(&["active", "waiting"]))
        .checked(one_of(&["active", "waiting"])),
        Field::new("mails", "Whether they are mailed: yes or no.")
            .with("no")
            .offering(Offer::Words(&["no", "yes"]))
            .checked(one_of(&["no", "yes"])),
    ];
    let form = Form::new("New connection", fields, |fields| {
        let text = |i: usize| fields.get(i).map_or("", Field::text);
        let name = text(0);
        if name.is_empty() {
            return Err((0, "give it a name".to_owned()));
        }
        let (waiting, mails) = (text(1) == "waiting", text(2) == "yes");
        let policy = ConnectionPolicy {
            new_people: if waiting {
                NewPeople::Waiting
            } else {
                NewPeople::Active
            },
            mails,
            ..ConnectionPolicy::default()
        };
        let mut line = format!("usher idp add {}", quoted(name));
        if waiting {
            line.push_str(" --new-people waiting");
        }
        if mails {
            line.push_str(" --mails");
        }
        let command = Command::AddConnection {
            name: name.to_owned(),
            policy,
        };
        Ok(plan(
            name,
            Order::new(command, format!("Add connection {name}"), line),
        ))
    });
    Doing::Ask(Box::new(form))
}

fn one_of(
    words: &'static [&'static str],
) -> impl Fn(&str) -> std::result::Result<(), String> + Send + Sync {
    move |text| match words.contains(&text.trim()) {
        true => Ok(()),
        false => Err(format!("use {}", words.join(" or "))),
    }
}
