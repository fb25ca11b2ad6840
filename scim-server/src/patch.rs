//! PATCH (RFC 7644 §3.5.2): operations on a User in the shapes of [`crate::schema`], in order, all or nothing. What a
//! client wants is read from the result; nothing here knows the roster.
//!
//! Where providers and the RFC part, a form is taken when it can mean one thing only: `op` in any letter case,
//! path-less values with dotted and URN keys, a value path that creates the element it names (also for `replace`),
//! `remove` with a list of values, which removes those only.

use serde_json::Value;

use crate::fault::Fault;
use crate::patch_path::{Found, Target};
use crate::schema::{self, Attribute, Object, Shape};
use crate::value_filter;

/// Most operations in one request.
const MOST_OPERATIONS: usize = 1_000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// One operation on one attribute.
#[derive(Clone, Debug)]
struct Operation {
    op: Op,
    target: Target,
    value: Value,
}

/// The operations of one request, with their paths resolved.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    operations: Vec<Operation>,
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
        };
        for operation in operations {
            patch.push(operation)?;
        }
        Ok(patch)
    }

    /// What the request says of `active` in the end, given the User it leads to.
    pub(crate) fn says_active(&self) -> bool {
        self.operations
            .iter()
            .any(|it| it.target.attribute.name == "active")
    }

    fn push(&mut self, operation: Value) -> Result<(), Fault> {
        let Value::Object(operation) = operation else {
            return Err(Fault::invalid_syntax("an operation is not an object"));
        };
        let (mut op, mut path, mut value) = (None, None, None);
        for (key, member) in operation {
            match key {
                key if key.eq_ignore_ascii_case("op") => op = Some(read_op(&member)?),
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
            Found::Enterprise => return self.push_extension(op, value),
            Found::Core => return self.push_without_path(op, value),
            Found::Password => {}
            Found::ReadOnly(name) => return Err(Fault::mutability(&name)),
            Found::Unknown(path) => {
                return Err(Fault::invalid_path(format!("there is no attribute {path}")));
            }
        }
        Ok(())
    }

    /// An object whose keys are paths. Keys that are unknown or the server's are left out, as in any body.
    fn push_without_path(&mut self, op: Op, value: Value) -> Result<(), Fault> {
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
                Found::Core => self.push_without_path(op, value)?,
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
            if let Some(attribute) = schema::find(schema::ENTERPRISE_PARTS, &key) {
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

fn member(body: Value, name: &str) -> Result<Option<Value>, Fault> {
    let Value::Object(body) = body else {
        return Err(Fault::invalid_syntax("the body is not a JSON object"));
    };
    Ok(body
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value))
}

fn read_op(op: &Value) -> Result<Op, Fault> {
    match op.as_str() {
        Some(op) if op.eq_ignore_ascii_case("add") => Ok(Op::Add),
        Some(op) if op.eq_ignore_ascii_case("replace") => Ok(Op::Replace),
        Some(op) if op.eq_ignore_ascii_case("remove") => Ok(Op::Remove),
        _ => Err(Fault::invalid_syntax(
            "an op is none of add, replace and remove",
        )),
    }
}

impl Operation {
    fn apply(&self, user: &mut Object) -> Result<(), Fault> {
        let attribute = self.target.attribute;
        if !self.target.extension {
            self.apply_in(user)?;
        } else {
            let extension = user
                .entry(schema::ENTERPRISE)
                .or_insert_with(|| Value::Object(Object::new()));
            let Some(extension) = extension.as_object_mut() else {
                return Err(Fault::internal());
            };
            self.apply_in(extension)?;
        }
        match attribute.name {
            "userName" | "active" if !user.contains_key(attribute.name) => {
                Err(Fault::mutability(attribute.name))
            }
            _ => Ok(()),
        }
    }

    /// Carries it out in the object that holds the attribute.
    fn apply_in(&self, holder: &mut Object) -> Result<(), Fault> {
        let attribute = self.target.attribute;
        match (&attribute.shape, self.target.part) {
            (Shape::Text | Shape::Flag, _) => self.assign(holder, attribute),
            (Shape::Complex(_), None) => self.merge(holder),
            (Shape::Complex(_), Some(part)) => {
                let object = holder
                    .entry(attribute.name)
                    .or_insert_with(|| Value::Object(Object::new()));
                if let Some(object) = object.as_object_mut() {
                    self.assign(object, part)?;
                }
                drop_if_empty(holder, attribute.name);
                Ok(())
            }
            (Shape::Many(parts), _) => {
                let mut list = match holder.remove(attribute.name) {
                    Some(Value::Array(list)) => list,
                    _ => Vec::new(),
                };
                self.apply_to_list(&mut list, parts)?;
                if !list.is_empty() {
                    holder.insert(attribute.name.to_owned(), Value::Array(list));
                }
                Ok(())
            }
        }
    }

    /// Sets or clears one attribute of an object.
    fn assign(&self, object: &mut Object, attribute: &'static Attribute) -> Result<(), Fault> {
        let value = match self.op {
            Op::Remove => None,
            Op::Add | Op::Replace => schema::shaped(attribute, self.value.clone())?,
        };
        match value {
            Some(value) => object.insert(attribute.name.to_owned(), value),
            None => object.remove(attribute.name),
        };
        Ok(())
    }

    /// Merges an object into a complex attribute; sub-attributes that are not named stay (RFC 7644 §3.5.2.3).
    fn merge(&self, holder: &mut Object) -> Result<(), Fault> {
        let attribute = self.target.attribute;
        let value = match self.op {
            Op::Remove => None,
            Op::Add | Op::Replace => schema::shaped(attribute, self.value.clone())?,
        };
        if value.is_none() && !matches!(self.value, Value::Object(_)) || self.op == Op::Remove {
            holder.remove(attribute.name);
            return Ok(());
        }
        let object = holder
            .entry(attribute.name)
            .or_insert_with(|| Value::Object(Object::new()));
        merge_into(
            object,
            value.unwrap_or_else(|| Value::Object(Object::new())),
            &self.value,
        );
        drop_if_empty(holder, attribute.name);
        Ok(())
    }

    fn apply_to_list(
        &self,
        list: &mut Vec<Value>,
        parts: &'static [Attribute],
    ) -> Result<(), Fault> {
        if let Some(filter) = &self.target.filter {
            let hits = (0..list.len())
                .filter(|&i| value_filter::matches(filter, &list[i]))
                .collect();
            return self.apply_to_elements(
                list,
                parts,
                hits,
                value_filter::named_by(filter, parts),
            );
        }
        if self.target.part.is_some() {
            return match list.len() {
                0 => self.apply_to_elements(list, parts, Vec::new(), Some(Object::new())),
                1 => self.apply_to_elements(list, parts, vec![0], None),
                _ => Err(Fault::invalid_path(
                    "there are several values; say which, as in emails[type eq \"work\"].value",
                )),
            };
        }
        let given = schema::shaped(self.target.attribute, self.value.clone())?;
        let given = match given {
            Some(Value::Array(given)) => given,
            _ => Vec::new(),
        };
        match self.op {
            Op::Replace => *list = given,
            Op::Add => append(list, given)?,
            Op::Remove if self.value.is_null() => list.clear(),
            Op::Remove => list.retain(|it| !given.iter().any(|named| includes(it, named))),
        }
        Ok(())
    }

    /// Carries it out on the elements at `hits`, or on a new one that starts as `named`.
    fn apply_to_elements(
        &self,
        list: &mut Vec<Value>,
        parts: &'static [Attribute],
        mut hits: Vec<usize>,
        named: Option<Object>,
    ) -> Result<(), Fault> {
        if self.op == Op::Remove && self.target.part.is_none() {
            let mut at = 0;
            list.retain(|_| (!hits.contains(&at), at += 1).0);
            return Ok(());
        }
        if hits.is_empty() {
            if self.op == Op::Remove || self.clears() {
                return Ok(());
            }
            let Some(named) = named else {
                let detail = "no value matches, and the filter does not say what to create";
                return Err(Fault::bad(
                    scim_v2::models::errors::ScimType::NoTarget,
                    detail,
                ));
            };
            hits.push(list.len());
            list.push(Value::Object(named));
        }
        for &at in &hits {
            let Some(element) = list.get_mut(at).and_then(Value::as_object_mut) else {
                continue;
            };
            match self.target.part {
                Some(part) => self.assign(element, part)?,
                None => self.merge_element(element, parts)?,
            }
        }
        if let Some(&primary) = hits
            .iter()
            .rev()
            .find(|&&at| list.get(at).is_some_and(schema::is_primary))
        {
            leave_one_primary(list, primary);
        }
        list.retain(|it| it.as_object().is_some_and(|it| !it.is_empty()));
        Ok(())
    }

    /// Whether the value is one that means "unassigned".
    fn clears(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        }
    }

    fn merge_element(
        &self,
        element: &mut Object,
        parts: &'static [Attribute],
    ) -> Result<(), Fault> {
        let value = schema::shaped_element(self.target.attribute.name, parts, self.value.clone())?;
        if let Some(Value::Object(value)) = value {
            element.extend(value);
        } else if self.op == Op::Replace {
            element.clear();
        }
        Ok(())
    }
}

/// Merges a shaped object into another. A member that was sent as null or empty is cleared.
fn merge_into(object: &mut Value, shaped: Value, sent: &Value) {
    let (Some(object), Value::Object(shaped)) = (object.as_object_mut(), shaped) else {
        return;
    };
    if let Value::Object(sent) = sent {
        object.retain(|key, _| !sent.keys().any(|it| it.eq_ignore_ascii_case(key)));
    }
    object.extend(shaped);
}

fn drop_if_empty(holder: &mut Object, name: &str) {
    if holder
        .get(name)
        .and_then(Value::as_object)
        .is_some_and(Object::is_empty)
    {
        holder.remove(name);
    }
}

/// Appends what is not there yet (RFC 7644 §3.5.2.1); a new primary value takes the place of the old one.
fn append(list: &mut Vec<Value>, given: Vec<Value>) -> Result<(), Fault> {
    for element in given {
        if list.contains(&element) {
            continue;
        }
        let primary = schema::is_primary(&element);
        list.push(element);
        if primary {
            let newest = list.len() - 1;
            leave_one_primary(list, newest);
        }
    }
    schema::check_length(list)
}

fn leave_one_primary(list: &mut [Value], primary: usize) {
    for (at, element) in list.iter_mut().enumerate() {
        if at != primary && schema::is_primary(element) {
            element["primary"] = Value::Bool(false);
        }
    }
}

/// Whether an element has everything that `named` says, texts compared without regard to ASCII case.
fn includes(element: &Value, named: &Value) -> bool {
    let Some(named) = named.as_object() else {
        return false;
    };
    named
        .iter()
        .all(|(key, value)| match (element.get(key), value) {
            (Some(Value::String(has)), Value::String(value)) => has.eq_ignore_ascii_case(value),
            (has, value) => has == Some(value),
        })
}

#[cfg(test)]
mod tests;
