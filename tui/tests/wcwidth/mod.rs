//! Terminals that disagree about the width of letters, as far as the console's own bytes go. What is shown may depend on
//! neither of them.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a terminal measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    /// By grapheme, as unicode-width does: kitty, WezTerm.
    Graphemes,
    /// Character by character, as the C library's wcwidth does, and nothing is joined: xterm, the Linux console.
    Characters,
    /// As wcwidth does, but what follows a joiner goes into the cell of the joiner: tmux.
    Joiners,
}

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terminal {
    opinion: Opinion,
    /// What is in each cell; nothing where the letter at the left is wide.
    cells: Vec<Vec<String>>,
    x: usize,
    y: usize,
    rest: Vec<u8>,
}

impl Terminal {
    pub(super) fn new(opinion: Opinion, columns: usize, rows: usize) -> Self {
        Self {
            opinion,
            cells: vec![vec![" ".to_owned(); columns]; rows],
            x: 0,
            y: 0,
            rest: Vec::new(),
        }
    }

    /// What is in each cell, by rows.
    pub(super) fn screen(&self) -> &[Vec<String>] {
        &self.cells
    }

    /// Its rows, with the blanks of which there are more or less according to its opinion left out.
    pub(super) fn squeezed(&self) -> Vec<String> {
        let rows = self.cells.iter();
        rows.map(|it| it.concat().replace(' ', "")).collect()
    }

    /// Takes what is sent to it.
    pub(super) fn process(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&all) {
            Ok(_) => all.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&all[..whole]).into_owned();
        let mut done = 0;
        while done < text.len() {
            let left = &text[done..];
            let Some(used) = self.step(left) else { break };
            done += used;
        }
        self.rest = all.split_off(done);
    }

    /// One control or a run of text; none when the control is not here as a whole yet.
    fn step(&mut self, text: &str) -> Option<usize> {
        if let Some(sequence) = text.strip_prefix("\u{1b}[") {
            let end = sequence.find(|c: char| matches!(c, '@'..='~'))?;
            let (parameters, letter) = (&sequence[..end], &sequence[end..=end]);
            self.control(parameters, letter);
            return Some(2 + end + 1);
        }
        if text.starts_with("\u{1b}]") {
            return Some(text.find('\u{7}')? + 1);
        }
        if let Some(rest) = text.strip_prefix('\u{1b}') {
            return Some(1 + rest.chars().next()?.len_utf8());
        }
        if let Some(c) = text.chars().next().filter(|it| it.is_control()) {
            match c {
                '\r' => self.x = 0,
                '\n' => self.y = (self.y + 1).min(self.cells.len() - 1),
                _ => {}
            }
            return Some(c.len_utf8());
        }
        let end = text.find(char::is_control).unwrap_or(text.len());
        self.write(&text[..end]);
        Some(end)
    }

    fn control(&mut self, parameters: &str, letter: &str) {
        let number = |it: Option<&str>| it.and_then(|it| it.parse::<usize>().ok()).unwrap_or(1);
        match letter {
            "H" => {
                let mut both = parameters.split(';');
                self.y = number(both.next()).clamp(1, self.cells.len()) - 1;
                self.x = number(both.next()).max(1) - 1;
            }
            "J" => {
                for cell in self.cells.iter_mut().flatten() {
                    " ".clone_into(cell);
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        if self.opinion == Opinion::Graphemes {
            for grapheme in text.graphemes(true) {
                self.put(grapheme, grapheme.width());
            }
            return;
        }
        for c in text.chars() {
            let joins = self.opinion == Opinion::Joiners
                && self.before().is_some_and(|it| it.ends_with('\u{200d}'));
            let width = if joins { 0 } else { wcwidth(c) };
            self.put(c.encode_utf8(&mut [0; 4]), width);
        }
    }

    /// The letter left of the cursor.
    fn before(&mut self) -> Option<&mut String> {
        let row = self.cells.get_mut(self.y)?;
        let upto = self.x.min(row.len());
        row[..upto].iter_mut().rev().find(|it| !it.is_empty())
    }

    fn put(&mut self, letter: &str, width: usize) {
        if width == 0 {
            if let Some(cell) = self.before() {
                cell.push_str(letter);
            }
            return;
        }
        let (x, row) = (self.x, &mut self.cells[self.y]);
        if x + width > row.len() {
            return;
        }
        // Half of a wide letter does not stay.
        if row[x].is_empty() {
            let head = row[..x].iter().rposition(|it| !it.is_empty());
            row[head.unwrap_or(0)..x].fill(" ".to_owned());
        }
        let after = row[x + width..].iter().take_while(|it| it.is_empty());
        let after = after.count();
        row[x + width..x + width + after].fill(" ".to_owned());
        letter.clone_into(&mut row[x]);
        row[x + 1..x + width].fill(String::new());
        self.x += width;
    }
}

/// The C library's opinion: as unicode-width of one character, but every mark that takes space has a cell.
fn wcwidth(c: char) -> usize {
    let spacing = matches!(
        u32::from(c),
        0x9be
            | 0x9d7
            | 0xb3e
            | 0xbbe
            | 0xbd7
            | 0xcc2
            | 0xd3e
            | 0xd57
            | 0xdcf
            | 0x1b35
            | 0x302e
            | 0x1d165
    );
    c.width().unwrap_or(0).max(usize::from(spacing))
}
