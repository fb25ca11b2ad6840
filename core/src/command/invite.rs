//! Invite people by mail: none, cancelled, deleted → waiting or queued.

use super::Invite;
use super::joining::{Joining, plan_people};
use crate::error::Result;
use crate::model::Status;
use crate::planner::Planner;

impl Invite {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let joining = Joining::resolve(
            planner,
            &self.groups,
            &self.pools,
            Status::Waiting,
            self.mail,
        )?;
        let comes_back = |status| matches!(status, Status::Cancelled | Status::Deleted);
        let why_not = |status| match status {
            Status::Inactive => "inactive: reactivate instead".to_owned(),
            other => format!("already {other}"),
        };
        plan_people(planner, &self.people, &joining, comes_back, why_not)
    }
}
