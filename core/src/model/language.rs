//! The languages that mails and pages are written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Date, TimeZoneName, Timestamp};
use crate::error::Error;

/// A language that people are written to in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
    /// German.
    #[serde(rename = "de")]
    German,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    /// Every one, in the order of a listing.
    pub const ALL: [Self; 4] = [Self::English, Self::French, Self::German, Self::Spanish];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Spanish => "es",
        }
    }

    /// The language of a BCP 47 tag such as `de-AT`, by its first part, or of its name; none when it is none of ours.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_', ' ', '(']).next()?;
        let word = first.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|it| it.tag() == word || it.names().contains(&word.as_str()))
    }

    /// What it is called in each of ours, in small letters.
    const fn names(self) -> [&'static str; 4] {
        match self {
            Self::English => ["english", "anglais", "englisch", "inglés"],
            Self::French => ["french", "français", "französisch", "francés"],
            Self::German => ["german", "allemand", "deutsch", "alemán"],
            Self::Spanish => ["spanish", "espagnol", "spanisch", "español"],
        }
    }

    /// Why a text is no language as people write one: a tag, several with weights, or the name of one of ours.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what can be written.
    pub fn check(text: &str) -> Result<(), Error> {
        let is_tag = |part: &str| {
            let tag = part.split(';').next().unwrap_or_default().trim();
            let mut parts = tag.split(['-', '_', '.', '@']);
            let first = parts.next().unwrap_or_default();
            let is_one =
                matches!(first.len(), 2 | 3) && first.bytes().all(|it| it.is_ascii_alphabetic());
            let fits = |it: &str| {
                (1..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric())
            };
            tag == "*" || is_one && parts.all(fits)
        };
        if Self::of_tag(text).is_some() || text.split(',').all(is_tag) {
            return Ok(());
        }
        Err(Error::invalid(
            "language",
            "is not one that is known",
            "use a tag such as en, de-AT or pt-BR, or English, French, German or Spanish",
        ))
    }

    /// The first of ours in an `Accept-Language` header, by what its sender likes best.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u32, Self)> = None;
        for part in header.split(',').take(32) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = match weight.trim().strip_prefix("q=") {
                None => 1000,
                Some(it) => match it.trim().parse::<f32>() {
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    Ok(it) if (0.0..=1.0).contains(&it) => (it * 1000.0) as u32,
                    _ => 0,
                },
            };
            if weight > 0
                && let Some(language) = Self::of_tag(tag)
                && best.is_none_or(|it| it.0 < weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|it| it.1)
    }

    /// A day as it is written in this language.
    pub fn day(self, day: Date) -> String {
        let civil = day.civil();
        let month = usize::try_from(civil.month() - 1)
            .ok()
            .and_then(|it| self.months().get(it).copied());
        let (month, day, year) = (month.unwrap_or(""), civil.day(), civil.year());
        match self {
            Self::English => format!("{day} {month} {year}"),
            Self::French if day == 1 => format!("1er {month} {year}"),
            Self::French => format!("{day} {month} {year}"),
            Self::German => format!("{day}. {month} {year}"),
            Self::Spanish => format!("{day} de {month} de {year}"),
        }
    }

    /// An instant as it is written in this language, in a time zone.
    pub fn instant(self, at: Timestamp, zone: &TimeZoneName) -> String {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        let time = instant.to_zoned(zone.zone().clone()).time();
        let day = self.day(Date::of(at, zone));
        format!("{day}, {:02}:{:02}", time.hour(), time.minute())
    }

    const fn months(self) -> [&'static str; 12] {
        match self {
            Self::English => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Self::French => [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            Self::German => [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            Self::Spanish => [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::of_tag(text)
            .ok_or_else(|| Error::invalid("language", "is not one of ours", "say en, fr, de or es"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_answered_in_what_its_owner_likes_best() {
        for (header, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("en;q=0.4, fr;q=0.7", Some(Language::French)),
            ("ja, es;q=0.1", Some(Language::Spanish)),
            ("ja, de;q=0", None),
            ("", None),
            ("*;q=1, en;q=x", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let day: Date = "2026-12-01".parse().unwrap();
        for (text, language) in [
            ("Deutsch", Some(Language::German)),
            ("German (Austria)", Some(Language::German)),
            ("FRANÇAIS", Some(Language::French)),
            ("pt-BR", None),
        ] {
            assert_eq!(Language::of_tag(text), language, "{text}");
        }
        for text in [
            "en",
            "en_US.UTF-8",
            "pt-BR",
            "en-US,en;q=0.9,*;q=0.1",
            "tlh",
            "Español",
        ] {
            assert!(Language::check(text).is_ok(), "{text}");
        }
        for text in ["Klingonisch", "e", "12", "Portuguese"] {
            assert!(Language::check(text).is_err(), "{text}");
        }
        let written = Language::ALL.map(|it| it.day(day));
        assert_eq!(
            written,
            [
                "1 December 2026",
                "1er décembre 2026",
                "1. Dezember 2026",
                "1 de diciembre de 2026"
            ]
        );
    }
}
