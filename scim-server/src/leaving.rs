//! That somebody is to leave, apart from what else a request says of them: it is carried out also where the rest is refused. A
//! name that is misspelled keeps nobody in.

use scim_v2::schema_urns;
use serde_json::{Map, Value, json};

use crate::asked::is_called;

/// The body of a PATCH that says of a request's body only that its person is not active, and who that is; none where the body
/// does not say so, or nothing else.
pub(crate) fn alone(body: &Value) -> Option<Value> {
    let members = body.as_object()?;
    let operations = named(members, "Operations").and_then(Value::as_array);
    let mut said = Said::default();
    match operations {
        None => said.object("replace", members),
        Some(operations) => {
            for operation in operations {
                said.operation(operation.as_object()?);
            }
        }
    }
    (said.off && said.more)
        .then(|| json!({"schemas": [schema_urns::PATCH_OP], "Operations": said.kept}))
}

#[derive(Default)]
struct Said {
    kept: Vec<Value>,
    /// Whether they are not active, by what is said last.
    off: bool,
    /// Whether anything else is said.
    more: bool,
}

impl Said {
    fn operation(&mut self, operation: &Map<String, Value>) {
        let text = |name: &str| named(operation, name).and_then(Value::as_str);
        let sets = |it: &&str| {
            ["add", "replace"]
                .iter()
                .any(|of| it.eq_ignore_ascii_case(of))
        };
        let (Some(op), Some(value)) = (text("op").filter(sets), named(operation, "value")) else {
            self.more = true;
            return;
        };
        match (text("path"), value) {
            (Some(path), value) => self.attribute(op, path.trim(), value),
            (None, Value::Object(members)) => self.object(op, members),
            (None, _) => self.more = true,
        }
    }

    fn object(&mut self, op: &str, members: &Map<String, Value>) {
        for (name, value) in members {
            self.attribute(op, name, value);
        }
    }

    fn attribute(&mut self, op: &str, name: &str, value: &Value) {
        if is_called(name, "active") {
            self.off = is_off(value);
        } else if !is_called(name, "externalId") {
            // Which schemas it is of says nothing of the person.
            self.more |= !name.eq_ignore_ascii_case("schemas");
            return;
        } else {
            self.more = true;
        }
        self.kept
            .push(json!({"op": op, "path": name, "value": value}));
    }
}

/// A member, whatever the case of its name (RFC 7643 §2.1).
fn named<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut members = members.iter();
    members
        .find(|it| it.0.eq_ignore_ascii_case(name))
        .map(|it| it.1)
}

/// Whether a value of `active` is false, in any form in which providers send it.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        Value::Array(values) => matches!(values.as_slice(), [one] if is_off(one)),
        Value::Object(members) => named(members, "value").is_some_and(is_off),
        Value::Null | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_that_somebody_leaves_is_taken_out_of_what_says_more() {
        let off = json!({"op": "replace", "path": "active", "value": false});
        let named = json!({"op": "replace", "path": "externalId", "value": "x1"});
        let patch = |operations: Value| json!({"operations": operations});
        for (body, kept) in [
            (
                json!({"schemas": ["urn"], "userName": "ana", "active": false, "externalId": "x1"}),
                Some(json!([off, named])),
            ),
            (json!({"userName": "ana", "active": true}), None),
            (json!({"userName": "ana"}), None),
            (json!([false]), None),
            (
                patch(json!([{"op": "Replace", "value": {"active": "False", "title": "T"}}])),
                Some(json!([{"op": "Replace", "path": "active", "value": "False"}])),
            ),
            (
                patch(json!([off, {"op": "add", "path": "title", "value": "T"}])),
                Some(json!([off])),
            ),
            (
                patch(
                    json!([off, {"op": "remove", "path": "title"}, {"op": "add", "path": "active", "value": true}]),
                ),
                None,
            ),
            // Nothing else is said: it is refused or done as it is.
            (patch(json!([off])), None),
            (
                patch(json!([{"op": "remove", "path": "active"}, {"op": "x"}])),
                None,
            ),
            (patch(json!([off, 7])), None),
        ] {
            let found = alone(&body).map(|mut it| it["Operations"].take());
            assert_eq!(found, kept, "{body}");
        }
    }
}
