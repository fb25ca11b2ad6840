//! Where pages of long lists begin and end, remembered for a while: the next page is read from there, instead of counting
//! the whole way from the first person again. It also joins the pages: whoever comes or goes on a page that was read
//! already moves nobody over the edge of the next one.
//!
//! The whole roster is counted quickly, because its places are kept (see `place` in the core's listing): its pages are joined.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use usher_core::model::ConnectionId;

/// Lists that are no longer than this are counted anew on each page.
const LONG: i64 = 500;
/// How long an edge and the number of all are believed.
const AGE: Duration = Duration::from_secs(600);
/// The most edges that are remembered.
const MOST: usize = 4_096;

/// A place in somebody's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    pub(crate) connection: ConnectionId,
    /// What its filter comes to.
    pub(crate) list: u64,
    /// The place of the page's first person, 1 being the list's first.
    pub(crate) place: i64,
}

/// What is known of a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    /// The person behind whom the page begins, by their number in the order of creation.
    pub(crate) behind: i64,
    /// How many the list had in all when its first page was read.
    pub(crate) total: i64,
    known: Instant,
}

/// A page that was read.
pub(crate) struct Read {
    /// The numbers of its first and last person in the order of creation; the first only where the list is in that order.
    pub(crate) ends: (Option<i64>, i64),
    pub(crate) returned: i64,
    pub(crate) total: i64,
}

/// The edges that are known.
#[derive(Default)]
pub(crate) struct Anchors(Mutex<HashMap<Edge, Anchor>>);

impl Anchors {
    /// Where a page begins, if that is known and not too old.
    pub(crate) fn find(&self, edge: Edge) -> Option<Anchor> {
        let known = self.known().get(&edge).copied();
        known.filter(|it| it.known.elapsed() < AGE)
    }

    /// Remembers the edges of a page that was read from an anchor, or counted out.
    pub(crate) fn keep(&self, edge: Edge, from: Option<Anchor>, page: &Read) {
        if page.total <= LONG {
            // A list that is begun anew is not joined to pages of when it was long.
            if edge.place <= 1 {
                let whose = |it: &Edge| (it.connection, it.list);
                self.known().retain(|it, _| whose(it) != whose(&edge));
            }
            return;
        }
        // What is read from an anchor is no newer than the anchor.
        let known = from.map_or_else(Instant::now, |it| it.known);
        let mut edges = self.known();
        if edges.len() >= MOST {
            edges.retain(|_, it| it.known.elapsed() < AGE);
            if edges.len() >= MOST {
                edges.clear();
            }
        }
        let total = page.total;
        let mut put = |place: i64, behind: i64| {
            edges.insert(
                Edge { place, ..edge },
                Anchor {
                    behind,
                    total,
                    known,
                },
            );
        };
        put(edge.place.saturating_add(page.returned), page.ends.1);
        let before = match page.ends.0 {
            Some(first) => Some(first - 1),
            None => from.map(|it| it.behind),
        };
        if let Some(before) = before.filter(|_| edge.place > 1) {
            put(edge.place, before);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Edge, Anchor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(place: i64) -> Edge {
        Edge {
            connection: "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a"
                .parse()
                .expect("an id"),
            list: 7,
            place,
        }
    }

    fn page(ends: (i64, i64), total: i64) -> Read {
        Read {
            ends: (Some(ends.0), ends.1),
            returned: 100,
            total,
        }
    }

    #[test]
    fn a_page_begins_where_the_one_before_ended() {
        let anchors = Anchors::default();
        anchors.keep(edge(1), None, &page((3, 250), 5_000));
        let next = anchors.find(edge(101)).expect("an anchor");
        assert_eq!((next.behind, next.total), (250, 5_000));
        anchors.keep(edge(101), Some(next), &page((260, 470), 5_000));
        assert_eq!(anchors.find(edge(201)).map(|it| it.behind), Some(470));
        // The page itself can be read again.
        assert_eq!(anchors.find(edge(101)).map(|it| it.behind), Some(259));
        // The first page, a place between, and another's list are counted out.
        assert!(anchors.find(edge(1)).is_none());
        assert!(anchors.find(edge(150)).is_none());
        let other = Edge {
            list: 8,
            ..edge(101)
        };
        assert!(anchors.find(other).is_none());
    }

    #[test]
    fn a_list_that_is_short_by_now_is_not_joined_to_its_older_pages() {
        let anchors = Anchors::default();
        let other = Edge { list: 8, ..edge(1) };
        anchors.keep(edge(1), None, &page((1, 100), LONG + 1));
        anchors.keep(other, None, &page((1, 100), LONG + 1));
        anchors.keep(edge(1), None, &page((1, 140), LONG));
        assert!(anchors.find(edge(101)).is_none());
        let others = Edge {
            place: 101,
            ..other
        };
        assert!(anchors.find(others).is_some());
    }

    #[test]
    fn short_lists_are_not_remembered_and_long_ones_within_bounds() {
        let anchors = Anchors::default();
        anchors.keep(edge(1), None, &page((1, 100), LONG));
        assert!(anchors.find(edge(101)).is_none());
        for at in 0..10_000 {
            anchors.keep(edge(1 + at * 100), None, &page((1, 100), 2_000_000));
        }
        assert!(anchors.known().len() <= MOST + 2);
    }
}
