//! Who is not something, or lacks something, where nearly everybody is or has it. No index lists them: those who are are taken
//! from everybody, both read in the same order from indexes that hold nothing else, and so no person is looked at; of a text,
//! the values that others have are few. Where those left turn out to be many, they are met soon in any list instead.

use rusqlite::types::Value;

use super::sources::{self, GROUP, POOL, Source, Unseen};
use crate::error::Result;
use crate::model::{
    AssignmentState, DueKind, GroupRole, PoolName, Status, fold_key, folded, name_key,
};
use crate::query::{
    DayField, Expr, GroupName, HoldWord, TextField, TextOp, TimeField, TrainingName,
};
use crate::store::events::hex;
use crate::store::snapshot::Snapshot;
use crate::store::{circles, compile};

/// Up to so many are found so. More of a million fill a page long before the walk through a list ends.
const FEW: usize = 2_500;
/// So many values of a field are looked at.
const MOST_VALUES: usize = 2_000;

/// The people of a query whom nothing lists, if it asks for an absence and they are few.
pub(super) fn few(snapshot: &Snapshot<'_>, query: &Expr, unseen: Unseen) -> Result<Option<Source>> {
    let parts = match query {
        Expr::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in parts {
        let Expr::Not(inner) = part else { continue };
        // Whoever is none of them is not the first.
        let without = match &**inner {
            Expr::Or(any) => any.as_slice(),
            one => std::slice::from_ref(one),
        };
        for one in without {
            if let Some(source) = without_it(snapshot, one, unseen)?
                && let Some(found) = listed(snapshot, source)?
            {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// The statement itself, for tests of how it is answered.
pub(super) fn statement(
    snapshot: &Snapshot<'_>,
    query: &Expr,
    unseen: Unseen,
) -> Result<Option<Source>> {
    match query {
        Expr::Not(inner) => without_it(snapshot, inner, unseen),
        _ => Ok(None),
    }
}

/// A list of whom a statement finds, if they are few.
fn listed(snapshot: &Snapshot<'_>, source: Source) -> Result<Option<Source>> {
    let sql = format!("{} LIMIT {}", source.sql, FEW + 1);
    let params = rusqlite::params_from_iter(source.bindings);
    let by_seq = source.key == "seq";
    let found: Vec<String> = snapshot.all(&sql, params, |row| {
        Ok(if by_seq {
            row.get::<_, i64>(0)?.to_string()
        } else {
            format!("\"{}\"", hex(&row.get::<_, [u8; 16]>(0)?))
        })
    })?;
    if found.len() > FEW {
        return Ok(None);
    }
    let value = if by_seq { "value" } else { "unhex(value)" };
    Ok(Some(Source {
        key: source.key,
        sql: format!("SELECT {value} FROM json_each(?)"),
        bindings: vec![format!("[{}]", found.join(",")).into()],
        finds_all_fast: false,
    }))
}

/// Lists at least everybody for whom a condition does not hold.
fn without_it(snapshot: &Snapshot<'_>, holds: &Expr, unseen: Unseen) -> Result<Option<Source>> {
    Ok(match holds {
        Expr::Status(statuses) => {
            let others = Status::ALL.into_iter().filter(|it| !statuses.contains(it));
            Some(sources::of_status(&others.collect::<Vec<_>>()))
        }
        Expr::When {
            field: TimeField::Seen,
            from,
            until,
        } if unseen.erased => {
            let mut source = beside("last_seen_at", [from.as_ref(), until.as_ref()]);
            source.sql.push_str(" UNION ALL ");
            source.sql.push_str(sources::UNSEEN);
            Some(source)
        }
        Expr::When {
            field: TimeField::Updated,
            from,
            until,
        } => Some(beside("updated_at", [from.as_ref(), until.as_ref()])),
        // Both sides of one manager, and who has none.
        Expr::Manager(manager) => {
            let (id, bound) = circles::id_of(manager);
            let sides = ["<", ">"].map(|op| {
                format!(
                    "SELECT few.seq FROM users AS few WHERE few.manager {op} coalesce({id}, x'')"
                )
            });
            Some(Source {
                key: "seq",
                sql: format!(
                    "{} UNION ALL {} UNION ALL {}",
                    sides[0],
                    sides[1],
                    sources::WITHOUT_MANAGER
                ),
                bindings: [bound.clone(), bound].concat(),
                finds_all_fast: false,
            })
        }
        Expr::Field { field, op, value } if unseen.erased => {
            of_text(snapshot, *field, *op, value, unseen)?
        }
        other => of_all_but(other, unseen),
    })
}

/// Everybody but those whom statements list, each in the order in which all of them are merged.
fn of_all_but(holds: &Expr, unseen: Unseen) -> Option<Source> {
    let one = |sql: String, bindings: Vec<Value>| vec![(sql, bindings)];
    let without = match holds {
        Expr::Group(name) => members(GROUP, name_key(name).into()),
        Expr::GroupId(id) => members("?", id.as_bytes().to_vec().into()),
        Expr::Role {
            group: Some(group),
            role,
        } => {
            let (of, group): (_, Value) = match group {
                GroupName::Named(name) => (GROUP, name_key(name).into()),
                GroupName::Id(id) => ("?", id.as_bytes().to_vec().into()),
            };
            vec![member(of, group, *role)]
        }
        Expr::Training { training, state } => assigned(training, *state),
        Expr::Assignment(state) => one(
            "SELECT user FROM trainings CROSS JOIN assignments ON training = trainings.id AND state = ?".to_owned(),
            vec![state.as_str().to_owned().into()],
        ),
        Expr::Label(label) => one(
            "SELECT user FROM user_labels WHERE key = ?".to_owned(),
            vec![folded(label).into()],
        ),
        Expr::Custom { field, test } => {
            let mut bindings: Vec<Value> = vec![field.id.as_bytes().to_vec().into()];
            let mut sql = "SELECT user FROM field_values WHERE field = ?".to_owned();
            compile::field_test(test, |condition, value| {
                sql.push_str(condition);
                bindings.push(value.into());
            });
            one(sql, bindings)
        }
        Expr::Pool { name, hold } => holders(&fold_key(name.trim()), *hold)?,
        // What is due on a day is whose date is set; the others of these may have had their day.
        Expr::Day { field, from, until } => {
            let kind = match field {
                DayField::DeactivateOn => DueKind::Deactivate,
                DayField::DeleteOn => DueKind::Delete,
                DayField::SendOn => DueKind::Send,
            };
            let mut sql = "SELECT user FROM due WHERE kind = ?".to_owned();
            let mut bindings: Vec<Value> = vec![kind.as_str().to_owned().into()];
            for (bound, op) in [(from, ">="), (until, "<")] {
                if let Some(bound) = bound {
                    sql.push_str(&format!(" AND day {op} ?"));
                    bindings.push(bound.to_string().into());
                }
            }
            one(sql, bindings)
        }
        _ => return None,
    };
    let mut sql = "SELECT id FROM users".to_owned();
    let mut bindings = Vec::new();
    for (listed, bound) in without {
        sql.push_str(" EXCEPT ");
        sql.push_str(&listed);
        bindings.extend(bound);
    }
    if unseen.erased {
        sql.push_str(
            " EXCEPT SELECT id FROM users AS gone WHERE gone.status IN ('deleted', 'erased')",
        );
    }
    sql.push_str(" ORDER BY 1");
    Some(Source {
        key: "id",
        sql,
        bindings,
        finds_all_fast: false,
    })
}

type Listed = (String, Vec<Value>);

fn member(of: &str, group: Value, role: GroupRole) -> Listed {
    (
        format!("SELECT user FROM memberships WHERE member_of = {of} AND role = ?"),
        vec![group, role.as_str().to_owned().into()],
    )
}

/// The members of a group: an index has those of each role in order.
fn members(of: &str, group: Value) -> Vec<Listed> {
    let each = GroupRole::ALL.into_iter();
    each.map(|role| member(of, group.clone(), role)).collect()
}

fn assigned(training: &TrainingName, state: Option<AssignmentState>) -> Vec<Listed> {
    let (of, training): (_, Value) = match training {
        TrainingName::Named(name) => (
            "(SELECT id FROM trainings WHERE name_key = ? AND removed = 0)",
            name_key(name).into(),
        ),
        TrainingName::Id(id) => ("?", id.as_bytes().to_vec().into()),
    };
    let states = AssignmentState::ALL.into_iter().filter(|it| match state {
        Some(state) => *it == state,
        None => *it != AssignmentState::Ended,
    });
    let each = states.map(|it| {
        (
            format!("SELECT user FROM assignments WHERE training = {of} AND state = ?"),
            vec![training.clone(), it.as_str().to_owned().into()],
        )
    });
    each.collect()
}

/// Who holds an add-on pool; who waits for one is listed beside them.
fn holders(name: &str, hold: Option<HoldWord>) -> Option<Vec<Listed>> {
    if name == PoolName::access().as_str() {
        return None;
    }
    let of = |sql: &str, state: &str| -> Listed {
        (
            format!("{sql} WHERE pool = {POOL} AND state = ?"),
            vec![name.to_owned().into(), state.to_owned().into()],
        )
    };
    let held = |state| of("SELECT user FROM add_on_licenses", state);
    let queued = || of("SELECT user FROM licenses", "queued");
    Some(match hold {
        Some(HoldWord::Reserved) => vec![held("reserved")],
        Some(HoldWord::Consumed) => vec![held("consumed")],
        Some(HoldWord::Queued) => vec![queued()],
        None => vec![held("reserved"), held("consumed"), queued()],
    })
}

/// Whoever has an instant before one, or from another on: both sides of the index.
fn beside(column: &str, [from, until]: [Option<&crate::model::Timestamp>; 2]) -> Source {
    let mut parts = Vec::new();
    let mut bindings = Vec::new();
    for (bound, op) in [(from, "<"), (until, ">=")] {
        if let Some(bound) = bound {
            parts.push(format!(
                "SELECT few.seq FROM users AS few WHERE few.{column} {op} ?"
            ));
            bindings.push(bound.as_millis().into());
        }
    }
    if parts.is_empty() {
        parts.push(format!(
            "SELECT few.seq FROM users AS few WHERE few.{column} IS NULL AND 0"
        ));
    }
    Source {
        key: "seq",
        sql: parts.join(" UNION ALL "),
        bindings,
        finds_all_fast: false,
    }
}

/// Whoever has another text in a field, or none.
fn of_text(
    snapshot: &Snapshot<'_>,
    field: TextField,
    op: TextOp,
    value: &str,
    unseen: Unseen,
) -> Result<Option<Source>> {
    let needle = folded(value);
    let column = match field {
        TextField::FunctionalArea => "functional_area",
        TextField::Title => "title",
        TextField::Region => "region",
        TextField::Language => "language",
        // What is kept of an address is compared as it is, but for what is written in other letters there.
        TextField::Email if op == TextOp::Contains => {
            return Ok(Some(Source {
                key: "seq",
                sql: "SELECT few.seq FROM users AS few INDEXED BY users_email_key WHERE few.email_key IS NULL \
                    OR instr(few.email_key, ?) = 0 OR instr(few.email_key, 'xn--') > 0"
                    .to_owned(),
                bindings: vec![needle.into()],
                finds_all_fast: false,
            }));
        }
        _ => return Ok(None),
    };
    let Some(lacking) = sources::has(field, false, unseen) else {
        return Ok(None);
    };
    let first = format!(
        "SELECT {column} AS value FROM users WHERE {column} IS NOT NULL ORDER BY {column} COLLATE NOCASE LIMIT 1"
    );
    let next = format!(
        "SELECT next.{column} FROM users AS next WHERE next.{column} IS NOT NULL \
         AND next.{column} COLLATE NOCASE > each.value ORDER BY next.{column} COLLATE NOCASE LIMIT 1"
    );
    let each = format!(
        "WITH RECURSIVE each (value) AS (SELECT value FROM ({first}) UNION ALL SELECT ({next}) FROM each \
         WHERE each.value IS NOT NULL LIMIT {}) SELECT value FROM each WHERE value IS NOT NULL",
        MOST_VALUES + 1
    );
    let values: Vec<String> = snapshot.all(&each, [], |row| row.get(0))?;
    if values.len() >= MOST_VALUES {
        return Ok(None);
    }
    let others = values.into_iter().filter(|it| {
        let it = folded(it);
        !match op {
            TextOp::Equals => it == needle,
            TextOp::StartsWith => it.starts_with(&needle),
            TextOp::Contains => it.contains(&needle),
        }
    });
    let others: Vec<String> = others.collect();
    let json =
        serde_json::to_string(&others).map_err(|it| crate::error::Error::Broken(it.to_string()))?;
    let mut bindings: Vec<Value> = vec![json.into()];
    bindings.extend(lacking.bindings);
    Ok(Some(Source {
        key: "seq",
        sql: format!(
            "SELECT few.seq FROM json_each(?) AS other CROSS JOIN users AS few \
             ON few.{column} COLLATE NOCASE = other.value AND few.{column} IS NOT NULL UNION ALL {}",
            lacking.sql
        ),
        bindings,
        finds_all_fast: false,
    }))
}
