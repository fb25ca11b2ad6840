//! The public keys with which administrators come in over SSH: one line of `authorized_keys`, taken apart and checked, so
//! that nothing that people typed is ever handed to sshd but a key's own bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Name, Timestamp, UserId};
use crate::error::Error;

mod base64;

/// The longest line that is taken, in bytes: an RSA key of 16,384 bits with a long comment.
const LONGEST_LINE: usize = 4_096;
/// The longest comment, in bytes.
const LONGEST_COMMENT: usize = 200;
/// The shortest RSA key that is taken, in bits.
const SHORTEST_RSA: usize = 3_072;
/// The longest, in bits; longer ones only keep sshd busy.
const LONGEST_RSA: usize = 16_384;
/// How many characters a beginning of a fingerprint has at least.
const SHORTEST_BEGINNING: usize = 6;

/// A kind of key that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ed25519,
    Ecdsa(Curve),
    Rsa,
    SkEd25519,
    SkEcdsa,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Curve {
    name: &'static str,
    /// How long an uncompressed point of it is, in bytes.
    point: usize,
}

const P256: Curve = Curve {
    name: "nistp256",
    point: 65,
};

/// What sshd calls the kinds that are taken.
const KINDS: [(&str, Kind); 7] = [
    ("ssh-ed25519", Kind::Ed25519),
    ("ecdsa-sha2-nistp256", Kind::Ecdsa(P256)),
    (
        "ecdsa-sha2-nistp384",
        Kind::Ecdsa(Curve {
            name: "nistp384",
            point: 97,
        }),
    ),
    (
        "ecdsa-sha2-nistp521",
        Kind::Ecdsa(Curve {
            name: "nistp521",
            point: 133,
        }),
    ),
    ("ssh-rsa", Kind::Rsa),
    ("sk-ssh-ed25519@openssh.com", Kind::SkEd25519),
    ("sk-ecdsa-sha2-nistp256@openssh.com", Kind::SkEcdsa),
];

/// A public key, and what its owner calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SshKey {
    kind: Kind,
    blob: Vec<u8>,
    comment: Option<String>,
}

/// SHA-256 of a key, as `ssh-keygen -l` shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A key that somebody may come in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminKey {
    /// Whose.
    pub user: UserId,
    /// The key.
    pub key: SshKey,
    /// Since when.
    pub added_at: Timestamp,
}

impl SshKey {
    /// Parses the line of a `.pub` file: a kind, the key in base64, and maybe a comment.
    ///
    /// # Errors
    /// [`Error::Invalid`] for several lines, options, another kind, a key that is not of the kind that it says, or RSA of
    /// less than 3,072 bits.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let bad = |why: &str, remedy: &str| Err(Error::invalid("key", why, remedy));
        if line.contains("PRIVATE KEY") {
            return bad(
                "is a private key, which is nobody's but its owner's",
                "give the line of the .pub file; and make a new key if others have seen this one",
            );
        }
        if line.len() > LONGEST_LINE {
            return bad("is longer than 4,096 bytes", "give one line of a .pub file");
        }
        if line.contains(['\n', '\r', '\0']) {
            return bad("is more than one line", "give one line of a .pub file");
        }
        let mut words = line.trim_matches([' ', '\t']).splitn(3, [' ', '\t']);
        let (word, encoded) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let Some((name, kind)) = KINDS.into_iter().find(|it| it.0 == word) else {
            let options = word.contains(['=', '"', ',']) || encoded.contains('-');
            return if word.contains("-cert-") {
                bad(
                    "is a certificate",
                    "give the key itself, from its .pub file",
                )
            } else if word == "ssh-dss" {
                bad(
                    "is of a kind that is no longer safe",
                    "make one with ssh-keygen -t ed25519",
                )
            } else if options && !encoded.is_empty() {
                bad(
                    "begins with options, which are not taken",
                    "give the line of a .pub file, which begins with the kind of key",
                )
            } else {
                bad(
                    "is of no kind that is taken",
                    "use ssh-ed25519, ecdsa-sha2-nistp256, -nistp384 or -nistp521, a security key (sk-), or ssh-rsa of 3072 bits",
                )
            };
        };
        let Some(blob) = base64::decode(encoded) else {
            return bad(
                "cannot be decoded",
                "copy the whole line of the .pub file; something is missing or too much",
            );
        };
        check(kind, name, &blob)?;
        let comment = match words.next() {
            Some(text) if text.trim().len() > LONGEST_COMMENT => {
                return bad(
                    "has a comment of more than 200 bytes",
                    "shorten the comment",
                );
            }
            Some(text) => Name::parse("comment of the key", text)?.map(Name::into_string),
            None => None,
        };
        Ok(Self {
            kind,
            blob,
            comment,
        })
    }

    /// What sshd calls its kind.
    pub fn kind(&self) -> &'static str {
        let found = KINDS.into_iter().find(|it| it.1 == self.kind);
        found.map_or("", |it| it.0)
    }

    /// What its owner calls it. Typed by people.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// The key in base64.
    pub fn encoded(&self) -> String {
        base64::encode(&self.blob)
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.blob).into())
    }
}

impl fmt::Display for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.encoded())?;
        match &self.comment {
            Some(comment) => write!(f, " {comment}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for SshKey {
    type Error = Error;

    fn try_from(line: String) -> Result<Self, Error> {
        Self::parse(&line)
    }
}

impl From<SshKey> for String {
    fn from(key: SshKey) -> Self {
        key.to_string()
    }
}

impl Fingerprint {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of a key in base64, as sshd gives it; none when that is no base64.
    pub fn of_encoded(key: &str) -> Option<Self> {
        base64::decode(key).map(|blob| Self(Sha256::digest(blob).into()))
    }

    /// Whether somebody who types this means it: all of it or its beginning, with or without `SHA256:`.
    pub fn is_meant_by(&self, text: &str) -> bool {
        let text = text.trim();
        let text = text.strip_prefix("SHA256:").unwrap_or(text);
        text.len() >= SHORTEST_BEGINNING && base64::encode_bare(&self.0).starts_with(text)
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bare = text.strip_prefix("SHA256:").unwrap_or(text);
        base64::decode(&format!("{bare}="))
            .and_then(|it| it.try_into().ok())
            .map(Self)
            .ok_or_else(|| {
                Error::invalid(
                    "fingerprint",
                    "is not SHA256: and 43 characters",
                    "copy it from `usher admin key list`",
                )
            })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", base64::encode_bare(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the bytes are a whole key of that kind, and nothing else.
fn check(kind: Kind, name: &str, blob: &[u8]) -> Result<(), Error> {
    let mut parts = Parts(blob);
    let mut of_its_kind = || {
        if parts.next()? != name.as_bytes() {
            return None;
        }
        let mut bits = None;
        match kind {
            Kind::Ed25519 => parts.next().filter(|it| it.len() == 32)?,
            Kind::Ecdsa(curve) => parts.point(curve)?,
            Kind::Rsa => {
                let exponent = parts
                    .number()
                    .filter(|it| it.last().is_some_and(|it| it % 2 == 1));
                exponent.filter(|it| it.len() <= 8 && *it != [1])?;
                let modulus = parts.number()?;
                bits = Some(bits_of(modulus));
                modulus
            }
            Kind::SkEd25519 => {
                parts.next().filter(|it| it.len() == 32)?;
                parts.application()?
            }
            Kind::SkEcdsa => {
                parts.point(P256)?;
                parts.application()?
            }
        };
        parts.0.is_empty().then_some(bits)
    };
    match of_its_kind() {
        None => Err(Error::invalid(
            "key",
            format!("is not a whole key of the kind {name}"),
            "copy the whole line of the .pub file",
        )),
        Some(Some(bits)) if !(SHORTEST_RSA..=LONGEST_RSA).contains(&bits) => Err(Error::invalid(
            "key",
            format!("is RSA of {bits} bits"),
            "use at least 3072 and at most 16384, or make one with ssh-keygen -t ed25519",
        )),
        Some(_) => Ok(()),
    }
}

/// How many bits a positive number has, written from its highest byte.
fn bits_of(number: &[u8]) -> usize {
    match number {
        [] => 0,
        [first, rest @ ..] => 8 * rest.len() + (8 - first.leading_zeros() as usize),
    }
}

/// The strings that a key's bytes consist of (RFC 4253 §6.6, RFC 4251 §5).
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    /// A positive number without its sign, written the one way in which it may be.
    fn number(&mut self) -> Option<&'a [u8]> {
        match self.next()? {
            [0, rest @ ..] if rest.first().is_some_and(|it| *it >= 0x80) => Some(rest),
            number @ [1..0x80, ..] => Some(number),
            _ => None,
        }
    }

    fn point(&mut self, curve: Curve) -> Option<&'a [u8]> {
        self.next().filter(|it| *it == curve.name.as_bytes())?;
        self.next()
            .filter(|it| it.len() == curve.point && it.first() == Some(&4))
    }

    fn application(&mut self) -> Option<&'a [u8]> {
        self.next().filter(|it| !it.is_empty() && it.len() <= 255)
    }
}

#[cfg(test)]
mod tests;
