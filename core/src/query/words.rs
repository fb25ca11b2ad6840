//! The words of the query language: what each field is called, and which one was probably meant.

use std::str::FromStr;

use super::{DayField, HoldWord, TextField, TimeField, Vocabulary};
use crate::model::{AssignmentState, GroupRole, Status, harmless};

/// What stands before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(TextField),
    Name,
    When(TimeField),
    Day(DayField),
    Status,
    Manager,
    Below,
    Group,
    Role,
    Training,
    Assignment,
    Pool,
    Connection,
    Label,
    ExternalId,
    Is,
    Has,
    No,
    Id,
}

impl Key {
    /// A value that makes sense, for messages.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Text(_) | Self::Name | Self::Group | Self::Label | Self::Connection => "NAME",
            Self::When(_) => ">90d",
            Self::Day(_) => "<30d",
            Self::Status => "active",
            Self::Manager | Self::Below => "bo@corp.example",
            Self::Role => "coach",
            Self::Training => "Onboarding:started",
            Self::Assignment => "started",
            Self::Pool => "access:queued",
            Self::ExternalId => "CONNECTION-ID:TEXT",
            Self::Is => "protected",
            Self::Has | Self::No => "region",
            Self::Id => "ID",
        }
    }
}

/// Every field by its name in the JSON contract, which comes first, and by what people call it.
const KEYS: &[(&str, Key)] = &[
    ("email", Key::Text(TextField::Email)),
    ("mail", Key::Text(TextField::Email)),
    ("user_name", Key::Text(TextField::UserName)),
    ("username", Key::Text(TextField::UserName)),
    ("first_name", Key::Text(TextField::FirstName)),
    ("first", Key::Text(TextField::FirstName)),
    ("given_name", Key::Text(TextField::FirstName)),
    ("last_name", Key::Text(TextField::LastName)),
    ("last", Key::Text(TextField::LastName)),
    ("family_name", Key::Text(TextField::LastName)),
    ("display_name", Key::Text(TextField::DisplayName)),
    ("display", Key::Text(TextField::DisplayName)),
    ("functional_area", Key::Text(TextField::FunctionalArea)),
    ("area", Key::Text(TextField::FunctionalArea)),
    ("department", Key::Text(TextField::FunctionalArea)),
    ("title", Key::Text(TextField::Title)),
    ("region", Key::Text(TextField::Region)),
    ("language", Key::Text(TextField::Language)),
    ("lang", Key::Text(TextField::Language)),
    ("name", Key::Name),
    ("created", Key::When(TimeField::Created)),
    ("created_at", Key::When(TimeField::Created)),
    ("updated", Key::When(TimeField::Updated)),
    ("updated_at", Key::When(TimeField::Updated)),
    ("changed", Key::When(TimeField::Updated)),
    ("seen", Key::When(TimeField::Seen)),
    ("last_seen", Key::When(TimeField::Seen)),
    ("last_seen_at", Key::When(TimeField::Seen)),
    ("login", Key::When(TimeField::Seen)),
    ("deactivate_on", Key::Day(DayField::DeactivateOn)),
    ("delete_on", Key::Day(DayField::DeleteOn)),
    ("send_on", Key::Day(DayField::SendOn)),
    ("status", Key::Status),
    ("manager", Key::Manager),
    ("below", Key::Below),
    ("under", Key::Below),
    ("group", Key::Group),
    ("groups", Key::Group),
    ("role", Key::Role),
    ("training", Key::Training),
    ("trainings", Key::Training),
    ("assignment", Key::Assignment),
    ("assignments", Key::Assignment),
    ("pool", Key::Pool),
    ("license", Key::Pool),
    ("licenses", Key::Pool),
    ("connection", Key::Connection),
    ("idp", Key::Connection),
    ("label", Key::Label),
    ("labels", Key::Label),
    ("external_id", Key::ExternalId),
    ("is", Key::Is),
    ("has", Key::Has),
    ("no", Key::No),
    ("id", Key::Id),
];

/// The names of all fields, those of the JSON contract first.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

/// Every field of the query language, by all its names.
pub fn keys() -> impl Iterator<Item = &'static str> {
    names()
}

/// The field of that name, without regard to case, with `-` for `_`.
pub(super) fn key(name: &str) -> Option<Key> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    KEYS.iter().find(|(it, _)| *it == name).map(|(_, key)| *key)
}

/// Whether the language has this word for a field already.
pub(crate) fn is_word(name: &str) -> bool {
    key(name).is_some()
}

/// What to say about a field that does not exist.
pub(super) fn unknown(name: &str, vocabulary: &Vocabulary) -> String {
    let folded = name.to_ascii_lowercase().replace('-', "_");
    let near = KEYS
        .iter()
        .map(|(it, _)| (*it).to_owned())
        .chain(vocabulary.keys())
        .map(|it| (distance(&folded, &it), it))
        .filter(|(distance, it)| {
            *distance <= 1 + it.len() / 4 || (folded.len() > 1 && it.starts_with(&folded))
        })
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((_, near)) => format!("there is no field {:?}; did you mean {near}:?", shown(name)),
        None => format!(
            "there is no field {:?}; put it in quotes to look for the text",
            shown(name)
        ),
    }
}

/// A piece of a query that is safe and short enough to repeat in a message.
pub(super) fn shown(text: &str) -> String {
    let text = harmless(text);
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The status of that word, without regard to case, with `-` for `_`.
pub(super) fn status(word: &str) -> Option<Status> {
    Status::from_word(&word.to_ascii_lowercase().replace('-', "_"))
}

/// How a license is held, by its word.
pub(super) fn hold(word: &str) -> Option<HoldWord> {
    let word = word.to_ascii_lowercase();
    [HoldWord::Reserved, HoldWord::Consumed, HoldWord::Queued]
        .into_iter()
        .find(|it| it.as_str() == word)
}

/// A role in a group, by its word.
pub(super) fn role(word: &str) -> Option<GroupRole> {
    GroupRole::from_word(&word.to_ascii_lowercase().replace('-', "_"))
}

/// Where an assignment stands, by its word.
pub(super) fn state(word: &str) -> Option<AssignmentState> {
    AssignmentState::from_word(&word.to_ascii_lowercase())
}

/// An id in the one form in which listings show them.
pub(super) fn id<T: FromStr>(text: &str) -> Option<T> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// How many letters must be changed, added or removed to make one word of the other; capped for long words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let here = (corner + usize::from(x != y)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}
