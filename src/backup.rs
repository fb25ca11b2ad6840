//! `usher backup` and `usher restore`: the database as one file, and back.

use usher_core::{Directory, Options};

use crate::args::{BackupArgs, Common, RestoreArgs};
use crate::confirm::answer;
use crate::desk::{can_ask, open_directory};
use crate::failure::{Failure, Result};
use crate::output::say;

pub(crate) fn backup(common: &Common, args: &BackupArgs) -> Result<()> {
    open_directory(&common.db)?.backup(&args.to)?;
    say(common.format, &format!("{} is a verified copy of {}", args.to.display(), common.db.display()))
}

pub(crate) fn restore(common: &Common, args: &RestoreArgs) -> Result<()> {
    // What is there already is kept beside it, but it is not what anybody sees any more; so this asks.
    if !args.yes && common.db.exists() {
        agree(common)?;
    }
    Directory::restore(&args.from, &common.db, &Options::default())?;
    say(common.format, &format!("{} is {} again", common.db.display(), args.from.display()))
}

fn agree(common: &Common) -> Result<()> {
    let db = common.db.display();
    if !can_ask() {
        return Err(Failure::refused(format!("nothing was restored: {db} exists; without a terminal, say --yes to replace it")));
    }
    match answer(&format!("{db} exists and will be kept beside the restored one. Type `restore` to go on: "))?.as_str() {
        "restore" => Ok(()),
        _ => Err(Failure::refused("nothing was restored")),
    }
}
