//! Make active accounts at once: none, deleted → active or queued.

use super::joining::{Joining, plan_people};
use super::password;
use crate::error::Result;
use crate::model::{GroupRole, PoolName, Profile, Status};
use crate::password::PasswordHash;
use crate::planner::Planner;

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

impl Create {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        if self.people.iter().any(|it| it.password.is_some()) {
            password::refuse_under_single_sign_on(planner)?;
        }
        let joining = Joining::resolve(
            planner,
            &self.groups,
            &self.pools,
            Status::Active,
            self.mail,
        )?;
        let why_not = |status| match status {
            Status::Inactive => "inactive: reactivate instead".to_owned(),
            Status::Cancelled => "cancelled: resend or invite instead".to_owned(),
            other => format!("already {other}"),
        };
        plan_people(
            planner,
            &self.people,
            &joining,
            |status| status == Status::Deleted,
            why_not,
        )
    }
}
