//! Add-on pools asked for by `entitlements`: in a POST, a PUT, a PATCH and Bulk.

use serde_json::{Value, json};
use usher_core::command::{Command, PoolEdit};
use usher_core::model::AtCapacity;

use crate::org::{Org, Reply, USHER};

fn org_with_pools() -> Org {
    let org = Org::with_free_seats(9);
    for (name, purchased) in [("library", 2), ("method", 1)] {
        org.admin(Command::AddPool {
            name: name.parse().expect("a name"),
            set: PoolEdit {
                purchased: Some(purchased),
                ..PoolEdit::default()
            },
        });
    }
    org
}

fn person(name: &str, pools: &[&str]) -> Value {
    let asked: Vec<Value> = pools.iter().map(|it| json!({ "value": it })).collect();
    json!({"userName": format!("{name}@acme.example"), "active": true, "entitlements": asked})
}

/// `pool:state` of each add-on.
fn licenses(reply: &Reply) -> Vec<String> {
    licenses_of(&reply.body)
}

fn licenses_of(user: &Value) -> Vec<String> {
    let list = user[USHER]["licenses"].as_array().cloned();
    let mut words: Vec<String> = list
        .unwrap_or_default()
        .iter()
        .map(|it| {
            format!(
                "{}:{}",
                it["pool"].as_str().unwrap_or_default(),
                it["state"].as_str().unwrap_or_default()
            )
        })
        .filter(|it| !it.starts_with("access:"))
        .collect();
    words.sort();
    words
}

#[test]
fn each_way_of_writing_asks_and_gives_back() {
    let org = org_with_pools();
    let reply = org.post(person("ana", &["Library", "no-such-pool"]));
    assert_eq!(
        (reply.status, licenses(&reply)),
        (201, vec!["library:reserved".to_owned()])
    );
    // What names no pool is kept and returned with the rest.
    let kept = json!([{"value": "Library"}, {"value": "no-such-pool"}]);
    assert_eq!(reply.body["entitlements"], kept);
    let ana = reply.id();
    assert_eq!(org.user(&ana).body, reply.body);

    // Entra: one by one, by value paths; removing what was never there changes nothing.
    let reply = org.patch(
        &ana,
        json!([
            {"op": "Add", "path": "entitlements", "value": [{"value": "method"}]},
            {"op": "Remove", "path": "entitlements[value eq \"Library\"]"},
        ]),
    );
    assert_eq!(
        (reply.status, licenses(&reply)),
        (200, vec!["method:reserved".to_owned()]),
        "{reply:?}"
    );
    let head = org.events();
    assert_eq!(
        org.patch(
            &ana,
            json!([{"op": "add", "path": "entitlements", "value": [{"value": "method"}]}])
        )
        .status,
        200
    );
    assert_eq!(org.events(), head, "said again, nothing happens");

    // A PATCH of something else leaves them alone.
    org.patch(
        &ana,
        json!([{"op": "replace", "path": "title", "value": "x"}]),
    );
    assert_eq!(licenses(&org.user(&ana)), ["method:reserved"]);

    // Okta and OneLogin: the whole person, with or without.
    let reply = org.put(&ana, person("ana", &["library"]));
    assert_eq!(licenses(&reply), ["library:reserved"]);
    assert_eq!(
        licenses(&org.put(&ana, person("ana", &["library"]))),
        ["library:reserved"]
    );
    let reply = org.put(&ana, json!({"userName": "ana@acme.example"}));
    assert_eq!(
        (licenses(&reply).len(), reply.body.get("entitlements")),
        (0, None)
    );

    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": person("bo", &["library"])},
        {"method": "PATCH", "path": format!("/Users/{ana}"), "data": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "value": {"entitlements": [{"value": "library"}]}}]}},
    ]});
    let reply = org.send("POST", "/scim/v2/Bulk", Some(bulk));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(licenses(&org.user(&ana)), ["library:reserved"]);
    assert_eq!(
        licenses_of(&org.find("userName eq \"bo@acme.example\"").body["Resources"][0]),
        ["library:reserved"]
    );
    let found = org.find("entitlements.value eq \"LIBRARY\"");
    assert_eq!(found.body["totalResults"], json!(2));
}

#[test]
fn a_full_pool_is_told_with_numbers_and_the_remedy_at_the_end_of_the_whole_patch() {
    let org = org_with_pools();
    org.at_capacity("method", AtCapacity::Refuse);
    let ana = org.post(person("ana", &["method"])).id();
    let reply = org.post(person("bo", &["method"]));
    reply.is_error(403, None);
    for word in ["method", "1 held", "1 purchased", "purchase 1 more"] {
        assert!(reply.detail().contains(word), "{word}: {}", reply.detail());
    }
    assert_eq!(
        org.find("userName eq \"bo@acme.example\"").body["totalResults"],
        json!(0)
    );
    let bo = org.post(person("bo", &["library"])).id();
    let head = org.events();
    let both = json!([
        {"op": "add", "path": "entitlements", "value": {"value": "method"}}, {"op": "replace", "path": "title", "value": "x"},
    ]);
    org.patch(&bo, both).is_error(403, None);
    assert_eq!(
        (org.events(), licenses(&org.user(&bo))),
        (head, vec!["library:reserved".to_owned()])
    );
    // In the middle of a request the pool may be full; its end counts.
    let away_and_back = json!([
        {"op": "remove", "path": "entitlements"}, {"op": "add", "path": "entitlements", "value": [{"value": "method"}]},
    ]);
    assert_eq!(
        licenses(&org.patch(&ana, away_and_back)),
        ["method:reserved"]
    );
    // Who is switched off gives it back, and cannot come back without it.
    org.patch(&ana, json!([{"op": "replace", "value": {"active": false}}]));
    assert_eq!(
        licenses(&org.put(&bo, person("bo", &["method"]))),
        ["method:reserved"]
    );
    org.patch(&ana, json!([{"op": "replace", "value": {"active": true}}]))
        .is_error(403, None);
    let without = json!([{"op": "replace", "value": {"active": true, "entitlements": []}}]);
    let reply = org.patch(&ana, without);
    assert_eq!(
        (reply.status, &reply.body["active"]),
        (200, &json!(true)),
        "{reply:?}"
    );
}

#[test]
fn a_pool_that_queues_does_not_hold_the_person_up() {
    let org = org_with_pools();
    let ana = org.post(person("ana", &["method"])).id();
    let bo = org.post(person("bo", &["method"]));
    assert_eq!(
        (&bo.body["active"], licenses(&bo)),
        (&json!(true), vec!["method:queued".to_owned()])
    );
    assert_eq!(
        bo.body[USHER].get("queuePosition"),
        None,
        "the queue for a seat is another"
    );
    org.delete(&ana);
    assert_eq!(licenses(&org.user(&bo.id())), ["method:reserved"]);
}
