//! Wishes to join, which hold the addresses of people who are not on the roster: kept until the link is used or expires.

use std::sync::mpsc;

use rusqlite::{Connection, Params, Row, params};
use serde_json::json;

use super::writer::Note;
use super::{Read, Snapshot, Store, broken};
use crate::error::{Error, Result};
use crate::invited::Standing;
use crate::link;
use crate::model::{EmailAddress, Language, Status, Timestamp, User, UserId};
use crate::plan::Template;
use crate::wish::{BeforeJoining, Wish};

/// The most wishes that wait at a time; further ones are not kept.
const MOST: i64 = 20_000;

const COLUMNS: &str = "id, address, language, generation, expires_at";

impl Snapshot<'_> {
    /// The wish of that id.
    pub(crate) fn wish(&self, id: UserId) -> Result<Option<Wish>> {
        let sql = format!("SELECT {COLUMNS} FROM wishes WHERE id = ?1");
        let found = self.one(&sql, [id.as_bytes()], row)?;
        found.map(read).transpose()
    }

    fn wish_of(&self, key: &str) -> Result<Option<Wish>> {
        let sql = format!("SELECT {COLUMNS} FROM wishes WHERE address_key = ?1");
        let found = self.one(&sql, [key], row)?;
        found.map(read).transpose()
    }
}

type Columns = ([u8; 16], String, Option<String>, i64, i64);

fn row(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

fn read((id, address, language, generation, expires_at): Columns) -> Result<Wish> {
    Ok(Wish {
        id: UserId::from_bytes(id),
        address: address.parse()?,
        language: language.and_then(|it| Language::of_tag(&it)),
        generation,
        expires_at: Timestamp::from_millis(expires_at),
    })
}

impl Read<'_> {
    pub(crate) fn wish(&self, id: UserId) -> Result<Option<Wish>> {
        self.snapshot()?.wish(id)
    }

    pub(crate) fn wish_of(&self, address: &EmailAddress) -> Result<Option<Wish>> {
        self.snapshot()?.wish_of(&address.key())
    }

    /// What is set, and who has this address.
    pub(crate) fn before_joining(&self, address: &EmailAddress) -> Result<BeforeJoining> {
        self.together(|snapshot| {
            let known = snapshot.user_by_email_key(&address.key())?;
            Ok((snapshot.settings()?, known.map(|it| (it.id, it.status))))
        })
    }

    pub(crate) fn has_expired_wishes(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM wishes WHERE expires_at <= ?1 LIMIT 1";
        let now = self.now().as_millis();
        Ok(self.snapshot()?.one(sql, [now], |_| Ok(()))?.is_some())
    }

    pub(crate) fn newcomer(&self, user: UserId) -> Result<Option<(User, Standing)>> {
        self.together(|snapshot| {
            let Some(user) = snapshot.user(user)? else {
                return Ok(None);
            };
            let standing = match user.status {
                Status::Queued => Standing::Queued(super::invited::place(snapshot, user.id)?),
                _ => Standing::Used,
            };
            Ok(Some((user, standing)))
        })
    }
}

/// Something to be written about a wish.
pub(crate) enum WishNote {
    /// It is asked for, or once more: the same link goes out again. The mail goes with it.
    Keep {
        /// Its id, when it is the first.
        id: UserId,
        address: EmailAddress,
        language: Language,
        at: Timestamp,
    },
    /// It has come true.
    Forget(UserId),
    /// Those whose links have expired are dropped.
    Trim(Timestamp),
}

impl Store {
    pub(crate) fn keep_wish(
        &self,
        id: UserId,
        address: &EmailAddress,
        language: Language,
        at: Timestamp,
    ) -> Result<()> {
        self.note_wish(WishNote::Keep {
            id,
            address: address.clone(),
            language,
            at,
        })
    }

    pub(crate) fn forget_wish(&self, id: UserId) -> Result<()> {
        self.note_wish(WishNote::Forget(id))
    }

    pub(crate) fn trim_wishes(&self, now: Timestamp) -> Result<()> {
        self.note_wish(WishNote::Trim(now))
    }

    fn note_wish(&self, note: WishNote) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.note(Note::Wish(note), move |noted| drop(answer.send(noted)));
        let gone = || Error::Broken("the writer stopped".into());
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }
}

/// Writes what is done to a wish.
pub(super) fn write(conn: &Connection, note: &WishNote) -> Result<()> {
    match note {
        WishNote::Keep {
            id,
            address,
            language,
            at,
        } => keep(conn, *id, address, *language, *at),
        WishNote::Forget(id) => forget(conn, *id),
        WishNote::Trim(now) => trim(conn, *now),
    }
}

fn keep(
    conn: &Connection,
    id: UserId,
    address: &EmailAddress,
    language: Language,
    at: Timestamp,
) -> Result<()> {
    trim(conn, at)?;
    let snapshot = Snapshot::new(conn);
    let key = address.key();
    let before = snapshot.wish_of(&key)?;
    let waiting: i64 = snapshot
        .one("SELECT count(*) FROM wishes", [], |row| row.get(0))?
        .unwrap_or(0);
    if before.is_none() && waiting >= MOST {
        return Ok(());
    }
    // Anybody can ask with anybody's address, and must not end a link that its owner has in hand.
    let (id, generation) = before.map_or((id, 1), |it| (it.id, it.generation));
    let expires_at = at.plus_millis(link::WORKS_MS);
    run(
        conn,
        "INSERT INTO wishes (id, address, address_key, language, generation, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET address = ?2, language = ?4, \
         generation = ?5, expires_at = ?6",
        params![
            id.as_bytes(),
            address.as_str(),
            key,
            language.tag(),
            generation,
            expires_at.as_millis()
        ],
    )?;
    let about = json!({"expires_at": expires_at, "language": language.tag()});
    run(
        conn,
        "INSERT INTO outbox (batch, user, template, created_at, next_at, generation, address, about) \
         VALUES (?1, ?1, ?2, ?3, ?3, ?4, ?5, ?6)",
        params![
            id.as_bytes(),
            Template::Join.as_str(),
            at.as_millis(),
            generation,
            address.as_str(),
            about.to_string()
        ],
    )
}

/// Mails of a wish that is gone say nothing to anybody any more.
fn forget(conn: &Connection, id: UserId) -> Result<()> {
    let mails = "DELETE FROM outbox WHERE user = ?1 AND template = ?2";
    run(conn, mails, params![id.as_bytes(), Template::Join.as_str()])?;
    run(conn, "DELETE FROM wishes WHERE id = ?1", [id.as_bytes()])
}

fn trim(conn: &Connection, now: Timestamp) -> Result<()> {
    let sql = "SELECT id FROM wishes WHERE expires_at <= ?1 LIMIT 1000";
    let expired: Vec<UserId> = Snapshot::new(conn).all(sql, [now.as_millis()], |row| {
        Ok(UserId::from_bytes(row.get(0)?))
    })?;
    expired.into_iter().try_for_each(|id| forget(conn, id))
}

/// Destroys the wishes of the addresses that somebody has or had. Before their row loses them.
pub(super) fn erase(conn: &Connection, user: UserId) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    let any = snapshot.one("SELECT 1 FROM wishes LIMIT 1", [], |_| Ok(()))?;
    if any.is_none() {
        return Ok(());
    }
    for address in snapshot.addresses_left_by(user)? {
        let wish = snapshot.one(
            "SELECT id FROM wishes WHERE address_key = ?1",
            [address],
            |row| Ok(UserId::from_bytes(row.get(0)?)),
        )?;
        wish.map_or(Ok(()), |it| forget(conn, it))?;
    }
    Ok(())
}

fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
