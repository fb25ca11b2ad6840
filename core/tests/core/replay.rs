//! Time, ids and randomness are inputs: a log of commands replays to the same state.

use usher_core::command::{Command, Request, WhenFull};
use usher_core::model::{Actor, Door, NewPeople};

use crate::org::{Org, create, invite, newcomer};

#[test]
fn a_log_of_commands_replays_to_the_same_state() {
    let org = Org::new(4);
    let mut log: Vec<(Actor, Door, Request, i64)> = Vec::new();
    let mut say = |actor, door, command: Command, when_full| {
        org.tick(7);
        let session = org.directory.as_actor(actor, door);
        let request = Request {
            when_full,
            ..session.request(command)
        };
        log.push((
            actor,
            door,
            request.clone(),
            org.directory.now().as_millis(),
        ));
        session.apply(request, None).unwrap()
    };
    let (owner, cli, ask) = (Actor::FileOwner, Door::Cli, WhenFull::Ask);
    say(owner, cli, create("ana bo"), ask);
    say(owner, cli, invite("cleo dora"), WhenFull::QueueRest);
    let policy = usher_core::model::ConnectionPolicy {
        new_people: NewPeople::Active,
        mails: true,
        ..usher_core::model::ConnectionPolicy::default()
    };
    say(
        owner,
        cli,
        Command::AddConnection {
            name: "okta".into(),
            policy,
        },
        ask,
    );
    let okta = org.cli().read().unwrap().connection("okta").unwrap().id;
    say(
        Actor::Connection(okta),
        Door::Scim,
        Command::Provision(newcomer("emil", "1")),
        ask,
    );
    let left = say(
        owner,
        cli,
        Command::Deactivate {
            who: org.who("ana bo"),
        },
        ask,
    );
    say(
        owner,
        cli,
        Command::Undo {
            batch: left.batch.unwrap(),
        },
        WhenFull::QueueRest,
    );

    let again = Org::new(4);
    for (actor, door, request, at) in log {
        again.clock.0.store(at, std::sync::atomic::Ordering::SeqCst);
        again
            .directory
            .as_actor(actor, door)
            .apply(request, None)
            .unwrap();
    }
    assert_eq!(again.state(), org.state());
    assert_eq!(again.roster(), org.roster());
}
