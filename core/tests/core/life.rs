//! The rules of the roster (DESIGN §4, Statuses).

use usher_core::command::{Command, Create, Edit, Invite};
use usher_core::model::{Field, GroupRole, Status};
use usher_core::query::{self, Expr};

use crate::org::{Org, address, assert_error, create, invite, people, short, skips};

#[test]
fn an_invited_person_waits_with_a_reserved_seat_and_consumes_it_on_acceptance() {
    let org = Org::new(3);
    let applied = org.invite("ana");
    assert_eq!(applied.plan.mails(), 1);
    assert_eq!(
        org.roster(),
        "ana waiting access:reserved\nowner active access:consumed"
    );
    org.accept("ana").unwrap();
    assert_eq!(
        org.roster(),
        "ana active access:consumed\nowner active access:consumed"
    );
    assert_error(org.accept("ana"), "is active");
    org.assert_chain();
}

#[test]
fn an_address_that_is_already_live_is_skipped_with_its_status_as_the_reason() {
    let org = Org::new(9);
    org.invite("ana");
    org.create("bo cleo");
    org.deactivate("cleo");
    let plan = org.plan(invite("ana bo cleo dora dora")).unwrap();
    assert_eq!(
        skips(&plan),
        [
            "ana: already waiting",
            "bo: already active",
            "cleo: inactive: reactivate instead",
            "dora: named twice"
        ]
    );
    assert_eq!(plan.people(), 1);
}

#[test]
fn cancelling_frees_the_seat_and_kills_the_link_and_resending_brings_back() {
    let org = Org::new(2);
    org.invite("ana");
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    assert_eq!(org.seats("access"), (1, 1, 0));
    assert_error(org.accept("ana"), "cancelled");
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: true,
    });
    assert_eq!(org.user("ana").status, Status::Waiting);
    let invitation = org
        .cli()
        .read()
        .unwrap()
        .invitation(org.user("ana").id)
        .unwrap()
        .unwrap();
    assert_eq!(invitation.generation, 2);
    org.accept("ana").unwrap();
}

#[test]
fn an_expired_invitation_cannot_be_accepted() {
    let org = Org::new(2);
    org.invite("ana");
    org.tick(15 * 24 * 3600 * 1000);
    assert_error(org.accept("ana"), "expired");
}

#[test]
fn deactivating_frees_the_seat_and_reports_move_up_through_everybody_who_leaves() {
    let org = Org::new(9);
    org.create("ceo boss lead dev intern");
    org.set_manager("boss", "ceo");
    org.set_manager("lead", "boss");
    org.set_manager("dev", "lead");
    org.set_manager("intern", "dev");
    let applied = org.deactivate("lead boss");
    assert_eq!(org.manager("dev").as_deref(), Some("ceo"));
    assert_eq!(
        org.manager("lead").as_deref(),
        Some("ceo"),
        "a leaver's own manager moves up too"
    );
    assert_eq!(org.manager("intern").as_deref(), Some("dev"));
    assert_eq!(applied.plan.effects.managers_moved, 2);
    assert_eq!(org.seats("access"), (4, 5, 0));
    assert_eq!(
        skips(
            &org.plan(Command::Deactivate {
                who: org.who("lead")
            })
            .unwrap()
        ),
        ["lead: already inactive"]
    );
}

#[test]
fn hundreds_who_leave_at_once_leave_as_each_of_them_would_alone() {
    let org = Org::new(2_000);
    org.add_pool("books", 900);
    let name = |i: usize| format!("p{i}");
    let names = |of: &[usize]| of.iter().map(|i| name(*i)).collect::<Vec<_>>().join(" ");
    // Every third has a license more, every seventh is still invited and has a link that dies.
    for with_books in [true, false] {
        for invited in [true, false] {
            let of =
                |i: &usize| i.is_multiple_of(3) == with_books && i.is_multiple_of(7) == invited;
            let these = names(&(0..700).filter(of).collect::<Vec<_>>());
            let pools = if with_books {
                vec!["books".parse().unwrap()]
            } else {
                Vec::new()
            };
            let (people, groups, mail) = (people(&these), Vec::new(), false);
            org.apply(if invited {
                Command::Invite(Invite {
                    people,
                    groups,
                    pools,
                    mail,
                    send_on: None,
                })
            } else {
                Command::Create(Create {
                    people,
                    groups,
                    pools,
                    mail,
                })
            });
        }
    }
    let version = |i: usize| org.user(&name(i)).version;
    let seats = || (org.seats("access"), org.seats("books"));
    let places = [
        0, 1, 6, 7, 254, 255, 256, 257, 300, 511, 512, 513, 599, 600, 699,
    ];
    let before: Vec<i64> = places.iter().map(|i| version(*i)).collect();
    let (state, taken) = (org.state(), seats());
    assert_eq!(taken, ((701, 1_299, 0), (234, 666, 0)));
    let leavers: Vec<usize> = (0..700).filter(|i| i % 7 != 0 && *i < 600).collect();
    let applied = org.deactivate(&names(&leavers));
    assert_eq!(applied.plan.people(), 514);
    let left = leavers.iter().filter(|i| *i % 3 == 0).count() as i64;
    assert_eq!(
        seats(),
        ((701 - 514, 1_299 + 514, 0), (234 - left, 666 + left, 0))
    );
    for (i, before) in places.into_iter().zip(before) {
        let leaves = leavers.contains(&i);
        assert_eq!(version(i), before + i64::from(leaves), "p{i}");
        assert_eq!(
            org.user(&name(i)).status == Status::Inactive,
            leaves,
            "p{i}"
        );
    }
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(org.state(), state);
    let applied = org.deactivate(&names(&(0..700).collect::<Vec<_>>()));
    assert_eq!(applied.plan.people(), 700);
    assert_eq!(seats(), ((1, 1_999, 0), (0, 900, 0)));
    assert_eq!(
        org.statuses(),
        [(Status::Active, 1), (Status::Inactive, 700)].into()
    );
    org.assert_chain();
}

#[test]
fn reactivation_leads_to_active_or_to_waiting_if_never_accepted() {
    let org = Org::new(9);
    org.create("ana");
    org.invite("bo");
    org.deactivate("ana bo");
    org.apply(Command::Reactivate {
        who: org.who("ana bo"),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.user("bo").status, Status::Waiting);
    org.accept("bo").unwrap();
}

#[test]
fn the_last_owner_and_protected_people_stay() {
    let org = Org::new(9);
    org.create("ana");
    org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("ana"))
    }));
    for command in [
        Command::Deactivate {
            who: org.who("owner ana"),
        },
        Command::Delete {
            who: org.who("owner ana"),
        },
    ] {
        let plan = org.plan(command).unwrap();
        assert_eq!(skips(&plan), ["owner: the last owner", "ana: protected"]);
        assert!(plan.is_empty());
    }
}

#[test]
fn deleted_people_are_hidden_come_back_by_invitation_and_can_be_erased() {
    let org = Org::new(9);
    org.create("ana bo");
    assert_eq!(
        skips(
            &org.plan(Command::Erase {
                who: org.who("ana")
            })
            .unwrap()
        ),
        ["ana: active: delete first"]
    );
    org.apply(Command::Delete {
        who: org.who("ana bo"),
    });
    assert_eq!(org.roster(), "owner active access:consumed");
    assert_eq!(
        org.cli()
            .read()
            .unwrap()
            .count_users(&Expr::Status(vec![Status::Deleted]))
            .unwrap(),
        2
    );
    let ana = org.user("ana").id;
    org.invite("ana");
    assert_eq!(org.user("ana").id, ana, "the same row comes back");
    let bo = org.user("bo").id;
    org.apply(Command::Erase { who: bo.into() });
    assert_error(
        org.cli().read().unwrap().find_user(&address("bo")),
        "no user",
    );
    let erased = org.cli().read().unwrap().user(bo).unwrap().unwrap();
    assert_eq!(
        (erased.status, erased.profile.email),
        (Status::Erased, None)
    );
    org.create("bo");
    assert_ne!(
        org.user("bo").id,
        bo,
        "an erased person's address belongs to nobody"
    );
    org.assert_chain();
}

#[test]
fn an_edit_sets_fields_labels_groups_and_managers_and_refuses_cycles() {
    let org = Org::new(9);
    org.create("ana bo");
    org.apply(Command::AddGroup {
        name: "Sales EMEA".into(),
    });
    let edit = Edit {
        set: vec![(Field::Title, Some("Lead".into()))],
        add_labels: vec!["wave-2".into(), "Wave-2".into()],
        add_groups: vec![(" sales emea ".into(), GroupRole::Coach)],
        ..Edit::of(org.who("ana bo"))
    };
    org.apply(Command::Edit(edit));
    assert_eq!(org.user("bo").profile.labels.as_deref(), Some("wave-2"));
    assert_eq!(
        org.cli()
            .read()
            .unwrap()
            .memberships_of(org.user("ana").id)
            .unwrap()
            .len(),
        1
    );
    org.set_manager("bo", "ana");
    let plan = org
        .plan(Command::Edit(Edit {
            manager: Some(Some(address("bo"))),
            ..Edit::of(org.who("ana"))
        }))
        .unwrap();
    assert_eq!(
        skips(&plan),
        ["ana: manager reports to this person; choose somebody who does not"]
    );
    let taken = Edit {
        set: vec![(Field::Email, Some("ANA@acme.example".into()))],
        ..Edit::of(org.who("bo"))
    };
    assert_eq!(
        skips(&org.plan(Command::Edit(taken)).unwrap()),
        ["bo: the email is somebody else's, who is active"]
    );
}

#[test]
fn an_edit_on_an_old_version_is_refused() {
    let org = Org::new(9);
    org.create("ana");
    let version = org.user("ana").version;
    let edit = |title: &str| {
        let set = vec![(Field::Title, Some(title.to_owned()))];
        Command::Edit(Edit {
            set,
            version: Some(version),
            ..Edit::of(org.who("ana"))
        })
    };
    org.apply(edit("Lead"));
    assert_error(org.try_apply(edit("Head")), "changed by somebody else");
    assert_eq!(org.user("ana").profile.title.as_deref(), Some("Lead"));
}

#[test]
fn free_words_find_any_part_of_a_name_without_accents_indexed_or_not() {
    let org = Org::new(9);
    org.create("ana bo");
    let rename = |name: &str, first: &str, last: &str| {
        let set = vec![
            (Field::FirstName, Some(first.into())),
            (Field::LastName, Some(last.into())),
        ];
        org.apply(Command::Edit(Edit {
            set,
            ..Edit::of(org.who(name))
        }));
    };
    rename("ana", "Núria", "Álvarez");
    rename("bo", "Bøje", "Lindqvist-Ågren");
    let found = |text: &str| {
        let now = org.directory.now();
        let query = query::parse(text, now).unwrap();
        let cli = org.cli();
        let read = cli.read().unwrap();
        let mut found: Vec<_> = read
            .users_from(&query, 1, 10)
            .unwrap()
            .0
            .iter()
            .map(|it| short(&it.label()))
            .collect();
        found.sort();
        found.join(" ")
    };
    for settled in [false, true] {
        if settled {
            org.directory.settle().unwrap();
        }
        assert_eq!(found("alvar"), "ana", "settled: {settled}");
        assert_eq!(found("nu"), "ana");
        assert_eq!(found("agren"), "bo");
        assert_eq!(found("boje"), "bo");
        assert_eq!(found("BØJ"), "bo");
        assert_eq!(found("acme.example -alvarez -is:admin"), "bo");
        assert_eq!(found("qqq"), "");
        assert_eq!(found("status:active"), "ana bo owner");
    }
    rename("ana", "Maria", "Gonzalez");
    assert_eq!(found("alvarez"), "");
    org.directory.settle().unwrap();
    assert_eq!(
        (found("alvarez"), found("gonzal")),
        (String::new(), "ana".into())
    );
}

#[test]
fn a_stale_plan_is_refused_with_what_moved_and_a_fresh_one_applies() {
    let org = Org::new(9);
    org.create("ana bo");
    let request = org.request(Command::Deactivate {
        who: org.who("ana bo"),
    });
    let shown = org.cli().plan(&request).unwrap();
    org.deactivate("bo");
    assert_error(
        org.cli().apply(request.clone(), Some(shown.digest)),
        "has changed since it was shown",
    );
    let again = org.cli().plan(&request).unwrap();
    assert_ne!(again.digest, shown.digest);
    let other = org.request(create("zoe"));
    org.cli().apply(other, None).unwrap();
    org.cli()
        .apply(request, Some(again.digest))
        .expect("an unrelated change does not make a plan stale");
}

#[test]
fn what_is_confirmed_covers_whether_and_when_anybody_is_mailed() {
    let org = Org::new(9);
    let digest = |mail: bool, send_on: Option<&str>| {
        let invite = Invite {
            people: people("ana"),
            groups: Vec::new(),
            pools: Vec::new(),
            mail,
            send_on: send_on.map(|it| it.parse().unwrap()),
        };
        org.plan(Command::Invite(invite)).unwrap().digest
    };
    let said = [
        digest(true, None),
        digest(false, None),
        digest(true, Some("2027-02-01")),
        digest(true, Some("2027-03-01")),
    ];
    for (i, one) in said.iter().enumerate() {
        for other in &said[i + 1..] {
            assert_ne!(one, other);
        }
    }
    assert_eq!(digest(true, None), said[0]);
}

#[test]
fn a_repeated_request_answers_with_the_first_outcome_and_another_command_is_refused() {
    let org = Org::new(9);
    let mut request = org.request(create("ana"));
    request.key = Some("key-1".into());
    let first = org.cli().apply(request.clone(), None).unwrap();
    let second = org.cli().apply(request.clone(), None).unwrap();
    assert_eq!((first.batch, second.repeated), (second.batch, true));
    assert_eq!(second.plan.changes, first.plan.changes);
    request.command = create("bo");
    assert_error(
        org.cli().apply(request, None),
        "already used for another command",
    );
    assert_eq!(org.statuses()[&Status::Active], 2);
}

#[test]
fn an_edit_that_is_refused_mails_nobody() {
    let org = Org::new(9);
    org.create("ana bo");
    let edit = Edit {
        set: vec![
            (Field::Email, Some(address("anna"))),
            (Field::UserName, Some(address("bo"))),
        ],
        ..Edit::of(org.who("ana"))
    };
    let taken = Edit {
        set: vec![(Field::UserName, Some(address("bo")))],
        ..Edit::of(org.who("bo"))
    };
    org.apply(Command::Edit(taken));
    let plan = org.plan(Command::Edit(edit)).unwrap();
    assert_eq!(
        skips(&plan),
        ["ana: the user name is somebody else's, who is active"]
    );
    assert_eq!((plan.is_empty(), plan.mails()), (true, 0));
}

#[test]
fn somebody_who_was_in_before_and_is_invited_again_can_be_cancelled() {
    let org = Org::new(2);
    org.create("ana");
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.invite("ana");
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    assert_eq!(org.user("ana").status, Status::Cancelled);
}

#[test]
fn somebody_whose_manager_cannot_be_set_is_skipped_and_the_others_are_not() {
    let org = Org::new(9);
    org.create("ana gone");
    org.apply(Command::Delete {
        who: org.who("ana gone"),
    });
    let Command::Invite(mut invite) = invite("ana bo") else {
        unreachable!()
    };
    invite.people[0].manager = Some(address("gone"));
    org.apply(Command::Invite(invite));
    assert_eq!(org.user("ana").status, Status::Deleted);
    assert_eq!(org.user("bo").status, Status::Waiting);
    assert_eq!(org.seats("access").0, 2);
}

#[test]
fn nobody_is_given_a_manager_who_has_left() {
    let org = Org::new(9);
    org.create("boss ana");
    org.deactivate("boss");
    let edit = Edit {
        manager: Some(Some(address("boss"))),
        ..Edit::of(org.who("ana"))
    };
    assert_error(org.try_apply(Command::Edit(edit)), "manager is inactive");
}

#[test]
fn a_write_that_fails_in_the_middle_takes_nobody_else_of_its_commit_with_it() {
    let org = Org::new(30);
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute_batch(
        "CREATE TRIGGER spoil BEFORE INSERT ON licenses WHEN (SELECT email FROM users WHERE id = NEW.user) LIKE 'spoil%' \
         BEGIN SELECT RAISE(ABORT, 'spoilt'); END",
    )
    .unwrap();
    let (answer, answers) = std::sync::mpsc::channel();
    let names: Vec<String> = (0..20)
        .map(|i| format!("{}{i}", if i % 5 == 3 { "spoil" } else { "ana" }))
        .collect();
    for name in &names {
        let (answer, name) = (answer.clone(), name.clone());
        org.cli()
            .apply_then(org.request(create(&name)), None, move |result| {
                answer.send((name, result.map(|_| ()))).unwrap();
            });
    }
    drop(answer);
    for (name, result) in answers {
        assert_eq!(
            result.is_ok(),
            name.starts_with("ana"),
            "{name}: {result:?}"
        );
    }
    assert_eq!(org.statuses()[&Status::Active], 17);
    assert_eq!(org.seats("access"), (17, 13, 0));
    org.assert_chain();
}
