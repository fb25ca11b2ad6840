//! Answers about people that are kept ready, because providers ask for the same people again and again: writing a person costs
//! far more than looking whether what was written last still holds. Kept in memory within bounds, never for long, and never
//! believed without that look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use usher_core::directory::Edition;
use usher_core::model::{ConnectionId, UserId};

/// How many bytes of answers are kept before any is forgotten: those about some 20,000 people.
const ENOUGH: usize = 28 * 1024 * 1024;
/// How many bytes of them the younger half has at least when the older one is forgotten for it.
const HALF: usize = ENOUGH / 2;
/// What an answer costs beside its bytes, about.
const EACH: usize = 160;
/// After how long the younger half becomes the older one at the latest: nobody's data stays because nothing else comes.
const AGE: Duration = Duration::from_secs(300);

/// When those who are asked for are too many to be kept, one in so many is taken: who is kept then stays long enough to be
/// asked for again.
const ONE_IN: u32 = 8;

/// For whom, and whose.
type Key = (ConnectionId, UserId);

/// An answer, and what it was true of.
#[derive(Clone)]
struct Kept {
    edition: Edition,
    json: Bytes,
}

impl Kept {
    fn cost(&self) -> usize {
        self.json.len() + EACH
    }
}

/// Two halves: what is asked for is kept in the younger one. When there is no room for more it takes the place of the older
/// one, and who was not asked for meanwhile is forgotten. As long as everybody has room nobody is.
struct Halves {
    younger: HashMap<Key, Kept>,
    older: HashMap<Key, Kept>,
    /// Of the younger one, and of the older one.
    bytes: usize,
    older_bytes: usize,
    began: Instant,
    /// How often something was found, and how often something was kept, since it began.
    found: u32,
    kept: u32,
    /// Whether more was kept than found the last time: then not everybody is.
    crowded: bool,
    asked: u32,
}

/// The answers that are kept.
pub(crate) struct Ready(Mutex<Halves>);

impl Default for Ready {
    fn default() -> Self {
        Self(Mutex::new(Halves {
            younger: HashMap::new(),
            older: HashMap::new(),
            bytes: 0,
            older_bytes: 0,
            began: Instant::now(),
            found: 0,
            kept: 0,
            crowded: false,
            asked: 0,
        }))
    }
}

impl Ready {
    /// Whether something is kept of a person, true or not.
    pub(crate) fn knows(&self, connection: ConnectionId, user: UserId) -> bool {
        let halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (connection, user);
        halves.younger.contains_key(&key) || halves.older.contains_key(&key)
    }

    /// The answer about this edition of a person, if it is kept.
    pub(crate) fn find(&self, connection: ConnectionId, edition: &Edition) -> Option<Bytes> {
        let holds = |it: &&Kept| it.edition == *edition;
        let key = (connection, edition.user);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = halves.younger.get(&key).filter(holds);
        if let Some(json) = found.map(|it| it.json.clone()) {
            halves.found = halves.found.saturating_add(1);
            return Some(json);
        }
        if !halves.older.get(&key).as_ref().is_some_and(holds) {
            return None;
        }
        let kept = halves.take_older(&key)?;
        let json = kept.json.clone();
        halves.found = halves.found.saturating_add(1);
        halves.put(key, kept);
        Some(json)
    }

    /// Keeps the answer about an edition of a person, if nothing but the edition decides it.
    pub(crate) fn keep(&self, connection: ConnectionId, edition: Edition, json: &Bytes) {
        if !edition.is_all {
            return;
        }
        let kept = Kept {
            edition,
            json: json.clone(),
        };
        let key = (connection, edition.user);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !halves.younger.contains_key(&key) && !halves.older.contains_key(&key);
        if is_new && halves.crowded {
            halves.asked = halves.asked.wrapping_add(1);
            if !halves.asked.is_multiple_of(ONE_IN) {
                return;
            }
        }
        halves.kept = halves.kept.saturating_add(1);
        halves.take_older(&key);
        halves.put(key, kept);
    }
}

impl Halves {
    fn take_older(&mut self, key: &Key) -> Option<Kept> {
        let kept = self.older.remove(key)?;
        self.older_bytes -= kept.cost();
        Some(kept)
    }

    fn put(&mut self, key: Key, kept: Kept) {
        let bytes = self.bytes + kept.cost();
        let is_full = bytes + self.older_bytes > ENOUGH && bytes > HALF;
        if is_full || self.began.elapsed() > AGE {
            self.older = std::mem::take(&mut self.younger);
            self.older_bytes = std::mem::take(&mut self.bytes);
            self.began = Instant::now();
            self.crowded = self.kept > self.found;
            (self.found, self.kept) = (0, 0);
        }
        self.bytes += kept.cost();
        if let Some(replaced) = self.younger.insert(key, kept) {
            self.bytes -= replaced.cost();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(user: u8, version: i64) -> Edition {
        Edition {
            user: UserId::from_bytes([user; 16]),
            seq: 1,
            version,
            manager_version: None,
            is_all: true,
        }
    }

    #[test]
    fn only_what_is_still_true_is_found() {
        let ready = Ready::default();
        let okta = ConnectionId::from_bytes([1; 16]);
        let entra = ConnectionId::from_bytes([2; 16]);
        ready.keep(okta, edition(1, 7), &Bytes::from_static(b"seven"));
        let found = |connection, edition| ready.find(connection, &edition);
        assert_eq!(found(okta, edition(1, 7)).as_deref(), Some(&b"seven"[..]));
        assert_eq!(found(okta, edition(1, 8)), None, "changed since");
        assert_eq!(found(entra, edition(1, 7)), None, "another's view");
        assert_eq!(found(okta, edition(2, 7)), None);
        let led = Edition {
            manager_version: Some(3),
            ..edition(1, 7)
        };
        assert_eq!(found(okta, led), None, "the manager changed");
        let grouped = Edition {
            is_all: false,
            ..edition(3, 1)
        };
        ready.keep(okta, grouped, &Bytes::from_static(b"grouped"));
        assert!(
            !ready.knows(okta, grouped.user),
            "more than that decides it"
        );
    }

    #[test]
    fn however_many_are_asked_for_it_takes_no_more_room() {
        let ready = Ready::default();
        let okta = ConnectionId::from_bytes([1; 16]);
        let json = Bytes::from(vec![b' '; 64 * 1024]);
        let person = |it: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&it.to_be_bytes());
            Edition {
                user: UserId::from_bytes(id),
                ..edition(0, 1)
            }
        };
        for it in 0..4_000 {
            ready.keep(okta, person(it), &json);
            assert!(ready.find(okta, &person(0)).is_some());
        }
        let halves = ready.0.lock().expect("not poisoned");
        let kept = halves.younger.values().chain(halves.older.values());
        let bytes: usize = kept.map(Kept::cost).sum();
        assert_eq!(bytes, halves.bytes + halves.older_bytes);
        assert!(bytes <= ENOUGH + HALF, "{bytes}");
        assert!(bytes > HALF, "{bytes}");
    }

    #[test]
    fn as_long_as_everybody_has_room_nobody_is_forgotten() {
        let ready = Ready::default();
        let okta = ConnectionId::from_bytes([1; 16]);
        let json = Bytes::from(vec![b' '; 1_250]);
        let mut found = 0;
        for round in 0..4_u32 {
            for it in 0..20_000_u32 {
                let mut id = [0; 16];
                // In another order each time.
                id[..4].copy_from_slice(&(it.wrapping_mul(2 * round + 7) % 20_000).to_be_bytes());
                let person = Edition {
                    user: UserId::from_bytes(id),
                    ..edition(0, 1)
                };
                match ready.find(okta, &person) {
                    Some(_) => found += u32::from(round > 0),
                    None => ready.keep(okta, person, &json),
                }
            }
        }
        assert_eq!(found, 60_000);
    }

    #[test]
    fn of_too_many_who_are_asked_for_in_turn_some_stay() {
        let ready = Ready::default();
        let okta = ConnectionId::from_bytes([1; 16]);
        let json = Bytes::from(vec![b' '; 48 * 1024]);
        let (mut found, mut asked) = (0, 0);
        for round in 0..12 {
            for it in 0..1_500_u32 {
                let mut id = [0; 16];
                id[..4].copy_from_slice(&it.to_be_bytes());
                let person = Edition {
                    user: UserId::from_bytes(id),
                    ..edition(0, 1)
                };
                let hit = ready.find(okta, &person);
                if hit.is_none() {
                    ready.keep(okta, person, &json);
                }
                if round >= 4 {
                    found += usize::from(hit.is_some());
                    asked += 1;
                }
            }
        }
        assert!(found * 10 > asked, "{found} of {asked}");
    }
}
