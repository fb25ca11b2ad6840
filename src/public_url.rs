//! The public address of the server: one setting, which every command prints alike. Whoever says it where a token is made says
//! it for good.

use usher_core::Directory;
use usher_core::command::Command;
use usher_core::mail::{MailConfig, Out};
use usher_core::model::{Actor, Door, Setting};

use crate::desk::Desk;
use crate::failure::{Result, complain};
use crate::output::say;

/// Where `usher serve` listens unless told otherwise.
pub(crate) use usher_core::link::LOCAL_URL;

/// What a new address does not change yet.
pub(crate) const TAKEN_ON_START: &str =
    "A server that is running answers under its old address until it is started again.";

/// Says that mails carry links which only this machine can open, where mails leave it.
pub(crate) fn warn_of_links(mail: &MailConfig, public_url: Option<&str>) {
    let url = public_url.unwrap_or(LOCAL_URL);
    let rest = url.split_once("://").map_or(url, |it| it.1);
    let is_here = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|it| rest.starts_with(it));
    if is_here && matches!(mail.out, Out::Smtp(_)) {
        complain(&format!(
            "links in mails lead to {url}, which nobody opens from elsewhere; say yours with `usher setting public-url URL`"
        ));
    }
}

/// Keeps an address that was given as the setting, and tells the one to print.
pub(crate) fn keep(desk: &Desk, given: Option<String>) -> Result<String> {
    let known = desk.read()?.settings()?.public_url;
    let Some(given) = given else {
        if known.is_none() {
            say(
                desk.format,
                "This address is reached from this machine only; say yours with `usher setting public-url URL`.",
            )?;
        }
        return Ok(known.unwrap_or_else(|| LOCAL_URL.to_owned()));
    };
    if known.as_ref() == Some(&given) {
        return Ok(given);
    }
    let command = set(&given);
    // The token is made by now and must be printed, whatever becomes of this.
    match desk.session.apply(desk.session.request(command), None) {
        Ok(_) => {
            let was = known.map_or(String::new(), |it| format!(", no longer {it}"));
            say(
                desk.format,
                &format!(
                    "The public address is {given} from now on{was} (usher setting public-url). {TAKEN_ON_START}"
                ),
            )?;
        }
        Err(error) => complain(&format!(
            "the public address is not kept ({error}): say it again at `usher serve`, or have `usher setting public-url` set"
        )),
    }
    Ok(given)
}

/// Keeps the address that a server begins under where none is set, and says so when it is another than the one that is.
pub(crate) fn keep_first(directory: &Directory, given: &str, known: Option<&str>) {
    match known {
        Some(known) if known != given => complain(&format!(
            "the setting public-url says {known}, this server {given}: `usher setting public-url {given}` makes it the one that \
             every command prints"
        )),
        Some(_) => {}
        None => {
            let session = directory.as_actor(Actor::FileOwner, Door::Cli);
            if let Err(error) = session.apply(session.request(set(given)), None) {
                complain(&format!("the public address is not kept: {error}"));
            }
        }
    }
}

fn set(public_url: &str) -> Command {
    Command::SetSetting {
        setting: Setting::PublicUrl,
        value: Some(public_url.to_owned()),
    }
}
