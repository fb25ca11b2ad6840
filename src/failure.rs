//! Why a command ended without doing what was asked, and which exit code says so.

use std::borrow::Cow;
use std::io;
use std::process::ExitCode;

use usher_core::Error;
use usher_core::model::{BatchId, harmless};

/// A result of the command line.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command ended.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line cannot be understood, or a value on it cannot be used.
    Usage(String),
    /// Refused, or nothing was applied.
    Refused(String),
    /// The core said no.
    Core(Error),
    /// Nobody reads the output any more, as with `usher users | head`. Not a fault.
    Unread,
}

impl Failure {
    /// A refusal with its reason.
    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }

    /// The reason, for whoever tells it in their own way.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Usage(why) | Self::Refused(why) => why.clone(),
            Self::Core(error) => error.to_string(),
            Self::Unread => "nobody reads".to_owned(),
        }
    }

    /// The same after something was applied, so that nobody takes a full disk behind the output for a refusal.
    pub(crate) fn although_applied(self, batch: Option<BatchId>) -> Self {
        match (self, batch) {
            (Self::Refused(why), Some(batch)) => {
                Self::Refused(format!("applied as batch {batch}, but {why}"))
            }
            (failure, _) => failure,
        }
    }

    /// Says why on standard error and chooses the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(why) => (why.clone(), 2),
            Self::Core(error @ Error::Invalid { .. }) => (error.to_string(), 2),
            Self::Refused(why) => (why.clone(), 1),
            Self::Core(error) => (error.to_string(), 1),
            Self::Unread => return ExitCode::SUCCESS,
        };
        complain(&text);
        ExitCode::from(code)
    }
}

/// Writes a message to standard error; nothing in it can act on the terminal.
pub(crate) fn complain(text: &str) {
    use io::Write as _;
    let mut out = io::stderr().lock();
    for (i, line) in text.lines().enumerate() {
        let lead = if i == 0 { "usher: " } else { "" };
        // When even standard error is closed there is nobody left to tell.
        let _ = writeln!(out, "{lead}{}", harmless(&shortened(line)));
    }
}

/// A line that says again a value of any length, without the middle of it: what is wrong and what to do stand at its ends.
fn shortened(line: &str) -> Cow<'_, str> {
    const ENDS: usize = 1_000;
    let length = line.chars().count();
    if length <= 2 * ENDS {
        return Cow::Borrowed(line);
    }
    let begin: String = line.chars().take(ENDS).collect();
    let end: String = line.chars().skip(length - ENDS).collect();
    Cow::Owned(format!("{begin} … {end}"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Refused(format!("cannot write the output: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}
