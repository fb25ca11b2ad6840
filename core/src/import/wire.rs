//! What the worker says to whoever started it: frames of a letter, a length and bytes. Whoever reads them believes nothing:
//! a worker that a file has taken over can say anything.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::sheet::About;

/// What the stream begins with.
const GREETING: &[u8; 8] = b"usherv1\n";
/// The longest frame: a row of so many bytes is none of a person.
const LONGEST: u32 = 16 << 20;

const ABOUT: u8 = b'A';
const ROW: u8 = b'R';
const BAD: u8 = b'B';
const END: u8 = b'Z';

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bad {
    /// What is wrong with it, such as `is empty`.
    pub(super) why: String,
    /// What to do.
    pub(super) remedy: String,
}

impl Bad {
    pub(super) fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// One frame.
pub(super) enum Frame<'b> {
    About(About),
    /// The number of a row, and its cells.
    Row(u32, &'b [u8]),
    Bad(Bad),
    /// How many rows there were.
    End(u32),
}

/// The worker's end of the stream.
pub(super) struct Sender<W: Write> {
    out: W,
    rows: u32,
}

impl<W: Write> Sender<W> {
    pub(super) fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(GREETING)?;
        Ok(Self { out, rows: 0 })
    }

    pub(super) fn about(&mut self, about: &About) -> io::Result<()> {
        self.frame(ABOUT, &[], &serde_json::to_vec(about)?)
    }

    pub(super) fn row(&mut self, number: u32, cells: &[u8]) -> io::Result<()> {
        self.rows += 1;
        self.frame(ROW, &number.to_le_bytes(), cells)
    }

    /// How many rows were sent.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    pub(super) fn end(mut self, bad: Option<&Bad>) -> io::Result<()> {
        match bad {
            Some(bad) => self.frame(BAD, &[], &serde_json::to_vec(bad)?)?,
            None => {
                let rows = self.rows.to_le_bytes();
                self.frame(END, &rows, &[])?;
            }
        }
        self.out.flush()
    }

    fn frame(&mut self, kind: u8, first: &[u8], rest: &[u8]) -> io::Result<()> {
        let length = u32::try_from(first.len() + rest.len())
            .ok()
            .filter(|it| *it <= LONGEST)
            .ok_or_else(|| io::Error::other("a row is too long"))?;
        self.out.write_all(&[kind])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(first)?;
        self.out.write_all(rest)
    }
}

/// Reads what a stream begins with.
pub(super) fn greet(from: &mut impl Read) -> io::Result<()> {
    let mut greeting = [0; GREETING.len()];
    from.read_exact(&mut greeting)?;
    if &greeting == GREETING {
        Ok(())
    } else {
        Err(nonsense())
    }
}

/// Reads the next frame. The buffer is where its bytes are kept.
pub(super) fn next<'b>(from: &mut impl Read, buffer: &'b mut Vec<u8>) -> io::Result<Frame<'b>> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(nonsense());
    }
    // Nothing is allocated that has not arrived.
    buffer.clear();
    from.take(u64::from(length)).read_to_end(buffer)?;
    let bytes = buffer.as_slice();
    if bytes.len() != usize::try_from(length).unwrap_or(usize::MAX) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let number = || {
        let (number, rest) = bytes.split_first_chunk::<4>().ok_or_else(nonsense)?;
        Ok((u32::from_le_bytes(*number), rest))
    };
    match kind {
        ABOUT => Ok(Frame::About(serde_json::from_slice(bytes)?)),
        BAD => Ok(Frame::Bad(serde_json::from_slice(bytes)?)),
        ROW => number().map(|(row, cells)| Frame::Row(row, cells)),
        END => number().map(|it| Frame::End(it.0)),
        _ => Err(nonsense()),
    }
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it says nonsense")
}
