//! Where seats may be wasted: the upkeep of what tells it without looking through everybody, and reading it. Creates note
//! nothing; the writer looks at new people when it is idle, as for the text index. What is noted says nothing about
//! anybody: numbers, and keyed hashes of which only equality can be seen.

use std::collections::{BTreeSet, HashMap};

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, params};
use sha2::Sha256;

use super::broken;
use super::snapshot::{Snapshot, user_columns, user_row, word};
use crate::error::Result;
use crate::model::{
    Hold, Invitation, License, Permission, Pool, Profile, Status, Timestamp, User, UserId,
    search_text,
};
use crate::waste::{Reason, Wasted, Wasteful};

/// How many people one round looks at.
const ROUND: i64 = 2_000;
/// How many people are read at once.
const PAGE: i64 = 500;
/// By how much a clock may have been set back.
const CLOCK_MS: i64 = 24 * 3_600_000;

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
            administrators: self.permissions()?,
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
    administrators: HashMap<UserId, Vec<Permission>>,
    found: Vec<Wasted>,
    met: BTreeSet<UserId>,
}

/// Somebody whose seat may be wasted, since when, and whom they look like.
type Candidate = (User, Timestamp, Option<UserId>);

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.wanted.limit
    }

    /// Which pools get a license back from somebody who leaves, or has left.
    fn gives<'l>(&self, user: &User, licenses: impl Iterator<Item = &'l License>) -> Vec<&Pool> {
        let gone = !user.status.is_seated_or_coming();
        let returns = |it: &License| {
            let pool = self.pools.iter().find(|pool| pool.id == it.pool)?;
            let returns = match it.hold {
                Hold::Reserved => !gone,
                Hold::Consumed => pool.terms.recoverable || it.stands_for_access,
                Hold::None | Hold::Queued(_) => false,
            };
            returns.then_some(pool)
        };
        licenses.filter_map(returns).collect()
    }

    /// Adds those of them who are not met already, are not to be left alone, and would give something back.
    fn add(&mut self, reason: Reason, mut candidates: Vec<Candidate>) -> Result<()> {
        // Who administers may well never be seen where people learn.
        candidates.retain(|(user, ..)| {
            let spared = reason != Reason::Left && self.administrators.contains_key(&user.id);
            !spared && !user.protected && !self.met.contains(&user.id)
        });
        let ids: Vec<UserId> = candidates.iter().map(|it| it.0.id).collect();
        let mut licenses: HashMap<UserId, Vec<License>> = HashMap::new();
        for license in self.snapshot.licenses_of_all(&ids)? {
            licenses.entry(license.user).or_default().push(license);
        }
        for (user, since, twin) in candidates {
            if self.is_full() {
                break;
            }
            let gives = self.gives(&user, licenses.get(&user.id).into_iter().flatten());
            let named = |it: &&Pool| {
                let only = self.wanted.pool.as_ref();
                only.is_none_or(|name| it.name == *name)
            };
            if !gives.iter().any(named) {
                continue;
            }
            let gives = gives.into_iter().map(|it| it.id).collect();
            if self.met.insert(user.id) {
                self.found.push(Wasted {
                    user,
                    reason,
                    since,
                    twin,
                    gives,
                });
            }
        }
        Ok(())
    }

    /// Who left with a consumed license that returns by now. Whoever left with an add-on is noted once, by a trigger.
    fn left(&mut self) -> Result<()> {
        let returns = |it: &Pool| it.terms.recoverable && !it.is_access();
        if !self.pools.iter().any(returns) {
            return Ok(());
        }
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM leavers_holding CROSS JOIN users ON users.id = leavers_holding.user \
             WHERE leavers_holding.user > ?1 AND +users.status IN ('inactive', 'deleted', 'cancelled', 'erased') \
             ORDER BY leavers_holding.user LIMIT ?2"
        );
        let mut after = Vec::new();
        while !self.is_full() {
            let people = self.snapshot.all(sql, params![after, PAGE], user_row)?;
            let Some(last) = people.last().map(|it| it.id) else {
                break;
            };
            after = last.as_bytes().to_vec();
            let since = |it: User| (it.updated_at, it);
            let people = people.into_iter().map(since);
            let people = people.map(|(since, user)| (user, since, None));
            self.add(Reason::Left, people.collect())?;
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
            " FROM look_alikes CROSS JOIN users ON users.seq = look_alikes.seq WHERE look = ?1 \
             AND +users.status IN ('active', 'waiting', 'pending_transfer')"
        );
        let mut after = i64::MIN;
        while !self.is_full() {
            let looks = self
                .snapshot
                .all(sql, [after, PAGE], |row| row.get::<_, i64>(0))?;
            let Some(last) = looks.last() else { break };
            after = *last;
            let mut twins = Vec::new();
            for look in looks {
                let mut lot = self.snapshot.all(alike, [look], user_row)?;
                lot.sort_by_key(|it| {
                    let seen = it.last_seen_at.map(Timestamp::as_millis);
                    (it.status != Status::Active, std::cmp::Reverse(seen), it.seq)
                });
                let mut lot = lot.into_iter();
                let Some(kept) = lot.next() else { continue };
                twins.extend(
                    lot.map(|it| (it.created_at, it))
                        .map(|(since, it)| (it, since, Some(kept.id))),
                );
            }
            self.add(Reason::Duplicate, twins)?;
        }
        Ok(())
    }

    /// Who was invited long ago and never came, the earliest first.
    fn not_accepted(&mut self) -> Result<()> {
        let works_for = i64::from(self.snapshot.settings()?.invitation_days) * 86_400_000;
        // The index of statuses tells who they are without a look at them.
        let sql = "SELECT seq FROM users WHERE status IN ('waiting', 'pending_transfer')";
        let mut waiting = self.snapshot.all(sql, [], |row| row.get::<_, i64>(0))?;
        waiting.sort_unstable();
        let one = concat!("SELECT ", user_columns!(), " FROM users WHERE seq = ?1");
        for page in waiting.chunks(PAGE as usize) {
            if self.is_full() {
                break;
            }
            let mut people: Vec<User> = Vec::with_capacity(page.len());
            for seq in page {
                people.extend(self.snapshot.one(one, [seq], user_row)?);
            }
            people.retain(|it| it.last_seen_at.is_none());
            let ids: Vec<UserId> = people.iter().map(|it| it.id).collect();
            let invited: HashMap<UserId, Invitation> = self
                .snapshot
                .invitations_of_all(&ids)?
                .into_iter()
                .collect();
            let candidates = people.into_iter().map(|it| {
                let since = invited
                    .get(&it.id)
                    .map(|it| it.expires_at.plus_millis(-works_for));
                (since.unwrap_or(it.created_at), it)
            });
            let long_ago = candidates.filter(|it| it.0 < self.wanted.invited_before);
            let long_ago = long_ago.map(|(since, user)| (user, since, None)).collect();
            self.add(Reason::NotAccepted, long_ago)?;
        }
        Ok(())
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
             AND +status = 'active' ORDER BY last_seen_at, seq LIMIT ?4"
        );
        let before = self.wanted.not_seen_since.as_millis();
        let mut after = (i64::MIN, 0);
        while !self.is_full() {
            let people =
                self.snapshot
                    .all(sql, params![after.0, after.1, before, PAGE], user_row)?;
            let Some(last) = people.last() else { break };
            after = (last.last_seen_at.map_or(0, Timestamp::as_millis), last.seq);
            let people = people.into_iter().map(|it| {
                let since = it.last_seen_at.unwrap_or(it.created_at);
                (it, since, None)
            });
            self.add(Reason::NotSeen, people.collect())?;
        }
        self.never_seen()
    }

    /// Whom the platform never saw, in the order of creation.
    fn never_seen(&mut self) -> Result<()> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM unseen CROSS JOIN users ON users.seq = unseen.seq WHERE unseen.seq > ?1 \
             AND +users.status = 'active' ORDER BY unseen.seq LIMIT ?2"
        );
        let mut after = 0;
        while !self.is_full() {
            let people = self.snapshot.all(sql, [after, PAGE], user_row)?;
            let Some(last) = people.last() else { break };
            after = last.seq;
            // A clock that was set back may have made somebody later who is older.
            let too_new = self.wanted.not_seen_since.plus_millis(CLOCK_MS);
            let is_end = last.created_at >= too_new;
            let people = people.into_iter().map(|it| (it.created_at, it));
            let long_ago = people.filter(|it| it.0 < self.wanted.not_seen_since);
            let long_ago = long_ago.map(|(since, user)| (user, since, None)).collect();
            self.add(Reason::NotSeen, long_ago)?;
            if is_end {
                break;
            }
        }
        Ok(())
    }
}
