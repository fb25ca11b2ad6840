//! How fast mail goes out: how many a minute to one domain, and when what was not taken is tried again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::Timestamp;

/// After how long a mail that was not taken is tried again the first time, and at the longest.
const FIRST_MS: i64 = 60_000;
const LONGEST_MS: i64 = 3_600_000;
/// How much of a minute's mails may go at once: ten seconds' worth.
const BURST: u32 = 6;
/// A clock that falls by this much was set back.
const SET_BACK_MS: i64 = 60_000;
/// With more domains known than this, those that are not slowed down are forgotten.
const MOST_DOMAINS: usize = 4_096;

/// When mails may go, by their domains.
pub(super) struct Pace {
    /// Milliseconds between two mails to a domain, over time; none is no limit.
    between: Option<i64>,
    burst: i64,
    seen: Mutex<Seen>,
}

/// What is known of domains, by a clock that has not been set back since.
#[derive(Default)]
struct Seen {
    domains: HashMap<String, Domain>,
    latest: i64,
}

#[derive(Clone, Copy)]
struct Domain {
    /// Until when what was sent is spent, at the pace.
    spent_until: i64,
    /// The last slot that was given to a mail that must wait.
    given: i64,
}

impl Pace {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            between: (per_minute > 0).then(|| (60_000 / i64::from(per_minute)).max(1)),
            burst: i64::from((per_minute / BURST).max(1)),
            seen: Mutex::default(),
        }
    }

    /// When the next mail to a domain may go. At once, and then it is counted; or at an instant to come, a different one
    /// for each mail that asks, at the distance of the pace.
    pub(super) fn slot(&self, domain: &str, now: Timestamp) -> Timestamp {
        let Some(between) = self.between else {
            return now;
        };
        let at = now.as_millis();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { domains, latest } = &mut *seen;
        // By a clock that ran ahead nothing may go for as long as it did.
        if at < *latest - SET_BACK_MS {
            domains.clear();
            *latest = at;
        }
        *latest = at.max(*latest);
        if domains.len() > MOST_DOMAINS {
            domains.retain(|_, it| it.spent_until > at || it.given > at);
        }
        let known = domains
            .entry(domain.to_ascii_lowercase())
            .or_insert(Domain {
                spent_until: at,
                given: at,
            });
        known.spent_until = known.spent_until.max(at);
        if known.spent_until - at < between * self.burst {
            known.spent_until += between;
            return now;
        }
        let first_free = known.spent_until - between * (self.burst - 1);
        known.given = (known.given + between).max(first_free);
        Timestamp::from_millis(known.given)
    }
}

/// When a mail is tried again that was tried so often: after a minute, then each time after twice as long, up to an hour;
/// up to a half less, by its number, so that those that were refused together do not come back together.
pub(super) fn again(seq: i64, attempts: i64, now: Timestamp) -> Timestamp {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 12)).unwrap_or(0);
    let full = FIRST_MS.saturating_mul(1 << doublings).min(LONGEST_MS);
    let mixed =
        (seq.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ attempts.wrapping_mul(0x1405_7B7E)) >> 33;
    let less = mixed.rem_euclid(full / 2 + 1);
    now.plus_millis(full - less)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_domain_gets_a_burst_and_then_its_pace_and_others_do_not_wait() {
        let pace = Pace::new(60);
        let now = at(1_000_000);
        let slots: Vec<i64> = (0..15)
            .map(|_| pace.slot("a.example", now).as_millis() - now.as_millis())
            .collect();
        assert_eq!(slots[..10], [0; 10]);
        assert_eq!(slots[10..], [1000, 2000, 3000, 4000, 5000]);
        assert_eq!(pace.slot("b.example", now), now);
        assert_eq!(pace.slot("A.example", at(1_001_000)), at(1_001_000));
        assert!(pace.slot("a.example", at(1_001_000)) > at(1_001_000));
        assert_eq!(Pace::new(0).slot("a.example", now), now);
    }

    #[test]
    fn a_clock_that_ran_ahead_and_is_set_back_holds_nothing() {
        let pace = Pace::new(60);
        let (now, ahead) = (at(1_000_000), at(1_000_000 + 27 * 86_400_000));
        for _ in 0..15 {
            pace.slot("a.example", ahead);
        }
        assert_eq!(pace.slot("a.example", now), now);
        for _ in 0..10 {
            pace.slot("a.example", now);
        }
        assert_eq!(pace.slot("a.example", now), at(1_002_000));
    }

    #[test]
    fn what_was_put_off_goes_when_its_slot_comes() {
        let pace = Pace::new(60);
        let mut waiting: Vec<i64> = vec![0; 200];
        let mut sent = Vec::new();
        let mut now = 0;
        while !waiting.is_empty() {
            let mut left = Vec::new();
            for slot in waiting.drain(..) {
                let next = if slot <= now {
                    pace.slot("a", at(now)).as_millis()
                } else {
                    slot
                };
                if next <= now {
                    sent.push(now);
                } else {
                    left.push(next);
                }
            }
            waiting = left;
            now += 250;
        }
        // Never more than the burst and the pace allow, and not much slower.
        for (i, at) in sent.iter().enumerate() {
            let before = sent
                .iter()
                .filter(|it| **it <= *at && **it > at - 60_000)
                .count();
            assert!(before <= 71, "{i} at {at}: {before} in a minute");
        }
        assert!(now < 240_000, "{now}");
    }

    #[test]
    fn the_pauses_grow_to_an_hour_and_differ() {
        let pause = |seq, attempts| again(seq, attempts, at(0)).as_millis();
        for attempts in 1..60 {
            let full = (FIRST_MS << (attempts - 1).min(6)).min(LONGEST_MS);
            for seq in 1..50 {
                let pause = pause(seq, attempts);
                assert!(
                    (full / 2..=full).contains(&pause),
                    "{seq} {attempts} {pause}"
                );
            }
        }
        let pauses: std::collections::HashSet<i64> = (1..50).map(|it| pause(it, 7)).collect();
        assert!(pauses.len() > 45);
    }
}
