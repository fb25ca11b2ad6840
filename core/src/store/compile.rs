//! Expressions to SQL: fragments and bindings, never text that people typed.
//!
//! A leading `+` keeps SQLite from choosing an index that would lose the order of the list.

use rusqlite::types::Value;

use super::Snapshot;
use super::circles::{self, Ways};
use super::viewer::Viewer;
use crate::error::Result;
use crate::model::marks::{Place, marked, marks};
use crate::model::{
    AssignmentState, Date, FieldId, GroupRole, Status, Timestamp, UserId, fold_key, folded,
    folded_anew, key_of_name, name_key,
};
use crate::query::{
    DayField, Expr, FieldTest, GroupName, HoldWord, ManagerName, TextField, TextOp, TimeField,
    TrainingName, caseless,
};

/// More trigrams than this narrow nothing further.
const MOST_TRIGRAMS: usize = 16;

/// Who has an address for a user name that is neither the email nor one of the other addresses that the provider sent,
/// where people sign in at the provider. The inner condition is that of the index of these few.
const SSO_MISMATCH: &str = "(users.seq IN (SELECT few.seq FROM users AS few \
        WHERE instr(few.user_name_key, '@') > 0 AND few.user_name_key IS NOT few.email_key) \
    AND EXISTS (SELECT 1 FROM settings WHERE name = 'single_sign_on' AND value = 'on') \
    AND NOT EXISTS (SELECT 1 FROM json_each(coalesce(users.kept, '{}'), '$.emails') AS other \
        WHERE lower(json_extract(other.value, '$.value')) = users.user_name_key))";

/// A condition on `users`, with what its placeholders are bound to.
#[derive(Clone)]
pub(super) struct Compiled {
    pub(super) sql: String,
    pub(super) bindings: Vec<Value>,
    ways: Ways,
    /// Which index the order of the list needs, so that no other is chosen.
    order: Order,
    /// Whether conditions only check people who are found otherwise, and list nobody themselves.
    checks: bool,
    /// Whether names of people who have not accepted are not looked in.
    hides_names: bool,
}

/// What a list is ordered by, as far as conditions must leave its index alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Nothing: a condition may choose any index.
    Free,
    /// Something else than when people were last seen.
    NotSeen,
    /// When people were last seen.
    Seen,
}

/// As [`compile`], for a page in the order of a list: circles are found in the way that suits how many people they have,
/// and the order's index is walked unless few enough were seen in the time that is asked for.
pub(super) fn compile_page(
    snapshot: &Snapshot<'_>,
    expr: &Expr,
    now: Timestamp,
    few_seen: bool,
) -> Result<Compiled> {
    let order = if few_seen {
        Order::Free
    } else {
        Order::NotSeen
    };
    let ways = Ways::by_size(snapshot, expr)?;
    Ok(compile_with(
        expr,
        now,
        snapshot.viewer,
        true,
        ways,
        (order, false),
    ))
}

/// As [`compile`], for one person who is known already.
pub(super) fn compile_one(expr: &Expr, now: Timestamp, viewer: Viewer) -> Compiled {
    let ways = Ways::recognised();
    compile_with(expr, now, viewer, true, ways, (Order::Free, false))
}

/// Compiles a condition, for all whom it finds. Deleted and erased people are hidden unless the expression names a status; whoever it names by id
/// is seen all the same.
pub(super) fn compile(expr: &Expr, now: Timestamp, viewer: Viewer) -> Compiled {
    let ways = Ways::listed();
    compile_with(expr, now, viewer, true, ways, (Order::Free, false))
}

/// As [`compile_page`], for a list in order of when people were last seen.
pub(super) fn compile_for_seen(
    snapshot: &Snapshot<'_>,
    expr: &Expr,
    now: Timestamp,
) -> Result<Compiled> {
    let ways = Ways::by_size(snapshot, expr)?;
    Ok(compile_with(
        expr,
        now,
        snapshot.viewer,
        true,
        ways,
        (Order::Seen, false),
    ))
}

/// As [`compile`], for people whom another index finds, few or many: no condition of the expression may choose one.
pub(super) fn compile_aside(expr: &Expr, now: Timestamp, viewer: Viewer, few: bool) -> Compiled {
    let ways = if few {
        Ways::recognised()
    } else {
        Ways::listed()
    };
    compile_with(expr, now, viewer, false, ways, (Order::NotSeen, true))
}

/// As [`compile_page`], for a list that is walked: no condition lists anybody.
pub(super) fn compile_walk(
    snapshot: &Snapshot<'_>,
    expr: &Expr,
    now: Timestamp,
) -> Result<Compiled> {
    let ways = Ways::by_size(snapshot, expr)?;
    let how = (Order::NotSeen, true);
    Ok(compile_with(expr, now, snapshot.viewer, false, ways, how))
}

fn compile_with(
    expr: &Expr,
    _now: Timestamp,
    viewer: Viewer,
    narrow: bool,
    ways: Ways,
    (order, checks): (Order, bool),
) -> Compiled {
    let mut out = Compiled {
        sql: String::new(),
        bindings: Vec::new(),
        ways,
        order,
        checks,
        hides_names: viewer.hides_names,
    };
    out.expr(expr, narrow);
    if names_status(expr) || *expr == Expr::Everybody {
        return out;
    }
    let mut ids = Vec::new();
    ids_named(expr, &mut ids);
    out.sql.insert(0, '(');
    out.push(") AND (+users.status NOT IN ('deleted', 'erased')");
    if !ids.is_empty() {
        out.push(" OR ");
        out.ids(&ids);
    }
    out.push(")");
    out
}

pub(super) fn names_status(expr: &Expr) -> bool {
    match expr {
        Expr::Status(_) => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(names_status),
        Expr::Not(inner) => names_status(inner),
        _ => false,
    }
}

/// Ids that somebody found may have, which those under `not` are no longer.
fn ids_named(expr: &Expr, ids: &mut Vec<UserId>) {
    match expr {
        Expr::Id(id) => ids.push(*id),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|it| ids_named(it, ids)),
        _ => {}
    }
}

/// The ids of a list that consists of nothing else.
fn only_ids(parts: &[Expr]) -> Option<Vec<UserId>> {
    let id = |it: &Expr| match it {
        Expr::Id(id) => Some(*id),
        _ => None,
    };
    parts.iter().map(id).collect()
}

impl Compiled {
    pub(super) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    fn bind(&mut self, value: impl Into<Value>) {
        self.bindings.push(value.into());
    }

    pub(super) fn with(&mut self, sql: &str, value: impl Into<Value>) {
        self.push(sql);
        self.bind(value);
    }

    /// Whether its conditions only check people who are found otherwise.
    pub(super) fn only_checks(&self) -> bool {
        self.checks
    }

    /// Whether every circle in it is listed first.
    pub(super) fn lists_all(&self) -> bool {
        self.ways.lists_all()
    }

    /// `narrow`: whether this condition must hold for every row found, so that an index may be chosen by it.
    fn expr(&mut self, expr: &Expr, narrow: bool) {
        match expr {
            Expr::Everybody => self.push("+users.status NOT IN ('deleted', 'erased')"),
            Expr::And(parts) => self.list(parts, " AND ", "1", narrow),
            Expr::Or(parts) => match only_ids(parts) {
                Some(ids) if ids.len() > 1 => self.ids(&ids),
                _ => self.list(parts, " OR ", "0", false),
            },
            Expr::Not(inner) => {
                self.push("NOT coalesce((");
                self.expr(inner, false);
                self.push("), 0)");
            }
            Expr::Status(statuses) => self.statuses(statuses, narrow),
            Expr::Text(text) => self.text(text),
            Expr::Field { field, op, value } => self.field(*field, *op, value),
            Expr::Has(field) => {
                self.push(column(*field));
                self.push(" IS NOT NULL");
                self.unless_hidden(*field);
            }
            Expr::When { field, from, until } => self.when(*field, *from, *until),
            Expr::Day { field, from, until } => self.day(*field, *from, *until),
            Expr::Id(id) => self.with("users.id = ?", id_value(*id)),
            Expr::Manager(ManagerName::Id(id)) => self.with("users.manager = ?", id_value(*id)),
            Expr::Manager(ManagerName::Named(name)) => {
                let key = key_of_name(name.trim());
                self.with("users.manager = coalesce((SELECT id FROM users AS above WHERE above.email_key = ?), ", key.clone());
                self.with("(SELECT id FROM users AS above WHERE above.user_name_key = ?))", key);
            }
            Expr::Below(manager) => {
                let (sql, bound) = circles::below(manager, self.ways.lists_below(manager));
                self.push(&sql);
                self.bindings.extend(bound);
            }
            Expr::HasManager => self.push("users.manager IS NOT NULL"),
            Expr::ManagerIn(id) => self.with(
                "EXISTS (SELECT 1 FROM memberships WHERE memberships.user = users.manager AND memberships.member_of = ?)",
                id.as_bytes().to_vec(),
            ),
            Expr::Group(name) => self.with(
                "EXISTS (SELECT 1 FROM memberships JOIN groups ON groups.id = memberships.member_of \
                 WHERE memberships.user = users.id AND groups.name_key = ? AND groups.removed = 0)",
                name_key(name),
            ),
            Expr::GroupId(id) => self.with(circles::group(self.ways.lists_group(*id)), id.as_bytes().to_vec()),
            Expr::Role { group, role } => self.role(group.as_ref(), *role),
            Expr::Training { training, state } => self.training(training, *state),
            Expr::Assignment(state) => self.with(
                "EXISTS (SELECT 1 FROM assignments WHERE assignments.user = users.id AND assignments.state = ?)",
                state.as_str().to_owned(),
            ),
            Expr::Pool { name, hold } => self.pool(name, *hold),
            Expr::PoolId(id) => self.with(
                "EXISTS (SELECT 1 FROM licenses WHERE licenses.user = users.id AND licenses.pool = ?)",
                id.as_bytes().to_vec(),
            ),
            Expr::Connection(name) => self.with("users.connection = (SELECT id FROM connections WHERE name = ?)", name.trim().to_owned()),
            Expr::ExternalId { connection, external_id } => {
                self.with("users.id = (SELECT user FROM links WHERE links.connection = ?", connection.as_bytes().to_vec());
                self.with(" AND links.external_id = ?)", external_id.clone());
            }
            Expr::Label(label) => {
                let sql = if self.checks {
                    "EXISTS (SELECT 1 FROM user_labels WHERE user_labels.user = users.id AND user_labels.key = ?)"
                } else {
                    "users.id IN (SELECT user FROM user_labels WHERE user_labels.key = ?)"
                };
                self.with(sql, folded(label));
            }
            Expr::Custom { field, test } => self.custom(field.id, test),
            Expr::Protected => self.push("users.protected = 1"),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::SsoMismatch => self.push(SSO_MISMATCH),
            Expr::Undelivered => self.push("users.id IN (SELECT user FROM undelivered)"),
            Expr::Administrator => self.push("EXISTS (SELECT 1 FROM permissions WHERE permissions.user = users.id)"),
        }
    }

    fn list(&mut self, parts: &[Expr], between: &str, empty: &str, narrow: bool) {
        if parts.is_empty() {
            return self.push(empty);
        }
        for (i, part) in parts.iter().enumerate() {
            self.push(if i == 0 { "(" } else { between });
            self.push("(");
            self.expr(part, narrow);
            self.push(")");
        }
        self.push(")");
    }

    /// One of these ids: a single binding, however many there are.
    fn ids(&mut self, ids: &[UserId]) {
        let hex = |it: &UserId| format!("\"{}\"", super::events::hex(it.as_bytes()));
        let list: Vec<String> = ids.iter().map(hex).collect();
        self.with(
            "users.id IN (SELECT unhex(value) FROM json_each(?))",
            format!("[{}]", list.join(",")),
        );
    }

    fn statuses(&mut self, statuses: &[Status], narrow: bool) {
        let narrow = narrow && self.order != Order::Seen;
        if let ([status], true) = (statuses, narrow) {
            return self.with("users.status = ?", status.as_str().to_owned());
        }
        self.push("+users.status IN (");
        for (i, status) in statuses.iter().enumerate() {
            self.with(if i == 0 { "?" } else { ", ?" }, status.as_str().to_owned());
        }
        self.push(")");
    }

    /// Three letters and more are narrowed by the trigram index and the rows that wait for it, then checked in the text.
    fn text(&mut self, text: &str) {
        let mut needle = folded(text);
        if needle.chars().count() < 3 {
            needle.insert(0, ' ');
        }
        if !self.checks
            && let Some(trigrams) = trigrams(&needle)
        {
            self.with(
                "users.seq IN (SELECT rowid FROM users_text WHERE users_text MATCH ? UNION ALL SELECT seq FROM search_pending \
                 UNION ALL SELECT fresh.seq FROM users AS fresh WHERE fresh.seq > (SELECT indexed_to FROM search_progress)) AND ",
                trigrams,
            );
        }
        self.with("instr(users.search, ?) > 0", needle.clone());
        if self.hides_names {
            self.with(
                " AND (users.accepted = 1 OR instr(' ' || fold(coalesce(users.email, '') || ' ' || coalesce(users.user_name, '') \
                 || ' ' || coalesce(users.title, '') || ' ' || coalesce(users.functional_area, '')), ?) > 0)",
                needle,
            );
        }
    }

    /// Lets a condition on a name find only people whose names are shown.
    fn unless_hidden(&mut self, field: TextField) {
        let is_name = matches!(
            field,
            TextField::FirstName | TextField::LastName | TextField::DisplayName
        );
        if is_name && self.hides_names {
            self.push(" AND users.accepted = 1");
        }
    }

    fn field(&mut self, field: TextField, op: TextOp, value: &str) {
        match (field, op) {
            (TextField::Email, TextOp::Equals) => {
                self.with("users.email_key = ?", key_of_name(value.trim()))
            }
            (TextField::UserName, TextOp::Equals) => {
                let key = key_of_name(value.trim());
                self.with("(users.user_name_key = ?", key.clone());
                self.with(
                    " OR (users.user_name_key IS NULL AND users.email_key = ?))",
                    key,
                );
            }
            _ => {
                let needle = folded(value);
                // Folding a column costs more than looking into what is folded already.
                let searched = mark(field, op, value).unwrap_or_else(|| needle.clone());
                self.with("instr(users.search, ?) > 0 AND ", searched);
                let column = column(field);
                let test = match op {
                    TextOp::Equals => format!("fold({column}) = ?"),
                    TextOp::StartsWith => format!("instr(fold({column}), ?) = 1"),
                    TextOp::Contains => format!("instr(fold({column}), ?) > 0"),
                };
                self.with(&test, needle);
                self.unless_hidden(field);
            }
        }
    }

    fn custom(&mut self, field: FieldId, test: &FieldTest) {
        self.push(if self.checks {
            "EXISTS (SELECT 1 FROM field_values WHERE field_values.user = users.id AND field_values.field = "
        } else {
            "users.id IN (SELECT user FROM field_values WHERE field_values.field = "
        });
        self.with("?", field.as_bytes().to_vec());
        field_test(test, |condition, value| self.with(condition, value));
        self.push(")");
    }

    fn when(&mut self, field: TimeField, from: Option<Timestamp>, until: Option<Timestamp>) {
        let column = match field {
            // Who was created in a time are few, and then found by that, or met in order.
            TimeField::Created => "+users.created_at",
            TimeField::Updated => "users.updated_at",
            TimeField::Seen if self.order == Order::NotSeen => "+users.last_seen_at",
            TimeField::Seen => "users.last_seen_at",
        };
        self.push(column);
        self.push(" IS NOT NULL");
        if let Some(from) = from {
            self.with(&format!(" AND {column} >= ?"), from.as_millis());
        }
        if let Some(until) = until {
            self.with(&format!(" AND {column} < ?"), until.as_millis());
        }
    }

    fn day(&mut self, field: DayField, from: Option<Date>, until: Option<Date>) {
        let (sql, bindings) = of_day(field, from, until);
        self.push(&format!("users.id IN ({sql})"));
        self.bindings.extend(bindings);
    }

    fn role(&mut self, group: Option<&GroupName>, role: GroupRole) {
        self.with(
            "EXISTS (SELECT 1 FROM memberships WHERE memberships.user = users.id AND memberships.role = ?",
            role.as_str().to_owned(),
        );
        match group {
            None => {}
            Some(GroupName::Named(name)) => self.with(
                " AND memberships.member_of = (SELECT id FROM groups WHERE name_key = ? AND removed = 0)",
                name_key(name),
            ),
            Some(GroupName::Id(id)) => {
                self.with(" AND memberships.member_of = ?", id.as_bytes().to_vec());
            }
        }
        self.push(")");
    }

    fn training(&mut self, training: &TrainingName, state: Option<AssignmentState>) {
        self.push("EXISTS (SELECT 1 FROM assignments WHERE assignments.user = users.id AND assignments.training = ");
        match training {
            TrainingName::Named(name) => self.with(
                "(SELECT id FROM trainings WHERE name_key = ? AND removed = 0)",
                name_key(name),
            ),
            TrainingName::Id(id) => self.with("?", id.as_bytes().to_vec()),
        }
        match state {
            Some(state) => self.with(" AND assignments.state = ?", state.as_str().to_owned()),
            None => self.push(" AND assignments.state <> 'ended'"),
        }
        self.push(")");
    }

    fn pool(&mut self, name: &str, hold: Option<HoldWord>) {
        self.with(
            "EXISTS (SELECT 1 FROM licenses JOIN pools ON pools.id = licenses.pool WHERE licenses.user = users.id AND pools.name = ?",
            fold_key(name.trim()),
        );
        self.push(match hold {
            None => ")",
            Some(HoldWord::Reserved) => " AND licenses.state = 'reserved')",
            Some(HoldWord::Consumed) => " AND licenses.state = 'consumed')",
            Some(HoldWord::Queued) => " AND licenses.state = 'queued')",
        });
    }
}

/// The ids of whom something happens to by itself. Days that lie ahead have an index each: few people have one.
pub(super) fn of_day(
    field: DayField,
    from: Option<Date>,
    until: Option<Date>,
) -> (String, Vec<Value>) {
    let (source, column) = match field {
        DayField::DeactivateOn => ("SELECT dated.id FROM users AS dated", "dated.deactivate_on"),
        DayField::DeleteOn => ("SELECT dated.id FROM users AS dated", "dated.delete_on"),
        DayField::SendOn => (
            "SELECT dated.user FROM invitations AS dated",
            "dated.send_on",
        ),
    };
    let mut sql = format!("{source} WHERE {column} IS NOT NULL");
    let mut bindings = Vec::new();
    if field == DayField::SendOn {
        sql.push_str(" AND dated.state = 'pending'");
    }
    if let Some(from) = from {
        sql.push_str(&format!(" AND {column} >= ?"));
        bindings.push(from.to_string().into());
    }
    if let Some(until) = until {
        sql.push_str(&format!(" AND {column} < ?"));
        bindings.push(until.to_string().into());
    }
    (sql, bindings)
}

/// The conditions of a test on the values of a custom field, each with what it binds.
pub(super) fn field_test(test: &FieldTest, mut push: impl FnMut(&str, String)) {
    match test {
        FieldTest::Set => {}
        FieldTest::Text { op, value } => {
            let value = folded(value);
            match op {
                TextOp::Equals => push(" AND field_values.key = ?", value),
                TextOp::StartsWith => {
                    push(" AND field_values.key >= ?", value.clone());
                    push(" AND field_values.key < ?", format!("{value}\u{10ffff}"));
                }
                TextOp::Contains => push(" AND instr(field_values.key, ?) > 0", value),
            }
        }
        FieldTest::Days { from, to } => {
            if let Some(from) = from {
                push(" AND field_values.key >= ?", from.to_string());
            }
            if let Some(to) = to {
                push(" AND field_values.key <= ?", to.to_string());
            }
        }
        FieldTest::Choice { id, .. } => push(" AND field_values.key = ?", id.to_string()),
    }
}

fn id_value(id: UserId) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// How a region or a language stands behind what is searched; none for any other field.
pub(super) fn mark(field: TextField, op: TextOp, value: &str) -> Option<String> {
    let place = match op {
        TextOp::Equals => Place::Whole,
        TextOp::StartsWith => Place::Start,
        TextOp::Contains => Place::Anywhere,
    };
    marked(field.into(), value, place)
}

pub(super) fn column(field: TextField) -> &'static str {
    match field {
        TextField::Email => "users.email",
        TextField::UserName => "users.user_name",
        TextField::FirstName => "users.first_name",
        TextField::LastName => "users.last_name",
        TextField::DisplayName => "users.display_name",
        TextField::FunctionalArea => "users.functional_area",
        TextField::Title => "users.title",
        TextField::Region => "users.region",
        TextField::Language => "users.language",
    }
}

/// An FTS5 expression that asks for every trigram of the needle; none when it has none.
pub(super) fn trigrams(needle: &str) -> Option<String> {
    let chars: Vec<char> = needle.chars().collect();
    let quoted =
        |it: &[char]| format!("\"{}\"", it.iter().collect::<String>().replace('"', "\"\""));
    let all: Vec<String> = chars.windows(3).take(MOST_TRIGRAMS).map(quoted).collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// Adds `fold(text)`: accents and case removed, single spaces; and `caseless(text)`: case removed only. Null stays null.
pub(super) fn add_functions(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8
        | rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
    // Migrations compute keys by it.
    conn.create_scalar_function("name_key", 1, flags, |context| {
        Ok(name_key(&context.get::<String>(0)?))
    })?;
    conn.create_scalar_function("fold_anew", 1, flags, |context| {
        Ok(folded_anew(&context.get::<String>(0)?))
    })?;
    // A migration marks by it.
    conn.create_scalar_function("search_marks", 8, flags, |context| {
        Ok(marks(&crate::model::Profile {
            first_name: context.get(0)?,
            last_name: context.get(1)?,
            display_name: context.get(2)?,
            user_name: context.get(3)?,
            functional_area: context.get(4)?,
            title: context.get(5)?,
            region: context.get(6)?,
            language: context.get(7)?,
            ..crate::model::Profile::default()
        }))
    })?;
    conn.create_scalar_function("fold", 1, flags, |context| {
        let text: Option<String> = context.get(0)?;
        Ok(text.map(|it| folded(&it)))
    })?;
    conn.create_scalar_function("caseless", 1, flags, |context| {
        let value: Value = context.get(0)?;
        // What was kept need not be text: flags and numbers are ordered as they are.
        Ok(match value {
            Value::Text(text) => Value::Text(caseless(&text)),
            other => other,
        })
    })
}
