//! Starting the worker and hearing it out. Whatever the file makes of it, whoever asked gets a sheet or a sentence.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::limits::{Limits, said};
use super::sheet::{About, Row, Rows, Sheet};
use super::wire::{self, Bad, Frame};
use super::workbook;
use crate::error::{Error, Result};

/// The argument by which the program is told that it is a worker. The rest of what it must know comes in one more.
pub const WORKER: &str = "import-worker";
/// How much of a file on a pipe is copied at once.
const BLOCK: usize = 64 << 10;

/// What a worker is told.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Task {
    /// The sheet to read; none is the first one.
    pub sheet: Option<String>,
    /// How a text is encoded, by the label of the web's encodings; none is what it looks like.
    pub encoding: Option<String>,
    /// What it may cost.
    pub limits: Limits,
}

/// A file to be read: one that has a place, or what comes from a pipe.
pub enum Source<'p> {
    /// The file of that name.
    Path(&'p Path),
    /// What somebody pipes in, which is kept in a nameless file meanwhile.
    Pipe(&'p mut dyn Read),
}

/// Reads a file in a process of its own: `program` is ours, which knows the argument [`WORKER`]. What of a large one does not
/// stay in memory is put aside in the folder, in a file that has no name and that nobody else can read.
///
/// # Errors
/// [`Error::File`] or [`Error::Invalid`] saying in one sentence what is wrong with the file, also when it was too much for
/// the worker, or there is no room for it in the folder; [`Error::Broken`] when no worker can be started.
pub fn read_apart(program: &Path, source: Source<'_>, task: &Task, folder: &Path) -> Result<Sheet> {
    let limits = &task.limits;
    let file = match source {
        Source::Path(path) => open(path)?,
        Source::Pipe(pipe) => piped(pipe, limits)?,
    };
    let task = serde_json::to_string(task).map_err(|it| Error::Broken(it.to_string()))?;
    let mut child = Command::new(program)
        .arg(WORKER)
        .arg(task)
        .env_clear()
        .stdin(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|it| Error::Broken(format!("the file cannot be read: no worker ({it})")))?;
    let out = child.stdout.take();
    let child = Arc::new(Mutex::new(child));
    let (done, watched) = mpsc::channel::<()>();
    let watching = {
        let child = Arc::clone(&child);
        let patience = Duration::from_secs(limits.patience());
        std::thread::spawn(move || {
            let in_time = watched.recv_timeout(patience) != Err(RecvTimeoutError::Timeout);
            // Who is done may be ended, and who is not must be.
            let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = if in_time { Ok(()) } else { child.kill() };
            in_time
        })
    };
    let heard = match out {
        Some(out) => {
            let rows = Rows::in_folder(folder);
            hear(&mut BufReader::with_capacity(256 << 10, out), limits, rows)
        }
        None => Err(Heard::Nothing),
    };
    if heard.is_err() {
        kill(&child);
    }
    drop(done);
    let in_time = watching.join().unwrap_or(true);
    let status = wait(&child);
    match heard {
        Ok(sheet) => {
            sheet.check()?;
            Ok(sheet)
        }
        Err(Heard::Lost(error)) => Err(error),
        Err(Heard::Bad(bad)) => Err(super::bad(bad)),
        Err(Heard::Nothing) => Err(super::bad(too_much(status, in_time, limits))),
    }
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // One that has come to its end by itself says how; it is given a moment to.
    for _ in 0..20 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
}

fn wait(child: &Mutex<Child>) -> Option<ExitStatus> {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    child.wait().ok()
}

enum Heard {
    /// The worker says what is wrong with the file.
    Bad(Bad),
    /// It fell silent, or says nonsense.
    Nothing,
    /// What it says cannot be kept.
    Lost(Error),
}

fn hear(from: &mut impl Read, limits: &Limits, mut rows: Rows) -> Result<Sheet, Heard> {
    let nothing = |_| Heard::Nothing;
    wire::greet(from).map_err(nothing)?;
    let mut about: Option<About> = None;
    let (mut cells, mut last) = (0, 0);
    let mut buffer = Vec::new();
    loop {
        match wire::next(from, &mut buffer).map_err(nothing)? {
            Frame::About(it) => about = Some(it),
            Frame::Bad(bad) => return Err(Heard::Bad(bad)),
            Frame::Row(number, bytes) => {
                let row = Row::parse_counting(number, bytes);
                let (row, n_cells) = row.ok_or(Heard::Nothing)?;
                cells += n_cells as u64;
                let most = usize::try_from(limits.rows).unwrap_or(usize::MAX);
                if number <= last || rows.len() >= most || cells > limits.cells {
                    return Err(Heard::Nothing);
                }
                last = number;
                rows.push(&row);
                if let Some(error) = rows.failure() {
                    return Err(Heard::Lost(error));
                }
            }
            Frame::End(n_rows) => {
                let all = usize::try_from(n_rows) == Ok(rows.len());
                return match about {
                    Some(about) if all && rows.len() > 0 => Ok(rows.sheet(about)),
                    Some(_) if all => Err(Heard::Bad(workbook::empty())),
                    _ => Err(Heard::Nothing),
                };
            }
        }
    }
}

/// What a worker died of.
fn too_much(status: Option<ExitStatus>, in_time: bool, limits: &Limits) -> Bad {
    #[cfg(unix)]
    let signal = status.and_then(|it| std::os::unix::process::ExitStatusExt::signal(&it));
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let why = match signal {
        _ if !in_time => "takes too long to read".to_owned(),
        // By the processor's clock.
        Some(24 | 9) => "takes too long to read".to_owned(),
        // Out of memory, which ends a program at once.
        Some(6 | 11) => format!("needs more than {} of memory to read", said(limits.memory)),
        _ if status.is_some_and(|it| it.success()) => "cannot be understood".to_owned(),
        _ => format!(
            "needs more than {} of memory or is damaged",
            said(limits.memory)
        ),
    };
    Bad::new(
        why,
        "open it in a spreadsheet program, copy what is needed into a new file, and import that",
    )
}

fn open(path: &Path) -> Result<File> {
    let refused = |why: String, remedy: &str| Error::File {
        path: path.display().to_string(),
        why,
        remedy: remedy.to_owned(),
    };
    let cannot = |error: std::io::Error| {
        refused(
            format!("cannot be opened ({})", error.kind()),
            "check its name and its rights",
        )
    };
    // Looked at first: opening what is no file may wait for ever.
    let is_file = |it: std::fs::Metadata| match it.is_file() {
        true => Ok(()),
        false => Err(refused(
            "is no file".into(),
            "name a csv or xlsx file, or - for standard input",
        )),
    };
    std::fs::metadata(path).map_err(cannot).and_then(is_file)?;
    let file = File::open(path).map_err(cannot)?;
    file.metadata().map_err(cannot).and_then(is_file)?;
    Ok(file)
}

fn piped(pipe: &mut dyn Read, limits: &Limits) -> Result<File> {
    let cannot =
        |error: std::io::Error| Error::Broken(format!("the input cannot be kept: {error}"));
    let mut file = tempfile::tempfile().map_err(cannot)?;
    let mut block = vec![0; BLOCK];
    let mut size = 0;
    loop {
        let got = pipe.read(&mut block).map_err(cannot)?;
        size += got as u64;
        if got == 0 || size > limits.file {
            break;
        }
        file.write_all(block.get(..got).unwrap_or_default())
            .map_err(cannot)?;
    }
    if size > limits.file {
        return Err(super::bad(Bad::new(
            format!("is larger than {}", said(limits.file)),
            "split it, or leave out columns that are not needed",
        )));
    }
    file.rewind().map_err(cannot)?;
    Ok(file)
}
