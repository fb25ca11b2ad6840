//! JSON written straight into bytes, for the answers that are asked for all day. A generic serializer spends three
//! times as long on a person: it looks through every name for characters to escape, and knows no text that is JSON
//! already. What is asked for is read by [`serde_json`].

use serde_json::Value;

use crate::fault::Fault;
use crate::json_once::Once;

/// What a body says, each member of an object once.
pub(crate) fn read(body: &[u8]) -> Result<Value, Fault> {
    let read = serde_json::from_slice::<Once>(body);
    read.map(|it| it.0).map_err(|error| {
        Fault::invalid_syntax(if error.is_data() {
            error.to_string()
        } else {
            format!("the body is not JSON: {error}")
        })
    })
}

/// What an answer is written into.
#[derive(Debug, Default)]
pub(crate) struct Json(pub(crate) Vec<u8>);

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Bytes that are JSON already.
    pub(crate) fn bytes(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
    }

    /// Begins a member of an object; `name` is one of ours, in which nothing has to be escaped.
    pub(crate) fn member(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.raw(name);
        self.raw("\":");
    }

    /// Begins an element of a list.
    pub(crate) fn element(&mut self) {
        if self.0.last() != Some(&b'[') {
            self.0.push(b',');
        }
    }

    /// A member whose value is JSON already.
    pub(crate) fn raw_member(&mut self, name: &str, json: &str) {
        self.member(name);
        self.raw(json);
    }

    /// A member whose value is a text.
    pub(crate) fn text_member(&mut self, name: &str, text: &str) {
        self.member(name);
        self.text(text);
    }

    /// A member whose value is a text, if there is one.
    pub(crate) fn optional_member(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text_member(name, text);
        }
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) {
        self.0.push(b'"');
        let mut rest = text;
        while let Some(at) = first_to_escape(rest.as_bytes()) {
            let (plain, special) = rest.split_at(at);
            self.raw(plain);
            // What is escaped is one byte long.
            let (special, after) = special.split_at(1);
            self.escape(special.as_bytes().first().copied().unwrap_or_default());
            rest = after;
        }
        self.raw(rest);
        self.0.push(b'"');
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            _ => {
                self.raw("\\u00");
                self.hex(byte);
            }
        }
    }

    /// Two digits.
    fn hex(&mut self, byte: u8) {
        let digit = |it: u8| if it < 10 { b'0' + it } else { b'a' + it - 10 };
        self.0.extend([digit(byte >> 4), digit(byte & 15)]);
    }

    /// An id, without quotes.
    pub(crate) fn id(&mut self, bytes: &[u8; 16]) {
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                self.0.push(b'-');
            }
            self.hex(*byte);
        }
    }

    /// What something shows as, without quotes; it must need no escaping.
    pub(crate) fn shown(&mut self, it: impl std::fmt::Display) {
        use std::io::Write;
        // Writing to memory does not fail.
        let _ = write!(self.0, "{it}");
    }
}

/// Where the first byte is that JSON has escaped: a quote, a backslash or a control. Eight bytes at a time.
pub(crate) fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    let special = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        if any_to_escape(u64::from_ne_bytes(*chunk)) {
            let here = chunk.iter().position(special);
            // The test of a whole chunk may be wrong about bytes after a special one only, never about there being one.
            return here.map(|it| at * 8 + it);
        }
    }
    rest.iter()
        .position(special)
        .map(|it| chunks.len() * 8 + it)
}

/// Whether any of eight bytes is to be escaped.
fn any_to_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |it: u64| it.wrapping_sub(ONES) & !it & HIGH;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    below_space | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')))
        != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut json = Json::default();
        json.text(text);
        String::from_utf8(json.0).expect("text stays text")
    }

    #[test]
    fn every_text_is_written_as_a_serializer_would() {
        let every = (0..=0x2ff)
            .filter_map(char::from_u32)
            .chain("€𝄞\u{fffd}\u{10ffff}".chars());
        for c in every {
            for before in 0..9 {
                for after in [0, 1, 7, 8, 20] {
                    let text = format!("{}{c}{}", "x".repeat(before), "ÿ".repeat(after));
                    let read: Result<String, _> = serde_json::from_str(&written(&text));
                    assert_eq!(read.ok().as_ref(), Some(&text), "{c:?}");
                }
            }
        }
        for text in [
            "",
            "\"",
            "\\\"\n\r\t\u{0}\u{1f}\u{7f}",
            "{}[],:",
            "plain text that is longer than a chunk",
        ] {
            assert_eq!(
                serde_json::from_str::<String>(&written(text))
                    .ok()
                    .as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn ids_are_written_as_they_show() {
        let id = usher_core::model::UserId::from_bytes(*b"\x00\x01\x0f\x10\xff\xab12345678\n\x7f");
        let mut json = Json::default();
        json.id(id.as_bytes());
        assert_eq!(String::from_utf8(json.0).ok(), Some(id.to_string()));
    }
}
