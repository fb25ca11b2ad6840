//! Filters of any shape over people of any shape find whom a naive reading finds; orders are orders; pages join.

use serde_json::{Value, json};
use usher_core::Selection;
use usher_core::command::{Command, Edit};

use crate::naive::{Rules, member};
use crate::org::{ENTERPRISE, Org, USHER, encoded, user_id};

/// Draws that repeat.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % end
    }

    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const WORDS: [&str; 16] = [
    "Ana",
    "ana",
    "José",
    "JOSÉ",
    "Li",
    "O'Neil",
    "Straße",
    "100%",
    "a_b",
    "work",
    "a\"b\\c",
    "Öz",
    "sales",
    "x y",
    "Mark",
    "mar\u{212a}",
];

fn person(draws: &mut Draws, number: usize) -> Value {
    let mut body = json!({"userName": format!("{}{number}@{}.example", draws.one(&["Ana", "bo", "carl.x"]), draws.one(&["acme", "Beta"]))});
    let mut set = |draws: &mut Draws, path: &str| {
        if draws.chance(45) {
            // What is no language is none.
            let value = match path {
                "preferredLanguage" => draws.one(&["José", "JOSÉ", "Öz", "x y", "de_AT", "ana"]),
                _ => draws.one(&WORDS),
            };
            body.pointer_mut("").expect("the body")[path] = json!(value);
        }
    };
    for name in [
        "displayName",
        "nickName",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "externalId",
    ] {
        set(draws, name);
    }
    if let Some(id) = body.get("externalId") {
        body["externalId"] = json!(format!("{}{number}", id.as_str().unwrap_or_default()));
    }
    for (name, parts) in [
        ("name", ["givenName", "familyName", "formatted"]),
        (ENTERPRISE, ["department", "costCenter", "employeeNumber"]),
    ] {
        for part in parts {
            if draws.chance(40) {
                body[name][part] = json!(draws.one(&WORDS));
            }
        }
    }
    for list in [
        "emails",
        "phoneNumbers",
        "addresses",
        "roles",
        "entitlements",
    ] {
        let length = if draws.chance(60) { draws.below(4) } else { 0 };
        let primary = draws.below(5);
        let mut lists = Vec::new();
        for at in 0..length {
            let mut element = json!({});
            if draws.chance(80) {
                element["type"] = json!(draws.one(&["work", "Home", "other"]));
            }
            match list {
                "addresses" => {
                    element["region"] = json!(draws.one(&WORDS));
                    if draws.chance(50) {
                        element["locality"] = json!(draws.one(&WORDS));
                    }
                    if draws.chance(30) {
                        element.as_object_mut().expect("an object").remove("region");
                    }
                }
                "emails" => element["value"] = json!(format!("e{number}.{at}@Mail.example")),
                _ => element["value"] = json!(draws.one(&WORDS)),
            }
            if at == primary {
                element["primary"] = json!(true);
            } else if draws.chance(20) {
                element["primary"] = json!(false);
            }
            if element.as_object().is_some_and(|it| !it.is_empty()) {
                lists.push(element);
            }
        }
        if !lists.is_empty() {
            body[list] = json!(lists);
        }
    }
    body["active"] = json!(draws.chance(75));
    body
}

/// People of every shape, as the server shows them.
fn crowd(org: &Org, draws: &mut Draws, people: usize) -> Vec<Value> {
    let mut ids: Vec<String> = Vec::new();
    for number in 0..people {
        let mut body = person(draws, number);
        if !ids.is_empty() && draws.chance(30) {
            body[ENTERPRISE]["manager"]["value"] = json!(draws.one(&ids));
        }
        let reply = org.post(body.clone());
        assert_eq!(reply.status, 201, "{body} {reply:?}");
        ids.push(reply.id());
        if draws.chance(15) {
            let mut edit = Edit::of(Selection::from(user_id(&reply.id())));
            edit.add_labels = vec![draws.one(&["red", "dark blue", "o'x\"y\\z"]).to_string()];
            org.admin(Command::Edit(edit));
        }
    }
    for id in &ids {
        if draws.chance(8) {
            assert_eq!(org.delete(id).status, 204);
        }
    }
    everybody(org)
}

fn everybody(org: &Org) -> Vec<Value> {
    let list = org.get("/scim/v2/Users?count=200").body;
    let people = list["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(list["totalResults"], json!(people.len()));
    people
}

const PATHS: [&str; 46] = [
    "userName",
    "id",
    "externalId",
    "displayName",
    "nickName",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "emails",
    "emails.value",
    "emails.type",
    "phoneNumbers",
    "phoneNumbers.value",
    "phoneNumbers.type",
    "addresses.region",
    "addresses.locality",
    "addresses.type",
    "roles.value",
    "entitlements",
    "meta.version",
    "meta.location",
    "meta.resourceType",
    "schemas",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
    "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    "urn:ietf:params:scim:schemas:core:2.0:User:emails.value",
    "urn:ietf:params:scim:schemas:extension:usher:2.0:User:status",
    "urn:ietf:params:scim:schemas:extension:usher:2.0:User:licenses.pool",
    "urn:ietf:params:scim:schemas:extension:usher:2.0:User:licenses.state",
    "urn:ietf:params:scim:schemas:extension:usher:2.0:User:labels",
    "profileUrl",
    "photos.value",
    "x509Certificates.value",
    "groups.display",
    "groups.type",
    "name.middleName",
    "ims.value",
];

fn mixed_case(draws: &mut Draws, text: &str) -> String {
    match draws.below(4) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

/// A text that some person has at that path, or a part of one, or another word.
fn literal(draws: &mut Draws, people: &[Value], path: &str) -> String {
    let (urn, name) = path
        .rsplit_once(':')
        .map_or((None, path), |(urn, name)| (Some(urn), name));
    let (name, part) = name
        .split_once('.')
        .map_or((name, None), |(name, part)| (name, Some(part)));
    let person = draws.one(people);
    let holder = match urn {
        Some(urn) if urn == ENTERPRISE || urn == USHER => &person[urn],
        _ => person,
    };
    let found = member(holder, name).cloned().unwrap_or_default();
    let found = found.get(0).cloned().unwrap_or(found);
    let found = found.get(part.unwrap_or("value")).cloned().unwrap_or(found);
    let text = found
        .as_str()
        .map_or_else(|| draws.one(&WORDS).to_string(), str::to_owned);
    let text = if draws.chance(30) {
        mixed_case(draws, &text)
    } else {
        text
    };
    let chars: Vec<char> = text.chars().collect();
    if draws.chance(60) || chars.is_empty() {
        return text;
    }
    let from = draws.below(chars.len());
    let to = from + draws.below(chars.len() - from + 1);
    chars[from..to].iter().collect()
}

fn comparison(draws: &mut Draws, people: &[Value], path: &str, shown: &str) -> String {
    let op = *draws.one(&["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"]);
    let word = mixed_case(draws, op);
    match op {
        "pr" => format!("{shown} {word}"),
        "eq" | "ne" if draws.chance(5) => format!("{shown} {word} null"),
        _ => format!("{shown} {word} {}", json!(literal(draws, people, path))),
    }
}

fn term(draws: &mut Draws, people: &[Value]) -> String {
    match draws.below(20) {
        0 | 1 => format!(
            "active {} {}",
            draws.one(&["eq", "NE"]),
            draws.one(&["true", "false", "\"True\""])
        ),
        2 => {
            let person = draws.one(people);
            let at = person["meta"][*draws.one(&["created", "lastModified"])]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let op = *draws.one(&["eq", "ne", "gt", "ge", "lt", "le"]);
            format!(
                "meta.{} {op} \"{at}\"",
                draws.one(&["created", "lastModified"])
            )
        }
        3..=7 => {
            let list = *draws.one(&[
                "emails",
                "phoneNumbers",
                "addresses",
                "roles",
                "entitlements",
            ]);
            let parts: &[&str] = if list == "addresses" {
                &["region", "locality", "type"]
            } else {
                &["value", "type"]
            };
            let mut terms = Vec::new();
            for _ in 0..=draws.below(3) {
                let part = *draws.one(parts);
                let mut term = match draws.below(6) {
                    0 => format!("primary eq {}", draws.one(&["true", "false"])),
                    _ => comparison(draws, people, &format!("{list}.{part}"), part),
                };
                if draws.chance(20) {
                    term = format!("not ({term})");
                }
                terms.push(term);
            }
            let between = format!(" {} ", draws.one(&["and", "or", "AND"]));
            format!("{}[{}]", mixed_case(draws, list), terms.join(&between))
        }
        8 => format!("emails.primary eq {}", draws.one(&["true", "false"])),
        9 => format!(
            "{} pr",
            draws.one(&[
                "name",
                "emails",
                "addresses",
                "meta",
                "roles",
                "groups",
                ENTERPRISE_MANAGER
            ])
        ),
        _ => {
            let path = *draws.one(&PATHS);
            let shown = mixed_case(draws, path);
            comparison(draws, people, path, &shown)
        }
    }
}

const ENTERPRISE_MANAGER: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

fn filter(draws: &mut Draws, people: &[Value], depth: usize) -> String {
    match draws.below(if depth == 0 { 2 } else { 6 }) {
        2 | 3 => {
            let (left, right) = (
                filter(draws, people, depth - 1),
                filter(draws, people, depth - 1),
            );
            format!("{left} {} {right}", draws.one(&["and", "or", "AND", "Or"]))
        }
        4 => format!("({})", filter(draws, people, depth - 1)),
        5 => format!("not ({})", filter(draws, people, depth - 1)),
        _ => term(draws, people),
    }
}

fn ids(people: &[Value]) -> Vec<&str> {
    people.iter().filter_map(|it| it["id"].as_str()).collect()
}

#[test]
fn any_filter_finds_whom_a_naive_reading_finds() {
    let org = Org::with_free_seats(40);
    let mut draws = Draws(0x5eed);
    let people = crowd(&org, &mut draws, 70);
    let rules = Rules::of(&org);
    let mut found_some = 0;
    for _ in 0..400 {
        let text = filter(&mut draws, &people, 3);
        let Ok(parsed) = text.parse() else {
            panic!("{text}")
        };
        let expected: Vec<Value> = people
            .iter()
            .filter(|it| rules.fits(&parsed, it))
            .cloned()
            .collect();
        let reply = org.get(&format!(
            "/scim/v2/Users?count=200&attributes=id&filter={}",
            encoded(&text)
        ));
        assert_eq!(reply.status, 200, "{text} {reply:?}");
        let found = reply.body["Resources"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let (has, wants) = (ids(&found), ids(&expected));
        let wrong = people.iter().find(|it| {
            let id = it["id"].as_str().unwrap_or_default();
            has.contains(&id) != wants.contains(&id)
        });
        assert_eq!(wrong, None, "{text}");
        assert_eq!(has, wants, "{text}");
        assert_eq!(reply.body["totalResults"], json!(expected.len()), "{text}");
        found_some += usize::from(!expected.is_empty() && expected.len() < people.len());
    }
    assert!(
        found_some > 120,
        "only {found_some} filters told people apart"
    );
}

#[test]
fn how_many_a_filter_finds_is_true_again_after_every_change() {
    let org = Org::with_free_seats(9);
    let of_markt = |number: usize, department: &str| {
        let body = json!({"userName": format!("p{number}@acme.example"), ENTERPRISE: {"department": department}});
        org.post(body).id()
    };
    let total = || {
        let filter = encoded(&format!("{ENTERPRISE}:department eq \"MARKT\""));
        // Asked twice: what was counted is told again as long as nothing changed.
        [0, 1].map(|_| {
            org.get(&format!("/scim/v2/Users?count=1&filter={filter}"))
                .body["totalResults"]
                .clone()
        })
    };
    let first = of_markt(1, "Markt");
    let second = of_markt(2, "mar\u{212a}t");
    of_markt(3, "Markets");
    assert_eq!(total(), [json!(2), json!(2)]);
    let third = of_markt(4, "markt");
    assert_eq!(total(), [json!(3), json!(3)]);
    assert_eq!(org.delete(&first).status, 204);
    assert_eq!(total(), [json!(2), json!(2)]);
    org.admin(Command::Delete {
        who: Selection::from(user_id(&second)),
    });
    assert_eq!(total(), [json!(1), json!(1)]);
    let path = format!("{ENTERPRISE}:department");
    let moved = json!([{"op": "replace", "path": path, "value": "Sales"}]);
    assert_eq!(org.patch(&third, moved).status, 200);
    assert_eq!(total(), [json!(0), json!(0)]);
}

/// A term about a published attribute, of the kind that it is.
fn published_term(
    draws: &mut Draws,
    people: &[Value],
    (urn, name, part, kind): &(Option<String>, String, Option<String>, String),
) -> String {
    let path = match part {
        Some(part) => format!("{name}.{part}"),
        None => name.clone(),
    };
    let path = match urn {
        Some(urn) => format!("{urn}:{path}"),
        None => path,
    };
    match kind.as_str() {
        _ if draws.chance(20) => format!("{path} pr"),
        "boolean" => format!(
            "{path} {} {}",
            draws.one(&["eq", "ne"]),
            draws.one(&["true", "false"])
        ),
        "integer" => format!(
            "{path} {} {}",
            draws.one(&["eq", "ne", "gt", "ge", "lt", "le"]),
            draws.below(4)
        ),
        "dateTime" => {
            let at = literal(draws, &people[..1], &path);
            let op = draws.one(&["eq", "ne", "gt", "ge", "lt", "le"]);
            if at.len() == 24 {
                format!("{path} {op} \"{at}\"")
            } else {
                format!("{path} {op} \"2026-01-01T00:00:00Z\"")
            }
        }
        _ => comparison(draws, people, &path, &path),
    }
}

#[test]
fn every_attribute_that_is_published_is_found_as_it_is_shown() {
    let org = Org::with_free_seats(12);
    org.at_capacity("access", usher_core::model::AtCapacity::Queue);
    let mut draws = Draws(0xfee1);
    let people = crowd(&org, &mut draws, 48);
    for (name, at) in [("Sales", 0), ("José's", 3), ("Sales 2", 7)] {
        let members: Vec<Value> = people
            .iter()
            .skip(at)
            .step_by(3)
            .map(|it| json!({"value": it["id"]}))
            .collect();
        let group = json!({"displayName": name, "members": members});
        assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 201);
    }
    for it in people.iter().step_by(4) {
        let id = it["id"].as_str().expect("an id");
        let more = json!([{"op": "add", "value": {
            "x509Certificates": [{"value": "MIIB", "display": "Li"}, {"value": "AAAA", "type": "work"}],
            "photos": [{"value": "https://x.example/a.png", "type": "photo"}], "profileUrl": "https://x.example/Ana",
            "ims": [{"value": "ana", "display": "Ana", "primary": true}], "name.middleName": "Öz", "name.honorificPrefix": "Dr",
        }}]);
        assert_eq!(org.patch(id, more).status, 200);
    }
    let people = everybody(&org);
    assert!(
        people
            .iter()
            .any(|it| it[USHER]["queuePosition"] == json!(2))
    );
    let rules = Rules::of(&org);
    let paths = Rules::paths(&org);
    assert!(paths.len() > 75, "{}", paths.len());
    let mut told_apart = 0;
    for path in &paths {
        for _ in 0..5 {
            let mut text = published_term(&mut draws, &people, path);
            // A part of an element inside the list, beside the path to it.
            if let (None, name, Some(part), kind) = path
                && draws.chance(30)
                && people.iter().any(|it| it[name].is_array())
            {
                let inside = (None, part.clone(), None, kind.clone());
                text = format!("{name}[{}]", published_term(&mut draws, &people, &inside));
            }
            if draws.chance(25) {
                text = format!("not ({text})");
            }
            let Ok(parsed) = text.replace("$ref", "ref").parse() else {
                panic!("{text}")
            };
            let expected: Vec<Value> = people
                .iter()
                .filter(|it| rules.fits(&parsed, it))
                .cloned()
                .collect();
            let reply = org.get(&format!(
                "/scim/v2/Users?count=200&filter={}",
                encoded(&text)
            ));
            assert_eq!(reply.status, 200, "{text} {reply:?}");
            let found = reply.body["Resources"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let (has, wants) = (ids(&found), ids(&expected));
            let wrong = people.iter().find(|it| {
                let id = it["id"].as_str().unwrap_or_default();
                has.contains(&id) != wants.contains(&id)
            });
            assert_eq!(wrong, None, "{text}");
            told_apart += usize::from(!expected.is_empty() && expected.len() < people.len());
        }
    }
    assert!(told_apart > 150, "only {told_apart} told people apart");
}

#[test]
fn any_attribute_with_one_value_sorts() {
    let org = Org::with_free_seats(40);
    let mut draws = Draws(0x50f7);
    let people = crowd(&org, &mut draws, 40);
    for (by, path) in [
        ("userName", "/userName"),
        ("NAME.FAMILYNAME", "/name/familyName"),
        ("displayName", "/displayName"),
        ("nickName", "/nickName"),
        ("emails", ""),
        ("externalId", "/externalId"),
        ("meta.created", "/meta/created"),
        ("meta.lastModified", "/meta/lastModified"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
        ),
    ] {
        for order in ["ascending", "descending"] {
            let reply = org.get(&format!(
                "/scim/v2/Users?count=200&sortBy={by}&sortOrder={order}"
            ));
            assert_eq!(reply.status, 200, "{by} {reply:?}");
            let found = reply.body["Resources"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            assert_eq!(found.len(), people.len(), "{by}");
            // By cursor it is the same list, also among those who have the same value or none.
            let (mut cursor, mut seen) = (String::new(), Vec::new());
            loop {
                let page = org.get(&format!(
                    "/scim/v2/Users?cursor={}&count=3&sortBy={by}&sortOrder={order}",
                    encoded(&cursor)
                ));
                seen.extend(
                    page.body["Resources"]
                        .as_array()
                        .cloned()
                        .unwrap_or_default(),
                );
                match page.body["nextCursor"].as_str() {
                    Some(next) if seen.len() <= found.len() => cursor = next.to_owned(),
                    _ => break,
                }
            }
            assert_eq!(ids(&seen), ids(&found), "{by} {order}");
            if path.is_empty() {
                continue;
            }
            let exact = by == "externalId" || by.starts_with("meta");
            let key = |it: &Value| {
                let text = it.pointer(path).and_then(Value::as_str)?;
                Some(if exact {
                    text.to_owned()
                } else {
                    text.to_lowercase()
                })
            };
            let keys: Vec<_> = found.iter().map(key).collect();
            let (mut some, none): (Vec<_>, Vec<_>) =
                keys.iter().cloned().partition(Option::is_some);
            some.sort();
            let mut expected = some;
            expected.extend(none);
            if order == "descending" {
                expected.reverse();
            }
            assert_eq!(keys, expected, "{by} {order}");
        }
    }
    org.get("/scim/v2/Users?sortBy=shoeSize")
        .is_error(400, Some("invalidPath"));
    org.get("/scim/v2/Users?sortBy=userName&sortOrder=upwards")
        .is_error(400, Some("invalidValue"));
}

#[test]
fn pages_by_cursor_join_and_end() {
    let org = Org::with_free_seats(40);
    for it in 0..23 {
        org.create(&format!("p{it:02}@acme.example"));
    }
    for query in [
        "",
        "&sortBy=userName&sortOrder=descending",
        "&filter=userName%20sw%20%22p%22",
        "&filter=userName%20sw%20%22p1%22&sortBy=title",
    ] {
        let all = org.get(&format!("/scim/v2/Users?count=200{query}")).body;
        let expected: Vec<Value> = all["Resources"].as_array().cloned().unwrap_or_default();
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = org.get(&format!(
                "/scim/v2/Users?cursor={}&count=5{query}",
                encoded(&cursor)
            ));
            assert_eq!(page.status, 200, "{page:?}");
            assert_eq!(page.body["totalResults"], json!(expected.len()));
            assert_eq!(page.body.get("startIndex"), None);
            let resources = page.body["Resources"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            assert!(resources.len() <= 5);
            seen.extend(resources);
            match page.body["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(ids(&seen), ids(&expected), "{query}");
    }
    let first = org.get("/scim/v2/Users?cursor=&count=5").body;
    let cursor = first["nextCursor"].as_str().unwrap_or_default();
    // Somebody of the first page is deleted; the second page misses nobody.
    let gone = first["Resources"][1]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(org.delete(&gone).status, 204);
    let second = org
        .get(&format!("/scim/v2/Users?cursor={cursor}&count=5"))
        .body;
    assert_eq!(
        second["Resources"][0]["userName"],
        json!("p04@acme.example")
    );
    for bad in ["x", "b.1.1.1", "p.-1.3.0"] {
        org.get(&format!("/scim/v2/Users?cursor={bad}"))
            .is_error(400, Some("invalidCursor"));
    }
    org.get(&format!("/scim/v2/Users?cursor={cursor}&sortBy=title"))
        .is_error(400, Some("invalidCursor"));
}

#[test]
fn words_of_the_grammar_are_read_in_any_letter_case_and_texts_as_they_are() {
    let org = Org::with_free_seats(9);
    org.create("true@acme.example");
    org.post(json!({"userName": "x@acme.example", "title": "is NULL or True"}));
    for (filter, total) in [
        ("active eq True", 3),
        ("(active eq TRUE) and not (title eq NULL)", 1),
        ("active eq False or title EQ Null", 2),
        ("title eq \"is NULL or True\"", 1),
        ("title eq \"is \\\"NULL\"", 0),
    ] {
        let reply = org.get(&format!("/scim/v2/Users?filter={}", encoded(filter)));
        assert_eq!(
            reply.body["totalResults"],
            json!(total),
            "{filter} {reply:?}"
        );
    }
    let reply = org.get("/scim/v2/Users?filter=userName%20eq%20'x'");
    reply.is_error(400, Some("invalidFilter"));
    assert!(reply.detail().contains("double quotes"), "{reply:?}");
}

#[test]
fn a_count_that_is_no_number_is_told_in_the_words_of_the_way_of_paging() {
    let org = Org::with_free_seats(9);
    for (query, word) in [
        ("count=x", "invalidValue"),
        ("count=x&cursor=", "invalidCount"),
        ("cursor=&count=1.5", "invalidCount"),
    ] {
        org.get(&format!("/scim/v2/Users?{query}"))
            .is_error(400, Some(word));
    }
    let search = json!({"count": "x", "cursor": ""});
    org.send("POST", "/scim/v2/Users/.search", Some(search))
        .is_error(400, Some("invalidCount"));
}

#[test]
fn a_cursor_outlives_the_server_that_gave_it() {
    let mut org = Org::with_free_seats(40);
    for it in 0..7 {
        org.create(&format!("p{it}@acme.example"));
    }
    let first = org
        .get("/scim/v2/Users?cursor=&count=5&filter=userName%20pr")
        .body;
    let cursor = first["nextCursor"]
        .as_str()
        .expect("a next page")
        .to_owned();
    org.restart();
    let next = |org: &Org, cursor: &str| {
        org.get(&format!(
            "/scim/v2/Users?cursor={cursor}&count=5&filter=userName%20pr"
        ))
    };
    let second = next(&org, &cursor);
    assert_eq!(
        second.body["totalResults"], first["totalResults"],
        "{second:?}"
    );
    assert_eq!(second.body["Resources"].as_array().map(Vec::len), Some(3));
    let (said, seal) = cursor.rsplit_once('.').expect("a seal");
    let other = u128::from_str_radix(seal, 16).expect("hexadecimal") ^ 1;
    next(&org, &format!("{said}.{other:x}")).is_error(400, Some("invalidCursor"));
}

#[test]
fn a_search_in_a_body_is_the_same_search() {
    let org = Org::with_free_seats(10);
    for it in 0..4 {
        org.create(&format!("p{it}@acme.example"));
    }
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName sw \"p\"", "attributes": ["userName", "meta.version"],
        "sortBy": "userName", "sortOrder": "descending", "startIndex": 2, "count": 2,
    });
    let reply = org.send("POST", "/scim/v2/Users/.search", Some(search));
    let same = org.get("/scim/v2/Users?filter=userName%20sw%20%22p%22&attributes=userName,meta.version&sortBy=userName&sortOrder=descending&startIndex=2&count=2");
    assert_eq!((reply.status, &reply.body), (200, &same.body), "{reply:?}");
    assert_eq!(
        reply.body["Resources"][0]["userName"],
        json!("p2@acme.example")
    );
    assert_eq!(
        reply.body["Resources"][0]["meta"],
        json!({"version": "W/\"1\""})
    );
    org.send("POST", "/scim/v2/Users/.search", Some(json!([])))
        .is_error(400, Some("invalidSyntax"));
    org.send(
        "POST",
        "/scim/v2/Users/.search",
        Some(json!({"count": "many"})),
    )
    .is_error(400, Some("invalidValue"));
    org.get("/scim/v2/Users/.search").is_error(405, None);
}
