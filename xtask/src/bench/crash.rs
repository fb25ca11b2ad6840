//! Kills the server under load and counts what it had acknowledged and does not know any more.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::load::{self, Phase};
use super::people;
use super::server::Server;
use super::stats::median;
use super::subject::{PHASE_BOUND, Subject};
use super::table::{Goal, Row};

/// Several kills at different moments; `plain_start_ms` is a start after a proper stop.
pub(crate) fn measure(ours: &mut Subject, plain_start_ms: f64, rows: &mut Vec<Row>) -> Result<()> {
    let (mut n_acknowledged, mut n_lost, mut starts) = (0, 0, Vec::new());
    for round in 0..ours.scale.kills {
        let acknowledged = create_until_killed(ours, moment(round))?;
        ours.restart(&[])?;
        starts.push(ours.server()?.started_in_ms);
        n_lost += count_lost(ours.server()?, &acknowledged)?;
        n_acknowledged += acknowledged.len();
    }
    ensure!(
        n_acknowledged > 0,
        "nothing was acknowledged before any kill"
    );
    let name = "18 acknowledged creates lost by kill -9";
    let note = format!(
        "{n_acknowledged} acknowledged in {} kills",
        ours.scale.kills
    );
    rows.push(Row::alone(name, Some(n_lost as f64), Goal::AtMost(0.0)).noted(note));
    let name = "18 ms to the first answer after kill -9";
    let after = [median(&starts).context("no kills")?];
    let goal = Goal::RatioAtMost(2.0);
    rows.push(Row::pair(
        name,
        &after,
        "ours, stopped",
        &[plain_start_ms],
        goal,
    ));
    Ok(())
}

/// When to kill, spread over most of a second.
fn moment(round: u64) -> Duration {
    Duration::from_millis(200 + round * 173 % 800)
}

/// The numbers of the people whose creation was acknowledged before the kill.
fn create_until_killed(ours: &mut Subject, after: Duration) -> Result<Vec<u64>> {
    let server = ours.server.take().context("the server is not running")?;
    let (first, acknowledged) = (ours.stored, Mutex::new(Vec::new()));
    let create = |client: &mut _, n: u64| {
        people::create(client, first + n, 0)?;
        acknowledged
            .lock()
            .map_err(|_| anyhow!("a connection panicked"))?
            .push(first + n);
        Ok(())
    };
    let measured = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(after);
            server.kill();
        });
        let phase = Phase {
            connections: 16,
            count: u64::MAX,
            bound: PHASE_BOUND,
        };
        load::run(&server, phase, &create)
    })?;
    // Whether those in flight exist is not known, so their numbers are not used again.
    ours.stored += measured.done + measured.errors;
    acknowledged
        .into_inner()
        .map_err(|_| anyhow!("a connection panicked"))
}

fn count_lost(server: &Server, acknowledged: &[u64]) -> Result<u64> {
    let lost = AtomicU64::new(0);
    let look = |client: &mut _, n: u64| {
        let person = usize::try_from(n).ok().and_then(|n| acknowledged.get(n));
        if !people::look_up(client, *person.context("no such number")?)? {
            lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let count = u64::try_from(acknowledged.len())?;
    let phase = Phase {
        connections: 16,
        count,
        bound: Duration::from_secs(120),
    };
    let looked = load::run(server, phase, &look)?.faultless()?;
    ensure!(
        looked.done == count,
        "only {} of {count} could be looked up in time",
        looked.done
    );
    Ok(lost.into_inner())
}
