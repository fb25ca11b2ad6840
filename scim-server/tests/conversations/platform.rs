//! The platform behind Usher asks and tells over HTTP.

use serde_json::{Value, json};
use usher_core::command::{Command, PoolEdit, SetPassword};
use usher_core::model::{Actor, Door, PoolName, Setting, Timestamp, TrainingKind};
use usher_core::password::Password;

use crate::org::{OWNER, Org, Reply, user_id};

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

const GOOD: &str = "grape tunnel orbit fudge";

impl Behind {
    fn set_password(&self, id: &str, password: &str) {
        let chosen = Password::choose(password, &[]).expect("a good password");
        let hash = self.org.directory.hash_password(&chosen).expect("a hash");
        self.org.admin(Command::SetPassword(SetPassword {
            user: user_id(id),
            password: Some(hash),
        }));
    }

    fn sign_in(&self, who: &str, password: &str) -> Reply {
        self.post("sign-in", json!({"user": who, "password": password}))
    }
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
        .map(|who| whole(&behind.post("access", json!({"user": who}))))
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

/// Everything of an answer that somebody could tell two apart by; the time and the request's name say nothing of whom it
/// is about.
fn whole(reply: &Reply) -> String {
    let headers = reply.headers.iter();
    let headers: Vec<_> = headers
        .filter(|it| !["date", "x-request-id"].contains(&it.0.as_str()))
        .collect();
    format!("{} {headers:?} {}", reply.status, reply.body)
}

#[test]
fn who_signs_in_is_told_from_who_may_not_and_the_others_look_alike() {
    let behind = Behind::with("sign-in");
    let ana = behind.org.create("ana@acme.example");
    let bo = behind.org.create("bo@acme.example");
    for id in [&ana, &bo] {
        behind.set_password(id, GOOD);
    }
    let reply = behind.sign_in("ana@acme.example", GOOD);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["allowed"], json!(true));
    assert_eq!(reply.body["user"]["id"], json!(ana));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    behind.org.deactivate(&bo);
    let price = |who: &str, password: &str| {
        let before = behind.org.directory.passwords_hashed();
        let reply = behind.sign_in(who, password);
        (
            whole(&reply),
            behind.org.directory.passwords_hashed() - before,
        )
    };
    let wrong = price("ana@acme.example", "another tunnel orbit");
    assert_eq!(wrong.1, 1);
    for (who, password) in [
        ("nobody@acme.example", GOOD),
        ("bo@acme.example", GOOD),
        (OWNER, GOOD),
        ("ana@acme.example", ""),
    ] {
        assert_eq!(price(who, password), wrong, "{who}");
    }
}

#[test]
fn attempts_over_the_allowance_answer_429_with_a_time_for_known_and_unknown_alike() {
    let behind = Behind::with("sign-in");
    let ana = behind.org.create("ana@acme.example");
    behind.set_password(&ana, GOOD);
    let late: Vec<String> = ["ana@acme.example", "nobody@acme.example"]
        .iter()
        .map(|who| {
            for _ in 0..10 {
                assert_eq!(behind.sign_in(who, "wrong").status, 200);
            }
            let before = behind.org.directory.passwords_hashed();
            let reply = behind.sign_in(who, GOOD);
            refused(&reply, 429);
            let seconds = reply.header("retry-after").and_then(|it| it.parse().ok());
            assert!(
                seconds.is_some_and(|it: u32| (1..=90).contains(&it)),
                "{reply:?}"
            );
            assert_eq!(behind.org.directory.passwords_hashed(), before);
            reply.body["error"].to_string()
        })
        .collect();
    assert_eq!(late[0], late[1]);
    // Others sign in meanwhile, also from the same platform.
    let bo = behind.org.create("bo@acme.example");
    behind.set_password(&bo, GOOD);
    assert_eq!(
        behind.sign_in("bo@acme.example", GOOD).body["allowed"],
        json!(true)
    );
}

#[test]
fn attempts_are_limited_by_the_source_that_the_platform_tells() {
    let behind = Behind::with("sign-in");
    let from = |i: usize, source: &str| {
        let who = format!("p{}@acme.example", i);
        let body = json!({"user": who, "password": "x", "source": source});
        behind.post("sign-in", body).status
    };
    for i in 0..50 {
        assert_eq!(from(i, "198.51.100.7"), 200, "{i}");
    }
    assert_eq!(from(50, "198.51.100.7"), 429);
    assert_eq!(from(50, "::ffff:198.51.100.7"), 429);
    assert_eq!(from(50, "198.51.100.8"), 200);
    refused(
        &behind.post(
            "sign-in",
            json!({"user": "a", "password": "b", "source": "home"}),
        ),
        400,
    );
}

#[test]
fn under_single_sign_on_nobody_signs_in_by_password() {
    let behind = Behind::with("sign-in");
    behind.org.admin(Command::SetSetting {
        setting: Setting::SingleSignOn,
        value: Some("on".to_owned()),
    });
    let before = behind.org.directory.passwords_hashed();
    let answers: Vec<String> = [OWNER, "nobody@acme.example"]
        .iter()
        .map(|it| whole(&behind.sign_in(it, GOOD)))
        .collect();
    assert_eq!(answers[0], answers[1]);
    refused(&behind.sign_in(OWNER, GOOD), 409);
    assert_eq!(behind.org.directory.passwords_hashed(), before);
}

#[test]
fn many_who_sign_in_at_once_are_all_answered() {
    let behind = Behind::with("sign-in,access");
    let ana = behind.org.create("ana@acme.example");
    behind.set_password(&ana, GOOD);
    std::thread::scope(|scope| {
        let many: Vec<_> = (0..8)
            .map(|i| {
                let behind = &behind;
                scope.spawn(move || {
                    let who = if i % 2 == 0 {
                        "ana@acme.example"
                    } else {
                        "no@acme.example"
                    };
                    behind.sign_in(who, GOOD).body["allowed"].clone()
                })
            })
            .collect();
        // Others are answered while the hashes are made.
        assert_eq!(behind.allowed("ana@acme.example"), json!(true));
        for (i, one) in many.into_iter().enumerate() {
            assert_eq!(one.join().expect("an answer"), json!(i % 2 == 0));
        }
    });
}

#[test]
fn progress_is_told_as_a_command_and_starting_uses_the_license() {
    let behind = Behind::with("progress");
    let ana = behind.org.create("ana@acme.example");
    let pool: PoolName = "pro".parse().expect("a pool's name");
    behind.org.admin(Command::AddPool {
        name: pool.clone(),
        set: PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    });
    behind.org.admin(Command::AddTraining {
        name: "Fire safety".to_owned(),
        kind: TrainingKind::PreWork,
        pool: Some(pool.clone()),
        held_on: None,
    });
    behind.org.admin(Command::Assign {
        who: user_id(&ana).into(),
        training: "Fire safety".to_owned(),
    });
    let consumed = || {
        let session = behind.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let pool = session.read().and_then(|it| it.pool(&pool));
        pool.expect("the pool").consumed
    };
    let tell = |step: &str| {
        let body = json!({"user": ana, "training": "fire safety", "step": step});
        let reply = behind.post("progress", body);
        assert_eq!((reply.status, reply.body), (200, json!({"received": 1})));
    };
    assert_eq!(consumed(), 0);
    tell("started");
    assert_eq!(consumed(), 1);
    let events = behind.org.events();
    tell("started");
    assert_eq!(behind.org.events(), events);
    tell("completed");
    let session = behind.org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("a reader");
    let batch = read.batches(None, 1).expect("batches").remove(0);
    assert_eq!(batch.command, "progress");
    let actor = read.actor_name(batch.actor).expect("a name");
    assert_eq!(actor, "platform:academy");
    // Of whom has no license it waits.
    let bo = behind.org.create("bo@acme.example");
    let body = json!({"user": bo, "training": "Fire safety", "step": "started"});
    assert_eq!(
        whole(&behind.post("progress", body.clone())),
        whole(&behind.post("progress", body))
    );
    drop(read);
    let read = session.read().expect("a reader");
    let waiting = read.waiting_progress(None, 10).expect("what waits");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].user, user_id(&bo));
    assert!(waiting[0].told.started_at.is_some());
    // Nobody, and somebody who may not come in, are passed over alike.
    drop(read);
    behind.org.deactivate(&ana);
    let events = behind.org.events();
    let answers: Vec<String> = ["ana@acme.example", "nobody@acme.example"]
        .iter()
        .map(|who| {
            let one = json!({"user": who, "training": "Fire safety", "step": "started"});
            whole(&behind.post("progress", json!({"reports": [one]})))
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
    assert_eq!(behind.org.events(), events);
    for (body, at) in [
        (json!({"user": ana, "step": "started"}), "training"),
        (
            json!({"user": ana, "training": "Fire safety", "step": "begun"}),
            "step",
        ),
        (
            json!({"user": ana, "training": "Nothing", "step": "started"}),
            "training",
        ),
        (json!({"reports": [{"user": ana}]}), "reports[0].training"),
        (json!({"reports": [], "user": ana}), "reports"),
    ] {
        let reply = behind.post("progress", body.clone());
        refused(&reply, 400);
        assert_eq!(reply.body["at"], json!(at), "{body}");
    }
}

#[test]
fn what_came_back_is_told_without_an_answer_about_people() {
    let behind = Behind::with("bounce");
    let known = behind.post("bounce", json!({"address": OWNER, "why": "mailbox full"}));
    let nobody = behind.post("bounce", json!({"address": "nobody@nowhere.example"}));
    assert_eq!(known.status, 200);
    assert_eq!((known.status, &known.body), (nobody.status, &nobody.body));
    refused(&behind.post("bounce", json!({})), 400);
    refused(&behind.post("seen", json!({"user": OWNER})), 403);
}
