//! Addresses as people paste them: a list from a document, a column of a sheet, or what a mail program puts into the field
//! of recipients, names and all.

use super::NewPerson;
use crate::model::{EmailAddress, Name, Profile};

/// Addresses as people paste them: separated by comma, semicolon or white space, or with names as mail programs write them:
/// `Ana Li <ana@acme.example>`, `"Li, Ana" <ana@acme.example>`, `Li, Ana <ana@acme.example>; Bo <bo@acme.example>`.
/// Returns the people and what could not be read.
pub fn parse_people(text: &str) -> (Vec<NewPerson>, Vec<String>) {
    let mut pasted = Pasted::default();
    let mut letters = text.chars();
    // A quote that is never closed is a letter like any other.
    let mut quotes = text.matches('"').count();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quotes -= 1;
                if pasted.quoted || quotes > 0 {
                    pasted.quoted = !pasted.quoted;
                }
            }
            '\\' if pasted.quoted => pasted.waiting.extend(letters.next()),
            it if pasted.quoted => pasted.waiting.push(it),
            '<' => {
                let rest = letters.as_str();
                let Some((inner, after)) = rest.split_once('>') else {
                    pasted.waiting.push('<');
                    continue;
                };
                pasted.named(inner);
                letters = after.chars();
            }
            // As address books write it: `Ana Li [ana@acme.example]`.
            '[' if let Some((inner, after)) = bracketed(letters.as_str()) => {
                pasted.named(inner);
                letters = after.chars();
            }
            // And as old programs do: `ana@acme.example (Ana Li)`.
            '(' if let Some((name, after)) = letters.as_str().split_once(')')
                && let Some(email) = pasted.last_address() =>
            {
                pasted.people.push(person(name, &email));
                letters = after.chars();
            }
            // What stands before is the name of a list, or `To:`.
            ':' if letters.as_str().starts_with(char::is_whitespace)
                && !pasted.waiting.contains('@') =>
            {
                pasted.waiting.clear();
            }
            ';' | '\n' | '\r' => pasted.end(),
            // In front of an address in brackets it is part of the name.
            ',' if pasted.waiting.contains('@') || pasted.waiting.trim().is_empty() => pasted.end(),
            it => pasted.waiting.push(it),
        }
    }
    pasted.end();
    (pasted.people, pasted.bad)
}

/// An address before the bracket that closes, and what follows it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (inner, after) = text.split_once(']')?;
    let address = inner.trim().trim_start_matches("mailto:");
    address.parse::<EmailAddress>().ok()?;
    Some((inner, after))
}

#[derive(Default)]
struct Pasted {
    people: Vec<NewPerson>,
    bad: Vec<String>,
    /// What was read since the last person.
    waiting: String,
    quoted: bool,
}

impl Pasted {
    /// An address in brackets, behind the name that waits.
    fn named(&mut self, inner: &str) {
        let name = std::mem::take(&mut self.waiting);
        let address = inner.trim().trim_start_matches("mailto:");
        match address.parse::<EmailAddress>() {
            // Addresses before it, apart by white space only, are people of their own.
            Ok(email) if name.contains('@') => {
                let (before, name) = match name.rsplit_once('@') {
                    Some((before, rest)) => {
                        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                        let (domain, name) = rest.split_at(end);
                        (format!("{before}@{domain}"), name.to_owned())
                    }
                    None => (String::new(), name.clone()),
                };
                // Some programs write the address in the place of the name.
                if before.trim().trim_matches('\'') != address {
                    self.words(&before);
                }
                self.people.push(person(&name, &email));
            }
            Ok(email) => self.people.push(person(&name, &email)),
            Err(_) => self.bad.push(format!("{name}<{inner}>").trim().to_owned()),
        }
    }

    /// Takes the address that was read last, if nothing but space follows it; what was before it is done with.
    fn last_address(&mut self) -> Option<EmailAddress> {
        let waiting = self.waiting.trim_end();
        let start = waiting
            .rfind(|it: char| it.is_whitespace() || it == ',')
            .map_or(0, |at| at + 1);
        let email = waiting.get(start..)?.trim_matches('\'').parse().ok()?;
        let before = waiting.get(..start).unwrap_or_default().to_owned();
        self.waiting.clear();
        self.words(&before);
        Some(email)
    }

    /// Words that are not followed by an address in brackets.
    fn end(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.words(&waiting);
    }

    fn words(&mut self, text: &str) {
        let words = text.split(|it: char| it.is_whitespace() || it == ',');
        for word in words.filter(|it| !it.is_empty()) {
            let address = word.trim_start_matches("mailto:").trim_matches('\'');
            match address.parse::<EmailAddress>() {
                Ok(email) => self.people.push(person("", &email)),
                Err(_) => self.bad.push(word.to_owned()),
            }
        }
    }
}

/// Somebody of that name: `Ana Li`, or `Li, Ana`.
fn person(name: &str, email: &EmailAddress) -> NewPerson {
    let name = name.trim().trim_matches('\'').trim();
    // As it stands in the head of a mail, encoded, it is nobody's name.
    let name = if name.contains("=?") { "" } else { name };
    let (first, last) = match name.split_once(',') {
        Some((last, first)) => (first, last),
        None => name.rsplit_once(' ').unwrap_or((name, "")),
    };
    let part = |text: &str| {
        let name = Name::parse("name", text).ok().flatten();
        name.map(Name::into_string)
    };
    let profile = Profile {
        email: Some(email.as_str().to_owned()),
        first_name: part(first),
        last_name: part(last),
        ..Profile::default()
    };
    NewPerson {
        profile,
        ..NewPerson::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> (Vec<String>, Vec<String>) {
        let (people, bad) = parse_people(text);
        let people = people.iter().map(|it| {
            let profile = &it.profile;
            let part = |it: &Option<String>| it.clone().unwrap_or_default();
            let all = [
                part(&profile.email),
                part(&profile.first_name),
                part(&profile.last_name),
            ];
            all.join("/").trim_end_matches('/').to_owned()
        });
        (people.collect(), bad)
    }

    #[test]
    fn addresses_are_read_as_people_paste_them() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "a@x.example, b@x.example;c@x.example d@x.example\n\te@x.example",
                &[
                    "a@x.example",
                    "b@x.example",
                    "c@x.example",
                    "d@x.example",
                    "e@x.example",
                ],
                &[],
            ),
            (
                "Ana Li <ana@x.example>, Bo <bo@x.example>",
                &["ana@x.example/Ana/Li", "bo@x.example/Bo"],
                &[],
            ),
            (
                "\"Li, Ana\" <ana@x.example>, \"Ek, Bo\" <bo@x.example>",
                &["ana@x.example/Ana/Li", "bo@x.example/Bo/Ek"],
                &[],
            ),
            (
                "Li, Ana <ana@x.example>; Ek, Bo <bo@x.example>",
                &["ana@x.example/Ana/Li", "bo@x.example/Bo/Ek"],
                &[],
            ),
            (
                "a@x.example, Li, Ana <ana@x.example>",
                &["a@x.example", "ana@x.example/Ana/Li"],
                &[],
            ),
            (
                "'Ana Li' <mailto:ana@x.example>",
                &["ana@x.example/Ana/Li"],
                &[],
            ),
            ("ana@x.example <ana@x.example>", &["ana@x.example"], &[]),
            (
                "Ana Maria Li <ana@x.example>\r\nBo Ek <bo@x.example>",
                &["ana@x.example/Ana Maria/Li", "bo@x.example/Bo/Ek"],
                &[],
            ),
            (
                "\"Ana \\\"A\\\" Li\" <ana@x.example>",
                &["ana@x.example/Ana \"A\"/Li"],
                &[],
            ),
            (
                "a@x.example b@x.example Cy Po <c@x.example>",
                &["a@x.example", "b@x.example", "c@x.example/Cy/Po"],
                &[],
            ),
            (
                "nobody, a@x.example, Bo <bo>",
                &["a@x.example"],
                &["nobody", "Bo <bo>"],
            ),
            ("Bo \" <bo@x.example>", &["bo@x.example/Bo"], &[]),
            (
                "a@x.example, b@x.example (Bo Li), c@x.example",
                &["a@x.example", "b@x.example/Bo/Li", "c@x.example"],
                &[],
            ),
            (
                "Ana Li [ana@x.example]; Bo (Sales) <bo@x.example>",
                &["ana@x.example/Ana/Li", "bo@x.example/Bo/(Sales)"],
                &[],
            ),
            (
                "Team: a@x.example, b@x.example;\nTo: Ana Li <c@x.example>\nCc: =?utf-8?Q?J=C3=B6rg?= <d@x.example>",
                &[
                    "a@x.example",
                    "b@x.example",
                    "c@x.example/Ana/Li",
                    "d@x.example",
                ],
                &[],
            ),
            ("mailto:a@x.example", &["a@x.example"], &[]),
            ("<a@x.example", &[], &["<a@x.example"]),
            (" ,;\n ", &[], &[]),
        ];
        for (text, people, bad) in cases {
            let (found, unread) = said(text);
            assert_eq!(found, *people, "{text:?}");
            assert_eq!(unread, *bad, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_is_read_and_names_are_kept(
            names in proptest::collection::vec("[A-Z][a-z]{1,6}( [A-Z][a-z]{1,6})?", 1..6),
            quoted in any::<bool>(),
            apart in prop_oneof![Just(", "), Just("; "), Just("\n"), Just(",")],
            noise in ".{0,40}",
        ) {
            let all: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(i, name)| if quoted { format!("\"{name}\" <p{i}@x.example>") } else { format!("{name} <p{i}@x.example>") })
                .collect();
            let (people, bad) = parse_people(&all.join(apart));
            prop_assert_eq!(bad, Vec::<String>::new());
            prop_assert_eq!(people.len(), names.len());
            for (person, name) in people.iter().zip(&names) {
                let first = person.profile.first_name.clone().unwrap_or_default();
                let last = person.profile.last_name.clone().unwrap_or_default();
                let said = format!("{first} {last}");
                prop_assert_eq!(said.trim(), name.as_str());
            }
            let _ = parse_people(&noise);
        }
    }
}
