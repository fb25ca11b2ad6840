//! A page of people as a ListResponse (RFC 7644 §3.4.2).

use hyper::StatusCode;
use scim_v2::schema_urns;

use crate::answer::{self, Answer};
use crate::json::Json;
use crate::projection::Projection;
use crate::resource::{Person, Resource};

/// About how long a person is, written.
const USUAL_PERSON: usize = 1_600;

/// A page.
pub(crate) struct Page<'a> {
    pub(crate) people: &'a [Person],
    /// How many there are in all.
    pub(crate) total: i64,
    /// The place of the first.
    pub(crate) start: i64,
    pub(crate) base: &'a str,
}

impl Page<'_> {
    pub(crate) fn answer(&self, projection: &Projection) -> Answer {
        let mut out = Json::with_capacity(200 + self.people.len() * USUAL_PERSON);
        out.raw("{\"schemas\":[\"");
        out.raw(schema_urns::LIST_RESPONSE);
        out.raw("\"]");
        let numbers = [
            ("totalResults", self.total),
            ("startIndex", self.start),
            (
                "itemsPerPage",
                i64::try_from(self.people.len()).unwrap_or(i64::MAX),
            ),
        ];
        for (name, number) in numbers {
            out.member(name);
            out.shown(number);
        }
        out.raw_member("Resources", "[");
        for person in self.people {
            out.element();
            projection.write(
                &Resource {
                    person,
                    base: self.base,
                },
                &mut out,
            );
        }
        out.raw("]}");
        answer::written(StatusCode::OK, out)
    }
}
