//! A mail as it goes over the wire, made from a row of the outbox and what is true when it is sent. The same row makes the
//! same mail, byte for byte, as long as nothing that it speaks of has changed: same Message-ID, same date, same link.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde_json::Value;

use super::MailConfig;
use super::outcome::Rows;
use super::text::{Filled, Line, MailText, Values, fill};
use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::link::{Link, LinkKind};
use crate::model::{
    Actor, Date, Door, EmailAddress, InvitationState, Language, LinkState, Logo, OutboxMail,
    Permission, Settings, Status, Timestamp, User, UserId, harmless, push_as_html,
};
use crate::plan::Template;

/// The longest first name that a mail greets with.
const LONGEST_GREETED: usize = 40;

/// The name of the logo within a mail.
const LOGO_ID: &str = "logo";

/// A mail, ready to go.
#[derive(Clone)]
pub struct Letter {
    /// Its number in the outbox.
    pub seq: i64,
    /// Which message.
    pub template: Template,
    /// To whom.
    pub user: UserId,
    /// The address that it goes to.
    pub to: String,
    /// Its Message-ID, in angle brackets; the same each time it is tried.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// Its text for those who read no HTML.
    pub text: String,
    /// All of it as it goes over the wire.
    pub bytes: Vec<u8>,
    pub(super) envelope: lettre::address::Envelope,
}

/// Neither address nor link.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter")
            .field("seq", &self.seq)
            .field("template", &self.template)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// What comes of a row when it is to be sent.
pub(super) enum Prepared {
    Letter(Box<Letter>),
    /// It would be of no use, and why.
    Useless(String),
}

/// What mails need to know beside the person, read once for many.
pub(super) struct Stationery {
    pub(super) settings: Settings,
    public_url: String,
    logo: Option<Logo>,
    own_texts: Vec<(Template, Language, MailText)>,
}

impl Stationery {
    pub(super) fn of(directory: &Directory) -> Result<Self> {
        let read = directory.shared.store.read(directory.now())?;
        let settings = read.settings()?;
        let own_texts = read.mail_texts()?;
        let logo = read.logo()?;
        drop(read);
        Ok(Self {
            settings,
            public_url: directory.public_url()?,
            logo,
            own_texts,
        })
    }

    /// What a message says in a language: in the organization's own words, if it has any.
    pub(super) fn text(&self, template: Template, language: Language) -> MailText {
        let own = self
            .own_texts
            .iter()
            .find(|it| (it.0, it.1) == (template, language));
        own.map_or_else(
            || super::default_text(template, language),
            |it| it.2.clone(),
        )
    }

    /// What stands for the placeholders that every message has.
    pub(super) fn values(&self, config: &MailConfig) -> Values<'static> {
        let settings = &self.settings;
        let mut values = Values::from([
            (
                "organization",
                harmless(&settings.organization_name).into_owned(),
            ),
            ("public_url", self.public_url.clone()),
            ("from", config.from.to_string()),
        ]);
        if let Some(help) = &settings.help_contact {
            values.insert("help_contact", help.clone());
        }
        if let Some(url) = &settings.sign_in_url {
            values.insert("sign_in_url", url.clone());
        }
        values
    }

    pub(super) fn instant(&self, language: Language, at: Timestamp) -> String {
        language.instant(at, &self.settings.time_zone)
    }

    pub(super) fn day(&self, language: Language, at: Timestamp) -> String {
        language.day(Date::of(at, &self.settings.time_zone))
    }

    fn language(&self, tag: Option<&str>) -> Language {
        tag.and_then(Language::of_tag)
            .unwrap_or(self.settings.language)
    }
}

/// Makes the mail of a row, if it is still of use.
pub(super) fn prepare(
    directory: &Directory,
    config: &MailConfig,
    stationery: &Stationery,
    row: &OutboxMail,
) -> Result<Prepared> {
    let mut values = stationery.values(config);
    let about: Value = row
        .about
        .as_deref()
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default();
    add_about(&mut values, row.template, &about);
    let language = if row.template == Template::Join {
        let expires = about.get("expires_at").and_then(Value::as_str);
        let Some(expires) = expires.and_then(|it| it.parse::<Timestamp>().ok()) else {
            return Ok(Prepared::Useless("nobody waits for it".to_owned()));
        };
        if expires <= directory.now() {
            return Ok(Prepared::Useless("the link has expired".to_owned()));
        }
        let language = stationery.language(about.get("language").and_then(Value::as_str));
        let link = Link {
            kind: LinkKind::Join,
            user: row.user,
            generation: row.generation.unwrap_or(1),
        };
        add_link(directory, stationery, &mut values, link, expires, language)?;
        language
    } else {
        let session = directory.as_actor(Actor::FileOwner, Door::Schedule);
        let user = session.read()?.user(row.user)?;
        let Some(user) = user.filter(|it| it.status != Status::Erased) else {
            return Ok(Prepared::Useless("the person is gone".to_owned()));
        };
        let language = stationery.language(user.profile.language.as_deref());
        if let Some(why) = why_useless(directory, row, &user, &about)? {
            return Ok(Prepared::Useless(why));
        }
        add_person(&mut values, &user);
        if row.template == Template::InvitationWish {
            let asker = about.get("asker").and_then(Value::as_str);
            let Some(asker) = asker.and_then(|it| it.parse().ok()) else {
                return Ok(Prepared::Useless("nobody asks".to_owned()));
            };
            match session.read()?.user(asker)? {
                Some(it) if it.status == Status::Cancelled => {
                    values.insert("person", harmless(&it.label()).into_owned());
                }
                _ => {
                    return Ok(Prepared::Useless(
                        "they are invited again, or gone".to_owned(),
                    ));
                }
            }
        }
        if row.template == Template::ImportDone {
            let batch = about.get("batch").and_then(Value::as_str);
            let batch = batch.and_then(|it| it.parse().ok());
            let file = match batch {
                Some(batch) => session.read()?.imported_file(batch)?,
                None => None,
            };
            let file: Option<String> = file.map(|it| harmless(&it).chars().take(80).collect());
            let file = file.unwrap_or_else(|| a_file(language).to_owned());
            values.insert("file", file);
            if let Some(rows) = Rows::of(&about) {
                values.insert("outcome", rows.sentence(language));
            }
        }
        if let Some(day) = about.get("day").and_then(Value::as_str)
            && let Ok(day) = day.parse()
        {
            values.insert("day", language.day(day));
        }
        if let Some((link, expires)) = link_of(directory, row, &user)? {
            add_link(directory, stationery, &mut values, link, expires, language)?;
        }
        if row.address.is_none() && user.profile.email.is_none() {
            return Ok(Prepared::Useless("has no address".to_owned()));
        }
        language
    };
    let text = stationery.text(row.template, language);
    let filled = fill(&text, &values);
    let to: EmailAddress = row.address.as_deref().unwrap_or(&row.label).parse()?;
    let no_more = no_more_reminders(directory, stationery, row)?;
    letter(
        (config, stationery),
        row,
        &to,
        language,
        &filled,
        no_more.as_deref(),
    )
    .map(|it| Prepared::Letter(Box::new(it)))
}

/// Where whoever is reminded of an invitation says that they want that no more: nowhere while nobody is reminded, or where
/// the page is not reached by HTTPS (RFC 8058, section 3.1).
fn no_more_reminders(
    directory: &Directory,
    stationery: &Stationery,
    row: &OutboxMail,
) -> Result<Option<String>> {
    let is_reminded = matches!(row.template, Template::Invitation | Template::Reminder)
        && !stationery.settings.reminders.is_empty()
        && stationery.public_url.starts_with("https://");
    let Some(generation) = row.generation.filter(|_| is_reminded) else {
        return Ok(None);
    };
    let link = Link {
        kind: LinkKind::Reminders,
        user: row.user,
        generation,
    };
    directory.link_url(&link).map(Some)
}

/// Why a mail would be of no use to anybody by now.
fn why_useless(
    directory: &Directory,
    row: &OutboxMail,
    user: &User,
    about: &Value,
) -> Result<Option<String>> {
    let read = directory.shared.store.read(directory.now())?;
    let now = directory.now();
    let useless = |why: &str| Ok(Some(why.to_owned()));
    if user.status == Status::Deleted && row.template != Template::EmailLeft {
        return useless("the person is gone");
    }
    match row.template {
        Template::Invitation | Template::Reminder => {
            if !matches!(user.status, Status::Waiting | Status::PendingTransfer) {
                return Ok(Some(format!("the person is {}", user.status)));
            }
            match read.invitation(user.id)? {
                None => useless("the invitation is gone"),
                Some(it) if it.state == InvitationState::Accepted => useless("it was accepted"),
                Some(it) if it.state == InvitationState::Dead => useless("it was withdrawn"),
                Some(it) if row.generation != Some(it.generation) => {
                    useless("the link was replaced by a newer one")
                }
                Some(it) if it.expires_at <= now => useless("the link has expired"),
                Some(it) if it.send_on.is_some() => useless("it was put off to another day"),
                Some(_) => Ok(None),
            }
        }
        Template::AccountCreated | Template::ChoosePassword | Template::Promoted => {
            if user.status != Status::Active {
                return Ok(Some(format!("the person is {}", user.status)));
            }
            let Some(generation) = row.generation else {
                return Ok(None);
            };
            match read.password_link(user.id)? {
                None => useless("the link is gone"),
                Some(it) if it.generation != generation => {
                    useless("the link was replaced by a newer one")
                }
                Some(it) if it.state == LinkState::Used => useless("the link was used"),
                Some(it) if it.state == LinkState::Dead => useless("a password was set meanwhile"),
                Some(it) if it.expires_at <= now => useless("the link has expired"),
                Some(_) => Ok(None),
            }
        }
        Template::WelcomeBack | Template::EmailChanged | Template::ImportDone => {
            if user.status.is_live() {
                Ok(None)
            } else {
                Ok(Some(format!("the person is {}", user.status)))
            }
        }
        Template::SeatAlarm | Template::BrakePulled | Template::InvitationWish => {
            let may = read.permissions_of(user.id)?;
            let wanted: &[Permission] = match row.template {
                Template::SeatAlarm => &[Permission::AuthorizedPurchaser],
                _ => &[Permission::Owner, Permission::ManageUsers],
            };
            if user.status == Status::Active && may.iter().any(|it| wanted.contains(it)) {
                Ok(None)
            } else {
                useless("it is not for the person any more")
            }
        }
        Template::DeletionAhead => {
            let day = about.get("day").and_then(Value::as_str);
            if day.is_some() && user.profile.delete_on.as_deref() == day {
                Ok(None)
            } else {
                useless("the day was changed")
            }
        }
        Template::EmailLeft | Template::Join | Template::Announcement => Ok(None),
    }
}

/// The link that a mail carries, and until when it works.
fn link_of(
    directory: &Directory,
    row: &OutboxMail,
    user: &User,
) -> Result<Option<(Link, Timestamp)>> {
    let read = directory.shared.store.read(directory.now())?;
    let found = match row.template.carries() {
        Some("invitation") => read
            .invitation(user.id)?
            .map(|it| (LinkKind::Invitation, it.expires_at)),
        Some("password") if row.generation.is_some() => read
            .password_link(user.id)?
            .map(|it| (LinkKind::Password, it.expires_at)),
        _ => None,
    };
    Ok(found.map(|(kind, expires_at)| {
        let link = Link {
            kind,
            user: user.id,
            generation: row.generation.unwrap_or(1),
        };
        (link, expires_at)
    }))
}

fn add_link(
    directory: &Directory,
    stationery: &Stationery,
    values: &mut Values<'_>,
    link: Link,
    expires: Timestamp,
    language: Language,
) -> Result<()> {
    values.insert("link", directory.link_url(&link)?);
    let zone = &stationery.settings.time_zone;
    values.insert("expires", language.instant(expires, zone));
    Ok(())
}

fn add_person(values: &mut Values<'_>, user: &User) {
    let profile = &user.profile;
    if let Some(name) = profile.first_name.as_deref().filter(|it| can_greet(it)) {
        values.insert("first_name", name.to_owned());
    }
    let email = profile.email.as_deref();
    if let Some(email) = email {
        values.insert("email", email.to_owned());
    }
    if let Some(login) = profile.user_name.as_deref().or(email) {
        values.insert("login", harmless(login).into_owned());
    }
}

/// What the row speaks of, where its message has a place for it.
fn add_about(values: &mut Values<'_>, template: Template, about: &Value) {
    for placeholder in template.placeholders() {
        let said = match about.get(placeholder.name) {
            Some(Value::String(it)) => harmless(it).into_owned(),
            Some(Value::Number(it)) => it.to_string(),
            _ => continue,
        };
        values.insert(placeholder.name, said);
    }
}

/// What a file is called that has no name.
const fn a_file(language: Language) -> &'static str {
    match language {
        Language::English => "a file",
        Language::French => "un fichier",
        Language::German => "einer Datei",
        Language::Spanish => "un archivo",
    }
}

/// Whether a name reads as one. Somebody else may have typed it, and a mail that we send must not carry their message.
fn can_greet(name: &str) -> bool {
    let fits =
        |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '\u{2019}' | '\u{301}');
    name.chars().count() <= LONGEST_GREETED
        && name.chars().all(fits)
        && name.split(' ').count() <= 3
}

fn letter(
    (config, stationery): (&MailConfig, &Stationery),
    row: &OutboxMail,
    to: &EmailAddress,
    language: Language,
    filled: &Filled,
    no_more_reminders: Option<&str>,
) -> Result<Letter> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Error::Broken(format!("mail {} cannot be written: {error}", row.seq))
    };
    let from = address(&config.from)?;
    let recipient = address(to)?;
    // What no batch has caused is told apart by whom it goes to and when it was written.
    let cause = if row.batch.as_bytes() == &[0; 16] {
        format!("{}.{}", row.user, row.created_at.as_millis())
    } else {
        row.batch.to_string()
    };
    let message_id = format!("<{cause}.{}@{}>", row.seq, from.domain());
    let text = plain(filled);
    let logo = stationery.logo.as_ref();
    let html = html(
        filled,
        language,
        &stationery.settings.organization_name,
        logo.is_some(),
    );
    let name = harmless(&stationery.settings.organization_name).into_owned();
    let at = u64::try_from(row.created_at.as_millis()).unwrap_or(0);
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(name), from))
        .to(Mailbox::new(None, recipient))
        .subject(filled.subject.as_str())
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(at))
        .message_id(Some(message_id.clone()));
    if let Some(reply_to) = &config.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    // RFC 3834: nobody's absence notice answers this.
    for (header, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", language.tag()),
    ] {
        let name = HeaderName::new_from_ascii_str(header);
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    // RFC 8058: one press in the mail program ends the reminders. Everything else goes to one person for a cause of their own,
    // and there is nothing to unsubscribe from.
    if let Some(url) = no_more_reminders {
        for (header, value) in [
            ("List-Unsubscribe", format!("<{url}>")),
            (
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ),
        ] {
            let name = HeaderName::new_from_ascii_str(header);
            builder = builder.raw_header(HeaderValue::new(name, value));
        }
    }
    let boundary = format!("usher-{}-{}", row.batch, row.seq);
    let html = part(ContentType::TEXT_HTML, html);
    let parts = MultiPart::alternative()
        .boundary(&boundary)
        .singlepart(part(ContentType::TEXT_PLAIN, text.clone()));
    let parts = match logo {
        None => parts.singlepart(html),
        // In the mail itself: nothing is fetched when it is read, so nobody learns that it was.
        Some(logo) => {
            let kind = ContentType::parse(logo.kind()).map_err(|it| unwritable(&it))?;
            let picture =
                Attachment::new_inline(LOGO_ID.to_owned()).body(logo.bytes().to_vec(), kind);
            let both = MultiPart::related().boundary(format!("{boundary}-in"));
            parts.multipart(both.singlepart(html).singlepart(picture))
        }
    };
    let message = builder.multipart(parts).map_err(|it| unwritable(&it))?;
    Ok(Letter {
        seq: row.seq,
        template: row.template,
        user: row.user,
        to: to.to_string(),
        message_id,
        subject: filled.subject.clone(),
        text,
        bytes: message.formatted(),
        envelope: message.envelope().clone(),
    })
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(kind).body(text)
}

/// The address as mail has it: the domain as it stands in DNS.
fn address(address: &EmailAddress) -> Result<Address> {
    let (local, domain) = address.mailbox();
    Address::new(local, domain).map_err(|_| {
        Error::invalid(
            "email address",
            "cannot be written to by mail",
            "check the part before the @",
        )
    })
}

/// The text for those who read no HTML.
pub(super) fn plain(filled: &Filled) -> String {
    let paragraphs = filled.paragraphs.iter().map(|lines| {
        let lines = lines.iter().map(|it| match it {
            Line::Text(it) | Line::Link(it) => it.as_str(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    let mut text = paragraphs.collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn html(filled: &Filled, language: Language, organization: &str, has_logo: bool) -> String {
    let (tag, title) = (language.tag(), escaped(&filled.subject));
    let mut body = String::new();
    for lines in &filled.paragraphs {
        body.push_str("<p style=\"margin:0 0 16px\">");
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                body.push_str("<br>\n");
            }
            match line {
                Line::Text(it) => {
                    let link = filled.link.as_deref().filter(|it| !it.is_empty());
                    body.push_str(&match link.and_then(|link| it.split_once(link)) {
                        // In the middle of a sentence, in the organization's own words.
                        Some((before, after)) => {
                            let link = escaped(link.unwrap_or_default());
                            let (before, after) = (escaped(before), escaped(after));
                            format!("{before}<a href=\"{link}\">{link}</a>{after}")
                        }
                        None => escaped(it),
                    });
                }
                Line::Link(it) => body.push_str(&button(it, language)),
            }
        }
        body.push_str("</p>\n");
    }
    let organization = escaped(organization);
    let head = if has_logo {
        format!(
            "<p style=\"margin:0 0 20px\"><img src=\"cid:{LOGO_ID}\" alt=\"{organization}\" \
             style=\"max-height:56px;max-width:240px\"></p>"
        )
    } else {
        format!("<p style=\"margin:0 0 20px;font-weight:600\">{organization}</p>")
    };
    format!(
        "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
         <body style=\"margin:0;padding:24px 12px;background:#f3f3f0;color:#1b1b1b;\
         font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\">\n\
         <div style=\"max-width:560px;margin:0 auto;padding:28px;background:#ffffff;border-radius:8px\">\n\
         {head}\n{body}</div></body></html>\n"
    )
}

/// The link as a button, and in full for those who would rather see where it leads.
fn button(link: &str, language: Language) -> String {
    let says = match language {
        Language::English => "Open the page",
        Language::French => "Ouvrir la page",
        Language::German => "Seite öffnen",
        Language::Spanish => "Abrir la página",
    };
    let link = escaped(link);
    format!(
        "<a href=\"{link}\" style=\"display:inline-block;margin:12px 0;padding:12px 22px;background:#1d4ed8;color:#ffffff;\
         border-radius:6px;text-decoration:none;font-weight:600\">{says}</a><br>\n\
         <span style=\"font-size:13px;color:#555555;word-break:break-all\">{link}</span>"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_as_html(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_as_a_name_is_greeted_with() {
        for name in [
            "Ana",
            "Jean-Luc",
            "Mary Ann",
            "O'Neil",
            "Zoë",
            "李",
            "Ana María José",
        ] {
            assert!(can_greet(name), "{name}");
        }
        for text in [
            "see evil.example",
            "http://x",
            "call 555 now",
            "win a prize at once",
            "a\nb",
            "<b>",
            &"a".repeat(41),
        ] {
            assert!(!can_greet(text), "{text}");
        }
    }
}
