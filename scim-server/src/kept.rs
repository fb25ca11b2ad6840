//! What is kept of a person beside the roster's fields ([`usher_core::model::Field::Kept`]): one JSON object that we
//! wrote, compact and valid. It is looked through for where members begin and end, and copied; it is never built anew.

use crate::json::first_to_escape;
use crate::schema::ENTERPRISE;
use crate::words::MAPPED;

/// The members of an object or the elements of a list, in their order, as the JSON that they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Members<'a> {
    /// What follows the opening bracket.
    rest: &'a str,
}

impl<'a> Members<'a> {
    /// Of an object or a list; of anything else none.
    pub(crate) fn of(json: &'a str) -> Self {
        Self {
            rest: json.strip_prefix(['{', '[']).unwrap_or_default(),
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(mut self) -> bool {
        self.next().is_none()
    }

    /// The members of an object by name.
    pub(crate) fn named(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.filter_map(|member| {
            // Names are the RFC's, in which nothing is escaped.
            let end = 1 + member.bytes().skip(1).position(|it| it == b'"')?;
            Some((member.get(1..end)?, member.get(end + 2..)?))
        })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = end_of_member(self.rest.as_bytes())?;
        let (member, after) = self.rest.split_at_checked(end)?;
        self.rest = after.strip_prefix(',').unwrap_or_default();
        Some(member)
    }
}

/// Where the first member of what follows a bracket ends; none when there is no further one.
fn end_of_member(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    (at > 0 && at < bytes.len()).then_some(at)
}

/// Where the closing quote of a string is whose inside begins at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += first_to_escape(bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'\\' => at += 2,
            _ => return Some(at),
        }
    }
}

/// What stands around the place of a value that a field of the roster holds. The place is kept as null, and no other
/// null is kept, so that it is found by its text; inside a string the quotes would be escaped.
pub(crate) fn around_place<'a>(list: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let mut from = 0;
    while let Some(found) = list
        .as_bytes()
        .get(from..)?
        .iter()
        .position(|it| *it == b'n')
    {
        let (before, after) = list.split_at_checked(from + found)?;
        if let Some(after) = after.strip_prefix("null")
            && let Some(before) = before
                .strip_suffix("\":")
                .and_then(|it| it.strip_suffix(name))
            && let Some(before) = before.strip_suffix('"')
        {
            return Some((before, after));
        }
        from += found + 1;
    }
    None
}

/// What is kept, taken apart where it has to be put together with fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept<'a> {
    pub(crate) name: Members<'a>,
    pub(crate) enterprise: Members<'a>,
    pub(crate) emails: Option<&'a str>,
    pub(crate) addresses: Option<&'a str>,
    /// What connections have sent of fields' own attributes that is not in the fields ([`crate::words`]).
    pub(crate) mapped: Members<'a>,
    pub(crate) rest: Vec<(&'a str, &'a str)>,
}

impl<'a> Kept<'a> {
    pub(crate) fn of(text: Option<&'a str>) -> Self {
        let mut kept = Self::default();
        for (name, value) in Members::of(text.unwrap_or_default()).named() {
            match name {
                "name" => kept.name = Members::of(value),
                ENTERPRISE => kept.enterprise = Members::of(value),
                "emails" => kept.emails = Some(value),
                "addresses" => kept.addresses = Some(value),
                MAPPED => kept.mapped = Members::of(value),
                _ => kept.rest.push((name, value)),
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn members_are_found_whatever_they_hold() {
        let object = json!({
            "a": "x,}]{[\":\\", "b": {"c": [1, {"d": "}"}], "e": {}}, "f": [], "g": true, "h": -1.5e3, "i": null,
            "j": "\\\"", "k": ["[", "\"", "\\"], "ü": "ü€𝄞",
        });
        let text = object.to_string();
        let found: serde_json::Map<String, Value> = Members::of(&text)
            .named()
            .map(|(name, value)| {
                (
                    name.to_owned(),
                    serde_json::from_str(value).expect("each value is JSON"),
                )
            })
            .collect();
        assert_eq!(Value::Object(found), object);
        let list = json!(["a", {"b": 1}, [], 2]).to_string();
        assert_eq!(
            Members::of(&list).collect::<Vec<_>>(),
            ["\"a\"", "{\"b\":1}", "[]", "2"]
        );
        let list = json!([{"type": "\"region\":null"}, {"locality": "null", "region": null, "type": "work"}]).to_string();
        let (before, after) = around_place(&list, "region").expect("there is a place");
        assert!(
            before.ends_with("\"locality\":\"null\",") && after == ",\"type\":\"work\"}]",
            "{before} {after}"
        );
        for list in [
            json!([{"region": "null"}]),
            json!([{"gion": null}]),
            json!(["region", null]),
            json!(["\"region\":null"]),
        ] {
            assert_eq!(around_place(&list.to_string(), "region"), None, "{list}");
        }
    }

    #[test]
    fn what_is_not_ours_ends_early() {
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "{\"a",
            "{\"a\\",
            "[\"a\"",
            "{\"a\":{\"b\":1}",
            "]",
            "{,}",
        ] {
            assert_eq!(Members::of(text).count(), 0, "{text}");
        }
    }
}
