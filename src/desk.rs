//! Where a command works: the opened database, who acts, and how to print. Every command but `init`, `restore` and
//! `demo` starts by sitting down here.

use std::io::IsTerminal as _;
use std::path::Path;

use usher_core::model::{Actor, Door, UserId};
use usher_core::{Directory, Error, Options, Read, Session};

use crate::args::{ActingAs, Common, Format};
use crate::failure::{Failure, Result};

/// Where a command works.
pub(crate) struct Desk {
    /// What the actor may do, through the command line's door.
    pub(crate) session: Session,
    /// How to print.
    pub(crate) format: Format,
}

impl Desk {
    /// Opens the database as whoever acts.
    pub(crate) fn open(common: &Common) -> Result<Self> {
        let directory = open_directory(&common.db)?;
        let session = session(&directory, common.actor, Door::Cli)?;
        Ok(Self {
            session,
            format: common.format,
        })
    }

    /// Something to read with.
    pub(crate) fn read(&self) -> Result<Read<'_>> {
        Ok(self.session.read()?)
    }
}

/// Opens the database for one process that asks little at a time.
pub(crate) fn open_directory(path: &Path) -> Result<Directory> {
    Ok(Directory::open(
        path,
        Options {
            readers: 1,
            ..Options::default()
        },
    )?)
}

/// Refuses an administrator who is not an owner, in what is about the database itself.
pub(crate) fn only_owners(directory: &Directory, common: &Common, what: &str) -> Result<()> {
    Ok(session(directory, common.actor, Door::Cli)?.require_owner(what)?)
}

/// A session as the named administrator, else as the one who is linked to the operating-system user, else as the owner of
/// the file.
pub(crate) fn session(
    directory: &Directory,
    actor: Option<ActingAs>,
    door: Door,
) -> Result<Session> {
    let owner = directory.as_actor(Actor::FileOwner, door);
    let id = match actor {
        Some(ActingAs::FileOwner) => return Ok(owner),
        Some(ActingAs::Administrator(id)) => id,
        None => match linked(&owner)? {
            Some(id) => id,
            None => return Ok(owner),
        },
    };
    let session = directory.as_actor(Actor::Administrator(id), door);
    match session.read().map(drop) {
        Ok(()) => Ok(session),
        Err(Error::Forbidden { .. }) => Err(Failure::refused(format!(
            "there is no active administrator with the id {id}"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// The administrator linked to whoever runs this process.
fn linked(owner: &Session) -> Result<Option<UserId>> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    let Ok(Some(user)) = user else {
        return Ok(None);
    };
    Ok(owner.read()?.administrator_of(&user.name)?)
}

/// Whether somebody can be asked: both where they type and where they are asked are a terminal.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
