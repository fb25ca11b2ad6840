//! `usher idp show` for people: how a connection is set and how it is doing, in words. Programs get the numbers.

use usher_core::Read;
use usher_core::model::{Connection, NewPeople, Timestamp, Token};

use super::base_url;
use crate::brake;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::write_lines;
use crate::public_url::LOCAL_URL;

pub(super) fn show(desk: &Desk, read: &Read<'_>, connection: &Connection) -> Result<()> {
    let activity = read.connection_activity(connection.id)?;
    let used = connection.tokens.iter().filter_map(|it| it.last_used_at);
    let public_url = read.settings()?.public_url;
    let base = base_url(public_url.as_deref().unwrap_or(LOCAL_URL));
    let standing = match connection.revoked_at {
        Some(at) => format!("revoked {at}: no token of it opens anything"),
        None => format!("since {}", connection.created_at),
    };
    let mut lines = vec![
        ("name", connection.name.clone()),
        ("connected", standing),
        ("base url", base),
        ("new people", new_people(connection)),
        ("brake", brake_of(read, connection)?),
        ("fields", fields(read, connection)?),
    ];
    for map in &connection.maps {
        for field in read.part_names(&[map.part])? {
            lines.push((
                "maps",
                format!("{} from {}", field.replace('_', " "), map.path),
            ));
        }
    }
    let living = |it: &&Token| it.ends_at.is_none_or(|end| end > read.now());
    let living: Vec<&Token> = match connection.revoked_at {
        Some(_) => Vec::new(),
        None => connection.tokens.iter().filter(living).collect(),
    };
    for token in &living {
        lines.push(("token", token_words(token)));
    }
    if living.is_empty() && connection.revoked_at.is_none() {
        let remedy = format!(
            "none that works: `usher idp rotate {}` makes one",
            connection.name
        );
        lines.push(("token", remedy));
    }
    if let Some(days) = connection.policy.token_days {
        lines.push((
            "new tokens",
            format!("end after {}", count(i64::from(days), "day", "days")),
        ));
    }
    lines.push(("last seen", instant(used.max())));
    lines.push(("last change asked", instant(activity.last_asked_at)));
    lines.push((
        "last 24 hours",
        asked(activity.asked_today, activity.failed_today),
    ));
    lines.push((
        "people",
        people(activity.people, activity.queued, activity.held),
    ));
    write_lines(desk.format, &lines)
}

fn new_people(connection: &Connection) -> String {
    let mail = if connection.policy.mails {
        "mailed"
    } else {
        "not mailed"
    };
    match connection.policy.new_people {
        NewPeople::Active => format!("active at once, {mail}"),
        NewPeople::Waiting => format!("waiting for their acceptance, {mail}"),
    }
}

fn brake_of(read: &Read<'_>, connection: &Connection) -> Result<String> {
    let Some(brake) = read.brake(connection.id)? else {
        return Ok(format!(
            "none: `usher idp brake {}` sets one",
            connection.name
        ));
    };
    let room = read.brake_room(connection.id)?;
    let room = room.map_or(String::new(), |(left, limit)| {
        format!("; {left} of {limit} may leave now")
    });
    Ok(format!("{}{room}", brake::words(&brake)))
}

fn fields(read: &Read<'_>, connection: &Connection) -> Result<String> {
    let owned = read.part_names(&connection.owned())?;
    let words: Vec<String> = owned.iter().map(|it| it.replace('_', " ")).collect();
    let how = match connection.owns {
        Some(_) => "as was chosen",
        None => "what it maps and sends",
    };
    Ok(match words.as_slice() {
        [] => format!("owns none ({how})"),
        words => format!("owns {} ({how})", words.join(", ")),
    })
}

fn token_words(token: &Token) -> String {
    let ends = match token.ends_at {
        Some(at) => format!("ends {at}"),
        None => "does not end".to_owned(),
    };
    let used = match token.last_used_at {
        Some(at) => format!("last used {at}"),
        None => "never used".to_owned(),
    };
    format!("{}…, made {}, {ends}, {used}", token.hint, token.created_at)
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or("never".to_owned(), |it| it.to_string())
}

fn asked(asked: i64, failed: i64) -> String {
    match (asked, failed) {
        (0, _) => "no request for a change".to_owned(),
        (asked, 0) => format!("{}, all done", count(asked, "request", "requests")),
        (asked, failed) => {
            // The nearest whole number, but neither none nor all where that is not so.
            let share =
                ((failed * 200 / asked + 1) / 2).clamp(1, if failed < asked { 99 } else { 100 });
            let changes = count(asked, "request", "requests");
            format!("{changes}, {failed} refused, failed or held ({share} %)")
        }
    }
}

fn people(people: i64, queued: i64, held: i64) -> String {
    let queue = match queued {
        0 => "nobody queued".to_owned(),
        queued => format!("{queued} queued"),
    };
    let held = match held {
        0 => "nobody held by the brake".to_owned(),
        held => format!("{held} held by the brake (usher brake list)"),
    };
    format!("{people} seated or coming, {queue}, {held}")
}

fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
