//! `usher due`: what will happen by itself, and doing what is due where no server runs.

use std::collections::HashMap;

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::command::Command;
use usher_core::directory::DuePage;
use usher_core::model::{Due, DueWhat, PoolId, UserId};

use crate::args::{DueArgs, DueCommand, Format, PlanArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say_or_tell};
use crate::who::parse_query;

const PAGE: usize = 1_000;
const COLUMNS: &[&str] = &["DAY", "WHAT", "WHO", "POOL", "AT"];
const KEYS: &[&str] = &[
    "at", "day", "kind", "id", "user", "pool", "overdue", "stays", "why_not",
];

pub(crate) fn run(desk: &Desk, args: DueArgs) -> Result<()> {
    match args.command {
        Some(DueCommand::Run { plan }) => do_due(desk, &plan),
        None => list(desk, &args),
    }
}

fn list(desk: &Desk, args: &DueArgs) -> Result<()> {
    let read = desk.read()?;
    let text = args.query.join(" ");
    let query = (!text.trim().is_empty())
        .then(|| parse_query(&text, &read))
        .transpose()?;
    let pools: HashMap<PoolId, String> = read
        .pools()?
        .into_iter()
        .map(|it| (it.id, it.name.as_str().to_owned()))
        .collect();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut page = DuePage {
        query,
        ..DuePage::default()
    };
    let of_some = page.query.is_some();
    while left > 0 {
        page.limit = PAGE.min(left);
        let found = read.due(&page)?;
        let users: Vec<UserId> = found.iter().filter_map(|it| parts(it).0).collect();
        let labels = read.labels_of(&users)?;
        let why_not = read.why_nothing_comes(&found)?;
        for (due, why_not) in found.iter().zip(why_not) {
            listing.row(row(&read, due, why_not, (&labels, &pools)))?;
        }
        left -= found.len().min(left);
        match found.last() {
            Some(last) if found.len() == page.limit => page.after = Some(*last),
            _ => break,
        }
    }
    let none = if of_some {
        "no date of these people is due; `usher due` alone tells of pools and their queues too"
    } else if read.has_mails_due()? {
        "no date is due; reminders or notices of deletions are, which a server mails (usher serve)"
    } else {
        "nothing is due"
    };
    listing.end(none)
}

/// Whom and which pool it concerns.
fn parts(due: &Due) -> (Option<UserId>, Option<PoolId>) {
    match due.what {
        DueWhat::Promotion(pool) | DueWhat::PoolStart(pool) | DueWhat::PoolEnd(pool) => {
            (None, Some(pool))
        }
        DueWhat::Person { user, pool, .. } => (Some(user), pool),
    }
}

fn row(
    read: &Read<'_>,
    due: &Due,
    why_not: Option<String>,
    (labels, pools): (&HashMap<UserId, String>, &HashMap<PoolId, String>),
) -> Row {
    let (user, pool) = parts(due);
    let label = user.map(|it| labels.get(&it).cloned().unwrap_or_else(|| it.to_string()));
    let pool = pool.map(|it| pools.get(&it).cloned().unwrap_or_else(|| it.to_string()));
    let overdue = due.at <= read.now();
    let at = if overdue {
        "overdue".to_owned()
    } else {
        due.at.to_string()
    };
    let mut what = due.what.as_str().replace('_', " ");
    let stays = user.is_some() && pool.is_some() && why_not.is_some();
    match &why_not {
        Some(_) if stays => what.push_str(" (the license stays)"),
        Some(why_not) => what = format!("{what} (nothing: {why_not})"),
        None => {}
    }
    let cells = vec![
        due.day.to_string(),
        what,
        label.clone().unwrap_or_default(),
        pool.clone().unwrap_or_default(),
        at,
    ];
    let json = vec![
        ("at", json!(due.at)),
        ("day", json!(due.day)),
        ("kind", json!(due.what.as_str())),
        ("id", json!(user)),
        ("user", label.map_or(Value::Null, Value::String)),
        ("pool", pool.map_or(Value::Null, Value::String)),
        ("overdue", json!(overdue)),
        ("stays", json!(stays)),
        ("why_not", json!(why_not)),
    ];
    Row { cells, json }
}

/// So many batches are done at once at the most.
const MOST_ROUNDS: usize = 10_000;

/// Does what is due, batch by batch; with `--plan` shows each as it would be now, and with `--confirm` does the one that was
/// shown so.
fn do_due(desk: &Desk, args: &PlanArgs) -> Result<()> {
    let desk = &Desk {
        session: desk.session.doing_due(),
        format: desk.format,
    };
    let mut commands = desk.session.due_commands()?;
    if commands.is_empty() {
        return Err(Failure::refused("nothing was applied: nothing is due now"));
    }
    if let Some(digest) = args.confirm {
        let mut shown = None;
        for command in commands {
            let plan = desk.session.plan(&desk.session.request(command.clone()))?;
            if plan.digest == digest {
                shown = Some(command);
                break;
            }
        }
        let command = shown.ok_or_else(|| {
            Failure::refused("nothing was applied: nothing that is due now has this plan; look again with --plan")
        })?;
        return carry_out(desk, command, args);
    }
    if args.plan {
        if commands.len() > 1 && desk.format == Format::Table {
            say_or_tell(
                desk.format,
                &format!(
                    "{} batches are due, one after the other; what the first ones change is not in the plans of those after them",
                    commands.len()
                ),
                &[],
            )?;
        }
        return commands
            .into_iter()
            .try_for_each(|it| carry_out(desk, it, args));
    }
    // One may make the next: whoever leaves lets somebody in.
    let mut rounds = 0;
    while let Some(command) = commands.into_iter().next() {
        let is_promotion = command == Command::Promote;
        carry_out(desk, command, args)?;
        rounds += 1;
        if is_promotion || rounds > MOST_ROUNDS {
            break;
        }
        commands = desk.session.due_commands()?;
    }
    Ok(())
}
