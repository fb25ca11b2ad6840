//! The platform behind Usher: its tokens, who may come in, who was seen.

use usher_core::Result;
use usher_core::command::{Command, ProgressReport};
use usher_core::model::{
    Access, Actor, Door, NewPeople, Permission, Progress, Scope, Timestamp, TrainingKind,
};
use usher_core::policy::{self, Role, scope_of};
use usher_core::query::{self, Expr, PageFrom, SortBy, UsersPage};

use crate::org::{Org, address, assert_error, skips};

fn add(org: &Org, name: &str, scopes: &str) -> String {
    let command = Command::AddPlatform {
        name: name.into(),
        scopes: scopes.parse().unwrap(),
    };
    org.apply(command).token.unwrap()
}

impl Org {
    pub(crate) fn seen(&self, who: &str, at: Timestamp) {
        let (done, noted) = std::sync::mpsc::channel();
        let seen = vec![(crate::org::address(who), at)];
        self.directory.note_seen(seen, move |result: Result<()>| {
            done.send(result).unwrap();
        });
        noted.recv().unwrap().unwrap();
    }

    fn may_come_in(&self, who: &[&str]) -> Vec<bool> {
        let who: Vec<String> = who.iter().map(|it| crate::org::address(it)).collect();
        let answers = self.cli().read().unwrap().may_come_in(&who).unwrap();
        answers.into_iter().map(|it| it == Access::Yes).collect()
    }
}

#[test]
fn a_platforms_token_is_kept_as_a_hash_survives_a_restart_and_says_what_it_opens() {
    let mut org = Org::new(5);
    let token = add(&org, "academy", "access,sign-in");
    let (_, scim) = org.connect("okta", NewPeople::Active);
    org.reopen();
    let (id, scopes) = org
        .directory
        .authenticate_platform(&token)
        .unwrap()
        .unwrap();
    assert_eq!(
        scopes.iter().collect::<Vec<_>>(),
        [Scope::Access, Scope::SignIn]
    );
    assert!(!scopes.has(Scope::Seen));
    assert_eq!(org.directory.authenticate_platform(&scim).unwrap(), None);
    assert_eq!(org.directory.authenticate(&token).unwrap(), None);
    let platforms = org.cli().read().unwrap().platforms().unwrap();
    assert_eq!((platforms[0].id, platforms[0].tokens.len()), (id, 1));
    let file = std::fs::read(&org.path).unwrap();
    let secret = token.as_bytes();
    assert!(!file.windows(secret.len()).any(|it| it == secret));
    org.assert_chain();
}

#[test]
fn a_platforms_last_use_is_noted_without_an_event() {
    let org = Org::new(5);
    let token = add(&org, "academy", "access");
    let head = org.cli().read().unwrap().audit_head().unwrap();
    org.directory
        .authenticate_platform(&token)
        .unwrap()
        .unwrap();
    assert_eq!(org.cli().read().unwrap().audit_head().unwrap(), head);
    org.directory.settle().unwrap();
    let platforms = org.cli().read().unwrap().platforms().unwrap();
    assert!(platforms[0].tokens[0].last_used_at.is_some());
}

#[test]
fn undoing_a_new_token_revokes_it_and_a_revoked_one_stays_revoked() {
    let org = Org::new(5);
    let applied = org.apply(Command::AddPlatform {
        name: "academy".into(),
        scopes: "access".parse().unwrap(),
    });
    let token = applied.token.unwrap();
    let undone = org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(org.directory.authenticate_platform(&token).unwrap(), None);
    let again = org.plan(Command::Undo {
        batch: undone.batch.unwrap(),
    });
    let skips = skips(&again.unwrap());
    assert_eq!(
        skips,
        ["academy: a revoked token stays revoked; add another instead"]
    );
    assert_error(
        org.try_apply(Command::RevokePlatform {
            name: "academy".into(),
        }),
        "was revoked",
    );
    assert_error(
        org.try_apply(Command::RevokePlatform {
            name: "door".into(),
        }),
        "there is no token door",
    );
    let twice = Command::AddPlatform {
        name: "academy".into(),
        scopes: "seen".parse().unwrap(),
    };
    assert_error(org.try_apply(twice), "already");
}

#[test]
fn only_who_is_active_may_come_in() {
    let org = Org::new(3);
    org.create("ana bo");
    org.deactivate("bo");
    org.invite("cy");
    org.apply_when_full(
        crate::org::create("di"),
        usher_core::command::WhenFull::QueueRest,
    );
    let asked = ["cy", "ana", "bo", "di", "nobody", "owner"];
    assert_eq!(
        org.may_come_in(&asked),
        [false, true, false, false, false, true]
    );
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    assert_eq!(org.may_come_in(&["ana"]), [false]);
}

#[test]
fn last_seen_never_goes_back_and_is_gone_with_the_person() {
    let mut org = Org::new(5);
    org.create("ana bo");
    let day = |n: i64| Timestamp::from_millis(1_790_000_000_000 + n * 86_400_000);
    let version = org.user("ana").version;
    org.seen("ana", day(2));
    org.seen("ana", day(1));
    org.reopen();
    let ana = org.user("ana");
    assert_eq!((ana.last_seen_at, ana.version), (Some(day(2)), version));
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    let id = ana.id;
    org.apply(Command::Erase { who: id.into() });
    let (done, noted) = std::sync::mpsc::channel();
    org.directory
        .note_seen(vec![(id.to_string(), day(3))], move |result| {
            done.send(result).unwrap();
        });
    noted.recv().unwrap().unwrap();
    let erased = org.cli().read().unwrap().user(id).unwrap().unwrap();
    assert_eq!(erased.last_seen_at, None);
}

#[test]
fn who_was_seen_a_moment_ago_is_not_taken_off_for_not_being_seen() {
    let org = Org::new(5);
    org.create("ana bo");
    let now = org.directory.now();
    for who in ["ana", "bo"] {
        org.seen(who, now.plus_millis(-100 * 86_400_000));
    }
    let idle: Expr = query::parse("seen:>90d", org.directory.now()).unwrap();
    let command = Command::Deactivate { who: idle.into() };
    assert_eq!(org.plan(command.clone()).unwrap().people(), 2);
    let confirmed = org.plan(command.clone()).unwrap().digest;
    org.seen("bo", org.directory.now());
    let moved = org
        .cli()
        .apply(org.request(command.clone()), Some(confirmed));
    assert_error(moved, "the plan has changed since it was shown");
    assert_eq!(org.apply(command).plan.people(), 1);
    assert_eq!(org.may_come_in(&["ana", "bo"]), [false, true]);
}

#[test]
fn tokens_are_the_owners_alone() {
    let command = Command::AddPlatform {
        name: "academy".into(),
        scopes: "access".parse().unwrap(),
    };
    assert_eq!(
        scope_of(Role::ManageUsers, command.name()),
        None,
        "{command:?}"
    );
    assert_eq!(
        scope_of(Role::Owner, command.name()),
        Some(policy::Scope::Everybody)
    );
}

#[test]
fn people_are_listed_by_when_they_were_last_seen_and_who_never_was_comes_last() {
    let org = Org::new(10);
    org.create("ana bo cy di ed");
    let day = |n: i64| Timestamp::from_millis(1_790_000_000_000 + n * 86_400_000);
    for (who, n) in [("bo", 3), ("di", 1), ("ana", 2)] {
        org.seen(who, day(n));
    }
    let session = org.cli();
    let read = session.read().unwrap();
    let page = |descending, from, limit| {
        let page = UsersPage {
            query: Expr::Everybody,
            sort: SortBy::Seen,
            descending,
            from,
            limit,
        };
        let users = read.users(&page).unwrap();
        let names = users.iter().map(|it| crate::org::short(&it.label()));
        names.collect::<Vec<_>>().join(" ")
    };
    let id = |name: &str| org.user(name).id;
    assert_eq!(page(false, PageFrom::Start, 9), "di ana bo owner cy ed");
    assert_eq!(page(true, PageFrom::Start, 9), "bo ana di ed cy owner");
    // Every page from every place, both ways, is the piece of the whole list that it says.
    for descending in [false, true] {
        let whole = page(descending, PageFrom::Start, 9);
        let names: Vec<&str> = whole.split(' ').collect();
        for (i, name) in names.iter().enumerate() {
            for limit in 1..=6 {
                let end = |from: usize| names[from..names.len().min(from + limit)].join(" ");
                assert_eq!(
                    page(descending, PageFrom::After(id(name)), limit),
                    end(i + 1)
                );
                assert_eq!(page(descending, PageFrom::At(id(name)), limit), end(i));
                let before = names[i.saturating_sub(limit)..i].join(" ");
                assert_eq!(page(descending, PageFrom::Before(id(name)), limit), before);
            }
        }
        let last = names[names.len() - 2..].join(" ");
        assert_eq!(page(descending, PageFrom::End, 2), last);
    }
}

#[test]
fn a_page_by_when_people_were_seen_is_answered_from_its_index() {
    let org = Org::new(10);
    org.create("ana bo");
    org.seen("ana", org.directory.now().plus_millis(-86_400_000));
    let session = org.cli();
    let read = session.read().unwrap();
    let explain = |query: &str, sort| {
        let page = UsersPage {
            query: query::parse(query, org.directory.now()).unwrap(),
            sort,
            descending: false,
            from: PageFrom::Start,
            limit: 50,
        };
        read.explain(&page).unwrap().join("; ")
    };
    // So few that all of them are found and put in order.
    let few = |steps: &str| steps.contains("SEARCH few ");
    for query in ["", "status:active", "seen:>1h", "seen:<90d title:x"] {
        let steps = explain(query, SortBy::Seen);
        assert!(
            steps.contains("users_by_seen") && (few(&steps) || !steps.contains("TEMP B-TREE")),
            "{query}: {steps}"
        );
    }
    // Few who match are found by when they were seen, whatever the order.
    let steps = explain("seen:>1h", SortBy::Name);
    assert!(steps.contains("users_by_seen"), "{steps}");
}

#[test]
fn undoing_what_the_platform_told_needs_the_right_to_tell_it() {
    let org = Org::new(9);
    org.create("ana boss");
    org.add_training("Course", TrainingKind::Course, None);
    org.permit("boss", Permission::ManageUsers);
    let token = add(&org, "academy", "progress");
    let (id, _) = org
        .directory
        .authenticate_platform(&token)
        .unwrap()
        .unwrap();
    let told = org.request(Command::Progress {
        reports: vec![ProgressReport {
            who: address("ana"),
            training: "Course".into(),
            step: Progress::Started,
        }],
    });
    let session = org.directory.as_actor(Actor::Platform(id), Door::Api);
    let told = session.apply(told, None).unwrap();
    let undo = || Command::Undo {
        batch: told.batch.unwrap(),
    };
    assert_error(org.apply_as("boss", undo()), "progress is not allowed");
    org.permit("boss", Permission::ManageAssignments);
    org.apply_as("boss", undo()).unwrap();
    assert_eq!(org.learns("ana"), "");
}
