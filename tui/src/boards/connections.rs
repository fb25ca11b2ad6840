//! Identity providers' links: whether their tokens live, and when they were last heard.

use usher_core::command::Command;
use usher_core::model::{Connection, ConnectionPolicy, NewPeople, Timestamp};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::theme::Role;
use crate::words::quoted;
use crate::zone::Zone;

const DAY_MS: i64 = 86_400_000;

pub(super) const KIND: Kind = Kind {
    name: "connections",
    sentence: "Identity providers: tokens, last heard, policy.",
    columns: &[
        text("Connection", 16, 1),
        text("Token", 22, 1),
        text("Last heard", 17, 0),
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

fn on(here: &Here<'_>, does: impl FnOnce(&str) -> Doing) -> Doing {
    match here.item {
        Some(item) => does(item.cell(0)),
        None => Doing::Say("there is no connection here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let (now, zone) = (read.now(), Zone::of(read)?);
    let all = read.connections()?;
    Ok(Found {
        title: "connections".to_owned(),
        items: all.iter().map(|it| item(it, now, &zone)).collect(),
        more: false,
    })
}

fn item(connection: &Connection, now: Timestamp, zone: &Zone) -> Item {
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
        token,
        heard.map_or_else(|| "never".to_owned(), |it| zone.minute(it)),
        match connection.policy.new_people {
            NewPeople::Active => "active",
            NewPeople::Waiting => "waiting",
        }
        .to_owned(),
        if connection.policy.mails { "yes" } else { "no" }.to_owned(),
        living.count().to_string(),
        zone.day(connection.created_at),
    ];
    let role = if dead { Role::Danger } else { Role::Plain };
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
