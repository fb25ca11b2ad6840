//! Who reads: what of people is hidden from them. Planning never hides anything from itself but whom a query finds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Snapshot;
use super::read::Read;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, Event, Field, FieldId, Part, Setting, User, VisibleTo};
use crate::policy::{Authority, Reach};

/// What whoever reads may see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer {
    /// Names of people who have not accepted stay hidden.
    pub(crate) hides_names: bool,
    /// Custom fields for administrators only are shown.
    pub(crate) sees_all_fields: bool,
}

impl Viewer {
    /// Who sees everything: the core itself.
    pub(crate) const CORE: Self = Self {
        hides_names: false,
        sees_all_fields: true,
    };
}

impl<'c> Snapshot<'c> {
    /// The same roster as this actor sees it. An identity provider gets back the names that it sent, and people their own.
    pub(crate) fn seen_by(self, actor: Actor) -> Result<Self> {
        let viewer = match actor {
            Actor::Scheduler => Viewer::CORE,
            Actor::Connection(_) | Actor::Person(_) | Actor::Platform(_) => Viewer {
                sees_all_fields: false,
                ..Viewer::CORE
            },
            Actor::FileOwner => Viewer {
                hides_names: self.names_wait()?,
                ..Viewer::CORE
            },
            Actor::Administrator(_) => Viewer {
                hides_names: self.names_wait()?,
                sees_all_fields: Authority::of(&self, actor)?.reach("see_administrators_fields")
                    == Reach::Everybody,
            },
        };
        Ok(Self { viewer, ..self })
    }

    /// Whether custom fields for administrators only are shown to whoever it is read for.
    pub(crate) fn sees_all_fields(&self) -> bool {
        self.viewer.sees_all_fields
    }

    /// Whether names of people who have not accepted are hidden from whoever it is read for.
    pub(crate) fn hides_names(&self) -> bool {
        self.viewer.hides_names
    }

    fn names_wait(&self) -> Result<bool> {
        let value = self.setting(Setting::NamesAfterAcceptance)?;
        Ok(value.as_deref() == Some("on"))
    }
}

impl Read<'_> {
    /// A person as whoever reads may see them.
    pub(super) fn shown(&self, mut user: User) -> User {
        if self.viewer.hides_names && !user.accepted {
            for field in [Field::FirstName, Field::LastName, Field::DisplayName] {
                user.profile.set(field, None);
            }
        }
        user
    }

    /// Events without the values that whoever reads may not see.
    pub(super) fn told(
        &self,
        snapshot: &Snapshot<'_>,
        mut events: Vec<Event>,
    ) -> Result<Vec<Event>> {
        if self.viewer.hides_names {
            let mut accepted = HashMap::new();
            for event in &mut events {
                let (Some(change), Some(user)) = (&mut event.change, event.user) else {
                    continue;
                };
                let has_accepted = match accepted.entry(user) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        let user = snapshot.user(user)?;
                        *new.insert(user.is_none_or(|it| it.accepted))
                    }
                };
                if !has_accepted {
                    hide_names(change);
                }
            }
        }
        // Of what they may not know, whoever reads is told the kind and no more, as of somebody who was erased.
        let open: Vec<_> = self.open_fields(snapshot)?;
        for event in &mut events {
            let hidden = match &event.change {
                Some(
                    Change::FieldValue { field, .. }
                    | Change::Drift {
                        part: Part::Custom(field),
                        ..
                    },
                ) => !self.viewer.sees_all_fields && !open.contains(field),
                Some(Change::Membership { group, .. }) => !self.knows_group(*group),
                _ => false,
            };
            if hidden {
                event.change = None;
            }
        }
        Ok(events)
    }

    /// The custom fields that everybody sees.
    fn open_fields(&self, snapshot: &Snapshot<'_>) -> Result<Vec<FieldId>> {
        let fields = snapshot.custom_fields()?.into_iter();
        let open = fields.filter(|it| it.terms.visible_to == VisibleTo::Everybody);
        Ok(open.map(|it| it.id).collect())
    }
}

fn hide_names(change: &mut Change) {
    match change {
        Change::Profile {
            field: Field::FirstName | Field::LastName | Field::DisplayName,
            before,
            after,
            ..
        } => (*before, *after) = (None, None),
        Change::Drift {
            part: Part::Field(Field::FirstName | Field::LastName | Field::DisplayName),
            before,
            after,
            ..
        } => (*before, *after) = (None, None),
        Change::UserCreated { created, .. } => {
            created
                .profile
                .leave_out(&[Field::FirstName, Field::LastName, Field::DisplayName]);
        }
        _ => {}
    }
}
