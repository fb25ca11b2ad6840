//! Pages by name of those who have a word that very many have because it is their name. In the order of names they stand side
//! by side, far from where the list begins: walking to them takes long, and so does putting all of them in order. So the
//! index of names is entered where the word begins a name, and only who has the word otherwise is put in order.

use std::cmp::Ordering;
use std::collections::HashSet;

use rusqlite::types::Value;

use super::users::{Anchor, anchor};
use crate::error::Result;
use crate::model::{Timestamp, User, folded};
use crate::query::{Expr, PageFrom, SortBy, UsersPage};
use crate::store::compile::{self, Compiled};
use crate::store::driver;
use crate::store::snapshot::{Snapshot, user_columns, user_row};

/// Who has a word is listed up to so many; of more, some are met soon in any list.
const MOST: usize = 150_000;

/// Where somebody stands by name.
type Place = (String, i64);
/// From which name, included, to which, excluded.
type Names = (String, String);

/// One page, if it is of such a list.
pub(super) fn page(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    now: Timestamp,
) -> Result<Option<Vec<User>>> {
    if page.sort != SortBy::Name {
        return Ok(None);
    }
    let words = match &page.query {
        Expr::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for word in words {
        if let Expr::Text(word) = word
            && let Some(others) = others(snapshot, word)?
        {
            let list = List::new(snapshot, page, word, now)?;
            return list.page(&others).map(Some);
        }
    }
    Ok(None)
}

/// Those who have a word without their name beginning with it, where all who have it are many and these few.
fn others(snapshot: &Snapshot<'_>, word: &str) -> Result<Option<Vec<i64>>> {
    let few = usize::try_from(driver::FEW).unwrap_or(MOST);
    let (from, until) = names(word);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM users WHERE sort_name >= ?1 AND sort_name < ?2 LIMIT ?3)";
    let named: Option<i64> = snapshot.one(sql, (&from, &until, driver::FEW), |row| row.get(0))?;
    // Hardly anybody's name: whoever has it is found in the usual way.
    if word.trim().is_empty() || named.is_none_or(|it| it < driver::FEW / 2) {
        return Ok(None);
    }
    let Some(all) = driver::having_word(snapshot, word, MOST)? else {
        return Ok(None);
    };
    if all.len() <= few {
        return Ok(None);
    }
    let sql = "SELECT seq FROM users WHERE sort_name >= ?1 AND sort_name < ?2";
    let named: HashSet<i64> = snapshot
        .all(sql, (&from, &until), |row| row.get(0))?
        .into_iter()
        .collect();
    let others: Vec<i64> = all.into_iter().filter(|it| !named.contains(it)).collect();
    Ok(Some(others).filter(|it| it.len() <= few))
}

/// From which name to which they begin with a word.
fn names(word: &str) -> Names {
    let from = folded(word);
    let until = format!("{from}\u{10ffff}");
    (from, until)
}

struct List<'l> {
    snapshot: &'l Snapshot<'l>,
    page: &'l UsersPage,
    anchor: Option<Anchor>,
    names: Names,
    descending: bool,
    turned: bool,
    found: Compiled,
}

impl<'l> List<'l> {
    fn new(
        snapshot: &'l Snapshot<'l>,
        page: &'l UsersPage,
        word: &str,
        now: Timestamp,
    ) -> Result<Self> {
        let anchor = match page.from {
            PageFrom::Start | PageFrom::End => None,
            PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => {
                Some(anchor(snapshot, user)?)
            }
        };
        let turned = matches!(page.from, PageFrom::End | PageFrom::Before(_));
        Ok(Self {
            snapshot,
            page,
            anchor,
            names: names(word),
            descending: page.descending != turned,
            turned,
            found: compile::compile_aside(&page.query, now, snapshot.viewer, true),
        })
    }

    fn page(&self, others: &[i64]) -> Result<Vec<User>> {
        let mut places = self.named()?;
        places.extend(self.others(others)?);
        places.sort_by(|one, other| self.compared(one, other));
        places.truncate(self.page.limit);
        if self.turned {
            places.reverse();
        }
        let numbers: Vec<String> = places.iter().map(|it| it.1.to_string()).collect();
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM json_each(?1) AS places CROSS JOIN users ON users.seq = places.value ORDER BY places.key"
        );
        let numbers = format!("[{}]", numbers.join(","));
        self.snapshot.all(sql, [numbers], user_row)
    }

    fn compared(&self, one: &Place, other: &Place) -> Ordering {
        if self.descending {
            other.cmp(one)
        } else {
            one.cmp(other)
        }
    }

    /// Those whose names begin with the word, from the anchor on.
    fn named(&self) -> Result<Vec<Place>> {
        let (from, until) = &self.names;
        let mut condition = String::new();
        let mut bounds = Vec::new();
        // An anchor among them is the closer bound.
        let within = |it: &&Anchor| it.sort_name >= *from && it.sort_name < *until;
        let within = self.anchor.as_ref().filter(within).is_some();
        if self.descending || !within {
            condition.push_str("users.sort_name >= ?");
            bounds.push(Value::Text(from.clone()));
        }
        if !self.descending || !within {
            if !condition.is_empty() {
                condition.push_str(" AND ");
            }
            condition.push_str("users.sort_name < ?");
            bounds.push(Value::Text(until.clone()));
        }
        self.places(&condition, bounds, "")
    }

    fn others(&self, others: &[i64]) -> Result<Vec<Place>> {
        let numbers: Vec<String> = others.iter().map(i64::to_string).collect();
        let numbers = Value::Text(format!("[{}]", numbers.join(",")));
        let among = "users.seq IN (SELECT value FROM json_each(?))";
        self.places(among, vec![numbers], "+")
    }

    fn places(&self, condition: &str, bounds: Vec<Value>, free: &str) -> Result<Vec<Place>> {
        let (op, order) = match (self.descending, matches!(self.page.from, PageFrom::At(_))) {
            (false, false) => (">", "ASC"),
            (false, true) => (">=", "ASC"),
            (true, false) => ("<", "DESC"),
            (true, true) => ("<=", "DESC"),
        };
        let mut bindings = bounds;
        let past = match &self.anchor {
            Some(anchor) => {
                bindings.push(anchor.sort_name.clone().into());
                bindings.push(anchor.seq.into());
                format!(" AND ({free}users.sort_name, users.seq) {op} (?, ?)")
            }
            None => String::new(),
        };
        bindings.extend(self.found.bindings.iter().cloned());
        bindings.push(Value::Integer(
            i64::try_from(self.page.limit).unwrap_or(i64::MAX),
        ));
        let sql = format!(
            "SELECT users.sort_name, users.seq FROM users WHERE {condition}{past} AND ({}) \
             ORDER BY {free}users.sort_name {order}, users.seq {order} LIMIT ?",
            self.found.sql
        );
        let bindings = rusqlite::params_from_iter(bindings);
        self.snapshot
            .all(&sql, bindings, |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{open, search};

    /// Very many of one name, some who have it in their title, and others.
    fn roster() -> rusqlite::Connection {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        compile::add_functions(&conn).unwrap();
        for sql in open::MIGRATIONS {
            conn.execute_batch(sql).unwrap();
        }
        let add = "INSERT INTO users (id, status, first_name, last_name, title, accepted, sort_name, search, created_at, \
            updated_at, version) VALUES (?1, 'active', ?2, ?3, ?4, 1, ?5, ?6, 1, 1, 1)";
        let mut add = conn.prepare(add).unwrap();
        conn.execute_batch("BEGIN").unwrap();
        for n in 0_u32..11_000 {
            let last = match n % 40 {
                0 => "Adams",
                1 => "Zorn",
                _ => "Weber",
            };
            let title = (n % 80 < 2).then_some("Weber of cloth");
            let first = format!("a{:05}", n.wrapping_mul(7919) % 11_003);
            let sort = format!("{} {first}", folded(last));
            let search = format!(" {first} {} {}", folded(last), folded(title.unwrap_or("")));
            let mut id = [0; 16];
            id[..4].copy_from_slice(&n.to_be_bytes());
            add.execute((id, &first, last, title, sort, search))
                .unwrap();
        }
        conn.execute_batch("COMMIT").unwrap();
        while search::waiting(&conn, 1).unwrap() > 0 {
            search::index_round(&conn).unwrap();
        }
        drop(add);
        conn
    }

    #[test]
    fn a_name_of_many_is_entered_where_it_begins_and_merged_with_who_has_the_word_otherwise() {
        let conn = roster();
        let snapshot = Snapshot::new(&conn);
        let now = Timestamp::from_millis(1);
        let expected: Vec<String> = snapshot
            .all(
                "SELECT last_name || ' ' || first_name FROM users WHERE instr(search, 'weber') > 0 ORDER BY sort_name, seq",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(expected.len() > 10_000 && expected[0].starts_with("Adams"));
        for descending in [false, true] {
            let mut expected = expected.clone();
            if descending {
                expected.reverse();
            }
            for turned in [false, true] {
                let mut all: Vec<String> = Vec::new();
                let mut from = if turned {
                    PageFrom::End
                } else {
                    PageFrom::Start
                };
                loop {
                    let wanted = UsersPage {
                        query: Expr::And(vec![
                            Expr::Status(vec![crate::model::Status::Active]),
                            Expr::Text("WEBER".into()),
                        ]),
                        sort: SortBy::Name,
                        descending,
                        from,
                        limit: 3_000,
                    };
                    let users = page(&snapshot, &wanted, now).unwrap().unwrap();
                    let names = users.iter().map(|it| {
                        let name = |of: &Option<String>| of.clone().unwrap_or_default();
                        format!(
                            "{} {}",
                            name(&it.profile.last_name),
                            name(&it.profile.first_name)
                        )
                    });
                    if turned {
                        all.splice(..0, names);
                    } else {
                        all.extend(names);
                    }
                    let edge = if turned { users.first() } else { users.last() };
                    match edge {
                        Some(edge) if users.len() == 3_000 && turned => {
                            from = PageFrom::Before(edge.id)
                        }
                        Some(edge) if users.len() == 3_000 => from = PageFrom::After(edge.id),
                        _ => break,
                    }
                }
                assert!(
                    all == expected,
                    "{descending} {turned}: {} {}",
                    all.len(),
                    expected.len()
                );
            }
        }
    }
}
