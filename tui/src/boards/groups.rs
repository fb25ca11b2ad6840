//! Groups: their members, and what they bring.

use usher_core::command::{Command, GroupEdit};
use usher_core::model::PoolName;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::words::{self, quoted};

pub(super) const KIND: Kind = Kind {
    name: "groups",
    sentence: "Groups, their members, and what they bring.",
    columns: &[
        text("Group", 24, 2),
        number("Members", 9),
        text("Trainings", 20, 1),
        text("Pools", 14, 1),
    ],
    empty: "there are no groups yet; i adds one",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "members",
            sentence: "Show the group's members and their roles.",
            does: |here| on(here, |group| Doing::Open(Topic::Members(group.to_owned()))),
        },
        Act {
            key: Key::Char('h'),
            name: "as people",
            sentence: "List the group's members on the screen of people.",
            does: |here| on(here, |group| Doing::People(format!("group:\"{group}\""))),
        },
        Act {
            key: Key::Char('e'),
            name: "edit",
            sentence: "Change the group's name and what it brings.",
            does: |here| on(here, edit),
        },
        Act {
            key: Key::Char('i'),
            name: "new group",
            sentence: "Add a group.",
            does: |_| add(),
        },
        Act {
            key: Key::Delete,
            name: "remove",
            sentence: "Remove the group; its members leave it and keep what they got.",
            does: |here| on(here, remove),
        },
    ],
};

fn on(here: &Here<'_>, does: impl FnOnce(&str) -> Doing) -> Doing {
    match here.item {
        Some(item) => does(item.cell(0)),
        None => Doing::Say("there is no group here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let trainings = read.training_names()?;
    let pools = read.pools()?;
    let groups = read.groups()?;
    let more = groups.len() > limit;
    let mut items = Vec::new();
    for group in groups.into_iter().take(limit) {
        let carried = read.carried_by(group.id)?;
        let trainings = carried.trainings.iter().filter_map(|it| trainings.get(it));
        let trainings: Vec<_> = trainings.map(String::as_str).collect();
        let brought = pools.iter().filter(|it| carried.pools.contains(&it.id));
        let brought: Vec<_> = brought.map(|it| it.name.as_str()).collect();
        let cells = vec![
            group.name.clone(),
            words::number(group.members),
            trainings.join(", "),
            brought.join(", "),
        ];
        items.push(Item::new(group.id, cells).opening(Topic::Members(group.name)));
    }
    Ok(Found {
        title: "groups".to_owned(),
        items,
        more,
    })
}

fn plan(group: &str, order: Order) -> Doing {
    Doing::Plan {
        target: format!("group {group}"),
        wish: Wish::Order(Box::new(order)),
    }
}

fn add() -> Doing {
    let name = Field::new("name", "What the group is called.");
    let form = Form::new("New group", vec![name], |fields| {
        let Some(name) = fields.first().and_then(Field::given) else {
            return Err((0, "give it a name".to_owned()));
        };
        let command = Command::AddGroup {
            name: name.to_owned(),
        };
        let line = format!("usher group add {}", quoted(name));
        Ok(plan(
            name,
            Order::new(command, format!("Add group {name}"), line),
        ))
    });
    Doing::Ask(Box::new(form))
}

fn remove(group: &str) -> Doing {
    let command = Command::RemoveGroup {
        group: group.to_owned(),
    };
    let line = format!("usher group remove {}", quoted(group));
    plan(
        group,
        Order::new(command, format!("Remove group {group}"), line),
    )
}

/// One thing that an edit changes, and its command line, which says one thing at a time.
fn edit(group: &str) -> Doing {
    let fields = vec![
        Field::new("name", "Its name.").with(group),
        Field::new(
            "add trainings",
            "Trainings that its members get from now on.",
        )
        .offering(Offer::Trainings),
        Field::new("drop trainings", "Trainings that it shall bring no longer.")
            .offering(Offer::Trainings),
        Field::new("add pools", "Pools of which its members get a license.").offering(Offer::Pools),
        Field::new("drop pools", "Pools that it shall bring no longer.").offering(Offer::Pools),
    ];
    let group = group.to_owned();
    let form = Form::new(format!("Group {group}"), fields, move |fields| {
        let set = wanted(fields)?;
        if set == GroupEdit::default() {
            return Err((0, "nothing was changed yet".to_owned()));
        }
        let lines = lines(&group, &set).join(" && ");
        let command = Command::EditGroup {
            group: group.clone(),
            set,
        };
        Ok(plan(
            &group,
            Order::new(command, format!("Set group {group}"), lines),
        ))
    });
    Doing::Ask(Box::new(form))
}

fn wanted(fields: &[Field]) -> std::result::Result<GroupEdit, (usize, String)> {
    let mut set = GroupEdit::default();
    if let Some(name) = fields.first().filter(|it| it.is_changed()) {
        set.name = name.given().map(str::to_owned);
    }
    for (i, carried) in [(1, true), (2, false)] {
        let names = list(fields.get(i));
        set.trainings
            .extend(names.map(|it| (it.to_owned(), carried)));
    }
    for (i, carried) in [(3, true), (4, false)] {
        for name in list(fields.get(i)) {
            let pool = name.parse::<PoolName>();
            set.pools
                .push((pool.map_err(|it| (i, it.to_string()))?, carried));
        }
    }
    Ok(set)
}

fn list(field: Option<&Field>) -> impl Iterator<Item = &str> {
    let text = field.map_or("", Field::text);
    text.split([',', ';'])
        .map(str::trim)
        .filter(|it| !it.is_empty())
}

fn lines(group: &str, set: &GroupEdit) -> Vec<String> {
    let group = quoted(group);
    let mut lines = Vec::new();
    let word = |carried: bool| if carried { "add" } else { "remove" };
    for (training, carried) in &set.trainings {
        let training = quoted(training);
        lines.push(format!(
            "usher group training {} {group} {training}",
            word(*carried)
        ));
    }
    for (pool, carried) in &set.pools {
        lines.push(format!(
            "usher group pool {} {group} {pool}",
            word(*carried)
        ));
    }
    if let Some(name) = &set.name {
        lines.push(format!("usher group rename {group} {}", quoted(name)));
    }
    lines
}
