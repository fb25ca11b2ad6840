//! `usher reclaim`: seats that may be wasted, and taking them back.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{PoolId, Timestamp, UserId};
use usher_core::waste::{Reason, Wasted, Wasteful};

use crate::args::{Format, ReclaimArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, say};

const DAY_MS: i64 = 86_400_000;
/// How many are listed unless said otherwise.
const LISTED: usize = 1_000;
const COLUMNS: &[&str] = &[
    "REASON",
    "SINCE",
    "DAYS",
    "STATUS",
    "NAME",
    "EMAIL",
    "LOOKS LIKE",
    "WOULD GIVE BACK",
];
const KEYS: &[&str] = &[
    "reason",
    "since",
    "days",
    "id",
    "email",
    "name",
    "status",
    "looks_like",
    "gives",
];

/// Lists the seats, or takes them back if a plan is asked for.
pub(crate) fn run(desk: &Desk, args: ReclaimArgs) -> Result<()> {
    // People who came in a moment ago are looked at when the writer is idle; now is sooner.
    desk.session.directory().settle()?;
    let taking = args.plan.plan || args.plan.yes || args.plan.confirm.is_some();
    let plan = args.plan.clone();
    let limit = args
        .limit
        .unwrap_or(if taking { usize::MAX } else { LISTED });
    let wanted = wanted(desk, args, limit)?;
    if taking {
        return carry_out(desk, Command::Reclaim(wanted), &plan);
    }
    list(desk, &wanted)
}

fn wanted(desk: &Desk, args: ReclaimArgs, limit: usize) -> Result<Wasteful> {
    let read = desk.read()?;
    let except = read.find_users(&args.except)?;
    // Whole days, so that a plan shown and a plan applied a little later mean the same people.
    let today = read.now().as_millis().div_euclid(DAY_MS) * DAY_MS;
    let ago = |days: u32| Timestamp::from_millis(today - i64::from(days) * DAY_MS);
    let reasons = if args.reason.is_empty() {
        Reason::ALL.into()
    } else {
        args.reason.into_iter().collect()
    };
    if let Some(pool) = &args.pool {
        read.pool(pool)?;
    }
    Ok(Wasteful {
        reasons,
        not_seen_since: ago(args.not_seen),
        invited_before: ago(args.not_accepted),
        pool: args.pool,
        except: except.into_iter().collect(),
        limit,
    })
}

fn list(desk: &Desk, wanted: &Wasteful) -> Result<()> {
    let read = desk.read()?;
    let found = read.wasted(wanted)?;
    let pools: HashMap<PoolId, String> = read
        .pools()?
        .into_iter()
        .map(|it| (it.id, it.name.to_string()))
        .collect();
    let twins: Vec<UserId> = found.iter().filter_map(|it| it.twin).collect();
    let twins = read.labels_of(&twins)?;
    let mut back: BTreeMap<&str, usize> = BTreeMap::new();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for wasted in &found {
        let gives: Vec<&str> = wasted
            .gives
            .iter()
            .filter_map(|it| pools.get(it).map(String::as_str))
            .collect();
        for pool in &gives {
            *back.entry(pool).or_default() += 1;
        }
        let twin = wasted.twin.and_then(|it| twins.get(&it)).cloned();
        listing.row(row(wasted, &gives, twin, read.now()))?;
    }
    listing.end("no seat looks wasted")?;
    if desk.format == Format::Table
        && wanted.reasons.contains(&Reason::NotSeen)
        && !read.was_anybody_seen()?
    {
        let text = "nobody was ever seen, so not_seen finds nobody: the platform reports whom it sees with a token of the scope seen";
        say(desk.format, text)?;
    }
    if desk.format == Format::Table && !found.is_empty() {
        let back: Vec<String> = back
            .iter()
            .map(|(pool, count)| format!("{count} of {pool}"))
            .collect();
        let more = if found.len() == wanted.limit {
            "; there may be more, see --limit"
        } else {
            ""
        };
        let text = format!(
            "{} seats, which would give back {}{more}. --plan shows how, --yes takes them back.",
            found.len(),
            back.join(", ")
        );
        say(desk.format, &text)?;
    }
    Ok(())
}

fn row(wasted: &Wasted, gives: &[&str], twin: Option<String>, now: Timestamp) -> Row {
    let user = &wasted.user;
    let days = (now.as_millis() - wasted.since.as_millis()).div_euclid(DAY_MS);
    let since = wasted.since.to_string();
    let cells = vec![
        wasted.reason.to_string(),
        since.split('T').next().unwrap_or_default().to_owned(),
        days.to_string(),
        user.status.to_string(),
        user.name(),
        user.label(),
        twin.clone().unwrap_or_else(|| "-".to_owned()),
        gives.join(" "),
    ];
    let json: Vec<(&'static str, Value)> = vec![
        ("reason", json!(wasted.reason.as_str())),
        ("since", json!(wasted.since)),
        ("days", json!(days)),
        ("id", json!(user.id)),
        ("email", json!(user.profile.email)),
        ("name", json!(user.name())),
        ("status", json!(user.status)),
        ("looks_like", json!(twin)),
        ("gives", json!(gives)),
    ];
    Row { cells, json }
}
