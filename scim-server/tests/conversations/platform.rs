//! The platform behind Usher asks and tells over HTTP.

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{Actor, Door, Timestamp};

use crate::org::{OWNER, Org, Reply};

/// An organization whose platform has a token of these scopes.
struct Behind {
    org: Org,
    token: String,
}

impl Behind {
    fn with(scopes: &str) -> Self {
        let org = Org::with_free_seats(20);
        let token = token(&org, "academy", scopes);
        Self { org, token }
    }

    fn post(&self, place: &str, body: Value) -> Reply {
        self.post_as(&self.token, place, body)
    }

    fn post_as(&self, token: &str, place: &str, body: Value) -> Reply {
        let path = format!("/api/v1/{place}");
        self.org.send_as(token, "POST", &path, Some(body))
    }

    fn allowed(&self, who: &str) -> Value {
        self.post("access", json!({"user": who})).body["allowed"].clone()
    }

    fn last_seen(&self, who: &str) -> Option<Timestamp> {
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        read.find_user(who).expect("the person").last_seen_at
    }
}

fn token(org: &Org, name: &str, scopes: &str) -> String {
    let applied = org.admin(Command::AddPlatform {
        name: name.to_owned(),
        scopes: scopes.parse().expect("scopes"),
    });
    applied.token.expect("a new token")
}

/// Checks a refusal: what, what to do, and that nobody on the way keeps it.
#[track_caller]
fn refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
    for key in ["error", "remedy"] {
        assert!(
            reply.body[key].as_str().is_some_and(|it| !it.is_empty()),
            "{reply:?}"
        );
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn a_token_of_one_kind_never_opens_the_other_kinds_door() {
    let behind = Behind::with("access");
    let scim = behind.org.token.clone();
    assert!(behind.token.starts_with("usher_api_"));
    let who = json!({"user": OWNER});
    assert_eq!(behind.post("access", who.clone()).status, 200);
    refused(&behind.post_as(&scim, "access", who.clone()), 401);
    let swapped = behind.token.replace("usher_api_", "usher_scim_");
    for token in [&behind.token, &swapped] {
        behind
            .org
            .send_as(token, "GET", "/scim/v2/Users", None)
            .is_error(401, None);
    }
    let swapped = scim.replace("usher_scim_", "usher_api_");
    refused(&behind.post_as(&swapped, "access", who), 401);
    refused(&behind.org.raw("POST", "/api/v1/access", "", b"{}"), 401);
}

#[test]
fn a_token_without_the_scope_is_refused() {
    let behind = Behind::with("seen");
    refused(&behind.post("access", json!({"user": OWNER})), 403);
    assert_eq!(behind.post("seen", json!({"user": OWNER})).status, 200);
    let other = token(&behind.org, "door", "access");
    refused(&behind.post_as(&other, "seen", json!({"user": OWNER})), 403);
}

#[test]
fn tokens_of_the_platform_overlap_when_rotated_and_end_when_revoked() {
    let behind = Behind::with("access");
    let asks = |token: &str| {
        behind
            .post_as(token, "access", json!({"user": OWNER}))
            .status
    };
    let rotate = |overlap_ms| {
        let name = "academy".to_owned();
        let command = Command::RotatePlatformToken { name, overlap_ms };
        behind.org.admin(command).token.expect("a new token")
    };
    let second = rotate(3_600_000);
    assert_eq!((asks(&behind.token), asks(&second)), (200, 200));
    let third = rotate(0);
    assert_eq!(
        (asks(&behind.token), asks(&second), asks(&third)),
        (401, 401, 200)
    );
    behind.org.admin(Command::RevokePlatform {
        name: "academy".to_owned(),
    });
    assert_eq!(asks(&third), 401);
}

#[test]
fn a_leaver_is_kept_out_the_moment_the_batch_commits() {
    let behind = Behind::with("access");
    let ana = behind.org.create("ana@acme.example");
    for who in ["ana@acme.example", "ANA@ACME.example", &ana] {
        assert_eq!(behind.allowed(who), json!(true), "{who}");
    }
    behind.org.deactivate(&ana);
    for who in ["ana@acme.example", &ana] {
        assert_eq!(behind.allowed(who), json!(false), "{who}");
    }
}

#[test]
fn the_unknown_and_the_inactive_get_the_same_answer() {
    let behind = Behind::with("access");
    let ana = behind.org.create("ana@acme.example");
    behind.org.deactivate(&ana);
    let answers: Vec<String> = ["ana@acme.example", "nobody@acme.example", &ana, "x"]
        .iter()
        .map(|who| {
            let reply = behind.post("access", json!({"user": who}));
            let headers: Vec<_> = reply.headers.iter().filter(|it| it.0 != "date").collect();
            format!("{} {headers:?} {}", reply.status, reply.body)
        })
        .collect();
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
}

#[test]
fn a_list_is_answered_in_the_order_asked() {
    let behind = Behind::with("access");
    let ana = behind.org.create("ana@acme.example");
    let reply = behind.post(
        "access",
        json!({"users": ["nobody@acme.example", ana, OWNER, ana]}),
    );
    let expected = json!({"users": [
        {"user": "nobody@acme.example", "allowed": false},
        {"user": ana, "allowed": true},
        {"user": OWNER, "allowed": true},
        {"user": ana, "allowed": true},
    ]});
    assert_eq!((reply.status, &reply.body), (200, &expected));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let many: Vec<String> = (0..5_000).map(|i| format!("p{i}@acme.example")).collect();
    let reply = behind.post("access", json!({"users": many}));
    assert_eq!(reply.body["users"].as_array().map(Vec::len), Some(5_000));
    let more: Vec<String> = (0..5_001).map(|i| format!("p{i}@acme.example")).collect();
    refused(&behind.post("access", json!({"users": more})), 400);
    assert_eq!(
        behind.post("access", json!({"users": []})).body,
        json!({"users": []})
    );
}

#[test]
fn a_body_that_cannot_be_used_is_told_where_and_what_to_do() {
    let behind = Behind::with("access,seen");
    let cases = [
        ("access", json!([]), ""),
        ("access", json!({}), "user"),
        ("access", json!({"user": ""}), "user"),
        ("access", json!({"user": 7}), "user"),
        ("access", json!({"users": "ana"}), "users"),
        ("access", json!({"users": ["a", null]}), "users[1]"),
        ("access", json!({"users": [], "user": "a"}), "users"),
        ("access", json!({"user": "a", "emial": "b"}), "emial"),
        ("seen", json!({"user": "a", "at": "yesterday"}), "at"),
        (
            "seen",
            json!({"users": ["a", {"user": "b", "at": 5}]}),
            "users[1].at",
        ),
    ];
    for (place, body, at) in cases {
        let reply = behind.post(place, body.clone());
        refused(&reply, 400);
        assert_eq!(reply.body["at"], json!(at), "{body}");
    }
    let bearer = format!("Authorization: Bearer {}\r\n", behind.token);
    refused(
        &behind.org.raw("POST", "/api/v1/access", &bearer, b"{"),
        400,
    );
    refused(&behind.org.raw("GET", "/api/v1/access", &bearer, b""), 405);
    refused(&behind.post("nothing", json!({})), 404);
    let large = format!("{{\"user\": \"{}\"}}", "x".repeat(1_100_000));
    refused(
        &behind
            .org
            .raw("POST", "/api/v1/access", &bearer, large.as_bytes()),
        413,
    );
}

#[test]
fn being_seen_is_noted_makes_no_event_and_never_goes_back() {
    let behind = Behind::with("seen");
    let before = behind.org.events();
    assert_eq!(behind.last_seen(OWNER), None);
    let seen = |at: &str| {
        let reply = behind.post(
            "seen",
            json!({"users": [{"user": OWNER, "at": at}, "nobody@acme.example"]}),
        );
        assert_eq!((reply.status, reply.body), (200, json!({"received": 2})));
        behind.last_seen(OWNER).map(|it| it.to_string())
    };
    let later = seen("2026-03-02T10:00:00Z");
    assert!(
        later
            .as_deref()
            .is_some_and(|it| it.starts_with("2026-03-02T10:00:00"))
    );
    assert_eq!(seen("2026-03-01T10:00:00Z"), later);
    // Nobody is seen in the future: it counts as now.
    assert!(seen("2999-01-01T00:00:00Z") > later);
    assert!(behind.last_seen(OWNER) <= Some(behind.org.directory.now()));
    assert_eq!(behind.org.events(), before);
}
