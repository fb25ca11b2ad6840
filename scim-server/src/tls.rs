//! TLS by a certificate's and a key's file, read again when they change. A pair that cannot be used leaves the one before
//! in its place, and so does a file that is missing. TLS 1.2 and 1.3; no client is asked for a certificate.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use usher_core::model::Timestamp;
use webpki::{EndEntityCert, KeyUsage};

use crate::log;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long before its end a certificate is told to be near it.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The first byte of whatever a TLS client says first.
const HANDSHAKE: u8 = 22;

/// A certificate with its key, for the server to show.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
    /// Until when the certificate is valid, in seconds since 1970; 0 when it does not say so.
    until: AtomicI64,
}

struct Current {
    config: Arc<ServerConfig>,
    /// What the files held when they were taken.
    digest: u64,
    /// Why they could not be taken when they were last looked at, and whether that was told.
    trouble: Option<(String, bool)>,
    told_of_end: bool,
}

/// What two files come to.
struct Pair {
    config: Arc<ServerConfig>,
    until: Option<UnixTime>,
}

/// How a connection begins.
pub(crate) enum Begun {
    /// Both sides agree on keys.
    Agreed(Box<TlsStream<TcpStream>>),
    /// The client does not speak TLS at all.
    Plain(TcpStream),
    /// It ended.
    Gone,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files = (&self.certificate, &self.key);
        f.debug_tuple("Tls").field(&files).finish()
    }
}

impl Tls {
    /// Reads a certificate, with those that vouch for it after it, and its key, both in PEM.
    ///
    /// # Errors
    /// When a file cannot be read or holds nothing of its kind, when everybody may read the key, or when it is not the
    /// certificate's.
    pub fn load(certificate: &Path, key: &Path) -> io::Result<Self> {
        let (certificates, keys) = read(certificate, key).map_err(io::Error::other)?;
        let pair = pair(certificate, &certificates, key, &keys).map_err(io::Error::other)?;
        let tls = Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: Mutex::new(Current {
                config: pair.config,
                digest: digest(&certificates, &keys),
                trouble: None,
                told_of_end: false,
            }),
            until: AtomicI64::new(0),
        };
        tls.ends(pair.until);
        Ok(tls)
    }

    /// That the certificate has ended, or ends soon, in words.
    pub fn warning(&self) -> Option<String> {
        let until = self.until().filter(|it| *it > 0)?;
        let left = until - i64::try_from(now().as_secs()).unwrap_or(i64::MAX);
        let end = Timestamp::from_millis(until.saturating_mul(1_000));
        let file = self.certificate.display();
        if left < 0 {
            return Some(format!(
                "the certificate in {file} has ended on {end}; clients will refuse it"
            ));
        }
        let soon = left < i64::try_from(SOON.as_secs()).unwrap_or(i64::MAX);
        soon.then(|| format!("the certificate in {file} ends on {end}"))
    }

    /// Until when the certificate is valid, in seconds since 1970; none when it does not say so.
    pub(crate) fn until(&self) -> Option<i64> {
        Some(self.until.load(Ordering::Relaxed)).filter(|it| *it != 0)
    }

    /// A connection after its handshake.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Begun {
        let mut first = [0];
        match stream.peek(&mut first).await {
            Ok(1) if first == [HANDSHAKE] => {}
            Ok(1) => return Begun::Plain(stream),
            _ => return Begun::Gone,
        }
        let config = Arc::clone(&self.current().config);
        // A failure here is the client's, and there is nobody to answer.
        match TlsAcceptor::from(config).accept(stream).await {
            Ok(agreed) => Begun::Agreed(Box::new(agreed)),
            Err(_) => Begun::Gone,
        }
    }

    /// Looks at the files for as long as it is polled.
    pub(crate) async fn follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let tls = Arc::clone(&self);
            // Where the files are may be slow, and the workers have people to answer.
            let _ = tokio::task::spawn_blocking(move || tls.look()).await;
        }
    }

    fn look(&self) {
        let found = read(&self.certificate, &self.key);
        let found = found.and_then(|(certificates, keys)| {
            let digest = digest(&certificates, &keys);
            if self.current().digest == digest {
                return Ok(None);
            }
            let pair = pair(&self.certificate, &certificates, &self.key, &keys)?;
            if pair.until.is_some_and(|it| it < now()) {
                return Err(format!(
                    "the certificate in {} has ended",
                    self.certificate.display()
                ));
            }
            Ok(Some((digest, pair)))
        });
        let mut current = self.current();
        match found {
            Ok(None) => current.trouble = None,
            Ok(Some((digest, pair))) => {
                current.config = pair.config;
                current.digest = digest;
                current.trouble = None;
                current.told_of_end = false;
                self.ends(pair.until);
                log::said("the certificate has changed; new connections get the new one");
            }
            // Whoever replaces two files does so in two steps: what stays wrong is told, and once.
            Err(why) => {
                let told = match &current.trouble {
                    Some((same, told)) if *same == why => {
                        if !told {
                            log::said(&format!("the certificate stays as it was: {why}"));
                        }
                        true
                    }
                    _ => false,
                };
                current.trouble = Some((why, told));
            }
        }
        if !current.told_of_end
            && let Some(warning) = self.warning()
        {
            current.told_of_end = true;
            log::said(&warning);
        }
    }

    fn ends(&self, until: Option<UnixTime>) {
        let seconds = until.map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX));
        self.until.store(seconds, Ordering::Relaxed);
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime::since_unix_epoch(since.unwrap_or_default())
}

/// Both files as they are. The key's must not be everybody's: what everybody can read is no secret.
fn read(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Vec<u8>), String> {
    let named = |path: &Path| {
        std::fs::read(path).map_err(|it| format!("cannot read {}: {it}", path.display()))
    };
    let read = (named(certificate)?, named(key)?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(key).map_or(0, |it| it.permissions().mode());
        if mode & 0o007 != 0 {
            let key = key.display();
            return Err(format!(
                "everybody on this machine can read the key in {key}; allow its owner, or a group, only: chmod 640 {key}"
            ));
        }
    }
    Ok(read)
}

fn digest(certificates: &[u8], keys: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (certificates, keys).hash(&mut hasher);
    hasher.finish()
}

fn pair(certificate: &Path, certificates: &[u8], key: &Path, keys: &[u8]) -> Result<Pair, String> {
    let (certificate, key) = (certificate.display(), key.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(|it| format!("{certificate} is not PEM: {it}"))?;
    let Some(first) = chain.first() else {
        return Err(format!("{certificate} holds no certificate in PEM"));
    };
    let until = end_of(first);
    let private = PrivateKeyDer::from_pem_slice(keys).map_err(|_| {
        format!("{key} holds no private key in PEM that is not locked by a password")
    })?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|it| it.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, private);
    let mut config = config.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => format!(
            "the key in {key} is not that of the first certificate in {certificate}; the server's own comes first"
        ),
        error => format!("{certificate} and {key} cannot be used: {error}"),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    Ok(Pair { config, until })
}

/// The end of a certificate's validity. The verifier is asked about a day long after it and says why it refuses.
fn end_of(certificate: &CertificateDer<'_>) -> Option<UnixTime> {
    const LONG_AFTER: Duration = Duration::from_secs(10_000 * 365 * 24 * 60 * 60);
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let time = UnixTime::since_unix_epoch(LONG_AFTER);
    let usage = KeyUsage::server_auth();
    match certificate.verify_for_usage(&[], &[], &[], time, usage, None, None) {
        Err(webpki::Error::CertExpired { not_after, .. }) => Some(not_after),
        _ => None,
    }
}
