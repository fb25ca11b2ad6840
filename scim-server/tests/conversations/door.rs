//! The door itself: tokens, addresses, methods, limits, bodies that mean harm, and an orderly end.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use usher_core::command::Command;

use crate::org::{Org, encoded};

const HOUR: i64 = 3_600_000;

#[test]
fn nothing_answers_without_a_living_token() {
    let org = Org::with_free_seats(5);
    let bearer = |it: &str| format!("Authorization: Bearer {it}\r\n");
    let other = bearer(&org.token.replace("scim", "scum"));
    let mut typo = org.token.clone();
    typo.truncate(typo.len() - 1);
    let twice = bearer(&org.token).repeat(2);
    let headers = [
        "",
        "Authorization: Bearer \r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Basic b3duZXI6\r\n",
        &other,
        &bearer(&typo),
        &twice,
    ];
    for path in [
        "/scim/v2/Users",
        "/scim/v2/Nothing",
        "/scim/v2/ServiceProviderConfig",
        "/scim/v2/%55sers",
        "/scim",
        "/scim%2Fv2/Users",
        "//scim/v2/Users",
        "/",
    ] {
        for header in headers {
            let reply = org.raw("GET", path, header, b"");
            reply.is_error(401, None);
            assert_eq!(
                reply.header("www-authenticate"),
                Some("Bearer realm=\"usher\""),
                "{path}"
            );
        }
    }
    org.raw("POST", "/scim/v2/Users", "", b"{\"userName\": \"a\"}")
        .is_error(401, None);
    let lower = format!("authorization: bearer {}\r\n", org.token);
    assert_eq!(org.raw("GET", "/scim/v2/Users", &lower, b"").status, 200);
    assert_eq!(org.raw("GET", "/healthz", "", b"").status, 200);
}

#[test]
fn tokens_overlap_when_rotated_and_end_when_revoked() {
    let org = Org::with_free_seats(5);
    let users = |token: &str| org.send_as(token, "GET", "/scim/v2/Users", None).status;
    let rotate = |overlap_ms| {
        org.admin(Command::RotateToken {
            name: "okta".into(),
            overlap_ms,
        })
        .token
        .unwrap_or_default()
    };
    let second = rotate(HOUR);
    assert_eq!((users(&org.token), users(&second)), (200, 200));
    let third = rotate(0);
    assert_eq!(
        (users(&org.token), users(&second), users(&third)),
        (401, 401, 200)
    );
    org.admin(Command::RevokeConnection {
        name: "okta".into(),
    });
    assert_eq!(users(&third), 401);
    org.send_as(
        &third,
        "POST",
        "/scim/v2/Users",
        Some(json!({"userName": "a"})),
    )
    .is_error(401, None);
}

#[test]
fn addresses_and_methods_are_told_apart() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    for path in [
        "/scim/v2/Users/",
        "/scim/v2/%55sers",
        "//scim/v2//Users",
        "/scim/v2/Users?",
    ] {
        assert_eq!(org.get(path).status, 200, "{path}");
    }
    assert_eq!(org.get(&format!("/scim/v2/Users/{id}/")).status, 200);
    assert_eq!(
        org.send(
            "PATCH",
            &format!("/scim/v2/Users/{id}?aadOptscim062020"),
            Some(json!({"Operations": []}))
        )
        .status,
        200
    );
    let almost = format!("/scim/v2/Users/{id}/x");
    for path in [
        "/scim/v2",
        "/scim/v2/Userz",
        "/scim/v2/users",
        "/scim/v1/Users",
        "/scim/v2/Users/1",
        "/scim/v2/Users/%ff",
        "/scim/v2/Users/..",
        &almost,
    ] {
        org.get(path).is_error(404, None);
    }
    for text in [
        id.replace('-', ""),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        encoded(&format!("{id} ")),
    ] {
        org.user(&text).is_error(404, None);
    }
    for (method, path, allow) in [
        ("PUT", "/scim/v2/Users", "GET, HEAD, POST"),
        ("DELETE", "/scim/v2/Users", "GET, HEAD, POST"),
        (
            "POST",
            &format!("/scim/v2/Users/{id}"),
            "GET, HEAD, PUT, PATCH, DELETE",
        ),
        (
            "BREW",
            &format!("/scim/v2/Users/{id}"),
            "GET, HEAD, PUT, PATCH, DELETE",
        ),
        ("POST", "/scim/v2/ServiceProviderConfig", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ] {
        let reply = org.send(method, path, None);
        reply.is_error(405, None);
        assert_eq!(reply.header("allow"), Some(allow));
    }
    org.get("/scim/v2/Me").is_error(501, None);
    let reply = org.send("HEAD", &format!("/scim/v2/Users/{id}"), None);
    assert_eq!(
        (reply.status, reply.header("etag"), &reply.body),
        (200, Some("W/\"1\""), &Value::Null)
    );
}

#[test]
fn the_server_says_what_it_can() {
    let org = Org::with_free_seats(5);
    let config = org.get("/scim/v2/ServiceProviderConfig").body;
    assert_eq!(
        (&config["patch"]["supported"], &config["bulk"]["supported"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (
            &config["filter"]["maxResults"],
            &config["etag"]["supported"]
        ),
        (&json!(200), &json!(true))
    );
    assert_eq!(config["changePassword"]["supported"], json!(false));
    let types = org.get("/scim/v2/ResourceTypes").body;
    assert_eq!(
        types["Resources"][0],
        org.get("/scim/v2/ResourceTypes/User").body
    );
    assert_eq!(
        types["Resources"][1],
        org.get("/scim/v2/ResourceTypes/Group").body
    );
    org.get("/scim/v2/ResourceTypes/Shoe").is_error(404, None);
}

#[test]
fn versions_guard_what_was_read() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    let path = format!("/scim/v2/Users/{id}");
    let send = |method: &str, header: &str, body: &Value| {
        let head = format!("Authorization: Bearer {}\r\n{header}\r\n", org.token);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        org.raw(method, &path, &head, body.as_bytes())
    };
    let none = Value::Null;
    assert_eq!(send("GET", "If-None-Match: W/\"1\"", &none).status, 304);
    assert_eq!(
        send("GET", "If-None-Match: \"0\", W/\"2\"", &none).status,
        200
    );
    let title = json!({"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]});
    assert_eq!(
        send("PATCH", "If-Match: W/\"1\"", &title).header("etag"),
        Some("W/\"2\"")
    );
    send("PATCH", "If-Match: W/\"1\"", &title).is_error(412, None);
    send("PUT", "If-Match: W/\"1\"", &json!({"userName": "x"})).is_error(412, None);
    send("DELETE", "If-Match: W/\"1\"", &none).is_error(412, None);
    assert_eq!(send("DELETE", "If-Match: *", &none).status, 204);
}

#[test]
fn bodies_that_mean_harm_change_nothing() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    let (before, events) = (org.user(&id).body, org.events());
    let head = format!("Authorization: Bearer {}\r\n", org.token);
    let deep = "[".repeat(100_000);
    let deep_value = format!("{{\"userName\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    let surrogate = r#"{"userName": "\ud800"}"#;
    for body in [
        "",
        "{",
        "nul",
        "{\"userName\": \"a\",}",
        "\u{feff}{}",
        "{'userName': 'a'}",
        deep.as_str(),
        surrogate,
        "{}{}",
        "userName=a",
        "<xml/>",
    ] {
        org.raw("POST", "/scim/v2/Users", &head, body.as_bytes())
            .is_error(400, Some("invalidSyntax"));
        org.raw(
            "PATCH",
            &format!("/scim/v2/Users/{id}"),
            &head,
            body.as_bytes(),
        )
        .is_error(400, Some("invalidSyntax"));
    }
    org.raw("POST", "/scim/v2/Users", &head, b"{\"userName\": \"\xff\"}")
        .is_error(400, Some("invalidSyntax"));
    for body in [
        "{}",
        "{\"userName\": \"\"}",
        "{\"userName\": true}",
        "{\"userName\": \"a\\u0000\"}",
        "{\"userName\": \"a\\u202eb\"}",
        deep_value.as_str(),
    ] {
        org.raw("POST", "/scim/v2/Users", &head, body.as_bytes())
            .is_error(400, Some("invalidValue"));
    }
    for body in ["[]", "7", "\"x\"", "null"] {
        org.raw("POST", "/scim/v2/Users", &head, body.as_bytes())
            .is_error(400, Some("invalidSyntax"));
        org.raw(
            "PUT",
            &format!("/scim/v2/Users/{id}"),
            &head,
            body.as_bytes(),
        )
        .is_error(400, Some("invalidSyntax"));
        org.raw(
            "PATCH",
            &format!("/scim/v2/Users/{id}"),
            &head,
            body.as_bytes(),
        )
        .is_error(400, Some("invalidSyntax"));
    }
    // What a client must not set is not set.
    let reply = org.put(&id, json!({
        "userName": "ana@acme.example", "active": true, "id": "7", "meta": {"version": "W/\"99\""}, "schemas": "x",
        "urn:ietf:params:scim:schemas:extension:usher:2.0:User": {"status": "inactive", "labels": ["owner"]},
        "permissions": ["owner"], "protected": true,
    }));
    assert_eq!((reply.status, &reply.body), (200, &before), "{reply:?}");
    assert_eq!(org.events(), events);
}

#[test]
fn what_is_too_large_is_refused_early() {
    let org = Org::with_free_seats(5);
    let head = format!("Authorization: Bearer {}\r\n", org.token);
    let body = format!(
        "{{\"userName\": \"a\", \"x\": \"{}\"}}",
        "x".repeat(1024 * 1024)
    );
    org.raw("POST", "/scim/v2/Users", &head, body.as_bytes())
        .is_error(413, None);
    // Without a length said beforehand.
    let mut chunked = format!("POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    chunked.extend(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes());
    org.bytes(&chunked).is_error(413, None);
    // Just within.
    let body = format!(
        "{{\"userName\": \"a\", \"x\": \"{}\"}}",
        "x".repeat(1024 * 1024 - 40)
    );
    assert_eq!(
        org.raw("POST", "/scim/v2/Users", &head, body.as_bytes())
            .status,
        201
    );
    let many = vec![json!({"op": "remove", "path": "title"}); 1_001];
    let id = org.create("ana@acme.example");
    org.patch(&id, json!(many))
        .is_error(400, Some("invalidValue"));
    let long = format!("{head}X-Long: {}\r\n", "x".repeat(1024 * 1024));
    assert_eq!(org.raw("GET", "/scim/v2/Users", &long, b"").status, 431);
    assert_eq!(
        org.raw(
            "GET",
            &format!("/scim/v2/Users/{}", "x".repeat(100_000)),
            &head,
            b""
        )
        .status,
        414
    );
}

#[test]
fn a_connection_is_used_again_and_ends_in_order() {
    let mut org = Org::with_free_seats(5);
    let mut stream = TcpStream::connect(org.address()).expect("the server listens");
    let request = format!(
        "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        org.token
    );
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).expect("it is sent");
        let length = stream.read(&mut buffer).expect("it is answered");
        assert!(String::from_utf8_lossy(&buffer[..length]).starts_with("HTTP/1.1 200 OK"));
    }
    org.stop();
    // The idle connection was closed in order, not reset, and nobody listens any more.
    assert_eq!(stream.read(&mut buffer).ok(), Some(0));
    assert!(TcpStream::connect(org.address()).is_err());
}
