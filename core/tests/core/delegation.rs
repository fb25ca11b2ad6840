//! What is given away to those who run a group or hold a session: seats within a budget, and learners of one group.

use usher_core::command::{Command, FieldEdit, Import, Invite, InviteToSession, WhenFull};
use usher_core::import::Mode;
use usher_core::model::{
    Budget, FieldKind, GroupRole, Permission, Status, TrainingKind, VisibleTo,
};
use usher_core::{Applied, Result};

use crate::imports::{faults, import};
use crate::org::{Org, address, assert_error, invite, people, skips};

impl Org {
    fn budget(&self, group: &str) -> Option<(i64, i64)> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let group = read.group(group).unwrap().id;
        let budget = read.budget_of(group).unwrap();
        budget.map(|Budget { seats, spent }| (spent, seats))
    }

    /// `group:role` of somebody, by name of the group.
    fn roles(&self, name: &str) -> String {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let names = read.group_names().unwrap();
        let all = read.memberships_of(self.user(name).id).unwrap();
        let words = all
            .iter()
            .map(|it| format!("{}:{}", names[&it.group], it.role.as_str()));
        let mut words: Vec<String> = words.collect();
        words.sort();
        words.join(" ")
    }

    fn set_budget(&self, group: &str, seats: Option<i64>) -> Applied {
        self.apply(budget(group, seats))
    }
}

fn budget(group: &str, seats: Option<i64>) -> Command {
    Command::SetGroupBudget {
        group: group.into(),
        seats,
    }
}

fn invite_to(names: &str, groups: &[(&str, GroupRole)]) -> Invite {
    let groups = groups.iter().map(|it| (it.0.to_owned(), it.1));
    Invite {
        people: people(names),
        groups: groups.collect(),
        pools: Vec::new(),
        mail: false,
        send_on: None,
    }
}

fn to_sales(names: &str) -> Command {
    Command::Invite(invite_to(names, &[("Sales", GroupRole::Learner)]))
}

fn to_session(session: &str, names: &str, groups: &[(&str, GroupRole)]) -> Command {
    Command::InviteToSession(InviteToSession {
        session: session.into(),
        invite: invite_to(names, groups),
    })
}

/// Sales with gus, its administrator, una, its user administrator, and mia; Support with cora, its coach.
fn company() -> Org {
    let org = Org::new(40);
    org.create("gus una mia cora ina");
    for group in ["Sales", "Support"] {
        org.add_group(group);
    }
    org.join("gus", "Sales", GroupRole::Administrator);
    org.join("una", "Sales", GroupRole::UserAdministrator);
    org.join("mia", "Sales", GroupRole::Learner);
    org.join("cora", "Support", GroupRole::Coach);
    org
}

fn fewer(org: &Org, name: &str, command: Command) -> Result<Applied> {
    let session = org.acting(name);
    org.tick(1);
    let mut request = session.request(command);
    request.when_full = WhenFull::Fewer;
    session.apply(request, None)
}

#[test]
fn a_group_s_administrator_spends_seats_within_its_budget_only() {
    let org = company();
    org.set_budget("Sales", Some(5));
    assert_eq!(org.budget("Sales"), Some((3, 5)));
    assert_error(
        org.apply_as("gus", to_sales("a b c")),
        "the group Sales may have 5 people and has 3, and 3 more are asked for",
    );
    let applied = fewer(&org, "gus", to_sales("a b c")).unwrap();
    assert_eq!(
        skips(&applied.plan),
        ["c: the budget of the group Sales is spent"]
    );
    assert_eq!(org.budget("Sales"), Some((5, 5)));
    assert_error(org.apply_as("una", to_sales("d")), "has 5, and 1 more");
    // Whoever manages everybody is not held by it, and counts.
    org.apply(to_sales("e"));
    assert_eq!(org.budget("Sales"), Some((6, 5)));
    org.set_budget("Sales", None);
    assert_eq!(org.budget("Sales"), None);
    org.apply_as("gus", to_sales("d")).unwrap();
}

#[test]
fn people_who_are_in_already_ask_for_nothing_of_the_budget() {
    let org = company();
    org.set_budget("Sales", Some(4));
    let applied = org.apply_as("gus", to_sales("mia una a")).unwrap();
    assert_eq!(
        skips(&applied.plan),
        ["mia: already active", "una: already active"]
    );
    assert_eq!(org.budget("Sales"), Some((4, 4)));
}

#[test]
fn leaving_joining_and_coming_back_move_what_is_spent() {
    let org = company();
    org.set_budget("Sales", Some(10));
    for (did, spent) in [("deactivate", 2), ("reactivate", 3), ("delete", 2)] {
        let who = org.who("mia");
        org.apply(match did {
            "deactivate" => Command::Deactivate { who },
            "reactivate" => Command::Reactivate {
                who,
                restore_assignments: false,
            },
            _ => Command::Delete { who },
        });
        assert_eq!(org.budget("Sales"), Some((spent, 10)), "{did}");
    }
    org.apply(Command::Erase {
        who: org.who("mia"),
    });
    assert_eq!(org.budget("Sales"), Some((2, 10)));
    org.join("cora", "Sales", GroupRole::Learner);
    org.join("cora", "Sales", GroupRole::Coach);
    assert_eq!(org.budget("Sales"), Some((3, 10)), "a role is no seat");
}

#[test]
fn a_budget_is_set_by_those_who_manage_users_and_undone() {
    let org = company();
    org.permit("ina", Permission::ManageUsers);
    assert_error(
        org.apply_as("gus", budget("Sales", Some(9))),
        "is not allowed",
    );
    let first = org.apply_as("ina", budget(" sales ", Some(9))).unwrap();
    let plan = org.plan(budget("Sales", Some(9))).unwrap();
    assert_eq!(skips(&plan), ["Sales: already so"]);
    assert_error(org.plan(budget("Sales", Some(-1))), "is less than 0");
    assert_error(
        org.plan(budget("Nowhere", Some(1))),
        "there is no group Nowhere",
    );
    let second = org.set_budget("Sales", Some(7));
    assert_eq!(skips(&org.undo(&first).plan), ["budget: changed since"]);
    org.undo(&second);
    assert_eq!(org.budget("Sales"), Some((3, 9)));
    org.undo(&first);
    assert_eq!(org.budget("Sales"), None);
    org.assert_chain();
}

#[test]
fn neither_resending_nor_undoing_is_a_way_round_the_budget() {
    let org = company();
    org.set_budget("Sales", Some(4));
    let invited = org.apply_as("gus", to_sales("a")).unwrap();
    org.apply(Command::Cancel { who: org.who("a") });
    org.apply_as("gus", to_sales("b")).unwrap();
    let resend = || Command::Resend {
        who: org.who("a"),
        mail: false,
    };
    assert_error(org.apply_as("gus", resend()), "has 4, and 1 more");
    let applied = fewer(&org, "gus", resend()).unwrap();
    assert_eq!(
        skips(&applied.plan),
        ["a: the budget of the group Sales is spent"]
    );
    org.apply(resend());
    // Taking their own invitation back frees a seat of the budget; bringing it back takes one.
    let undo = |applied: &Applied| Command::Undo {
        batch: applied.batch.unwrap(),
    };
    org.apply(Command::Cancel { who: org.who("a") });
    org.apply(Command::Delete { who: org.who("a") });
    let c = org.apply(Command::Cancel { who: org.who("b") });
    let d = org.apply_as("gus", to_sales("d")).unwrap();
    let undone = org.apply_as("gus", undo(&d)).unwrap();
    org.undo(&c);
    assert_eq!(org.budget("Sales"), Some((4, 4)));
    assert_error(org.apply_as("gus", undo(&undone)), "has 4, and 1 more");
    assert_eq!(org.user("d").status, Status::Deleted);
    drop(invited);
}

#[test]
fn who_comes_back_by_a_group_s_invitation_has_no_more_than_the_role_given() {
    let org = company();
    org.invite("a");
    org.join("a", "Sales", GroupRole::Administrator);
    org.join("a", "Support", GroupRole::Coach);
    org.apply(Command::Cancel { who: org.who("a") });
    let resend = Command::Resend {
        who: org.who("a"),
        mail: false,
    };
    let applied = org.apply_as("una", resend).unwrap();
    assert_eq!(
        skips(&applied.plan),
        ["a: has a role in a group that is more than yours"]
    );
    org.apply_as("una", to_sales("a")).unwrap();
    let cli = org.cli();
    let roles = cli.read().unwrap().memberships_of(org.user("a").id);
    let roles: Vec<_> = roles.unwrap().into_iter().map(|it| it.role).collect();
    assert_eq!(roles, [GroupRole::Learner, GroupRole::Learner]);
}

/// Support has a session that cora, its coach, holds.
fn with_session() -> Org {
    let org = company();
    org.add_training("Day", TrainingKind::Session, None);
    org.apply(Command::SetInstructors {
        training: "Day".into(),
        who: org.who("cora ina"),
        are: true,
    });
    org
}

#[test]
fn a_session_s_instructor_who_is_coach_of_a_group_invites_learners_of_that_one_group_to_it() {
    let org = with_session();
    let applied = org
        .apply_as("cora", to_session("day", "new other", &[]))
        .unwrap();
    for name in ["new", "other"] {
        assert_eq!(org.user(name).status, Status::Waiting);
        assert_eq!(org.learns(name), "Day:assigned");
        assert_eq!(org.roles(name), "Support:learner");
    }
    org.accept("new").unwrap();
    assert_eq!(org.learns("new"), "Day:assigned", "once");
    // What they did by mistake they take back themselves.
    org.apply_as(
        "cora",
        Command::Undo {
            batch: applied.batch.unwrap(),
        },
    )
    .unwrap();
    assert_eq!(org.user("other").status, Status::Deleted);
    assert_eq!(org.learns("other"), "");
    org.assert_chain();
}

#[test]
fn an_instructor_invites_to_no_other_session_group_or_role_and_gives_nothing_else() {
    let org = with_session();
    org.add_training("Night", TrainingKind::Session, None);
    org.add_training("Course", TrainingKind::Course, None);
    org.add_pool("method", 5);
    let learner = |group| [(group, GroupRole::Learner)];
    for (command, why) in [
        (invite("x"), "invite is not allowed"),
        (to_session("Night", "x", &[]), "it needs its instructor"),
        (to_session("Course", "x", &[]), "is no session"),
        (
            to_session("Day", "x", &learner("Sales")),
            "there is no group Sales",
        ),
        (
            to_session("Day", "x", &[("Support", GroupRole::Coach)]),
            "nobody as anything else",
        ),
    ] {
        assert_error(org.apply_as("cora", command), why);
    }
    let Command::InviteToSession(mut gives) = to_session("Day", "x", &[]) else {
        unreachable!()
    };
    gives.invite.pools.push("method".parse().unwrap());
    assert_error(
        org.apply_as("cora", Command::InviteToSession(gives)),
        "giving add-on licenses is not allowed",
    );
    // In a group of which they are only a learner they invite nobody.
    org.join("cora", "Sales", GroupRole::Learner);
    assert_error(
        org.apply_as("cora", to_session("Day", "x", &learner("Sales"))),
        "it needs its coach or administrator",
    );
    // They see themselves, and no more.
    let read_of = org.acting("cora");
    let read = read_of.read().unwrap();
    assert!(read.user(org.user("mia").id).unwrap().is_none());
    assert!(read.user(org.user("cora").id).unwrap().is_some());
}

#[test]
fn who_only_holds_a_session_or_only_coaches_invites_nobody() {
    let org = with_session();
    assert_error(
        org.apply_as("ina", to_session("Day", "x", &[])),
        "not an active administrator",
    );
    org.join("ina", "Sales", GroupRole::Learner);
    assert_error(
        org.apply_as("ina", to_session("Day", "x", &[])),
        "not an active administrator",
    );
    // A user administrator runs the group, and is neither its coach nor its administrator.
    org.join("ina", "Sales", GroupRole::UserAdministrator);
    assert_error(
        org.apply_as("ina", to_session("Day", "x", &[])),
        "invite_session is not allowed",
    );
    org.join("ina", "Sales", GroupRole::Administrator);
    org.join("ina", "Support", GroupRole::Coach);
    assert_error(
        org.apply_as("ina", to_session("Day", "x", &[])),
        "one of Sales, Support",
    );
    let sales = [("Sales", GroupRole::Learner)];
    org.apply_as("ina", to_session("Day", "x", &sales)).unwrap();
    org.apply(Command::SetInstructors {
        training: "Day".into(),
        who: org.who("ina"),
        are: false,
    });
    assert_error(
        org.apply_as("ina", to_session("Day", "y", &sales)),
        "invite_session is not allowed",
    );
}

#[test]
fn an_instructor_spends_the_group_s_budget() {
    let org = with_session();
    org.set_budget("Support", Some(2));
    assert_error(
        org.apply_as("cora", to_session("Day", "x y", &[])),
        "has 1, and 2 more",
    );
    org.apply_as("cora", to_session("Day", "x", &[])).unwrap();
    assert_eq!(org.budget("Support"), Some((2, 2)));
}

#[test]
fn whoever_manages_users_invites_to_any_session_and_nobody_to_one_that_is_over() {
    let org = with_session();
    org.apply(to_session("Day", "x", &[("Sales", GroupRole::Author)]));
    assert_eq!(org.learns("x"), "Day:assigned");
    assert_eq!(org.roles("x"), "Sales:author");
    org.apply(to_session("Day", "free", &[]));
    assert_eq!(org.roles("free"), "");
    org.tick(400 * 24 * 3600 * 1000);
    assert_error(
        org.plan(to_session("Day", "late", &[])),
        "was on 2027-03-01",
    );
}

#[test]
fn whom_they_do_not_see_they_neither_bring_back_nor_learn_of() {
    let org = company();
    org.create("live gone");
    org.invite("cancelled");
    org.join("gone cancelled", "Support", GroupRole::Learner);
    org.apply(Command::Delete {
        who: org.who("gone"),
    });
    org.apply(Command::Cancel {
        who: org.who("cancelled"),
    });
    let before = org.state();
    let plan = org.acting("gus");
    let plan = plan
        .plan(&plan.request(to_sales("live gone cancelled")))
        .unwrap();
    let why = "known already; who manages users can bring them in";
    let said: Vec<String> = ["live", "gone", "cancelled"]
        .map(|it| format!("{it}: {why}"))
        .into();
    assert_eq!(skips(&plan), said);
    assert_eq!((plan.changes.len(), org.state()), (0, before));
}

#[test]
fn a_field_that_they_may_not_see_they_neither_give_nor_are_held_to() {
    let org = company();
    org.apply(Command::AddField {
        name: "Secret".into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            visible_to: Some(VisibleTo::Administrators),
            required: Some(true),
            ..FieldEdit::default()
        },
    });
    let mut given = invite_to("new", &[("Sales", GroupRole::Learner)]);
    given.people[0].fields = vec![("Secret".into(), "s".into())];
    let refused = org.apply_as("gus", Command::Invite(given.clone()));
    assert!(refused.is_err() || refused.unwrap().batch.is_none());
    org.apply_as("gus", to_sales("new")).unwrap();
    assert_eq!(org.user("new").status, Status::Waiting);
    // Whoever sees it is held to it.
    let plan = org.plan(to_sales("other")).unwrap();
    assert!(
        skips(&plan)[0].contains("Secret is required"),
        "{:?}",
        skips(&plan)
    );
}

#[test]
fn who_holds_a_session_takes_back_whom_they_invited_to_it_while_they_hold_it() {
    let org = with_session();
    let invited = org
        .apply_as("cora", to_session("Day", "new other", &[]))
        .unwrap();
    let undo = |applied: &Applied| Command::Undo {
        batch: applied.batch.unwrap(),
    };
    let undone = org.apply_as("cora", undo(&invited)).unwrap();
    assert_eq!(org.user("new").status, Status::Deleted);
    let again = org.apply_as("cora", undo(&undone)).unwrap();
    assert_eq!(org.user("new").status, Status::Waiting);
    org.join("cora", "Support", GroupRole::Learner);
    assert_error(org.apply_as("cora", undo(&again)), "undo is not allowed");
}

fn from_file(text: &str, mode: Mode) -> Command {
    Command::Import(Import {
        mail: false,
        ..import(text, mode)
    })
}

/// What is wrong in a file by whoever asks, and who is left alone.
fn looked_at(org: &Org, name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let session = org.acting(name);
    let plan = session
        .plan(&session.request(from_file(text, Mode::Invite)))
        .unwrap();
    let left = skips(&plan);
    let left = left.into_iter().filter(|it| !it.contains(": row "));
    (faults(&plan.review.unwrap()), left.collect())
}

#[test]
fn who_runs_a_group_invites_to_it_by_a_file_and_to_no_other() {
    let org = company();
    org.add_pool("pro", 9);
    org.set_budget("Sales", Some(5));
    for mode in [Mode::Both, Mode::Create, Mode::Update] {
        assert_error(
            org.apply_as("gus", from_file("email\na@acme.example", mode)),
            "import with --mode invite",
        );
    }
    let beyond = "email|groups|licenses|delete on|status\n\
        a@acme.example|Support\n\
        b@acme.example|Sales:administrator\n\
        c@acme.example|Sales|pro\n\
        d@acme.example|Sales||2099-01-01\n\
        e@acme.example|Sales|||active";
    let (wrong, _) = looked_at(&org, "una", beyond);
    assert_eq!(
        wrong,
        [
            "B2: there is no group Support",
            "B3: administrator is more than your own role there",
            "C4: is for those who manage users: leave it empty",
            "D5: is for those who manage users: leave it empty",
            "E6: is for those who manage users: leave it empty",
        ]
    );
    let file = format!(
        "email|groups\na@acme.example|Sales\nb@acme.example|\n{}|Sales\n{}|Sales",
        address("cora"),
        address("mia"),
    );
    let (wrong, left) = looked_at(&org, "gus", &file);
    assert_eq!(wrong, [""; 0]);
    assert_eq!(
        left,
        [
            "cora: known already; who manages users can bring them in",
            "mia: already active"
        ]
    );
    let applied = org.apply_as("gus", from_file(&file, Mode::Invite)).unwrap();
    assert_eq!(org.budget("Sales"), Some((5, 5)));
    // Who runs one group only need not name it.
    let b = org.user("b@acme.example").id;
    let names = org.cli().read().unwrap().memberships_of(b).unwrap();
    assert_eq!(names.len(), 1);
    let (wrong, _) = looked_at(&org, "gus", "email\nf@acme.example");
    assert_eq!(wrong, ["2: the budget of the group Sales is spent"]);
    org.apply_as(
        "gus",
        Command::Undo {
            batch: applied.batch.unwrap(),
        },
    )
    .unwrap();
    assert_eq!(org.budget("Sales"), Some((3, 5)));
    org.assert_chain();
}
