//! `usher users` and `usher show`: people as the JSON contract has them. Lists stream by pages of keys, so that a
//! million people need no more memory than a thousand.

use std::collections::HashMap;

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::model::{ConnectionId, Date, Hold, License, PoolId, User, UserId, field_key};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};

use crate::args::{Format, ShowArgs, UsersArgs};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say, write_one};
use crate::past;
use crate::who::parse_query;

const PAGE: usize = 1_000;
const COLUMNS: &[&str] = &["STATUS", "NAME", "EMAIL", "AREA", "TITLE", "LICENSES"];
const KEYS: &[&str] = &[
    "id",
    "email",
    "user_name",
    "first_name",
    "last_name",
    "display_name",
    "status",
    "functional_area",
    "title",
    "region",
    "manager",
    "language",
    "labels",
    "fields",
    "licenses",
    "connection",
    "last_seen_at",
    "created_at",
    "updated_at",
    "deactivate_on",
    "delete_on",
];

/// Lists people.
pub(crate) fn list(desk: &Desk, args: &UsersArgs) -> Result<()> {
    let read = desk.read()?;
    let query = parse_query(&args.query.join(" "), &read)?;
    if args.count {
        return count(desk, &read, &query);
    }
    let known = Known::load(&read)?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut page = UsersPage {
        query,
        sort: order(&read, &args.sort)?,
        descending: args.descending,
        from: PageFrom::Start,
        limit: 0,
    };
    loop {
        page.limit = PAGE.min(left);
        let users = if page.limit == 0 {
            Vec::new()
        } else {
            read.users(&page)?
        };
        for row in rows(&read, &known, &users)? {
            listing.row(row)?;
        }
        left -= users.len().min(left);
        match users.last() {
            Some(last) if users.len() == page.limit => page.from = PageFrom::After(last.id),
            _ => return listing.end("nobody"),
        }
    }
}

fn count(desk: &Desk, read: &Read<'_>, query: &Expr) -> Result<()> {
    let count = read.count_users(query)?;
    match desk.format {
        Format::Table => say(desk.format, &count.to_string()),
        Format::Json | Format::Csv => write_one(desk.format, &[("count", json!(count))]),
    }
}

/// The order of a word, or by a custom field of that name.
pub(crate) fn order(read: &Read<'_>, word: &str) -> Result<SortBy> {
    let word = word.trim();
    if let Some((_, sort)) = SortBy::NAMED.iter().find(|(it, _)| *it == word) {
        return Ok(*sort);
    }
    let fields = read.custom_fields()?;
    let key = field_key(word);
    if let Some(field) = fields.iter().find(|it| field_key(&it.terms.name) == key) {
        return Ok(SortBy::Custom(field.id));
    }
    let known = SortBy::NAMED.iter().map(|it| it.0.to_owned());
    let all: Vec<_> = known
        .chain(fields.into_iter().map(|it| it.terms.name))
        .collect();
    Err(Failure::Usage(format!(
        "there is no order {word:?}; use {}",
        all.join(", ")
    )))
}

/// The names of pools and connections, which every row mentions.
pub(crate) struct Known {
    pools: HashMap<PoolId, String>,
    /// By id.
    pub(crate) connections: HashMap<ConnectionId, String>,
}

impl Known {
    pub(crate) fn load(read: &Read<'_>) -> Result<Self> {
        let pools = read
            .pools()?
            .into_iter()
            .map(|it| (it.id, it.name.as_str().to_owned()));
        let connections = read.connections()?.into_iter().map(|it| (it.id, it.name));
        Ok(Self {
            pools: pools.collect(),
            connections: connections.collect(),
        })
    }
}

/// A page of people with everything that their rows mention, read at once.
fn rows(read: &Read<'_>, known: &Known, users: &[User]) -> Result<Vec<Row>> {
    let ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
    let managers: Vec<UserId> = users.iter().filter_map(|it| it.manager).collect();
    let managers = read.labels_of(&managers)?;
    let mut licenses: HashMap<UserId, Vec<License>> = HashMap::new();
    for license in read.licenses_of(&ids)? {
        licenses.entry(license.user).or_default().push(license);
    }
    let mut ends: HashMap<(UserId, PoolId), Date> = HashMap::new();
    for (user, pool, day) in read.license_ends_of(&ids)? {
        ends.insert((user, pool), day);
    }
    let mut fields = read.fields_of(&ids)?;
    let mut row = |user: &User| {
        let fields = fields.remove(&user.id).unwrap_or_default();
        let manager = user
            .manager
            .and_then(|it| managers.get(&it))
            .map(String::as_str);
        let licenses = licenses
            .get(&user.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let licenses: Vec<Value> = licenses
            .iter()
            .map(|it| license(known, it, ends.get(&(user.id, it.pool)).copied()))
            .collect();
        let connection = user
            .connection
            .and_then(|it| known.connections.get(&it))
            .map(String::as_str);
        Row {
            cells: cells(user, &licenses),
            json: object(user, manager, fields, licenses, connection),
        }
    };
    Ok(users.iter().map(&mut row).collect())
}

/// A license in the words of the contract, with the day on which it ends by itself.
pub(crate) fn license(known: &Known, license: &License, until: Option<Date>) -> Value {
    let pool = known
        .pools
        .get(&license.pool)
        .cloned()
        .unwrap_or_else(|| license.pool.to_string());
    let mut said = json!({ "pool": pool, "state": license.hold.as_str() });
    if let Some(day) = until {
        said["until"] = json!(day);
    }
    said
}

fn cells(user: &User, licenses: &[Value]) -> Vec<String> {
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    let license = |it: &Value| {
        format!(
            "{}:{}",
            it["pool"].as_str().unwrap_or("?"),
            it["state"].as_str().unwrap_or("?")
        )
    };
    vec![
        user.status.to_string(),
        user.name(),
        user.label(),
        text(&user.profile.functional_area),
        text(&user.profile.title),
        licenses.iter().map(license).collect::<Vec<_>>().join(" "),
    ]
}

/// A person as the JSON contract has them (DESIGN §5).
pub(crate) fn object(
    user: &User,
    manager: Option<&str>,
    fields: Vec<(String, String)>,
    licenses: Vec<Value>,
    connection: Option<&str>,
) -> Vec<(&'static str, Value)> {
    let profile = &user.profile;
    let fields = fields.into_iter().map(|(name, value)| (name, json!(value)));
    let fields = fields.collect();
    let labels: Vec<&str> = profile.labels.iter().flat_map(|it| it.split(',')).collect();
    vec![
        ("id", json!(user.id)),
        ("email", json!(profile.email)),
        ("user_name", json!(profile.user_name)),
        ("first_name", json!(profile.first_name)),
        ("last_name", json!(profile.last_name)),
        ("display_name", json!(profile.display_name)),
        ("status", json!(user.status)),
        ("functional_area", json!(profile.functional_area)),
        ("title", json!(profile.title)),
        ("region", json!(profile.region)),
        ("manager", json!(manager)),
        ("language", json!(profile.language)),
        ("labels", json!(labels)),
        ("fields", Value::Object(fields)),
        ("licenses", Value::Array(licenses)),
        ("connection", json!(connection)),
        ("last_seen_at", json!(user.last_seen_at)),
        ("created_at", json!(user.created_at)),
        ("updated_at", json!(user.updated_at)),
        ("deactivate_on", json!(profile.deactivate_on)),
        ("delete_on", json!(profile.delete_on)),
    ]
}

/// Shows everything about one person.
pub(crate) fn show(desk: &Desk, args: &ShowArgs) -> Result<()> {
    let read = desk.read()?;
    let user = read.find_user(&args.who)?;
    if let Some(at) = &args.at {
        return past::show(desk, &read, user.id, at);
    }
    let known = Known::load(&read)?;
    let row = rows(&read, &known, std::slice::from_ref(&user))?.pop();
    let mut json = row.map(|it| it.json).unwrap_or_default();
    json.extend(standing(&read, &user)?);
    write_one(desk.format, &json)
}

/// What a list does not show of a person.
fn standing(read: &Read<'_>, user: &User) -> Result<Vec<(&'static str, Value)>> {
    let names: HashMap<_, _> = read
        .groups()?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let groups: Vec<_> = read
        .memberships_of(user.id)?
        .into_iter()
        .map(|it| json!({ "group": names.get(&it.group), "role": it.role }))
        .collect();
    let invitation = read
        .invitation(user.id)?
        .map(|it| json!({ "state": it.state, "expires_at": it.expires_at, "send_on": it.send_on }));
    let progress = read.invitation_progress(user.id)?;
    let undelivered = read
        .undelivered(user.id)?
        .map(|it| json!({ "state": it.state, "at": it.at, "why": it.why }));
    let owned = read.owned_of(user)?;
    let owned =
        owned.map(|(connection, fields)| json!({ "connection": connection, "fields": fields }));
    Ok(vec![
        ("owned_by", owned.unwrap_or(Value::Null)),
        ("groups", Value::Array(groups)),
        ("assignments", crate::training::of_person(read, user.id)?),
        ("licenses_on_activation", requested(read, user)?),
        ("permissions", json!(read.permissions_of(user.id)?)),
        ("protected", json!(user.protected)),
        ("invitation", invitation.unwrap_or(Value::Null)),
        ("invitation_progress", json!(progress)),
        ("undelivered", undelivered.unwrap_or(Value::Null)),
        ("queue_position", json!(queue_position(read, user)?)),
    ])
}

/// Pools of which somebody is to get a license when they become active.
fn requested(read: &Read<'_>, user: &User) -> Result<Value> {
    let requested = read.license_requests_of(user.id)?;
    let pools = read.pools()?;
    let names: Vec<_> = pools
        .iter()
        .filter(|it| requested.contains(&it.id))
        .map(|it| &it.name)
        .collect();
    Ok(json!(names))
}

/// The place in the queue for the seat itself.
fn queue_position(read: &Read<'_>, user: &User) -> Result<Option<i64>> {
    let queued = |it: &License| matches!(it.hold, Hold::Queued(_));
    let Some(access) = read.pools()?.into_iter().find(|it| it.is_access()) else {
        return Ok(None);
    };
    let waits = read
        .licenses_of(&[user.id])?
        .iter()
        .any(|it| it.pool == access.id && queued(it));
    Ok(if waits {
        read.queue_position(access.id, user.id)?
    } else {
        None
    })
}
