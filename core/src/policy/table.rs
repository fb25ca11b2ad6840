//! The table of role × command × scope. Data only: default deny, so that a command without a row is nobody's.
//!
//! Most rows are commands by their names in the history. Some are parts of a command that need more than the command
//! itself, such as `pool_raise`, and `see` is reading. `docs/permissions.md` shows it as a matrix; a test keeps the two
//! the same, and fails when a command has no row.

use super::{Role, Scope};

/// Who may give one command.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The command's name in the history, or the name of a part of it.
    pub command: &'static str,
    /// Roles that may give it to anybody.
    pub everybody: &'static [Role],
    /// Roles that may give it within a scope.
    pub within: &'static [(Role, Scope)],
}

impl Row {
    /// Everybody who may give it at all.
    pub(super) fn roles(&self) -> Vec<Role> {
        let within = self.within.iter().map(|it| it.0);
        self.everybody.iter().copied().chain(within).collect()
    }
}

const fn row(
    command: &'static str,
    everybody: &'static [Role],
    within: &'static [(Role, Scope)],
) -> Row {
    Row {
        command,
        everybody,
        within,
    }
}

/// Nobody beyond those who may do it to everybody.
const NO_MORE: &[(Role, Scope)] = &[];
const NOBODY: &[Role] = &[];

/// Owners, and whoever owns the file.
const OWNERS: &[Role] = &[Role::FileOwner, Role::Owner];
/// Those who manage everybody.
const MANAGE_USERS: &[Role] = &[Role::FileOwner, Role::Owner, Role::ManageUsers];
/// Those who manage everybody's trainings.
const MANAGE_ASSIGNMENTS: &[Role] = &[Role::FileOwner, Role::Owner, Role::ManageAssignments];
/// Those who keep what was bought.
const PURCHASERS: &[Role] = &[Role::FileOwner, Role::Owner, Role::AuthorizedPurchaser];
/// The clock, and owners by hand where no server runs.
const WHEN_DUE: &[Role] = &[Role::FileOwner, Role::Owner, Role::Scheduler];
/// The same, and whoever could do it to anybody by a command of their own, and so may undo it.
const PEOPLE_DUE: &[Role] = &[
    Role::FileOwner,
    Role::Owner,
    Role::ManageUsers,
    Role::Scheduler,
];
/// Those who run a group.
const OWN_GROUP: &[(Role, Scope)] = &[
    (Role::GroupAdministrator, Scope::OwnGroup),
    (Role::GroupUserAdministrator, Scope::OwnGroup),
];

/// Whoever may act for the organization at all, for themself.
const THEMSELF: &[(Role, Scope)] = &[
    (Role::ManageUsers, Scope::Own),
    (Role::ManageAssignments, Scope::Own),
    (Role::ManageReports, Scope::Own),
    (Role::AuthorizedPurchaser, Scope::Own),
    (Role::Manager, Scope::Own),
    (Role::GroupAdministrator, Scope::Own),
    (Role::GroupUserAdministrator, Scope::Own),
    (Role::SessionInstructor, Scope::Own),
];

/// Who may do what, to whom.
pub const TABLE: &[Row] = &[
    // Reading.
    row(
        "see",
        &[
            Role::FileOwner,
            Role::Owner,
            Role::ManageUsers,
            Role::ManageAssignments,
            Role::ManageReports,
            Role::Connection,
            Role::Platform,
            Role::Scheduler,
        ],
        &[
            (Role::AuthorizedPurchaser, Scope::Own),
            (Role::Manager, Scope::Below),
            (Role::GroupAdministrator, Scope::OwnGroup),
            (Role::GroupUserAdministrator, Scope::OwnGroup),
            (Role::SessionInstructor, Scope::Own),
            (Role::Person, Scope::Own),
        ],
    ),
    row(
        "see_administrators_fields",
        &[
            Role::FileOwner,
            Role::Owner,
            Role::ManageUsers,
            Role::Scheduler,
        ],
        NO_MORE,
    ),
    // People.
    row("invite", MANAGE_USERS, OWN_GROUP),
    row(
        "invite_session",
        MANAGE_USERS,
        &[(Role::SessionInstructor, Scope::OwnSession)],
    ),
    row("create", MANAGE_USERS, NO_MORE),
    row("provision", &[Role::Connection], NO_MORE),
    row("provision_group", &[Role::Connection], NO_MORE),
    row("accept", NOBODY, &[(Role::Person, Scope::Own)]),
    row("join", NOBODY, &[(Role::Person, Scope::Own)]),
    row("cancel", MANAGE_USERS, NO_MORE),
    row("resend", MANAGE_USERS, OWN_GROUP),
    row("edit", MANAGE_USERS, NO_MORE),
    row("edit_protect", OWNERS, NO_MORE),
    // Administrators' passwords are the owners' alone, which the command itself sees to.
    row("password_set", MANAGE_USERS, NO_MORE),
    row("password_mail", MANAGE_USERS, NO_MORE),
    row("invitation_ask", NOBODY, &[(Role::Person, Scope::Own)]),
    row("password_forget", NOBODY, &[(Role::Person, Scope::Own)]),
    row("password_choose", NOBODY, &[(Role::Person, Scope::Own)]),
    row("deactivate", MANAGE_USERS, NO_MORE),
    row("reactivate", MANAGE_USERS, NO_MORE),
    row("reclaim", MANAGE_USERS, NO_MORE),
    row(
        "delete",
        &[
            Role::FileOwner,
            Role::Owner,
            Role::ManageUsers,
            Role::Connection,
        ],
        NO_MORE,
    ),
    row("erase", OWNERS, NO_MORE),
    // Pools and queues.
    row("grant", MANAGE_USERS, NO_MORE),
    row("release", MANAGE_USERS, NO_MORE),
    row("pool_add", PURCHASERS, NO_MORE),
    row("pool_set", PURCHASERS, NO_MORE),
    row(
        "pool_raise",
        &[Role::FileOwner, Role::AuthorizedPurchaser],
        NO_MORE,
    ),
    row("queue_move", MANAGE_USERS, NO_MORE),
    row("promote", WHEN_DUE, NO_MORE),
    // What acts by itself on its day.
    row("due_deactivate", PEOPLE_DUE, NO_MORE),
    row("due_license_end", PEOPLE_DUE, NO_MORE),
    row("due_delete", PEOPLE_DUE, NO_MORE),
    row("due_send", PEOPLE_DUE, NO_MORE),
    row("due_erase", WHEN_DUE, NO_MORE),
    // Groups.
    row("group_add", MANAGE_USERS, NO_MORE),
    row("group_set", MANAGE_USERS, NO_MORE),
    row("group_remove", MANAGE_USERS, NO_MORE),
    // Trainings.
    row("training_add", MANAGE_ASSIGNMENTS, NO_MORE),
    row("training_set", MANAGE_ASSIGNMENTS, NO_MORE),
    row("training_remove", MANAGE_ASSIGNMENTS, NO_MORE),
    row("training_instructors", MANAGE_ASSIGNMENTS, NO_MORE),
    row(
        "assign",
        MANAGE_ASSIGNMENTS,
        &[(Role::Manager, Scope::Below)],
    ),
    row(
        "unassign",
        MANAGE_ASSIGNMENTS,
        &[(Role::Manager, Scope::Below)],
    ),
    row(
        "progress",
        &[
            Role::FileOwner,
            Role::Owner,
            Role::ManageAssignments,
            Role::Platform,
        ],
        NO_MORE,
    ),
    row("progress_again", MANAGE_ASSIGNMENTS, NO_MORE),
    row("group_budget", MANAGE_USERS, NO_MORE),
    // Administrators. Who asked never approves.
    row("admin_grant", OWNERS, NO_MORE),
    row("admin_revoke", OWNERS, NO_MORE),
    row("admin_link", OWNERS, NO_MORE),
    row("admin_unlink", OWNERS, NO_MORE),
    row("admin_key_add", OWNERS, THEMSELF),
    row("admin_key_remove", OWNERS, THEMSELF),
    row("approve", &[Role::Owner, Role::ManageUsers], NO_MORE),
    row("reject", MANAGE_USERS, NO_MORE),
    // Accounts of people's own.
    row("import", MANAGE_USERS, OWN_GROUP),
    row("individuals_import", MANAGE_USERS, NO_MORE),
    row("individuals_transfer", MANAGE_USERS, NO_MORE),
    row("individuals_erase", OWNERS, NO_MORE),
    // Custom fields and labels.
    row("field_add", MANAGE_USERS, NO_MORE),
    row("field_set", MANAGE_USERS, NO_MORE),
    row("field_remove", MANAGE_USERS, NO_MORE),
    row("label_rename", MANAGE_USERS, NO_MORE),
    row("label_remove", MANAGE_USERS, NO_MORE),
    // Settings.
    row("setting", OWNERS, NO_MORE),
    row("mail_text", OWNERS, NO_MORE),
    row("join_set", OWNERS, NO_MORE),
    // Connections.
    row("idp_add", OWNERS, NO_MORE),
    row("idp_set", OWNERS, NO_MORE),
    row("idp_map", OWNERS, NO_MORE),
    row("idp_own", OWNERS, NO_MORE),
    // Who somebody is, is whoever manages them to say.
    row("idp_relink", MANAGE_USERS, NO_MORE),
    row("idp_rotate", OWNERS, NO_MORE),
    row("idp_revoke", OWNERS, NO_MORE),
    row("idp_brake", OWNERS, NO_MORE),
    // Carrying out, in a connection's place, what it asked and did not get.
    row("idp_replay", MANAGE_USERS, NO_MORE),
    row("brake_release", MANAGE_USERS, NO_MORE),
    row("brake_reject", MANAGE_USERS, NO_MORE),
    // The platform behind Usher.
    row("token_add", OWNERS, NO_MORE),
    row("token_rotate", OWNERS, NO_MORE),
    row("token_revoke", OWNERS, NO_MORE),
    // History. Undoing needs the right to give the command that is undone as well.
    row(
        "undo",
        MANAGE_USERS,
        &[
            (Role::ManageAssignments, Scope::Own),
            (Role::AuthorizedPurchaser, Scope::Own),
            (Role::Manager, Scope::Own),
            (Role::GroupAdministrator, Scope::Own),
            (Role::GroupUserAdministrator, Scope::Own),
            (Role::SessionInstructor, Scope::Own),
        ],
    ),
];
