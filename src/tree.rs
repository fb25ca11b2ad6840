//! `usher tree`: who reports to whom, drawn level by level. It prints as it walks, so that the first page of a million
//! people comes at once.

use serde_json::json;
use usher_core::Read;
use usher_core::model::{User, UserId};

use crate::args::{Format, TreeArgs};
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, say};

const COLUMNS: &[&str] = &["NAME", "EMAIL", "STATUS", "TITLE", "REPORTS"];
const KEYS: &[&str] = &[
    "id", "user", "name", "status", "title", "depth", "manager", "reports",
];

/// Somebody who is still to be drawn.
struct Branch {
    user: User,
    manager: Option<UserId>,
    depth: usize,
    /// What is drawn in front of them, and in front of whoever is below them.
    lead: String,
    below: String,
}

/// Draws the tree, or the part of it below one person.
pub(crate) fn run(desk: &Desk, args: &TreeArgs) -> Result<()> {
    let read = desk.read()?;
    let roots = match &args.who {
        Some(who) => vec![read.find_user(who)?],
        None => read.tree_roots()?,
    };
    let whole = args.who.is_none();
    let mut stack: Vec<Branch> = roots.into_iter().rev().map(root).collect();
    let mut left = args.limit.limit.unwrap_or(usize::MAX);
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    while let Some(branch) = stack.pop() {
        if left == 0 {
            break;
        }
        left -= 1;
        let reports = read.reports_of(branch.user.id)?;
        listing.row(row(&read, &branch, reports.len())?)?;
        if args.depth.is_none_or(|it| branch.depth < it) {
            let last = reports.len();
            let branches = reports.into_iter().enumerate();
            let branches = branches.map(|(i, user)| under(&branch, user, i + 1 == last));
            let branches: Vec<Branch> = branches.collect();
            stack.extend(branches.into_iter().rev());
        }
    }
    listing.end("nobody reports to anybody")?;
    if whole && desk.format == Format::Table {
        say(
            desk.format,
            "People without a manager and without reports are not drawn; `usher users no:manager` lists them.",
        )?;
    }
    Ok(())
}

fn root(user: User) -> Branch {
    Branch {
        manager: user.manager,
        user,
        depth: 0,
        lead: String::new(),
        below: String::new(),
    }
}

fn under(above: &Branch, user: User, last: bool) -> Branch {
    let (corner, line) = if last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    };
    Branch {
        user,
        manager: Some(above.user.id),
        depth: above.depth + 1,
        lead: format!("{}{corner}", above.below),
        below: format!("{}{line}", above.below),
    }
}

fn row(read: &Read<'_>, branch: &Branch, reports: usize) -> Result<Row> {
    let user = &branch.user;
    let manager = match branch.manager {
        Some(manager) => read.labels_of(&[manager])?.remove(&manager),
        None => None,
    };
    let title = user.profile.title.clone();
    let cells = vec![
        format!("{}{}", branch.lead, user.name()),
        user.label(),
        user.status.to_string(),
        title.clone().unwrap_or_default(),
        if reports == 0 {
            String::new()
        } else {
            reports.to_string()
        },
    ];
    let json = vec![
        ("id", json!(user.id)),
        ("user", json!(user.label())),
        ("name", json!(user.name())),
        ("status", json!(user.status)),
        ("title", json!(title)),
        ("depth", json!(branch.depth)),
        ("manager", json!(manager)),
        ("reports", json!(reports)),
    ];
    Ok(Row { cells, json })
}
