//! When a pool will be full: its trend of late, and who is to come and to leave by dates that are set. Plain arithmetic over
//! numbers that the store keeps, so that the same numbers always give the same day.

use std::collections::BTreeMap;

use crate::model::{Date, PoolId, Seats};

/// How far it looks ahead, in days.
pub const HORIZON: i64 = 365;
/// Over how many days the trend is taken.
pub const TREND: i64 = 28;
/// The fewest days that make a trend: what an import brings on the first day does not go on every day.
pub const SHORTEST_TREND: i64 = 7;

/// What is to be expected of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Which pool.
    pub pool: PoolId,
    /// The first day on which nothing is free; today when nothing is. None: not within a year.
    pub full_on: Option<Date>,
    /// How many more were held at the end of the days of the trend than at their beginning, brought to 28 days.
    pub growth: Seats,
    /// How many licenses will be taken by dates within the year.
    pub joiners: Seats,
    /// How many licenses will return by dates within the year.
    pub leavers: Seats,
}

/// What is known of a pool.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) pool: PoolId,
    pub(crate) purchased: Seats,
    pub(crate) held: Seats,
    /// How many were held so many days ago.
    pub(crate) before: Option<(i64, Seats)>,
    /// Who takes a license on which day.
    pub(crate) joiners: BTreeMap<Date, Seats>,
    /// Whose license returns on which day.
    pub(crate) leavers: BTreeMap<Date, Seats>,
}

/// What is to be expected from a day on.
pub(crate) fn forecast(known: &Known, today: Date) -> Forecast {
    let (days, grown) = match known.before {
        Some((days, held)) if days >= SHORTEST_TREND => (days, known.held - held),
        _ => (1, 0),
    };
    let until = |all: &BTreeMap<Date, Seats>, day: Date| -> Seats {
        all.range(..=day).map(|it| it.1).sum()
    };
    let full = |ahead: &i64| {
        let day = today.plus_days(*ahead);
        let moved = until(&known.joiners, day) - until(&known.leavers, day);
        known.held + moved + (grown * ahead).div_euclid(days) >= known.purchased
    };
    let full_on = if known.held >= known.purchased {
        Some(today)
    } else {
        (1..=HORIZON).find(full).map(|it| today.plus_days(it))
    };
    let end = today.plus_days(HORIZON);
    Forecast {
        pool: known.pool,
        full_on,
        growth: (grown * TREND).div_euclid(days),
        joiners: until(&known.joiners, end),
        leavers: until(&known.leavers, end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(held: Seats, purchased: Seats) -> Known {
        Known {
            pool: PoolId::from_bytes([1; 16]),
            purchased,
            held,
            before: None,
            joiners: BTreeMap::new(),
            leavers: BTreeMap::new(),
        }
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn full_on(known: &Known) -> Option<String> {
        forecast(known, day("2027-01-01"))
            .full_on
            .map(|it| it.to_string())
    }

    #[test]
    fn a_pool_that_grows_is_full_when_the_trend_says() {
        let grows = Known {
            before: Some((28, 62)),
            ..known(90, 100)
        };
        assert_eq!(full_on(&grows).as_deref(), Some("2027-01-11"));
        assert_eq!(forecast(&grows, day("2027-01-01")).growth, 28);
    }

    #[test]
    fn one_that_shrinks_or_stands_still_is_not_full_within_a_year_and_one_without_a_free_license_is_today()
     {
        let shrinks = Known {
            before: Some((28, 95)),
            ..known(90, 100)
        };
        assert_eq!(full_on(&shrinks), None);
        assert_eq!(full_on(&known(90, 100)), None);
        assert_eq!(full_on(&known(100, 100)).as_deref(), Some("2027-01-01"));
        assert_eq!(full_on(&known(0, 0)).as_deref(), Some("2027-01-01"));
    }

    #[test]
    fn what_a_first_import_brings_is_no_trend() {
        let imported = Known {
            before: Some((2, 1)),
            ..known(90, 100)
        };
        assert_eq!(full_on(&imported), None);
    }

    #[test]
    fn joiners_and_leavers_count_from_their_day() {
        let mut dated = known(90, 100);
        dated.joiners.insert(day("2027-03-01"), 12);
        assert_eq!(full_on(&dated).as_deref(), Some("2027-03-01"));
        dated.leavers.insert(day("2027-02-01"), 5);
        assert_eq!(full_on(&dated), None);
        dated.joiners.insert(day("2027-04-01"), 3);
        assert_eq!(full_on(&dated).as_deref(), Some("2027-04-01"));
        dated.joiners.insert(day("2029-04-01"), 3);
        let forecast = forecast(&dated, day("2027-01-01"));
        assert_eq!((forecast.joiners, forecast.leavers), (15, 5));
    }
}
