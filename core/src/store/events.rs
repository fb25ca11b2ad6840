//! History: changes as recorded, chained by hash. Personal values are encrypted under the person's own key and the chain
//! runs over the ciphertext, so that throwing the key away destroys them and breaks nothing.

use std::collections::{HashMap, HashSet};

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{actor, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, BatchId, Door, Status, Timestamp, UserId};

/// The head of an empty chain.
const GENESIS: [u8; 32] = [0; 32];
const NONCE: usize = 12;

/// The facts of a batch that its events' hashes cover.
pub(super) struct BatchHead<'a> {
    pub(super) seq: i64,
    pub(super) id: BatchId,
    pub(super) actor: Actor,
    pub(super) door: Door,
    pub(super) command: &'a str,
    pub(super) at: Timestamp,
    pub(super) caused_by: Option<BatchId>,
    pub(super) undoes: Option<BatchId>,
}

impl BatchHead<'_> {
    fn hash(&self) -> [u8; 32] {
        let (kind, id) = actor::encode(self.actor);
        let mut hash = Sha256::new();
        hash.update(self.seq.to_be_bytes());
        hash.update(self.id.as_bytes());
        feed(&mut hash, kind.as_bytes());
        feed(&mut hash, id.as_ref().map_or(&[], |it| it.as_slice()));
        feed(&mut hash, self.door.as_str().as_bytes());
        feed(&mut hash, self.command.as_bytes());
        hash.update(self.at.as_millis().to_be_bytes());
        feed(
            &mut hash,
            self.caused_by
                .as_ref()
                .map_or(&[], |it| it.as_bytes().as_slice()),
        );
        feed(
            &mut hash,
            self.undoes
                .as_ref()
                .map_or(&[], |it| it.as_bytes().as_slice()),
        );
        hash.finalize().into()
    }
}

/// Feeds a field with its length, so that no two lists of fields feed the same bytes.
fn feed(hash: &mut Sha256, field: &[u8]) {
    hash.update((field.len() as u64).to_be_bytes());
    hash.update(field);
}

fn chain(
    previous: &[u8; 32],
    batch: &[u8; 32],
    seq: i64,
    user: Option<&[u8]>,
    kind: &str,
    body: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(batch);
    hash.update(seq.to_be_bytes());
    feed(&mut hash, user.unwrap_or_default());
    feed(&mut hash, kind.as_bytes());
    feed(&mut hash, body);
    hash.finalize().into()
}

/// Draws nonces. They are no input of a command: nothing but ciphertext depends on them.
pub(super) struct Nonces {
    seed: [u8; 32],
    count: u64,
}

impl Nonces {
    pub(super) fn new() -> Self {
        use crate::draw::Randomness as _;
        Self {
            seed: crate::draw::SystemRandomness.seed(),
            count: 0,
        }
    }

    fn draw(&mut self) -> [u8; NONCE] {
        self.count += 1;
        let hash = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.count.to_be_bytes())
            .finalize();
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hash[..NONCE]);
        nonce
    }
}

/// The end of the chain: the last event's number and hash.
pub(super) fn head(conn: &Connection) -> Result<(i64, [u8; 32])> {
    conn.prepare_cached("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
        .and_then(|mut it| {
            it.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .map(|it| it.unwrap_or((0, GENESIS)))
        .map_err(broken)
}

/// Appends a batch and its changes to the chain.
pub(super) fn append(
    conn: &Connection,
    batch: &BatchHead<'_>,
    changes: &[Change],
    nonces: &mut Nonces,
    person_key: impl Fn(UserId) -> Option<[u8; 32]>,
) -> Result<()> {
    let (mut seq, mut previous) = head(conn)?;
    let (kind, id) = actor::encode(batch.actor);
    conn.prepare_cached(
        "INSERT INTO batches (seq, id, actor_kind, actor, door, command, at, caused_by, undoes, first_event, changes, \
         people) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .and_then(|mut it| {
        it.execute(params![
            batch.seq,
            batch.id.as_bytes(),
            kind,
            id,
            batch.door.as_str(),
            batch.command,
            batch.at.as_millis(),
            batch.caused_by.as_ref().map(|it| it.as_bytes()),
            batch.undoes.as_ref().map(|it| it.as_bytes()),
            seq + 1,
            i64::try_from(changes.len()).unwrap_or(i64::MAX),
            people_changed(changes),
        ])
    })
    .map_err(broken)?;
    let batch_hash = batch.hash();
    let mut insert = conn
        .prepare_cached("INSERT INTO events (seq, batch, user, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(broken)?;
    for change in changes {
        seq += 1;
        let user = change.user();
        let mut body = encode(change)?;
        if let (true, Some(user)) = (change.is_personal(), user) {
            let key =
                person_key(user).ok_or_else(|| Error::Broken("a person has no key".into()))?;
            body = seal(&key, nonces.draw(), seq, &body)?;
        }
        let hash = chain(
            &previous,
            &batch_hash,
            seq,
            user.as_ref().map(|it| it.as_bytes().as_slice()),
            change.kind(),
            &body,
        );
        insert
            .execute(params![
                seq,
                batch.seq,
                user.as_ref().map(|it| it.as_bytes()),
                change.kind(),
                body,
                hash
            ])
            .map_err(broken)?;
        previous = hash;
    }
    Ok(())
}

/// How many people changes are about.
fn people_changed(changes: &[Change]) -> i64 {
    let people: HashSet<UserId> = changes.iter().filter_map(Change::user).collect();
    i64::try_from(people.len()).unwrap_or(i64::MAX)
}

fn seal(key: &[u8; 32], nonce: [u8; NONCE], seq: i64, body: &[u8]) -> Result<Vec<u8>> {
    let cipher = ChaCha20Poly1305::new(key.into());
    let payload = chacha20poly1305::aead::Payload {
        msg: body,
        aad: &seq.to_be_bytes(),
    };
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| Error::Broken("encryption failed".into()))?;
    let mut out = Vec::with_capacity(NONCE + sealed.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

fn open(key: &[u8; 32], seq: i64, sealed: &[u8]) -> Result<Vec<u8>> {
    let unreadable = || {
        Error::Broken(format!(
            "event {seq} cannot be decrypted; run `usher audit verify`"
        ))
    };
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(unreadable)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| unreadable())?;
    let payload = chacha20poly1305::aead::Payload {
        msg: body,
        aad: &seq.to_be_bytes(),
    };
    ChaCha20Poly1305::new(key.into())
        .decrypt(&Nonce::from(nonce), payload)
        .map_err(|_| unreadable())
}

fn encode(change: &Change) -> Result<Vec<u8>> {
    fn json(value: &impl Serialize) -> Result<Vec<u8>> {
        serde_json::to_vec(value).map_err(|error| Error::Broken(error.to_string()))
    }
    match change {
        Change::UserCreated { created, .. } => json(created),
        Change::Status { before, after, .. } => json(&(before, after)),
        Change::Profile {
            field,
            before,
            after,
            ..
        } => json(&(field, before, after)),
        Change::Manager { before, after, .. } => json(&(before, after)),
        Change::License {
            pool,
            before,
            after,
            stands_for_access,
            ..
        } => json(&(pool, before, after, stands_for_access)),
        Change::Invitation { before, after, .. } => json(&(before, after)),
        Change::Membership {
            group,
            before,
            after,
            ..
        } => json(&(group, before, after)),
        Change::Link {
            connection,
            before,
            after,
            ..
        } => json(&(connection, before, after)),
        Change::Connection { before, after, .. } => json(&(before, after)),
        Change::ProviderHold { before, after, .. } => json(&(before, after)),
        Change::Accepted { before, after, .. } | Change::Protected { before, after, .. } => {
            json(&(before, after))
        }
        Change::Permission {
            permission,
            before,
            after,
            ..
        } => json(&(permission, before, after)),
        Change::Erased { before, .. } => json(&(before,)),
        Change::PoolAdded { pool, name, terms } => json(&(pool, name, terms)),
        Change::PoolTerms {
            pool,
            before,
            after,
        } => json(&(pool, before, after)),
        Change::GroupAdded { group, name } => json(&(group, name)),
        Change::ConnectionAdded {
            connection,
            name,
            policy,
        } => json(&(connection, name, policy)),
        Change::ConnectionRevoked {
            connection,
            before,
            after,
        } => json(&(connection, before, after)),
        Change::TokenAdded {
            connection,
            token,
            hint,
            hash,
        } => json(&(connection, token, hint, hash)),
        Change::TokenEnds {
            connection,
            token,
            before,
            after,
        } => json(&(connection, token, before, after)),
    }
}

fn decode(kind: &str, user: Option<UserId>, body: &[u8]) -> Result<Change> {
    fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
        serde_json::from_slice(body)
            .map_err(|error| Error::Broken(format!("an event cannot be read: {error}")))
    }
    let whom = user.ok_or_else(|| Error::Broken(format!("an event of kind {kind} names nobody")));
    Ok(match kind {
        "user_created" => Change::UserCreated {
            user: whom?,
            created: json(body)?,
        },
        "status" => {
            let (before, after) = json(body)?;
            Change::Status {
                user: whom?,
                before,
                after,
            }
        }
        "profile" => {
            let (field, before, after) = json(body)?;
            Change::Profile {
                user: whom?,
                field,
                before,
                after,
            }
        }
        "manager" => {
            let (before, after) = json(body)?;
            Change::Manager {
                user: whom?,
                before,
                after,
            }
        }
        "license" => {
            let (pool, before, after, stands_for_access) = json(body)?;
            Change::License {
                user: whom?,
                pool,
                before,
                after,
                stands_for_access,
            }
        }
        "invitation" => {
            let (before, after) = json(body)?;
            Change::Invitation {
                user: whom?,
                before,
                after,
            }
        }
        "membership" => {
            let (group, before, after) = json(body)?;
            Change::Membership {
                user: whom?,
                group,
                before,
                after,
            }
        }
        "link" => {
            let (connection, before, after) = json(body)?;
            Change::Link {
                user: whom?,
                connection,
                before,
                after,
            }
        }
        "connection" => {
            let (before, after) = json(body)?;
            Change::Connection {
                user: whom?,
                before,
                after,
            }
        }
        "provider_hold" => {
            let (before, after) = json(body)?;
            Change::ProviderHold {
                user: whom?,
                before,
                after,
            }
        }
        "accepted" => {
            let (before, after) = json(body)?;
            Change::Accepted {
                user: whom?,
                before,
                after,
            }
        }
        "protected" => {
            let (before, after) = json(body)?;
            Change::Protected {
                user: whom?,
                before,
                after,
            }
        }
        "permission" => {
            let (permission, before, after) = json(body)?;
            Change::Permission {
                user: whom?,
                permission,
                before,
                after,
            }
        }
        "erased" => {
            let (before,): (Status,) = json(body)?;
            Change::Erased {
                user: whom?,
                before,
            }
        }
        "pool_added" => {
            let (pool, name, terms) = json(body)?;
            Change::PoolAdded { pool, name, terms }
        }
        "pool_terms" => {
            let (pool, before, after) = json(body)?;
            Change::PoolTerms {
                pool,
                before,
                after,
            }
        }
        "group_added" => {
            let (group, name) = json(body)?;
            Change::GroupAdded { group, name }
        }
        "connection_added" => {
            let (connection, name, policy) = json(body)?;
            Change::ConnectionAdded {
                connection,
                name,
                policy,
            }
        }
        "connection_revoked" => {
            let (connection, before, after) = json(body)?;
            Change::ConnectionRevoked {
                connection,
                before,
                after,
            }
        }
        "token_added" => {
            let (connection, token, hint, hash) = json(body)?;
            Change::TokenAdded {
                connection,
                token,
                hint,
                hash,
            }
        }
        "token_ends" => {
            let (connection, token, before, after) = json(body)?;
            Change::TokenEnds {
                connection,
                token,
                before,
                after,
            }
        }
        other => {
            return Err(Error::Broken(format!(
                "an event has the unknown kind {other}"
            )));
        }
    })
}

/// A recorded event before its personal part is opened.
pub(super) struct Recorded {
    pub(super) seq: i64,
    pub(super) user: Option<UserId>,
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
}

/// Opens and reads recorded events; `None` where the person was erased.
pub(super) struct Reader<'c> {
    conn: &'c Connection,
    keys: HashMap<UserId, Option<[u8; 32]>>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(conn: &'c Connection) -> Self {
        Self {
            conn,
            keys: HashMap::new(),
        }
    }

    pub(super) fn change(&mut self, event: &Recorded) -> Result<Option<Change>> {
        let personal = matches!(event.kind.as_str(), "user_created" | "profile" | "link");
        let (true, Some(user)) = (personal, event.user) else {
            return decode(&event.kind, event.user, &event.body).map(Some);
        };
        let key = match self.keys.get(&user) {
            Some(key) => *key,
            None => {
                let key = person_key(self.conn, user)?;
                self.keys.insert(user, key);
                key
            }
        };
        match key {
            None => Ok(None),
            Some(key) => decode(
                &event.kind,
                event.user,
                &open(&key, event.seq, &event.body)?,
            )
            .map(Some),
        }
    }
}

/// A person's key; none when they were erased.
pub(super) fn person_key(conn: &Connection, user: UserId) -> Result<Option<[u8; 32]>> {
    conn.prepare_cached("SELECT key FROM person_keys WHERE user = ?1")
        .and_then(|mut it| it.query_row([user.as_bytes()], |row| row.get(0)).optional())
        .map_err(broken)
}

/// The end of the chain, as exported to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last event's number; 0 for an empty chain.
    pub seq: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// When its batch was applied.
    pub at: Option<Timestamp>,
}

/// What walking the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many events were walked.
    pub events: i64,
    /// The end of the chain.
    pub head: Head,
    /// The first event that does not follow from the one before; none when the chain is whole.
    pub first_bad: Option<BadLink>,
}

/// The first event that does not follow from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLink {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The end of the chain, for people.
pub(super) fn exported_head(conn: &Connection) -> Result<Head> {
    let (seq, hash) = head(conn)?;
    let sql = "SELECT batches.at FROM events JOIN batches ON batches.seq = events.batch WHERE events.seq = ?1";
    let at: Option<i64> = conn
        .prepare_cached(sql)
        .and_then(|mut it| it.query_row([seq], |row| row.get(0)).optional())
        .map_err(broken)?;
    Ok(Head {
        seq,
        hash: hex(&hash),
        at: at.map(Timestamp::from_millis),
    })
}

/// Walks the whole chain in one read transaction and names the first bad link.
pub(super) fn verify(conn: &Connection) -> Result<AuditReport> {
    let mut walk = Walk {
        previous: GENESIS,
        expected: 1,
        left: 0,
        batch: 0,
    };
    let mut first_bad = None;
    let sql = "SELECT events.seq, events.batch, events.user, events.kind, events.body, events.hash, batches.id, batches.actor_kind, \
        batches.actor, batches.door, batches.command, batches.at, batches.caused_by, batches.undoes, batches.first_event, batches.changes \
        FROM events LEFT JOIN batches ON batches.seq = events.batch ORDER BY events.seq";
    let mut statement = conn.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query([]).map_err(broken)?;
    let mut batch_hash = GENESIS;
    while let Some(row) = rows.next().map_err(broken)? {
        match walk.step(row, &mut batch_hash) {
            Ok(None) => {}
            Ok(Some(bad)) => {
                first_bad = Some(bad);
                break;
            }
            Err(error) => {
                first_bad = Some(BadLink {
                    seq: walk.expected,
                    why: format!("cannot be read: {error}"),
                });
                break;
            }
        }
    }
    if first_bad.is_none() && walk.left > 0 {
        first_bad = Some(BadLink {
            seq: walk.expected,
            why: format!("is missing: batch {} has {} more", walk.batch, walk.left),
        });
    }
    Ok(AuditReport {
        events: walk.expected - 1,
        head: exported_head(conn)?,
        first_bad,
    })
}

struct Walk {
    previous: [u8; 32],
    expected: i64,
    /// How many events of the present batch are still to come.
    left: i64,
    batch: i64,
}

impl Walk {
    fn step(
        &mut self,
        row: &rusqlite::Row<'_>,
        batch_hash: &mut [u8; 32],
    ) -> rusqlite::Result<Option<BadLink>> {
        let seq: i64 = row.get(0)?;
        let bad = |why: &str| {
            Ok(Some(BadLink {
                seq,
                why: why.to_owned(),
            }))
        };
        if seq != self.expected {
            return Ok(Some(BadLink {
                seq: self.expected,
                why: "is missing".to_owned(),
            }));
        }
        let batch: i64 = row.get(1)?;
        if batch != self.batch {
            if self.left > 0 {
                return bad("belongs to another batch, and the one before is not complete");
            }
            let (Some(head), first, changes) = (
                batch_head(row, batch)?,
                row.get::<_, Option<i64>>(14)?,
                row.get::<_, Option<i64>>(15)?,
            ) else {
                return bad("belongs to a batch that is not there");
            };
            if first != Some(seq) {
                return bad("is not the first of its batch");
            }
            self.batch = batch;
            self.left = changes.unwrap_or(0);
            *batch_hash = head.hash();
        }
        self.left -= 1;
        if self.left < 0 {
            return bad("is one more than its batch has");
        }
        let user: Option<Vec<u8>> = row.get(2)?;
        let (kind, body, hash): (String, Vec<u8>, Vec<u8>) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        let expected = chain(
            &self.previous,
            batch_hash,
            seq,
            user.as_deref(),
            &kind,
            &body,
        );
        if hash != expected {
            return bad(
                "does not follow from the one before: it, its batch or an earlier one was changed",
            );
        }
        self.previous = expected;
        self.expected += 1;
        Ok(None)
    }
}

fn batch_head<'a>(row: &'a rusqlite::Row<'_>, seq: i64) -> rusqlite::Result<Option<BatchHead<'a>>> {
    let Some(id) = row.get::<_, Option<[u8; 16]>>(6)? else {
        return Ok(None);
    };
    let optional = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<[u8; 16]>>(column)?
                .map(BatchId::from_bytes),
        )
    };
    Ok(Some(BatchHead {
        seq,
        id: BatchId::from_bytes(id),
        actor: actor::decode(row, 7)?,
        door: super::snapshot::word(row, 9, Door::from_word)?,
        command: row.get_ref(10)?.as_str()?,
        at: Timestamp::from_millis(row.get(11)?),
        caused_by: optional(12)?,
        undoes: optional(13)?,
    }))
}
