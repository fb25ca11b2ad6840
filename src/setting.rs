//! `usher setting`: what the organization has set about itself.

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{LARGEST_LOGO, Logo, Setting, SettingValue};

use crate::args::{PlanArgs, SettingArgs, SettingCommand};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say, write_one};
use crate::public_url::TAKEN_ON_START;

const COLUMNS: &[&str] = &["SETTING", "VALUE", "", "WHAT IT IS"];
const KEYS: &[&str] = &["name", "value", "default", "is_default", "sentence"];

pub(crate) fn run(desk: &Desk, args: SettingArgs) -> Result<()> {
    match (args.command, args.name, args.value) {
        (Some(SettingCommand::List), ..) | (None, None, _) => list(desk),
        (Some(SettingCommand::Get { name }), ..) | (None, Some(name), None) => get(desk, name),
        (Some(SettingCommand::Set { name, value, plan }), ..) => {
            set(desk, name, Some(value), &plan)
        }
        (Some(SettingCommand::Reset { name, plan }), ..) => set(desk, name, None, &plan),
        (None, Some(name), value) => set(desk, name, value, &args.plan),
    }
}

fn set(desk: &Desk, setting: Setting, value: Option<String>, plan: &PlanArgs) -> Result<()> {
    let value = match value {
        Some(file) if setting == Setting::Logo => Some(logo(Path::new(&file))?),
        value => value,
    };
    carry_out(desk, Command::SetSetting { setting, value }, plan)?;
    if setting == Setting::PublicUrl && !plan.plan {
        say(desk.format, TAKEN_ON_START)?;
    }
    Ok(())
}

/// The picture in a file, as the setting keeps it.
fn logo(file: &Path) -> Result<String> {
    let cannot =
        |why: &dyn Display| Failure::refused(format!("cannot read {}: {why}", file.display()));
    let opened = File::open(file).map_err(|it| cannot(&it))?;
    let mut bytes = Vec::new();
    // One more than may be, so that a larger file is refused and not read.
    let most = opened.take(LARGEST_LOGO + 1).read_to_end(&mut bytes);
    most.map_err(|it| cannot(&it))?;
    Ok(Logo::new(bytes)?.to_string())
}

fn get(desk: &Desk, setting: Setting) -> Result<()> {
    write_one(desk.format, &object(&desk.read()?.setting(setting)?))
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for setting in Setting::ALL {
        let value = read.setting(setting)?;
        let cells = vec![
            setting.to_string(),
            value
                .value
                .as_deref()
                .map_or_else(|| "-".to_owned(), |it| setting.shown(it).into_owned()),
            if value.is_default { "default" } else { "" }.to_owned(),
            setting.sentence().to_owned(),
        ];
        listing.row(Row {
            cells,
            json: object(&value),
        })?;
    }
    listing.end("no settings")
}

fn object(value: &SettingValue) -> Vec<(&'static str, Value)> {
    let setting = value.setting;
    vec![
        ("name", json!(setting.as_str())),
        ("value", typed(setting, value.value.as_deref())),
        ("default", typed(setting, setting.default_text())),
        ("is_default", json!(value.is_default)),
        ("sentence", json!(setting.sentence())),
    ]
}

/// The value as a program wants it: a number, true or false, a list, or text.
fn typed(setting: Setting, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match setting {
        Setting::RetentionDays
        | Setting::InvitationDays
        | Setting::IdleMinutes
        | Setting::InboxDays
        | Setting::InboxMegabytes
        | Setting::OutboxDays
        | Setting::DeletionNoticeDays
        | Setting::MailsADay
        | Setting::ImportMegabytes
        | Setting::ImportUnpackedMegabytes
        | Setting::ImportRows
        | Setting::ImportCells
        | Setting::ImportWholeMegabytes
        | Setting::ImportWholeRows
        | Setting::ImportMemoryMegabytes
        | Setting::ImportSeconds => text
            .parse::<u32>()
            .map_or_else(|_| json!(text), |it| json!(it)),
        Setting::NamesAfterAcceptance | Setting::SingleSignOn | Setting::JoinPage => {
            json!(text == "on")
        }
        Setting::RequiredOnInvite | Setting::JoinAllow => {
            json!(text.split(',').collect::<Vec<_>>())
        }
        Setting::OrganizationName
        | Setting::TimeZone
        | Setting::PublicUrl
        | Setting::AccessWhileHeld
        | Setting::SignInUrl
        | Setting::HelpContact
        | Setting::WelcomeText
        | Setting::Logo
        | Setting::JoinSlug
        | Setting::JoinGroup
        | Setting::JoinText
        | Setting::Language
        | Setting::Reminders => json!(text),
    }
}
