//! Filters as providers send them, and those that are refused.

use super::*;

fn connection() -> ConnectionId {
    ConnectionId::from_bytes([7; 16])
}

fn email(value: &str) -> Expr {
    Expr::Field {
        field: TextField::Email,
        op: TextOp::Equals,
        value: value.to_owned(),
    }
}

#[test]
fn what_providers_ask_is_understood() {
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
            r#"emails eq "a@b.example""#,
            Sought::Fitting(email("a@b.example")),
        ),
        (
            r#"emails.value eq "a@b.example""#,
            Sought::Fitting(email("a@b.example")),
        ),
        (
            r#"emails[type eq "work"].value eq "a]@b.example""#,
            Sought::Fitting(email("a]@b.example")),
        ),
        (
            r#"emails[primary eq true].value eq "a@b.example""#,
            Sought::Fitting(email("a@b.example")),
        ),
        (
            r#"emails[type eq "work" and value eq "a@b.example"]"#,
            Sought::Fitting(email("a@b.example")),
        ),
        (
            r#"emails[type eq "work"].value eq "a@b.example" and active eq true"#,
            Sought::Fitting(Expr::And(vec![
                email("a@b.example"),
                Expr::Status(vec![
                    Status::Waiting,
                    Status::PendingTransfer,
                    Status::Active,
                ]),
            ])),
        ),
        (
            r#"active eq "False""#,
            Sought::Fitting(Expr::Status(vec![
                Status::Queued,
                Status::Inactive,
                Status::Cancelled,
            ])),
        ),
        (r#"id eq "42" and userName eq "x""#, Sought::Nobody),
        (r#"userName pr"#, Sought::Fitting(Expr::Everybody)),
        (
            r#"meta.lastModified gt "2026-01-01T00:00:00Z""#,
            Sought::Fitting(Expr::When {
                field: TimeField::Updated,
                from: Some(Timestamp::from_millis(1_767_225_600_001)),
                until: None,
            }),
        ),
    ] {
        assert_eq!(read(text, connection()).ok(), Some(expected), "{text}");
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
        "nickName eq \"a\"",
        "userName gt \"a\"",
        "active gt true",
        "active eq 1",
        "active eq \"maybe\"",
        "emails[type eq \"home\"].value eq \"a\"",
        "emails[type eq \"work\"",
        "password eq \"x\"",
        "meta.lastModified gt \"yesterday\"",
        "name.givenName eq \"a\"",
        "userName eq null",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq \"x\"",
        "not (nickName eq \"a\")",
        "userName eq \"a\" or nickName eq \"b\"",
    ] {
        assert!(read(text, connection()).is_err(), "{text}");
    }
    assert!(
        read(
            &format!("userName eq \"{}\"", "a".repeat(5_000)),
            connection()
        )
        .is_err()
    );
    assert!(
        read(
            &format!("{}active eq true{}", "(".repeat(1_000), ")".repeat(1_000)),
            connection()
        )
        .is_err()
    );
}
