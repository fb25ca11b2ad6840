//! `usher password`, and passwords for `usher create`: typed at a terminal without showing, or read from standard input;
//! never an argument, which every user of the machine can see.

mod typed;

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use usher_core::command::{Command, SetPassword};
use usher_core::model::{Profile, Settings, UserId};
use usher_core::password::{LONGEST, Password, PasswordHash};
use usher_core::{Error, Selection};

use crate::args::PasswordArgs;
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::who::selection;

pub(crate) fn run(desk: &Desk, args: &PasswordArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who)?;
    if args.mail {
        return carry_out(desk, Command::MailPasswordLink { who }, &args.plan);
    }
    let user = one(&who)?;
    let password = if args.remove {
        None
    } else {
        Some(chosen(desk, user, args.password_stdin)?)
    };
    let command = Command::SetPassword(SetPassword { user, password });
    carry_out(desk, command, &args.plan)
}

fn one(who: &Selection) -> Result<UserId> {
    match who {
        Selection::Ids(ids) if ids.len() == 1 => Ok(ids[0]),
        _ => Err(Failure::Usage(
            "a password is for one person, named by address, user name or id; --mail sends links to many"
                .into(),
        )),
    }
}

/// A new password for somebody on the roster.
fn chosen(desk: &Desk, user: UserId, from_input: bool) -> Result<PasswordHash> {
    let read = desk.read()?;
    let profile = read.user(user)?.map(|it| it.profile).unwrap_or_default();
    drop(read);
    of(desk, &profile, from_input)
}

/// A new password for whoever this is about.
pub(crate) fn of(desk: &Desk, about: &Profile, from_input: bool) -> Result<PasswordHash> {
    let settings = desk.read()?.settings()?;
    if settings.single_sign_on {
        // Said before anybody types one.
        return Err(Error::conflict(
            "there are no passwords: people sign in at the identity provider (single-sign-on is on)",
        )
        .into());
    }
    let text = if from_input {
        first_line()?
    } else if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        typed::twice()?
    } else {
        return Err(Failure::Usage(
            "there is no terminal to type a password at; give it on standard input with --password-stdin"
                .into(),
        ));
    };
    let password = Password::choose(&text, &known(about, &settings))?;
    Ok(desk.session.directory().hash_password(&password)?)
}

/// What others know of the person.
fn known<'a>(about: &'a Profile, settings: &'a Settings) -> Vec<&'a str> {
    let theirs = [
        &about.email,
        &about.user_name,
        &about.first_name,
        &about.last_name,
        &about.display_name,
    ];
    let theirs = theirs.into_iter().filter_map(|it| it.as_deref());
    theirs
        .chain([settings.organization_name.as_str()])
        .collect()
}

/// The first line of standard input, without its end.
fn first_line() -> Result<String> {
    let mut line = String::new();
    let most = LONGEST as u64 + 3;
    std::io::stdin()
        .lock()
        .take(most)
        .read_line(&mut line)
        .map_err(|it| Failure::refused(format!("cannot read standard input: {it}")))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
