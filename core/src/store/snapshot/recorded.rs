//! What batches have done, as planning an undo or a return reads it.

use rusqlite::params;

use super::Snapshot;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, Assignment, BatchId, Date, Hold, PoolId, Status, TrainingId, UserId};
use crate::store::actor;
use crate::store::events::Reader;
use crate::store::read::recorded_row;

/// What somebody gave up by leaving.
#[derive(Default)]
pub(crate) struct GivenUp {
    /// Pools of which a consumed license was freed.
    pub(crate) consumed: Vec<PoolId>,
    /// Until when those of them were agreed that had an end.
    pub(crate) ends: Vec<(PoolId, Date)>,
    /// Whether they waited for a seat to be in at once, without an invitation.
    pub(crate) was_coming_in: bool,
    /// What they still had to learn, as it stood.
    pub(crate) open: Vec<(TrainingId, Assignment)>,
}

/// A change as recorded, for undo and for history.
pub(crate) struct RecordedChange {
    pub(crate) user: Option<UserId>,
    /// None when the person was erased and the personal part with them.
    pub(crate) change: Option<Change>,
}

impl Snapshot<'_> {
    /// The changes of a batch, oldest first; none when there is no such batch.
    pub(crate) fn changes_of_batch(&self, batch: BatchId) -> Result<Option<Vec<RecordedChange>>> {
        let sql = "SELECT first_event, changes FROM batches WHERE id = ?1";
        let Some((first, count)) = self.one(sql, [batch.as_bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?
        else {
            return Ok(None);
        };
        let sql =
            "SELECT seq, user, kind, body FROM events WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
        let recorded = self.all(sql, [first, first + count], recorded_row)?;
        let mut reader = Reader::new(self.conn);
        let changes = recorded.iter().map(|it| {
            Ok(RecordedChange {
                user: it.user,
                change: reader.change(it)?,
            })
        });
        changes.collect::<Result<_>>().map(Some)
    }

    /// Who applied a batch, by which command, and which batch it undid.
    pub(crate) fn origin_of_batch(
        &self,
        batch: BatchId,
    ) -> Result<Option<(Actor, String, Option<BatchId>)>> {
        let sql = "SELECT actor_kind, actor, iif(on_behalf IS NULL, command, 'idp_replay'), undoes FROM batches WHERE id = ?1";
        self.one(sql, [batch.as_bytes()], |row| {
            let undoes: Option<[u8; 16]> = row.get(3)?;
            Ok((
                actor::decode(row, 0)?,
                row.get(2)?,
                undoes.map(BatchId::from_bytes),
            ))
        })
    }

    /// Pools of which a person's license has moved in a batch or after it.
    pub(crate) fn licenses_moved_since(&self, user: UserId, batch: BatchId) -> Result<Vec<PoolId>> {
        let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind = 'license' \
            AND seq >= (SELECT first_event FROM batches WHERE id = ?2)";
        let recorded = self.all(
            sql,
            params![user.as_bytes(), batch.as_bytes()],
            recorded_row,
        )?;
        let mut reader = Reader::new(self.conn);
        let mut pools = Vec::new();
        for event in &recorded {
            if let Some(Change::License { pool, .. }) = reader.change(event)? {
                pools.push(pool);
            }
        }
        Ok(pools)
    }

    /// What a person gave up when they last left. What stood for the seat is the seat, which is not among it.
    pub(crate) fn given_up(&self, user: UserId) -> Result<GivenUp> {
        let left = |change: &Change| {
            matches!(change, Change::Status { before, after, .. }
                if before.is_seated_or_coming() && !after.is_seated_or_coming())
        };
        let mut given_up = GivenUp::default();
        for (batch, _) in self.moves(user, left)? {
            self.add_given_up(user, batch, &mut given_up)?;
        }
        Ok(given_up)
    }

    /// The batches by which somebody stands where they do, the last one first: whoever was back, and is off again because that
    /// was undone, left when they left before it. So all of these batches undid one, but for the last, unless somebody came as
    /// what they are. `counts` says which changes of status do.
    pub(super) fn moves(
        &self,
        user: UserId,
        counts: impl Fn(&Change) -> bool,
    ) -> Result<Vec<(i64, bool)>> {
        let sql = "SELECT events.seq, user, kind, body, batch, undone.seq FROM events \
            JOIN batches ON batches.seq = events.batch LEFT JOIN batches AS undone ON undone.id = batches.undoes \
            WHERE user = ?1 AND kind = 'status' ORDER BY events.seq DESC";
        let statuses = self.all(sql, [user.as_bytes()], |row| {
            Ok((
                recorded_row(row)?,
                row.get::<_, i64>(4)?,
                row.get::<_, Option<i64>>(5)?,
            ))
        })?;
        let mut reader = Reader::new(self.conn);
        let (mut moves, mut before) = (Vec::new(), i64::MAX);
        for (event, batch, undone) in &statuses {
            let change = reader.change(event)?;
            if *batch >= before || !change.as_ref().is_some_and(&counts) {
                continue;
            }
            moves.push((*batch, undone.is_some()));
            match undone {
                Some(undone) => before = *undone,
                None => break,
            }
        }
        Ok(moves)
    }

    fn add_given_up(&self, user: UserId, batch: i64, given_up: &mut GivenUp) -> Result<()> {
        let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind IN ('license', 'license_end', 'assignment') AND batch = ?2";
        let recorded = self.all(sql, params![user.as_bytes(), batch], recorded_row)?;
        let mut reader = Reader::new(self.conn);
        let known = given_up.consumed.clone();
        for event in &recorded {
            match reader.change(event)? {
                Some(Change::License {
                    pool,
                    before: Hold::Consumed,
                    after: Hold::None,
                    stands_for_access: false,
                    ..
                }) if !given_up.consumed.contains(&pool) => given_up.consumed.push(pool),
                Some(Change::LicenseEnd {
                    pool,
                    before: Some(day),
                    after: None,
                    ..
                }) if !known.contains(&pool) => given_up.ends.push((pool, day)),
                Some(Change::License {
                    before: Hold::Queued(entry),
                    after: Hold::None,
                    ..
                }) if entry.leads_to == Status::Active => given_up.was_coming_in = true,
                Some(Change::Assignment {
                    training,
                    before: Some(before),
                    after: Some(after),
                    ..
                }) if before.state.is_open()
                    && !after.state.is_open()
                    && !given_up.open.iter().any(|it| it.0 == training) =>
                {
                    given_up.open.push((training, before));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
