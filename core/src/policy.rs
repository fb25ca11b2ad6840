//! Who may do what, to whom. Asked once, while planning, and once for whatever is read; doors decide nothing.
//!
//! One table ([`TABLE`]) says which role may give which command, and to whom: whatever is not in it is denied. What a
//! newcomer would get wrong: the table says *whether*; whom a scope reaches is looked up for each actor anew
//! ([`Authority`]), in the transaction that acts, so that a demotion holds from its commit on.

mod authority;
mod table;
mod veil;

pub(crate) use authority::{Authority, Circle, Reach};
pub use table::{Row, TABLE};
pub(crate) use veil::veiled;

use crate::error::{Error, Result};

/// By what somebody may do something. One actor may have several roles; each adds to what the others allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Owns the database file, and has named no administrator.
    FileOwner,
    /// The permission `owner`.
    Owner,
    /// The permission `manage_users`.
    ManageUsers,
    /// The permission `manage_assignments`.
    ManageAssignments,
    /// The permission `manage_reports`.
    ManageReports,
    /// The permission `authorized_purchaser`.
    AuthorizedPurchaser,
    /// Somebody reports to them. Needs no permission.
    Manager,
    /// Administrator of a group.
    GroupAdministrator,
    /// User administrator of a group.
    GroupUserAdministrator,
    /// Author in a group.
    GroupAuthor,
    /// Coach in a group.
    GroupCoach,
    /// Learner in a group.
    GroupLearner,
    /// Holds a session, and is coach or administrator of a group.
    SessionInstructor,
    /// An identity provider's connection.
    Connection,
    /// The platform behind Usher.
    Platform,
    /// The person themself.
    Person,
    /// The clock.
    Scheduler,
}

impl Role {
    /// Every role, in the order of the matrix.
    pub const ALL: [Self; 17] = [
        Self::FileOwner,
        Self::Owner,
        Self::ManageUsers,
        Self::ManageAssignments,
        Self::ManageReports,
        Self::AuthorizedPurchaser,
        Self::Manager,
        Self::GroupAdministrator,
        Self::GroupUserAdministrator,
        Self::GroupAuthor,
        Self::GroupCoach,
        Self::GroupLearner,
        Self::SessionInstructor,
        Self::Connection,
        Self::Platform,
        Self::Person,
        Self::Scheduler,
    ];

    /// The word for it in messages and in the matrix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FileOwner => "file_owner",
            Self::Owner => "owner",
            Self::ManageUsers => "manage_users",
            Self::ManageAssignments => "manage_assignments",
            Self::ManageReports => "manage_reports",
            Self::AuthorizedPurchaser => "authorized_purchaser",
            Self::Manager => "manager",
            Self::GroupAdministrator => "group administrator",
            Self::GroupUserAdministrator => "group user_administrator",
            Self::GroupAuthor => "group author",
            Self::GroupCoach => "group coach",
            Self::GroupLearner => "group learner",
            Self::SessionInstructor => "session instructor",
            Self::Connection => "connection",
            Self::Platform => "platform",
            Self::Person => "person",
            Self::Scheduler => "scheduler",
        }
    }
}

/// To whom a role may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To anybody, and to the organization's own things.
    Everybody,
    /// To everybody below them, at any depth.
    Below,
    /// To the members of the group in which they have the role; who joins, joins that group.
    OwnGroup,
    /// To whom they bring in for a session that they hold, as learners of one group in which they are coach or
    /// administrator.
    OwnSession,
    /// To what is their own: their record, or a batch that they applied.
    Own,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::Everybody,
        Self::Below,
        Self::OwnGroup,
        Self::OwnSession,
        Self::Own,
    ];

    /// The word in the matrix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "all",
            Self::Below => "below",
            Self::OwnGroup => "group",
            Self::OwnSession => "session",
            Self::Own => "own",
        }
    }
}

/// To whom a role may do this; `None` is never.
pub fn scope_of(role: Role, command: &str) -> Option<Scope> {
    let row = TABLE.iter().find(|it| it.command == command)?;
    if row.everybody.contains(&role) {
        return Some(Scope::Everybody);
    }
    let within = row.within.iter().find(|it| it.0 == role);
    within.map(|it| it.1)
}

/// Whom this actor may do it to.
///
/// # Errors
/// [`Error::Forbidden`] with the roles that it needs, when the answer is nobody.
pub(crate) fn may(authority: &Authority, command: &str) -> Result<Reach> {
    match authority.reach(command) {
        Reach::Nobody => Err(refused(authority, command)),
        reach => Ok(reach),
    }
}

fn refused(authority: &Authority, command: &str) -> Error {
    if authority.is_nobody() {
        return Error::forbidden(format!(
            "{command} is not allowed: whoever asks is not an active administrator"
        ));
    }
    let row = TABLE.iter().find(|it| it.command == command);
    let needed = row.map(|it| it.roles()).unwrap_or_default();
    let is_for_administrators = needed.contains(&Role::Owner);
    let named = if authority.has(Role::FileOwner) && is_for_administrators {
        ", by name: say who you are with `--as ID`, or link yourself with `usher admin link`"
    } else {
        ""
    };
    let needed: Vec<&str> = needed
        .into_iter()
        .filter(|it| *it != Role::FileOwner)
        .map(Role::as_str)
        .collect();
    Error::forbidden(match needed.split_last() {
        None => format!("{command} is not allowed to anybody"),
        Some((only, [])) => format!("{command} is not allowed: it needs {only}{named}"),
        Some((last, others)) => {
            format!(
                "{command} is not allowed: it needs {} or {last}{named}",
                others.join(", ")
            )
        }
    })
}

#[cfg(test)]
mod tests;
