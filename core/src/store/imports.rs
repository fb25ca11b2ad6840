//! Imports: which files came in, and finding many people by what files call them.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::{Connection, Row, params};
use serde_json::json;
use sha2::Sha256;

use super::read::Read;
use super::snapshot::word;
use super::{Snapshot, actor, broken, outbox};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::import::near::{self, Doubt};
use crate::import::{Format, Mode};
use crate::model::{
    Actor, BatchId, FieldId, Import, ImportTerms, Membership, Status, Timestamp, UserId,
    key_of_name,
};
use crate::plan::Template;

/// Fewer keys are looked up one by one, however few people there are.
const FEW_KEYS: usize = 1_000;
/// How many keys one statement looks up.
const KEYS_AT_ONCE: usize = 2_000;

/// The most functional areas to choose from.
const MOST_AREAS: usize = 500;

/// Somebody who goes by a name in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: UserId,
    pub(crate) status: Status,
    /// Whether they have a user name of their own; who has none goes by their address.
    pub(crate) has_user_name: bool,
}

macro_rules! import_columns {
    () => {
        "batches.id, batches.seq, batches.at, batches.actor_kind, batches.actor, file, lower(hex(digest)), mode, format, \
         n_rows, arrived, updated, unchanged, wrong, sheet, queued, left_out, told_apart, \
         (SELECT id FROM batches AS undoing WHERE undoing.undoes = batches.id ORDER BY seq DESC LIMIT 1)"
    };
}

fn import_row(row: &Row<'_>) -> rusqlite::Result<Import> {
    let count = |column| {
        row.get::<_, i64>(column)
            .map(|it| usize::try_from(it).unwrap_or(0))
    };
    let told_apart: bool = row.get(17)?;
    let (arrived, wrong) = (count(10)?, count(13)?);
    // Of none nobody waits, and none was left out, whenever that was.
    let known = |column, of: usize| (told_apart || of == 0).then(|| count(column)).transpose();
    Ok(Import {
        batch: BatchId::from_bytes(row.get(0)?),
        seq: row.get(1)?,
        at: Timestamp::from_millis(row.get(2)?),
        actor: actor::decode(row, 3)?,
        terms: ImportTerms {
            file: row.get(5)?,
            digest: row.get(6)?,
            mode: word(row, 7, Mode::from_word)?,
            format: word(row, 8, Format::from_word)?,
            rows: count(9)?,
            arrived,
            updated: count(11)?,
            unchanged: count(12)?,
            wrong,
            sheet: row.get(14)?,
            queued: known(15, arrived)?,
            left_out: known(16, wrong)?,
        },
        undone_by: row.get::<_, Option<[u8; 16]>>(18)?.map(BatchId::from_bytes),
    })
}

impl Snapshot<'_> {
    /// A hash under the database's key, so that it says nothing to anybody else, in hexadecimal digits.
    pub(crate) fn keyed(&self, hash: &[u8; 32]) -> Result<String> {
        let mut keyed = Hmac::<Sha256>::new_from_slice(&self.digest_key()?)
            .map_err(|error| Error::Broken(error.to_string()))?;
        keyed.update(b"import");
        keyed.update(hash);
        let bytes = keyed.finalize().into_bytes();
        Ok(bytes.iter().map(|it| format!("{it:02x}")).collect())
    }

    /// The newest import of such a file in such a mode that was not undone.
    pub(crate) fn standing_import(&self, digest: &str, mode: Mode) -> Result<Option<Import>> {
        let sql = concat!(
            "SELECT ",
            import_columns!(),
            " FROM imports JOIN batches ON batches.id = imports.batch WHERE digest = unhex(?1) AND mode = ?2 \
              ORDER BY batches.seq DESC"
        );
        for mut it in self.all(sql, params![digest, mode.as_str()], import_row)? {
            self.settle_undo(&mut it)?;
            if it.undone_by.is_none() {
                return Ok(Some(it));
            }
        }
        Ok(None)
    }

    /// The batch by which another one is undone, unless that was undone as well.
    pub(crate) fn standing_undo(&self, batch: BatchId) -> Result<Option<BatchId>> {
        let sql = "SELECT id FROM batches WHERE undoes = ?1 ORDER BY seq DESC LIMIT 1";
        let newest = |of: BatchId| -> Result<Option<BatchId>> {
            let found = self.one(sql, params![of.as_bytes()], |row| row.get::<_, [u8; 16]>(0))?;
            Ok(found.map(BatchId::from_bytes))
        };
        let first = newest(batch)?;
        let (mut at, mut stands) = (first, true);
        while let Some(undo) = at {
            stands = !stands;
            at = newest(undo)?;
        }
        Ok(first.filter(|_| !stands))
    }

    /// An import whose undo was undone stands again.
    fn settle_undo(&self, import: &mut Import) -> Result<()> {
        if import.undone_by.is_some() {
            import.undone_by = self.standing_undo(import.batch)?;
        }
        Ok(())
    }

    /// Everybody who has one of these addresses, by their keys; maybe others too.
    pub(crate) fn known_by_email(&self, keys: &[String]) -> Result<HashMap<String, Known>> {
        if self.are_few(keys.len())? {
            return self.everybody_by(
                "SELECT email_key, id, status, user_name IS NOT NULL FROM users WHERE email_key IS NOT NULL",
            );
        }
        self.known_by(
            "SELECT value, users.id, users.status, users.user_name IS NOT NULL \
             FROM json_each(?1) CROSS JOIN users ON users.email_key = value",
            keys,
        )
    }

    /// Everybody who has one of these user names of their own, by their keys; maybe others too.
    pub(crate) fn known_by_user_name(&self, keys: &[String]) -> Result<HashMap<String, Known>> {
        if self.are_few(keys.len())? {
            return self.everybody_by(
                "SELECT user_name_key, id, status, 1 FROM users WHERE user_name_key IS NOT NULL",
            );
        }
        self.known_by(
            "SELECT value, users.id, users.status, 1 \
             FROM json_each(?1) CROSS JOIN users ON users.user_name_key = value",
            keys,
        )
    }

    /// Whoever has one of these ids, by the ids.
    pub(crate) fn known_by_id(&self, keys: &[String]) -> Result<HashMap<String, Known>> {
        let plain: Vec<String> = keys.iter().map(|it| it.replace('-', "")).collect();
        let found = self.known_by(
            "SELECT value, users.id, users.status, users.user_name IS NOT NULL \
             FROM json_each(?1) CROSS JOIN users ON users.id = unhex(value)",
            &plain,
        )?;
        let by_id = found.into_values().map(|it| (it.id.to_string(), it));
        Ok(by_id.collect())
    }

    /// Whether there are so few people that all of them are read sooner than so many are looked for.
    fn are_few(&self, keys: usize) -> Result<bool> {
        if keys < FEW_KEYS {
            return Ok(false);
        }
        let sql = "SELECT coalesce(sum(people), 0) FROM status_counts";
        let people: Option<i64> = self.one(sql, [], |row| row.get(0))?;
        Ok(people.is_some_and(|it| usize::try_from(it).is_ok_and(|it| it < keys / 4)))
    }

    fn everybody_by(&self, sql: &str) -> Result<HashMap<String, Known>> {
        let all = self.all(sql, [], |row| Ok((row.get(0)?, known(row, 1)?)))?;
        Ok(all.into_iter().collect())
    }

    fn known_by(&self, sql: &str, keys: &[String]) -> Result<HashMap<String, Known>> {
        let mut found = HashMap::new();
        for some in keys.chunks(KEYS_AT_ONCE) {
            let keys = json!(some).to_string();
            found.extend(self.all(sql, [keys], |row| Ok((row.get(0)?, known(row, 1)?)))?);
        }
        Ok(found)
    }

    /// Domains of addresses that are here: of those who came first and last.
    pub(crate) fn domains(&self) -> Result<Vec<String>> {
        let sql = "SELECT email_key FROM (SELECT email_key FROM users ORDER BY seq LIMIT 500) \
            UNION ALL SELECT email_key FROM (SELECT email_key FROM users ORDER BY seq DESC LIMIT 500)";
        let keys: Vec<Option<String>> = self.all(sql, [], |row| row.get(0))?;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for key in keys.into_iter().flatten() {
            if let Some((_, domain)) = key.rsplit_once('@') {
                *counts.entry(domain.to_owned()).or_default() += 1;
            }
        }
        let mut domains: Vec<(String, usize)> = counts.into_iter().collect();
        domains.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(domains.into_iter().map(|it| it.0).collect())
    }
}

pub(super) fn known(row: &Row<'_>, from: usize) -> rusqlite::Result<Known> {
    Ok(Known {
        id: UserId::from_bytes(row.get(from)?),
        status: word(row, from + 1, Status::from_word)?,
        has_user_name: row.get(from + 2)?,
    })
}

impl Read<'_> {
    /// What is doubtful about addresses of new people, as an import finds it: each address with what was probably meant,
    /// or why it looks odd. Those of people who are here are not doubted. Whoever sees only a part of the people is told
    /// nothing: what was meant is made of everybody's addresses.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn doubtful_addresses<'e>(
        &self,
        emails: impl Iterator<Item = &'e str>,
    ) -> Result<Vec<String>> {
        if self.sees_all("addresses").is_err() {
            return Ok(Vec::new());
        }
        let snapshot = self.snapshot()?;
        let mut addresses = near::Addresses::at(snapshot.domains()?);
        let doubts: Vec<(&str, Doubt)> = emails
            .filter_map(|it| Some((it, addresses.doubt(it)?)))
            .collect();
        let keys: Vec<String> = doubts.iter().map(|it| key_of_name(it.0)).collect();
        let there = snapshot.known_by_email(&keys)?;
        let new = doubts
            .iter()
            .filter(|it| !there.contains_key(&key_of_name(it.0)));
        Ok(new
            .map(|(email, doubt)| match doubt {
                Doubt::Odd(why) => format!("{email}: {why}"),
                Doubt::Meant(meant) => format!("{email}: did you mean {meant}?"),
            })
            .collect())
    }

    /// Where these people are members, of the groups that whoever reads knows. They are people whom a page of
    /// [`Read::users`] has shown.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub(crate) fn memberships_of_all(&self, users: &[UserId]) -> Result<Vec<Membership>> {
        let mut found = self.snapshot()?.memberships_of_all(users)?;
        found.retain(|it| self.knows_group(it.group));
        Ok(found)
    }

    /// What these people have in custom fields, as stored; whoever reads may not see all of the fields.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub(crate) fn field_values_of_all(
        &self,
        users: &[UserId],
    ) -> Result<Vec<(UserId, FieldId, String)>> {
        let sql = "SELECT user, field, field_values.value FROM json_each(?1) AS asked \
            CROSS JOIN field_values ON user = unhex(asked.value)";
        self.snapshot()?.of_all(sql, users, |row| {
            Ok((
                UserId::from_bytes(row.get(0)?),
                FieldId::from_bytes(row.get(1)?),
                row.get(2)?,
            ))
        })
    }

    /// Functional areas that people have, as many as a list to choose from may have; none for whoever sees a part of the people.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub(crate) fn functional_areas(&self) -> Result<Vec<String>> {
        let mut areas: Vec<String> = Vec::new();
        if self.only_own().is_some() {
            return Ok(areas);
        }
        let snapshot = self.snapshot()?;
        let sql = "SELECT functional_area FROM users WHERE functional_area IS NOT NULL \
            AND functional_area COLLATE NOCASE > ?1 ORDER BY functional_area COLLATE NOCASE LIMIT 1";
        while areas.len() < MOST_AREAS {
            let after = areas.last().map_or("", String::as_str);
            match snapshot.one(sql, [after], |row| row.get(0))? {
                Some(area) => areas.push(area),
                None => break,
            }
        }
        Ok(areas)
    }

    /// What the file of an import was called, if that is known.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn imported_file(&self, batch: BatchId) -> Result<Option<String>> {
        self.sees_all("imports")?;
        let sql = "SELECT file FROM imports WHERE batch = ?1";
        let found = self
            .snapshot()?
            .one(sql, [batch.as_bytes()], |row| row.get(0))?;
        Ok(found.flatten())
    }

    /// Imports, newest first; older than the batch of that number if given.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn imports(&self, before: Option<i64>, limit: usize) -> Result<Vec<Import>> {
        let sql = concat!(
            "SELECT ",
            import_columns!(),
            " FROM imports JOIN batches ON batches.id = imports.batch WHERE batches.seq < ?1 \
              ORDER BY batches.seq DESC LIMIT ?2"
        );
        let bound = params![
            before.unwrap_or(i64::MAX),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ];
        let own = self.only_own();
        let mut found = self.snapshot()?.all(sql, bound, import_row)?;
        found.retain(|it| own.is_none_or(|own| it.actor == Actor::Administrator(own)));
        for it in &mut found {
            self.snapshot()?.settle_undo(it)?;
        }
        Ok(found)
    }
}

/// Notes the import that a batch is, and puts a mail to the administrator who gave it into the outbox.
pub(super) fn note(
    conn: &Connection,
    by: Actor,
    batch: BatchId,
    changes: &[Change],
    at: Timestamp,
) -> Result<()> {
    let found = changes.iter().find_map(|it| match it {
        Change::Imported { terms } => Some(terms),
        _ => None,
    });
    let Some(terms) = found else { return Ok(()) };
    let count = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
    let sql = "INSERT INTO imports (batch, digest, mode, file, format, n_rows, arrived, updated, unchanged, wrong, \
        sheet, queued, left_out, told_apart) \
        VALUES (?1, unhex(?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    conn.prepare_cached(sql)
        .and_then(|mut it| {
            it.execute(params![
                batch.as_bytes(),
                terms.digest,
                terms.mode.as_str(),
                terms.file,
                terms.format.as_str(),
                count(terms.rows),
                count(terms.arrived),
                count(terms.updated),
                count(terms.unchanged),
                count(terms.wrong),
                terms.sheet,
                count(terms.queued.unwrap_or(0)),
                count(terms.left_out.unwrap_or(0)),
                terms.queued.is_some() && terms.left_out.is_some(),
            ])
        })
        .map_err(broken)?;
    let Actor::Administrator(user) = by else {
        return Ok(());
    };
    let about = json!({
        "batch": batch.to_string(),
        "rows": terms.rows,
        "arrived": terms.arrived,
        "queued": terms.queued,
        "updated": terms.updated,
        "unchanged": terms.unchanged,
        "left_out": terms.left_out,
        // Texts of the organization's own have one number for both.
        "wrong": terms.n_undone(),
    });
    let snapshot = Snapshot::new(conn);
    outbox::tell_each(&snapshot, &[user], Template::ImportDone, &about, batch, at)
}

/// Forgets the names of files and sheets in which a name of somebody is who is erased.
pub(super) fn erase(conn: &Connection, user: UserId) -> Result<()> {
    for column in ["file", "sheet"] {
        let sql = format!(
            "UPDATE imports SET {column} = NULL WHERE {column} IS NOT NULL AND EXISTS (\
             SELECT 1 FROM users WHERE id = ?1 AND (\
                length(first_name) > 2 AND instr(lower({column}), lower(first_name)) \
                OR length(last_name) > 2 AND instr(lower({column}), lower(last_name)) \
                OR length(email_key) > 2 AND instr(lower({column}), substr(email_key, 1, instr(email_key, '@') - 1)) \
                OR length(user_name_key) > 2 AND instr(lower({column}), user_name_key)))"
        );
        conn.prepare_cached(&sql)
            .and_then(|mut it| it.execute([user.as_bytes()]))
            .map_err(broken)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::{compile, open};

    #[test]
    fn of_imports_before_they_were_counted_it_is_not_known_who_waited() {
        let conn = Connection::open_in_memory().unwrap();
        compile::add_functions(&conn).unwrap();
        for sql in open::MIGRATIONS.iter().take(35) {
            conn.execute_batch(sql).unwrap();
        }
        let import = |id: u8, more: &str, values: &str| {
            let sql = format!(
                "INSERT INTO imports (batch, digest, mode, format, n_rows, arrived, updated, unchanged, wrong{more}) \
                 VALUES (unhex('{}'), randomblob(32), 'both', 'csv', 3, 2, 0, 0, 1{values})",
                format!("{id:02x}").repeat(16)
            );
            conn.execute_batch(&sql).unwrap();
        };
        import(1, "", "");
        for sql in &open::MIGRATIONS[35..38] {
            conn.execute_batch(sql).unwrap();
        }
        import(2, ", queued", ", 1");
        open::migrate(&conn, 38).unwrap();
        let mut statement = conn
            .prepare("SELECT told_apart FROM imports ORDER BY batch")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let told: Vec<bool> = rows.map(Result::unwrap).collect();
        assert_eq!(told, [false, true]);
    }
}
