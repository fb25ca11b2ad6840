//! Requests that are nearly right, as providers send them and then not quite: none is answered by a server error or
//! without a reason, and the roster is whole afterwards.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{Actor, Door};

use crate::filtering::Draws;
use crate::org::{CORE, ENTERPRISE, OWNER, Org, Reply, encoded};

/// A request before anything is done to it.
struct Asked {
    method: &'static str,
    path: String,
    body: Value,
}

/// What stands where something else is expected.
fn odd(draws: &mut Draws, ids: &[String]) -> Value {
    let texts = [
        "",
        " ",
        "\u{0}",
        "\u{202e}x",
        "🦊",
        "a@b",
        "O'x\"y\\z%_",
        "-1",
        "true",
        "bulkId:b0",
        "bulkId:",
        "emails[type eq \"work\"",
        "members[value eq \"x\"].value",
        "urn:ietf:params:scim:schemas:core:2.0:User:",
        "9999-12-31T23:59:60Z",
        "W/\"1\"",
        OWNER,
    ];
    match draws.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(*draws.one(&[0_i64, -1, i64::MAX, i64::MIN, 7])),
        3 => json!(1e300),
        4 => json!([]),
        5 => json!({}),
        6 => json!([[[[{"value": [null]}]]]]),
        7 => json!({"value": {"value": {"value": "x"}}, "$ref": 7}),
        8 => json!("x".repeat(6_000)),
        9 => json!(vec!["a"; 600]),
        10 | 11 => json!(draws.one(ids)),
        _ => json!(draws.one(&texts)),
    }
}

/// Changes one place of a body.
fn bend(draws: &mut Draws, value: &mut Value, ids: &[String]) {
    let deeper = draws.chance(75);
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let keys: Vec<String> = members.keys().cloned().collect();
            let key = draws.one(&keys).clone();
            match draws.below(8) {
                0 => drop(members.remove(&key)),
                1 => {
                    let it = members.remove(&key).unwrap_or_default();
                    members.insert(key.to_uppercase(), it);
                }
                2 => {
                    let it = members[&key].clone();
                    members.insert(format!("{key}.value"), it);
                }
                _ => bend(draws, &mut members[&key], ids),
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = draws.below(list.len());
            match draws.below(6) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                _ => bend(draws, &mut list[at], ids),
            }
        }
        value if draws.chance(15) => *value = json!([value.clone()]),
        value => *value = odd(draws, ids),
    }
}

fn user(number: usize) -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE], "userName": format!("n{number}@acme.example"), "externalId": format!("x{number}"), "active": true,
        "name": {"givenName": "Ana", "familyName": "Li"}, "displayName": "Ana Li", "password": "1mz050nq", "groups": [],
        "emails": [{"value": format!("n{number}@acme.example"), "type": "work", "primary": true}],
        "entitlements": [{"value": "access"}], "roles": [{"value": "x", "primary": "True"}],
        ENTERPRISE: {"department": "Sales", "manager": {"value": "7"}},
    })
}

fn asked(draws: &mut Draws, number: usize, ids: &[String], groups: &[String]) -> Asked {
    let (id, group) = (draws.one(ids).clone(), draws.one(groups).clone());
    let one = format!("/Users/{id}");
    let filters = [
        "userName eq \"n1@acme.example\"",
        "emails[type eq \"work\" and value co \"@\"] or not (active eq true)",
        "meta.lastModified ge \"2026-11-22T08:30:00Z\" and groups pr",
        "displayName sw \"G\" and members.value pr",
    ];
    let mut operations = vec![
        json!({"op": "Replace", "path": "active", "value": "False"}),
        json!({"op": "Add", "path": "emails[type eq \"work\"].value", "value": "w@acme.example"}),
        json!({"op": "replace", "value": {"name.givenName": "Bo", "active": true, format!("{ENTERPRISE}:division"): "x"}}),
        json!({"op": "Remove", "path": "members", "value": [{"value": id}]}),
        json!({"op": "add", "path": "members", "value": [{"value": id, "$ref": null}]}),
        json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")}),
        json!({"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": id}),
        json!({"op": "replace", "path": "roles[primary eq true].value", "value": "y"}),
    ];
    let keep = 1 + draws.below(3);
    while operations.len() > keep {
        operations.remove(draws.below(operations.len()));
    }
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    let search = json!({"filter": draws.one(&filters), "startIndex": 1, "count": 10, "sortBy": "name.familyName", "attributes": ["userName"]});
    let (method, path, body) = match draws.below(14) {
        0 => ("POST", "/Users".to_owned(), user(number)),
        1 => ("PUT", one, user(number)),
        2 | 3 => ("PATCH", one, patch),
        4 => ("PATCH", format!("/Groups/{group}"), patch),
        5 => (
            "POST",
            "/Groups".to_owned(),
            json!({"displayName": format!("G{number}"), "members": [{"value": id}]}),
        ),
        6 => (
            "PUT",
            format!("/Groups/{group}"),
            json!({"displayName": "G", "members": [{"value": id, "display": "x"}]}),
        ),
        7 => ("DELETE", one, Value::Null),
        8 => (
            "POST",
            (*draws.one(&["/.search", "/Users/.search", "/Groups/.search"])).to_owned(),
            search,
        ),
        9 => {
            let operations = json!([
                {"method": "POST", "path": "/Users", "bulkId": "b0", "data": user(number)},
                {"method": "POST", "path": "/Groups", "bulkId": "b1", "data": {"displayName": format!("B{number}"), "members": [{"value": "bulkId:b0"}]}},
                {"method": "PATCH", "path": format!("/Users/{id}"), "data": patch},
            ]);
            (
                "POST",
                "/Bulk".to_owned(),
                json!({"failOnErrors": 2, "Operations": operations}),
            )
        }
        _ => {
            let mut query: Vec<(String, String)> = vec![
                ("filter".to_owned(), (*draws.one(&filters)).to_owned()),
                ("startIndex".to_owned(), "2".to_owned()),
                ("count".to_owned(), "5".to_owned()),
                ("sortBy".to_owned(), "meta.created".to_owned()),
                ("cursor".to_owned(), String::new()),
                ("attributes".to_owned(), "userName,emails.value".to_owned()),
                ("excludedAttributes".to_owned(), "members".to_owned()),
            ];
            while query.len() > 3 || draws.chance(50) && query.len() > 1 {
                query.remove(draws.below(query.len()));
            }
            for (_, value) in &mut query {
                if draws.chance(40) {
                    *value = bent_text(draws, value, ids);
                }
            }
            let place = *draws.one(&[
                "/Users",
                "/Groups",
                "/Schemas",
                "/ResourceTypes",
                "/Users/x",
            ]);
            let query: Vec<String> = query
                .iter()
                .map(|(key, value)| format!("{key}={}", encoded(value)))
                .collect();
            ("GET", format!("{place}?{}", query.join("&")), Value::Null)
        }
    };
    Asked {
        method,
        path: format!("/scim/v2{path}"),
        body,
    }
}

fn bent_text(draws: &mut Draws, text: &str, ids: &[String]) -> String {
    let odd = odd(draws, ids);
    let odd = odd.as_str().map_or_else(|| odd.to_string(), str::to_owned);
    let at = draws.below(text.chars().count() + 1);
    let (left, right): (String, String) = (
        text.chars().take(at).collect(),
        text.chars().skip(at).collect(),
    );
    match draws.below(4) {
        0 => odd.chars().take(900).collect(),
        1 => left,
        2 => format!("{left}{}{right}", odd.chars().take(300).collect::<String>()),
        _ => format!("{left}{left}{right}"),
    }
}

/// That it is an answer, and not a fault of the server's.
fn is_sane(reply: &Reply, asked: &str) {
    assert!((200..500).contains(&reply.status), "{asked} {reply:?}");
    assert!(reply.header("x-request-id").is_some(), "{asked} {reply:?}");
    if reply.status >= 400 {
        assert_eq!(
            reply.body["status"],
            json!(reply.status.to_string()),
            "{asked} {reply:?}"
        );
        assert!(!reply.detail().is_empty(), "{asked} {reply:?}");
    }
    for operation in reply.body["Operations"].as_array().into_iter().flatten() {
        let status = operation["status"].as_str().unwrap_or_default();
        assert!(
            !status.starts_with('5') && status.len() == 3,
            "{asked} {reply:?}"
        );
    }
}

/// Everybody is there once, can be read, and what is read can be written back without a change.
fn is_whole(org: &Org) {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let audit = session.read().and_then(|it| it.audit_verify());
    assert!(
        audit.as_ref().is_ok_and(|it| it.first_bad.is_none()),
        "{audit:?}"
    );
    let owner = org.find(&format!("userName eq \"{OWNER}\"")).body;
    assert_eq!(owner["Resources"][0]["active"], json!(true), "{owner}");
    let all = org.get("/scim/v2/Users?count=200").body;
    let people = all["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(all["totalResults"], json!(people.len()));
    for person in people.iter().take(40) {
        let id = person["id"].as_str().unwrap_or_default();
        assert_eq!(&org.user(id).body, person);
        // The first time may adopt somebody of another's making, which is noted; from then on nothing moves.
        let written = org.put(id, person.clone());
        assert_eq!(written.status, 200, "{written:?}");
        let mut same = written.body.clone();
        same["meta"] = person["meta"].clone();
        assert_eq!(&same, person);
        assert_eq!(org.put(id, person.clone()).body, written.body);
    }
}

#[test]
fn no_request_that_is_nearly_right_breaks_the_server() {
    let org = Org::with_free_seats(60);
    let mut draws = Draws(0xf022);
    let mut ids: Vec<String> = (0..8)
        .map(|it| org.create(&format!("p{it}@acme.example")))
        .collect();
    ids.push(org.owner());
    let group = |name: &str| {
        org.send(
            "POST",
            "/scim/v2/Groups",
            Some(json!({"displayName": name})),
        )
        .id()
    };
    let groups = [
        group("G0"),
        group("G1"),
        "0198c2f4-0000-7c3d-9b1a-3f2e5d6c7b8a".to_owned(),
    ];
    let mut by_class = [0; 5];
    for number in 0..700 {
        let mut asked = asked(&mut draws, number, &ids, &groups);
        for _ in 0..draws.below(4) {
            bend(&mut draws, &mut asked.body, &ids);
        }
        let body = (!asked.body.is_null()).then_some(asked.body);
        let told = format!(
            "{} {} {}",
            asked.method,
            asked.path,
            body.clone().unwrap_or_default()
        );
        let reply = org.send(asked.method, &asked.path, body);
        is_sane(&reply, &told);
        by_class[usize::from(reply.status / 100) - 1] += 1;
        if reply.status == 201 && ids.len() < 30 && reply.body["userName"].is_string() {
            ids.push(reply.id());
        }
    }
    assert!(by_class[1] > 150 && by_class[3] > 150, "{by_class:?}");
    is_whole(&org);
}

#[test]
fn what_the_platform_asks_may_be_nearly_right_too() {
    let org = Org::with_free_seats(10);
    let ids = vec![org.create("ana@acme.example"), org.owner()];
    let added = org.admin(Command::AddPlatform {
        name: "academy".to_owned(),
        scopes: "access,seen,progress,sign-in".parse().expect("scopes"),
    });
    let token = added.token.expect("a new token");
    let mut draws = Draws(0xacad);
    let mut by_class = [0; 5];
    for _ in 0..250 {
        let who = "ana@acme.example";
        let (place, mut body) = match draws.below(4) {
            0 => ("access", json!({"user": who})),
            1 => (
                "seen",
                json!({"users": [who, {"user": who, "at": "2026-11-22T08:30:00Z"}]}),
            ),
            2 => (
                "progress",
                json!({"user": who, "training": "Safety", "state": "started"}),
            ),
            _ => (
                "sign-in",
                json!({"user": who, "password": "grape tunnel", "source": "203.0.113.9"}),
            ),
        };
        for _ in 0..draws.below(3) {
            bend(&mut draws, &mut body, &ids);
        }
        let told = format!("{place} {body}");
        let reply = org.send_as(&token, "POST", &format!("/api/v1/{place}"), Some(body));
        assert!((200..500).contains(&reply.status), "{told} {reply:?}");
        assert!(reply.header("x-request-id").is_some(), "{told} {reply:?}");
        assert!(
            reply.status < 400 || reply.body["error"].is_string(),
            "{told} {reply:?}"
        );
        by_class[usize::from(reply.status / 100) - 1] += 1;
    }
    assert!(by_class[1] > 40 && by_class[3] > 80, "{by_class:?}");
    is_whole(&org);
}

#[test]
fn bytes_that_are_nearly_a_request_break_nothing() {
    let org = Org::with_free_seats(10);
    let id = org.create("ana@acme.example");
    let mut draws = Draws(0xb17e);
    let body =
        json!({"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]}).to_string();
    let request = format!(
        "PATCH /scim/v2/Users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
        org.token,
        body.len()
    );
    for _ in 0..250 {
        let mut bytes = request.clone().into_bytes();
        for _ in 0..=draws.below(4) {
            let at = draws.below(bytes.len());
            match draws.below(4) {
                0 => bytes[at] = u8::try_from(draws.below(256)).unwrap_or_default(),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, *draws.one(b"\r\n :/?%{\"\0\x80")),
                _ => bytes.truncate(at + 1),
            }
        }
        let mut stream = TcpStream::connect(org.address()).expect("the server listens");
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).expect("a time limit");
        // It may have closed before it has read everything.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let status: u16 = answer
            .get(9..12)
            .and_then(|it| it.parse().ok())
            .unwrap_or(0);
        // Nothing is said to who has gone.
        assert!(status < 500 || status == 505, "{answer} {bytes:?}");
        assert_eq!(status > 0, answer.contains("x-request-id: "), "{answer}");
    }
    // Whoever has gone has their request carried out all the same, a moment later.
    let mut events = -1;
    while std::mem::replace(&mut events, org.events()) != events {
        std::thread::sleep(Duration::from_millis(100));
    }
    is_whole(&org);
}
