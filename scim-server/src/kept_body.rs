//! What is kept of a body for `usher idp log`: the values of attributes that are published, and of anything else only that it
//! was there. A template of a provider may send whatever it likes under any name, and which names mean secrets nobody can list;
//! what the server does not understand it need not know either, to show what was asked or to do it again. The same holds of a
//! text where an object belongs: of that it is kept what it is and how long.

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
/// What an operation of Bulk may do.
const METHODS: [&str; 5] = ["delete", "get", "patch", "post", "put"];
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

/// The names of attributes whose values are objects, and no others, in small letters.
static OBJECTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let of_resources = [schema::CORE, schema::ENTERPRISE_PARTS, schema::GROUP_PARTS];
    let attributes = of_resources.into_iter().chain([schema::USHER_PARTS]);
    let are_objects = attributes.flatten().filter(|it| {
        // One that has a value is taken for that value.
        !it.parts().is_empty() && schema::find(it.parts(), "value").is_none()
    });
    are_objects.map(|it| it.name.to_ascii_lowercase()).collect()
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
pub(crate) fn take_out(body: &mut Value) -> Vec<Cut> {
    let mut cuts = Vec::new();
    take_out_of_objects(body, Takes::Object, Below::default(), &mut cuts);
    cuts
}

/// Below what a value stands.
#[derive(Clone, Copy, Default)]
struct Below {
    /// Other people: members, a manager.
    others: bool,
    /// An attribute, so that it is none itself.
    attribute: bool,
}

/// What belongs in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// An object.
    Object,
    /// An object, or a list of such.
    Objects,
    /// The names of schemas.
    Schemas,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Anything that is looked through.
    Any,
}

impl Takes {
    /// What belongs where a key or a path of this name points.
    fn at(place: &str, below: Below) -> Self {
        if below.attribute {
            return Self::Any;
        }
        if schema::is_enterprise(place)
            || SCHEMAS.iter().any(|it| place.eq_ignore_ascii_case(it.id))
        {
            return Self::Object;
        }
        match leaf_of(place).to_ascii_lowercase().as_str() {
            "data" => Self::Object,
            "operations" => Self::Objects,
            "schemas" => Self::Schemas,
            "op" => Self::Word(&OPS),
            "method" => Self::Word(&METHODS),
            name if OBJECTS.contains(name) => Self::Objects,
            _ => Self::Any,
        }
    }

    /// Whether what stands there has attributes, or operations, and is itself the value of none.
    fn is_above_attributes(place: &str) -> bool {
        Self::at(place, Below::default()) == Self::Object
            || place.eq_ignore_ascii_case("operations")
            || place.eq_ignore_ascii_case("value")
    }
}

/// The name behind which a path ends.
fn leaf_of(path: &str) -> &str {
    let behind = path.rfind(']').and_then(|it| path.get(it + 1..));
    let whole = match (path.find('['), behind) {
        (Some(from), Some("")) => path.get(..from).unwrap_or_default(),
        (Some(_), Some(behind)) => behind,
        _ => path,
    };
    let name = whole.trim().rsplit(['.', ':']).next();
    name.unwrap_or_default()
}

/// What is kept of a value that is not what belongs there: what it is, and how long.
fn note(value: &mut Value) {
    let what = match value {
        Value::Null | Value::Bool(_) => return,
        Value::String(text) => format!("a text of {} characters", text.chars().count()),
        Value::Number(number) => format!("a number of {} characters", number.to_string().len()),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(object) => format!("an object of {} members", object.len()),
    };
    *value = Value::String(format!("{REMOVED} {what}"));
}

fn take_out_of(value: &mut Value, takes: Takes, below: Below, cuts: &mut Vec<Cut>) {
    let is_schema = |it: &str| {
        let mut bytes = it.bytes();
        it.starts_with("urn:")
            && bytes.all(|it| it.is_ascii_alphanumeric() || b":._-".contains(&it))
    };
    match takes {
        Takes::Object | Takes::Objects => take_out_of_objects(value, takes, below, cuts),
        Takes::Word(words) => {
            let word = value.as_str();
            if !word.is_some_and(|it| words.iter().any(|word| it.eq_ignore_ascii_case(word))) {
                note(value);
            }
        }
        Takes::Schemas => match value {
            Value::Array(list) => {
                let others = list.iter_mut();
                let others = others.filter(|it| !it.as_str().is_some_and(is_schema));
                others.for_each(note);
            }
            Value::String(it) if is_schema(it) => {}
            other => note(other),
        },
        Takes::Any => match value {
            Value::Object(object) => take_out_of_object(object, below, cuts),
            Value::Array(list) => {
                for element in list {
                    take_out_of(element, Takes::Any, below, cuts);
                }
            }
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => {}
        },
    }
}

/// Where objects belong everything else is noted only.
fn take_out_of_objects(value: &mut Value, takes: Takes, below: Below, cuts: &mut Vec<Cut>) {
    match value {
        Value::Object(object) => take_out_of_object(object, below, cuts),
        Value::Array(list) if takes == Takes::Objects => {
            for element in list {
                take_out_of_objects(element, Takes::Object, below, cuts);
            }
        }
        other => note(other),
    }
}

fn take_out_of_object(object: &mut Map<String, Value>, below: Below, cuts: &mut Vec<Cut>) {
    if below.others {
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
        let is_value = key.eq_ignore_ascii_case("value");
        let place = match &path {
            Some(path) if is_value => path,
            _ => key,
        };
        if is_known(place) {
            let small = place.to_ascii_lowercase();
            // Of an operation without a path it is the attributes.
            let takes = match is_value && has_op && path.is_none() {
                true => Takes::Object,
                false => Takes::at(place, below),
            };
            let below = Below {
                others: below.others || small.contains("manager") || small.contains("members"),
                attribute: below.attribute || !Takes::is_above_attributes(place),
            };
            take_out_of(value, takes, below, cuts);
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
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_body_of_what_is_published_nothing_is_taken_out() {
        let enterprise = schema::ENTERPRISE;
        for sent in [
            json!({"userName": "ana", "name": {"givenName": "a \"b\" \\"}, "x509Certificates": [{"value": "x"}]}),
            json!({"schemas": [USER, "urn:x:made:2.0:User"], "emails": "a@b.example", "phoneNumbers": ["7"], "title": 7}),
            json!({"name": [{"givenName": "A"}], "addresses": {"region": "BE"}, "meta": null, "roles": [{"value": "x"}]}),
            json!({"Operations": [{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "token"}]}),
            json!({"Operations": [{"op": "add", "path": format!("{enterprise}:manager"), "value": "7"}]}),
            json!({"Operations": [{"op": "add", "path": "name.givenName", "value": "Ana"}]}),
            json!({"Operations": [{"op": "add", "path": "addresses[type eq \"a]\"].region", "value": "BE"}]}),
            json!({"Operations": [{"op": "remove", "path": "members", "value": [{"value": "7"}]}]}),
            json!({"Operations": [{"method": "POST", "path": "/Users", "bulkId": "a", "data": {enterprise: {"department": "d"}}}]}),
            json!({USHER: {"customFields": [{"name": "Shirt", "value": "M"}], "labels": ["a"]}}),
        ] {
            let mut left = sent.clone();
            assert_eq!(take_out(&mut left), []);
            assert_eq!(left, sent);
        }
    }

    #[test]
    fn of_what_is_no_object_where_one_belongs_it_is_kept_what_it_is_and_how_long() {
        let secret = "hunter2";
        let pin = 1_234_567;
        for sent in [
            json!(secret),
            json!([secret]),
            json!([{"userName": secret}]),
            json!(pin),
            json!({"Operations": [secret]}),
            json!({"Operations": [[secret]]}),
            json!({"Operations": [{"op": "add", "path": "title", "value": "x"}, pin]}),
            json!({"Operations": pin}),
            json!({"Operations": [{"method": "POST", "path": "/Users", "data": secret}]}),
            json!({"Operations": [{"method": "POST", "path": "/Users", "data": [{"title": secret}]}]}),
            json!({"Operations": [{"method": secret, "path": "/Users"}]}),
            json!({"Operations": [{"op": "add", "value": pin}, {"op": "add", "path": "title", "value": "x"}]}),
            json!({"Operations": [{"op": {"value": secret}, "path": "title"}]}),
            json!({"Operations": [{"op": "add", "path": "name", "value": secret}]}),
            json!({"Operations": [{"op": "add", "path": "addresses[type eq \"work\"]", "value": [secret]}]}),
            json!({"Operations": [{"op": "add", "value": {"name": secret}}]}),
            json!({"name": secret}),
            json!({"addresses": [{"region": "BE"}, secret]}),
            json!({"meta": pin}),
            json!({schema::ENTERPRISE: secret}),
            json!({"schemas": [secret]}),
            json!({"schemas": {"urn:x": secret}}),
        ] {
            let mut left = sent.clone();
            take_out(&mut left);
            let text = left.to_string();
            let kept = text.contains(secret) || text.contains(&pin.to_string());
            assert!(!kept && text.contains(REMOVED), "{sent}: {text}");
        }
        let mut sent = json!({"Operations": [secret, [1, 2]]});
        take_out(&mut sent);
        let noted =
            json!({"Operations": ["(removed) a text of 7 characters", "(removed) a list of 2"]});
        assert_eq!(sent, noted);
    }
}
