//! People by files, on the command line.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use crate::program::Org;

const FILE: &str = "E-Mail;First name;Last name;Groups;Manager;Shoe\n\
    ana@acme.example;Ana;Li;Sales;bo@acme.example;38\n\
    bo@acme.example;Bo;Ek;Sales:coach;;\n";

#[test]
fn a_file_is_reviewed_applied_listed_and_undone() {
    let org = Org::with_seats(10);
    org.type_in("group add Sales --yes").ok();
    std::fs::write(org.path("people.csv"), FILE).unwrap();
    let before = org.head();
    let plan = org.json("import people.csv --plan");
    assert_eq!(org.head(), before);
    assert_eq!(plan["command"], "import");
    assert_eq!(plan["import"]["ignored_columns"], json!(["Shoe"]));
    assert_eq!(
        plan["import"]["rows"][0],
        json!({"row": 2, "who": "ana@acme.example", "does": "invite", "cells": {
            "E-Mail": "ana@acme.example",
            "First name": "Ana",
            "Last name": "Li",
            "Manager": "bo@acme.example",
            "Groups": "Sales",
        }})
    );
    let table = org.type_in("import people.csv --plan").ok();
    assert!(
        table.contains("new, waiting (Ana Li, reports to bo@acme.example)"),
        "{table}"
    );
    assert!(table.contains("2 rows: 2 to invite"), "{table}");
    assert!(table.contains("columns that are ignored: Shoe"), "{table}");
    let applied = org.json("import people.csv --yes");
    assert_eq!(org.status("ana@acme.example"), "waiting");
    let imports = org.json("imports");
    assert_eq!(imports[0]["file"], "people.csv");
    assert_eq!(imports[0]["batch"], applied["batch"]);
    assert_eq!(
        (&imports[0]["rows"], &imports[0]["arrived"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(org.json("batches --limit 1")[0]["door"], "import");
    // Once, until it is undone.
    let again = org.type_in("import people.csv --yes");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("imported already"), "{}", again.err);
    let batch = applied["batch"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert!(org.json("imports")[0]["undone_by"].is_string());
    org.type_in("import people.csv --yes --no-mail").ok();
    assert_eq!(org.status("bo@acme.example"), "waiting");
    org.type_in("audit verify").ok();
}

#[test]
fn what_is_wrong_is_told_with_its_cell_and_written_into_a_copy_that_can_be_mended() {
    let org = Org::with_seats(10);
    let file = "email,first name,manager\nana@acme.example,Ana,\nbo,Bo,\ncy@acme.exmaple,Cy,nobody@x.example\n";
    std::fs::write(org.path("people.csv"), file).unwrap();
    let said = org.type_in("import people.csv --errors wrong.csv --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = org.type_in("import people.csv --errors wrong.xlsx --yes");
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "wrote 2 rows with what is wrong: wrong.xlsx",
        "2 rows are wrong",
        "A3, email: has no @",
        "A4, email: cy@acme.exmaple: did you mean cy@acme.example",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    assert_eq!(org.json("users").as_array().unwrap().len(), 1);
    // The copy says the same, and does not hide what it is about.
    let said = org.type_in("import wrong.xlsx --yes");
    assert!(said.err.contains("A3, email: has no @"), "{}", said.err);
    let said = org.type_in("import wrong.xlsx --partial --yes --errors rest.xlsx");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(org.status("ana@acme.example"), "waiting");
    let rest = org.json("import rest.xlsx --plan");
    assert_eq!(rest["import"]["rows"].as_array().unwrap().len(), 2);
    let fault = &rest["import"]["faults"][0];
    assert_eq!(
        (&fault["cell"], &fault["column"]),
        (&json!("A2"), &json!("email"))
    );
    // The same once more, as after an interruption; but no copy of another file, and none that somebody has in hand.
    let again = org.type_in("import people.csv --errors wrong.xlsx --yes");
    assert!(again.err.contains("wrote 2 rows"), "{}", again.err);
    let other = org.type_in("import people.csv --errors rest.xlsx --yes");
    assert!(
        other.err.contains("exists already") && other.err.contains("--force"),
        "{}",
        other.err
    );
    let mut touched = std::fs::read(org.path("wrong.xlsx")).unwrap();
    touched[100] ^= 1;
    std::fs::write(org.path("wrong.xlsx"), &touched).unwrap();
    let again = org.type_in("import people.csv --errors wrong.xlsx --yes");
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(std::fs::read(org.path("wrong.xlsx")).unwrap(), touched);
    let forced = org.type_in("import people.csv --errors wrong.xlsx --force --yes");
    assert!(forced.err.contains("wrote 2 rows"), "{}", forced.err);
}

#[test]
fn an_import_that_is_killed_and_run_again_ends_as_one_that_was_not() {
    let rows = 2_000;
    let mut file = "email,first name,manager\n".to_owned();
    for i in 0..rows {
        file += &format!("p{i}@acme.example,Pat {i},p{}@acme.example\n", i / 10);
    }
    // The first reports to nobody.
    file = file.replacen(
        "p0@acme.example,Pat 0,p0@acme.example",
        "p0@acme.example,Pat 0,",
        1,
    );
    let org = Org::with_seats(5_000);
    std::fs::write(org.path("people.csv"), &file).unwrap();
    for delay in [60, 150, 300, 500, 800] {
        let mut child = org
            .command(&["import", "people.csv", "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
        let people = org.json("users --count")["count"]
            .as_i64()
            .unwrap_or_default();
        assert!(people == 1 || people == rows + 1, "{people}");
    }
    let last = org.type_in("import people.csv --yes");
    assert!(
        last.code == Some(0) || last.err.contains("imported already"),
        "{last:?}"
    );
    assert_eq!(org.json("imports").as_array().unwrap().len(), 1);
    let seats = org.json("seats");
    assert_eq!(seats[0]["held"], rows + 1);
    org.type_in("audit verify").ok();
}

#[test]
fn people_are_exported_and_a_template_is_made_and_both_are_imported_again() {
    let org = Org::with_seats(10);
    org.type_in("field add Badge --yes").ok();
    org.type_in("create ana@acme.example --first-name =Ana --field Badge=0042 --no-mail --yes")
        .ok();
    for name in ["people.xlsx", "people.csv", "people.json"] {
        let said = org.type_in(&format!("export {name}")).ok();
        assert_eq!(said, format!("wrote {name}: 2 people\n"));
    }
    let said = org.type_in("export people.csv");
    assert!(said.err.contains("exists already"), "{said:?}");
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(org.path("people.json")).unwrap()).unwrap();
    assert_eq!(json[1]["first_name"], "=Ana");
    assert_eq!(json[1]["Badge"], "0042");
    assert_eq!(json[1]["licenses"], json!(["access:consumed"]));
    org.type_in("export few.csv ana --columns email,badge --force")
        .ok();
    assert_eq!(
        std::fs::read_to_string(org.path("few.csv")).unwrap(),
        "email,Badge\r\nana@acme.example,0042\r\n"
    );
    org.type_in("export sorted.csv --columns email --sort email --descending")
        .ok();
    assert_eq!(
        std::fs::read_to_string(org.path("sorted.csv")).unwrap(),
        "email\r\nowner@acme.example\r\nana@acme.example\r\n"
    );
    let said = org.type_in("export sorted.csv --force --sort shoe");
    assert_eq!(said.code, Some(2), "{said:?}");
    for name in ["people.xlsx", "people.csv"] {
        let plan = org.json(&format!("import {name} --mode update --plan"));
        assert_eq!(plan["changes"], json!([]), "{name}");
        assert_eq!(plan["import"]["faults"], json!([]), "{name}");
    }
    let said = org.type_in("template fill.csv");
    assert_eq!(said.code, Some(2), "{said:?}");
    org.type_in("template fill.xlsx").ok();
    let plan = org.json("import fill.xlsx --plan");
    assert_eq!(plan["import"]["rows"], json!([]));
}

#[test]
fn a_file_of_which_nothing_is_right_costs_a_few_lines_and_not_thousands() {
    let org = Org::with_seats(10);
    let mut file = "email,first name\n".to_owned();
    for i in 0..3_000 {
        file += &format!("p{i},Pat\n");
    }
    std::fs::write(org.path("people.csv"), file).unwrap();
    let said = org.type_in("import people.csv --partial --yes");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.len() < 4_000, "{} bytes", said.err.len());
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(
        lines[0].ends_with("nothing was applied: 3000 of 3000 rows are wrong"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("A2, email: "), "{}", lines[1]);
    assert!(lines[2].contains("A3, email: "), "{}", lines[2]);
    assert!(said.err.contains("--errors OUT.xlsx"), "{}", said.err);
}

#[test]
fn a_workbook_of_several_sheets_is_told_to_be_read_in_part() {
    let org = Org::with_seats(10);
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/openpyxl.xlsx");
    std::fs::copy(fixture, org.path("people.xlsx")).unwrap();
    let plan = org.type_in("import people.xlsx --plan").ok();
    assert!(plan.contains("only the sheet \""), "{plan}");
    assert!(plan.contains("; --sheet NAME reads another"), "{plan}");
    let json = org.json("import people.xlsx --plan");
    let unread = json["import"]["unread_sheets"].as_array().unwrap();
    assert!(!unread.is_empty());
}

#[test]
fn a_text_is_read_as_it_is_encoded_and_the_copy_does_not_replace_the_file() {
    let org = Org::with_seats(10);
    let polish = b"email,first name\nzb@acme.example,\xa3ukasz\n";
    std::fs::write(org.path("people.csv"), polish).unwrap();
    let plan = org.type_in("import people.csv --plan").ok();
    assert!(
        plan.contains(
            "read as Windows-1252 text, its cells apart by `,`; --encoding names another"
        ),
        "{plan}"
    );
    let plan = org
        .type_in("import people.csv --plan --encoding windows-1250")
        .ok();
    assert!(plan.contains("Łukasz"), "{plan}");
    assert!(plan.contains("read as windows-1250 text"), "{plan}");
    let said = org.type_in("import people.csv --plan --encoding klingon");
    assert!(said.err.contains("there is no encoding"), "{}", said.err);
    let workbook = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/openpyxl.xlsx");
    std::fs::copy(workbook, org.path("people.xlsx")).unwrap();
    let said = org.type_in("import people.xlsx --errors ./people.xlsx --force --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("the file itself"), "{}", said.err);
}

#[test]
fn a_plan_says_that_nothing_will_be_applied_while_rows_are_wrong() {
    let org = Org::with_seats(10);
    let file = "email,first name\nana@acme.example,Ana\nbo,Bo\n";
    std::fs::write(org.path("people.csv"), file).unwrap();
    let said = org.type_in("import people.csv --plan").ok();
    assert!(
        said.starts_with(
            "nothing would be applied: 1 row is wrong; mend them, or say --partial to import the others:\n\
             import: 1 new → waiting"
        ),
        "{said}"
    );
    assert!(!said.contains("digest"), "{said}");
    assert_eq!(
        org.json("import people.csv --plan")["import"]["blocked"],
        true
    );
    let partial = org.type_in("import people.csv --plan --partial").ok();
    assert!(partial.starts_with("import: 1 new → waiting"), "{partial}");
    assert!(partial.contains("\ndigest "), "{partial}");
    let plan = org.json("import people.csv --plan --partial");
    assert_eq!(plan["import"]["blocked"], false);
}

#[test]
fn a_plan_shows_the_days_on_which_it_has_people_leave() {
    let org = Org::with_seats(10);
    org.type_in("create old@acme.example --yes").ok();
    let file = "email,deactivate_on,delete_on\nana@acme.example,,2099-02-01\nbo@acme.example,2099-01-01,2099-03-01\n\
        old@acme.example,2099-01-01,\n";
    std::fs::write(org.path("people.csv"), file).unwrap();
    let said = org.type_in("import people.csv --plan").ok();
    for part in [
        "  2 people to be deactivated on 2099-01-01\n",
        "  2 people to be deleted between 2099-02-01 and 2099-03-01\n",
        "    ana@acme.example  new, waiting (deleted on 2099-02-01)",
        "    bo@acme.example  new, waiting (deactivated on 2099-01-01, deleted on 2099-03-01)",
        "    old@acme.example  deactivate_on none → 2099-01-01",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let plan = org.json("import people.csv --plan");
    assert_eq!(
        plan["effects"]["leaving"][1],
        json!({"what": "delete_on", "people": 2, "first": "2099-02-01", "last": "2099-03-01"})
    );
    let lines = plan["changes"].as_array().unwrap();
    let day = json!({"user": "bo@acme.example", "what": "delete_on", "before": null, "after": "2099-03-01"});
    assert!(lines.contains(&day), "{lines:?}");
    let said = org
        .type_in("invite cy@acme.example --delete-on 2099-05-01 --plan")
        .ok();
    assert!(
        said.contains("1 person to be deleted on 2099-05-01"),
        "{said}"
    );
    let csv = org
        .type_in("invite cy@acme.example --delete-on 2099-05-01 --plan --format csv")
        .ok();
    assert!(
        csv.contains("cy@acme.example,delete_on,,2099-05-01"),
        "{csv}"
    );
}

#[test]
fn what_cannot_be_read_or_written_and_what_looks_mistyped_is_said() {
    let org = Org::with_seats(10);
    org.type_in("create ana@acme.example --yes").ok();
    std::fs::write(
        org.path("people.json"),
        "[\n {\"email\": \"x@acme.example\"}]",
    )
    .unwrap();
    std::fs::write(org.path("wrong.csv"), "email\nnobody\n").unwrap();
    for (line, says) in [
        (
            "import people.json --plan",
            "is JSON, which is not read; export it as .xlsx or .csv",
        ),
        (
            "template nodir/t.xlsx",
            "nodir/t.xlsx: cannot be made (entity not found)",
        ),
        (
            "import wrong.csv --errors nodir/e.xlsx --plan",
            "nodir/e.xlsx: cannot be made (entity not found)",
        ),
    ] {
        let said = org.type_in(line);
        assert_ne!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains(says), "{line}: {}", said.err);
    }
    org.type_in("template t.xlsx").ok();
    let said = org.type_in("import t.xlsx --plan").ok();
    assert!(
        said.contains("  no rows but the template's example, which is left alone"),
        "{said}"
    );
    let said = org.type_in("invite ana@acme.exampel --yes");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err
            .contains("mistyped? ana@acme.exampel: did you mean ana@acme.example?"),
        "{}",
        said.err
    );
}

#[test]
fn what_a_file_gives_back_and_will_give_back_is_told_with_what_lacks() {
    let org = Org::with_seats(3);
    org.type_in("create ana@acme.example bo@acme.example --yes")
        .ok();
    let swap = "email,status,deactivate on\nana@acme.example,inactive,\nbo@acme.example,inactive,31.31.2031\n\
        cy@acme.example,,\ndan@acme.example,,31.31.2031\neve@acme.example,,\n";
    std::fs::write(org.path("swap.csv"), swap).unwrap();
    let table = org.type_in("import swap.csv --plan").ok();
    for line in [
        "does not fit: access has 1 free of 3 purchased (2 held once 1 is given back), and 2 are needed; purchase 1 more",
        "1 of those that are wrong asks for seats, too, once mended",
        "1 of those that are wrong gives a seat back, once mended",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    let plan = org.json("import swap.csv --plan");
    assert_eq!(plan["import"]["wrong_leavers"], 1);
}

#[test]
fn what_was_not_counted_when_a_file_was_imported_is_not_told_as_none() {
    let org = Org::with_seats(10);
    std::fs::write(org.path("people.csv"), "email\nana@acme.example\nno\n").unwrap();
    org.type_in("import people.csv --partial --yes").ok();
    let known = org.json("imports");
    assert_eq!(
        (&known[0]["queued"], &known[0]["left_out"]),
        (&json!(0), &json!(0))
    );
    // As a version left it that did not count them.
    rusqlite::Connection::open(org.db())
        .and_then(|it| it.execute("UPDATE imports SET told_apart = 0", []))
        .unwrap();
    let unknown = org.json("imports");
    assert!(unknown[0]["queued"].is_null() && unknown[0]["left_out"].is_null());
    let table = org.type_in("imports").ok();
    let line: Vec<&str> = table
        .lines()
        .nth(1)
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    assert!(
        line.ends_with(&["2", "1", "-", "0", "0", "-", "1"]),
        "{table}"
    );
}
