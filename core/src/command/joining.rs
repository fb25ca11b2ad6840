//! What invite and create share: one person at a time, from nobody or from a record that came to rest.

mod people;
mod returning;

use super::field::{self, Given};
use super::{NewPerson, password};
use crate::change::{Change, NewUser};
use crate::error::{Error, Result};
use crate::model::{
    Assignment, AssignmentState, CountsFrom, Date, GroupId, GroupRole, Hold, License, Packed,
    PoolId, PoolName, Status, TrainingId, User, UserId,
};
use crate::plan::Template;
use crate::planner::{Entry, Fallback, Planner, Seated, Waiting, Want};
pub(super) use people::plan_people;
pub(super) use returning::Back;

/// How people of one command join.
pub(super) struct Joining {
    /// `waiting` for an invitation, `active` for an account made at once.
    pub(super) status: Status,
    pub(super) mail: bool,
    /// The day on which invitations are mailed, if not at once.
    pub(super) send_on: Option<Date>,
    pub(super) groups: Vec<(GroupId, GroupRole)>,
    pub(super) pools: Vec<PoolId>,
    /// The session to which they are invited.
    pub(super) session: Option<TrainingId>,
    /// The id of whoever is new, if they have one already.
    pub(super) newcomer: Option<UserId>,
}

impl Joining {
    /// Looks the groups and pools up, which must all be there.
    pub(super) fn resolve(
        planner: &Planner<'_>,
        groups: &[(String, GroupRole)],
        pools: &[PoolName],
        status: Status,
        mail: bool,
    ) -> Result<Self> {
        let groups = groups
            .iter()
            .map(|(name, role)| match planner.snapshot.group_named(name)? {
                Some((id, _)) => Ok((id, *role)),
                None => Err(Error::not_found("group", name)),
            })
            .collect::<Result<Vec<_>>>()?;
        super::refuse_twice(groups.iter().map(|it| it.0), "group")?;
        let pools = pools
            .iter()
            .map(|it| add_on(planner, it))
            .collect::<Result<Vec<_>>>()?;
        super::refuse_twice(pools.iter(), "pool")?;
        Ok(Self {
            status,
            mail,
            send_on: None,
            groups,
            pools,
            session: None,
            newcomer: None,
        })
    }

    /// Plans one person who is not on the roster.
    pub(super) fn newcomer(
        &self,
        planner: &mut Planner<'_>,
        person: &NewPerson,
        given: &[Given],
    ) -> Result<()> {
        let label = person.profile.email.clone().unwrap_or_default();
        let manager = match &person.manager {
            None => None,
            Some(name) => match planner.manager_for(None, name) {
                Ok(manager) => Some(manager),
                Err(error) => return refused(planner, &label, None, error),
            },
        };
        let profile = Packed::of(&person.profile);
        if let Some(user) = self.newcomer_under(planner, person, profile, manager, given)? {
            planner.note_arrival(user, &person.profile);
        }
        Ok(())
    }

    /// As [`Joining::newcomer`], with the manager looked up and the profile packed. Of the person's own no more is looked at
    /// than by which names they go. Returns who that is, if they come; nobody after them is looked up by these names.
    pub(super) fn newcomer_under(
        &self,
        planner: &mut Planner<'_>,
        person: &NewPerson,
        profile: Packed,
        manager: Option<UserId>,
        given: &[Given],
    ) -> Result<Option<UserId>> {
        let label = person.profile.email.clone().unwrap_or_default();
        let user = self.newcomer.unwrap_or_else(|| planner.draws.user());
        let mark = planner.mark();
        // The record comes first in the history, but its status is known only when the seat is decided.
        let status = self.standing(planner, person.profile.email.as_deref())?;
        planner.push(created(user, profile, status, manager));
        let entry = match self.status {
            Status::Active => {
                let groups = self.groups.iter().map(|it| it.0);
                planner.entry(groups, &[], &[], Fallback::WhenFull)?
            }
            _ => Entry::default(),
        };
        match self.seat(planner, user, &[], &entry)? {
            Seated::Out(why) => {
                planner.back_to(mark);
                planner.skip_name(&label, why);
                return Ok(None);
            }
            Seated::Queued => {
                planner.queue_new(mark);
                self.enter_groups(planner, user);
            }
            Seated::In => {
                self.welcome(planner, user, person)?;
                self.enter_groups(planner, user);
                planner.assign_entry(user, entry);
            }
        }
        if let Some(password) = &person.password {
            password::set(planner, user, Some(password))?;
        }
        self.give_session(planner, user)?;
        self.request_later(planner, user, &[])?;
        field::give(planner, user, given, true)?;
        Ok(Some(user))
    }

    /// Counts what somebody asks for who cannot come because another has no room.
    pub(super) fn ask(&self, planner: &mut Planner<'_>, licenses: &[License]) -> Result<()> {
        let wants = self.wants(planner, licenses)?;
        let wants: Vec<PoolId> = wants
            .into_iter()
            .filter(|it| !it.before.is_held())
            .map(|it| it.pool)
            .collect();
        planner.ask_in_vain(&wants)
    }

    /// What whoever comes is to hold, beside what groups bring.
    fn wants(&self, planner: &Planner<'_>, licenses: &[License]) -> Result<Vec<Want>> {
        let held = |pool: PoolId| {
            licenses
                .iter()
                .find(|it| it.pool == pool)
                .map_or(Hold::None, |it| it.hold)
        };
        let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
        let mut wants = Vec::with_capacity(1 + self.pools.len());
        if self.status == Status::Active {
            wants.push(Want::new(
                planner.access,
                held(planner.access),
                Hold::Consumed,
            ));
        } else if counts_from == CountsFrom::Invitation {
            wants.push(Want::new(
                planner.access,
                held(planner.access),
                Hold::Reserved,
            ));
        }
        for pool in self.pools.iter().filter(|it| held(**it) == Hold::None) {
            if !planner.is_for_later(*pool, self.status)? {
                wants.push(Want::new(*pool, Hold::None, Hold::Reserved));
            }
        }
        Ok(wants)
    }

    fn seat(
        &self,
        planner: &mut Planner<'_>,
        user: UserId,
        licenses: &[License],
        entry: &Entry,
    ) -> Result<Seated> {
        let mut wants = self.wants(planner, licenses)?;
        let asked = self.pools.as_slice();
        wants.extend(entry.wants().filter(|it| !asked.contains(&it.pool)));
        planner.seat(
            user,
            &wants,
            Waiting {
                leads_to: self.status,
                // Who has joined by a page has nothing but a mail to hear by that there is a seat now.
                mail: self.mail || self.newcomer.is_some(),
                connection: None,
                send_on: self.send_on,
            },
        )
    }

    /// What a person of this address becomes who is seated.
    fn standing(&self, planner: &mut Planner<'_>, email: Option<&str>) -> Result<Status> {
        match self.status {
            Status::Waiting => planner.waiting_status(email),
            other => Ok(other),
        }
    }

    /// Notes the licenses of pools that count from activation, for whoever is not active yet.
    fn request_later(
        &self,
        planner: &mut Planner<'_>,
        user: UserId,
        licenses: &[License],
    ) -> Result<()> {
        for pool in &self.pools {
            let has = licenses.iter().any(|it| it.pool == *pool);
            if !has && planner.is_for_later(*pool, self.status)? {
                planner.request_license(user, *pool)?;
            }
        }
        Ok(())
    }

    /// Mails the invitation, or the login with a link to choose a password if the administrator has set none.
    fn welcome(&self, planner: &mut Planner<'_>, user: UserId, person: &NewPerson) -> Result<()> {
        if self.status == Status::Waiting {
            return planner.invite_on(user, self.mail, self.send_on);
        }
        match (self.mail, &person.password) {
            (true, None) => password::mail_link(planner, user, Template::AccountCreated),
            (true, Some(_)) => {
                planner.mail(user, Template::AccountCreated);
                Ok(())
            }
            (false, _) => Ok(()),
        }
    }

    /// Assigns the session to which somebody is invited.
    fn give_session(&self, planner: &mut Planner<'_>, user: UserId) -> Result<()> {
        let Some(training) = self.session else {
            return Ok(());
        };
        let before = planner.snapshot.assignment(user, training)?;
        if before.is_none_or(|it| it.state == AssignmentState::Ended) {
            planner.push(Change::Assignment {
                user,
                training,
                before,
                after: Some(Assignment::new(planner.now)),
            });
        }
        Ok(())
    }

    /// The groups of somebody new, who is in none yet.
    fn enter_groups(&self, planner: &mut Planner<'_>, user: UserId) {
        for (group, role) in &self.groups {
            planner.push(Change::Membership {
                user,
                group: *group,
                before: None,
                after: Some(*role),
            });
        }
    }
}

/// An add-on pool by name; `access` is never granted by itself.
pub(super) fn add_on(planner: &Planner<'_>, name: &PoolName) -> Result<PoolId> {
    let pool = planner.ledger.named(name)?;
    if pool.is_access() {
        return Err(Error::invalid(
            "pool",
            "access comes with the person",
            "name an add-on pool",
        ));
    }
    Ok(pool.id)
}

fn created(user: UserId, profile: Packed, status: Status, manager: Option<UserId>) -> Change {
    let accepted = status == Status::Active;
    Change::UserCreated {
        user,
        created: Box::new(NewUser {
            profile,
            status,
            accepted,
            manager,
            connection: None,
            link: None,
        }),
    }
}

/// Somebody whose manager cannot be set is skipped; the others are not.
fn refused(
    planner: &mut Planner<'_>,
    label: &str,
    user: Option<&User>,
    error: Error,
) -> Result<()> {
    match (error, user) {
        (error @ (Error::Invalid { .. } | Error::NotFound { .. }), Some(user)) => {
            planner.skip(user, error.to_string());
            Ok(())
        }
        (error @ (Error::Invalid { .. } | Error::NotFound { .. }), None) => {
            planner.skip_name(label, error.to_string());
            Ok(())
        }
        (other, _) => Err(other),
    }
}
