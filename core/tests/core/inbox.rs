//! What providers asked: kept in the commit that answers it, listed, trimmed, erased, and carried out later in their place.

use std::sync::Arc;
use std::sync::mpsc;

use usher_core::command::{Command, HeldWho, Provision};
use usher_core::model::{
    Actor, Asked, AskedFilter, Brake, ConnectionId, Door, NewAsked, NewPeople, Setting, Status,
};
use usher_core::{Applied, Error, Result, Session};

use crate::org::{Org, assert_error, newcomer, switch};

fn scim(org: &Org, connection: ConnectionId) -> Session {
    org.tick(1);
    org.directory
        .as_actor(Actor::Connection(connection), Door::Scim)
}

/// What a door tells of a request, with a body.
fn told(status: u16, body: &str) -> NewAsked {
    NewAsked {
        method: "POST",
        path: "/Users".into(),
        status,
        body: Some(body.into()),
        ..NewAsked::default()
    }
}

/// Gives a command as a door does that keeps what it was asked.
fn ask(org: &Org, connection: ConnectionId, command: Provision) -> Result<Applied> {
    let session = scim(org, connection);
    let (answer, answered) = mpsc::channel();
    let request = session.request(Command::Provision(command));
    let tell = |result: &Result<Applied>| match result {
        Err(Error::Changed(_)) => None,
        Err(error) => Some(NewAsked {
            error: Some(error.to_string()),
            ..told(409, r#"{"userName":"refused"}"#)
        }),
        Ok(applied) => Some(NewAsked {
            user: applied.user,
            batch: applied.batch,
            ..told(201, r#"{"userName":"done"}"#)
        }),
    };
    session.apply_asked(request, tell, move |result| {
        answer.send(result).unwrap();
    });
    answered.recv().unwrap()
}

/// Keeps what came to no command.
fn keep(org: &Org, connection: ConnectionId, asked: Vec<NewAsked>) {
    let (kept, waiting) = mpsc::channel();
    scim(org, connection).keep_asked(asked, move |noted| kept.send(noted).unwrap());
    waiting.recv().unwrap().unwrap();
}

fn asked(org: &Org, filter: &AskedFilter) -> Vec<Asked> {
    org.cli().read().unwrap().asked(filter, 1_000).unwrap()
}

fn all(org: &Org) -> Vec<Asked> {
    asked(org, &AskedFilter::default())
}

#[test]
fn what_is_done_and_what_is_refused_is_kept_with_its_outcome() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let applied = ask(&org, okta, newcomer("ana", "x1")).unwrap();
    let events = org.cli().read().unwrap().audit_head().unwrap().seq;
    assert!(ask(&org, okta, newcomer("ana", "x2")).is_err());
    // A form filled in on an older version is tried again, and is one request.
    let stale = Provision {
        target: usher_core::command::ProvisionTarget::Existing {
            user: applied.user.unwrap(),
            version: Some(99),
        },
        ..switch(applied.user.unwrap(), false)
    };
    assert!(matches!(ask(&org, okta, stale), Err(Error::Changed(_))));
    keep(&org, okta, vec![told(400, "{}"), told(404, "{}")]);
    let rows = all(&org);
    let statuses: Vec<u16> = rows.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [404, 400, 409, 201], "newest first");
    let done = rows.last().unwrap();
    assert_eq!((done.user, done.batch), (applied.user, applied.batch));
    assert!(rows[2].error.as_deref().unwrap().contains("already taken"));
    // They are no history.
    assert_eq!(org.cli().read().unwrap().audit_head().unwrap().seq, events);
}

#[test]
fn whoever_is_refused_while_another_process_writes_waits_for_no_row_that_says_so() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let other = rusqlite::Connection::open(&org.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    for status in [400, 404, 503] {
        keep(&org, okta, vec![told(status, "{}")]);
    }
    // The other process holds the lock until it is told to end: whoever waited for it would wait for half a minute.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    assert!(all(&org).is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    ask(&org, okta, newcomer("ana", "x1")).unwrap();
    let statuses: Vec<u16> = all(&org).iter().map(|it| it.status).collect();
    assert_eq!(
        statuses,
        [201, 503, 404, 400],
        "kept before what came later"
    );

    // And without one, as soon as nobody else writes.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    keep(&org, okta, vec![told(413, "{}")]);
    other.execute_batch("ROLLBACK").unwrap();
    let is_kept = || all(&org).iter().any(|it| it.status == 413);
    let waited = (0..400).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        is_kept()
    });
    assert!(waited);
}

#[test]
fn requests_are_found_by_connection_person_failure_and_time() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let (entra, _) = org.connect("entra", NewPeople::Active);
    let ana = ask(&org, okta, newcomer("ana", "x1")).unwrap().user;
    org.tick(60_000);
    let then = org.directory.now();
    assert!(ask(&org, entra, newcomer("ana", "y1")).is_err());
    ask(&org, entra, newcomer("bo", "y2")).unwrap();
    let found = |filter: AskedFilter| -> Vec<u16> {
        asked(&org, &filter).iter().map(|it| it.status).collect()
    };
    let any = AskedFilter::default();
    assert_eq!(found(any.clone()), [201, 409, 201]);
    assert_eq!(
        found(AskedFilter {
            connection: Some(okta),
            ..any.clone()
        }),
        [201]
    );
    assert_eq!(
        found(AskedFilter {
            failed: true,
            ..any.clone()
        }),
        [409]
    );
    assert_eq!(
        found(AskedFilter {
            user: ana,
            ..any.clone()
        }),
        [201]
    );
    assert_eq!(
        found(AskedFilter {
            user: ana,
            connection: Some(entra),
            ..any.clone()
        }),
        [0; 0]
    );
    assert_eq!(
        found(AskedFilter {
            since: Some(then),
            ..any.clone()
        }),
        [201, 409]
    );
    let newest = &all(&org)[0];
    let behind = Some((newest.at, newest.seq));
    assert_eq!(found(AskedFilter { behind, ..any }), [409, 201]);
    let activity = org
        .cli()
        .read()
        .unwrap()
        .connection_activity(entra)
        .unwrap();
    assert_eq!(
        (activity.asked_today, activity.failed_today, activity.people),
        (2, 1, 1)
    );
}

#[test]
fn a_page_is_answered_from_an_index() {
    let org = Org::new(10);
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    for (whose, index) in [
        ("?1 IS NULL AND connection = ?2", "inbox_by_connection"),
        (
            "?1 IS NULL AND connection = ?2 AND (status >= 400 OR error IS NOT NULL)",
            "inbox_failed",
        ),
        ("user = ?1 AND ?2 IS NULL", "inbox_by_user"),
    ] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT seq FROM inbox WHERE {whose} AND at >= ?3 AND (at, seq) < (?4, ?5) \
             ORDER BY at DESC, seq DESC LIMIT 50"
        );
        let mut statement = conn.prepare(&sql).unwrap();
        let rows = statement
            .query_map([None::<i64>; 5], |row| row.get::<_, String>(3))
            .unwrap();
        let plan: Vec<String> = rows.map(Result::unwrap_or_default).collect();
        let plan = plan.join("; ");
        assert!(
            plan.contains(index) && !plan.contains("TEMP B-TREE"),
            "{plan}"
        );
    }
}

#[test]
fn what_was_answered_is_on_disk() {
    let mut org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    ask(&org, okta, newcomer("ana", "x1")).unwrap();
    assert!(ask(&org, okta, newcomer("ana", "x2")).is_err());
    // As after a kill: what another process sees at the moment of the answer is what is there.
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let rows: i64 = conn
        .query_row("SELECT count(*) FROM inbox", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 2);
    drop(conn);
    org.reopen();
    assert_eq!(all(&org).len(), 2);
}

#[test]
fn many_at_once_are_all_kept_with_their_own_outcome() {
    let org = Arc::new(Org::new(100));
    let (okta, _) = org.connect("okta", NewPeople::Active);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let org = &org;
            scope.spawn(move || {
                for i in 0..10 {
                    // Every name is asked for twice: one is made, one refused.
                    let _ = ask(org, okta, newcomer(&format!("p{}", (n / 2) * 10 + i), ""));
                }
            });
        }
    });
    let rows = all(&org);
    let failed = rows.iter().filter(|it| it.is_failed()).count();
    assert_eq!((rows.len(), failed), (80, 40));
    for row in &rows {
        assert_eq!(row.batch.is_some(), !row.is_failed());
    }
}

#[test]
fn old_requests_go_and_much_is_not_kept() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let body = format!("\"{}\"", "x".repeat(10_000));
    keep(&org, okta, vec![told(400, &body); 30]);
    assert!(
        !org.directory.trim_inbox().unwrap(),
        "nothing is too old or too much"
    );
    org.tick(29 * 86_400_000);
    keep(&org, okta, vec![told(400, &body); 5]);
    assert!(!org.directory.trim_inbox().unwrap());
    org.tick(2 * 86_400_000);
    while org.directory.trim_inbox().unwrap() {}
    assert_eq!(all(&org).len(), 5);
    // A megabyte is a hundred of these.
    org.apply(Command::SetSetting {
        setting: Setting::InboxMegabytes,
        value: Some("1".into()),
    });
    for _ in 0..3 {
        keep(&org, okta, vec![told(400, &body); 100]);
    }
    while org.directory.trim_inbox().unwrap() {}
    let kept = all(&org);
    assert!((90..=110).contains(&kept.len()), "{}", kept.len());
    assert!(kept.iter().all(|it| it.seq > 200), "the oldest go first");
}

/// A request of okta's to switch somebody off or on, as it is replayed.
fn replay(org: &Org, connection: ConnectionId, command: Command) -> Result<Applied> {
    org.tick(1);
    let session = org.cli().on_behalf(connection);
    session.apply(session.request(command), None)
}

#[test]
fn a_replay_is_the_administrators_batch_in_the_connections_place() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let (entra, _) = org.connect("entra", NewPeople::Active);
    let new = Command::Provision(newcomer("ana", "x1"));
    let session = org.cli().on_behalf(okta);
    let plan = session.plan(&org.request(new.clone())).unwrap();
    assert_eq!(plan.people(), 1);
    let applied = replay(&org, okta, new).unwrap();
    let ana = org.user("ana");
    assert_eq!((ana.status, ana.connection), (Status::Active, Some(okta)));
    let batch = applied.batch.unwrap();
    let listed = org
        .cli()
        .read()
        .unwrap()
        .find_batch(&batch.to_string())
        .unwrap();
    assert_eq!(
        (listed.actor, listed.on_behalf),
        (Actor::FileOwner, Some(okta))
    );
    // It is as if the provider had done it: what it switched off it may switch on.
    replay(&org, okta, Command::Provision(switch(ana.id, false))).unwrap();
    org.provision(okta, switch(ana.id, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    // By the connection's rights only, which do not reach owners.
    let owner = org.user("owner").id;
    let refused = replay(&org, okta, Command::Provision(switch(owner, false)));
    assert_error(refused, "owner");
    let invite = replay(&org, entra, crate::org::invite("bo"));
    assert_error(invite, "not allowed");
    org.assert_chain();
    // And it is undone like any batch.
    org.apply(Command::Undo { batch });
    org.assert_chain();
}

#[test]
fn only_who_manages_users_replays() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    let ana = org.user("ana").id;
    let session = org
        .directory
        .as_actor(Actor::Administrator(ana), Door::Cli)
        .on_behalf(okta);
    let request = session.request(Command::Provision(newcomer("bo", "x1")));
    assert_error(session.plan(&request), "not allowed");
    assert_error(session.apply(request, None), "not allowed");
}

#[test]
fn a_replay_of_what_is_held_settles_it_and_does_not_count() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("ana", "x1")).unwrap();
    org.apply(Command::SetBrake {
        name: "okta".into(),
        brake: Some(Brake {
            share: 0,
            floor: 0,
            ..Brake::default()
        }),
    });
    let ana = org.user("ana").id;
    assert!(
        org.provision(okta, switch(ana, false))
            .unwrap()
            .held
            .is_some()
    );
    replay(&org, okta, Command::Provision(switch(ana, false))).unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive);
    let read = org.cli();
    assert_eq!(read.read().unwrap().held_people(None).unwrap(), []);
    let nobody = org.apply(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(nobody.batch, None);
}

#[test]
fn only_what_failed_is_replayed_and_only_while_nobody_has_changed() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let done = ask(&org, okta, newcomer("ana", "x1")).unwrap();
    let failed = NewAsked {
        user: done.user,
        ..told(503, "{}")
    };
    keep(
        &org,
        okta,
        vec![
            failed,
            NewAsked {
                body: None,
                ..told(400, "")
            },
        ],
    );
    let rows = all(&org);
    let [empty, failed, created] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    let check = |asked: &Asked, force| org.cli().read().unwrap().check_replay(asked, force);
    assert_error(check(created, true), "was done");
    assert_error(check(empty, true), "not kept");
    check(failed, false).unwrap();
    org.tick(10);
    org.deactivate("ana");
    assert_error(check(failed, false), "has changed since");
    check(failed, true).unwrap();
    let batch = done.batch.unwrap();
    org.cli().note_replayed(failed.seq, batch).unwrap();
    let failed = org
        .cli()
        .read()
        .unwrap()
        .asked_by_number(failed.seq)
        .unwrap();
    assert_eq!(failed.replayed, Some(batch));
    assert_error(check(&failed, false), "replayed already");
    assert_error(org.cli().read().unwrap().asked_by_number(99), "99");
}

#[test]
fn names_that_wait_for_acceptance_wait_in_the_log_too() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", NewPeople::Waiting);
    ask(&org, okta, newcomer("ana", "x1")).unwrap();
    org.apply(Command::SetSetting {
        setting: Setting::NamesAfterAcceptance,
        value: Some("on".into()),
    });
    assert_eq!(all(&org)[0].body, None);
    org.accept("ana").unwrap();
    assert!(all(&org)[0].body.is_some());
}
