//! Reading a file where it can do harm to nobody: this runs in a process of its own, whose memory, time and files its
//! starter has bounded, and says what it finds on a pipe. What it says is believed by nobody (see `wire.rs`).

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::apart::Task;
use super::delimited;
use super::encoding::{self, Text};
use super::limits::{Limits, said};
use super::sheet::{self, About, Format, Row, Sheet};
use super::wire::{Bad, Sender};
use super::workbook::{self, Rows};
use crate::error::{Error, Result};

/// Reads the file and says what is in it. `progress` hears of the number of rows now and then, so that more time can be
/// granted to what gets on.
///
/// # Errors
/// [`Error::Broken`] when nobody listens any more.
pub fn work(file: File, task: &Task, out: impl Write, progress: impl FnMut(u32)) -> Result<()> {
    let gone = |_| Error::Broken("nobody listens to the worker".into());
    let sender = Sender::begin(BufWriter::with_capacity(64 << 10, out)).map_err(gone)?;
    let mut rows = Sent {
        sender,
        progress,
        gone: false,
    };
    let bad = read(file, task, &mut rows).err();
    if rows.gone {
        return Err(Error::Broken("nobody listens to the worker".into()));
    }
    rows.sender.end(bad.as_ref()).map_err(gone)
}

/// Reads the file in this process: for tests and measurements. Whatever people give is read by
/// [`super::read_apart`].
///
/// # Errors
/// [`Error::Invalid`] saying what is wrong with the file.
pub fn read_here(file: File, wanted: Option<&str>, limits: &Limits) -> Result<Sheet> {
    let task = Task {
        sheet: wanted.map(str::to_owned),
        encoding: None,
        limits: *limits,
    };
    read_as_told(file, &task)
}

/// As [`read_here`], as a worker is told to.
///
/// # Errors
/// As there.
pub fn read_as_told(file: File, task: &Task) -> Result<Sheet> {
    let mut rows = Kept {
        about: None,
        rows: sheet::Rows::anywhere(),
    };
    match read(file, task, &mut rows) {
        Ok(()) => {}
        Err(bad) => return Err(super::bad(bad)),
    }
    match rows.about {
        Some(about) => {
            let sheet = rows.rows.sheet(about);
            sheet.check()?;
            Ok(sheet)
        }
        None => Err(super::bad(workbook::empty())),
    }
}

fn read(mut file: File, task: &Task, rows: &mut impl Rows) -> Result<(), Bad> {
    let (wanted, limits) = (task.sheet.as_deref(), &task.limits);
    let cannot = |_| Bad::new("cannot be read", "check its place and its rights");
    let size = file.seek(SeekFrom::End(0)).map_err(cannot)?;
    file.rewind().map_err(cannot)?;
    if size > limits.file {
        return Err(Bad::new(
            format!("is larger than {}", said(limits.file)),
            "split it, or leave out columns that are not needed",
        ));
    }
    let mut head = [0; 8];
    let mut got = 0;
    while got < head.len() {
        match file
            .read(head.get_mut(got..).unwrap_or_default())
            .map_err(cannot)?
        {
            0 => break,
            more => got += more,
        }
    }
    file.rewind().map_err(cannot)?;
    let is_whole = |limits: &Limits| {
        if size > limits.whole_file {
            return Err(Bad::new(
                format!("is larger than {}", said(limits.whole_file)),
                "save it as .xlsx, of which more can be read",
            ));
        }
        Ok(())
    };
    if head.starts_with(b"PK\x03\x04") {
        if is_ods(&mut file)? {
            is_whole(limits)?;
            return workbook::ods(BufReader::new(file), wanted, limits, rows);
        }
        return workbook::xlsx(BufReader::new(file), wanted, limits, rows);
    }
    if head == [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] {
        if is_locked(&mut file).map_err(cannot)? {
            return Err(workbook::locked());
        }
        is_whole(limits)?;
        return workbook::xls(BufReader::new(file), wanted, limits, rows);
    }
    let mut begins = Vec::new();
    let begun = Read::take(&mut file, LOOKED_AT).read_to_end(&mut begins);
    begun.and_then(|_| file.rewind()).map_err(cannot)?;
    if is_json(&begins) {
        return Err(Bad::new(
            "is JSON, which is not read",
            "export it as .xlsx or .csv, and import that",
        ));
    }
    text(file, task, rows)
}

/// How much of a text is looked at to tell whether it is JSON, in bytes.
const LOOKED_AT: u64 = 64 << 10;

/// Whether a text begins as an object of JSON does, or a list of them.
fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut signs = bytes.iter().filter(|it| !it.is_ascii_whitespace());
    match (signs.next(), signs.next()) {
        (Some(b'['), Some(next)) => matches!(next, b'{' | b']'),
        (Some(b'{'), Some(next)) => matches!(next, b'"' | b'}'),
        _ => false,
    }
}

/// Whether a file of before 2007 is no more than the wrapping of a workbook that is protected by a password.
fn is_locked(file: &mut File) -> std::io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut part = vec![0; 1 << 16];
    let mut kept = 0;
    let found = loop {
        let got = file.read(part.get_mut(kept..).unwrap_or_default())?;
        let filled = part.get(..kept + got).unwrap_or_default();
        if filled.windows(name.len()).any(|it| it == name) {
            break true;
        }
        if got == 0 {
            break false;
        }
        // The name may begin at the end of this part.
        let next = filled.len().min(name.len());
        let from = filled.len() - next;
        part.copy_within(from..from + next, 0);
        kept = next;
    };
    file.rewind()?;
    Ok(found)
}

/// Whether a packed file says that it is an OpenDocument spreadsheet.
fn is_ods(file: &mut File) -> Result<bool, Bad> {
    let damaged = workbook::damaged;
    let archive = zip::ZipArchive::new(BufReader::new(&mut *file)).map_err(|_| damaged())?;
    let (ods, xlsx) = (
        archive.index_for_name("content.xml").is_some(),
        archive.index_for_name("xl/workbook.xml").is_some(),
    );
    drop(archive);
    file.rewind().map_err(|_| damaged())?;
    Ok(ods && !xlsx)
}

/// Reads a text twice: once to tell how it is encoded, and once for its rows.
fn text(mut file: File, task: &Task, rows: &mut impl Rows) -> Result<(), Bad> {
    let encoding = encoding::tell(&mut file, task.encoding.as_deref())?;
    let cannot = |_| Bad::new("cannot be read", "check its place and its rights");
    file.rewind().map_err(cannot)?;
    let rows = std::cell::RefCell::new(rows);
    let found = |separator, text: &str| {
        if text.trim_start().starts_with("<html") || text.trim_start().starts_with("<!DOCTYPE") {
            return Err(Bad::new(
                "is a web page",
                "open it in a spreadsheet program and save it as .xlsx",
            ));
        }
        let about = About {
            format: Format::Csv,
            sheet: None,
            others: Vec::new(),
            others_with_people: Vec::new(),
            encoding: Some(encoding.name().to_owned()),
            separator: Some(separator),
        };
        rows.borrow_mut().about(&about)
    };
    let text = Text::new(&mut file, encoding);
    delimited::read(text, &task.limits, found, |number, cells| {
        rows.borrow_mut().row(number, cells)
    })?;
    let rows = rows.into_inner();
    if rows.count() == 0 {
        return Err(workbook::empty());
    }
    Ok(())
}

/// Rows that go onto a pipe.
struct Sent<W: Write, P> {
    sender: Sender<W>,
    progress: P,
    gone: bool,
}

/// How many rows there are between two words about progress.
const STEP: u32 = 10_000;

impl<W: Write, P: FnMut(u32)> Rows for Sent<W, P> {
    fn about(&mut self, about: &About) -> Result<(), Bad> {
        let sent = self.sender.about(about);
        self.sent(sent)
    }

    fn row(&mut self, number: u32, cells: &[u8]) -> Result<(), Bad> {
        let sent = self.sender.row(number, cells);
        if self.sender.rows().is_multiple_of(STEP) {
            (self.progress)(self.sender.rows());
        }
        self.sent(sent)
    }

    fn count(&self) -> u32 {
        self.sender.rows()
    }
}

impl<W: Write, P> Sent<W, P> {
    fn sent(&mut self, sent: std::io::Result<()>) -> Result<(), Bad> {
        sent.map_err(|_| {
            self.gone = true;
            workbook::damaged()
        })
    }
}

/// Rows that stay here.
struct Kept {
    about: Option<About>,
    rows: sheet::Rows,
}

impl Rows for Kept {
    fn about(&mut self, about: &About) -> Result<(), Bad> {
        self.about = Some(about.clone());
        Ok(())
    }

    fn row(&mut self, number: u32, cells: &[u8]) -> Result<(), Bad> {
        if let Some(row) = Row::parse(number, cells) {
            self.rows.push(&row);
        }
        Ok(())
    }

    fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }
}
