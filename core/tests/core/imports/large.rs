//! Files of so many rows that they do not stay in memory: they are read and understood as small ones are, and what cannot be
//! kept or read again is told, and never taken for blank.

use std::sync::Arc;

use usher_core::Error;
use usher_core::command::{Command, Import};
use usher_core::import::{Does, Mode, Sheet, write_error_copy};

use super::{apply, door, faults, review};
use crate::org::Org;

/// More rows than are looked up at once.
const ROWS: usize = 6_000;
const SEATS: i64 = 12_000;
const TITLES: [&str; 6] = [
    "email",
    "user name",
    "first name",
    "manager",
    "region",
    "title",
];

/// Rows, of more than two megabytes together, with people who report to the first of their ten, in whichever order they stand, and what is said of some.
fn lines(changed: &[(usize, usize, &str)]) -> Vec<[String; 6]> {
    let mut lines = vec![TITLES.map(str::to_owned)];
    lines.extend((0..ROWS).rev().map(|i| {
        let manager = match i {
            0 => String::new(),
            _ => format!("p{}@acme.example", i / 10),
        };
        [
            format!("p{i}@acme.example"),
            format!("u{i}"),
            "Pat".to_owned(),
            manager,
            "x".repeat(100 + i % 89),
            "y".repeat(250),
        ]
    }));
    for (row, column, text) in changed {
        lines[*row - 1][*column] = (*text).to_owned();
    }
    lines
}

fn kept(lines: &[[String; 6]]) -> Sheet {
    Sheet::of_texts(lines.iter().map(|it| it.iter().map(String::as_str)))
}

fn aside(org: &Org, lines: &[[String; 6]]) -> Sheet {
    let folder = org.path.parent().unwrap();
    let lines = lines.iter().map(|it| it.iter().map(String::as_str));
    Sheet::of_texts_beyond(lines, folder, 0)
}

fn import(sheet: Sheet) -> Import {
    Import::of(Arc::new(sheet), Mode::Create)
}

#[test]
fn a_sheet_that_is_put_aside_reads_the_same_in_any_order_and_is_mended() {
    let org = Org::new(5);
    let lines = lines(&[]);
    let (kept, mut aside) = (kept(&lines), aside(&org, &lines));
    assert_eq!(kept, aside);
    for step in [1, 4_999, 7_919] {
        for place in (0..kept.len()).map(|it| it * step % kept.len()) {
            assert_eq!(aside.at(place), kept.at(place));
        }
    }
    assert!(aside.at(kept.len()).is_none());
    // A copy has the rows in common, and not what is mended.
    let before = aside.clone();
    aside.mend(3_000, 2, "Pia");
    aside.mend(3_001, 7, "further");
    assert_eq!(before, kept);
    assert_ne!(aside, kept);
    assert_eq!(aside.row(3_000).unwrap().cell(2).said(), "Pia");
    assert_eq!(aside.row(3_001).unwrap().cell(7).said(), "further");
    assert_eq!(aside.row(3_002), kept.row(3_002));
    aside.mend(3_000, 2, "Pat");
    assert_eq!(aside.row(3_000), kept.row(3_000));
    aside.check().unwrap();
}

#[test]
fn what_is_wrong_across_a_large_file_is_told_wherever_its_rows_are_kept() {
    let org = Org::new(SEATS);
    org.create("ana");
    let lines = lines(&[
        // An address that is there already, far above; and the same of a user name.
        (5_990, 0, "P5500@acme.example"),
        (5_991, 1, "U5501"),
        // A user name that is the address by which somebody else goes, below and above.
        (40, 1, "p3@acme.example"),
        (5_998, 1, ""),
        (5_980, 1, "p5900@acme.example"),
        (101, 1, ""),
        // Managers who are nobody: one nearly is somebody of the file, and one of the roster.
        (300, 3, "p5777@acme.examp"),
        (301, 3, "q1@acme.example"),
        (302, 3, "anna@acme.example"),
        // A circle whose rows stand far from each other.
        (6_001 - 5, 3, "p5600@acme.example"),
        (6_001 - 5_600, 3, "p5@acme.example"),
        // A mistyped domain.
        (2_500, 0, "p3501@acme.exmaple"),
    ]);
    let found = review(&org, import(kept(&lines)));
    let told = faults(&found);
    let expected = [
        "B40: is the address of row 5998, who signs in with it: choose another, or leave it empty",
        "B5980: is the address of row 101, who signs in with it: choose another, or leave it empty",
        "A5990: is in row 501 already: leave one of them out",
        "B5991: is in row 500 already: leave one of them out",
        "D301: there is no user q1@acme.example; did you mean p1@acme.example?",
        "D302: there is no user anna@acme.example; did you mean ana@acme.example?",
    ];
    for expected in expected {
        assert!(
            told.iter().any(|it| it == expected),
            "{expected}: {told:#?}"
        );
    }
    assert!(
        told.iter().any(|it| it.contains("in a circle")),
        "{told:#?}"
    );
    let other = review(&org, import(aside(&org, &lines)));
    assert_eq!(faults(&other), told);
    assert_eq!(other.rows, found.rows);
    let (one, other) = (
        serde_json::to_string(&found).unwrap(),
        serde_json::to_string(&other).unwrap(),
    );
    assert_eq!(one, other);
}

#[test]
fn people_come_by_a_large_file_whose_rows_are_put_aside() {
    let org = Org::new(SEATS);
    apply(&org, import(aside(&org, &lines(&[])))).unwrap();
    assert_eq!(org.manager("p5999").as_deref(), Some("p599"));
    assert_eq!(org.manager("p7").as_deref(), Some("p0"));
    let profile = org.user("p4321").profile;
    assert_eq!(profile.user_name.as_deref(), Some("u4321"));
    assert_eq!(profile.region, Some("x".repeat(100 + 4_321 % 89)));
    // All of them are there, and say the same again.
    let again = Import {
        again: true,
        mode: Mode::Update,
        ..import(aside(&org, &lines(&[])))
    };
    let again = review(&org, again);
    assert_eq!(faults(&again), [""; 0]);
    assert_eq!(again.count(Does::Nothing), ROWS);
}

#[test]
fn what_cannot_be_put_aside_is_told_and_nothing_is_planned() {
    let org = Org::new(SEATS);
    let lines = lines(&[]);
    let texts = lines.iter().map(|it| it.iter().map(String::as_str));
    let gone = org.path.with_file_name("gone");
    let sheet = Sheet::of_texts_beyond(texts, &gone, 0);
    assert!(matches!(sheet.check(), Err(Error::File { .. })));
    let session = door(&org);
    let refused = session.plan(&session.request(Command::Import(import(sheet))));
    let refused = refused.map(|it| it.changes.len());
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
}

/// Takes away what is in every file without a name that this process has open in a folder.
#[cfg(target_os = "linux")]
fn lose_what_was_put_aside(folder: &std::path::Path) {
    let mut lost = 0;
    for file in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let Ok(target) = std::fs::read_link(file.path()) else {
            continue;
        };
        let target = target.to_string_lossy().into_owned();
        let folder = folder.to_string_lossy();
        if target.starts_with(folder.as_ref()) && target.ends_with("(deleted)") {
            let file = std::fs::OpenOptions::new().write(true).open(file.path());
            file.unwrap().set_len(1_000).unwrap();
            lost += 1;
        }
    }
    assert!(lost > 0, "nothing was put aside");
}

#[cfg(target_os = "linux")]
#[test]
fn rows_that_cannot_be_read_again_are_told_and_never_taken_for_blank() {
    let org = Org::new(SEATS);
    let lines = lines(&[(3_000, 0, "nobody")]);
    let sheet = aside(&org, &lines);
    let found = review(&org, import(sheet.clone()));
    assert_eq!(found.count(Does::Wrong), 1);
    lose_what_was_put_aside(org.path.parent().unwrap());
    // Some of them were read last and are in memory still; the others are not there any more.
    let session = door(&org);
    let refused = session.plan(&session.request(Command::Import(import(sheet))));
    let refused = refused.map(|it| it.changes.len());
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
    let copy = org.path.with_file_name("copy.xlsx");
    let refused = write_error_copy(&found, &copy, false);
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
    assert!(!copy.exists());
    assert!(serde_json::to_string(&found).is_err());
}
