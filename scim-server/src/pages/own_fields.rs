//! The organization's own fields on the pages on which people come in: those that everybody has to have, of which nothing is
//! known yet, and which people may see themselves.

use usher_core::model::{CustomField, FieldId, FieldKind};

use super::frame::{Field, Frame, Wrong};
use super::html::Html;
use super::sent::Sent;

/// What they are called in forms, in their order. Nobody is asked for more.
const IDS: [&str; 20] = [
    "own-1", "own-2", "own-3", "own-4", "own-5", "own-6", "own-7", "own-8", "own-9", "own-10",
    "own-11", "own-12", "own-13", "own-14", "own-15", "own-16", "own-17", "own-18", "own-19",
    "own-20",
];

/// A field, and what was said.
#[derive(Clone, Debug)]
pub(crate) struct OwnField {
    pub(crate) field: CustomField,
    pub(crate) said: String,
}

/// The fields, of which nothing is said yet.
pub(crate) fn asked(fields: &[CustomField]) -> Vec<OwnField> {
    let fields = fields.iter().take(IDS.len()).cloned();
    let empty = |field| OwnField {
        field,
        said: String::new(),
    };
    fields.map(empty).collect()
}

/// Takes what was filled in. Which field each place of the form was is sent with it: what is asked may have changed since the
/// form was shown.
pub(crate) fn fill_in(fields: &mut [OwnField], sent: &Sent) {
    for it in fields {
        let field = it.field.id.to_string();
        let place = IDS.iter().find(|id| sent.get(&which(id)) == field);
        it.said = place.map_or("", |id| sent.get(id)).trim().to_owned();
    }
}

/// What tells in a form which field a place of it is.
fn which(id: &str) -> String {
    format!("{id}-field")
}

/// What is to be set, of what was filled in; what cannot be is noted.
pub(crate) fn values(
    fields: &[OwnField],
    frame: &Frame<'_>,
    wrong: &mut Vec<Wrong>,
) -> Vec<(FieldId, String)> {
    let words = frame.words();
    let mut values = Vec::new();
    for (id, it) in IDS.into_iter().zip(fields) {
        match it.field.parse(&it.said) {
            Ok(Some(_)) => values.push((it.field.id, it.said.clone())),
            Ok(None) => wrong.push((id, words.missing_other.to_owned())),
            Err(_) => wrong.push((id, words.bad_other.to_owned())),
        }
    }
    values
}

/// Writes them into a form: a choice as one, a day as one.
pub(crate) fn write(fields: &[OwnField], wrong: &[Wrong], it: &mut Html) {
    for (id, own) in IDS.into_iter().zip(fields) {
        let (name, value) = (which(id), own.field.id.to_string());
        it.void(
            "input",
            &[("type", "hidden"), ("name", &name), ("value", &value)],
        );
        let label = own.field.terms.name.as_str();
        let kind = match own.field.terms.kind {
            FieldKind::Date => "date",
            FieldKind::Text | FieldKind::Choice => "text",
        };
        let field = Field {
            value: &own.said,
            ..Field::new(id, label, kind)
        };
        if own.field.terms.kind == FieldKind::Choice {
            let living = own.field.choices.iter().filter(|it| !it.terms.removed);
            let names: Vec<&str> = living.map(|it| it.terms.name.as_str()).collect();
            field.write_choice(&names, wrong, it);
        } else {
            field.write(wrong, it);
        }
    }
}
