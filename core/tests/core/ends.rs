//! The end of a license (DESIGN §4, issue 3): a fact of that license, which goes with it and comes back with it.

use usher_core::command::{Command, Edit, PoolEdit, WhenFull};
use usher_core::directory::DuePage;
use usher_core::model::{DueWhat, Field, GroupRole, Setting, Status, TrainingKind};

use crate::dates::{day, last_scheduled, said};
use crate::org::{Org, short, skips};
use crate::settings::set;

fn recoverable(org: &Org) {
    let set = PoolEdit {
        recoverable: Some(true),
        ..PoolEdit::default()
    };
    org.set_pool("pro", set);
}

/// Everything that is held is used from now on.
fn used(org: &Org) {
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
}

fn reactivate(org: &Org, names: &str) -> Command {
    Command::Reactivate {
        who: org.who(names),
        restore_assignments: false,
    }
}

#[test]
fn the_end_of_a_license_goes_with_it_and_never_takes_a_later_one() {
    let org = Org::new(9);
    org.add_pool("pro", 3);
    recoverable(&org);
    org.create("ana bo");
    org.add_group("Sales");
    org.carry("Sales", "", "pro");
    org.apply(org.grant_until("ana bo", Some(Some(day("2027-02-01")))));
    used(&org);
    let left = org.deactivate("ana bo");
    assert_eq!(org.coming(), [""; 0], "nobody has anything that ends");
    // Back before the day, by hand or by undo, everything is as it was.
    org.apply(reactivate(&org, "ana"));
    assert_eq!(org.coming(), ["2027-02-01 license_end ana"]);
    org.apply(Command::Undo {
        batch: left.batch.unwrap(),
    });
    assert_eq!(
        org.coming(),
        ["2027-02-01 license_end ana", "2027-02-01 license_end bo"]
    );
    let left = org.deactivate("ana bo");
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 0);
    let why = "the license of pro ended on 2027-02-01 and does not come back";
    let plan = org.plan(reactivate(&org, "ana bo")).unwrap();
    assert_eq!(skips(&plan), [format!("ana: {why}"), format!("bo: {why}")]);
    org.apply(reactivate(&org, "ana"));
    assert_eq!(org.seats("pro").0, 0);
    let plan = org
        .plan(Command::Undo {
            batch: left.batch.unwrap(),
        })
        .unwrap();
    assert_eq!(
        skips(&plan),
        ["ana: already so".to_owned(), format!("bo: {why}")]
    );
    // What comes another way is for good, also where it comes with the return.
    org.join("ana", "Sales", GroupRole::Learner);
    org.apply(Command::Undo {
        batch: left.batch.unwrap(),
    });
    assert_eq!(org.user("bo").status, Status::Active);
    assert_eq!(org.seats("pro").0, 1);
    org.tick(60 * 86_400_000);
    assert_eq!(org.do_due(), 0);
    assert_eq!(org.seats("pro").0, 1, "the group's license stays");
    org.assert_chain();
}

#[test]
fn the_end_of_what_was_granted_takes_nothing_that_a_group_or_pre_work_gives() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.add_training("Reading", TrainingKind::PreWork, Some("pro"));
    org.create("ana bo cleo");
    org.add_group("Sales");
    org.carry("Sales", "", "pro");
    org.apply(org.grant_until("ana bo cleo", Some(Some(day("2027-02-01")))));
    org.join("ana", "Sales", GroupRole::Learner);
    org.assign("bo", "Reading");
    let leavers = org.cli().read().unwrap().forecasts().unwrap()[1].leavers;
    assert_eq!(leavers, 1, "the forecast counts who gives it back");
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.seats("pro").0, 2);
    let stays = "stays, for good: a group, a training or a provider of theirs needs the license";
    assert_eq!(said(&org, "ana", "due license_end pro"), [stays]);
    assert_eq!(said(&org, "bo", "due license_end pro"), [stays]);
    assert_eq!(said(&org, "cleo", "due license_end pro"), ["done"]);
    let ends = |name: &str| {
        let user = org.user(name).id;
        org.cli().read().unwrap().license_ends_of(&[user]).unwrap()
    };
    assert!(ends("ana").is_empty() && ends("bo").is_empty());
    org.apply(Command::Undo {
        batch: last_scheduled(&org, "due_license_end"),
    });
    assert_eq!(org.seats("pro").0, 3, "undone, and for good");
    assert!(ends("cleo").is_empty());
    org.assert_chain();
}

#[test]
fn what_is_coming_says_of_what_nothing_would_come() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ana bo cleo dan eva");
    org.add_group("Sales");
    org.carry("Sales", "", "pro");
    org.apply(org.grant_until("ana bo", Some(Some(day("2027-02-01")))));
    org.join("ana", "Sales", GroupRole::Learner);
    org.set_date("cleo", Field::DeactivateOn, "2027-02-02");
    org.set_date("dan", Field::DeactivateOn, "2027-02-03");
    org.set_date("dan", Field::DeleteOn, "2027-02-04");
    org.set_date("eva", Field::DeleteOn, "2027-02-05");
    org.deactivate("dan");
    let mut edit = Edit::of(org.who("eva"));
    edit.protected = Some(true);
    org.apply(Command::Edit(edit));
    let cli = org.cli();
    let read = cli.read().unwrap();
    let page = DuePage {
        limit: 9,
        ..DuePage::default()
    };
    let due = read.due(&page).unwrap();
    let why_not = read.why_nothing_comes(&due).unwrap();
    let told: Vec<String> = due
        .iter()
        .zip(&why_not)
        .map(|(due, why_not)| {
            let DueWhat::Person { user, .. } = due.what else {
                panic!("somebody's date: {due:?}")
            };
            let user = read.user(user).unwrap().unwrap();
            let name = short(&user.label()).to_owned();
            let why_not = why_not.as_deref().unwrap_or("done");
            format!("{} {name}: {why_not}", due.what.as_str())
        })
        .collect();
    let given = "stays, for good: a group, a training or a provider of theirs needs the license";
    assert_eq!(
        told,
        [
            format!("license_end ana: {given}"),
            "license_end bo: done".to_owned(),
            "deactivate cleo: done".to_owned(),
            "deactivate dan: already inactive".to_owned(),
            "delete dan: done".to_owned(),
            "delete eva: protected".to_owned(),
        ]
    );
}

/// Whose license stays has none of it to be given back.
#[test]
fn an_end_at_which_every_license_stays_has_nothing_to_be_undone() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ana bo");
    org.add_group("Sales");
    org.carry("Sales", "", "pro");
    org.apply(org.grant_until("ana", Some(Some(day("2027-02-01")))));
    org.apply(org.grant_until("bo", Some(Some(day("2027-02-02")))));
    org.join("ana", "Sales", GroupRole::Learner);
    org.at("2027-02-02T08:00:00Z");
    let session = org.cli().doing_due();
    let has_undo = || {
        let command = session.due_commands().unwrap().remove(0);
        let done = session.apply(session.request(command), None).unwrap();
        let back = org.plan(Command::Undo {
            batch: done.batch.unwrap(),
        });
        (done.plan.has_undo(), !back.unwrap().changes.is_empty())
    };
    assert_eq!(has_undo(), (false, false), "ana's stays");
    assert_eq!(has_undo(), (true, true), "bo's returns");
}

#[test]
fn another_time_zone_begins_and_ends_pools_and_its_plan_says_so() {
    let org = Org::new(9);
    org.add_pool("pro", 2);
    org.create("ana bo cleo");
    let dates = |starts: &str, ends: &str| PoolEdit {
        starts_on: Some(Some(day(starts))),
        ends_on: Some(Some(day(ends))),
        ..PoolEdit::default()
    };
    org.set_pool("pro", dates("2027-02-01", "2027-03-01"));
    org.apply_when_full(org.grant_until("ana bo cleo", None), WhenFull::QueueRest);
    org.at("2027-01-31T12:00:00Z");
    let plan = org
        .plan(set(Setting::TimeZone, "Pacific/Kiritimati"))
        .unwrap();
    assert_eq!(plan.effects.promoted.people, 2);
    let moved = &plan.effects.dates;
    assert_eq!((moved.moved, moved.at_once), (2, 1));
    let first: Vec<String> = moved
        .first
        .iter()
        .map(|it| format!("{} {} {}", it.day, it.kind, it.whose()))
        .collect();
    assert_eq!(
        first,
        ["2027-02-01 pool_start pro", "2027-03-01 pool_end pro"]
    );
    let applied = org.apply(set(Setting::TimeZone, "Pacific/Kiritimati"));
    assert_eq!(applied.promoted, 2);
    assert_eq!(org.seats("pro"), (2, 0, 1));
    // Undone, the pool has not begun again, and nothing is taken from anybody.
    let undo = Command::Undo {
        batch: applied.batch.unwrap(),
    };
    assert_eq!(org.plan(undo).unwrap().effects.dates.moved, 2);
    org.assert_chain();
}

#[test]
fn whoever_is_let_in_by_a_first_day_is_due() {
    let org = Org::new(9);
    org.add_pool("pro", 2);
    org.create("ana bo cleo");
    let starts = PoolEdit {
        starts_on: Some(Some(day("2027-02-01"))),
        ..PoolEdit::default()
    };
    org.set_pool("pro", starts);
    org.apply_when_full(org.grant_until("ana bo", None), WhenFull::QueueRest);
    org.set_date("cleo", Field::DeleteOn, "2027-02-01");
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(
        org.coming(),
        ["2027-02-01 promotion", "2027-02-01 delete cleo"]
    );
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.seats("pro"), (2, 0, 0));
    assert!(org.coming()[0].ends_with(" erase cleo"), "what is left");
    assert_eq!(org.do_due(), 0);
}

#[test]
fn whoever_waits_for_a_license_with_an_end_waits_for_it_again_after_an_undo() {
    let org = Org::new(9);
    org.add_pool("pro", 1);
    recoverable(&org);
    org.create("ana bo");
    org.apply(org.grant_until("ana", None));
    let until = Some(Some(day("2027-02-01")));
    let granted = org.apply_when_full(org.grant_until("bo", until), WhenFull::QueueRest);
    let waits = ["2027-02-01 license_end bo"];
    assert_eq!(org.coming(), waits);
    let ends = |command: Command| {
        let done = org.apply(command).batch.unwrap();
        let ends = |it: &&String| it.contains("license_end");
        assert_eq!(org.coming().iter().filter(ends).count(), 0);
        org.apply(Command::Undo { batch: done });
        assert_eq!(org.coming(), waits);
    };
    ends(Command::Deactivate { who: org.who("bo") });
    ends(Command::Delete { who: org.who("bo") });
    ends(Command::Release {
        who: org.who("bo"),
        pool: "pro".parse().unwrap(),
    });
    ends(Command::Undo {
        batch: granted.batch.unwrap(),
    });
    org.apply(Command::Release {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
    });
    assert_eq!(org.seats("pro").0, 1, "bo has it");
    org.at("2027-02-01T08:00:00Z");
    org.do_due();
    assert_eq!(org.seats("pro").0, 0);
    org.assert_chain();
}
