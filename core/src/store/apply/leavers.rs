//! Many who come to stand elsewhere, and the licenses that they give back: written many at a time. What a statement looks up,
//! opens and notes to be taken back is paid for once in so many people.

use rusqlite::params;

use super::Applier;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Hold, PoolId, Status, UserId};
use crate::store::broken;
use crate::store::many::bound;

/// How many people one statement moves.
const AT_ONCE: usize = 256;

/// Whoever moves from one status to another, and what they and others give back, of which nothing is written yet. Those move
/// first: what stands in a license that is given back is looked at by the database when its holder leaves.
#[derive(Default)]
pub(super) struct Leavers {
    /// From which status to which all of them move.
    moves: Option<(Status, Status)>,
    people: Vec<UserId>,
    freed: Vec<(PoolId, Vec<UserId>)>,
}

/// How a change goes with those that wait.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// It waits, too.
    Too,
    /// It waits, once those are written.
    Anew,
    /// It is written by itself, once those are.
    Not,
}

impl Leavers {
    /// How a change goes with those that wait.
    pub(super) fn place(&self, change: &Change) -> Waits {
        match change {
            Change::Status {
                user,
                before,
                after,
            } if waits(*before, *after) => {
                let same = self.moves.is_none_or(|it| it == (*before, *after));
                // Whoever gave something back before is looked at without it.
                let first = self.freed.iter().all(|it| !it.1.contains(user));
                if same && first && self.people.len() < AT_ONCE {
                    Waits::Too
                } else {
                    Waits::Anew
                }
            }
            Change::License {
                pool,
                before,
                after: Hold::None,
                ..
            } if *before != Hold::None => {
                let of_pool = self.freed.iter().find(|it| it.0 == *pool);
                if of_pool.is_none_or(|it| it.1.len() < AT_ONCE) {
                    Waits::Too
                } else {
                    Waits::Anew
                }
            }
            _ => Waits::Not,
        }
    }

    /// Lets a license wait that is given back.
    pub(super) fn free(&mut self, user: UserId, pool: PoolId) {
        match self.freed.iter_mut().find(|it| it.0 == pool) {
            Some(of_pool) => of_pool.1.push(user),
            None => self.freed.push((pool, vec![user])),
        }
    }
}

/// Whether nothing but a status is written when somebody moves so.
fn waits(before: Status, after: Status) -> bool {
    let is_off = |it| matches!(it, Status::Deleted | Status::Erased);
    !is_off(before) && before != Status::Cancelled && !is_off(after) && before != after
}

impl Applier<'_> {
    /// Lets somebody wait who moves from a status to another, if that is what raises their version.
    pub(super) fn leaves(
        &mut self,
        leavers: &mut Leavers,
        user: UserId,
        (before, after): (Status, Status),
    ) -> Result<()> {
        self.count(before, after);
        if self.rises(user) {
            leavers.moves = Some((before, after));
            leavers.people.push(user);
            return Ok(());
        }
        self.write_leavers(leavers)?;
        self.set_status(user, before, after)
    }

    /// Writes whatever waits.
    pub(super) fn write_leavers(&mut self, leavers: &mut Leavers) -> Result<()> {
        let Leavers {
            moves,
            people,
            freed,
        } = std::mem::take(leavers);
        if let ([user], Some((before, after))) = (people.as_slice(), moves) {
            let sql = "UPDATE users SET status = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1 RETURNING connection";
            let values = params![user.as_bytes(), after.as_str(), self.at.as_millis()];
            let connection = self.returned(sql, values, connection_of)?;
            self.move_people(connection, before, after);
        } else if let Some((before, after)) = moves {
            self.write_moves(&people, before, after)?;
        }
        for (pool, people) in freed {
            if let [user] = people.as_slice() {
                self.hit(
                    "DELETE FROM licenses WHERE user = ?1 AND pool = ?2",
                    params![user.as_bytes(), pool.as_bytes()],
                )?;
                continue;
            }
            let sql = "DELETE FROM licenses WHERE pool = ?1 AND user IN (SELECT unhex(value) FROM json_each(?2))";
            let gone = self.run(sql, params![pool.as_bytes(), bound(&people)])?;
            all_of(gone, people.len())?;
        }
        Ok(())
    }

    fn write_moves(&mut self, people: &[UserId], before: Status, after: Status) -> Result<()> {
        let sql = "UPDATE users SET status = ?1, version = version + 1, updated_at = ?2 \
            WHERE id IN (SELECT unhex(value) FROM json_each(?3)) RETURNING connection";
        let values = params![after.as_str(), self.at.as_millis(), bound(people)];
        let mut statement = self.conn.prepare_cached(sql).map_err(broken)?;
        let found = statement.query_map(values, connection_of);
        let found = found.and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>);
        let connections = found.map_err(broken)?;
        drop(statement);
        all_of(connections.len(), people.len())?;
        for connection in connections {
            self.move_people(connection, before, after);
        }
        Ok(())
    }
}

fn connection_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<ConnectionId>> {
    let id: Option<[u8; 16]> = row.get(0)?;
    Ok(id.map(ConnectionId::from_bytes))
}

/// Refuses a statement that did not hit all whom it is about: the plan was not for this state.
fn all_of(hit: usize, people: usize) -> Result<()> {
    if hit == people {
        return Ok(());
    }
    Err(Error::Broken(format!(
        "a change hit {hit} rows instead of {people}"
    )))
}
