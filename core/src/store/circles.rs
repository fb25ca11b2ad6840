//! Groups and everybody below a manager, as conditions on `users`. Few people are listed first and then looked up; many
//! are recognised one by one on the way through the list, so that its first page comes at once either way.

use rusqlite::types::Value;

use super::Snapshot;
use crate::error::Result;
use crate::model::{GroupId, key_of_name};
use crate::query::{Expr, ManagerName};

/// Up to this many people are listed first; sorting them costs less than looking through a long list for them.
const FEW: i64 = 20_000;

/// In which way each circle of an expression is found: listed first, or recognised one by one.
#[derive(Clone)]
pub(super) struct Ways {
    /// Those that are found in the other way than the rest.
    others: Vec<Expr>,
    lists: bool,
}

impl Ways {
    /// Every circle is listed first: for all whom an expression finds.
    pub(super) const fn listed() -> Self {
        Self {
            others: Vec::new(),
            lists: true,
        }
    }

    /// Everybody is recognised: for one person.
    pub(super) const fn recognised() -> Self {
        Self {
            others: Vec::new(),
            lists: false,
        }
    }

    /// Looks, no further than needed, how large the circles in an expression are.
    pub(super) fn by_size(snapshot: &Snapshot<'_>, expr: &Expr) -> Result<Self> {
        let mut ways = Self::listed();
        ways.look(snapshot, expr)?;
        Ok(ways)
    }

    fn look(&mut self, snapshot: &Snapshot<'_>, expr: &Expr) -> Result<()> {
        let (set, mut bound) = match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                return parts.iter().try_for_each(|it| self.look(snapshot, it));
            }
            Expr::Not(inner) => return self.look(snapshot, inner),
            Expr::Below(manager) => below_set(manager),
            Expr::GroupId(group) => (
                "SELECT 1 FROM memberships WHERE member_of = ?".to_owned(),
                vec![Value::Blob(group.as_bytes().to_vec())],
            ),
            _ => return Ok(()),
        };
        bound.push(Value::Integer(FEW + 1));
        let sql = format!("SELECT count(*) FROM ({set} LIMIT ?)");
        let count: Option<i64> =
            snapshot.one(&sql, rusqlite::params_from_iter(bound), |row| row.get(0))?;
        if count.is_some_and(|it| it > FEW) {
            self.others.push(expr.clone());
        }
        Ok(())
    }

    pub(super) fn lists_all(&self) -> bool {
        self.lists && self.others.is_empty()
    }

    pub(super) fn lists_below(&self, manager: &ManagerName) -> bool {
        let other = |it: &Expr| matches!(it, Expr::Below(other) if other == manager);
        self.lists != self.others.iter().any(other)
    }

    pub(super) fn lists_group(&self, group: GroupId) -> bool {
        let other = |it: &Expr| matches!(it, Expr::GroupId(other) if *other == group);
        self.lists != self.others.iter().any(other)
    }
}

/// The members of a group; its placeholder is the group's id.
pub(super) fn group(listed: bool) -> &'static str {
    if listed {
        "users.id IN (SELECT memberships.user FROM memberships WHERE memberships.member_of = ?)"
    } else {
        "EXISTS (SELECT 1 FROM memberships WHERE memberships.user = users.id AND memberships.member_of = ?)"
    }
}

/// Everybody below a manager. A cycle, which planning never makes, would end the walk instead of going round for ever.
pub(super) fn below(manager: &ManagerName, listed: bool) -> (String, Vec<Value>) {
    if listed {
        let (set, bound) = below_set(manager);
        return (format!("users.id IN ({set})"), bound);
    }
    let (id, bound) = id_of(manager);
    let sql = format!(
        "EXISTS (WITH RECURSIVE above (id) AS (SELECT users.manager WHERE users.manager IS NOT NULL \
         UNION SELECT up.manager FROM above CROSS JOIN users AS up ON up.id = above.id WHERE up.manager IS NOT NULL) \
         SELECT 1 FROM above WHERE above.id = {id})"
    );
    (sql, bound)
}

/// The ids of everybody below a manager, level by level.
fn below_set(manager: &ManagerName) -> (String, Vec<Value>) {
    let (id, bound) = id_of(manager);
    let sql = format!(
        "WITH RECURSIVE below (id) AS (SELECT direct.id FROM users AS direct WHERE direct.manager = {id} \
         UNION SELECT deeper.id FROM below CROSS JOIN users AS deeper ON deeper.manager = below.id) SELECT id FROM below"
    );
    (sql, bound)
}

pub(super) fn id_of(manager: &ManagerName) -> (&'static str, Vec<Value>) {
    match manager {
        ManagerName::Id(id) => ("?", vec![Value::Blob(id.as_bytes().to_vec())]),
        ManagerName::Named(name) => {
            let key = key_of_name(name.trim());
            (
                "coalesce((SELECT id FROM users AS named WHERE named.email_key = ?), \
                 (SELECT id FROM users AS named WHERE named.user_name_key = ?))",
                vec![key.clone().into(), key.into()],
            )
        }
    }
}
