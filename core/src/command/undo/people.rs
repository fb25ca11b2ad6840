//! Undoing what a batch did to people, in an order in which it fits: those whose undoing frees something first, then those
//! who need a seat, then who reports to whom.

use std::collections::{HashMap, HashSet};

use super::person::person_back;
use super::theirs::{is_reached, why_not_theirs};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, BatchId, DueKind, Part, PoolId, Status, User, UserId};
use crate::planner::Planner;
use crate::policy::{Circle, Reach};

/// The changes of each person, newest first, and of everybody's manager apart.
#[derive(Default)]
pub(super) struct People {
    order: Vec<UserId>,
    changes: HashMap<UserId, Vec<Option<Change>>>,
    managers: Vec<(UserId, Option<UserId>, Option<UserId>)>,
    /// To whom the batch mailed an invitation on its day: their invitations stay as they are.
    mailed: HashSet<UserId>,
    /// Whether it was a provider that did it, or somebody in its place: what it has said of who is in stays said.
    by_provider: bool,
    /// Whose license of a pool ended by the batch on its day.
    ended: HashSet<(UserId, PoolId)>,
}

impl People {
    /// Those of a batch.
    pub(super) fn of(planner: &Planner<'_>, batch: BatchId) -> Result<Self> {
        let origin = planner.snapshot.origin_of_batch(batch)?;
        let by_provider = origin.is_some_and(|(actor, command, _)| {
            matches!(actor, Actor::Connection(_)) || command == "idp_replay"
        });
        Ok(Self {
            by_provider,
            ..Self::default()
        })
    }

    pub(super) fn add(&mut self, user: UserId, change: Option<Change>) {
        if let Some(Change::Manager {
            user,
            before,
            after,
        }) = change
        {
            self.managers.push((user, before, after));
            return;
        }
        // What was done for a day stays done: undoing it does not let it be done again.
        if let Some(Change::Due {
            kind,
            pool,
            skipped,
            ..
        }) = change
        {
            if let Some(pool) = pool {
                self.ended.insert((user, pool));
            }
            if kind == DueKind::Send && skipped.is_none() {
                self.mailed.insert(user);
            }
            // Also of whom nothing came the undo says that they are as they were.
            self.changes.entry(user).or_insert_with(|| {
                self.order.push(user);
                Vec::new()
            });
            return;
        }
        self.changes.entry(user).or_insert_with(|| {
            self.order.push(user);
            Vec::new()
        });
        if let Some(changes) = self.changes.get_mut(&user) {
            changes.push(change);
        }
    }

    /// Leaves out whom the actor may not do this to today, without a word about who they are.
    pub(super) fn keep_within(&mut self, planner: &mut Planner<'_>, reach: &Reach) -> Result<()> {
        let Reach::Only(circles) = reach else {
            return Ok(());
        };
        // Keys are each person's own, and whose may be taken off or put back is decided with the person.
        let is_own = circles.iter().all(|it| matches!(it, Circle::Own(_)));
        if is_own && planner.reaches_everybody() {
            return Ok(());
        }
        let mut ids = self.order.clone();
        for (user, ..) in &self.managers {
            if !self.changes.contains_key(user) {
                ids.push(*user);
            }
        }
        let there = planner.within(reach, &ids)?;
        let mut kept = HashSet::new();
        for id in ids {
            let changes = self.changes.get(&id).map_or(&[][..], Vec::as_slice);
            if is_reached(planner, reach, (id, there.contains(&id)), changes)? {
                kept.insert(id);
            } else {
                planner.skip_name(&id.to_string(), "nobody whom you may do this to");
            }
        }
        self.order.retain(|it| kept.contains(it));
        self.managers.retain(|it| kept.contains(&it.0));
        Ok(())
    }

    pub(super) fn plan(self, planner: &mut Planner<'_>) -> Result<()> {
        let mut later = Vec::new();
        let mut now: HashMap<UserId, Status> = HashMap::new();
        let mut gone = HashSet::new();
        for user in &self.order {
            let changes = &self.changes[user];
            if takes_a_license(changes) {
                later.push(*user);
                continue;
            }
            self.person(planner, *user, &mut now, &mut gone)?;
        }
        for user in later {
            self.person(planner, user, &mut now, &mut gone)?;
        }
        self.managers_back(planner, &now, &gone)
    }

    /// Puts everybody's managers back. Who reports to whom may have been turned round, so that one goes back only when another
    /// has: what would close a circle is tried again for as long as anybody else goes back.
    fn managers_back(
        &self,
        planner: &mut Planner<'_>,
        now: &HashMap<UserId, Status>,
        gone: &HashSet<UserId>,
    ) -> Result<()> {
        let mut left: Vec<_> = self.managers.iter().collect();
        left.retain(|it| !gone.contains(&it.0));
        loop {
            let tried = left.len();
            let mut circles = Vec::new();
            for it in left {
                if !manager_back(planner, it, now)? {
                    circles.push(it);
                }
            }
            if circles.len() == tried {
                for (user, ..) in circles {
                    let user = planner.user(*user)?;
                    planner.skip(&user, "the former manager reports to this person now");
                }
                return Ok(());
            }
            left = circles;
        }
    }

    fn person(
        &self,
        planner: &mut Planner<'_>,
        id: UserId,
        now: &mut HashMap<UserId, Status>,
        gone: &mut HashSet<UserId>,
    ) -> Result<()> {
        let user = planner.user(id)?;
        planner.name(&user);
        let changes = &self.changes[&id];
        if user.status == Status::Erased || changes.iter().any(Option::is_none) {
            gone.insert(id);
            planner.skip(&user, "erased; erasing has no undo");
            return Ok(());
        }
        let mut changes: Vec<&Change> = changes.iter().flatten().collect();
        if self.mailed.contains(&id) {
            changes.retain(|it| !matches!(it, Change::Invitation { .. }));
            planner.skip(&user, "the invitation was mailed; that does not come back");
            if changes.is_empty() {
                return Ok(());
            }
        }
        if self.by_provider {
            let before = changes.len();
            changes.retain(|it| !is_word_of_active(it));
            if changes.is_empty() && before > 0 {
                planner.skip(&user, "what the provider has said of active stays said");
                return Ok(());
            }
        }
        if let Some(why) = why_not_theirs(planner, &user, &changes)? {
            gone.insert(id);
            planner.skip(&user, why);
            return Ok(());
        }
        if is_back_already(&user, &changes) {
            // Their manager may not be: who comes back later than they did is looked at anew.
            planner.skip(&user, "already so");
            return Ok(());
        }
        let mark = planner.mark();
        match person_back(planner, &user, &changes, &|pool| {
            self.ended.contains(&(id, pool))
        })? {
            Ok(status) => {
                now.insert(id, status);
                if planner.mark() == mark {
                    planner.skip(&user, "already so");
                }
            }
            Err(why) => {
                planner.back_to(mark);
                gone.insert(id);
                planner.skip(&user, why);
            }
        }
        Ok(())
    }
}

/// Whether a change only notes what a provider has said of who is in.
fn is_word_of_active(change: &Change) -> bool {
    matches!(
        change,
        Change::ProviderHold { .. }
            | Change::Drift {
                part: Part::Active,
                ..
            }
    )
}

/// Whether the person stands where the batch found them, having been brought back since.
fn is_back_already(user: &User, changes: &[&Change]) -> bool {
    let mut moved = changes.iter().filter_map(|it| match it {
        Change::Status { before, after, .. } => Some((*before, *after)),
        _ => None,
    });
    let newest = moved.next();
    let first = moved.next_back().or(newest);
    match (first, newest) {
        (Some((before, _)), Some((_, after))) => {
            before == user.status && after != user.status && before.is_seated_or_coming()
        }
        _ => false,
    }
}

/// Whether undoing these makes the person need a license that they do not hold now.
fn takes_a_license(changes: &[Option<Change>]) -> bool {
    let mut changes = changes.iter().flatten();
    changes.any(|it| matches!(it, Change::License { before, after, .. } if before.is_held() && !after.is_held()))
}

/// Plans one former manager, or says why not. Returns whether it is decided: not where it would close a circle today.
fn manager_back(
    planner: &mut Planner<'_>,
    (id, before, after): &(UserId, Option<UserId>, Option<UserId>),
    now: &HashMap<UserId, Status>,
) -> Result<bool> {
    let user = planner.user(*id)?;
    planner.name(&user);
    if user.status == Status::Erased {
        planner.skip(&user, "erased; erasing has no undo");
        return Ok(true);
    }
    if user.manager != *after {
        let is_back = user.manager == *before;
        planner.skip(
            &user,
            match is_back {
                true => "the manager is the one from before already",
                false => "the manager changed since",
            },
        );
        return Ok(true);
    }
    if let Some(manager) = *before {
        let there = planner.user(manager)?;
        let status = now.get(&manager).copied().unwrap_or(there.status);
        if !status.is_seated_or_coming() {
            planner.skip(&user, format!("the former manager is {status}"));
            return Ok(true);
        }
        if planner.refuse_cycle(*id, manager).is_err() {
            return Ok(false);
        }
    }
    planner.push(Change::Manager {
        user: *id,
        before: *after,
        after: *before,
    });
    Ok(true)
}
