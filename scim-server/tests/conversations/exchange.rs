//! Pages by which files go in and out of consoles without a folder on the machine.

use usher_core::Session;
use usher_core::exchange::Page;
use usher_core::model::{Actor, Door};
use usher_core::report::{Kind, Report, Subject};

use crate::org::{OWNER, Org};

fn console(org: &Org) -> Session {
    org.directory.as_actor(Actor::FileOwner, Door::Console)
}

/// The address of a page on the server.
fn path(page: &Page) -> String {
    let at = page.url.find("/exchange/").expect("an address");
    page.url[at..].to_owned()
}

#[test]
fn a_file_is_fetched_by_its_page_once_and_looking_at_it_uses_nothing() {
    let org = Org::with_free_seats(5);
    let report = Report::of(Subject::One(Kind::Users));
    let (page, _) = console(&org)
        .hand_out(&report, "people.csv")
        .expect("a page");
    let path = path(&page);
    for _ in 0..3 {
        let shown = org.raw("GET", &path, "", b"");
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("people.csv") && !shown.text.contains(OWNER));
        for (header, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(shown.header(header), Some(value));
        }
        let policy = shown.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"));
        assert_eq!(org.raw("HEAD", &path, "", b"").status, 200);
    }
    let fetched = org.raw("POST", &path, "Content-Length: 0\r\n", b"");
    assert_eq!(fetched.status, 200);
    assert!(fetched.text.contains(OWNER), "{fetched:?}");
    assert_eq!(
        fetched.header("content-disposition"),
        Some("attachment; filename=\"people.csv\"")
    );
    assert_eq!(
        fetched.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let never = format!("{}x", &path[..path.len() - 1]);
    let used = org.raw("POST", &path, "Content-Length: 0\r\n", b"");
    let wrong = org.raw("GET", &never, "", b"");
    assert_eq!((used.status, wrong.status), (404, 404));
    assert_eq!(
        used.text, wrong.text,
        "what was used and what never was look alike"
    );
    org.raw("DELETE", &path, "", b"").is_error(405, None);
}

#[test]
fn a_file_that_is_sent_by_a_form_is_there_for_the_console() {
    let org = Org::with_free_seats(5);
    let session = console(&org);
    let page = session.take_in().expect("a page");
    let path = path(&page);
    let shown = org.raw("GET", &path, "", b"");
    assert!(shown.text.contains("type=\"file\""), "{shown:?}");
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    let send = |name: &str, content: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--b--\r\n"
        );
        org.raw("POST", &path, form, body.as_bytes())
    };
    for (name, content) in [("a.exe", "MZ"), ("a.csv", ""), ("", "x"), ("<b>.html", "x")] {
        let refused = send(name, content);
        assert_eq!(refused.status, 400, "{name}: {refused:?}");
        assert!(!refused.text.contains("<b>"), "{refused:?}");
    }
    assert_eq!(org.raw("POST", &path, "", b"email\n").status, 400);
    assert!(session.arrived(page.id).expect("readable").is_none());
    assert_eq!(
        send("../people.csv", "email\r\nana@acme.example\r\n").status,
        200
    );
    let arrived = session.arrived(page.id).expect("readable").expect("a file");
    assert_eq!(arrived.name, "people.csv");
    let content = std::fs::read_to_string(arrived.path).expect("a file");
    assert_eq!(content, "email\r\nana@acme.example\r\n");
    assert_eq!(send("again.csv", "x").status, 404);
}
