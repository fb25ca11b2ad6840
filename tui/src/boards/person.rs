//! One person: profile, seats, groups, what they have to learn, who reports to them, and everything that ever happened
//! to them.

use std::collections::HashMap;

use usher_core::directory::HistoryPage;
use usher_core::model::{Hold, InvitationState, PoolId, User, UserId};
use usher_core::{Error, Read, Result};

use super::Topic;
use crate::board::{Found, Item, Kind, text};
use crate::names::{self, Settable};
use crate::summary::in_words;
use crate::theme::Role;
use crate::words;
use crate::zone::Zone;

/// Most reports that are listed here; all of them are on the screen of people.
const MOST_REPORTS: usize = 50;

pub(super) const KIND: Kind = Kind {
    name: "person",
    sentence: "One person, with everything that happened to them.",
    columns: &[text("", 17, 0), text("", 36, 3), text("", 20, 2)],
    empty: "",
    read,
    acts: &[],
};

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let Topic::Person(id) = topic else {
        return Ok(Found::default());
    };
    let Some(user) = read.user(*id)? else {
        return Err(Error::not_found("user", id));
    };
    let mut items = Vec::new();
    profile(read, &user, &mut items)?;
    standing(read, &user, &mut items)?;
    licenses(read, user.id, &mut items)?;
    groups(read, user.id, &mut items)?;
    assignments(read, user.id, &mut items)?;
    reports(read, user.id, &mut items)?;
    let more = timeline(read, user.id, limit, &mut items)?;
    Ok(Found {
        title: format!(
            "{} · {}",
            user.name(),
            user.status.as_str().replace('_', " ")
        ),
        items,
        more,
    })
}

fn row(section: &str, cells: [String; 3]) -> Item {
    let key = format!("{section} {}", cells.first().map_or("", String::as_str));
    Item::new(key, cells.into())
}

fn profile(read: &Read<'_>, user: &User, items: &mut Vec<Item>) -> Result<()> {
    items.push(Item::heading("Profile"));
    let fields = names::fields(read, user.id)?;
    for (what, value) in &fields.values {
        let label = match what {
            Settable::Field(field) => field.as_str().replace('_', " "),
            Settable::Manager => "manager".to_owned(),
            Settable::Custom(name) => name.clone(),
        };
        let is_address = label == "email";
        let owner = fields.owner_of(what);
        if value.is_empty() && !is_address && owner.is_none() {
            continue;
        }
        let opens = match (what, user.manager) {
            (Settable::Manager, Some(manager)) => Some(Topic::Person(manager)),
            _ => None,
        };
        let owned = owner.map(|it| format!("owned by {it}"));
        let item = row("profile", [label, value.clone(), owned.unwrap_or_default()]);
        items.push(Item { opens, ..item });
    }
    Ok(())
}

fn standing(read: &Read<'_>, user: &User, items: &mut Vec<Item>) -> Result<()> {
    items.push(Item::heading("Standing"));
    let zone = Zone::of(read)?;
    let mut say = |label: &str, value: String, note: String| {
        items.push(row("standing", [label.to_owned(), value, note]));
    };
    say(
        "status",
        user.status.as_str().replace('_', " "),
        String::new(),
    );
    if let Some(invitation) = read.invitation(user.id)? {
        let note = match invitation.state {
            InvitationState::Pending => format!("link until {}", zone.day(invitation.expires_at)),
            _ => String::new(),
        };
        let mailed = invitation
            .send_on
            .map(|it| format!(", mailed on {it}"))
            .unwrap_or_default();
        say(
            "invitation",
            invitation.state.as_str().to_owned(),
            format!("{note}{mailed}"),
        );
    }
    let permissions = read.permissions_of(user.id)?;
    if !permissions.is_empty() {
        let words: Vec<_> = permissions.iter().map(|it| it.as_str()).collect();
        say("may", words.join(", ").replace('_', " "), String::new());
    }
    if user.protected {
        let why = "only owners may take this person off".to_owned();
        say("protected", "yes".to_owned(), why);
    }
    if let Some(connection) = user.connection {
        let connection = read.connection_by_id(connection)?;
        say(
            "provider",
            connection.map(|it| it.name).unwrap_or_default(),
            String::new(),
        );
    }
    let seen = user
        .last_seen_at
        .map_or_else(|| "never".to_owned(), |it| zone.minute(it));
    say("last seen", seen, String::new());
    say("created", zone.minute(user.created_at), String::new());
    say("id", user.id.to_string(), String::new());
    Ok(())
}

fn licenses(read: &Read<'_>, user: UserId, items: &mut Vec<Item>) -> Result<()> {
    let held = read.licenses_of(&[user])?;
    if held.is_empty() {
        return Ok(());
    }
    items.push(Item::heading("Licenses"));
    let pools: HashMap<PoolId, _> = read
        .pools()?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let ends = read.license_ends_of(&[user])?;
    for license in held {
        let Some(name) = pools.get(&license.pool) else {
            continue;
        };
        let how = match license.hold {
            Hold::Queued(_) => match read.queue_position(license.pool, user)? {
                Some(place) => format!("queued, number {place}"),
                None => "queued".to_owned(),
            },
            other => other.as_str().to_owned(),
        };
        let end = ends.iter().find(|(_, pool, _)| *pool == license.pool);
        let until = end.map(|(_, _, day)| format!("until {day}"));
        let is_queued = matches!(license.hold, Hold::Queued(_));
        items.push(
            row(
                "license",
                [name.to_string(), how, until.unwrap_or_default()],
            )
            .looking(if is_queued { Role::Warn } else { Role::Plain })
            .opening(Topic::Queue(name.clone())),
        );
    }
    Ok(())
}

fn groups(read: &Read<'_>, user: UserId, items: &mut Vec<Item>) -> Result<()> {
    let memberships = read.memberships_of(user)?;
    if memberships.is_empty() {
        return Ok(());
    }
    items.push(Item::heading("Groups"));
    let names = read.group_names()?;
    for membership in memberships {
        let name = names.get(&membership.group).cloned().unwrap_or_default();
        let role = membership.role.as_str().replace('_', " ");
        items.push(
            row("group", [role, name.clone(), String::new()]).opening(Topic::Members(name.clone())),
        );
        if let Some(item) = items.last_mut() {
            item.key = format!("group {name}");
        }
    }
    Ok(())
}

fn assignments(read: &Read<'_>, user: UserId, items: &mut Vec<Item>) -> Result<()> {
    let assignments = read.assignments_of(user)?;
    if assignments.is_empty() {
        return Ok(());
    }
    items.push(Item::heading("Trainings"));
    let zone = Zone::of(read)?;
    let names = read.training_names()?;
    for assigned in assignments {
        let name = names.get(&assigned.training).cloned().unwrap_or_default();
        let it = assigned.assignment;
        let since = it
            .ended_at
            .or(it.completed_at)
            .or(it.started_at)
            .unwrap_or(it.assigned_at);
        let state = it.state.as_str().to_owned();
        let mut item = row("training", [state, name.clone(), zone.day(since)]);
        item.key = format!("training {name}");
        items.push(item.opening(Topic::Learners(name)));
    }
    Ok(())
}

fn reports(read: &Read<'_>, user: UserId, items: &mut Vec<Item>) -> Result<()> {
    let reports = read.reports_of(user)?;
    if reports.is_empty() {
        return Ok(());
    }
    let heading = format!("Reports ({})", words::count(reports.len()));
    items.push(Item::heading(&heading));
    for report in reports.iter().take(MOST_REPORTS) {
        let status = report.status.as_str().replace('_', " ");
        let cells = [status, report.name(), report.label()];
        let mut item = row("report", cells).opening(Topic::Person(report.id));
        item.key = format!("report {}", report.id);
        items.push(item);
    }
    Ok(())
}

/// Everything that happened, newest first; whether there is more.
fn timeline(read: &Read<'_>, user: UserId, limit: usize, items: &mut Vec<Item>) -> Result<bool> {
    let mut events = read.history(&HistoryPage {
        user: Some(user),
        before: Some(i64::MAX),
        limit: limit + 1,
        ..HistoryPage::default()
    })?;
    let more = events.len() > limit;
    events.truncate(limit);
    items.push(Item::heading("Timeline"));
    let zone = Zone::of(read)?;
    let names = read.names_for(events.iter().filter_map(|it| it.change.as_ref()))?;
    for event in &events {
        let what = match &event.change {
            Some(change) => in_words(&change.described(&names)),
            None => format!("{} (erased)", event.kind),
        };
        let actor = read.actor_name(event.actor)?.replace('_', " ");
        let by = format!("{}, {actor}", event.door.as_str());
        items.push(
            Item::new(event.seq, vec![zone.minute(event.at), what, by])
                .opening(Topic::Batch(event.batch)),
        );
    }
    Ok(more)
}
