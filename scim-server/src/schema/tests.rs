//! What is taken from outside, and what is not.

use serde_json::json;

use super::*;

#[test]
fn what_can_be_read_in_one_way_is_taken() {
    let body = json!({
        "SCHEMAS": ["x"], "USERNAME": "ana", "active": "False", "id": "1", "password": "s3cret", "groups": [],
        "emails": {"value": "ana@acme.example", "PRIMARY": "true"}, "roles": ["r1"], "title": "", "nickName": null,
        "phoneNumbers": [], "unknown": {"a": 1}, "department": "Sales",
        "urn:scim:schemas:extension:enterprise:2.0": {"employeeNumber": 7, "manager": "m1", "shoeSize": 4},
    });
    let expected = json!({
        "userName": "ana", "active": false, "emails": [{"value": "ana@acme.example", "primary": true}],
        "roles": [{"value": "r1"}],
        ENTERPRISE: {"employeeNumber": "7", "manager": {"value": "m1"}, "department": "Sales"},
    });
    assert_eq!(user(body).map(Value::Object).ok(), Some(expected));
}

#[test]
fn what_cannot_be_read_is_refused() {
    for body in [
        json!([]),
        json!("x"),
        json!({"active": "maybe"}),
        json!({"active": 1}),
        json!({"userName": true}),
        json!({"userName": ["a", "b"]}),
        json!({"userName": {"a": 1}}),
        json!({"userName": "a", "username": "b"}),
        json!({"name": "Ana"}),
        json!({"emails": [[1, 2]]}),
        json!({"emails": 3}),
        json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
        json!({ENTERPRISE: "x"}),
    ] {
        assert!(user(body.clone()).is_err(), "{body}");
    }
}
