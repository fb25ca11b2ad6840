//! Characters of which nothing is seen by themselves, and where they have something to do all the same. Anywhere else they
//! make two names look the same that are not.

/// What stands for a character that is not shown.
const REPLACED: char = '\u{fffd}';
const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// The text with every such character replaced that is out of its place; none where nothing is.
pub(super) fn without_unseen(text: &str) -> Option<String> {
    if !text.chars().any(is_unseen) {
        return None;
    }
    let mut before = None;
    let mut changed = false;
    let mut made = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let hides = is_unseen(c) && !belongs(before, c, rest.peek().copied());
        changed |= hides;
        made.push(if hides { REPLACED } else { c });
        before = Some(if hides { REPLACED } else { c });
    }
    changed.then_some(made)
}

/// Whether nothing is seen of a character by itself.
fn is_unseen(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER | '\u{34f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1bca0}'..='\u{1bca3}')
        || is_inner_jamo(c)
}

/// Whether it is the vowel or the end of a Korean syllable, which is seen only behind what begins one.
fn is_inner_jamo(c: char) -> bool {
    matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}')
}

/// Whether one of those has something to do where it stands. Scripts need joiners beside a virama (after RFC 5892,
/// appendix A, and in Bengali before it) and between letters that are written together, emoji between pictures; a
/// variation selector needs something that varies.
fn belongs(before: Option<char>, c: char, after: Option<char>) -> bool {
    let (Some(before), after) = (before, after.unwrap_or(' ')) else {
        return false;
    };
    match c {
        _ if is_inner_jamo(c) => {
            is_inner_jamo(before)
                || matches!(before, '\u{1100}'..='\u{115e}' | '\u{a960}'..='\u{a97c}' | '\u{ac00}'..='\u{d7a3}')
        }
        NON_JOINER | JOINER if is_virama(before) || is_virama(after) => true,
        NON_JOINER => is_cursive(before) && is_cursive(after),
        // At the end of a word it shows that the word goes on, as in an abbreviation.
        JOINER if is_cursive(before) => is_cursive(after) || !after.is_alphanumeric(),
        JOINER => (is_picture(before) || before == '\u{fe0f}') && is_picture(after),
        '\u{fe0e}' | '\u{fe0f}' => {
            is_picture(before) || (matches!(before, '0'..='9' | '#' | '*') && after == '\u{20e3}')
        }
        '\u{fe00}'..='\u{fe0d}' => {
            is_picture(before)
                || matches!(before, '\u{1000}'..='\u{109f}' | '\u{3400}'..='\u{9fff}' | '\u{a840}'..='\u{a87f}'
                    | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        }
        _ => false,
    }
}

/// Whether a letter is written together with its neighbours: Arabic, Syriac, N'Ko, Mongolian and their like.
fn is_cursive(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{8ff}' | '\u{1820}'..='\u{18aa}' | '\u{a840}'..='\u{a873}' | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefc}' | '\u{10ac0}'..='\u{10aff}' | '\u{10d00}'..='\u{10d3f}' | '\u{1e900}'..='\u{1e94b}')
}

/// Whether a character is, or may be, shown as a picture.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1fbff}')
}

/// Whether a mark takes the vowel from a letter and ties it to the next one (canonical combining class 9).
pub fn is_virama(c: char) -> bool {
    matches!(u32::from(c), 0x94d | 0x9cd | 0xa4d | 0xacd | 0xb4d | 0xbcd | 0xc4d | 0xccd | 0xd3b..=0xd3c | 0xd4d | 0xdca
        | 0xe3a | 0xeba | 0xf84 | 0x1039..=0x103a | 0x1714..=0x1715 | 0x1734 | 0x17d2 | 0x1a60 | 0x1b44 | 0x1baa..=0x1bab
        | 0x1bf2..=0x1bf3 | 0x2d7f | 0xa806 | 0xa82c | 0xa8c4 | 0xa953 | 0xa9c0 | 0xaaf6 | 0xabed | 0x10a3f | 0x11046
        | 0x11070 | 0x1107f | 0x110b9 | 0x11133..=0x11134 | 0x111c0 | 0x11235 | 0x112ea | 0x1134d | 0x113ce..=0x113d0
        | 0x11442 | 0x114c2 | 0x115bf | 0x1163f | 0x116b6 | 0x1172b | 0x11839 | 0x1193d..=0x1193e | 0x119e0 | 0x11a34
        | 0x11a47 | 0x11a99 | 0x11c3f | 0x11d44..=0x11d45 | 0x11d97 | 0x11f41..=0x11f42 | 0x1612f)
}

#[cfg(test)]
mod tests {
    use crate::model::{Name, harmless};

    #[test]
    fn what_would_hide_is_visible() {
        for (text, seen) in [
            ("a\u{200d}na", "a\u{fffd}na"),
            ("1\u{200d}2", "1\u{fffd}2"),
            ("张\u{200d}\u{200c}", "张\u{fffd}\u{fffd}"),
            ("Zoo\u{34f}n", "Zoo\u{fffd}n"),
            ("Zoo\u{1bca2}n", "Zoo\u{fffd}n"),
            ("ана\u{fe0f}", "ана\u{fffd}"),
            ("Zo\u{1161}on", "Zo\u{fffd}on"),
            ("1\u{fe0f}2", "1\u{fffd}2"),
            ("张\u{fe0f}三", "张\u{fffd}三"),
            ("می\u{200c}\u{200c}خواهم", "می\u{fffd}\u{fffd}خواهم"),
            ("\u{1b}[2Jx", "\u{fffd}[2Jx"),
        ] {
            assert_eq!(harmless(text), seen);
            assert!(Name::parse("first name", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_scripts_and_emoji_need_stays() {
        for text in [
            "می\u{200c}خواهم",
            "ه\u{200d}",
            "क्\u{200d}ष",
            "র\u{200d}্যাম",
            "ශ්\u{200d}රී",
            "👩\u{200d}👧",
            "👩🏽\u{200d}⚕\u{fe0f}",
            "🏳\u{fe0f}\u{200d}🌈",
            "☀\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "\u{1112}\u{119e}\u{11ab}글",
            "\u{8fbb}\u{fe00}",
        ] {
            assert_eq!(harmless(text), text);
            assert!(Name::parse("first name", text).is_ok(), "{text:?}");
        }
    }
}
