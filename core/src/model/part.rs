//! Parts of a person that a provider speaks of: what a connection owns, what it maps, and where the roster differs from it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ConnectionId, Field, FieldId, UserId};

/// A part of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A field of the profile.
    Field(Field),
    /// Whom they report to.
    Manager,
    /// A custom field.
    Custom(FieldId),
    /// Whether they are in. Nobody owns it: a deactivation holds by its own rule.
    Active,
    /// The add-on pools that are asked for. Nobody owns them: a name that is no pool's is noted.
    Entitlements,
}

/// What comes before the id of a custom field.
const CUSTOM: &str = "field:";

impl Part {
    /// The fields of everybody that a connection can own.
    pub const OWNABLE: [Self; 10] = [
        Self::Field(Field::Email),
        Self::Field(Field::UserName),
        Self::Field(Field::FirstName),
        Self::Field(Field::LastName),
        Self::Field(Field::DisplayName),
        Self::Field(Field::FunctionalArea),
        Self::Field(Field::Title),
        Self::Field(Field::Region),
        Self::Field(Field::Language),
        Self::Manager,
    ];
    /// The fields of everybody that another attribute than their own can feed.
    pub const MAPPABLE: [Self; 4] = [
        Self::Field(Field::FunctionalArea),
        Self::Field(Field::Title),
        Self::Field(Field::Region),
        Self::Field(Field::Language),
    ];

    /// Whether one signs in by it: no provider writes that of an owner.
    pub(crate) fn signs_in(self) -> bool {
        matches!(self, Self::Field(Field::Email | Field::UserName))
    }

    /// The part of that stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "manager" => Some(Self::Manager),
            "active" => Some(Self::Active),
            "entitlements" => Some(Self::Entitlements),
            _ => match word.strip_prefix(CUSTOM) {
                Some(id) => id.parse().ok().map(Self::Custom),
                None => Field::from_word(word).map(Self::Field),
            },
        }
    }

    /// Parts joined by commas, as stored; none of no words.
    pub(crate) fn list(text: &str) -> Vec<Self> {
        text.split(',').filter_map(Self::from_word).collect()
    }

    /// Parts as they are stored.
    pub(crate) fn joined(parts: &[Self]) -> String {
        let words: Vec<String> = parts.iter().map(Self::to_string).collect();
        words.join(",")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.as_str()),
            Self::Manager => f.write_str("manager"),
            Self::Custom(id) => write!(f, "{CUSTOM}{id}"),
            Self::Active => f.write_str("active"),
            Self::Entitlements => f.write_str("entitlements"),
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::from_word(&word).ok_or_else(|| serde::de::Error::custom("no part of a person"))
    }
}

/// Which SCIM attribute feeds a part of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The part.
    pub part: Part,
    /// The attribute's path, as a PATCH has it.
    pub path: String,
}

/// Why the roster differs from what a provider has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A person set another value, until the provider's next write.
    Overridden,
    /// The field does not take the value.
    NotTaken,
    /// A person's deactivation holds.
    Held,
    /// A name that the provider asked for is somebody else's. Told from its requests, and not stored.
    Taken,
    /// The provider calls them otherwise than before, so that it may mean somebody else. Told from its requests too.
    AnotherPerson,
}

impl Why {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overridden => "overridden",
            Self::NotTaken => "not_taken",
            Self::Held => "held",
            Self::Taken => "taken",
            Self::AnotherPerson => "another_person",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Overridden, Self::NotTaken, Self::Held]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// What a provider has said of a part of a person, where the roster has something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Which provider.
    pub connection: ConnectionId,
    /// What it said; none is that there is nothing. Of a custom field what is stored, or what it does not take.
    pub value: Option<String>,
    /// Why the roster has something else.
    pub why: Why,
}

/// Where the roster differs from a provider, in the words of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Who.
    pub user: UserId,
    /// Their address, else their user name, else their id.
    pub label: String,
    /// The connection's name.
    pub connection: String,
    /// What of them, such as `title` or a custom field's name.
    pub part: String,
    /// What the provider says.
    pub provider: Option<String>,
    /// What the roster has.
    pub roster: Option<String>,
    /// Who was refused, by what the provider calls them, where it is somebody who is not on the roster.
    pub refused: Option<String>,
    /// Why.
    pub why: Why,
}
