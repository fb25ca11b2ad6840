//! `usher pool`: what was purchased, what was agreed for it, and who holds how much.

use serde_json::json;
use usher_core::command::{Command, PoolEdit};
use usher_core::forecast::Forecast;
use usher_core::model::Pool;

use crate::args::{GrantArgs, PoolCommand, PoolTermsArgs, ReleaseArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};
use crate::who::selection;

const COLUMNS: &[&str] = &[
    "POOL",
    "PURCHASED",
    "HELD",
    "RESERVED",
    "CONSUMED",
    "FREE",
    "QUEUED",
    "WHEN FULL",
    "COUNTS FROM",
    "ALARM",
    "FULL ON",
];
const KEYS: &[&str] = &[
    "name",
    "purchased",
    "held",
    "reserved",
    "consumed",
    "queued",
    "free",
    "at_capacity",
    "counts_from",
    "recoverable",
    "starts_on",
    "ends_on",
    "outside_dates",
    "alarms",
    "alarm",
    "full_on",
    "growth_28_days",
    "scheduled_joiners",
    "scheduled_leavers",
];

/// Lists these pools with their forecasts; a listing of the past has none.
pub(crate) fn list(desk: &Desk, pools: &[Pool], forecasts: &[Forecast]) -> Result<()> {
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for pool in pools {
        let forecast = forecasts.iter().find(|it| it.pool == pool.id);
        listing.row(row(pool, forecast))?;
    }
    listing.end("no pools")
}

/// A pool in the words of the contract.
fn row(pool: &Pool, forecast: Option<&Forecast>) -> Row {
    let terms = &pool.terms;
    let numbers = [
        terms.purchased,
        pool.held(),
        pool.reserved,
        pool.consumed,
        pool.free(),
        pool.queued,
    ];
    let mut cells = vec![pool.name.to_string()];
    cells.extend(numbers.iter().map(ToString::to_string));
    cells.extend([
        terms.at_capacity.to_string(),
        terms.counts_from.as_str().to_owned(),
        match pool.alarm {
            0 => "-".to_owned(),
            reached => format!("{reached} %"),
        },
        full_on(pool, forecast),
    ]);
    let json = vec![
        ("name", json!(pool.name)),
        ("purchased", json!(terms.purchased)),
        ("held", json!(pool.held())),
        ("reserved", json!(pool.reserved)),
        ("consumed", json!(pool.consumed)),
        ("queued", json!(pool.queued)),
        ("free", json!(pool.free())),
        ("at_capacity", json!(terms.at_capacity)),
        ("counts_from", json!(terms.counts_from)),
        ("recoverable", json!(terms.recoverable)),
        ("starts_on", json!(terms.starts_on)),
        ("ends_on", json!(terms.ends_on)),
        ("outside_dates", json!(pool.outside)),
        ("alarms", json!(terms.alarms)),
        ("alarm", json!((pool.alarm > 0).then_some(pool.alarm))),
        ("full_on", json!(forecast.and_then(|it| it.full_on))),
        ("growth_28_days", json!(forecast.map(|it| it.growth))),
        ("scheduled_joiners", json!(forecast.map(|it| it.joiners))),
        ("scheduled_leavers", json!(forecast.map(|it| it.leavers))),
    ];
    Row { cells, json }
}

/// When nothing will be free.
fn full_on(pool: &Pool, forecast: Option<&Forecast>) -> String {
    if let Some(outside) = pool.outside {
        return outside.to_string();
    }
    match forecast {
        None => "-".to_owned(),
        Some(_) if pool.free() == 0 => "now".to_owned(),
        Some(Forecast {
            full_on: Some(day), ..
        }) => day.to_string(),
        Some(_) => "not within a year".to_owned(),
    }
}

pub(crate) fn run(desk: &Desk, command: PoolCommand) -> Result<()> {
    match command {
        PoolCommand::List => {
            let read = desk.read()?;
            list(desk, &read.pools()?, &read.forecasts()?)
        }
        PoolCommand::Add(it) => carry_out(
            desk,
            Command::AddPool {
                name: it.name,
                set: edit(it.terms),
            },
            &it.plan,
        ),
        PoolCommand::Set(it) => carry_out(
            desk,
            Command::SetPool {
                name: it.name,
                set: edit(it.terms),
            },
            &it.plan,
        ),
        PoolCommand::Grant(it) => {
            let GrantArgs { pool, who, until } = it;
            let people = selection(&desk.read()?, &who.who)?;
            let command = Command::Grant {
                who: people,
                pool,
                until: until.map(|it| it.0),
            };
            carry_out(desk, command, &who.plan)
        }
        PoolCommand::Release(it) => {
            let ReleaseArgs { pool, who } = it;
            let people = selection(&desk.read()?, &who.who)?;
            carry_out(desk, Command::Release { who: people, pool }, &who.plan)
        }
    }
}

fn edit(terms: PoolTermsArgs) -> PoolEdit {
    PoolEdit {
        purchased: terms.purchased,
        counts_from: terms.counts_from,
        recoverable: terms.recoverable,
        at_capacity: terms.at_capacity,
        starts_on: terms.starts_on.map(|it| it.0),
        ends_on: terms.ends_on.map(|it| it.0),
        alarms: terms.alarms,
    }
}
