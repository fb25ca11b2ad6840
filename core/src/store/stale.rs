//! Whether a plan made before the transaction is still what would be planned inside it, told from what was written since:
//! a large command is then not planned again because somebody else was created meanwhile.

use std::collections::HashSet;

use rusqlite::params;

use super::{Snapshot, compile, platform};
use crate::change::Change;
use crate::command::{Command, Edit, Request};
use crate::error::Result;
use crate::model::{DueKind, Field, UserId};
use crate::plan::Plan;
use crate::selection::Selection;

/// With more people written since, planning again is as cheap as looking at each of them.
const MOST_LOOKED_AT: i64 = 5_000;

/// Whether nothing that the plan rests on was written after the batch of that number. When in doubt, it was.
pub(super) fn still_holds(
    snapshot: &Snapshot<'_>,
    known: i64,
    request: &Request,
    plan: &Plan,
) -> Result<bool> {
    let nobody = Selection::Ids(Vec::new());
    let who = match &request.command {
        // Whom it is for is written down by days; the plan names them all.
        Command::DoDue { kind, .. } if *kind != DueKind::Send => &nobody,
        command => match takes_nothing(command) {
            Some(who) => who,
            None => return Ok(false),
        },
    };
    if plan.effects.pools.iter().any(|it| it.asked > 0) || !plan.shortfalls.is_empty() {
        return Ok(false);
    }
    let Some(written) = people_written_since(snapshot, known)? else {
        return Ok(false);
    };
    let rests_on = people_of(plan, who);
    for user in written {
        if rests_on.contains(&user) || is_meant(snapshot, who, user, request)? {
            return Ok(false);
        }
        // Somebody who reports to a leaver from now on would move up as well.
        let manager = snapshot.manager_of(user)?;
        if manager.is_some_and(|it| rests_on.contains(&it)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether whom the command means depends on when people were last seen, which is written without a batch.
pub(super) fn rests_on_seen(command: &Command) -> bool {
    if matches!(command, Command::Reclaim(_)) {
        return true;
    }
    let who = match command {
        Command::Edit(it) => Some(&it.who),
        Command::Assign { who, .. }
        | Command::Unassign { who, .. }
        | Command::SetInstructors { who, .. } => Some(who),
        Command::Resend { who, .. }
        | Command::MailPasswordLink { who }
        | Command::Reactivate { who, .. }
        | Command::Grant { who, .. } => Some(who),
        _ => takes_nothing(command),
    };
    who.is_some_and(platform::rests_on_seen)
}

/// Whether an edit sets only what each person has by themself: nothing that is unique, and nothing that others bring.
fn is_each_ones_own(edit: &Edit) -> bool {
    let unique = |it: &(Field, Option<String>)| matches!(it.0, Field::Email | Field::UserName);
    !edit.set.iter().any(unique)
        && edit.manager.is_none()
        && edit.add_groups.is_empty()
        && edit.remove_groups.is_empty()
        && edit.protected.is_none()
        && edit.send_on.is_none()
}

/// Whom a command is for that frees licenses or sets what nobody else has, and so competes with nobody.
fn takes_nothing(command: &Command) -> Option<&Selection> {
    match command {
        Command::Edit(edit) if is_each_ones_own(edit) => Some(&edit.who),
        Command::Unassign { who, .. } | Command::MailPasswordLink { who } => Some(who),
        Command::Deactivate { who }
        | Command::Cancel { who }
        | Command::Delete { who }
        | Command::Erase { who }
        | Command::Release { who, .. } => Some(who),
        _ => None,
    }
}

/// The people written after a batch; none when something was written that concerns everybody, or too many people.
fn people_written_since(snapshot: &Snapshot<'_>, known: i64) -> Result<Option<Vec<UserId>>> {
    let first: Option<i64> = snapshot
        .one(
            "SELECT min(first_event) FROM batches WHERE seq > ?1",
            [known],
            |row| row.get(0),
        )?
        .flatten();
    let Some(first) = first else {
        return Ok(Some(Vec::new()));
    };
    let sql = "SELECT DISTINCT user, user IS NULL OR kind = 'permission' FROM events WHERE seq >= ?1 LIMIT ?2";
    let found = snapshot.all(sql, params![first, MOST_LOOKED_AT + 1], |row| {
        let user: Option<[u8; 16]> = row.get(0)?;
        Ok((user.map(UserId::from_bytes), row.get::<_, bool>(1)?))
    })?;
    let too_many = i64::try_from(found.len()).unwrap_or(i64::MAX) > MOST_LOOKED_AT;
    if too_many || found.iter().any(|(_, concerns_all)| *concerns_all) {
        return Ok(None);
    }
    Ok(Some(found.into_iter().filter_map(|it| it.0).collect()))
}

/// Everybody whose state the plan read or names.
fn people_of(plan: &Plan, who: &Selection) -> HashSet<UserId> {
    let mut people: HashSet<UserId> = plan.skipped.iter().filter_map(|it| it.user).collect();
    if let Selection::Ids(ids) = who {
        people.extend(ids);
    }
    for change in plan.changes.iter() {
        people.extend(change.user());
        if let Change::Manager { before, after, .. } = &*change {
            people.extend(before.iter().chain(after));
        }
    }
    people
}

/// Whether a query finds this person now.
fn is_meant(
    snapshot: &Snapshot<'_>,
    who: &Selection,
    user: UserId,
    request: &Request,
) -> Result<bool> {
    if let Command::DoDue { kind, day } = &request.command {
        return snapshot.is_due(*kind, *day, user);
    }
    let Selection::Query { query, except } = who else {
        return Ok(false);
    };
    if except.contains(&user) {
        return Ok(false);
    }
    let compiled = compile::compile_one(query, request.draw.at, snapshot.viewer);
    let sql = format!(
        "SELECT 1 FROM users WHERE ({}) AND users.id = ?",
        compiled.sql
    );
    let mut bindings = compiled.bindings;
    bindings.push(user.as_bytes().to_vec().into());
    Ok(snapshot
        .one(&sql, rusqlite::params_from_iter(bindings), |_| Ok(()))?
        .is_some())
}
