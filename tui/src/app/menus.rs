//! The menu of what can be done here, the palette of everything, and copying.

use super::{App, Tone};
use crate::action::{Action, Place, actions};
use crate::backend::LONGEST_COPY;
use crate::board::Board;
use crate::boards::Topic;
use crate::effect::Effect;
use crate::key::Key;
use crate::overlay::menu::{Asked, Choice, Clip, Entry, Menu};
use crate::people;
use crate::words;

/// Actions of the list that are worth an entry: movements are not.
const LISTED: [Action; 22] = [
    Action::Invite,
    Action::Import,
    Action::Filter,
    Action::Sort,
    Action::Backwards,
    Action::Columns,
    Action::Views,
    Action::Range,
    Action::MarkAll,
    Action::Invert,
    Action::OnlyMarked,
    Action::ClearMarks,
    Action::MarkAgain,
    Action::Undo,
    Action::Open,
    Action::Detail,
    Action::Help,
    Action::Mouse,
    Action::Theme,
    Action::Plain,
    Action::Repaint,
    Action::Quit,
];

/// Movements of the screen of an import.
const IMPORT_MOVES: [Action; 11] = [
    Action::Up,
    Action::Down,
    Action::HalfUp,
    Action::HalfDown,
    Action::PageUp,
    Action::PageDown,
    Action::Top,
    Action::Bottom,
    Action::Back,
    Action::Menu,
    Action::Palette,
];

impl App {
    fn acts_here(&self) -> Vec<Entry> {
        if self.import_on_top().is_some() {
            return import_acts();
        }
        let board = self.board();
        let acts = board.map_or(&[][..], |it| it.topic.kind().acts);
        let mut entries: Vec<_> = acts
            .iter()
            .map(|act| Entry {
                key: act.key.to_string(),
                name: act.name.to_owned(),
                sentence: act.sentence.into(),
                choice: Choice::Press(act.key),
            })
            .collect();
        if self.whom().is_some() {
            // What the screen does by the same key goes before.
            let free = |key: &Key| acts.iter().all(|it| it.key != *key);
            let shown = |key: Key| key.to_string();
            entries.extend(people::ACTS.iter().map(|act| Entry {
                key: act.key.filter(free).map(shown).unwrap_or_default(),
                name: act.name.to_owned(),
                sentence: act.sentence.into(),
                choice: Choice::People(act),
            }));
        }
        entries
    }

    pub(super) fn open_menu(&mut self) {
        let title = match self.whom() {
            Some(whom) => format!("With {}", whom.words),
            None => "Here".to_owned(),
        };
        self.show_menu(title, self.acts_here());
    }

    pub(super) fn open_palette(&mut self) {
        let mut entries = self.acts_here();
        let place = if self.import_on_top().is_some() {
            Place::Import
        } else if self.board().is_some() {
            Place::Board
        } else {
            Place::Users
        };
        let listed = actions().filter(|it| it.place == place && LISTED.contains(&it.action));
        entries.extend(listed.filter_map(|it| {
            Some(Entry {
                key: it.keys.first()?.to_string(),
                name: it.name.to_owned(),
                sentence: it.sentence.into(),
                choice: Choice::Press(*it.keys.first()?),
            })
        }));
        entries.push(Entry {
            key: "1".to_owned(),
            name: "people".to_owned(),
            sentence: "Everybody, found as you type.".into(),
            choice: Choice::Users,
        });
        entries.extend(Topic::main().into_iter().map(|(key, topic)| Entry {
            key: key.map(String::from).unwrap_or_default(),
            name: topic.kind().name.to_owned(),
            sentence: topic.kind().sentence.into(),
            choice: Choice::Open(topic),
        }));
        self.show_menu("Do or go".to_owned(), entries);
    }

    pub(super) fn show_menu(&mut self, title: String, entries: Vec<Entry>) {
        self.menu = Some(Menu::new(title, entries));
        self.lay_out();
    }

    pub(super) fn key_in_menu(&mut self, key: Key) {
        let Some(menu) = &mut self.menu else { return };
        match menu.press(key) {
            Asked::Nothing => {}
            Asked::Close => self.menu = None,
            Asked::Do(choice) => {
                self.menu = None;
                self.choose(choice);
            }
        }
    }

    fn choose(&mut self, choice: Choice) {
        match choice {
            Choice::Press(key) => self.key_now(key),
            Choice::People(act) => self.do_with_people(act),
            Choice::Open(topic) => self.open(topic),
            Choice::Users => {
                self.go_to_screen('1');
            }
            Choice::Copy(clip) => self.copy_clip(clip),
            Choice::SaveView => self.ask_view(),
            Choice::View(view) => self.show_view(&view),
            Choice::Rows(show) => self.show_rows(show),
            Choice::ForgetView(name) => self.effects.push(Effect::RemoveView(name)),
        }
    }

    /// What can be copied of people: from their list, and from another screen on which some are marked.
    pub(super) fn open_copy_menu(&mut self) {
        let on_board = self.board().is_some();
        let entry = |name: &str, sentence: &'static str, clip| Entry {
            key: String::new(),
            name: name.to_owned(),
            sentence: sentence.into(),
            choice: Choice::Copy(clip),
        };
        let mut entries = vec![
            entry(
                "addresses",
                "The addresses of these people, one a line.",
                Clip::Emails,
            ),
            entry("ids", "The ids of these people, one a line.", Clip::Ids),
        ];
        if on_board {
            entries.push(entry("row", "The row under the cursor.", Clip::Row));
        } else {
            entries.push(entry("rows", "The rows on the screen, as CSV.", Clip::Rows));
            entries.push(entry(
                "query",
                "The filter, as the command line takes it.",
                Clip::Query,
            ));
        }
        let title = match self.whom() {
            Some(whom) => format!("Copy of {}", whom.words),
            None => "Copy".to_owned(),
        };
        self.show_menu(title, entries);
    }

    fn copy_clip(&mut self, clip: Clip) {
        let users = &self.users;
        let text: Vec<String> = match clip {
            Clip::Emails | Clip::Ids => {
                // Not all of them need be on the screen.
                match self.whom() {
                    Some(whom) => self.effects.push(Effect::ReadClip(clip, whom.who)),
                    None => self.say("there is nobody here", Tone::Plain),
                }
                return;
            }
            Clip::Row => return self.copy_row(),
            Clip::Query => vec![format!("usher users {}", words::quoted(&users.filter.text))],
            Clip::Rows => users
                .list
                .visible()
                .map(|(_, it)| {
                    let cells = [
                        it.status.as_str(),
                        &it.name,
                        &it.email,
                        &it.area,
                        &it.title,
                        &it.manager,
                    ];
                    cells.map(usher_core::report::csv_cell).join(",")
                })
                .collect::<Vec<_>>(),
        };
        self.copy(text.join("\n"));
    }

    /// Copies the row under the cursor, or asks what to copy of the marked people.
    pub(super) fn copy_from_board(&mut self) {
        if self.board().is_some_and(Board::has_marks) {
            self.open_copy_menu();
        } else {
            self.copy_row();
        }
    }

    fn copy_row(&mut self) {
        let Some(item) = self.board().and_then(Board::current) else {
            return;
        };
        let cells: Vec<_> = item.cells.iter().map(|it| it.trim()).collect();
        let text = cells.join("\t");
        self.copy(text);
    }

    /// Copies a text whole, or not at all.
    pub(super) fn copy(&mut self, text: String) {
        match too_long_to_copy(&text) {
            Some(why) => self.say(&why, Tone::Bad),
            None => {
                let lines = text.lines().count();
                let said = format!("copied {}", words::some(lines, "line"));
                self.effects.push(Effect::Copy(text));
                self.say(&said, Tone::Good);
            }
        }
    }
}

/// Why a text is not copied: terminals drop or cut what is longer, and say nothing.
pub(super) fn too_long_to_copy(text: &str) -> Option<String> {
    (text.len() > LONGEST_COPY).then(|| {
        format!(
            "nothing is copied: {} are more than a terminal's clipboard takes",
            words::some(text.lines().count(), "line")
        )
    })
}

/// What can be done with an import, in the order of the help; movements are no entries.
fn import_acts() -> Vec<Entry> {
    let acts = actions().filter(|it| it.place == Place::Import && !LISTED.contains(&it.action));
    let acts = acts.filter(|it| !IMPORT_MOVES.contains(&it.action));
    acts.filter_map(|it| {
        Some(Entry {
            key: it.keys.first()?.to_string(),
            name: it.name.to_owned(),
            sentence: it.sentence.into(),
            choice: Choice::Press(*it.keys.first()?),
        })
    })
    .collect()
}
