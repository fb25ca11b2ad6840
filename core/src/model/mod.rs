//! The nouns: their parsing and their invariants. No I/O here.

mod address;
mod approval;
mod batch;
mod brake;
mod connection;
mod custom_field;
mod due;
mod group;
mod ids;
mod import;
mod inbox;
mod individual;
mod join;
mod label;
mod language;
mod license;
mod logo;
mod mail;
pub(crate) mod marks;
mod organization;
mod packed;
mod part;
mod password_link;
mod period;
mod platform;
mod pool;
mod setting;
mod shared;
mod ssh_key;
mod status;
mod text;
mod time;
mod training;
mod transfer;
mod unseen;
mod user;
mod view;
mod when;

pub(crate) use address::name_key;
pub(crate) use address::user_name_key as key_of_name;
pub use address::{EmailAddress, UserName, fold_key};
pub use approval::{APPROVAL_MS, Approval, ApprovalState};
pub use batch::{Actor, Batch, Door, Event};
pub use brake::{Access, Brake, HeldPerson, LeaveKind, LeaveState, Leaving};
pub use connection::{Connection, ConnectionPolicy, NewPeople, Token};
pub use custom_field::{
    Choice, ChoiceTerms, CustomField, FieldKind, FieldTerms, VisibleTo, choice_key, field_key,
    parse_choice_name, parse_field_name,
};
pub use due::{Due, DueKind, DueWhat};
pub use group::{Budget, Group, GroupCarries, GroupRole, Membership};
pub use ids::{
    ApprovalId, BatchId, ChoiceId, ConnectionId, FieldId, GroupId, IndividualId, InvitationId,
    PlatformId, PoolId, TokenId, TrainingId, TransferId, UserId,
};
pub use import::{Import, ImportTerms};
pub use inbox::{Asked, AskedFilter, ConnectionActivity, FoundBy, NewAsked};
pub use individual::{Individual, IndividualTerms, NewIndividual, Record, RecordState};
pub use join::{JoinAllow, JoinPage, slug_of};
pub use label::Label;
pub use language::Language;
pub use license::{Entitled, Entitlement, Hold, License, QueueEntry};
pub use logo::{LARGEST_LOGO, Logo};
pub use mail::{InvitationProgress, MailState, OutboxMail, Undelivered, WhichMails};
pub use organization::{Organization, Permission, TimeZoneName};
pub use packed::Packed;
pub use part::{Drift, Mapping, Part, Said, Why};
pub use password_link::{LinkState, PasswordLink};
pub use period::{Period, Slice, Step};
pub use platform::{Platform, Scope, Scopes};
pub use pool::{Alarms, AtCapacity, CountsFrom, OutsideDates, Pool, PoolName, PoolTerms, Seats};
pub(crate) use setting::ERASED_ENTRY;
pub use setting::{Required, RequiredItem, Setting, SettingValue, Settings};
pub use shared::Shared;
pub use ssh_key::{AdminKey, Fingerprint, SshKey};
pub use status::Status;
pub use text::{Name, harmless, is_hostile, push_as_html, search_text};
pub(crate) use text::{folded, folded_anew};
pub use time::{Date, Timestamp};
pub use training::{
    Assigned, Assignment, AssignmentCounts, AssignmentState, Progress, ToldProgress, Training,
    TrainingKind, TrainingTerms, WaitingProgress,
};
pub use transfer::{Purpose, TRANSFER_MS, Transfer, file_name, table_name};
pub use unseen::is_virama;
pub(crate) use user::further_addresses;
pub use user::{Field, Invitation, InvitationState, Link, Profile, ProviderHold, User};
pub use view::{ConsoleLook, View};
pub use when::When;
