//! Steps drawn at random. Their numbers are turned into people, pools and positions of the roster as it is then, so that
//! any part of a sequence is a sequence too.

use std::fmt;

use proptest::prelude::*;
use usher_core::command::WhenFull;
use usher_core::model::{CountsFrom, GroupRole, Permission, PoolTerms, RecordState, Status};

use super::deeds::{Deed, How, Which, Who};
use super::roster::{ACCESS, CONNECTIONS, Roster, SHIRTS, ZONES};
use super::rules::Model;
use crate::org::address;

/// How many addresses take turns.
const ADDRESSES: usize = 12;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Invite,
    Create,
    Provision,
    Update,
    Remove,
    Accept,
    Cancel,
    Resend,
    Edit,
    Require,
    Manager,
    Deactivate,
    Reactivate,
    Delete,
    Erase,
    Grant,
    Release,
    Reclaim,
    AddPool,
    SetPool,
    Move,
    Undo,
    Carry,
    Assign,
    Unassign,
    Progress,
    Date,
    NextDay,
    Group,
    Permit,
    Decide,
    Budget,
    ProvideGroup,
    Import,
    Transfer,
    EraseAccount,
    Brake,
    Held,
    SetPassword,
    MailLink,
    ChoosePassword,
    Readdress,
    SingleSignOn,
    SendOn,
    Zone,
    Platform,
    Seen,
    Told,
    Reopen,
}

/// Every kind, as often as it is worth.
const KINDS: [(u32, Kind); 49] = [
    (8, Kind::Invite),
    (7, Kind::Create),
    (8, Kind::Provision),
    (8, Kind::Update),
    (4, Kind::Remove),
    (9, Kind::Accept),
    (4, Kind::Cancel),
    (4, Kind::Resend),
    (6, Kind::Edit),
    (1, Kind::Require),
    (9, Kind::Manager),
    (8, Kind::Deactivate),
    (8, Kind::Reactivate),
    (4, Kind::Delete),
    (2, Kind::Erase),
    (7, Kind::Grant),
    (3, Kind::Release),
    (2, Kind::Reclaim),
    (1, Kind::AddPool),
    (10, Kind::SetPool),
    (4, Kind::Move),
    (40, Kind::Undo),
    (4, Kind::Carry),
    (6, Kind::Assign),
    (2, Kind::Unassign),
    (9, Kind::Progress),
    (6, Kind::Date),
    (4, Kind::NextDay),
    (6, Kind::Permit),
    (3, Kind::Decide),
    (2, Kind::Budget),
    (4, Kind::Group),
    (7, Kind::ProvideGroup),
    (5, Kind::Import),
    (3, Kind::Transfer),
    (1, Kind::EraseAccount),
    (3, Kind::Brake),
    (5, Kind::Held),
    (3, Kind::SetPassword),
    (4, Kind::MailLink),
    (5, Kind::ChoosePassword),
    (4, Kind::Readdress),
    (1, Kind::SingleSignOn),
    (4, Kind::SendOn),
    (3, Kind::Zone),
    (4, Kind::Platform),
    (2, Kind::Seen),
    (3, Kind::Told),
    (1, Kind::Reopen),
];

#[derive(Clone)]
pub(crate) struct Step {
    kind: Kind,
    picks: Vec<u8>,
    numbers: [u8; 4],
    when_full: WhenFull,
    attended: bool,
    by: u8,
}

impl fmt::Debug for Step {
    /// In one line, also where a failure is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            picks,
            numbers,
            when_full,
            attended,
            by,
        } = self;
        write!(
            f,
            "{kind:?} {picks:?} {numbers:?} {when_full:?} attended: {attended} by: {by}"
        )
    }
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let kinds = prop::strategy::Union::new_weighted(
        KINDS
            .iter()
            .map(|(weight, kind)| (*weight, Just(*kind)))
            .collect(),
    );
    let choices = prop::sample::select(vec![
        WhenFull::Ask,
        WhenFull::Fewer,
        WhenFull::QueueRest,
        WhenFull::QueueRest,
    ]);
    let step = (
        kinds,
        prop::collection::vec(any::<u8>(), 1..7),
        any::<[u8; 4]>(),
        choices,
        prop::bool::weighted(0.7),
        any::<u8>(),
    );
    let step = step.prop_map(|(kind, picks, numbers, when_full, attended, by)| Step {
        kind,
        picks,
        numbers,
        when_full,
        attended,
        by,
    });
    prop::collection::vec(step, most / 3..most)
}

impl Step {
    /// Who does it: often somebody who has a right to do something.
    fn acting(&self, roster: &Roster) -> Option<usize> {
        if self.by < 150 {
            return None;
        }
        let runs = |it: &usize| {
            let person = &roster.people[*it];
            let runs = person.groups.values().any(|it| *it > GroupRole::Author);
            self.by > 245 || !person.permissions.is_empty() || runs
        };
        let acting: Vec<usize> = (0..roster.people.len()).filter(runs).collect();
        let manages = roster.people.iter().filter_map(|it| it.manager);
        let acting: Vec<usize> = acting.into_iter().chain(manages).collect();
        Some(acting[usize::from(self.by) % acting.len()])
    }

    /// What the step is for the roster as it is. `batches`: how many could be undone.
    pub(crate) fn deed(&self, model: &Model, batches: usize) -> (Deed, How) {
        let [a, b, c, d] = self.numbers.map(usize::from);
        let roster = &model.roster;
        let how = How {
            attended: self.attended,
            when_full: self.when_full,
            by: self.acting(roster),
        };
        let unattended = How {
            attended: false,
            by: None,
            ..how
        };
        let anybody = |number: usize| number % roster.people.len();
        let add_on = |number: usize| 1 + number % (roster.pools.len() - 1);
        // Half of the single people are drawn from those to whom the step can matter.
        let fit = |fits: &dyn Fn(usize) -> bool| {
            let fitting: Vec<usize> = (0..roster.people.len()).filter(|it| fits(*it)).collect();
            if b < 24 || fitting.is_empty() {
                anybody(a)
            } else {
                fitting[a % fitting.len()]
            }
        };
        let stands = |status: Status| move |who: usize| roster.people[who].status == status;
        let who = || {
            if d < 10 {
                return Who::Everybody;
            }
            Who::These(
                self.picks
                    .iter()
                    .map(|it| anybody(usize::from(*it)))
                    .collect(),
            )
        };
        let group =
            |number: usize| (!roster.groups.is_empty()).then(|| number % roster.groups.len());
        let living = |number: usize| {
            let living: Vec<usize> = (0..roster.groups.len())
                .filter(|it| !roster.groups[*it].removed)
                .collect();
            (!living.is_empty()).then(|| living[number % living.len()])
        };
        let by = c % CONNECTIONS.len();
        let active = [None, Some(true), Some(true), Some(false)][d % 4];
        let deed = match self.kind {
            Kind::Invite | Kind::Create => Deed::Join {
                active: matches!(self.kind, Kind::Create),
                emails: emails(&self.picks),
                pools: (1..roster.pools.len())
                    .filter(|it| a >> it & 3 == 3)
                    .collect(),
                manager: (b < 60).then(|| anybody(c)),
                group: (b > 200).then(|| living(c)).flatten(),
                ahead: (matches!(self.kind, Kind::Invite) && d % 3 == 0)
                    .then(|| 1 + i64::try_from(c % 3).unwrap()),
            },
            Kind::Provision => {
                let name = address(&format!("p{}", a % ADDRESSES));
                let external_id = if b < 50 {
                    format!("{name}-b")
                } else {
                    name.clone()
                };
                let manager = (b > 200).then(|| anybody(usize::from(self.picks[0])));
                return (
                    Deed::Provision {
                        by,
                        name,
                        external_id,
                        active,
                        manager,
                    },
                    unattended,
                );
            }
            Kind::Update => {
                let manager = match b % 5 {
                    0 => Some(None),
                    1 => Some(Some(anybody(b / 5))),
                    _ => None,
                };
                let external_id = match usize::from(self.picks[0]) % 8 {
                    0 => Some(address(&format!("p{}", b % ADDRESSES))),
                    1 => Some(format!("{}-b", address(&format!("p{}", b % ADDRESSES)))),
                    _ => None,
                };
                return (
                    Deed::Update {
                        by,
                        who: anybody(a),
                        external_id,
                        active,
                        manager,
                    },
                    unattended,
                );
            }
            Kind::Remove => {
                return (
                    Deed::Remove {
                        by,
                        who: anybody(a),
                    },
                    unattended,
                );
            }
            Kind::Accept => {
                return (
                    Deed::Accept {
                        who: fit(&|it| {
                            let status = roster.people[it].status;
                            matches!(status, Status::Waiting | Status::PendingTransfer)
                        }),
                        transfer: c % 3 != 0,
                        password: d % 3 == 0,
                    },
                    unattended,
                );
            }
            Kind::Brake if a > 180 => Deed::Relink { by, who: who() },
            Kind::Brake => Deed::SetBrake {
                by,
                brake: (d % 5 != 0).then(|| ([0, 20, 50][a % 3], i64::try_from(b % 3).unwrap())),
            },
            Kind::Held => {
                let leaving: Vec<usize> = (0..roster.people.len())
                    .filter(|it| roster.people[*it].leaving.is_some())
                    .collect();
                let which = match (a % 4, leaving.is_empty()) {
                    (0, _) => Which::All,
                    (1, _) => Which::Of(by),
                    (2, false) => Which::These(vec![leaving[b % leaving.len()]]),
                    _ => Which::These(vec![anybody(b)]),
                };
                if d % 2 == 0 {
                    Deed::ReleaseHeld { which }
                } else {
                    Deed::RejectHeld { which }
                }
            }
            Kind::SetPassword => Deed::SetPassword {
                who: fit(&stands(Status::Active)),
                on: d % 3 != 0,
            },
            Kind::MailLink if d > 200 => {
                let who = fit(&stands(Status::Active));
                return (Deed::ForgetPassword { who }, unattended);
            }
            Kind::MailLink => Deed::MailLink { who: who() },
            Kind::ChoosePassword => {
                let who = fit(&|it| roster.people[it].link.is_some());
                let newest = roster.people[who].link.as_ref().map_or(1, |it| it.number);
                let number = newest - i64::from(d % 4 == 0);
                return (Deed::ChoosePassword { who, number }, unattended);
            }
            Kind::Readdress => {
                let deed = Deed::Readdress {
                    who: fit(&|it| roster.people[it].link.is_some()),
                    email: address(&format!("p{}", c % ADDRESSES)),
                };
                return (deed, How { by: None, ..how });
            }
            Kind::SingleSignOn => Deed::SingleSignOn { on: a % 4 == 0 },
            Kind::SendOn => Deed::SendOn {
                who: who(),
                ahead: (b > 60).then(|| 1 + i64::try_from(c % 3).unwrap()),
            },
            Kind::Zone => Deed::Zone {
                zone: a % ZONES.len(),
            },
            Kind::Platform if roster.platforms.is_empty() || a < 60 => Deed::AddPlatform {
                name: format!("academy-{}", b % 3),
            },
            Kind::Platform => {
                let platform = b % roster.platforms.len();
                if a < 100 {
                    Deed::RevokePlatform { platform }
                } else {
                    let days = i64::from(c % 3 != 0);
                    Deed::RotatePlatform { platform, days }
                }
            }
            Kind::Seen | Kind::Told if roster.platforms.is_empty() => Deed::Reopen,
            Kind::Seen | Kind::Told => {
                let platform = c % roster.platforms.len();
                let token = (platform, b % roster.platforms[platform].tokens.len());
                let who = fit(&stands(Status::Active));
                let deed = match self.kind {
                    // Nobody is known to the model who is not to the platform.
                    Kind::Told if roster.opens(token, model.day) => Deed::Told {
                        token,
                        who,
                        training: a % roster.trainings.len(),
                        completed: d % 3 == 0,
                    },
                    _ => Deed::Seen {
                        token,
                        who,
                        ago: i64::try_from(d % 3).unwrap(),
                    },
                };
                return (deed, unattended);
            }
            Kind::Cancel => Deed::Cancel { who: who() },
            Kind::Resend => Deed::Resend { who: who() },
            Kind::Edit => Deed::Edit {
                who: who(),
                manager: None,
                title: (a % 2 == 0).then(|| format!("title {}", a % 6)),
                field: match d % 5 {
                    0 => Some((0, (a % 4 != 0).then(|| format!("Café {}", a % 3)))),
                    1 => Some((1, (a % 4 != 0).then(|| SHIRTS[a % 2].to_owned()))),
                    _ => None,
                },
                group: living(b).filter(|_| c % 2 == 0).map(|it| {
                    (
                        it,
                        [
                            Some(GroupRole::Learner),
                            Some(GroupRole::UserAdministrator),
                            None,
                        ][c % 3],
                    )
                }),
                protected: [None, None, None, Some(false), Some(false), Some(true)][b % 6],
            },
            Kind::Require => Deed::Require { on: a % 3 == 0 },
            Kind::Manager => {
                let manager = if b < 20 { None } else { Some(anybody(a)) };
                Deed::Edit {
                    who: who(),
                    manager: Some(manager),
                    title: None,
                    field: None,
                    group: None,
                    protected: None,
                }
            }
            Kind::Deactivate => Deed::Deactivate { who: who() },
            Kind::Reactivate => {
                let who = who();
                if b < 128 {
                    Deed::Reactivate {
                        who,
                        restore: a % 2 == 0,
                    }
                } else {
                    Deed::Reactivate {
                        who: Who::These(vec![fit(&stands(Status::Inactive))]),
                        restore: a % 2 == 0,
                    }
                }
            }
            Kind::Delete => Deed::Delete { who: who() },
            Kind::Erase => Deed::Erase {
                who: Who::These(vec![fit(&stands(Status::Deleted)), anybody(c)]),
            },
            Kind::Grant => Deed::Grant {
                who: who(),
                pool: add_on(a),
                until: match c % 6 {
                    0 | 1 => Some(Some(1 + i64::try_from(b % 4).unwrap())),
                    2 => Some(None),
                    _ => None,
                },
            },
            Kind::Reclaim => Deed::Reclaim {
                left: a % 3 != 0,
                never_came: a % 3 != 1,
            },
            Kind::Release => Deed::Release {
                who: who(),
                pool: add_on(a),
            },
            Kind::AddPool => Deed::AddPool {
                name: format!("extra-{}", a % 3),
                terms: terms(self.numbers, false),
            },
            Kind::SetPool => {
                let pool = if a < 110 { ACCESS } else { add_on(a) };
                Deed::SetPool {
                    pool,
                    terms: terms(self.numbers, pool == ACCESS),
                }
            }
            Kind::Move => {
                let pool = if b < 128 { ACCESS } else { add_on(b) };
                Deed::Move {
                    pool,
                    who: fit(&|it| roster.is_queued(pool, it)),
                    position: 1 + c % 8,
                }
            }
            Kind::Undo if batches == 0 => Deed::Reopen,
            Kind::Undo if a < 130 => Deed::Undo { of: batches - 1 },
            Kind::Undo => Deed::Undo {
                of: batches - 1 - b % batches.min(12),
            },
            Kind::Carry => Deed::Carry {
                group: living(a)
                    .filter(|_| d > 4)
                    .unwrap_or(a % roster.groups.len()),
                training: (b < 150).then(|| b % roster.trainings.len()),
                pool: (b > 110).then(|| add_on(b)),
                on: c % 4 != 0,
            },
            Kind::Assign => Deed::Assign {
                who: who(),
                training: a % roster.trainings.len(),
            },
            // Which license came with pre-work is a matter of history, and told in a scenario.
            Kind::Unassign => Deed::Unassign {
                who: who(),
                training: a % 2,
            },
            Kind::Progress => Deed::Progress {
                who: fit(&stands(Status::Active)),
                training: c % roster.trainings.len(),
                completed: d % 3 == 0,
            },
            Kind::Date => Deed::Date {
                who: who(),
                kind: a % 2,
                ahead: (b > 40).then(|| 1 + i64::try_from(c % 4).unwrap()),
            },
            Kind::NextDay => Deed::NextDay,
            Kind::Permit => Deed::Permit {
                who: if d < 40 {
                    Who::These(vec![fit(&stands(Status::Active)), anybody(c)])
                } else {
                    Who::These(vec![fit(&stands(Status::Active))])
                },
                permission: Permission::ALL[c % Permission::ALL.len()],
                on: d % 3 != 0,
            },
            Kind::Decide if roster.approvals.is_empty() => Deed::Reopen,
            Kind::Decide => {
                let back = if a < 190 {
                    0
                } else {
                    b % roster.approvals.len()
                };
                Deed::Decide {
                    approval: roster.approvals.len() - 1 - back,
                    approve: d % 4 != 0,
                }
            }
            Kind::Budget => match living(a) {
                Some(group) => Deed::Budget {
                    group,
                    seats: (b > 60).then(|| i64::try_from(c % 5).unwrap()),
                },
                None => Deed::Reopen,
            },
            Kind::Group => {
                let name = group_name(c);
                let there = living(b).unwrap_or(b % roster.groups.len());
                match a % 6 {
                    0 | 1 => Deed::RenameGroup { group: there, name },
                    2 => Deed::RemoveGroup { group: there },
                    _ => Deed::AddGroup { name },
                }
            }
            Kind::ProvideGroup => {
                let group = if a < 40 { None } else { living(a).or(group(a)) };
                let picks = || self.picks.iter().map(|it| anybody(usize::from(*it)));
                let external_id = match b % 8 {
                    0 => Some(None),
                    1..4 => Some(Some(format!("g{}", b / 8 % 4))),
                    _ => None,
                };
                let deed = Deed::ProvideGroup {
                    by,
                    group,
                    gone: group.is_some() && d < 20,
                    name: (group.is_none() || c % 9 == 0).then(|| group_name(c)),
                    external_id,
                    only: d % 3 == 0,
                    add: picks().filter(|it| it % 2 == 0).collect(),
                    remove: picks().filter(|it| it % 2 == 1).collect(),
                };
                return (deed, unattended);
            }
            Kind::Import => {
                let records = |of: usize| {
                    let states = [
                        RecordState::Assigned,
                        RecordState::Started,
                        RecordState::Completed,
                    ];
                    let names = ["Course", "Extra", "Reading", "Unheard of"];
                    let records = names.into_iter().enumerate();
                    records
                        .filter(|(i, _)| (a + of) >> i & 1 == 1)
                        .map(|(i, it)| (it.to_owned(), states[(c + of + i) % 3]))
                        .collect()
                };
                Deed::Import {
                    accounts: emails(&self.picks)
                        .into_iter()
                        .enumerate()
                        .map(|(i, it)| (it, records(i)))
                        .collect(),
                }
            }
            Kind::Transfer => {
                let taken: Vec<&String> = roster.accounts.keys().collect();
                let email = if taken.is_empty() || a < 20 {
                    address(&format!("p{}", a % ADDRESSES))
                } else {
                    taken[a % taken.len()].clone()
                };
                Deed::Transfer {
                    email,
                    training: (b < 100)
                        .then(|| ["Course", "Extra", "Reading", "Unheard of"][b % 4].to_owned()),
                }
            }
            Kind::EraseAccount => Deed::EraseAccount {
                email: address(&format!("p{}", a % ADDRESSES)),
            },
            Kind::Reopen => Deed::Reopen,
        };
        let how = match deed {
            Deed::Undo { .. } | Deed::NextDay | Deed::Reopen => How { by: None, ..how },
            _ => how,
        };
        (deed, how)
    }
}

/// A few names, some of which are the same to a reader.
fn group_name(number: usize) -> String {
    ["Sales", " sales ", "Support", "SUPPORT", "Field"][number % 5]
        .trim()
        .to_owned()
}

fn emails(picks: &[u8]) -> Vec<String> {
    let mut emails: Vec<String> = Vec::new();
    for pick in picks {
        let email = address(&format!("p{}", usize::from(*pick) % ADDRESSES));
        if !emails.contains(&email) {
            emails.push(email);
        }
    }
    emails
}

fn terms([a, b, c, d]: [u8; 4], is_access: bool) -> PoolTerms {
    let purchased = if is_access {
        2 + i64::from(b % 10)
    } else {
        i64::from(b % 6)
    };
    let policies = [
        "queue",
        "queue",
        "refuse",
        "grace:50",
        "fallback:spare",
        "fallback:pro",
    ];
    PoolTerms {
        counts_from: if a % 4 == 0 {
            CountsFrom::Activation
        } else {
            CountsFrom::Invitation
        },
        recoverable: is_access || c % 2 == 0,
        at_capacity: policies[usize::from(d) % policies.len()].parse().unwrap(),
        starts_on: (c > 240).then(|| "2099-01-01".parse().unwrap()),
        ..PoolTerms::new(purchased)
    }
}
