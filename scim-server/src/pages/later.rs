//! What is done after it was answered, so that the answer says nothing about it, not even by its time: a thread that mails
//! links to those who may have one.

use std::sync::mpsc::{self, SyncSender, TrySendError};

use usher_core::command::Command;
use usher_core::link::Link;
use usher_core::model::{Actor, Door, EmailAddress, Language, UserId};
use usher_core::{Directory, Result};

use crate::log;

/// How many wishes may wait.
const MOST_WAITING: usize = 1_024;

/// The thread's end for wishes. It ends when this is dropped.
pub(crate) struct Later(SyncSender<Wish>);

enum Wish {
    /// A link to choose a password.
    Password(EmailAddress),
    /// A link to join.
    Join(EmailAddress, Language),
    /// A new invitation, of whose was withdrawn.
    Again(UserId),
    /// To forget a wish that has come true.
    Forget(Link),
}

impl Later {
    /// Starts the thread.
    pub(crate) fn start(directory: Directory) -> std::io::Result<Self> {
        let (wishes, wished) = mpsc::sync_channel(MOST_WAITING);
        std::thread::Builder::new()
            .name("wishes".to_owned())
            .spawn(move || {
                for wish in wished {
                    if let Err(error) = fulfil(&directory, &wish) {
                        log::broken(&error);
                    }
                }
            })?;
        Ok(Self(wishes))
    }

    /// Has a link to choose a password mailed to this address, if somebody there may have one. False when too many wait.
    pub(crate) fn link_to(&self, address: EmailAddress) -> bool {
        self.wish(Wish::Password(address))
    }

    /// Has a link to join mailed to this address, if it may join. False when too many wait.
    pub(crate) fn join(&self, address: EmailAddress, language: Language) -> bool {
        self.wish(Wish::Join(address, language))
    }

    /// Tells whoever invites people that this person asks for a new invitation. False when too many wait.
    pub(crate) fn ask_again(&self, user: UserId) -> bool {
        self.wish(Wish::Again(user))
    }

    /// Forgets a wish to join that has come true. When too many wait, it goes when its link expires.
    pub(crate) fn forget(&self, link: Link) {
        self.wish(Wish::Forget(link));
    }

    fn wish(&self, wish: Wish) -> bool {
        match self.0.try_send(wish) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

fn fulfil(directory: &Directory, wish: &Wish) -> Result<()> {
    match wish {
        Wish::Password(address) => {
            let Some(user) = directory.user_to_write_to(address.as_str())? else {
                return Ok(());
            };
            let session = directory.as_actor(Actor::Person(user), Door::Page);
            let request = session.request(Command::ForgetPassword { user });
            session.apply(request, None).map(drop)
        }
        Wish::Join(address, language) => directory.wish_to_join(address, *language).map(drop),
        Wish::Again(user) => directory.ask_again(*user),
        Wish::Forget(link) => directory.forget_wish(link),
    }
}
