//! Passwords that are tried first, told by how they are made rather than by a list of a million: well-known words, runs
//! over the keyboard, repetitions, and those with a year, digits and signs around them or in place of letters. The words
//! are our own list of what everybody knows.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Well-known words, sorted, one a line; what is made of these alone is common.
const WORDS: &str = include_str!("common.txt");

/// Rows and diagonals of keyboards, and the alphabet: any stretch of one, forwards or backwards, is common.
const RUNS: [&str; 13] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "qwertzuiopü",
    "azertyuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "!@#$%^&*()",
    "q1w2e3r4t5y6u7i8o9p0",
];
/// The shortest stretch of a run that counts.
const RUN: usize = 4;
/// How many characters of its own a password needs beside what everybody knows.
const OWN: usize = 4;

/// Whether it would be among the first that are tried.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    [lower.clone(), plain(&lower, 'i'), plain(&lower, 'l')]
        .iter()
        .any(|it| own(it, &|rest| known(rest)) < OWN)
}

/// Whether it is made of what others know of the person.
pub(super) fn is_about(password: &str, about: &[&str]) -> bool {
    let lower: Vec<String> = about.iter().flat_map(|it| spellings(it)).collect();
    let words: Vec<&str> = lower
        .iter()
        .flat_map(|it| {
            it.split(|c: char| !c.is_alphanumeric())
                .chain([it.as_str()])
        })
        .filter(|it| it.chars().count() >= 2)
        .collect();
    let theirs = |rest: &str| {
        let lengths = words.iter().filter(|it| rest.starts_with(**it));
        lengths.map(|it| it.len()).max().max(known(rest))
    };
    let lower = password.to_lowercase();
    [lower.replace('ß', "ss"), lower]
        .iter()
        .any(|it| own(it, &theirs) < OWN)
}

/// How a name is typed, in small letters: as it is, without its marks, and as German does without them.
fn spellings(name: &str) -> [String; 3] {
    let lower = name.to_lowercase();
    let plain = |ae: &str, oe: &str, ue: &str| {
        lower
            .replace('ß', "ss")
            .replace('ä', ae)
            .replace('ö', oe)
            .replace('ü', ue)
            .nfd()
            .filter(|it| !is_combining_mark(*it))
            .collect()
    };
    let (bare, german) = (plain("a", "o", "u"), plain("ae", "oe", "ue"));
    [lower, bare, german]
}

/// How many letters are left when everything known, and every digit, sign and space, is taken away. Each repetition of
/// what stood just before counts as known.
fn own(text: &str, known: &dyn Fn(&str) -> Option<usize>) -> usize {
    let mut left = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|it| !it.is_empty()) {
        let step = rest.chars().next().map_or(1, char::len_utf8);
        let length = known(rest).max(repeats(text, at));
        match length {
            Some(length) => at += length,
            None => {
                left += usize::from(rest.starts_with(char::is_alphabetic));
                at += step;
            }
        }
    }
    // Digits and signs alone are not common when they are many and no run; they are counted by kind.
    if left == 0 && text.chars().all(|it| !it.is_alphabetic()) {
        return own_digits(text);
    }
    left
}

/// How many digits and signs are no part of a run or a repetition.
fn own_digits(text: &str) -> usize {
    let mut left = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|it| !it.is_empty()) {
        let step = rest.chars().next().map_or(1, char::len_utf8);
        match run(rest).max(repeats(text, at)) {
            Some(length) => at += length,
            None => {
                left += 1;
                at += step;
            }
        }
    }
    left / 2
}

/// How long the known word or run at the front is.
fn known(rest: &str) -> Option<usize> {
    let words = WORDS.lines().filter(|it| rest.starts_with(it));
    words.map(str::len).max().max(run(rest))
}

/// How long the stretch of a run at the front is.
fn run(rest: &str) -> Option<usize> {
    let longest = |run: &str| {
        let mut best = 0;
        for (start, _) in run.char_indices() {
            let stretch = run.get(start..).unwrap_or_default().chars();
            let same = stretch.zip(rest.chars()).take_while(|(a, b)| a == b);
            let (count, bytes) =
                same.fold((0, 0), |(n, bytes), (_, b)| (n + 1, bytes + b.len_utf8()));
            if count >= RUN {
                best = best.max(bytes);
            }
        }
        best
    };
    let forwards = RUNS.iter().map(|it| longest(it));
    let backwards = RUNS
        .iter()
        .map(|it| longest(&it.chars().rev().collect::<String>()));
    forwards.chain(backwards).max().filter(|it| *it > 0)
}

/// How long a repetition at this place is of what stood right before it.
fn repeats(text: &str, at: usize) -> Option<usize> {
    let (before, rest) = text.split_at_checked(at)?;
    let starts = before.char_indices().map(|it| it.0);
    let lengths = starts.filter_map(|start| {
        let unit = before.get(start..)?;
        rest.starts_with(unit).then_some(unit.len())
    });
    lengths.max()
}

/// With letters back in the place of the digits and signs that people put for them; `one` is what 1 and ! stand for.
fn plain(lower: &str, one: char) -> String {
    let letter = |c: char| match c {
        '@' | '4' => 'a',
        '8' => 'b',
        '3' => 'e',
        '6' | '9' => 'g',
        '1' | '!' | '|' => one,
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    };
    // Digits and signs at the end are not letters in disguise, but what is asked for by rules about passwords.
    let word = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let tail = lower.get(word.len()..).unwrap_or_default();
    word.chars().map(letter).chain(tail.chars()).collect()
}
