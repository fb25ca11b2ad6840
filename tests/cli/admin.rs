//! Administrators, what waits for a second one, and the tree of who reports to whom.

use crate::program::Org;

fn id(org: &Org, who: &str) -> String {
    org.json(&format!("show {who}"))["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn company() -> Org {
    let org = Org::with_seats(20);
    org.type_in("create ceo@acme.example boss@acme.example dev@acme.example ops@acme.example --no-mail --yes")
        .ok();
    org.type_in("edit boss@acme.example --manager ceo@acme.example --yes")
        .ok();
    org.type_in("edit dev@acme.example --manager boss@acme.example --yes")
        .ok();
    org
}

#[test]
fn a_purchaser_is_asked_for_by_one_administrator_and_approved_by_another() {
    let org = company();
    org.type_in("admin grant manage_users boss@acme.example --yes")
        .ok();
    let (owner, boss) = (
        id(&org, "owner@acme.example"),
        id(&org, "boss@acme.example"),
    );
    let asked = org.type_in(&format!(
        "admin grant authorized_purchaser ceo@acme.example --yes --as {owner}"
    ));
    assert!(
        asked
            .ok()
            .contains("a second administrator's approval first")
    );
    let waiting = org.json("approvals");
    assert_eq!(waiting[0]["state"], "pending");
    assert_eq!(waiting[0]["user"], "ceo@acme.example");
    assert_eq!(waiting[0]["asked_by"], "owner@acme.example");
    let approval = waiting[0]["id"].as_str().unwrap();
    let approve = format!("approvals approve {approval} --yes");
    let refused = org.type_in(&format!("{approve} --as {owner}"));
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("cannot approve"), "{refused:?}");
    let nameless = org.type_in(&approve);
    assert!(nameless.err.contains("say who you are"), "{nameless:?}");
    org.type_in(&format!("{approve} --as {boss}")).ok();
    assert_eq!(org.json("approvals").as_array().unwrap().len(), 0);
    assert_eq!(
        org.json("approvals list --all")[0]["decided_by"],
        "boss@acme.example"
    );
    let list = org.json("admin list");
    let ceo = list
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["email"] == "ceo@acme.example")
        .unwrap();
    assert_eq!(ceo["permissions"][0], "authorized_purchaser");
    org.type_in("audit verify").ok();
}

#[test]
fn a_manager_sees_and_draws_whom_they_have_below_and_no_more() {
    let org = company();
    let tree = org.type_in("tree").ok();
    let names: Vec<&str> = tree
        .lines()
        .filter_map(|it| it.split("@acme").next())
        .collect();
    assert!(
        tree.contains("└─ boss@acme.example") && tree.contains("   └─ dev@acme.example"),
        "{names:?}"
    );
    assert!(!tree.contains("ops@"), "{tree}");
    let below = org.json("tree boss@acme.example --depth 1");
    assert_eq!(
        (below[1]["user"].as_str(), below[1]["depth"].as_i64()),
        (Some("dev@acme.example"), Some(1))
    );
    let boss = id(&org, "boss@acme.example");
    assert_eq!(org.json(&format!("users --count --as {boss}"))["count"], 2);
    let refused = org.type_in(&format!("show ops@acme.example --as {boss}"));
    assert!(
        refused.err.contains("there is no user ops@acme.example"),
        "{refused:?}"
    );
    let ops = id(&org, "ops@acme.example");
    let refused = org.type_in(&format!("users --as {ops}"));
    assert!(
        refused.err.contains("no active administrator"),
        "{refused:?}"
    );
}

#[test]
fn whoever_is_linked_acts_as_that_administrator_and_is_named() {
    let org = company();
    let me = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    let me = String::from_utf8(me.stdout).unwrap();
    let me = me.trim();
    org.type_in("admin grant manage_users boss@acme.example --yes")
        .ok();
    org.type_in(&format!("admin link {me} boss@acme.example --yes"))
        .ok();
    org.type_in("invite new@acme.example --no-mail --yes").ok();
    assert_eq!(
        org.json("batches --limit 1 --as file_owner")[0]["actor"],
        "boss@acme.example"
    );
    let refused = org.type_in(&format!("admin unlink {me} --yes"));
    assert!(refused.err.contains("it needs owner"), "{refused:?}");
    org.type_in(&format!("admin unlink {me} --yes --as file_owner"))
        .ok();
    assert_eq!(org.json("batches --limit 1")[0]["actor"], "file_owner");
}
