//! The page on which people join by themselves.

use usher_core::command::Command;
use usher_core::link::LOCAL_URL;
use usher_core::model::Setting;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::theme::Role;
use crate::words::quoted;

/// The settings of the page, with the options of the command line that set and reset them.
const TERMS: [(Setting, &str, Option<&str>); 4] = [
    (Setting::JoinSlug, "--slug", None),
    (Setting::JoinAllow, "--allow", None),
    (Setting::JoinGroup, "--group", Some("--no-group")),
    (Setting::JoinText, "--text", Some("--no-text")),
];

pub(super) const KIND: Kind = Kind {
    name: "join page",
    sentence: "The page on which people join by themselves: whether it is there, who may, and its link.",
    columns: &[text("What", 12, 0), text("How it is", 40, 1)],
    empty: "",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "change",
            sentence: "Change the page's address, who may join, the group that they enter, and its words.",
            does: change,
        },
        Act {
            key: Key::Char('t'),
            name: "on or off",
            sentence: "Show the plan for turning the page on or off; off, links that it has mailed open nothing.",
            does: turn,
        },
        Act {
            key: Key::Char('l'),
            name: "copy link",
            sentence: "Copy the page's address.",
            does: |_| Doing::CopyJoinLink,
        },
        Act {
            key: Key::Char('P'),
            name: "printable sheet",
            sentence: "Write a sheet to print and hang up, with the address and a QR code of it.",
            does: |_| Doing::JoinSheet,
        },
    ],
};

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let settings = read.settings()?;
    let page = &settings.join;
    let base = settings.public_url.as_deref().unwrap_or(LOCAL_URL);
    let address = page.slug.as_deref().map(|it| format!("{base}/join/{it}"));
    let (state, role) = match (page.on, &address, page.allow.entries()) {
        (false, _, _) => ("off", Role::Muted),
        (true, None, _) => ("on, but it has no address", Role::Danger),
        (true, Some(_), []) => ("on, but nobody may join", Role::Danger),
        (true, Some(_), _) => ("on", Role::Good),
    };
    let allow = match page.allow.entries() {
        [] => "nobody".to_owned(),
        _ if page.allow.is_everybody() => "everybody who has an address".to_owned(),
        entries => entries.join(", "),
    };
    let group = read.setting(Setting::JoinGroup)?.value;
    let item = |what: &str, value: Option<String>| {
        let is_set = value.is_some();
        let cells = vec![what.to_owned(), value.unwrap_or_else(|| "-".to_owned())];
        Item::new(what, cells).looking(if is_set { Role::Plain } else { Role::Muted })
    };
    Ok(Found {
        title: "join page".to_owned(),
        items: vec![
            item("the page", Some(state.to_owned())).looking(role),
            item("link", address),
            item("slug", page.slug.clone()),
            item("may join", Some(allow)),
            item(
                "allow-list",
                Some(page.allow.entries().join(", ")).filter(|it| !it.is_empty()),
            ),
            item("group", group),
            words(page.text.as_deref()),
        ],
        more: false,
    })
}

/// The words of the page in one line; as they are, in a cell behind it.
fn words(text: Option<&str>) -> Item {
    let Some(text) = text else {
        return Item::new("words", vec!["words".to_owned(), "-".to_owned()]).looking(Role::Muted);
    };
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let cells = vec!["words".to_owned(), lines.join(" / "), text.to_owned()];
    Item::new("words", cells)
}

/// What stands in a row of the page; nothing where there is none.
fn stands<'h>(here: &'h Here<'_>, what: &str) -> &'h str {
    let item = here.items.iter().find(|it| it.key == what);
    item.map(|it| {
        if it.cell(2).is_empty() {
            it.cell(1)
        } else {
            it.cell(2)
        }
    })
    .filter(|it| *it != "-")
    .unwrap_or("")
}

fn turn(here: &Here<'_>) -> Doing {
    let on = !stands(here, "the page").starts_with("on");
    plan(vec![(
        Setting::JoinPage,
        Some(if on { "on" } else { "off" }.to_owned()),
    )])
}

fn change(here: &Here<'_>) -> Doing {
    let names = ["slug", "allow-list", "group", "words"];
    let fields = TERMS.iter().zip(names).map(|((setting, ..), name)| {
        let setting = *setting;
        Field::new(name, setting.sentence())
            .with(stands(here, name))
            .offering(match setting {
                Setting::JoinGroup => Offer::Groups,
                _ => Offer::Nothing,
            })
            .checked(move |text| match (setting, text.trim()) {
                // Whether there is such a group shows in the plan.
                (Setting::JoinGroup, _) | (_, "") => Ok(()),
                _ => setting.parse(text).map(|_| ()).map_err(|it| it.to_string()),
            })
    });
    let form = Form::new("The join page", fields.collect(), |fields| {
        let changed = TERMS.iter().zip(fields).filter(|(_, it)| it.is_changed());
        let set: Vec<_> = changed
            .map(|((setting, ..), it)| (*setting, it.given().map(str::to_owned)))
            .collect();
        match set.is_empty() {
            true => Err((0, "nothing is another one now; esc leaves".to_owned())),
            false => Ok(plan(set)),
        }
    });
    Doing::Ask(Box::new(form))
}

fn plan(set: Vec<(Setting, Option<String>)>) -> Doing {
    let mut line = "usher join set".to_owned();
    for (setting, value) in &set {
        let terms = TERMS.iter().find(|it| it.0 == *setting);
        match (terms, value) {
            (None, Some(value)) => line.push_str(&format!(" --{value}")),
            (Some((_, option, _)), Some(value)) => {
                line.push_str(&format!(" {option} {}", quoted(value)));
            }
            (Some((_, _, Some(option))), None) => line.push_str(&format!(" {option}")),
            // The command line resets the others one by one.
            (_, None) => line = format!("usher setting reset {setting} && {line}"),
        }
    }
    if line.ends_with(" && usher join set") {
        line.truncate(line.len() - " && usher join set".len());
    }
    let turns = |to: &str| matches!(set.as_slice(), [(Setting::JoinPage, Some(it))] if it == to);
    let heading = match (turns("on"), turns("off")) {
        (true, _) => "Turn the join page on",
        (_, true) => "Turn the join page off",
        _ => "Change the join page",
    };
    Doing::Plan {
        target: "the page on which people join by themselves".to_owned(),
        wish: Wish::Order(Box::new(Order::new(
            Command::SetJoinPage { set },
            heading,
            line,
        ))),
    }
}
