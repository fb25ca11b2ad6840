//! How often somebody may try to sign in: by the name tried, and by where it comes from. Each has an allowance that comes
//! back with time. It is kept as the one instant at which it will be whole again, in memory within bounds, and on disk so
//! that a restart does not hand out a new one. Nobody's address stands here, only a hash under the organization's key.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::{Snapshot, Store, broken};
use crate::error::{Error, Result};
use crate::model::{Timestamp, UserId, key_of_name};
use crate::sign_in::Source;

/// Ten attempts, one more every 90 seconds.
const NAME: Allowance = Allowance {
    burst: 10,
    every_ms: 90_000,
};
/// Fifty attempts, one more every 18 seconds.
const PERSON: Allowance = Allowance {
    burst: 50,
    every_ms: 18_000,
};
/// Five hundred attempts, one more every two seconds.
const PEER: Allowance = Allowance {
    burst: 500,
    every_ms: 2_000,
};
/// Three mails asked for with one name, one more every 20 minutes.
const ASKED: Allowance = Allowance {
    burst: 3,
    every_ms: 20 * 60_000,
};
/// The most names and sources kept. At two hashes at once it takes longer to fill than any allowance takes to come back.
const MOST: usize = 50_000;

type Key = [u8; 16];

#[derive(Clone, Copy)]
struct Allowance {
    burst: i64,
    every_ms: i64,
}

impl Allowance {
    /// Takes one: from when the allowance is whole now to when it is whole after, or how long to wait.
    fn take(self, whole_at: i64, now: i64) -> std::result::Result<i64, i64> {
        let all = self.burst * self.every_ms;
        // A clock that went back must not lock anybody out for longer than the whole allowance takes.
        let after = whole_at.clamp(now, now + all) + self.every_ms;
        if after - now > all {
            return Err(after - now - all);
        }
        Ok(after)
    }
}

/// An attempt that was counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    name: Key,
    source: Key,
    every_ms: i64,
}

/// When each allowance is whole again.
#[derive(Default)]
pub(crate) struct Attempts {
    whole_at: Mutex<HashMap<Key, i64>>,
}

impl Attempts {
    /// What was spent before the database was opened.
    pub(super) fn load(conn: &Connection, now: Timestamp) -> Result<Self> {
        let sql = "SELECT key, spent_until FROM attempts WHERE spent_until > ?1 ORDER BY spent_until DESC LIMIT ?2";
        let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
        let rows = Snapshot::new(conn).all(sql, params![now.as_millis(), limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(Self {
            whole_at: Mutex::new(rows.into_iter().collect()),
        })
    }

    /// Counts an attempt before it is looked at, so that many at once are as many; or how many milliseconds to wait.
    pub(crate) fn begin(
        &self,
        digest_key: &[u8; 32],
        who: &str,
        source: Source,
        now: Timestamp,
    ) -> std::result::Result<Attempt, i64> {
        let name = key(digest_key, b"name", name_of(who).as_bytes());
        let (kind, address, allowance) = match source {
            Source::Person(address) => (b"them", address, PERSON),
            Source::Peer(address) => (b"peer", address, PEER),
        };
        let source = key(digest_key, kind, &network(address));
        self.take((name, NAME), (source, allowance), now)
    }

    /// Counts that a mail is asked for, by whom it is about and by where the wish comes from; or how many milliseconds to
    /// wait.
    pub(crate) fn ask(
        &self,
        digest_key: &[u8; 32],
        about: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> std::result::Result<Attempt, i64> {
        let name = key(digest_key, b"askd", name_of(about).as_bytes());
        let source = key(digest_key, b"askr", &network(source));
        self.take((name, ASKED), (source, PERSON), now)
    }

    fn take(
        &self,
        (name, of_name): (Key, Allowance),
        (source, of_source): (Key, Allowance),
        now: Timestamp,
    ) -> std::result::Result<Attempt, i64> {
        let now = now.as_millis();
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |key: &Key| whole_at.get(key).copied().unwrap_or(now);
        let name_after = of_name.take(of(&name), now);
        let source_after = of_source.take(of(&source), now);
        let (name_after, source_after) = match (name_after, source_after) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => return Err(a.err().max(b.err()).unwrap_or(0)),
        };
        make_room(&mut whole_at, now);
        whole_at.insert(name, name_after);
        whole_at.insert(source, source_after);
        Ok(Attempt {
            name,
            source,
            every_ms: of_source.every_ms,
        })
    }

    /// Gives back what a successful attempt took, and all that the name had spent.
    pub(crate) fn forgive(&self, attempt: &Attempt) {
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        whole_at.remove(&attempt.name);
        if let Some(source) = whole_at.get_mut(&attempt.source) {
            *source -= attempt.every_ms;
        }
    }

    fn of(&self, attempt: &Attempt) -> Vec<(Key, i64)> {
        let whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        [attempt.name, attempt.source]
            .into_iter()
            .filter_map(|key| Some((key, *whole_at.get(&key)?)))
            .collect()
    }
}

/// Drops what is whole again, and if that is not enough the half that is whole soonest.
fn make_room(whole_at: &mut HashMap<Key, i64>, now: i64) {
    if whole_at.len() + 2 <= MOST {
        return;
    }
    whole_at.retain(|_, at| *at > now);
    if whole_at.len() + 2 > MOST {
        let mut all: Vec<i64> = whole_at.values().copied().collect();
        let middle = all.len() / 2;
        let (_, median, _) = all.select_nth_unstable(middle);
        let median = *median;
        whole_at.retain(|_, at| *at > median);
    }
}

/// A name in the one form in which it is counted, however it is spelt. Nobody is looked up: that two names are the same
/// person's must not be learned from one using up what the other has.
fn name_of(who: &str) -> String {
    let who = who.trim();
    match who.parse::<UserId>() {
        Ok(id) => id.to_string(),
        Err(_) => key_of_name(who),
    }
}

fn key(digest_key: &[u8; 32], kind: &[u8; 4], text: &[u8]) -> Key {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"attempt")
        .chain_update(digest_key)
        .chain_update(kind)
        .chain_update(text)
        .finalize()
        .into();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

/// What one subscriber has of the internet: an IPv4 address, or the first half of an IPv6 one.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(it) => it.octets().to_vec(),
        IpAddr::V6(it) => it.octets()[..8].to_vec(),
    }
}

/// Keeps what was spent, and drops what is whole again.
pub(super) fn keep(conn: &Connection, now: Timestamp, spent: &[(Key, i64)]) -> Result<()> {
    let sql = "INSERT INTO attempts (key, spent_until) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET spent_until = ?2";
    for (key, until) in spent {
        conn.prepare_cached(sql)
            .and_then(|mut it| it.execute(params![key, until]))
            .map_err(broken)?;
    }
    conn.prepare_cached("DELETE FROM attempts WHERE spent_until <= ?1")
        .and_then(|mut it| it.execute([now.as_millis()]))
        .map(|_| ())
        .map_err(broken)
}

impl Store {
    pub(crate) fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Has the writer keep what a failed attempt spent. Nobody waits for it.
    pub(crate) fn keep_attempt(&self, attempt: &Attempt) {
        let spent = self.attempts.of(attempt);
        self.note(
            super::writer::Note::Attempts(spent),
            |_: Result<(), Error>| {},
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + ms)
    }

    fn from(n: u8) -> Source {
        Source::Person(IpAddr::from([198, 51, 100, n]))
    }

    #[test]
    fn a_name_has_an_allowance_that_comes_back_with_time() {
        let attempts = Attempts::default();
        let begin = |n: u8, ms| {
            attempts
                .begin(&KEY, "ana@acme.example", from(n), at(ms))
                .is_ok()
        };
        assert!((0..10).all(|n| begin(n, 0)));
        assert!(!begin(99, 0));
        assert!(!begin(99, 89_000));
        assert!(begin(99, 90_000));
        assert!(!begin(99, 90_000));
        let other = attempts.begin(&KEY, "bo@acme.example", from(99), at(90_000));
        assert!(other.is_ok());
        // The same name in other letters is the same name.
        assert!(
            attempts
                .begin(&KEY, " ANA@acme.example", from(98), at(90_000))
                .is_err()
        );
    }

    #[test]
    fn an_id_is_one_name_however_it_is_spelt() {
        let attempts = Attempts::default();
        let plain = "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a";
        let spellings = [
            plain.to_owned(),
            plain.to_uppercase(),
            plain.replace('-', ""),
            format!("urn:uuid:{plain}"),
            format!(" {{{plain}}} "),
        ];
        let begin = |n: usize| {
            let who = &spellings[n % spellings.len()];
            attempts.begin(&KEY, who, from(1), at(0)).is_ok()
        };
        assert!((0..10).all(begin));
        assert!((0..spellings.len()).all(|n| !begin(n)));
    }

    #[test]
    fn a_source_has_an_allowance_over_all_names() {
        let attempts = Attempts::default();
        let begin =
            |i: usize, source| attempts.begin(&KEY, &format!("p{i}@x.example"), source, at(0));
        assert!((0..50).all(|i| begin(i, from(7)).is_ok()));
        assert_eq!(begin(50, from(7)).map(drop), Err(18_000));
        assert!(begin(50, from(8)).is_ok());
        let v6 = |n: u16| Source::Person(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, n]));
        assert!((0..50).all(|i| begin(100 + i, v6(i as u16)).is_ok()));
        assert!(begin(200, v6(999)).is_err());
    }

    #[test]
    fn success_gives_back_what_the_name_had_spent() {
        let attempts = Attempts::default();
        let begin = || attempts.begin(&KEY, "ana@acme.example", from(1), at(0));
        for _ in 0..9 {
            begin().expect("within the allowance");
        }
        let last = begin().expect("the tenth");
        assert!(begin().is_err());
        attempts.forgive(&last);
        assert!((0..10).all(|_| begin().is_ok()));
    }

    #[test]
    fn memory_is_bounded_and_a_clock_that_goes_back_locks_nobody_out() {
        let attempts = Attempts::default();
        for i in 0..MOST {
            let source = Source::Peer(IpAddr::from((i as u32).to_be_bytes()));
            let begun = attempts.begin(&KEY, &format!("p{i}"), source, at(0));
            assert!(begun.is_ok());
        }
        assert!(attempts.whole_at.lock().is_ok_and(|it| it.len() <= MOST));
        for _ in 0..10 {
            let _ = attempts.begin(&KEY, "ana", from(1), at(1_000_000_000));
        }
        assert!(attempts.begin(&KEY, "ana", from(1), at(0)).is_err());
        assert!(attempts.begin(&KEY, "ana", from(1), at(90_000)).is_err());
    }
}
