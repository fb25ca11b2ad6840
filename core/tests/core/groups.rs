//! Groups and trainings (DESIGN §4, "Groups, trainings, joining"), sentence by sentence.

use usher_core::command::{
    Command, Create, Edit, GroupEdit, PoolEdit, ProgressReport, TrainingEdit, WhenFull,
};
use usher_core::model::{
    Actor, AssignmentState, Door, GroupRole, NewPeople, Progress, TrainingKind,
};
use usher_core::query::{PageFrom, SortBy, UsersPage};
use usher_core::{Applied, Result};

use crate::org::{Org, address, assert_error, create, newcomer, people, short, skips, switch};

impl Org {
    pub(crate) fn add_group(&self, name: &str) -> Applied {
        self.apply(Command::AddGroup { name: name.into() })
    }

    pub(crate) fn add_training(&self, name: &str, kind: TrainingKind, pool: Option<&str>) {
        self.apply(Command::AddTraining {
            name: name.into(),
            kind,
            pool: pool.map(|it| it.parse().unwrap()),
            held_on: (kind == TrainingKind::Session).then(|| "2027-03-01".parse().unwrap()),
        });
    }

    /// Lets a group carry trainings and pools.
    pub(crate) fn carry(&self, group: &str, trainings: &str, pools: &str) -> Applied {
        let set = GroupEdit {
            trainings: trainings
                .split_whitespace()
                .map(|it| (it.to_owned(), true))
                .collect(),
            pools: pools
                .split_whitespace()
                .map(|it| (it.parse().unwrap(), true))
                .collect(),
            ..GroupEdit::default()
        };
        self.apply(Command::EditGroup {
            group: group.into(),
            set,
        })
    }

    pub(crate) fn join(&self, names: &str, group: &str, role: GroupRole) -> Applied {
        self.try_join(names, group, role).unwrap()
    }

    pub(crate) fn try_join(&self, names: &str, group: &str, role: GroupRole) -> Result<Applied> {
        let mut edit = Edit::of(self.who(names));
        edit.add_groups.push((group.into(), role));
        self.try_apply(Command::Edit(edit))
    }

    pub(crate) fn assign(&self, names: &str, training: &str) -> Applied {
        self.apply(Command::Assign {
            who: self.who(names),
            training: training.into(),
        })
    }

    pub(crate) fn progress(&self, name: &str, training: &str, step: Progress) -> Applied {
        self.apply(Command::Progress {
            reports: vec![ProgressReport {
                who: address(name),
                training: training.into(),
                step,
            }],
        })
    }

    /// `training:state` of somebody, by name of the training.
    pub(crate) fn learns(&self, name: &str) -> String {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let names = read.training_names().unwrap();
        let all = read.assignments_of(self.user(name).id).unwrap();
        let mut words: Vec<String> = all
            .iter()
            .map(|it| format!("{}:{}", names[&it.training], it.assignment.state.as_str()))
            .collect();
        words.sort();
        words.join(" ")
    }

    /// How somebody holds a pool.
    pub(crate) fn holds(&self, name: &str, pool: &str) -> &'static str {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let pool = read.pool(&pool.parse().unwrap()).unwrap().id;
        let all = read.licenses_of(&[self.user(name).id]).unwrap();
        let found = all.iter().find(|it| it.pool == pool);
        found.map_or("none", |it| it.hold.as_str())
    }

    /// `assigned started completed ended` of a training.
    pub(crate) fn counts(&self, training: &str) -> [i64; 4] {
        let it = self
            .cli()
            .read()
            .unwrap()
            .training(training)
            .unwrap()
            .counts;
        [it.assigned, it.started, it.completed, it.ended]
    }

    pub(crate) fn undo(&self, applied: &Applied) -> Applied {
        self.apply(Command::Undo {
            batch: applied.batch.unwrap(),
        })
    }
}

/// An organization with a group that carries a course, pre-work of a pool, and another pool.
fn carrying() -> Org {
    let org = Org::new(30);
    org.add_pool("method", 9);
    org.add_pool("library", 9);
    org.add_group("Sales");
    org.add_training("Intro", TrainingKind::Course, None);
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    org.carry("Sales", "Intro Reading", "library");
    org
}

const ALL: &str = "Intro:assigned Reading:assigned";

fn has_all(org: &Org, name: &str) {
    assert_eq!(org.learns(name), ALL, "{name}");
    let holds = ["library", "method"].map(|it| org.holds(name, it));
    assert_eq!(holds, ["reserved", "reserved"], "{name}");
}

fn has_nothing(org: &Org, name: &str) {
    assert_eq!(org.learns(name), "", "{name}");
    let holds = ["library", "method"].map(|it| org.holds(name, it));
    assert_eq!(holds, ["none", "none"], "{name}");
}

fn create_in(names: &str, group: &str) -> Command {
    Command::Create(Create {
        people: people(names),
        groups: vec![(group.into(), GroupRole::Learner)],
        pools: Vec::new(),
        mail: false,
    })
}

#[test]
fn members_get_the_group_s_trainings_assigned_and_pools_requested_when_they_become_active() {
    let org = carrying();
    org.apply(create_in("ana", "Sales"));
    has_all(&org, "ana");
    org.invite("bo");
    org.join("bo", "Sales", GroupRole::Coach);
    has_nothing(&org, "bo");
    org.accept("bo").unwrap();
    has_all(&org, "bo");
    org.create("cleo");
    org.join("cleo", "Sales", GroupRole::Learner);
    has_all(&org, "cleo");
    org.assert_chain();
}

#[test]
fn members_who_are_promoted_from_the_queue_or_come_by_a_provider_get_what_the_group_carries() {
    let org = carrying();
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(1),
            ..PoolEdit::default()
        },
    );
    org.apply_when_full(create_in("ana", "Sales"), WhenFull::QueueRest);
    has_nothing(&org, "ana");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(9),
            ..PoolEdit::default()
        },
    );
    has_all(&org, "ana");
    let bo = org
        .provision(okta, newcomer("bo", "1"))
        .unwrap()
        .user
        .unwrap();
    org.provision(okta, switch(bo, false)).unwrap();
    org.join("bo", "Sales", GroupRole::Learner);
    has_nothing(&org, "bo");
    org.provision(okta, switch(bo, true)).unwrap();
    has_all(&org, "bo");
    org.apply(Command::Delete { who: bo.into() });
    org.provision(okta, newcomer("bo", "1")).unwrap();
    has_all(&org, "bo");
}

#[test]
fn later_trainings_and_pools_come_to_the_members_when_they_are_added_to_the_group() {
    let org = carrying();
    org.apply(create_in("ana bo", "Sales"));
    org.deactivate("bo");
    org.add_training("Sequel", TrainingKind::Course, None);
    org.add_pool("studio", 1);
    let applied = org.carry("Sales", "Sequel", "studio");
    assert_eq!(org.learns("ana"), format!("{ALL} Sequel:assigned"));
    assert_eq!(
        (org.holds("ana", "studio"), org.holds("bo", "studio")),
        ("reserved", "none")
    );
    let before = org.state();
    let undone = org.undo(&applied);
    has_all(&org, "ana");
    org.undo(&undone);
    assert_eq!(org.state(), before);
}

#[test]
fn whoever_has_a_training_or_a_license_already_does_not_get_it_twice() {
    let org = carrying();
    org.create("ana");
    org.assign("ana", "intro");
    org.progress("ana", "Intro", Progress::Completed);
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "library".parse().unwrap(),
        until: None,
    });
    org.join("ana", "Sales", GroupRole::Learner);
    assert_eq!(org.learns("ana"), "Intro:completed Reading:assigned");
    assert_eq!(org.seats("library"), (1, 8, 0));
}

#[test]
fn group_and_training_names_match_without_regard_to_case_and_surrounding_space() {
    let org = Org::new(9);
    org.add_group("Ärzte Süd");
    org.create("ana");
    org.join("ana", "  ÄRZTE süd ", GroupRole::Learner);
    assert_error(
        org.try_apply(Command::AddGroup {
            name: "ärzte SÜD".into(),
        }),
        "already",
    );
    org.add_training("Élan", TrainingKind::Course, None);
    org.assign("ana", " éLAN ");
    assert_eq!(org.learns("ana"), "Élan:assigned");
    let found = |query: &str| {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let expr = usher_core::query::parse(query, read.now()).unwrap();
        read.count_users(&expr).unwrap()
    };
    assert_eq!(found("group:\"ärzte SÜD \""), 1);
}

#[test]
fn memberships_of_those_who_have_left_are_kept_but_dormant() {
    let org = carrying();
    org.apply(create_in("ana", "Sales"));
    org.deactivate("ana");
    assert_eq!(org.learns("ana"), "Intro:ended Reading:ended");
    let group = org.cli().read().unwrap().group("sales").unwrap();
    assert_eq!(group.members, 1);
    org.add_training("Sequel", TrainingKind::Course, None);
    org.carry("Sales", "Sequel", "");
    assert_eq!(org.learns("ana"), "Intro:ended Reading:ended");
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.learns("ana"), format!("{ALL} Sequel:assigned"));
    assert_eq!(org.holds("ana", "library"), "reserved");
}

#[test]
fn open_assignments_end_when_somebody_leaves_and_are_not_erased() {
    let org = Org::new(9);
    org.create("ana bo");
    for training in ["One", "Two", "Three"] {
        org.add_training(training, TrainingKind::Course, None);
        org.assign("ana bo", training);
    }
    org.progress("ana", "Two", Progress::Started);
    org.progress("ana", "Three", Progress::Completed);
    let before = org.state();
    let applied = org.deactivate("ana");
    assert_eq!(applied.plan.effects.assignments_ended, 2);
    assert_eq!(org.learns("ana"), "One:ended Three:completed Two:ended");
    assert_eq!(org.counts("Two"), [1, 0, 0, 1]);
    org.undo(&applied);
    assert_eq!(org.state(), before, "with the instants of what happened");
    org.apply(Command::Delete { who: org.who("bo") });
    assert_eq!(org.learns("bo"), "One:ended Three:ended Two:ended");
}

#[test]
fn restoring_assignments_is_an_option_of_reactivating() {
    let org = Org::new(9);
    org.add_pool("method", 2);
    org.create("ana");
    org.add_training("Course", TrainingKind::Course, None);
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    org.add_training("Dropped", TrainingKind::Course, None);
    org.assign("ana", "Course");
    org.assign("ana", "Reading");
    org.assign("ana", "Dropped");
    org.progress("ana", "Course", Progress::Started);
    org.apply(Command::Unassign {
        who: org.who("ana"),
        training: "Dropped".into(),
    });
    let back = |restore_assignments| Command::Reactivate {
        who: org.who("ana"),
        restore_assignments,
    };
    org.deactivate("ana");
    assert_eq!(org.holds("ana", "method"), "none");
    let applied = org.apply(back(false));
    assert_eq!(
        org.learns("ana"),
        "Course:ended Dropped:ended Reading:ended"
    );
    org.undo(&applied);
    org.apply(back(true));
    assert_eq!(
        org.learns("ana"),
        "Course:started Dropped:ended Reading:assigned"
    );
    assert_eq!(org.holds("ana", "method"), "reserved");
}

#[test]
fn reactivation_is_atomic_over_every_pool_the_person_needs_and_names_every_missing_one() {
    let org = Org::new(9);
    org.add_pool("method", 1);
    org.add_pool("library", 1);
    org.add_pool("studio", 1);
    org.set_pool(
        "studio",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    org.add_training("Studio", TrainingKind::Course, Some("studio"));
    org.add_group("Sales");
    org.carry("Sales", "Reading", "library");
    org.create("ana bo");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "studio".parse().unwrap(),
        until: None,
    });
    org.progress("ana", "Studio", Progress::Started);
    org.join("ana", "Sales", GroupRole::Learner);
    org.deactivate("ana");
    for pool in ["method", "library", "studio"] {
        org.apply(Command::Grant {
            who: org.who("bo"),
            pool: pool.parse().unwrap(),
            until: None,
        });
    }
    let back = Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: true,
    };
    let before = org.state();
    let plan = org.plan(back.clone()).unwrap();
    assert_eq!(
        skips(&plan),
        ["ana: no free seat in studio, method, library"]
    );
    assert!(plan.is_empty());
    for pool in ["method", "library", "studio"] {
        assert_error(org.try_apply(back.clone()), pool);
    }
    assert_eq!(org.state(), before);
    org.at_capacity("library", "refuse");
    org.at_capacity("studio", "refuse");
    org.at_capacity("method", "refuse");
    let unattended = org.directory.as_actor(Actor::FileOwner, Door::Api);
    for pool in ["method", "library", "studio"] {
        assert_error(unattended.apply(org.request(back.clone()), None), pool);
    }
    org.apply_when_full(back, WhenFull::QueueRest);
    assert_eq!(
        org.roster().lines().next(),
        Some("ana active access:consumed method:queued#1 library:queued#1 studio:queued#1")
    );
}

#[test]
fn a_training_is_a_course_pre_work_or_a_session_with_a_date_and_instructors() {
    let org = Org::new(9);
    for name in ["ana", "bo"] {
        org.create(name);
    }
    let add = |kind, held_on: Option<&str>| Command::AddTraining {
        name: "Day".into(),
        kind,
        pool: None,
        held_on: held_on.map(|it| it.parse().unwrap()),
    };
    assert_error(org.try_apply(add(TrainingKind::Session, None)), "date");
    assert_error(
        org.try_apply(add(TrainingKind::Course, Some("2027-01-01"))),
        "sessions only",
    );
    let added = org.apply(add(TrainingKind::Session, Some("2027-01-01")));
    let instructors = |names: &str, are| Command::SetInstructors {
        training: "day".into(),
        who: org.who(names),
        are,
    };
    let before = org.state();
    let applied = org.apply(instructors("ana bo", true));
    let read = |org: &Org| {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let id = read.training("Day").unwrap().id;
        let all = read.instructors_of(id).unwrap();
        let labels = read.labels_of(&all).unwrap();
        all.iter().map(|it| short(&labels[it])).collect::<Vec<_>>()
    };
    assert_eq!(read(&org), ["ana", "bo"]);
    org.apply(instructors("bo", false));
    assert_eq!(read(&org), ["ana"]);
    let undone = org.undo(&applied);
    assert_eq!(
        skips(&undone.plan),
        ["bo: who holds the session changed since"]
    );
    assert_eq!(org.state(), before);
    org.add_training("Course", TrainingKind::Course, None);
    assert_error(
        org.try_apply(Command::SetInstructors {
            training: "Course".into(),
            who: org.who("ana"),
            are: true,
        }),
        "only sessions",
    );
    org.undo(&added);
    assert_error(
        org.cli().read().unwrap().training("Day"),
        "there is no training",
    );
    org.apply(add(TrainingKind::Session, Some("2027-01-02")));
}

#[test]
fn progress_is_told_from_outside_and_saying_it_again_changes_nothing() {
    let org = Org::new(9);
    org.create("ana bo");
    org.add_training("Course", TrainingKind::Course, None);
    org.assign("ana", "Course");
    let first = org.progress("ana", "COURSE", Progress::Started);
    assert!(first.batch.is_some());
    assert_eq!(
        skips(&org.progress("ana", "Course", Progress::Started).plan),
        ["ana: already started"]
    );
    org.progress("ana", "Course", Progress::Completed);
    for step in [Progress::Started, Progress::Completed] {
        let again = org.progress("ana", "Course", step);
        assert_eq!(
            (again.batch, skips(&again.plan)),
            (None, vec!["ana: already completed".to_owned()])
        );
    }
    org.progress("bo", "Course", Progress::Completed);
    assert_eq!(
        org.learns("bo"),
        "Course:completed",
        "nobody assigned it, and it is on record"
    );
    assert_eq!(org.counts("Course"), [0, 0, 2, 0]);
    let cli = org.cli();
    let read = cli.read().unwrap();
    let done = read.assignments_of(org.user("bo").id).unwrap()[0].assignment;
    assert_eq!(
        (done.state, done.started_at),
        (AssignmentState::Completed, done.completed_at)
    );
}

#[test]
fn the_platform_tells_progress_of_many_and_unknown_people_are_no_obstacle() {
    let org = Org::new(9);
    org.create("ana bo cleo");
    org.deactivate("cleo");
    org.add_training("Course", TrainingKind::Course, None);
    let report = |who: String, training: &str| ProgressReport {
        who,
        training: training.into(),
        step: Progress::Started,
    };
    let command = Command::Progress {
        reports: vec![
            report(address("ana"), "Course"),
            report(org.user("bo").id.to_string(), "course"),
            report(address("ana"), "Course"),
            report(address("cleo"), "Course"),
            report(address("nobody"), "Course"),
            report(address("ana"), "Nothing"),
        ],
    };
    let platform = org.directory.as_actor(Actor::FileOwner, Door::Api);
    let applied = platform.apply(org.request(command), None).unwrap();
    assert_eq!(org.counts("Course"), [0, 2, 0, 0]);
    assert_eq!(
        skips(&applied.plan),
        [
            "nobody: not known",
            "ana: the training is not known",
            "ana: already started",
            "cleo: inactive"
        ]
    );
}

#[test]
fn what_the_platform_tells_of_somebody_without_a_license_waits_and_is_carried_out_once_they_have_one()
 {
    let mut org = Org::new(9);
    org.add_pool("method", 1);
    org.create("ana bo");
    org.add_training("Course", TrainingKind::Course, Some("method"));
    let tell = |org: &Org, who: &str, steps: &[Progress]| {
        let reports = steps.iter().map(|step| ProgressReport {
            who: address(who),
            training: "Course".into(),
            step: *step,
        });
        let reports = reports.collect();
        org.tick(1_000);
        let platform = org.directory.as_actor(Actor::FileOwner, Door::Api);
        let request = org.request(Command::Progress { reports });
        platform.apply(request, None).unwrap()
    };
    let waiting = |org: &Org| {
        let session = org.cli();
        let read = session.read().unwrap();
        let all = read.waiting_progress(None, 100).unwrap();
        assert_eq!(read.waiting_progress_count().unwrap(), all.len() as i64);
        let told = all.iter().map(|it| {
            let who = read.user(it.user).unwrap().unwrap().label();
            let at = [it.told.started_at, it.told.completed_at].map(|it| it.is_some());
            (crate::org::short(&who), at)
        });
        told.collect::<Vec<_>>()
    };
    let ana = |told| vec![("ana".to_owned(), told)];
    let told = tell(&org, "ana", &[Progress::Started]);
    assert_eq!(
        skips(&told.plan),
        ["ana: has no license of method; grant one first"]
    );
    let first = told.at;
    assert_eq!(waiting(&org), ana([true, false]));
    // Told again it waits as it did; the next step joins it.
    assert!(
        tell(&org, "ana", &[Progress::Started, Progress::Started])
            .batch
            .is_none()
    );
    let next = tell(&org, "ana", &[Progress::Completed]);
    assert_eq!(waiting(&org), ana([true, true]));
    org.undo(&next);
    assert_eq!(waiting(&org), ana([true, false]));
    tell(&org, "ana", &[Progress::Completed]);
    // A person is told why, and nothing is kept of it.
    org.progress("bo", "Course", Progress::Started);
    assert_eq!(waiting(&org).len(), 1);
    org.reopen();
    let again = org.plan(Command::ProgressAgain).unwrap();
    assert!(again.changes.is_empty());
    let once = ["ana: has no license of method; grant one first"];
    assert_eq!(skips(&again), once, "for two steps");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "method".parse().unwrap(),
        until: None,
    });
    let before = org.state();
    let carried = org.apply(Command::ProgressAgain);
    assert_eq!(waiting(&org), []);
    assert_eq!(org.holds("ana", "method"), "consumed");
    let session = org.cli();
    let read = session.read().unwrap();
    let assignment = read.assignments_of(org.user("ana").id).unwrap()[0].assignment;
    assert_eq!(assignment.state, AssignmentState::Completed);
    assert_eq!(assignment.started_at, Some(first), "as it was told");
    drop(read);
    assert!(org.plan(Command::ProgressAgain).unwrap().is_empty());
    org.undo(&carried);
    assert_eq!((org.state(), waiting(&org)), (before, ana([true, true])));
    // Told by hand, or by the platform again, it waits no longer; nor when the person is erased.
    org.progress("ana", "Course", Progress::Completed);
    assert_eq!(waiting(&org), []);
    tell(&org, "bo", &[Progress::Completed]);
    assert_eq!(waiting(&org).len(), 1);
    org.apply(Command::Delete { who: org.who("bo") });
    let bo = org.user("bo").id;
    org.apply(Command::Erase { who: bo.into() });
    assert_eq!(waiting(&org), []);
    org.assert_chain();
}

#[test]
fn a_removed_training_ends_what_is_open_and_leaves_what_was_done_on_record() {
    let org = carrying();
    org.apply(create_in("ana bo", "Sales"));
    org.progress("bo", "Reading", Progress::Completed);
    let applied = org.apply(Command::RemoveTraining {
        training: "Reading".into(),
    });
    assert_eq!(org.learns("ana"), "Intro:assigned Reading:ended");
    assert_eq!(org.learns("bo"), "Intro:assigned Reading:completed");
    assert_eq!(
        org.holds("ana", "method"),
        "none",
        "it came with the assignment"
    );
    org.create("cleo");
    org.join("cleo", "Sales", GroupRole::Learner);
    assert_eq!(org.learns("cleo"), "Intro:assigned");
    org.apply(Command::Delete {
        who: org.who("cleo"),
    });
    let undone = org.undo(&applied);
    assert_eq!(skips(&undone.plan), Vec::<String>::new());
    has_all(&org, "ana");
    assert!(org.carries("Sales", "Reading"));
}

impl Org {
    fn carries(&self, group: &str, training: &str) -> bool {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let (group, training) = (read.group(group).unwrap(), read.training(training).unwrap());
        read.carried_by(group.id)
            .unwrap()
            .trainings
            .contains(&training.id)
    }
}

#[test]
fn a_removed_group_lets_its_members_go_with_what_they_have_and_comes_back_by_undo() {
    let org = carrying();
    org.apply(create_in("ana bo", "Sales"));
    org.deactivate("bo");
    let applied = org.apply(Command::RemoveGroup {
        group: "sales".into(),
    });
    has_all(&org, "ana");
    assert_error(
        org.try_join("ana", "Sales", GroupRole::Coach),
        "there is no group",
    );
    let added = org.add_group("SALES");
    let undone = org.undo(&applied);
    assert_eq!(
        skips(&undone.plan)[0],
        "Sales: the name is another group's now"
    );
    org.undo(&added);
    org.undo(&applied);
    assert_eq!(org.cli().read().unwrap().group("Sales").unwrap().members, 2);
    assert!(org.carries("Sales", "Intro"));
}

#[test]
fn a_group_and_a_training_get_another_name_and_keep_everything() {
    let org = carrying();
    org.apply(create_in("ana", "Sales"));
    org.add_group("Service");
    let before = org.state();
    let rename = |from: &str, to: &str| Command::EditGroup {
        group: from.into(),
        set: GroupEdit {
            name: Some(to.into()),
            ..GroupEdit::default()
        },
    };
    let renamed = org.apply(rename("Sales", "Vertrieb"));
    assert!(org.carries("vertrieb", "Intro"));
    assert_error(org.try_apply(rename("Service", "VERTRIEB")), "already");
    let set = TrainingEdit {
        name: Some("Start".into()),
        ..TrainingEdit::default()
    };
    let trained = org.apply(Command::SetTraining {
        training: "Intro".into(),
        set,
    });
    assert_eq!(org.learns("ana"), "Reading:assigned Start:assigned");
    org.undo(&trained);
    org.undo(&renamed);
    assert_eq!(org.state(), before);
    has_all(&org, "ana");
    assert!(org.carries("Sales", "Intro"));
}

#[test]
fn a_manager_who_is_created_in_the_same_batch_is_found_wherever_they_stand_in_it() {
    let org = Org::new(9);
    let mut newcomers = people("ana boss top");
    newcomers[0].manager = Some(address("BOSS"));
    newcomers[1].manager = Some(address("top"));
    let applied = org.apply(Command::Create(Create {
        people: newcomers,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    assert_eq!(skips(&applied.plan), Vec::<String>::new());
    assert_eq!(
        (
            org.manager("ana").as_deref(),
            org.manager("boss").as_deref()
        ),
        (Some("boss"), Some("top"))
    );
    let mut circle = people("a b");
    circle[0].manager = Some(address("b"));
    circle[1].manager = Some(address("a"));
    let plan = org
        .plan(Command::Create(Create {
            people: circle,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
        }))
        .unwrap();
    assert_eq!(plan.skipped.len(), 2, "{:?}", plan.skipped);
}

#[test]
fn a_group_of_thousands_gets_a_training_in_one_batch() {
    let org = Org::new(3_000);
    org.add_group("Sales");
    org.add_pool("method", 3_000);
    org.add_training("Reading", TrainingKind::PreWork, Some("method"));
    let names: Vec<String> = (0..2_400).map(|it| format!("p{it}")).collect();
    org.apply(create(&names.join(" ")));
    let mut edit = Edit::of(usher_core::query::parse("p", org.directory.now()).unwrap());
    edit.add_groups.push(("Sales".into(), GroupRole::Learner));
    org.apply(Command::Edit(edit));
    let applied = org.carry("Sales", "Reading", "");
    assert_eq!(org.counts("Reading"), [2_400, 0, 0, 0]);
    assert_eq!(org.seats("method"), (2_400, 600, 0));
    let all = usher_core::query::parse("group:sales", org.directory.now()).unwrap();
    let left = org.apply(Command::Deactivate { who: all.into() });
    assert_eq!(left.plan.effects.assignments_ended, 2_400);
    assert_eq!(org.seats("method"), (0, 3_000, 0));
    org.undo(&left);
    assert_eq!(org.counts("Reading"), [2_400, 0, 0, 0]);
    org.undo(&applied);
    assert_eq!((org.counts("Reading"), org.seats("method").0), ([0; 4], 0));
}

/// Names of those whom a query finds.
fn found(org: &Org, query: &str) -> String {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let expr = usher_core::query::parse(query, read.now()).unwrap();
    let (users, total) = read.users_from(&expr, 1, 100).unwrap();
    assert_eq!(read.count_users(&expr).unwrap(), total, "{query}");
    let mut page = UsersPage {
        query: expr,
        sort: SortBy::Email,
        descending: false,
        from: PageFrom::Start,
        limit: 100,
    };
    let plan = read.explain(&page).unwrap().join("; ");
    assert!(
        !plan.contains("SCAN users") && plan.contains("users_id"),
        "{query}: {plan}"
    );
    let all = read.users(&page).unwrap();
    assert_eq!(all.len(), users.len(), "{query}");
    page.sort = SortBy::Name;
    assert_eq!(read.users(&page).unwrap().len(), users.len(), "{query}");
    all.iter()
        .map(|it| short(&it.label()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn people_are_found_by_group_role_training_and_state_from_an_index() {
    let org = carrying();
    org.apply(create_in("ana bo cleo", "Sales"));
    org.join("bo", "Sales", GroupRole::Coach);
    org.add_group("Service");
    org.join("cleo", "Service", GroupRole::Coach);
    org.progress("ana", "Intro", Progress::Started);
    org.progress("bo", "Intro", Progress::Completed);
    org.deactivate("cleo");
    let group = org.cli().read().unwrap().group("Sales").unwrap().id;
    let training = org.cli().read().unwrap().training("Intro").unwrap().id;
    for (query, who) in [
        ("group:sales", "ana bo cleo"),
        ("group:Sales:coach", "bo"),
        (&format!("group:{group}:learner"), "ana cleo"),
        ("role:coach", "bo cleo"),
        ("role:coach status:active", "bo"),
        ("training:intro", "ana bo"),
        ("training:Intro:ended", "cleo"),
        (&format!("training:{training}:started"), "ana"),
        ("assignment:completed", "bo"),
        ("assignment:assigned group:sales", "ana bo"),
        ("group:nothing", ""),
    ] {
        assert_eq!(found(&org, query), who, "{query}");
    }
    let everybody_else = usher_core::query::parse("-group:sales", org.directory.now()).unwrap();
    assert_eq!(
        org.cli()
            .read()
            .unwrap()
            .count_users(&everybody_else)
            .unwrap(),
        1
    );
}

#[test]
fn a_group_that_is_removed_is_no_longer_the_one_of_the_join_page() {
    use usher_core::model::Setting;
    let org = Org::new(9);
    org.add_group("Sales");
    let group = || {
        let cli = org.cli();
        let settings = cli.read().unwrap().settings().unwrap();
        settings.join.group.is_some()
    };
    org.apply(Command::SetSetting {
        setting: Setting::JoinGroup,
        value: Some("Sales".into()),
    });
    assert!(group());
    let removed = org.apply(Command::RemoveGroup {
        group: "Sales".into(),
    });
    assert!(!group());
    org.undo(&removed);
    assert!(group());
}
