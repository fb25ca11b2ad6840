//! What invite and create share: one person at a time, from nobody or from a record that came to rest.

use std::collections::{HashMap, HashSet};

use super::field::{self, Given};
use super::{NewPerson, edit, password};
use crate::change::{Change, NewUser};
use crate::error::{Error, Result};
use crate::model::{
    Assignment, AssignmentState, CountsFrom, CustomField, Date, DueKind, Field, GroupId, GroupRole,
    Hold, License, Packed, Part, PoolId, PoolName, RequiredItem, Setting, Status, TrainingId, User,
    UserId, VisibleTo, field_key, key_of_name,
};
use crate::plan::Template;
use crate::planner::{Entry, Fallback, Planner, Seated, Waiting, Want};

/// How people of one command join.
pub(super) struct Joining {
    /// `waiting` for an invitation, `active` for an account made at once.
    pub(super) status: Status,
    pub(super) mail: bool,
    /// The day on which invitations are mailed, if not at once.
    pub(super) send_on: Option<Date>,
    pub(super) groups: Vec<(GroupId, GroupRole)>,
    pub(super) pools: Vec<PoolId>,
    /// The session to which they are invited.
    pub(super) session: Option<TrainingId>,
    /// The id of whoever is new, if they have one already.
    pub(super) newcomer: Option<UserId>,
}

/// What is set of somebody who is brought back.
pub(super) struct Back<'b> {
    /// Fields; none is one that is to be emptied.
    pub(super) set: &'b Packed,
    /// Whom they report to: `None` leaves it.
    pub(super) manager: Option<Option<UserId>>,
    /// Values of custom fields.
    pub(super) given: &'b [Given],
    /// Whether what a connection owns is set all the same.
    pub(super) overriding: bool,
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
    /// Looks the groups and pools up, which must all be there.
    pub(super) fn resolve(
        planner: &Planner<'_>,
        groups: &[(String, GroupRole)],
        pools: &[PoolName],
        status: Status,
        mail: bool,
    ) -> Result<Self> {
        let groups = groups
            .iter()
            .map(|(name, role)| match planner.snapshot.group_named(name)? {
                Some((id, _)) => Ok((id, *role)),
                None => Err(Error::not_found("group", name)),
            })
            .collect::<Result<Vec<_>>>()?;
        super::refuse_twice(groups.iter().map(|it| it.0), "group")?;
        let pools = pools
            .iter()
            .map(|it| add_on(planner, it))
            .collect::<Result<Vec<_>>>()?;
        super::refuse_twice(pools.iter(), "pool")?;
        Ok(Self {
            status,
            mail,
            send_on: None,
            groups,
            pools,
            session: None,
            newcomer: None,
        })
    }

    /// What is required of this person and neither given nor known, with what to do.
    fn lacks(
        &self,
        planner: &Planner<'_>,
        required: &[RequiredItem],
        fields: &[CustomField],
        person: &NewPerson,
        known: Option<&User>,
    ) -> Result<Option<String>> {
        let mut lacking = Vec::new();
        for item in required {
            let has = match item {
                RequiredItem::Field(field) => {
                    person.profile.get(*field).is_some()
                        || known.is_some_and(|it| it.profile.get(*field).is_some())
                }
                RequiredItem::Manager => {
                    person.manager.is_some() || known.is_some_and(|it| it.manager.is_some())
                }
                RequiredItem::Group => {
                    !self.groups.is_empty()
                        || match known {
                            Some(user) => !planner.snapshot.memberships_of(user.id)?.is_empty(),
                            None => false,
                        }
                }
            };
            if !has {
                lacking.push(item.as_str().replace('_', " "));
            }
        }
        let setting_is_why = !lacking.is_empty();
        for field in fields.iter().filter(|it| it.terms.required) {
            let mut given = person.fields.iter();
            let is_given = given
                .any(|(name, value)| field_key(name) == field.key() && !value.trim().is_empty());
            let has = is_given
                || match known {
                    Some(user) => planner.snapshot.field_value(user.id, field.id)?.is_some(),
                    None => false,
                };
            if !has {
                lacking.push(field.terms.name.clone());
            }
        }
        let remedy = if setting_is_why {
            format!("change the setting {}", Setting::RequiredOnInvite)
        } else {
            "make the field optional".to_owned()
        };
        Ok((!lacking.is_empty()).then(|| {
            format!(
                "{} required; give what is missing, or {remedy}",
                are(&lacking)
            )
        }))
    }

    /// Plans one person who is not on the roster.
    pub(super) fn newcomer(
        &self,
        planner: &mut Planner<'_>,
        person: &NewPerson,
        given: &[Given],
    ) -> Result<()> {
        let label = person.profile.email.clone().unwrap_or_default();
        let manager = match &person.manager {
            None => None,
            Some(name) => match planner.manager_for(None, name) {
                Ok(manager) => Some(manager),
                Err(error) => return refused(planner, &label, None, error),
            },
        };
        let profile = Packed::of(&person.profile);
        if let Some(user) = self.newcomer_under(planner, person, profile, manager, given)? {
            planner.note_arrival(user, &person.profile);
        }
        Ok(())
    }

    /// As [`Joining::newcomer`], with the manager looked up and the profile packed. Of the person's own no more is looked at
    /// than by which names they go. Returns who that is, if they come; nobody after them is looked up by these names.
    pub(super) fn newcomer_under(
        &self,
        planner: &mut Planner<'_>,
        person: &NewPerson,
        profile: Packed,
        manager: Option<UserId>,
        given: &[Given],
    ) -> Result<Option<UserId>> {
        let label = person.profile.email.clone().unwrap_or_default();
        let user = self.newcomer.unwrap_or_else(|| planner.draws.user());
        planner.name_new(user, &label);
        let mark = planner.mark();
        // The record comes first in the history, but its status is known only when the seat is decided.
        let status = self.standing(planner, person.profile.email.as_deref())?;
        planner.push(created(user, profile, status, manager));
        let entry = match self.status {
            Status::Active => {
                let groups = self.groups.iter().map(|it| it.0);
                planner.entry(groups, &[], &[], Fallback::WhenFull)?
            }
            _ => Entry::default(),
        };
        match self.seat(planner, user, &[], &entry)? {
            Seated::Out(why) => {
                planner.back_to(mark);
                planner.skip_name(&label, why);
                return Ok(None);
            }
            Seated::Queued => {
                planner.queue_new(mark);
                self.enter_groups(planner, user);
            }
            Seated::In => {
                self.welcome(planner, user, person)?;
                self.enter_groups(planner, user);
                planner.assign_entry(user, entry);
            }
        }
        if let Some(password) = &person.password {
            password::set(planner, user, Some(password))?;
        }
        self.give_session(planner, user)?;
        self.request_later(planner, user, &[])?;
        field::give(planner, user, given, true)?;
        Ok(Some(user))
    }

    /// Plans one person whose record came to rest: cancelled or deleted.
    pub(super) fn comeback(
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
    pub(super) fn comeback_under(
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

    /// Counts what somebody asks for who cannot come because another has no room.
    pub(super) fn ask(&self, planner: &mut Planner<'_>, licenses: &[License]) -> Result<()> {
        let wants = self.wants(planner, licenses)?;
        let wants: Vec<PoolId> = wants
            .into_iter()
            .filter(|it| !it.before.is_held())
            .map(|it| it.pool)
            .collect();
        planner.ask_in_vain(&wants)
    }

    /// What whoever comes is to hold, beside what groups bring.
    fn wants(&self, planner: &Planner<'_>, licenses: &[License]) -> Result<Vec<Want>> {
        let held = |pool: PoolId| {
            licenses
                .iter()
                .find(|it| it.pool == pool)
                .map_or(Hold::None, |it| it.hold)
        };
        let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
        let mut wants = Vec::with_capacity(1 + self.pools.len());
        if self.status == Status::Active {
            wants.push(Want::new(
                planner.access,
                held(planner.access),
                Hold::Consumed,
            ));
        } else if counts_from == CountsFrom::Invitation {
            wants.push(Want::new(
                planner.access,
                held(planner.access),
                Hold::Reserved,
            ));
        }
        for pool in self.pools.iter().filter(|it| held(**it) == Hold::None) {
            if !planner.is_for_later(*pool, self.status)? {
                wants.push(Want::new(*pool, Hold::None, Hold::Reserved));
            }
        }
        Ok(wants)
    }

    fn seat(
        &self,
        planner: &mut Planner<'_>,
        user: UserId,
        licenses: &[License],
        entry: &Entry,
    ) -> Result<Seated> {
        let mut wants = self.wants(planner, licenses)?;
        let asked = self.pools.as_slice();
        wants.extend(entry.wants().filter(|it| !asked.contains(&it.pool)));
        planner.seat(
            user,
            &wants,
            Waiting {
                leads_to: self.status,
                // Who has joined by a page has nothing but a mail to hear by that there is a seat now.
                mail: self.mail || self.newcomer.is_some(),
                connection: None,
                send_on: self.send_on,
            },
        )
    }

    /// What a person of this address becomes who is seated.
    fn standing(&self, planner: &mut Planner<'_>, email: Option<&str>) -> Result<Status> {
        match self.status {
            Status::Waiting => planner.waiting_status(email),
            other => Ok(other),
        }
    }

    /// Notes the licenses of pools that count from activation, for whoever is not active yet.
    fn request_later(
        &self,
        planner: &mut Planner<'_>,
        user: UserId,
        licenses: &[License],
    ) -> Result<()> {
        for pool in &self.pools {
            let has = licenses.iter().any(|it| it.pool == *pool);
            if !has && planner.is_for_later(*pool, self.status)? {
                planner.request_license(user, *pool)?;
            }
        }
        Ok(())
    }

    /// Mails the invitation, or the login with a link to choose a password if the administrator has set none.
    fn welcome(&self, planner: &mut Planner<'_>, user: UserId, person: &NewPerson) -> Result<()> {
        if self.status == Status::Waiting {
            return planner.invite_on(user, self.mail, self.send_on);
        }
        match (self.mail, &person.password) {
            (true, None) => password::mail_link(planner, user, Template::AccountCreated),
            (true, Some(_)) => {
                planner.mail(user, Template::AccountCreated);
                Ok(())
            }
            (false, _) => Ok(()),
        }
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

    /// Assigns the session to which somebody is invited.
    fn give_session(&self, planner: &mut Planner<'_>, user: UserId) -> Result<()> {
        let Some(training) = self.session else {
            return Ok(());
        };
        let before = planner.snapshot.assignment(user, training)?;
        if before.is_none_or(|it| it.state == AssignmentState::Ended) {
            planner.push(Change::Assignment {
                user,
                training,
                before,
                after: Some(Assignment::new(planner.now)),
            });
        }
        Ok(())
    }

    /// The groups of somebody new, who is in none yet.
    fn enter_groups(&self, planner: &mut Planner<'_>, user: UserId) {
        for (group, role) in &self.groups {
            planner.push(Change::Membership {
                user,
                group: *group,
                before: None,
                after: Some(*role),
            });
        }
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

/// An add-on pool by name; `access` is never granted by itself.
pub(super) fn add_on(planner: &Planner<'_>, name: &PoolName) -> Result<PoolId> {
    let pool = planner.ledger.named(name)?;
    if pool.is_access() {
        return Err(Error::invalid(
            "pool",
            "access comes with the person",
            "name an add-on pool",
        ));
    }
    Ok(pool.id)
}

fn created(user: UserId, profile: Packed, status: Status, manager: Option<UserId>) -> Change {
    let accepted = status == Status::Active;
    Change::UserCreated {
        user,
        created: Box::new(NewUser {
            profile,
            status,
            accepted,
            manager,
            connection: None,
            link: None,
        }),
    }
}

/// `title is`, `title and region are`.
fn are(names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => format!("{last} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
        None => String::new(),
    }
}

/// Somebody whose manager cannot be set is skipped; the others are not.
fn refused(
    planner: &mut Planner<'_>,
    label: &str,
    user: Option<&User>,
    error: Error,
) -> Result<()> {
    match (error, user) {
        (error @ (Error::Invalid { .. } | Error::NotFound { .. }), Some(user)) => {
            planner.skip(user, error.to_string());
            Ok(())
        }
        (error @ (Error::Invalid { .. } | Error::NotFound { .. }), None) => {
            planner.skip_name(label, error.to_string());
            Ok(())
        }
        (other, _) => Err(other),
    }
}

/// Plans each of the people, by who has their address now. Two of the same address in one command are one.
pub(super) fn plan_people(
    planner: &mut Planner<'_>,
    people: &[NewPerson],
    joining: &Joining,
    comes_back: impl Fn(Status) -> bool,
    why_not: impl Fn(Status) -> String,
) -> Result<()> {
    let settings = planner.settings()?;
    let required = if settings.required_is_set {
        settings.required_on_invite.items().to_vec()
    } else {
        Vec::new()
    };
    let mut fields = planner.snapshot.custom_fields()?;
    // Whoever may not see a field neither gives a value nor is held to it.
    let sees_all = planner.snapshot.sees_all_fields();
    fields.retain(|it| {
        let seen = sees_all || it.terms.visible_to == VisibleTo::Everybody;
        seen && !it.terms.removed
    });
    planner.refuse_begun("send date", joining.send_on, "leave it out to mail now")?;
    let groups: Vec<GroupId> = joining.groups.iter().map(|it| it.0).collect();
    let (mut seen, mut names) = (HashSet::new(), HashSet::new());
    for i in in_order(people) {
        let Some(person) = people.get(i) else {
            continue;
        };
        for (field, what) in [
            (Field::DeactivateOn, "deactivation date"),
            (Field::DeleteOn, "deletion date"),
        ] {
            planner.refuse_begun(what, person.profile.day(field), "choose a later one")?;
        }
        let Some(key) = person.profile.email_key() else {
            return Err(Error::invalid(
                "email address",
                "is missing",
                "give everybody one",
            ));
        };
        let label = person.profile.email.clone().unwrap_or_default();
        if !seen.insert(key.clone()) {
            planner.skip_name(&label, "named twice");
            continue;
        }
        // Without a user name of their own the person will go by their address.
        let goes_by = person
            .profile
            .user_name_key()
            .unwrap_or_else(|| key.clone());
        if !names.insert(goes_by.clone()) {
            planner.skip_name(
                &label,
                "the user name is somebody else's of those named here",
            );
            continue;
        }
        let other = planner.snapshot.user_by_user_name_key(&goes_by)?;
        let known = planner.snapshot.user_by_email_key(&key)?;
        if let Some(other) = other
            && known.as_ref().is_none_or(|it| it.id != other.id)
        {
            planner.skip_name(&label, "the user name is somebody else's");
            continue;
        }
        // Where somebody stands, or stood, is nothing to those who may not see them.
        if let Some(user) = &known
            && !planner.sees(user.id)?
        {
            planner.skip_name(&label, "known already; who manages users can bring them in");
            continue;
        }
        let joins = known.as_ref().is_none_or(|it| comes_back(it.status));
        if joins
            && let Some(why) = joining.lacks(planner, &required, &fields, person, known.as_ref())?
        {
            match &known {
                Some(user) => planner.skip(user, why),
                None => planner.skip_name(&label, why),
            }
            continue;
        }
        let values = person.fields.iter();
        let given = field::given(
            &fields,
            values.map(|(name, value)| (name.as_str(), Some(value.as_str()))),
        );
        let given = match (given, joins) {
            (Ok(given), _) => given,
            (Err(Error::Invalid { .. }), false) => Vec::new(),
            (Err(error @ Error::Invalid { .. }), true) => {
                refused(planner, &label, known.as_ref(), error)?;
                continue;
            }
            (Err(error), _) => return Err(error),
        };
        if joins && let Some(why) = planner.ask_allowance(&groups) {
            planner.skip_name(&label, why);
            continue;
        }
        let before = planner.planned().len();
        match known {
            None => joining.newcomer(planner, person, &given)?,
            Some(user) if comes_back(user.status) => {
                joining.comeback(planner, &user, person, &given)?;
            }
            Some(user) => planner.skip(&user, why_not(user.status)),
        }
        if planner.planned().len() > before {
            planner.spend_allowance(&groups);
        }
    }
    Ok(())
}

/// Everybody's place, managers of the same command before those who report to them.
fn in_order(people: &[NewPerson]) -> Vec<usize> {
    let with_managers = people.iter().any(|it| it.manager.is_some());
    if !with_managers {
        return (0..people.len()).collect();
    }
    let mut places = HashMap::new();
    for (i, person) in people.iter().enumerate() {
        let keys = [person.profile.email_key(), person.profile.user_name_key()];
        for key in keys.into_iter().flatten() {
            places.entry(key).or_insert(i);
        }
    }
    let above = |i: usize| {
        let manager = people.get(i)?.manager.as_deref()?;
        places.get(&key_of_name(manager.trim())).copied()
    };
    let (mut order, mut placed) = (Vec::with_capacity(people.len()), HashSet::new());
    for i in 0..people.len() {
        let mut line = Vec::new();
        let mut at = Some(i);
        // A circle ends where it comes back to somebody of the line, who is then refused.
        while let Some(person) = at.filter(|it| placed.insert(*it)) {
            line.push(person);
            at = above(person);
        }
        order.extend(line.into_iter().rev());
    }
    order
}
