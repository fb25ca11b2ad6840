//! Make active accounts at once: none, deleted → active or queued.

use super::Create;
use super::joining::{Joining, plan_people};
use crate::error::Result;
use crate::model::Status;
use crate::planner::Planner;

impl Create {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
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
