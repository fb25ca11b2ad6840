//! Queries that are kept while what they name is called otherwise: custom fields, groups, pools, trainings and connections keep
//! their ids, and so a query means the same under the new names.

use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::words::{Key, key};
use super::{Expr, GroupName, Names, TrainingName, Vocabulary, in_quotes, known};
use crate::model::{FieldId, field_key};

/// A name in a kept query, as it is stored beside it: whoever is meant is told by the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeptName {
    /// Of a group, a pool, a training or a connection: its kind, its name as it is compared, its id.
    Named(String, String, String),
    /// Of a custom field.
    Field(String, FieldId),
}

/// The names in a query of what may be called otherwise one day.
pub(crate) fn kept_names(query: &Expr, vocabulary: &Vocabulary) -> Vec<KeptName> {
    let mut found = Vec::new();
    let mut named = |kind: Names, name: &str| {
        let key = known::key(kind, name);
        if let Some(id) = vocabulary.id_of(kind, &key) {
            found.push(KeptName::Named(kind.word().to_owned(), key, id.to_owned()));
        }
    };
    each_name(query, &mut named);
    fields(query, &mut found);
    found.sort();
    found.dedup();
    found
}

fn each_name(query: &Expr, named: &mut impl FnMut(Names, &str)) {
    match query {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|it| each_name(it, named)),
        Expr::Not(part) => each_name(part, named),
        Expr::Group(name)
        | Expr::Role {
            group: Some(GroupName::Named(name)),
            ..
        } => named(Names::Groups, name),
        Expr::Pool { name, .. } => named(Names::Pools, name),
        Expr::Training {
            training: TrainingName::Named(name),
            ..
        } => named(Names::Trainings, name),
        Expr::Connection(name) => named(Names::Connections, name),
        _ => {}
    }
}

fn fields(query: &Expr, found: &mut Vec<KeptName>) {
    match query {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|it| fields(it, found)),
        Expr::Not(part) => fields(part, found),
        Expr::Custom { field, .. } => found.push(KeptName::Field(field.key.clone(), field.id)),
        _ => {}
    }
}

impl Vocabulary {
    /// The same query with groups and trainings by id, of those whose names are known: it finds the same people whatever these
    /// are called by the time when it is asked.
    #[must_use]
    pub fn by_id(&self, query: Expr) -> Expr {
        let all = |parts: Vec<Expr>| parts.into_iter().map(|it| self.by_id(it)).collect();
        match query {
            Expr::And(parts) => Expr::And(all(parts)),
            Expr::Or(parts) => Expr::Or(all(parts)),
            Expr::Not(part) => Expr::Not(Box::new(self.by_id(*part))),
            Expr::Group(name) => match self.found(Names::Groups, &name) {
                Some(id) => Expr::GroupId(id),
                None => Expr::Group(name),
            },
            Expr::Role {
                group: Some(GroupName::Named(name)),
                role,
            } => Expr::Role {
                group: Some(match self.found(Names::Groups, &name) {
                    Some(id) => GroupName::Id(id),
                    None => GroupName::Named(name),
                }),
                role,
            },
            Expr::Training {
                training: TrainingName::Named(name),
                state,
            } => Expr::Training {
                training: match self.found(Names::Trainings, &name) {
                    Some(id) => TrainingName::Id(id),
                    None => TrainingName::Named(name),
                },
                state,
            },
            other => other,
        }
    }

    fn found<T: FromStr>(&self, kind: Names, name: &str) -> Option<T> {
        self.id_of(kind, &known::key(kind, name))?.parse().ok()
    }
}

/// What is called otherwise now. What is gone keeps its old name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamed {
    fields: HashMap<String, String>,
    names: HashMap<(Names, String), String>,
}

impl Renamed {
    /// From one reading of the names to a later one.
    pub fn between(before: &Vocabulary, now: &Vocabulary) -> Self {
        let mut renamed = Self::default();
        for (kind, key, id) in before.named() {
            renamed.name(kind, key, id, now);
        }
        for (key, id) in before.field_keys() {
            renamed.field(&key, id, now);
        }
        renamed
    }

    /// Since a query was kept.
    pub(crate) fn since(kept: &[KeptName], now: &Vocabulary) -> Self {
        let mut renamed = Self::default();
        for name in kept {
            match name {
                KeptName::Field(key, id) => renamed.field(key, *id, now),
                KeptName::Named(kind, key, id) => {
                    if let Some(kind) = Names::from_word(kind) {
                        renamed.name(kind, key, id, now);
                    }
                }
            }
        }
        renamed
    }

    fn name(&mut self, kind: Names, key: &str, id: &str, now: &Vocabulary) {
        if let Some(name) = now.name_of(kind, id)
            && known::key(kind, name) != key
        {
            self.names.insert((kind, key.to_owned()), name.to_owned());
        }
    }

    fn field(&mut self, key: &str, id: FieldId, now: &Vocabulary) {
        if let Some(name) = now.key_of(id).filter(|it| it != key) {
            self.fields.insert(key.to_owned(), name);
        }
    }

    /// Whether everything is called as it was.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.names.is_empty()
    }

    /// A query as it is typed, under the names of now.
    pub fn text(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let (mut out, mut word) = (String::with_capacity(text.len()), String::new());
        let (mut quoted, mut escaped) = (false, false);
        for c in text.chars() {
            quoted ^= c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
            if !quoted && (c.is_whitespace() || c == '(' || c == ')') {
                out.push_str(&self.word(&word));
                word.clear();
                out.push(c);
            } else {
                word.push(c);
            }
        }
        out.push_str(&self.word(&word));
        out
    }

    fn word(&self, word: &str) -> String {
        let bare = word.trim_start_matches('-');
        let sign = word.strip_suffix(bare).unwrap_or_default();
        let Some((name, values)) = bare.split_once(':') else {
            return word.to_owned();
        };
        let field = |name: &str| self.fields.get(&field_key(name)).cloned();
        let kind = match key(name) {
            Some(Key::Has | Key::No) => {
                let values = values
                    .split(',')
                    .map(|it| field(it).unwrap_or_else(|| it.to_owned()));
                return format!("{sign}{name}:{}", values.collect::<Vec<_>>().join(","));
            }
            Some(Key::Group) => Names::Groups,
            Some(Key::Pool) => Names::Pools,
            Some(Key::Training) => Names::Trainings,
            Some(Key::Connection) => Names::Connections,
            _ => {
                return match field(name) {
                    Some(name) => format!("{sign}{name}:{values}"),
                    None => word.to_owned(),
                };
            }
        };
        let values: Vec<_> = split(values)
            .into_iter()
            .map(|it| self.value(kind, it))
            .collect();
        format!("{sign}{name}:{}", values.join(","))
    }

    /// A name, perhaps with a word behind it: `"Sales: north":coach`.
    fn value(&self, kind: Names, value: &str) -> String {
        let (name, rest) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None if kind == Names::Connections => (value.to_owned(), ""),
            None => match value.rfind(':') {
                Some(at) => {
                    let (name, rest) = value.split_at(at);
                    (name.to_owned(), rest)
                }
                None => (value.to_owned(), ""),
            },
        };
        match self.names.get(&(kind, known::key(kind, &name))) {
            Some(now) => format!("{}{rest}", in_quotes(now)),
            None => value.to_owned(),
        }
    }

    /// A query, under the names of now.
    #[must_use]
    pub fn query(&self, query: Expr) -> Expr {
        let all = |parts: Vec<Expr>| parts.into_iter().map(|it| self.query(it)).collect();
        let now = |kind, name: String| {
            let now = self.names.get(&(kind, known::key(kind, &name))).cloned();
            now.unwrap_or(name)
        };
        match query {
            Expr::And(parts) => Expr::And(all(parts)),
            Expr::Or(parts) => Expr::Or(all(parts)),
            Expr::Not(part) => Expr::Not(Box::new(self.query(*part))),
            Expr::Group(name) => Expr::Group(now(Names::Groups, name)),
            Expr::Role {
                group: Some(GroupName::Named(name)),
                role,
            } => Expr::Role {
                group: Some(GroupName::Named(now(Names::Groups, name))),
                role,
            },
            Expr::Pool { name, hold } => Expr::Pool {
                name: now(Names::Pools, name),
                hold,
            },
            Expr::Training {
                training: TrainingName::Named(name),
                state,
            } => Expr::Training {
                training: TrainingName::Named(now(Names::Trainings, name)),
                state,
            },
            Expr::Connection(name) => Expr::Connection(now(Names::Connections, name)),
            other => other,
        }
    }
}

/// Values between commas that are not in quotes.
fn split(values: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let comma = |c: char| {
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        c == ',' && !quoted
    };
    values.split(comma).collect()
}

/// What stands before the closing quote, and what behind it.
fn unquoted(text: &str) -> (String, &str) {
    let (mut name, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                name.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (name, text.get(at + 1..).unwrap_or_default()),
            _ => name.push(c),
        }
    }
    (name, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::query::{KnownNames, parse_with};

    fn vocabulary(groups: &[(&str, &str)], pools: &[(&str, &str)]) -> Vocabulary {
        let all = |names: &[(&str, &str)]| {
            let owned = names.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
            owned.collect::<Vec<_>>()
        };
        Vocabulary::default().knowing(
            KnownNames::default()
                .with(Names::Groups, all(groups))
                .with(Names::Pools, all(pools)),
        )
    }

    #[test]
    fn names_follow_their_ids_wherever_they_stand_in_a_query() {
        let before = vocabulary(
            &[("1", "Team A"), ("2", "Say \"hi\", all")],
            &[("3", "pro")],
        );
        // What the first one was called is what another one is called now.
        let now = vocabulary(
            &[("1", "Alpha:1"), ("2", "Hi"), ("4", "Team A")],
            &[("3", "plus")],
        );
        let renamed = Renamed::between(&before, &now);
        let cases = [
            ("group:\"team a\":coach", "group:\"Alpha:1\":coach"),
            (
                "ana (-group:\"Say \\\"hi\\\", all\",\"Team A\" or pool:pro:queued)",
                "ana (-group:Hi,\"Alpha:1\" or pool:plus:queued)",
            ),
            (
                "title:\"group:pro\" pool:access",
                "title:\"group:pro\" pool:access",
            ),
        ];
        let instant = Timestamp::from_millis(0);
        for (text, expected) in cases {
            assert_eq!(renamed.text(text), expected);
            let Ok(then) = parse_with(text, instant, &Vocabulary::default()) else {
                panic!("{text}");
            };
            let Ok(today) = parse_with(expected, instant, &Vocabulary::default()) else {
                panic!("{expected}");
            };
            assert_eq!(renamed.query(then), today, "{text}");
        }
        assert!(Renamed::between(&now, &now).is_empty());
    }
}
