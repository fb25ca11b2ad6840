//! Custom fields: what an organization wants to know of people beyond the profile. A value hangs on the field's id, and
//! a choice's value on the choice's id, so that renaming either breaks nothing; names are for people.

use serde::{Deserialize, Serialize};

use super::text::folded;
use super::{ChoiceId, Date, FieldId, Name, fold_key};
use crate::error::Error;

/// How many allowed values a message names.
const NAMED: usize = 12;

/// What the values of a custom field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any short text.
    Text,
    /// A day.
    Date,
    /// One of the allowed values.
    Choice,
}

impl FieldKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Text, Self::Date, Self::Choice];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Choice => "choice",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// Who sees the values of a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisibleTo {
    /// Everybody who sees the person.
    Everybody,
    /// Administrators only.
    Administrators,
}

impl VisibleTo {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Everybody, Self::Administrators];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Administrators => "administrators",
        }
    }

    /// That word's meaning.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What is agreed about a custom field. Everything but its kind can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTerms {
    /// Its name as typed; two are the same by [`field_key`].
    pub name: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Who sees them.
    pub visible_to: VisibleTo,
    /// Whether whoever is invited or created must have a value.
    pub required: bool,
    /// Whether it is gone: its values stay, unseen, and come back by undo.
    pub removed: bool,
}

/// An allowed value of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceTerms {
    /// Its name as typed.
    pub name: String,
    /// Whether it can no longer be chosen. Whoever has it keeps it.
    pub removed: bool,
}

/// An allowed value of a choice, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its id, for ever.
    pub id: ChoiceId,
    /// What is agreed about it.
    pub terms: ChoiceTerms,
    /// Keys of names that it had before.
    pub former: Vec<String>,
}

/// A custom field as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Its id, for ever.
    pub id: FieldId,
    /// What is agreed about it.
    pub terms: FieldTerms,
    /// The allowed values of a choice, in the order of adding; removed ones included.
    pub choices: Vec<Choice>,
    /// Keys of names that it had before, by which queries still find it.
    pub former: Vec<String>,
}

/// The key under which the names of fields are the same: without regard to case, with `_` for spaces and hyphens. It is
/// the field's name in a query.
pub fn field_key(name: &str) -> String {
    fold_key(name.trim()).replace([' ', '-'], "_")
}

/// The key under which the names of a choice's values are the same: without regard to case and accents.
pub fn choice_key(name: &str) -> String {
    folded(name)
}

/// Checks the name of a custom field.
///
/// # Errors
/// [`Error::Invalid`] when it is empty or has a sign of the query language in it.
pub fn parse_field_name(text: &str) -> Result<String, Error> {
    let name = Name::parse("field name", text)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("field name", "is empty", "give it one"))?;
    let sign = |c: char| ":=,;()\"'*\\<>~".contains(c);
    if name.contains(sign) || name.starts_with('-') || name.chars().count() > 64 {
        return Err(Error::invalid(
            "field name",
            "is longer than 64 letters or has a sign of the query language in it",
            "use letters, digits, spaces and hyphens",
        ));
    }
    Ok(name)
}

/// Checks the name of an allowed value.
///
/// # Errors
/// [`Error::Invalid`] when it is empty.
pub fn parse_choice_name(text: &str) -> Result<String, Error> {
    Name::parse("value", text)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("value", "is empty", "give it a name"))
}

impl Choice {
    /// Whether that is its name now.
    pub fn is_named(&self, name: &str) -> bool {
        choice_key(&self.terms.name) == choice_key(name)
    }
}

impl CustomField {
    /// Whether people are asked for it as they come in: everybody has to have it, and they may see it themselves.
    pub fn is_asked_for(&self) -> bool {
        let FieldTerms {
            required,
            removed,
            visible_to,
            ..
        } = &self.terms;
        *required && !removed && *visible_to == VisibleTo::Everybody
    }

    /// The field's name in a query.
    pub fn key(&self) -> String {
        field_key(&self.terms.name)
    }

    /// The allowed value of that name, or of one that it had before; a removed one only if `with_removed`.
    pub fn choice_named(&self, name: &str, with_removed: bool) -> Option<&Choice> {
        let key = choice_key(name);
        let may = |it: &&Choice| with_removed || !it.terms.removed;
        let now = |it: &&Choice| choice_key(&it.terms.name) == key;
        let once = |it: &&Choice| it.former.contains(&key);
        let mut living = self.choices.iter().filter(may);
        living
            .clone()
            .find(|it| now(it) && !it.terms.removed)
            .or_else(|| living.clone().find(now))
            .or_else(|| living.find(once))
    }

    /// Checks a value and makes it what is stored: text, a day, or the id of a choice's value. An empty one is `None`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field, and the allowed values.
    pub fn parse(&self, text: &str) -> Result<Option<String>, Error> {
        let named = |error: Error| match error {
            Error::Invalid { why, remedy, .. } => {
                Error::invalid(self.terms.name.clone(), why, remedy)
            }
            other => other,
        };
        let Some(text) = Name::parse("value", text).map_err(named)? else {
            return Ok(None);
        };
        let text = text.into_string();
        match self.terms.kind {
            FieldKind::Text => Ok(Some(text)),
            FieldKind::Date => text
                .parse::<Date>()
                .map(|it| Some(it.to_string()))
                .map_err(named),
            FieldKind::Choice => match self.choice_named(&text, false) {
                Some(choice) => Ok(Some(choice.id.to_string())),
                None => Err(Error::invalid(
                    self.terms.name.clone(),
                    format!("has no value {text:?}"),
                    self.allowed(),
                )),
            },
        }
    }

    /// What may be chosen, in a sentence.
    fn allowed(&self) -> String {
        let living = self.choices.iter().filter(|it| !it.terms.removed);
        let names: Vec<&str> = living
            .clone()
            .take(NAMED)
            .map(|it| it.terms.name.as_str())
            .collect();
        let more = living.count().saturating_sub(NAMED);
        match (names.is_empty(), more) {
            (true, _) => "add allowed values to it first".to_owned(),
            (false, 0) => format!("use {}", names.join(", ")),
            (false, more) => format!("use {} or one of {more} more", names.join(", ")),
        }
    }

    /// A stored value as people read it.
    pub fn shown(&self, value: &str) -> String {
        match self.terms.kind {
            FieldKind::Text | FieldKind::Date => value.to_owned(),
            FieldKind::Choice => self
                .choices
                .iter()
                .find(|it| it.id.to_string() == value)
                .map_or_else(|| value.to_owned(), |it| it.terms.name.clone()),
        }
    }

    /// The text by which a stored value is found and sorted.
    pub(crate) fn value_key(kind: FieldKind, value: &str) -> String {
        match kind {
            FieldKind::Text => folded(value),
            FieldKind::Date | FieldKind::Choice => value.to_owned(),
        }
    }
}
