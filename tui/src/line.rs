//! One line of text being typed, edited by grapheme.

use unicode_segmentation::UnicodeSegmentation;

use crate::cell::{shown, width};
use crate::key::Key;

/// Longest line, in bytes: as much as is pasted at once, such as the addresses of 20,000 people.
const LONGEST: usize = 1 << 20;

/// A line being typed, and where the cursor stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEditor {
    text: String,
    /// A byte offset on a grapheme's boundary.
    cursor: usize,
    /// The text was there before: what is typed first replaces it, and any other key begins to edit it.
    offered: bool,
}

impl LineEditor {
    /// With this text offered, to be replaced by typing or edited.
    pub(crate) fn offering(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line.offered = !line.text.is_empty();
        line
    }

    /// With this text on both sides of the cursor.
    pub(crate) fn around(before: &str, after: &str) -> Self {
        let mut line = Self::default();
        line.insert(after);
        line.cursor = 0;
        line.insert(before);
        line
    }

    /// Puts the cursor at a place in the text, or at the boundary before it.
    pub(crate) fn go(&mut self, to: usize) {
        let starts = self.text.grapheme_indices(true).map(|it| it.0);
        let places = starts.chain(std::iter::once(self.text.len()));
        self.cursor = places.take_while(|it| *it <= to).last().unwrap_or(0);
    }

    /// Whether the text is still as it was offered.
    pub(crate) fn is_offered(&self) -> bool {
        self.offered
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What is left of the cursor.
    pub(crate) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Puts text in at the cursor; line breaks become spaces and other controls are dropped.
    pub(crate) fn insert(&mut self, text: &str) {
        if std::mem::take(&mut self.offered) {
            self.delete(0, self.text.len());
        }
        let text: String = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        let room = LONGEST.saturating_sub(self.text.len());
        let fits = text
            .char_indices()
            .map(|(i, c)| i + c.len_utf8())
            .take_while(|end| *end <= room)
            .last()
            .unwrap_or(0);
        self.text.insert_str(self.cursor, &text[..fits]);
        self.cursor += fits;
        self.settle();
    }

    /// Puts a text in the place of what is between an offset and the cursor.
    pub(crate) fn replace_before(&mut self, from: usize, text: &str) {
        self.offered = false;
        if self.text.is_char_boundary(from) && from <= self.cursor {
            self.delete(from, self.cursor);
            self.insert(text);
        }
    }

    /// What is seen of the line in that many cells, and where the cursor stands in them: where it is too long, the
    /// part around the cursor.
    pub(crate) fn window(&self, room: usize) -> (&str, usize) {
        let mut start = 0;
        let mut seen = width(&shown(self.before()));
        for (i, grapheme) in self.text.grapheme_indices(true) {
            if seen < room.max(1) || i >= self.cursor {
                break;
            }
            seen -= width(&shown(grapheme)).min(seen);
            start = i + grapheme.len();
        }
        (self.text.get(start..).unwrap_or_default(), seen)
    }

    /// Does what a key does to a line, and says whether the text is another one now; none for a key that does nothing.
    pub(crate) fn press(&mut self, key: Key) -> Option<bool> {
        let before = self.text.clone();
        let was_offered = self.offered;
        self.offered &= matches!(key, Key::Char(_));
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Left | Key::Ctrl('b') => self.cursor = self.left(),
            Key::Right | Key::Ctrl('f') => self.cursor = self.right(),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = self.text.len(),
            Key::Backspace => self.delete(self.left(), self.cursor),
            Key::Delete | Key::Ctrl('d') => self.delete(self.cursor, self.right()),
            Key::Ctrl('w') => self.delete(self.word_left(), self.cursor),
            Key::Ctrl('u') => self.delete(0, self.cursor),
            Key::Ctrl('k') => self.delete(self.cursor, self.text.len()),
            _ => {
                self.offered = was_offered;
                return None;
            }
        }
        Some(self.text != before)
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.settle();
    }

    /// Brings the cursor to a grapheme's boundary: what was typed may have joined with what follows.
    fn settle(&mut self) {
        let boundary = |(i, it): (usize, &str)| i + it.len();
        if self.cursor != 0 {
            let ends = self.text.grapheme_indices(true).map(boundary);
            self.cursor = ends
                .into_iter()
                .find(|end| *end >= self.cursor)
                .unwrap_or(self.text.len());
        }
    }

    fn left(&self) -> usize {
        self.before()
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(i, _)| i)
    }

    fn right(&self) -> usize {
        self.text[self.cursor..]
            .graphemes(true)
            .next()
            .map_or(self.cursor, |it| self.cursor + it.len())
    }

    fn word_left(&self) -> usize {
        let trimmed = self.before().trim_end();
        trimmed.rfind(' ').map_or(0, |i| i + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(keys: &str) -> (String, usize) {
        let mut line = LineEditor::default();
        for key in Key::in_words(keys) {
            line.press(key);
        }
        (line.text().to_owned(), line.before().len())
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(after("status:wait<backspace>x"), ("status:waix".into(), 11));
        assert_eq!(after("one two<ctrl-w>three"), ("one three".into(), 9));
        assert_eq!(
            after("b<home>a<end>c<left><left><delete>"),
            ("ac".into(), 1)
        );
        assert_eq!(after("abc<left><ctrl-u>"), ("c".into(), 0));
        assert_eq!(after("é漢<left><backspace>"), ("漢".into(), 0));
    }

    #[test]
    fn an_offered_text_is_replaced_by_typing_or_edited() {
        let after = |keys: &str| {
            let mut line = LineEditor::offering("old");
            for key in Key::in_words(keys) {
                line.press(key);
            }
            line.text().to_owned()
        };
        assert_eq!(after("new"), "new");
        assert_eq!(after("<end>er"), "older");
        assert_eq!(after("<backspace>d"), "old");
        assert_eq!(after("<up>new"), "new");
    }

    #[test]
    fn what_is_pasted_is_one_line() {
        let mut line = LineEditor::default();
        line.insert("ana@x\r\nbo@x\u{7}");
        assert_eq!(line.text(), "ana@x  bo@x");
        line.insert(&"漢".repeat(400_000));
        assert!(line.text().len() <= LONGEST);
    }
}
