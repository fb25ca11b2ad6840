//! Pages of a list of people: where they begin, and those on them, from what is kept ready where that still holds.

use usher_core::directory::{Edition, Named};
use usher_core::query::{Expr, ListFrom, Listing, Order};

use crate::anchors::{self, Edge};
use crate::call::{Call, Written};
use crate::fault::Fault;
use crate::filter::{self, Key, Sought};
use crate::list::Span;
use crate::people::People;
use crate::projection::Projection;
use crate::request::Query;
use crate::walks::{self, Walk};

/// How many places of an order are read at once when those of a page are gone: more each time, up to this.
const MOST_READ: usize = 5_000;

impl Call<'_> {
    /// The people on a page, and how many the list has in all.
    pub(crate) fn people_found(
        &self,
        query: &Query,
        order: &Order,
        span: &Span,
    ) -> Result<(Vec<Written>, i64), Fault> {
        let sought = match &query.filter {
            Some(text) => match filter::plain(text) {
                Some(sought) => sought,
                None => filter::read(text, self.context()?)?,
            },
            None => Sought::Fitting(Expr::Everybody),
        };
        match sought {
            Sought::Nobody => Ok((Vec::new(), 0)),
            Sought::One(key) => self.one(&key, span),
            Sought::Fitting(query) => {
                let edge = self.edge(span);
                let anchor = edge.and_then(|it| self.app.anchors.find(it));
                let from = anchor.map_or(span.from, |it| ListFrom::Behind(it.behind));
                let walk = tokio::task::block_in_place(|| self.walk(&query, order, span, from))?;
                let place = walk.as_ref().and_then(|it| place_in(it, from));
                let known = span.total.or(anchor.map(|it| it.total));
                let counted = match known {
                    Some(_) => None,
                    None => Some((
                        (self.connection, span.list()),
                        self.people()?.newest_batch()?,
                    )),
                };
                let listing = Listing {
                    query,
                    order: order.clone(),
                    from,
                    limit: span.size,
                    total: known.or(counted.and_then(|it| self.app.totals.find(it.0, it.1))),
                };
                // A page takes long enough to let others have this thread's work meanwhile.
                let (people, total) = tokio::task::block_in_place(|| match (&walk, place) {
                    (Some(walk), Some(place)) => self.page_of(walk, place, &listing),
                    _ => self.page(listing),
                })?;
                if let Some((list, newest_batch)) = counted {
                    self.app.totals.keep(list, newest_batch, total);
                }
                if let (Some(edge), [first, .., last]) = (edge, people.as_slice()) {
                    // Only in the order of creation it is known who could stand before the first.
                    let first = (*order == Order::Creation).then_some(first.seq);
                    let page = anchors::Read {
                        ends: (first, last.seq),
                        returned: i64::try_from(people.len()).unwrap_or(i64::MAX),
                        total,
                    };
                    self.app.anchors.keep(edge, anchor, &page);
                }
                Ok((people, total))
            }
        }
    }

    /// The place that a page begins at.
    fn edge(&self, span: &Span) -> Option<Edge> {
        let (list, place) = span.by_place()?;
        Some(Edge {
            connection: self.connection,
            list,
            place,
        })
    }

    /// The list's whole order, where a page would cost as much as that: of a sorted list that is not begun anew, and of one with
    /// a filter into the middle of which somebody jumps.
    fn walk(
        &self,
        query: &Expr,
        order: &Order,
        span: &Span,
        from: ListFrom,
    ) -> Result<Option<Walk>, Fault> {
        let key = walks::Key {
            connection: self.connection,
            list: span.list(),
        };
        let sorts = matches!(order, Order::By { .. });
        let whole = *query == Expr::Everybody && *order == Order::Creation;
        let walks = match from {
            _ if span.size <= 0 || whole => false,
            ListFrom::Place(place) if place <= 1 => {
                self.app.walks.forget(key);
                false
            }
            ListFrom::Place(_) => true,
            ListFrom::Behind(_) => sorts,
        };
        if !walks {
            return Ok(None);
        }
        if let Some(walk) = self.app.walks.find(key) {
            match place_in(&walk, from) {
                Some(place) if place < walk.len() => return Ok(Some(walk)),
                // Whether somebody came behind its end is counted.
                Some(_) => return Ok(None),
                // Who came since is in none that was kept before.
                None => {}
            }
        }
        let walk: Walk = self.people()?.walk(query, order)?.into();
        self.app.walks.keep(key, &walk);
        Ok(Some(walk))
    }

    /// A page of a list whose order is known. Who is in the list no more is left out, and the next ones move up.
    fn page_of(
        &self,
        walk: &Walk,
        place: usize,
        listing: &Listing,
    ) -> Result<(Vec<Written>, i64), Fault> {
        let all = i64::try_from(walk.len()).unwrap_or(i64::MAX);
        let total = listing.total.unwrap_or(all);
        let size = usize::try_from(listing.limit).unwrap_or(0);
        let people = self.people()?;
        let mut page: Vec<Written> = Vec::with_capacity(size);
        let mut rest = walk.get(place..).unwrap_or_default();
        let mut reads = size;
        while page.len() < size && !rest.is_empty() {
            let (now, later) = rest.split_at(reads.min(rest.len()));
            let mut found = self.of_numbers(&people, &listing.query, now)?;
            found.truncate(size - page.len());
            page.extend(found);
            (rest, reads) = (later, MOST_READ.min(reads * 2));
        }
        Ok((page, total))
    }

    /// The people of these numbers whom a query still finds, written.
    fn of_numbers(
        &self,
        people: &People<'_>,
        query: &Expr,
        seqs: &[u32],
    ) -> Result<Vec<Written>, Fault> {
        if self.projection == Projection::Whole {
            let editions = people.editions_among(query, seqs)?;
            if let Some(written) = self.kept_ready(people, &editions)? {
                return Ok(written);
            }
        }
        let people = people.among(query, seqs)?;
        Ok(people.iter().map(|it| self.written(&it.0, it.1)).collect())
    }

    /// A page of people, written: those who are not kept ready are read and written now.
    fn page(&self, mut listing: Listing) -> Result<(Vec<Written>, i64), Fault> {
        let people = self.people()?;
        if self.projection == Projection::Whole {
            let (editions, total) = people.editions(&listing)?;
            if let Some(written) = self.kept_ready(&people, &editions)? {
                return Ok((written, total));
            }
            // Who they are is known now: they are not put in order twice.
            if matches!(listing.order, Order::By { .. })
                && let Ok(seqs) = editions.iter().map(|it| u32::try_from(it.seq)).collect()
            {
                let seqs: Vec<u32> = seqs;
                let people = people.among(&listing.query, &seqs)?;
                let written = people.iter().map(|it| self.written(&it.0, it.1));
                return Ok((written.collect(), total));
            }
            listing.total = Some(total);
        }
        let (people, total) = people.page(&listing)?;
        let written = people.iter().map(|it| self.written(&it.0, it.1));
        Ok((written.collect(), total))
    }

    /// The people of these editions from what is kept ready, if that is most of them.
    fn kept_ready(
        &self,
        people: &People<'_>,
        editions: &[Edition],
    ) -> Result<Option<Vec<Written>>, Fault> {
        let found = editions.iter().map(|edition| {
            let json = self.app.ready.find(self.connection, edition);
            (edition, json)
        });
        let found: Vec<_> = found.collect();
        let missing = found.iter().filter(|it| it.1.is_none()).count();
        if missing > found.len() / 4 {
            return Ok(None);
        }
        let written = found.into_iter().filter_map(|(edition, json)| match json {
            Some(json) => Some(Ok(Written::of(edition, json))),
            // Who went meanwhile is on no page.
            None => match people.whole(Named::Id(edition.user)) {
                Ok(whole) => whole.map(|it| Ok(self.written(&it.0, it.1))),
                Err(error) => Some(Err(error.into())),
            },
        });
        written.collect::<Result<_, Fault>>().map(Some)
    }

    fn one(&self, key: &Key, span: &Span) -> Result<(Vec<Written>, i64), Fault> {
        let named = match key {
            Key::Id(id) => Named::Id(*id),
            Key::UserName(user_name) => Named::UserName(user_name),
            Key::ExternalId(external_id) => Named::ExternalId(external_id),
        };
        let is_here = |seq: i64| match span.from {
            ListFrom::Place(place) => place <= 1,
            ListFrom::Behind(behind) => seq > behind,
        };
        Ok(match self.found(named)? {
            None => (Vec::new(), 0),
            Some(found) if span.size == 0 || !is_here(found.seq) => (Vec::new(), 1),
            Some(found) => (vec![found], 1),
        })
    }
}

/// At which place of an order a page begins; none when that is behind somebody who is not in it.
fn place_in(walk: &[u32], from: ListFrom) -> Option<usize> {
    match from {
        ListFrom::Place(place) => usize::try_from(place - 1).ok(),
        ListFrom::Behind(behind) => {
            let found = walk.iter().position(|it| i64::from(*it) == behind);
            found.map(|it| it + 1)
        }
    }
}
