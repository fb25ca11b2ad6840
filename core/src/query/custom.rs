//! Custom fields in the query language: which there are, and what a value after one's name means.

use std::sync::Arc;

use super::dates;
use super::parse::{ParseError, Value, error};
use super::words::shown;
use super::{KnownNames, Names, TextOp};
use crate::model::{
    ChoiceId, CustomField, Date, FieldId, FieldKind, TimeZoneName, Timestamp, field_key,
};

/// How many allowed values a message names.
const NAMED: usize = 12;

/// What an organization has words for beyond the language: its custom fields, and when its days begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    fields: Vec<CustomField>,
    zone: Option<TimeZoneName>,
    known: Option<Arc<KnownNames>>,
}

/// A custom field as a query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedField {
    /// Which.
    pub id: FieldId,
    /// Its name in a query.
    pub key: String,
}

/// What is asked of a custom field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// That it has any value.
    Set,
    /// Its text compared.
    Text {
        /// How.
        op: TextOp,
        /// With what, as typed.
        value: String,
    },
    /// A day from one to another, both included.
    Days {
        /// The first day, if bounded.
        from: Option<Date>,
        /// The last day, if bounded.
        to: Option<Date>,
    },
    /// One of a choice's values.
    Choice {
        /// Which.
        id: ChoiceId,
        /// Its name.
        name: String,
    },
}

impl Vocabulary {
    /// The words for these fields, where days begin at midnight UTC.
    pub fn new(fields: Vec<CustomField>) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// The same where days begin as they do in a time zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZoneName) -> Self {
        Self {
            zone: Some(zone),
            ..self
        }
    }

    /// The same where a query may name only what there is.
    #[must_use]
    pub fn knowing(self, names: KnownNames) -> Self {
        Self {
            known: Some(Arc::new(names)),
            ..self
        }
    }

    /// Refuses a name that there is not, where the names are known.
    pub(super) fn check(&self, kind: Names, name: &str, at: usize) -> Result<(), ParseError> {
        let known = self.known.as_ref();
        known.map_or(Ok(()), |it| it.check(kind, name, at))
    }

    /// The id of what is called so, by its name as it is compared.
    pub(super) fn id_of(&self, kind: Names, key: &str) -> Option<&str> {
        self.known.as_ref()?.id_of(kind, key)
    }

    /// What is called how, by its id.
    pub(super) fn name_of(&self, kind: Names, id: &str) -> Option<&str> {
        self.known.as_ref()?.name_of(kind, id)
    }

    /// Every name of groups, pools, trainings and connections.
    pub(super) fn named(&self) -> impl Iterator<Item = (Names, &str, &str)> {
        self.known.iter().flat_map(|it| it.all())
    }

    /// The names of custom fields in queries, with whose they are.
    pub(super) fn field_keys(&self) -> impl Iterator<Item = (String, FieldId)> {
        self.fields.iter().map(|it| (it.key(), it.id))
    }

    /// The first instant of a day.
    pub(super) fn start_of(&self, day: Date) -> Option<Timestamp> {
        match &self.zone {
            Some(zone) => Some(day.start_in(zone)),
            None => format!("{day}T00:00:00Z").parse().ok(),
        }
    }

    /// The newest day that has begun.
    pub(super) fn today(&self, now: Timestamp) -> Date {
        match &self.zone {
            Some(zone) => Date::newest_begun(now, zone),
            None => Date::of_utc(now),
        }
    }

    /// The day that it is at an instant.
    fn day_of(&self, instant: Timestamp) -> Date {
        match &self.zone {
            Some(zone) => Date::of(instant, zone),
            None => Date::of_utc(instant),
        }
    }

    /// The field of that name, else of a name that it had before.
    pub(super) fn field(&self, name: &str) -> Option<&CustomField> {
        let key = field_key(name);
        let mut fields = self.fields.iter();
        fields
            .clone()
            .find(|it| it.key() == key)
            .or_else(|| fields.find(|it| it.former.contains(&key)))
    }

    /// The name of a field in queries, if it is still there.
    pub(super) fn key_of(&self, id: FieldId) -> Option<String> {
        self.fields
            .iter()
            .find(|it| it.id == id)
            .map(CustomField::key)
    }

    /// The names of all fields in queries.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        self.fields.iter().map(CustomField::key)
    }
}

impl NamedField {
    pub(super) fn of(field: &CustomField) -> Self {
        Self {
            id: field.id,
            key: field.key(),
        }
    }
}

/// A value that makes sense, for messages.
pub(super) fn example(field: &CustomField) -> String {
    match field.terms.kind {
        FieldKind::Text => "TEXT".to_owned(),
        FieldKind::Date => ">=2026-01-01".to_owned(),
        FieldKind::Choice => field
            .choices
            .first()
            .map_or_else(|| "VALUE".to_owned(), |it| it.terms.name.clone()),
    }
}

/// What one value after a field's name asks.
pub(super) fn test(
    field: &CustomField,
    value: Value,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<FieldTest, ParseError> {
    match field.terms.kind {
        FieldKind::Text => Ok(FieldTest::Text {
            op: value.op,
            value: value.text,
        }),
        _ if value.op == TextOp::StartsWith => Err(error(
            value.at,
            "only text can be asked for by its beginning; leave out the *",
        )),
        FieldKind::Date => {
            let (from, until) = dates::span(&value, now, vocabulary)?;
            Ok(FieldTest::Days {
                from: from.map(|it| vocabulary.day_of(it)),
                to: until.map(|it| vocabulary.day_of(it.plus_millis(-1))),
            })
        }
        FieldKind::Choice => match field.choice_named(&value.text, true) {
            Some(choice) => Ok(FieldTest::Choice {
                id: choice.id,
                name: choice.terms.name.clone(),
            }),
            None => {
                let names: Vec<&str> = field
                    .choices
                    .iter()
                    .filter(|it| !it.terms.removed)
                    .take(NAMED)
                    .map(|it| it.terms.name.as_str())
                    .collect();
                Err(error(
                    value.at,
                    format!(
                        "{} has no value {:?}; use {}",
                        field.terms.name,
                        shown(&value.text),
                        names.join(", ")
                    ),
                ))
            }
        },
    }
}
