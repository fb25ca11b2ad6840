//! Filters held against a resource that is written already. For groups, which are few, and for what the server knows of
//! without a table; people are found by the store.

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::Value;
use usher_core::model::Timestamp;
use usher_core::query::caseless;

use super::text::{flag, path, shortened};
use crate::fault::Fault;
use crate::schema::{self, Attribute, Shape};
use crate::value_filter;

/// Refuses a filter on what the schema does not have.
pub(crate) fn check(
    filter: &Filter,
    urn: &str,
    attributes: &'static [Attribute],
) -> Result<(), Fault> {
    match filter {
        Filter::Attr(AttrExp::Present(path) | AttrExp::Comparison(path, ..)) => {
            if knows(path, urn, attributes) {
                Ok(())
            } else {
                Err(unknown(path))
            }
        }
        Filter::ValuePath(value) => {
            let attribute = schema::find(attributes, &value.attr.name);
            let parts = attribute.map(Attribute::parts).unwrap_or_default();
            if parts.is_empty() || !inside(&value.filter, parts) {
                return Err(unknown(&value.attr));
            }
            Ok(())
        }
        Filter::Not(it) => check(it, urn, attributes),
        Filter::And(all) | Filter::Or(all) => {
            all.iter().try_for_each(|it| check(it, urn, attributes))
        }
    }
}

/// Whether resources of a schema have the attribute of that path.
pub(super) fn knows(path: &AttrPath, urn: &str, attributes: &'static [Attribute]) -> bool {
    let uri = path.uri.as_deref();
    uri.is_none_or(|it| it.eq_ignore_ascii_case(urn)) && rule(path, attributes).is_some()
}

fn inside(filter: &ValFilter, parts: &'static [Attribute]) -> bool {
    match filter {
        ValFilter::Attr(AttrExp::Present(path) | AttrExp::Comparison(path, ..)) => {
            path.sub_attr.is_none() && part(parts, &path.name).is_some()
        }
        ValFilter::Not(it) => inside(it, parts),
        ValFilter::And(all) | ValFilter::Or(all) => all.iter().all(|it| inside(it, parts)),
    }
}

fn unknown(path: &AttrPath) -> Fault {
    Fault::invalid_filter(format!(
        "there is no attribute {}",
        shortened(&path.to_string())
    ))
}

fn part(parts: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    let name = if name.eq_ignore_ascii_case("ref") {
        "$ref"
    } else {
        name
    };
    schema::find(parts, name)
}

/// The attribute, or the part of one, that a path names.
fn rule(path: &AttrPath, attributes: &'static [Attribute]) -> Option<&'static Attribute> {
    let attribute = schema::find(attributes, &path.name)?;
    match &path.sub_attr {
        None => Some(attribute),
        Some(name) => part(attribute.parts(), name),
    }
}

/// Whether a filter speaks of an attribute.
pub(crate) fn mentions(filter: &Filter, name: &str) -> bool {
    match filter {
        Filter::Attr(AttrExp::Present(path) | AttrExp::Comparison(path, ..)) => {
            path.name.eq_ignore_ascii_case(name)
        }
        Filter::ValuePath(path) => path.attr.name.eq_ignore_ascii_case(name),
        Filter::Not(it) => mentions(it, name),
        Filter::And(all) | Filter::Or(all) => all.iter().any(|it| mentions(it, name)),
    }
}

/// Whom a group must have among its members to fit.
pub(crate) fn member_asked(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(id)))
            if path.name.eq_ignore_ascii_case("members")
                && path
                    .sub_attr
                    .as_deref()
                    .is_none_or(|it| it.eq_ignore_ascii_case("value")) =>
        {
            Some(id)
        }
        Filter::ValuePath(path) if path.attr.name.eq_ignore_ascii_case("members") => {
            match path.filter.as_ref() {
                ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(id)))
                    if path.name.eq_ignore_ascii_case("value") =>
                {
                    Some(id)
                }
                _ => None,
            }
        }
        Filter::And(all) => all.iter().find_map(member_asked),
        Filter::Attr(_) | Filter::ValuePath(_) | Filter::Not(_) | Filter::Or(_) => None,
    }
}

/// Whether the resource satisfies a filter that was checked.
pub(crate) fn fits(
    filter: &Filter,
    resource: &Value,
    attributes: &'static [Attribute],
) -> Result<bool, Fault> {
    match filter {
        Filter::Attr(AttrExp::Present(path)) => Ok(values(path, resource).iter().any(is_something)),
        Filter::Attr(AttrExp::Comparison(path, op, with)) => {
            let rule = rule(path, attributes).ok_or_else(|| unknown(path))?;
            holds(path, rule, &values(path, resource), op, with)
        }
        Filter::ValuePath(path) => {
            let list = member(resource, &path.attr.name).and_then(Value::as_array);
            let mut elements = list.into_iter().flatten();
            Ok(elements.any(|it| value_filter::matches(&path.filter, it)))
        }
        Filter::Not(it) => fits(it, resource, attributes).map(|it| !it),
        Filter::And(all) => {
            for it in all {
                if !fits(it, resource, attributes)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Filter::Or(any) => {
            for it in any {
                if fits(it, resource, attributes)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let name = if name.eq_ignore_ascii_case("ref") {
        "$ref"
    } else {
        name
    };
    let mut members = object.as_object()?.iter();
    members
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|it| it.1)
}

/// The values that a path has.
fn values(path: &AttrPath, resource: &Value) -> Vec<Value> {
    let elements = match member(resource, &path.name) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    let part = path.sub_attr.as_deref();
    let value = |it: &Value| match (part, it) {
        (Some(part), it) => member(it, part).cloned(),
        (None, Value::Object(_)) => member(it, "value").or(Some(it)).cloned(),
        (None, it) => Some(it.clone()),
    };
    elements.iter().filter_map(value).collect()
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().any(is_something),
        Value::Object(members) => members.values().any(is_something),
        _ => true,
    }
}

fn holds(
    path: &AttrPath,
    rule: &Attribute,
    values: &[Value],
    op: &CompareOp,
    with: &CompValue,
) -> Result<bool, Fault> {
    let no = || {
        Fault::invalid_filter(format!(
            "{} cannot be filtered by in this way",
            shortened(&path.to_string())
        ))
    };
    match (op, with) {
        (CompareOp::Eq, CompValue::Null) => return Ok(!values.iter().any(is_something)),
        (CompareOp::Ne, CompValue::Null) => return Ok(values.iter().any(is_something)),
        (_, CompValue::Null) => return Err(no()),
        (CompareOp::Ne, with) => {
            return holds(path, rule, values, &CompareOp::Eq, with).map(|it| !it);
        }
        _ => {}
    }
    let main = rule.parts().iter().find(|it| it.name == "value");
    let rule = if rule.parts().is_empty() {
        rule
    } else {
        main.ok_or_else(no)?
    };
    match &rule.shape {
        Shape::Flag => {
            let with = flag(with).filter(|_| *op == CompareOp::Eq).ok_or_else(no)?;
            Ok(values.contains(&Value::Bool(with)))
        }
        Shape::Instant => {
            let CompValue::Str(with) = with else {
                return Err(no());
            };
            let with: Timestamp = with.parse().map_err(|_| no())?;
            let has = values.iter().filter_map(Value::as_str);
            let mut has = has.filter_map(|it| it.parse::<Timestamp>().ok());
            if matches!(op, CompareOp::Co | CompareOp::Sw | CompareOp::Ew) {
                return Err(no());
            }
            Ok(has.any(|it| ordered(op, it.as_millis().cmp(&with.as_millis()))))
        }
        _ => {
            let with = match with {
                CompValue::Str(with) => with.clone(),
                CompValue::Number(number) => number.to_string(),
                _ => return Err(no()),
            };
            let folded = |it: &str| {
                if rule.case_exact {
                    it.to_owned()
                } else {
                    caseless(it)
                }
            };
            let with = folded(&with);
            let mut has = values.iter().filter_map(Value::as_str).map(folded);
            Ok(has.any(|it| match op {
                CompareOp::Co => it.contains(&with),
                CompareOp::Sw => it.starts_with(&with),
                CompareOp::Ew => it.ends_with(&with),
                op => ordered(op, it.cmp(&with)),
            }))
        }
    }
}

fn ordered(op: &CompareOp, order: std::cmp::Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Ne | CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}

/// By what a resource is sorted; none when it has nothing there.
pub(crate) fn sort_key(
    by: &str,
    resource: &Value,
    attributes: &'static [Attribute],
) -> Result<Option<String>, Fault> {
    let unsortable = || Fault::invalid_path(format!("{} cannot be sorted by", shortened(by)));
    let path = path(by).ok_or_else(unsortable)?;
    let rule = rule(&path, attributes).ok_or_else(unsortable)?;
    let values = values(&path, resource);
    let text = values.first().and_then(Value::as_str);
    Ok(text.map(|it| {
        if rule.case_exact {
            it.to_owned()
        } else {
            caseless(it)
        }
    }))
}
