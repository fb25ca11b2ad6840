//! `usher demo`: a sample organization in a temporary place, its SCIM server, an identity provider that keeps bringing
//! people in and taking them out, and the console on top. Nothing of it outlives the demo.

mod names;
mod organization;
mod provider;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tempfile::TempDir;
use usher_core::Directory;
use usher_core::command::Command;
use usher_core::mail::{MailConfig, Out};
use usher_core::model::{Actor, ConnectionPolicy, Door};
use usher_scim_server::{Config, Running};

use crate::args::DemoArgs;
use crate::console;
use crate::failure::{Failure, Result};
use crate::idp::base_url;
use crate::serve::{bind, bring_out, local_url, schedule};
use provider::Provider;

/// The name of the imitated identity provider's connection.
const CONNECTION: &str = "sample-idp";

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    // Heard from the beginning, so that whoever interrupts the making of a large sample leaves nothing behind either.
    let told = told_to_stop()?;
    let place = place()?;
    let database = place.path().join("demo.db");
    let directory = organization::found(&database, args.people, &told)?;
    let served = serve(&directory)?;
    let serving = directory.begin_serving()?;
    let scheduler = schedule(&directory)?;
    directory.reached_at(None, served.url.clone());
    let courier = bring_out(
        &directory,
        MailConfig {
            from: "usher@demo.example"
                .parse()
                .map_err(|_| Failure::refused("the sample's sender is no address"))?,
            reply_to: None,
            pace: 0,
            out: Out::Folder(directory.mail_folder()),
        },
    )?;
    let provider = connect(&directory, &served, args.people)?;
    let ended = if console::is_possible() {
        console::run(
            &directory.as_actor(Actor::FileOwner, Door::Console),
            usher_tui::ConsoleOptions {
                replay: Some(console::replay()),
                reader: Some(console::reader()),
                handouts: Some(console::handouts(None)),
                title: Some("demo".to_owned()),
                ..usher_tui::ConsoleOptions::default()
            },
        )
    } else {
        stay(&database, &served, &told)
    };
    // The provider first, so that it does not call a server that is gone; the directory last of all.
    drop(provider);
    drop(serving);
    drop(courier);
    drop(scheduler);
    let stopped = served
        .running
        .stop()
        .map_err(|it| Failure::refused(format!("the server has ended: {it}")));
    drop(directory);
    place
        .close()
        .map_err(|it| Failure::refused(format!("cannot remove the temporary place: {it}")))?;
    ended.and(stopped)
}

/// A directory that only we can look into.
fn place() -> Result<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new()
        .prefix("usher-demo-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .map_err(|it| Failure::refused(format!("cannot make a temporary place: {it}")))
}

/// The server and where it is.
struct Served {
    running: Running,
    url: String,
}

fn serve(directory: &Directory) -> Result<Served> {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let url = local_url(&listener)?;
    let config = Config::new(listener, url.clone());
    let running = usher_scim_server::spawn(directory.clone(), config)
        .map_err(|it| Failure::refused(format!("cannot serve: {it}")))?;
    Ok(Served { running, url })
}

/// Adds the connection and starts the provider that uses it.
fn connect(directory: &Directory, served: &Served, people: u32) -> Result<Provider> {
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let command = Command::AddConnection {
        name: CONNECTION.to_owned(),
        policy: ConnectionPolicy::default(),
    };
    let token = session.apply(session.request(command), None)?.token;
    let token = token.ok_or_else(|| Failure::refused("the sample connection got no token"))?;
    Provider::start(served.running.address(), token, people).map_err(|it| {
        Failure::refused(format!("cannot start the imitated identity provider: {it}"))
    })
}

/// Without a terminal: says where everything is, and waits to be told to stop.
fn stay(database: &Path, served: &Served, told: &Told) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "There is no terminal, so there is no console; the sample organization is served until interrupted."
    )?;
    writeln!(out, "SCIM      {}", base_url(&served.url))?;
    writeln!(out, "database  {}", database.display())?;
    writeln!(out, "look      usher users --db {}", database.display())?;
    writeln!(out, "stop      kill -INT {}", std::process::id())?;
    out.flush()?;
    drop(out);
    // The sender lives as long as the watching thread; either way it ends by the wish to stop.
    let _ = told.recv();
    Ok(())
}

/// The wish that the process end.
type Told = std::sync::mpsc::Receiver<()>;

/// Hears when the process is interrupted or told to end, or its terminal goes.
fn told_to_stop() -> Result<Told> {
    use tokio::signal::unix::{SignalKind, signal};
    let fault = |it: std::io::Error| Failure::refused(format!("cannot listen for signals: {it}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(fault)?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt()).map_err(fault)?,
            signal(SignalKind::terminate()).map_err(fault)?,
            signal(SignalKind::hangup()).map_err(fault)?,
        )
    };
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
        });
        let _ = tell.send(());
    });
    Ok(told)
}
