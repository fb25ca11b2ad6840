//! Who inherits nothing, who is not left waiting, what one's own words come to when they are sent back.

use serde_json::{Value, json};
use usher_core::command::{Command, PoolEdit};
use usher_core::model::{Actor, AtCapacity, ConnectionPolicy, Door, NewPeople};

use crate::org::{CORE, ENTERPRISE, Org, USHER, encoded};

fn person(name: &str, external_id: &str) -> Value {
    json!({"schemas": [CORE], "userName": format!("{name}@acme.example"), "externalId": external_id, "active": true})
}

fn active(value: bool) -> Value {
    json!([{"op": "replace", "path": "active", "value": value}])
}

/// What `usher drift` says: whose, of what, what the provider says and what the roster has.
fn drift(org: &Org) -> Vec<(String, String, Option<String>, Option<String>)> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let drifts = session.read().and_then(|it| it.drifts(None));
    drifts
        .expect("the differences")
        .into_iter()
        .map(|it| (it.label, it.part, it.provider, it.roster))
        .collect()
}

fn more_seats(org: &Org, purchased: i64) {
    org.admin(Command::SetPool {
        name: "access".parse().expect("a pool's name"),
        set: PoolEdit {
            purchased: Some(purchased),
            ..PoolEdit::default()
        },
    });
}

#[test]
fn a_recycled_address_inherits_nothing_by_put_or_patch() {
    let org = Org::with_free_seats(5);
    let id = org.post(person("ana", "emp1")).id();
    let group = json!({"displayName": "Board", "members": [{"value": id}]});
    assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 201);
    assert_eq!(org.patch(&id, active(false)).status, 200);
    let head = org.events();
    // Whoever is given the address is found by it, and is somebody else.
    let refused = org.put(&id, person("ana", "emp2"));
    refused.is_error(409, Some("uniqueness"));
    assert!(refused.text.contains("delete"), "{refused:?}");
    let entra = json!([
        {"op": "Replace", "path": "externalId", "value": "emp2"},
        {"op": "Replace", "path": "active", "value": "True"}
    ]);
    org.patch(&id, entra).is_error(409, Some("uniqueness"));
    // Nor in two steps.
    let named = json!([{"op": "replace", "path": "externalId", "value": "emp2"}]);
    org.patch(&id, named.clone())
        .is_error(409, Some("uniqueness"));
    let now = org.user(&id).body;
    assert_eq!(
        (org.events(), &now["externalId"], &now["active"]),
        (head, &json!("emp1"), &json!(false))
    );
    // As the refusal says: deleted first, the other one comes as a new person, in no group.
    assert_eq!(org.delete(&id).status, 204);
    let other = org.post(person("ana", "emp2"));
    assert_eq!((other.status, other.body.get("groups")), (201, None));
    assert_ne!(other.id(), id);

    // Who was let go of the name first is the same.
    let bo = org.post(person("bo", "b1")).id();
    assert_eq!(org.patch(&bo, active(false)).status, 200);
    let cleared = org.patch(
        &bo,
        json!([{"op": "replace", "path": "externalId", "value": null}]),
    );
    assert_eq!(
        (cleared.status, cleared.body.get("externalId")),
        (200, None)
    );
    let back = org.put(&bo, person("bo", "b3"));
    assert_eq!(
        (back.status, &back.body["active"]),
        (200, &json!(true)),
        "{back:?}"
    );
}

#[test]
fn who_was_queued_comes_back_as_the_connection_makes_people() {
    for free_first in [false, true] {
        let mut org = Org::with_free_seats(1);
        org.at_capacity("access", AtCapacity::Queue);
        org.token = org.connect(
            "entra",
            ConnectionPolicy {
                new_people: NewPeople::Active,
                ..ConnectionPolicy::default()
            },
        );
        org.create("first@acme.example");
        let id = org.create("ana@acme.example");
        let status = |org: &Org| org.user(&id).body[USHER]["status"].clone();
        assert_eq!(status(&org), json!("queued"));
        assert_eq!(org.patch(&id, active(false)).status, 200);
        assert_eq!(status(&org), json!("inactive"));
        if free_first {
            more_seats(&org, 9);
        }
        assert_eq!(org.patch(&id, active(true)).status, 200);
        more_seats(&org, 9);
        assert_eq!(status(&org), json!("active"));
    }
}

#[test]
fn nobody_in_a_group_becomes_somebody_else() {
    let org = Org::with_free_seats(5);
    let (a, b) = (org.create("a@acme.example"), org.create("b@acme.example"));
    let body = json!({"displayName": "Board", "members": [{"value": a}, {"value": b}]});
    let group = org.send("POST", "/scim/v2/Groups", Some(body)).id();
    let path = format!("/scim/v2/Groups/{group}");
    let of_a = format!("members[value eq \"{a}\"]");
    for (op, at, value) in [
        ("replace", "members.value", json!("x")),
        ("replace", "members.value", json!(a)),
        ("remove", "members.value", Value::Null),
        ("replace", "members.type", json!("User")),
        ("replace", &format!("{of_a}.value"), json!("x")),
        ("replace", &format!("{of_a}.value"), json!(b)),
        ("replace", &of_a, json!({"value": b})),
    ] {
        let body = json!({"Operations": [{"op": op, "path": at, "value": value}]});
        org.send("PATCH", &path, Some(body))
            .is_error(400, Some("mutability"));
        let members = org.get(&path).body["members"].clone();
        assert_eq!(members.as_array().map(Vec::len), Some(2), "{op} {at}");
    }
    let empty = json!({"Operations": [{"op": "replace", "path": "displayName", "value": ""}]});
    org.send("PATCH", &path, Some(empty))
        .is_error(400, Some("invalidValue"));
    let same = json!({"Operations": [{"op": "replace", "path": of_a, "value": {"value": a}}]});
    assert_eq!(org.send("PATCH", &path, Some(same)).status, 200);
}

#[test]
fn what_was_shown_of_the_queued_and_the_held_is_not_the_providers_own_word() {
    let org = Org::with_free_seats(1);
    org.at_capacity("access", AtCapacity::Queue);
    let held = org.create("held@acme.example");
    let queued = org.create("queued@acme.example");
    let mut shown = org.user(&queued).body;
    assert_eq!(shown["active"], json!(false));
    shown["title"] = json!("Boss");
    let reply = org.put(&queued, shown);
    assert_eq!(
        (
            reply.status,
            &reply.body[USHER]["status"],
            &reply.body["title"]
        ),
        (200, &json!("queued"), &json!("Boss"))
    );
    // Nor is it when the whole of the answer is the value of a PATCH.
    let mut shown = org.user(&queued).body;
    shown["title"] = json!("Chief");
    let whole = json!([{"op": "replace", "value": shown}]);
    let reply = org.patch(&queued, whole);
    assert_eq!(reply.body["title"], json!("Chief"));
    assert_eq!(reply.body[USHER]["status"], json!("queued"));
    // A body of the provider's own making is its word.
    let own = json!({"schemas": [CORE], "userName": "queued@acme.example", "active": false});
    let reply = org.put(&queued, own);
    assert_eq!(reply.body[USHER]["status"], json!("inactive"), "{reply:?}");

    org.deactivate(&held);
    let mut shown = org.user(&held).body;
    shown["title"] = json!("Boss");
    assert_eq!(org.put(&held, shown).status, 200);
    assert_eq!(org.patch(&held, active(true)).body["active"], json!(false));
    assert_eq!(org.patch(&held, active(false)).status, 200);
    assert_eq!(org.patch(&held, active(true)).body["active"], json!(true));
}

#[test]
fn a_manager_who_cannot_be_taken_yet_is_listed_and_taken_later() {
    let org = Org::with_free_seats(9);
    let old = org.post(person("old", "m-old")).id();
    let mut body = person("ana", "1");
    body[ENTERPRISE] = json!({"manager": {"value": old}});
    let ana = org.post(body).id();
    let manager = |org: &Org| org.user(&ana).body[ENTERPRISE]["manager"]["value"].clone();
    let to = |value: &str| {
        let path = format!("{ENTERPRISE}:manager");
        json!([{"op": "replace", "path": path, "value": {"value": value}}])
    };
    let titled = |title: &str| json!([{"op": "replace", "path": "title", "value": title}]);
    // Not known yet: the old one stays, and that is said.
    assert_eq!(org.patch(&ana, to("m-new")).status, 200);
    assert_eq!(manager(&org), json!(old));
    let label = "ana@acme.example".to_owned();
    let listed = drift(&org);
    assert_eq!(
        listed,
        [(
            label,
            "manager".to_owned(),
            Some("m-new".to_owned()),
            Some("old@acme.example".to_owned())
        )]
    );
    // Said again it is the same.
    assert_eq!(org.patch(&ana, to("m-new")).status, 200);
    assert_eq!(drift(&org), listed);
    // Once known, the next write of the person takes them, whatever it is about.
    let new = org.post(person("new", "m-new")).id();
    assert_eq!(org.patch(&ana, titled("Boss")).status, 200);
    assert_eq!((manager(&org), drift(&org)), (json!(new), Vec::new()));
    // One who is out, and one who reports to them.
    assert_eq!(org.patch(&old, active(false)).status, 200);
    assert_eq!(org.patch(&ana, to(&old)).status, 200);
    assert_eq!(drift(&org)[0].2.as_deref(), Some("old@acme.example"));
    assert_eq!(org.patch(&old, active(true)).status, 200);
    assert_eq!(org.patch(&ana, titled("Chief")).status, 200);
    assert_eq!((manager(&org), drift(&org)), (json!(old), Vec::new()));
    assert_eq!(org.patch(&old, to(&ana)).status, 200);
    assert_eq!(drift(&org).len(), 1);
    // A provider that says none agrees with none.
    let none = json!([{"op": "remove", "path": format!("{ENTERPRISE}:manager")}]);
    assert_eq!(org.patch(&old, none).status, 200);
    assert_eq!(drift(&org), []);
    // A newcomer's too.
    let mut body = person("bo", "2");
    body[ENTERPRISE] = json!({"manager": {"value": "m-none"}});
    assert_eq!(org.post(body).status, 201);
    assert_eq!(drift(&org)[0].2.as_deref(), Some("m-none"));
}

#[test]
fn who_was_sent_without_an_address_is_found_by_the_one_that_they_have() {
    let org = Org::with_free_seats(9);
    let reply = org.post(json!({"schemas": [CORE], "userName": "ana@acme.example"}));
    let id = reply.id();
    let shown = json!([{"value": "ana@acme.example", "type": "work", "primary": true}]);
    assert_eq!(reply.body["emails"], shown);
    assert_eq!(org.user(&id).body["emails"], shown);
    let found = |org: &Org, filter: &str| -> bool {
        let reply = org.find(&format!("({filter}) and id eq \"{id}\""));
        assert_eq!(reply.status, 200, "{filter} {reply:?}");
        reply.body["totalResults"] == json!(1)
    };
    for shown in [
        "emails pr",
        "emails.type eq \"work\"",
        "emails[type eq \"work\" and primary eq true]",
        "emails eq \"Ana@acme.example\"",
        "emails[type eq \"work\"].value eq \"ana@acme.example\"",
        "emails.value sw \"ana@\"",
    ] {
        assert!(found(&org, shown), "{shown}");
        assert!(!found(&org, &format!("not({shown})")), "{shown}");
    }
    // Sent back as it is, it changes nothing.
    let before = org.user(&id).body;
    let again = org.put(&id, before.clone());
    assert_eq!((again.status, &again.body), (200, &before));
    // Nobody sent it, so it goes with the user name, until somebody does.
    let renamed = json!([{"op": "replace", "path": "userName", "value": "ana.weber@acme.example"}]);
    let reply = org.patch(&id, renamed);
    assert_eq!(
        reply.body["emails"][0]["value"],
        json!("ana.weber@acme.example")
    );
    let work = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "aw@acme.example"}]);
    assert_eq!(
        org.patch(&id, work).body["emails"],
        json!([{"value": "aw@acme.example", "type": "work", "primary": true}])
    );
    let renamed = json!([{"op": "replace", "path": "userName", "value": "ana@acme.example"}]);
    assert_eq!(
        org.patch(&id, renamed).body["emails"][0]["value"],
        json!("aw@acme.example")
    );
    // A second address stands beside the one that is shown.
    let bo = org.create("bo@acme.example");
    let home = json!([{"op": "add", "path": "emails", "value": [{"value": "bo@home.example", "type": "home"}]}]);
    let reply = org.patch(&bo, home);
    assert_eq!(
        reply.body["emails"].as_array().map(Vec::len),
        Some(2),
        "{reply:?}"
    );
    assert!(found(
        &org,
        "not (active eq false) and NOT(active eq false)"
    ));
    assert!(found(&org, "not(title eq \"not(x)\")"));
    let by = org.get(&format!("/scim/v2/Users?sortBy={}", encoded("foo")));
    by.is_error(400, Some("invalidPath"));
}

#[test]
fn okta_reads_a_person_and_sends_them_back_to_switch_them_off() {
    let org = Org::with_free_seats(1);
    org.at_capacity("access", AtCapacity::Queue);
    org.create("held@acme.example");
    let head = "User-Agent: Okta SCIM Client 1.0.0\r\nAccept: application/scim+json\r\nAccept-Charset: utf-8\r\n\
        Content-Type: application/scim+json; charset=utf-8\r\n";
    let put = |org: &Org, id: &str, head: &str, body: &Value| {
        let token = &org.token;
        let head = format!("Authorization: Bearer {token}\r\n{head}");
        let path = format!("/scim/v2/Users/{id}");
        org.raw("PUT", &path, &head, body.to_string().as_bytes())
    };
    for (agent, changes, expected) in [
        // An update of somebody who waits, as the others'.
        (head, true, "queued"),
        // Nothing but active: that is what it came to say.
        (head, false, "inactive"),
        // A script that sends back what it read has said nothing.
        ("", false, "queued"),
        ("", true, "queued"),
    ] {
        let id = org.create(&format!("q{changes}{}@acme.example", agent.len()));
        let mut body = org.user(&id).body;
        assert_eq!(body["active"], json!(false));
        if changes {
            body["title"] = json!("Boss");
        }
        let reply = put(&org, &id, agent, &body);
        let status = &reply.body[USHER]["status"];
        assert_eq!((reply.status, status), (200, &json!(expected)), "{reply:?}");
    }
    // Without our extension, a version shows as well where a body comes from.
    let id = org.create("meta@acme.example");
    let mut body = org.user(&id).body;
    body.as_object_mut().expect("an object").remove(USHER);
    let reply = put(&org, &id, "", &body);
    assert_eq!(reply.body[USHER]["status"], json!("queued"), "{reply:?}");
    body.as_object_mut().expect("an object").remove("meta");
    let reply = put(&org, &id, "", &body);
    assert_eq!(reply.body[USHER]["status"], json!("inactive"), "{reply:?}");
}

#[test]
fn a_value_that_is_taken_away_leaves_no_shell() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    for (list, part) in [
        ("phoneNumbers", "value"),
        ("ims", "value"),
        ("addresses", "streetAddress"),
    ] {
        let path = format!("{list}[type eq \"work\"].{part}");
        for nothing in [Value::Null, json!("")] {
            let set = json!([{"op": "add", "path": path, "value": "x"}]);
            let reply = org.patch(&id, set);
            assert_eq!(reply.body[list][0][part], json!("x"), "{reply:?}");
            let reply = org.patch(
                &id,
                json!([{"op": "replace", "path": path, "value": nothing}]),
            );
            assert_eq!(
                (reply.status, reply.body.get(list)),
                (200, None),
                "{reply:?}"
            );
        }
    }
}

#[test]
fn a_cursor_is_of_its_list_and_says_what_it_said() {
    let org = Org::with_free_seats(9);
    for name in ["a", "b", "c"] {
        org.create(&format!("{name}@acme.example"));
    }
    let page = org.get("/scim/v2/Users?cursor=&count=2").body;
    let cursor = page["nextCursor"].as_str().expect("a next page").to_owned();
    let at =
        |path: &str, cursor: &str| org.get(&format!("/scim/v2/{path}?cursor={cursor}&count=2"));
    assert_eq!(at("Users", &cursor).status, 200);
    at("Groups", &cursor).is_error(400, Some("invalidCursor"));
    let mut parts: Vec<&str> = cursor.split('.').collect();
    parts[2] = "999";
    at("Users", &parts.join(".")).is_error(400, Some("invalidCursor"));
}
