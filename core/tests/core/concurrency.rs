//! Many at once, in one process and in several (DESIGN §6): nobody is refused because of somebody else, nothing is lost,
//! and no seat is sold twice.

use std::sync::{Barrier, mpsc};
use std::time::{Duration, Instant};

use usher_core::command::{Command, Create, PoolEdit};
use usher_core::model::{Actor, ConnectionId, Door, NewPeople, Status, UserId};
use usher_core::query::Expr;
use usher_core::{Directory, Error, Selection, Session};

use crate::org::{Org, create, newcomer, people};

/// As another process would have it: its own writer, its own readers.
fn another(org: &Org) -> Directory {
    Directory::open(&org.path, org.options.clone()).unwrap()
}

fn scim(directory: &Directory, connection: ConnectionId) -> Session {
    directory.as_actor(Actor::Connection(connection), Door::Scim)
}

fn set_purchased(org: &Org, purchased: i64) {
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(purchased),
            ..PoolEdit::default()
        },
    );
}

#[test]
fn exactly_ten_of_the_last_ten_seats_are_granted_in_every_round() {
    const ROUNDS: i64 = 50;
    const THREADS: usize = 16;
    let org = Org::new(1);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.at_capacity("access", "refuse");
    let directories = [org.directory.clone(), another(&org)];
    for round in 1..=ROUNDS {
        set_purchased(&org, 1 + 10 * round);
        let barrier = Barrier::new(THREADS);
        let granted: i64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let session = scim(&directories[thread % 2], okta);
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let mut granted = 0;
                        for person in 0..2 {
                            let name = format!("p{round}-{thread}-{person}");
                            let command = Command::Provision(newcomer(&name, &name));
                            match session.apply(session.request(command), None) {
                                Ok(applied) => granted += i64::from(applied.batch.is_some()),
                                Err(Error::NoSeat(_)) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                        granted
                    })
                })
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(granted, 10, "round {round}");
        assert_eq!(org.seats("access"), (1 + 10 * round, 0, 0));
    }
    let active = org.statuses()[&Status::Active];
    assert_eq!(active, 1 + 10 * ROUNDS, "no write is lost");
    org.assert_chain();
}

#[test]
fn everybody_in_a_group_of_commits_is_answered() {
    let org = Org::new(2_000);
    let (answer, answers) = mpsc::channel();
    for i in 0..1_000 {
        // Every third asks for something that cannot be; the others share their commits with it.
        let command = if i % 3 == 0 {
            Command::Release {
                who: Selection::Ids(Vec::new()),
                pool: "none".parse().unwrap(),
            }
        } else {
            create(&format!("p{i}"))
        };
        let session = org.cli();
        let answer = answer.clone();
        session.apply_then(session.request(command), None, move |result| {
            answer.send((i, result.is_ok())).unwrap();
        });
    }
    drop(answer);
    let mut answered: Vec<(i32, bool)> = answers.iter().collect();
    answered.sort_unstable();
    let expected: Vec<(i32, bool)> = (0..1_000).map(|i| (i, i % 3 != 0)).collect();
    assert_eq!(answered, expected);
    assert_eq!(org.statuses()[&Status::Active], 667);
    org.assert_chain();
}

#[test]
fn a_large_batch_and_small_creates_of_another_process_go_side_by_side() {
    const MANY: i64 = 20_000;
    let org = Org::new(MANY + 1_000);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let names: Vec<String> = (0..MANY).map(|i| format!("a{i}")).collect();
    org.create(&names.join(" "));
    let leavers: Vec<UserId> = {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let (users, _) = read.users_from(&Expr::Everybody, 2, MANY).unwrap();
        users.iter().map(|it| it.id).collect()
    };
    let other = another(&org);
    let (done, is_done) = mpsc::channel();
    let cli = org.cli();
    let batch = cli.request(Command::Deactivate {
        who: leavers.into(),
    });
    let created = std::thread::scope(|scope| {
        scope.spawn(move || {
            let applied = cli.apply(batch, None).unwrap();
            assert_eq!(applied.plan.people(), usize::try_from(MANY).unwrap());
            done.send(()).unwrap();
        });
        let session = scim(&other, okta);
        let mut created = 0;
        while is_done.try_recv().is_err() || created < 20 {
            let name = format!("b{created}");
            let command = Command::Provision(newcomer(&name, &name));
            session.apply(session.request(command), None).unwrap();
            created += 1;
        }
        created
    });
    let statuses = org.statuses();
    assert_eq!(statuses[&Status::Inactive], MANY);
    assert_eq!(statuses[&Status::Active], 1 + created);
    assert_eq!(org.seats("access").0, 1 + created);
    org.assert_chain();
}

#[test]
fn a_commit_of_another_process_is_noticed_within_half_a_second() {
    let org = Org::new(9);
    let other = another(&org);
    let watch = org.cli().watch();
    while watch.wait(Duration::from_millis(300)).unwrap().is_some() {}
    for name in ["ana", "bo", "cleo"] {
        let session = other.as_actor(Actor::FileOwner, Door::Cli);
        session.apply(session.request(create(name)), None).unwrap();
        let since = Instant::now();
        let notice = watch.wait(Duration::from_secs(5)).unwrap().unwrap();
        assert!(since.elapsed() < Duration::from_millis(500));
        let newest = org.cli().read().unwrap().batches(None, 1).unwrap()[0].seq;
        assert_eq!(notice.last_batch, newest);
    }
}

#[test]
fn a_large_command_planned_before_another_commits_sees_what_that_one_changed() {
    for (title, joins) in [("Leaver", true), ("Stayer", false)] {
        let org = Org::new(9_000);
        let titled = |prefix: &str, count: usize, title: &str| {
            let names: Vec<String> = (0..count).map(|i| format!("{prefix}{i}")).collect();
            let mut people = people(&names.join(" "));
            for person in &mut people {
                person.profile.title = Some(title.to_owned());
            }
            Command::Create(Create {
                people,
                groups: Vec::new(),
                pools: Vec::new(),
                mail: false,
            })
        };
        org.apply(titled("old", 1_500, "Leaver"));
        let (answer, answered) = std::sync::mpsc::channel();
        let newcomers = org.request(titled("new", 3_000, title));
        let query = usher_core::query::parse("title:Leaver", org.directory.now()).unwrap();
        let leaving = org.request(Command::Deactivate { who: query.into() });
        org.cli().apply_then(newcomers, None, move |result| {
            answer.send(result.map(|_| ())).unwrap()
        });
        let applied = org.cli().apply(leaving, None).unwrap();
        answered.recv().unwrap().unwrap();
        assert_eq!(
            applied.plan.people(),
            if joins { 4_500 } else { 1_500 },
            "{title}"
        );
        let held = if joins { 1 } else { 3_001 };
        assert_eq!(org.seats("access"), (held, 9_000 - held, 0));
        org.assert_chain();
    }
}

#[test]
fn a_large_edit_planned_before_another_commits_is_for_whom_it_means_then() {
    for (title, joins) in [("Leaver", true), ("Stayer", false)] {
        let org = Org::new(900);
        let titled = |prefix: &str, count: usize, title: &str| {
            let names: Vec<String> = (0..count).map(|i| format!("{prefix}{i}")).collect();
            let mut people = people(&names.join(" "));
            for person in &mut people {
                person.profile.title = Some(title.to_owned());
            }
            Command::Create(Create {
                people,
                groups: Vec::new(),
                pools: Vec::new(),
                mail: false,
            })
        };
        org.apply(titled("old", 300, "Leaver"));
        let (answer, answered) = std::sync::mpsc::channel();
        let newcomers = org.request(titled("new", 400, title));
        let query = usher_core::query::parse("title:Leaver", org.directory.now()).unwrap();
        let edit = org.request(Command::Edit(usher_core::command::Edit {
            set: vec![(usher_core::model::Field::Region, Some("EMEA".into()))],
            ..usher_core::command::Edit::of(query)
        }));
        org.cli().apply_then(newcomers, None, move |result| {
            answer.send(result.map(|_| ())).unwrap()
        });
        let applied = org.cli().apply(edit, None).unwrap();
        answered.recv().unwrap().unwrap();
        let meant = if joins { 700 } else { 300 };
        assert_eq!(applied.plan.people(), meant, "{title}");
        let region = usher_core::query::parse("region:emea", org.directory.now()).unwrap();
        let cli = org.cli();
        let found = cli.read().unwrap().count_users(&region).unwrap();
        assert_eq!(usize::try_from(found).unwrap(), meant);
    }
}
