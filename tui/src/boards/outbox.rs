//! What became of mails, and what is to become of them.

use usher_core::model::{MailState, OutboxMail, WhichMails};
use usher_core::{Error, OutboxFilter, Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::key::Key;
use crate::theme::Role;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "outbox",
    sentence: "What became of mails, and what is to become of them.",
    columns: &[
        text("At", 16, 0),
        text("State", 9, 0),
        text("To", 20, 2),
        text("Message", 14, 1),
        text("Why", 12, 2),
        number("Tried", 5),
        number("Number", 7),
    ],
    empty: "no mail was written",
    read,
    acts: &[
        Act {
            key: Key::Char('R'),
            name: "try again",
            sentence: "Try this mail again.",
            does: again,
        },
        Act {
            key: Key::Char('A'),
            name: "try all again",
            sentence: "Try everything again that was refused for good or waits for its next attempt.",
            does: |_| Doing::Retry(WhichMails::Refused),
        },
        Act {
            key: Key::Char('F'),
            name: "mail the filed",
            sentence: "Mail everything that was put into a folder as a file, because no mail server was set.",
            does: |_| Doing::Retry(WhichMails::Filed),
        },
    ],
};

fn again(here: &Here<'_>) -> Doing {
    let number = here.item.and_then(|it| it.key.parse().ok());
    number.map_or_else(
        || Doing::Say("no mail is here".to_owned()),
        |number| Doing::Retry(WhichMails::These(vec![number])),
    )
}

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut mails = read.outbox(OutboxFilter::default(), limit + 1)?;
    let more = mails.len() > limit;
    mails.truncate(limit);
    let mut items = Vec::with_capacity(mails.len());
    for mail in &mails {
        items.push(match opens(read, mail)? {
            Some(topic) => item(mail, &zone).opening(topic),
            None => item(mail, &zone),
        });
    }
    Ok(Found {
        title: "outbox".to_owned(),
        items,
        more,
    })
}

/// Where a mail came from: its batch, else its person; whoever only wishes to join is neither.
fn opens(read: &Read<'_>, mail: &OutboxMail) -> Result<Option<Topic>> {
    match read.find_batch(&mail.batch.to_string()) {
        Ok(batch) => Ok(Some(Topic::Batch(batch.id))),
        Err(Error::NotFound { .. }) => Ok(read.user(mail.user)?.map(|it| Topic::Person(it.id))),
        Err(other) => Err(other),
    }
}

fn item(mail: &OutboxMail, zone: &Zone) -> Item {
    let cells = vec![
        zone.minute(mail.settled_at.unwrap_or(mail.created_at)),
        mail.state.as_str().to_owned(),
        mail.label.clone(),
        mail.template.as_str().replace('_', " "),
        mail.why.clone().unwrap_or_default(),
        mail.attempts.to_string(),
        mail.seq.to_string(),
    ];
    let role = match mail.state {
        MailState::Failed | MailState::Bounced => Role::Danger,
        MailState::Waiting if mail.attempts > 0 => Role::Warn,
        MailState::Dropped => Role::Muted,
        MailState::Waiting | MailState::Sending | MailState::Sent | MailState::Filed => Role::Plain,
    };
    Item::new(mail.seq, cells).looking(role)
}
