//! PATCH agrees with a naive reading of RFC 7644 §3.5.2 on random operations: the same person on both sides, one request
//! after the other, and the same refusals.
//!
//! Where the RFC leaves a choice, the manual says which was made, and it is made here too: null and empty mean unassigned
//! (RFC 7643 §2.5); values that a filter in a path finds are merged with; when it finds none, `add` and `replace` create
//! the one that its equalities describe, and are `noTarget` when it describes none.

use serde_json::{Map, Value, json};

use crate::filtering::Draws;
use crate::org::{ENTERPRISE, Org};

const TEXTS: [&str; 6] = [
    "title",
    "displayName",
    "nickName",
    "userType",
    "locale",
    "timezone",
];
const NAME: [&str; 4] = ["givenName", "familyName", "middleName", "honorificSuffix"];
const OFFICE: [&str; 4] = ["employeeNumber", "costCenter", "division", "organization"];
const LISTS: [&str; 3] = ["phoneNumbers", "roles", "ims"];
const WORDS: [&str; 8] = [
    "Ana", "José", "100%", "a\"b\\c", "x y", "[1]", "a.b:c", "eq",
];
const TYPES: [&str; 3] = ["work", "home", "other"];
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// What one operation says, before it is spelled.
#[derive(Debug)]
struct Said {
    op: &'static str,
    at: At,
    value: Value,
}

/// Where it says it.
#[derive(Debug)]
enum At {
    /// A single value, or the whole of a list.
    Whole(Holder, &'static str),
    /// A part of the name.
    NamePart(&'static str),
    /// The elements of a list that a filter finds, or a part of each.
    Found(&'static str, Vec<Term>, Option<&'static str>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holder {
    Core,
    Office,
}

/// One comparison inside `[…]`; all of them have to hold.
#[derive(Debug)]
struct Term {
    part: &'static str,
    op: &'static str,
    value: Value,
}

fn name<const N: usize>(draws: &mut Draws, of: &[&'static str; N]) -> &'static str {
    of[draws.below(N)]
}

fn word(draws: &mut Draws) -> Value {
    if draws.chance(8) {
        return if draws.chance(50) {
            Value::Null
        } else {
            json!("")
        };
    }
    json!(draws.one(&WORDS))
}

fn element(draws: &mut Draws) -> Value {
    let mut element = Map::new();
    element.insert("value".to_owned(), json!(draws.one(&["1", "2", "3"])));
    if draws.chance(80) {
        element.insert("type".to_owned(), json!(draws.one(&TYPES)));
    }
    if draws.chance(25) {
        element.insert("display".to_owned(), json!(draws.one(&WORDS)));
    }
    if draws.chance(30) {
        element.insert("primary".to_owned(), json!(draws.chance(70)));
    }
    Value::Object(element)
}

fn elements(draws: &mut Draws) -> Value {
    let mut list: Vec<Value> = (0..draws.below(4)).map(|_| element(draws)).collect();
    let mut seen = false;
    for it in &mut list {
        if it["primary"] == json!(true) && std::mem::replace(&mut seen, true) {
            it["primary"] = json!(false);
        }
    }
    match list.len() {
        1 if draws.chance(50) => list.swap_remove(0),
        _ => json!(list),
    }
}

fn term(draws: &mut Draws) -> Term {
    match draws.below(8) {
        0 => Term {
            part: "primary",
            op: "eq",
            value: json!(draws.chance(70)),
        },
        1 => Term {
            part: "value",
            op: "sw",
            value: json!(draws.one(&["1", "2"])),
        },
        2 => Term {
            part: "value",
            op: "eq",
            value: json!(draws.one(&["1", "2", "9"])),
        },
        3 => Term {
            part: "type",
            op: "ne",
            value: json!(draws.one(&TYPES)),
        },
        4 => Term {
            part: "display",
            op: "pr",
            value: Value::Null,
        },
        _ => Term {
            part: "type",
            op: "eq",
            value: json!(draws.one(&["work", "Home", "OTHER", "fax"])),
        },
    }
}

fn said(draws: &mut Draws) -> Said {
    let op = *draws.one(&["add", "replace", "remove"]);
    let (at, value) = match draws.below(12) {
        0 | 1 => (At::Whole(Holder::Core, name(draws, &TEXTS)), word(draws)),
        2 => (At::Whole(Holder::Office, name(draws, &OFFICE)), word(draws)),
        3 => (At::NamePart(name(draws, &NAME)), word(draws)),
        4 => {
            let mut parts = Map::new();
            for part in NAME {
                if draws.chance(40) {
                    parts.insert(part.to_owned(), word(draws));
                }
            }
            let value = if draws.chance(10) {
                Value::Null
            } else {
                Value::Object(parts)
            };
            (At::Whole(Holder::Core, "name"), value)
        }
        5..=7 => (
            At::Whole(Holder::Core, name(draws, &LISTS)),
            elements(draws),
        ),
        _ => {
            let mut terms = vec![term(draws)];
            if draws.chance(30) {
                terms.push(term(draws));
            }
            let part = draws
                .chance(60)
                .then(|| *draws.one(&["value", "type", "display", "primary"]));
            let value = match part {
                Some("primary") => json!(draws.chance(70)),
                Some("type") => json!(draws.one(&TYPES)),
                Some(_) => json!(draws.one(&["1", "2", "x"])),
                None => element(draws),
            };
            (At::Found(name(draws, &LISTS), terms, part), value)
        }
    };
    let value = match op {
        "remove" => Value::Null,
        _ => value,
    };
    Said { op, at, value }
}

// ── as it is sent

fn cased(draws: &mut Draws, text: &str) -> String {
    match draws.below(5) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

fn path(draws: &mut Draws, at: &At) -> String {
    let path = match at {
        At::Whole(Holder::Office, name) => return format!("{ENTERPRISE}:{}", cased(draws, name)),
        At::Whole(Holder::Core, name) => cased(draws, name),
        At::NamePart(part) => format!("{}.{}", cased(draws, "name"), cased(draws, part)),
        At::Found(list, terms, part) => {
            let terms: Vec<String> = terms
                .iter()
                .map(|it| {
                    let (part, op) = (cased(draws, it.part), cased(draws, it.op));
                    match it.op {
                        "pr" => format!("{part} {op}"),
                        _ => format!("{part} {op} {}", it.value),
                    }
                })
                .collect();
            let filter = terms.join(if draws.chance(50) { " and " } else { " AND " });
            let part = part.map(|it| format!(".{}", cased(draws, it)));
            format!(
                "{}[{filter}]{}",
                cased(draws, list),
                part.unwrap_or_default()
            )
        }
    };
    if draws.chance(15) {
        format!("{CORE}:{path}")
    } else {
        path
    }
}

fn spelled(draws: &mut Draws, said: &Said) -> Value {
    let op = cased(draws, said.op);
    let pathless = said.op != "remove" && draws.chance(20);
    match &said.at {
        At::Whole(Holder::Core, name) if pathless => {
            json!({"op": op, "value": {*name: said.value}})
        }
        At::Whole(Holder::Office, name) if pathless => {
            if draws.chance(50) {
                return json!({"op": op, "value": {ENTERPRISE: {*name: said.value}}});
            }
            json!({"op": op, "value": {format!("{ENTERPRISE}:{name}"): said.value}})
        }
        At::NamePart(part) if pathless => {
            json!({"op": op, "value": {format!("name.{part}"): said.value}})
        }
        at => {
            let path = path(draws, at);
            if said.op == "remove" {
                return json!({"op": op, "path": path});
            }
            json!({"op": op, "path": path, "value": said.value})
        }
    }
}

// ── as the RFC reads

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Sets a member, or takes it away when the value means unassigned.
fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    if is_empty(&value) {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

fn members(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("an object")
}

fn lower(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

fn holds(term: &Term, element: &Value) -> bool {
    let has = element.get(term.part);
    match (term.op, &term.value) {
        ("pr", _) => has.is_some(),
        // A flag that is not there is a false one.
        ("eq", Value::Bool(wanted)) => has.and_then(Value::as_bool).unwrap_or(false) == *wanted,
        ("eq", wanted) => has.is_some_and(|it| lower(it) == lower(wanted)),
        ("ne", wanted) => has.is_none_or(|it| lower(it) != lower(wanted)),
        (_, wanted) => has.is_some_and(|it| lower(it).starts_with(&lower(wanted))),
    }
}

/// Only one is primary: the last of these that is, if any.
fn one_primary(list: &mut [Value], newest: &[usize]) {
    let is_primary = |it: &usize| list[*it]["primary"] == json!(true);
    if let Some(kept) = newest.iter().copied().rfind(is_primary) {
        for (at, it) in list.iter_mut().enumerate() {
            if at != kept && it["primary"] == json!(true) {
                it["primary"] = json!(false);
            }
        }
    }
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// Carries an operation out; false when it has no target.
fn carry_out(said: &Said, user: &mut Value) -> bool {
    match &said.at {
        At::Whole(holder, name) if LISTS.contains(name) => {
            assert_eq!(*holder, Holder::Core);
            let mut list = as_list(&user[*name]);
            match said.op {
                "remove" => list.clear(),
                "replace" => list = as_list(&said.value),
                _ => {
                    for it in as_list(&said.value) {
                        if !list.contains(&it) {
                            list.push(it);
                            let newest = list.len() - 1;
                            one_primary(&mut list, &[newest]);
                        }
                    }
                }
            }
            set(members(user), name, json!(list));
        }
        At::Whole(_, "name") => {
            let mut name = user["name"].clone();
            if is_empty(&said.value) && said.value.is_null() {
                name = Value::Null;
            } else {
                if name.is_null() {
                    name = json!({});
                }
                for (part, value) in said.value.as_object().expect("an object") {
                    set(members(&mut name), part, value.clone());
                }
            }
            set(members(user), "name", name);
        }
        At::Whole(Holder::Core, name) => set(members(user), name, said.value.clone()),
        At::Whole(Holder::Office, name) => {
            set(members(&mut user[ENTERPRISE]), name, said.value.clone())
        }
        At::NamePart(part) => {
            if user["name"].is_null() {
                user["name"] = json!({});
            }
            set(members(&mut user["name"]), part, said.value.clone());
            if is_empty(&user["name"]) {
                members(user).remove("name");
            }
        }
        At::Found(name, terms, part) => return carry_out_at(said, user, name, terms, *part),
    }
    true
}

fn carry_out_at(
    said: &Said,
    user: &mut Value,
    name: &str,
    terms: &[Term],
    part: Option<&str>,
) -> bool {
    let mut list = as_list(&user[name]);
    let fits = |it: &Value| terms.iter().all(|term| holds(term, it));
    let mut hits: Vec<usize> = (0..list.len()).filter(|it| fits(&list[*it])).collect();
    match (said.op, part) {
        ("remove", None) => list.retain(|it| !fits(it)),
        ("remove", Some(part)) => {
            for at in hits {
                let had = members(&mut list[at]).remove(part).is_some();
                // What then only says which value it was goes altogether.
                let element = members(&mut list[at]);
                if had && element.keys().all(|it| it == "type" || it == "primary") {
                    element.clear();
                }
            }
            list.retain(|it| !is_empty(it));
        }
        (_, part) => {
            if hits.is_empty() {
                if terms.iter().any(|it| it.op != "eq") {
                    return false;
                }
                let named = terms
                    .iter()
                    .map(|it| (it.part.to_owned(), it.value.clone()));
                hits.push(list.len());
                list.push(Value::Object(named.collect()));
            }
            for at in &hits {
                let element = members(&mut list[*at]);
                match part {
                    Some(part) => set(element, part, said.value.clone()),
                    None => element.extend(said.value.as_object().expect("an object").clone()),
                }
            }
            one_primary(&mut list, &hits);
        }
    }
    set(members(user), name, json!(list));
    true
}

/// What the test looks at of a person.
fn seen(user: &Value) -> Value {
    let mut seen = json!({ENTERPRISE: {}});
    for name in TEXTS.iter().chain(&LISTS) {
        set(members(&mut seen), name, user[*name].clone());
    }
    let mut name = json!({});
    for part in NAME {
        set(members(&mut name), part, user["name"][part].clone());
    }
    set(members(&mut seen), "name", name);
    for part in OFFICE {
        set(
            members(&mut seen[ENTERPRISE]),
            part,
            user[ENTERPRISE][part].clone(),
        );
    }
    seen
}

#[test]
fn patch_agrees_with_a_naive_reading() {
    let org = Org::with_free_seats(10);
    let mut draws = Draws(0x9a7c);
    let (mut done, mut refused) = (0, 0);
    for person in 0..12 {
        let id = org.create(&format!("p{person}@acme.example"));
        let mut user = json!({ENTERPRISE: {}});
        for _ in 0..40 {
            let all: Vec<Said> = (0..=draws.below(4)).map(|_| said(&mut draws)).collect();
            let sent: Vec<Value> = all.iter().map(|it| spelled(&mut draws, it)).collect();
            let mut after = user.clone();
            let fits = all.iter().all(|it| carry_out(it, &mut after));
            let before = user.clone();
            let reply = org.patch(&id, json!(sent));
            if fits {
                assert_eq!(reply.status, 200, "{sent:#?} {reply:?}");
                user = after;
                done += 1;
            } else {
                reply.is_error(400, Some("noTarget"));
                refused += 1;
            }
            let found = org.user(&id).body;
            assert_eq!(seen(&found), seen(&user), "{before:#} and then {sent:#?}");
            if fits {
                assert_eq!(reply.body, found);
            }
        }
    }
    assert!(done > 250 && refused > 30, "{done} done, {refused} refused");
}
