//! Who is off, gone or in against what the provider says: `usher drift` lists them until the two agree.

use serde_json::json;
use usher_core::Selection;
use usher_core::command::{Command, HeldWho};
use usher_core::model::{Actor, BatchId, Brake, ConnectionPolicy, Door};

use crate::org::{Org, user_id};

/// `what they are to the provider / to us (why)` of everybody in or out against it.
fn drifts(org: &Org) -> Vec<String> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let found = session.read().and_then(|it| it.drifts(None));
    let word = |it: Option<String>| it.unwrap_or_default();
    let lines = found.expect("the differences").into_iter();
    let of_active = lines.filter(|it| it.part == "active");
    of_active
        .map(|it| {
            let why = it.why.as_str();
            format!("{} / {} ({why})", word(it.provider), word(it.roster))
        })
        .collect()
}

fn delete(org: &Org, id: &str) {
    org.admin(Command::Delete {
        who: Selection::from(user_id(id)),
    });
}

#[test]
fn who_is_deleted_by_an_administrator_is_listed_until_the_provider_agrees() {
    let org = Org::with_free_seats(9);
    let gone = ["true / deleted (overridden)"];
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);

    let id = org.create("ana@acme.example");
    delete(&org, &id);
    assert_eq!(drifts(&org), gone);
    // What it writes else, and that they are in, is answered as ever, and changes nothing of it.
    let title = json!([{"op": "replace", "path": "title", "value": "Boss"}]);
    org.patch(&id, title).is_error(404, None);
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    org.patch(&id, on).is_error(404, None);
    assert_eq!(drifts(&org), gone);
    org.patch(&id, off.clone()).is_error(404, None);
    assert_eq!(drifts(&org).len(), 0);
    org.patch(&id, off).is_error(404, None);

    // By a whole one, by deleting, and by bringing them back.
    let bo = org.create("bo@acme.example");
    delete(&org, &bo);
    let whole =
        json!({"schemas": [crate::org::CORE], "userName": "bo@acme.example", "active": false});
    org.put(&bo, whole).is_error(404, None);
    assert_eq!(drifts(&org).len(), 0);
    let cleo = org.create("cleo@acme.example");
    delete(&org, &cleo);
    assert_eq!(drifts(&org), gone);
    assert_eq!(org.delete(&cleo).status, 204);
    assert_eq!(drifts(&org).len(), 0);
    org.delete(&cleo).is_error(404, None);
    let dan = org.create("dan@acme.example");
    delete(&org, &dan);
    assert_eq!(drifts(&org), gone);
    assert_eq!(org.create("dan@acme.example"), dan);
    assert_eq!(drifts(&org).len(), 0);
    assert_eq!(org.delete(&dan).status, 204);
    assert_eq!(drifts(&org).len(), 0, "its own is no difference");
}

#[test]
fn who_is_taken_off_or_deleted_by_another_connection_is_listed() {
    let mut org = Org::with_free_seats(9);
    let (ana, bo) = (
        org.create("ana@acme.example"),
        org.create("bo@acme.example"),
    );
    let okta = org.token.clone();
    org.token = org.connect("entra", ConnectionPolicy::default());
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(org.patch(&ana, off).status, 200);
    assert_eq!(drifts(&org), ["true / false (overridden)"]);
    assert_eq!(org.delete(&bo).status, 204);
    assert_eq!(
        drifts(&org),
        ["true / false (overridden)", "true / deleted (overridden)"]
    );
    assert_eq!(org.delete(&ana).status, 204);
    org.token = okta;
    for id in [&ana, &bo] {
        assert_eq!(org.delete(id).status, 204);
    }
    assert_eq!(drifts(&org).len(), 0);
}

#[test]
fn who_is_in_against_the_provider_is_listed_until_it_says_so_too() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let switch = |on: bool| json!([{"op": "replace", "path": "active", "value": on}]);
    let back = || {
        org.admin(Command::Reactivate {
            who: Selection::from(user_id(&id)),
            restore_assignments: false,
        })
    };
    assert_eq!(org.patch(&id, switch(false)).status, 200);
    assert_eq!(drifts(&org).len(), 0);
    back();
    assert_eq!(drifts(&org), ["false / true (overridden)"]);
    assert_eq!(org.patch(&id, switch(true)).status, 200);
    assert_eq!(drifts(&org).len(), 0);
    assert_eq!(org.patch(&id, switch(false)).status, 200);
    back();
    assert_eq!(org.patch(&id, switch(false)).body["active"], json!(false));
    assert_eq!(drifts(&org).len(), 0);
}

fn undo(org: &Org, batch: BatchId) {
    org.admin(Command::Undo { batch });
}

#[test]
fn who_is_in_by_an_undo_of_the_providers_own_leaving_is_listed() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let in_against = ["false / true (overridden)"];
    let last = || {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let list = session.read().and_then(|it| it.batches(None, 1));
        list.expect("batches").first().expect("one").id
    };
    assert_eq!(org.delete(&id).status, 204);
    undo(&org, last());
    assert_eq!(org.user(&id).body["active"], json!(true));
    assert_eq!(drifts(&org), in_against);
    assert_eq!(org.delete(&id).status, 204);
    assert_eq!(drifts(&org).len(), 0);

    let bo = org.create("bo@acme.example");
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(org.patch(&bo, off.clone()).status, 200);
    let back = || {
        org.admin(Command::Reactivate {
            who: Selection::from(user_id(&bo)),
            restore_assignments: false,
        })
    };
    back();
    undo(&org, last());
    assert_eq!(drifts(&org).len(), 0);
    back();
    assert_eq!(drifts(&org), in_against);
    assert_eq!(org.patch(&bo, off).status, 200);
    assert_eq!(drifts(&org).len(), 0);
}

#[test]
fn who_is_back_by_an_undo_after_the_provider_has_agreed_that_they_are_gone_is_listed() {
    let org = Org::with_free_seats(9);
    let id = org.create("ana@acme.example");
    let last = || {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let list = session.read().and_then(|it| it.batches(None, 1));
        list.expect("batches").first().expect("one").id
    };
    undo(&org, last());
    let undone = last();
    assert_eq!(drifts(&org), ["true / deleted (overridden)"]);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    org.patch(&id, off).is_error(404, None);
    assert_eq!(drifts(&org).len(), 0);
    undo(&org, undone);
    assert_eq!(drifts(&org), ["false / true (overridden)"]);
}

/// The provider never speaks of them by that id again, and no word of its could end it.
#[test]
fn whose_name_went_to_somebody_new_is_listed_no_more() {
    let org = Org::with_free_seats(9);
    let sent =
        |external_id: &str| json!({"userName": "ana@acme.example", "externalId": external_id});
    let old = org.post(sent("e-1")).id();
    delete(&org, &old);
    assert_eq!(drifts(&org), ["true / deleted (overridden)"]);
    let new = org.post(sent("e-2"));
    assert_eq!((new.status, new.id() == old), (201, false));
    assert_eq!(drifts(&org).len(), 0);
}

#[test]
fn whom_a_brake_let_go_is_off_as_the_provider_asked() {
    let org = Org::with_free_seats(9);
    org.admin(Command::SetBrake {
        name: "okta".to_owned(),
        brake: Some(Brake {
            share: 0,
            floor: 1,
            ..Brake::default()
        }),
    });
    let ids: Vec<String> = ["a", "b", "c"]
        .iter()
        .map(|it| org.create(&format!("{it}@acme.example")))
        .collect();
    assert_eq!(org.delete(&ids[0]).status, 204);
    assert_eq!(org.delete(&ids[1]).status, 429);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(org.patch(&ids[2], off).status, 429);
    org.admin(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(drifts(&org).len(), 0);
}

/// What a provider has said of somebody is known whatever people do with them after it, and whatever of that they undo.
#[test]
fn what_a_provider_said_last_is_known_through_everything_that_people_do() {
    let org = Org::with_free_seats(9);
    let off = || json!([{"op": "replace", "path": "active", "value": false}]);
    let on = || json!([{"op": "replace", "path": "active", "value": true}]);
    let who = |id: &str| Selection::from(user_id(id));
    let reactivate = |id: &str| {
        org.admin(Command::Reactivate {
            who: who(id),
            restore_assignments: false,
        })
    };
    let deactivate = |id: &str| org.admin(Command::Deactivate { who: who(id) });
    let undo = |batch: Option<BatchId>| {
        org.admin(Command::Undo {
            batch: batch.expect("a batch"),
        })
    };
    let last = || {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let batches = session
            .read()
            .and_then(|it| it.batches(None, 1))
            .expect("readable");
        batches.first().map(|it| it.id)
    };
    let against = ["false / true (overridden)"];

    // Off, and brought back, off and on again by hand.
    let id = org.create("ana@acme.example");
    org.patch(&id, off());
    reactivate(&id);
    assert_eq!(drifts(&org), against);
    let by_hand = deactivate(&id).batch;
    assert_eq!(drifts(&org).len(), 0, "both say off");
    let back = reactivate(&id).batch;
    assert_eq!(drifts(&org), against);
    // There and back by undoing.
    let undone = undo(back).batch;
    assert_eq!(drifts(&org).len(), 0);
    undo(undone);
    assert_eq!(drifts(&org), against);
    let _ = by_hand;
    delete(&org, &id);
    assert_eq!(drifts(&org).len(), 0, "it never said that they are in");

    // The first of it undone instead.
    let id = org.create("bo@acme.example");
    org.patch(&id, off());
    undo(last());
    assert_eq!(drifts(&org), against);
    deactivate(&id);
    assert_eq!(drifts(&org).len(), 0);
    reactivate(&id);
    assert_eq!(drifts(&org), against);
    delete(&org, &id);

    // Off by a person, then by the provider too: that it said so is not undone.
    let id = org.create("cy@acme.example");
    deactivate(&id);
    assert_eq!(drifts(&org), ["true / false (held)"]);
    org.patch(&id, off());
    assert_eq!(drifts(&org).len(), 0);
    let refused = undo(last());
    assert!(refused.batch.is_none(), "nothing comes of it");
    assert_eq!(drifts(&org).len(), 0);
    reactivate(&id);
    assert_eq!(drifts(&org), against);
    org.patch(&id, on());
    assert_eq!(drifts(&org).len(), 0);
    undo(last());
    assert_eq!(drifts(&org).len(), 0);
    // Taken off by a person it holds again, because the provider has said since that they are in.
    deactivate(&id);
    assert_eq!(org.patch(&id, on()).body["active"], json!(false));
    assert_eq!(drifts(&org), ["true / false (held)"]);
    // Deleted by a person, and by the provider after it: brought back by undoing, they are in against it.
    let dee = org.create("dee@acme.example");
    for agrees in [0, 1] {
        let gone = org.admin(Command::Delete { who: who(&dee) }).batch;
        if agrees == 0 {
            org.patch(&dee, off()).is_error(404, None);
        } else {
            assert_eq!(org.delete(&dee).status, 204);
        }
        undo(gone);
        assert_eq!(drifts(&org), ["true / false (held)", against[0]]);
        org.patch(&dee, on());
    }
    // Deleted by the provider, and that undone, they are off for both.
    assert_eq!(org.delete(&id).status, 204);
    undo(last());
    assert_eq!(drifts(&org).len(), 0);
    reactivate(&id);
    assert_eq!(drifts(&org), against);
}
