//! New people, and what they begin with: written many at a time, each table by itself.

use super::Applier;
use crate::change::{Change, NewUser};
use crate::error::Result;
use crate::model::{
    DueKind, Field, GroupId, GroupRole, Hold, Invitation, PoolId, QueueEntry, Status, UserId,
};
use crate::store::together::{AT_ONCE, Insert};
use crate::store::{addresses, labels};

static USERS: Insert = Insert::new(
    "INSERT INTO users (id, status, email, email_key, user_name, user_name_key, first_name, last_name, display_name, \
        functional_area, title, region, language, labels, kept, manager, connection, accepted, sort_name, search, \
        created_at, updated_at, version, deactivate_on, delete_on)",
    25,
);
static PERSON_KEYS: Insert = Insert::new("INSERT INTO person_keys (user, key)", 2);
static LICENSES: Insert = Insert::new(
    "INSERT INTO licenses (user, pool, state, stands_for_access, place, leads_to, mail, connection, send_on, chosen)",
    10,
);
static MEMBERSHIPS: Insert = Insert::new(
    "INSERT OR IGNORE INTO memberships (user, member_of, role)",
    3,
);
static INVITATIONS: Insert = Insert::ending(
    "INSERT INTO invitations (user, id, generation, state, expires_at, send_on)",
    6,
    " ON CONFLICT (user) DO UPDATE SET id = excluded.id, generation = excluded.generation, \
        state = excluded.state, expires_at = excluded.expires_at, send_on = excluded.send_on",
);

/// New people of whom nothing is written yet, and what each of them begins with.
#[derive(Default)]
pub(super) struct Newcomers<'a> {
    people: Vec<NewRow<'a>>,
    licenses: Vec<NewLicense>,
    memberships: Vec<(UserId, GroupId, GroupRole)>,
    invitations: Vec<(UserId, Invitation)>,
    /// What is written by itself when they are there.
    others: Vec<&'a Change>,
    /// Whether such a change of the last one waits: whatever follows it of theirs must come after it.
    in_order: bool,
}

/// Somebody new as their row says it.
pub(super) struct NewRow<'a> {
    pub(super) user: UserId,
    created: &'a NewUser,
    /// What the profile says, field by field.
    said: [Option<&'a str>; Field::ALL.len()],
    derived: Derived,
}

/// What is kept of somebody new beside what is said of them.
pub(in crate::store) struct Derived {
    key: [u8; 32],
    email_key: Option<String>,
    user_name_key: Option<String>,
    sort_name: String,
    search: String,
}

impl Derived {
    /// Worked out, with the key under which they are recorded.
    pub(in crate::store) fn of(created: &NewUser, key: [u8; 32]) -> Self {
        let profile = created.profile.profile();
        Self {
            key,
            email_key: profile.email_key(),
            user_name_key: profile.user_name_key(),
            sort_name: profile.sort_name(),
            search: profile.search_text(),
        }
    }
}

impl<'a> NewRow<'a> {
    pub(super) fn of(user: UserId, created: &'a NewUser, derived: Derived) -> Self {
        let mut said = [None; Field::ALL.len()];
        for (field, value) in created.profile.iter() {
            if let Some(place) = said.get_mut(field as usize) {
                *place = value;
            }
        }
        Self {
            user,
            created,
            said,
            derived,
        }
    }

    fn get(&self, field: Field) -> Option<&'a str> {
        self.said.get(field as usize).copied().flatten()
    }
}

/// A license of somebody who had none.
pub(super) struct NewLicense {
    pub(super) user: UserId,
    pub(super) pool: PoolId,
    pub(super) hold: Hold,
    pub(super) stands_for_access: bool,
}

impl NewLicense {
    /// Where it stands in the queue, if it does.
    pub(super) fn entry(&self) -> Option<QueueEntry> {
        match self.hold {
            Hold::Queued(entry) => Some(entry),
            _ => None,
        }
    }
}

impl<'a> Newcomers<'a> {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Whether as many wait as are written at a time.
    pub(super) fn is_full(&self) -> bool {
        self.people.len() >= AT_ONCE
    }

    /// Whether a change is about whoever came last.
    pub(super) fn is_of_last(&self, change: &Change) -> bool {
        let last = self.people.last().map(|it| it.user);
        last.is_some() && change.user() == last
    }

    /// Takes somebody in.
    pub(super) fn add(&mut self, row: NewRow<'a>) {
        self.people.push(row);
        self.in_order = false;
    }

    /// Takes in a change of whoever came last.
    pub(super) fn follow(&mut self, change: &'a Change) {
        if self.in_order {
            return self.others.push(change);
        }
        match change {
            Change::License {
                user,
                pool,
                before: Hold::None,
                after,
                stands_for_access,
            } if *after != Hold::None => self.licenses.push(NewLicense {
                user: *user,
                pool: *pool,
                hold: *after,
                stands_for_access: *stands_for_access,
            }),
            Change::Membership {
                user,
                group,
                before: None,
                after: Some(role),
            } => self.memberships.push((*user, *group, *role)),
            Change::Invitation {
                user,
                before: None,
                after: Some(it),
            } => self.invitations.push((*user, *it)),
            other => {
                self.others.push(other);
                self.in_order = true;
            }
        }
    }
}

impl Applier<'_> {
    /// Notes that somebody comes, who is written later.
    pub(super) fn comes(&mut self, user: UserId, created: &NewUser) -> Result<()> {
        self.touch()?;
        *self.moved.entry(created.status.as_str()).or_default() += 1;
        self.move_people(created.connection, Status::Deleted, created.status);
        self.risen = Some(user);
        Ok(())
    }

    /// Writes everybody who waits, with what they begin with.
    pub(super) fn settle(
        &mut self,
        newcomers: &mut Newcomers<'_>,
        person_key: &impl Fn(UserId) -> [u8; 32],
    ) -> Result<()> {
        if newcomers.is_empty() {
            return Ok(());
        }
        let Newcomers {
            people,
            licenses,
            memberships,
            invitations,
            others,
            ..
        } = std::mem::take(newcomers);
        self.people_come(&people)?;
        self.licensed(&licenses)?;
        self.join(&memberships)?;
        for (user, it) in &invitations {
            self.set_send_on(*user, None, it)?;
        }
        self.invited(&invitations)?;
        others
            .into_iter()
            .try_for_each(|it| self.one(it, person_key))
    }

    fn people_come(&self, people: &[NewRow<'_>]) -> Result<()> {
        let at = self.at.as_millis();
        USERS.all(self.conn, people, |row, it| {
            let created = it.created;
            row.bind(it.user.as_bytes())?;
            row.bind(created.status.as_str())?;
            row.bind(it.get(Field::Email))?;
            row.bind(&it.derived.email_key)?;
            row.bind(it.get(Field::UserName))?;
            row.bind(&it.derived.user_name_key)?;
            row.bind(it.get(Field::FirstName))?;
            row.bind(it.get(Field::LastName))?;
            row.bind(it.get(Field::DisplayName))?;
            row.bind(it.get(Field::FunctionalArea))?;
            row.bind(it.get(Field::Title))?;
            row.bind(it.get(Field::Region))?;
            row.bind(it.get(Field::Language))?;
            row.bind(it.get(Field::Labels))?;
            row.bind(it.get(Field::Kept))?;
            row.bind(created.manager.as_ref().map(|it| it.as_bytes()))?;
            row.bind(created.connection.as_ref().map(|it| it.as_bytes()))?;
            row.bind(created.accepted)?;
            row.bind(&it.derived.sort_name)?;
            row.bind(&it.derived.search)?;
            row.bind(at)?;
            row.bind(at)?;
            row.bind(1)?;
            row.bind(it.get(Field::DeactivateOn))?;
            row.bind(it.get(Field::DeleteOn))
        })?;
        PERSON_KEYS.all(self.conn, people, |row, it| {
            row.bind(it.user.as_bytes())?;
            row.bind(it.derived.key)
        })?;
        let mut due: Vec<(UserId, DueKind, &str)> = Vec::new();
        for it in people {
            let days = [
                (DueKind::Deactivate, it.get(Field::DeactivateOn)),
                (DueKind::Delete, it.get(Field::DeleteOn)),
            ];
            for (kind, day) in days {
                due.extend(day.map(|day| (it.user, kind, day)));
            }
            addresses::keep_first(self.conn, it.user, it.get(Field::Kept))?;
            if let (Some(connection), Some(link)) = (it.created.connection, &it.created.link) {
                self.link(it.user, connection, link.external_id.as_deref())?;
            }
        }
        self.set_first_due(&due)?;
        let labelled = people.iter();
        let labelled = labelled.filter_map(|it| Some((it.user, it.get(Field::Labels)?)));
        labels::set_first(self.conn, labelled)
    }

    /// Writes licenses of people who had none of that pool.
    pub(super) fn licensed(&self, licenses: &[NewLicense]) -> Result<()> {
        LICENSES.all(self.conn, licenses, |row, it| {
            let entry = it.entry();
            row.bind(it.user.as_bytes())?;
            row.bind(it.pool.as_bytes())?;
            row.bind(it.hold.as_str())?;
            row.bind(it.stands_for_access)?;
            row.bind(entry.map(|it| it.place))?;
            row.bind(entry.map(|it| it.leads_to.as_str()))?;
            row.bind(entry.map(|it| it.mail))?;
            let connection = entry.and_then(|it| it.connection);
            row.bind(connection.as_ref().map(|it| it.as_bytes()))?;
            row.bind(entry.and_then(|it| it.send_on).map(|it| it.to_string()))?;
            row.bind(entry.filter(|it| it.chosen).map(|_| true))
        })
    }

    /// Writes memberships of people who were in none of these groups.
    pub(super) fn join(&mut self, memberships: &[(UserId, GroupId, GroupRole)]) -> Result<()> {
        for (_, group, _) in memberships {
            self.counts.joined(*group);
        }
        // Each is a new row only where the change says truly what was before: the counts move by that.
        MEMBERSHIPS.all(self.conn, memberships, |row, (user, group, role)| {
            row.bind(user.as_bytes())?;
            row.bind(group.as_bytes())?;
            row.bind(role.as_str())
        })
    }

    /// Writes people's open invitations.
    pub(super) fn invited(&self, invitations: &[(UserId, Invitation)]) -> Result<()> {
        INVITATIONS.all(self.conn, invitations, |row, (user, it)| {
            row.bind(user.as_bytes())?;
            row.bind(it.id.as_bytes())?;
            row.bind(it.generation)?;
            row.bind(it.state.as_str())?;
            row.bind(it.expires_at.as_millis())?;
            row.bind(it.send_on.map(|it| it.to_string()))
        })
    }
}
