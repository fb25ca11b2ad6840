//! Numbers, ages and plurals as people read them.

use std::path::{Path, PathBuf};

use crate::cell::{severed, shown, width};

/// The number with a comma between every three digits.
pub(crate) fn number(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 7);
    if n < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// As [`number`], for lengths.
pub(crate) fn count(n: usize) -> String {
    number(i64::try_from(n).unwrap_or(i64::MAX))
}

/// `1 person`, `3 people`.
pub(crate) fn people(n: usize) -> String {
    match n {
        1 => "1 person".to_owned(),
        _ => format!("{} people", count(n)),
    }
}

/// `1 mail`, `3 mails`: a noun with a regular plural.
pub(crate) fn some(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", count(n)),
    }
}

/// A text in lines of at most that many cells, broken between words where it can be, else within them.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let words = text
        .split_whitespace()
        .flat_map(|it| severed(&shown(it), room.max(1)));
    for word in words {
        let line = lines.last().map_or(0, |it| width(it));
        if line > 0 && line + 1 + width(&word) > room {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

/// A path as people type it, with their own folder for `~`.
pub(crate) fn at_home(path: &str) -> PathBuf {
    match path.strip_prefix("~/").zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None => Path::new(path).to_owned(),
    }
}

/// How long ago something was, in steps that grow, and after how many milliseconds the next step begins. The steps
/// grow so that an idle console wakes up a few times an hour and not once a second.
pub(crate) fn age(millis: i64) -> (String, u64) {
    const SECOND: i64 = 1000;
    const MINUTE: i64 = 60 * SECOND;
    const HOUR: i64 = 60 * MINUTE;
    const STEPS: [i64; 16] = [
        2 * SECOND,
        5 * SECOND,
        10 * SECOND,
        30 * SECOND,
        MINUTE,
        2 * MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        20 * MINUTE,
        40 * MINUTE,
        HOUR,
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        12 * HOUR,
        24 * HOUR,
    ];
    let millis = millis.max(0);
    let reached = STEPS.iter().rposition(|step| *step <= millis);
    let next = reached.map_or(0, |i| i + 1);
    let until = STEPS.get(next).map_or(24 * HOUR, |step| step - millis);
    let said = match reached.map(|i| STEPS[i]) {
        None => "just now".to_owned(),
        Some(step) if step < MINUTE => format!("{} s ago", step / SECOND),
        Some(step) if step < HOUR => format!("{} min ago", step / MINUTE),
        Some(step) if step < 24 * HOUR => format!("{} h ago", step / HOUR),
        Some(_) => format!(
            "{} ago",
            some(usize::try_from(millis / (24 * HOUR)).unwrap_or(0), "day")
        ),
    };
    (said, u64::try_from(until).unwrap_or(1).max(1))
}

/// A word as a POSIX shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._-+/:=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What is counted among the seats that are free, where some of them are given back by what asks for them: `, with 2 given
/// back`.
pub(crate) fn given_back(shortfall: &usher_core::error::Shortfall) -> String {
    match shortfall.freed {
        0 => String::new(),
        freed => format!(", with {} given back", number(freed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(
            [0, 999, 1000, 1_234_567, -1200].map(number),
            ["0", "999", "1,000", "1,234,567", "-1,200"]
        );
    }

    #[test]
    fn what_is_longer_than_a_line_goes_on_below() {
        assert_eq!(wrapped("to be or", 5), ["to be", "or"]);
        assert_eq!(wrapped("a abcdefg", 3), ["a", "abc", "def", "g"]);
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("ana@acme.example"), "ana@acme.example");
        assert_eq!(quoted("o'neil x"), r"'o'\''neil x'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn an_age_says_when_it_changes_next() {
        assert_eq!(age(0), ("just now".into(), 2000));
        assert_eq!(age(2400), ("2 s ago".into(), 2600));
        assert_eq!(age(61_000), ("1 min ago".into(), 59_000));
        assert_eq!(age(3 * 86_400_000).0, "3 days ago");
    }
}
