//! What becoming active in groups brings: their trainings are assigned and their pools requested. And what leaving ends.

use std::rc::Rc;

use super::foresight::{lay_assignment, lay_license};
use super::{AskedBy, Planner, Seated, Waiting, Want};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Assigned, Assignment, AssignmentState, AtCapacity, CountsFrom, Entitled, Entitlement,
    GroupCarries, GroupId, GroupRole, Hold, License, PoolId, Status, Training, TrainingId,
    TrainingKind, User, UserId,
};

/// Whether a license of a pool's fallback does for what a group carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// While the pool itself has none free: who is new to a group gets what it carries.
    WhenFull,
    /// Always: who comes back has what they had.
    Always,
}

impl Fallback {
    /// For the groups of somebody who becomes active.
    const fn of(user: &User) -> Self {
        if user.accepted {
            Self::Always
        } else {
            Self::WhenFull
        }
    }
}

/// What somebody gets by becoming active.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Trainings to assign, with the assignment that there was.
    assign: Vec<(TrainingId, Option<Assignment>)>,
    /// Pools to request.
    pools: Vec<PoolId>,
    /// Those of them that are used from the first moment.
    used: Vec<PoolId>,
    /// Requests that are answered with it.
    answered: Vec<PoolId>,
    /// What connections ask for whose license comes with it.
    entitled: Vec<Entitlement>,
    /// Whether somebody stands at the door and chooses when a pool is full.
    asked: bool,
}

impl Entry {
    /// The licenses, as a group's rule asks for them, unless somebody does.
    pub(crate) fn wants(&self) -> impl Iterator<Item = Want> {
        let after = |pool| {
            if self.used.contains(pool) {
                Hold::Consumed
            } else {
                Hold::Reserved
            }
        };
        self.pools.iter().map(move |pool| Want {
            after: after(pool),
            asked_by: if self.asked {
                AskedBy::Door
            } else {
                AskedBy::Rule
            },
            ..Want::by_rule(*pool)
        })
    }

    /// As it is asked for by somebody at the door, and by no group's rule.
    pub(crate) fn at_the_door(self) -> Self {
        Self {
            asked: true,
            ..self
        }
    }

    /// The pools to request.
    pub(crate) fn pools(&self) -> &[PoolId] {
        &self.pools
    }
}

impl Planner<'_> {
    /// Whether somebody would come back to more in a group than an actor has there who does not reach everybody.
    pub(crate) fn has_higher_role(&self, user: UserId) -> Result<bool> {
        if self.reaches_everybody() {
            return Ok(false);
        }
        let memberships = self.snapshot.memberships_of(user)?;
        Ok(memberships.iter().any(|it| {
            let mine = self.authority.role_in(it.group);
            it.role > mine.unwrap_or(GroupRole::Learner)
        }))
    }

    /// What these groups bring to somebody who has these assignments and licenses.
    pub(crate) fn entry(
        &mut self,
        groups: impl IntoIterator<Item = GroupId>,
        assignments: &[Assigned],
        licenses: &[License],
        fallback: Fallback,
    ) -> Result<Entry> {
        let mut entry = Entry::default();
        for group in groups {
            let carried = self.carried(group)?;
            self.add_carried(&mut entry, &carried, (assignments, licenses), fallback)?;
        }
        Ok(entry)
    }

    /// What a group brings that carries this.
    pub(crate) fn entry_by(
        &mut self,
        carried: &GroupCarries,
        assignments: &[Assigned],
        licenses: &[License],
    ) -> Result<Entry> {
        let mut entry = Entry::default();
        let has = (assignments, licenses);
        self.add_carried(&mut entry, carried, has, Fallback::WhenFull)?;
        Ok(entry)
    }

    fn add_carried(
        &mut self,
        entry: &mut Entry,
        carried: &GroupCarries,
        (assignments, licenses): (&[Assigned], &[License]),
        fallback: Fallback,
    ) -> Result<()> {
        for training in &carried.trainings {
            self.add_training(entry, *training, assignments, licenses)?;
        }
        for pool in &carried.pools {
            if !entry.pools.contains(pool) && self.lacks(*pool, licenses, fallback)? {
                entry.pools.push(*pool);
            }
        }
        Ok(())
    }

    /// Adds the licenses that pre-work needs which somebody comes with.
    pub(crate) fn add_assigned(
        &mut self,
        entry: &mut Entry,
        coming: &[Assigned],
        licenses: &[License],
    ) -> Result<()> {
        for Assigned {
            training,
            assignment,
            ..
        } in coming
        {
            let terms = self.training(*training)?.terms.clone();
            let (TrainingKind::PreWork, Some(pool)) = (terms.kind, terms.pool) else {
                continue;
            };
            let known = entry.pools.len();
            if assignment.state.is_open() {
                self.add_pool(entry, pool, licenses)?;
            }
            if entry.pools.len() > known && assignment.state == AssignmentState::Started {
                entry.used.push(pool);
            }
        }
        Ok(())
    }

    /// What becoming active brings to somebody who is on the roster already.
    pub(crate) fn entry_of(
        &mut self,
        user: &User,
        joining: &[GroupId],
        licenses: &[License],
    ) -> Result<Entry> {
        self.entry_with(user, joining, licenses, &[])
    }

    /// As [`Planner::entry_of`], of somebody who comes with these assignments.
    pub(crate) fn entry_with(
        &mut self,
        user: &User,
        joining: &[GroupId],
        licenses: &[License],
        coming: &[Assigned],
    ) -> Result<Entry> {
        let mut entry = Entry::default();
        self.add_assigned(&mut entry, coming, licenses)?;
        let kept = self.memberships_of(user.id)?;
        let mut groups: Vec<(GroupId, Fallback)> = kept
            .into_iter()
            .map(|it| (it.group, Fallback::of(user)))
            .collect();
        for group in joining {
            if groups.iter().all(|it| it.0 != *group) {
                groups.push((*group, Fallback::WhenFull));
            }
        }
        if !groups.is_empty() {
            let mut assignments = self.assignments_of(user.id)?;
            assignments.retain(|it| coming.iter().all(|of| of.training != it.training));
            assignments.extend(coming);
            for (group, fallback) in groups {
                let carried = self.carried(group)?;
                self.add_carried(&mut entry, &carried, (&assignments, licenses), fallback)?;
            }
        }
        for pool in self.requests_of(user.id)? {
            self.add_pool(&mut entry, pool, licenses)?;
            entry.answered.push(pool);
        }
        self.add_entitled(&mut entry, user.id, licenses)?;
        Ok(entry)
    }

    /// Adds what connections ask for a person who becomes active.
    pub(crate) fn add_entitled(
        &self,
        entry: &mut Entry,
        user: UserId,
        licenses: &[License],
    ) -> Result<()> {
        for asked in self.entitlements_planned(user)? {
            let coming = entry.pools.contains(&asked.pool);
            self.add_pool(entry, asked.pool, licenses)?;
            if !coming && entry.pools.contains(&asked.pool) {
                entry.entitled.push(asked);
            }
        }
        Ok(())
    }

    /// Whether a license of a pool is taken only when somebody of this status becomes active.
    pub(crate) fn is_for_later(&self, pool: PoolId, status: Status) -> Result<bool> {
        let counts_from = self.ledger.line(pool)?.pool.terms.counts_from;
        Ok(status != Status::Active && counts_from == CountsFrom::Activation)
    }

    /// Notes that somebody is to get a license when they become active.
    pub(crate) fn request_license(&mut self, user: UserId, pool: PoolId) -> Result<()> {
        if !self.requests_of(user)?.contains(&pool) {
            self.push(Change::LicenseRequest {
                user,
                pool,
                before: false,
                after: true,
            });
        }
        Ok(())
    }

    /// Notes the licenses that pre-work needs which somebody comes with who waits for a seat: they get them with it.
    pub(crate) fn request_licenses_of(
        &mut self,
        user: UserId,
        coming: &[Assigned],
        licenses: &[License],
    ) -> Result<()> {
        let mut needed = Entry::default();
        self.add_assigned(&mut needed, coming, licenses)?;
        needed
            .pools
            .into_iter()
            .try_for_each(|it| self.request_license(user, it))
    }

    /// Drops what somebody was to get when they become active, but what this plan has decided about already.
    pub(super) fn drop_requests(&mut self, user: UserId, but: &[PoolId]) -> Result<()> {
        for pool in self.requests_of(user)? {
            if !but.contains(&pool) {
                self.push(Change::LicenseRequest {
                    user,
                    pool,
                    before: true,
                    after: false,
                });
            }
        }
        Ok(())
    }

    fn add_training(
        &mut self,
        entry: &mut Entry,
        training: TrainingId,
        assignments: &[Assigned],
        licenses: &[License],
    ) -> Result<()> {
        let before = assignments
            .iter()
            .find(|it| it.training == training)
            .map(|it| it.assignment);
        let has = before.is_some_and(|it| it.state != AssignmentState::Ended);
        if has || entry.assign.iter().any(|it| it.0 == training) {
            return Ok(());
        }
        entry.assign.push((training, before));
        let training = self.training(training)?;
        if let (TrainingKind::PreWork, Some(pool)) = (training.terms.kind, training.terms.pool) {
            self.add_pool(entry, pool, licenses)?;
        }
        Ok(())
    }

    fn add_pool(&self, entry: &mut Entry, pool: PoolId, licenses: &[License]) -> Result<()> {
        if !self.has_license(pool, licenses)? && !entry.pools.contains(&pool) {
            entry.pools.push(pool);
        }
        Ok(())
    }

    /// Whether somebody has a license of a pool, or of its fallback, or has it as their seat: nobody has two.
    pub(crate) fn has_license(&self, pool: PoolId, licenses: &[License]) -> Result<bool> {
        Ok(
            licenses.iter().any(|it| it.pool == pool)
                || self.license_for(pool, licenses)?.is_some(),
        )
    }

    /// Whether somebody is to get a license of a pool that a group carries. Nobody has two of one pool.
    pub(crate) fn lacks(
        &self,
        pool: PoolId,
        licenses: &[License],
        fallback: Fallback,
    ) -> Result<bool> {
        if licenses.iter().any(|it| it.pool == pool) {
            return Ok(false);
        }
        let does = self.license_for(pool, licenses)?.is_some();
        let is_full = self.ledger.line(pool)?.room(true) < 1;
        Ok(!does || (fallback == Fallback::WhenFull && !is_full))
    }

    /// The license by which somebody may use the content of a pool: of the pool itself, else of its fallback.
    pub(crate) fn license_for<'l>(
        &self,
        pool: PoolId,
        licenses: &'l [License],
    ) -> Result<Option<&'l License>> {
        let of = |pool: PoolId| {
            licenses
                .iter()
                .find(|it| it.pool == pool && !it.stands_for_access)
        };
        if let Some(license) = of(pool) {
            return Ok(Some(license));
        }
        match self.ledger.line(pool)?.at_capacity() {
            AtCapacity::Fallback(name) => Ok(self.ledger.named(name).ok().and_then(|it| of(it.id))),
            AtCapacity::Queue | AtCapacity::Refuse | AtCapacity::Grace(_) => Ok(None),
        }
    }

    /// Assigns what becoming active brings; the licenses are seated already.
    pub(crate) fn assign_entry(&mut self, user: UserId, entry: Entry) {
        for pool in entry.answered {
            self.push(Change::LicenseRequest {
                user,
                pool,
                before: true,
                after: false,
            });
        }
        for asked in entry.entitled {
            self.entitle(asked, Entitled::Granted);
        }
        let after = Some(Assignment::new(self.now));
        for (training, before) in entry.assign {
            self.push(Change::Assignment {
                user,
                training,
                before,
                after,
            });
        }
    }

    /// What joining a group brings to somebody who is active already. Says why they cannot join, if a pool refuses.
    pub(crate) fn enter(&mut self, user: &User, entry: Entry) -> Result<Option<String>> {
        let wants: Vec<Want> = entry.wants().collect();
        let waiting = Waiting {
            leads_to: user.status,
            mail: false,
            connection: None,
            send_on: None,
        };
        if let Seated::Out(why) = self.seat(user.id, &wants, waiting)? {
            return Ok(Some(why));
        }
        self.assign_entry(user.id, entry);
        Ok(None)
    }

    /// Plans the groups that somebody joins, gets another role in, or leaves (`None`), with what those carry that they
    /// join if they are active. Returns why they cannot, if a pool refuses; nothing of it is planned then.
    pub(crate) fn change_groups(
        &mut self,
        user: &User,
        changes: &[(GroupId, Option<GroupRole>)],
    ) -> Result<Option<String>> {
        let mut joining = Vec::new();
        for (group, after) in changes {
            let joins = user.status == Status::Active && after.is_some();
            if joins && self.membership(user.id, *group)?.is_none() {
                joining.push(*group);
            }
        }
        if !joining.is_empty() {
            let licenses = self.licenses_planned(user.id)?;
            let assignments = self.assignments_planned(user.id)?;
            let entry = self.entry(joining, &assignments, &licenses, Fallback::WhenFull)?;
            if let Some(why) = self.enter(user, entry)? {
                return Ok(Some(why));
            }
        }
        for (group, after) in changes {
            let before = self.membership(user.id, *group)?;
            if before != *after {
                self.push(Change::Membership {
                    user: user.id,
                    group: *group,
                    before,
                    after: *after,
                });
            }
        }
        Ok(None)
    }

    /// What the scheduler lets somebody in with. Nobody is kept out of their seat because an add-on refuses.
    pub(crate) fn enter_promoted(&mut self, user: &User) -> Result<()> {
        let licenses = self.licenses_planned(user.id)?;
        let entry = self.entry_of(user, &[], &licenses)?;
        for pool in &entry.pools {
            // The fallback of the one before may be this one.
            let licenses = self.licenses_planned(user.id)?;
            if !self.lacks(*pool, &licenses, Fallback::of(user))? {
                continue;
            }
            let wants = [Want::by_rule(*pool)];
            let waiting = Waiting {
                leads_to: Status::Active,
                mail: false,
                connection: None,
                send_on: None,
            };
            match self.seat(user.id, &wants, waiting) {
                Ok(_) => {}
                Err(Error::NoSeat(short)) => self.skip(user, short.to_string()),
                Err(error) => return Err(error),
            }
        }
        self.assign_entry(user.id, entry);
        Ok(())
    }

    /// Ends what somebody still has to learn, but what this plan has decided about already.
    pub(super) fn end_assignments(&mut self, user: UserId, but: &[TrainingId]) -> Result<()> {
        for assigned in self.assignments_of(user)? {
            let before = assigned.assignment;
            if before.state.is_open() && !but.contains(&assigned.training) {
                self.push(Change::Assignment {
                    user,
                    training: assigned.training,
                    before: Some(before),
                    after: Some(before.ended(self.now)),
                });
            }
        }
        Ok(())
    }

    pub(super) fn assignments_ended(&self) -> i64 {
        let ends = |it: &&Change| {
            matches!(it, Change::Assignment { before: Some(before), after, .. }
                if before.state.is_open() && after.is_none_or(|it| it.state == AssignmentState::Ended))
        };
        i64::try_from(self.changes.iter().filter(ends).count()).unwrap_or(i64::MAX)
    }

    /// What a group carries.
    pub(crate) fn carried(&mut self, group: GroupId) -> Result<Rc<GroupCarries>> {
        if let Some(carried) = self.carried.get(&group) {
            return Ok(Rc::clone(carried));
        }
        let mut carried = self.snapshot.carried_by(group)?;
        if let Some(foreseen) = &self.foreseen {
            foreseen.carried(group, &mut carried);
        }
        let carried = Rc::new(carried);
        self.carried.insert(group, Rc::clone(&carried));
        Ok(carried)
    }

    pub(crate) fn training(&mut self, id: TrainingId) -> Result<Rc<Training>> {
        if let Some(training) = self.trainings.get(&id) {
            return Ok(Rc::clone(training));
        }
        let training = self.snapshot.training(id)?;
        let training = training.ok_or_else(|| Error::not_found("training", id))?;
        let training = Rc::new(training);
        self.trainings.insert(id, Rc::clone(&training));
        Ok(training)
    }

    /// Whether a group is there once this plan is applied.
    pub(crate) fn is_group_there(&self, group: GroupId) -> Result<bool> {
        match self.removed_groups.get(&group) {
            Some(removed) => Ok(!removed),
            None => Ok(self.snapshot.group_name(group)?.is_some()),
        }
    }

    /// A person's licenses as this plan leaves them so far.
    pub(crate) fn licenses_planned(&self, user: UserId) -> Result<Vec<License>> {
        let mut licenses = self.licenses_of(user)?;
        for change in self.latest(user) {
            lay_license(&mut licenses, change);
        }
        Ok(licenses)
    }

    /// A person's assignments as this plan leaves them so far.
    pub(crate) fn assignments_planned(&self, user: UserId) -> Result<Vec<Assigned>> {
        let mut assignments = self.assignments_of(user)?;
        for change in self.latest(user) {
            lay_assignment(&mut assignments, change);
        }
        Ok(assignments)
    }

    /// The changes of somebody at the end of the plan: commands plan one person after the other.
    pub(super) fn latest(&self, user: UserId) -> impl Iterator<Item = &Change> {
        let theirs = self
            .changes
            .iter()
            .rev()
            .take_while(|it| it.user() == Some(user))
            .count();
        self.changes.iter().skip(self.changes.len() - theirs)
    }
}
