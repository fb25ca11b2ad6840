//! Bad input of every kind: a clear error, nothing changed.

use usher_core::command::{Command, Edit, Invite, PoolEdit, parse_people};
use usher_core::model::{ConnectionPolicy, Field, GroupRole, Timestamp, UserId};
use usher_core::{Directory, Selection, query};

use crate::org::{Org, assert_error, invite};

fn invite_of(names: &str) -> Invite {
    let Command::Invite(command) = invite(names) else {
        unreachable!()
    };
    command
}

#[test]
fn every_bad_command_is_refused_in_words_and_changes_nothing() {
    let org = Org::new(3);
    org.create("ana");
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    let before = org.state();
    let nobody: UserId = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let pool = |set: PoolEdit| Command::SetPool {
        name: "access".parse().unwrap(),
        set,
    };
    let edit = |set: PoolEdit| Command::AddPool {
        name: "pro".parse().unwrap(),
        set,
    };
    let cases: Vec<(Command, &str)> = vec![
        (
            Command::Deactivate { who: nobody.into() },
            "there is no user",
        ),
        (
            Command::Edit(Edit {
                add_groups: vec![
                    ("Sales".into(), GroupRole::Learner),
                    ("sales".into(), GroupRole::Coach),
                ],
                ..Edit::of(org.who("ana"))
            }),
            "given twice",
        ),
        (
            Command::Edit(Edit {
                add_groups: vec![("Sales".into(), GroupRole::Learner)],
                remove_groups: vec!["Sales".into()],
                ..Edit::of(org.who("ana"))
            }),
            "given twice",
        ),
        (
            Command::Edit(Edit {
                set: vec![
                    (Field::Title, Some("A".into())),
                    (Field::Title, Some("B".into())),
                ],
                ..Edit::of(org.who("ana"))
            }),
            "title is given twice",
        ),
        (
            Command::Edit(Edit {
                set: vec![(Field::Labels, Some("a".into()))],
                add_labels: vec!["b".into()],
                ..Edit::of(org.who("ana"))
            }),
            "at once",
        ),
        (
            Command::Edit(Edit {
                add_labels: vec!["b".into()],
                remove_labels: vec!["B".into()],
                ..Edit::of(org.who("ana"))
            }),
            "label b is given twice",
        ),
        (
            Command::Invite(Invite {
                groups: vec![
                    ("Sales".into(), GroupRole::Learner),
                    ("SALES".into(), GroupRole::Learner),
                ],
                ..invite_of("bo")
            }),
            "given twice",
        ),
        (
            Command::Undo {
                batch: "01890000-0000-7000-8000-000000000000".parse().unwrap(),
            },
            "there is no batch",
        ),
        (
            pool(PoolEdit {
                purchased: Some(-1),
                ..PoolEdit::default()
            }),
            "not between 0 and",
        ),
        (
            pool(PoolEdit {
                recoverable: Some(false),
                ..PoolEdit::default()
            }),
            "always true for access",
        ),
        (
            pool(PoolEdit {
                at_capacity: Some("fallback:none".parse().unwrap()),
                ..PoolEdit::default()
            }),
            "no pool none",
        ),
        (
            edit(PoolEdit {
                at_capacity: Some("fallback:access".parse().unwrap()),
                ..PoolEdit::default()
            }),
            "cannot fall back",
        ),
        (
            Command::AddPool {
                name: "access".parse().unwrap(),
                set: PoolEdit::default(),
            },
            "a pool access already",
        ),
        (
            Command::Grant {
                who: org.who("ana"),
                pool: "access".parse().unwrap(),
                until: None,
            },
            "comes with the person",
        ),
        (
            Command::Grant {
                who: org.who("ana"),
                pool: "pro".parse().unwrap(),
                until: None,
            },
            "no pool pro",
        ),
        (Command::AddGroup { name: "  ".into() }, "is empty"),
        (
            Command::AddGroup {
                name: "a\u{202e}b".into(),
            },
            "invisible characters",
        ),
        (
            Command::AddConnection {
                name: "a b".into(),
                policy: ConnectionPolicy::default(),
            },
            "short word",
        ),
        (
            Command::RotateToken {
                name: "okta".into(),
                overlap_ms: 0,
            },
            "no connection okta",
        ),
        (
            Command::MoveInQueue {
                pool: "access".parse().unwrap(),
                who: Selection::Ids(vec![]),
                position: 1,
            },
            "not one person",
        ),
        (
            Command::MoveInQueue {
                pool: "access".parse().unwrap(),
                who: org.who("ana"),
                position: 0,
            },
            "is 0",
        ),
        (
            Command::Edit(Edit {
                set: vec![(Field::Email, Some("x@y.example".into()))],
                ..Edit::of(org.who("ana owner"))
            }),
            "cannot be set for several",
        ),
        (
            Command::Edit(Edit {
                manager: Some(Some("nobody".into())),
                ..Edit::of(org.who("ana"))
            }),
            "no user nobody",
        ),
        (
            Command::Edit(Edit {
                add_groups: vec![],
                remove_groups: vec!["x".into()],
                ..Edit::of(org.who("ana"))
            }),
            "no group x",
        ),
    ];
    for (command, words) in cases {
        assert_error(org.try_apply(command), words);
    }
    assert_eq!(org.state(), before);
}

#[test]
fn fields_are_checked_before_they_are_anything() {
    for (field, text, words) in [
        (Field::Email, "ana", "has no @"),
        (Field::Title, "a\u{1b}[2J", "control or invisible"),
        (Field::Title, &"x".repeat(513), "longer than 512"),
        (Field::UserName, "a\u{0}b", "control or invisible"),
        (Field::Labels, "a\u{200b}b", "control or invisible"),
    ] {
        assert_error(field.parse(text), words);
    }
    assert_eq!(Field::Title.parse("  ").unwrap(), None);
    assert_eq!(
        Field::Labels.parse("a, b;a").unwrap().as_deref(),
        Some("a,b")
    );
}

#[test]
fn pasted_addresses_are_read_as_people_write_them() {
    let (people, bad) = parse_people(
        "Ana Li <ana@acme.example>, bo@acme.example;cleo@acme.example\n\"Dora, M\" nonsense",
    );
    let emails: Vec<_> = people
        .iter()
        .filter_map(|it| it.profile.email.as_deref())
        .collect();
    assert_eq!(
        emails,
        ["ana@acme.example", "bo@acme.example", "cleo@acme.example"]
    );
    assert_eq!(people[0].profile.last_name.as_deref(), Some("Li"));
    assert_eq!(bad, ["Dora", "M", "nonsense"]);
}

#[test]
fn files_that_are_not_ours_newer_or_readable_by_others_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let org = Org::new(3);
    let folder = org.path.parent().unwrap();
    let open = |name: &str| Directory::open(&folder.join(name), org.options.clone()).map(|_| ());
    assert_error(open("missing.db"), "is not there");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::write(folder.join("text.db"), "hello").unwrap();
    assert_error(open("text.db"), "can be used by others");
    std::fs::set_permissions(folder.join("text.db"), private.clone()).unwrap();
    assert_error(open("text.db"), "not a database of Usher");
    rusqlite::Connection::open(folder.join("foreign.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    std::fs::set_permissions(folder.join("foreign.db"), private.clone()).unwrap();
    assert_error(open("foreign.db"), "not a database of Usher");
    org.directory.backup(&folder.join("newer.db")).unwrap();
    rusqlite::Connection::open(folder.join("newer.db"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert_error(open("newer.db"), "has schema 99");
    let exists = Directory::create(&org.path, &founding(), org.options.clone()).map(|_| ());
    assert_error(exists, "exists already");
}

fn founding() -> usher_core::Founding {
    usher_core::Founding {
        name: "X".into(),
        seats: 1,
        owner: "o@x.example".parse().unwrap(),
        time_zone: "UTC".parse().unwrap(),
    }
}

#[test]
fn no_query_text_panics_or_reaches_the_database_unparsed() {
    let org = Org::new(3);
    let now = Timestamp::from_millis(0);
    for text in [
        "'",
        "\"",
        "%",
        "a' OR 1=1 --",
        "title:'; DROP TABLE users",
        "\u{0}",
        "~~~",
        "\"a\"\"b\"",
        "x* NEAR y",
        "label:%",
    ] {
        if let Ok(query) = query::parse(text, now) {
            let cli = org.cli();
            let read = cli.read().unwrap();
            read.users_from(&query, 1, 5)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }
}
