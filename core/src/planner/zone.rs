//! What another time zone does to dates that are still to come.

use super::Planner;
use crate::change::Change;
use crate::command::days_until_it_acts;
use crate::error::Result;
use crate::model::{Date, DueKind, DueWhat, Setting, TimeZoneName};
use crate::plan::{DateMoved, DatesMoved};

/// So many dates are told.
const TOLD: usize = 3;
const MOST: i64 = 3;

impl Planner<'_> {
    /// Which dates act at another instant by this plan.
    pub(super) fn dates_moved(&mut self) -> Result<DatesMoved> {
        let zones = self.changes.iter().find_map(|it| match it {
            Change::Setting {
                setting: Setting::TimeZone,
                before: Some(before),
                after: Some(after),
            } => Some((before.parse(), after.parse())),
            _ => None,
        });
        let Some((before, after)) = zones else {
            return Ok(DatesMoved::default());
        };
        let (before, after): (TimeZoneName, TimeZoneName) = (before?, after?);
        let begun = |zone| Date::newest_begun(self.now, zone);
        let (begun_before, begun_after) = (begun(&before), begun(&after));
        let mut moved = DatesMoved::default();
        let mut days: Vec<(Date, DueKind, Date)> = Vec::new();
        for kind in DueKind::ALL {
            // Days are kept as they were set; what acts some days later is told by the day on which it acts.
            let shift = days_until_it_acts(self, kind)?;
            for (kept, people) in self
                .snapshot
                .due_days(kind, begun_before.plus_days(-shift))?
            {
                let day = kept.plus_days(shift);
                if day.start_in(&before) != day.start_in(&after) {
                    moved.moved += people;
                    moved.at_once += if day <= begun_after { people } else { 0 };
                    days.push((day, kind, kept));
                }
            }
        }
        days.sort_unstable();
        let told = |day: Date, kind: &'static str| DateMoved {
            user: None,
            pool: None,
            kind,
            day,
            before: day.start_in(&before),
            after: day.start_in(&after),
        };
        // Pools come first, as they do where what is due is listed.
        let mut first = Vec::new();
        for pool in self.ledger.pools() {
            let days = [
                (pool.terms.starts_on, DueWhat::PoolStart(pool.id)),
                (pool.terms.ends_on, DueWhat::PoolEnd(pool.id)),
            ];
            for (day, what) in days {
                let Some(day) = day.filter(|it| {
                    // A pool also ceases to have begun; what was done to people stays done.
                    *it > begun_before.min(begun_after)
                        && it.start_in(&before) != it.start_in(&after)
                }) else {
                    continue;
                };
                moved.moved += 1;
                moved.at_once += i64::from(day > begun_before && day <= begun_after);
                first.push(DateMoved {
                    pool: Some(pool.name.as_str().to_owned()),
                    ..told(day, what.as_str())
                });
            }
        }
        for (day, kind, kept) in days.into_iter().take(TOLD) {
            for (user, _) in self.snapshot.due_on(kind, kept, MOST)? {
                let user = self.user(user)?;
                first.push(DateMoved {
                    user: Some(user.label()),
                    ..told(day, kind.as_str())
                });
            }
        }
        first.sort_by_key(|it| it.day);
        first.truncate(TOLD);
        moved.first = first;
        Ok(moved)
    }
}
