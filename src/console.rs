//! Plain `usher`: the console.

use std::io::IsTerminal as _;

use usher_core::mail::MailText;
use usher_core::model::Door;
use usher_core::{Error, Session};
use usher_tui::{ConsoleError, ConsoleOptions};

use crate::args::{ActingAs, Common, ConsoleArgs};
use crate::config::Setup;
use crate::desk::session;
use crate::failure::{Failure, Result};
use crate::handout::join_sheet_of;
use crate::reading;
use crate::ssh;

/// Opens the console on the database.
pub(crate) fn open(common: &Common, args: ConsoleArgs) -> Result<()> {
    let is_named = matches!(common.actor, Some(ActingAs::Administrator(_)));
    let is_remote = is_named && ssh::is_remote();
    if !is_possible() {
        let why = if is_remote {
            "the console needs a terminal, and there is nothing else here: ask for one by ssh -t"
        } else {
            "the console needs a terminal; without one, give a command (see `usher --help`)"
        };
        return Err(Failure::Usage(why.to_owned()));
    }
    let directory = usher_core::Directory::open(&common.db, usher_core::Options::default())?;
    let session = session(&directory, common.actor, Door::Console)?;
    let options = ConsoleOptions {
        replay: Some(replay()),
        reader: Some(reader()),
        handouts: Some(handouts(Setup::load(common).ok())),
        theme: args.theme,
        plain: args.plain,
        read_only: args.read_only,
        ..ConsoleOptions::default()
    };
    if !is_remote {
        return run(&session, options);
    }
    let session = match ssh::key_of_this_session() {
        Some(key) => session.by_key(key),
        None => session,
    };
    let options = ConsoleOptions {
        no_files: true,
        ..options
    };
    run(&session, options)
}

/// What a kept request of a provider's would come to today.
pub(crate) fn replay() -> usher_tui::Replay {
    usher_tui::Replay::new(|directory, asked| {
        let base = directory.public_url().map_err(|it| it.to_string())?;
        usher_scim_server::command_of(directory, &base, asked)
    })
}

/// How files of people are read: by a process of their own.
pub(crate) fn reader() -> usher_tui::FileReader {
    usher_tui::FileReader::new(|session, source, wanted| {
        let limits = session.read()?.settings()?.import;
        reading::apart(
            session.directory(),
            &limits,
            source,
            wanted.sheet,
            wanted.encoding,
        )
    })
}

/// How mails are previewed, and the join page's sheet is made. Without a configuration that can be read, a mail is shown as
/// the defaults have it.
pub(crate) fn handouts(setup: Option<Setup>) -> usher_tui::Handouts {
    let setup = setup.unwrap_or_default();
    usher_tui::Handouts::new(
        move |session, template, language, text| {
            let directory = session.directory();
            let config = setup.mail_for_looking(directory);
            let config = config.map_err(|it| Error::Broken(it.why()))?;
            let (subject, body) = directory.mail_preview(&config, template, language, text)?;
            Ok(MailText { subject, body })
        },
        join_sheet_of,
    )
}

/// Whether there is a terminal to draw on and to type at.
pub(crate) fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Runs the console until the person leaves it.
pub(crate) fn run(session: &Session, options: ConsoleOptions) -> Result<()> {
    usher_tui::run(session.clone(), options).map_err(|error| match error {
        ConsoleError::NotATerminal => Failure::Usage(error.to_string()),
        // There is nobody left to read a message.
        ConsoleError::HungUp => Failure::Unread,
        ConsoleError::Idle
        | ConsoleError::ShutOut
        | ConsoleError::Signal(_)
        | ConsoleError::Terminal(_) => Failure::refused(error.to_string()),
    })
}
