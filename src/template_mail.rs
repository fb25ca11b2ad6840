//! `usher template-mail`: what mails say, in Usher's words or the organization's own.

use std::io::Read as _;
use std::path::Path;

use serde_json::json;
use usher_core::command::Command;
use usher_core::mail::MailText;
use usher_core::model::Language;
use usher_core::plan::Template;

use crate::args::{Common, Format, MessageArgs, TemplateMailCommand};
use crate::config::Setup;
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say, write_one};

const COLUMNS: &[&str] = &["MESSAGE", "LANGUAGE", "WORDS", "SUBJECT"];
const KEYS: &[&str] = &["message", "language", "is_own", "subject", "text"];
/// The largest file that is read, in bytes; a text is shorter.
const LARGEST: u64 = 64 * 1024;

pub(crate) fn run(common: &Common, desk: &Desk, command: TemplateMailCommand) -> Result<()> {
    match command {
        TemplateMailCommand::List => list(desk),
        TemplateMailCommand::Show(message) => show(desk, &message),
        TemplateMailCommand::Preview { message, file } => {
            preview(common, desk, &message, file.as_deref())
        }
        TemplateMailCommand::Edit {
            message,
            file,
            plan,
        } => {
            let language = language(desk, &message)?;
            let text = Some(text_of(message.message, &file)?);
            let template = message.message;
            carry_out(
                desk,
                Command::SetMailText {
                    template,
                    language,
                    text,
                },
                &plan,
            )
        }
        TemplateMailCommand::Reset { message, plan } => {
            let language = language(desk, &message)?;
            let template = message.message;
            carry_out(
                desk,
                Command::SetMailText {
                    template,
                    language,
                    text: None,
                },
                &plan,
            )
        }
    }
}

fn language(desk: &Desk, message: &MessageArgs) -> Result<Language> {
    match message.language {
        Some(language) => Ok(language),
        None => Ok(desk.read()?.settings()?.language),
    }
}

fn list(desk: &Desk) -> Result<()> {
    let directory = desk.session.directory();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for template in Template::ALL {
        for language in Language::ALL {
            let (text, is_own) = directory.mail_text(template, language)?;
            listing.row(Row {
                cells: vec![
                    template.as_str().replace('_', "-"),
                    language.to_string(),
                    if is_own { "yours" } else { "Usher's" }.to_owned(),
                    text.subject.clone(),
                ],
                json: vec![
                    ("message", json!(template)),
                    ("language", json!(language)),
                    ("is_own", json!(is_own)),
                    ("subject", json!(text.subject)),
                    ("text", json!(text.body)),
                ],
            })?;
        }
    }
    listing.end("")
}

fn show(desk: &Desk, message: &MessageArgs) -> Result<()> {
    let language = language(desk, message)?;
    let (text, is_own) = desk
        .session
        .directory()
        .mail_text(message.message, language)?;
    if desk.format != Format::Table {
        return write_one(
            desk.format,
            &[
                ("message", json!(message.message)),
                ("language", json!(language)),
                ("is_own", json!(is_own)),
                ("subject", json!(text.subject)),
                ("text", json!(text.body)),
            ],
        );
    }
    print(desk, &text.subject, &text.body)?;
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        say(desk.format, "")?;
        for it in message.message.placeholders() {
            say(desk.format, &format!("{{{}}}  {}", it.name, it.meaning))?;
        }
    }
    Ok(())
}

fn print(desk: &Desk, subject: &str, text: &str) -> Result<()> {
    say(desk.format, &format!("Subject: {subject}"))?;
    say(desk.format, "")?;
    text.trim_end()
        .lines()
        .try_for_each(|line| say(desk.format, line))
}

fn preview(common: &Common, desk: &Desk, message: &MessageArgs, file: Option<&Path>) -> Result<()> {
    let language = language(desk, message)?;
    let directory = desk.session.directory();
    let config = Setup::load(common)?.mail_for_looking(directory)?;
    let text = file.map(|it| text_of(message.message, it)).transpose()?;
    let (subject, text) =
        directory.mail_preview(&config, message.message, language, text.as_ref())?;
    if desk.format != Format::Table {
        return write_one(
            desk.format,
            &[("subject", json!(subject)), ("text", json!(text))],
        );
    }
    print(desk, &subject, &text)
}

/// The text in a file: the subject, with or without the word before it, and the rest.
fn text_of(template: Template, file: &Path) -> Result<MailText> {
    let mut text = String::new();
    let cannot = |error: std::io::Error| {
        Failure::refused(format!(
            "{} cannot be read ({})",
            file.display(),
            error.kind()
        ))
    };
    if file == Path::new("-") {
        std::io::stdin()
            .take(LARGEST)
            .read_to_string(&mut text)
            .map_err(cannot)?;
    } else {
        let file = std::fs::File::open(file).map_err(cannot)?;
        file.take(LARGEST)
            .read_to_string(&mut text)
            .map_err(cannot)?;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let (subject, body) = text.split_once('\n').unwrap_or((text, ""));
    let subject = subject.trim();
    let subject = subject.strip_prefix("Subject:").unwrap_or(subject);
    Ok(MailText::checked(template, subject, body)?)
}
