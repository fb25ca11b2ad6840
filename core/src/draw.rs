//! Time, ids and randomness as inputs. Whoever asks draws once; everything that a command needs follows from that
//! draw, so that a log of commands replays to the same state.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::{
    ApprovalId, BatchId, ChoiceId, ConnectionId, FieldId, GroupId, IndividualId, InvitationId,
    PlatformId, PoolId, Timestamp, TokenId, TrainingId, TransferId, UserId,
};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The instant now.
    fn now(&self) -> Timestamp;
}

/// Where randomness comes from.
pub trait Randomness: Send + Sync {
    /// Thirty-two bytes that nobody can guess.
    fn seed(&self) -> [u8; 32];
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's random generator.
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    /// # Panics
    /// When the operating system has no randomness to give; going on with a guessable seed would be worse.
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the operating system provides randomness");
        seed
    }
}

/// One draw of time and randomness, made where a command is made and travelling with it.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// When the command was made.
    pub at: Timestamp,
    /// What its ids and secrets are derived from.
    pub seed: [u8; 32],
}

impl Draw {
    /// The key of a person whom this draw's command makes.
    pub(crate) fn person_key(&self, user: UserId) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"person")
            .chain_update(self.seed)
            .chain_update(user.as_bytes())
            .finalize()
            .into()
    }
}

/// Derives ids and secrets from a draw, in the order in which they are asked for.
#[derive(Clone)]
pub(crate) struct Draws {
    draw: Draw,
    count: u64,
    /// From where on the ids of this draw are counted: what is drawn in the same millisecond does not meet.
    first: u32,
}

impl Draws {
    pub(crate) fn new(draw: Draw) -> Self {
        let start = Sha256::new()
            .chain_update(b"ids")
            .chain_update(draw.seed)
            .finalize();
        let first = start.first_chunk().map_or(0, |it| u32::from_be_bytes(*it));
        Self {
            draw,
            count: 0,
            first: first >> 1,
        }
    }

    /// Thirty-two bytes, different each time.
    pub(crate) fn secret(&mut self) -> [u8; 32] {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.draw.seed);
        hash.update(self.count.to_be_bytes());
        hash.finalize().into()
    }

    /// A UUIDv7 (RFC 9562 §5.7) of the draw's instant. Those of one draw rise (§6.2, method 2): the rows of a large batch are
    /// written side by side then, not all over every index, which costs half of its time.
    fn uuid(&mut self) -> Uuid {
        let secret = self.secret();
        let millis = u64::try_from(self.draw.at.as_millis()).unwrap_or(0);
        // The version and the variant take the first four and two bits of their bytes.
        let place = (u64::from(self.first) + self.count).to_be_bytes();
        let [_, _, _, _, high, second, third, low] = place;
        let mut random = [0; 10];
        random.copy_from_slice(&secret[..10]);
        random[0] = high >> 4;
        random[1] = (high << 4) | (second >> 4);
        random[2] = ((second & 0x0f) << 2) | (third >> 6);
        random[3] = (third << 2) | (low >> 6);
        random[4] = (low << 2) | (random[4] & 0x03);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    pub(crate) fn user(&mut self) -> UserId {
        UserId::from_uuid(self.uuid())
    }

    pub(crate) fn pool(&mut self) -> PoolId {
        PoolId::from_uuid(self.uuid())
    }

    pub(crate) fn batch(&mut self) -> BatchId {
        BatchId::from_uuid(self.uuid())
    }

    pub(crate) fn group(&mut self) -> GroupId {
        GroupId::from_uuid(self.uuid())
    }

    pub(crate) fn training(&mut self) -> TrainingId {
        TrainingId::from_uuid(self.uuid())
    }

    pub(crate) fn field(&mut self) -> FieldId {
        FieldId::from_uuid(self.uuid())
    }

    pub(crate) fn individual(&mut self) -> IndividualId {
        IndividualId::from_uuid(self.uuid())
    }

    pub(crate) fn choice(&mut self) -> ChoiceId {
        ChoiceId::from_uuid(self.uuid())
    }

    pub(crate) fn connection(&mut self) -> ConnectionId {
        ConnectionId::from_uuid(self.uuid())
    }

    pub(crate) fn platform(&mut self) -> PlatformId {
        PlatformId::from_uuid(self.uuid())
    }

    pub(crate) fn token(&mut self) -> TokenId {
        TokenId::from_uuid(self.uuid())
    }

    pub(crate) fn approval(&mut self) -> ApprovalId {
        ApprovalId::from_uuid(self.uuid())
    }

    pub(crate) fn transfer(&mut self) -> TransferId {
        TransferId::from_uuid(self.uuid())
    }

    pub(crate) fn invitation(&mut self) -> InvitationId {
        InvitationId::from_uuid(self.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(seed: u8, count: usize) -> Vec<UserId> {
        let draw = Draw {
            at: Timestamp::from_millis(1_800_000_000_000),
            seed: [seed; 32],
        };
        let mut draws = Draws::new(draw);
        (0..count).map(|_| draws.user()).collect()
    }

    #[test]
    fn ids_of_a_draw_rise_and_those_of_two_draws_of_a_millisecond_differ() {
        let (ours, theirs) = (ids(1, 70_000), ids(2, 70_000));
        assert!(ours.is_sorted());
        assert!(theirs.is_sorted());
        let all: std::collections::HashSet<_> = ours.iter().chain(&theirs).collect();
        assert_eq!(all.len(), 140_000);
        for id in [ours[0], ours[69_999], theirs[3]] {
            let id = Uuid::from_bytes(*id.as_bytes());
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
    }
}
