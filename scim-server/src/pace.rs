//! How fast clients may go: a token's requests, and requests with tokens that open nothing. Each has an allowance that
//! comes back with time, kept as the one instant at which it is whole again, in memory within bounds.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use usher_core::model::TokenId;

/// How many seconds' worth of requests a token may make at once.
const BURST_SECONDS: u32 = 10;
/// A hundred requests with wrong tokens, and one more every second.
const WRONG_TOKENS: Allowance = Allowance {
    every: Duration::from_secs(1),
    burst: 100,
};
/// The most clients that are told apart.
const MOST: usize = 4_096;

/// How often something may be done.
#[derive(Clone, Copy)]
struct Allowance {
    /// After how long one more is allowed.
    every: Duration,
    burst: u32,
}

impl Allowance {
    /// Takes one: when the allowance, whole at an instant, is whole after that; or how long to wait.
    fn take(self, whole_at: Duration, now: Duration) -> Result<Duration, Duration> {
        let all = self.every * self.burst;
        let after = whole_at.max(now) + self.every;
        match after.checked_sub(now + all) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(after),
        }
    }
}

/// The allowances of many, by what they are told apart by. Those who find no room share one.
struct Allowances<K> {
    each: Allowance,
    began: Instant,
    whole_at: Mutex<HashMap<Option<K>, Duration>>,
}

impl<K: Eq + Hash> Allowances<K> {
    fn new(each: Allowance) -> Self {
        Self {
            each,
            began: Instant::now(),
            whole_at: Mutex::default(),
        }
    }

    /// Takes one, or tells after how many seconds there will be one.
    fn take(&self, who: K) -> Result<(), u32> {
        self.take_at(who, self.began.elapsed())
    }

    fn take_at(&self, who: K, now: Duration) -> Result<(), u32> {
        let mut all = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut who = Some(who);
        if all.len() >= MOST && !all.contains_key(&who) {
            all.retain(|_, whole_at| *whole_at > now);
            if all.len() >= MOST {
                who = None;
            }
        }
        let whole_at = all.entry(who).or_default();
        match self.each.take(*whole_at, now) {
            Ok(after) => {
                *whole_at = after;
                Ok(())
            }
            Err(wait) => Err(u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1)),
        }
    }
}

/// Who may go how fast.
pub(crate) struct Pace {
    tokens: Option<Allowances<TokenId>>,
    wrong_tokens: Allowances<IpAddr>,
}

impl Pace {
    /// With so many requests a second for each token, or as many as it likes.
    pub(crate) fn new(a_second: Option<NonZeroU32>) -> Self {
        let allowance = |it: NonZeroU32| Allowance {
            every: Duration::from_secs(1) / it.get(),
            burst: it.get().saturating_mul(BURST_SECONDS),
        };
        Self {
            tokens: a_second.map(|it| Allowances::new(allowance(it))),
            wrong_tokens: Allowances::new(WRONG_TOKENS),
        }
    }

    /// A request with this token; or after how many seconds it may come.
    pub(crate) fn request(&self, token: TokenId) -> Result<(), u32> {
        match &self.tokens {
            Some(tokens) => tokens.take(token),
            None => Ok(()),
        }
    }

    /// A token that opens nothing, from somewhere; or after how many seconds the next may come.
    pub(crate) fn wrong_token(&self, source: Option<IpAddr>) -> Result<(), u32> {
        let source = source.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        self.wrong_tokens.take(site(source))
    }
}

/// Whom an address is of: in IPv6 everybody has a whole /64 of them.
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() >> 64 << 64)),
        it => it,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_comes_back_with_time() {
        let each = Allowance {
            every: Duration::from_millis(100),
            burst: 20,
        };
        let all = Allowances::new(each);
        let at = Duration::from_secs(5);
        assert!((0..20).all(|_| all.take_at(1, at).is_ok()));
        assert_eq!(all.take_at(1, at), Err(1));
        assert_eq!(all.take_at(2, at), Ok(()), "another has an own one");
        let later = at + Duration::from_millis(250);
        assert_eq!(all.take_at(1, later), Ok(()));
        assert_eq!(all.take_at(1, later), Ok(()));
        assert_eq!(all.take_at(1, later), Err(1));
        let whole = later + Duration::from_secs(60);
        assert!((0..20).all(|_| all.take_at(1, whole).is_ok()));
        assert!(all.take_at(1, whole).is_err());
    }

    #[test]
    fn however_many_come_it_takes_no_more_room() {
        let all = Allowances::new(WRONG_TOKENS);
        let at = Duration::from_secs(1);
        let refused = (0..MOST * 2).filter(|it| all.take_at(*it, at).is_err());
        assert!(
            refused.count() > MOST / 2,
            "those without room share one allowance"
        );
        let kept = |all: &Allowances<usize>| all.whole_at.lock().expect("not poisoned").len();
        assert!(kept(&all) <= MOST + 1);
        assert_eq!(all.take_at(MOST * 3, at + Duration::from_secs(200)), Ok(()));
        assert_eq!(
            kept(&all),
            1,
            "who has an allowance that is whole is forgotten"
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let site = |it: &str| site(it.parse().expect("an address")).to_string();
        assert_eq!(site("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(site("::ffff:198.51.100.7"), "198.51.100.7");
    }
}
