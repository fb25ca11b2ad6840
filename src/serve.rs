//! `usher serve`: the SCIM server until the process is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use usher_core::mail::{Courier, MailConfig, Out};
use usher_core::model::{Actor, Door};
use usher_core::{Directory, Options, Scheduler};
use usher_scim_server::{Config, Tls};

use crate::args::{Common, Format, ServeArgs};
use crate::config::{Setup, Told};
use crate::desk::only_owners;
use crate::failure::{Failure, Result, complain};
use crate::heads::Heads;
use crate::output::say;
use crate::public_url;

pub(crate) fn run(common: &Common, args: ServeArgs) -> Result<()> {
    let directory = Directory::open(&common.db, Options::default())?;
    only_owners(&directory, common, "serving")?;
    let mut setup = Setup::load(common)?;
    setup.mail_flags(args.mail);
    let told = Told::of(&setup, args.flags)?;
    let mail = setup.mail(&directory)?;
    let tls = tls(&told)?;
    let listener = bind(told.listen)?;
    let set = directory
        .as_actor(Actor::FileOwner, Door::Cli)
        .read()?
        .settings()?;
    let own_url = own_url(&listener, tls.is_some())?;
    let public_url = match (&told.public_url, set.public_url) {
        (Some(given), known) => {
            public_url::keep_first(&directory, given, known.as_deref());
            given.clone()
        }
        (None, Some(known)) => known,
        (None, None) => own_url.clone(),
    };
    directory.reached_at(told.public_url.clone(), own_url.clone());
    if directory.ensure_link_key()? {
        complain(&format!(
            "{} was missing and is made anew: links that were mailed before do not work any more; send them again with `usher resend`",
            directory.link_key_file().display()
        ));
    }
    warn(&told, &common.db, tls.as_deref(), &public_url);
    public_url::warn_of_links(&mail, Some(&public_url));
    // Said in every format, because whoever starts a server wants to know where; and once, before the first request.
    say(
        Format::Table,
        &format!(
            "serving {public_url}/scim/v2 for {}{}{}",
            common.db.display(),
            listening(&public_url, &own_url),
            reaches_nobody(&mail)
        ),
    )?;
    let config = Config {
        trusted_proxies: told.trusted_proxies,
        log: told.log.into(),
        metrics: told.metrics.into(),
        tls,
        pace: told.pace.0,
        ..Config::new(listener, public_url)
    };
    let _serving = directory.begin_serving()?;
    let _scheduler = schedule(&directory)?;
    let _courier = bring_out(&directory, mail)?;
    let _heads = told
        .audit_heads
        .map(|file| Heads::start(directory.clone(), file))
        .transpose()?;
    usher_scim_server::serve(directory, config, std::future::pending())
        .map_err(|error| Failure::refused(format!("the server has ended: {error}")))
}

/// That mail goes to nobody, if that is so.
fn reaches_nobody(mail: &MailConfig) -> String {
    match &mail.out {
        Out::Folder(folder) => format!(
            " · mails become files in {} and reach nobody, until smtp-host and mail-from are set",
            folder.display()
        ),
        Out::Smtp(_) | Out::Rehearsal(_) => String::new(),
    }
}

/// Where it listens, if that is not what is told already.
fn listening(public_url: &str, own_url: &str) -> String {
    if public_url == own_url {
        String::new()
    } else {
        format!(", listening at {own_url}")
    }
}

/// Brings mail out by itself, for as long as the answer is kept.
pub(crate) fn bring_out(directory: &Directory, mail: MailConfig) -> Result<Courier> {
    Ok(Courier::start(
        directory.clone(),
        mail,
        |brought| match brought {
            Err(error) => complain(&format!("mail cannot be brought out: {error}")),
            Ok(it) => {
                if let Some(why) = &it.down {
                    complain(&format!("mail does not go out, and waits: {why}"));
                }
            }
        },
    )?)
}

/// The certificate that is named, if any.
fn tls(told: &Told) -> Result<Option<Arc<Tls>>> {
    let (certificate, key) = match (&told.tls_cert, &told.tls_key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        _ => {
            return Err(Failure::Usage(
                "HTTPS needs both tls-cert and tls-key; only one of them is set".to_owned(),
            ));
        }
    };
    match Tls::load(certificate, key) {
        Ok(tls) => Ok(Some(Arc::new(tls))),
        Err(error) => Err(Failure::refused(format!("cannot speak HTTPS: {error}"))),
    }
}

/// Says what works and will hurt.
fn warn(told: &Told, db: &Path, tls: Option<&Tls>, public_url: &str) {
    if let Some(heads) = &told.audit_heads
        && folder(heads) == folder(db)
    {
        complain(&format!(
            "{} stands in the folder of the database: whoever can rewrite the one can rewrite the other; name a file elsewhere",
            heads.display()
        ));
    }
    match tls {
        Some(tls) => {
            if let Some(warning) = tls.warning() {
                complain(&warning);
            }
            if public_url.starts_with("http:") {
                complain(&format!(
                    "the public address {public_url} says http, but the server speaks HTTPS only"
                ));
            }
        }
        None if !told.listen.ip().is_loopback() && told.trusted_proxies.is_empty() => {
            complain(
                "tokens come in unprotected over plain HTTP; say --tls-cert and --tls-key, or name the proxy in front by --trusted-proxy",
            );
        }
        None => {}
    }
}

/// The folder that a file is in, whatever it is called by.
fn folder(file: &Path) -> Option<PathBuf> {
    let parent = file.parent()?;
    let named = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    named.canonicalize().ok()
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
    own_url(listener, false)
}

fn own_url(listener: &TcpListener, is_tls: bool) -> Result<String> {
    let address = listener
        .local_addr()
        .map_err(|it| Failure::refused(format!("cannot listen: {it}")))?;
    let scheme = if is_tls { "https" } else { "http" };
    Ok(format!("{scheme}://{address}"))
}
