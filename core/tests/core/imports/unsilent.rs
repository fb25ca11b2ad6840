//! Nothing that a file says is dropped: days of invitations that are none, roles in no group, managers by the names that the
//! file itself gives, fields that are called like a column of ours; and an import whose undo is undone stands.

use std::sync::Arc;

use usher_core::command::{Command, Create, Edit, FieldEdit, Import};
use usher_core::import::{Limits, Mode, Sheet, read_here, write_template};
use usher_core::model::{Field, FieldKind, Status};
use usher_core::report::{Export, export};

use super::{apply, faults, group, import, plan, review};
use crate::org::{Org, assert_error, people};

#[test]
fn the_day_of_an_invitation_is_set_or_told_and_never_dropped() {
    let org = Org::new(20);
    org.create("ana");
    org.invite("bo");
    let text = "email|send on\nana@acme.example|2099-01-31\nbo@acme.example|2099-01-31";
    let found = review(&org, import(text, Mode::Both));
    assert_eq!(
        faults(&found),
        ["B2: is for invitations, and the person is active: leave it empty"]
    );
    let partial = Import {
        partial: true,
        ..import(text, Mode::Both)
    };
    apply(&org, partial).unwrap();
    let bo = org.user("bo").id;
    let read = org.cli();
    let invitation = read.read().unwrap().invitation(bo).unwrap().unwrap();
    assert_eq!(
        invitation.send_on.map(|it| it.to_string()).as_deref(),
        Some("2099-01-31")
    );
    let create = "email|send on\ncy@acme.example|2099-01-31";
    assert_eq!(
        faults(&review(&org, import(create, Mode::Create))),
        ["B2: is for invitations, and this account is active at once: leave it empty"]
    );
    assert_eq!(faults(&review(&org, import(create, Mode::Invite))), [""; 0]);
    // Mailing nobody goes before it.
    let quiet = Import {
        mail: false,
        ..import("email|send on\nbo@acme.example|2099-02-01", Mode::Both)
    };
    assert!(plan(&org, quiet).changes.is_empty());
}

#[test]
fn a_role_in_no_group_is_told() {
    let org = Org::new(20);
    group(&org, "Sales");
    org.create("ana");
    let text = "email|role|groups\nana@acme.example|coach|\nbo@acme.example|coach|Sales";
    assert_eq!(
        faults(&review(&org, import(text, Mode::Both))),
        ["B2: is a role in no group: fill in the groups, or leave it empty"]
    );
    let text = "email|role\nana@acme.example|coach";
    assert_eq!(
        faults(&review(&org, import(text, Mode::Both))),
        ["B2: is a role in a group, and the file has no column of groups: leave it empty"]
    );
}

#[test]
fn a_manager_may_be_named_as_the_file_calls_them_from_now_on() {
    let org = Org::new(20);
    org.create("ana bo cy dan");
    let (ana, bo, cy) = (org.user("ana").id, org.user("bo").id, org.user("cy").id);
    org.deactivate("cy");
    let text = format!(
        "id|email|user name|manager\n{bo}|||ana.new@acme.example\n{ana}|ana.new@acme.example|annie|\n\
        |dan@acme.example||annie\n{cy}|cy.new@acme.example||\n|ed@acme.example||cy.new@acme.example"
    );
    let found = review(&org, import(&text, Mode::Both));
    assert_eq!(
        faults(&found),
        ["D6: is inactive: name somebody on the roster, or leave it empty"]
    );
    let fine: Vec<&str> = text.lines().take(5).collect();
    apply(&org, import(&fine.join("\n"), Mode::Both)).unwrap();
    assert_eq!(org.manager("bo").as_deref(), Some("ana.new"));
    assert_eq!(org.manager("dan").as_deref(), Some("ana.new"));
}

fn field(name: &str) -> Command {
    Command::AddField {
        name: name.into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    }
}

#[test]
fn a_field_is_not_called_like_a_column_however_that_is_spelled() {
    let org = Org::new(20);
    for name in ["E-Mail", "First-Name", "Send on", "created-at", "ROLE"] {
        assert_error(org.try_apply(field(name)), "choose another name");
    }
    org.apply(field("Position"));
    let rename = Command::SetField {
        name: "Position".into(),
        set: FieldEdit {
            name: Some("User-Name".into()),
            ..FieldEdit::default()
        },
    };
    assert_error(org.try_apply(rename), "choose another name");
}

#[test]
fn a_field_that_was_called_like_a_column_before_that_was_refused_comes_back_from_files() {
    let mut org = Org::new(20);
    org.create("ana");
    let names = [("Post", "E-Mail"), ("Made", "Created-at"), ("Part", "Role")];
    for (before, after) in names {
        org.apply(field(before));
        let conn = rusqlite::Connection::open(&org.path).unwrap();
        let sql = "UPDATE fields SET name = ?1, name_key = lower(?1) WHERE name = ?2";
        assert_eq!(conn.execute(sql, [after, before]).unwrap(), 1);
    }
    org.reopen();
    org.apply(Command::Edit(Edit {
        fields: names
            .map(|it| (it.1.to_owned(), Some("ours".to_owned())))
            .to_vec(),
        ..Edit::of(org.who("ana"))
    }));
    let folder = tempfile::tempdir().unwrap();
    for name in ["people.csv", "people.xlsx"] {
        let path = folder.path().join(name);
        export(&org.cli(), &Export::default(), &path).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let sheet = read_here(file, None, &Limits::default()).unwrap();
        let same = Import::of(Arc::new(sheet.clone()), Mode::Update);
        let plan = plan(&org, same);
        assert!(plan.changes.is_empty(), "{name}: {:?}", plan.changes);
        assert_eq!(plan.review.unwrap().faults, [], "{name}");
        let titles: Vec<String> = sheet
            .at(0)
            .unwrap()
            .cells()
            .map(|it| it.said().to_lowercase())
            .collect();
        let mut other = sheet;
        for (_, of) in names {
            let title = format!("field:{}", of.to_lowercase());
            let column = titles.iter().position(|it| *it == title).unwrap();
            other.mend(3, column, "theirs");
        }
        let found = review(&org, Import::of(Arc::new(other), Mode::Update));
        assert_eq!(faults(&found), [""; 0], "{name}");
    }
    // By their names they are found, and in JSON they are called as ever.
    let some = Export {
        columns: vec!["email".into(), "e-mail".into()],
        ..Export::default()
    };
    for (name, said) in [
        ("some.csv", "email,field:E-Mail"),
        ("some.json", "\"E-Mail\":\"ours\""),
    ] {
        let path = folder.path().join(name);
        export(&org.cli(), &some, &path).unwrap();
        let text = std::fs::read_to_string(path)
            .unwrap()
            .replace("\": ", "\":");
        assert!(text.contains(said), "{text}");
    }
    let path = folder.path().join("template.xlsx");
    write_template(&org.cli().read().unwrap(), &path).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let sheet = read_here(file, None, &Limits::default()).unwrap();
    let empty = review(&org, Import::of(Arc::new(sheet), Mode::Invite));
    assert_eq!(empty.columns.ignored().count(), 0);
}

#[test]
fn an_import_whose_undo_is_undone_stands_again() {
    let org = Org::new(20);
    let file = import("email|title\nana@acme.example|Boss", Mode::Invite);
    let applied = apply(&org, file.clone()).unwrap();
    let undone_by = || {
        let read = org.cli();
        let imports = read.read().unwrap().imports(None, 10).unwrap();
        imports.last().unwrap().undone_by
    };
    assert_eq!(undone_by(), None);
    let undo = org.undo(&applied);
    assert_eq!(undone_by(), undo.batch);
    let redo = org.undo(&undo);
    assert_eq!(org.user("ana").status, Status::Waiting);
    assert_eq!(undone_by(), None);
    assert_error(apply(&org, file.clone()), "imported already");
    let again = org.undo(&redo);
    assert_eq!(org.user("ana").status, Status::Deleted);
    assert!(undone_by().is_some(), "{again:?}");
    apply(&org, file).unwrap();
    assert_eq!(org.user("ana").profile.get(Field::Title), Some("Boss"));
}

#[test]
fn an_address_that_a_row_before_gives_up_is_free_and_somebody_named_twice_is_told_where() {
    let org = Org::new(20);
    org.create("ana bo");
    let (ana, bo) = (org.user("ana").id, org.user("bo").id);
    let text = format!("id|email\n{ana}|cy@acme.example\n{bo}|ana@acme.example");
    apply(&org, import(&text, Mode::Update)).unwrap();
    assert_eq!((org.user("cy").id, org.user("ana").id), (ana, bo));
    let twice = format!("id|email|title\n{ana}||A\n|cy@acme.example|B\n{ana}||C");
    assert_eq!(
        faults(&review(&org, import(&twice, Mode::Update))),
        [
            "B3: is the person of row 2, who is named there by their id or another name: leave one of them out",
            "A4: is in row 2 already: leave one of them out",
        ]
    );
}

#[test]
fn what_is_chosen_in_a_template_is_read_as_it_is_called() {
    let org = Org::new(20);
    org.apply(Command::AddField {
        name: "Shirt".into(),
        kind: FieldKind::Choice,
        set: FieldEdit {
            add_values: vec!["(clear)".into(), "#N/A".into(), "Small".into()],
            ..FieldEdit::default()
        },
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("template.xlsx");
    write_template(&org.cli().read().unwrap(), &path).unwrap();
    let mut book = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let texts = book.by_name("xl/sharedStrings.xml").unwrap();
    let texts = std::io::read_to_string(texts).unwrap();
    for choice in ["'(clear)", "'#N/A", "Small"] {
        assert!(texts.contains(&format!(">{choice}<")), "{choice}: {texts}");
    }
    apply(
        &org,
        import("email|shirt\nana@acme.example|'(clear)", Mode::Invite),
    )
    .unwrap();
    let read = org.cli();
    let ana = org.user("ana").id;
    let said = read.read().unwrap().fields_of(&[ana]).unwrap();
    assert_eq!(said[&ana], [("Shirt".to_owned(), "(clear)".to_owned())]);
}

#[test]
fn a_day_that_spreadsheets_know_and_we_do_not_is_told_as_what_it_is() {
    let org = Org::new(20);
    let text = "email|delete on\nana@acme.example|9999-12-31\nbo@acme.example|2027-02-30";
    assert_eq!(
        faults(&review(&org, import(text, Mode::Invite))),
        [
            "B2: \"9999-12-31\" is too far away; give a year from 1800 to 3000, or leave it empty",
            "B3: \"2027-02-30\" is not a calendar day; write it like 2026-11-22",
        ]
    );
}

#[test]
fn an_invitation_for_a_day_on_which_they_are_gone_already_is_told() {
    let org = Org::new(20);
    org.invite("bo");
    let text = "email|send on|deactivate on|delete on\nana@acme.example|2099-03-01|2099-02-01|\n\
        bo@acme.example|2099-03-01||2099-03-01\ncy@acme.example|2099-01-01|2099-02-01|";
    let ahead = "choose an earlier day, or a later one there";
    assert_eq!(
        faults(&review(&org, import(text, Mode::Both))),
        [
            format!(
                "B2: 2099-03-01 is not before 2099-02-01, when the person is to be deactivated: {ahead}"
            ),
            format!(
                "B3: 2099-03-01 is not before 2099-03-01, when the person is to be deleted: {ahead}"
            ),
        ]
    );
}

#[test]
fn a_cell_of_an_address_names_one_person_and_the_name_beside_it_is_theirs() {
    let org = Org::new(20);
    org.create("ana");
    let two = "two addresses in one cell: one person a row";
    for (cell, says) in [
        ("F <p1@acme.example>; G <p2@acme.example>", two),
        ("p1@acme.example, p2@acme.example", two),
        ("p1@acme.example <p2@acme.example>", two),
        (
            "p1@acme.example p1@acme.example; F <p2@acme.example>",
            "3 addresses in one cell: one person a row",
        ),
    ] {
        let found = review(&org, import(&format!("email\n{cell}"), Mode::Both));
        assert_eq!(faults(&found), [format!("A2: {says}")], "{cell}");
        let text = format!("email|manager\np3@acme.example|{cell}");
        let found = review(&org, import(&text, Mode::Both));
        assert_eq!(faults(&found), [format!("B2: {says}")], "{cell}");
    }
    let bad = review(
        &org,
        import("email\nF <p1@acme.example>; G <p2@>", Mode::Both),
    );
    assert_eq!(faults(&bad).len(), 1);
    let text = "email|first name|last name\nFay Ek <p1@acme.example>||\n\"Li, Gus\" <p2@acme.example>||\n\
        Hal Po <p3@acme.example>|Harald|\np4@acme.example (Ivo)||\nmailto:p5@acme.example||\nNew Name <ana@acme.example>||";
    apply(&org, import(text, Mode::Both)).unwrap();
    for (who, first, last) in [
        ("p1", Some("Fay"), Some("Ek")),
        ("p2", Some("Gus"), Some("Li")),
        ("p3", Some("Harald"), None),
        ("p4", Some("Ivo"), None),
        ("p5", None, None),
    ] {
        let profile = org.user(who).profile;
        let named = (profile.first_name.as_deref(), profile.last_name.as_deref());
        assert_eq!(named, (first, last), "{who}");
    }
    assert_ne!(org.user("ana").profile.first_name.as_deref(), Some("New"));
}

#[test]
fn a_manager_is_found_by_whichever_name_the_file_or_the_roster_has() {
    let org = Org::new(40);
    let mut people = people("chef berg twin1 twin2 gone other");
    people[0].profile.display_name = Some("Ana Chef".into());
    people[0].profile.first_name = None;
    people[1].profile.first_name = Some("Ana".into());
    people[1].profile.last_name = Some("van der Berg".into());
    for twin in &mut people[2..4] {
        twin.profile.display_name = Some("Twin Name".into());
    }
    people[4].profile.display_name = Some("Gone Away".into());
    people[5].profile.display_name = Some("Shown Otherwise".into());
    org.apply(Command::Create(Create {
        people,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    org.apply(Command::Delete {
        who: org.who("gone"),
    });
    let text = |manager: &str| {
        format!(
            "email|name|manager\nx1@acme.example|Xa One|{manager}\ny2@acme.example|Yb Two|\nz3@acme.example|Zé Drei Vier|"
        )
    };
    for (manager, boss) in [
        ("Yb Two", "y2"),
        ("yb  two", "y2"),
        ("Ze Drei Vier", "z3"),
        ("Ana Chef", "chef"),
        ("Ana van der Berg", "berg"),
        ("Van der Berg, Ana", "berg"),
        ("Shown Otherwise", "other"),
    ] {
        let file = import(&text(manager), Mode::Both);
        assert_eq!(faults(&review(&org, file.clone())), [""; 0], "{manager}");
        let batch = apply(&org, file).unwrap().batch.unwrap();
        assert_eq!(org.manager("x1").as_deref(), Some(boss), "{manager}");
        org.apply(Command::Undo { batch });
    }
    for (manager, why) in [
        (
            "Twin Name",
            "C2: several people are called Twin Name: give the address",
        ),
        ("Two Yb", "C2: there is no user Two Yb"),
        ("Chef Ana", "C2: there is no user Chef Ana"),
        ("Gone Away", "C2: there is no user Gone Away"),
    ] {
        let found = review(&org, import(&text(manager), Mode::Both));
        assert_eq!(faults(&found), [why]);
    }
    // Somebody of the file who has been there is the same one by either name.
    let renamed = "email|name|manager\nchef@acme.example|Ana Neu|\nx1@acme.example||Ana Chef\ny2@acme.example||Ana Neu";
    assert_eq!(faults(&review(&org, import(renamed, Mode::Both))), [""; 0]);
    org.deactivate("chef");
    let found = review(&org, import(renamed, Mode::Both));
    let unfit = "is inactive: name somebody on the roster, or leave it empty";
    assert_eq!(
        faults(&found),
        [format!("C3: {unfit}"), format!("C4: {unfit}")]
    );
}

#[test]
fn nobody_comes_to_report_to_somebody_who_leaves_by_the_same_file() {
    let org = Org::new(20);
    org.create("ana bo cy dan");
    org.apply(Command::Edit(Edit {
        manager: Some(Some("bo@acme.example".into())),
        ..Edit::of(org.who("dan"))
    }));
    for wish in ["inactive", "deleted"] {
        let rows = [
            "ana@acme.example|bo@acme.example|".to_owned(),
            "new@acme.example|bo@acme.example|".to_owned(),
            format!("bo@acme.example|cy@acme.example|{wish}"),
            // Whoever has that manager already moves up.
            "dan@acme.example|bo@acme.example|".to_owned(),
        ];
        let why = |row: u32| {
            format!("is to be {wish} by row {row}: name somebody on the roster, or leave it empty")
        };
        let text = format!("email|manager|status\n{}", rows.join("\n"));
        let found = faults(&review(&org, import(&text, Mode::Both)));
        assert_eq!(
            found,
            [format!("B2: {}", why(4)), format!("B3: {}", why(4))]
        );
        let turned: Vec<String> = rows.iter().rev().cloned().collect();
        let text = format!("email|manager|status\n{}", turned.join("\n"));
        let found = faults(&review(&org, import(&text, Mode::Both)));
        assert_eq!(
            found,
            [format!("B4: {}", why(3)), format!("B5: {}", why(3))]
        );
        // Whom the mode leaves stays.
        assert_eq!(faults(&review(&org, import(&text, Mode::Invite))), [""; 0]);
    }
    // A leaver may be written down with a manager who comes by the file; one who does not come is told.
    let text = "email|manager|status|groups\nbo@acme.example|eve@acme.example|inactive|\neve@acme.example|||\n\
        dan@acme.example|bo@acme.example||";
    apply(&org, import(text, Mode::Both)).unwrap();
    assert_eq!(org.manager("bo").as_deref(), Some("eve"));
    assert_eq!(org.manager("dan").as_deref(), Some("eve"));
}

#[test]
fn an_id_that_is_nobodys_is_told_as_such_and_not_as_a_slip_of_the_address_beside_it() {
    let org = Org::new(20);
    org.create("e1 e2");
    let id = "01a206d2-0a76-7311-923a-d450f8e591b2";
    let text = format!("id|email|title\n{id}|e2@acme.example|Boss\n{id}|e3@acme.example|Boss");
    let why = "is nobody's: leave it empty, or copy it from an export";
    assert_eq!(
        faults(&review(&org, import(&text, Mode::Update))),
        [format!("A2: {why}"), format!("A3: {why}")]
    );
    let slip = review(
        &org,
        import("email|title\ne22@acme.example|Boss", Mode::Update),
    );
    assert_eq!(
        faults(&slip),
        ["A2: \"e22@acme.example\" is nobody's on the roster: did you mean e2@acme.example?"]
    );
}

#[test]
fn what_is_wrong_is_told_as_what_it_is() {
    let org = Org::new(20);
    group(&org, "Sales");
    org.create("bo");
    let cases = [
        (
            "email|groups\nx@acme.example|Sales:boss",
            "B2: \"boss\" is no role in a group: use learner, coach, author, user_administrator or administrator",
        ),
        (
            "email|user name\nx@acme.example|bo@acme.example",
            "B2: is the address of somebody who signs in with it and is active",
        ),
    ];
    for (text, why) in cases {
        assert_eq!(faults(&review(&org, import(text, Mode::Both))), [why]);
    }
    let broken = Sheet::of_texts([vec!["email", "title"], vec!["x@acme.example", "Head\nof"]]);
    let file = Import::of(Arc::new(broken), Mode::Both);
    assert_eq!(
        faults(&review(&org, file)),
        ["B2: has a line break in it; write it on one line"]
    );
    let session = super::door(&org);
    let twice = import("Email|Name|E-Mail\nx@acme.example|X|", Mode::Both);
    let error = session
        .plan(&session.request(Command::Import(twice)))
        .unwrap_err();
    assert!(
        error.to_string().contains(
            "a second column for the same thing, \"E-Mail\" in C1; the first is \"Email\" in A1"
        ),
        "{error}"
    );
    let french = "courriel|service|titre\nx@acme.example|Ventes|Chef";
    let found = review(&org, import(french, Mode::Both));
    assert_eq!(found.columns.ignored().count(), 0);
}

#[test]
fn undoing_what_is_undone_says_by_what_it_was() {
    let org = Org::new(20);
    let batch = apply(&org, import("email\nx@acme.example", Mode::Both))
        .unwrap()
        .batch
        .unwrap();
    let undo = org.apply(Command::Undo { batch }).batch.unwrap();
    let again = org.plan(Command::Undo { batch }).unwrap();
    let said: Vec<String> = again.skipped.iter().map(|it| it.reason.clone()).collect();
    assert!(
        said.contains(&format!("was undone already, by batch {undo}")),
        "{said:?}"
    );
    org.apply(Command::Undo { batch: undo });
    assert!(
        !org.plan(Command::Undo { batch })
            .unwrap()
            .changes
            .is_empty()
    );
}
