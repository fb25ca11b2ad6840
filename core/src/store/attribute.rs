//! Conditions on single attributes to SQL. Names and values are bound; only words of ours are text.

use super::compile::Compiled;
use super::read::Read;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::model::key_of_name;
use crate::query::{
    Attribute, Compared, Element, Expr, Fold, KeptBy, List, Op, Order, Placed, Test, TextField,
    Value, caseless, spellings,
};

/// Of whom an attribute is kept that has a field: the mark of it comes first of all that is kept, and nothing else begins so.
/// In the words of the index `users_mapped`.
const ANY_MAPPED: &str = "users.kept >= '{\"$' AND users.kept < '{\"%'";

impl Read<'_> {
    /// Whether of anybody an attribute is kept that has a field, because another one feeds the field.
    ///
    /// # Errors
    /// [`crate::Error::Broken`] when the database cannot be read.
    pub fn any_mapped(&self) -> Result<bool> {
        self.snapshot()?.any_mapped()
    }
}

impl Snapshot<'_> {
    fn any_mapped(&self) -> Result<bool> {
        let sql = format!("SELECT 1 FROM users WHERE {ANY_MAPPED} LIMIT 1");
        Ok(self.one(&sql, [], |_| Ok(()))?.is_some())
    }
}

/// A field that is to be a text, whatever the case: the column, and how the text may be spelled but for the case of ASCII letters.
fn is_text(compared: &Compared<Value>) -> Option<(&'static str, Vec<String>)> {
    match compared {
        Compared {
            value: Value::Field(field),
            prefix,
            test:
                Test::Text {
                    op: Op::Equals,
                    with,
                    fold: Fold::Caseless,
                },
        } if prefix.is_empty() => Some((super::compile::column(*field), spellings(with)?)),
        _ => None,
    }
}

/// How many people have a text in a field that has an index of such texts: by the index alone, without those who are hidden, who
/// are looked up.
pub(super) fn counted_by_index(query: &Expr) -> Option<(String, Vec<rusqlite::types::Value>)> {
    let condition = match query {
        Expr::And(parts) => match parts.as_slice() {
            [Expr::Everybody, condition] => condition,
            _ => return None,
        },
        condition => condition,
    };
    let Expr::Attribute(attribute) = condition else {
        return None;
    };
    let Attribute::Is(
        compared @ Compared {
            value:
                Value::Field(
                    TextField::FunctionalArea
                    | TextField::Title
                    | TextField::Region
                    | TextField::Language,
                ),
            ..
        },
    ) = attribute.as_ref()
    else {
        return None;
    };
    let (column, spellings) = is_text(compared)?;
    let places = vec!["?"; spellings.len()].join(", ");
    let sql = format!(
        "SELECT (SELECT count(*) FROM users WHERE {column} COLLATE NOCASE IN ({places})) \
         - (SELECT count(*) FROM users INDEXED BY users_by_status \
            WHERE users.status IN ('deleted', 'erased') AND +{column} COLLATE NOCASE IN ({places}))"
    );
    let bindings = spellings.iter().chain(&spellings);
    Some((sql, bindings.map(|it| it.clone().into()).collect()))
}

/// A place in kept JSON as SQLite writes it.
fn json_path(names: &[String]) -> String {
    let quoted = names.iter().map(|it| format!(".\"{it}\""));
    std::iter::once("$".to_owned()).chain(quoted).collect()
}

/// An id as text; null stays null.
fn id_text(column: &str) -> String {
    let hex = format!("lower(hex({column}))");
    let part = |from: u8, length: u8| format!("substr({hex}, {from}, {length})");
    let parts = [
        part(1, 8),
        part(9, 4),
        part(13, 4),
        part(17, 4),
        part(21, 12),
    ];
    format!(
        "CASE WHEN {column} IS NOT NULL THEN {} END",
        parts.join(" || '-' || ")
    )
}

impl Compiled {
    pub(super) fn attribute(&mut self, attribute: &Attribute) {
        match attribute {
            Attribute::Address(address) => {
                let key = key_of_name(address.trim());
                self.with("(users.email_key = ?", key.clone());
                self.with(
                    " OR users.id IN (SELECT user FROM addresses WHERE key = ?))",
                    key,
                );
            }
            Attribute::Is(Compared {
                value: Value::QueuePosition,
                test: Test::Number { op, with },
                ..
            }) => {
                self.push(
                    "users.id IN (SELECT user FROM (SELECT user, row_number() OVER (ORDER BY place, user) AS position FROM licenses \
                     WHERE state = 'queued' AND pool = (SELECT id FROM pools WHERE name = 'access')) WHERE position ",
                );
                self.with(number_sign(*op), *with);
                self.push(")");
            }
            Attribute::Is(it) => match is_text(it) {
                Some((column, spellings)) => self.spelled(column, spellings),
                None => self.compared(&it.test, |out| out.value(&it.prefix, &it.value)),
            },
            Attribute::Some { of, that } => {
                self.push("EXISTS (SELECT 1 FROM ");
                self.list_of(of);
                self.push(" AND (");
                self.element(of, that);
                self.push("))");
            }
        }
    }

    /// A column that has one of these texts. One text may choose the index of such texts, which has people in order of creation.
    fn spelled(&mut self, column: &str, spellings: Vec<String>) {
        if self.only_checks() || spellings.len() > 1 {
            self.push("+");
        }
        self.push(column);
        self.push(" COLLATE NOCASE");
        for (at, text) in spellings.into_iter().enumerate() {
            self.with(if at == 0 { " IN (?" } else { ", ?" }, text);
        }
        self.push(")");
    }

    /// What the elements of a list are, ending in a condition.
    fn list_of(&mut self, of: &List) {
        match of {
            List::Kept { path, placed: None } => {
                self.with("json_each(users.kept, ?) AS element WHERE 1", json_path(path));
            }
            List::Kept {
                path,
                placed: Some(placed),
            } => self.placed_list(path, placed),
            List::Groups => self.push(
                "memberships JOIN groups ON groups.id = memberships.member_of WHERE memberships.user = users.id \
                 AND memberships.role = 'learner' AND groups.removed = 0",
            ),
            List::Licenses => self.push(
                "licenses JOIN pools ON pools.id = licenses.pool WHERE licenses.user = users.id",
            ),
            List::CustomFields => self.push(
                "field_values JOIN fields ON fields.id = field_values.field AND fields.removed = 0 AND fields.visible_to = 'everybody' \
                 LEFT JOIN field_choices ON fields.kind = 'choice' AND field_choices.id = unhex(field_values.value, '-') \
                 WHERE field_values.user = users.id",
            ),
            // One element a label; what is between the commas is never escaped.
            List::Labels => self.push(
                "json_each('[\"' || replace(replace(replace(users.labels, '\\', '\\\\'), '\"', '\\\"'), ',', '\",\"') || '\"]') AS element WHERE 1",
            ),
        }
    }

    /// The kept elements, and the element that shows a field which has no place among them.
    fn placed_list(&mut self, path: &[String], placed: &Placed) {
        let (path, part) = (
            json_path(path),
            json_path(std::slice::from_ref(&placed.part)),
        );
        self.with(
            "(SELECT key, value FROM json_each(users.kept, ?)",
            path.clone(),
        );
        // An element of its own is the last.
        self.with(
            if placed.primary {
                " UNION ALL SELECT 1 << 40, json_object('type', 'work', 'primary', json('true'), ?, NULL) WHERE "
            } else {
                " UNION ALL SELECT 1 << 40, json_object('type', 'work', ?, NULL) WHERE "
            },
            placed.part.clone(),
        );
        self.as_sent(placed.field, placed.sent.as_ref());
        self.with(
            " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(users.kept, ?) AS other WHERE ",
            path,
        );
        self.with("json_type(other.value, ?) = 'null')", part.clone());
        self.push(") AS element WHERE ");
        if placed.needed {
            self.placed_part(&part, placed);
            self.push(" IS NOT NULL");
        } else {
            self.push("1");
        }
    }

    /// A field, or what was sent of it without feeding it.
    fn as_sent(&mut self, field: TextField, by: Option<&KeptBy>) {
        let column = super::compile::column(field);
        let Some(by) = by else {
            return self.push(column);
        };
        let path = json_path(&by.path);
        self.push("(CASE WHEN ");
        self.push(ANY_MAPPED);
        self.with(" AND json_type(users.kept, ?) IS NOT NULL", path.clone());
        self.with(" THEN json_extract(users.kept, ?) ELSE ", path);
        self.push(column);
        self.push(" END)");
    }

    fn placed_part(&mut self, part: &str, placed: &Placed) {
        self.with(
            "CASE WHEN json_type(element.value, ?) = 'null' THEN ",
            part.to_owned(),
        );
        self.as_sent(placed.field, placed.sent.as_ref());
        self.with(" ELSE json_extract(element.value, ?) END", part.to_owned());
    }

    fn element(&mut self, of: &List, that: &Element) {
        match that {
            Element::And(all) => self.elements(of, all, " AND ", "1"),
            Element::Or(any) => self.elements(of, any, " OR ", "0"),
            Element::Not(inner) => {
                self.push("NOT coalesce((");
                self.element(of, inner);
                self.push("), 0)");
            }
            Element::Part(it) => self.compared(&it.test, |out| out.part(of, &it.prefix, &it.value)),
        }
    }

    fn elements(&mut self, of: &List, all: &[Element], between: &str, empty: &str) {
        if all.is_empty() {
            return self.push(empty);
        }
        for (at, it) in all.iter().enumerate() {
            self.push(if at == 0 { "(" } else { between });
            self.push("(");
            self.element(of, it);
            self.push(")");
        }
        self.push(")");
    }

    fn part(&mut self, of: &List, prefix: &str, part: &str) {
        self.prefixed(prefix, |out| match (of, part) {
            (
                List::Kept {
                    placed: Some(placed),
                    ..
                },
                part,
            ) if placed.part == part => {
                out.push("(");
                out.placed_part(&json_path(&[part.to_owned()]), placed);
                out.push(")");
            }
            (List::Kept { .. }, part) => {
                out.with(
                    "json_extract(element.value, ?)",
                    json_path(&[part.to_owned()]),
                );
            }
            (List::Groups, "value") => out.push(&format!("({})", id_text("groups.id"))),
            (List::Groups, "display") => out.push("groups.name"),
            (List::Licenses, "pool") => out.push("pools.name"),
            (List::Licenses, "state") => out.push("licenses.state"),
            (List::Labels, "value") => out.push("element.value"),
            (List::CustomFields, "name") => out.push("fields.name"),
            (List::CustomFields, "value") => {
                out.push("coalesce(field_choices.name, field_values.value)")
            }
            (List::Groups | List::Licenses | List::Labels | List::CustomFields, _) => {
                out.push("NULL")
            }
        });
    }

    fn prefixed(&mut self, prefix: &str, value: impl FnOnce(&mut Self)) {
        if prefix.is_empty() {
            return value(self);
        }
        self.with("(? || ", prefix.to_owned());
        value(self);
        self.push(")");
    }

    fn value(&mut self, prefix: &str, value: &Value) {
        self.prefixed(prefix, |out| match value {
            Value::Field(field) => out.push(super::compile::column(*field)),
            Value::SignIn => out.push("coalesce(users.user_name, users.email)"),
            Value::Id => out.push(&format!("({})", id_text("users.id"))),
            Value::Status => out.push("users.status"),
            Value::Active => {
                out.push("(users.status IN ('active', 'waiting', 'pending_transfer'))")
            }
            Value::Version => out.push("(users.version || '\"')"),
            Value::ExternalId(connection) => out.with(
                "(SELECT links.external_id FROM links WHERE links.user = users.id AND links.connection = ?)",
                connection.as_bytes().to_vec(),
            ),
            Value::Manager => out.push(&format!("({})", id_text("users.manager"))),
            Value::ManagerName => out.push(
                "(SELECT coalesce(above.display_name, nullif(trim(coalesce(above.first_name, '') || ' ' || coalesce(above.last_name, '')), '')) \
                 FROM users AS above WHERE above.id = users.manager)",
            ),
            Value::QueuePosition => out.push(
                "(SELECT max(licenses.place) FROM licenses WHERE licenses.user = users.id AND licenses.state = 'queued' \
                 AND licenses.pool = (SELECT id FROM pools WHERE name = 'access'))",
            ),
            Value::AsSent { field, by } => out.as_sent(*field, Some(by)),
            Value::Kept(path) => out.with("json_extract(users.kept, ?)", json_path(path)),
            Value::Created => out.push("users.created_at"),
            Value::Updated => out.push("users.updated_at"),
            Value::FirstOf(of, part) => {
                out.push("(SELECT ");
                out.part(of, "", part);
                out.push(" FROM ");
                out.list_of(of);
                out.push(" ORDER BY json_extract(element.value, '$.primary') IS 1 DESC, element.key LIMIT 1)");
            }
        });
    }

    fn compared(&mut self, test: &Test, value: impl Fn(&mut Self)) {
        match test {
            Test::Present => {
                value(self);
                self.push(" IS NOT NULL");
            }
            Test::Flag(wanted) => {
                self.push("coalesce(");
                value(self);
                self.push(if *wanted { ", 0) = 1" } else { ", 0) = 0" });
            }
            Test::Number { op, with } => {
                value(self);
                self.push(" ");
                self.with(number_sign(*op), *with);
            }
            Test::Text { op, with, fold } => {
                let folded = |out: &mut Self| {
                    out.push(fold_function(*fold));
                    value(out);
                    out.push(")");
                };
                let with = match fold {
                    Fold::Exact => with.clone(),
                    Fold::Ascii => with.to_ascii_lowercase(),
                    Fold::Caseless => caseless(with),
                };
                self.text_test(*op, with, folded);
            }
        }
    }

    fn text_test(&mut self, op: Op, with: String, folded: impl Fn(&mut Self)) {
        let sign = match op {
            Op::Equals => " = ?",
            Op::Greater => " > ?",
            Op::AtLeast => " >= ?",
            Op::Less => " < ?",
            Op::AtMost => " <= ?",
            Op::Contains | Op::StartsWith => {
                self.push("instr(");
                folded(self);
                self.with(", ?)", with);
                return self.push(if op == Op::Contains { " > 0" } else { " = 1" });
            }
            Op::EndsWith => {
                let length = i64::try_from(with.chars().count()).unwrap_or(i64::MAX);
                if length == 0 {
                    folded(self);
                    return self.push(" IS NOT NULL");
                }
                self.push("substr(");
                folded(self);
                self.with(", ?)", -length);
                return self.with(" = ?", with);
            }
        };
        folded(self);
        self.with(sign, with);
    }

    /// The words of an order.
    pub(super) fn order(&mut self, order: &Order) {
        match order {
            Order::Creation => self.push("users.seq"),
            Order::Newest => self.push("users.seq DESC"),
            Order::By {
                value,
                fold,
                descending,
            } => {
                self.sort_key(value, *fold);
                self.push(if *descending {
                    " DESC NULLS FIRST, users.seq"
                } else {
                    " ASC NULLS LAST, users.seq"
                });
            }
        }
    }

    /// What is compared in an order.
    fn sort_key(&mut self, value: &Value, fold: Fold) {
        let plain = matches!(
            value,
            Value::Created | Value::Updated | Value::QueuePosition | Value::Active
        );
        if !plain {
            self.push(fold_function(fold));
        }
        self.value("", value);
        if !plain {
            self.push(")");
        }
    }

    /// The condition of standing behind the person of this number in an order.
    pub(super) fn behind(&mut self, order: &Order, seq: i64) {
        let (value, fold, descending) = match order {
            Order::Creation => return self.with("users.seq > ?", seq),
            Order::Newest => return self.with("users.seq < ?", seq),
            Order::By {
                value,
                fold,
                descending,
            } => (value, *fold, *descending),
        };
        // Theirs is read once: inside, `users` is that one row.
        let theirs = |out: &mut Self| {
            out.push("(SELECT ");
            out.sort_key(value, fold);
            out.with(" FROM users WHERE users.seq = ?)", seq);
        };
        self.push("CASE WHEN ");
        theirs(self);
        self.push(" IS NULL THEN ");
        self.sort_key(value, fold);
        // Who has none is at the end, or at the beginning when it is turned round.
        self.push(if descending {
            " IS NOT NULL OR "
        } else {
            " IS NULL AND "
        });
        self.with("users.seq > ? ELSE ", seq);
        self.sort_key(value, fold);
        self.push(if descending { " < " } else { " > " });
        theirs(self);
        self.push(" OR (");
        self.sort_key(value, fold);
        self.push(" = ");
        theirs(self);
        self.with(" AND users.seq > ?)", seq);
        if !descending {
            self.push(" OR ");
            self.sort_key(value, fold);
            self.push(" IS NULL");
        }
        self.push(" END");
    }
}

fn fold_function(fold: Fold) -> &'static str {
    match fold {
        Fold::Exact => "(",
        Fold::Ascii => "lower(",
        Fold::Caseless => "caseless(",
    }
}

fn number_sign(op: Op) -> &'static str {
    match op {
        Op::Equals => "= ?",
        Op::Greater => "> ?",
        Op::AtLeast => ">= ?",
        Op::Less => "< ?",
        Op::AtMost => "<= ?",
        // No number is part of another.
        Op::Contains | Op::StartsWith | Op::EndsWith => "IS NULL AND 0 = ?",
    }
}
