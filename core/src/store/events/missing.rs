//! Events that are gone from the end of the history, with nothing after them that would not follow: told by what is still there,
//! which batches, counts and rows say that they existed.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::chain::BadLink;
use super::decode;
use super::sealed::{open, person_key};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Hold, PoolId, UserId};
use crate::store::broken;

/// Rows that are never removed, and the kind of the one event by which each came.
const MADE_BY: [(&str, &str, &str); 6] = [
    ("users", "user_created", "people"),
    ("pools", "pool_added", "pools"),
    ("groups", "group_added", "groups"),
    ("trainings", "training_added", "trainings"),
    ("connections", "connection_added", "connections"),
    ("platforms", "platform_added", "tokens of platforms"),
];

/// What the history says that there is.
pub(super) struct Told<'c> {
    conn: &'c Connection,
    /// How many events there are of the kinds that make a row.
    made: HashMap<&'static str, i64>,
    /// Licenses held and queued, by pool.
    licenses: HashMap<PoolId, [i64; 2]>,
}

impl<'c> Told<'c> {
    pub(super) fn new(conn: &'c Connection) -> Self {
        Self {
            conn,
            made: HashMap::new(),
            licenses: HashMap::new(),
        }
    }

    /// Takes in an event as it is recorded.
    ///
    /// # Errors
    /// Also when the key of whom it concerns is there and does not open it: their history is as good as gone.
    pub(super) fn take_in(
        &mut self,
        (seq, kind): (i64, &str),
        user: Option<&[u8]>,
        body: &[u8],
    ) -> Result<()> {
        let user = user.and_then(|it| it.try_into().ok());
        let user = user.map(UserId::from_bytes);
        // Everything of a person is under one key, and this is the first of it.
        if kind == "user_created"
            && let Some(user) = user
            && let Some(key) = person_key(self.conn, user)?
        {
            open(&key, seq, body)?;
        }
        if let Some((_, made, _)) = MADE_BY.iter().find(|it| it.1 == kind) {
            *self.made.entry(made).or_default() += 1;
        }
        if kind == "license" {
            let change = decode(kind, user, body)?;
            if let Change::License {
                pool,
                before,
                after,
                ..
            } = change
            {
                let counts = self.licenses.entry(pool).or_default();
                for (hold, by) in [(before, -1), (after, 1)] {
                    let place = match hold {
                        Hold::None => continue,
                        Hold::Reserved | Hold::Consumed => 0,
                        Hold::Queued(_) => 1,
                    };
                    if let Some(count) = counts.get_mut(place) {
                        *count += by;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is there says that there were more events than go up to this number, if it does.
pub(super) fn of_what_is_there(
    conn: &Connection,
    next: i64,
    told: &Told<'_>,
) -> Result<Option<BadLink>> {
    if let Some(bad) = of_a_batch(conn)? {
        return Ok(Some(bad));
    }
    let missing = |what: String| {
        Some(BadLink {
            seq: next,
            why: format!("is missing: {what}"),
        })
    };
    let counted: Option<i64> = conn
        .query_row("SELECT max(event) FROM checkpoints", [], |row| row.get(0))
        .map_err(broken)?;
    if let Some(counted) = counted.filter(|it| *it >= next) {
        return Ok(missing(format!(
            "licenses were counted after event {counted}, which is not there"
        )));
    }
    for (table, kind, what) in MADE_BY {
        let sql = format!("SELECT count(*) FROM {table}");
        let there: i64 = conn.query_row(&sql, [], |row| row.get(0)).map_err(broken)?;
        let made = told.made.get(kind).copied().unwrap_or(0);
        if there != made {
            return Ok(missing(format!(
                "of {what} there are {there}, and the history made {made}"
            )));
        }
    }
    Ok(of_counts(conn, told)?.and_then(missing))
}

/// The first batch whose events are not there, or not its own.
fn of_a_batch(conn: &Connection) -> Result<Option<BadLink>> {
    let sql = "SELECT seq, first_event, changes FROM batches WHERE changes > 0 AND NOT EXISTS \
        (SELECT 1 FROM events WHERE events.seq = batches.first_event AND events.batch = batches.seq) ORDER BY seq LIMIT 1";
    conn.query_row(sql, [], |row| {
        let (batch, first, changes): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(BadLink {
            seq: first,
            why: format!("is missing: of batch {batch} nothing is there, and it made {changes}"),
        })
    })
    .optional()
    .map_err(broken)
}

/// A pool of which more or fewer licenses are counted than the history took and gave back.
fn of_counts(conn: &Connection, told: &Told<'_>) -> Result<Option<String>> {
    let sql = "SELECT pools.id, pools.name, reserved + consumed, queued FROM pool_counters JOIN pools ON pools.id = pool_counters.pool \
        ORDER BY pools.seq";
    let mut statement = conn.prepare(sql).map_err(broken)?;
    let mut rows = statement.query([]).map_err(broken)?;
    while let Some(row) = rows.next().map_err(broken)? {
        let pool = PoolId::from_bytes(row.get(0).map_err(broken)?);
        let name: String = row.get(1).map_err(broken)?;
        let mut counted = [0; 2];
        for (place, count) in counted.iter_mut().enumerate() {
            *count = row.get(place + 2).map_err(broken)?;
        }
        let said = told.licenses.get(&pool).copied().unwrap_or_default();
        if said != counted {
            let words = |[held, queued]: [i64; 2]| format!("{held} held and {queued} queued");
            return Ok(Some(format!(
                "of the pool {name} there are {}, and by the history {}",
                words(counted),
                words(said)
            )));
        }
    }
    Ok(None)
}
