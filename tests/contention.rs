//! The last ten seats: two server processes on one database, the command line and 64 HTTP clients all want them at
//! once, round after round. Exactly ten are granted every time, nobody is refused while a seat is free, and the last
//! seat is usable.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod program;

use std::sync::Barrier;
use std::time::{Duration, Instant};

use program::{Answer, Client, Org, Server};

/// How many seats are left at the beginning of a round.
const SEATS: i64 = 10;
/// How many clients want one, half of them at each server.
const CLIENTS: usize = 64;
/// How many processes of the command line want one.
const COMMANDS: usize = 2;
/// Rounds go on until there were this many or the time is over.
const ROUNDS: usize = 30;
const TIME: Duration = Duration::from_secs(25);
/// Fewer rounds than this show nothing.
const FEWEST_ROUNDS: usize = 10;

#[test]
fn exactly_the_last_ten_seats_are_granted_in_every_round() {
    let org = Org::with_seats(1);
    org.type_in("pool set access --at-capacity refuse --yes")
        .ok();
    let token = org.token("okta");
    let servers = [org.serve(), org.serve()];
    let started = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS && (rounds < FEWEST_ROUNDS || started.elapsed() < TIME) {
        round(&org, &servers, &token, rounds);
        rounds += 1;
    }
    println!("{rounds} rounds in {:?}", started.elapsed());
    org.type_in("audit verify").ok();
}

/// Adds ten seats, lets everybody want one at once, and counts.
fn round(org: &Org, servers: &[Server; 2], token: &str, round: usize) {
    let held = org.seats("access", "held");
    let purchased = held + SEATS;
    org.type_in(&format!("pool set access --purchased {purchased} --yes"))
        .ok();
    let start = Barrier::new(CLIENTS + COMMANDS);
    let granted = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, start) = (servers[client % 2].address, &start);
                scope.spawn(move || {
                    let mut connection = Client::connect(address, token).unwrap();
                    start.wait();
                    is_granted(
                        &connection
                            .create(&format!("r{round}c{client}@acme.example"))
                            .unwrap(),
                    )
                })
            })
            .collect();
        let commands: Vec<_> = (0..COMMANDS)
            .map(|command| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    is_created(org, &format!("r{round}x{command}@acme.example"))
                })
            })
            .collect();
        let all = clients.into_iter().map(|it| it.join().unwrap());
        let all = all.chain(commands.into_iter().map(|it| it.join().unwrap()));
        all.filter(|granted| *granted).count()
    });
    assert_eq!(granted, SEATS as usize, "round {round}");
    assert_eq!(org.seats("access", "held"), purchased, "round {round}");
    assert_eq!(org.seats("access", "free"), 0, "round {round}");
}

/// Created, or refused because no seat is left; anything else is a fault.
fn is_granted(answer: &Answer) -> bool {
    match answer.status {
        201 => true,
        403 => {
            let detail = answer.body["detail"].as_str().unwrap_or_default();
            assert!(
                detail.contains("0 free"),
                "refused for another reason: {answer:?}"
            );
            assert!(answer.body["scimType"].is_null(), "{answer:?}");
            false
        }
        _ => panic!("neither granted nor refused: {answer:?}"),
    }
}

/// The same through the command line.
fn is_created(org: &Org, address: &str) -> bool {
    let said = org.run(&["create", address, "--no-mail", "--yes"]);
    match said.code {
        Some(0) => true,
        Some(1) => {
            assert!(
                said.err.contains("0 free"),
                "refused for another reason: {said:?}"
            );
            false
        }
        _ => panic!("{said:?}"),
    }
}
