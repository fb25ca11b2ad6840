//! People by files: what rows want, what is wrong with them, and that everything is done or nothing.

mod faults;
mod large;
mod libreoffice;
mod many;
mod mending;
mod names;
mod returning;
mod round_trip;
mod seated_again;
mod seats;
mod unsilent;

use std::sync::Arc;

use usher_core::command::{Command, FieldEdit, Import, PoolEdit, WhenFull};
use usher_core::import::{Does, Limits, Mode, Review, Sheet, read_here, write_error_copy};
use usher_core::model::{Door, FieldKind, GroupRole, Status};
use usher_core::{Error, Plan, Session};

use crate::org::Org;

/// A sheet of lines, whose cells are apart by `|`.
pub(crate) fn sheet(text: &str) -> Arc<Sheet> {
    let lines = text.lines().map(|line| line.split('|').map(str::trim));
    Arc::new(Sheet::of_texts(lines))
}

pub(crate) fn door(org: &Org) -> Session {
    org.directory
        .as_actor(usher_core::model::Actor::FileOwner, Door::Import)
}

pub(crate) fn import(text: &str, mode: Mode) -> Import {
    Import {
        file: Some("people.csv".into()),
        ..Import::of(sheet(text), mode)
    }
}

pub(crate) fn plan(org: &Org, import: Import) -> Plan {
    let session = door(org);
    session
        .plan(&session.request(Command::Import(import)))
        .unwrap()
}

pub(crate) fn review(org: &Org, import: Import) -> Review {
    *plan(org, import).review.unwrap()
}

fn apply(org: &Org, import: Import) -> usher_core::Result<usher_core::Applied> {
    let session = door(org);
    session.apply(session.request(Command::Import(import)), None)
}

/// Everything that is wrong, as `cell: why`.
pub(crate) fn faults(review: &Review) -> Vec<String> {
    let said = review.faults.iter().map(|it| match it.column {
        Some(column) => format!(
            "{}{}: {}",
            usher_core::import::letters(column),
            it.row,
            it.why
        ),
        None => format!("{}: {}", it.row, it.why),
    });
    said.collect()
}

fn group(org: &Org, name: &str) {
    org.apply(Command::AddGroup { name: name.into() });
}

#[test]
fn people_are_invited_with_everything_that_a_row_says_managers_and_groups_of_the_same_file_too() {
    let org = Org::new(10);
    group(&org, "Sales, EMEA");
    group(&org, "Design");
    org.apply(Command::AddField {
        name: "Cost center".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    let text = "E-Mail Address|Given name|Surname|Dept.|Reports to|Groups|COST-CENTER|Shoe size|Tags\n\
        ana@acme.example|Ana|Li|Sales|bo@acme.example|Sales, EMEA|4711|38|a;b\n\
        \n\
        bo@acme.example|Bo|Ek|Sales|OWNER@acme.example|Design:coach; sales, emea|||\n\
        Cy Po <cy@acme.example>|Cy|Po||Li, Ana||||";
    let import = import(text, Mode::Invite);
    let plan = plan(&org, import.clone());
    let review = plan.review.as_ref().unwrap();
    assert_eq!(faults(review), [] as [&str; 0]);
    assert_eq!(review.columns.ignored().collect::<Vec<_>>(), ["Shoe size"]);
    assert_eq!(review.count(Does::Invite), 3);
    assert_eq!(plan.mails(), 3);
    let applied = apply(&org, import).unwrap();
    let ana = org.user("ana");
    assert_eq!(ana.status, Status::Waiting);
    assert_eq!(ana.profile.functional_area.as_deref(), Some("Sales"));
    assert_eq!(ana.profile.labels.as_deref(), Some("a,b"));
    assert_eq!(org.manager("ana").as_deref(), Some("bo"));
    assert_eq!(org.manager("bo").as_deref(), Some("owner"));
    assert_eq!(org.manager("cy").as_deref(), Some("ana"));
    let read = org
        .cli()
        .read()
        .unwrap()
        .memberships_of(org.user("bo").id)
        .unwrap();
    assert_eq!(read.len(), 2);
    assert!(read.iter().any(|it| it.role == GroupRole::Coach));
    // It is one batch, by its own door, and is told with the file.
    let session = org.cli();
    let read = session.read().unwrap();
    let imports = read.imports(None, 10).unwrap();
    assert_eq!(imports.len(), 1);
    assert_eq!(Some(imports[0].batch), applied.batch);
    assert_eq!(imports[0].terms.file.as_deref(), Some("people.csv"));
    assert_eq!((imports[0].terms.rows, imports[0].terms.arrived), (3, 3));
    let batch = read.batches(None, 1).unwrap().remove(0);
    assert_eq!(
        (batch.door, batch.command.as_str()),
        (Door::Import, "import")
    );
    // And is undone like any.
    org.apply(Command::Undo { batch: batch.id });
    assert_eq!(org.seats("access").0, 1);
    let imports = org.cli().read().unwrap().imports(None, 10).unwrap();
    assert!(imports[0].undone_by.is_some());
    org.assert_chain();
}

#[test]
fn the_same_file_is_imported_once_until_that_is_undone() {
    let org = Org::new(10);
    let file = import("email\nana@acme.example\nbo@acme.example", Mode::Invite);
    let first = apply(&org, file.clone()).unwrap();
    let state = org.state();
    let error = apply(&org, file.clone()).unwrap_err();
    assert!(
        matches!(error, Error::Imported { batch, .. } if Some(batch) == first.batch),
        "{error}"
    );
    assert_eq!(org.state(), state);
    let again = Import {
        again: true,
        ..file.clone()
    };
    let review = review(&org, again);
    assert_eq!(review.count(Does::Nothing), 2);
    // In another mode, or with another cell, it is another import.
    assert!(
        plan(
            &org,
            Import {
                mode: Mode::Update,
                ..file.clone()
            }
        )
        .is_empty()
    );
    org.apply(Command::Undo {
        batch: first.batch.unwrap(),
    });
    let second = apply(&org, file).unwrap();
    assert!(second.batch.is_some() && second.batch != first.batch);
    assert_eq!(org.user("ana").status, Status::Waiting);
}

#[test]
fn everything_is_done_or_nothing_unless_what_is_right_is_enough() {
    let org = Org::new(10);
    let text = "email|manager\nana@acme.example|\nbo|\ncy@acme.example|nobody@acme.example";
    let error = apply(&org, import(text, Mode::Invite)).unwrap_err();
    let Error::Faulty(review) = &error else {
        panic!("{error}");
    };
    assert_eq!(review.count(Does::Wrong), 2);
    assert!(error.to_string().contains("2 rows are wrong"), "{error}");
    assert_eq!(org.seats("access").0, 1);
    let partial = Import {
        partial: true,
        ..import(text, Mode::Invite)
    };
    apply(&org, partial).unwrap();
    assert_eq!(org.user("ana").status, Status::Waiting);
    assert_eq!(org.seats("access").0, 2);
}

#[test]
fn people_are_updated_where_cells_say_something_and_left_where_they_are_blank() {
    let org = Org::new(10);
    org.create("ana bo");
    org.invite("cy dee");
    group(&org, "Sales");
    let text = "email|first name|title|manager|status|groups\n\
        ANA@acme.example|Anna||dee@acme.example||Sales:coach\n\
        bo@acme.example||(clear)||inactive|\n\
        cy@acme.example||Chief|(clear)|cancelled|\n\
        dee@acme.example|||||";
    org.apply(Command::Edit(usher_core::command::Edit {
        set: vec![(usher_core::model::Field::Title, Some("Boss".into()))],
        ..usher_core::command::Edit::of(org.ids("ana bo"))
    }));
    let file = import(text, Mode::Update);
    let review = review(&org, file.clone());
    assert_eq!(faults(&review), [] as [&str; 0]);
    assert_eq!(
        (review.count(Does::Update), review.count(Does::Nothing)),
        (3, 1)
    );
    apply(&org, file).unwrap();
    let ana = org.user("ana");
    assert_eq!(ana.profile.first_name.as_deref(), Some("Anna"));
    assert_eq!(ana.profile.title.as_deref(), Some("Boss"));
    assert_eq!(ana.profile.email.as_deref(), Some("ana@acme.example"));
    let bo = org.user("bo");
    assert_eq!(
        (bo.status, bo.profile.title.as_deref()),
        (Status::Inactive, None)
    );
    assert_eq!(org.user("cy").status, Status::Cancelled);
    assert_eq!(org.user("dee").status, Status::Waiting);
    // And back, by a file again.
    let back =
        "email|status\nbo@acme.example|active\ncy@acme.example|waiting\nana@acme.example|deleted";
    apply(&org, import(back, Mode::Update)).unwrap();
    assert_eq!(org.user("bo").status, Status::Active);
    assert_eq!(org.user("cy").status, Status::Waiting);
    assert_eq!(org.user("ana").status, Status::Deleted);
    // Both brings back whoever was deleted, and creates by the status.
    let both = "email|status|first name\nana@acme.example||Ana\neve@acme.example|active|Eve\nbo@acme.example||Bo";
    apply(&org, import(both, Mode::Both)).unwrap();
    assert_eq!(org.user("ana").status, Status::Waiting);
    assert_eq!(org.user("eve").status, Status::Active);
    assert_eq!(org.user("bo").profile.first_name.as_deref(), Some("Bo"));
    org.assert_chain();
}

#[test]
fn accounts_are_created_at_once_and_whoever_is_there_stays_as_they_are() {
    let org = Org::new(10);
    org.create("ana");
    let text = "login|email|first name\nana.li|ana@acme.example|X\nbo.ek|bo@acme.example|Bo";
    let file = import(text, Mode::Create);
    assert_eq!(plan(&org, file.clone()).mails(), 1);
    apply(
        &org,
        Import {
            mail: false,
            ..file
        },
    )
    .unwrap();
    let bo = org.user("bo");
    assert_eq!(
        (bo.status, bo.profile.user_name.as_deref()),
        (Status::Active, Some("bo.ek"))
    );
    assert_eq!(org.user("ana").profile.first_name.as_deref(), Some("ana"));
}

#[test]
fn managers_may_change_places_and_circles_are_found_in_what_will_be() {
    let org = Org::new(10);
    org.create("ana bo cy");
    org.set_manager("bo", "ana");
    org.set_manager("cy", "bo");
    // Whoever reads the first row alone would see a circle.
    let swap = "email|manager\nana@acme.example|bo@acme.example\nbo@acme.example|(clear)";
    apply(&org, import(swap, Mode::Update)).unwrap();
    assert_eq!(
        (org.manager("ana").as_deref(), org.manager("bo")),
        (Some("bo"), None)
    );
    let circle = "email|manager\nbo@acme.example|cy@acme.example\ndee@acme.example|bo@acme.example";
    let found = review(&org, import(circle, Mode::Both));
    assert_eq!(
        faults(&found),
        ["B2: reports to this person already, at some height"]
    );
    let circle = "email|manager\neve@acme.example|fay@acme.example\nfay@acme.example|eve@acme.example\ngus@acme.example|fay@acme.example";
    let found = review(&org, import(circle, Mode::Invite));
    assert_eq!(
        faults(&found),
        [
            "B2: would report in a circle: rows 2, 3",
            "B3: would report in a circle: rows 2, 3",
            "B4: is in row 3 of this file, in which something is wrong: mend that first"
        ]
    );
}

#[test]
fn more_people_than_seats_are_told_with_numbers_and_chosen_about() {
    let org = Org::new(3);
    let text = "email\nana@acme.example\nbo@acme.example\ncy@acme.example";
    let file = import(text, Mode::Invite);
    let plan = plan(&org, file.clone());
    assert_eq!(
        plan.shortfalls[0].to_string(),
        "access has 2 free of 3 purchased (1 held), and 3 are needed; purchase 1 more, free some by deactivating people, or queue"
    );
    assert!(matches!(apply(&org, file.clone()), Err(Error::NoSeat(_))));
    let session = door(&org);
    let choose = |when_full| {
        let mut request = session.request(Command::Import(file.clone()));
        request.when_full = when_full;
        request
    };
    let fewer = session.plan(&choose(WhenFull::Fewer)).unwrap();
    let review = fewer.review.unwrap();
    assert_eq!(
        (review.count(Does::Invite), review.count(Does::LeftOut)),
        (2, 1)
    );
    let partial = super::imports::plan(
        &org,
        Import {
            partial: true,
            ..file.clone()
        },
    );
    let review = partial.review.unwrap();
    assert_eq!(faults(&review), ["4: no free seat in access"]);
    session.apply(choose(WhenFull::QueueRest), None).unwrap();
    assert_eq!(org.user("cy").status, Status::Queued);
}

#[test]
fn licenses_of_add_on_pools_come_with_the_row() {
    let org = Org::new(10);
    org.add_pool("pro", 2);
    org.create("ana");
    let text = "email|licenses\nana@acme.example|access:consumed pro\nbo@acme.example|pro\ncy@acme.example|pro";
    let found = review(
        &org,
        Import {
            partial: true,
            ..import(text, Mode::Both)
        },
    );
    assert_eq!(faults(&found), ["B2: no free seat in pro"]);
    org.set_pool(
        "pro",
        PoolEdit {
            purchased: Some(3),
            ..PoolEdit::default()
        },
    );
    apply(&org, import(text, Mode::Both)).unwrap();
    assert_eq!(org.seats("pro").0, 3);
}

#[test]
fn licenses_that_are_not_used_are_taken_back_by_clear_and_those_that_are_used_stay() {
    let org = Org::new(10);
    org.add_pool("pro", 3);
    org.add_pool("lab", 3);
    org.create("ana bo cy");
    for (who, pool) in [("ana bo", "pro"), ("ana cy", "lab")] {
        org.apply(Command::Grant {
            who: org.who(who),
            pool: pool.parse().unwrap(),
            until: None,
        });
    }
    let text = "email|licenses|title\nana@acme.example|(clear)|Lead\nbo@acme.example||Lead\ncy@acme.example|pro|\ndee@acme.example|(clear)|";
    let before = org.roster();
    let applied = apply(&org, import(text, Mode::Both)).unwrap();
    assert_eq!((org.seats("pro").0, org.seats("lab").0), (2, 1));
    assert!(org.roster().contains("ana active access:consumed\n"));
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert!(
        org.roster()
            .contains(&before[..before.find("owner").unwrap()])
    );
    // What is used stays, and then nothing of the row is done.
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
    let partial = Import {
        partial: true,
        again: true,
        ..import(text, Mode::Update)
    };
    let found = review(&org, partial.clone());
    let why = faults(&found);
    let [why] = why.as_slice() else {
        panic!("{why:?}");
    };
    assert!(why.starts_with("B2: cannot be emptied: "), "{why}");
    assert!(why.ends_with(" is consumed, and stays with the person"));
    apply(&org, partial).unwrap();
    assert_eq!(org.user("ana").profile.title, None);
    assert_eq!(org.user("bo").profile.title.as_deref(), Some("Lead"));
}

#[test]
fn a_template_s_example_and_an_error_copy_s_reasons_are_left_alone() {
    let org = Org::new(10);
    let text = format!(
        "email|first name|{}\n{}|Ana|\nana@acme.example|Ana|was wrong\n||left over",
        usher_core::import::REASON,
        usher_core::import::EXAMPLE
    );
    let found = review(&org, import(&text, Mode::Invite));
    assert_eq!(faults(&found), [] as [&str; 0]);
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.columns.ignored().count(), 0);
}

#[test]
fn a_file_without_people_says_so() {
    let org = Org::new(10);
    for (text, words) in [
        ("shoe|size\n1|2", "no column called email"),
        ("email|mail\na@acme.example|b@acme.example", "second column"),
    ] {
        let session = door(&org);
        let request = session.request(Command::Import(import(text, Mode::Invite)));
        crate::org::assert_error(session.plan(&request), words);
    }
}

#[test]
fn an_erased_person_s_name_goes_from_the_names_of_files() {
    let org = Org::new(10);
    let named = |file: &str| Import {
        file: Some(file.into()),
        again: true,
        ..import("email|first name\nana@acme.example|Ana", Mode::Both)
    };
    apply(&org, named("Ana's team.csv")).unwrap();
    apply(
        &org,
        Import {
            file: Some("plain.csv".into()),
            ..import("email\nbo@acme.example", Mode::Both)
        },
    )
    .unwrap();
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.apply(Command::Erase {
        who: org.who("ana"),
    });
    let imports = org.cli().read().unwrap().imports(None, 10).unwrap();
    let files: Vec<Option<&str>> = imports.iter().map(|it| it.terms.file.as_deref()).collect();
    assert_eq!(files, [Some("plain.csv"), None]);
    let bytes = std::fs::read(&org.path).unwrap();
    assert!(!bytes.windows(10).any(|it| it == b"Ana's team"));
}

/// Writes the error copy and reads it again.
pub(crate) fn copied(review: &Review) -> Sheet {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.xlsx");
    write_error_copy(review, &path, false).unwrap();
    let file = std::fs::File::open(path).unwrap();
    read_here(file, None, &Limits::default()).unwrap()
}
