//! How many people long lists with a filter have in all, as long as nothing was committed since they were counted: whoever asks
//! for the first page again is not waited for by counting everybody again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use usher_core::model::ConnectionId;

/// The most lists whose totals are kept.
const MOST: usize = 1_024;

/// Whose list, and what its filter and order come to.
pub(crate) type List = (ConnectionId, u64);

#[derive(Default)]
struct Known {
    /// The newest batch when they were counted.
    as_of: i64,
    totals: HashMap<List, i64>,
}

/// The totals that are known.
#[derive(Default)]
pub(crate) struct Totals(Mutex<Known>);

impl Totals {
    /// How many the list has in all, if it was counted since the newest batch.
    pub(crate) fn find(&self, list: List, newest_batch: i64) -> Option<i64> {
        let known = self.known();
        (known.as_of == newest_batch)
            .then(|| known.totals.get(&list).copied())
            .flatten()
    }

    /// Keeps what was counted when this batch was the newest, or later.
    pub(crate) fn keep(&self, list: List, newest_batch: i64, total: i64) {
        let mut known = self.known();
        if known.as_of > newest_batch {
            return;
        }
        if known.as_of < newest_batch || known.totals.len() >= MOST {
            known.totals.clear();
        }
        known.as_of = newest_batch;
        known.totals.insert(list, total);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_holds_until_the_next_batch() {
        let totals = Totals::default();
        let one = |list: u64| (ConnectionId::from_bytes([1; 16]), list);
        totals.keep(one(7), 3, 500);
        assert_eq!(totals.find(one(7), 3), Some(500));
        assert_eq!(totals.find(one(8), 3), None);
        assert_eq!(totals.find(one(7), 4), None);
        totals.keep(one(8), 4, 10);
        assert_eq!(totals.find(one(7), 4), None, "counted before");
        totals.keep(one(7), 3, 500);
        assert_eq!(totals.find(one(7), 4), None, "from before, and too late");
        assert_eq!(totals.find(one(8), 4), Some(10));
        for list in 0..3_000 {
            totals.keep(one(list), 4, 1);
        }
        assert!(totals.known().totals.len() <= MOST);
    }
}
