//! The upkeep of the text index. Creates note nothing, edits only what the index has of the row; the writer indexes what
//! waits when it is idle, in bulk, which costs a third of doing it row by row. Readers look through the index and the
//! waiting rows.

use rusqlite::{Connection, OptionalExtension, params};

use super::broken;
use crate::error::Result;
use crate::model::UserId;

/// How many rows one round indexes.
pub(super) const ROUND: i64 = 2_000;
/// How many edited rows one round indexes. What goes is taken out of the index entry by entry, so that nothing of it stays in the
/// file, and each is looked for among all who have the same three letters: of a million people that takes 10 ms a row.
const EDITED_ROUND: i64 = 64;
/// With more edited rows than this the index is made anew, which takes no longer for a million people than these.
const MOST_EDITED: i64 = 5_000;
/// With more rows waiting than this, the writer indexes a round even while busy, so that readers never scan more.
pub(super) const MOST_WAITING: i64 = 20_000;

/// Notes that a row's text changes. `indexed` is the text that the index has until then; a row that it has not reached
/// yet needs no note.
pub(super) fn wait(conn: &Connection, seq: i64, indexed: &str) -> Result<()> {
    let sql = "INSERT INTO search_pending (seq, indexed) \
        SELECT ?1, ?2 WHERE ?1 <= (SELECT indexed_to FROM search_progress) ON CONFLICT (seq) DO NOTHING";
    run(conn, sql, params![seq, indexed])
}

/// How many rows wait, counted no further than needed.
pub(super) fn waiting(conn: &Connection, at_most: i64) -> Result<i64> {
    let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM search_pending LIMIT ?1)) \
        + (SELECT coalesce(max(seq), 0) FROM users) - (SELECT indexed_to FROM search_progress)";
    conn.prepare_cached(sql)
        .and_then(|mut it| it.query_row([at_most], |row| row.get(0)))
        .map_err(broken)
}

/// Indexes up to a round of waiting rows, inside the caller's transaction: edited ones first, then new ones.
pub(super) fn index_round(conn: &Connection) -> Result<()> {
    if edited_waiting(conn)? > MOST_EDITED {
        return begin_anew(conn);
    }
    let edited = "SELECT search_pending.seq, indexed, search FROM search_pending \
        JOIN users ON users.seq = search_pending.seq ORDER BY search_pending.seq LIMIT ?1";
    let edited = rows(conn, edited, EDITED_ROUND)?;
    for (seq, indexed, search) in &edited {
        delete(conn, *seq, indexed)?;
        insert(conn, *seq, search)?;
        run(conn, "DELETE FROM search_pending WHERE seq = ?1", [seq])?;
    }
    if !edited.is_empty() {
        return Ok(());
    }
    let new = "SELECT seq, '', search FROM users WHERE seq > (SELECT indexed_to FROM search_progress) \
        ORDER BY seq LIMIT ?1";
    let new = rows(conn, new, ROUND)?;
    for (seq, _, search) in &new {
        insert(conn, *seq, search)?;
    }
    match new.last() {
        None => Ok(()),
        Some((last, ..)) => run(conn, "UPDATE search_progress SET indexed_to = ?1", [last]),
    }
}

/// How many edited rows wait, counted no further than needed.
fn edited_waiting(conn: &Connection) -> Result<i64> {
    conn.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM search_pending LIMIT ?1)")
        .and_then(|mut it| it.query_row([MOST_EDITED + 1], |row| row.get(0)))
        .map_err(broken)
}

/// Empties the index: everybody waits to be indexed as if they were new, and is found meanwhile as they are.
fn begin_anew(conn: &Connection) -> Result<()> {
    for sql in [
        "INSERT INTO users_text (users_text) VALUES ('delete-all')",
        "INSERT INTO users_text (users_text, rank) VALUES ('secure-delete', 1)",
        "DELETE FROM search_pending",
        "UPDATE search_progress SET indexed_to = 0",
    ] {
        run(conn, sql, [])?;
    }
    Ok(())
}

/// Takes a person out of the index at once, before their text is destroyed.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    let sql = "SELECT users.seq, coalesce(indexed, search), users.seq <= (SELECT indexed_to FROM search_progress) \
        FROM users LEFT JOIN search_pending ON search_pending.seq = users.seq WHERE id = ?1";
    let found: Option<(i64, String, bool)> = conn
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.query_row([user.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
        })
        .map_err(broken)?;
    match found {
        Some((seq, indexed, true)) => {
            delete(conn, seq, &indexed)?;
            run(conn, "DELETE FROM search_pending WHERE seq = ?1", [seq])
        }
        _ => Ok(()),
    }
}

fn rows(conn: &Connection, sql: &str, most: i64) -> Result<Vec<(i64, String, String)>> {
    conn.prepare_cached(sql)
        .and_then(|mut it| {
            it.query_map([most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .and_then(|rows| rows.collect())
        })
        .map_err(broken)
}

fn insert(conn: &Connection, seq: i64, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO users_text (rowid, search) VALUES (?1, ?2)";
    run(conn, sql, params![seq, text])
}

fn delete(conn: &Connection, seq: i64, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO users_text (users_text, rowid, search) VALUES ('delete', ?1, ?2)";
    run(conn, sql, params![seq, text])
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{compile, open};

    #[test]
    fn when_thousands_were_edited_the_index_is_made_anew_and_finds_them_by_what_they_are_called_now()
     {
        let conn = Connection::open_in_memory().unwrap();
        compile::add_functions(&conn).unwrap();
        open::migrate(&conn, 0).unwrap();
        let count = |sql: &str| -> i64 { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
        let settle = || {
            let mut rounds = 0;
            while waiting(&conn, 1).unwrap() > 0 {
                index_round(&conn).unwrap();
                rounds += 1;
            }
            rounds
        };
        let people = MOST_EDITED + 100;
        let sql = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people}) \
             INSERT INTO users (id, status, accepted, sort_name, search, created_at, updated_at, version) \
             SELECT randomblob(16), 'active', 1, 'ana', ' ana ' || i, 1, 1, 1 FROM n"
        );
        conn.execute_batch(&sql).unwrap();
        settle();
        let named = |name: &str| {
            count(&format!(
                "SELECT count(*) FROM users_text WHERE users_text MATCH '{name}'"
            ))
        };
        assert_eq!((named("ana"), named("bea")), (people, 0));
        for (edited, rounds) in [(70, 2), (MOST_EDITED + 1, 4)] {
            for seq in 1..=edited {
                let now: String = conn
                    .query_row("SELECT search FROM users WHERE seq = ?1", [seq], |row| {
                        row.get(0)
                    })
                    .unwrap();
                wait(&conn, seq, &now).unwrap();
            }
            let sql = "UPDATE users SET search = ' bea ' || seq WHERE seq <= ?1";
            conn.execute(sql, [edited]).unwrap();
            assert_eq!(settle(), rounds);
            assert_eq!((named("ana"), named("bea")), (people - edited, edited));
            assert_eq!(count("SELECT count(*) FROM search_pending"), 0);
        }
    }

    #[test]
    fn whoever_was_there_before_the_marks_is_found_by_them_once_the_index_is_made_anew() {
        let conn = Connection::open_in_memory().unwrap();
        compile::add_functions(&conn).unwrap();
        for sql in open::MIGRATIONS.iter().take(17) {
            conn.execute_batch(sql).unwrap();
        }
        for (i, region) in [(1, "NULL"), (2, "'EMEA'")] {
            let sql = format!(
                "INSERT INTO users (id, status, region, first_name, accepted, sort_name, search, created_at, updated_at, version) \
                 VALUES (randomblob(16), 'active', {region}, 'Ana', 1, 'ana', ' ana', {i}, {i}, 1)"
            );
            conn.execute_batch(&sql).unwrap();
        }
        index_round(&conn).unwrap();
        conn.pragma_update(None, "user_version", 17).unwrap();
        open::migrate(&conn, 17).unwrap();
        assert_eq!(waiting(&conn, 9).unwrap(), 2);
        index_round(&conn).unwrap();
        let found = |sql: &str, of: &[&str]| -> Vec<i64> {
            let of = rusqlite::params_from_iter(of);
            let mut statement = conn.prepare(sql).unwrap();
            let rows = statement.query_map(of, |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let matched = "SELECT rowid FROM users_text WHERE users_text MATCH ?1";
        let lacking = crate::model::marks::lacking(crate::model::Field::Region, true);
        let lacking: Vec<String> = lacking.iter().map(|it| format!("\"{it}\"")).collect();
        assert_eq!(found(matched, &[&lacking.join(" OR ")]), [1]);
        assert_eq!(found(matched, &["ana"]), [1, 2]);
        let letters = "SELECT doc FROM users_terms WHERE term >= ?1 AND term < ?2";
        assert_eq!(found(letters, &[" a", " a\u{10ffff}"]), [1, 2]);
        assert_eq!(found(letters, &[" b", " b\u{10ffff}"]), [0; 0]);
    }

    #[test]
    fn whoever_was_there_before_letters_were_taken_apart_is_found_as_people_type_them() {
        let conn = Connection::open_in_memory().unwrap();
        compile::add_functions(&conn).unwrap();
        for sql in open::MIGRATIONS.iter().take(29) {
            conn.execute_batch(sql).unwrap();
        }
        for (i, name) in [(1, "łukasz"), (2, "lukas"), (3, "straßer")] {
            let sql = format!(
                "INSERT INTO users (id, status, first_name, accepted, sort_name, search, created_at, updated_at, version) \
                 VALUES (randomblob(16), 'active', '{name}', 1, '{name}', ' {name}', {i}, {i}, 1);
                 INSERT INTO user_labels (user, key) SELECT id, '{name}' FROM users WHERE seq = {i};"
            );
            conn.execute_batch(&sql).unwrap();
            index_round(&conn).unwrap();
        }
        // Once as itself and once as typed: one label is left of them.
        conn.execute_batch(
            "INSERT INTO user_labels (user, key) SELECT id, 'lukasz' FROM users WHERE seq = 1",
        )
        .unwrap();
        conn.pragma_update(None, "user_version", 29).unwrap();
        open::migrate(&conn, 29).unwrap();
        assert_eq!(waiting(&conn, 9).unwrap(), 2);
        index_round(&conn).unwrap();
        let one = |sql: &str| -> Vec<String> {
            let mut statement = conn.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let matched = "SELECT first_name FROM users_text JOIN users ON users.seq = users_text.rowid WHERE users_text MATCH";
        assert_eq!(
            one(&format!("{matched} 'luk' ORDER BY seq")),
            ["łukasz", "lukas"]
        );
        assert_eq!(one(&format!("{matched} 'sse'")), ["straßer"]);
        assert_eq!(
            one("SELECT sort_name FROM users ORDER BY seq"),
            ["lukasz", "lukas", "strasser"]
        );
        assert_eq!(
            one("SELECT key FROM user_labels ORDER BY key"),
            ["lukas", "lukasz", "strasser"]
        );
        conn.execute_batch(
            "INSERT INTO users_text (users_text, rank) VALUES ('integrity-check', 1)",
        )
        .unwrap();
    }
}
