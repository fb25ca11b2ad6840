//! What rows want of people who are there already: what cannot be, and what is planned of the rest.

use super::carrying::{Values, given};
use super::people::not_before;
use super::reading::said;
use super::{Desk, NO_ROOM, Wanted, why_not};
use crate::change::Change;
use crate::command::edit::LookedUp;
use crate::command::{Edit, cancel, deactivate, delete, grant, reactivate, resend};
use crate::error::Result;
use crate::import::{Column, Does};
use crate::model::{
    Date, Field, GroupId, GroupRole, Hold, Language, License, RequiredItem, Status, User, UserId,
    key_of_name,
};
use crate::planner::{Planner, Seated};

impl Desk<'_> {
    /// Everything that a row wants of somebody who is there and that cannot be, by what is known of them.
    pub(super) fn what_cannot_be(
        &self,
        planner: &Planner<'_>,
        wanted: &Wanted,
        user: &User,
        values: &Values,
        boss: Option<Option<UserId>>,
    ) -> Result<Vec<(Column, String)>> {
        let mut faults = Vec::new();
        let wish = wanted.status.filter(|it| *it != user.status);
        if let Some(why) = wish.and_then(|it| why_not(user, it)) {
            faults.push((Column::Status, why));
        }
        let stays_away = !user.status.is_live() && !wish.is_some_and(Status::is_seated_or_coming);
        if stays_away {
            let differs = self.differs(planner, wanted, user, values, boss)?;
            faults.extend(differs.map(|column| {
                let why = format!(
                    "would be changed, and the person is {}: bring them back first, or leave the row out",
                    user.status
                );
                (column, why)
            }));
            if wish.is_some() && wanted.seldom().send_on.is_some() {
                faults.extend(no_send_on(user.status, wish).map(|why| (Column::SendOn, why)));
            }
            return Ok(faults);
        }
        if wanted.seldom().send_on.is_some() {
            faults.extend(no_send_on(user.status, wish).map(|why| (Column::SendOn, why)));
        }
        for field in [Field::DeactivateOn, Field::DeleteOn] {
            let set = wanted.set.iter().find(|it| it.0 == field).map(|it| it.1);
            let day = set.unwrap_or_else(|| user.profile.get(field));
            let day = day.and_then(|it| it.parse().ok());
            faults.extend(
                not_before(wanted.seldom().send_on, field, day).map(|why| (Column::SendOn, why)),
            );
        }
        for (field, after) in wanted.set.iter() {
            let before = user.profile.get(field);
            if before == after {
                continue;
            }
            let is_day = matches!(field, Field::DeactivateOn | Field::DeleteOn);
            let day: Option<Date> = after.filter(|_| is_day).and_then(|it| it.parse().ok());
            if let Some(day) = day.filter(|it| *it <= self.begun) {
                let why = format!("{day} has begun already; choose a later one");
                faults.push((Column::Field(field), why));
            }
            if let (Field::Language, Some(after)) = (field, after)
                && let Err(error) = Language::check(after)
            {
                faults.push((Column::Field(field), said(error)));
            }
            let required = RequiredItem::Field(field);
            if after.is_none() && self.required.contains(&required) {
                let why = "cannot be emptied: it is required".to_owned();
                faults.push((Column::Field(field), why));
            }
        }
        for (field, after) in &wanted.seldom().fields {
            let has = values
                .get(field)
                .is_some_and(|it| it.contains_key(&user.id));
            let mut own = self.fields.iter();
            if has && after.is_none() && own.any(|it| it.id == *field && it.terms.required) {
                let why = "cannot be emptied: it is required".to_owned();
                faults.push((Column::Custom(*field), why));
            }
        }
        Ok(faults)
    }

    /// The first column in which a row says something else of somebody than is so.
    fn differs(
        &self,
        planner: &Planner<'_>,
        wanted: &Wanted,
        user: &User,
        values: &Values,
        boss: Option<Option<UserId>>,
    ) -> Result<Option<Column>> {
        let mut set = wanted.set.iter();
        let set = set.find(|(field, after)| !is_same(*field, user.profile.get(*field), *after));
        if let Some((field, _)) = set {
            return Ok(Some(Column::Field(field)));
        }
        let mut fields = wanted.seldom().fields.iter();
        let value = |field| values.get(field).and_then(|it| it.get(&user.id));
        if let Some((field, _)) = fields.find(|it| value(&it.0) != it.1.as_ref()) {
            return Ok(Some(Column::Custom(*field)));
        }
        if boss.is_some() {
            return Ok(Some(Column::Manager));
        }
        let joins = self.joins(planner, wanted, user)?;
        Ok((!joins.is_empty()).then_some(Column::Groups))
    }

    /// Plans what a row wants of somebody who is there, but their manager. Returns whether anything is planned.
    pub(super) fn update(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        user: &User,
        values: &Values,
    ) -> Result<bool> {
        let wish = wanted.status.filter(|it| *it != user.status);
        let mark = planner.mark();
        if let Some((column, why)) = self.edit(planner, wanted, user, values, wish)? {
            self.back_out(planner, wanted, mark, column, why);
            return Ok(false);
        }
        if planner.skipped_since(mark).is_some() {
            // What a connection owns is not set, and said so.
            planner.back_to(mark);
            self.refused(planner, wanted, mark, None);
            return Ok(false);
        }
        if let Some(wish) = wish
            && let Some(why) = self.restate(planner, user, wish)?
        {
            self.back_out(planner, wanted, mark, Some(Column::Status), why);
            return Ok(false);
        }
        if planner.skipped_since(mark).is_some() {
            planner.back_to(mark);
            self.refused(planner, wanted, mark, Some(Column::Status));
            return Ok(false);
        }
        // A row that names the day on which somebody is to leave means it.
        planner.keep_leaving_dates(user, &wanted.set.profile());
        if wish.is_none_or(Status::is_seated_or_coming) {
            // Who comes back may wait for a seat, or be in at once whatever the row says.
            let mut planned = planner.changes_since(mark).iter().rev();
            let status = planned.find_map(|it| match it {
                Change::Status { after, .. } => Some(*after),
                _ => None,
            });
            let user = User {
                status: status.unwrap_or(user.status),
                ..user.clone()
            };
            self.license(planner, wanted, &user, mark)?;
            if !wanted.is_open() {
                planner.back_to(mark);
                return Ok(false);
            }
        }
        Ok(planner.mark() != mark)
    }

    fn back_out(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        mark: crate::planner::Mark,
        column: Option<Column>,
        why: String,
    ) {
        planner.back_to(mark);
        planner.unsay_skips(mark);
        let left_out = planner.leaves_out() && !self.import.partial;
        if left_out && why.starts_with(NO_ROOM) {
            let who = super::who(&self.import.sheet, &self.columns, wanted.place);
            planner.skip_name(&who, why);
            wanted.does = Some(Does::LeftOut);
        } else {
            self.fault(wanted, column, why);
        }
    }

    /// Plans the fields and groups that differ. Returns why nothing of it can be.
    fn edit(
        &self,
        planner: &mut Planner<'_>,
        wanted: &Wanted,
        user: &User,
        values: &Values,
        wish: Option<Status>,
    ) -> Result<Option<(Option<Column>, String)>> {
        let mut set = Vec::new();
        for (field, after) in wanted.set.iter() {
            if !is_same(field, user.profile.get(field), after) {
                set.push((field, after.map(str::to_owned)));
            }
        }
        let mut fields = Vec::new();
        for (field, after) in &wanted.seldom().fields {
            let before = values.get(field).and_then(|it| it.get(&user.id));
            if before != after.as_ref() {
                fields.push((*field, after.clone()));
            }
        }
        let joins = self.joins(planner, wanted, user)?;
        // Mailing nobody goes before whatever the file says.
        let send_on = wanted
            .seldom()
            .send_on
            .filter(|_| self.import.mail)
            .map(Some);
        if set.is_empty() && fields.is_empty() && joins.is_empty() && send_on.is_none() {
            return Ok(None);
        }
        let leaves = wish.is_some_and(|it| !it.is_seated_or_coming());
        if leaves && joins.iter().any(|it| it.1.is_some()) {
            let why = "cannot be joined by who leaves".to_owned();
            return Ok(Some((Some(Column::Groups), why)));
        }
        let edit = Edit {
            set,
            send_on,
            overriding: self.import.overriding,
            ..Edit::of(Vec::new())
        };
        let looked_up = LookedUp {
            manager: None,
            joins,
            given: given(fields.iter()),
        };
        let only = match (
            edit.set.as_slice(),
            looked_up.given.len(),
            looked_up.joins.len(),
        ) {
            ([(field, _)], 0, 0) => Some(Column::Field(*field)),
            _ => None,
        };
        let why = edit.one(planner, user, &looked_up)?;
        Ok(why.filter(|it| it != "already so").map(|why| {
            let named = column_named(&why);
            (only.or(named), why)
        }))
    }

    fn joins(
        &self,
        planner: &Planner<'_>,
        wanted: &Wanted,
        user: &User,
    ) -> Result<Vec<(GroupId, Option<GroupRole>)>> {
        if wanted.leaves_groups {
            let all = planner.memberships_of(user.id)?;
            return Ok(all.into_iter().map(|it| (it.group, None)).collect());
        }
        if wanted.seldom().groups.is_empty() {
            return Ok(Vec::new());
        }
        let now = planner.memberships_of(user.id)?;
        let mut joins = Vec::new();
        for (group, role) in &wanted.seldom().groups {
            let before = now.iter().find(|it| it.group == *group).map(|it| it.role);
            // A name without a role joins, and takes nobody's role away.
            let after = role.or(before).unwrap_or(GroupRole::Learner);
            if before != Some(after) {
                joins.push((*group, Some(after)));
            }
        }
        Ok(joins)
    }

    /// Plans another status. Returns why it cannot be; or the planner says so among the skips.
    fn restate(
        &self,
        planner: &mut Planner<'_>,
        user: &User,
        wish: Status,
    ) -> Result<Option<String>> {
        let takes_off = matches!(wish, Status::Inactive | Status::Cancelled | Status::Deleted);
        if takes_off && let Some(why) = planner.why_not_take_off(user)? {
            return Ok(Some(why.to_owned()));
        }
        match (user.status, wish) {
            (_, Status::Inactive) => deactivate::one(planner, user)?,
            (_, Status::Deleted) => delete::one(planner, user)?,
            (_, Status::Cancelled) if user.accepted => {
                return Ok(Some("has accepted; deactivate instead".to_owned()));
            }
            (_, Status::Cancelled) => cancel::one(planner, user)?,
            (Status::Inactive, _) => {
                let leads_to = reactivate::leads_to(planner, user)?;
                if let Seated::Out(why) =
                    reactivate::one(planner, user, leads_to, self.import.mail, false)?
                {
                    return Ok(Some(why));
                }
            }
            // Waiting, of whoever has an account of their own, is the same.
            (Status::PendingTransfer, _) => {}
            (_, _) => resend::back(planner, user, self.import.mail)?,
        }
        Ok(None)
    }

    /// Plans that somebody gives back every add-on license that is theirs alone and not used, and is to get none.
    fn take_licenses(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        user: &User,
    ) -> Result<()> {
        let access = planner.access;
        let is_add_on = |it: &License| it.pool != access && !it.stands_for_access;
        for license in planner
            .licenses_of(user.id)?
            .iter()
            .filter(|it| is_add_on(it))
        {
            if license.hold == Hold::Consumed {
                let mut pools = self.pools.iter();
                let name = pools.find(|it| it.1 == license.pool);
                let name = name.map_or("a license", |it| it.0.as_str());
                let why =
                    format!("cannot be emptied: {name} is consumed, and stays with the person");
                self.fault(wanted, Some(Column::Licenses), why);
                return Ok(());
            }
            planner.take_back(license)?;
        }
        for pool in planner.requests_of(user.id)? {
            planner.push(Change::LicenseRequest {
                user: user.id,
                pool,
                before: true,
                after: false,
            });
        }
        Ok(())
    }

    /// Plans the add-on licenses that somebody does not have, or that they give back what they have. They stand as what is
    /// planned for them since the mark leaves them.
    fn license(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        user: &User,
        since: crate::planner::Mark,
    ) -> Result<()> {
        if wanted.returns_licenses {
            return self.take_licenses(planner, wanted, user);
        }
        if wanted.seldom().pools.is_empty() {
            return Ok(());
        }
        let held = planner.licenses_planned(user.id)?;
        let mut asked = planner.requests_of(user.id)?;
        asked.extend(
            planner
                .changes_since(since)
                .iter()
                .filter_map(|it| match it {
                    Change::LicenseRequest {
                        pool, after: true, ..
                    } => Some(*pool),
                    _ => None,
                }),
        );
        for pool in wanted.seldom().pools.clone() {
            if held.iter().any(|it| it.pool == pool) || asked.contains(&pool) {
                continue;
            }
            let mark = planner.mark();
            grant::one(planner, user, pool, None)?;
            if planner.skipped_since(mark).is_some() {
                self.refused(planner, wanted, mark, Some(Column::Licenses));
            }
        }
        Ok(())
    }
}

/// The column of whose cell a reason speaks.
pub(super) fn column_named(why: &str) -> Option<Column> {
    let columns = [
        ("user name", Column::Field(Field::UserName)),
        ("address", Column::Field(Field::Email)),
        ("email", Column::Field(Field::Email)),
        ("invited", Column::SendOn),
    ];
    let named = columns.iter().find(|it| why.contains(it.0));
    named.map(|it| it.1)
}

/// Why the day of an invitation cannot be set of somebody who is there.
fn no_send_on(status: Status, wish: Option<Status>) -> Option<String> {
    let is_invited = matches!(
        status,
        Status::Waiting | Status::PendingTransfer | Status::Queued
    );
    match wish {
        None if is_invited => None,
        None => Some(format!(
            "is for invitations, and the person is {status}: leave it empty"
        )),
        Some(Status::Waiting) => Some(
            "cannot be chosen for who is invited again: leave it empty, and set it afterwards"
                .to_owned(),
        ),
        Some(wish) => Some(format!(
            "is for invitations, and the person is to be {wish}: leave it empty"
        )),
    }
}

/// Whether a field is to be what it is: by whatever case of letters people were found, they keep theirs.
fn is_same(field: Field, before: Option<&str>, after: Option<&str>) -> bool {
    let is_name = matches!(field, Field::Email | Field::UserName);
    before == after || is_name && before.map(key_of_name) == after.map(key_of_name)
}
