//! What is measured, in the order in which it is: a small roster, its syncs, a large one, crashes, one batch.
//!
//! Rounds interleave ours, the ceiling and raw SQLite, so that a noisy minute falls on all of them.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::load::{self, Measured, Phase};
use super::server::{Recipe, Server};
use super::stats::{median, median_ratio};
use super::table::{Goal, Row};
use super::usher::Usher;
use super::{floor, people, reading};
use crate::process;

const SMALL: u64 = 1_000;
const WINDOW: u64 = 10_000;
const PHASE_BOUND: Duration = Duration::from_secs(6);
const FILL_BOUND: Duration = Duration::from_secs(1_200);

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    users: u64,
    rounds: u64,
    creates: u64,
    lookups: u64,
    kills: u64,
}

impl Scale {
    /// A minute or two: to see that it works.
    pub(crate) const QUICK: Scale = Scale {
        users: 5_000,
        rounds: 1,
        creates: 1_000,
        lookups: 4_000,
        kills: 1,
    };
    /// The figures that count.
    pub(crate) const FULL: Scale = Scale {
        users: 200_000,
        rounds: 3,
        creates: 4_000,
        lookups: 30_000,
        kills: 5,
    };

    /// The same with so many people on the large roster.
    pub(crate) fn with_users(self, users: u64) -> Scale {
        Scale { users, ..self }
    }

    /// Seats enough for everybody whom any phase creates.
    pub(crate) fn seats(self) -> u64 {
        self.users + 1_000_000
    }

    fn leavers(self) -> u64 {
        (self.users / 2).min(100_000)
    }
}

/// A server with the people that are on it: number 0 to `stored`.
pub(crate) struct Subject {
    recipe: Recipe,
    scale: Scale,
    server: Option<Server>,
    stored: u64,
    empty_start: f64,
}

impl Subject {
    /// Starts it empty, as often as there are rounds.
    pub(crate) fn new(recipe: Recipe, scale: Scale) -> Result<Subject> {
        let mut subject = Subject {
            recipe,
            scale,
            server: None,
            stored: 0,
            empty_start: 0.0,
        };
        subject.empty_start = subject.restarts()?;
        Ok(subject)
    }

    /// Stops and starts it, once a round; the median milliseconds to its first answer.
    fn restarts(&mut self) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..self.scale.rounds {
            self.restart(&[])?;
            times.push(self.server()?.started_in.as_secs_f64() * 1e3);
        }
        median(&times).context("no rounds")
    }

    fn restart(&mut self, wrapper: &[String]) -> Result<()> {
        self.stop()?;
        self.server = Some(self.recipe.start(wrapper)?);
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        self.server.take().map_or(Ok(()), Server::stop)
    }

    fn server(&self) -> Result<&Server> {
        self.server
            .as_ref()
            .with_context(|| format!("{} is not running", self.recipe.name))
    }

    fn create(&mut self, connections: u64, count: u64) -> Result<Measured> {
        let (first, n_leavers) = (self.stored, self.scale.leavers());
        let phase = Phase {
            connections,
            count,
            bound: PHASE_BOUND,
        };
        let measured = load::run(self.server()?, phase, &|client, n| {
            people::create(client, first + n, n_leavers)
        })?
        .faultless();
        let measured =
            measured.with_context(|| format!("creating people on {}", self.recipe.name))?;
        self.stored += measured.done;
        Ok(measured)
    }

    fn look_up(&self) -> Result<Measured> {
        let (stored, phase) = (
            self.stored,
            Phase {
                connections: 16,
                count: self.scale.lookups,
                bound: PHASE_BOUND,
            },
        );
        let ask = |client: &mut _, n: u64| {
            // Spread over the whole roster, the same on every run.
            let i = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % stored;
            ensure!(
                people::look_up(client, i)?,
                "person {i} was not found by user name"
            );
            Ok(())
        };
        let measured = load::run(self.server()?, phase, &ask)?.faultless();
        measured.with_context(|| format!("looking people up on {}", self.recipe.name))
    }

    /// Creates people over many connections until so many are stored or the time is over.
    fn fill(&mut self, users: u64) -> Result<Filled> {
        let started = Instant::now();
        let mut windows = Vec::new();
        while self.stored < users && started.elapsed() < FILL_BOUND {
            let rate = self.create(64, WINDOW.min(users - self.stored))?.rate();
            windows.push((self.stored, rate));
            println!(
                "bench: {} has {} people, {rate:.0} creates/s",
                self.recipe.name, self.stored
            );
        }
        Ok(Filled {
            windows,
            took: started.elapsed(),
        })
    }
}

/// How a roster grew: people stored and creates a second, window by window.
struct Filled {
    windows: Vec<(u64, f64)>,
    took: Duration,
}

impl Filled {
    /// The median rate of the windows that end between the two sizes.
    fn rate(&self, from: u64, to: u64) -> Option<f64> {
        let within = self
            .windows
            .iter()
            .filter(|(stored, _)| (from..=to).contains(stored));
        median(&within.map(|(_, rate)| *rate).collect::<Vec<_>>())
    }
}

/// What later phases compare with.
pub(crate) struct Small {
    lookup_rate: f64,
    lookup_p99_ms: f64,
    loaded_start: f64,
}

/// Both sides of rounds, one value a round; the ceiling's are empty where there is none.
#[derive(Default)]
struct Sides {
    ours: Vec<Measured>,
    ceiling: Vec<Measured>,
}

impl Sides {
    fn ours(&self, figure: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.ours.iter().map(figure).collect()
    }

    fn ceiling(&self, figure: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.ceiling.iter().map(figure).collect()
    }

    /// A row of ours against the ceiling.
    fn row(&self, name: String, figure: impl Fn(&Measured) -> f64, goal: Goal) -> Row {
        let others = median(
            &self
                .ours
                .iter()
                .filter_map(|it| it.other_cores)
                .collect::<Vec<_>>(),
        );
        let note = others.map_or(String::new(), |it| format!("others used {it:.1} cores"));
        pair(
            name,
            "ceiling",
            &self.ours(&figure),
            &self.ceiling(&figure),
            goal,
            note,
        )
    }
}

fn pair(
    name: String,
    against: &'static str,
    ours: &[f64],
    reference: &[f64],
    goal: Goal,
    note: String,
) -> Row {
    let ratio = median_ratio(ours, reference);
    Row {
        name,
        ours: median(ours),
        against,
        reference: median(reference),
        ratio,
        goal,
        note,
    }
}

/// A roster of a thousand: look-ups, and creates beside raw SQLite.
pub(crate) fn small(
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
    creates(ours, ceiling, folder, rows)?;
    Ok(Small {
        lookup_rate: median(&lookups.ours(Measured::rate)).context("no rounds")?,
        lookup_p99_ms: median(&lookups.ours(p99)).context("no rounds")?,
        loaded_start: ours.empty_start,
    })
}

fn look_ups(ours: &Subject, ceiling: Option<&Subject>, rows: &mut Vec<Row>) -> Result<Sides> {
    let mut sides = Sides::default();
    for _ in 0..ours.scale.rounds {
        sides.ours.push(ours.look_up()?);
        sides
            .ceiling
            .extend(ceiling.map(Subject::look_up).transpose()?);
    }
    let size = ours.stored;
    rows.push(sides.row(
        format!("7 look-ups/s by userName, {size} people"),
        Measured::rate,
        Goal::Ratio(0.8),
    ));
    rows.push(sides.row(
        format!("19 CPU us a look-up, {size} people"),
        cpu,
        Goal::RatioAtMost(1.3),
    ));
    Ok(sides)
}

fn creates(
    ours: &mut Subject,
    mut ceiling: Option<&mut Subject>,
    folder: &Path,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let scale = ours.scale;
    let (mut one, mut sixteen) = (Sides::default(), Sides::default());
    let (mut r1, mut r16, mut r100) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        r1.push(floor::rows_per_second(folder, 1)?);
        sixteen.ours.push(ours.create(16, scale.creates)?);
        r16.push(floor::rows_per_second(folder, 16)?);
        one.ours.push(ours.create(1, scale.creates / 5)?);
        r100.push(floor::rows_per_second(folder, 100)?);
        if let Some(ceiling) = ceiling.as_deref_mut() {
            sixteen.ceiling.push(ceiling.create(16, scale.creates)?);
            one.ceiling.push(ceiling.create(1, scale.creates / 5)?);
        }
    }
    let rate = Measured::rate;
    let p99_note = median(&sixteen.ours(p99)).map_or(String::new(), |it| format!("p99 {it:.1} ms"));
    let name = || "1 durable creates/s, 16 connections".to_owned();
    rows.push(pair(
        name(),
        "R16 raw SQLite",
        &sixteen.ours(rate),
        &r16,
        Goal::Ratio(0.36),
        p99_note,
    ));
    let note = "1.5 on a quiet disk, 3.2 on a busy one".to_owned();
    rows.push(pair(
        name(),
        "R1 raw SQLite",
        &sixteen.ours(rate),
        &r1,
        Goal::Ratio(1.5),
        note,
    ));
    rows.push(sixteen.row(name(), rate, Goal::Ratio(0.75)));
    let name = || "3 durable creates/s, 1 connection".to_owned();
    rows.push(pair(
        name(),
        "R1 raw SQLite",
        &one.ours(rate),
        &r1,
        Goal::Shown,
        String::new(),
    ));
    rows.push(one.row(name(), rate, Goal::Ratio(0.85)));
    rows.push(sixteen.row(
        "19 CPU us a create, 16 connections".into(),
        cpu,
        Goal::RatioAtMost(1.3),
    ));
    let raw = "what group commit could give at most".to_owned();
    rows.push(pair(
        "raw SQLite rows/s, 100 rows a commit".into(),
        "R1 raw SQLite",
        &r100,
        &r1,
        Goal::Shown,
        raw,
    ));
    Ok(())
}

/// How often a create makes the disk sync, by tracing the system calls.
pub(crate) fn syncs(ours: &mut Subject, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let trace = folder.join("syncs.trace");
    let path = trace.display().to_string();
    // -D keeps the server our own child; --seccomp-bpf stops it at the traced calls only.
    let wrapper = [
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=fsync,fdatasync",
        "-o",
        &path,
    ];
    let wrapper = wrapper.map(str::to_owned);
    let name = |connections: u64| format!("4 syncs a create, {connections} connection(s)");
    if !process::answers(
        "strace",
        &["-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true"],
    ) {
        rows.push(Row::alone(
            name(1),
            None,
            Goal::AtMost(1.0),
            "skipped: no strace here",
        ));
        rows.push(Row::alone(
            name(16),
            None,
            Goal::AtMost(0.25),
            "skipped: no strace here",
        ));
        return Ok(());
    }
    ours.restart(&wrapper)?;
    for (connections, goal) in [(1, 1.0), (16, 0.25)] {
        let before = count_syncs(&trace)?;
        let done = ours.create(connections, ours.scale.creates / 2)?.done;
        let syncs = (count_syncs(&trace)? - before) as f64 / done as f64;
        rows.push(Row::alone(
            name(connections),
            Some(syncs),
            Goal::AtMost(goal),
            format!("{done} creates, traced"),
        ));
    }
    ours.restart(&[])
}

/// Calls begun; a call that was interrupted in the trace is resumed without a parenthesis.
fn count_syncs(trace: &Path) -> Result<usize> {
    let text = fs::read_to_string(trace).context("the trace of the system calls")?;
    Ok(text.matches("sync(").count())
}

/// The large roster: how it fills, what look-ups cost there, its memory, its start.
pub(crate) fn large(
    ours: &mut Subject,
    mut ceiling: Option<&mut Subject>,
    small: &mut Small,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let filled = ours.fill(ours.scale.users)?;
    let filled_ceiling = ceiling
        .as_deref_mut()
        .map(|it| it.fill(it.scale.users))
        .transpose()?;
    filling(ours, &filled, filled_ceiling.as_ref(), rows);
    let lookups = look_ups(ours, ceiling.as_deref(), rows)?;
    rows.push(Row::alone(
        format!("16 anonymous MiB with {} people", ours.stored),
        Some(reading::anonymous_mib(ours.server()?.pid())?),
        Goal::AtMost(96.0),
        "after the reads",
    ));
    let (rates, p99s) = (lookups.ours(Measured::rate), lookups.ours(p99));
    let size = ours.stored;
    let mut against_small = |what: &str, now: &[f64], before: f64, goal: Goal| {
        let name = format!("{what}, {size} people");
        let now = median(now).into_iter().collect::<Vec<_>>();
        rows.push(pair(
            name,
            "ours, 1000",
            &now,
            &[before],
            goal,
            String::new(),
        ));
    };
    against_small(
        "7 look-ups/s by userName",
        &rates,
        small.lookup_rate,
        Goal::Shown,
    );
    against_small(
        "8 p99 ms of a look-up",
        &p99s,
        small.lookup_p99_ms,
        Goal::RatioAtMost(1.5),
    );
    starts(ours, ceiling, small, rows)
}

fn filling(ours: &Subject, filled: &Filled, ceiling: Option<&Filled>, rows: &mut Vec<Row>) {
    let (early, late) = (filled.rate(10_000, 30_000), filled.rate(80_000, 120_000));
    rows.push(Row {
        name: "2 creates/s at 100k people, 64 connections".into(),
        ours: late,
        against: "ours, 10k to 30k",
        reference: early,
        ratio: early.zip(late).map(|(early, late)| late / early),
        goal: Goal::Ratio(0.85),
        note: if late.is_none() {
            "needs --users 120000".into()
        } else {
            String::new()
        },
    });
    let seconds = filled.took.as_secs_f64();
    let theirs: Vec<f64> = ceiling
        .map(|it| it.took.as_secs_f64())
        .into_iter()
        .collect();
    let name = format!("2 seconds to fill {} people", ours.stored);
    rows.push(pair(
        name,
        "ceiling",
        &[seconds],
        &theirs,
        Goal::RatioAtMost(1.35),
        String::new(),
    ));
}

fn starts(
    ours: &mut Subject,
    ceiling: Option<&mut Subject>,
    small: &mut Small,
    rows: &mut Vec<Row>,
) -> Result<()> {
    small.loaded_start = ours.restarts()?;
    let theirs: Vec<f64> = ceiling
        .map(Subject::restarts)
        .transpose()?
        .into_iter()
        .collect();
    let (name, loaded) = (
        || format!("17 ms to the first answer, {} people", ours.stored),
        [small.loaded_start],
    );
    rows.push(pair(
        name(),
        "ours, empty",
        &loaded,
        &[ours.empty_start],
        Goal::RatioAtMost(3.0),
        String::new(),
    ));
    rows.push(pair(
        name(),
        "ceiling",
        &loaded,
        &theirs,
        Goal::RatioAtMost(1.5),
        String::new(),
    ));
    Ok(())
}

/// Kills the server under load and counts what it had acknowledged and does not know any more.
pub(crate) fn crashes(ours: &mut Subject, small: &Small, rows: &mut Vec<Row>) -> Result<()> {
    let (mut n_acknowledged, mut n_lost, mut starts) = (0, 0, Vec::new());
    for round in 0..ours.scale.kills {
        let acknowledged =
            create_until_killed(ours, Duration::from_millis(200 + round * 173 % 800))?;
        ours.restart(&[])?;
        starts.push(ours.server()?.started_in.as_secs_f64() * 1e3);
        n_lost += count_lost(ours.server()?, &acknowledged)?;
        n_acknowledged += acknowledged.len();
    }
    let note = format!(
        "{n_acknowledged} acknowledged in {} kills",
        ours.scale.kills
    );
    rows.push(Row::alone(
        "18 acknowledged creates lost by kill -9",
        Some(n_lost as f64),
        Goal::AtMost(0.0),
        note,
    ));
    let name = "18 ms to the first answer after kill -9".to_owned();
    let plain = [small.loaded_start];
    let after = [median(&starts).context("no kills")?];
    rows.push(pair(
        name,
        "ours, stopped",
        &after,
        &plain,
        Goal::RatioAtMost(2.0),
        String::new(),
    ));
    Ok(())
}

/// The numbers of the people whose creation was acknowledged before the kill.
fn create_until_killed(ours: &mut Subject, after: Duration) -> Result<Vec<u64>> {
    let server = ours.server.take().context("the server is not running")?;
    let (first, acknowledged) = (ours.stored, Mutex::new(Vec::new()));
    let phase = Phase {
        connections: 16,
        count: u64::MAX,
        bound: PHASE_BOUND,
    };
    let measured = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(after);
            server.kill();
        });
        load::run(&server, phase, &|client, n| {
            people::create(client, first + n, 0)?;
            acknowledged
                .lock()
                .map_err(|_| anyhow::anyhow!("a connection panicked"))?
                .push(first + n);
            Ok(())
        })
    })?;
    // Whether those in flight exist is not known; no later phase may ask for them or create them again.
    ours.stored += measured.done + measured.errors;
    acknowledged.into_inner().context("a connection panicked")
}

fn count_lost(server: &Server, acknowledged: &[u64]) -> Result<u64> {
    let lost = AtomicU64::new(0);
    let count = u64::try_from(acknowledged.len())?;
    let phase = Phase {
        connections: 16,
        count,
        bound: Duration::from_secs(120),
    };
    let looked = load::run(server, phase, &|client, n| {
        let person = usize::try_from(n)
            .ok()
            .and_then(|n| acknowledged.get(n))
            .context("no such number")?;
        if !people::look_up(client, *person)? {
            lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })?
    .faultless()?;
    ensure!(
        looked.done == count,
        "only {} of {count} acknowledged people could be looked up in time",
        looked.done
    );
    Ok(lost.into_inner())
}

/// One batch that deactivates up to 100,000 people, by the command line, with the server stopped.
pub(crate) fn one_batch(
    mut ours: Subject,
    usher: &Usher,
    folder: &Path,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let leavers = ours.scale.leavers();
    ours.stop()?;
    ensure!(
        ours.stored >= leavers,
        "only {} people were created in time",
        ours.stored
    );
    let before = usher.held()?;
    let started = Instant::now();
    usher.deactivate_leavers()?;
    let rate = leavers as f64 / started.elapsed().as_secs_f64();
    let freed = before - usher.held()?.min(before);
    ensure!(
        freed == leavers,
        "deactivating {leavers} people freed {freed} licenses"
    );
    let raw = floor::rows_per_second(folder, 100)?;
    let name = format!("users/s in one batch of {leavers} deactivations");
    rows.push(pair(
        name,
        "R100 raw SQLite",
        &[rate],
        &[raw],
        Goal::Shown,
        "whole command".into(),
    ));
    Ok(())
}

fn p99(measured: &Measured) -> f64 {
    measured.p99_ms().unwrap_or_default()
}

fn cpu(measured: &Measured) -> f64 {
    measured.cpu_us.unwrap_or_default()
}
