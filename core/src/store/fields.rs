//! Custom fields and what people have in them: read for planning and for front ends, written by changes.

use std::collections::{HashMap, HashSet};

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use super::read::Read;
use super::snapshot::word;
use super::{Snapshot, broken};
use crate::error::{Error, Result};
use crate::model::{
    Choice, ChoiceId, ChoiceTerms, CustomField, FieldId, FieldKind, FieldTerms, UserId, VisibleTo,
    choice_key, field_key,
};
use crate::query::{KnownNames, Names, Vocabulary};

impl Snapshot<'_> {
    /// Every custom field in the order of adding, removed ones included.
    pub(crate) fn custom_fields(&self) -> Result<Vec<CustomField>> {
        let sql = "SELECT id, name, kind, visible_to, required, removed FROM fields ORDER BY seq";
        let mut fields = self.all(sql, [], |row| {
            Ok(CustomField {
                id: FieldId::from_bytes(row.get(0)?),
                terms: FieldTerms {
                    name: row.get(1)?,
                    kind: word(row, 2, FieldKind::from_word)?,
                    visible_to: word(row, 3, VisibleTo::from_word)?,
                    required: row.get(4)?,
                    removed: row.get(5)?,
                },
                choices: Vec::new(),
                former: Vec::new(),
            })
        })?;
        if fields.is_empty() {
            return Ok(fields);
        }
        let mut former: HashMap<[u8; 16], Vec<String>> = HashMap::new();
        for (of, key) in self.all("SELECT of, name_key FROM former_names", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })? {
            former.entry(of).or_default().push(key);
        }
        let sql = "SELECT id, field, name, removed FROM field_choices ORDER BY seq";
        let mut choices: HashMap<FieldId, Vec<Choice>> = HashMap::new();
        for (id, field, terms) in self.all(sql, [], |row| {
            let terms = ChoiceTerms {
                name: row.get(2)?,
                removed: row.get(3)?,
            };
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                FieldId::from_bytes(row.get(1)?),
                terms,
            ))
        })? {
            choices.entry(field).or_default().push(Choice {
                id: ChoiceId::from_bytes(id),
                terms,
                former: former.remove(&id).unwrap_or_default(),
            });
        }
        for field in &mut fields {
            field.choices = choices.remove(&field.id).unwrap_or_default();
            field.former = former.remove(field.id.as_bytes()).unwrap_or_default();
        }
        Ok(fields)
    }

    /// What a person has in a field, as stored.
    pub(crate) fn field_value(&self, user: UserId, field: FieldId) -> Result<Option<String>> {
        self.one(
            "SELECT value FROM field_values WHERE user = ?1 AND field = ?2",
            [user.as_bytes(), field.as_bytes()],
            |row| row.get(0),
        )
    }

    /// What each of these people has in a field, in one pass over the field's index.
    pub(crate) fn field_values(
        &self,
        field: FieldId,
        of: &HashSet<UserId>,
    ) -> Result<HashMap<UserId, String>> {
        let sql = "SELECT user, value FROM field_values WHERE field = ?1";
        let mut statement = self.conn.prepare_cached(sql).map_err(broken)?;
        let mut rows = statement.query([field.as_bytes()]).map_err(broken)?;
        let mut values = HashMap::new();
        while let Some(row) = rows.next().map_err(broken)? {
            let user = UserId::from_bytes(row.get(0).map_err(broken)?);
            if of.contains(&user) {
                values.insert(user, row.get(1).map_err(broken)?);
            }
        }
        Ok(values)
    }

    /// Everything that a person has in custom fields, as stored.
    pub(crate) fn field_values_of(&self, user: UserId) -> Result<Vec<(FieldId, String)>> {
        self.all(
            "SELECT field, value FROM field_values WHERE user = ?1",
            [user.as_bytes()],
            |row| Ok((FieldId::from_bytes(row.get(0)?), row.get(1)?)),
        )
    }
}

impl Read<'_> {
    /// The custom fields that whoever reads may see, in the order of adding.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn custom_fields(&self) -> Result<Vec<CustomField>> {
        let mut fields = self.together(|snapshot| snapshot.custom_fields())?;
        fields.retain(|it| {
            !it.terms.removed
                && (self.viewer.sees_all_fields || it.terms.visible_to == VisibleTo::Everybody)
        });
        Ok(fields)
    }

    /// The custom fields whose names whoever reads may see, removed ones too: history mentions them.
    pub(super) fn fields_to_name(&self) -> Result<Vec<CustomField>> {
        let mut fields = self.snapshot()?.custom_fields()?;
        fields.retain(|it| {
            self.viewer.sees_all_fields || it.terms.visible_to == VisibleTo::Everybody
        });
        Ok(fields)
    }

    /// The words that queries may use beyond the language: the custom fields that whoever reads may see, and days as they
    /// begin where the organization is.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn vocabulary(&self) -> Result<Vocabulary> {
        let zone = self.organization()?.time_zone;
        Ok(Vocabulary::new(self.custom_fields()?).in_zone(zone))
    }

    /// As [`Read::vocabulary`], for queries that a person types: a group, a pool, a training or a connection that there is not,
    /// or that whoever reads may not know, is told instead of finding nobody.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn vocabulary_with_names(&self) -> Result<Vocabulary> {
        let pools = self.pools()?.into_iter();
        let groups = self.groups()?.into_iter();
        let trainings = self.snapshot()?.trainings()?.into_iter();
        let connections = self.connections()?.into_iter();
        let names = KnownNames::default()
            .with(
                Names::Pools,
                pools.map(|it| (it.id.to_string(), it.name.to_string())),
            )
            .with(Names::Groups, groups.map(|it| (it.id.to_string(), it.name)))
            .with(
                Names::Trainings,
                trainings.map(|it| (it.id.to_string(), it.terms.name)),
            )
            .with(
                Names::Connections,
                connections.map(|it| (it.id.to_string(), it.name)),
            );
        Ok(self.vocabulary()?.knowing(names))
    }

    /// What these people have in custom fields, of those who have anything: names and values as people read them, in the
    /// order of the fields.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn fields_of(&self, users: &[UserId]) -> Result<HashMap<UserId, Vec<(String, String)>>> {
        let fields = self.custom_fields()?;
        let mut shown = HashMap::new();
        if fields.is_empty() {
            return Ok(shown);
        }
        self.together(|snapshot| {
            for user in self.only_seen(snapshot, users)?.iter() {
                let values: HashMap<_, _> = snapshot.field_values_of(*user)?.into_iter().collect();
                if values.is_empty() {
                    continue;
                }
                let named = fields.iter().filter_map(|it| {
                    let value = values.get(&it.id)?;
                    Some((it.terms.name.clone(), it.shown(value)))
                });
                shown.insert(*user, named.collect());
            }
            Ok(())
        })?;
        Ok(shown)
    }

    /// What a person has in custom fields, as stored, of those that whoever reads may see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn field_values_of(&self, user: UserId) -> Result<Vec<(FieldId, String)>> {
        let fields = self.custom_fields()?;
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        let mut values = snapshot.field_values_of(user)?;
        values.retain(|(field, _)| fields.iter().any(|it| it.id == *field));
        Ok(values)
    }

    /// Stored values of custom fields as people read them, those that whoever reads may see, in the order of the fields.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn shown_values(&self, values: &[(FieldId, String)]) -> Result<Vec<(String, String)>> {
        let fields = self.custom_fields()?;
        let named = fields.iter().filter_map(|field| {
            let (_, value) = values.iter().find(|it| it.0 == field.id)?;
            Some((field.terms.name.clone(), field.shown(value)))
        });
        Ok(named.collect())
    }

    /// How many of the people seen have each allowed value of a choice, by the values' ids; nothing of a field that
    /// whoever reads may not see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn choice_counts(&self, field: FieldId) -> Result<HashMap<ChoiceId, i64>> {
        if !self.fields_to_name()?.iter().any(|it| it.id == field) {
            return Ok(HashMap::new());
        }
        let snapshot = self.snapshot()?;
        let mut bound = vec![Value::Blob(field.as_bytes().to_vec())];
        let mut sql = "SELECT key, count(*) FROM field_values".to_owned();
        if self.sight.is_some() {
            let (people, more) = self.seen_sql(&snapshot)?;
            sql.push_str(" JOIN users ON users.id = field_values.user WHERE field = ? AND (");
            sql.push_str(&people);
            sql.push(')');
            bound.extend(more);
        } else {
            sql.push_str(" WHERE field = ?");
        }
        sql.push_str(" GROUP BY key");
        let rows = snapshot.all(&sql, rusqlite::params_from_iter(bound), |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        let counted = rows
            .into_iter()
            .filter_map(|(key, people)| Some((key.parse().ok()?, people)));
        Ok(counted.collect())
    }
}

fn run(conn: &Connection, sql: &str, params: &[&dyn ToSql]) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}

pub(super) fn set_value(
    conn: &Connection,
    user: UserId,
    field: FieldId,
    value: Option<&str>,
) -> Result<()> {
    let Some(value) = value else {
        return run(
            conn,
            "DELETE FROM field_values WHERE user = ?1 AND field = ?2",
            &[user.as_bytes(), field.as_bytes()],
        );
    };
    let kind = conn
        .prepare_cached("SELECT kind FROM fields WHERE id = ?1")
        .and_then(|mut it| {
            it.query_row([field.as_bytes()], |row| word(row, 0, FieldKind::from_word))
        })
        .map_err(broken)?;
    let key = CustomField::value_key(kind, value);
    run(
        conn,
        "INSERT INTO field_values (user, field, value, key) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (user, field) DO UPDATE SET value = ?3, key = ?4",
        &[user.as_bytes(), field.as_bytes(), &value, &key],
    )
}

pub(super) fn add(conn: &Connection, field: FieldId, terms: &FieldTerms) -> Result<()> {
    run(
        conn,
        "INSERT INTO fields (id, name, name_key, kind, visible_to, required, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            field.as_bytes(),
            &terms.name,
            &field_key(&terms.name),
            &terms.kind.as_str(),
            &terms.visible_to.as_str(),
            &terms.required,
            &terms.removed,
        ],
    )
}

pub(super) fn set_terms(
    conn: &Connection,
    field: FieldId,
    before: &FieldTerms,
    after: &FieldTerms,
) -> Result<()> {
    if before.kind != after.kind {
        return Err(Error::Broken("the kind of a field does not change".into()));
    }
    let (was, is) = (field_key(&before.name), field_key(&after.name));
    if was != is {
        remember(conn, field.as_bytes(), &was)?;
    }
    run(
        conn,
        "UPDATE fields SET name = ?2, name_key = ?3, visible_to = ?4, required = ?5, removed = ?6 WHERE id = ?1",
        &[
            field.as_bytes(),
            &after.name,
            &is,
            &after.visible_to.as_str(),
            &after.required,
            &after.removed,
        ],
    )
}

pub(super) fn set_choice(
    conn: &Connection,
    field: FieldId,
    choice: ChoiceId,
    before: Option<&ChoiceTerms>,
    after: &ChoiceTerms,
) -> Result<()> {
    if let Some(before) = before {
        let was = choice_key(&before.name);
        if was != choice_key(&after.name) {
            remember(conn, choice.as_bytes(), &was)?;
        }
        return run(
            conn,
            "UPDATE field_choices SET name = ?2, removed = ?3 WHERE id = ?1",
            &[choice.as_bytes(), &after.name, &after.removed],
        );
    }
    run(
        conn,
        "INSERT INTO field_choices (id, field, name, removed) VALUES (?1, ?2, ?3, ?4)",
        &[
            choice.as_bytes(),
            field.as_bytes(),
            &after.name,
            &after.removed,
        ],
    )
}

/// Keeps a name that a field or a value had, so that queries which say it still find it.
fn remember(conn: &Connection, of: &[u8; 16], key: &str) -> Result<()> {
    run(
        conn,
        "INSERT INTO former_names (of, name_key) VALUES (?1, ?2) ON CONFLICT (of, name_key) DO NOTHING",
        &[of, &key],
    )
}
