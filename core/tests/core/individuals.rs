//! Accounts that people have of their own, and what becomes of their records.

use usher_core::command::{Command, OwnRecords, WhenFull};
use usher_core::import::{Table, review_individuals};
use usher_core::model::{GroupRole, NewPeople, Status, TrainingKind};
use usher_core::{Applied, Directory};

use crate::org::{Org, address, assert_error, newcomer, skips};

fn import(text: &str) -> Command {
    let table = Table::read(text.as_bytes()).unwrap();
    let reviewed = review_individuals(&table).unwrap();
    assert_eq!(reviewed.problems, []);
    Command::ImportIndividuals {
        accounts: reviewed.accounts,
    }
}

const FILE: &str = "email,first name,training,state,date\n\
    ana@acme.example,Ana,Basics,completed,2026-01-31\n\
    ana@acme.example,,Advanced,started,\n\
    ana@acme.example,,Unheard of,completed,\n\
    bo@acme.example,Bo,Basics,started,2026-02-01\n";

/// With the accounts above and two of their three trainings.
fn with_accounts() -> Org {
    let org = Org::new(9);
    for name in ["Basics", "Advanced"] {
        org.apply(Command::AddTraining {
            name: name.into(),
            kind: TrainingKind::Course,
            pool: None,
            held_on: None,
        });
    }
    org.apply(import(FILE));
    org
}

fn account(org: &Org, name: &str) -> String {
    let account = org
        .cli()
        .read()
        .unwrap()
        .individual(&address(name))
        .unwrap();
    account.map_or("gone".to_owned(), |it| it.terms.described())
}

/// `training state`, by name.
fn assignments(org: &Org, name: &str) -> String {
    let session = org.cli();
    let read = session.read().unwrap();
    let trainings = read.trainings().unwrap();
    let mut said: Vec<String> = read
        .assignments_of(org.user(name).id)
        .unwrap()
        .iter()
        .map(|it| {
            let training = trainings.iter().find(|of| of.id == it.training).unwrap();
            format!("{} {}", training.terms.name, it.assignment.state.as_str())
        })
        .collect();
    said.sort();
    said.join(", ")
}

fn transfer(name: &str, trainings: &[&str]) -> Command {
    Command::TransferIndividual {
        email: address(name),
        trainings: trainings.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn undo(org: &Org, applied: &Applied) {
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
}

#[test]
fn inviting_an_address_that_has_an_individual_account_gives_pending_transfer() {
    let org = with_accounts();
    org.invite("ana carl");
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
    assert_eq!(org.user("carl").status, Status::Waiting);
    assert_eq!(org.seats("access").0, 3, "it counts as waiting does");
    // By resending, reactivating, promoting and by a provider alike.
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: false,
    });
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
    org.deactivate("ana");
    org.apply(Command::Reactivate {
        restore_assignments: true,
        who: org.who("ana"),
    });
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
    let (okta, _) = org.connect("okta", NewPeople::Waiting);
    org.provision(okta, newcomer("bo", "1")).unwrap();
    assert_eq!(org.user("bo").status, Status::PendingTransfer);
    // Whoever is invited already can choose too, from the import on, until it is undone.
    let later = org.apply(import("email\ncarl@acme.example\n"));
    assert_eq!(org.user("carl").status, Status::PendingTransfer);
    undo(&org, &later);
    assert_eq!(org.user("carl").status, Status::Waiting);
    assert_eq!(account(&org, "carl"), "gone");
}

/// Sets the address of one person.
fn move_to(org: &Org, name: &str, to: &str) -> Applied {
    org.apply(Command::Edit(usher_core::command::Edit {
        set: vec![(usher_core::model::Field::Email, Some(address(to)))],
        ..usher_core::command::Edit::of(org.who(name))
    }))
}

#[test]
fn who_waits_for_a_transfer_waits_plainly_once_the_account_is_gone() {
    let org = with_accounts();
    let status = |name: &str| org.user(name).status;
    // Its import is undone after they were invited.
    let later = org.apply(import("email\ncarl@acme.example\ndora@acme.example\n"));
    let invited = org.invite("carl");
    undo(&org, &later);
    assert_eq!(status("carl"), Status::Waiting);
    // An invitation is undone whichever of the two they wait in.
    undo(&org, &invited);
    assert_eq!(status("carl"), Status::Deleted);
    // It is erased.
    org.invite("bo");
    assert_eq!(status("bo"), Status::PendingTransfer);
    org.apply(Command::EraseIndividual {
        email: address("bo"),
    });
    assert_eq!(status("bo"), Status::Waiting);
    org.accept("bo").unwrap();
    assert_eq!(status("bo"), Status::Active);
}

#[test]
fn an_undone_import_says_of_whoever_has_an_account_still_that_they_wait_with_it() {
    let org = with_accounts();
    org.invite("carl");
    let first = org.apply(import("email\ncarl@acme.example\n"));
    let more = "email,training,state\ncarl@acme.example,Basics,started\n";
    org.apply(import(more));
    let batch = first.batch.unwrap();
    let undone = org.apply(Command::Undo { batch });
    assert_eq!(org.user("carl").status, Status::PendingTransfer);
    let said = skips(&undone.plan);
    let still = "carl: pending_transfer: has an account of their own still";
    assert!(said.iter().any(|it| it == still), "{said:?}");
}

#[test]
fn who_waits_with_another_address_waits_with_the_account_of_that_one() {
    let org = with_accounts();
    org.invite("ana");
    let away = move_to(&org, "ana", "zoe");
    assert_eq!(org.user("zoe").status, Status::Waiting);
    assert_eq!(
        away.plan.changes.len(),
        3,
        "the address, where they wait, and their link"
    );
    undo(&org, &away);
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
    org.invite("carl");
    move_to(&org, "carl", "bo");
    assert_eq!(org.user("bo").status, Status::PendingTransfer);
    // Undoing an acceptance brings back whichever it is then.
    let accepted = org.accept_with("bo", OwnRecords::Transfer).unwrap();
    undo(&org, &accepted);
    assert_eq!(org.user("bo").status, Status::PendingTransfer);
    let accepted = org.accept("ana").unwrap();
    org.apply(Command::EraseIndividual {
        email: address("ana"),
    });
    undo(&org, &accepted);
    assert_eq!(org.user("ana").status, Status::Waiting);
}

#[test]
fn a_promoted_person_of_such_an_address_becomes_pending_transfer() {
    let org = with_accounts();
    org.create("x1 x2 x3 x4 x5 x6 x7 x8");
    org.apply_when_full(
        crate::org::invite("ana"),
        usher_core::command::WhenFull::QueueRest,
    );
    assert_eq!(org.user("ana").status, Status::Queued);
    org.deactivate("x1");
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
}

#[test]
fn acceptance_chooses_transfer_and_records_become_assignments() {
    let org = with_accounts();
    org.invite("ana");
    let before = org.state();
    let applied = org.accept_with("ana", OwnRecords::Transfer).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(
        assignments(&org, "ana"),
        "Advanced started, Basics completed"
    );
    assert_eq!(account(&org, "ana"), "3 records, 2 transferred");
    assert_eq!(
        skips(&applied.plan),
        ["Unheard of: there is no such training; add it, then transfer the record"]
    );
    // The record keeps its day.
    let session = org.cli();
    let read = session.read().unwrap();
    let all = read.assignments_of(org.user("ana").id).unwrap();
    let days: Vec<_> = all
        .iter()
        .filter_map(|it| it.assignment.completed_at)
        .collect();
    assert_eq!(days[0].to_string(), "2026-01-30T23:00:00.000Z");
    drop(read);
    undo(&org, &applied);
    assert_eq!(org.user("ana").status, Status::PendingTransfer);
    assert_eq!(org.state(), before);
}

#[test]
fn acceptance_can_start_fresh_and_transfer_later() {
    let mut org = with_accounts();
    org.invite("ana");
    org.accept("ana").unwrap();
    assert_eq!(assignments(&org, "ana"), "");
    assert_eq!(account(&org, "ana"), "3 records, started fresh");
    // An account that somebody came with is nobody else's transfer.
    org.deactivate("ana");
    assert_error(org.plan(transfer("ana", &[])), "is inactive");
    org.apply(Command::Reactivate {
        restore_assignments: true,
        who: org.who("ana"),
    });
    assert_error(
        org.plan(transfer("ana", &["Cooking"])),
        "no record of Cooking",
    );
    let one = org.apply(transfer("ana", &["basics "]));
    assert_eq!(assignments(&org, "ana"), "Basics completed");
    org.reopen();
    org.apply(Command::AddTraining {
        name: "Unheard of".into(),
        kind: TrainingKind::Course,
        pool: None,
        held_on: None,
    });
    org.apply(transfer("ana", &[]));
    assert_eq!(
        assignments(&org, "ana"),
        "Advanced started, Basics completed, Unheard of completed"
    );
    assert_eq!(
        skips(&org.plan(transfer("ana", &[])).unwrap()),
        ["ana: nothing is left to transfer"]
    );
    let plan = org.plan(Command::Undo {
        batch: one.batch.unwrap(),
    });
    assert!(
        skips(&plan.unwrap()).contains(&"ana: the individual account changed since".to_owned())
    );
    org.assert_chain();
}

#[test]
fn a_newer_file_adds_to_an_account_and_the_same_file_changes_nothing() {
    let org = with_accounts();
    assert_eq!(
        skips(&org.plan(import(FILE)).unwrap()),
        ["ana: already so", "bo: already so"]
    );
    let applied = org.apply(import(
        "email,training,state\nBO@acme.example,basics,done\nbo@acme.example,Advanced,\n",
    ));
    assert_eq!(account(&org, "bo"), "2 records");
    undo(&org, &applied);
    assert_eq!(account(&org, "bo"), "1 record");
}

#[test]
fn erasing_destroys_accounts_of_users_and_of_strangers_for_good() {
    let mut org = with_accounts();
    let backup = org.path.with_extension("backup");
    org.directory.backup(&backup).unwrap();
    org.invite("ana");
    org.accept_with("ana", OwnRecords::Transfer).unwrap();
    let ana = org.user("ana").id;
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    assert_eq!(account(&org, "ana"), "gone");
    let erased = org.apply(Command::EraseIndividual {
        email: "BO@acme.example".into(),
    });
    assert_eq!(account(&org, "bo"), "gone");
    let plan = org.plan(Command::Undo {
        batch: erased.batch.unwrap(),
    });
    assert_eq!(
        skips(&plan.unwrap()),
        ["individual account: erased; erasing has no undo"]
    );
    assert_error(
        org.plan(Command::EraseIndividual {
            email: "bo@acme.example".into(),
        }),
        "there is no individual account",
    );
    org.assert_chain();
    let bytes = std::fs::read(&org.path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(!holds("bo@acme.example") && !holds("ana@acme.example"));
    // An older backup does not bring them back.
    let (path, options) = (org.path.clone(), org.options.clone());
    let other = Org::new(2);
    org.directory = other.directory.clone();
    Directory::restore(&backup, &path, &options).unwrap();
    org.reopen();
    assert_eq!(account(&org, "bo"), "gone");
}

#[test]
fn an_undone_import_can_be_erased_too() {
    let org = with_accounts();
    let more = org.apply(import("email,first name\nzoe@acme.example,Zoë\n"));
    undo(&org, &more);
    assert_eq!(account(&org, "zoe"), "gone");
    org.apply(Command::EraseIndividual {
        email: "zoe@acme.example".into(),
    });
    let session = org.cli();
    let page = usher_core::directory::HistoryPage {
        batch: more.batch,
        limit: 10,
        ..Default::default()
    };
    let events = session.read().unwrap().history(&page).unwrap();
    assert!(events.iter().all(|it| it.change.is_none()));
}

#[test]
fn a_record_that_comes_along_is_not_assigned_anew_by_a_group_that_carries_its_training() {
    let org = with_accounts();
    org.add_group("Sales");
    org.carry("Sales", "Basics Advanced", "");
    org.invite("ana bo");
    for name in ["ana", "bo"] {
        org.join(name, "Sales", GroupRole::Learner);
    }
    org.accept_with("ana", OwnRecords::Transfer).unwrap();
    assert_eq!(
        assignments(&org, "ana"),
        "Advanced started, Basics completed"
    );
    org.accept("bo").unwrap();
    assert_eq!(
        assignments(&org, "bo"),
        "Advanced assigned, Basics assigned"
    );
}

/// With pre-work of whose pool one license is free, and accounts that have begun it, or not yet.
fn with_pre_work() -> Org {
    let org = Org::new(9);
    org.add_pool("library", 2);
    org.add_training("Reading", TrainingKind::PreWork, Some("library"));
    org.apply(import(
        "email,training,state\nana@acme.example,Reading,started\nbo@acme.example,Reading,\ncarl@acme.example,Reading,completed\n",
    ));
    org.invite("ana bo carl");
    org
}

#[test]
fn pre_work_that_comes_along_takes_its_license_and_what_was_started_has_used_it() {
    let org = with_pre_work();
    for name in ["ana", "bo", "carl"] {
        org.accept_with(name, OwnRecords::Transfer).unwrap();
    }
    assert_eq!(
        org.roster(),
        "ana active access:consumed library:consumed\n\
         bo active access:consumed library:reserved\n\
         carl active access:consumed\n\
         owner active access:consumed"
    );
    // Also when the records come later.
    let org = with_pre_work();
    org.accept("ana").unwrap();
    assert_eq!(org.seats("library"), (0, 2, 0));
    let later = org.apply(transfer("ana", &[]));
    assert_eq!(org.seats("library"), (1, 1, 0));
    undo(&org, &later);
    assert_eq!(org.seats("library"), (0, 2, 0));
    assert_eq!(assignments(&org, "ana"), "");
}

#[test]
fn who_accepts_into_a_full_pool_takes_the_records_along_and_the_licenses_come_with_the_seat() {
    let org = with_pre_work();
    org.set_pool(
        "access",
        usher_core::command::PoolEdit {
            counts_from: Some(usher_core::model::CountsFrom::Activation),
            ..Default::default()
        },
    );
    org.apply(import("email,training,state\ndora@acme.example,Reading,\n"));
    org.invite("dora");
    org.create("x1 x2 x3 x4 x5");
    org.accept_with("dora", OwnRecords::Transfer).unwrap();
    assert_eq!(org.user("dora").status, Status::Queued);
    assert_eq!(assignments(&org, "dora"), "Reading assigned");
    assert_eq!(org.seats("library").0, 0);
    org.deactivate("x1");
    assert_eq!(org.user("dora").status, Status::Active);
    assert_eq!(org.seats("library").0, 1);
}

#[test]
fn a_license_that_comes_after_its_content_was_started_is_consumed() {
    let org = Org::new(9);
    org.add_pool("video", 2);
    org.create("ana cleo");
    for (name, kind) in [
        ("Basics", TrainingKind::Course),
        ("Advanced", TrainingKind::PreWork),
    ] {
        org.add_training(name, kind, Some("video"));
    }
    org.apply(import(FILE));
    let started = org.apply(transfer("ana", &["Advanced"]));
    assert_eq!(assignments(&org, "ana"), "Advanced started");
    assert_eq!(org.holds("ana", "video"), "consumed");
    undo(&org, &started);
    assert_eq!(
        (org.holds("ana", "video"), org.seats("video").0),
        ("none", 0)
    );

    // Also of who had it reserved when the start came along, and where it was granted later.
    org.create("bo");
    let video = |name: &str| Command::Grant {
        who: org.who(name),
        pool: "video".parse().unwrap(),
        until: None,
    };
    org.apply(transfer("bo", &[]));
    assert_eq!(org.holds("bo", "video"), "none");
    let granted = org.apply(video("bo"));
    assert_eq!(org.holds("bo", "video"), "consumed");
    undo(&org, &granted);
    assert_eq!(
        (org.holds("bo", "video"), org.seats("video").0),
        ("none", 0)
    );

    // And of who waited for it: the queue moves up into use.
    org.apply(video("ana cleo"));
    assert_eq!(org.holds("ana", "video"), "reserved");
    org.apply_when_full(video("bo"), WhenFull::QueueRest);
    assert_eq!(org.holds("bo", "video"), "queued");
    org.apply(Command::Release {
        who: org.who("cleo"),
        pool: "video".parse().unwrap(),
    });
    assert_eq!(org.holds("bo", "video"), "consumed");
    org.assert_chain();
}

#[test]
fn a_transfer_that_does_not_fit_asks_whether_to_queue_as_assigning_does() {
    let org = with_pre_work();
    for name in ["ana", "bo"] {
        org.accept(name).unwrap();
    }
    org.create("x1 x2");
    let grant = Command::Grant {
        who: org.who("x1 x2"),
        pool: "library".parse().unwrap(),
        until: None,
    };
    org.apply(grant);
    assert_error(
        org.try_apply(transfer("ana", &[])),
        "library has 0 free of 2",
    );
    assert_eq!(assignments(&org, "ana"), "");
    org.apply_when_full(transfer("ana", &[]), WhenFull::Fewer);
    assert_eq!(assignments(&org, "ana"), "");
    let queued = org.apply_when_full(transfer("ana", &[]), WhenFull::QueueRest);
    assert_eq!(assignments(&org, "ana"), "Reading started");
    assert_eq!(org.holds("ana", "library"), "queued");
    undo(&org, &queued);
    assert_eq!(org.holds("ana", "library"), "none");
}
