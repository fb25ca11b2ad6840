//! Custom fields: what is known of people beyond the profile.

use usher_core::command::{Command, FieldEdit};
use usher_core::model::{FieldKind, VisibleTo};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::words::quoted;

pub(super) const KIND: Kind = Kind {
    name: "fields",
    sentence: "Custom fields: what is known beyond the profile.",
    columns: &[
        text("Field", 20, 1),
        text("In queries", 18, 1),
        text("Kind", 7, 0),
        text("Seen by", 15, 0),
        text("Required", 8, 0),
        text("Values", 20, 2),
    ],
    empty: "there are no custom fields yet; i adds one",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "people",
            sentence: "List the people who have something in the field.",
            does: |here| match here.item {
                Some(item) => Doing::People(format!("has:{}", item.cell(1))),
                None => Doing::Say("there is no field here".to_owned()),
            },
        },
        Act {
            key: Key::Char('e'),
            name: "edit",
            sentence: "Rename the field, say who sees it, add and remove values.",
            does: edit,
        },
        Act {
            key: Key::Char('i'),
            name: "new field",
            sentence: "Add a custom field.",
            does: |_| add(),
        },
        Act {
            key: Key::Delete,
            name: "hide",
            sentence: "Hide the field with all its values; undo brings them back.",
            does: |here| match here.item {
                Some(item) => remove(item.cell(0)),
                None => Doing::Say("there is no field here".to_owned()),
            },
        },
    ],
};

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let fields = read.custom_fields()?.into_iter();
    let items = fields.filter(|it| !it.terms.removed).map(|field| {
        let values = field.choices.iter().filter(|it| !it.terms.removed);
        let values: Vec<_> = values.map(|it| it.terms.name.as_str()).collect();
        let cells = vec![
            field.terms.name.clone(),
            field.key(),
            field.terms.kind.as_str().to_owned(),
            field.terms.visible_to.as_str().to_owned(),
            if field.terms.required { "yes" } else { "no" }.to_owned(),
            values.join(", "),
        ];
        Item::new(field.id, cells)
    });
    Ok(Found {
        title: "custom fields".to_owned(),
        items: items.collect(),
        more: false,
    })
}

fn plan(name: &str, order: Order) -> Doing {
    Doing::Plan {
        target: format!("field {name}"),
        wish: Wish::Order(Box::new(order)),
    }
}

fn remove(name: &str) -> Doing {
    let command = Command::RemoveField {
        name: name.to_owned(),
    };
    let line = format!("usher field remove {}", quoted(name));
    plan(
        name,
        Order::new(command, format!("Hide field {name}"), line),
    )
}

fn list(field: Option<&Field>) -> Vec<String> {
    let text = field.map_or("", Field::text);
    let words = text.split([',', ';']).map(str::trim);
    words
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

fn visible() -> Field {
    Field::new("seen by", "everybody, or administrators only")
        .offering(Offer::Words(&["everybody", "administrators"]))
        .checked(|text| match text.trim() {
            "" | "everybody" | "administrators" => Ok(()),
            _ => Err("use everybody or administrators".to_owned()),
        })
}

fn add() -> Doing {
    let fields = vec![
        Field::new("name", "What it is called."),
        Field::new("kind", "text, date or choice")
            .with("text")
            .offering(Offer::Words(&["text", "date", "choice"]))
            .checked(|text| {
                FieldKind::from_word(text.trim())
                    .map(|_| ())
                    .ok_or_else(|| "use text, date or choice".to_owned())
            }),
        Field::new(
            "values",
            "Of a choice: the allowed values, with commas between them.",
        ),
        visible().with("everybody"),
    ];
    let form = Form::new("New field", fields, |fields| {
        let text = |i: usize| fields.get(i).map_or("", Field::text);
        let kind = FieldKind::from_word(text(1)).unwrap_or(FieldKind::Text);
        let (name, values) = (text(0), list(fields.get(2)));
        if name.is_empty() {
            return Err((0, "give it a name".to_owned()));
        }
        let visible_to = VisibleTo::from_word(text(3));
        let mut line = format!("usher field add {} --kind {}", quoted(name), kind.as_str());
        for value in &values {
            line.push_str(&format!(" --value {}", quoted(value)));
        }
        let command = Command::AddField {
            name: name.to_owned(),
            kind,
            set: FieldEdit {
                visible_to,
                add_values: values,
                ..FieldEdit::default()
            },
        };
        Ok(plan(
            name,
            Order::new(command, format!("Add field {name}"), line),
        ))
    });
    Doing::Ask(Box::new(form))
}

fn edit(here: &Here<'_>) -> Doing {
    let Some(item) = here.item else {
        return Doing::Say("there is no field here".to_owned());
    };
    let fields = vec![
        Field::new(
            "name",
            "What it is called; queries find it by its old name too.",
        )
        .with(item.cell(0)),
        visible().with(item.cell(3)),
        Field::new("add values", "Of a choice: values to allow."),
        Field::new("remove values", "Values that can no longer be chosen."),
    ];
    let name = item.cell(0).to_owned();
    let form = Form::new(format!("Field {name}"), fields, move |fields| {
        let changed = |i: usize| fields.get(i).filter(|it: &&Field| it.is_changed());
        let set = FieldEdit {
            name: changed(0).and_then(Field::given).map(str::to_owned),
            visible_to: changed(1).and_then(|it| VisibleTo::from_word(it.text())),
            add_values: list(fields.get(2)),
            remove_values: list(fields.get(3)),
            ..FieldEdit::default()
        };
        if set == FieldEdit::default() {
            return Err((0, "nothing was changed yet".to_owned()));
        }
        let line = match &set.name {
            Some(new) => format!("usher field rename {} {}", quoted(&name), quoted(new)),
            None => format!("usher field set {}", quoted(&name)),
        };
        let command = Command::SetField {
            name: name.clone(),
            set,
        };
        Ok(plan(
            &name,
            Order::new(command, format!("Set field {name}"), line),
        ))
    });
    Doing::Ask(Box::new(form))
}
