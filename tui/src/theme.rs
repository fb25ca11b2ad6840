//! Colours by role. The default uses only the sixteen colours that every terminal has and its owner has chosen; never
//! white, black or grey as text and nothing painted behind it but by reverse video, so that light and dark terminals
//! both stay readable. The themes for light and for dark terminals name their colours themselves, of 256 or of all there
//! are. Whatever a colour says is also said by a word, a letter or an attribute.

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
    /// Colours that are read on a light background.
    Light(Depth),
    /// Colours that are read on a dark background.
    Dark(Depth),
}

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// The 256 that are the same on all terminals of the last decades.
    #[default]
    Indexed,
    /// Any: true colour.
    True,
}

/// A hue, as the themes that name their own colours have it: of 256, and as red, green and blue.
type Hue = (u8, (u8, u8, u8));

impl Theme {
    /// The words by which a theme is chosen.
    pub const WORDS: [&'static str; 4] = ["terminal", "mono", "light", "dark"];

    /// The theme of a word, for a terminal that shows so many colours.
    pub fn from_word(word: &str, depth: Depth) -> Option<Self> {
        match word {
            "terminal" => Some(Self::Terminal),
            "mono" => Some(Self::Mono),
            "light" => Some(Self::Light(depth)),
            "dark" => Some(Self::Dark(depth)),
            _ => None,
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Mono => "mono",
            Self::Light(_) => "light",
            Self::Dark(_) => "dark",
        }
    }

    /// The one after it, for whoever tries them in turn.
    #[must_use]
    pub fn next(self, depth: Depth) -> Self {
        match self {
            Self::Terminal => Self::Dark(depth),
            Self::Dark(_) => Self::Light(depth),
            Self::Light(_) => Self::Mono,
            Self::Mono => Self::Terminal,
        }
    }

    /// A colour: the terminal's own, or the hue for a light or a dark background.
    fn color(self, own: Color, light: Hue, dark: Hue) -> Option<Color> {
        let shown = |depth, (index, (r, g, b)): Hue| match depth {
            Depth::Indexed => Color::Indexed(index),
            Depth::True => Color::Rgb(r, g, b),
        };
        match self {
            Self::Terminal => Some(own),
            Self::Mono => None,
            Self::Light(depth) => Some(shown(depth, light)),
            Self::Dark(depth) => Some(shown(depth, dark)),
        }
    }

    /// The look of a role.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let color = |own| {
            let hue = match own {
                Color::Cyan => self.color(own, (24, (0, 95, 135)), (80, (95, 215, 215))),
                Color::Green => self.color(own, (22, (0, 95, 0)), (114, (135, 215, 135))),
                Color::Yellow => self.color(own, (94, (135, 95, 0)), (221, (255, 215, 95))),
                Color::Magenta => self.color(own, (90, (135, 0, 135)), (177, (215, 135, 255))),
                _ => self.color(own, (124, (175, 0, 0)), (210, (255, 135, 135))),
            };
            hue.map_or(plain, |hue| plain.fg(hue))
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

    /// How light a colour is (WCAG 2.2, relative luminance).
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let linear = |it: u8| {
            let it = f64::from(it) / 255.0;
            if it <= 0.04045 {
                it / 12.92
            } else {
                ((it + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn the_themes_for_light_and_dark_are_read_on_white_and_on_black() {
        for (theme, background) in [
            (Theme::Light(Depth::True), 1.0),
            (Theme::Dark(Depth::True), 0.0),
        ] {
            for role in ROLES {
                if let Some(Color::Rgb(r, g, b)) = theme.style(role).fg {
                    let (a, b) = (luminance((r, g, b)) + 0.05, background + 0.05);
                    let contrast = f64::max(a / b, b / a);
                    assert!(contrast >= 4.5, "{theme:?} {role:?}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn a_theme_is_the_one_of_its_word_and_trying_them_comes_round() {
        let mut theme = Theme::Terminal;
        for _ in Theme::WORDS {
            assert_eq!(Theme::from_word(theme.word(), Depth::True), Some(theme));
            theme = theme.next(Depth::True);
        }
        assert_eq!(theme, Theme::Terminal);
        assert_eq!(Theme::from_word("pink", Depth::True), None);
    }
}
