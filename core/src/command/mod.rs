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
mod password;
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
    Alarms, ApprovalId, AtCapacity, BatchId, Brake, ConnectionPolicy, CountsFrom, Date, DueKind,
    Field, FieldId, FieldKind, GroupId, GroupRole, Language, NewIndividual, NewPeople, Part,
    Permission, PoolName, Profile, Progress, Scopes, Seats, Setting, SshKey, TrainingKind, UserId,
    VisibleTo,
};
use crate::password::PasswordHash;
use crate::plan::Template;
use crate::planner::Planner;
use crate::selection::Selection;
use crate::waste::Wasteful;

pub use import::Import;
pub use individual::OwnRecords;
pub use pasting::parse_people;
pub(crate) use promote::{all as promote_all, may_promote, promote};

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

/// Invite people by mail. An address that is already live is skipped with its status as the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Invite {
    /// Whom.
    pub people: Vec<NewPerson>,
    /// Groups that each of them joins, by name.
    pub groups: Vec<(String, GroupRole)>,
    /// Add-on pools that each of them gets.
    pub pools: Vec<PoolName>,
    /// Whether the invitation is mailed.
    pub mail: bool,
    /// The day at whose beginning it is mailed; `None` is at once.
    pub send_on: Option<Date>,
}

/// Invite people to a session.
#[derive(Clone, Debug, PartialEq)]
pub struct InviteToSession {
    /// Which session, by name or id.
    pub session: String,
    /// Whom, and to which groups. Who may invite to their session only, invites learners to one group; without one it is
    /// the only one in which they are coach or administrator.
    pub invite: Invite,
}

/// Make active accounts at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    /// Whom.
    pub people: Vec<NewPerson>,
    /// Groups that each of them joins, by name.
    pub groups: Vec<(String, GroupRole)>,
    /// Add-on pools that each of them gets.
    pub pools: Vec<PoolName>,
    /// Whether a notice is mailed.
    pub mail: bool,
}

/// Somebody who is to be on the roster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPerson {
    /// What is known of them; values from [`Field::parse`].
    pub profile: Profile,
    /// Their manager: an address, a user name or an id.
    pub manager: Option<String>,
    /// The password of an account that is made at once; without one, a link to choose it is mailed.
    pub password: Option<PasswordHash>,
    /// What they have in custom fields: names, and values as typed.
    pub fields: Vec<(String, String)>,
}

/// Create or update one person for an identity provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Provision {
    /// Whom.
    pub target: ProvisionTarget,
    /// What the provider calls them: `None` leaves it, `Some(None)` clears it.
    pub external_id: Option<Option<String>>,
    /// Fields to set; values from [`Field::parse`]. For a new person everything that is set.
    pub set: Vec<(Field, Option<String>)>,
    /// Their manager: `None` leaves it, `Some(None)` clears it; an id, else the connection's externalId, else a user
    /// name or address. One who is not known is noted among the skips.
    pub manager: Option<Option<String>>,
    /// Whether they shall be in: `None` leaves it (a new person is in).
    pub active: Option<bool>,
    /// Names of add-on pools that the provider asks for, in any letter case: `None` leaves what it asked for. What names
    /// no pool is noted among the skips.
    pub entitlements: Option<Vec<String>>,
    /// What mapped attributes say, as sent: values that a field does not take are noted, and the field stays.
    pub mapped: Vec<(Part, Option<String>)>,
    /// What of the person the request speaks of, also where it changes nothing: what a person has overridden of it ends.
    pub spoken: Vec<Part>,
}

impl Provision {
    /// A provision that says nothing yet.
    pub fn of(target: ProvisionTarget) -> Self {
        Self {
            target,
            external_id: None,
            set: Vec::new(),
            manager: None,
            active: None,
            entitlements: None,
            mapped: Vec::new(),
            spoken: Vec::new(),
        }
    }
}

/// Whom a provider means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvisionTarget {
    /// Somebody new (SCIM POST): a live person of the same keys is a conflict, a cancelled or deleted one comes back.
    New,
    /// The person of this id (SCIM PUT, PATCH): adopts them for the connection if another door made them.
    Existing {
        /// Whom.
        user: UserId,
        /// The version that the provider's change was computed on; another one answers [`crate::Error::Changed`].
        version: Option<i64>,
    },
}

/// Create, update or remove one group for an identity provider. Its members are the group's learners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionGroup {
    /// Which.
    pub target: GroupTarget,
    /// What it is called: `None` leaves it. A new one needs a name.
    pub name: Option<String>,
    /// What the provider calls it: `None` leaves it, `Some(None)` clears it.
    pub external_id: Option<Option<String>>,
    /// Whether only those are to be learners who are added.
    pub only: bool,
    /// Who is to be in it.
    pub add: Vec<UserId>,
    /// Who is not; whoever is added as well stays.
    pub remove: Vec<UserId>,
}

/// Which group a provider means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupTarget {
    /// A new one (SCIM POST).
    New,
    /// The group of this id (SCIM PUT, PATCH).
    Existing {
        /// Which.
        group: GroupId,
        /// The version that the provider has seen; another one answers [`crate::Error::GroupChanged`].
        version: Option<i64>,
    },
    /// The group of this id, to be removed (SCIM DELETE).
    Removed {
        /// Which.
        group: GroupId,
        /// As above.
        version: Option<i64>,
    },
}

/// Come in by one's own invitation.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// Who.
    pub user: UserId,
    /// Which of the person's links it is; without it, the living one.
    pub generation: Option<i64>,
    /// Fields that the person filled in.
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields that the person filled in, as typed: those that everybody has to have and may see, and they have not.
    pub fields: Vec<(FieldId, String)>,
    /// The password that they chose; none under single sign-on.
    pub password: Option<PasswordHash>,
    /// What becomes of the records of an account of their own.
    pub records: OwnRecords,
}

/// Come in by the join page.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The wish to join, whose id a new person gets.
    pub wish: UserId,
    /// Which of its links it is.
    pub generation: i64,
    /// Fields that the person filled in.
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields that the person filled in, as typed: those that everybody has to have and may see.
    pub fields: Vec<(FieldId, String)>,
    /// The password that they chose; none under single sign-on.
    pub password: Option<PasswordHash>,
}

/// Set or take one person's password.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPassword {
    /// Whose.
    pub user: UserId,
    /// The new one; without it the person cannot sign in by a password any more.
    pub password: Option<PasswordHash>,
}

/// Choose one's own password by a mailed link.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoosePassword {
    /// Whose.
    pub user: UserId,
    /// Which of the person's links it is.
    pub generation: i64,
    /// The new one.
    pub password: PasswordHash,
}

/// Set fields of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Whose.
    pub who: Selection,
    /// Fields to set; values from [`Field::parse`].
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields to set: names, and values as typed; nothing clears.
    pub fields: Vec<(String, Option<String>)>,
    /// Labels to add.
    pub add_labels: Vec<String>,
    /// Labels to remove.
    pub remove_labels: Vec<String>,
    /// Their manager: `None` leaves it, `Some(None)` clears it; an address, a user name or an id.
    pub manager: Option<Option<String>>,
    /// Groups to join or change role in, by name.
    pub add_groups: Vec<(String, GroupRole)>,
    /// Groups to leave, by name.
    pub remove_groups: Vec<String>,
    /// Whether only owners may take them off: `None` leaves it. The owners' alone.
    pub protected: Option<bool>,
    /// The day at whose beginning a pending invitation is mailed: `None` leaves it, `Some(None)` is never.
    pub send_on: Option<Option<Date>>,
    /// The version that a form was filled in on; another one answers [`crate::Error::Changed`]. For one person only.
    pub version: Option<i64>,
    /// Whether what a connection owns is set all the same, until its next write of it. Without this it is skipped.
    pub overriding: bool,
}

impl Edit {
    /// An edit of these people that sets nothing yet.
    pub fn of(who: impl Into<Selection>) -> Self {
        Self {
            who: who.into(),
            set: Vec::new(),
            fields: Vec::new(),
            add_labels: Vec::new(),
            remove_labels: Vec::new(),
            manager: None,
            add_groups: Vec::new(),
            remove_groups: Vec::new(),
            protected: None,
            send_on: None,
            version: None,
            overriding: false,
        }
    }
}

/// What to set of a group; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupEdit {
    /// Its new name.
    pub name: Option<String>,
    /// Trainings, by name or id, and whether it shall carry them.
    pub trainings: Vec<(String, bool)>,
    /// Add-on pools, and whether it shall carry them.
    pub pools: Vec<(PoolName, bool)>,
}

/// What to set of a training; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingEdit {
    /// Its new name.
    pub name: Option<String>,
    /// The add-on pool that its content needs; `Some(None)` clears it.
    pub pool: Option<Option<PoolName>>,
    /// The day of a session.
    pub held_on: Option<Date>,
}

/// How far somebody has come with a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressReport {
    /// Who: an address, a user name or an id.
    pub who: String,
    /// With what: a training's name or id.
    pub training: String,
    /// How far.
    pub step: Progress,
}

/// What to set of a custom field; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldEdit {
    /// Its new name.
    pub name: Option<String>,
    /// Who sees it.
    pub visible_to: Option<VisibleTo>,
    /// Whether whoever is invited or created must have a value.
    pub required: Option<bool>,
    /// Values to allow; one that was removed comes back.
    pub add_values: Vec<String>,
    /// Values that can no longer be chosen; whoever has one keeps it.
    pub remove_values: Vec<String>,
    /// Values to rename, from and to.
    pub rename_values: Vec<(String, String)>,
}

/// What to set of a connection; `None` leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionEdit {
    /// What the people whom it brings become.
    pub new_people: Option<NewPeople>,
    /// Whether they are mailed.
    pub mails: Option<bool>,
    /// For how many days a new token works; `Some(None)` is without an end. Tokens that there are keep theirs.
    pub token_days: Option<Option<u32>>,
}

/// What to set of a pool; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolEdit {
    /// How many are purchased.
    pub purchased: Option<Seats>,
    /// From when an invited person counts; applies to invitations made from then on.
    pub counts_from: Option<CountsFrom>,
    /// Whether a leaver's consumed licenses return.
    pub recoverable: Option<bool>,
    /// What unattended doors get when it is full.
    pub at_capacity: Option<AtCapacity>,
    /// The first day; `Some(None)` clears it.
    pub starts_on: Option<Option<Date>>,
    /// The day after the last; `Some(None)` clears it.
    pub ends_on: Option<Option<Date>>,
    /// When purchasers are told that it fills up.
    pub alarms: Option<Alarms>,
}

/// Whom of those whom brakes hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldWho {
    /// Everybody who is held.
    All,
    /// Everybody whom one connection's brake holds, by its name.
    Connection(String),
    /// These people; also whose leaving was rejected.
    Users(Vec<UserId>),
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

impl Command {
    /// The command's name in the history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Invite(_) => "invite",
            Self::InviteToSession(_) => "invite_session",
            Self::Create(_) => "create",
            Self::Provision(_) => "provision",
            Self::ProvisionGroup(_) => "provision_group",
            Self::Accept(_) => "accept",
            Self::Join(_) => "join",
            Self::Cancel { .. } => "cancel",
            Self::Resend { .. } => "resend",
            Self::SetPassword(_) => "password_set",
            Self::MailPasswordLink { .. } => "password_mail",
            Self::ChoosePassword(_) => "password_choose",
            Self::ForgetPassword { .. } => "password_forget",
            Self::AskForInvitation { .. } => "invitation_ask",
            Self::Edit(_) => "edit",
            Self::Deactivate { .. } => "deactivate",
            Self::Reactivate { .. } => "reactivate",
            Self::Delete { .. } => "delete",
            Self::Erase { .. } => "erase",
            Self::Grant { .. } => "grant",
            Self::Release { .. } => "release",
            Self::AddPool { .. } => "pool_add",
            Self::SetPool { .. } => "pool_set",
            Self::Import(_) => "import",
            Self::ImportIndividuals { .. } => "individuals_import",
            Self::TransferIndividual { .. } => "individuals_transfer",
            Self::EraseIndividual { .. } => "individuals_erase",
            Self::AddField { .. } => "field_add",
            Self::SetField { .. } => "field_set",
            Self::RemoveField { .. } => "field_remove",
            Self::RenameLabel { to: Some(_), .. } => "label_rename",
            Self::RenameLabel { to: None, .. } => "label_remove",
            Self::SetMailText { .. } => "mail_text",
            Self::SetSetting { .. } => "setting",
            Self::SetJoinPage { .. } => "join_set",
            Self::AddGroup { .. } => "group_add",
            Self::EditGroup { .. } => "group_set",
            Self::RemoveGroup { .. } => "group_remove",
            Self::AddTraining { .. } => "training_add",
            Self::SetTraining { .. } => "training_set",
            Self::RemoveTraining { .. } => "training_remove",
            Self::SetInstructors { .. } => "training_instructors",
            Self::Assign { .. } => "assign",
            Self::Unassign { .. } => "unassign",
            Self::Progress { .. } => "progress",
            Self::ProgressAgain => "progress_again",
            Self::SetGroupBudget { .. } => "group_budget",
            Self::GrantPermissions { .. } => "admin_grant",
            Self::RevokePermissions { .. } => "admin_revoke",
            Self::LinkSystemUser { .. } => "admin_link",
            Self::UnlinkSystemUser { .. } => "admin_unlink",
            Self::AddSshKey { .. } => "admin_key_add",
            Self::RemoveSshKeys { .. } => "admin_key_remove",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::AddConnection { .. } => "idp_add",
            Self::SetConnection { .. } => "idp_set",
            Self::MapAttributes { .. } => "idp_map",
            Self::OwnFields { .. } => "idp_own",
            Self::Relink { .. } => "idp_relink",
            Self::RotateToken { .. } => "idp_rotate",
            Self::SetBrake { .. } => "idp_brake",
            Self::ReleaseHeld { .. } => "brake_release",
            Self::RejectHeld { .. } => "brake_reject",
            Self::RevokeConnection { .. } => "idp_revoke",
            Self::AddPlatform { .. } => "token_add",
            Self::RotatePlatformToken { .. } => "token_rotate",
            Self::RevokePlatform { .. } => "token_revoke",
            Self::MoveInQueue { .. } => "queue_move",
            Self::DoDue { kind, .. } => match kind {
                DueKind::Deactivate => "due_deactivate",
                DueKind::LicenseEnd => "due_license_end",
                DueKind::Delete => "due_delete",
                DueKind::Send => "due_send",
                DueKind::Erase => "due_erase",
            },
            Self::Promote => "promote",
            Self::Reclaim(_) => "reclaim",
            Self::Undo { .. } => "undo",
        }
    }

    /// Plans the command into the planner.
    pub(crate) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        match self {
            Self::Invite(it) => it.plan(planner),
            Self::InviteToSession(it) => it.plan(planner),
            Self::Create(it) => it.plan(planner),
            Self::Provision(it) => it.plan(planner),
            Self::ProvisionGroup(it) => it.plan(planner),
            Self::Accept(it) => it.plan(planner),
            Self::Join(it) => it.plan(planner),
            Self::Cancel { who } => cancel::plan(planner, who),
            Self::Resend { who, mail } => resend::plan(planner, who, *mail),
            Self::SetPassword(it) => it.plan(planner),
            Self::MailPasswordLink { who } => password::mail(planner, who),
            Self::ChoosePassword(it) => it.plan(planner),
            Self::ForgetPassword { user } => password::forget_own(planner, *user),
            Self::AskForInvitation { user } => resend::ask(planner, *user),
            Self::Edit(it) => it.plan(planner),
            Self::Deactivate { who } => deactivate::plan(planner, who),
            Self::Reactivate {
                who,
                restore_assignments,
            } => reactivate::plan(planner, who, *restore_assignments),
            Self::Delete { who } => delete::plan(planner, who),
            Self::Erase { who } => erase::plan(planner, who),
            Self::Grant { who, pool, until } => grant::grant(planner, who, pool, *until),
            Self::Release { who, pool } => grant::release(planner, who, pool),
            Self::AddPool { name, set } => pool::add(planner, name, set),
            Self::SetPool { name, set } => pool::set(planner, name, set),
            Self::Import(it) => it.plan(planner),
            Self::ImportIndividuals { accounts } => individual::import(planner, accounts),
            Self::TransferIndividual { email, trainings } => {
                individual::transfer(planner, email, trainings)
            }
            Self::EraseIndividual { email } => individual::erase(planner, email),
            Self::AddField { name, kind, set } => field::add(planner, name, *kind, set),
            Self::SetField { name, set } => field::set(planner, name, set),
            Self::RemoveField { name } => field::remove(planner, name),
            Self::RenameLabel { label, to } => label::plan(planner, label, to.as_deref()),
            Self::SetMailText {
                template,
                language,
                text,
            } => mail_text::plan(planner, *template, *language, text.as_ref()),
            Self::SetSetting { setting, value } => {
                setting::plan(planner, *setting, value.as_deref())
            }
            Self::SetJoinPage { set } => setting::join_page(planner, set),
            Self::AddGroup { name } => group::add(planner, name).map(|_| ()),
            Self::EditGroup { group, set } => group::edit(planner, group, set),
            Self::RemoveGroup { group } => group::remove(planner, group),
            Self::AddTraining {
                name,
                kind,
                pool,
                held_on,
            } => training::add(planner, name, *kind, pool.as_ref(), *held_on),
            Self::SetTraining { training, set } => training::set(planner, training, set),
            Self::RemoveTraining { training } => training::remove(planner, training),
            Self::SetInstructors { training, who, are } => {
                training::instructors(planner, training, who, *are)
            }
            Self::Assign { who, training } => assign::assign(planner, who, training),
            Self::Unassign { who, training } => assign::unassign(planner, who, training),
            Self::Progress { reports } => progress::progress(planner, reports),
            Self::ProgressAgain => progress::again(planner),
            Self::SetGroupBudget { group, seats } => group::budget(planner, group, *seats),
            Self::GrantPermissions { who, permissions } => {
                administrator::grant(planner, who, permissions)
            }
            Self::RevokePermissions { who, permissions } => {
                administrator::revoke(planner, who, permissions)
            }
            Self::LinkSystemUser { system_user, who } => {
                administrator::link(planner, system_user, who)
            }
            Self::UnlinkSystemUser { system_user } => administrator::unlink(planner, system_user),
            Self::AddSshKey { who, key } => ssh_key::add(planner, who, key),
            Self::RemoveSshKeys { who, fingerprint } => {
                ssh_key::remove(planner, who, fingerprint.as_deref())
            }
            Self::Approve { approval } => approval::approve(planner, *approval),
            Self::Reject { approval } => approval::reject(planner, *approval),
            Self::AddConnection { name, policy } => connection::add(planner, name, *policy),
            Self::SetConnection { name, set } => ownership::set(planner, name, set),
            Self::MapAttributes { name, set } => ownership::map(planner, name, set),
            Self::OwnFields { name, fields } => ownership::own(planner, name, fields.as_deref()),
            Self::Relink { name, who } => relink::plan(planner, name, who),
            Self::RotateToken { name, overlap_ms } => {
                connection::rotate(planner, name, *overlap_ms)
            }
            Self::SetBrake { name, brake } => brake::set(planner, name, *brake),
            Self::ReleaseHeld { who } => brake::release(planner, who),
            Self::RejectHeld { who } => brake::reject(planner, who),
            Self::RevokeConnection { name } => connection::revoke(planner, name),
            Self::AddPlatform { name, scopes } => platform::add(planner, name, scopes),
            Self::RotatePlatformToken { name, overlap_ms } => {
                platform::rotate(planner, name, *overlap_ms)
            }
            Self::RevokePlatform { name } => platform::revoke(planner, name),
            Self::MoveInQueue {
                pool,
                who,
                position,
            } => queue::plan(planner, pool, who, *position),
            Self::DoDue { kind, day } => due::plan(planner, *kind, *day),
            Self::Promote => promote::all(planner),
            Self::Reclaim(wanted) => reclaim::plan(planner, wanted),
            Self::Undo { batch } => undo::plan(planner, *batch),
        }
    }
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
