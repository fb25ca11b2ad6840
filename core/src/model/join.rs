//! The join page: a public address under which people of an allow-list may join by themselves, after the link that is
//! mailed to them. Off until somebody turns it on.

use std::fmt;

use super::{EmailAddress, GroupId, Setting};
use crate::error::Error;

/// The shortest and the longest slug, in characters.
const SLUG_LENGTHS: std::ops::RangeInclusive<usize> = 2..=64;
/// The most entries of an allow-list.
const MOST_ENTRIES: usize = 500;

/// What is agreed about the join page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinPage {
    /// Whether it is there at all.
    pub on: bool,
    /// The last part of its address.
    pub slug: Option<String>,
    /// Who may join.
    pub allow: JoinAllow,
    /// The group that joiners enter, as learners.
    pub group: Option<GroupId>,
    /// The organization's own words on it.
    pub text: Option<String>,
}

impl JoinPage {
    /// Its slug, when it is on.
    pub fn open_slug(&self) -> Option<&str> {
        self.slug.as_deref().filter(|_| self.on)
    }

    /// Whether somebody of this address may join by it.
    pub fn admits(&self, address: &EmailAddress) -> bool {
        self.on && self.slug.is_some() && self.allow.admits(address)
    }
}

/// Mail domains and addresses. Nobody is on an empty one; `*` is everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinAllow(Vec<String>);

impl JoinAllow {
    /// Reads domains, addresses or `*`, separated by commas, semicolons or white space. A domain covers its own
    /// addresses and not those of its subdomains.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first entry that is none of them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut entries: Vec<String> = Vec::new();
        let words = text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace());
        for word in words.filter(|it| !it.is_empty()) {
            let entry = entry(word)?;
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        if entries.len() > MOST_ENTRIES {
            return Err(Error::invalid(
                Setting::JoinAllow.to_string(),
                "has more than 500 entries",
                "name domains instead of addresses",
            ));
        }
        Ok(Self(entries))
    }

    /// The entries, canonical.
    pub fn entries(&self) -> &[String] {
        &self.0
    }

    /// Whether this address is on it.
    pub fn admits(&self, address: &EmailAddress) -> bool {
        let key = address.key();
        let domain = key.rsplit_once('@').map_or("", |it| it.1);
        self.0
            .iter()
            .any(|it| it == "*" || *it == key || it == domain)
    }

    /// Whether everybody is on it.
    pub fn is_everybody(&self) -> bool {
        self.0.iter().any(|it| it == "*")
    }
}

impl fmt::Display for JoinAllow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

fn entry(word: &str) -> Result<String, Error> {
    if word == "*" {
        return Ok(word.to_owned());
    }
    let bad = || {
        let shown: String = word.chars().take(60).collect();
        Error::invalid(
            Setting::JoinAllow.to_string(),
            format!("cannot have {shown:?}"),
            "use mail domains such as acme.example, addresses, or * for everybody",
        )
    };
    let domain = word.strip_prefix('@').unwrap_or(word);
    if domain.contains('@') {
        return Ok(domain.parse::<EmailAddress>().map_err(|_| bad())?.key());
    }
    let any = format!("a@{domain}");
    let key = any.parse::<EmailAddress>().map_err(|_| bad())?.key();
    let domain = key.strip_prefix("a@").ok_or_else(bad)?;
    Ok(domain.to_owned())
}

/// A slug: small letters, digits and hyphens between them.
pub(super) fn slug(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let fits = SLUG_LENGTHS.contains(&text.len())
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    fits.then_some(text)
}

/// The slug that an organization of this name gets when nobody has chosen one.
pub fn slug_of(name: &str) -> String {
    let mut out = String::new();
    let name = name.replace('ß', "ss");
    for part in super::search_text([name.as_str()]).split_whitespace() {
        for part in part.split(|c: char| !c.is_ascii_alphanumeric()) {
            if !part.is_empty() && out.len() + part.len() < *SLUG_LENGTHS.end() {
                if !out.is_empty() {
                    out.push('-');
                }
                out.push_str(part);
            }
        }
    }
    slug(&out).unwrap_or_else(|| "welcome".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_list_has_domains_addresses_or_everybody() {
        let admits = |list: &str, address: &str| {
            let allow = JoinAllow::parse(list).expect("a list");
            allow.admits(&address.parse().expect("an address"))
        };
        assert!(!admits("", "ana@acme.example"));
        assert!(admits("ACME.example", "Ana@acme.EXAMPLE"));
        assert!(admits("@acme.example", "ana@acme.example"));
        assert!(admits(
            "other.example; ana@acme.example",
            "ANA@acme.example"
        ));
        assert!(!admits("ana@acme.example", "bo@acme.example"));
        assert!(!admits("acme.example", "ana@sub.acme.example"));
        assert!(!admits("acme.example", "ana@evilacme.example"));
        assert!(!admits("acme.example", "acme.example@evil.example"));
        assert!(admits("*", "ana@anywhere.example"));
        assert!(admits("bücher.example", "ana@xn--bcher-kva.example"));
        // A Kelvin sign is not a k.
        assert!(!admits("kim@acme.example", "\u{212a}im@acme.example"));
        for bad in [
            "acme example@",
            "a b@c",
            "http://acme.example",
            "@",
            "**",
            "-x.example",
        ] {
            assert!(JoinAllow::parse(bad).is_err() || bad.contains(' '), "{bad}");
        }
        assert!(JoinAllow::parse("http://acme.example").is_err());
        let twice = JoinAllow::parse("acme.example, @ACME.example").expect("a list");
        assert_eq!(twice.to_string(), "acme.example");
    }

    #[test]
    fn a_slug_is_made_of_the_name_of_the_organization() {
        for (name, wanted) in [
            ("Acme Corp.", "acme-corp"),
            ("Ünïted Söaps & Co", "united-soaps-co"),
            ("Große Söhne", "grosse-sohne"),
            ("株式会社", "welcome"),
            ("-", "welcome"),
        ] {
            assert_eq!(slug_of(name), wanted);
        }
        assert_eq!(slug(" Acme-2 ").as_deref(), Some("acme-2"));
        for bad in ["", "a", "-a", "a-", "a--b", "a/b", "a b", "ä1"] {
            assert_eq!(slug(bad), None, "{bad}");
        }
    }
}
