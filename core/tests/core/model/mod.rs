//! The core against a small reference model of DESIGN §4: random commands of every kind, by every kind of door, with undo
//! and restarts in between. No difference is allowed, in anything, after any step.

mod deeds;
mod keys;
mod laws;
mod past;
mod roster;
mod rules;
mod spoken;
mod steps;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usher_core::command::{Command, FieldEdit, PoolEdit, Request, WhenFull};
use usher_core::directory::HistoryPage;
use usher_core::model::{
    Actor, BatchId, ConnectionId, Date, Door, FieldKind, NewPeople, Setting, Timestamp,
    TrainingKind, UserId,
};
use usher_core::query::Expr;
use usher_core::{Applied, Error, Session};

use crate::org::{Org, create};
use deeds::{Deed, How};
use laws::{not_foretold, not_restored, went_too_far, wrong, wrong_plan};
use past::{Seen, seen, told_otherwise};
use roster::{CONNECTIONS, FIELDS, Roster, SHIRTS, Tables};
use rules::{Memory, Model};
use steps::{Step, steps};
use told::history_differs;

const POLICIES: [NewPeople; 2] = [NewPeople::Waiting, NewPeople::Active];

/// After how many steps the roster is read, to be compared with what the history tells of it in the end.
const SEEN_EVERY: usize = 6;

/// PROPTEST_CASES raises the number of sequences. What failed once is kept beside the tests and tried first.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|it| it.parse().ok());
    let kept = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/proptest-regressions/model.txt"
    );
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        max_shrink_time: 20_000,
        max_shrink_iters: 3_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn random_commands_with_undo_and_restarts_do_what_the_rules_say(steps in steps(80)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.end();
    }
}

proptest! {
    #![proptest_config(config(4))]

    #[test]
    fn the_same_requests_make_the_same_state_in_two_fresh_directories(steps in steps(30)) {
        let state = || {
            let mut world = World::new();
            for step in &steps {
                world.step(step);
            }
            world.org.state()
        };
        prop_assert_eq!(state(), state());
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn fewer_gives_as_many_as_there_is_room_for(seats in 1..12_i64, held in 0..12_i64, takers in 0..20_i64, lower in 0..12_i64) {
        let org = Org::new(seats);
        let people = |of: &str, count: i64| (0..count).map(|i| format!("{of}{i}")).collect::<Vec<_>>().join(" ");
        let held = held.min(seats - 1);
        org.create(&people("a", held));
        org.set_pool("access", PoolEdit { purchased: Some((seats - lower).max(0)), ..PoolEdit::default() });
        let (before, free, _) = org.seats("access");
        let applied = org.apply_when_full(create(&people("b", takers)), WhenFull::Fewer);
        prop_assert_eq!(org.seats("access").0 - before, free.min(takers));
        prop_assert_eq!(i64::try_from(applied.plan.skipped.len()).unwrap(), (takers - free).max(0));
    }
}

/// A batch that can be undone.
struct Done {
    batch: BatchId,
    /// The roster before it, while nothing else has happened since.
    before: Option<Roster>,
    /// What was remembered before it.
    memory: Vec<Memory>,
    /// Whether a provider did it.
    by_provider: bool,
}

/// The core and the model, side by side.
struct World {
    org: Org,
    tables: Tables,
    model: Model,
    connections: Vec<ConnectionId>,
    log: Vec<Done>,
    /// The roster as it was read after some of the steps.
    seen: Vec<Seen>,
    trace: Vec<String>,
    /// The platforms' tokens as they were shown.
    secrets: BTreeMap<(usize, usize), String>,
}

impl World {
    fn new() -> Self {
        let org = Org::new(7);
        // An hour at which it is another day in some time zones.
        org.tick(3 * 3_600_000);
        for (name, policy) in CONNECTIONS.iter().zip(POLICIES) {
            org.connect(name, policy);
        }
        org.add_pool("pro", 3);
        org.add_pool("spare", 2);
        for group in ["Sales", "Service"] {
            org.apply(Command::AddGroup { name: group.into() });
        }
        // Days pass, but not so many that links end or deleted people are erased.
        for setting in [Setting::InvitationDays, Setting::RetentionDays] {
            org.apply(Command::SetSetting {
                setting,
                value: Some("3000".into()),
            });
        }
        org.add_training("Course", TrainingKind::Course, None);
        org.add_training("Extra", TrainingKind::Course, Some("spare"));
        org.add_training("Reading", TrainingKind::PreWork, Some("pro"));
        for (name, kind, values) in [
            (FIELDS[0], FieldKind::Text, &SHIRTS[..0]),
            (FIELDS[1], FieldKind::Choice, &SHIRTS[..]),
        ] {
            org.apply(Command::AddField {
                name: name.into(),
                kind,
                set: FieldEdit {
                    add_values: values.iter().map(|it| (*it).to_owned()).collect(),
                    ..FieldEdit::default()
                },
            });
        }
        let tables = Tables::open(&org.path);
        let mut model = Model::new(tables.roster());
        let epoch = Date::of_utc(Timestamp::from_millis(0));
        model.day = epoch.days_until(Date::of_utc(org.directory.now()));
        let connections =
            CONNECTIONS.map(|it| org.cli().read().unwrap().connection(it).unwrap().id);
        Self {
            org,
            tables,
            model,
            connections: connections.to_vec(),
            log: Vec::new(),
            seen: Vec::new(),
            trace: Vec::new(),
            secrets: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{what}\nafter\n  {}", self.trace.join("\n  "))
    }

    #[track_caller]
    fn refuse(&self, wrong: &[String]) {
        if !wrong.is_empty() {
            self.fail(&wrong.join("\n"));
        }
    }

    fn step(&mut self, step: &Step) {
        let (deed, how) = step.deed(&self.model, self.log.len());
        self.trace.push(format!("{deed:?} {how:?}"));
        let before = self.model.roster.clone();
        match &deed {
            Deed::Reopen => self.org.reopen(),
            Deed::NextDay => self.next_day(how),
            Deed::Seen { token, who, ago } => self.see(*token, *who, *ago),
            Deed::Undo { of } => self.undo(*of, how, &before),
            _ => self.command(&deed, how, &before),
        }
        if matches!(
            deed,
            Deed::NextDay
                | Deed::Undo { .. }
                | Deed::RotatePlatform { .. }
                | Deed::RevokePlatform { .. }
        ) {
            self.compare_tokens();
        }
        let now = self.tables.roster();
        if now != self.model.roster {
            self.fail(&difference(&self.model.roster, &now));
        }
        self.refuse(&wrong(&before, &now));
        self.refuse(&self.tables.wrong_totals());
        self.compare_reads(&now);
        if self.trace.len().is_multiple_of(SEEN_EVERY) {
            let cli = self.org.cli();
            let read = cli.read().unwrap();
            self.seen.push(seen(&read, &self.tables.ids(), read.now()));
        }
    }

    /// Nothing before this moment can be undone exactly any more.
    fn forget(&mut self) {
        for done in &mut self.log {
            done.before = None;
        }
    }

    fn command(&mut self, deed: &Deed, how: How, before: &Roster) {
        let ids = self.tables.ids();
        let (session, command) = self.spoken(deed, how, &ids);
        let memory = self.model.memory();
        let outcome = self.model.perform(deed, how, &POLICIES);
        let everything = outcome.is_err().then(|| self.tables.everything());
        match (self.try_apply(&session, command, how, before), outcome) {
            (Ok(applied), Ok(skipped)) => {
                let place = |it: UserId| ids.iter().position(|id| *id == it).unwrap();
                let said: BTreeSet<usize> = applied
                    .plan
                    .skipped
                    .iter()
                    .filter_map(|it| it.user)
                    .map(place)
                    .collect();
                if said != skipped {
                    self.fail(&format!(
                        "skipped {:?}, and should {skipped:?}",
                        applied.plan.skipped
                    ));
                }
                self.keep(deed, &applied);
                self.note(&applied, before, memory, deed.provider().is_some());
            }
            (Err(_), Err(_)) => {
                let now = self.tables.everything();
                let before = everything.unwrap_or_default();
                if now != before {
                    let new = |it: &&String| !before.contains(it);
                    let left: Vec<&String> = now.iter().filter(new).collect();
                    self.fail(&format!("what was refused left behind: {left:#?}"));
                }
            }
            (Ok(applied), Err(_)) => self.fail(&format!(
                "should be refused, and did {:?}",
                applied.plan.changes
            )),
            (Err(error), Ok(_)) => self.fail(&format!("should be done, and: {error}")),
        }
    }

    /// Plans, which changes nothing, and applies what was planned.
    fn try_apply(
        &self,
        session: &Session,
        command: Command,
        how: How,
        before: &Roster,
    ) -> Result<Applied, Error> {
        self.org.tick(1);
        let request = Request {
            when_full: how.when_full,
            ..session.request(command)
        };
        let last = self.last_batch();
        let planned = session.plan(&request);
        if self.last_batch() != last || self.tables.roster() != *before {
            self.fail("planning changed something");
        }
        let confirmed = planned
            .as_ref()
            .ok()
            .map(|it| it.digest)
            .filter(|_| how.attended);
        let mailed = self.tables.mails();
        let applied = session.apply(request, confirmed);
        match (&planned, &applied) {
            (Ok(plan), Ok(applied)) => {
                self.refuse(&wrong_plan(plan));
                if how.attended {
                    let now = self.tables.roster();
                    let mails = self.tables.mails() - mailed;
                    self.refuse(&not_foretold(plan, applied, before, &now, mails));
                }
                if plan.changes != applied.plan.changes || plan.skipped != applied.plan.skipped {
                    self.fail("what was applied is not what was planned");
                }
            }
            (Ok(plan), Err(Error::NoSeat(_))) if !plan.shortfalls.is_empty() => {}
            (Ok(_), Err(error)) => {
                self.fail(&format!("what was planned cannot be applied: {error}"))
            }
            (Err(_), Ok(_)) => self.fail("what could not be planned was applied"),
            (Err(planned), Err(error)) => {
                let refusal = matches!(
                    error,
                    Error::Invalid { .. }
                        | Error::NotFound { .. }
                        | Error::Conflict { .. }
                        | Error::Taken { .. }
                        | Error::AnotherPerson { .. }
                        | Error::Forbidden { .. }
                        | Error::NoSeat(_)
                );
                if !refusal || planned.to_string() != error.to_string() {
                    self.fail(&format!("planning says {planned}, applying {error}"));
                }
            }
        }
        applied
    }

    fn last_batch(&self) -> i64 {
        let sql = "SELECT max(seq) FROM batches";
        self.tables.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// A day passes, and the scheduler does what is due.
    fn next_day(&mut self, how: How) {
        self.org.tick(86_400_000);
        let unattended = How {
            attended: false,
            ..how
        };
        let memory = self.model.memory();
        self.model.next_day(unattended);
        let done = self.org.directory.do_due().unwrap();
        self.forget();
        for batch in done.batches {
            self.log.push(Done {
                batch,
                before: None,
                memory: memory.clone(),
                by_provider: false,
            });
        }
    }

    fn note(&mut self, applied: &Applied, before: &Roster, memory: Vec<Memory>, by_provider: bool) {
        let Some(batch) = applied.batch else { return };
        self.forget();
        let alone = applied.promotions.is_empty();
        self.log.push(Done {
            batch,
            before: alone.then(|| before.clone()),
            memory: memory.clone(),
            by_provider,
        });
        for batch in &applied.promotions {
            self.log.push(Done {
                batch: *batch,
                before: None,
                memory: memory.clone(),
                by_provider: false,
            });
        }
    }

    fn undo(&mut self, of: usize, how: How, before: &Roster) {
        let done = &self.log[of];
        let (batch, target) = (done.batch, done.before.clone());
        let (remembered, by_provider) = (done.memory.clone(), done.by_provider);
        let session = self.session(Actor::FileOwner, how);
        let applied = match self.try_apply(&session, Command::Undo { batch }, how, before) {
            Ok(applied) => applied,
            Err(Error::NoSeat(_)) if target.is_none() || !could_be_held(target.as_ref()) => return,
            Err(error) => self.fail(&format!("undo: {error}")),
        };
        let (now, ids) = (self.tables.roster(), self.tables.ids());
        self.refuse(&went_too_far(
            before,
            &now,
            &applied.plan,
            &self.people_of(batch),
            &ids,
        ));
        if let Some(mut target) = target.filter(|it| could_be_held(Some(it)))
            && applied.promotions.is_empty()
        {
            self.model.words_after_undo(&mut target, by_provider);
            self.model.days_after_undo(&mut target, &now);
            self.refuse(&not_restored(&target, &now, &applied.plan, &ids));
        }
        let memory = self.model.memory();
        self.model.adopt(now, &remembered);
        self.note(&applied, before, memory, false);
    }

    fn people_of(&self, batch: BatchId) -> BTreeSet<UserId> {
        let cli = self.org.cli();
        let page = HistoryPage {
            batch: Some(batch),
            limit: 10_000,
            ..HistoryPage::default()
        };
        let events = cli.read().unwrap().history(&page).unwrap();
        events.iter().filter_map(|it| it.user).collect()
    }

    fn session(&self, actor: Actor, how: How) -> Session {
        let door = match actor {
            Actor::Connection(_) => Door::Scim,
            Actor::Person(_) => Door::Page,
            _ if how.attended => Door::Cli,
            _ => Door::Api,
        };
        self.org.directory.as_actor(actor, door)
    }

    /// What front ends read must be what the tables say.
    fn compare_reads(&self, now: &Roster) {
        let (cli, ids) = (self.org.cli(), self.tables.ids());
        let read = cli.read().unwrap();
        for (i, pool) in read.pools().unwrap().iter().enumerate() {
            let queue: Vec<UserId> = read
                .queue(pool.id, 1000)
                .unwrap()
                .iter()
                .map(|it| it.0.id)
                .collect();
            let should: Vec<UserId> = now.pools[i].queue.iter().map(|it| ids[it.0]).collect();
            if pool.held() != now.held(i) || queue != should {
                self.fail(&format!(
                    "the pool {} reads {} held, queue {queue:?}",
                    pool.name,
                    pool.held()
                ));
            }
            for (user, position) in queue.iter().zip(1..) {
                if read.queue_position(pool.id, *user).unwrap() != Some(position) {
                    self.fail(&format!(
                        "{user} is not at position {position} of {}",
                        pool.name
                    ));
                }
            }
        }
        let here = now
            .people
            .iter()
            .filter(|it| !matches!(it.status.as_str(), "deleted" | "erased"))
            .count();
        for (by, connection) in self.connections.iter().enumerate() {
            let room = read.brake_room(*connection).unwrap();
            if room != self.model.brake_room(by) {
                let should = self.model.brake_room(by);
                self.fail(&format!(
                    "the brake on {by} leaves {room:?}, and should {should:?}"
                ));
            }
        }
        if read.count_users(&Expr::Everybody).unwrap() != i64::try_from(here).unwrap() {
            self.fail("everybody is counted wrongly");
        }
    }

    fn end(&self) {
        self.org.assert_chain();
        let cli = self.org.cli();
        let read = cli.read().unwrap();
        let ids = self.tables.ids();
        self.refuse(&history_differs(&read, &self.model.roster, &ids));
        self.refuse(&told_otherwise(&read, &self.seen, &ids));
    }
}

/// Whether a roster does not hold more than may be handed out today, so that an undo could lead back to it.
fn could_be_held(roster: Option<&Roster>) -> bool {
    roster.is_some_and(|it| {
        (0..it.pools.len()).all(|pool| {
            let terms = &it.pools[pool].terms;
            terms.starts_on.is_none() && it.held(pool) <= terms.at_capacity.limit(terms.purchased)
        })
    })
}

/// Where two rosters differ.
fn difference(model: &Roster, core: &Roster) -> String {
    let mut lines = Vec::new();
    for i in 0..model.people.len().max(core.people.len()) {
        let (a, b) = (model.people.get(i), core.people.get(i));
        if a != b {
            lines.push(format!("person {i}\n  should be {a:?}\n  and is    {b:?}"));
        }
    }
    for i in 0..model.pools.len().max(core.pools.len()) {
        let (a, b) = (model.pools.get(i), core.pools.get(i));
        if a != b {
            lines.push(format!("pool {i}\n  should be {a:?}\n  and is    {b:?}"));
        }
    }
    let rest = |it: &Roster| {
        let (groups, accounts) = (it.groups.clone(), it.accounts.clone());
        let settings = (it.zone, it.single_sign_on, it.required.clone());
        (
            groups,
            accounts,
            settings,
            it.platforms.clone(),
            it.approvals.clone(),
        )
    };
    if rest(model) != rest(core) {
        let (a, b) = (rest(model), rest(core));
        lines.push(format!("the rest\n  should be {a:?}\n  and is    {b:?}"));
    }
    lines.join("\n")
}
