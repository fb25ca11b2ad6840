//! Long output, the server with its tokens, and the demo.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::peopled;
use crate::program::{Client, Org, Said, program, run, signal};

#[test]
fn a_long_list_streams_and_may_be_left_unread() {
    let org = Org::with_seats(10_000);
    let addresses: String = (0..3_000).map(|i| format!("p{i}@acme.example\n")).collect();
    org.feed(&["create", "-", "--no-mail", "--yes"], &addresses)
        .ok();
    assert_eq!(org.json("users").as_array().unwrap().len(), 3_001);
    assert_eq!(
        org.json("users --limit 1500 --sort created")
            .as_array()
            .unwrap()
            .len(),
        1_500
    );
    assert_eq!(org.json("users --count")["count"], 3_001);
    let sorted = org.json("users --sort email --descending --limit 2");
    assert_eq!(sorted[1]["email"], "p99@acme.example");
    for format in ["table", "json", "csv"] {
        let mut child = org
            .command(&["users", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 1];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let said: Said = child.wait_with_output().unwrap().into();
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_connection_lets_an_identity_provider_in_until_it_is_revoked() {
    let org = peopled();
    let added = org.json("idp add okta --yes --public-url https://usher.corp.example/");
    assert_eq!(added["name"], "okta");
    assert_eq!(added["base_url"], "https://usher.corp.example/scim/v2");
    let token = added["token"].as_str().unwrap().to_owned();
    assert!(
        !std::fs::read(org.db())
            .unwrap()
            .windows(token.len())
            .any(|it| it == token.as_bytes()),
        "only a hash is kept"
    );
    let server = org.serve();
    let create = |token: &str, name: &str| {
        Client::connect(server.address, token)
            .unwrap()
            .create(name)
            .unwrap()
            .status
    };
    assert_eq!(create(&token, "fay@acme.example"), 201);
    assert_eq!(org.json("show fay@acme.example")["connection"], "okta");
    assert_eq!(create("usher_scim_wrong", "gus@acme.example"), 401);
    let newer = org.json("idp rotate okta --overlap 1h --yes")["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        create(&token, "gus@acme.example"),
        201,
        "the old one goes on for an hour"
    );
    assert_eq!(create(&newer, "hal@acme.example"), 201);
    assert_eq!(
        org.json("idp show okta")["tokens"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    org.type_in("idp revoke okta --yes").ok();
    for token in [&token, &newer] {
        assert_eq!(create(token, "ira@acme.example"), 401);
    }
    let log = std::fs::read_to_string(org.path("server.log")).unwrap();
    assert!(
        !log.contains("acme.example") && !log.contains(&token),
        "nothing personal and no secret: {log}"
    );
    assert_eq!(server.stop(), Some(0));
    assert!(!org.type_in("history").ok().contains(&newer));
}

#[test]
fn the_demo_lives_without_a_terminal_and_leaves_nothing_behind() {
    let mut child = program()
        .args(["demo", "--people", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = |word: &str| loop {
        let line = lines.next().expect("the demo says where it is").unwrap();
        if let Some(rest) = line.strip_prefix(word) {
            return rest.trim().to_owned();
        }
    };
    let (url, database) = (said("SCIM"), said("database"));
    said("stop");
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/scim/v2"),
        "{url}"
    );
    let list = |query: &str| run(&["users", query, "--format", "json", "--db", &database]).json();
    for status in [
        "queued",
        "waiting",
        "pending_transfer",
        "active",
        "inactive",
        "cancelled",
        "deleted",
        "erased",
    ] {
        assert!(
            !list(&format!("status:{status}"))
                .as_array()
                .unwrap()
                .is_empty(),
            "{status}"
        );
    }
    let pools = run(&["seats", "--format", "json", "--db", &database]).json();
    let full = pools
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["free"] == 0)
        .count();
    assert_eq!((pools.as_array().unwrap().len(), full), (3, 1), "{pools}");
    let head =
        || run(&["audit", "head", "--format", "json", "--db", &database]).json()["seq"].as_i64();
    let before = head();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while head() == before {
        assert!(
            std::time::Instant::now() < until,
            "the identity provider does something"
        );
        std::thread::yield_now();
    }
    // As when the terminal goes that it was started from.
    signal("-HUP", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!std::path::Path::new(&database).parent().unwrap().exists());
}

#[test]
fn a_demo_that_is_interrupted_while_it_is_made_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let entries = || std::fs::read_dir(place.path()).unwrap().count();
    let mut child = program()
        .args(["demo", "--people", "500000"])
        .env("TMPDIR", place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while entries() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it makes its place");
        std::thread::yield_now();
    }
    signal("-INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(entries(), 0);
}

#[test]
fn a_full_disk_behind_the_output_is_told_apart_from_a_refusal() {
    let org = Org::with_seats(3);
    let full = || {
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let run = |args: &[&str]| -> Said { org.command(args).stdout(full()).output().unwrap().into() };
    let said = run(&["users"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("cannot write the output"), "{said:?}");
    let said = run(&["create", "ana@acme.example", "--yes"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("applied as batch"), "{said:?}");
    assert_eq!(org.status("ana@acme.example"), "active");
}
