//! People's passwords, where there is no single sign-on: which may be chosen, and Argon2id. A hash is made before a
//! command is planned, and no more than two are made at once in a process, because each keeps a processor and 19 MiB
//! busy for most of a tenth of a second.

mod common;

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};
use crate::token;

/// The shortest password, in characters.
pub const SHORTEST: usize = 10;
/// The longest password, in bytes.
pub const LONGEST: usize = 1_000;
/// The least that is asked of a password hash today (OWASP, Password Storage): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// How many hashes are made at once in a process.
const AT_ONCE: usize = 2;

/// Why a password may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It is longer than [`LONGEST`].
    Long,
    /// It is shorter than [`SHORTEST`].
    Short,
    /// It has a line break in it.
    LineBreak,
    /// It is one of those that are tried first.
    Common,
    /// It is made of what others know of the person.
    About,
}

impl Weakness {
    /// The error that says so, and what to do.
    fn error(self) -> Error {
        let (why, remedy) = match self {
            Self::Long => ("is longer than 1000 bytes", "choose a shorter one"),
            Self::Short => (
                "is shorter than 10 characters",
                "choose a longer one; four words that have nothing to do with each other are good",
            ),
            Self::LineBreak => ("has a line break in it", "choose one of a single line"),
            Self::Common => (
                "is one of those that are tried first",
                "choose words that have nothing to do with each other",
            ),
            Self::About => (
                "is made of the person's address or name, or the organization's",
                "choose words that have nothing to do with them",
            ),
        };
        Error::invalid("password", why, remedy)
    }
}

/// A password that may be used: long enough, and not among those that are tried first.
pub struct Password(String);

impl Password {
    /// Checks a password that somebody chooses. `about` is what others know of them: address, names, the organization.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong with it, and never with the password.
    pub fn choose(text: &str, about: &[&str]) -> Result<Self> {
        Self::checked(text, about).map_err(Weakness::error)
    }

    /// As [`Password::choose`].
    ///
    /// # Errors
    /// The first weakness that it has.
    pub fn checked(text: &str, about: &[&str]) -> Result<Self, Weakness> {
        if text.len() > LONGEST {
            return Err(Weakness::Long);
        }
        let text = composed(text);
        if text.chars().count() < SHORTEST {
            return Err(Weakness::Short);
        }
        if text.contains(['\n', '\r', '\0']) {
            return Err(Weakness::LineBreak);
        }
        if common::is_common(&text) {
            return Err(Weakness::Common);
        }
        if common::is_about(&text, about) {
            return Err(Weakness::About);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// However a keyboard composes a letter, it is the same letter.
fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// What is kept of a password: Argon2id with its salt and cost.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) salt: [u8; 16],
    pub(crate) hash: [u8; 32],
}

impl fmt::Debug for PasswordHash {
    /// Says nothing of it: commands are printed to tell them apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// What is verified for somebody who has no password, so that it takes what everybody else takes. Nothing fits it.
    pub(crate) const OF_NOBODY: Self = Self {
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        salt: *b"nobody's, always",
        hash: [0; 32],
    };

    /// Hashes a password; waits for its turn.
    pub(crate) fn of(password: &Password, salt: [u8; 16]) -> Result<Self> {
        let hash = argon2id(&password.0, &salt, MEMORY_KIB, PASSES)?;
        Ok(Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            salt,
            hash,
        })
    }

    /// Whether it is of this password; waits for its turn.
    pub(crate) fn fits(&self, password: &str) -> Result<bool> {
        let given = argon2id(
            &composed(password),
            &self.salt,
            self.memory_kib,
            self.passes,
        )?;
        Ok(token::same(&given, &self.hash) & (self.hash != Self::OF_NOBODY.hash))
    }
}

fn argon2id(password: &str, salt: &[u8; 16], memory_kib: u32, passes: u32) -> Result<[u8; 32]> {
    let failed = |error: argon2::Error| Error::Broken(format!("hashing failed: {error}"));
    let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    in_turn(|| argon2.hash_password_into(password.as_bytes(), salt, &mut hash)).map_err(failed)?;
    Ok(hash)
}

static BUSY: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// Does it as soon as fewer than [`AT_ONCE`] others do.
fn in_turn<T>(work: impl FnOnce() -> T) -> T {
    struct Turn;
    impl Drop for Turn {
        fn drop(&mut self) {
            *BUSY.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            FREED.notify_one();
        }
    }
    let busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    let mut busy = FREED
        .wait_while(busy, |it| *it >= AT_ONCE)
        .unwrap_or_else(PoisonError::into_inner);
    *busy += 1;
    drop(busy);
    let _turn = Turn;
    work()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn at_most_two_hashes_are_made_at_once() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    in_turn(|| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE);
    }

    #[test]
    fn while_two_hashes_are_made_choosing_a_password_and_signing_in_wait_for_their_turn() {
        let free = std::sync::Barrier::new(3);
        let begun = std::sync::Barrier::new(3);
        let (done, heard) = std::sync::mpsc::channel();
        let soon = std::time::Duration::from_millis(200);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    in_turn(|| {
                        begun.wait();
                        free.wait();
                    })
                });
            }
            begun.wait();
            let chooses = done.clone();
            scope.spawn(move || {
                let chosen = Password::choose("grape tunnel orbit fudge", &[]).ok();
                let hash = chosen.and_then(|it| PasswordHash::of(&it, [5; 16]).ok());
                chooses.send(hash.is_some()).ok();
            });
            scope.spawn(move || {
                let fits = PasswordHash::OF_NOBODY.fits("grape tunnel orbit fudge");
                done.send(fits.is_ok_and(|it| !it)).ok();
            });
            let early = heard.recv_timeout(soon);
            free.wait();
            assert!(early.is_err(), "a third hash was made beside two");
            assert_eq!(heard.iter().collect::<Vec<_>>(), [true, true]);
        });
    }

    #[test]
    fn a_name_is_known_however_its_letters_are_typed() {
        let about = ["Jürgen", "Groß", "René", "Acme Größe GmbH"];
        for made in [
            "jürgengroß1987",
            "juergengross",
            "jurgen.gross!",
            "JÜRGENGROSS",
            "rene.gross.26",
            "acmegroesse2026",
        ] {
            let checked = Password::checked(made, &about);
            assert_eq!(checked.err(), Some(Weakness::About), "{made}");
        }
        assert!(Password::checked("jürgen isst gern Brei", &about).is_ok());
    }

    #[test]
    fn a_hash_fits_its_password_alone_however_it_was_composed() {
        let chosen = Password::choose("caf\u{e9} au lait, tiede", &[]).ok();
        let hash = chosen.and_then(|it| PasswordHash::of(&it, [3; 16]).ok());
        let hash = hash.unwrap_or(PasswordHash::OF_NOBODY);
        assert_eq!(hash.fits("cafe\u{301} au lait, tiede").ok(), Some(true));
        assert_eq!(hash.fits("cafe au lait, tiede").ok(), Some(false));
        assert_eq!(hash.fits("").ok(), Some(false));
        assert_eq!(format!("{hash:?}"), "PasswordHash");
        let other = Password::choose("caf\u{e9} au lait, tiede", &[]).ok();
        let other = other.and_then(|it| PasswordHash::of(&it, [4; 16]).ok());
        assert!(other.is_some_and(|it| it.hash != hash.hash));
    }

    #[test]
    fn it_is_argon2id_as_others_compute_it() {
        // What the reference implementation in C makes of it.
        let hash = argon2id("password", b"somesaltsomesalt", MEMORY_KIB, PASSES);
        let hex: String = hash
            .unwrap_or_default()
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect();
        assert_eq!(
            hex,
            "2b5dc4054886ec957ef59c73b661c54dd6fb274590b278f657c6d96aac8fa6d1"
        );
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        let refused =
            |it: &str| Password::choose(it, &["ana.li@acme.example", "Li", "Acme Corp"]).is_err();
        for bad in [
            "",
            "short",
            "123456789",
            "1234567890",
            "9876543210",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "qwertyuiop",
            "QwErTyUiOp1!",
            "Password123!",
            "P@ssw0rd2026",
            "passwordpassword",
            "Welcome2026!",
            "letmein12345",
            "iloveyou1234",
            "correcthorsebatterystaple",
            "Summer2026!!",
            "abcdefghijkl",
            "1q2w3e4r5t6y",
            "asdfghjkl;'",
            "ana.li@acme.example",
            "Ana.Li2026!",
            "acmecorp123",
            "AcmeCorp!!!!",
            "line\nbreak in it",
        ] {
            assert!(refused(bad), "{bad:?}");
        }
        for good in [
            "grape tunnel orbit fudge",
            "vB7#kq2!mZx9",
            "der Zug nach Aalen war leer",
            "пароль не для всех 7",
            "acme tunnel orbit fudge",
            "my password is a long sentence",
        ] {
            assert!(!refused(good), "{good:?}");
        }
        assert!(Password::choose(&"ab cd ".repeat(200), &[]).is_err());
    }
}
