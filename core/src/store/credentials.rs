//! Whose a connection's token is, remembered until anything is committed: a request then costs a look at the counter of
//! commits instead of a look-up through three tables whose pages every commit makes a reader forget.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, params};

use super::{Snapshot, open};
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Mapping, Timestamp, TokenId};
use crate::token;

/// A living token of a connection that is not revoked.
#[derive(Clone)]
pub(super) struct Credential {
    pub(super) token: TokenId,
    pub(super) connection: ConnectionId,
    /// Which of the connection's attributes feed which parts of its people.
    pub(super) maps: Arc<[Mapping]>,
    ends_at: Option<i64>,
}

/// The tokens that were asked for since the last commit.
pub(super) struct Credentials {
    path: PathBuf,
    known: Mutex<Option<Known>>,
}

struct Known {
    conn: Connection,
    /// SQLite's `data_version`: another one means that somebody has committed.
    version: i64,
    living: HashMap<[u8; 32], Credential>,
}

impl Credentials {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            known: Mutex::new(None),
        }
    }

    /// Whose token has this hash, by what is committed now.
    pub(super) fn find(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Credential>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match &mut *known {
            Some(known) => known,
            closed => closed.insert(Known {
                conn: open::reader(&self.path)?,
                version: 0,
                living: HashMap::new(),
            }),
        };
        known.forget_what_may_have_moved()?;
        let found = match known.living.get(hash) {
            Some(credential) => Some(credential.clone()),
            None => known.look_up(hash)?,
        };
        Ok(found.filter(|it| it.ends_at.is_none_or(|at| at > now.as_millis())))
    }
}

impl Known {
    fn forget_what_may_have_moved(&mut self) -> Result<()> {
        let version = Snapshot::new(&self.conn)
            .one("PRAGMA data_version", [], |row| row.get(0))?
            .ok_or_else(|| Error::Broken("SQLite tells no data version".into()))?;
        if version != self.version {
            self.version = version;
            self.living.clear();
        }
        Ok(())
    }

    fn look_up(&mut self, hash: &[u8; 32]) -> Result<Option<Credential>> {
        let sql = "SELECT tokens.id, connections.id, tokens.ends_at, tokens.hash FROM tokens \
            JOIN connections ON connections.id = tokens.connection \
            WHERE tokens.hash = ?1 AND connections.revoked_at IS NULL";
        let found = Snapshot::new(&self.conn).one(sql, params![hash], |row| {
            let credential = Credential {
                token: TokenId::from_bytes(row.get(0)?),
                connection: ConnectionId::from_bytes(row.get(1)?),
                maps: Arc::default(),
                ends_at: row.get(2)?,
            };
            Ok((credential, row.get::<_, [u8; 32]>(3)?))
        })?;
        let Some((mut credential, stored)) = found else {
            return Ok(None);
        };
        if !token::same(hash, &stored) {
            return Ok(None);
        }
        let maps = Snapshot::new(&self.conn).mappings_of(credential.connection)?;
        credential.maps = maps.into();
        self.living.insert(*hash, credential.clone());
        Ok(Some(credential))
    }
}
