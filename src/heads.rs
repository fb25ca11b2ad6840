//! Ends of the history, noted outside the database: whoever can write the database can also make a history that is whole in
//! itself, and cannot make one that goes through what was noted elsewhere. The server notes one a day; `usher audit verify
//! --heads` looks whether the history goes through each.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use usher_core::Directory;
use usher_core::directory::Head;
use usher_core::model::{Actor, Door, Timestamp};

use crate::failure::{Failure, Result, complain};

/// How often an end is noted.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Notes ends of the history on a thread of its own, at once, every day, and once more when it is dropped.
pub(crate) struct Heads {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heads {
    /// Starts it. A file that cannot be written is complained of, once until it can be, and tried again: nobody stays on the
    /// roster for it.
    pub(crate) fn start(directory: Directory, file: PathBuf) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("usher-heads".into())
            .spawn(move || {
                let mut complained = false;
                loop {
                    let noted = note(&directory, &file);
                    let sleep = if noted.is_ok() { EVERY } else { AFTER_FAILURE };
                    if let Err(error) = &noted
                        && !complained
                    {
                        complain(error);
                    }
                    complained = noted.is_err();
                    match stopped.recv_timeout(sleep) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
                // What came since the last one has nobody to watch over it now.
                if let Err(error) = note(&directory, &file)
                    && !complained
                {
                    complain(&error);
                }
            })
            .map_err(|error| Failure::refused(format!("no thread for the heads: {error}")))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Heads {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Notes the end of the history as it is now: `TIME SEQ HASH`, on a line of its own, on disk when this returns. Otherwise says
/// why not.
fn note(directory: &Directory, file: &Path) -> std::result::Result<(), String> {
    let session = directory.as_actor(Actor::Scheduler, Door::Schedule);
    let head = session.read().and_then(|it| it.audit_head());
    let noted = head.map_err(|it| it.to_string()).and_then(|head| {
        let line = format!("{} {} {}\n", directory.now(), head.seq, head.hash);
        append(file, &line).map_err(|it| it.to_string())
    });
    noted.map_err(|why| {
        let file = file.display();
        format!("the end of the history cannot be noted in {file}: {why}")
    })
}

fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut out = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(file)?;
    // What a crash left of a line is no part of this one.
    let mut last = [b'\n'];
    if out.seek(SeekFrom::End(0))? > 0 {
        out.seek(SeekFrom::End(-1))?;
        out.read_exact(&mut last)?;
    }
    let begin = if last == *b"\n" { "" } else { "\n" };
    out.write_all(format!("{begin}{line}").as_bytes())?;
    out.sync_data()
}

/// An end of the chain that was kept, and where.
pub(crate) struct Kept {
    pub(crate) head: Head,
    /// Where it was kept, for people.
    pub(crate) place: String,
}

/// Every end that was noted in a file.
///
/// # Errors
/// When it cannot be read, or a line says something else.
pub(crate) fn noted(file: &Path) -> Result<Vec<Kept>> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let lines = text.lines().zip(1..).filter(|it| !it.0.trim().is_empty());
    let kept = lines.map(|(line, number)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let kept = match words.as_slice() {
            [at, seq, hash] => at
                .parse::<Timestamp>()
                .ok()
                .and_then(|at| Some((at, head(seq, hash)?))),
            _ => None,
        };
        let Some((at, head)) = kept else {
            return Err(Failure::Usage(format!(
                "line {number} of {name} is not what `usher serve --audit-heads` writes (TIME SEQ HASH); if a crash cut it \
                 off, take it out"
            )));
        };
        Ok(Kept {
            head,
            place: format!("line {number} of {name}, {at}"),
        })
    });
    let kept: Vec<Kept> = kept.collect::<Result<_>>()?;
    if kept.is_empty() {
        return Err(Failure::Usage(format!("{name} holds no end of a history")));
    }
    Ok(kept)
}

/// An end of the chain as it is written.
pub(crate) fn head(seq: &str, hash: &str) -> Option<Head> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit());
    Some(Head {
        seq: seq.parse().ok().filter(|it: &i64| *it >= 0)?,
        hash: is_hash.then(|| hash.to_owned())?,
        at: None,
    })
}
