//! Labels by themselves: an index beside the list that each person's row has, and how many people carry which.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::read::Read;
use super::together::Insert;
use super::{Snapshot, broken};
use crate::error::Result;
use crate::model::{Label, UserId, folded};

static USER_LABELS: Insert = Insert::new("INSERT INTO user_labels (user, key)", 2);

impl Snapshot<'_> {
    /// Everybody who carries a label, in order of creation, whatever their status.
    pub(crate) fn people_with_label(&self, label: &str) -> Result<Vec<UserId>> {
        let sql = "SELECT users.id FROM user_labels JOIN users ON users.id = user_labels.user \
            WHERE user_labels.key = ?1 ORDER BY users.seq";
        self.all(sql, [folded(label)], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }
}

impl Read<'_> {
    /// Every label that somebody seen carries who is not deleted, with how many do.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn labels(&self) -> Result<Vec<Label>> {
        self.together(|snapshot| {
            if self.sight.is_some() {
                return self.labels_seen(snapshot);
            }
            let count = |sql: &str| {
                snapshot.all(sql, [], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
            };
            let mut people: BTreeMap<String, i64> =
                count("SELECT key, count(*) FROM user_labels GROUP BY key")?
                    .into_iter()
                    .collect();
            let hidden = count(
                "SELECT key, count(*) FROM users JOIN user_labels ON user_labels.user = users.id \
                 WHERE users.status = 'deleted' GROUP BY key",
            )?;
            for (key, fewer) in hidden {
                people.entry(key).and_modify(|it| *it -= fewer);
            }
            let mut labels = Vec::new();
            for (key, people) in people.into_iter().filter(|it| it.1 > 0) {
                labels.push(Label {
                    name: spelled(snapshot, &key)?.unwrap_or(key),
                    people,
                });
            }
            Ok(labels)
        })
    }

    /// As [`Read::labels`], by looking at everybody seen.
    fn labels_seen(&self, snapshot: &Snapshot<'_>) -> Result<Vec<Label>> {
        let (people, bound) = self.seen_sql(snapshot)?;
        let sql = format!(
            "SELECT user_labels.key, count(*) FROM users JOIN user_labels ON user_labels.user = users.id \
             WHERE ({people}) AND users.status NOT IN ('deleted', 'erased') GROUP BY 1 ORDER BY 1"
        );
        let counted = snapshot.all(&sql, rusqlite::params_from_iter(bound), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        let labels = counted.into_iter().map(|(key, people)| {
            let name = spelled(snapshot, &key)?.unwrap_or(key);
            Ok(Label { name, people })
        });
        labels.collect()
    }
}

/// A label as whoever got it first has it.
fn spelled(snapshot: &Snapshot<'_>, key: &str) -> Result<Option<String>> {
    let sql = "SELECT users.labels FROM user_labels JOIN users ON users.id = user_labels.user \
        WHERE user_labels.key = ?1 ORDER BY user_labels.user LIMIT 1";
    let labels: Option<Option<String>> = snapshot.one(sql, [key], |row| row.get(0))?;
    let labels = labels.flatten().unwrap_or_default();
    Ok(labels
        .split(',')
        .find(|it| folded(it) == key)
        .map(str::to_owned))
}

/// Replaces the labels of a person in the index.
pub(super) fn set(conn: &Connection, user: UserId, labels: Option<&str>) -> Result<()> {
    conn.prepare_cached("DELETE FROM user_labels WHERE user = ?1")
        .and_then(|mut it| it.execute([user.as_bytes()]))
        .map_err(broken)?;
    set_first(conn, labels.map(|it| (user, it)).into_iter())
}

/// Puts the labels of people into the index who have none in it.
pub(super) fn set_first<'l>(
    conn: &Connection,
    labelled: impl Iterator<Item = (UserId, &'l str)>,
) -> Result<()> {
    let mut keys: Vec<(UserId, String)> = Vec::new();
    for (user, labels) in labelled {
        let theirs = keys.len();
        for label in labels.split(',') {
            let key = (user, folded(label));
            if !keys.iter().skip(theirs).any(|it| *it == key) {
                keys.push(key);
            }
        }
    }
    USER_LABELS.all(conn, &keys, |row, (user, key)| {
        row.bind(user.as_bytes())?;
        row.bind(key)
    })
}
