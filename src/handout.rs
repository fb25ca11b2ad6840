//! `usher guide` and `usher join sheet`: files to hand out, which need nothing beside them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use usher_core::model::{Date, Language};
use usher_core::{Error, Session};

use crate::args::HandoutArgs;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::say;

/// Writes every page that an invited person will see.
pub(crate) fn guide(desk: &Desk, args: &HandoutArgs) -> Result<()> {
    let read = desk.read()?;
    let (settings, logo) = (read.settings()?, read.logo()?);
    let fields = read.custom_fields()?;
    let today = Date::of(read.now(), &settings.time_zone);
    drop(read);
    let text = usher_scim_server::guide(&settings, &fields, logo.as_ref(), args.language, today);
    write(desk, args, &text)
}

/// Writes a sheet with the join page's address.
pub(crate) fn join_sheet(desk: &Desk, args: &HandoutArgs) -> Result<()> {
    write(desk, args, &join_sheet_of(&desk.session, args.language)?)
}

/// A sheet with the join page's address, to be printed.
pub(crate) fn join_sheet_of(session: &Session, language: Language) -> usher_core::Result<String> {
    let read = session.read()?;
    let (settings, logo) = (read.settings()?, read.logo()?);
    drop(read);
    if settings.join.open_slug().is_none() {
        return Err(Error::conflict(
            "the join page is off; `usher join set --on --allow DOMAIN` turns it on",
        ));
    }
    let base = session.directory().public_url()?;
    let sheet = usher_scim_server::join_sheet(&settings, logo.as_ref(), language, &base);
    sheet.ok_or_else(|| {
        Error::conflict("the join page's address is too long for a QR code; shorten its slug")
    })
}

fn write(desk: &Desk, args: &HandoutArgs, text: &str) -> Result<()> {
    let out: &Path = &args.out;
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options
        .open(out)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|it| {
        let remedy = if it.kind() == std::io::ErrorKind::AlreadyExists {
            "; --force replaces it"
        } else {
            ""
        };
        Failure::refused(format!("cannot write {}: {it}{remedy}", out.display()))
    })?;
    say(desk.format, &format!("wrote {}", out.display()))
}
