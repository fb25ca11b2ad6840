//! An organization in a temporary folder, told in words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use usher_core::command::{
    Accept, Command, Create, Edit, Invite, NewPerson, OwnRecords, PoolEdit, Provision,
    ProvisionTarget, Request, WhenFull,
};
use usher_core::model::{
    Actor, ConnectionId, ConnectionPolicy, Door, Field, NewPeople, PoolName, Profile, Status,
    Timestamp, User, UserId,
};
use usher_core::query::Expr;
use usher_core::{
    Applied, Clock, Directory, Error, Founding, Options, Plan, Randomness, Result, Selection,
    Session,
};

/// A clock that moves only when told.
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Randomness that repeats itself run by run.
pub(crate) struct TestRandomness(AtomicU64);

impl Randomness for TestRandomness {
    fn seed(&self) -> [u8; 32] {
        let n = self.0.fetch_add(1, Ordering::SeqCst);
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&n.to_be_bytes());
        seed
    }
}

pub(crate) struct Org {
    pub(crate) directory: Directory,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
    // Last, so that the folder goes after the database is closed.
    _folder: tempfile::TempDir,
}

impl Org {
    /// An organization with that many seats, one of which its owner has.
    pub(crate) fn new(seats: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.db");
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000_000)));
        let randomness = Arc::new(TestRandomness(AtomicU64::new(0)));
        let options = Options {
            clock: clock.clone(),
            randomness,
            readers: 2,
        };
        let founding = Founding {
            name: "Acme".into(),
            seats,
            owner: "owner@acme.example".parse().unwrap(),
            time_zone: "Europe/Berlin".parse().unwrap(),
        };
        let directory = Directory::create(&path, &founding, options.clone()).unwrap();
        Self {
            directory,
            clock,
            path,
            options,
            _folder: folder,
        }
    }

    /// Closes and opens the database again.
    pub(crate) fn reopen(&mut self) {
        self.directory = Directory::open(&self.path, self.options.clone()).unwrap();
    }

    pub(crate) fn cli(&self) -> Session {
        self.directory.as_actor(Actor::FileOwner, Door::Cli)
    }

    pub(crate) fn tick(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn request(&self, command: Command) -> Request {
        self.tick(1);
        self.cli().request(command)
    }

    pub(crate) fn plan(&self, command: Command) -> Result<Plan> {
        self.cli().plan(&self.request(command))
    }

    pub(crate) fn try_apply(&self, command: Command) -> Result<Applied> {
        self.cli().apply(self.request(command), None)
    }

    pub(crate) fn apply(&self, command: Command) -> Applied {
        self.try_apply(command).unwrap()
    }

    pub(crate) fn apply_when_full(&self, command: Command, when_full: WhenFull) -> Applied {
        let request = Request {
            when_full,
            ..self.request(command)
        };
        self.cli().apply(request, None).unwrap()
    }

    /// The people of these first names, as `name@acme.example`.
    pub(crate) fn ids(&self, names: &str) -> Vec<UserId> {
        names
            .split_whitespace()
            .map(|it| self.user(it).id)
            .collect()
    }

    pub(crate) fn who(&self, names: &str) -> Selection {
        Selection::Ids(self.ids(names))
    }

    pub(crate) fn user(&self, name: &str) -> User {
        self.cli()
            .read()
            .unwrap()
            .find_user(&address(name))
            .unwrap()
    }

    pub(crate) fn invite(&self, names: &str) -> Applied {
        self.apply(invite(names))
    }

    pub(crate) fn create(&self, names: &str) -> Applied {
        self.apply(create(names))
    }

    pub(crate) fn deactivate(&self, names: &str) -> Applied {
        self.apply(Command::Deactivate {
            who: self.who(names),
        })
    }

    pub(crate) fn accept(&self, name: &str) -> Result<Applied> {
        self.accept_with(name, OwnRecords::StartFresh)
    }

    pub(crate) fn accept_with(&self, name: &str, records: OwnRecords) -> Result<Applied> {
        let user = self.user(name).id;
        let session = self.directory.as_actor(Actor::Person(user), Door::Page);
        self.tick(1);
        session.apply(
            session.request(Command::Accept(Accept {
                user,
                generation: None,
                set: Vec::new(),
                fields: Vec::new(),
                password: None,
                records,
            })),
            None,
        )
    }

    pub(crate) fn set_manager(&self, name: &str, manager: &str) -> Applied {
        let edit = Edit {
            manager: Some(Some(address(manager))),
            ..Edit::of(self.who(name))
        };
        self.apply(Command::Edit(edit))
    }

    pub(crate) fn manager(&self, name: &str) -> Option<String> {
        let manager = self.user(name).manager?;
        self.cli()
            .read()
            .unwrap()
            .user(manager)
            .unwrap()
            .map(|it| short(&it.label()))
    }

    pub(crate) fn set_pool(&self, name: &str, set: PoolEdit) -> Applied {
        self.apply(Command::SetPool {
            name: name.parse().unwrap(),
            set,
        })
    }

    pub(crate) fn add_pool(&self, name: &str, purchased: i64) {
        let set = PoolEdit {
            purchased: Some(purchased),
            ..PoolEdit::default()
        };
        self.apply(Command::AddPool {
            name: name.parse().unwrap(),
            set,
        });
    }

    pub(crate) fn at_capacity(&self, pool: &str, policy: &str) {
        self.set_pool(
            pool,
            PoolEdit {
                at_capacity: Some(policy.parse().unwrap()),
                ..PoolEdit::default()
            },
        );
    }

    pub(crate) fn connect(&self, name: &str, new_people: NewPeople) -> (ConnectionId, String) {
        let policy = ConnectionPolicy {
            new_people,
            mails: false,
            ..ConnectionPolicy::default()
        };
        let applied = self.apply(Command::AddConnection {
            name: name.into(),
            policy,
        });
        let id = self.cli().read().unwrap().connection(name).unwrap().id;
        (id, applied.token.unwrap())
    }

    pub(crate) fn provision(
        &self,
        connection: ConnectionId,
        provision: Provision,
    ) -> Result<Applied> {
        self.tick(1);
        let session = self
            .directory
            .as_actor(Actor::Connection(connection), Door::Scim);
        session.apply(session.request(Command::Provision(provision)), None)
    }

    /// `name: status`, with the access license and queue position, of everybody who is not deleted, by name.
    pub(crate) fn roster(&self) -> String {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let pools: BTreeMap<_, _> = read
            .pools()
            .unwrap()
            .into_iter()
            .map(|it| (it.id, it.name))
            .collect();
        let mut lines = Vec::new();
        for user in read.users_from(&Expr::Everybody, 1, 1000).unwrap().0 {
            let mut line = format!("{} {}", short(&user.label()), user.status);
            for license in read.licenses_of(&[user.id]).unwrap() {
                let pool = &pools[&license.pool];
                line += &format!(" {pool}:{}", license.hold.as_str());
                if let Some(position) = read.queue_position(license.pool, user.id).unwrap() {
                    line += &format!("#{position}");
                }
            }
            lines.push(line);
        }
        lines.sort();
        lines.join("\n")
    }

    /// `held/purchased free queued` of a pool.
    pub(crate) fn seats(&self, pool: &str) -> (i64, i64, i64) {
        let pool = self
            .cli()
            .read()
            .unwrap()
            .pool(&pool.parse::<PoolName>().unwrap())
            .unwrap();
        (pool.held(), pool.free(), pool.queued)
    }

    pub(crate) fn statuses(&self) -> BTreeMap<Status, i64> {
        let mut counts = self.cli().read().unwrap().status_counts().unwrap();
        counts.retain(|_, people| *people != 0);
        counts
    }

    /// Every table that says what is, as text; what history and chance alone decide is left out.
    pub(crate) fn state(&self) -> String {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let tables = [
            "SELECT hex(id), status, email, user_name, first_name, title, labels, kept, hex(manager), hex(connection), protected, \
             accepted, provider_hold FROM users ORDER BY seq",
            "SELECT hex(connection), hex(user), external_id FROM links ORDER BY 1, 2",
            "SELECT hex(user), permission FROM permissions ORDER BY 1, 2",
            "SELECT hex(user), generation, state FROM invitations ORDER BY 1",
            "SELECT hex(user), hex(member_of), role FROM memberships ORDER BY 1, 2",
            "SELECT 'group', name, name_key, removed, members FROM groups ORDER BY id",
            "SELECT 'entitled', hex(user), hex(pool), hex(connection), state FROM entitlements ORDER BY 1, 2, 3, 4",
            "SELECT 'drift', hex(user), part, hex(connection), said, why FROM drifts ORDER BY 2, 3",
            "SELECT 'connection', name, new_people, mails, token_days, owns FROM connections ORDER BY id",
            "SELECT 'map', hex(connection), part, path FROM mappings ORDER BY 2, 3",
            "SELECT 'request', hex(user), hex(pool) FROM license_requests ORDER BY 1, 2, 3",
            "SELECT hex(carrier), hex(training) FROM group_trainings ORDER BY 1, 2",
            "SELECT hex(carrier), hex(pool) FROM group_pools ORDER BY 1, 2",
            "SELECT name, name_key, kind, hex(pool), held_on, removed, assigned, started, completed, ended FROM trainings ORDER BY id",
            "SELECT hex(training), hex(user) FROM instructors ORDER BY 1, 2",
            "SELECT hex(user), hex(training), state, assigned_at, started_at, completed_at, ended_at FROM assignments ORDER BY 1, 2",
            "SELECT 'told', hex(user), hex(training), started_at, completed_at FROM told_progress ORDER BY 2, 3",
            "SELECT name, purchased, counts_from, recoverable, at_capacity FROM pools ORDER BY seq",
            "SELECT name, time_zone FROM organization",
            "SELECT name, value FROM settings ORDER BY 1",
            "SELECT hex(id), name, name_key, kind, visible_to, required, removed FROM fields ORDER BY seq",
            "SELECT hex(id), hex(field), name, removed FROM field_choices ORDER BY seq",
            "SELECT hex(user), hex(field), value, key FROM field_values ORDER BY 1, 2",
            "SELECT hex(user), key FROM user_labels ORDER BY 1, 2",
            "SELECT hex(id), email, email_key, first_name, last_name, records, hex(taken_by) FROM individuals ORDER BY 1",
            "SELECT hex(pool), seat_limit, reserved, consumed, queued FROM pool_counters ORDER BY 1",
            "SELECT hex(user), hex(pool), state, stands_for_access, place, leads_to, chosen FROM licenses ORDER BY 1, 2",
            "SELECT status, people FROM status_counts ORDER BY 1",
            "SELECT hex(user), hex(connection), kind, state FROM leaving ORDER BY 1",
            "SELECT hex(connection), share, floor, window_ms FROM brakes ORDER BY 1",
        ];
        let mut out = String::new();
        for sql in tables {
            let mut statement = conn.prepare(sql).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    out += &format!("{:?} ", row.get_ref(column).unwrap());
                }
                out.push('\n');
            }
        }
        out
    }

    pub(crate) fn assert_chain(&self) {
        let report = self.cli().read().unwrap().audit_verify().unwrap();
        assert_eq!(report.first_bad, None);
    }
}

pub(crate) fn address(name: &str) -> String {
    if name.contains('@') {
        name.to_owned()
    } else {
        format!("{name}@acme.example")
    }
}

pub(crate) fn short(label: &str) -> String {
    label.trim_end_matches("@acme.example").to_owned()
}

pub(crate) fn people(names: &str) -> Vec<NewPerson> {
    let person = |name: &str| NewPerson {
        profile: Profile {
            email: Some(address(name)),
            first_name: Some(name.into()),
            ..Profile::default()
        },
        ..NewPerson::default()
    };
    names.split_whitespace().map(person).collect()
}

pub(crate) fn invite(names: &str) -> Command {
    Command::Invite(Invite {
        people: people(names),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
        send_on: None,
    })
}

pub(crate) fn create(names: &str) -> Command {
    Command::Create(Create {
        people: people(names),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    })
}

/// What a provider sends to make somebody.
pub(crate) fn newcomer(name: &str, external_id: &str) -> Provision {
    Provision {
        target: ProvisionTarget::New,
        external_id: Some((!external_id.is_empty()).then(|| external_id.to_owned())),
        set: vec![
            (Field::UserName, Some(address(name))),
            (Field::Email, Some(address(name))),
            (Field::FirstName, Some(name.to_owned())),
        ],
        manager: None,
        active: None,
        ..Provision::of(ProvisionTarget::New)
    }
}

/// What a provider sends to switch somebody on or off.
pub(crate) fn switch(user: UserId, active: bool) -> Provision {
    Provision {
        target: ProvisionTarget::Existing {
            user,
            version: None,
        },
        external_id: None,
        set: Vec::new(),
        manager: None,
        active: Some(active),
        ..Provision::of(ProvisionTarget::New)
    }
}

pub(crate) fn skips(plan: &Plan) -> Vec<String> {
    plan.skipped
        .iter()
        .map(|it| format!("{}: {}", short(&it.who), it.reason))
        .collect()
}

#[track_caller]
pub(crate) fn assert_error(result: Result<impl std::fmt::Debug, Error>, words: &str) {
    match result {
        Ok(it) => panic!("expected an error about {words:?}, got {it:?}"),
        Err(error) => assert!(
            error.to_string().contains(words),
            "{error} does not speak of {words:?}"
        ),
    }
}
