//! Texts that mean something in a cell: that it is to be emptied, or that a formula failed in it. Who is called so is written
//! with an apostrophe in front, by which it is read as a text.

use std::borrow::Cow;

/// What stands in a cell whose formula failed.
const FAILED: [&str; 8] = [
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#ERROR!",
];
/// What is read in a cell whose formula nobody has computed yet.
pub(super) const UNCOMPUTED: &str = "#FORMULA!";

/// What a cell of some text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'t> {
    /// What it says.
    Text(&'t str),
    /// That nothing is to be there any more.
    Clear,
    /// That a formula failed.
    Failed,
    /// That a formula was never computed.
    Uncomputed,
}

impl<'t> Meaning<'t> {
    /// Of a text without space around it.
    pub(crate) fn of(text: &'t str) -> Self {
        if let Some(rest) = text.strip_prefix('\'')
            && is_special(rest.trim_start_matches('\''))
        {
            return Self::Text(rest);
        }
        if is_clear(text) {
            Self::Clear
        } else if text == UNCOMPUTED {
            Self::Uncomputed
        } else if FAILED.contains(&text) {
            Self::Failed
        } else {
            Self::Text(text)
        }
    }
}

fn is_clear(text: &str) -> bool {
    let inner = text.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    inner.is_some_and(|it| it.trim().eq_ignore_ascii_case("clear"))
}

fn is_special(text: &str) -> bool {
    is_clear(text) || text == UNCOMPUTED || FAILED.contains(&text)
}

/// The text as a cell has it that is to be read again.
pub(crate) fn as_cell(text: &str) -> Cow<'_, str> {
    if is_special(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_read_as_a_text_again() {
        for text in [
            "(clear)",
            "( Clear )",
            "#N/A",
            "'(clear)",
            "''#REF!",
            "'",
            "ok",
            "#FORMULA!",
        ] {
            assert_eq!(Meaning::of(&as_cell(text)), Meaning::Text(text));
        }
        assert_eq!(Meaning::of("( CLEAR )"), Meaning::Clear);
        assert_eq!(Meaning::of("#DIV/0!"), Meaning::Failed);
        assert_eq!(Meaning::of("#FORMULA!"), Meaning::Uncomputed);
        assert_eq!(Meaning::of("#n/a"), Meaning::Text("#n/a"));
    }
}
