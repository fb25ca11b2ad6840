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
const FEWEST_KILLS: usize = 10;
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

/// How many people one batch is about, and at how many moments it is cut.
const CROWD: usize = 1_000;
const CUTS: u32 = 6;

/// People of a label, made at once.
fn crowd(org: &Org, label: &str, count: usize) {
    let people: Vec<String> = (0..count)
        .map(|it| format!("{label}{it}@acme.example"))
        .collect();
    let mut args = vec!["create"];
    args.extend(people.iter().map(String::as_str));
    args.extend(["--label", label, "--no-mail", "--yes"]);
    org.run(&args).ok();
}

/// How many people a query finds.
fn count(org: &Org, query: &str) -> usize {
    let found = org.json(&format!("users '{query}' --limit 100000"));
    found.as_array().unwrap().len()
}

fn is_whole(org: &Org) {
    let verified = org.type_in("audit verify").ok();
    assert!(verified.contains("whole"), "{verified}");
    let holding = count(org, "status:active,waiting");
    assert_eq!(org.seats("access", "held"), i64::try_from(holding).unwrap());
}

#[test]
fn a_large_batch_that_is_killed_is_done_whole_or_not_at_all() {
    let org = Org::with_seats(2 * u32::try_from(CROWD).unwrap());
    crowd(&org, "leaver", CROWD);
    let deactivate = ["deactivate", "label:leaver", "--yes"];
    let started = Instant::now();
    org.run(&deactivate).ok();
    let whole = started.elapsed();
    let (mut done, mut undone) = (0, 0);
    for cut in 1..=CUTS {
        if count(&org, "label:leaver status:inactive") > 0 {
            org.type_in("reactivate label:leaver --yes").ok();
        }
        let mut child = org
            .command(&deactivate)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * cut / CUTS);
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
        match count(&org, "label:leaver status:inactive") {
            0 => undone += 1,
            CROWD => done += 1,
            other => panic!("{other} of {CROWD} were deactivated"),
        }
        is_whole(&org);
    }
    println!("{done} done, {undone} not");
    assert!(undone > 0, "nothing was cut");
}

#[test]
fn what_is_due_is_done_exactly_once_however_often_the_server_is_killed() {
    let org = Org::with_seats(u32::try_from(CROWD).unwrap() + 1);
    let half = CROWD / 2;
    crowd(&org, "leaver", half);
    crowd(&org, "gone", half);
    org.type_in("create queued1@acme.example queued2@acme.example --no-mail --queue-rest --yes")
        .ok();
    // Tomorrow in the west of the date line is today in the east of it.
    org.type_in("setting time-zone Pacific/Pago_Pago --yes")
        .ok();
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let west = i64::try_from(now.as_millis()).unwrap() - 11 * 3_600_000;
    let today = usher_core::model::Date::of_utc(usher_core::model::Timestamp::from_millis(west));
    let day = today.plus_days(1);
    org.type_in(&format!("edit label:leaver --deactivate-on {day} --yes"))
        .ok();
    org.type_in(&format!("edit label:gone --delete-on {day} --yes"))
        .ok();
    org.type_in("setting time-zone Pacific/Kiritimati --yes")
        .ok();
    let all_done = || {
        count(&org, "label:leaver status:inactive") == half
            && count(&org, "label:gone status:deleted") == half
    };
    let mut kills = 0;
    while !all_done() {
        assert!(kills < 60, "the server never comes to it");
        let mut server = org.serve();
        std::thread::sleep(Duration::from_millis(40 * kills));
        server.kill();
        kills += 1;
        is_whole(&org);
    }
    // Also those that start later have nothing left to do.
    let mut server = org.serve();
    std::thread::sleep(Duration::from_millis(300));
    server.kill();
    let batches = org.json("batches --limit 100");
    for command in ["due_deactivate", "due_delete"] {
        let batches = batches.as_array().unwrap().iter();
        let done = batches.filter(|it| it["command"] == command).count();
        assert_eq!(done, 1, "{command}");
    }
    assert_eq!(count(&org, "queued1 status:active"), 1);
    assert_eq!(count(&org, "queued2 status:active"), 1);
    println!("{kills} kills");
}
