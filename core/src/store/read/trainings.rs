//! Reading groups, trainings and assignments.

use std::collections::HashMap;

use super::Read;
use crate::error::Result;
use crate::model::{
    Assigned, AssignmentState, Group, GroupCarries, GroupId, GroupRole, PoolId, Training,
    TrainingId, UserId,
};

impl Read<'_> {
    /// Every group that was not removed, by name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn groups(&self) -> Result<Vec<Group>> {
        let mut groups = self.snapshot()?.groups()?;
        if let Some(sight) = &self.sight {
            groups.retain(|it| sight.authority.knows_group(it.id));
        }
        Ok(groups)
    }

    /// Every training, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn trainings_ever(&self) -> Result<Vec<Training>> {
        self.snapshot()?.trainings_ever()
    }

    /// Names of all groups, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn group_names(&self) -> Result<HashMap<GroupId, String>> {
        let groups = self.snapshot()?.groups_ever()?;
        Ok(groups.into_iter().map(|it| (it.id, it.name)).collect())
    }

    /// A group by name, without regard to case and surrounding space, or by id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn group(&self, name: &str) -> Result<Group> {
        self.together(|snapshot| {
            let (id, _) = snapshot.find_group(name)?;
            let found = snapshot.groups()?.into_iter().find(|it| it.id == id);
            found.ok_or_else(|| crate::Error::not_found("group", name))
        })
    }

    /// What a group's members get when they become active.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn carried_by(&self, group: GroupId) -> Result<GroupCarries> {
        self.together(|snapshot| snapshot.carried_by(group))
    }

    /// Which roles these people have in a group, of those who are in it.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn roles_in(&self, group: GroupId, users: &[UserId]) -> Result<HashMap<UserId, GroupRole>> {
        self.together(|snapshot| {
            let mut roles = HashMap::with_capacity(users.len());
            for user in users {
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
        self.snapshot()?.trainings()
    }

    /// A training by name, without regard to case and surrounding space, or by id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn training(&self, name: &str) -> Result<Training> {
        self.snapshot()?.find_training(name)
    }

    /// Names of all trainings, removed ones included.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn training_names(&self) -> Result<HashMap<TrainingId, String>> {
        self.snapshot()?.training_names()
    }

    /// Who holds a session.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn instructors_of(&self, training: TrainingId) -> Result<Vec<UserId>> {
        self.snapshot()?.instructors_of(training)
    }

    /// The groups that carry a training.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn carriers_of(&self, training: TrainingId) -> Result<Vec<GroupId>> {
        self.snapshot()?.carriers_of(training)
    }

    /// Pools of which a person is to get a license when they become active.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn license_requests_of(&self, user: UserId) -> Result<Vec<PoolId>> {
        self.snapshot()?.requests_of(user)
    }

    /// Everything that a person has to learn, had to learn, or has learned.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn assignments_of(&self, user: UserId) -> Result<Vec<Assigned>> {
        self.snapshot()?.assignments_of(user)
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
        self.snapshot()?.assigned_in(training, state, after, limit)
    }
}
