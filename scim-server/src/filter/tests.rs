//! Filters as providers send them, and those that are refused. Whom they find is held against a naive reading in the
//! conversations.

use usher_core::model::Status;

use super::*;

fn context() -> Context<'static> {
    Context {
        connection: ConnectionId::from_bytes([7; 16]),
        base: "https://usher.example",
        any_mapped: false,
    }
}

fn sought(text: &str) -> Option<Sought> {
    read(text, context()).ok()
}

#[test]
fn what_providers_look_up_is_one_look_up() {
    let id: UserId = UserId::from_bytes([1; 16]);
    let name = |it: &str| Sought::One(Key::UserName(it.to_owned()));
    for (text, expected) in [
        (
            r#"userName eq "Ana@acme.example""#,
            name("Ana@acme.example"),
        ),
        (r#"username EQ "a \"b\" c""#, name("a \"b\" c")),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "x""#,
            name("x"),
        ),
        (
            r#"externalId eq "00u1""#,
            Sought::One(Key::ExternalId("00u1".into())),
        ),
        (&format!(r#"id eq "{id}""#), Sought::One(Key::Id(id))),
        (r#"id eq "42""#, Sought::Nobody),
        (
            r#"userName pr and meta.resourceType eq "Group""#,
            Sought::Nobody,
        ),
        (r#"meta.resourceType eq "user""#, Sought::Nobody),
        (
            r#"meta.resourceType eq "User""#,
            Sought::Fitting(Expr::Everybody),
        ),
        (
            r#"active eq "False""#,
            Sought::Fitting(Expr::Status(vec![
                Status::Queued,
                Status::Inactive,
                Status::Cancelled,
            ])),
        ),
    ] {
        assert_eq!(sought(text), Some(expected), "{text}");
    }
}

#[test]
fn an_address_is_looked_up_in_the_index_however_it_is_asked() {
    let address = Expr::Attribute(Box::new(Condition::Address("a]@b.example".to_owned())));
    for text in [
        r#"emails eq "a]@b.example""#,
        r#"emails.value eq "a]@b.example""#,
        r#"emails[type eq "work"].value eq "a]@b.example""#,
        r#"emails[primary eq true].value eq "a]@b.example""#,
        r#"emails[type eq "work" and value eq "a]@b.example"]"#,
        r#"emails[type eq "work"].value eq "a]@b.example" and active eq true"#,
        r#"(emails[type eq "home"].value eq "a]@b.example")and(emails[type eq "work"].value pr)"#,
    ] {
        let Some(Sought::Fitting(Expr::And(terms))) = sought(text) else {
            assert!(text.contains(")and("), "{text}");
            continue;
        };
        let inner = terms.iter().flat_map(|it| match it {
            Expr::And(inner) => inner.clone(),
            it => vec![it.clone()],
        });
        let mut inner = inner.flat_map(|it| match it {
            Expr::And(inner) => inner,
            it => vec![it],
        });
        assert!(inner.any(|it| it == address), "{text}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    for text in [
        "",
        "x",
        "userName",
        "userName eq",
        "userName eq x",
        "userName xx \"a\"",
        "userName eq \"a\" garbage",
        "shoeSize eq \"a\"",
        "name eq \"a\"",
        "addresses eq \"a\"",
        "active gt true",
        "active eq 1",
        "active eq \"maybe\"",
        "title eq true",
        "title gt null",
        "name[givenName eq \"a\"]",
        "emails[type eq \"work\"",
        "emails[shoe eq \"work\"]",
        "emails[emails.type eq \"work\"]",
        "meta.lastModified gt \"yesterday\"",
        "meta.created co \"2026\"",
        "userName.first eq \"a\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq \"x\"",
        "urn:nothing:userName eq \"x\"",
        "not (shoeSize eq \"a\")",
        "userName eq \"a\" or shoeSize eq \"b\"",
    ] {
        let fault = read(text, context()).err().and_then(|it| it.scim_type);
        assert_eq!(fault, Some(ScimType::InvalidFilter), "{text}");
    }
    let fault = read("password eq \"x\"", context()).err();
    assert_eq!(fault.and_then(|it| it.scim_type), Some(ScimType::Sensitive));
    for text in [
        format!("userName eq \"{}\"", "a".repeat(5_000)),
        format!("{}active eq true{}", "(".repeat(1_000), ")".repeat(1_000)),
        vec!["id pr"; 201].join(" or "),
    ] {
        assert!(read(&text, context()).is_err(), "{}", text.len());
    }
}

#[test]
fn what_providers_ask_is_answered_from_an_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let founding = usher_core::directory::Founding {
        name: "Acme".to_owned(),
        seats: 5,
        owner: "owner@acme.example".parse().expect("an address"),
        time_zone: "UTC".parse().expect("a zone"),
    };
    let path = folder.path().join("usher.db");
    let options = usher_core::Options::default;
    let directory =
        usher_core::Directory::create(&path, &founding, options()).expect("a new database");
    let session = directory.as_actor(
        usher_core::model::Actor::FileOwner,
        usher_core::model::Door::Cli,
    );
    let person = "0198c0de-0000-7000-8000-000000000000";
    for (text, index) in [
        (
            r#"userName eq "a" and active eq true"#.to_owned(),
            "users_user_name_key",
        ),
        (
            r#"externalId eq "a" and active eq true"#.to_owned(),
            "links_external_id",
        ),
        (
            r#"emails.value eq "a@b.example""#.to_owned(),
            "users_email_key",
        ),
        (
            r#"emails[type eq "work"].value eq "a@b.example""#.to_owned(),
            "addresses",
        ),
        (format!("id eq \"{person}\" and active eq true"), "users_id"),
        (
            r#"meta.lastModified ge "2026-01-01T00:00:00Z""#.to_owned(),
            "users_by_updated",
        ),
        (
            format!(
                "id eq \"{person}\" and {}:manager eq \"{person}\"",
                crate::schema::ENTERPRISE
            ),
            "users_id",
        ),
        (
            format!("{}:manager eq \"{person}\"", crate::schema::ENTERPRISE),
            "users_by_manager",
        ),
        (r#"userName co "dler@b""#.to_owned(), "users_text"),
        (
            r#"name.familyName sw "Adl" and active eq true"#.to_owned(),
            "users_text",
        ),
    ] {
        let Some(Sought::Fitting(query)) = sought(&text) else {
            panic!("{text} finds nobody in particular");
        };
        let listing = usher_core::query::Listing {
            query,
            order: Order::Creation,
            from: usher_core::query::ListFrom::Place(1),
            limit: 100,
            total: None,
        };
        let plan = session.read().and_then(|it| it.explain_list(&listing));
        let plan = plan.expect("a plan").join("\n");
        let scans = plan
            .lines()
            .any(|it| it == "SCAN users" || it.starts_with("SCAN users "));
        assert!(plan.contains(index) && !scans, "{text}:\n{plan}");
    }
}
