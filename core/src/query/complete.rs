//! What could be meant by a query that is being typed: names of fields, and values that a field takes. Where values are
//! names that an organization gives, it says of what; whoever asks knows them.

use super::words::{Key, key, names};
use super::{HoldWord, TextField, Vocabulary};
use crate::model::{AssignmentState, FieldKind, GroupRole, Status};

/// What could be meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where in the text the word begins that is to be replaced.
    pub from: usize,
    /// What is there of it.
    pub begun: String,
    /// What it could become, the likeliest first.
    pub offers: Vec<String>,
    /// The names that it could become besides.
    pub names: Option<Names>,
}

/// Names that an organization gives, and what its people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// Of groups.
    Groups,
    /// Of pools.
    Pools,
    /// Of trainings.
    Trainings,
    /// Of connections.
    Connections,
    /// Labels.
    Labels,
    /// Functional areas that people have.
    Areas,
    /// Titles that people have.
    Titles,
    /// Regions that people have.
    Regions,
    /// Languages that people have.
    Languages,
}

impl Names {
    const WORDS: [(&'static str, Self); 4] = [
        ("group", Self::Groups),
        ("pool", Self::Pools),
        ("training", Self::Trainings),
        ("connection", Self::Connections),
    ];

    /// The word for what has an id besides its name.
    pub(super) fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|it| it.1 == self);
        found.map_or("", |it| it.0)
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|it| it.0 == word);
        found.map(|it| it.1)
    }
}

/// Ages and dates, by example.
const WHEN: [&str; 6] = [
    ">90d",
    "<7d",
    "today",
    ">1y",
    "<2026-01-01",
    "2026-01-01..2026-06-30",
];
/// Days to come, by example.
const DAYS: [&str; 4] = ["<30d", "<7d", ">=2026-01-01", "2026-01-01..2026-06-30"];

/// What the end of a text could become. Nothing inside quotes is completed.
pub fn complete(before: &str, vocabulary: &Vocabulary) -> Completion {
    if before.matches('"').count() % 2 == 1 {
        return Completion::default();
    }
    let start = before
        .rfind(|c: char| c.is_whitespace() || c == '(')
        .map_or(0, |i| {
            i + before[i..].chars().next().map_or(0, char::len_utf8)
        });
    let word = before.get(start..).unwrap_or_default();
    let sign = word.len() - word.trim_start_matches('-').len();
    let (start, word) = (start + sign, word.get(sign..).unwrap_or_default());
    let Some((field, values)) = word.split_once(':') else {
        return fields(start, word, vocabulary);
    };
    let last = values.rfind(',').map_or(0, |i| i + 1);
    let begun = values.get(last..).unwrap_or_default();
    let from = start + field.len() + 1 + last;
    let (all, names) = match key(field) {
        Some(key) => of_key(key, begun, vocabulary),
        None => (of_custom(field, vocabulary), None),
    };
    // After `pool:pro:` it is the hold that is completed.
    let (from, begun) = match begun.rsplit_once(':') {
        Some((name, rest)) => (from + name.len() + 1, rest),
        None => (from, begun),
    };
    Completion {
        from,
        begun: begun.to_owned(),
        offers: beginning(all, begun),
        names,
    }
}

fn beginning(all: Vec<String>, begun: &str) -> Vec<String> {
    let begun = begun.to_lowercase();
    let fits = |it: &String| it.to_lowercase().starts_with(&begun) && it.to_lowercase() != begun;
    all.into_iter().filter(fits).collect()
}

fn fields(from: usize, begun: &str, vocabulary: &Vocabulary) -> Completion {
    let all = names().map(str::to_owned).chain(vocabulary.keys());
    let offers = if begun.is_empty() {
        Vec::new()
    } else {
        let all = all.map(|it| format!("{it}:")).collect();
        beginning(all, &begun.replace('-', "_"))
    };
    Completion {
        from,
        begun: begun.to_owned(),
        offers,
        names: None,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|it| (*it).to_owned()).collect()
}

fn of_key(key: Key, begun: &str, vocabulary: &Vocabulary) -> (Vec<String>, Option<Names>) {
    let second = begun.contains(':');
    let states = AssignmentState::ALL.map(AssignmentState::as_str);
    match key {
        Key::Status => (owned(&Status::ALL.map(Status::as_str)), None),
        Key::When(_) => (owned(&WHEN), None),
        Key::Day(_) => (owned(&DAYS), None),
        Key::Is => (owned(&super::conditions::IS), None),
        Key::Has | Key::No => {
            let fields = owned(&super::conditions::HAS).into_iter();
            (fields.chain(vocabulary.keys()).collect(), None)
        }
        Key::Group if second => (owned(&GroupRole::ALL.map(GroupRole::as_str)), None),
        Key::Group => (Vec::new(), Some(Names::Groups)),
        Key::Role => (owned(&GroupRole::ALL.map(GroupRole::as_str)), None),
        Key::Training if second => (owned(&states), None),
        Key::Training => (Vec::new(), Some(Names::Trainings)),
        Key::Assignment => (owned(&states), None),
        Key::Pool if second => {
            let holds = [HoldWord::Reserved, HoldWord::Consumed, HoldWord::Queued];
            (owned(&holds.map(HoldWord::as_str)), None)
        }
        Key::Pool => (Vec::new(), Some(Names::Pools)),
        Key::Connection => (Vec::new(), Some(Names::Connections)),
        Key::Label => (Vec::new(), Some(Names::Labels)),
        Key::Text(TextField::FunctionalArea) => (Vec::new(), Some(Names::Areas)),
        Key::Text(TextField::Title) => (Vec::new(), Some(Names::Titles)),
        Key::Text(TextField::Region) => (Vec::new(), Some(Names::Regions)),
        Key::Text(TextField::Language) => (Vec::new(), Some(Names::Languages)),
        Key::Text(_) | Key::Name | Key::Manager | Key::Below | Key::ExternalId | Key::Id => {
            (Vec::new(), None)
        }
    }
}

fn of_custom(field: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let Some(field) = vocabulary.field(field) else {
        return Vec::new();
    };
    match field.terms.kind {
        FieldKind::Text => Vec::new(),
        FieldKind::Date => owned(&DAYS),
        FieldKind::Choice => {
            let living = field.choices.iter().filter(|it| !it.terms.removed);
            living.map(|it| in_quotes(&it.terms.name)).collect()
        }
    }
}

/// A value as a query takes it: in quotes where it has a sign of the language in it.
pub fn in_quotes(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@._-+/".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn offers(text: &str) -> Vec<String> {
        complete(text, &Vocabulary::default()).offers
    }

    #[test]
    fn fields_and_values_are_completed() {
        assert_eq!(offers("ana sta"), ["status:"]);
        assert_eq!(offers("(-sta"), ["status:"]);
        assert_eq!(offers("status:wai"), ["waiting"]);
        assert_eq!(offers("status:active,wai"), ["waiting"]);
        assert_eq!(offers("pool:pro:q"), ["queued"]);
        assert_eq!(offers("is:pro"), ["protected"]);
        assert!(offers("seen:").contains(&">90d".to_owned()));
        assert!(offers("title:\"sta").is_empty() && offers("").is_empty());
        let group = complete("ana group:Sal", &Vocabulary::default());
        assert_eq!(
            (group.from, group.begun.as_str(), group.names),
            (10, "Sal", Some(Names::Groups))
        );
    }

    #[test]
    fn what_is_offered_can_be_parsed() {
        let now = Timestamp::from_millis(1_795_315_979_000);
        for name in names() {
            for offer in offers(&format!("{name}:")) {
                let text = format!("{name}:{offer}");
                assert!(super::super::parse(&text, now).is_ok(), "{text}");
            }
        }
    }
}
