//! `usher serve`: the SCIM server until the process is told to stop.

use std::net::{SocketAddr, TcpListener};

use usher_core::model::{Actor, Door};
use usher_core::{Directory, Options, Scheduler};
use usher_scim_server::Config;

use crate::args::{Common, Format, ServeArgs};
use crate::failure::{Failure, Result, complain};
use crate::output::say;

pub(crate) fn run(common: &Common, args: ServeArgs) -> Result<()> {
    let directory = Directory::open(&common.db, Options::default())?;
    let listener = bind(args.listen)?;
    let set = directory
        .as_actor(Actor::FileOwner, Door::Cli)
        .read()?
        .settings()?;
    let public_url = args.public_url.or(set.public_url);
    let public_url = public_url.map_or_else(|| local_url(&listener), Ok)?;
    // Said in every format, because whoever starts a server wants to know where; and once, before the first request.
    say(
        Format::Table,
        &format!("serving {}/scim/v2 for {}", public_url, common.db.display()),
    )?;
    let config = Config {
        trusted_proxies: args.trusted_proxy,
        log: args.log.into(),
        metrics: args.metrics.into(),
        pace: args.pace.0,
        ..Config::new(listener, public_url)
    };
    let _scheduler = schedule(&directory)?;
    usher_scim_server::serve(directory, config, std::future::pending())
        .map_err(|error| Failure::refused(format!("the server has ended: {error}")))
}

/// Does what is due by itself, for as long as the answer is kept.
pub(crate) fn schedule(directory: &Directory) -> Result<Scheduler> {
    Ok(Scheduler::start(directory.clone(), |done| {
        if let Err(error) = done {
            complain(&format!("what is due cannot be done: {error}"));
        }
    })?)
}

/// Takes the address, so that a taken one is heard of at once.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .map_err(|error| Failure::refused(format!("cannot listen on {address}: {error}")))
}

/// The address under which this machine reaches the listener.
pub(crate) fn local_url(listener: &TcpListener) -> Result<String> {
    let address = listener
        .local_addr()
        .map_err(|it| Failure::refused(format!("cannot listen: {it}")))?;
    Ok(format!("http://{address}"))
}
