//! Email addresses and user names: what is kept as typed, and the key under which two are the same.
//!
//! Keys fold ASCII letters only, after NFC: a Kelvin sign is not a k, so nobody can be confused into an account.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::text::harmless;
use crate::error::Error;

/// Longest address by RFC 5321 §4.5.3.1.3 (a path of 256 octets less its brackets).
const LONGEST_ADDRESS: usize = 254;
/// Longest user name accepted, in bytes.
const LONGEST_USER_NAME: usize = 512;

/// NFC and ASCII-only lower-casing: the comparison key of user names, group and pool names.
pub fn fold_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    composed(text).to_ascii_lowercase()
}

/// The key under which names of groups and trainings are the same: without regard to case, in any script, and to
/// surrounding space. Nobody signs in by them, so folding may go further than [`fold_key`].
pub(crate) fn name_key(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// NFC, except that the three characters which it would turn into ASCII stay as they are: a Kelvin sign is not a k.
fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    const TURN_ASCII: [char; 3] = ['\u{212a}', '\u{37e}', '\u{1fef}'];
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(TURN_ASCII) {
        let kept = part.strip_suffix(TURN_ASCII).unwrap_or(part);
        out.extend(kept.nfc());
        out.push_str(&part[kept.len()..]);
    }
    out
}

/// One mailbox, kept as typed; its key has the local part folded and the domain as A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address as it was typed, in NFC.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@` as it was typed, and the domain as it stands in DNS: what mail goes to.
    pub fn mailbox(&self) -> (String, String) {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
        (local.to_owned(), domain)
    }

    /// The text under which this address is unique.
    pub fn key(&self) -> String {
        address_key(&self.0).unwrap_or_else(|_| fold_key(&self.0))
    }
}

fn address_key(text: &str) -> Result<String, Error> {
    let bad = |why| {
        Error::invalid(
            "email address",
            why,
            "write one address like ana@example.com",
        )
    };
    let (local, domain) = text.rsplit_once('@').ok_or_else(|| bad("has no @"))?;
    if local.is_empty() || local.len() > 64 {
        return Err(bad("has an empty or over-long part before the @"));
    }
    let fits = |c: char| {
        !c.is_whitespace()
            && !matches!(
                c,
                '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')' | '[' | ']' | '\\' | ':'
            )
    };
    if !local.chars().all(fits)
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
    {
        return Err(bad("has characters that no mailbox has before the @"));
    }
    let ascii = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii(domain)
            .map_err(|_| bad("has a domain that cannot be written in DNS"))?
    };
    let label = |it: &str| {
        !it.is_empty()
            && it.len() <= 63
            && !it.starts_with('-')
            && !it.ends_with('-')
            && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if ascii.len() > 253 || !ascii.split('.').all(label) {
        return Err(bad("has a domain that is not a host name"));
    }
    Ok(format!("{}@{ascii}", fold_key(local)))
}

impl FromStr for EmailAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = composed(text.trim());
        if text.len() > LONGEST_ADDRESS {
            return Err(Error::invalid(
                "email address",
                "is longer than 254 bytes",
                "check it",
            ));
        }
        if harmless(&text) != text {
            return Err(Error::invalid(
                "email address",
                "has control or invisible characters",
                "type it again",
            ));
        }
        address_key(&text)?;
        Ok(Self(text))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user name as an identity provider sends it; echoed as sent, compared by [`fold_key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// The name as sent, in NFC.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text under which this name is unique. An address and a user name of equal text have equal keys.
    pub fn key(&self) -> String {
        user_name_key(&self.0)
    }
}

/// The key of a user name; one that is an address gets its domain as A-labels, as the address itself would.
pub(crate) fn user_name_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    address_key(text).unwrap_or_else(|_| fold_key(text))
}

impl FromStr for UserName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = composed(text.trim());
        if text.is_empty() || text.len() > LONGEST_USER_NAME {
            return Err(Error::invalid(
                "user name",
                "is empty or longer than 512 bytes",
                "send a short one",
            ));
        }
        if harmless(&text) != text {
            return Err(Error::invalid(
                "user name",
                "has control or invisible characters",
                "send it without them",
            ));
        }
        Ok(Self(text))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        text.parse::<EmailAddress>().ok().map(|it| it.key())
    }

    #[test]
    fn case_folds_in_ascii_only() {
        assert_eq!(key("Ana@ACME.example"), key("ana@acme.example"));
        assert_ne!(
            key("\u{212a}im@acme.example"),
            key("kim@acme.example"),
            "a Kelvin sign is not a k"
        );
        assert_ne!(
            key("ın@acme.example"),
            key("in@acme.example"),
            "a dotless i is not an i"
        );
        assert_eq!(
            key("x@bücher.example"),
            Some("x@xn--bcher-kva.example".into())
        );
        assert_eq!(key("x@BÜCHER.example"), key("x@xn--bcher-kva.example"));
    }

    #[test]
    fn what_is_not_one_mailbox_is_refused() {
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b@c",
            "a b@c.example",
            "a@b..example",
            "a@-b.example",
            "Ana <a@b.example>",
            "a@b.example,c@d.example",
            "a\u{202e}@b.example",
            "a@b.example\u{0}",
            "a@exa mple.com",
            "..a@b.example",
        ] {
            assert_eq!(key(text), None, "{text:?}");
        }
        assert!(key(&format!("{}@b.example", "a".repeat(250))).is_none());
    }
}
