//! What a client wants a group to be: a whole Group, or the operations of a PATCH, in every form that providers send.
//! Operations come down to who is added, who is removed, and whether the others stay; nothing of the group is read for
//! that, unless a filter asks for more than ids.

use std::collections::BTreeSet;

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, PatchPath, ValFilter};
use scim_v2::models::errors::ScimType;
use serde_json::Value;
use usher_core::command::{GroupTarget, ProvisionGroup};
use usher_core::model::{UserId, harmless};

use crate::fault::Fault;
use crate::operation::Op;
use crate::schema::{self, GROUP, GROUP_PARTS, Mutability};
use crate::value_filter;

/// Longest `externalId`, in bytes.
const LONGEST_EXTERNAL_ID: usize = 1024;
/// Most operations in one request.
const MOST_OPERATIONS: usize = 100_000;

/// A whole Group from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: Option<String>,
    /// None when it is not spoken of.
    pub(crate) external_id: Option<Option<String>>,
    /// None when they are not spoken of.
    pub(crate) members: Option<Vec<UserId>>,
}

impl Wish {
    pub(crate) fn read(body: Value) -> Result<Self, Fault> {
        let Value::Object(body) = body else {
            return Err(Fault::invalid_syntax("the body is not a JSON object"));
        };
        let mut wish = Self::default();
        for (key, value) in body {
            wish.set(&key, value)?;
        }
        Ok(wish)
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), Fault> {
        match schema::find(GROUP_PARTS, key).map(|it| it.name) {
            Some("displayName") => self.name = text("displayName", value)?,
            Some("externalId") => self.external_id = Some(external_id(value)?),
            Some("members") => self.members = Some(members(value)?),
            // The server's own, and what is not known, is left out, as in any body.
            _ => {}
        }
        Ok(())
    }
}

fn text(name: &str, value: Value) -> Result<Option<String>, Fault> {
    let attribute = schema::find(GROUP_PARTS, name).ok_or_else(Fault::internal)?;
    Ok(schema::shaped(attribute, value)?.and_then(|it| it.as_str().map(str::to_owned)))
}

fn external_id(value: Value) -> Result<Option<String>, Fault> {
    let text = text("externalId", value)?;
    if let Some(text) = &text
        && (text.len() > LONGEST_EXTERNAL_ID || harmless(text) != text.as_str())
    {
        return Err(Fault::invalid_value(
            "externalId is longer than 1024 bytes or has control characters",
        ));
    }
    Ok(text)
}

/// The ids of members: a list of objects or of ids, or one of them.
fn members(value: Value) -> Result<Vec<UserId>, Fault> {
    let list = match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        one => vec![one],
    };
    let ids = list.iter().map(member).collect::<Result<Vec<_>, _>>()?;
    Ok(ids.into_iter().flatten().collect())
}

/// The id that a member names; what is no id of ours is nobody, like somebody who is not on the roster (any more).
fn member(value: &Value) -> Result<Option<UserId>, Fault> {
    let part = |name: &str| {
        let mut members = value.as_object()?.iter();
        let found = members.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|it| it.1.as_str())
    };
    let named = value
        .as_str()
        .or_else(|| part("value"))
        .or_else(|| part("$ref").and_then(|it| it.rsplit('/').next()));
    let Some(named) = named else {
        return Err(Fault::invalid_value("a member has no value"));
    };
    Ok(named.trim().parse().ok())
}

/// One operation on members.
#[derive(Clone, Debug)]
enum Step {
    Add(Vec<UserId>),
    Remove(Vec<UserId>),
    Only(Vec<UserId>),
    RemoveFitting(ValFilter),
}

/// The operations of one PATCH on a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupPatch {
    name: Option<String>,
    external_id: Option<Option<String>>,
    steps: Vec<Step>,
}

/// What a path of a group points at.
enum Target {
    /// An attribute of the table.
    Named(&'static str),
    Fitting(ValFilter),
    ReadOnly(String),
    Unknown,
}

impl GroupPatch {
    pub(crate) fn read(body: Value) -> Result<Self, Fault> {
        let Value::Object(body) = body else {
            return Err(Fault::invalid_syntax("the body is not a JSON object"));
        };
        let operations = body
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("Operations"))
            .map(|it| it.1);
        let Some(Value::Array(operations)) = operations else {
            return Err(Fault::invalid_syntax("a PATCH needs a list of Operations"));
        };
        if operations.len() > MOST_OPERATIONS {
            return Err(Fault::invalid_value(format!(
                "a PATCH takes {MOST_OPERATIONS} operations at most"
            )));
        }
        let mut patch = Self::default();
        for operation in operations {
            patch.push(operation)?;
        }
        Ok(patch)
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
        let op = op.ok_or_else(|| Fault::invalid_syntax("an operation has no op"))?;
        if value.is_none() && op != Op::Remove {
            return Err(Fault::invalid_value(
                "an add or replace operation has no value",
            ));
        }
        match path {
            Some(Value::String(path)) if !path.trim().is_empty() => self.at(op, path.trim(), value),
            None | Some(Value::Null | Value::String(_)) => {
                self.without_path(op, value.unwrap_or_default())
            }
            Some(_) => Err(Fault::invalid_path("a path is not a string")),
        }
    }

    fn without_path(&mut self, op: Op, value: Value) -> Result<(), Fault> {
        if op == Op::Remove {
            return Err(Fault::bad(
                ScimType::NoTarget,
                "a remove operation needs a path",
            ));
        }
        let Value::Object(attributes) = value else {
            return Err(Fault::invalid_value(
                "without a path, the value is an object of attributes",
            ));
        };
        for (key, value) in attributes {
            match target(&key) {
                Some(Target::Named(name)) => self.named(op, name, Some(value))?,
                Some(Target::Fitting(filter)) => self.fitting(op, filter, Some(value))?,
                Some(Target::ReadOnly(_) | Target::Unknown) | None => {}
            }
        }
        Ok(())
    }

    fn at(&mut self, op: Op, path: &str, value: Option<Value>) -> Result<(), Fault> {
        let shortened: String = path.chars().take(80).collect();
        match target(path) {
            Some(Target::Named(name)) => self.named(op, name, value),
            Some(Target::Fitting(filter)) => self.fitting(op, filter, value),
            Some(Target::ReadOnly(name)) => Err(Fault::mutability(&name)),
            Some(Target::Unknown) => Err(Fault::invalid_path(format!(
                "there is no attribute {shortened}"
            ))),
            None => Err(Fault::invalid_path(format!(
                "the path {shortened} cannot be read"
            ))),
        }
    }

    fn named(&mut self, op: Op, name: &str, value: Option<Value>) -> Result<(), Fault> {
        let names_nobody = value.as_ref().is_some_and(Value::is_null);
        let value = value.unwrap_or_default();
        match name {
            "displayName" => {
                if op == Op::Remove {
                    return Err(Fault::required("displayName"));
                }
                let name = text("displayName", value)?;
                self.name = Some(name.ok_or_else(|| {
                    Fault::invalid_value("displayName is required, and the value is empty")
                })?);
            }
            "externalId" if op == Op::Remove => self.external_id = Some(None),
            "externalId" => self.external_id = Some(external_id(value)?),
            // A script whose variable is empty empties no group.
            _ if op == Op::Remove && names_nobody => {
                return Err(Fault::invalid_value(
                    "the members to remove are null: name them, or leave the value out to remove everybody",
                ));
            }
            _ => self.steps.push(match op {
                Op::Add => Step::Add(members(value)?),
                Op::Replace => Step::Only(members(value)?),
                // Without a list, everybody.
                Op::Remove if value.is_null() => Step::Only(Vec::new()),
                Op::Remove => Step::Remove(members(value)?),
            }),
        }
        Ok(())
    }

    fn fitting(&mut self, op: Op, filter: ValFilter, value: Option<Value>) -> Result<(), Fault> {
        let named = ids(&filter);
        if op == Op::Remove {
            self.steps.push(match named {
                Some(ids) => Step::Remove(ids),
                None => Step::RemoveFitting(filter),
            });
            return Ok(());
        }
        let named = named.unwrap_or_default();
        // Only a part of a member speaks of the members whom the filter names by value.
        let meant = match value.map(members) {
            Some(Ok(meant)) => meant,
            Some(Err(_)) | None => named.clone(),
        };
        // A member is who they are: nobody becomes somebody else.
        if meant != named {
            return Err(Fault::mutability("members.value"));
        }
        // A value path that names somebody who is not there makes them be there.
        self.steps.push(Step::Add(named));
        Ok(())
    }

    /// The command. `members` reads who is in the group, with each as shown.
    pub(crate) fn command(
        &self,
        members: impl Fn() -> Result<Vec<(UserId, Value)>, Fault>,
    ) -> Result<ProvisionGroup, Fault> {
        let (mut only, mut add, mut remove) = (false, BTreeSet::new(), BTreeSet::new());
        for step in &self.steps {
            match step {
                Step::Add(ids) => {
                    for it in ids {
                        remove.remove(it);
                    }
                    add.extend(ids.iter().copied());
                }
                Step::Remove(ids) => {
                    for it in ids {
                        add.remove(it);
                    }
                    remove.extend(ids.iter().copied());
                }
                Step::Only(ids) => {
                    only = true;
                    add = ids.iter().copied().collect();
                    remove.clear();
                }
                Step::RemoveFitting(filter) => {
                    for (id, shown) in members()? {
                        let here = add.contains(&id) || !only && !remove.contains(&id);
                        if here && value_filter::matches(filter, &shown) {
                            add.remove(&id);
                            remove.insert(id);
                        }
                    }
                }
            }
        }
        Ok(ProvisionGroup {
            target: GroupTarget::New,
            name: self.name.clone(),
            external_id: self.external_id.clone(),
            only,
            add: add.into_iter().collect(),
            remove: remove.into_iter().collect(),
        })
    }
}

/// The ids that a filter names, if it names nothing else.
fn ids(filter: &ValFilter) -> Option<Vec<UserId>> {
    match filter {
        ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(id)))
            if path.name.eq_ignore_ascii_case("value") && path.sub_attr.is_none() =>
        {
            Some(id.parse().into_iter().collect())
        }
        ValFilter::Or(any) => {
            let all: Option<Vec<Vec<UserId>>> = any.iter().map(ids).collect();
            all.map(|it| it.concat())
        }
        _ => None,
    }
}

fn target(path: &str) -> Option<Target> {
    if path.eq_ignore_ascii_case(GROUP) {
        return Some(Target::Unknown);
    }
    match path.replace("$ref", "ref").parse::<PatchPath>().ok()? {
        PatchPath::Attr(path) => Some(named(&path)),
        PatchPath::Value(it) => Some(match named(&it.attr) {
            Target::Named("members") => match it.sub_attr.as_deref() {
                Some(part) if !part.eq_ignore_ascii_case("value") => {
                    Target::ReadOnly(format!("members.{part}"))
                }
                _ => Target::Fitting(it.filter),
            },
            Target::ReadOnly(name) => Target::ReadOnly(name),
            _ => Target::Unknown,
        }),
    }
}

fn named(path: &AttrPath) -> Target {
    let core = path
        .uri
        .as_deref()
        .is_none_or(|it| it.eq_ignore_ascii_case(GROUP));
    let Some(attribute) = schema::find(GROUP_PARTS, &path.name).filter(|_| core) else {
        return Target::Unknown;
    };
    if attribute.mutability == Mutability::ReadOnly {
        return Target::ReadOnly(attribute.name.to_owned());
    }
    match path.sub_attr.as_deref() {
        None => Target::Named(attribute.name),
        // Who a member is does not change, and a part without a filter says not of whom.
        Some(part) => match schema::find(attribute.parts(), part) {
            Some(part) => Target::ReadOnly(format!("{}.{}", attribute.name, part.name)),
            None => Target::Unknown,
        },
    }
}
