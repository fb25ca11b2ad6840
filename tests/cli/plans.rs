//! Plans: what is only shown, what is confirmed, what does not fit.

use crate::peopled;
use crate::program::Org;

#[test]
fn a_plan_changes_nothing_and_neither_does_a_command_without_a_terminal() {
    let org = peopled();
    let batch = org.json("batches")[0]["id"].as_str().unwrap().to_owned();
    let lines = [
        "invite new@acme.example",
        "create new@acme.example",
        "edit ana@acme.example --set title=Lead",
        "cancel dora@acme.example",
        "resend dora@acme.example",
        "deactivate status:active",
        "reactivate cara@acme.example",
        "delete cara@acme.example",
        "pool set access --purchased 3",
        "pool add more --purchased 3",
        "pool grant pro ana@acme.example",
        "group add Readers",
        "idp add okta",
    ];
    let before = org.head();
    for line in lines
        .map(str::to_owned)
        .into_iter()
        .chain([format!("undo {batch}")])
    {
        org.type_in(&format!("{line} --plan")).ok();
        org.type_in(&format!("{line} --plan --format json")).json();
        assert_eq!(org.head(), before, "{line} --plan");
        let said = org.type_in(&line);
        assert_eq!(said.code, Some(1), "{line}: {said:?}");
        assert!(said.err.contains("--yes"), "{line}: {}", said.err);
        assert_eq!(org.head(), before, "{line}");
    }
}

#[test]
fn a_confirmed_plan_is_applied_exactly_or_refused_with_what_moved() {
    let org = peopled();
    let digest = |org: &Org| {
        org.json("deactivate 'name:li or name:ek' --plan")["digest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let stale = digest(&org);
    org.type_in("deactivate ana@acme.example --yes").ok();
    let before = org.head();
    let said = org.type_in(&format!(
        "deactivate 'name:li or name:ek' --confirm {stale}"
    ));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("changed since it was shown"),
        "{}",
        said.err
    );
    assert!(
        said.err
            .contains("last changed of them: ana@acme.example (deactivate, "),
        "{}",
        said.err
    );
    assert_eq!(org.head(), before);
    let fresh = digest(&org);
    assert!(
        said.err.contains(&fresh),
        "the new digest is named: {}",
        said.err
    );
    org.type_in(&format!(
        "deactivate 'name:li or name:ek' --confirm {fresh}"
    ))
    .ok();
    assert_eq!(org.status("bo@acme.example"), "inactive");
}

#[test]
fn what_does_not_fit_is_applied_only_when_somebody_chose() {
    let org = Org::with_seats(3);
    let before = org.head();
    let said = org.type_in("invite a@acme.example b@acme.example c@acme.example --yes");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("2 free") && said.err.contains("3 are needed"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("--queue-rest") && said.err.contains("--fewer"),
        "{}",
        said.err
    );
    assert_eq!(org.head(), before);
    org.type_in("invite a@acme.example b@acme.example c@acme.example --fewer --yes")
        .ok();
    assert_eq!(
        org.json("users status:waiting").as_array().unwrap().len(),
        2
    );
    org.type_in("invite c@acme.example d@acme.example e@acme.example --queue-rest --yes")
        .ok();
    assert_eq!(org.seats("access", "queued"), 3);
    let queue = |org: &Org| -> Vec<String> {
        org.json("queue list access")
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["user"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        queue(&org),
        ["c@acme.example", "d@acme.example", "e@acme.example"]
    );
    org.type_in("queue move e@acme.example --to 1 --yes").ok();
    assert_eq!(
        queue(&org),
        ["e@acme.example", "c@acme.example", "d@acme.example"]
    );
    org.type_in("cancel a@acme.example --yes").ok();
    assert_eq!(
        org.status("e@acme.example"),
        "waiting",
        "the head is promoted"
    );
    assert_eq!(org.seats("access", "held"), 3);
}

#[test]
fn whom_a_command_is_for() {
    let org = peopled();
    let id = org.json("show ana@acme.example")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let people = |line: &str| -> Vec<String> {
        let plan = org.json(&format!("deactivate {line} --plan"));
        let mut users: Vec<_> = plan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["user"].as_str().unwrap().to_owned())
            .collect();
        users.sort();
        users.dedup();
        users
    };
    assert_eq!(people(&id), ["ana@acme.example"]);
    assert_eq!(
        people("ANA@acme.example bo@ACME.example"),
        ["ana@acme.example", "bo@acme.example"]
    );
    assert_eq!(
        people("status:active"),
        ["ana@acme.example", "bo@acme.example"],
        "and the last owner is skipped"
    );
    assert_eq!(people("=bo@acme.example"), ["bo@acme.example"]);
    let fed = org.feed(
        &["deactivate", "-", "--plan", "--format", "json"],
        "ana@acme.example\n\n  bo@acme.example \n",
    );
    assert_eq!(fed.json()["effects"]["pools"][0]["held_after"], 2);
    let fed = org.feed(
        &["invite", "-", "--yes"],
        "Fay Ng <fay@acme.example>; gus@acme.example\n",
    );
    fed.ok();
    assert_eq!(
        org.json("users status:waiting").as_array().unwrap().len(),
        3
    );
}
