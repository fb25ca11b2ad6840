//! The keys with which administrators come in over SSH.

use std::collections::HashMap;

use rusqlite::{Row, params};

use super::apply::Applier;
use super::read::Read;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::model::{Actor, AdminKey, Fingerprint, SshKey, Timestamp, UserId};
use crate::policy::Authority;

fn row(row: &Row<'_>) -> rusqlite::Result<AdminKey> {
    let line: String = row.get(1)?;
    let key = SshKey::parse(&line).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
    })?;
    Ok(AdminKey {
        user: UserId::from_bytes(row.get(0)?),
        key,
        added_at: Timestamp::from_millis(row.get(2)?),
    })
}

impl Snapshot<'_> {
    /// Whose key this is, if it is anybody's.
    pub(crate) fn ssh_key(&self, fingerprint: Fingerprint) -> Result<Option<AdminKey>> {
        let sql = "SELECT user, line, added_at FROM ssh_keys WHERE fingerprint = ?1";
        self.one(sql, [fingerprint.as_bytes()], row)
    }

    /// Somebody's keys, oldest first.
    pub(crate) fn ssh_keys_of(&self, user: UserId) -> Result<Vec<AdminKey>> {
        let sql = "SELECT user, line, added_at FROM ssh_keys WHERE user = ?1 ORDER BY added_at, fingerprint";
        self.all(sql, [user.as_bytes()], row)
    }

    /// Everybody's keys, by whose they are. Only administrators have any, and those are few.
    pub(crate) fn ssh_keys(&self) -> Result<HashMap<UserId, Vec<AdminKey>>> {
        let sql = "SELECT user, line, added_at FROM ssh_keys ORDER BY added_at, fingerprint";
        let mut keys: HashMap<UserId, Vec<AdminKey>> = HashMap::new();
        for key in self.all(sql, [], row)? {
            keys.entry(key.user).or_default().push(key);
        }
        Ok(keys)
    }
}

impl Read<'_> {
    /// The keys with which somebody comes in over SSH, oldest first; nothing of whom whoever reads does not see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn ssh_keys_of(&self, user: UserId) -> Result<Vec<AdminKey>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        snapshot.ssh_keys_of(user)
    }

    /// The keys that open for an active administrator now: the one of this fingerprint, or all of them.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn ssh_keys_that_open(&self, wanted: Option<Fingerprint>) -> Result<Vec<AdminKey>> {
        self.together(|snapshot| {
            let mut keys: Vec<AdminKey> = match wanted {
                Some(fingerprint) => snapshot.ssh_key(fingerprint)?.into_iter().collect(),
                None => snapshot.ssh_keys()?.into_values().flatten().collect(),
            };
            keys.sort_by_key(|it| (it.user, it.added_at, it.key.fingerprint()));
            let mut open = Vec::new();
            for key in keys {
                let actor = Actor::Administrator(key.user);
                if !Authority::of(snapshot, actor)?.is_nobody() && self.sees(snapshot, key.user)? {
                    open.push(key);
                }
            }
            Ok(open)
        })
    }
}

/// Gives somebody a key, or takes it.
pub(super) fn set(applier: &Applier<'_>, user: UserId, key: &SshKey, has: bool) -> Result<()> {
    let fingerprint = key.fingerprint();
    if has {
        applier.hit(
            "INSERT INTO ssh_keys (fingerprint, user, line, added_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                fingerprint.as_bytes(),
                user.as_bytes(),
                key.to_string(),
                applier.at.as_millis()
            ],
        )
    } else {
        applier.hit(
            "DELETE FROM ssh_keys WHERE fingerprint = ?1 AND user = ?2",
            params![fingerprint.as_bytes(), user.as_bytes()],
        )
    }
}
