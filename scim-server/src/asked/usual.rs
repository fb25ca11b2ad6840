//! Bodies as providers send them of a person: they have nothing that must be taken out and name nobody else, which is told by
//! the names of their members alone, in one pass. Everything else is looked at closely.

use usher_core::model::UserId;

use crate::schema::{ENTERPRISE, USER};

/// Whether a body is an object of which every member, at any depth, has a name that is known to hold nothing secret and nobody
/// else's name, and a value that may stand there. It may say no for a body of which that is true, and says nothing of whether it
/// is JSON.
pub(super) fn is_usual(body: &str) -> bool {
    let mut rest = body.trim_ascii_start();
    if !rest.starts_with('{') {
        return false;
    }
    while let Some((before, after)) = rest.split_once('"') {
        let Some(end) = end_of_string(after) else {
            return false;
        };
        let (text, Some(after)) = (after.get(..end), after.get(end + 1..)) else {
            return false;
        };
        if has_element(before) {
            return false;
        }
        rest = after;
        let Some(value) = after.trim_ascii_start().strip_prefix(':') else {
            let is_value = before.trim_ascii_end().ends_with(':');
            if is_value || text.is_some_and(is_schema) {
                continue;
            }
            return false;
        };
        let value = value.trim_ascii_start();
        let is_plain = match text {
            Some("manager") => is_id(value),
            Some("schemas") => value
                .strip_prefix('[')
                .is_some_and(|it| it.trim_ascii_start().starts_with(['"', ']'])),
            Some(USER | ENTERPRISE) => value.starts_with(['{', 'n']),
            Some("addresses" | "meta" | "name") => value.starts_with(['{', '[', 'n']),
            Some(name) => is_plain_name(name),
            None => false,
        };
        if !is_plain {
            return false;
        }
    }
    !has_element(rest)
}

/// Whether between two texts something stands in a list that is neither a text nor an object.
fn has_element(between: &str) -> bool {
    let mut before = None;
    between.bytes().any(|byte| {
        let begins = before.is_none_or(|it| matches!(it, b'[' | b','));
        if !byte.is_ascii_whitespace() {
            before = Some(byte);
        }
        begins && (byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// Whether an element of a list is the name of a schema.
fn is_schema(text: &str) -> bool {
    [USER, ENTERPRISE].contains(&text)
}

/// Where the closing quote of a string is whose inside a text begins with.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Whether a value that begins here is somebody's id and nothing else.
fn is_id(value: &str) -> bool {
    let wrapped = value.strip_prefix("{\"value\":\"");
    let (id, closing) = match wrapped {
        Some(id) => (id, "\"}"),
        None => (value.strip_prefix('"').unwrap_or_default(), "\""),
    };
    let Some((id, after)) = id.split_at_checked(36) else {
        return false;
    };
    after.starts_with(closing) && id.parse::<UserId>().is_ok()
}

/// Attributes of people that are published and stand for nothing but themselves, in their order.
const PLAIN: [&str; 38] = [
    "active",
    "costCenter",
    "country",
    "department",
    "display",
    "displayName",
    "division",
    "emails",
    "employeeNumber",
    "entitlements",
    "externalId",
    "familyName",
    "formatted",
    "givenName",
    "groups",
    "honorificPrefix",
    "honorificSuffix",
    "id",
    "locale",
    "locality",
    "middleName",
    "nickName",
    "organization",
    "phoneNumbers",
    "postalCode",
    "preferredLanguage",
    "primary",
    "profileUrl",
    "region",
    "resourceType",
    "roles",
    "streetAddress",
    "timezone",
    "title",
    "type",
    "userName",
    "userType",
    "value",
];

/// Whether this is such an attribute. A name in which something is escaped is none of them.
fn is_plain_name(name: &str) -> bool {
    PLAIN.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Names, Place};
    use super::*;
    use crate::kept_body::take_out;

    const ID: &str = "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a";

    fn person() -> Value {
        json!({
            "schemas": [USER, ENTERPRISE], "externalId": "00u1", "userName": "k.hickey@secret.example", "active": true,
            "displayName": "Manager \"\\ Key", "name": {"givenName": "K\\", "familyName": "Hickey", "formatted": "K: Hickey"},
            "emails": [{"value": "k@acme.example", "type": "work", "primary": true}],
            ENTERPRISE: {"employeeNumber": "7", "manager": {"value": ID}},
        })
    }

    #[test]
    fn a_usual_body_has_nothing_to_take_out_and_names_no_manager() {
        let sent = person();
        let each = PLAIN.map(|name| (name.to_owned(), json!([{name: "x"}])));
        let mut each = Value::Object(each.into_iter().collect());
        for name in ["addresses", "meta", "name"] {
            each[name] = json!([{"value": 7}, {}]);
        }
        each[ENTERPRISE] = json!({});
        each["schemas"] = json!([]);
        assert!(PLAIN.is_sorted());
        for text in [
            each.to_string(),
            sent.to_string(),
            serde_json::to_string_pretty(&json!({"userName" : "a"})).expect("JSON"),
            json!({"manager": ID}).to_string(),
        ] {
            assert!(is_usual(&text), "{text}");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            let mut left = value.clone();
            assert_eq!(take_out(&mut left), []);
            let mut names = Names::default();
            names.gather(&value, Place::default());
            assert_eq!((left, names.managers), (value, Vec::<String>::new()));
        }
    }

    #[test]
    fn whatever_may_hold_a_secret_or_a_name_is_not_usual() {
        let others = [
            json!({"password": "x"}),
            json!({"name": {"apiToken": "x"}}),
            json!({"emails": [{"secret": "x"}]}),
            json!({"Operations": []}),
            json!({"members": [{"value": ID}]}),
            json!({"path": "password"}),
            json!({"manager": "boss@acme.example"}),
            json!({"manager": {"value": "boss@acme.example"}}),
            json!({"manager": {"value": ID, "displayName": "Bo"}}),
            json!({"manager": {"displayName": "Bo", "value": ID}}),
            json!({"manager": [{"value": ID}]}),
            json!({"Manager": ID}),
            json!("x"),
            json!(["x"]),
            json!(7),
            json!([{"userName": "x"}]),
            json!({"name": "x"}),
            json!({"addresses": 7}),
            json!({"addresses": [{}, "x"]}),
            json!({"emails": ["x"]}),
            json!({"emails": [7]}),
            json!({"emails": [{"value": "x"}, -7, {}]}),
            json!({"emails": [{}, true]}),
            json!({"schemas": ["x"]}),
            json!({"schemas": "x"}),
            json!({"schemas": [{"value": "x"}]}),
            json!({ENTERPRISE: "x"}),
        ];
        for sent in others {
            assert!(!is_usual(&sent.to_string()), "{sent}");
        }
        for text in [
            r#"{"pass\u0077ord":"x"}"#,
            r#"{"pass\word":"x"}"#,
            r#"{"userName"#,
            "{\"secret\"\n : 1}",
            "\"",
        ] {
            assert!(!is_usual(text), "{text}");
        }
    }
}
