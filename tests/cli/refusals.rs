//! Bad input of every kind: a clear reason, the right exit code, and nothing changed.

use std::os::unix::ffi::OsStrExt as _;

use crate::peopled;
use crate::program::{Said, is_hostile, run};

#[test]
fn a_refusal_says_why_by_its_exit_code_and_changes_nothing() {
    let org = peopled();
    let id = org.json("show bo@acme.example")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let as_bo = format!("users --as {id}");
    let nested = format!("users {}a{}", "(".repeat(100), ")".repeat(100));
    let long = format!("users {}", "a".repeat(5_000));
    let long_name = format!(
        "edit ana@acme.example --set title={} --yes",
        "a".repeat(10_000)
    );
    let cases = [
        // Refused, or nothing applied.
        (
            "deactivate nobody@acme.example --yes",
            1,
            "there is no user nobody@acme.example",
        ),
        ("deactivate weber --yes", 1, "name:weber"),
        (
            "deactivate ana@acme.example nobody@acme.example --yes",
            1,
            "nobody@acme.example",
        ),
        ("deactivate cara@acme.example --yes", 1, "already inactive"),
        ("deactivate owner@acme.example --yes", 1, "last owner"),
        (
            "users group:Nope",
            2,
            "there is no group \"Nope\"\n  group:Nope\n        ^",
        ),
        ("deactivate pool:gold --yes", 2, "there is no pool \"gold\""),
        ("deactivate title:none --yes", 1, "nothing was applied"),
        ("invite ana@acme.example --yes", 1, "nothing was applied"),
        ("erase ana@acme.example --yes", 1, "nothing was applied"),
        ("show nobody@acme.example", 1, "there is no user"),
        ("history nobody@acme.example", 1, "there is no user"),
        (
            "undo 01931b2c-7d5e-7000-8000-0123456789ab --yes",
            1,
            "there is no batch",
        ),
        (
            "pool set nopool --purchased 3 --yes",
            1,
            "there is no pool nopool",
        ),
        (
            "pool grant nopool ana@acme.example --yes",
            1,
            "there is no pool nopool",
        ),
        (
            "edit ana@acme.example --group Nowhere --yes",
            1,
            "there is no group Nowhere",
        ),
        (
            "edit ana@acme.example --manager nobody@acme.example --yes",
            1,
            "nobody@acme.example",
        ),
        (
            "edit ana@acme.example --set email=bo@acme.example --yes",
            1,
            "the email is",
        ),
        ("idp show nowhere", 1, "there is no connection nowhere"),
        (
            "idp rotate nowhere --yes",
            1,
            "there is no connection nowhere",
        ),
        ("backup usher.db", 1, "exists"),
        (&as_bo, 1, "no active administrator"),
        (
            "users --as 01931b2c-7d5e-7000-8000-0123456789ab",
            1,
            "no active administrator",
        ),
        (
            "deactivate ana@acme.example --confirm 00000000000000000000000000000000",
            1,
            "changed since",
        ),
        // Bad usage.
        ("invite notanaddress --yes", 2, "notanaddress"),
        (
            "invite ana@acme.example,b@@acme.example --yes",
            2,
            "b@@acme.example",
        ),
        (
            "invite a@acme.example b@acme.example --first-name Ana --yes",
            2,
            "one person",
        ),
        ("create a@acme.example --pool '' --yes", 2, "pool name"),
        ("users stat:active", 2, "did you mean status:"),
        ("users seen:soon", 2, "is not a date"),
        ("users created:2026-02-31", 2, "is not a date"),
        (&nested, 2, "nested"),
        (&long, 2, "longer than 4096"),
        ("deactivate status:gone --yes", 2, "there is no status"),
        (
            "edit ana@acme.example --set colour=red --yes",
            2,
            "no such field",
        ),
        (
            "edit ana@acme.example --set email=ana --yes",
            2,
            "email address",
        ),
        (&long_name, 2, "512 bytes"),
        ("edit ana@acme.example", 2, "--set"),
        ("edit ana@acme.example --label wave --yes", 2, "+WORD"),
        (
            "edit ana@acme.example --group Mentors:king --yes",
            2,
            "no such role",
        ),
        ("pool set access", 2, "--purchased"),
        ("pool set access --purchased many --yes", 2, "many"),
        ("pool set access --purchased=-1 --yes", 2, "purchased"),
        (
            "pool set access --at-capacity sometimes --yes",
            2,
            "at_capacity",
        ),
        ("pool set access --at-capacity grace:900 --yes", 2, "grace"),
        ("pool set pro --ends-on 2031-02-30 --yes", 2, "calendar day"),
        (
            "pool set pro --starts-on 2031-02-01 --ends-on 2031-01-01 --yes",
            2,
            "end date",
        ),
        ("pool add 'a pool' --purchased 3 --yes", 2, "pool name"),
        ("queue move dora@acme.example --to 0 --yes", 2, "0"),
        ("deactivate --yes", 2, "WHO"),
        (
            "deactivate ana@acme.example --plan --yes",
            2,
            "cannot be used with",
        ),
        (
            "deactivate ana@acme.example --queue-rest --fewer",
            2,
            "cannot be used with",
        ),
        ("deactivate ana@acme.example --confirm abc", 2, "digest"),
        ("users --as ana@acme.example", 2, "administrator's id"),
        ("users --format xml", 2, "xml"),
        ("users --limit=-1", 2, "limit"),
        ("serve --listen nowhere", 2, "nowhere"),
        ("serve --public-url gopher://x", 2, "https://"),
        (
            "idp add okta --public-url 'https://a b' --yes",
            2,
            "https://",
        ),
        ("demo --people 3", 2, "50"),
        ("fly", 2, "fly"),
        ("", 2, "terminal"),
    ];
    let before = org.head();
    for (line, code, part) in cases {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(code), "{line}: {said:?}");
        assert!(said.err.contains(part), "{line}: {}", said.err);
        assert!(
            said.out.is_empty() || line.is_empty(),
            "{line}: {}",
            said.out
        );
        assert!(!is_hostile(&said.err), "{line}: {:?}", said.err);
        assert_eq!(org.head(), before, "{line}");
    }
}

#[test]
fn hostile_text_neither_gets_in_nor_acts_on_a_terminal() {
    let org = peopled();
    let before = org.head();
    for text in [
        "a\u{1b}[31m@acme.example",
        "a\u{202e}b@acme.example",
        "\u{feff}a@acme.example",
        "a\u{7}@acme.example",
    ] {
        let said = org.run(&["invite", text, "--yes"]);
        assert_eq!(said.code, Some(2), "{text:?}: {said:?}");
        assert!(!is_hostile(&said.err), "{:?}", said.err);
    }
    for text in [
        "title=a\u{1b}]0;x\u{7}",
        "title=\u{202e}evil",
        "first_name=\u{200b}",
    ] {
        let said = org.run(&["edit", "ana@acme.example", "--set", text, "--yes"]);
        assert_eq!(said.code, Some(2), "{text:?}: {said:?}");
        assert!(!is_hostile(&said.err), "{:?}", said.err);
    }
    for words in [
        ["users", "\"a\u{1b}[2J"],
        ["show", "\u{1b}[2J"],
        ["users", "status:\u{202e}"],
        ["undo", "\u{1b}c"],
    ] {
        let said = org.run(&words);
        assert_ne!(said.code, Some(0), "{words:?}");
        assert!(!is_hostile(&said.err), "{words:?}: {:?}", said.err);
    }
    let no_text = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let said: Said = org.command(&["show"]).arg(no_text).output().unwrap().into();
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(org.head(), before);
}

#[test]
fn a_spreadsheet_gets_no_formula() {
    let org = peopled();
    for (field, value) in [
        ("title", "=cmd|' /C calc'!A0"),
        ("region", "+1"),
        ("first_name", "-2"),
        ("last_name", "@SUM(A1)"),
    ] {
        org.run(&[
            "edit",
            "ana@acme.example",
            "--set",
            &format!("{field}={value}"),
            "--yes",
        ])
        .ok();
    }
    let csv = org.type_in("users =ana@acme.example --format csv").ok();
    for cell in ["'=cmd|' /C calc'!A0", "'+1", "'-2", "'@SUM(A1)"] {
        assert!(csv.contains(cell), "{cell}: {csv}");
    }
    let json = org.json("users =ana@acme.example");
    assert_eq!(
        json[0]["title"], "=cmd|' /C calc'!A0",
        "JSON carries values as they are"
    );
}

#[test]
fn what_an_organization_starts_with_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("new.db").display().to_string();
    let cases = [
        (["Acme", "ten", "o@acme.example", "UTC"], 2),
        (["Acme", "-5", "o@acme.example", "UTC"], 2),
        (["Acme", "0", "o@acme.example", "UTC"], 2),
        (["Acme", "5", "nobody", "UTC"], 2),
        (["Acme", "5", "o@acme.example", "Moon/Crater"], 2),
        (["", "5", "o@acme.example", "UTC"], 2),
        (["A\u{1b}cme", "5", "o@acme.example", "UTC"], 2),
        (["Acme", "99999999999", "o@acme.example", "UTC"], 2),
    ];
    for ([name, seats, owner, zone], code) in cases {
        let seats = format!("--seats={seats}");
        let said = run(&[
            "init",
            "--db",
            &db,
            "--name",
            name,
            &seats,
            "--owner",
            owner,
            "--time-zone",
            zone,
        ]);
        assert_eq!(
            said.code,
            Some(code),
            "{name:?} {seats} {owner} {zone}: {said:?}"
        );
        assert!(
            !dir.path().join("new.db").exists(),
            "{name:?} {seats} {owner} {zone}"
        );
    }
    let said = run(&[
        "init",
        "--db",
        &db,
        "--name",
        "Acme",
        "--seats",
        "5",
        "--owner",
        "o@acme.example",
        "--format",
        "json",
    ]);
    assert_eq!(said.json()["seats"], 5);
}

#[test]
fn a_negative_number_is_a_value_that_is_refused_and_no_option() {
    let org = peopled();
    for (line, why) in [
        (
            "pool set access --purchased -3 --yes",
            "purchased is not between 0",
        ),
        (
            "queue move ana@acme.example --to -1 --yes",
            "-1 is not in 1..",
        ),
        ("users --limit -1", "invalid value '-1' for '--limit"),
        (
            "init --name X --seats -1 --owner x@x.example --db x.db",
            "is not between 0 and",
        ),
    ] {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(2), "{line}: {said:?}");
        assert!(said.err.contains(why), "{line}: {said:?}");
        assert!(
            !said.err.contains("unexpected argument"),
            "{line}: {said:?}"
        );
    }
    // What is left out of a query still is.
    org.type_in("users -status:active").ok();
}

#[test]
fn a_refused_value_is_said_again_in_part_and_what_to_do_with_it_whole() {
    let org = peopled();
    let long = "x".repeat(100_000);
    let said = org.run(&["deactivate", &long, "--yes"]);
    assert_eq!(said.code, Some(1), "{}", said.err.len());
    assert!(said.err.len() < 3_000, "{}", said.err.len());
    assert!(said.err.contains("there is no user"), "{}", said.err);
    let said = org.run(&["deactivate", "", "--yes"]);
    assert!(
        said.err.contains("there is no user of an empty name"),
        "{said:?}"
    );
}
