//! Personal values of events, encrypted under the person's own key, and reading events whether or not they are.

use std::collections::HashMap;

use chacha20poly1305::aead::{Aead, AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest as _, Sha256};

use super::{decode, named};
use crate::change::{Change, PERSONAL_KINDS};
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::model::{IndividualId, UserId};
use crate::store::broken;
use crate::store::many::bound;

const NONCE: usize = 12;
/// How much longer what is sealed is than what is said, beside the nonce.
const TAG: usize = 16;
/// How many people's keys are read at once.
const KEYS_AT_ONCE: usize = 500;

/// Draws nonces. They are no input of a command: nothing but ciphertext depends on them.
pub(in crate::store) struct Nonces {
    seed: [u8; 32],
    count: u64,
}

impl Nonces {
    pub(in crate::store) fn new() -> Self {
        use crate::draw::Randomness as _;
        Self {
            seed: crate::draw::SystemRandomness.seed(),
            count: 0,
        }
    }

    pub(super) fn draw(&mut self) -> [u8; NONCE] {
        self.count += 1;
        let hash = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.count.to_be_bytes())
            .finalize();
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hash[..NONCE]);
        nonce
    }

    /// A key for what is sealed by no person's and no account's.
    pub(super) fn draw_key(&mut self) -> [u8; 32] {
        self.count += 1;
        let hash = Sha256::new()
            .chain_update(b"key")
            .chain_update(self.seed)
            .chain_update(self.count.to_be_bytes());
        hash.finalize().into()
    }
}

pub(super) fn seal(key: &[u8; 32], nonce: [u8; NONCE], seq: i64, body: &[u8]) -> Result<Vec<u8>> {
    let failed = || Error::Broken("encryption failed".into());
    let mut out = Vec::with_capacity(NONCE + body.len() + TAG);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(body);
    let place = out.get_mut(NONCE..).ok_or_else(failed)?;
    let tag = ChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&Nonce::from(nonce), &seq.to_be_bytes(), place.into())
        .map_err(|_| failed())?;
    out.extend_from_slice(&tag);
    Ok(out)
}

pub(super) fn open(key: &[u8; 32], seq: i64, sealed: &[u8]) -> Result<Vec<u8>> {
    let unreadable = || {
        Error::Broken(format!(
            "event {seq} cannot be decrypted: the key of whom it concerns is not what it was; compare with the last good backup"
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

/// A recorded event before its personal part is opened.
pub(in crate::store) struct Recorded {
    pub(in crate::store) seq: i64,
    pub(in crate::store) user: Option<UserId>,
    pub(in crate::store) kind: String,
    pub(in crate::store) body: Vec<u8>,
}

/// Opens and reads recorded events; `None` where the person was erased.
pub(in crate::store) struct Reader<'c> {
    conn: &'c Connection,
    keys: HashMap<UserId, Option<[u8; 32]>>,
}

impl<'c> Reader<'c> {
    pub(in crate::store) fn new(conn: &'c Connection) -> Self {
        Self {
            conn,
            keys: HashMap::new(),
        }
    }

    pub(in crate::store) fn change(&mut self, event: &Recorded) -> Result<Option<Change>> {
        if event.kind == "individual" {
            return open_individual(self.conn, event);
        }
        let personal = PERSONAL_KINDS.contains(&event.kind.as_str());
        let (true, Some(user)) = (personal, event.user) else {
            let change = decode(&event.kind, event.user, &event.body)?;
            return named::opened(self.conn, change, event.seq).map(Some);
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

/// The keys under which a batch records what is personal.
pub(in crate::store) struct Keys {
    draw: Draw,
    /// Whether everybody is new.
    are_new: bool,
    /// Who is new, in order: their keys follow from the draw.
    created: Vec<UserId>,
    /// The keys of others, in the order of their ids: of a million people a table would take twice as much.
    people: Vec<(UserId, [u8; 32])>,
    accounts: HashMap<IndividualId, [u8; 32]>,
}

impl Keys {
    /// Looks up the keys of everybody of whom these changes, which are written already, record something personal.
    pub(in crate::store) fn of_changes(
        conn: &Connection,
        changes: &[Change],
        draw: Draw,
    ) -> Result<Self> {
        let mut created: Vec<UserId> = changes.iter().filter_map(Change::created).collect();
        created.sort_unstable();
        let mut keys = Self {
            draw,
            are_new: false,
            created,
            people: Vec::new(),
            accounts: HashMap::new(),
        };
        let mut people: Vec<UserId> = Vec::new();
        for change in changes {
            if let Change::Individual { account, .. } = change
                && let Some(key) = individual_key(conn, *account)?
            {
                keys.accounts.insert(*account, key);
            }
            if let Some(user) = change.user().filter(|_| change.is_personal())
                && people.last() != Some(&user)
                && keys.created.binary_search(&user).is_err()
            {
                people.push(user);
            }
        }
        people.sort_unstable();
        people.dedup();
        keys.people.reserve_exact(people.len());
        for some in people.chunks(KEYS_AT_ONCE) {
            if let [user] = some {
                keys.people
                    .extend(person_key(conn, *user)?.map(|it| (*user, it)));
            } else {
                keys.people.extend(person_keys(conn, some)?);
            }
        }
        Ok(keys)
    }

    /// The keys of people who are all new.
    pub(super) fn of_newcomers(draw: Draw) -> Self {
        Self {
            draw,
            are_new: true,
            created: Vec::new(),
            people: Vec::new(),
            accounts: HashMap::new(),
        }
    }

    pub(super) fn of(&self, user: UserId) -> Result<[u8; 32]> {
        if self.are_new || self.created.binary_search(&user).is_ok() {
            return Ok(self.draw.person_key(user));
        }
        let place = self.people.binary_search_by_key(&user, |it| it.0).ok();
        let key = place.and_then(|it| self.people.get(it)).map(|it| it.1);
        key.ok_or_else(|| Error::Broken("a person has no key".into()))
    }
}

/// A person's key; none when they were erased.
pub(super) fn person_key(conn: &Connection, user: UserId) -> Result<Option<[u8; 32]>> {
    conn.prepare_cached("SELECT key FROM person_keys WHERE user = ?1")
        .and_then(|mut it| it.query_row([user.as_bytes()], |row| row.get(0)).optional())
        .map_err(broken)
}

/// The keys of people who were not erased, in the order of these ids.
fn person_keys(conn: &Connection, people: &[UserId]) -> Result<Vec<(UserId, [u8; 32])>> {
    let sql = "SELECT person_keys.user, person_keys.key FROM json_each(?1) CROSS JOIN person_keys ON user = unhex(value)";
    let read = |row: &rusqlite::Row<'_>| Ok((UserId::from_bytes(row.get(0)?), row.get(1)?));
    conn.prepare_cached(sql)
        .and_then(|mut it| it.query_map([bound(people)], read)?.collect())
        .map_err(broken)
}

/// What is known of an account, sealed under its own key, with its id in front.
pub(super) fn seal_individual(
    keys: &Keys,
    account: IndividualId,
    nonce: [u8; NONCE],
    seq: i64,
    body: &[u8],
) -> Result<Vec<u8>> {
    let key = keys.accounts.get(&account);
    let key = key.ok_or_else(|| Error::Broken("an account has no key".into()))?;
    let mut out = account.as_bytes().to_vec();
    out.extend(seal(key, nonce, seq, body)?);
    Ok(out)
}

/// An account's change; none when the account was erased.
fn open_individual(conn: &Connection, event: &Recorded) -> Result<Option<Change>> {
    let unreadable = || Error::Broken(format!("event {} cannot be read", event.seq));
    let (id, body) = event.body.split_at_checked(16).ok_or_else(unreadable)?;
    let account = IndividualId::from_bytes(id.try_into().map_err(|_| unreadable())?);
    let Some(key) = individual_key(conn, account)? else {
        return Ok(None);
    };
    let (before, after) =
        serde_json::from_slice(&open(&key, event.seq, body)?).map_err(|_| unreadable())?;
    Ok(Some(Change::Individual {
        account,
        before,
        after,
    }))
}

fn individual_key(conn: &Connection, account: IndividualId) -> Result<Option<[u8; 32]>> {
    conn.prepare_cached("SELECT key FROM individual_keys WHERE account = ?1")
        .and_then(|mut it| {
            it.query_row([account.as_bytes()], |row| row.get(0))
                .optional()
        })
        .map_err(broken)
}
