//! A page of people as a ListResponse (RFC 7644 §3.4.2).

use hyper::StatusCode;
use scim_v2::schema_urns;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::answer::{self, Answer};
use crate::projection::Projection;
use crate::resource::{Person, Resource};

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
        answer::json(
            StatusCode::OK,
            &Shown {
                page: self,
                projection,
            },
        )
    }
}

struct Shown<'a> {
    page: &'a Page<'a>,
    projection: &'a Projection,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("schemas", &[schema_urns::LIST_RESPONSE])?;
        out.serialize_entry("totalResults", &self.page.total)?;
        out.serialize_entry("startIndex", &self.page.start)?;
        out.serialize_entry("itemsPerPage", &self.page.people.len())?;
        out.serialize_entry("Resources", &Resources(self))?;
        out.end()
    }
}

struct Resources<'a>(&'a Shown<'a>);

impl Serialize for Resources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Shown { page, projection } = self.0;
        let mut out = serializer.serialize_seq(Some(page.people.len()))?;
        for person in page.people {
            let resource = Resource {
                person,
                base: page.base,
            };
            match projection {
                Projection::Whole => out.serialize_element(&resource)?,
                projection => {
                    let mut value =
                        serde_json::to_value(&resource).map_err(serde::ser::Error::custom)?;
                    projection.apply(&mut value);
                    out.serialize_element(&value)?;
                }
            }
        }
        out.end()
    }
}
