//! An instant as people name one, to look back at.

use std::fmt;
use std::str::FromStr;

use super::{Date, Timestamp};
use crate::error::Error;

/// An instant as people name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Just after everything that had been applied at this instant.
    At(Timestamp),
    /// The first instant of this day in the organization's time zone.
    Day(Date),
    /// Just before this batch: its id, or the part of one that no other has.
    Before(String),
}

impl FromStr for When {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if let Some(batch) = text.strip_prefix("batch:") {
            return Ok(Self::Before(batch.to_owned()));
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::At(instant));
        }
        // A time without its zone is no instant, and not just a day either.
        let day = (text.len() == "2026-11-22".len()).then(|| text.parse());
        match day {
            Some(Ok(day)) => Ok(Self::Day(day)),
            _ => Err(Error::invalid(
                "instant",
                "is neither an instant, a day nor a batch",
                "write it like 2026-11-22T08:30:00Z, 2026-11-22 or batch:ID",
            )),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(instant) => instant.fmt(f),
            Self::Day(day) => day.fmt(f),
            Self::Before(batch) => write!(f, "batch:{batch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_from_a_day_and_a_batch() {
        let parse = |text: &str| text.parse::<When>().ok();
        assert!(matches!(parse("2026-11-22"), Some(When::Day(_))));
        assert!(matches!(parse("2026-11-22T08:30:00Z"), Some(When::At(_))));
        assert!(matches!(
            parse("2026-11-22T08:30:00+01:00"),
            Some(When::At(_))
        ));
        assert_eq!(parse("batch:0a1b"), Some(When::Before("0a1b".into())));
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-22T08:30",
            "22.11.2026",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
