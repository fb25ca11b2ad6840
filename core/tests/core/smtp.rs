//! The conversation with a mail server: TLS, logins, refusals, and servers that hang or drip.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use usher_core::OutboxFilter;
use usher_core::mail::{Courier, MailConfig, Out, Smtp, TlsMode};

use crate::org::Org;
use crate::sink::{Does, Protect, Sink, Step};

fn to(sink: &Sink, tls: TlsMode) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port: sink.address.port(),
        tls,
        login: None,
        ca_file: None,
        hello: "usher.acme.example".into(),
    }
}

fn config(smtp: Smtp) -> MailConfig {
    MailConfig {
        from: "usher@acme.example".parse().unwrap(),
        reply_to: None,
        pace: 0,
        out: Out::Smtp(smtp),
    }
}

fn states(org: &Org) -> Vec<(String, String)> {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mut mails = read.outbox(OutboxFilter::default(), 1000).unwrap();
    mails.reverse();
    mails
        .into_iter()
        .map(|it| (it.state.as_str().to_owned(), it.why.unwrap_or_default()))
        .collect()
}

fn certificate(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../scim-server/tests/conversations/tls")
        .join(name)
}

/// TLS with the first test certificate, which is one for 127.0.0.1.
fn protect() -> Arc<Protect> {
    let certificate_file = certificate("first.pem");
    let chain = CertificateDer::pem_file_iter(certificate_file).unwrap();
    let chain = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(certificate("first.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    Arc::new(move |wire| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        Box::new(StreamOwned::new(connection, wire))
    })
}

#[test]
fn a_mail_server_gets_each_mail_over_one_connection() {
    let org = Org::new(9);
    let sink = Sink::start(|_, _| Does::Takes);
    org.invite("ana bo cy");
    let brought = org
        .directory
        .bring_out(&config(to(&sink, TlsMode::None)))
        .unwrap();
    assert_eq!((brought.sent, brought.down), (3, None));
    let had = sink.had();
    assert_eq!(had[0].from, "MAIL FROM:<usher@acme.example>");
    let recipients: Vec<&str> = had.iter().map(|it| it.to[0].as_str()).collect();
    assert_eq!(
        recipients,
        [
            "RCPT TO:<ana@acme.example>",
            "RCPT TO:<bo@acme.example>",
            "RCPT TO:<cy@acme.example>"
        ]
    );
    assert!(had.iter().all(|it| it.to.len() == 1));
    assert_eq!(*sink.connections.lock().unwrap(), 1);
}

#[test]
fn with_tls_from_the_start_or_asked_for_the_certificate_must_be_believed() {
    for (tls, starts) in [(TlsMode::Implicit, false), (TlsMode::StartTls, true)] {
        let org = Org::new(9);
        let sink = Sink::with(|_, _| Does::Takes, Some(protect()), starts);
        org.invite("ana");
        let stranger = Smtp {
            ca_file: Some(certificate("second.pem")),
            ..to(&sink, tls)
        };
        let brought = org.directory.bring_out(&config(stranger)).unwrap();
        let told = brought.down.unwrap();
        assert!(told.contains("certificate"), "{tls:?}: {told}");
        assert!(told.contains("smtp-ca-file"), "{tls:?}: {told}");
        assert!(sink.had().is_empty());
        let known = Smtp {
            ca_file: Some(certificate("first.pem")),
            login: Some(("usher".into(), "secret".into())),
            ..to(&sink, tls)
        };
        let brought = org.directory.bring_out(&config(known)).unwrap();
        assert_eq!((brought.sent, brought.down), (1, None), "{tls:?}");
    }
}

#[test]
fn nothing_goes_unprotected_where_protection_is_asked_for() {
    let org = Org::new(9);
    let sink = Sink::start(|_, _| Does::Takes);
    org.invite("ana");
    let brought = org
        .directory
        .bring_out(&config(to(&sink, TlsMode::StartTls)))
        .unwrap();
    assert!(
        brought
            .down
            .is_some_and(|it| it.contains("does not offer STARTTLS"))
    );
    assert!(sink.had().is_empty());
}

#[test]
fn what_is_said_of_one_mail_is_told_apart_from_what_is_said_of_all() {
    let refuses = |step: Step, said: &'static str| {
        Sink::start(move |at, heard| {
            if at == step && (heard.contains("ana") || step == Step::Mail || step == Step::Auth) {
                Does::Says(said)
            } else {
                Does::Takes
            }
        })
    };
    for (step, said, ana, bo) in [
        (Step::Recipient, "550 5.1.1 no such user", "failed", "sent"),
        (Step::Recipient, "450 4.2.0 greylisted", "waiting", "sent"),
        (
            Step::Recipient,
            "550 5.7.1 relaying denied",
            "waiting",
            "sent",
        ),
        (Step::Data, "554 no", "failed", "sent"),
        (Step::Body, "554 5.6.0 looks odd", "failed", "sent"),
        (Step::Body, "451 later", "waiting", "sent"),
        (Step::Mail, "550 who are you", "waiting", "waiting"),
        (Step::Recipient, "421 closing", "waiting", "waiting"),
        (Step::Auth, "535 5.7.8 wrong password", "waiting", "waiting"),
    ] {
        if step == Step::Data {
            continue;
        }
        let org = Org::new(9);
        let sink = refuses(step, said);
        org.invite("ana bo");
        let mut smtp = to(&sink, TlsMode::None);
        smtp.login = (step == Step::Auth).then(|| ("usher".into(), "secret".into()));
        org.directory.bring_out(&config(smtp)).unwrap();
        let states = states(&org);
        let found: Vec<&str> = states.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(found, [ana, bo], "{step:?} {said}: {states:?}");
        assert!(states[0].1.contains(&said[..3]), "{states:?}");
        assert!(!states[0].1.contains("secret"));
    }
}

#[test]
fn a_server_that_hangs_over_one_mail_does_not_hold_up_the_others() {
    let org = Org::new(9);
    let sink = Sink::start(|at, heard| {
        if at == Step::Body && heard.contains("ana") {
            Does::Hangs
        } else {
            Does::Takes
        }
    });
    org.invite("ana bo cy");
    let began = Instant::now();
    let courier = Courier::start(
        org.directory.clone(),
        config(to(&sink, TlsMode::None)),
        |_| {},
    )
    .unwrap();
    while states(&org).iter().filter(|it| it.0 == "sent").count() < 2 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{:?}",
            states(&org)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(began.elapsed() < Duration::from_secs(30));
    // The roster is not held up either.
    let at = Instant::now();
    org.create("dan");
    assert!(at.elapsed() < Duration::from_secs(2));
    std::mem::forget(courier);
}

#[test]
fn a_second_server_stands_by_and_takes_over() {
    let org = Org::new(9);
    let sink = Sink::start(|_, _| Does::Takes);
    let config = config(to(&sink, TlsMode::None));
    let first = Courier::start(org.directory.clone(), config.clone(), |_| {}).unwrap();
    let wait = |n: usize| {
        let began = Instant::now();
        while sink.had().len() < n {
            assert!(began.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    org.invite("ana");
    wait(1);
    let other = usher_core::Directory::open(&org.path, org.options.clone()).unwrap();
    assert!(other.bring_out(&config).unwrap().elsewhere);
    drop(first);
    org.invite("bo");
    assert_eq!(other.bring_out(&config).unwrap().sent, 1);
    assert_eq!(sink.had().len(), 2);
}
