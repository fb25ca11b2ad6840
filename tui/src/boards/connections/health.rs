//! How a connection is doing: what came of its requests, and everything else that is to be known of it.

use usher_core::model::{AskedFilter, Connection, ConnectionActivity, Token};
use usher_core::{Read, Result};

use crate::words::number;
use crate::zone::Zone;

// What forms are filled in with is told by these words.
pub(super) const TOKEN_DAYS: &str = "new tokens end after days";
pub(super) const BRAKE: &str = "brake";
pub(super) const PERCENT: &str = "brake: percent";
pub(super) const AT_LEAST: &str = "brake: at least";
pub(super) const WINDOW: &str = "brake: in";

const DAY_MS: i64 = 86_400_000;
/// How many of the newest requests are looked at for the line of seats, which is read after every commit.
const LOOKED_AT: usize = 20;
/// Fewer requests than this tell nothing.
const FEWEST: usize = 3;

/// A connection whose newest requests mostly fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// Its name.
    pub(crate) name: String,
    /// How many of the newest requests failed.
    pub(crate) failed: usize,
    /// Of how many.
    pub(crate) of: usize,
}

/// The connections of whose newest requests of a day at least half were refused or failed; none for whoever sees a part of
/// the people.
pub(crate) fn failing(read: &Read<'_>) -> Result<Vec<Failing>> {
    let mut failing = Vec::new();
    if !read.sees_everybody() {
        return Ok(failing);
    }
    for connection in read.connections()? {
        if connection.revoked_at.is_some() {
            continue;
        }
        let filter = AskedFilter {
            connection: Some(connection.id),
            since: Some(read.now().plus_millis(-DAY_MS)),
            ..AskedFilter::default()
        };
        let asked = read.asked(&filter, LOOKED_AT)?;
        // What a brake holds is told by itself.
        let failed = asked.iter().filter(|it| it.is_failed() && !it.is_held());
        let failed = failed.count();
        if asked.len() >= FEWEST && failed * 2 >= asked.len() {
            failing.push(Failing {
                name: connection.name,
                failed,
                of: asked.len(),
            });
        }
    }
    Ok(failing)
}

/// What came of the requests of a day, in a column's words.
pub(super) fn of_today(activity: &ConnectionActivity) -> String {
    match (activity.asked_today, activity.failed_today) {
        (0, _) => "no request".to_owned(),
        (asked, 0) => format!("{} done", number(asked)),
        (asked, failed) => format!("{} of {} failed", number(failed), number(asked)),
    }
}

/// Whether that is worth a look.
pub(super) fn is_bad(activity: &ConnectionActivity) -> bool {
    activity.failed_today > 0 && activity.failed_today * 2 >= activity.asked_today
}

/// What has no column: how it brings people in, its brake, its tokens, and its people.
pub(super) fn facts(
    read: &Read<'_>,
    connection: &Connection,
    activity: &ConnectionActivity,
    zone: &Zone,
) -> Result<Vec<(String, String)>> {
    let mut facts = Vec::new();
    let mut fact = |label: &str, said: String| facts.push((label.to_owned(), said));
    let days = connection.policy.token_days;
    fact(
        TOKEN_DAYS,
        days.map_or_else(|| "none".to_owned(), |it| it.to_string()),
    );
    let brake = read.brake(connection.id)?;
    fact(BRAKE, if brake.is_some() { "on" } else { "off" }.to_owned());
    let terms = brake.unwrap_or_default();
    fact(PERCENT, terms.share.to_string());
    fact(AT_LEAST, terms.floor.to_string());
    fact(WINDOW, span(terms.window_ms));
    if let Some((left, limit)) = read.brake_room(connection.id)? {
        fact(
            "may leave now",
            format!("{} of {}", number(left), number(limit)),
        );
    }
    let owned = read.part_names(&connection.owned())?;
    let owned: Vec<_> = owned.iter().map(|it| it.replace('_', " ")).collect();
    fact("owns", owned.join(", "));
    for map in &connection.maps {
        for field in read.part_names(&[map.part])? {
            let field = field.replace('_', " ");
            fact("maps", format!("{field} from {}", map.path));
        }
    }
    for token in &connection.tokens {
        fact("token", token_in_words(token, zone));
    }
    let asked = activity.last_asked_at;
    fact(
        "last change asked",
        asked.map_or_else(|| "never".to_owned(), |it| zone.minute(it)),
    );
    fact("people", number(activity.people));
    fact("queued", number(activity.queued));
    fact("held by the brake", number(activity.held));
    Ok(facts)
}

/// A span of time as it is typed: `10m`, `2h`, `1d`.
pub(super) fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes % 1_440, minutes % 60) {
        (0, _) if minutes > 0 => format!("{}d", minutes / 1_440),
        (_, 0) if minutes > 0 => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

/// What [`span`] says, read back.
pub(super) fn of_span(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 1_440,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(minutes * 60_000)
}

fn token_in_words(token: &Token, zone: &Zone) -> String {
    let ends = match token.ends_at {
        Some(at) => format!("until {}", zone.minute(at)),
        None => "does not end".to_owned(),
    };
    let used = match token.last_used_at {
        Some(at) => format!("last used {}", zone.minute(at)),
        None => "never used".to_owned(),
    };
    format!("{}…, {ends}, {used}", token.hint)
}

#[cfg(test)]
mod tests {
    use super::{of_span, span};

    #[test]
    fn a_span_is_read_as_it_is_told() {
        for said in ["10m", "90m", "2h", "7d"] {
            assert_eq!(of_span(said).map(span).as_deref(), Some(said));
        }
        for wrong in ["", "m", "10", "10x", "é", "99999999999999999999d"] {
            assert_eq!(of_span(wrong), None, "{wrong}");
        }
    }
}
