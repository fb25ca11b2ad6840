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
        self.take_of(who, now, false)
    }

    /// As [`Self::take`], and as much more as whoever asks likes if nobody is kept waiting by it: then the allowance is
    /// spent, and never more than that.
    fn take_of(&self, who: K, now: Duration, alone: bool) -> Result<(), u32> {
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
            Err(_) if alone => Ok(()),
            Err(wait) => Err(u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1)),
        }
    }
}

/// How fast a token may go with SCIM requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenPace {
    /// As fast as the server can while nobody else asks it anything, else 200 a second.
    #[default]
    Shared,
    /// So many a second over time, whoever else asks; ten seconds' worth at once.
    AtMost(NonZeroU32),
    /// As fast as it likes.
    Free,
}

/// What a token may ask a second while others ask too. No provider documents more than 25.
const SHARED: NonZeroU32 = NonZeroU32::new(200).expect("not zero");
/// For how long whoever asked is taken to be there.
const THERE_FOR: Duration = Duration::from_secs(10);

/// The last who asked, and the last before who was somebody else, and when; nobody stands for all without a token of SCIM.
#[derive(Default)]
struct Askers {
    last: Option<(Option<TokenId>, Duration)>,
    other: Option<(Option<TokenId>, Duration)>,
}

impl Askers {
    /// Notes who asks; whether nobody else did lately.
    fn ask(&mut self, who: Option<TokenId>, now: Duration) -> bool {
        if self.last.is_some_and(|it| it.0 != who) {
            self.other = self.last;
        }
        self.last = Some((who, now));
        self.other
            .is_none_or(|it| it.0 == who || it.1 + THERE_FOR < now)
    }
}

/// Who may go how fast.
pub(crate) struct Pace {
    tokens: Option<Allowances<TokenId>>,
    wrong_tokens: Allowances<IpAddr>,
    /// Who asks, where that decides.
    askers: Option<Mutex<Askers>>,
}

impl Pace {
    pub(crate) fn new(pace: TokenPace) -> Self {
        let a_second = match pace {
            TokenPace::Shared => Some(SHARED),
            TokenPace::AtMost(number) => Some(number),
            TokenPace::Free => None,
        };
        let allowance = |it: NonZeroU32| Allowance {
            every: Duration::from_secs(1) / it.get(),
            burst: it.get().saturating_mul(BURST_SECONDS),
        };
        Self {
            tokens: a_second.map(|it| Allowances::new(allowance(it))),
            wrong_tokens: Allowances::new(WRONG_TOKENS),
            askers: (pace == TokenPace::Shared).then(Mutex::default),
        }
    }

    /// A request with this token; or after how many seconds it may come.
    pub(crate) fn request(&self, token: TokenId) -> Result<(), u32> {
        let Some(tokens) = &self.tokens else {
            return Ok(());
        };
        let now = tokens.began.elapsed();
        let alone = self.is_alone(Some(token), now);
        tokens.take_of(token, now, alone)
    }

    /// A request of somebody without a token of SCIM, who is not to wait for those who have one.
    pub(crate) fn other_request(&self) {
        if let Some(tokens) = &self.tokens {
            self.is_alone(None, tokens.began.elapsed());
        }
    }

    fn is_alone(&self, who: Option<TokenId>, now: Duration) -> bool {
        let Some(askers) = &self.askers else {
            return false;
        };
        let mut askers = askers.lock().unwrap_or_else(PoisonError::into_inner);
        askers.ask(who, now)
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
    fn who_is_alone_goes_as_fast_as_it_likes_until_somebody_else_comes() {
        let each = Allowance {
            every: Duration::from_millis(100),
            burst: 20,
        };
        let all = Allowances::new(each);
        let at = Duration::from_secs(5);
        assert!((0..500).all(|_| all.take_of(1, at, true).is_ok()));
        assert_eq!(all.take_of(1, at, false), Err(1), "its allowance is spent");
        let later = at + Duration::from_millis(150);
        assert_eq!(
            all.take_of(1, later, false),
            Ok(()),
            "and no more than that"
        );

        let (one, two) = (TokenId::from_bytes([1; 16]), TokenId::from_bytes([2; 16]));
        let mut askers = Askers::default();
        let mut ask = |who, at| askers.ask(who, Duration::from_secs(at));
        assert!(ask(Some(one), 1));
        assert!(ask(Some(one), 2));
        assert!(!ask(Some(two), 3));
        assert!(!ask(Some(one), 4));
        assert!(!ask(Some(one), 13));
        assert!(ask(Some(one), 14), "the other has gone");
        assert!(!ask(None, 15));
        assert!(!ask(Some(one), 16), "the platform asked");
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
