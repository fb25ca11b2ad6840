//! Every row of a file: what is decided about it in a few bytes, and what it says in pages that are put aside when they are many.
//! A row is looked at as a whole ([`Wanted`]) one at a time, or a few thousand at once.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Boss, Manager, Unfit, Wanted, seldom};
use crate::error::{Error, Result};
use crate::import::{Does, Sheet};
use crate::model::{Field, GroupId, Packed, Status, UserId, key_of_name};
use crate::pages::{PAGE, Page, Pages};

/// What is decided about a row. There may be a million of them.
#[derive(Clone, Copy, Default)]
struct Brief {
    /// Where it stands among the rows of the sheet.
    place: u32,
    /// Whom of those it means, counted from 1; 0 is nobody.
    known: u32,
    /// Whose place among the rows, or among the managers of the roster, their manager's is; until that is known, which of the
    /// names of managers it says.
    boss: u32,
    status: Option<Status>,
    does: Option<Does>,
    manager: Manager,
    flags: u8,
}

const LEAVES_GROUPS: u8 = 1;
const RETURNS_LICENSES: u8 = 2;
const ARRIVES: u8 = 4;
const JOINS_OWN: u8 = 8;
const COMES_AGAIN: u8 = 0x40;
/// What is known of their manager.
const BOSS: u8 = 0x30;
const BOSS_NOBODY: u8 = 0x10;
const BOSS_PERSON: u8 = 0x20;
const BOSS_ROW: u8 = 0x30;

/// The rows of a file below its titles.
pub(super) struct Rows {
    sheet: Arc<Sheet>,
    briefs: Vec<Brief>,
    /// Whom of the roster rows mean, and where they stood.
    known: Vec<(UserId, Status)>,
    /// Who of the roster is to be somebody's manager.
    managers: Vec<UserId>,
    /// Rows whose managers can be nobody's from now on.
    unfit: BTreeMap<usize, Unfit>,
    /// The group of whoever runs only one, which rows need not name.
    own: Option<GroupId>,
    said: Pages,
    /// With which row each page begins, and which one it is.
    begins: Vec<(u32, u32)>,
    /// Whether whom every row means has been found: names that stand beside addresses are taken since.
    pub(super) are_found: bool,
}

/// Names that may stand in more than one row, by a hash of each: some stand in one all the same.
pub(super) struct Doubtful {
    names: RandomState,
    hashes: Vec<u32>,
}

/// Rows that are read one after the other, by a thread of several.
pub(super) struct Part<'p> {
    briefs: Vec<Brief>,
    /// Hashes of the names in them, of each row's different ones.
    names: Vec<u32>,
    hash: RandomState,
    said: &'p Mutex<Pages>,
    begins: Vec<(u32, u32)>,
    /// Where rows end in the page that is filled, and the page.
    ends: Vec<u32>,
    page: Vec<u8>,
    begun: u32,
}

/// What a thread has read.
pub(super) struct Read {
    briefs: Vec<Brief>,
    names: Vec<u32>,
    begins: Vec<(u32, u32)>,
}

/// As what is read or written: there are no more rows than this.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn long(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl<'p> Part<'p> {
    /// No row yet, with room for so many.
    pub(super) fn new(said: &'p Mutex<Pages>, hash: RandomState, room: usize) -> Self {
        Self {
            briefs: Vec::with_capacity(room),
            names: Vec::with_capacity(room),
            hash,
            said,
            begins: Vec::new(),
            ends: Vec::new(),
            page: Vec::with_capacity(PAGE),
            begun: 0,
        }
    }

    /// Puts a row behind the others.
    pub(super) fn push(&mut self, wanted: &Wanted) -> Result<()> {
        let hash = |field| Some(self.hash.hash_one(key_of_name(wanted.get(field)?)) as u32);
        let (email, user_name) = (hash(Field::Email), hash(Field::UserName));
        self.names.extend(email);
        self.names.extend(user_name.filter(|it| Some(*it) != email));
        let mut brief = Brief {
            place: wanted.place,
            ..Brief::default()
        };
        brief.decide(wanted);
        self.briefs.push(brief);
        seldom::put(&mut self.page, wanted.set.as_bytes());
        if let Some(seldom) = &wanted.seldom {
            seldom::write(seldom, &mut self.page);
        }
        self.ends.push(short(self.page.len()));
        match self.page.len() >= PAGE {
            true => self.turn(),
            false => Ok(()),
        }
    }

    /// Ends the page that is filled: how many rows it has, where each ends, and the rows.
    fn turn(&mut self) -> Result<()> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let mut page = Vec::with_capacity(4 + 4 * self.ends.len() + self.page.len());
        page.extend(short(self.ends.len()).to_le_bytes());
        for end in &self.ends {
            page.extend(end.to_le_bytes());
        }
        page.extend(&self.page);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let number = said.put(&page)?;
        self.begins.push((self.begun, short(number)));
        self.begun = short(self.briefs.len());
        self.ends.clear();
        self.page.clear();
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Read> {
        self.turn()?;
        Ok(Read {
            briefs: self.briefs,
            names: self.names,
            begins: self.begins,
        })
    }
}

impl Brief {
    /// Takes over what stands in it of a row, but whom it means and is to report to.
    fn decide(&mut self, wanted: &Wanted) {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        self.status = wanted.status;
        self.does = wanted.does;
        self.manager = wanted.manager;
        self.flags = (self.flags & BOSS)
            | flag(wanted.leaves_groups, LEAVES_GROUPS)
            | flag(wanted.returns_licenses, RETURNS_LICENSES)
            | flag(wanted.arrives, ARRIVES)
            | flag(wanted.joins_own, JOINS_OWN)
            | flag(wanted.comes_again, COMES_AGAIN);
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl Rows {
    /// The rows of a sheet as its parts were read, in their order, and which names may stand in more than one.
    pub(super) fn of(
        sheet: Arc<Sheet>,
        said: Pages,
        names: RandomState,
        parts: Vec<Read>,
    ) -> (Self, Doubtful) {
        let mut rows = Self {
            sheet,
            briefs: Vec::new(),
            known: Vec::new(),
            managers: Vec::new(),
            unfit: BTreeMap::new(),
            own: None,
            said,
            begins: Vec::new(),
            are_found: false,
        };
        let mut hashes = Vec::new();
        let n_rows: usize = parts.iter().map(|it| it.briefs.len()).sum();
        let n_names: usize = parts.iter().map(|it| it.names.len()).sum();
        for part in parts {
            let before = short(rows.briefs.len());
            let begins = part.begins.into_iter();
            rows.begins
                .extend(begins.map(|(row, page)| (before + row, page)));
            match rows.briefs.is_empty() {
                true => (rows.briefs, hashes) = (part.briefs, part.names),
                false => {
                    rows.briefs.extend_from_slice(&part.briefs);
                    hashes.extend_from_slice(&part.names);
                }
            }
            rows.briefs.reserve_exact(n_rows - rows.briefs.len());
            hashes.reserve_exact(n_names - hashes.len());
        }
        (rows, Doubtful::of(names, hashes))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.briefs.len()
    }

    /// Says which group whoever runs only one need not name.
    pub(super) fn join_own(&mut self, group: Option<GroupId>) {
        self.own = group;
    }

    /// What is decided about the row at a place, without what it says.
    pub(super) fn get(&self, place: usize) -> Option<Wanted> {
        let brief = self.briefs.get(place)?;
        let known = brief.known.checked_sub(1);
        let boss = match brief.flags & BOSS {
            BOSS_NOBODY => Some(None),
            BOSS_PERSON => Some(Some(Boss::Person(*self.managers.get(long(brief.boss))?))),
            BOSS_ROW => Some(Some(Boss::Row(long(brief.boss)))),
            _ => None,
        };
        let unfit = match self.unfit.is_empty() {
            true => None,
            false => self.unfit.get(&place).copied(),
        };
        Some(Wanted {
            row: self.sheet.number(long(brief.place))?,
            place: brief.place,
            set: Packed::default(),
            manager: brief.manager,
            leaves_groups: brief.is(LEAVES_GROUPS),
            returns_licenses: brief.is(RETURNS_LICENSES),
            joins_own: brief.is(JOINS_OWN),
            status: brief.status,
            seldom: None,
            known: known.and_then(|it| self.known.get(long(it)).copied()),
            arrives: brief.is(ARRIVES),
            comes_again: brief.is(COMES_AGAIN),
            boss,
            unfit,
            does: brief.does,
        })
    }

    /// What is decided about every row, without what they say.
    pub(super) fn iter(&self) -> impl Iterator<Item = Wanted> {
        (0..self.len()).filter_map(|it| self.get(it))
    }

    /// The same of those that mean somebody of the roster, each with its place.
    pub(super) fn of_known(&self) -> impl Iterator<Item = (usize, Wanted)> {
        let known = self.briefs.iter().enumerate().filter(|it| it.1.known != 0);
        known.filter_map(|(place, _)| Some((place, self.get(place)?)))
    }

    /// Whom of the roster the row at a place means.
    pub(super) fn whom(&self, place: usize) -> Option<UserId> {
        let known = self.briefs.get(place)?.known.checked_sub(1)?;
        self.known.get(long(known)).map(|it| it.0)
    }

    /// Keeps what is decided about the row at a place. What it says stays.
    pub(super) fn put(&mut self, place: usize, wanted: &Wanted) {
        let Some(brief) = self.briefs.get_mut(place) else {
            return;
        };
        brief.decide(wanted);
        brief.known = match wanted.known {
            None => 0,
            Some(known) => {
                let there = brief.known.checked_sub(1);
                match there.and_then(|it| self.known.get_mut(long(it))) {
                    Some(there) => {
                        *there = known;
                        brief.known
                    }
                    None => {
                        self.known.push(known);
                        short(self.known.len())
                    }
                }
            }
        };
        let (flag, boss) = match wanted.boss {
            None => (0, brief.boss),
            Some(None) => (BOSS_NOBODY, 0),
            Some(Some(Boss::Row(above))) => (BOSS_ROW, short(above)),
            Some(Some(Boss::Person(id))) => {
                let is_there = brief.flags & BOSS == BOSS_PERSON
                    && self.managers.get(long(brief.boss)) == Some(&id);
                let known = match is_there {
                    true => brief.boss,
                    // The same one often stands row below row.
                    false if self.managers.last() == Some(&id) => short(self.managers.len() - 1),
                    false => {
                        self.managers.push(id);
                        short(self.managers.len() - 1)
                    }
                };
                (BOSS_PERSON, known)
            }
        };
        brief.boss = boss;
        brief.flags = brief.flags & !BOSS | flag;
        match wanted.unfit {
            Some(unfit) => drop(self.unfit.insert(place, unfit)),
            None if !self.unfit.is_empty() => drop(self.unfit.remove(&place)),
            None => {}
        }
    }

    /// Notes which of the names of managers the row at a place says.
    pub(super) fn name_manager(&mut self, place: usize, name: u32) {
        if let Some(brief) = self.briefs.get_mut(place) {
            brief.boss = name;
        }
    }

    /// Which of the names of managers the row at a place says, as long as it is not known who that is.
    pub(super) fn named_manager(&self, place: usize) -> Option<usize> {
        self.briefs.get(place).map(|it| long(it.boss))
    }

    /// The row at a place, with what it says.
    pub(super) fn open(&self, place: usize) -> Result<Option<Wanted>> {
        let Some(begins) = self.page_of(place) else {
            return Ok(None);
        };
        self.whole(place, begins.0, &self.said.get(begins.1)?)
    }

    /// Some rows one after the other, with what they say.
    pub(super) fn chunk(&self, places: Range<usize>) -> Result<Vec<Wanted>> {
        let mut rows = Vec::with_capacity(places.len());
        let mut at: Option<((usize, usize), Page<'_>)> = None;
        for place in places.start..places.end.min(self.len()) {
            let Some(begins) = self.page_of(place) else {
                break;
            };
            let page = match &mut at {
                Some((here, page)) if *here == begins => page,
                other => &mut other.insert((begins, self.said.get(begins.1)?)).1,
            };
            rows.extend(self.whole(place, begins.0, page)?);
        }
        Ok(rows)
    }

    /// With which row the page begins in which one stands, and its number.
    fn page_of(&self, place: usize) -> Option<(usize, usize)> {
        let after = self.begins.partition_point(|it| long(it.0) <= place);
        let (row, page) = self.begins.get(after.checked_sub(1)?)?;
        Some((long(*row), long(*page)))
    }

    fn whole(&self, place: usize, first: usize, page: &[u8]) -> Result<Option<Wanted>> {
        let Some(mut wanted) = self.get(place) else {
            return Ok(None);
        };
        let Some((set, seldom)) = said(page, place - first) else {
            return Err(Error::Broken(
                "what a row says is not what was put aside of it".to_owned(),
            ));
        };
        wanted.set = set;
        wanted.seldom = seldom.map(Box::new);
        if let (true, Some(own)) = (wanted.joins_own, self.own) {
            wanted.seldom_mut().groups.push((own, None));
        }
        if self.are_found && wanted.known.is_none() {
            wanted.take_name_beside();
        }
        Ok(Some(wanted))
    }
}

/// What the row at a place of a page says.
fn said(page: &[u8], at: usize) -> Option<(Packed, Option<super::Seldom>)> {
    let number = |place: usize| {
        let bytes = page.get(4 * place..)?.first_chunk::<4>()?;
        Some(long(u32::from_le_bytes(*bytes)))
    };
    let n_rows = number(0).filter(|it| at < *it)?;
    let from = match at {
        0 => 0,
        _ => number(at)?,
    };
    let rows = page.get(4 * (n_rows + 1)..)?;
    let mut row = rows.get(from..number(at + 1)?)?;
    let set = Packed::from_bytes(seldom::piece(&mut row)?);
    let seldom = match row {
        [] => None,
        written => Some(seldom::read(written)?),
    };
    Some((set, seldom))
}

impl Doubtful {
    fn of(names: RandomState, mut hashes: Vec<u32>) -> Self {
        hashes.sort_unstable();
        let pairs = hashes.iter().zip(hashes.iter().skip(1));
        let mut twice: Vec<u32> = pairs.filter(|it| it.0 == it.1).map(|it| *it.0).collect();
        twice.dedup();
        Self {
            names,
            hashes: twice,
        }
    }

    /// Whether it may stand in more than one row.
    pub(super) fn may_be_twice(&self, name: &str) -> bool {
        let hash = self.names.hash_one(name) as u32;
        self.hashes.binary_search(&hash).is_ok()
    }
}
