//! `usher backup` and `usher restore`: the database as one file, and back.

use serde_json::json;
use usher_core::{Directory, Options};

use crate::args::{BackupArgs, Common, RestoreArgs};
use crate::confirm::answer;
use crate::desk::{can_ask, only_owners, open_directory};
use crate::failure::{Failure, Result};
use crate::output::say_or_tell;

pub(crate) fn backup(common: &Common, args: &BackupArgs) -> Result<()> {
    let directory = open_directory(&common.db)?;
    only_owners(&directory, common, "a copy of everything")?;
    directory.backup(&args.to)?;
    let (to, db) = (args.to.display(), common.db.display());
    say_or_tell(
        common.format,
        &format!("{to} is a verified copy of {db}"),
        &[
            ("file", json!(to.to_string())),
            ("copy_of", json!(db.to_string())),
        ],
    )
}

pub(crate) fn restore(common: &Common, args: &RestoreArgs) -> Result<()> {
    // A file that cannot be opened any more is what restoring is for, and says nothing of anybody.
    if let Ok(directory) = open_directory(&common.db) {
        only_owners(&directory, common, "restoring")?;
    }
    if Directory::is_of_another_organization(&args.from, &common.db)? && !args.another_organization
    {
        return Err(Failure::refused(format!(
            "nothing was restored: {} is a backup of another organization than {}; say --another-organization if that is meant",
            args.from.display(),
            common.db.display()
        )));
    }
    // What is there already is kept beside it, but it is not what anybody sees any more; so this asks.
    if !args.yes && common.db.exists() {
        agree(common)?;
    }
    Directory::restore(&args.from, &common.db, &Options::default())?;
    let (from, db) = (args.from.display(), common.db.display());
    say_or_tell(
        common.format,
        &format!(
            "{db} is {from} again; links that were mailed before do not work any more: `usher resend status:waiting` sends new ones"
        ),
        &[
            ("file", json!(db.to_string())),
            ("copy_of", json!(from.to_string())),
        ],
    )
}

fn agree(common: &Common) -> Result<()> {
    let db = common.db.display();
    if !can_ask() {
        return Err(Failure::refused(format!(
            "nothing was restored: {db} exists; without a terminal, say --yes to replace it"
        )));
    }
    match answer(&format!(
        "{db} exists and will be kept beside the restored one. Type `restore` to go on: "
    ))?
    .as_str()
    {
        "restore" => Ok(()),
        _ => Err(Failure::refused("nothing was restored")),
    }
}
