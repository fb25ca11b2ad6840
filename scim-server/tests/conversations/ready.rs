//! Answers that are kept ready are never old ones: whatever changes, and through whichever door.

use serde_json::{Value, json};
use usher_core::Selection;
use usher_core::command::{Command, Edit, FieldEdit, GroupEdit, PoolEdit};
use usher_core::model::{
    AtCapacity, ConnectionPolicy, Field, FieldKind, GroupRole, PoolName, VisibleTo,
};

use crate::org::{ENTERPRISE, Org, USHER, user_id};

/// Every way to ask for a person, answered from what is kept and written anew: an attribute that nobody has is left out there.
fn is_fresh(org: &Org, id: &str, what: &str) -> Value {
    let anew = "excludedAttributes=x509Certificates";
    let fresh = org.get(&format!("/scim/v2/Users/{id}?{anew}"));
    assert_eq!(fresh.status, 200, "{what}: {fresh:?}");
    let name = fresh.body["userName"].as_str().expect("a name").to_owned();
    for _ in 0..2 {
        let kept = org.get(&format!("/scim/v2/Users/{id}"));
        assert_eq!(kept.body, fresh.body, "{what}");
        assert_eq!(kept.header("etag"), fresh.header("etag"), "{what}");
        let version = fresh.body["meta"]["version"].as_str();
        assert_eq!(kept.header("etag"), version, "{what}");
        for path in [
            format!("/scim/v2/Users?filter=userName%20eq%20%22{name}%22"),
            format!("/scim/v2/Users?filter=id%20eq%20%22{id}%22"),
            "/scim/v2/Users?filter=externalId%20eq%20%22ext-ana%22".to_owned(),
            "/scim/v2/Users?count=100".to_owned(),
            "/scim/v2/Users?sortBy=userName&count=100".to_owned(),
        ] {
            let kept = org.get(&path);
            let mut fresh = org.get(&format!("{path}&{anew}"));
            if path.ends_with("count=100") {
                let there = fresh.body["Resources"].as_array().map(Vec::len);
                assert!(there > Some(1), "{what} {path}");
            }
            // Cursors and the like are not part of it.
            fresh.body["schemas"] = kept.body["schemas"].clone();
            assert_eq!(kept.body, fresh.body, "{what} {path}");
        }
    }
    fresh.body
}

#[test]
fn an_answer_kept_ready_is_never_an_old_one() {
    let org = Org::with_free_seats(6);
    let boss = org.create("boss@acme.example");
    let ana = org.post(json!({
        "userName": "ana@acme.example", "externalId": "ext-ana", "title": "Engineer", "name": {"givenName": "Ana"},
        ENTERPRISE: {"manager": {"value": boss}, "department": "Sales", "costCenter": "C1"},
    }));
    let ana = ana.id();
    let fresh = |what: &str| is_fresh(&org, &ana, what);
    let edit = |edit: Edit| {
        org.admin(Command::Edit(edit));
    };
    fresh("as created");

    org.patch(
        &ana,
        json!([{"op": "replace", "path": "title", "value": "Lead"}]),
    );
    assert_eq!(fresh("patched")["title"], "Lead");
    edit(Edit {
        set: vec![(Field::FirstName, Some("Anna".to_owned()))],
        overriding: true,
        ..Edit::of(user_id(&ana))
    });
    assert_eq!(
        fresh("edited at the command line")["name"]["givenName"],
        "Anna"
    );
    edit(Edit {
        set: vec![(Field::DisplayName, Some("The Boss".to_owned()))],
        overriding: true,
        ..Edit::of(user_id(&boss))
    });
    let shown = fresh("her manager renamed");
    assert_eq!(shown[ENTERPRISE]["manager"]["displayName"], "The Boss");

    let add_on: PoolName = "library".parse().expect("a name");
    org.admin(Command::AddPool {
        name: add_on.clone(),
        set: PoolEdit {
            purchased: Some(1),
            at_capacity: Some(AtCapacity::Queue),
            ..PoolEdit::default()
        },
    });
    org.admin(Command::Grant {
        who: Selection::from(user_id(&ana)),
        pool: add_on,
        until: None,
    });
    let licenses = fresh("a license granted")[USHER]["licenses"].clone();
    assert_eq!(licenses.as_array().map(Vec::len), Some(2), "{licenses}");

    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Crew",
        "members": [{"value": ana}]});
    assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 201);
    assert_eq!(fresh("in a group")["groups"][0]["display"], "Crew");
    org.admin(Command::EditGroup {
        group: "Crew".to_owned(),
        set: GroupEdit {
            name: Some("Crew of nine".to_owned()),
            ..GroupEdit::default()
        },
    });
    let shown = fresh("the group renamed");
    assert_eq!(shown["groups"][0]["display"], "Crew of nine");
    edit(Edit {
        remove_groups: vec!["Crew of nine".to_owned()],
        overriding: true,
        ..Edit::of(user_id(&ana))
    });
    assert_eq!(fresh("out of the group")["groups"], Value::Null);

    org.admin(Command::AddField {
        name: "Shirt".to_owned(),
        kind: FieldKind::Text,
        set: FieldEdit {
            visible_to: Some(VisibleTo::Everybody),
            ..FieldEdit::default()
        },
    });
    edit(Edit {
        fields: vec![("Shirt".to_owned(), Some("M".to_owned()))],
        ..Edit::of(user_id(&ana))
    });
    let shown = fresh("a custom field");
    assert_eq!(shown[USHER]["customFields"][0]["value"], "M");
    org.admin(Command::SetField {
        name: "Shirt".to_owned(),
        set: FieldEdit {
            name: Some("Size".to_owned()),
            ..FieldEdit::default()
        },
    });
    let shown = fresh("the field renamed");
    assert_eq!(shown[USHER]["customFields"][0]["name"], "Size");
    edit(Edit {
        fields: vec![("Size".to_owned(), None)],
        ..Edit::of(user_id(&ana))
    });
    assert_eq!(
        fresh("the field cleared")[USHER]["customFields"],
        Value::Null
    );

    let path = usher_scim_server::attribute_path("title").expect("a path");
    org.admin(Command::MapAttributes {
        name: "okta".to_owned(),
        set: vec![("area".to_owned(), Some(path))],
    });
    fresh("mapped");
    org.deactivate(&ana);
    assert_eq!(fresh("deactivated")["active"], false);

    let entra = org.connect("entra", ConnectionPolicy::default());
    let theirs = org.send_as(&entra, "GET", &format!("/scim/v2/Users/{ana}"), None);
    assert_eq!(theirs.body["externalId"], Value::Null, "{theirs:?}");
    fresh("asked for by another");
    assert_eq!(org.delete(&ana).status, 204);
    assert_eq!(org.user(&ana).status, 404);
    let found = org.find("userName eq \"ana@acme.example\"");
    assert_eq!(found.body["totalResults"], 0);
}

#[test]
fn who_waits_in_a_queue_is_told_the_place_of_now() {
    let org = Org::with_free_seats(1);
    let first = org.create("one@acme.example");
    org.at_capacity("access", AtCapacity::Queue);
    let ahead = org.create("two@acme.example");
    let behind = org.create("three@acme.example");
    let place = |id: &str| org.user(id).body[USHER]["queuePosition"].clone();
    assert_eq!((place(&ahead), place(&behind)), (json!(1), json!(2)));
    org.deactivate(&ahead);
    assert_eq!(place(&behind), json!(1));
    org.deactivate(&first);
    assert_eq!(place(&behind), Value::Null);
    assert_eq!(org.user(&behind).body["active"], true);
}

/// Who joins a group by hand and is in none of the provider's is shown in it all the same.
#[test]
fn a_group_joined_by_hand_shows_at_once() {
    let org = Org::with_free_seats(2);
    let ana = org.create("ana@acme.example");
    org.admin(Command::AddGroup {
        name: "Night".to_owned(),
    });
    assert_eq!(org.user(&ana).body["groups"], Value::Null);
    org.admin(Command::Edit(Edit {
        add_groups: vec![("Night".to_owned(), GroupRole::Learner)],
        ..Edit::of(user_id(&ana))
    }));
    assert_eq!(org.user(&ana).body["groups"][0]["display"], "Night");
}
