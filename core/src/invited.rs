//! What somebody who opens a link is to be told: their own record, and what has become of the link. Looked up only for a
//! link that is genuine, and changes nothing.

use std::net::IpAddr;

use crate::directory::Directory;
use crate::error::Result;
use crate::link::{Link, LinkKind};
use crate::model::{CustomField, Date, Individual, Settings, User, UserId};
use crate::store::OutboxNote;

/// Whoever holds the link of an invitation.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The person.
    pub user: User,
    /// What the organization has set.
    pub settings: Settings,
    /// What has become of the link.
    pub standing: Standing,
    /// The account of their own that can come along.
    pub account: Option<Individual>,
    /// The custom fields that everybody has to have and this person has not, of those that they may see.
    pub fields: Vec<CustomField>,
    /// The last day on which the link can be used, or could.
    pub until: Date,
}

/// What has become of an invitation's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be used.
    Open,
    /// It was not used in time.
    Expired,
    /// A newer one was made.
    Replaced,
    /// The person is in.
    Used,
    /// The invitation was withdrawn, or the person left.
    Withdrawn,
    /// The person waits for a seat, at this place in line.
    Queued(i64),
}

/// Whoever holds a link to choose a password.
#[derive(Clone, Debug)]
pub struct Choosing {
    /// The person.
    pub user: User,
    /// What the organization has set.
    pub settings: Settings,
    /// Whether it can be used.
    pub is_open: bool,
}

impl Directory {
    /// Whoever an invitation's link is of; nobody when they are gone.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn invited(&self, link: &Link) -> Result<Option<Invited>> {
        if link.kind != LinkKind::Invitation {
            return Ok(None);
        }
        let read = self.shared.store.read(self.now())?;
        read.invited(link.user, link.generation)
    }

    /// Whoever is reminded of an invitation, by the link that ends that; nobody when they are gone.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn reminded(&self, link: &Link) -> Result<Option<Invited>> {
        if link.kind != LinkKind::Reminders {
            return Ok(None);
        }
        let read = self.shared.store.read(self.now())?;
        read.invited(link.user, link.generation)
    }

    /// Whoever a password's link is of; nobody when they are gone.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn choosing(&self, link: &Link) -> Result<Option<Choosing>> {
        if link.kind != LinkKind::Password {
            return Ok(None);
        }
        let read = self.shared.store.read(self.now())?;
        read.choosing(link.user, link.generation)
    }

    /// What pages show of the organization.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn shown_settings(&self) -> Result<Settings> {
        self.shared.store.read(self.now())?.settings()
    }

    /// Notes that somebody has begun to fill in the page of their invitation; once, and without waiting for it. To be called
    /// for the first thing that they send, never for looking at it: mail scanners look.
    pub fn note_begun(&self, user: UserId, generation: i64) {
        let at = self.now();
        self.shared.store.note_outbox_later(OutboxNote::Begun {
            user,
            generation,
            at,
        });
    }

    /// Notes that somebody whose invitation was withdrawn asks for a new one, and tells whoever may invite them, once a week at
    /// most. They are listed until they are invited again. Returns when that is on disk.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn ask_again(&self, user: UserId) -> Result<()> {
        let at = self.now();
        let store = &self.shared.store;
        store.note_outbox(OutboxNote::AskAgain { user, at })
    }

    /// Notes that somebody wants to be reminded no more of the invitation that this link is about; of a later one they are.
    /// Returns when that is on disk.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn remind_no_more(&self, link: &Link) -> Result<()> {
        let at = self.now();
        self.shared.store.note_outbox(OutboxNote::RemindNoMore {
            user: link.user,
            generation: link.generation,
            at,
        })
    }

    /// Counts that somebody asks for a mail, whether or not there is anybody of that name: the answer is the number of
    /// seconds to wait when it was asked for too often, with that name or from that source.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn count_wish(&self, about: &str, source: IpAddr) -> Result<Option<u32>> {
        let store = &self.shared.store;
        let now = self.now();
        let (_, digest_key) = store.read(now)?.for_sign_in()?;
        match store.attempts().ask(&digest_key, about, source, now) {
            Ok(attempt) => {
                store.keep_attempt(&attempt);
                Ok(None)
            }
            Err(wait_ms) => {
                let seconds = (wait_ms + 999) / 1_000;
                Ok(Some(u32::try_from(seconds).unwrap_or(u32::MAX)))
            }
        }
    }

    /// Whoever has this address and signs in, for a mail that only they get.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn user_to_write_to(&self, address: &str) -> Result<Option<UserId>> {
        let read = self.shared.store.read(self.now())?;
        read.active_of_address(address)
    }
}
