//! Who acts for the organization, and what they may do.

use usher_core::model::Permission;
use usher_core::{Read, Result, Selection};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::Wish;
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::verb::Verb;

pub(super) const KIND: Kind = Kind {
    name: "administrators",
    sentence: "Who acts for the organization, and what they may.",
    columns: &[
        text("Name", 18, 1),
        text("Email", 24, 1),
        text("May", 24, 2),
        text("Status", 9, 0),
        text("System users", 14, 0),
    ],
    empty: "nobody acts for the organization",
    read,
    acts: &[Act {
        key: Key::Char('='),
        name: "permissions",
        sentence: "Give the person permissions, or take them.",
        does: permissions,
    }],
};

const WORDS: &[&str] = &[
    "owner",
    "manage_users",
    "manage_assignments",
    "manage_reports",
    "authorized_purchaser",
];

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let all = read.administrators()?;
    let more = all.len() > limit;
    let items = all.into_iter().take(limit).map(|it| {
        let may: Vec<_> = it.permissions.iter().map(|it| it.as_str()).collect();
        let cells = vec![
            it.user.name(),
            it.user.label(),
            may.join(", "),
            it.user.status.as_str().to_owned(),
            it.system_users.join(", "),
        ];
        Item::new(it.user.id, cells).about(it.user.id)
    });
    Ok(Found {
        title: "administrators".to_owned(),
        items: items.collect(),
        more,
    })
}

fn permissions(here: &Here<'_>) -> Doing {
    let Some((item, user)) = here.item.and_then(|it| Some((it.clone(), it.who?))) else {
        return Doing::Say("nobody is here".to_owned());
    };
    let known = |text: &str| parsed(text).map(|_| ());
    let fields = vec![
        Field::new("give", WORDS.join(", "))
            .offering(Offer::Words(WORDS))
            .checked(known),
        Field::new("take", WORDS.join(", "))
            .offering(Offer::Words(WORDS))
            .checked(known),
    ];
    let title = format!("Permissions of {}", item.cell(1));
    let form = Form::new(title, fields, move |fields| {
        let said = |i: usize| parsed(fields.get(i).map_or("", Field::text)).map_err(|why| (i, why));
        let (give, take) = (said(0)?, said(1)?);
        let verb = match (give.is_empty(), take.is_empty()) {
            (false, true) => Verb::Permit(give),
            (true, false) => Verb::Forbid(take),
            _ => return Err((0, "give or take: one of the two at a time".to_owned())),
        };
        Ok(Doing::Plan {
            target: format!("{} <{}>", item.cell(0), item.cell(1)),
            wish: Wish::People {
                verb,
                who: Selection::from(user),
                typed: None,
            },
        })
    });
    Doing::Ask(Box::new(form))
}

fn parsed(text: &str) -> std::result::Result<Vec<Permission>, String> {
    let words = text.split([',', ';', ' ']).filter(|it| !it.is_empty());
    words
        .map(|it| Permission::from_word(it).ok_or_else(|| format!("there is no {it}")))
        .collect()
}
