//! A line typed at the terminal without showing. The terminal is put back as it was, whatever happens; its own signals
//! are off meanwhile, so that an interrupt comes here and does not leave it dumb.

use std::io::{self, Read as _, Write as _};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use crate::failure::{Failure, Result};

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const CLEAR: u8 = 0x15;
const BACKSPACES: [u8; 2] = [0x08, 0x7f];

/// The same line typed twice.
pub(super) fn twice() -> Result<String> {
    let first = once("New password: ")?;
    if once("The same again: ")? == first {
        Ok(first)
    } else {
        Err(Failure::refused(
            "nothing was applied: the two are not the same",
        ))
    }
}

struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        termios::tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that went away.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
        let _ = writeln!(io::stderr());
    }
}

fn once(question: &str) -> Result<String> {
    let mut out = io::stderr().lock();
    write!(out, "{question}")?;
    out.flush()?;
    drop(out);
    let failed = |it: io::Error| Failure::refused(format!("cannot read the password: {it}"));
    let _quiet = Quiet::begin().map_err(failed)?;
    let mut line: Vec<u8> = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(failed)? {
            b'\n' | b'\r' => break,
            INTERRUPT | END => return Err(Failure::refused("nothing was applied")),
            CLEAR => line.clear(),
            byte if BACKSPACES.contains(&byte) => {
                // One letter back, which may be several bytes.
                while line.pop().is_some_and(|it| it & 0xc0 == 0x80) {}
            }
            byte => line.push(byte),
        }
    }
    String::from_utf8(line)
        .map_err(|_| Failure::refused("nothing was applied: what was typed is not UTF-8"))
}
