//! Signing in by password, for the platform behind Usher where there is no single sign-on. Unknown, wrong and not active
//! are one answer, reached by the same steps: one look at the allowance, one look-up, one hash, one look at the status.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::model::User;
use crate::password::{Password, PasswordHash};

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The person's own address, as the platform says.
    Person(IpAddr),
    /// Whoever is connected, which may be the platform on behalf of everybody, so it has a larger allowance.
    Peer(IpAddr),
}

/// What came of an attempt.
#[derive(Debug)]
pub enum SignIn {
    /// The password is theirs, and they may come in.
    In(Box<User>),
    /// Nobody of that name, another password, or they may not come in.
    No,
    /// Too many attempts with this name or from this source; not looked at.
    Later {
        /// After how many seconds to come again.
        seconds: u32,
    },
}

impl Directory {
    /// Hashes a password that was chosen, for a command to carry. Takes most of a tenth of a second, and waits while two
    /// others are hashed.
    ///
    /// # Errors
    /// Only when there is no memory for it.
    pub fn hash_password(&self, password: &Password) -> Result<PasswordHash> {
        let seed = self.shared.randomness.seed();
        let mut salt = [0; 16];
        salt.copy_from_slice(&seed[..16]);
        self.shared.hashes.fetch_add(1, Ordering::Relaxed);
        PasswordHash::of(password, salt)
    }

    /// Whether this is the password of somebody, by address or user name, who may come in. Blocks while it hashes.
    ///
    /// # Errors
    /// [`Error::Conflict`] under single sign-on; else only when the database cannot be read.
    pub fn sign_in(&self, who: &str, password: &str, source: Source) -> Result<SignIn> {
        let store = &self.shared.store;
        let now = self.now();
        let (settings, digest_key) = store.read(now)?.for_sign_in()?;
        if settings.single_sign_on {
            return Err(Error::conflict(
                "people sign in at the identity provider: single-sign-on is on",
            ));
        }
        let attempt = match store.attempts().begin(&digest_key, who, source, now) {
            Ok(attempt) => attempt,
            Err(wait_ms) => {
                let seconds = u32::try_from((wait_ms + 999) / 1_000).unwrap_or(u32::MAX);
                return Ok(SignIn::Later { seconds });
            }
        };
        let (found, stored) = store.read(now)?.password_for(who)?;
        self.shared.hashes.fetch_add(1, Ordering::Relaxed);
        let fits = stored.unwrap_or(PasswordHash::OF_NOBODY).fits(password)?;
        // Read after the hash: whoever was taken off meanwhile stays out.
        let read = store.read(self.now())?;
        let mut user = read.standing_now(found)?;
        if settings.held_stay_out
            && let Some(it) = &user
            && read.is_held(it.id)?
        {
            user = None;
        }
        drop(read);
        match user.filter(|it| fits && it.status.signs_in()) {
            Some(user) => {
                store.attempts().forgive(&attempt);
                self.note_seen(vec![(user.id.to_string(), now)], drop);
                Ok(SignIn::In(Box::new(user)))
            }
            None => {
                store.keep_attempt(&attempt);
                Ok(SignIn::No)
            }
        }
    }

    /// How many hashes were made, for tests that compare what known and unknown names cost.
    #[doc(hidden)]
    pub fn passwords_hashed(&self) -> u64 {
        self.shared.hashes.load(Ordering::Relaxed)
    }
}
