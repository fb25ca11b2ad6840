//! The JSON contract: which keys every listing, plan and applied plan has.

use serde_json::Value;

use crate::peopled;

#[test]
fn every_listing_has_the_keys_of_the_contract() {
    let org = peopled();
    org.token("okta");
    org.type_in("pool set access --purchased 4 --yes").ok();
    org.type_in("invite finn@acme.example --queue-rest --yes")
        .ok();
    let contract = [
        (
            "users",
            "id email user_name first_name last_name display_name status functional_area title region manager language \
             labels fields licenses connection last_seen_at created_at updated_at",
        ),
        (
            "seats",
            "name purchased held reserved consumed queued free at_capacity counts_from recoverable",
        ),
        (
            "pool list",
            "name purchased held reserved consumed queued free at_capacity counts_from recoverable",
        ),
        ("batches", "id actor door command at changes undone_by"),
        ("history", "seq at actor door batch user what before after"),
        (
            "history ana@acme.example",
            "seq at actor door batch user what before after",
        ),
        ("queue", "pool position id user leads_to"),
        ("group list", "name members"),
        (
            "idp list",
            "name new_people mails created_at revoked_at tokens",
        ),
    ];
    for (line, expected) in contract {
        let listed = org.json(line);
        let first = listed
            .as_array()
            .unwrap_or_else(|| panic!("{line}: no array"))
            .first();
        let first = first.unwrap_or_else(|| panic!("{line}: nothing listed"));
        for key in expected.split_whitespace() {
            assert!(keys(first).contains(&key), "{line}: no {key} in {first}");
        }
        let csv = org.type_in(&format!("{line} --format csv")).ok();
        assert!(
            csv.lines().count() > listed.as_array().unwrap().len(),
            "{line}: a header and a line for each in {csv}"
        );
        assert!(!org.type_in(line).ok().is_empty(), "{line}: a table");
    }
    let ana = org.json("show ana@acme.example");
    assert_eq!(
        ana["licenses"],
        serde_json::json!([{ "pool": "access", "state": "consumed" }])
    );
    assert!(ana["labels"].is_array() && ana["fields"].is_object());
    assert_eq!(
        keys(&org.json("audit head")),
        ["seq", "hash", "at"]
            .map(|it| it)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_plan_and_an_applied_plan_have_the_keys_of_the_contract() {
    let org = peopled();
    let plan = org.json("deactivate ana@acme.example cara@acme.example --plan");
    for key in ["digest", "changes", "skipped", "effects"] {
        assert!(keys(&plan).contains(&key), "{key}");
    }
    assert_eq!(
        keys(&plan["changes"][0]),
        ["after", "before", "user", "what"]
    );
    assert_eq!(plan["changes"][0]["user"], "ana@acme.example");
    assert_eq!(plan["skipped"][0]["user"], "cara@acme.example");
    assert_eq!(plan["effects"]["pools"][0]["name"], "access");
    let pool = &plan["effects"]["pools"][0];
    assert_eq!(
        pool["held_before"].as_i64().unwrap() - pool["held_after"].as_i64().unwrap(),
        1
    );
    assert!(plan["effects"]["mails"].is_number());
    let applied = org.json("deactivate ana@acme.example cara@acme.example --yes");
    assert_eq!(applied["digest"], plan["digest"]);
    assert!(applied["batch"].is_string());
    assert_eq!(org.status("ana@acme.example"), "inactive");
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn a_pool_is_added_with_everything_that_can_be_said_of_it() {
    let org = peopled();
    org.type_in("pool add sparks --purchased 5 --at-capacity grace:20 --counts-from activation --recoverable --yes")
        .ok();
    let pools = org.type_in("seats --format json").json();
    let added = pools
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "sparks");
    let pro = added.unwrap();
    assert_eq!(pro["purchased"], 5);
    assert_eq!(pro["at_capacity"], "grace:20");
    assert_eq!(pro["counts_from"], "activation");
    assert_eq!(pro["recoverable"], true);
}
