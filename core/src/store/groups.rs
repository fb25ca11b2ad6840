//! Reading groups, who is in them, and what they carry.

use rusqlite::params;

use super::snapshot::{Snapshot, word};
use crate::error::{Error, Result};
use crate::model::{
    Group, GroupCarries, GroupId, GroupRole, Membership, PoolId, TrainingId, UserId, name_key,
};

impl Snapshot<'_> {
    /// Every group that was not removed, by name.
    pub(crate) fn groups(&self) -> Result<Vec<Group>> {
        self.groups_where("removed = 0")
    }

    /// Every group, removed ones included: history mentions them.
    pub(crate) fn groups_ever(&self) -> Result<Vec<Group>> {
        self.groups_where("1")
    }

    fn groups_where(&self, condition: &str) -> Result<Vec<Group>> {
        let sql =
            format!("SELECT id, name, members FROM groups WHERE {condition} ORDER BY name_key");
        self.all(&sql, [], |row| {
            Ok(Group {
                id: GroupId::from_bytes(row.get(0)?),
                name: row.get(1)?,
                members: row.get(2)?,
            })
        })
    }

    /// A group by its name, without regard to case and surrounding space; not one that was removed.
    pub(crate) fn group_named(&self, name: &str) -> Result<Option<(GroupId, String)>> {
        self.one(
            "SELECT id, name FROM groups WHERE name_key = ?1 AND removed = 0",
            [name_key(name)],
            |row| Ok((GroupId::from_bytes(row.get(0)?), row.get(1)?)),
        )
    }

    /// As [`Snapshot::group_named`], or by id; it must be there.
    pub(crate) fn find_group(&self, name: &str) -> Result<(GroupId, String)> {
        if let Some(found) = self.group_named(name)? {
            return Ok(found);
        }
        let by_id = match name.trim().parse::<GroupId>() {
            Ok(id) => self.group_name(id)?.map(|it| (id, it)),
            Err(_) => None,
        };
        by_id.ok_or_else(|| Error::not_found("group", name))
    }

    /// What a group is called; none when it was removed.
    pub(crate) fn group_name(&self, group: GroupId) -> Result<Option<String>> {
        let sql = "SELECT name FROM groups WHERE id = ?1 AND removed = 0";
        self.one(sql, [group.as_bytes()], |row| row.get(0))
    }

    pub(crate) fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        self.all(
            "SELECT member_of, role FROM memberships WHERE user = ?1",
            [user.as_bytes()],
            |row| {
                Ok(Membership {
                    user,
                    group: GroupId::from_bytes(row.get(0)?),
                    role: word(row, 1, GroupRole::from_word)?,
                })
            },
        )
    }

    pub(crate) fn membership(&self, user: UserId, group: GroupId) -> Result<Option<GroupRole>> {
        let sql = "SELECT role FROM memberships WHERE user = ?1 AND member_of = ?2";
        self.one(sql, params![user.as_bytes(), group.as_bytes()], |row| {
            word(row, 0, GroupRole::from_word)
        })
    }

    /// Everybody in a group with their role, dormant ones included, in order of creation.
    pub(crate) fn members_of(&self, group: GroupId) -> Result<Vec<(UserId, GroupRole)>> {
        let sql = "SELECT user, role FROM memberships JOIN users ON users.id = user WHERE member_of = ?1 ORDER BY users.seq";
        self.all(sql, [group.as_bytes()], |row| {
            Ok((
                UserId::from_bytes(row.get(0)?),
                word(row, 1, GroupRole::from_word)?,
            ))
        })
    }

    /// The active people of a group, in order of creation.
    pub(crate) fn active_members_of(&self, group: GroupId) -> Result<Vec<UserId>> {
        let sql = "SELECT user FROM memberships JOIN users ON users.id = user \
            WHERE member_of = ?1 AND users.status = 'active' ORDER BY users.seq";
        self.all(sql, [group.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// What a group carries; nothing of what was removed.
    pub(crate) fn carried_by(&self, group: GroupId) -> Result<GroupCarries> {
        let trainings = "SELECT training FROM group_trainings JOIN trainings ON trainings.id = training \
            WHERE carrier = ?1 AND removed = 0 ORDER BY name_key";
        let pools = "SELECT pool FROM group_pools JOIN pools ON pools.id = pool WHERE carrier = ?1 ORDER BY pools.seq";
        Ok(GroupCarries {
            trainings: self.all(trainings, [group.as_bytes()], |row| {
                Ok(TrainingId::from_bytes(row.get(0)?))
            })?,
            pools: self.all(pools, [group.as_bytes()], |row| {
                Ok(PoolId::from_bytes(row.get(0)?))
            })?,
        })
    }

    /// The groups that carry a training.
    pub(crate) fn carriers_of(&self, training: TrainingId) -> Result<Vec<GroupId>> {
        let sql = "SELECT carrier FROM group_trainings WHERE training = ?1 ORDER BY carrier";
        self.all(sql, [training.as_bytes()], |row| {
            Ok(GroupId::from_bytes(row.get(0)?))
        })
    }
}
