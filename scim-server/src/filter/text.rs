//! The words of a filter: brought into the grammar where a form is sent that is not in it, and held against a text that is
//! known already.

use scim_v2::filter::{AttrPath, CompValue, Filter, PatchPath};
use usher_core::query::{Fold, Op, Test, caseless};

/// As much of a text from outside as an answer repeats.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The tree of a filter, if it can be read.
pub(super) fn parsed(text: &str) -> Option<Filter> {
    let mut text = with_plain_words(&with_spaced_nots(&without_dollars(text)));
    // As often as there may be value paths; each round takes one.
    for _ in 0..64 {
        match with_part_inside(&text) {
            Some(better) => text = better,
            None => break,
        }
    }
    text.parse().ok()
}

/// An attribute's path as in a filter.
pub(super) fn path(text: &str) -> Option<AttrPath> {
    match without_dollars(text.trim()).parse().ok()? {
        PatchPath::Attr(path) => Some(path),
        PatchPath::Value(_) => None,
    }
}

/// The grammar has no `$`, which only `$ref` begins with; what is left, `ref`, is found all the same.
fn without_dollars(text: &str) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '$' if !quoted => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The grammar wants a space between `not` and its parenthesis, which RFC 7644 (figure 1) does not.
fn with_spaced_nots(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut quoted, mut escaped, mut word) = (false, false, String::new());
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted && word.eq_ignore_ascii_case("not") => out.push(' '),
            _ => {}
        }
        if quoted || matches!(c, ' ' | '(' | '[' | '"') {
            word.clear();
        } else {
            word.push(c);
        }
        out.push(c);
    }
    out
}

/// The grammar has `true`, `false` and `null` in small letters only; scripts write them as their language does.
fn with_plain_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped, mut word) = (false, false, 0);
    for c in text.chars().chain([' ']) {
        if !quoted && matches!(c, ' ' | '(' | ')' | '[' | ']' | '"') {
            if let Some(bare) = out.get_mut(word..)
                && ["true", "false", "null"]
                    .iter()
                    .any(|it| bare.eq_ignore_ascii_case(it))
            {
                bare.make_ascii_lowercase();
            }
            word = out.len() + c.len_utf8();
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                word = out.len() + 1;
            }
            _ => {}
        }
        out.push(c);
    }
    out.pop();
    out
}

/// Brings `emails[type eq "work"].value eq "x"`, which is not in the grammar but sent, into the form that is:
/// `emails[(type eq "work") and value eq "x"]`.
fn with_part_inside(text: &str) -> Option<String> {
    let mut from = 0;
    loop {
        let open = find_bare(text, '[', from)?;
        let close = find_bare(text, ']', open)?;
        if text.get(close + 1..)?.starts_with('.') {
            return part_inside(text, open, close);
        }
        from = close + 1;
    }
}

fn part_inside(text: &str, open: usize, close: usize) -> Option<String> {
    let after = text.get(close + 1..)?.strip_prefix('.')?;
    let (part, rest) = after.split_once(' ')?;
    let rest = rest.trim_start();
    let (head, inner) = (text.get(..open)?, text.get(open + 1..close)?);
    if let Some((word, tail)) = rest.split_at_checked(2)
        && word.eq_ignore_ascii_case("pr")
        && (tail.is_empty() || tail.starts_with([' ', ')']))
    {
        return Some(format!("{head}[({inner}) and {part} pr]{tail}"));
    }
    let (op, rest) = rest.split_once(' ')?;
    let rest = rest.trim_start();
    let length = match rest.strip_prefix('"') {
        Some(inner) => end_of_string(inner)? + 1,
        None => rest.find([' ', ')']).unwrap_or(rest.len()),
    };
    let (value, tail) = rest.split_at_checked(length)?;
    Some(format!("{head}[({inner}) and {part} {op} {value}]{tail}"))
}

/// The first such character outside quotes.
fn find_bare(text: &str, wanted: char, from: usize) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == wanted && !quoted && at >= from => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where a JSON string, whose opening quote is gone, ends: just after its closing quote.
fn end_of_string(inner: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A boolean, also one in quotes.
pub(super) fn flag(value: &CompValue) -> Option<bool> {
    match value {
        CompValue::True => Some(true),
        CompValue::False => Some(false),
        CompValue::Str(text) if text.eq_ignore_ascii_case("true") => Some(true),
        CompValue::Str(text) if text.eq_ignore_ascii_case("false") => Some(false),
        CompValue::Str(_) | CompValue::Number(_) | CompValue::Null => None,
    }
}

/// Whether a known text satisfies a test.
pub(super) fn holds(test: &Test, has: &str) -> bool {
    match test {
        Test::Present => true,
        Test::Text { op, with, fold } => {
            let folded = |text: &str| match fold {
                Fold::Exact => text.to_owned(),
                Fold::Ascii => text.to_ascii_lowercase(),
                Fold::Caseless => caseless(text),
            };
            let (has, with) = (folded(has), folded(with));
            match op {
                Op::Equals => has == with,
                Op::Contains => has.contains(&with),
                Op::StartsWith => has.starts_with(&with),
                Op::EndsWith => has.ends_with(&with),
                Op::Greater => has > with,
                Op::AtLeast => has >= with,
                Op::Less => has < with,
                Op::AtMost => has <= with,
            }
        }
        Test::Number { .. } | Test::Flag(_) => false,
    }
}
