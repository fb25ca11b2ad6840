//! Custom fields: add, change, remove them; and what people get in them.

use std::collections::{HashMap, HashSet};

use crate::change::Change;
use crate::error::{Error, Result};
use crate::import::{REASON, is_ours};
use crate::model::{
    ChoiceTerms, CustomField, FieldId, FieldKind, FieldTerms, Part, User, UserId, VisibleTo,
    field_key, parse_choice_name, parse_field_name,
};
use crate::planner::Planner;
use crate::query;

/// What to set of a custom field; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldEdit {
    /// Its new name.
    pub name: Option<String>,
    /// Who sees it.
    pub visible_to: Option<VisibleTo>,
    /// Whether whoever is invited or created must have a value.
    pub required: Option<bool>,
    /// Values to allow; one that was removed comes back.
    pub add_values: Vec<String>,
    /// Values that can no longer be chosen; whoever has one keeps it.
    pub remove_values: Vec<String>,
    /// Values to rename, from and to.
    pub rename_values: Vec<(String, String)>,
}

/// From this many people on, what they have in a field is read in one pass.
const MANY: usize = 1_000;

pub(super) fn add(
    planner: &mut Planner<'_>,
    name: &str,
    kind: FieldKind,
    set: &FieldEdit,
) -> Result<()> {
    let name = parse_field_name(name)?;
    let fields = planner.snapshot.custom_fields()?;
    refuse_taken(&fields, &name, None)?;
    if kind == FieldKind::Choice && set.add_values.is_empty() {
        return Err(Error::invalid(
            name,
            "is a choice without any value, so that nobody could have one in it",
            "name each of its values with --value",
        ));
    }
    let field = CustomField {
        id: planner.draws.field(),
        terms: FieldTerms {
            name,
            kind,
            visible_to: set.visible_to.unwrap_or(VisibleTo::Everybody),
            required: set.required.unwrap_or(false),
            removed: false,
        },
        choices: Vec::new(),
        former: Vec::new(),
    };
    planner.push(Change::FieldAdded {
        field: field.id,
        terms: field.terms.clone(),
    });
    values(planner, &field, set)
}

pub(super) fn set(planner: &mut Planner<'_>, name: &str, set: &FieldEdit) -> Result<()> {
    let fields = planner.snapshot.custom_fields()?;
    let field = named(&fields, name)?;
    let mut after = field.terms.clone();
    if let Some(name) = &set.name {
        after.name = parse_field_name(name)?;
        refuse_taken(&fields, &after.name, Some(field.id))?;
    }
    after.visible_to = set.visible_to.unwrap_or(after.visible_to);
    after.required = set.required.unwrap_or(after.required);
    let mark = planner.mark();
    push_terms(planner, field, after);
    values(planner, field, set)?;
    if planner.mark() == mark {
        planner.skip_name(&field.terms.name, "already so");
    }
    Ok(())
}

pub(super) fn remove(planner: &mut Planner<'_>, name: &str) -> Result<()> {
    let fields = planner.snapshot.custom_fields()?;
    let field = named(&fields, name)?;
    let after = FieldTerms {
        removed: true,
        ..field.terms.clone()
    };
    push_terms(planner, field, after);
    Ok(())
}

/// Plans other terms for a field, if they are other.
pub(super) fn push_terms(planner: &mut Planner<'_>, field: &CustomField, after: FieldTerms) {
    if field.terms != after {
        planner.push(Change::FieldTerms {
            field: field.id,
            before: field.terms.clone(),
            after,
        });
    }
}

/// Whether a name is another living field's, or a word of the query language.
fn refuse_taken(fields: &[CustomField], name: &str, but: Option<FieldId>) -> Result<()> {
    if field_key(name) == field_key(REASON) {
        return Err(Error::invalid(
            "field",
            format!("cannot be called {REASON}: files say by that column what is wrong in them"),
            "choose another name",
        ));
    }
    let key = field_key(name);
    if is_ours(name) && !query::is_word(&key) {
        return Err(Error::conflict(format!(
            "{name} reads like a column that files of people have; choose another name"
        )));
    }
    if query::is_word(&key) {
        return Err(Error::conflict(format!(
            "{name} is a field that everybody has; choose another name"
        )));
    }
    if is_taken(fields, &key, but) {
        return Err(Error::conflict(format!("there is a field {name} already")));
    }
    Ok(())
}

/// Whether a living field but one has that key.
pub(super) fn is_taken(fields: &[CustomField], key: &str, but: Option<FieldId>) -> bool {
    fields
        .iter()
        .any(|it| !it.terms.removed && Some(it.id) != but && it.key() == key)
}

/// A living field by its name, one that it had before, or its id.
pub(super) fn named<'f>(fields: &'f [CustomField], name: &str) -> Result<&'f CustomField> {
    let key = field_key(name);
    let mut living = fields.iter().filter(|it| !it.terms.removed);
    living
        .clone()
        .find(|it| it.key() == key)
        .or_else(|| living.clone().find(|it| it.id.to_string() == key))
        .or_else(|| living.find(|it| it.former.contains(&key)))
        .ok_or_else(|| Error::not_found("field", name))
}

/// Plans the allowed values.
fn values(planner: &mut Planner<'_>, field: &CustomField, set: &FieldEdit) -> Result<()> {
    let any = !(set.add_values.is_empty()
        && set.remove_values.is_empty()
        && set.rename_values.is_empty());
    if any && field.terms.kind != FieldKind::Choice {
        return Err(Error::invalid(
            field.terms.name.clone(),
            format!(
                "has {} values, which are not listed",
                field.terms.kind.as_str()
            ),
            "only a choice has allowed values",
        ));
    }
    let mut known = field.clone();
    for (old, new) in &set.rename_values {
        let new = parse_choice_name(new)?;
        let choice = choice_index(&known, old)?;
        let others = known.choices.iter().enumerate();
        if others
            .filter(|(i, _)| *i != choice)
            .any(|(_, it)| it.is_named(&new))
        {
            return Err(Error::conflict(format!(
                "{} has a value {new} already",
                field.terms.name
            )));
        }
        let after = ChoiceTerms {
            name: new,
            ..known.choices[choice].terms.clone()
        };
        push_choice(planner, &mut known, choice, after);
    }
    for name in &set.remove_values {
        let choice = choice_index(&known, name)?;
        let after = ChoiceTerms {
            removed: true,
            ..known.choices[choice].terms.clone()
        };
        push_choice(planner, &mut known, choice, after);
    }
    for name in &set.add_values {
        let name = parse_choice_name(name)?;
        let there = known.choices.iter().position(|it| it.is_named(&name));
        match there {
            Some(choice) => {
                let after = ChoiceTerms {
                    removed: false,
                    ..known.choices[choice].terms.clone()
                };
                push_choice(planner, &mut known, choice, after);
            }
            None => {
                let id = planner.draws.choice();
                let after = ChoiceTerms {
                    name,
                    removed: false,
                };
                planner.push(Change::FieldChoice {
                    field: field.id,
                    choice: id,
                    before: None,
                    after: after.clone(),
                });
                known.choices.push(crate::model::Choice {
                    id,
                    terms: after,
                    former: Vec::new(),
                });
            }
        }
    }
    Ok(())
}

/// Where a living value of that name stands.
fn choice_index(field: &CustomField, name: &str) -> Result<usize> {
    let id = field.choice_named(name, false).map(|it| it.id);
    field
        .choices
        .iter()
        .position(|it| Some(it.id) == id)
        .ok_or_else(|| Error::not_found("value", name))
}

fn push_choice(
    planner: &mut Planner<'_>,
    field: &mut CustomField,
    index: usize,
    after: ChoiceTerms,
) {
    let id = field.id;
    let Some(choice) = field.choices.get_mut(index) else {
        return;
    };
    let before = std::mem::replace(&mut choice.terms, after.clone());
    if before != after {
        planner.push(Change::FieldChoice {
            field: id,
            choice: choice.id,
            before: Some(before),
            after,
        });
    }
}

/// Values to give, understood: of which field, and what is stored.
pub(super) struct Given {
    field: FieldId,
    after: Option<String>,
    /// What many people have now, read in one pass.
    before: Option<HashMap<UserId, String>>,
}

impl Given {
    /// Which field.
    pub(super) fn field(&self) -> FieldId {
        self.field
    }

    /// What is to be stored there; none empties it.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// A value that is stored in a field.
    pub(super) fn of(field: FieldId, after: Option<String>) -> Self {
        Self {
            field,
            after,
            before: None,
        }
    }
}

/// Understands values by the names of their fields.
pub(super) fn given<'v>(
    fields: &[CustomField],
    values: impl Iterator<Item = (&'v str, Option<&'v str>)>,
) -> Result<Vec<Given>> {
    values
        .map(|(name, value)| {
            let field = named(fields, name)?;
            let after = match value {
                Some(text) => field.parse(text)?,
                None => None,
            };
            Ok(Given {
                field: field.id,
                after,
                before: None,
            })
        })
        .collect()
}

/// Reads what all of these people have in the fields, when they are many.
pub(super) fn look_up(planner: &Planner<'_>, given: &mut [Given], people: &[UserId]) -> Result<()> {
    if people.len() > MANY && !given.is_empty() {
        let people: HashSet<UserId> = people.iter().copied().collect();
        for given in given {
            given.before = Some(planner.snapshot.field_values(given.field, &people)?);
        }
    }
    Ok(())
}

/// Plans the values of one person whose connection may own some of the fields.
pub(super) fn give_as_owned(
    planner: &mut Planner<'_>,
    user: &User,
    given: &[Given],
    overriding: bool,
) -> Result<()> {
    for it in given {
        let before = match &it.before {
            Some(known) => known.get(&user.id).cloned(),
            None => planner.snapshot.field_value(user.id, it.field)?,
        };
        let part = Part::Custom(it.field);
        if before == it.after || !planner.may_set(user, part, overriding)? {
            continue;
        }
        planner.overridden(user, part, before.as_deref(), it.after.as_deref())?;
        planner.set_value(user.id, it.field, before.as_deref(), it.after.as_deref());
    }
    Ok(())
}

/// What somebody says of themself as they come in: of the fields that everybody has to have and may see. Others are not
/// theirs to set.
pub(super) fn said(planner: &Planner<'_>, said: &[(FieldId, String)]) -> Result<Vec<Given>> {
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let fields = planner.snapshot.custom_fields()?;
    let mut given = Vec::new();
    for (id, text) in said {
        let field = fields.iter().find(|it| it.id == *id);
        if let Some(field) = field.filter(|it| it.is_asked_for()) {
            given.push(Given::of(*id, field.parse(text)?));
        }
    }
    Ok(given)
}

/// Plans the values of one person; a new one has none yet.
pub(super) fn give(
    planner: &mut Planner<'_>,
    user: UserId,
    given: &[Given],
    is_new: bool,
) -> Result<()> {
    for it in given {
        let before = match &it.before {
            Some(known) => known.get(&user).cloned(),
            None if is_new => None,
            None => planner.snapshot.field_value(user, it.field)?,
        };
        if before != it.after {
            planner.set_value(user, it.field, before.as_deref(), it.after.as_deref());
        }
    }
    Ok(())
}
