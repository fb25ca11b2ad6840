//! Every screen at several sizes, as it was when somebody last looked at it: `golden.txt` beside this file. Run with
//! `USHER_WRITE_SCREENS=1` the test writes it again, to be looked at as a difference.

use std::path::Path;

use ratatui::layout::Size;
use usher_core::command::Command;
use usher_core::exchange::Page;

use super::boards::org;
use super::play::Play;
use crate::app::Settings;
use crate::boards::Topic;
use crate::event::{Answer, Event};

const KEPT: &str = include_str!("golden.txt");
const SIZES: [(u16, u16); 4] = [(39, 9), (80, 24), (132, 20), (260, 30)];
/// Screens that are no board of their own, by the keys that lead there.
const OTHERS: [(&str, &str); 46] = [
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
    // Lists that grow with every setting and message there is say nothing about looks.
    ("a setting, found", "9/idle-minutes<enter>"),
    ("the form of a setting", "9/idle-minutes<enter><enter>"),
    ("a wording, found", ":wording<enter>/invitation<enter>"),
    (
        "a mail that is written",
        ":wording<enter>/invitation<enter><enter>",
    ),
    ("the queue of a pool", "2<enter>"),
    ("the holders of a pool", "2h"),
    ("the form of a pool", "2e"),
    ("the form of a new pool", "2i"),
    ("a plan of a pool", "2je<ctrl-u>7<enter>"),
    ("the form of a group", "3i"),
    ("the form of a training", "4i"),
    ("the learners of a training", "4<enter>"),
    ("the changes of a batch", "7<enter>"),
    ("a plan that undoes", "7u"),
    ("the form of a license", "+"),
    ("the form of groups", "o"),
    ("the form of trainings", "p"),
    ("the form of a file of people", "I"),
    ("the form of an export", "E"),
    ("the menu of views", "V"),
    ("the form of a view", "Vsave<enter>"),
    ("the form of managers", "b"),
    ("the tree, opened", ":tree<enter><right>"),
    ("the form of a role", "3<enter>="),
    ("the form of a training that is there", "4e"),
    ("the form of a connection", "6i"),
    ("a plan that revokes", "6<delete>"),
    ("the form of the join page", ":join page<enter><enter>"),
    ("the form of a field", ":custom fields<enter>i"),
    ("the menu of a connection", "6a"),
];

/// A page of the exchange, as the server would have made it.
fn page() -> Page {
    Page {
        id: usher_core::model::TransferId::from_bytes([7; 16]),
        url: "https://usher.acme.example/files/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE".into(),
        expires_at: usher_core::model::Timestamp::from_millis(1_795_316_579_000),
    }
}

/// Rows as a spreadsheet copies them, some of them wrong.
const ROWS: &str = "email\tfirst name\tmanager\nkim@acme.example\tKim\tana.li@acme.example\nlee\tLee\t\n\
    bo.rossi@acme.example\tRobert\tnobody@acme.example\n";

/// What becomes of those rows, by the keys that lead there.
const IMPORTING: [(&str, &str); 5] = [
    ("an import that is looked through", ""),
    ("the cells of a row", "n<enter>"),
    ("the ways of an import", "o"),
    ("an import that is wrong in parts", "y"),
    ("the plan of an import", "yPy"),
];

fn screens() -> String {
    let mut out = String::new();
    let mut show = |play: &Play, name: &str| {
        let Size { width, height } = play.app.size;
        out.push_str(&format!("=== {name}, {width} by {height}\n"));
        for line in play.screen().lines() {
            out.push_str(masked(line).trim_end());
            out.push('\n');
        }
    };
    for (width, height) in SIZES {
        // These are among the others, each found by its name.
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
            show(&play, &name);
            play.keys("<ctrl-c>");
        }
        play.keys("<esc><esc><esc><esc><esc><esc>1M/bo<enter>e");
        let who = play.org.ids("bo.rossi");
        play.org.other().done(Command::Deactivate { who });
        play.event(Event::Committed);
        show(&play, "a form of somebody who is changed meanwhile");
        let away = Settings {
            no_files: true,
            ..Settings::default()
        };
        let mut play = Play::with(org(), away, Size::new(width, height));
        let file = Answer::HandedOut(Ok((page(), "people.xlsx".to_owned())));
        play.event(Event::Answered(file));
        show(&play, "a page that a file is fetched from");
        let counters = play.app.counters.as_mut();
        counters.expect("they are read").served = true;
        play.keys("<esc>I");
        let effects = play.keys_alone("<enter>");
        drop(effects);
        play.event(Event::Answered(Answer::TakenIn(Ok(page()))));
        show(&play, "a page that a file is sent by");
        for (name, keys) in IMPORTING {
            let mut play = Play::with(org(), Settings::default(), Size::new(width, height));
            play.keys("I").event(Event::Paste(ROWS.into()));
            play.keys("<enter>").keys(keys);
            show(&play, name);
        }
    }
    out
}

/// Ids and digests are dots.
fn masked(line: &str) -> String {
    let hex = |it: &[u8]| it.iter().all(u8::is_ascii_hexdigit);
    let is_id = |word: &[u8]| {
        let is_whole = word.len() >= 13 && word[8] == b'-' && hex(&word[..8]) && hex(&word[9..13]);
        is_whole || word.len() >= 12 && hex(&word[..12])
    };
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
