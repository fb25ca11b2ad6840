//! What can be said about administrators and approvals.

use clap::Subcommand;
use usher_core::model::Permission;

use super::{PlanArgs, WHO_HELP, WhoArgs};

/// Who acts for the organization.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// List administrators, what they may do, and the operating-system users who act as them
    List,
    /// Give permissions; authorized_purchaser takes a second administrator's approval once there are two
    #[command(after_help = WHO_HELP)]
    Grant {
        /// Which, separated by commas: owner, manage_users, manage_assignments, manage_reports, authorized_purchaser.
        #[arg(value_parser = permissions)]
        permission: Permissions,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Take permissions
    #[command(after_help = WHO_HELP)]
    Revoke {
        /// Which, separated by commas.
        #[arg(value_parser = permissions)]
        permission: Permissions,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// The keys with which administrators come in over SSH, each for themself; owners for others too
    #[command(subcommand)]
    Key(KeyCommand),
    /// Let an operating-system user act as an administrator, who is named in the history
    Link {
        /// The operating-system user, as `id -un` prints it.
        #[arg(value_name = "OS_USER")]
        system_user: String,
        /// The administrator: an address, a user name or an id.
        who: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// End a link
    Unlink {
        /// The operating-system user.
        #[arg(value_name = "OS_USER")]
        system_user: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// Keys to come in with over SSH.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Let an administrator come in by a key
    Add {
        /// The administrator: an address, a user name or an id.
        who: String,
        /// One line of a .pub file; - reads it from standard input.
        #[arg(required = true)]
        key: Vec<String>,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// List keys and whose they are
    List {
        /// Only this administrator's.
        who: Option<String>,
    },
    /// Take keys; a console that was opened by one closes
    Remove {
        /// The administrator.
        who: String,
        /// The key's fingerprint, or at least six characters of its beginning.
        #[arg(required_unless_present = "all")]
        fingerprint: Option<String>,
        /// All of this administrator's keys.
        #[arg(long, conflicts_with = "fingerprint")]
        all: bool,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// Several permissions, written as one word.
#[derive(Clone, Debug)]
pub(crate) struct Permissions(pub(crate) Vec<Permission>);

fn permissions(text: &str) -> Result<Permissions, String> {
    let each = text.split(',').map(|it| permission(it.trim()));
    each.collect::<Result<_, _>>().map(Permissions)
}

fn permission(text: &str) -> Result<Permission, String> {
    Permission::from_word(&text.to_ascii_lowercase().replace('-', "_")).ok_or_else(|| {
        let all = Permission::ALL.map(Permission::as_str);
        let first = if text.contains('@') {
            "; the permission comes first, then whom"
        } else {
            ""
        };
        format!("there is no such permission; use {}{first}", all.join(", "))
    })
}

/// What waits for a second administrator.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsCommand {
    /// List what waits
    List {
        /// Also what was decided, and what nobody decided in time.
        #[arg(long)]
        all: bool,
    },
    /// Do what another administrator asked for
    Approve {
        /// The approval's id, or the beginning or the end of it.
        approval: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Refuse what another administrator asked for
    Reject {
        /// The approval's id, or the beginning or the end of it.
        approval: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}
