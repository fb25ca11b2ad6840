//! Managers who are inactive and are seated again by the same file: who reports to them may stand in any row of it.

use usher_core::command::{Command, Import, WhenFull};
use usher_core::import::{Does, Mode};
use usher_core::model::Status;

use super::{apply, door, faults, import, plan, review};
use crate::org::{Org, skips};

/// The owner, some who are inactive, and some who are active.
fn org(seats: i64, inactive: &str, active: &str) -> Org {
    let org = Org::new(seats);
    if !inactive.is_empty() {
        org.create(inactive);
        org.deactivate(inactive);
    }
    org.create(active);
    org
}

/// Files of these rows, in this order and in the other.
fn both_ways(titles: &str, rows: &[&str]) -> [String; 2] {
    let there = rows.join("\n");
    let back: Vec<&str> = rows.iter().rev().copied().collect();
    [
        format!("{titles}\n{there}"),
        format!("{titles}\n{}", back.join("\n")),
    ]
}

#[test]
fn a_manager_who_comes_back_by_the_same_file_is_reported_to_wherever_their_row_stands() {
    let org = org(20, "bo", "di");
    let rows = [
        "bo@acme.example|active|cy@acme.example",
        "di@acme.example||bo@acme.example",
        "cy@acme.example||owner@acme.example",
    ];
    for mode in [Mode::Both, Mode::Update] {
        for text in both_ways("email|status|manager", &rows) {
            let text = match mode {
                Mode::Both => text,
                _ => text.replace("cy@", "owner@").replace(
                    "owner@acme.example||owner@acme.example",
                    "owner@acme.example||",
                ),
            };
            let found = review(&org, import(&text, mode));
            assert_eq!(faults(&found), [""; 0], "{mode:?} {text}");
            let applied = apply(&org, import(&text, mode)).unwrap();
            assert_eq!(org.user("bo").status, Status::Active);
            assert_eq!(org.manager("di").as_deref(), Some("bo"));
            let above = if mode == Mode::Both { "cy" } else { "owner" };
            assert_eq!(org.manager("bo").as_deref(), Some(above));
            org.undo(&applied);
        }
    }
    assert_eq!(org.user("bo").status, Status::Inactive);
    assert_eq!(org.manager("di"), None);
}

#[test]
fn who_is_new_reports_to_who_comes_back_and_by_any_name_of_theirs() {
    for named in ["bo@acme.example", "Ek, Bo", "Bo Ek", "the boss"] {
        let org = org(20, "bo", "di");
        let rows = [
            "bo@acme.example|active||Bo|Ek|the boss",
            &format!("di@acme.example||{named}|||"),
            &format!("em@acme.example||{named}|||"),
        ];
        for text in both_ways(
            "email|status|manager|first name|last name|display name",
            &rows,
        ) {
            let applied = apply(&org, import(&text, Mode::Both)).unwrap();
            assert_eq!(org.manager("di").as_deref(), Some("bo"), "{named}");
            assert_eq!(org.manager("em").as_deref(), Some("bo"), "{named}");
            org.undo(&applied);
        }
    }
}

#[test]
fn a_line_of_people_who_come_back_is_seated_from_the_top() {
    let org = org(20, "ana bo cy", "di");
    let rows = [
        "di@acme.example||cy@acme.example",
        "cy@acme.example|active|bo@acme.example",
        "bo@acme.example|active|ana@acme.example",
        "ana@acme.example|active|owner@acme.example",
    ];
    for text in both_ways("email|status|manager", &rows) {
        let applied = apply(&org, import(&text, Mode::Update)).unwrap();
        for (who, above) in [("di", "cy"), ("cy", "bo"), ("bo", "ana"), ("ana", "owner")] {
            assert_eq!(org.manager(who).as_deref(), Some(above));
        }
        org.undo(&applied);
    }
    // And in a circle nobody.
    let new =
        "email|status|manager\ndi@acme.example||em@acme.example\nem@acme.example||di@acme.example";
    assert_eq!(faults(&review(&org, import(new, Mode::Both))).len(), 2);
    let round = "email|status|manager\nana@acme.example|active|bo@acme.example\nbo@acme.example|active|ana@acme.example";
    assert_eq!(
        faults(&review(&org, import(round, Mode::Both))),
        [
            "C2: would report in a circle: rows 2, 3",
            "C3: would report in a circle: rows 2, 3"
        ]
    );
    let own = "email|status|manager\nana@acme.example|active|ana@acme.example";
    assert_eq!(
        faults(&review(&org, import(own, Mode::Both))),
        ["C2: is the person themself"]
    );
}

#[test]
fn who_names_a_manager_in_whose_row_of_coming_back_something_is_wrong_is_told_which_row() {
    let org = org(20, "bo", "di");
    let rows = [
        "bo@acme.example|active|31.31.2031",
        "di@acme.example||",
        "em@acme.example||",
    ];
    let titles = "email|status|deactivate on|manager";
    for (text, bo, di, em) in [
        (both_ways(titles, &rows)[0].clone(), 2, 3, 4),
        (both_ways(titles, &rows)[1].clone(), 4, 3, 2),
    ] {
        let text: Vec<String> = text
            .lines()
            .map(|it| match it {
                it if it.starts_with("di") || it.starts_with("em") => {
                    format!("{it}|bo@acme.example")
                }
                it => it.to_owned(),
            })
            .collect();
        let found = review(&org, import(&text.join("\n"), Mode::Both));
        let mut told = faults(&found);
        told.retain(|it| it.starts_with('D'));
        let mut expected = [di, em].map(|it| {
            format!(
                "D{it}: is in row {bo} of this file, in which something is wrong: mend that first"
            )
        });
        expected.sort();
        assert_eq!(told, expected);
    }
    // What is wrong is found late: whoever never accepted is not made active.
    org.invite("cy");
    org.deactivate("cy");
    let late = "email|status|manager\ndi@acme.example||cy@acme.example\ncy@acme.example|active|";
    assert_eq!(
        faults(&review(&org, import(late, Mode::Both))),
        [
            "C2: is in row 3 of this file, in which something is wrong: mend that first",
            "B3: has never accepted: say waiting to invite them again",
        ]
    );
}

#[test]
fn whoever_is_not_brought_back_by_the_file_is_still_nobody_s_manager() {
    let org = org(20, "bo", "di");
    let why = "is inactive: name somebody on the roster, or leave it empty";
    let by_mode = "email|status|manager\nbo@acme.example|active|\nem@acme.example||bo@acme.example";
    for mode in [Mode::Invite, Mode::Create] {
        let found = review(&org, import(by_mode, mode));
        assert_eq!(faults(&found), [format!("C3: {why}")], "{mode:?}");
    }
    for status in ["", "inactive"] {
        let text = format!(
            "email|status|manager\nbo@acme.example|{status}|\ndi@acme.example||bo@acme.example"
        );
        let found = review(&org, import(&text, Mode::Both));
        assert_eq!(faults(&found), [format!("C3: {why}")], "{status:?}");
    }
    let leaves = "email|status|manager\nbo@acme.example|deleted|\ndi@acme.example||bo@acme.example";
    assert_eq!(
        faults(&review(&org, import(leaves, Mode::Both))),
        [format!("C3: {why}")]
    );
}

#[test]
fn there_is_no_room_for_a_manager_who_comes_back() {
    // One seat is free, which ana takes, who stands before who reports to bo.
    let org = org(3, "bo", "di");
    let text = "email|status|manager\nana@acme.example||\nem@acme.example||bo@acme.example\n\
        di@acme.example||bo@acme.example\nbo@acme.example|active|";
    let asked = plan(&org, import(text, Mode::Both));
    let short: Vec<_> = asked.shortfalls.iter().map(ToString::to_string).collect();
    assert_eq!(
        short,
        [
            "access has 1 free of 3 purchased (2 held), and 3 are needed; purchase 2 more, free some by deactivating people, or queue"
        ]
    );
    let partial = Import {
        partial: true,
        ..import(text, Mode::Both)
    };
    let found = review(&org, partial.clone());
    assert_eq!(
        faults(&found),
        [
            "C3: no free seat in access for the manager, who is of this file too",
            "C4: no free seat in access for the manager, who is of this file too",
            "B5: no free seat in access",
        ]
    );
    assert_eq!(
        (found.count(Does::Invite), found.count(Does::LeftOut)),
        (1, 3)
    );
    let session = door(&org);
    let mut fewer = session.request(Command::Import(import(text, Mode::Both)));
    fewer.when_full = WhenFull::Fewer;
    let planned = session.plan(&fewer).unwrap();
    let found = planned.review.as_ref().unwrap();
    assert_eq!(faults(found), [""; 0]);
    assert_eq!(
        (found.count(Does::Invite), found.count(Does::LeftOut)),
        (1, 3)
    );
    let why = "no free seat in access for the manager, who is of this file too";
    assert_eq!(
        skips(&planned),
        [
            "bo: no free seat in access".to_owned(),
            format!("em: {why}"),
            format!("di: {why}")
        ]
    );
    // Who waits for a seat comes in, too.
    let mut queue = session.request(Command::Import(import(text, Mode::Both)));
    queue.when_full = WhenFull::QueueRest;
    let applied = session.apply(queue, None).unwrap();
    let found = applied.plan.review.as_ref().unwrap();
    assert_eq!(faults(found), [""; 0]);
    assert_eq!(
        (found.count(Does::Queue), found.count(Does::Update)),
        (2, 1)
    );
    assert_eq!(org.user("bo").status, Status::Queued);
    assert_eq!(org.manager("di").as_deref(), Some("bo"));
    assert_eq!(org.manager("em").as_deref(), Some("bo"));
}

#[test]
fn who_leaves_with_a_manager_who_comes_back_gets_that_one() {
    let org = org(20, "bo", "di em");
    let rows = [
        "di@acme.example|inactive|bo@acme.example",
        "em@acme.example||di@acme.example",
        "bo@acme.example|active|",
    ];
    let [text, back] = both_ways("email|status|manager", &rows);
    for text in [&text, &back] {
        // Nobody gets a manager who leaves by the same file.
        let found = review(&org, import(text, Mode::Both));
        assert_eq!(faults(&found).len(), 1);
        assert!(faults(&found)[0].contains("is to be inactive by row"));
    }
    let text = text.replace("di@acme.example\nbo", "bo@acme.example\nbo");
    apply(&org, import(&text, Mode::Both)).unwrap();
    assert_eq!(org.manager("di").as_deref(), Some("bo"));
    assert_eq!(org.manager("em").as_deref(), Some("bo"));
    assert_eq!(org.user("di").status, Status::Inactive);
}
