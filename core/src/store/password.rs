//! Passwords and the links to choose one: apart from what lists read, and gone with the person.

use rusqlite::{Connection, Params, Row, params};

use super::snapshot::word;
use super::{Read, Snapshot, broken};
use crate::error::{Error, Result};
use crate::model::{LinkState, PasswordLink, Settings, Timestamp, User, UserId};
use crate::password::PasswordHash;

/// A link from a row that begins with its generation, state and end.
pub(super) fn link_row(row: &Row<'_>) -> rusqlite::Result<PasswordLink> {
    Ok(PasswordLink {
        generation: row.get(0)?,
        state: word(row, 1, LinkState::from_word)?,
        expires_at: Timestamp::from_millis(row.get(2)?),
    })
}

impl Snapshot<'_> {
    pub(crate) fn has_password(&self, user: UserId) -> Result<bool> {
        let sql = "SELECT 1 FROM passwords WHERE user = ?1";
        Ok(self.one(sql, [user.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// The link with which a person may choose a password.
    pub(crate) fn password_link(&self, user: UserId) -> Result<Option<PasswordLink>> {
        let sql = "SELECT generation, state, expires_at FROM password_links WHERE user = ?1";
        self.one(sql, [user.as_bytes()], link_row)
    }

    /// What is kept of a person's password.
    pub(super) fn password_of(&self, user: UserId) -> Result<Option<PasswordHash>> {
        let sql = "SELECT memory_kib, passes, salt, hash FROM passwords WHERE user = ?1";
        self.one(sql, [user.as_bytes()], |row| {
            Ok(PasswordHash {
                memory_kib: row.get(0)?,
                passes: row.get(1)?,
                salt: row.get(2)?,
                hash: row.get(3)?,
            })
        })
    }
}

impl Read<'_> {
    /// What is looked at before anybody's password is.
    pub(crate) fn for_sign_in(&self) -> Result<(Settings, [u8; 32])> {
        self.together(|snapshot| Ok((snapshot.settings()?, snapshot.digest_key()?)))
    }

    /// Whoever is named, and what is kept of their password. The same statements run for nobody.
    pub(crate) fn password_for(&self, who: &str) -> Result<(UserId, Option<PasswordHash>)> {
        self.together(|snapshot| {
            let found = snapshot.standing_of(who)?;
            let user = found.map_or(NOBODY, |it| it.0);
            Ok((user, snapshot.password_of(user)?))
        })
    }

    /// The person as they are committed now.
    pub(crate) fn standing_now(&self, user: UserId) -> Result<Option<User>> {
        self.user(user)
    }

    /// Whether a person can sign in by a password.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn has_password(&self, user: UserId) -> Result<bool> {
        let snapshot = self.snapshot()?;
        Ok(self.sees(&snapshot, user)? && snapshot.has_password(user)?)
    }

    /// A person's link to choose a password.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn password_link(&self, user: UserId) -> Result<Option<PasswordLink>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.password_link(user)
    }
}

/// The id that nobody has.
const NOBODY: UserId = UserId::from_bytes([0; 16]);

/// Sets or removes a password. The history has no hashes, so a change read from it cannot set one.
pub(super) fn set(
    conn: &Connection,
    user: UserId,
    after: bool,
    hash: Option<&PasswordHash>,
) -> Result<()> {
    match (after, hash) {
        (false, _) => run(
            conn,
            "DELETE FROM passwords WHERE user = ?1",
            [user.as_bytes()],
        ),
        (true, Some(it)) => run(
            conn,
            "INSERT INTO passwords (user, memory_kib, passes, salt, hash) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (user) DO UPDATE SET memory_kib = ?2, passes = ?3, salt = ?4, hash = ?5",
            params![user.as_bytes(), it.memory_kib, it.passes, it.salt, it.hash],
        ),
        (true, None) => Err(Error::Broken("a password is not there to be set".into())),
    }
}

/// Sets or removes the link.
pub(super) fn set_link(conn: &Connection, user: UserId, link: Option<PasswordLink>) -> Result<()> {
    match link {
        None => run(
            conn,
            "DELETE FROM password_links WHERE user = ?1",
            [user.as_bytes()],
        ),
        Some(it) => run(
            conn,
            "INSERT INTO password_links (user, generation, state, expires_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (user) DO UPDATE SET generation = ?2, state = ?3, expires_at = ?4",
            params![
                user.as_bytes(),
                it.generation,
                it.state.as_str(),
                it.expires_at.as_millis()
            ],
        ),
    }
}

/// Destroys both, with everything else about a person.
pub(super) fn erase(conn: &Connection, user: UserId) -> Result<()> {
    set(conn, user, false, None)?;
    set_link(conn, user, None)
}

fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
