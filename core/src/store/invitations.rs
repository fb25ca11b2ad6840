//! Invitations with how far they have come, and who asks for a new one whose invitation was withdrawn. A wish decides nothing
//! and makes no event; it goes when the person is invited again, and with their record.

use rusqlite::{Connection, params};
use serde_json::json;

use super::{Read, Snapshot, broken, outbox};
use crate::error::Result;
use crate::model::{BatchId, InvitationProgress, Permission, Status, Timestamp, User, UserId};
use crate::plan::Template;
use crate::query::UsersPage;

/// For so long administrators are not told again of the same person.
const QUIET_MS: i64 = 7 * 86_400_000;

/// Somebody's invitation.
#[derive(Clone, Debug)]
pub struct InvitationRow {
    /// Who is invited, or was.
    pub user: User,
    /// How far it has come; none for whoever never had one, as they wait for a seat or were provisioned.
    pub progress: Option<InvitationProgress>,
    /// From when its link does not work any more.
    pub expires_at: Option<Timestamp>,
    /// When they asked for a new one last, as this one was withdrawn.
    pub asked_at: Option<Timestamp>,
}

impl Read<'_> {
    /// The invitations of a page of people.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitations(&self, page: &UsersPage) -> Result<Vec<InvitationRow>> {
        let users = self.users(page)?;
        let snapshot = self.snapshot()?;
        let row = |user| self.invitation_row(&snapshot, user);
        users.into_iter().map(row).collect()
    }

    /// Who asks for a new invitation, whoever asked last first.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitation_wishes(&self, limit: usize) -> Result<Vec<InvitationRow>> {
        let snapshot = self.snapshot()?;
        let sql = "SELECT user FROM invitation_wishes ORDER BY asked_at DESC";
        let all = snapshot.all(sql, [], |row| Ok(UserId::from_bytes(row.get(0)?)))?;
        let mut rows = Vec::new();
        for id in all {
            if rows.len() >= limit {
                break;
            }
            if self.sees(&snapshot, id)?
                && let Some(user) = snapshot.user(id)?
            {
                rows.push(self.invitation_row(&snapshot, user)?);
            }
        }
        Ok(rows)
    }

    fn invitation_row(&self, snapshot: &Snapshot<'_>, user: User) -> Result<InvitationRow> {
        let sql = "SELECT asked_at FROM invitation_wishes WHERE user = ?1";
        let asked_at: Option<i64> = snapshot.one(sql, [user.id.as_bytes()], |row| row.get(0))?;
        Ok(InvitationRow {
            progress: snapshot.invitation_progress(user.id, self.now)?,
            expires_at: snapshot.invitation(user.id)?.map(|it| it.expires_at),
            asked_at: asked_at.map(Timestamp::from_millis),
            user,
        })
    }
}

/// Notes that somebody asks for a new invitation, and tells whoever may invite them, unless they were told lately. Whoever was
/// invited meanwhile asks for nothing.
pub(super) fn ask(conn: &Connection, user: UserId, at: Timestamp) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    let is_withdrawn = snapshot
        .user(user)?
        .is_some_and(|it| it.status == Status::Cancelled);
    if !is_withdrawn {
        return Ok(());
    }
    let sql = "SELECT told_at FROM invitation_wishes WHERE user = ?1";
    let told_at: Option<i64> = snapshot.one(sql, [user.as_bytes()], |row| row.get(0))?;
    let is_told = told_at.is_some_and(|it| at.as_millis() < it + QUIET_MS);
    let told_at = told_at.filter(|_| is_told).unwrap_or(at.as_millis());
    run(
        conn,
        "INSERT INTO invitation_wishes (user, asked_at, told_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (user) DO UPDATE SET asked_at = ?2, told_at = ?3, times = times + 1",
        params![user.as_bytes(), at.as_millis(), told_at],
    )?;
    if is_told {
        return Ok(());
    }
    let sql = "SELECT DISTINCT users.id FROM permissions JOIN users ON users.id = permissions.user \
        WHERE permission IN (?1, ?2) AND status = 'active' ORDER BY users.seq";
    let inviters = snapshot.all(
        sql,
        [Permission::Owner.as_str(), Permission::ManageUsers.as_str()],
        |row| Ok(UserId::from_bytes(row.get(0)?)),
    )?;
    // By id: the mail is made of what is known when it goes, and nothing of an erased person stays in the outbox.
    let about = json!({ "asker": user });
    let cause = BatchId::from_bytes(*user.as_bytes());
    let template = Template::InvitationWish;
    outbox::tell_each(&snapshot, &inviters, template, &about, cause, at)
}

/// Whoever is invited again, or goes, asks for nothing any more.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    let sql = "DELETE FROM invitation_wishes WHERE user = ?1";
    run(conn, sql, [user.as_bytes()])
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(drop)
        .map_err(broken)
}
