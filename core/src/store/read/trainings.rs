//! Reading groups, trainings and assignments.

use std::collections::HashMap;

use rusqlite::types::Value;

use super::Read;
use crate::error::Result;
use crate::model::{
    Assigned, AssignmentCounts, AssignmentState, Group, GroupCarries, GroupId, GroupRole, PoolId,
    Training, TrainingId, UserId,
};
use crate::store::snapshot::{Snapshot, word};
use crate::store::trainings::{ASSIGNMENT_COLUMNS, assigned_row};

impl Read<'_> {
    /// Every group that was not removed, by name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn groups(&self) -> Result<Vec<Group>> {
        let mut groups = self.snapshot()?.groups()?;
        groups.retain(|it| self.knows_group(it.id));
        Ok(groups)
    }

    /// Every training, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn trainings_ever(&self) -> Result<Vec<Training>> {
        self.together(|snapshot| self.counted(snapshot, snapshot.trainings_ever()?))
    }

    /// Trainings with how many of the people seen stand where.
    fn counted(
        &self,
        snapshot: &Snapshot<'_>,
        mut trainings: Vec<Training>,
    ) -> Result<Vec<Training>> {
        if self.sight.is_none() {
            return Ok(trainings);
        }
        let (people, bound) = self.seen_sql(snapshot)?;
        let sql = format!(
            "SELECT assignments.training, assignments.state, count(*) FROM users \
             JOIN assignments ON assignments.user = users.id WHERE {people} GROUP BY 1, 2"
        );
        let rows = snapshot.all(&sql, rusqlite::params_from_iter(bound), |row| {
            let training = TrainingId::from_bytes(row.get(0)?);
            let state = word(row, 1, AssignmentState::from_word)?;
            Ok(((training, state), row.get::<_, i64>(2)?))
        })?;
        let counts: HashMap<_, _> = rows.into_iter().collect();
        for training in &mut trainings {
            let of = |state| counts.get(&(training.id, state)).copied().unwrap_or(0);
            training.counts = AssignmentCounts {
                assigned: of(AssignmentState::Assigned),
                started: of(AssignmentState::Started),
                completed: of(AssignmentState::Completed),
                ended: of(AssignmentState::Ended),
            };
        }
        Ok(trainings)
    }

    /// Names of all groups that whoever reads knows, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn group_names(&self) -> Result<HashMap<GroupId, String>> {
        let groups = self.snapshot()?.groups_ever()?.into_iter();
        let known = groups.filter(|it| self.knows_group(it.id));
        Ok(known.map(|it| (it.id, it.name)).collect())
    }

    /// A group by name, without regard to case and surrounding space, or by id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn group(&self, name: &str) -> Result<Group> {
        self.together(|snapshot| {
            let (id, _) = snapshot.find_group(name)?;
            if !self.knows_group(id) {
                return Err(crate::Error::not_found("group", name));
            }
            let found = snapshot.groups()?.into_iter().find(|it| it.id == id);
            found.ok_or_else(|| crate::Error::not_found("group", name))
        })
    }

    /// What a group's members get when they become active.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn carried_by(&self, group: GroupId) -> Result<GroupCarries> {
        if !self.knows_group(group) {
            return Ok(GroupCarries::default());
        }
        self.together(|snapshot| snapshot.carried_by(group))
    }

    /// Which roles these people have in a group, of those who are in it.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn roles_in(&self, group: GroupId, users: &[UserId]) -> Result<HashMap<UserId, GroupRole>> {
        self.together(|snapshot| {
            let mut roles = HashMap::with_capacity(users.len());
            if !self.knows_group(group) {
                return Ok(roles);
            }
            for user in self.only_seen(snapshot, users)?.iter() {
                roles.extend(snapshot.membership(*user, group)?.map(|role| (*user, role)));
            }
            Ok(roles)
        })
    }

    /// Every training that was not removed, by name, with how many people stand where.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn trainings(&self) -> Result<Vec<Training>> {
        self.together(|snapshot| self.counted(snapshot, snapshot.trainings()?))
    }

    /// A training by name, without regard to case and surrounding space, or by id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn training(&self, name: &str) -> Result<Training> {
        self.together(|snapshot| {
            let found = self.counted(snapshot, vec![snapshot.find_training(name)?])?;
            let mut found = found.into_iter();
            found
                .next()
                .ok_or_else(|| crate::Error::not_found("training", name))
        })
    }

    /// Names of all trainings, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn training_names(&self) -> Result<HashMap<TrainingId, String>> {
        self.snapshot()?.training_names()
    }

    /// Who holds a session, of those whom whoever reads may see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn instructors_of(&self, training: TrainingId) -> Result<Vec<UserId>> {
        let snapshot = self.snapshot()?;
        let all = snapshot.instructors_of(training)?;
        Ok(self.only_seen(&snapshot, &all)?.into_owned())
    }

    /// The groups that carry a training, of those that whoever reads knows.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn carriers_of(&self, training: TrainingId) -> Result<Vec<GroupId>> {
        let mut groups = self.snapshot()?.carriers_of(training)?;
        groups.retain(|it| self.knows_group(*it));
        Ok(groups)
    }

    /// Pools of which a person is to get a license when they become active.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn license_requests_of(&self, user: UserId) -> Result<Vec<PoolId>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        snapshot.requests_of(user)
    }

    /// Everything that a person has to learn, had to learn, or has learned.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn assignments_of(&self, user: UserId) -> Result<Vec<Assigned>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        snapshot.assignments_of(user)
    }

    /// Assignments of a training in one state, in order of people's ids, after a person.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn assigned(
        &self,
        training: TrainingId,
        state: AssignmentState,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Assigned>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.together(|snapshot| {
            if self.sight.is_none() {
                return snapshot.assigned_in(training, state, after, limit);
            }
            let (people, mut bound) = self.seen_sql(snapshot)?;
            let sql = format!(
                "SELECT {ASSIGNMENT_COLUMNS} FROM assignments JOIN users ON users.id = assignments.user \
                 WHERE ({people}) AND training = ? AND state = ? AND user > ? ORDER BY user LIMIT ?"
            );
            let after = after.map_or([0; 16], |it| *it.as_bytes());
            bound.extend([
                Value::Blob(training.as_bytes().to_vec()),
                Value::Text(state.as_str().to_owned()),
                Value::Blob(after.to_vec()),
                Value::Integer(limit),
            ]);
            snapshot.all(&sql, rusqlite::params_from_iter(bound), assigned_row)
        })
    }
}
