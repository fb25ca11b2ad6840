//! First outcomes of keyed requests, kept for 30 days. The key itself is not stored, only its hash, and the command's
//! digest is keyed by it, so that the table says nothing about personal values.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Snapshot, actor, broken};
use crate::change::Names;
use crate::command::Command;
use crate::directory::Applied;
use crate::error::{Error, Result};
use crate::model::{Actor, BatchId, Timestamp, UserId};
use crate::plan::{Digest, Effects, Plan, Skip};

const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// What a repeated request is answered with.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome {
    batch: Option<BatchId>,
    at: Timestamp,
    user: Option<UserId>,
    promotions: Vec<BatchId>,
    #[serde(default)]
    promoted: usize,
    skipped: Vec<(Option<UserId>, String)>,
}

fn key_hash(actor: Actor, key: &str) -> [u8; 32] {
    let (kind, id) = actor::encode(actor);
    let hash = Sha256::new()
        .chain_update(kind)
        .chain_update(id.unwrap_or_default())
        .chain_update([0]);
    hash.chain_update(key).finalize().into()
}

fn command_hash(key: &str, command: &Command) -> [u8; 32] {
    Sha256::new()
        .chain_update(key)
        .chain_update([0])
        .chain_update(format!("{command:?}"))
        .finalize()
        .into()
}

pub(super) fn find(
    conn: &Connection,
    actor: Actor,
    key: &str,
    command: &Command,
    now: Timestamp,
) -> Result<Option<Outcome>> {
    let sql = "SELECT command, outcome FROM idempotency WHERE key = ?1 AND at > ?2";
    let found: Option<([u8; 32], String)> = conn
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.query_row(
                params![key_hash(actor, key), now.as_millis() - KEPT_MS],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
        })
        .map_err(broken)?;
    match found {
        None => Ok(None),
        Some((command_then, _)) if command_then != command_hash(key, command) => {
            Err(Error::KeyReused)
        }
        Some((_, outcome)) => serde_json::from_str(&outcome)
            .map(Some)
            .map_err(|error| Error::Broken(error.to_string())),
    }
}

/// Why somebody was left out, without what stands in a cell of a file: that may be about people.
fn kept_reason(applied: &Applied, skip: &Skip) -> String {
    match (&applied.plan.review, skip.reason.split_once(": ")) {
        (Some(_), Some((row, _))) if skip.user.is_none() => format!("{row}: left out"),
        _ => skip.reason.clone(),
    }
}

pub(super) fn keep(
    conn: &Connection,
    actor: Actor,
    key: &str,
    command: &Command,
    applied: &Applied,
) -> Result<()> {
    let outcome = Outcome {
        batch: applied.batch,
        at: applied.at,
        user: applied.user,
        promotions: applied.promotions.clone(),
        promoted: applied.promoted,
        // Reasons name nobody; whom was skipped is kept by id.
        skipped: applied
            .plan
            .skipped
            .iter()
            .map(|it| (it.user, kept_reason(applied, it)))
            .collect(),
    };
    let outcome =
        serde_json::to_string(&outcome).map_err(|error| Error::Broken(error.to_string()))?;
    let at = applied.at.as_millis();
    conn.prepare_cached("DELETE FROM idempotency WHERE at <= ?1")
        .and_then(|mut it| it.execute([at - KEPT_MS]))
        .map_err(broken)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO idempotency (key, command, outcome, at) VALUES (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut it| {
        it.execute(params![
            key_hash(actor, key),
            command_hash(key, command),
            outcome,
            at
        ])
    })
    .map_err(broken)?;
    Ok(())
}

/// The first outcome, with its changes read back from the history. A token is not shown twice.
pub(super) fn repeat(snapshot: &Snapshot<'_>, outcome: Outcome) -> Result<Applied> {
    let changes = match outcome.batch {
        None => Vec::new(),
        Some(batch) => snapshot
            .changes_of_batch(batch)?
            .unwrap_or_default()
            .into_iter()
            .filter_map(|it| it.change)
            .collect(),
    };
    let skipped = outcome.skipped.into_iter().map(|(user, reason)| {
        let who = user.map(|it| it.to_string()).unwrap_or_default();
        Skip { user, who, reason }
    });
    let plan = Plan {
        command: "repeat",
        changes: changes.into(),
        skipped: skipped.collect(),
        effects: Effects::default(),
        shortfalls: Vec::new(),
        review: None,
        digest: Digest::UNASKED,
        names: Names::default(),
        at: outcome.at,
    };
    let Outcome {
        batch,
        at,
        user,
        promotions,
        promoted,
        ..
    } = outcome;
    Ok(Applied {
        batch,
        at,
        plan,
        user,
        manager_name: None,
        held: None,
        refused: None,
        promotions,
        promoted,
        token: None,
        repeated: true,
    })
}
