//! Where seats may be wasted: the upkeep of what tells it without looking through everybody, and reading it. Creates note
//! nothing; the writer looks at new people when it is idle, as for the text index. What is noted says nothing about
//! anybody: numbers, and keyed hashes of which only equality can be seen.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, params};
use sha2::Sha256;

use super::broken;
use super::snapshot::{Snapshot, user_columns, user_row, word};
use crate::error::Result;
use crate::model::{Hold, License, Pool, Profile, Status, Timestamp, User, UserId, search_text};
use crate::waste::{Reason, Wasted, Wasteful};

/// How many people one round looks at, and one step of reading.
const ROUND: i64 = 2_000;

/// Up to so many people are better found by where they stand than among those whom the platform never saw.
const MANY: i64 = 20_000;

/// Whom the platform never saw, in the order of creation.
const UNSEEN: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM unseen JOIN users ON users.seq = unseen.seq WHERE unseen.seq > ?1 AND unseen.seq <= ?3 \
     AND users.status IN ('active', 'waiting', 'pending_transfer') ORDER BY unseen.seq LIMIT ?2"
);

/// How many people have not been looked at, or not since their names changed; counted no further than needed.
pub(super) fn waiting(conn: &Connection) -> Result<i64> {
    let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM look_again LIMIT 1)) \
        + (SELECT coalesce(max(seq), 0) FROM users) - (SELECT seq FROM looked_to)";
    conn.prepare_cached(sql)
        .and_then(|mut it| it.query_row([], |row| row.get(0)))
        .map_err(broken)
}

/// Notes that what somebody is told apart by has changed.
pub(super) fn look_again(conn: &Connection, user: UserId) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO look_again (seq) \
        SELECT seq FROM users WHERE id = ?1 AND seq <= (SELECT seq FROM looked_to)";
    run(conn, sql, [user.as_bytes()])
}

/// Forgets what was noted of somebody whose data is destroyed.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    for sql in [
        "DELETE FROM look_alikes WHERE seq = (SELECT seq FROM users WHERE id = ?1)",
        "DELETE FROM look_again WHERE seq = (SELECT seq FROM users WHERE id = ?1)",
        "DELETE FROM unseen WHERE seq = (SELECT seq FROM users WHERE id = ?1)",
    ] {
        run(conn, sql, [user.as_bytes()])?;
    }
    Ok(())
}

/// Looks at up to a round of people, inside the caller's transaction: those whose names changed first, then new ones.
pub(super) fn look_round(conn: &Connection) -> Result<()> {
    let key = Snapshot::new(conn).digest_key()?;
    let again = "SELECT seq, first_name, last_name, email, status, last_seen_at FROM users \
        WHERE seq IN (SELECT seq FROM look_again LIMIT ?1)";
    let new = "SELECT seq, first_name, last_name, email, status, last_seen_at FROM users \
        WHERE seq > (SELECT seq FROM looked_to) ORDER BY seq LIMIT ?1";
    for person in looked(conn, again)? {
        note(conn, &key, &person)?;
        run(conn, "DELETE FROM look_again WHERE seq = ?1", [person.seq])?;
    }
    let new = looked(conn, new)?;
    for person in &new {
        note(conn, &key, person)?;
        if person.unseen {
            let sql = "INSERT OR IGNORE INTO unseen (seq) VALUES (?1)";
            run(conn, sql, [person.seq])?;
        }
    }
    match new.last() {
        None => Ok(()),
        Some(last) => run(conn, "UPDATE looked_to SET seq = ?1", [last.seq]),
    }
}

struct Looked {
    seq: i64,
    profile: Profile,
    unseen: bool,
}

fn looked(conn: &Connection, sql: &str) -> Result<Vec<Looked>> {
    Snapshot::new(conn).all(sql, [ROUND], |row| {
        let seen = row.get::<_, Option<i64>>(5)?.is_some();
        Ok(Looked {
            seq: row.get(0)?,
            profile: Profile {
                first_name: row.get(1)?,
                last_name: row.get(2)?,
                email: row.get(3)?,
                ..Profile::default()
            },
            unseen: !seen && word(row, 4, Status::from_word)? != Status::Erased,
        })
    })
}

fn note(conn: &Connection, key: &[u8; 32], person: &Looked) -> Result<()> {
    let Some(look) = look(key, &person.profile) else {
        return run(conn, "DELETE FROM look_alikes WHERE seq = ?1", [person.seq]);
    };
    let sql = "INSERT INTO look_alikes (seq, look) VALUES (?1, ?2) ON CONFLICT (seq) DO UPDATE SET look = ?2";
    run(conn, sql, params![person.seq, look])
}

/// What people who may be one person have in common: first and last name, without regard to case and accents, and the
/// address before its `@`, without dots and without what comes after a plus.
fn look(key: &[u8; 32], profile: &Profile) -> Option<i64> {
    let (first, last) = (
        profile.first_name.as_deref()?,
        profile.last_name.as_deref()?,
    );
    let mailbox = profile.email.as_deref()?.split(['@', '+']).next()?;
    let mailbox: String = mailbox.chars().filter(|it| it.is_alphanumeric()).collect();
    let text = search_text([first, last, mailbox.as_str()]);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(b"looks like");
    mac.update(text.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let first = bytes.get(..8)?.try_into().ok()?;
    Some(i64::from_be_bytes(first))
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}

impl Snapshot<'_> {
    /// Seats that may be wasted, the surest first, then the longest; each person once.
    pub(crate) fn wasted(&self, wanted: &Wasteful) -> Result<Vec<Wasted>> {
        let mut search = Search {
            snapshot: self,
            wanted,
            pools: self.pools()?,
            found: Vec::new(),
            met: wanted.except.clone(),
        };
        for reason in &wanted.reasons {
            match reason {
                Reason::Left => search.left()?,
                Reason::Duplicate => search.duplicates()?,
                Reason::NotAccepted => search.not_accepted()?,
                Reason::NotSeen => search.not_seen()?,
            }
        }
        Ok(search.found)
    }
}

struct Search<'s> {
    snapshot: &'s Snapshot<'s>,
    wanted: &'s Wasteful,
    pools: Vec<Pool>,
    found: Vec<Wasted>,
    met: BTreeSet<UserId>,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.wanted.limit
    }

    /// Which pools get a license back from somebody who leaves, or has left.
    fn gives(&self, user: &User) -> Result<Vec<&Pool>> {
        let gone = !user.status.is_seated_or_coming();
        let licenses = self.snapshot.licenses_of(user.id)?;
        let returns = |it: &License| {
            let pool = self.pools.iter().find(|pool| pool.id == it.pool)?;
            let returns = match it.hold {
                Hold::Reserved => !gone,
                Hold::Consumed => pool.terms.recoverable || it.stands_for_access,
                Hold::None | Hold::Queued(_) => false,
            };
            returns.then_some(pool)
        };
        Ok(licenses.iter().filter_map(returns).collect())
    }

    /// Adds somebody, unless they are met already, are to be left alone, or would give nothing back.
    fn add(
        &mut self,
        user: User,
        reason: Reason,
        since: Timestamp,
        twin: Option<UserId>,
    ) -> Result<()> {
        if self.is_full() || user.protected || self.met.contains(&user.id) {
            return Ok(());
        }
        // Who administers may well never be seen where people learn.
        if reason != Reason::Left && !self.snapshot.permissions_of(user.id)?.is_empty() {
            return Ok(());
        }
        let gives = self.gives(&user)?;
        let named = |it: &&Pool| {
            self.wanted
                .pool
                .as_ref()
                .is_none_or(|name| it.name == *name)
        };
        if !gives.iter().any(named) {
            return Ok(());
        }
        let gives = gives.into_iter().map(|it| it.id).collect();
        self.met.insert(user.id);
        self.found.push(Wasted {
            user,
            reason,
            since,
            twin,
            gives,
        });
        Ok(())
    }

    /// Who left with a consumed license that returns by now. Whoever left with an add-on is noted once, by a trigger.
    fn left(&mut self) -> Result<()> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM leavers_holding JOIN users ON users.id = leavers_holding.user \
             WHERE leavers_holding.user > ?1 AND users.status IN ('inactive', 'deleted', 'cancelled', 'erased') \
             ORDER BY leavers_holding.user LIMIT ?2"
        );
        let mut after = Vec::new();
        while !self.is_full() {
            let people = self.snapshot.all(sql, params![after, ROUND], user_row)?;
            let Some(last) = people.last().map(|it| it.id) else {
                break;
            };
            after = last.as_bytes().to_vec();
            for user in people {
                let since = user.updated_at;
                self.add(user, Reason::Left, since, None)?;
            }
        }
        Ok(())
    }

    /// Who looks like somebody else with a seat. Of each such lot the one most alive keeps theirs: in before invited, seen
    /// last, there first.
    fn duplicates(&mut self) -> Result<()> {
        let sql = "SELECT look FROM look_alikes WHERE look > ?1 GROUP BY look HAVING count(*) > 1 ORDER BY look LIMIT ?2";
        let alike = concat!(
            "SELECT ",
            user_columns!(),
            " FROM look_alikes JOIN users ON users.seq = look_alikes.seq WHERE look = ?1 \
             AND users.status IN ('active', 'waiting', 'pending_transfer')"
        );
        let mut after = i64::MIN;
        while !self.is_full() {
            let looks = self
                .snapshot
                .all(sql, [after, ROUND], |row| row.get::<_, i64>(0))?;
            let Some(last) = looks.last() else { break };
            after = *last;
            for look in looks {
                let mut lot = self.snapshot.all(alike, [look], user_row)?;
                lot.sort_by_key(|it| {
                    let seen = it.last_seen_at.map(Timestamp::as_millis);
                    (it.status != Status::Active, std::cmp::Reverse(seen), it.seq)
                });
                let mut lot = lot.into_iter();
                let Some(kept) = lot.next() else { continue };
                for user in lot {
                    let since = user.created_at;
                    self.add(user, Reason::Duplicate, since, Some(kept.id))?;
                }
            }
        }
        Ok(())
    }

    /// Who was invited long ago and never came, the earliest first.
    fn not_accepted(&mut self) -> Result<()> {
        let works_for = i64::from(self.snapshot.settings()?.invitation_days) * 86_400_000;
        let counts = self.snapshot.status_counts()?;
        let waiting = [Status::Waiting, Status::PendingTransfer];
        let waiting: i64 = waiting.iter().filter_map(|it| counts.get(it)).sum();
        // Few are found by where they stand; many are met among those whom the platform never saw.
        let among = if waiting <= MANY {
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE users.seq > ?1 AND users.seq <= ?3 AND users.last_seen_at IS NULL \
                 AND users.status IN ('waiting', 'pending_transfer') ORDER BY users.seq LIMIT ?2"
            )
        } else {
            UNSEEN
        };
        let last = self.last_created_before(self.wanted.invited_before)?;
        self.among(among, last, |search, user| {
            if !matches!(user.status, Status::Waiting | Status::PendingTransfer) {
                return Ok(());
            }
            let since = match search.snapshot.invitation(user.id)? {
                Some(it) => it.expires_at.plus_millis(-works_for),
                None => user.created_at,
            };
            if since < search.wanted.invited_before {
                search.add(user, Reason::NotAccepted, since, None)?;
            }
            Ok(())
        })
    }

    /// Who was not seen for long: who was seen once, the longest ago first, then who was never seen, the earliest first.
    /// Where nobody was ever seen, nobody reports it, and it says nothing.
    fn not_seen(&mut self) -> Result<()> {
        let anybody = "SELECT 1 FROM users WHERE last_seen_at IS NOT NULL LIMIT 1";
        if self.snapshot.one(anybody, [], |_| Ok(()))?.is_none() {
            return Ok(());
        }
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE (last_seen_at, seq) > (?1, ?2) AND last_seen_at IS NOT NULL AND last_seen_at < ?3 \
             AND status = 'active' ORDER BY last_seen_at, seq LIMIT ?4"
        );
        let before = self.wanted.not_seen_since.as_millis();
        let mut after = (i64::MIN, 0);
        while !self.is_full() {
            let people =
                self.snapshot
                    .all(sql, params![after.0, after.1, before, ROUND], user_row)?;
            let Some(last) = people.last() else { break };
            after = (last.last_seen_at.map_or(0, Timestamp::as_millis), last.seq);
            for user in people {
                let since = user.last_seen_at.unwrap_or(user.created_at);
                self.add(user, Reason::NotSeen, since, None)?;
            }
        }
        let last = self.last_created_before(self.wanted.not_seen_since)?;
        self.among(UNSEEN, last, |search, user| {
            let since = user.created_at;
            if user.status == Status::Active && since < search.wanted.not_seen_since {
                search.add(user, Reason::NotSeen, since, None)?;
            }
            Ok(())
        })
    }

    /// The number of the last person who was created before an instant. Numbers rise with instants, but where the clock
    /// was set back.
    fn last_created_before(&self, instant: Timestamp) -> Result<i64> {
        let sql = "SELECT seq FROM users WHERE created_at < ?1 ORDER BY created_at DESC LIMIT 1";
        let last = self
            .snapshot
            .one(sql, [instant.as_millis()], |row| row.get(0))?;
        Ok(last.unwrap_or(0))
    }

    /// Hands over people up to a number, in the order of creation.
    fn among(
        &mut self,
        sql: &str,
        last: i64,
        hand: impl Fn(&mut Self, User) -> Result<()>,
    ) -> Result<()> {
        let mut after = 0;
        while !self.is_full() {
            let people = self.snapshot.all(sql, [after, ROUND, last], user_row)?;
            let Some(it) = people.last() else { break };
            after = it.seq;
            for user in people {
                hand(self, user)?;
            }
        }
        Ok(())
    }
}
