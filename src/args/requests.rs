//! What can be said about what identity providers asked.

use clap::Args;
use usher_core::model::When;

use super::PlanArgs;
use super::seats::overlap;

/// What providers asked to have changed, newest first.
#[derive(Debug, Args)]
pub(crate) struct IdpLogArgs {
    /// Only of this connection.
    pub(crate) name: Option<String>,
    /// Only what was refused, failed or is held.
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only about this person: an address, a user name or an id.
    #[arg(long, value_name = "WHO")]
    pub(crate) person: Option<String>,
    /// Only since then: an age such as 24h or 7d, a day or an instant.
    #[arg(long, value_name = "AGE|INSTANT", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// How many at most; programs get all.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// From when on.
#[derive(Clone, Debug)]
pub(crate) enum Since {
    /// So many milliseconds ago.
    Age(i64),
    /// From an instant.
    When(When),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(age) = overlap(text) {
        return Ok(Since::Age(age));
    }
    let when = text.parse().map(Since::When);
    when.map_err(|_| "write it like 24h, 7d, 2026-11-22 or 2026-11-22T08:30:00Z".to_owned())
}

/// A request to carry out again.
#[derive(Debug, Args)]
pub(crate) struct IdpReplayArgs {
    /// Its number in `usher idp log`.
    pub(crate) id: i64,
    /// Also when the person or group has changed since, or when it was replayed already.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}
