//! The file of the key that links are made with, beside the database: `FILE.key`. Readable by its owner only, made once,
//! never written again.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::store::real_path;

/// Bytes of a key.
const SIZE: usize = 32;

/// The key that an organization's links are made with.
#[derive(Clone)]
pub(crate) struct LinkKey([u8; SIZE]);

impl LinkKey {
    pub(super) fn bytes(&self) -> &[u8; SIZE] {
        &self.0
    }
}

impl Directory {
    /// The file of the key beside the database.
    pub fn link_key_file(&self) -> PathBuf {
        file_of(self.path())
    }

    /// Makes sure that the key is there and can be used, and tells whether it had to be made although links were mailed
    /// before: these do not open anything any more.
    ///
    /// # Errors
    /// [`Error::File`] when others may read the file, or when it is none of ours.
    pub fn ensure_link_key(&self) -> Result<bool> {
        let is_new = !self.link_key_file().exists();
        self.link_key()?;
        Ok(is_new && self.shared.store.read(self.now())?.has_mailed_links()?)
    }

    /// The key, read once a process; made when it is missing.
    pub(super) fn link_key(&self) -> Result<LinkKey> {
        let kept = &self.shared.link_key;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = kept.as_ref() {
            return Ok(key.clone());
        }
        let path = self.link_key_file();
        if !path.exists() {
            make(&path, &self.shared.randomness.seed())?;
        }
        let key = read(&path)?;
        *kept = Some(key.clone());
        Ok(key)
    }
}

/// Removes the key, so that no link which was mailed before opens anything: what they were used for is not known to the
/// backup that takes the database's place.
pub(crate) fn forget(database: &Path) -> std::io::Result<()> {
    match fs::remove_file(file_of(database)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn file_of(database: &Path) -> PathBuf {
    let mut name = real_path(database).into_os_string();
    name.push(".key");
    name.into()
}

/// Makes the key whole or not at all; of two processes that do, one wins and both read its key.
fn make(path: &Path, bytes: &[u8; SIZE]) -> Result<()> {
    let failed = |error: std::io::Error| {
        unusable(
            path,
            &format!("cannot be made ({})", error.kind()),
            "check the folder",
        )
    };
    let mut half = path.as_os_str().to_owned();
    half.push(format!(".{}", std::process::id()));
    let half = PathBuf::from(half);
    let _ = fs::remove_file(&half);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    let linked = written.and_then(|()| match fs::hard_link(&half, path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let _ = fs::remove_file(&half);
    linked.map_err(failed)?;
    let folder = path.parent().and_then(|it| fs::File::open(it).ok());
    if let Some(folder) = folder {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn read(path: &Path) -> Result<LinkKey> {
    let failed = |error: std::io::Error| {
        unusable(
            path,
            &format!("cannot be read ({})", error.kind()),
            "check its owner and permissions",
        )
    };
    let file = fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode();
    if mode & 0o077 != 0 {
        let why = format!("can be used by others (mode {:o})", mode & 0o777);
        let remedy = "run chmod 600 on it; if others may have read it, remove it instead, and resend what was mailed";
        return Err(unusable(path, &why, remedy));
    }
    let mut bytes = Vec::with_capacity(SIZE + 1);
    file.take(SIZE as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let bytes = bytes.try_into().map_err(|_| {
        let remedy = "put the right one back, or remove it: then a new one is made, and what was mailed must be resent";
        unusable(path, "is not a key of Usher", remedy)
    })?;
    Ok(LinkKey(bytes))
}

fn unusable(path: &Path, why: &str, remedy: &str) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.to_owned(),
        remedy: remedy.to_owned(),
    }
}
