//! A bought quantity of one kind of license.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::{Date, PoolId, TimeZoneName, Timestamp, fold_key};
use crate::error::Error;

/// A number of licenses.
pub type Seats = i64;

/// The most that can be bought of one pool.
const MOST_SEATS: Seats = 1_000_000_000;

/// A pool's name: lower-case letters, digits, `-` and `_`, up to 64.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PoolName(String);

impl PoolName {
    /// The pool that always exists: the seat itself.
    pub fn access() -> Self {
        Self("access".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PoolName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = fold_key(text.trim());
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
            return Err(Error::invalid(
                "pool name",
                "is not a short word",
                "use up to 64 letters, digits, - and _",
            ));
        }
        Ok(Self(text))
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// From when an invited person counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountsFrom {
    /// From the invitation on: a waiting person holds a reserved license.
    Invitation,
    /// From acceptance on: a waiting person holds nothing.
    Activation,
}

impl CountsFrom {
    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Activation => "activation",
        }
    }
}

impl FromStr for CountsFrom {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "invitation" => Ok(Self::Invitation),
            "activation" => Ok(Self::Activation),
            _ => Err(Error::invalid(
                "counts_from",
                "is not known",
                "use invitation or activation",
            )),
        }
    }
}

/// What unattended doors get when a pool is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtCapacity {
    /// Accept, hold in order, promote the moment a license frees.
    Queue,
    /// Refuse.
    Refuse,
    /// Take from another pool instead; refuse when that is full too.
    Fallback(PoolName),
    /// Overdraw by up to this many per cent of what was purchased, then refuse.
    Grace(u8),
}

impl AtCapacity {
    /// How many may be held in all when that many were purchased.
    pub fn limit(&self, purchased: Seats) -> Seats {
        match self {
            Self::Grace(percent) => purchased + purchased * Seats::from(*percent) / 100,
            Self::Queue | Self::Refuse | Self::Fallback(_) => purchased,
        }
    }
}

impl fmt::Display for AtCapacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue => f.write_str("queue"),
            Self::Refuse => f.write_str("refuse"),
            Self::Fallback(pool) => write!(f, "fallback:{pool}"),
            Self::Grace(percent) => write!(f, "grace:{percent}"),
        }
    }
}

impl FromStr for AtCapacity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(
                "at_capacity",
                "is not known",
                "use queue, refuse, fallback:POOL or grace:PERCENT",
            )
        };
        match text.split_once([':', ' ']) {
            None if text == "queue" => Ok(Self::Queue),
            None if text == "refuse" => Ok(Self::Refuse),
            Some(("fallback", pool)) => Ok(Self::Fallback(pool.parse()?)),
            Some(("grace", percent)) => match percent.trim_end_matches('%').parse() {
                Ok(percent @ 0..=100) => Ok(Self::Grace(percent)),
                _ => Err(Error::invalid(
                    "at_capacity",
                    "has a grace that is not 0 to 100 per cent",
                    "use grace:10",
                )),
            },
            _ => Err(bad()),
        }
    }
}

impl Serialize for AtCapacity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AtCapacity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// When the purchasers of a pool are told, in per cent of what was purchased; rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarms(Vec<u8>);

impl Alarms {
    /// The thresholds, rising.
    pub fn thresholds(&self) -> &[u8] {
        &self.0
    }

    /// The highest threshold that is reached when that many of those purchased are held; 0 for none.
    pub fn reached(&self, held: Seats, purchased: Seats) -> u8 {
        let reached = |it: &&u8| held > 0 && held * 100 >= purchased * Seats::from(**it);
        self.0.iter().rfind(reached).copied().unwrap_or(0)
    }
}

impl Default for Alarms {
    fn default() -> Self {
        Self(vec![80, 95, 100])
    }
}

impl fmt::Display for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let words: Vec<String> = self.0.iter().map(u8::to_string).collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Alarms {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.trim() == "none" {
            return Ok(Self(Vec::new()));
        }
        let bad = || {
            Error::invalid(
                "alarms",
                "are not percentages from 1 to 200",
                "write them like 80,95,100, or none",
            )
        };
        let one = |it: &str| {
            let percent = it.trim().trim_end_matches('%').parse::<u8>();
            percent.ok().filter(|it| (1..=200).contains(it))
        };
        let mut all = text
            .split(',')
            .map(one)
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(bad)?;
        all.sort_unstable();
        all.dedup();
        Ok(Self(all))
    }
}

impl Serialize for Alarms {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Alarms {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

/// What was agreed for a pool; everything about it that a command can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolTerms {
    /// How many were bought. May be set below what is held; then nothing more is handed out.
    pub purchased: Seats,
    /// From when an invited person counts.
    pub counts_from: CountsFrom,
    /// Whether a leaver's consumed licenses return; always true for `access`.
    pub recoverable: bool,
    /// What unattended doors get when the pool is full.
    pub at_capacity: AtCapacity,
    /// The first day on which licenses are handed out.
    pub starts_on: Option<Date>,
    /// The day from which licenses are no longer handed out.
    pub ends_on: Option<Date>,
    /// When purchasers are told that it fills up.
    #[serde(default)]
    pub alarms: Alarms,
}

impl PoolTerms {
    /// The defaults for a pool of that many licenses.
    pub fn new(purchased: Seats) -> Self {
        Self {
            purchased,
            counts_from: CountsFrom::Invitation,
            recoverable: false,
            at_capacity: AtCapacity::Queue,
            starts_on: None,
            ends_on: None,
            alarms: Alarms::default(),
        }
    }

    /// On which side of the pool's dates an instant lies, if it lies outside them.
    pub fn outside(&self, at: Timestamp, zone: &TimeZoneName) -> Option<OutsideDates> {
        if let Some(day) = self.ends_on.filter(|it| at >= it.start_in(zone)) {
            return Some(OutsideDates::Since(day));
        }
        let starts = self.starts_on.filter(|it| at < it.start_in(zone));
        starts.map(OutsideDates::Until)
    }

    /// Checks what no command may set.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a negative or absurd quantity, or an end before the start.
    pub fn check(&self) -> Result<(), Error> {
        if !(0..=MOST_SEATS).contains(&self.purchased) {
            return Err(Error::invalid(
                "purchased",
                "is not between 0 and 1,000,000,000",
                "check the number",
            ));
        }
        if let (Some(start), Some(end)) = (self.starts_on, self.ends_on)
            && end <= start
        {
            return Err(Error::invalid(
                "end date",
                "is not after the start date",
                "swap them",
            ));
        }
        Ok(())
    }
}

/// That nothing is handed out, because the pool's dates say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideDates {
    /// Not before this day.
    Until(Date),
    /// Not from this day on.
    Since(Date),
}

impl fmt::Display for OutsideDates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(day) => write!(f, "closed until {day}"),
            Self::Since(day) => write!(f, "closed since {day}"),
        }
    }
}

impl Serialize for OutsideDates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A pool as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Its name.
    pub name: PoolName,
    /// What was agreed.
    pub terms: PoolTerms,
    /// Licenses held and able to come back.
    pub reserved: Seats,
    /// Licenses held and used.
    pub consumed: Seats,
    /// Licenses wanted.
    pub queued: Seats,
    /// The highest alarm that was told and not left since; 0 for none.
    pub alarm: u8,
    /// Whether its dates let nothing be handed out, as far as it was asked at which instant it is read.
    pub outside: Option<OutsideDates>,
}

impl Pool {
    /// Licenses that count against what was purchased.
    pub const fn held(&self) -> Seats {
        self.reserved + self.consumed
    }

    /// Licenses left of those purchased, never negative, and none outside its dates; grace is not counted.
    pub fn free(&self) -> Seats {
        if self.outside.is_some() {
            return 0;
        }
        (self.terms.purchased - self.held()).max(0)
    }

    /// Whether this is the pool of the seats themselves.
    pub fn is_access(&self) -> bool {
        self.name.as_str() == "access"
    }
}
