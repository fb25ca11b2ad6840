//! The links that mails carry. A link's token is made from what the database says of it and a key in a file outside of the
//! database, so that the same link can be mailed again after a crash, and whoever reads the database, a backup of it or a
//! log of it can open nothing: neither tokens nor hashes of them are kept anywhere. The key is not part of a backup.

mod form;
mod key;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::model::UserId;
use crate::token;

pub(crate) use key::LinkKey;
pub(crate) use key::forget as forget_key;

/// Where a server is reached when nobody has said: `usher serve` listens there by default.
pub const LOCAL_URL: &str = "http://127.0.0.1:8080";

/// For how long links to choose a password and to join work, in milliseconds: 72 hours.
pub(crate) const WORKS_MS: i64 = 72 * 3600 * 1000;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// To accept an invitation.
    Invitation,
    /// To choose a password.
    Password,
    /// To confirm that somebody who asked to join owns the address.
    Join,
    /// To be reminded of an invitation no more.
    Reminders,
}

impl LinkKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Invitation => b'i',
            Self::Password => b'p',
            Self::Join => b'j',
            Self::Reminders => b'r',
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [
            Self::Invitation,
            Self::Password,
            Self::Join,
            Self::Reminders,
        ]
        .into_iter()
        .find(|it| it.byte() == byte)
    }
}

/// A link, by what it says. Whether it still opens anything is for the invitation or the password link to say: a token of
/// an older generation is as genuine as the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// Whose it is; for [`LinkKind::Join`] the id under which the wish to join is kept.
    pub user: UserId,
    /// Which of their links of that kind, counted from 1.
    pub generation: i64,
}

/// Kind, user, generation, and the code over them.
const CLAIM: usize = 1 + 16 + 4;
const CODE: usize = 32;
/// Characters of a token.
const LENGTH: usize = ((CLAIM + CODE) * 8).div_ceil(5);

impl Directory {
    /// The link's token: text for an address, of small letters and digits only, so that nothing on its way changes it.
    /// The same link always has the same token.
    ///
    /// # Errors
    /// [`Error::File`] when the key's file cannot be used; [`Error::Broken`] when the database cannot be read.
    pub fn link_token(&self, link: &Link) -> Result<String> {
        let claim = claim(link)?;
        let code = self.link_code(link, &claim)?.finalize().into_bytes();
        let mut whole = claim.to_vec();
        whole.extend_from_slice(&code);
        Ok(token::base32(&whole, LENGTH))
    }

    /// The link whose token this is; none when it is not one of this organization's, or was made with another key than the
    /// one that is beside the database now. The code is compared in a time that does not depend on where it differs.
    ///
    /// # Errors
    /// As [`Directory::link_token`].
    pub fn opened_link(&self, token: &str) -> Result<Option<Link>> {
        let Some(whole) = token::from_base32(token, CLAIM + CODE) else {
            return Ok(None);
        };
        let (claim, code) = whole.split_at(CLAIM);
        let Some(link) = claimed(claim) else {
            return Ok(None);
        };
        let genuine = self.link_code(&link, claim)?.verify_slice(code).is_ok();
        Ok(genuine.then_some(link))
    }

    /// The address that a mail carries: the public address and the link's page.
    ///
    /// # Errors
    /// As [`Directory::link_token`].
    pub fn link_url(&self, link: &Link) -> Result<String> {
        let base = self.public_url()?;
        let token = self.link_token(link)?;
        Ok(match link.kind {
            LinkKind::Invitation => format!("{base}/accept/{token}"),
            LinkKind::Password => format!("{base}/password/{token}"),
            LinkKind::Reminders => format!("{base}/reminders/{token}"),
            LinkKind::Join => {
                let settings = self.shared.store.read(self.now())?.settings()?;
                let slug = settings.join.slug.as_deref().unwrap_or("in");
                format!("{base}/join/{slug}/{token}")
            }
        })
    }

    /// Where providers and people reach the server, without a slash at its end: as it was said to this process, else the
    /// setting, else where this process listens.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn public_url(&self) -> Result<String> {
        let said = self.shared.reached.get();
        if let Some(url) = said.and_then(|it| it.said.clone()) {
            return Ok(url);
        }
        let set = self.shared.store.read(self.now())?.settings()?.public_url;
        let own = said.map(|it| it.own.clone());
        Ok(set.or(own).unwrap_or_else(|| LOCAL_URL.to_owned()))
    }

    /// Tells where this process's server is reached: under `said`, if that was said when it was started, which goes before
    /// the setting; and under `own` where neither says anything. Only the first call counts.
    pub fn reached_at(&self, said: Option<String>, own: String) {
        let _ = self.shared.reached.set(Reached { said, own });
    }

    fn link_code(&self, link: &Link, claim: &[u8]) -> Result<Hmac<Sha256>> {
        let key = self.link_key()?;
        let (organization, invitation) = {
            let read = self.shared.store.read(self.now())?;
            read.behind_link(link.user)?
        };
        // What is no invitation has no id but the person's own.
        let id = match link.kind {
            LinkKind::Invitation | LinkKind::Reminders => {
                invitation.map(|it| *it.as_bytes()).unwrap_or_default()
            }
            LinkKind::Password | LinkKind::Join => [0; 16],
        };
        let mut code = Hmac::<Sha256>::new_from_slice(key.bytes())
            .map_err(|error| Error::Broken(format!("a link cannot be made: {error}")))?;
        code.update(b"usher link 1");
        code.update(&organization);
        code.update(claim);
        code.update(&id);
        Ok(code)
    }
}

/// Where a process's server is reached.
#[derive(Debug)]
pub(crate) struct Reached {
    said: Option<String>,
    own: String,
}

fn claim(link: &Link) -> Result<[u8; CLAIM]> {
    let generation = u32::try_from(link.generation)
        .map_err(|_| Error::Broken("a link has an impossible generation".into()))?;
    let mut claim = [0; CLAIM];
    claim[0] = link.kind.byte();
    claim[1..17].copy_from_slice(link.user.as_bytes());
    claim[17..].copy_from_slice(&generation.to_be_bytes());
    Ok(claim)
}

fn claimed(claim: &[u8]) -> Option<Link> {
    let (kind, rest) = claim.split_first()?;
    let (user, generation) = rest.split_at_checked(16)?;
    Some(Link {
        kind: LinkKind::of(*kind)?,
        user: UserId::from_bytes(user.try_into().ok()?),
        generation: i64::from(u32::from_be_bytes(generation.try_into().ok()?)),
    })
}
