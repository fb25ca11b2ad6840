//! Add-on pools (DESIGN §4, "Pools"), sentence by sentence.

use usher_core::command::{Command, Create, Invite, PoolEdit, TrainingEdit, WhenFull};
use usher_core::model::{
    Actor, CountsFrom, Door, GroupRole, NewPeople, Progress, Status, TrainingKind,
};

use crate::org::{Org, assert_error, newcomer, people, skips};

fn grant(org: &Org, names: &str, pool: &str) -> Command {
    Command::Grant {
        who: org.who(names),
        pool: pool.parse().unwrap(),
        until: None,
    }
}

fn create_with(names: &str, pools: &str) -> Command {
    Command::Create(Create {
        people: people(names),
        groups: Vec::new(),
        pools: pools
            .split_whitespace()
            .map(|it| it.parse().unwrap())
            .collect(),
        mail: false,
    })
}

fn invite_with(names: &str, pool: &str) -> Command {
    Command::Invite(Invite {
        people: people(names),
        groups: Vec::new(),
        pools: vec![pool.parse().unwrap()],
        mail: false,
        send_on: None,
    })
}

#[test]
fn a_license_is_reserved_until_the_person_starts_the_content_and_consumed_from_then_on() {
    let org = Org::new(9);
    org.add_pool("method", 9);
    org.add_training("Course", TrainingKind::Course, Some("method"));
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    org.add_group("Sales");
    org.carry("Sales", "", "method");
    org.create("ana bo cleo dora");
    org.apply(grant(&org, "ana", "method"));
    org.join("bo", "Sales", GroupRole::Learner);
    org.assign("cleo", "Reading");
    for name in ["ana", "bo", "cleo"] {
        assert_eq!(org.holds(name, "method"), "reserved", "{name}");
        let started = org.progress(name, "Course", Progress::Started);
        assert_eq!(org.holds(name, "method"), "consumed", "{name}");
        org.undo(&started);
        assert_eq!(org.holds(name, "method"), "reserved", "{name}");
        org.progress(name, "Course", Progress::Completed);
        assert_eq!(org.holds(name, "method"), "consumed", "{name}");
    }
    let refused = org.progress("dora", "Course", Progress::Started);
    assert_eq!(
        skips(&refused.plan),
        ["dora: has no license of method; grant one first"]
    );
    org.assert_chain();
}

#[test]
fn a_leaver_s_consumed_license_returns_if_the_pool_is_recoverable_and_reserved_ones_always_do() {
    let org = Org::new(9);
    for pool in ["kept", "back"] {
        org.add_pool(pool, 2);
        org.add_training(pool, TrainingKind::Course, Some(pool));
    }
    org.set_pool(
        "back",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    org.apply(create_with("ana bo", "kept back"));
    for pool in ["kept", "back"] {
        org.progress("ana", pool, Progress::Started);
    }
    let left = org.deactivate("ana bo");
    assert_eq!(
        (org.seats("kept"), org.seats("back")),
        ((1, 1, 0), (0, 2, 0))
    );
    org.undo(&left);
    assert_eq!(
        (org.holds("ana", "back"), org.holds("bo", "kept")),
        ("consumed", "reserved")
    );
    org.deactivate("ana bo");
    org.apply(Command::Reactivate {
        who: org.who("ana bo"),
        restore_assignments: false,
    });
    assert_eq!(
        (org.holds("ana", "back"), org.holds("ana", "kept")),
        ("consumed", "consumed")
    );
    assert_eq!(org.holds("bo", "back"), "none");
}

#[test]
fn an_add_on_that_counts_from_activation_is_taken_when_the_person_becomes_active() {
    let org = Org::new(9);
    org.add_pool("method", 2);
    org.set_pool(
        "method",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    org.apply(invite_with("ana bo", "method"));
    org.invite("cleo");
    let granted = org.apply(grant(&org, "cleo", "method"));
    assert_eq!(org.seats("method"), (0, 2, 0));
    let plan = org.plan(grant(&org, "cleo", "method")).unwrap();
    assert_eq!(skips(&plan), ["cleo: already to get one when active"]);
    org.undo(&granted);
    assert!(!org.plan(grant(&org, "cleo", "method")).unwrap().is_empty());
    let before = org.state();
    let accepted = org.accept("ana").unwrap();
    assert_eq!(org.holds("ana", "method"), "reserved");
    org.undo(&accepted);
    let cancelled = org.apply(Command::Cancel { who: org.who("bo") });
    org.undo(&cancelled);
    let requests = |it: &str| it.lines().filter(|it| it.contains("request")).count();
    assert_eq!(requests(&org.state()), requests(&before));
    org.apply(Command::Release {
        who: org.who("bo"),
        pool: "method".parse().unwrap(),
    });
    org.accept("bo").unwrap();
    assert_eq!(
        (org.holds("bo", "method"), org.seats("method")),
        ("none", (0, 2, 0))
    );
    org.set_pool(
        "method",
        PoolEdit {
            counts_from: Some(CountsFrom::Invitation),
            ..PoolEdit::default()
        },
    );
    org.apply(invite_with("dora", "method"));
    assert_eq!(org.holds("dora", "method"), "reserved");
}

/// An organization whose group Sales carries the full pool `method`, and ana and bo, who are not in it.
fn full() -> Org {
    let org = Org::new(9);
    org.add_pool("method", 1);
    org.add_pool("spare", 1);
    org.add_group("Sales");
    org.carry("Sales", "", "method");
    org.create("holder ana bo");
    org.apply(grant(&org, "holder", "method"));
    org
}

#[test]
fn a_group_s_rule_gets_what_the_pool_s_policy_says_when_it_is_full() {
    let org = full();
    let join = |names: &str| org.try_join(names, "Sales", GroupRole::Learner);
    let joined = join("ana").unwrap();
    assert_eq!(org.holds("ana", "method"), "queued", "queue is the default");
    org.undo(&joined);
    org.at_capacity("method", "fallback:spare");
    let joined = join("ana").unwrap();
    assert_eq!(
        (org.holds("ana", "method"), org.holds("ana", "spare")),
        ("none", "reserved")
    );
    org.add_training("Course", TrainingKind::Course, Some("method"));
    org.progress("ana", "Course", Progress::Started);
    assert_eq!(
        org.holds("ana", "spare"),
        "consumed",
        "it stands for the other"
    );
    org.undo(&joined);
    let org = full();
    org.at_capacity("method", "grace:100");
    org.try_join("ana", "Sales", GroupRole::Learner).unwrap();
    assert_eq!(
        (org.holds("ana", "method"), org.seats("method").0),
        ("reserved", 2)
    );
    let org = full();
    org.at_capacity("method", "refuse");
    assert_error(
        org.try_join("ana", "Sales", GroupRole::Learner),
        "method has 0 free of 1",
    );
    let unattended = org.directory.as_actor(Actor::FileOwner, Door::Api);
    let mut edit = usher_core::command::Edit::of(org.who("ana"));
    edit.add_groups.push(("Sales".into(), GroupRole::Learner));
    assert_error(
        unattended.apply(org.request(Command::Edit(edit.clone())), None),
        "method has 0 free of 1",
    );
    org.apply_when_full(Command::Edit(edit), WhenFull::QueueRest);
    assert_eq!(org.holds("ana", "method"), "queued");
}

#[test]
fn a_refusal_of_a_pool_and_of_its_fallback_names_both() {
    let org = full();
    org.at_capacity("method", "fallback:spare");
    org.apply(grant(&org, "bo", "spare"));
    let unattended = org.directory.as_actor(Actor::FileOwner, Door::Api);
    for words in ["method has 0 free", "spare has 0 free"] {
        assert_error(
            unattended.apply(org.request(grant(&org, "ana", "method")), None),
            words,
        );
    }
}

#[test]
fn at_people_s_doors_a_command_that_needs_several_pools_is_all_or_nothing_per_person() {
    let org = Org::new(9);
    org.add_pool("method", 1);
    org.add_pool("library", 1);
    org.create("holder");
    org.apply(grant(&org, "holder", "library"));
    let command = create_with("ana", "method library");
    let plan = org.plan(command.clone()).unwrap();
    assert_eq!(skips(&plan), ["ana: no free seat in library"]);
    assert!(plan.is_empty());
    assert_error(org.try_apply(command.clone()), "library has 0 free");
    org.apply_when_full(command, WhenFull::QueueRest);
    assert_eq!(
        (
            org.user("ana").status,
            org.holds("ana", "method"),
            org.holds("ana", "library")
        ),
        (Status::Active, "reserved", "queued")
    );
}

#[test]
fn at_unattended_doors_an_add_on_that_queues_blocks_nobody_and_one_that_refuses_refuses() {
    let org = full();
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let ana = org.user("ana").id;
    org.join("ana bo", "Sales", GroupRole::Learner);
    let off = crate::org::switch(ana, false);
    org.provision(okta, off.clone()).unwrap();
    org.provision(okta, crate::org::switch(ana, true)).unwrap();
    assert_eq!(
        (org.user("ana").status, org.holds("ana", "method")),
        (Status::Active, "queued")
    );
    org.provision(okta, off).unwrap();
    org.at_capacity("method", "refuse");
    assert_error(
        org.provision(okta, crate::org::switch(ana, true)),
        "method has 0 free",
    );
    assert_eq!(org.user("ana").status, Status::Inactive);
    org.provision(okta, newcomer("cleo", "1")).unwrap();
}

#[test]
fn outside_a_pool_s_dates_nothing_is_handed_out_nobody_is_evicted_and_a_raise_promotes() {
    let org = full();
    org.join("ana bo", "Sales", GroupRole::Learner);
    assert_eq!(org.seats("method"), (1, 0, 2));
    let starts = |day: Option<&str>| PoolEdit {
        starts_on: Some(day.map(|it| it.parse().unwrap())),
        purchased: Some(2),
        ..PoolEdit::default()
    };
    org.set_pool("method", starts(Some("2099-01-01")));
    assert_eq!(org.seats("method"), (1, 0, 2));
    org.set_pool("method", starts(None));
    assert_eq!(
        (org.seats("method"), org.holds("ana", "method")),
        ((2, 0, 1), "reserved")
    );
    org.at_capacity("method", "grace:50");
    assert_eq!(
        org.holds("bo", "method"),
        "reserved",
        "a change of policy promotes"
    );
    org.set_pool(
        "method",
        PoolEdit {
            purchased: Some(0),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.seats("method").0, 3, "nobody is evicted to make room");
}

#[test]
fn whoever_waits_for_an_add_on_is_not_overtaken_by_somebody_whose_group_carries_it() {
    let org = Org::new(3);
    org.add_pool("method", 1);
    org.add_group("Sales");
    org.carry("Sales", "", "method");
    org.create("holder waits");
    org.apply(grant(&org, "holder", "method"));
    org.apply_when_full(grant(&org, "waits", "method"), WhenFull::QueueRest);
    let joining = Command::Create(Create {
        people: people("late"),
        groups: vec![("Sales".into(), GroupRole::Learner)],
        pools: Vec::new(),
        mail: false,
    });
    org.apply_when_full(joining, WhenFull::QueueRest);
    org.deactivate("holder");
    assert_eq!(
        (
            org.holds("waits", "method"),
            org.user("late").status,
            org.holds("late", "method")
        ),
        ("reserved", Status::Active, "queued")
    );
}

#[test]
fn unassigning_pre_work_returns_the_license_that_came_with_it_and_no_other() {
    let org = Org::new(9);
    org.add_pool("method", 9);
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    org.add_training("Course", TrainingKind::Course, Some("method"));
    org.create("came granted used");
    org.apply(grant(&org, "granted", "method"));
    org.assign("came granted used", "Reading");
    org.progress("used", "Course", Progress::Started);
    let before = org.state();
    let unassigned = org.apply(Command::Unassign {
        who: org.who("came granted used"),
        training: "Reading".into(),
    });
    let holds = ["came", "granted", "used"].map(|it| org.holds(it, "method"));
    assert_eq!(holds, ["none", "reserved", "consumed"]);
    org.undo(&unassigned);
    assert_eq!(org.state(), before);
}

#[test]
fn undoing_a_start_of_somebody_who_has_left_leaves_their_license_consumed() {
    let org = Org::new(9);
    org.add_pool("method", 9);
    org.add_training("Course", TrainingKind::Course, Some("method"));
    org.apply(create_with("ana", "method"));
    let started = org.progress("ana", "Course", Progress::Started);
    org.deactivate("ana");
    let plan = org
        .plan(Command::Undo {
            batch: started.batch.unwrap(),
        })
        .unwrap();
    assert_eq!(skips(&plan), ["ana: inactive now"]);
    assert_eq!(org.holds("ana", "method"), "consumed");
}

#[test]
fn who_holds_the_fallback_in_its_own_right_gets_the_pool_of_a_group_while_there_is_one_free() {
    let org = Org::new(9);
    org.add_pool("premium", 1);
    org.add_pool("base", 9);
    org.at_capacity("premium", "fallback:base");
    org.add_group("Sales");
    org.create("ana bo cleo");
    org.invite("dora");
    org.apply(grant(&org, "ana bo cleo dora", "base"));
    org.carry("Sales", "", "premium");
    let joined = org.join("ana", "Sales", GroupRole::Learner);
    assert_eq!(
        (org.holds("ana", "premium"), org.holds("ana", "base")),
        ("reserved", "reserved")
    );
    // While there is none, what they have does.
    org.join("bo", "Sales", GroupRole::Learner);
    assert_eq!(
        (org.holds("bo", "premium"), org.holds("bo", "base")),
        ("none", "reserved")
    );
    // A pool that is carried later comes to the members alike.
    org.undo(&joined);
    org.add_group("Later");
    org.join("cleo", "Later", GroupRole::Learner);
    org.carry("Later", "", "premium");
    assert_eq!(org.holds("cleo", "premium"), "reserved");
    // And so does becoming active for the first time, in a group.
    org.deactivate("cleo");
    assert_eq!(org.seats("premium").1, 1);
    org.join("dora", "Sales", GroupRole::Learner);
    org.accept("dora").unwrap();
    assert_eq!(org.holds("dora", "premium"), "reserved");
}

#[test]
fn who_comes_back_with_the_used_license_of_a_fallback_takes_no_second_one() {
    let org = Org::new(9);
    org.add_pool("premium", 1);
    org.add_pool("base", 9);
    org.at_capacity("premium", "fallback:base");
    org.add_training("Course", TrainingKind::Course, Some("premium"));
    org.add_group("Sales");
    org.carry("Sales", "", "premium");
    org.create("ana bo");
    org.join("ana bo", "Sales", GroupRole::Learner);
    assert_eq!(org.holds("bo", "base"), "reserved");
    org.progress("bo", "Course", Progress::Started);
    org.deactivate("ana bo");
    assert_eq!(
        (org.holds("bo", "base"), org.seats("premium").1),
        ("consumed", 1)
    );
    org.apply(Command::Reactivate {
        who: org.who("bo"),
        restore_assignments: false,
    });
    assert_eq!(
        (org.holds("bo", "base"), org.holds("bo", "premium")),
        ("consumed", "none")
    );
}

#[test]
fn who_comes_back_while_the_pool_of_their_group_is_full_falls_back_as_whoever_joins_it_does() {
    let org = Org::new(9);
    org.add_pool("premium", 1);
    org.add_pool("base", 2);
    org.at_capacity("premium", "fallback:base");
    org.add_group("Sales");
    org.carry("Sales", "", "premium");
    org.create("ana bo cleo dora");
    org.join("ana bo cleo", "Sales", GroupRole::Learner);
    let holds = |who| (org.holds(who, "premium"), org.holds(who, "base"));
    assert_eq!(holds("cleo"), ("none", "reserved"));
    org.deactivate("cleo");
    let back = || Command::Reactivate {
        who: org.who("cleo"),
        restore_assignments: false,
    };
    org.apply(back());
    assert_eq!(holds("cleo"), ("none", "reserved"));
    // Where neither has any, whoever brings them back is asked, and nothing is done.
    org.deactivate("cleo");
    org.apply(grant(&org, "dora", "base"));
    let refused = org.plan(back()).unwrap();
    assert_eq!(skips(&refused), ["cleo: no free seat in premium"]);
    assert_eq!(holds("cleo"), ("none", "none"));
    org.assert_chain();
}

#[test]
fn a_training_that_gets_a_pool_uses_the_licenses_of_those_who_have_started_it() {
    let org = Org::new(9);
    org.add_pool("method", 9);
    org.add_training("Course", TrainingKind::Course, None);
    org.create("ana bo cleo");
    org.apply(grant(&org, "ana bo", "method"));
    org.assign("bo", "Course");
    for name in ["ana", "cleo"] {
        org.progress(name, "Course", Progress::Started);
    }
    let set = org.apply(Command::SetTraining {
        training: "Course".into(),
        set: TrainingEdit {
            pool: Some(Some("method".parse().unwrap())),
            ..TrainingEdit::default()
        },
    });
    let holds = || ["ana", "bo", "cleo"].map(|it| org.holds(it, "method"));
    assert_eq!(holds(), ["consumed", "reserved", "none"]);
    let released = org.plan(Command::Release {
        who: org.who("ana"),
        pool: "method".parse().unwrap(),
    });
    assert_eq!(skips(&released.unwrap()), ["ana: consumed"]);
    org.undo(&set);
    assert_eq!(holds(), ["reserved", "reserved", "none"]);
    org.assert_chain();
}

#[test]
fn a_license_that_somebody_gets_after_coming_back_does_not_end_on_the_day_of_the_one_before() {
    let org = Org::new(9);
    org.add_pool("method", 9);
    org.add_group("Sales");
    org.carry("Sales", "", "method");
    org.create("ana");
    let until = usher_core::model::Date::of_utc(org.directory.now()).plus_days(5);
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "method".parse().unwrap(),
        until: Some(Some(until)),
    });
    let left = org.deactivate("ana");
    org.undo(&left);
    let end = || {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let due = read.due(&usher_core::directory::DuePage {
            limit: 9,
            ..Default::default()
        });
        due.unwrap().len()
    };
    assert_eq!((org.holds("ana", "method"), end()), ("reserved", 1));
    org.deactivate("ana");
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    org.join("ana", "Sales", GroupRole::Learner);
    assert_eq!((org.holds("ana", "method"), end()), ("reserved", 0));
    org.tick(6 * 86_400_000);
    org.directory.do_due().unwrap();
    assert_eq!(org.holds("ana", "method"), "reserved");
    org.assert_chain();
}
