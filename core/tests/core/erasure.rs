//! Erasing (DESIGN §6): every copy of personal data goes, from every file, and the rest stays true.

use std::path::Path;

use usher_core::command::{Command, Create, Edit, Invite, NewPerson};
use usher_core::model::{Actor, Door, Field, Profile, UserId};
use usher_core::{Error, Session};

use crate::org::{Org, newcomer};

/// What is looked for: nothing in the program or the schema says it, in any case.
const MARK: &str = "zqxjmark";

/// The value with the mark that a field takes.
fn marked(field: Field, i: usize) -> String {
    match field {
        Field::Email => format!("{MARK}{i}@acme.example"),
        Field::DeactivateOn | Field::DeleteOn => format!("2030-01-{:02}", i % 28 + 1),
        Field::Language => format!("de-{}", &MARK[..8]),
        Field::Kept => format!("{{\"nickName\":\"{MARK} kept {i}\"}}"),
        other => format!("{MARK} {} {i}", other.as_str()),
    }
}

fn profile(i: usize) -> Profile {
    let mut profile = Profile::default();
    for field in Field::ALL {
        profile.set(field, Some(marked(field, i)));
    }
    profile
}

/// Whether a file holds the mark, in any case, or begins to: full-text indexes keep pieces.
fn holds_mark(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap().to_ascii_lowercase();
    bytes.windows(MARK.len()).any(|it| it == MARK.as_bytes())
}

impl Org {
    /// The files of the database and beside it that hold the mark.
    fn files_with_mark(&self) -> Vec<String> {
        let beside = std::fs::read_dir(self.path.parent().unwrap()).unwrap();
        let files = beside
            .map(|it| it.unwrap().path())
            .filter(|it| holds_mark(it));
        files
            .map(|it| it.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    fn keyed(&self, session: &Session, command: Command, key: &str) -> UserId {
        self.tick(1);
        let mut request = session.request(command);
        request.key = Some(key.into());
        session
            .apply(request, None)
            .unwrap()
            .user
            .unwrap_or_else(|| self.newest())
    }

    fn newest(&self) -> UserId {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let sql = "SELECT id FROM users ORDER BY seq DESC LIMIT 1";
        UserId::from_bytes(conn.query_row(sql, [], |row| row.get(0)).unwrap())
    }
}

#[test]
fn erasing_destroys_every_copy_from_every_door_and_every_file() {
    let mut org = Org::new(50);
    let (okta, _) = org.connect("okta", usher_core::model::NewPeople::Active);
    let person = |i| NewPerson {
        profile: profile(i),
        ..NewPerson::default()
    };
    let cli = org.cli();
    let scim = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
    let mut people = vec![
        org.keyed(
            &cli,
            Command::Create(Create {
                people: vec![person(1)],
                groups: vec![],
                pools: vec![],
                mail: true,
            }),
            "one",
        ),
        org.keyed(
            &cli,
            Command::Invite(Invite {
                people: vec![person(2)],
                groups: vec![],
                pools: vec![],
                send_on: None,
                mail: true,
            }),
            "two",
        ),
    ];
    let mut provision = newcomer(&format!("{MARK}3"), &format!("{MARK}-external"));
    let set = Field::ALL.map(|it| (it, Some(marked(it, 3))));
    provision.set = set.to_vec();
    people.push(org.keyed(&scim, Command::Provision(provision), "three"));
    org.directory.settle().unwrap();
    // Values that were replaced, before and after they were indexed, are copies too.
    for round in 0..2 {
        for (i, id) in people.iter().enumerate() {
            let set = Field::ALL.map(|it| (it, Some(marked(it, 10 + 10 * round + i))));
            org.apply(Command::Edit(Edit {
                set: set.to_vec(),
                ..Edit::of(*id)
            }));
        }
        if round == 0 {
            org.directory.settle().unwrap();
        }
    }
    drop((cli, scim));
    assert!(
        org.files_with_mark().contains(&"usher.db".to_owned()) || !org.files_with_mark().is_empty()
    );
    let batches: Vec<_> = org.cli().read().unwrap().batches(None, 100).unwrap();
    let seats = org.seats("access");
    org.apply(Command::Delete {
        who: people.clone().into(),
    });
    org.apply(Command::Erase {
        who: people.clone().into(),
    });
    assert_eq!(
        org.files_with_mark(),
        Vec::<String>::new(),
        "while it is open"
    );
    org.reopen();
    org.directory.settle().unwrap();
    assert_eq!(
        org.files_with_mark(),
        Vec::<String>::new(),
        "and after it was closed"
    );
    // The history keeps its chain and its length; undoing tells whom it skips; counts stay true.
    org.assert_chain();
    assert_eq!(
        org.cli().read().unwrap().batches(None, 100).unwrap().len(),
        batches.len() + 2
    );
    assert_eq!(org.seats("access").0, seats.0 - 3);
    for batch in batches {
        match org.try_apply(Command::Undo { batch: batch.id }) {
            Ok(_)
            | Err(Error::Conflict { .. } | Error::Invalid { .. } | Error::Forbidden { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(org.files_with_mark(), Vec::<String>::new());
}

#[test]
fn erasing_leaves_a_person_no_row_but_what_counts_and_history_need() {
    let org = Org::new(9);
    org.create("ana");
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    let ana = org.user("ana").id;
    org.directory.settle().unwrap();
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let sql = "SELECT m.name, p.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p \
        WHERE m.type = 'table' AND p.name IN ('user', 'manager')";
    let mut statement = conn.prepare(sql).unwrap();
    let tables = statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .unwrap();
    let stays = [
        "events",
        "licenses",
        "memberships",
        "assignments",
        "leavers_holding",
    ];
    for (table, column) in tables.map(Result::unwrap) {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
        let rows: i64 = conn
            .query_row(&sql, [ana.as_bytes()], |row| row.get(0))
            .unwrap();
        assert!(
            rows == 0 || stays.contains(&table.as_str()),
            "{table} still has {rows} rows of them"
        );
    }
}
