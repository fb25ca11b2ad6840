//! The brake while planning: whether a provider may take one more off the roster, or whether that is held.

use std::collections::HashMap;

use super::Planner;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, Brake, ConnectionId, LeaveKind, LeaveState, Leaving, User, UserId};

/// What this plan knows of its connection's brake, read once.
#[derive(Clone, Copy)]
pub(super) struct Room {
    brake: Brake,
    left: i64,
}

/// Whether somebody whom a provider takes off goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// They go.
    Goes,
    /// They stay, and it is written down that the provider wants them to go.
    Held,
    /// They stay, because an administrator has rejected that they go.
    Rejected,
}

/// What a provider is told that wants somebody to leave of whom an administrator rejected that.
const REJECTED: &str = "an administrator rejected that this person leaves: they stay until the provider itself has said that \
    they are active, or `usher brake release` lets them go";

impl Leave {
    /// What is said of whom an administrator keeps.
    pub(crate) fn rejected() -> Error {
        Error::forbidden(REJECTED)
    }
}

impl Planner<'_> {
    /// Decides whether the connection that acts may take this person off, who may be taken off. Whom it holds is planned to
    /// be held; whoever goes counts.
    pub(crate) fn brake(&mut self, user: &User, kind: LeaveKind) -> Result<Leave> {
        let Actor::Connection(connection) = self.actor else {
            return Ok(Leave::Goes);
        };
        if self.on_behalf {
            return Ok(Leave::Goes);
        }
        let before = self.leaving_of(user.id)?;
        if before.is_some_and(|it| it.state == LeaveState::Rejected) {
            return Ok(Leave::Rejected);
        }
        let Some(room) = self.room(connection)? else {
            return Ok(Leave::Goes);
        };
        if before.is_none() && room.left > 0 {
            let left = room.left - 1;
            self.room = Some(Some(Room { left, ..room }));
            return Ok(Leave::Goes);
        }
        self.held = Some(room.brake);
        // Who is to be deleted need not be deactivated as well.
        if before.is_none_or(|it| it.kind < kind) {
            let after = Some(Leaving {
                connection,
                kind,
                state: LeaveState::Held,
                since: before.map_or(self.now, |it| it.since),
            });
            self.push(Change::Leaving {
                user: user.id,
                before,
                after,
            });
        }
        Ok(Leave::Held)
    }

    fn room(&mut self, connection: ConnectionId) -> Result<Option<Room>> {
        if let Some(room) = self.room {
            return Ok(room);
        }
        let room = match self.snapshot.brake_of(connection)? {
            None => None,
            Some(brake) => {
                let spent = self
                    .snapshot
                    .brake_spent(connection, self.now.plus_millis(-brake.window_ms))?;
                let people = self.snapshot.people_of_connection(connection)?;
                // Its people are those whom it had when the window began: whoever left by it since counts as there, so that
                // the limit does not shrink as it is used, and whoever came by it does not, so that it raises no limit.
                let left = brake.limit(people + spent.seated) - spent.leaves;
                Some(Room { brake, left })
            }
        };
        self.room = Some(room);
        Ok(room)
    }

    /// Whether a provider wants this person to leave. For a crowd all are read at once.
    pub(crate) fn leaving_of(&mut self, user: UserId) -> Result<Option<Leaving>> {
        if self.crowd.is_none() {
            return self.snapshot.leaving_of(user);
        }
        let known = match self.leavers.take() {
            Some(known) => known,
            None => self
                .snapshot
                .leavers()?
                .into_iter()
                .collect::<HashMap<_, _>>(),
        };
        let found = known.get(&user).copied();
        self.leavers = Some(known);
        Ok(found)
    }

    /// Plans that nothing of the kind is open any more: they have left, or are to stay.
    pub(crate) fn forget_leaving(&mut self, user: UserId) -> Result<()> {
        let before = self.leaving_of(user)?;
        if before.is_some() {
            self.push(Change::Leaving {
                user,
                before,
                after: None,
            });
        }
        Ok(())
    }
}
