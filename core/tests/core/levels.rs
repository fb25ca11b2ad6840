//! How full the pools are: alarms to the purchasers, once a crossing, and the day on which nothing will be free.

use usher_core::command::{Command, Edit, Invite, PoolEdit};
use usher_core::forecast::Forecast;
use usher_core::model::{CountsFrom, Field, NewPeople, Permission};

use crate::dates::day;
use crate::org::{Org, create, newcomer, people};

const DAY: i64 = 86_400_000;

impl Org {
    /// What purchasers were told, oldest first.
    fn told(&self) -> Vec<String> {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let sql = "SELECT email, about FROM outbox JOIN users ON users.id = outbox.user WHERE template = 'seat_alarm' ORDER BY outbox.seq";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let (who, about): (String, String) = (row.get(0)?, row.get(1)?);
            let about: serde_json::Value = serde_json::from_str(&about).unwrap();
            let who = who.trim_end_matches("@acme.example").to_owned();
            Ok(format!(
                "{who} {} {} {}/{}",
                about["pool"].as_str().unwrap(),
                about["alarm"],
                about["held"],
                about["purchased"]
            ))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn alarm(&self, pool: &str) -> u8 {
        let cli = self.cli();
        let read = cli.read().unwrap();
        read.pool(&pool.parse().unwrap()).unwrap().alarm
    }

    fn forecast(&self) -> Forecast {
        self.cli().read().unwrap().forecasts().unwrap()[0]
    }
}

#[test]
fn purchasers_are_told_once_a_crossing_and_again_after_it_fell_below() {
    let org = Org::new(20);
    let names: Vec<String> = (1..20).map(|it| format!("p{it:02}")).collect();
    org.create(&names[..14].join(" "));
    assert!(org.told().is_empty(), "15 of 20 are 75 per cent");
    org.create("p15");
    org.create("p16");
    assert_eq!(org.told(), ["owner access 80 16/20"]);
    org.deactivate("p15 p16");
    assert_eq!(org.alarm("access"), 0);
    org.create("x1");
    org.create("x2 x3 x4 x5");
    assert_eq!(
        org.told()[1..],
        ["owner access 80 16/20", "owner access 100 20/20"],
        "95 and 100 in one commit are one mail"
    );
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(40),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.alarm("access"), 0, "a raise arms them again");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(21),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.told().len(), 4);
    assert_eq!(org.alarm("access"), 95);
}

#[test]
fn each_pool_has_its_own_thresholds_and_every_active_purchaser_is_told() {
    let org = Org::new(100);
    org.add_pool("pro", 4);
    org.set_pool(
        "pro",
        PoolEdit {
            alarms: Some("50".parse().unwrap()),
            ..PoolEdit::default()
        },
    );
    org.set_pool(
        "access",
        PoolEdit {
            alarms: Some("none".parse().unwrap()),
            ..PoolEdit::default()
        },
    );
    org.create("ana bo cleo");
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let word = Permission::AuthorizedPurchaser.as_str();
    for name in ["ana", "bo"] {
        let sql = "INSERT INTO permissions (user, permission) VALUES (?1, ?2)";
        conn.execute(sql, rusqlite::params![org.user(name).id.as_bytes(), word])
            .unwrap();
    }
    conn.execute(
        "UPDATE users SET status = 'inactive' WHERE email LIKE 'bo@%'",
        [],
    )
    .unwrap();
    org.apply(Command::Grant {
        who: org.who("ana cleo"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    assert_eq!(org.told(), ["owner pro 50 2/4", "ana pro 50 2/4"]);
}

#[test]
fn what_is_refused_alarms_nobody_and_a_crowd_in_one_commit_alarms_once() {
    let org = Org::new(10);
    let names: Vec<String> = (0..10).map(|it| format!("p{it}")).collect();
    assert!(org.try_apply(create(&names.join(" "))).is_err());
    assert!(org.told().is_empty());
    org.create(&names[..9].join(" "));
    assert_eq!(org.told(), ["owner access 100 10/10"]);
}

#[test]
fn seats_say_when_a_pool_will_be_full_from_its_trend() {
    let org = Org::new(101);
    org.create("first");
    assert_eq!(org.forecast().full_on, None, "one day is no trend");
    for week in 0..5 {
        org.tick(7 * DAY);
        let names: Vec<String> = (0..7).map(|it| format!("w{week}p{it}")).collect();
        org.create(&names.join(" "));
    }
    // A person a day; 37 of 101 are held on 19 February.
    let forecast = org.forecast();
    assert_eq!((forecast.growth, org.seats("access").0), (28, 37));
    assert_eq!(forecast.full_on, Some(day("2027-04-24")));
    org.tick(40 * DAY);
    org.create("later");
    assert_eq!(org.forecast().full_on, None, "one in four weeks");
}

#[test]
fn scheduled_joiners_and_leavers_move_the_day() {
    let org = Org::new(10);
    org.create("a b c d e f");
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.forecast().full_on, None);
    org.apply(Command::Invite(Invite {
        people: people("g h i"),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
        send_on: Some(day("2027-06-01")),
    }));
    assert_eq!(org.forecast().full_on, Some(day("2027-06-01")));
    org.set_date("a", Field::DeactivateOn, "2027-05-01");
    org.set_date("a", Field::DeleteOn, "2027-05-15");
    let forecast = org.forecast();
    assert_eq!(
        (forecast.full_on, forecast.joiners, forecast.leavers),
        (None, 3, 1)
    );
    org.set_date("a", Field::DeactivateOn, "2028-05-01");
    org.set_date("a", Field::DeleteOn, "2028-05-01");
    assert_eq!(
        org.forecast().full_on,
        Some(day("2027-06-01")),
        "beyond a year"
    );
}

#[test]
fn a_temporary_license_and_the_first_day_of_a_pool_count_in_their_pool() {
    let org = Org::new(100);
    org.add_pool("pro", 2);
    org.create("a b c");
    org.apply(Command::Grant {
        who: org.who("a"),
        pool: "pro".parse().unwrap(),
        until: Some(Some(day("2027-03-01"))),
    });
    let pro = || org.cli().read().unwrap().forecasts().unwrap()[1];
    assert_eq!((pro().leavers, pro().full_on), (1, None));
    org.add_pool("next", 1);
    org.set_pool(
        "next",
        PoolEdit {
            starts_on: Some(Some(day("2027-02-01"))),
            ..PoolEdit::default()
        },
    );
    org.apply_when_full(
        Command::Grant {
            who: org.who("b c"),
            pool: "next".parse().unwrap(),
            until: None,
        },
        usher_core::command::WhenFull::QueueRest,
    );
    let next = org.cli().read().unwrap().forecasts().unwrap()[2];
    assert_eq!((next.joiners, next.full_on), (1, Some(day("2027-02-01"))));
}

#[test]
fn a_leaver_is_counted_once_whatever_dates_they_have_and_only_if_they_leave() {
    let org = Org::new(100);
    org.add_pool("pro", 9);
    org.create("a b c");
    let until = |names: &str, day_: &str| {
        org.apply(Command::Grant {
            who: org.who(names),
            pool: "pro".parse().unwrap(),
            until: Some(Some(day(day_))),
        });
    };
    until("a b", "2027-03-01");
    org.set_date("a b", Field::DeactivateOn, "2027-02-01");
    org.set_date("a", Field::DeleteOn, "2027-02-01");
    org.set_date("b", Field::DeleteOn, "2027-01-20");
    let leavers = || {
        let forecasts = org.cli().read().unwrap().forecasts().unwrap();
        (forecasts[0].leavers, forecasts[1].leavers)
    };
    assert_eq!(leavers(), (2, 2));
    // Who is protected since stays, and only the license ends.
    org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("a"))
    }));
    assert_eq!(leavers(), (1, 2));
}

#[test]
fn who_is_to_come_and_to_leave_again_counts_as_both_and_who_leaves_first_as_neither() {
    let org = Org::new(10);
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    org.apply(Command::Invite(Invite {
        people: people("g h i"),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
        send_on: Some(day("2027-06-01")),
    }));
    org.set_date("g", Field::DeactivateOn, "2027-07-01");
    org.set_date("g", Field::DeleteOn, "2027-08-01");
    org.set_date("h", Field::DeactivateOn, "2027-05-01");
    let forecast = org.forecast();
    assert_eq!((forecast.joiners, forecast.leavers), (2, 1));
}

#[test]
fn a_license_that_stands_for_the_seat_makes_nobody_a_joiner_and_does_not_end_by_a_date() {
    let org = Org::new(2);
    org.add_pool("viewer", 5);
    org.create("a");
    org.at_capacity("access", "fallback viewer");
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("bo", "1")).unwrap();
    assert_eq!(org.seats("viewer").0, 1);
    org.apply(Command::Grant {
        who: org.who("bo"),
        pool: "viewer".parse().unwrap(),
        until: Some(Some(day("2027-03-01"))),
    });
    let leavers = || org.cli().read().unwrap().forecasts().unwrap()[1].leavers;
    assert_eq!(leavers(), 0);
    org.set_date("bo", Field::DeactivateOn, "2027-03-02");
    assert_eq!(leavers(), 1);
}
