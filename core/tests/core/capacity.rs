//! A seat is never sold twice and never lost (DESIGN §4, Pools).

use usher_core::Plan;
use usher_core::command::{Command, PoolEdit, Request, WhenFull};
use usher_core::model::{CountsFrom, NewPeople, Status};

use crate::org::{Org, assert_error, create, invite, newcomer, skips, switch};

#[test]
fn a_person_is_told_what_is_missing_and_chooses_fewer_or_the_queue() {
    let org = Org::new(2);
    let request = org.request(invite("ana bo cleo"));
    let plan = org.cli().plan(&request).unwrap();
    assert_eq!(
        plan.shortfalls[0].to_string().split(';').next(),
        Some("access has 1 free of 2 purchased (1 held), and 3 are needed")
    );
    assert_error(org.cli().apply(request.clone(), None), "access has 1 free");
    assert_eq!(org.roster(), "owner active access:consumed");
    let fewer = Request {
        when_full: WhenFull::Fewer,
        ..request.clone()
    };
    assert_eq!(
        skips(&org.cli().plan(&fewer).unwrap()),
        ["bo: no free seat in access", "cleo: no free seat in access"]
    );
    org.cli()
        .apply(
            Request {
                when_full: WhenFull::QueueRest,
                ..request
            },
            None,
        )
        .unwrap();
    assert_eq!(
        org.roster(),
        "ana waiting access:reserved\nbo queued access:queued#1\ncleo queued access:queued#2\nowner active access:consumed"
    );
}

#[test]
fn a_freed_seat_goes_to_the_head_of_the_queue_in_a_batch_of_its_own() {
    let org = Org::new(2);
    org.create("ana");
    org.apply_when_full(invite("bo cleo"), WhenFull::QueueRest);
    let applied = org.deactivate("ana");
    assert_eq!(applied.promotions.len(), 1);
    assert_eq!(org.user("bo").status, Status::Waiting);
    assert_eq!(org.seats("access"), (2, 0, 1));
    let batches = org.cli().read().unwrap().batches(None, 1).unwrap();
    assert_eq!(
        (batches[0].command.as_str(), batches[0].caused_by),
        ("promote", applied.batch)
    );
    org.accept("bo").unwrap();
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(5),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.user("cleo").status, Status::Waiting, "a raise promotes");
    org.assert_chain();
}

#[test]
fn purchased_may_be_lowered_below_what_is_held_and_nobody_is_evicted() {
    let org = Org::new(5);
    org.create("ana bo cleo");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.seats("access"), (4, 0, 0));
    org.deactivate("ana");
    assert_error(
        org.try_apply(create("dora")),
        "access has 0 free of 2 purchased (3 held)",
    );
}

#[test]
fn counting_from_activation_takes_the_seat_on_acceptance_and_queues_when_full() {
    let org = Org::new(2);
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    org.invite("ana bo");
    assert_eq!(org.seats("access"), (1, 1, 0));
    org.accept("ana").unwrap();
    org.accept("bo").unwrap();
    assert_eq!(
        org.roster(),
        "ana active access:consumed\nbo queued access:queued#1\nowner active access:consumed"
    );
    org.deactivate("ana");
    assert_eq!(
        org.user("bo").status,
        Status::Active,
        "who accepted into a full pool goes straight to active"
    );
}

#[test]
fn unattended_doors_follow_the_policy_of_the_pool() {
    let org = Org::new(1);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("ana", "1")).unwrap();
    assert_eq!(org.user("ana").status, Status::Queued);
    org.at_capacity("access", "refuse");
    assert_error(
        org.provision(okta, newcomer("bo", "2")),
        "access has 0 free of 1 purchased",
    );
    org.at_capacity("access", "grace:100");
    assert_eq!(
        org.user("ana").status,
        Status::Active,
        "grace lets the queue in"
    );
    // With one more purchased the grace lets four in; who is asked for by a person needs a third seat.
    assert_error(
        org.provision(okta, newcomer("bo", "2")),
        "access has 0 free of 1 purchased (2 held), and 1 is needed; purchase 1 more",
    );
    assert_error(
        org.try_apply(create("cleo")),
        "access has 0 free of 1 purchased (2 held), and 1 is needed; purchase 2 more",
    );
    org.add_pool("spare", 1);
    org.at_capacity("access", "fallback:spare");
    org.provision(okta, newcomer("bo", "2")).unwrap();
    assert_eq!(
        org.roster(),
        "ana active access:consumed\nbo active spare:consumed\nowner active access:consumed"
    );
    assert_error(
        org.provision(okta, newcomer("cleo", "3")),
        "access has 0 free",
    );
    org.provision(okta, switch(org.user("bo").id, false))
        .unwrap();
    assert_eq!(
        org.seats("spare"),
        (0, 1, 0),
        "what stands for the seat returns like the seat"
    );
}

#[test]
fn an_add_on_is_all_or_nothing_per_person_and_returns_by_the_pool_s_rule() {
    let org = Org::new(9);
    org.add_pool("pro", 1);
    org.create("ana bo");
    let grant = |names: &str| Command::Grant {
        who: org.who(names),
        pool: "pro".parse().unwrap(),
        until: None,
    };
    assert_error(org.try_apply(grant("ana bo")), "pro has 1 free");
    org.apply_when_full(grant("ana bo"), WhenFull::QueueRest);
    assert_eq!(org.seats("pro"), (1, 0, 1));
    org.deactivate("ana");
    assert_eq!(
        org.roster(),
        "ana inactive\nbo active access:consumed pro:reserved\nowner active access:consumed"
    );
}

#[test]
fn nothing_is_handed_out_outside_a_pool_s_dates() {
    let org = Org::new(9);
    let starts = PoolEdit {
        starts_on: Some(Some("2030-01-01".parse().unwrap())),
        ..PoolEdit::default()
    };
    org.set_pool("access", starts);
    assert_error(org.try_apply(create("ana")), "outside the pool's dates");
    org.apply_when_full(create("ana"), WhenFull::QueueRest);
    assert_eq!(org.seats("access"), (1, 0, 1));
    org.set_pool(
        "access",
        PoolEdit {
            starts_on: Some(None),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.user("ana").status, Status::Active);
}

#[test]
fn people_move_in_the_queue() {
    let org = Org::new(1);
    org.apply_when_full(invite("ana bo cleo dora"), WhenFull::QueueRest);
    let queue = || {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let pool = read.pools().unwrap()[0].id;
        let queue = read.queue(pool, 10).unwrap();
        queue
            .iter()
            .map(|it| crate::org::short(&it.0.label()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let go = |name: &str, position| {
        org.apply(Command::MoveInQueue {
            pool: "access".parse().unwrap(),
            who: org.who(name),
            position,
        });
    };
    go("dora", 1);
    assert_eq!(queue(), "dora ana bo cleo");
    go("dora", 3);
    assert_eq!(queue(), "ana bo dora cleo");
    go("ana", 99);
    assert_eq!(queue(), "bo dora cleo ana");
    for _ in 0..60 {
        go("ana", 2);
        go("dora", 2);
    }
    assert_eq!(queue(), "bo dora ana cleo");
}

#[test]
fn the_database_refuses_to_oversell_whatever_the_code_above_it_does() {
    let org = Org::new(2);
    org.create("ana");
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let run = |sql: &str| conn.execute(sql, []);
    let refused = |sql: &str| run(sql).unwrap_err().to_string();
    run("INSERT INTO users (id, status, accepted, sort_name, search, created_at, updated_at, version) \
         VALUES (zeroblob(16), 'active', 1, '', '', 0, 0, 1)")
    .unwrap();
    let take = |state: &str| {
        format!(
            "INSERT INTO licenses (user, pool, state) SELECT zeroblob(16), id, '{state}' FROM pools"
        )
    };
    assert!(refused(&take("reserved")).contains("oversold"));
    assert!(refused(&take("consumed")).contains("oversold"));
    run("INSERT INTO licenses (user, pool, state, place, leads_to, mail) SELECT zeroblob(16), id, 'queued', 1, 'active', 0 FROM pools").unwrap();
    assert!(
        refused("UPDATE licenses SET state = 'consumed', place = NULL WHERE user = zeroblob(16)")
            .contains("oversold")
    );
    run("UPDATE pool_counters SET seat_limit = 0").unwrap();
    run("UPDATE licenses SET state = 'reserved' WHERE state = 'consumed'")
        .expect("a statement that does not raise what is held passes");
    let held: i64 = conn
        .query_row("SELECT reserved + consumed FROM pool_counters", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(held, 2);
}

#[test]
fn whom_a_person_chose_to_queue_waits_for_what_was_purchased_and_is_not_let_into_the_grace() {
    let mut org = Org::new(2);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.at_capacity("access", "grace:50");
    org.create("ana");
    let applied = org.apply_when_full(create("bo cy"), WhenFull::QueueRest);
    assert_eq!((applied.promotions.len(), applied.promoted), (0, 0));
    assert_eq!(applied.plan.effects.promoted.people, 0);
    let status = |org: &Org, name: &str| org.user(name).status;
    assert_eq!(status(&org, "bo"), Status::Queued);
    // The grace is what a provider gets, whoever waits for what was purchased.
    org.provision(okta, newcomer("dee", "1")).unwrap();
    assert_eq!(status(&org, "dee"), Status::Active);
    assert_eq!(org.seats("access").0, 3);
    // One leaves, and one more than was purchased is still held; the next one makes room for who was first.
    org.deactivate("dee");
    assert_eq!(
        (status(&org, "bo"), status(&org, "cy")),
        (Status::Queued, Status::Queued)
    );
    org.reopen();
    org.deactivate("ana");
    assert_eq!(
        (status(&org, "bo"), status(&org, "cy")),
        (Status::Active, Status::Queued)
    );
}

#[test]
fn who_was_queued_by_a_door_moves_into_the_grace_past_whom_a_person_chose_to_queue() {
    let org = Org::new(2);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    org.apply_when_full(create("bo"), WhenFull::QueueRest);
    org.provision(okta, newcomer("dee", "1")).unwrap();
    org.provision(okta, newcomer("eli", "2")).unwrap();
    org.at_capacity("access", "grace:50");
    let stand = ["bo", "dee", "eli"].map(|it| org.user(it).status);
    assert_eq!(stand, [Status::Queued, Status::Active, Status::Queued]);
}

#[test]
fn a_place_in_the_queue_that_comes_back_by_undo_is_nobody_else_s() {
    let org = Org::new(1);
    org.apply_when_full(invite("ana bo cleo"), WhenFull::QueueRest);
    let go = |name: &str, position| {
        org.apply(Command::MoveInQueue {
            pool: "access".parse().unwrap(),
            who: org.who(name),
            position,
        })
    };
    let moved = go("cleo", 2);
    go("cleo", 3);
    let cancelled = org.apply(Command::Cancel {
        who: org.who("cleo"),
    });
    go("ana", 2);
    for batch in [cancelled, moved] {
        org.apply(Command::Undo {
            batch: batch.batch.unwrap(),
        });
    }
    let cli = org.cli();
    let read = cli.read().unwrap();
    let pool = read.pools().unwrap()[0].id;
    let queue = read.queue(pool, 10).unwrap();
    for ((user, _), position) in queue.iter().zip(1..) {
        assert_eq!(read.queue_position(pool, user.id).unwrap(), Some(position));
    }
}

#[test]
fn a_plan_tells_whom_it_promotes_as_it_comes_true() {
    let org = Org::new(2);
    org.apply_when_full(invite("ana bo cleo"), WhenFull::QueueRest);
    let raise = org.request(Command::SetPool {
        name: "access".parse().unwrap(),
        set: PoolEdit {
            purchased: Some(5),
            ..PoolEdit::default()
        },
    });
    let plan = org.cli().plan(&raise).unwrap();
    let told = |plan: &Plan| {
        let pool = plan.effects.pools[0].clone();
        (
            (pool.purchased, pool.purchased_after),
            (pool.held_before, pool.held_after),
            (pool.queued_before, pool.queued_after),
            (plan.effects.promoted.people, plan.mails()),
        )
    };
    assert_eq!(told(&plan), ((2, 5), (2, 4), (2, 0), (2, 2)));
    // What concerns nobody in the queue leaves the plan as it is; one more in it does not.
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    assert_eq!(org.cli().plan(&raise).unwrap().digest, plan.digest);
    org.apply_when_full(invite("dan"), WhenFull::QueueRest);
    assert_error(
        org.cli().apply(raise.clone(), Some(plan.digest)),
        "3 promoted from the queue",
    );
    let applied = org.cli().apply(raise, None).unwrap();
    assert_eq!((applied.promotions.len(), applied.promoted), (1, 3));
    assert_eq!(org.seats("access"), (5, 0, 0));
}

#[test]
fn whoever_leaves_is_replaced_from_the_queue_in_the_plan_too() {
    let org = Org::new(2);
    org.create("ana");
    org.apply_when_full(invite("bo cleo"), WhenFull::QueueRest);
    let plan = org
        .plan(Command::Deactivate {
            who: org.who("ana bo"),
        })
        .unwrap();
    let pool = &plan.effects.pools[0];
    assert_eq!((pool.held_before, pool.held_after), (2, 2));
    assert_eq!((pool.queued_before, pool.queued_after), (2, 0));
    assert_eq!((plan.effects.promoted.people, plan.mails()), (1, 1));
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["effects"]["promoted"], 1);
}

#[test]
fn a_promotion_is_not_undone_while_there_is_room_for_those_it_let_in() {
    let org = Org::new(2);
    org.create("ana");
    org.apply_when_full(invite("bo cleo"), WhenFull::QueueRest);
    let promotion = org.deactivate("ana").promotions[0];
    let undone = org.apply(Command::Undo { batch: promotion });
    assert_eq!(
        (undone.batch, skips(&undone.plan)),
        (
            None,
            vec!["bo: would be promoted again at once: access has room".to_owned()]
        )
    );
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(1),
            ..PoolEdit::default()
        },
    );
    let undone = org.apply(Command::Undo { batch: promotion });
    assert!(undone.batch.is_some() && undone.promoted == 0);
    assert_eq!(org.seats("access"), (1, 0, 2));
    assert!(org.roster().contains("bo queued access:queued#1"));
}
