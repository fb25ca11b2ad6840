//! What large work needs only now and then is put aside, so that memory does not grow with it: a piece at a time, in a file that
//! has no name and is gone with the process, under a key that nobody but this value knows.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};

use crate::error::{Error, Result};

/// Pieces that are put aside, in their order. They are never changed, and go when this goes.
pub(crate) struct Aside {
    folder: PathBuf,
    cipher: ChaCha20Poly1305,
    /// Made when the first piece comes.
    file: Mutex<Option<File>>,
    /// Where each piece begins in the file; behind the last one it ends.
    ends: Vec<u64>,
}

impl Aside {
    /// Nothing yet. The file is made in this folder, which should be one for personal data: not shared, and not kept in memory.
    ///
    /// # Errors
    ///
    /// When the system gives no random key.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self> {
        let mut key = [0; 32];
        let no_key = |error| Error::Broken(format!("the system gives no random key: {error}"));
        getrandom::fill(&mut key).map_err(no_key)?;
        Ok(Self {
            folder,
            cipher: ChaCha20Poly1305::new(&Key::from(key)),
            file: Mutex::new(None),
            ends: Vec::new(),
        })
    }

    /// How many pieces there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Puts a piece behind the others; returns its number.
    pub(crate) fn put(&mut self, piece: &[u8]) -> Result<usize> {
        let number = self.ends.len();
        let sealed = self.cipher.encrypt(&nonce(number), piece);
        let sealed = sealed.map_err(|_| broken("it cannot be sealed"))?;
        let begin = self.ends.last().copied().unwrap_or(0);
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let file = match file {
            Some(file) => file,
            None => {
                let made = tempfile::tempfile_in(&self.folder);
                file.insert(made.map_err(|it| failed(&self.folder, &it))?)
            }
        };
        let put = file.seek(SeekFrom::Start(begin));
        let put = put.and_then(|_| file.write_all(&sealed));
        put.map_err(|it| failed(&self.folder, &it))?;
        self.ends.push(begin + sealed.len() as u64);
        Ok(number)
    }

    /// The piece of that number, as it was put.
    pub(crate) fn get(&self, number: usize) -> Result<Vec<u8>> {
        let end = self.ends.get(number).copied();
        let end = end.ok_or_else(|| broken("there is no such piece"))?;
        let before = number.checked_sub(1).and_then(|it| self.ends.get(it));
        let begin = before.copied().unwrap_or(0);
        let length = usize::try_from(end - begin).map_err(|_| broken("it is too long"))?;
        let mut sealed = vec![0; length];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let file = file.as_mut().ok_or_else(|| broken("there is no file"))?;
            let got = file.seek(SeekFrom::Start(begin));
            let got = got.and_then(|_| file.read_exact(&mut sealed));
            got.map_err(|it| failed(&self.folder, &it))?;
        }
        let piece = self.cipher.decrypt(&nonce(number), sealed.as_slice());
        piece.map_err(|_| broken("it is not what was put there"))
    }
}

/// Nothing of what is in it.
impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aside({} pieces)", self.len())
    }
}

/// No two pieces under one key have the same.
fn nonce(number: usize) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Nonce::from(nonce)
}

fn failed(folder: &Path, error: &io::Error) -> Error {
    Error::File {
        path: folder.display().to_string(),
        why: format!("what large work puts aside cannot be kept there ({error})"),
        remedy: "make room there, and repeat it".to_owned(),
    }
}

fn broken(why: &str) -> Error {
    Error::Broken(format!("what was put aside cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_as_they_were_put_and_leave_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut aside = Aside::in_folder(folder.path().to_owned()).expect("aside");
        let pieces: Vec<Vec<u8>> = (0..20_u8)
            .map(|it| vec![it; usize::from(it) * 999])
            .collect();
        for (number, piece) in pieces.iter().enumerate() {
            assert_eq!(aside.put(piece).expect("put"), number);
            assert_eq!(&aside.get(number / 2).expect("get"), &pieces[number / 2]);
        }
        for (number, piece) in pieces.iter().enumerate().rev() {
            assert_eq!(&aside.get(number).expect("get"), piece);
        }
        assert!(matches!(aside.get(20), Err(Error::Broken(_))));
        let names = std::fs::read_dir(folder.path()).expect("the folder");
        assert_eq!(names.count(), 0, "the file has no name");
    }

    #[test]
    fn nobody_reads_in_the_file_what_was_put() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut aside = Aside::in_folder(folder.path().to_owned()).expect("aside");
        aside.put(b"ana@acme.com").expect("put");
        let mut file = aside.file.lock().expect("the file");
        let file = file.as_mut().expect("a file");
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).expect("seek");
        file.read_to_end(&mut bytes).expect("read");
        assert!(!bytes.windows(4).any(|it| it == b"acme"));
    }
}
