//! Accounts that people have of their own, on the command line: import, list, transfer, erase.

use serde_json::{Value, json};

use crate::program::{Org, is_hostile};

const FILE: &str = "email,first name,last name,training,state,date\n\
    ana@home.example,Ana,Li,Intro,completed,2025-03-01\n\
    ana@home.example,Ana,Li,Reading,started,2025-04-01\n\
    bo@home.example,Bo,Ek,,,\n";

fn with_accounts() -> Org {
    let org = Org::with_seats(10);
    for training in ["Intro", "Reading"] {
        org.type_in(&format!("training add {training} --yes")).ok();
    }
    std::fs::write(org.path("accounts.csv"), FILE).unwrap();
    org.type_in("individuals import accounts.csv --yes").ok();
    org
}

#[test]
fn accounts_are_imported_as_a_plan_listed_and_known_when_their_address_is_invited() {
    let org = Org::with_seats(10);
    std::fs::write(org.path("accounts.csv"), FILE).unwrap();
    let before = org.head();
    let plan = org.json("individuals import accounts.csv --plan");
    assert_eq!(plan["changes"].as_array().unwrap().len(), 2, "{plan}");
    assert_eq!(org.head(), before);
    assert_eq!(org.json("individuals list"), json!([]));
    org.type_in("individuals import accounts.csv --yes").ok();
    let all = org.json("individuals list");
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[0]["email"], "ana@home.example");
    assert_eq!(all[0]["user"], Value::Null);
    let record = json!({ "training": "Intro", "state": "completed", "on": "2025-03-01", "transferred": false });
    assert_eq!(all[0]["records"][0], record);
    assert_eq!(
        org.json("individuals list --limit 1")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let table = org.type_in("individuals list").ok();
    assert!(
        table.starts_with("EMAIL") && table.contains("bo@home.example"),
        "{table}"
    );
    // The same file again changes nothing.
    let again = org.type_in("individuals import accounts.csv --yes");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(org.json("individuals list"), all);
    org.type_in("invite ana@home.example carl@home.example --yes")
        .ok();
    assert_eq!(org.status("ana@home.example"), "pending_transfer");
    assert_eq!(org.status("carl@home.example"), "waiting");
}

#[test]
fn an_import_is_undone_and_comes_from_standard_input_as_well() {
    let org = Org::with_seats(10);
    let said = org
        .feed(
            &["individuals", "import", "-", "--yes", "--format", "json"],
            FILE,
        )
        .json();
    assert_eq!(org.json("individuals list").as_array().unwrap().len(), 2);
    let batch = said["batch"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(org.json("individuals list"), json!([]));
}

#[test]
fn lines_that_cannot_be_understood_are_told_by_number_and_left_out_only_when_asked() {
    let org = Org::with_seats(10);
    let file = "email,training,state,date\nana@home.example,Intro,begun,2025-03-01\n\
        not an address,,,\n\u{1b}[31m,,,\nbo@home.example,,,\n";
    std::fs::write(org.path("bad.csv"), file).unwrap();
    let before = org.head();
    let refused = org.type_in("individuals import bad.csv --yes");
    assert_eq!(refused.code, Some(1));
    for words in ["3 lines", "line 2", "line 3", "line 4", "--partial"] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    assert!(!is_hostile(&refused.err), "{refused:?}");
    assert_eq!(org.head(), before);
    org.type_in("individuals import bad.csv --partial --yes")
        .ok();
    assert_eq!(org.json("individuals list")[0]["email"], "bo@home.example");
    for (line, code) in [
        ("individuals import nowhere.csv --yes", 1),
        ("individuals import --yes", 2),
    ] {
        assert_eq!(org.type_in(line).code, Some(code), "{line}");
    }
}

#[test]
fn records_become_assignments_after_acceptance_all_or_some_and_undone() {
    let org = with_accounts();
    org.type_in("setting time-zone Asia/Tokyo --yes").ok();
    org.type_in("create ana@home.example --no-mail --yes").ok();
    let early = org.type_in("individuals transfer bo@home.example --yes");
    assert_eq!(early.code, Some(1), "{early:?}");
    let learns = |org: &Org| {
        let ana = org.json("show ana@home.example");
        let all = ana["assignments"].as_array().unwrap();
        let all = all.iter().map(|it| {
            let word = |key: &str| it[key].as_str().unwrap().to_owned();
            format!("{}:{}", word("training"), word("state"))
        });
        let mut all: Vec<String> = all.collect();
        all.sort();
        all
    };
    let plan = org.json("individuals transfer ana@home.example --plan");
    assert!(!plan["changes"].as_array().unwrap().is_empty());
    assert_eq!(learns(&org), Vec::<String>::new());
    let some = org.json("individuals transfer ana@home.example --training intro --yes");
    assert_eq!(learns(&org), ["Intro:completed"]);
    let people = org.type_in("training people Intro").ok();
    assert!(
        people.contains(" 2025-03-01 "),
        "the organization's days: {people}"
    );
    let list = org.json("individuals list");
    assert_eq!(
        (&list[0]["user"], &list[0]["records"][0]["transferred"]),
        (&json!("ana@home.example"), &json!(true))
    );
    org.type_in("individuals transfer ana@home.example --yes")
        .ok();
    assert_eq!(learns(&org), ["Intro:completed", "Reading:started"]);
    let again = org.type_in("individuals transfer ana@home.example --yes");
    assert_eq!(again.code, Some(1), "{again:?}");
    let undone = org.json("individuals transfer ana@home.example --plan");
    assert_eq!(undone["changes"], json!([]));
    let batches = org.json("batches --limit 1");
    let batch = batches[0]["id"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(learns(&org), ["Intro:completed"]);
    let batch = some["batch"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(learns(&org), Vec::<String>::new());
}

#[test]
fn erasing_an_account_needs_an_owner_leaves_nothing_and_has_no_undo() {
    let org = with_accounts();
    org.type_in("create admin@acme.example --no-mail --yes")
        .ok();
    org.type_in("admin grant manage_users admin@acme.example --yes")
        .ok();
    let admin = org.json("show admin@acme.example")["id"].clone();
    let admin = admin.as_str().unwrap();
    let refused = org.type_in(&format!(
        "individuals erase bo@home.example --yes --as {admin}"
    ));
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("it needs owner"), "{refused:?}");
    let batch = org.json("individuals erase bo@home.example --yes")["batch"].clone();
    assert_eq!(org.json("individuals list").as_array().unwrap().len(), 1);
    let gone = org.type_in("individuals erase bo@home.example --yes");
    assert_eq!(gone.code, Some(1));
    let undone = org.type_in(&format!("undo {} --yes", batch.as_str().unwrap()));
    assert_eq!(undone.code, Some(1), "{undone:?}");
    for file in ["usher.db", "usher.db-wal"] {
        let bytes = std::fs::read(org.path(file)).unwrap_or_default();
        let has = bytes.windows(15).any(|it| it == b"bo@home.example");
        assert!(!has, "{file}");
    }
    org.type_in("audit verify").ok();
}
