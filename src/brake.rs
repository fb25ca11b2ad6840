//! `usher brake`: whom the brakes on connections hold, and what becomes of them.

use serde_json::json;
use usher_core::command::{Command, HeldWho};
use usher_core::model::Brake;
use usher_core::{Error, Read};

use crate::args::{BrakeCommand, IdpBrakeArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say};

const COLUMNS: &[&str] = &["USER", "CONNECTION", "ASKED", "STATE", "SINCE"];
const KEYS: &[&str] = &["user", "id", "connection", "asked", "state", "since"];

pub(crate) fn run(desk: &Desk, command: BrakeCommand) -> Result<()> {
    match command {
        BrakeCommand::List { connection } => list(desk, connection.as_deref()),
        BrakeCommand::Release(args) => {
            let who = whom(&desk.read()?, &args.who)?;
            carry_out(desk, Command::ReleaseHeld { who }, &args.plan)
        }
        BrakeCommand::Reject(args) => {
            let who = whom(&desk.read()?, &args.who)?;
            carry_out(desk, Command::RejectHeld { who }, &args.plan)
        }
    }
}

/// `usher idp brake`.
pub(crate) fn set(desk: &Desk, args: IdpBrakeArgs) -> Result<()> {
    let brake = match args.off {
        Some(_) => None,
        None => Some(Brake {
            share: args.share,
            floor: args.floor,
            window_ms: args.window,
        }),
    };
    let name = args.name;
    carry_out(desk, Command::SetBrake { name, brake }, &args.plan)
}

/// The brake in a few words.
pub(crate) fn words(brake: &Brake) -> String {
    format!(
        "{}% or {} in {}",
        brake.share,
        brake.floor,
        span(brake.window_ms)
    )
}

fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes % 1_440, minutes % 60) {
        (0, _) if minutes > 0 => format!("{}d", minutes / 1_440),
        (_, 0) if minutes > 0 => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

/// A name of a connection, else people.
fn whom(read: &Read<'_>, words: &[String]) -> Result<HeldWho> {
    match words {
        [] => Ok(HeldWho::All),
        [one] if read.connections()?.iter().any(|it| it.name == one.trim()) => {
            Ok(HeldWho::Connection(one.trim().to_owned()))
        }
        words => match read.find_users(words) {
            Ok(ids) => Ok(HeldWho::Users(ids)),
            Err(error @ Error::NotFound { .. }) => Err(Failure::refused(format!(
                "{error}, and there is no connection of that name; `usher brake list` shows who is held"
            ))),
            Err(error) => Err(error.into()),
        },
    }
}

fn list(desk: &Desk, connection: Option<&str>) -> Result<()> {
    let read = desk.read()?;
    let connection = connection.map(|it| read.connection(it)).transpose()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for held in read.held_people(connection.map(|it| it.id))? {
        let leaving = held.leaving;
        let cells = vec![
            held.label.clone(),
            held.connection_name.clone(),
            leaving.kind.as_str().to_owned(),
            leaving.state.as_str().to_owned(),
            leaving.since.to_string(),
        ];
        let json = vec![
            ("user", json!(held.label)),
            ("id", json!(held.user)),
            ("connection", json!(held.connection_name)),
            ("asked", json!(leaving.kind)),
            ("state", json!(leaving.state)),
            ("since", json!(leaving.since)),
        ];
        listing.row(Row { cells, json })?;
    }
    listing.end("nobody is held")
}

/// Says under a table whom the brakes hold, if anybody: it should not go unseen.
pub(crate) fn banner(desk: &Desk, read: &Read<'_>) -> Result<()> {
    for (connection, held) in read.held_counts()? {
        let people = if held == 1 {
            "1 person"
        } else {
            &format!("{held} people")
        };
        say(
            desk.format,
            &format!(
                "The brake of {connection} holds {people}: see `usher brake list`, then release or reject them."
            ),
        )?;
    }
    Ok(())
}
