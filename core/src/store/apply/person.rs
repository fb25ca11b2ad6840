//! What stands in a person's own row: written once for each run of changes about them, with their version, however many
//! fields are set.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{OptionalExtension, ToSql, params, params_from_iter};

use super::Applier;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{ConnectionId, DueKind, Field, Profile, Status, UserId, key_of_name};
use crate::store::{addresses, broken, labels, outbox, search, waste, wishes};

/// Fields of somebody that are set and not written yet.
#[derive(Default)]
pub(super) struct Edited<'a> {
    user: Option<UserId>,
    fields: Vec<(Field, Option<&'a str>)>,
}

impl<'a> Edited<'a> {
    /// Whether a change belongs to the same row and can wait, too. What is kept beside the row is found by what stands in it.
    pub(super) fn is_followed_by(&self, change: &Change) -> bool {
        matches!(change, Change::Profile { user, field, .. } if Some(*user) == self.user && *field != Field::Kept)
    }

    /// Adds a field of theirs.
    pub(super) fn add(&mut self, user: UserId, field: Field, value: Option<&'a str>) {
        self.user = Some(user);
        self.fields.retain(|it| it.0 != field);
        self.fields.push((field, value));
    }
}

/// What is derived from somebody's names and searched: as it stands, and how it is to be.
struct Derived {
    seq: i64,
    sort_name: Option<String>,
    search: Option<String>,
}

impl Applier<'_> {
    /// Raises the version of the person whose run of changes ends here: once a run, not once a change.
    pub(super) fn touch_before(&mut self, change: &Change) -> Result<()> {
        // What somebody has to learn, or that a provider wants them to leave, is no part of their record: whoever edits it
        // need not read it again.
        if matches!(
            change,
            Change::Assignment { .. }
                | Change::ToldProgress { .. }
                | Change::Instructor { .. }
                | Change::Leaving { .. }
        ) {
            return Ok(());
        }
        let user = change.user();
        if self.untouched.is_some() && self.untouched != user {
            self.touch()?;
        }
        if self.risen != user {
            self.risen = None;
            self.untouched = user;
        }
        Ok(())
    }

    pub(super) fn touch(&mut self) -> Result<()> {
        match self.untouched.take() {
            None => Ok(()),
            Some(user) => self.hit(
                "UPDATE users SET version = version + 1, updated_at = ?2 WHERE id = ?1",
                params![user.as_bytes(), self.at.as_millis()],
            ),
        }
    }

    /// Whether this statement about somebody's row is the one that raises their version; it says so once a run.
    pub(super) fn rises(&mut self, user: UserId) -> bool {
        let rises = self.untouched == Some(user);
        if rises {
            self.untouched = None;
            self.risen = Some(user);
        }
        rises
    }

    /// Sets one column of somebody's row.
    pub(super) fn set_one(&mut self, user: UserId, column: &str, value: impl ToSql) -> Result<()> {
        let id = user.as_bytes();
        if self.rises(user) {
            let sql = format!(
                "UPDATE users SET {column} = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1"
            );
            return self.hit(&sql, params![id, value, self.at.as_millis()]);
        }
        let sql = format!("UPDATE users SET {column} = ?2 WHERE id = ?1");
        self.hit(&sql, params![id, value])
    }

    pub(super) fn set_status(&mut self, user: UserId, before: Status, after: Status) -> Result<()> {
        let read = |row: &rusqlite::Row<'_>| {
            let id: Option<[u8; 16]> = row.get(0)?;
            Ok(id.map(ConnectionId::from_bytes))
        };
        let (id, after_word) = (user.as_bytes(), after.as_str());
        let connection = if self.rises(user) {
            let sql = "UPDATE users SET status = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1 RETURNING connection";
            self.returned(sql, params![id, after_word, self.at.as_millis()], read)?
        } else {
            let sql = "UPDATE users SET status = ?2 WHERE id = ?1 RETURNING connection";
            self.returned(sql, params![id, after_word], read)?
        };
        self.move_people(connection, before, after);
        Ok(())
    }

    /// Writes what a field leaves in other tables, while the row still has what was in it before.
    pub(super) fn beside_field(
        &self,
        user: UserId,
        field: Field,
        value: Option<&str>,
    ) -> Result<()> {
        if field == Field::Email {
            outbox::address_changes(self.conn, user)?;
            // Under the address that goes, nobody would find the wish any more that is theirs.
            wishes::erase(self.conn, user)?;
        }
        match field {
            Field::Email | Field::FirstName | Field::LastName => waste::look_again(self.conn, user),
            Field::Labels => labels::set(self.conn, user, value),
            Field::DeactivateOn => self.set_due(user, DueKind::Deactivate, None, value),
            Field::DeleteOn => self.set_due(user, DueKind::Delete, None, value),
            Field::Kept => addresses::keep(self.conn, user, value),
            _ => Ok(()),
        }
    }

    /// Writes the fields that wait, and what is derived from them, by one statement.
    pub(super) fn write_edited(&mut self, edited: &mut Edited<'_>) -> Result<()> {
        let Some(user) = edited.user.take() else {
            return Ok(());
        };
        let fields = std::mem::take(&mut edited.fields);
        let derived = self.derived(user, &fields)?;
        let mut columns: Vec<&str> = Vec::new();
        let mut values: Vec<ToSqlOutput<'_>> = Vec::new();
        let text = |it: Option<&str>| match it {
            Some(text) => ToSqlOutput::Owned(Value::Text(text.to_owned())),
            None => ToSqlOutput::Borrowed(ValueRef::Null),
        };
        for (field, value) in &fields {
            columns.push(field.as_str());
            values.push(text(*value));
            let key = match field {
                Field::Email => "email_key",
                Field::UserName => "user_name_key",
                _ => continue,
            };
            columns.push(key);
            values.push(text(value.map(key_of_name).as_deref()));
        }
        if let Some(derived) = &derived {
            let of = [
                ("sort_name", &derived.sort_name),
                ("search", &derived.search),
            ];
            for (column, value) in of {
                if value.is_some() {
                    columns.push(column);
                    values.push(text(value.as_deref()));
                }
            }
        }
        let mut sql = format!("UPDATE users SET {} = ?", columns.join(" = ?, "));
        if self.rises(user) {
            sql.push_str(", version = version + 1, updated_at = ?");
            values.push(self.at.as_millis().into());
        }
        match derived {
            Some(derived) => {
                sql.push_str(" WHERE seq = ?");
                values.push(derived.seq.into());
            }
            None => {
                sql.push_str(" WHERE id = ?");
                values.push(ToSqlOutput::Owned(Value::Blob(user.as_bytes().to_vec())));
            }
        }
        self.hit(&sql, params_from_iter(values))
    }

    /// What is derived from the name-like fields once these are set: the sort key and the searched text, where they are
    /// others than those that stand. None when nothing is derived from any of them. Indexes are entered anew for whatever a
    /// statement sets, even to the same.
    fn derived(&self, user: UserId, fields: &[(Field, Option<&str>)]) -> Result<Option<Derived>> {
        let aside = |it: &(Field, Option<&str>)| {
            matches!(
                it.0,
                Field::Labels | Field::DeactivateOn | Field::DeleteOn | Field::Kept
            )
        };
        if fields.iter().all(aside) {
            return Ok(None);
        }
        let sql = "SELECT seq, sort_name, search, email, user_name, first_name, last_name, display_name, title, \
            functional_area, region, language FROM users WHERE id = ?1";
        let found: Option<(i64, String, String, Profile)> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut it| {
                it.query_row([user.as_bytes()], |row| {
                    let profile = Profile {
                        email: row.get(3)?,
                        user_name: row.get(4)?,
                        first_name: row.get(5)?,
                        last_name: row.get(6)?,
                        display_name: row.get(7)?,
                        title: row.get(8)?,
                        functional_area: row.get(9)?,
                        region: row.get(10)?,
                        language: row.get(11)?,
                        ..Profile::default()
                    };
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, profile))
                })
                .optional()
            })
            .map_err(broken)?;
        let missing = || Error::Broken("a change hit 0 rows instead of one".into());
        let (seq, sort_name, indexed, mut profile) = found.ok_or_else(missing)?;
        for (field, value) in fields {
            profile.set(*field, value.map(str::to_owned));
        }
        let searched = profile.search_text();
        let search = (searched != indexed).then_some(searched);
        if search.is_some() {
            search::wait(self.conn, seq, &indexed)?;
        }
        Ok(Some(Derived {
            seq,
            sort_name: Some(profile.sort_name()).filter(|it| *it != sort_name),
            search,
        }))
    }
}
