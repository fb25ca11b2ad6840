//! An organization in words, the same in every run: its clock and its randomness are its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tempfile::TempDir;
use usher_core::command::{Command, Create, Invite, NewPerson, PoolEdit, WhenFull};
use usher_core::model::{Actor, Door, PoolName, Profile, Timestamp};
use usher_core::{Applied, Clock, Directory, Founding, Options, Randomness, Selection, Session};

/// A clock that stands still until it is moved.
pub(super) struct StillClock(AtomicI64);

impl StillClock {
    pub(super) fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of drawing.
struct Counting(AtomicU64);

impl Randomness for Counting {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        seed
    }
}

/// The organization.
pub(super) struct Org {
    pub(super) directory: Directory,
    pub(super) clock: Arc<StillClock>,
    _folder: TempDir,
}

impl Org {
    /// Of that many seats, with its owner only.
    pub(super) fn new(seats: i64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(StillClock(AtomicI64::new(1_795_315_979_000)));
        let options = Options {
            clock: clock.clone(),
            randomness: Arc::new(Counting(AtomicU64::new(1))),
            ..Options::default()
        };
        let founding = Founding {
            name: "Acme Learning".into(),
            seats,
            owner: "olga@acme.example".parse().expect("an address"),
            time_zone: "UTC".parse().expect("a zone"),
        };
        let directory = Directory::create(&folder.path().join("usher.db"), &founding, options)
            .expect("a new database");
        Self {
            directory,
            clock,
            _folder: folder,
        }
    }

    /// Active people: `ana bo` are Ana and Bo Acme; `ana.li` is Ana Li.
    pub(super) fn people(self, names: &str) -> Self {
        self.create(names);
        self
    }

    /// As [`Org::people`], while a console is open.
    pub(super) fn create(&self, names: &str) {
        let people = names.split_whitespace().map(person).collect();
        self.other().done(Command::Create(Create {
            people,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
        }));
    }

    /// People with a waiting invitation.
    pub(super) fn waiting(self, names: &str) -> Self {
        let people = names.split_whitespace().map(person).collect();
        self.other().done(Command::Invite(Invite {
            people,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
            send_on: None,
        }));
        self
    }

    /// People who are inactive.
    pub(super) fn inactive(self, names: &str) -> Self {
        let this = self.people(names);
        let who = this.ids(names);
        this.other().done(Command::Deactivate { who });
        this
    }

    /// An add-on pool.
    pub(super) fn pool(self, name: &str, seats: i64) -> Self {
        let name: PoolName = name.parse().expect("a pool's name");
        self.other().done(Command::AddPool {
            name,
            set: PoolEdit {
                purchased: Some(seats),
                ..PoolEdit::default()
            },
        });
        self
    }

    /// The people of these names.
    pub(super) fn ids(&self, names: &str) -> Selection {
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        let names: Vec<_> = names
            .split_whitespace()
            .map(|it| format!("{it}@acme.example"))
            .collect();
        Selection::Ids(
            session
                .read()
                .expect("readable")
                .find_users(&names)
                .expect("people of these names"),
        )
    }

    /// Somebody else, at the command line.
    pub(super) fn other(&self) -> Other {
        Other(self.directory.as_actor(Actor::FileOwner, Door::Cli))
    }
}

pub(super) fn person(word: &str) -> NewPerson {
    let capital = |word: &str| {
        word.chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .chain(word.chars().skip(1))
            .collect()
    };
    let (first, last) = word.split_once('.').unwrap_or((word, "acme"));
    let (first, last): (String, String) = (capital(first), capital(last));
    let profile = Profile {
        email: Some(format!("{word}@acme.example")),
        first_name: Some(first),
        last_name: Some(last),
        functional_area: Some(
            if word.len().is_multiple_of(2) {
                "Sales"
            } else {
                "Research"
            }
            .into(),
        ),
        title: Some("Lead".into()),
        ..Profile::default()
    };
    NewPerson {
        profile,
        ..NewPerson::default()
    }
}

/// Somebody else who works on the same organization.
pub(super) struct Other(Session);

impl Other {
    pub(super) fn done(&self, command: Command) -> Applied {
        let mut request = self.0.request(command);
        request.when_full = WhenFull::QueueRest;
        self.0.apply(request, None).expect("applied")
    }
}
