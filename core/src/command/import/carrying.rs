//! Carrying out what the rows want: whoever is new first, managers before those who report to them, also who is seated again
//! to be one; then who is there already; and everybody's managers last, when all of them are there.

use std::collections::{HashMap, HashSet};

use super::changing::column_named;
use super::rows::Rows;
use super::{Boss, Desk, NO_ROOM, Wanted};
use crate::command::field::Given;
use crate::command::joining::{Back, Joining};
use crate::command::{NewPerson, edit, reactivate};
use crate::error::Result;
use crate::import::{Column, Does, Mode};
use crate::model::{Field, FieldId, GroupId, GroupRole, Part, Profile, Status, User, UserId};
use crate::planner::Planner;

/// What became of the rows by which somebody's manager comes.
struct Came {
    /// Where they stand, in their order.
    places: Vec<u32>,
    arrivals: Vec<Arrival>,
}

impl Came {
    /// Nobody has come yet.
    fn nobody(rows: &Rows) -> Self {
        let places = rows.iter().filter_map(|it| match it.boss {
            Some(Some(Boss::Row(above))) => u32::try_from(above).ok(),
            _ => None,
        });
        let mut places: Vec<u32> = places.collect();
        places.sort_unstable();
        places.dedup();
        places.shrink_to_fit();
        let number = |place: &u32| {
            let row = rows.get(usize::try_from(*place).ok()?)?;
            Some(row.row)
        };
        let arrivals = places.iter();
        let arrivals = arrivals.map(|it| Arrival::Nobody(number(it).unwrap_or(0)));
        Self {
            arrivals: arrivals.collect(),
            places,
        }
    }

    fn place(&self, place: usize) -> Option<usize> {
        let place = u32::try_from(place).ok()?;
        self.places.binary_search(&place).ok()
    }

    /// What became of the row at a place.
    fn get(&self, place: usize) -> Option<&Arrival> {
        self.arrivals.get(self.place(place)?)
    }

    /// Notes what became of the row at a place, if anybody asks for it.
    fn note(&mut self, place: usize, arrival: Arrival) {
        let here = self.place(place);
        if let Some(here) = here.and_then(|it| self.arrivals.get_mut(it)) {
            *here = arrival;
        }
    }
}

/// The row of somebody's manager.
struct RowOfBoss {
    /// Whether nothing was decided about it yet.
    may_come: bool,
    /// Whom of the roster it means.
    known: Option<UserId>,
}

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
    pub(super) fn carry_out(&mut self, planner: &mut Planner<'_>, rows: &mut Rows) -> Result<()> {
        let mut came = Came::nobody(rows);
        // What somebody gives back is there for others of the file.
        let is_there =
            |it: &Wanted| it.known.is_some() && !it.arrives && (it.is_open() || it.is_wrong());
        let there = rows.of_known().filter(|(_, it)| is_there(it));
        let (mut givers, mut others) = (Vec::new(), Vec::new());
        for (place, wanted) in there {
            match wanted.frees() {
                true => givers.push(place),
                false => others.push(place),
            }
        }
        let there = givers.iter().chain(&others);
        let there: Vec<UserId> = there
            .filter_map(|it| Some(rows.get(*it)?.known?.0))
            .collect();
        planner.expect(&there)?;
        let values = self.values(planner, &there)?;
        drop(there);
        let mut managers = Vec::new();
        for place in givers {
            managers.extend(self.settle(planner, rows, place, &came, &values)?);
        }
        planner.keep_freed_for_queues();
        let mut line = Line::of(rows);
        let comes = |place: &usize, rows: &Rows| {
            let row = rows.get(*place);
            row.is_some_and(|it| it.arrives && it.is_open())
        };
        let turns = (0..rows.len()).map(|it| (it, true));
        for (place, must_come) in turns.chain(others.into_iter().map(|it| (it, false))) {
            if must_come && !comes(&place, rows) {
                continue;
            }
            for place in line.up_to(place, rows) {
                let is_new = rows.get(place).is_some_and(|it| it.arrives);
                let arrival = if is_new {
                    let Some(mut wanted) = rows.open(place)? else {
                        continue;
                    };
                    // Whoever is new may be put aside by the time that others are told who report to them.
                    let called = wanted.called().filter(|_| came.place(place).is_some());
                    let arrival = self.bring_in(planner, &mut wanted, &came)?;
                    rows.put(place, &wanted);
                    if let (Arrival::Here(id), Some(called)) = (&arrival, called) {
                        planner.name_new(*id, &called);
                    }
                    arrival
                } else {
                    let mark = planner.mark();
                    managers.extend(self.settle(planner, rows, place, &came, &values)?);
                    self.came_again(planner, rows, place, mark)
                };
                came.note(place, arrival);
            }
        }
        for (place, user) in managers {
            let Some(mut wanted) = rows.get(place) else {
                continue;
            };
            let Ok(Some(boss)) = self.boss(&wanted, &came) else {
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
                self.refused(planner, &mut wanted, mark, Some(Column::Manager));
            }
            rows.put(place, &wanted);
        }
        Ok(())
    }

    /// Plans what a row wants of somebody who is there. Returns them, with the place of the row, if another manager is to follow.
    fn settle(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut Rows,
        place: usize,
        came: &Came,
        values: &Values,
    ) -> Result<Option<(usize, User)>> {
        let Some(mut wanted) = rows.open(place)? else {
            return Ok(None);
        };
        let row_of_boss = match wanted.boss {
            Some(Some(Boss::Row(above))) => rows.get(above),
            _ => None,
        };
        let boss = RowOfBoss {
            may_come: row_of_boss.as_ref().is_some_and(Wanted::is_open),
            known: row_of_boss.and_then(|it| Some(it.known?.0)),
        };
        let user = self.settle_one(planner, &mut wanted, &boss, came, values)?;
        rows.put(place, &wanted);
        Ok(user.map(|it| (place, it)))
    }

    fn settle_one(
        &mut self,
        planner: &mut Planner<'_>,
        wanted: &mut Wanted,
        row_of_boss: &RowOfBoss,
        came: &Came,
        values: &Values,
    ) -> Result<Option<User>> {
        let Some((id, _)) = wanted.known else {
            return Ok(None);
        };
        let user = planner.user(id)?;
        let boss = match self.boss(wanted, came) {
            // Whoever has one already who is not there, may keep them.
            Err(_) if row_of_boss.known.is_some() && row_of_boss.known == user.manager => None,
            // Who leaves is looked at before anybody came.
            Err(NoBoss::Wrong(_)) if row_of_boss.may_come => Some(None),
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
            wanted.does = Some(match planner.is_queued_now(user.id) {
                true => Does::Queue,
                false => Does::Update,
            });
        } else if boss.is_none() {
            wanted.does = Some(Does::Nothing);
            if self.import.mode == Mode::Both && user.status == Status::Inactive {
                self.stays(planner, wanted, user.status);
            }
        }
        Ok(boss.map(|_| user))
    }

    /// Whether somebody who is there has come again by their row, of what was planned since a mark.
    fn came_again(
        &self,
        planner: &Planner<'_>,
        rows: &Rows,
        place: usize,
        mark: crate::planner::Mark,
    ) -> Arrival {
        let Some(wanted) = rows.get(place) else {
            return Arrival::Nobody(0);
        };
        let why = match (wanted.does, wanted.known) {
            (Some(Does::LeftOut), _) => planner.skipped_since(mark),
            (Some(Does::Update | Does::Queue | Does::Nothing), Some((id, _))) => {
                return Arrival::Here(id);
            }
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
        wanted: &mut Wanted,
        came: &Came,
    ) -> Result<Arrival> {
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
    fn values(&self, planner: &Planner<'_>, there: &[UserId]) -> Result<Values> {
        let mut values = Values::new();
        let holds = self.columns.holds.iter().flatten();
        let fields = holds.filter_map(|it| match it {
            Column::Custom(field) => Some(*field),
            _ => None,
        });
        let fields: Vec<FieldId> = fields.collect();
        if there.is_empty() || fields.is_empty() {
            return Ok(values);
        }
        let there: HashSet<UserId> = there.iter().copied().collect();
        for field in fields {
            values.insert(field, planner.snapshot.field_values(field, &there)?);
        }
        Ok(values)
    }
}

pub(super) fn given<'v>(values: impl Iterator<Item = &'v (FieldId, Option<String>)>) -> Vec<Given> {
    values.map(|it| Given::of(it.0, it.1.clone())).collect()
}

/// In whose turn the rows are carried out: managers, of whom some are seated again, before those who report to them.
struct Line {
    /// Whether the row at a place has had its turn.
    placed: Vec<bool>,
}

impl Line {
    fn of(rows: &Rows) -> Self {
        Self {
            placed: vec![false; rows.len()],
        }
    }

    /// Whose turn it is up to the row at a place: those above it who come and have not yet, from the top, and it itself. Rows
    /// that had no turn yet are still as they were.
    fn up_to(&mut self, place: usize, rows: &Rows) -> Vec<usize> {
        let comes = |it: &Wanted| it.arrives && it.is_open() || it.comes_again;
        let mut line = Vec::new();
        let mut at = Some(place);
        while let Some(place) = at {
            match self.placed.get_mut(place) {
                Some(placed) if !*placed => *placed = true,
                _ => break,
            }
            line.push(place);
            let above = match rows.get(place).and_then(|it| it.boss) {
                Some(Some(Boss::Row(above))) => Some(above),
                _ => None,
            };
            at = above.filter(|it| rows.get(*it).as_ref().is_some_and(comes));
        }
        line.reverse();
        line
    }
}
