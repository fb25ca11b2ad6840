//! Looking back: people and seats as they stood, told from the history (DESIGN §5).

use usher_core::command::{Command, Edit, PoolEdit};
use usher_core::model::{Date, Field, Hold, Period, Status, Step, When};
use usher_core::past::Person;
use usher_core::query::{PageFrom, SortBy, UsersPage, parse};

use crate::org::{Org, create};

impl Org {
    fn then(&self, who: usher_core::model::UserId, when: &str) -> Option<Person> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let moment = read.moment(&when.parse::<When>().unwrap()).unwrap();
        read.person_at(who, moment).unwrap()
    }

    /// `held/purchased` of `access`, as it stood.
    fn seats_then(&self, when: &str) -> String {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let moment = read.moment(&when.parse::<When>().unwrap()).unwrap();
        let pools = read.pools_at(moment).unwrap();
        pools.first().map_or_else(String::new, |it| {
            format!("{}/{}", it.held(), it.terms.purchased)
        })
    }

    fn now(&self) -> String {
        self.directory.now().to_string()
    }
}

#[test]
fn what_is_still_to_come_is_no_past_and_not_told_as_today() {
    let org = Org::new(5);
    let cli = org.cli();
    let read = cli.read().unwrap();
    for when in ["2040-01-01", "2040-01-01T00:00:00Z"] {
        let moment = read.moment(&when.parse::<When>().unwrap());
        crate::org::assert_error(moment, "is still to come");
    }
    assert!(
        read.moment_after(&When::Day("2040-01-01".parse().unwrap()))
            .is_ok()
    );
    assert!(read.moment(&When::At(read.now())).is_ok());
}

#[test]
fn a_person_is_shown_as_they_stood_at_an_instant_and_just_before_a_batch() {
    let org = Org::new(5);
    let before = org.now();
    org.invite("ana");
    let ana = org.user("ana").id;
    let invited = org.now();
    org.accept("ana").unwrap();
    org.create("bo");
    org.set_manager("ana", "bo");
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("li@acme.example".into()))],
        ..Edit::of(ana)
    }));
    let led = org.now();
    let left = org.deactivate("li").batch.unwrap();
    org.apply(Command::Undo { batch: left });
    org.apply(Command::Delete { who: ana.into() });

    assert_eq!(org.then(ana, &before), None, "not on the roster yet");
    let then = org.then(ana, &invited).unwrap();
    assert_eq!(then.user.status, Status::Waiting);
    assert_eq!(then.user.label(), "ana@acme.example");
    assert_eq!(then.licenses[0].hold, Hold::Reserved);
    assert!(then.invitation.is_some());
    for when in [led.as_str(), &format!("batch:{left}")] {
        let then = org.then(ana, when).unwrap();
        assert_eq!(then.user.status, Status::Active);
        assert_eq!(then.user.label(), "li@acme.example");
        assert_eq!(then.user.manager, Some(org.user("bo").id));
        assert_eq!(then.licenses[0].hold, Hold::Consumed);
    }
    let now = org.then(ana, &org.now()).unwrap();
    assert_eq!((now.user.status, now.licenses.len()), (Status::Deleted, 0));
    assert_eq!(
        now.user.version,
        org.cli()
            .read()
            .unwrap()
            .user(ana)
            .unwrap()
            .unwrap()
            .version
    );
}

#[test]
fn a_day_means_its_first_instant_in_the_organizations_time_zone() {
    let org = Org::new(5);
    // 2027-01-15T08:00Z is 09:00 in Berlin; 22:59Z is still the 15th there, 23:00Z is not.
    org.tick((15 * 3600 - 60) * 1000);
    org.create("ana");
    org.tick(120 * 1000);
    org.create("bo");
    let [ana, bo] = ["ana", "bo"].map(|it| org.user(it).id);
    assert!(org.then(ana, "2027-01-16").is_some());
    assert!(org.then(bo, "2027-01-16").is_none());
    assert_eq!(org.seats_then("2027-01-16"), "2/5");
    assert_eq!(org.seats_then(&org.now()), "3/5");
    assert_eq!(org.seats_then("2027-01-15"), "", "there was no pool yet");
}

#[test]
fn seats_at_any_instant_are_told_from_a_count_and_the_few_events_after_it() {
    let org = Org::new(4_000);
    let mut told = Vec::new();
    for i in 0..4 {
        let names: Vec<String> = (0..700).map(|it| format!("p{i}x{it}")).collect();
        let batch = org.create(&names.join(" ")).batch.unwrap();
        told.push((batch, 1 + 700 * i));
        org.set_pool(
            "access",
            PoolEdit {
                purchased: Some(4_000 + i),
                ..PoolEdit::default()
            },
        );
    }
    for (batch, held) in told {
        let i = (held - 1) / 700;
        let purchased = if i == 0 { 4_000 } else { 4_000 + i - 1 };
        assert_eq!(
            org.seats_then(&format!("batch:{batch}")),
            format!("{held}/{purchased}")
        );
    }
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let sql = "SELECT count(*), max(event) > 5000 FROM checkpoints";
    let counts: (i64, bool) = conn
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert!(counts.1 && counts.0 < 8, "{counts:?}");
    for sql in [
        "SELECT seq FROM events WHERE user IS NULL AND kind IN ('pool_added', 'pool_terms') ORDER BY seq",
        "SELECT event FROM checkpoints WHERE event = (SELECT max(event) FROM checkpoints WHERE event <= 77)",
    ] {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        for step in steps.map(Result::unwrap) {
            let whole = step.starts_with("SCAN") && !step.contains("USING");
            assert!(!whole, "{sql}: {step}");
        }
    }
}

#[test]
fn seats_over_time_tell_every_pool_at_the_end_of_each_day() {
    let org = Org::new(5);
    let day = 24 * 3600 * 1000;
    org.create("ana bo");
    org.tick(day);
    org.add_pool("pro", 2);
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    org.tick(day);
    org.deactivate("ana");
    let cli = org.cli();
    let period: Period = "3d".parse().unwrap();
    let over = cli.read().unwrap().pools_over(period, Step::Day).unwrap();
    let told: Vec<(Date, Vec<String>)> = over
        .iter()
        .map(|(slice, pools)| {
            let pools = pools.iter().map(|it| format!("{} {}", it.name, it.held()));
            (slice.day, pools.collect())
        })
        .collect();
    let expected = [
        ("2027-01-15", &["access 3"][..]),
        ("2027-01-16", &["access 3", "pro 1"]),
        ("2027-01-17", &["access 2", "pro 0"]),
    ];
    let expected = expected.map(|(day, pools)| {
        let pools = pools.iter().map(ToString::to_string).collect();
        (day.parse().unwrap(), pools)
    });
    assert_eq!(told, expected);
}

#[test]
fn of_an_erased_person_the_past_tells_no_more_than_a_pseudonym() {
    let org = Org::new(5);
    org.create("bo");
    org.invite("ana");
    let ana = org.user("ana").id;
    org.set_manager("ana", "bo");
    let then = org.now();
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    org.apply(create("cara"));
    let told = org.then(ana, &then).unwrap();
    assert_eq!(told.user.status, Status::Waiting);
    assert_eq!(told.user.label(), ana.to_string());
    assert_eq!(told.licenses[0].hold, Hold::Reserved, "counts stay true");
    assert_eq!((told.user.manager, told.invitation), (None, None));
    assert_eq!(org.seats_then(&then), "3/5");
    assert_eq!(
        org.then(ana, &org.now()).unwrap().user.status,
        Status::Erased
    );
    org.assert_chain();
}

#[test]
fn what_was_done_while_the_clock_was_wrong_has_its_place_after_what_came_before_it() {
    let org = Org::new(9);
    org.at("2027-02-02T12:00:00Z");
    org.create("ana");
    // A day back, and right again.
    org.at("2027-02-01T12:00:00Z");
    org.create("bo");
    org.at("2027-02-02T18:00:00Z");
    org.create("cleo");
    // Years ahead, and right again.
    org.at("2031-01-01T00:00:00Z");
    org.create("dora");
    org.at("2027-02-03T12:00:00Z");
    org.create("eve");
    org.tick(5_000);
    let there = |at: &str| {
        let people = ["ana", "bo", "cleo", "dora", "eve"];
        let is_there = |it: &&str| org.then(org.user(it).id, at).is_some();
        people.into_iter().filter(is_there).collect::<Vec<_>>()
    };
    for (at, wanted) in [
        ("2027-02-01T11:59:59Z", &[][..]),
        ("2027-02-01T12:00:01Z", &["ana", "bo"]),
        ("2027-02-02T17:00:00Z", &["ana", "bo"]),
        ("2027-02-02T18:00:01Z", &["ana", "bo", "cleo"]),
        (
            "2027-02-03T12:00:01Z",
            &["ana", "bo", "cleo", "dora", "eve"],
        ),
    ] {
        assert_eq!(there(at), wanted, "{at}");
        assert_eq!(
            org.seats_then(at),
            format!("{}/9", wanted.len() + 1),
            "{at}"
        );
    }
    let cli = org.cli();
    let read = cli.read().unwrap();
    for (day, wanted) in [
        ("2027-02-01", "bo"),
        ("2027-02-02", "ana cleo"),
        ("2027-02-03", "eve"),
        ("2031-01-01", "dora"),
    ] {
        let page = UsersPage {
            query: parse(&format!("created:{day}"), read.now()).unwrap(),
            sort: SortBy::Name,
            descending: false,
            from: PageFrom::Start,
            limit: 9,
        };
        let found = read.users(&page).unwrap();
        let names = found.iter().map(|it| crate::org::short(&it.label()));
        assert_eq!(names.collect::<Vec<_>>().join(" "), wanted, "{day}");
    }
}
