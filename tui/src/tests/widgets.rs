//! Text from outside in every widget that shows any: none of it acts on the terminal, hides, or leaves its cells.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use usher_core::model::{Timestamp, is_hostile};

use crate::app::{App, Settings, Tone};
use crate::board::{Board, Found, Item};
use crate::boards::Topic;
use crate::form::{Field, Form};
use crate::overlay::menu::{Choice, Entry, Menu};
use crate::overlay::note::Note;
use crate::theme::Theme;
use crate::view;

/// Every character that acts or hides, and a part of all others that has some of every script.
fn characters() -> Vec<char> {
    let all = (0..=0x10_ffff).filter_map(char::from_u32);
    all.filter(|it| is_hostile(*it) || (*it as u32).is_multiple_of(61))
        .collect()
}

fn app(size: Size) -> App {
    App::new(Settings::default(), size, Timestamp::from_millis(0))
}

fn check(app: &App) {
    let mut terminal =
        Terminal::new(TestBackend::new(app.size.width, app.size.height)).expect("a screen");
    terminal
        .draw(|frame| view::draw(app, Theme::Terminal, frame))
        .expect("a screen");
    for cell in terminal.backend().buffer().content() {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(is_hostile), "{symbol:?}");
    }
}

fn lines(characters: &[char]) -> Vec<String> {
    let some = characters.chunks(8);
    some.map(|some| some.iter().map(|c| format!("a{c}b")).collect())
        .collect()
}

#[test]
fn rows_and_titles() {
    let size = Size::new(80, 60);
    for some in lines(&characters()).chunks(50) {
        let mut app = app(size);
        let mut board = Board::new(Topic::Groups);
        let row = |text: &String| Item::new(text, vec![text.clone(); 4]);
        let found = Found {
            title: some[0].clone(),
            items: some.iter().map(row).collect(),
            more: false,
        };
        board.set_height(54);
        board.accept(0, Ok(Box::new(found)));
        board.set_filter("a");
        app.boards.push(board);
        app.message = Some((some[0].clone(), Tone::Bad));
        check(&app);
    }
}

#[test]
fn forms_menus_and_notes() {
    let size = Size::new(80, 60);
    for some in lines(&characters()).chunks(40) {
        let mut app = app(size);
        let field = |text: &String| {
            let mut field = Field::new(text.clone(), text.clone()).with(text);
            field.theirs = Some(text.clone());
            field
        };
        let fields = some.iter().map(field).collect();
        let mut form = Form::new(some[0].clone(), fields, |_| Err((0, String::new())));
        form.fault = Some(some[0].clone());
        app.form = Some(form);
        check(&app);
        app.form = None;
        let entry = |text: &String| Entry {
            key: String::new(),
            name: text.clone(),
            sentence: "",
            choice: Choice::Users,
        };
        let mut menu = Menu::new(some[0].clone(), some.iter().map(entry).collect());
        menu.set_page(50);
        app.menu = Some(menu);
        check(&app);
        app.menu = None;
        app.note = Some(Note {
            title: some[0].clone(),
            lines: some.to_vec(),
            copy: String::new(),
        });
        check(&app);
    }
}

/// What [`crate::cell::put`] does is tried with every character there is; so nothing may write past it.
#[test]
fn no_widget_writes_but_through_put() {
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let own = ["cell.rs", "backend.rs", "widgets.rs"];
            if own.iter().any(|it| path.ends_with(it)) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            for past in [
                "set_string",
                "set_symbol",
                "set_char",
                "set_line",
                "set_span",
                "Paragraph",
            ] {
                assert!(!text.contains(past), "{past} in {}", path.display());
            }
            n_files += 1;
        }
    }
    assert!(n_files > 40);
}
