//! `usher label`: labels by themselves. Who carries which is edited with `usher edit --label`.

use serde_json::json;
use usher_core::command::Command;

use crate::args::LabelCommand;
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};

pub(crate) fn run(desk: &Desk, command: LabelCommand) -> Result<()> {
    match command {
        LabelCommand::List => list(desk),
        LabelCommand::Rename { label, new, plan } => {
            let to = Some(new);
            carry_out(desk, Command::RenameLabel { label, to }, &plan)
        }
        LabelCommand::Remove { label, plan } => {
            carry_out(desk, Command::RenameLabel { label, to: None }, &plan)
        }
    }
}

fn list(desk: &Desk) -> Result<()> {
    let mut listing = Listing::begin(desk.format, &["LABEL", "PEOPLE"], &["name", "people"]);
    for label in desk.read()?.labels()? {
        let json = vec![("name", json!(label.name)), ("people", json!(label.people))];
        listing.row(Row {
            cells: vec![label.name, label.people.to_string()],
            json,
        })?;
    }
    listing.end("no labels")
}
