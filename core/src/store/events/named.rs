//! Addresses in the values of settings. Each is recorded under a key of its own, which goes when whose address it is is erased:
//! the rest of the value stays readable, and the chain holds.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest as _, Sha256};

use super::chain::hex;
use super::sealed::{Nonces, open, seal};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{ERASED_ENTRY, Setting, UserId, key_of_name};
use crate::store::{Snapshot, broken};

/// What stands before a sealed address. No value begins with it otherwise: `:` is in no address and in no domain.
const SEALED: &str = "sealed:";

/// An address's key, and the id by which events name it.
struct AddressKey {
    id: [u8; 16],
    key: [u8; 32],
}

/// The change as it is recorded, if it is about a setting whose values hold addresses.
pub(super) fn sealed(
    conn: &Connection,
    change: &Change,
    nonces: &mut Nonces,
    seq: i64,
) -> Result<Option<Change>> {
    let Change::Setting {
        setting,
        before,
        after,
    } = change
    else {
        return Ok(None);
    };
    if !setting.holds_addresses() {
        return Ok(None);
    }
    let mut each = |entry: &str| seal_entry(conn, entry, nonces, seq);
    mapped(*setting, before.as_deref(), after.as_deref(), &mut each).map(Some)
}

/// A recorded change with its addresses, but for those that were erased.
pub(super) fn opened(conn: &Connection, change: Change, seq: i64) -> Result<Change> {
    match &change {
        Change::Setting {
            setting,
            before,
            after,
        } if setting.holds_addresses() => {
            let mut each = |entry: &str| open_entry(conn, entry, seq);
            mapped(*setting, before.as_deref(), after.as_deref(), &mut each)
        }
        _ => Ok(change),
    }
}

fn mapped(
    setting: Setting,
    before: Option<&str>,
    after: Option<&str>,
    each: &mut dyn FnMut(&str) -> Result<String>,
) -> Result<Change> {
    let mut all = |value: Option<&str>| {
        let entries = value.map(|it| it.split(',').map(&mut *each).collect::<Result<Vec<_>>>());
        Ok::<_, Error>(entries.transpose()?.map(|it| it.join(",")))
    };
    Ok(Change::Setting {
        setting,
        before: all(before)?,
        after: all(after)?,
    })
}

fn seal_entry(conn: &Connection, entry: &str, nonces: &mut Nonces, seq: i64) -> Result<String> {
    if !entry.contains('@') {
        return Ok(entry.to_owned());
    }
    let AddressKey { id, key } = key_of(conn, entry, nonces)?;
    let sealed = seal(&key, nonces.draw(), seq, entry.as_bytes())?;
    Ok(format!("{SEALED}{}:{}", hex(&id), hex(&sealed)))
}

fn open_entry(conn: &Connection, entry: &str, seq: i64) -> Result<String> {
    let unreadable = || Error::Broken(format!("event {seq} cannot be read"));
    let Some(sealed) = entry.strip_prefix(SEALED) else {
        return Ok(entry.to_owned());
    };
    let (id, sealed) = sealed.split_once(':').ok_or_else(unreadable)?;
    let id = bytes(id).ok_or_else(unreadable)?;
    let sealed = bytes(sealed).ok_or_else(unreadable)?;
    let key: Option<[u8; 32]> = conn
        .prepare_cached("SELECT key FROM address_keys WHERE id = ?1")
        .and_then(|mut it| it.query_row([id], |row| row.get(0)).optional())
        .map_err(broken)?;
    match key {
        Some(key) => String::from_utf8(open(&key, seq, &sealed)?).map_err(|_| unreadable()),
        None => Ok(ERASED_ENTRY.to_owned()),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The key of an address; a new one when it has none.
fn key_of(conn: &Connection, address: &str, nonces: &mut Nonces) -> Result<AddressKey> {
    let digest = digest(conn, &key_of_name(address))?;
    let known = conn
        .prepare_cached("SELECT id, key FROM address_keys WHERE address = ?1")
        .and_then(|mut it| {
            it.query_row([digest], |row| {
                Ok(AddressKey {
                    id: row.get(0)?,
                    key: row.get(1)?,
                })
            })
            .optional()
        })
        .map_err(broken)?;
    if let Some(known) = known {
        return Ok(known);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&nonces.draw_key()[..16]);
    let key = nonces.draw_key();
    conn.prepare_cached("INSERT INTO address_keys (id, address, key) VALUES (?1, ?2, ?3)")
        .and_then(|mut it| it.execute(params![id, digest, key]))
        .map_err(broken)?;
    Ok(AddressKey { id, key })
}

/// An address hashed under the database's key, so that the table says nothing to others.
fn digest(conn: &Connection, address_key: &str) -> Result<[u8; 32]> {
    let key = Snapshot::new(conn).digest_key()?;
    let hash = Sha256::new()
        .chain_update(b"named")
        .chain_update(key)
        .chain_update(address_key);
    Ok(hash.finalize().into())
}

/// Destroys the keys of the addresses that go with a user who is erased. Called while their events can still be read.
pub(in crate::store) fn forget_addresses_of(conn: &Connection, user: UserId) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    let any = snapshot.one("SELECT 1 FROM address_keys LIMIT 1", [], |_| Ok(()))?;
    if any.is_none() {
        return Ok(());
    }
    for address in snapshot.addresses_left_by(user)? {
        let digest = digest(conn, &address)?;
        conn.prepare_cached("DELETE FROM address_keys WHERE address = ?1")
            .and_then(|mut it| it.execute([digest]))
            .map_err(broken)?;
    }
    Ok(())
}
