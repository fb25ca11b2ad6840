//! What goes into cells one after the other, and how many cells each piece is given.
//!
//! Terminals disagree about the width of whatever is more than a letter: a vowel sign that one draws beside its letter
//! another draws upon it, and what a joiner joins may be one picture or several. A piece is given the cells of the
//! terminal that takes most; where another takes fewer, the rest stay blank. So nothing is overwritten by its neighbour,
//! and nothing is left over when it goes.

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use usher_core::model::is_virama;

/// What the buffer has in the cells that belong to the piece at their left. It is unlike a blank, so that what comes there
/// next is drawn, whatever it is.
pub(crate) const CONTINUED: &str = "";

/// A text's pieces: graphemes, but letters that some terminals tie together and others do not (a Devanagari conjunct, say)
/// apart.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|grapheme| {
        let tied = !grapheme.is_ascii() && !grapheme.contains('\u{200d}');
        let mut rest = Some(grapheme);
        std::iter::from_fn(move || {
            let whole = rest.take()?;
            let mut after_virama = false;
            let cut = whole.char_indices().find_map(|(i, c)| {
                let cut = after_virama && tied && alone(c) > 0;
                after_virama = is_virama(c);
                cut.then_some(i)
            });
            let (piece, left) = whole.split_at(cut.unwrap_or(whole.len()));
            rest = (!left.is_empty()).then_some(left);
            Some(piece)
        })
    })
}

/// How many cells a piece is given.
pub(super) fn cells(piece: &str) -> u16 {
    let apart = piece.chars().map(alone).fold(0, u16::saturating_add);
    apart.max(piece.cell_width())
}

/// The cells of a character by itself.
fn alone(c: char) -> u16 {
    let width = c.encode_utf8(&mut [0; 4]).cell_width();
    width.max(u16::from(is_doubtful(c)))
}

/// Whether a mark has a cell of its own on some terminals (wcwidth of the C library, xterm, tmux) and none on others:
/// marks that are both spacing and extending, and signs that stand before what they belong to.
fn is_doubtful(c: char) -> bool {
    matches!(u32::from(c), 0x600..=0x605 | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x9be | 0x9d7 | 0xb3e | 0xb57 | 0xbbe
        | 0xbd7 | 0xcc0 | 0xcc2 | 0xcc7..=0xcc8 | 0xcca..=0xccb | 0xcd5..=0xcd6 | 0xd3e | 0xd4e | 0xd57 | 0xdcf | 0xddf
        | 0x1715 | 0x1734 | 0x1b35 | 0x1b3b | 0x1b3d | 0x1b43..=0x1b44 | 0x1baa | 0x1bf2..=0x1bf3 | 0x302e..=0x302f
        | 0xa8fa | 0xa953 | 0xa9c0 | 0x111c0 | 0x111c2..=0x111c3 | 0x11235 | 0x1133e | 0x1134d | 0x11357 | 0x113b8
        | 0x113c2..=0x113cf | 0x114b0 | 0x114bd | 0x115af | 0x116b6 | 0x11930 | 0x1193d | 0x1193f | 0x11941
        | 0x11a84..=0x11a89 | 0x11d46 | 0x11f02 | 0x11f41 | 0x16ff0..=0x16ff1 | 0x1d165..=0x1d166 | 0x1d16d..=0x1d172)
}

/// Writes a piece and returns where it ended; none where there is no room for it.
pub(super) fn write(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    right: u16,
    piece: &str,
    style: Style,
) -> Option<u16> {
    let width = cells(piece);
    let end = x.checked_add(width).filter(|end| *end <= right)?;
    // A joiner at the end joins nothing here, but some terminals would put the next cell's letter with it.
    let symbol = piece.trim_end_matches(['\u{200c}', '\u{200d}']);
    if width == 0 || symbol.is_empty() {
        return Some(x);
    }
    let missing = usize::from(width.saturating_sub(symbol.cell_width()));
    let cell = &mut buf[(x, y)];
    if missing == 0 {
        cell.set_symbol(symbol);
    } else {
        cell.set_symbol(&format!("{symbol}{}", " ".repeat(missing)));
    }
    cell.set_style(style);
    for x in x + 1..end {
        let cell = &mut buf[(x, y)];
        cell.reset();
        cell.set_symbol(CONTINUED).set_style(style);
    }
    Some(end)
}

/// Before something else is written from a cell on, or behind it: a piece that would be cut there goes as a whole.
pub(crate) fn sever(buf: &mut Buffer, x: u16, y: u16) {
    let row = buf.area.left()..buf.area.right();
    if !row.contains(&x) || y >= buf.area.bottom() || buf[(x, y)].symbol() != CONTINUED {
        return;
    }
    let mut head = x;
    while head > row.start && buf[(head, y)].symbol() == CONTINUED {
        head -= 1;
    }
    for x in (head..x).chain(
        (x..row.end)
            .take_while(|x| buf[(*x, y)].symbol() == CONTINUED)
            .collect::<Vec<_>>(),
    ) {
        buf[(x, y)].set_symbol(" ");
    }
}

/// Whether every terminal takes the same cells for what is in a cell: one letter of a script whose letters have one width.
pub(crate) fn is_settled(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return false;
    };
    match symbol.cell_width() {
        0 | 1 => !is_doubtful(c),
        _ => {
            matches!(c, '\u{2e80}'..='\u{4dbf}' | '\u{4e00}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
                | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
        }
    }
}
