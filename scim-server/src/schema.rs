//! How a value from outside is brought into the shape that its attribute has. The attributes are in [`tables`]; what is not
//! in these is not stored.
//!
//! Names are compared without regard to case and kept in the RFC's spelling. A value that can be read in one way only
//! is taken (`"True"` for true, an object for a list of one); anything else is `invalidValue`. Null, empty text and
//! empty lists are "unassigned", that is `None`.

use serde_json::{Map, Value};

use crate::fault::Fault;

mod attribute;
mod tables;

pub(crate) use attribute::{Attribute, Kind, Mutability, Returned, Shape, Uniqueness};
pub(crate) use tables::{
    CORE, ENTERPRISE, ENTERPRISE_PARTS, GROUP, GROUP_PARTS, SCHEMAS, Schema, USER, USHER,
    USHER_PARTS, VALUE,
};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// What older templates call the enterprise extension.
const ENTERPRISE_OLD: [&str; 2] = [
    "urn:scim:schemas:extension:enterprise:2.0",
    "urn:scim:schemas:extension:enterprise:1.0",
];

/// The attribute by which people go, which is always a text.
const USER_NAME: &str = "userName";

/// Most elements that a multi-valued attribute may have.
const MOST_VALUES: usize = 500;

/// The attribute of that name, in any letter case.
pub(crate) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(name))
}

/// Whether this is the enterprise extension's name, in any letter case or an old spelling.
pub(crate) fn is_enterprise(urn: &str) -> bool {
    urn.eq_ignore_ascii_case(ENTERPRISE)
        || ENTERPRISE_OLD.iter().any(|it| urn.eq_ignore_ascii_case(it))
}

/// An attribute's name as a key spells it, without the schema that it may have before it; and whether that is the enterprise
/// extension's or the core's, if it says so.
pub(crate) fn named(key: &str) -> (Option<bool>, &str) {
    let schemas = [(false, USER), (true, ENTERPRISE)];
    let old = ENTERPRISE_OLD.map(|it| (true, it));
    for (extension, urn) in schemas.into_iter().chain(old) {
        if let Some((before, name)) = key.split_at_checked(urn.len())
            && before.eq_ignore_ascii_case(urn)
            && let Some(name) = name.strip_prefix(':')
        {
            return (Some(extension), name);
        }
    }
    (None, key)
}

/// A whole User from outside: only what is known and the client's to write, in its shape.
pub(crate) fn user(body: Value) -> Result<Object, Fault> {
    let Value::Object(body) = body else {
        return Err(Fault::invalid_syntax("the body is not a JSON object"));
    };
    let mut user = Object::new();
    let mut extension = Object::new();
    for (key, value) in body {
        let (of, name) = named(&key);
        if of != Some(true)
            && let Some(attribute) = find(CORE, name)
        {
            // By what they go nobody is made of what may mean something else.
            let is_text = matches!(value, Value::String(_) | Value::Null);
            if attribute.name == USER_NAME && !is_text {
                return Err(Fault::invalid_value("userName is not a string"));
            }
            set_once(&mut user, attribute, value)?;
        } else if is_enterprise(&key) {
            match value {
                Value::Object(parts) => merge_known(&mut extension, ENTERPRISE_PARTS, parts)?,
                Value::Null => {}
                _ => {
                    return Err(Fault::invalid_value(format!(
                        "{ENTERPRISE} is not an object"
                    )));
                }
            }
        } else if of != Some(false) {
            // Some templates put the extension's attributes beside the core's; there is no core attribute so named.
            merge_one(&mut extension, ENTERPRISE_PARTS, name, value)?;
        }
    }
    if !extension.is_empty() {
        user.insert(ENTERPRISE.to_owned(), Value::Object(extension));
    }
    Ok(user)
}

fn merge_known(
    into: &mut Object,
    attributes: &'static [Attribute],
    from: Object,
) -> Result<(), Fault> {
    for (key, value) in from {
        merge_one(into, attributes, named(&key).1, value)?;
    }
    Ok(())
}

/// Said in two places it must be the same.
fn merge_one(
    into: &mut Object,
    attributes: &'static [Attribute],
    name: &str,
    value: Value,
) -> Result<(), Fault> {
    let Some(attribute) = find(attributes, name) else {
        return Ok(());
    };
    let before = into.remove(attribute.name);
    set_once(into, attribute, value)?;
    match (before, into.get(attribute.name)) {
        (Some(before), Some(after)) if before != *after => Err(twice(attribute)),
        _ => Ok(()),
    }
}

/// What is said of an attribute that is said twice.
pub(crate) fn twice(attribute: &Attribute) -> Fault {
    Fault::invalid_syntax(format!("{} is given twice", attribute.name))
}

fn set_once(into: &mut Object, attribute: &'static Attribute, value: Value) -> Result<(), Fault> {
    if !matches!(
        attribute.mutability,
        Mutability::ReadWrite | Mutability::Immutable
    ) {
        return Ok(());
    }
    let Some(value) = shaped(attribute, value)? else {
        return Ok(());
    };
    match into.insert(attribute.name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(twice(attribute)),
    }
}

/// A value in its attribute's shape; `None` when that means unassigned.
pub(crate) fn shaped(attribute: &'static Attribute, value: Value) -> Result<Option<Value>, Fault> {
    match attribute.shape {
        Shape::Text => text_of(attribute.name, value),
        // The server's only, which no client writes.
        Shape::Texts | Shape::Whole | Shape::Instant => Ok(None),
        Shape::Flag => flag_of(attribute.name, value),
        Shape::Complex(parts) => object_of(attribute.name, parts, value),
        Shape::Many(parts) => list_of(attribute.name, parts, value),
    }
}

fn text_of(name: &str, value: Value) -> Result<Option<Value>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(_) => Ok(Some(value)),
        Value::Number(number) if name != USER_NAME => Ok(Some(Value::String(number.to_string()))),
        Value::Array(_) if name == USER_NAME && is_wrapped(&value) => {
            text_of(name, only_one(name, only_one(name, value)?)?)
        }
        Value::Array(_) | Value::Object(_) if name != USER_NAME => {
            text_of(name, only_one(name, value)?)
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Fault::invalid_value(format!("{name} is not a string")))
        }
    }
}

/// Whether this is a single text as Entra ID wraps it in a PATCH.
fn is_wrapped(value: &Value) -> bool {
    let one = match value.as_array().map(Vec::as_slice) {
        Some([Value::Object(one)]) => one.get("value"),
        _ => None,
    };
    one.is_some_and(Value::is_string)
}

fn flag_of(name: &str, value: Value) -> Result<Option<Value>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(_) => Ok(Some(value)),
        Value::String(text) => match text.trim() {
            "" => Ok(None),
            it if it.eq_ignore_ascii_case("true") => Ok(Some(Value::Bool(true))),
            it if it.eq_ignore_ascii_case("false") => Ok(Some(Value::Bool(false))),
            _ => Err(Fault::invalid_value(format!(
                "{name} is neither true nor false"
            ))),
        },
        Value::Array(_) | Value::Object(_) => flag_of(name, only_one(name, value)?),
        Value::Number(_) => Err(Fault::invalid_value(format!(
            "{name} is neither true nor false"
        ))),
    }
}

/// The single value that a client has wrapped in a list or in `{"value": …}`.
fn only_one(name: &str, value: Value) -> Result<Value, Fault> {
    let one = match value {
        Value::Array(mut list) if list.len() <= 1 => list.pop().unwrap_or(Value::Null),
        Value::Object(mut object) => object
            .remove("value")
            .unwrap_or(Value::Array(vec![Value::Null, Value::Null])),
        _ => Value::Array(vec![Value::Null, Value::Null]),
    };
    match one {
        Value::Array(_) => Err(Fault::invalid_value(format!("{name} takes a single value"))),
        one => Ok(one),
    }
}

fn object_of(
    name: &str,
    parts: &'static [Attribute],
    value: Value,
) -> Result<Option<Value>, Fault> {
    let mut object = Object::new();
    match value {
        Value::Null => {}
        Value::Object(from) => merge_known(&mut object, parts, from)?,
        Value::Array(mut list) if list.len() <= 1 => {
            return object_of(name, parts, list.pop().unwrap_or(Value::Null));
        }
        Value::String(_) | Value::Number(_) => match find(parts, "value") {
            Some(part) => set_once(&mut object, part, value)?,
            None => return Err(Fault::invalid_value(format!("{name} is not an object"))),
        },
        Value::Array(_) | Value::Bool(_) => {
            return Err(Fault::invalid_value(format!("{name} is not an object")));
        }
    }
    // Beside the value, its address says nothing more.
    if object.contains_key("value") {
        object.remove("$ref");
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

fn list_of(name: &str, parts: &'static [Attribute], value: Value) -> Result<Option<Value>, Fault> {
    let elements = match value {
        Value::Null => return Ok(None),
        Value::Array(list) => list,
        Value::String(ref text) if text.trim().is_empty() => return Ok(None),
        one @ (Value::Object(_) | Value::String(_)) => vec![one],
        Value::Bool(_) | Value::Number(_) => {
            return Err(Fault::invalid_value(format!("{name} is not a list")));
        }
    };
    if elements.len() > MOST_VALUES {
        return Err(Fault::invalid_value(format!(
            "{name} has more than {MOST_VALUES} values"
        )));
    }
    let mut list = Vec::with_capacity(elements.len());
    for element in elements {
        list.extend(object_of(name, parts, element)?);
    }
    if list.iter().filter(|it| is_primary(it)).count() > 1 {
        return Err(Fault::invalid_value(format!(
            "{name} has more than one primary value"
        )));
    }
    Ok((!list.is_empty()).then_some(Value::Array(list)))
}

/// One element of a list in its shape.
pub(crate) fn shaped_element(
    name: &str,
    parts: &'static [Attribute],
    value: Value,
) -> Result<Option<Value>, Fault> {
    object_of(name, parts, value)
}

/// Refuses a list that has become too long.
pub(crate) fn check_length(list: &[Value]) -> Result<(), Fault> {
    if list.len() > MOST_VALUES {
        return Err(Fault::invalid_value(format!(
            "a list takes {MOST_VALUES} values at most"
        )));
    }
    Ok(())
}

/// Whether an element of a list says that it is the primary one.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Whether an element of a list is of the type `work`.
pub(crate) fn is_work(element: &Value) -> bool {
    element
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|it| it.eq_ignore_ascii_case("work"))
}

#[cfg(test)]
mod tests;
