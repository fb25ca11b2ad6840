//! SCIM filters (RFC 7644 §3.4.2.2) lowered into the core's expressions. What the core cannot say is `invalidFilter`;
//! nothing is ever left out of a filter, because then a look-up of one person would answer with everybody.

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter, ValuePath};
use usher_core::model::{ConnectionId, Status, Timestamp, UserId};
use usher_core::query::{Expr, TextField, TextOp, TimeField};

use crate::fault::Fault;
use crate::schema;

/// Longest filter, in bytes.
const LONGEST: usize = 4_096;

/// Whom a filter finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sought {
    /// At most one person, by a unique value.
    One(Key),
    /// Whoever fits.
    Fitting(Expr),
    /// Nobody at all.
    Nobody,
}

/// A unique value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Id(UserId),
    UserName(String),
    ExternalId(String),
}

/// Reads a filter that `connection` sent.
pub(crate) fn read(text: &str, connection: ConnectionId) -> Result<Sought, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::invalid_filter(format!(
            "the filter is longer than {LONGEST} bytes"
        )));
    }
    if let Some(key) = plain_equality(text) {
        return Ok(key.map_or(Sought::Nobody, Sought::One));
    }
    let filter: Filter = match with_parts_inside(text).as_deref().unwrap_or(text).parse() {
        Ok(filter) => filter,
        Err(_) => return Err(Fault::invalid_filter("the filter cannot be read")),
    };
    if let Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(value))) = &filter
        && let Some(attribute) = core_name(path)
        && let Some(key) = key(attribute, value)
    {
        return Ok(key.map_or(Sought::Nobody, Sought::One));
    }
    Ok(match lower(&filter, connection)? {
        Lowered::Everybody => Sought::Fitting(Expr::Everybody),
        Lowered::Nobody => Sought::Nobody,
        Lowered::Expr(expr) => Sought::Fitting(expr),
    })
}

/// `userName eq "x"` and its like, which providers ask all day, without the grammar's machinery.
fn plain_equality(text: &str) -> Option<Option<Key>> {
    let (attribute, rest) = text.trim().split_once(' ')?;
    let (op, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim_start().strip_prefix('"')?.strip_suffix('"')?;
    if !op.eq_ignore_ascii_case("eq")
        || value.contains(['"', '\\'])
        || value.contains(|it: char| it.is_control())
    {
        return None;
    }
    key(attribute, value)
}

/// The key that an equality on a unique attribute asks for; the inner `None` is a value that nobody can have.
fn key(attribute: &str, value: &str) -> Option<Option<Key>> {
    if attribute.eq_ignore_ascii_case("userName") {
        Some(Some(Key::UserName(value.to_owned())))
    } else if attribute.eq_ignore_ascii_case("externalId") {
        Some(Some(Key::ExternalId(value.to_owned())))
    } else if attribute.eq_ignore_ascii_case("id") {
        Some(value.parse().ok().map(Key::Id))
    } else {
        None
    }
}

/// Brings `emails[type eq "work"].value eq "x"`, which is not in the grammar but sent, into the form that is:
/// `emails[(type eq "work") and value eq "x"]`.
fn with_parts_inside(text: &str) -> Option<String> {
    let (open, close) = (find_bare(text, '[', 0)?, find_bare(text, ']', 0)?);
    let after = text.get(close + 1..)?.strip_prefix('.')?;
    let mut words = after.splitn(3, ' ');
    let (part, op, rest) = (words.next()?, words.next()?, words.next()?.trim_start());
    let length = match rest.strip_prefix('"') {
        Some(inner) => end_of_string(inner)? + 1,
        None => rest.find([' ', ')']).unwrap_or(rest.len()),
    };
    let (value, tail) = rest.split_at_checked(length)?;
    let (head, inner) = (text.get(..open)?, text.get(open + 1..close)?);
    Some(format!("{head}[({inner}) and {part} {op} {value}]{tail}"))
}

/// The first such character outside quotes.
fn find_bare(text: &str, wanted: char, from: usize) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices().filter(|(at, _)| *at >= from) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where a JSON string, whose opening quote is gone, ends: just after its closing quote.
fn end_of_string(inner: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

enum Lowered {
    Everybody,
    Nobody,
    Expr(Expr),
}

fn lower(filter: &Filter, connection: ConnectionId) -> Result<Lowered, Fault> {
    match filter {
        Filter::Attr(AttrExp::Comparison(path, op, value)) => {
            comparison(path, op, value, connection)
        }
        Filter::Attr(AttrExp::Present(path)) => present(path),
        Filter::ValuePath(path) => value_path(path),
        Filter::Not(inner) => Ok(match lower(inner, connection)? {
            Lowered::Everybody => Lowered::Nobody,
            Lowered::Nobody => Lowered::Everybody,
            Lowered::Expr(expr) => Lowered::Expr(Expr::Not(Box::new(expr))),
        }),
        Filter::And(all) => {
            let mut terms = Vec::with_capacity(all.len());
            for it in all {
                match lower(it, connection)? {
                    Lowered::Everybody => {}
                    Lowered::Nobody => return Ok(Lowered::Nobody),
                    Lowered::Expr(expr) => terms.push(expr),
                }
            }
            Ok(if terms.is_empty() {
                Lowered::Everybody
            } else {
                Lowered::Expr(Expr::And(terms))
            })
        }
        Filter::Or(any) => {
            let mut terms = Vec::with_capacity(any.len());
            for it in any {
                match lower(it, connection)? {
                    Lowered::Everybody => return Ok(Lowered::Everybody),
                    Lowered::Nobody => {}
                    Lowered::Expr(expr) => terms.push(expr),
                }
            }
            Ok(if terms.is_empty() {
                Lowered::Nobody
            } else {
                Lowered::Expr(Expr::Or(terms))
            })
        }
    }
}

/// The name of an attribute of the core schema, with its sub-attribute; none for an extension's.
fn core_name(path: &AttrPath) -> Option<&str> {
    let core = path
        .uri
        .as_deref()
        .is_none_or(|it| it.eq_ignore_ascii_case(schema::USER));
    (core && path.sub_attr.is_none()).then_some(path.name.as_str())
}

fn unsupported(path: &AttrPath) -> Fault {
    let name: String = path.to_string().chars().take(80).collect();
    Fault::invalid_filter(format!("{name} cannot be filtered by in this way"))
}

fn comparison(
    path: &AttrPath,
    op: &CompareOp,
    value: &CompValue,
    connection: ConnectionId,
) -> Result<Lowered, Fault> {
    let no = || unsupported(path);
    if path
        .uri
        .as_deref()
        .is_some_and(|it| !it.eq_ignore_ascii_case(schema::USER))
    {
        return Err(no());
    }
    let name = path.name.to_ascii_lowercase();
    let part = path.sub_attr.as_deref().map(str::to_ascii_lowercase);
    match (name.as_str(), part.as_deref(), value) {
        ("active", None, value) => active(op, value).ok_or_else(no),
        ("username", None, CompValue::Str(value)) => {
            text(TextField::UserName, op, value).ok_or_else(no)
        }
        ("emails", None | Some("value"), CompValue::Str(value)) => {
            text(TextField::Email, op, value).ok_or_else(no)
        }
        ("meta", Some("created"), CompValue::Str(value)) => {
            time(TimeField::Created, op, value).ok_or_else(no)
        }
        ("meta", Some("lastmodified"), CompValue::Str(value)) => {
            time(TimeField::Updated, op, value).ok_or_else(no)
        }
        ("externalid", None, CompValue::Str(value)) if *op == CompareOp::Eq => {
            Ok(Lowered::Expr(Expr::ExternalId {
                connection,
                external_id: value.clone(),
            }))
        }
        ("id", None, CompValue::Str(value)) if *op == CompareOp::Eq => Ok(value
            .parse()
            .map_or(Lowered::Nobody, |id| Lowered::Expr(Expr::Id(id)))),
        _ => Err(no()),
    }
}

fn text(field: TextField, op: &CompareOp, value: &str) -> Option<Lowered> {
    let value = value.to_owned();
    let op = match op {
        CompareOp::Eq => TextOp::Equals,
        CompareOp::Ne => {
            let same = Expr::Field {
                field,
                op: TextOp::Equals,
                value,
            };
            return Some(Lowered::Expr(Expr::Not(Box::new(same))));
        }
        CompareOp::Sw => TextOp::StartsWith,
        CompareOp::Co => TextOp::Contains,
        CompareOp::Ew | CompareOp::Gt | CompareOp::Ge | CompareOp::Lt | CompareOp::Le => {
            return None;
        }
    };
    if value.is_empty() {
        return None;
    }
    Some(Lowered::Expr(Expr::Field { field, op, value }))
}

fn active(op: &CompareOp, value: &CompValue) -> Option<Lowered> {
    let wanted = match value {
        CompValue::True => true,
        CompValue::False => false,
        CompValue::Str(text) if text.eq_ignore_ascii_case("true") => true,
        CompValue::Str(text) if text.eq_ignore_ascii_case("false") => false,
        _ => return None,
    };
    let wanted = match op {
        CompareOp::Eq => wanted,
        CompareOp::Ne => !wanted,
        _ => return None,
    };
    let shown = |it: &Status| !matches!(it, Status::Deleted | Status::Erased);
    let statuses = Status::ALL
        .into_iter()
        .filter(|it| shown(it) && it.is_scim_active() == wanted);
    Some(Lowered::Expr(Expr::Status(statuses.collect())))
}

fn time(field: TimeField, op: &CompareOp, value: &str) -> Option<Lowered> {
    let at: Timestamp = value.parse().ok()?;
    let next = at.plus_millis(1);
    let (from, until) = match op {
        CompareOp::Eq => (Some(at), Some(next)),
        CompareOp::Gt => (Some(next), None),
        CompareOp::Ge => (Some(at), None),
        CompareOp::Lt => (None, Some(at)),
        CompareOp::Le => (None, Some(next)),
        CompareOp::Ne | CompareOp::Co | CompareOp::Sw | CompareOp::Ew => return None,
    };
    Some(Lowered::Expr(Expr::When { field, from, until }))
}

fn present(path: &AttrPath) -> Result<Lowered, Fault> {
    let name = core_name(path).ok_or_else(|| unsupported(path))?;
    match name {
        // Everybody has these.
        it if ["id", "userName", "active", "meta", "schemas"]
            .iter()
            .any(|name| it.eq_ignore_ascii_case(name)) =>
        {
            Ok(Lowered::Everybody)
        }
        it if it.eq_ignore_ascii_case("emails") => Ok(Lowered::Expr(Expr::Has(TextField::Email))),
        _ => Err(unsupported(path)),
    }
}

/// `emails[…]`: the roster knows one address, which is the primary or else the work one; so those two qualifiers are
/// taken as said of it, and any other cannot be answered.
fn value_path(path: &ValuePath) -> Result<Lowered, Fault> {
    let no = || unsupported(&path.attr);
    if !core_name(&path.attr).is_some_and(|it| it.eq_ignore_ascii_case("emails")) {
        return Err(no());
    }
    let mut terms = Vec::new();
    email_terms(&path.filter, &mut terms).ok_or_else(no)?;
    match terms.len() {
        0 => Ok(Lowered::Expr(Expr::Has(TextField::Email))),
        1 => Ok(Lowered::Expr(terms.remove(0))),
        _ => Ok(Lowered::Expr(Expr::And(terms))),
    }
}

fn email_terms(filter: &ValFilter, terms: &mut Vec<Expr>) -> Option<()> {
    match filter {
        ValFilter::And(all) => all.iter().try_for_each(|it| email_terms(it, terms)),
        ValFilter::Attr(AttrExp::Comparison(path, op, value)) => {
            let name = path.name.to_ascii_lowercase();
            match (name.as_str(), op, value) {
                ("type", CompareOp::Eq, CompValue::Str(kind))
                    if kind.eq_ignore_ascii_case("work") =>
                {
                    Some(())
                }
                ("primary", CompareOp::Eq, CompValue::True) => Some(()),
                ("primary", CompareOp::Eq, CompValue::Str(flag))
                    if flag.eq_ignore_ascii_case("true") =>
                {
                    Some(())
                }
                ("value", op, CompValue::Str(value)) => match text(TextField::Email, op, value)? {
                    Lowered::Expr(expr) => {
                        terms.push(expr);
                        Some(())
                    }
                    Lowered::Everybody | Lowered::Nobody => None,
                },
                _ => None,
            }
        }
        ValFilter::Attr(AttrExp::Present(_)) | ValFilter::Not(_) | ValFilter::Or(_) => None,
    }
}

#[cfg(test)]
mod tests;
