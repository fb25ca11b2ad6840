//! Whether a server runs on a database: a file beside it that a server keeps locked for as long as it lives. However the
//! server ends, the lock ends with it; nothing has to be cleaned up and no clock has to be believed.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use crate::directory::Directory;
use crate::error::{Error, Result};

/// How often a lock is looked at again before it is believed: somebody else may be looking at this very moment.
const LOOKS: usize = 3;

/// Says that a server runs, until it is dropped.
#[derive(Debug)]
pub struct Serving {
    _lock: File,
}

impl Directory {
    fn serving_file(&self) -> PathBuf {
        let mut name = self.path().as_os_str().to_owned();
        name.push(".serving");
        name.into()
    }

    /// Says that a server runs on this database. Several may.
    ///
    /// # Errors
    /// [`Error::File`] when the file beside the database cannot be made.
    pub fn begin_serving(&self) -> Result<Serving> {
        let path = self.serving_file();
        let locked = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| {
                file.lock_shared()?;
                Ok(file)
            });
        match locked {
            Ok(file) => Ok(Serving { _lock: file }),
            Err(why) => Err(Error::File {
                path: path.display().to_string(),
                why: format!("cannot be made or locked ({})", why.kind()),
                remedy: "check the folder of the database".to_owned(),
            }),
        }
    }

    /// Whether a server runs on this database, in this process or another on this machine.
    pub fn is_served(&self) -> bool {
        let Ok(file) = OpenOptions::new().write(true).open(self.serving_file()) else {
            return false;
        };
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => return false,
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
                Err(TryLockError::Error(_)) => return false,
            }
        }
        true
    }
}
