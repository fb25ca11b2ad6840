//! The console over SSH, through a real OpenSSH server on loopback and its own client: two administrators arrive as
//! themselves, get nothing but their consoles, and lose them when their keys or they themselves are taken off.
//!
//! Ignored where nobody says that sshd is here; `cargo xtask test` does, where it is, and counts them as skipped where not.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

#[path = "../program/mod.rs"]
mod program;
mod sshd;
#[path = "../program/terminal.rs"]
mod terminal;

use std::time::{Duration, Instant};

use program::Org;
use sshd::Sshd;
use terminal::Terminal;

/// Within how many seconds a console closes whose administrator was taken off.
const SOON: Duration = Duration::from_secs(10);

/// An organization whose administrators ana and bo come in by their keys.
fn company() -> (Org, Sshd) {
    let org = Org::with_seats(20);
    for line in [
        "create ana@acme.example bo@acme.example cara@acme.example dan@acme.example --no-mail --yes",
        "admin grant manage_users ana@acme.example --yes",
        "admin grant manage_users bo@acme.example --yes",
    ] {
        org.type_in(line).ok();
    }
    let sshd = Sshd::start(&org);
    for name in ["ana", "bo"] {
        let line = sshd.make_key(&org, name);
        let who = format!("{name}@acme.example");
        org.run(&["admin", "key", "add", &who, &line, "--yes"]).ok();
    }
    (org, sshd)
}

/// Deactivates somebody from the console and leaves it.
fn take_off(terminal: &mut Terminal, who: &str) {
    terminal.shows("access 5/20");
    terminal.press(&format!("/{who}\r"));
    terminal.shows("1 person");
    terminal.press("d");
    terminal.shows("Apply this?");
    terminal.press("y");
    terminal.shows("1 deactivated");
    terminal.press("z");
    terminal.shows("Apply this?");
    terminal.press("y");
    terminal.shows("access 5/20");
    terminal.press("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.contents());
}

#[test]
#[ignore = "needs sshd; cargo xtask test runs it where it is"]
fn each_administrator_arrives_as_themself_and_the_history_names_them() {
    let (org, sshd) = company();
    for (name, whom) in [("ana", "cara"), ("bo", "dan")] {
        let mut terminal = sshd.terminal(&org, name, &[]);
        take_off(&mut terminal, whom);
        let batches = org.json("batches --limit 2");
        for batch in batches.as_array().unwrap() {
            assert_eq!(batch["actor"], format!("{name}@acme.example"), "{batches}");
            assert_eq!(batch["door"], "console", "{batches}");
        }
    }
    let mut stranger = sshd.make_key(&org, "eve");
    stranger.clear();
    let mut terminal = sshd.terminal(&org, "eve", &[]);
    assert_ne!(terminal.end(), 0);
    assert!(
        terminal.contents().contains("Permission denied"),
        "{}",
        terminal.contents()
    );
    org.type_in("audit verify").ok();
}

#[test]
#[ignore = "needs sshd; cargo xtask test runs it where it is"]
fn nothing_but_the_console_is_to_be_had() {
    let (org, sshd) = company();
    let before = org.head();
    let secret = org.path("secret");
    std::fs::write(&secret, "topsecret").unwrap();
    let secret = secret.to_str().unwrap();
    let copied = org.path("copied");
    let copied = copied.to_str().unwrap();
    let server = sshd.destination();
    // Commands, with and without a terminal; a shell; subsystems; files both ways.
    for args in [
        vec![server.as_str(), "cat", secret],
        vec!["-T", &server],
        vec![
            &server,
            &format!(
                "usher --db {} deactivate cara@acme.example --yes",
                org.db().display()
            ),
        ],
        vec!["-s", &server, "sftp"],
        vec!["-s", &server, "anything"],
    ] {
        let said = sshd.run(&org, "ssh", "ana", &args);
        assert_ne!(said.code, Some(0), "{args:?}: {said:?}");
        assert_eq!(said.out, "", "{args:?}: {said:?}");
        assert!(!said.err.contains("topsecret"), "{args:?}: {said:?}");
    }
    let from = format!("{server}:{secret}");
    let to = format!("{server}:{copied}");
    for (program, args) in [
        ("scp", vec![from.as_str(), copied]),
        ("scp", vec!["-O", &from, copied]),
        ("scp", vec![secret, &to]),
        ("scp", vec!["-O", secret, &to]),
        ("sftp", vec![from.as_str(), copied]),
    ] {
        let said = sshd.run(&org, program, "ana", &args);
        assert_ne!(said.code, Some(0), "{program} {args:?}: {said:?}");
        assert!(!org.path("copied").exists(), "{program} {args:?}");
    }
    // With a terminal, too, what somebody wants to run is not looked at: it is the console that comes.
    let touched = org.path("touched");
    let running = org.serve();
    let mut terminal = sshd.terminal(&org, "ana", &[&format!("touch {}", touched.display())]);
    terminal.shows("access 5/20");
    // A file leaves through a page of the server only, wherever it is said to go.
    terminal.press("E");
    terminal.shows("Export:");
    terminal.press(&format!("\x1b[B{}\r", org.path("out.csv").display()));
    terminal.shows("/exchange/usher_file_");
    assert!(!org.path("out.csv").exists());
    drop(running);
    terminal.press("\x1b");
    terminal.shows("access 5/20");
    terminal.press("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.contents());
    assert!(!touched.exists());
    assert_eq!(org.head(), before);
}

#[test]
#[ignore = "needs sshd; cargo xtask test runs it where it is"]
fn nothing_is_forwarded_and_nothing_of_the_environment_arrives() {
    let (org, sshd) = company();
    let server = sshd.destination();
    let port = sshd.free_port().to_string();
    let local = format!("127.0.0.1:{port}:127.0.0.1:{}", sshd.port());
    // A forwarding from there is refused when it is asked for, and the client is told to give up then.
    let said = sshd.run(
        &org,
        "ssh",
        "ana",
        &[
            "-N",
            "-o",
            "ExitOnForwardFailure=yes",
            "-R",
            &local,
            &server,
        ],
    );
    assert_ne!(said.code, Some(0), "{said:?}");
    // One from here is listened for by the client; what comes through it is refused.
    for how in [["-L", local.as_str()], ["-D", &format!("127.0.0.1:{port}")]] {
        let mut line = sshd.spawn(&org, "ana", &["-N", how[0], how[1], &server]);
        let reached = sshd::says_hello_through(port.parse().unwrap(), how[0] == "-D", sshd.port());
        assert!(!reached, "{how:?} was let through");
        line.kill().unwrap();
        line.wait().unwrap();
    }
    // Neither an agent nor a display is there, and no variable of the client's.
    let mut terminal = sshd.terminal_with(
        &org,
        "ana",
        &[
            "-A",
            "-X",
            "-o",
            "SetEnv=USHER_DB=/nowhere LD_PRELOAD=/nowhere USHER_MARK=1 LC_ALL=C NO_COLOR=1",
        ],
        &[],
    );
    terminal.shows("access 5/20");
    let seen = sshd::environment_of_consoles(&org.db());
    assert_eq!(seen.len(), 1, "one console runs");
    for word in [
        "USHER_MARK",
        "USHER_DB",
        "LD_PRELOAD",
        "LC_ALL",
        "NO_COLOR",
        "SSH_AUTH_SOCK",
        "DISPLAY",
    ] {
        assert!(
            !seen[0].iter().any(|it| it.starts_with(&format!("{word}="))),
            "{word}: {seen:?}"
        );
    }
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
#[ignore = "needs sshd; cargo xtask test runs it where it is"]
fn whoever_is_taken_off_or_whose_key_is_taken_loses_the_open_console() {
    let (org, sshd) = company();
    let closes = |name: &str, how: &str, why: &str| {
        let mut terminal = sshd.terminal(&org, name, &[]);
        terminal.shows("access 5/20");
        org.type_in(how).ok();
        let taken = Instant::now();
        assert_ne!(terminal.end(), 0, "{}", terminal.contents());
        assert!(taken.elapsed() < SOON, "it took {:?}", taken.elapsed());
        assert!(terminal.contents().contains(why), "{}", terminal.contents());
        let mut again = sshd.terminal(&org, name, &[]);
        assert_ne!(again.end(), 0);
        assert!(
            again.contents().contains("Permission denied"),
            "{}",
            again.contents()
        );
    };
    let key = org.json("admin key list ana@acme.example")[0]["fingerprint"].clone();
    let remove = format!(
        "admin key remove ana@acme.example {} --yes",
        key.as_str().unwrap()
    );
    closes("ana", &remove, "the console was closed");
    closes(
        "bo",
        "deactivate bo@acme.example --yes",
        "the console was closed",
    );
}
