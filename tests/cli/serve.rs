//! `usher serve` as whoever runs it sees it: its log, its numbers, its end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peopled;
use crate::program::{Client, Org};

/// What the server has logged once so many lines are there.
fn logged(org: &Org, lines: usize) -> String {
    let began = Instant::now();
    loop {
        let log = std::fs::read_to_string(org.path("server.log")).unwrap();
        if log.lines().count() >= lines || began.elapsed() > Duration::from_secs(20) {
            return log;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn some_requests(org: &Org, token: &str, more: &[&str]) {
    let server = org.serve_with(more);
    let mut client = Client::connect(server.address, token).unwrap();
    let id = client.create("zoe@acme.example").unwrap().body["id"].clone();
    let path = format!("/scim/v2/Users/{}", id.as_str().unwrap());
    assert_eq!(client.call("GET", &path, None).unwrap().status, 200);
    let find = "/scim/v2/Users?filter=userName%20eq%20%22ana@acme.example%22";
    assert_eq!(client.call("GET", find, None).unwrap().status, 200);
    let mut nobody = Client::connect(server.address, "usher_scim_wrong").unwrap();
    assert_eq!(nobody.call("GET", &path, None).unwrap().status, 401);
    drop((client, nobody));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn each_request_is_one_line_without_anything_personal() {
    let org = peopled();
    let token = org.token("okta");
    some_requests(&org, &token, &["--log", "json"]);
    let log = logged(&org, 4);
    let lines: Vec<Value> = log
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let told: Vec<Value> = lines
        .iter()
        .map(|it| json!([it["method"], it["route"], it["status"], it["from"]]))
        .collect();
    let okta = "connection:okta";
    assert_eq!(
        told,
        [
            json!(["POST", "/scim/v2/Users", 201, okta]),
            json!(["GET", "/scim/v2/Users/{id}", 200, okta]),
            json!(["GET", "/scim/v2/Users", 200, okta]),
            json!(["GET", "/scim/v2/Users/{id}", 401, null]),
        ]
    );
    for line in &lines {
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["request"].is_string(), "{line}");
        assert!(
            line["ms"].is_number() && line["bytes"].as_u64().unwrap() > 0,
            "{line}"
        );
    }
    for secret in ["acme", "usher_scim", "127.0.0.1", "filter"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn requests_are_logged_for_people_unless_told_otherwise() {
    let org = peopled();
    let token = org.token("okta");
    some_requests(&org, &token, &[]);
    let log = logged(&org, 4);
    assert_eq!(log.lines().count(), 4, "{log}");
    assert!(log.contains(" 201 POST /scim/v2/Users "), "{log}");
    assert!(log.contains(" connection:okta "), "{log}");
    assert!(!log.contains("acme"), "{log}");
}

#[test]
fn nothing_is_logged_when_told_so() {
    let org = peopled();
    let token = org.token("okta");
    some_requests(&org, &token, &["--log", "off", "--metrics", "off"]);
    assert_eq!(logged(&org, 0), "");
}

#[test]
fn it_is_not_ready_without_its_file() {
    let org = peopled();
    let token = org.token("okta");
    let server = org.serve();
    let mut client = Client::connect(server.address, &token).unwrap();
    assert_eq!(client.call("GET", "/readyz", None).unwrap().status, 200);
    let file = org.path("usher.db");
    std::fs::rename(&file, org.path("elsewhere.db")).unwrap();
    let answer = client.call("GET", "/readyz", None).unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.body["why"].as_str().unwrap().contains("moved"));
    std::fs::rename(org.path("elsewhere.db"), &file).unwrap();
    assert_eq!(client.call("GET", "/readyz", None).unwrap().status, 200);
}

/// Files of a process may grow up to here; as far as they are from now on.
#[cfg(target_os = "linux")]
fn limit_files_of(process: u32, bytes: Option<u64>) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    let pid = Pid::from_raw(i32::try_from(process).unwrap());
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

/// A file that may not grow stands for a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_cannot_store_says_so_and_goes_on_by_itself_once_it_can() {
    let org = peopled();
    let token = org.token("okta");
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_usher"));
    program
        .current_dir(org.dir.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "text"]);
    let server = org.serve_by(program);
    let mut client = Client::connect(server.address, &token).unwrap();
    assert_eq!(client.create("first@acme.example").unwrap().status, 201);
    let is_up = || {
        let metrics = browse(server.address, "GET", "/metrics", "");
        metrics.contains("\nusher_writer_up 1\n")
    };
    assert!(is_up());
    // Request lines are written, too.
    limit_files_of(server.id(), Some(8_192));
    for name in ["second@acme.example", "third@acme.example"] {
        let answer = client.create(name).unwrap();
        assert!([500, 503].contains(&answer.status), "{answer:?}");
        let answer = client.call("GET", "/readyz", None).unwrap();
        assert_eq!(answer.status, 503);
        let why = answer.body["why"].as_str().unwrap().to_owned();
        assert!(why.starts_with("changes are not stored ("), "{why}");
        assert!(!is_up());
    }
    let log = logged(&org, 7);
    assert!(
        log.contains("POST /scim/v2/Users ") && log.contains(" failed: "),
        "{log}"
    );
    assert!(!log.contains("acme"), "{log}");
    limit_files_of(server.id(), None);
    let began = Instant::now();
    while client.call("GET", "/readyz", None).unwrap().status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(is_up());
    assert_eq!(client.create("second@acme.example").unwrap().status, 201);
    assert_eq!(org.status("second@acme.example"), "active");
    assert!(org.type_in("audit verify").ok().contains("is whole"));
    drop(client);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_token_goes_at_the_pace_that_is_set() {
    let org = peopled();
    let token = org.token("okta");
    for bad in ["0", "-1", "1.5", "fast", "100001"] {
        let line = format!("serve --listen 127.0.0.1:0 --pace={bad}");
        assert_eq!(org.type_in(&line).code, Some(2), "{bad}");
    }
    let refused = |pace: &str| {
        let server = org.serve_with(&["--pace", pace]);
        let mut client = Client::connect(server.address, &token).unwrap();
        let path = "/scim/v2/Users?count=1";
        let mut answers = (0..40).map(|_| client.call("GET", path, None).unwrap().status);
        answers.any(|it| it == 429)
    };
    assert!(refused("1"));
    assert!(!refused("off"));
}

/// The certificates of the server's own tests.
fn certificate(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scim-server/tests/conversations/tls/"
    );
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

#[test]
fn https_needs_a_pair_that_fits() {
    use std::os::unix::fs::PermissionsExt as _;
    let org = peopled();
    let write = |name: &str, text: &str| {
        std::fs::write(org.path(name), text).unwrap();
        let ours = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(org.path(name), ours).unwrap();
    };
    write("cert.pem", &certificate("first.pem"));
    write("key.pem", &certificate("first.key"));
    write("other.pem", &certificate("second.key"));
    let serve = |more: &str| org.type_in(&format!("serve --listen 127.0.0.1:0 {more}"));
    assert_eq!(serve("--tls-cert cert.pem").code, Some(2));
    assert_eq!(serve("--tls-key key.pem").code, Some(2));
    for (pair, said) in [
        ("--tls-cert cert.pem --tls-key gone.pem", "gone.pem"),
        ("--tls-cert cert.pem --tls-key other.pem", "not that of"),
        ("--tls-cert key.pem --tls-key key.pem", "no certificate"),
    ] {
        let refused = serve(pair);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains(said), "{refused:?}");
    }
    let server = org.serve_with(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    // Plain HTTP gets nothing but the hint.
    let mut client = Client::connect(server.address, "usher_scim_wrong").unwrap();
    let answer = client.call("GET", "/healthz", None).unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body["detail"].as_str().unwrap().contains("https"));
    drop(client);
    assert_eq!(server.stop(), Some(0));
}

/// What a browser gets.
fn browse(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn encoded(text: &str) -> String {
    text.bytes().map(|it| format!("%{it:02X}")).collect()
}

#[test]
fn whoever_opens_a_page_is_logged_by_their_id() {
    let org = Org::with_seats(10);
    org.type_in("invite eloise@acme.example --yes").ok();
    org.type_in("outbox send").ok();
    let mail = org.type_in("outbox show 1").ok();
    let token = mail.split("/accept/").nth(1).unwrap();
    let token: String = token
        .chars()
        .take_while(|it| it.is_ascii_alphanumeric() || "_-".contains(*it))
        .collect();
    let path = format!("/accept/{token}");
    let server = org.serve_with(&["--log", "json"]);
    let mut page = browse(server.address, "GET", &path, "");
    for more in [
        "",
        "&first=Elo&last=I&area=Sales&password=drei+Kraniche+sahen+zu&repeat=drei+Kraniche+sahen+zu",
    ] {
        let inputs = page.split("<input ").skip(1);
        let hidden = inputs.filter(|it| it.starts_with("type=\"hidden\""));
        let field = |input: &str, name: &str| {
            let rest = input.split_once(&format!("{name}=\"")).unwrap().1;
            rest.split_once('"').unwrap().0.to_owned()
        };
        let pairs =
            hidden.map(|it| format!("{}={}", field(it, "name"), encoded(&field(it, "value"))));
        let body = pairs.collect::<Vec<_>>().join("&") + more;
        page = browse(server.address, "POST", &path, &body);
    }
    assert_eq!(org.status("eloise@acme.example"), "active", "{page}");
    let id = org.json("show eloise@acme.example")["id"].clone();
    let log = logged(&org, 3);
    let of_them = format!("person:{}", id.as_str().unwrap());
    assert!(log.contains(&of_them), "{log}");
    for personal in ["eloise", "acme.example", token.as_str()] {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
    assert_eq!(server.stop(), Some(0));
}
