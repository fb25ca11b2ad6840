//! Whoever comes back from a record that came to rest, and what is set of them by the way.

use super::{Joining, refused};
use crate::change::Change;
use crate::command::field::{self, Given};
use crate::command::{NewPerson, edit, password};
use crate::error::Result;
use crate::model::{
    DueKind, Field, GroupId, GroupRole, Packed, Part, Status, User, UserId, key_of_name,
};
use crate::planner::{Entry, Planner, Seated};

/// What is set of somebody who is brought back.
pub(in crate::command) struct Back<'b> {
    /// Fields; none is one that is to be emptied.
    pub(in crate::command) set: &'b Packed,
    /// Whom they report to: `None` leaves it.
    pub(in crate::command) manager: Option<Option<UserId>>,
    /// Values of custom fields.
    pub(in crate::command) given: &'b [Given],
    /// Whether what a connection owns is set all the same.
    pub(in crate::command) overriding: bool,
}

impl Back<'_> {
    /// Plans it, but what is planned from a place on. What a connection owns stays as it is, and is told to whoever is at
    /// the door.
    fn set(&self, planner: &mut Planner<'_>, user: &User, from: usize) -> Result<()> {
        for field in Field::ALL {
            let said = self.set.iter().find(|it| it.0 == field);
            let before = user.profile.get(field);
            let Some((_, after)) = said.filter(|it| is_other(field, before, it.1)) else {
                continue;
            };
            // Days on which they were to leave are emptied by coming back.
            let is_planned = planner.planned().iter().skip(from).any(
                |it| matches!(it, Change::Profile { field: of, after: None, .. } if *of == field),
            );
            if is_planned || !self.may_set(planner, user, Part::Field(field))? {
                continue;
            }
            planner.overridden(user, Part::Field(field), before, after)?;
            planner.set_field(user.id, field, before, after);
        }
        for given in self.given {
            let now = planner.snapshot.field_value(user.id, given.field())?;
            let part = Part::Custom(given.field());
            if now.as_deref() != given.after() && self.may_set(planner, user, part)? {
                field::give_as_owned(planner, user, std::slice::from_ref(given), true)?;
            }
        }
        if let Some(manager) = self.manager.filter(|it| *it != user.manager)
            && self.may_set(planner, user, Part::Manager)?
        {
            edit::manager(planner, user, manager)?;
        }
        Ok(())
    }

    fn may_set(&self, planner: &mut Planner<'_>, user: &User, part: Part) -> Result<bool> {
        if self.overriding {
            return Ok(true);
        }
        let Some(owner) = planner.whose(user, part)? else {
            return Ok(true);
        };
        if planner.is_attended() {
            let what = planner.called(part)?;
            let why = format!(
                "comes back with the {what} that {owner} owns: change it there, or by edit with --override"
            );
            planner.skip(user, why);
        }
        Ok(false)
    }
}

/// Whether a field is to be something else: names that differ by the case of letters are the same.
fn is_other(field: Field, before: Option<&str>, after: Option<&str>) -> bool {
    match field {
        Field::Email => before.map(key_of_name) != after.map(key_of_name),
        _ => before != after,
    }
}

/// Why somebody cannot come back by names that somebody else has.
fn taken(planner: &Planner<'_>, user: &User, set: &Packed) -> Result<Option<String>> {
    for field in [Field::Email, Field::UserName] {
        let after = set.get(field);
        if !is_other(field, user.profile.get(field), after) {
            continue;
        }
        if let Some(other) = planner
            .owner_of(field, after)?
            .filter(|it| it.id != user.id)
        {
            return Ok(Some(format!(
                "the {} is that of somebody who is {}",
                field.as_str().replace('_', " "),
                other.status
            )));
        }
    }
    Ok(None)
}

impl Joining {
    /// Plans one person whose record came to rest: cancelled or deleted.
    pub(in crate::command) fn comeback(
        &self,
        planner: &mut Planner<'_>,
        user: &User,
        person: &NewPerson,
        given: &[Given],
    ) -> Result<()> {
        planner.name(user);
        let manager = match &person.manager {
            None => None,
            Some(name) => match planner.manager_for(Some(user.id), name) {
                Ok(manager) => Some(Some(manager)),
                Err(error) => return refused(planner, &user.label(), Some(user), error),
            },
        };
        let back = Back {
            set: &Packed::of(&person.profile),
            manager,
            given,
            overriding: false,
        };
        self.comeback_under(planner, user, person, &back)
    }

    /// As [`Joining::comeback`], with what is set looked up. Of the person's profile nothing else is looked at.
    pub(in crate::command) fn comeback_under(
        &self,
        planner: &mut Planner<'_>,
        user: &User,
        person: &NewPerson,
        back: &Back<'_>,
    ) -> Result<()> {
        let anew = back.set.profile();
        let email = anew.email.as_deref().or(user.profile.email.as_deref());
        if let Some(why) = taken(planner, user, back.set)? {
            planner.skip(user, why);
            return Ok(());
        }
        for field in [Field::DeactivateOn, Field::DeleteOn] {
            if let Some(kind) = DueKind::of(field)
                && let Some(why) = planner.why_not_again(user.id, kind, None, anew.day(field))?
            {
                planner.skip(user, why);
                return Ok(());
            }
        }
        if let Some(why) = planner.why_not_again(user.id, DueKind::Send, None, self.send_on)? {
            planner.skip(user, why);
            return Ok(());
        }
        let licenses = planner.licenses_of(user.id)?;
        let entry = match self.status {
            Status::Active => {
                let joining: Vec<GroupId> = self.groups.iter().map(|it| it.0).collect();
                planner.entry_of(user, &joining, &licenses)?
            }
            _ => Entry::default(),
        };
        let mark = planner.mark();
        let seated = self.seat(planner, user.id, &licenses, &entry)?;
        let status = match seated {
            Seated::Out(why) => {
                planner.back_to(mark);
                planner.skip(user, why);
                return Ok(());
            }
            Seated::Queued => Status::Queued,
            Seated::In => self.standing(planner, email)?,
        };
        planner.push(Change::Status {
            user: user.id,
            before: user.status,
            after: status,
        });
        planner.comes_against(user)?;
        let before = planner.planned().len();
        planner.drop_leaving_dates(user, &anew);
        back.set(planner, user, before)?;
        if status == Status::Active && !user.accepted {
            planner.push(Change::Accepted {
                user: user.id,
                before: false,
                after: true,
            });
        }
        match &person.password {
            Some(password) => password::set(planner, user.id, Some(password))?,
            None => password::forget(planner, user.id)?,
        }
        if status != Status::Queued {
            self.welcome(planner, user.id, person)?;
        }
        self.humble(planner, user.id)?;
        self.join_groups(planner, user.id)?;
        self.give_session(planner, user.id)?;
        if status == Status::Active {
            planner.assign_entry(user.id, entry);
        }
        self.request_later(planner, user.id, &licenses)?;
        planner.note_arrival(user.id, &user.profile);
        planner.note_arrival(user.id, &anew);
        Ok(())
    }

    /// Whoever is brought back by somebody who runs a group has no role there or elsewhere but the one they are given.
    fn humble(&self, planner: &mut Planner<'_>, user: UserId) -> Result<()> {
        if planner.reaches_everybody() {
            return Ok(());
        }
        for it in planner.snapshot.memberships_of(user)? {
            let given = self.groups.iter().find(|(group, _)| *group == it.group);
            let after = given.map_or(GroupRole::Learner, |it| it.1);
            if it.role > after {
                planner.push(Change::Membership {
                    user,
                    group: it.group,
                    before: Some(it.role),
                    after: Some(after),
                });
            }
        }
        Ok(())
    }

    fn join_groups(&self, planner: &mut Planner<'_>, user: UserId) -> Result<()> {
        for (group, role) in &self.groups {
            let before = planner.snapshot.membership(user, *group)?;
            if before.is_none() {
                planner.push(Change::Membership {
                    user,
                    group: *group,
                    before,
                    after: Some(*role),
                });
            }
        }
        Ok(())
    }
}
