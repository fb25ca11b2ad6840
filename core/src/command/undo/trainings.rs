//! The inverse of what concerns groups, trainings and assignments.

use std::collections::HashSet;

use crate::change::Change;
use crate::error::Result;
use crate::model::{GroupId, Status, TrainingTerms, User, UserId};
use crate::planner::Planner;

/// Plans the inverse of what one person had to learn, or held, or where they were a member.
pub(super) fn of_person(
    planner: &mut Planner<'_>,
    user: &User,
    change: &Change,
    status: Status,
) -> Result<()> {
    let id = user.id;
    match change {
        Change::Membership {
            group,
            before,
            after,
            ..
        } => {
            if planner.snapshot.membership(id, *group)? != *after {
                planner.skip(user, "group changed since");
            } else if before.is_some() && !planner.is_group_there(*group)? {
                planner.skip(user, "the group was removed since");
            } else {
                planner.push(Change::Membership {
                    user: id,
                    group: *group,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::LicenseRequest {
            pool,
            before,
            after,
            ..
        } => {
            let today = planner.snapshot.requests_of(id)?.contains(pool);
            let waits = status.is_seated_or_coming() && status != Status::Active;
            if today != *after || (*before && !waits) {
                planner.skip(user, "the license to come changed since");
            } else {
                planner.push(Change::LicenseRequest {
                    user: id,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::Assignment {
            training,
            before,
            after,
            ..
        } => {
            let name = &planner.training(*training)?.terms.name.clone();
            let open = before.is_some_and(|it| it.state.is_open());
            if planner.snapshot.assignment(id, *training)? != *after {
                planner.skip(user, format!("the training {name} changed since"));
            } else if open && !status.is_seated_or_coming() {
                planner.skip(
                    user,
                    format!("{status} now; the training {name} is not opened again"),
                );
            } else {
                planner.push(Change::Assignment {
                    user: id,
                    training: *training,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::ToldProgress {
            training,
            before,
            after,
            ..
        } => {
            if planner.snapshot.told_progress(id, *training)? == *after {
                planner.push(Change::ToldProgress {
                    user: id,
                    training: *training,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip(user, "what was told of their progress changed since");
            }
        }
        Change::Instructor {
            training,
            before,
            after,
            ..
        } => {
            if planner.snapshot.is_instructor(id, *training)? == *after {
                planner.push(Change::Instructor {
                    user: id,
                    training: *training,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip(user, "who holds the session changed since");
            }
        }
        _ => {}
    }
    Ok(())
}

/// Plans the inverse of what concerns nobody in particular.
pub(super) fn of_organization(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    match change {
        Change::GroupName {
            group,
            before,
            after,
        } => {
            let today = planner.snapshot.group_name(*group)?;
            let other = planner.snapshot.group_named(before)?;
            if today.as_ref() != Some(after) {
                planner.skip_name(after, "the group changed since");
            } else if other.is_some_and(|it| it.0 != *group) {
                planner.skip_name(after, "the former name is another group's now");
            } else {
                planner.push(Change::GroupName {
                    group: *group,
                    before: after.clone(),
                    after: before.clone(),
                });
            }
        }
        Change::GroupLink {
            group,
            connection,
            before,
            after,
        } => {
            let today = planner.snapshot.group_link(*connection, *group)?;
            let other = match before {
                Some(it) => planner.snapshot.group_called(*connection, it)?,
                None => None,
            };
            if before.is_some() && !planner.is_group_there(*group)? {
                let name = name_ever(planner, *group)?;
                planner.skip_name(&name, "the group was removed since");
            } else if today != *after || other.is_some_and(|it| it != *group) {
                let name = name_ever(planner, *group)?;
                planner.skip_name(&name, "what the provider calls the group changed since");
            } else {
                planner.push(Change::GroupLink {
                    group: *group,
                    connection: *connection,
                    before: after.clone(),
                    after: before.clone(),
                });
            }
        }
        Change::GroupRemoved {
            group,
            before,
            after,
        } => {
            let name = name_ever(planner, *group)?;
            if planner.is_group_there(*group)? == *after {
                planner.skip_name(&name, "the group changed since");
            } else if *after && planner.snapshot.group_named(&name)?.is_some() {
                planner.skip_name(&name, "the name is another group's now");
            } else {
                planner.push(Change::GroupRemoved {
                    group: *group,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::GroupTraining {
            group,
            training,
            before,
            after,
        } => {
            let carried = planner.carried(*group)?.trainings.contains(training);
            let removed = planner.training(*training)?.terms.removed && !revived(planner, change);
            if carried != *after || removed || !planner.is_group_there(*group)? {
                let name = name_ever(planner, *group)?;
                planner.skip_name(&name, "the group or the training changed since");
            } else {
                planner.push(Change::GroupTraining {
                    group: *group,
                    training: *training,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::GroupPool {
            group,
            pool,
            before,
            after,
        } => {
            let carried = planner.carried(*group)?.pools.contains(pool);
            if carried != *after || !planner.is_group_there(*group)? {
                let name = name_ever(planner, *group)?;
                planner.skip_name(&name, "the group changed since");
            } else {
                planner.push(Change::GroupPool {
                    group: *group,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::TrainingAdded { training, terms } => {
            let today = planner.training(*training)?;
            let counts = today.counts;
            let used = counts.assigned + counts.started + counts.completed > 0
                || !planner.snapshot.carriers_of(*training)?.is_empty();
            if today.terms != *terms {
                planner.skip_name(&terms.name, "the training changed since");
            } else if used {
                planner.skip_name(&terms.name, "people or groups have it; remove it instead");
            } else {
                planner.push(Change::TrainingTerms {
                    training: *training,
                    before: Box::new(terms.clone()),
                    after: Box::new(TrainingTerms {
                        removed: true,
                        ..terms.clone()
                    }),
                });
            }
        }
        Change::TrainingTerms {
            training,
            before,
            after,
        } => {
            let today = planner.training(*training)?;
            let other = planner.snapshot.training_named(&before.name)?;
            if today.terms != **after {
                planner.skip_name(&after.name, "the training changed since");
            } else if other.is_some_and(|it| it.id != *training) {
                planner.skip_name(&after.name, "the former name is another training's now");
            } else {
                planner.push(Change::TrainingTerms {
                    training: *training,
                    before: after.clone(),
                    after: before.clone(),
                });
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether this plan has brought the training of a change back already.
fn revived(planner: &Planner<'_>, change: &Change) -> bool {
    let Change::GroupTraining { training, .. } = change else {
        return false;
    };
    planner.planned().iter().any(|it| {
        matches!(it, Change::TrainingTerms { training: of, after, .. } if of == training && !after.removed)
    })
}

/// Removes a group that was added, once everybody whom the same batch put into it has left.
pub(super) fn group_added(planner: &mut Planner<'_>, group: GroupId, name: &str) -> Result<()> {
    let left: HashSet<UserId> = planner
        .planned()
        .iter()
        .filter_map(|it| match it {
            Change::Membership {
                user,
                group: of,
                after: None,
                ..
            } if *of == group => Some(*user),
            _ => None,
        })
        .collect();
    let members = planner.snapshot.members_of(group)?;
    if !planner.is_group_there(group)? {
        planner.skip_name(name, "already removed");
    } else if members.iter().any(|it| !left.contains(&it.0)) {
        planner.skip_name(name, "the group has members; remove it instead");
    } else {
        planner.push(Change::GroupRemoved {
            group,
            before: false,
            after: true,
        });
    }
    Ok(())
}

fn name_ever(planner: &Planner<'_>, group: GroupId) -> Result<String> {
    let groups = planner.snapshot.groups_ever()?;
    let found = groups.into_iter().find(|it| it.id == group);
    Ok(found.map_or_else(|| group.to_string(), |it| it.name))
}
