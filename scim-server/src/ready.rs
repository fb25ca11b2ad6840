//! Answers about people that are kept ready, because providers ask for the same people again and again: writing a person costs
//! far more than looking whether what was written last still holds. Kept in memory within bounds, never for long, and never
//! believed without that look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use usher_core::directory::Edition;
use usher_core::model::{ConnectionId, UserId};

use crate::mapping::Displaced;

/// How many bytes of answers the younger half may have; the older never has more.
const HALF: usize = 12 * 1024 * 1024;
/// What an answer costs beside its bytes, about.
const EACH: usize = 160;
/// After how long the younger half becomes the older one at the latest: nobody's data stays because nothing else comes.
const AGE: Duration = Duration::from_secs(300);

/// For whom, and whose.
type Key = (ConnectionId, UserId);

/// An answer, and what it was true of.
#[derive(Clone)]
struct Kept {
    edition: Edition,
    displaced: Displaced,
    json: Bytes,
}

impl Kept {
    fn cost(&self) -> usize {
        self.json.len() + EACH
    }
}

/// Two halves: what is asked for is kept in the younger one. When that is full it takes the place of the older one, and who
/// was not asked for meanwhile is forgotten.
struct Halves {
    younger: HashMap<Key, Kept>,
    older: HashMap<Key, Kept>,
    bytes: usize,
    began: Instant,
}

/// The answers that are kept.
pub(crate) struct Ready(Mutex<Halves>);

impl Default for Ready {
    fn default() -> Self {
        Self(Mutex::new(Halves {
            younger: HashMap::new(),
            older: HashMap::new(),
            bytes: 0,
            began: Instant::now(),
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
    pub(crate) fn find(
        &self,
        connection: ConnectionId,
        edition: &Edition,
        displaced: Displaced,
    ) -> Option<Bytes> {
        let holds = |it: &&Kept| it.edition == *edition && it.displaced == displaced;
        let key = (connection, edition.user);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = halves.younger.get(&key) {
            return Some(kept).filter(holds).map(|it| it.json.clone());
        }
        let kept = halves.older.remove(&key)?;
        let json = Some(&kept).filter(holds)?.json.clone();
        halves.put(key, kept);
        Some(json)
    }

    /// Keeps the answer about an edition of a person, if nothing but the edition decides it.
    pub(crate) fn keep(
        &self,
        connection: ConnectionId,
        edition: Edition,
        displaced: Displaced,
        json: &Bytes,
    ) {
        if !edition.is_all {
            return;
        }
        let kept = Kept {
            edition,
            displaced,
            json: json.clone(),
        };
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.put((connection, edition.user), kept);
    }
}

impl Halves {
    fn put(&mut self, key: Key, kept: Kept) {
        if self.bytes + kept.cost() > HALF || self.began.elapsed() > AGE {
            self.older = std::mem::take(&mut self.younger);
            self.bytes = 0;
            self.began = Instant::now();
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
        let plain = Displaced::default();
        ready.keep(okta, edition(1, 7), plain, &Bytes::from_static(b"seven"));
        let found = |connection, edition, displaced| ready.find(connection, &edition, displaced);
        assert_eq!(
            found(okta, edition(1, 7), plain).as_deref(),
            Some(&b"seven"[..])
        );
        assert_eq!(found(okta, edition(1, 8), plain), None, "changed since");
        assert_eq!(found(entra, edition(1, 7), plain), None, "another's view");
        assert_eq!(found(okta, edition(2, 7), plain), None);
        let mapped = Displaced {
            area: true,
            ..plain
        };
        assert_eq!(found(okta, edition(1, 7), mapped), None, "mapped anew");
        let led = Edition {
            manager_version: Some(3),
            ..edition(1, 7)
        };
        assert_eq!(found(okta, led, plain), None, "the manager changed");
        let grouped = Edition {
            is_all: false,
            ..edition(3, 1)
        };
        ready.keep(okta, grouped, plain, &Bytes::from_static(b"grouped"));
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
        for it in 0..2_000 {
            ready.keep(okta, person(it), Displaced::default(), &json);
            assert!(ready.find(okta, &person(0), Displaced::default()).is_some());
        }
        let halves = ready.0.lock().expect("not poisoned");
        let kept = halves.younger.values().chain(halves.older.values());
        let bytes: usize = kept.map(Kept::cost).sum();
        assert!(bytes <= 2 * HALF, "{bytes}");
        assert!(bytes > HALF / 2, "{bytes}");
    }
}
