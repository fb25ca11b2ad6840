//! The people of one command that brings people in: in which order they come, who of them is left out and why.

use std::collections::{HashMap, HashSet};

use super::{Joining, refused};
use crate::command::NewPerson;
use crate::command::field::{self};
use crate::error::{Error, Result};
use crate::model::{
    CustomField, Field, GroupId, RequiredItem, Setting, Status, User, VisibleTo, field_key,
    key_of_name,
};
use crate::planner::Planner;

/// Plans each of the people, by who has their address now. Two of the same address in one command are one.
pub(in crate::command) fn plan_people(
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

impl Joining {
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
}

/// `title is`, `title and region are`.
fn are(names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => format!("{last} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
        None => String::new(),
    }
}
