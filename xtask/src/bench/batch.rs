//! One batch that deactivates up to 100,000 people, by the command line, with the server stopped.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::floor;
use super::subject::Subject;
use super::table::{Goal, Row};
use super::usher::Usher;

/// Stops the server, runs the command, and checks by the seats that it did what it said.
pub(crate) fn measure(
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
    let freed = before.saturating_sub(usher.held()?);
    ensure!(
        freed == leavers,
        "deactivating {leavers} people freed {freed} licenses"
    );
    let raw = floor::rows_per_second(folder, 100)?;
    let name = format!("users/s, one batch of {leavers} deactivations");
    let row = Row::pair(name, &[rate], "R100 raw SQLite", &[raw], Goal::Shown);
    rows.push(row.noted("the whole command"));
    Ok(())
}
