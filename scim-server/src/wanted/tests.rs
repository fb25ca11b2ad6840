//! The mapping, both ways.

use serde_json::{Value, json};
use usher_core::model::{Profile, ProviderHold, Status, Timestamp, UserId};

use super::*;
use crate::resource::{Person, Resource};
use crate::schema::USHER;

/// Who sends people, and who sees them too.
const SENDER: ConnectionId = ConnectionId::from_bytes([1; 16]);
const ANOTHER: ConnectionId = ConnectionId::from_bytes([2; 16]);

/// The person whom a POST of this body makes.
fn made(body: &Value) -> (User, Option<String>) {
    made_where(body, Displaced::default())
}

fn made_where(body: &Value, displaced: Displaced) -> (User, Option<String>) {
    let sent = schema::user(body.clone()).expect("well formed");
    let wanted = Wanted::read_from(sent, displaced, SENDER).expect("complete");
    let command = wanted.into_new(&super::Unassigned::default());
    let mut profile = Profile::default();
    for (field, value) in command.set {
        profile.set(field, value);
    }
    let manager = command.manager.flatten().and_then(|it| it.parse().ok());
    (user(profile, manager), command.external_id.flatten())
}

fn user(profile: Profile, manager: Option<UserId>) -> User {
    let at = Timestamp::from_millis(1_767_225_600_000);
    User {
        id: UserId::from_bytes([1; 16]),
        seq: 1,
        status: Status::Active,
        profile,
        manager,
        connection: None,
        protected: false,
        accepted: true,
        provider_hold: ProviderHold::Free,
        created_at: at,
        updated_at: at,
        last_seen_at: None,
        version: 3,
    }
}

fn shown(user: &User, external_id: Option<String>) -> Value {
    let person = Person {
        user: user.clone(),
        external_id,
        manager_name: None,
        licenses: Vec::new(),
        queue_position: None,
        groups: Vec::new(),
        fields: Vec::new(),
    };
    Resource {
        person: &person,
        base: "https://usher.example",
        connection: ANOTHER,
    }
    .value_as_sent()
}

fn bodies() -> Vec<Value> {
    let manager = UserId::from_bytes([2; 16]).to_string();
    vec![
        json!({"userName": "ana@acme.example", "active": true}),
        json!({"userName": "ana", "active": true}),
        json!({
            "externalId": "00u1", "userName": "ana@acme.example", "active": true,
            "name": {"formatted": "Ana Li", "givenName": "Ana", "familyName": "Li"}, "displayName": "Ana Li",
            "nickName": "A", "title": "Engineer", "preferredLanguage": "de-DE", "locale": "de-DE", "timezone": "Europe/Berlin",
            "emails": [{"value": "ana@acme.example", "type": "work", "primary": true}],
            "phoneNumbers": [{"value": "+49 30", "type": "work"}, {"value": "+49 31", "type": "mobile"}],
            "addresses": [{"type": "work", "region": "BE", "locality": "Berlin", "primary": true}],
            "roles": [{"value": "r1"}], "entitlements": [{"value": "pro"}],
            ENTERPRISE: {"employeeNumber": "E7", "department": "Sales", "manager": {"value": manager}},
        }),
        json!({"userName": "ana", "active": true, "emails": [{"value": "ana@acme.example"}]}),
        json!({"userName": "ana", "active": true, "emails": [{"value": "h@b.example", "type": "home"},
            {"value": "w@b.example", "type": "work"}, {"value": "o@b.example"}]}),
        json!({"userName": "ana", "active": true, "emails": [{"value": "w@b.example", "type": "work"},
            {"value": "p@b.example", "type": "other", "primary": true, "display": "P"}]}),
        json!({
            "userName": "a\"n\\a", "active": true, "displayName": "\"}],{[\\", "nickName": "x\n\t\u{0}\"}]},\\",
            "roles": [{"value": "\":{}[]", "display": ",\"a\":1"}], "name": {"formatted": "\\\"", "givenName": "\\"},
            "addresses": [{"type": "work", "region": "\"", "formatted": "1\n2\"}"}, {"type": "home", "locality": "]"}],
        }),
        json!({"userName": "ana", "active": true, "addresses": [{"type": "work", "region": "BE"}]}),
        json!({"userName": "ana", "active": true, "addresses": [{"type": "home", "region": "BE"}, {"type": "work", "country": "DE"}]}),
    ]
}

#[test]
fn what_is_sent_is_returned() {
    for body in bodies() {
        let (user, external_id) = made(&body);
        let shown = shown(&user, external_id);
        let mut returned = shown.as_object().cloned().unwrap_or_default();
        for server_owned in ["schemas", "id", "meta", USHER] {
            assert!(returned.remove(server_owned).is_some(), "{server_owned}");
        }
        if let Some(manager) = returned
            .get_mut(ENTERPRISE)
            .and_then(|it| it.get_mut("manager"))
        {
            let reference = format!(
                "https://usher.example/scim/v2/Users/{}",
                UserId::from_bytes([2; 16])
            );
            assert_eq!(
                manager.as_object_mut().and_then(|it| it.remove("$ref")),
                Some(Value::from(reference))
            );
        }
        assert_eq!(Value::Object(returned), body);
    }
}

#[test]
fn a_person_shown_and_read_again_is_the_same() {
    for body in bodies() {
        let (user, external_id) = made(&body);
        let before = Wanted::of(&user, external_id.as_deref());
        let after = Wanted::read(
            schema::user(shown(&user, external_id)).expect("ours"),
            Displaced::default(),
        )
        .expect("ours");
        assert_eq!(after, before, "{body}");
        let command = after.into_update(&before, &user, Some(true), false);
        assert!(asks_nothing(&command), "{command:?}");
    }
}

#[test]
fn the_email_is_the_primary_one_else_work_else_first_else_the_user_name() {
    let email = |body: Value| made(&body).0.profile.email;
    let bodies = bodies();
    let expected = [
        "ana@acme.example",
        "",
        "ana@acme.example",
        "ana@acme.example",
        "w@b.example",
        "p@b.example",
        "",
        "",
        "",
    ];
    for (body, expected) in bodies.into_iter().zip(expected) {
        assert_eq!(email(body.clone()).unwrap_or_default(), expected, "{body}");
    }
}

#[test]
fn an_address_changed_elsewhere_shows_in_its_element() {
    let (mut user, _) = made(&bodies()[4]);
    user.profile.email = Some("new@b.example".to_owned());
    assert_eq!(
        shown(&user, None)["emails"][1],
        json!({"value": "new@b.example", "type": "work"})
    );
    user.profile.email = None;
    assert_eq!(
        shown(&user, None)["emails"].as_array().map(Vec::len),
        Some(2)
    );

    // No address was sent, so the user name was taken; it shows once it has become another.
    let (mut user, _) = made(&json!({"userName": "ana@acme.example"}));
    assert_eq!(shown(&user, None).get("emails"), None);
    user.profile.email = Some("new@b.example".to_owned());
    assert_eq!(
        shown(&user, None)["emails"][0]["value"],
        json!("new@b.example")
    );
    user.profile.region = Some("BE".to_owned());
    assert_eq!(
        shown(&user, None)["addresses"],
        json!([{"type": "work", "region": "BE"}])
    );
}

#[test]
fn a_region_changed_elsewhere_shows_in_the_work_address() {
    for (body, cleared) in [
        (
            json!([{"type": "work", "region": "BE", "country": "DE"}]),
            json!([{"type": "work", "country": "DE"}]),
        ),
        (json!([{"type": "work", "region": "BE"}]), Value::Null),
        (
            json!([{"type": "work", "primary": true, "region": "BE"}]),
            json!([{"type": "work", "primary": true}]),
        ),
    ] {
        let (mut user, _) = made(&json!({"userName": "ana", "addresses": body}));
        user.profile.region = Some("X".to_owned());
        assert_eq!(shown(&user, None)["addresses"][0]["region"], json!("X"));
        user.profile.region = None;
        assert_eq!(shown(&user, None)["addresses"], cleared);
    }
    let (mut user, _) =
        made(&json!({"userName": "ana", "addresses": [{"type": "home", "country": "DE"}]}));
    user.profile.region = Some("X".to_owned());
    let both = json!([{"type": "home", "country": "DE"}, {"type": "work", "region": "X"}]);
    assert_eq!(shown(&user, None)["addresses"], both);
}

#[test]
fn a_region_from_elsewhere_and_one_in_the_work_address_make_one_work_address_for_others() {
    let displaced = Displaced {
        region: true,
        ..Displaced::default()
    };
    let body = json!([{"type": "home", "region": "R1"}, {"type": "work", "region": "W1", "country": "DE"}]);
    let (mut user, _) = made_where(&json!({"userName": "ana", "addresses": body}), displaced);
    user.profile.region = Some("R1".to_owned());
    assert_eq!(
        shown(&user, None)["addresses"],
        json!([{"type": "home", "region": "R1"}, {"type": "work", "region": "R1", "country": "DE"}])
    );
}

#[test]
fn whom_another_door_made_is_shown_with_a_user_name_and_not_changed_by_it() {
    let profile = Profile {
        email: Some("bo@acme.example".to_owned()),
        ..Profile::default()
    };
    let user = user(profile, None);
    let shown = shown(&user, None);
    assert_eq!(shown["userName"], json!("bo@acme.example"));
    assert_eq!(shown["schemas"], json!([schema::USER, USHER]));
    let before = Wanted::of(&user, None);
    let after =
        Wanted::read(schema::user(shown).expect("ours"), Displaced::default()).expect("ours");
    assert!(asks_nothing(&after.into_update(&before, &user, None, true)));
}

#[test]
fn a_replacement_clears_what_it_leaves_out_but_not_what_it_does_not_speak_of() {
    let (mut user, external_id) = made(&bodies()[2]);
    let before = Wanted::of(&user, external_id.as_deref());
    let replaced = |body: &Value, before: &Wanted, user: &User| {
        let mut wanted = Wanted::read(
            schema::user(body.clone()).expect("well formed"),
            Displaced::default(),
        )
        .expect("complete");
        wanted.keep_unspoken(before, Spoken::of(body), SENDER, true);
        wanted.into_update(before, user, None, true)
    };
    let bare = json!({"schemas": [schema::USER], "userName": "ana@acme.example"});
    let command = replaced(&bare, &before, &user);
    let cleared: Vec<Field> = command
        .set
        .iter()
        .filter(|it| it.1.is_none())
        .map(|it| it.0)
        .collect();
    let gone = [
        Field::FirstName,
        Field::LastName,
        Field::DisplayName,
        Field::Title,
        Field::Region,
        Field::Language,
    ];
    assert_eq!(cleared, gone);
    assert_eq!((command.manager, command.external_id), (None, None));
    let kept = command
        .set
        .into_iter()
        .find(|it| it.0 == Field::Kept)
        .and_then(|it| it.1)
        .unwrap_or_default();
    assert_eq!(
        kept,
        json!({"emails": [], ENTERPRISE: {"employeeNumber": "E7"}}).to_string()
    );

    let speaking = json!({"schemas": [schema::USER, ENTERPRISE], "userName": "ana@acme.example"});
    let command = replaced(&speaking, &before, &user);
    assert!(command.set.contains(&(Field::FunctionalArea, None)));
    assert_eq!(command.manager, Some(None));

    // A region that came from another door than `addresses` stays.
    user.profile.kept = None;
    let before = Wanted::of(&user, external_id.as_deref());
    assert!(
        !replaced(&bare, &before, &user)
            .set
            .iter()
            .any(|it| it.0 == Field::Region)
    );
}

#[test]
fn what_the_roster_cannot_take_is_refused() {
    let long = "x".repeat(1_100);
    for body in [
        json!({}),
        json!({"userName": " "}),
        json!({"userName": long}),
        json!({"userName": "a\u{202e}b"}),
        json!({"userName": "ana", "emails": [{"value": "not an address"}]}),
        json!({"userName": "ana", "title": long}),
        json!({"userName": "ana", "externalId": long}),
        json!({"userName": "ana", "externalId": "a\u{0}"}),
        json!({"userName": "ana", "nickName": "x".repeat(MOST_KEPT)}),
    ] {
        let read = schema::user(body.clone()).and_then(|it| Wanted::read(it, Displaced::default()));
        assert_eq!(read.err().map(|it| it.status.as_u16()), Some(400), "{body}");
    }
}
