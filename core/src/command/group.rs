//! Add, rename and remove groups, and say what they carry. Who is in them is edited with the people.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{GroupCarries, GroupId, Name, PoolName, Seats, Setting};
use crate::planner::Planner;

/// What to set of a group; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupEdit {
    /// Its new name.
    pub name: Option<String>,
    /// Trainings, by name or id, and whether it shall carry them.
    pub trainings: Vec<(String, bool)>,
    /// Add-on pools, and whether it shall carry them.
    pub pools: Vec<(PoolName, bool)>,
}

pub(super) fn add(planner: &mut Planner<'_>, name: &str) -> Result<GroupId> {
    let name = free_name(planner, name, None)?;
    let group = planner.draws.group();
    planner.push(Change::GroupAdded { group, name });
    Ok(group)
}

/// Calls a group otherwise.
pub(super) fn rename(planner: &mut Planner<'_>, group: GroupId, name: &str) -> Result<()> {
    let (_, before) = planner.snapshot.find_group(&group.to_string())?;
    let after = free_name(planner, name, Some(group))?;
    if after != before {
        planner.push(Change::GroupName {
            group,
            before,
            after,
        });
    }
    Ok(())
}

/// A name that no other group has.
fn free_name(planner: &Planner<'_>, name: &str, of: Option<GroupId>) -> Result<String> {
    let name = Name::parse("group name", name)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("group name", "is empty", "give it one"))?;
    match planner.snapshot.group_named(&name)? {
        Some((id, other)) if of != Some(id) => {
            Err(Error::conflict(format!("there is a group {other} already")))
        }
        _ => Ok(name),
    }
}

pub(super) fn edit(planner: &mut Planner<'_>, group: &str, edit: &GroupEdit) -> Result<()> {
    let (group, _) = planner.snapshot.find_group(group)?;
    if let Some(name) = &edit.name {
        rename(planner, group, name)?;
    }
    let carried = planner.carried(group)?;
    let mut new = GroupCarries::default();
    for (name, after) in &edit.trainings {
        let training = planner.snapshot.find_training(name)?;
        let before = carried.trainings.contains(&training.id);
        if before == *after || new.trainings.contains(&training.id) {
            planner.skip_name(&training.terms.name, "already so");
            continue;
        }
        planner.push(Change::GroupTraining {
            group,
            training: training.id,
            before,
            after: *after,
        });
        if *after {
            new.trainings.push(training.id);
        }
    }
    for (name, after) in &edit.pools {
        let pool = super::joining::add_on(planner, name)?;
        let before = carried.pools.contains(&pool);
        if before == *after || new.pools.contains(&pool) {
            planner.skip_name(name.as_str(), "already so");
            continue;
        }
        planner.push(Change::GroupPool {
            group,
            pool,
            before,
            after: *after,
        });
        if *after {
            new.pools.push(pool);
        }
    }
    if new == GroupCarries::default() {
        return Ok(());
    }
    give_to_members(planner, group, &new)
}

/// Members who are active get what is new; whoever finds no license is skipped, and stays a member.
fn give_to_members(planner: &mut Planner<'_>, group: GroupId, new: &GroupCarries) -> Result<()> {
    let members = planner.snapshot.active_members_of(group)?;
    planner.expect(&members)?;
    for id in members {
        let user = planner.user(id)?;
        planner.name(&user);
        let (assignments, licenses) = (planner.assignments_of(id)?, planner.licenses_of(id)?);
        let entry = planner.entry_by(new, &assignments, &licenses)?;
        if let Some(why) = planner.enter(&user, entry)? {
            planner.skip(&user, why);
        }
    }
    Ok(())
}

/// Everybody leaves it, and what they got through it stays theirs.
pub(super) fn remove(planner: &mut Planner<'_>, group: &str) -> Result<()> {
    let (group, _) = planner.snapshot.find_group(group)?;
    remove_it(planner, group)
}

/// As [`remove`], by id.
pub(super) fn remove_it(planner: &mut Planner<'_>, group: GroupId) -> Result<()> {
    let members = planner.snapshot.members_of(group)?;
    for (user, role) in members {
        planner.push(Change::Membership {
            user,
            group,
            before: Some(role),
            after: None,
        });
    }
    let carried = planner.carried(group)?;
    for training in &carried.trainings {
        planner.push(Change::GroupTraining {
            group,
            training: *training,
            before: true,
            after: false,
        });
    }
    for pool in &carried.pools {
        planner.push(Change::GroupPool {
            group,
            pool: *pool,
            before: true,
            after: false,
        });
    }
    // What providers call it is free for another group.
    for (connection, external_id) in planner.snapshot.links_of_group(group)? {
        planner.push(Change::GroupLink {
            group,
            connection,
            before: Some(external_id),
            after: None,
        });
    }
    // Whoever comes in by the join page joins none, until another is named.
    let joined = planner.snapshot.setting(Setting::JoinGroup)?;
    if joined.as_deref() == Some(group.to_string().as_str()) {
        planner.push(Change::Setting {
            setting: Setting::JoinGroup,
            before: joined,
            after: None,
        });
    }
    planner.push(Change::GroupRemoved {
        group,
        before: false,
        after: true,
    });
    Ok(())
}

pub(super) fn budget(planner: &mut Planner<'_>, name: &str, after: Option<Seats>) -> Result<()> {
    let (group, name) = planner.snapshot.find_group(name)?;
    if after.is_some_and(|it| it < 0) {
        return Err(Error::invalid(
            "budget",
            "is less than 0",
            "give a number of seats",
        ));
    }
    let before = planner.snapshot.budget_of(group)?.map(|it| it.seats);
    if before == after {
        planner.skip_name(&name, "already so");
        return Ok(());
    }
    planner.push(Change::GroupBudget {
        group,
        before,
        after,
    });
    Ok(())
}
