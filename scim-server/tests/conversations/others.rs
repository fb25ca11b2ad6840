//! What OneLogin, JumpCloud, Ping and Google send, in their order and spelling (SCIM.md §1.3 to §1.6).

use serde_json::{Value, json};

use crate::org::{ENTERPRISE, Org, Reply};

/// A request as a client that knows nothing of SCIM's own content type sends it.
fn plainly(org: &Org, method: &str, path: &str, body: &Value) -> Reply {
    let head = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
        org.token
    );
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    org.raw(method, path, &head, body.as_bytes())
}

#[test]
fn onelogin_sends_a_template_with_old_names_and_puts_with_a_bare_question_mark() {
    let org = Org::with_free_seats(5);
    assert_eq!(org.get("/scim/v2/ServiceProviderConfig").status, 200);
    let look_up = "/scim/v2/Users?filter=userName+eq+%22ana%40acme.example%22&";
    assert_eq!(org.get(look_up).body["totalResults"], json!(0));
    let template = |title: &str, active: bool| {
        json!({
            "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
            "userName": "ana@acme.example", "externalId": "31415", "active": active, "title": title,
            "name": {"givenName": "Ana", "familyName": "Li"}, "emails": {"value": "ana@acme.example", "type": "work"},
            "urn:scim:schemas:extension:enterprise:2.0": {"employeeNumber": "7"}, "department": "Sales",
        })
    };
    let made = plainly(&org, "POST", "/scim/v2/Users", &template("Clerk", true));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("content-type"), Some("application/scim+json"));
    assert_eq!(made.body["emails"][0]["value"], json!("ana@acme.example"));
    assert_eq!(
        made.body[ENTERPRISE],
        json!({"employeeNumber": "7", "department": "Sales"})
    );
    let id = made.id();
    assert_eq!(org.get(look_up).body["Resources"][0]["id"], json!(id));
    let path = format!("/scim/v2/Users/{id}?");
    let reply = plainly(&org, "PUT", &path, &template("Boss", true));
    assert_eq!((reply.status, &reply.body["title"]), (200, &json!("Boss")));
    let head = org.events();
    assert_eq!(
        plainly(&org, "PUT", &path, &template("Boss", true)).status,
        200
    );
    assert_eq!(org.events(), head, "a repeat changes nothing");
    // Suspending frees the seat and keeps the person.
    let reply = plainly(&org, "PUT", &path, &template("Boss", false));
    assert_eq!(reply.body["active"], json!(false));
    assert_eq!(org.get("/scim/v2/Groups").status, 200);
}

#[test]
fn jumpcloud_tries_everything_when_it_is_activated() {
    let org = Org::with_free_seats(2);
    assert_eq!(org.get("/scim/v2/Users?startIndex=1&count=1").status, 200);
    assert_eq!(org.get("/scim/v2/Groups?startIndex=1&count=1").status, 200);
    let test = json!({"userName": "test@acme.example", "active": true, "emails": [{"value": "test@acme.example", "type": "work", "primary": true}],
        "name": {"givenName": "Test", "familyName": "User"}, "externalId": "jc-1"});
    let made = plainly(&org, "POST", "/scim/v2/Users", &test);
    assert_eq!(made.status, 201, "{made:?}");
    let user = made.id();
    let each = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
        {"op": "replace", "path": "name.familyName", "value": "Changed"},
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "other@acme.example"},
    ]});
    let reply = plainly(&org, "PATCH", &format!("/scim/v2/Users/{user}"), &each);
    assert_eq!(
        reply.body["name"]["familyName"],
        json!("Changed"),
        "{reply:?}"
    );
    let group = plainly(
        &org,
        "POST",
        "/scim/v2/Groups",
        &json!({"displayName": "Test group", "externalId": "jc-g"}),
    );
    assert_eq!(group.status, 201, "{group:?}");
    let group = format!("/scim/v2/Groups/{}", group.id());
    let members = |op: &str| json!({"Operations": [{"op": op, "path": "members", "value": [{"value": user}]}]});
    assert!(matches!(
        plainly(&org, "PATCH", &group, &members("add")).status,
        200 | 204
    ));
    assert_eq!(org.get(&group).body["members"][0]["value"], json!(user));
    assert!(matches!(
        plainly(&org, "PATCH", &group, &members("remove")).status,
        200 | 204
    ));
    assert_eq!(org.get(&group).body.get("members"), None);
    assert_eq!(org.send("DELETE", &group, None).status, 204);
    assert_eq!(org.delete(&user).status, 204);
    // Activating a second time brings the same test user back.
    assert_eq!(plainly(&org, "POST", "/scim/v2/Users", &test).id(), user);
}

#[test]
fn ping_finds_by_address_and_replaces_the_whole_person() {
    let org = Org::with_free_seats(2);
    let body = |active: bool| {
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana", "active": active,
            "emails": [{"value": "ana@acme.example", "type": "work"}], "name": {"givenName": "Ana", "familyName": "Li"}})
    };
    let id = org.post(body(true)).id();
    for filter in [
        "emails eq \"ANA@acme.example\"",
        "emails.value eq \"ana@acme.example\"",
        "emails[type eq \"work\"].value eq \"ana@acme.example\"",
    ] {
        let found = org.find(filter);
        assert_eq!(
            found.body["Resources"][0]["id"],
            json!(id),
            "{filter}: {found:?}"
        );
    }
    assert_eq!(org.put(&id, body(false)).body["active"], json!(false));
    assert_eq!(org.put(&id, body(true)).body["active"], json!(true));
}

#[test]
fn google_sends_no_address_and_suspends() {
    let org = Org::with_free_seats(2);
    assert_eq!(
        org.get("/scim/v2/Users?count=1").body["itemsPerPage"],
        json!(1)
    );
    let made = org.post(json!({"userName": "ana@acme.example", "name": {"givenName": "Ana", "familyName": "Li"}, "active": true}));
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.id();
    assert_eq!(
        org.find("userName eq \"ana@acme.example\"").body["Resources"][0]["id"],
        json!(id)
    );
    let active = |it: bool| json!([{"op": "replace", "path": "active", "value": it}]);
    assert_eq!(org.patch(&id, active(false)).body["active"], json!(false));
    assert_eq!(org.patch(&id, active(true)).body["active"], json!(true));
    // The address is the user name's, and goes with it.
    let rename = json!([{"op": "replace", "path": "userName", "value": "ana.li@acme.example"}]);
    assert_eq!(org.patch(&id, rename).status, 200);
    assert_eq!(
        org.find("emails eq \"ana.li@acme.example\"").body["Resources"][0]["id"],
        json!(id)
    );
}

#[test]
fn people_come_back_whole_and_a_recycled_address_inherits_nothing() {
    let org = Org::with_free_seats(5);
    let body = |name: &str, external_id: &str| json!({"userName": format!("{name}@acme.example"), "externalId": external_id, "active": true});
    let id = org.post(body("ana", "1")).id();
    let group = org.send(
        "POST",
        "/scim/v2/Groups",
        Some(json!({"displayName": "Sales", "members": [{"value": id}]})),
    );
    let group = format!("/scim/v2/Groups/{}", group.id());
    // A new user name and address never make a second person, however they are written.
    org.patch(
        &id,
        json!([{"op": "replace", "path": "userName", "value": "ana.li@acme.example"}]),
    );
    let reply = org.put(&id, body("ana.weber", "1"));
    assert_eq!((reply.status, reply.id()), (200, id.clone()));
    org.post(body("ana.weber", "2"))
        .is_error(409, Some("uniqueness"));
    org.post(body("somebody", "1"))
        .is_error(409, Some("uniqueness"));
    // Deleted and provisioned again: the same row, groups and history.
    let head = org.events();
    assert_eq!(org.delete(&id).status, 204);
    assert_eq!(org.user(&id).status, 404);
    assert_eq!(org.post(body("ana.weber", "1")).id(), id);
    assert_eq!(org.get(&group).body["members"][0]["value"], json!(id));
    assert!(org.events() > head);
    // Somebody else of a freed address is another person, in no group.
    assert_eq!(org.delete(&id).status, 204);
    let namesake = org.post(body("ana.weber", "9"));
    assert_ne!(namesake.id(), id);
    assert_eq!(namesake.body.get("groups"), None);
    assert_eq!(org.get(&group).body.get("members"), None);
    // And the first one comes back beside them by the externalId, with another address.
    let again = org.post(body("ana.first", "1"));
    assert_eq!((again.status, again.id()), (201, id));
    // Keys that point at two people are a conflict.
    org.post(body("ana.first", "9"))
        .is_error(409, Some("uniqueness"));
}
