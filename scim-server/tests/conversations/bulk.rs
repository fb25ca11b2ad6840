//! Many operations in one request.

use serde_json::{Value, json};
use usher_core::model::AtCapacity;

use crate::org::{ENTERPRISE, Org, Reply};

fn bulk(org: &Org, operations: Value, fail_on_errors: Option<i64>) -> Reply {
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
    if let Some(number) = fail_on_errors {
        body["failOnErrors"] = json!(number);
    }
    org.send("POST", "/scim/v2/Bulk", Some(body))
}

fn post(bulk_id: &str, name: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"userName": format!("{name}@acme.example")}})
}

fn statuses(reply: &Reply) -> Vec<String> {
    let list = reply.body["Operations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    list.iter()
        .map(|it| it["status"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn id(reply: &Reply, at: usize) -> String {
    let location = reply.body["Operations"][at]["location"]
        .as_str()
        .unwrap_or_default();
    location.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn every_operation_is_answered_for_itself() {
    let org = Org::with_free_seats(9);
    let ana = org.create("ana@acme.example");
    let reply = bulk(
        &org,
        json!([
            post("1", "bo"),
            post("2", "ana"),
            {"method": "PATCH", "path": format!("/Users/{ana}"), "data": {"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]}},
            {"method": "put", "path": format!("/Users/{ana}"), "version": "W/\"1\"", "data": {"userName": "ana@acme.example"}},
            {"method": "DELETE", "path": "/Users/bulkId:1"},
            {"method": "DELETE", "path": "/Nothing/7"},
            {"method": "POST", "path": "/Bulk", "bulkId": "3", "data": {}},
            {"method": "POST", "path": "/Groups", "bulkId": "4", "data": {"displayName": "Sales", "members": [{"value": ana}]}},
        ]),
        None,
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.body["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
    );
    assert_eq!(
        statuses(&reply),
        ["201", "409", "200", "412", "204", "404", "404", "201"]
    );
    let operations = &reply.body["Operations"];
    assert_eq!(
        (
            &operations[0]["bulkId"],
            &operations[0]["method"],
            &operations[0]["version"]
        ),
        (&json!("1"), &json!("POST"), &json!("W/\"1\""))
    );
    assert_eq!(operations[1]["response"]["scimType"], json!("uniqueness"));
    assert_eq!(operations[1].get("location"), None);
    assert_eq!(
        operations[2]["location"],
        json!(format!("https://usher.example/scim/v2/Users/{ana}"))
    );
    assert_eq!(org.user(&ana).body["title"], json!("Boss"));
    assert_eq!(org.user(&id(&reply, 0)).status, 404);
}

#[test]
fn references_are_resolved_backward_forward_and_in_circles() {
    let org = Org::with_free_seats(9);
    let manager = |of: &str, name: &str, by: &str| json!({"method": "POST", "path": "/Users", "bulkId": of, "data": {"userName": format!("{name}@acme.example"), ENTERPRISE: {"manager": {"value": format!("bulkId:{by}")}}}});
    let reply = bulk(
        &org,
        json!([
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "All", "members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}},
            manager("a", "ana", "b"),
            post("b", "bo"),
            {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:c"}]}]}},
            post("c", "carl"),
            manager("lost", "dora", "nobody"),
        ]),
        None,
    );
    assert_eq!(
        statuses(&reply),
        ["201", "201", "201", "200", "201", "409"],
        "{reply:?}"
    );
    assert_eq!(
        org.user(&id(&reply, 1)).body[ENTERPRISE]["manager"]["value"],
        json!(id(&reply, 2))
    );
    let group = org.get(&format!("/scim/v2/Groups/{}", id(&reply, 0))).body;
    assert_eq!(
        group["members"].as_array().map(Vec::len),
        Some(3),
        "{group}"
    );

    // Two who manage each other cannot be: both are made, and the roster keeps one of the two.
    let reply = bulk(
        &org,
        json!([manager("x", "xenia", "y"), manager("y", "yuri", "x")]),
        None,
    );
    assert_eq!(statuses(&reply), ["201", "201"], "{reply:?}");
    let managers: Vec<_> = (0..2)
        .filter(|it| org.user(&id(&reply, *it)).body[ENTERPRISE]["manager"].is_object())
        .collect();
    assert_eq!(managers.len(), 1);
    let group = |of: &str, name: &str, member: &str| json!({"method": "POST", "path": "/Users", "bulkId": of, "data": {"userName": format!("{name}@acme.example"), ENTERPRISE: {"manager": {"value": format!("bulkId:{member}")}}}});
    let reply = bulk(
        &org,
        json!([
            group("1", "r1", "2"),
            group("2", "r2", "3"),
            group("3", "r3", "1")
        ]),
        None,
    );
    assert_eq!(statuses(&reply), ["201", "201", "201"], "{reply:?}");
}

#[test]
fn so_many_errors_end_it_and_limits_hold() {
    let org = Org::with_free_seats(9);
    org.create("taken@acme.example");
    let operations = json!([
        post("1", "a"),
        post("2", "taken"),
        post("3", "b"),
        post("4", "taken"),
        post("5", "c")
    ]);
    let reply = bulk(&org, operations.clone(), Some(2));
    assert_eq!(statuses(&reply), ["201", "409", "201", "409"]);
    let reply = bulk(&org, json!([post("1", "taken"), post("2", "d")]), Some(1));
    assert_eq!(statuses(&reply), ["409"]);
    assert_eq!(
        org.find("userName eq \"d@acme.example\"").body["totalResults"],
        json!(0)
    );
    for (operations, kind) in [
        (json!({}), "invalidSyntax"),
        (json!([7]), "invalidSyntax"),
        (
            json!([{"method": "GET", "path": "/Users"}]),
            "invalidSyntax",
        ),
        (
            json!([{"method": "POST", "path": "/Users", "data": {}}]),
            "invalidSyntax",
        ),
        (json!([post("1", "x"), post("1", "y")]), "invalidValue"),
    ] {
        bulk(&org, operations, None).is_error(400, Some(kind));
    }
    bulk(&org, json!([]), Some(0)).is_error(400, Some("invalidValue"));
    let many: Vec<Value> = (0..10_001)
        .map(|it| json!({"method": "DELETE", "path": format!("/Users/{it}")}))
        .collect();
    bulk(&org, json!(many), None).is_error(413, None);
    org.get("/scim/v2/Bulk").is_error(405, None);
}

#[test]
fn many_creations_share_commits_and_the_last_seats_go_once() {
    let org = Org::with_free_seats(150);
    org.at_capacity("access", AtCapacity::Refuse);
    let operations: Vec<Value> = (0..400)
        .map(|it| post(&it.to_string(), &format!("p{it}")))
        .collect();
    let reply = bulk(&org, json!(operations), None);
    let statuses = statuses(&reply);
    let count = |status: &str| statuses.iter().filter(|it| *it == status).count();
    assert_eq!(
        (count("201"), count("403"), statuses.len()),
        (150, 250, 400)
    );
}
