//! Everything that can be wrong with a row is told with its cell, and a copy of the file with the reasons can be mended and
//! imported.

use std::collections::BTreeSet;
use std::sync::Arc;

use usher_core::Error;
use usher_core::command::{Command, Create, Edit, FieldEdit, Import, NewPerson};
use usher_core::import::{Does, Mode, REASON, Sheet};
use usher_core::model::{Field, FieldKind, Profile, Setting, Status};

use super::{apply, copied, review};
use crate::org::Org;
use crate::settings::set;

/// The columns of the file, from A on.
const TITLES: [&str; 17] = [
    "email",
    "user name",
    "first name",
    "last name",
    "title",
    "manager",
    "groups",
    "role",
    "licenses",
    "status",
    "send on",
    "deactivate on",
    "delete on",
    "Shirt",
    "Joined",
    "Badge",
    "id",
];
/// How many rows of it are right.
const RIGHT: usize = 4_950;

/// One kind of fault: what stands in the row beyond what is right, where it is told, what is said of it, and what mends it.
struct Case {
    cells: &'static [(&'static str, &'static str)],
    at: Option<&'static str>,
    says: &'static str,
    mended: &'static [(&'static str, &'static str)],
}

const fn case(
    cells: &'static [(&'static str, &'static str)],
    at: &'static str,
    says: &'static str,
    mended: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        cells,
        at: Some(at),
        says,
        mended,
    }
}

const CASES: &[Case] = &[
    case(
        &[("email", "")],
        "email",
        "says nobody",
        &[("email", "m1@acme.example")],
    ),
    case(
        &[("email", "no-at.example")],
        "email",
        "has no @",
        &[("email", "m2@acme.example")],
    ),
    case(
        &[("email", "a\u{1b}x@acme.example")],
        "email",
        "control",
        &[("email", "m3@acme.example")],
    ),
    case(
        &[("email", "p7@acme.example")],
        "email",
        "is in row 9 already",
        &[("email", "m4@acme.example")],
    ),
    case(
        &[("user name", "p8")],
        "user name",
        "is in row 10 already",
        &[("user name", "m5")],
    ),
    case(
        &[("user name", "ana.li")],
        "user name",
        "of somebody who is active",
        &[("user name", "")],
    ),
    case(
        &[("email", "taken@acme.example")],
        "email",
        "user name of somebody else",
        &[("email", "m7@acme.example")],
    ),
    case(
        &[("email", "ana@acme.exmaple")],
        "email",
        "did you mean ana@acme.example, who exists",
        &[("email", "m8@acme.example")],
    ),
    case(
        &[("email", "somebody@gmial.com")],
        "email",
        "did you mean somebody@gmail.com?",
        &[("email", "somebody@gmail.com")],
    ),
    case(
        &[("manager", "nobody@else.example")],
        "manager",
        "there is no user nobody@else.example",
        &[("manager", "")],
    ),
    case(
        &[("manager", "anna@acme.example")],
        "manager",
        "did you mean ana@acme.example?",
        &[("manager", "ana@acme.example")],
    ),
    case(
        &[
            ("email", "self@acme.example"),
            ("manager", "self@acme.example"),
        ],
        "manager",
        "the person themself",
        &[("manager", "")],
    ),
    case(
        &[("email", "c1@acme.example"), ("manager", "c2@acme.example")],
        "manager",
        "in a circle: rows",
        &[("manager", "")],
    ),
    case(
        &[("email", "c2@acme.example"), ("manager", "c1@acme.example")],
        "manager",
        "in a circle: rows",
        &[],
    ),
    case(
        &[("manager", "bo@acme.example")],
        "manager",
        "is inactive: name somebody",
        &[("manager", "")],
    ),
    case(
        &[("manager", "Sam Doe")],
        "manager",
        "several people are called Sam Doe",
        &[("manager", "sam1@acme.example")],
    ),
    case(
        &[("manager", "c1@acme.example")],
        "manager",
        "in which something is wrong",
        &[],
    ),
    case(
        &[("groups", "Marketing")],
        "groups",
        "there is no group Marketing",
        &[("groups", "")],
    ),
    case(
        &[("groups", "Slaes")],
        "groups",
        "did you mean Sales?",
        &[("groups", "Sales")],
    ),
    case(
        &[("groups", "Sales"), ("role", "boss")],
        "role",
        "is no role in a group",
        &[("role", "coach")],
    ),
    case(
        &[("licenses", "gold")],
        "licenses",
        "there is no pool gold",
        &[("licenses", "")],
    ),
    case(
        &[("licenses", "por")],
        "licenses",
        "did you mean pro?",
        &[("licenses", "")],
    ),
    case(
        &[("email", "used@acme.example"), ("licenses", "(clear)")],
        "licenses",
        "pro is consumed",
        &[("licenses", "")],
    ),
    case(
        &[("Shirt", "Enormous")],
        "Shirt",
        "use Small, Large",
        &[("Shirt", "small")],
    ),
    case(
        &[("Shirt", "Larg")],
        "Shirt",
        "did you mean Large?",
        &[("Shirt", "Large")],
    ),
    case(
        &[("Joined", "31.02.2026")],
        "Joined",
        "is not a calendar day",
        &[("Joined", "28.02.2026")],
    ),
    case(
        &[("delete on", "soon")],
        "delete on",
        "is not a calendar day",
        &[("delete on", "2030-01-31")],
    ),
    case(
        &[("delete on", "2020-01-31")],
        "delete on",
        "has begun already",
        &[("delete on", "")],
    ),
    case(
        &[("deactivate on", "2020-01-31")],
        "deactivate on",
        "has begun already",
        &[("deactivate on", "")],
    ),
    case(
        &[("send on", "2020-01-31")],
        "send on",
        "to mail now",
        &[("send on", "")],
    ),
    case(
        &[("send on", "tomorrow")],
        "send on",
        "is not a calendar day",
        &[("send on", "2030-01-31")],
    ),
    case(
        &[("first name", "")],
        "first name",
        "first name is required",
        &[("first name", "Fi")],
    ),
    case(
        &[("Badge", " ")],
        "Badge",
        "Badge is required",
        &[("Badge", "1")],
    ),
    case(
        &[("status", "sleeping")],
        "status",
        "is no status",
        &[("status", "")],
    ),
    case(
        &[("status", "inactive")],
        "status",
        "say waiting or active",
        &[("status", "active")],
    ),
    case(
        &[("email", "cy@acme.example"), ("status", "active")],
        "status",
        "comes in by accepting",
        &[("status", "")],
    ),
    case(
        &[("email", "dee@acme.example"), ("status", "erased")],
        "status",
        "erasing has no undo",
        &[("status", "")],
    ),
    case(
        &[("email", "eve@acme.example"), ("status", "cancelled")],
        "status",
        "only an invitation can be cancelled",
        &[("status", "inactive")],
    ),
    case(
        &[("email", "owner@acme.example"), ("status", "inactive")],
        "status",
        "the last owner",
        &[("status", "")],
    ),
    case(
        &[("email", "vip@acme.example"), ("status", "deleted")],
        "status",
        "protected",
        &[("status", "")],
    ),
    case(
        &[("last name", "LONG")],
        "last name",
        "longer than",
        &[("last name", "Long")],
    ),
    case(
        &[("last name", "a\u{202e}b")],
        "last name",
        "character",
        &[("last name", "ab")],
    ),
    case(
        &[("title", "#REF!")],
        "title",
        "a formula failed with",
        &[("title", "")],
    ),
    case(
        &[("email", "fay@acme.example"), ("first name", "(clear)")],
        "first name",
        "it is required",
        &[("first name", "")],
    ),
    case(
        &[
            ("email", ""),
            ("user name", "gus.g"),
            ("title", "x"),
            ("email", "(clear)"),
        ],
        "email",
        "cannot be emptied",
        &[("email", "")],
    ),
    case(&[("id", "abc")], "id", "is no id", &[("id", "")]),
    case(
        &[("id", "01890000-0000-7000-8000-000000000000")],
        "id",
        "is nobody's",
        &[("id", "")],
    ),
    case(
        &[
            ("email", "ana@acme.example"),
            ("user name", "taken@acme.example"),
        ],
        "user name",
        "somebody else than the one",
        &[("user name", ""), ("email", "m47@acme.example")],
    ),
];

fn org() -> Org {
    let org = Org::new(10_000);
    org.create("ana bo dee eve fay gus used vip zed");
    org.invite("cy");
    org.deactivate("bo");
    let named = |field, value: &str| vec![(field, Some(value.to_owned()))];
    for (who, field, value) in [
        ("ana", Field::UserName, "ana.li"),
        ("gus", Field::UserName, "gus.g"),
        ("zed", Field::UserName, "taken@acme.example"),
    ] {
        org.apply(Command::Edit(Edit {
            set: named(field, value),
            ..Edit::of(org.who(who))
        }));
    }
    org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("vip"))
    }));
    for name in ["sam1", "sam2"] {
        let profile = Profile {
            email: Some(format!("{name}@acme.example")),
            first_name: Some("Sam".into()),
            last_name: Some("Doe".into()),
            ..Profile::default()
        };
        org.apply(Command::Create(Create {
            people: vec![NewPerson {
                profile,
                ..NewPerson::default()
            }],
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
        }));
    }
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    org.add_pool("pro", 1);
    org.apply(Command::Grant {
        who: org.who("used"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
    for (name, kind, required, values) in [
        ("Shirt", FieldKind::Choice, false, &["Small", "Large"][..]),
        ("Joined", FieldKind::Date, false, &[]),
        ("Badge", FieldKind::Text, true, &[]),
    ] {
        org.apply(Command::AddField {
            name: name.into(),
            kind,
            set: FieldEdit {
                required: Some(required),
                add_values: values.iter().map(|it| (*it).to_owned()).collect(),
                ..FieldEdit::default()
            },
        });
    }
    org.apply(set(Setting::RequiredOnInvite, "email,first_name,Badge"));
    org
}

fn column(title: &str) -> usize {
    TITLES.iter().position(|it| *it == title).unwrap()
}

fn row(email: String, user_name: String) -> Vec<String> {
    let mut row = vec![String::new(); TITLES.len()];
    row[column("email")] = email;
    row[column("user name")] = user_name;
    row[column("first name")] = "Pat".into();
    row[column("last name")] = "=Doe".into();
    row[column("Badge")] = "0042".into();
    row
}

#[test]
fn a_file_of_five_thousand_rows_with_a_fault_of_every_kind_says_where_each_is_and_its_copy_is_mended_and_imported()
 {
    let org = org();
    let mut rows = vec![TITLES.map(str::to_owned).to_vec()];
    rows.extend((0..RIGHT).map(|i| row(format!("p{i}@acme.example"), format!("p{i}"))));
    let long = "x".repeat(600);
    for (i, case) in CASES.iter().enumerate() {
        let mut wrong = row(format!("w{i}@acme.example"), String::new());
        for (title, value) in case.cells {
            wrong[column(title)] = if *value == "LONG" {
                long.clone()
            } else {
                (*value).to_owned()
            };
        }
        rows.push(wrong);
    }
    let texts = rows.iter().map(|it| it.iter().map(String::as_str));
    let import = Import::of(Arc::new(Sheet::of_texts(texts)), Mode::Both);
    let found = review(&org, import.clone());
    // Every kind is told once, in its cell.
    let first = u32::try_from(RIGHT).unwrap() + 2;
    for (row, case) in (first..).zip(CASES) {
        let faults = found.faults_of(row);
        let told = faults.iter().find(|it| it.why.contains(case.says));
        let told = told.unwrap_or_else(|| panic!("{}: {faults:?}", case.says));
        assert_eq!(told.column, case.at.map(column), "{told:?}");
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
    assert_eq!(found.faults.len(), CASES.len());
    assert_eq!(found.count(Does::Wrong), CASES.len());
    assert_eq!(found.count(Does::Invite), RIGHT);
    // Rows that do not stay in memory are the same rows.
    let texts = rows.iter().map(|it| it.iter().map(String::as_str));
    let folder = org.path.parent().unwrap();
    let aside = Import::of(
        Arc::new(Sheet::of_texts_beyond(texts, folder, 0)),
        Mode::Both,
    );
    let aside = review(&org, aside);
    assert_eq!(aside.faults, found.faults);
    assert_eq!(aside.rows, found.rows);
    let kinds: BTreeSet<&str> = CASES.iter().map(|it| it.says).collect();
    assert!(kinds.len() >= 37 && RIGHT + CASES.len() >= 4_990);
    assert!(matches!(apply(&org, import), Err(Error::Faulty(_))));
    // The copy is the same file, with the reasons beside it.
    let mut copy = copied(&found);
    assert_eq!(copy.len(), rows.len());
    for (row, typed) in copy.rows().zip(&rows) {
        let cells: Vec<String> = row
            .cells()
            .take(TITLES.len())
            .map(|it| it.said().trim().to_owned())
            .collect();
        let typed: Vec<&str> = typed.iter().map(|it| it.trim()).collect();
        assert_eq!(cells, typed[..cells.len()], "{row:?}");
        assert!(typed[cells.len()..].iter().all(|it| it.is_empty()));
    }
    assert_eq!(copy.at(0).unwrap().cell(TITLES.len()).said(), REASON);
    for (row, case) in (first..).zip(CASES) {
        let why = copy
            .at(row as usize - 1)
            .unwrap()
            .cell(TITLES.len())
            .said()
            .into_owned();
        assert!(why.contains(case.says), "{why}");
        for (title, value) in case.mended {
            copy.mend(row, column(title), value);
        }
    }
    let import = Import::of(Arc::new(copy), Mode::Both);
    let mended = review(&org, import.clone());
    assert_eq!(super::faults(&mended), [] as [&str; 0]);
    apply(&org, import).unwrap();
    assert_eq!(org.user("p4949").profile.last_name.as_deref(), Some("=Doe"));
    assert_eq!(org.user("eve").status, Status::Inactive);
    assert_eq!(org.manager("c2").as_deref(), Some("c1"));
    org.assert_chain();
}
