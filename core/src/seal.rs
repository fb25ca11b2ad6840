//! What is given out and comes back: told from what somebody made up by a key of the organization's own, so that any process
//! with the same database knows it again, also after a restart.

use sha2::{Digest as _, Sha256};

/// The key for things of one kind.
#[derive(Clone, Copy)]
pub struct Seal([u8; 32]);

impl Seal {
    pub(crate) fn new(key: &[u8; 32], kind: &str) -> Self {
        let hash = Sha256::new().chain_update(b"seal");
        let hash = hash.chain_update(key).chain_update(kind);
        Self(hash.finalize().into())
    }

    /// What only the key's owner can say of that text.
    pub fn of(&self, text: &str) -> u128 {
        let hash = Sha256::new().chain_update(self.0).chain_update(text);
        let hash: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        u128::from_be_bytes(half)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_of_the_key_the_kind_and_the_text() {
        let seal = |key: u8, kind: &str, text: &str| Seal::new(&[key; 32], kind).of(text);
        let one = seal(1, "cursor", "b.7");
        assert_eq!(one, seal(1, "cursor", "b.7"));
        for other in [
            seal(2, "cursor", "b.7"),
            seal(1, "page", "b.7"),
            seal(1, "cursor", "b.8"),
        ] {
            assert_ne!(one, other);
        }
    }
}
