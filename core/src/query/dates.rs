//! Dates in the query language: days, ages such as `90d`, comparisons and ranges. Everything becomes a span of
//! instants here, so that what a query means does not drift while it is looked at. Days begin as they do
//! where the organization is.

use super::parse::{ParseError, Value, error};
use super::words::shown;
use super::{Expr, TimeField, Vocabulary};
use crate::model::{Date, Timestamp};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// The oldest age that can be asked for, in days.
const OLDEST: i64 = 36_500;

/// 1800-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::from_millis(-5_364_662_400_000);
/// 3000-01-01T00:00:00Z.
const LATEST: Timestamp = Timestamp::from_millis(32_503_680_000_000);

/// A date as it was written.
#[derive(Clone, Copy)]
enum Moment {
    /// A day, month, year or instant: from its first instant to the first one after it.
    Span(Timestamp, Timestamp),
    /// So long ago.
    Ago(Timestamp),
}

impl Moment {
    fn start(self) -> Timestamp {
        match self {
            Self::Span(start, _) | Self::Ago(start) => start,
        }
    }

    /// Where a range that ends here ends: after a day, but at an instant.
    fn range_end(self) -> Timestamp {
        match self {
            Self::Span(start, end) if end.as_millis() - start.as_millis() <= 1 => start,
            Self::Span(_, end) | Self::Ago(end) => end,
        }
    }
}

/// The condition of one value: `>90d`, `<2026-01-01`, `2026-03`, `7d..30d`, `today`.
pub(super) fn when(
    field: TimeField,
    value: &Value,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Expr, ParseError> {
    let (from, until) = span(value, now, vocabulary)?;
    Ok(Expr::When { field, from, until })
}

/// From the first instant included to the first one excluded.
pub(super) fn span(
    value: &Value,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Span, ParseError> {
    let text = value.text.trim();
    let read = |text: &str| moment(text, now, vocabulary).ok_or_else(|| bad(value));
    let (from, until) = if let Some((first, last)) = text.split_once("..") {
        range(first, last, &read).and_then(|it| it.ok_or_else(|| bad(value)))?
    } else if let Some(rest) = text.strip_prefix(">=") {
        at_least(read(rest)?)
    } else if let Some(rest) = text.strip_prefix("<=") {
        at_most(read(rest)?)
    } else if let Some(rest) = text.strip_prefix('>') {
        more(read(rest)?)
    } else if let Some(rest) = text.strip_prefix('<') {
        less(read(rest)?)
    } else {
        match read(text)? {
            Moment::Span(start, end) => (Some(start), Some(end)),
            Moment::Ago(since) => (Some(since), None),
        }
    };
    Ok((from.map(writable), until.map(writable)))
}

/// Keeps an instant within the years that can be written.
fn writable(instant: Timestamp) -> Timestamp {
    instant.clamp(EARLIEST, LATEST)
}

pub(super) type Span = (Option<Timestamp>, Option<Timestamp>);

/// Longer ago than an age; after a day.
fn more(moment: Moment) -> Span {
    match moment {
        Moment::Ago(instant) => (None, Some(instant)),
        Moment::Span(_, end) => (Some(end), None),
    }
}

/// Less long ago than an age; before a day.
fn less(moment: Moment) -> Span {
    match moment {
        Moment::Ago(instant) => (Some(instant.plus_millis(1)), None),
        Moment::Span(start, _) => (None, Some(start)),
    }
}

fn at_least(moment: Moment) -> Span {
    match moment {
        Moment::Ago(instant) => (None, Some(instant.plus_millis(1))),
        Moment::Span(start, _) => (Some(start), None),
    }
}

fn at_most(moment: Moment) -> Span {
    match moment {
        Moment::Ago(instant) => (Some(instant), None),
        Moment::Span(_, end) => (None, Some(end)),
    }
}

/// Both ends are included when they are days; the older one comes first, whichever was written first.
fn range(
    first: &str,
    last: &str,
    read: &impl Fn(&str) -> Result<Moment, ParseError>,
) -> Result<Option<Span>, ParseError> {
    Ok(match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (false, true) => Some(at_least(read(first)?)),
        (true, false) => Some(at_most(read(last)?)),
        (false, false) => {
            let (a, b) = (read(first)?, read(last)?);
            let (older, newer) = if a.start() <= b.start() {
                (a, b)
            } else {
                (b, a)
            };
            Some((
                Some(older.start()),
                Some(newer.range_end().max(older.start())),
            ))
        }
    })
}

fn bad(value: &Value) -> ParseError {
    error(
        value.at,
        format!(
            "{:?} is not a date; use 2026-01-31, 2026-01, today, 90d, >90d, <2026-01-01 or 7d..30d",
            shown(&value.text)
        ),
    )
}

fn moment(text: &str, now: Timestamp, vocabulary: &Vocabulary) -> Option<Moment> {
    let today = vocabulary.today(now);
    match text.to_ascii_lowercase().as_str() {
        "today" => days(today, today.plus_days(1), vocabulary),
        "yesterday" => days(today.plus_days(-1), today, vocabulary),
        "now" => Some(Moment::Ago(now)),
        text if text.ends_with(|c: char| c.is_ascii_alphabetic() && c != 'z') => age(text, now),
        text => calendar(text, vocabulary),
    }
}

/// From the beginning of a day to that of another.
fn days(first: Date, after: Date, vocabulary: &Vocabulary) -> Option<Moment> {
    Some(Moment::Span(
        vocabulary.start_of(first)?,
        vocabulary.start_of(after)?,
    ))
}

/// `90d`, `2w`, `3mo`, `1y`, `12h`.
fn age(text: &str, now: Timestamp) -> Option<Moment> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let unit = match unit {
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        "mo" => 30 * DAY,
        "y" => 365 * DAY,
        _ => return None,
    };
    let millis = number.checked_mul(unit).filter(|it| *it <= OLDEST * DAY)?;
    Some(Moment::Ago(now.plus_millis(-millis)))
}

/// `2026`, `2026-03`, `2026-03-31` or an RFC 3339 instant, of the years 1800 to 2999.
fn calendar(text: &str, vocabulary: &Vocabulary) -> Option<Moment> {
    let year: i64 = text
        .get(..4)?
        .parse()
        .ok()
        .filter(|it| (1800..=3000).contains(it))?;
    let day = |text: String| text.parse::<Date>().ok();
    let span = |from: String, until: String| days(day(from)?, day(until)?, vocabulary);
    match text.len() {
        4 => span(format!("{year}-01-01"), format!("{}-01-01", year + 1)),
        7 => {
            let month: i64 = text
                .get(5..)?
                .parse()
                .ok()
                .filter(|it| (1..=12).contains(it))?;
            let (next_year, next_month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            span(
                format!("{text}-01"),
                format!("{next_year}-{next_month:02}-01"),
            )
        }
        10 => {
            let first = day(text.to_owned())?;
            days(first, first.plus_days(1), vocabulary)
        }
        _ => {
            let instant = text.to_ascii_uppercase().parse::<Timestamp>().ok()?;
            Some(Moment::Span(instant, instant.plus_millis(1)))
        }
    }
}
