//! Whom everybody of a file is to report to: people of the roster, or of the file, in whatever order its rows stand, also
//! who is inactive and is seated again by it. Circles are looked for in what everybody's managers will be, not in the order of
//! the rows.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::delegated::{only_seen, unseen};
use super::reading::{manager, unknown};
use super::{Boss, Desk, Manager, Unfit, Wanted};
use crate::by_name::ByName;
use crate::error::Result;
use crate::import::{Column, Columns, Sheet, near};
use crate::model::{Field, Status, UserId, folded, key_of_name};
use crate::planner::Planner;
use crate::store::Known;

/// The names of managers, and whom they mean.
struct Names {
    /// At which places those stand who come by the file, or go by another name from it on.
    arriving: ByName<u32>,
    by_email: HashMap<String, Known>,
    by_user_name: HashMap<String, Known>,
    by_id: HashMap<String, Known>,
    /// Everybody of the file by their names, as the roster sorts by them.
    called: HashMap<String, Vec<(Boss, Option<Status>)>>,
    /// Everybody of the file by the names that are shown of them.
    displayed: HashMap<String, Vec<(Boss, Option<Status>)>>,
    /// Everybody of the roster by these.
    displayed_there: HashMap<String, Vec<Known>>,
    /// At which places those stand who are seated again.
    coming_again: HashMap<UserId, usize>,
}

/// Who is meant by whoever names the person of the row at a place, and where that one stands if they are there already; nobody
/// where nobody comes by it.
fn who_comes(place: u32, wanted: &Wanted) -> Option<(Boss, Option<Status>)> {
    let boss = wanted.as_boss(usize::try_from(place).ok()?);
    match (boss, wanted.known) {
        (Boss::Person(_), Some((_, status))) => Some((boss, Some(status))),
        _ if wanted.arrives || wanted.comes_again => Some((boss, None)),
        _ => None,
    }
}

/// Whom the name of a manager means, and where that one stands who can be nobody's manager; else why it means nobody.
type Found = Result<(Boss, Option<Status>), String>;

/// What a name means.
enum Meant {
    One(Boss, Option<Status>),
    Several,
    Nobody,
}

impl Names {
    fn look_up(planner: &Planner<'_>, desk: &Desk<'_>, rows: &[Wanted]) -> Result<Self> {
        let columns = [Field::Email, Field::UserName].map(Column::Field);
        let n_names = columns.into_iter().filter_map(|it| desk.columns.place(it));
        let mut arriving = ByName::with_room(n_names.count() * rows.len());
        let mut coming_again = HashMap::new();
        let (mut called, mut displayed) =
            (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        // Names are gone through only where somebody is named so, and not by address.
        let by_names = rows
            .iter()
            .filter_map(|it| desk.manager_said(it))
            .any(|it| !it.contains('@'));
        for (place, wanted) in (0..).zip(rows) {
            let Some((boss, status)) = who_comes(place, wanted) else {
                continue;
            };
            if let (true, Some((id, _)), Boss::Row(row)) = (wanted.comes_again, wanted.known, boss)
            {
                coming_again.entry(id).or_insert(row);
            }
            for field in [Field::Email, Field::UserName] {
                // By whichever name somebody was found, they have it already.
                let may_be_new =
                    wanted.arrives || wanted.seldom().id.is_some() || field == Field::UserName;
                if let Some(name) = wanted.get(field).filter(|_| may_be_new) {
                    arriving.insert_first(&key_of_name(name), place);
                }
            }
            if !by_names || status.is_some_and(|it| !it.is_live()) {
                continue;
            }
            let named = [Field::LastName, Field::FirstName].map(|it| wanted.get(it));
            if named.iter().any(Option::is_some) {
                let key = folded(&named.map(Option::unwrap_or_default).join(" "));
                called.entry(key).or_default().push((boss, status));
            }
            if let Some(name) = wanted.get(Field::DisplayName) {
                let key = folded(name);
                displayed.entry(key).or_default().push((boss, status));
            }
        }
        let mut keys: Vec<String> = rows
            .iter()
            .filter_map(|it| desk.manager_said(it))
            .map(|it| key_of_name(&it))
            .filter(|it| arriving.get(it).is_none())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let ids: Vec<String> = keys
            .iter()
            .filter_map(|it| it.parse::<UserId>().ok())
            .map(|it| it.to_string())
            .collect();
        let names = keys.iter().filter(|it| !it.contains('@'));
        let names: HashSet<String> = names.map(|it| folded(it)).collect();
        Ok(Self {
            displayed_there: planner.snapshot.known_by_display_name(&names)?,
            by_email: only_seen(planner, planner.snapshot.known_by_email(&keys)?)?,
            by_user_name: only_seen(planner, planner.snapshot.known_by_user_name(&keys)?)?,
            by_id: only_seen(planner, planner.snapshot.known_by_id(&ids)?)?,
            arriving,
            called,
            displayed,
            coming_again,
        })
    }

    /// Somebody of the roster, who may come by a row; and where they stand if not.
    fn known(&self, known: &Known) -> (Boss, Option<Status>) {
        match self.coming_again.get(&known.id) {
            Some(place) => (Boss::Row(*place), None),
            None => (Boss::Person(known.id), Some(known.status)),
        }
    }

    fn meant(&self, planner: &Planner<'_>, rows: &[Wanted], name: &str) -> Result<Meant> {
        let key = key_of_name(name);
        let arriving = self.arriving.get(&key).and_then(|place| {
            let wanted = rows.get(usize::try_from(*place).ok()?)?;
            who_comes(*place, wanted)
        });
        if let Some((boss, status)) = arriving {
            return Ok(Meant::One(boss, status));
        }
        let found = self
            .by_email
            .get(&key)
            .or_else(|| self.by_user_name.get(&key))
            .or_else(|| self.by_id.get(&key));
        if let Some((boss, status)) = found.map(|it| self.known(it)) {
            return Ok(Meant::One(boss, status));
        }
        if name.contains('@') {
            return Ok(Meant::Nobody);
        }
        let mut all: Vec<(Boss, Option<Status>)> = Vec::new();
        let mut known = Vec::new();
        for sorted in sorted_names(name) {
            all.extend(self.called.get(&sorted).into_iter().flatten());
            known.extend(planner.snapshot.known_by_sort_name(&sorted)?);
        }
        let whole = folded(name);
        all.extend(self.displayed.get(&whole).into_iter().flatten());
        known.extend(self.displayed_there.get(&whole).into_iter().flatten());
        let unseen = unseen(planner, known.iter())?;
        for it in known.into_iter().filter(|it| !unseen.contains(&it.id)) {
            all.push(self.known(&it));
        }
        // The same one may go by several of these names.
        all.sort_unstable_by_key(|it| it.0);
        all.dedup_by_key(|it| it.0);
        Ok(match all.as_slice() {
            [] => Meant::Nobody,
            [(boss, status)] => Meant::One(*boss, *status),
            _ => Meant::Several,
        })
    }

    /// The name of somebody that is nearly this one.
    fn near(&self, planner: &Planner<'_>, name: &str) -> Result<Option<String>> {
        let Some((local, domain)) = name.rsplit_once('@') else {
            return Ok(None);
        };
        if !planner.reaches_everybody() {
            return Ok(None);
        }
        let domain = domain.to_ascii_lowercase();
        let domains = planner.snapshot.domains()?;
        let known = domains.iter().map(String::as_str);
        let mut keys: Vec<String> = near::domain_meant(&domain, known)
            .map(|it| key_of_name(&format!("{local}@{it}")))
            .into_iter()
            .collect();
        let slips = near::neighbours(&local.to_ascii_lowercase());
        keys.extend(slips.into_iter().map(|it| format!("{it}@{domain}")));
        let there = planner.snapshot.known_by_email(&keys)?;
        let is_there = |it: &&String| there.contains_key(*it) || self.arriving.get(it).is_some();
        Ok(keys.iter().find(is_there).cloned())
    }
}

/// By what the roster may sort whoever is called so, `Ana van der Berg` or `Van der Berg, Ana`: last names first, and where
/// these begin cannot be seen.
fn sorted_names(name: &str) -> Vec<String> {
    if let Some((last, first)) = name.split_once(',') {
        return vec![folded(&format!("{last} {first}"))];
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let firsts = 1..words.len().clamp(2, MOST_WORDS);
    let turned = firsts.filter_map(|firsts| {
        let (first, last) = words.split_at_checked(firsts)?;
        Some(folded(&[last, first].concat().join(" ")))
    });
    turned.collect()
}

/// The words of a name in which the last name is looked for.
const MOST_WORDS: usize = 8;
/// For how many managers a name nearly the same is looked for.
const LOOKED_FOR: usize = 50;

/// The manager whom a row names, if it names one.
fn manager_said<'s>(sheet: &'s Sheet, columns: &Columns, wanted: &Wanted) -> Option<Cow<'s, str>> {
    if wanted.manager != Manager::Named {
        return None;
    }
    let row = sheet.at(usize::try_from(wanted.place).ok()?)?;
    match row.cell(columns.place(Column::Manager)?).said() {
        Cow::Borrowed(said) => Some(Cow::Borrowed(manager(said))),
        Cow::Owned(said) => Some(Cow::Owned(manager(&said).to_owned())),
    }
}

impl Desk<'_> {
    fn manager_said(&self, wanted: &Wanted) -> Option<Cow<'_, str>> {
        manager_said(&self.import.sheet, &self.columns, wanted)
    }

    /// Finds everybody's managers, and refuses circles.
    pub(super) fn find_managers(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut [Wanted],
    ) -> Result<()> {
        if self.columns.place(Column::Manager).is_none() {
            return Ok(());
        }
        let names = Names::look_up(planner, self, rows)?;
        // The same few managers are named again and again.
        let mut told: HashMap<Cow<'_, str>, Found> = HashMap::new();
        let mut looked_for = 0;
        let sheet = std::sync::Arc::clone(&self.import.sheet);
        for place in 0..rows.len() {
            let Some(wanted) = rows.get_mut(place) else {
                break;
            };
            // Also where something else is wrong already: everything that is wrong in a row is told at once.
            let looked_at = wanted.is_open() || wanted.is_wrong();
            if wanted.manager == Manager::Nobody && looked_at {
                wanted.boss = Some(None);
            }
            let said = manager_said(&sheet, &self.columns, wanted);
            let Some(name) = said.filter(|_| looked_at) else {
                continue;
            };
            let boss = match told.get(name.as_ref()) {
                Some(known) => known.clone(),
                None => {
                    let found = match names.meant(planner, rows, &name)? {
                        // Whoever has one already who is not there any more, may keep them.
                        Meant::One(boss, status) => {
                            Ok((boss, status.filter(|it| !it.is_seated_or_coming())))
                        }
                        Meant::Several => Err(format!(
                            "several people are called {name}: give the address"
                        )),
                        Meant::Nobody => {
                            looked_for += 1;
                            let near = match looked_for {
                                0..=LOOKED_FOR => names.near(planner, &name)?,
                                _ => None,
                            };
                            Err(unknown("user", &name, near.as_deref()))
                        }
                    };
                    told.insert(name, found.clone());
                    found
                }
            };
            let Some(wanted) = rows.get_mut(place) else {
                break;
            };
            let me = wanted.as_boss(place);
            match boss {
                Ok((boss, _)) if boss == me => {
                    self.fault(wanted, Some(Column::Manager), "is the person themself");
                }
                Ok((boss, unfit)) => {
                    wanted.boss = Some(Some(boss));
                    wanted.unfit = unfit.map(Unfit::Stands);
                    if wanted.arrives {
                        self.refuse_unfit(wanted);
                    }
                }
                Err(why) => self.fault(wanted, Some(Column::Manager), why),
            }
        }
        self.refuse_leavers(rows);
        self.refuse_circles(planner, rows)
    }

    /// Refuses managers who leave by this very file; whoever reports to them already moves up, as in any leaving.
    fn refuse_leavers(&mut self, rows: &mut [Wanted]) {
        let leaving = rows.iter().filter(|it| it.is_open());
        let leaving: HashMap<UserId, Unfit> = leaving
            .filter_map(|it| {
                let (id, wish) = it.takes_off()?;
                Some((id, Unfit::Leaves(wish, it.row)))
            })
            .collect();
        if leaving.is_empty() {
            return;
        }
        for wanted in rows.iter_mut().filter(|it| it.unfit.is_none()) {
            if let Some(Some(Boss::Person(id))) = wanted.boss {
                wanted.unfit = leaving.get(&id).copied();
                if wanted.arrives {
                    self.refuse_unfit(wanted);
                }
            }
        }
    }

    /// Refuses a manager who is not on the roster, or leaves it.
    pub(super) fn refuse_unfit(&mut self, wanted: &mut Wanted) {
        let is = match wanted.unfit {
            None => return,
            Some(Unfit::Stands(status)) => format!("is {status}"),
            Some(Unfit::Leaves(status, row)) => format!("is to be {status} by row {row}"),
        };
        let why = format!("{is}: name somebody on the roster, or leave it empty");
        self.fault(wanted, Some(Column::Manager), why);
    }

    /// Refuses every row that is part of a circle in what everybody's managers will be. A row that is refused leaves its
    /// person where they were, by which another circle may come about.
    fn refuse_circles(&mut self, planner: &Planner<'_>, rows: &mut [Wanted]) -> Result<()> {
        let mut now: HashMap<UserId, Option<Boss>> = HashMap::new();
        loop {
            let people: HashMap<UserId, usize> = rows
                .iter()
                .enumerate()
                .filter_map(|(place, it)| Some((it.known.filter(|_| !it.arrives)?.0, place)))
                .collect();
            let place_of = |it: &Boss| match it {
                Boss::Person(id) => people.get(id).copied(),
                Boss::Row(place) => Some(*place),
            };
            let mut above = |it: Boss, rows: &[Wanted]| -> Result<Option<Boss>> {
                let row = place_of(&it).and_then(|it| rows.get(it));
                if let Some(boss) = row.filter(|it| !it.is_wrong()).and_then(|it| it.boss) {
                    return Ok(boss);
                }
                let id = match (it, row) {
                    (Boss::Person(id), _) => id,
                    (
                        Boss::Row(_),
                        Some(Wanted {
                            known: Some((id, _)),
                            ..
                        }),
                    ) => *id,
                    (Boss::Row(_), _) => return Ok(None),
                };
                if let Some(known) = now.get(&id) {
                    return Ok(*known);
                }
                let found = planner.snapshot.manager_of(id)?;
                let found = found.map(|id| {
                    let place = people.get(&id).copied();
                    let row = place.and_then(|it| Some(rows.get(it)?.as_boss(it)));
                    row.unwrap_or(Boss::Person(id))
                });
                now.insert(id, found);
                Ok(found)
            };
            let mut fine: HashSet<Boss> = HashSet::new();
            let mut circles: Vec<Vec<usize>> = Vec::new();
            for (place, wanted) in rows.iter().enumerate() {
                if wanted.is_wrong() || !matches!(wanted.boss, Some(Some(_))) {
                    continue;
                }
                let me = wanted.as_boss(place);
                let mut line: Vec<Boss> = Vec::new();
                let mut on_line: HashSet<Boss> = HashSet::new();
                let mut at = Some(me);
                while let Some(it) = at.filter(|it| !fine.contains(it)) {
                    if !on_line.insert(it) {
                        let circle = line.iter().skip_while(|other| **other != it);
                        circles.push(
                            circle
                                .filter_map(place_of)
                                .filter(|it| rows.get(*it).is_some_and(|it| it.boss.is_some()))
                                .collect(),
                        );
                        break;
                    }
                    line.push(it);
                    at = above(it, rows)?;
                }
                fine.extend(line);
            }
            if circles.is_empty() {
                return Ok(());
            }
            for circle in circles {
                let numbers: Vec<String> = circle
                    .iter()
                    .filter_map(|it| Some(rows.get(*it)?.row.to_string()))
                    .collect();
                let why = match numbers.as_slice() {
                    [_] => "reports to this person already, at some height".to_owned(),
                    _ => format!("would report in a circle: rows {}", numbers.join(", ")),
                };
                for place in circle {
                    if let Some(wanted) = rows.get_mut(place) {
                        self.fault(wanted, Some(Column::Manager), why.clone());
                    }
                }
            }
        }
    }
}
