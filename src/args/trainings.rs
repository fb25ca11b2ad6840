//! What can be said about groups, trainings and who has to take them.

use clap::{ArgGroup, Args, Subcommand};
use usher_core::model::{
    AssignmentState, Date, GroupRole, PoolName, Progress, Seats, TrainingKind,
};

use super::people::{WhoArgs, role};
use super::{LimitArgs, PlanArgs, WHO_HELP};

/// Groups of people.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Add a group
    Add(GroupArgs),
    /// List the groups
    List,
    /// Show one group and what it carries
    Show {
        /// Its name or id.
        name: String,
    },
    /// Give a group another name
    Rename {
        /// Its name or id.
        name: String,
        /// Its new name.
        to: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Limit how many seats those who run a group may hand out in it
    Set {
        /// Its name or id.
        name: String,
        /// How many of its members may be in or coming before whoever runs it may invite nobody more, or none.
        #[arg(long, value_name = "N|none", value_parser = budget)]
        budget: BudgetWord,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Remove a group; its members leave it and keep what they got through it
    Remove(GroupArgs),
    /// List who is in a group, with their roles
    Members {
        /// Its name or id.
        name: String,
        /// Only people with this role.
        #[arg(long, value_parser = role)]
        role: Option<GroupRole>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Put people into a group, or give them another role in it
    #[command(after_help = WHO_HELP)]
    Join {
        /// Its name or id.
        name: String,
        #[command(flatten)]
        who: WhoArgs,
        /// learner, coach, author, user_administrator or administrator.
        #[arg(long, default_value = "learner", value_parser = role)]
        role: GroupRole,
    },
    /// Take people out of a group
    #[command(after_help = WHO_HELP)]
    Leave {
        /// Its name or id.
        name: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// The trainings that a group's members get when they become active
    #[command(subcommand)]
    Training(CarryCommand<String>),
    /// The add-on pools that a group's members get a license of when they become active
    #[command(subcommand)]
    Pool(CarryCommand<PoolName>),
}

/// A number of seats or the word `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BudgetWord(pub(crate) Option<Seats>);

fn budget(text: &str) -> Result<BudgetWord, String> {
    if text == "none" {
        return Ok(BudgetWord(None));
    }
    match text.parse::<Seats>() {
        Ok(seats) if seats >= 0 => Ok(BudgetWord(Some(seats))),
        _ => Err("write a number of seats such as 20, or none".to_owned()),
    }
}

/// One group.
#[derive(Debug, Args)]
pub(crate) struct GroupArgs {
    /// Its name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Lets a group carry something, or no longer.
#[derive(Debug, Subcommand)]
pub(crate) enum CarryCommand<T: Clone + Send + Sync + std::str::FromStr + 'static>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    /// Let the group carry it; active members get it at once
    Add(CarryArgs<T>),
    /// Let the group carry it no longer; who has it keeps it
    Remove(CarryArgs<T>),
}

/// A group and what it carries.
#[derive(Debug, Args)]
pub(crate) struct CarryArgs<T: Clone + Send + Sync + std::str::FromStr + 'static>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    /// The group's name or id.
    pub(crate) group: String,
    /// What it carries: names, one or more.
    #[arg(required = true)]
    pub(crate) what: Vec<T>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Trainings.
#[derive(Debug, Subcommand)]
pub(crate) enum TrainingCommand {
    /// Add a training
    Add {
        /// Its name.
        name: String,
        /// course, pre_work or session.
        #[arg(long, default_value = "course")]
        kind: TrainingKind,
        /// The add-on pool whose license its content needs.
        #[arg(long, value_name = "NAME")]
        pool: Option<PoolName>,
        /// The day of a session.
        #[arg(long, value_name = "DAY")]
        on: Option<Date>,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// List the trainings, with how many people stand where
    List,
    /// Show one training
    Show {
        /// Its name or id.
        name: String,
    },
    /// List whose training it is, with how far they have come
    People {
        /// Its name or id.
        name: String,
        /// Only assignments in this state: assigned, started, completed or ended.
        #[arg(long, value_parser = state)]
        state: Option<AssignmentState>,
    },
    /// Change a training; what is not named stays
    #[command(group = ArgGroup::new("facts").required(true).multiple(true))]
    Set {
        /// Its name or id.
        training: String,
        /// Its new name.
        #[arg(long, group = "facts")]
        name: Option<String>,
        /// The add-on pool whose license its content needs, or none.
        #[arg(long, value_name = "NAME|none", group = "facts", value_parser = pool_or_none)]
        pool: Option<PoolWord>,
        /// The day of a session.
        #[arg(long, value_name = "DAY", group = "facts")]
        on: Option<Date>,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Remove a training: open assignments end, and reports still cover it
    Remove {
        /// Its name or id.
        name: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Who holds a session
    #[command(subcommand)]
    Instructor(InstructorCommand),
}

/// Who holds a session.
#[derive(Debug, Subcommand)]
pub(crate) enum InstructorCommand {
    /// Let people hold a session
    #[command(after_help = WHO_HELP)]
    Add(InstructorArgs),
    /// Let people hold a session no longer
    #[command(after_help = WHO_HELP)]
    Remove(InstructorArgs),
}

/// A session and people.
#[derive(Debug, Args)]
pub(crate) struct InstructorArgs {
    /// The session's name or id.
    pub(crate) session: String,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
}

/// A pool or the word `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolWord(pub(crate) Option<PoolName>);

fn pool_or_none(text: &str) -> Result<PoolWord, String> {
    if text == "none" {
        return Ok(PoolWord(None));
    }
    text.parse()
        .map(|it| PoolWord(Some(it)))
        .map_err(|it: usher_core::Error| it.to_string())
}

fn state(text: &str) -> Result<AssignmentState, String> {
    AssignmentState::from_word(&text.to_ascii_lowercase()).ok_or_else(|| {
        let all = AssignmentState::ALL.map(AssignmentState::as_str);
        format!("there is no such state; use {}", all.join(", "))
    })
}

/// People and a training.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// Addresses, user names or ids, or one query; the training comes last.
    #[arg(required = true)]
    pub(crate) who: Vec<String>,
    /// The training's name or id.
    pub(crate) training: String,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

const PROGRESS_AGAIN: &str = "\
Without arguments it lists what the platform told of people who had no license of the training's pool then. Grant the licenses,
and --again carries it out, with the instants at which it was told.";

/// How far somebody has come, or what waits.
#[derive(Debug, Args)]
#[command(after_help = PROGRESS_AGAIN)]
pub(crate) struct ProgressArgs {
    /// An address, a user name or an id.
    #[arg(requires = "step")]
    pub(crate) who: Option<String>,
    /// The training's name or id.
    pub(crate) training: Option<String>,
    /// started or completed.
    pub(crate) step: Option<Progress>,
    /// Carry out what waits, of everybody who has the license by now.
    #[arg(long, conflicts_with = "who")]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Whom to bring back.
#[derive(Debug, Args)]
pub(crate) struct ReactivateArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// Give back what they still had to learn when they left.
    #[arg(long)]
    pub(crate) restore_assignments: bool,
}
