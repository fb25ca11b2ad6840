//! What a provider writes of a person: its own attributes and those that its connection maps, and what it has now said of
//! the parts that it owns.

use super::{Provider, Provision, Whose};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Field, FieldId, Part, Said, User, UserId, Why};
use crate::planner::Planner;

/// What a request sets, with what of it no field takes.
pub(super) struct Written {
    /// Fields of everybody.
    pub(super) fields: Vec<(Field, Option<String>)>,
    /// Custom fields, as stored.
    custom: Vec<(FieldId, Option<String>)>,
    /// Parts that were said before, and could be taken only now.
    pub(super) awaited: Vec<Part>,
    /// What is not taken, as sent.
    pub(super) refused: Vec<(Part, Option<String>)>,
}

impl Provision {
    /// Understands what mapped attributes say. A value that a field does not take is noted, and nobody is kept out for it.
    pub(super) fn written(&self, planner: &mut Planner<'_>) -> Result<Written> {
        let mut written = Written {
            fields: self.set.clone(),
            custom: Vec::new(),
            awaited: Vec::new(),
            refused: Vec::new(),
        };
        if self.mapped.is_empty() {
            return Ok(written);
        }
        let custom = planner.snapshot.custom_fields()?;
        for (part, said) in &self.mapped {
            let text = said.as_deref().unwrap_or_default();
            let refused = match part {
                Part::Field(field) => match field.parse(text) {
                    Ok(value) => {
                        written.fields.push((*field, value));
                        None
                    }
                    Err(error) => Some(error),
                },
                Part::Custom(id) => {
                    let mut living = custom.iter().filter(|it| !it.terms.removed);
                    match living.find(|it| it.id == *id).map(|it| it.parse(text)) {
                        Some(Ok(value)) => {
                            written.custom.push((*id, value));
                            None
                        }
                        Some(Err(error)) => Some(error),
                        None => None,
                    }
                }
                Part::Manager | Part::Active | Part::Entitlements => None,
            };
            match refused {
                None => {}
                Some(error @ Error::Invalid { .. }) => {
                    planner.skip_name(text, error.to_string());
                    written.refused.push((*part, Some(text.to_owned())));
                }
                Some(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Notes what the connection has written of anybody for the first time: that is its own from now on, unless something
    /// else was chosen.
    pub(super) fn note_sent(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        written: &Written,
    ) {
        let set = |it: &&(Field, Option<String>)| it.1.is_some() && it.0 != Field::Kept;
        let fields = written.fields.iter().filter(set);
        let manager = matches!(self.manager, Some(Some(_))).then_some(Part::Manager);
        let mut known = provider.sends.clone();
        for part in fields.map(|it| Part::Field(it.0)).chain(manager) {
            if !known.contains(&part) {
                known.push(part);
                planner.push(Change::ConnectionSends {
                    connection: provider.id,
                    part,
                });
            }
        }
    }

    /// Sets custom fields, notes what is not taken, and ends what a person has overridden of what was said now. `user` is
    /// none for somebody new.
    pub(super) fn set_custom(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        id: UserId,
        user: Option<(&User, Whose)>,
        written: &Written,
    ) -> Result<()> {
        let overrides = |it: &&(&User, Whose)| it.1 == Whose::Anothers;
        let anothers = user.as_ref().filter(overrides).map(|it| it.0);
        for (field, after) in &written.custom {
            let before = match user {
                Some(_) => planner.snapshot.field_value(id, *field)?,
                None => None,
            };
            if before != *after {
                if let Some(user) = anothers {
                    let part = Part::Custom(*field);
                    planner.overridden(user, part, before.as_deref(), after.as_deref())?;
                }
                planner.set_value(id, *field, before.as_deref(), after.as_deref());
            }
        }
        for (part, said) in &written.refused {
            let known = match user {
                Some(_) => planner.snapshot.drift(id, *part)?,
                None => None,
            };
            let said = Said {
                connection: provider.id,
                value: said.clone(),
                why: Why::NotTaken,
            };
            planner.differ(id, *part, known, Some(said));
        }
        if user.is_some() {
            let mut spoken = self.spoken.clone();
            spoken.extend(self.mapped.iter().map(|it| it.0));
            spoken.extend(&written.awaited);
            spoken.sort_unstable();
            spoken.dedup();
            spoken.retain(|part| !written.refused.iter().any(|it| it.0 == *part));
            if let Some(user) = anothers {
                // What theirs has said of these stays known.
                let owned = planner.owned_of(user)?;
                spoken.retain(|part| !owned.contains(part));
            }
            for part in spoken {
                planner.settle(id, part)?;
            }
        }
        Ok(())
    }
}
