//! `usher history`: what happened, oldest first.

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::change::Names;
use usher_core::directory::HistoryPage;
use usher_core::model::Event;

use crate::args::HistoryArgs;
use crate::desk::Desk;
use crate::failure::Result;
use crate::names::ActorNames;
use crate::output::{Listing, Row};

const PAGE: usize = 1_000;
const COLUMNS: &[&str] = &["AT", "ACTOR", "DOOR", "WHO", "WHAT", "BEFORE", "AFTER"];
const KEYS: &[&str] = &[
    "seq", "at", "actor", "door", "batch", "user", "what", "before", "after",
];

pub(crate) fn run(desk: &Desk, args: &HistoryArgs) -> Result<()> {
    let read = desk.read()?;
    let user = args
        .who
        .as_deref()
        .map(|it| read.find_user(it))
        .transpose()?;
    let batch = args
        .batch
        .as_deref()
        .map(|it| read.find_batch(it))
        .transpose()?;
    let mut page = HistoryPage {
        user: user.map(|it| it.id),
        batch: batch.map(|it| it.id),
        after: None,
        limit: PAGE,
        before: None,
    };
    let mut left = args.limit.limit.unwrap_or(usize::MAX);
    let mut actors = ActorNames::default();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    while left > 0 {
        page.limit = PAGE.min(left);
        let events = read.history(&page)?;
        let names = read.names_for(events.iter().filter_map(|it| it.change.as_ref()))?;
        for event in &events {
            listing.row(row(&read, &mut actors, &names, event)?)?;
        }
        left -= events.len().min(left);
        match events.last() {
            Some(last) if events.len() == page.limit => page.after = Some(last.seq),
            _ => break,
        }
    }
    listing.end("nothing happened")
}

fn row(read: &Read<'_>, actors: &mut ActorNames, names: &Names, event: &Event) -> Result<Row> {
    let actor = actors.name(read, event.actor)?;
    let user = event.user.map(|it| names.user(it));
    // An erased person's event still says what kind of change it was, and no more.
    let (what, before, after) = match &event.change {
        Some(change) => {
            let said = change.described(names);
            (said.what, said.before, said.after)
        }
        None => (event.kind.clone(), Value::Null, Value::Null),
    };
    let word = |it: &Value| {
        it.as_str().map_or_else(
            || {
                if it.is_null() {
                    "-".to_owned()
                } else {
                    it.to_string()
                }
            },
            str::to_owned,
        )
    };
    let cells = vec![
        event.at.to_string(),
        actor.clone(),
        event.door.as_str().to_owned(),
        user.clone().unwrap_or_else(|| "-".to_owned()),
        what.clone(),
        word(&before),
        word(&after),
    ];
    let json = vec![
        ("seq", json!(event.seq)),
        ("at", json!(event.at)),
        ("actor", json!(actor)),
        ("door", json!(event.door)),
        ("batch", json!(event.batch)),
        ("user", json!(user)),
        ("what", json!(what)),
        ("before", before),
        ("after", after),
    ];
    Ok(Row { cells, json })
}
