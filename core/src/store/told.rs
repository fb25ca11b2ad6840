//! What the platform told of people's progress that waits to be carried out: at most one row for a person and a training.

use rusqlite::{Row, params};

use super::Read;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::model::{Timestamp, ToldProgress, TrainingId, UserId, WaitingProgress};

/// What waits with a training that was removed waits out of sight: the training may come back by undo.
const THERE: &str = "EXISTS (SELECT 1 FROM trainings WHERE trainings.id = told_progress.training AND trainings.removed = 0)";

fn told_row(row: &Row<'_>, first: usize) -> rusqlite::Result<ToldProgress> {
    let instant = |column| {
        let at: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(at.map(Timestamp::from_millis))
    };
    Ok(ToldProgress {
        started_at: instant(first)?,
        completed_at: instant(first + 1)?,
    })
}

impl Snapshot<'_> {
    /// What waits of one person and training.
    pub(crate) fn told_progress(
        &self,
        user: UserId,
        training: TrainingId,
    ) -> Result<Option<ToldProgress>> {
        let sql =
            "SELECT started_at, completed_at FROM told_progress WHERE user = ?1 AND training = ?2";
        self.one(sql, params![user.as_bytes(), training.as_bytes()], |row| {
            told_row(row, 0)
        })
    }

    /// What waits of everybody, in order of people, after one of them.
    pub(crate) fn waiting_progress(
        &self,
        after: Option<(UserId, TrainingId)>,
        limit: i64,
    ) -> Result<Vec<WaitingProgress>> {
        let (user, training) = match after {
            Some((user, training)) => (*user.as_bytes(), *training.as_bytes()),
            None => ([0; 16], [0; 16]),
        };
        let sql = format!(
            "SELECT user, training, started_at, completed_at FROM told_progress \
             WHERE (user, training) > (?1, ?2) AND {THERE} ORDER BY user, training LIMIT ?3"
        );
        self.all(&sql, params![user, training, limit], |row| {
            Ok(WaitingProgress {
                user: UserId::from_bytes(row.get(0)?),
                training: TrainingId::from_bytes(row.get(1)?),
                told: told_row(row, 2)?,
            })
        })
    }
}

impl Read<'_> {
    /// What the platform told of people's progress that waits to be carried out, in order of people, after one of them.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn waiting_progress(
        &self,
        after: Option<(UserId, TrainingId)>,
        limit: usize,
    ) -> Result<Vec<WaitingProgress>> {
        self.sees_all("reports of progress that wait")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot()?.waiting_progress(after, limit)
    }

    /// Of how many people and trainings something waits.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn waiting_progress_count(&self) -> Result<i64> {
        self.sees_all("reports of progress that wait")?;
        let sql = format!("SELECT count(*) FROM told_progress WHERE {THERE}");
        let count = self.snapshot()?.one(&sql, [], |row| row.get(0))?;
        Ok(count.unwrap_or(0))
    }
}
