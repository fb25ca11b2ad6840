//! `usher field`: what is known of people beyond the profile. What somebody has in a field is set with `usher edit --field`.

use serde_json::json;
use usher_core::command::{Command, FieldEdit};
use usher_core::model::{CustomField, field_key};

use crate::args::{FieldAddArgs, FieldCommand, FieldSetArgs, FieldValuesArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row};

const COLUMNS: &[&str] = &[
    "FIELD",
    "IN QUERIES",
    "KIND",
    "VISIBLE TO",
    "REQUIRED",
    "VALUES",
];
const KEYS: &[&str] = &[
    "id",
    "name",
    "key",
    "kind",
    "visible_to",
    "required",
    "values",
];
const VALUE_COLUMNS: &[&str] = &["VALUE", "PEOPLE", ""];
const VALUE_KEYS: &[&str] = &["id", "name", "people", "removed"];

pub(crate) fn run(desk: &Desk, command: FieldCommand) -> Result<()> {
    match command {
        FieldCommand::Add(args) => add(desk, args),
        FieldCommand::List => list(desk),
        FieldCommand::Rename { name, new, plan } => {
            let set = FieldEdit {
                name: Some(new),
                ..FieldEdit::default()
            };
            carry_out(desk, Command::SetField { name, set }, &plan)
        }
        FieldCommand::Set(args) => set(desk, args),
        FieldCommand::Values(args) => values(desk, args),
        FieldCommand::Remove { name, plan } => {
            carry_out(desk, Command::RemoveField { name }, &plan)
        }
    }
}

fn add(desk: &Desk, args: FieldAddArgs) -> Result<()> {
    let command = Command::AddField {
        name: args.name,
        kind: args.kind,
        set: FieldEdit {
            visible_to: Some(args.visible),
            required: Some(args.required),
            add_values: args.value,
            ..FieldEdit::default()
        },
    };
    carry_out(desk, command, &args.plan)
}

fn set(desk: &Desk, args: FieldSetArgs) -> Result<()> {
    let set = FieldEdit {
        visible_to: args.visible,
        required: args.required,
        ..FieldEdit::default()
    };
    let name = args.name;
    carry_out(desk, Command::SetField { name, set }, &args.plan)
}

fn list(desk: &Desk) -> Result<()> {
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for field in desk.read()?.custom_fields()? {
        let terms = &field.terms;
        let living = field.choices.iter().filter(|it| !it.terms.removed);
        let names: Vec<&str> = living.map(|it| it.terms.name.as_str()).collect();
        let cells = vec![
            terms.name.clone(),
            format!("{}:", field.key()),
            terms.kind.as_str().to_owned(),
            terms.visible_to.as_str().to_owned(),
            if terms.required { "yes" } else { "no" }.to_owned(),
            names.join(", "),
        ];
        let json = vec![
            ("id", json!(field.id)),
            ("name", json!(terms.name)),
            ("key", json!(field.key())),
            ("kind", json!(terms.kind)),
            ("visible_to", json!(terms.visible_to)),
            ("required", json!(terms.required)),
            ("values", json!(names)),
        ];
        listing.row(Row { cells, json })?;
    }
    listing.end("no custom fields")
}

fn values(desk: &Desk, args: FieldValuesArgs) -> Result<()> {
    if args.add.is_empty() && args.remove.is_empty() && args.rename.is_empty() {
        return list_values(desk, &args.name);
    }
    let set = FieldEdit {
        add_values: args.add,
        remove_values: args.remove,
        rename_values: args.rename,
        ..FieldEdit::default()
    };
    let name = args.name;
    carry_out(desk, Command::SetField { name, set }, &args.plan)
}

fn list_values(desk: &Desk, name: &str) -> Result<()> {
    let read = desk.read()?;
    let key = field_key(name);
    let named = |it: &CustomField| it.key() == key || it.id.to_string() == key;
    let field = read.custom_fields()?.into_iter().find(named);
    let field = field.ok_or_else(|| Failure::refused(format!("there is no field {name}")))?;
    let people = read.choice_counts(field.id)?;
    let mut listing = Listing::begin(desk.format, VALUE_COLUMNS, VALUE_KEYS);
    for choice in &field.choices {
        let count = people.get(&choice.id).copied().unwrap_or(0);
        if choice.terms.removed && count == 0 {
            continue;
        }
        let cells = vec![
            choice.terms.name.clone(),
            count.to_string(),
            if choice.terms.removed { "removed" } else { "" }.to_owned(),
        ];
        let json = vec![
            ("id", json!(choice.id)),
            ("name", json!(choice.terms.name)),
            ("people", json!(count)),
            ("removed", json!(choice.terms.removed)),
        ];
        listing.row(Row { cells, json })?;
    }
    listing.end("no values")
}
