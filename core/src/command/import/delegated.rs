//! What an import may do by those who run a group: it invites to that group only, within its budget, gives nothing but the seat,
//! and tells nothing of anybody whom they do not see.

use std::collections::{HashMap, HashSet};

use super::rows::Rows;
use super::{Desk, Import, Wanted};
use crate::error::{Error, Result};
use crate::import::{Column, Does, Mode};
use crate::model::{Field, GroupId, GroupRole, Status, UserId};
use crate::planner::Planner;
use crate::store::Known;

impl Import {
    /// Refuses whoever runs a group what they could not do to people one by one.
    pub(super) fn refuse_beyond_inviting(&self, planner: &Planner<'_>) -> Result<()> {
        if planner.reaches_everybody() {
            return Ok(());
        }
        if self.mode != Mode::Invite {
            return Err(Error::forbidden(
                "who runs a group invites people by a file, and changes nobody: import with --mode invite",
            ));
        }
        if self.overriding {
            return Err(Error::forbidden(
                "setting what a connection owns is not allowed: it needs owner or manage_users",
            ));
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Whoever runs one group only need not name it.
    pub(super) fn know_own_group(&self, planner: &Planner<'_>, rows: &mut Rows) {
        let own: HashSet<GroupId> = self.groups.values().copied().collect();
        let mut own = own.into_iter();
        if let (false, Some(only), None) = (planner.reaches_everybody(), own.next(), own.next()) {
            rows.join_own(Some(only));
        }
    }

    /// Refuses in every row what is more than an invitation to a group that the actor runs. Whoever runs one only need not
    /// name it.
    pub(super) fn keep_to_groups(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut [Wanted],
    ) -> Result<()> {
        if planner.reaches_everybody() {
            return Ok(());
        }
        let own: HashSet<GroupId> = self.groups.values().copied().collect();
        for wanted in rows {
            if wanted.seldom().groups.is_empty() && !wanted.is_wrong() {
                let mut own = own.iter();
                match (own.next(), own.next()) {
                    (Some(only), None) => {
                        wanted.joins_own = true;
                        wanted.seldom_mut().groups.push((*only, None));
                    }
                    _ => {
                        let why = "is missing: say which of your groups they join";
                        self.fault(wanted, Some(Column::Groups), why);
                    }
                }
            }
            for (group, role) in wanted.seldom().groups.clone() {
                let role = role.unwrap_or(GroupRole::Learner);
                let own = planner.authority.role_in(group);
                if own.is_none_or(|it| role > it) {
                    let why = format!("{} is more than your own role there", role.as_str());
                    self.fault(wanted, Some(Column::Groups), why);
                }
                planner.limit(group)?;
            }
            let others = "is for those who manage users: leave it empty";
            let beyond = [
                (wanted.leaves_groups, Column::Groups),
                (
                    !wanted.seldom().pools.is_empty() || wanted.returns_licenses,
                    Column::Licenses,
                ),
                (
                    wanted.get(Field::DeleteOn).is_some(),
                    Column::Field(Field::DeleteOn),
                ),
                (
                    wanted.status.is_some_and(|it| it != Status::Waiting),
                    Column::Status,
                ),
            ];
            for (_, column) in beyond.into_iter().filter(|it| it.0) {
                self.fault(wanted, Some(column), others);
            }
        }
        Ok(())
    }

    /// Leaves somebody alone whom the actor does not see, in the words that an invitation has for it.
    pub(super) fn leave_unseen(&mut self, planner: &mut Planner<'_>, wanted: &mut Wanted) {
        wanted.known = None;
        if wanted.is_wrong() {
            return;
        }
        wanted.does = Some(Does::Nothing);
        let who = super::who(&self.import.sheet, &self.columns, wanted.place);
        planner.skip_name(&who, "known already; who manages users can bring them in");
    }
}

/// Those of some people whom the actor does not see.
pub(super) fn unseen<'k>(
    planner: &Planner<'_>,
    people: impl Iterator<Item = &'k Known>,
) -> Result<HashSet<UserId>> {
    if planner.reaches_everybody() {
        return Ok(HashSet::new());
    }
    let ids: HashSet<UserId> = people.map(|it| it.id).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let seen = planner.within(&planner.authority.reach("see"), &ids)?;
    Ok(ids.into_iter().filter(|it| !seen.contains(it)).collect())
}

/// Drops from what was looked up whom the actor does not see.
pub(super) fn only_seen(
    planner: &Planner<'_>,
    mut known: HashMap<String, Known>,
) -> Result<HashMap<String, Known>> {
    let unseen = unseen(planner, known.values())?;
    known.retain(|_, it| !unseen.contains(&it.id));
    Ok(known)
}
