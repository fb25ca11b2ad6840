//! What is done to the core and to the model alike.

use usher_core::command::WhenFull;
use usher_core::model::{GroupRole, Permission, PoolTerms, RecordState};

/// What somebody does. People, pools, groups and connections are places in the roster.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// Invite, or create when `active`.
    Join {
        active: bool,
        emails: Vec<String>,
        pools: Vec<usize>,
        manager: Option<usize>,
        group: Option<usize>,
        /// In how many days the invitation is mailed; none is now.
        ahead: Option<i64>,
    },
    /// A provider makes somebody.
    Provision {
        by: usize,
        name: String,
        external_id: String,
        active: Option<bool>,
        manager: Option<usize>,
    },
    /// A provider updates somebody.
    Update {
        by: usize,
        who: usize,
        external_id: Option<String>,
        active: Option<bool>,
        manager: Option<Option<usize>>,
    },
    /// Says that people are the same whom a provider comes to call otherwise.
    Relink {
        by: usize,
        who: Who,
    },
    /// A provider deletes somebody.
    Remove {
        by: usize,
        who: usize,
    },
    Accept {
        who: usize,
        /// Whether records of an account of their own come along.
        transfer: bool,
        /// Whether they choose a password.
        password: bool,
    },
    Cancel {
        who: Who,
    },
    Resend {
        who: Who,
    },
    Edit {
        who: Who,
        manager: Option<Option<usize>>,
        title: Option<String>,
        field: Option<(usize, Option<String>)>,
        group: Option<(usize, Option<GroupRole>)>,
        protected: Option<bool>,
    },
    /// Puts a brake on a connection (a share in percent, and a floor), or takes it off.
    SetBrake {
        by: usize,
        brake: Option<(i64, i64)>,
    },
    /// Lets go whom a brake holds.
    ReleaseHeld {
        which: Which,
    },
    /// Has them stay.
    RejectHeld {
        which: Which,
    },
    /// Sets or takes a password.
    SetPassword {
        who: usize,
        on: bool,
    },
    /// Mails people a link to choose one.
    MailLink {
        who: Who,
    },
    /// Somebody asks for such a link.
    ForgetPassword {
        who: usize,
    },
    /// Somebody comes with the link of that number.
    ChoosePassword {
        who: usize,
        number: i64,
    },
    /// Gives somebody another address.
    Readdress {
        who: usize,
        email: String,
    },
    SingleSignOn {
        on: bool,
    },
    /// Moves the day on which invitations are mailed, so many days ahead, or leaves them unmailed.
    SendOn {
        who: Who,
        ahead: Option<i64>,
    },
    /// Moves the organization to a time zone, by its place.
    Zone {
        zone: usize,
    },
    AddPlatform {
        name: String,
    },
    /// The tokens until now go on for so many days.
    RotatePlatform {
        platform: usize,
        days: i64,
    },
    RevokePlatform {
        platform: usize,
    },
    /// Somebody who has a token (of a platform, by places) says that a person was seen some days ago.
    Seen {
        token: (usize, usize),
        who: usize,
        ago: i64,
    },
    /// As [`Deed::Progress`], by somebody who has a token.
    Told {
        token: (usize, usize),
        who: usize,
        training: usize,
        completed: bool,
    },
    /// Require a title of whoever is invited or created, or no longer.
    Require {
        on: bool,
    },
    Deactivate {
        who: Who,
    },
    Reactivate {
        who: Who,
        restore: bool,
    },
    Delete {
        who: Who,
    },
    Erase {
        who: Who,
    },
    Grant {
        who: Who,
        pool: usize,
        /// Until how many days ahead: `None` leaves the end, `Some(None)` is without one.
        until: Option<Option<i64>>,
    },
    /// Takes back what whoever left still holds, or the seats of whoever never came, or both.
    Reclaim {
        left: bool,
        never_came: bool,
    },
    Release {
        who: Who,
        pool: usize,
    },
    AddPool {
        name: String,
        terms: PoolTerms,
    },
    SetPool {
        pool: usize,
        terms: PoolTerms,
    },
    Move {
        pool: usize,
        who: usize,
        position: usize,
    },
    AddGroup {
        name: String,
    },
    RenameGroup {
        group: usize,
        name: String,
    },
    RemoveGroup {
        group: usize,
    },
    /// A provider makes a group (`None`), or changes one, or removes it.
    ProvideGroup {
        by: usize,
        group: Option<usize>,
        gone: bool,
        name: Option<String>,
        external_id: Option<Option<String>>,
        only: bool,
        add: Vec<usize>,
        remove: Vec<usize>,
    },
    /// Registers accounts with their records.
    Import {
        accounts: Vec<(String, Vec<(String, RecordState)>)>,
    },
    /// Takes records along after acceptance: all, or those of one training.
    Transfer {
        email: String,
        training: Option<String>,
    },
    EraseAccount {
        email: String,
    },
    /// Gives people a permission, or takes it.
    Permit {
        who: Who,
        permission: Permission,
        on: bool,
    },
    /// Decides on what was asked.
    Decide {
        approval: usize,
        approve: bool,
    },
    /// Limits how many those who run a group may have in it.
    Budget {
        group: usize,
        seats: Option<i64>,
    },
    /// Undo the batch of that place in the log.
    Undo {
        of: usize,
    },
    /// A group carries something, or no longer.
    Carry {
        group: usize,
        training: Option<usize>,
        pool: Option<usize>,
        on: bool,
    },
    Assign {
        who: Who,
        training: usize,
    },
    Unassign {
        who: Who,
        training: usize,
    },
    /// Somebody starts or completes a training.
    Progress {
        who: usize,
        training: usize,
        completed: bool,
    },
    /// Sets or clears the day of being deactivated (0) or deleted (1), so many days ahead.
    Date {
        who: Who,
        kind: usize,
        ahead: Option<i64>,
    },
    /// A day later, with everything done that is due then.
    NextDay,
    Reopen,
}

/// Whom of those whom brakes hold.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    All,
    /// Of one connection.
    Of(usize),
    These(Vec<usize>),
}

/// Whom a deed is for.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    These(Vec<usize>),
    /// Everybody who is not deleted or erased.
    Everybody,
}

/// At which door, and what a person at it chooses when a pool is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) attended: bool,
    pub(crate) when_full: WhenFull,
    /// The administrator who acts; none is the file's owner.
    pub(crate) by: Option<usize>,
}

impl Deed {
    /// The provider that does it.
    pub(crate) fn provider(&self) -> Option<usize> {
        match self {
            Self::Provision { by, .. }
            | Self::Update { by, .. }
            | Self::Remove { by, .. }
            | Self::ProvideGroup { by, .. } => Some(*by),
            _ => None,
        }
    }
}
