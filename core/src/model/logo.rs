//! The organization's logo: a small picture, kept as the text of a setting and served as what it is.

use std::fmt;

use base64ct::{Base64, Encoding};

use super::Setting;
use crate::error::Error;

/// The largest logo, in bytes.
pub const LARGEST_LOGO: u64 = 64 * 1024;

/// A small PNG or JPEG picture. Formats that can carry scripts are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Logo {
    /// Takes a picture as its file holds it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but a PNG or JPEG file of at most 64 KiB.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::invalid(
                Setting::Logo.to_string(),
                why,
                "give a PNG or JPEG file of at most 64 KiB",
            )
        };
        let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            "image/png"
        } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            "image/jpeg"
        } else {
            return Err(bad("is neither a PNG nor a JPEG picture"));
        };
        if bytes.len() as u64 > LARGEST_LOGO {
            return Err(bad("is larger than 64 KiB"));
        }
        Ok(Self { kind, bytes })
    }

    /// Reads the text that [`Logo`] displays as.
    ///
    /// # Errors
    /// As [`Logo::new`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let encoded = text
            .strip_prefix("data:")
            .and_then(|it| it.split_once(";base64,"));
        let bytes = encoded.and_then(|it| Base64::decode_vec(it.1).ok());
        Self::new(bytes.unwrap_or_default())
    }

    /// Its media type.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The picture.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it is, for a listing.
    pub fn summary(&self) -> String {
        let kib = self.bytes.len().div_ceil(1024);
        let kind = self.kind.strip_prefix("image/").unwrap_or(self.kind);
        format!("a picture ({kind}, {kib} KiB)")
    }
}

/// As an address of the picture itself: `data:image/png;base64,…`.
impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "data:{};base64,{}",
            self.kind,
            Base64::encode_string(&self.bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_a_small_picture_that_can_do_nothing() {
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        let logo = Logo::new(png.clone()).expect("a picture");
        assert_eq!(logo.kind(), "image/png");
        assert_eq!(Logo::parse(&logo.to_string()).ok(), Some(logo));
        assert!(Logo::new(b"<svg onload=alert(1)>".to_vec()).is_err());
        assert!(Logo::new([png, vec![0; LARGEST_LOGO as usize]].concat()).is_err());
        for bad in [
            "",
            "data:image/png;base64,",
            "data:text/html;base64,PGI+",
            "logo.png",
        ] {
            assert!(Logo::parse(bad).is_err(), "{bad}");
        }
    }
}
