//! What another time zone does to dates that are still to come.

use super::Planner;
use crate::change::Change;
use crate::command::days_until_it_acts;
use crate::error::Result;
use crate::model::{Date, DueKind, Setting, TimeZoneName};
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
        for (day, kind, kept) in days.into_iter().take(TOLD) {
            for (user, _) in self.snapshot.due_on(kind, kept, MOST)? {
                if moved.first.len() == TOLD {
                    break;
                }
                let user = self.user(user)?;
                moved.first.push(DateMoved {
                    user: user.label(),
                    kind,
                    day,
                    before: day.start_in(&before),
                    after: day.start_in(&after),
                });
            }
        }
        Ok(moved)
    }
}
