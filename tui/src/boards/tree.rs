//! Who reports to whom, opened person by person.

use std::collections::BTreeSet;

use usher_core::model::{User, UserId};
use usher_core::query::in_quotes;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::key::Key;

/// How deep the tree is drawn.
const DEEPEST: usize = 40;

pub(super) const KIND: Kind = Kind {
    name: "tree",
    sentence: "Who reports to whom.",
    columns: &[
        text("Name", 34, 3),
        text("Title", 18, 1),
        text("Email", 24, 2),
        text("Status", 9, 0),
    ],
    empty: "nobody reports to anybody; set managers with e on a person",
    read,
    acts: &[
        Act {
            key: Key::Right,
            name: "open",
            sentence: "Show the person's reports.",
            does: |here| turn(here, Some(true)),
        },
        Act {
            key: Key::Left,
            name: "close",
            sentence: "Hide the person's reports.",
            does: |here| turn(here, Some(false)),
        },
        Act {
            key: Key::Tab,
            name: "open or close",
            sentence: "Show or hide the person's reports.",
            does: |here| turn(here, None),
        },
        Act {
            key: Key::Char('h'),
            name: "all below",
            sentence: "List everybody below the person on the screen of people.",
            does: |here| match here.item.map(|it| (it.who, it.cells.get(2))) {
                Some((Some(_), Some(label))) if label.contains('@') => {
                    Doing::People(format!("below:{}", in_quotes(label)))
                }
                Some((Some(user), _)) => Doing::People(format!("below:{user}")),
                _ => Doing::Say("nobody is here".to_owned()),
            },
        },
    ],
};

fn turn(here: &Here<'_>, wanted: Option<bool>) -> Doing {
    let (Topic::Tree(open), Some(item)) = (here.topic, here.item) else {
        return Doing::Say("nobody is here".to_owned());
    };
    let Some(user) = item.who else {
        return Doing::Say("nobody is here".to_owned());
    };
    let is_leaf = !item.cell(0).trim_start().starts_with(['+', '-']);
    if is_leaf {
        return Doing::Say("nobody reports to them".to_owned());
    }
    let mut open = open.clone();
    if wanted.unwrap_or(!open.contains(&user)) {
        open.insert(user);
    } else {
        open.remove(&user);
    }
    Doing::Become(Topic::Tree(open))
}

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Tree(open) = topic else {
        return Ok(Found::default());
    };
    let mut items = Vec::new();
    for root in read.tree_roots()? {
        branch(read, (&root, true), open, 0, limit, &mut items)?;
    }
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(Found {
        title: "who reports to whom".to_owned(),
        items,
        more,
    })
}

fn branch(
    read: &Read<'_>,
    (user, has_reports): (&User, bool),
    open: &BTreeSet<UserId>,
    depth: usize,
    limit: usize,
    items: &mut Vec<Item>,
) -> Result<()> {
    if items.len() > limit || depth > DEEPEST {
        return Ok(());
    }
    let is_open = open.contains(&user.id);
    let sign = match (has_reports, is_open) {
        (false, _) => " ",
        (true, true) => "-",
        (true, false) => "+",
    };
    let cells = vec![
        format!("{}{sign} {}", "  ".repeat(depth), user.name()),
        user.profile.title.clone().unwrap_or_default(),
        user.label(),
        user.status.as_str().to_owned(),
    ];
    items.push(Item::new(user.id, cells).about(user.id));
    if is_open {
        let mut reports = read.reports_of(user.id)?;
        reports.truncate((limit + 1).saturating_sub(items.len()));
        let ids: Vec<_> = reports.iter().map(|it| it.id).collect();
        let managers = read.who_have_reports(&ids)?;
        for report in &reports {
            let has_reports = managers.contains(&report.id);
            branch(read, (report, has_reports), open, depth + 1, limit, items)?;
        }
    }
    Ok(())
}
