//! Bringing mails out: who takes which, what becomes of each, and what is tried again.

use std::sync::PoisonError;

use rusqlite::{Connection, Row, params};

use super::kept::{MAIL, mail_row};
use super::{Claim, Settled, run};
use crate::error::Result;
use crate::model::{MailState, Timestamp, UserId, WhichMails};
use crate::plan::Template;
use crate::store::snapshot::word;
use crate::store::{Snapshot, broken};

const DAY_MS: i64 = 86_400_000;
/// How many rows a claim looks at.
const MOST_LOOKED_AT: i64 = 256;
/// What ends the reason of a mail that waits because its person has had as many as the setting allows.
const BY_THE_SETTING: &str = ": the setting mails-a-day";
/// The longest reason that is kept, in characters.
const LONGEST_WHY: usize = 200;

/// Takes mails that are due, the longest due first, one a person, so that everybody's come in order. Mails to a domain
/// whose turn comes later are put off until then.
pub(super) fn claim(conn: &Connection, wish: &Claim) -> Result<()> {
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
            let went = match most {
                1 => "1 mail".to_owned(),
                most => format!("{most} mails"),
            };
            let why = format!("{went} went there within 24 hours{BY_THE_SETTING}");
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

/// Lets whatever waits by the setting be looked at again, because that was changed.
pub(in crate::store) fn most_changed(conn: &Connection) -> Result<()> {
    let sql = "UPDATE outbox SET next_at = created_at, why = NULL WHERE state IN ('waiting', 'sending') AND state = 'waiting' \
        AND substr(why, -length(?1)) = ?1";
    run(conn, sql, [BY_THE_SETTING]).map(drop)
}

/// By a clock that was set back, what was put off by the one that ran ahead would wait for as long: it goes now.
pub(in crate::store) fn clock_set_back(conn: &Connection, now: Timestamp) -> Result<()> {
    let sql = "UPDATE outbox SET next_at = ?1 WHERE state IN ('waiting', 'sending') AND state = 'waiting' AND next_at > ?1";
    run(conn, sql, [now.as_millis()]).map(drop)
}

/// Until when a person gets no more mails, having had as many within a day as they may. One at a time goes to each, so that
/// none is on its way that is not counted.
fn full_until(
    snapshot: &Snapshot<'_>,
    user: UserId,
    most: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT settled_at, template FROM outbox WHERE user = ?1 AND state IN ('sent', 'filed', 'bounced') AND settled_at > ?2 \
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

pub(super) fn settle(conn: &Connection, it: &Settled) -> Result<()> {
    let why = it.why.as_deref().map(shortened);
    let settled_at = (it.state != MailState::Waiting).then_some(it.at.as_millis());
    let sql = "UPDATE outbox SET state = ?3, next_at = ?4, settled_at = ?5, why = ?6, lease = NULL, \
        remind_at = CASE WHEN ?3 IN ('sent', 'filed') AND template = 'invitation' AND NOT EXISTS (SELECT 1 FROM outbox AS same \
        WHERE same.user = outbox.user AND same.generation = outbox.generation AND same.template = 'invitation' \
        AND same.seq <> outbox.seq AND same.state IN ('sent', 'filed')) THEN ?5 END \
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
        MailState::Sent | MailState::Filed => run(
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

pub(super) fn retry(conn: &Connection, which: &WhichMails, at: Timestamp) -> Result<usize> {
    let set = "UPDATE outbox SET state = 'waiting', next_at = ?1, settled_at = NULL, why = NULL, created_at = ?1";
    let seqs = match which {
        WhichMails::These(seqs) => seqs.as_slice(),
        WhichMails::Refused => &[],
        WhichMails::Filed => {
            // A reminder that came of it is due anew once somebody got it.
            let sql = format!("{set}, remind_at = NULL WHERE state = 'filed'");
            return run(conn, &sql, params![at.as_millis()]);
        }
    };
    if *which == WhichMails::Refused {
        let sql = format!("{set} WHERE state IN ('failed', 'bounced') AND state = 'failed'");
        // What waits for its next attempt goes at once too.
        let waiting = "UPDATE outbox SET next_at = ?1 WHERE state IN ('waiting', 'sending') AND state = 'waiting' AND next_at > ?1";
        return Ok(run(conn, &sql, params![at.as_millis()])?
            + run(conn, waiting, params![at.as_millis()])?);
    }
    let sql = format!(
        "{set} WHERE seq = ?2 AND state IN ('failed', 'bounced', 'dropped', 'waiting', 'filed')"
    );
    let mut found = 0;
    for seq in seqs {
        found += run(conn, &sql, params![at.as_millis(), seq])?;
    }
    Ok(found)
}

/// Marks the last mail that was taken for a person as come back; whether there was one.
pub(super) fn bounced(conn: &Connection, user: UserId, why: &str, at: Timestamp) -> Result<bool> {
    let why = shortened(why);
    let sql = "UPDATE outbox SET state = 'bounced', settled_at = ?2, why = ?3 WHERE seq = (SELECT seq FROM outbox \
        WHERE user = ?1 AND state IN ('sent', 'filed', 'bounced') AND address IS NULL ORDER BY seq DESC LIMIT 1) RETURNING seq";
    let values = params![user.as_bytes(), at.as_millis(), why];
    let seq: Option<i64> = one_written(conn, sql, values, |row| row.get(0))?;
    match seq {
        Some(seq) => undelivered(conn, user, MailState::Bounced, seq, at, &why).map(|()| true),
        None => Ok(false),
    }
}

/// A mail server's words, made harmless and short.
pub(super) fn shortened(why: &str) -> String {
    crate::model::harmless(why)
        .chars()
        .take(LONGEST_WHY)
        .collect()
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
