//! The outbox: mails are rows written in the transaction of their cause. What becomes of them afterwards decides nothing
//! and makes no event.

mod delivery;
mod kept;
mod texts;

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::writer::Note;
use super::{Snapshot, Store, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{BatchId, Field, MailState, OutboxMail, Timestamp, UserId, WhichMails};
use crate::plan::{Mail, Template};
use delivery::{bounced, claim, retry, settle, shortened};
pub(super) use delivery::{clock_set_back, most_changed};

pub use kept::OutboxFilter;
pub(super) use texts::set_text;

/// How many settled rows go in one round of trimming.
const TRIM_ROUND: i64 = 2_000;

/// Puts the mails of a plan into the outbox, each with the generation of the link that it carries.
pub(super) fn put(
    conn: &Connection,
    mails: &[Mail],
    changes: &[Change],
    batch: BatchId,
    at: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO outbox (batch, user, template, created_at, next_at, generation, address) \
        VALUES (?1, ?2, ?3, ?4, ?4, CASE ?5 WHEN 'invitation' THEN (SELECT generation FROM invitations WHERE user = ?2) \
        WHEN 'password' THEN (SELECT generation FROM password_links WHERE user = ?2 AND state = 'pending') END, ?6)";
    let mut insert = conn.prepare_cached(sql).map_err(broken)?;
    for mail in mails {
        let former = match mail.template {
            Template::EmailLeft => former_address(changes, mail.user),
            _ => None,
        };
        // Somebody who had no address has none to write to.
        if mail.template == Template::EmailLeft && former.is_none() {
            continue;
        }
        let row = params![
            batch.as_bytes(),
            mail.user.as_bytes(),
            mail.template.as_str(),
            at.as_millis(),
            mail.template.carries().unwrap_or(""),
            former
        ];
        insert.execute(row).map_err(broken)?;
    }
    Ok(())
}

/// The address that a person had before these changes.
fn former_address(changes: &[Change], user: UserId) -> Option<&str> {
    changes.iter().find_map(|it| match it {
        Change::Profile {
            user: whose,
            field: Field::Email,
            before,
            ..
        } if *whose == user => before.as_deref(),
        _ => None,
    })
}

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
    let sql = "INSERT INTO outbox (batch, user, template, created_at, next_at, about) VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
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

/// Sixteen bytes that say who brings a mail out.
pub(crate) type Lease = [u8; 16];

/// What is asked of the outbox beside reading it.
pub(crate) enum OutboxNote {
    /// Take up what somebody left behind who is gone.
    TakeUp,
    /// Take mails that are due, until the lease ends.
    Claim(Claim),
    /// What became of one that was taken.
    Settle(Settled),
    /// Give back what was taken and not tried, with the reason if there is one.
    Release {
        lease: Lease,
        seqs: Vec<i64>,
        why: Option<String>,
    },
    /// Try again.
    Retry {
        which: WhichMails,
        at: Timestamp,
        found: Arc<Mutex<usize>>,
    },
    /// What was last taken for these people came back.
    Bounced {
        users: Vec<UserId>,
        why: String,
        at: Timestamp,
        found: Arc<Mutex<usize>>,
    },
    /// Somebody has begun to fill in the page of their invitation.
    Begun {
        user: UserId,
        generation: i64,
        at: Timestamp,
    },
    /// Somebody whose invitation was withdrawn asks for a new one.
    AskAgain { user: UserId, at: Timestamp },
    /// Somebody wants to be reminded of an invitation no more.
    RemindNoMore {
        user: UserId,
        generation: i64,
        at: Timestamp,
    },
    /// Drop what was settled before an instant.
    Trim(Timestamp),
    /// Put out what is due by the calendar: reminders, and notices of deletions ahead.
    Remind(Timestamp),
}

impl OutboxNote {
    /// Whether it may come after the log is synced: a kill loses nothing of it, and a power cut means at worst that a mail
    /// goes out again.
    pub(super) fn may_wait(&self) -> bool {
        matches!(self, Self::Settle(_))
    }
}

/// A wish to bring mails out.
pub(crate) struct Claim {
    pub(crate) lease: Lease,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) most: usize,
    /// When the next mail to a domain may go; asked once for each mail, in order. At or before now: at once.
    pub(crate) slot: Arc<dyn Fn(&str) -> Timestamp + Send + Sync>,
    pub(crate) taken: Arc<Mutex<Vec<OutboxMail>>>,
}

/// What became of a mail that was tried.
pub(crate) struct Settled {
    pub(crate) seq: i64,
    pub(crate) lease: Lease,
    pub(crate) state: MailState,
    pub(crate) at: Timestamp,
    /// When it is tried again, if it waits.
    pub(crate) next_at: Timestamp,
    pub(crate) why: Option<String>,
}

pub(super) fn write(conn: &Connection, note: &OutboxNote) -> Result<()> {
    match note {
        OutboxNote::TakeUp => run(
            conn,
            "UPDATE outbox SET state = 'waiting', lease = NULL, next_at = created_at \
             WHERE state IN ('waiting', 'sending') AND state = 'sending'",
            [],
        )
        .map(drop),
        OutboxNote::Claim(it) => claim(conn, it),
        OutboxNote::Settle(it) => settle(conn, it),
        OutboxNote::Release { lease, seqs, why } => {
            let why = why.as_deref().map(shortened);
            let sql = "UPDATE outbox SET state = 'waiting', lease = NULL, next_at = created_at, attempts = attempts - 1, \
                why = coalesce(?3, why) WHERE seq = ?1 AND state = 'sending' AND lease = ?2";
            for seq in seqs {
                run(conn, sql, params![seq, lease, why])?;
            }
            Ok(())
        }
        OutboxNote::Retry { which, at, found } => {
            let n = retry(conn, which, *at)?;
            *found.lock().unwrap_or_else(PoisonError::into_inner) = n;
            Ok(())
        }
        OutboxNote::Bounced {
            users,
            why,
            at,
            found,
        } => {
            let mut n = 0;
            for user in users {
                n += usize::from(bounced(conn, *user, why, *at)?);
            }
            *found.lock().unwrap_or_else(PoisonError::into_inner) = n;
            Ok(())
        }
        OutboxNote::AskAgain { user, at } => super::invitations::ask(conn, *user, *at),
        OutboxNote::Begun {
            user,
            generation,
            at,
        } => run(
            conn,
            "UPDATE invitations SET begun_generation = ?2, begun_at = ?3 \
             WHERE user = ?1 AND generation = ?2 AND state = 'pending' AND begun_generation IS NOT ?2",
            params![user.as_bytes(), generation, at.as_millis()],
        )
        .map(drop),
        OutboxNote::RemindNoMore {
            user,
            generation,
            at,
        } => super::remind::no_more(conn, *user, *generation, *at),
        OutboxNote::Remind(now) => super::remind::put(conn, *now),
        OutboxNote::Trim(before) => run(
            conn,
            "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE settled_at < ?1 ORDER BY settled_at LIMIT ?2)",
            params![before.as_millis(), TRIM_ROUND],
        )
        .map(drop),
    }
}

/// Before a person's address changes: what could not be brought to this one says nothing of the next, and what was taken
/// keeps where it went.
pub(super) fn address_changes(conn: &Connection, user: UserId) -> Result<()> {
    let went = "UPDATE outbox SET address = (SELECT email FROM users WHERE id = ?1) \
        WHERE user = ?1 AND state IN ('sent', 'filed') AND address IS NULL";
    run(conn, went, params![user.as_bytes()])?;
    let sql = "DELETE FROM undelivered WHERE user = ?1";
    run(conn, sql, params![user.as_bytes()]).map(drop)
}

/// Destroys what is kept of a person's mail.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    let id = params![user.as_bytes()];
    run(conn, "DELETE FROM outbox WHERE user = ?1", id)?;
    run(conn, "DELETE FROM deletion_notices WHERE user = ?1", id)?;
    run(conn, "DELETE FROM undelivered WHERE user = ?1", id).map(drop)
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map_err(broken)
}

impl Store {
    /// Writes a note of the outbox without waiting for it.
    pub(crate) fn note_outbox_later(&self, note: OutboxNote) {
        self.note(Note::Outbox(note), |_| {});
    }

    /// Writes a note of the outbox, and returns when it is written.
    pub(crate) fn note_outbox(&self, note: OutboxNote) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.note(Note::Outbox(note), move |result| {
            let _ = answer.send(result);
        });
        answered
            .recv()
            .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".into())))
    }
}
