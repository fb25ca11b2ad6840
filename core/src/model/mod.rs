//! The nouns: their parsing and their invariants. No I/O here.

mod address;
mod approval;
mod batch;
mod connection;
mod due;
mod group;
mod ids;
mod license;
mod organization;
mod password_link;
mod period;
mod platform;
mod pool;
mod setting;
mod status;
mod text;
mod time;
mod training;
mod user;
mod when;

pub(crate) use address::name_key;
pub(crate) use address::user_name_key as key_of_name;
pub use address::{EmailAddress, UserName, fold_key};
pub use approval::{APPROVAL_MS, Approval, ApprovalState};
pub use batch::{Actor, Batch, Door, Event};
pub use connection::{Connection, ConnectionPolicy, NewPeople, Token};
pub use due::{Due, DueKind, DueWhat};
pub use group::{Budget, Group, GroupCarries, GroupRole, Membership};
pub use ids::{
    ApprovalId, BatchId, ConnectionId, GroupId, InvitationId, PlatformId, PoolId, TokenId,
    TrainingId, UserId,
};
pub use license::{Hold, License, QueueEntry};
pub use organization::{Organization, Permission, TimeZoneName};
pub use password_link::{LinkState, PasswordLink};
pub use period::{Period, Slice, Step};
pub use platform::{Platform, Scope, Scopes};
pub use pool::{Alarms, AtCapacity, CountsFrom, Pool, PoolName, PoolTerms, Seats};
pub use setting::{Required, RequiredItem, Setting, SettingValue, Settings};
pub use status::Status;
pub(crate) use text::fold_into;
pub use text::{Name, harmless, is_hostile, search_text};
pub use time::{Date, Timestamp};
pub use training::{
    Assigned, Assignment, AssignmentCounts, AssignmentState, Progress, Training, TrainingKind,
    TrainingTerms,
};
pub use user::{Field, Invitation, InvitationState, Link, Profile, ProviderHold, User};
pub use when::When;
