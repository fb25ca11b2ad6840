//! Undo restores the state exactly where the world has not moved on, evicts nobody, and says what it cannot undo.

use usher_core::Applied;
use usher_core::command::{Command, Edit, Import, PoolEdit, WhenFull};
use usher_core::import::Mode;
use usher_core::model::{Field, GroupRole, InvitationState, NewPeople, Status};
use usher_core::plan::Template;

use crate::org::{Org, create, invite, newcomer, skips};

fn undo(org: &Org, applied: &Applied) -> Applied {
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    })
}

#[test]
fn undoing_each_command_restores_the_state_exactly() {
    let org = Org::new(30);
    org.create("ceo boss lead dev");
    org.set_manager("boss", "ceo");
    org.set_manager("lead", "boss");
    org.set_manager("dev", "lead");
    org.invite("guest cancelled");
    org.add_pool("pro", 9);
    org.apply(Command::Grant {
        who: org.who("lead guest"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    org.apply(Command::Cancel {
        who: org.who("cancelled"),
    });
    let commands: Vec<Command> = vec![
        Command::Deactivate {
            who: org.who("lead boss guest"),
        },
        Command::Delete {
            who: org.who("lead boss guest"),
        },
        Command::Cancel {
            who: org.who("guest"),
        },
        Command::Release {
            who: org.who("lead"),
            pool: "pro".parse().unwrap(),
        },
        Command::Grant {
            who: org.who("dev ceo"),
            pool: "pro".parse().unwrap(),
            until: None,
        },
        Command::SetPool {
            name: "pro".parse().unwrap(),
            set: PoolEdit {
                purchased: Some(1),
                ..PoolEdit::default()
            },
        },
        Command::Edit(Edit {
            set: vec![
                (Field::Title, Some("Head".into())),
                (Field::Region, Some("North".into())),
            ],
            add_labels: vec!["x".into()],
            manager: Some(None),
            add_groups: vec![("Sales".into(), GroupRole::Learner)],
            ..Edit::of(org.who("dev lead"))
        }),
    ];
    for command in commands {
        let name = command.name();
        let before = org.state();
        let applied = org.apply(command);
        let changed = org.state();
        assert_ne!(changed, before, "{name}");
        let undone = undo(&org, &applied);
        assert_eq!(
            org.state(),
            before,
            "{name} undone, skipped: {:?}",
            undone.plan.skipped
        );
        let redone = undo(&org, &undone);
        assert_eq!(
            org.state(),
            changed,
            "{name} redone, skipped: {:?}",
            redone.plan.skipped
        );
        undo(&org, &redone);
        assert_eq!(org.state(), before, "{name} undone again");
    }
    org.assert_chain();
}

#[test]
fn undoing_a_creation_sets_deleted_and_undoing_that_brings_back() {
    let org = Org::new(9);
    let applied = org.create("ana bo");
    let created = org.state();
    let undone = undo(&org, &applied);
    assert_eq!(org.roster(), "owner active access:consumed");
    assert_eq!(org.statuses()[&Status::Deleted], 2);
    undo(&org, &undone);
    assert_eq!(org.state(), created);
}

#[test]
fn undo_never_evicts_and_queues_at_the_front_if_asked() {
    let org = Org::new(2);
    org.create("ana");
    let applied = org.deactivate("ana");
    org.create("bo");
    org.apply_when_full(invite("cleo"), WhenFull::QueueRest);
    let command = Command::Undo {
        batch: applied.batch.unwrap(),
    };
    let plan = org.plan(command.clone()).unwrap();
    assert_eq!(skips(&plan), ["ana: no free seat in access"]);
    assert!(!plan.shortfalls.is_empty());
    org.apply_when_full(command, WhenFull::QueueRest);
    assert_eq!(
        org.roster(),
        "ana queued access:queued#1\nbo active access:consumed\ncleo queued access:queued#2\nowner active access:consumed"
    );
    org.deactivate("bo");
    assert_eq!(org.user("ana").status, Status::Active);
}

#[test]
fn what_has_moved_on_is_skipped_with_its_reason() {
    let org = Org::new(9);
    org.create("boss ana bo cleo");
    org.set_manager("ana", "boss");
    org.set_manager("bo", "boss");
    let edit = Edit {
        set: vec![(Field::Title, Some("Lead".into()))],
        ..Edit::of(org.who("ana bo cleo"))
    };
    let edited = org.apply(Command::Edit(edit));
    let again = Edit {
        set: vec![(Field::Title, Some("Head".into()))],
        ..Edit::of(org.who("bo"))
    };
    org.apply(Command::Edit(again));
    let erase = org.user("cleo").id;
    org.apply(Command::Delete { who: erase.into() });
    org.apply(Command::Erase { who: erase.into() });
    let plan = org
        .plan(Command::Undo {
            batch: edited.batch.unwrap(),
        })
        .unwrap();
    let mut reasons: Vec<_> = plan.skipped.iter().map(|it| it.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        ["erased; erasing has no undo", "title changed since"]
    );
    let left = org.deactivate("boss");
    org.set_manager("bo", "ana");
    org.apply(Command::Undo {
        batch: left.batch.unwrap(),
    });
    assert_eq!(
        (org.manager("ana").as_deref(), org.manager("bo").as_deref()),
        (Some("boss"), Some("ana"))
    );
}

#[test]
fn a_promotion_is_not_part_of_the_undo_of_the_batch_that_caused_it() {
    let org = Org::new(2);
    org.create("ana");
    org.apply_when_full(create("bo"), WhenFull::QueueRest);
    let applied = org.deactivate("ana");
    assert_eq!(org.user("bo").status, Status::Active);
    let plan = org
        .plan(Command::Undo {
            batch: applied.batch.unwrap(),
        })
        .unwrap();
    assert_eq!(skips(&plan), ["ana: no free seat in access"]);
    assert_eq!(org.user("bo").status, Status::Active);
}

#[test]
fn a_replaced_link_does_not_come_back() {
    let org = Org::new(9);
    org.invite("ana");
    let resent = org.apply(Command::Resend {
        who: org.who("ana"),
        mail: true,
    });
    let plan = org
        .plan(Command::Undo {
            batch: resent.batch.unwrap(),
        })
        .unwrap();
    assert_eq!(
        skips(&plan),
        ["ana: the link was replaced; the older one does not come back"]
    );
    assert!(plan.is_empty());
}

#[test]
fn the_list_of_batches_says_which_was_undone_by_which() {
    let org = Org::new(9);
    let applied = org.create("ana");
    let undone = undo(&org, &applied);
    let batches = org.cli().read().unwrap().batches(None, 2).unwrap();
    assert_eq!(
        (batches[0].id, batches[1].undone_by),
        (undone.batch.unwrap(), undone.batch)
    );
}

#[test]
fn a_license_that_stood_for_the_seat_does_so_again() {
    let org = Org::new(1);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.add_pool("spare", 1);
    org.at_capacity("access", "fallback:spare");
    org.provision(okta, newcomer("ana", "1")).unwrap();
    let before = org.state();
    let left = org.deactivate("ana");
    undo(&org, &left);
    assert_eq!(org.state(), before);
}

#[test]
fn a_seat_that_was_taken_into_the_grace_comes_back() {
    let org = Org::new(1);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.at_capacity("access", "grace:100");
    org.provision(okta, newcomer("ana", "1")).unwrap();
    let before = org.state();
    let left = org.deactivate("ana");
    undo(&org, &left);
    assert_eq!(org.state(), before);
}

#[test]
fn a_release_is_not_undone_for_somebody_who_has_left_since() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ana");
    let pool = || "pro".parse().unwrap();
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: pool(),
        until: None,
    });
    let released = org.apply(Command::Release {
        who: org.who("ana"),
        pool: pool(),
    });
    org.deactivate("ana");
    let undone = undo(&org, &released);
    assert_eq!(skips(&undone.plan), ["ana: inactive now"]);
    assert_eq!(org.seats("pro"), (0, 9, 0));
}

#[test]
fn whoever_leaves_by_undo_leaves_like_everybody() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ceo boss ana");
    org.set_manager("boss", "ceo");
    org.deactivate("boss");
    let back = org.apply(Command::Reactivate {
        who: org.who("boss"),
        restore_assignments: false,
    });
    org.set_manager("ana", "boss");
    org.apply(Command::Grant {
        who: org.who("boss"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    undo(&org, &back);
    assert_eq!(org.seats("pro"), (0, 9, 0), "what is reserved returns");
    assert_eq!(
        org.manager("ana").as_deref(),
        Some("ceo"),
        "reports move up"
    );
}

#[test]
fn managers_who_come_back_at_once_make_no_cycle() {
    let org = Org::new(9);
    org.create("top ana bo xeno yara");
    let edit = |names: &str, manager: &str| {
        org.apply(Command::Edit(Edit {
            manager: Some(Some(crate::org::address(manager))),
            ..Edit::of(org.who(names))
        }))
    };
    edit("ana", "xeno");
    edit("bo", "yara");
    let both = edit("ana bo", "top");
    edit("xeno", "bo");
    edit("yara", "ana");
    let undone = undo(&org, &both);
    assert_eq!(
        skips(&undone.plan),
        ["ana: the former manager reports to this person now"]
    );
    assert_eq!(
        (org.manager("ana").as_deref(), org.manager("bo").as_deref()),
        (Some("top"), Some("yara"))
    );
}

#[test]
fn a_report_moves_once_when_an_undone_undo_is_undone() {
    let org = Org::new(9);
    org.create("ana");
    let created = org.create("boss");
    org.set_manager("ana", "boss");
    let once = undo(&org, &created);
    let twice = undo(&org, &once);
    let thrice = undo(&org, &twice);
    let ana = org.user("ana").id;
    let changes = thrice.plan.changes.iter();
    assert_eq!(changes.filter(|it| it.user() == Some(ana)).count(), 1);
    assert_eq!(org.manager("ana"), None);
}

#[test]
fn whoever_is_queued_by_undo_has_no_living_link() {
    let org = Org::new(2);
    org.invite("ana");
    let left = org.deactivate("ana");
    org.create("bo");
    let command = Command::Undo {
        batch: left.batch.unwrap(),
    };
    org.apply_when_full(command, WhenFull::QueueRest);
    let ana = org.user("ana");
    assert_eq!(ana.status, Status::Queued);
    let invitation = org.cli().read().unwrap().invitation(ana.id).unwrap();
    assert_eq!(invitation.unwrap().state, InvitationState::Dead);
}

#[test]
fn what_a_leaver_gave_back_is_known_after_a_delete_and_its_undo() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.set_pool(
        "pro",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    org.create("ana");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    // No command lets people start yet what the license is for.
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
    org.deactivate("ana");
    let deleted = org.apply(Command::Delete {
        who: org.who("ana"),
    });
    undo(&org, &deleted);
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.seats("pro"), (1, 8, 0));
}

#[test]
fn what_was_used_before_stays_used_when_a_reactivation_is_undone() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ana");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    // No command lets people start yet what the license is for.
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
    org.deactivate("ana");
    org.set_pool(
        "pro",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    let before = org.state();
    let back = org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    undo(&org, &back);
    assert_eq!(org.state(), before);
}

#[test]
fn what_is_already_so_is_said() {
    let org = Org::new(1);
    org.apply_when_full(invite("ana bo"), WhenFull::QueueRest);
    let moved = org.apply(Command::MoveInQueue {
        pool: "access".parse().unwrap(),
        who: org.who("bo"),
        position: 1,
    });
    let undone = undo(&org, &moved);
    assert!(skips(&undone.plan).is_empty());
    let (batch, by) = (moved.batch.unwrap(), undone.batch.unwrap());
    assert_eq!(
        skips(&undo(&org, &moved).plan),
        [
            "bo: already so".to_owned(),
            format!("batch {batch}: was undone already, by batch {by}")
        ]
    );
}

#[test]
fn who_queues_for_a_seat_takes_a_free_add_on_in_the_same_batch_which_can_be_undone() {
    let org = Org::new(1);
    org.add_pool("pro", 1);
    let before = org.state();
    let mut wanted = match invite("ana") {
        Command::Invite(it) => it,
        _ => unreachable!(),
    };
    wanted.pools = vec!["pro".parse().unwrap()];
    let invited = org.apply_when_full(Command::Invite(wanted), WhenFull::QueueRest);
    assert_eq!(
        org.roster(),
        "ana queued access:queued#1 pro:reserved\nowner active access:consumed"
    );
    assert_eq!(invited.plan.effects.promoted.people, 0);
    let undone = undo(&org, &invited);
    assert_eq!(skips(&undone.plan), Vec::<String>::new());
    assert_eq!(org.seats("pro"), (0, 1, 0));
    assert_eq!(org.user("ana").status, Status::Deleted);
    assert_eq!(
        org.state().lines().count(),
        before.lines().count() + 1,
        "only the record of ana is more"
    );
}

#[test]
fn a_manager_who_is_brought_back_later_than_their_reports_is_theirs_again() {
    let org = Org::new(5);
    org.create("boss ana bo");
    org.set_manager("ana", "boss");
    org.set_manager("bo", "boss");
    let left = org.deactivate("boss ana bo");
    let seats = |purchased| PoolEdit {
        purchased: Some(purchased),
        ..PoolEdit::default()
    };
    org.set_pool("access", seats(3));
    let command = Command::Undo {
        batch: left.batch.unwrap(),
    };
    org.apply_when_full(command, WhenFull::Fewer);
    let back = |org: &Org| {
        ["boss", "ana", "bo"]
            .into_iter()
            .filter(|it| org.user(it).status == Status::Active)
            .count()
    };
    assert_eq!(back(&org), 2);
    org.set_pool("access", seats(9));
    undo(&org, &left);
    assert_eq!(back(&org), 3);
    for name in ["ana", "bo"] {
        assert_eq!(org.manager(name).as_deref(), Some("boss"), "{name}");
    }
}

#[test]
fn who_waited_for_a_seat_to_be_in_at_once_needs_no_invitation_when_they_come_back() {
    let org = Org::new(1);
    org.apply_when_full(create("ana"), WhenFull::QueueRest);
    assert_eq!(org.user("ana").status, Status::Queued);
    let left = org.deactivate("ana");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    let back = org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").status, Status::Active);
    let mails: Vec<_> = back
        .plan
        .effects
        .mails
        .iter()
        .map(|it| it.template)
        .collect();
    assert_eq!(
        mails,
        [Template::AccountCreated],
        "with a link to choose a password"
    );
    undo(&org, &back);
    undo(&org, &left);
    assert_eq!(org.user("ana").status, Status::Active, "promoted");
}

#[test]
fn who_was_invited_again_meanwhile_is_asked_again() {
    let org = Org::new(1);
    org.apply_when_full(create("ana"), WhenFull::QueueRest);
    org.deactivate("ana");
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    org.invite("ana");
    org.deactivate("ana");
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").status, Status::Waiting);
}

#[test]
fn managers_whom_a_file_turned_round_go_back_in_whatever_order_its_rows_stood() {
    let turned = [
        "ana@acme.example|(clear)\nbo@acme.example|ana@acme.example",
        "bo@acme.example|ana@acme.example\nana@acme.example|(clear)",
        "bo@acme.example|ana@acme.example\nana@acme.example|top@acme.example",
        "ana@acme.example|cy@acme.example\nbo@acme.example|ana@acme.example\ncy@acme.example|(clear)",
    ];
    for text in turned {
        let org = Org::new(9);
        org.create("top cy bo ana");
        org.set_manager("cy", "top");
        org.set_manager("bo", "cy");
        org.set_manager("ana", "bo");
        let managers = || ["ana", "bo", "cy"].map(|it| org.manager(it));
        let before = managers();
        let rows = format!("email|manager\n{text}");
        let import = Import::of(crate::imports::sheet(&rows), Mode::Update);
        let applied = org.apply(Command::Import(import));
        assert_eq!(org.manager("bo").as_deref(), Some("ana"));
        let undone = undo(&org, &applied);
        assert_eq!(skips(&undone.plan), [""; 0], "{text}");
        assert_eq!(managers(), before, "{text}");
        undo(&org, &undone);
        assert_eq!(org.manager("bo").as_deref(), Some("ana"), "{text}");
    }
}

#[test]
fn a_second_undo_says_that_the_managers_are_back_and_not_that_somebody_moved_them() {
    let org = Org::new(9);
    org.create("boss ana bo cy");
    for name in ["ana", "bo"] {
        org.set_manager(name, "boss");
    }
    let gone = org.deactivate("boss");
    undo(&org, &gone);
    org.set_manager("bo", "cy");
    let plan = org
        .plan(Command::Undo {
            batch: gone.batch.unwrap(),
        })
        .unwrap();
    let said = skips(&plan);
    for line in [
        "ana: the manager is the one from before already",
        "bo: the manager changed since",
    ] {
        assert!(said.contains(&line.to_owned()), "{said:?}");
    }
}
