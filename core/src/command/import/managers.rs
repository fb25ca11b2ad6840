//! Whom everybody of a file is to report to: people of the roster, or of the file, in whatever order its rows stand, also
//! who is inactive and is seated again by it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::delegated::{only_seen, unseen};
use super::reading::{manager, unknown};
use super::rows::Rows;
use super::{Boss, Desk, Manager, Unfit, Wanted};
use crate::by_name::ByName;
use crate::error::Result;
use crate::import::{Column, Row, near};
use crate::model::{Field, Status, UserId, folded, key_of_name};
use crate::planner::Planner;
use crate::store::Known;

/// How many names are looked for at once among everybody of the roster.
const NAMES_AT_ONCE: usize = 5_000;

/// The names of managers, and whom they mean.
struct Names {
    /// Every way in which the file says a name of a manager, by its number.
    spelled: ByName<u32>,
    /// At which place the file says each first, until the roster is asked; and how many there are.
    first: Vec<u32>,
    n_spelled: usize,
    /// Every name that the file says of a manager, with the place at which that one stands if they come by the file, or go by
    /// another name from it on.
    asked: ByName<Asked>,
    by_email: ByName<Known>,
    by_user_name: ByName<Known>,
    by_id: ByName<Known>,
    /// Everybody of the file by their names, as the roster sorts by them; of those who are asked for.
    called: HashMap<String, Vec<(Boss, Option<Status>)>>,
    /// Everybody of the file by the names that are shown of them; of those who are asked for.
    displayed: HashMap<String, Vec<(Boss, Option<Status>)>>,
    /// Everybody of the roster by these.
    displayed_there: HashMap<String, Vec<Known>>,
    /// At which places those stand who are seated again.
    coming_again: HashMap<UserId, usize>,
    /// Whoever comes by the file, by all of their names; once somebody is looked for by a name that is nearly theirs.
    coming: Option<Coming>,
}

/// Where whoever is asked for stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nowhere in the file, as far as is known.
    Nowhere,
    /// Nowhere in the file, and the roster is asked.
    There,
    /// In the row at this place.
    Row(u32),
}

/// The names of everybody who comes, by hashes of them.
struct Coming {
    hash: RandomState,
    names: Vec<u64>,
}

/// The names of somebody who comes by a row, or goes by another one from it on.
fn new_names(wanted: &Wanted) -> impl Iterator<Item = String> {
    let names = [Field::Email, Field::UserName].into_iter();
    names.filter_map(|field| {
        // By whichever name somebody was found, they have it already.
        let may_be_new = wanted.arrives || wanted.seldom().id.is_some() || field == Field::UserName;
        Some(key_of_name(wanted.get(field).filter(|_| may_be_new)?))
    })
}

impl Coming {
    fn among(rows: &Rows) -> Result<Self> {
        let hash = RandomState::new();
        let mut names = Vec::with_capacity(rows.len());
        each(rows, |_, wanted| {
            if who_comes(0, wanted).is_some() {
                names.extend(new_names(wanted).map(|it| hash.hash_one(it)));
            }
        })?;
        names.sort_unstable();
        Ok(Self { hash, names })
    }

    fn has(&self, name: &str) -> bool {
        let hash = self.hash.hash_one(name);
        self.names.binary_search(&hash).is_ok()
    }
}

/// Looks at every row, with what it says.
fn each(rows: &Rows, mut look: impl FnMut(u32, &Wanted)) -> Result<()> {
    for first in (0..rows.len()).step_by(NAMES_AT_ONCE) {
        let some = rows.chunk(first..first + NAMES_AT_ONCE)?;
        for (place, wanted) in (first..).zip(&some) {
            look(u32::try_from(place).unwrap_or(u32::MAX), wanted);
        }
    }
    Ok(())
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
    /// Looks everybody up who is named as a manager, and notes in each row which of the names it says.
    fn look_up(planner: &Planner<'_>, desk: &Desk<'_>, rows: &mut Rows) -> Result<Self> {
        let mut names = Self {
            spelled: ByName::default(),
            first: Vec::new(),
            n_spelled: 0,
            asked: ByName::default(),
            by_email: ByName::default(),
            by_user_name: ByName::default(),
            by_id: ByName::default(),
            called: HashMap::new(),
            displayed: HashMap::new(),
            displayed_there: HashMap::new(),
            coming_again: HashMap::new(),
            coming: None,
        };
        // Names are gone through only where somebody is named so, and not by address.
        let mut by_names = Called::default();
        for place in 0..rows.len() {
            let Some(row) = rows.get(place).and_then(|it| desk.manager_row(&it)) else {
                continue;
            };
            let Some(name) = desk.manager_in(&row) else {
                continue;
            };
            // The same few managers are named again and again.
            let next = u32::try_from(names.first.len()).unwrap_or(u32::MAX);
            if let Some(known) = names.spelled.insert_first(&name, next) {
                rows.name_manager(place, *known);
                continue;
            }
            rows.name_manager(place, next);
            names.first.push(u32::try_from(place).unwrap_or(u32::MAX));
            let key = key_of_name(&name);
            let is_new = names.asked.insert_first(&key, Asked::Nowhere).is_none();
            if is_new && !name.contains('@') {
                by_names.ask(&name);
            }
        }
        names.n_spelled = names.first.len();
        names.spelled = ByName::default();
        if names.asked.is_empty() {
            return Ok(names);
        }
        each(rows, |place, wanted| {
            names.note(place, wanted, &by_names);
        })?;
        names.ask_the_roster(planner, desk, rows)?;
        Ok(names)
    }

    /// Notes where somebody stands who is asked for.
    fn note(&mut self, place: u32, wanted: &Wanted, by_names: &Called) {
        let Some((boss, status)) = who_comes(place, wanted) else {
            return;
        };
        if let (true, Some((id, _)), Boss::Row(row)) = (wanted.comes_again, wanted.known, boss) {
            self.coming_again.entry(id).or_insert(row);
        }
        for name in new_names(wanted) {
            if let Some(asked @ Asked::Nowhere) = self.asked.get_mut(&name) {
                *asked = Asked::Row(place);
            }
        }
        if by_names.is_empty() || status.is_some_and(|it| !it.is_live()) {
            return;
        }
        let named = [Field::LastName, Field::FirstName].map(|it| wanted.get(it));
        if named.iter().any(Option::is_some) {
            let key = folded(&named.map(Option::unwrap_or_default).join(" "));
            if by_names.sorted.contains(&key) {
                self.called.entry(key).or_default().push((boss, status));
            }
        }
        if let Some(name) = wanted.get(Field::DisplayName) {
            let key = folded(name);
            if by_names.whole.contains(&key) {
                self.displayed.entry(key).or_default().push((boss, status));
            }
        }
    }

    /// Looks for everybody on the roster who is asked for and is not in the file.
    fn ask_the_roster(
        &mut self,
        planner: &Planner<'_>,
        desk: &Desk<'_>,
        rows: &Rows,
    ) -> Result<()> {
        let mut displayed: HashSet<String> = HashSet::new();
        let mut keys: Vec<String> = Vec::new();
        for place in std::mem::take(&mut self.first) {
            let row = usize::try_from(place).ok().and_then(|it| rows.get(it));
            let Some(name) = row.and_then(|it| desk.manager_said(&it)) else {
                continue;
            };
            let key = key_of_name(&name);
            let Some(asked @ Asked::Nowhere) = self.asked.get_mut(&key) else {
                continue;
            };
            *asked = Asked::There;
            if !key.contains('@') {
                displayed.insert(folded(&key));
            }
            keys.push(key);
            if keys.len() >= NAMES_AT_ONCE {
                self.find(planner, &mut keys)?;
            }
        }
        self.find(planner, &mut keys)?;
        self.displayed_there = planner.snapshot.known_by_display_name(&displayed)?;
        Ok(())
    }

    /// Finds people of the roster by some names, and forgets the names.
    fn find(&mut self, planner: &Planner<'_>, keys: &mut Vec<String>) -> Result<()> {
        keys.sort_unstable();
        let ids: Vec<String> = keys
            .iter()
            .filter_map(|it| it.parse::<UserId>().ok())
            .map(|it| it.to_string())
            .collect();
        let snapshot = planner.snapshot;
        for (found, by) in [
            (snapshot.known_by_email(keys)?, &mut self.by_email),
            (snapshot.known_by_user_name(keys)?, &mut self.by_user_name),
            (snapshot.known_by_id(&ids)?, &mut self.by_id),
        ] {
            for (name, known) in only_seen(planner, found)? {
                by.insert(&name, known);
            }
        }
        keys.clear();
        Ok(())
    }

    /// Somebody of the roster, who may come by a row; and where they stand if not.
    fn known(&self, known: &Known) -> (Boss, Option<Status>) {
        match self.coming_again.get(&known.id) {
            Some(place) => (Boss::Row(*place), None),
            None => (Boss::Person(known.id), Some(known.status)),
        }
    }

    fn meant(&self, planner: &Planner<'_>, rows: &Rows, name: &str) -> Result<Meant> {
        let key = key_of_name(name);
        let arriving = match self.asked.get(&key) {
            Some(Asked::Row(place)) => usize::try_from(*place)
                .ok()
                .and_then(|it| rows.get(it))
                .and_then(|it| who_comes(*place, &it)),
            _ => None,
        };
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
    fn near(&mut self, planner: &Planner<'_>, rows: &Rows, name: &str) -> Result<Option<String>> {
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
        let coming = match self.coming.take() {
            Some(known) => known,
            None => Coming::among(rows)?,
        };
        let coming = self.coming.insert(coming);
        let is_there = |it: &&String| there.contains_key(*it) || coming.has(it);
        Ok(keys.iter().find(is_there).cloned())
    }
}

/// The names by which somebody is asked for who is not named by an address.
#[derive(Default)]
struct Called {
    /// As the roster sorts by them.
    sorted: HashSet<String>,
    /// As they are shown.
    whole: HashSet<String>,
}

impl Called {
    fn ask(&mut self, name: &str) {
        self.sorted.extend(sorted_names(name));
        self.whole.insert(folded(name));
    }

    fn is_empty(&self) -> bool {
        self.whole.is_empty()
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

impl Desk<'_> {
    /// The manager whom a row names, if it names one.
    fn manager_said(&self, wanted: &Wanted) -> Option<String> {
        let row = self.manager_row(wanted)?;
        self.manager_in(&row).map(Cow::into_owned)
    }

    /// The row of the sheet in which a manager is named, if one is.
    fn manager_row(&self, wanted: &Wanted) -> Option<Row<'_>> {
        if wanted.manager != Manager::Named {
            return None;
        }
        self.import.sheet.at(usize::try_from(wanted.place).ok()?)
    }

    /// The manager whom a row of the sheet names.
    fn manager_in<'r>(&self, row: &'r Row<'_>) -> Option<Cow<'r, str>> {
        match row.cell(self.columns.place(Column::Manager)?).said() {
            Cow::Borrowed(said) => Some(Cow::Borrowed(manager(said))),
            Cow::Owned(said) => Some(Cow::Owned(manager(&said).to_owned())),
        }
    }

    /// Finds everybody's managers, and refuses circles.
    pub(super) fn find_managers(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        if self.columns.place(Column::Manager).is_none() {
            return Ok(());
        }
        self.find_every_manager(planner, rows)?;
        self.refuse_leavers(rows);
        self.refuse_circles(planner, rows)
    }

    fn find_every_manager(&mut self, planner: &mut Planner<'_>, rows: &mut Rows) -> Result<()> {
        let mut names = Names::look_up(planner, self, rows)?;
        let mut all_found: Vec<Option<Found>> = vec![None; names.n_spelled];
        let mut looked_for = 0;
        for place in 0..rows.len() {
            let Some(mut wanted) = rows.get(place) else {
                break;
            };
            // Also where something else is wrong already: everything that is wrong in a row is told at once.
            let looked_at = wanted.is_open() || wanted.is_wrong();
            if wanted.manager == Manager::Nobody && looked_at {
                wanted.boss = Some(None);
                rows.put(place, &wanted);
            }
            if wanted.manager != Manager::Named || !looked_at {
                continue;
            }
            let known = rows
                .named_manager(place)
                .and_then(|it| all_found.get_mut(it));
            let Some(known) = known else {
                continue;
            };
            let boss = match known {
                Some(known) => known.clone(),
                None => {
                    let Some(name) = self.manager_said(&wanted) else {
                        continue;
                    };
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
                                0..=LOOKED_FOR => names.near(planner, rows, &name)?,
                                _ => None,
                            };
                            Err(unknown("user", &name, near.as_deref()))
                        }
                    };
                    *known = Some(found.clone());
                    found
                }
            };
            let me = wanted.as_boss(place);
            match boss {
                Ok((boss, _)) if boss == me => {
                    self.fault(&mut wanted, Some(Column::Manager), "is the person themself");
                }
                Ok((boss, unfit)) => {
                    wanted.boss = Some(Some(boss));
                    wanted.unfit = unfit.map(Unfit::Stands);
                    if wanted.arrives {
                        self.refuse_unfit(&mut wanted);
                    }
                }
                Err(why) => self.fault(&mut wanted, Some(Column::Manager), why),
            }
            rows.put(place, &wanted);
        }
        Ok(())
    }

    /// Refuses managers who leave by this very file; whoever reports to them already moves up, as in any leaving.
    fn refuse_leavers(&mut self, rows: &mut Rows) {
        let leaving: HashMap<UserId, Unfit> = rows
            .of_known()
            .filter(|(_, it)| it.is_open())
            .filter_map(|(_, it)| {
                let (id, wish) = it.takes_off()?;
                Some((id, Unfit::Leaves(wish, it.row)))
            })
            .collect();
        if leaving.is_empty() {
            return;
        }
        for place in 0..rows.len() {
            let Some(mut wanted) = rows.get(place).filter(|it| it.unfit.is_none()) else {
                continue;
            };
            if let Some(Some(Boss::Person(id))) = wanted.boss {
                wanted.unfit = leaving.get(&id).copied();
                if wanted.arrives {
                    self.refuse_unfit(&mut wanted);
                }
                rows.put(place, &wanted);
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
}
