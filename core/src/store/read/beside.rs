//! Pages in the order of what is kept beside the people: their managers' addresses, and custom fields. Who has none comes last,
//! whichever way round. Few people are found first and put in order; many are met manager by manager, choice by choice, or
//! value by value, as the indexes of these have them, so that a page costs no more among a million.

use rusqlite::types::Value;

use super::Read;
use super::users::users_page;
use crate::error::{Error, Result};
use crate::model::{FieldId, FieldKind, User, UserId, VisibleTo, folded};
use crate::query::{Expr, FieldTest, NamedField, PageFrom, SortBy, UsersPage};
use crate::store::compile::{self, Compiled};
use crate::store::driver::{self, Way};
use crate::store::many;
use crate::store::snapshot::{Snapshot, user_columns, user_row};

/// Up to so many people are found first and put in order.
const FEW: i64 = 10_000;
/// Up to so many managers are listed and put in order; more are met soon among everybody, by address.
const FEW_MANAGERS: usize = 400;
/// So many managers are read at a time.
const SOME_MANAGERS: usize = 64;

/// An address of a manager as it is ordered; those who have none come behind, by their user names.
const MANAGER_KEY: &str =
    "coalesce(above.email_key, char(1114111) || coalesce(above.user_name_key, ''))";

/// By what of theirs people are in order.
enum Order {
    Manager {
        /// The managers who may be seen, where not all may.
        seen: Option<String>,
    },
    /// A text or a day.
    Value(FieldId),
    /// A choice, and the ids of what can be chosen in the order of their names.
    Choice(FieldId, Vec<String>),
}

type Statement = (String, Vec<Value>);

/// Where somebody stands in an order.
struct Place {
    seq: i64,
    id: UserId,
    key: Value,
    manager: Option<UserId>,
}

/// A manager, and where they stand.
struct Above {
    key: Value,
    manager: Value,
}

impl Read<'_> {
    /// One page in such an order; none when the order is another.
    pub(super) fn beside_page(
        &self,
        snapshot: &Snapshot<'_>,
        page: &UsersPage,
    ) -> Result<Option<Vec<User>>> {
        if let Some(walk) = self.walk_beside(snapshot, page)? {
            return walk.users().map(Some);
        }
        if let SortBy::Custom(_) = page.sort {
            // Of a field that is hidden nobody has anything, and so they are in the order of creation.
            let page = UsersPage {
                sort: SortBy::Created,
                ..page.clone()
            };
            return users_page(snapshot, &page, self.now).map(Some);
        }
        Ok(None)
    }

    /// The statement of where everybody stands in such an order; none when the order is another.
    pub(super) fn places_beside(
        &self,
        snapshot: &Snapshot<'_>,
        page: &UsersPage,
    ) -> Result<Option<Statement>> {
        let Some(mut walk) = self.walk_beside(snapshot, page)? else {
            return Ok(None);
        };
        let found = driver::driven(&page.query, self.now, snapshot.viewer);
        if let (Order::Manager { seen }, true) = (&mut walk.order, self.sight.is_some()) {
            *seen = Some(self.managers_seen(snapshot, &found)?);
        }
        let (key, mut bindings) = walk.key();
        bindings.extend(found.bindings);
        let sql = format!(
            "SELECT seq FROM (SELECT users.seq AS seq, {key} AS key, {} AS tie FROM users {} WHERE {}) \
             ORDER BY key IS NULL, key {order}, tie {order}",
            walk.tie(),
            snapshot.read_whole(&page.query)?,
            found.sql,
            order = if page.descending { "DESC" } else { "ASC" },
        );
        Ok(Some((sql, bindings)))
    }

    fn walk_beside<'w>(
        &'w self,
        snapshot: &'w Snapshot<'w>,
        page: &'w UsersPage,
    ) -> Result<Option<Walk<'w>>> {
        let order = match page.sort {
            SortBy::Manager => Some(Order::Manager { seen: None }),
            SortBy::Custom(field) => of_field(snapshot, field)?,
            _ => None,
        };
        let turned = matches!(page.from, PageFrom::End | PageFrom::Before(_));
        Ok(order.map(|order| Walk {
            read: self,
            snapshot,
            page,
            order,
            turned,
            descending: page.descending != turned,
        }))
    }

    /// The statements of a page of many from an end of the list, for tests that refuse scans.
    pub(super) fn beside_statements(
        &self,
        snapshot: &Snapshot<'_>,
        page: &UsersPage,
    ) -> Result<Option<Vec<Statement>>> {
        let Some(walk) = self.walk_beside(snapshot, page)? else {
            return Ok(None);
        };
        Ok(Some(match &walk.order {
            Order::Manager { .. } => {
                let key = Value::Text(String::new());
                vec![
                    (Managers::addresses_sql(walk.descending, true), vec![key]),
                    walk.reports_sql(Some(Value::Blob(Vec::new())), None, 0)?,
                    walk.reports_sql(None, None, 0)?,
                ]
            }
            Order::Value(field) => vec![walk.kept_sql(*field, None, None, 0)?],
            Order::Choice(field, _) => vec![walk.kept_sql(*field, Some(""), None, 0)?],
        }))
    }
}

/// The order of a custom field, if whoever reads may see it.
fn of_field(snapshot: &Snapshot<'_>, field: FieldId) -> Result<Option<Order>> {
    let fields = snapshot.custom_fields()?;
    let shown = |visible| snapshot.sees_all_fields() || visible == VisibleTo::Everybody;
    let Some(found) = fields
        .into_iter()
        .find(|it| it.id == field && !it.terms.removed && shown(it.terms.visible_to))
    else {
        return Ok(None);
    };
    if found.terms.kind != FieldKind::Choice {
        return Ok(Some(Order::Value(field)));
    }
    let mut choices = found.choices;
    choices.sort_by_cached_key(|it| folded(&it.terms.name));
    let choices = choices.iter().map(|it| it.id.to_string());
    Ok(Some(Order::Choice(field, choices.collect())))
}

struct Walk<'w> {
    read: &'w Read<'w>,
    snapshot: &'w Snapshot<'w>,
    page: &'w UsersPage,
    order: Order,
    /// Whether rows come from the last one on.
    turned: bool,
    /// Which way keys are gone through.
    descending: bool,
}

impl Walk<'_> {
    /// The page, in the order of the list.
    fn users(self) -> Result<Vec<User>> {
        let turned = self.turned;
        let mut users = self.found()?;
        if turned {
            users.reverse();
        }
        Ok(users)
    }

    fn found(mut self) -> Result<Vec<User>> {
        let few = match driver::way(self.snapshot, &self.page.query, self.read.now)? {
            Way::Few(few) => Some(few),
            Way::Straight(found)
                if self.page.query != Expr::Everybody && self.is_few(&found)? =>
            {
                Some(found)
            }
            _ => None,
        };
        if let (Order::Manager { seen }, true) = (&mut self.order, self.read.sight.is_some()) {
            let all = compile::compile(&self.page.query, self.read.now, self.snapshot.viewer);
            *seen = Some(self.read.managers_seen(self.snapshot, &all)?);
            return self.sorted(all);
        }
        match few {
            Some(few) => self.sorted(few),
            None => self.walked(),
        }
    }

    fn is_few(&self, found: &Compiled) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM users WHERE {} LIMIT {})",
            found.sql,
            FEW + 1
        );
        let count =
            self.snapshot
                .one(&sql, rusqlite::params_from_iter(&found.bindings), |row| {
                    row.get::<_, i64>(0)
                })?;
        Ok(count.is_some_and(|it| it <= FEW))
    }

    /// What of somebody's is in order, as a subquery.
    fn key(&self) -> (String, Vec<Value>) {
        match &self.order {
            Order::Manager { seen } => {
                let sql = format!(
                    "(SELECT {MANAGER_KEY} FROM users AS above WHERE above.id = users.manager{})",
                    if seen.is_some() {
                        " AND above.id IN (SELECT unhex(value) FROM json_each(?))"
                    } else {
                        ""
                    }
                );
                (sql, seen.iter().cloned().map(Value::Text).collect())
            }
            Order::Value(field) => (
                "(SELECT kept.key FROM field_values AS kept WHERE kept.user = users.id AND kept.field = ?)".to_owned(),
                vec![field_value(*field)],
            ),
            Order::Choice(field, choices) => (
                "(SELECT places.key FROM field_values AS kept JOIN json_each(?) AS places ON places.value = kept.key \
                 WHERE kept.user = users.id AND kept.field = ?)"
                    .to_owned(),
                vec![listed(choices), field_value(*field)],
            ),
        }
    }

    /// By what people of the same key are in order.
    fn tie(&self) -> &'static str {
        match self.order {
            Order::Manager { .. } => "users.seq",
            Order::Value(_) | Order::Choice(..) => "users.id",
        }
    }

    fn tie_of(&self, place: &Place) -> Value {
        match self.order {
            Order::Manager { .. } => place.seq.into(),
            Order::Value(_) | Order::Choice(..) => place.id.as_bytes().to_vec().into(),
        }
    }

    fn ops(&self) -> (&'static str, &'static str) {
        compared(self.descending, matches!(self.page.from, PageFrom::At(_)))
    }

    /// Where the page's anchor stands.
    fn anchor(&self) -> Result<Option<Place>> {
        let user = match self.page.from {
            PageFrom::Start | PageFrom::End => return Ok(None),
            PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => user,
        };
        let (key, mut bindings) = self.key();
        bindings.push(user.as_bytes().to_vec().into());
        let sql = format!("SELECT users.seq, {key}, users.manager FROM users WHERE users.id = ?");
        let found = self
            .snapshot
            .one(&sql, rusqlite::params_from_iter(bindings), |row| {
                Ok(Place {
                    seq: row.get(0)?,
                    id: user,
                    key: row.get(1)?,
                    manager: row.get::<_, Option<[u8; 16]>>(2)?.map(UserId::from_bytes),
                })
            })?;
        found
            .map(Some)
            .ok_or_else(|| Error::not_found("user", user))
    }

    /// People who were found already, put in order.
    fn sorted(&self, found: Compiled) -> Result<Vec<User>> {
        let anchor = self.anchor()?;
        let (key, of_key) = self.key();
        let (op, order) = self.ops();
        let tie = self.tie();
        let mut bindings = of_key.clone();
        bindings.extend(found.bindings);
        let past = match &anchor {
            None => "1".to_owned(),
            Some(place) if place.key == Value::Null => {
                bindings.push(self.tie_of(place));
                let alone = format!("ordered.tie {op} ?");
                if self.turned {
                    format!("(ordered.key IS NOT NULL OR {alone})")
                } else {
                    format!("(ordered.key IS NULL AND {alone})")
                }
            }
            Some(place) => {
                bindings.extend([place.key.clone(), self.tie_of(place)]);
                let alone = format!("(ordered.key, ordered.tie) {op} (?, ?)");
                if self.turned {
                    alone
                } else {
                    format!("(ordered.key IS NULL OR {alone})")
                }
            }
        };
        bindings.push(self.limit(0));
        let last = if self.turned { "DESC" } else { "ASC" };
        let sql = format!(
            concat!(
                "WITH ordered (seq, key, tie) AS MATERIALIZED (SELECT users.seq, {}, {} FROM users WHERE {}) SELECT ",
                user_columns!(),
                " FROM (SELECT seq, key, tie FROM ordered WHERE {} ORDER BY key IS NULL {}, key {}, tie {} LIMIT ?) AS ordered \
                 CROSS JOIN users ON users.seq = ordered.seq ORDER BY ordered.key IS NULL {}, ordered.key {}, ordered.tie {}"
            ),
            key, tie, found.sql, past, last, order, order, last, order, order
        );
        self.read(&sql, bindings)
    }

    fn limit(&self, had: usize) -> Value {
        let left = self.page.limit.saturating_sub(had);
        Value::Integer(i64::try_from(left).unwrap_or(i64::MAX))
    }

    /// Many people, met in their order.
    fn walked(&self) -> Result<Vec<User>> {
        let anchor = self.anchor()?;
        let has_key = anchor.as_ref().map(|it| it.key != Value::Null);
        let mut users = Vec::new();
        let kinds: &[bool] = match (self.turned, has_key) {
            (false, None | Some(true)) => &[true, false],
            (false, Some(false)) => &[false],
            (true, None | Some(false)) => &[false, true],
            (true, Some(true)) => &[true],
        };
        for with_key in kinds {
            let anchor = anchor.as_ref().filter(|_| has_key == Some(*with_key));
            if users.len() >= self.page.limit {
                break;
            }
            match (with_key, &self.order) {
                (false, _) => users.extend(self.without(anchor, users.len())?),
                (true, Order::Value(field)) => {
                    users.extend(self.by_value(*field, anchor, users.len())?);
                }
                (true, Order::Choice(field, choices)) => {
                    self.by_choice(*field, choices, anchor, &mut users)?;
                }
                (true, Order::Manager { .. }) => self.by_manager(anchor, &mut users)?,
            }
        }
        Ok(users)
    }

    fn compiled(&self) -> Result<Compiled> {
        compile::compile_walk(self.snapshot, &self.page.query, self.read.now)
    }

    /// Who has nothing to be ordered by, in the order of creation.
    fn without(&self, anchor: Option<&Place>, had: usize) -> Result<Vec<User>> {
        if let Order::Value(field) | Order::Choice(field, _) = &self.order {
            let has = Expr::Custom {
                field: NamedField {
                    id: *field,
                    key: String::new(),
                },
                test: FieldTest::Set,
            };
            let lacks = Expr::Not(Box::new(has));
            let query = match &self.page.query {
                Expr::Everybody => lacks,
                other => Expr::And(vec![lacks, other.clone()]),
            };
            let from = match (anchor.is_some(), self.turned) {
                (true, _) => self.page.from.clone(),
                (false, false) => PageFrom::Start,
                (false, true) => PageFrom::End,
            };
            let page = UsersPage {
                query,
                sort: SortBy::Created,
                descending: self.page.descending,
                from,
                limit: self.page.limit.saturating_sub(had),
            };
            let mut users = users_page(self.snapshot, &page, self.read.now)?;
            if self.turned {
                users.reverse();
            }
            return Ok(users);
        }
        let (sql, bindings) = self.reports_sql(None, anchor, had)?;
        self.read(&sql, bindings)
    }

    fn read(&self, sql: &str, bindings: Vec<Value>) -> Result<Vec<User>> {
        let bindings = rusqlite::params_from_iter(bindings);
        self.snapshot.all(sql, bindings, user_row)
    }

    /// Who reports to somebody, or to nobody, in the order of creation.
    fn reports_sql(
        &self,
        manager: Option<Value>,
        anchor: Option<&Place>,
        had: usize,
    ) -> Result<Statement> {
        let Compiled { sql, bindings, .. } = self.compiled()?;
        let (op, order) = self.ops();
        let mut bound = bindings;
        let condition = if manager.is_some() {
            "users.manager = ?"
        } else {
            "users.manager IS NULL"
        };
        bound.extend(manager);
        let past = match anchor {
            Some(place) => {
                bound.push(place.seq.into());
                format!(" AND users.seq {op} ?")
            }
            None => String::new(),
        };
        bound.push(self.limit(had));
        let sql = format!(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE ({}) AND {}{} ORDER BY users.seq {} LIMIT ?"
            ),
            sql, condition, past, order
        );
        Ok((sql, bound))
    }

    /// Who has a text or a day in a field, in the order of these.
    fn by_value(&self, field: FieldId, anchor: Option<&Place>, had: usize) -> Result<Vec<User>> {
        let from = anchor.map(|it| {
            let id: Value = it.id.as_bytes().to_vec().into();
            ("(kept.key, kept.user)", vec![it.key.clone(), id])
        });
        let (sql, bindings) = self.kept_sql(field, None, from, had)?;
        self.read(&sql, bindings)
    }

    fn by_choice(
        &self,
        field: FieldId,
        choices: &[String],
        anchor: Option<&Place>,
        users: &mut Vec<User>,
    ) -> Result<()> {
        let mut places: Vec<usize> = (0..choices.len()).collect();
        if self.descending {
            places.reverse();
        }
        let first = anchor.and_then(|it| match it.key {
            Value::Integer(place) => usize::try_from(place).ok(),
            _ => None,
        });
        let begun = places
            .iter()
            .skip_while(|it| first.is_some_and(|first| **it != first));
        for place in begun {
            if users.len() >= self.page.limit {
                break;
            }
            let Some(choice) = choices.get(*place) else {
                continue;
            };
            let from = anchor.filter(|_| first == Some(*place)).map(|it| {
                let id: Value = it.id.as_bytes().to_vec().into();
                ("(kept.user)", vec![id])
            });
            let (sql, bindings) = self.kept_sql(field, Some(choice), from, users.len())?;
            users.extend(self.read(&sql, bindings)?);
        }
        Ok(())
    }

    /// Who has something in a field, as the field's index has them.
    fn kept_sql(
        &self,
        field: FieldId,
        choice: Option<&str>,
        from: Option<(&str, Vec<Value>)>,
        had: usize,
    ) -> Result<Statement> {
        let Compiled { sql, bindings, .. } = self.compiled()?;
        let (op, order) = self.ops();
        let mut bound = vec![field_value(field)];
        let mut condition = "kept.field = ?".to_owned();
        if let Some(choice) = choice {
            condition.push_str(" AND kept.key = ?");
            bound.push(choice.to_owned().into());
        }
        if let Some((place, values)) = from {
            let marks = vec!["?"; values.len()].join(", ");
            condition.push_str(&format!(" AND {place} {op} ({marks})"));
            bound.extend(values);
        }
        bound.extend(bindings);
        bound.push(self.limit(had));
        let sql = format!(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM field_values AS kept INDEXED BY field_values_by_key CROSS JOIN users ON users.id = kept.user \
                 WHERE {} AND ({}) ORDER BY kept.key {}, kept.user {} LIMIT ?"
            ),
            condition, sql, order, order
        );
        Ok((sql, bound))
    }

    fn by_manager(&self, anchor: Option<&Place>, users: &mut Vec<User>) -> Result<()> {
        let mut managers = Managers::begin(self, anchor)?;
        while users.len() < self.page.limit {
            let Some(above) = managers.next()? else { break };
            let from = anchor.filter(|it| {
                let manager = it.manager.map(|it| Value::Blob(it.as_bytes().to_vec()));
                manager.as_ref() == Some(&above.manager)
            });
            let (sql, bindings) = self.reports_sql(Some(above.manager), from, users.len())?;
            users.extend(self.read(&sql, bindings)?);
        }
        Ok(())
    }
}

/// Managers by address, one after the other.
struct Managers<'m> {
    walk: &'m Walk<'m>,
    /// Those who come next, the last one first.
    next: Vec<Above>,
    /// From which address on more are read; none when there are no more.
    from: Option<(Value, bool)>,
    few: bool,
}

impl<'m> Managers<'m> {
    fn begin(walk: &'m Walk<'m>, anchor: Option<&Place>) -> Result<Self> {
        let from = match anchor {
            Some(place) => Some((place.key.clone(), true)),
            None if walk.descending => Some((Value::Text("\u{10ffff}\u{10ffff}".into()), true)),
            None => Some((Value::Text(String::new()), true)),
        };
        let sql = format!(
            "WITH RECURSIVE managers (id) AS (SELECT min(manager) FROM users WHERE manager IS NOT NULL \
             UNION ALL SELECT (SELECT min(further.manager) FROM users AS further WHERE further.manager > managers.id) \
             FROM managers WHERE managers.id IS NOT NULL LIMIT {}) \
             SELECT {MANAGER_KEY}, above.id FROM managers CROSS JOIN users AS above ON above.id = managers.id",
            FEW_MANAGERS + 1
        );
        let all = walk.snapshot.all(&sql, [], above_row)?;
        let few = all.len() <= FEW_MANAGERS;
        let mut managers = Self {
            walk,
            next: Vec::new(),
            from,
            few,
        };
        if few {
            let bound = managers.from.take();
            managers.next = managers.in_order(all, bound);
        }
        Ok(managers)
    }

    fn next(&mut self) -> Result<Option<Above>> {
        while self.next.is_empty() {
            if self.few || self.from.is_none() {
                return Ok(None);
            }
            self.read()?;
        }
        Ok(self.next.pop())
    }

    /// Those of them from a key on, the first one last.
    fn in_order(&self, mut all: Vec<Above>, from: Option<(Value, bool)>) -> Vec<Above> {
        let text = |it: &Above| match &it.key {
            Value::Text(text) => text.clone(),
            _ => String::new(),
        };
        all.sort_by_cached_key(text);
        if !self.walk.descending {
            all.reverse();
        }
        if let Some((Value::Text(from), inclusive)) = from {
            all.retain(|it| {
                let key = text(it);
                let past = if self.walk.descending {
                    key < from
                } else {
                    key > from
                };
                past || inclusive && key == from
            });
        }
        all
    }

    /// Reads some more, as the index of addresses has everybody.
    fn read(&mut self) -> Result<()> {
        let Some((from, inclusive)) = self.from.take() else {
            return Ok(());
        };
        let named = |key: &Value| matches!(key, Value::Text(it) if it.starts_with('\u{10ffff}'));
        // Those without an address come behind all others, and first when the order is turned round.
        if named(&from) {
            let found = self.without_address()?;
            self.next = self.in_order(found, Some((from, inclusive)));
            if self.walk.descending {
                self.from = Some((Value::Text("\u{10fffe}".into()), true));
            }
            return Ok(());
        }
        let sql = Self::addresses_sql(self.walk.descending, inclusive);
        let mut found = self.walk.snapshot.all(&sql, [from], above_row)?;
        self.from = match found.last().filter(|_| found.len() == SOME_MANAGERS) {
            Some(last) => Some((last.key.clone(), false)),
            None if self.walk.descending => None,
            None => Some((Value::Text("\u{10ffff}".into()), true)),
        };
        found.reverse();
        self.next = found;
        Ok(())
    }

    fn addresses_sql(descending: bool, inclusive: bool) -> String {
        let (op, order) = compared(descending, inclusive);
        format!(
            "SELECT above.email_key, above.id FROM users AS above WHERE above.email_key {op} ? \
             AND EXISTS (SELECT 1 FROM users AS report WHERE report.manager = above.id) \
             ORDER BY above.email_key {order} LIMIT {SOME_MANAGERS}"
        )
    }

    fn without_address(&self) -> Result<Vec<Above>> {
        let sql = format!(
            "SELECT {MANAGER_KEY}, above.id FROM users AS above WHERE above.email_key IS NULL \
             AND EXISTS (SELECT 1 FROM users AS report WHERE report.manager = above.id)"
        );
        self.walk.snapshot.all(&sql, [], above_row)
    }
}

fn above_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Above> {
    Ok(Above {
        key: row.get(0)?,
        manager: row.get(1)?,
    })
}

impl Read<'_> {
    /// The managers of people who are found, of those whom whoever reads may see, as one binding.
    fn managers_seen(&self, snapshot: &Snapshot<'_>, found: &Compiled) -> Result<String> {
        let sql = format!(
            "SELECT DISTINCT users.manager FROM users WHERE ({}) AND +users.manager IS NOT NULL",
            found.sql
        );
        let all = snapshot.all(&sql, rusqlite::params_from_iter(&found.bindings), |row| {
            row.get(0).map(UserId::from_bytes)
        })?;
        Ok(many::bound(&self.only_seen(snapshot, &all)?))
    }
}

/// How keys are compared that come after another, and in which order they come.
fn compared(descending: bool, inclusive: bool) -> (&'static str, &'static str) {
    match (descending, inclusive) {
        (false, false) => (">", "ASC"),
        (false, true) => (">=", "ASC"),
        (true, false) => ("<", "DESC"),
        (true, true) => ("<=", "DESC"),
    }
}

fn field_value(field: FieldId) -> Value {
    field.as_bytes().to_vec().into()
}

/// Ids as one binding.
fn listed(ids: &[String]) -> Value {
    let quoted: Vec<String> = ids.iter().map(|it| format!("\"{it}\"")).collect();
    Value::Text(format!("[{}]", quoted.join(",")))
}
