//! What mails say, and the page on which people join: texts read and written in place, and what is handed out of them.

use usher_core::mail::MailText;
use usher_core::model::Language;
use usher_core::plan::Template;

use super::{App, Tone};
use crate::board::Doing;
use crate::boards::word_mail;
use crate::effect::{Effect, Wish};
use crate::event::MailWords;
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::overlay::text::{Asked, TextPane};
use crate::words;
use crate::writing::{Content, Writing};

const LANGUAGES: &[&str] = &["en", "fr", "de", "es"];

impl App {
    pub(super) fn key_on_text(&mut self, key: Key) {
        let Some(text) = &mut self.text else { return };
        match text.press(key) {
            Asked::Nothing => {}
            Asked::Close => {
                self.text = self.text_below.take();
                self.lay_out();
            }
            Asked::Copy(text) => self.copy(text),
            Asked::Do(doing) => self.perform(doing, false),
        }
    }

    /// What a mail says came: to be changed, or to be looked at.
    pub(super) fn words_read(&mut self, result: Result<Box<MailWords>, String>) {
        match result {
            Ok(words) => self.show_words(*words),
            Err(why) => match &mut self.text {
                Some(text) => text.refuse(why),
                None => self.say(&why, Tone::Bad),
            },
        }
    }

    fn show_words(&mut self, words: MailWords) {
        let MailWords {
            template,
            language,
            text,
            is_preview,
        } = words;
        let name = template.as_str().replace('_', "-");
        let whole = format!("Subject: {}\n\n{}", text.subject, text.body.trim_end());
        let pane = if is_preview {
            // The text that is being written waits below.
            self.text_below = self.text.take();
            let title = format!("{name}, {language}, filled in with examples");
            TextPane::reading(title, &whole)
        } else {
            let holds = template.placeholders();
            let names = holds.iter().map(|it| format!("{{{}}}", it.name));
            let hint = format!("It may say {}", names.collect::<Vec<_>>().join(" "));
            let title = format!("{name}, {language}");
            TextPane::writing(title, &whole, hint, preview, move |text| {
                let text = checked(template, text)?;
                Ok(word_mail(template, language, Some(text)))
            })
        };
        self.text = Some(pane);
        self.lay_out();
    }

    /// Asks for the language and the file of the printable sheet.
    pub(super) fn ask_join_sheet(&mut self) {
        if self.settings.handouts.is_none() {
            self.say("the sheet is written by usher join sheet", Tone::Bad);
            return;
        }
        let fields = vec![
            Field::new("language", "Its language: en, fr, de or es.")
                .with("en")
                .offering(Offer::Words(LANGUAGES))
                .of::<Language>(),
            Field::new("file", "A new .html file, to be printed.").checked(|text| {
                match text.trim() {
                    "" => Ok(()),
                    text if text.ends_with(".html") => Ok(()),
                    _ => Err("let it end in .html".to_owned()),
                }
            }),
        ];
        let by = self.settings.handouts.clone();
        let form = Form::new(
            "A sheet with the join page's address",
            fields,
            move |fields| {
                let language = fields.first().map_or("en", Field::text);
                let language = language
                    .parse()
                    .map_err(|it: usher_core::Error| (0, it.to_string()))?;
                match (fields.get(1).and_then(Field::given), by.clone()) {
                    (Some(path), Some(by)) => Ok(Doing::Export(Box::new(Writing {
                        content: Content::JoinSheet(by, language),
                        to: words::at_home(path),
                    }))),
                    _ => Err((1, "name a file".to_owned())),
                }
            },
        );
        self.form = Some(form);
        self.lay_out();
    }

    pub(super) fn ask_words(&mut self, template: Template, language: Language) {
        self.effects.push(Effect::ReadWords(template, language));
    }

    pub(super) fn ask_preview(
        &mut self,
        template: Template,
        language: Language,
        text: Option<Box<MailText>>,
    ) {
        match self.settings.handouts.clone() {
            Some(by) => self.effects.push(Effect::Preview {
                by,
                template,
                language,
                text,
            }),
            None => self.say(
                "mails are previewed by usher template-mail preview",
                Tone::Bad,
            ),
        }
    }
}

/// What shows a text that is being written.
fn preview(doing: &Doing) -> Option<Doing> {
    let Doing::Plan {
        wish: Wish::Order(order),
        ..
    } = doing
    else {
        return None;
    };
    match &order.command {
        usher_core::command::Command::SetMailText {
            template,
            language,
            text,
        } => Some(Doing::Preview(
            *template,
            *language,
            text.clone().map(Box::new),
        )),
        _ => None,
    }
}

/// A text as it is written: the subject on the first line, with or without the word before it.
fn checked(template: Template, text: &str) -> Result<MailText, String> {
    let (subject, body) = text.split_once('\n').unwrap_or((text, ""));
    let subject = subject.trim();
    let subject = subject.strip_prefix("Subject:").unwrap_or(subject);
    MailText::checked(template, subject, body).map_err(|it| it.to_string())
}
