//! All keys, made from the list of actions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::{ACTIONS, Entry, Place};
use crate::cell::{put, row};
use crate::key::Key;
use crate::theme::{Role, Theme};

/// The help, scrolled to a line.
#[derive(Debug, Default)]
pub(crate) struct Help {
    scroll: usize,
    page: usize,
}

/// One line of the help.
enum Line {
    Heading(&'static str),
    Blank,
    Action(&'static Entry),
}

impl Help {
    /// What a key does; whether the help stays.
    pub(crate) fn press(&mut self, key: Key) -> bool {
        let page = self.page.max(1);
        let last = lines().len().saturating_sub(page);
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

    /// The screen shows that many lines.
    pub(crate) fn set_page(&mut self, page: usize) {
        self.page = page;
        self.scroll = self.scroll.min(lines().len().saturating_sub(page));
    }

    /// Draws it over an area.
    pub(crate) fn draw(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        for (y, line) in (0..area.height).zip(lines().into_iter().skip(self.scroll)) {
            let at = row(area, y);
            match line {
                Line::Blank => {}
                Line::Heading(text) => {
                    put(buf, at, 1, text, theme.style(Role::Title));
                }
                Line::Action(entry) => {
                    let keys: Vec<_> = entry.keys.iter().map(Key::to_string).collect();
                    put(buf, at, 2, &keys.join(" "), theme.style(Role::Key));
                    put(buf, at, 16, entry.sentence, theme.style(Role::Plain));
                }
            }
        }
    }
}

fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for (place, heading) in [
        (Place::Users, "Users"),
        (Place::Filter, "While typing a filter"),
        (Place::Plan, "On a plan"),
    ] {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Heading(heading));
        lines.extend(
            ACTIONS
                .iter()
                .filter(|it| it.place == place)
                .map(Line::Action),
        );
    }
    lines
}
