//! Mails in the organization's own words.

use rusqlite::Connection;

use super::run;
use crate::error::Result;
use crate::mail::MailText;
use crate::model::Language;
use crate::plan::Template;
use crate::store::snapshot::word;
use crate::store::{Read, Snapshot};

impl Snapshot<'_> {
    /// What a message says in the organization's own words, if it has any.
    pub(crate) fn mail_text(
        &self,
        template: Template,
        language: Language,
    ) -> Result<Option<MailText>> {
        let sql = "SELECT subject, body FROM mail_texts WHERE template = ?1 AND language = ?2";
        self.one(sql, [template.as_str(), language.tag()], |row| {
            Ok(MailText {
                subject: row.get(0)?,
                body: row.get(1)?,
            })
        })
    }
}

/// Sets what a message says; none removes the organization's own words.
pub(in crate::store) fn set_text(
    conn: &Connection,
    template: Template,
    language: Language,
    text: Option<&MailText>,
) -> Result<()> {
    let key = [template.as_str(), language.tag()];
    match text {
        None => run(
            conn,
            "DELETE FROM mail_texts WHERE template = ?1 AND language = ?2",
            key,
        ),
        Some(text) => run(
            conn,
            "INSERT INTO mail_texts (template, language, subject, body) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (template, language) DO UPDATE SET subject = ?3, body = ?4",
            [key[0], key[1], text.subject.as_str(), text.body.as_str()],
        ),
    }
    .map(drop)
}

impl Read<'_> {
    /// The organization's own words, for all messages and languages that have any.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn mail_texts(&self) -> Result<Vec<(Template, Language, MailText)>> {
        let sql = "SELECT template, language, subject, body FROM mail_texts";
        self.snapshot()?.all(sql, [], |row| {
            let text = MailText {
                subject: row.get(2)?,
                body: row.get(3)?,
            };
            let template = word(row, 0, Template::from_word)?;
            Ok((template, word(row, 1, Language::of_tag)?, text))
        })
    }
}
