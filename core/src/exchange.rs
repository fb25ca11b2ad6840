//! The exchange folder: files go in and out of a console without a folder on this machine through a page of the server,
//! once, within ten minutes, for the administrator who asked and for nothing else. The folder is beside the database; a
//! file in it is named by an id, and is gone when it was fetched, when its time is over, and when anybody is erased.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::directory::{Directory, Session};
use crate::draw::{Draw, Draws};
use crate::error::{Error, Result};
use crate::model::{
    Actor, Purpose, TRANSFER_MS, Timestamp, Transfer, TransferId, file_name, table_name,
};
use crate::report::{self, Report, Written};
use crate::token::{self, Kind};

/// A page for one file.
#[derive(Clone, Debug)]
pub struct Page {
    /// Which transfer it is.
    pub id: TransferId,
    /// Where it is, with its secret: whoever has it has the file.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A file that was fetched from the folder, and is in it no longer.
#[derive(Debug)]
pub struct Fetched {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A file that somebody sent.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// What it was called, with its ending.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Where files of a database are exchanged.
pub(crate) fn folder(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".exchange");
    name.into()
}

/// Removes every file, such as when somebody was erased who may be in one of them.
pub(crate) fn empty(database: &Path) {
    remove_files(&folder(database), |_| true);
}

/// Removes the files whose name fits. One that somebody else removed first is gone as well.
fn remove_files(folder: &Path, fits: impl Fn(&fs::DirEntry) -> bool) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files.flatten().filter(fits) {
        let _ = fs::remove_file(file.path());
    }
}

fn cannot(what: &str, error: &std::io::Error) -> Error {
    Error::Broken(format!("the exchange folder cannot be {what}: {error}"))
}

impl Session {
    /// Writes a report into the exchange folder, to be fetched from a page once. The ending of the name says its form.
    ///
    /// # Errors
    /// As [`report::write`].
    pub fn hand_out(&self, report: &Report, name: &str) -> Result<(Page, Written)> {
        self.hand_out_by(name, |path| report::write(self, report, path))
    }

    /// Writes any file into the exchange folder, to be fetched from a page once: `write` makes it where it is told to.
    /// Whoever may see nobody has no such page.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that says no format; otherwise what `write` fails with.
    pub fn hand_out_by<T>(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<(Page, T)> {
        drop(self.read()?);
        let name = file_name(name)?;
        let (page, transfer, hash) = self.new_transfer(Purpose::Download, name)?;
        let written = write(&self.directory().exchanged(&transfer))?;
        self.directory().keep(transfer, hash)?;
        Ok((page, written))
    }

    /// A page on which a file can be sent once.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may see nobody; otherwise only when nothing can be written.
    pub fn take_in(&self) -> Result<Page> {
        drop(self.read()?);
        let (page, transfer, hash) = self.new_transfer(Purpose::Upload, String::new())?;
        self.directory().keep(transfer, hash)?;
        Ok(page)
    }

    /// The file that arrived by a page of this actor's; none as long as there is none.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the page is somebody else's or has ended; otherwise only when the database cannot be read.
    pub fn arrived(&self, id: TransferId) -> Result<Option<Arrived>> {
        let directory = self.directory();
        let now = directory.now();
        let found = directory.shared.store.transfer(id, now)?;
        let mine = found.filter(|it| it.actor == self.actor() && it.purpose == Purpose::Upload);
        match mine {
            Some(it) if it.used_at.is_some() => {
                let path = directory.exchanged(&it);
                // The claim comes before the file.
                Ok(path.is_file().then_some(Arrived {
                    name: it.name,
                    path,
                }))
            }
            Some(it) if it.expires_at > now => Ok(None),
            _ => Err(Error::not_found("page", id)),
        }
    }

    fn new_transfer(&self, purpose: Purpose, name: String) -> Result<(Page, Transfer, [u8; 32])> {
        let directory = self.directory();
        let secret = directory.shared.randomness.seed();
        let token = token::render(Kind::Transfer, &secret);
        let hash = token::hash(Kind::Transfer, &token)
            .ok_or_else(|| Error::Broken("a token cannot be read".into()))?;
        let now = directory.now();
        let expires_at = now.plus_millis(TRANSFER_MS);
        // Drawn apart from the secret, which an id must not tell.
        let id = Draws::new(Draw {
            at: now,
            seed: directory.shared.randomness.seed(),
        })
        .transfer();
        let page = Page {
            id,
            url: format!("{}/exchange/{token}", directory.public_url()?),
            expires_at,
        };
        let transfer = Transfer {
            id,
            actor: self.actor(),
            purpose,
            name,
            expires_at,
            used_at: None,
        };
        directory.sweep_exchange()?;
        let folder = folder(directory.path());
        let mut made = DirBuilder::new();
        made.recursive(true).mode(0o700);
        made.create(&folder).map_err(|it| cannot("made", &it))?;
        Ok((page, transfer, hash))
    }
}

impl Directory {
    fn exchanged(&self, transfer: &Transfer) -> PathBuf {
        let ending = transfer.name.rsplit('.').next().unwrap_or("");
        folder(self.path()).join(format!("{}.{ending}", transfer.id))
    }

    fn keep(&self, transfer: Transfer, hash: [u8; 32]) -> Result<()> {
        self.shared.store.add_transfer(transfer, hash, self.now())
    }

    /// What a page is for, as long as it can be used and whoever asked for it may still act.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn transfer_of(&self, token: &str) -> Result<Option<Transfer>> {
        let now = self.now();
        let Some(hash) = token::hash(Kind::Transfer, token) else {
            return Ok(None);
        };
        let found = self.shared.store.transfer_of(&hash, now)?;
        let living = found.filter(|it| it.used_at.is_none() && it.expires_at > now);
        Ok(match living {
            Some(it) if self.may_still_act(it.actor)? => Some(it),
            _ => None,
        })
    }

    fn may_still_act(&self, actor: Actor) -> Result<bool> {
        let session = self.as_actor(actor, crate::model::Door::Page);
        match session.read().map(drop) {
            Ok(()) => Ok(true),
            Err(Error::Forbidden { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fetches the file behind a page, once.
    ///
    /// # Errors
    /// Only when the database or the file cannot be read.
    pub fn fetch(&self, token: &str) -> Result<Option<Fetched>> {
        let Some(transfer) = self.claim(token, Purpose::Download, None)? else {
            return Ok(None);
        };
        let path = self.exchanged(&transfer);
        let bytes = fs::read(&path);
        let _ = fs::remove_file(&path);
        match bytes {
            Ok(bytes) => Ok(Some(Fetched {
                name: transfer.name,
                bytes,
            })),
            // Somebody was erased meanwhile, and with them the file.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &error)),
        }
    }

    /// Takes the file that somebody sends by a page, once; false when the page opens nothing any more.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that says no format; otherwise when the file cannot be written.
    pub fn receive(&self, token: &str, name: &str, bytes: &[u8]) -> Result<bool> {
        let name = table_name(name)?;
        let folder = folder(self.path());
        let mut file = tempfile::Builder::new()
            .prefix(".arriving-")
            .tempfile_in(&folder)
            .map_err(|it| cannot("written", &it))?;
        file.write_all(bytes).map_err(|it| cannot("written", &it))?;
        let Some(transfer) = self.claim(token, Purpose::Upload, Some(name.clone()))? else {
            return Ok(false);
        };
        let to = self.exchanged(&Transfer { name, ..transfer });
        file.persist(to)
            .map_err(|it| cannot("written", &it.error))?;
        Ok(true)
    }

    fn claim(
        &self,
        token: &str,
        purpose: Purpose,
        name: Option<String>,
    ) -> Result<Option<Transfer>> {
        let wanted = self.transfer_of(token)?.filter(|it| it.purpose == purpose);
        let (Some(transfer), Some(hash)) = (wanted, token::hash(Kind::Transfer, token)) else {
            return Ok(None);
        };
        let store = &self.shared.store;
        let won = store.claim_transfer(hash, purpose, self.now(), name)?;
        Ok(won.then_some(transfer))
    }

    /// Forgets pages that have ended, and removes their files. The scheduler asks for it.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn sweep_exchange(&self) -> Result<()> {
        let now = self.now();
        if self.shared.store.has_ended_transfers(now)? {
            self.shared.store.sweep_transfers(now)?;
        }
        // Longer than any page lives, whatever the row of a file says.
        let is_old = |it: &fs::DirEntry| {
            let modified = it.metadata().and_then(|it| it.modified());
            let age = modified.ok().and_then(|it| it.elapsed().ok());
            age.is_some_and(|it| it.as_millis() > TRANSFER_MS.unsigned_abs().into())
        };
        remove_files(&folder(self.path()), is_old);
        Ok(())
    }
}
