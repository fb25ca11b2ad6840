//! `usher group`: groups of people. Who is in them is edited with `usher edit --group`.

use serde_json::json;
use usher_core::command::Command;

use crate::args::GroupCommand;
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};

pub(crate) fn run(desk: &Desk, command: GroupCommand) -> Result<()> {
    match command {
        GroupCommand::Add { name, plan } => carry_out(desk, Command::AddGroup { name }, &plan),
        GroupCommand::List => list(desk),
    }
}

fn list(desk: &Desk) -> Result<()> {
    let mut listing = Listing::begin(desk.format, &["GROUP", "MEMBERS"], &["id", "name", "members"]);
    for group in desk.read()?.groups()? {
        let json = vec![("id", json!(group.id)), ("name", json!(group.name)), ("members", json!(group.members))];
        listing.row(Row { cells: vec![group.name, group.members.to_string()], json })?;
    }
    listing.end("no groups")
}
