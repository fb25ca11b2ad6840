//! HTTPS by certificate files: the handshake, its limits, and a certificate that is replaced while the server runs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use usher_scim_server::Tls;

use crate::org::Org;

/// Pairs made for these tests and trusted by nobody else.
const FIRST: (&str, &str) = (include_str!("tls/first.pem"), include_str!("tls/first.key"));
const SECOND: (&str, &str) = (
    include_str!("tls/second.pem"),
    include_str!("tls/second.key"),
);
/// Valid in 2020 only.
const ENDED: (&str, &str) = (include_str!("tls/ended.pem"), include_str!("tls/ended.key"));
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn with(pair: (&str, &str)) -> Self {
        let files = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        files.write(pair);
        files
    }

    fn write(&self, (certificate, key): (&str, &str)) {
        std::fs::write(self.path("cert.pem"), certificate).expect("a file");
        std::fs::write(self.path("key.pem"), key).expect("a file");
        self.allow(0o600);
    }

    fn allow(&self, mode: u32) {
        let allowed = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path("key.pem"), allowed).expect("a file of ours");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> std::io::Result<Tls> {
        Tls::load(&self.path("cert.pem"), &self.path("key.pem"))
    }

    fn serve(&self) -> Org {
        let tls = self.load().expect("a good pair");
        Org::serving(5, |config| config.tls = Some(Arc::new(tls)))
    }
}

/// A client that trusts one certificate only.
struct Client(StreamOwned<ClientConnection, TcpStream>);

impl Client {
    fn new(
        address: SocketAddr,
        trusted: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(trusted.as_bytes());
        roots
            .add(certificate.expect("a certificate"))
            .expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions that there are")
            .with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = "localhost".try_into().expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        let stream = TcpStream::connect(address).expect("the server listens");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("a time limit");
        Self(StreamOwned::new(connection, stream))
    }

    /// Sends a request and reads a part of the answer, at least its head.
    fn ask(&mut self, request: &str) -> std::io::Result<String> {
        self.0.write_all(request.as_bytes())?;
        let mut answer = vec![0; 64 * 1024];
        let length = self.0.read(&mut answer)?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

fn shows(org: &Org, pair: (&str, &str)) -> bool {
    Client::new(org.address(), pair.0, &[&TLS13])
        .ask(HEALTH)
        .is_ok()
}

/// Waits until new connections get this certificate.
fn comes(org: &Org, pair: (&str, &str)) -> bool {
    let began = Instant::now();
    while !shows(org, pair) {
        if began.elapsed() > Duration::from_secs(30) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

#[test]
fn it_speaks_tls_1_2_and_1_3_with_who_trusts_its_certificate() {
    let org = Files::with(FIRST).serve();
    for version in [&TLS12, &TLS13] {
        let mut client = Client::new(org.address(), FIRST.0, &[version]);
        let health = client.ask(HEALTH).expect("an answer");
        assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
        assert_eq!(client.0.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        // The connection is used again.
        let users = format!(
            "GET /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
            org.token
        );
        let users = client.ask(&users).expect("an answer");
        assert!(users.contains("ListResponse"), "{users}");
    }
    assert!(!shows(&org, SECOND));
}

#[test]
fn whoever_does_not_speak_tls_is_told_and_holds_up_nobody() {
    let mut org = Files::with(FIRST).serve();
    let plain = org.raw("GET", "/healthz", "", b"");
    plain.is_error(400, None);
    assert!(plain.detail().contains("https"), "{plain:?}");
    assert!(plain.header("x-request-id").is_some(), "{plain:?}");
    // One says nothing, one breaks off in the middle of the first word.
    let silent = TcpStream::connect(org.address()).expect("a connection");
    let mut halting = TcpStream::connect(org.address()).expect("a connection");
    halting.write_all(&[22, 3, 1, 2, 0]).expect("it is sent");
    assert!(shows(&org, FIRST));
    // What agrees on keys has asked for nothing yet, and the end does not wait for it.
    let began = Instant::now();
    org.stop();
    assert!(began.elapsed() < Duration::from_secs(5));
    drop((silent, halting));
}

#[test]
fn a_certificate_that_changes_is_taken_and_what_is_open_stays_open() {
    let files = Files::with(FIRST);
    let mut org = files.serve();
    let mut kept = Client::new(org.address(), FIRST.0, &[&TLS13]);
    assert!(kept.ask(HEALTH).is_ok());
    // None of these can be used: another's key, one that everybody reads, an ended one, half of one.
    files.write((SECOND.0, FIRST.1));
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(shows(&org, FIRST) && !shows(&org, SECOND));
    files.write(ENDED);
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(shows(&org, FIRST));
    std::fs::remove_file(files.path("key.pem")).expect("a file of ours");
    assert!(shows(&org, FIRST));
    files.write(SECOND);
    assert!(comes(&org, SECOND) && !shows(&org, FIRST));
    let health = kept.ask(HEALTH).expect("an answer on the old connection");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    org.stop();
    // Closed in order: the end of the conversation is said.
    assert_eq!(kept.0.read(&mut [0]).ok(), Some(0));
}

#[test]
fn it_does_not_start_with_a_pair_that_cannot_be_used() {
    let refused = |files: &Files| {
        let said = files.load().expect_err("a refusal").to_string();
        assert!(!said.contains("PRIVATE"), "{said}");
        said
    };
    assert!(refused(&Files::with((FIRST.0, SECOND.1))).contains("not that of the first"));
    assert!(refused(&Files::with(("", FIRST.1))).contains("no certificate"));
    assert!(refused(&Files::with((FIRST.0, ""))).contains("no private key"));
    assert!(refused(&Files::with((FIRST.1, FIRST.0))).contains("no certificate"));
    let open = Files::with(FIRST);
    open.allow(0o644);
    assert!(refused(&open).contains("chmod 640"));
    open.allow(0o640);
    assert!(open.load().is_ok());
    let missing = Tls::load(Path::new("not-here.pem"), Path::new("not-here.key"));
    let missing = missing.expect_err("a refusal").to_string();
    assert!(missing.contains("not-here.pem"), "{missing}");
}

#[test]
fn an_ended_certificate_is_told() {
    let warned = |pair| Files::with(pair).load().expect("a pair").warning();
    let ended = warned(ENDED).expect("a warning");
    assert!(ended.contains("2021-01-01"), "{ended}");
    assert_eq!(warned(FIRST), None);
    let org = Files::with(FIRST).serve();
    let mut client = Client::new(org.address(), FIRST.0, &[&TLS13]);
    let metrics = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.0.write_all(metrics.as_bytes()).expect("it is sent");
    let mut metrics = String::new();
    client
        .0
        .read_to_string(&mut metrics)
        .expect("it is answered");
    let series = "\nusher_tls_certificate_end_seconds 4733510400\n";
    assert!(metrics.contains(series), "{metrics}");
    assert_eq!(json!(metrics.contains("127.0.0.1")), json!(false));
}
