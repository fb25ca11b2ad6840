//! The days on which people are to leave, as far as a plan sets them: whoever agrees to it agrees to these.

use serde::{Serialize, Serializer};

use super::Changes;
use crate::change::Change;
use crate::model::{Date, Field, UserId};

/// The days on which a plan has people deactivated, or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeavingDays {
    /// [`Field::DeactivateOn`] or [`Field::DeleteOn`].
    #[serde(serialize_with = "as_word")]
    pub what: Field,
    /// Of how many people it is set.
    pub people: usize,
    /// The first such day, in the organization's time zone.
    pub first: Date,
    /// The last.
    pub last: Date,
}

fn as_word<S: Serializer>(field: &Field, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(field.as_str())
}

/// The dates by which people leave.
const LEAVING: [Field; 2] = [Field::DeactivateOn, Field::DeleteOn];

impl LeavingDays {
    /// What is done on these days: `deleted on 2027-01-31`.
    pub fn in_words(&self) -> String {
        let what = match self.what {
            Field::DeleteOn => "deleted",
            _ => "deactivated",
        };
        match self.first == self.last {
            true => format!("{what} on {}", self.first),
            false => format!("{what} between {} and {}", self.first, self.last),
        }
    }

    /// What these changes set.
    pub(crate) fn set_by(changes: &Changes) -> Vec<Self> {
        let newcomers = changes.newcomers();
        let mut set = newcomers.map_or_else(DaysSet::default, |it| it.days().clone());
        changes.open().iter().for_each(|it| set.add(it));
        set.of.into_iter().filter_map(|it| it.days).collect()
    }
}

/// The days that changes set, one change after the other.
#[derive(Clone, Default)]
pub(crate) struct DaysSet {
    of: [DaySet; LEAVING.len()],
}

#[derive(Clone, Default)]
struct DaySet {
    days: Option<LeavingDays>,
    /// Of whom it was set last: two changes of one person's day stand together.
    newest: Option<UserId>,
}

impl DaysSet {
    /// Notes what a change sets.
    pub(super) fn add(&mut self, change: &Change) {
        for (what, set) in LEAVING.into_iter().zip(&mut self.of) {
            let Some((user, day)) = set_of(change, what) else {
                continue;
            };
            let days = set.days.get_or_insert(LeavingDays {
                what,
                people: 0,
                first: day,
                last: day,
            });
            days.people += usize::from(set.newest != Some(user));
            days.first = days.first.min(day);
            days.last = days.last.max(day);
            set.newest = Some(user);
        }
    }
}

/// The day that a change sets of somebody.
fn set_of(change: &Change, what: Field) -> Option<(UserId, Date)> {
    match change {
        Change::UserCreated { user, created } => {
            Some((*user, created.profile.get(what)?.parse().ok()?))
        }
        Change::Profile {
            user, field, after, ..
        } if *field == what => Some((*user, after.as_deref()?.parse().ok()?)),
        _ => None,
    }
}

/// The days on which somebody is to leave who comes by this change, with what each is for.
pub(crate) fn of_newcomer(change: &Change) -> impl Iterator<Item = (Field, Date)> {
    let comes = matches!(change, Change::UserCreated { .. });
    let days = LEAVING.into_iter().filter(move |_| comes);
    days.filter_map(|what| Some((what, set_of(change, what)?.1)))
}
