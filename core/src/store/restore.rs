//! Backups that are checked before they count, putting one back, and the list of erased people beside the database that
//! is applied again afterwards.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::turn::{beside, open_beside};
use super::{broken, events, open};
use crate::command::Command;
use crate::directory::{Directory, Options};
use crate::error::{Error, Result};
use crate::model::{Actor, Door, IndividualId, Status, UserId};
use crate::selection::Selection;

/// How long whoever wants to be alone with a database waits for others.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 3 });

/// Holds the database open, for as long as the file lives. Refused while somebody restores over it.
pub(super) fn hold_open(path: &Path) -> Result<File> {
    // No file is made beside one that is not there or not ours.
    open::check_file(path)?;
    let file = open_beside(path, "-open")?;
    hold_shared(&file, path)?;
    Ok(file)
}

/// Holds the database open beside others.
pub(super) fn hold_shared(file: &File, path: &Path) -> Result<()> {
    file.try_lock_shared().map_err(|_| Error::File {
        path: path.display().to_string(),
        why: "is being restored".into(),
        remedy: "try again when that is done".into(),
    })
}

/// Waits until nobody else has the database open, for as long as it is worth it; `wanted` says whether it still is.
pub(super) fn become_alone(
    file: &File,
    path: &Path,
    wanted: impl Fn() -> Result<bool>,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while file.try_lock().is_err() {
        if !wanted()? {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Error::File {
                path: path.display().to_string(),
                why: "was written by an older usher, and is open in another process".into(),
                remedy: "stop the server and consoles first: they cannot go on once it is brought to this version".into(),
            });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Notes erased people beside the database, so that a restore erases them again.
pub(super) fn note_erased(path: &Path, erased: &[UserId]) -> Result<()> {
    let mut file = open_beside(path, "-erased")?;
    let mut lines: String = erased.iter().map(|it| format!("{it}\n")).collect();
    if !ends_a_line(&mut file).map_err(|error| Error::Broken(error.to_string()))? {
        lines.insert(0, '\n');
    }
    file.write_all(lines.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| Error::Broken(error.to_string()))
}

/// Whether what is added to a list begins on a line of its own.
fn ends_a_line(list: &mut File) -> std::io::Result<bool> {
    if list.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    list.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    list.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Erased people: those noted beside the database, and those in it. A line of the list that names nobody is refused: whoever
/// it was would come back unnoticed.
fn erased_people(path: &Path) -> Result<BTreeSet<UserId>> {
    let mut erased = BTreeSet::new();
    let list = beside(path, "-erased");
    if list.exists() {
        let refused = |why: String, remedy: &str| Error::File {
            path: list.display().to_string(),
            why,
            remedy: remedy.into(),
        };
        let bytes = fs::read(&list).map_err(|error| {
            let why = format!("cannot be read ({})", error.kind());
            refused(
                why,
                "it lists who was erased: give whoever runs usher the right to read it",
            )
        })?;
        for (line, number) in bytes.split(|it| *it == b'\n').zip(1..) {
            let line = String::from_utf8_lossy(line);
            if line.trim().is_empty() {
                continue;
            }
            let id = line.trim().parse::<UserId>().map_err(|_| {
                let why = format!("lists who was erased, and line {number} of it is no id");
                refused(
                    why,
                    "put the id back, so that nobody who was erased returns, or take the line out",
                )
            })?;
            erased.insert(id);
        }
    }
    if path.exists()
        && let Ok(conn) = open::check_copy(path)
    {
        let rows = super::Snapshot::new(&conn).all(
            "SELECT id FROM users WHERE status = 'erased'",
            [],
            |row| Ok(UserId::from_bytes(row.get(0)?)),
        )?;
        erased.extend(rows);
    }
    Ok(erased)
}

/// Checks a copy as a whole: pages, references, the chain of events, and the pools' counters against their licenses.
pub(super) fn verify_copy(path: &Path) -> Result<()> {
    let conn = open::check_copy(path)?;
    let report = events::verify(&conn)?;
    let damaged = |why: String| Error::File {
        path: path.display().to_string(),
        why,
        remedy: "use another backup".into(),
    };
    if let Some(bad) = report.first_bad {
        return Err(damaged(format!(
            "has a broken history: event {} {}",
            bad.seq, bad.why
        )));
    }
    let sql = "SELECT count(*) FROM pool_counters WHERE reserved <> (SELECT count(*) FROM licenses WHERE pool = pool_counters.pool AND state = 'reserved') \
        OR consumed <> (SELECT count(*) FROM licenses WHERE pool = pool_counters.pool AND state = 'consumed') \
        OR queued <> (SELECT count(*) FROM licenses WHERE pool = pool_counters.pool AND state = 'queued')";
    let wrong: i64 = conn.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
    if wrong > 0 {
        return Err(damaged("counts its licenses wrongly".into()));
    }
    // The check opened the copy in WAL mode; nothing of that may stay beside it.
    conn.pragma_update(None, "query_only", false)
        .map_err(broken)?;
    let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(conn);
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(path, suffix));
    }
    Ok(())
}

/// Whether a backup is of another organization than the database that it would replace; not where there is none, or none
/// that can be read.
pub(crate) fn is_of_another_organization(backup: &Path, path: &Path) -> Result<bool> {
    if !backup.exists() {
        return Err(Error::File {
            path: backup.display().to_string(),
            why: "is not there".into(),
            remedy: "name a file that `usher backup` wrote".into(),
        });
    }
    let path = &open::real_path(path);
    if !path.exists() {
        return Ok(false);
    }
    let theirs = open::key_of_copy(backup)?;
    Ok(open::reader(path)
        .and_then(|conn| open::key_of(&conn))
        .is_ok_and(|ours| ours != theirs))
}

/// Puts a checked backup in the place of a database. What was there is kept as `FILE.before-restore-N`.
pub(crate) fn restore(backup: &Path, path: &Path, options: &Options) -> Result<()> {
    let path = &open::real_path(path);
    if open::real_path(backup) == *path {
        return Err(Error::File {
            path: path.display().to_string(),
            why: "is the database itself".into(),
            remedy: "name the backup that is to be put back".into(),
        });
    }
    verify_copy(backup)?;
    let lock = open_beside(path, "-open")?;
    lock.try_lock().map_err(|_| Error::File {
        path: path.display().to_string(),
        why: "is open in another process".into(),
        remedy: "stop the server and consoles first".into(),
    })?;
    let io = |error: std::io::Error| Error::Broken(format!("restoring failed: {error}"));
    let erased = erased_people(path)?;
    if path.exists() && !open::take_log_in(path) {
        return Err(Error::File {
            path: path.display().to_string(),
            why: "is open in another program".into(),
            remedy: "close it there first: it would go on with what is taken away".into(),
        });
    }
    let incoming = beside(path, ".restoring");
    let _ = fs::remove_file(&incoming);
    fs::copy(backup, &incoming).map_err(io)?;
    File::open(&incoming)
        .and_then(|it| it.sync_all())
        .map_err(io)?;
    if path.exists() {
        let kept = (1..)
            .map(|i| beside(path, &format!(".before-restore-{i}")))
            .find(|it| !it.exists());
        if let Some(kept) = kept {
            fs::rename(path, &kept).map_err(io)?;
            // Of a file that cannot be read any more the log is a part: perhaps somebody can save something.
            let log = beside(path, "-wal");
            if log.exists() {
                fs::rename(log, beside(&kept, "-wal")).map_err(io)?;
            }
        }
    }
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(path, suffix));
    }
    // Before the old state is there: a link that was used since must not open anything again.
    crate::link::forget_key(path).map_err(io)?;
    fs::rename(&incoming, path).map_err(io)?;
    drop(lock);
    erase_again(path, &erased, options)
}

fn erase_again(path: &Path, erased: &BTreeSet<UserId>, options: &Options) -> Result<()> {
    let directory = Directory::open(path, options.clone())?;
    let session = directory.as_actor(Actor::FileOwner, Door::Schedule);
    let mut again = Vec::new();
    for user in erased {
        if session
            .read()?
            .user(*user)?
            .is_some_and(|it| it.status != Status::Erased)
        {
            again.push(*user);
        }
    }
    erase_accounts_again(&directory, erased)?;
    if again.is_empty() {
        return Ok(());
    }
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    session.apply(
        session.request(Command::Delete {
            who: Selection::Ids(again.clone()),
        }),
        None,
    )?;
    session.apply(
        session.request(Command::Erase {
            who: Selection::Ids(again),
        }),
        None,
    )?;
    Ok(())
}

/// Accounts of people's own stand in the same list, by their ids.
fn erase_accounts_again(directory: &Directory, erased: &BTreeSet<UserId>) -> Result<()> {
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    for id in erased {
        let account = IndividualId::from_bytes(*id.as_bytes());
        let found = session.read()?.individual_by_id(account)?;
        if let Some(account) = found {
            let email = account.terms.email;
            session.apply(session.request(Command::EraseIndividual { email }), None)?;
        }
    }
    Ok(())
}
