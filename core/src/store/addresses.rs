//! Every further address of a person, found in what is kept of a provider's attributes, so that a look-up by any of them
//! is answered from an index. The address that is the person's own is not here: it has a column. And every address that
//! somebody ever had, which only history knows.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::events::Reader;
use super::{Snapshot, broken, read};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Field, UserId, further_addresses, key_of_name};

impl Snapshot<'_> {
    /// The keys of every address that a person ever had and that is nobody else's now: what goes with them when they are
    /// erased.
    pub(crate) fn addresses_left_by(&self, user: UserId) -> Result<BTreeSet<String>> {
        let mut addresses = BTreeSet::new();
        for key in self.addresses_ever(user)? {
            let other = self.user_by_email_key(&key)?;
            if other.is_none_or(|it| it.id == user) {
                addresses.insert(key);
            }
        }
        Ok(addresses)
    }

    /// The keys of every address that a person ever had, as their own, as a user name, or as a further one of a provider's.
    fn addresses_ever(&self, user: UserId) -> Result<BTreeSet<String>> {
        let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind IN ('user_created', 'profile')";
        let recorded = self.all(sql, [user.as_bytes()], read::recorded_row)?;
        let mut reader = Reader::new(self.conn);
        let mut addresses = BTreeSet::new();
        let mut had = |field: Field, value: Option<&str>| match field {
            Field::Email => addresses.extend(value.map(key_of_name)),
            Field::UserName => {
                addresses.extend(value.filter(|it| it.contains('@')).map(key_of_name));
            }
            Field::Kept => addresses.extend(further_addresses(value)),
            _ => {}
        };
        for event in &recorded {
            match reader.change(event)? {
                Some(Change::UserCreated { created, .. }) => {
                    for field in [Field::Email, Field::UserName, Field::Kept] {
                        had(field, created.profile.get(field));
                    }
                }
                Some(Change::Profile {
                    field,
                    before,
                    after,
                    ..
                }) => {
                    had(field, before.as_deref());
                    had(field, after.as_deref());
                }
                _ => {}
            }
        }
        Ok(addresses)
    }
}

/// Notes the further addresses of somebody new.
pub(super) fn keep_first(conn: &Connection, user: UserId, kept: Option<&str>) -> Result<()> {
    for key in further_addresses(kept) {
        conn.prepare_cached("INSERT OR IGNORE INTO addresses (key, user) VALUES (?1, ?2)")
            .and_then(|mut it| it.execute(params![key, user.as_bytes()]))
            .map_err(broken)?;
    }
    Ok(())
}

/// Notes them anew.
pub(super) fn keep(conn: &Connection, user: UserId, kept: Option<&str>) -> Result<()> {
    forget(conn, user)?;
    keep_first(conn, user, kept)
}

/// Removes them.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    conn.prepare_cached("DELETE FROM addresses WHERE user = ?1")
        .and_then(|mut it| it.execute([user.as_bytes()]))
        .map(|_| ())
        .map_err(broken)
}
