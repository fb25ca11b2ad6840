//! PATCH (RFC 7644 §3.5.2): operations on a User in the shapes of [`crate::schema`], in order, all or nothing. What a
//! client wants is read from the result; nothing here knows the roster.
//!
//! Where providers and the RFC part, a form is taken when it can mean one thing only: `op` in any letter case,
//! path-less values with dotted and URN keys, a value path that creates the element it names (also for `replace`),
//! `remove` with a list of values, which removes those only.

use std::collections::HashSet;

use serde_json::Value;

use crate::fault::Fault;
use crate::operation::{Op, Operation};
use crate::patch_path::{Found, Target};
use crate::schema::{self, Object};
use crate::value_filter;
use crate::wanted::is_made_of_an_answer;

/// Most operations in one request.
const MOST_OPERATIONS: usize = 1_000;

/// The operations of one request, with their paths resolved.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    operations: Vec<Operation>,
    /// A whole User is said that was made from what the server has answered.
    echoes: bool,
}

/// One value of a User: an attribute, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// Whether the attribute is the enterprise extension's.
    pub(crate) extension: bool,
    /// Its name.
    pub(crate) attribute: &'static str,
    /// Which part of it, or of the elements that it lists.
    pub(crate) part: Option<&'static str>,
}

impl Leaf {
    /// What a path points at, whichever elements it names.
    pub(crate) fn of(target: &Target) -> Self {
        Self {
            extension: target.extension,
            attribute: target.attribute.name,
            part: target.part.map(|it| it.name),
        }
    }
}

impl Patch {
    /// Reads a PatchOp message.
    pub(crate) fn read(body: Value) -> Result<Self, Fault> {
        let operations = match member(body, "Operations")? {
            Some(Value::Array(operations)) => operations,
            _ => return Err(Fault::invalid_syntax("a PATCH needs a list of Operations")),
        };
        if operations.len() > MOST_OPERATIONS {
            return Err(Fault::invalid_value(format!(
                "a PATCH takes {MOST_OPERATIONS} operations at most"
            )));
        }
        let mut patch = Self {
            operations: Vec::with_capacity(operations.len()),
            echoes: false,
        };
        for operation in operations {
            patch.push(operation)?;
        }
        Ok(patch)
    }

    /// Whether any operation is about an attribute of the User schema, or of the enterprise extension.
    pub(crate) fn speaks_of(&self, extension: bool, attribute: &str) -> bool {
        self.operations
            .iter()
            .any(|it| it.target.extension == extension && it.target.attribute.name == attribute)
    }

    /// Whether a whole User is said that was made from what the server has answered.
    pub(crate) fn echoes(&self) -> bool {
        self.echoes
    }

    /// Whether any operation is about this very value, which is `now` in the User that they made, and not about what stands
    /// beside it in the same attribute.
    pub(crate) fn writes(&self, user: &Object, leaf: &Leaf, now: Option<&str>) -> bool {
        let holder = match leaf.extension {
            true => user.get(schema::ENTERPRISE).and_then(Value::as_object),
            false => Some(user),
        };
        let values = holder.and_then(|it| it.get(leaf.attribute));
        self.operations.iter().any(|it| {
            it.target.extension == leaf.extension
                && it.target.attribute.name == leaf.attribute
                && writes(it, values, leaf, now)
        })
    }

    fn push(&mut self, operation: Value) -> Result<(), Fault> {
        let Value::Object(operation) = operation else {
            return Err(Fault::invalid_syntax("an operation is not an object"));
        };
        let (mut op, mut path, mut value) = (None, None, None);
        for (key, member) in operation {
            match key {
                key if key.eq_ignore_ascii_case("op") => op = Some(Op::read(&member)?),
                key if key.eq_ignore_ascii_case("path") => path = Some(member),
                key if key.eq_ignore_ascii_case("value") => value = Some(member),
                _ => {}
            }
        }
        let Some(op) = op else {
            return Err(Fault::invalid_syntax("an operation has no op"));
        };
        if value.is_none() && op != Op::Remove {
            return Err(Fault::invalid_value(
                "an add or replace operation has no value",
            ));
        }
        match path {
            Some(Value::String(path)) if !path.trim().is_empty() => {
                let found = Found::strictly(path.trim())?;
                self.push_at(op, found, value.unwrap_or(Value::Null))
            }
            None | Some(Value::Null | Value::String(_)) => {
                self.push_without_path(op, value.unwrap_or(Value::Null))
            }
            Some(_) => Err(Fault::invalid_path("a path is not a string")),
        }
    }

    fn push_at(&mut self, op: Op, found: Found, value: Value) -> Result<(), Fault> {
        match found {
            Found::Attribute(target) => self.operations.push(Operation { op, target, value }),
            Found::Enterprise => return self.once(|it| it.push_extension(op, value)),
            Found::Core => return self.push_without_path(op, value),
            Found::Password => {}
            Found::ReadOnly(name) => return Err(Fault::mutability(&name)),
            Found::Unknown(path) => {
                return Err(Fault::invalid_path(format!("there is no attribute {path}")));
            }
        }
        Ok(())
    }

    /// Refuses what of one value is pushed twice: its keys have no order that would say which one counts.
    fn once(&mut self, push: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let from = self.operations.len();
        push(self)?;
        let mut said = HashSet::new();
        for Operation { target, .. } in self.operations.iter().skip(from) {
            let part = target.part.map(|it| it.name);
            let filter = target.filter.as_ref().map(ToString::to_string);
            if !said.insert((target.extension, target.attribute.name, part, filter)) {
                return Err(schema::twice(target.attribute));
            }
        }
        Ok(())
    }

    /// An object whose keys are paths. Keys that are unknown or the server's are left out, as in any body.
    fn push_without_path(&mut self, op: Op, value: Value) -> Result<(), Fault> {
        self.echoes |= is_made_of_an_answer(&value);
        self.once(|it| it.push_members(op, value))
    }

    fn push_members(&mut self, op: Op, value: Value) -> Result<(), Fault> {
        if op == Op::Remove {
            return Err(Fault::bad(
                scim_v2::models::errors::ScimType::NoTarget,
                "a remove operation needs a path",
            ));
        }
        let Value::Object(members) = value else {
            return Err(Fault::invalid_value(
                "without a path, the value is an object of attributes",
            ));
        };
        for (key, value) in members {
            match Found::leniently(&key) {
                Found::Attribute(target) => self.operations.push(Operation { op, target, value }),
                Found::Enterprise => self.push_extension(op, value)?,
                Found::Core => self.push_members(op, value)?,
                Found::Password | Found::ReadOnly(_) | Found::Unknown(_) => {}
            }
        }
        Ok(())
    }

    /// The enterprise extension as a whole.
    fn push_extension(&mut self, op: Op, value: Value) -> Result<(), Fault> {
        let named = match value {
            Value::Object(members) => members,
            Value::Null => Object::new(),
            _ => {
                return Err(Fault::invalid_value(format!(
                    "{} is not an object",
                    schema::ENTERPRISE
                )));
            }
        };
        if op == Op::Remove || named.is_empty() {
            for attribute in schema::ENTERPRISE_PARTS {
                self.operations.push(Operation {
                    op: Op::Remove,
                    target: Target::extension(attribute),
                    value: Value::Null,
                });
            }
        }
        for (key, value) in named {
            if let Some(attribute) = schema::find(schema::ENTERPRISE_PARTS, schema::named(&key).1) {
                self.operations.push(Operation {
                    op,
                    target: Target::extension(attribute),
                    value,
                });
            }
        }
        Ok(())
    }

    /// Carries the operations out.
    pub(crate) fn apply(&self, user: &mut Object) -> Result<(), Fault> {
        for operation in &self.operations {
            operation.apply(user)?;
        }
        Ok(())
    }
}

/// Whether an operation on the attribute of a leaf is about it.
fn writes(operation: &Operation, values: Option<&Value>, leaf: &Leaf, now: Option<&str>) -> bool {
    let Some(part) = leaf.part else {
        return true;
    };
    let has = |it: &Value| it.get(part).and_then(Value::as_str) == now;
    let list = values.and_then(Value::as_array);
    let elements = list.map_or(&[][..], Vec::as_slice);
    match (&operation.target.filter, operation.target.part) {
        (_, Some(it)) if it.name != part => false,
        // Of a list that has it, the elements that are named are the ones that count.
        (Some(filter), _) => {
            let mut named = elements
                .iter()
                .filter(|it| value_filter::matches(filter, it));
            named.any(has)
        }
        (None, Some(_)) => true,
        (None, None) => match &operation.value {
            Value::Array(said) => said.iter().any(|it| it.as_str() == now || has(it)),
            said @ Value::Object(_) if list.is_some() => has(said),
            Value::Object(said) => said.keys().any(|it| it.eq_ignore_ascii_case(part)),
            _ => true,
        },
    }
}

fn member(body: Value, name: &str) -> Result<Option<Value>, Fault> {
    let Value::Object(body) = body else {
        return Err(Fault::invalid_syntax("the body is not a JSON object"));
    };
    Ok(body
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value))
}

#[cfg(test)]
mod tests;
