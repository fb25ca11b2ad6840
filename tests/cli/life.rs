//! What the commands do to people, seats and groups, one after the other.

use serde_json::Value;

use crate::peopled;
use crate::program::Org;

#[test]
fn a_life_from_creation_to_erasure_and_an_undo() {
    let org = Org::with_seats(5);
    org.type_in(
        "create ana@acme.example --first-name Ana --area Sales --label wave-1 --no-mail --yes",
    )
    .ok();
    let ana = org.json("show ana@acme.example");
    let id = ana["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&ana["status"], &ana["labels"]),
        (&"active".into(), &serde_json::json!(["wave-1"]))
    );
    org.type_in(&format!(
        "edit {id} --set title=Lead --set area= --label +mentor --label -wave-1 --manager owner@acme.example --yes"
    ))
    .ok();
    let ana = org.json(&format!("show {id}"));
    assert_eq!(
        (&ana["title"], &ana["functional_area"]),
        (&"Lead".into(), &Value::Null)
    );
    assert_eq!(
        (&ana["labels"], &ana["manager"]),
        (&serde_json::json!(["mentor"]), &"owner@acme.example".into())
    );
    let batch = org.json(&format!("deactivate {id} --yes"))["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(org.status(&id), "inactive");
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(org.status(&id), "active");
    assert!(org.json("batches --limit 2")[1]["undone_by"].is_string());
    for (line, status) in [
        ("deactivate", "inactive"),
        ("reactivate", "active"),
        ("delete", "deleted"),
        ("erase", "erased"),
    ] {
        org.type_in(&format!("{line} {id} --yes")).ok();
        assert_eq!(org.status(&id), status, "{line}");
    }
    assert!(
        !org.type_in("history --format json")
            .ok()
            .contains("ana@acme.example"),
        "erased from the history"
    );
    org.type_in("audit verify").ok();
}

#[test]
fn add_on_licenses_are_granted_and_released() {
    let org = peopled();
    org.type_in("pool grant pro ana@acme.example bo@acme.example --yes")
        .ok();
    assert_eq!(
        (org.seats("pro", "reserved"), org.seats("pro", "free")),
        (2, 0)
    );
    assert_eq!(
        org.json("users license:pro:reserved")
            .as_array()
            .unwrap()
            .len(),
        2
    );
    org.type_in("pool release pro ana@acme.example --yes").ok();
    assert_eq!(org.seats("pro", "held"), 1);
    org.type_in("pool set pro --purchased 7 --at-capacity grace:10 --counts-from activation --ends-on 2031-01-01 --yes").ok();
    let pools = org.json("seats");
    let pro = pools
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "pro")
        .unwrap();
    assert_eq!(
        (&pro["purchased"], &pro["at_capacity"]),
        (&7.into(), &"grace:10".into())
    );
    assert_eq!(
        (&pro["counts_from"], &pro["ends_on"]),
        (&"activation".into(), &"2031-01-01".into())
    );
    org.type_in("edit ana@acme.example --group Mentors:coach --yes")
        .ok();
    assert_eq!(org.json("group list")[0]["members"], 1);
    org.type_in("edit ana@acme.example --no-group Mentors --yes")
        .ok();
    assert_eq!(org.json("group list")[0]["members"], 0);
}

#[test]
fn an_administrator_is_named_in_the_history() {
    let org = peopled();
    let id = org.json("show owner@acme.example")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    org.type_in(&format!("deactivate ana@acme.example --yes --as {id}"))
        .ok();
    let batch = &org.json("batches --limit 1")[0];
    assert_eq!(
        (&batch["actor"], &batch["door"]),
        (&"owner@acme.example".into(), &"cli".into())
    );
    org.type_in("reactivate ana@acme.example --yes").ok();
    assert_eq!(org.json("batches --limit 1")[0]["actor"], "file_owner");
}
