//! What a request's target says: the path, decoded once for guard and dispatch alike, and the query.

use std::borrow::Cow;

use scim_v2::models::errors::ScimType;
use serde_json::Value;

use crate::fault::Fault;

/// Most users on a page; also `filter.maxResults` of the service provider configuration.
pub(crate) const MOST_RESULTS: i64 = 200;
/// Users on a page when the client does not say.
pub(crate) const USUAL_RESULTS: i64 = 100;

/// The path's segments, decoded; empty ones (a slash at the end, a doubled one) are left out. None when it is not UTF-8.
pub(crate) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    path.split('/')
        .filter(|it| !it.is_empty())
        .map(|it| decoded(it, false))
        .collect()
}

/// Percent-decoding; in a query a plus is a space. None when the result is not UTF-8.
pub(crate) fn decoded(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' if plus => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                match (ahead.next().and_then(hex), ahead.next().and_then(hex)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        bytes = ahead;
                    }
                    _ => out.push(b'%'),
                }
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|it| u8::try_from(it).ok())
}

/// The query's parameters that mean something here. Unknown ones are ignored, as providers add their own.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Query {
    /// Whom to list.
    pub(crate) filter: Option<String>,
    /// From which place, at least 1.
    pub(crate) start_index: Option<i64>,
    /// How many at most.
    pub(crate) count: Option<i64>,
    /// Only these attributes.
    pub(crate) attributes: Option<String>,
    /// All but these.
    pub(crate) excluded: Option<String>,
    /// By which attribute to sort.
    pub(crate) sort_by: Option<String>,
    /// Whether the order is turned round.
    pub(crate) descending: bool,
    /// Behind which place, in the server's own words (RFC 9865); empty for the beginning.
    pub(crate) cursor: Option<String>,
}

impl Query {
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Fault> {
        let mut it = Self::default();
        let pairs = || {
            query
                .unwrap_or_default()
                .split('&')
                .filter(|it| !it.is_empty())
        };
        let is_cursor = |it: &str| {
            it.split('=')
                .next()
                .is_some_and(|it| it.eq_ignore_ascii_case("cursor"))
        };
        let by_cursor = pairs().any(is_cursor);
        for pair in pairs() {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(key), Some(value)) = (decoded(key, true), decoded(value, true)) else {
                return Err(Fault::bad(
                    ScimType::InvalidSyntax,
                    "the query is not UTF-8",
                ));
            };
            it.set(&key, &value, by_cursor)?;
        }
        Ok(it)
    }

    /// A search in a body (RFC 7644 §3.4.3).
    pub(crate) fn search(body: &Value) -> Result<Self, Fault> {
        let Value::Object(body) = body else {
            return Err(Fault::invalid_syntax("the body is not a JSON object"));
        };
        let mut it = Self::default();
        let by_cursor = body.keys().any(|it| it.eq_ignore_ascii_case("cursor"));
        for (key, value) in body {
            match value {
                Value::Null => {}
                Value::String(text) => it.set(key, text, by_cursor)?,
                Value::Number(number) => it.set(key, &number.to_string(), by_cursor)?,
                Value::Array(list) => {
                    let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    if !key.eq_ignore_ascii_case("schemas") {
                        it.set(key, &names.join(","), by_cursor)?;
                    }
                }
                Value::Bool(_) | Value::Object(_) => {
                    return Err(Fault::invalid_syntax(format!(
                        "{} cannot be read",
                        key.chars().take(80).collect::<String>()
                    )));
                }
            }
        }
        Ok(it)
    }

    fn set(&mut self, key: &str, value: &str, pages_by_cursor: bool) -> Result<(), Fault> {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        let text = || Some(value.to_owned());
        if is("filter") {
            self.filter = text();
        } else if is("startIndex") {
            self.start_index = Some(number("startIndex", value)?);
        } else if is("count") {
            self.count = Some(number("count", value).map_err(|fault| {
                Fault {
                    // RFC 9865 §2.1: pages by cursor have a word of their own for it.
                    scim_type: pages_by_cursor
                        .then(|| ScimType::Other("invalidCount".to_owned()))
                        .or(fault.scim_type),
                    ..fault
                }
            })?);
        } else if is("attributes") {
            self.attributes = text();
        } else if is("excludedAttributes") {
            self.excluded = text();
        } else if is("sortBy") {
            self.sort_by = text().filter(|it| !it.trim().is_empty());
        } else if is("sortOrder") {
            self.descending = match value.trim() {
                it if it.eq_ignore_ascii_case("descending") => true,
                it if it.is_empty() || it.eq_ignore_ascii_case("ascending") => false,
                _ => {
                    return Err(Fault::invalid_value(
                        "sortOrder is neither ascending nor descending",
                    ));
                }
            };
        } else if is("cursor") {
            self.cursor = text();
        }
        Ok(())
    }

    /// The first place of the page; less than 1 means 1 (RFC 7644 §3.4.2.4).
    pub(crate) fn start(&self) -> i64 {
        self.start_index.unwrap_or(1).max(1)
    }

    /// The size of the page; a negative one means 0.
    pub(crate) fn size(&self) -> i64 {
        self.count.unwrap_or(USUAL_RESULTS).clamp(0, MOST_RESULTS)
    }
}

fn number(name: &str, value: &str) -> Result<i64, Fault> {
    let value = value.trim();
    match value.parse() {
        Ok(number) => Ok(number),
        // Whole numbers beyond any list are as good as the largest one.
        Err(_) if is_whole(value) => Ok(if value.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        }),
        Err(_) => Err(Fault::invalid_value(format!(
            "{name} is not a whole number"
        ))),
    }
}

fn is_whole(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once() {
        let segments = |it| segments(it).unwrap_or_default().join("|");
        assert_eq!(segments("/scim/v2/Users/"), "scim|v2|Users");
        assert_eq!(segments("//scim//v2/%55sers/a%2Fb"), "scim|v2|Users|a/b");
        assert_eq!(
            segments("/%2555sers/%zz/100%/%e2%82%ac"),
            "%55sers|%zz|100%|€"
        );
        assert_eq!(super::segments("/%ff"), None);
    }

    #[test]
    fn queries_are_read_as_providers_send_them() {
        let query = Query::read(Some(
            "filter=userName+eq+%22a%2Bb%22&&startIndex=0&COUNT=999&aadOptscim062020",
        ))
        .ok();
        let query = query.unwrap_or_default();
        assert_eq!(query.filter.as_deref(), Some("userName eq \"a+b\""));
        assert_eq!((query.start(), query.size()), (1, MOST_RESULTS));
        let query =
            Query::read(Some("startIndex=99999999999999999999&count=-7")).unwrap_or_default();
        assert_eq!((query.start(), query.size()), (i64::MAX, 0));
        assert!(Query::read(Some("count=ten")).is_err());
        assert!(Query::read(Some("startIndex=1.5")).is_err());
        assert_eq!(Query::read(None).ok(), Some(Query::default()));
    }
}
