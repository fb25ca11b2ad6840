//! Accounts of people's own: read for planning and for front ends, written and destroyed by changes.

use rusqlite::{Connection, Row, params};
use sha2::{Digest as _, Sha256};

use super::read::Read;
use super::{Snapshot, broken};
use crate::error::{Error, Result};
use crate::model::{Individual, IndividualId, IndividualTerms, Record, UserId, key_of_name};

const COLUMNS: &str = "id, email, first_name, last_name, records, taken_by";

fn individual_row(row: &Row<'_>) -> rusqlite::Result<Individual> {
    let records: Vec<Record> =
        serde_json::from_str(row.get_ref(4)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                4,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?;
    Ok(Individual {
        id: IndividualId::from_bytes(row.get(0)?),
        terms: IndividualTerms {
            email: row.get(1)?,
            first_name: row.get(2)?,
            last_name: row.get(3)?,
            records,
            taken_by: row.get::<_, Option<[u8; 16]>>(5)?.map(UserId::from_bytes),
        },
    })
}

impl Snapshot<'_> {
    /// Whether anybody has an account of their own.
    pub(crate) fn has_individuals(&self) -> Result<bool> {
        let found = self.one("SELECT 1 FROM individuals LIMIT 1", [], |_| Ok(()))?;
        Ok(found.is_some())
    }

    pub(crate) fn individual(&self, account: IndividualId) -> Result<Option<Individual>> {
        let sql = format!("SELECT {COLUMNS} FROM individuals WHERE id = ?1");
        self.one(&sql, [account.as_bytes()], individual_row)
    }

    /// The account of an address.
    pub(crate) fn individual_of_address(&self, email: &str) -> Result<Option<Individual>> {
        let sql = format!("SELECT {COLUMNS} FROM individuals WHERE email_key = ?1");
        self.one(&sql, [key_of_name(email.trim())], individual_row)
    }

    /// Accounts whose keys an address has, undone ones included.
    pub(crate) fn accounts_of_address(&self, email: &str) -> Result<Vec<IndividualId>> {
        let hash = address_hash(self.conn, &key_of_name(email.trim()))?;
        self.all(
            "SELECT account FROM individual_keys WHERE address = ?1",
            [hash],
            |row| Ok(IndividualId::from_bytes(row.get(0)?)),
        )
    }
}

impl Snapshot<'_> {
    /// Whether there is, or history still has, an account of anybody's own.
    fn has_known_accounts(&self) -> Result<bool> {
        let found = self.one("SELECT 1 FROM individual_keys LIMIT 1", [], |_| Ok(()))?;
        Ok(found.is_some())
    }
}

impl Read<'_> {
    /// Accounts of people's own, by address, after one of them.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever does not see everybody.
    pub fn individuals(&self, after: Option<&str>, limit: usize) -> Result<Vec<Individual>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM individuals WHERE email_key > ?1 ORDER BY email_key LIMIT ?2"
        );
        self.sees_all("accounts that people have of their own")?;
        let after = after.map(key_of_name).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot()?
            .all(&sql, params![after, limit], individual_row)
    }

    /// An account by id.
    ///
    /// # Errors
    /// As [`Read::individuals`].
    pub fn individual_by_id(&self, account: IndividualId) -> Result<Option<Individual>> {
        self.sees_all("accounts that people have of their own")?;
        self.snapshot()?.individual(account)
    }

    /// The account that the person of an address has of their own.
    ///
    /// # Errors
    /// As [`Read::individuals`].
    pub fn individual(&self, email: &str) -> Result<Option<Individual>> {
        self.sees_all("accounts that people have of their own")?;
        self.snapshot()?.individual_of_address(email)
    }
}

/// An address hashed under the database's key, so that what is left of a vanished account says nothing to others.
fn address_hash(conn: &Connection, email_key: &str) -> Result<[u8; 32]> {
    let key = Snapshot::new(conn).digest_key()?;
    let hash = Sha256::new()
        .chain_update(b"account")
        .chain_update(key)
        .chain_update(email_key);
    Ok(hash.finalize().into())
}

/// Writes an account, or takes it away. Its key is made with it and stays, so that history can be read and undone.
pub(super) fn set(
    conn: &Connection,
    account: IndividualId,
    terms: Option<&IndividualTerms>,
    key: &[u8; 32],
) -> Result<()> {
    let id = account.as_bytes();
    let Some(terms) = terms else {
        return run(conn, "DELETE FROM individuals WHERE id = ?1", params![id]);
    };
    let records =
        serde_json::to_string(&terms.records).map_err(|error| Error::Broken(error.to_string()))?;
    let email_key = key_of_name(&terms.email);
    run(
        conn,
        "INSERT INTO individuals (id, email, email_key, first_name, last_name, records, taken_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET \
         email = ?2, email_key = ?3, first_name = ?4, last_name = ?5, records = ?6, taken_by = ?7",
        params![
            id,
            terms.email,
            email_key,
            terms.first_name,
            terms.last_name,
            records,
            terms.taken_by.as_ref().map(|it| it.as_bytes()),
        ],
    )?;
    run(
        conn,
        "INSERT INTO individual_keys (account, key, address) VALUES (?1, ?2, ?3) ON CONFLICT (account) DO NOTHING",
        params![id, key, address_hash(conn, &email_key)?],
    )
}

/// Destroys an account: what is known of it, and the key under which history has it.
pub(super) fn erase(conn: &Connection, account: IndividualId) -> Result<()> {
    let id = account.as_bytes();
    run(conn, "DELETE FROM individuals WHERE id = ?1", params![id])?;
    run(
        conn,
        "DELETE FROM individual_keys WHERE account = ?1",
        params![id],
    )
}

/// Destroys the accounts of a user who is erased: the one that they came with, and those of every address that was theirs
/// and is nobody else's now.
pub(super) fn erase_of(conn: &Connection, user: UserId) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    if !snapshot.has_known_accounts()? {
        return Ok(());
    }
    let mut accounts = snapshot.all(
        "SELECT id FROM individuals WHERE taken_by = ?1",
        [user.as_bytes()],
        |row| Ok(IndividualId::from_bytes(row.get(0)?)),
    )?;
    for email in snapshot.addresses_left_by(user)? {
        accounts.extend(snapshot.accounts_of_address(&email)?);
    }
    accounts
        .into_iter()
        .try_for_each(|account| erase(conn, account))
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
