//! Orders of long lists that are read page by page, kept for a while: a page in the middle of a sorted list, or one into which
//! a client jumps, is then a piece of what was put in order once. Numbers of people are kept and nothing else of them, few
//! orders and not for long; whom a piece names is read, and looked at again, for each page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use usher_core::model::ConnectionId;

/// How long an order is kept of which no page is asked for.
const IDLE: Duration = Duration::from_secs(30);
/// How long an order is believed at most.
const AGE: Duration = Duration::from_secs(120);
/// The most orders that are kept.
const MOST: usize = 8;
/// Lists that are no longer than this are put in order anew for each page.
const LONG: usize = 500;
/// How many people all of them may have: four bytes each.
const MOST_PEOPLE: usize = 4 * 1024 * 1024;

/// Whose list, and what its filter and order come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) connection: ConnectionId,
    pub(crate) list: u64,
}

/// The numbers of people, in the order of a list.
pub(crate) type Walk = Arc<[u32]>;

struct Kept {
    key: Key,
    walk: Walk,
    made: Instant,
    used: Instant,
}

impl Kept {
    fn is_good(&self) -> bool {
        self.used.elapsed() < IDLE && self.made.elapsed() < AGE
    }
}

/// The orders that are kept, the one that was used last at the end.
#[derive(Default)]
pub(crate) struct Walks(Mutex<Vec<Kept>>);

impl Walks {
    /// The order of a list, if it is kept.
    pub(crate) fn find(&self, key: Key) -> Option<Walk> {
        let mut kept = self.kept();
        kept.retain(Kept::is_good);
        let at = kept.iter().position(|it| it.key == key)?;
        let mut found = kept.remove(at);
        found.used = Instant::now();
        let walk = Arc::clone(&found.walk);
        kept.push(found);
        Some(walk)
    }

    /// Keeps the order of a list, in the place of those that were not used for the longest time.
    pub(crate) fn keep(&self, key: Key, walk: &Walk) {
        let mut kept = self.kept();
        kept.retain(|it| it.key != key && it.is_good());
        if walk.len() <= LONG || walk.len() > MOST_PEOPLE {
            return;
        }
        let now = Instant::now();
        kept.push(Kept {
            key,
            walk: Arc::clone(walk),
            made: now,
            used: now,
        });
        let people = |kept: &[Kept]| kept.iter().map(|it| it.walk.len()).sum::<usize>();
        while kept.len() > MOST || people(&kept) > MOST_PEOPLE {
            kept.remove(0);
        }
    }

    /// Forgets the order of a list, which is begun anew.
    pub(crate) fn forget(&self, key: Key) {
        self.kept().retain(|it| it.key != key && it.is_good());
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(list: u64) -> Key {
        Key {
            connection: ConnectionId::from_bytes([1; 16]),
            list,
        }
    }

    #[test]
    fn few_are_kept_and_those_that_are_used() {
        let walks = Walks::default();
        let walk: Walk = vec![7; LONG + 1].into();
        walks.keep(key(0), &Arc::from([3, 1, 2]));
        assert!(walks.find(key(0)).is_none(), "short");
        walks.keep(key(0), &walk);
        for list in 1..20 {
            assert!(walks.find(key(0)).is_some(), "used before {list}");
            walks.keep(key(list), &walk);
        }
        assert!(walks.find(key(19)).is_some() && walks.find(key(5)).is_none());
        let other = Key {
            connection: ConnectionId::from_bytes([2; 16]),
            ..key(0)
        };
        assert!(walks.find(other).is_none());
        walks.forget(key(0));
        assert!(walks.find(key(0)).is_none());
        assert_eq!(walks.kept().len(), MOST - 1);
    }

    #[test]
    fn they_take_no_more_room_than_they_may() {
        let walks = Walks::default();
        let large: Walk = vec![0; MOST_PEOPLE / 2].into();
        for list in 0..4 {
            walks.keep(key(list), &large);
        }
        assert_eq!(walks.kept().len(), 2);
        let too_large: Walk = vec![0; MOST_PEOPLE + 1].into();
        walks.keep(key(3), &too_large);
        assert!(walks.find(key(3)).is_none(), "what was there is older");
        assert!(walks.find(key(2)).is_some());
    }
}
