//! Keys as the console knows them: what a terminal can send without any extension, and nothing else.

use std::fmt;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character, as the keyboard's layout and shift made it.
    Char(char),
    /// A letter with the control key.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Tabulator.
    Tab,
    /// Tabulator with shift.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Arrow up with shift.
    ShiftUp,
    /// Arrow down with shift.
    ShiftDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

/// The keys that have a name, in words and as they are shown in hints.
const NAMED: [(Key, &str); 17] = [
    (Key::Enter, "enter"),
    (Key::Escape, "esc"),
    (Key::Backspace, "backspace"),
    (Key::Delete, "delete"),
    (Key::Tab, "tab"),
    (Key::BackTab, "shift-tab"),
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::ShiftUp, "shift-up"),
    (Key::ShiftDown, "shift-down"),
    (Key::Home, "home"),
    (Key::End, "end"),
    (Key::PageUp, "pgup"),
    (Key::PageDown, "pgdn"),
    (Key::Char(' '), "space"),
];

impl Key {
    /// The keys of a text in which `<esc>`, `<enter>`, `<space>`, `<ctrl-d>`, `<lt>` and the like stand for keys that
    /// have no character.
    pub fn in_words(text: &str) -> Vec<Self> {
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let word = rest.strip_prefix('<').and_then(|it| it.split_once('>'));
            match word.and_then(|(word, after)| Some((Self::named(word)?, after))) {
                Some((key, after)) => {
                    keys.push(key);
                    rest = after;
                }
                None => {
                    keys.push(Self::Char(c));
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        keys
    }

    /// The key of a word such as `esc` or `ctrl-d`.
    pub fn named(word: &str) -> Option<Self> {
        if word == "lt" {
            return Some(Self::Char('<'));
        }
        if word == "cr" {
            return Some(Self::Enter);
        }
        let letter = word.strip_prefix("ctrl-").and_then(|it| it.chars().next());
        letter.map(Self::Ctrl).or_else(|| {
            NAMED
                .iter()
                .find(|(_, name)| *name == word)
                .map(|(key, _)| *key)
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, name)) = NAMED.iter().find(|(key, _)| key == self) {
            return f.write_str(name);
        }
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "ctrl-{c}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_keys_and_back() {
        let keys = Key::in_words("/a<lt>b<cr><ctrl-d> <nonsense");
        assert_eq!(
            keys[..6],
            [
                Key::Char('/'),
                Key::Char('a'),
                Key::Char('<'),
                Key::Char('b'),
                Key::Enter,
                Key::Ctrl('d')
            ]
        );
        assert_eq!(keys[6].to_string(), "space");
        assert_eq!(keys.len(), 7 + "<nonsense".len());
    }
}
