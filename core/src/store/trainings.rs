//! Reading trainings, assignments and instructors.

use std::collections::HashMap;

use rusqlite::{Row, params};

use super::snapshot::{Snapshot, word};
use crate::error::{Error, Result};
use crate::model::{
    Assigned, Assignment, AssignmentCounts, AssignmentState, Date, PoolId, Timestamp, Training,
    TrainingId, TrainingKind, TrainingTerms, UserId, name_key,
};

const TRAINING_COLUMNS: &str =
    "id, name, kind, pool, held_on, removed, assigned, started, completed, ended";

fn training_row(row: &Row<'_>) -> rusqlite::Result<Training> {
    Ok(Training {
        id: TrainingId::from_bytes(row.get(0)?),
        terms: TrainingTerms {
            name: row.get(1)?,
            kind: word(row, 2, TrainingKind::from_word)?,
            pool: row.get::<_, Option<[u8; 16]>>(3)?.map(PoolId::from_bytes),
            held_on: match row.get_ref(4)?.as_str_or_null()? {
                None => None,
                Some(_) => Some(word(row, 4, |it| it.parse::<Date>().ok())?),
            },
            removed: row.get(5)?,
        },
        counts: AssignmentCounts {
            assigned: row.get(6)?,
            started: row.get(7)?,
            completed: row.get(8)?,
            ended: row.get(9)?,
        },
    })
}

/// `user, training` and the columns of [`Assignment`].
pub(super) const ASSIGNMENT_COLUMNS: &str =
    "user, training, state, assigned_at, started_at, completed_at, ended_at";

pub(super) fn assigned_row(row: &Row<'_>) -> rusqlite::Result<Assigned> {
    let instant = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<i64>>(column)?
                .map(Timestamp::from_millis),
        )
    };
    Ok(Assigned {
        user: UserId::from_bytes(row.get(0)?),
        training: TrainingId::from_bytes(row.get(1)?),
        assignment: Assignment {
            state: word(row, 2, AssignmentState::from_word)?,
            assigned_at: Timestamp::from_millis(row.get(3)?),
            started_at: instant(4)?,
            completed_at: instant(5)?,
            ended_at: instant(6)?,
        },
    })
}

impl Snapshot<'_> {
    /// Every training that was not removed, by name.
    pub(crate) fn trainings(&self) -> Result<Vec<Training>> {
        let sql =
            format!("SELECT {TRAINING_COLUMNS} FROM trainings WHERE removed = 0 ORDER BY name_key");
        self.all(&sql, [], training_row)
    }

    /// Every training, removed ones included: reports mention them.
    pub(crate) fn trainings_ever(&self) -> Result<Vec<Training>> {
        let sql = format!("SELECT {TRAINING_COLUMNS} FROM trainings ORDER BY name_key");
        self.all(&sql, [], training_row)
    }

    /// Names of all trainings, removed ones included: history mentions them.
    pub(crate) fn training_names(&self) -> Result<HashMap<TrainingId, String>> {
        let rows = self.all("SELECT id, name FROM trainings", [], |row| {
            Ok((TrainingId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    pub(crate) fn training(&self, id: TrainingId) -> Result<Option<Training>> {
        let sql = format!("SELECT {TRAINING_COLUMNS} FROM trainings WHERE id = ?1");
        self.one(&sql, [id.as_bytes()], training_row)
    }

    /// A training by id, else by name, without regard to case and surrounding space; not one that was removed.
    pub(crate) fn training_named(&self, name: &str) -> Result<Option<Training>> {
        if let Ok(id) = name.trim().parse::<TrainingId>()
            && let Some(training) = self.training(id)?
        {
            return Ok(Some(training).filter(|it| !it.terms.removed));
        }
        let sql =
            format!("SELECT {TRAINING_COLUMNS} FROM trainings WHERE name_key = ?1 AND removed = 0");
        self.one(&sql, [name_key(name)], training_row)
    }

    /// As [`Snapshot::training_named`], which must be there.
    pub(crate) fn find_training(&self, name: &str) -> Result<Training> {
        self.training_named(name)?
            .ok_or_else(|| Error::not_found("training", name))
    }

    pub(crate) fn assignment(
        &self,
        user: UserId,
        training: TrainingId,
    ) -> Result<Option<Assignment>> {
        let sql = format!(
            "SELECT {ASSIGNMENT_COLUMNS} FROM assignments WHERE user = ?1 AND training = ?2"
        );
        self.one(&sql, params![user.as_bytes(), training.as_bytes()], |row| {
            assigned_row(row).map(|it| it.assignment)
        })
    }

    /// All assignments of a person, ended ones included.
    pub(crate) fn assignments_of(&self, user: UserId) -> Result<Vec<Assigned>> {
        let sql = format!("SELECT {ASSIGNMENT_COLUMNS} FROM assignments WHERE user = ?1");
        self.all(&sql, [user.as_bytes()], assigned_row)
    }

    /// Assignments of a training in one state, in order of people's ids, after a person.
    pub(crate) fn assigned_in(
        &self,
        training: TrainingId,
        state: AssignmentState,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<Assigned>> {
        let sql = format!(
            "SELECT {ASSIGNMENT_COLUMNS} FROM assignments WHERE training = ?1 AND state = ?2 AND user > ?3 ORDER BY user LIMIT ?4"
        );
        let after = after.map_or([0; 16], |it| *it.as_bytes());
        self.all(
            &sql,
            params![training.as_bytes(), state.as_str(), after, limit],
            assigned_row,
        )
    }

    /// Who still has to take a training.
    pub(crate) fn open_for(&self, training: TrainingId) -> Result<Vec<UserId>> {
        let sql = "SELECT user FROM assignments WHERE training = ?1 AND state IN ('assigned', 'started') ORDER BY user";
        self.all(sql, [training.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// Who has started a training and not completed it.
    pub(crate) fn started(&self, training: TrainingId) -> Result<Vec<UserId>> {
        let sql =
            "SELECT user FROM assignments WHERE training = ?1 AND state = 'started' ORDER BY user";
        self.all(sql, [training.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// Who holds a session.
    pub(crate) fn instructors_of(&self, training: TrainingId) -> Result<Vec<UserId>> {
        let sql = "SELECT user FROM instructors WHERE training = ?1 ORDER BY user";
        self.all(sql, [training.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// The sessions that somebody holds, but those that were removed.
    pub(crate) fn sessions_of(&self, user: UserId) -> Result<Vec<TrainingId>> {
        let sql = "SELECT training FROM instructors JOIN trainings ON trainings.id = training \
            WHERE user = ?1 AND removed = 0 ORDER BY training";
        self.all(sql, [user.as_bytes()], |row| {
            Ok(TrainingId::from_bytes(row.get(0)?))
        })
    }

    /// Whether somebody holds a session.
    pub(crate) fn is_instructor(&self, user: UserId, training: TrainingId) -> Result<bool> {
        let sql = "SELECT 1 FROM instructors WHERE training = ?1 AND user = ?2";
        let found = self.one(sql, params![training.as_bytes(), user.as_bytes()], |_| {
            Ok(())
        })?;
        Ok(found.is_some())
    }

    /// Whether a person's license came in the same batch as their assignment, so that it goes with it.
    pub(crate) fn came_together(
        &self,
        user: UserId,
        training: TrainingId,
        pool: PoolId,
    ) -> Result<bool> {
        use crate::change::Change;
        use crate::model::Hold;
        let sql = "SELECT seq, user, kind, body, batch FROM events WHERE user = ?1 AND kind IN ('license', 'assignment') ORDER BY seq DESC";
        let events = self.all(sql, [user.as_bytes()], |row| {
            Ok((super::read::recorded_row(row)?, row.get::<_, i64>(4)?))
        })?;
        let mut reader = super::events::Reader::new(self.conn);
        let (mut licensed, mut assigned) = (None, None);
        for (event, batch) in &events {
            match reader.change(event)? {
                Some(Change::License {
                    pool: of,
                    before: Hold::None,
                    ..
                }) if of == pool && licensed.is_none() => licensed = Some(*batch),
                Some(Change::Assignment {
                    training: of,
                    after: Some(it),
                    ..
                }) if of == training
                    && it.state == AssignmentState::Assigned
                    && assigned.is_none() =>
                {
                    assigned = Some(*batch);
                }
                _ => {}
            }
        }
        Ok(licensed.is_some() && licensed == assigned)
    }
}
