//! Who is who, who holds, and who may not be touched.

use serde_json::{Value, json};
use usher_core::command::{Command, Edit};
use usher_core::model::ConnectionPolicy;

use crate::org::{CORE, ENTERPRISE, OWNER, Org, USHER, user_id};

fn person(name: &str, external_id: &str) -> Value {
    json!({"schemas": [CORE], "userName": format!("{name}@acme.example"), "externalId": external_id, "active": true})
}

fn active(value: bool) -> Value {
    json!([{"op": "replace", "value": {"active": value}}])
}

#[test]
fn a_persons_deactivation_holds_against_the_provider() {
    let org = Org::with_free_seats(5);
    let id = org.post(person("ana", "1")).id();
    org.deactivate(&id);
    // The provider goes on saying active: heard, and not done. Other attributes apply.
    let reply = org.patch(
        &id,
        json!([{"op": "replace", "value": {"active": true, "title": "Boss"}}]),
    );
    assert_eq!(
        (reply.status, &reply.body["active"], &reply.body["title"]),
        (200, &json!(false), &json!("Boss")),
        "{reply:?}"
    );
    let mut whole = org.user(&id).body;
    whole["active"] = json!(true);
    assert_eq!(org.put(&id, whole).body["active"], json!(false));
    // Once it has itself said inactive, its next active counts.
    assert_eq!(org.patch(&id, active(false)).body["active"], json!(false));
    assert_eq!(org.patch(&id, active(true)).body["active"], json!(true));
    // A deactivation by the provider itself holds nothing.
    assert_eq!(org.patch(&id, active(false)).body["active"], json!(false));
    assert_eq!(org.patch(&id, active(true)).body["active"], json!(true));
}

#[test]
fn an_owner_is_not_the_providers_to_change() {
    let org = Org::with_free_seats(5);
    let owner = org.owner();
    org.patch(&owner, active(false)).is_error(403, None);
    org.delete(&owner).is_error(403, None);
    let rename = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "evil@acme.example"}]);
    org.patch(&owner, rename).is_error(403, None);
    org.put(
        &owner,
        json!({"userName": "evil@acme.example", "active": true}),
    )
    .is_error(403, None);
    let reply = org.patch(
        &owner,
        json!([{"op": "replace", "path": "title", "value": "Founder"}]),
    );
    assert_eq!(
        (reply.status, &reply.body["title"]),
        (200, &json!("Founder")),
        "{reply:?}"
    );
    assert_eq!(reply.body["userName"], json!(OWNER));

    let id = org.post(person("ana", "1")).id();
    org.admin(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(user_id(&id))
    }));
    org.patch(&id, active(false)).is_error(403, None);
    org.delete(&id).is_error(403, None);
}

#[test]
fn somebody_whom_another_door_made_is_found_and_adopted() {
    let org = Org::with_free_seats(5);
    let people = usher_core::command::parse_people("Bo Li <bo@acme.example>").0;
    let create = usher_core::command::Create {
        people,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    };
    org.admin(Command::Create(create));
    org.post(person("bo", "7"))
        .is_error(409, Some("uniqueness"));
    let found = org.find("emails eq \"BO@acme.example\"");
    let id = found.body["Resources"][0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(
        found.body["Resources"][0]["userName"],
        json!("bo@acme.example"),
        "{found:?}"
    );
    let reply = org.patch(
        &id,
        json!([{"op": "add", "path": "externalId", "value": "7"}]),
    );
    assert_eq!(
        (reply.status, &reply.body["externalId"]),
        (200, &json!("7")),
        "{reply:?}"
    );
    assert_eq!(
        org.find("externalId eq \"7\"").body["Resources"][0]["id"],
        json!(id)
    );
    // Another connection calls the same person otherwise, and does not see the first one's name.
    let token = org.connect("entra", ConnectionPolicy::default());
    let path = format!("/scim/v2/Users/{id}");
    let reply = org.send_as(&token, "GET", &path, None);
    assert_eq!((reply.status, reply.body.get("externalId")), (200, None));
    let body = json!({"Operations": [{"op": "add", "path": "externalId", "value": "x9"}]});
    assert_eq!(
        org.send_as(&token, "PATCH", &path, Some(body)).body["externalId"],
        json!("x9")
    );
    assert_eq!(org.user(&id).body["externalId"], json!("7"));
}

#[test]
fn deleted_and_provisioned_again_is_the_same_person() {
    let org = Org::with_free_seats(1);
    let id = org.post(person("ana", "1")).id();
    assert_eq!(org.delete(&id).status, 204);
    for reply in [
        org.user(&id),
        org.patch(&id, active(true)),
        org.put(&id, person("ana", "1")),
        org.delete(&id),
    ] {
        reply.is_error(404, None);
    }
    assert_eq!(
        org.find("userName eq \"ana@acme.example\"").body["totalResults"],
        json!(0)
    );
    assert_eq!(
        org.find("externalId eq \"1\"").body["totalResults"],
        json!(0)
    );
    assert_eq!(
        org.find(&format!("id eq \"{id}\"")).body["totalResults"],
        json!(0)
    );
    let reply = org.post(person("ana", "1"));
    assert_eq!((reply.status, reply.id()), (201, id.clone()), "{reply:?}");
    assert_eq!(reply.body, org.user(&id).body);
}

#[test]
fn a_recycled_address_inherits_nothing() {
    let org = Org::with_free_seats(5);
    let first = org.post(json!({
        "userName": "sam@acme.example", "externalId": "1", "title": "Boss", "active": true,
    }));
    assert_eq!(org.delete(&first.id()).status, 204);
    let second = org.post(person("sam", "2"));
    assert_eq!(second.status, 201, "{second:?}");
    assert_ne!(second.id(), first.id());
    assert_eq!(second.body.get("title"), None);
    assert_eq!(org.user(&second.id()).body, second.body);
    // The first one comes back under another address, with what they had.
    let back = org.post(person("samuel", "1"));
    assert_eq!(
        (back.status, back.id(), &back.body["title"]),
        (201, first.id(), &json!("Boss")),
        "{back:?}"
    );
}

#[test]
fn keys_of_two_living_people_do_not_mix() {
    let org = Org::with_free_seats(5);
    let ana = org.post(person("ana", "1")).id();
    let bo = org.post(person("bo", "2")).id();
    org.post(person("carl", "1"))
        .is_error(409, Some("uniqueness"));
    org.patch(
        &bo,
        json!([{"op": "replace", "path": "externalId", "value": "1"}]),
    )
    .is_error(409, Some("uniqueness"));
    org.patch(
        &bo,
        json!([{"op": "replace", "path": "userName", "value": "ANA@acme.example"}]),
    )
    .is_error(409, Some("uniqueness"));
    let reply = org.patch(
        &ana,
        json!([{"op": "replace", "path": "userName", "value": "ANA@acme.example"}]),
    );
    assert_eq!(
        (reply.status, &reply.body["userName"]),
        (200, &json!("ANA@acme.example"))
    );
    assert_eq!(reply.id(), ana);
}

#[test]
fn a_replacement_clears_what_it_leaves_out_and_keeps_what_is_not_the_providers() {
    let org = Org::with_free_seats(5);
    let mut body = person("ana", "1");
    body["title"] = json!("Boss");
    body["nickName"] = json!("A");
    body[ENTERPRISE] = json!({"department": "Sales"});
    let id = org.post(body).id();
    org.admin(Command::Edit(Edit {
        add_labels: vec!["vip".to_owned()],
        ..Edit::of(user_id(&id))
    }));
    let reply = org.put(
        &id,
        json!({"schemas": [CORE], "userName": "ana@acme.example"}),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        (reply.body.get("title"), reply.body.get("nickName")),
        (None, None)
    );
    assert_eq!(reply.body[ENTERPRISE], json!({"department": "Sales"}));
    assert_eq!(
        (&reply.body["externalId"], &reply.body["active"]),
        (&json!("1"), &json!(true))
    );
    assert_eq!(reply.body[USHER]["labels"], json!(["vip"]));
    org.put(&id, json!({"schemas": [CORE]}))
        .is_error(400, Some("invalidValue"));
    let nobody = "0190b5a0-0000-7000-8000-000000000000";
    org.put(nobody, person("new", "9")).is_error(404, None);
}

#[test]
fn an_announced_person_comes_in_when_switched_on() {
    let org = Org::with_free_seats(5);
    let mut body = person("ana", "1");
    body["active"] = json!(false);
    let reply = org.post(body);
    assert_eq!(
        (reply.status, &reply.body["active"]),
        (201, &json!(false)),
        "{reply:?}"
    );
    assert_eq!(reply.body[USHER], json!({"status": "inactive"}));
    assert_eq!(org.user(&reply.id()).body, reply.body);
    let reply = org.patch(&reply.id(), active(true));
    assert_eq!(reply.body[USHER]["status"], json!("active"), "{reply:?}");
}

#[test]
fn writers_at_once_lose_nothing() {
    let org = Org::with_free_seats(5);
    let id = org.post(person("ana", "1")).id();
    let fields = [
        "title",
        "nickName",
        "displayName",
        "userType",
        "locale",
        "timezone",
        "profileUrl",
        "preferredLanguage",
    ];
    std::thread::scope(|scope| {
        for field in fields {
            let (org, id) = (&org, &id);
            scope.spawn(move || {
                let reply = org.patch(id, json!([{"op": "add", "path": field, "value": "set"}]));
                assert_eq!(reply.status, 200, "{reply:?}");
            });
        }
    });
    let user = org.user(&id).body;
    assert!(fields.iter().all(|it| user[*it] == json!("set")), "{user}");
    assert_eq!(user["meta"]["version"], json!("W/\"9\""));
}

/// RFC 7643 §3.1: the letter case of an id counts.
#[test]
fn an_id_in_other_letters_is_nobodys() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let group = org
        .send(
            "POST",
            "/scim/v2/Groups",
            Some(json!({"displayName": "Sales"})),
        )
        .id();
    let other = id.to_uppercase();
    assert_ne!(other, id);
    org.get(&format!("/scim/v2/Users/{other}"))
        .is_error(404, None);
    org.delete(&other).is_error(404, None);
    org.get(&format!("/scim/v2/Groups/{}", group.to_uppercase()))
        .is_error(404, None);
    let found = |id: &str, more: &str| {
        let reply = org.find(&format!("id eq \"{id}\"{more}"));
        reply.body["totalResults"].clone()
    };
    for more in ["", " and active eq true"] {
        assert_eq!(
            (found(&id, more), found(&other, more)),
            (json!(1), json!(0))
        );
    }
}

#[test]
fn who_is_created_again_has_no_more_what_the_provider_says_is_unassigned() {
    let org = Org::with_free_seats(5);
    let boss = org.create("boss@acme.example");
    let mut body = person("ana", "1");
    body["title"] = json!("T");
    body["displayName"] = json!("Ana Li");
    body["name"] = json!({"givenName": "Ana", "familyName": "Li"});
    body["addresses"] = json!([{"type": "work", "region": "EMEA"}]);
    body[ENTERPRISE] = json!({"department": "Sales", "manager": {"value": boss}});
    let id = org.post(body).id();
    let again = |more: Value| {
        assert_eq!(org.delete(&id).status, 204);
        let mut body = person("ana", "1");
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let reply = org.post(body);
        assert_eq!((reply.status, reply.id()), (201, id.clone()), "{reply:?}");
        reply.body
    };
    let of = |body: &Value, path: &str| body.pointer(path).cloned();
    let extension = |part: &str| format!("/{ENTERPRISE}/{part}");

    // What is left out is not spoken of.
    let body = again(json!({}));
    assert_eq!(of(&body, "/title"), Some(json!("T")));
    assert_eq!(of(&body, &extension("department")), Some(json!("Sales")));
    assert_eq!(of(&body, &extension("manager/value")), Some(json!(boss)));

    let body = again(
        json!({"title": null, "name": {"familyName": "", "givenName": "Ana"}, "addresses": [],
        ENTERPRISE: {"manager": null, "costCenter": "C"}}),
    );
    assert_eq!(of(&body, "/title"), None);
    assert_eq!(of(&body, "/addresses"), None);
    assert_eq!(of(&body, "/name/familyName"), None);
    assert_eq!(of(&body, "/name/givenName"), Some(json!("Ana")));
    assert_eq!(of(&body, &extension("manager")), None);
    assert_eq!(of(&body, &extension("department")), Some(json!("Sales")));
    let body = again(json!({"displayName": "", "name": null, ENTERPRISE: null}));
    for path in ["/displayName", "/name", &extension("department")] {
        assert_eq!(of(&body, path), None, "{path}");
    }
}
