//! The members of one group, with their roles.

use usher_core::command::Edit;
use usher_core::model::{GroupRole, UserId};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};
use usher_core::{Read, Result, Selection};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::Wish;
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::verb::Verb;

pub(super) const KIND: Kind = Kind {
    name: "members",
    sentence: "The members of one group, with their roles.",
    columns: &[
        text("Name", 20, 1),
        text("Email", 24, 2),
        text("Role", 18, 0),
        text("Status", 9, 0),
    ],
    empty: "nobody is in this group",
    read,
    acts: &[
        Act {
            key: Key::Char('='),
            name: "role",
            sentence: "Give the member another role in this group.",
            does: role,
        },
        Act {
            key: Key::Delete,
            name: "take out",
            sentence: "Take the member out of this group.",
            does: leave,
        },
    ],
};

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Members(name) = topic else {
        return Ok(Found::default());
    };
    let group = read.group(name)?;
    let mut users = read.users(&UsersPage {
        query: Expr::GroupId(group.id),
        sort: SortBy::Name,
        descending: false,
        from: PageFrom::Start,
        limit: limit + 1,
    })?;
    let more = users.len() > limit;
    users.truncate(limit);
    let ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
    let roles = read.roles_in(group.id, &ids)?;
    let rows = users.iter().map(|user| {
        let cells = vec![
            user.name(),
            user.label(),
            roles
                .get(&user.id)
                .map_or("-", |it| it.as_str())
                .replace('_', " "),
            user.status.as_str().to_owned(),
        ];
        Item::new(user.id, cells).about(user.id)
    });
    Ok(Found {
        title: format!("group {}", group.name),
        items: rows.collect(),
        more,
    })
}

fn of<'a>(here: &Here<'a>) -> Option<(&'a str, &'a Item, UserId)> {
    let Topic::Members(group) = here.topic else {
        return None;
    };
    let item = here.item?;
    Some((group, item, item.who?))
}

fn plan(item: &Item, user: UserId, edit: Edit) -> Doing {
    Doing::Plan {
        target: format!("{} <{}>", item.cell(0), item.cell(1)),
        wish: Wish::People {
            verb: Verb::Edit(Box::new(edit)),
            who: Selection::from(user),
            typed: None,
        },
    }
}

fn leave(here: &Here<'_>) -> Doing {
    let Some((group, item, user)) = of(here) else {
        return Doing::Say("nobody is here".to_owned());
    };
    let mut edit = Edit::of(user);
    edit.remove_groups.push(group.to_owned());
    plan(item, user, edit)
}

fn role(here: &Here<'_>) -> Doing {
    let Some((group, item, user)) = of(here) else {
        return Doing::Say("nobody is here".to_owned());
    };
    let field = Field::new(
        "role",
        "learner, coach, author, user_administrator or administrator",
    )
    .offering(Offer::Words(&[
        "learner",
        "coach",
        "author",
        "user_administrator",
        "administrator",
    ]))
    .with(&item.cell(2).replace(' ', "_"))
    .checked(|text| {
        GroupRole::from_word(text.trim())
            .map(|_| ())
            .ok_or_else(|| "this is none of the roles".to_owned())
    });
    let (group, item) = (group.to_owned(), item.clone());
    let title = format!("Role of {} in {group}", item.cell(0));
    let form = Form::new(title, vec![field], move |fields| {
        let role = fields
            .first()
            .and_then(|it| GroupRole::from_word(it.text()));
        let role = role.ok_or_else(|| (0, "this is none of the roles".to_owned()))?;
        let mut edit = Edit::of(user);
        edit.add_groups.push((group.clone(), role));
        Ok(plan(&item, user, edit))
    });
    Doing::Ask(Box::new(form))
}
