//! The brake: how many people a connection may take off in a while, and what becomes of those beyond.

use std::sync::atomic::{AtomicI64, Ordering};

use usher_core::command::{Command, HeldWho, PoolEdit, Provision};
use usher_core::model::{
    Access, Actor, Brake, ConnectionId, Door, LeaveKind, LeaveState, NewPeople, Setting, Status,
    UserId,
};
use usher_core::{Applied, Directory, Result, Selection};

use crate::org::{Org, address, assert_error, newcomer, skips, switch};

const MINUTE: i64 = 60_000;

/// An organization with a connection that has brought in so many people, `p0` to the last, and has this brake.
struct Provided {
    org: Org,
    okta: ConnectionId,
}

impl Provided {
    fn new(people: usize, share: u8, floor: i64) -> Self {
        let org = Org::new(people as i64 + 10);
        let (okta, _) = org.connect("okta", NewPeople::Active);
        for i in 0..people {
            org.provision(okta, newcomer(&format!("p{i}"), &format!("x{i}")))
                .unwrap();
        }
        let provided = Self { org, okta };
        provided.set(Some(Brake {
            share,
            floor,
            window_ms: 10 * MINUTE,
        }));
        provided
    }

    fn set(&self, brake: Option<Brake>) -> Applied {
        self.org.apply(Command::SetBrake {
            name: "okta".into(),
            brake,
        })
    }

    fn off(&self, name: &str) -> Result<Applied> {
        let user = self.org.user(name).id;
        self.org.provision(self.okta, switch(user, false))
    }

    fn on(&self, name: &str) -> Result<Applied> {
        let user = self.org.user(name).id;
        self.org.provision(self.okta, switch(user, true))
    }

    fn delete(&self, name: &str) -> Result<Applied> {
        self.org.tick(1);
        delete_as(&self.org.directory, self.okta, self.org.user(name).id)
    }

    /// `name kind state`, held ones first.
    fn held(&self) -> Vec<String> {
        let people = self.org.cli().read().unwrap().held_people(None).unwrap();
        people
            .iter()
            .map(|it| {
                let kind = it.leaving.kind.as_str();
                let state = it.leaving.state.as_str();
                format!("{} {kind} {state}", it.label.replace("@acme.example", ""))
            })
            .collect()
    }

    fn status(&self, name: &str) -> Status {
        self.org.user(name).status
    }

    fn room(&self) -> Option<(i64, i64)> {
        self.org
            .cli()
            .read()
            .unwrap()
            .brake_room(self.okta)
            .unwrap()
    }

    fn access(&self, name: &str) -> Access {
        let asked = self.org.cli().read().unwrap().may_come_in(&[address(name)]);
        asked.unwrap()[0]
    }

    fn pulls(&self) -> i64 {
        self.count("SELECT count(*) FROM outbox WHERE template = 'brake_pulled'")
    }

    fn count(&self, sql: &str) -> i64 {
        let conn = rusqlite::Connection::open(&self.org.path).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn delete_as(directory: &Directory, connection: ConnectionId, user: UserId) -> Result<Applied> {
    let session = directory.as_actor(Actor::Connection(connection), Door::Scim);
    let who = Selection::from(user);
    session.apply(session.request(Command::Delete { who }), None)
}

#[test]
fn the_limit_goes_and_the_rest_is_held() {
    let it = Provided::new(40, 10, 2);
    for i in 0..4 {
        let applied = it.off(&format!("p{i}")).unwrap();
        assert_eq!(
            (applied.held, it.status(&format!("p{i}"))),
            (None, Status::Inactive)
        );
    }
    assert_eq!(it.room(), Some((0, 4)));
    let applied = it.off("p4").unwrap();
    assert_eq!(applied.held.map(|it| it.share), Some(10));
    assert!(applied.batch.is_some(), "what is held is written down");
    assert_eq!(it.status("p4"), Status::Active);
    assert!(it.delete("p5").unwrap().held.is_some());
    assert_eq!(it.held(), ["p4 deactivate held", "p5 delete held"]);
    assert_eq!(it.access("p4"), Access::Leaving);
    assert_eq!(
        (it.access("p0"), it.access("p6")),
        (Access::No, Access::Yes)
    );
    let counts = it.org.cli().read().unwrap().held_counts().unwrap();
    assert_eq!(counts, [("okta".to_owned(), 2)]);
    it.org.assert_chain();
}

#[test]
fn a_repeat_joins_what_is_held_and_the_administrators_hear_once() {
    let it = Provided::new(5, 0, 0);
    it.off("p0").unwrap();
    let events = it.count("SELECT count(*) FROM events");
    for _ in 0..3 {
        let repeat = it.off("p0").unwrap();
        assert!(repeat.held.is_some() && repeat.batch.is_none());
    }
    assert_eq!(it.count("SELECT count(*) FROM events"), events);
    it.off("p1").unwrap();
    assert_eq!(it.pulls(), 1, "the owner hears once");
    assert_eq!(it.held().len(), 2);
    // Who is to be deleted and was to be deactivated is one row, of the larger wish.
    it.delete("p0").unwrap();
    it.off("p0").unwrap();
    assert_eq!(it.held(), ["p0 delete held", "p1 deactivate held"]);
    assert_eq!(it.pulls(), 1);
    // Decided, and pulled again: another mail.
    let who = HeldWho::Connection("okta".into());
    it.org.apply(Command::ReleaseHeld { who });
    it.off("p2").unwrap();
    assert_eq!(it.pulls(), 2);
}

#[test]
fn release_carries_out_as_the_connection_would_have() {
    let it = Provided::new(6, 0, 0);
    for name in ["p0", "p1", "p2"] {
        it.off(name).unwrap();
    }
    it.delete("p3").unwrap();
    let plan = it
        .org
        .plan(Command::ReleaseHeld { who: HeldWho::All })
        .unwrap();
    assert_eq!(plan.people(), 4);
    let seats = it.org.seats("access").0;
    it.org.apply(Command::ReleaseHeld {
        who: HeldWho::Users(it.org.ids("p0")),
    });
    assert_eq!(
        (it.status("p0"), it.status("p1")),
        (Status::Inactive, Status::Active)
    );
    let batch = it.org.apply(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(batch.plan.people(), 3);
    assert_eq!(it.org.seats("access").0, seats - 4);
    assert_eq!(it.held(), [""; 0]);
    // The provider's repeat is done, and it is as if the provider had done it: its own word brings them back.
    let repeat = it.off("p0").unwrap();
    assert!(repeat.held.is_none() && repeat.batch.is_none());
    it.on("p0").unwrap();
    assert_eq!(it.status("p0"), Status::Active);
    // What was released did not count.
    assert_eq!(it.room(), Some((0, 0)));
    it.org.assert_chain();
}

#[test]
fn who_is_rejected_stays_until_the_provider_itself_says_active() {
    let it = Provided::new(3, 0, 0);
    it.off("p0").unwrap();
    it.off("p1").unwrap();
    it.org.apply(Command::RejectHeld { who: HeldWho::All });
    assert_eq!(
        it.held(),
        ["p0 deactivate rejected", "p1 deactivate rejected"]
    );
    assert_eq!(it.access("p0"), Access::Yes);
    assert_error(it.off("p0"), "rejected");
    assert_error(it.delete("p0"), "rejected");
    // Also when the window is over, and even without a brake.
    it.org.tick(60 * MINUTE);
    it.set(None);
    assert_error(it.off("p0"), "rejected");
    it.on("p0").unwrap();
    it.off("p0").unwrap();
    assert_eq!(it.status("p0"), Status::Inactive);
    // Or an administrator thinks better of it.
    it.org.apply(Command::ReleaseHeld {
        who: HeldWho::Users(it.org.ids("p1")),
    });
    assert_eq!(it.status("p1"), Status::Inactive);
    assert_eq!(it.held(), [""; 0]);
}

#[test]
fn who_is_active_again_before_it_is_decided_leaves_the_hold() {
    let it = Provided::new(3, 0, 1);
    it.off("p0").unwrap();
    it.off("p1").unwrap();
    assert_eq!(it.held(), ["p1 deactivate held"]);
    // What another provider says is not what this one took back.
    let (entra, _) = it.org.connect("entra", NewPeople::Active);
    it.org
        .provision(entra, switch(it.org.user("p1").id, true))
        .unwrap();
    assert_eq!(it.held().len(), 1);
    it.on("p1").unwrap();
    assert_eq!(it.held(), [""; 0]);
    assert_eq!(it.access("p1"), Access::Yes);
    // An administrator's own deactivation settles it too.
    it.off("p2").unwrap();
    it.org.deactivate("p2");
    assert_eq!((it.held().len(), it.status("p2")), (0, Status::Inactive));
}

#[test]
fn the_window_passes_and_what_is_held_stays_held() {
    let it = Provided::new(10, 0, 2);
    for name in ["p0", "p1", "p2"] {
        it.off(name).unwrap();
    }
    it.org.tick(9 * MINUTE);
    assert!(it.off("p3").unwrap().held.is_some());
    it.org.tick(2 * MINUTE);
    assert_eq!(it.room(), Some((2, 2)));
    assert!(it.off("p4").unwrap().held.is_none());
    assert!(
        it.off("p2").unwrap().held.is_some(),
        "until somebody decides"
    );
    assert_eq!(it.held(), ["p2 deactivate held", "p3 deactivate held"]);
}

#[test]
fn the_share_is_of_whoever_was_there_when_the_window_began() {
    let it = Provided::new(50, 20, 0);
    let gone = (0..50).filter(|i| it.off(&format!("p{i}")).unwrap().held.is_none());
    assert_eq!(gone.count(), 10);
    // Whoever is off already does not leave by being deleted.
    it.org.tick(11 * MINUTE);
    assert_eq!(it.room(), Some((8, 8)));
    let gone = (0..10).filter(|i| it.delete(&format!("p{i}")).unwrap().held.is_none());
    assert_eq!(gone.count(), 10);
    assert_eq!(it.room(), Some((8, 8)));
}

#[test]
fn nobody_raises_their_own_limit_by_bringing_people_in() {
    let it = Provided::new(10, 20, 0);
    it.org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(60),
            ..PoolEdit::default()
        },
    );
    for i in 0..40 {
        let new = newcomer(&format!("n{i}"), &format!("y{i}"));
        it.org.provision(it.okta, new).unwrap();
    }
    it.org.create("amy");
    let (entra, _) = it.org.connect("entra", NewPeople::Active);
    let amy = it.org.user("amy").id;
    it.org.provision(it.okta, switch(amy, true)).unwrap();
    assert_eq!(it.room(), Some((2, 2)), "a fifth of the ten who were there");
    // Who is switched off and on is one of them still.
    it.off("p0").unwrap();
    it.on("p0").unwrap();
    assert_eq!(it.room(), Some((1, 2)));
    // Whom another connection takes off has gone, and is nothing of the other's.
    it.org
        .provision(entra, switch(it.org.user("p1").id, false))
        .unwrap();
    assert_eq!(it.room(), Some((0, 1)));
    // By the next window they are its people.
    it.org.tick(11 * MINUTE);
    assert_eq!(it.room(), Some((10, 10)));
}

#[test]
fn protected_people_and_owners_are_refused_and_do_not_count() {
    let it = Provided::new(4, 0, 1);
    let edit = usher_core::command::Edit {
        protected: Some(true),
        ..usher_core::command::Edit::of(it.org.who("p0"))
    };
    it.org.apply(Command::Edit(edit));
    for _ in 0..3 {
        assert_error(it.off("p0"), "protected");
        assert_error(it.delete("p0"), "protected");
    }
    assert_error(it.off("owner"), "owner");
    assert_eq!(it.room(), Some((1, 1)));
    it.off("p1").unwrap();
    // Also beyond the limit they are refused and not held.
    assert_error(it.off("p0"), "protected");
    assert_eq!(it.held(), [""; 0]);
    // Who is protected only after being held stays when the others are released.
    it.off("p2").unwrap();
    let edit = usher_core::command::Edit {
        protected: Some(true),
        ..usher_core::command::Edit::of(it.org.who("p2"))
    };
    it.org.apply(Command::Edit(edit));
    let applied = it.org.apply(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(skips(&applied.plan), ["p2: protected"]);
    assert_eq!(it.held(), ["p2 deactivate held"]);
}

#[test]
fn what_else_a_held_request_says_is_done_at_once_and_once() {
    let it = Provided::new(2, 0, 0);
    let before = it.org.user("p0");
    let request = Provision {
        set: vec![(usher_core::model::Field::Title, Some("Gone".into()))],
        ..switch(before.id, false)
    };
    let first = it.org.provision(it.okta, request.clone()).unwrap();
    let after = it.org.user("p0");
    assert!(first.held.is_some() && after.status == Status::Active);
    assert_eq!(after.profile.title.as_deref(), Some("Gone"));
    let again = it.org.provision(it.okta, request).unwrap();
    assert!(again.held.is_some());
    assert_eq!(it.org.user("p0").version, after.version);
    it.org.apply(Command::ReleaseHeld { who: HeldWho::All });
    let gone = it.org.user("p0");
    assert_eq!(
        (gone.status, gone.profile.title),
        (Status::Inactive, after.profile.title)
    );
    // Nothing else changes nothing else.
    let p1 = it.org.user("p1");
    it.off("p1").unwrap();
    assert_eq!(it.org.user("p1").version, p1.version);
}

#[test]
fn undo_takes_each_step_back() {
    let it = Provided::new(4, 0, 0);
    let hold = it.off("p0").unwrap().batch.unwrap();
    it.off("p1").unwrap();
    it.off("p2").unwrap();
    let undo = |batch| it.org.apply(Command::Undo { batch });
    undo(hold);
    assert_eq!(it.held(), ["p1 deactivate held", "p2 deactivate held"]);
    let release = it.org.apply(Command::ReleaseHeld {
        who: HeldWho::Users(it.org.ids("p1")),
    });
    undo(release.batch.unwrap());
    assert_eq!(it.status("p1"), Status::Active);
    assert_eq!(it.held(), ["p1 deactivate held", "p2 deactivate held"]);
    let reject = it.org.apply(Command::RejectHeld { who: HeldWho::All });
    undo(reject.batch.unwrap());
    assert_eq!(it.held(), ["p1 deactivate held", "p2 deactivate held"]);
    let set = it.set(None);
    undo(set.batch.unwrap());
    assert_eq!(it.room(), Some((0, 0)));
    it.org.assert_chain();
}

#[test]
fn counts_and_holds_survive_a_restart_and_other_processes() {
    let mut it = Provided::new(20, 0, 5);
    for i in 0..3 {
        it.off(&format!("p{i}")).unwrap();
    }
    it.org.reopen();
    let other = Directory::open(&it.org.path, it.org.options.clone()).unwrap();
    let users: Vec<UserId> = (3..20).map(|i| it.org.user(&format!("p{i}")).id).collect();
    let gone = AtomicI64::new(0);
    std::thread::scope(|scope| {
        for (n, chunk) in users.chunks(5).enumerate() {
            let directory = if n % 2 == 0 {
                &it.org.directory
            } else {
                &other
            };
            let (gone, okta) = (&gone, it.okta);
            scope.spawn(move || {
                for user in chunk {
                    let applied = delete_as(directory, okta, *user).unwrap();
                    gone.fetch_add(i64::from(applied.held.is_none()), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(
        gone.load(Ordering::SeqCst),
        2,
        "exactly the limit, through two processes"
    );
    drop(other);
    it.org.reopen();
    assert_eq!(it.held().len(), 15);
    assert_eq!(it.pulls(), 1);
}

#[test]
fn what_the_platform_hears_is_a_setting() {
    let it = Provided::new(1, 0, 0);
    it.off("p0").unwrap();
    assert_eq!(it.access("p0"), Access::Leaving);
    it.org.apply(Command::SetSetting {
        setting: Setting::AccessWhileHeld,
        value: Some("no".into()),
    });
    assert_eq!(it.access("p0"), Access::No);
    it.org.apply(Command::RejectHeld { who: HeldWho::All });
    assert_eq!(it.access("p0"), Access::Yes);
}

#[test]
fn the_kept_number_of_people_is_the_number_of_people() {
    let it = Provided::new(12, 50, 0);
    it.off("p0").unwrap();
    it.delete("p1").unwrap();
    it.org.deactivate("p2 p3");
    it.on("p0").unwrap();
    let (entra, _) = it.org.connect("entra", NewPeople::Waiting);
    it.org
        .provision(entra, switch(it.org.user("p4").id, true))
        .unwrap();
    it.org.provision(entra, newcomer("new", "n1")).unwrap();
    it.org
        .provision(entra, switch(it.org.user("new").id, false))
        .unwrap();
    let batch = it.org.apply(Command::Delete {
        who: it.org.who("p5 p6"),
    });
    it.org.apply(Command::Undo {
        batch: batch.batch.unwrap(),
    });
    let differing = it.count(
        "SELECT count(*) FROM connections LEFT JOIN connection_people ON connection = id \
         WHERE coalesce(people, 0) <> (SELECT count(*) FROM users WHERE users.connection = connections.id \
         AND status IN ('queued', 'waiting', 'pending_transfer', 'active'))",
    );
    assert_eq!(differing, 0);
    let read = it.org.cli();
    let people = |id| read.read().unwrap().people_of_connection(id).unwrap();
    assert_eq!((people(it.okta), people(entra)), (9, 0));
}

#[test]
fn bad_terms_are_refused_with_what_to_do() {
    let it = Provided::new(1, 0, 0);
    let brake = Brake {
        share: 101,
        ..Brake::default()
    };
    let set = |name: &str, brake| {
        it.org.try_apply(Command::SetBrake {
            name: name.into(),
            brake,
        })
    };
    assert_error(set("okta", Some(brake)), "share");
    assert_error(set("nobody", None), "nobody");
    let nobody = it.org.try_apply(Command::ReleaseHeld {
        who: HeldWho::Connection("nobody".into()),
    });
    assert_error(nobody, "nobody");
    let not_held = it.org.apply(Command::RejectHeld {
        who: HeldWho::Users(it.org.ids("p0")),
    });
    assert_eq!(skips(&not_held.plan), ["p0: not held by a brake"]);
    let leaving = it
        .org
        .cli()
        .read()
        .unwrap()
        .leaving(it.org.user("p0").id)
        .unwrap();
    assert_eq!(
        leaving.map(|it| (it.kind, it.state)),
        None::<(LeaveKind, LeaveState)>
    );
}

#[test]
fn who_is_held_is_shown_at_an_instant_as_they_are() {
    let it = Provided::new(3, 1, 1);
    it.off("p0").unwrap();
    it.off("p1").unwrap();
    assert_eq!(it.held(), ["p1 deactivate held"]);
    it.org.tick(1);
    let user = it.org.user("p1");
    let cli = it.org.cli();
    let read = cli.read().unwrap();
    let now = it.org.directory.now().to_string();
    let moment = read.moment(&now.parse().unwrap()).unwrap();
    let told = read.person_at(user.id, moment).unwrap().unwrap().user;
    assert_eq!(
        (told.version, told.updated_at),
        (user.version, user.updated_at),
        "that a provider wants them to leave is no part of their record"
    );
}
