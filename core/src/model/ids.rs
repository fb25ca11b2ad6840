//! Identifiers. All are UUIDv7, drawn by the command that needs them ([`crate::Draw`]), never by the store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name such a thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The sixteen bytes, in the order that sorts by time.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id whose bytes these are.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", $noun, self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::try_parse(text).map(Self).map_err(|_| {
                    Error::invalid(concat!($noun, " id"), "is not a UUID", "copy it from a listing")
                })
            }
        }
    };
}

id!(
    /// A person on the roster.
    UserId,
    "user"
);
id!(
    /// A pool of licenses.
    PoolId,
    "pool"
);
id!(
    /// An applied plan.
    BatchId,
    "batch"
);
id!(
    /// A group.
    GroupId,
    "group"
);
id!(
    /// Something to learn.
    TrainingId,
    "training"
);
id!(
    /// A custom field.
    FieldId,
    "field"
);
id!(
    /// An account that somebody has of their own.
    IndividualId,
    "account"
);
id!(
    /// An allowed value of a custom field.
    ChoiceId,
    "value"
);
id!(
    /// An identity provider's link.
    ConnectionId,
    "connection"
);
id!(
    /// A platform behind Usher.
    PlatformId,
    "platform"
);
id!(
    /// A bearer token of a connection or a platform.
    TokenId,
    "token"
);
id!(
    /// A file's way in or out of a console.
    TransferId,
    "page"
);
id!(
    /// Something that waits for a second administrator.
    ApprovalId,
    "approval"
);
id!(
    /// An invitation; it stays the same when resent, its generation rises.
    InvitationId,
    "invitation"
);
