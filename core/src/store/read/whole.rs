//! People with everything that a provider is answered about them: several tables, read in one transaction and in as few
//! statements as can be, because providers ask this all day.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Row, params};

use super::{Read, listing, walk};
use crate::error::Result;
use crate::model::{ConnectionId, GroupId, License, Status, User, UserId, key_of_name};
use crate::query::{Expr, Listing};
use crate::store::broken;
use crate::store::snapshot::{
    Snapshot, license_columns, license_row, user_columns, user_row, word,
};

/// Which edition of a person is current: an answer that was written about an edition holds as long as that one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Who.
    pub user: UserId,
    /// Their number in the order of creation.
    pub seq: i64,
    /// Rises with every change of what is theirs: profile, status, licenses, what connections call them.
    pub version: i64,
    /// Their manager's, whose name is shown with them.
    pub manager_version: Option<i64>,
    /// Whether nothing else decides what is shown of them: they are in no group and have no custom fields.
    pub is_all: bool,
}

/// A person with everything that a provider is answered about them.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The person.
    pub user: User,
    /// Which edition of them this is.
    pub edition: Edition,
    /// What the connection calls them.
    pub external_id: Option<String>,
    /// Their manager's name: display name, else first and last; none of a manager who has neither.
    pub manager_name: Option<String>,
    /// Their licenses.
    pub licenses: Vec<License>,
    /// The groups that they learn in, with their names.
    pub groups: Vec<(GroupId, String)>,
    /// What they have in custom fields that everybody sees: names and values, in the order of the fields.
    pub fields: Vec<(String, String)>,
}

/// What names one person to a connection.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// Their id.
    Id(UserId),
    /// Their user name, else their address.
    UserName(&'a str),
    /// What the connection calls them.
    ExternalId(&'a str),
}

/// How many columns a person's row has before those of [`whole_columns`].
const OF_USER: usize = 25;

/// What is read beside a person's row: what the connection (the first value bound) calls them, their manager's name, and
/// whether they are in groups or have custom fields at all, which most are not.
macro_rules! whole_columns {
    () => {
        concat!(
            user_columns!(),
            ", (SELECT external_id FROM links WHERE links.connection = ?1 AND links.user = users.id), \
             (SELECT coalesce(m.display_name, nullif(trim(coalesce(m.first_name, '') || ' ' || coalesce(m.last_name, '')), '')) \
             FROM users AS m WHERE m.id = users.manager), \
             EXISTS (SELECT 1 FROM memberships WHERE memberships.user = users.id), \
             EXISTS (SELECT 1 FROM field_values WHERE field_values.user = users.id), \
             (SELECT m.version FROM users AS m WHERE m.id = users.manager)"
        )
    };
}

/// The columns of [`edition_row`].
macro_rules! edition_columns {
    () => {
        "users.id, users.seq, users.status, users.version, \
         (SELECT m.version FROM users AS m WHERE m.id = users.manager), \
         EXISTS (SELECT 1 FROM memberships WHERE memberships.user = users.id) \
         OR EXISTS (SELECT 1 FROM field_values WHERE field_values.user = users.id)"
    };
}

impl Read<'_> {
    /// The person whom a connection names so, unless they are deleted.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn whole(&self, connection: ConnectionId, named: Named<'_>) -> Result<Option<Whole>> {
        self.sees_all("people as a provider has them")?;
        self.together(|snapshot| {
            let Some(row) = row_of(snapshot, connection, named)? else {
                return Ok(None);
            };
            if matches!(row.user.status, Status::Deleted | Status::Erased) {
                return Ok(None);
            }
            Ok(self.completed(snapshot, vec![row])?.pop())
        })
    }

    /// Which edition is current of the person whom a connection names so, unless they are deleted.
    ///
    /// # Errors
    /// As [`Read::whole`].
    pub fn edition(&self, connection: ConnectionId, named: Named<'_>) -> Result<Option<Edition>> {
        self.sees_all("people as a provider has them")?;
        let snapshot = self.snapshot()?;
        let found = match named {
            Named::Id(id) => {
                let sql = concat!("SELECT ", edition_columns!(), " FROM users WHERE id = ?1");
                snapshot.one(sql, [id.as_bytes()], edition_row)?
            }
            Named::UserName(name) => {
                let sql = concat!(
                    "SELECT ",
                    edition_columns!(),
                    " FROM users WHERE user_name_key = ?1"
                );
                snapshot.one(sql, [key_of_name(name.trim())], edition_row)?
            }
            Named::ExternalId(external_id) => {
                let sql = concat!(
                    "SELECT ",
                    edition_columns!(),
                    " FROM users WHERE id = (SELECT user FROM links WHERE connection = ?1 AND external_id = ?2)"
                );
                let keys = params![connection.as_bytes(), external_id];
                snapshot.one(sql, keys, edition_row)?
            }
        };
        Ok(found.flatten())
    }

    /// A page of a list for a provider as [`Read::whole_page`] has it, told by the editions of the people on it.
    ///
    /// # Errors
    /// As [`Read::whole`].
    pub fn edition_page(&self, listing: &Listing) -> Result<(Vec<Edition>, i64)> {
        self.sees_all("people as a provider has them")?;
        self.together(|snapshot| {
            let (page, total) = listing::page(snapshot, listing, self.now)?;
            let Some(page) = page else {
                return Ok((Vec::new(), total));
            };
            let sql = format!("SELECT {} {}", edition_columns!(), page.sql);
            let bindings = rusqlite::params_from_iter(page.bindings);
            let rows = snapshot.all(&sql, bindings, edition_row)?;
            Ok((rows.into_iter().flatten().collect(), total))
        })
    }

    /// Those of these numbers in the order of creation whom a query still finds, in the order in which they are named, told by
    /// their editions.
    ///
    /// # Errors
    /// As [`Read::whole`].
    pub fn editions_among(&self, query: &Expr, seqs: &[u32]) -> Result<Vec<Edition>> {
        self.sees_all("people as a provider has them")?;
        let snapshot = self.snapshot()?;
        let page = walk::among(query, seqs, self.now, self.viewer);
        let sql = format!("SELECT {} {}", edition_columns!(), page.sql);
        let bindings = rusqlite::params_from_iter(page.bindings);
        let rows = snapshot.all(&sql, bindings, edition_row)?;
        Ok(as_named(rows.into_iter().flatten(), seqs, |it| it.seq))
    }

    /// As [`Read::editions_among`], whole.
    ///
    /// # Errors
    /// As [`Read::whole`].
    pub fn whole_among(
        &self,
        connection: ConnectionId,
        query: &Expr,
        seqs: &[u32],
    ) -> Result<Vec<Whole>> {
        self.sees_all("people as a provider has them")?;
        self.together(|snapshot| {
            let page = walk::among(query, seqs, self.now, self.viewer);
            let sql = format!("SELECT {} {}", whole_columns!(), page.sql);
            let connection = Value::Blob(connection.as_bytes().to_vec());
            let bindings = std::iter::once(connection).chain(page.bindings);
            let rows = snapshot.all(&sql, rusqlite::params_from_iter(bindings), whole_row)?;
            let people = self.completed(snapshot, rows)?;
            Ok(as_named(people.into_iter(), seqs, |it| it.edition.seq))
        })
    }

    /// A page of a list for a provider, and how many there are in all. Deleted and erased people are on none.
    ///
    /// # Errors
    /// As [`Read::whole`].
    pub fn whole_page(
        &self,
        connection: ConnectionId,
        listing: &Listing,
    ) -> Result<(Vec<Whole>, i64)> {
        self.sees_all("people as a provider has them")?;
        self.together(|snapshot| {
            let (page, total) = listing::page(snapshot, listing, self.now)?;
            let Some(page) = page else {
                return Ok((Vec::new(), total));
            };
            let sql = format!("SELECT {} {}", whole_columns!(), page.sql);
            let connection = Value::Blob(connection.as_bytes().to_vec());
            let bindings = std::iter::once(connection).chain(page.bindings);
            let rows = snapshot.all(&sql, rusqlite::params_from_iter(bindings), whole_row)?;
            Ok((self.completed(snapshot, rows)?, total))
        })
    }

    /// Adds what is read for each person.
    fn completed(&self, snapshot: &Snapshot<'_>, rows: Vec<WholeRow>) -> Result<Vec<Whole>> {
        let licenses = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE user = ?1"
        );
        let mut licenses = snapshot.conn.prepare_cached(licenses).map_err(broken)?;
        rows.into_iter()
            .map(|row| {
                let id = row.user.id;
                let licenses = licenses
                    .query_map([id.as_bytes()], license_row)
                    .and_then(Iterator::collect)
                    .map_err(broken)?;
                let edition = Edition {
                    user: id,
                    seq: row.user.seq,
                    version: row.user.version,
                    manager_version: row.manager_version,
                    is_all: !row.has_groups && !row.has_fields,
                };
                Ok(Whole {
                    edition,
                    licenses,
                    groups: match row.has_groups {
                        true => groups_of(snapshot, id)?,
                        false => Vec::new(),
                    },
                    fields: match row.has_fields {
                        true => open_fields_of(snapshot, id)?,
                        false => Vec::new(),
                    },
                    user: self.shown(row.user),
                    external_id: row.external_id,
                    manager_name: row.manager_name,
                })
            })
            .collect()
    }
}

/// These in the order of their numbers here.
fn as_named<T>(found: impl Iterator<Item = T>, seqs: &[u32], seq: impl Fn(&T) -> i64) -> Vec<T> {
    let mut by_seq: HashMap<i64, T> = found.map(|it| (seq(&it), it)).collect();
    let places = seqs.iter();
    places
        .filter_map(|it| by_seq.remove(&i64::from(*it)))
        .collect()
}

/// What one statement tells of a person.
struct WholeRow {
    user: User,
    external_id: Option<String>,
    manager_name: Option<String>,
    has_groups: bool,
    has_fields: bool,
    manager_version: Option<i64>,
}

/// The edition of a person who is not deleted.
fn edition_row(row: &Row<'_>) -> rusqlite::Result<Option<Edition>> {
    let status = word(row, 2, Status::from_word)?;
    if matches!(status, Status::Deleted | Status::Erased) {
        return Ok(None);
    }
    Ok(Some(Edition {
        user: UserId::from_bytes(row.get(0)?),
        seq: row.get(1)?,
        version: row.get(3)?,
        manager_version: row.get(4)?,
        is_all: !row.get::<_, bool>(5)?,
    }))
}

fn whole_row(row: &Row<'_>) -> rusqlite::Result<WholeRow> {
    Ok(WholeRow {
        user: user_row(row)?,
        external_id: row.get(OF_USER)?,
        manager_name: row.get(OF_USER + 1)?,
        has_groups: row.get(OF_USER + 2)?,
        has_fields: row.get(OF_USER + 3)?,
        manager_version: row.get(OF_USER + 4)?,
    })
}

fn row_of(
    snapshot: &Snapshot<'_>,
    connection: ConnectionId,
    named: Named<'_>,
) -> Result<Option<WholeRow>> {
    let by_email = concat!(
        "SELECT ",
        whole_columns!(),
        " FROM users WHERE email_key = ?2"
    );
    match named {
        Named::Id(id) => {
            let sql = concat!("SELECT ", whole_columns!(), " FROM users WHERE id = ?2");
            snapshot.one(
                sql,
                params![connection.as_bytes(), id.as_bytes()],
                whole_row,
            )
        }
        Named::UserName(name) => {
            let key = key_of_name(name.trim());
            let keys = params![connection.as_bytes(), key];
            let sql = concat!(
                "SELECT ",
                whole_columns!(),
                " FROM users WHERE user_name_key = ?2"
            );
            if let Some(row) = snapshot.one(sql, keys, whole_row)? {
                return Ok(Some(row));
            }
            // Who has no user name goes by their address, as SCIM shows them.
            let found = snapshot.one(by_email, keys, whole_row)?;
            Ok(found.filter(|it| it.user.profile.user_name.is_none()))
        }
        Named::ExternalId(external_id) => {
            let sql = concat!(
                "SELECT ",
                whole_columns!(),
                " FROM users WHERE id = (SELECT user FROM links WHERE connection = ?1 AND external_id = ?2)"
            );
            let keys = params![connection.as_bytes(), external_id];
            snapshot.one(sql, keys, whole_row)
        }
    }
}

fn groups_of(snapshot: &Snapshot<'_>, user: UserId) -> Result<Vec<(GroupId, String)>> {
    let sql = "SELECT groups.id, groups.name FROM memberships JOIN groups ON groups.id = memberships.member_of \
        WHERE memberships.user = ?1 AND memberships.role = 'learner' AND groups.removed = 0";
    snapshot.all(sql, [user.as_bytes()], |row| {
        Ok((GroupId::from_bytes(row.get(0)?), row.get(1)?))
    })
}

/// What a person has in custom fields that everybody sees.
fn open_fields_of(snapshot: &Snapshot<'_>, user: UserId) -> Result<Vec<(String, String)>> {
    let sql = "SELECT fields.name, coalesce(field_choices.name, field_values.value) FROM field_values \
        JOIN fields ON fields.id = field_values.field AND fields.removed = 0 AND fields.visible_to = 'everybody' \
        LEFT JOIN field_choices ON fields.kind = 'choice' AND field_choices.id = unhex(field_values.value, '-') \
        WHERE field_values.user = ?1 ORDER BY fields.seq";
    snapshot.all(sql, [user.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
}
