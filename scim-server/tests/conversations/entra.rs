//! What Entra ID sends: the default client with capitalised operations and texts for booleans, and the client behind the
//! flag, with dotted and URN keys in one value without a path.

use serde_json::{Value, json};

use crate::org::{CORE, ENTERPRISE, Org};

fn person(mail_nickname: &str) -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE], "externalId": mail_nickname, "userName": format!("{mail_nickname}@acme.example"),
        "active": true, "displayName": "Test User", "meta": {"resourceType": "User"}, "title": null, "roles": [],
        "emails": [{"primary": true, "type": "work", "value": format!("{mail_nickname}@acme.example")}],
        "name": {"formatted": "Test User", "familyName": "User", "givenName": "Test"},
    })
}

#[test]
fn the_default_client_goes_through_a_life() {
    let org = Org::with_free_seats(10);
    let reply = org.find("userName eq \"f0b9e2b6-9b4a-4a4e-8f68-random\"");
    assert_eq!(
        (
            reply.status,
            &reply.body["totalResults"],
            &reply.body["itemsPerPage"]
        ),
        (200, &json!(0), &json!(0))
    );
    let reply = org.post(person("test.user"));
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.id();
    assert_eq!(reply.body["name"]["formatted"], json!("Test User"));
    assert_eq!(
        org.find("emails[type eq \"work\"].value eq \"TEST.user@acme.example\"")
            .body["totalResults"],
        json!(1)
    );
    org.post(person("test.user"))
        .is_error(409, Some("uniqueness"));

    let reply = org.patch(&id, json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updated@acme.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Updated"},
        {"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Sales"},
        {"op": "Add", "path": "addresses[type eq \"work\"].region", "value": "BE"},
        {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "Weg 1"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49 30"},
    ]));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.body["emails"][0]["value"],
        json!("updated@acme.example")
    );
    assert_eq!(reply.body["name"]["familyName"], json!("Updated"));
    assert_eq!(reply.body[ENTERPRISE]["department"], json!("Sales"));
    assert_eq!(
        reply.body["addresses"],
        json!([{"type": "work", "region": "BE", "streetAddress": "Weg 1"}])
    );
    assert_eq!(
        reply.body["phoneNumbers"],
        json!([{"type": "mobile", "value": "+49 30"}])
    );
    assert_eq!(reply.body["meta"]["version"], json!("W/\"2\""));
    assert_eq!(
        org.find("emails.value eq \"updated@acme.example\"").body["Resources"][0]["id"],
        json!(id)
    );

    let reply = org.patch(
        &id,
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
    );
    assert_eq!((reply.status, &reply.body["active"]), (200, &json!(false)));
    let reply = org.patch(
        &id,
        json!([{"op": "Add", "path": "active", "value": "True"}]),
    );
    assert_eq!((reply.status, &reply.body["active"]), (200, &json!(true)));
    assert_eq!(org.delete(&id).status, 204);
    org.delete(&id).is_error(404, None);
    org.user(&id).is_error(404, None);
}

#[test]
fn the_client_behind_the_flag_sends_dotted_and_urn_keys() {
    let org = Org::with_free_seats(10);
    let id = org.post(person("test.user")).id();
    let reply = org.patch(&id, json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "updated@acme.example"},
        {"op": "replace", "value": {
            "displayName": "Bjfe", "name.givenName": "Kelvin", "name.familyName": "Grant", "active": false,
            format!("{ENTERPRISE}:department"): "Sales", format!("{ENTERPRISE}:employeeNumber"): 7,
        }},
    ]));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["displayName"], json!("Bjfe"));
    assert_eq!(
        reply.body["name"],
        json!({"formatted": "Test User", "givenName": "Kelvin", "familyName": "Grant"})
    );
    assert_eq!(
        reply.body[ENTERPRISE],
        json!({"department": "Sales", "employeeNumber": "7"})
    );
    assert_eq!(reply.body["active"], json!(false));
}

#[test]
fn a_manager_is_set_replaced_and_cleared_by_a_bare_id() {
    let org = Org::with_free_seats(10);
    let (first, second) = (org.create("m1@acme.example"), org.create("m2@acme.example"));
    let id = org.post(person("test.user")).id();
    let path = format!("{ENTERPRISE}:manager");
    for manager in [&first, &second] {
        let reply = org.patch(&id, json!([{"op": "Add", "path": path, "value": manager}]));
        assert_eq!(
            reply.body[ENTERPRISE]["manager"]["value"],
            json!(manager),
            "{reply:?}"
        );
        assert_eq!(
            reply.body[ENTERPRISE]["manager"]["$ref"],
            json!(format!("https://usher.example/scim/v2/Users/{manager}"))
        );
    }
    let reply = org.patch(&id, json!([{"op": "Replace", "path": path, "value": ""}]));
    assert_eq!(
        (reply.status, reply.body.get(ENTERPRISE)),
        (200, None),
        "{reply:?}"
    );
    // Nobody known, a cycle: taken, noted, not set; the client's other changes count.
    let reply = org.patch(&id, json!([
        {"op": "Add", "path": path, "value": "nobody-knows"}, {"op": "Add", "path": "title", "value": "Boss"},
    ]));
    assert_eq!(
        (
            reply.status,
            &reply.body["title"],
            reply.body.get(ENTERPRISE)
        ),
        (200, &json!("Boss"), None)
    );
    org.patch(&id, json!([{"op": "Add", "path": path, "value": first}]));
    let reply = org.patch(&first, json!([{"op": "Add", "path": path, "value": id}]));
    assert_eq!((reply.status, reply.body.get(ENTERPRISE)), (200, None));
}

#[test]
fn nothing_empty_and_null_updates_are_success() {
    let org = Org::with_free_seats(10);
    let reply = org.post(person("test.user"));
    let (id, version) = (reply.id(), reply.body["meta"]["version"].clone());
    let events = org.events();
    for operations in [
        json!([]),
        json!([{"op": "Replace", "path": "active", "value": "True"}]),
        json!([{"op": "Add", "path": "displayName", "value": "Test User"}]),
        json!([{"op": "Replace", "path": "nickName", "value": ""}]),
        json!([{"op": "Remove", "path": "emails[type eq \"home\"]"}]),
    ] {
        let reply = org.patch(&id, operations.clone());
        assert_eq!(
            (reply.status, &reply.body["meta"]["version"]),
            (200, &version),
            "{operations}"
        );
    }
    assert_eq!(
        org.events(),
        events,
        "what changes nothing leaves no trace in the history"
    );
    let reply = org.patch(&id, json!([
        {"op": "Replace", "path": "displayName", "value": ""}, {"op": "Replace", "path": "name.formatted", "value": null},
    ]));
    assert_eq!((reply.status, reply.body.get("displayName")), (200, None));
    assert_eq!(
        reply.body["name"],
        json!({"givenName": "Test", "familyName": "User"})
    );
}

#[test]
fn a_patch_is_all_or_nothing() {
    let org = Org::with_free_seats(10);
    let id = org.post(person("test.user")).id();
    let before = org.user(&id).body;
    let title = json!({"op": "replace", "path": "title", "value": "Boss"});
    for (bad, kind) in [
        (
            json!({"op": "replace", "path": "shoeSize", "value": 1}),
            "invalidPath",
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "no address"}),
            "invalidValue",
        ),
        (json!({"op": "remove", "path": "userName"}), "mutability"),
        (
            json!({"op": "replace", "path": "active", "value": "perhaps"}),
            "invalidValue",
        ),
        (json!({"op": "remove"}), "noTarget"),
    ] {
        org.patch(&id, json!([title, bad]))
            .is_error(400, Some(kind));
    }
    org.create("other@acme.example");
    let taken = json!({"op": "replace", "path": "userName", "value": "OTHER@acme.example"});
    org.patch(&id, json!([title, taken]))
        .is_error(409, Some("uniqueness"));
    assert_eq!(org.user(&id).body, before);
}

#[test]
fn a_manager_is_shown_by_the_name_that_they_have() {
    let org = Org::with_free_seats(9);
    let boss = org.create("boss@acme.example");
    let ana = org.create("ana@acme.example");
    let path = format!("{ENTERPRISE}:manager");
    let named = json!([{"op": "Add", "path": path, "value": boss}]);
    let shown = org.patch(&ana, named).body[ENTERPRISE]["manager"].clone();
    let address = format!("/scim/v2/Users/{boss}");
    assert_eq!(shown["value"], json!(boss));
    assert!(
        shown["$ref"]
            .as_str()
            .is_some_and(|it| it.ends_with(&address))
    );
    assert_eq!(shown.get("displayName"), None, "they have none");
    let name = json!([{"op": "replace", "path": "name", "value": {"givenName": "Bo", "familyName": "Ek"}}]);
    org.patch(&boss, name);
    let name = |org: &Org| org.user(&ana).body[ENTERPRISE]["manager"]["displayName"].clone();
    assert_eq!(name(&org), "Bo Ek");
    let found = org.find("manager.displayName eq \"bo ek\"");
    assert_eq!(found.body["Resources"][0]["id"], json!(ana));
    org.patch(
        &boss,
        json!([{"op": "replace", "path": "displayName", "value": "Bo"}]),
    );
    assert_eq!(name(&org), "Bo");
}
