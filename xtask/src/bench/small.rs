//! A roster of a thousand: look-ups and other reads, and creates beside raw SQLite.
//!
//! Rounds interleave ours, raw SQLite and the ceiling, so that a noisy minute falls on all of them.

use std::path::Path;

use anyhow::{Context, Result};

use super::floor;
use super::load::Measured;
use super::reads::{self, Reads};
use super::stats::{median, median_ratio};
use super::subject::Subject;
use super::table::{Goal, Row};

const SMALL: u64 = 1_000;
const EARLY: u64 = 20_000;

/// What the large roster is compared with.
pub(crate) struct Small {
    /// Look-ups a second.
    pub(crate) lookup_rate: f64,
    /// Milliseconds within which 99 of 100 look-ups were answered.
    pub(crate) lookup_p99_ms: f64,
    /// Other reads.
    pub(crate) reads: Reads,
    /// Creates a second over many connections up to twenty thousand people.
    pub(crate) early_rate: f64,
}

/// One phase, round by round, on both sides; the ceiling's is empty where there is none.
#[derive(Default)]
pub(crate) struct Rounds {
    /// The product.
    pub(crate) ours: Vec<Measured>,
    ceiling: Vec<Measured>,
}

impl Rounds {
    /// One of our figures, round by round.
    pub(crate) fn ours(&self, figure: fn(&Measured) -> f64) -> Vec<f64> {
        self.ours.iter().map(figure).collect()
    }

    /// Ours against the ceiling.
    fn against_ceiling(&self, name: &str, figure: fn(&Measured) -> f64, goal: Goal) -> Row {
        let ceiling: Vec<f64> = self.ceiling.iter().map(figure).collect();
        let others: Vec<f64> = self.ours.iter().filter_map(|it| it.other_cores).collect();
        let row = Row::pair(name, &self.ours(figure), "ceiling", &ceiling, goal);
        match median(&others) {
            Some(cores) => row.noted(format!("others used {cores:.1} cores")),
            None => row,
        }
    }
}

/// Fills the small roster and measures on it.
pub(crate) fn measure(
    ours: &mut Subject,
    mut ceiling: Option<&mut Subject>,
    folder: &Path,
    rows: &mut Vec<Row>,
) -> Result<Small> {
    ours.create(16, SMALL)?;
    if let Some(ceiling) = ceiling.as_deref_mut() {
        ceiling.create(16, SMALL)?;
    }
    let lookups = look_ups(ours, ceiling.as_deref(), rows)?;
    let reads = reads::measure(ours, ceiling.as_deref(), None, rows)?;
    let early = EARLY.min(ours.scale.users / 2);
    let filled = ours.fill(early)?;
    if let Some(ceiling) = ceiling.as_deref_mut() {
        ceiling.fill(early)?;
    }
    creates(ours, ceiling, folder, rows)?;
    Ok(Small {
        lookup_rate: median(&lookups.ours(Measured::rate)).context("no rounds")?,
        lookup_p99_ms: median(&lookups.ours(Measured::p99_ms)).context("no rounds")?,
        reads,
        early_rate: filled.rate,
    })
}

/// Look-ups at whatever size the roster has now.
pub(crate) fn look_ups(
    ours: &Subject,
    ceiling: Option<&Subject>,
    rows: &mut Vec<Row>,
) -> Result<Rounds> {
    let mut rounds = Rounds::default();
    for _ in 0..ours.scale.rounds {
        rounds.ours.push(ours.look_up()?);
        rounds
            .ceiling
            .extend(ceiling.map(Subject::look_up).transpose()?);
    }
    let size = ours.stored;
    let name = format!("7 look-ups/s by userName, {size} people");
    rows.push(rounds.against_ceiling(&name, Measured::rate, Goal::Ratio(0.8)));
    let name = format!("19 CPU us a look-up, {size} people");
    rows.push(rounds.against_ceiling(&name, Measured::cpu_us, Goal::RatioAtMost(1.3)));
    Ok(rounds)
}

/// What raw SQLite did, round by round: rows a second with so many rows a commit.
#[derive(Default)]
struct Raw {
    r1: Vec<f64>,
    r16: Vec<f64>,
    r100: Vec<f64>,
}

fn creates(
    ours: &mut Subject,
    mut ceiling: Option<&mut Subject>,
    folder: &Path,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let (many, few) = (ours.scale.creates, ours.scale.creates / 5);
    let (mut sixteen, mut one, mut raw) = (Rounds::default(), Rounds::default(), Raw::default());
    for _ in 0..ours.scale.rounds {
        raw.r1.push(floor::rows_per_second(folder, 1)?);
        sixteen.ours.push(ours.create(16, many)?);
        raw.r16.push(floor::rows_per_second(folder, 16)?);
        one.ours.push(ours.create(1, few)?);
        raw.r100.push(floor::rows_per_second(folder, 100)?);
        if let Some(ceiling) = ceiling.as_deref_mut() {
            sixteen.ceiling.push(ceiling.create(16, many)?);
            one.ceiling.push(ceiling.create(1, few)?);
        }
    }
    creates_rows(&sixteen, &one, &raw, rows);
    Ok(())
}

fn creates_rows(sixteen: &Rounds, one: &Rounds, raw: &Raw, rows: &mut Vec<Row>) {
    let rate = Measured::rate;
    let name = "1 durable creates/s, 16 connections";
    let p99 = median(&sixteen.ours(Measured::p99_ms)).unwrap_or_default();
    rows.extend([
        Row::pair(
            name,
            &sixteen.ours(rate),
            "R16 raw SQLite",
            &raw.r16,
            Goal::Ratio(0.36),
        )
        .noted(format!("p99 {p99:.1} ms")),
        Row::pair(
            name,
            &sixteen.ours(rate),
            "R1 raw SQLite",
            &raw.r1,
            Goal::Shown,
        )
        .noted(format!(
            "depends on the disk: cannot pass R16/R1, here {:.1}",
            median_ratio(&raw.r16, &raw.r1).unwrap_or_default()
        )),
        sixteen.against_ceiling(name, rate, Goal::Ratio(0.75)),
    ]);
    let name = "3 durable creates/s, 1 connection";
    rows.extend([
        Row::pair(name, &one.ours(rate), "R1 raw SQLite", &raw.r1, Goal::Shown),
        one.against_ceiling(name, rate, Goal::Ratio(0.85)),
    ]);
    let name = "19 CPU us a create, 16 connections";
    rows.push(sixteen.against_ceiling(name, Measured::cpu_us, Goal::RatioAtMost(1.3)));
    let name = "raw SQLite rows/s, 100 rows a commit (R100)";
    rows.push(Row::pair(
        name,
        &raw.r100,
        "R1 raw SQLite",
        &raw.r1,
        Goal::Shown,
    ));
}
