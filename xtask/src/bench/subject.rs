//! A server under measurement together with the people on it, and the things every phase does to it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::load::{self, Measured, Phase};
use super::people;
use super::server::{Recipe, Server};
use super::stats::median;

/// The longest any phase may take.
pub(crate) const PHASE_BOUND: Duration = Duration::from_secs(6);
const FILL_BOUND: Duration = Duration::from_secs(1_200);
const WINDOW: u64 = 10_000;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// People on the large roster.
    pub(crate) users: u64,
    /// How often a figure is taken; the median is shown.
    pub(crate) rounds: u64,
    /// Creates in a phase.
    pub(crate) creates: u64,
    /// Look-ups in a phase.
    pub(crate) lookups: u64,
    /// How often the server is killed.
    pub(crate) kills: u64,
}

impl Scale {
    /// A minute or two: to see that it works.
    pub(crate) const QUICK: Scale = Scale {
        users: 5_000,
        rounds: 1,
        creates: 4_000,
        lookups: 20_000,
        kills: 1,
    };
    /// The figures that count.
    pub(crate) const FULL: Scale = Scale {
        users: 200_000,
        rounds: 3,
        creates: 12_000,
        lookups: 40_000,
        kills: 5,
    };

    /// Seats enough for everybody whom any phase creates.
    pub(crate) fn seats(self) -> u64 {
        self.users + 1_000_000
    }

    /// How many are deactivated in one batch.
    pub(crate) fn leavers(self) -> u64 {
        (self.users / 2).min(100_000)
    }
}

/// A server, and on it the people with the numbers below `stored`.
pub(crate) struct Subject {
    /// How to start it.
    pub(crate) recipe: Recipe,
    /// How much is done to it.
    pub(crate) scale: Scale,
    /// It itself, unless it is stopped.
    pub(crate) server: Option<Server>,
    /// The number of the next person.
    pub(crate) stored: u64,
    /// Milliseconds from its start to its first answer with nobody on it.
    pub(crate) empty_start_ms: f64,
}

impl Subject {
    /// Starts it empty, as often as there are rounds.
    pub(crate) fn new(recipe: Recipe, scale: Scale) -> Result<Subject> {
        let mut subject = Subject {
            recipe,
            scale,
            server: None,
            stored: 0,
            empty_start_ms: 0.0,
        };
        subject.empty_start_ms = subject.restarts()?;
        Ok(subject)
    }

    /// Stops and starts it, once a round; the median milliseconds to its first answer.
    pub(crate) fn restarts(&mut self) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..self.scale.rounds {
            self.restart(&[])?;
            times.push(self.server()?.started_in_ms);
        }
        median(&times).context("no rounds")
    }

    /// Stops it and starts it under a wrapper.
    pub(crate) fn restart(&mut self, wrapper: &[String]) -> Result<()> {
        self.stop()?;
        self.server = Some(self.recipe.start(wrapper)?);
        Ok(())
    }

    /// Stops it if it runs.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.server.take().map_or(Ok(()), Server::stop)
    }

    /// The running server.
    pub(crate) fn server(&self) -> Result<&Server> {
        self.server
            .as_ref()
            .with_context(|| format!("{} is not running", self.recipe.name))
    }

    /// Creates the next people.
    pub(crate) fn create(&mut self, connections: u64, count: u64) -> Result<Measured> {
        let (first, n_leavers) = (self.stored, self.scale.leavers());
        let phase = Phase {
            connections,
            count,
            bound: PHASE_BOUND,
        };
        let create = |client: &mut _, n: u64| people::create(client, first + n, n_leavers);
        let measured = load::run(self.server()?, phase, &create)?.faultless();
        let measured = measured.with_context(|| format!("creating on {}", self.recipe.name))?;
        self.stored += measured.done;
        Ok(measured)
    }

    /// Looks people up over the whole roster, the same on every run.
    pub(crate) fn look_up(&self) -> Result<Measured> {
        let stored = self.stored;
        let phase = Phase {
            connections: 16,
            count: self.scale.lookups,
            bound: PHASE_BOUND,
        };
        let ask = |client: &mut _, n: u64| {
            let i = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % stored;
            ensure!(
                people::look_up(client, i)?,
                "person {i} was not found by user name"
            );
            Ok(())
        };
        let measured = load::run(self.server()?, phase, &ask)?.faultless();
        measured.with_context(|| format!("looking up on {}", self.recipe.name))
    }

    /// Creates people over many connections until so many are stored or the time is over.
    pub(crate) fn fill(&mut self, users: u64) -> Result<Filled> {
        let (before, started) = (self.stored, Instant::now());
        let mut windows = Vec::new();
        while self.stored < users && started.elapsed() < FILL_BOUND {
            let rate = self.create(64, WINDOW.min(users - self.stored))?.rate();
            windows.push((self.stored, rate));
            println!(
                "bench: {}, {} people, {rate:.0} creates/s",
                self.recipe.name, self.stored
            );
        }
        let rate = (self.stored - before) as f64 / started.elapsed().as_secs_f64();
        Ok(Filled { windows, rate })
    }
}

/// How a roster grew.
pub(crate) struct Filled {
    /// People stored and creates a second, window by window.
    windows: Vec<(u64, f64)>,
    /// Creates a second over all windows.
    pub(crate) rate: f64,
}

impl Filled {
    /// The median rate of the windows that end between the two sizes.
    pub(crate) fn rate_between(&self, from: u64, to: u64) -> Option<f64> {
        let within = self
            .windows
            .iter()
            .filter(|(stored, _)| (from..=to).contains(stored));
        median(&within.map(|(_, rate)| *rate).collect::<Vec<_>>())
    }
}
