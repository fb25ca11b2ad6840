//! The query language, as text: `status:active -area:sales "best group"`. Terms side by side must all hold, `or`
//! binds weaker, `-` negates, parentheses group. What a newcomer would get wrong: `title:eng` looks anywhere in the
//! title, `title:=eng` wants the whole of it, and dates are resolved here, once, so that a plan means the same tomorrow.

use std::fmt;

use super::conditions::{self, one_of, one_or};
use super::custom;
use super::words::{self, Key};
use super::{Expr, TextField, TextOp, Vocabulary};
use crate::model::Timestamp;

/// The longest query, in bytes, as typed and as written out in full.
pub const MAX_LENGTH: usize = 4096;
/// The deepest nesting of parentheses and negations.
pub const MAX_DEPTH: usize = 64;
/// The most conditions in one query.
pub const MAX_TERMS: usize = 256;

/// Why a query cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where, as a byte offset into the text that is on a character boundary.
    pub at: usize,
    /// What was expected or is wrong there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at position {})", self.message, self.at + 1)
    }
}

impl std::error::Error for ParseError {}

/// Understands a query. `now` is what relative dates count from.
///
/// # Errors
/// [`ParseError`] with the position and what was expected there.
pub fn parse(text: &str, now: Timestamp) -> Result<Expr, ParseError> {
    parse_with(text, now, &Vocabulary::default())
}

/// As [`parse`], with the custom fields of an organization.
///
/// # Errors
/// See [`parse`].
pub fn parse_with(text: &str, now: Timestamp, vocabulary: &Vocabulary) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(error(
            0,
            format!("the query is longer than {MAX_LENGTH} bytes; shorten it"),
        ));
    }
    let mut parser = Parser {
        text,
        at: 0,
        now,
        vocabulary,
        depth: 0,
    };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(Expr::Everybody);
    }
    let expr = parser.alternatives()?;
    if parser.rest().starts_with(')') {
        return Err(error(
            parser.at,
            "this ) closes nothing; remove it or put it in quotes",
        ));
    }
    check_size(&expr)?;
    Ok(expr)
}

/// Keeps the promise that the printed form can be parsed again.
fn check_size(expr: &Expr) -> Result<(), ParseError> {
    if terms(expr) > MAX_TERMS {
        return Err(error(
            0,
            format!("the query has more than {MAX_TERMS} conditions; shorten it"),
        ));
    }
    if depth(expr) >= MAX_DEPTH {
        return Err(too_deep(0));
    }
    if expr.to_string().len() > MAX_LENGTH {
        return Err(error(
            0,
            format!("the query is longer than {MAX_LENGTH} bytes when written out; shorten it"),
        ));
    }
    Ok(())
}

fn terms(expr: &Expr) -> usize {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().map(terms).sum(),
        Expr::Not(inner) => terms(inner),
        _ => 1,
    }
}

fn depth(expr: &Expr) -> usize {
    match expr {
        Expr::And(all) | Expr::Or(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
        Expr::Not(inner) => 1 + depth(inner),
        _ => 0,
    }
}

pub(super) fn error(at: usize, message: impl Into<String>) -> ParseError {
    ParseError {
        at,
        message: message.into(),
    }
}

fn too_deep(at: usize) -> ParseError {
    error(
        at,
        format!("the query is nested more than {MAX_DEPTH} deep; write it flatter"),
    )
}

/// Whether a character separates terms.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Whether a character ends a bare word wherever it stands.
pub(super) fn ends_word(c: char) -> bool {
    is_space(c) || matches!(c, '(' | ')' | '"' | ',')
}

/// One value after a field's colon.
pub(super) struct Value {
    /// Where it begins.
    pub(super) at: usize,
    /// Its text, quotes and escapes resolved.
    pub(super) text: String,
    /// How text fields compare with it.
    pub(super) op: TextOp,
    /// Whether it was quoted, so that nothing in it is a sign of the language.
    pub(super) quoted: bool,
    /// How much of the text, in bytes, was between the quotes.
    pub(super) between_quotes: usize,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    now: Timestamp,
    vocabulary: &'a Vocabulary,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|c| is_space(c) || c == ',').len();
    }

    /// Takes everything up to a character that ends a bare word.
    fn run(&mut self) -> &'a str {
        let rest = self.rest();
        let run = rest.find(ends_word).map_or(rest, |end| &rest[..end]);
        self.at += run.len();
        run
    }

    /// Takes the word if it comes next and stands alone.
    fn eat_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let run = rest.find(ends_word).map_or(rest, |end| &rest[..end]);
        let found = run.eq_ignore_ascii_case(word);
        if found {
            self.at += run.len();
            self.skip_space();
        }
        found
    }

    fn at_end(&self) -> bool {
        self.rest().is_empty() || self.rest().starts_with(')')
    }

    fn alternatives(&mut self) -> Result<Expr, ParseError> {
        let mut any = vec![self.conjunction()?];
        while self.eat_word("or") {
            any.push(self.conjunction()?);
        }
        Ok(one_or(any, Expr::Or))
    }

    fn conjunction(&mut self) -> Result<Expr, ParseError> {
        let mut all = Vec::new();
        loop {
            let start = self.at;
            if self.at_end() || self.eat_word("or") {
                self.at = start;
                break;
            }
            let word_and = self.eat_word("and");
            if word_and && (all.is_empty() || self.at_end()) {
                return Err(error(
                    start,
                    "`and` needs a term on both sides; put it in quotes to look for the word",
                ));
            }
            all.push(self.term()?);
            self.skip_space();
        }
        if all.is_empty() {
            return Err(error(
                self.at,
                "expected a term here, such as a name or status:active",
            ));
        }
        if all.len() > 1 {
            all.retain(|it| *it != Expr::Everybody);
        }
        Ok(if all.is_empty() {
            Expr::Everybody
        } else {
            one_or(all, Expr::And)
        })
    }

    fn term(&mut self) -> Result<Expr, ParseError> {
        let start = self.at;
        match self.rest().chars().next() {
            Some('-') => self.nested(Self::negation),
            Some('(') => self.nested(Self::group),
            Some('"') => {
                let phrase = self.phrase()?;
                not_blank(&phrase, start).map(|()| Expr::Text(phrase))
            }
            Some('=') => self.exactly(),
            Some('~') => Err(error(start, "a word cannot begin with ~; put it in quotes")),
            _ => self.word_or_field(),
        }
    }

    fn nested(
        &mut self,
        inner: fn(&mut Self) -> Result<Expr, ParseError>,
    ) -> Result<Expr, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(self.at));
        }
        self.depth += 1;
        let expr = inner(self);
        self.depth -= 1;
        expr
    }

    fn negation(&mut self) -> Result<Expr, ParseError> {
        self.at += 1;
        if self.at_end() || self.rest().starts_with(|c| is_space(c) || c == ',') {
            return Err(error(self.at, "expected a term directly after -"));
        }
        Ok(Expr::Not(Box::new(self.term()?)))
    }

    fn group(&mut self) -> Result<Expr, ParseError> {
        let open = self.at;
        self.at += 1;
        self.skip_space();
        if self.eat(')') {
            return Ok(Expr::Everybody);
        }
        let expr = self.alternatives()?;
        if !self.eat(')') {
            return Err(error(open, "this ( is never closed; add a )"));
        }
        Ok(expr)
    }

    /// A text in quotes, in which `\"` and `\\` stand for the sign itself.
    fn phrase(&mut self) -> Result<String, ParseError> {
        let open = self.at;
        let mut text = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        Err(error(open, "this quote is never closed; add a \""))
    }

    /// `=ana@corp.example`: this address, user name or id.
    fn exactly(&mut self) -> Result<Expr, ParseError> {
        let values = self.values("=ana@corp.example")?;
        one_of(values.into_iter().map(|value| {
            if let Some(id) = words::id(&value.text) {
                return Ok(Expr::Id(id));
            }
            let equals = |field| Expr::Field {
                field,
                op: TextOp::Equals,
                value: value.text.clone(),
            };
            Ok(Expr::Or(vec![
                equals(TextField::Email),
                equals(TextField::UserName),
            ]))
        }))
    }

    fn word_or_field(&mut self) -> Result<Expr, ParseError> {
        let start = self.at;
        let word = self.run();
        let Some((name, _)) = word.split_once(':') else {
            let bare = word.trim_end_matches('*');
            return Ok(if bare.is_empty() {
                Expr::Everybody
            } else {
                Expr::Text(bare.to_owned())
            });
        };
        self.at = start + name.len() + 1;
        if let Some(key) = words::key(name) {
            return self.condition(key, name);
        }
        match self.vocabulary.field(name) {
            Some(field) => {
                let values = self.values(&format!("{name}:{}", custom::example(field)))?;
                conditions::custom(field, values, self.now, self.vocabulary)
            }
            None => Err(error(start, words::unknown(name, self.vocabulary))),
        }
    }

    fn condition(&mut self, key: Key, name: &str) -> Result<Expr, ParseError> {
        let values = self.values(&format!("{name}:{}", key.example()))?;
        conditions::all(key, values, self.now, self.vocabulary)
    }

    /// Values separated by commas, without spaces between.
    fn values(&mut self, example: &str) -> Result<Vec<Value>, ParseError> {
        let mut values = vec![self.value(example)?];
        while self.rest().starts_with(',')
            && !self.rest()[1..].starts_with(|c| is_space(c) || c == ',')
            && self.rest().len() > 1
        {
            self.at += 1;
            values.push(self.value(example)?);
        }
        Ok(values)
    }

    fn value(&mut self, example: &str) -> Result<Value, ParseError> {
        let at = self.at;
        let exact = self.eat('=');
        let quoted = self.rest().starts_with('"');
        let mut text = if quoted {
            self.phrase()?
        } else {
            String::new()
        };
        let between_quotes = text.len();
        let tail = self.run();
        let (tail, prefix) = match tail.strip_suffix('*') {
            Some(tail) if !exact => (tail, true),
            _ => (tail, false),
        };
        if quoted && !tail.is_empty() && !tail.starts_with(':') {
            return Err(error(at, "expected a space after the closing quote"));
        }
        text.push_str(tail);
        if text.trim().is_empty() {
            return Err(error(
                at,
                format!("expected a value here, such as {example}"),
            ));
        }
        let op = if exact {
            TextOp::Equals
        } else if prefix {
            TextOp::StartsWith
        } else {
            TextOp::Contains
        };
        Ok(Value {
            at,
            text,
            op,
            quoted,
            between_quotes,
        })
    }
}

fn not_blank(text: &str, at: usize) -> Result<(), ParseError> {
    if text.trim().is_empty() {
        Err(error(at, "the quotes are empty; put a word between them"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
