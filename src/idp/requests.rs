//! `usher idp log` and `usher idp replay`: what identity providers asked, and carrying out what failed.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::model::{Asked, AskedFilter, ConnectionId, Timestamp, UserId};

use crate::args::{Format, IdpLogArgs, IdpReplayArgs, Since, batch_json};
use crate::confirm::{apply, show_applied};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row};
use crate::public_url::LOCAL_URL;

const PAGE: usize = 500;
/// How many a table shows unless told otherwise.
const SHOWN: usize = 50;
const COLUMNS: &[&str] = &[
    "ID",
    "AT",
    "CONNECTION",
    "STATUS",
    "ASKED",
    "USER",
    "WHAT CAME OF IT",
];
const KEYS: &[&str] = &[
    "id",
    "at",
    "connection",
    "method",
    "path",
    "status",
    "error",
    "user",
    "batch",
    "replayed",
    "body",
    "times",
];

pub(crate) fn log(desk: &Desk, args: &IdpLogArgs) -> Result<()> {
    let read = desk.read()?;
    let mut filter = filter(&read, args)?;
    let names: BTreeMap<ConnectionId, String> = read
        .connections()?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let usual = match desk.format {
        Format::Table => SHOWN,
        Format::Json | Format::Csv => usize::MAX,
    };
    let mut left = args.limit.unwrap_or(usual);
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    while left > 0 {
        let limit = PAGE.min(left);
        let page = read.asked(&filter, limit)?;
        let users: Vec<UserId> = page.iter().filter_map(|it| it.user).collect();
        let labels = read.labels_of(&users)?;
        for asked in &page {
            let connection = names.get(&asked.connection).map_or("?", String::as_str);
            listing.row(row(asked, connection, &labels))?;
        }
        left -= page.len().min(left);
        match page.last() {
            Some(last) if page.len() == limit => filter.behind = Some((last.at, last.seq)),
            _ => break,
        }
    }
    listing.end("nothing was asked")
}

fn filter(read: &Read<'_>, args: &IdpLogArgs) -> Result<AskedFilter> {
    let connection = args.name.as_deref().map(|it| read.connection(it));
    let person = args.person.as_deref();
    let user = match person.map(|it| read.find_user(it)) {
        Some(Ok(user)) => Some(user),
        // Whoever was refused is not on the roster.
        Some(Err(usher_core::Error::NotFound { .. })) | None => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let known = user.iter().flat_map(|it| {
        let profile = &it.profile;
        [profile.email.clone(), profile.user_name.clone()]
    });
    let mut names: Vec<String> = known.flatten().collect();
    if let (None, Some(person)) = (&user, person) {
        names.push(person.to_owned());
    }
    Ok(AskedFilter {
        connection: connection.transpose()?.map(|it| it.id),
        user: user.map(|it| it.id),
        names,
        failed: args.failed,
        since: args.since.as_ref().map(|it| from(read, it)).transpose()?,
        behind: None,
    })
}

fn from(read: &Read<'_>, since: &Since) -> Result<Timestamp> {
    match since {
        Since::Age(ms) => Ok(read.now().plus_millis(-ms)),
        Since::When(when) => Ok(read.moment_before(when)?.at.plus_millis(1)),
    }
}

fn row(asked: &Asked, connection: &str, labels: &HashMap<UserId, String>) -> Row {
    let user = asked.user.map(|it| {
        let label = labels.get(&it);
        label.cloned().unwrap_or_else(|| it.to_string())
    });
    let user = user.or_else(|| asked.whom.clone());
    let came = match (&asked.error, asked.batch, asked.replayed) {
        (_, _, Some(_)) => "replayed".to_owned(),
        (Some(error), ..) if asked.times > 1 => format!("{} times: {error}", asked.times),
        (Some(error), ..) => error.clone(),
        (None, Some(batch), _) => format!("batch {batch}"),
        (None, None, _) => "nothing to change".to_owned(),
    };
    // The whole of an id says nothing to people that the person's name does not.
    let path = match (asked.user, asked.path.rsplit_once('/')) {
        (Some(_), Some((kind, id))) if !kind.is_empty() && id.len() == 36 => kind,
        _ => asked.path.as_str(),
    };
    let cells = vec![
        asked.seq.to_string(),
        asked.at.to_string(),
        connection.to_owned(),
        if asked.is_held() {
            "429 held".to_owned()
        } else {
            asked.status.to_string()
        },
        format!("{} {path}", asked.method),
        user.clone().unwrap_or_else(|| "-".to_owned()),
        came,
    ];
    let body = asked.body.as_deref();
    let body = body.and_then(|it| serde_json::from_str::<Value>(it).ok());
    let json = vec![
        ("id", json!(asked.seq)),
        ("at", json!(asked.at)),
        ("connection", json!(connection)),
        ("method", json!(asked.method)),
        ("path", json!(asked.path)),
        ("status", json!(asked.status)),
        ("error", json!(asked.error)),
        ("user", json!(user)),
        ("batch", batch_json(asked.batch)),
        ("replayed", batch_json(asked.replayed)),
        ("body", json!(body)),
        ("times", json!(asked.times)),
    ];
    Row { cells, json }
}

/// Carries out, in the connection's place, what it asked and did not get.
pub(crate) fn replay(desk: &Desk, args: &IdpReplayArgs) -> Result<()> {
    if args.plan.fewer {
        return Err(Failure::refused(
            "a request is carried out as a whole: --queue-rest queues whom there is no seat for, --fewer leaves nobody out",
        ));
    }
    let read = desk.read()?;
    let asked = read.asked_by_number(args.id)?;
    read.check_replay(&asked, args.force)?;
    let public_url = read.settings()?.public_url;
    drop(read);
    let base = public_url.as_deref().unwrap_or(LOCAL_URL);
    let directory = desk.session.directory();
    let command = usher_scim_server::command_of(directory, base, &asked).map_err(|why| {
        Failure::refused(format!("request {} cannot be replayed: {why}", args.id))
    })?;
    desk.read()?
        .check_group_replay(&asked, &command, args.force)?;
    let behalf = Desk {
        session: desk.session.on_behalf(asked.connection),
        format: desk.format,
    };
    let Some(applied) = apply(&behalf, command, &args.plan)? else {
        return Ok(());
    };
    if let Some(batch) = applied.batch {
        desk.session.note_replayed(asked.seq, batch)?;
    }
    show_applied(desk, &applied)
}
