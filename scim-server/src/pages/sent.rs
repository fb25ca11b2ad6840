//! What a form brings, and whether it comes from a page of ours. Browsers say where a request comes from by
//! `Sec-Fetch-Site`, older ones by `Origin`; pages with our referrer policy have an `Origin` of `null`, which says nothing.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap};

use crate::request::decoded;

/// The most fields of a form.
const MOST_FIELDS: usize = 64;

/// The fields of a form.
pub(crate) struct Sent(Vec<(String, String)>);

impl Sent {
    /// The form in a body of the kind that browsers send; none when it is none.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?;
        let mut fields = Vec::new();
        for pair in text.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((
                decoded(name, true)?.into_owned(),
                decoded(value, true)?.into_owned(),
            ));
            if fields.len() > MOST_FIELDS {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// A field's value; empty when it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|it| it.0 == name);
        found.map_or("", |it| &it.1)
    }
}

/// A parameter of an address.
pub(crate) fn query(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = query?.split('&').filter_map(|it| it.split_once('='));
    let value = pairs.find(|it| it.0 == name)?.1;
    decoded(value, true).map(std::borrow::Cow::into_owned)
}

/// Whether a form comes from a page of ours, as far as its sender's browser says.
pub(crate) fn is_from_here(headers: &HeaderMap, base: &str) -> bool {
    let said = |name: &str| {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (None, _) => Some(None),
            (Some(value), None) => value.to_str().ok().map(Some),
            // Two of them contradict each other.
            _ => None,
        }
    };
    let (Some(site), Some(origin), Some(host)) =
        (said("sec-fetch-site"), said("origin"), said("host"))
    else {
        return false;
    };
    match (site, origin) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, None | Some("null")) => true,
        (None, Some(origin)) => {
            let ours = base.split('/').take(3).collect::<Vec<_>>().join("/");
            let asked = origin.split_once("://").map(|it| it.1);
            // A host that the sender names itself proves nothing; by a number it is the machine, whatever name leads to it.
            let is_number = |it: &str| {
                let name = it.rsplit_once(':').map_or(it, |it| it.0);
                name.eq_ignore_ascii_case("localhost")
                    || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            };
            origin.eq_ignore_ascii_case(&ours)
                || asked.is_some_and(is_number)
                    && asked.map(str::to_ascii_lowercase) == host.map(str::to_ascii_lowercase)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_seen() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, header::HeaderValue::from_static(value));
            }
            is_from_here(&headers, "https://usher.example/people")
        };
        assert!(of(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(of(&[("origin", "https://usher.example")]));
        assert!(of(&[
            ("origin", "http://10.0.0.7:8080"),
            ("host", "10.0.0.7:8080")
        ]));
        assert!(of(&[]));
        assert!(!of(&[("sec-fetch-site", "cross-site")]));
        assert!(!of(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://usher.example")
        ]));
        assert!(!of(&[
            ("origin", "https://evil.example"),
            ("host", "usher.example")
        ]));
        assert!(!of(&[
            ("origin", "https://evil.example"),
            ("host", "evil.example")
        ]));
        assert!(!of(&[("origin", "https://usher.example.evil.example")]));
        assert!(!of(&[
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site")
        ]));
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let mut headers = HeaderMap::new();
        let read = |headers: &HeaderMap, body: &str| {
            Sent::read(headers, body.as_bytes()).map(|it| it.get("name").to_owned())
        };
        assert_eq!(read(&headers, "name=Ana"), None);
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8"),
        );
        assert_eq!(
            read(&headers, "a=1&name=Ana+L%C3%AD").as_deref(),
            Some("Ana Lí")
        );
        assert_eq!(read(&headers, "").as_deref(), Some(""));
        assert_eq!(read(&headers, "name=%ff"), None);
        assert_eq!(read(&headers, &"a=1&".repeat(65)), None);
        assert_eq!(query(Some("a=1&lang=de"), "lang").as_deref(), Some("de"));
    }
}
