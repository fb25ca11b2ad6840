//! Invite people by mail: none, cancelled, deleted → waiting or queued. Also to a session, by who holds it.

use super::NewPerson;
use super::joining::{Joining, plan_people};
use crate::error::{Error, Result};
use crate::model::{Date, GroupId, GroupRole, PoolName, Status, Training, TrainingKind};
use crate::planner::Planner;

/// Invite people by mail. An address that is already live is skipped with its status as the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Invite {
    /// Whom.
    pub people: Vec<NewPerson>,
    /// Groups that each of them joins, by name.
    pub groups: Vec<(String, GroupRole)>,
    /// Add-on pools that each of them gets.
    pub pools: Vec<PoolName>,
    /// Whether the invitation is mailed.
    pub mail: bool,
    /// The day at whose beginning it is mailed; `None` is at once.
    pub send_on: Option<Date>,
}

/// Invite people to a session.
#[derive(Clone, Debug, PartialEq)]
pub struct InviteToSession {
    /// Which session, by name or id.
    pub session: String,
    /// Whom, and to which groups. Who may invite to their session only, invites learners to one group; without one it is
    /// the only one in which they are coach or administrator.
    pub invite: Invite,
}

impl Invite {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let joining = self.joining(planner)?;
        if !planner.reaches_everybody() {
            delegated(planner, self, &joining)?;
        }
        self.people(planner, joining)
    }

    fn joining(&self, planner: &Planner<'_>) -> Result<Joining> {
        Joining::resolve(
            planner,
            &self.groups,
            &self.pools,
            Status::Waiting,
            self.mail,
        )
    }

    fn people(&self, planner: &mut Planner<'_>, mut joining: Joining) -> Result<()> {
        joining.send_on = self.send_on.filter(|_| self.mail);
        let comes_back = |status| matches!(status, Status::Cancelled | Status::Deleted);
        let why_not = |status| match status {
            Status::Inactive => "inactive: reactivate instead".to_owned(),
            other => format!("already {other}"),
        };
        plan_people(planner, &self.people, &joining, comes_back, why_not)?;
        planner.refuse_overspending()
    }
}

impl InviteToSession {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let session = planner.snapshot.find_training(&self.session)?;
        if session.terms.kind != TrainingKind::Session {
            return Err(Error::invalid(
                "training",
                "is no session",
                "name a session, or assign it to people who are on the roster",
            ));
        }
        if let Some(day) = session.terms.held_on {
            refuse_over(planner, &session, day)?;
        }
        let mut joining = self.invite.joining(planner)?;
        if !planner.reaches_everybody() {
            let groups = planner.groups_of_session(session.id);
            joining.groups = only_group(planner, &self.invite, &joining, &session, &groups)?;
            gives_no_more_than_the_seat(planner, &self.invite, &joining)?;
        }
        joining.session = Some(session.id);
        self.invite.people(planner, joining)
    }
}

/// Nobody comes to what is over.
fn refuse_over(planner: &mut Planner<'_>, session: &Training, day: Date) -> Result<()> {
    if day < planner.newest_begun()? {
        return Err(Error::invalid(
            "session",
            format!("{} was on {day}", session.terms.name),
            "name one that is still to come",
        ));
    }
    Ok(())
}

/// Who holds a session invites to it the learners of one group, in which they are coach or administrator themselves.
fn only_group(
    planner: &Planner<'_>,
    invite: &Invite,
    joining: &Joining,
    session: &Training,
    theirs: &[GroupId],
) -> Result<Vec<(GroupId, GroupRole)>> {
    if theirs.is_empty() {
        return Err(Error::forbidden(format!(
            "inviting to {} is not allowed: it needs its instructor, who is coach or administrator of a group",
            session.terms.name
        )));
    }
    match (joining.groups.as_slice(), theirs) {
        ([], [only]) => Ok(vec![(*only, GroupRole::Learner)]),
        ([], _) => {
            let mut names = Vec::new();
            for group in theirs {
                names.extend(planner.snapshot.group_name(*group)?);
            }
            names.sort();
            Err(Error::forbidden(format!(
                "the people join one group of yours: name the group, one of {}",
                names.join(", ")
            )))
        }
        ([(group, role)], _) => {
            let name = invite.groups.first().map_or("", |it| it.0.as_str());
            if planner.authority.role_in(*group).is_none() {
                return Err(Error::not_found("group", name));
            }
            if !theirs.contains(group) {
                return Err(Error::forbidden(format!(
                    "inviting to the group {name} is not allowed: it needs its coach or administrator"
                )));
            }
            if *role != GroupRole::Learner {
                return Err(Error::forbidden(
                    "who holds a session invites learners to it, and nobody as anything else",
                ));
            }
            Ok(joining.groups.clone())
        }
        _ => Err(Error::forbidden(
            "who holds a session invites to one group: name one only",
        )),
    }
}

/// Who runs a group invites to that group only, to no role above their own, and gives nothing away but the seat.
fn delegated(planner: &mut Planner<'_>, invite: &Invite, joining: &Joining) -> Result<()> {
    if joining.groups.is_empty() {
        return Err(Error::forbidden(
            "who runs a group invites to that group only: name the group",
        ));
    }
    for ((group, role), (name, _)) in joining.groups.iter().zip(&invite.groups) {
        if !planner.reaches_group(*group) {
            return Err(Error::not_found("group", name));
        }
        if planner
            .authority
            .role_in(*group)
            .is_none_or(|it| *role > it)
        {
            return Err(Error::forbidden(format!(
                "inviting to the group {name} as {} is not allowed: it is more than your own role there",
                role.as_str()
            )));
        }
    }
    gives_no_more_than_the_seat(planner, invite, joining)
}

fn gives_no_more_than_the_seat(
    planner: &mut Planner<'_>,
    invite: &Invite,
    joining: &Joining,
) -> Result<()> {
    let mut people = invite.people.iter();
    if people.any(|it| it.profile.delete_on.is_some()) {
        return Err(Error::forbidden(
            "setting a deletion date is not allowed: it needs owner or manage_users",
        ));
    }
    for (group, _) in &joining.groups {
        planner.limit(*group)?;
    }
    if !invite.pools.is_empty() {
        return Err(Error::forbidden(
            "giving add-on licenses is not allowed: it needs owner or manage_users",
        ));
    }
    Ok(())
}
