//! What each part of a create costs: the statements that the core writes, on its real schema, sixteen creates a commit at
//! full durability, first the roster's rows alone and then with one part more each time. What the server needs beyond the
//! last of them is planning by the rules, SCIM and HTTP.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::people;
use super::table::{Goal, Row};

const SCHEMA: &str = include_str!("../../../migrations/0001_roster.sql");
const CREATES: u64 = 16_000;
const A_COMMIT: u64 = 16;
/// How many rows the core indexes at once.
const INDEXED_AT_ONCE: u64 = 2_000;
/// Kernel ticks a second of processor time, as every Linux reports them.
const TICKS: f64 = 100.0;

/// Parts, each measured with all those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Roster,
    Ledger,
    History,
    Encryption,
    Search,
}

const PARTS: [(Part, &str); 5] = [
    (Part::Roster, "part: the roster's rows and indexes"),
    (Part::Ledger, "part: + license, counters and their trigger"),
    (Part::History, "part: + batch and two chained events"),
    (Part::Encryption, "part: + encryption of personal values"),
    (Part::Search, "part: + search index"),
];

/// Adds a row a part: processor time a create with everything so far, and what this part added.
pub(crate) fn measure(folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let mut before = None;
    for (part, name) in PARTS {
        let micros = micros_a_create(folder, part)?;
        let added = before.map_or_else(
            || "CPU us a create, 16 a commit".to_owned(),
            |before: f64| format!("adds {:.1} us", micros - before),
        );
        rows.push(Row::alone(name, Some(micros), Goal::Shown).noted(added));
        before = Some(micros);
    }
    Ok(())
}

fn micros_a_create(folder: &Path, upto: Part) -> Result<f64> {
    let file = tempfile::Builder::new()
        .prefix("parts-")
        .tempdir_in(folder)?;
    let mut db = Connection::open(file.path().join("parts.db"))?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA secure_delete = ON; PRAGMA cache_size = -24576",
    )?;
    db.execute_batch(SCHEMA)?;
    db.execute_batch(
        "INSERT INTO connections (id, name, new_people, mails, created_at) VALUES (zeroblob(16), 'okta', 'active', 0, 0); \
         INSERT INTO pools (id, name, purchased, counts_from, recoverable, at_capacity) \
         VALUES (zeroblob(16), 'access', 1000000, 'invitation', 1, 'queue'); \
         INSERT INTO pool_counters (pool, seat_limit) VALUES (zeroblob(16), 1000000)",
    )?;
    let mut hash = [0; 32];
    let started = cpu_seconds()?;
    for first in (0..CREATES).step_by(A_COMMIT as usize) {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for i in first..first + A_COMMIT {
            create(&tx, i, upto, &mut hash)?;
        }
        if upto >= Part::Search && (first + A_COMMIT).is_multiple_of(INDEXED_AT_ONCE) {
            index(&tx, first + A_COMMIT - INDEXED_AT_ONCE)?;
        }
        tx.commit()?;
    }
    Ok((cpu_seconds()? - started) / CREATES as f64 * 1e6)
}

/// An id in the order of time, as the core draws them.
fn id(i: u64) -> [u8; 16] {
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(i) << 64) | u128::from(mixed)).to_be_bytes()
}

fn create(tx: &Transaction<'_>, i: u64, upto: Part, hash: &mut [u8; 32]) -> Result<()> {
    let (id, name, body) = (id(i + 1), people::user_name(i), people::body(i, 0));
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    tx.prepare_cached(
        "INSERT INTO users (id, status, email, email_key, user_name, user_name_key, kept, connection, accepted, sort_name, \
         search, created_at, updated_at, version) \
         VALUES (?1, 'active', ?2, ?2, ?2, ?2, ?3, zeroblob(16), 1, ?4, ?5, 0, 0, 1)",
    )?
    .execute(params![id, name, body, format!("family{mixed} given"), format!(" given family{mixed} {name} engineer")])?;
    tx.prepare_cached("INSERT INTO person_keys (user, key) VALUES (?1, randomblob(32))")?
        .execute([id])?;
    tx.prepare_cached(
        "INSERT INTO links (connection, user, external_id) VALUES (zeroblob(16), ?1, ?2)",
    )?
    .execute(params![id, format!("00u{mixed:017x}")])?;
    if upto >= Part::Ledger {
        tx.prepare_cached(
            "INSERT INTO licenses (user, pool, state) VALUES (?1, zeroblob(16), 'consumed')",
        )?
        .execute([id])?;
    }
    if upto >= Part::History {
        record(tx, i, id, body.as_bytes(), upto, hash)?;
    }
    Ok(())
}

/// A batch of two events, the first of which carries the whole profile.
fn record(
    tx: &Transaction<'_>,
    i: u64,
    id: [u8; 16],
    profile: &[u8],
    upto: Part,
    hash: &mut [u8; 32],
) -> Result<()> {
    let seq = i64::try_from(2 * i + 1)?;
    let batch = i64::try_from(i + 1)?;
    tx.prepare_cached(
        "INSERT INTO batches (seq, id, actor_kind, actor, door, command, at, first_event, changes, people) \
         VALUES (?1, ?2, 'connection', zeroblob(16), 'scim', 'provision', 0, ?3, 2, 1)",
    )?
    .execute(params![batch, id, seq])?;
    let profile = if upto >= Part::Encryption {
        let key: [u8; 32] = Sha256::digest(id).into();
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&i.to_be_bytes());
        let sealed = ChaCha20Poly1305::new(&key.into()).encrypt(&Nonce::from(nonce), profile);
        sealed.ok().context("encryption failed")?
    } else {
        profile.to_vec()
    };
    let license =
        b"[\"00000000-0000-0000-0000-000000000000\",\"none\",\"consumed\",false]".to_vec();
    for (seq, kind, body) in [
        (seq, "user_created", profile),
        (seq + 1, "license", license),
    ] {
        *hash = Sha256::new()
            .chain_update(*hash)
            .chain_update(id)
            .chain_update(&body)
            .finalize()
            .into();
        tx.prepare_cached("INSERT INTO events (seq, batch, user, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![seq, batch, id, kind, body, *hash])?;
    }
    Ok(())
}

fn index(tx: &Transaction<'_>, after: u64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO users_text (rowid, search) SELECT seq, search FROM users WHERE seq > ?1",
    )?
    .execute([i64::try_from(after)?])?;
    Ok(())
}

/// Processor time of this process so far, its threads and the kernel's work for it included.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    Ok(ticks.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_writes_to_the_real_schema() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut db = Connection::open(folder.path().join("parts.db"))?;
        db.execute_batch(SCHEMA)?;
        db.execute_batch(
            "INSERT INTO connections (id, name, new_people, mails, created_at) VALUES (zeroblob(16), 'x', 'active', 0, 0); \
             INSERT INTO pools (id, name, purchased, counts_from, recoverable, at_capacity) \
             VALUES (zeroblob(16), 'access', 9, 'invitation', 1, 'queue'); \
             INSERT INTO pool_counters (pool, seat_limit) VALUES (zeroblob(16), 9)",
        )?;
        let tx = db.transaction()?;
        create(&tx, 0, Part::Search, &mut [0; 32])?;
        create(&tx, 1, Part::Search, &mut [0; 32])?;
        index(&tx, 0)?;
        tx.commit()?;
        let events: i64 = db.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
        assert_eq!(events, 4);
        let held: i64 = db.query_row("SELECT consumed FROM pool_counters", [], |row| row.get(0))?;
        assert_eq!(held, 2);
        Ok(())
    }
}
