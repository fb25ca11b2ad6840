//! Erasing (DESIGN §6): every copy of personal data goes, from every file, and the rest stays true.

use std::net::IpAddr;
use std::path::Path;

use usher_core::change::Change;
use usher_core::command::{
    Command, Create, Edit, FieldEdit, Import, Invite, NewPerson, OwnRecords, SetPassword,
};
use usher_core::directory::HistoryPage;
use usher_core::import::Mode;
use usher_core::model::{
    Actor, Door, EmailAddress, Field, FieldKind, FoundBy, GroupRole, Language, NewAsked,
    NewIndividual, Permission, Profile, Record, RecordState, Setting, Status, TrainingKind, UserId,
};
use usher_core::password::Password;
use usher_core::{Error, Session, Source};

use crate::org::{Org, newcomer, skips};

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

    /// Every text and number that a table holds, to be looked for in the files later.
    fn values(&self, sql: &str) -> Vec<Vec<u8>> {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(match row.get_ref(0)? {
                rusqlite::types::ValueRef::Text(it) | rusqlite::types::ValueRef::Blob(it) => {
                    it.to_vec()
                }
                other => panic!("{other:?} is no text"),
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// How many of these values stand in any file of the database or beside it.
    fn left_of(&self, values: &[Vec<u8>]) -> usize {
        let beside = std::fs::read_dir(self.path.parent().unwrap()).unwrap();
        let files: Vec<Vec<u8>> = beside
            .map(|it| std::fs::read(it.unwrap().path()).unwrap())
            .collect();
        let stands = |value: &&Vec<u8>| {
            let mut files = files.iter();
            files.any(|it| it.windows(value.len()).any(|it| it == value.as_slice()))
        };
        values.iter().filter(stands).count()
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
    org.apply(crate::join::agree(&[
        (Setting::JoinPage, "on"),
        (Setting::JoinAllow, "*"),
    ]));
    let wisher = marked(Field::Email, 1).parse().unwrap();
    let wish = org.directory.wish_to_join(&wisher, Language::English);
    assert!(wish.unwrap().is_some());
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
                overriding: true,
                ..Edit::of(*id)
            }));
        }
        if round == 0 {
            org.directory.settle().unwrap();
        }
    }
    // What the provider asked: about them, about nobody yet but by a name that they had or have, and about somebody else
    // whose manager they are.
    let body = Some(format!("{{\"nickName\":\"{MARK} asked\"}}"));
    let asked = |user, name: String| NewAsked {
        method: "POST",
        path: "/Users".into(),
        status: 409,
        error: Some(format!("{MARK} is taken")),
        user,
        body: body.clone(),
        names: vec![name.to_uppercase()],
        taken: Some((FoundBy::ExternalId, org.user("owner").id)),
        goes_by: Some(format!("{MARK} goes by")),
        ..NewAsked::default()
    };
    let owner = org.user("owner").id;
    let rows = vec![
        asked(Some(people[0]), String::new()),
        asked(None, marked(Field::Email, 3)),
        asked(None, format!("{MARK}-external")),
        asked(Some(owner), marked(Field::UserName, 22)),
    ];
    let (kept, waiting) = std::sync::mpsc::channel();
    scim.keep_asked(rows, move |noted| kept.send(noted).unwrap());
    waiting.recv().unwrap().unwrap();
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

fn account(email: &str, i: usize) -> NewIndividual {
    let name = |what: &str| Some(format!("{MARK} {what} of {i}"));
    let record = |training: String| Record {
        training,
        state: RecordState::Started,
        on: None,
        transferred: false,
    };
    NewIndividual {
        email: email.parse::<EmailAddress>().unwrap(),
        first_name: name("first"),
        last_name: name("last"),
        records: vec![
            record("Basics".into()),
            record(format!("{MARK} learnt elsewhere")),
        ],
    }
}

#[test]
fn erasing_destroys_custom_fields_accounts_of_their_own_passwords_and_names_at_other_systems() {
    let mut org = Org::new(50);
    for (name, kind) in [("Room", FieldKind::Text), ("Born", FieldKind::Date)] {
        org.apply(Command::AddField {
            name: name.into(),
            kind,
            set: FieldEdit::default(),
        });
    }
    org.add_training("Basics", TrainingKind::Course, None);
    org.add_group("Sales");
    let email = |i: usize| format!("{MARK}{i}@acme.example");
    // One account comes along, one is left behind, one is of an address that its person has no more.
    org.apply(Command::ImportIndividuals {
        accounts: (1..4).map(|i| account(&email(i), i)).collect(),
    });
    let undone = org.apply(Command::ImportIndividuals {
        accounts: vec![account(&email(4), 4)],
    });
    org.apply(Command::Undo {
        batch: undone.batch.unwrap(),
    });
    let person = |i: usize| NewPerson {
        profile: Profile {
            email: Some(email(i)),
            first_name: Some(format!("{MARK} twin")),
            last_name: Some(format!("{MARK} twin")),
            ..Profile::default()
        },
        fields: vec![("Room".into(), format!("{MARK} room {i}"))],
        ..NewPerson::default()
    };
    org.apply(Command::Invite(Invite {
        people: (1..5).map(person).collect(),
        groups: vec![("Sales".into(), GroupRole::Learner)],
        pools: vec![],
        mail: true,
        send_on: None,
    }));
    let name = |i: usize| format!("{MARK}{i}");
    org.accept_with(&name(1), OwnRecords::Transfer).unwrap();
    org.accept(&name(2)).unwrap();
    let people: Vec<UserId> = (1..5).map(|i| org.user(&name(i)).id).collect();
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some(email(30)))],
        ..Edit::of(people[2])
    }));
    org.apply(Command::Edit(Edit {
        fields: vec![
            ("Room".into(), Some(format!("{MARK} next room"))),
            ("Born".into(), Some("1989-11-09".into())),
        ],
        ..Edit::of(people.clone())
    }));
    // Passwords, what was tried, and where they were seen.
    for (i, user) in people.iter().enumerate().take(2) {
        let text = format!("{MARK} tunnel orbit fudge {i}");
        let password = Password::choose(&text, &[]).unwrap();
        let set = SetPassword {
            user: *user,
            password: Some(org.directory.hash_password(&password).unwrap()),
        };
        org.apply(Command::SetPassword(set));
        let source = Source::Person(IpAddr::from([198, 51, 100, 7]));
        for tried in [text.as_str(), &format!("{MARK} wrong")] {
            let email = email(i + 1);
            org.directory.sign_in(&email, tried, source).unwrap();
        }
        org.seen(&name(i + 1), org.directory.now());
    }
    org.apply(Command::MailPasswordLink {
        who: people[0].into(),
    });
    // An administrator, by their name at the operating system, and what was asked for them.
    org.permit(&name(1), Permission::ManageUsers);
    org.permit(&name(1), Permission::AuthorizedPurchaser);
    org.apply(Command::LinkSystemUser {
        system_user: format!("{MARK}-login"),
        who: people[0].into(),
    });
    let line = format!(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 {MARK}-key"
    );
    org.apply(Command::AddSshKey {
        who: people[0].into(),
        key: usher_core::model::SshKey::parse(&line).unwrap(),
    });
    let ssh_keys = org.values("SELECT fingerprint FROM ssh_keys");
    org.directory.settle().unwrap();
    assert!(!org.files_with_mark().is_empty());
    let hashes = org.values("SELECT hash FROM passwords");
    let keys =
        org.values("SELECT key FROM person_keys JOIN users ON id = user WHERE email LIKE 'zqxj%'");
    let account_keys = org.values("SELECT key FROM individual_keys");
    assert_eq!((hashes.len(), keys.len(), account_keys.len()), (2, 4, 4));

    org.apply(Command::Delete {
        who: people.clone().into(),
    });
    org.apply(Command::Erase { who: people.into() });
    let all_gone = |org: &Org, when: &str| {
        assert_eq!(org.files_with_mark(), Vec::<String>::new(), "{when}");
        for (what, values) in [
            ("hashes", &hashes),
            ("keys", &keys),
            ("keys of accounts", &account_keys),
            ("keys to come in with", &ssh_keys),
        ] {
            assert_eq!(org.left_of(values), 0, "{what} {when}");
        }
    };
    all_gone(&org, "while it is open");
    org.reopen();
    org.directory.settle().unwrap();
    all_gone(&org, "after it was closed");
    org.assert_chain();
}

#[test]
fn erasing_leaves_an_account_alone_whose_address_is_somebody_else_s_now() {
    let org = Org::new(9);
    org.apply(Command::ImportIndividuals {
        accounts: vec![account("shared@acme.example", 1)],
    });
    org.create("shared");
    let first = org.user("shared").id;
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("first@acme.example".into()))],
        ..Edit::of(first)
    }));
    org.invite("shared");
    org.apply(Command::Delete { who: first.into() });
    org.apply(Command::Erase { who: first.into() });
    let session = org.cli();
    let read = session.read().unwrap();
    assert!(read.individual("shared@acme.example").unwrap().is_some());
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

/// What history says of a setting, oldest first.
fn said_of(org: &Org, setting: Setting) -> Vec<(Option<String>, Option<String>)> {
    let read = org.cli();
    let read = read.read().unwrap();
    let page = HistoryPage {
        limit: 200,
        ..HistoryPage::default()
    };
    let events = read.history(&page).unwrap().into_iter();
    events
        .filter_map(|it| match it.change {
            Some(Change::Setting {
                setting: of,
                before,
                after,
            }) if of == setting => Some((before, after)),
            _ => None,
        })
        .collect()
}

#[test]
fn erasing_takes_the_person_s_addresses_out_of_the_settings_and_their_history() {
    let mut org = Org::new(9);
    let set = |setting, value: &str| Command::SetSetting {
        setting,
        value: Some(value.to_owned()),
    };
    let old = format!("{MARK}-old@acme.example");
    let now = format!("{MARK}-now@acme.example");
    let list = format!("{old},acme.example,bo@acme.example");
    let first = org.apply(set(Setting::JoinAllow, &list));
    org.apply(set(Setting::HelpContact, &now.to_uppercase()));
    org.create(&format!("{MARK}-old bo"));
    let ana = org.user(&format!("{MARK}-old")).id;
    let bo = org.user("bo").id;
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some(now.clone()))],
        ..Edit::of(ana)
    }));
    org.apply(set(Setting::JoinAllow, &format!("{now},{list}")));
    let next = org.apply(set(Setting::JoinAllow, &list));
    // Until then history says what it said.
    assert_eq!(
        said_of(&org, Setting::JoinAllow),
        [
            (None, Some(list.clone())),
            (Some(list.clone()), Some(format!("{now},{list}"))),
            (Some(format!("{now},{list}")), Some(list.clone())),
        ]
    );
    org.apply(Command::Delete { who: ana.into() });
    let plan = org.plan(Command::Erase { who: ana.into() }).unwrap();
    let settings = |plan: &usher_core::Plan| {
        let settings = plan.changes.iter().filter_map(|it| match &*it {
            Change::Setting {
                setting,
                before,
                after,
            } => Some((*setting, before.clone(), after.clone())),
            _ => None,
        });
        settings.collect::<Vec<_>>()
    };
    assert_eq!(
        settings(&plan),
        [
            (
                Setting::JoinAllow,
                Some("(erased),acme.example,bo@acme.example".to_owned()),
                Some("acme.example,bo@acme.example".to_owned()),
            ),
            (Setting::HelpContact, Some("(erased)".to_owned()), None),
        ]
    );
    let erased = org.apply(Command::Erase { who: ana.into() });
    assert!(!erased.plan.has_undo());
    org.reopen();
    org.directory.settle().unwrap();
    assert_eq!(org.files_with_mark(), Vec::<String>::new());
    org.assert_chain();
    let rest = "(erased),acme.example,bo@acme.example".to_owned();
    assert_eq!(
        said_of(&org, Setting::JoinAllow),
        [
            (None, Some(rest.clone())),
            (Some(rest.clone()), Some(format!("(erased),{rest}"))),
            (Some(format!("(erased),{rest}")), Some(rest.clone())),
            (Some(rest), Some("acme.example,bo@acme.example".to_owned())),
        ]
    );
    for batch in [first, next, erased] {
        let plan = org.plan(Command::Undo {
            batch: batch.batch.unwrap(),
        });
        let plan = plan.unwrap();
        assert_eq!(settings(&plan), []);
        assert!(
            skips(&plan)
                .iter()
                .any(|it| it.contains("named somebody who was erased; set it anew")),
            "{:?}",
            skips(&plan)
        );
    }
    // The scheduler's erasing takes them out as well, and leaves a setting none that has nobody left.
    org.apply(set(Setting::JoinAllow, "bo@acme.example"));
    org.apply(Command::Delete { who: bo.into() });
    org.tick(40 * 86_400_000);
    assert_eq!(org.do_due(), 1);
    let read = org.cli();
    let read = read.read().unwrap();
    assert_eq!(read.user(bo).unwrap().unwrap().status, Status::Erased);
    assert_eq!(read.setting(Setting::JoinAllow).unwrap().value, None);
}

#[test]
fn erasing_leaves_an_address_in_the_settings_that_is_somebody_else_s_now() {
    let org = Org::new(9);
    org.apply(crate::join::agree(&[(
        Setting::JoinAllow,
        "shared@acme.example",
    )]));
    org.create("shared");
    let first = org.user("shared").id;
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("first@acme.example".into()))],
        ..Edit::of(first)
    }));
    org.create("shared");
    org.apply(Command::Delete { who: first.into() });
    org.apply(Command::Erase { who: first.into() });
    let said = said_of(&org, Setting::JoinAllow);
    assert_eq!(said, [(None, Some("shared@acme.example".to_owned()))]);
}

#[test]
fn erasing_destroys_views_of_others_that_name_a_former_address_and_what_a_row_of_a_file_said() {
    let mut org = Org::new(9);
    let old = format!("{MARK}-old");
    org.create(&format!("{old} bo"));
    let ana = org.user(&old).id;
    let view = |name: &str, query: &str| usher_core::model::View {
        name: name.into(),
        query: query.into(),
        columns: Vec::new(),
        sort: "name".into(),
        descending: false,
    };
    let cli = org.cli();
    cli.save_view(view("Mine", &format!("email:{old}@acme.example")))
        .unwrap();
    cli.save_view(view("Others", "email:bo@acme.example"))
        .unwrap();
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("ana@acme.example".into()))],
        ..Edit::of(ana)
    }));
    // Somebody asks to join by it, though it is nobody's by now.
    org.apply(crate::join::agree(&[
        (Setting::JoinPage, "on"),
        (Setting::JoinAllow, "*"),
    ]));
    let former = format!("{old}@acme.example").parse().unwrap();
    let wish = org.directory.wish_to_join(&former, Language::English);
    assert!(wish.unwrap().is_some());
    // A row that is left out is told with what stands in it; a repeated request is told that it was left out.
    let file = format!("email|groups\ncleo@acme.example|\ndora@acme.example|{old}'s friends");
    let import = || {
        Command::Import(Import {
            partial: true,
            ..crate::imports::import(&file, Mode::Create)
        })
    };
    let keyed = || {
        let door = crate::imports::door(&org);
        let mut request = door.request(import());
        request.key = Some("file".into());
        door.apply(request, None).unwrap().plan
    };
    let reasons = |plan: &usher_core::Plan| {
        let skipped = plan.skipped.iter().map(|it| it.reason.clone());
        skipped.collect::<Vec<_>>()
    };
    assert!(reasons(&keyed())[0].contains(MARK));
    assert_eq!(reasons(&keyed()), ["row 3: left out"]);
    drop(cli);
    org.directory.settle().unwrap();
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    org.reopen();
    org.directory.settle().unwrap();
    assert_eq!(org.files_with_mark(), Vec::<String>::new());
    let cli = org.cli();
    let views = cli.read().unwrap().views(Actor::FileOwner).unwrap();
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].name, "Others");
}
