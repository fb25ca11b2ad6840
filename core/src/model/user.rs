//! A person on the roster.

use serde::{Deserialize, Serialize};

use super::address::user_name_key;
use super::key_of_name;
use super::{
    ConnectionId, Date, EmailAddress, InvitationId, Name, Status, Timestamp, UserId, UserName,
    search_text,
};
use crate::error::Error;

/// A profile field that commands can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The identity; unique.
    Email,
    /// The sign-in name that a provider uses; unique.
    UserName,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Name as shown.
    DisplayName,
    /// Department.
    FunctionalArea,
    /// Job title.
    Title,
    /// Region.
    Region,
    /// Preferred language, a BCP 47 tag.
    Language,
    /// Free words, separated by commas.
    Labels,
    /// The day on which the person is deactivated by itself.
    DeactivateOn,
    /// The day on which the person is deleted by itself.
    DeleteOn,
    /// What a provider sent and Usher has no field for, as one JSON object, returned as sent.
    Kept,
}

impl Field {
    /// Every field, in the order of a form.
    pub const ALL: [Self; 13] = [
        Self::Email,
        Self::UserName,
        Self::FirstName,
        Self::LastName,
        Self::DisplayName,
        Self::FunctionalArea,
        Self::Title,
        Self::Region,
        Self::Language,
        Self::Labels,
        Self::DeactivateOn,
        Self::DeleteOn,
        Self::Kept,
    ];

    /// The JSON key of the field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::UserName => "user_name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::DisplayName => "display_name",
            Self::FunctionalArea => "functional_area",
            Self::Title => "title",
            Self::Region => "region",
            Self::Language => "language",
            Self::Labels => "labels",
            Self::DeactivateOn => "deactivate_on",
            Self::DeleteOn => "delete_on",
            Self::Kept => "kept",
        }
    }

    /// The field of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Checks and normalizes a value; an empty one is `None`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field and what to do.
    pub fn parse(self, text: &str) -> Result<Option<String>, Error> {
        match self {
            Self::Email if text.trim().is_empty() => Ok(None),
            Self::Email => text
                .parse::<EmailAddress>()
                .map(|it| Some(it.as_str().to_owned())),
            Self::UserName if text.trim().is_empty() => Ok(None),
            Self::UserName => text
                .parse::<UserName>()
                .map(|it| Some(it.as_str().to_owned())),
            Self::Labels => parse_labels(text),
            Self::DeactivateOn | Self::DeleteOn => match text.trim() {
                "" | "none" => Ok(None),
                day => day.parse::<Date>().map(|it| Some(it.to_string())),
            },
            Self::Language => parse_language(text),
            Self::Kept => Ok((!text.is_empty()).then(|| text.to_owned())),
            _ => Ok(Name::parse(self.as_str(), text)?.map(Name::into_string)),
        }
    }
}

impl Field {
    /// As [`Self::parse`], of what somebody types now: providers may write languages that nobody knows, people have them told.
    ///
    /// # Errors
    /// As there.
    pub fn parse_typed(self, text: &str) -> Result<Option<String>, Error> {
        let value = self.parse(text)?;
        if let (Self::Language, Some(value)) = (self, &value) {
            super::Language::check(value)?;
        }
        Ok(value)
    }
}

/// The longest language, in characters: a list of them with weights is the longest that is written.
const LONGEST_LANGUAGE: usize = 255;

/// A language as people and providers write one: a tag (`en`, `en-US`, `en_US`), a list of these with weights
/// (`en-US,en;q=0.9`), or its name.
fn parse_language(text: &str) -> Result<Option<String>, Error> {
    let Some(language) = Name::parse(Field::Language.as_str(), text)?.map(Name::into_string) else {
        return Ok(None);
    };
    let is_sign = |it: char| {
        it.is_alphanumeric()
            || unicode_normalization::char::is_combining_mark(it)
            || "-_.@,;=*() ".contains(it)
    };
    let begins = language.starts_with(|it: char| it.is_alphanumeric() || it == '*');
    if !begins || !language.chars().all(is_sign) || language.chars().nth(LONGEST_LANGUAGE).is_some()
    {
        return Err(Error::invalid(
            Field::Language.as_str(),
            "is not written as one is",
            "use a tag such as en, en-US or pt-BR",
        ));
    }
    Ok(Some(language))
}

fn parse_labels(text: &str) -> Result<Option<String>, Error> {
    let mut labels = Vec::new();
    for label in text.split([',', ';']) {
        if let Some(label) = Name::parse("label", label)? {
            let label = label.into_string();
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    Ok((!labels.is_empty()).then(|| labels.join(",")))
}

/// What is known of a person, apart from standing and seats. `None` means unset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The identity; unique.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// The sign-in name that a provider uses; unique.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_name: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_name: Option<String>,
    /// Name as shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub display_name: Option<String>,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub functional_area: Option<String>,
    /// Job title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// Region.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
    /// Preferred language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// Free words, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub labels: Option<String>,
    /// The day on which the person is deactivated by itself, as in [`Date`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deactivate_on: Option<String>,
    /// The day on which the person is deleted by itself, as in [`Date`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delete_on: Option<String>,
    /// What a provider sent beyond these, as one JSON object.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept: Option<String>,
}

impl Profile {
    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        match field {
            Field::Email => &self.email,
            Field::UserName => &self.user_name,
            Field::FirstName => &self.first_name,
            Field::LastName => &self.last_name,
            Field::DisplayName => &self.display_name,
            Field::FunctionalArea => &self.functional_area,
            Field::Title => &self.title,
            Field::Region => &self.region,
            Field::Language => &self.language,
            Field::Labels => &self.labels,
            Field::DeactivateOn => &self.deactivate_on,
            Field::DeleteOn => &self.delete_on,
            Field::Kept => &self.kept,
        }
        .as_deref()
    }

    /// Sets a field to a value that [`Field::parse`] returned.
    pub fn set(&mut self, field: Field, value: Option<String>) {
        *match field {
            Field::Email => &mut self.email,
            Field::UserName => &mut self.user_name,
            Field::FirstName => &mut self.first_name,
            Field::LastName => &mut self.last_name,
            Field::DisplayName => &mut self.display_name,
            Field::FunctionalArea => &mut self.functional_area,
            Field::Title => &mut self.title,
            Field::Region => &mut self.region,
            Field::Language => &mut self.language,
            Field::Labels => &mut self.labels,
            Field::DeactivateOn => &mut self.deactivate_on,
            Field::DeleteOn => &mut self.delete_on,
            Field::Kept => &mut self.kept,
        } = value;
    }

    /// The keys of everything that a look-up finds them by: user name, address and further addresses.
    pub(crate) fn found_by(&self) -> Vec<String> {
        let own = [&self.user_name, &self.email];
        let own = own.into_iter().filter_map(|it| it.as_deref());
        let mut keys: Vec<String> = own.map(key_of_name).collect();
        keys.extend(further_addresses(self.kept.as_deref()));
        keys
    }

    /// The day that a date field says.
    pub fn day(&self, field: Field) -> Option<Date> {
        self.get(field).and_then(|it| it.parse().ok())
    }

    /// The key under which the email is unique.
    pub fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(user_name_key)
    }

    /// The key under which the user name is unique.
    pub fn user_name_key(&self) -> Option<String> {
        self.user_name.as_deref().map(user_name_key)
    }

    /// What free words are looked up in, with the marks that follow it.
    pub fn search_text(&self) -> String {
        let parts = [
            &self.first_name,
            &self.last_name,
            &self.display_name,
            &self.email,
            &self
                .user_name
                .clone()
                .filter(|it| Some(it) != self.email.as_ref()),
            &self.title,
            &self.functional_area,
        ];
        let mut text = search_text(parts.into_iter().filter_map(|it| it.as_deref()));
        text.push_str(&super::marks::marks(self));
        text
    }

    /// The key by which people are sorted by name: last name, then first, folded; then the display name or email.
    pub fn sort_name(&self) -> String {
        let named = [&self.last_name, &self.first_name];
        let parts: Vec<&str> = named.into_iter().filter_map(|it| it.as_deref()).collect();
        let parts = if parts.is_empty() {
            [&self.display_name, &self.email, &self.user_name]
                .into_iter()
                .filter_map(|it| it.as_deref())
                .take(1)
                .collect()
        } else {
            parts
        };
        search_text(parts).trim_start().to_owned()
    }
}

/// A person as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id, for ever.
    pub id: UserId,
    /// Their place in the order of creation.
    pub seq: i64,
    /// Where they stand.
    pub status: Status,
    /// What is known of them.
    pub profile: Profile,
    /// Whom they report to.
    pub manager: Option<UserId>,
    /// The connection that provisioned them or adopted them last.
    pub connection: Option<ConnectionId>,
    /// Whether only owners may take them off.
    pub protected: bool,
    /// Whether they have ever been active.
    pub accepted: bool,
    /// Whether the provider may bring a deactivated person back.
    pub provider_hold: ProviderHold,
    /// When they were created.
    pub created_at: Timestamp,
    /// When anything about them last changed.
    pub updated_at: Timestamp,
    /// When the platform last saw them.
    pub last_seen_at: Option<Timestamp>,
    /// Rises with every change; the SCIM ETag.
    pub version: i64,
}

impl User {
    /// The shortest unambiguous name: email, else user name, else id.
    pub fn label(&self) -> String {
        let named = self
            .profile
            .email
            .as_ref()
            .or(self.profile.user_name.as_ref());
        named.cloned().unwrap_or_else(|| self.id.to_string())
    }

    /// The name to show: display name, else first and last, else the label.
    pub fn name(&self) -> String {
        self.own_name().unwrap_or_else(|| self.label())
    }

    /// The name that is shown, of whoever has one.
    pub fn own_name(&self) -> Option<String> {
        if let Some(name) = &self.profile.display_name {
            return Some(name.clone());
        }
        match (&self.profile.first_name, &self.profile.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (Some(name), None) | (None, Some(name)) => Some(name.clone()),
            (None, None) => None,
        }
    }
}

/// Whether the provider may bring a deactivated person back. A person's deactivation holds (which the history tells)
/// until the provider has itself said `active: false` and later true (DESIGN §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderHold {
    /// The provider has said nothing since: a person's deactivation holds.
    Free,
    /// The provider has said `active: false` since a person deactivated; its next `active: true` reactivates.
    Released,
}

impl ProviderHold {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Released => "released",
        }
    }

    /// The hold of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Free, Self::Released]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// A mailed, expiring, single-use way in. One per person; resending raises the generation and kills the older link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Which link is the living one.
    pub generation: i64,
    /// Whether the link can be used.
    pub state: InvitationState,
    /// When the link stops working.
    pub expires_at: Timestamp,
    /// The day on which it is mailed; none when it was, or never is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_on: Option<Date>,
}

/// Whether an invitation's link can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// It can.
    Pending,
    /// It was.
    Accepted,
    /// It was withdrawn: cancelled, or the person was deactivated or deleted.
    Dead,
}

impl InvitationState {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Dead => "dead",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Accepted, Self::Dead]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// What a connection calls a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The provider's own id for the person; kept per connection, case-sensitive.
    pub external_id: Option<String>,
}

/// The keys of the addresses in `emails`; the place of the person's own is kept as null.
pub(crate) fn further_addresses(kept: Option<&str>) -> Vec<String> {
    // Nearly everybody has one address, and then there is nothing to read.
    let Some(kept) = kept.filter(|it| it.contains("\"emails\":[{")) else {
        return Vec::new();
    };
    let kept: serde_json::Value = serde_json::from_str(kept).unwrap_or_default();
    let emails = kept.get("emails").and_then(|it| it.as_array());
    emails
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("value").and_then(|it| it.as_str()))
        .map(key_of_name)
        .collect()
}
