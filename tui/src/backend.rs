//! Cells into bytes: what ratatui draws, as the shortest escape sequences, one write a frame.
//!
//! It asks the terminal nothing (answers would arrive as keys), takes its size as a value, knows no environment
//! variable, and writes into anything, so that a console can be served elsewhere than on the process's own terminal.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Cell, CellWidth};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

use crate::cell::{CONTINUED, is_settled};

/// The frame's bytes between these are shown at once by terminals that know how (mode 2026).
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// Most bytes that are put into a clipboard: terminals drop what is longer.
pub(crate) const LONGEST_COPY: usize = if cfg!(test) { 8_000 } else { 74_000 };

/// Draws on a terminal at the other end of a writer.
pub(crate) struct AnsiBackend<W> {
    to: W,
    size: Size,
    frame: Vec<u8>,
    /// Where the cursor is to stand when the frame is done, if it is to be seen.
    wanted: Option<Position>,
    /// Where the terminal shows it now.
    shown: Option<Position>,
    /// How many bytes have been written in all.
    written: u64,
}

impl<W: Write> AnsiBackend<W> {
    /// For a terminal of that size, cleared and with its cursor hidden.
    pub(crate) fn new(to: W, size: Size) -> Self {
        Self {
            to,
            size,
            frame: Vec::with_capacity(8192),
            wanted: None,
            shown: None,
            written: 0,
        }
    }

    /// The terminal has another size now.
    pub(crate) fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// Puts text into the clipboard of whoever sits at the terminal, where it knows how (OSC 52).
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let sequence = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
        self.to.write_all(sequence.as_bytes())?;
        self.to.flush()
    }

    fn go(&mut self, position: Position) {
        let _ = write!(self.frame, "\x1b[{};{}H", position.y + 1, position.x + 1);
    }
}

impl<W: Write> Backend for AnsiBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut look = Look::default();
        let mut here: Option<Position> = None;
        // Where the piece that was drawn last ends: its cells are its own.
        let mut covered = Position::default();
        for (x, y, cell) in content {
            let symbol = cell.symbol().trim_end_matches(' ');
            let symbol = if symbol.is_empty() { " " } else { symbol };
            if y == covered.y && x < covered.x && cell.symbol() == CONTINUED {
                continue;
            }
            if self.shown.take().is_some() {
                self.frame.extend_from_slice(b"\x1b[?25l");
            }
            if here != Some(Position { x, y }) {
                self.go(Position { x, y });
            }
            let next = Look::of(cell);
            if next != look {
                next.write(&mut self.frame);
                look = next;
            }
            let width = cell.symbol().cell_width().max(1);
            covered = Position { x: x + width, y };
            if !is_settled(symbol) {
                // Whatever this terminal makes of it, what it does not cover is blank.
                let blank = (0..width).map(|_| b' ');
                self.frame.extend(blank);
                self.go(Position { x, y });
            }
            self.frame.extend_from_slice(symbol.as_bytes());
            // Terminals disagree about the width of anything beyond ASCII: say again where the next cell is.
            here = matches!(symbol.as_bytes(), [0x20..=0x7e]).then_some(Position { x: x + 1, y });
        }
        if look != Look::default() {
            self.frame.extend_from_slice(b"\x1b[m");
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wanted = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.shown.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.wanted = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        // Only whole screens are ever cleared here.
        self.frame.extend_from_slice(b"\x1b[m\x1b[?25l\x1b[2J");
        self.shown = None;
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.wanted != self.shown {
            match self.wanted {
                Some(position) => {
                    self.go(position);
                    if self.shown.is_none() {
                        self.frame.extend_from_slice(b"\x1b[?25h");
                    }
                }
                None => self.frame.extend_from_slice(b"\x1b[?25l"),
            }
            self.shown = self.wanted;
        }
        if self.frame.is_empty() {
            return Ok(());
        }
        self.frame.splice(..0, FRAME_BEGIN.iter().copied());
        self.frame.extend_from_slice(FRAME_END);
        self.written += self.frame.len() as u64;
        self.to.write_all(&self.frame)?;
        self.frame.clear();
        self.to.flush()
    }
}

/// How a cell looks, apart from its symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// Sets everything anew: a reset costs one byte, and nothing can be left over.
    fn write(self, out: &mut Vec<u8>) {
        const ATTRIBUTES: [(Modifier, &[u8]); 5] = [
            (Modifier::BOLD, b";1"),
            (Modifier::DIM, b";2"),
            (Modifier::ITALIC, b";3"),
            (Modifier::UNDERLINED, b";4"),
            (Modifier::REVERSED, b";7"),
        ];
        out.extend_from_slice(b"\x1b[");
        for (modifier, code) in ATTRIBUTES {
            if self.modifier.contains(modifier) {
                out.extend_from_slice(code);
            }
        }
        write_color(out, self.fg, 30);
        write_color(out, self.bg, 40);
        out.push(b'm');
    }
}

/// Writes a colour as the parameters of SGR; `base` is 30 for the text and 40 for what is behind it.
fn write_color(out: &mut Vec<u8>, color: Color, base: u8) {
    let ansi = |n: u8| if n < 8 { base + n } else { base + 60 + n - 8 };
    let code = match color {
        Color::Reset => return,
        Color::Black => ansi(0),
        Color::Red => ansi(1),
        Color::Green => ansi(2),
        Color::Yellow => ansi(3),
        Color::Blue => ansi(4),
        Color::Magenta => ansi(5),
        Color::Cyan => ansi(6),
        Color::Gray => ansi(7),
        Color::DarkGray => ansi(8),
        Color::LightRed => ansi(9),
        Color::LightGreen => ansi(10),
        Color::LightYellow => ansi(11),
        Color::LightBlue => ansi(12),
        Color::LightMagenta => ansi(13),
        Color::LightCyan => ansi(14),
        Color::White => ansi(15),
        Color::Indexed(n) => {
            let _ = write!(out, ";{};5;{n}", base + 8);
            return;
        }
        Color::Rgb(r, g, b) => {
            let _ = write!(out, ";{};2;{r};{g};{b}", base + 8);
            return;
        }
    };
    let _ = write!(out, ";{code}");
}

/// Bytes in base64 (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let sign = SIGNS.get((bits >> (18 - 6 * i) & 63) as usize).copied();
            let sign = sign.filter(|_| i <= three.len()).unwrap_or(b'=');
            out.push(char::from(sign));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_copied_in_base64() {
        let known = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")];
        for (text, encoded) in known {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
        let mut backend = AnsiBackend::new(Vec::new(), Size::new(2, 1));
        backend.copy("ü\x1b").expect("written");
        assert_eq!(backend.to, b"\x1b]52;c;w7wb\x07");
    }
    use ratatui::Terminal;
    use ratatui::style::Style;

    fn terminal() -> Terminal<AnsiBackend<Vec<u8>>> {
        Terminal::new(AnsiBackend::new(Vec::new(), Size::new(20, 4)))
            .expect("a vector takes everything")
    }

    fn drawn(terminal: &mut Terminal<AnsiBackend<Vec<u8>>>, text: &str, style: Style) -> String {
        terminal.backend_mut().to.clear();
        terminal
            .draw(|frame| {
                frame.buffer_mut().set_string(2, 1, text, style);
                frame.set_cursor_position((0, 1));
            })
            .expect("a vector takes everything");
        String::from_utf8_lossy(&terminal.backend().to).into_owned()
    }

    #[test]
    fn a_frame_is_one_short_write_and_an_equal_frame_is_nothing() {
        let mut terminal = terminal();
        let first = drawn(
            &mut terminal,
            "ab",
            Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        );
        assert_eq!(
            first,
            "\x1b[?2026h\x1b[2;3H\x1b[;1;31mab\x1b[m\x1b[2;1H\x1b[?25h\x1b[?2026l"
        );
        assert_eq!(
            drawn(
                &mut terminal,
                "ab",
                Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
            ),
            ""
        );
    }

    #[test]
    fn after_a_wide_or_doubtful_cell_the_place_is_said_again() {
        let drawn = drawn(&mut terminal(), "漢a", Style::new());
        assert!(drawn.contains("漢\x1b[2;5Ha"), "{drawn:?}");
    }

    #[test]
    fn what_a_terminal_shows_is_what_was_drawn() {
        let mut terminal = terminal();
        let mut screen = vt100::Parser::default();
        screen.screen_mut().set_size(
            4.try_into().expect("not zero"),
            20.try_into().expect("not zero"),
        );
        for text in ["Zoë 漢字 end", "short", "👩‍👩‍👧 x"] {
            screen.process(drawn(&mut terminal, text, Style::new()).as_bytes());
            let row = screen.screen().rows(0, 20).nth(1).unwrap_or_default();
            assert!(
                row.trim_end()
                    .ends_with(text.split(' ').next_back().unwrap_or("")),
                "{row:?}"
            );
        }
    }
}
