//! What the organization has set about itself.

use usher_core::command::Command;
use usher_core::model::Setting;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::theme::Role;
use crate::words::quoted;

pub(super) const KIND: Kind = Kind {
    name: "settings",
    sentence: "What the organization has set about itself.",
    columns: &[
        text("Setting", 23, 0),
        text("Value", 22, 1),
        text("", 8, 0),
        text("What it is", 24, 2),
    ],
    empty: "",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "set",
            sentence: "Give the setting another value.",
            does: set,
        },
        Act {
            key: Key::Delete,
            name: "default",
            sentence: "Go back to the default.",
            does: |here| with(here, |setting| plan(setting, None)),
        },
    ],
};

fn with(here: &Here<'_>, does: impl FnOnce(Setting) -> Doing) -> Doing {
    match here.item.and_then(|it| Setting::from_word(&it.key)) {
        Some(setting) => does(setting),
        None => Doing::Say("there is no setting here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let mut items = Vec::new();
    for setting in Setting::ALL {
        let it = read.setting(setting)?;
        let cells = vec![
            setting.to_string(),
            it.value.unwrap_or_else(|| "-".to_owned()),
            if it.is_default { "default" } else { "" }.to_owned(),
            setting.sentence().to_owned(),
        ];
        let role = if it.is_default {
            Role::Muted
        } else {
            Role::Plain
        };
        items.push(Item::new(setting, cells).looking(role));
    }
    Ok(Found {
        title: "settings".to_owned(),
        items,
        more: false,
    })
}

fn set(here: &Here<'_>) -> Doing {
    let value = match here.item.map_or("", |it| it.cell(1)) {
        "-" => String::new(),
        value => value.to_owned(),
    };
    with(here, |setting| {
        let words: &'static [&'static str] = match setting {
            Setting::NamesAfterAcceptance | Setting::SingleSignOn | Setting::JoinPage => {
                &["on", "off"]
            }
            _ => &[],
        };
        let field = Field::new("value", setting.sentence())
            .with(&value)
            .offering(Offer::Words(words))
            .checked(move |text| match setting {
                // Whether there is such a group shows in the plan.
                Setting::JoinGroup => Ok(()),
                _ => setting.parse(text).map(|_| ()).map_err(|it| it.to_string()),
            });
        let form = Form::new(setting.to_string(), vec![field], move |fields| {
            let value = fields.first().map_or("", Field::text);
            Ok(plan(setting, Some(value.to_owned())))
        });
        Doing::Ask(Box::new(form))
    })
}

fn plan(setting: Setting, value: Option<String>) -> Doing {
    let (heading, line) = match &value {
        Some(value) => (
            format!("Set {setting} to {value}"),
            format!("usher setting set {setting} {}", quoted(value)),
        ),
        None => (
            format!("Set {setting} back to its default"),
            format!("usher setting reset {setting}"),
        ),
    };
    Doing::Plan {
        target: setting.sentence().to_owned(),
        wish: Wish::Order(Box::new(Order::new(
            Command::SetSetting { setting, value },
            heading,
            line,
        ))),
    }
}
