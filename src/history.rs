//! `usher history`: what happened, oldest first.

use serde_json::{Value, json};
use usher_core::change::{Described, Names};
use usher_core::directory::HistoryFilter;
use usher_core::model::{Actor, Event};
use usher_core::{Read, Selection};

use crate::args::HistoryArgs;
use crate::desk::Desk;
use crate::failure::Result;
use crate::names::ActorNames;
use crate::output::{Listing, Row};
use crate::who::selection;

const PAGE: usize = 1_000;
const COLUMNS: &[&str] = &["AT", "ACTOR", "DOOR", "WHO", "WHAT", "BEFORE", "AFTER"];
const KEYS: &[&str] = &[
    "seq", "at", "actor", "door", "batch", "user", "what", "before", "after",
];

pub(crate) fn run(desk: &Desk, args: &HistoryArgs) -> Result<()> {
    let read = desk.read()?;
    let filter = filter(&read, args)?;
    let mut left = args.limit.limit.unwrap_or(usize::MAX);
    let mut actors = ActorNames::default();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    let mut after = Some(0);
    while let (Some(from), 1..) = (after, left) {
        let part = read.history_of(&filter, from, PAGE.min(left))?;
        let names = read.names_for(part.events.iter().filter_map(|it| it.change.as_ref()))?;
        for event in &part.events {
            listing.row(row(&read, &mut actors, &names, event)?)?;
        }
        left -= part.events.len().min(left);
        after = part.next;
    }
    listing.end("nothing happened")
}

fn filter(read: &Read<'_>, args: &HistoryArgs) -> Result<HistoryFilter> {
    let people = if args.who.is_empty() {
        None
    } else {
        Some(match selection(read, &args.who)? {
            Selection::Ids(ids) => ids.into_iter().collect(),
            Selection::Query { query, .. } => read.ids_of(&query)?.into_iter().collect(),
        })
    };
    let batch = args.batch.as_deref();
    let batch = batch.map(|it| read.find_batch(it)).transpose()?;
    let since = args.since.as_ref();
    let until = args.until.as_ref();
    Ok(HistoryFilter {
        people,
        batch: batch.map(|it| it.id),
        since: since.map(|it| read.moment_before(it)).transpose()?,
        until: until.map(|it| read.moment_after(it)).transpose()?,
        actor: args
            .acted
            .as_deref()
            .map(|it| actor(read, it))
            .transpose()?,
        door: args.door,
    })
}

/// Who acted, in the words in which a listing names them.
fn actor(read: &Read<'_>, text: &str) -> Result<Actor> {
    Ok(match text.split_once(':') {
        Some(("connection", name)) => Actor::Connection(read.connection(name)?.id),
        Some(("person", who)) => Actor::Person(read.find_user(who)?.id),
        _ if text == "file_owner" => Actor::FileOwner,
        _ if text == "scheduler" => Actor::Scheduler,
        _ => Actor::Administrator(read.find_user(text)?.id),
    })
}

fn row(read: &Read<'_>, actors: &mut ActorNames, names: &Names, event: &Event) -> Result<Row> {
    let actor = actors.name(read, event.actor)?;
    let user = event.user.map(|it| names.user(it));
    // An erased person's event still says what kind of change it was, and no more.
    let said = match &event.change {
        Some(change) => change.described(names),
        None => Described {
            what: event.kind.clone(),
            before: Value::Null,
            after: Value::Null,
        },
    };
    let (before, after) = said.in_words();
    let word = |it: String| if it.is_empty() { "-".to_owned() } else { it };
    let Described {
        what,
        before: from,
        after: to,
    } = said;
    let cells = vec![
        event.at.to_string(),
        actor.clone(),
        event.door.as_str().to_owned(),
        user.clone().unwrap_or_else(|| "-".to_owned()),
        what.clone(),
        word(before),
        word(after),
    ];
    let json = vec![
        ("seq", json!(event.seq)),
        ("at", json!(event.at)),
        ("actor", json!(actor)),
        ("door", json!(event.door)),
        ("batch", json!(event.batch)),
        ("user", json!(user)),
        ("what", json!(what)),
        ("before", from),
        ("after", to),
    ];
    Ok(Row { cells, json })
}
