//! What people and platforms come in with: a password, and tokens that were shown once.

use std::sync::{OnceLock, mpsc};

use usher_core::Applied;
use usher_core::model::{PlatformId, Scopes};
use usher_core::password::{Password, PasswordHash};

use super::World;
use super::deeds::Deed;
use super::roster::DAY_MS;
use crate::org::Org;

/// A password's hash; all are of one, which takes a while to make.
pub(super) fn a_password() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    let hash = HASH.get_or_init(|| {
        let password = Password::choose("grape tunnel orbit fudge", &[]).unwrap();
        Org::new(1).directory.hash_password(&password).unwrap()
    });
    hash.clone()
}

impl World {
    /// Keeps the token that was shown, of the platform that it is of.
    pub(super) fn keep(&mut self, deed: &Deed, applied: &Applied) {
        let platforms = &self.model.roster.platforms;
        let platform = match deed {
            Deed::AddPlatform { .. } => platforms.len() - 1,
            Deed::RotatePlatform { platform, .. } => *platform,
            _ => return,
        };
        let token = (platform, platforms[platform].tokens.len() - 1);
        let secret = applied.token.clone().unwrap();
        self.secrets.insert(token, secret);
    }

    /// What a token opens now. Its use is noted, which is waited for.
    pub(super) fn opened(&self, token: (usize, usize)) -> Option<(PlatformId, Scopes)> {
        let opened = self
            .org
            .directory
            .authenticate_platform(&self.secrets[&token]);
        self.org.directory.settle().unwrap();
        opened.unwrap()
    }

    /// Every token that was ever shown opens what the rules say.
    pub(super) fn compare_tokens(&self) {
        for token in self.secrets.keys() {
            let (is, should) = (
                self.opened(*token),
                self.model.roster.opens(*token, self.model.day),
            );
            if is.is_some() != should {
                self.fail(&format!("the token {token:?} opens {is:?}"));
            }
        }
    }

    /// A platform's server lets in who shows a token, and notes then what it says.
    pub(super) fn see(&mut self, token: (usize, usize), who: usize, ago: i64) {
        self.org.tick(1);
        if self.opened(token).is_some() {
            let at = self.org.directory.now().plus_millis(-ago * DAY_MS);
            let name = self.tables.ids()[who].to_string();
            let (done, noted) = mpsc::channel();
            let tell = move |it| done.send(it).unwrap();
            self.org.directory.note_seen(vec![(name, at)], tell);
            noted.recv().unwrap().unwrap();
        }
        self.model.see(token, who, ago);
    }
}
