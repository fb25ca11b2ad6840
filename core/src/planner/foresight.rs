//! What follows a plan in its own transaction: the promotion of those from the queues whom it makes room for. It is
//! planned by the rules by which it will be planned then, on the roster as the plan leaves it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Planned, Planner};
use crate::capacity::{self, Ledger};
use crate::change::Change;
use crate::command;
use crate::draw::Draws;
use crate::error::Result;
use crate::model::{
    Actor, Assigned, Door, GroupCarries, GroupId, Hold, License, Membership, Pool, PoolId,
    PoolTerms, ProviderHold, Setting, TimeZoneName, Timestamp, User, UserId,
};
use crate::plan::{Changes, Digest, Promoted};
use crate::store::Snapshot;

/// A plan that is not applied yet, laid over what the snapshot says.
pub(super) struct Foreseen {
    changes: Changes,
    /// Where the changes are of everybody who was asked for.
    of: HashMap<UserId, Vec<usize>>,
    now: Timestamp,
}

/// How the pools stand when the promotion is done, too.
pub(super) struct Outlook {
    pub(super) ledger: Ledger,
    pub(super) promoted: Promoted,
}

/// Plans the promotion that follows these changes. Hands the changes back.
pub(super) fn outlook(
    snapshot: &Snapshot<'_>,
    now: Timestamp,
    draws: Draws,
    changes: Changes,
) -> Result<(Changes, Outlook)> {
    let mut pools = snapshot.pools()?;
    pools.iter_mut().for_each(|it| agree(it, changes.open()));
    let (actor, door) = (Actor::Scheduler, Door::Schedule);
    let pools = (pools, zone_agreed(changes.open())?);
    let mut planner = Planner::among(snapshot, actor, door, now, draws, pools)?;
    for stretch in changes.stretches() {
        for change in stretch?.changes() {
            if let Change::License {
                pool,
                before,
                after,
                ..
            } = change
            {
                planner.ledger.line_mut(*pool)?.count(*before, *after);
            }
        }
    }
    planner.foreseen = Some(Foreseen {
        changes,
        of: HashMap::new(),
        now,
    });
    command::promote_all(&mut planner)?;
    let promoted = Promoted {
        people: people_promoted(&planner.changes),
        mails: planner.mails.len(),
    };
    let changes = planner.foreseen.take().map(|it| it.changes);
    let changes = changes.unwrap_or_default();
    changes.whole()?;
    let ledger = planner.ledger;
    Ok((changes, Outlook { ledger, promoted }))
}

/// How many people these changes let in from a queue, in which nobody is who is new.
pub(crate) fn people_promoted(changes: &[Change]) -> usize {
    let promoted = changes.iter().filter_map(|it| match it {
        Change::License {
            user,
            before: Hold::Queued(_),
            after,
            ..
        } if after.is_held() => Some(*user),
        _ => None,
    });
    promoted.collect::<HashSet<UserId>>().len()
}

/// Foresees again what follows a plan that still holds, when something else has moved the queues since. The digest is
/// another one if what follows is not what was shown.
pub(crate) fn renew(snapshot: &Snapshot<'_>, now: Timestamp, planned: &mut Planned) -> Result<()> {
    if !command::may_promote(&planned.plan.changes) {
        return Ok(());
    }
    let plan = &mut planned.plan;
    let changes = std::mem::take(&mut plan.changes);
    let (changes, outlook) = outlook(snapshot, now, planned.draws.clone(), changes)?;
    plan.changes = changes;
    let (was, promoted) = (plan.effects.differences(), plan.effects.promoted);
    plan.effects.pools = outlook.ledger.effects();
    plan.effects.promoted = outlook.promoted;
    let moved = plan.effects.differences() != was || plan.effects.promoted != promoted;
    if moved && plan.digest != Digest::UNASKED {
        plan.digest = plan.compute_digest(&snapshot.digest_key()?)?;
    }
    Ok(())
}

/// The time zone that the changes set, if they do: by it pools may begin and end.
fn zone_agreed(changes: &[Change]) -> Result<Option<TimeZoneName>> {
    let set = changes.iter().find_map(|it| match it {
        Change::Setting {
            setting: Setting::TimeZone,
            after: Some(zone),
            ..
        } => Some(zone.parse()),
        _ => None,
    });
    set.transpose()
}

/// What is agreed for a pool once the changes are applied.
fn agree(pool: &mut Pool, changes: &[Change]) {
    for change in changes {
        if let Change::PoolTerms {
            pool: which, after, ..
        } = change
            && *which == pool.id
        {
            pool.terms = PoolTerms::clone(after);
        }
    }
}

impl Foreseen {
    /// Says that these people are asked for next.
    fn note(&mut self, people: impl Iterator<Item = UserId>) {
        let new: Vec<UserId> = people.filter(|it| !self.of.contains_key(it)).collect();
        if new.is_empty() {
            return;
        }
        self.of.extend(new.iter().map(|it| (*it, Vec::new())));
        let new: HashSet<UserId> = new.into_iter().collect();
        for (i, change) in self.changes.iter().enumerate() {
            if let Some(user) = change.user().filter(|it| new.contains(it))
                && let Some(theirs) = self.of.get_mut(&user)
            {
                theirs.push(i);
            }
        }
    }

    fn of(&self, user: UserId) -> impl Iterator<Item = Cow<'_, Change>> {
        let theirs = self.of.get(&user).into_iter().flatten();
        theirs.filter_map(|it| self.changes.get(*it))
    }

    /// Those of a queue for whom there is room.
    fn queue_head(
        &mut self,
        snapshot: &Snapshot<'_>,
        pool: PoolId,
        (purchased, with_grace): (i64, i64),
    ) -> Result<Vec<License>> {
        let (mut gone, mut come) = (HashSet::new(), HashMap::new());
        for change in self.changes.iter() {
            match &*change {
                Change::License {
                    user,
                    pool: which,
                    before,
                    after,
                    stands_for_access,
                } if *which == pool => {
                    if matches!(before, Hold::Queued(_)) {
                        gone.insert(*user);
                    }
                    come.remove(user);
                    if matches!(after, Hold::Queued(_)) {
                        let license = License {
                            user: *user,
                            pool,
                            hold: *after,
                            stands_for_access: *stands_for_access,
                        };
                        come.insert(*user, license);
                    }
                }
                _ => {}
            }
        }
        let left_out = i64::try_from(gone.len()).unwrap_or(i64::MAX);
        let of = |room: i64| room.saturating_add(left_out);
        let mut head = snapshot.who_may_move_up(pool, of(purchased), of(with_grace))?;
        head.retain(|it| !gone.contains(&it.user));
        head.extend(come.into_values());
        head.sort_unstable_by_key(capacity::place);
        capacity::keep_who_fit(&mut head, purchased, with_grace);
        self.note(head.iter().map(|it| it.user));
        Ok(head)
    }

    /// Somebody as the plan leaves them, as far as a promotion looks at them.
    pub(super) fn user(&self, id: UserId, found: Option<User>) -> Option<User> {
        let mut user = found;
        for change in self.of(id) {
            match &*change {
                Change::UserCreated { created, .. } => {
                    user = Some(User {
                        id,
                        seq: 0,
                        status: created.status,
                        profile: created.profile.profile(),
                        manager: created.manager,
                        connection: created.connection,
                        protected: false,
                        accepted: created.accepted,
                        provider_hold: ProviderHold::Free,
                        created_at: self.now,
                        updated_at: self.now,
                        last_seen_at: None,
                        version: 1,
                    });
                }
                Change::Status { after, .. } => {
                    user.iter_mut().for_each(|it| it.status = *after);
                }
                Change::Accepted { after, .. } => {
                    user.iter_mut().for_each(|it| it.accepted = *after);
                }
                Change::Connection { after, .. } => {
                    user.iter_mut().for_each(|it| it.connection = *after);
                }
                Change::Profile { field, after, .. } => {
                    if let Some(user) = &mut user {
                        user.profile.set(*field, after.as_ref().map(String::from));
                    }
                }
                _ => {}
            }
        }
        user
    }

    pub(super) fn licenses(&self, user: UserId, licenses: &mut Vec<License>) {
        self.of(user).for_each(|it| lay_license(licenses, &it));
    }

    pub(super) fn assignments(&self, user: UserId, assignments: &mut Vec<Assigned>) {
        self.of(user)
            .for_each(|it| lay_assignment(assignments, &it));
    }

    pub(super) fn requests(&self, user: UserId, requests: &mut Vec<PoolId>) {
        for change in self.of(user) {
            if let Change::LicenseRequest { pool, after, .. } = &*change {
                requests.retain(|it| it != pool);
                requests.extend(after.then_some(*pool));
            }
        }
    }

    pub(super) fn memberships(&self, user: UserId, memberships: &mut Vec<Membership>) {
        for change in self.of(user) {
            if let Change::Membership { group, after, .. } = &*change {
                memberships.retain(|it| it.group != *group);
                memberships.extend(after.map(|role| Membership {
                    user,
                    group: *group,
                    role,
                }));
            }
        }
    }

    pub(super) fn carried(&self, of: GroupId, carried: &mut GroupCarries) {
        for change in self.changes.open() {
            match change {
                Change::GroupPool {
                    group, pool, after, ..
                } if *group == of => {
                    carried.pools.retain(|it| it != pool);
                    carried.pools.extend(after.then_some(*pool));
                }
                Change::GroupTraining {
                    group,
                    training,
                    after,
                    ..
                } if *group == of => {
                    carried.trainings.retain(|it| it != training);
                    carried.trainings.extend(after.then_some(*training));
                }
                _ => {}
            }
        }
    }
}

/// A person's licenses after a change of theirs.
pub(super) fn lay_license(licenses: &mut Vec<License>, change: &Change) {
    if let Change::License {
        user,
        pool,
        after,
        stands_for_access,
        ..
    } = change
    {
        licenses.retain(|it| it.pool != *pool);
        if *after != Hold::None {
            licenses.push(License {
                user: *user,
                pool: *pool,
                hold: *after,
                stands_for_access: *stands_for_access,
            });
        }
    }
}

/// A person's assignments after a change of theirs.
pub(super) fn lay_assignment(assignments: &mut Vec<Assigned>, change: &Change) {
    if let Change::Assignment {
        user,
        training,
        after,
        ..
    } = change
    {
        assignments.retain(|it| it.training != *training);
        assignments.extend(after.map(|assignment| Assigned {
            user: *user,
            training: *training,
            assignment,
        }));
    }
}

impl Planner<'_> {
    /// Those of a queue for whom there is room, in their order, and looks at them next.
    pub(crate) fn queue_head(
        &mut self,
        pool: PoolId,
        purchased: i64,
        with_grace: i64,
    ) -> Result<Vec<License>> {
        let head = match &mut self.foreseen {
            Some(foreseen) => foreseen.queue_head(self.snapshot, pool, (purchased, with_grace))?,
            None => self.snapshot.who_moves_up(pool, purchased, with_grace)?,
        };
        if pool == self.access {
            let people: Vec<UserId> = head.iter().map(|it| it.user).collect();
            self.expect(&people)?;
        }
        Ok(head)
    }

    /// What follows the plan, if it is asked for and can follow.
    pub(super) fn foresee(
        &mut self,
        changes: Changes,
        asked: bool,
    ) -> Result<(Changes, Option<Outlook>)> {
        if !asked || !self.ledger.shortfalls().is_empty() || !command::may_promote(&changes) {
            return Ok((changes, None));
        }
        let (changes, outlook) = outlook(self.snapshot, self.now, self.draws.clone(), changes)?;
        Ok((changes, Some(outlook)))
    }
}
