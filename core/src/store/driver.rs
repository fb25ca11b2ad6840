//! Which index finds the people of a query when the order of a list does not: those of a group, a role, a training or a
//! state. A list of many in order goes through the list and looks each of them up instead.

use rusqlite::types::Value;

use super::compile::{self, Compiled};
use super::snapshot::Snapshot;
use super::viewer::Viewer;
use crate::error::Result;
use crate::model::{AssignmentState, Timestamp, name_key};
use crate::query::{Expr, GroupName, TrainingName};

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
    let Some((sql, bindings)) = ids(query) else {
        return compile::compile_page(snapshot, query, now, few_seen);
    };
    let count = format!("SELECT count(*) FROM ({sql} LIMIT {})", FEW + 1);
    let found = snapshot.one(&count, rusqlite::params_from_iter(&bindings), |row| {
        row.get::<_, i64>(0)
    })?;
    if found.is_some_and(|it| it <= FEW) {
        let aside = compile::compile_aside(query, now, snapshot.viewer, true);
        return Ok(by_ids(aside, (sql, bindings)));
    }
    compile::compile_page(snapshot, query, now, few_seen)
}
