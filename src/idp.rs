//! `usher idp`: identity providers' connections. A token is printed once, on standard output, and kept nowhere.

mod requests;
mod shown;

use serde_json::{Value, json};
use usher_core::command::{Command, ConnectionEdit};
use usher_core::model::{Connection, ConnectionPolicy, NewPeople, Timestamp};
use usher_core::{Applied, Read};

use crate::args::{
    Format, IdpAddArgs, IdpCommand, IdpOwnArgs, IdpRotateArgs, IdpSetArgs, NewPeopleWord,
    batch_json,
};
use crate::brake;
use crate::confirm::{apply, carry_out};
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, say, write_one};
use crate::public_url;
use crate::who::selection;

const COLUMNS: &[&str] = &[
    "NAME",
    "NEW PEOPLE",
    "MAILS",
    "LIVING TOKENS",
    "EXPIRES",
    "LAST USED",
    "REVOKED",
    "BRAKE",
    "HELD",
];
const KEYS: &[&str] = &[
    "name",
    "new_people",
    "mails",
    "created_at",
    "revoked_at",
    "brake",
    "held",
    "tokens",
    "token_days",
    "maps",
    "owns",
    "owned",
];

pub(crate) fn run(desk: &Desk, command: IdpCommand) -> Result<()> {
    match command {
        IdpCommand::Add(args) => add(desk, args),
        IdpCommand::List => list(desk),
        IdpCommand::Show { name } => {
            let read = desk.read()?;
            let connection = read.connection(&name)?;
            match desk.format {
                Format::Table => shown::show(desk, &read, &connection),
                Format::Json | Format::Csv => {
                    let mut shown = object(&read, &connection)?;
                    shown.extend(activity(&read, &connection)?);
                    write_one(desk.format, &shown)
                }
            }
        }
        IdpCommand::Brake(args) => brake::set(desk, args),
        IdpCommand::Log(args) => requests::log(desk, &args),
        IdpCommand::Replay(args) => requests::replay(desk, &args),
        IdpCommand::Set(args) => set(desk, args),
        IdpCommand::Map(args) => {
            let command = Command::MapAttributes {
                name: args.name,
                set: args.map,
            };
            carry_out(desk, command, &args.plan)
        }
        IdpCommand::Own(args) => own(desk, args),
        IdpCommand::Relink(args) => {
            let who = selection(&desk.read()?, &args.who.who)?;
            let name = args.name;
            carry_out(desk, Command::Relink { name, who }, &args.who.plan)
        }
        IdpCommand::Rotate(args) => rotate(desk, args),
        IdpCommand::Revoke { name, plan } => {
            carry_out(desk, Command::RevokeConnection { name }, &plan)
        }
    }
}

fn add(desk: &Desk, args: IdpAddArgs) -> Result<()> {
    let policy = ConnectionPolicy {
        new_people: args.new_people.into(),
        mails: args.mails,
        token_days: args.token_days,
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

impl From<NewPeopleWord> for NewPeople {
    fn from(word: NewPeopleWord) -> Self {
        match word {
            NewPeopleWord::Active => Self::Active,
            NewPeopleWord::Waiting => Self::Waiting,
        }
    }
}

fn set(desk: &Desk, args: IdpSetArgs) -> Result<()> {
    let command = Command::SetConnection {
        name: args.name,
        set: ConnectionEdit {
            new_people: args.new_people.map(NewPeople::from),
            mails: args.mails,
            token_days: args.token_days.map(|it| it.0),
        },
    };
    carry_out(desk, command, &args.plan)
}

fn own(desk: &Desk, args: IdpOwnArgs) -> Result<()> {
    let fields = match args.fields.trim() {
        "default" => None,
        "none" => Some(Vec::new()),
        names => Some(names.split(',').map(str::to_owned).collect()),
    };
    let command = Command::OwnFields {
        name: args.name,
        fields,
    };
    carry_out(desk, command, &args.plan)
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
pub(crate) fn base_url(public_url: &str) -> String {
    format!("{public_url}/scim/v2")
}

/// Prints what the provider's settings page asks for. This is the one time that the token is shown.
fn hand_over(desk: &Desk, name: &str, given: Option<String>, applied: &Applied) -> Result<()> {
    let public_url = public_url::keep(desk, given)?;
    let json = vec![
        ("name", json!(name)),
        ("base_url", json!(base_url(&public_url))),
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
    let held = read.held_counts()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for connection in read.connections()? {
        let brake = read.brake(connection.id)?;
        let count = held_by(&held, &connection);
        let is_living = |end: Option<Timestamp>| end.is_none_or(|end| end > read.now());
        let living: Vec<_> = connection
            .tokens
            .iter()
            .filter(|it| connection.revoked_at.is_none() && is_living(it.ends_at))
            .collect();
        // From when on the provider is let in no more, if that is known.
        let expires = match living.iter().any(|it| it.ends_at.is_none()) {
            true => None,
            false => living.iter().filter_map(|it| it.ends_at).max(),
        };
        let used = connection
            .tokens
            .iter()
            .filter_map(|it| it.last_used_at)
            .max();
        let instant = |it: Option<Timestamp>| it.map_or("-".to_owned(), |it| it.to_string());
        let cells = vec![
            connection.name.clone(),
            new_people(&connection).to_owned(),
            if connection.policy.mails { "yes" } else { "no" }.to_owned(),
            living.len().to_string(),
            instant(expires),
            instant(used),
            instant(connection.revoked_at),
            brake.as_ref().map_or("-".to_owned(), brake::words),
            count.to_string(),
        ];
        listing.row(Row {
            cells,
            json: object(&read, &connection)?,
        })?;
    }
    listing.end("no connections")?;
    brake::banner(desk, &read)
}

fn new_people(connection: &Connection) -> &'static str {
    connection.policy.new_people.as_str()
}

/// How the connection is doing, beside how it is set.
fn activity(read: &Read<'_>, connection: &Connection) -> Result<Vec<(&'static str, Value)>> {
    let activity = read.connection_activity(connection.id)?;
    let tokens = connection.tokens.iter().filter_map(|it| it.last_used_at);
    let rate = (activity.asked_today > 0)
        .then(|| activity.failed_today as f64 / activity.asked_today as f64);
    Ok(vec![
        ("last_seen_at", json!(tokens.max())),
        ("last_asked_at", json!(activity.last_asked_at)),
        ("asked_24h", json!(activity.asked_today)),
        ("failed_24h", json!(activity.failed_today)),
        ("error_rate_24h", json!(rate)),
        ("people", json!(activity.people)),
        ("queued", json!(activity.queued)),
    ])
}

fn held_by(held: &[(String, i64)], connection: &Connection) -> i64 {
    let of = held.iter().find(|it| it.0 == connection.name);
    of.map_or(0, |it| it.1)
}

fn object(read: &Read<'_>, connection: &Connection) -> Result<Vec<(&'static str, Value)>> {
    let token = |it: &usher_core::model::Token| json!({ "hint": it.hint, "created_at": it.created_at, "ends_at": it.ends_at, "last_used_at": it.last_used_at });
    let mut maps = Vec::new();
    for map in &connection.maps {
        for field in read.part_names(&[map.part])? {
            maps.push(json!({ "field": field, "path": map.path }));
        }
    }
    let chosen = match &connection.owns {
        Some(parts) => Some(read.part_names(parts)?),
        None => None,
    };
    let owned = read.part_names(&connection.owned())?;
    Ok(vec![
        ("name", json!(connection.name)),
        ("new_people", json!(connection.policy.new_people)),
        ("mails", json!(connection.policy.mails)),
        ("created_at", json!(connection.created_at)),
        ("revoked_at", json!(connection.revoked_at)),
        ("brake", json!(read.brake(connection.id)?)),
        ("held", json!(held_by(&read.held_counts()?, connection))),
        (
            "tokens",
            Value::Array(connection.tokens.iter().map(token).collect()),
        ),
        ("token_days", json!(connection.policy.token_days)),
        ("maps", Value::Array(maps)),
        ("owns", json!(chosen)),
        ("owned", json!(owned)),
    ])
}
