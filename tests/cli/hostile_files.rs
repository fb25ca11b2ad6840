//! Files that would cost a server its memory or its day cost a sentence (TRUST.md E6), and what other programs write is
//! read by the worker as it is.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use zip::write::{SimpleFileOptions, ZipWriter};

use crate::program::{Org, Said};

/// The longest that refusing a file may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A workbook of one sheet, whose parts are these.
fn workbook(
    strings: impl FnOnce(&mut dyn std::io::Write),
    sheet: impl FnOnce(&mut dyn std::io::Write),
) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let parts = [
        (
            "_rels/.rels",
            format!(
                r#"<Relationships xmlns="{RELS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{RELS}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
            ),
        ),
    ];
    for (name, text) in parts {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.start_file("xl/sharedStrings.xml", options).unwrap();
    write!(zip, r#"<sst xmlns="{MAIN}">"#).unwrap();
    strings(&mut zip);
    write!(zip, "</sst>").unwrap();
    zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    write!(zip, r#"<worksheet xmlns="{MAIN}"><sheetData>"#).unwrap();
    sheet(&mut zip);
    write!(zip, "</sheetData></worksheet>").unwrap();
    zip.finish().unwrap().into_inner()
}

fn cell(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn plain(sheet: &str) -> Vec<u8> {
    workbook(|_| {}, |it| it.write_all(sheet.as_bytes()).unwrap())
}

/// Writes it again and again.
fn repeat(out: &mut dyn std::io::Write, text: &str, megabytes: usize) {
    let block = text.repeat((1 << 20) / text.len());
    for _ in 0..megabytes {
        out.write_all(block.as_bytes()).unwrap();
    }
}

fn import(org: &Org, name: &str, bytes: &[u8]) -> Said {
    std::fs::write(org.path(name), bytes).unwrap();
    let begun = Instant::now();
    let said = org.run(&["individuals", "import", name, "--plan"]);
    assert!(begun.elapsed() < PATIENCE, "{name}: {:?}", begun.elapsed());
    said
}

#[test]
fn a_bomb_costs_a_sentence() {
    let org = Org::with_seats(5);
    // Smaller bombs for a smaller shelter, so that making them is quick.
    org.type_in("setting import-memory-megabytes 96 --yes").ok();
    org.type_in("setting import-unpacked-megabytes 250 --yes")
        .ok();
    org.type_in("setting import-cells 100000 --yes").ok();
    org.type_in("setting import-seconds 2 --yes").ok();
    let email = cell("A1", "email");
    let bombs = [
        (
            "far.xlsx",
            plain(&format!(
                r#"<row r="1">{email}</row><row r="1048576">{}</row>"#,
                cell("XFD1048576", "x")
            )),
            "column 16384",
        ),
        (
            "below.xlsx",
            plain(&format!(
                r#"<row r="1">{email}</row><row r="4000000000">{}</row>"#,
                cell("A4000000000", "ana@acme.example")
            )),
            "row 4000000000",
        ),
        (
            "padding.xlsx",
            workbook(|_| {}, |out| repeat(out, "          ", 200)),
            "more than 96 MiB of memory",
        ),
        (
            "strings.xlsx",
            workbook(
                |out| repeat(out, "<si><t>a</t></si>", 200),
                |out| {
                    out.write_all(format!(r#"<row r="1">{email}</row>"#).as_bytes())
                        .unwrap()
                },
            ),
            "more than 96 MiB of memory",
        ),
        (
            "cells.xlsx",
            workbook(
                |_| {},
                |out| {
                    write!(out, r#"<row r="1">{email}</row><row r="2">"#).unwrap();
                    repeat(out, r#"<c/>"#, 100);
                    write!(out, "</row>").unwrap();
                },
            ),
            "more than 100000 cells",
        ),
        (
            "huge.xlsx",
            workbook(|out| repeat(out, "<si/>", 300), |_| {}),
            "more than 250 MiB when unpacked",
        ),
        (
            "comment.xlsx",
            workbook(
                |_| {},
                |out| {
                    write!(out, "<!--").unwrap();
                    repeat(out, "bomb ", 200);
                    write!(out, "-->").unwrap();
                },
            ),
            "more than 96 MiB of memory",
        ),
    ];
    for (name, bytes, part) in bombs {
        let said = import(&org, name, &bytes);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        // On a machine that is busy otherwise the time may be spent before the room is.
        let is_over = said.err.contains(part) || said.err.contains("takes too long to read");
        assert!(is_over, "{name}: {}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{name}: {}", said.err);
    }
}

#[test]
fn what_is_no_workbook_costs_a_sentence() {
    let org = Org::with_seats(5);
    org.type_in("setting import-megabytes 1 --yes").ok();
    let whole = plain(&format!(r#"<row r="1">{}</row>"#, cell("A1", "email")));
    let mut flipped = whole.clone();
    for byte in flipped.iter_mut().skip(60).step_by(7) {
        *byte ^= 0x5a;
    }
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("cut.xlsx", whole[..whole.len() / 2].to_vec()),
        ("flipped.xlsx", flipped),
        (
            "old.xls",
            [
                &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..],
                &[7; 4_000],
            ]
            .concat(),
        ),
        ("zeros.csv", vec![0; 4_000]),
        ("empty.csv", Vec::new()),
        ("blank.csv", b"\r\n ,,, \r\n".to_vec()),
        ("page.csv", b"<!DOCTYPE html><html>".to_vec()),
        ("large.csv", b"email\n".repeat(200_000)),
        ("open.csv", b"email\n\"a".to_vec()),
    ];
    for (name, bytes) in cases {
        let said = import(&org, name, &bytes);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        assert_eq!(said.err.lines().count(), 1, "{name}: {}", said.err);
        assert!(
            said.err.contains(';'),
            "{name} says no remedy: {}",
            said.err
        );
    }
    let said = org.run(&["individuals", "import", "missing.csv", "--plan"]);
    assert!(
        said.err.contains("missing.csv") && said.code == Some(1),
        "{said:?}"
    );
    let said = org.run(&["individuals", "import", ".", "--plan"]);
    assert!(said.err.contains("is no file"), "{said:?}");
}

#[test]
fn what_other_programs_write_is_imported_and_so_is_what_is_piped() {
    let org = Org::with_seats(5);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    for name in ["openpyxl.xlsx", "xlwt.xls", "odfpy.ods"] {
        let plan = org.json(&format!("individuals import {fixtures}{name} --plan"));
        assert_eq!(
            plan["changes"].as_array().unwrap().len(),
            3,
            "{name}: {plan}"
        );
    }
    let piped = File::open(format!("{fixtures}openpyxl.xlsx")).unwrap();
    let mut command = org.command(&["individuals", "import", "-", "--yes"]);
    let said: Said = command.stdin(piped).output().unwrap().into();
    said.ok();
    assert_eq!(org.json("individuals list").as_array().unwrap().len(), 3);
}

#[test]
fn what_stands_past_the_end_of_a_sheet_is_told_as_that_and_not_as_damage() {
    let org = Org::with_seats(5);
    let email = cell("A1", "email");
    let row = |number: u32, place: &str| {
        format!(
            r#"<row r="{number}">{}</row>"#,
            cell(place, "ana@acme.example")
        )
    };
    for (name, rows, said) in [
        (
            "below.xlsx",
            row(1_048_577, "A1048577"),
            "has something in row 1048577, and no sheet has more than 1048576 rows; split it, or clear what stands below its end",
        ),
        (
            "beside.xlsx",
            row(2, "XFE2"),
            "has something in row 2, column 16385; it may have 1024 columns: look for cells far to the right",
        ),
    ] {
        let sheet = plain(&format!(r#"<row r="1">{email}</row>{rows}"#));
        std::fs::write(org.path(name), sheet).unwrap();
        let refused = org.run(&["import", name, "--plan"]);
        assert_eq!(refused.code, Some(2), "{name}: {refused:?}");
        assert!(refused.err.contains(said), "{name}: {}", refused.err);
        assert!(!refused.err.contains("damaged"), "{name}: {}", refused.err);
    }
    // What only looks like something, an empty cell with a color, is nothing.
    let styled = r#"<row r="1048577"><c r="A1048577" s="1"/></row>"#;
    let sheet = plain(&format!(
        r#"<row r="1">{email}</row>{}{styled}"#,
        row(2, "A2")
    ));
    std::fs::write(org.path("styled.xlsx"), sheet).unwrap();
    org.run(&["import", "styled.xlsx", "--plan"]).ok();
}

#[test]
fn a_text_is_read_in_pieces_and_may_be_larger_than_the_memory_of_its_reader() {
    let org = Org::with_seats(5_000);
    org.type_in("setting import-memory-megabytes 64 --yes").ok();
    org.type_in("setting import-megabytes 200 --yes").ok();
    let notes = "x".repeat(30_000);
    let mut file = std::io::BufWriter::new(File::create(org.path("large.csv")).unwrap());
    writeln!(file, "email,notes").unwrap();
    for i in 0..2_400 {
        writeln!(file, "p{i}@acme.example,\"{notes}\"").unwrap();
    }
    // What it is encoded in is known when all of it is read.
    writeln!(file, "last@acme.example,ü").unwrap();
    file.flush().unwrap();
    assert!(std::fs::metadata(org.path("large.csv")).unwrap().len() > 64 << 20);
    let said = org.run(&["import", "large.csv", "--mode", "create", "--plan"]);
    assert!(
        said.out.contains("2,401") || said.out.contains("2401"),
        "{} {}",
        said.out,
        said.err
    );
}
