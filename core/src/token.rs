//! Bearer tokens: a prefix that leak scanners know, 256 random bits, a checksum that catches typing errors before any
//! look-up. Only the hash is stored.

use sha2::{Digest as _, Sha256};

/// Whose token it is; tokens of one kind are nothing to the other's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identity provider's, for `/scim`.
    Connection,
    /// The platform's behind Usher, for `/api`.
    Platform,
    /// The page's of a file, for `/exchange`.
    Transfer,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Connection => "usher_scim_",
            Self::Platform => "usher_api_",
            Self::Transfer => "usher_file_",
        }
    }
}

/// Characters that survive any copy and paste; 32 of them, so that five bits make one.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters for 256 bits, and for 30 bits of checksum.
const SECRET_LENGTH: usize = 52;
const CHECK_LENGTH: usize = 6;

/// The token of these 256 bits.
pub(crate) fn render(kind: Kind, secret: &[u8; 32]) -> String {
    let body = base32(secret, SECRET_LENGTH);
    format!("{}{body}{}", kind.prefix(), checksum(&body))
}

/// What is shown of a token in listings.
pub(crate) fn hint(token: &str) -> String {
    let prefix = token.rfind('_').map_or(0, |it| it + 1);
    token.chars().take(prefix + 4).collect()
}

/// What is stored of a token, if it is well formed and of that kind.
pub(crate) fn hash(kind: Kind, token: &str) -> Option<[u8; 32]> {
    let body = token.strip_prefix(kind.prefix())?;
    if body.len() != SECRET_LENGTH + CHECK_LENGTH || !body.is_ascii() {
        return None;
    }
    let (secret, check) = body.split_at(SECRET_LENGTH);
    (checksum(secret) == check).then(|| Sha256::digest(token.as_bytes()).into())
}

/// Whether two hashes are equal, in a time that does not depend on where they differ.
pub(crate) fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y))) == 0
}

fn checksum(body: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    base32(&hash, CHECK_LENGTH)
}

/// As many digits of five bits as are asked for.
pub(crate) fn base32(bytes: &[u8], length: usize) -> String {
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |byte| byte >> (7 - i % 8) & 1);
    (0..length)
        .map(|digit| {
            let value = (0..5).fold(0, |value, i| value << 1 | bit(digit * 5 + i));
            char::from(ALPHABET[usize::from(value & 31)])
        })
        .collect()
}

/// The bytes whose digits these are, each written in its one way; none when they are no such digits, or not of so many bytes.
pub(crate) fn from_base32(text: &str, size: usize) -> Option<Vec<u8>> {
    if text.len() != (size * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = vec![0_u8; size];
    for (i, digit) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|it| *it == digit)?;
        for bit in 0..5 {
            let at = i * 5 + bit;
            let is_set = value >> (4 - bit) & 1 == 1;
            match bytes.get_mut(at / 8) {
                Some(byte) => *byte |= u8::from(is_set) << (7 - at % 8),
                None if is_set => return None,
                None => {}
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_a_typing_error_is_caught() {
        let token = render(Kind::Connection, &[7; 32]);
        assert!(hash(Kind::Connection, &token).is_some());
        assert_ne!(
            hash(Kind::Connection, &token),
            hash(Kind::Connection, &render(Kind::Connection, &[8; 32]))
        );
        let mut typo = token.clone().into_bytes();
        typo[20] = if typo[20] == b'a' { b'b' } else { b'a' };
        assert_eq!(
            hash(Kind::Connection, &String::from_utf8_lossy(&typo)),
            None
        );
        for bad in [
            "",
            "usher_scim_",
            "Bearer x",
            &token[1..],
            "usher_scim_\u{e9}",
        ] {
            assert_eq!(hash(Kind::Connection, bad), None);
        }
    }

    #[test]
    fn kinds_are_told_apart_at_a_glance_and_by_their_doors() {
        let (scim, api) = (
            render(Kind::Connection, &[7; 32]),
            render(Kind::Platform, &[7; 32]),
        );
        assert!(hint(&scim).starts_with("usher_scim_") && hint(&scim).len() == 15);
        assert!(hint(&api).starts_with("usher_api_") && hint(&api).len() == 14);
        assert!(hash(Kind::Platform, &api).is_some());
        assert_eq!(hash(Kind::Platform, &scim), None);
        assert_eq!(hash(Kind::Connection, &api), None);
    }
}
