//! What can be wanted: one file a command, with its fields and how it is planned. Planning reads a snapshot, writes
//! nothing and draws nothing but from the request.

mod accept;
mod administrator;
mod approval;
mod assign;
mod brake;
mod cancel;
mod connection;
mod create;
mod deactivate;
mod delete;
mod dispatch;
mod due;
mod edit;
mod erase;
mod field;
mod grant;
mod group;
mod import;
mod individual;
mod invite;
mod join;
mod joining;
mod label;
mod mail_text;
mod ownership;
pub(crate) mod password;
mod pasting;
mod platform;
mod pool;
mod progress;
mod promote;
mod provision;
mod provision_group;
mod queue;
mod reactivate;
mod reclaim;
mod relink;
mod resend;
mod setting;
mod ssh_key;
mod training;
mod undo;

use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::mail::MailText;
use crate::model::{
    ApprovalId, BatchId, Brake, ConnectionPolicy, Date, DueKind, FieldKind, Language,
    NewIndividual, Permission, PoolName, Scopes, Seats, Setting, SshKey, TrainingKind, UserId,
};
use crate::plan::Template;
use crate::selection::Selection;
use crate::waste::Wasteful;

pub use accept::Accept;
pub use brake::HeldWho;
pub use create::{Create, NewPerson};
pub(crate) use due::{days_until_it_acts, why_nothing};
pub use edit::Edit;
pub use field::FieldEdit;
pub use group::GroupEdit;
pub use import::Import;
pub use individual::OwnRecords;
pub use invite::{Invite, InviteToSession};
pub use join::Join;
pub use ownership::ConnectionEdit;
pub use password::{ChoosePassword, SetPassword};
pub use pasting::parse_people;
pub use pool::PoolEdit;
pub use progress::ProgressReport;
pub(crate) use promote::{all as promote_all, may_promote, promote};
pub use provision::{Provision, ProvisionTarget};
pub use provision_group::{GroupTarget, ProvisionGroup};
pub use training::TrainingEdit;

/// What an actor wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Invite people by mail.
    Invite(Invite),
    /// Invite people to a session, which is assigned to them at once. Whoever holds it may, within one group of theirs.
    InviteToSession(InviteToSession),
    /// Make active accounts at once.
    Create(Create),
    /// Create or update one person for an identity provider. Only a connection's session may.
    Provision(Provision),
    /// Create, update or remove one group for an identity provider. Only a connection's session may.
    ProvisionGroup(ProvisionGroup),
    /// Come in by one's own invitation. Only the person's session may.
    Accept(Accept),
    /// Come in by the join page. Only the session of whoever wished it may.
    Join(Join),
    /// Withdraw invitations before acceptance.
    Cancel {
        /// Whose.
        who: Selection,
    },
    /// Replace invitations' links.
    Resend {
        /// Whose.
        who: Selection,
        /// Whether to mail the new link.
        mail: bool,
    },
    /// Have one's own invitation, while it is open, replaced and mailed anew. Only the person's session may.
    AskForInvitation {
        /// Whose.
        user: UserId,
    },
    /// Set or take one person's password, where there is no single sign-on.
    SetPassword(SetPassword),
    /// Mail people a link to choose a password, which works once and for 72 hours.
    MailPasswordLink {
        /// Whom.
        who: Selection,
    },
    /// Choose one's own password by such a link. Only the person's session may.
    ChoosePassword(ChoosePassword),
    /// Have such a link mailed to oneself. Only the person's session may.
    ForgetPassword {
        /// Whose.
        user: UserId,
    },
    /// Set fields of people.
    Edit(Edit),
    /// Take people off their seats.
    Deactivate {
        /// Whom.
        who: Selection,
    },
    /// Bring deactivated people back.
    Reactivate {
        /// Whom.
        who: Selection,
        /// Whether what they still had to learn when they left is theirs again.
        restore_assignments: bool,
    },
    /// Remove people; they are hidden and kept for the retention days.
    Delete {
        /// Whom.
        who: Selection,
    },
    /// Destroy the personal data of deleted people.
    Erase {
        /// Whom.
        who: Selection,
    },
    /// Give people an add-on license, reserved.
    Grant {
        /// Whom.
        who: Selection,
        /// Of which pool.
        pool: PoolName,
        /// Until which day, at whose beginning it returns by itself: `None` leaves it, `Some(None)` is without an end.
        until: Option<Option<Date>>,
    },
    /// Take reserved add-on licenses back.
    Release {
        /// From whom.
        who: Selection,
        /// Of which pool.
        pool: PoolName,
    },
    /// Add an add-on pool.
    AddPool {
        /// Its name.
        name: PoolName,
        /// What it starts with.
        set: PoolEdit,
    },
    /// Change what was agreed for a pool; what is not named stays.
    SetPool {
        /// Which pool.
        name: PoolName,
        /// What to set.
        set: PoolEdit,
    },
    /// Say a mail in the organization's own words, or as Usher says it.
    SetMailText {
        /// Which message.
        template: Template,
        /// In which language.
        language: Language,
        /// What it says; none as Usher says it.
        text: Option<MailText>,
    },
    /// Set something about the organization, or go back to the default.
    SetSetting {
        /// What.
        setting: Setting,
        /// To which value, as typed; none resets.
        value: Option<String>,
    },
    /// Say what is agreed about the join page, at once.
    SetJoinPage {
        /// Settings of the join page, as typed; none resets.
        set: Vec<(Setting, Option<String>)>,
    },
    /// Bring in, create and update the people of a file.
    Import(Import),
    /// Register accounts that people have of their own, with their records.
    ImportIndividuals {
        /// Which.
        accounts: Vec<NewIndividual>,
    },
    /// Make assignments of the records that a user has in an account of their own.
    TransferIndividual {
        /// The account's address.
        email: String,
        /// The records of which trainings; none is all.
        trainings: Vec<String>,
    },
    /// Destroy the account that somebody has of their own. Has no undo.
    EraseIndividual {
        /// Its address.
        email: String,
    },
    /// Add a custom field.
    AddField {
        /// Its name.
        name: String,
        /// What its values are.
        kind: FieldKind,
        /// What it starts with.
        set: FieldEdit,
    },
    /// Change a custom field; what is not named stays.
    SetField {
        /// Which field, by name or id.
        name: String,
        /// What to set.
        set: FieldEdit,
    },
    /// Hide a custom field with all its values; undo brings them back.
    RemoveField {
        /// Which field, by name or id.
        name: String,
    },
    /// Rename a label on everybody who carries it, or take it off them.
    RenameLabel {
        /// The label.
        label: String,
        /// Its new name; none takes it off.
        to: Option<String>,
    },
    /// Add a group.
    AddGroup {
        /// Its name.
        name: String,
    },
    /// Change a group's name and what it carries.
    EditGroup {
        /// Which group, by name or id.
        group: String,
        /// What to set.
        set: GroupEdit,
    },
    /// Remove a group. Its members leave it, and what they got through it stays theirs.
    RemoveGroup {
        /// Which group, by name or id.
        group: String,
    },
    /// Add something to learn.
    AddTraining {
        /// Its name.
        name: String,
        /// What kind it is.
        kind: TrainingKind,
        /// The add-on pool whose license its content needs.
        pool: Option<PoolName>,
        /// The day of a session.
        held_on: Option<Date>,
    },
    /// Change what is known of a training; what is not named stays.
    SetTraining {
        /// Which training, by name or id.
        training: String,
        /// What to set.
        set: TrainingEdit,
    },
    /// Remove a training. Open assignments end, groups carry it no longer, reports still cover it.
    RemoveTraining {
        /// Which training, by name or id.
        training: String,
    },
    /// Say who holds a session.
    SetInstructors {
        /// Which session, by name or id.
        training: String,
        /// Who.
        who: Selection,
        /// Whether they shall, or shall no longer.
        are: bool,
    },
    /// Give people something to learn.
    Assign {
        /// Whom.
        who: Selection,
        /// Which training, by name or id.
        training: String,
    },
    /// End people's assignments before they are done.
    Unassign {
        /// Whose.
        who: Selection,
        /// Of which training, by name or id.
        training: String,
    },
    /// Record how far people have come. Saying it again changes nothing.
    Progress {
        /// Who has come how far with what.
        reports: Vec<ProgressReport>,
    },
    /// Carry out what the platform told of people who had no license for it then, of those who have one now.
    ProgressAgain,
    /// Limit how many seats those who run a group may hand out in it.
    SetGroupBudget {
        /// Which group, by name.
        group: String,
        /// How many of its members may be in or coming; none is no limit.
        seats: Option<Seats>,
    },
    /// Give people permissions. `authorized_purchaser` takes a second administrator once there are two.
    GrantPermissions {
        /// Whom.
        who: Selection,
        /// Which.
        permissions: Vec<Permission>,
    },
    /// Take permissions from people.
    RevokePermissions {
        /// From whom.
        who: Selection,
        /// Which.
        permissions: Vec<Permission>,
    },
    /// Let an operating-system user act as an administrator.
    LinkSystemUser {
        /// The operating-system user.
        system_user: String,
        /// The administrator.
        who: Selection,
    },
    /// End a link.
    UnlinkSystemUser {
        /// The operating-system user.
        system_user: String,
    },
    /// Let an administrator come in over SSH by a key.
    AddSshKey {
        /// The administrator.
        who: Selection,
        /// The key.
        key: SshKey,
    },
    /// Take keys from administrators.
    RemoveSshKeys {
        /// Whose.
        who: Selection,
        /// Which, by its fingerprint or the beginning of it; none is all of them.
        fingerprint: Option<String>,
    },
    /// Do what another administrator asked for.
    Approve {
        /// What was asked.
        approval: ApprovalId,
    },
    /// Refuse what another administrator asked for.
    Reject {
        /// What was asked.
        approval: ApprovalId,
    },
    /// Add an identity provider's link and its first token.
    AddConnection {
        /// Its name.
        name: String,
        /// How it brings people in.
        policy: ConnectionPolicy,
    },
    /// Change how a connection brings people in.
    SetConnection {
        /// Its name.
        name: String,
        /// What to set.
        set: ConnectionEdit,
    },
    /// Say which attributes of a connection feed which parts of its people.
    MapAttributes {
        /// Its name.
        name: String,
        /// Fields by name, custom ones too, and the path of the attribute, which the SCIM server has checked; none is the
        /// field's own attribute, or none for a custom field.
        set: Vec<(String, Option<String>)>,
    },
    /// Say what a connection owns of its people.
    OwnFields {
        /// Its name.
        name: String,
        /// Fields by name, custom ones and `manager` too; none is what it maps and sends.
        fields: Option<Vec<String>>,
    },
    /// Say that people are the same whom a connection comes to call otherwise: what it called them is forgotten, and what it
    /// writes next is taken.
    Relink {
        /// The connection's name.
        name: String,
        /// Whom.
        who: Selection,
    },
    /// Give a connection a new token; the old ones go on for a while.
    RotateToken {
        /// Which connection.
        name: String,
        /// For how long the old tokens still work, in milliseconds.
        overlap_ms: i64,
    },
    /// Limit how many people a connection may take off in a while, or take the limit away.
    SetBrake {
        /// Which connection.
        name: String,
        /// The limit; none is without.
        brake: Option<Brake>,
    },
    /// Carry out what a brake holds, as the connection.
    ReleaseHeld {
        /// Whose.
        who: HeldWho,
    },
    /// Drop what a brake holds: the people stay.
    RejectHeld {
        /// Whose.
        who: HeldWho,
    },
    /// Refuse every token of a connection from now on.
    RevokeConnection {
        /// Which connection.
        name: String,
    },
    /// Add a token for the platform behind Usher.
    AddPlatform {
        /// Its name.
        name: String,
        /// What it opens.
        scopes: Scopes,
    },
    /// Give a platform a new token; the old ones go on for a while.
    RotatePlatformToken {
        /// The token's name.
        name: String,
        /// For how long the old tokens still work, in milliseconds.
        overlap_ms: i64,
    },
    /// Refuse every token of that name from now on.
    RevokePlatform {
        /// The token's name.
        name: String,
    },
    /// Move a queued person to a position.
    MoveInQueue {
        /// In which pool's queue.
        pool: PoolName,
        /// Whom.
        who: Selection,
        /// To which position; 1 is the head.
        position: usize,
    },
    /// Do what is due of one kind and day, if that day has begun. The scheduler's, and owners' by hand.
    DoDue {
        /// What.
        kind: DueKind,
        /// On which day; of an erasing the day of the deletion.
        day: Date,
    },
    /// Promote from the queues whom there is room for, such as on a pool's first day. The scheduler's, and owners' by hand.
    Promote,
    /// Take back seats that may be wasted.
    Reclaim(Wasteful),
    /// Plan the inverse of a batch against today's state.
    Undo {
        /// Which batch.
        batch: BatchId,
    },
}

/// What a person chooses when a pool cannot hand out what is asked. Unattended doors follow the pool's policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// Nothing yet: the plan says what is missing and cannot be applied.
    #[default]
    Ask,
    /// Seat whom there is room for, in order, and queue the rest.
    QueueRest,
    /// Seat whom there is room for, in order, and leave the rest out.
    Fewer,
}

/// A command with everything that it needs from outside.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is wanted.
    pub command: Command,
    /// Its time and randomness.
    pub draw: Draw,
    /// What to do when a pool is full.
    pub when_full: WhenFull,
    /// Repeating a request with the same key, by the same actor, within 30 days, answers with the first outcome.
    pub key: Option<String>,
}

/// Refuses what names the same thing more than once.
fn refuse_twice<T: Ord>(named: impl Iterator<Item = T>, what: &str) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for it in named {
        if !seen.insert(it) {
            return Err(twice(what));
        }
    }
    Ok(())
}

fn twice(what: &str) -> Error {
    Error::invalid(what, "is given twice", "give each once")
}
