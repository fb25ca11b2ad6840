//! One PATCH operation carried out on a User (RFC 7644 §3.5.2.1 to §3.5.2.3): add, replace and remove, on a value, a
//! part of one, a list, or the elements of a list that a filter names.

use scim_v2::models::errors::ScimType;
use serde_json::Value;

use crate::fault::Fault;
use crate::patch_path::Target;
use crate::schema::{self, Attribute, Object, Shape};
use crate::value_filter;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Replace,
    Remove,
}

impl Op {
    /// The operation of that word, in any letter case.
    pub(crate) fn read(op: &Value) -> Result<Self, Fault> {
        match op.as_str() {
            Some(op) if op.eq_ignore_ascii_case("add") => Ok(Self::Add),
            Some(op) if op.eq_ignore_ascii_case("replace") => Ok(Self::Replace),
            Some(op) if op.eq_ignore_ascii_case("remove") => Ok(Self::Remove),
            _ => Err(Fault::invalid_syntax(
                "an op is none of add, replace and remove",
            )),
        }
    }
}

/// One operation on one attribute.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) op: Op,
    pub(crate) target: Target,
    pub(crate) value: Value,
}

impl Operation {
    /// Carries it out on a whole User.
    pub(crate) fn apply(&self, user: &mut Object) -> Result<(), Fault> {
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
            // RFC 7644 §3.5.2.2: what is required cannot be removed. An empty value is another matter.
            name @ ("userName" | "active") if !user.contains_key(name) => Err(match self.op {
                Op::Remove => Fault::required(name),
                Op::Add | Op::Replace => {
                    Fault::invalid_value(format!("{name} is required, and the value is empty"))
                }
            }),
            _ => Ok(()),
        }
    }

    /// Carries it out in the object that holds the attribute.
    fn apply_in(&self, holder: &mut Object) -> Result<(), Fault> {
        let attribute = self.target.attribute;
        match (&attribute.shape, self.target.part) {
            (Shape::Text | Shape::Flag | Shape::Texts | Shape::Whole | Shape::Instant, _) => {
                self.assign(holder, attribute)
            }
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
                return Err(Fault::bad(ScimType::NoTarget, detail));
            };
            hits.push(list.len());
            list.push(Value::Object(named));
        }
        for &at in &hits {
            let Some(element) = list.get_mut(at).and_then(Value::as_object_mut) else {
                continue;
            };
            match self.target.part {
                Some(part) => {
                    let had = element.len();
                    self.assign(element, part)?;
                    // What is left says which value it was, and there is none any more.
                    if element.len() < had && says_nothing(element) {
                        element.clear();
                    }
                }
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

/// Whether an element only says which of a list it is.
fn says_nothing(element: &Object) -> bool {
    element.keys().all(|it| it == "type" || it == "primary")
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
