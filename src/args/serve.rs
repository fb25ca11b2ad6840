//! What can be said about the server.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use usher_scim_server::{LogFormat, MetricsTo, TokenPace};

use super::{MailFlags, public_url};

/// The greatest number of requests a second that can be set; what is faster needs no limit.
const FASTEST: u32 = 100_000;

/// The server. What is not said here is looked for in the environment and the configuration file: `usher config show`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) flags: ServeFlags,
    #[command(flatten)]
    pub(crate) mail: MailFlags,
}

/// What the server is told by flags.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeFlags {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// The address under which identity providers reach it, for links in its answers; else the setting public-url, which this
    /// is kept as where none is set.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    /// Speak HTTPS with the certificate in this PEM file, with those that vouch for it after it; read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The PEM file of the certificate's private key, which not everybody may read.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A proxy in front of the server, whose X-Forwarded-For says where requests come from; repeat it for more.
    #[arg(long, value_name = "IP")]
    pub(crate) trusted_proxy: Vec<IpAddr>,
    /// A file outside the database's folder, better on another machine, in which the end of the history is noted at the start,
    /// every day and at the end: `usher audit verify --heads FILE` then finds a history that was written anew.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_heads: Option<PathBuf>,
    /// How requests are logged on stderr, one line each, without anything personal; failures are told in any case.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log: Option<LogWord>,
    /// Who may read /metrics: processes on this machine, all who reach the server, or none.
    #[arg(long, value_name = "WHO")]
    pub(crate) metrics: Option<MetricsWord>,
    /// How many SCIM requests a second a token may make over time, with ten seconds' worth at once; shared for 200 while
    /// others ask too and no limit else; or off.
    #[arg(long, value_name = "N")]
    pub(crate) pace: Option<PaceWord>,
}

/// A number of requests a second, or a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaceWord(pub(crate) TokenPace);

impl FromStr for PaceWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => return Ok(Self(TokenPace::Free)),
            "shared" => return Ok(Self(TokenPace::Shared)),
            _ => {}
        }
        let number = text
            .parse()
            .ok()
            .filter(|it: &NonZeroU32| it.get() <= FASTEST);
        match number {
            Some(number) => Ok(Self(TokenPace::AtMost(number))),
            None => Err(format!(
                "write a number from 1 to {FASTEST}, shared, or off"
            )),
        }
    }
}

/// A way to log requests.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogWord {
    /// For people.
    Text,
    /// For programs, one JSON object a line.
    Json,
    /// No requests.
    Off,
}

impl From<LogWord> for LogFormat {
    fn from(word: LogWord) -> Self {
        match word {
            LogWord::Text => Self::Text,
            LogWord::Json => Self::Json,
            LogWord::Off => Self::Off,
        }
    }
}

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MetricsWord {
    /// Processes on this machine.
    Loopback,
    /// All who reach the server.
    All,
    /// None.
    Off,
}

impl From<MetricsWord> for MetricsTo {
    fn from(word: MetricsWord) -> Self {
        match word {
            MetricsWord::Loopback => Self::Loopback,
            MetricsWord::All => Self::Everybody,
            MetricsWord::Off => Self::Nobody,
        }
    }
}
