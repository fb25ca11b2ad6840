//! All settings as they stand, each in its type.

use super::{Required, Setting, reminders};
use crate::import::Limits;
use crate::model::{JoinAllow, JoinPage, Language, TimeZoneName};

/// A setting as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingValue {
    /// Which.
    pub setting: Setting,
    /// Its canonical text; none where nothing is set and there is no default.
    pub value: Option<String>,
    /// Whether nobody has set it.
    pub is_default: bool,
}

/// Every setting, typed, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The organization's name.
    pub organization_name: String,
    /// The zone in which dates begin.
    pub time_zone: TimeZoneName,
    /// Where the server is reached, without a slash at its end; none: where it listens.
    pub public_url: Option<String>,
    /// Days for which deleted people are kept.
    pub retention_days: u32,
    /// Days for which an invitation's link works.
    pub invitation_days: u32,
    /// What must be known of whoever is invited or created.
    pub required_on_invite: Required,
    /// Whether somebody has set what is required: then whoever lacks it is skipped, and not only asked later.
    pub required_is_set: bool,
    /// Whether names stay hidden until acceptance.
    pub names_after_acceptance: bool,
    /// Whether people sign in at an identity provider.
    pub single_sign_on: bool,
    /// Minutes without a key after which the console ends; 0 is never.
    pub idle_minutes: u32,
    /// Whether the platform keeps out people whose leaving a brake holds.
    pub held_stay_out: bool,
    /// Days for which providers' requests are kept.
    pub inbox_days: u32,
    /// Megabytes of providers' requests that are kept.
    pub inbox_megabytes: u32,
    /// Where people sign in to what their seat is for.
    pub sign_in_url: Option<String>,
    /// Whom people ask who cannot get in.
    pub help_contact: Option<String>,
    /// The organization's own words on the pages of an invitation.
    pub welcome_text: Option<String>,
    /// Whether there is a logo.
    pub has_logo: bool,
    /// The join page.
    pub join: JoinPage,
    /// What reading a file may cost.
    pub import: Limits,
    /// The language of mails and pages for people whose own is not known.
    pub language: Language,
    /// Days for which mails are listed after they were settled.
    pub outbox_days: u32,
    /// After how many days people are reminded of their invitation, at most two; none when they are not.
    pub reminders: Vec<u32>,
    /// How many days ahead people are told that they will be deleted; 0 when they are not.
    pub deletion_notice_days: u32,
    /// The most mails to one person within 24 hours; none is no limit.
    pub mails_a_day: Option<u32>,
}

impl Settings {
    /// The settings of these values; one whose text cannot be read any more counts as not set.
    pub(crate) fn of(
        organization_name: String,
        time_zone: TimeZoneName,
        values: &[(Setting, String)],
    ) -> Self {
        let set = |setting: Setting| {
            values
                .iter()
                .find(|it| it.0 == setting)
                .map(|it| it.1.as_str())
        };
        let text = |setting: Setting| set(setting).or(setting.default_text()).unwrap_or_default();
        let number = |setting: Setting| {
            let default = setting.default_text().and_then(|it| it.parse().ok());
            text(setting).parse().ok().or(default).unwrap_or(0)
        };
        let is_on = |setting: Setting| text(setting) == "on";
        Self {
            organization_name,
            time_zone,
            public_url: set(Setting::PublicUrl).map(str::to_owned),
            retention_days: number(Setting::RetentionDays),
            invitation_days: number(Setting::InvitationDays),
            required_on_invite: Required::parse(text(Setting::RequiredOnInvite))
                .unwrap_or_else(|_| Required::by_default()),
            required_is_set: set(Setting::RequiredOnInvite).is_some(),
            names_after_acceptance: is_on(Setting::NamesAfterAcceptance),
            single_sign_on: is_on(Setting::SingleSignOn),
            idle_minutes: number(Setting::IdleMinutes),
            held_stay_out: text(Setting::AccessWhileHeld) == "no",
            inbox_days: number(Setting::InboxDays),
            inbox_megabytes: number(Setting::InboxMegabytes),
            sign_in_url: set(Setting::SignInUrl).map(str::to_owned),
            help_contact: set(Setting::HelpContact).map(str::to_owned),
            welcome_text: set(Setting::WelcomeText).map(str::to_owned),
            has_logo: set(Setting::Logo).is_some(),
            join: JoinPage {
                on: is_on(Setting::JoinPage),
                slug: set(Setting::JoinSlug).map(str::to_owned),
                allow: JoinAllow::parse(text(Setting::JoinAllow)).unwrap_or_default(),
                group: set(Setting::JoinGroup).and_then(|it| it.parse().ok()),
                text: set(Setting::JoinText).map(str::to_owned),
            },
            import: {
                let mebibytes = |setting| u64::from(number(setting)) << 20;
                Limits {
                    file: mebibytes(Setting::ImportMegabytes),
                    inflated: mebibytes(Setting::ImportUnpackedMegabytes),
                    rows: number(Setting::ImportRows),
                    cells: number(Setting::ImportCells).into(),
                    whole_file: mebibytes(Setting::ImportWholeMegabytes),
                    whole_rows: number(Setting::ImportWholeRows),
                    memory: mebibytes(Setting::ImportMemoryMegabytes),
                    seconds: number(Setting::ImportSeconds).into(),
                }
            },
            outbox_days: number(Setting::OutboxDays),
            reminders: reminders(text(Setting::Reminders)).unwrap_or_default(),
            deletion_notice_days: number(Setting::DeletionNoticeDays),
            mails_a_day: Some(number(Setting::MailsADay)).filter(|it| *it > 0),
            language: Language::of_tag(text(Setting::Language)).unwrap_or_default(),
        }
    }
}
