//! Files that other programs wrote, read as sheets.

use std::path::PathBuf;
use std::sync::Arc;

use usher_core::command::{Command, Import};
use usher_core::import::{Limits, Mode, Sheet, read_here, write_error_copy};

use crate::org::{Org, assert_error};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures")
        .join(name)
}

fn read(name: &str) -> Sheet {
    let file = std::fs::File::open(fixture(name)).unwrap();
    read_here(file, None, &Limits::default()).unwrap()
}

fn texts(sheet: &Sheet) -> Vec<(u32, Vec<String>)> {
    let rows = sheet.rows();
    rows.map(|row| {
        let cells = row.cells().take(8).map(|it| it.said().into_owned());
        (row.number(), cells.collect())
    })
    .collect()
}

#[test]
fn workbooks_of_other_programs_say_what_was_typed_into_them() {
    for name in [
        "openpyxl.xlsx",
        "openpyxl-1904.xlsx",
        "xlwt.xls",
        "odfpy.ods",
    ] {
        let rows = texts(&read(name));
        let [head, ana, bo, cy] = rows.as_slice() else {
            panic!("{name}: {rows:?}");
        };
        assert_eq!(head.1[..3], ["E-Mail", "First name", "Surname"], "{name}");
        let expected = [
            "ana@home.example",
            "Ana",
            "Li",
            "Sales",
            "2026-01-31",
            "4711",
            "true",
            "=not computed",
        ];
        assert_eq!(ana.1, expected, "{name}");
        let expected = [
            "bo@home.example",
            "Bo",
            "Müller-Lüdenscheidt",
            "R&D",
            "2025-12-01",
            "4712.5",
            "false",
        ];
        assert_eq!(bo.1, expected, "{name}");
        assert_eq!((ana.0, bo.0, cy.0), (2, 3, 5), "{name}");
        assert_eq!(cy.1[1..3], ["Çelik", "O'Neil"], "{name}");
        assert_eq!(cy.1[4], "2026-02-03T10:30:00", "{name}");
        assert_eq!(cy.1[7], "two\nlines", "{name}");
    }
}

#[test]
fn the_last_day_of_spreadsheets_and_times_of_day_are_told_as_they_show_them() {
    for name in [
        "openpyxl-days.xlsx",
        "openpyxl-days-1904.xlsx",
        "libreoffice-days.ods",
    ] {
        let rows = texts(&read(name));
        let said: Vec<[&str; 2]> = rows[1..]
            .iter()
            .map(|it| [it.1[1].as_str(), it.1[2].as_str()])
            .collect();
        let expected = [
            ["9999-12-31", "08:30:00"],
            ["9998-02-03", "00:00:01"],
            ["2027-03-01T23:59:59", "23:59:59"],
        ];
        assert_eq!(said, expected, "{name}");
        // An escaped sign of an escape is none.
        assert_eq!(rows[1].1[3].split(' ').next(), Some("_x000D_"), "{name}");
    }
}

#[test]
fn the_sheet_that_is_read_is_named_and_so_are_the_others() {
    let about = read("openpyxl.xlsx").about;
    assert_eq!(about.sheet.as_deref(), Some("People"));
    assert_eq!(about.others, ["Other"]);
    let open = || std::fs::File::open(fixture("openpyxl.xlsx")).unwrap();
    let other = read_here(open(), Some("other"), &Limits::default()).unwrap();
    assert_eq!(other.len(), 1);
    let error = read_here(open(), Some("Third"), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("People, Other"), "{error}");
}

#[test]
fn sheets_that_have_people_too_are_told_from_those_that_have_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("several.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, rows) in [
        ("Staff", ["email", "ana@acme.example"]),
        ("Notes", ["Whom to ask", "ana@acme.example"]),
        ("Leavers", ["E-Mail", "bo@acme.example"]),
        ("Secret", ["E-Mail", "cy@acme.example"]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, text) in (0_u32..).zip(rows) {
            sheet.write_string(row + 3, 1, text).unwrap();
        }
        sheet.set_hidden(name == "Secret");
    }
    book.save(&path).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let error = read_here(file, Some("secret"), &Limits::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has its sheet secret hidden; show it"),
        "{error}"
    );
    let read = |wanted| {
        let file = std::fs::File::open(&path).unwrap();
        read_here(file, wanted, &Limits::default()).unwrap()
    };
    let staff = read(None);
    assert_eq!(
        texts(&staff)[1],
        (5, vec![String::new(), "ana@acme.example".into()])
    );
    assert_eq!(
        staff.about.unread().as_deref(),
        Some(r#"only the sheet "Staff" is read, not "Leavers" (has people, too), "Notes""#)
    );
    assert_eq!(
        read(Some("leavers")).about.unread().as_deref(),
        Some(r#"only the sheet "Leavers" is read, not "Staff" (has people, too), "Notes""#)
    );
    // Where the one that is read has none, the only one that has is named.
    let org = Org::new(9);
    let session = org.cli();
    let import = |wanted| {
        let import = Import::of(Arc::new(read(wanted)), Mode::Both);
        session.plan(&session.request(Command::Import(import)))
    };
    assert_error(
        import(Some("Notes")),
        "choose another sheet with --sheet (\"Staff\", \"Leavers\")",
    );
    book.worksheets_mut().remove(2);
    book.worksheets_mut()[0].set_name("Zero").unwrap();
    book.worksheets_mut()[0]
        .write_string(3, 1, "Whoever")
        .unwrap();
    book.worksheets_mut()[1]
        .write_string(3, 1, "email")
        .unwrap();
    book.save(&path).unwrap();
    assert_error(
        import(None),
        "its sheet \"Notes\" has one: choose it with --sheet",
    );
}

#[test]
fn a_mended_cell_is_mended_and_nothing_else_is() {
    let mut sheet = read("openpyxl.xlsx");
    let before = texts(&sheet);
    sheet.mend(3, 7, "new");
    sheet.mend(4, 0, "no such row");
    let mut after = before.clone();
    after[2].1.push("new".to_owned());
    assert_eq!(texts(&sheet), after);
    sheet.mend(3, 7, "");
    assert_eq!(texts(&sheet), before);
}

#[test]
fn rows_of_a_text_have_the_numbers_that_a_spreadsheet_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    let text = "email,title\n\n\"ana@acme.example\",\"Head\nof\nsales\"\nbo,\ncy,\n";
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let sheet = read_here(file, None, &Limits::default()).unwrap();
    let numbers: Vec<u32> = sheet.rows().map(|it| it.number()).collect();
    assert_eq!(numbers, [1, 3, 4, 5]);
    let org = Org::new(9);
    let session = org.cli();
    let import = Import::of(Arc::new(sheet), Mode::Both);
    let plan = session
        .plan(&session.request(Command::Import(import)))
        .unwrap();
    let review = plan.review.unwrap();
    // The copy has them at the same places.
    let copy = folder.path().join("wrong.xlsx");
    write_error_copy(&review, &copy, false).unwrap();
    let copy = read_here(
        std::fs::File::open(&copy).unwrap(),
        None,
        &Limits::default(),
    )
    .unwrap();
    let rows = texts(&copy);
    assert_eq!(rows.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert_eq!((rows[2].1[0].as_str(), rows[3].1[0].as_str()), ("bo", "cy"));
}

#[test]
fn a_workbook_that_is_locked_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locked.xlsx");
    let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    // Over the edge between two parts of it.
    bytes.resize((1 << 16) - 9, 0);
    bytes.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(80_000, 0);
    std::fs::write(&path, bytes).unwrap();
    let read = read_here(
        std::fs::File::open(&path).unwrap(),
        None,
        &Limits::default(),
    );
    assert_error(read, "is protected by a password");
}

#[test]
fn rows_of_a_large_sheet_are_found_wherever_they_stand() {
    let texts: Vec<[String; 2]> = (0..9_000)
        .map(|it| [format!("p{it}@acme.example"), "x".repeat(it % 97)])
        .collect();
    let of = |texts: &[[String; 2]]| {
        Sheet::of_texts(texts.iter().map(|it| it.iter().map(String::as_str)))
    };
    let (sheet, mut other) = (of(&texts), of(&texts));
    assert_eq!(sheet.len(), texts.len());
    for (place, (row, typed)) in sheet.rows().zip(&texts).enumerate() {
        assert_eq!(sheet.at(place), Some(row.clone()));
        assert_eq!(sheet.row(row.number()), Some(row.clone()));
        assert_eq!([0, 1].map(|it| row.cell(it).said().into_owned()), *typed);
    }
    assert!(sheet.at(texts.len()).is_none() && sheet.row(0).is_none());
    // Where a row stands makes no difference, and what it says does.
    other.mend(4_711, 0, "bo@acme.example");
    assert_ne!(sheet, other);
    other.mend(4_711, 0, &texts[4_710][0]);
    assert_eq!(sheet, other);
}
