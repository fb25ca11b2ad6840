//! What is kept of a body for `usher idp log`: the values of attributes that are published, and of anything else only that it
//! was there. A template of a provider may send whatever it likes under any name, and which names mean secrets nobody can list;
//! what the server does not understand it need not know either, to show what was asked or to do it again.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::json::first_to_escape;
use crate::schema::{self, Attribute, GROUP, Mutability, SCHEMAS, USER, USHER};

/// What stands in the place of a value.
pub(crate) const REMOVED: &str = "(removed)";
/// The words of messages: of a PATCH, of Bulk.
const WORDS: [&str; 11] = [
    "schemas",
    "operations",
    "op",
    "path",
    "value",
    "method",
    "bulkid",
    "data",
    "version",
    "failonerrors",
    "$ref",
];
/// What an operation may do.
const OPS: [&str; 3] = ["add", "replace", "remove"];
/// The words of comparisons in a path.
const COMPARISONS: [&str; 16] = [
    "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not", "true",
    "false", "null",
];

/// The names of what is published, in small letters, and the words of messages.
static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut known: HashSet<String> = WORDS.iter().map(|it| (*it).to_owned()).collect();
    let of_resources = SCHEMAS
        .iter()
        .filter(|it| [USER, GROUP, USHER, schema::ENTERPRISE].contains(&it.id));
    for schema in of_resources {
        add(&mut known, schema.attributes);
    }
    known
});

fn add(known: &mut HashSet<String>, attributes: &[Attribute]) {
    let kept = attributes
        .iter()
        .filter(|it| it.mutability != Mutability::WriteOnly);
    for attribute in kept {
        known.insert(attribute.name.to_ascii_lowercase());
        add(known, attribute.parts());
    }
}

/// A path or a key that says more than names: as it came, and what is kept of it.
pub(crate) type Cut = (String, String);

/// Whether a body, in small letters, has nothing that must be taken out. It may say no for one that has not.
pub(crate) fn is_plain(text: &str) -> bool {
    let has = |it: &str| text.contains(it);
    if has("display") && (has("members") || has("manager")) {
        return false;
    }
    let mut rest = text;
    while let Some((inside, after)) = next_string(rest) {
        let Some(inside) = inside else { return false };
        rest = after.trim_ascii_start();
        let Some(value) = rest.strip_prefix(':') else {
            continue;
        };
        let said = next_string(value).filter(|_| value.trim_ascii_start().starts_with('"'));
        let is_fine = match (inside, said) {
            ("path", Some((Some(path), after))) => {
                rest = after;
                is_fine_path(path)
            }
            ("op", Some((Some(op), after))) => {
                rest = after;
                OPS.contains(&op)
            }
            ("path" | "op", _) => false,
            ("operations", Some(_)) => false,
            // Of an operation without a path it may be anything.
            ("value", Some(_)) => !has("operations") || has("path"),
            (key, _) => is_known(key),
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// The next string of a JSON text as it stands there, and what is behind it; nothing in its place where it has no end.
fn next_string(text: &str) -> Option<(Option<&str>, &str)> {
    let inside = text.get(text.find('"')? + 1..)?;
    let mut end = 0;
    while let Some(found) = inside.as_bytes().get(end..).and_then(first_to_escape) {
        end += found;
        match inside.as_bytes().get(end) {
            Some(b'"') => return Some((inside.get(..end), inside.get(end + 1..)?)),
            // What is escaped is passed over, whatever it is.
            _ => end += 2,
        }
    }
    Some((None, ""))
}

/// Whether nothing has to be taken out of a path as it stands in a JSON text.
fn is_fine_path(path: &str) -> bool {
    let path = path.replace("\\\"", "\"");
    !path.contains('\\') && (is_place(&path) || is_known(&path))
}

/// Whether this is an address of an operation of Bulk.
fn is_place(path: &str) -> bool {
    let fine = |it: char| it.is_ascii_alphanumeric() || matches!(it, '/' | ':' | '-' | '_' | '.');
    path.starts_with('/') && path.chars().all(fine)
}

/// Whether a path, or a key, names what is published and nothing else.
fn is_known(path: &str) -> bool {
    let path = path.trim();
    let is_schema = |it: &&schema::Schema| path.eq_ignore_ascii_case(it.id);
    if schema::is_enterprise(path) || SCHEMAS.iter().any(|it| is_schema(&it)) {
        return true;
    }
    let (of, name) = schema::named(path);
    let others = [GROUP, USHER].into_iter().find_map(|urn| {
        let (before, name) = path.split_at_checked(urn.len())?;
        let is_it = before.eq_ignore_ascii_case(urn);
        name.strip_prefix(':').filter(|_| is_it)
    });
    let name = if of.is_some() {
        name
    } else {
        others.unwrap_or(path)
    };
    words_of(name).is_some_and(|mut words| words.all(is_known_word))
}

fn is_known_word(word: &str) -> bool {
    if KNOWN.contains(word) || COMPARISONS.contains(&word) {
        return true;
    }
    let small = word.to_ascii_lowercase();
    KNOWN.contains(&small)
        || COMPARISONS.contains(&&*small)
        || word.bytes().all(|it| it.is_ascii_digit())
}

/// The words of a path; none of one that has what no path has. What it compares with is no word.
fn words_of(path: &str) -> Option<impl Iterator<Item = &str>> {
    let is_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, '$' | '_' | '-');
    let mut words = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => {
                let (_, after) = next_string(rest).filter(|it| it.0.is_some())?;
                after
            }
            '.' | '[' | ']' | '(' | ')' | ' ' => rest.get(1..)?,
            it if is_word(it) => {
                let end = rest.find(|it| !is_word(it)).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end)?;
                words.push(word);
                after
            }
            _ => return None,
        };
    }
    Some(words.into_iter())
}

/// What is kept of a path or key that is not known: its name.
fn name_of(path: &str) -> String {
    let is_name =
        |it: char| it.is_ascii_alphanumeric() || matches!(it, '$' | '_' | '-' | '.' | ':' | '/');
    match path.find(|it| !is_name(it)) {
        None => path.to_owned(),
        Some(end) => format!("{}{REMOVED}", path.get(..end).unwrap_or_default()),
    }
}

/// Takes out of a body what is not published, and the names of other people; tells what paths and keys were cut.
pub(crate) fn take_out(value: &mut Value) -> Vec<Cut> {
    let mut cuts = Vec::new();
    take_out_of(value, false, &mut cuts);
    cuts
}

/// `others` is whether it stands below other people: members, a manager.
fn take_out_of(value: &mut Value, others: bool, cuts: &mut Vec<Cut>) {
    match value {
        Value::Object(object) => take_out_of_object(object, others, cuts),
        Value::Array(list) => list.iter_mut().for_each(|it| take_out_of(it, others, cuts)),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => {}
    }
}

fn take_out_of_object(object: &mut Map<String, Value>, others: bool, cuts: &mut Vec<Cut>) {
    if others {
        object.retain(|key, _| {
            let key = key.to_ascii_lowercase();
            !key.contains("display") && !key.contains("name")
        });
    }
    let mut members = object.iter();
    let path = members.find(|it| it.0.eq_ignore_ascii_case("path"));
    // A path that is no text names nothing.
    let path = path.filter(|it| !it.1.is_null());
    let path = path.map(|it| it.1.as_str().unwrap_or(REMOVED).to_owned());
    let has_op = object.keys().any(|it| it.eq_ignore_ascii_case("op"));
    let mut cut_keys = Vec::new();
    for (key, value) in object.iter_mut() {
        if key.eq_ignore_ascii_case("path") {
            take_out_of_path(value, cuts);
            continue;
        }
        let place = match &path {
            Some(path) if key.eq_ignore_ascii_case("value") => path,
            _ => key,
        };
        let small = place.to_ascii_lowercase();
        // An operation that says what there is none of, and one without a path that says no attributes; and what is no list of
        // operations.
        let is_odd = match (small.as_str(), &*value) {
            ("op", Value::String(op)) => !OPS.iter().any(|it| op.eq_ignore_ascii_case(it)),
            ("value", it) => has_op && path.is_none() && !it.is_object(),
            ("operations", it) => !it.is_array() && !it.is_object(),
            _ => false,
        };
        if is_known(place) && !is_odd {
            let others = others || small.contains("manager") || small.contains("members");
            take_out_of(value, others, cuts);
        } else if !matches!(value, Value::Null | Value::Bool(_)) {
            *value = Value::String(REMOVED.to_owned());
        }
        if !is_known(key) && name_of(key) != *key {
            cut_keys.push(key.clone());
        }
    }
    for key in cut_keys {
        let name = name_of(&key);
        if let Some(value) = object.remove(&key) {
            object.insert(name.clone(), value);
        }
        cuts.push((key, name));
    }
}

fn take_out_of_path(path: &mut Value, cuts: &mut Vec<Cut>) {
    match path {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if text.is_empty() || is_place(text) || is_known(text) => {}
        Value::String(text) => {
            let name = name_of(text);
            if name != *text {
                cuts.push((std::mem::replace(text, name.clone()), name));
            }
        }
        other => *other = Value::String(REMOVED.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_what_is_published_is_plain_and_any_other_is_looked_through() {
        for text in [
            "",
            r#"{"username":"ana","name":{"givenname":"a \"b\" \\"},"x509certificates":[{"value":"x"}]}"#,
            r#"{"schemas":["a"],"operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":"token"}]}"#,
            r#"{"operations":[{"path" : "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager","value":{}}]}"#,
            r#"{"operations":[{"method":"post","path":"/users","bulkid":"a","data":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user":{"department":"d"}}}]}"#,
        ] {
            assert!(is_plain(text), "{text}");
        }
        for text in [
            r#"{"password":"x"}"#,
            r#"{"user\u006eame":"x"}"#,
            r#"{"otp" : "x"}"#,
            r#"{"name":{"made":1}}"#,
            r#"{"operations":[{"path":"token eq \"x\"","value":1}]}"#,
            r#"{"operations":[{"path":["password"],"value":1}]}"#,
            r#"{"operations":[{"path":"emails[type eq \"a\\\"b\"].value","value":1}]}"#,
            r#"{"emails[token eq \"x\"].value":1}"#,
            r#"{"members":[{"display":"x"}]}"#,
            r#"{"operations":[{"op":"x","path":"title","value":"x"}]}"#,
            r#"{"operations":[{"op":"add","value":"x"}]}"#,
            r#"{"operations":"x"}"#,
            r#"{"title"#,
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
