//! Text in cells: made harmless, measured by grapheme, cut with an ellipsis, and never outside its column.

use std::borrow::Cow;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use usher_core::model::harmless;

/// What stands for text that was cut off.
const ELLIPSIS: &str = "…";
/// Zero-width joiner and non-joiner: Indic and Arabic scripts and emoji need them, and elsewhere they only hide.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// The text as it may be shown: nothing in it acts on the terminal, and nothing in it is invisible.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let text = harmless(text);
    if text.is_ascii() {
        return text;
    }
    let mut before = ' ';
    let mut changed = false;
    let made: String = text
        .chars()
        .map(|c| {
            let hides = (JOINERS.contains(&c) || ('\u{fe00}'..='\u{fe0f}').contains(&c))
                && before < '\u{590}'
                && !before.is_ascii_digit();
            before = c;
            changed |= hides;
            if hides { '\u{fffd}' } else { c }
        })
        .collect();
    if changed { Cow::Owned(made) } else { text }
}

/// What goes into cells one after the other: graphemes, but where a terminal that does not join letters (a Devanagari
/// conjunct, say) would take more cells than one that does, letter by letter. Else what such a terminal draws too much
/// would stay beside the letter for ever.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|grapheme| {
        let wide = |c: char| c.encode_utf8(&mut [0; 4]).cell_width() > 0;
        let letters = grapheme.char_indices().filter(move |(_, c)| wide(*c));
        let joined = grapheme.contains('\u{200d}') || letters.clone().count() < 2;
        let starts: Vec<usize> =
            if joined || usize::from(grapheme.cell_width()) > letters.clone().count() {
                vec![0]
            } else {
                std::iter::once(0)
                    .chain(letters.skip(1).map(|(i, _)| i))
                    .collect()
            };
        let ends: Vec<usize> = starts
            .iter()
            .skip(1)
            .copied()
            .chain([grapheme.len()])
            .collect();
        starts
            .into_iter()
            .zip(ends)
            .filter_map(move |(start, end)| grapheme.get(start..end))
    })
}

/// How many cells the text takes, which must be [`shown`].
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    pieces(text).map(|it| usize::from(it.cell_width())).sum()
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
        used += usize::from(it.cell_width());
        used < most
    };
    let mut cut: String = pieces(text).take_while(fits).collect();
    cut.push_str(ELLIPSIS);
    Cow::Owned(cut)
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
    if text.is_ascii() {
        let (end, _) = buf.set_stringn(area.x + x, area.y, text, room, style);
        return end - area.x;
    }
    let mut at = area.x + x;
    for piece in pieces(&text) {
        let room = usize::from(area.right().saturating_sub(at));
        (at, _) = buf.set_stringn(at, area.y, piece, room, style);
    }
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
    fn what_would_hide_is_visible() {
        assert_eq!(shown("a\u{200d}na"), "a\u{fffd}na");
        assert_eq!(shown("می\u{200c}خواهم"), "می\u{200c}خواهم");
        assert_eq!(shown("👩\u{200d}👧"), "👩\u{200d}👧");
        assert_eq!(shown("\u{1b}[2Jx"), "\u{fffd}[2Jx");
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
