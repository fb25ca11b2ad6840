//! How the server stands: whether it runs and is ready, what it counts, and the names of requests.

use serde_json::json;

use crate::org::{Org, encoded};

/// The value of a series, by everything that stands before it.
fn value(org: &Org, series: &str) -> Option<f64> {
    let reply = org.raw("GET", "/metrics", "", b"");
    assert_eq!(reply.status, 200, "{reply:?}");
    let mut lines = reply.text.lines();
    let value = lines.find_map(|it| it.strip_prefix(series)?.strip_prefix(' '))?;
    Some(value.parse().expect("a number"))
}

#[test]
fn it_says_that_it_runs_and_is_ready_without_a_token() {
    let org = Org::with_free_seats(5);
    for (path, status) in [
        ("/healthz", "ok"),
        ("/readyz", "ready"),
        ("/readyz/", "ready"),
    ] {
        let reply = org.raw("GET", path, "", b"");
        assert_eq!(
            (reply.status, &reply.body),
            (200, &json!({"status": status}))
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(org.raw("HEAD", path, "", b"").status, 200);
    }
    let reply = org.raw("POST", "/readyz", "", b"");
    reply.is_error(405, None);
    assert_eq!(reply.header("allow"), Some("GET, HEAD"));
}

#[test]
fn every_answer_carries_the_name_of_its_request() {
    let org = Org::with_free_seats(5);
    let named = |path: &str, header: &str| {
        let reply = org.raw("GET", path, header, b"");
        reply.header("x-request-id").map(str::to_owned)
    };
    for path in [
        "/healthz",
        "/scim/v2/Users",
        "/api/v1/access",
        "/nothing",
        "/%ff",
    ] {
        assert_eq!(
            named(path, "X-Request-Id: a-b_c.1:2\r\n").as_deref(),
            Some("a-b_c.1:2")
        );
        let made = named(path, "X-Request-Id: ana@acme.example\r\n").expect("a name");
        assert!(!made.contains("ana"), "{made}");
        assert_ne!(named(path, ""), named(path, ""));
    }
}

#[test]
fn it_counts_by_template_and_never_by_who_was_asked_for() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    org.user(&id);
    org.user("0198c2f4-0000-7c3d-9b1a-3f2e5d6c7b8a");
    org.find("userName eq \"ana@acme.example\"");
    org.get(&format!("/{}", encoded("ana@acme.example")));
    org.send("BREW", "/scim/v2/Users", None);
    let requests = |labels: &str| value(&org, &format!("usher_http_requests_total{{{labels}}}"));
    let one = "route=\"/scim/v2/Users/{id}\",method=\"GET\"";
    assert_eq!(requests(&format!("{one},status=\"2xx\"")), Some(1.0));
    assert_eq!(requests(&format!("{one},status=\"4xx\"")), Some(1.0));
    assert_eq!(
        requests("route=\"/scim/v2/Users\",method=\"POST\",status=\"2xx\""),
        Some(1.0)
    );
    assert_eq!(
        requests("route=\"/scim/v2/Users\",method=\"other\",status=\"4xx\""),
        Some(1.0)
    );
    assert_eq!(
        requests("route=\"other\",method=\"GET\",status=\"4xx\""),
        Some(1.0)
    );
    let took = "usher_http_request_duration_seconds";
    assert_eq!(value(&org, &format!("{took}_count{{{one}}}")), Some(2.0));
    assert_eq!(
        value(&org, &format!("{took}_bucket{{{one},le=\"+Inf\"}}")),
        Some(2.0)
    );
    let text = org.raw("GET", "/metrics", "", b"").text;
    assert!(!text.contains("acme") && !text.contains(&id), "{text}");
}

#[test]
fn it_counts_people_licenses_connections_and_what_waits() {
    let org = Org::with_free_seats(5);
    let id = org.create("ana@acme.example");
    org.create("bo@acme.example");
    org.deactivate(&id);
    for (series, expected) in [
        ("usher_people{status=\"active\"}", 2.0),
        ("usher_people{status=\"inactive\"}", 1.0),
        ("usher_pool_purchased{pool=\"access\"}", 6.0),
        ("usher_pool_held{pool=\"access\"}", 2.0),
        ("usher_pool_queued{pool=\"access\"}", 0.0),
        ("usher_unanswered_commands", 0.0),
        ("usher_writer_up", 1.0),
    ] {
        assert_eq!(value(&org, series), Some(expected), "{series}");
    }
    assert!(value(&org, "usher_open_connections").is_some_and(|it| it >= 1.0));
}

#[test]
fn the_metrics_are_for_this_machine_and_not_for_whom_its_proxy_serves() {
    let org = Org::with_free_seats(5);
    assert_eq!(org.raw("GET", "/metrics", "", b"").status, 200);
    for header in [
        "X-Forwarded-For: 198.51.100.7\r\n",
        "X-Forwarded-For: 127.0.0.1\r\n",
        "Forwarded: for=198.51.100.7\r\n",
        "Via: 1.1 front\r\n",
        "X-Real-IP: 198.51.100.7\r\n",
    ] {
        org.raw("GET", "/metrics", header, b"").is_error(403, None);
    }
}
