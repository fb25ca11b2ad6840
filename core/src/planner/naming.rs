//! The names that a plan shows. The planner remembers those it meets, and looks up the rest of what the changes mention at the
//! end, for doors with a person only.

use std::collections::HashMap;

use super::Planner;
use crate::change::{Change, Hidden, PeopleNames};
use crate::error::Result;
use crate::model::{Field, IndividualId, PoolId, Setting, User, UserId};

/// What changes mention and nobody has named yet.
#[derive(Default)]
pub(super) struct Mentioned {
    /// Whom.
    people: Vec<UserId>,
    groups: bool,
    connections: bool,
    trainings: bool,
    fields: bool,
    platforms: bool,
}

impl Mentioned {
    /// Notes what a change mentions, and what whoever is new is called.
    pub(super) fn note(&mut self, change: &Change, names: &mut PeopleNames) {
        // Whoever is new goes by their names also in a digest: their id is drawn anew each time.
        if let Change::UserCreated { user, created } = change
            && let Some(label) = created.label()
            && !names.contains(*user)
        {
            names.insert(*user, label);
        }
        // What is planned of somebody mostly stands together.
        let is_said = |it: &UserId| self.people.last() == Some(it) || names.contains(*it);
        self.people.extend(change.user().filter(|it| !is_said(it)));
        self.note_of_newcomer(change, names);
    }

    /// Notes what a change mentions of somebody who is put aside: what they are called stands there.
    pub(super) fn note_of_newcomer(&mut self, change: &Change, names: &PeopleNames) {
        let mention = |user: UserId| {
            if self.people.last() != Some(&user) && !names.contains(user) {
                self.people.push(user);
            }
        };
        match change {
            Change::UserCreated { created, .. } => {
                created.manager.into_iter().for_each(mention);
                self.connections |= created.connection.is_some();
            }
            Change::Manager { before, after, .. } => {
                before.iter().chain(after).copied().for_each(mention);
            }
            Change::Membership { .. }
            | Change::GroupBudget { .. }
            | Change::Setting {
                setting: Setting::JoinGroup,
                ..
            }
            | Change::GroupName { .. }
            | Change::GroupRemoved { .. }
            | Change::GroupPool { .. } => self.groups = true,
            Change::GroupLink { .. } => (self.groups, self.connections) = (true, true),
            Change::GroupTraining { .. } => (self.groups, self.trainings) = (true, true),
            Change::Assignment { .. }
            | Change::ToldProgress { .. }
            | Change::Instructor { .. }
            | Change::TrainingTerms { .. } => self.trainings = true,
            Change::Drift { .. }
            | Change::ConnectionMaps { .. }
            | Change::ConnectionOwns { .. }
            | Change::ConnectionSends { .. } => (self.fields, self.connections) = (true, true),
            Change::ConnectionTerms { .. }
            | Change::Profile {
                field: Field::Kept, ..
            } => self.connections = true,
            Change::FieldValue { .. } | Change::FieldTerms { .. } | Change::FieldChoice { .. } => {
                self.fields = true;
            }
            Change::Link { .. }
            | Change::Entitlement { .. }
            | Change::Connection { .. }
            | Change::Leaving { .. }
            | Change::Brake { .. }
            | Change::ConnectionRevoked { .. }
            | Change::TokenAdded { .. }
            | Change::TokenEnds { .. } => self.connections = true,
            Change::PlatformTokenAdded { .. } | Change::PlatformTokenEnds { .. } => {
                self.platforms = true;
            }
            _ => {}
        }
    }
}

impl Planner<'_> {
    /// Looks up the names of whatever the changes mention and nobody has named yet.
    pub(super) fn name_mentioned(&mut self) -> Result<()> {
        let mut mentioned = std::mem::take(&mut self.newcomers.mentioned);
        for change in &self.changes {
            mentioned.note(change, &mut self.names.users);
        }
        let Mentioned {
            people,
            groups,
            connections,
            trainings,
            fields,
            platforms,
        } = mentioned;
        if fields {
            self.names.add_fields(&self.snapshot.custom_fields()?);
            for change in &self.changes {
                if let Change::FieldAdded { field, terms } = change {
                    self.names.fields.insert(*field, terms.name.clone());
                }
            }
        }
        self.names.hidden = self.hidden_names()?;
        for id in people {
            if !self.names.users.contains(id)
                && let Some(label) = self.snapshot.label_of(id)?
            {
                self.names.users.insert(id, &label);
            }
        }
        if groups {
            self.names.groups = self
                .snapshot
                .groups_ever()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect();
        }
        if trainings {
            self.names.trainings = self.snapshot.training_names()?;
        }
        if connections {
            self.names.connections = self
                .snapshot
                .connections()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect();
        }
        if platforms {
            let known = self.snapshot.platforms()?.into_iter();
            self.names.platforms = known.map(|it| (it.id, it.name)).collect();
        }
        for change in &self.changes {
            match change {
                Change::ConnectionAdded {
                    connection, name, ..
                } => {
                    self.names.connections.insert(*connection, name.clone());
                }
                Change::PlatformAdded { platform, name, .. } => {
                    self.names.platforms.insert(*platform, name.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Remembers the address of an account that is destroyed.
    pub(crate) fn name_account(&mut self, account: IndividualId, email: &str) {
        self.names.accounts.insert(account, email.to_owned());
    }

    /// Remembers the positions between which somebody is moved in a queue; 1 is the head.
    pub(crate) fn name_places(&mut self, user: UserId, pool: PoolId, places: (usize, usize)) {
        self.names.places.insert((user, pool), places);
    }

    /// Whose names this plan changes and whoever sees it may not know.
    fn hidden_names(&self) -> Result<HashMap<UserId, Hidden>> {
        let mut hidden = HashMap::new();
        let what = match self.undoing {
            None => Hidden::Before,
            Some(_) => Hidden::Both,
        };
        if self.snapshot.hides_names() {
            for change in &self.changes {
                if let Change::Profile { user, .. } = change
                    && self.snapshot.user(*user)?.is_some_and(|it| !it.accepted)
                {
                    hidden.insert(*user, what);
                }
            }
        }
        Ok(hidden)
    }

    /// Remembers a name, so that the plan can show it without another look-up.
    pub(crate) fn name(&mut self, user: &User) {
        if self.attended {
            self.names.users.insert(user.id, &user.label());
        }
    }

    /// Remembers the name of somebody new to whom others report: they may be put aside by then.
    pub(crate) fn name_new(&mut self, user: UserId, label: &str) {
        if self.attended && !self.names.users.contains(user) {
            self.names.users.insert(user, label);
        }
    }
}
