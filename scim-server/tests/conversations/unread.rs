//! What cannot be read as a request is answered like any other: a status that fits, a name, the form of RFC 7644 §3.12.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::org::{Org, Reply};

/// What comes back for these bytes, before whoever sends them has closed.
fn said(org: &Org, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(org.address()).expect("the server listens");
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).expect("a time limit");
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn is_told(reply: &Reply, status: u16) {
    let syntax = (status == 400).then_some("invalidSyntax");
    reply.is_error(status, syntax);
    assert!(reply.header("x-request-id").is_some(), "{reply:?}");
    assert!(reply.header("date").is_some(), "{reply:?}");
    let length = reply
        .header("content-length")
        .and_then(|it| it.parse().ok());
    assert_eq!(length, Some(reply.text.len()), "{reply:?}");
    assert_eq!(reply.header("connection"), Some("close"), "{reply:?}");
}

#[test]
fn what_is_not_http_is_told_so_by_name() {
    let org = Org::with_free_seats(5);
    let many = "X-A: b\r\n".repeat(200);
    let long_path = "x".repeat(100_000);
    let long_header = "x".repeat(1024 * 1024);
    for (bytes, status) in [
        ("GET\r\n\r\n".to_owned(), 400),
        ("GET /scim/v2/Users HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nBad Header\r\n\r\n".to_owned(), 400),
        (
            "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd".to_owned(),
            400,
        ),
        ("\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nX: {long_header}\r\n\r\n"), 431),
        (format!("GET /{long_path} HTTP/1.1\r\n\r\n"), 414),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
    ] {
        let reply = org.bytes(bytes.as_bytes());
        is_told(&reply, status);
    }
    let metrics = org.raw("GET", "/metrics", "", b"").text;
    let counted = "usher_http_requests_total{route=\"other\",method=\"other\",status=\"4xx\"} 9";
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn what_comes_behind_a_good_request_is_told_behind_its_answer() {
    let org = Org::with_free_seats(5);
    let good = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let both = said(&org, format!("{good}NONSENSE\r\n\r\n").as_bytes());
    let both = String::from_utf8_lossy(&both);
    assert!(both.starts_with("HTTP/1.1 200 OK\r\n"), "{both}");
    assert!(both.contains("{\"status\":\"ok\"}HTTP/1.1 400 "), "{both}");
    assert_eq!(both.matches("x-request-id: ").count(), 2, "{both}");
}

#[test]
fn half_a_head_is_told_when_its_time_is_over_and_silence_is_not() {
    let org = Org::serving(5, |config| config.head_time = Duration::from_millis(400));
    let began = Instant::now();
    is_told(&org.bytes(b"GET /healthz HTTP/1.1\r\nHost"), 408);
    assert!(began.elapsed() >= Duration::from_millis(350));
    assert_eq!(said(&org, b""), b"");
    // A connection that is only kept open is closed without a word that could be taken for the next answer.
    let kept = said(&org, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.ends_with("{\"status\":\"ok\"}"), "{kept}");
}
