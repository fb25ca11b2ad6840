//! Groups, trainings and what people have to learn, as typed.

use serde_json::json;
use usher_core::command::{Command, ProgressReport};
use usher_core::model::{Actor, Door, Progress};
use usher_core::{Directory, Options};

use crate::peopled;
use crate::program::Org;

#[test]
fn a_training_goes_by_a_group_from_assignment_to_completion() {
    let org = peopled();
    for line in [
        "training add 'Reading list' --kind pre-work --pool pro --yes",
        "training add Day --kind session --on 2027-03-01 --yes",
        "training instructor add day bo@acme.example --yes",
        "group training add mentors 'reading LIST' Day --yes",
        "group join Mentors ana@acme.example dora@acme.example --role coach --yes",
    ] {
        org.type_in(line).ok();
    }
    let reading = org.json("training show 'Reading list'");
    assert_eq!(
        (
            &reading["kind"],
            &reading["pool"],
            &reading["assigned"],
            &reading["groups"]
        ),
        (
            &json!("pre_work"),
            &json!("pro"),
            &json!(1),
            &json!(["Mentors"])
        )
    );
    let day = &org.json("training list")[0];
    assert_eq!(
        (&day["name"], &day["on"], &day["instructors"]),
        (
            &json!("Day"),
            &json!("2027-03-01"),
            &json!(["bo@acme.example"])
        )
    );
    let group = &org.json("group list")[0];
    assert_eq!(
        (&group["members"], &group["trainings"]),
        (&json!(2), &json!(["Day", "Reading list"]))
    );
    assert_eq!(org.seats("pro", "reserved"), 1);
    let ana = org.json("show ana@acme.example");
    assert_eq!(ana["assignments"].as_array().unwrap().len(), 2);

    let plan = org.json("progress ana@acme.example 'Reading list' started --plan");
    assert_eq!(plan["changes"][0]["after"], "consumed");
    org.type_in("progress ana@acme.example 'Reading list' started --yes")
        .ok();
    assert_eq!(
        (org.seats("pro", "reserved"), org.seats("pro", "consumed")),
        (0, 1)
    );
    let again = org.type_in("progress ana@acme.example 'Reading list' started --yes");
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("already started"), "{again:?}");
    let refused = org.type_in("progress nobody@acme.example Day started --yes");
    assert_eq!(refused.code, Some(1));

    let people = org.json("training people 'Reading list' --state started");
    assert_eq!(people[0]["user"], "ana@acme.example");
    let members = org.json("group members mentors --role coach");
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert_eq!(
        org.json("users training:day:assigned")
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let left = org.json("deactivate ana@acme.example --yes");
    assert_eq!(left["effects"]["assignments_ended"], 2);
    org.type_in("reactivate ana@acme.example --restore-assignments --yes")
        .ok();
    let started = org.json("training show 'Reading list'");
    assert_eq!(
        (&started["started"], &started["ended"]),
        (&json!(1), &json!(0))
    );
    org.type_in("audit verify").ok();
}

#[test]
fn groups_and_trainings_are_renamed_removed_and_brought_back() {
    let org = peopled();
    org.type_in("training add Intro --yes").ok();
    org.type_in("assign ana@acme.example bo@acme.example Intro --yes")
        .ok();
    org.type_in("unassign bo@acme.example intro --yes").ok();
    let batch = org.json("training remove Intro --yes")["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(org.json("training list"), json!([]));
    org.type_in(&format!("undo {batch} --yes")).ok();
    let intro = &org.json("training list")[0];
    assert_eq!(
        (&intro["assigned"], &intro["ended"]),
        (&json!(1), &json!(1))
    );
    org.type_in("training set Intro --name Start --pool pro --yes")
        .ok();
    assert_eq!(org.json("training show start")["pool"], "pro");
    org.type_in("group rename Mentors Guides --yes").ok();
    org.type_in("group pool add guides pro --yes").ok();
    assert_eq!(org.json("group show GUIDES")["pools"], json!(["pro"]));
    let batch = org.json("group remove Guides --yes")["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(org.json("group list"), json!([]));
    org.type_in(&format!("undo {batch} --yes")).ok();
    assert_eq!(org.json("group show Guides")["pools"], json!(["pro"]));
    for (line, code) in [
        ("training add Talk --kind session --yes", 2),
        ("training add Talk --kind lecture --yes", 2),
        ("assign ana@acme.example Nothing --yes", 1),
        ("group join Nothing ana@acme.example --yes", 1),
        ("group join Guides ana@acme.example --role boss --yes", 2),
        ("progress ana@acme.example Start begun --yes", 2),
    ] {
        assert_eq!(org.type_in(line).code, Some(code), "{line}");
    }
}

#[test]
fn what_the_platform_told_of_somebody_without_a_license_is_listed_and_carried_out() {
    let org = Org::with_seats(9);
    org.type_in("create ana@acme.example --yes").ok();
    org.type_in("pool add pro --purchased 1 --yes").ok();
    org.type_in("training add Fire --kind course --pool pro --yes")
        .ok();
    assert_eq!(org.type_in("progress").ok(), "nothing waits\n");
    {
        let directory = Directory::open(&org.db(), Options::default()).unwrap();
        let platform = directory.as_actor(Actor::FileOwner, Door::Api);
        let report = ProgressReport {
            who: "ana@acme.example".into(),
            training: "Fire".into(),
            step: Progress::Started,
        };
        let request = platform.request(Command::Progress {
            reports: vec![report],
        });
        platform.apply(request, None).unwrap();
    }
    let waits = &org.json("progress")[0];
    assert_eq!(
        (
            &waits["user"],
            &waits["training"],
            &waits["step"],
            &waits["pool"]
        ),
        (
            &"ana@acme.example".into(),
            &"Fire".into(),
            &"started".into(),
            &"pro".into()
        )
    );
    let told_at = waits["started_at"].clone();
    let doctor = org.type_in("doctor");
    assert!(doctor.out.contains("usher progress --again"), "{doctor:?}");
    let early = org.type_in("progress --again --yes");
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(early.err.contains("has no license of pro"), "{early:?}");
    org.type_in("pool grant pro ana@acme.example --yes").ok();
    assert_eq!(
        org.json("progress --again --plan")["changes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    org.type_in("progress --again --yes").ok();
    assert_eq!(org.type_in("progress").ok(), "nothing waits\n");
    let trainings = org.json("show ana@acme.example")["assignments"].clone();
    assert_eq!(trainings[0]["started_at"], told_at, "{trainings}");
    let half = org.type_in("progress ana@acme.example Fire");
    assert_eq!(half.code, Some(2), "{half:?}");
}

#[test]
fn the_plan_of_another_training_says_what_is_other_in_words() {
    let org = peopled();
    org.type_in("training add Basics --yes").ok();
    let plan = org.type_in("training set Basics --pool pro --plan").ok();
    assert!(
        plan.contains("training Basics pool none → pool pro\n"),
        "{plan}"
    );
}
