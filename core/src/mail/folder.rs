//! Mail as files: without a mail server each mail becomes an `.eml` file in a folder beside the database, which any mail
//! program opens. A file is named after the mail's number, its message and the person's id, so that trying again
//! replaces it and erasing the person finds it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Letter, Verdict};
use crate::directory::Directory;
use crate::model::{Timestamp, UserId};
use crate::store::real_path;

impl Directory {
    /// The folder beside the database into which mails go when there is no mail server.
    pub fn mail_folder(&self) -> PathBuf {
        folder_of(self.path())
    }
}

fn folder_of(database: &Path) -> PathBuf {
    let mut name = real_path(database).into_os_string();
    name.push(".mail");
    name.into()
}

/// Writes a mail into the folder, which is made when it is not there.
pub(super) fn write(folder: &Path, letter: &Letter) -> Verdict {
    let name = format!(
        "{:08}-{}-{}.eml",
        letter.seq,
        letter.template.as_str(),
        letter.user
    );
    let written = || -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let half = folder.join(format!(".{name}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        file.write_all(&letter.bytes)?;
        file.sync_all()?;
        fs::rename(&half, folder.join(&name))
    };
    match written() {
        Ok(()) => Verdict::Taken,
        Err(error) => Verdict::Down(format!(
            "{} cannot be written to ({})",
            folder.display(),
            error.kind()
        )),
    }
}

/// Removes the mails to these people from the folder beside a database.
pub(crate) fn forget(database: &Path, people: &[UserId]) -> io::Result<()> {
    let folder = folder_of(database);
    let files = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let endings: std::collections::HashSet<String> =
        people.iter().map(|it| format!("{it}.eml")).collect();
    for file in files {
        let file = file?;
        let name = file.file_name();
        // An id is 36 characters, with `.eml` 40.
        let ending = name
            .to_str()
            .and_then(|it| it.get(it.len().checked_sub(40)?..));
        // Whoever wished to join had no id yet; those mails are short-lived and go all at once.
        let is_wish = name.to_str().is_some_and(|it| it.contains("-join-"));
        if is_wish || ending.is_some_and(|it| endings.contains(it)) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Removes mails from the folder beside a database that were written before an instant.
pub(super) fn trim(database: &Path, before: Timestamp) -> io::Result<()> {
    let files = match fs::read_dir(folder_of(database)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let before = u64::try_from(before.as_millis()).unwrap_or(0);
    let before = SystemTime::UNIX_EPOCH + Duration::from_millis(before);
    for file in files {
        let file = file?;
        if file.metadata()?.modified()? < before {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}
