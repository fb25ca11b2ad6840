//! Whom a command is for: addresses, user names and ids, or one query. The rule is in [`crate::args::WHO_HELP`].

use std::io::Read as _;

use unicode_width::UnicodeWidthStr as _;
use usher_core::model::harmless;
use usher_core::query::{self, Expr};
use usher_core::{Error, Read, Selection};

use crate::failure::{Failure, Result};

/// The most that is read from standard input, in bytes: a million long addresses.
const LONGEST_INPUT: u64 = 256 << 20;

/// Whom the words mean.
pub(crate) fn selection(read: &Read<'_>, words: &[String]) -> Result<Selection> {
    let from_input = words.iter().any(|it| it == "-");
    let words = if from_input {
        with_input(words)?
    } else {
        words.to_vec()
    };
    if words.is_empty() {
        return Err(Failure::refused("nobody was named on standard input"));
    }
    match (read.find_users(&words), words.as_slice()) {
        (Ok(ids), _) => Ok(ids.into()),
        (Err(Error::NotFound { .. } | Error::Invalid { .. }), [one])
            if !from_input && is_query(one) =>
        {
            Ok(parse_query(one, read)?.into())
        }
        (Err(error @ Error::NotFound { .. }), _) => Err(Failure::refused(format!(
            "{error}; name people by address, user name or id, or everybody who matches by a query such as name:weber"
        ))),
        (Err(error), _) => Err(error.into()),
    }
}

/// Whether the word has a sign of the query language in it.
fn is_query(word: &str) -> bool {
    word.contains([':', ' ', '"', '(', ')', '*']) || word.starts_with(['=', '-'])
}

/// Understands a query, or shows where it cannot be understood.
pub(crate) fn parse_query(text: &str, read: &Read<'_>) -> Result<Expr> {
    query::parse_with(text, read.now(), &read.vocabulary_with_names()?).map_err(|error| {
        let mut message = format!("the query cannot be understood: {}", error.message);
        if text.len() <= 200 {
            let before = harmless(text.get(..error.at).unwrap_or("")).width();
            message.push_str(&format!("\n  {text}\n  {}^", " ".repeat(before)));
        }
        Failure::Usage(message)
    })
}

/// The words, with `-` replaced by the lines of standard input.
fn with_input(words: &[String]) -> Result<Vec<String>> {
    let input = read_input()?;
    let lines = input
        .lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(str::to_owned);
    let given = words.iter().filter(|it| *it != "-").cloned();
    Ok(given.chain(lines).collect())
}

/// Everything on standard input, as text.
pub(crate) fn read_input() -> Result<String> {
    let mut text = String::new();
    let taken = std::io::stdin()
        .lock()
        .take(LONGEST_INPUT + 1)
        .read_to_string(&mut text);
    match taken {
        Ok(length) if length as u64 > LONGEST_INPUT => {
            Err(Failure::refused("standard input is longer than 256 MiB"))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::refused(format!(
            "cannot read standard input: {error}"
        ))),
    }
}
