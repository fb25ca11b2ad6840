//! What must be known of people before they are invited or created.

use std::fmt;

use super::Setting;
use crate::error::Error;
use crate::model::Field;

/// Something that can be required of whoever is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequiredItem {
    /// A field of the profile.
    Field(Field),
    /// Whom they report to.
    Manager,
    /// A group to join.
    Group,
}

impl RequiredItem {
    /// Every one, in the order of a form. Labels and what a provider kept cannot be required.
    pub const ALL: [Self; 11] = [
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
        Self::Group,
    ];

    /// The word stored, which is the JSON key of the field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field(field) => field.as_str(),
            Self::Manager => "manager",
            Self::Group => "group",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase().replace(['-', ' '], "_");
        let word = if word == "area" {
            "functional_area"
        } else {
            &word
        };
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What must be known of whoever is invited or created at people's doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required(Vec<RequiredItem>);

impl Required {
    /// Parses names separated by commas. The address is always among them.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first name that is none of them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Self(mut items) = Self::by_default();
        for word in text.split([',', ';']).map(str::trim) {
            if word.is_empty() {
                continue;
            }
            let item = RequiredItem::from_word(word).ok_or_else(|| {
                let all = RequiredItem::ALL.map(RequiredItem::as_str);
                let shown: String = word.chars().take(40).collect();
                Error::invalid(
                    Setting::RequiredOnInvite.to_string(),
                    format!("cannot have {shown:?}"),
                    format!("use {}", all.join(", ")),
                )
            })?;
            items.push(item);
        }
        items.sort_unstable();
        items.dedup();
        Ok(Self(items))
    }

    /// What is required where nobody has set it: the address.
    pub(super) fn by_default() -> Self {
        Self(vec![RequiredItem::Field(Field::Email)])
    }

    /// The items, in the order of a form.
    pub fn items(&self) -> &[RequiredItem] {
        &self.0
    }
}

impl fmt::Display for Required {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|it| it.as_str()).collect();
        f.write_str(&words.join(","))
    }
}
