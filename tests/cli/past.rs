//! Looking back from the command line: `show --at`, `seats --at`, `seats --over`.

use crate::peopled;

#[test]
fn people_and_seats_are_shown_as_they_stood() {
    let org = peopled();
    let batch = org.json("deactivate ana@acme.example --yes")["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    let ana = org.json(&format!("show ana@acme.example --at batch:{batch}"));
    assert_eq!(ana["status"], "active");
    assert_eq!(ana["licenses"][0]["state"], "consumed");
    assert_eq!(org.status("ana@acme.example"), "inactive");
    let held = |line: &str| org.json(line)[0]["held"].as_i64().unwrap();
    assert_eq!(
        held(&format!("seats --at batch:{batch}")),
        held("seats") + 1
    );
    let said = org.type_in("seats --at 2001-01-01");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no organization yet"), "{}", said.err);
    let said = org.type_in("show ana@acme.example --at 2001-01-01");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("not on the roster yet"), "{}", said.err);
    for bad in [
        "show ana@acme.example --at yesterday",
        "seats --over 3",
        "seats --by week",
    ] {
        assert_eq!(org.type_in(bad).code, Some(2), "{bad}");
    }
}

#[test]
fn seats_over_time_have_a_row_for_every_pool_and_day() {
    let org = peopled();
    let over = org.json("seats --over 7d");
    assert_eq!(over.as_array().unwrap().len(), 2, "{over}");
    assert_eq!(over[0]["held"], org.json("seats")[0]["held"]);
    assert_eq!(
        (&over[0]["name"], &over[1]["name"]),
        (&"access".into(), &"pro".into())
    );
    let csv = org.type_in("seats --over 1mo --by month --format csv").ok();
    assert!(csv.starts_with("day,at,name,purchased,held,"), "{csv}");
}
