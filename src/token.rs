//! `usher token`: tokens for the platform behind Usher. A token is printed once, on standard output, and kept nowhere.

use serde_json::{Value, json};
use usher_core::Applied;
use usher_core::command::Command;
use usher_core::model::{Platform, Timestamp, Token};

use crate::args::{TokenAddArgs, TokenCommand, TokenRotateArgs, batch_json};
use crate::confirm::{apply, carry_out};
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, say, write_one};
use crate::public_url;

const COLUMNS: &[&str] = &["NAME", "SCOPES", "LIVING TOKENS", "LAST USED", "REVOKED"];
const KEYS: &[&str] = &["name", "scopes", "created_at", "revoked_at", "tokens"];

pub(crate) fn run(desk: &Desk, command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Add(args) => add(desk, args),
        TokenCommand::List => list(desk),
        TokenCommand::Rotate(args) => rotate(desk, args),
        TokenCommand::Revoke { name, plan } => {
            carry_out(desk, Command::RevokePlatform { name }, &plan)
        }
    }
}

fn add(desk: &Desk, args: TokenAddArgs) -> Result<()> {
    let command = Command::AddPlatform {
        name: args.name.clone(),
        scopes: args.scope,
    };
    match apply(desk, command, &args.plan)? {
        Some(applied) => hand_over(desk, &args.name, args.public_url, &applied),
        None => Ok(()),
    }
}

fn rotate(desk: &Desk, args: TokenRotateArgs) -> Result<()> {
    let command = Command::RotatePlatformToken {
        name: args.name.clone(),
        overlap_ms: args.overlap,
    };
    match apply(desk, command, &args.plan)? {
        Some(applied) => hand_over(desk, &args.name, args.public_url, &applied),
        None => Ok(()),
    }
}

/// Prints what the platform needs. This is the one time that the token is shown.
fn hand_over(desk: &Desk, name: &str, given: Option<String>, applied: &Applied) -> Result<()> {
    let base = public_url::keep(desk, given)?;
    let json = vec![
        ("name", json!(name)),
        ("base_url", json!(format!("{base}/api/v1"))),
        ("token", json!(applied.token)),
        ("batch", batch_json(applied.batch)),
    ];
    write_one(desk.format, &json).map_err(|it| it.although_applied(applied.batch))?;
    say(
        desk.format,
        "Give the base URL and the token to the platform now; the token is not shown again.",
    )
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for platform in read.platforms()? {
        let living = |it: &&Token| {
            platform.revoked_at.is_none() && it.ends_at.is_none_or(|end| end > read.now())
        };
        let used = platform.tokens.iter().filter_map(|it| it.last_used_at);
        let instant = |it: Option<Timestamp>| it.map_or("-".to_owned(), |it| it.to_string());
        let cells = vec![
            platform.name.clone(),
            platform.scopes.to_string(),
            platform.tokens.iter().filter(living).count().to_string(),
            instant(used.max()),
            instant(platform.revoked_at),
        ];
        listing.row(Row {
            cells,
            json: object(&platform),
        })?;
    }
    listing.end("no tokens")
}

fn object(platform: &Platform) -> Vec<(&'static str, Value)> {
    let token = |it: &Token| json!({ "hint": it.hint, "created_at": it.created_at, "ends_at": it.ends_at, "last_used_at": it.last_used_at });
    vec![
        ("name", json!(platform.name)),
        ("scopes", json!(platform.scopes)),
        ("created_at", json!(platform.created_at)),
        ("revoked_at", json!(platform.revoked_at)),
        (
            "tokens",
            Value::Array(platform.tokens.iter().map(token).collect()),
        ),
    ]
}
