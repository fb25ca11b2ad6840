//! What the server is told beside mail, from whichever place says it first.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Setup;
use crate::args::{LogWord, MetricsWord, PaceWord, ServeFlags, public_url};
use crate::failure::Result;

/// Where and how the server listens.
pub(crate) struct Told {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) audit_heads: Option<PathBuf>,
    pub(crate) log: LogWord,
    pub(crate) metrics: MetricsWord,
    pub(crate) pace: PaceWord,
}

impl Told {
    pub(crate) fn of(setup: &Setup, flags: ServeFlags) -> Result<Self> {
        let word = |text: &str| text.to_owned();
        let proxies = setup.parsed("trusted-proxy", |it| {
            it.split([',', ' '])
                .filter(|it| !it.is_empty())
                .map(|it| it.parse().map_err(|_| format!("{it} is not an address")))
                .collect()
        });
        Ok(Self {
            listen: match flags.listen {
                Some(it) => it,
                None => setup
                    .parsed("listen", |it| {
                        it.parse().map_err(|_| {
                            "write an address and a port, like 127.0.0.1:8080".to_owned()
                        })
                    })?
                    .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            },
            public_url: match flags.public_url {
                Some(it) => Some(it),
                None => setup.parsed("public-url", public_url)?,
            },
            tls_cert: flags
                .tls_cert
                .or_else(|| setup.text("tls-cert").map(word).map(PathBuf::from)),
            tls_key: flags
                .tls_key
                .or_else(|| setup.text("tls-key").map(word).map(PathBuf::from)),
            trusted_proxies: if flags.trusted_proxy.is_empty() {
                proxies?.unwrap_or_default()
            } else {
                flags.trusted_proxy
            },
            audit_heads: flags
                .audit_heads
                .or_else(|| setup.text("audit-heads").map(word).map(PathBuf::from)),
            log: match flags.log {
                Some(it) => it,
                None => choice(setup, "log")?.unwrap_or(LogWord::Text),
            },
            metrics: match flags.metrics {
                Some(it) => it,
                None => choice(setup, "metrics")?.unwrap_or(MetricsWord::Loopback),
            },
            pace: match flags.pace {
                Some(it) => it,
                None => setup
                    .parsed("pace", str::parse)?
                    .unwrap_or(PaceWord(usher_scim_server::TokenPace::default())),
            },
        })
    }
}

fn choice<T: ValueEnum>(setup: &Setup, name: &str) -> Result<Option<T>> {
    setup.parsed(name, |it| {
        T::from_str(it, true).map_err(|_| {
            let all = T::value_variants().iter().filter_map(T::to_possible_value);
            let names: Vec<String> = all.map(|it| it.get_name().to_owned()).collect();
            format!("write {}", names.join(", "))
        })
    })
}
