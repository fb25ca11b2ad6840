//! Text that people typed is hostile until shown otherwise: it may carry terminal escapes, reorder a line or hide.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::unseen::without_unseen;
use crate::error::Error;

/// Longest text accepted in a profile field, in bytes.
const LONGEST: usize = 512;
/// More marks than this on one letter are an attack, not a script.
const MOST_MARKS: usize = 8;

/// Whether a character may act on a terminal or a reader instead of being shown: controls, bidirectional
/// overrides and isolates, zero-width and tag characters, line separators, private-use non-characters.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Writes text where HTML has text or a quoted value. Controls that no parser agrees about with another become U+FFFD.
pub fn push_as_html(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' => {
                out.push('\u{fffd}');
            }
            _ => out.push(c),
        }
    }
}

/// The text with every hostile character, every mark beyond the eighth on one letter, and every character of which nothing
/// is seen and that has nothing to do where it stands, replaced by U+FFFD, so that what was replaced stays visible. Borrowed
/// when nothing had to be replaced.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|it| matches!(it, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let text = inert(text);
    match without_unseen(&text) {
        Some(seen) => Cow::Owned(seen),
        None => text,
    }
}

fn inert(text: &str) -> Cow<'_, str> {
    let mut marks = 0;
    let mut bad = |c: char| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MOST_MARKS || is_hostile(c)
    };
    if !text.chars().any(&mut bad) {
        return Cow::Borrowed(text);
    }
    let mut marks = 0;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks == MOST_MARKS + 1 || is_hostile(c) {
            out.push('\u{fffd}');
        } else if marks <= MOST_MARKS {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A short piece of text in a profile: trimmed, NFC, without hostile characters, at most 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Parses a value for the field called `what`; an empty one is `None`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the text is too long or carries characters that act on a terminal.
    pub fn parse(what: &'static str, text: &str) -> Result<Option<Self>, Error> {
        let text = text.trim();
        let text: String = if text.is_ascii() {
            text.to_owned()
        } else {
            text.nfc().collect()
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > LONGEST {
            return Err(Error::invalid(
                what,
                "is longer than 512 bytes",
                "shorten it",
            ));
        }
        if text.contains(['\n', '\r']) {
            return Err(Error::invalid(
                what,
                "has a line break in it",
                "write it on one line",
            ));
        }
        if harmless(&text) != text {
            return Err(Error::invalid(
                what,
                "has control or invisible characters",
                "type it again without them",
            ));
        }
        Ok(Some(Self(text)))
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What free words are looked up in: every part folded (accents and case removed), each word preceded by a space.
pub fn search_text<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::with_capacity(96);
    for part in parts {
        for word in part.split_whitespace() {
            out.push(' ');
            fold_into(&mut out, word);
        }
    }
    out
}

/// The folded text with single spaces, as in what is searched.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        fold_into(&mut out, word);
    }
    out
}

/// Folds one word for searching: compatibility decomposition, marks dropped, lower case, and letters that are none with a mark
/// to Unicode written as people type them who have no key for them.
fn fold_into(out: &mut String, word: &str) {
    if word.is_ascii() {
        out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    let letters = word
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase);
    for letter in letters {
        match typed_for(letter) {
            Some(typed) => out.push_str(typed),
            None => out.push(letter),
        }
    }
}

/// What is typed for a Latin letter that Unicode does not take apart (CLDR's Latin-ASCII), in lower case.
fn typed_for(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        _ => return None,
    })
}

/// What is stored of folded text, in letters moved to a plane of their own too, as it is folded since [`typed_for`].
pub(crate) fn folded_anew(stored: &str) -> String {
    let mut out = String::with_capacity(stored.len());
    for letter in stored.chars() {
        let plane = match u32::from(letter) & 0x1f_0000 {
            moved @ (0x0f_0000 | 0x10_0000) => moved,
            _ => 0,
        };
        let typed = char::from_u32(u32::from(letter) - plane).and_then(typed_for);
        match typed {
            Some(typed) => out.extend(
                typed
                    .chars()
                    .filter_map(|it| char::from_u32(u32::from(it) + plane)),
            ),
            None => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_replaced_visibly() {
        assert_eq!(harmless("Al\u{1b}[31mice"), "Al\u{fffd}[31mice");
        assert_eq!(harmless("a\u{202e}b"), "a\u{fffd}b");
        assert!(matches!(harmless("Đặng Thị Hương"), Cow::Borrowed(_)));
        let zalgo = format!("a{}", "\u{301}".repeat(2000));
        assert_eq!(harmless(&zalgo).chars().count(), 1 + 8 + 1);
    }

    #[test]
    fn search_text_folds_accents_and_case() {
        assert_eq!(
            search_text(["Álvarez Nuria", "STRAẞE"]),
            " alvarez nuria strasse"
        );
        assert_eq!(folded("Łukasz Sørensen"), "lukasz sorensen");
        assert_eq!(folded("İrem YILDIZ Yıldız"), "irem yildiz yildiz");
    }

    #[test]
    fn what_was_folded_before_becomes_what_is_folded_now() {
        let moved = |text: &str| -> String {
            let letters = text.chars();
            letters
                .filter_map(|it| char::from_u32(u32::from(it) + 0xf_0000))
                .collect()
        };
        let before = format!(" łukasz straße{}", moved("łodz"));
        let now = format!(" lukasz strasse{}", moved("lodz"));
        assert_eq!(folded_anew(&before), now);
        assert_eq!(folded_anew(&now), now);
    }
}
