//! Bodies that could be read in two ways, and values that can be none of what they should be: refused with a reason, by every
//! way in, and nothing comes of them.

use serde_json::{Value, json};
use usher_core::model::{Actor, AskedFilter, Door};

use crate::org::{CORE, ENTERPRISE, Org, Reply};

fn sends(org: &Org, method: &str, path: &str, text: &str) -> Reply {
    let head = format!("Authorization: Bearer {}\r\n", org.token);
    org.raw(method, path, &head, text.as_bytes())
}

#[test]
fn what_is_said_twice_is_refused_by_name_and_done_in_neither_way() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let group = org
        .send(
            "POST",
            "/scim/v2/Groups",
            Some(json!({"displayName": "Sales"})),
        )
        .id();
    let (user, group) = (
        format!("/scim/v2/Users/{id}"),
        format!("/scim/v2/Groups/{group}"),
    );
    let head = org.events();
    let names = r#""userName":"bo@acme.example","userName":"cleo@acme.example""#;
    let cased = r#""username":"bo@acme.example","userName":"cleo@acme.example""#;
    let nested = r#""userName":"bo@acme.example","name":{"givenName":"Bo","GivenName":"Cleo"}"#;
    let kept = r#""userName":"bo@acme.example","emails":[{"value":"bo@acme.example","value":"cleo@acme.example"}]"#;
    let odd = r#""userName":"bo@acme.example","urn:x:made:up":{"a":1,"A":2}"#;
    for (members, name) in [
        (names, "userName"),
        (cased, "userName"),
        (nested, "GivenName"),
        (kept, "value"),
        (odd, "A"),
    ] {
        let bulk = format!(
            r#"{{"Operations":[{{"method":"POST","bulkId":"a","path":"/Users","data":{{{members}}}}}]}}"#
        );
        let patch = format!(r#"{{"Operations":[{{"op":"replace","value":{{{members}}}}}]}}"#);
        let whole = format!("{{{members}}}");
        for (method, path, text) in [
            ("POST", "/scim/v2/Users", &whole),
            ("PUT", &*user, &whole),
            ("PATCH", &*user, &patch),
            ("POST", "/scim/v2/Bulk", &bulk),
        ] {
            let reply = sends(&org, method, path, text);
            reply.is_error(400, Some("invalidSyntax"));
            let detail = reply.body["detail"].as_str().expect("a detail");
            assert!(
                detail.starts_with(&format!("{name} is given twice")),
                "{detail}"
            );
        }
    }
    // With its schema before it, it is the same attribute.
    let urn = format!(r#""userName":"bo@acme.example","{CORE}:userName":"cleo@acme.example""#);
    let nested = format!(
        r#""userName":"bo@acme.example","{ENTERPRISE}":{{"department":"A","{ENTERPRISE}:department":"B"}}"#
    );
    let beside = format!(
        r#""userName":"bo@acme.example","{ENTERPRISE}":{{"department":"A"}},"{ENTERPRISE}:department":"B""#
    );
    let core = format!(r#""active":false,"{CORE}":{{"active":true}},"userName":"x""#);
    for (members, name) in [
        (urn, "userName"),
        (nested, "department"),
        (beside, "department"),
        (core, "active"),
    ] {
        let patch = format!(r#"{{"Operations":[{{"op":"replace","value":{{{members}}}}}]}}"#);
        let reply = sends(&org, "PATCH", &user, &patch);
        reply.is_error(400, Some("invalidSyntax"));
        let said = format!("{name} is given twice");
        assert!(reply.detail().starts_with(&said), "{reply:?}");
        if name != "active" {
            let whole = format!("{{{members}}}");
            for (method, path) in [("POST", "/scim/v2/Users"), ("PUT", &*user)] {
                let reply = sends(&org, method, path, &whole);
                reply.is_error(400, Some("invalidSyntax"));
                assert!(reply.detail().starts_with(&said), "{reply:?}");
            }
        }
    }
    let ops = r#"{"Operations":[{"op":"remove","path":"title","path":"active"}]}"#;
    sends(&org, "PATCH", &user, ops).is_error(400, Some("invalidSyntax"));
    let twice = r#"{"displayName":"Sales","displayname":"Sold"}"#;
    for (method, path) in [("POST", "/scim/v2/Groups"), ("PUT", &*group)] {
        sends(&org, method, path, twice).is_error(400, Some("invalidSyntax"));
    }
    let search = r#"{"filter":"active eq true","filter":"active eq false"}"#;
    sends(&org, "POST", "/scim/v2/Users/.search", search).is_error(400, Some("invalidSyntax"));
    assert_eq!(org.events(), head, "nothing of any of it is done");
    // Nor is anything kept of them by which an address could be missed when somebody is erased.
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let kept = session
        .read()
        .and_then(|it| it.asked(&AskedFilter::default(), 100))
        .expect("the requests");
    let refused = kept.iter().filter(|it| it.status == 400);
    assert_eq!(refused.clone().count(), 33);
    assert_eq!(refused.clone().filter(|it| it.body.is_none()).count(), 23);
}

#[test]
fn whatever_providers_send_as_a_language_is_taken_and_what_can_be_none_is_refused() {
    let org = Org::with_free_seats(99);
    let long = "en-US,en;q=0.9,".repeat(17);
    let fine = [
        "en-US",
        "en_US",
        "en",
        "zh-Hans-CN",
        "de_DE.UTF-8",
        "en-US,en;q=0.9,de;q=0.5",
        "*",
        "English (United States)",
        &long,
    ];
    let longer = "x".repeat(256);
    let ill = [
        "en\u{0}US",
        "en\r\nX-Evil: 1",
        "\u{1b}[31men",
        &longer,
        // Of a language alone; the others are nobody's to read here.
        "xx-yy-!!",
        "<en>",
    ];
    for (at, attribute) in ["preferredLanguage", "locale", "timezone"]
        .into_iter()
        .enumerate()
    {
        let mut ids = Vec::new();
        let ill = if at == 0 { &ill[..] } else { &ill[..4] };
        for (number, value) in fine.iter().chain(ill).enumerate() {
            let mut body =
                json!({"schemas": [CORE], "userName": format!("u{at}.{number}@acme.example")});
            body[attribute] = json!(value);
            let reply = org.post(body.clone());
            if number < fine.len() {
                assert_eq!(
                    (reply.status, &reply.body[attribute]),
                    (201, &json!(value)),
                    "{reply:?}"
                );
                ids.push(reply.id());
                continue;
            }
            reply.is_error(400, Some("invalidValue"));
            let detail = reply.body["detail"].as_str().unwrap_or_default();
            assert!(detail.starts_with(attribute), "{reply:?}");
            let id = &ids[0];
            let before = org.user(id).body;
            // Not usual: read by way of the schema.
            body["roles"] = json!(["a"]);
            body["userName"] = before["userName"].clone();
            org.put(id, body).is_error(400, Some("invalidValue"));
            let ways: [Value; 2] = [
                json!([{"op": "replace", "path": attribute, "value": value}]),
                json!([{"op": "Add", "value": {attribute: value}}]),
            ];
            for way in ways {
                org.patch(id, way).is_error(400, Some("invalidValue"));
            }
            assert_eq!(org.user(id).body, before);
        }
    }
}

#[test]
fn a_user_name_is_a_text() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let head = org.events();
    for name in [
        json!(5),
        json!(["a"]),
        json!({"value": "a"}),
        json!(true),
        json!([]),
        json!({}),
    ] {
        let body = json!({"schemas": [CORE], "userName": name});
        org.post(body.clone()).is_error(400, Some("invalidValue"));
        org.put(&id, body).is_error(400, Some("invalidValue"));
        let operation =
            json!({"method": "POST", "bulkId": "a", "path": "/Users", "data": {"userName": name}});
        let all = json!({"Operations": [operation]});
        let reply = org.send("POST", "/scim/v2/Bulk", Some(all));
        assert_eq!(
            reply.body["Operations"][0]["response"]["scimType"],
            json!("invalidValue")
        );
    }
    for name in [
        json!(5),
        json!(true),
        json!({}),
        json!({"value": "a"}),
        json!(["a"]),
        json!([]),
        json!([{"value": ["a"]}]),
    ] {
        for way in [
            json!([{"op": "replace", "path": "userName", "value": name}]),
            json!([{"op": "replace", "value": {"userName": name}}]),
        ] {
            org.patch(&id, way).is_error(400, Some("invalidValue"));
        }
    }
    assert_eq!(org.events(), head);
    // As Entra ID wraps single values in a PATCH.
    let wrapped =
        json!([{"op": "Replace", "path": "userName", "value": [{"value": "bo@acme.example"}]}]);
    assert_eq!(
        org.patch(&id, wrapped).body["userName"],
        json!("bo@acme.example")
    );
}

#[test]
fn what_is_wrong_with_a_value_is_told_by_its_attribute() {
    let org = Org::with_free_seats(9);
    let hidden = "a\u{202e}b";
    for (attribute, body) in [
        ("userName", json!({"userName": hidden})),
        ("emails.value", json!({"emails": [{"value": "nobody"}]})),
        ("name.givenName", json!({"name": {"givenName": hidden}})),
        ("displayName", json!({"displayName": hidden})),
        ("title", json!({"title": "x".repeat(600)})),
        (
            "department",
            json!({(crate::org::ENTERPRISE): {"department": hidden}}),
        ),
        (
            "addresses.region",
            json!({"addresses": [{"type": "work", "region": hidden}]}),
        ),
    ] {
        let mut whole = json!({"schemas": [CORE], "userName": "bo@acme.example"});
        for (key, value) in body.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        let reply = org.post(whole);
        reply.is_error(400, Some("invalidValue"));
        let detail = reply.body["detail"].as_str().expect("a detail");
        assert!(detail.starts_with(&format!("{attribute} ")), "{detail}");
    }
}
