//! Undoing what a batch did to people, in an order in which it fits: those whose undoing frees something first, then those
//! who need a seat, then who reports to whom.

use std::collections::{HashMap, HashSet};

use super::person::person_back;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, DueKind, Field, Permission, Status, User, UserId};
use crate::planner::Planner;

/// The changes of each person, newest first, and of everybody's manager apart.
#[derive(Default)]
pub(super) struct People {
    order: Vec<UserId>,
    changes: HashMap<UserId, Vec<Option<Change>>>,
    managers: Vec<(UserId, Option<UserId>, Option<UserId>)>,
    /// To whom the batch mailed an invitation on its day: their invitations stay as they are.
    mailed: HashSet<UserId>,
}

impl People {
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
        if let Some(Change::Due { kind, skipped, .. }) = change {
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
        for (user, before, after) in &self.managers {
            if !gone.contains(user) {
                manager_back(planner, *user, *before, *after, &now)?;
            }
        }
        Ok(())
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
        if let Some(why) = why_not_theirs(planner, &user, &changes)? {
            gone.insert(id);
            planner.skip(&user, why);
            return Ok(());
        }
        let mark = planner.mark();
        match person_back(planner, &user, &changes)? {
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

/// Why whoever acts may not undo these changes of this person, though they may give the command that is undone: some people
/// are the owners' alone, and so is how somebody signs in who has more rights.
fn why_not_theirs(
    planner: &Planner<'_>,
    user: &User,
    changes: &[&Change],
) -> Result<Option<&'static str>> {
    if planner.actor_is_owner() {
        return Ok(None);
    }
    let any = |is: fn(&Change) -> bool| changes.iter().any(|it| is(it));
    let is_record = |it: &Change| {
        matches!(
            it,
            Change::Status { .. } | Change::Profile { .. } | Change::FieldValue { .. }
        )
    };
    let gives_a_key = |it: &Change| matches!(it, Change::SshKey { after: true, .. });
    let is_password =
        |it: &Change| matches!(it, Change::Password { .. } | Change::PasswordLink { .. });
    let is_name = |it: &Change| {
        matches!(
            it,
            Change::Profile {
                field: Field::Email | Field::UserName,
                ..
            }
        )
    };
    let permissions = planner.permissions_of(user.id)?;
    if permissions.contains(&Permission::Owner) && (any(is_record) || any(is_password)) {
        return Ok(Some("an owner; only owners may"));
    }
    if any(|it| matches!(it, Change::Protected { .. })) && planner.require("edit_protect").is_err()
    {
        return Ok(Some("whether somebody is protected is the owners' alone"));
    }
    if any(gives_a_key) && planner.actor != Actor::Administrator(user.id) {
        return Ok(Some("a key of somebody else's; only owners may"));
    }
    if !permissions.is_empty() && any(is_password) {
        return Ok(Some("an administrator; only owners may"));
    }
    if any(is_name) && planner.has_more_rights(user.id)? {
        return Ok(Some(
            "has permissions that you do not have; an owner changes how they sign in",
        ));
    }
    Ok(None)
}

/// Whether undoing these makes the person need a license that they do not hold now.
fn takes_a_license(changes: &[Option<Change>]) -> bool {
    let mut changes = changes.iter().flatten();
    changes.any(|it| matches!(it, Change::License { before, after, .. } if before.is_held() && !after.is_held()))
}

fn manager_back(
    planner: &mut Planner<'_>,
    id: UserId,
    before: Option<UserId>,
    after: Option<UserId>,
    now: &HashMap<UserId, Status>,
) -> Result<()> {
    let user = planner.user(id)?;
    planner.name(&user);
    if user.status == Status::Erased {
        planner.skip(&user, "erased; erasing has no undo");
        return Ok(());
    }
    if user.manager != after {
        planner.skip(&user, "the manager changed since");
        return Ok(());
    }
    if let Some(manager) = before {
        let there = planner.user(manager)?;
        let status = now.get(&manager).copied().unwrap_or(there.status);
        if !status.is_seated_or_coming() {
            planner.skip(&user, format!("the former manager is {status}"));
            return Ok(());
        }
        if planner.refuse_cycle(id, manager).is_err() {
            planner.skip(&user, "the former manager reports to this person now");
            return Ok(());
        }
    }
    planner.push(Change::Manager {
        user: id,
        before: after,
        after: before,
    });
    Ok(())
}
