//! Who is marked, as a value: people by id, or everybody whom a query finds with a few left out. Marks do not know the
//! list: they outlive filtering, sorting and reading anew. The list of people and every other screen mark by the same
//! rule, and tell it in the same words.

use std::collections::BTreeSet;

use usher_core::Selection;
use usher_core::model::{Status, UserId};
use usher_core::query::{Expr, Renamed};

use crate::words;

/// Most marked people whose number inside a filter is worth asking for one by one.
const MOST_ASKED: usize = 500;

/// Who is marked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Marks {
    /// These people.
    People(BTreeSet<UserId>),
    /// Everybody whom the query finds, and a few more, but a few not.
    Found(Box<Found>),
}

/// A marked query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// The query.
    pub(crate) query: Expr,
    /// How the person typed it, when it is exactly that.
    pub(crate) typed: Option<String>,
    /// Marked besides.
    pub(crate) besides: BTreeSet<UserId>,
    /// Left out.
    pub(crate) except: BTreeSet<UserId>,
}

impl Default for Marks {
    fn default() -> Self {
        Self::People(BTreeSet::new())
    }
}

impl Marks {
    /// Everybody whom the query finds.
    pub(crate) fn all(query: Expr, typed: Option<String>) -> Self {
        Self::Found(Box::new(Found {
            query,
            typed,
            besides: BTreeSet::new(),
            except: BTreeSet::new(),
        }))
    }

    /// The same marks, where what a query names is called otherwise.
    pub(crate) fn call_otherwise(&mut self, renamed: &Renamed) {
        if let Self::Found(it) = self {
            it.query = renamed.query(it.query.clone());
            it.typed = it.typed.as_ref().map(|it| renamed.text(it));
        }
    }

    /// Whether nobody is marked for certain; a query may still find nobody.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::People(people) if people.is_empty())
    }

    /// Whether a person is marked; `found` says whether the marked query finds them.
    pub(crate) fn has(&self, user: UserId, found: bool) -> bool {
        match self {
            Self::People(people) => people.contains(&user),
            Self::Found(it) => (found || it.besides.contains(&user)) && !it.except.contains(&user),
        }
    }

    /// Marks a person, or takes the mark away.
    pub(crate) fn set(&mut self, user: UserId, found: bool, marked: bool) {
        let add = |set: &mut BTreeSet<UserId>, yes: bool| {
            if yes {
                set.insert(user);
            } else {
                set.remove(&user);
            }
        };
        match self {
            Self::People(people) => add(people, marked),
            Self::Found(it) => {
                add(&mut it.except, !marked && found);
                add(&mut it.besides, marked && !found);
            }
        }
    }

    /// Marks these people besides; none of them is found by a marked query.
    pub(crate) fn add(&mut self, people: impl IntoIterator<Item = UserId>) {
        match self {
            Self::People(marked) => marked.extend(people),
            Self::Found(it) => {
                for user in people {
                    it.except.remove(&user);
                    it.besides.insert(user);
                }
            }
        }
    }

    /// Takes the marks of everybody else away, where people are marked one by one; of how many.
    pub(crate) fn keep(&mut self, people: &BTreeSet<UserId>) -> usize {
        let Self::People(marked) = self else { return 0 };
        let before = marked.len();
        marked.retain(|it| people.contains(it));
        before - marked.len()
    }

    /// Everybody in the list besides those who are marked already, in the list or not.
    pub(crate) fn with_all(&self, list: &Expr, typed: Option<String>) -> Self {
        match self {
            Self::People(people) => Self::Found(Box::new(Found {
                query: list.clone(),
                typed,
                besides: people.clone(),
                except: BTreeSet::new(),
            })),
            Self::Found(it) if it.query == *list => Self::Found(Box::new(Found {
                except: BTreeSet::new(),
                ..(**it).clone()
            })),
            Self::Found(it) => {
                let both = match (self.typed(), typed.as_deref()) {
                    (Some(before), Some(now)) if !before.is_empty() && !now.is_empty() => {
                        Some(format!("({before}) or ({now})"))
                    }
                    _ => None,
                };
                let before = if it.besides.is_empty() && it.except.is_empty() {
                    it.query.clone()
                } else {
                    self.query()
                };
                let (before, list) = alike(before, list.clone());
                Self::all(Expr::Or(vec![before, list]), both)
            }
        }
    }

    /// Marked and not marked change places within the list; who is not in it stays as they are.
    pub(crate) fn inverted(&self, list: &Expr, typed: Option<String>) -> Self {
        match self {
            Self::People(people) if people.is_empty() => Self::all(list.clone(), typed),
            Self::People(people) if *list == Expr::Everybody => Self::Found(Box::new(Found {
                query: list.clone(),
                typed,
                besides: BTreeSet::new(),
                except: people.clone(),
            })),
            Self::Found(it) if it.query == *list && it.besides.is_empty() => {
                Self::People(it.except.clone())
            }
            Self::Found(it) if it.query == *list => {
                let outside = Expr::Not(Box::new(list.clone()));
                let besides = Expr::And(vec![any_of(&it.besides), outside]);
                let query = if it.except.is_empty() {
                    besides
                } else {
                    Expr::Or(vec![any_of(&it.except), besides])
                };
                Self::all(query, None)
            }
            _ => {
                let (marked, list) = alike(self.query(), list.clone());
                let not = |it: &Expr| Expr::Not(Box::new(it.clone()));
                let unmarked = Expr::And(vec![list.clone(), not(&marked)]);
                if list == Expr::Everybody {
                    return Self::all(unmarked, None);
                }
                let outside = Expr::And(vec![marked, not(&list)]);
                Self::all(Expr::Or(vec![unmarked, outside]), None)
            }
        }
    }

    /// The number of marked people, when no query has to be asked.
    pub(crate) fn known_number(&self) -> Option<i64> {
        match self {
            Self::People(people) => i64::try_from(people.len()).ok(),
            Self::Found(_) => None,
        }
    }

    /// The marked query, when the list cannot say by itself whom it finds.
    pub(crate) fn query_beside(&self, list: &Expr) -> Option<&Expr> {
        match self {
            Self::Found(it) if it.query != *list => Some(&it.query),
            _ => None,
        }
    }

    /// A query for exactly those who are marked.
    pub(crate) fn query(&self) -> Expr {
        match self {
            Self::People(people) => any_of(people),
            Self::Found(it) => {
                let query = it.with_besides();
                if it.except.is_empty() {
                    query
                } else {
                    Expr::And(vec![query, Expr::Not(Box::new(any_of(&it.except)))])
                }
            }
        }
    }

    /// A query for those who are marked and in the list, when it is needed and worth asking.
    pub(crate) fn query_within(&self, list: &Expr) -> Option<Expr> {
        match self {
            Self::People(people) if people.len() > MOST_ASKED || *list == Expr::Everybody => None,
            Self::Found(it) if it.query == *list && it.besides.is_empty() => None,
            _ => Some(Expr::And(vec![list.clone(), self.query()])),
        }
    }

    /// The marks as whom a command is for.
    pub(crate) fn selection(&self) -> Selection {
        match self {
            Self::People(people) => Selection::Ids(people.iter().copied().collect()),
            Self::Found(it) => Selection::Query {
                query: it.with_besides(),
                except: it.except.clone(),
            },
        }
    }

    /// The marks as the command line writes them, where they are just what was typed.
    pub(crate) fn typed(&self) -> Option<&str> {
        match self {
            Self::Found(it) if it.besides.is_empty() && it.except.is_empty() => it.typed.as_deref(),
            _ => None,
        }
    }
}

impl Found {
    fn with_besides(&self) -> Expr {
        if self.besides.is_empty() {
            self.query.clone()
        } else {
            Expr::Or(vec![self.query.clone(), any_of(&self.besides)])
        }
    }
}

/// Marks in words, on every screen the same: `80 marked, 12 of them not in the list`.
pub(crate) fn in_words(marked: String, hidden: Option<i64>) -> String {
    match hidden {
        Some(0) => marked,
        Some(hidden) => format!(
            "{marked}, {} of them not in the list",
            words::number(hidden)
        ),
        None => format!("{marked}, some perhaps not in the list"),
    }
}

/// Two queries that are to become parts of one. Deleted people are found only where a status is named: beside one that
/// names some, the other one says that it does not mean them.
fn alike(one: Expr, other: Expr) -> (Expr, Expr) {
    let (first, second) = (names_status(&one), names_status(&other));
    let living = |query: Expr| {
        let gone = Expr::Status(vec![Status::Deleted, Status::Erased]);
        Expr::And(vec![query, Expr::Not(Box::new(gone))])
    };
    match (first, second) {
        (true, false) => (one, living(other)),
        (false, true) => (living(one), other),
        _ => (one, other),
    }
}

fn names_status(query: &Expr) -> bool {
    match query {
        Expr::Status(_) => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(names_status),
        Expr::Not(inner) => names_status(inner),
        _ => false,
    }
}

fn any_of(people: &BTreeSet<UserId>) -> Expr {
    Expr::Or(people.iter().map(|it| Expr::Id(*it)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u8) -> UserId {
        UserId::from_bytes([n; 16])
    }

    #[test]
    fn a_marked_query_keeps_exceptions_and_additions() {
        let mut marks = Marks::all(Expr::Protected, Some("is:protected".into()));
        assert_eq!(marks.typed(), Some("is:protected"));
        marks.set(user(1), true, false);
        marks.set(user(2), false, true);
        assert!(!marks.has(user(1), true) && marks.has(user(2), false) && marks.has(user(3), true));
        assert_eq!(marks.typed(), None);
        marks.set(user(1), true, true);
        marks.set(user(2), false, false);
        assert_eq!(
            marks,
            Marks::all(Expr::Protected, Some("is:protected".into()))
        );
    }

    #[test]
    fn inverting_twice_is_nothing() {
        let list = Expr::Everybody;
        let mut marks = Marks::default();
        marks.set(user(1), false, true);
        let inverted = marks.inverted(&list, None);
        assert!(!inverted.has(user(1), true) && inverted.has(user(2), true));
        assert_eq!(inverted.inverted(&list, None), marks);
    }
}
