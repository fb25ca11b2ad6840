//! What a request that was kept asks for now: the command that the same request would come to if it were sent today. It is
//! computed here, where the wire is understood; whether it may be replayed, and what it would do, the core says.

use std::sync::Arc;

use serde_json::Value;
use usher_core::command::{Command, GroupTarget, ProvisionGroup};
use usher_core::model::{Actor, Asked, Door, GroupId, Mapping, UserId};
use usher_core::{Directory, Selection};

use crate::fault::Fault;
use crate::groups;
use crate::people::{People, PoolNames};
use crate::update::{self, Update};

/// The command of a kept request. `public_url` is the base of every address that the server hands out.
///
/// # Errors
/// What the provider would be told, as a sentence.
pub fn command_of(
    directory: &Directory,
    public_url: &str,
    asked: &Asked,
) -> Result<Command, String> {
    let base = public_url.trim_end_matches('/');
    command(directory, base, asked).map_err(|fault| fault.detail)
}

fn command(directory: &Directory, base: &str, asked: &Asked) -> Result<Command, Fault> {
    let body = || match &asked.body {
        Some(body) => serde_json::from_str::<Value>(body)
            .map_err(|_| Fault::invalid_syntax("the body that was kept is not JSON")),
        None => Err(Fault::invalid_syntax("no body was kept")),
    };
    let maps = maps(directory, asked)?;
    let maps = &maps;
    let place: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    match (asked.method.as_str(), place.as_slice()) {
        ("POST", ["Users"]) => Ok(Command::Provision(update::newcomer(
            maps,
            asked.connection,
            body()?,
        )?)),
        ("POST", ["Groups"]) => Ok(Command::ProvisionGroup(groups::creation(body()?)?)),
        ("PUT", ["Users", id]) => of_user(
            directory,
            base,
            asked,
            id,
            &Update::whole(maps, asked.connection, body()?, false)?,
        ),
        ("PATCH", ["Users", id]) => {
            let update = Update::parts(maps, asked.connection, body()?)?;
            of_user(directory, base, asked, id, &update)
        }
        ("DELETE", ["Users", id]) => {
            let id: UserId = id.parse().map_err(|_| Fault::no_such_user())?;
            let who = Selection::from(id);
            Ok(Command::Delete { who })
        }
        ("PUT", ["Groups", id]) => {
            of_group(directory, base, asked, id, &groups::Update::whole(body()?)?)
        }
        ("PATCH", ["Groups", id]) => {
            of_group(directory, base, asked, id, &groups::Update::parts(body()?)?)
        }
        ("DELETE", ["Groups", id]) => {
            let id: GroupId = id.parse().map_err(|_| Fault::no_such_group())?;
            Ok(Command::ProvisionGroup(groups::removal(id, None)))
        }
        _ => Err(Fault::invalid_syntax(
            "it is about nothing that can be changed, so there is nothing to replay",
        )),
    }
}

/// Which of the connection's attributes feed which parts now.
fn maps(directory: &Directory, asked: &Asked) -> Result<Arc<[Mapping]>, Fault> {
    let session = directory.as_actor(Actor::Scheduler, Door::Api);
    let connection = session.read()?.connection_by_id(asked.connection)?;
    Ok(connection.map(|it| it.maps).unwrap_or_default().into())
}

fn of_user(
    directory: &Directory,
    base: &str,
    asked: &Asked,
    id: &str,
    update: &Update,
) -> Result<Command, Fault> {
    let session = directory.as_actor(Actor::Connection(asked.connection), Door::Scim);
    let pools = PoolNames::default();
    let people = People::new(&pools, session.read()?, asked.connection);
    let id: UserId = id.parse().map_err(|_| Fault::no_such_user())?;
    let found = people.found(id)?.ok_or_else(Fault::no_such_user)?;
    let command = update.command(&found, &people.unlike(id)?, base)?;
    Ok(Command::Provision(command))
}

fn of_group(
    directory: &Directory,
    base: &str,
    asked: &Asked,
    id: &str,
    update: &groups::Update,
) -> Result<Command, Fault> {
    let session = directory.as_actor(Actor::Connection(asked.connection), Door::Scim);
    let read = session.read()?;
    let id: GroupId = id.parse().map_err(|_| Fault::no_such_group())?;
    let group = read.provided_group(asked.connection, id)?;
    let group = group.ok_or_else(Fault::no_such_group)?;
    let command = update.command(&read, &group, base)?;
    let target = GroupTarget::Existing {
        group: group.id,
        version: None,
    };
    Ok(Command::ProvisionGroup(ProvisionGroup {
        target,
        ..command
    }))
}
