//! Labels: the free words that people carry.

use usher_core::command::Command;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form};
use crate::key::Key;
use crate::words::{self, quoted};

pub(super) const KIND: Kind = Kind {
    name: "labels",
    sentence: "Labels, and how many people carry each.",
    columns: &[text("Label", 24, 1), number("People", 9)],
    empty: "nobody carries a label",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "people",
            sentence: "List the people who carry the label.",
            does: |here| on(here, |label| Doing::People(format!("label:\"{label}\""))),
        },
        Act {
            key: Key::Char('e'),
            name: "rename",
            sentence: "Rename the label on everybody who carries it.",
            does: |here| on(here, rename),
        },
        Act {
            key: Key::Delete,
            name: "take off",
            sentence: "Take the label off everybody.",
            does: |here| on(here, |label| plan(label, None)),
        },
    ],
};

fn on(here: &Here<'_>, does: impl FnOnce(&str) -> Doing) -> Doing {
    match here.item {
        Some(item) => does(item.cell(0)),
        None => Doing::Say("there is no label here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let labels = read.labels()?;
    let more = labels.len() > limit;
    let items = labels.into_iter().take(limit);
    let items =
        items.map(|it| Item::new(&it.name, vec![it.name.clone(), words::number(it.people)]));
    Ok(Found {
        title: "labels".to_owned(),
        items: items.collect(),
        more,
    })
}

fn plan(label: &str, to: Option<String>) -> Doing {
    let (heading, line) = match &to {
        Some(new) => (
            format!("Rename label {label} to {new}"),
            format!("usher label rename {} {}", quoted(label), quoted(new)),
        ),
        None => (
            format!("Take label {label} off everybody"),
            format!("usher label remove {}", quoted(label)),
        ),
    };
    let command = Command::RenameLabel {
        label: label.to_owned(),
        to,
    };
    Doing::Plan {
        target: format!("label {label}"),
        wish: Wish::Order(Box::new(Order::new(command, heading, line))),
    }
}

fn rename(label: &str) -> Doing {
    let field = Field::new("new name", "What the label is called from now on.").with(label);
    let label = label.to_owned();
    let form = Form::new(
        format!("Label {label}"),
        vec![field],
        move |fields| match fields
            .first()
            .filter(|it| it.is_changed())
            .and_then(Field::given)
        {
            Some(new) => Ok(plan(&label, Some(new.to_owned()))),
            None => Err((0, "type another name".to_owned())),
        },
    );
    Doing::Ask(Box::new(form))
}
