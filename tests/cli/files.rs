//! Databases that are not ours to use, and backups.

use std::io::{Read as _, Write as _};

use crate::program::{Server, set_mode};
use crate::{Org, peopled};

#[test]
fn a_file_that_is_not_ours_to_use_is_refused() {
    let org = peopled();
    let bytes = std::fs::read(org.db()).unwrap();
    let patched = |name: &str, at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        std::fs::write(org.path(name), bytes).unwrap();
        set_mode(&org.path(name), 0o600);
    };
    // The places of SQLite's header: https://sqlite.org/fileformat2.html §1.3.
    patched("foreign.db", 68, b"\0\0\0\x2a");
    patched("newer.db", 60, b"\0\x0f\x42\x40");
    patched("no-sqlite.db", 0, b"PK\x03\x04 no database");
    std::fs::write(org.path("empty.db"), b"").unwrap();
    std::fs::write(org.path("text.db"), "name,email\n".repeat(500)).unwrap();
    for name in ["empty.db", "text.db"] {
        set_mode(&org.path(name), 0o600);
    }
    patched("open.db", 0, b"SQLite");
    set_mode(&org.path("open.db"), 0o644);
    std::fs::create_dir(org.path("folder.db")).unwrap();
    let cases = [
        ("foreign.db", "Usher"),
        ("newer.db", "newer"),
        ("no-sqlite.db", ""),
        ("empty.db", ""),
        ("text.db", ""),
        ("open.db", "chmod 600"),
        ("folder.db", ""),
        ("missing.db", "usher init"),
    ];
    for (name, part) in cases {
        let said = org.run(&["users", "--db", name]);
        assert_eq!(said.code, Some(1), "{name}: {said:?}");
        assert!(
            said.err.contains(name) && said.err.contains(part),
            "{name}: {}",
            said.err
        );
    }
    assert!(!org.path("missing.db").exists(), "looking makes no file");
    let again = org.run(&[
        "init",
        "--name",
        "Acme",
        "--seats",
        "5",
        "--owner",
        "x@acme.example",
    ]);
    assert_eq!(again.code, Some(1), "{again:?}");
    org.type_in("audit verify").ok();
}

#[test]
fn a_backup_is_the_database_and_can_be_put_back() {
    let org = peopled();
    let said: serde_json::Value =
        serde_json::from_str(&org.type_in("backup copy.db --format json").ok()).unwrap();
    assert_eq!(
        said,
        serde_json::json!({"file": "copy.db", "copy_of": "usher.db"})
    );
    assert_eq!(
        org.type_in("backup other.db --format csv").ok(),
        "file,copy_of\r\nother.db,usher.db\r\n"
    );
    let then = org.head();
    org.type_in("deactivate ana@acme.example --yes").ok();
    let now = org.head();
    let said = org.type_in("restore copy.db");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("--yes"), "{}", said.err);
    assert_eq!(org.head(), now);
    let server = org.serve();
    let said = org.type_in("restore copy.db --yes");
    assert_eq!(said.code, Some(1), "while a server has it open: {said:?}");
    assert_eq!(server.stop(), Some(0));
    org.type_in("restore copy.db --yes").ok();
    assert_eq!(org.head(), then);
    assert_eq!(org.status("ana@acme.example"), "active");
    org.type_in("audit verify").ok();
    org.type_in("restore copy.db --db elsewhere.db").ok();
    assert_eq!(
        org.type_in("audit head --format json --db elsewhere.db")
            .ok(),
        then
    );
    for bad in ["missing.db", ".", org.db().to_str().unwrap()] {
        assert_eq!(org.run(&["restore", bad, "--yes"]).code, Some(1), "{bad}");
        assert_eq!(org.head(), then, "{bad}");
    }
}

/// Changes the database by other means than Usher.
fn tamper(org: &Org, sql: &str) {
    let conn = rusqlite::Connection::open(org.db()).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[test]
fn an_end_of_the_history_that_was_cut_off_is_noticed_by_whoever_kept_it() {
    let org = Org::with_seats(5);
    org.type_in("create ana@acme.example --no-mail --yes").ok();
    // Nothing else in the file tells of an edit.
    org.type_in("edit ana@acme.example --set title=Lead --yes")
        .ok();
    let kept = org.type_in("audit head --format json").ok();
    std::fs::write(org.path("head.json"), &kept).unwrap();
    let head: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let typed = format!("{}:{}", head["seq"], head["hash"].as_str().unwrap());
    org.type_in("edit ana@acme.example --set title=Head --yes")
        .ok();
    for against in ["head.json", &typed] {
        let said = org
            .type_in(&format!("audit verify --against {against}"))
            .ok();
        assert!(
            said.contains("goes through the end that was kept"),
            "{said}"
        );
    }
    for bad in ["nothing.json", "copy.db", "7:ab"] {
        let said = org.type_in(&format!("audit verify --against {bad}"));
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    tamper(
        &org,
        "PRAGMA foreign_keys = OFF; DROP TRIGGER events_are_not_removed; \
         DELETE FROM events WHERE batch >= (SELECT max(seq) - 1 FROM batches); \
         DELETE FROM batches WHERE seq >= (SELECT max(seq) - 1 FROM batches);",
    );
    org.type_in("audit verify").ok();
    let said = org.type_in("audit verify --against head.json");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("cut off"), "{said:?}");
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("never: {what}");
}

/// Whether a server has come as far as answering, and so hears that it is to stop.
fn answers(server: &Server) -> bool {
    let Ok(mut stream) = std::net::TcpStream::connect(server.address) else {
        return false;
    };
    let head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(head).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[test]
fn a_history_that_was_written_anew_is_found_by_what_the_server_has_noted_elsewhere() {
    let org = Org::with_seats(5);
    std::fs::create_dir(org.path("elsewhere")).unwrap();
    let heads = org.path("elsewhere/heads");
    let serve = || {
        let server = org.serve_with(&["--audit-heads", "elsewhere/heads"]);
        until("it answers", || answers(&server));
        assert_eq!(server.stop(), Some(0));
    };
    org.type_in("create ana@acme.example --no-mail --yes").ok();
    serve();
    let verify = || org.type_in("audit verify --heads elsewhere/heads");
    let said = verify().ok();
    assert!(
        said.contains("all 2 ends"),
        "at the start and at the end: {said}"
    );
    std::fs::copy(org.db(), org.path("older.db")).unwrap();
    org.type_in("create bo@acme.example --no-mail --yes").ok();
    serve();
    let text = std::fs::read_to_string(&heads).unwrap();
    let seqs: Vec<i64> = text
        .lines()
        .map(|it| it.split(' ').nth(1).unwrap().parse().unwrap())
        .collect();
    assert!(
        seqs.len() == 4 && seqs.is_sorted() && seqs[0] < seqs[3],
        "{seqs:?}"
    );
    assert!(verify().ok().contains("all 4 ends"));
    // Somebody puts the older file back and lets another history come of it.
    for rest in ["-wal", "-shm"] {
        let mut beside = org.db().into_os_string();
        beside.push(rest);
        let _ = std::fs::remove_file(beside);
    }
    std::fs::copy(org.path("older.db"), org.db()).unwrap();
    for name in ["cleo", "dan"] {
        org.type_in(&format!("create {name}@acme.example --no-mail --yes"))
            .ok();
    }
    org.type_in("audit verify").ok();
    let said = verify();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("line 3 of elsewhere/heads"), "{said:?}");
    // What a crash has left of a line is told, and the next one begins anew.
    std::fs::write(&heads, format!("{text}2027-01")).unwrap();
    serve();
    let said = verify();
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("line 5 of"), "{said:?}");
    assert_eq!(std::fs::read_to_string(&heads).unwrap().lines().count(), 7);
    for bad in ["nothing", "copy.db"] {
        let said = org.type_in(&format!("audit verify --heads {bad}"));
        assert_eq!(said.code, Some(2), "{said:?}");
    }
}

#[test]
fn the_end_of_the_history_is_not_to_be_noted_beside_the_database() {
    let org = Org::with_seats(5);
    let server = org.serve_with(&["--audit-heads", "heads"]);
    until("it answers", || answers(&server));
    assert_eq!(server.stop(), Some(0));
    let log = std::fs::read_to_string(org.path("server.log")).unwrap();
    assert!(log.contains("in the folder of the database"), "{log}");
    // A place that cannot be written keeps nobody from being served.
    let server = org.serve_with(&["--audit-heads", "no/such/folder/heads"]);
    let told = || std::fs::read_to_string(org.path("server.log")).unwrap();
    until("it is told", || {
        told().contains("cannot be noted in no/such")
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_doctor_sees_totals_that_are_not_true_and_pages_that_are_damaged() {
    let org = Org::with_seats(5);
    org.type_in("create ana@acme.example --no-mail --yes").ok();
    let database = || {
        let said = org.type_in("doctor");
        let line = said.out.lines().find(|it| it.contains("database"));
        line.map(str::to_owned)
            .unwrap_or_else(|| panic!("{said:?}"))
    };
    assert!(database().starts_with("ok"), "{}", database());
    for (sql, back) in [
        (
            "UPDATE pool_counters SET consumed = consumed - 1",
            "UPDATE pool_counters SET consumed = consumed + 1",
        ),
        (
            "UPDATE status_counts SET people = people + 1 WHERE status = 'active'",
            "UPDATE status_counts SET people = people - 1 WHERE status = 'active'",
        ),
    ] {
        tamper(&org, sql);
        assert!(database().starts_with("bad"), "{sql}: {}", database());
        tamper(&org, back);
        assert!(database().starts_with("ok"), "{back}: {}", database());
    }
    tamper(&org, "PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = std::fs::read(org.db()).unwrap();
    bytes.truncate(100_000);
    std::fs::write(org.db(), bytes).unwrap();
    let said = org.type_in("users");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("damaged"), "{said:?}");
}

#[test]
fn doctor_tells_what_it_can_of_a_damaged_file_and_every_command_says_what_to_do() {
    let org = peopled();
    org.type_in("backup whole.db").ok();
    let whole = std::fs::read(org.path("whole.db")).unwrap();
    let pages = whole.len() / 4_096;
    for page in (1..pages).step_by(11) {
        let mut damaged = whole.clone();
        damaged[page * 4_096..(page + 1) * 4_096].fill(0xa5);
        let file = org.path("damaged.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(org.path(&format!("damaged.db{suffix}")));
        }
        std::fs::write(&file, &damaged).unwrap();
        set_mode(&file, 0o600);
        let said = org.type_in("doctor --db damaged.db");
        assert_eq!(said.code, Some(1), "page {page}: {said:?}");
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("keep"), "page {page}: {told}");
        // Unless it cannot be opened at all, the other looks are there.
        if !said.out.is_empty() {
            for look in ["database", "permissions", "disk", "time", "outbox"] {
                assert!(said.out.contains(look), "page {page}, {look}: {told}");
            }
        }
        let said = org.type_in("users --db damaged.db");
        if said.code != Some(0) {
            assert!(said.err.contains("keep"), "page {page}: {said:?}");
        }
    }
}

#[test]
fn what_an_init_that_was_killed_left_is_not_in_the_way() {
    let org = Org::with_seats(3);
    for name in ["new.db.part", "new.db.part-wal"] {
        std::fs::write(org.path(name), b"SQLite format 3\0 half").unwrap();
    }
    org.type_in("init --name Acme --seats 2 --owner owner@acme.example --db new.db")
        .ok();
    assert_eq!(org.json("users --db new.db").as_array().unwrap().len(), 1);
    for name in ["new.db.part", "new.db.part-wal", "new.db.part-shm"] {
        assert!(!org.path(name).exists(), "{name}");
    }
    let again = org.type_in("init --name Acme --seats 2 --owner owner@acme.example --db new.db");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(
        again.err.contains("use the database that is there"),
        "{again:?}"
    );
}

#[test]
fn a_backup_of_another_organization_replaces_nothing_unless_that_is_said() {
    let (org, other) = (peopled(), Org::with_seats(3));
    other.type_in("backup theirs.db").ok();
    std::fs::copy(other.path("theirs.db"), org.path("theirs.db")).unwrap();
    let before = org.head();
    let said = org.type_in("restore theirs.db --yes");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("another organization"), "{said:?}");
    assert_eq!(org.head(), before);
    let said = org.type_in("restore gone.db");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("gone.db: is not there; name a file"),
        "{said:?}"
    );
    org.type_in("restore theirs.db --yes --another-organization")
        .ok();
    assert_eq!(org.json("users").as_array().unwrap().len(), 1);
}
