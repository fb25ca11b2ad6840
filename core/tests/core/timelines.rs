//! Random timelines: dates set and cancelled, zones changed, clocks that leap ahead and go back, restarts, undo, people brought
//! back. Whatever happens, each action fires once for its day, and never before that day has begun.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use usher_core::change::Change;
use usher_core::command::Command;
use usher_core::directory::HistoryPage;
use usher_core::model::{Date, DueKind, Field, Setting, Status, TimeZoneName, UserId};

use crate::org::{Org, create};

const PEOPLE: usize = 4;
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Havana",
];
const KINDS: [(DueKind, Field); 2] = [
    (DueKind::Deactivate, Field::DeactivateOn),
    (DueKind::Delete, Field::DeleteOn),
];

#[derive(Clone, Debug)]
enum Step {
    /// A date, so many days from now.
    Set(usize, usize, i64),
    Clear(usize, usize),
    Zone(usize),
    /// The clock goes so many hours ahead, or back.
    Hours(i64),
    Run,
    Restart,
    /// Brings somebody back who has left.
    Back(usize),
    /// Undoes the scheduler's last batch.
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..PEOPLE, 0..2_usize, -2..12_i64).prop_map(|(who, kind, days)| Step::Set(who, kind, days)),
        1 => (0..PEOPLE, 0..2_usize).prop_map(|(who, kind)| Step::Clear(who, kind)),
        1 => (0..ZONES.len()).prop_map(Step::Zone),
        6 => (-60..200_i64).prop_map(Step::Hours),
        6 => Just(Step::Run),
        1 => Just(Step::Restart),
        3 => (0..PEOPLE).prop_map(Step::Back),
        2 => Just(Step::Undo),
    ]
}

#[derive(Clone, Debug, PartialEq)]
struct Person {
    status: Status,
    dates: [Option<Date>; 2],
}

/// What should be so: dates by person, and what was done for which day.
struct Timeline {
    org: Org,
    ids: Vec<UserId>,
    zone: TimeZoneName,
    people: Vec<Person>,
    done: BTreeSet<(usize, usize, Date)>,
}

impl Timeline {
    fn new() -> Self {
        let org = Org::new(20);
        // Around the days on which clocks are changed.
        org.at("2010-10-25T00:00:00Z");
        // Nobody is erased meanwhile.
        org.apply(Command::SetSetting {
            setting: Setting::RetentionDays,
            value: Some("3000".to_owned()),
        });
        let names: Vec<String> = (0..PEOPLE).map(|it| format!("p{it}")).collect();
        org.create(&names.join(" "));
        let ids = org.ids(&names.join(" "));
        let person = Person {
            status: Status::Active,
            dates: [None; 2],
        };
        Self {
            org,
            ids,
            zone: "Europe/Berlin".parse().unwrap(),
            people: vec![person; PEOPLE],
            done: BTreeSet::new(),
        }
    }

    fn begun(&self, day: Date) -> bool {
        day.start_in(&self.zone) <= self.org.directory.now()
    }

    fn step(&mut self, step: &Step) {
        // Every command takes a moment; none of it before the clock is read for the rule.
        match step {
            Step::Set(who, kind, days) => {
                let today = Date::of(self.org.directory.now(), &self.zone);
                self.set(*who, *kind, Some(today.plus_days(*days)));
            }
            Step::Clear(who, kind) => self.set(*who, *kind, None),
            Step::Zone(zone) => {
                self.zone = ZONES[*zone].parse().unwrap();
                let value = Some(ZONES[*zone].to_owned());
                self.org.apply(Command::SetSetting {
                    setting: Setting::TimeZone,
                    value,
                });
            }
            Step::Hours(hours) => self.org.tick(hours * 3_600_000),
            Step::Run => self.run(),
            Step::Restart => self.org.reopen(),
            Step::Back(who) => self.back(*who),
            Step::Undo => self.undo(),
        }
        for (i, person) in self.people.iter().enumerate() {
            let user = self.org.user(&format!("p{i}"));
            let dates = KINDS.map(|it| user.profile.day(it.1));
            assert_eq!(
                (&user.status, &dates),
                (&person.status, &person.dates),
                "p{i} after {step:?}"
            );
        }
    }

    fn set(&mut self, who: usize, kind: usize, day: Option<Date>) {
        let command = self.org.date_edit(
            &format!("p{who}"),
            KINDS[kind].1,
            &day.map_or_else(String::new, |it| it.to_string()),
        );
        let applied = self.org.try_apply(command);
        let acted = day.is_some_and(|it| self.done.contains(&(who, kind, it)));
        if day.is_some_and(|it| self.begun(it)) {
            assert!(applied.is_err(), "a day that has begun was set");
        } else if acted {
            let is_so = self.people[who].dates[kind] == day;
            assert!(applied.is_err() || is_so, "a day that has acted was set");
        } else if self.people[who].status != Status::Deleted {
            self.people[who].dates[kind] = day;
        }
    }

    fn run(&mut self) {
        let mut due = Vec::new();
        for (who, person) in self.people.iter().enumerate() {
            for (kind, day) in person.dates.iter().enumerate() {
                if let Some(day) = day
                    && self.begun(*day)
                    && !self.done.contains(&(who, kind, *day))
                {
                    due.push((*day, kind, who));
                }
            }
        }
        due.sort_unstable();
        for (day, kind, who) in due {
            self.done.insert((who, kind, day));
            let status = &mut self.people[who].status;
            match (kind, *status) {
                (0, Status::Active) => *status = Status::Inactive,
                (1, _) => *status = Status::Deleted,
                _ => {}
            }
        }
        self.org.directory.do_due().unwrap();
        assert_eq!(self.org.do_due(), 0, "what was done is not done again");
    }

    fn back(&mut self, who: usize) {
        let name = format!("p{who}");
        match self.people[who].status {
            Status::Inactive => {
                self.org.apply(Command::Reactivate {
                    who: self.org.who(&name),
                    restore_assignments: false,
                });
            }
            Status::Deleted => {
                self.org.apply(create(&name));
            }
            _ => return,
        }
        self.people[who].dates = [None; 2];
        self.people[who].status = Status::Active;
    }

    /// Undo decides by itself what can come back; what matters here is that nothing of it acts again.
    fn undo(&mut self) {
        let batches = self.org.cli().read().unwrap().batches(None, 100).unwrap();
        let last = batches
            .iter()
            .find(|it| it.actor == usher_core::model::Actor::Scheduler);
        if let Some(batch) = last {
            self.org.apply(Command::Undo { batch: batch.id });
            for i in 0..self.people.len() {
                let is = self.org.user(&format!("p{i}")).status;
                let was = std::mem::replace(&mut self.people[i].status, is);
                if was != Status::Active && is == Status::Active {
                    // Nobody comes back with a day that has acted, or would at once.
                    let dates = self.people[i].dates;
                    let is_past = |kind: usize, day: Date| {
                        self.begun(day) || self.done.contains(&(i, kind, day))
                    };
                    let kept = [0, 1].map(|kind| dates[kind].filter(|it| !is_past(kind, *it)));
                    self.people[i].dates = kept;
                }
            }
        }
    }

    fn end(self) {
        self.org.assert_chain();
        let cli = self.org.cli();
        let read = cli.read().unwrap();
        let page = HistoryPage {
            limit: 10_000,
            ..HistoryPage::default()
        };
        let mut zone: TimeZoneName = "Europe/Berlin".parse().unwrap();
        let mut fired: BTreeMap<(UserId, DueKind, Date), usize> = BTreeMap::new();
        for event in read.history(&page).unwrap() {
            match event.change {
                Some(Change::Due {
                    user, kind, day, ..
                }) => {
                    assert!(event.at >= day.start_in(&zone), "{day} acted early");
                    *fired.entry((user, kind, day)).or_default() += 1;
                }
                Some(Change::Setting {
                    setting: Setting::TimeZone,
                    after: Some(after),
                    ..
                }) => zone = after.parse().unwrap(),
                _ => {}
            }
        }
        assert!(fired.values().all(|it| *it == 1), "acted twice: {fired:?}");
        let should: BTreeSet<_> = self
            .done
            .iter()
            .map(|(who, kind, day)| (self.ids[*who], KINDS[*kind].0, *day))
            .collect();
        assert_eq!(fired.keys().copied().collect::<BTreeSet<_>>(), should);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn each_action_fires_exactly_once_for_its_day_and_never_early(steps in prop::collection::vec(step(), 10..50)) {
        let mut timeline = Timeline::new();
        for step in &steps {
            timeline.step(step);
        }
        timeline.step(&Step::Hours(24 * 60));
        timeline.step(&Step::Run);
        timeline.end();
    }
}
