//! The tables of the reports: their columns, and a row for each person, license, event or day.

use std::collections::HashMap;

use super::cell::{Cell, Chart, Column, Line, Sink};
use super::gather::{Known, Whom};
use super::{Kind, Report};
use crate::change::{Names, PeopleNames};
use crate::directory::{HistoryFilter, Read};
use crate::error::Result;
use crate::model::{Field, Pool, Timestamp, UserId};
use crate::past::{Moment, Person};

/// So many people's names are kept in mind while a history is written.
const KNOWN_AT_ONCE: usize = 100_000;

const USERS: &[Column] = &[
    Column::new("id", 38),
    Column::new("email", 32),
    Column::new("user_name", 24),
    Column::new("first_name", 16),
    Column::new("last_name", 18),
    Column::new("display_name", 24),
    Column::new("status", 12),
    Column::new("functional_area", 20),
    Column::new("title", 20),
    Column::new("region", 14),
    Column::new("manager", 32),
    Column::new("language", 10),
    Column::new("labels", 20),
    Column::new("licenses", 28),
    Column::new("groups", 28),
    Column::new("permissions", 20),
    Column::new("protected", 10),
    Column::new("connection", 14),
    Column::new("last_seen_at", 20),
    Column::new("created_at", 20),
    Column::new("updated_at", 20),
    Column::new("fields", 32),
    Column::new("deactivate_on", 14),
    Column::new("delete_on", 14),
];

const LICENSES: &[Column] = &[
    Column::new("pool", 18),
    Column::new("user", 32),
    Column::new("name", 26),
    Column::new("status", 12),
    Column::new("functional_area", 20),
    Column::new("state", 12),
    Column::new("since", 20),
    Column::new("consumed_at", 20),
    Column::new("until", 20),
    Column::new("stands_for_access", 12),
    Column::new("id", 38),
    Column::new("ends_on", 14),
];

const ASSIGNMENTS: &[Column] = &[
    Column::new("training", 28),
    Column::new("kind", 10),
    Column::new("user", 32),
    Column::new("name", 26),
    Column::new("status", 12),
    Column::new("functional_area", 20),
    Column::new("state", 12),
    Column::new("assigned_at", 20),
    Column::new("started_at", 20),
    Column::new("completed_at", 20),
    Column::new("ended_at", 20),
    Column::new("id", 38),
];

const HISTORY: &[Column] = &[
    Column::new("seq", 10),
    Column::new("at", 20),
    Column::new("actor", 28),
    Column::new("door", 10),
    Column::new("batch", 38),
    Column::new("user", 32),
    Column::new("what", 24),
    Column::new("before", 28),
    Column::new("after", 28),
];

const SEATS: &[Column] = &[
    Column::new("day", 12),
    Column::new("name", 18),
    Column::new("purchased", 12),
    Column::new("held", 10),
    Column::new("reserved", 10),
    Column::new("consumed", 10),
    Column::new("queued", 10),
    Column::new("free", 10),
    Column::new("at", 20),
];

/// How many events are read at once.
const PAGE: usize = 2_000;

/// Writes a table. Returns how many rows it has.
pub(crate) fn table(
    read: &Read<'_>,
    kind: Kind,
    whom: &Whom,
    report: &Report,
    sink: &mut dyn Sink,
) -> Result<usize> {
    let columns = match kind {
        Kind::Users => USERS,
        Kind::Licenses => LICENSES,
        Kind::Assignments => ASSIGNMENTS,
        Kind::History => HISTORY,
        Kind::Seats => SEATS,
    };
    sink.table(kind.as_str(), columns)?;
    match kind {
        Kind::Users => users(read, whom, sink),
        Kind::Licenses => licenses(read, whom, sink),
        Kind::Assignments => assignments(read, whom, sink),
        Kind::History => history(read, whom, sink),
        Kind::Seats => seats(read, whom, report, sink),
    }
}

fn users(read: &Read<'_>, whom: &Whom, sink: &mut dyn Sink) -> Result<usize> {
    let mut known = Known::load(read, whom.moment)?;
    let mut rows = 0;
    whom.each(read, |person| {
        let manager = match person.user.manager {
            None => None,
            Some(id) => Some(known.person(read, id)?),
        };
        let fields = read.shown_values(&person.fields)?;
        sink.row(&user(&known, person, manager.as_deref(), fields))?;
        rows += 1;
        Ok(())
    })?;
    Ok(rows)
}

fn user(
    known: &Known,
    person: &Person,
    manager: Option<&str>,
    fields: Vec<(String, String)>,
) -> Vec<Cell> {
    let it = &person.user;
    let profile = &it.profile;
    let labels = profile.labels.iter().flat_map(|it| it.split(','));
    let licenses = person.licenses.iter().map(|it| {
        let pool = known.pools.get(&it.pool).map_or("?", String::as_str);
        format!("{pool}:{}", it.hold.as_str())
    });
    let groups = person.memberships.iter().map(|it| {
        let group = known.groups.get(&it.group).map_or("?", String::as_str);
        format!("{group}:{}", it.role.as_str())
    });
    let permissions = person.permissions.iter().map(|it| it.as_str().to_owned());
    let connection = it.connection.and_then(|it| known.connections.get(&it));
    vec![
        Cell::Text(it.id.to_string()),
        Cell::text(profile.email.as_deref()),
        Cell::text(profile.user_name.as_deref()),
        Cell::text(profile.first_name.as_deref()),
        Cell::text(profile.last_name.as_deref()),
        Cell::text(profile.display_name.as_deref()),
        Cell::Text(it.status.to_string()),
        Cell::text(profile.functional_area.as_deref()),
        Cell::text(profile.title.as_deref()),
        Cell::text(profile.region.as_deref()),
        Cell::text(manager),
        Cell::text(profile.language.as_deref()),
        Cell::Words(labels.map(str::to_owned).collect()),
        Cell::Words(licenses.collect()),
        Cell::Words(groups.collect()),
        Cell::Words(permissions.collect()),
        Cell::Flag(it.protected),
        Cell::text(connection.map(String::as_str)),
        Cell::instant(it.last_seen_at),
        Cell::Instant(it.created_at),
        Cell::Instant(it.updated_at),
        Cell::Fields(fields),
        Cell::day(profile.day(Field::DeactivateOn)),
        Cell::day(profile.day(Field::DeleteOn)),
    ]
}

fn licenses(read: &Read<'_>, whom: &Whom, sink: &mut dyn Sink) -> Result<usize> {
    let known = Known::load(read, whom.moment)?;
    let mut rows = 0;
    whom.each(read, |person| {
        let user = &person.user;
        for held in read.licenses_ever(user.id, whom.moment)? {
            let mut ends = person.license_ends.iter();
            let ends_on = ends.find(|it| it.0 == held.pool).map(|it| it.1);
            let pool = known.pools.get(&held.pool).map_or("?", String::as_str);
            sink.row(&[
                Cell::Text(pool.to_owned()),
                Cell::Text(user.label()),
                Cell::Text(user.name()),
                Cell::Text(user.status.to_string()),
                Cell::text(user.profile.functional_area.as_deref()),
                Cell::Text(held.state.as_str().to_owned()),
                Cell::Instant(held.since),
                Cell::instant(held.consumed_at),
                Cell::instant(held.until),
                Cell::Flag(held.stands_for_access),
                Cell::Text(user.id.to_string()),
                Cell::day(ends_on.filter(|_| held.until.is_none())),
            ])?;
            rows += 1;
        }
        Ok(())
    })?;
    Ok(rows)
}

fn assignments(read: &Read<'_>, whom: &Whom, sink: &mut dyn Sink) -> Result<usize> {
    let known = Known::load(read, whom.moment)?;
    let mut rows = 0;
    whom.each(read, |person| {
        let user = &person.user;
        for assigned in &person.assignments {
            let training = known.trainings.get(&assigned.training);
            let (name, kind) = training.map_or(("?", "?"), |it| (it.0.as_str(), it.1));
            let it = &assigned.assignment;
            sink.row(&[
                Cell::Text(name.to_owned()),
                Cell::Text(kind.to_owned()),
                Cell::Text(user.label()),
                Cell::Text(user.name()),
                Cell::Text(user.status.to_string()),
                Cell::text(user.profile.functional_area.as_deref()),
                Cell::Text(it.state.as_str().to_owned()),
                Cell::Instant(it.assigned_at),
                Cell::instant(it.started_at),
                Cell::instant(it.completed_at),
                Cell::instant(it.ended_at),
                Cell::Text(user.id.to_string()),
            ])?;
            rows += 1;
        }
        Ok(())
    })?;
    Ok(rows)
}

fn history(read: &Read<'_>, whom: &Whom, sink: &mut dyn Sink) -> Result<usize> {
    let filter = HistoryFilter {
        people: whom.only.clone(),
        until: whom.moment,
        ..HistoryFilter::default()
    };
    let (mut rows, mut after) = (0, Some(0));
    let mut then = HashMap::new();
    while let Some(from) = after {
        let part = read.history_of(&filter, from, PAGE)?;
        let mut names = read.names_for(part.events.iter().filter_map(|it| it.change.as_ref()))?;
        if let Some(moment) = whom.moment {
            name_as_then(read, moment, &mut names, &mut then)?;
        }
        for event in &part.events {
            // An erased person's event still says what kind of change it was, and no more.
            let said = event.change.as_ref().map(|it| it.described(&names));
            let (what, before, after) = match said {
                Some(said) => (said.what, word(&said.before), word(&said.after)),
                None => (event.kind.clone(), Cell::Empty, Cell::Empty),
            };
            sink.row(&[
                Cell::Number(event.seq),
                Cell::Instant(event.at),
                Cell::Text(read.actor_name(event.actor)?),
                Cell::Text(event.door.as_str().to_owned()),
                Cell::Text(event.batch.to_string()),
                event
                    .user
                    .map_or(Cell::Empty, |it| Cell::Text(names.user(it))),
                Cell::Text(what),
                before,
                after,
            ])?;
        }
        rows += part.events.len();
        after = part.next;
    }
    Ok(rows)
}

/// Names people as every other sheet of that moment does, looking each of them up once in a while.
fn name_as_then(
    read: &Read<'_>,
    moment: Moment,
    names: &mut Names,
    then: &mut HashMap<UserId, Option<String>>,
) -> Result<()> {
    if then.len() > KNOWN_AT_ONCE {
        then.clear();
    }
    let mut called = PeopleNames::default();
    for (user, name) in names.users.iter() {
        let found = match then.get(&user) {
            Some(found) => found,
            None => {
                let person = read.person_at(user, moment)?;
                then.entry(user).or_insert(person.map(|it| it.user.label()))
            }
        };
        called.insert(user, found.as_deref().unwrap_or(name));
    }
    names.users = called;
    Ok(())
}

/// A value of a change in one cell.
fn word(value: &serde_json::Value) -> Cell {
    use serde_json::Value;
    match value {
        Value::Null => Cell::Empty,
        Value::String(text) => Cell::Text(text.clone()),
        Value::Bool(flag) => Cell::Flag(*flag),
        other => Cell::Text(crate::change::said(other)),
    }
}

fn seats(read: &Read<'_>, whom: &Whom, report: &Report, sink: &mut dyn Sink) -> Result<usize> {
    if let Some(moment) = whom.moment {
        let pools = read.pools_at(moment)?;
        for pool in &pools {
            sink.row(&seats_row(Cell::Empty, moment.at, pool))?;
        }
        return Ok(pools.len());
    }
    let over = read.pools_over(report.over, report.by)?;
    let (mut lines, mut rows) = (Vec::new(), 0);
    // One pool after the other; in the chart the days are everybody's, and a pool has gaps where it did not exist.
    for pool in read.pools()? {
        let (mut held, mut purchased) = (Vec::new(), Vec::new());
        for (slice, pools) in &over {
            let then = pools.iter().find(|it| it.id == pool.id);
            held.push(then.map(Pool::held));
            purchased.push(then.map(|it| it.terms.purchased));
            if let Some(then) = then {
                sink.row(&seats_row(Cell::Day(slice.day), slice.end, then))?;
                rows += 1;
            }
        }
        for (what, values) in [("held", held), ("purchased", purchased)] {
            if values.iter().any(Option::is_some) {
                let name = format!("{} {what}", pool.name);
                lines.push(Line { name, values });
            }
        }
    }
    if !lines.is_empty() {
        sink.chart(&Chart {
            title: "Seats over time".into(),
            by: report.by,
            days: over.iter().map(|it| it.0.day).collect(),
            lines,
        })?;
    }
    Ok(rows)
}

fn seats_row(day: Cell, at: Timestamp, pool: &Pool) -> [Cell; 9] {
    [
        day,
        Cell::Text(pool.name.to_string()),
        Cell::Number(pool.terms.purchased),
        Cell::Number(pool.held()),
        Cell::Number(pool.reserved),
        Cell::Number(pool.consumed),
        Cell::Number(pool.queued),
        Cell::Number(pool.free()),
        Cell::Instant(at),
    ]
}
