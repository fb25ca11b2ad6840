//! The names of those who act, looked up once for a whole listing.

use std::collections::BTreeMap;

use usher_core::Read;
use usher_core::model::Actor;

use crate::failure::Result;

/// The names of actors that a listing has met.
#[derive(Default)]
pub(crate) struct ActorNames(BTreeMap<Actor, String>);

impl ActorNames {
    /// The actor in the words of a listing.
    pub(crate) fn name(&mut self, read: &Read<'_>, actor: Actor) -> Result<String> {
        if let Some(name) = self.0.get(&actor) {
            return Ok(name.clone());
        }
        let name = read.actor_name(actor)?;
        self.0.insert(actor, name.clone());
        Ok(name)
    }
}
