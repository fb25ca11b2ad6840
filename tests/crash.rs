//! A power cut, again and again: the server is killed while people are being created. Whatever was acknowledged is
//! there after the restart, no pool is oversold, and the history is whole.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod program;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use program::{Client, Org, Server};

/// How often the server is killed, unless the time is over before.
const KILLS: usize = 20;
const TIME: Duration = Duration::from_secs(30);
/// Fewer than this show nothing.
const FEWEST_KILLS: usize = 5;
/// How many clients create people at once.
const CLIENTS: usize = 8;
/// Seats in all: fewer than are asked for, so that the pool fills up while the server is being killed.
const SEATS: u32 = 400;

#[test]
fn whatever_was_acknowledged_survives_the_kill() {
    let org = Org::with_seats(SEATS);
    let token = org.token("okta");
    let started = Instant::now();
    let (mut acknowledged, mut kills) = (0, 0);
    while kills < KILLS && (kills < FEWEST_KILLS || started.elapsed() < TIME) {
        let created = create_until_killed(&org, &token, kills);
        acknowledged += created.len();
        check(&org, &created);
        kills += 1;
    }
    println!(
        "{kills} kills, {acknowledged} acknowledged, in {:?}",
        started.elapsed()
    );
    assert!(
        acknowledged > kills,
        "the server was killed before it did anything"
    );
}

/// Creates people until the server, some way into its work, is killed; whom it acknowledged.
fn create_until_killed(org: &Org, token: &str, cycle: usize) -> Vec<String> {
    let mut server: Server = org.serve();
    let address = server.address;
    let acknowledged = Mutex::new(Vec::new());
    // Each cycle cuts a little later, so that every moment of a commit is hit sooner or later.
    let enough = 1 + cycle * 7 % 60;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let Ok(mut connection) = Client::connect(address, token) else {
                    return;
                };
                for number in 0.. {
                    let name = format!("k{cycle}c{client}n{number}@acme.example");
                    match connection.create(&name) {
                        Ok(answer) if answer.status == 201 => {
                            acknowledged.lock().unwrap().push(name)
                        }
                        Ok(answer) => panic!("{answer:?}"),
                        // Killed: whether this one is on disk is not known.
                        Err(_) => return,
                    }
                }
            });
        }
        let started = Instant::now();
        while acknowledged.lock().unwrap().len() < enough {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the server does nothing"
            );
            std::thread::yield_now();
        }
        server.kill();
    });
    acknowledged.into_inner().unwrap()
}

/// Everybody acknowledged is on the roster, the pool holds what it may, and the chain is whole.
fn check(org: &Org, acknowledged: &[String]) {
    let users = org.json("users");
    let known: std::collections::HashSet<&str> = users
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["user_name"].as_str())
        .collect();
    for name in acknowledged {
        assert!(
            known.contains(name.as_str()),
            "{name} was acknowledged and is lost"
        );
    }
    let (held, queued) = (org.seats("access", "held"), org.seats("access", "queued"));
    assert!(held <= i64::from(SEATS), "{held} held of {SEATS}");
    assert_eq!(
        held + queued,
        users.as_array().unwrap().len() as i64,
        "everybody holds or waits for a seat"
    );
    assert!(
        queued == 0 || held == i64::from(SEATS),
        "{queued} wait although {held} of {SEATS} are held"
    );
    let verified = org.type_in("audit verify").ok();
    assert!(verified.contains("whole"), "{verified}");
}
