//! What decides what a command does is read in its plan, covered by its digest, and found in the history.

use serde_json::Value;

use crate::peopled;
use crate::program::Org;

/// With two connections, two tokens for platforms, a queue of three, and two accounts that people have of their own.
fn with_two_of_everything() -> Org {
    let org = peopled();
    for line in [
        "idp add okta --yes",
        "idp add entra --yes",
        "token add campus --scope access --yes",
        "token add academy --scope access --yes",
        "training add Intro --yes",
        "training add Reading --yes",
        "group add Readers --yes",
        "pool set access --purchased 4 --yes",
        "invite q1@acme.example q2@acme.example q3@acme.example --queue-rest --yes",
    ] {
        org.type_in(line).ok();
    }
    for (file, training, on) in [
        ("intro.csv", "Intro", "2025-03-01"),
        ("reading.csv", "Reading", "2025-03-01"),
        ("later.csv", "Intro", "2025-04-01"),
    ] {
        let text = format!(
            "email,first name,training,state,date\nana@home.example,Ana,{training},completed,{on}\n"
        );
        std::fs::write(org.path(file), text).unwrap();
    }
    let accounts =
        "email,first name,training,state,date\nbo@home.example,Bo,,,\ncy@home.example,Cy,,,\n";
    std::fs::write(org.path("accounts.csv"), accounts).unwrap();
    org.type_in("individuals import accounts.csv --yes").ok();
    org
}

#[test]
fn commands_that_do_different_things_have_plans_that_read_differently_and_other_digests() {
    let org = with_two_of_everything();
    let sets: [&[&str]; 14] = [
        &[
            "idp rotate okta",
            "idp rotate entra",
            "idp rotate okta --overlap 0",
            "idp rotate okta --overlap 1h",
        ],
        &[
            "token rotate campus",
            "token rotate academy",
            "token rotate campus --overlap 0",
            "token rotate campus --overlap 1h",
        ],
        &[
            "idp add x1",
            "idp add x1 --new-people waiting",
            "idp add x1 --mails",
            "idp add x2",
        ],
        &["token add x1 --scope access", "token add x1 --scope seen"],
        &["idp revoke okta", "idp revoke entra"],
        &["token revoke campus", "token revoke academy"],
        &[
            "idp set okta --token-days 90",
            "idp set okta --token-days 91",
            "idp set entra --token-days 90",
        ],
        &[
            "create n@acme.example --manager ana@acme.example --queue-rest",
            "create n@acme.example --manager bo@acme.example --queue-rest",
            "create n@acme.example --queue-rest",
        ],
        &[
            "queue move q3@acme.example --to 1",
            "queue move q3@acme.example --to 2",
        ],
        &[
            "individuals erase bo@home.example",
            "individuals erase cy@home.example",
        ],
        &[
            "individuals import intro.csv",
            "individuals import reading.csv",
            "individuals import later.csv",
        ],
        &[
            "assign ana@acme.example Intro",
            "assign ana@acme.example Reading",
        ],
        &[
            "group set Mentors --budget 2",
            "group set Mentors --budget 3",
            "group set Readers --budget 2",
        ],
        &["group remove Mentors", "group remove Readers"],
    ];
    for set in sets {
        let mut seen: Vec<(String, String)> = Vec::new();
        for line in set {
            let text = org.type_in(&format!("{line} --plan")).ok();
            let plan = org.json(&format!("{line} --plan"));
            let digest = plan["digest"].as_str().unwrap().to_owned();
            let again = org.json(&format!("{line} --plan"));
            assert_eq!(again["digest"], digest.as_str(), "{line}, a moment later");
            for (shown, known) in &seen {
                assert_ne!(shown, &text, "{line}");
                assert_ne!(known, &digest, "{line}: {text}");
            }
            seen.push((text, digest));
        }
    }
}

#[test]
fn the_history_names_whose_token_was_rotated_and_what_was_agreed() {
    let org = with_two_of_everything();
    for line in [
        "idp rotate entra --overlap 0 --yes",
        "token rotate academy --yes",
        "idp add x1 --new-people waiting --mails --yes",
    ] {
        org.type_in(line).ok();
    }
    let history = org.json("history");
    let whats: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["what"].as_str())
        .collect();
    for what in [
        "token of entra",
        "token of entra ends",
        "token of academy",
        "token of academy ends",
        "connection x1",
        "token of x1",
    ] {
        assert!(whats.contains(&what), "{what} in {whats:?}");
    }
    let added = history
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["what"] == "connection x1");
    let after = added.map(|it| &it["after"]).unwrap();
    assert_eq!(after["new_people"], "waiting", "{after}");
    assert_eq!(after["mails"], Value::Bool(true), "{after}");
}

#[test]
fn a_plan_of_one_connection_confirms_no_rotation_of_another() {
    let org = with_two_of_everything();
    let plan = org.json("idp rotate okta --plan");
    let digest = plan["digest"].as_str().unwrap();
    let before = org.head();
    for line in ["idp rotate entra", "idp rotate okta --overlap 0"] {
        let said = org.type_in(&format!("{line} --confirm {digest}"));
        assert_eq!(said.code, Some(1), "{line}: {said:?}");
        assert_eq!(org.head(), before, "{line}");
    }
    org.type_in(&format!("idp rotate okta --confirm {digest}"))
        .ok();
}

#[test]
fn outside_a_pools_dates_nothing_is_free_wherever_it_is_read() {
    let org = peopled();
    let closed = "closed until 2099-01-01";
    let free = org.seats("access", "free");
    assert!(free > 0);
    let plan = org
        .type_in("pool set access --starts-on 2099-01-01 --plan")
        .ok();
    let line = format!("free {free} → 0 ({closed})");
    assert!(plan.contains(&line), "{plan}");
    org.type_in("pool set access --starts-on 2099-01-01 --yes")
        .ok();
    assert_eq!(org.seats("access", "free"), 0);
    assert_eq!(org.json("seats")[0]["outside_dates"], closed);
    assert!(org.type_in("seats").ok().contains(closed));
    let plan = org.json("invite n@acme.example --queue-rest --plan");
    let pool = &plan["effects"]["pools"][0];
    assert_eq!(
        (&pool["free_before"], &pool["free_after"]),
        (&Value::from(0), &Value::from(0)),
        "{pool}"
    );
    assert_eq!(pool["outside_dates"], closed);
    let plan = org.type_in("pool set access --starts-on none --plan").ok();
    let line = format!("free 0 → {free} (open from now on)");
    assert!(plan.contains(&line), "{plan}");
}

#[test]
fn a_plan_says_whether_it_can_be_undone() {
    let org = with_two_of_everything();
    org.type_in("delete cara@acme.example --yes").ok();
    for line in [
        "erase cara@acme.example",
        "individuals erase bo@home.example",
    ] {
        let text = org.type_in(&format!("{line} --plan")).ok();
        assert!(text.contains("this cannot be undone"), "{line}: {text}");
        assert_eq!(
            org.json(&format!("{line} --plan"))["has_undo"],
            false,
            "{line}"
        );
    }
    let plan = org.json("deactivate ana@acme.example --plan");
    assert_eq!(plan["has_undo"], true);
}

#[test]
fn a_rotation_cannot_be_undone_and_says_until_when_the_older_token_works() {
    let org = with_two_of_everything();
    let rotated = org.json("idp rotate okta --yes");
    let batch = rotated["batch"].as_str().map_or_else(
        || org.json("batches")[0]["id"].as_str().unwrap().to_owned(),
        str::to_owned,
    );
    let plan = org.type_in(&format!("undo {batch} --plan")).ok();
    assert!(plan.contains("the one before works until "), "{plan}");
}
