//! What is exported can be imported and changes nothing; a template can be filled in and imported.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use usher_core::command::{Command, Create, Edit, FieldEdit, Import, NewPerson};
use usher_core::import::{Does, EXAMPLE, Limits, Mode, Sheet, read_here, write_template};
use usher_core::model::{Field, FieldKind, GroupRole, Profile, Setting, Status};
use usher_core::query::SortBy;
use usher_core::report::{Export, export};

use super::{apply, faults, review};
use crate::org::Org;
use crate::settings::set;

fn read(path: &Path) -> Sheet {
    read_here(std::fs::File::open(path).unwrap(), None, &Limits::default()).unwrap()
}

/// Text that somebody may have for a title, and that a file may take for something else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[=+@'-]{1,3}[A-Za-z0-9 ()!,]{0,12}",
        "[ -~]{1,20}",
        "[a-z]{0,3}[\",;|\t']{1,3}[a-z]{0,3}",
        "[0-9]{1,9}",
        "[äößéč漢字]{1,6}",
        Just("0042".to_owned()),
        Just("1e5".to_owned()),
        Just("2026-01-31".to_owned()),
        Just("TRUE".to_owned()),
        Just("_x000D_".to_owned()),
        Just("a_x0009_b_x000D_c_x0041_".to_owned()),
        Just("sep=;".to_owned()),
        Just("(clear)".to_owned()),
        "'{0,2}(#N/A|#REF!|#FORMULA!|\\( ?CLEAR\\))",
    ]
}

/// An organization of people with such texts wherever there may be any.
fn org_of(texts: &[(String, String, String)]) -> Org {
    let org = Org::new(1_000);
    for name in ["Sales; EMEA", "Design:coach", "A, B", "\"Quoted\""] {
        org.apply(Command::AddGroup { name: name.into() });
    }
    org.add_pool("pro", 100);
    for (name, kind, values) in [
        ("Shirt", FieldKind::Choice, &["Small", "=Large"][..]),
        ("Joined", FieldKind::Date, &[]),
        ("Badge", FieldKind::Text, &[]),
        ("Team", FieldKind::Text, &[]),
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
    for (i, (first, title, badge)) in texts.iter().enumerate() {
        let of = |field: Field, text: &str| field.parse(text).ok().flatten();
        let profile = Profile {
            email: Some(format!("p{i}@acme.example")),
            user_name: (i % 3 == 0).then(|| format!("P.{i}")),
            first_name: of(Field::FirstName, first),
            last_name: of(Field::LastName, badge),
            title: of(Field::Title, title),
            labels: of(Field::Labels, title),
            delete_on: (i % 4 == 0).then(|| "2099-01-31".to_owned()),
            ..Profile::default()
        };
        let mut fields = Vec::new();
        for (name, value) in [("Badge", badge.as_str()), ("Team", title)] {
            if Field::Title.parse(value).is_ok_and(|it| it.is_some()) {
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        fields.push(("Joined".into(), "2020-02-29".into()));
        fields.push((
            "Shirt".into(),
            if i % 2 == 0 { "=Large" } else { "Small" }.into(),
        ));
        let groups = match i % 5 {
            0 => vec![("Sales; EMEA".into(), GroupRole::Coach)],
            1 => vec![
                ("Design:coach".into(), GroupRole::Learner),
                ("A, B".into(), GroupRole::Learner),
            ],
            2 => vec![("A, B".into(), GroupRole::Learner)],
            3 => vec![("\"Quoted\"".into(), GroupRole::Author)],
            _ => Vec::new(),
        };
        let manager = (i > 0).then(|| format!("p{}@acme.example", i / 2));
        org.apply(Command::Create(Create {
            people: vec![NewPerson {
                profile,
                manager,
                fields,
                ..NewPerson::default()
            }],
            groups,
            pools: if i % 6 == 0 {
                vec!["pro".parse().unwrap()]
            } else {
                Vec::new()
            },
            mail: false,
        }));
    }
    org.invite("cy dee");
    if texts.len() > 3 {
        org.deactivate("p3");
        org.apply(Command::Edit(Edit {
            manager: Some(Some("p2@acme.example".into())),
            ..Edit::of(org.who("cy"))
        }));
        org.deactivate("p2");
    }
    org
}

#[test]
fn what_came_by_way_of_another_program_has_no_apostrophe_of_its_own() {
    let org = Org::new(10);
    let text = "email|title|first name\nana@acme.example|=1+1|'=x";
    apply(&org, super::import(text, Mode::Create)).unwrap();
    // What the csv says, as a spreadsheet program opens and saves it: the same letters, in cells of text.
    let mut book = rust_xlsxwriter::Workbook::new();
    let rows = [
        ["email", "title", "first name"],
        ["ana@acme.example", "'=1+1", "''=x"],
    ];
    book.add_worksheet().write_row_matrix(0, 0, rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let xlsx = folder.path().join("saved.xlsx");
    book.save(&xlsx).unwrap();
    let plan = super::plan(&org, Import::of(Arc::new(read(&xlsx)), Mode::Update));
    assert!(plan.is_empty(), "{:?}", plan.changes);
}

fn assert_round_trip(org: &Org) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["people.csv", "people.xlsx"] {
        let path = folder.path().join(name);
        let people = export(&org.cli(), &Export::default(), &path).unwrap();
        let import = Import::of(Arc::new(read(&path)), Mode::Update);
        let plan = super::plan(org, import.clone());
        let found = plan.review.as_ref().unwrap();
        assert_eq!(faults(found), [] as [&str; 0], "{name}");
        assert_eq!(found.rows.len(), people, "{name}");
        assert!(plan.is_empty(), "{name}: {:?}", plan.changes);
        assert_eq!(found.count(Does::Nothing), people);
        let both = Import {
            mode: Mode::Both,
            ..import
        };
        assert!(super::plan(org, both).is_empty(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_exported_and_imported_changes_nothing(
        texts in proptest::collection::vec((text(), text(), text()), 1..24),
    ) {
        assert_round_trip(&org_of(&texts));
    }
}

#[test]
fn an_export_comes_in_the_order_that_is_asked_for() {
    let org = Org::new(2_000);
    let names: Vec<String> = (0..1_203)
        .map(|it| format!("p{}", it * 7 % 1_203))
        .collect();
    org.create(&names.join(" "));
    let folder = tempfile::tempdir().unwrap();
    let order = |sort, descending, name: &str| {
        let wanted = Export {
            columns: vec!["email".into()],
            sort,
            descending,
            ..Export::default()
        };
        let path = folder.path().join(name);
        export(&org.cli(), &wanted, &path).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().skip(1).map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    let came = order(SortBy::Created, false, "came.csv");
    assert_eq!(came[3], "p14@acme.example");
    let mut sorted = came.clone();
    sorted.sort();
    assert_eq!(order(SortBy::Email, false, "up.csv"), sorted);
    sorted.reverse();
    assert_eq!(order(SortBy::Email, true, "down.csv"), sorted);
}

#[test]
fn an_export_has_typed_cells_and_the_columns_that_are_asked_for() {
    let org = org_of(&[("Ana".into(), "=1+1".into(), "0042".into())]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.xlsx");
    let wanted = Export {
        columns: vec![
            "email".into(),
            "Joined".into(),
            "badge".into(),
            "created_at".into(),
        ],
        ..Export::default()
    };
    export(&org.cli(), &wanted, &path).unwrap();
    let sheet = read(&path);
    let titles: Vec<String> = sheet
        .at(0)
        .unwrap()
        .cells()
        .map(|it| it.said().into_owned())
        .collect();
    assert_eq!(titles, ["Email", "Joined", "Badge", "Created at"]);
    use usher_core::import::Cell;
    let row = sheet
        .rows()
        .find(|it| it.cell(0) == Cell::Text("p0@acme.example"))
        .unwrap();
    assert!(matches!(row.cell(1), Cell::Serial(_)), "{row:?}");
    assert_eq!(row.cell(2), Cell::Text("0042"));
    assert!(matches!(row.cell(3), Cell::Serial(_)), "{row:?}");
    let error = export(
        &org.cli(),
        &Export {
            columns: vec!["shoe".into()],
            ..Export::default()
        },
        &folder.path().join("x.csv"),
    );
    crate::org::assert_error(error, "use id, email");
    let error = export(&org.cli(), &Export::default(), &path);
    crate::org::assert_error(error, "exists already");
}

#[test]
fn a_template_has_the_organization_s_own_columns_and_is_imported_when_it_is_filled_in() {
    let org = org_of(&[("Ana".into(), "Boss".into(), "1".into())]);
    org.apply(set(Setting::RequiredOnInvite, "email,last_name,badge"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("template.xlsx");
    write_template(&org.cli().read().unwrap(), &path).unwrap();
    let mut sheet = read(&path);
    assert_eq!(sheet.about.sheet.as_deref(), Some("People"));
    assert_eq!(sheet.about.unread(), None, "its explanations are no people");
    let titles: Vec<String> = sheet
        .at(0)
        .unwrap()
        .cells()
        .map(|it| it.said().into_owned())
        .collect();
    for title in [
        "email*",
        "last_name*",
        "first_name",
        "Badge*",
        "Shirt",
        "groups",
    ] {
        assert!(titles.iter().any(|it| it == title), "{title}: {titles:?}");
    }
    assert_eq!(sheet.at(1).unwrap().cell(0).said(), EXAMPLE);
    // As it is, it is nobody; filled in, somebody.
    let found = review(&org, Import::of(Arc::new(sheet.clone()), Mode::Invite));
    assert_eq!((found.rows.len(), found.faults.len()), (0, 0));
    let place = |title: &str| titles.iter().position(|it| it == title).unwrap();
    sheet.mend(2, 0, "new@acme.example");
    sheet.mend(2, place("Badge*"), "7");
    sheet.mend(2, place("Shirt"), "small");
    let import = Import::of(Arc::new(sheet), Mode::Invite);
    assert_eq!(faults(&review(&org, import.clone())), [] as [&str; 0]);
    apply(&org, import).unwrap();
    assert_eq!(org.user("new").status, Status::Waiting);
    assert_eq!(
        org.user("new").profile.last_name.as_deref(),
        Some("Example")
    );
}
