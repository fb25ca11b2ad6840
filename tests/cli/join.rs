//! `usher join`, and the settings that pages show.

use serde_json::{Value, json};

use crate::program::Org;

#[test]
fn the_join_page_is_set_and_shown() {
    let org = Org::with_seats(5);
    assert_eq!(org.json("join show")["on"], false);
    let shown = org.type_in("join show").ok();
    assert!(shown.contains("off; `usher join set --on"), "{shown}");
    let said = org.type_in("join set --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    org.type_in("group add Sales --yes").ok();
    org.type_in("join set --on --slug in --allow acme.example,bo@other.example --group Sales --text 'Come in.' --yes")
        .ok();
    let page = org.json("join show");
    assert_eq!(page["address"], "http://127.0.0.1:8080/join/in");
    assert_eq!(page["allow"], json!(["acme.example", "bo@other.example"]));
    assert_eq!(page["group"], "Sales");
    org.type_in("join set --off --no-group --no-text --yes")
        .ok();
    let page = org.json("join show");
    assert_eq!(page["on"], false);
    assert_eq!(page["group"], Value::Null);
    let said = org.type_in("join set --slug 'no slug' --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("small letters"), "{said:?}");
}

#[test]
fn a_logo_is_taken_from_a_file_and_said_in_words() {
    let org = Org::with_seats(5);
    let file = org.path("logo.png");
    std::fs::write(&file, b"\x89PNG\r\n\x1a\nnot much of one").unwrap();
    let name = file.display().to_string();
    org.run(&["setting", "logo", &name, "--yes"]).ok();
    let said = org.type_in("setting list").ok();
    assert!(said.contains("a picture (png, 1 KiB)"), "{said}");
    std::fs::write(&file, "<svg/>").unwrap();
    let said = org.run(&["setting", "logo", &name, "--yes"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let missing = org.run(&["setting", "logo", "/nowhere/logo.png", "--yes"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
}

#[test]
fn what_is_handed_out_is_one_file_that_needs_nothing_beside_it() {
    let org = Org::with_seats(5);
    let (guide, sheet) = (org.path("guide.html"), org.path("sheet.html"));
    let write = |words: &[&str], file: &std::path::Path| {
        let name = file.display().to_string();
        org.run(&[words, &[name.as_str()]].concat())
    };
    org.type_in("setting welcome-text 'Glad to <b>have</b> you.' --yes")
        .ok();
    write(&["guide"], &guide).ok();
    let said = write(&["guide"], &guide);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("--force"), "{said:?}");
    write(&["guide", "--force", "--language", "de"], &guide).ok();
    let text = std::fs::read_to_string(&guide).unwrap();
    assert!(text.starts_with("<!DOCTYPE html>\n<html lang=\"de\">"));
    for part in ["Wer sind Sie?", "Meine Eintr", "Warteliste", "Glad to"] {
        assert!(text.contains(part), "{part}");
    }
    for outside in ["http:", "https:", "src=\"/", "href=\"/", "<script", "<b>"] {
        assert!(!text.contains(outside), "{outside}");
    }
    assert_eq!(write(&["guide", "--language", "xx"], &sheet).code, Some(2));
    let said = write(&["join", "sheet"], &sheet);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("usher join set --on"), "{said:?}");
    org.type_in("join set --on --slug in --allow acme.example,bo@other.example --yes")
        .ok();
    write(&["join", "sheet"], &sheet).ok();
    let text = std::fs::read_to_string(&sheet).unwrap();
    assert!(text.contains("acme.example") && !text.contains("other.example"));
    assert!(text.contains("http://127.0.0.1:8080/join/in") && text.contains("<svg"));
}
