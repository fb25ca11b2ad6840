//! Set fields of people: any live one, field by field. The address of an active person too, with a notice to both.

use super::field;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Date, DueKind, Field, GroupId, GroupRole, Hold, Invitation, InvitationState, Language, Name,
    Part, Permission, QueueEntry, Status, User, UserId,
};
use crate::plan::Template;
use crate::planner::Planner;
use crate::selection::Selection;

/// Set fields of people.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Whose.
    pub who: Selection,
    /// Fields to set; values from [`Field::parse`].
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields to set: names, and values as typed; nothing clears.
    pub fields: Vec<(String, Option<String>)>,
    /// Labels to add.
    pub add_labels: Vec<String>,
    /// Labels to remove.
    pub remove_labels: Vec<String>,
    /// Their manager: `None` leaves it, `Some(None)` clears it; an address, a user name or an id.
    pub manager: Option<Option<String>>,
    /// Groups to join or change role in, by name.
    pub add_groups: Vec<(String, GroupRole)>,
    /// Groups to leave, by name.
    pub remove_groups: Vec<String>,
    /// Whether only owners may take them off: `None` leaves it. The owners' alone.
    pub protected: Option<bool>,
    /// The day at whose beginning a pending invitation is mailed: `None` leaves it, `Some(None)` is never.
    pub send_on: Option<Option<Date>>,
    /// The version that a form was filled in on; another one answers [`crate::Error::Changed`]. For one person only.
    pub version: Option<i64>,
    /// Whether what a connection owns is set all the same, until its next write of it. Without this it is skipped.
    pub overriding: bool,
}

impl Edit {
    /// An edit of these people that sets nothing yet.
    pub fn of(who: impl Into<Selection>) -> Self {
        Self {
            who: who.into(),
            set: Vec::new(),
            fields: Vec::new(),
            add_labels: Vec::new(),
            remove_labels: Vec::new(),
            manager: None,
            add_groups: Vec::new(),
            remove_groups: Vec::new(),
            protected: None,
            send_on: None,
            version: None,
            overriding: false,
        }
    }
}

impl Edit {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let users = planner.select(&self.who)?;
        if self.protected.is_some() {
            planner.require("edit_protect")?;
        }
        self.refuse_begun(planner)?;
        if users.len() > 1 && (self.sets_unique() || self.version.is_some()) {
            return Err(Error::invalid(
                "email or user name",
                "is unique and cannot be set for several people",
                "edit one person",
            ));
        }
        let manager = match &self.manager {
            Some(Some(name)) => Some(Some(planner.manager_for(None, name)?)),
            Some(None) => Some(None),
            None => None,
        };
        let joins = self
            .add_groups
            .iter()
            .map(|(name, role)| Ok((group(planner, name)?, Some(*role))))
            .chain(
                self.remove_groups
                    .iter()
                    .map(|name| Ok((group(planner, name)?, None))),
            )
            .collect::<Result<Vec<_>>>()?;
        super::refuse_twice(joins.iter().map(|it| it.0), "group")?;
        self.refuse_twice()?;
        let mut given = Vec::new();
        if !self.fields.is_empty() {
            let fields = planner.snapshot.custom_fields()?;
            let values = self.fields.iter();
            given = field::given(
                &fields,
                values.map(|(name, value)| (name.as_str(), value.as_deref())),
            )?;
            super::refuse_twice(given.iter().map(field::Given::field), "field")?;
            field::look_up(planner, &mut given, &users)?;
        }
        let looked_up = LookedUp {
            manager,
            joins,
            given,
        };
        for id in users {
            let user = planner.user(id)?;
            planner.name(&user);
            if let Some(why) = self.one(planner, &user, &looked_up)? {
                planner.skip(&user, why);
            }
        }
        Ok(())
    }

    /// Plans one person; returns why nothing of it can be.
    pub(super) fn one(
        &self,
        planner: &mut Planner<'_>,
        user: &User,
        looked_up: &LookedUp,
    ) -> Result<Option<String>> {
        let id = user.id;
        if !user.status.is_live() {
            return Ok(Some(user.status.to_string()));
        }
        if self.version.is_some_and(|it| it != user.version) {
            return Err(Error::Changed(id));
        }
        if !planner.actor_is_owner() && planner.permissions_of(id)?.contains(&Permission::Owner) {
            return Ok(Some("an owner; only owners may".to_owned()));
        }
        if self.sets_unique() && planner.has_more_rights(id)? {
            return Ok(Some(
                "has permissions that you do not have; an owner changes how they sign in"
                    .to_owned(),
            ));
        }
        let mark = planner.mark();
        if let Some(why) = self.fields(planner, user)? {
            planner.back_to(mark);
            return Ok(Some(why));
        }
        field::give_as_owned(planner, user, &looked_up.given, self.overriding)?;
        if let Some(after) = looked_up.manager
            && after != user.manager
            && planner.may_set(user, Part::Manager, self.overriding)?
        {
            if let Err(error) = after.map_or(Ok(()), |it| planner.refuse_cycle(id, it)) {
                planner.back_to(mark);
                return Ok(Some(error.to_string()));
            }
            self::manager(planner, user, after)?;
        }
        if let Some(why) = planner.change_groups(user, &looked_up.joins)? {
            planner.back_to(mark);
            return Ok(Some(why));
        }
        if let Some(after) = self.protected.filter(|it| *it != user.protected) {
            planner.push(Change::Protected {
                user: id,
                before: user.protected,
                after,
            });
        }
        if let Some(day) = self.send_on
            && let Some(why) = send_on(planner, user, day)?
        {
            planner.back_to(mark);
            return Ok(Some(why));
        }
        Ok((planner.mark() == mark).then(|| "already so".to_owned()))
    }

    /// Whether it sets what nobody else has.
    fn sets_unique(&self) -> bool {
        self.set.iter().any(|(field, value)| {
            matches!(field, Field::Email | Field::UserName) && value.is_some()
        })
    }

    /// What is said twice would be done once, and shown as if it were done twice.
    fn refuse_twice(&self) -> Result<()> {
        for (at, (field, _)) in self.set.iter().enumerate() {
            if self.set.iter().skip(at + 1).any(|it| it.0 == *field) {
                return Err(super::twice(&field.as_str().replace('_', " ")));
            }
        }
        let moves_labels = !self.add_labels.is_empty() || !self.remove_labels.is_empty();
        if moves_labels && self.set.iter().any(|it| it.0 == Field::Labels) {
            return Err(Error::invalid(
                "labels",
                "are set, and added or removed, at once",
                "do one of them",
            ));
        }
        let both = self.add_labels.iter().find(|added| {
            let mut removed = self.remove_labels.iter();
            removed.any(|it| it.eq_ignore_ascii_case(added))
        });
        both.map_or(Ok(()), |label| Err(super::twice(&format!("label {label}"))))
    }

    /// Days that have begun cannot be set: what they would do is done by its command.
    fn refuse_begun(&self, planner: &mut Planner<'_>) -> Result<()> {
        let day = |field: Field| {
            let set = self.set.iter().rfind(|it| it.0 == field);
            set.and_then(|it| it.1.as_deref()?.parse().ok())
        };
        planner.refuse_begun(
            "deactivation date",
            day(Field::DeactivateOn),
            "choose a later one, or deactivate now",
        )?;
        planner.refuse_begun(
            "deletion date",
            day(Field::DeleteOn),
            "choose a later one, or delete now",
        )?;
        planner.refuse_begun(
            "send date",
            self.send_on.flatten(),
            "choose a later one, or resend now",
        )
    }

    /// Plans the profile fields of one person; returns why they cannot be set.
    fn fields(&self, planner: &mut Planner<'_>, user: &User) -> Result<Option<String>> {
        for (field, after) in &self.set {
            let before = user.profile.get(*field);
            if before == after.as_deref() || *field == Field::Kept {
                continue;
            }
            if !planner.may_set(user, Part::Field(*field), self.overriding)? {
                continue;
            }
            if *field == Field::Email && after.is_none() {
                return Ok(Some(
                    "everybody keeps an address; set another instead".to_owned(),
                ));
            }
            if matches!(field, Field::DeactivateOn | Field::DeleteOn)
                && after.is_some()
                && let Some(why) = planner.why_not_take_off(user)?
            {
                return Ok(Some(why.to_owned()));
            }
            if let (Field::Language, Some(after)) = (field, after)
                && let Err(error) = Language::check(after)
            {
                return Ok(Some(error.to_string()));
            }
            if let Some(kind) = DueKind::of(*field)
                && let Some(day) = after.as_deref().and_then(|it| it.parse().ok())
                && let Some(why) = planner.why_not_again(user.id, kind, None, Some(day))?
            {
                return Ok(Some(why));
            }
            if let Some(other) = planner.owner_of(*field, after.as_deref())?
                && other.id != user.id
            {
                return Ok(Some(format!(
                    "the {} is somebody else's, who is {}",
                    field.as_str().replace('_', " "),
                    other.status
                )));
            }
            if matches!(field, Field::Email | Field::UserName)
                && let Some(why) = self.why_not_by_address(planner, user)?
            {
                return Ok(Some(why));
            }
            if *field == Field::Email && user.status == Status::Active {
                planner.mail(user.id, Template::EmailChanged);
                if user.profile.email.is_some() {
                    planner.mail(user.id, Template::EmailLeft);
                }
            }
            planner.overridden(user, Part::Field(*field), before, after.as_deref())?;
            planner.set_field(user.id, *field, before, after.as_deref());
        }
        self.labels(planner, user)?;
        Ok(None)
    }

    /// Why somebody who has no user name from this edit on cannot go by their address.
    fn why_not_by_address(&self, planner: &Planner<'_>, user: &User) -> Result<Option<String>> {
        let after = |field| {
            let set = self.set.iter().find(|it| it.0 == field);
            set.map_or_else(|| user.profile.get(field), |it| it.1.as_deref())
        };
        if after(Field::UserName).is_some() {
            return Ok(None);
        }
        let other = planner.owner_of(Field::UserName, after(Field::Email))?;
        let is_taken = other.is_some_and(|it| it.id != user.id);
        Ok(is_taken.then(|| "the address is somebody else's user name".to_owned()))
    }

    fn labels(&self, planner: &mut Planner<'_>, user: &User) -> Result<()> {
        if self.add_labels.is_empty() && self.remove_labels.is_empty() {
            return Ok(());
        }
        let before = user.profile.labels.clone();
        let mut labels: Vec<String> = before
            .iter()
            .flat_map(|it| it.split(','))
            .map(str::to_owned)
            .collect();
        labels.retain(|it| {
            !self
                .remove_labels
                .iter()
                .any(|gone| gone.eq_ignore_ascii_case(it))
        });
        for label in &self.add_labels {
            let label = parse_label(label)?;
            if !labels.iter().any(|it| it.eq_ignore_ascii_case(&label)) {
                labels.push(label);
            }
        }
        let after = (!labels.is_empty()).then(|| labels.join(","));
        if before != after {
            planner.set_field(user.id, Field::Labels, before.as_deref(), after.as_deref());
        }
        Ok(())
    }
}

/// What an edit names, looked up once for everybody.
#[derive(Default)]
pub(super) struct LookedUp {
    /// Their manager: `None` leaves it.
    pub(super) manager: Option<Option<UserId>>,
    /// Groups to join or change role in, and to leave.
    pub(super) joins: Vec<(GroupId, Option<GroupRole>)>,
    /// Values of custom fields.
    pub(super) given: Vec<field::Given>,
}

/// Plans another manager, or none, who makes no circle.
pub(super) fn manager(planner: &mut Planner<'_>, user: &User, after: Option<UserId>) -> Result<()> {
    let word = |it: Option<UserId>| it.map(|it| it.to_string());
    planner.overridden(
        user,
        Part::Manager,
        word(user.manager).as_deref(),
        word(after).as_deref(),
    )?;
    planner.push(Change::Manager {
        user: user.id,
        before: user.manager,
        after,
    });
    Ok(())
}

/// Plans the day on which a person's pending invitation is mailed; returns why it cannot be set.
fn send_on(planner: &mut Planner<'_>, user: &User, day: Option<Date>) -> Result<Option<String>> {
    if user.status == Status::Queued {
        return queued_send_on(planner, user, day);
    }
    let before = planner
        .snapshot
        .invitation(user.id)?
        .filter(|it| it.state == InvitationState::Pending);
    let Some(before) = before else {
        return Ok(Some(format!("{}, not invited", user.status)));
    };
    if before.send_on == day {
        return Ok(None);
    }
    if let Some(why) = planner.why_not_again(user.id, DueKind::Send, None, day)? {
        return Ok(Some(why));
    }
    let expires_at = planner.expiry(day)?;
    planner.push(Change::Invitation {
        user: user.id,
        before: Some(before),
        after: Some(Invitation {
            send_on: day,
            expires_at,
            ..before
        }),
    });
    Ok(None)
}

/// Who waits for a seat is invited on the day, or when a seat is free after it.
fn queued_send_on(
    planner: &mut Planner<'_>,
    user: &User,
    day: Option<Date>,
) -> Result<Option<String>> {
    let licenses = planner.snapshot.licenses_of(user.id)?;
    let queued = licenses.iter().find_map(|it| match it.hold {
        Hold::Queued(entry) if it.pool == planner.access && entry.leads_to != Status::Active => {
            Some(entry)
        }
        _ => None,
    });
    let Some(entry) = queued else {
        return Ok(Some("queued, not to be invited".to_owned()));
    };
    let after = QueueEntry {
        send_on: day,
        mail: day.is_some(),
        ..entry
    };
    if entry.send_on == day {
        return Ok(None);
    }
    planner.set_license(
        user.id,
        planner.access,
        Hold::Queued(entry),
        Hold::Queued(after),
        false,
    )?;
    Ok(None)
}

/// One label.
pub(super) fn parse_label(text: &str) -> Result<String> {
    let label = Name::parse("label", text)?
        .map(Name::into_string)
        .filter(|it| !it.contains([',', ';']));
    label
        .ok_or_else(|| Error::invalid("label", "is empty or has a comma", "use one word or phrase"))
}

fn group(planner: &Planner<'_>, name: &str) -> Result<GroupId> {
    planner.snapshot.find_group(name).map(|it| it.0)
}
