//! A list of actions that is narrowed by typing: what can be done here, or everything there is.

use std::borrow::Cow;

use crate::boards::Topic;
use crate::importing::Show;
use crate::key::Key;
use crate::line::LineEditor;
use crate::people::PeopleAct;
use usher_core::model::{View, search_text};

/// What choosing an entry does.
#[derive(Clone)]
pub(crate) enum Choice {
    /// What this key does.
    Press(Key),
    /// Something with people.
    People(&'static PeopleAct),
    /// Opens a screen.
    Open(Topic),
    /// Goes to the screen of people.
    Users,
    /// Puts something into the clipboard.
    Copy(Clip),
    /// Saves what is shown as a view.
    SaveView,
    /// Shows a view.
    View(Box<View>),
    /// Shows these rows of an import.
    Rows(Show),
    /// Forgets a view.
    ForgetView(String),
}

/// What is put into the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clip {
    /// Addresses, one a line.
    Emails,
    /// Ids, one a line.
    Ids,
    /// Rows, as CSV.
    Rows,
    /// The row under the cursor, as it is shown.
    Row,
    /// The query.
    Query,
}

/// One entry.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Its key, if it has one.
    pub(crate) key: String,
    /// What it is called.
    pub(crate) name: String,
    /// What it does, as a sentence.
    pub(crate) sentence: Cow<'static, str>,
    /// What choosing it does.
    pub(crate) choice: Choice,
}

/// The list.
pub(crate) struct Menu {
    /// What it is about.
    pub(crate) title: String,
    /// What was typed.
    pub(crate) line: LineEditor,
    entries: Vec<Entry>,
    at: usize,
    page: usize,
    /// Whether the keys of its entries choose them, instead of beginning to look for a name.
    by_key: bool,
}

impl std::fmt::Debug for Menu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Menu")
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

/// What pressing a key in a menu asks for.
pub(crate) enum Asked {
    /// Nothing more.
    Nothing,
    /// Leave it.
    Close,
    /// Do what was chosen.
    Do(Choice),
}

impl Menu {
    /// A menu of these entries.
    pub(crate) fn new(title: String, entries: Vec<Entry>) -> Self {
        Self {
            title,
            line: LineEditor::default(),
            entries,
            at: 0,
            page: 10,
            by_key: false,
        }
    }

    /// The same, where the keys of the entries choose them.
    pub(crate) fn by_key(self) -> Self {
        Self {
            by_key: true,
            ..self
        }
    }

    /// The screen shows that many entries.
    pub(crate) fn set_page(&mut self, page: usize) {
        self.page = page.max(1);
    }

    /// The entries that fit what was typed, the best first.
    pub(crate) fn fitting(&self) -> Vec<&Entry> {
        let typed = search_text([self.line.text()]);
        let words: Vec<_> = typed.split_whitespace().collect();
        let fits = |entry: &&Entry| {
            let text = search_text([entry.name.as_str(), entry.sentence.as_ref()]);
            words.iter().all(|it| text.contains(it))
        };
        let mut fitting: Vec<_> = self.entries.iter().filter(fits).collect();
        let rank = |entry: &&Entry| {
            let name = search_text([entry.name.as_str()]);
            !words
                .first()
                .is_some_and(|it| name.trim_start().starts_with(it))
        };
        if !words.is_empty() {
            fitting.sort_by_key(rank);
        }
        fitting
    }

    /// The entries on the screen, and which of them is under the cursor.
    pub(crate) fn visible(&self) -> (Vec<&Entry>, usize) {
        let fitting = self.fitting();
        let top = (self.at + 1).saturating_sub(self.page);
        let seen = fitting.into_iter().skip(top).take(self.page).collect();
        (seen, self.at - top)
    }

    /// What a key does.
    pub(crate) fn press(&mut self, key: Key) -> Asked {
        let last = self.fitting().len().saturating_sub(1);
        if self.by_key && self.line.text().is_empty() {
            let named = key.to_string();
            if let Some(entry) = self.entries.iter().find(|it| it.key == named) {
                return Asked::Do(entry.choice.clone());
            }
        }
        match key {
            Key::Escape => return Asked::Close,
            Key::Enter => {
                let chosen = self.fitting().get(self.at).map(|it| it.choice.clone());
                return chosen.map_or(Asked::Nothing, Asked::Do);
            }
            Key::Down | Key::Tab => self.at = if self.at >= last { 0 } else { self.at + 1 },
            Key::Up | Key::BackTab => self.at = self.at.checked_sub(1).unwrap_or(last),
            Key::PageDown => self.at = (self.at + self.page).min(last),
            Key::PageUp => self.at = self.at.saturating_sub(self.page),
            _ => {
                if self.line.press(key) == Some(true) {
                    self.at = 0;
                }
            }
        }
        Asked::Nothing
    }

    /// Takes pasted text.
    pub(crate) fn paste(&mut self, text: &str) {
        self.line.insert(text);
        self.at = 0;
    }
}
