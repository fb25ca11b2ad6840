//! Files of so many people that whoever is new is put aside while the plan is made: it must come to the same as with few.

use std::fmt::Write as _;

use usher_core::change::Change;
use usher_core::command::{Command, FieldEdit, PoolEdit, WhenFull};
use usher_core::import::{Does, Mode};
use usher_core::model::{FieldKind, PoolName, Status};
use usher_core::report::{Export, export};

use super::{apply, faults, group, import};
use crate::org::{Org, invite};

const TITLES: &str =
    "email|first name|title|manager|groups|licenses|shoe size|deactivate on|status\n";

/// People whose managers stand before and behind them, some of whom have been there.
fn file(people: std::ops::Range<usize>) -> String {
    let mut text = TITLES.to_owned();
    for i in people {
        let manager = match i % 10 {
            0 => "owner@acme.example".to_owned(),
            9 => format!("p{}@acme.example", i - 9),
            _ => format!("p{}@acme.example", i / 10 * 10 + 9),
        };
        let group = ["", "Sales", "Design:coach"][i % 3];
        let pool = ["", "coaching"][i % 2];
        let day = if i % 7 == 0 { "2031-05-01" } else { "" };
        let status = if i % 5 == 0 { "active" } else { "" };
        let _ = writeln!(
            text,
            "p{i}@acme.example|P {i}|Title {}|{manager}|{group}|{pool}|{}|{day}|{status}",
            i % 4,
            30 + i % 20
        );
    }
    text
}

fn org(seats: i64) -> Org {
    let org = Org::new(seats);
    group(&org, "Sales");
    group(&org, "Design");
    org.add_pool("coaching", 10_000);
    org.apply(Command::AddField {
        name: "Shoe size".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    for some in ["p3 p1500 p1501 p2600", "p7 p2222"] {
        org.apply(invite(some));
        org.apply(Command::Delete { who: org.who(some) });
    }
    org
}

/// Everybody with everything, in the order of their addresses.
fn everybody(org: &Org) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    export(&org.cli(), &Export::default(), &path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let titles: Vec<&str> = lines.next().unwrap().split(',').collect();
    // Ids are drawn, and the clock goes on.
    let own = |it: &&str| it.ends_with("id") || it.ends_with("_at");
    let mut all: Vec<String> = lines
        .map(|line| {
            let cells = line.split(',').zip(&titles);
            let cells = cells.filter(|it| !own(it.1)).map(|it| it.0);
            cells.collect::<Vec<_>>().join(",")
        })
        .collect();
    all.sort();
    all
}

#[test]
fn thousands_of_newcomers_become_what_they_become_by_smaller_files() {
    let (large, small) = (org(10_000), org(10_000));
    let session = large.cli();
    let request = session.request(Command::Import(import(&file(0..3_000), Mode::Invite)));
    let plan = session.plan(&request).unwrap();
    let review = plan.review.as_ref().unwrap();
    assert_eq!(faults(review), [] as [&str; 0]);
    assert_eq!(
        (review.count(Does::Invite), review.count(Does::Create)),
        (2_400, 600)
    );
    assert_eq!((plan.people(), plan.mails()), (3_000, 3_000));
    assert!(plan.changes.as_slice().is_none(), "newcomers are put aside");
    let set: usize = plan.effects.leaving.iter().map(|it| it.people).sum();
    assert_eq!(set, 429);

    // Whoever is put aside is told by name, and stands where they are looked for.
    let told: Vec<_> = plan.told().collect();
    assert_eq!(told.len(), plan.changes.len());
    for (place, (who, change)) in told.iter().enumerate() {
        assert_eq!(plan.changes.get(place).as_deref(), Some(&**change));
        if let Change::UserCreated { created, .. } = &**change {
            assert_eq!(
                who.as_deref(),
                created.profile.get(usher_core::model::Field::Email)
            );
            let manager = created.manager.map(|it| plan.names.user(it));
            assert!(manager.is_some_and(|it| it.ends_with("@acme.example")));
        }
        assert!(change.user().is_none() || who.as_deref().is_some_and(|it| it.contains('@')));
    }
    assert!(plan.changes.get(told.len()).is_none());
    plan.changes.whole().unwrap();

    // The plan is the same again, and applied as it was confirmed.
    assert_eq!(session.plan(&request).unwrap().digest, plan.digest);
    let applied = session.apply(request, Some(plan.digest)).unwrap();
    assert_eq!(applied.plan.changes, plan.changes);
    for from in [1_000, 0, 2_000] {
        // Managers are of the same ten.
        let text = file(from..from + 1_000);
        apply(&small, import(&text, Mode::Invite)).unwrap();
    }
    assert_eq!(everybody(&large), everybody(&small));
    assert_eq!(large.seats("coaching"), small.seats("coaching"));
    assert_eq!(large.statuses(), small.statuses());
    large.assert_chain();

    // It is one batch, and comes back as one.
    let undone = large.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(undone.plan.skipped, []);
    assert_eq!(large.statuses()[&Status::Deleted], 3_000);
    assert_eq!(large.seats("coaching").0, 0);
    large.assert_chain();
}

#[test]
fn newcomers_who_are_queued_move_up_behind_whoever_waits_when_the_file_makes_room() {
    let org = org(1_100);
    org.set_pool(
        "access",
        PoolEdit {
            at_capacity: Some("queue".parse().unwrap()),
            ..PoolEdit::default()
        },
    );
    apply(&org, import(&file(0..1_000), Mode::Create)).unwrap();
    let mut text = file(1_000..2_500);
    // Ten leave, and others of the file get their seats.
    for i in 0..10 {
        let _ = writeln!(text, "p{i}@acme.example||||||||inactive");
    }
    let session = org.cli();
    let mut request = session.request(Command::Import(import(&text, Mode::Both)));
    request.when_full = WhenFull::QueueRest;
    let plan = session.plan(&request).unwrap();
    assert_eq!(faults(plan.review.as_ref().unwrap()), [] as [&str; 0]);
    let queued = plan.review.as_ref().unwrap().count(Does::Queue);
    assert_eq!(queued, 1_391, "99 seats are free, and ten are given back");
    let access: PoolName = "access".parse().unwrap();
    let pool = plan
        .effects
        .pools
        .iter()
        .find(|it| it.name == access)
        .unwrap();
    assert_eq!((pool.held_after, pool.free_after()), (1_100, 0));
    let applied = session.apply(request, Some(plan.digest)).unwrap();
    assert_eq!(applied.promoted, plan.effects.promoted.people);
    let (held, free, queued) = org.seats("access");
    assert_eq!((held, free), (1_100, 0));
    assert_eq!(pool.queued_after, queued);
    org.assert_chain();
}
