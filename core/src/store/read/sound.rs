//! Whether the file is whole, and kept totals are what they count.

use rusqlite::Connection;

use super::Read;
use crate::error::Result;
use crate::store::{Snapshot, broken, open};

/// So many faults are told; more say nothing more.
const FAULTS: usize = 5;

/// What is kept, and what it counts: each finds nothing where both are the same.
const TOTALS: [(&str, &str); 6] = [
    (
        "a pool counts licenses that nobody holds, or not all",
        "SELECT pools.id FROM pools LEFT JOIN pool_counters ON pool_counters.pool = pools.id \
         LEFT JOIN (SELECT pool, sum(state = 'reserved') AS reserved, sum(state = 'consumed') AS consumed, \
         sum(state = 'queued') AS queued FROM licenses GROUP BY pool) AS held ON held.pool = pools.id \
         WHERE pool_counters.reserved IS NOT coalesce(held.reserved, 0) \
         OR pool_counters.consumed IS NOT coalesce(held.consumed, 0) \
         OR pool_counters.queued IS NOT coalesce(held.queued, 0) LIMIT 1",
    ),
    (
        "the people of a status are not as many as is kept",
        "SELECT 1 FROM (SELECT status, people FROM status_counts WHERE people <> 0 \
         EXCEPT SELECT status, count(*) FROM users GROUP BY status) \
         UNION ALL SELECT 1 FROM (SELECT status, count(*) FROM users GROUP BY status \
         EXCEPT SELECT status, people FROM status_counts) LIMIT 1",
    ),
    (
        "a group counts members whom it does not have, or not all",
        "SELECT groups.id FROM groups LEFT JOIN (SELECT member_of, count(*) AS members FROM memberships GROUP BY member_of) AS held \
         ON held.member_of = groups.id WHERE groups.members <> coalesce(held.members, 0) LIMIT 1",
    ),
    (
        "a license that nobody holds has an end",
        "SELECT 1 FROM license_ends LEFT JOIN licenses ON licenses.user = license_ends.user \
         AND licenses.pool = license_ends.pool WHERE licenses.user IS NULL LIMIT 1",
    ),
    (
        "somebody who is not erased has no key any more, so that their history cannot be read",
        "SELECT 1 FROM users WHERE users.status <> 'erased' \
         AND NOT EXISTS (SELECT 1 FROM person_keys WHERE person_keys.user = users.id) LIMIT 1",
    ),
    (
        "somebody is active without a seat",
        "SELECT users.id FROM users WHERE users.status = 'active' AND NOT EXISTS (SELECT 1 FROM licenses \
         WHERE licenses.user = users.id AND licenses.pool = (SELECT id FROM pools WHERE seq = 1) \
         AND licenses.state <> 'queued') \
         AND NOT EXISTS (SELECT 1 FROM licenses WHERE licenses.user = users.id AND licenses.stands_for_access = 1) LIMIT 1",
    ),
];

impl Read<'_> {
    /// What is wrong with the file, and with what is kept of it in totals; nothing when all is well. It reads everything once.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn faults(&self) -> Result<Vec<String>> {
        self.sees_all("the state of the whole file")?;
        self.together(|snapshot| {
            let mut faults = pages(snapshot.conn)?;
            // Totals of a damaged file say nothing.
            if faults.is_empty() {
                faults.extend(open::schema_faults(snapshot.conn, FAULTS)?);
                faults.extend(limits(snapshot)?);
                for (fault, sql) in TOTALS {
                    if snapshot.one(sql, [], |_| Ok(()))?.is_some() {
                        faults.push(fault.to_owned());
                    }
                }
            }
            Ok(faults)
        })
    }
}

/// Pools of which more or fewer licenses can be handed out than was agreed.
fn limits(snapshot: &Snapshot<'_>) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for pool in snapshot.pools()? {
        let sql = "SELECT seat_limit FROM pool_counters WHERE pool = ?1";
        let kept: Option<i64> = snapshot.one(sql, [pool.id.as_bytes()], |row| row.get(0))?;
        let agreed = pool.terms.at_capacity.limit(pool.terms.purchased);
        if kept != Some(agreed) {
            faults.push(format!(
                "the pool {} hands out up to {} licenses, and {agreed} were agreed",
                pool.name,
                kept.unwrap_or(0)
            ));
        }
    }
    Ok(faults)
}

/// What SQLite finds wrong with its pages and indexes.
fn pages(conn: &Connection) -> Result<Vec<String>> {
    let sql = format!("PRAGMA integrity_check({FAULTS})");
    let mut statement = conn.prepare(&sql).map_err(broken)?;
    let found = statement
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>);
    Ok(match found {
        Ok(found) => found.into_iter().filter(|it| it != "ok").collect(),
        Err(error) => vec![error.to_string()],
    })
}
