//! Colours by role. The default uses only the sixteen colours that every terminal has and its owner has chosen; never
//! white, black or grey as text and nothing painted behind it but by reverse video, so that light and dark terminals
//! both stay readable. Whatever a colour says is also said by a word, a letter or an attribute.

use ratatui::style::{Color, Modifier, Style};
use usher_core::model::Status;

/// What a piece of text is, which decides its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Text.
    Plain,
    /// The names of things: organization, headings.
    Title,
    /// What matters less.
    Muted,
    /// A key that can be pressed.
    Key,
    /// Good news.
    Good,
    /// Something to look at.
    Warn,
    /// Something wrong, or about to be destroyed.
    Danger,
    /// The row or field under the cursor.
    Cursor,
    /// A marked row.
    Marked,
    /// The heads of columns.
    Heads,
    /// A place in a text that cannot be understood.
    Fault,
}

/// A set of looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own sixteen colours.
    #[default]
    Terminal,
    /// No colours: bold, dim, underlined and reverse only.
    Mono,
}

impl Theme {
    /// The look of a role.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let color = |color: Color| {
            if self == Self::Terminal {
                plain.fg(color)
            } else {
                plain
            }
        };
        match role {
            Role::Plain => plain,
            Role::Title => plain.add_modifier(Modifier::BOLD),
            Role::Muted => plain.add_modifier(Modifier::DIM),
            Role::Key => color(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Good => color(Color::Green),
            Role::Warn => color(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::Danger => color(Color::Red).add_modifier(Modifier::BOLD),
            Role::Cursor => plain.add_modifier(Modifier::REVERSED),
            Role::Marked => color(Color::Magenta).add_modifier(Modifier::BOLD),
            Role::Heads => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Fault => color(Color::Red).add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        }
    }

    /// The look of a status.
    pub fn status(self, status: Status) -> Style {
        self.style(match status {
            Status::Active => Role::Good,
            Status::Queued | Status::Waiting | Status::PendingTransfer => Role::Warn,
            Status::Inactive | Status::Cancelled => Role::Muted,
            Status::Deleted | Status::Erased => Role::Danger,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 11] = [
        Role::Plain,
        Role::Title,
        Role::Muted,
        Role::Key,
        Role::Good,
        Role::Warn,
        Role::Danger,
        Role::Cursor,
        Role::Marked,
        Role::Heads,
        Role::Fault,
    ];

    #[test]
    fn no_colour_can_vanish_into_the_background() {
        let banned = [Color::White, Color::Black, Color::Gray, Color::DarkGray];
        for role in ROLES {
            let style = Theme::Terminal.style(role);
            assert!(!style.fg.is_some_and(|it| banned.contains(&it)), "{role:?}");
            assert_eq!(style.bg, None, "{role:?}");
            assert_eq!(Theme::Mono.style(role).fg, None, "{role:?}");
        }
    }
}
