//! Text in cells: made harmless, measured by grapheme, cut with an ellipsis, and never outside its column.

mod pieces;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(crate) use pieces::{CONTINUED, is_settled, sever};
use pieces::{cells, pieces};
pub(crate) use usher_core::model::harmless as shown;

/// What stands for text that was cut off.
const ELLIPSIS: &str = "…";
/// How many cells the text takes, which must be [`shown`].
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    pieces(text).map(|it| usize::from(cells(it))).sum()
}

/// The text cut to that many cells, with an ellipsis where something is missing; it must be [`shown`].
pub(crate) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    if most == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let fits = |it: &&str| {
        used += usize::from(cells(it));
        used < most
    };
    let mut cut: String = pieces(text).take_while(fits).collect();
    cut.push_str(ELLIPSIS);
    Cow::Owned(cut)
}

/// The text in pieces of at most that many cells; it must be [`shown`].
pub(crate) fn severed(text: &str, most: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0;
    for piece in pieces(text) {
        let wide = usize::from(cells(piece));
        if used > 0 && used + wide > most {
            parts.push(String::new());
            used = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(piece);
        }
        used += wide;
    }
    parts
}

/// Writes a text from outside into one row of an area, beginning `x` cells from its left, and returns where it ended.
pub(crate) fn put(buf: &mut Buffer, area: Rect, x: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    if area.is_empty() || x >= area.width {
        return x;
    }
    let room = usize::from(area.width - x);
    let text = shown(text);
    let text = clip(&text, room);
    let from = area.x + x;
    sever(buf, from, area.y);
    let at = if text.is_ascii() {
        buf.set_stringn(from, area.y, text, room, style).0
    } else {
        let mut at = from;
        for piece in pieces(&text) {
            let end = pieces::write(buf, at, area.y, area.right(), piece, style);
            let Some(end) = end else { break };
            at = end;
        }
        at
    };
    sever(buf, at, area.y);
    at - area.x
}

/// As [`put`], ending at the right edge of the area; what does not fit is cut at its end.
pub(crate) fn put_right(buf: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let text = shown(text);
    let x = usize::from(area.width).saturating_sub(width(&text));
    let x = u16::try_from(x).unwrap_or(0);
    put(buf, area, x, &text, style);
    x
}

/// One row of an area; empty when there is no such row.
pub(crate) fn row(area: Rect, y: u16) -> Rect {
    if y >= area.height {
        return Rect::ZERO;
    }
    Rect {
        y: area.y + y,
        height: 1,
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, columns: u16) -> Buffer {
        let mut buf = Buffer::filled(
            Rect::new(0, 0, columns + 4, 3),
            ratatui::buffer::Cell::new("·"),
        );
        put(&mut buf, Rect::new(2, 1, columns, 1), 0, text, Style::new());
        buf
    }

    #[test]
    fn text_is_cut_by_what_is_seen() {
        assert_eq!(clip("deniz.arslan@acme.example", 10), "deniz.ars…");
        assert_eq!(clip("漢字漢字", 4), "漢…");
        assert_eq!(clip("漢字", 4), "漢字");
        assert_eq!(clip("abc", 1), "…");
        assert_eq!(clip("abc", 0), "");
    }

    #[test]
    fn letters_that_some_terminals_join_have_a_cell_each() {
        let buf = drawn("अर्जुन", 6);
        let cells: Vec<_> = (2..6).map(|x| buf[(x, 1)].symbol()).collect();
        assert_eq!(cells, ["अ", "र्", "जु", "न"]);
        assert_eq!(width("अर्जुन"), 4);
    }

    #[test]
    fn no_text_leaves_its_column() {
        let zalgo = format!("z{}", "\u{301}".repeat(10_000));
        for text in [
            "\u{1b}[31mred",
            "\u{202e}rtl",
            "a\u{200b}b\u{feff}",
            "tab\tnew\nline",
            &zalgo,
            "👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
            "שלום עולם",
            "漢字漢字漢字",
            "ｶﾞｶﾞｶﾞ",
        ] {
            for columns in 0..8 {
                let buf = drawn(text, columns);
                for position in buf.area.positions() {
                    let inside = position.y == 1 && (2..2 + columns).contains(&position.x);
                    let symbol = buf[position].symbol();
                    assert!(
                        inside || symbol == "·",
                        "{text:?} in {columns} columns wrote {symbol:?} at {position}"
                    );
                    assert!(
                        !symbol.chars().any(usher_core::model::is_hostile),
                        "{symbol:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_character_keeps_to_its_cells() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let buf = drawn(&text, 5);
            assert_eq!(buf[(7, 1)].symbol(), "·", "{c:?}");
            assert!(
                !buf.content()
                    .iter()
                    .any(|it| it.symbol().chars().any(usher_core::model::is_hostile)),
                "{c:?}"
            );
            assert!(
                (2..7).any(|x| buf[(x, 1)].symbol().contains('a')),
                "{c:?} took its neighbour"
            );
            assert!(
                (2..7).any(|x| buf[(x, 1)].symbol().contains('b')),
                "{c:?} took its neighbour"
            );
        }
    }
}
