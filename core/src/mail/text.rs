//! What mails say: a subject and paragraphs with `{placeholders}`, in each language, in the organization's own words where
//! it has any. A paragraph with a placeholder for which there is nothing is left out, greeting and all.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Language, is_hostile};
use crate::plan::Template;

/// The longest subject and the longest text, in characters.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_BODY: usize = 10_000;

/// What is not known of everybody, or not everywhere.
const MAY_BE_MISSING: [&str; 3] = ["first_name", "help_contact", "sign_in_url"];

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailText {
    /// Its subject.
    pub subject: String,
    /// Its paragraphs, with an empty line between each two.
    pub body: String,
}

/// A name in braces that stands for something, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// As it is written, without the braces.
    pub name: &'static str,
    /// What stands there in the mail.
    pub meaning: &'static str,
}

const ORGANIZATION: Placeholder = Placeholder {
    name: "organization",
    meaning: "the organization's name",
};
const FIRST_NAME: Placeholder = Placeholder {
    name: "first_name",
    meaning: "the person's first name; nothing when it is not known or hidden",
};
const EMAIL: Placeholder = Placeholder {
    name: "email",
    meaning: "the person's address",
};
const LOGIN: Placeholder = Placeholder {
    name: "login",
    meaning: "the user name with which the person signs in, else the address",
};
const LINK: Placeholder = Placeholder {
    name: "link",
    meaning: "the person's link; alone on a line it becomes a button",
};
const EXPIRES: Placeholder = Placeholder {
    name: "expires",
    meaning: "until when the link works",
};
const PUBLIC_URL: Placeholder = Placeholder {
    name: "public_url",
    meaning: "the address of the pages",
};
const HELP: Placeholder = Placeholder {
    name: "help_contact",
    meaning: "whom people write to who cannot get in: the setting help-contact",
};
const SIGN_IN: Placeholder = Placeholder {
    name: "sign_in_url",
    meaning: "where people sign in: the setting sign-in-url",
};
const FROM: Placeholder = Placeholder {
    name: "from",
    meaning: "the address that mails come from",
};
const DAY: Placeholder = Placeholder {
    name: "day",
    meaning: "the day on which it happens",
};
const POOL: Placeholder = Placeholder {
    name: "pool",
    meaning: "the pool's name",
};
const ALARM: Placeholder = Placeholder {
    name: "alarm",
    meaning: "the percentage that was reached",
};
const HELD: Placeholder = Placeholder {
    name: "held",
    meaning: "how many licenses are held",
};
const PURCHASED: Placeholder = Placeholder {
    name: "purchased",
    meaning: "how many licenses were purchased",
};
const CONNECTION: Placeholder = Placeholder {
    name: "connection",
    meaning: "the identity provider's name",
};
const SHARE: Placeholder = Placeholder {
    name: "share",
    meaning: "the percentage above which the brake holds",
};
const WINDOW: Placeholder = Placeholder {
    name: "window_minutes",
    meaning: "the minutes within which it counts",
};
const PERSON: Placeholder = Placeholder {
    name: "person",
    meaning: "the address of whoever asks",
};
const FILE: Placeholder = Placeholder {
    name: "file",
    meaning: "what the file was called",
};
const OUTCOME: Placeholder = Placeholder {
    name: "outcome",
    meaning: "a sentence that tells what became of the rows",
};
const ROWS: Placeholder = Placeholder {
    name: "rows",
    meaning: "how many rows the file had",
};
const ARRIVED: Placeholder = Placeholder {
    name: "arrived",
    meaning: "how many of them brought somebody in",
};
const UPDATED: Placeholder = Placeholder {
    name: "updated",
    meaning: "how many changed somebody",
};
const WRONG: Placeholder = Placeholder {
    name: "wrong",
    meaning: "how many were wrong, or had no free seat, and were left out",
};
const UNCHANGED: Placeholder = Placeholder {
    name: "unchanged",
    meaning: "how many changed nothing",
};
const BATCH: Placeholder = Placeholder {
    name: "batch",
    meaning: "the batch that it is, which usher undo takes",
};

impl Template {
    /// The placeholders that its text may have.
    pub fn placeholders(self) -> Vec<Placeholder> {
        let own: &[Placeholder] = match self {
            Self::Invitation | Self::Reminder | Self::Join => &[LINK, EXPIRES],
            Self::AccountCreated | Self::ChoosePassword | Self::Promoted => &[LOGIN, LINK, EXPIRES],
            Self::WelcomeBack => &[LOGIN],
            Self::EmailChanged | Self::EmailLeft => &[],
            Self::SeatAlarm => &[POOL, ALARM, HELD, PURCHASED],
            Self::BrakePulled => &[CONNECTION, SHARE, WINDOW],
            Self::InvitationWish => &[PERSON],
            Self::ImportDone => &[
                FILE, OUTCOME, ROWS, ARRIVED, UPDATED, UNCHANGED, WRONG, BATCH,
            ],
            Self::DeletionAhead => &[LOGIN, DAY],
            Self::Announcement => &[FROM],
        };
        let mut all = vec![ORGANIZATION, PUBLIC_URL, HELP, SIGN_IN];
        // What goes to somebody who is not known, and to an address that somebody left, tells nothing of the person.
        if !matches!(self, Self::Join | Self::Announcement) {
            all.push(FIRST_NAME);
        }
        if !matches!(self, Self::Join | Self::Announcement | Self::EmailLeft) {
            all.push(EMAIL);
        }
        all.extend_from_slice(own);
        all
    }

    /// The placeholder without which the mail would be of no use.
    const fn required(self) -> Option<&'static str> {
        match self {
            Self::Invitation | Self::Reminder | Self::ChoosePassword | Self::Join => Some("link"),
            Self::AccountCreated | Self::Promoted => Some("link"),
            _ => None,
        }
    }
}

impl MailText {
    /// Checks a text of the organization's own.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong, where, and what may be written.
    pub fn checked(template: Template, subject: &str, body: &str) -> Result<Self> {
        let subject = subject.trim();
        let body = body.replace("\r\n", "\n");
        let body = body.trim();
        let invalid = |what: &str, why: &str, remedy: &str| Err(Error::invalid(what, why, remedy));
        if subject.is_empty() || body.is_empty() {
            return invalid("mail text", "is empty", "give it a subject and a text");
        }
        if subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(is_hostile) {
            let remedy = format!("one line of at most {LONGEST_SUBJECT} characters");
            return invalid("subject", "is too long or has control characters", &remedy);
        }
        if body.chars().count() > LONGEST_BODY
            || body.chars().any(|it| it != '\n' && is_hostile(it))
        {
            let remedy = format!("at most {LONGEST_BODY} characters of text");
            return invalid("text", "is too long or has control characters", &remedy);
        }
        let allowed = template.placeholders();
        for (what, text) in [("subject", subject), ("text", body)] {
            for name in names(text).map_err(|why| {
                Error::invalid(what, why, "write {{ for a brace that is meant as one")
            })? {
                if !allowed.iter().any(|it| it.name == name)
                    || (what == "subject" && name == "link")
                {
                    let all: Vec<String> = allowed
                        .iter()
                        .map(|it| format!("{{{}}}", it.name))
                        .collect();
                    let why = format!("has {{{name}}}, for which nothing stands there");
                    return invalid(what, &why, &format!("use {}", all.join(" ")));
                }
            }
        }
        let missing = |it: &&str| MAY_BE_MISSING.contains(it);
        if let Some(name) = names(subject).unwrap_or_default().into_iter().find(missing) {
            let why = format!("has {{{name}}}, which is not known of everybody");
            return invalid("subject", &why, "say it in the text");
        }
        if let Some(required) = template.required() {
            let with_link = |it: &&str| names(it).is_ok_and(|it| it.contains(&required));
            let mut paragraphs = body.split("\n\n").filter(with_link).peekable();
            let remedy = format!("write {{{required}}} on a line of its own");
            if paragraphs.peek().is_none() {
                let why = "has no link, without which it is of no use";
                return invalid("text", why, &remedy);
            }
            // A paragraph with something that is not known is left out, and must not take the link with it.
            let may_go = |it: &str| names(it).is_ok_and(|it| it.iter().any(missing));
            if paragraphs.all(may_go) {
                let why = "has its link in a paragraph that is left out where the first name, or another thing in it, is not known";
                return invalid("text", why, &format!("{remedy}, in a paragraph of its own"));
            }
        }
        Ok(Self {
            subject: subject.to_owned(),
            body: body.to_owned(),
        })
    }
}

/// The names in braces of a text.
fn names(text: &str) -> std::result::Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let from = &rest[at..];
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            rest = after;
        } else if from.starts_with('}') {
            return Err("has a } without its {".to_owned());
        } else {
            let Some(end) = from.find('}') else {
                return Err("has a { without its }".to_owned());
            };
            names.push(&from[1..end]);
            rest = &from[end + 1..];
        }
    }
    Ok(names)
}

/// What stands for each placeholder; nothing for those that are missing.
pub(super) type Values<'a> = BTreeMap<&'a str, String>;

/// A text with its placeholders filled in: the lines of each paragraph that is not left out. A line that is nothing but the
/// link is kept apart.
pub(super) struct Filled {
    pub(super) subject: String,
    pub(super) paragraphs: Vec<Vec<Line>>,
    /// Where the link leads, if there is one.
    pub(super) link: Option<String>,
}

pub(super) enum Line {
    Text(String),
    Link(String),
}

pub(super) fn fill(text: &MailText, values: &Values<'_>) -> Filled {
    let subject = filled(&text.subject, values).unwrap_or_else(|| {
        // A subject is never left out; what there is nothing for is left out of it.
        let known = names(&text.subject).unwrap_or_default();
        let mut values = values.clone();
        for name in known {
            values.entry(name).or_default();
        }
        filled(&text.subject, &values).unwrap_or_default()
    });
    let mut paragraphs = Vec::new();
    for paragraph in text.body.split("\n\n") {
        let lines: Option<Vec<Line>> = paragraph
            .trim()
            .lines()
            .map(|line| match line.trim() {
                "{link}" => values.get("link").cloned().map(Line::Link),
                line => filled(line, values).map(Line::Text),
            })
            .collect();
        paragraphs.extend(lines.filter(|it| !it.is_empty()));
    }
    Filled {
        subject,
        paragraphs,
        link: values.get("link").cloned(),
    }
}

/// A line with its placeholders filled in; none when there is nothing for one of them.
fn filled(line: &str, values: &Values<'_>) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let from = &rest[at..];
        if from.starts_with("{{") || from.starts_with("}}") {
            out.push_str(&from[..1]);
            rest = &from[2..];
            continue;
        }
        let end = from.find('}')?;
        out.push_str(values.get(from.get(1..end)?)?);
        rest = &from[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// What Usher itself says in a language.
pub fn default_text(template: Template, language: Language) -> MailText {
    static TEXTS: OnceLock<BTreeMap<(&str, &str), MailText>> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| {
        let files = [
            ("en", include_str!("texts/en.txt")),
            ("fr", include_str!("texts/fr.txt")),
            ("de", include_str!("texts/de.txt")),
            ("es", include_str!("texts/es.txt")),
        ];
        files
            .into_iter()
            .flat_map(|(tag, file)| sections(tag, file))
            .collect()
    });
    let found = texts.get(&(language.tag(), template.as_str()));
    found.cloned().unwrap_or_else(|| MailText {
        subject: "{organization}".to_owned(),
        body: "{organization}\n\n{link}".to_owned(),
    })
}

/// The texts of a file: a name in brackets, the subject, and the paragraphs up to the next name.
fn sections<'a>(tag: &'a str, file: &'a str) -> Vec<((&'a str, &'a str), MailText)> {
    let mut found: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for line in file.lines() {
        let name = line.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        match (name, found.last_mut()) {
            (Some(name), _) => found.push(((tag, name), Vec::new())),
            (None, Some(last)) => last.1.push(line),
            (None, None) => {}
        }
    }
    let text = |lines: Vec<&str>| {
        let (subject, body) = lines
            .split_first()
            .map_or(("", &[][..]), |it| (*it.0, it.1));
        MailText {
            subject: subject.trim().to_owned(),
            body: body.join("\n").trim().to_owned(),
        }
    };
    found
        .into_iter()
        .map(|(key, lines)| (key, text(lines)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_written_in_every_language_and_passes_its_own_check() {
        let mut subjects = std::collections::HashSet::new();
        for template in Template::ALL {
            for language in Language::ALL {
                let text = default_text(template, language);
                let checked = MailText::checked(template, &text.subject, &text.body);
                assert_eq!(checked.ok(), Some(text.clone()), "{template:?} {language}");
                assert!(
                    subjects.insert((template, text.body)),
                    "{template:?} {language}"
                );
            }
        }
    }

    #[test]
    fn a_paragraph_for_which_there_is_nothing_is_left_out() {
        let text = default_text(Template::AccountCreated, Language::English);
        let mut values: Values<'_> = BTreeMap::new();
        values.insert("organization", "Acme".into());
        values.insert("login", "ana".into());
        let said = |values: &Values<'_>| {
            let filled = fill(&text, values);
            let lines = filled.paragraphs.into_iter().flatten().map(|it| match it {
                Line::Text(it) | Line::Link(it) => it,
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            said(&values),
            "Acme has made an account for you. You sign in as ana."
        );
        values.insert("link", "https://x/1".into());
        values.insert("expires", "tomorrow".into());
        values.insert("first_name", "Ana".into());
        assert_eq!(said(&values).lines().count(), 5);
        assert!(said(&values).starts_with("Hello Ana,"));
    }

    #[test]
    fn own_words_are_refused_with_what_to_write() {
        let check = |subject: &str, body: &str| {
            MailText::checked(Template::Invitation, subject, body)
                .err()
                .map(|it| it.to_string())
        };
        for (subject, body) in [
            ("Hi", "{{a}} {organization}\n\n{link}"),
            ("Hi", "Hello {first_name}, click {link}\n\nOr here: {link}"),
        ] {
            assert_eq!(check(subject, body), None);
        }
        for (subject, body, says) in [
            ("", "{link}", "is empty"),
            ("x", "come in", "has no link"),
            ("x", "{link} {password}", "has {password}"),
            ("{link}", "{link}", "subject has {link}"),
            ("x", "{link} {", "has a { without"),
            ("{first_name}!", "{link}", "not known of everybody"),
            ("x", "Hello {first_name}, click {link}", "is left out where"),
            ("x", "{help_contact}\n{link}", "is left out where"),
            ("x", "{link} }", "has a } without"),
            ("x\ny", "{link}", "subject is too long or has control"),
            ("x", "{link}\u{202e}", "has control"),
        ] {
            let refused = check(subject, body).unwrap_or_default();
            assert!(refused.contains(says), "{subject} {body}: {refused}");
        }
    }
}
