//! What the mouse does: a row is gone to by a click and opened by a second one, a head of the list sorts, the wheel scrolls.

use super::{App, Tone};
use crate::effect::Effect;
use crate::key::Key;

/// Rows that a step of the wheel moves by.
const STEP: usize = 3;

impl App {
    pub(super) fn click(&mut self, x: u16, y: u16) {
        if self.is_covered() || !self.deferred.is_empty() {
            return;
        }
        let layout = self.layout();
        let at = ratatui::layout::Position { x, y };
        if let Some(importing) = self.importing.as_mut().filter(|it| !it.hidden) {
            let line = usize::from(y.saturating_sub(layout.list.y));
            if layout.list.contains(at) && line < importing.height() {
                if importing.go_to_line(line) {
                    self.key(Key::Enter);
                }
            } else if layout.filter.contains(at) {
                self.key(Key::Char('/'));
            }
            return;
        }
        if layout.heads.contains(at) {
            self.key(Key::Char('s'));
        } else if layout.list.contains(at) {
            let line = usize::from(y - layout.list.y);
            let again = match self.boards.last_mut() {
                Some(board) => board.go_to_line(line),
                None => self.users.list.go_to_line(line),
            };
            if again {
                self.key(Key::Enter);
            }
        } else if layout.filter.contains(at) {
            self.key(Key::Char('/'));
        }
    }

    pub(super) fn wheel(&mut self, down: bool) {
        for _ in 0..STEP {
            self.key(if down { Key::Down } else { Key::Up });
        }
    }

    pub(super) fn turn_mouse(&mut self) {
        self.mouse_left = !self.mouse_left;
        self.effects.push(Effect::Mouse(!self.mouse_left));
        let said = if self.mouse_left {
            "the mouse selects text now; ctrl-t takes it again"
        } else {
            "the mouse clicks on rows now; ctrl-t leaves it to the terminal"
        };
        self.say(said, Tone::Plain);
    }
}
