//! Give administrators keys to come in over SSH with, and take them. Everybody for themself; for others the owners.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, SshKey, User, UserId};
use crate::planner::Planner;
use crate::selection::Selection;

/// Most keys of one administrator.
const MOST: usize = 20;

pub(super) fn add(planner: &mut Planner<'_>, who: &Selection, key: &SshKey) -> Result<()> {
    let people = planner.select(who)?;
    let id = match people[..] {
        [id] => id,
        // Whoever may not is skipped already, with the reason.
        [] => return Ok(()),
        _ => {
            return Err(Error::invalid(
                "who",
                "is not one person",
                "a key is one administrator's",
            ));
        }
    };
    let user = planner.user(id)?;
    planner.name(&user);
    if !planner.snapshot.is_administrator(id)? {
        planner.skip(&user, "not an active administrator");
        return Ok(());
    }
    match planner.snapshot.ssh_key(key.fingerprint())? {
        Some(there) if there.user == id => planner.skip(&user, "has this key already"),
        Some(_) => planner.skip(&user, "this key is somebody else's; make one for each"),
        None if planner.snapshot.ssh_keys_of(id)?.len() >= MOST => {
            planner.skip(&user, "has 20 keys already; remove those no longer used");
        }
        None => planner.push(given(id, key)),
    }
    Ok(())
}

pub(super) fn remove(
    planner: &mut Planner<'_>,
    who: &Selection,
    fingerprint: Option<&str>,
) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        let mut keys = planner.snapshot.ssh_keys_of(id)?;
        let all = keys.len();
        if let Some(meant) = fingerprint {
            keys.retain(|it| it.key.fingerprint().is_meant_by(meant));
            if keys.len() > 1 {
                planner.skip(&user, "has several keys that begin so; give more of it");
                continue;
            }
        }
        if keys.is_empty() {
            let why = match fingerprint {
                Some(_) => "has no key of this fingerprint",
                None => "has no key",
            };
            planner.skip(&user, why);
        } else if keys.len() == all {
            let last =
                "has no key left, and comes in over SSH no more: consoles that came in by it close";
            planner.note(&user, last);
        }
        for it in keys {
            planner.push(Change::SshKey {
                user: id,
                key: it.key,
                before: true,
                after: false,
            });
        }
    }
    Ok(())
}

fn given(user: UserId, key: &SshKey) -> Change {
    Change::SshKey {
        user,
        key: key.clone(),
        before: false,
        after: true,
    }
}

/// The inverse of giving or taking a key, newest first.
pub(super) fn back(
    planner: &mut Planner<'_>,
    user: &User,
    change: (&SshKey, bool, bool),
    is_active: bool,
) -> Result<()> {
    let (key, before, after) = change;
    let there = planner.snapshot.ssh_key(key.fingerprint())?;
    let is_theirs = there.as_ref().is_some_and(|it| it.user == user.id);
    if is_theirs != after || before && there.is_some() {
        planner.skip(user, "the key changed since");
    } else if before && !is_active {
        planner.skip(user, "not active, and so nobody who comes in by a key");
    } else if before && !planner.actor_is_owner() && planner.actor != Actor::Administrator(user.id)
    {
        planner.skip(user, "a key comes back by an owner only");
    } else {
        planner.push(Change::SshKey {
            user: user.id,
            key: key.clone(),
            before: after,
            after: before,
        });
    }
    Ok(())
}
