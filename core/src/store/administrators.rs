//! Who acts for the organization: administrators, what waits for a second one of them, who they are to the operating
//! system, and what groups may spend.

use std::collections::HashMap;

use rusqlite::{Row, params};

use super::snapshot::{Snapshot, word};
use super::{actor, broken};
use crate::error::Result;
use crate::model::{
    Actor, Approval, ApprovalId, ApprovalState, Budget, GroupId, Permission, Seats, Timestamp,
    UserId,
};
use crate::policy::Authority;

macro_rules! approval_columns {
    () => {
        "id, user, permission, asked_kind, asked_by, digest, state, asked_at, expires_at, decided_kind, decided_by"
    };
}

fn approval_row(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let decided: Option<String> = row.get(9)?;
    Ok(Approval {
        id: ApprovalId::from_bytes(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        permission: word(row, 2, Permission::from_word)?,
        by: actor::decode(row, 3)?,
        digest: row.get(5)?,
        state: word(row, 6, ApprovalState::from_word)?,
        asked_at: Timestamp::from_millis(row.get(7)?),
        expires_at: Timestamp::from_millis(row.get(8)?),
        decided_by: match decided {
            Some(_) => Some(actor::decode(row, 9)?),
            None => None,
        },
    })
}

impl Snapshot<'_> {
    /// How many people could decide on an approval: active owners, and those who manage users.
    pub(crate) fn active_administrators(&self) -> Result<i64> {
        let sql = "SELECT count(DISTINCT permissions.user) FROM permissions JOIN users ON users.id = permissions.user \
            WHERE permission IN ('owner', 'manage_users') AND status = 'active'";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }

    /// Everybody with a permission, in order of creation.
    pub(crate) fn administrators(&self) -> Result<Vec<UserId>> {
        let sql = "SELECT users.id FROM users WHERE users.id IN (SELECT user FROM permissions UNION SELECT user FROM system_users \
            UNION SELECT user FROM ssh_keys) \
            ORDER BY users.seq";
        self.all(sql, [], |row| Ok(UserId::from_bytes(row.get(0)?)))
    }

    /// Whether somebody may act for the organization at all: by a permission, as a manager, or for a group.
    pub(crate) fn is_administrator(&self, user: UserId) -> Result<bool> {
        let authority = Authority::of(self, Actor::Administrator(user))?;
        Ok(!authority.is_nobody())
    }

    pub(crate) fn approval(&self, id: ApprovalId) -> Result<Option<Approval>> {
        let sql = concat!(
            "SELECT ",
            approval_columns!(),
            " FROM approvals WHERE id = ?1"
        );
        self.one(sql, [id.as_bytes()], approval_row)
    }

    /// What was asked for a person and nobody has decided, in time or not.
    pub(crate) fn pending_approval(
        &self,
        user: UserId,
        permission: Permission,
    ) -> Result<Option<Approval>> {
        let sql = concat!(
            "SELECT ",
            approval_columns!(),
            " FROM approvals WHERE user = ?1 AND permission = ?2 AND state = 'pending'"
        );
        self.one(
            sql,
            params![user.as_bytes(), permission.as_str()],
            approval_row,
        )
    }

    /// Everything that was ever asked, newest first.
    pub(crate) fn approvals(&self) -> Result<Vec<Approval>> {
        let sql = concat!(
            "SELECT ",
            approval_columns!(),
            " FROM approvals ORDER BY id DESC"
        );
        self.all(sql, [], approval_row)
    }

    /// The administrator who acts when an operating-system user does.
    pub(crate) fn user_of_system_user(&self, name: &str) -> Result<Option<UserId>> {
        let sql = "SELECT user FROM system_users WHERE name = ?1";
        self.one(sql, [name], |row| Ok(UserId::from_bytes(row.get(0)?)))
    }

    pub(crate) fn system_users_of(&self, user: UserId) -> Result<Vec<String>> {
        let sql = "SELECT name FROM system_users WHERE user = ?1 ORDER BY name";
        self.all(sql, [user.as_bytes()], |row| row.get(0))
    }

    /// Every link, by whom it leads to.
    pub(crate) fn system_users(&self) -> Result<HashMap<UserId, Vec<String>>> {
        let sql = "SELECT user, name FROM system_users ORDER BY name";
        let rows: Vec<(UserId, String)> = self.all(sql, [], |row| {
            Ok((UserId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        let mut links: HashMap<UserId, Vec<String>> = HashMap::new();
        for (user, name) in rows {
            links.entry(user).or_default().push(name);
        }
        Ok(links)
    }

    /// What those who run a group may hand out in it, if that is limited.
    pub(crate) fn budget_of(&self, group: GroupId) -> Result<Option<Budget>> {
        let sql = "SELECT seats, spent FROM group_budgets WHERE budget_of = ?1";
        self.one(sql, [group.as_bytes()], |row| {
            Ok(Budget {
                seats: row.get(0)?,
                spent: row.get(1)?,
            })
        })
    }
}

/// Writes down that something was asked.
pub(super) fn ask(
    conn: &rusqlite::Connection,
    asked: (ApprovalId, UserId, Permission),
    by: Actor,
    digest: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let (id, user, permission) = asked;
    let (kind, actor) = actor::encode(by);
    let sql = "INSERT INTO approvals (id, user, permission, asked_kind, asked_by, digest, state, asked_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8)";
    run(
        conn,
        sql,
        params![
            id.as_bytes(),
            user.as_bytes(),
            permission.as_str(),
            kind,
            actor,
            digest,
            at.as_millis(),
            expires_at.as_millis()
        ],
    )
}

/// Writes down what became of it.
pub(super) fn decide(
    conn: &rusqlite::Connection,
    id: ApprovalId,
    by: Actor,
    after: ApprovalState,
) -> Result<()> {
    let decided = (after != ApprovalState::Pending).then(|| actor::encode(by));
    let sql = "UPDATE approvals SET state = ?2, decided_kind = ?3, decided_by = ?4 WHERE id = ?1";
    run(
        conn,
        sql,
        params![
            id.as_bytes(),
            after.as_str(),
            decided.map(|it| it.0),
            decided.and_then(|it| it.1)
        ],
    )
}

/// Sets, changes or clears a group's budget; what is spent is counted once, and kept from then on.
pub(super) fn set_budget(
    conn: &rusqlite::Connection,
    group: GroupId,
    seats: Option<Seats>,
) -> Result<()> {
    let Some(seats) = seats else {
        let sql = "DELETE FROM group_budgets WHERE budget_of = ?1";
        return run(conn, sql, [group.as_bytes()]);
    };
    let sql = "INSERT INTO group_budgets (budget_of, seats, spent) \
        SELECT ?1, ?2, count(*) FROM memberships JOIN users ON users.id = memberships.user \
            WHERE memberships.member_of = ?1 AND users.status IN ('queued', 'waiting', 'pending_transfer', 'active') \
        ON CONFLICT (budget_of) DO UPDATE SET seats = ?2";
    run(conn, sql, params![group.as_bytes(), seats])
}

fn run(conn: &rusqlite::Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
