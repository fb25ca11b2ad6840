//! Days while planning: which have begun, and what follows for who comes back after one.

use super::{DAY_MS, Planner};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Date, DueKind, Field, PoolId, Profile, Timestamp, User, UserId};

/// The dates by which people leave.
const LEAVING: [Field; 2] = [Field::DeactivateOn, Field::DeleteOn];

impl Planner<'_> {
    /// The newest day that has begun where the organization is.
    pub(crate) fn newest_begun(&mut self) -> Result<Date> {
        match self.begun {
            Some(day) => Ok(day),
            None => {
                let now = self.now;
                let day = Date::newest_begun(now, &self.settings()?.time_zone);
                self.begun = Some(day);
                Ok(day)
            }
        }
    }

    /// Refuses a day that has begun, on which nothing would happen by itself any more, or at once.
    pub(crate) fn refuse_begun(
        &mut self,
        what: &'static str,
        day: Option<Date>,
        remedy: &str,
    ) -> Result<()> {
        match day {
            Some(day) if day <= self.newest_begun()? => Err(Error::invalid(
                what,
                format!("{day} has begun already"),
                remedy,
            )),
            _ => Ok(()),
        }
    }

    /// Why a day cannot be set for somebody for whom it was carried out already: it would not act again. That is a day
    /// which began once and has not begun now, since the zone or the clock was moved.
    pub(crate) fn why_not_again(
        &self,
        user: UserId,
        kind: DueKind,
        pool: Option<PoolId>,
        day: Option<Date>,
    ) -> Result<Option<String>> {
        let Some(day) = day else { return Ok(None) };
        let done = self.snapshot.was_done(user, kind, pool, day)?;
        Ok(done.then(|| {
            format!(
                "{day} has begun once before, and was carried out; no date acts twice: choose a later one"
            )
        }))
    }

    /// Drops the days on which somebody who comes back was to leave: they were agreed before somebody wanted them back.
    /// Those that are set anew by the way are left alone.
    pub(crate) fn drop_leaving_dates(&mut self, user: &User, anew: &Profile) {
        for field in LEAVING {
            if let Some(day) = user.profile.day(field)
                && anew.get(field).is_none()
                && self.place_of_date(user, field).is_none()
            {
                self.set_field(user.id, field, Some(&day.to_string()), None);
            }
        }
    }

    /// Drops of somebody whom an undo brings back the days of leaving that have acted, or would at once, and says so. Those that
    /// lie ahead are as they were.
    pub(crate) fn drop_begun_dates(&mut self, user: &User) -> Result<()> {
        let begun = self.newest_begun()?;
        for (field, what) in LEAVING.into_iter().zip(["deactivation", "deletion"]) {
            let place = self.place_of_date(user, field);
            let planned = place.and_then(|it| match self.planned().get(it) {
                Some(Change::Profile { after, .. }) => Some(after.as_deref()?.parse().ok()),
                _ => None,
            });
            let day: Option<Date> = match place {
                Some(_) => planned.flatten(),
                None => user.profile.day(field),
            };
            let Some(day) = day else { continue };
            let acted = match DueKind::of(field) {
                Some(kind) => self.snapshot.was_done(user.id, kind, None, day)?,
                None => false,
            };
            if day > begun && !acted {
                continue;
            }
            if let Some(place) = place {
                self.replan(place, None);
            }
            if let Some(today) = user.profile.get(field) {
                self.set_field(user.id, field, Some(today), None);
            }
            self.note(
                user,
                format!("the day of {what}, {day}, has begun and does not come back"),
            );
        }
        Ok(())
    }

    /// Keeps the days on which somebody is to leave who comes back, where whoever brings them back names the same.
    pub(crate) fn keep_leaving_dates(&mut self, user: &User, anew: &Profile) {
        for field in LEAVING {
            if anew.get(field).is_some()
                && anew.get(field) == user.profile.get(field)
                && let Some(place) = self.place_of_date(user, field)
            {
                self.replan(place, None);
            }
        }
    }

    /// Where this plan sets or drops a date of somebody.
    fn place_of_date(&self, user: &User, date: Field) -> Option<usize> {
        let theirs = self.latest(user.id).count();
        let from = self.planned().len() - theirs;
        let mut latest = self.latest(user.id);
        let place =
            latest.position(|it| matches!(it, Change::Profile { field, .. } if *field == date))?;
        Some(from + place)
    }

    /// When the link of an invitation stops working that is mailed on a day, else now.
    pub(crate) fn expiry(&mut self, send_on: Option<Date>) -> Result<Timestamp> {
        let now = self.now;
        let settings = self.settings()?;
        let from = send_on.map_or(now, |it| it.start_in(&settings.time_zone));
        Ok(from.plus_millis(i64::from(settings.invitation_days) * DAY_MS))
    }
}
