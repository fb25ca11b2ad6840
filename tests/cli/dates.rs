//! Dates from outside: they are set, shown as coming, done by `due run` and by a server, and undone.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use usher_core::command::{Command, Edit};
use usher_core::model::{Actor, Door, Field, Timestamp};
use usher_core::{Clock, Directory, Options};

use crate::peopled;
use crate::program::Org;

/// The day that begins next in UTC, and after so many more.
fn ahead(days: i64) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let millis = i64::try_from(now.as_millis()).unwrap() + days * 86_400_000;
    Timestamp::from_millis(millis).to_string()[..10].to_owned()
}

/// New Year's Day of 2020, for ever.
struct LongAgo;

impl Clock for LongAgo {
    fn now(&self) -> Timestamp {
        "2020-01-01T12:00:00Z".parse().unwrap()
    }
}

/// Lets people be deactivated on a day that is long past, as if nothing had run since.
fn overdue(org: &Org, who: &[&str]) {
    overdue_on(org, who, Field::DeactivateOn);
}

/// The same of another date.
fn overdue_on(org: &Org, who: &[&str], field: Field) {
    let options = Options {
        clock: Arc::new(LongAgo),
        ..Options::default()
    };
    let directory = Directory::open(&org.db(), options).unwrap();
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let who: Vec<String> = who.iter().map(|it| (*it).to_owned()).collect();
    let people = session.read().unwrap().find_users(&who).unwrap();
    let mut edit = Edit::of(people);
    edit.set = vec![(field, Some("2020-02-01".to_owned()))];
    let request = session.request(Command::Edit(edit));
    session.apply(request, None).unwrap();
}

#[test]
fn dates_are_set_shown_as_coming_and_cancelled() {
    let org = peopled();
    let (near, far) = (ahead(10), ahead(40));
    org.type_in(&format!(
        "edit ana@acme.example --deactivate-on {near} --delete-on {far} --yes"
    ))
    .ok();
    org.type_in(&format!(
        "invite fay@acme.example --send-on {near} --delete-on {far} --yes"
    ))
    .ok();
    org.type_in(&format!(
        "pool grant pro bo@acme.example --until {far} --yes"
    ))
    .ok();
    let due = org.json("due");
    let said: Vec<String> = due
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!(
                "{} {} {}",
                it["day"].as_str().unwrap(),
                it["kind"].as_str().unwrap(),
                it["user"].as_str().unwrap()
            )
        })
        .collect();
    let mut expected = vec![
        format!("{near} deactivate ana@acme.example"),
        format!("{near} send fay@acme.example"),
        format!("{far} license_end bo@acme.example"),
        format!("{far} delete ana@acme.example"),
        format!("{far} delete fay@acme.example"),
    ];
    let mut sorted = said.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    assert_eq!(org.json("due --limit 2").as_array().unwrap().len(), 2);
    assert_eq!(org.json("due delete_on:<60d").as_array().unwrap().len(), 4);
    assert_eq!(
        org.json("users deactivate_on:<30d")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(org.json("users send_on:<30d").as_array().unwrap().len(), 1);
    let bo = org.json("show bo@acme.example");
    assert!(
        bo["licenses"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["until"] == far.as_str())
    );
    assert_eq!(
        org.json("show fay@acme.example")["invitation"]["send_on"],
        near.as_str()
    );
    assert!(org.type_in("due").ok().contains("license end"));
    org.type_in("edit ana@acme.example --deactivate-on none --delete-on none --yes")
        .ok();
    let plan = org.json("edit fay@acme.example --send-on none --plan");
    assert_eq!(plan["effects"]["unsent"], 1);
    let said = org
        .type_in("edit fay@acme.example --send-on none --delete-on none --yes")
        .ok();
    assert!(
        said.contains("1 invitation has no mail any more; usher resend WHO sends one"),
        "{said}"
    );
    org.type_in("pool grant pro bo@acme.example --until none --yes")
        .ok();
    assert_eq!(org.type_in("due").ok(), "nothing is due\n");
    let said = org.type_in("edit ana@acme.example --delete-on 2020-01-01 --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("has begun already"), "{said:?}");
}

#[test]
fn what_is_due_is_planned_done_by_hand_and_undone() {
    let org = peopled();
    let said = org.type_in("due run --yes");
    assert_eq!(said.code, Some(1), "{said:?}");
    overdue(&org, &["ana@acme.example"]);
    let plan = org.json("due run --plan");
    assert_eq!(plan["command"], "due_deactivate");
    assert_eq!(org.json("show ana@acme.example")["status"], "active");
    let said = org.type_in("due run --yes").ok();
    assert!(said.contains("undo it with"), "{said}");
    assert_eq!(org.json("show ana@acme.example")["status"], "inactive");
    let batch = org.json("batches --limit 1")[0].clone();
    assert_eq!(
        (&batch["actor"], &batch["door"]),
        (&"scheduler".into(), &"cli".into())
    );
    let batch = batch["id"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(org.json("show ana@acme.example")["status"], "active");
    org.type_in("audit verify").ok();
}

#[test]
fn what_is_due_is_done_by_an_administrator_in_their_own_name() {
    let org = peopled();
    overdue(&org, &["ana@acme.example"]);
    let owner = org.json("show owner@acme.example")["id"].clone();
    let owner = owner.as_str().unwrap();
    org.type_in(&format!("due run --yes --as {owner}")).ok();
    assert_eq!(org.json("show ana@acme.example")["status"], "inactive");
    let batch = &org.json("batches --limit 1")[0];
    assert_eq!(
        (&batch["actor"], &batch["door"]),
        (&"owner@acme.example".into(), &"cli".into())
    );
}

#[test]
fn a_server_does_what_is_due_by_itself() {
    let org = peopled();
    let server = org.serve();
    overdue(&org, &["ana@acme.example"]);
    let since = Instant::now();
    while org.json("show ana@acme.example")["status"] != "inactive" {
        assert!(since.elapsed() < Duration::from_secs(30), "not done");
    }
    let batch = &org.json("batches --limit 1")[0];
    assert_eq!(
        (&batch["actor"], &batch["door"]),
        (&"scheduler".into(), &"schedule".into())
    );
    drop(server);
}

#[test]
fn what_is_due_is_done_once_to_each_also_when_it_is_killed_again_and_again() {
    let org = Org::with_seats(500);
    let names: Vec<String> = (0..300).map(|it| format!("p{it}@acme.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    org.feed(&["create", "-", "--yes"], &names.join(" ")).ok();
    overdue(&org, &names);
    for millis in [1, 3, 6, 10, 15, 20, 30, 40, 60] {
        let mut run = org.command(&["due", "run", "--yes"]);
        let mut run = run
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        let _ = run.kill();
        run.wait().unwrap();
        let left = org.json("due").as_array().unwrap().len();
        assert!(left == 0 || left == names.len(), "half of a batch: {left}");
    }
    let _ = org.type_in("due run --yes");
    let history = org.json("history");
    let fired = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["what"] == "due deactivate");
    assert_eq!(fired.count(), names.len());
    assert_eq!(
        org.json("users status:inactive").as_array().unwrap().len(),
        names.len()
    );
    org.type_in("audit verify").ok();
}

#[test]
fn seats_tell_alarms_and_the_forecast() {
    let org = Org::with_seats(5);
    org.type_in("pool set access --alarms 40,100 --yes").ok();
    org.type_in("create ana@acme.example --yes").ok();
    let access = &org.json("seats")[0];
    assert_eq!(access["alarms"], serde_json::json!([40, 100]));
    assert_eq!(access["alarm"], 40);
    assert_eq!(access["full_on"], serde_json::Value::Null);
    assert!(org.type_in("seats").ok().contains("not within a year"));
    org.type_in("create bo@acme.example cy@acme.example dee@acme.example --yes")
        .ok();
    assert!(org.json("seats")[0]["full_on"].is_string());
    assert!(org.type_in("seats").ok().contains("now"));
    let said = org.type_in("pool set access --alarms 300 --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn several_days_are_shown_each_and_the_one_that_was_shown_is_what_is_done() {
    let org = peopled();
    overdue(&org, &["ana@acme.example"]);
    overdue_on(&org, &["bo@acme.example"], Field::DeleteOn);
    let plans = org.type_in("due run --plan --format json");
    let plans: Vec<serde_json::Value> = plans
        .out
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let whom: Vec<&str> = plans
        .iter()
        .map(|it| it["changes"][0]["user"].as_str().unwrap())
        .collect();
    assert_eq!(whom, ["ana@acme.example", "bo@acme.example"]);
    let plan = &plans[1];
    let digest = plan["digest"].as_str().unwrap();
    assert!(digest.bytes().any(|it| it != b'0'), "{digest}");
    let other = "0123456789abcdef0123456789abcdef";
    let refused = org.type_in(&format!("due run --confirm {other}"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(org.json("show bo@acme.example")["status"], "active");
    org.type_in(&format!("due run --confirm {digest}")).ok();
    assert_eq!(org.json("show bo@acme.example")["status"], "deleted");
    assert_eq!(org.json("show ana@acme.example")["status"], "active");
}

#[test]
fn what_has_no_undo_is_not_said_to_have_one() {
    let org = peopled();
    let options = Options {
        clock: Arc::new(LongAgo),
        ..Options::default()
    };
    let directory = Directory::open(&org.db(), options).unwrap();
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let ana = session
        .read()
        .unwrap()
        .find_users(&["ana@acme.example".to_owned()])
        .unwrap();
    let request = session.request(Command::Delete { who: ana.into() });
    session.apply(request, None).unwrap();
    drop((session, directory));
    let said = org.type_in("due run --yes").ok();
    assert!(said.contains("deleted → erased"), "{said}");
    assert!(!said.contains("undo it with"), "{said}");
}

#[test]
fn the_end_of_a_license_that_a_group_needs_says_that_the_license_stays() {
    let org = peopled();
    let far = ahead(40);
    org.type_in("group add Sales --yes").ok();
    org.type_in("group pool add Sales pro --yes").ok();
    org.type_in("group join Sales ana@acme.example --yes").ok();
    for who in ["ana@acme.example", "bo@acme.example"] {
        org.type_in(&format!("pool grant pro {who} --until {far} --yes"))
            .ok();
    }
    let due = org.json("due");
    let stays = |user: &str| {
        let mut rows = due.as_array().unwrap().iter();
        rows.find(|it| it["user"] == user).unwrap()["stays"].clone()
    };
    assert_eq!(stays("ana@acme.example"), true);
    assert_eq!(stays("bo@acme.example"), false);
    let listed = org.type_in("due").ok();
    assert!(
        listed.contains("license end (the license stays)  ana@acme.example"),
        "{listed}"
    );
}

#[test]
fn another_time_zone_says_which_dates_it_moves() {
    let org = peopled();
    org.type_in("edit ana@acme.example --delete-on 2099-01-01 --yes")
        .ok();
    let zone = "setting time-zone Pacific/Kiritimati --plan";
    let plan = org.type_in(zone).ok();
    assert!(
        plan.contains(
            "  1 date acts at another instant; the first:\n    2099-01-01 delete ana@acme.example: "
        ),
        "{plan}"
    );
    let dates = &org.json(zone)["effects"]["dates"];
    assert_eq!((&dates["moved"], &dates["at_once"]), (&1.into(), &0.into()));
    assert_eq!(dates["first"][0]["after"], "2098-12-31T10:00:00.000Z");
    org.type_in("pool set pro --ends-on 2098-01-01 --yes").ok();
    let plan = org.type_in(zone).ok();
    assert!(
        plan.contains(
            "  2 dates act at another instant; the first:\n    2098-01-01 pool end pro: "
        ),
        "{plan}"
    );
}

#[test]
fn a_day_from_which_nothing_would_come_is_listed_with_the_reason() {
    let org = peopled();
    let day = ahead(40);
    org.type_in(&format!(
        "pool grant pro bo@acme.example --until {day} --yes"
    ))
    .ok();
    let shown = org.type_in("show bo@acme.example").ok();
    let until = format!("pro:reserved (until {day})");
    assert!(shown.contains(&until), "{shown}");
    org.type_in(&format!(
        "edit ana@acme.example --deactivate-on {day} --yes"
    ))
    .ok();
    org.type_in("deactivate ana@acme.example --yes").ok();
    let listed = org.type_in("due").ok();
    assert!(
        listed.contains("deactivate (nothing: already inactive)"),
        "{listed}"
    );
    let due = org.json("due");
    let of = |kind: &str| {
        let mut rows = due.as_array().unwrap().iter();
        rows.find(|it| it["kind"] == kind).unwrap().clone()
    };
    let (leaves, ends) = (of("deactivate"), of("license_end"));
    assert_eq!(leaves["why_not"], "already inactive");
    assert_eq!(leaves["stays"], false);
    assert!(ends["why_not"].is_null() && ends["stays"] == false);
}
