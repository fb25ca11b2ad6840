//! What a page's form carries, so that only a page that this server has shown a short while ago is taken back: the minute
//! of it, and a code over that and over what the form is about. Nothing of it is kept.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::token;

/// How long a page may be open before its form is sent.
const MINUTES: i64 = 12 * 60;
/// The minute, and as much of the code as keeps anybody from guessing.
const MINUTE: usize = 4;
const CODE: usize = 16;
const LENGTH: usize = ((MINUTE + CODE) * 8).div_ceil(5);

impl Directory {
    /// A token for a form about something, such as the address of its page.
    ///
    /// # Errors
    /// As [`Directory::link_token`].
    pub fn form_token(&self, about: &str) -> Result<String> {
        let minute = u32::try_from(self.minute()).unwrap_or(u32::MAX);
        let mut whole = minute.to_be_bytes().to_vec();
        let code = self.form_code(about, &whole)?.finalize().into_bytes();
        whole.extend(code.iter().take(CODE));
        Ok(token::base32(&whole, LENGTH))
    }

    /// Whether a form about this carries a token of ours that is not too old. The code is compared in a time that does not
    /// depend on where it differs.
    ///
    /// # Errors
    /// As [`Directory::link_token`].
    pub fn is_form_token(&self, about: &str, said: &str) -> Result<bool> {
        let Some(whole) = token::from_base32(said, MINUTE + CODE) else {
            return Ok(false);
        };
        let (minute, code) = whole.split_at(MINUTE);
        let genuine = self.form_code(about, minute)?.verify_truncated_left(code);
        let shown = <[u8; MINUTE]>::try_from(minute).map_or(0, u32::from_be_bytes);
        let age = self.minute() - i64::from(shown);
        // Another server of the same organization may be a little ahead.
        Ok(genuine.is_ok() && (-2..=MINUTES).contains(&age))
    }

    fn minute(&self) -> i64 {
        self.now().as_millis() / 60_000
    }

    fn form_code(&self, about: &str, minute: &[u8]) -> Result<Hmac<Sha256>> {
        let key = self.link_key()?;
        let mut code = Hmac::<Sha256>::new_from_slice(key.bytes())
            .map_err(|error| Error::Broken(format!("a form cannot be made: {error}")))?;
        code.update(b"usher form 1");
        code.update(minute);
        code.update(about.as_bytes());
        Ok(code)
    }
}
