//! Attributes that feed other fields than their own, custom fields in answers, and values that a person has overridden.

use serde_json::{Value, json};
use usher_core::command::{Command, Edit, FieldEdit};
use usher_core::model::{Actor, ConnectionPolicy, Door, Field, FieldKind, VisibleTo};

use crate::org::{ENTERPRISE, Org, USHER, user_id};

fn add_field(org: &Org, name: &str, kind: FieldKind, values: &[&str], visible_to: VisibleTo) {
    org.admin(Command::AddField {
        name: name.to_owned(),
        kind,
        set: FieldEdit {
            add_values: values.iter().map(|it| (*it).to_owned()).collect(),
            visible_to: Some(visible_to),
            ..FieldEdit::default()
        },
    });
}

fn map(org: &Org, set: &[(&str, &str)]) {
    let set = set.iter().map(|(field, path)| {
        let path = usher_scim_server::attribute_path(path).expect("a path");
        ((*field).to_owned(), Some(path))
    });
    org.admin(Command::MapAttributes {
        name: "okta".to_owned(),
        set: set.collect(),
    });
}

fn area(org: &Org, id: &str) -> Option<String> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("readable");
    let user = read.user(user_id(id)).expect("readable").expect("there");
    user.profile.functional_area
}

fn fields(org: &Org, id: &str) -> Vec<(String, String)> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("readable");
    let found = read.fields_of(&[user_id(id)]).expect("readable");
    found.into_values().next().unwrap_or_default()
}

fn ana() -> Value {
    json!({
        "userName": "ana@acme.example", "userType": "m", "title": "Engineer",
        "addresses": [{"type": "work", "region": "BE"}, {"type": "home", "region": "BB", "locality": "Potsdam"}],
        ENTERPRISE: {"costCenter": "CC1", "department": "Sales"},
    })
}

#[test]
fn a_mapped_attribute_feeds_its_field_and_is_returned_and_found_as_it_was_sent() {
    let org = Org::with_free_seats(9);
    add_field(
        &org,
        "Shirt",
        FieldKind::Choice,
        &["S", "M"],
        VisibleTo::Everybody,
    );
    add_field(
        &org,
        "Badge",
        FieldKind::Text,
        &[],
        VisibleTo::Administrators,
    );
    map(
        &org,
        &[
            ("area", "costCenter"),
            ("shirt", "userType"),
            ("badge", "addresses[type eq \"home\"].locality"),
            ("region", "addresses[type eq \"home\"].region"),
        ],
    );
    let reply = org.post(ana());
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.id();
    assert_eq!(area(&org, &id).as_deref(), Some("CC1"));
    let both = [("Shirt", "M"), ("Badge", "Potsdam")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(fields(&org, &id), both);
    // Everything comes back as it was sent; what only administrators see is in no answer.
    for name in ["userType", "title", "addresses", ENTERPRISE] {
        assert_eq!(reply.body[name], ana()[name], "{name}");
    }
    assert_eq!(
        reply.body[USHER]["customFields"],
        json!([{"name": "Shirt", "value": "M"}])
    );
    assert!(!reply.text.contains("Badge"), "{}", reply.text);
    assert_eq!(org.user(&id).body, reply.body);
    assert_eq!(
        org.get("/scim/v2/Users?sortBy=id").body["Resources"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );

    let urn = |name: &str| format!("{ENTERPRISE}:{name}");
    let custom = |filter: &str| format!("{USHER}:customFields{filter}");
    for (filter, found) in [
        (format!("{} eq \"cc1\"", urn("costCenter")), 1),
        (format!("{} eq \"sales\"", urn("department")), 1),
        (format!("{} eq \"CC1\"", urn("department")), 0),
        (
            "addresses[type eq \"work\" and region eq \"BE\"]".to_owned(),
            1,
        ),
        ("addresses.region eq \"bb\"".to_owned(), 1),
        (custom("[name eq \"shirt\" and value eq \"m\"]"), 1),
        (custom("[name eq \"badge\"]"), 0),
        (custom(" pr"), 1),
        (custom(".value eq \"L\""), 0),
    ] {
        let reply = org.find(&filter);
        assert_eq!(
            reply.body["totalResults"],
            json!(found),
            "{filter}: {reply:?}"
        );
    }

    // A PATCH of something else writes none of them; saying the same again changes nothing.
    org.patch(
        &id,
        json!([{"op": "replace", "path": "title", "value": "Chief"}]),
    );
    let head = org.events();
    let mut whole = ana();
    whole["title"] = json!("Chief");
    assert_eq!(org.put(&id, whole).status, 200);
    assert_eq!(org.events(), head);
    let to = |value: &str| json!([{"op": "Replace", "path": urn("costCenter"), "value": value}]);
    assert_eq!(
        org.patch(&id, to("CC2")).body[ENTERPRISE]["costCenter"],
        json!("CC2")
    );
    assert_eq!(area(&org, &id).as_deref(), Some("CC2"));
    // Taken away it empties the field; the field's own attribute never does.
    org.patch(&id, json!([{"op": "remove", "path": urn("costCenter")}]));
    assert_eq!(area(&org, &id), None);
    let reply = org.put(
        &id,
        json!({"userName": "ana@acme.example", ENTERPRISE: {"costCenter": "CC3"}}),
    );
    assert_eq!(reply.body[ENTERPRISE], json!({"costCenter": "CC3"}));
    assert_eq!(area(&org, &id).as_deref(), Some("CC3"));
    assert_eq!(fields(&org, &id), [], "a whole User without them");
}

#[test]
fn another_connection_sees_and_writes_the_same_field_by_its_own_attribute() {
    let org = Org::with_free_seats(9);
    map(&org, &[("area", "costCenter"), ("title", "userType")]);
    let id = org.post(ana()).id();
    let entra = org.connect("entra", ConnectionPolicy::default());
    let path = format!("/scim/v2/Users/{id}");
    let seen = org.send_as(&entra, "GET", &path, None).body;
    assert_eq!(
        (&seen[ENTERPRISE]["department"], &seen["title"]),
        (&json!("CC1"), &json!("m"))
    );
    let patch = |operations: Value| {
        org.send_as(
            &entra,
            "PATCH",
            &path,
            Some(json!({ "Operations": operations })),
        )
    };
    patch(json!([{"op": "add", "path": "nickName", "value": "A"}]));
    assert_eq!(area(&org, &id).as_deref(), Some("CC1"));
    patch(json!([{"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Legal"}]));
    assert_eq!(area(&org, &id).as_deref(), Some("Legal"));
    assert_eq!(org.user(&id).body[ENTERPRISE]["costCenter"], json!("CC1"));

    // Whoever was here before the mapping is fed from the next write on.
    let bo = org
        .post(json!({"userName": "bo@acme.example", ENTERPRISE: {"department": "Ops"}}))
        .id();
    assert_eq!(area(&org, &bo), None);
    org.admin(Command::MapAttributes {
        name: "okta".to_owned(),
        set: vec![("area".to_owned(), None), ("title".to_owned(), None)],
    });
    org.patch(
        &bo,
        json!([{"op": "add", "path": "nickName", "value": "B"}]),
    );
    assert_eq!(area(&org, &bo), None);
    org.put(
        &bo,
        json!({"userName": "bo@acme.example", ENTERPRISE: {"department": "Ops"}}),
    );
    assert_eq!(area(&org, &bo).as_deref(), Some("Ops"));
}

#[test]
fn a_value_that_no_field_takes_lets_the_person_in() {
    let org = Org::with_free_seats(9);
    add_field(
        &org,
        "Shirt",
        FieldKind::Choice,
        &["S"],
        VisibleTo::Everybody,
    );
    add_field(&org, "Joined", FieldKind::Date, &[], VisibleTo::Everybody);
    map(&org, &[("shirt", "userType"), ("joined", "nickName")]);
    let body = json!({"userName": "ana@acme.example", "userType": "XXL", "nickName": "soon"});
    let reply = org.post(body);
    assert_eq!(
        (reply.status, &reply.body["userType"]),
        (201, &json!("XXL")),
        "{reply:?}"
    );
    assert_eq!(reply.body[USHER].get("customFields"), None);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let drifts = session
        .read()
        .and_then(|it| it.drifts(None))
        .expect("readable");
    assert_eq!(drifts.len(), 2, "{drifts:?}");
    let id = reply.id();
    org.patch(
        &id,
        json!([{"op": "replace", "value": {"userType": "s", "nickName": "2026-02-01"}}]),
    );
    assert_eq!(fields(&org, &id).len(), 2);
    let drifts = session
        .read()
        .and_then(|it| it.drifts(None))
        .expect("readable");
    assert_eq!(drifts, []);
}

#[test]
fn an_override_lasts_until_the_provider_writes_the_attribute() {
    let org = Org::with_free_seats(9);
    let id = org.post(ana()).id();
    let title = |to: &str| {
        org.admin(Command::Edit(Edit {
            set: vec![(Field::Title, Some(to.to_owned()))],
            overriding: true,
            ..Edit::of(user_id(&id))
        }))
    };
    let count = || {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        session
            .read()
            .and_then(|it| it.drifts(None))
            .expect("readable")
            .len()
    };
    title("Boss");
    assert_eq!((&org.user(&id).body["title"], count()), (&json!("Boss"), 1));
    org.patch(
        &id,
        json!([{"op": "replace", "path": "nickName", "value": "x"}]),
    );
    assert_eq!(count(), 1);
    // Each way of writing it ends it, also one that says what the roster has.
    org.patch(
        &id,
        json!([{"op": "replace", "path": "title", "value": "Boss"}]),
    );
    assert_eq!(count(), 0);
    title("Chief");
    assert_eq!(org.put(&id, ana()).body["title"], json!("Engineer"));
    assert_eq!(count(), 0);
    title("Chief");
    org.patch(
        &id,
        json!([{"op": "replace", "value": {"title": "Engineer"}}]),
    );
    assert_eq!(
        (&org.user(&id).body["title"], count()),
        (&json!("Engineer"), 0)
    );
}

fn unmap(org: &Org, fields: &[&str]) {
    let set = fields.iter().map(|it| ((*it).to_owned(), None)).collect();
    let name = "okta".to_owned();
    org.admin(Command::MapAttributes { name, set });
}

/// A value for each attribute as it was sent, and the mapping says which one feeds the field: nothing that is sent in one comes
/// back in another, however the mapping goes to and fro.
#[test]
fn what_was_sent_in_a_fields_own_attribute_outlives_a_mapping_and_every_echo() {
    let org = Org::with_free_seats(9);
    let sent = || {
        let mut sent = ana();
        sent["preferredLanguage"] = json!("de");
        sent["locale"] = json!("fr");
        sent
    };
    let id = org.post(sent()).id();
    let as_sent = |what: &str| {
        let seen = org.user(&id).body;
        for name in [
            "userType",
            "title",
            "preferredLanguage",
            "locale",
            "addresses",
            ENTERPRISE,
        ] {
            assert_eq!(seen[name], sent()[name], "{what}: {name}");
        }
        for (filter, found) in [
            ("title eq \"engineer\"".to_owned(), 1),
            ("title eq \"m\"".to_owned(), 0),
            ("title co \"NGIN\"".to_owned(), 1),
            ("preferredLanguage sw \"d\"".to_owned(), 1),
            (format!("{ENTERPRISE}:department eq \"Sales\""), 1),
            (format!("schemas eq \"{ENTERPRISE}\" and title pr"), 1),
            (
                "addresses[type eq \"work\" and region eq \"BE\"]".to_owned(),
                1,
            ),
            (
                "addresses[type eq \"work\" and region eq \"BB\"]".to_owned(),
                0,
            ),
        ] {
            let total = org.find(&filter).body["totalResults"].clone();
            assert_eq!(total, json!(found), "{what}: {filter}");
        }
        let list = org.get("/scim/v2/Users?sortBy=title").body;
        assert_eq!(list["Resources"][0]["id"], json!(id), "{what}");
    };
    let fields = || {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("readable");
        let profile = read
            .user(user_id(&id))
            .expect("readable")
            .expect("there")
            .profile;
        [
            profile.title,
            profile.functional_area,
            profile.region,
            profile.language,
        ]
        .map(Option::unwrap_or_default)
    };
    let echo = |nick: &str| {
        let mut seen = org.user(&id).body;
        seen.as_object_mut().expect("a User").remove(USHER);
        seen["nickName"] = json!(nick);
        assert_eq!(org.put(&id, seen).status, 200);
    };
    let own = ["Engineer", "Sales", "BE", "de"];
    let other = ["m", "CC1", "BB", "fr"];
    let pairs = [
        ("title", "userType"),
        ("area", "costCenter"),
        ("region", "addresses[type eq \"home\"].region"),
        ("language", "locale"),
    ];
    let names = pairs.map(|it| it.0);
    as_sent("plain");
    map(&org, &pairs);
    as_sent("mapped");
    assert_eq!(fields(), own, "nothing was written yet");
    org.patch(
        &id,
        json!([{"op": "add", "path": "nickName", "value": "x"}]),
    );
    as_sent("mapped, and something else written");
    assert_eq!(fields(), own);
    echo("a");
    as_sent("mapped, an echo");
    assert_eq!(fields(), other);
    unmap(&org, &names);
    as_sent("unmapped");
    org.patch(
        &id,
        json!([{"op": "add", "path": "nickName", "value": "b"}]),
    );
    as_sent("unmapped, and something else written");
    assert_eq!(fields(), other, "said again it feeds its field");
    // Somebody else's provider sees the fields, and its writes leave this one what it has sent.
    let entra = org.connect("entra", ConnectionPolicy::default());
    let path = format!("/scim/v2/Users/{id}");
    let seen = org.send_as(&entra, "GET", &path, None).body;
    assert_eq!(
        (&seen["title"], &seen[ENTERPRISE]["department"]),
        (&json!("m"), &json!("CC1"))
    );
    let patch = json!({"Operations": [{"op": "add", "path": "nickName", "value": "c"}]});
    assert_eq!(org.send_as(&entra, "PATCH", &path, Some(patch)).status, 200);
    as_sent("another has written");
    echo("d");
    as_sent("unmapped, an echo");
    assert_eq!(fields(), own);
    // One by one, by PATCH.
    map(&org, &pairs);
    let say = |path: &str, value: &str| {
        let operations = json!([{"op": "replace", "path": path, "value": value}]);
        assert_eq!(org.patch(&id, operations).status, 200);
    };
    say("userType", "m");
    assert_eq!(fields(), ["m", "Sales", "BE", "de"]);
    as_sent("one fed");
    say("title", "Engineer");
    say("locale", "fr");
    assert_eq!(fields(), ["m", "Sales", "BE", "fr"]);
    as_sent("two fed");
    unmap(&org, &names);
    say("title", "Engineer");
    assert_eq!(fields(), ["Engineer", "Sales", "BE", "fr"]);
    as_sent("one is its own again");
}

/// Nobody is shown an attribute that was not sent because its field has a value from another.
#[test]
fn what_was_never_sent_is_not_shown_after_a_mapping_either() {
    let org = Org::with_free_seats(9);
    map(
        &org,
        &[
            ("title", "userType"),
            ("area", "nickName"),
            ("region", "locale"),
        ],
    );
    let body = || json!({"userName": "bo@acme.example", "userType": "Contractor", "nickName": "Ops", "locale": "de"});
    let id = org.post(body()).id();
    let look = || {
        let seen = org.user(&id).body;
        for name in ["title", ENTERPRISE, "addresses"] {
            assert_eq!(seen.get(name), None, "{seen}");
        }
        let found = |filter: &str| org.find(filter).body["totalResults"].clone();
        assert_eq!(found("title pr or addresses pr or department pr"), json!(0));
    };
    look();
    unmap(&org, &["title", "area", "region"]);
    look();
    assert_eq!(area(&org, &id).as_deref(), Some("Ops"));
    // Deleted and sent again they are who they were, and their title is what is sent now.
    assert_eq!(org.delete(&id).status, 204);
    let mut again = body();
    again["title"] = json!("Boss");
    assert_eq!(org.post(again).id(), id);
    assert_eq!(org.user(&id).body["title"], json!("Boss"));
}

/// A mapping shows nobody otherwise, so that whoever asks whether somebody is as they were is told so, and only then.
#[test]
fn what_a_mapping_does_not_change_is_said_to_be_the_same() {
    let org = Org::with_free_seats(9);
    let id = org.post(ana()).id();
    let path = format!("/scim/v2/Users/{id}");
    let read = |etag: &str| {
        let head = format!(
            "Authorization: Bearer {}\r\nIf-None-Match: {etag}\r\n",
            org.token
        );
        org.raw("GET", &path, &head, b"")
    };
    let unmap = |field: &str| {
        org.admin(Command::MapAttributes {
            name: "okta".to_owned(),
            set: vec![(field.to_owned(), None)],
        })
    };
    org.admin(Command::Edit(Edit {
        set: vec![(Field::Title, Some("Chief".to_owned()))],
        overriding: true,
        ..Edit::of(usher_core::Selection::from(user_id(&id)))
    }));
    let mut seen: Vec<(String, Value)> = Vec::new();
    let look = |seen: &mut Vec<(String, Value)>, what: &str| {
        let now = org.get(&path);
        let etag = now.header("etag").expect("an ETag").to_owned();
        assert_eq!(now.body["meta"]["version"], json!(etag), "{what}");
        for (before, body) in seen.iter() {
            let again = read(before);
            let same = now.body == *body;
            assert_eq!(again.status == 304, same, "{what}: {before}");
        }
        let found = org.find(&format!("meta.version eq {}", json!(etag)));
        assert_eq!(found.body["totalResults"], json!(1), "{what}");
        seen.push((etag, now.body));
    };
    look(&mut seen, "as it was");
    map(&org, &[("title", "userType")]);
    look(&mut seen, "the title from elsewhere");
    map(&org, &[("area", "costCenter"), ("region", "userType")]);
    look(&mut seen, "more from elsewhere");
    let etag = seen[2].0.clone();
    assert_eq!(etag, seen[0].0);
    let head = |etag: &str| {
        format!(
            "Authorization: Bearer {}\r\nIf-Match: {etag}\r\n",
            org.token
        )
    };
    let body = json!({"Operations": [{"op": "replace", "path": "nickName", "value": "A"}]});
    let write = |etag: &str| org.raw("PATCH", &path, &head(etag), body.to_string().as_bytes());
    assert_eq!(write(&etag).status, 200);
    assert_eq!(write(&etag).status, 412);
    look(&mut seen, "written");
    for field in ["title", "area", "region"] {
        unmap(field);
        look(&mut seen, field);
    }
    // Who owns what is shown nowhere.
    org.admin(Command::OwnFields {
        name: "okta".to_owned(),
        fields: Some(Vec::new()),
    });
    let last = seen.last().expect("seen").clone();
    assert_eq!(read(&last.0).status, 304);
    assert_eq!(org.get(&path).body, last.1);
}

fn map_of(org: &Org, name: &str, set: &[(&str, &str)]) {
    let set = set.iter().map(|(field, path)| {
        let path = usher_scim_server::attribute_path(path).expect("a path");
        ((*field).to_owned(), Some(path))
    });
    org.admin(Command::MapAttributes {
        name: name.to_owned(),
        set: set.collect(),
    });
}

fn entra(org: &Org, token: &str, id: &str, method: &str, body: Option<Value>) -> Value {
    let reply = org.send_as(token, method, &format!("/scim/v2/Users/{id}"), body);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

fn operations(path: &str, value: &str) -> Option<Value> {
    Some(json!({"Operations": [{"op": "replace", "path": path, "value": value}]}))
}

/// Two connections that both have other attributes feed the title: each is shown and finds what it has sent itself, or the
/// field if it has sent nothing.
#[test]
fn what_one_connection_has_sent_another_neither_sees_nor_overwrites() {
    let org = Org::with_free_seats(9);
    let token = org.connect("entra", ConnectionPolicy::default());
    map_of(&org, "okta", &[("title", "userType")]);
    map_of(&org, "entra", &[("title", "nickName")]);
    let sent = json!({"userName": "bo@acme.example", "title": "Boss", "userType": "UT"});
    let id = org.post(sent).id();
    let title = || org.user(&id).body["title"].clone();
    let seen = |token: &str| entra(&org, token, &id, "GET", None)["title"].clone();
    let found = |token: &str, title: &str| {
        let filter = format!("/scim/v2/Users?filter=title+eq+%22{title}%22");
        org.send_as(token, "GET", &filter, None).body["totalResults"].clone()
    };
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("UT")));
    // It has sent nothing of the title itself.
    entra(&org, &token, &id, "PATCH", operations("nickName", "N"));
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("N")));
    assert_eq!(found(&token, "N"), json!(1));
    assert_eq!(found(&org.token, "N"), json!(0));
    entra(&org, &token, &id, "PATCH", operations("title", "ET"));
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("ET")));
    assert_eq!(
        (found(&token, "ET"), found(&token, "Boss")),
        (json!(1), json!(0))
    );
    assert_eq!(
        (found(&org.token, "Boss"), found(&org.token, "ET")),
        (json!(1), json!(0))
    );
    let mut echo = entra(&org, &token, &id, "GET", None);
    echo["displayName"] = json!("D");
    entra(&org, &token, &id, "PUT", Some(echo));
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("ET")));
    assert_eq!(org.put(&id, org.user(&id).body).status, 200);
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("ET")));
    // Without a mapping it is a field again for the one, and stays as it was for the other.
    unmap(&org, &["title"]);
    assert_eq!((title(), seen(&token)), (json!("Boss"), json!("ET")));
    org.patch(
        &id,
        json!([{"op": "replace", "path": "title", "value": "Chief"}]),
    );
    assert_eq!((title(), seen(&token)), (json!("Chief"), json!("ET")));
}

#[test]
fn a_region_from_elsewhere_survives_what_another_connection_echoes() {
    let org = Org::with_free_seats(9);
    let token = org.connect("entra", ConnectionPolicy::default());
    map(&org, &[("region", "addresses[type eq \"home\"].region")]);
    let sent = json!([{"type": "work", "region": "WR", "locality": "WL"}, {"type": "home", "region": "HR"}]);
    let id = org
        .post(json!({"userName": "bo@acme.example", "addresses": sent}))
        .id();
    let found = |token: &str, filter: &str| {
        let filter = filter.replace(' ', "+").replace('"', "%22");
        let path = format!("/scim/v2/Users?filter={filter}");
        let reply = org.send_as(token, "GET", &path, None);
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["totalResults"] == json!(1)
    };
    let look = |what: &str| {
        assert_eq!(org.user(&id).body["addresses"], sent, "{what}");
        let seen = entra(&org, &token, &id, "GET", None);
        assert_eq!(seen["addresses"][0]["region"], json!("HR"), "{what}");
        let of = |region: &str| format!("addresses[type eq \"work\" and region eq \"{region}\"]");
        assert!(
            found(&org.token, &of("WR")) && !found(&org.token, &of("HR")),
            "{what}"
        );
        assert!(
            found(&token, &of("HR")) && !found(&token, &of("WR")),
            "{what}"
        );
        seen
    };
    let mut echo = look("new");
    entra(&org, &token, &id, "PUT", Some(echo.clone()));
    look("an echo");
    echo["nickName"] = json!("q");
    entra(&org, &token, &id, "PUT", Some(echo));
    look("an echo with something new");
    entra(
        &org,
        &token,
        &id,
        "PATCH",
        operations("addresses[type eq \"home\"].locality", "Z"),
    );
    entra(
        &org,
        &token,
        &id,
        "PATCH",
        Some(
            json!({"Operations": [{"op": "remove", "path": "addresses[type eq \"home\"].locality"}]}),
        ),
    );
    look("another address");
    unmap(&org, &["region"]);
    look("unmapped");
}

/// The mapping holds from the first write of the field's own attribute on, also where that alone is written.
#[test]
fn who_writes_only_the_fields_own_attribute_has_the_other_one_feed_it() {
    let org = Org::with_free_seats(9);
    let id = org
        .post(json!({"userName": "bo@acme.example", "title": "T1", "userType": "U1"}))
        .id();
    let none = org
        .post(json!({"userName": "cy@acme.example", "title": "T1"}))
        .id();
    map(&org, &[("title", "userType")]);
    let field = |id: &str| {
        let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("readable");
        read.user(user_id(id))
            .expect("readable")
            .expect("there")
            .profile
            .title
    };
    for id in [&id, &none] {
        let seen = org.patch(
            id,
            json!([{"op": "replace", "path": "title", "value": "T2"}]),
        );
        assert_eq!(seen.body["title"], json!("T2"));
    }
    assert_eq!(field(&id).as_deref(), Some("U1"));
    assert_eq!(
        field(&none).as_deref(),
        Some("T1"),
        "nothing else feeds it yet"
    );
    // A whole User without the extension leaves what feeds a field from there.
    map(&org, &[("area", "costCenter")]);
    let body = |name: &str| json!({"userName": name, ENTERPRISE: {"costCenter": "CC1"}});
    let dee = org.post(body("dee@acme.example")).id();
    assert_eq!(
        org.put(&dee, json!({"userName": "dee@acme.example", "title": "X"}))
            .status,
        200
    );
    assert_eq!(area(&org, &dee).as_deref(), Some("CC1"));
}

fn drifts(org: &Org) -> Vec<String> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let drifts = session.read().and_then(|it| it.drifts(None));
    let line = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".to_owned());
    drifts
        .expect("readable")
        .iter()
        .map(|it| format!("{}: {} / {}", it.part, line(&it.provider), line(&it.roster)))
        .collect()
}

fn overrides(org: &Org, id: &str, field: Field, to: &str) -> usher_core::Applied {
    org.admin(Command::Edit(Edit {
        set: vec![(field, Some(to.to_owned()))],
        overriding: true,
        ..Edit::of(user_id(id))
    }))
}

/// Who reads a person, changes something and sends all of it back has written what they changed.
#[test]
fn our_own_answer_sent_back_ends_no_override_and_makes_none() {
    let org = Org::with_free_seats(9);
    map(&org, &[("area", "costCenter")]);
    let id = org.post(ana()).id();
    overrides(&org, &id, Field::Title, "Boss");
    let legal = overrides(&org, &id, Field::FunctionalArea, "Legal");
    let listed = ["functional_area: CC1 / Legal", "title: Engineer / Boss"];
    assert_eq!(drifts(&org), listed);
    let with = |nick: &str| {
        let mut seen = org.user(&id).body;
        seen["nickName"] = json!(nick);
        seen
    };
    let stands = |what: &str| {
        assert_eq!(drifts(&org), listed, "{what}");
        let seen = org.user(&id).body;
        assert_eq!(seen["title"], json!("Boss"), "{what}");
        assert_eq!(area(&org, &id).as_deref(), Some("Legal"), "{what}");
        seen
    };
    assert_eq!(org.put(&id, with("a")).body["nickName"], json!("a"));
    stands("a whole User");
    assert_eq!(org.put(&id, org.user(&id).body).status, 200);
    stands("the very same");
    let whole = json!([{"op": "replace", "value": with("b")}]);
    assert_eq!(org.patch(&id, whole).status, 200);
    assert_eq!(stands("in a PATCH")["nickName"], json!("b"));
    // Nor does another one's, to whom another attribute feeds the field.
    let entra_token = org.connect("entra", ConnectionPolicy::default());
    map_of(&org, "entra", &[("area", "userType")]);
    let mut seen = entra(&org, &entra_token, &id, "GET", None);
    seen["displayName"] = json!("A");
    entra(&org, &entra_token, &id, "PUT", Some(seen));
    stands("another one's");
    // Undone, it is what the provider has said all along.
    org.admin(Command::Undo {
        batch: legal.batch.expect("a batch"),
    });
    assert_eq!(drifts(&org), ["title: Engineer / Boss"]);
    assert_eq!(area(&org, &id).as_deref(), Some("CC1"));
    overrides(&org, &id, Field::FunctionalArea, "Legal");
    // What it changes it has written, and what it sends by itself.
    let mut seen = with("c");
    seen[ENTERPRISE]["costCenter"] = json!("CC2");
    assert_eq!(org.put(&id, seen).status, 200);
    assert_eq!(drifts(&org), ["title: Engineer / Boss"]);
    assert_eq!(area(&org, &id).as_deref(), Some("CC2"));
    let mut own = ana();
    own["title"] = json!("Boss");
    assert_eq!(org.put(&id, own).status, 200);
    assert_eq!(drifts(&org), [""; 0]);
}

/// Whom another connection has brought in an echo overrides nothing of.
#[test]
fn our_own_answer_sent_back_overrides_nothing_of_another_connection() {
    let org = Org::with_free_seats(9);
    let id = org.post(ana()).id();
    let token = org.connect("entra", ConnectionPolicy::default());
    map_of(&org, "entra", &[("area", "costCenter")]);
    assert_eq!(area(&org, &id).as_deref(), Some("Sales"));
    let mut seen = entra(&org, &token, &id, "GET", None);
    seen["nickName"] = json!("a");
    entra(&org, &token, &id, "PUT", Some(seen));
    assert_eq!(area(&org, &id).as_deref(), Some("Sales"));
    assert_eq!(drifts(&org), [""; 0]);
    let urn = format!("{ENTERPRISE}:costCenter");
    entra(&org, &token, &id, "PATCH", operations(&urn, "CC2"));
    assert_eq!(drifts(&org), ["functional_area: Sales / CC2"]);
}

/// A PATCH writes what its operations are about, and not what stands beside that in the same attribute.
#[test]
fn what_is_written_beside_an_override_does_not_end_it() {
    let org = Org::with_free_seats(9);
    add_field(&org, "Phone", FieldKind::Text, &[], VisibleTo::Everybody);
    map(&org, &[("phone", "phoneNumbers[type eq \"work\"].value")]);
    let mut body = ana();
    body["name"] = json!({"givenName": "Ana", "familyName": "Li"});
    body["phoneNumbers"] = json!([{"type": "work", "value": "1"}]);
    body["emails"] = json!([{"type": "work", "value": "ana@acme.example", "primary": true}]);
    let id = org.post(body).id();
    let patch = |operation: Value| assert_eq!(org.patch(&id, json!([operation])).status, 200);
    let fields = [
        (Field::FirstName, "Anna"),
        (Field::Region, "Berlin"),
        (Field::Email, "anna@acme.example"),
    ];
    for (field, to) in fields {
        overrides(&org, &id, field, to);
    }
    org.admin(Command::Edit(Edit {
        fields: vec![("phone".into(), Some("7".into()))],
        overriding: true,
        ..Edit::of(user_id(&id))
    }));
    let listed = drifts(&org);
    assert_eq!(listed.len(), 4, "{listed:?}");
    for beside in [
        json!({"op": "replace", "path": "name.familyName", "value": "Lee"}),
        json!({"op": "add", "path": "name", "value": {"familyName": "Li"}}),
        json!({"op": "replace", "value": {"name": {"middleName": "M"}}}),
        json!({"op": "add", "path": "phoneNumbers", "value": [{"type": "home", "value": "2"}]}),
        json!({"op": "replace", "path": "phoneNumbers[type eq \"home\"].value", "value": "3"}),
        json!({"op": "replace", "path": "addresses[type eq \"home\"].locality", "value": "Bonn"}),
        json!({"op": "replace", "path": "addresses[type eq \"home\"].region", "value": "NW"}),
        json!({"op": "add", "path": "emails", "value": [{"type": "home", "value": "a@b.example"}]}),
    ] {
        patch(beside.clone());
        assert_eq!(drifts(&org), listed, "{beside}");
    }
    // Said again as the roster has it, and otherwise, it is written.
    for (left, written) in [
        json!({"op": "replace", "path": "name.givenName", "value": "Anna"}),
        json!({"op": "replace", "path": "addresses[type eq \"work\"].region", "value": "Berlin"}),
        json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "anna@acme.example"}),
        json!({"op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}),
    ]
    .into_iter()
    .enumerate()
    {
        patch(written.clone());
        assert_eq!(drifts(&org).len(), 3 - left, "{written}");
    }
    overrides(&org, &id, Field::FirstName, "Anka");
    overrides(&org, &id, Field::Email, "anka@acme.example");
    assert_eq!(drifts(&org).len(), 2);
    patch(json!({"op": "replace", "value": {"name": {"givenName": "Ann"}}}));
    patch(json!({"op": "replace", "path": "emails", "value": [{"value": "ann@acme.example"}]}));
    assert_eq!(drifts(&org), [""; 0]);
}
