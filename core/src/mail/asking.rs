//! What is asked of the outbox beside bringing it out: trying again, noting what came back, and that a page was begun.

use std::sync::{Arc, Mutex, PoisonError};

use super::outcome::Rows;
use super::text::{MailText, fill};
use super::{MailConfig, letter};
use crate::directory::{Directory, Session};
use crate::error::{Error, Result};
use crate::link;
use crate::model::{Actor, BatchId, Language, OutboxMail, Permission, WhichMails};
use crate::plan::Template;
use crate::store::OutboxNote;

impl Directory {
    /// Notes that what was last sent to an address came back, and returns for how many people. For whoever reads the mail
    /// server's reports; an address of nobody is no error, and 0.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn note_bounced(&self, address: &str, why: &str) -> Result<usize> {
        let store = &self.shared.store;
        let users = store.read(self.now())?.people_of_address(address)?;
        if users.is_empty() {
            return Ok(0);
        }
        let found = Arc::new(Mutex::new(0));
        store.note_outbox(OutboxNote::Bounced {
            users,
            why: why.to_owned(),
            at: self.now(),
            found: Arc::clone(&found),
        })?;
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*found)
    }

    /// Puts out the mails that the calendar causes: reminders, and notices of deletions ahead. Whether there were any. The
    /// scheduler asks for it.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn put_reminders(&self) -> Result<bool> {
        let store = &self.shared.store;
        let now = self.now();
        let due = store.read(now)?.has_reminders_due()?;
        if due {
            store.note_outbox(OutboxNote::Remind(now))?;
        }
        Ok(due)
    }

    /// Drops mails that were settled longer ago than they are kept. The scheduler asks for it.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn trim_outbox(&self) -> Result<bool> {
        let store = &self.shared.store;
        let read = store.read(self.now())?;
        let days = i64::from(read.settings()?.outbox_days);
        let before = self.now().plus_millis(-days * 86_400_000);
        let overflows = read.has_settled_before(before)?;
        drop(read);
        if overflows {
            store.note_outbox(OutboxNote::Trim(before))?;
            // What cannot be removed is tried again with the next round.
            let _ = super::folder::trim(self.path(), before);
        }
        Ok(overflows)
    }

    /// What a message says in a language, in the organization's own words if it has any, filled in with examples.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn mail_preview(
        &self,
        config: &MailConfig,
        template: Template,
        language: Language,
        text: Option<&MailText>,
    ) -> Result<(String, String)> {
        let stationery = letter::Stationery::of(self)?;
        let own = stationery.text(template, language);
        let mut values = stationery.values(config);
        let now = self.now();
        let works_for = match template.carries() {
            Some("invitation") => i64::from(stationery.settings.invitation_days) * 86_400_000,
            _ => link::WORKS_MS,
        };
        let example = Rows {
            all: 123,
            arrived: 100,
            updated: 20,
            wrong: 3,
            ..Rows::default()
        };
        for (name, value) in [
            ("first_name", "Ana".to_owned()),
            ("email", "ana@example.com".to_owned()),
            ("login", "ana@example.com".to_owned()),
            ("link", self.example_link(template)?),
            (
                "expires",
                stationery.instant(language, now.plus_millis(works_for)),
            ),
            (
                "day",
                stationery.day(language, now.plus_millis(7 * 86_400_000)),
            ),
            ("help_contact", "help@example.com".to_owned()),
            ("sign_in_url", "https://example.com".to_owned()),
            ("pool", "access".to_owned()),
            ("alarm", "95".to_owned()),
            ("held", "95".to_owned()),
            ("purchased", "100".to_owned()),
            ("connection", "okta".to_owned()),
            ("share", "10".to_owned()),
            ("window_minutes", "60".to_owned()),
            ("file", "people.xlsx".to_owned()),
            ("rows", "123".to_owned()),
            ("arrived", "100".to_owned()),
            ("updated", "20".to_owned()),
            ("unchanged", "0".to_owned()),
            ("wrong", "3".to_owned()),
            ("outcome", example.sentence(language)),
            ("batch", BatchId::from_bytes([0; 16]).to_string()),
            ("person", "bo@example.com".to_owned()),
        ] {
            // What is set is shown as it is.
            values.entry(name).or_insert(value);
        }
        let filled = fill(text.unwrap_or(&own), &values);
        Ok((filled.subject.clone(), letter::plain(&filled)))
    }

    /// A link of nobody, as the ones that a message carries look.
    fn example_link(&self, template: Template) -> Result<String> {
        let place = match template {
            Template::Join => "join/example",
            _ if template.carries() == Some("password") => "password",
            _ => "accept",
        };
        Ok(format!("{}/{place}/example", self.public_url()?))
    }

    /// What a message says in a language before it is filled in, and whether these are the organization's own words.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn mail_text(&self, template: Template, language: Language) -> Result<(MailText, bool)> {
        let texts = self.shared.store.read(self.now())?.mail_texts()?;
        let own = texts
            .into_iter()
            .find(|it| (it.0, it.1) == (template, language));
        Ok(match own {
            Some((_, _, text)) => (text, true),
            None => (super::default_text(template, language), false),
        })
    }
}

impl Session {
    /// What a mail of the outbox would say now: its subject and its text, with the link; or why it would not be sent.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for anybody but an owner: whoever has the link can use it.
    pub fn mail_as_sent(
        &self,
        config: &MailConfig,
        mail: &OutboxMail,
    ) -> Result<std::result::Result<(String, String), String>> {
        let may = match self.actor() {
            Actor::FileOwner => true,
            Actor::Administrator(user) => self
                .read()?
                .permissions_of(user)?
                .contains(&Permission::Owner),
            _ => false,
        };
        if !may {
            return Err(Error::forbidden("only owners see mails with their links"));
        }
        let directory = self.directory();
        let stationery = letter::Stationery::of(directory)?;
        Ok(
            match letter::prepare(directory, config, &stationery, mail)? {
                letter::Prepared::Letter(it) => Ok((it.subject, it.text)),
                letter::Prepared::Useless(why) => Err(why),
            },
        )
    }

    /// Tries mails again, and returns how many that are.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may not manage users; otherwise only when the database cannot be written.
    pub fn retry_mails(&self, which: WhichMails) -> Result<usize> {
        self.may_manage_mail()?;
        let found = Arc::new(Mutex::new(0));
        let directory = self.directory();
        directory.shared.store.note_outbox(OutboxNote::Retry {
            which,
            at: directory.now(),
            found: Arc::clone(&found),
        })?;
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*found)
    }

    /// As [`Directory::note_bounced`], for somebody who heard of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may not manage users.
    pub fn note_bounced(&self, address: &str, why: &str) -> Result<usize> {
        self.may_manage_mail()?;
        self.directory().note_bounced(address, why)
    }

    /// Whether this actor decides what becomes of mail.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may not manage users.
    pub fn may_manage_mail(&self) -> Result<()> {
        let may = match self.actor() {
            Actor::FileOwner | Actor::Scheduler => true,
            Actor::Administrator(user) => {
                let held = self.read()?.permissions_of(user)?;
                held.contains(&Permission::Owner) || held.contains(&Permission::ManageUsers)
            }
            _ => false,
        };
        if may {
            return Ok(());
        }
        Err(Error::forbidden(
            "only owners and those who manage users decide what becomes of mail",
        ))
    }
}
