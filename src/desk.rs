//! Where a command works: the opened database, who acts, and how to print. Every command but `init`, `restore` and
//! `demo` starts by sitting down here.

use std::io::IsTerminal as _;
use std::path::Path;

use usher_core::model::{Actor, Door, Status, UserId};
use usher_core::{Directory, Options, Read, Session};

use crate::args::{Common, Format};
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
        Ok(Self { session, format: common.format })
    }

    /// Something to read with.
    pub(crate) fn read(&self) -> Result<Read<'_>> {
        Ok(self.session.read()?)
    }
}

/// Opens the database for one process that asks little at a time.
pub(crate) fn open_directory(path: &Path) -> Result<Directory> {
    Ok(Directory::open(path, Options { readers: 1, ..Options::default() })?)
}

/// A session as the named administrator, else as the owner of the file.
pub(crate) fn session(directory: &Directory, actor: Option<UserId>, door: Door) -> Result<Session> {
    let owner = directory.as_actor(Actor::FileOwner, door);
    let Some(id) = actor else { return Ok(owner) };
    let read = owner.read()?;
    let active = read.user(id)?.is_some_and(|it| it.status == Status::Active);
    if !active || read.permissions_of(id)?.is_empty() {
        return Err(Failure::refused(format!("there is no active administrator with the id {id}")));
    }
    drop(read);
    Ok(directory.as_actor(Actor::Administrator(id), door))
}

/// Whether somebody can be asked: both where they type and where they are asked are a terminal.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
