//! Reports and the history from the command line.

use crate::peopled;
use crate::program::Org;

#[test]
fn a_report_is_a_file_by_the_ending_of_its_name() {
    let org = peopled();
    let out = org.path("users.csv");
    let line = format!("report users {} area:sales", out.display());
    let said = org.type_in(&line).ok();
    assert!(said.contains("users 3"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 4);
    assert_eq!(org.type_in(&line).code, Some(1), "it is there already");
    org.type_in(&format!("{line} --force")).ok();
    let batch = org.json("deactivate ana@acme.example bo@acme.example --yes")["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    let out = org.path("left.json");
    let told = org.json(&format!("report batch:{batch} {}", out.display()));
    assert_eq!(told["rows"]["users"], 2);
    let left: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(left["users"][0]["status"], "active");
    org.type_in(&format!(
        "report seats {} --over 30d --by day",
        org.path("seats.xlsx").display()
    ))
    .ok();
    for (line, code) in [
        ("report wages x.csv", 2),
        ("report users x.pdf", 2),
        ("report batch:00000000 x.xlsx", 1),
    ] {
        assert_eq!(org.type_in(line).code, Some(code), "{line}");
    }
}

#[test]
fn the_history_says_what_changed_in_words() {
    let org = peopled();
    for line in [
        "pool set access --purchased 7 --yes",
        "field add Shirt --kind choice --value S --yes",
        "idp add okta --yes",
        "idp brake okta --share 0 --floor 3 --window 1h --yes",
        "idp brake okta --share 0 --floor 4 --window 1h --yes",
    ] {
        org.type_in(line).ok();
    }
    let said = org.type_in("history").ok();
    assert!(!said.contains('{') && !said.contains('"'), "{said}");
    let last_words = |what: &str| {
        let mut lines = said.lines().filter(|it| it.contains(what));
        lines.next_back().unwrap_or_default().trim_end().to_owned()
    };
    assert!(last_words("pool access").ends_with("purchased 7"), "{said}");
    let brake = last_words("brake of okta");
    assert!(
        brake.contains("floor 3 ") && brake.ends_with("floor 4"),
        "{said}"
    );
}

#[test]
fn the_history_is_found_by_query_instant_actor_and_door() {
    let org = peopled();
    let count = |line: &str| org.json(line).as_array().unwrap().len();
    let all = count("history");
    let of_sales = count("history area:sales");
    assert!(of_sales > 0 && of_sales < all);
    assert_eq!(
        count("history ana@acme.example bo@acme.example cara@acme.example"),
        of_sales
    );
    assert_eq!(count("history --door cli --actor file_owner"), all);
    assert_eq!(
        count("history --door scim") + count("history --until 2001-01-01"),
        0
    );
    assert_eq!(count("history --since 2001-01-01"), all);
    assert_eq!(count("history --limit 3"), 3);
    assert_eq!(org.type_in("history --door window").code, Some(2));
    assert_eq!(org.type_in("history nobody@acme.example").code, Some(1));
}

#[test]
fn reclaim_lists_seats_and_takes_them_back_when_asked_to() {
    let org = peopled();
    org.type_in("create 'Ana Li <ana+old@acme.example>' --yes")
        .ok();
    let found = org.json("reclaim");
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&found[0]["reason"], &found[0]["looks_like"]),
        (&"duplicate".into(), &"ana@acme.example".into())
    );
    assert_eq!(found[0]["gives"][0], "access");
    assert!(org.type_in("reclaim").ok().contains("1 of access"));
    assert_eq!(org.type_in("reclaim --plan").code, Some(0));
    assert_eq!(org.status("ana+old@acme.example"), "active");
    let batch = org.json("reclaim --yes")["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(org.status("ana+old@acme.example"), "inactive");
    assert!(org.type_in("reclaim").ok().contains("no seat looks wasted"));
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(org.status("ana+old@acme.example"), "active");
    assert_eq!(org.type_in("reclaim --reason boredom").code, Some(2));
    assert_eq!(
        org.json("reclaim --except ana+old@acme.example"),
        serde_json::json!([])
    );
}

#[test]
fn what_is_still_to_come_or_was_before_everything_is_said_in_words() {
    let org = peopled();
    for command in [
        "seats --at 2100-01-01",
        "show ana@acme.example --at 2100-01-01",
    ] {
        let said = org.type_in(command);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("still to come"), "{}", said.err);
    }
    let said = org.type_in("seats --at 2001-01-01");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no organization yet"), "{}", said.err);
}

#[test]
fn what_a_killed_export_left_goes_with_the_next_one_and_what_is_being_written_stays() {
    let org = Org::with_seats(3);
    let (left, held) = (".usher-report-Ab3dE6", ".usher-report-Ab3dE7");
    for name in [left, held] {
        std::fs::write(org.path(name), "email\nana@").unwrap();
    }
    let another = std::fs::File::open(org.path(held)).unwrap();
    another.try_lock().unwrap();
    org.type_in("export people.csv").ok();
    assert!(!org.path(left).exists());
    assert!(org.path(held).exists());
    drop(another);
    org.type_in("report users users.json").ok();
    assert!(!org.path(held).exists());
}
