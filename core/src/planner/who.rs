//! Who gives a command, and through which door.

use crate::error::{Error, Result};
use crate::model::{Actor, ConnectionId, Door, Fingerprint};
use crate::store::Snapshot;

/// Who gives a command, and through which door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// Whoever acts.
    pub(crate) actor: Actor,
    /// How the command came in.
    pub(crate) door: Door,
    /// The connection in whose place they act: it is planned as the connection would have it, by its rights and at its door.
    pub(crate) on_behalf: Option<ConnectionId>,
    /// The key by which an administrator came in over SSH: without it they are nobody.
    pub(crate) key: Option<Fingerprint>,
}

impl Who {
    /// Refuses who came in by a key that has been taken from them since.
    pub(crate) fn keeps_key(self, snapshot: &Snapshot<'_>) -> Result<()> {
        let Some(key) = self.key else { return Ok(()) };
        let owner = snapshot
            .ssh_key(key)?
            .map(|it| Actor::Administrator(it.user));
        if owner == Some(self.actor) {
            Ok(())
        } else {
            Err(Error::forbidden(
                "the key with which you came in opens for you no longer",
            ))
        }
    }

    /// As whom it is planned.
    pub(crate) fn plans(self) -> Actor {
        self.on_behalf.map_or(self.actor, Actor::Connection)
    }

    pub(super) fn plans_at(self) -> Door {
        if self.on_behalf.is_some() {
            Door::Scim
        } else {
            self.door
        }
    }
}
