//! Days that lie ahead in the query language: days, spans from now such as `30d`, comparisons and ranges. Unlike the ages of
//! what has happened, `<30d` is from today on and less than 30 days ahead. Today is the day
//! that has begun where the organization is.

use super::parse::{ParseError, Value, error};
use super::words::shown;
use super::{DayField, Expr, Vocabulary};
use crate::model::{Date, Timestamp};

/// The furthest that can be asked for, in days.
const FURTHEST: i64 = 36_500;

/// From the first day to the first one after it.
#[derive(Clone, Copy)]
enum Moment {
    /// A day, month or year.
    Span(Date, Date),
    /// A number of days ahead of today.
    Ahead(Date),
}

impl Moment {
    fn first(self) -> Date {
        match self {
            Self::Span(first, _) | Self::Ahead(first) => first,
        }
    }

    fn after(self) -> Date {
        match self {
            Self::Span(_, after) => after,
            Self::Ahead(day) => day.plus_days(1),
        }
    }
}

type Span = (Option<Date>, Option<Date>);

/// The condition of one value: `<30d`, `>2026-12-31`, `2026-12`, `7d..30d`, `tomorrow`.
pub(super) fn day(
    field: DayField,
    value: &Value,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Expr, ParseError> {
    let today = vocabulary.today(now);
    let (from, until) = span(value.text.trim(), today).ok_or_else(|| bad(value))?;
    let from = from.map(writable);
    let until = until.map(|it| match from {
        Some(from) => writable(it).max(from.plus_days(1)),
        None => writable(it),
    });
    Ok(Expr::Day { field, from, until })
}

fn span(text: &str, today: Date) -> Option<Span> {
    let read = |text: &str| moment(text, today);
    // What is asked for by a number of days lies ahead.
    let ahead = |it: Moment| matches!(it, Moment::Ahead(_)).then_some(today);
    if let Some((first, last)) = text.split_once("..") {
        return match (first.is_empty(), last.is_empty()) {
            (true, true) => None,
            (false, true) => Some((Some(read(first)?.first()), None)),
            (true, false) => read(last).map(|it| (ahead(it), Some(it.after()))),
            (false, false) => {
                let (a, b) = (read(first)?, read(last)?);
                Some((
                    Some(a.first().min(b.first())),
                    Some(a.after().max(b.after())),
                ))
            }
        };
    }
    if let Some(rest) = text.strip_prefix(">=") {
        return read(rest).map(|it| (Some(it.first()), None));
    }
    if let Some(rest) = text.strip_prefix("<=") {
        return read(rest).map(|it| (ahead(it), Some(it.after())));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return read(rest).map(|it| (Some(it.after()), None));
    }
    if let Some(rest) = text.strip_prefix('<') {
        return read(rest).map(|it| (ahead(it), Some(it.first())));
    }
    read(text).map(|it| (Some(ahead(it).unwrap_or(it.first())), Some(it.after())))
}

/// Keeps a day within the years that can be written.
fn writable(day: Date) -> Date {
    let written = |text: &str| text.parse::<Date>().unwrap_or(day);
    day.clamp(written("1800-01-01"), written("3000-12-31"))
}

fn bad(value: &Value) -> ParseError {
    error(
        value.at,
        format!(
            "{:?} is not a day; use 2026-12-31, 2026-12, today, tomorrow, <30d, >30d, <2027-01-01 or 7d..30d",
            shown(&value.text)
        ),
    )
}

fn moment(text: &str, today: Date) -> Option<Moment> {
    let day = |first: Date| Moment::Span(first, first.plus_days(1));
    match text.to_ascii_lowercase().as_str() {
        "today" => Some(day(today)),
        "tomorrow" => Some(day(today.plus_days(1))),
        "yesterday" => Some(day(today.plus_days(-1))),
        text if text.ends_with(|c: char| c.is_ascii_alphabetic()) => ahead(text, today),
        text => calendar(text),
    }
}

/// `30d`, `2w`, `3mo`, `1y`.
fn ahead(text: &str, today: Date) -> Option<Moment> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "d" => 1,
        "w" => 7,
        "mo" => 30,
        "y" => 365,
        _ => return None,
    };
    let days = number.parse::<i64>().ok()?.checked_mul(unit)?;
    (days <= FURTHEST).then(|| Moment::Ahead(today.plus_days(days)))
}

/// `2026`, `2026-03` or `2026-03-31`.
fn calendar(text: &str) -> Option<Moment> {
    let first = |text: String| text.parse::<Date>().ok();
    match text.len() {
        4 => {
            let start = first(format!("{text}-01-01"))?;
            let last = first(format!("{text}-12-31"))?;
            Some(Moment::Span(start, last.plus_days(1)))
        }
        7 => {
            let start = first(format!("{text}-01"))?;
            let last = (28..=31)
                .rev()
                .find_map(|it| first(format!("{text}-{it}")))?;
            Some(Moment::Span(start, last.plus_days(1)))
        }
        _ => {
            let start = first(text.to_owned())?;
            Some(Moment::Span(start, start.plus_days(1)))
        }
    }
}
