//! PATCH, form by form, as providers send it.

use serde_json::json;

use super::*;
use crate::schema::ENTERPRISE;

/// A person, an operation list, and what becomes of them; a text names the `scimType` of a refusal.
fn check(before: Value, operations: Value, expected: Value) {
    let after = patched(&before, &operations);
    assert_eq!(after, expected, "{operations}");
}

fn patched(before: &Value, operations: &Value) -> Value {
    let body = json!({"schemas": [scim_v2::schema_urns::PATCH_OP], "Operations": operations});
    let mut user = schema::user(before.clone()).expect("the person is well formed");
    let untouched = user.clone();
    match Patch::read(body).and_then(|it| it.apply(&mut user)) {
        Ok(()) => {
            user.retain(|_, value| value.as_object().is_none_or(|it| !it.is_empty()));
            Value::Object(user)
        }
        Err(fault) => {
            assert!(
                !untouched.is_empty(),
                "callers keep what they had: nothing is applied on a refusal"
            );
            Value::from(
                fault
                    .scim_type
                    .map_or("none".to_owned(), |it| it.to_string()),
            )
        }
    }
}

fn ana() -> Value {
    json!({
        "userName": "ana", "active": true, "name": {"givenName": "Ana", "familyName": "Li"}, "title": "Engineer",
        "emails": [{"value": "ana@acme.example", "type": "work", "primary": true}],
    })
}

/// Ana with some attributes set or, by null, taken away.
fn ana_with(changes: Value) -> Value {
    let mut ana = ana();
    let (Some(object), Value::Object(changes)) = (ana.as_object_mut(), changes) else {
        return ana;
    };
    for (key, value) in changes {
        match value {
            Value::Null => object.remove(&key),
            value => object.insert(key, value),
        };
    }
    ana
}

#[test]
fn single_values_are_set_and_cleared() {
    for (operation, changes) in [
        (
            json!({"op": "replace", "path": "active", "value": false}),
            json!({"active": false}),
        ),
        (
            json!({"op": "Replace", "path": "active", "value": "False"}),
            json!({"active": false}),
        ),
        (
            json!({"op": "Add", "path": "active", "value": "False"}),
            json!({"active": false}),
        ),
        (
            json!({"op": "REPLACE", "path": "ACTIVE", "value": ["False"]}),
            json!({"active": false}),
        ),
        (
            json!({"OP": "replace", "VALUE": {"Active": "FALSE"}}),
            json!({"active": false}),
        ),
        (
            json!({"op": "replace", "path": "title", "value": "Boss"}),
            json!({"title": "Boss"}),
        ),
        (
            json!({"op": "add", "path": "nickName", "value": "Annie"}),
            json!({"nickName": "Annie"}),
        ),
        (
            json!({"op": "add", "path": "nickName", "value": [{"value": "Annie"}]}),
            json!({"nickName": "Annie"}),
        ),
        (
            json!({"op": "replace", "path": "title", "value": ""}),
            json!({"title": null}),
        ),
        (
            json!({"op": "replace", "path": "title", "value": null}),
            json!({"title": null}),
        ),
        (
            json!({"op": "remove", "path": "title"}),
            json!({"title": null}),
        ),
        (json!({"op": "remove", "path": "nickName"}), json!({})),
        (
            json!({"op": "replace", "path": format!("{}:title", schema::USER), "value": "Boss"}),
            json!({"title": "Boss"}),
        ),
        (
            json!({"op": "replace", "path": "password", "value": "s3cret"}),
            json!({}),
        ),
        (
            json!({"op": "replace", "value": {"password": "s3cret"}}),
            json!({}),
        ),
        (
            json!({"op": "replace", "value": {"id": "7", "meta": {}, "groups": [], "unknown": 1, "a b": 2}}),
            json!({}),
        ),
    ] {
        check(ana(), json!([operation]), ana_with(changes));
    }
}

#[test]
fn parts_of_a_complex_value_are_set_and_the_others_stay() {
    for (operation, name) in [
        (
            json!({"op": "Replace", "path": "name.familyName", "value": "Wu"}),
            json!({"givenName": "Ana", "familyName": "Wu"}),
        ),
        (
            json!({"op": "replace", "path": "name", "value": {"familyName": "Wu"}}),
            json!({"givenName": "Ana", "familyName": "Wu"}),
        ),
        (
            json!({"op": "replace", "value": {"name.familyName": "Wu"}}),
            json!({"givenName": "Ana", "familyName": "Wu"}),
        ),
        (
            json!({"op": "replace", "value": {"name": {"familyName": "Wu"}}}),
            json!({"givenName": "Ana", "familyName": "Wu"}),
        ),
        (
            json!({"op": "add", "path": "name", "value": {"middleName": "B"}}),
            json!({"givenName": "Ana", "familyName": "Li", "middleName": "B"}),
        ),
        (
            json!({"op": "replace", "path": "name", "value": {"givenName": null}}),
            json!({"familyName": "Li"}),
        ),
        (
            json!({"op": "remove", "path": "name.givenName"}),
            json!({"familyName": "Li"}),
        ),
        (json!({"op": "remove", "path": "name"}), Value::Null),
    ] {
        check(ana(), json!([operation]), ana_with(json!({"name": name})));
    }
}

#[test]
fn a_manager_comes_in_every_form() {
    let with = |manager: Value| ana_with(json!({ENTERPRISE: {"manager": {"value": manager}}}));
    let path = format!("{ENTERPRISE}:manager");
    let value_path = format!("{ENTERPRISE}:manager.value");
    for operation in [
        json!({"op": "Add", "path": path, "value": "m1"}),
        json!({"op": "Replace", "path": path, "value": "m1"}),
        json!({"op": "add", "path": path, "value": [{"value": "m1"}]}),
        json!({"op": "add", "path": path, "value": {"value": "m1", "$ref": "../Users/m1", "displayName": "Bo"}}),
        json!({"op": "add", "path": value_path, "value": "m1"}),
        json!({"op": "add", "path": "manager", "value": "m1"}),
        json!({"op": "replace", "value": {path.clone(): "m1"}}),
        json!({"op": "replace", "value": {value_path.clone(): "m1"}}),
        json!({"op": "replace", "value": {ENTERPRISE: {"manager": {"value": "m1"}}}}),
        json!({"op": "add", "path": ENTERPRISE, "value": {"manager": "m1"}}),
        json!({"op": "add", "path": ENTERPRISE.to_uppercase(), "value": {"MANAGER": "m1"}}),
    ] {
        check(ana(), json!([operation]), with(json!("m1")));
        check(with(json!("m0")), json!([operation]), with(json!("m1")));
    }
    for operation in [
        json!({"op": "Replace", "path": path, "value": ""}),
        json!({"op": "Add", "path": path, "value": ""}),
        json!({"op": "replace", "path": path, "value": null}),
        json!({"op": "replace", "path": path, "value": {"value": ""}}),
        json!({"op": "replace", "path": path, "value": {"value": null}}),
        json!({"op": "Remove", "path": path}),
        json!({"op": "Remove", "path": value_path}),
        json!({"op": "remove", "path": ENTERPRISE}),
        json!({"op": "replace", "path": path, "value": []}),
    ] {
        check(with(json!("m0")), json!([operation]), ana());
        check(ana(), json!([operation]), ana());
    }
}

#[test]
fn elements_of_lists_are_addressed_and_created() {
    let email = |list: Value| ana_with(json!({"emails": list}));
    let work = json!({"value": "ana@acme.example", "type": "work", "primary": true});
    for (operation, list) in [
        (
            json!({"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@b.example"}),
            json!([{"value": "a@b.example", "type": "work", "primary": true}]),
        ),
        (
            json!({"op": "replace", "path": "emails[primary eq true].value", "value": "a@b.example"}),
            json!([{"value": "a@b.example", "type": "work", "primary": true}]),
        ),
        (
            json!({"op": "replace", "path": "emails.value", "value": "a@b.example"}),
            json!([{"value": "a@b.example", "type": "work", "primary": true}]),
        ),
        (
            json!({"op": "Add", "path": "emails[type eq \"home\"].value", "value": "h@b.example"}),
            json!([work, {"value": "h@b.example", "type": "home"}]),
        ),
        (
            json!({"op": "Replace", "path": "EMAILS[TYPE EQ \"home\"].VALUE", "value": "h@b.example"}),
            json!([work, {"value": "h@b.example", "type": "home"}]),
        ),
        (
            json!({"op": "replace", "value": {"emails[type eq \"home\"].value": "h@b.example"}}),
            json!([work, {"value": "h@b.example", "type": "home"}]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [{"value": "p@b.example", "primary": "True"}]}),
            json!([{"value": "ana@acme.example", "type": "work", "primary": false}, {"value": "p@b.example", "primary": true}]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": {"value": "h@b.example"}}),
            json!([work, {"value": "h@b.example"}]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [work]}),
            json!([work]),
        ),
        (
            json!({"op": "replace", "path": "emails", "value": [{"value": "h@b.example"}]}),
            json!([{"value": "h@b.example"}]),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": {"display": "Ana"}}),
            json!([{"value": "ana@acme.example", "type": "work", "primary": true, "display": "Ana"}]),
        ),
        (
            json!({"op": "replace", "path": "emails", "value": []}),
            Value::Null,
        ),
        (json!({"op": "remove", "path": "emails"}), Value::Null),
        (
            json!({"op": "remove", "path": "emails[type eq \"WORK\"]"}),
            Value::Null,
        ),
        (
            json!({"op": "remove", "path": "emails", "value": [{"value": "ANA@acme.example"}]}),
            Value::Null,
        ),
        (
            json!({"op": "remove", "path": "emails", "value": [{"value": "nobody@acme.example"}]}),
            json!([work]),
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"home\"]"}),
            json!([work]),
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"home\"].value"}),
            json!([work]),
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"work\"].primary"}),
            json!([{"value": "ana@acme.example", "type": "work"}]),
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"home\"].value", "value": ""}),
            json!([work]),
        ),
    ] {
        check(ana(), json!([operation]), email(list));
    }
}

#[test]
fn operations_go_in_order_and_build_on_each_other() {
    let operations = json!([
        {"op": "Add", "path": "addresses[type eq \"work\"].region", "value": "BE"},
        {"op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Berlin"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\" and primary eq true].value", "value": 4930},
        {"op": "replace", "path": "title", "value": "One"},
        {"op": "replace", "path": "title", "value": "Two"},
        {"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Sales"},
        {"op": "replace", "value": {"displayName": "Ana Li", format!("{ENTERPRISE}:costCenter"): "7"}},
    ]);
    let expected = ana_with(json!({
        "addresses": [{"type": "work", "region": "BE", "locality": "Berlin"}],
        "phoneNumbers": [{"type": "mobile", "primary": true, "value": "4930"}],
        "title": "Two", "displayName": "Ana Li", ENTERPRISE: {"department": "Sales", "costCenter": "7"},
    }));
    check(ana(), operations, expected);
    check(ana(), json!([]), ana());
}

#[test]
fn what_cannot_be_done_is_refused_with_its_kind() {
    for (operation, kind) in [
        (json!({"op": "remove"}), "noTarget"),
        (json!({"op": "remove", "value": {"title": "x"}}), "noTarget"),
        (json!({"op": "remove", "path": "userName"}), "mutability"),
        (
            json!({"op": "replace", "path": "userName", "value": ""}),
            "invalidValue",
        ),
        (
            json!({"op": "add", "value": {"userName": null}}),
            "invalidValue",
        ),
        (json!({"op": "remove", "path": "active"}), "mutability"),
        (
            json!({"op": "replace", "path": "id", "value": "x"}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": "meta.created", "value": "x"}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": "groups", "value": []}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": format!("{}:status", schema::USHER), "value": "x"}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": schema::USHER, "value": {}}),
            "mutability",
        ),
        (
            json!({"op": "add", "path": "shoeSize", "value": 4}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "name.shoeSize", "value": 4}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "title.value", "value": 4}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "urn:example:x:User:title", "value": "x"}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "emails[type eq", "value": "x"}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "title[type eq \"x\"]", "value": "x"}),
            "invalidPath",
        ),
        (
            json!({"op": "add", "path": "emails[a].b.c", "value": "x"}),
            "invalidPath",
        ),
        (json!({"op": "add", "path": 7, "value": "x"}), "invalidPath"),
        (
            json!({"op": "add", "path": "a".repeat(5_000) + ".b", "value": "x"}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "emails[type ne \"work\"].value", "value": "x"}),
            "noTarget",
        ),
        (json!({"op": "add", "path": "title"}), "invalidValue"),
        (
            json!({"op": "replace", "path": "active", "value": "maybe"}),
            "invalidValue",
        ),
        (
            json!({"op": "replace", "path": "title", "value": ["a", "b"]}),
            "invalidValue",
        ),
        (
            json!({"op": "replace", "path": "name", "value": "Ana"}),
            "invalidValue",
        ),
        (json!({"op": "replace", "value": "title"}), "invalidValue"),
        (
            json!({"op": "move", "path": "title", "value": "x"}),
            "invalidSyntax",
        ),
        (json!({"path": "title", "value": "x"}), "invalidSyntax"),
        (json!("replace"), "invalidSyntax"),
    ] {
        check(ana(), json!([operation]), json!(kind));
    }
    let two = json!({"userName": "ana", "emails": [{"value": "a"}, {"value": "b"}]});
    check(
        two,
        json!([{"op": "replace", "path": "emails.value", "value": "x"}]),
        json!("invalidPath"),
    );
    for body in [json!([]), json!({}), json!({"Operations": {}}), json!(null)] {
        assert!(Patch::read(body).is_err());
    }
    let many = vec![json!({"op": "remove", "path": "title"}); MOST_OPERATIONS + 1];
    assert!(Patch::read(json!({"Operations": many})).is_err());
}

#[test]
fn a_request_is_known_to_speak_of_active() {
    let says = |operation: Value| {
        Patch::read(json!({"Operations": [operation]}))
            .is_ok_and(|it| it.speaks_of(false, "active"))
    };
    assert!(says(
        json!({"op": "replace", "path": "active", "value": false})
    ));
    assert!(says(
        json!({"op": "replace", "value": {"title": "x", "Active": "True"}})
    ));
    assert!(!says(
        json!({"op": "replace", "path": "title", "value": "active"})
    ));
}
