//! A stretch of days, cut into days, weeks or months, to look at what was over time.

use std::str::FromStr;

use super::{Date, TimeZoneName, Timestamp};
use crate::error::Error;

/// The most pieces that a period is cut into.
const MOST_SLICES: usize = 10_000;

/// A stretch of days as people name one, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Until today: that many days, weeks, months or years back.
    Last(i32, Step),
    /// From a day, else from the beginning, to a day, else to today.
    Between(Option<Date>, Option<Date>),
}

/// How long the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// A piece of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Its first day.
    pub day: Date,
    /// Its last instant, or now if that comes before.
    pub end: Timestamp,
}

impl Period {
    /// The pieces from the first day of an organization until now, in its time zone.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there would be too many of them.
    pub fn slices(
        &self,
        by: Step,
        zone: &TimeZoneName,
        founded: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Slice>, Error> {
        let (first, today) = (Date::of(founded, zone), Date::of(now, zone));
        let (from, to) = match *self {
            Self::Last(count, step) => (today.stepped(step, -count).next(Step::Day), today),
            Self::Between(from, to) => (from.unwrap_or(first), to.unwrap_or(today)),
        };
        let (mut day, last) = (from.max(first).begin(by), to.min(today));
        let mut slices = Vec::new();
        while day <= last {
            let next = day.next(by);
            let end = next.start_in(zone).plus_millis(-1).min(now);
            slices.push(Slice { day, end });
            if slices.len() > MOST_SLICES {
                return Err(Error::invalid(
                    "period",
                    "has too many pieces",
                    "take a shorter one, or longer pieces with --by month",
                ));
            }
            day = next;
        }
        Ok(slices)
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(
                "period",
                "is not known",
                "write it like 90d, 12mo, 2026, 2026-03 or 2026-01-01..2026-03-31",
            )
        };
        let text = text.trim();
        let days = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(0);
        let (count, unit) = text.split_at(days);
        let step = match unit {
            "d" => Some(Step::Day),
            "w" => Some(Step::Week),
            "mo" => Some(Step::Month),
            "y" => Some(Step::Year),
            _ => None,
        };
        if let Some(step) = step {
            let count = count.parse().ok().filter(|it| (1..=100_000).contains(it));
            return count.map(|it| Self::Last(it, step)).ok_or_else(bad);
        }
        let end = |text: &str| match text {
            "" => Ok(None),
            text => named(text).map(Some).ok_or_else(bad),
        };
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        match (end(from)?, end(to)?) {
            (None, None) => Err(bad()),
            (from, to) => Ok(Self::Between(from.map(|it| it.0), to.map(|it| it.1))),
        }
    }
}

/// The first and the last day of a year, a month or a day.
fn named(text: &str) -> Option<(Date, Date)> {
    let (step, first) = match text.len() {
        4 => (Step::Year, format!("{text}-01-01")),
        7 => (Step::Month, format!("{text}-01")),
        _ => (Step::Day, text.to_owned()),
    };
    let first: Date = first.parse().ok()?;
    Some((first, first.next(step).stepped(Step::Day, -1)))
}

impl Date {
    /// The last instant of this day in a time zone.
    pub fn end_in(self, zone: &TimeZoneName) -> Timestamp {
        self.next(Step::Day).start_in(zone).plus_millis(-1)
    }

    /// The first day of the piece that this day is in.
    fn begin(self, step: Step) -> Self {
        let day = self.civil();
        Self::from_civil(match step {
            Step::Day => day,
            Step::Week => {
                let past_monday = i32::from(day.weekday().to_monday_zero_offset());
                return self.stepped(Step::Day, -past_monday);
            }
            Step::Month => day.first_of_month(),
            Step::Year => day.first_of_year(),
        })
    }

    /// The first day after the piece that this day begins.
    fn next(self, step: Step) -> Self {
        self.stepped(step, 1)
    }

    fn stepped(self, step: Step, by: i32) -> Self {
        use jiff::ToSpan as _;
        let by = match step {
            Step::Day => by.days(),
            Step::Week => by.weeks(),
            Step::Month => by.months(),
            Step::Year => by.years(),
        };
        Self::from_civil(self.civil().saturating_add(by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(period: &str, by: Step) -> Vec<String> {
        let zone = "Europe/Berlin".parse().expect("a zone");
        let [founded, now] = ["2026-01-10T12:00:00Z", "2026-03-15T12:00:00Z"]
            .map(|it| it.parse().expect("an instant"));
        let period: Period = period.parse().expect("a period");
        let slices = period.slices(by, &zone, founded, now).expect("slices");
        slices
            .iter()
            .map(|it| format!("{} {}", it.day, it.end))
            .collect()
    }

    #[test]
    fn a_period_is_cut_in_the_zone_and_ends_now() {
        assert_eq!(
            days("2d", Step::Day),
            [
                "2026-03-14 2026-03-14T22:59:59.999Z",
                "2026-03-15 2026-03-15T12:00:00.000Z"
            ]
        );
        assert_eq!(
            days("2026", Step::Month),
            [
                "2026-01-01 2026-01-31T22:59:59.999Z",
                "2026-02-01 2026-02-28T22:59:59.999Z",
                "2026-03-01 2026-03-15T12:00:00.000Z"
            ]
        );
        assert_eq!(
            days("2026-02-27..2026-03", Step::Week),
            [
                "2026-02-23 2026-03-01T22:59:59.999Z",
                "2026-03-02 2026-03-08T22:59:59.999Z",
                "2026-03-09 2026-03-15T12:00:00.000Z"
            ]
        );
        assert_eq!(days("..2026-01-10", Step::Day).len(), 1);
        assert_eq!(days("2025", Step::Month).len(), 0);
        for text in ["", "..", "0d", "d", "2026-13", "x..y", "3 weeks"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
