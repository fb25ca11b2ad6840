//! A name for each request, so that what a client saw and what the log says can be put side by side.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderMap;

/// The header that carries it, both ways.
pub(crate) const HEADER: &str = "x-request-id";
/// The longest one that is taken over.
const LONGEST: usize = 64;

/// Where names come from that the client did not bring.
pub(crate) struct Ids {
    /// Of this process, so that names do not repeat after a restart.
    process: u32,
    next: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        // The standard library's only source of randomness; nobody has to be kept from guessing these.
        let random = RandomState::new().hash_one(std::process::id());
        Self {
            process: (random >> 32) as u32,
            next: AtomicU64::new(1),
        }
    }
}

impl Ids {
    /// The client's own name for the request when it is short and harmless, else a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> String {
        let given = headers.get(HEADER).and_then(|it| it.to_str().ok());
        match given.filter(|it| is_harmless(it)) {
            Some(given) => given.to_owned(),
            None => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                format!("{:08x}-{number:08x}", self.process)
            }
        }
    }
}

/// Whether it may stand in a header and a log: no spaces, no quotes, no control characters, and no mail address.
fn is_harmless(id: &str) -> bool {
    let fine = |it: u8| it.is_ascii_alphanumeric() || b"-_.:".contains(&it);
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_name_is_taken_over_and_any_other_replaced() {
        let ids = Ids::default();
        let named = |it: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, it.parse().expect("a header"));
            ids.of(&headers)
        };
        let good = "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a";
        assert_eq!(named(good), good);
        for bad in [
            "",
            "a b",
            "ana@acme.example",
            "\"x\"",
            "a;b",
            &"a".repeat(65),
        ] {
            let made = named(bad);
            assert_eq!(made.len(), 17, "{bad} {made}");
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }
}
