//! How fast a token may go, and how often somebody may come with a wrong one.

use std::num::NonZeroU32;
use std::time::Duration;

use usher_core::model::ConnectionPolicy;
use usher_scim_server::TokenPace;

use crate::org::{Org, Reply};

/// With so many requests a second for a token, and ten seconds' worth at once.
fn with_pace(a_second: u32) -> Org {
    let a_second = NonZeroU32::new(a_second).expect("not zero");
    Org::serving(5, |it| it.pace = TokenPace::AtMost(a_second))
}

fn is_told_to_wait(reply: &Reply) {
    reply.is_error(429, None);
    let wait = reply.header("retry-after");
    let wait: u32 = wait.and_then(|it| it.parse().ok()).expect("whole seconds");
    assert!((1..=2).contains(&wait), "{reply:?}");
}

#[test]
fn a_token_that_goes_too_fast_waits_and_others_do_not() {
    let org = with_pace(2);
    let other = org.connect("entra", ConnectionPolicy::default());
    let first: Vec<Reply> = (0..30).map(|_| org.get("/scim/v2/Users")).collect();
    let done = first.iter().filter(|it| it.status == 200).count();
    assert!((20..29).contains(&done), "{done}");
    let refused = first.iter().find(|it| it.status != 200).expect("a refusal");
    is_told_to_wait(refused);
    assert!(refused.header("x-request-id").is_some());
    let reply = org.send_as(&other, "GET", "/scim/v2/Users", None);
    assert_eq!(reply.status, 200);
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(org.get("/scim/v2/Users").status, 200);
}

#[test]
fn a_provider_at_its_documented_pace_never_waits() {
    // The pace without saying; 25 requests a second are what a provider documents for an organization.
    let org = with_pace(200);
    for _ in 0..100 {
        assert_eq!(org.get("/scim/v2/Users?count=1").status, 200);
    }
}

#[test]
fn wrong_tokens_are_refused_at_a_price_and_never_keep_a_good_one_out() {
    let org = with_pace(200);
    let wrong = |path: &str, i: usize| org.send_as(&format!("usher_scim_{i}"), "GET", path, None);
    for i in 0..100 {
        assert_eq!(wrong("/scim/v2/Users", i).status, 401);
    }
    let later: Vec<Reply> = (0..20).map(|i| wrong("/scim/v2/Users", i)).collect();
    let refused = later.iter().find(|it| it.status == 429);
    is_told_to_wait(refused.expect("a refusal"));
    let platform = (0..20)
        .map(|i| wrong("/api/v1/access", i))
        .find(|it| it.status == 429);
    let platform = platform.expect("the platform's door counts with it");
    assert!(platform.header("retry-after").is_some() && platform.body["remedy"].is_string());
    assert_eq!(org.get("/scim/v2/Users").status, 200);
    assert_eq!(org.raw("GET", "/readyz", "", b"").status, 200);
}
