//! Mail: rendering what the outbox holds and bringing it out. A row names its message and the person; what is said, and the
//! link in it, are made when it is sent, from what is true then. A mail whose link is dead by then is not sent.

mod asking;
mod courier;
mod folder;
mod letter;
mod outcome;
mod pace;
mod smtp;
mod text;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub use courier::{Brought, Courier};
pub(crate) use folder::forget as forget_letters;
pub use letter::Letter;
pub use text::{MailText, Placeholder, default_text};

use crate::model::EmailAddress;

/// How mail goes out.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Whom mails are from.
    pub from: EmailAddress,
    /// Where answers go, when not there.
    pub reply_to: Option<EmailAddress>,
    /// How many mails a minute go to one domain; 0 is as many as there are.
    pub pace: u32,
    /// Which way.
    pub out: Out,
}

/// Which way mail goes out.
#[derive(Clone)]
pub enum Out {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, as `.eml` files that any mail program opens.
    Folder(PathBuf),
    /// To a function that plays the mail server; for rehearsals and tests.
    Rehearsal(Arc<dyn Fn(&Letter) -> Verdict + Send + Sync>),
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(it) => it.fmt(f),
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Rehearsal(_) => f.write_str("Rehearsal"),
        }
    }
}

/// A mail server that takes our mail.
#[derive(Clone)]
pub struct Smtp {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub tls: TlsMode,
    /// As whom to sign in, and with which password.
    pub login: Option<(String, String)>,
    /// The PEM file of the certificates that are believed; none: those of this machine.
    pub ca_file: Option<PathBuf>,
    /// What we call ourselves to it.
    pub hello: String,
}

impl Smtp {
    /// Connects, signs in, and says goodbye; sends nothing.
    ///
    /// # Errors
    /// Why no mail would go out, as a sentence.
    pub fn try_out(&self) -> Result<(), String> {
        let runtime = courier::runtime().map_err(|error| error.to_string())?;
        runtime.block_on(async {
            smtp::Line::connect(self).await?.quit().await;
            Ok(())
        })
    }
}

/// Never the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("user", &self.login.as_ref().map(|it| &it.0))
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// How the way to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS from the first byte, as on port 465.
    Implicit,
    /// TLS after asking for it, as on port 587; without it nothing is sent.
    StartTls,
    /// None; for a mail server on this machine.
    None,
}

impl TlsMode {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    /// The mode of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Implicit, Self::StartTls, Self::None]
            .into_iter()
            .find(|it| it.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// What a mail server says to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Taken,
    /// It does not want it now, or what became of it is not known: it is tried again.
    Later(String),
    /// It will never want it.
    Never(String),
    /// It wants nobody's mail from us now; this one was not refused.
    Down(String),
}
