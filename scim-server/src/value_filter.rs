//! The filter inside `[…]`, held against one element of a list. Texts are compared without regard to ASCII case, as
//! RFC 7643 §4.1.2 says of `value` and `type`.

use scim_v2::filter::{AttrExp, CompValue, CompareOp, ValFilter};
use serde_json::Value;

use crate::schema::{self, Attribute, Object};

/// Whether the element satisfies the filter.
pub(crate) fn matches(filter: &ValFilter, element: &Value) -> bool {
    match filter {
        ValFilter::Attr(AttrExp::Present(path)) => {
            part(element, &path.name).is_some_and(|it| !it.is_null())
        }
        ValFilter::Attr(AttrExp::Comparison(path, op, value)) => {
            compare(part(element, &path.name), op, value)
        }
        ValFilter::Not(inner) => !matches(inner, element),
        ValFilter::And(all) => all.iter().all(|it| matches(it, element)),
        ValFilter::Or(any) => any.iter().any(|it| matches(it, element)),
    }
}

/// The element that the filter describes, in its shape: the term of an equality, or of several joined by `and`.
pub(crate) fn named_by(filter: &ValFilter, parts: &'static [Attribute]) -> Option<Object> {
    let mut named = Object::new();
    match filter {
        ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, value))
            if path.sub_attr.is_none() =>
        {
            let part = schema::find(parts, &path.name)?;
            let value = match value {
                CompValue::Str(text) => Value::from(text.as_str()),
                CompValue::True => Value::Bool(true),
                CompValue::False => Value::Bool(false),
                CompValue::Null | CompValue::Number(_) => return None,
            };
            named.insert(part.name.to_owned(), schema::shaped(part, value).ok()??);
        }
        ValFilter::And(all) => {
            for it in all {
                named.extend(named_by(it, parts)?);
            }
        }
        _ => return None,
    }
    Some(named)
}

fn part<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    element
        .as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn compare(has: Option<&Value>, op: &CompareOp, value: &CompValue) -> bool {
    match (has, value) {
        (None | Some(Value::Null), CompValue::Null) => *op == CompareOp::Eq,
        (None | Some(Value::Null), _) => {
            // An unassigned flag is a false one.
            *op == CompareOp::Ne || (*op == CompareOp::Eq && *value == CompValue::False)
        }
        (Some(Value::Bool(has)), _) => flag(value).is_some_and(|value| match op {
            CompareOp::Eq => *has == value,
            CompareOp::Ne => *has != value,
            _ => false,
        }),
        (Some(Value::String(has)), CompValue::Str(value)) => {
            text(&has.to_ascii_lowercase(), op, &value.to_ascii_lowercase())
        }
        _ => *op == CompareOp::Ne,
    }
}

/// A boolean, also one in quotes.
fn flag(value: &CompValue) -> Option<bool> {
    match value {
        CompValue::True => Some(true),
        CompValue::False => Some(false),
        CompValue::Str(text) if text.eq_ignore_ascii_case("true") => Some(true),
        CompValue::Str(text) if text.eq_ignore_ascii_case("false") => Some(false),
        CompValue::Str(_) | CompValue::Number(_) | CompValue::Null => None,
    }
}

fn text(has: &str, op: &CompareOp, value: &str) -> bool {
    match op {
        CompareOp::Eq => has == value,
        CompareOp::Ne => has != value,
        CompareOp::Co => has.contains(value),
        CompareOp::Sw => has.starts_with(value),
        CompareOp::Ew => has.ends_with(value),
        CompareOp::Gt => has > value,
        CompareOp::Ge => has >= value,
        CompareOp::Lt => has < value,
        CompareOp::Le => has <= value,
    }
}
