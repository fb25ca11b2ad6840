//! The way to a mail server, protected or not. TLS is ours and not the mail library's, so that nothing that was said before
//! the way was protected is believed afterwards.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Smtp, TlsMode};

/// The most that a mail server may say before the way is protected.
const MOST_SAID: usize = 16 * 1024;
/// Where machines keep the certificates that they believe.
const SYSTEM_CERTIFICATES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// A connection on which the mail server's greeting is next.
pub(super) struct Wire {
    way: Way,
    peer: SocketAddr,
    /// What is read before what comes over the way.
    first: &'static [u8],
}

enum Way {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects to a mail server.
pub(super) async fn connect(to: &Smtp) -> Result<Wire, String> {
    let name = format!("{}:{}", to.host, to.port);
    let unreachable = |error: io::Error| format!("cannot connect to {name} ({error})");
    let mut tcp = TcpStream::connect((to.host.as_str(), to.port))
        .await
        .map_err(unreachable)?;
    // The last bytes of a mail go at once, instead of waiting for the answer to those before them.
    let _ = tcp.set_nodelay(true);
    let peer = tcp.peer_addr().map_err(unreachable)?;
    let (way, first) = match to.tls {
        TlsMode::None => (Way::Plain(tcp), &b""[..]),
        TlsMode::Implicit => (Way::Tls(protect(to, tcp).await?), &b""[..]),
        TlsMode::StartTls => {
            start_tls(&mut tcp, &to.hello)
                .await
                .map_err(|why| format!("{name} {why}"))?;
            // The greeting came before; the conversation begins anew.
            (Way::Tls(protect(to, tcp).await?), &b"220 protected\r\n"[..])
        }
    };
    Ok(Wire { way, peer, first })
}

async fn protect(to: &Smtp, tcp: TcpStream) -> Result<Box<TlsStream<TcpStream>>, String> {
    let roots = roots(to.ca_file.as_deref())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up ({error})"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(to.host.clone())
        .map_err(|_| format!("{} is not a name that a certificate can have", to.host))?;
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await;
    tls.map(Box::new).map_err(|error| why_not(&error, to))
}

/// What is wrong with the other side's certificate, and what to do; else what went wrong.
fn why_not(error: &std::io::Error, to: &Smtp) -> String {
    use tokio_rustls::rustls::{CertificateError, Error};

    let (host, port) = (&to.host, to.port);
    let told = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(why)) = told else {
        return format!("{host}:{port} does not speak TLS with us ({error})");
    };
    let (what, remedy) = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "has expired",
            "have it renewed, and see that the clock here is right",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet", "see that the clock here is right")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("is for another name", "set smtp-host to the name in it")
        }
        CertificateError::UnknownIssuer => (
            "is of nobody whom this machine believes",
            "name the file of who signed it by smtp-ca-file",
        ),
        _ if why.to_string().contains("CaUsedAsEndEntity") => (
            "is one that signs others and none of a server",
            "have it sign one for the server, and name it by smtp-ca-file",
        ),
        _ => return format!("{host}:{port}: its certificate is not believed ({why})"),
    };
    format!("{host}:{port}: its certificate {what}; {remedy}")
}

/// The certificates that are believed.
fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let file = match file {
        Some(file) => file,
        None => SYSTEM_CERTIFICATES
            .iter()
            .map(Path::new)
            .find(|it| it.exists())
            .ok_or("this machine has no list of certificates that it believes; install ca-certificates, or set smtp-ca-file")?,
    };
    let named = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| format!("{named} cannot be read ({})", error.kind()))?;
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok);
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(format!("{named} holds no certificate"));
    }
    Ok(roots)
}

/// Asks for protection, and makes sure that the server has said nothing beyond its consent.
async fn start_tls(tcp: &mut TcpStream, hello: &str) -> Result<(), String> {
    let broken = |error: io::Error| format!("broke off ({error})");
    let greeting = answer(tcp).await?;
    if !greeting.starts_with("220") {
        return Err(format!("does not take mail ({})", greeting.trim()));
    }
    tcp.write_all(format!("EHLO {hello}\r\n").as_bytes())
        .await
        .map_err(broken)?;
    let offers = answer(tcp).await?;
    if !offers.to_ascii_uppercase().contains("STARTTLS") {
        return Err(
            "does not offer STARTTLS; nothing was sent unprotected (smtp-tls names the other ways)"
                .to_owned(),
        );
    }
    tcp.write_all(b"STARTTLS\r\n").await.map_err(broken)?;
    let consent = answer(tcp).await?;
    if consent.starts_with("220") {
        Ok(())
    } else {
        Err(format!("refuses STARTTLS ({})", consent.trim()))
    }
}

/// One answer, of one or more lines, and nothing behind it.
async fn answer(tcp: &mut TcpStream) -> Result<String, String> {
    let mut said = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let n = tcp
            .read(&mut piece)
            .await
            .map_err(|error| format!("broke off ({error})"))?;
        if n == 0 {
            return Err("broke off".to_owned());
        }
        said.extend_from_slice(piece.get(..n).unwrap_or_default());
        if said.len() > MOST_SAID {
            return Err("says too much".to_owned());
        }
        let text = String::from_utf8_lossy(&said);
        let is_last = |line: &&str| line.len() >= 3 && line.as_bytes().get(3) != Some(&b'-');
        if text.ends_with("\r\n") && text.lines().last().as_ref().is_some_and(is_last) {
            let ends = text.lines().filter(is_last).count();
            if ends > 1 {
                return Err("says more than it was asked before the way is protected".to_owned());
            }
            return Ok(text.into_owned());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let n = self.first.len().min(buf.remaining());
            let (now, later) = self.first.split_at(n);
            buf.put_slice(now);
            self.first = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.way {
            Way::Plain(it) => Pin::new(it).poll_read(cx, buf),
            Way::Tls(it) => Pin::new(it).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.way {
            Way::Plain(it) => Pin::new(it).poll_write(cx, buf),
            Way::Tls(it) => Pin::new(it).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(it) => Pin::new(it).poll_flush(cx),
            Way::Tls(it) => Pin::new(it).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(it) => Pin::new(it).poll_shutdown(cx),
            Way::Tls(it) => Pin::new(it).poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
