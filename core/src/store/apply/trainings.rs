//! Writing groups, what they carry, trainings and assignments, with the counts that are kept beside them.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Applier;
use crate::error::Result;
use crate::model::{
    Assignment, GroupId, GroupRole, PoolId, ToldProgress, TrainingId, TrainingTerms, UserId,
    name_key,
};

/// By how much kept counts move; written once, when all changes are.
#[derive(Default)]
pub(super) struct MovedCounts {
    members: BTreeMap<GroupId, i64>,
    assignments: BTreeMap<TrainingId, [i64; 4]>,
}

impl MovedCounts {
    /// Counts one more member.
    pub(super) fn joined(&mut self, group: GroupId) {
        *self.members.entry(group).or_default() += 1;
    }
}

impl Applier<'_> {
    pub(super) fn group_added(&self, group: GroupId, name: &str) -> Result<()> {
        self.hit(
            "INSERT INTO groups (id, name, name_key, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![
                group.as_bytes(),
                name,
                name_key(name),
                self.at.as_millis()
            ],
        )
    }

    pub(super) fn group_name(&self, group: GroupId, name: &str) -> Result<()> {
        self.hit(
            "UPDATE groups SET name = ?2, name_key = ?3 WHERE id = ?1",
            params![group.as_bytes(), name, name_key(name)],
        )
    }

    pub(super) fn group_removed(&self, group: GroupId, removed: bool) -> Result<()> {
        self.hit(
            "UPDATE groups SET removed = ?2 WHERE id = ?1",
            params![group.as_bytes(), removed],
        )
    }

    pub(super) fn membership(
        &mut self,
        user: UserId,
        group: GroupId,
        before: Option<GroupRole>,
        after: Option<GroupRole>,
    ) -> Result<()> {
        let by = i64::from(after.is_some()) - i64::from(before.is_some());
        *self.counts.members.entry(group).or_default() += by;
        let key = params![user.as_bytes(), group.as_bytes()];
        // Each hits one row only where the change says truly what was before: the counts move by that.
        match (before, after) {
            (None, None) => Ok(()),
            (None, Some(role)) => self.hit(
                "INSERT OR IGNORE INTO memberships (user, member_of, role) VALUES (?1, ?2, ?3)",
                params![user.as_bytes(), group.as_bytes(), role.as_str()],
            ),
            (Some(_), Some(role)) => self.hit(
                "UPDATE memberships SET role = ?3 WHERE user = ?1 AND member_of = ?2",
                params![user.as_bytes(), group.as_bytes(), role.as_str()],
            ),
            (Some(_), None) => self.hit(
                "DELETE FROM memberships WHERE user = ?1 AND member_of = ?2",
                key,
            ),
        }
    }

    pub(super) fn group_training(
        &self,
        group: GroupId,
        training: TrainingId,
        carried: bool,
    ) -> Result<()> {
        let sql = if carried {
            "INSERT INTO group_trainings (carrier, training) VALUES (?1, ?2)"
        } else {
            "DELETE FROM group_trainings WHERE carrier = ?1 AND training = ?2"
        };
        self.hit(sql, params![group.as_bytes(), training.as_bytes()])
    }

    pub(super) fn group_pool(&self, group: GroupId, pool: PoolId, carried: bool) -> Result<()> {
        let sql = if carried {
            "INSERT INTO group_pools (carrier, pool) VALUES (?1, ?2)"
        } else {
            "DELETE FROM group_pools WHERE carrier = ?1 AND pool = ?2"
        };
        self.hit(sql, params![group.as_bytes(), pool.as_bytes()])
    }

    pub(super) fn training_added(&self, training: TrainingId, terms: &TrainingTerms) -> Result<()> {
        self.training(
            "INSERT INTO trainings (id, name, name_key, kind, pool, held_on, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            training,
            terms,
        )
    }

    pub(super) fn training_terms(&self, training: TrainingId, terms: &TrainingTerms) -> Result<()> {
        self.training(
            "UPDATE trainings SET name = ?2, name_key = ?3, kind = ?4, pool = ?5, held_on = ?6, removed = ?7 WHERE id = ?1",
            training,
            terms,
        )
    }

    fn training(&self, sql: &str, training: TrainingId, terms: &TrainingTerms) -> Result<()> {
        self.hit(
            sql,
            params![
                training.as_bytes(),
                terms.name,
                name_key(&terms.name),
                terms.kind.as_str(),
                terms.pool.as_ref().map(|it| it.as_bytes()),
                terms.held_on.map(|it| it.to_string()),
                terms.removed,
            ],
        )
    }

    pub(super) fn told_progress(
        &self,
        user: UserId,
        training: TrainingId,
        told: Option<ToldProgress>,
    ) -> Result<()> {
        let Some(told) = told else {
            return self.hit(
                "DELETE FROM told_progress WHERE user = ?1 AND training = ?2",
                params![user.as_bytes(), training.as_bytes()],
            );
        };
        self.hit(
            "INSERT INTO told_progress (user, training, started_at, completed_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (user, training) DO UPDATE SET started_at = ?3, completed_at = ?4",
            params![
                user.as_bytes(),
                training.as_bytes(),
                told.started_at.map(|it| it.as_millis()),
                told.completed_at.map(|it| it.as_millis()),
            ],
        )
    }

    pub(super) fn instructor(&self, user: UserId, training: TrainingId, is: bool) -> Result<()> {
        let sql = if is {
            "INSERT INTO instructors (training, user) VALUES (?1, ?2)"
        } else {
            "DELETE FROM instructors WHERE training = ?1 AND user = ?2"
        };
        self.hit(sql, params![training.as_bytes(), user.as_bytes()])
    }

    pub(super) fn assignment(
        &mut self,
        user: UserId,
        training: TrainingId,
        before: Option<Assignment>,
        after: Option<Assignment>,
    ) -> Result<()> {
        let counts = self.counts.assignments.entry(training).or_default();
        for (it, by) in [(before, -1), (after, 1)] {
            if let Some(it) = it
                && let Some(count) = counts.get_mut(it.state as usize)
            {
                *count += by;
            }
        }
        let key = (user.as_bytes(), training.as_bytes());
        let Some(it) = after else {
            return self.hit(
                "DELETE FROM assignments WHERE user = ?1 AND training = ?2",
                key,
            );
        };
        let sql = if before.is_none() {
            "INSERT INTO assignments (user, training, state, assigned_at, started_at, completed_at, ended_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        } else {
            "UPDATE assignments SET state = ?3, assigned_at = ?4, started_at = ?5, completed_at = ?6, ended_at = ?7 \
             WHERE user = ?1 AND training = ?2"
        };
        self.hit(
            sql,
            params![
                key.0,
                key.1,
                it.state.as_str(),
                it.assigned_at.as_millis(),
                it.started_at.map(|it| it.as_millis()),
                it.completed_at.map(|it| it.as_millis()),
                it.ended_at.map(|it| it.as_millis()),
            ],
        )
    }

    /// Moves the kept counts.
    pub(super) fn move_counts(&mut self) -> Result<()> {
        let MovedCounts {
            members,
            assignments,
        } = std::mem::take(&mut self.counts);
        for (group, by) in members.iter().filter(|it| *it.1 != 0) {
            self.hit(
                "UPDATE groups SET members = members + ?2 WHERE id = ?1",
                params![group.as_bytes(), by],
            )?;
        }
        for (training, by) in assignments.iter().filter(|it| *it.1 != [0; 4]) {
            let [assigned, started, completed, ended] = by;
            self.hit(
                "UPDATE trainings SET assigned = assigned + ?2, started = started + ?3, completed = completed + ?4, \
                 ended = ended + ?5 WHERE id = ?1",
                params![training.as_bytes(), assigned, started, completed, ended],
            )?;
        }
        Ok(())
    }
}
