//! What a provider wants of one person.

use crate::model::{Field, Part, UserId};

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
