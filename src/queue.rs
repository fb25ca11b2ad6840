//! `usher queue`: who waits for a license, and in which order.

use serde_json::json;
use usher_core::Read;
use usher_core::command::Command;
use usher_core::model::{Hold, License, Pool, PoolName, User};

use crate::args::{QueueCommand, QueueMoveArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};
use crate::who::selection;

const COLUMNS: &[&str] = &["POOL", "POSITION", "NAME", "EMAIL", "BECOMES"];
const KEYS: &[&str] = &["pool", "position", "id", "user", "leads_to"];

pub(crate) fn run(desk: &Desk, command: Option<QueueCommand>) -> Result<()> {
    match command {
        None => list(desk, None),
        Some(QueueCommand::List { pool }) => list(desk, pool.as_ref()),
        Some(QueueCommand::Move(args)) => move_in(desk, args),
    }
}

fn move_in(desk: &Desk, args: QueueMoveArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who.who)?;
    let position = usize::try_from(args.to).unwrap_or(usize::MAX);
    carry_out(desk, Command::MoveInQueue { pool: args.pool, who, position }, &args.who.plan)
}

fn list(desk: &Desk, only: Option<&PoolName>) -> Result<()> {
    let read = desk.read()?;
    let pools = match only {
        Some(name) => vec![read.pool(name)?],
        None => read.pools()?,
    };
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for pool in pools.iter().filter(|it| it.queued > 0) {
        for (i, (user, license)) in queued(&read, pool)?.into_iter().enumerate() {
            listing.row(row(pool, i + 1, &user, &license))?;
        }
    }
    listing.end("nobody waits")
}

fn queued(read: &Read<'_>, pool: &Pool) -> Result<Vec<(User, License)>> {
    Ok(read.queue(pool.id, usize::try_from(pool.queued).unwrap_or(usize::MAX))?)
}

fn row(pool: &Pool, position: usize, user: &User, license: &License) -> Row {
    let leads_to = match license.hold {
        Hold::Queued(entry) if pool.is_access() => Some(entry.leads_to),
        _ => None,
    };
    let cells = vec![
        pool.name.to_string(),
        position.to_string(),
        user.name(),
        user.label(),
        leads_to.map_or("-", |it| it.as_str()).to_owned(),
    ];
    let json = vec![
        ("pool", json!(pool.name)),
        ("position", json!(position)),
        ("id", json!(user.id)),
        ("user", json!(user.label())),
        ("leads_to", json!(leads_to)),
    ];
    Row { cells, json }
}
