//! An address that is given to a second person while the first one is still in: the provider's look-up finds the wrong one,
//! and writes them. What is refused, what an administrator sees of it, and what they can do.

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{Actor, Asked, Door, Drift, Status, Why};
use usher_core::{Error, Selection};

use crate::org::{CORE, Org, user_id};

fn person(name: &str, external_id: &str) -> Value {
    json!({"schemas": [CORE], "userName": format!("{name}@acme.example"), "externalId": external_id, "active": true,
        "emails": [{"value": format!("{name}@acme.example"), "type": "work", "primary": true}]})
}

fn drifts(org: &Org) -> Vec<Drift> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let drifts = session.read().and_then(|it| it.drifts(None));
    drifts.expect("the differences")
}

fn replays(org: &Org, asked: &Asked) -> Result<(), Error> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    session.read()?.check_replay(asked, false)
}

fn relink(org: &Org, id: &str) {
    org.admin(Command::Relink {
        name: "okta".to_owned(),
        who: Selection::from(user_id(id)),
    });
}

/// The request by which a provider writes a person whom its look-up found, in one of the ways of providers.
fn written(org: &Org, how: &str, id: &str, body: &Value) -> (u64, Value) {
    let reply = match how {
        "put" => org.put(id, body.clone()),
        "entra" => org.patch(
            id,
            json!([
                {"op": "Replace", "path": "externalId", "value": body["externalId"]},
                {"op": "Add", "path": "title", "value": "Clerk"},
            ]),
        ),
        "okta" => org.patch(
            id,
            json!([{"op": "replace", "value": {"externalId": body["externalId"], "title": "Clerk"}}]),
        ),
        "bulk" => {
            let operation = json!({"method": "PUT", "path": format!("/Users/{id}"), "data": body});
            let all = json!({"Operations": [operation]});
            let reply = org.send("POST", "/scim/v2/Bulk", Some(all));
            let answer = &reply.body["Operations"][0];
            let status = answer["status"].as_str().and_then(|it| it.parse().ok());
            return (status.unwrap_or(0), answer["response"].clone());
        }
        _ => unreachable!("{how}"),
    };
    (u64::from(reply.status), reply.body)
}

#[test]
fn who_is_still_in_is_taken_over_by_nobody_who_was_given_their_address() {
    for how in ["put", "entra", "okta", "bulk"] {
        let org = Org::with_free_seats(5);
        let id = org.post(person("ana", "emp1")).id();
        let group = json!({"displayName": "Board", "members": [{"value": id}]});
        assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 201);
        let head = org.events();
        // As the provider goes about it: it cannot create them, looks them up, and writes whom it found.
        let somebody = person("ana", "emp2");
        org.post(somebody.clone()).is_error(409, Some("uniqueness"));
        let found = org.find("userName eq \"ana@acme.example\"");
        assert_eq!(found.body["Resources"][0]["id"], json!(id));
        for _ in 0..2 {
            let (status, error) = written(&org, how, &id, &somebody);
            assert_eq!((status, &error["scimType"]), (409, &json!("uniqueness")));
            let detail = error["detail"].as_str().expect("a detail");
            let remedy = format!("usher idp relink okta {id}");
            assert!(
                detail.contains("active") && detail.contains(&remedy),
                "{detail}"
            );
        }
        assert_eq!(org.events(), head, "{how}: nothing of it is done");
        assert_eq!(org.user(&id).body["externalId"], json!("emp1"));

        // It is listed: who was refused for the name, and that the one there is may be another.
        let listed = drifts(&org);
        let told: Vec<_> = listed
            .iter()
            .map(|it| (it.part.as_str(), it.why, it.refused.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("user_name", Why::Taken, Some("emp2")),
                ("external_id", Why::AnotherPerson, None)
            ]
        );
        assert_eq!(
            (&listed[1].provider, &listed[1].roster),
            (&Some("emp2".to_owned()), &Some("emp1".to_owned()))
        );
        let read = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let of = usher_core::model::AskedFilter {
            user: Some(user_id(&id)),
            failed: true,
            ..Default::default()
        };
        let kept = read.read().and_then(|it| it.asked(&of, 10)).expect("kept");
        assert_eq!(kept.len(), 2, "{how}");

        // Somebody else: the first one is deleted, the second one begins anew.
        if how == "put" {
            assert_eq!(org.delete(&id).status, 204);
            assert_eq!(drifts(&org), []);
            let other = org.post(somebody);
            assert_eq!((other.status, other.body.get("groups")), (201, None));
            assert_ne!(other.id(), id);
            continue;
        }
        // The same person after all: an administrator says so, once.
        assert!(replays(&org, &kept[0]).is_ok());
        relink(&org, &id);
        assert_eq!(drifts(&org).len(), 1);
        // Then what was refused can be carried out as well.
        assert!(replays(&org, &kept[0]).is_ok());
        let (status, _) = written(&org, how, &id, &somebody);
        assert_eq!(status, 200);
        let now = org.user(&id).body;
        assert_eq!(now["externalId"], json!("emp2"));
        assert_eq!(now["groups"][0]["display"], json!("Board"));
        assert_eq!(drifts(&org), []);
        let third = person("ana", "emp3");
        assert_eq!(written(&org, how, &id, &third).0, 409);
    }
}

#[test]
fn who_is_renamed_by_the_provider_that_knows_them_by_the_id_is_the_same() {
    let org = Org::with_free_seats(5);
    let id = org.post(person("ana.li", "ana.li")).id();
    // An alias that changes with the name, as Entra ID's mailNickname: no look-up finds anybody by the new ones.
    let renamed = json!([
        {"op": "Replace", "path": "externalId", "value": "ana.weber"},
        {"op": "Replace", "path": "userName", "value": "ana.weber@acme.example"},
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ana.weber@acme.example"},
    ]);
    let reply = org.patch(&id, renamed);
    assert_eq!(
        (reply.status, &reply.body["externalId"]),
        (200, &json!("ana.weber")),
        "{reply:?}"
    );
    // One name stays theirs, by which a look-up may have found them.
    let half = json!([
        {"op": "Replace", "path": "externalId", "value": "ana"},
        {"op": "Replace", "path": "userName", "value": "ana@acme.example"},
    ]);
    org.patch(&id, half).is_error(409, Some("uniqueness"));
    // Of somebody who is out no name tells that.
    assert_eq!(
        org.patch(
            &id,
            json!([{"op": "replace", "path": "active", "value": false}])
        )
        .status,
        200
    );
    org.put(&id, person("new", "new"))
        .is_error(409, Some("uniqueness"));
    // Who was never called anything is adopted by the first name that they are given.
    let bare = json!({"schemas": [CORE], "userName": "bo@acme.example"});
    let bo = org.post(bare).id();
    assert_eq!(org.put(&bo, person("bo", "b1")).status, 200);
}

#[test]
fn both_names_are_listed_in_whatever_form_the_other_one_was_sent() {
    for (operation, expected) in [
        (
            json!({"op": "replace", "path": format!("{CORE}:EXTERNALID"), "value": "emp2"}),
            "emp2",
        ),
        (
            json!({"op": "replace", "path": "externalId", "value": 4711}),
            "4711",
        ),
        (
            json!({"op": "add", "value": {format!("{CORE}:externalId"): "emp2"}}),
            "emp2",
        ),
    ] {
        let org = Org::with_free_seats(5);
        let id = org.post(person("ana", "emp1")).id();
        let refused = org.patch(&id, json!([operation]));
        refused.is_error(409, Some("uniqueness"));
        let listed = drifts(&org);
        assert_eq!(listed.len(), 1, "{operation}");
        assert_eq!(
            (listed[0].provider.as_deref(), listed[0].roster.as_deref()),
            (Some(expected), Some("emp1")),
            "{operation}"
        );
    }
}

#[test]
fn a_name_that_somebody_had_in_any_place_is_not_a_renaming_of_them() {
    let org = Org::with_free_seats(9);
    let with = |name: &str, external_id: &str, emails: &[&str]| {
        let emails: Vec<Value> = emails
            .iter()
            .enumerate()
            .map(|(at, it)| {
                let kind = if at == 0 { "work" } else { "home" };
                json!({"value": format!("{it}@acme.example"), "type": kind, "primary": at == 0})
            })
            .collect();
        let mut person = person(name, external_id);
        person["emails"] = json!(emails);
        person
    };
    // The further address of somebody becomes another person's.
    let ann = org.post(with("ann", "emp1", &["ann", "payroll"])).id();
    for how in ["put", "bulk"] {
        let body = with("payroll", "emp2", &["payroll"]);
        assert_eq!(written(&org, how, &ann, &body).0, 409, "{how}");
    }
    // Names change places.
    let bo = org.post(with("bo", "emp3", &["bo.ek"])).id();
    org.put(&bo, with("bo.ek", "emp4", &["elsewhere"]))
        .is_error(409, Some("uniqueness"));
    // The address stays as a further one.
    let cy = org.post(with("cy", "emp5", &["cy"])).id();
    org.put(&cy, with("new", "emp6", &["new", "cy"]))
        .is_error(409, Some("uniqueness"));
    assert_eq!(org.put(&cy, with("new", "emp6", &["new"])).status, 200);
}

#[test]
fn who_was_refused_for_a_name_is_listed_until_they_come_by_another() {
    let org = Org::with_free_seats(5);
    let ana = org.post(person("ana", "emp1")).id();
    org.post(person("ana", "emp2"))
        .is_error(409, Some("uniqueness"));
    let listed = drifts(&org);
    assert_eq!(
        (listed.len(), listed[0].user, listed[0].refused.as_deref()),
        (1, user_id(&ana), Some("emp2"))
    );
    assert_eq!(org.post(person("ana.second", "emp2")).status, 201);
    assert_eq!(drifts(&org), []);
}

#[test]
fn relinking_is_shown_undone_and_for_whom_it_means_something() {
    let org = Org::with_free_seats(5);
    let id = org.post(person("ana", "emp1")).id();
    let bare = org.create("bo@acme.example");
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let relink = |ids: &[&str]| Command::Relink {
        name: "okta".to_owned(),
        who: Selection::Ids(ids.iter().map(|it| user_id(it)).collect()),
    };
    let done = org.admin(relink(&[&id, &bare]));
    assert_eq!((done.plan.changes.len(), done.plan.skipped.len()), (1, 1));
    assert_eq!(org.user(&id).body.get("externalId"), None);
    let batch = done.batch.expect("a batch");
    org.admin(Command::Undo { batch });
    assert_eq!(org.user(&id).body["externalId"], json!("emp1"));
    assert_eq!(
        org.user(&id).body[crate::org::USHER]["status"],
        json!(Status::Active)
    );
    let unknown = Command::Relink {
        name: "nobody".to_owned(),
        who: Selection::from(user_id(&id)),
    };
    let refused = session.plan(&session.request(unknown));
    assert!(
        matches!(refused, Err(Error::NotFound { .. })),
        "{refused:?}"
    );
}

#[test]
fn both_names_of_somebody_whom_an_administrator_deleted_go_to_somebody_else_at_once() {
    let org = Org::with_free_seats(9);
    let p = org.create("gül@acme.example");
    let bo = |external_id: &str| {
        json!({"userName": "bo@acme.example", "externalId": external_id,
            "emails": [{"value": "dan@acme.example", "type": "work", "primary": true}]})
    };
    let b = org.post(bo("bo-1")).id();
    org.admin(Command::Delete {
        who: Selection::from(user_id(&b)),
    });
    assert_eq!(drifts(&org).len(), 1, "the provider has them in");
    let reply = org.put(&p, bo("bo-2"));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(drifts(&org), [], "by the name it means somebody else");
}
