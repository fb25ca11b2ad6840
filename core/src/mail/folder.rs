//! Mail as files: without a mail server each mail becomes an `.eml` file in a folder beside the database, which any mail
//! program opens. A file is named after the mail's number, its message and the person's id, so that trying again
//! replaces it and erasing the person finds it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Letter, Verdict};
use crate::directory::Directory;
use crate::model::UserId;
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
        if ending.is_some_and(|it| endings.contains(it)) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}
