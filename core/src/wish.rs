//! Wishes to join by the join page: from the address that somebody typed to the link that is mailed there. A wish decides
//! nothing and makes no event; it is kept until its link is used or expires.

use crate::command::Command;
use crate::directory::Directory;
use crate::error::Result;
use crate::invited::Standing;
use crate::link::{Link, LinkKind};
use crate::model::{
    Actor, CustomField, Door, EmailAddress, Language, Settings, Status, Timestamp, User, UserId,
};

/// A wish to join.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Its id, which the person gets when they are new.
    pub(crate) id: UserId,
    /// With which address.
    pub(crate) address: EmailAddress,
    /// What they are written to in.
    pub(crate) language: Option<Language>,
    /// Which of the links it is.
    pub(crate) generation: i64,
    /// From when that does not work any more.
    pub(crate) expires_at: Timestamp,
}

/// Whoever holds a link to join.
#[derive(Clone, Debug)]
pub struct Joiner {
    /// With which address.
    pub address: EmailAddress,
    /// The language in which they asked.
    pub language: Option<Language>,
    /// The custom fields that everybody has to have, of those that people may see.
    pub fields: Vec<CustomField>,
    /// Whether somebody of this address is here already.
    pub is_known: bool,
    /// Whether they are invited, and have only to accept.
    pub is_invited: bool,
}

impl Directory {
    /// Does what somebody asked for who typed this address on the join page: mails them a link to join, or a new link of
    /// their invitation, or, when they are in already, one to choose a password; or nothing, when the page does not let
    /// them in. Whoever asked hears nothing of which it was. Returns the id of the wish, if there is one.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn wish_to_join(
        &self,
        address: &EmailAddress,
        language: Language,
    ) -> Result<Option<UserId>> {
        let read = self.shared.store.read(self.now())?;
        let (settings, known) = read.before_joining(address)?;
        drop(read);
        if !settings.join.admits(address) {
            return Ok(None);
        }
        let own = |user: UserId, command| {
            let session = self.as_actor(Actor::Person(user), Door::Page);
            session.apply(session.request(command), None).map(|_| None)
        };
        match known {
            None | Some((_, Status::Cancelled | Status::Deleted)) => {
                let (store, now) = (&self.shared.store, self.now());
                store.keep_wish(self.wish_id(), address, language, now)?;
                let read = store.read(now)?;
                Ok(read.wish_of(address)?.map(|it| it.id))
            }
            Some((user, Status::Waiting | Status::PendingTransfer)) => {
                own(user, Command::AskForInvitation { user })
            }
            Some((user, Status::Active)) if !settings.single_sign_on => {
                own(user, Command::ForgetPassword { user })
            }
            Some(_) => Ok(None),
        }
    }

    /// Whoever holds a link to join that can be used now; nobody when it was used, replaced, or has expired, or when the
    /// page does not let them in any more.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn joiner(&self, link: &Link) -> Result<Option<Joiner>> {
        if link.kind != LinkKind::Join {
            return Ok(None);
        }
        let read = self.shared.store.read(self.now())?;
        let Some(wish) = read.wish(link.user)? else {
            return Ok(None);
        };
        let (settings, known) = read.before_joining(&wish.address)?;
        let mut fields = read.custom_fields()?;
        fields.retain(CustomField::is_asked_for);
        let is_open = wish.generation == link.generation
            && wish.expires_at > read.now()
            && settings.join.admits(&wish.address);
        let comes = |status| matches!(status, Status::Cancelled | Status::Deleted);
        Ok(is_open.then(|| Joiner {
            is_invited: known.is_some_and(|it| it.1.waits()),
            is_known: known.is_some_and(|it| !comes(it.1)),
            address: wish.address,
            language: wish.language,
            fields,
        }))
    }

    /// Forgets a wish that has come true.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn forget_wish(&self, link: &Link) -> Result<()> {
        self.shared.store.forget_wish(link.user)
    }

    /// Forgets wishes whose links have expired. The scheduler asks for it.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn trim_wishes(&self) -> Result<()> {
        let store = &self.shared.store;
        let now = self.now();
        if store.read(now)?.has_expired_wishes()? {
            store.trim_wishes(now)?;
        }
        Ok(())
    }

    /// Somebody who has just come in, and how they stand: used, or queued.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn newcomer(&self, user: UserId) -> Result<Option<(User, Standing)>> {
        self.shared.store.read(self.now())?.newcomer(user)
    }

    /// A new id for a wish.
    fn wish_id(&self) -> UserId {
        let draw = crate::draw::Draw {
            at: self.now(),
            seed: self.shared.randomness.seed(),
        };
        crate::draw::Draws::new(draw).user()
    }
}

/// What is looked at before somebody joins.
pub(crate) type BeforeJoining = (Settings, Option<(UserId, Status)>);
