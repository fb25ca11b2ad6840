//! Files that are being written, under no name that anybody looks for. Each is held by a lock for as long: what a killed
//! process has left is nobody's any more, and goes when somebody begins to write in the same folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// How many characters of chance a name has behind its beginning.
const CHANCE: usize = 6;
/// How many entries of a folder are looked at.
const MOST_LOOKED_AT: usize = 10_000;
/// How often somebody may come between a file and its lock.
const TRIES: usize = 16;

/// Begins a file that only its owner may read, and holds it; it goes when it is dropped. What others began in the folder by
/// names of this beginning, and hold no more, is taken away.
pub(super) fn begin(folder: &Path, beginning: &str) -> io::Result<NamedTempFile> {
    clear(folder, beginning);
    for _ in 0..TRIES {
        // Such a file is its owner's alone from its first byte on.
        let file = tempfile::Builder::new()
            .prefix(beginning)
            .rand_bytes(CHANCE)
            .tempfile_in(folder)?;
        match file.as_file().try_lock() {
            Ok(()) if is_at(file.as_file(), file.path()) => return Ok(file),
            // Somebody who clears the folder found it in the instant before it was held.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Where files cannot be held, nobody can clear either.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Takes away what nobody holds. Whatever cannot be looked at or removed stays: it is in nobody's way.
fn clear(folder: &Path, beginning: &str) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.take(MOST_LOOKED_AT).flatten() {
        let name = entry.file_name();
        let chance = name.to_str().and_then(|it| it.strip_prefix(beginning));
        let is_ours =
            |it: &str| it.len() == CHANCE && it.bytes().all(|it| it.is_ascii_alphanumeric());
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        if !is_file || !chance.is_some_and(is_ours) {
            continue;
        }
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
            && is_at(&file, &path)
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether an open file is still the one that has the name.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINNING: &str = ".usher-report-";

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mine = begin(folder, BEGINNING).unwrap();
        let others = [
            ".usher-report-notes.txt",
            ".usher-report-abc12",
            "usher-report-abc123",
            "people.csv",
        ];
        for name in others.iter().chain(&[".usher-report-abc123"]) {
            fs::write(folder.join(name), "half").unwrap();
        }
        fs::create_dir(folder.join(".usher-report-folder")).unwrap();
        std::os::unix::fs::symlink("people.csv", folder.join(".usher-report-linked")).unwrap();
        let next = begin(folder, BEGINNING).unwrap();
        let left = names(folder);
        let name = |it: &NamedTempFile| it.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut expected: Vec<String> = others.map(str::to_owned).to_vec();
        expected.extend([name(&mine), name(&next)]);
        expected.extend([".usher-report-folder", ".usher-report-linked"].map(str::to_owned));
        expected.sort();
        assert_eq!(left, expected);
        // Whoever is done gives the lock back with the file.
        let kept = mine.persist(folder.join("done.csv")).unwrap();
        drop((kept, next));
        assert!(names(folder).contains(&"done.csv".to_owned()));
        drop(begin(folder, BEGINNING).unwrap());
        let held = names(folder).into_iter().filter(|it| it.len() == 20);
        assert_eq!(
            held.collect::<Vec<_>>(),
            [".usher-report-folder", ".usher-report-linked"]
        );
    }

    #[test]
    fn several_who_begin_at_once_leave_each_other_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let file = begin(folder, BEGINNING).unwrap();
                        assert!(is_at(file.as_file(), file.path()));
                    }
                });
            }
        });
        assert_eq!(names(folder), [""; 0]);
    }
}
