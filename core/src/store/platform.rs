//! What the platform behind Usher asks and tells: its tokens, who may come in, who was seen. When people were last seen
//! decides nothing and is no change: it is written beside the batches, many people in one commit, and never goes back.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::snapshot::word;
use super::writer::{Message, Note};
use super::{Read, Snapshot, Store, broken};
use crate::error::{Error, Result};
use crate::model::{
    Access, Platform, PlatformId, Scopes, Status, Timestamp, Token, TokenId, UserId, key_of_name,
};
use crate::query::{Expr, TimeField};
use crate::selection::Selection;
use crate::token::{self, Kind};

/// An id that nobody has: for somebody unknown the same is asked as for the known.
const NOBODY: UserId = UserId::from_bytes([0; 16]);

impl Snapshot<'_> {
    /// Every platform, by name, with its tokens' records.
    pub(crate) fn platforms(&self) -> Result<Vec<Platform>> {
        let sql = "SELECT id, name, scopes, created_at, revoked_at FROM platforms ORDER BY name";
        let mut platforms = self.all(sql, [], |row| {
            Ok(Platform {
                id: PlatformId::from_bytes(row.get(0)?),
                name: row.get(1)?,
                scopes: word(row, 2, |it| it.parse::<Scopes>().ok())?,
                created_at: Timestamp::from_millis(row.get(3)?),
                revoked_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                tokens: Vec::new(),
            })
        })?;
        for platform in &mut platforms {
            let sql = "SELECT id, hint, created_at, ends_at, last_used_at FROM platform_tokens WHERE platform = ?1 \
                ORDER BY created_at DESC, id DESC";
            platform.tokens = self.all(sql, [platform.id.as_bytes()], |row| {
                Ok(Token {
                    id: TokenId::from_bytes(row.get(0)?),
                    hint: row.get(1)?,
                    created_at: Timestamp::from_millis(row.get(2)?),
                    ends_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                    last_used_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                })
            })?;
        }
        Ok(platforms)
    }

    /// The names of all platforms, revoked ones too.
    pub(super) fn platform_names(&self) -> Result<HashMap<PlatformId, String>> {
        let named = self.all("SELECT id, name FROM platforms", [], |row| {
            Ok((PlatformId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        Ok(named.into_iter().collect())
    }

    /// The platform's name, else its id.
    pub(super) fn platform_name(&self, platform: PlatformId) -> Result<String> {
        let sql = "SELECT name FROM platforms WHERE id = ?1";
        let name = self.one(sql, [platform.as_bytes()], |row| row.get(0))?;
        Ok(name.unwrap_or_else(|| platform.to_string()))
    }

    /// Where somebody stands whom the platform names by address, user name or id; none for nobody. The same statement
    /// runs for the known and the unknown.
    pub(super) fn standing_of(&self, who: &str) -> Result<Option<(UserId, Status)>> {
        let who = who.trim();
        let row = |row: &rusqlite::Row<'_>| {
            Ok((
                UserId::from_bytes(row.get(0)?),
                word(row, 1, Status::from_word)?,
            ))
        };
        if let Ok(id) = who.parse::<UserId>() {
            let sql = "SELECT id, status FROM users WHERE id = ?1";
            if let Some(found) = self.one(sql, [id.as_bytes()], row)? {
                return Ok(Some(found));
            }
        }
        // An address is found before somebody else's user name, as everywhere.
        let sql = "SELECT id, status FROM (SELECT id, status, 0 AS place FROM users WHERE email_key = ?1 \
            UNION ALL SELECT id, status, 1 FROM users WHERE user_name_key = ?1) ORDER BY place LIMIT 1";
        self.one(sql, [key_of_name(who)], row)
    }
}

impl Read<'_> {
    /// Every platform, by name, with its tokens' records.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn platforms(&self) -> Result<Vec<Platform>> {
        self.sees_all("tokens")?;
        self.together(|snapshot| snapshot.platforms())
    }

    /// Whether these people, by address, user name or id, may come in now, in the order asked: whether they are active in
    /// what is committed. Nobody and somebody who may not are the same answer. Of whom a brake holds the setting
    /// `access-while-held` says what is told.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn may_come_in(&self, who: &[String]) -> Result<Vec<Access>> {
        self.sees_all("answers to who may come in")?;
        self.together(|snapshot| {
            let mut stay_out = None;
            let mut answers = Vec::with_capacity(who.len());
            for it in who {
                let (user, status) = snapshot
                    .standing_of(it)?
                    .unwrap_or((NOBODY, Status::Deleted));
                let is_held = snapshot.is_held(user)?;
                answers.push(match (status.signs_in(), is_held) {
                    (false, _) => Access::No,
                    (true, false) => Access::Yes,
                    (true, true) => {
                        let known = match stay_out {
                            Some(known) => known,
                            None => snapshot.settings()?.held_stay_out,
                        };
                        stay_out = Some(known);
                        if known { Access::No } else { Access::Leaving }
                    }
                });
            }
            Ok(answers)
        })
    }
}

impl Store {
    /// The platform whose living token this is, and what it opens.
    pub(crate) fn authenticate_platform(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<(PlatformId, Scopes)>> {
        let Some(hash) = token::hash(Kind::Platform, text.trim()) else {
            return Ok(None);
        };
        let read = self.read(now)?;
        let sql = "SELECT platform_tokens.id, platform_tokens.hash, platforms.id, platforms.scopes FROM platform_tokens \
            JOIN platforms ON platforms.id = platform_tokens.platform WHERE platform_tokens.hash = ?1 \
            AND (platform_tokens.ends_at IS NULL OR platform_tokens.ends_at > ?2) AND platforms.revoked_at IS NULL";
        let found = read
            .snapshot()?
            .one(sql, params![hash, now.as_millis()], |row| {
                Ok((
                    TokenId::from_bytes(row.get(0)?),
                    row.get::<_, [u8; 32]>(1)?,
                    PlatformId::from_bytes(row.get(2)?),
                    word(row, 3, |it| it.parse::<Scopes>().ok())?,
                ))
            })?;
        drop(read);
        let found = found.filter(|(_, stored, _, _)| token::same(&hash, stored));
        Ok(found.map(|(token, _, platform, scopes)| {
            self.note_use(token, now);
            (platform, scopes)
        }))
    }
}

/// Notes when a platform's token was last used; without it the token works all the same.
pub(super) fn note_use(conn: &Connection, token: TokenId, at: Timestamp) {
    let sql = "UPDATE platform_tokens SET last_used_at = ?2 WHERE id = ?1";
    let _ = conn
        .prepare_cached(sql)
        .and_then(|mut it| it.execute(params![token.as_bytes(), at.as_millis()]));
}

/// When somebody was seen, by address, user name or id.
pub(crate) type Seen = (String, Timestamp);

/// Notes when people were seen. An instant before the last one known changes nothing; nobody of that name is passed over.
pub(super) fn note_seen(conn: &Connection, seen: &[Seen]) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    let sql = "UPDATE users SET last_seen_at = ?2 WHERE id = ?1 AND status <> 'erased' \
        AND (last_seen_at IS NULL OR last_seen_at < ?2)";
    for (who, at) in seen {
        if let Some((user, _)) = snapshot.standing_of(who)? {
            conn.prepare_cached(sql)
                .and_then(|mut it| it.execute(params![user.as_bytes(), at.as_millis()]))
                .map_err(broken)?;
        }
    }
    Ok(())
}

/// Whether who is meant depends on when people were last seen, which changes without a batch.
pub(super) fn rests_on_seen(who: &Selection) -> bool {
    fn asks(expr: &Expr) -> bool {
        match expr {
            Expr::When { field, .. } => *field == TimeField::Seen,
            Expr::And(parts) | Expr::Or(parts) => parts.iter().any(asks),
            Expr::Not(inner) => asks(inner),
            _ => false,
        }
    }
    matches!(who, Selection::Query { query, .. } if asks(query))
}

impl Store {
    /// Gives the writer what a platform saw; `done` is called after the commit, on the writer's thread.
    pub(crate) fn note_seen(
        &self,
        seen: Vec<Seen>,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        self.note(Note::Seen(seen), done);
    }

    /// Gives the writer what decides nothing; `done` is called after the commit, on the writer's thread.
    pub(super) fn note(&self, note: Note, done: impl FnOnce(Result<()>) + Send + 'static) {
        let message = Message::Note(note, Box::new(done), std::time::Instant::now());
        let unsent = match &self.jobs {
            None => Some(message),
            Some(jobs) => jobs.send(message).err().map(|it| it.0),
        };
        if let Some(Message::Note(_, done, _)) = unsent {
            done(Err(Error::Broken("the writer stopped".into())));
        }
    }
}
