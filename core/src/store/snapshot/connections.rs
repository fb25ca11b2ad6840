//! Connections and what ties people to them, as planning reads them.

use std::collections::HashMap;

use rusqlite::params;

use super::{Snapshot, word};
use crate::error::Result;
use crate::model::{
    Connection as ProviderConnection, ConnectionId, ConnectionPolicy, Link, NewPeople, Part,
    Timestamp, Token, TokenId, UserId,
};
use crate::store::many;

impl Snapshot<'_> {
    pub(crate) fn link(&self, connection: ConnectionId, user: UserId) -> Result<Option<Link>> {
        let sql = "SELECT external_id FROM links WHERE connection = ?1 AND user = ?2";
        self.one(
            sql,
            params![connection.as_bytes(), user.as_bytes()],
            |row| {
                Ok(Link {
                    external_id: row.get(0)?,
                })
            },
        )
    }

    /// What a connection calls these people, of those whom it calls anything.
    pub(crate) fn links_of(
        &self,
        connection: ConnectionId,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, String>> {
        let sql = "SELECT user, external_id FROM json_each(?2) \
            CROSS JOIN links ON connection = ?1 AND user = unhex(value) WHERE external_id IS NOT NULL";
        let bound = params![connection.as_bytes(), many::bound(ids)];
        let found = self.all(sql, bound, |row| {
            Ok((UserId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        Ok(found.into_iter().collect())
    }

    pub(crate) fn connections(&self) -> Result<Vec<ProviderConnection>> {
        let sql = "SELECT id, name, new_people, mails, created_at, revoked_at, token_days, owns, sends FROM connections \
            ORDER BY name";
        let mut connections = self.all(sql, [], |row| {
            Ok(ProviderConnection {
                id: ConnectionId::from_bytes(row.get(0)?),
                name: row.get(1)?,
                policy: ConnectionPolicy {
                    new_people: word(row, 2, NewPeople::from_word)?,
                    mails: row.get(3)?,
                    token_days: row.get(6)?,
                },
                created_at: Timestamp::from_millis(row.get(4)?),
                revoked_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                tokens: Vec::new(),
                owns: row.get::<_, Option<String>>(7)?.map(|it| Part::list(&it)),
                sends: Part::list(row.get_ref(8)?.as_str()?),
                maps: Vec::new(),
            })
        })?;
        for connection in &mut connections {
            connection.maps = self.mappings_of(connection.id)?;
            connection.tokens = self.tokens_of(connection.id)?;
        }
        Ok(connections)
    }

    fn tokens_of(&self, connection: ConnectionId) -> Result<Vec<Token>> {
        let sql = "SELECT id, hint, created_at, ends_at, last_used_at FROM tokens WHERE connection = ?1 ORDER BY created_at DESC, id DESC";
        self.all(sql, [connection.as_bytes()], |row| {
            Ok(Token {
                id: TokenId::from_bytes(row.get(0)?),
                hint: row.get(1)?,
                created_at: Timestamp::from_millis(row.get(2)?),
                ends_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                last_used_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
            })
        })
    }

    /// A connection's policy, if it is there and not revoked.
    pub(crate) fn living_policy(
        &self,
        connection: ConnectionId,
    ) -> Result<Option<ConnectionPolicy>> {
        Ok(self.provider(connection)?.map(|it| it.0))
    }

    /// Whether a person (and not a connection) was the last to deactivate this user.
    pub(crate) fn deactivated_by_a_person(&self, user: UserId) -> Result<bool> {
        // What a brake held is the provider's own, whoever released it; so is what was done in its place.
        let sql = "SELECT actor_kind <> 'connection' AND on_behalf IS NULL AND command <> 'brake_release' \
            FROM batches WHERE seq = ?1";
        match self.batch_of_leaving(user)? {
            Some(batch) => Ok(self.one(sql, [batch], |row| row.get(0))?.unwrap_or(false)),
            None => Ok(false),
        }
    }

    /// The batch by which somebody stands where they do; none of whoever came as that.
    fn batch_of_leaving(&self, user: UserId) -> Result<Option<i64>> {
        let last = self.moves(user, |_| true)?.pop();
        Ok(last.filter(|it| !it.1).map(|it| it.0))
    }

    /// Whether it was this connection that last took the user off: by itself, or by what was done in its place.
    pub(crate) fn let_go_by(&self, connection: ConnectionId, user: UserId) -> Result<bool> {
        let sql = "SELECT ifnull(on_behalf = ?2, 0) OR command = 'brake_release' \
            OR (actor_kind = 'connection' AND actor = ?2) FROM batches WHERE seq = ?1";
        let Some(batch) = self.batch_of_leaving(user)? else {
            return Ok(false);
        };
        let bound = params![batch, connection.as_bytes()];
        Ok(self.one(sql, bound, |row| row.get(0))?.unwrap_or(false))
    }
}
