//! Whether a request that is kept may be carried out after all: it was not done, and what it would change is as it was.

use rusqlite::params;

use super::{Read, Snapshot, many};
use crate::command::{Command, GroupTarget, ProvisionGroup};
use crate::error::{Error, Result};
use crate::model::{Asked, GroupId, Timestamp, UserId};

fn changed_since(seq: i64) -> Error {
    Error::conflict(format!(
        "whom or what request {seq} is about has changed since; look again, and say --force if it shall be done all the same"
    ))
}

impl Snapshot<'_> {
    /// Whether nothing has happened to somebody since but that an administrator said that they are the same, and what the request
    /// did itself beside what is held.
    fn only_relinked(&self, user: UserId, asked: &Asked) -> Result<bool> {
        let sql = "SELECT min(batches.command = 'idp_relink' OR batches.id IS ?3) FROM events JOIN batches ON batches.seq = events.batch \
            WHERE events.user = ?1 AND batches.at > ?2";
        let own = asked.batch.map(|it| *it.as_bytes());
        let bound = params![user.as_bytes(), asked.at.as_millis(), own];
        let only = self.one(sql, bound, |row| row.get::<_, Option<bool>>(0))?;
        Ok(only.flatten().unwrap_or(false))
    }

    /// The first event of what came after an instant; none when nothing did. At a cost that grows with what came.
    fn first_event_after(&self, at: Timestamp) -> Result<Option<i64>> {
        let last = "SELECT seq FROM batches WHERE at <= ?1 ORDER BY seq DESC LIMIT 1";
        let last: Option<i64> = self.one(last, [at.as_millis()], |row| row.get(0))?;
        let next = "SELECT first_event FROM batches WHERE seq > ?1 ORDER BY seq LIMIT 1";
        self.one(next, [last.unwrap_or(0)], |row| row.get(0))
    }

    /// Whether a group was called otherwise since an event, by people or by a connection.
    fn called_otherwise_since(&self, group: GroupId, event: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM events WHERE user IS NULL AND seq >= ?1 AND kind IN ('group_name', 'group_link') \
            AND json_extract(CAST(body AS TEXT), '$[0]') = ?2 LIMIT 1";
        let found = self.one(sql, params![event, group.to_string()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Whether any of these people came into a group or left it since an event; anybody at all of none who are named.
    fn moved_since(&self, group: GroupId, who: Option<&[UserId]>, event: i64) -> Result<bool> {
        let moved = "kind = 'membership' AND json_extract(CAST(body AS TEXT), '$[0]') = ?2 LIMIT 1";
        let group = group.to_string();
        let found = match who {
            Some(who) => {
                let sql = format!(
                    "SELECT 1 FROM json_each(?3) CROSS JOIN events ON user = unhex(value) AND events.seq >= ?1 WHERE {moved}"
                );
                self.one(&sql, params![event, group, many::bound(who)], |_| Ok(()))?
            }
            None => {
                let sql = format!("SELECT 1 FROM events WHERE seq >= ?1 AND {moved}");
                self.one(&sql, params![event, group], |_| Ok(()))?
            }
        };
        Ok(found.is_some())
    }

    /// Whom a command would bring into a group or take out of it.
    fn moved_by(&self, command: &ProvisionGroup, group: GroupId) -> Result<Vec<UserId>> {
        let there = self.learners_of(group)?;
        let is_there: std::collections::HashSet<UserId> = there.iter().copied().collect();
        let added: std::collections::HashSet<UserId> = command.add.iter().copied().collect();
        let leaves = |it: &UserId| is_there.contains(it) && !added.contains(it);
        let mut moved: Vec<UserId> = if command.only {
            there.into_iter().filter(leaves).collect()
        } else {
            command.remove.iter().copied().filter(leaves).collect()
        };
        moved.extend(added.into_iter().filter(|it| !is_there.contains(it)));
        Ok(moved)
    }
}

impl Read<'_> {
    /// Refuses to carry out a request again that was done, whose body is gone, or that was about somebody who has changed
    /// since, unless that is wanted all the same. Of a group [`Read::check_group_replay`] says more.
    ///
    /// # Errors
    /// [`Error::Conflict`] with what to do.
    pub fn check_replay(&self, asked: &Asked, force: bool) -> Result<()> {
        self.sees_all("providers' requests")?;
        let refuse = |why: String| Err(Error::conflict(why));
        let seq = asked.seq;
        if !asked.is_failed() {
            return refuse(format!(
                "request {seq} was done; only what failed or is held is replayed"
            ));
        }
        if asked.body.is_none() && asked.method != "DELETE" {
            return refuse(format!("the body of request {seq} is not kept any more"));
        }
        if force {
            return Ok(());
        }
        if let Some(batch) = asked.replayed {
            return refuse(format!(
                "request {seq} was replayed already, as batch {batch}; --force does it again"
            ));
        }
        let snapshot = self.snapshot()?;
        let Some(user) = asked.user else {
            return Ok(());
        };
        let at = snapshot.user(user)?.map(|it| it.updated_at);
        let has_changed =
            at.is_some_and(|it| it > asked.at) && !snapshot.only_relinked(user, asked)?;
        if has_changed {
            return Err(changed_since(seq));
        }
        Ok(())
    }

    /// Refuses a replay of a request about a group when what its command would change of it has changed since: what the group is
    /// called, or whether those who would come or go are in it. Who else came or went, and what its members are called, is
    /// nothing to it.
    ///
    /// # Errors
    /// [`Error::Conflict`] with what to do, unless forced; [`Error::Forbidden`] for whoever does not see everybody.
    pub fn check_group_replay(&self, asked: &Asked, command: &Command, force: bool) -> Result<()> {
        self.sees_all("providers' requests")?;
        let Command::ProvisionGroup(command) = command else {
            return Ok(());
        };
        let (group, goes) = match command.target {
            GroupTarget::New => return Ok(()),
            GroupTarget::Existing { group, .. } => (group, false),
            GroupTarget::Removed { group, .. } => (group, true),
        };
        if force {
            return Ok(());
        }
        let today = self.provided_group(asked.connection, group)?;
        self.together(|snapshot| {
            let Some(event) = snapshot.first_event_after(asked.at)? else {
                return Ok(());
            };
            let is_named = today.as_ref().is_some_and(|today| {
                let name = command.name.as_ref();
                let called = command.external_id.as_ref();
                name.is_some_and(|it| *it != today.name)
                    || called.is_some_and(|it| *it != today.external_id)
            });
            let moved = match goes {
                true => None,
                false => Some(snapshot.moved_by(command, group)?),
            };
            let changed = (goes || is_named) && snapshot.called_otherwise_since(group, event)?
                || snapshot.moved_since(group, moved.as_deref(), event)?;
            if changed {
                return Err(changed_since(asked.seq));
            }
            Ok(())
        })
    }
}
