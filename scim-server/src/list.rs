//! A page as a ListResponse (RFC 7644 §3.4.2), by place or by cursor (RFC 9865).

use hyper::StatusCode;
use scim_v2::models::errors::ScimType;
use scim_v2::schema_urns;
use usher_core::Seal;
use usher_core::query::ListFrom;

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::json::Json;
use crate::request::Query;

/// About how long a person is, written.
const USUAL_RESOURCE: usize = 1_600;

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    People,
    Groups,
    Both,
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: ListFrom,
    pub(crate) size: i64,
    /// How many there are in all, as the first page of a cursor counted; none when it is to be counted now.
    pub(crate) total: Option<i64>,
    /// Where pages go by cursor: what tells its cursors from those that somebody made up.
    by_cursor: Option<Seal>,
    of: Of,
    /// What filter and order come to, so that a cursor is not taken for another list's.
    check: u64,
}

impl Span {
    /// What a query asks for; `seal` is that of cursors.
    pub(crate) fn of(
        query: &Query,
        of: Of,
        seal: impl FnOnce() -> Result<Seal, Fault>,
    ) -> Result<Self, Fault> {
        let mut span = Self {
            from: ListFrom::Place(query.start()),
            size: query.size(),
            total: None,
            by_cursor: query.cursor.as_ref().map(|_| seal()).transpose()?,
            of,
            check: check(query),
        };
        match query.cursor.as_deref() {
            None => {}
            Some("") => span.from = ListFrom::Place(1),
            Some(cursor) => {
                let (from, total) = span.read(cursor).ok_or_else(|| {
                    Fault::bad(
                        ScimType::Other("invalidCursor".to_owned()),
                        "the cursor is not one of this list; begin again with an empty one",
                    )
                })?;
                span.from = from;
                span.total = Some(total);
            }
        }
        Ok(span)
    }

    /// The place of the first, where pages go by place.
    pub(crate) fn start(&self) -> i64 {
        match self.from {
            ListFrom::Place(place) => place,
            ListFrom::Behind(_) => 1,
        }
    }

    /// What filter and order of the list come to.
    pub(crate) fn list(&self) -> u64 {
        self.check
    }

    /// What the list is remembered by, where its pages go by place.
    pub(crate) fn by_place(&self) -> Option<(u64, i64)> {
        match self.from {
            ListFrom::Place(place) if self.by_cursor.is_none() && self.size > 0 => {
                Some((self.check, place))
            }
            _ => None,
        }
    }

    fn read(&self, cursor: &str) -> Option<(ListFrom, i64)> {
        let mut parts = cursor.split('.');
        let mut next = || parts.next();
        let (kind, number, total, check) = (next()?, next()?, next()?, next()?);
        let number: i64 = number.parse().ok().filter(|it| *it >= 0)?;
        let total: i64 = total.parse().ok().filter(|it| *it >= 0)?;
        let seal = self.seal(kind, number, total)?;
        if parts.next().is_some() || u128::from_str_radix(check, 16).ok()? != seal {
            return None;
        }
        match kind {
            "b" => Some((ListFrom::Behind(number), total)),
            "p" => Some((ListFrom::Place(number), total)),
            _ => None,
        }
    }

    /// What only whoever has the database can say of a cursor of this list.
    fn seal(&self, kind: &str, number: i64, total: i64) -> Option<u128> {
        let (of, check) = (self.of, self.check);
        let text = format!("{of:?}.{check:x}.{kind}.{number}.{total}");
        self.by_cursor.map(|it| it.of(&text))
    }

    /// The cursor of the page behind one whose last person has that number in the order of creation.
    fn next(&self, returned: i64, last: Option<i64>, total: i64) -> Option<String> {
        if returned == 0 || returned < self.size {
            return None;
        }
        let (kind, number) = match last {
            Some(last) => ("b", last),
            None => {
                let next = self.start().saturating_add(returned);
                if next > total {
                    return None;
                }
                ("p", next)
            }
        };
        let seal = self.seal(kind, number, total)?;
        Some(format!("{kind}.{number}.{total}.{seal:x}"))
    }
}

/// FNV-1a of what a query asks for.
fn check(query: &Query) -> u64 {
    let texts = [query.filter.as_deref(), query.sort_by.as_deref()];
    let bytes = texts
        .into_iter()
        .flat_map(|it| it.unwrap_or_default().bytes().chain([0xff]));
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes.chain([u8::from(query.descending)]) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// What a page says beside its resources.
pub(crate) struct Page<'a> {
    pub(crate) span: &'a Span,
    /// How many there are in all.
    pub(crate) total: i64,
    /// How many are on it.
    pub(crate) returned: usize,
    /// The number of its last person in the order of creation, if it has people only.
    pub(crate) last: Option<i64>,
}

impl Page<'_> {
    /// The answer; `write` writes each resource as an element of a list.
    pub(crate) fn answer(&self, write: impl FnOnce(&mut Json)) -> Answer {
        let mut out = Json::with_capacity(300 + self.returned * USUAL_RESOURCE);
        out.raw("{\"schemas\":[\"");
        out.raw(schema_urns::LIST_RESPONSE);
        out.raw("\"]");
        let returned = i64::try_from(self.returned).unwrap_or(i64::MAX);
        out.member("totalResults");
        out.shown(self.total);
        if self.span.by_cursor.is_none() {
            out.member("startIndex");
            out.shown(self.span.start());
        }
        out.member("itemsPerPage");
        out.shown(returned);
        let next = self.span.next(returned, self.last, self.total);
        out.optional_member("nextCursor", next.as_deref());
        out.raw_member("Resources", "[");
        write(&mut out);
        out.raw("]}");
        answer::written(StatusCode::OK, out)
    }
}
