//! The members of one group, with their roles.

use usher_core::command::Edit;
use usher_core::model::{GroupRole, UserId};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::people::{Whom, plan};
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
            sentence: "Give the marked members, else this one, another role in this group.",
            does: role,
        },
        Act {
            key: Key::Delete,
            name: "take out",
            sentence: "Take the marked members, else this one, out of this group.",
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

fn leave(here: &Here<'_>) -> Doing {
    let Topic::Members(group) = here.topic else {
        return Doing::Say("nobody is here".to_owned());
    };
    let mut edit = Edit::of(Vec::new());
    edit.remove_groups.push(group.clone());
    here.with_people(|whom| plan(whom, Verb::Edit(Box::new(edit))))
}

fn role(here: &Here<'_>) -> Doing {
    let Topic::Members(group) = here.topic else {
        return Doing::Say("nobody is here".to_owned());
    };
    here.with_people(|whom| ask_role(here, group, whom))
}

fn ask_role(here: &Here<'_>, group: &str, whom: &Whom) -> Doing {
    // Several people may have several roles: none of them is there to begin with.
    let now = here.item.filter(|_| !whom.of_marks).map(|it| it.cell(2));
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
    .with(&now.unwrap_or_default().replace(' ', "_"))
    .checked(|text| {
        GroupRole::from_word(text.trim())
            .map(|_| ())
            .ok_or_else(|| "this is none of the roles".to_owned())
    });
    let called = match here.item.filter(|_| !whom.of_marks) {
        Some(item) => item.cell(0),
        None => whom.words.as_str(),
    };
    let title = format!("Role of {called} in {group}");
    let (group, whom) = (group.to_owned(), whom.clone());
    let form = Form::new(title, vec![field], move |fields| {
        let role = fields
            .first()
            .and_then(|it| GroupRole::from_word(it.text()));
        let role = role.ok_or_else(|| (0, "this is none of the roles".to_owned()))?;
        let mut edit = Edit::of(Vec::new());
        edit.add_groups.push((group.clone(), role));
        Ok(plan(&whom, Verb::Edit(Box::new(edit))))
    });
    Doing::Ask(Box::new(form))
}
