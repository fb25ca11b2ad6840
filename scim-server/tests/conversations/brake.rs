//! A provider that takes too many people off at once: the limit goes, the rest is held, through every form of SCIM.

use serde_json::{Value, json};
use usher_core::command::{Command, Edit, HeldWho};
use usher_core::model::{Brake, ConnectionPolicy, Scopes};
use usher_core::{Applied, Selection};

use crate::org::{Org, Reply, user_id};

fn braked(people: usize, brake: Brake) -> (Org, Vec<String>) {
    let org = Org::with_free_seats(i64::try_from(people).expect("a few") + 5);
    let bulk = |chunk: &[usize]| {
        let operation = |i: &usize| {
            json!({"method": "POST", "path": "/Users", "bulkId": format!("b{i}"),
                "data": {"userName": format!("p{i}@acme.example"), "active": true}})
        };
        let operations: Vec<Value> = chunk.iter().map(operation).collect();
        let reply = org.send(
            "POST",
            "/scim/v2/Bulk",
            Some(json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations})),
        );
        assert_eq!(reply.status, 200);
        let list = reply.body["Operations"]
            .as_array()
            .expect("outcomes")
            .clone();
        let id = |it: &Value| {
            let location = it["location"].as_str().expect("created");
            location.rsplit('/').next().expect("an id").to_owned()
        };
        list.iter().map(id).collect::<Vec<_>>()
    };
    let numbers: Vec<usize> = (0..people).collect();
    let ids = numbers.chunks(1_000).flat_map(bulk).collect();
    set(&org, Some(brake));
    (org, ids)
}

fn set(org: &Org, brake: Option<Brake>) -> Applied {
    org.admin(Command::SetBrake {
        name: "okta".to_owned(),
        brake,
    })
}

fn floor(floor: i64) -> Brake {
    Brake {
        share: 0,
        floor,
        ..Brake::default()
    }
}

fn off() -> Value {
    json!([{"op": "replace", "value": {"active": false}}])
}

fn held(org: &Org) -> usize {
    let session = org.directory.as_actor(
        usher_core::model::Actor::FileOwner,
        usher_core::model::Door::Cli,
    );
    let read = session.read().expect("a reader");
    read.held_people(None).expect("who is held").len()
}

fn is_held(reply: &Reply) {
    reply.is_error(429, None);
    assert_eq!(reply.header("retry-after"), Some("600"), "{reply:?}");
    assert!(reply.detail().contains("brake"), "{}", reply.detail());
}

#[test]
fn of_a_thousand_leavers_of_two_thousand_exactly_the_limit_goes() {
    let (org, ids) = braked(2_000, Brake::default());
    // Four clients at once, as a provider's workers are.
    let leavers = &ids[..1_000];
    let gone: usize = std::thread::scope(|scope| {
        let chunks = leavers.chunks(250).map(|chunk| {
            let org = &org;
            scope.spawn(move || {
                let statuses = chunk.iter().map(|id| org.patch(id, off()).status);
                statuses.filter(|it| *it == 200).count()
            })
        });
        let chunks: Vec<_> = chunks.collect();
        chunks
            .into_iter()
            .map(|it| it.join().expect("a client"))
            .sum()
    });
    assert_eq!((gone, held(&org)), (200, 800));
    let active = org.find("active eq true").body["totalResults"].clone();
    assert_eq!(active, json!(2_001 - 200));
    // The administrator lets them go, and the provider, which repeats, hears that it is done.
    org.admin(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(held(&org), 0);
    for id in &leavers[..20] {
        let reply = org.patch(id, off());
        assert_eq!((reply.status, &reply.body["active"]), (200, &json!(false)));
    }
}

#[test]
fn every_way_to_take_somebody_off_is_held_and_a_repeat_joins() {
    let (org, ids) = braked(8, floor(1));
    assert_eq!(org.patch(&ids[0], off()).status, 200);
    let body = |i: usize| json!({"userName": format!("p{i}@acme.example"), "active": false, "title": "Gone"});
    for _ in 0..2 {
        is_held(&org.patch(&ids[1], off()));
        let by_path = json!([{"op": "Replace", "path": "active", "value": "False"}]);
        is_held(&org.patch(&ids[2], by_path));
        is_held(&org.put(&ids[3], body(3)));
        is_held(&org.delete(&ids[4]));
        let bulk = json!({"Operations": [
            {"method": "DELETE", "path": format!("/Users/{}", ids[5])},
            {"method": "PATCH", "path": format!("/Users/{}", ids[6]), "data": {"Operations": off()}},
            {"method": "PATCH", "path": format!("/Users/{}", ids[7]),
                "data": {"Operations": [{"op": "add", "path": "title", "value": "Stays"}]}},
        ]});
        let reply = org.send("POST", "/scim/v2/Bulk", Some(bulk));
        let statuses: Vec<&Value> = (0..3)
            .map(|i| &reply.body["Operations"][i]["status"])
            .collect();
        assert_eq!(statuses, [&json!("429"), &json!("429"), &json!("200")]);
        let detail = &reply.body["Operations"][0]["response"]["detail"];
        assert!(
            detail.as_str().is_some_and(|it| it.contains("brake")),
            "{reply:?}"
        );
    }
    assert_eq!(held(&org), 6);
    let third = org.user(&ids[3]);
    assert_eq!(
        (&third.body["active"], &third.body["title"]),
        (&json!(true), &json!("Gone"))
    );
    // Taking people out of groups takes nobody off.
    let group = org.send(
        "POST",
        "/scim/v2/Groups",
        Some(json!({"displayName": "Sales", "members": [{"value": ids[7]}]})),
    );
    let path = format!("/scim/v2/Groups/{}", group.id());
    assert_eq!(org.send("DELETE", &path, None).status, 204);
    assert_eq!(org.user(&ids[7]).body["active"], json!(true));
}

#[test]
fn who_is_said_to_be_active_again_is_not_held_any_more() {
    let (org, ids) = braked(3, floor(0));
    is_held(&org.patch(&ids[0], off()));
    is_held(&org.delete(&ids[1]));
    // An update that says nothing of active does not settle it.
    let title = json!([{"op": "replace", "path": "title", "value": "Boss"}]);
    assert_eq!(org.patch(&ids[0], title).status, 200);
    assert_eq!(held(&org), 2);
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(org.patch(&ids[0], on).status, 200);
    assert_eq!(held(&org), 1);
    let body = json!({"userName": "p1@acme.example", "active": true});
    assert_eq!(org.put(&ids[1], body).status, 200);
    assert_eq!(held(&org), 0);
}

/// Whatever else comes with a leaving that is held is done at once: nobody says it again when the leaving is let go.
#[test]
fn what_is_said_beside_a_leaving_that_is_held_is_not_lost() {
    let (org, ids) = braked(2, floor(0));
    let both = json!([{"op": "replace", "value": {"active": false, "title": "Gone", "entitlements": [{"value": "none such"}]}}]);
    is_held(&org.patch(&ids[0], both.clone()));
    let seen = org.user(&ids[0]).body;
    assert_eq!(
        (&seen["active"], &seen["title"]),
        (&json!(true), &json!("Gone"))
    );
    let head = org.events();
    is_held(&org.patch(&ids[0], both));
    assert_eq!(org.events(), head, "said again it changes nothing");
    org.admin(Command::ReleaseHeld { who: HeldWho::All });
    let seen = org.user(&ids[0]).body;
    assert_eq!(
        (&seen["active"], &seen["title"]),
        (&json!(false), &json!("Gone"))
    );
}

/// Whose leaving is held is shown as active. Our own answer sent back with a change of something else is not the provider's word
/// that they stay.
#[test]
fn our_own_answer_sent_back_drops_no_leaving_that_is_held() {
    let (org, ids) = braked(2, floor(0));
    is_held(&org.patch(&ids[0], off()));
    let mut seen = org.user(&ids[0]).body;
    assert_eq!(seen["active"], json!(true));
    seen["title"] = json!("Boss");
    assert_eq!(org.put(&ids[0], seen.clone()).body["title"], json!("Boss"));
    assert_eq!(held(&org), 1);
    assert_eq!(org.put(&ids[0], seen).status, 200);
    assert_eq!(held(&org), 1);
    // What was made by the provider itself has none of ours.
    let own = json!({"userName": "p0@acme.example", "title": "Boss", "active": true});
    assert_eq!(org.put(&ids[0], own).status, 200);
    assert_eq!(held(&org), 0);
}

#[test]
fn who_is_rejected_stays_and_the_provider_is_told_so() {
    let (org, ids) = braked(2, floor(0));
    is_held(&org.patch(&ids[0], off()));
    org.admin(Command::RejectHeld { who: HeldWho::All });
    let reply = org.patch(&ids[0], off());
    reply.is_error(403, None);
    assert!(reply.detail().contains("rejected"), "{}", reply.detail());
    org.delete(&ids[0]).is_error(403, None);
    // Another connection is told so too, also where it meets them by that; and however often one asks for what nobody knows.
    let entra = org.connect("entra", ConnectionPolicy::default());
    let path = format!("/scim/v2/Users/{}", ids[0]);
    let body = json!({"Operations": off()});
    for _ in 0..2 {
        let reply = org.send_as(&entra, "PATCH", &path, Some(body.clone()));
        reply.is_error(403, None);
    }
    let unknown =
        json!([{"op": "replace", "value": {"active": false, "manager": "nobody-of-that-id"}}]);
    // The first is kept until that manager is known.
    assert_eq!(org.patch(&ids[0], unknown.clone()).status, 200);
    org.patch(&ids[0], unknown).is_error(403, None);
    assert_eq!(org.user(&ids[0]).body["active"], json!(true));
}

#[test]
fn protected_people_answer_403_whatever_the_brake_does() {
    let (org, ids) = braked(2, floor(0));
    org.admin(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(Selection::from(user_id(&ids[0])))
    }));
    org.patch(&ids[0], off()).is_error(403, None);
    org.delete(&ids[0]).is_error(403, None);
    org.delete(&org.owner()).is_error(403, None);
    assert_eq!(held(&org), 0);
}

#[test]
fn each_connection_has_its_own_brake() {
    let (org, ids) = braked(2, floor(0));
    let entra = org.connect("entra", ConnectionPolicy::default());
    let path = format!("/scim/v2/Users/{}", ids[0]);
    let body = json!({"Operations": off()});
    assert_eq!(org.send_as(&entra, "PATCH", &path, Some(body)).status, 200);
    is_held(&org.patch(&ids[1], off()));
}

#[test]
fn the_platform_hears_that_somebody_is_leaving() {
    let (org, ids) = braked(1, floor(0));
    let scopes: Scopes = "access".parse().expect("a scope");
    let name = "academy".to_owned();
    let token = org
        .admin(Command::AddPlatform { name, scopes })
        .token
        .expect("a token");
    let ask = || {
        org.send_as(
            &token,
            "POST",
            "/api/v1/access",
            Some(json!({"user": ids[0]})),
        )
        .body
    };
    assert_eq!(ask(), json!({"allowed": true}));
    is_held(&org.delete(&ids[0]));
    assert_eq!(ask(), json!({"allowed": true, "leaving": true}));
}

/// What an administrator has rejected is the leaving, and not what is said beside it.
#[test]
fn what_is_said_beside_a_leaving_that_was_rejected_is_done() {
    let (org, ids) = braked(4, floor(1));
    assert_eq!(org.patch(&ids[0], off()).status, 200);
    is_held(&org.patch(&ids[1], off()));
    org.admin(Command::RejectHeld { who: HeldWho::All });
    org.patch(&ids[1], off()).is_error(403, None);
    let mixed = json!([{"op": "replace", "value": {"active": false, "title": "T1"}}]);
    let shown = |reply: &Reply, title: &str| {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(
            (&reply.body["active"], &reply.body["title"]),
            (&json!(true), &json!(title))
        );
    };
    shown(&org.patch(&ids[1], mixed.clone()), "T1");
    // Nothing beside it is new any more.
    org.patch(&ids[1], mixed).is_error(403, None);
    let whole = json!({"userName": "p1@acme.example", "active": false, "title": "T2"});
    shown(&org.put(&ids[1], whole.clone()), "T2");
    org.put(&ids[1], whole).is_error(403, None);
    org.delete(&ids[1]).is_error(403, None);
    assert_eq!(org.user(&ids[1]).body["active"], json!(true));
}

/// Somebody who is off already does not leave by being deleted: not held, and not counted.
#[test]
fn deleting_who_is_off_already_is_no_leaving() {
    let (org, ids) = braked(6, floor(1));
    org.deactivate(&ids[2]);
    org.deactivate(&ids[3]);
    assert_eq!(org.delete(&ids[2]).status, 204);
    assert_eq!(org.patch(&ids[0], off()).status, 200, "nothing was spent");
    is_held(&org.patch(&ids[1], off()));
    assert_eq!(org.delete(&ids[3]).status, 204);
    assert_eq!(org.delete(&ids[0]).status, 204);
    assert_eq!(held(&org), 1);
}
