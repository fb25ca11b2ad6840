//! What an organization can set about itself: a closed set of settings, each with its type, its default and one
//! sentence. Values are kept as the canonical text that [`Setting::parse`] returns.

mod required;
mod settings;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::join::{self, JoinAllow};
use super::text::harmless;
use super::{EmailAddress, GroupId, Logo, Name, TimeZoneName};
use crate::error::Error;

pub use required::{Required, RequiredItem};
pub use settings::{SettingValue, Settings};

/// The most days, and the most minutes, that a setting takes: a hundred years, a day.
const MOST_DAYS: u32 = 36_500;
const MOST_MINUTES: u32 = 24 * 60;
/// The most megabytes that a setting takes: a terabyte.
const MOST_MEGABYTES: u32 = 1024 * 1024;
/// The most characters of the organization's own words.
const MOST_WORDS: usize = 2_000;
/// The most rows, cells and seconds that a setting about files takes.
const MOST_ROWS: u32 = 10_000_000;
const MOST_CELLS: u32 = 1_000_000_000;
const MOST_SECONDS: u32 = 3_600;

/// What history says in place of an address whose person was erased. It is no address and no domain.
pub(crate) const ERASED_ENTRY: &str = "(erased)";

/// Something that an organization sets about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Its name.
    OrganizationName,
    /// The zone in which its dates begin.
    TimeZone,
    /// Where providers and people reach the server.
    PublicUrl,
    /// How long deleted people are kept.
    RetentionDays,
    /// How long an invitation's link works.
    InvitationDays,
    /// What must be known of whoever is invited or created.
    RequiredOnInvite,
    /// Whether names are hidden until acceptance.
    NamesAfterAcceptance,
    /// Whether people sign in at an identity provider.
    SingleSignOn,
    /// After how long a console that nobody uses ends.
    IdleMinutes,
    /// What the platform hears of people whose leaving a brake holds.
    AccessWhileHeld,
    /// How long providers' requests are kept.
    InboxDays,
    /// How much of providers' requests is kept.
    InboxMegabytes,
    /// Where people sign in to what their seat is for.
    SignInUrl,
    /// Whom people ask who cannot get in.
    HelpContact,
    /// The organization's own words on the pages of an invitation.
    WelcomeText,
    /// The organization's logo.
    Logo,
    /// Whether there is a join page.
    JoinPage,
    /// The last part of the join page's address.
    JoinSlug,
    /// Who may join by it.
    JoinAllow,
    /// The group that joiners enter.
    JoinGroup,
    /// The organization's own words on it.
    JoinText,
    /// How large a file may be that is imported.
    ImportMegabytes,
    /// How large it may be when unpacked.
    ImportUnpackedMegabytes,
    /// How many rows it may have.
    ImportRows,
    /// How many cells it may have.
    ImportCells,
    /// How large one may be that must be read as a whole.
    ImportWholeMegabytes,
    /// How many rows such a one may have.
    ImportWholeRows,
    /// How much memory reading a file may take.
    ImportMemoryMegabytes,
    /// How much processor time reading a file may take.
    ImportSeconds,
    /// In which language people are written to whose own is not known.
    Language,
    /// How long mails are kept after they went out.
    OutboxDays,
    /// After how many days people are reminded of their invitation.
    Reminders,
    /// How many days ahead people are told that they will be deleted.
    DeletionNoticeDays,
    /// How many mails one person gets within 24 hours, but what administrators are warned of.
    MailsADay,
}

impl Setting {
    /// Every setting, in the order of a listing.
    pub const ALL: [Self; 34] = [
        Self::OrganizationName,
        Self::TimeZone,
        Self::PublicUrl,
        Self::RetentionDays,
        Self::InvitationDays,
        Self::RequiredOnInvite,
        Self::NamesAfterAcceptance,
        Self::SingleSignOn,
        Self::IdleMinutes,
        Self::AccessWhileHeld,
        Self::InboxDays,
        Self::InboxMegabytes,
        Self::SignInUrl,
        Self::HelpContact,
        Self::WelcomeText,
        Self::Logo,
        Self::JoinPage,
        Self::JoinSlug,
        Self::JoinAllow,
        Self::JoinGroup,
        Self::JoinText,
        Self::ImportMegabytes,
        Self::ImportUnpackedMegabytes,
        Self::ImportRows,
        Self::ImportCells,
        Self::ImportWholeMegabytes,
        Self::ImportWholeRows,
        Self::ImportMemoryMegabytes,
        Self::ImportSeconds,
        Self::Language,
        Self::OutboxDays,
        Self::Reminders,
        Self::DeletionNoticeDays,
        Self::MailsADay,
    ];

    /// The word stored, and the name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationName => "organization_name",
            Self::TimeZone => "time_zone",
            Self::PublicUrl => "public_url",
            Self::RetentionDays => "retention_days",
            Self::InvitationDays => "invitation_days",
            Self::RequiredOnInvite => "required_on_invite",
            Self::NamesAfterAcceptance => "names_after_acceptance",
            Self::SingleSignOn => "single_sign_on",
            Self::IdleMinutes => "idle_minutes",
            Self::AccessWhileHeld => "access_while_held",
            Self::InboxDays => "inbox_days",
            Self::InboxMegabytes => "inbox_megabytes",
            Self::SignInUrl => "sign_in_url",
            Self::HelpContact => "help_contact",
            Self::WelcomeText => "welcome_text",
            Self::Logo => "logo",
            Self::JoinPage => "join_page",
            Self::JoinSlug => "join_slug",
            Self::JoinAllow => "join_allow",
            Self::JoinGroup => "join_group",
            Self::JoinText => "join_text",
            Self::ImportMegabytes => "import_megabytes",
            Self::ImportUnpackedMegabytes => "import_unpacked_megabytes",
            Self::ImportRows => "import_rows",
            Self::ImportCells => "import_cells",
            Self::ImportWholeMegabytes => "import_whole_megabytes",
            Self::ImportWholeRows => "import_whole_rows",
            Self::ImportMemoryMegabytes => "import_memory_megabytes",
            Self::ImportSeconds => "import_seconds",
            Self::Language => "language",
            Self::OutboxDays => "outbox_days",
            Self::Reminders => "reminders",
            Self::DeletionNoticeDays => "deletion_notice_days",
            Self::MailsADay => "mails_a_day",
        }
    }

    /// Whether its value is made of addresses, parted by commas: these are people's, and go with them.
    pub(crate) const fn holds_addresses(self) -> bool {
        matches!(self, Self::JoinAllow | Self::HelpContact)
    }

    /// The setting of that word, with `-` or `_`, without regard to case.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// What it is for, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OrganizationName => "The organization's name, as people see it.",
            Self::TimeZone => "The time zone in which dates such as delete-on begin.",
            Self::PublicUrl => {
                "The address under which providers and people reach the server; without it, the one that `serve` listens on."
            }
            Self::RetentionDays => {
                "For how many days deleted people are kept before they are erased."
            }
            Self::InvitationDays => "For how many days the link of an invitation works.",
            Self::RequiredOnInvite => {
                "What must be known of whoever is invited or created; until it is set, an address is enough and the rest is asked for on acceptance."
            }
            Self::NamesAfterAcceptance => {
                "Whether people's names stay hidden until they have accepted: on or off."
            }
            Self::SingleSignOn => {
                "Whether people sign in at an identity provider, without a password of Usher: on or off."
            }
            Self::IdleMinutes => {
                "After how many minutes without a key the console ends; 0 is never."
            }
            Self::AccessWhileHeld => {
                "Whether the platform lets in people whose leaving a brake holds: leaving lets them in and says so, no keeps them out."
            }
            Self::InboxDays => {
                "For how many days providers' requests are kept for `usher idp log`."
            }
            Self::InboxMegabytes => {
                "How many megabytes of providers' requests are kept; the oldest go first."
            }
            Self::SignInUrl => {
                "Where people sign in to what their seat is for; pages and mails lead there."
            }
            Self::HelpContact => "The address that people are told to write to who cannot get in.",
            Self::WelcomeText => {
                "Your own words on the page that an invitation leads to, as plain text."
            }
            Self::Logo => "Your logo on pages and mails: a PNG or JPEG file of at most 64 KiB.",
            Self::JoinPage => "Whether people can join by themselves on a page: on or off.",
            Self::JoinSlug => {
                "The last part of the join page's address; without it, it is made of the organization's name."
            }
            Self::JoinAllow => {
                "Who may join by the page: mail domains, addresses, or * for everybody."
            }
            Self::JoinGroup => "The group that people enter who join by the page.",
            Self::JoinText => "Your own words on the join page, as plain text.",
            Self::ImportMegabytes => "How many megabytes a file may have that is imported.",
            Self::ImportUnpackedMegabytes => {
                "How many megabytes a workbook may hold when it is unpacked."
            }
            Self::ImportRows => "How many rows a csv or xlsx file may have that is imported.",
            Self::ImportCells => "How many cells such a file may have.",
            Self::ImportWholeMegabytes => {
                "How many megabytes an xls or ods file may have, which must be read as a whole."
            }
            Self::ImportWholeRows => "How many rows an xls or ods file may have.",
            Self::ImportMemoryMegabytes => "How many megabytes of memory reading a file may take.",
            Self::ImportSeconds => {
                "How many seconds of processor time reading a file may take, and as many again for every 100,000 rows."
            }
            Self::Language => {
                "The language of mails and pages for people whose own is not known or not ours: en, fr, de or es."
            }
            Self::Reminders => {
                "After how many days, counted from the mail, people are reminded of an invitation that they have not accepted: up to two numbers like 3,7, or off."
            }
            Self::MailsADay => {
                "How many mails one person gets within 24 hours at most, but what warns administrators; 0 is no limit."
            }
            Self::DeletionNoticeDays => {
                "How many days before their delete-on date people are told of it by mail; 0 is not at all."
            }
            Self::OutboxDays => {
                "For how many days mails are listed after they were sent, refused or dropped."
            }
        }
    }

    /// The canonical text of the default; none where there is none.
    pub const fn default_text(self) -> Option<&'static str> {
        match self {
            Self::OrganizationName | Self::TimeZone | Self::PublicUrl => None,
            Self::SignInUrl
            | Self::HelpContact
            | Self::WelcomeText
            | Self::Logo
            | Self::JoinSlug
            | Self::JoinAllow
            | Self::JoinGroup
            | Self::JoinText => None,
            Self::JoinPage => Some("off"),
            Self::RetentionDays => Some("30"),
            Self::InvitationDays => Some("14"),
            Self::RequiredOnInvite => Some("email,first_name,last_name,functional_area"),
            Self::NamesAfterAcceptance | Self::SingleSignOn => Some("off"),
            Self::IdleMinutes => Some("0"),
            Self::AccessWhileHeld => Some("leaving"),
            Self::InboxDays => Some("30"),
            Self::InboxMegabytes => Some("256"),
            Self::ImportMegabytes => Some("64"),
            Self::ImportUnpackedMegabytes => Some("1024"),
            Self::ImportRows => Some("1048576"),
            Self::ImportCells => Some("16000000"),
            Self::ImportWholeMegabytes => Some("10"),
            Self::ImportWholeRows => Some("50000"),
            Self::ImportMemoryMegabytes => Some("256"),
            Self::ImportSeconds => Some("10"),
            Self::Language => Some("en"),
            Self::OutboxDays => Some("90"),
            Self::Reminders => Some("off"),
            Self::DeletionNoticeDays => Some("0"),
            Self::MailsADay => Some("10"),
        }
    }

    /// Checks a value and makes it canonical.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the setting and what to do.
    pub fn parse(self, text: &str) -> Result<String, Error> {
        match self {
            Self::OrganizationName => Name::parse("organization name", text)?
                .map(Name::into_string)
                .ok_or_else(|| self.invalid("is empty", "give it one")),
            Self::TimeZone => text.parse::<TimeZoneName>().map(|it| it.to_string()),
            Self::PublicUrl => public_url(text).ok_or_else(|| {
                self.invalid(
                    "is not an address",
                    "write it like https://usher.corp.example",
                )
            }),
            Self::RetentionDays => self.number(text, 0, MOST_DAYS),
            Self::InvitationDays => self.number(text, 1, MOST_DAYS),
            Self::IdleMinutes => self.number(text, 0, MOST_MINUTES),
            Self::InboxDays => self.number(text, 1, MOST_DAYS),
            Self::InboxMegabytes => self.number(text, 1, MOST_MEGABYTES),
            Self::ImportMegabytes => self.number(text, 1, MOST_MEGABYTES),
            Self::ImportUnpackedMegabytes => self.number(text, 1, MOST_MEGABYTES),
            Self::ImportRows => self.number(text, 1, MOST_ROWS),
            Self::ImportCells => self.number(text, 1, MOST_CELLS),
            Self::ImportWholeMegabytes => self.number(text, 1, MOST_MEGABYTES),
            Self::ImportWholeRows => self.number(text, 1, MOST_ROWS),
            Self::ImportMemoryMegabytes => self.number(text, 64, MOST_MEGABYTES),
            Self::ImportSeconds => self.number(text, 1, MOST_SECONDS),
            Self::OutboxDays => self.number(text, 1, MOST_DAYS),
            Self::DeletionNoticeDays => self.number(text, 0, 365),
            Self::MailsADay => self.number(text, 0, 1_000),
            Self::Reminders => match reminders(text) {
                Some(days) if days.is_empty() => Ok("off".to_owned()),
                Some(days) => {
                    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
                    Ok(days.join(","))
                }
                None => Err(self.invalid(
                    "is no such rule",
                    "write one or two numbers of days from 1 to 365, the second larger, like 3,7; or off",
                )),
            },
            Self::Language => text.parse::<super::Language>().map(|it| it.to_string()),
            Self::AccessWhileHeld => match text.trim().to_ascii_lowercase().as_str() {
                "leaving" => Ok("leaving".to_owned()),
                "no" => Ok("no".to_owned()),
                _ => Err(self.invalid("is neither leaving nor no", "say leaving or no")),
            },
            Self::RequiredOnInvite => Required::parse(text).map(|it| it.to_string()),
            Self::SignInUrl => public_url(text).ok_or_else(|| {
                self.invalid(
                    "is not an address",
                    "write it like https://academy.corp.example/login",
                )
            }),
            Self::HelpContact => text
                .parse::<EmailAddress>()
                .map(|it| it.as_str().to_owned()),
            Self::WelcomeText | Self::JoinText => self.words(text),
            Self::Logo => Logo::parse(text).map(|it| it.to_string()),
            Self::JoinSlug => join::slug(text).ok_or_else(|| {
                self.invalid(
                    "is not a slug",
                    "use 2 to 64 small letters, digits and single hyphens between them",
                )
            }),
            Self::JoinAllow => JoinAllow::parse(text).map(|it| it.to_string()),
            // By id: a group of that name made later is another group. The command looks the name up.
            Self::JoinGroup => text
                .parse::<GroupId>()
                .map(|it| it.to_string())
                .map_err(|_| self.invalid("is no group", "name one that there is")),
            Self::NamesAfterAcceptance | Self::SingleSignOn | Self::JoinPage => {
                match text.trim().to_ascii_lowercase().as_str() {
                    "on" | "true" | "yes" => Ok("on".to_owned()),
                    "off" | "false" | "no" => Ok("off".to_owned()),
                    _ => Err(self.invalid("is neither on nor off", "say on or off")),
                }
            }
        }
    }

    /// Several lines of plain text.
    fn words(self, text: &str) -> Result<String, Error> {
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        if lines.iter().any(|it| harmless(it) != *it) {
            return Err(self.invalid(
                "has control or invisible characters",
                "type it again without them",
            ));
        }
        let text = lines.join("\n");
        if text.is_empty() {
            return Err(self.invalid("is empty", "reset it to have none"));
        }
        if text.chars().count() > MOST_WORDS {
            return Err(self.invalid("is longer than 2000 characters", "shorten it"));
        }
        Ok(text)
    }

    /// A value as it is shown: a picture is said in words.
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Logo => {
                Logo::parse(text).map_or(Cow::Borrowed(text), |it| Cow::Owned(it.summary()))
            }
            _ => Cow::Borrowed(text),
        }
    }

    fn number(self, text: &str, least: u32, most: u32) -> Result<String, Error> {
        text.trim()
            .parse::<u32>()
            .ok()
            .filter(|it| (least..=most).contains(it))
            .map(|it| it.to_string())
            .ok_or_else(|| {
                self.invalid(
                    "is not such a number",
                    &format!("give a whole number from {least} to {most}"),
                )
            })
    }

    fn invalid(self, why: &str, remedy: &str) -> Error {
        Error::invalid(self.to_string(), why, remedy)
    }
}

/// As people type it: `public-url`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', "-"))
    }
}

/// The days after which people are reminded, at most two; none of them for off.
fn reminders(text: &str) -> Option<Vec<u32>> {
    if matches!(text.trim().to_ascii_lowercase().as_str(), "off" | "no" | "") {
        return Some(Vec::new());
    }
    let days: Option<Vec<u32>> = text
        .split([',', ' ', ';'])
        .filter(|it| !it.is_empty())
        .map(|it| it.parse().ok().filter(|it| (1..=365).contains(it)))
        .collect();
    days.filter(|it| it.len() <= 2 && it.is_sorted_by(|a, b| a < b))
}

/// An `http` or `https` address without a slash at its end.
fn public_url(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let fits = |c: char| c.is_ascii_graphic() && !"\"<>\\?#@".contains(c);
    (!host.is_empty() && !host.starts_with('/') && host.chars().all(fits)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Limits;

    #[test]
    fn every_default_is_canonical_and_every_name_is_read_back() {
        for setting in Setting::ALL {
            assert_eq!(Setting::from_word(&setting.to_string()), Some(setting));
            assert_eq!(Setting::from_word(setting.as_str()), Some(setting));
            if let Some(text) = setting.default_text() {
                assert_eq!(setting.parse(text).ok().as_deref(), Some(text), "{setting}");
            }
            assert!(setting.sentence().ends_with('.'));
        }
    }

    #[test]
    fn what_reading_a_file_may_cost_is_as_agreed_by_default() {
        let zone = "UTC".parse().expect("a zone");
        let settings = Settings::of("Acme".into(), zone, &[]);
        assert_eq!(settings.import, Limits::default());
    }

    #[test]
    fn a_value_is_made_canonical_or_refused_with_what_to_do() {
        let good = [
            (
                Setting::PublicUrl,
                "https://u.example/",
                "https://u.example",
            ),
            (Setting::SingleSignOn, " Yes ", "on"),
            (Setting::RetentionDays, " 090", "90"),
            (Setting::TimeZone, "Europe/Berlin", "Europe/Berlin"),
            (
                Setting::RequiredOnInvite,
                "Area, first name;GROUP, ,area",
                "email,first_name,functional_area,group",
            ),
            (Setting::RequiredOnInvite, "", "email"),
        ];
        for (setting, text, canonical) in good {
            assert_eq!(
                setting.parse(text).ok().as_deref(),
                Some(canonical),
                "{text}"
            );
        }
        let bad = [
            (Setting::PublicUrl, "usher.example"),
            (Setting::PublicUrl, "https://a b"),
            (Setting::PublicUrl, "https:///x"),
            (Setting::SingleSignOn, "maybe"),
            (Setting::RetentionDays, "-1"),
            (Setting::RetentionDays, "99999999999"),
            (Setting::InvitationDays, "0"),
            (Setting::TimeZone, "Middle/Earth"),
            (Setting::RequiredOnInvite, "labels"),
            (Setting::OrganizationName, " "),
        ];
        for (setting, text) in bad {
            assert!(setting.parse(text).is_err(), "{setting} {text}");
        }
    }
}
