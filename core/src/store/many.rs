//! What is known of a page of people, each kind by one statement.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;

use super::password::link_row;
use super::snapshot::{Snapshot, date, license_columns, license_row, user_columns, user_row, word};
use super::trainings::{ASSIGNMENT_COLUMNS, assigned_row};
use crate::error::Result;
use crate::model::{
    Assigned, Date, GroupId, GroupRole, Invitation, InvitationId, InvitationState, License,
    Membership, PasswordLink, PoolId, Timestamp, User, UserId,
};

/// The ids as one binding; read back by `json_each` in their order.
pub(super) fn bound(ids: &[UserId]) -> String {
    // A crowd is read by thousands of these: writing them digit by digit took a quarter of the time.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |it: u8| char::from(DIGITS.get(usize::from(it)).copied().unwrap_or(b'0'));
    let mut text = String::with_capacity(ids.len() * 35 + 2);
    text.push('[');
    for (at, id) in ids.iter().enumerate() {
        text.push_str(if at == 0 { "\"" } else { ",\"" });
        for byte in id.as_bytes() {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        text.push('"');
    }
    text.push(']');
    text
}

impl Snapshot<'_> {
    pub(super) fn of_all<T>(
        &self,
        sql: &str,
        ids: &[UserId],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.all(sql, [bound(ids)], read)
    }

    /// These people, of those who are there.
    pub(crate) fn users_of(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM json_each(?1) CROSS JOIN users ON users.id = unhex(value)"
        );
        self.of_all(sql, ids, user_row)
    }

    /// Licenses of these people.
    pub(crate) fn licenses_of_all(&self, ids: &[UserId]) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM json_each(?1) CROSS JOIN licenses ON licenses.user = unhex(value)"
        );
        self.of_all(sql, ids, license_row)
    }

    /// Pools of which these people are to get a license when they become active.
    pub(crate) fn requests_of_all(&self, ids: &[UserId]) -> Result<Vec<(UserId, PoolId)>> {
        let sql = "SELECT user, pool FROM json_each(?1) CROSS JOIN license_requests ON user = unhex(value)";
        self.of_all(sql, ids, |row| {
            Ok((
                UserId::from_bytes(row.get(0)?),
                PoolId::from_bytes(row.get(1)?),
            ))
        })
    }

    /// Until when licenses of these people were agreed, for those that have an end.
    pub(crate) fn license_ends_of_all(
        &self,
        ids: &[UserId],
    ) -> Result<Vec<(UserId, PoolId, Date)>> {
        let sql = "SELECT user, pool, ends_on FROM json_each(?1) CROSS JOIN license_ends ON user = unhex(value)";
        self.of_all(sql, ids, |row| {
            Ok((
                UserId::from_bytes(row.get(0)?),
                PoolId::from_bytes(row.get(1)?),
                word(row, 2, |it| it.parse::<Date>().ok())?,
            ))
        })
    }

    /// Invitations of these people.
    pub(crate) fn invitations_of_all(&self, ids: &[UserId]) -> Result<Vec<(UserId, Invitation)>> {
        let sql = "SELECT user, invitations.id, generation, state, expires_at, send_on \
            FROM json_each(?1) CROSS JOIN invitations ON user = unhex(value)";
        self.of_all(sql, ids, |row| {
            let invitation = Invitation {
                id: InvitationId::from_bytes(row.get(1)?),
                generation: row.get(2)?,
                state: word(row, 3, InvitationState::from_word)?,
                expires_at: Timestamp::from_millis(row.get(4)?),
                send_on: date(row, 5)?,
            };
            Ok((UserId::from_bytes(row.get(0)?), invitation))
        })
    }

    /// Who of these people was mailed the invitation that they have, or is about to be.
    pub(crate) fn mailed_invitations_of_all(&self, ids: &[UserId]) -> Result<BTreeSet<UserId>> {
        let sql = "SELECT invitations.user FROM json_each(?1) CROSS JOIN invitations ON user = unhex(value) \
            WHERE EXISTS (SELECT 1 FROM outbox WHERE outbox.user = invitations.user \
            AND outbox.generation = invitations.generation AND outbox.template = 'invitation')";
        let mailed = self.of_all(sql, ids, |row| Ok(UserId::from_bytes(row.get(0)?)))?;
        Ok(mailed.into_iter().collect())
    }

    /// Who of these people was changed last, by which command, and when; the latest first.
    pub(crate) fn changed_last(
        &self,
        ids: &[UserId],
        limit: usize,
    ) -> Result<Vec<(UserId, String, Timestamp)>> {
        let sql = format!(
            "SELECT events.user, batches.command, batches.at FROM (SELECT max(events.seq) AS seq FROM json_each(?1) \
             CROSS JOIN events ON events.user = unhex(value) GROUP BY value ORDER BY 1 DESC LIMIT {limit}) AS latest \
             CROSS JOIN events ON events.seq = latest.seq JOIN batches ON batches.seq = events.batch ORDER BY latest.seq DESC"
        );
        self.of_all(&sql, ids, |row| {
            let user = UserId::from_bytes(row.get(0)?);
            Ok((user, row.get(1)?, Timestamp::from_millis(row.get(2)?)))
        })
    }

    /// Links to choose a password of these people.
    pub(crate) fn password_links_of_all(
        &self,
        ids: &[UserId],
    ) -> Result<BTreeMap<UserId, PasswordLink>> {
        let sql = "SELECT generation, password_links.state, expires_at, user \
            FROM json_each(?1) CROSS JOIN password_links ON user = unhex(value)";
        let links = self.of_all(sql, ids, |row| {
            Ok((UserId::from_bytes(row.get(3)?), link_row(row)?))
        })?;
        Ok(links.into_iter().collect())
    }

    /// Assignments of these people, ended ones included.
    pub(crate) fn assignments_of_all(&self, ids: &[UserId]) -> Result<Vec<Assigned>> {
        let sql = format!(
            "SELECT {ASSIGNMENT_COLUMNS} FROM json_each(?1) CROSS JOIN assignments ON user = unhex(value)"
        );
        self.of_all(&sql, ids, assigned_row)
    }

    /// Memberships of these people.
    pub(crate) fn memberships_of_all(&self, ids: &[UserId]) -> Result<Vec<Membership>> {
        let sql = "SELECT user, member_of, role FROM json_each(?1) CROSS JOIN memberships ON user = unhex(value)";
        self.of_all(sql, ids, |row| {
            Ok(Membership {
                user: UserId::from_bytes(row.get(0)?),
                group: GroupId::from_bytes(row.get(1)?),
                role: word(row, 2, GroupRole::from_word)?,
            })
        })
    }
}
