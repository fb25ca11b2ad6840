//! Mails that go to several administrators at once, in the transaction of their cause.

use rusqlite::params;
use serde_json::Value;

use super::{Snapshot, broken};
use crate::error::Result;
use crate::model::{BatchId, Timestamp, UserId};
use crate::plan::Template;

/// Puts the same mail to each of these people into the outbox.
pub(super) fn tell_each(
    snapshot: &Snapshot<'_>,
    people: &[UserId],
    template: Template,
    about: &Value,
    batch: BatchId,
    at: Timestamp,
) -> Result<()> {
    let about = about.to_string();
    let sql =
        "INSERT INTO outbox (batch, user, template, created_at, about) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = snapshot.conn.prepare_cached(sql).map_err(broken)?;
    for user in people {
        let row = params![
            batch.as_bytes(),
            user.as_bytes(),
            template.as_str(),
            at.as_millis(),
            about
        ];
        insert.execute(row).map_err(broken)?;
    }
    Ok(())
}
