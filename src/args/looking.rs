//! What can be said about the past: reports, pieces of the history, and seats that are wasted.

use std::path::PathBuf;

use clap::Args;
use usher_core::model::{Door, Period, PoolName, When};
use usher_core::report::Subject;
use usher_core::waste::Reason;

use super::seats::StepWord;
use super::{LimitArgs, PlanArgs};

/// A report as a file.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// What it is about: users, licenses, assignments, history, seats, or batch:ID for all of them about the people of that batch as
    /// they stood just before it.
    pub(crate) subject: Subject,
    /// Where it goes; its ending says the format: .xlsx, .csv or .json.
    pub(crate) out: PathBuf,
    /// About whom of those on the roster; everybody who was not erased without it.
    pub(crate) query: Vec<String>,
    /// As things stood then.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<When>,
    /// Seats over this period, such as 90d, 2026 or 2026-01-01..2026-03-31; the last twelve months without it.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) over: Option<Period>,
    /// How long the pieces of the period are; months without it.
    #[arg(long, value_enum)]
    pub(crate) by: Option<StepWord>,
    /// Replace the file if it is there already.
    #[arg(long)]
    pub(crate) force: bool,
}

/// A piece of the history.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Only what concerns these people: an address, a user name, an id, or a query.
    pub(crate) who: Vec<String>,
    /// Only this batch, by its id or the beginning of it.
    #[arg(long)]
    pub(crate) batch: Option<String>,
    /// Only from this instant on: a day, an instant, or batch:ID.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) since: Option<When>,
    /// Only up to this instant; a day and a batch are included.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<When>,
    /// Only what this administrator, connection:NAME, scheduler or file_owner did.
    #[arg(long = "actor", value_name = "ACTOR")]
    pub(crate) acted: Option<String>,
    /// Only what came in through this door: console, cli, scim, import, page, schedule or api.
    #[arg(long, value_parser = door)]
    pub(crate) door: Option<Door>,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

fn door(word: &str) -> Result<Door, String> {
    let words: Vec<&str> = Door::ALL.iter().map(|it| it.as_str()).collect();
    Door::from_word(word).ok_or_else(|| format!("use one of {}", words.join(", ")))
}

/// Seats that may be wasted.
#[derive(Debug, Args)]
pub(crate) struct ReclaimArgs {
    /// Not seen for so many days.
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) not_seen: u32,
    /// Invited so many days ago and not come.
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    pub(crate) not_accepted: u32,
    /// Only for these reasons: left, duplicate, not_accepted, not_seen; all of them without it.
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    pub(crate) reason: Vec<Reason>,
    /// Only seats of this pool.
    #[arg(long)]
    pub(crate) pool: Option<PoolName>,
    /// Whom to leave alone: an address, a user name or an id; can be said several times.
    #[arg(long, value_name = "WHO")]
    pub(crate) except: Vec<String>,
    /// How many at most; 1,000 when listing.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}
