//! What rows want of people that cannot be of those who come back, and of those whom a connection keeps: cell by cell.

use super::{Desk, Wanted};
use crate::error::Result;
use crate::import::Column;
use crate::model::{Field, Part, RequiredItem, User, UserId, key_of_name};
use crate::planner::Planner;

impl Desk<'_> {
    /// Everything that a row wants of somebody who is brought back by it and that cannot be.
    pub(super) fn what_cannot_come(
        &self,
        planner: &mut Planner<'_>,
        wanted: &Wanted,
        user: &User,
        manager: Option<Option<UserId>>,
    ) -> Result<Vec<(Column, String)>> {
        let mut faults = Vec::new();
        for (field, after) in wanted.set.iter().filter(|it| it.1.is_none()) {
            let has = user.profile.get(field).is_some();
            let required = self.required.contains(&RequiredItem::Field(field));
            if after.is_none() && has && (required || field == Field::Email) {
                let why = "cannot be emptied: it is required".to_owned();
                faults.push((Column::Field(field), why));
            }
        }
        for (field, after) in &wanted.seldom().fields {
            let mut own = self.fields.iter();
            let required = own.any(|it| it.id == *field && it.terms.required);
            if after.is_none()
                && required
                && planner.snapshot.field_value(user.id, *field)?.is_some()
            {
                let why = "cannot be emptied: it is required".to_owned();
                faults.push((Column::Custom(*field), why));
            }
        }
        let later = "cannot be emptied while the person is brought back: leave it empty, and import again afterwards";
        if wanted.leaves_groups && !planner.memberships_of(user.id)?.is_empty() {
            faults.push((Column::Groups, later.to_owned()));
        }
        if wanted.returns_licenses && !planner.licenses_of(user.id)?.is_empty() {
            faults.push((Column::Licenses, later.to_owned()));
        }
        let boss = manager.filter(|it| *it != user.manager);
        faults.extend(self.what_is_owned(planner, wanted, user, boss)?);
        Ok(faults)
    }

    /// Every cell that says something else of somebody than is so, and that their connection owns.
    pub(super) fn what_is_owned(
        &self,
        planner: &mut Planner<'_>,
        wanted: &Wanted,
        user: &User,
        boss: Option<Option<UserId>>,
    ) -> Result<Vec<(Column, String)>> {
        if self.import.overriding || user.connection.is_none() {
            return Ok(Vec::new());
        }
        let owned = planner.owned_of(user)?;
        let mut wishes = Vec::new();
        for (field, after) in wanted.set.iter() {
            let before = user.profile.get(field);
            let is_name = matches!(field, Field::Email | Field::UserName);
            let same =
                before == after || is_name && before.map(key_of_name) == after.map(key_of_name);
            if !same {
                wishes.push((Column::Field(field), Part::Field(field)));
            }
        }
        for (field, after) in &wanted.seldom().fields {
            let part = Part::Custom(*field);
            if owned.contains(&part) && planner.snapshot.field_value(user.id, *field)? != *after {
                wishes.push((Column::Custom(*field), part));
            }
        }
        if boss.is_some() {
            wishes.push((Column::Manager, Part::Manager));
        }
        wishes.retain(|it| owned.contains(&it.1));
        let Some((_, owner)) = planner
            .owner_of_person(user)?
            .filter(|_| !wishes.is_empty())
        else {
            return Ok(Vec::new());
        };
        let why = format!(
            "is owned by {owner}: change it there, or import with --override, until {owner} writes it next"
        );
        let faults = wishes.into_iter().map(|it| (it.0, why.clone()));
        Ok(faults.collect())
    }
}
