//! Reports as files (DESIGN §4, "Nothing lost by leaving").

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use usher_core::command::{Command, Edit, FieldEdit};
use usher_core::directory::HistoryFilter;
use usher_core::model::{Actor, Door, Field, FieldKind, TrainingKind, When};
use usher_core::report::{self, Kind, Report, Subject, Written};

use crate::org::{Org, assert_error};

impl Org {
    fn file(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    fn report(&self, subject: &str, name: &str) -> usher_core::Result<Written> {
        let report = Report::of(subject.parse()?);
        report::write(&self.cli(), &report, &self.file(name))
    }

    /// Every sheet as rows by the title of their columns.
    fn sheets(&self, name: &str) -> BTreeMap<String, Vec<BTreeMap<String, Data>>> {
        let mut book: Xlsx<_> = open_workbook(self.file(name)).unwrap();
        let sheets = book.worksheets().into_iter().map(|(name, range)| {
            let mut rows = range.rows();
            let titles: Vec<String> = rows
                .next()
                .unwrap()
                .iter()
                .map(ToString::to_string)
                .collect();
            let rows = rows.map(|it| titles.iter().cloned().zip(it.iter().cloned()).collect());
            (name, rows.collect())
        });
        sheets.collect()
    }
}

#[test]
fn every_sheet_of_a_batch_names_people_as_they_were_then() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_manager("ana", "bo");
    let batch = org.deactivate("ana").batch.unwrap();
    for name in ["ana", "bo"] {
        org.apply(Command::Edit(Edit {
            set: vec![(Field::Email, Some(format!("new-{name}@acme.example")))],
            ..Edit::of(org.who(name))
        }));
    }
    org.report(&format!("batch:{batch}"), "left.xlsx").unwrap();
    let sheets = org.sheets("left.xlsx");
    for (sheet, title) in [("users", "Email"), ("history", "User")] {
        for row in &sheets[sheet] {
            assert_eq!(row[title].to_string(), "ana@acme.example", "{sheet}");
        }
    }
    let reports_to = sheets["history"]
        .iter()
        .find(|it| matches!(&it["What"], Data::String(what) if what == "manager"));
    assert_eq!(reports_to.unwrap()["After"].to_string(), "bo@acme.example");
}

#[test]
fn nothing_is_lost_by_leaving_every_report_shows_them_as_they_stood_just_before_the_batch() {
    let org = Org::new(9);
    org.create("ana bo cara");
    org.set_manager("ana", "bo");
    org.add_pool("pro", 2);
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    org.add_training("Safety", TrainingKind::Course, None);
    org.assign("ana", "Safety");
    let batch = org.deactivate("ana bo").batch.unwrap();
    // What happens afterwards is no part of it.
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Title, Some("Gone".into()))],
        ..Edit::of(org.who("ana"))
    }));
    org.apply(Command::Delete { who: org.who("bo") });
    let written = org.report(&format!("batch:{batch}"), "left.xlsx").unwrap();
    assert_eq!(written.rows.len(), Kind::ALL.len());
    let sheets = org.sheets("left.xlsx");
    let text = |row: &BTreeMap<String, Data>, title: &str| row[title].to_string();
    let mut users: Vec<_> = sheets["users"]
        .iter()
        .map(|it| {
            ["Email", "Status", "Manager", "Title", "Licenses"]
                .map(|title| text(it, title))
                .join("|")
        })
        .collect();
    // Ids of one instant have no order.
    users.sort();
    assert_eq!(
        users,
        [
            "ana@acme.example|active|bo@acme.example||access:consumed pro:reserved",
            "bo@acme.example|active|||access:consumed",
        ]
    );
    let assignment = &sheets["assignments"][0];
    assert_eq!(text(assignment, "Training"), "Safety");
    assert_eq!(text(assignment, "State"), "assigned", "and ended by now");
    let mut licenses: Vec<_> = sheets["licenses"]
        .iter()
        .map(|it| {
            ["Pool", "User", "State", "Until"]
                .map(|title| text(it, title))
                .join("|")
        })
        .collect();
    licenses.sort();
    assert_eq!(
        licenses,
        [
            "access|ana@acme.example|consumed|",
            "access|bo@acme.example|consumed|",
            "pro|ana@acme.example|reserved|",
        ]
    );
    assert!(
        sheets["history"]
            .iter()
            .all(|it| text(it, "What") != "status"),
        "that came later"
    );
    assert_eq!(text(&sheets["seats"][0], "Held"), "4");
    // The same again is the same file of values: nothing was copied, and nothing has moved.
    org.report(&format!("batch:{batch}"), "again.xlsx").unwrap();
    assert_eq!(org.sheets("again.xlsx"), sheets);
}

#[test]
fn reports_keep_covering_people_who_left() {
    let org = Org::new(9);
    org.create("ana bo");
    org.invite("cara");
    org.deactivate("ana");
    org.apply(Command::Delete { who: org.who("bo") });
    let written = org.report("users", "users.csv").unwrap();
    assert_eq!(written.rows, [(Kind::Users, 4)]);
    let users = std::fs::read_to_string(org.file("users.csv")).unwrap();
    assert!(
        users.contains("ana@acme.example") && users.contains("bo@acme.example"),
        "{users}"
    );
    org.report("licenses", "licenses.json").unwrap();
    let licenses: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(org.file("licenses.json")).unwrap()).unwrap();
    let of_ana = licenses
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["user"] == "ana@acme.example")
        .unwrap();
    assert_eq!(
        (&of_ana["pool"], &of_ana["state"]),
        (&"access".into(), &"consumed".into())
    );
    assert!(of_ana["until"].is_string(), "{of_ana}");
}

#[test]
fn cells_have_types_and_what_people_typed_is_never_a_formula() {
    let org = Org::new(9);
    org.create("ana");
    for (field, value) in [
        (Field::Title, "=1+1"),
        (Field::Region, "@SUM(A1)"),
        (Field::LastName, "-x"),
    ] {
        org.apply(Command::Edit(Edit {
            set: vec![(field, Some(value.into()))],
            ..Edit::of(org.who("ana"))
        }));
    }
    org.report("users", "users.xlsx").unwrap();
    let row = &org.sheets("users.xlsx")["users"][1];
    for (title, value) in [
        ("Title", "=1+1"),
        ("Region", "@SUM(A1)"),
        ("Last name", "-x"),
    ] {
        assert_eq!(row[title], Data::String(value.into()));
    }
    assert_eq!(row["Protected"], Data::Bool(false));
    // 2027-01-15T08:00Z, by the clock on the wall in Berlin.
    let Data::DateTime(at) = &row["Created at"] else {
        panic!("{:?}", row["Created at"])
    };
    let hour = (at.as_f64().fract() * 24.0 * 3600.0).round();
    assert!((hour - 9.0 * 3600.0).abs() < 60.0, "{hour}");
    let csv = org.file("users.csv");
    report::write(&org.cli(), &Report::of(Subject::One(Kind::Users)), &csv).unwrap();
    assert!(std::fs::read_to_string(csv).unwrap().contains(",'=1+1,"));
}

#[test]
fn a_report_appears_whole_for_its_owner_only_and_replaces_nothing_unasked() {
    let org = Org::new(9);
    let batch = org.create("ana").batch.unwrap();
    let beside = || {
        std::fs::read_dir(org.path.parent().unwrap())
            .unwrap()
            .count()
    };
    let before = beside();
    org.report("seats", "seats.xlsx").unwrap();
    let mode = std::fs::metadata(org.file("seats.xlsx"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!((mode & 0o777, beside()), (0o600, before + 1));
    assert_error(org.report("seats", "seats.xlsx"), "exists already");
    let again = Report {
        replace: true,
        ..Report::of("seats".parse().unwrap())
    };
    report::write(&org.cli(), &again, &org.file("seats.xlsx")).unwrap();
    assert_error(org.report(&format!("batch:{batch}"), "all.csv"), "several");
    assert_error(org.report("users", "users.pdf"), ".xlsx");
    assert_error(org.report("wages", "x.csv"), "not known");
    assert_error(org.report("users", "nowhere/users.csv"), "folder");
    assert_eq!(beside(), before + 1);
    // Reports are for those who manage.
    let ana = org
        .directory
        .as_actor(Actor::Administrator(org.user("ana").id), Door::Cli);
    let refused = report::write(
        &ana,
        &Report::of("users".parse().unwrap()),
        &org.file("u.csv"),
    );
    assert_error(refused, "is not allowed");
}

#[test]
fn history_is_found_by_people_instants_actors_and_doors() {
    let org = Org::new(9);
    org.create("ana bo cara");
    let middle = org.directory.now();
    let batch = org.deactivate("ana bo").batch.unwrap();
    let cli = org.cli();
    let read = cli.read().unwrap();
    let count = |filter: HistoryFilter| {
        let (mut found, mut after) = (Vec::new(), Some(0));
        while let Some(from) = after {
            let part = read.history_of(&filter, from, 2).unwrap();
            found.extend(part.events);
            after = part.next;
        }
        assert!(found.is_sorted_by_key(|it| it.seq));
        found
    };
    let all = count(HistoryFilter::default());
    let of_two = count(HistoryFilter {
        people: Some(org.ids("ana cara").into_iter().collect()),
        ..HistoryFilter::default()
    });
    let expected: Vec<i64> = all
        .iter()
        .filter(|it| {
            it.user
                .is_some_and(|user| org.ids("ana cara").contains(&user))
        })
        .map(|it| it.seq)
        .collect();
    assert_eq!(of_two.iter().map(|it| it.seq).collect::<Vec<_>>(), expected);
    let since = read
        .moment_before(&When::At(middle.plus_millis(1)))
        .unwrap();
    let until = read.moment_after(&When::Before(batch.to_string())).unwrap();
    let one_batch = count(HistoryFilter {
        since: Some(since),
        until: Some(until),
        ..HistoryFilter::default()
    });
    assert!(!one_batch.is_empty() && one_batch.iter().all(|it| it.batch == batch));
    let by_nobody = count(HistoryFilter {
        door: Some(Door::Scim),
        ..HistoryFilter::default()
    });
    assert!(by_nobody.is_empty());
    let by_owner = count(HistoryFilter {
        actor: Some(Actor::FileOwner),
        ..HistoryFilter::default()
    });
    assert_eq!(by_owner.len(), all.len());
}

#[test]
fn reports_tell_custom_fields_dates_and_the_ends_of_licenses_now_and_then() {
    let org = Org::new(9);
    org.create("ana");
    org.apply(Command::AddField {
        name: "Cost center".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    org.apply(Command::Edit(Edit {
        set: vec![
            (Field::DeactivateOn, Some("2027-03-01".into())),
            (Field::DeleteOn, Some("2027-04-01".into())),
        ],
        fields: vec![("Cost center".into(), Some("=4711".into()))],
        ..Edit::of(org.who("ana"))
    }));
    org.add_pool("pro", 2);
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: Some(Some("2027-05-01".parse().unwrap())),
    });
    org.report("users", "users.json").unwrap();
    org.report("licenses", "licenses.json").unwrap();
    let batch = org.deactivate("ana").batch.unwrap();
    org.report(&format!("batch:{batch}"), "left.xlsx").unwrap();
    let rows = |name: &str| -> Vec<serde_json::Value> {
        serde_json::from_str(&std::fs::read_to_string(org.file(name)).unwrap()).unwrap()
    };
    let users = rows("users.json");
    let ana = users.iter().find(|it| it["email"] == "ana@acme.example");
    let ana = ana.unwrap();
    assert_eq!(ana["fields"], serde_json::json!({ "Cost center": "=4711" }));
    assert_eq!(
        (&ana["deactivate_on"], &ana["delete_on"]),
        (&"2027-03-01".into(), &"2027-04-01".into())
    );
    let licenses = rows("licenses.json");
    let end = |pool: &str| {
        let mut all = licenses
            .iter()
            .filter(|it| it["user"] == "ana@acme.example");
        all.find(|it| it["pool"] == pool).unwrap()["ends_on"].clone()
    };
    assert_eq!(
        (end("pro"), end("access")),
        ("2027-05-01".into(), serde_json::Value::Null)
    );
    let sheets = org.sheets("left.xlsx");
    let then = &sheets["users"][0];
    assert_eq!(then["Fields"].to_string(), "Cost center: =4711");
    assert!(matches!(then["Delete on"], Data::DateTime(_)), "{then:?}");
    let ends: Vec<_> = sheets["licenses"].iter().map(|it| &it["Ends on"]).collect();
    assert!(
        ends.iter().any(|it| matches!(it, Data::DateTime(_))),
        "{ends:?}"
    );
}

#[test]
fn the_chart_of_seats_draws_every_pool_on_its_own_days_and_has_gaps_where_there_was_none() {
    const DAY: i64 = 86_400_000;
    let org = Org::new(9);
    org.create("ana");
    org.tick(40 * DAY);
    org.add_pool("later", 4);
    org.tick(40 * DAY);
    org.report("seats", "seats.xlsx").unwrap();
    let sheets = org.sheets("seats.xlsx");
    let drawn = &sheets["over time"];
    let column = |name: &str| -> Vec<String> {
        let cells = drawn.iter().map(|it| it.get(name).map(ToString::to_string));
        cells.map(Option::unwrap_or_default).collect()
    };
    assert_eq!(column("access held"), ["2", "2", "2", "2"]);
    assert_eq!(column("later purchased"), ["", "4", "4", "4"]);
    let mut zip =
        zip::ZipArchive::new(std::fs::File::open(org.file("seats.xlsx")).unwrap()).unwrap();
    let chart = std::io::read_to_string(zip.by_name("xl/charts/chart1.xml").unwrap()).unwrap();
    assert_eq!(chart.matches("'over time'!$A$2:$A$5").count(), 4, "{chart}");
    assert!(
        chart.contains(r#"<c:numFmt formatCode="mmm yyyy" sourceLinked="0"/>"#),
        "{chart}"
    );
    assert!(chart.contains(r#"<c:dispBlanksAs val="gap"/>"#), "{chart}");
    // A month alone is a mark.
    assert_eq!(chart.matches(r#"<c:symbol val="circle"/>"#).count(), 4);
}
