//! `usher idp`: identity providers' connections. A token is printed once, on standard output, and kept nowhere.

use serde_json::{Value, json};
use usher_core::Applied;
use usher_core::command::Command;
use usher_core::model::{Connection, ConnectionPolicy, NewPeople};

use crate::args::{IdpAddArgs, IdpCommand, IdpRotateArgs, NewPeopleWord, batch_json};
use crate::confirm::{apply, carry_out};
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, say, write_one};

/// Where `usher serve` listens unless told otherwise.
pub(crate) const LOCAL_URL: &str = "http://127.0.0.1:8080";

const COLUMNS: &[&str] = &[
    "NAME",
    "NEW PEOPLE",
    "MAILS",
    "LIVING TOKENS",
    "LAST USED",
    "REVOKED",
];
const KEYS: &[&str] = &[
    "name",
    "new_people",
    "mails",
    "created_at",
    "revoked_at",
    "tokens",
];

pub(crate) fn run(desk: &Desk, command: IdpCommand) -> Result<()> {
    match command {
        IdpCommand::Add(args) => add(desk, args),
        IdpCommand::List => list(desk),
        IdpCommand::Show { name } => {
            write_one(desk.format, &object(&desk.read()?.connection(&name)?))
        }
        IdpCommand::Rotate(args) => rotate(desk, args),
        IdpCommand::Revoke { name, plan } => {
            carry_out(desk, Command::RevokeConnection { name }, &plan)
        }
    }
}

fn add(desk: &Desk, args: IdpAddArgs) -> Result<()> {
    let new_people = match args.new_people {
        NewPeopleWord::Active => NewPeople::Active,
        NewPeopleWord::Waiting => NewPeople::Waiting,
    };
    let policy = ConnectionPolicy {
        new_people,
        mails: args.mails,
    };
    let command = Command::AddConnection {
        name: args.name.clone(),
        policy,
    };
    match apply(desk, command, &args.plan)? {
        Some(applied) => hand_over(desk, &args.name, args.public_url, &applied),
        None => Ok(()),
    }
}

fn rotate(desk: &Desk, args: IdpRotateArgs) -> Result<()> {
    let command = Command::RotateToken {
        name: args.name.clone(),
        overlap_ms: args.overlap,
    };
    match apply(desk, command, &args.plan)? {
        Some(applied) => hand_over(desk, &args.name, args.public_url, &applied),
        None => Ok(()),
    }
}

/// The base URL of the SCIM server under a public address.
pub(crate) fn base_url(public_url: Option<&str>) -> String {
    format!("{}/scim/v2", public_url.unwrap_or(LOCAL_URL))
}

/// Prints what the provider's settings page asks for. This is the one time that the token is shown.
fn hand_over(desk: &Desk, name: &str, public_url: Option<String>, applied: &Applied) -> Result<()> {
    let public_url = match public_url {
        Some(given) => Some(given),
        None => desk.read()?.settings()?.public_url,
    };
    let json = vec![
        ("name", json!(name)),
        ("base_url", json!(base_url(public_url.as_deref()))),
        ("token", json!(applied.token)),
        ("batch", batch_json(applied.batch)),
    ];
    write_one(desk.format, &json).map_err(|it| it.although_applied(applied.batch))?;
    say(
        desk.format,
        "Give the base URL and the token to the identity provider now; the token is not shown again.",
    )
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for connection in read.connections()? {
        let living = connection
            .tokens
            .iter()
            .filter(|it| it.ends_at.is_none_or(|end| end > read.now()))
            .count();
        let used = connection
            .tokens
            .iter()
            .filter_map(|it| it.last_used_at)
            .max();
        let instant = |it: Option<usher_core::model::Timestamp>| {
            it.map_or("-".to_owned(), |it| it.to_string())
        };
        let cells = vec![
            connection.name.clone(),
            new_people(&connection).to_owned(),
            if connection.policy.mails { "yes" } else { "no" }.to_owned(),
            if connection.revoked_at.is_some() {
                0
            } else {
                living
            }
            .to_string(),
            instant(used),
            instant(connection.revoked_at),
        ];
        listing.row(Row {
            cells,
            json: object(&connection),
        })?;
    }
    listing.end("no connections")
}

fn new_people(connection: &Connection) -> &'static str {
    match connection.policy.new_people {
        NewPeople::Active => "active",
        NewPeople::Waiting => "waiting",
    }
}

fn object(connection: &Connection) -> Vec<(&'static str, Value)> {
    let token = |it: &usher_core::model::Token| json!({ "hint": it.hint, "created_at": it.created_at, "ends_at": it.ends_at, "last_used_at": it.last_used_at });
    vec![
        ("name", json!(connection.name)),
        ("new_people", json!(connection.policy.new_people)),
        ("mails", json!(connection.policy.mails)),
        ("created_at", json!(connection.created_at)),
        ("revoked_at", json!(connection.revoked_at)),
        (
            "tokens",
            Value::Array(connection.tokens.iter().map(token).collect()),
        ),
    ]
}
