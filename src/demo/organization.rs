//! The sample organization: people with managers, areas and labels, statuses of every kind, and three pools of which
//! `access` is full with a queue. It is made by commands in bulk, as an administrator would, so that it has a history.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::mpsc::TryRecvError;

use usher_core::command::{Command, Create, Edit, Invite, NewPerson, PoolEdit, WhenFull};
use usher_core::directory::Founding;
use usher_core::model::{
    Actor, Door, EmailAddress, GroupRole, NewIndividual, PoolName, Profile, Record, RecordState,
    TimeZoneName, TrainingKind,
};
use usher_core::query::{Expr, TextField, TextOp};
use usher_core::{Directory, Options, Selection, Session};

use super::Told;
use super::names::{called, mix, pick};
use crate::failure::{Failure, Result};

/// The most people in one batch.
const CHUNK: u32 = 10_000;
/// How many people report to one manager.
const REPORTS: u32 = 8;
/// How many wait for a seat: few enough that the queue is seen to move up, and to end.
const QUEUED: u32 = 12;
/// One in so many of those who are invited has an account of their own already.
const WITH_ACCOUNTS: usize = 25;
/// What is there to learn.
const WELCOME: &str = "Welcome course";
/// The mail domain of the sample.
const DOMAIN: &str = "lumen.example";

const AREAS: [&str; 8] = [
    "Engineering",
    "Sales",
    "Design",
    "Finance",
    "People",
    "Operations",
    "Research",
    "Support",
];
const TITLES: [&str; 9] = [
    "Engineer",
    "Account Executive",
    "Designer",
    "Controller",
    "Recruiter",
    "Planner",
    "Scientist",
    "Advisor",
    "Intern",
];
const LABELS: [&str; 5] = ["wave-1", "wave-2", "remote", "part-time", "mentor"];

/// How many there are of each kind, out of all.
struct Shares {
    working: u32,
    invited: u32,
    withdrawn: u32,
    queued: u32,
    left: u32,
    removed: u32,
    erased: u32,
}

impl Shares {
    fn of(people: u32) -> Self {
        let part = |per_mille: u32| (u64::from(people) * u64::from(per_mille) / 1000).max(1) as u32;
        let (invited, withdrawn, queued) = (part(60), part(10), QUEUED);
        let (left, removed, erased) = (part(80), part(10), part(4));
        let working = people - invited - withdrawn - queued - left - removed - erased;
        Self {
            working,
            invited,
            withdrawn,
            queued,
            left,
            removed,
            erased,
        }
    }

    /// Everybody who once had an account: those who work, and those who have left in one way or another.
    fn once_working(&self) -> u32 {
        self.working + self.left + self.removed + self.erased
    }

    /// Exactly as many seats as are held once everything is done, so that the queue is real.
    fn seats(&self) -> i64 {
        i64::from(self.working) + i64::from(self.invited) + 1
    }
}

/// Makes the sample organization in a new database.
pub(super) fn found(database: &Path, people: u32, told: &Told) -> Result<Directory> {
    let shares = Shares::of(people);
    let founding = Founding {
        name: "Lumen Works".to_owned(),
        seats: i64::from(people) + 1,
        owner: format!("owner@{DOMAIN}").parse::<EmailAddress>()?,
        time_zone: "Europe/Berlin".parse::<TimeZoneName>()?,
    };
    let directory = Directory::create(database, &founding, Options::default())?;
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    Sample {
        session: &session,
        shares,
        told,
        progress: Cell::new(0),
    }
    .fill()?;
    directory.settle()?;
    Ok(directory)
}

struct Sample<'a> {
    session: &'a Session,
    shares: Shares,
    told: &'a Told,
    progress: Cell<usize>,
}

impl Sample<'_> {
    fn fill(&self) -> Result<()> {
        self.pools_and_groups()?;
        self.employ()?;
        self.add_ons()?;
        self.let_go()?;
        self.invite()?;
        self.fill_up()
    }

    fn apply(&self, command: Command, when_full: WhenFull) -> Result<()> {
        let mut request = self.session.request(command);
        request.when_full = when_full;
        self.session.apply(request, None)?;
        match self.told.try_recv() {
            Err(TryRecvError::Empty) => Ok(()),
            Ok(()) | Err(TryRecvError::Disconnected) => Err(Failure::refused("interrupted")),
        }
    }

    /// Says how far it is, where that takes long enough for somebody to wonder.
    fn made(&self, people: usize) {
        let made = self.progress.get() + people;
        self.progress.set(made);
        if people >= CHUNK as usize && std::io::stderr().is_terminal() {
            // Nobody misses a line about progress.
            let _ = write!(std::io::stderr(), "\r{made} people made");
        }
    }

    fn pools_and_groups(&self) -> Result<()> {
        for (name, purchased) in [
            ("library", i64::from(self.shares.working)),
            ("studio", i64::from(self.shares.working / 6).max(20)),
        ] {
            let set = PoolEdit {
                purchased: Some(purchased),
                ..PoolEdit::default()
            };
            self.apply(
                Command::AddPool {
                    name: name.parse()?,
                    set,
                },
                WhenFull::Ask,
            )?;
        }
        for name in ["Sales EMEA", "New joiners", "Mentors"] {
            self.apply(
                Command::AddGroup {
                    name: name.to_owned(),
                },
                WhenFull::Ask,
            )?;
        }
        Ok(())
    }

    /// Everybody who has or had an account. A manager is always in an earlier batch than who reports to them.
    fn employ(&self) -> Result<()> {
        let all = self.shares.once_working();
        let mut first = 0;
        while first < all {
            let end = (first * REPORTS + 1)
                .min(first + CHUNK)
                .clamp(first + 1, all);
            let people = (first..end).map(person).collect();
            let groups = Vec::new();
            self.apply(
                Command::Create(Create {
                    people,
                    groups,
                    pools: Vec::new(),
                    mail: false,
                }),
                WhenFull::Ask,
            )?;
            self.made((end - first) as usize);
            first = end;
        }
        Ok(())
    }

    fn add_ons(&self) -> Result<()> {
        let by_area = |area: &str| Selection::from(equals(TextField::FunctionalArea, area));
        let grant = |who, pool: &str| -> Result<Command> {
            Ok(Command::Grant {
                who,
                pool: pool.parse::<PoolName>()?,
                until: None,
            })
        };
        self.apply(grant(by_area("Research"), "library")?, WhenFull::QueueRest)?;
        self.apply(grant(by_area("Design"), "studio")?, WhenFull::QueueRest)?;
        let mut edit = Edit::of(by_area("Sales"));
        edit.add_groups = vec![("Sales EMEA".to_owned(), GroupRole::Learner)];
        self.apply(Command::Edit(edit), WhenFull::Ask)
    }

    /// Those who have left: inactive, deleted and erased. Nobody with many reports is among them.
    fn let_go(&self) -> Result<()> {
        let Shares {
            left,
            removed,
            erased,
            ..
        } = self.shares;
        let end = self.shares.once_working();
        let gone = |from: u32, to: u32| self.selection(from..to);
        let first = end - left - removed - erased;
        self.apply(
            Command::Deactivate {
                who: gone(first, first + left)?,
            },
            WhenFull::Ask,
        )?;
        self.apply(
            Command::Delete {
                who: gone(first + left, end)?,
            },
            WhenFull::Ask,
        )?;
        self.apply(
            Command::Erase {
                who: gone(end - erased, end)?,
            },
            WhenFull::Ask,
        )
    }

    /// Those who have been invited, and those whose invitation was withdrawn.
    fn invite(&self) -> Result<()> {
        let first = self.shares.once_working();
        let withdrawn_from = first + self.shares.invited;
        let end = withdrawn_from + self.shares.withdrawn;
        self.accounts_of_their_own(first..withdrawn_from)?;
        self.invite_range(first..end, WhenFull::Ask)?;
        let who = self.selection(withdrawn_from..end)?;
        self.apply(Command::Cancel { who }, WhenFull::Ask)
    }

    /// A few of these people have had an account of their own before, with a record that can come along.
    fn accounts_of_their_own(&self, range: std::ops::Range<u32>) -> Result<()> {
        self.apply(
            Command::AddTraining {
                name: WELCOME.to_owned(),
                kind: TrainingKind::Course,
                pool: None,
                held_on: None,
            },
            WhenFull::Ask,
        )?;
        let account = |number: u32| {
            Ok(NewIndividual {
                email: address(number).parse()?,
                first_name: None,
                last_name: None,
                records: vec![Record {
                    training: WELCOME.to_owned(),
                    state: RecordState::Completed,
                    on: None,
                    transferred: false,
                }],
            })
        };
        let some = range.step_by(WITH_ACCOUNTS).map(account);
        let accounts = some.collect::<Result<Vec<_>>>()?;
        self.apply(Command::ImportIndividuals { accounts }, WhenFull::Ask)
    }

    /// Takes the free seats away and queues a few more people.
    fn fill_up(&self) -> Result<()> {
        let set = PoolEdit {
            purchased: Some(self.shares.seats()),
            ..PoolEdit::default()
        };
        self.apply(
            Command::SetPool {
                name: PoolName::access(),
                set,
            },
            WhenFull::Ask,
        )?;
        let first = self.shares.once_working() + self.shares.invited + self.shares.withdrawn;
        self.invite_range(first..first + self.shares.queued, WhenFull::QueueRest)
    }

    fn invite_range(&self, range: std::ops::Range<u32>, when_full: WhenFull) -> Result<()> {
        let mut first = range.start;
        while first < range.end {
            let end = first.saturating_add(CHUNK).min(range.end);
            let people = (first..end).map(person).collect();
            let groups = vec![("New joiners".to_owned(), GroupRole::Learner)];
            self.apply(
                Command::Invite(Invite {
                    people,
                    groups,
                    pools: Vec::new(),
                    mail: true,
                    send_on: None,
                }),
                when_full,
            )?;
            self.made((end - first) as usize);
            first = end;
        }
        Ok(())
    }

    /// The people of these numbers, found by their addresses.
    fn selection(&self, range: std::ops::Range<u32>) -> Result<Selection> {
        let addresses: Vec<String> = range.map(address).collect();
        Ok(self.session.read()?.find_users(&addresses)?.into())
    }
}

fn equals(field: TextField, value: &str) -> Expr {
    Expr::Field {
        field,
        op: TextOp::Equals,
        value: value.to_owned(),
    }
}

/// The address of the person of that number.
pub(super) fn address(number: u32) -> String {
    format!("{}{number}@{DOMAIN}", called(number).slug)
}

/// The person of that number. The first one reports to nobody, everybody else to the one an eighth of the way up.
fn person(number: u32) -> NewPerson {
    let called = called(number);
    let area = mix(number, 4) as usize % AREAS.len();
    let title = if mix(number, 5).is_multiple_of(12) {
        "Intern"
    } else {
        TITLES[area]
    };
    let title = if number < 1 + REPORTS {
        "Director"
    } else {
        title
    };
    let label =
        (mix(number, 6).is_multiple_of(3)).then(|| (*pick(&LABELS, mix(number, 7))).to_owned());
    let profile = Profile {
        email: Some(address(number)),
        first_name: Some(called.first.to_owned()),
        last_name: Some(called.last.to_owned()),
        display_name: called.display,
        functional_area: Some(AREAS[area].to_owned()),
        title: Some(title.to_owned()),
        region: Some(called.region.to_owned()),
        language: Some(called.language.to_owned()),
        labels: label,
        ..Profile::default()
    };
    NewPerson {
        profile,
        manager: number.checked_sub(1).map(|it| address(it / REPORTS)),
        ..NewPerson::default()
    }
}
