//! The file that a report becomes: written beside its place under no name that anybody looks for, readable by its owner
//! only, and moved there when it is whole.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::cell::Sink;
use super::csv::Csv;
use super::json::Json;
use super::part;
use super::xlsx::Xlsx;
use crate::error::{Error, Result};
use crate::model::TimeZoneName;

/// What a write that failed is told as.
pub(crate) fn cannot_write(error: impl std::fmt::Display) -> Error {
    Error::Broken(format!("the report cannot be written: {error}"))
}

fn file_error(path: &Path, why: impl Into<String>, remedy: &str) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.into(),
        remedy: remedy.into(),
    }
}

pub(crate) struct Output {
    pub(crate) sink: Box<dyn Sink>,
    to: PathBuf,
    file: NamedTempFile,
    replace: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Xlsx,
    Csv,
    Json,
}

impl Output {
    pub(crate) fn begin(
        to: &Path,
        replace: bool,
        zone: TimeZoneName,
        several: bool,
    ) -> Result<Self> {
        let ending = to.extension().and_then(|it| it.to_str()).unwrap_or("");
        let format = match ending.to_ascii_lowercase().as_str() {
            "xlsx" => Format::Xlsx,
            "csv" => Format::Csv,
            "json" => Format::Json,
            _ => {
                return Err(Error::invalid(
                    "file",
                    "has a name that says no format",
                    "let it end in .xlsx, .csv or .json",
                ));
            }
        };
        if several && format == Format::Csv {
            return Err(Error::invalid(
                "file",
                "has room for one table, and these are several",
                "let its name end in .xlsx or .json",
            ));
        }
        if fs::symlink_metadata(to).is_ok() && !replace {
            return Err(exists(to));
        }
        let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let file = part::begin(folder, ".usher-report-").map_err(|error| {
            let why = format!("cannot be made ({})", error.kind());
            file_error(to, why, "check the folder")
        })?;
        let out = file.reopen().map_err(cannot_write)?;
        let out = BufWriter::with_capacity(128 * 1024, out);
        let sink: Box<dyn Sink> = match format {
            Format::Xlsx => Box::new(Xlsx::new(out, folder, zone)?),
            Format::Csv => Box::new(Csv(out)),
            Format::Json => Box::new(Json::new(out, several)),
        };
        Ok(Self {
            sink,
            to: to.to_owned(),
            file,
            replace,
        })
    }

    /// Writes what is left and moves the file to its place.
    pub(crate) fn end(mut self) -> Result<()> {
        self.sink.end()?;
        self.file
            .as_file_mut()
            .flush()
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(cannot_write)?;
        let moved = if self.replace {
            self.file.persist(&self.to)
        } else {
            self.file.persist_noclobber(&self.to)
        };
        moved.map(|_| ()).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(&self.to),
            kind => file_error(
                &self.to,
                format!("cannot be made ({kind})"),
                "check the folder",
            ),
        })
    }
}

/// Puts these bytes into a file that is not there yet; it appears whole or not at all, and only its owner may read it.
///
/// # Errors
/// [`crate::Error::File`] when it is there already or cannot be made.
pub fn place(to: &Path, bytes: &[u8]) -> Result<()> {
    put(to, bytes, false)
}

/// As [`place`], in the place of a file that is there, too.
///
/// # Errors
/// [`crate::Error::File`] when it cannot be made.
pub(crate) fn place_over(to: &Path, bytes: &[u8]) -> Result<()> {
    put(to, bytes, true)
}

fn put(to: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let there = || file_error(to, "exists already", "choose another name");
    if !replace && fs::symlink_metadata(to).is_ok() {
        return Err(there());
    }
    let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
    let cannot = |kind: std::io::ErrorKind| {
        file_error(to, format!("cannot be made ({kind})"), "check the folder")
    };
    let mut file = part::begin(folder.unwrap_or(Path::new(".")), ".usher-file-")
        .map_err(|it| cannot(it.kind()))?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(cannot_write)?;
    let placed = if replace {
        file.persist(to)
    } else {
        file.persist_noclobber(to)
    };
    placed.map(drop).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => there(),
        kind => cannot(kind),
    })
}

/// The folder of a file that is to be made.
///
/// # Errors
/// [`Error::File`] when it is not there.
pub(crate) fn folder_of(to: &Path) -> Result<&Path> {
    let folder = to.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match fs::metadata(folder).map(|it| it.is_dir()) {
        Ok(true) => Ok(folder),
        Ok(false) => Err(file_error(
            to,
            "cannot be made (its folder is none)",
            "check the folder",
        )),
        Err(error) => {
            let why = format!("cannot be made ({})", error.kind());
            Err(file_error(to, why, "check the folder"))
        }
    }
}

pub(crate) fn exists(to: &Path) -> Error {
    file_error(to, "exists already", "choose another name, or say --force")
}
