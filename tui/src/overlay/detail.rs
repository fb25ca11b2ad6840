//! One person's details: beside the list where there is room, over it where there is not. They follow the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use usher_core::model::{Timestamp, UserId};

use crate::cell::{put, row};
use crate::detail::Detail;
use crate::theme::{Role, Theme};
use crate::words;

/// The pane's state.
#[derive(Debug, Default)]
pub(crate) struct DetailPane {
    shown: Option<Box<Detail>>,
    fault: Option<String>,
    asked: Option<UserId>,
    stale: bool,
}

impl DetailPane {
    /// Whether this person has to be read; then they are taken to be asked for.
    pub(crate) fn wants(&mut self, user: UserId) -> bool {
        let wants = self.asked != Some(user) || self.stale;
        if wants {
            self.asked = Some(user);
            self.stale = false;
        }
        wants
    }

    /// What is shown may be out of date.
    pub(crate) fn refresh(&mut self) {
        self.stale = true;
    }

    /// Takes what was read, if it is still wanted.
    pub(crate) fn take(&mut self, user: UserId, result: Result<Box<Detail>, String>) {
        if self.asked == Some(user) {
            match result {
                Ok(detail) => (self.shown, self.fault) = (Some(detail), None),
                Err(why) => self.fault = Some(why),
            }
        }
    }

    /// Draws the pane.
    pub(crate) fn draw(&self, theme: Theme, now: Timestamp, area: Rect, buf: &mut Buffer) {
        let mut y = 0;
        let mut line = |x: u16, text: &str, role: Role| {
            put(buf, row(area, y), x, text, theme.style(role));
            y += 1;
        };
        if let Some(fault) = &self.fault {
            line(1, fault, Role::Danger);
        }
        let Some(detail) = &self.shown else { return };
        line(1, &detail.name, Role::Title);
        for (label, value) in &detail.facts {
            line(1, &format!("{label:<12}{value}"), Role::Plain);
        }
        line(0, "", Role::Plain);
        line(1, "Licenses", Role::Title);
        for (pool, hold) in &detail.licenses {
            line(1, &format!("{pool:<12}{hold}"), Role::Plain);
        }
        if detail.licenses.is_empty() {
            line(1, "none", Role::Muted);
        }
        line(0, "", Role::Plain);
        line(1, "History", Role::Title);
        for event in &detail.events {
            let (age, _) = words::age(now.as_millis() - event.at.as_millis());
            line(
                1,
                &format!("{age:<12}{} · {}", event.what, event.by),
                Role::Plain,
            );
        }
        if detail.more_events {
            line(1, "…", Role::Muted);
        }
    }
}
