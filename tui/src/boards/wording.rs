//! What mails say, in Usher's words or the organization's own.

use usher_core::command::Command;
use usher_core::mail::{MailText, default_text};
use usher_core::model::Language;
use usher_core::plan::Template;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::key::Key;
use crate::theme::Role;

pub(super) const KIND: Kind = Kind {
    name: "wording",
    sentence: "What mails say, message by message and language by language: Usher's words, or your own.",
    columns: &[
        text("Message", 16, 0),
        text("Language", 8, 0),
        text("Words", 8, 0),
        text("Subject", 40, 1),
    ],
    empty: "",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "edit",
            sentence: "Say the message in your own words.",
            does: |here| with(here, Doing::Write),
        },
        Act {
            key: Key::Char('v'),
            name: "preview",
            sentence: "Show the message filled in with examples.",
            does: |here| {
                with(here, |template, language| {
                    Doing::Preview(template, language, None)
                })
            },
        },
        Act {
            key: Key::Delete,
            name: "Usher's words",
            sentence: "Show the plan for going back to Usher's words.",
            does: |here| with(here, |template, language| plan(template, language, None)),
        },
    ],
};

fn with(here: &Here<'_>, does: impl FnOnce(Template, Language) -> Doing) -> Doing {
    let parts = here.item.and_then(|it| it.key.split_once(' '));
    let message = parts.and_then(|(template, language)| {
        Some((Template::from_word(template)?, language.parse().ok()?))
    });
    match message {
        Some((template, language)) => does(template, language),
        None => Doing::Say("there is no message here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let own = read.mail_texts()?;
    let messages = Template::ALL.iter().flat_map(|template| {
        Language::ALL
            .into_iter()
            .map(|language| (*template, language))
    });
    let items = messages.map(|(template, language)| {
        let found = own.iter().find(|it| (it.0, it.1) == (template, language));
        let subject = match found {
            Some((_, _, text)) => text.subject.clone(),
            None => default_text(template, language).subject,
        };
        let cells = vec![
            word(template),
            language.to_string(),
            if found.is_some() { "yours" } else { "Usher's" }.to_owned(),
            subject,
        ];
        let role = if found.is_some() {
            Role::Plain
        } else {
            Role::Muted
        };
        Item::new(format!("{} {language}", template.as_str()), cells).looking(role)
    });
    Ok(Found {
        title: "wording of mails".to_owned(),
        items: items.collect(),
        more: false,
    })
}

/// A message's name as people type it.
fn word(template: Template) -> String {
    template.as_str().replace('_', "-")
}

/// The plan for saying a message so, or in Usher's words again.
pub(crate) fn plan(template: Template, language: Language, text: Option<MailText>) -> Doing {
    let name = word(template);
    let (heading, line) = match &text {
        Some(_) => (
            format!("Say {name} in your own words ({language})"),
            format!("usher template-mail edit {name} --language {language} --file -"),
        ),
        None => (
            format!("Say {name} in Usher's words again ({language})"),
            format!("usher template-mail reset {name} --language {language}"),
        ),
    };
    let input = text
        .as_ref()
        .map(|it| format!("Subject: {}\n\n{}", it.subject, it.body));
    let command = Command::SetMailText {
        template,
        language,
        text,
    };
    Doing::Plan {
        target: "what mails say from now on; those that wait to be sent say it too".to_owned(),
        wish: Wish::Order(Box::new(
            Order::new(command, heading, line).with_input(input),
        )),
    }
}
