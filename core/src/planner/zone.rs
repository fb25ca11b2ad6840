//! What another time zone does to dates that are still to come.

use super::Planner;
use crate::change::Change;
use crate::command::days_until_it_acts;
use crate::error::Result;
use crate::model::{Date, DueKind, Setting, TimeZoneName, UserId};
use crate::plan::{DateMoved, DatesMoved};

/// So many dates are told.
const TOLD: usize = 3;

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
        let mut first: Vec<(Date, DueKind, UserId)> = Vec::new();
        for kind in DueKind::ALL {
            // Days are kept as they were set; what acts some days later is told by the day on which it acts.
            let shift = days_until_it_acts(self, kind)?;
            let kept = |day: Date| day.plus_days(-shift);
            let coming = self.snapshot.due_after(kind, kept(begun_before))?;
            moved.moved += coming;
            if begun_after > begun_before {
                moved.at_once += coming - self.snapshot.due_after(kind, kept(begun_after))?;
            }
            for (day, user) in self.snapshot.first_after(kind, kept(begun_before), TOLD)? {
                first.push((day.plus_days(shift), kind, user));
            }
        }
        first.sort_unstable();
        for (day, kind, user) in first.into_iter().take(TOLD) {
            let user = self.user(user)?;
            self.name(&user);
            moved.first.push(DateMoved {
                user: user.label(),
                kind,
                day,
                before: day.start_in(&before),
                after: day.start_in(&after),
            });
        }
        Ok(moved)
    }
}
