//! What is answered goes by what is shown: every order and every condition of what `/Schemas` publishes, and a version that
//! never says that nothing changed when something did.

use serde_json::{Value, json};

use crate::naive::Rules;
use crate::org::{CORE, ENTERPRISE, Org, Reply, encoded};

fn whole(name: &str, emails: Value, addresses: Value) -> Value {
    json!({"schemas": [CORE], "userName": format!("{name}@acme.example"), "externalId": name, "active": true,
        "emails": emails, "addresses": addresses})
}

/// Everybody in an order, by the part of the user name before the sign.
fn sorted(org: &Org, by: &str) -> Vec<String> {
    let reply = org.get(&format!("/scim/v2/Users?sortBy={}", encoded(by)));
    assert_eq!(reply.status, 200, "{by} {reply:?}");
    let all = reply.body["Resources"].as_array().cloned();
    let all = all.unwrap_or_default().into_iter().map(|it| {
        let name = it["userName"].as_str().unwrap_or_default().to_owned();
        name.split('@').next().unwrap_or_default().to_owned()
    });
    all.filter(|it| it != "owner").collect()
}

#[test]
fn no_order_and_no_condition_of_what_is_published_fails() {
    let org = Org::with_free_seats(9);
    let mut ana = whole(
        "ana",
        json!([{"value": "a@acme.example", "type": "work", "primary": true}]),
        json!([{"type": "home", "region": "B", "primary": true}]),
    );
    for (name, value) in [
        ("phoneNumbers", "123"),
        ("ims", "a"),
        ("photos", "https://acme.example/a.png"),
        ("roles", "Buyer"),
        ("x509Certificates", "TUlJ"),
    ] {
        ana[name] = json!([{"value": value, "primary": true}]);
    }
    let ana = org.post(ana).id();
    let mut bo = whole("bo", json!([]), json!([{"type": "work", "region": "A"}]));
    bo[ENTERPRISE] = json!({"manager": {"value": ana}, "costCenter": "7"});
    org.post(bo);
    let group = json!({"displayName": "Board", "members": [{"value": ana}]});
    assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 201);

    let mut paths: Vec<String> = Rules::paths(&org)
        .into_iter()
        .map(|(urn, name, part, _)| {
            let urn = urn.map(|it| format!("{it}:")).unwrap_or_default();
            let part = part.map(|it| format!(".{it}")).unwrap_or_default();
            format!("{urn}{name}{part}")
        })
        .collect();
    assert!(paths.len() >= 80, "{}", paths.len());
    paths.extend(
        [
            "id",
            "externalId",
            "name",
            "schemas",
            "meta",
            "meta.created",
            "meta.lastModified",
            "meta.version",
            "meta.location",
            "meta.resourceType",
        ]
        .map(str::to_owned),
    );
    let sane = |reply: &Reply, what: &str| {
        assert!(reply.status < 500, "{what}: {reply:?}");
    };
    let mut sortable = 0;
    for path in &paths {
        for order in ["", "&sortOrder=descending"] {
            let at = format!("/scim/v2/Users?sortBy={}{order}", encoded(path));
            let reply = org.get(&at);
            sane(&reply, &at);
            sortable += i32::from(reply.status == 200);
            if reply.status == 200 {
                let first = org.get(&format!("{at}&count=1&cursor="));
                let cursor = first.body["nextCursor"].as_str().unwrap_or_default();
                let next = org.get(&format!("{at}&count=1&cursor={cursor}"));
                assert_eq!(next.status, 200, "{at} {next:?}");
            }
        }
        for condition in conditions_on(path) {
            sane(&org.find(&condition), &condition);
        }
    }
    assert!(sortable > 150, "{sortable}");
    for path in [
        "id",
        "displayName",
        "externalId",
        "members",
        "members.value",
        "members.$ref",
        "members.display",
        "members.type",
        "meta",
        "meta.created",
        "meta.lastModified",
        "meta.version",
        "schemas",
    ] {
        let at = format!("/scim/v2/Groups?sortBy={}", encoded(path));
        sane(&org.get(&at), &at);
        for condition in conditions_on(path) {
            let at = format!("/scim/v2/Groups?filter={}", encoded(&condition));
            sane(&org.get(&at), &at);
        }
    }
}

/// Every operator, with a value of every kind.
fn conditions_on(path: &str) -> Vec<String> {
    let mut conditions = vec![format!("{path} pr")];
    for op in ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] {
        for value in [
            "\"a\"",
            "true",
            "false",
            "null",
            "7",
            "\"2026-01-01T00:00:00Z\"",
        ] {
            conditions.push(format!("{path} {op} {value}"));
        }
    }
    conditions
}

#[test]
fn a_list_is_sorted_by_the_part_of_its_first_choice_as_it_is_shown() {
    let org = Org::with_free_seats(9);
    let email =
        |value: &str, kind: &str| json!({"value": format!("{value}@acme.example"), "type": kind});
    let mut preferred = email("c2", "home");
    preferred["primary"] = json!(true);
    // The address that nobody sent is shown as one of work.
    org.post(whole(
        "a",
        json!([]),
        json!([{"type": "home", "region": "3"}, {"type": "work", "region": "1"}]),
    ));
    org.post(whole(
        "b",
        json!([email("b", "other")]),
        json!([{"type": "work", "region": "9"}, {"type": "home", "region": "2", "primary": true}]),
    ));
    org.post(whole(
        "c",
        json!([email("c1", "work"), preferred]),
        json!([{"type": "work", "region": "1"}]),
    ));
    assert_eq!(sorted(&org, "emails.type"), ["c", "b", "a"]);
    assert_eq!(sorted(&org, "emails.value"), ["a", "b", "c"]);
    assert_eq!(sorted(&org, "addresses.region"), ["c", "b", "a"]);
    // Who has no preferred one comes last.
    assert_eq!(sorted(&org, "emails.primary"), ["a", "c", "b"]);
}

#[test]
fn what_changed_is_never_said_to_be_the_same() {
    let org = Org::with_free_seats(9);
    let ids: Vec<String> = ["ana", "bo", "cy"]
        .iter()
        .map(|it| org.create(&format!("{it}@acme.example")))
        .collect();
    let members: Vec<Value> = ids.iter().map(|it| json!({"value": it})).collect();
    let body = json!({"displayName": "Board", "members": members});
    let group = org.send("POST", "/scim/v2/Groups", Some(body)).id();
    let report = org.create("report@acme.example");
    let above = json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": ids[1]}]);
    assert_eq!(org.patch(&report, above).status, 200);
    let read = |path: &str, etag: Option<&str>| {
        let etag = etag.map(|it| format!("If-None-Match: {it}\r\n"));
        let head = format!(
            "Authorization: Bearer {}\r\n{}",
            org.token,
            etag.unwrap_or_default()
        );
        org.raw("GET", path, &head, b"")
    };
    let group = format!("/scim/v2/Groups/{group}");
    let (ana, report) = (
        format!("/scim/v2/Users/{}", ids[0]),
        format!("/scim/v2/Users/{report}"),
    );
    let etags = || {
        [&group, &ana, &report].map(|it| {
            let reply = read(it, None);
            let etag = reply.header("etag").expect("an ETag").to_owned();
            (it.clone(), etag, reply.body)
        })
    };
    let named =
        json!({"Operations": [{"op": "replace", "path": "displayName", "value": "Seniors"}]});
    let one =
        |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    let steps: [(&str, &dyn Fn()); 5] = [
        ("a member goes", &|| {
            assert_eq!(org.delete(&ids[2]).status, 204);
        }),
        ("a member comes back", &|| {
            let back = json!({"schemas": [CORE], "userName": "cy@acme.example"});
            assert_eq!(org.post(back).status, 201);
        }),
        ("a member is called otherwise", &|| {
            let reply = org.patch(&ids[2], one("add", "displayName", json!("Cyrus")));
            assert_eq!(reply.status, 200);
        }),
        ("the group is called otherwise", &|| {
            let reply = org.send("PATCH", &group, Some(named.clone()));
            assert_eq!(reply.status, 200);
        }),
        ("the manager is called otherwise", &|| {
            let reply = org.patch(&ids[1], one("add", "displayName", json!("Boss")));
            assert_eq!(reply.status, 200);
        }),
    ];
    let mut moved = 0;
    for (what, step) in steps {
        let before = etags();
        step();
        for (path, etag, was) in before {
            let now = read(&path, None).body;
            let conditional = read(&path, Some(&etag));
            if now != was {
                moved += 1;
                assert_eq!(conditional.status, 200, "{what}: {path}");
                assert_eq!(conditional.body, now, "{what}: {path}");
            }
        }
    }
    assert!(moved >= 5, "{moved}");
    // Members are rows: who goes moves the group's own version and day.
    let before = read(&group, None);
    assert_eq!(
        read(&group, before.header("etag")).status,
        304,
        "nothing changed"
    );
    assert_eq!(org.delete(&ids[2]).status, 204);
    let after = read(&group, None);
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_ne!(
        after.body["meta"]["lastModified"],
        before.body["meta"]["lastModified"]
    );
    assert_eq!(after.body["members"].as_array().map(Vec::len), Some(2));
}

#[test]
fn nobody_in_particular_is_not_everybody() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    let body = json!({"displayName": "Board", "members": [{"value": id}]});
    let group = org.send("POST", "/scim/v2/Groups", Some(body)).id();
    let path = format!("/scim/v2/Groups/{group}");
    let send = |operation: Value| {
        let body = json!({"Operations": [operation]});
        org.send("PATCH", &path, Some(body))
    };
    let null = json!({"op": "remove", "path": "members", "value": null});
    send(null).is_error(400, Some("invalidValue"));
    let members = org.get(&path).body["members"].clone();
    assert_eq!(members[0]["value"], json!(id));
    let everybody = send(json!({"op": "remove", "path": "members"}));
    assert_eq!(
        (everybody.status, everybody.body.get("members")),
        (200, None)
    );
}
