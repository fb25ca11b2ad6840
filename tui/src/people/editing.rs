//! Forms that edit people: all fields of one person, or one value for many.

use usher_core::Selection;
use usher_core::command::Edit;
use usher_core::model::Field as Known;

use super::{Whom, custom_line, label, list, nobody, plan_edit};
use crate::board::Doing;
use crate::form::{Field, Form, Offer};
use crate::names::{Names, PROFILE, PersonFields, Settable};

/// What that line is called.
const OVERRIDE: &str = "override";

/// Edits one person, or sets fields of many.
pub(super) fn edit(whom: &Whom) -> Doing {
    match whom.one {
        Some(user) => Doing::Edit(user),
        None => Doing::EditMany(Box::new(whom.clone())),
    }
}

/// The form that sets one value for many people: what is left empty stays, and none clears.
pub(crate) fn edit_many(whom: &Whom, names: &Names) -> Doing {
    const HINT: &str = "Left empty, it stays as it is; none clears it.";
    let one_each = [Known::Email, Known::UserName];
    let known = PROFILE
        .into_iter()
        .filter(|it| !one_each.contains(it) && *it != Known::Labels)
        .map(|known| {
            Field::new(label(known), HINT)
                .setting(Settable::Field(known))
                .checked(move |text| match text.trim() {
                    "" | "none" => Ok(()),
                    text => known
                        .parse_typed(text)
                        .map(|_| ())
                        .map_err(|it| it.to_string()),
                })
        });
    let custom = names.fields.iter().map(|field| {
        let parsed = field.clone();
        custom_line(field)
            .hinting(HINT)
            .checked(move |text| match text.trim() {
                "" | "none" => Ok(()),
                text => parsed.parse(text).map(|_| ()).map_err(|it| it.to_string()),
            })
    });
    let manager = "A name, an address, a user name or an id; none for nobody.";
    let fields: Vec<_> = known
        .chain([Field::new("manager", manager)
            .offering(Offer::People)
            .setting(Settable::Manager)])
        .chain(custom)
        .chain([
            Field::new("add labels", "Labels to add.").offering(Offer::Labels),
            Field::new("remove labels", "Labels to take off.").offering(Offer::Labels),
        ])
        .collect();
    let n_fields = fields.len();
    let hint = "yes also sets what providers own, until they write that again.";
    let fields = fields.into_iter().chain([overriding(hint.to_owned())]);
    let fields = fields.collect();
    let whom = whom.clone();
    let form = Form::new(format!("Edit: {}", whom.words), fields, move |fields| {
        let mut edit = nobody();
        for field in fields.iter().filter(|it| it.settable().is_some()) {
            let Some(text) = field.given() else { continue };
            set(
                &mut edit,
                field.settable(),
                (text != "none").then_some(text),
            )
            .map_err(|it| (0, it))?;
        }
        edit.add_labels = list(fields.get(n_fields - 2)).collect();
        edit.remove_labels = list(fields.get(n_fields - 1)).collect();
        if edit == nobody() {
            return Err((0, "nothing is set yet".to_owned()));
        }
        edit.overriding = fields.last().is_some_and(|it| it.text() == "yes");
        Ok(plan_edit(&whom, edit))
    });
    Doing::Ask(Box::new(form))
}

/// The line that lets an edit set what a provider owns.
fn overriding(hint: String) -> Field {
    Field::new(OVERRIDE, hint)
        .with("no")
        .offering(Offer::Words(&["no", "yes"]))
        .checked(|text| match text.trim() {
            "no" | "yes" => Ok(()),
            _ => Err("use no or yes".to_owned()),
        })
}

fn set(edit: &mut Edit, what: Option<&Settable>, value: Option<&str>) -> Result<(), String> {
    match what {
        Some(Settable::Field(field)) => {
            let value = field
                .parse(value.unwrap_or_default())
                .map_err(|it| it.to_string())?;
            edit.set.push((*field, value));
        }
        Some(Settable::Manager) => edit.manager = Some(value.map(str::to_owned)),
        Some(Settable::Custom(name)) => {
            edit.fields.push((name.clone(), value.map(str::to_owned)));
        }
        None => {}
    }
    Ok(())
}

/// The form that edits one person.
pub(crate) fn edit_form(person: &PersonFields) -> Form {
    let custom = &person.fields;
    let mut fields: Vec<_> = person
        .values
        .iter()
        .map(|(what, _)| match what {
            Settable::Field(known) => {
                let known = *known;
                let offer = match known {
                    Known::Labels => Offer::Labels,
                    _ => Offer::Nothing,
                };
                Field::new(label(known), hint(known))
                    .offering(offer)
                    .checked(move |text| known.parse(text).map(|_| ()).map_err(|it| it.to_string()))
            }
            Settable::Manager => Field::new("manager", "A name, an address, a user name or an id.")
                .offering(Offer::People),
            Settable::Custom(name) => match custom.iter().find(|it| it.terms.name == *name) {
                Some(field) => custom_line(field),
                None => Field::new(name.clone(), "A custom field."),
            },
        })
        .zip(&person.values)
        .map(|(field, (what, value))| {
            let field = match person.owner_of(what) {
                Some(owner) => {
                    field.hinting(format!("{owner} owns it: it stays, but for an override."))
                }
                None => field,
            };
            field.with(value).setting(what.clone())
        })
        .collect();
    if let Some((owner, _)) = &person.owned {
        let hint = format!("yes also sets what {owner} owns, until it writes that again.");
        fields.push(overriding(hint));
    }
    let (user, words) = (person.user, person.label.clone());
    let form = Form::new(format!("Edit {}", person.label), fields, move |fields| {
        let mut edit = nobody();
        for (i, field) in fields.iter().enumerate() {
            if field.is_changed() {
                set(&mut edit, field.settable(), field.given()).map_err(|it| (i, it))?;
            }
        }
        if edit == nobody() {
            return Err((0, "nothing was changed yet".to_owned()));
        }
        edit.overriding = fields
            .last()
            .is_some_and(|it| it.settable().is_none() && it.text() == "yes");
        let whom = Whom {
            who: Selection::from(user),
            words: words.clone(),
            typed: None,
            of_marks: false,
            one: Some(user),
        };
        Ok(plan_edit(&whom, edit))
    });
    form.about(person.user, person.version)
        .standing(person.status)
}

fn hint(field: Known) -> &'static str {
    match field {
        Known::Email => "The identity; unique.",
        Known::UserName => "The name to sign in with; unique.",
        Known::Labels => "Free words, with commas between them.",
        Known::DeactivateOn => "The day on which they are deactivated, such as 2027-01-31.",
        Known::DeleteOn => "The day on which they are deleted, such as 2027-01-31.",
        Known::Language => "Such as en or pt-BR.",
        _ => "",
    }
}
