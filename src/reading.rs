//! Reading a file that somebody names, or pipes in, by the worker.

use std::path::Path;

use usher_core::import::{Limits, Sheet, Source, Task, read_apart};
use usher_core::{Directory, Error};

use crate::desk::Desk;
use crate::failure::Result;

/// What is in a file; `-` is standard input. Of a workbook the named sheet, of a text as it is encoded.
pub(crate) fn sheet(
    desk: &Desk,
    file: &Path,
    sheet: Option<&str>,
    encoding: Option<&str>,
) -> Result<Sheet> {
    let task = Task {
        sheet: sheet.map(str::to_owned),
        encoding: encoding.map(str::to_owned),
        limits: desk.read()?.settings()?.import,
    };
    let mut input = std::io::stdin().lock();
    let source = if file == Path::new("-") {
        Source::Pipe(&mut input)
    } else {
        Source::Path(file)
    };
    Ok(told(desk.session.directory(), source, &task)?)
}

/// The same, of a file or a pipe that is open already.
pub(crate) fn apart(
    directory: &Directory,
    limits: &Limits,
    source: Source<'_>,
    sheet: Option<&str>,
    encoding: Option<&str>,
) -> usher_core::Result<Sheet> {
    let task = Task {
        sheet: sheet.map(str::to_owned),
        encoding: encoding.map(str::to_owned),
        limits: *limits,
    };
    told(directory, source, &task)
}

fn told(directory: &Directory, source: Source<'_>, task: &Task) -> usher_core::Result<Sheet> {
    let program = std::env::current_exe()
        .map_err(|it| Error::Broken(format!("the program cannot be found: {it}")))?;
    // Beside the database is the place for what is in it.
    let folder = directory.path().parent();
    let folder = folder.filter(|it| !it.as_os_str().is_empty());
    read_apart(&program, source, task, folder.unwrap_or(Path::new(".")))
}

/// How much of a list is read at once.
const PAGE: usize = 500;

/// Hands over what a list has that is read by pages from the newest on, each by the number of the one before.
pub(crate) fn newest_first<T>(
    limit: Option<usize>,
    page: impl Fn(Option<i64>, usize) -> usher_core::Result<Vec<T>>,
    number: impl Fn(&T) -> i64,
    mut each: impl FnMut(&T) -> Result<()>,
) -> Result<()> {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut before = None;
    while left > 0 {
        let most = PAGE.min(left);
        let rows = page(before, most)?;
        rows.iter().try_for_each(&mut each)?;
        left -= rows.len().min(left);
        match rows.last() {
            Some(last) if rows.len() == most => before = Some(number(last)),
            _ => break,
        }
    }
    Ok(())
}
