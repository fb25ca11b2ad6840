//! What a file says and how it is heard: everything that is wrong in a row at once, nothing without a word, and what stands
//! in a cell as what somebody meant by it.

use std::sync::Arc;

use usher_core::command::{Command, Create, Edit, FieldEdit, Import, NewPerson};
use usher_core::import::{Does, Limits, Mode, read_here, write_error_copy};
use usher_core::model::{Field, FieldKind, GroupRole, Profile, Setting, Status};

use super::{apply, door, faults, group, import, plan, review, sheet};
use crate::org::{Org, assert_error};
use crate::settings::set;

fn role(org: &Org, who: &str) -> Option<GroupRole> {
    let user = org.user(who).id;
    let read = org.cli();
    let all = read.read().unwrap().memberships_of(user).unwrap();
    all.first().map(|it| it.role)
}

#[test]
fn a_role_that_is_said_is_set_also_a_lesser_one_and_one_that_is_not_said_stays() {
    let org = Org::new(20);
    group(&org, "Sales");
    let people = "email|groups\nana@acme.example|Sales:coach\nbo@acme.example|Sales:administrator";
    apply(&org, import(people, Mode::Create)).unwrap();
    for (text, ana, bo) in [
        // A name alone, and a column of roles with nothing in it, leave it.
        (
            "email|groups\nana@acme.example|Sales",
            GroupRole::Coach,
            GroupRole::Administrator,
        ),
        (
            "email|groups|role\nana@acme.example|Sales|",
            GroupRole::Coach,
            GroupRole::Administrator,
        ),
        (
            "email|groups\nbo@acme.example|Sales:learner",
            GroupRole::Coach,
            GroupRole::Learner,
        ),
        (
            "email|groups|role\nana@acme.example|Sales|learner",
            GroupRole::Learner,
            GroupRole::Learner,
        ),
        (
            "email|groups\nana@acme.example|Sales; Sales:author",
            GroupRole::Author,
            GroupRole::Learner,
        ),
    ] {
        let applied = apply(&org, import(text, Mode::Update)).unwrap();
        assert_eq!(applied.plan.review.unwrap().faults, [], "{text}");
        assert_eq!(
            (role(&org, "ana"), role(&org, "bo")),
            (Some(ana), Some(bo)),
            "{text}"
        );
    }
    let twice = "email|groups\nana@acme.example|Sales:coach; Sales:author";
    let found = faults(&review(&org, import(twice, Mode::Update)));
    assert_eq!(
        found,
        ["B2: names \"Sales\" twice, with two roles: leave one"]
    );
}

#[test]
fn everything_that_is_wrong_in_a_row_is_told_at_once() {
    let org = Org::new(20);
    group(&org, "Sales");
    org.create("ana");
    org.apply(Command::AddField {
        name: "Shirt".into(),
        kind: FieldKind::Choice,
        set: FieldEdit {
            add_values: vec!["Small".into()],
            required: Some(true),
            ..FieldEdit::default()
        },
    });
    org.apply(set(Setting::RequiredOnInvite, "email,first_name"));
    let text = "email|first name|manager|groups|role|Shirt|delete on\n\
        no address||nobody@x.example|Slaes|boss|Large|2001-01-01\n\
        cy@acme.example||nobody@x.example|||Large|2001-01-01\n\
        ana@acme.example|(clear)|nobody@x.example|Slaes||Large|2001-01-01";
    let found = faults(&review(&org, import(text, Mode::Both)));
    let told: Vec<&str> = found.iter().filter_map(|it| it.split(':').next()).collect();
    let expected = [
        "A2", "F2", "E2", "D2", "B2", "G2", "C2", "F3", "B3", "G3", "C3", "F4", "D4", "C4", "B4",
        "G4",
    ];
    let mut sorted = (told.clone(), expected.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1, "{found:?}");
}

#[test]
fn whoever_is_at_rest_is_not_changed_without_a_word() {
    let org = Org::new(20);
    org.create("ana");
    org.invite("cy");
    let profile = "email|title\nana@acme.example|Lead\ncy@acme.example|Boss";
    apply(&org, import(profile, Mode::Update)).unwrap();
    let rest = "email|status\nana@acme.example|deleted\ncy@acme.example|cancelled";
    apply(&org, import(rest, Mode::Update)).unwrap();
    let same = review(
        &org,
        Import {
            again: true,
            ..import(profile, Mode::Update)
        },
    );
    assert_eq!((same.faults.len(), same.count(Does::Nothing)), (0, 2));
    let other = "email|title|status\nana@acme.example|Chief|deleted\ncy@acme.example|Chief|";
    let found = faults(&review(&org, import(other, Mode::Update)));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("B2: would be changed, and the person is deleted"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("B3: would be changed, and the person is cancelled"),
        "{found:?}"
    );
    assert_eq!(org.user("ana").status, Status::Deleted);
}

#[test]
fn a_formula_that_nobody_computed_is_told_and_no_row_goes_with_it() {
    let org = Org::new(20);
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(file.join("../tests/fixtures/uncomputed.xlsx")).unwrap();
    let sheet = read_here(file, None, &Limits::default()).unwrap();
    let found = review(&org, Import::of(Arc::new(sheet), Mode::Invite));
    let told = faults(&found);
    assert_eq!(found.rows.len(), 2);
    for cell in ["A2", "B2", "C2", "C3"] {
        let why = format!("{cell}: holds a formula that was never computed");
        assert!(
            told.iter().any(|it| it.starts_with(&why)),
            "{cell}: {told:?}"
        );
    }
}

#[test]
fn addresses_that_are_hardly_meant_are_asked_about() {
    let org = Org::new(20);
    let text = "email\nana@acme\n\u{430}na@acme.example\nbo@acme.example";
    let found = faults(&review(&org, import(text, Mode::Invite)));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("no dot") && found[1].contains("another alphabet"),
        "{found:?}"
    );
    let as_typed = Import {
        as_typed: true,
        ..import(text, Mode::Invite)
    };
    assert_eq!(review(&org, as_typed).count(Does::Invite), 3);
}

#[test]
fn a_license_is_given_by_its_name_and_not_by_how_it_is_not_held() {
    let org = Org::new(20);
    org.add_pool("pro", 5);
    org.create("ana bo");
    let text =
        "email|licenses\nana@acme.example|access:consumed pro:none\nbo@acme.example|pro:Reserved";
    let found = faults(&review(&org, import(text, Mode::Update)));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("B2: \"none\" is not how a license is held"),
        "{found:?}"
    );
}

#[test]
fn what_is_ignored_is_said_and_whoever_comes_is_shown() {
    let org = Org::new(20);
    let text = "email|first name||title\nana@acme.example|Ana|left|Lead|over\nbo@acme.example|Bo||";
    let plan = plan(&org, import(text, Mode::Invite));
    let found = plan.review.as_ref().unwrap();
    assert_eq!(found.columns.untitled().collect::<Vec<_>>(), [2, 4]);
    let json = serde_json::to_value(&plan).unwrap();
    let import = &json["import"];
    assert_eq!(import["untitled_columns"], serde_json::json!(["C", "E"]));
    assert_eq!(import["rows"][0]["cells"]["first name"], "Ana");
    assert_eq!(
        import["rows"][1]["cells"],
        serde_json::json!({"email": "bo@acme.example", "first name": "Bo"})
    );
}

#[test]
fn columns_are_found_by_more_names_and_a_sheet_without_any_is_told_by_its_name() {
    let org = Org::new(20);
    let text = "E-Mail-Adresse (required)|Vorname|Nachname *|Location|Manager's email\n\
        ana@acme.example|Ana|Li|EMEA|owner@acme.example";
    apply(&org, import(text, Mode::Invite)).unwrap();
    let ana = org.user("ana");
    assert_eq!(ana.profile.last_name.as_deref(), Some("Li"));
    assert_eq!(ana.profile.region.as_deref(), Some("EMEA"));
    assert_eq!(org.manager("ana").as_deref(), Some("owner"));
    org.apply(Command::AddField {
        name: "Cost center".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    let close = "email|CostCenter\nana@acme.example|47";
    let plan = plan(&org, import(close, Mode::Update));
    assert_eq!(plan.review.unwrap().columns.ignored().count(), 0);
    let mut read_me = (*sheet("Read me|please\nfill in|the other sheet")).clone();
    read_me.about.sheet = Some("Read me".into());
    read_me.about.others = vec!["People".into()];
    let session = door(&org);
    let import = Import::of(Arc::new(read_me), Mode::Invite);
    let error = session.plan(&session.request(Command::Import(import)));
    assert_error(error, "--sheet (\"People\")");
    let field = Command::AddField {
        name: usher_core::import::REASON.into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    };
    let session = org.cli();
    assert_error(session.plan(&session.request(field)), "choose another name");
}

#[test]
fn what_means_something_in_a_cell_is_somebody_s_name_after_an_apostrophe() {
    let org = Org::new(20);
    let text = "email|first name|last name|labels\nana@acme.example|'(clear)|'#N/A|( clear )";
    let person = NewPerson {
        profile: Profile {
            email: Some("ana@acme.example".into()),
            labels: Some("old".into()),
            ..Profile::default()
        },
        ..NewPerson::default()
    };
    org.apply(Command::Create(Create {
        people: vec![person],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    apply(&org, import(text, Mode::Update)).unwrap();
    let ana = org.user("ana").profile;
    assert_eq!(ana.get(Field::FirstName), Some("(clear)"));
    assert_eq!(ana.get(Field::LastName), Some("#N/A"));
    assert_eq!(ana.get(Field::Labels), None);
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Title, Some("Lead".into()))],
        ..Edit::of(org.ids("ana"))
    }));
}

#[test]
fn seats_that_mended_rows_will_ask_for_are_told_with_those_that_lack() {
    let org = Org::new(2);
    let text =
        "email|manager\nana@acme.example|\nbo@acme.example|\ncy@acme.example|nobody@x.example";
    let found = review(&org, import(text, Mode::Invite));
    assert_eq!(
        (found.count(Does::Invite), found.wrong_arrivals),
        (1, 1),
        "{:?}",
        faults(&found)
    );
}

#[test]
fn exports_of_others_are_read_by_their_titles() {
    let org = Org::new(20);
    let held = |head: &str| {
        let row = vec!["ana@acme.example"; head.split('|').count()].join("|");
        let sheet = sheet(&format!("{head}\n{row}"));
        let session = door(&org);
        let import = Import::of(sheet, Mode::Both);
        let plan = session.plan(&session.request(Command::Import(import)));
        let columns = plan.unwrap().review.unwrap().columns;
        let held = columns.titles.iter().zip(&columns.holds);
        let known: Vec<String> = held
            .map(|(_, it)| it.map_or("-", |it| it.title().unwrap_or("own")).to_owned())
            .collect();
        known.join(" ")
    };
    for (head, expected) in [
        (
            "First Name [Required]|Last Name [Required]|Email Address [Required]|Password [Required]|Manager Email|Department|Employee Title",
            "first_name last_name email - manager functional_area title",
        ),
        (
            "userPrincipalName|displayName|surname|mail|givenName|id|jobTitle|department|state|accountEnabled",
            "user_name display_name last_name email first_name - title functional_area - -",
        ),
        (
            "Name [displayName] Required|User name [userPrincipalName] Required|First name [givenName]|Last name [surname]|Job title [jobTitle]",
            "display_name user_name first_name last_name title",
        ),
        (
            "user.login|user.firstName|user.lastName|user.email",
            "user_name first_name last_name email",
        ),
        (
            "Prenom|Nom|Adresse électronique|Département|Fonction|Langue|Responsable|Groupes|Statut",
            "first_name last_name email functional_area title language manager groups status",
        ),
        (
            "Vorname|Name|E-Mail|Abteilung|Funktion|Sprache|Führungskraft|Gruppen|Lizenzen",
            "first_name last_name email functional_area title language manager groups licenses",
        ),
        (
            "Nombre|Apellidos|Correo electrónico|Departamento|Cargo|Idioma|Jefe|Grupos|Estado",
            "first_name last_name email functional_area title language manager groups status",
        ),
    ] {
        assert_eq!(held(head), expected, "{head}");
    }
}

#[test]
fn a_required_column_that_the_file_lacks_is_in_its_copy_and_filled_in_there() {
    let org = Org::new(20);
    org.create("ana");
    org.apply(set(Setting::RequiredOnInvite, "email,first_name"));
    org.apply(Command::AddField {
        name: "Req".into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            required: Some(true),
            ..FieldEdit::default()
        },
    });
    let text = "email||\nana@acme.example||\nbo@acme.example||beside\ncy@acme.example||";
    let found = review(&org, import(text, Mode::Both));
    let why = |name: &str| format!("{name} is required, and the file has no such column: add it");
    assert_eq!(
        faults(&found),
        [
            format!("D3: {}", why("first name")),
            format!("E3: {}", why("Req")),
            format!("D4: {}", why("first name")),
            format!("E4: {}", why("Req")),
        ]
    );
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("wrong.xlsx");
    write_error_copy(&found, &copy, false).unwrap();
    let file = std::fs::File::open(&copy).unwrap();
    let mut sheet = read_here(file, None, &Limits::default()).unwrap();
    for (row, column, value) in [(3, 3, "Bo"), (3, 4, "x"), (4, 3, "Cy"), (4, 4, "y")] {
        sheet.mend(row, column, value);
    }
    let file = Import::of(Arc::new(sheet), Mode::Both);
    assert_eq!(faults(&review(&org, file.clone())), [""; 0]);
    apply(&org, file).unwrap();
    assert_eq!(org.user("cy").profile.first_name.as_deref(), Some("Cy"));
}
