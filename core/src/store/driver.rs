//! Which index finds the people of a query when the order of a list does not. The small sides are asked first: who is in a
//! group, has a license, a permission, a word. Where one of them finds few, these are looked up and put in order; of many
//! the list is walked in its order instead, where they are met soon.

mod absent;
mod sources;

use rusqlite::types::Value;

use super::compile::{self, Compiled};
use super::snapshot::Snapshot;
use super::viewer::Viewer;
use crate::error::Result;
use crate::model::Timestamp;
use crate::query::Expr;
use sources::{Source, Unseen};

/// Up to so many are found first and then put in order; more are spread densely enough to be met in order.
pub(super) const FEW: i64 = 10_000;

/// How the people of a page are found.
pub(super) enum Way {
    /// By an index that finds few; they are put in order.
    Few(Compiled),
    /// By the index of the order, or one that SQLite chooses by the condition.
    Straight(Compiled),
    /// By walking in the order; nothing else finds them.
    Walk(Compiled),
}

/// Compiles a query, for all whom it finds, so that an index finds them where one can.
pub(super) fn driven(query: &Expr, now: Timestamp, viewer: Viewer) -> Compiled {
    match sources::of(query, viewer)
        .into_iter()
        .find(|it| it.finds_all_fast)
    {
        Some(source) => found_by(compile::compile_aside(query, now, viewer, false), source),
        None => compile::compile(query, now, viewer),
    }
}

/// Everybody who has a word, by their numbers, if they are no more than `most`; none, too, where no index lists them.
pub(super) fn having_word(
    snapshot: &Snapshot<'_>,
    word: &str,
    most: usize,
) -> Result<Option<Vec<i64>>> {
    let word = Expr::Text(word.to_owned());
    let Some(source) = sources::of(&word, snapshot.viewer).into_iter().next() else {
        return Ok(None);
    };
    let sql = format!("{} LIMIT {}", source.sql, most.saturating_add(1));
    let bindings = rusqlite::params_from_iter(source.bindings);
    let found: Vec<i64> = snapshot.all(&sql, bindings, |row| row.get(0))?;
    Ok(Some(found).filter(|it| it.len() <= most))
}

/// Compiles a query for a page of a list.
pub(super) fn way(snapshot: &Snapshot<'_>, query: &Expr, now: Timestamp) -> Result<Way> {
    if *query == Expr::Everybody {
        return Ok(Way::Straight(compile::compile(query, now, snapshot.viewer)));
    }
    for source in sources::within(snapshot, query)? {
        if is_few(snapshot, &source)? {
            let aside = compile::compile_aside(query, now, snapshot.viewer, true);
            return Ok(Way::Few(found_by(aside, source)));
        }
    }
    if is_sharp(query) {
        return Ok(Way::Straight(compile::compile_page(
            snapshot, query, now, false,
        )?));
    }
    let unseen = Unseen::of(query, snapshot.viewer);
    if let Some(source) = absent::few(snapshot, query, unseen)? {
        let aside = compile::compile_aside(query, now, snapshot.viewer, true);
        return Ok(Way::Few(found_by(aside, source)));
    }
    compile::compile_walk(snapshot, query, now).map(Way::Walk)
}

/// The statement that lists those for whom a condition does not hold, if there is one.
pub(super) fn absence(snapshot: &Snapshot<'_>, query: &Expr) -> Result<Option<(String, Bindings)>> {
    let source = absent::statement(snapshot, query, Unseen::of(query, snapshot.viewer))?;
    Ok(source.map(|it| (it.sql, it.bindings)))
}

fn is_few(snapshot: &Snapshot<'_>, source: &Source) -> Result<bool> {
    let count = format!("SELECT count(*) FROM ({} LIMIT {})", source.sql, FEW + 1);
    let found = snapshot.one(
        &count,
        rusqlite::params_from_iter(&source.bindings),
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some_and(|it| it <= FEW))
}

fn found_by(mut compiled: Compiled, source: Source) -> Compiled {
    let Source {
        key, sql, bindings, ..
    } = source;
    compiled.sql = format!("({}) AND users.{key} IN ({sql})", compiled.sql);
    compiled.bindings.extend(bindings);
    compiled
}

/// Whether the condition itself names an index: of one person, of who reports to somebody, or of a status in its order.
fn is_sharp(query: &Expr) -> bool {
    use crate::query::{TextField, TextOp};
    match query {
        Expr::And(parts) => parts.iter().any(is_sharp),
        Expr::Or(parts) => parts.iter().all(|it| matches!(it, Expr::Id(_))),
        Expr::Field {
            field: TextField::Email | TextField::UserName,
            op: TextOp::Equals,
            ..
        }
        | Expr::Id(_)
        | Expr::ExternalId { .. }
        | Expr::Manager(_) => true,
        Expr::Status(statuses) => statuses.len() == 1,
        _ => false,
    }
}

/// Values of a statement.
type Bindings = Vec<Value>;
