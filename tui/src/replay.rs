//! Carrying out from the inbox what a provider asked and did not get. What a kept request would come to today is known
//! where the wire is understood, which is no room of this one: whoever starts the console hands the way over.

use std::fmt;
use std::sync::Arc;

use usher_core::command::Command;
use usher_core::model::{Asked, Door};
use usher_core::{Directory, Session};

use crate::effect::Wish;

/// What a kept request comes to, or why it comes to nothing.
type Way = dyn Fn(&Directory, &Asked) -> Result<Command, String> + Send + Sync;

/// The way from a kept request to the command that it would come to today.
#[derive(Clone)]
pub struct Replay(Arc<Way>);

impl Replay {
    /// By this function, which is called on a thread that does not draw.
    pub fn new(
        way: impl Fn(&Directory, &Asked) -> Result<Command, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(way))
    }

    /// The command of a request that may be carried out, with who asked it.
    pub(crate) fn command(&self, session: &Session, asked: &Asked) -> Result<Command, String> {
        let checked = session.read().and_then(|it| it.check_replay(asked, false));
        checked.map_err(|it| it.to_string())?;
        let command = (self.0)(session.directory(), asked)
            .map_err(|why| format!("request {} cannot be replayed: {why}", asked.seq))?;
        let checked = session
            .read()
            .and_then(|it| it.check_group_replay(asked, &command, false));
        checked.map(|()| command).map_err(|it| it.to_string())
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replay")
    }
}

impl PartialEq for Replay {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Who gives the command of a wish: of a replay, this actor in the place of the connection; of an import, at its door.
pub(crate) fn acting(session: &Session, wish: &Wish) -> Session {
    match wish {
        Wish::Replay {
            connection: Some(connection),
            ..
        } => session.on_behalf(*connection),
        Wish::Order(order) if matches!(order.command, Command::Import(_)) => {
            session.through(Door::Import)
        }
        _ => session.clone(),
    }
}
