//! Carrying out what the rows want: whoever is new first, managers before those who report to them, also who is seated again
//! to be one; then who is there already; and everybody's managers last, when all of them are there.

use std::collections::{HashMap, HashSet};

use super::changing::column_named;
use super::{Boss, Desk, NO_ROOM, Wanted};
use crate::command::field::Given;
use crate::command::joining::{Back, Joining};
use crate::command::{NewPerson, edit, reactivate};
use crate::error::Result;
use crate::import::{Column, Does, Mode};
use crate::model::{Field, FieldId, GroupId, GroupRole, Part, Profile, Status, User, UserId};
use crate::planner::Planner;

/// What became of the row at each place.
type Came = Vec<Arrival>;

/// What became of a row by which somebody comes.
enum Arrival {
    /// Nobody has come by the row of this number.
    Nobody(u32),
    /// There is no room for whoever it is about, for this reason.
    NoRoom(String),
    /// This is who came.
    Here(UserId),
}

/// Why nobody can report to whom a row names.
enum NoBoss {
    /// That one has no room, for this reason.
    NoRoom(String),
    /// Something is wrong in their row, which has this number.
    Wrong(u32),
}

/// How it ends what is said of whoever has no room because their manager has none.
const OF_THE_MANAGER: &str = " for the manager, who is of this file too";

/// What is said of a manager in whose row something is wrong.
fn manager_is_wrong(row: u32) -> String {
    format!("is in row {row} of this file, in which something is wrong: mend that first")
}
/// What people have in custom fields now.
pub(super) type Values = HashMap<FieldId, HashMap<UserId, String>>;

impl Desk<'_> {
    /// Plans every row that is not decided yet.
    pub(super) fn carry_out(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut [Wanted],
    ) -> Result<()> {
        let mut came: Came = rows.iter().map(|it| Arrival::Nobody(it.row)).collect();
        // What somebody gives back is there for others of the file.
        let is_there =
            |it: &Wanted| it.known.is_some() && !it.arrives && (it.is_open() || it.is_wrong());
        let there = (0..rows.len()).filter(|it| rows.get(*it).is_some_and(is_there));
        let (givers, others): (Vec<usize>, Vec<usize>) =
            there.partition(|it| rows.get(*it).is_some_and(Wanted::frees));
        let there = givers.iter().chain(&others);
        let there: Vec<UserId> = there
            .filter_map(|it| Some(rows.get(*it)?.known?.0))
            .collect();
        planner.expect(&there)?;
        let values = self.values(planner, rows, &there)?;
        let mut managers = Vec::new();
        for place in givers {
            managers.extend(self.settle(planner, rows, place, &came, &values)?);
        }
        planner.keep_freed_for_queues();
        let bosses = bosses(rows);
        for place in order(rows, &others) {
            let is_boss = bosses.contains(&place);
            let called = rows.get(place).filter(|_| is_boss);
            let called = called.and_then(Wanted::called);
            let arrival = match rows.get(place) {
                Some(it) if it.arrives => self.bring_in(planner, rows, place, &came)?,
                _ => {
                    let mark = planner.mark();
                    managers.extend(self.settle(planner, rows, place, &came, &values)?);
                    self.came_again(planner, rows, place, mark)
                }
            };
            if let (Arrival::Here(id), Some(called)) = (&arrival, called) {
                planner.name_new(*id, &called);
            }
            if let Some(here) = came.get_mut(place) {
                *here = arrival;
            }
        }
        for (place, user) in managers {
            let Some(wanted) = rows.get_mut(place) else {
                continue;
            };
            let Ok(Some(boss)) = self.boss(wanted, &came) else {
                // Only of whoever leaves it was not known before whether their new manager comes.
                let who = super::who(&self.import.sheet, &self.columns, wanted.place);
                planner.skip_name(&who, "the manager stays, for the new one does not come");
                continue;
            };
            let mark = planner.mark();
            if planner.may_set(&user, Part::Manager, self.import.overriding)? {
                edit::manager(planner, &user, boss)?;
                wanted.does = Some(Does::Update);
            } else {
                self.refused(planner, wanted, mark, Some(Column::Manager));
            }
        }
        Ok(())
    }

    /// Plans what a row wants of somebody who is there. Returns them, with the place of the row, if another manager is to follow.
    fn settle(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut [Wanted],
        place: usize,
        came: &Came,
        values: &Values,
    ) -> Result<Option<(usize, User)>> {
        let row_of_boss = match rows.get(place).and_then(|it| it.boss) {
            Some(Some(Boss::Row(above))) => rows.get(above),
            _ => None,
        };
        let boss_may_come = row_of_boss.is_some_and(Wanted::is_open);
        let named = row_of_boss.and_then(|it| Some(it.known?.0));
        let Some(wanted) = rows.get_mut(place) else {
            return Ok(None);
        };
        let Some((id, _)) = wanted.known else {
            return Ok(None);
        };
        let user = planner.user(id)?;
        let boss = match self.boss(wanted, came) {
            // Whoever has one already who is not there, may keep them.
            Err(_) if named.is_some() && named == user.manager => None,
            // Who leaves is looked at before anybody came.
            Err(NoBoss::Wrong(_)) if boss_may_come => Some(None),
            Ok(boss) => boss.filter(|it| *it != user.manager),
            Err(NoBoss::NoRoom(why)) if wanted.is_open() => {
                if wanted.comes_again {
                    reactivate::ask(planner, &user)?;
                }
                self.without_boss(planner, wanted, &why);
                return Ok(None);
            }
            // Something else is wrong in this row, too.
            Err(NoBoss::NoRoom(_)) => None,
            // As of who reports in a circle.
            Err(NoBoss::Wrong(_)) if self.is_told(wanted.row, Column::Manager) => None,
            Err(NoBoss::Wrong(row)) => {
                self.fault(wanted, Some(Column::Manager), manager_is_wrong(row));
                None
            }
        };
        if boss.is_some() {
            self.refuse_unfit(wanted);
        }
        for (column, why) in self.what_cannot_be(planner, wanted, &user, values, boss)? {
            self.fault(wanted, Some(column), why);
        }
        if user.status.is_live() {
            for (column, why) in self.what_is_owned(planner, wanted, &user, boss)? {
                self.fault(wanted, Some(column), why);
            }
        }
        if !wanted.is_open() {
            return Ok(None);
        }
        planner.name(&user);
        if !user.status.is_live() && wanted.status.is_none_or(|it| it == user.status) {
            // Whoever is at rest stays as they are, which the row says too.
            wanted.does = Some(Does::Nothing);
            return Ok(None);
        }
        let changed = self.update(planner, wanted, &user, values)?;
        if !wanted.is_open() {
            return Ok(None);
        }
        if changed {
            wanted.does = Some(Does::Update);
        } else if boss.is_none() {
            wanted.does = Some(Does::Nothing);
            if self.import.mode == Mode::Both && user.status == Status::Inactive {
                self.stays(planner, wanted, user.status);
            }
        }
        Ok(boss.map(|_| (place, user)))
    }

    /// Whether somebody who is there has come again by their row, of what was planned since a mark.
    fn came_again(
        &self,
        planner: &Planner<'_>,
        rows: &[Wanted],
        place: usize,
        mark: crate::planner::Mark,
    ) -> Arrival {
        let Some(wanted) = rows.get(place) else {
            return Arrival::Nobody(0);
        };
        let why = match (wanted.does, wanted.known) {
            (Some(Does::LeftOut), _) => planner.skipped_since(mark),
            (Some(Does::Update | Does::Nothing), Some((id, _))) => return Arrival::Here(id),
            _ => {
                let faults = self.faults.get(&wanted.row).map(Vec::as_slice);
                let why = faults.and_then(<[_]>::first).map(|it| it.why.as_str());
                why.filter(|it| it.starts_with(NO_ROOM))
            }
        };
        match why {
            Some(why) => {
                Arrival::NoRoom(why.strip_suffix(OF_THE_MANAGER).unwrap_or(why).to_owned())
            }
            None => Arrival::Nobody(wanted.row),
        }
    }

    /// Plans somebody who comes by a row; returns who that is.
    fn bring_in(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut [Wanted],
        place: usize,
        came: &Came,
    ) -> Result<Arrival> {
        let Some(wanted) = rows.get_mut(place) else {
            return Ok(Arrival::Nobody(0));
        };
        let nobody = Arrival::Nobody(wanted.row);
        let (manager, no_room) = match self.boss(wanted, came) {
            Ok(boss) => (boss, None),
            // They ask for a seat as their manager does.
            Err(NoBoss::NoRoom(why)) => (None, Some(why)),
            Err(NoBoss::Wrong(row)) => {
                self.wrong_arrivals += 1;
                self.fault(wanted, Some(Column::Manager), manager_is_wrong(row));
                return Ok(nobody);
            }
        };
        let known = match wanted.known {
            Some((id, _)) => Some(planner.user(id)?),
            None => None,
        };
        if let Some(user) = &known {
            for (column, why) in self.what_cannot_come(planner, wanted, user, manager)? {
                self.fault(wanted, Some(column), why);
            }
            if wanted.is_wrong() {
                return Ok(nobody);
            }
        }
        let budgets: Vec<GroupId> = wanted.seldom().groups.iter().map(|it| it.0).collect();
        if let Some(why) = planner.ask_allowance(&budgets) {
            self.fault(wanted, Some(Column::Groups), why);
            return Ok(nobody);
        }
        let status = self.becomes(wanted);
        // Whoever comes is in the plan from here on, and not twice.
        let set = std::mem::take(&mut wanted.set);
        let said = |field| set.get(field).map(str::to_owned);
        let person = NewPerson {
            profile: Profile {
                email: said(Field::Email),
                user_name: said(Field::UserName),
                ..Profile::default()
            },
            ..NewPerson::default()
        };
        let joining = Joining {
            status,
            mail: self.import.mail,
            send_on: wanted.seldom().send_on.or(self.import.send_on),
            groups: wanted
                .seldom()
                .groups
                .iter()
                .map(|it| (it.0, it.1.unwrap_or(GroupRole::Learner)))
                .collect(),
            pools: wanted.seldom().pools.clone(),
            session: None,
            newcomer: None,
        };
        if let Some(why) = no_room {
            let licenses = match &known {
                Some(user) => planner.licenses_of(user.id)?,
                None => Vec::new(),
            };
            joining.ask(planner, &licenses)?;
            self.without_boss(planner, wanted, &why);
            return Ok(Arrival::NoRoom(why));
        }
        let is_new = known.is_none();
        let fields = wanted
            .seldom()
            .fields
            .iter()
            .filter(|it| !is_new || it.1.is_some());
        let given = given(fields);
        let mark = planner.mark();
        let id = match &known {
            None => {
                let (set, manager) = (set.in_order(), manager.flatten());
                joining.newcomer_under(planner, &person, set, manager, &given)?
            }
            Some(user) => {
                planner.name(user);
                let back = Back {
                    set: &set,
                    manager,
                    given: &given,
                    overriding: self.import.overriding,
                };
                joining.comeback_under(planner, user, &person, &back)?;
                Some(user.id)
            }
        };
        if let Some(why) = planner.skipped_since(mark) {
            let column = column_named(why);
            let no_room = why.starts_with(NO_ROOM).then(|| why.to_owned());
            self.refused(planner, wanted, mark, column);
            return Ok(no_room.map_or(nobody, Arrival::NoRoom));
        }
        planner.spend_allowance(&budgets);
        wanted.does = Some(match status {
            _ if id.is_some_and(|it| planner.is_queued_now(it)) => Does::Queue,
            Status::Active => Does::Create,
            _ => Does::Invite,
        });
        if is_new {
            planner.newcomer_is_planned(mark)?;
        }
        Ok(id.map_or(nobody, Arrival::Here))
    }

    /// Somebody is left out with their manager, for whom there is no room.
    fn without_boss(&mut self, planner: &mut Planner<'_>, wanted: &mut Wanted, why: &str) {
        let mark = planner.mark();
        let who = super::who(&self.import.sheet, &self.columns, wanted.place);
        planner.skip_name(&who, format!("{why}{OF_THE_MANAGER}"));
        self.refused(planner, wanted, mark, Some(Column::Manager));
    }

    /// Makes a fault of the reason for which the core has just left somebody out; or, where whoever asked has chosen that
    /// fewer people come when there is no room, leaves it at that.
    pub(super) fn refused(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        mark: crate::planner::Mark,
        column: Option<Column>,
    ) {
        let why = planner.skipped_since(mark).unwrap_or_default().to_owned();
        if planner.leaves_out() && !self.import.partial && why.starts_with(NO_ROOM) {
            wanted.does = Some(Does::LeftOut);
            return;
        }
        planner.unsay_skips(mark);
        self.fault(wanted, column, why);
    }

    /// Whom somebody is to report to: `None` leaves it.
    fn boss(&self, wanted: &Wanted, came: &Came) -> Result<Option<Option<UserId>>, NoBoss> {
        match wanted.boss {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(Boss::Person(id))) => Ok(Some(Some(id))),
            Some(Some(Boss::Row(place))) => match came.get(place) {
                Some(Arrival::Here(id)) => Ok(Some(Some(*id))),
                Some(Arrival::NoRoom(why)) => Err(NoBoss::NoRoom(why.clone())),
                Some(Arrival::Nobody(row)) => Err(NoBoss::Wrong(*row)),
                // Every row has its place.
                None => Err(NoBoss::Wrong(0)),
            },
        }
    }

    /// What the people of the file have in the custom fields of the file.
    fn values(&self, planner: &Planner<'_>, rows: &[Wanted], there: &[UserId]) -> Result<Values> {
        let mut fields: Vec<FieldId> = rows
            .iter()
            .filter(|it| it.is_open() || it.is_wrong())
            .flat_map(|it| it.seldom().fields.iter().map(|it| it.0))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        let there: HashSet<UserId> = there.iter().copied().collect();
        let mut values = Values::new();
        for field in fields {
            values.insert(field, planner.snapshot.field_values(field, &there)?);
        }
        Ok(values)
    }
}

pub(super) fn given<'v>(values: impl Iterator<Item = &'v (FieldId, Option<String>)>) -> Vec<Given> {
    values.map(|it| Given::of(it.0, it.1.clone())).collect()
}

/// Where those stand to whom others of the file are to report.
fn bosses(rows: &[Wanted]) -> HashSet<usize> {
    let bosses = rows.iter().filter_map(|it| match it.boss {
        Some(Some(Boss::Row(place))) => Some(place),
        _ => None,
    });
    bosses.collect()
}

/// Where everybody stands in whose turn they come: whoever is new, then these others; but managers, of whom some are seated
/// again, before those who report to them.
fn order(rows: &[Wanted], others: &[usize]) -> Vec<usize> {
    let arrives = |it: &Wanted| it.arrives && it.is_open();
    let (mut order, mut placed) = (Vec::new(), vec![false; rows.len()]);
    let mut is_first = |place: usize| {
        let placed = placed.get_mut(place);
        placed.is_some_and(|it| !std::mem::replace(it, true))
    };
    let new = rows.iter().enumerate().filter(|it| arrives(it.1));
    for place in new.map(|it| it.0).chain(others.iter().copied()) {
        let mut line = Vec::new();
        let mut at = Some(place);
        while let Some(it) = at.filter(|it| is_first(*it)) {
            line.push(it);
            let above = match rows.get(it).and_then(|it| it.boss) {
                Some(Some(Boss::Row(above))) => rows.get(above).map(|it| (above, it)),
                _ => None,
            };
            let above = above.filter(|(_, it)| arrives(it) || it.comes_again);
            at = above.map(|it| it.0);
        }
        order.extend(line.into_iter().rev());
    }
    order
}
