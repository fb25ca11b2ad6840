//! History is append-only, chained, and says which link is bad; erasure and restore leave it whole.

use usher_core::command::{Command, Edit};
use usher_core::directory::HistoryPage;
use usher_core::model::{Actor, Door, Field, Status};
use usher_core::query::Expr;
use usher_core::{Directory, Session};

use crate::org::{Org, assert_error};

fn first_bad(session: &Session) -> Option<i64> {
    session
        .read()
        .unwrap()
        .audit_verify()
        .unwrap()
        .first_bad
        .map(|it| it.seq)
}

/// Opens the file behind the core's back, without the triggers that protect history.
fn back_door(org: &Org) -> rusqlite::Connection {
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute_batch("DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_removed; PRAGMA foreign_keys = OFF").unwrap();
    conn
}

#[test]
fn the_first_bad_link_is_named_whatever_was_tampered_with() {
    for (sql, bad) in [
        ("UPDATE events SET body = x'5b5d' WHERE seq = 8", 8),
        ("UPDATE events SET kind = 'accepted' WHERE seq = 9", 9),
        ("UPDATE events SET user = zeroblob(16) WHERE seq = 7", 7),
        ("DELETE FROM events WHERE seq = 7", 7),
        ("DELETE FROM events WHERE seq > 10", 11),
        (
            "UPDATE batches SET actor_kind = 'scheduler' WHERE seq = 2",
            6,
        ),
        ("UPDATE batches SET at = at + 1 WHERE seq = 3", 8),
        ("DELETE FROM batches WHERE seq = 3", 8),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = 6", 6),
    ] {
        let org = Org::new(9);
        org.create("ana");
        org.create("bo");
        org.deactivate("ana bo");
        assert_eq!(first_bad(&org.cli()), None);
        back_door(&org).execute_batch(sql).unwrap();
        assert_eq!(first_bad(&org.cli()), Some(bad), "{sql}");
    }
}

/// With the reason, and whatever is left: an end that was cut off leaves a chain that holds.
#[test]
fn an_end_of_the_history_that_is_gone_is_told_by_what_is_still_there() {
    for (sql, bad, why) in [
        (
            "DELETE FROM events WHERE batch > 2",
            8,
            "of batch 3 nothing is there",
        ),
        ("DELETE FROM events", 1, "of batch 1 nothing is there"),
        (
            "DELETE FROM events WHERE batch > 4; DELETE FROM batches WHERE seq > 4",
            11,
            "of the pool access there are 1 held",
        ),
        (
            "DELETE FROM events WHERE batch > 3; DELETE FROM batches WHERE seq > 3",
            10,
            "of groups there are 1, and the history made 0",
        ),
        (
            "DELETE FROM events WHERE batch > 2; DELETE FROM batches WHERE seq > 2",
            8,
            "of people there are 3, and the history made 2",
        ),
        (
            "DELETE FROM events; DELETE FROM batches",
            1,
            "of people there are 3",
        ),
    ] {
        let org = Org::new(9);
        org.create("ana");
        org.create("bo");
        org.apply(Command::AddGroup { name: "a".into() });
        org.deactivate("ana bo");
        let found = |org: &Org| {
            let session = org.cli();
            let report = session.read().unwrap().audit_verify().unwrap();
            report.first_bad
        };
        assert_eq!(found(&org), None);
        back_door(&org).execute_batch(sql).unwrap();
        let found = found(&org).expect(sql);
        assert!(found.why.contains(why), "{sql}: {}", found.why);
        assert_eq!(found.seq, bad, "{sql}: {}", found.why);
    }
}

#[test]
fn keys_of_living_people_that_are_gone_or_others_are_told() {
    let found = |sql: &str| {
        let org = Org::new(9);
        org.create("ana bo");
        let conn = rusqlite::Connection::open(&org.path).unwrap();
        conn.execute_batch(sql).unwrap();
        let session = org.cli();
        let read = session.read().unwrap();
        let report = read.audit_verify().unwrap();
        let faults = read.faults().unwrap().join("; ");
        (
            report.first_bad.map(|it| it.why).unwrap_or_default(),
            faults,
        )
    };
    assert_eq!(found(""), (String::new(), String::new()));
    let (_, faults) = found("DELETE FROM person_keys");
    assert!(faults.contains("has no key any more"), "{faults}");
    let (why, _) = found("UPDATE person_keys SET key = zeroblob(32)");
    assert!(
        why.contains("the key of whom it concerns is not what it was"),
        "{why}"
    );
}

#[test]
fn the_database_itself_refuses_to_change_history() {
    let org = Org::new(9);
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    for sql in ["UPDATE events SET body = x''", "DELETE FROM events"] {
        assert!(
            conn.execute(sql, [])
                .unwrap_err()
                .to_string()
                .contains("append-only"),
            "{sql}"
        );
    }
}

#[test]
fn erasing_destroys_personal_values_everywhere_and_leaves_the_chain_whole() {
    let org = Org::new(9);
    org.create("xavierantoine");
    let set = vec![(Field::Title, Some("Zauberlehrling".into()))];
    org.apply(Command::Edit(Edit {
        set,
        ..Edit::of(org.who("xavierantoine"))
    }));
    org.directory.settle().unwrap();
    let set = vec![(Field::Title, Some("Oberzauberer".into()))];
    org.apply(Command::Edit(Edit {
        set,
        ..Edit::of(org.who("xavierantoine"))
    }));
    let id = org.user("xavierantoine").id;
    org.apply(Command::Delete { who: id.into() });
    let bytes =
        |suffix: &str| std::fs::read(format!("{}{suffix}", org.path.display())).unwrap_or_default();
    let holds = |needle: &str| {
        ["", "-wal"].iter().any(|suffix| {
            bytes(suffix)
                .windows(needle.len())
                .any(|it| it.eq_ignore_ascii_case(needle.as_bytes()))
        })
    };
    assert!(holds("xavierantoine"));
    org.apply(Command::Erase { who: id.into() });
    for needle in ["xavierantoine", "Zauberlehrling", "Oberzauberer"] {
        assert!(!holds(needle), "{needle} is still in the file");
    }
    assert_eq!(first_bad(&org.cli()), None);
    let page = HistoryPage {
        user: Some(id),
        limit: 100,
        ..HistoryPage::default()
    };
    let history = org.cli().read().unwrap().history(&page).unwrap();
    assert!(history.len() >= 6);
    assert!(
        history
            .iter()
            .filter(|it| it.kind == "profile" || it.kind == "user_created")
            .all(|it| it.change.is_none())
    );
    assert!(
        history
            .iter()
            .any(|it| it.kind == "status" && it.change.is_some())
    );
}

#[test]
fn a_backup_is_sound_and_a_restore_erases_again_and_refuses_while_open() {
    let mut org = Org::new(9);
    org.create("ana bo");
    let copy = org.path.with_file_name("copy.db");
    org.directory.backup(&copy).unwrap();
    assert_error(org.directory.backup(&copy), "exists already");
    org.create("cleo");
    let ana = org.user("ana").id;
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    assert_error(
        Directory::restore(&copy, &org.path, &org.options),
        "open in another process",
    );
    let other = Org::new(1);
    org.directory = other.directory.clone();
    Directory::restore(&copy, &org.path, &org.options).unwrap();
    org.reopen();
    assert_eq!(
        org.roster(),
        "bo active access:consumed\nowner active access:consumed"
    );
    assert_eq!(
        org.cli()
            .read()
            .unwrap()
            .user(ana)
            .unwrap()
            .unwrap()
            .profile
            .email,
        None
    );
    org.assert_chain();
    std::fs::write(&copy, b"SQLite format 3\0 but not really").unwrap();
    assert_error(
        Directory::restore(&copy, &org.path, &org.options),
        "copy.db",
    );
}

#[test]
fn what_a_backup_that_was_killed_left_is_no_backup_and_the_next_one_takes_it_away() {
    let org = Org::new(9);
    org.create("ana");
    let folder = org.path.parent().unwrap();
    let copy = folder.join("copy.db");
    let part = folder.join("copy.db.part");
    let left = ["copy.db.part", "copy.db.part-journal", "copy.db.part-wal"];
    for name in left {
        std::fs::write(folder.join(name), b"SQLite format 3\0 half").unwrap();
    }
    // One that is being written is not taken away.
    let other = std::fs::File::open(&part).unwrap();
    other.lock().unwrap();
    assert_error(org.directory.backup(&copy), "is being written");
    assert!(part.exists() && !copy.exists());
    drop(other);
    org.directory.backup(&copy).unwrap();
    for name in left {
        assert!(!folder.join(name).exists(), "{name}");
    }
    let whole = Directory::open(&copy, org.options.clone()).unwrap();
    let session = whole.as_actor(Actor::FileOwner, Door::Cli);
    assert_eq!(first_bad(&session), None);
    drop((session, whole));
    assert_error(org.directory.backup(&copy), "exists already");
}

#[test]
fn a_restore_keeps_all_that_was_there_and_waits_for_other_programs() {
    let mut org = Org::new(9);
    org.create("ana");
    let copy = org.path.with_file_name("copy.db");
    org.directory.backup(&copy).unwrap();
    org.create("bo");
    let other = Org::new(1);
    org.directory = other.directory.clone();
    // Another program writes to the file and has it open, as a shell does.
    let shell = rusqlite::Connection::open(&org.path).unwrap();
    shell.execute("DELETE FROM saved_views", []).unwrap();
    let restored = || Directory::restore(&copy, &org.path, &org.options);
    assert_error(restored(), "is open in another program");
    drop(shell);
    restored().unwrap();
    let kept = format!("{}.before-restore-1", org.path.display());
    let kept = rusqlite::Connection::open(kept).unwrap();
    let sql = "SELECT count(*) FROM users WHERE email LIKE 'bo@%'";
    let bo: i64 = kept.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(bo, 1);
    org.reopen();
    assert!(!org.roster().contains("bo "), "{}", org.roster());
}

#[test]
fn another_hand_in_the_file_is_found() {
    let org = Org::new(9);
    org.add_pool("pro", 4);
    let faults = || org.cli().read().unwrap().faults().unwrap();
    assert_eq!(faults(), Vec::<String>::new());
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let trigger: String = conn
        .query_row(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    conn.execute_batch(&format!(
        "DROP TRIGGER {trigger}; CREATE TABLE mine (a); UPDATE pool_counters SET seat_limit = 7 WHERE seat_limit = 4"
    ))
    .unwrap();
    let found = faults().join("; ");
    for said in [
        &format!("the trigger {trigger} is missing or changed"),
        "the table mine is none of ours",
        "the pool pro hands out up to 7 licenses, and 4 were agreed",
    ] {
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn a_list_of_erased_people_with_a_torn_line_is_told_and_never_passed_over() {
    let mut org = Org::new(9);
    org.create("ana bo");
    let copy = org.path.with_file_name("copy.db");
    org.directory.backup(&copy).unwrap();
    let list = std::path::PathBuf::from(format!("{}-erased", org.path.display()));
    let erase = |org: &Org, name: &str| {
        let who = org.user(name).id;
        org.apply(Command::Delete { who: who.into() });
        org.apply(Command::Erase { who: who.into() });
        who
    };
    let ana = erase(&org, "ana");
    let whole = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, &whole[..whole.len() - 5]).unwrap();
    let bo = erase(&org, "bo");
    org.directory = Org::new(1).directory.clone();
    std::fs::remove_file(&org.path).unwrap();
    assert_error(
        Directory::restore(&copy, &org.path, &org.options),
        "line 1 of it is no id",
    );
    let mended = std::fs::read_to_string(&list).unwrap();
    std::fs::write(
        &list,
        mended.replacen(whole[..whole.len() - 5].trim_end(), whole.trim_end(), 1),
    )
    .unwrap();
    Directory::restore(&copy, &org.path, &org.options).unwrap();
    org.reopen();
    let read = org.cli();
    let read = read.read().unwrap();
    for who in [ana, bo] {
        assert_eq!(read.user(who).unwrap().unwrap().status, Status::Erased);
    }
}

#[test]
fn a_second_name_for_the_file_is_the_same_database() {
    let org = Org::new(9);
    let folder = org.path.parent().unwrap();
    let (copy, link) = (folder.join("copy.db"), folder.join("link.db"));
    org.directory.backup(&copy).unwrap();
    std::os::unix::fs::symlink(&org.path, &link).unwrap();
    assert_error(
        Directory::restore(&copy, &link, &org.options),
        "open in another process",
    );
    let second = Directory::open(&link, org.options.clone()).unwrap();
    assert_eq!(
        second
            .as_actor(Actor::FileOwner, Door::Cli)
            .read()
            .unwrap()
            .count_users(&Expr::Everybody)
            .unwrap(),
        1
    );
    drop(second);
    assert!(!folder.join("link.db-open").exists());
    std::fs::hard_link(&org.path, folder.join("hard.db")).unwrap();
    let hard = Directory::open(&folder.join("hard.db"), org.options.clone());
    assert_error(hard.map(|_| ()), "second name");
}
