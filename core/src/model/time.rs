//! Instants and dates. Inside: UTC milliseconds. Outside: RFC 3339.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by a number of milliseconds, which may be negative.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 with milliseconds; the calendar is computed here because a listing prints thousands of them.
        let days = self.0.div_euclid(86_400_000);
        let in_day = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (h, m, s, ms) = (
            in_day / 3_600_000,
            in_day / 60_000 % 60,
            in_day / 1000 % 60,
            in_day % 1000,
        );
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let numbers = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, h),
            (14, 2, m),
            (17, 2, s),
            (20, 3, ms),
        ];
        for (at, width, mut number) in numbers {
            for digit in text.iter_mut().skip(at).take(width).rev() {
                *digit = b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or(0);
                number /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// The proleptic Gregorian date of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| {
            Error::invalid(
                "instant",
                "is not RFC 3339",
                "write it like 2026-11-22T08:30:00Z",
            )
        })?;
        Ok(Self(instant.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A calendar day without a zone, such as the day on which a license starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// The day that it is at an instant in a time zone.
    pub fn of(instant: Timestamp, zone: &super::TimeZoneName) -> Self {
        let instant = jiff::Timestamp::from_millisecond(instant.as_millis()).unwrap_or_default();
        Self(instant.to_zoned(zone.zone().clone()).date())
    }

    pub(super) fn civil(self) -> jiff::civil::Date {
        self.0
    }

    pub(super) fn from_civil(date: jiff::civil::Date) -> Self {
        Self(date)
    }

    /// The first instant of this day in a time zone; a day whose midnight is skipped begins when the clock resumes.
    pub fn start_in(self, zone: &super::TimeZoneName) -> Timestamp {
        let start = zone
            .zone()
            .to_ambiguous_zoned(self.0.at(0, 0, 0, 0))
            .compatible()
            .map(|it| it.timestamp().as_millisecond());
        Timestamp(start.unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| {
            Error::invalid("date", "is not a calendar day", "write it like 2026-11-22")
        })
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_and_parses_back() {
        for millis in [
            0,
            -1,
            951_782_400_000,
            1_795_315_979_123,
            253_402_100_000_000,
        ] {
            let instant = Timestamp::from_millis(millis);
            assert_eq!(instant.to_string().parse::<Timestamp>().ok(), Some(instant));
        }
        assert_eq!(
            Timestamp::from_millis(951_782_400_000).to_string(),
            "2000-02-29T00:00:00.000Z"
        );
    }
}
