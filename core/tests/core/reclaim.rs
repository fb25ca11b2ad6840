//! Seats that may be wasted, and taking them back (issue "The whole life of a user", Reclaim).

use std::collections::BTreeSet;

use usher_core::command::{Command, Edit, PoolEdit};
use usher_core::model::{Field, Progress, Status, TrainingKind};
use usher_core::waste::{Reason, Wasted, Wasteful};

use crate::org::{Org, short};

const DAY: i64 = 24 * 3600 * 1000;

impl Org {
    fn wasteful(&self) -> Wasteful {
        let now = self.directory.now();
        Wasteful {
            reasons: Reason::ALL.into(),
            not_seen_since: now.plus_millis(-90 * DAY),
            invited_before: now.plus_millis(-14 * DAY),
            pool: None,
            except: BTreeSet::new(),
            limit: usize::MAX,
        }
    }

    fn wasted(&self, wanted: &Wasteful) -> Vec<Wasted> {
        self.directory.settle().unwrap();
        self.cli().read().unwrap().wasted(wanted).unwrap()
    }

    /// `reason name` of each, in the order of the ranking.
    fn ranked(&self) -> Vec<String> {
        let found = self.wasted(&self.wasteful());
        found
            .iter()
            .map(|it| format!("{} {}", it.reason, short(&it.user.label())))
            .collect()
    }

    fn see(&self, name: &str) {
        let (done, waits) = std::sync::mpsc::channel();
        let user = self.user(name).id.to_string();
        self.directory
            .note_seen(vec![(user, self.directory.now())], move |it| {
                done.send(it.is_ok()).unwrap()
            });
        assert!(waits.recv().unwrap());
    }

    fn named(&self, name: &str, first: &str, last: &str) {
        self.apply(Command::Edit(Edit {
            set: vec![
                (Field::FirstName, Some(first.into())),
                (Field::LastName, Some(last.into())),
            ],
            ..Edit::of(self.who(name))
        }));
    }
}

/// ana is in use; bo was not seen for long, cy never; dora never came; eli is ana's second account; fay left with a license
/// that returns by now; guy, who was not seen either, is protected.
fn wasteful_org() -> Org {
    let org = Org::new(20);
    org.add_pool("pro", 3);
    org.add_training("Prep", TrainingKind::PreWork, Some("pro"));
    org.create("bo cy ana ana+work@acme.example fay guy");
    org.invite("dora");
    for name in ["ana", "ana+work@acme.example"] {
        org.named(name, "Ana", "Li");
    }
    org.assign("fay", "Prep");
    org.progress("fay", "Prep", Progress::Started);
    org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("guy"))
    }));
    org.see("bo");
    org.tick(100 * DAY);
    org.deactivate("fay");
    org.set_pool(
        "pro",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    org.see("ana");
    org.see("ana+work@acme.example");
    org.see("ana");
    org
}

#[test]
fn reclaim_ranks_seats_by_waste() {
    let org = wasteful_org();
    assert_eq!(
        org.seats("pro"),
        (1, 2, 0),
        "consumed licenses stayed when fay left"
    );
    assert_eq!(
        org.ranked(),
        [
            "left fay",
            "duplicate ana+work",
            "not_accepted dora",
            "not_seen bo",
            "not_seen cy"
        ]
    );
    let found = org.wasted(&Wasteful {
        pool: Some("pro".parse().unwrap()),
        ..org.wasteful()
    });
    assert_eq!(found.len(), 1, "only fay has one of those");
    let found = org.wasted(&Wasteful {
        limit: 2,
        except: org.ids("fay").into_iter().collect(),
        ..org.wasteful()
    });
    assert_eq!(
        found.iter().map(|it| it.reason).collect::<Vec<_>>(),
        [Reason::Duplicate, Reason::NotAccepted]
    );
    assert_eq!(found[0].twin, Some(org.user("ana").id));
}

#[test]
fn its_plan_takes_them_back_in_one_batch_that_can_be_undone() {
    let org = wasteful_org();
    let wanted = org.wasteful();
    let found = org.wasted(&wanted).len();
    let (held, ..) = org.seats("access");
    let before = org.state();
    let plan = org.plan(Command::Reclaim(wanted.clone())).unwrap();
    assert_eq!(org.state(), before, "planning changes nothing");
    let access = plan
        .effects
        .pools
        .iter()
        .find(|it| it.name.as_str() == "access")
        .unwrap();
    assert_eq!(access.held_before - access.held_after, 4);
    let applied = org.apply(Command::Reclaim(wanted));
    assert_eq!((org.seats("access").0, org.seats("pro").0), (held - 4, 0));
    assert_eq!(
        (org.user("dora").status, org.user("bo").status),
        (Status::Cancelled, Status::Inactive)
    );
    assert_eq!(org.user("guy").status, Status::Active);
    assert_eq!(org.ranked(), Vec::<String>::new());
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!((org.seats("access").0, org.seats("pro").0), (held, 1));
    assert_eq!(org.ranked().len(), found);
}

#[test]
fn who_is_seen_renamed_or_erased_is_no_longer_found() {
    let org = wasteful_org();
    assert!(org.ranked().contains(&"not_seen cy".to_owned()));
    org.see("cy");
    org.named("ana+work@acme.example", "Anna", "Lind");
    let dora = org.user("dora").id;
    org.apply(Command::Delete { who: dora.into() });
    org.apply(Command::Erase { who: dora.into() });
    assert_eq!(org.ranked(), ["left fay", "not_seen bo"]);
    // Renamed back, they look alike again.
    org.named("ana+work@acme.example", "ANA", "lí");
    assert_eq!(org.ranked()[1], "duplicate ana+work");
}

#[test]
fn where_the_platform_reports_nobody_nobody_counts_as_unseen() {
    let org = Org::new(5);
    org.create("ana bo");
    org.tick(400 * DAY);
    assert_eq!(org.ranked(), Vec::<String>::new());
}
