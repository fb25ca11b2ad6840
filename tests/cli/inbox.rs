//! `usher idp log`, `replay` and `show`, with a provider over a real server, one that is killed too.

use std::collections::BTreeSet;

use serde_json::json;

use crate::peopled;
use crate::program::{Client, Org};

/// A pool that refuses, one person who got the last seat, and one who was refused.
fn refused() -> Org {
    let org = Org::with_seats(2);
    org.type_in("pool set access --at-capacity refuse --yes")
        .ok();
    let token = org.token("okta");
    let server = org.serve();
    let mut client = Client::connect(server.address, &token).unwrap();
    assert_eq!(client.create("pia@acme.example").unwrap().status, 201);
    let body = json!({"userName": "quin@acme.example", "active": true, "password": "hunter2!"});
    let answer = client.call("POST", "/scim/v2/Users", Some(&body)).unwrap();
    assert_eq!(answer.status, 403);
    org
}

#[test]
fn the_log_tells_what_was_asked_and_a_replay_carries_it_out() {
    let org = refused();
    let log = org.json("idp log");
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!(
        (&log[1]["status"], &log[1]["user"]),
        (&json!(201), &json!("pia@acme.example"))
    );
    assert!(log[1]["batch"].is_string());
    let failed = org.json("idp log okta --failed --since 1h");
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(
        (&failed[0]["method"], &failed[0]["path"]),
        (&json!("POST"), &json!("/Users"))
    );
    assert!(
        failed[0]["error"]
            .as_str()
            .unwrap()
            .contains("no free seat")
    );
    assert_eq!(failed[0]["body"]["userName"], "quin@acme.example");
    assert_eq!(failed[0]["body"]["password"], "(removed)");
    assert_eq!(org.json("idp log --person pia@acme.example")[0], log[1]);
    assert_eq!(org.json("idp log --since 2099-01-01"), json!([]));
    assert_eq!(org.json("idp log --limit 1")[0], log[0]);
    let said = org.type_in("idp log").ok();
    assert!(
        said.contains("no free seat") && said.contains("POST /Users"),
        "{said}"
    );

    let show = org.json("idp show okta");
    assert_eq!(
        (&show["asked_24h"], &show["failed_24h"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&show["error_rate_24h"], &show["people"]),
        (&json!(0.5), &json!(1))
    );
    assert!(show["last_seen_at"].is_string() && show["last_asked_at"].is_string());

    let id = failed[0]["id"].to_string();
    let refused = org.type_in(&format!("idp replay {id} --yes"));
    assert_eq!(refused.code, Some(1), "there is no seat yet: {refused:?}");
    org.type_in("pool set access --purchased 3 --yes").ok();
    let plan = org.json(&format!("idp replay {id} --plan"));
    assert_eq!(plan["changes"][0]["what"], "user");
    assert_eq!(org.json("users quin@acme.example"), json!([]));
    let digest = plan["digest"].as_str().unwrap();
    org.type_in(&format!("idp replay {id} --confirm {digest}"))
        .ok();
    assert_eq!(org.status("quin@acme.example"), "active");
    let batch = &org.json("batches --limit 1")[0];
    assert_eq!(
        (&batch["command"], &batch["on_behalf"]),
        (&json!("provision"), &json!("connection:okta"))
    );
    assert_eq!(org.json("idp log --failed")[0]["replayed"], batch["id"]);
    let again = org.type_in(&format!("idp replay {id} --yes"));
    assert!(
        again.code == Some(1) && again.err.contains("replayed already"),
        "{again:?}"
    );
    let done = org.type_in(&format!("idp replay {} --yes", log[1]["id"]));
    assert!(
        done.code == Some(1) && done.err.contains("was done"),
        "{done:?}"
    );
    assert_eq!(org.type_in("idp replay 99 --yes").code, Some(1));
    assert_eq!(org.type_in("idp replay all --yes").code, Some(2));
    assert_eq!(org.type_in("idp log --since yesterday").code, Some(2));
}

#[test]
fn a_server_that_is_killed_has_kept_whatever_it_answered() {
    let org = peopled();
    let token = org.token("okta");
    let mut server = org.serve();
    let mut client = Client::connect(server.address, &token).unwrap();
    let mut answered = BTreeSet::new();
    for i in 0..20 {
        // Every other one is refused: the name is taken.
        let name = format!("k{}@acme.example", i / 2);
        let status = client.create(&name).unwrap().status;
        answered.insert((name, status));
    }
    server.kill();
    let log = org.json("idp log");
    let kept: BTreeSet<(String, u16)> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let name = it["body"]["userName"].as_str().unwrap().to_owned();
            (name, u16::try_from(it["status"].as_u64().unwrap()).unwrap())
        })
        .collect();
    assert!(kept.is_superset(&answered), "{kept:?} {answered:?}");
}

#[test]
fn a_replay_queues_whom_there_is_no_seat_for_when_that_is_chosen() {
    let org = refused();
    let id = org.json("idp log --failed")[0]["id"].to_string();
    let fewer = org.type_in(&format!("idp replay {id} --fewer --yes"));
    assert!(
        fewer.code == Some(1) && fewer.err.contains("--queue-rest"),
        "{fewer:?}"
    );
    org.type_in(&format!("idp replay {id} --queue-rest --yes"))
        .ok();
    assert_eq!(org.status("quin@acme.example"), "queued");
    org.type_in("pool set access --purchased 3 --yes").ok();
    assert_eq!(org.status("quin@acme.example"), "active");
}

#[test]
fn a_connection_is_shown_in_words() {
    let org = refused();
    org.type_in("idp brake okta --yes").ok();
    org.type_in("idp rotate okta --overlap 7d --yes").ok();
    let said = org.type_in("idp show okta").ok();
    for words in [
        "active at once, not mailed",
        "10% or 25 in 10m; 25 of 25 may leave now",
        "2 requests, 1 refused, failed or held (50 %)",
        "1 seated or coming, nobody queued",
        "does not end, never used",
        "owns email, user name",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.matches("token  ").count(), 1, "{said}");
    org.type_in("idp revoke okta --yes").ok();
    let said = org.type_in("idp show okta").ok();
    assert!(said.contains("revoked 20"), "{said}");
}

#[test]
fn the_public_address_is_said_once_and_printed_everywhere() {
    let org = Org::with_seats(2);
    let base = |it: &str| org.json(it)["base_url"].as_str().unwrap().to_owned();
    assert_eq!(base("idp add a --yes"), "http://127.0.0.1:8080/scim/v2");
    let added = base("idp add okta --public-url https://usher.acme.example/ --yes");
    assert_eq!(added, "https://usher.acme.example/scim/v2");
    assert_eq!(base("idp rotate a --yes"), added);
    assert_eq!(
        base("token add app --scope access --yes"),
        "https://usher.acme.example/api/v1"
    );
    assert_eq!(
        org.json("setting public-url")["value"],
        "https://usher.acme.example"
    );
    let moved = org
        .type_in("idp rotate okta --public-url https://seats.acme.example --yes")
        .ok();
    assert!(
        moved.contains("no longer https://usher.acme.example"),
        "{moved}"
    );
    assert!(
        org.type_in("idp show a")
            .ok()
            .contains("https://seats.acme.example/scim/v2")
    );
}
