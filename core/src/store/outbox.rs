//! The outbox: mails are rows written in the transaction of their cause. What becomes of them afterwards decides nothing
//! and makes no event.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::snapshot::word;
use super::writer::Note;
use super::{Read, Snapshot, Store, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::mail::MailText;
use crate::model::{
    BatchId, Field, InvitationProgress, InvitationState, Language, MailState, OutboxMail,
    Timestamp, Undelivered, UserId,
};
use crate::plan::{Mail, Template};

/// How many rows a claim looks at.
const DAY_MS: i64 = 86_400_000;
const MOST_LOOKED_AT: i64 = 256;
/// How many settled rows go in one round of trimming.
const TRIM_ROUND: i64 = 2_000;
/// The longest reason that is kept, in characters.
const LONGEST_WHY: usize = 200;

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
    /// Try again what was refused; all of it, or these.
    Retry {
        seqs: Vec<i64>,
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
        OutboxNote::Retry { seqs, at, found } => {
            let n = retry(conn, seqs, *at)?;
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
        OutboxNote::Remind(now) => super::remind::put(conn, *now),
        OutboxNote::Trim(before) => run(
            conn,
            "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE settled_at < ?1 ORDER BY settled_at LIMIT ?2)",
            params![before.as_millis(), TRIM_ROUND],
        )
        .map(drop),
    }
}

/// Takes mails that are due, the longest due first, one a person, so that everybody's come in order. Mails to a domain
/// whose turn comes later are put off until then.
fn claim(conn: &Connection, wish: &Claim) -> Result<()> {
    let now = wish.now.as_millis();
    let snapshot = Snapshot::new(conn);
    let most = snapshot.settings()?.mails_a_day;
    let sql = "SELECT outbox.seq, coalesce(address, email), user, template FROM outbox LEFT JOIN users ON users.id = outbox.user \
        WHERE state IN ('waiting', 'sending') AND next_at <= ?1 AND NOT EXISTS (SELECT 1 FROM outbox AS earlier \
        WHERE earlier.user = outbox.user AND earlier.seq < outbox.seq AND earlier.state IN ('waiting', 'sending')) \
        ORDER BY next_at, outbox.seq LIMIT ?2";
    let due = snapshot.all(sql, [now, MOST_LOOKED_AT], |row| {
        let user = UserId::from_bytes(row.get(2)?);
        let template = word(row, 3, Template::from_word)?;
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, Option<String>>(1)?,
            user,
            template,
        ))
    })?;
    let mut taken = Vec::new();
    for (seq, address, user, template) in due {
        if taken.len() >= wish.most {
            break;
        }
        if let Some(most) = most.filter(|_| template.counts())
            && let Some(free_at) = full_until(&snapshot, user, most, wish.now)?
        {
            let sql = "UPDATE outbox SET next_at = ?2, why = ?3 WHERE seq = ?1";
            let why = format!("{most} mails went there within 24 hours: the setting mails-a-day");
            run(conn, sql, params![seq, free_at.as_millis(), why])?;
            continue;
        }
        let domain = address.as_deref().and_then(|it| it.rsplit_once('@'));
        let slot = domain.map_or(wish.now, |it| (wish.slot)(it.1));
        if slot > wish.now {
            let sql = "UPDATE outbox SET next_at = ?2 WHERE seq = ?1";
            run(conn, sql, params![seq, slot.as_millis()])?;
            continue;
        }
        let sql = "UPDATE outbox SET state = 'sending', lease = ?2, next_at = ?3, attempts = attempts + 1 WHERE seq = ?1";
        run(conn, sql, params![seq, wish.lease, wish.until.as_millis()])?;
        taken.push(seq);
    }
    let mut rows = Vec::with_capacity(taken.len());
    for seq in taken {
        let sql = format!("{MAIL} WHERE outbox.seq = ?1");
        rows.extend(snapshot.one(&sql, [seq], mail_row)?);
    }
    *wish.taken.lock().unwrap_or_else(PoisonError::into_inner) = rows;
    Ok(())
}

/// Until when a person gets no more mails, having had as many within a day as they may. One at a time goes to each, so that
/// none is on its way that is not counted.
fn full_until(
    snapshot: &Snapshot<'_>,
    user: UserId,
    most: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT settled_at, template FROM outbox WHERE user = ?1 AND state IN ('sent', 'bounced') AND settled_at > ?2 \
        ORDER BY seq DESC";
    let since = now.as_millis() - DAY_MS;
    let rows = snapshot.all(sql, params![user.as_bytes(), since], |row| {
        Ok((row.get::<_, i64>(0)?, word(row, 1, Template::from_word)?))
    })?;
    let counted = rows.into_iter().filter(|it| it.1.counts());
    let last = counted.skip(
        usize::try_from(most)
            .unwrap_or(usize::MAX)
            .saturating_sub(1),
    );
    Ok(last.map(|it| Timestamp::from_millis(it.0 + DAY_MS)).next())
}

fn settle(conn: &Connection, it: &Settled) -> Result<()> {
    let why = it.why.as_deref().map(shortened);
    let settled_at = (it.state != MailState::Waiting).then_some(it.at.as_millis());
    let sql = "UPDATE outbox SET state = ?3, next_at = ?4, settled_at = ?5, why = ?6, lease = NULL, \
        remind_at = CASE WHEN ?3 = 'sent' AND template = 'invitation' THEN ?5 END \
        WHERE seq = ?1 AND state = 'sending' AND lease = ?2 RETURNING user";
    let values = params![
        it.seq,
        it.lease,
        it.state.as_str(),
        it.next_at.as_millis(),
        settled_at,
        why
    ];
    let user: Option<[u8; 16]> = one_written(conn, sql, values, |row| row.get(0))?;
    // Somebody else has taken it meanwhile, or the person was erased.
    let Some(user) = user.map(UserId::from_bytes) else {
        return Ok(());
    };
    match it.state {
        MailState::Waiting => {
            // What comes after it for the same person would only be looked at in vain.
            let sql = "UPDATE outbox SET next_at = ?3 WHERE user = ?1 AND seq > ?2 AND state = 'waiting' AND next_at < ?3";
            let values = params![user.as_bytes(), it.seq, it.next_at.as_millis()];
            run(conn, sql, values).map(drop)
        }
        MailState::Sent => run(
            conn,
            "DELETE FROM undelivered WHERE user = ?1 AND EXISTS (SELECT 1 FROM outbox WHERE seq = ?2 AND address IS NULL)",
            params![user.as_bytes(), it.seq],
        )
        .map(drop),
        MailState::Failed => undelivered(
            conn,
            user,
            MailState::Failed,
            it.seq,
            it.at,
            why.as_deref().unwrap_or_default(),
        ),
        MailState::Sending | MailState::Dropped | MailState::Bounced => Ok(()),
    }
}

/// Notes that nothing can be brought to a person. A notice to an address that they left says nothing about theirs.
fn undelivered(
    conn: &Connection,
    user: UserId,
    state: MailState,
    seq: i64,
    at: Timestamp,
    why: &str,
) -> Result<()> {
    let sql = "INSERT INTO undelivered (user, state, outbox, at, why) SELECT ?1, ?2, ?3, ?4, ?5 FROM outbox \
        JOIN users ON users.id = outbox.user WHERE outbox.seq = ?3 AND address IS NULL AND users.status <> 'erased' \
        ON CONFLICT (user) DO UPDATE SET state = ?2, outbox = ?3, at = ?4, why = ?5";
    let values = params![user.as_bytes(), state.as_str(), seq, at.as_millis(), why];
    run(conn, sql, values).map(drop)
}

fn retry(conn: &Connection, seqs: &[i64], at: Timestamp) -> Result<usize> {
    let set = "UPDATE outbox SET state = 'waiting', next_at = ?1, settled_at = NULL, why = NULL, created_at = ?1";
    if seqs.is_empty() {
        let sql = format!("{set} WHERE state IN ('failed', 'bounced') AND state = 'failed'");
        // What waits for its next attempt goes at once too.
        let waiting = "UPDATE outbox SET next_at = ?1 WHERE state IN ('waiting', 'sending') AND state = 'waiting' AND next_at > ?1";
        return Ok(run(conn, &sql, params![at.as_millis()])?
            + run(conn, waiting, params![at.as_millis()])?);
    }
    let sql =
        format!("{set} WHERE seq = ?2 AND state IN ('failed', 'bounced', 'dropped', 'waiting')");
    let mut found = 0;
    for seq in seqs {
        found += run(conn, &sql, params![at.as_millis(), seq])?;
    }
    Ok(found)
}

/// Marks the last mail that was taken for a person as come back; whether there was one.
fn bounced(conn: &Connection, user: UserId, why: &str, at: Timestamp) -> Result<bool> {
    let why = shortened(why);
    let sql = "UPDATE outbox SET state = 'bounced', settled_at = ?2, why = ?3 WHERE seq = (SELECT seq FROM outbox \
        WHERE user = ?1 AND state IN ('sent', 'bounced') AND address IS NULL ORDER BY seq DESC LIMIT 1) RETURNING seq";
    let values = params![user.as_bytes(), at.as_millis(), why];
    let seq: Option<i64> = one_written(conn, sql, values, |row| row.get(0))?;
    match seq {
        Some(seq) => undelivered(conn, user, MailState::Bounced, seq, at, &why).map(|()| true),
        None => Ok(false),
    }
}

/// Before a person's address changes: what could not be brought to this one says nothing of the next, and what was taken
/// keeps where it went.
pub(super) fn address_changes(conn: &Connection, user: UserId) -> Result<()> {
    let went = "UPDATE outbox SET address = (SELECT email FROM users WHERE id = ?1) \
        WHERE user = ?1 AND state = 'sent' AND address IS NULL";
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

/// A mail server's words, made harmless and short.
fn shortened(why: &str) -> String {
    crate::model::harmless(why)
        .chars()
        .take(LONGEST_WHY)
        .collect()
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map_err(broken)
}

fn one_written<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    use rusqlite::OptionalExtension as _;
    conn.prepare_cached(sql)
        .and_then(|mut it| it.query_row(params, read).optional())
        .map_err(broken)
}

const MAIL: &str = "SELECT outbox.seq, batch, user, template, generation, address, state, attempts, outbox.created_at, next_at, \
    settled_at, why, about, users.email FROM outbox LEFT JOIN users ON users.id = outbox.user";

fn mail_row(row: &Row<'_>) -> rusqlite::Result<OutboxMail> {
    let user = UserId::from_bytes(row.get(2)?);
    let address: Option<String> = row.get(5)?;
    let email: Option<String> = row.get(13)?;
    Ok(OutboxMail {
        seq: row.get(0)?,
        batch: BatchId::from_bytes(row.get(1)?),
        user,
        label: address
            .clone()
            .or(email)
            .unwrap_or_else(|| user.to_string()),
        template: word(row, 3, Template::from_word)?,
        generation: row.get(4)?,
        address,
        state: word(row, 6, MailState::from_word)?,
        attempts: row.get(7)?,
        created_at: Timestamp::from_millis(row.get(8)?),
        next_at: Timestamp::from_millis(row.get(9)?),
        settled_at: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis),
        why: row.get(11)?,
        about: row.get(12)?,
    })
}

/// Which mails of the outbox are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxFilter {
    /// Only those in this state.
    pub state: Option<MailState>,
    /// Only those to this person.
    pub user: Option<UserId>,
    /// Only those older than this one.
    pub before: Option<i64>,
}

impl Read<'_> {
    /// Mails, the newest first, of people whom whoever reads may see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn outbox(&self, filter: OutboxFilter, limit: usize) -> Result<Vec<OutboxMail>> {
        let mut found = Vec::new();
        let mut before = filter.before.unwrap_or(i64::MAX);
        let by_state = match filter.state {
            None => "",
            Some(MailState::Waiting | MailState::Sending) => {
                "AND outbox.state IN ('waiting', 'sending') AND outbox.state = ?3"
            }
            Some(MailState::Failed | MailState::Bounced) => {
                "AND outbox.state IN ('failed', 'bounced') AND outbox.state = ?3"
            }
            Some(MailState::Sent | MailState::Dropped) => "AND outbox.state = ?3",
        };
        let by_user = if filter.user.is_some() {
            "AND outbox.user = ?4"
        } else {
            "AND ?4 IS NULL"
        };
        let sql = format!(
            "{MAIL} WHERE outbox.seq < ?1 AND (?3 IS NULL OR 1) {by_state} {by_user} ORDER BY outbox.seq DESC LIMIT ?2"
        );
        let page = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
        let state = filter.state.map(MailState::as_str);
        let user = filter.user.map(|it| *it.as_bytes());
        let snapshot = self.snapshot()?;
        loop {
            let rows = snapshot.all(&sql, params![before, page, state, user], mail_row)?;
            let is_last = rows.len() < limit;
            for row in rows {
                before = row.seq;
                if found.len() < limit && self.sees(&snapshot, row.user)? {
                    found.push(row);
                }
            }
            if is_last || found.len() >= limit {
                return Ok(found);
            }
        }
    }

    /// One mail by its number.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that whoever reads may see.
    pub fn outbox_mail(&self, seq: i64) -> Result<OutboxMail> {
        let snapshot = self.snapshot()?;
        let sql = format!("{MAIL} WHERE outbox.seq = ?1");
        match snapshot.one(&sql, [seq], mail_row)? {
            Some(mail) if self.sees(&snapshot, mail.user)? => Ok(mail),
            _ => Err(Error::not_found("mail", seq)),
        }
    }

    /// How many mails are open, refused or came back, and since when the oldest open one waits.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn outbox_counts(&self) -> Result<(BTreeMap<&'static str, i64>, Option<Timestamp>)> {
        self.sees_all("mail of everybody")?;
        self.together(|snapshot| {
            let mut counts = BTreeMap::new();
            for (sql, states) in [
                ("SELECT state, count(*), min(created_at) FROM outbox WHERE state IN ('waiting', 'sending') GROUP BY state", true),
                ("SELECT state, count(*), NULL FROM outbox WHERE state IN ('failed', 'bounced') GROUP BY state", false),
            ] {
                let rows = snapshot.all(sql, [], |row| {
                    Ok((word(row, 0, MailState::from_word)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
                })?;
                for (state, count, oldest) in rows {
                    counts.insert(state.as_str(), (count, oldest.filter(|_| states)));
                }
            }
            let oldest = counts.values().filter_map(|it| it.1).min();
            let counts = counts.into_iter().map(|(state, it)| (state, it.0)).collect();
            Ok((counts, oldest.map(Timestamp::from_millis)))
        })
    }

    /// When the next mail is due; none when none waits.
    pub(crate) fn next_mail_at(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT next_at FROM outbox WHERE state IN ('waiting', 'sending') ORDER BY next_at LIMIT 1";
        let found = self.snapshot()?.one(sql, [], |row| row.get::<_, i64>(0))?;
        Ok(found.map(Timestamp::from_millis))
    }

    pub(crate) fn has_settled_before(&self, before: Timestamp) -> Result<bool> {
        let sql = "SELECT 1 FROM outbox WHERE settled_at < ?1 LIMIT 1";
        let found = self
            .snapshot()?
            .one(sql, [before.as_millis()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Whether the last mail to a person could not be brought.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn undelivered(&self, user: UserId) -> Result<Option<Undelivered>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.undelivered(user)
    }

    /// How far a person's invitation has come; none when they never had one.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitation_progress(&self, user: UserId) -> Result<Option<InvitationProgress>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.invitation_progress(user, self.now)
    }

    /// People whose address this is, whoever may see them: a mail server tells addresses only.
    pub(crate) fn people_of_address(&self, address: &str) -> Result<Vec<UserId>> {
        let key = crate::model::fold_key(address.trim());
        let sql = "SELECT id FROM users WHERE email_key = ?1";
        self.snapshot()?
            .all(sql, [key], |row| Ok(UserId::from_bytes(row.get(0)?)))
    }
}

impl Snapshot<'_> {
    /// Whether the last mail to a person could not be brought.
    pub(crate) fn undelivered(&self, user: UserId) -> Result<Option<Undelivered>> {
        let sql = "SELECT state, at, why FROM undelivered WHERE user = ?1";
        self.one(sql, [user.as_bytes()], |row| {
            Ok(Undelivered {
                state: word(row, 0, MailState::from_word)?,
                at: Timestamp::from_millis(row.get(1)?),
                why: row.get(2)?,
            })
        })
    }

    /// How far a person's invitation has come.
    pub(crate) fn invitation_progress(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<InvitationProgress>> {
        let Some(invitation) = self.invitation(user)? else {
            return Ok(None);
        };
        let begun: Option<i64> = self
            .one(
                "SELECT begun_generation FROM invitations WHERE user = ?1",
                [user.as_bytes()],
                |row| row.get(0),
            )?
            .flatten();
        Ok(Some(match invitation.state {
            InvitationState::Accepted => InvitationProgress::Accepted,
            InvitationState::Dead => InvitationProgress::Withdrawn,
            InvitationState::Pending if invitation.expires_at <= now => InvitationProgress::Expired,
            InvitationState::Pending if begun == Some(invitation.generation) => {
                InvitationProgress::Begun
            }
            InvitationState::Pending if invitation.send_on.is_some() => {
                InvitationProgress::Scheduled
            }
            InvitationState::Pending => self.mailed(user, invitation.generation)?,
        }))
    }

    /// What became of the newest mail with this link.
    fn mailed(&self, user: UserId, generation: i64) -> Result<InvitationProgress> {
        let sql = "SELECT state FROM outbox WHERE user = ?1 AND generation = ?2 AND template IN ('invitation', 'reminder') \
            ORDER BY seq DESC LIMIT 1";
        let state = self.one(sql, params![user.as_bytes(), generation], |row| {
            word(row, 0, MailState::from_word)
        })?;
        Ok(match state {
            None => InvitationProgress::NotMailed,
            Some(MailState::Waiting | MailState::Sending) => InvitationProgress::Waiting,
            Some(MailState::Sent) => InvitationProgress::Sent,
            Some(MailState::Failed) => InvitationProgress::Failed,
            Some(MailState::Bounced) => InvitationProgress::Bounced,
            Some(MailState::Dropped) => InvitationProgress::NotMailed,
        })
    }
}

impl Snapshot<'_> {
    /// What a message says in the organization's own words, if it has any.
    pub(crate) fn mail_text(
        &self,
        template: Template,
        language: Language,
    ) -> Result<Option<MailText>> {
        let sql = "SELECT subject, body FROM mail_texts WHERE template = ?1 AND language = ?2";
        self.one(sql, [template.as_str(), language.tag()], |row| {
            Ok(MailText {
                subject: row.get(0)?,
                body: row.get(1)?,
            })
        })
    }
}

/// Sets what a message says; none removes the organization's own words.
pub(super) fn set_text(
    conn: &Connection,
    template: Template,
    language: Language,
    text: Option<&MailText>,
) -> Result<()> {
    let key = [template.as_str(), language.tag()];
    match text {
        None => run(
            conn,
            "DELETE FROM mail_texts WHERE template = ?1 AND language = ?2",
            key,
        ),
        Some(text) => run(
            conn,
            "INSERT INTO mail_texts (template, language, subject, body) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (template, language) DO UPDATE SET subject = ?3, body = ?4",
            [key[0], key[1], text.subject.as_str(), text.body.as_str()],
        ),
    }
    .map(drop)
}

impl Read<'_> {
    /// The organization's own words, for all messages and languages that have any.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn mail_texts(&self) -> Result<Vec<(Template, Language, MailText)>> {
        let sql = "SELECT template, language, subject, body FROM mail_texts";
        self.snapshot()?.all(sql, [], |row| {
            let text = MailText {
                subject: row.get(2)?,
                body: row.get(3)?,
            };
            let template = word(row, 0, Template::from_word)?;
            Ok((template, word(row, 1, Language::of_tag)?, text))
        })
    }
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
