//! What Okta sends: wizard apps update by PUT, catalog apps deactivate by PATCH without a path.

use serde_json::{Value, json};

use crate::org::{CORE, ENTERPRISE, Org, USHER};

fn isaac() -> Value {
    json!({
        "schemas": [CORE], "userName": "isaac.brock@acme.example",
        "name": {"givenName": "Isaac", "familyName": "Brock"},
        "emails": [{"primary": true, "value": "isaac.brock@acme.example", "type": "work"}],
        "password": "1mz050nq", "displayName": "Isaac Brock", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "active": true,
    })
}

#[test]
fn the_wizard_app_goes_through_a_life() {
    let org = Org::with_free_seats(10);
    // Test credentials, then look before creating.
    let reply = org.get("/scim/v2/Users?startIndex=1&count=2");
    assert_eq!(
        (reply.status, &reply.body["totalResults"]),
        (200, &json!(1))
    );
    let reply = org.get("/scim/v2/Users?filter=userName%20eq%20%22isaac.brock%40acme.example%22&startIndex=1&count=100");
    assert_eq!(
        (
            reply.status,
            &reply.body["totalResults"],
            &reply.body["Resources"]
        ),
        (200, &json!(0), &json!([]))
    );

    let reply = org.post(isaac());
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.id();
    let location = format!("https://usher.example/scim/v2/Users/{id}");
    assert_eq!(reply.header("location"), Some(location.as_str()));
    assert_eq!(reply.header("etag"), Some("W/\"1\""));
    assert_eq!(reply.body["meta"]["location"], json!(location));
    assert_eq!(reply.body["meta"]["version"], json!("W/\"1\""));
    assert_eq!(
        reply.body["meta"]["created"],
        reply.body["meta"]["lastModified"]
    );
    assert_eq!(reply.body["externalId"], json!("00ujl29u0le5T6Aj10h7"));
    assert_eq!(reply.body["locale"], json!("en-US"));
    assert_eq!(reply.body["active"], json!(true));
    assert_eq!(reply.body.get("password"), None);
    assert_eq!(
        reply.body[USHER],
        json!({"status": "active", "licenses": [{"pool": "access", "state": "consumed"}]})
    );
    // What a create answers is what a read answers.
    assert_eq!(org.user(&id).body, reply.body);

    // Found in any letter case, also once inactive.
    let found = org.find("userName eq \"ISAAC.brock@acme.example\"");
    assert_eq!(found.body["Resources"][0], reply.body);
    assert_eq!(
        org.find("externalId eq \"00ujl29u0le5T6Aj10h7\"").body["Resources"][0]["id"],
        json!(id)
    );
    assert_eq!(
        org.find("externalId eq \"00UJL29u0le5T6Aj10h7\"").body["totalResults"],
        json!(0)
    );
    org.post(isaac()).is_error(409, Some("uniqueness"));

    // GET, then PUT of everything that came, with a change.
    let mut whole = org.user(&id).body;
    whole["name"]["familyName"] = json!("Block");
    whole["title"] = json!("Singer");
    whole["active"] = json!(false);
    let reply = org.put(&id, whole);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        reply.body["name"],
        json!({"givenName": "Isaac", "familyName": "Block"})
    );
    assert_eq!(
        (&reply.body["active"], &reply.body["title"]),
        (&json!(false), &json!("Singer"))
    );
    assert_eq!(reply.body[USHER]["status"], json!("inactive"));
    assert_eq!(
        org.find("userName eq \"isaac.brock@acme.example\"").body["Resources"][0]["id"],
        json!(id)
    );

    // Assigned again: the same person, active.
    let mut whole = org.user(&id).body;
    whole["active"] = json!(true);
    let reply = org.put(&id, whole.clone());
    assert_eq!(reply.body[USHER]["status"], json!("active"), "{reply:?}");
    // The same once more changes nothing, not even the version.
    assert_eq!(org.put(&id, whole).body["meta"], reply.body["meta"]);
}

#[test]
fn the_catalog_app_deactivates_and_sets_passwords_without_a_path() {
    let org = Org::with_free_seats(10);
    let id = org.post(isaac()).id();
    let reply = org.patch(&id, json!([{"op": "replace", "value": {"active": false}}]));
    assert_eq!(
        (reply.status, &reply.body["active"]),
        (200, &json!(false)),
        "{reply:?}"
    );
    assert_eq!(reply.body[USHER].get("licenses"), None);
    let version = reply.body["meta"]["version"].clone();
    let reply = org.patch(
        &id,
        json!([{"op": "replace", "value": {"password": "n3w"}}]),
    );
    assert_eq!(
        (reply.status, &reply.body["meta"]["version"]),
        (200, &version)
    );
    let reply = org.patch(&id, json!([{"op": "replace", "value": {"active": true}}]));
    assert_eq!((reply.status, &reply.body["active"]), (200, &json!(true)));
    assert!(!reply.body.to_string().contains("n3w"));
}

#[test]
fn a_profile_with_department_and_manager_is_kept_whole() {
    let org = Org::with_free_seats(10);
    let boss = org.create("boss@acme.example");
    org.patch(
        &boss,
        json!([{"op": "replace", "path": "displayName", "value": "The Boss"}]),
    );
    let mut person = isaac();
    person[ENTERPRISE] = json!({"employeeNumber": "E7", "department": "Music", "manager": {"value": boss, "displayName": "?"}});
    person["nickName"] = json!("Ike");
    person["phoneNumbers"] = json!([{"value": "+1 555 0100", "type": "mobile"}]);
    person["roles"] = json!([{"value": "admin"}]);
    person["addresses"] = json!([{"type": "work", "region": "WA", "locality": "Issaquah"}]);
    let reply = org.post(person.clone());
    assert_eq!(reply.status, 201, "{reply:?}");
    for key in ["nickName", "phoneNumbers", "roles", "addresses"] {
        assert_eq!(reply.body[key], person[key], "{key}");
    }
    let manager = json!({
        "value": boss, "$ref": format!("https://usher.example/scim/v2/Users/{boss}"), "displayName": "The Boss",
    });
    assert_eq!(
        reply.body[ENTERPRISE],
        json!({"employeeNumber": "E7", "department": "Music", "manager": manager})
    );
    assert_eq!(reply.body["schemas"], json!([CORE, ENTERPRISE, USHER]));
    assert_eq!(org.user(&reply.id()).body, reply.body);
}
