//! Instants and dates. Inside: UTC milliseconds. Outside: RFC 3339.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use jiff::tz::AmbiguousOffset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
///
/// None of them takes as little memory as one: plans hold instants by the million, most of which are none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

/// What the first instant of all is counted from, so that it is never nothing, and that later is more.
const OFFSET: u64 = 1 << 63;

impl Timestamp {
    /// The instant that many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        match NonZeroU64::new(millis.cast_unsigned() ^ OFFSET) {
            Some(counted) => Self(counted),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        (self.0.get() ^ OFFSET).cast_signed()
    }

    /// This instant moved by a number of milliseconds, which may be negative.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(millis))
    }
}

impl Timestamp {
    /// The day and the minute that clocks showed in a time zone: `2026-11-22 23:04`.
    pub fn on_the_wall(self, zone: &super::TimeZoneName) -> String {
        match jiff::Timestamp::from_millisecond(self.as_millis()) {
            Ok(instant) => {
                let there = zone.zone().to_datetime(instant);
                format!(
                    "{:04}-{:02}-{:02} {:02}:{:02}",
                    there.year(),
                    there.month(),
                    there.day(),
                    there.hour(),
                    there.minute()
                )
            }
            // Beyond what calendars are made for.
            Err(_) => self
                .to_string()
                .replace('T', " ")
                .chars()
                .take(16)
                .collect(),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_millis()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 with milliseconds; the calendar is computed here because a listing prints thousands of them.
        let days = self.as_millis().div_euclid(86_400_000);
        let in_day = self.as_millis().rem_euclid(86_400_000);
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
        Ok(Self::from_millis(instant.as_millisecond()))
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

    /// The first instant of this day in a time zone. A day whose midnight the clock skips begins where the clock goes on; one
    /// whose midnight comes twice begins at the first; one that is skipped whole begins with the next.
    pub fn start_in(self, zone: &super::TimeZoneName) -> Timestamp {
        let midnight = self.0.at(0, 0, 0, 0);
        let found = zone.zone().to_ambiguous_timestamp(midnight);
        let start = match found.offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(midnight).ok(),
            AmbiguousOffset::Gap { before, .. } => {
                let after = before.to_timestamp(midnight).ok();
                after.and_then(|it| last_transition(zone, it))
            }
        };
        Timestamp::from_millis(start.map_or(i64::MAX, jiff::Timestamp::as_millisecond))
    }

    /// The newest day that has begun at an instant. Where the clock goes back over midnight, a day that has begun has.
    pub fn newest_begun(now: Timestamp, zone: &super::TimeZoneName) -> Self {
        let instant = jiff::Timestamp::from_millisecond(now.as_millis());
        let today = instant.unwrap_or(if now.as_millis() < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        let today = Self(zone.zone().to_datetime(today).date());
        let mut day = today.plus_days(2);
        while day.start_in(zone) > now && day > today.plus_days(-3) {
            day = day.plus_days(-1);
        }
        day
    }

    /// The UTC day of an instant.
    pub fn of_utc(at: Timestamp) -> Self {
        Self(jiff::civil::date(1970, 1, 1)).plus_days(at.as_millis().div_euclid(86_400_000))
    }

    /// This day moved by a number of days, which may be negative; no further than the calendar goes.
    pub fn plus_days(self, days: i64) -> Self {
        let span = jiff::SignedDuration::from_hours(days.clamp(-4_000_000, 4_000_000) * 24);
        Self(self.0.saturating_add(span))
    }

    /// How many days it is until another, negative for one that is past.
    pub fn days_until(self, other: Self) -> i64 {
        self.0.duration_until(other.0).as_hours() / 24
    }
}

/// The last time that a zone's clock was changed, up to an instant.
fn last_transition(zone: &super::TimeZoneName, at: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let past = at.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
    zone.zone().preceding(past).next().map(|it| it.timestamp())
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::invalid("date", "is not a calendar day", "write it like 2026-11-22");
        let text = text.trim();
        // Years that are written with four digits, and nothing behind the day: days sort as text.
        if text.len() != 10 {
            return Err(bad());
        }
        let day: jiff::civil::Date = text.parse().map_err(|_| bad())?;
        if !(1800..=3000).contains(&day.year()) {
            return Err(bad());
        }
        Ok(Self(day))
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
    fn a_day_begins_at_its_first_instant_in_the_zone() {
        for (zone, day, start) in [
            ("UTC", "2026-11-22", "2026-11-22T00:00:00Z"),
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"),
            // The clock goes from 23:59:59 to 01:00.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // The clock goes from 00:00 back to 23:00 of the day before: midnight comes at the end of that hour.
            ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"),
            // The clock goes from 01:00 back to 00:00: midnight comes twice.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
            // The clock goes from 23:30 to 00:30 of the next day.
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
            // The day is skipped whole: it begins, and ends, with the next.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
            // One minute after midnight the clock goes back an hour: the day had begun.
            ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),
        ] {
            let (zone, day) = (zone.parse().unwrap(), day.parse::<Date>().unwrap());
            let start: Timestamp = start.parse().unwrap();
            assert_eq!(
                day.start_in(&zone).to_string(),
                start.to_string(),
                "{day} in {zone}"
            );
            assert!(Date::newest_begun(start, &zone) >= day, "{day} in {zone}");
            assert!(
                Date::newest_begun(start.plus_millis(-1), &zone) < day,
                "{day} in {zone}"
            );
        }
    }

    #[test]
    fn a_day_that_has_begun_stays_begun_whatever_the_clock_does() {
        for name in [
            "Europe/Berlin",
            "America/St_Johns",
            "Pacific/Apia",
            "Asia/Kathmandu",
            "America/Toronto",
        ] {
            let zone: super::super::TimeZoneName = name.parse().unwrap();
            let start = 1_000_000_000_000;
            let mut newest = Date::newest_begun(Timestamp::from_millis(start), &zone);
            for hour in 0..24 * 366 * 11 {
                let now = Timestamp::from_millis(start + hour * 3_600_000);
                let day = Date::newest_begun(now, &zone);
                assert!(day >= newest, "{name} at {now}");
                assert!(day.start_in(&zone) <= now && day.plus_days(1).start_in(&zone) > now);
                newest = day;
            }
        }
    }

    #[test]
    fn only_days_of_four_digit_years_are_days() {
        for text in [
            "2026-02-30",
            "20261122",
            "2026-11-22T10",
            "-000044-03-15",
            "0044-03-15",
            "",
            "tomorrow",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

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
