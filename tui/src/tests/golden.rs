//! Every screen at several sizes, as it was when somebody last looked at it: `golden.txt` beside this file. Run with
//! `USHER_WRITE_SCREENS=1` the test writes it again, to be looked at as a difference.

use std::path::Path;

use ratatui::layout::Size;

use super::boards::org;
use super::play::Play;
use crate::app::Settings;
use crate::boards::Topic;

const KEPT: &str = include_str!("golden.txt");
const SIZES: [(u16, u16); 3] = [(39, 9), (80, 24), (132, 20)];
/// Screens that are no board of their own, by the keys that lead there.
const OTHERS: [(&str, &str); 16] = [
    ("people", ""),
    ("people, filtered and marked", "/status:active<enter>*"),
    ("a filter that is wrong", "/stauts:x"),
    ("a filter with completion", "/status:"),
    ("one person", "/ana<enter><enter>"),
    ("a person's details", "jw"),
    ("the form of a person", "/ana<enter>e"),
    ("the form of many", "*e"),
    ("the form of an invitation", "i"),
    ("the form of columns", "c"),
    ("the menu", "a"),
    ("the palette", ":"),
    ("the help", "?"),
    ("a plan", "/bo<enter>d"),
    ("a plan of many", "*d"),
    ("the members of a group", "3<enter>"),
];

fn screens() -> String {
    let mut out = String::new();
    for (width, height) in SIZES {
        // Lists that grow with every setting and message there is say nothing about looks.
        let boards = Topic::main().into_iter();
        let boards = boards.filter(|(_, it)| !matches!(it, Topic::Settings | Topic::Wording));
        let boards = boards.map(|(key, topic)| {
            let name = topic.kind().name;
            let keys = match key {
                Some(key) => key.to_string(),
                None => format!(":{name}<enter>"),
            };
            (name.to_owned(), keys)
        });
        let others = OTHERS.map(|(name, keys)| (name.to_owned(), keys.to_owned()));
        let mut play = Play::with(org(), Settings::default(), Size::new(width, height));
        for (name, keys) in others.into_iter().chain(boards) {
            play.keys("<esc><esc><esc><esc><esc><esc>1M");
            play.keys(&keys);
            out.push_str(&format!("=== {name}, {width} by {height}\n"));
            for line in play.screen().lines() {
                out.push_str(masked(line).trim_end());
                out.push('\n');
            }
            play.keys("<ctrl-c>");
        }
    }
    out
}

/// Ids and digests are dots.
fn masked(line: &str) -> String {
    let hex = |it: &[u8]| it.iter().all(u8::is_ascii_hexdigit);
    let is_id =
        |word: &[u8]| word.len() >= 13 && word[8] == b'-' && hex(&word[..8]) && hex(&word[9..13]);
    let mut before = "";
    let words = line.split(' ').map(|word| {
        let is_digest = before == "plan" && word.len() == 6 && hex(word.as_bytes());
        before = word;
        match is_digest || is_id(word.as_bytes()) {
            true => "•".repeat(word.chars().count()),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_screen_looks_as_it_did_when_somebody_last_looked_at_it() {
    let now = screens();
    if std::env::var_os("USHER_WRITE_SCREENS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/golden.txt");
        std::fs::write(path, now).expect("written");
        return;
    }
    let heading = |text: &str, line: usize| {
        let before = text.lines().take(line + 1);
        before
            .filter(|it| it.starts_with("==="))
            .last()
            .map(str::to_owned)
    };
    for (i, (is, was)) in now.lines().zip(KEPT.lines()).enumerate() {
        assert_eq!(
            is,
            was,
            "{:?}, line {i}; USHER_WRITE_SCREENS=1 writes them again, to be looked at",
            heading(&now, i)
        );
    }
    assert_eq!(now.lines().count(), KEPT.lines().count());
}
