//! Budgets of seats, and invitations by those who run a group or hold a session.

use serde_json::{Value, json};

use crate::peopled;
use crate::program::Org;

/// Sales, run by gus; Day, a session that cora holds, who coaches in Sales.
fn company() -> (Org, [String; 2]) {
    let org = Org::with_seats(20);
    for line in [
        "create gus@acme.example cora@acme.example --no-mail --yes",
        "group add Sales --yes",
        "group join Sales gus@acme.example --role administrator --yes",
        "group join Sales cora@acme.example --role coach --yes",
        "training add Day --kind session --on 2099-03-01 --yes",
        "training instructor add Day cora@acme.example --yes",
    ] {
        org.type_in(line).ok();
    }
    let id = |who: &str| {
        let shown = org.json(&format!("show {who}@acme.example"));
        shown["id"].as_str().unwrap().to_owned()
    };
    let ids = [id("gus"), id("cora")];
    (org, ids)
}

#[test]
fn a_group_s_budget_is_set_listed_kept_to_and_taken_away() {
    let (org, [gus, _]) = company();
    let budget = |group: &Value| (group["budget"].clone(), group["spent"].clone());
    assert_eq!(
        budget(&org.json("group show Sales")),
        (Value::Null, Value::Null)
    );
    let plan = org.json("group set sales --budget 3 --plan");
    assert_eq!(plan["changes"][0]["after"], 3, "{plan}");
    org.type_in("group set sales --budget 3 --yes").ok();
    assert_eq!(budget(&org.json("group list")[0]), (json!(3), json!(2)));
    let listed = org.type_in("group list").ok();
    assert!(
        listed.contains("BUDGET") && listed.contains("2 of 3"),
        "{listed}"
    );
    let invite = format!("invite a@acme.example b@acme.example --group Sales --as {gus}");
    let refused = org.type_in(&format!("{invite} --yes"));
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("may have 3 people and has 2"),
        "{refused:?}"
    );
    let applied = org.json(&format!("{invite} --fewer --yes"));
    assert_eq!(
        applied["skipped"][0]["reason"],
        "the budget of the group Sales is spent"
    );
    let batch = org.json("group set Sales --budget none --yes")["batch"].clone();
    assert_eq!(budget(&org.json("group show Sales")).0, Value::Null);
    let batch = batch.as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(budget(&org.json("group show Sales")), (json!(3), json!(3)));
    for (line, code) in [
        ("group set Sales --budget many --yes", 2),
        ("group set Sales --budget -1 --yes", 2),
        ("group set Sales --yes", 2),
        ("group set Nowhere --budget 3 --yes", 1),
    ] {
        assert_eq!(org.type_in(line).code, Some(code), "{line}");
    }
}

#[test]
fn who_holds_a_session_invites_learners_of_their_group_to_it() {
    let (org, [gus, cora]) = company();
    org.type_in(&format!(
        "invite ana@acme.example --session Day --yes --as {cora}"
    ))
    .ok();
    let ana = org.json("show ana@acme.example");
    assert_eq!(ana["assignments"][0]["training"], "Day", "{ana}");
    assert_eq!(ana["groups"][0]["group"], "Sales", "{ana}");
    assert_eq!(ana["groups"][0]["role"], "learner");
    for (line, why) in [
        (
            format!("invite x@acme.example --session Day --group Sales:coach --as {cora}"),
            "nobody as anything else",
        ),
        (
            format!("invite x@acme.example --group Sales --as {cora}"),
            "invite is not allowed",
        ),
        (
            format!("invite x@acme.example --session Day --as {gus}"),
            "invite_session is not allowed",
        ),
        (
            "invite x@acme.example --session Nothing".to_owned(),
            "there is no training Nothing",
        ),
    ] {
        let refused = org.type_in(&format!("{line} --yes"));
        assert_eq!(refused.code, Some(1), "{line}");
        assert!(refused.err.contains(why), "{refused:?}");
    }
}

#[test]
fn a_copy_of_everything_and_what_replaces_it_are_the_owners() {
    let org = peopled();
    org.type_in("admin grant manage_users bo@acme.example --yes")
        .ok();
    let id = |who: &str| {
        org.json(&format!("show {who}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (owner, bo) = (id("owner@acme.example"), id("bo@acme.example"));
    for line in ["backup copy.db", "serve --listen 127.0.0.1:0"] {
        let refused = org.type_in(&format!("{line} --as {bo}"));
        assert_eq!(refused.code, Some(1), "{line}: {refused:?}");
        assert!(refused.err.contains("owners' alone"), "{refused:?}");
    }
    org.type_in(&format!("backup copy.db --as {owner}")).ok();
    let refused = org.type_in(&format!("restore copy.db --yes --as {bo}"));
    assert!(refused.err.contains("owners' alone"), "{refused:?}");
    org.type_in("restore copy.db --yes").ok();
}
