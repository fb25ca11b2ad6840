//! A text of many lines, read or written in place: what a mail says. It is checked as it is typed, and decides nothing: what
//! was written becomes a plan.

use std::fmt;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use crate::board::Doing;
use crate::cell::{put, row, shown, width};
use crate::chrome::{clear, put_hint_list};
use crate::key::Key;
use crate::line::LineEditor;
use crate::theme::{Role, Theme};
use crate::words::wrapped;

/// What comes of a text: what to do, or what is wrong with it.
type Finish = Box<dyn Fn(&str) -> Result<Doing, String> + Send>;

/// A text on the screen.
pub(crate) struct TextPane {
    title: String,
    /// What may stand in it, said below it.
    hint: String,
    /// Its lines.
    lines: Vec<LineEditor>,
    /// The line that is written.
    at: usize,
    /// The first row of the screen that is seen.
    top: usize,
    page: usize,
    room: usize,
    original: String,
    fault: Option<String>,
    /// None: it is only read.
    finish: Option<Finish>,
    preview: Option<fn(&Doing) -> Option<Doing>>,
    leaving: bool,
}

impl fmt::Debug for TextPane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextPane")
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

/// What pressing a key on a text asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Nothing more.
    Nothing,
    /// Leave it.
    Close,
    /// Do what was written.
    Do(Doing),
    /// Copy it.
    Copy(String),
}

impl TextPane {
    /// A text to be read.
    pub(crate) fn reading(title: impl Into<String>, text: &str) -> Self {
        Self {
            title: title.into(),
            hint: String::new(),
            lines: text.lines().map(|it| LineEditor::around("", it)).collect(),
            at: 0,
            top: 0,
            page: 1,
            room: 1,
            original: String::new(),
            fault: None,
            finish: None,
            preview: None,
            leaving: false,
        }
    }

    /// A text to be written; `preview` makes of what it comes to what shows it.
    pub(crate) fn writing(
        title: impl Into<String>,
        text: &str,
        hint: String,
        preview: fn(&Doing) -> Option<Doing>,
        finish: impl Fn(&str) -> Result<Doing, String> + Send + 'static,
    ) -> Self {
        Self {
            hint,
            original: text.trim_end().to_owned(),
            finish: Some(Box::new(finish)),
            preview: Some(preview),
            ..Self::reading(title, text)
        }
    }

    /// What is written.
    pub(crate) fn text(&self) -> String {
        let lines: Vec<_> = self.lines.iter().map(LineEditor::text).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Says what is wrong with it.
    pub(crate) fn refuse(&mut self, why: String) {
        self.fault = Some(why);
    }

    /// The screen has that much room for it.
    pub(crate) fn set_room(&mut self, area: Rect) {
        self.room = usize::from(area.width.saturating_sub(3)).max(8);
        let foot = if self.finish.is_some() { 4 } else { 2 };
        self.page = usize::from(area.height.saturating_sub(1 + foot)).max(1);
        self.show_cursor();
    }

    /// The rows of the screen that the lines take, each by its line and where in it it begins and ends.
    fn rows(&self) -> Vec<(usize, usize, usize)> {
        let mut rows = Vec::new();
        for (i, line) in self.lines.iter().enumerate() {
            let ends = broken(line.text(), self.room);
            let mut start = 0;
            for end in ends {
                rows.push((i, start, end));
                start = end;
            }
        }
        rows
    }

    /// The row of the screen on which the cursor is.
    fn cursor_row(&self, rows: &[(usize, usize, usize)]) -> usize {
        let at = self.lines.get(self.at).map_or(0, |it| it.before().len());
        let here = |(line, start, _): &&(usize, usize, usize)| *line == self.at && *start <= at;
        let last = rows.iter().rposition(|it| here(&it));
        last.unwrap_or(0)
    }

    fn show_cursor(&mut self) {
        if self.finish.is_none() {
            let rows = self.rows().len();
            self.top = self.top.min(rows.saturating_sub(self.page));
            return;
        }
        let row = self.cursor_row(&self.rows());
        self.top = self.top.clamp((row + 1).saturating_sub(self.page), row);
    }

    /// Takes pasted text.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.finish.is_none() {
            return;
        }
        for (i, line) in text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .split('\n')
            .enumerate()
        {
            if i > 0 {
                self.split();
            }
            if let Some(at) = self.lines.get_mut(self.at) {
                at.insert(line);
            }
        }
        self.look();
    }

    fn split(&mut self) {
        let Some(line) = self.lines.get_mut(self.at) else {
            self.lines.push(LineEditor::default());
            return;
        };
        let (before, all) = (line.before().to_owned(), line.text().to_owned());
        let after = all.get(before.len()..).unwrap_or_default();
        *line = LineEditor::around(&before, "");
        self.lines
            .insert(self.at + 1, LineEditor::around("", after));
        self.at += 1;
    }

    /// Joins a line with the one below it, with the cursor between them.
    fn join(&mut self, upper: usize) {
        if upper + 1 < self.lines.len() {
            let lower = self.lines.remove(upper + 1);
            if let Some(line) = self.lines.get_mut(upper) {
                *line = LineEditor::around(line.text(), lower.text());
            }
            self.at = upper;
        }
    }

    fn look(&mut self) {
        self.leaving = false;
        let text = self.text();
        self.fault = match &self.finish {
            Some(finish) => finish(&text).err(),
            None => None,
        };
        self.show_cursor();
    }

    /// What a key does.
    pub(crate) fn press(&mut self, key: Key) -> Asked {
        let Some(finish) = &self.finish else {
            return self.press_reading(key);
        };
        match key {
            Key::Escape if self.leaving || self.text() == self.original => return Asked::Close,
            Key::Escape => {
                self.leaving = true;
                self.fault = Some("esc again throws away what was typed".to_owned());
                return Asked::Nothing;
            }
            Key::Ctrl('g' | 'r') => {
                let written = finish(&self.text());
                return match (written, key, self.preview) {
                    (Ok(doing), Key::Ctrl('r'), Some(preview)) => {
                        preview(&doing).map_or(Asked::Nothing, Asked::Do)
                    }
                    (Ok(doing), _, _) => Asked::Do(doing),
                    (Err(why), _, _) => {
                        self.fault = Some(why);
                        Asked::Nothing
                    }
                };
            }
            _ => {}
        }
        self.write(key);
        Asked::Nothing
    }

    fn write(&mut self, key: Key) {
        if self.lines.is_empty() {
            self.lines.push(LineEditor::default());
        }
        let last = self.lines.len() - 1;
        let Some(line) = self.lines.get_mut(self.at) else {
            return;
        };
        let (place, end) = (line.before().len(), line.text().len());
        match key {
            Key::Enter => self.split(),
            Key::Backspace if place == 0 && self.at > 0 => self.join(self.at - 1),
            Key::Delete if place == end => self.join(self.at),
            Key::Left if place == 0 && self.at > 0 => {
                self.at -= 1;
                self.go(usize::MAX);
            }
            Key::Right if place == end && self.at < last => {
                self.at += 1;
                self.go(0);
            }
            Key::Up => self.go_rows(-1),
            Key::Down => self.go_rows(1),
            Key::PageUp => self.go_rows(-isize::try_from(self.page).unwrap_or(1)),
            Key::PageDown => self.go_rows(isize::try_from(self.page).unwrap_or(1)),
            Key::Tab => {
                line.insert("  ");
            }
            other => {
                line.press(other);
            }
        }
        self.look();
    }

    fn go(&mut self, place: usize) {
        if let Some(line) = self.lines.get_mut(self.at) {
            line.go(place);
        }
    }

    /// Goes up or down by rows of the screen, in the same column where there is one.
    fn go_rows(&mut self, by: isize) {
        let rows = self.rows();
        let here = self.cursor_row(&rows);
        let column = match (rows.get(here), self.lines.get(self.at)) {
            (Some((_, start, _)), Some(line)) => {
                width(&shown(line.before().get(*start..).unwrap_or_default()))
            }
            _ => 0,
        };
        let to = here
            .saturating_add_signed(by)
            .min(rows.len().saturating_sub(1));
        let Some((line, start, end)) = rows.get(to).copied() else {
            return;
        };
        self.at = line;
        let text = self.lines.get(line).map_or("", LineEditor::text);
        let piece = text.get(start..end).unwrap_or_default();
        let is_last = end == text.len();
        let mut place = start;
        for (i, grapheme) in piece.grapheme_indices(true) {
            let after = start + i + grapheme.len();
            // The end of a row that goes on is the beginning of the next one.
            if width(&shown(&piece[..i])) >= column || (after == end && !is_last) {
                break;
            }
            place = after;
        }
        self.go(place);
    }

    fn press_reading(&mut self, key: Key) -> Asked {
        let last = self.rows().len().saturating_sub(self.page);
        let to = match key {
            Key::Char('j') | Key::Down => self.top + 1,
            Key::Char('k') | Key::Up => self.top.saturating_sub(1),
            Key::PageDown | Key::Char(' ') | Key::Ctrl('d') => self.top + self.page,
            Key::PageUp | Key::Ctrl('u') => self.top.saturating_sub(self.page),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => last,
            Key::Char('y') => return Asked::Copy(self.text()),
            Key::Escape | Key::Enter | Key::Char('q') => return Asked::Close,
            _ => self.top,
        };
        self.top = to.min(last);
        Asked::Nothing
    }

    /// Draws it over an area.
    pub(crate) fn draw(&self, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
        let buf = frame.buffer_mut();
        clear(area, buf);
        put(buf, row(area, 0), 1, &self.title, theme.style(Role::Title));
        let rows = self.rows();
        let page = u16::try_from(self.page).unwrap_or(u16::MAX);
        for (y, (line, start, end)) in (1..=page).zip(rows.iter().skip(self.top)) {
            let text = self.lines.get(*line).map_or("", LineEditor::text);
            let piece = text.get(*start..*end).unwrap_or_default();
            let role = if *line == 0 && self.finish.is_some() {
                Role::Heads
            } else {
                Role::Plain
            };
            put(buf, row(area, y), 1, piece, theme.style(role));
        }
        let foot = area.height.saturating_sub(1);
        let mut cursor = area.as_position();
        if self.finish.is_none() {
            let hints = [("y".to_owned(), "copy"), ("esc".to_owned(), "close")];
            put_hint_list(theme, &hints, row(area, foot), buf);
        } else {
            let said = self
                .fault
                .as_ref()
                .map_or((&self.hint, Role::Muted), |it| (it, Role::Danger));
            let room = usize::from(area.width.saturating_sub(2)).max(10);
            let first = foot.saturating_sub(3);
            for (y, line) in (first..foot).zip(wrapped(said.0, room)) {
                put(buf, row(area, y), 1, &line, theme.style(said.1));
            }
            let hints = [
                ("ctrl-g".to_owned(), "go on"),
                ("ctrl-r".to_owned(), "preview"),
                ("esc".to_owned(), "leave"),
            ];
            put_hint_list(theme, &hints, row(area, foot), buf);
            let here = self.cursor_row(&rows);
            let start = rows.get(here).map_or(0, |it| it.1);
            let before = self.lines.get(self.at).map_or("", LineEditor::before);
            let x = width(&shown(before.get(start..).unwrap_or_default())) + 1;
            let y = here.saturating_sub(self.top) + 1;
            cursor = Position {
                x: area.x
                    + u16::try_from(x)
                        .unwrap_or(0)
                        .min(area.width.saturating_sub(1)),
                y: area.y + u16::try_from(y).unwrap_or(0).min(foot),
            };
        }
        frame.set_cursor_position(cursor);
    }
}

/// Where the rows of a line end that has that much room, after a space where there is one.
fn broken(text: &str, room: usize) -> Vec<usize> {
    let (mut ends, mut start, mut used, mut space) = (Vec::new(), 0, 0, None);
    for (i, grapheme) in text.grapheme_indices(true) {
        let wide = width(&shown(grapheme));
        if used + wide > room && i > start {
            let end = space.filter(|it| *it > start).unwrap_or(i);
            ends.push(end);
            used = width(&shown(text.get(end..i).unwrap_or_default()));
            (start, space) = (end, None);
        }
        used += wide;
        if grapheme == " " {
            space = Some(i + 1);
        }
    }
    ends.push(text.len());
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(text: &str) -> TextPane {
        let mut pane = TextPane::writing(
            "t",
            text,
            String::new(),
            |_| None,
            |text| match text.contains("bad") {
                true => Err("bad is not good".to_owned()),
                false => Ok(Doing::Say(text.to_owned())),
            },
        );
        pane.set_room(Rect::new(0, 0, 23, 12));
        pane
    }

    fn after(text: &str, keys: &str) -> String {
        let mut pane = pane(text);
        for key in Key::in_words(keys) {
            pane.press(key);
        }
        pane.text()
    }

    #[test]
    fn lines_are_split_and_joined_where_the_cursor_is() {
        assert_eq!(
            after("one two", "<right><right><right><enter>x"),
            "one\nx two"
        );
        assert_eq!(after("one\ntwo", "<down><backspace>"), "onetwo");
        assert_eq!(after("one\ntwo", "<end><delete>-"), "one-two");
        assert_eq!(
            after("one\ntwo", "<end><right>x<left><left>y"),
            "oney\nxtwo"
        );
        assert_eq!(after("", "a<enter>b"), "a\nb");
    }

    #[test]
    fn a_long_line_is_gone_through_row_by_row() {
        let text = "twenty cells are here and the next row is this one";
        assert_eq!(broken(text, 20), [17, 35, 50]);
        assert_eq!(
            after(text, "<down>X"),
            "twenty cells are Xhere and the next row is this one"
        );
        assert_eq!(
            after(text, "<down><down>X<up><up>Y"),
            "tYwenty cells are here and the next Xrow is this one"
        );
    }

    #[test]
    fn what_is_wrong_is_said_as_it_is_typed_and_one_escape_throws_nothing_away() {
        let mut pane = pane("good");
        for key in Key::in_words("<end>bad") {
            pane.press(key);
        }
        assert_eq!(pane.fault.as_deref(), Some("bad is not good"));
        assert!(matches!(pane.press(Key::Ctrl('g')), Asked::Nothing));
        assert!(matches!(pane.press(Key::Escape), Asked::Nothing));
        assert!(matches!(pane.press(Key::Escape), Asked::Close));
    }
}
