//! All keys, made from the list of actions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::{Entry, Place, actions};
use crate::board::Board;
use crate::boards::Topic;
use crate::cell::{put, row, width};
use crate::key::Key;
use crate::people;
use crate::theme::{Role, Theme};
use crate::words::wrapped;

/// The help, scrolled to a line.
#[derive(Debug, Default)]
pub(crate) struct Help {
    entries: Vec<Line>,
    /// As many lines as the entries take on this screen.
    lines: Vec<Line>,
    scroll: usize,
    page: usize,
}

/// One line of the help.
#[derive(Clone, Debug)]
enum Line {
    Heading(String),
    Blank,
    Keys(String, String),
    /// The line above goes on, so far from the left.
    More(u16, String),
}

/// Where the sentences begin, after keys that are no longer.
const SENTENCES: usize = 16;

impl Help {
    /// The help on a screen: that of people, where no other is named.
    pub(crate) fn of_board(board: Option<&Board>) -> Self {
        let mut help = Self::default();
        match board {
            None => help.section("Users", &entries(Place::Users)),
            Some(board) => {
                let kind = board.topic.kind();
                let acts = kind.acts.iter().map(|it| (it.key.to_string(), it.sentence));
                help.section(kind.sentence, &acts.collect::<Vec<_>>());
                help.section("Every screen", &entries(Place::Board));
            }
        }
        let own = board.map_or(&[][..], |it| it.topic.kind().acts);
        let free = |key: &Key| own.iter().all(|it| it.key != *key);
        let acts = people::ACTS.iter();
        let acts = acts.map(|it| match it.key.filter(free) {
            Some(key) => (key.to_string(), it.sentence),
            None => (format!("a {}", it.name), it.sentence),
        });
        help.section(
            "With the marked people, or with the one under the cursor",
            &acts.collect::<Vec<_>>(),
        );
        let screens = Topic::main().into_iter().map(|(key, topic)| {
            let key = key.map_or_else(|| format!(": {}", topic.kind().name), String::from);
            (key, topic.kind().sentence)
        });
        help.section("Screens; 1 is people", &screens.collect::<Vec<_>>());
        help.section("While typing a filter", &entries(Place::Filter));
        help.section("In a form", &entries(Place::Form));
        help.section("In a menu", &entries(Place::Menu));
        help.section("On a plan", &entries(Place::Plan));
        help
    }

    /// The help on the screen of an import.
    pub(crate) fn of_import() -> Self {
        let mut help = Self::default();
        help.section("Looking through an import", &entries(Place::Import));
        help.section("In a form", &entries(Place::Form));
        help.section("On a plan", &entries(Place::Plan));
        help
    }

    fn section(&mut self, heading: &str, keys: &[(String, &'static str)]) {
        if keys.is_empty() {
            return;
        }
        if !self.entries.is_empty() {
            self.entries.push(Line::Blank);
        }
        self.entries.push(Line::Heading(heading.to_owned()));
        let keys = keys.iter();
        self.entries
            .extend(keys.map(|(keys, said)| Line::Keys(keys.clone(), (*said).to_owned())));
    }

    /// What a key does; whether the help stays.
    pub(crate) fn press(&mut self, key: Key) -> bool {
        let page = self.page.max(1);
        let last = self.lines.len().saturating_sub(page);
        let to = match key {
            Key::Char('j') | Key::Down => self.scroll + 1,
            Key::Char('k') | Key::Up => self.scroll.saturating_sub(1),
            Key::PageDown | Key::Char(' ') | Key::Ctrl('d') => self.scroll + page,
            Key::PageUp | Key::Ctrl('u') => self.scroll.saturating_sub(page),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => last,
            Key::Escape | Key::Enter | Key::Char('q' | '?') => return false,
            _ => self.scroll,
        };
        self.scroll = to.min(last);
        true
    }

    /// The screen has this room: what is longer than a line goes on below it.
    pub(crate) fn set_room(&mut self, area: Rect) {
        self.page = usize::from(area.height);
        let mut lines = Vec::new();
        for entry in &self.entries {
            let Line::Keys(keys, sentence) = entry else {
                lines.push(entry.clone());
                continue;
            };
            let from = SENTENCES.max(width(keys) + 4);
            let room = usize::from(area.width).saturating_sub(from).max(10);
            let mut parts = wrapped(sentence, room).into_iter();
            lines.push(Line::Keys(keys.clone(), parts.next().unwrap_or_default()));
            let from = u16::try_from(from).unwrap_or(u16::MAX);
            lines.extend(parts.map(|it| Line::More(from, it)));
        }
        self.lines = lines;
        self.scroll = self.scroll.min(self.lines.len().saturating_sub(self.page));
    }

    /// Draws it over an area.
    pub(crate) fn draw(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        for (y, line) in (0..area.height).zip(self.lines.iter().skip(self.scroll)) {
            let at = row(area, y);
            match line {
                Line::Blank => {}
                Line::Heading(text) => {
                    put(buf, at, 1, text, theme.style(Role::Title));
                }
                Line::Keys(keys, sentence) => {
                    put(buf, at, 2, keys, theme.style(Role::Key));
                    let x = u16::try_from(width(keys)).unwrap_or(0) + 4;
                    put(buf, at, x.max(16), sentence, theme.style(Role::Plain));
                }
                Line::More(x, sentence) => {
                    put(buf, at, *x, sentence, theme.style(Role::Plain));
                }
            }
        }
    }
}

fn entries(place: Place) -> Vec<(String, &'static str)> {
    let entries = actions().filter(|it| it.place == place);
    let keys = |it: &Entry| {
        let keys: Vec<_> = it.keys.iter().map(Key::to_string).collect();
        keys.join(" ")
    };
    entries.map(|it| (keys(it), it.sentence)).collect()
}
