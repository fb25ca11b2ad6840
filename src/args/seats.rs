//! What can be said about pools, their queues and identity providers.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use usher_core::model::{
    Alarms, AtCapacity, CountsFrom, Date, Period, PoolName, Seats, Step, When,
};

use super::idp::{
    IdpMapArgs, IdpOwnArgs, IdpRelinkArgs, IdpSetArgs, MAP_HELP, OWN_HELP, RELINK_HELP,
};
use super::people::WhoArgs;
use super::{IdpBrakeArgs, IdpLogArgs, IdpReplayArgs, PlanArgs, WHO_HELP, public_url};

/// Every pool, now, then or over time.
#[derive(Debug, Args)]
pub(crate) struct SeatsArgs {
    /// As they stood then.
    #[arg(long, value_name = "INSTANT", conflicts_with = "over")]
    pub(crate) at: Option<When>,
    /// Over a period: 90d, 12mo, 2026, 2026-03 or 2026-01-01..2026-03-31, each row the end of a day, week or month.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) over: Option<Period>,
    /// How long the pieces of the period are.
    #[arg(long, value_enum, default_value_t = StepWord::Day, requires = "over")]
    pub(crate) by: StepWord,
}

/// How long the pieces of a period are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StepWord {
    /// Days
    Day,
    /// Weeks, from Monday
    Week,
    /// Months
    Month,
    /// Years
    Year,
}

impl From<StepWord> for Step {
    fn from(word: StepWord) -> Self {
        match word {
            StepWord::Day => Self::Day,
            StepWord::Week => Self::Week,
            StepWord::Month => Self::Month,
            StepWord::Year => Self::Year,
        }
    }
}

/// Pools of licenses.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// Add an add-on pool
    #[command(group = ArgGroup::new("terms").multiple(true))]
    Add(PoolSetArgs),
    /// Change what was agreed for a pool; what is not named stays
    #[command(group = ArgGroup::new("terms").required(true).multiple(true))]
    Set(PoolSetArgs),
    /// List the pools, as `usher seats` does
    List,
    /// Give people a license of an add-on pool, or another end to the one that they have
    #[command(after_help = WHO_HELP)]
    Grant(GrantArgs),
    /// Take reserved licenses of an add-on pool back
    #[command(after_help = WHO_HELP)]
    Release(ReleaseArgs),
}

/// A pool and what was agreed for it.
#[derive(Debug, Args)]
pub(crate) struct PoolSetArgs {
    /// The pool's name; access is the seat itself.
    pub(crate) name: PoolName,
    #[command(flatten)]
    pub(crate) terms: PoolTermsArgs,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What was agreed for a pool.
#[derive(Debug, Args)]
pub(crate) struct PoolTermsArgs {
    /// How many were purchased.
    #[arg(long, value_name = "N", group = "terms")]
    pub(crate) purchased: Option<Seats>,
    /// From when an invited person counts: invitation or activation.
    #[arg(long, value_name = "WHEN", group = "terms")]
    pub(crate) counts_from: Option<CountsFrom>,
    /// Whether a leaver's consumed licenses return.
    #[arg(long, value_name = "true|false", group = "terms", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) recoverable: Option<bool>,
    /// What unattended doors get when it is full: queue, refuse, fallback:POOL or grace:PERCENT.
    #[arg(long, value_name = "POLICY", group = "terms")]
    pub(crate) at_capacity: Option<AtCapacity>,
    /// The first day on which licenses are handed out, or none.
    #[arg(long, value_name = "DAY", group = "terms", value_parser = day)]
    pub(crate) starts_on: Option<DayWord>,
    /// The day from which licenses are no longer handed out, or none.
    #[arg(long, value_name = "DAY", group = "terms", value_parser = day)]
    pub(crate) ends_on: Option<DayWord>,
    /// When the authorized purchasers are mailed, in per cent of what was purchased, such as 80,95,100, or none.
    #[arg(long, value_name = "PERCENTS", group = "terms")]
    pub(crate) alarms: Option<Alarms>,
}

/// A day or the word `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayWord(pub(crate) Option<Date>);

pub(crate) fn day(text: &str) -> Result<DayWord, String> {
    if text == "none" {
        return Ok(DayWord(None));
    }
    text.parse()
        .map(|it| DayWord(Some(it)))
        .map_err(|it: usher_core::Error| it.to_string())
}

/// A pool and the people to give a license of it to.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// The pool's name.
    pub(crate) pool: PoolName,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// The day at whose beginning it returns by itself, such as 2027-01-31, or none.
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(crate) until: Option<DayWord>,
}

/// A pool and the people to take a license of it from.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The pool's name.
    pub(crate) pool: PoolName,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
}

/// Queues for licenses.
#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List who waits, the head first
    List {
        /// Only this pool's queue.
        pool: Option<PoolName>,
    },
    /// Move somebody to another position
    #[command(after_help = WHO_HELP)]
    Move(QueueMoveArgs),
}

/// Whom to move where.
#[derive(Debug, Args)]
pub(crate) struct QueueMoveArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// The pool whose queue it is.
    #[arg(long, value_name = "NAME", default_value = "access")]
    pub(crate) pool: PoolName,
    /// The position to move to; 1 is the head.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) to: u32,
}

/// Identity providers' connections.
#[derive(Debug, Subcommand)]
pub(crate) enum IdpCommand {
    /// Add a connection; prints its base URL and its token, once
    Add(IdpAddArgs),
    /// List the connections
    List,
    /// Show one connection, its tokens, what it maps and what it owns
    Show {
        /// Its name.
        name: String,
    },
    /// Change how a connection brings people in, from its next request on
    #[command(group = ArgGroup::new("terms").required(true).multiple(true))]
    Set(IdpSetArgs),
    /// Let attributes of the provider feed other fields than their own, from its next write on
    #[command(after_help = MAP_HELP)]
    Map(IdpMapArgs),
    /// Say which fields the provider owns; changing them at the console or the command line takes --override
    #[command(after_help = OWN_HELP)]
    Own(IdpOwnArgs),
    /// Say that people are the same although a provider comes to call them otherwise: its next write of them is taken
    #[command(after_help = RELINK_HELP)]
    Relink(IdpRelinkArgs),
    /// Give a connection a new token; prints it, once
    Rotate(IdpRotateArgs),
    /// List what providers asked to have changed, and what came of it, newest first
    Log(IdpLogArgs),
    /// Carry out, in a connection's place, what it asked and did not get
    Replay(IdpReplayArgs),
    /// Limit how many people a connection may take off in a while; the rest is held until somebody decides
    Brake(IdpBrakeArgs),
    /// Refuse every token of a connection from now on
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// A new connection.
#[derive(Debug, Args)]
pub(crate) struct IdpAddArgs {
    /// Its name, a short word such as okta.
    pub(crate) name: String,
    /// What the people whom it brings become.
    #[arg(long, value_enum, default_value_t = NewPeopleWord::Active)]
    pub(crate) new_people: NewPeopleWord,
    /// Mail the people whom it brings.
    #[arg(long)]
    pub(crate) mails: bool,
    /// For how many days each of its tokens works; without an end unless said.
    #[arg(long, value_name = "N")]
    pub(crate) token_days: Option<u32>,
    /// The address under which it reaches the server, kept as the setting public-url.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What provisioned people become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewPeopleWord {
    /// Active at once
    Active,
    /// Waiting for their own acceptance
    Waiting,
}

/// A new token for a connection.
#[derive(Debug, Args)]
pub(crate) struct IdpRotateArgs {
    /// The connection's name.
    pub(crate) name: String,
    /// For how long the old tokens still work, such as 24h, 7d or 0.
    #[arg(long, value_name = "AGE", default_value = "24h", value_parser = overlap)]
    pub(crate) overlap: i64,
    /// The address under which the provider reaches the server, kept as the setting public-url.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// The longest overlap of two tokens, in hours.
const LONGEST_OVERLAP: i64 = 90 * 24;

/// Milliseconds of `30m`, `24h`, `7d` or `0`.
pub(super) fn overlap(text: &str) -> Result<i64, String> {
    let bad = || "write it like 30m, 24h, 7d or 0, up to 90d".to_owned();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().map_err(|_| bad())?;
    let unit = match unit {
        "" if number == 0 => 1,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(bad()),
    };
    number
        .checked_mul(unit)
        .filter(|it| *it <= LONGEST_OVERLAP * 3_600_000)
        .ok_or_else(bad)
}
