//! Which index finds the people of a query when the order of a list does not: those of a group, a role, a training or a
//! state, and whatever else finds few. A list of many in order goes through the list and looks each of them up instead.

use rusqlite::types::Value;

use super::compile::{self, Compiled, trigrams};
use super::snapshot::Snapshot;
use super::viewer::Viewer;
use crate::error::Result;
use crate::model::{AssignmentState, Timestamp, fold_key, folded, name_key};
use crate::query::{Expr, GroupName, HoldWord, TextField, TimeField, TrainingName};

/// Up to so many are found first and then put in order; more are spread densely enough to be met in order.
const FEW: i64 = 2_000;

/// The ids of people of whom everybody is whom the query finds, perhaps with more conditions; none without an index.
fn ids(query: &Expr) -> Option<(String, Vec<Value>)> {
    let (sql, bindings): (&str, Vec<Value>) = match query {
        Expr::And(parts) => return parts.iter().find_map(ids),
        Expr::Group(name) => (
            "SELECT user FROM memberships WHERE member_of = (SELECT id FROM groups WHERE name_key = ? AND removed = 0)",
            vec![name_key(name).into()],
        ),
        Expr::GroupId(id) => (
            "SELECT user FROM memberships WHERE member_of = ?",
            vec![id.as_bytes().to_vec().into()],
        ),
        Expr::Role { group: None, role } => (
            "SELECT user FROM groups CROSS JOIN memberships ON member_of = groups.id AND role = ?",
            vec![role.as_str().to_owned().into()],
        ),
        Expr::Role {
            group: Some(GroupName::Named(name)),
            role,
        } => (
            "SELECT user FROM memberships WHERE member_of = (SELECT id FROM groups WHERE name_key = ? AND removed = 0) AND role = ?",
            vec![name_key(name).into(), role.as_str().to_owned().into()],
        ),
        Expr::Role {
            group: Some(GroupName::Id(id)),
            role,
        } => (
            "SELECT user FROM memberships WHERE member_of = ? AND role = ?",
            vec![
                id.as_bytes().to_vec().into(),
                role.as_str().to_owned().into(),
            ],
        ),
        Expr::Training { training, state } => return Some(assigned(training, *state)),
        Expr::Assignment(state) => (
            "SELECT user FROM trainings CROSS JOIN assignments ON training = trainings.id AND state = ?",
            vec![state.as_str().to_owned().into()],
        ),
        _ => return None,
    };
    Some((sql.to_owned(), bindings))
}

fn assigned(training: &TrainingName, state: Option<AssignmentState>) -> (String, Vec<Value>) {
    let (id, of): (&str, Value) = match training {
        TrainingName::Named(name) => (
            "(SELECT id FROM trainings WHERE name_key = ? AND removed = 0)",
            name_key(name).into(),
        ),
        TrainingName::Id(id) => ("?", id.as_bytes().to_vec().into()),
    };
    let states = match state {
        Some(state) => vec![state],
        None => vec![
            AssignmentState::Assigned,
            AssignmentState::Started,
            AssignmentState::Completed,
        ],
    };
    let places = vec!["?"; states.len()].join(", ");
    let mut bindings = vec![of];
    bindings.extend(states.iter().map(|it| Value::from(it.as_str().to_owned())));
    let sql = format!("SELECT user FROM assignments WHERE training = {id} AND state IN ({places})");
    (sql, bindings)
}

/// Compiles a query so that an index finds its people, where one can.
pub(super) fn driven(query: &Expr, now: Timestamp, viewer: Viewer) -> Compiled {
    match ids(query) {
        Some(ids) => by_ids(compile::compile_aside(query, now, viewer, false), ids),
        None => compile::compile(query, now, viewer),
    }
}

fn by_ids(mut compiled: Compiled, (sql, bindings): (String, Vec<Value>)) -> Compiled {
    compiled.sql = format!("({}) AND users.id IN ({sql})", compiled.sql);
    compiled.bindings.extend(bindings);
    compiled
}

/// As [`driven`], for a list in an order: only where the index finds few. `few_seen` is for the
/// page that is compiled otherwise.
pub(super) fn driven_if_few(
    snapshot: &Snapshot<'_>,
    query: &Expr,
    now: Timestamp,
    few_seen: bool,
) -> Result<Compiled> {
    for (sql, bindings) in candidates(query) {
        let count = format!("SELECT count(*) FROM ({sql} LIMIT {})", FEW + 1);
        let found = snapshot.one(&count, rusqlite::params_from_iter(&bindings), |row| {
            row.get::<_, i64>(0)
        })?;
        if found.is_some_and(|it| it <= FEW) {
            let aside = compile::compile_aside(query, now, snapshot.viewer, true);
            return Ok(by_ids(aside, (sql, bindings)));
        }
    }
    compile::compile_page(snapshot, query, now, few_seen)
}

/// The sets of people, each from an index, of which each has everybody whom the query finds.
fn candidates(query: &Expr) -> Vec<(String, Vec<Value>)> {
    match query {
        Expr::And(parts) => parts.iter().flat_map(candidates).collect(),
        one => ids(one).or_else(|| rare(one)).into_iter().collect(),
    }
}

/// As [`ids`], by indexes that are worth it only when they find few.
fn rare(query: &Expr) -> Option<(String, Vec<Value>)> {
    let pool = |name: &str| vec![Value::from(fold_key(name.trim()))];
    let (sql, bindings): (&str, Vec<Value>) = match query {
        Expr::Administrator => ("SELECT user FROM permissions", Vec::new()),
        Expr::Protected => ("SELECT id FROM users WHERE protected = 1", Vec::new()),
        Expr::Pool {
            name,
            hold: Some(HoldWord::Queued),
        } => (
            "SELECT user FROM licenses WHERE pool = (SELECT id FROM pools WHERE name = ?) AND state = 'queued'",
            pool(name),
        ),
        Expr::Pool {
            name,
            hold: Some(HoldWord::Reserved),
        } => (
            "SELECT user FROM licenses WHERE pool = (SELECT id FROM pools WHERE name = ?) AND state <> 'queued' AND state = 'reserved'",
            pool(name),
        ),
        Expr::Pool {
            name,
            hold: Some(HoldWord::Consumed),
        } => (
            "SELECT user FROM licenses WHERE pool = (SELECT id FROM pools WHERE name = ?) AND state <> 'queued' AND state = 'consumed'",
            pool(name),
        ),
        Expr::Pool { name, hold: None } => (
            "SELECT user FROM licenses WHERE pool = (SELECT id FROM pools WHERE name = ?) AND state <> 'queued' \
             UNION ALL SELECT user FROM licenses WHERE pool = (SELECT id FROM pools WHERE name = ?) AND state = 'queued'",
            [pool(name), pool(name)].concat(),
        ),
        Expr::When { field, from, until } => return spanned(*field, *from, *until),
        Expr::Not(inner) => match &**inner {
            // Whom the platform never saw, and who was not looked at yet.
            Expr::When {
                field: TimeField::Seen,
                from: None,
                until: None,
            } => (
                "SELECT users.id FROM (SELECT seq FROM unseen UNION ALL SELECT fresh.seq FROM users AS fresh \
                 WHERE fresh.seq > (SELECT seq FROM looked_to)) AS never CROSS JOIN users ON users.seq = never.seq",
                Vec::new(),
            ),
            Expr::Has(TextField::Email) => {
                ("SELECT id FROM users WHERE email_key IS NULL", Vec::new())
            }
            _ => return None,
        },
        Expr::Field { field, value, .. } => return lettered(*field, value),
        _ => return None,
    };
    Some((sql.to_owned(), bindings))
}

/// Who was created or changed in a time.
fn spanned(
    field: TimeField,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Option<(String, Vec<Value>)> {
    let column = match field {
        TimeField::Created => "created_at",
        TimeField::Updated => "updated_at",
        TimeField::Seen => return None,
    };
    if from.is_none() && until.is_none() {
        return None;
    }
    let from = from.map_or(i64::MIN, Timestamp::as_millis);
    let until = until.map_or(i64::MAX, Timestamp::as_millis);
    Some((
        format!("SELECT id FROM users WHERE {column} >= ? AND {column} < ?"),
        vec![from.into(), until.into()],
    ))
}

/// In whose text the letters of a value are, by the text index and the rows that wait for it.
fn lettered(field: TextField, value: &str) -> Option<(String, Vec<Value>)> {
    // These are not among what is searched.
    if matches!(field, TextField::Region | TextField::Language) {
        return None;
    }
    let value = folded(value);
    let word = value.split(' ').max_by_key(|it| it.chars().count())?;
    let sql = "SELECT users.id FROM (SELECT rowid AS seq FROM users_text WHERE users_text MATCH ? \
        UNION ALL SELECT seq FROM search_pending \
        UNION ALL SELECT fresh.seq FROM users AS fresh WHERE fresh.seq > (SELECT indexed_to FROM search_progress)) AS lettered \
        CROSS JOIN users ON users.seq = lettered.seq";
    Some((sql.to_owned(), vec![trigrams(word)?.into()]))
}
