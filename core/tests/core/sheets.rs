//! Files that other programs wrote, read as sheets.

use std::path::PathBuf;

use usher_core::import::{Limits, Sheet, read_here};

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
    let rows = sheet.rows().iter();
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
    assert_eq!(other.rows().len(), 1);
    let error = read_here(open(), Some("Third"), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("People, Other"), "{error}");
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
