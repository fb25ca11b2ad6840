//! What is kept of a person beside the roster's fields ([`usher_core::model::Field::Kept`]): one JSON object, taken
//! apart only where it has to be put together with fields again, and otherwise copied as it is.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::schema::ENTERPRISE;

/// The members of a JSON object in their order, not looked into.
#[derive(Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(&'a str, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|it| it.0 == key).map(|it| it.1)
    }

    pub(crate) fn is_work(&self) -> bool {
        self.get("type")
            .is_some_and(|it| it.get().eq_ignore_ascii_case("\"work\""))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(12);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// What is kept of a person, taken apart where it has to be put together with fields.
#[derive(Default)]
pub(crate) struct Kept<'a> {
    pub(crate) name: Members<'a>,
    pub(crate) enterprise: Members<'a>,
    pub(crate) emails: Option<&'a RawValue>,
    pub(crate) addresses: Option<&'a RawValue>,
    pub(crate) rest: Vec<(&'a str, &'a RawValue)>,
}

impl<'a> Kept<'a> {
    pub(crate) fn of(text: Option<&'a str>) -> Self {
        let Some(text) = text else {
            return Self::default();
        };
        let members: Members<'a> = serde_json::from_str(text).unwrap_or_default();
        let mut kept = Self {
            rest: Vec::with_capacity(members.0.len()),
            ..Self::default()
        };
        for (key, value) in members.0 {
            match key {
                "name" => kept.name = serde_json::from_str(value.get()).unwrap_or_default(),
                ENTERPRISE => {
                    kept.enterprise = serde_json::from_str(value.get()).unwrap_or_default()
                }
                "emails" => kept.emails = Some(value),
                "addresses" => kept.addresses = Some(value),
                _ => kept.rest.push((key, value)),
            }
        }
        kept
    }
}

/// The elements of a list that is kept.
pub(crate) fn elements(list: &RawValue) -> Vec<Members<'_>> {
    serde_json::from_str(list.get()).unwrap_or_default()
}

/// A list that is kept, with a member put back into one of its elements; with nothing to put there it goes.
pub(crate) struct Filled<'a> {
    pub(crate) list: &'a [Members<'a>],
    pub(crate) place: Option<usize>,
    pub(crate) key: &'a str,
    pub(crate) value: Option<&'a str>,
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(None)?;
        for (at, members) in self.list.iter().enumerate() {
            match (self.place == Some(at), self.value) {
                (false, _) => out.serialize_element(&Element { members, put: None })?,
                (true, Some(value)) => out.serialize_element(&Element {
                    members,
                    put: Some((self.key, value)),
                })?,
                (true, None) => {}
            }
        }
        out.end()
    }
}

/// One element: the member put back, then those that are kept.
struct Element<'a> {
    members: &'a Members<'a>,
    put: Option<(&'a str, &'a str)>,
}

impl Serialize for Element<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        if let Some((key, value)) = self.put {
            out.serialize_entry(key, value)?;
        }
        for (key, value) in &self.members.0 {
            if self.put.is_none_or(|it| it.0 != *key) {
                out.serialize_entry(key, value)?;
            }
        }
        out.end()
    }
}
