//! What can be said about mails.

use clap::{Args, Subcommand, ValueEnum};
use usher_core::model::{EmailAddress, InvitationProgress, MailState};

/// Mails; without a command, they are listed.
#[derive(Debug, Args)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    pub(crate) command: Option<OutboxCommand>,
    #[command(flatten)]
    pub(crate) list: OutboxListArgs,
}

/// What can be done with mails.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List mails, newest first
    List(OutboxListArgs),
    /// Show one mail as it would be sent now, with its link
    Show {
        /// Its number in the list.
        number: i64,
    },
    /// Bring out now what is due, without a server
    Send,
    /// Try again what was refused, and what waits for its next attempt
    Retry {
        /// Only these, by their numbers in the list; also ones that were dropped or filed.
        numbers: Vec<i64>,
        /// Those that were put into a folder as files, because no mail server was set.
        #[arg(long, conflicts_with = "numbers")]
        filed: bool,
    },
    /// Note that what was last sent to an address came back
    Bounced {
        /// The address.
        address: EmailAddress,
        /// What the mail server said.
        #[arg(long, value_name = "TEXT", default_value = "came back")]
        why: String,
    },
}

/// Which mails are listed.
#[derive(Debug, Args)]
pub(crate) struct OutboxListArgs {
    /// Only those in this state.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<StateWord>,
    /// Only those to this person: an address, a user name or an id.
    #[arg(long, value_name = "WHO")]
    pub(crate) to: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

/// A state of a mail.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StateWord {
    /// Not taken yet.
    Waiting,
    /// On its way at this moment.
    Sending,
    /// Taken by the mail server.
    Sent,
    /// Put into a folder as a file, because no mail server was set.
    Filed,
    /// Refused for good.
    Failed,
    /// Not sent, because it was of no use any more.
    Dropped,
    /// Taken, and came back.
    Bounced,
}

impl From<StateWord> for MailState {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Waiting => Self::Waiting,
            StateWord::Sending => Self::Sending,
            StateWord::Sent => Self::Sent,
            StateWord::Filed => Self::Filed,
            StateWord::Failed => Self::Failed,
            StateWord::Dropped => Self::Dropped,
            StateWord::Bounced => Self::Bounced,
        }
    }
}

/// Whose invitations are listed.
#[derive(Debug, Args)]
pub(crate) struct InvitationsArgs {
    /// Of whom; of everybody who waits without it.
    pub(crate) query: Vec<String>,
    /// Only those that have come so far.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<ProgressWord>,
    /// Only of those whose invitation was withdrawn, and who ask for a new one on the page behind its link.
    #[arg(long, conflicts_with_all = ["state", "query"])]
    pub(crate) asked: bool,
    /// How many at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// How far an invitation has come.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ProgressWord {
    /// It is mailed on a day to come.
    Scheduled,
    /// Nobody wanted it mailed.
    #[value(alias = "not_mailed")]
    NotMailed,
    /// Its mail waits to be sent.
    Waiting,
    /// The mail server has taken it.
    #[value(alias = "taken")]
    Sent,
    /// It stands in a folder as a file, because no mail server was set.
    Filed,
    /// The mail server refuses it for good.
    #[value(alias = "refused")]
    Failed,
    /// It came back.
    Bounced,
    /// The person has begun to fill in its page.
    Begun,
    /// They have accepted.
    Accepted,
    /// Its link has expired.
    Expired,
    /// It was withdrawn.
    Withdrawn,
}

impl From<ProgressWord> for InvitationProgress {
    fn from(word: ProgressWord) -> Self {
        match word {
            ProgressWord::Scheduled => Self::Scheduled,
            ProgressWord::NotMailed => Self::NotMailed,
            ProgressWord::Waiting => Self::Waiting,
            ProgressWord::Sent => Self::Sent,
            ProgressWord::Filed => Self::Filed,
            ProgressWord::Failed => Self::Failed,
            ProgressWord::Bounced => Self::Bounced,
            ProgressWord::Begun => Self::Begun,
            ProgressWord::Accepted => Self::Accepted,
            ProgressWord::Expired => Self::Expired,
            ProgressWord::Withdrawn => Self::Withdrawn,
        }
    }
}
