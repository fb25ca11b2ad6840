//! The closed set of facts that a plan consists of. Nothing else writes: applying, recording, explaining and undoing
//! are four functions over [`Change`].

mod described;
mod kept;
mod kinds;
mod people;

use serde::{Deserialize, Serialize};

use crate::mail::MailText;
use crate::model::{
    Actor, ApprovalId, ApprovalState, Assignment, Brake, ChoiceId, ChoiceTerms, ConnectionId,
    ConnectionPolicy, Date, DueKind, Entitled, Field, FieldId, FieldTerms, GroupId, GroupRole,
    Hold, ImportTerms, IndividualId, IndividualTerms, Invitation, Language, Leaving, Link, Packed,
    Part, PasswordLink, Permission, PlatformId, PoolId, PoolName, PoolTerms, ProviderHold, Said,
    Scopes, Seats, Setting, Shared, SshKey, Status, Timestamp, TokenId, ToldProgress, TrainingId,
    TrainingTerms, UserId,
};

use crate::password::PasswordHash;
use crate::plan::Template;

pub(crate) use described::Hidden;
pub use described::{Described, Names, said};
pub use people::PeopleNames;

/// One reversible fact, with its before and its after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A person was put on the roster.
    UserCreated {
        /// Their new id.
        user: UserId,
        /// Everything they start with.
        created: Box<NewUser>,
    },
    /// Where a person stands.
    Status {
        /// Who.
        user: UserId,
        /// From.
        before: Status,
        /// To.
        after: Status,
    },
    /// What is known of a person. Personal: recorded encrypted.
    Profile {
        /// Who.
        user: UserId,
        /// Which field.
        field: Field,
        /// From.
        before: Option<Shared>,
        /// To.
        after: Option<Shared>,
    },
    /// What a person has in a custom field. Personal: recorded encrypted. A choice's value is an id.
    FieldValue {
        /// Who.
        user: UserId,
        /// In which field.
        field: FieldId,
        /// From.
        before: Option<Shared>,
        /// To.
        after: Option<Shared>,
    },
    /// Whom a person reports to.
    Manager {
        /// Who.
        user: UserId,
        /// From.
        before: Option<UserId>,
        /// To.
        after: Option<UserId>,
    },
    /// How a person holds a pool.
    License {
        /// Who.
        user: UserId,
        /// Which pool.
        pool: PoolId,
        /// From.
        before: Hold,
        /// To.
        after: Hold,
        /// Whether this license stands for the `access` seat, by a fallback.
        stands_for_access: bool,
    },
    /// Until when a person's license of a pool was agreed.
    LicenseEnd {
        /// Who.
        user: UserId,
        /// Which pool.
        pool: PoolId,
        /// From.
        before: Option<Date>,
        /// To.
        after: Option<Date>,
    },
    /// What was due on a day was done, or came to nothing; it is not done again for that day. Undo leaves it.
    Due {
        /// To whom.
        user: UserId,
        /// What.
        kind: DueKind,
        /// Of which pool, for the end of a license.
        pool: Option<PoolId>,
        /// On which day it was due.
        day: Date,
        /// Why nothing was done, if nothing was.
        skipped: Option<String>,
    },
    /// Whether a person is to get a license when they become active.
    LicenseRequest {
        /// Who.
        user: UserId,
        /// Of which pool.
        pool: PoolId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether a connection asks for a license of a pool for a person.
    Entitlement {
        /// For whom.
        user: UserId,
        /// Which connection.
        connection: ConnectionId,
        /// Of which pool.
        pool: PoolId,
        /// From.
        before: Entitled,
        /// To.
        after: Entitled,
    },
    /// A person's invitation.
    Invitation {
        /// Who.
        user: UserId,
        /// From.
        before: Option<Invitation>,
        /// To.
        after: Option<Invitation>,
    },
    /// A person's place in a group.
    Membership {
        /// Who.
        user: UserId,
        /// Which group.
        group: GroupId,
        /// From.
        before: Option<GroupRole>,
        /// To.
        after: Option<GroupRole>,
    },
    /// A person's obligation to take a training.
    Assignment {
        /// Who.
        user: UserId,
        /// Which training.
        training: TrainingId,
        /// From.
        before: Option<Assignment>,
        /// To.
        after: Option<Assignment>,
    },
    /// What was told of a person's progress while they had no license for it, and waits to be carried out.
    ToldProgress {
        /// Who.
        user: UserId,
        /// With which training.
        training: TrainingId,
        /// From.
        before: Option<ToldProgress>,
        /// To.
        after: Option<ToldProgress>,
    },
    /// Whether a person holds a session.
    Instructor {
        /// Who.
        user: UserId,
        /// Which session.
        training: TrainingId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// What a connection calls a person. Personal: recorded encrypted.
    Link {
        /// Who.
        user: UserId,
        /// Which connection.
        connection: ConnectionId,
        /// From.
        before: Option<Link>,
        /// To.
        after: Option<Link>,
    },
    /// Which connection a person comes from.
    Connection {
        /// Who.
        user: UserId,
        /// From.
        before: Option<ConnectionId>,
        /// To.
        after: Option<ConnectionId>,
    },
    /// Whether a provider wants a person to leave who has not: held by the brake, or rejected.
    Leaving {
        /// Who.
        user: UserId,
        /// From.
        before: Option<Leaving>,
        /// To.
        after: Option<Leaving>,
    },
    /// Whether a person's deactivation holds against the provider.
    ProviderHold {
        /// Who.
        user: UserId,
        /// From.
        before: ProviderHold,
        /// To.
        after: ProviderHold,
    },
    /// What a provider says of a part of a person, where the roster has something else. Personal: recorded encrypted.
    Drift {
        /// Who.
        user: UserId,
        /// What of them.
        part: Part,
        /// From; none where the two agreed.
        before: Option<Box<Said>>,
        /// To; none where the two agree.
        after: Option<Box<Said>>,
    },
    /// Whether a person has ever been active.
    Accepted {
        /// Who.
        user: UserId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether a person has a password, or that it is another one now. The history never holds its hash.
    Password {
        /// Who.
        user: UserId,
        /// Whether they had one.
        before: bool,
        /// Whether they have one.
        after: bool,
        /// What is kept of the new one; none in a change read from the history.
        hash: Option<PasswordHash>,
    },
    /// A person's link to choose a password.
    PasswordLink {
        /// Who.
        user: UserId,
        /// From.
        before: Option<PasswordLink>,
        /// To.
        after: Option<PasswordLink>,
    },
    /// An administrator's permission.
    Permission {
        /// Who.
        user: UserId,
        /// Which.
        permission: Permission,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// A permission that takes a second administrator was asked for.
    ApprovalAsked {
        /// For whom.
        user: UserId,
        /// The id under which it waits.
        approval: ApprovalId,
        /// Which permission.
        permission: Permission,
        /// Who asked.
        by: Actor,
        /// The digest of what was shown to them.
        digest: String,
        /// Until when it can be approved.
        expires_at: Timestamp,
    },
    /// What became of something that was asked.
    ApprovalDecided {
        /// For whom it was asked.
        user: UserId,
        /// Which.
        approval: ApprovalId,
        /// Who decided.
        by: Actor,
        /// From.
        before: ApprovalState,
        /// To.
        after: ApprovalState,
    },
    /// A permission that takes a second administrator was given without one, because there is none. Says so, and
    /// changes nothing.
    GrantedAlone {
        /// To whom.
        user: UserId,
        /// Which permission.
        permission: Permission,
    },
    /// Whether an operating-system user acts as this administrator. Personal: recorded encrypted.
    SystemUser {
        /// As whom.
        user: UserId,
        /// The operating-system user.
        name: String,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether a person comes in over SSH by this key. Personal: recorded encrypted.
    SshKey {
        /// Who.
        user: UserId,
        /// The key.
        key: SshKey,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether only owners may take a person off.
    Protected {
        /// Who.
        user: UserId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// A person's data was destroyed. The one change without an inverse.
    Erased {
        /// Who.
        user: UserId,
        /// From; always to [`Status::Erased`].
        before: Status,
    },
    /// An account that somebody has of their own. Personal: recorded encrypted, under the account's key.
    Individual {
        /// Which account.
        account: IndividualId,
        /// From; none when it is new.
        before: Option<Box<IndividualTerms>>,
        /// To; none when it goes by undo.
        after: Option<Box<IndividualTerms>>,
    },
    /// An account's data was destroyed. Has no inverse.
    IndividualErased {
        /// Which account.
        account: IndividualId,
    },
    /// A pool was added.
    PoolAdded {
        /// Its id.
        pool: PoolId,
        /// Its name.
        name: PoolName,
        /// What was agreed.
        terms: PoolTerms,
    },
    /// What was agreed for a pool.
    PoolTerms {
        /// Which pool.
        pool: PoolId,
        /// From.
        before: Box<PoolTerms>,
        /// To.
        after: Box<PoolTerms>,
    },
    /// A custom field was added.
    FieldAdded {
        /// Its id.
        field: FieldId,
        /// What is agreed about it.
        terms: FieldTerms,
    },
    /// What is agreed about a custom field: its name, who sees it, whether it is required or gone.
    FieldTerms {
        /// Which field.
        field: FieldId,
        /// From.
        before: FieldTerms,
        /// To.
        after: FieldTerms,
    },
    /// An allowed value of a custom field.
    FieldChoice {
        /// Of which field.
        field: FieldId,
        /// Its id.
        choice: ChoiceId,
        /// From; none when it is new.
        before: Option<ChoiceTerms>,
        /// To.
        after: ChoiceTerms,
    },
    /// What a mail says, in the organization's own words. None is as Usher says it.
    MailText {
        /// Which message.
        template: Template,
        /// In which language.
        language: Language,
        /// From.
        before: Option<MailText>,
        /// To.
        after: Option<MailText>,
    },
    /// What the organization has set about itself. A value is canonical text; none is the default.
    Setting {
        /// Which setting.
        setting: Setting,
        /// From.
        before: Option<String>,
        /// To.
        after: Option<String>,
    },
    /// A file was imported; what it did are the batch's other changes.
    Imported {
        /// Which file, and what became of its rows.
        terms: Box<ImportTerms>,
    },
    /// A group was added.
    GroupAdded {
        /// Its id.
        group: GroupId,
        /// Its name.
        name: String,
    },
    /// What a group is called.
    GroupName {
        /// Which group.
        group: GroupId,
        /// From.
        before: String,
        /// To.
        after: String,
    },
    /// What a connection calls a group.
    GroupLink {
        /// Which group.
        group: GroupId,
        /// Which connection.
        connection: ConnectionId,
        /// From.
        before: Option<String>,
        /// To.
        after: Option<String>,
    },
    /// Whether a group was removed; its row stays for reports, and its name is free for another.
    GroupRemoved {
        /// Which group.
        group: GroupId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether a group's members get a training.
    GroupTraining {
        /// Which group.
        group: GroupId,
        /// Which training.
        training: TrainingId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// Whether a group's members get a license of a pool.
    GroupPool {
        /// Which group.
        group: GroupId,
        /// Which pool.
        pool: PoolId,
        /// From.
        before: bool,
        /// To.
        after: bool,
    },
    /// A training was added.
    TrainingAdded {
        /// Its id.
        training: TrainingId,
        /// What is known of it.
        terms: TrainingTerms,
    },
    /// What is known of a training, and whether it was removed.
    TrainingTerms {
        /// Which training.
        training: TrainingId,
        /// From.
        before: Box<TrainingTerms>,
        /// To.
        after: Box<TrainingTerms>,
    },
    /// What those who run a group may hand out in it; none is no limit.
    GroupBudget {
        /// Which group.
        group: GroupId,
        /// From.
        before: Option<Seats>,
        /// To.
        after: Option<Seats>,
    },
    /// A connection was added.
    ConnectionAdded {
        /// Its id.
        connection: ConnectionId,
        /// Its name.
        name: String,
        /// How it brings people in.
        policy: ConnectionPolicy,
    },
    /// How a connection brings people in.
    ConnectionTerms {
        /// Which.
        connection: ConnectionId,
        /// From.
        before: ConnectionPolicy,
        /// To.
        after: ConnectionPolicy,
    },
    /// Which attribute of a connection feeds a part of its people.
    ConnectionMaps {
        /// Which.
        connection: ConnectionId,
        /// Which part.
        part: Part,
        /// From; none is the part's own attribute.
        before: Option<String>,
        /// To.
        after: Option<String>,
    },
    /// What a connection owns of its people; none is what it maps and sends.
    ConnectionOwns {
        /// Which.
        connection: ConnectionId,
        /// From.
        before: Option<Vec<Part>>,
        /// To.
        after: Option<Vec<Part>>,
    },
    /// A connection wrote a part of somebody for the first time. Undo leaves it.
    ConnectionSends {
        /// Which.
        connection: ConnectionId,
        /// Which part.
        part: Part,
    },
    /// How many people a connection may take off in a while; none is without a limit.
    Brake {
        /// Which connection.
        connection: ConnectionId,
        /// From.
        before: Option<Brake>,
        /// To.
        after: Option<Brake>,
    },
    /// A connection was revoked, or brought back by undo.
    ConnectionRevoked {
        /// Which.
        connection: ConnectionId,
        /// From.
        before: Option<Timestamp>,
        /// To.
        after: Option<Timestamp>,
    },
    /// A token was made. Only its hash is kept.
    TokenAdded {
        /// Of which connection.
        connection: ConnectionId,
        /// Its id.
        token: TokenId,
        /// Its first characters.
        hint: String,
        /// SHA-256 of the secret.
        hash: [u8; 32],
    },
    /// When a token ends.
    TokenEnds {
        /// Of which connection.
        connection: ConnectionId,
        /// Which token.
        token: TokenId,
        /// From.
        before: Option<Timestamp>,
        /// To.
        after: Option<Timestamp>,
    },
    /// A token for the platform behind Usher was added, by name.
    PlatformAdded {
        /// Its id.
        platform: PlatformId,
        /// Its name.
        name: String,
        /// What it opens.
        scopes: Scopes,
    },
    /// A platform's tokens were revoked.
    PlatformRevoked {
        /// Which.
        platform: PlatformId,
        /// Its name.
        name: String,
        /// From.
        before: Option<Timestamp>,
        /// To.
        after: Option<Timestamp>,
    },
    /// A platform's token was made. Only its hash is kept.
    PlatformTokenAdded {
        /// Of which platform.
        platform: PlatformId,
        /// Its id.
        token: TokenId,
        /// Its first characters.
        hint: String,
        /// SHA-256 of the secret.
        hash: [u8; 32],
    },
    /// When a platform's token ends.
    PlatformTokenEnds {
        /// Of which platform.
        platform: PlatformId,
        /// Which token.
        token: TokenId,
        /// From.
        before: Option<Timestamp>,
        /// To.
        after: Option<Timestamp>,
    },
}

/// The kinds of changes whose recorded form holds personal values.
pub(crate) const PERSONAL_KINDS: [&str; 7] = [
    "user_created",
    "drift",
    "profile",
    "field_value",
    "link",
    "system_user",
    "ssh_key",
];

/// Everything a new person starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    /// What is known of them.
    pub profile: Packed,
    /// Where they stand.
    pub status: Status,
    /// Whether they are in already.
    pub accepted: bool,
    /// Whom they report to.
    pub manager: Option<UserId>,
    /// The connection that provisioned them.
    pub connection: Option<ConnectionId>,
    /// What that connection calls them.
    pub link: Option<Link>,
}

impl NewUser {
    /// What they are called until somebody looks them up: their address, else their user name.
    pub fn label(&self) -> Option<&str> {
        let email = self.profile.get(Field::Email);
        email.or_else(|| self.profile.get(Field::UserName))
    }
}

#[cfg(test)]
mod tests {
    use super::Change;

    #[test]
    fn a_change_is_small_as_plans_hold_a_million_of_them() {
        assert!(size_of::<Change>() <= 120, "{}", size_of::<Change>());
    }
}
