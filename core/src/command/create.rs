//! Make active accounts at once: none, deleted → active or queued.

use super::joining::{Joining, plan_people};
use super::{Create, password};
use crate::error::Result;
use crate::model::Status;
use crate::planner::Planner;

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
