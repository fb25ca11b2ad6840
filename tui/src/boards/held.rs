//! Whom the brakes on connections hold, and what becomes of them.

use usher_core::command::{Command, HeldWho};
use usher_core::model::{LeaveKind, LeaveState};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::key::Key;
use crate::theme::Role;
use crate::words::{people, quoted};
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "held",
    sentence: "Whom the brakes on connections hold.",
    columns: &[
        text("Person", 24, 2),
        text("Connection", 14, 1),
        text("Asked", 10, 0),
        text("State", 8, 0),
        text("Since", 16, 0),
    ],
    empty: "nobody is held by a brake",
    read,
    acts: &[
        Act {
            key: Key::Char('A'),
            name: "release",
            sentence: "Let them go, as the provider asked: whoever is marked, else this one.",
            does: |here| decide(here, &RELEASE, some),
        },
        Act {
            key: Key::Char('X'),
            name: "reject",
            sentence: "Let them stay, and refuse the provider: whoever is marked, else this one.",
            does: |here| decide(here, &REJECT, some),
        },
        Act {
            key: Key::Char('L'),
            name: "release all",
            sentence: "Let everybody go whom this connection's brake holds.",
            does: |here| decide(here, &RELEASE, all),
        },
        Act {
            key: Key::Char('J'),
            name: "reject all",
            sentence: "Let everybody stay whom this connection's brake holds.",
            does: |here| decide(here, &REJECT, all),
        },
    ],
};

/// One of the two ways to decide.
struct Way {
    heading: &'static str,
    word: &'static str,
    command: fn(HeldWho) -> Command,
}

const RELEASE: Way = Way {
    heading: "Release",
    word: "release",
    command: |who| Command::ReleaseHeld { who },
};

const REJECT: Way = Way {
    heading: "Reject",
    word: "reject",
    command: |who| Command::RejectHeld { who },
};

/// Who is meant, and how they are called: in the heading, above the plan, and on the command line.
struct Whose {
    who: HeldWho,
    called: String,
    words: String,
    line: String,
}

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let Topic::Held(name) = topic else {
        return Ok(Found::default());
    };
    let connection = name.as_deref().map(|it| read.connection(it)).transpose()?;
    let held = read.held_people(connection.map(|it| it.id))?;
    let more = held.len() > limit;
    let items = held.into_iter().take(limit).map(|it| {
        let (kind, role) = (
            match it.leaving.kind {
                LeaveKind::Deactivate => "deactivate",
                LeaveKind::Delete => "delete",
            },
            match it.leaving.state {
                LeaveState::Held => Role::Warn,
                LeaveState::Rejected => Role::Muted,
            },
        );
        let cells = vec![
            it.label,
            it.connection_name,
            kind.to_owned(),
            it.leaving.state.as_str().to_owned(),
            zone.minute(it.leaving.since),
        ];
        Item::new(it.user, cells).looking(role).about(it.user)
    });
    Ok(Found {
        title: match name {
            Some(name) => format!("held by the brake of {name}"),
            None => "held by brakes".to_owned(),
        },
        items: items.collect(),
        more,
    })
}

fn some(here: &Here<'_>) -> Option<Whose> {
    if here.marked.is_empty() {
        let item = here.item?;
        return Some(Whose {
            who: HeldWho::Users(vec![item.who?]),
            called: item.cell(0).to_owned(),
            words: item.cell(0).to_owned(),
            line: quoted(item.cell(0)),
        });
    }
    let ids: Vec<_> = here.marked.iter().map(ToString::to_string).collect();
    Some(Whose {
        who: HeldWho::Users(here.marked.clone()),
        called: people(ids.len()),
        words: here.whom.as_ref()?.words.clone(),
        line: ids.join(" "),
    })
}

fn all(here: &Here<'_>) -> Option<Whose> {
    let name = here.item?.cell(1);
    let words = format!("everybody whom the brake of {name} holds");
    Some(Whose {
        who: HeldWho::Connection(name.to_owned()),
        called: words.clone(),
        words,
        line: quoted(name),
    })
}

fn decide(here: &Here<'_>, way: &Way, whose: fn(&Here<'_>) -> Option<Whose>) -> Doing {
    let Some(whose) = whose(here) else {
        return Doing::Say("nobody is held".to_owned());
    };
    let Whose {
        who,
        called,
        words,
        line,
    } = whose;
    let of_marks = matches!(&who, HeldWho::Users(_)) && !here.marked.is_empty();
    let order = Order::new(
        (way.command)(who),
        format!("{} {called}", way.heading),
        format!("usher brake {} {line}", way.word),
    );
    let (target, wish) = (words, Wish::Order(Box::new(order)));
    if of_marks {
        Doing::OfMarks(Box::new(Doing::Plan { target, wish }))
    } else {
        Doing::Plan { target, wish }
    }
}
