//! `usher group`: groups of people and what their members get. Roles come with `usher group join` or `usher edit`.

use std::collections::HashMap;

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::command::{Command, Edit, GroupEdit};
use usher_core::model::{Budget, Group, GroupCarries, GroupRole, PoolId, TrainingId, UserId};
use usher_core::query::{Expr, GroupName, PageFrom, SortBy, UsersPage};

use crate::args::{CarryCommand, GroupCommand};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, write_one};
use crate::who::selection;

const KEYS: &[&str] = &[
    "id",
    "name",
    "members",
    "trainings",
    "pools",
    "budget",
    "spent",
];
const MEMBER_KEYS: &[&str] = &["id", "user", "name", "status", "role"];
const PAGE: usize = 1_000;

pub(crate) fn run(desk: &Desk, command: GroupCommand) -> Result<()> {
    match command {
        GroupCommand::Add(it) => carry_out(desk, Command::AddGroup { name: it.name }, &it.plan),
        GroupCommand::List => list(desk),
        GroupCommand::Show { name } => show(desk, &name),
        GroupCommand::Rename { name, to, plan } => {
            let set = GroupEdit {
                name: Some(to),
                ..GroupEdit::default()
            };
            carry_out(desk, Command::EditGroup { group: name, set }, &plan)
        }
        GroupCommand::Set { name, budget, plan } => {
            let command = Command::SetGroupBudget {
                group: name,
                seats: budget.0,
            };
            carry_out(desk, command, &plan)
        }
        GroupCommand::Remove(it) => {
            carry_out(desk, Command::RemoveGroup { group: it.name }, &it.plan)
        }
        GroupCommand::Members { name, role, limit } => members(desk, &name, role, limit.limit),
        GroupCommand::Join { name, who, role } => {
            let mut edit = Edit::of(selection(&desk.read()?, &who.who)?);
            edit.add_groups.push((name, role));
            carry_out(desk, Command::Edit(edit), &who.plan)
        }
        GroupCommand::Leave { name, who } => {
            let mut edit = Edit::of(selection(&desk.read()?, &who.who)?);
            edit.remove_groups.push(name);
            carry_out(desk, Command::Edit(edit), &who.plan)
        }
        GroupCommand::Training(command) => carry(desk, command, |what, set, carried| {
            set.trainings.push((what, carried));
        }),
        GroupCommand::Pool(command) => carry(desk, command, |what, set, carried| {
            set.pools.push((what, carried));
        }),
    }
}

/// Lets a group carry something, or no longer.
fn carry<T: Clone + Send + Sync + std::str::FromStr + 'static>(
    desk: &Desk,
    command: CarryCommand<T>,
    mut note: impl FnMut(T, &mut GroupEdit, bool),
) -> Result<()>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let (args, carried) = match command {
        CarryCommand::Add(args) => (args, true),
        CarryCommand::Remove(args) => (args, false),
    };
    let mut set = GroupEdit::default();
    for what in args.what {
        note(what, &mut set, carried);
    }
    let command = Command::EditGroup {
        group: args.group,
        set,
    };
    carry_out(desk, command, &args.plan)
}

/// The names of what groups carry.
struct Carried {
    trainings: HashMap<TrainingId, String>,
    pools: HashMap<PoolId, String>,
}

impl Carried {
    fn load(read: &Read<'_>) -> Result<Self> {
        let pools = read.pools()?.into_iter();
        Ok(Self {
            trainings: read.training_names()?,
            pools: pools
                .map(|it| (it.id, it.name.as_str().to_owned()))
                .collect(),
        })
    }

    fn names(&self, carried: &GroupCarries) -> (Vec<String>, Vec<String>) {
        let trainings = carried.trainings.iter();
        let pools = carried.pools.iter();
        (
            trainings
                .filter_map(|it| self.trainings.get(it).cloned())
                .collect(),
            pools.filter_map(|it| self.pools.get(it).cloned()).collect(),
        )
    }
}

fn object(
    group: &Group,
    trainings: &[String],
    pools: &[String],
    budget: Option<Budget>,
) -> Vec<(&'static str, Value)> {
    vec![
        ("id", json!(group.id)),
        ("name", json!(group.name)),
        ("members", json!(group.members)),
        ("trainings", json!(trainings)),
        ("pools", json!(pools)),
        ("budget", json!(budget.map(|it| it.seats))),
        ("spent", json!(budget.map(|it| it.spent))),
    ]
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let carried = Carried::load(&read)?;
    let columns = &["GROUP", "MEMBERS", "BUDGET", "TRAININGS", "POOLS"];
    let mut listing = Listing::begin(desk.format, columns, KEYS);
    for group in read.groups()? {
        let (trainings, pools) = carried.names(&read.carried_by(group.id)?);
        let budget = read.budget_of(group.id)?;
        let json = object(&group, &trainings, &pools, budget);
        let budget = budget.map(|it| format!("{} of {}", it.spent, it.seats));
        listing.row(Row {
            cells: vec![
                group.name,
                group.members.to_string(),
                budget.unwrap_or_else(|| "-".to_owned()),
                trainings.join(", "),
                pools.join(", "),
            ],
            json,
        })?;
    }
    listing.end("no groups")
}

fn show(desk: &Desk, name: &str) -> Result<()> {
    let read = desk.read()?;
    let group = read.group(name)?;
    let (trainings, pools) = Carried::load(&read)?.names(&read.carried_by(group.id)?);
    let budget = read.budget_of(group.id)?;
    write_one(desk.format, &object(&group, &trainings, &pools, budget))
}

fn members(desk: &Desk, name: &str, role: Option<GroupRole>, limit: Option<usize>) -> Result<()> {
    let read = desk.read()?;
    let group = read.group(name)?;
    let columns = &["ROLE", "STATUS", "NAME", "EMAIL"];
    let mut listing = Listing::begin(desk.format, columns, MEMBER_KEYS);
    let mut page = UsersPage {
        query: match role {
            None => Expr::GroupId(group.id),
            Some(role) => Expr::Role {
                group: Some(GroupName::Id(group.id)),
                role,
            },
        },
        sort: SortBy::Name,
        descending: false,
        from: PageFrom::Start,
        limit: PAGE,
    };
    let mut left = limit.unwrap_or(usize::MAX);
    loop {
        page.limit = PAGE.min(left);
        let users = if left == 0 {
            Vec::new()
        } else {
            read.users(&page)?
        };
        let ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
        let roles = read.roles_in(group.id, &ids)?;
        for user in &users {
            let has = roles.get(&user.id).copied();
            let word = has.map_or("-", GroupRole::as_str);
            listing.row(Row {
                cells: vec![
                    word.to_owned(),
                    user.status.to_string(),
                    user.name(),
                    user.label(),
                ],
                json: vec![
                    ("id", json!(user.id)),
                    ("user", json!(user.label())),
                    ("name", json!(user.name())),
                    ("status", json!(user.status)),
                    ("role", json!(has)),
                ],
            })?;
        }
        match users.last() {
            Some(last) if users.len() == page.limit => {
                left -= users.len();
                page.from = PageFrom::After(last.id);
            }
            _ => return listing.end("nobody"),
        }
    }
}
