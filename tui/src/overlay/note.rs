//! Something that is shown once and has to be read: a new token.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::cell::{put, row};
use crate::chrome::{clear, put_hint_list};
use crate::theme::{Role, Theme};

/// A note.
#[derive(Debug)]
pub(crate) struct Note {
    /// What it is about.
    pub(crate) title: String,
    /// What it says, line by line.
    pub(crate) lines: Vec<String>,
    /// What is copied from it.
    pub(crate) copy: String,
    /// Whether that was done.
    pub(crate) copied: bool,
}

impl Note {
    /// Draws it over an area.
    pub(crate) fn draw(&self, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
        let buf = frame.buffer_mut();
        clear(area, buf);
        put(buf, row(area, 0), 1, &self.title, theme.style(Role::Title));
        // What is longer than the screen is wide, such as an address, goes on below.
        let width = usize::from(area.width.saturating_sub(2)).max(1);
        let lines = self.lines.iter().flat_map(|line| {
            let chars: Vec<char> = line.chars().collect();
            let pieces: Vec<String> = chars.chunks(width).map(|it| it.iter().collect()).collect();
            if pieces.is_empty() {
                vec![String::new()]
            } else {
                pieces
            }
        });
        for (y, line) in (2..).zip(lines) {
            put(buf, row(area, y), 1, &line, theme.style(Role::Plain));
        }
        if self.copied {
            let at = row(area, area.height.saturating_sub(2));
            put(buf, at, 1, "it is copied", theme.style(Role::Good));
        }
        let hints = [
            ("y".to_owned(), "copy"),
            ("esc".to_owned(), "close for ever"),
        ];
        put_hint_list(theme, &hints, row(area, area.height.saturating_sub(1)), buf);
        frame.set_cursor_position(area.as_position());
    }
}
