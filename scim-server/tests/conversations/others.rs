//! What OneLogin, JumpCloud, Ping, Google, Rippling, SailPoint, authentik and scripts send, in their order and spelling
//! (SCIM.md §1.3 to §1.7).

use serde_json::{Value, json};
use usher_core::model::{Actor, Door};

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
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let found = session
        .read()
        .and_then(|it| it.find_user("ana.li@acme.example"));
    let found = found.expect("somebody of this address");
    assert_eq!(found.id.to_string(), id);
    assert_eq!(found.profile.email.as_deref(), Some("ana.li@acme.example"));
}

#[test]
fn rippling_names_the_primary_address() {
    let org = Org::with_free_seats(2);
    let id = org
        .post(json!({"userName": "ana", "active": true, "emails": [
            {"value": "ana@acme.example", "type": "work", "primary": true}, {"value": "ana@home.example", "type": "home"}]}))
        .id();
    let found = |it: &str| {
        org.find(&format!("emails[primary eq true].value eq \"{it}\""))
            .body["totalResults"]
            .clone()
    };
    assert_eq!(
        (found("ANA@acme.example"), found("ana@home.example")),
        (json!(1), json!(0))
    );
    let moved = json!([{"op": "replace", "path": "emails[primary eq true].value", "value": "ana.li@acme.example"}]);
    let reply = org.patch(&id, moved);
    assert_eq!(
        reply.body["emails"][0]["value"],
        json!("ana.li@acme.example"),
        "{reply:?}"
    );
    assert_eq!(reply.body["emails"][1]["value"], json!("ana@home.example"));
}

#[test]
fn sailpoint_discovers_each_thing_by_its_name_and_reads_everybody() {
    let org = Org::with_free_seats(5);
    for it in ["ana", "bo", "cy"] {
        org.create(&format!("{it}@acme.example"));
    }
    for path in [
        "ServiceProviderConfig",
        "ResourceTypes",
        "ResourceTypes/User",
        "ResourceTypes/Group",
        "Schemas",
    ] {
        assert_eq!(org.get(&format!("/scim/v2/{path}")).status, 200, "{path}");
    }
    for urn in [
        "core:2.0:User",
        "core:2.0:Group",
        "extension:enterprise:2.0:User",
        "extension:usher:2.0:User",
    ] {
        let reply = org.get(&format!(
            "/scim/v2/Schemas/urn:ietf:params:scim:schemas:{urn}"
        ));
        assert_eq!(reply.status, 200, "{urn}");
    }
    let mut seen = 0;
    for start in [1, 3, 5] {
        let page = org
            .get(&format!("/scim/v2/Users?startIndex={start}&count=2"))
            .body;
        assert_eq!(page["totalResults"], json!(4));
        seen += page["Resources"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(seen, 4);
}

#[test]
fn authentik_patches_with_an_id_and_syncs_whole_groups() {
    let org = Org::with_free_seats(5);
    let (ana, bo) = (
        org.create("ana@acme.example"),
        org.create("bo@acme.example"),
    );
    let config = org.get("/scim/v2/ServiceProviderConfig").body;
    assert_eq!(config["patch"]["supported"], json!(true));
    let whole = json!([{"op": "replace", "value": {"id": ana, "userName": "ana@acme.example", "displayName": "Ana", "active": true}}]);
    let reply = org.patch(&ana, whole);
    assert_eq!(
        (reply.status, &reply.body["displayName"]),
        (200, &json!("Ana"))
    );
    let group =
        |members: Value| json!({"displayName": "Sales", "externalId": "g1", "members": members});
    let made = org.send(
        "POST",
        "/scim/v2/Groups",
        Some(group(json!([{"value": ana}]))),
    );
    let path = format!("/scim/v2/Groups/{}", made.id());
    let put = org.send("PUT", &path, Some(group(json!([{"value": bo}]))));
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(put.body["members"].as_array().map(Vec::len), Some(1));
    assert_eq!(put.body["members"][0]["value"], json!(bo));
}

#[test]
fn a_script_with_curl_needs_nothing_but_a_name() {
    let org = Org::with_free_seats(2);
    let made = plainly(
        &org,
        "POST",
        "/scim/v2/Users",
        &json!({"userName": "ana@acme.example"}),
    );
    assert_eq!((made.status, &made.body["active"]), (201, &json!(true)));
    let twice = plainly(
        &org,
        "POST",
        "/scim/v2/Users",
        &json!({"userName": "ANA@acme.example"}),
    );
    twice.is_error(409, Some("uniqueness"));
    assert!(
        twice.body["detail"]
            .as_str()
            .is_some_and(|it| it.contains(&made.id()))
    );
    let off = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
    let path = format!("/scim/v2/Users/{}", made.id());
    assert_eq!(
        plainly(&org, "PATCH", &path, &off).body["active"],
        json!(false)
    );
    assert_eq!(plainly(&org, "DELETE", &path, &Value::Null).status, 204);
    plainly(&org, "DELETE", &path, &Value::Null).is_error(404, None);
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
