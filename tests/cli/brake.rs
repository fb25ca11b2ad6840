//! `usher brake` and `usher idp brake`, with a provider that takes too many off over a real server.

use serde_json::json;

use crate::peopled;
use crate::program::{Client, Org};

/// A connection with a brake that lets one go, three people of its, and two of them held.
fn held() -> Org {
    let org = peopled();
    let token = org.json("idp add okta --yes")["token"]
        .as_str()
        .unwrap()
        .to_owned();
    org.type_in("idp brake okta --share 0 --floor 1 --window 1h --yes")
        .ok();
    let server = org.serve();
    let mut client = Client::connect(server.address, &token).unwrap();
    for name in ["pia", "quin", "ron"] {
        let answer = client.create(&format!("{name}@acme.example")).unwrap();
        let path = format!("/scim/v2/Users/{}", answer.body["id"].as_str().unwrap());
        let status = client.call("DELETE", &path, None).unwrap().status;
        assert_eq!(status, if name == "pia" { 204 } else { 429 });
    }
    org
}

#[test]
fn whom_the_brake_holds_is_seen_everywhere_and_released_or_rejected() {
    let org = held();
    for line in ["seats", "idp list"] {
        let said = org.type_in(line).ok();
        assert!(said.contains("The brake of okta holds 2 people"), "{said}");
        // What programs read stays one array.
        assert!(org.json(line).is_array());
    }
    let connection = &org.json("idp list")[0];
    assert_eq!(
        connection["brake"],
        json!({"share": 0, "floor": 1, "window_ms": 3_600_000})
    );
    assert_eq!(connection["held"], 2);
    let list = org.json("brake list");
    assert_eq!(list[0]["user"], "quin@acme.example");
    assert_eq!(
        (&list[0]["asked"], &list[0]["state"]),
        (&json!("delete"), &json!("held"))
    );
    assert_eq!(org.json("brake list okta"), list);

    let plan = org.json("brake release okta --plan");
    assert_eq!(
        plan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["what"] == "status")
            .count(),
        2
    );
    let refused = org.type_in("brake release");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    org.type_in("brake reject ron@acme.example --yes").ok();
    let digest = org.json("brake release --plan")["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    org.type_in(&format!("brake release --confirm {digest}"))
        .ok();
    assert_eq!(org.json("show ron@acme.example")["status"], "active");
    assert_eq!(org.json("users 'quin@acme.example'"), json!([]));
    let list = org.json("brake list");
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["state"]),
        (1, &json!("rejected"))
    );
    assert!(!org.type_in("seats").ok().contains("brake"));
    org.type_in("brake release ron@acme.example --yes").ok();
    assert_eq!(org.type_in("brake list").ok().trim(), "nobody is held");
}

#[test]
fn a_brake_is_planned_checked_and_taken_away() {
    let org = peopled();
    org.type_in("idp add okta --yes").ok();
    let plan = org.json("idp brake okta --plan");
    assert_eq!(plan["changes"][0]["what"], "brake of okta");
    org.type_in("idp brake okta --yes").ok();
    assert_eq!(
        org.json("idp show okta")["brake"],
        json!({"share": 10, "floor": 25, "window_ms": 600_000})
    );
    org.type_in("idp brake okta off --yes").ok();
    assert_eq!(org.json("idp show okta")["brake"], json!(null));
    for (line, code) in [
        ("idp brake okta --share 101 --yes", 2),
        ("idp brake okta --floor -1 --yes", 2),
        ("idp brake okta --window 8d --yes", 2),
        ("idp brake okta --window 10s --yes", 2),
        ("idp brake okta off --share 5 --yes", 2),
        ("idp brake nobody --yes", 1),
        ("brake release nobody --yes", 1),
        ("brake release --yes", 1),
        ("brake list nobody", 1),
    ] {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(code), "{line}: {said:?}");
    }
}
