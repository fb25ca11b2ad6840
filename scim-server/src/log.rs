//! What the server says on stderr. Never a token, a body, a path or a name: only what happened, and where in our code.

use std::fmt::Display;

/// A fault of ours or of the machine, of which the client learns nothing.
pub(crate) fn broken(error: &dyn Display) {
    eprintln!("usher: a request failed: {error}");
}

/// A handler panicked; the process goes on.
pub(crate) fn panicked() {
    eprintln!("usher: a request failed by a bug; the server goes on");
}

/// A connection could not be accepted.
pub(crate) fn not_accepted(error: &std::io::Error) {
    eprintln!("usher: cannot accept a connection: {error}");
}
