//! Whom a report is about, and reading them one after the other: from the tables as they stand, or from the history as
//! they stood.

use std::collections::{BTreeSet, HashMap};

use super::Report;
use crate::directory::{HistoryFilter, Read};
use crate::error::Result;
use crate::model::{Batch, Status, User, UserId, When};
use crate::past::{Moment, Person};
use crate::query::{Expr, PageFrom, SortBy, UsersPage};

/// How many people are read at once.
const PAGE: usize = 500;

/// Whom a report is about.
pub(crate) struct Whom {
    /// Whom of those on the roster today.
    query: Expr,
    /// These and nobody else.
    pub(crate) only: Option<BTreeSet<UserId>>,
    /// As they stood then.
    pub(crate) moment: Option<Moment>,
}

impl Whom {
    /// Everybody whom a report is about; everybody who was not erased if it names nobody.
    pub(crate) fn of(read: &Read<'_>, report: &Report) -> Result<Self> {
        let moment = report.at.as_ref().map(|it| read.moment(it)).transpose()?;
        let not_erased = Status::ALL.into_iter().filter(|it| *it != Status::Erased);
        let named = report.query.is_some();
        let query = report.query.clone();
        let query = query.unwrap_or_else(|| Expr::Status(not_erased.collect()));
        let only = named
            .then(|| read.ids_of(&query).map(|it| it.into_iter().collect()))
            .transpose()?;
        Ok(Self {
            query,
            only,
            moment,
        })
    }

    /// Those whom a batch took to another status, else everybody whom it changed, as they stood just before.
    pub(crate) fn of_batch(read: &Read<'_>, batch: &Batch) -> Result<Self> {
        let filter = HistoryFilter {
            batch: Some(batch.id),
            ..HistoryFilter::default()
        };
        let (mut moved, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let mut after = Some(0);
        while let Some(from) = after {
            let part = read.history_of(&filter, from, 5_000)?;
            for event in part.events {
                changed.extend(event.user);
                if event.kind == "status" {
                    moved.extend(event.user);
                }
            }
            after = part.next;
        }
        Ok(Self {
            query: Expr::Everybody,
            only: Some(if moved.is_empty() { changed } else { moved }),
            moment: Some(read.moment(&When::Before(batch.id.to_string()))?),
        })
    }

    /// Hands over each person, in the order of creation.
    pub(crate) fn each(
        &self,
        read: &Read<'_>,
        mut hand: impl FnMut(&Person) -> Result<()>,
    ) -> Result<()> {
        match (&self.only, self.moment) {
            (Some(only), moment) => {
                for id in only {
                    let person = match moment {
                        Some(moment) => read.person_at(*id, moment)?,
                        None => read.user(*id)?.map(|it| now(read, it)).transpose()?,
                    };
                    if let Some(person) = person {
                        hand(&person)?;
                    }
                }
                Ok(())
            }
            (None, moment) => self.pages(read, |users| {
                for user in users {
                    let person = match moment {
                        Some(moment) => read.person_at(user.id, moment)?,
                        None => Some(now(read, user)?),
                    };
                    if let Some(person) = person {
                        hand(&person)?;
                    }
                }
                Ok(())
            }),
        }
    }

    fn pages(&self, read: &Read<'_>, mut hand: impl FnMut(Vec<User>) -> Result<()>) -> Result<()> {
        let mut page = UsersPage {
            query: self.query.clone(),
            sort: SortBy::Created,
            descending: false,
            from: PageFrom::Start,
            limit: PAGE,
        };
        loop {
            let users = read.users(&page)?;
            let last = users.last().map(|it| it.id);
            let full = users.len() == PAGE;
            hand(users)?;
            match last {
                Some(last) if full => page.from = PageFrom::After(last),
                _ => return Ok(()),
            }
        }
    }
}

/// A person as the tables have them.
fn now(read: &Read<'_>, user: User) -> Result<Person> {
    let id = user.id;
    let ends = read.license_ends_of(&[id])?.into_iter();
    Ok(Person {
        licenses: read.licenses_of(&[id])?,
        memberships: read.memberships_of(id)?,
        permissions: read.permissions_of(id)?,
        assignments: read.assignments_of(id)?,
        license_ends: ends.map(|(_, pool, day)| (pool, day)).collect(),
        invitation: None,
        links: Vec::new(),
        fields: read.field_values_of(id)?,
        user,
    })
}

/// What rows mention by id, looked up once.
pub(crate) struct Known {
    pub(crate) pools: HashMap<crate::model::PoolId, String>,
    pub(crate) groups: HashMap<crate::model::GroupId, String>,
    pub(crate) connections: HashMap<crate::model::ConnectionId, String>,
    /// With the word for their kind.
    pub(crate) trainings: HashMap<crate::model::TrainingId, (String, &'static str)>,
    people: HashMap<UserId, String>,
    moment: Option<Moment>,
}

impl Known {
    pub(crate) fn load(read: &Read<'_>, moment: Option<Moment>) -> Result<Self> {
        let pools = read.pools()?.into_iter();
        let connections = read.connections()?.into_iter();
        let trainings = read.trainings_ever()?.into_iter();
        Ok(Self {
            pools: pools
                .map(|it| (it.id, it.name.as_str().to_owned()))
                .collect(),
            groups: read.group_names()?,
            connections: connections.map(|it| (it.id, it.name)).collect(),
            trainings: trainings
                .map(|it| (it.id, (it.terms.name, it.terms.kind.as_str())))
                .collect(),
            people: HashMap::new(),
            moment,
        })
    }

    /// The address that somebody went by, else their id.
    pub(crate) fn person(&mut self, read: &Read<'_>, id: UserId) -> Result<String> {
        if let Some(label) = self.people.get(&id) {
            return Ok(label.clone());
        }
        let label = match self.moment {
            Some(moment) => read.person_at(id, moment)?.map(|it| it.user.label()),
            None => read.user(id)?.map(|it| it.label()),
        };
        let label = label.unwrap_or_else(|| id.to_string());
        self.people.insert(id, label.clone());
        Ok(label)
    }
}
