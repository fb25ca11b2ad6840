//! Reading a file that somebody names, or pipes in, by the worker.

use std::path::Path;

use usher_core::import::{Sheet, Source, read_apart};

use crate::desk::Desk;
use crate::failure::{Failure, Result};

/// What is in a file; `-` is standard input.
pub(crate) fn sheet(desk: &Desk, file: &Path, sheet: Option<&str>) -> Result<Sheet> {
    let limits = desk.read()?.settings()?.import;
    let program = std::env::current_exe()
        .map_err(|it| Failure::refused(format!("the program cannot be found: {it}")))?;
    let mut input = std::io::stdin().lock();
    let source = if file == Path::new("-") {
        Source::Pipe(&mut input)
    } else {
        Source::Path(file)
    };
    Ok(read_apart(&program, source, sheet, &limits)?)
}
