//! Understanding the cells of every row, without looking at who is on the roster.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::addressed::{inner_address, one_address, several_addresses};
use super::rows::{Doubtful, Part, Read, Rows};
use super::{Desk, Manager, Wanted};
use crate::error::{Error, Result};
use crate::import::meaning::Meaning;
use crate::import::{Column, Does, EXAMPLE, Row, Sheet, day, near};
use crate::model::{
    CustomField, Field, FieldKind, GroupRole, Packed, Status, UserId, harmless, name_key,
};

/// Fewer rows are read by one thread.
const FEW: usize = 2_000;
/// With more threads than this it is no quicker.
const MOST_THREADS: usize = 4;

/// What is said of a word that should be a role.
const GROUP_ROLES: &str =
    "is no role in a group: use learner, coach, author, user_administrator or administrator";

impl Desk<'_> {
    /// Reads every row below the titles but the example of a template. Large files are read by several threads.
    pub(super) fn read(&mut self) -> Result<(Rows, Doubtful)> {
        let sheet = Arc::clone(&self.import.sheet);
        let said = Mutex::new(sheet.other_pages());
        let names = RandomState::new();
        let first = self.columns.head + 1;
        let below = sheet.len().saturating_sub(first);
        let threads = match below {
            0..FEW => 1,
            _ => thread::available_parallelism().map_or(1, |it| it.get().min(MOST_THREADS)),
        };
        let size = below.div_ceil(threads).max(1);
        let mut parts = (first..sheet.len())
            .step_by(size)
            .map(|it| it..(it + size).min(sheet.len()));
        let mine = parts.next().unwrap_or_default();
        let read = thread::scope(|scope| {
            let others: Vec<_> = parts
                .map(|part| {
                    let mut other = self.twin();
                    let rows = Part::new(&said, names.clone(), part.len());
                    let places = part.clone();
                    let sheet = &sheet;
                    let read = move || {
                        let read = other.part(sheet, places, rows);
                        (read, other.faults, other.columns.untitled)
                    };
                    let thread = thread::Builder::new().name("usher-reading".into());
                    (part, thread.spawn_scoped(scope, read))
                })
                .collect();
            let rows = Part::new(&said, names.clone(), mine.len());
            let mut all = vec![self.part(&sheet, mine, rows)?];
            for (part, other) in others {
                match other.map(thread::ScopedJoinHandle::join) {
                    Ok(Ok((read, faults, untitled))) => {
                        all.push(read?);
                        self.faults.extend(faults);
                        self.columns.untitled.extend(untitled);
                    }
                    Ok(Err(panic)) => std::panic::resume_unwind(panic),
                    Err(_) => {
                        let rows = Part::new(&said, names.clone(), part.len());
                        all.push(self.part(&sheet, part, rows)?);
                    }
                }
            }
            Ok::<_, Error>(all)
        })?;
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Rows::of(sheet, said, names, read))
    }

    /// Another such desk, at which nothing was found wrong yet.
    fn twin(&self) -> Self {
        Self {
            import: self.import,
            columns: self.columns.clone(),
            fields: self.fields.clone(),
            required: self.required.clone(),
            groups: self.groups.clone(),
            group_names: self.group_names.clone(),
            pools: self.pools.clone(),
            begun: self.begun,
            faults: BTreeMap::new(),
            wrong_arrivals: 0,
        }
    }

    /// Reads the rows at some places.
    fn part(&mut self, sheet: &Sheet, places: Range<usize>, mut rows: Part<'_>) -> Result<Read> {
        let holds = self.columns.holds.clone();
        let mut set = Packed::default();
        let reason = self.columns.reason();
        let has_untitled = self.columns.titles.iter().any(|it| it.trim().is_empty());
        for (place, row) in places.clone().zip(sheet.rows_at(places)) {
            let says_only_why = row
                .cells()
                .enumerate()
                .all(|(place, it)| it.is_blank() || Some(place) == reason);
            if says_only_why {
                continue;
            }
            set.clear();
            let (wanted, is_wider) = self.row(place, &row, &holds, set);
            let untitled = row.cells().enumerate().filter(|(column, cell)| {
                let title = self.columns.titles.get(*column);
                title.is_none_or(|it| it.trim().is_empty()) && !cell.is_blank()
            });
            let untitled: Vec<usize> = match has_untitled || is_wider {
                true => untitled.map(|it| it.0).collect(),
                false => Vec::new(),
            };
            self.columns.untitled.extend(untitled);
            if wanted.get(Field::Email) != Some(EXAMPLE) {
                rows.push(&wanted)?;
            } else {
                self.faults.remove(&row.number());
            }
            set = wanted.set;
        }
        rows.end()
    }

    /// What a row wants, and whether it has more cells than there are titles.
    fn row(
        &mut self,
        place: usize,
        row: &Row<'_>,
        holds: &[Option<Column>],
        set: Packed,
    ) -> (Wanted, bool) {
        let mut wanted = Wanted {
            row: row.number(),
            place: u32::try_from(place).unwrap_or(u32::MAX),
            set,
            ..Wanted::default()
        };
        let mut role = None;
        let mut groups = None;
        let mut cells = row.cells();
        for column in holds {
            let Some(cell) = cells.next() else { break };
            let Some(column) = *column else { continue };
            if cell.is_blank() {
                continue;
            }
            let said = cell.said();
            let text = said.trim();
            let text = match Meaning::of(text) {
                Meaning::Text(text) => Some(text),
                Meaning::Clear => None,
                Meaning::Failed => {
                    let why =
                        format!("holds {text}, which a formula failed with: put a value there");
                    self.fault(&mut wanted, Some(column), why);
                    continue;
                }
                Meaning::Uncomputed => {
                    let why = "holds a formula that was never computed: open the file in a spreadsheet program and save \
                        it, or put a value there";
                    self.fault(&mut wanted, Some(column), why);
                    continue;
                }
            };
            match column {
                Column::Role => role = text.map(str::to_owned),
                Column::Groups => groups = Some(text.map(str::to_owned)),
                _ => self.cell(&mut wanted, column, text),
            }
        }
        self.groups(
            &mut wanted,
            groups.as_ref().map(Option::as_deref),
            role.as_deref(),
        );
        (wanted, cells.next().is_some())
    }

    /// What a cell says; no text is that it is to be emptied.
    fn cell(&mut self, wanted: &mut Wanted, column: Column, text: Option<&str>) {
        let Some(text) = text else {
            return self.clear(wanted, column);
        };
        match column {
            Column::Id => match text.parse::<UserId>() {
                Ok(id) => wanted.seldom_mut().id = Some(id),
                Err(_) => self.fault(
                    wanted,
                    Some(column),
                    "is no id: leave it empty, or copy it from an export",
                ),
            },
            Column::Field(field) => self.field(wanted, field, text),
            Column::Custom(id) => {
                let Some(field) = self.fields.iter().find(|it| it.id == id) else {
                    return;
                };
                match custom(field, text) {
                    Ok(value) => wanted.seldom_mut().fields.push((id, value)),
                    Err(why) => self.fault(wanted, Some(column), why),
                }
            }
            Column::Manager => match several_addresses(text) {
                None => wanted.manager = Manager::Named,
                Some(why) => self.fault(wanted, Some(column), why),
            },
            Column::Licenses => self.licenses(wanted, text),
            Column::Status => match status(text) {
                Some(status) => wanted.status = Some(status),
                None => self.fault(
                    wanted,
                    Some(column),
                    format!(
                        "{} is no status: use waiting, active, inactive, cancelled or deleted",
                        quoted(text)
                    ),
                ),
            },
            Column::SendOn => match day(text) {
                Ok(Some(day)) if day <= self.begun => self.fault(
                    wanted,
                    Some(column),
                    format!("{day} has begun already: leave it empty to mail now"),
                ),
                Ok(None) => {}
                Ok(day) => wanted.seldom_mut().send_on = day,
                Err(error) => self.fault(wanted, Some(column), said(error)),
            },
            Column::Groups | Column::Role => {}
        }
    }

    fn clear(&mut self, wanted: &mut Wanted, column: Column) {
        match column {
            Column::Field(field) => wanted.set.push(field, None),
            Column::Custom(id) => wanted.seldom_mut().fields.push((id, None)),
            Column::Manager => wanted.manager = Manager::Nobody,
            Column::Licenses => wanted.returns_licenses = true,
            Column::SendOn | Column::Groups | Column::Role => {}
            Column::Id | Column::Status => {
                self.fault(
                    wanted,
                    Some(column),
                    "cannot be emptied: leave the cell empty",
                );
            }
        }
    }

    fn field(&mut self, wanted: &mut Wanted, field: Field, text: &str) {
        let column = Some(Column::Field(field));
        if field == Field::Email {
            return match one_address(text) {
                Ok((email, beside)) => {
                    wanted.set.push(field, Some(email.as_str()));
                    if beside.is_some() {
                        wanted.seldom_mut().beside = beside;
                    }
                }
                Err(why) => self.fault(wanted, column, why),
            };
        }
        let parsed = match field {
            Field::DeactivateOn | Field::DeleteOn => {
                day(text).map(|it| it.map(|it| it.to_string()))
            }
            _ => field.parse(text),
        };
        match parsed {
            Ok(Some(value)) => wanted.set.push(field, Some(&value)),
            Ok(None) => {}
            Err(error) => self.fault(wanted, column, said(error)),
        }
    }

    fn licenses(&mut self, wanted: &mut Wanted, text: &str) {
        let words = text.split(|it: char| it.is_whitespace() || ";,".contains(it));
        for word in words.filter(|it| !it.is_empty()) {
            // Exports say how it is held, which is nothing to be wanted; that it is not is, and is said otherwise.
            let (name, hold) = word
                .split_once(':')
                .map_or((word, None), |it| (it.0, Some(it.1)));
            if let Some(hold) = hold.filter(|it| !is_held(it)) {
                let why = format!(
                    "{} is not how a license is held: name the pool alone to give it; (clear) gives every add-on back",
                    quoted(hold)
                );
                self.fault(wanted, Some(Column::Licenses), why);
                continue;
            }
            let mut pools = self.pools.iter();
            let found = pools.find(|it| it.0.eq_ignore_ascii_case(name));
            match found.map(|it| (it.1, it.2)) {
                // The seat comes with the person.
                Some((_, true)) => {}
                Some((pool, false)) if !wanted.seldom().pools.contains(&pool) => {
                    wanted.seldom_mut().pools.push(pool)
                }
                Some(_) => {}
                None => {
                    let known = self.pools.iter().map(|it| it.0.as_str());
                    let why = unknown("pool", name, near::meant(name, known));
                    self.fault(wanted, Some(Column::Licenses), why);
                }
            }
        }
    }

    fn groups(&mut self, wanted: &mut Wanted, groups: Option<Option<&str>>, role: Option<&str>) {
        let known = role.map(group_role);
        if let (Some(text), Some(None)) = (role, known) {
            let why = format!("{} {GROUP_ROLES}", quoted(text));
            self.fault(wanted, Some(Column::Role), why);
        }
        let role = known.flatten();
        // Learners are what everybody is: a template's example says it, too.
        let is_special = role.is_some_and(|it| it != GroupRole::Learner);
        if is_special && !matches!(groups, Some(Some(_))) {
            let why = match self.columns.place(Column::Groups) {
                Some(_) => "is a role in no group: fill in the groups, or leave it empty",
                None => {
                    "is a role in a group, and the file has no column of groups: leave it empty"
                }
            };
            self.fault(wanted, Some(Column::Role), why);
        }
        let text = match groups {
            None => return,
            Some(None) => {
                wanted.leaves_groups = true;
                return;
            }
            Some(Some(text)) => text,
        };
        // A name may have a comma in it.
        let before_role = text
            .rsplit_once(':')
            .filter(|it| group_role(it.1).is_some());
        let whole = [Some(text), before_role.map(|it| it.0)]
            .into_iter()
            .flatten()
            .any(|it| self.groups.contains_key(&name_key(it)));
        let signs: &[char] = if whole {
            &[]
        } else if text.contains([';', '\n']) {
            &[';', '\n']
        } else {
            &[',']
        };
        for part in crate::import::parts(text, signs) {
            let part = part.as_str();
            let (name, role) = match part.rsplit_once(':') {
                Some((name, word)) if !self.groups.contains_key(&name_key(part)) => {
                    match group_role(word) {
                        Some(role) => (name.trim(), Some(role)),
                        None => (part, role),
                    }
                }
                _ => (part, role),
            };
            match self.groups.get(&name_key(name)).copied() {
                Some(group) => {
                    let there = wanted
                        .seldom_mut()
                        .groups
                        .iter_mut()
                        .find(|it| it.0 == group);
                    match there {
                        None => wanted.seldom_mut().groups.push((group, role)),
                        Some((_, said @ None)) => *said = role,
                        Some((_, said)) if role.is_none() || *said == role => {}
                        Some(_) => {
                            let shown = quoted(name);
                            let why = format!("names {shown} twice, with two roles: leave one");
                            self.fault(wanted, Some(Column::Groups), why);
                        }
                    }
                }
                None if let Some((group, word)) = name.rsplit_once(':')
                    && self.groups.contains_key(&name_key(group)) =>
                {
                    let why = format!("{} {GROUP_ROLES}", quoted(word.trim()));
                    self.fault(wanted, Some(Column::Groups), why);
                }
                None => {
                    let known = self.group_names.iter().map(String::as_str);
                    let why = unknown("group", name, near::meant(name, known));
                    self.fault(wanted, Some(Column::Groups), why);
                }
            }
        }
    }

    /// Notes that a row is left alone because something else was decided.
    pub(super) fn leave(&self, wanted: &mut Wanted) {
        if wanted.is_open() {
            wanted.does = Some(Does::Nothing);
        }
    }
}

/// Whether that is a word for how a license is held.
fn is_held(word: &str) -> bool {
    ["", "reserved", "consumed", "queued"].contains(&word.trim().to_ascii_lowercase().as_str())
}

/// The manager whom a cell names.
pub(super) fn manager(said: &str) -> &str {
    match Meaning::of(said.trim()) {
        Meaning::Text(text) => inner_address(text),
        Meaning::Clear | Meaning::Failed | Meaning::Uncomputed => "",
    }
}

fn custom(field: &CustomField, text: &str) -> Result<Option<String>, String> {
    let parsed = match field.terms.kind {
        FieldKind::Date => match day(text) {
            Ok(day) => return Ok(day.map(|it| it.to_string())),
            Err(error) => Err(error),
        },
        FieldKind::Text | FieldKind::Choice => field.parse(text),
    };
    parsed.map_err(|error| {
        let living = field.choices.iter().filter(|it| !it.terms.removed);
        let meant = near::meant(text, living.map(|it| it.terms.name.as_str()));
        match meant {
            Some(meant) => format!("has no value {}: did you mean {meant}?", quoted(text)),
            None => said(error),
        }
    })
}

/// What is wrong with a value, without saying again what it is: its column does.
pub(super) fn said(error: Error) -> String {
    match error {
        Error::Invalid { why, remedy, .. } => format!("{why}; {remedy}"),
        other => other.to_string(),
    }
}

/// `there is no group Slaes; did you mean Sales?`
pub(super) fn unknown(noun: &str, name: &str, meant: Option<&str>) -> String {
    let shown: String = harmless(name).chars().take(60).collect();
    match meant {
        Some(meant) => format!("there is no {noun} {shown}; did you mean {meant}?"),
        None => format!("there is no {noun} {shown}"),
    }
}

pub(super) fn quoted(text: &str) -> String {
    let shown: String = harmless(text).chars().take(40).collect();
    format!("{shown:?}")
}

fn plain(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.replace([' ', '-'], "_")
}

/// A status, also as other exports say it.
fn status(text: &str) -> Option<Status> {
    let word = plain(text);
    match word.as_str() {
        "invited" | "pending" => Some(Status::Waiting),
        "enabled" | "yes" | "true" => Some(Status::Active),
        "deactivated" | "disabled" | "suspended" | "no" | "false" => Some(Status::Inactive),
        "canceled" => Some(Status::Cancelled),
        word => Status::from_word(word),
    }
}

fn group_role(text: &str) -> Option<GroupRole> {
    let word = plain(text);
    match word.as_str() {
        "member" => Some(GroupRole::Learner),
        "admin" => Some(GroupRole::Administrator),
        word => GroupRole::from_word(word),
    }
}
