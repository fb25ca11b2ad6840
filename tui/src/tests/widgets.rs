//! Text from outside in every widget that shows any: none of it acts on the terminal, hides, or leaves its cells.

use std::sync::{Arc, Mutex};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use usher_core::change::Change;
use usher_core::command::{Command, Edit, WhenFull};
use usher_core::model::{Actor, Door, Field as Profile, Status, Timestamp, UserId, is_hostile};
use usher_core::plan::Skip;

use super::org::Org;
use crate::app::{App, Settings, Tone};
use crate::backend::AnsiBackend;
use crate::board::{Board, Found, Item};
use crate::boards::Topic;
use crate::effect::{Effect, Intent, Wish};
use crate::event::Window;
use crate::form::{Field, Form};
use crate::list::Row;
use crate::overlay::menu::{Choice, Entry, Menu};
use crate::overlay::note::Note;
use crate::overlay::plan::{Phase, Room, Sheet};
use crate::summary::Proposal;
use crate::theme::Theme;
use crate::verb::Verb;
use crate::view;

/// Every character that acts or hides, and one of so many of all others, which has some of every script. Every character
/// there is goes through [`crate::cell::put`] in its own test, and through the list of people.
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
            sentence: "".into(),
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
            copied: true,
        });
        check(&app);
    }
}

/// What is sent to a terminal.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Draws as for a real terminal: what is sent is text that harms nobody, and control sequences of the backend's own kind,
/// which begin with ESC [ and end in a letter.
fn check_the_wire(app: &App) {
    let wire = Wire::default();
    let backend = AnsiBackend::new(wire.clone(), app.size);
    let mut terminal = Terminal::new(backend).expect("a terminal");
    terminal
        .draw(|frame| view::draw(app, Theme::Terminal, frame))
        .expect("a terminal");
    let sent = String::from_utf8(wire.0.lock().expect("one thread").clone()).expect("text");
    let mut parts = sent.split("\u{1b}[");
    let text = parts.next().into_iter().chain(parts.map(|it| {
        let end = it.find(|c: char| c.is_ascii_alphabetic()).expect("an end");
        assert!(
            it[..end].chars().all(|c| "0123456789;?:".contains(c)),
            "{it:?}"
        );
        &it[end + 1..]
    }));
    for part in text {
        assert!(!part.chars().any(is_hostile), "{part:?}");
    }
}

/// A row of the list of people, with this in every column.
fn person(text: &str, number: u128) -> Row {
    Row {
        id: UserId::from_bytes(number.to_be_bytes()),
        status: Status::Active,
        name: text.to_owned(),
        email: text.to_owned(),
        manager: text.to_owned(),
        area: text.to_owned(),
        title: text.to_owned(),
        region: text.to_owned(),
        language: text.to_owned(),
        labels: text.to_owned(),
        seen: text.to_owned(),
        created: text.to_owned(),
        custom: Vec::new(),
        protected: false,
    }
}

/// Every character there is, in the columns of the list; drawn for a real terminal, a share of them.
fn every_character_of(share: u32) {
    let all = (0..=0x10_ffff).filter_map(char::from_u32);
    let share: Vec<_> = all.filter(|it| (*it as u32 >> 10) % 2 == share).collect();
    let texts = share.chunks(14);
    let texts: Vec<String> = texts
        .map(|some| some.iter().flat_map(|c| ['a', *c]).collect())
        .collect();
    let size = Size::new(420, 100);
    let mut app = app(size);
    let asked = app.start().into_iter().find_map(|it| match it {
        Effect::ReadWindow(request) => Some(request.generation),
        _ => None,
    });
    let mut generation = asked.expect("the list is read");
    app.users.list.set_height(94);
    for some in texts.chunks(94 * 4) {
        // Four texts a row, in the columns that a wide screen shows.
        let rows = some.chunks(4).zip(1..).map(|(four, number)| {
            let at = |i: usize| four.get(i).cloned().unwrap_or_default();
            Row {
                email: at(1),
                area: at(2),
                title: at(3),
                ..person(&four[0], number)
            }
        });
        let window = Window {
            rows: rows.collect(),
            at_start: true,
            at_end: true,
            ..Window::default()
        };
        app.users.list.accept(generation, window);
        assert_eq!(app.users.list.rows().len(), some.len().div_ceil(4));
        check_the_wire(&app);
        app.users.list.refresh();
        let next = app.users.list.next_request(None);
        generation = next.expect("it is read again").generation;
    }
}

#[test]
fn every_character_in_the_list_of_people() {
    every_character_of(0);
}

#[test]
fn every_other_character_in_the_list_of_people() {
    every_character_of(1);
}

#[test]
fn plans_and_profiles() {
    let org = Org::new(9);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let owner = session
        .read()
        .expect("readable")
        .find_user("olga@acme.example");
    let owner = owner.expect("the owner").id;
    let mut edit = Edit::of(owner);
    edit.set = vec![(Profile::Title, Some("Queen".to_owned()))];
    let request = session.request(Command::Edit(edit));
    let planned = session.plan(&request).expect("a plan");
    for some in lines(&characters()).chunks(12) {
        let mut plan = planned.clone();
        plan.names.users.insert(owner, &some[0]);
        for text in some {
            plan.skipped.push(Skip {
                user: None,
                who: text.clone(),
                reason: text.clone(),
            });
            plan.changes.push(Change::Profile {
                user: owner,
                field: Profile::Title,
                before: Some(text.as_str().into()),
                after: Some(text.as_str().into()),
            });
        }
        let intent = Intent {
            wish: Wish::People {
                verb: Verb::Deactivate,
                who: owner.into(),
                typed: Some(some[0].clone()),
            },
            when_full: WhenFull::Ask,
        };
        let proposal = Proposal::new(intent, request.clone(), plan, None);
        let mut app = app(Size::new(120, 60));
        app.sheet = Some(Sheet {
            target: some[0].clone(),
            of_marks: false,
            phase: Phase::Shown {
                proposal: Box::new(proposal),
                moved: some.to_vec(),
                unknown: None,
            },
            scroll: 0,
            room: Room {
                rows: 50,
                width: 80,
                folds: true,
            },
            folds: None,
            typed: some[0].clone(),
            note: None,
        });
        check(&app);
        check_the_wire(&app);
        app.sheet = None;
        let mut board = Board::new(Topic::Person(owner));
        let row = |text: &String| Item::new(text, vec![text.clone(); 4]);
        board.set_height(54);
        board.accept(
            0,
            Ok(Box::new(Found {
                title: some[0].clone(),
                items: some.iter().map(row).collect(),
                more: false,
            })),
        );
        app.boards.push(board);
        check(&app);
        check_the_wire(&app);
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
            let own = ["cell.rs", "cell/pieces.rs", "backend.rs", "widgets.rs"];
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
