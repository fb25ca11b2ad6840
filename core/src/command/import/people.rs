//! Who is meant by each row: somebody of the roster, or somebody new. People are looked up for some thousand rows at once, and
//! what a row says is forgotten with them.

use std::collections::{HashMap, HashSet};

use super::delegated::{only_seen, unseen};
use super::reading::{quoted, said};
use super::rows::{Doubtful, Rows};
use super::{Desk, Manager, Wanted, comes_back};
use crate::by_name::ByName;
use crate::error::Result;
use crate::import::{Column, Does, Mode, near, title_of_field};
use crate::model::{Date, Field, Language, RequiredItem, Status, UserId, key_of_name};
use crate::planner::Planner;
use crate::store::Known;

/// For how many rows somebody of nearly the same name is looked for among everybody.
const LOOKED_FOR: usize = 50;

/// How many rows are looked up at once.
const ROWS_AT_ONCE: usize = 5_000;

/// Everybody whom some rows name.
struct Roster {
    by_id: HashMap<String, Known>,
    by_email: HashMap<String, Known>,
    by_user_name: HashMap<String, Known>,
    /// Whom of them the actor does not see.
    unseen: HashSet<UserId>,
}

/// In which rows names and people stand first; of names only those that may stand in several.
struct Seen<'n> {
    doubtful: &'n Doubtful,
    emails: ByName<u32>,
    user_names: ByName<u32>,
    people: ByName<u32>,
    /// At which places stands who goes by a name, and whether it is a user name of their own.
    going_by: ByName<(u32, bool)>,
    /// At which places user names stand that are what somebody at another place goes by: their address.
    taken: Vec<(u32, u32)>,
}

/// What looks as if it were mistyped, until all rows are looked at.
#[derive(Default)]
struct Typed {
    /// At which places odd addresses stand, and what is odd about each.
    odd: Vec<(usize, String)>,
    /// At which places addresses stand at a domain that is nearly another, and what was meant.
    slips: Vec<(usize, String, String)>,
    /// The first rows that name nobody, and their addresses.
    lost: Vec<(u32, String)>,
}

/// The keys of the names that a row says.
struct Keys {
    email: Option<String>,
    user_name: Option<String>,
}

impl Keys {
    fn of(wanted: &Wanted) -> Self {
        let key = |field| wanted.get(field).map(key_of_name);
        Self {
            email: key(Field::Email),
            user_name: key(Field::UserName),
        }
    }
}

impl Roster {
    fn look_up(planner: &Planner<'_>, rows: &[Wanted]) -> Result<Self> {
        let ids: Vec<String> = rows
            .iter()
            .filter_map(|it| it.seldom().id.map(|it| it.to_string()))
            .collect();
        let mut names: Vec<String> = rows
            .iter()
            .flat_map(|it| [it.get(Field::Email), it.get(Field::UserName)])
            .flatten()
            .map(key_of_name)
            .collect();
        names.sort_unstable();
        names.dedup();
        let snapshot = planner.snapshot;
        let mut all = Self {
            by_id: snapshot.known_by_id(&ids)?,
            by_email: snapshot.known_by_email(&names)?,
            by_user_name: snapshot.known_by_user_name(&names)?,
            unseen: HashSet::new(),
        };
        let named = all.by_email.values().chain(all.by_user_name.values());
        all.unseen = unseen(planner, named)?;
        all.by_id = only_seen(planner, all.by_id)?;
        Ok(all)
    }

    /// Whether whom a row means has a user name that the row leaves.
    fn keeps_user_name(&self, wanted: &Wanted, keys: &Keys) -> bool {
        let is_cleared =
            |(field, value): (Field, Option<&str>)| field == Field::UserName && value.is_none();
        let known = match wanted.seldom().id {
            Some(id) => self.by_id.get(&id.to_string()),
            None => keys.email.as_ref().and_then(|it| self.by_email.get(it)),
        };
        known.is_some_and(|it| it.has_user_name) && !wanted.set.iter().any(is_cleared)
    }

    /// Whoever goes by a name: it is their user name, or their address and they have none.
    fn goes_by(&self, key: &str) -> Option<Known> {
        let named = self.by_user_name.get(key).copied();
        named.or_else(|| {
            self.by_email
                .get(key)
                .copied()
                .filter(|it| !it.has_user_name)
        })
    }
}

/// Why an invitation is not mailed on a day: they are gone by then.
pub(super) fn not_before(send_on: Option<Date>, field: Field, day: Option<Date>) -> Option<String> {
    let (send_on, day) = (send_on?, day?);
    let gone = match field {
        Field::DeleteOn => "deleted",
        _ => "deactivated",
    };
    (send_on >= day).then(|| {
        format!("{send_on} is not before {day}, when the person is to be {gone}: choose an earlier day, or a later one there")
    })
}

impl<'n> Seen<'n> {
    /// Nobody yet.
    fn new(doubtful: &'n Doubtful) -> Self {
        Self {
            doubtful,
            emails: ByName::default(),
            user_names: ByName::default(),
            people: ByName::default(),
            going_by: ByName::default(),
            taken: Vec::new(),
        }
    }

    /// Notes by which name somebody goes from this file on: their user name, else their address.
    fn go_by(&mut self, place: u32, wanted: &Wanted, keys: &Keys, roster: &Roster) {
        let named = keys.user_name.as_deref();
        let Some(key) = named.or_else(|| {
            let email = keys.email.as_deref()?;
            (!roster.keeps_user_name(wanted, keys)).then_some(email)
        }) else {
            return;
        };
        if !self.doubtful.may_be_twice(key) {
            return;
        }
        let is_named = named.is_some();
        let Some((other, other_is_named)) = self.going_by.insert_first(key, (place, is_named))
        else {
            return;
        };
        match (is_named, *other_is_named) {
            (true, false) => self.taken.push((place, *other)),
            (false, true) => self.taken.push((*other, place)),
            // What is there twice is told as such.
            (true, true) | (false, false) => {}
        }
    }
}

impl Desk<'_> {
    /// Finds whom every row means, and decides who is new.
    pub(super) fn find_people(
        &mut self,
        planner: &mut Planner<'_>,
        rows: &mut Rows,
        doubtful: &Doubtful,
    ) -> Result<()> {
        let mut seen = Seen::new(doubtful);
        let mut typed = Typed::default();
        // Whoever sees a part of the people is told nothing of the others' domains.
        let domains = match planner.reaches_everybody() && !self.import.as_typed {
            true => planner.snapshot.domains()?,
            false => Vec::new(),
        };
        let mut addresses = near::Addresses::at(domains);
        self.know_own_group(planner, rows);
        for first in (0..rows.len()).step_by(ROWS_AT_ONCE) {
            let mut some = rows.chunk(first..first + ROWS_AT_ONCE)?;
            self.keep_to_groups(planner, &mut some)?;
            self.find_some(planner, first, &mut some, &mut seen)?;
            for (place, wanted) in (first..).zip(&some) {
                self.look_at_typing(place, wanted, &mut addresses, &mut typed);
                rows.put(place, wanted);
            }
        }
        rows.are_found = true;
        self.refuse_addresses_as_user_names(rows, &seen.taken);
        if !self.import.as_typed {
            self.refuse_slips(planner, rows, typed.odd, typed.slips)?;
        }
        self.suggest(planner, &typed.lost)
    }

    /// Finds whom some rows mean that stand one after the other, the first of them at that place.
    fn find_some(
        &mut self,
        planner: &mut Planner<'_>,
        first: usize,
        rows: &mut [Wanted],
        seen: &mut Seen<'_>,
    ) -> Result<()> {
        let roster = Roster::look_up(planner, rows)?;
        for (place, wanted) in (first..).zip(rows) {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let keys = Keys::of(wanted);
            let certain = self.find(wanted, &keys, &roster);
            if wanted.known.is_some_and(|it| roster.unseen.contains(&it.0)) {
                self.leave_unseen(planner, wanted);
                continue;
            }
            self.refuse_twice(wanted, &keys, seen);
            seen.go_by(place, wanted, &keys, &roster);
            if certain {
                self.decide(wanted);
                if let (Some(Does::Nothing), Some((_, status))) = (wanted.does, wanted.known) {
                    self.stays(planner, wanted, status);
                }
            }
            if wanted.known.is_none() {
                wanted.take_name_beside();
            }
            // Of whoever cannot be told yet everything else is told all the same, so that one round of mending is enough.
            let unknown = !certain && wanted.known.is_none() && self.import.mode != Mode::Update;
            if wanted.arrives || unknown {
                self.require(wanted, certain);
                self.look_at_values(wanted);
            }
            if wanted.arrives {
                self.refuse_other_names(wanted, &keys, &roster);
            }
        }
        Ok(())
    }

    /// Notes what looks as if it were mistyped.
    fn look_at_typing(
        &self,
        place: usize,
        wanted: &Wanted,
        addresses: &mut near::Addresses,
        typed: &mut Typed,
    ) {
        let Some(email) = wanted.get(Field::Email) else {
            return;
        };
        if wanted.known.is_some() {
            return;
        }
        // Where an id is nobody's, the address says nothing of whom it was meant to be.
        if self.import.mode == Mode::Update
            && wanted.seldom().id.is_none()
            && typed.lost.len() < LOOKED_FOR
        {
            typed.lost.push((wanted.row, email.to_owned()));
        }
        if !wanted.arrives || self.import.as_typed {
            return;
        }
        match addresses.doubt(email) {
            Some(near::Doubt::Odd(why)) => {
                let odd = format!("{}: {why}", quoted(email));
                typed.odd.push((place, odd));
            }
            Some(near::Doubt::Meant(meant)) => typed.slips.push((place, email.to_owned(), meant)),
            None => {}
        }
    }

    /// Finds the one person whom the row's id, address and user name mean. Returns whether it is certain whom, or that it is
    /// somebody new.
    fn find(&mut self, wanted: &mut Wanted, keys: &Keys, roster: &Roster) -> bool {
        if let Some(id) = wanted.seldom().id {
            match roster.by_id.get(&id.to_string()) {
                Some(known) => wanted.known = Some((known.id, known.status)),
                None => self.fault(
                    wanted,
                    Some(Column::Id),
                    "is nobody's: leave it empty, or copy it from an export",
                ),
            }
            return wanted.known.is_some();
        }
        let Keys { email, user_name } = keys;
        let by_email = email
            .as_ref()
            .and_then(|it| roster.by_email.get(it))
            .copied();
        let by_name = user_name.as_ref().and_then(|it| roster.goes_by(it));
        wanted.known = match (by_email, by_name) {
            (Some(one), Some(other)) if one.id != other.id => {
                let why = "is the user name of somebody else than the one who has this address";
                self.fault(wanted, Some(Column::Field(Field::UserName)), why);
                return false;
            }
            // Without an address of its own, or with that one's, it is who has the user name.
            (found, other) => {
                let other = other.filter(|_| email.is_none());
                found.or(other).map(|it| (it.id, it.status))
            }
        };
        let named = email.is_some() || user_name.is_some();
        if !named && !wanted.is_wrong() {
            let column = self.columns.place(Column::Field(Field::Email));
            let why = "says nobody: give an email address";
            let column = column.map(|_| Column::Field(Field::Email));
            self.fault(wanted, column, why);
        }
        named
    }

    fn refuse_twice(&mut self, wanted: &mut Wanted, keys: &Keys, seen: &mut Seen<'_>) {
        let known = wanted.known.map(|it| it.0.to_string());
        let named = [
            (Column::Field(Field::Email), keys.email.as_deref()),
            (Column::Field(Field::UserName), keys.user_name.as_deref()),
            (Column::Id, known.as_deref()),
        ];
        let Seen {
            doubtful,
            emails,
            user_names,
            people,
            ..
        } = seen;
        for ((column, key), seen) in named.into_iter().zip([emails, user_names, people]) {
            let Some(key) = key else { continue };
            if column != Column::Id && !doubtful.may_be_twice(key) {
                continue;
            }
            let Some(row) = seen.insert_first(key, wanted.row) else {
                continue;
            };
            let why = match column {
                // The cell by which they are known is another where the row has no id.
                Column::Id if wanted.seldom().id.is_none() => format!(
                    "is the person of row {row}, who is named there by their id or another name: leave one of them out"
                ),
                _ => format!("is in row {row} already: leave one of them out"),
            };
            let named = match (column, wanted.get(Field::Email)) {
                (Column::Id, _) if wanted.seldom().id.is_some() => Column::Id,
                (Column::Id, Some(_)) => Column::Field(Field::Email),
                (Column::Id, None) => Column::Field(Field::UserName),
                (other, _) => other,
            };
            let named = self.columns.place(named).map(|_| named);
            return self.fault(wanted, named, why);
        }
    }

    /// Two people of the file would answer to one name: one's user name is what the other goes by.
    fn refuse_addresses_as_user_names(&mut self, rows: &mut Rows, taken: &[(u32, u32)]) {
        for (place, other) in taken {
            let (Ok(place), Ok(other)) = (usize::try_from(*place), usize::try_from(*other)) else {
                continue;
            };
            let Some(row) = rows.get(other).map(|it| it.row) else {
                continue;
            };
            // Whoever is left as they are gets no user name; and one fault is enough for a cell.
            let user_name = Column::Field(Field::UserName);
            let is_open =
                |it: &Wanted| it.does != Some(Does::Nothing) && !self.is_told(it.row, user_name);
            if rows.get(place).is_some_and(|it| is_open(&it)) {
                let why = format!(
                    "is the address of row {row}, who signs in with it: choose another, or leave it empty"
                );
                self.fault_at(rows, place, Some(user_name), why);
            }
        }
    }

    /// Decides by the mode what is done about somebody.
    fn decide(&mut self, wanted: &mut Wanted) {
        let mode = self.import.mode;
        match wanted.known {
            None if mode == Mode::Update => {
                // Who was meant is looked for when everybody is known who is not there.
                let column = if wanted.get(Field::Email).is_some() {
                    Column::Field(Field::Email)
                } else {
                    Column::Field(Field::UserName)
                };
                self.fault(wanted, Some(column), "is nobody's on the roster");
            }
            None => wanted.arrives = true,
            Some((_, Status::Erased)) => self.fault(wanted, Some(Column::Id), "is erased"),
            Some((_, status)) => {
                let wish = wanted.status;
                // Another status than one in which people are there is a change of the record as it is.
                let wants_in = match wish {
                    None | Some(Status::Waiting) => true,
                    Some(Status::Active) => status == Status::Deleted,
                    Some(_) => false,
                };
                let back = comes_back(mode, status) && wants_in;
                // By its status somebody comes back in the other modes too.
                let by_status = matches!(
                    (status, wish),
                    (Status::Deleted, Some(Status::Active | Status::Waiting))
                        | (Status::Cancelled, Some(Status::Waiting))
                ) && !matches!(mode, Mode::Invite | Mode::Create);
                if back || by_status {
                    wanted.arrives = true;
                } else if matches!(mode, Mode::Invite | Mode::Create) {
                    self.leave(wanted);
                } else {
                    wanted.comes_again =
                        status == Status::Inactive && wish.is_some_and(Status::is_seated_or_coming);
                }
            }
        }
        if wanted.arrives {
            if wanted.seldom().send_on.is_some() && self.becomes(wanted) == Status::Active {
                let why = "is for invitations, and this account is active at once: leave it empty";
                self.fault(wanted, Some(Column::SendOn), why);
            }
            let fits = wanted
                .status
                .is_none_or(|it| matches!(it, Status::Waiting | Status::Active));
            if !fits {
                let why = "nobody of that address is on the roster: leave the status empty, or say waiting or active";
                self.fault(wanted, Some(Column::Status), why);
            }
        }
    }

    /// What whoever comes by a row is to be.
    pub(super) fn becomes(&self, wanted: &Wanted) -> Status {
        match (wanted.status, self.import.mode) {
            (Some(Status::Active), _) | (None, Mode::Create) => Status::Active,
            _ => Status::Waiting,
        }
    }

    /// Says that somebody is not brought in by this mode, as inviting and creating one by one does.
    pub(super) fn stays(&self, planner: &mut Planner<'_>, wanted: &Wanted, status: Status) {
        // A row that says where they stand knows it.
        if wanted.status == Some(status) {
            return;
        }
        let why = match (status, self.import.mode) {
            (Status::Inactive, _) => "inactive: reactivate instead".to_owned(),
            (Status::Cancelled, Mode::Create) => "cancelled: resend or invite instead".to_owned(),
            (other, _) => format!("already {other}"),
        };
        let who = super::who(&self.import.sheet, &self.columns, wanted.place);
        planner.skip_name(&who, why);
    }

    /// What must be known of whoever comes, where nothing is known of them yet.
    fn require(&mut self, wanted: &mut Wanted, certain: bool) {
        if wanted.known.is_some() {
            return;
        }
        // That nobody is named is told already.
        let email = RequiredItem::Field(Field::Email);
        let required = self.required.clone().into_iter();
        for item in required.filter(|it| certain || *it != email) {
            let (has, column) = match item {
                RequiredItem::Field(field) => (wanted.get(field).is_some(), Column::Field(field)),
                RequiredItem::Manager => (wanted.manager == Manager::Named, Column::Manager),
                RequiredItem::Group => (!wanted.seldom().groups.is_empty(), Column::Groups),
            };
            self.lacks(wanted, has, column);
        }
        let required: Vec<_> = self
            .fields
            .iter()
            .filter(|it| it.terms.required)
            .map(|it| it.id)
            .collect();
        for id in required {
            let has = wanted
                .seldom()
                .fields
                .iter()
                .any(|it| it.0 == id && it.1.is_some());
            self.lacks(wanted, has, Column::Custom(id));
        }
    }

    fn lacks(&mut self, wanted: &mut Wanted, has: bool, column: Column) {
        // A value that cannot be read is told already.
        if has || self.is_told(wanted.row, column) {
            return;
        }
        let place = self.columns.place(column);
        let name = self.called(column);
        let why = match place.filter(|it| !self.columns.is_lacking(*it)) {
            Some(_) => format!("is missing: {name} is required"),
            None => format!("{name} is required, and the file has no such column: add it"),
        };
        if place.is_none() {
            let title = match column {
                Column::Custom(_) => title_of_field(&name),
                known => known.title().unwrap_or_default().to_owned(),
            };
            self.columns.add_lacking(&self.import.sheet, column, title);
        }
        self.fault(wanted, Some(column), why);
    }

    /// Whether something is wrong in that cell already.
    pub(super) fn is_told(&self, row: u32, column: Column) -> bool {
        let place = self.columns.place(column);
        let told = self.faults.get(&row);
        told.is_some_and(|it| it.iter().any(|it| it.column == place && place.is_some()))
    }

    /// A day that has begun would take whoever comes off again; and nobody can be written to in a language that is none.
    fn look_at_values(&mut self, wanted: &mut Wanted) {
        let language = wanted.get(Field::Language).map(Language::check);
        if let Some(Err(error)) = language {
            self.fault(wanted, Some(Column::Field(Field::Language)), said(error));
        }
        for field in [Field::DeactivateOn, Field::DeleteOn] {
            let day: Option<Date> = wanted.get(field).and_then(|it| it.parse().ok());
            if let Some(why) =
                not_before(wanted.seldom().send_on.or(self.import.send_on), field, day)
            {
                self.fault(wanted, Some(Column::SendOn), why);
            }
            if let Some(day) = day
                && day <= self.begun
            {
                let why = format!("{day} has begun already; choose a later one");
                self.fault(wanted, Some(Column::Field(field)), why);
            }
        }
    }

    /// Names that somebody else goes by.
    fn refuse_other_names(&mut self, wanted: &mut Wanted, keys: &Keys, roster: &Roster) {
        let me = wanted.known.map(|it| it.0);
        let (field, key) = match &keys.user_name {
            Some(key) => (Field::UserName, Some(key)),
            None => (Field::Email, keys.email.as_ref()),
        };
        let other = key.and_then(|it| roster.goes_by(it));
        if let Some(other) = other
            && me != Some(other.id)
        {
            let why = match field {
                _ if roster.unseen.contains(&other.id) => "is somebody else's already".to_owned(),
                Field::UserName if !other.has_user_name => {
                    format!(
                        "is the address of somebody who signs in with it and is {}",
                        other.status
                    )
                }
                Field::UserName => format!("is the user name of somebody who is {}", other.status),
                _ if other.has_user_name => "is the user name of somebody else".to_owned(),
                _ => format!("is the address of somebody who is {}", other.status),
            };
            self.fault(wanted, Some(Column::Field(field)), why);
        }
    }

    /// Addresses that are probably mistyped: at a domain that is nearly one that is known.
    fn refuse_slips(
        &mut self,
        planner: &Planner<'_>,
        rows: &mut Rows,
        odd: Vec<(usize, String)>,
        slips: Vec<(usize, String, String)>,
    ) -> Result<()> {
        let column = Some(Column::Field(Field::Email));
        for (place, why) in odd {
            let why = format!("{why}; if it is right, import with --as-typed");
            self.fault_at(rows, place, column, why);
        }
        let keys: Vec<String> = slips.iter().map(|it| key_of_name(&it.2)).collect();
        let there = only_seen(planner, planner.snapshot.known_by_email(&keys)?)?;
        for (place, typed, meant) in slips {
            let why = match there.get(&key_of_name(&meant)) {
                Some(known) => {
                    format!(
                        "{typed}: did you mean {meant}, who exists and is {}?",
                        known.status
                    )
                }
                None => format!("{typed}: did you mean {meant}? If not, import with --as-typed"),
            };
            self.fault_at(rows, place, column, why);
        }
        Ok(())
    }

    /// Whom of the roster rows mean that name nobody: at a domain nearly the same, or by a slip in the name.
    fn suggest(&mut self, planner: &Planner<'_>, lost: &[(u32, String)]) -> Result<()> {
        if lost.is_empty() {
            return Ok(());
        }
        let domains = planner.snapshot.domains()?;
        for (row, email) in lost {
            let Some((local, domain)) = email.rsplit_once('@') else {
                continue;
            };
            let domain = domain.to_ascii_lowercase();
            let mut keys = Vec::new();
            let known = domains.iter().map(String::as_str);
            if let Some(meant) = near::domain_meant(&domain, known) {
                keys.push(key_of_name(&format!("{local}@{meant}")));
            }
            let slips = near::neighbours(&local.to_ascii_lowercase());
            keys.extend(slips.into_iter().map(|it| format!("{it}@{domain}")));
            let found = planner.snapshot.known_by_email(&keys)?;
            let Some(meant) = keys.iter().find(|it| found.contains_key(*it)) else {
                continue;
            };
            if let Some(fault) = self
                .faults
                .get_mut(row)
                .and_then(|it| it.iter_mut().find(|it| it.why.starts_with("is nobody's")))
            {
                let typed = quoted(email);
                fault.why = format!("{typed} is nobody's on the roster: did you mean {meant}?");
            }
        }
        Ok(())
    }
}
