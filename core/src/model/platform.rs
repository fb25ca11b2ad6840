//! The platform behind Usher: the place where people learn or work, which asks who may come in. A name, scopes, tokens.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{PlatformId, Timestamp, Token};
use crate::error::Error;

/// A platform behind Usher, as its tokens know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Its id.
    pub id: PlatformId,
    /// Its name, unique, a short word.
    pub name: String,
    /// What its tokens open.
    pub scopes: Scopes,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was revoked, after which no token of it is taken.
    pub revoked_at: Option<Timestamp>,
    /// Its tokens, newest first; ended ones included.
    pub tokens: Vec<Token>,
}

/// One thing that a platform's token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Asking whether people may come in.
    Access,
    /// Checking people's passwords.
    SignIn,
    /// Telling when people were last seen.
    Seen,
    /// Telling how far people are with their trainings.
    Progress,
    /// Telling that mail to an address came back.
    Bounce,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::Access,
        Self::SignIn,
        Self::Seen,
        Self::Progress,
        Self::Bounce,
    ];

    /// The word stored, and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::SignIn => "sign_in",
            Self::Seen => "seen",
            Self::Progress => "progress",
            Self::Bounce => "bounce",
        }
    }
}

impl FromStr for Scope {
    type Err = Error;

    /// Reads the word with `_` or `-`, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let word = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == word)
            .ok_or_else(|| {
                Error::invalid(
                    "scope",
                    "is not known",
                    "use access, seen, progress, sign-in and bounce, with commas between",
                )
            })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a platform's tokens open: at least one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether this is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Each of them, in the order of [`Scope::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromStr for Scopes {
    type Err = Error;

    /// Reads words with commas or spaces between.
    fn from_str(text: &str) -> Result<Self, Error> {
        let words = text.split([',', ' ']).filter(|it| !it.trim().is_empty());
        let scopes: BTreeSet<Scope> = words.map(str::parse).collect::<Result<_, _>>()?;
        if scopes.is_empty() {
            return Err(Error::invalid(
                "scope",
                "is missing",
                "say what the token opens, such as access,seen",
            ));
        }
        Ok(Self(scopes))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.0.iter().enumerate() {
            let between = if i == 0 { "" } else { "," };
            write!(f, "{between}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_people_write_them_and_print_in_one_way() {
        let printed = |it: &str| it.parse::<Scopes>().map(|it| it.to_string()).ok();
        assert_eq!(
            printed("sign-in, Access,access").as_deref(),
            Some("access,sign_in")
        );
        assert_eq!(
            printed("seen progress sign_in").as_deref(),
            Some("sign_in,seen,progress")
        );
        for bad in ["", " , ", "everything", "access,all"] {
            assert_eq!(printed(bad), None, "{bad}");
        }
    }
}
