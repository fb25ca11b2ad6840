//! A closed loop: so many connections, each asking again as soon as it was answered, bounded in count and time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::http::Client;
use super::server::Server;
use super::{reading, stats};

/// The bounds of a phase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// Connections, each with one request in flight.
    pub(crate) connections: u64,
    /// At most so many requests.
    pub(crate) count: u64,
    /// At most so long.
    pub(crate) bound: Duration,
}

/// What a phase showed.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Requests answered as they should be.
    pub(crate) done: u64,
    /// Requests answered otherwise, or not at all.
    pub(crate) errors: u64,
    /// One of those, in words.
    pub(crate) error: Option<String>,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    server_cpu_s: f64,
    /// Cores that neither the server nor the bench used, in mean.
    pub(crate) other_cores: Option<f64>,
    /// Nanoseconds to each answer, sorted.
    latencies: Vec<u64>,
}

impl Measured {
    /// Answers a second; errors are never counted as speed.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// Milliseconds within which 99 of 100 answers came.
    pub(crate) fn p99_ms(&self) -> f64 {
        stats::percentile(&self.latencies, 99).map_or(0.0, |nanos| nanos as f64 / 1e6)
    }

    /// Milliseconds within which half of the answers came.
    pub(crate) fn p50_ms(&self) -> f64 {
        stats::percentile(&self.latencies, 50).map_or(0.0, |nanos| nanos as f64 / 1e6)
    }

    /// Server CPU time a request, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.server_cpu_s * 1e6 / (self.done.max(1) as f64)
    }

    /// Fails when anything went wrong: the figures would mean nothing.
    pub(crate) fn faultless(self) -> Result<Measured> {
        match &self.error {
            None => Ok(self),
            Some(error) => Err(anyhow!(
                "{} of {} requests failed: {error}",
                self.errors,
                self.done + self.errors
            )),
        }
    }
}

/// Runs a phase against a server; request number `n` is made by `ask`.
pub(crate) fn run(
    server: &Server,
    phase: Phase,
    ask: &(dyn Fn(&mut Client, u64) -> Result<()> + Sync),
) -> Result<Measured> {
    let before = reading::Cpu::now(server.pid());
    let next = AtomicU64::new(0);
    let started = Instant::now();
    let ends = started + phase.bound;
    let parts: Vec<Result<Measured>> = thread::scope(|scope| {
        let connect = |_| scope.spawn(|| one_connection(server, phase.count, &next, ends, ask));
        let threads: Vec<_> = (0..phase.connections).map(connect).collect();
        threads
            .into_iter()
            .map(|it| {
                it.join()
                    .unwrap_or_else(|_| Err(anyhow!("a connection panicked")))
            })
            .collect()
    });
    let mut whole = Measured {
        took: started.elapsed(),
        ..Measured::default()
    };
    for part in parts {
        let part = part.context("cannot load the server")?;
        whole.done += part.done;
        whole.errors += part.errors;
        whole.error = whole.error.or(part.error);
        whole.latencies.extend(part.latencies);
    }
    whole.latencies.sort_unstable();
    if let (Ok(before), Ok(after)) = (before, reading::Cpu::now(server.pid())) {
        let used = after.since(before);
        whole.server_cpu_s = used.server;
        whole.other_cores = Some(used.others() / whole.took.as_secs_f64());
    }
    Ok(whole)
}

/// One connection until count or time is over; a handful of errors ends it early.
fn one_connection(
    server: &Server,
    count: u64,
    next: &AtomicU64,
    ends: Instant,
    ask: &(dyn Fn(&mut Client, u64) -> Result<()> + Sync),
) -> Result<Measured> {
    let mut client = server.client()?;
    let mut part = Measured::default();
    while part.errors < 5 && Instant::now() < ends {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            break;
        }
        let asked = Instant::now();
        match ask(&mut client, number) {
            Ok(()) => {
                part.done += 1;
                part.latencies
                    .push(u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
            Err(error) => {
                part.errors += 1;
                part.error = Some(format!("{error:#}"));
            }
        }
    }
    Ok(part)
}
