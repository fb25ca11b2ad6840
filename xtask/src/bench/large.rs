//! The large roster: how it fills, what look-ups cost there, its memory, its start.

use anyhow::{Context, Result};

use super::load::Measured;
use super::reading;
use super::reads;
use super::small::{self, Small};
use super::stats::median;
use super::subject::{Filled, Subject};
use super::table::{Goal, Row};

/// Fills it and measures; answers with the milliseconds to the first answer of a plain start.
pub(crate) fn measure(
    ours: &mut Subject,
    mut ceiling: Option<&mut Subject>,
    small: &Small,
    rows: &mut Vec<Row>,
) -> Result<f64> {
    let filled = ours.fill(ours.scale.users)?;
    let theirs = ceiling
        .as_deref_mut()
        .map(|it| it.fill(it.scale.users))
        .transpose()?;
    filling(ours.stored, &filled, theirs.as_ref(), small, rows);
    look_ups(ours, ceiling.as_deref(), small, rows)?;
    reads::measure(ours, ceiling.as_deref(), Some(&small.reads), rows)?;
    let name = format!("16 anonymous MiB, {} people", ours.stored);
    let memory = reading::anonymous_mib(ours.server()?.pid())?;
    rows.push(Row::alone(name, Some(memory), Goal::AtMost(96.0)).noted("after the reads"));
    starts(ours, ceiling, rows)
}

fn filling(
    stored: u64,
    ours: &Filled,
    ceiling: Option<&Filled>,
    small: &Small,
    rows: &mut Vec<Row>,
) {
    let late: Vec<f64> = ours.rate_between(90_000, 120_000).into_iter().collect();
    let name = "2 creates/s at 100k people, 64 connections";
    let row = Row::pair(
        name,
        &late,
        "ours, to 20k",
        &[small.early_rate],
        Goal::Ratio(0.85),
    );
    rows.push(if late.is_empty() {
        row.noted("needs --users 120000")
    } else {
        row
    });
    // In at most 1.35 times the time.
    let name = format!("2 creates/s, filling up to {stored} people");
    let theirs: Vec<f64> = ceiling.map(|it| it.rate).into_iter().collect();
    rows.push(Row::pair(
        name,
        &[ours.rate],
        "ceiling",
        &theirs,
        Goal::Ratio(0.74),
    ));
}

fn look_ups(
    ours: &Subject,
    ceiling: Option<&Subject>,
    small: &Small,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let rounds = small::look_ups(ours, ceiling, rows)?;
    let rate = median(&rounds.ours(Measured::rate)).context("no rounds")?;
    let p99 = median(&rounds.ours(Measured::p99_ms)).context("no rounds")?;
    let name = format!("7 look-ups/s by userName, {} people", ours.stored);
    rows.push(Row::pair(
        name,
        &[rate],
        "ours, 1k",
        &[small.lookup_rate],
        Goal::Shown,
    ));
    let name = format!("8 p99 ms of a look-up, {} people", ours.stored);
    let goal = Goal::RatioAtMost(1.5);
    rows.push(Row::pair(
        name,
        &[p99],
        "ours, 1k",
        &[small.lookup_p99_ms],
        goal,
    ));
    Ok(())
}

fn starts(ours: &mut Subject, ceiling: Option<&mut Subject>, rows: &mut Vec<Row>) -> Result<f64> {
    let loaded = ours.restarts()?;
    let theirs: Vec<f64> = ceiling
        .map(Subject::restarts)
        .transpose()?
        .into_iter()
        .collect();
    let name = format!("17 ms to the first answer, {} people", ours.stored);
    let (empty, goal) = ([ours.empty_start_ms], Goal::RatioAtMost(3.0));
    rows.push(Row::pair(
        name.as_str(),
        &[loaded],
        "ours, empty",
        &empty,
        goal,
    ));
    rows.push(Row::pair(
        name,
        &[loaded],
        "ceiling",
        &theirs,
        Goal::RatioAtMost(1.5),
    ));
    Ok(loaded)
}
