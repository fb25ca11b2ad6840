//! What comes from outside as text, as targets for a fuzzer: a filter, a path, a body. Each takes any bytes, must come to
//! an end, and panics only when something that must hold does not. Their signature is libFuzzer's; `examples/fuzz.rs`
//! drives them on the stable toolchain by mutating seeds, without knowing what code an input reaches.

use serde_json::Value;
use usher_core::model::ConnectionId;

use crate::bulk;
use crate::filter::{self, Context};
use crate::group_wanted::{GroupPatch, Wish};
use crate::mapping::Displaced;
use crate::patch::Patch;
use crate::patch_path::Found;
use crate::schema;
use crate::wanted::Wanted;

/// A target: its name, what takes the bytes, and inputs to begin with.
pub struct Target {
    /// As it is called on the command line.
    pub name: &'static str,
    /// Takes one input.
    pub run: fn(&[u8]),
    /// Inputs as providers send them.
    pub seeds: &'static [&'static str],
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.name).finish()
    }
}

/// Every target.
pub const TARGETS: [Target; 3] = [
    Target {
        name: "filter",
        run: filter,
        seeds: &[
            "userName eq \"ana@acme.example\"",
            "emails[type eq \"work\" and value co \"@acme\"] and not (active eq false)",
            "emails[type eq \"work\"].value eq \"a\\u00e9\\\"\\\\\"",
            "meta.lastModified ge \"2026-11-22T08:30:00.125+01:00\" or externalId pr",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value ne null",
            "(title sw \"100%\" or title ew \"_\") AND NOT (name.familyName gt \"m\")",
            "id eq \"0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a\" and groups.value eq 7.5e3",
        ],
    },
    Target {
        name: "path",
        run: path,
        seeds: &[
            "active",
            "name.familyName",
            "emails[type eq \"work\"].value",
            "members[value eq \"0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a\"]",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "urn:ietf:params:scim:schemas:core:2.0:User:addresses[type eq \"work\" and primary eq true].streetAddress",
        ],
    },
    Target {
        name: "body",
        run: body,
        seeds: &[
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana","name":{"givenName":"Ana","familyName":"Li"},"emails":[{"value":"ana@acme.example","type":"work","primary":true}],"active":"True","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"value":"7"}}}"#,
            r#"{"Operations":[{"op":"Replace","path":"active","value":"False"},{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@acme.example"},{"op":"Remove","path":"members","value":[{"value":"0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a"}]}]}"#,
            r#"{"Operations":[{"op":"replace","value":{"name.givenName":"Ana","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division":"x","displayName":null}}]}"#,
            r#"{"displayName":"Sales","externalId":"7","members":[{"value":"0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a","$ref":null}]}"#,
            r#"{"failOnErrors":1,"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"ana"}},{"method":"PATCH","path":"/Groups/bulkId:g","version":"W/\"1\"","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}]}},{"method":"post","path":"Groups","bulkId":"g","data":{"displayName":"Sales","members":[{"value":"bulkId:a"}]}},{"method":"DELETE","path":"/Users/0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a"}]}"#,
            r#"{"Operations":[{"op":"remove","path":"members[value eq \"0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a\"]"},{"op":"replace","value":{"id":"7","displayName":"Sales"}},{"op":"replace","path":"members","value":[]},{"op":"add","path":"members","value":[{"$ref":null,"value":"7","display":"Ana"}]}]}"#,
            r#"{"userName":"b","phoneNumbers":{"value":"+1","type":"work"},"roles":["a","b"],"manager":"","locale":7,"addresses":[{"region":"BE"},{}]}"#,
        ],
    },
];

/// A filter: printed and read again it is the same tree, and people and groups can be asked for it.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let context = Context {
        connection: ConnectionId::from_bytes([7; 16]),
        base: "https://usher.example",
        any_mapped: true,
    };
    let _ = filter::order(text, false, context);
    let sought = filter::read(text, context);
    let Ok(tree) = filter::parse(text) else {
        return;
    };
    let printed = tree.to_string();
    if let Ok(again) = filter::parse(&printed) {
        assert_eq!(again, tree, "{printed}");
        let same = filter::read(&printed, context);
        assert_eq!(same.ok(), sought.ok(), "{printed}");
    }
}

/// A path of an operation.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let strict = Found::strictly(text);
    if let (Ok(Found::Attribute(strict)), Found::Attribute(lenient)) =
        (&strict, Found::leniently(text))
    {
        assert!(std::ptr::eq(strict.attribute, lenient.attribute));
    }
    let operation = serde_json::json!({"op": "replace", "path": text, "value": "x"});
    patched(serde_json::json!({"Operations": [operation]}));
}

/// A body: what was brought into shape is in shape, and a change of somebody leaves them in shape.
pub fn body(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    // What is read the short way is read as the long way has it.
    if let Some(wanted) = Wanted::usual(data) {
        let long =
            schema::user(value.clone()).and_then(|it| Wanted::read(it, Displaced::default()));
        assert_eq!(long.ok(), Some(wanted));
    }
    if let Ok(user) = schema::user(value.clone()) {
        let again = schema::user(Value::Object(user.clone())).ok();
        assert_eq!(again.as_ref(), Some(&user));
        let _ = Wanted::read(user, Displaced::default());
    }
    one(value.clone());
    if let Ok(operations) = bulk::operations(value) {
        operations.into_iter().for_each(one);
    }
}

/// A body that is about one person or group.
fn one(value: Value) {
    let _ = Wish::read(value.clone());
    let _ = GroupPatch::read(value.clone());
    patched(value);
}

/// Carries a PATCH out on somebody.
fn patched(patch: Value) {
    let Ok(patch) = Patch::read(patch) else {
        return;
    };
    let person = serde_json::json!({
        "userName": "ana", "active": true, "name": {"givenName": "Ana"}, "title": "Engineer",
        "emails": [{"value": "a@acme.example", "type": "work", "primary": true}, {"value": "b@acme.example", "type": "home"}],
        schema::ENTERPRISE: {"department": "Sales", "manager": {"value": "7"}},
    });
    let Ok(mut user) = schema::user(person) else {
        return;
    };
    if patch.apply(&mut user).is_ok() {
        user.retain(|_, it| it.as_object().is_none_or(|it| !it.is_empty()));
        let again = schema::user(Value::Object(user.clone())).ok();
        assert_eq!(again.as_ref(), Some(&user));
    }
}

/// Makes inputs out of others: bytes changed, left out, said twice, moved between inputs, words of the grammar put in.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
    pool: Vec<Vec<u8>>,
}

const WORDS: [&str; 36] = [
    " eq ",
    " ne ",
    " pr",
    " and ",
    " or ",
    "not (",
    ")",
    "(",
    "[",
    "]",
    "].value",
    "\"",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "false",
    "\"\"",
    "{}",
    "[]",
    "{\"",
    "\":",
    ",",
    ".",
    ":",
    "$ref",
    "value",
    "type",
    "primary",
    "members",
    "urn:ietf:params:scim:schemas:core:2.0:User:",
    "1e999",
    "-0",
    "\u{202e}",
    "\u{212a}",
];

impl Mutator {
    /// The same inputs for the same number.
    pub fn new(seed: u64, seeds: &[&str]) -> Self {
        let pool = seeds.iter().map(|it| it.as_bytes().to_vec()).collect();
        Self {
            state: seed.wrapping_mul(2).wrapping_add(1),
            pool,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 11).unwrap_or(0) % end.max(1)
    }

    fn drawn(&mut self) -> Vec<u8> {
        let at = self.below(self.pool.len());
        self.pool.get(at).cloned().unwrap_or_default()
    }

    /// One more input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.drawn();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input.truncate(20_000);
        // Some are built upon; the first ones always stay.
        if self.below(8) == 0 {
            if self.pool.len() < 512 {
                self.pool.push(input.clone());
            } else {
                let at = 16 + self.below(496);
                if let Some(place) = self.pool.get_mut(at) {
                    place.clone_from(&input);
                }
            }
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let from = self.below(input.len() + 1);
        let to = from + self.below((input.len() - from + 1).min(24));
        match self.below(7) {
            0 => {
                let at = self.below(input.len());
                let byte = u8::try_from(self.below(256)).unwrap_or_default();
                if let Some(it) = input.get_mut(at) {
                    *it = byte;
                }
            }
            1 => drop(input.drain(from..to)),
            2 => {
                let part = input.get(from..to).unwrap_or_default().to_vec();
                let times = 1 + self.below(40);
                input.splice(from..from, part.repeat(times));
            }
            3 | 4 => {
                let at = self.below(WORDS.len());
                let word = WORDS.get(at).copied().unwrap_or_default();
                input.splice(from..to, word.bytes());
            }
            5 => {
                let other = self.drawn();
                let start = self.below(other.len());
                input.truncate(from);
                input.extend(other.get(start..).unwrap_or_default());
            }
            _ => {
                if let Some(part) = input.get_mut(from..to) {
                    part.iter_mut().for_each(|it| {
                        *it = if it.is_ascii_lowercase() {
                            it.to_ascii_uppercase()
                        } else {
                            it.to_ascii_lowercase()
                        }
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_breaks_what_reads_it() {
        for target in TARGETS {
            for seed in target.seeds {
                (target.run)(seed.as_bytes());
            }
            let mut mutator = Mutator::new(11, target.seeds);
            for _ in 0..3_000 {
                (target.run)(&mutator.input());
            }
        }
    }
}
