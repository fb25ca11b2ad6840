//! What is kept of a provider's attributes, for whoever reads a change of it: attributes by their names, and of what connections
//! have sent without feeding a field whose it is.

use serde_json::{Map, Value};

use super::Names;

/// Under this name stands what each connection has sent of attributes whose fields others feed.
const BY_CONNECTION: &str = "$mapped";

/// What is kept, by attributes; nothing for none.
pub(super) fn told(kept: Option<&str>, names: &Names) -> Value {
    let Some(Ok(Value::Object(members))) = kept.map(serde_json::from_str) else {
        return Value::Null;
    };
    let mut all = Map::new();
    for (name, value) in members {
        match value {
            Value::Object(connections) if name == BY_CONNECTION => {
                for (id, sent) in connections {
                    let of = id.parse().map_or(id, |it| names.connection(it));
                    for (field, value) in into_members(sent) {
                        all.insert(format!("{field} as {of} sent it"), value);
                    }
                }
            }
            // Attributes of an extension go by their own names.
            Value::Object(extension) if name.starts_with("urn:") => {
                let extension = extension.into_iter();
                all.extend(extension.map(|(name, value)| (name, without_places(value))));
            }
            value => {
                all.insert(name, without_places(value));
            }
        }
    }
    Value::Object(all)
}

fn into_members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Without the nulls that keep the places of what stands in fields.
fn without_places(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|it| !it.1.is_null());
            Value::Object(
                members
                    .map(|(name, it)| (name, without_places(it)))
                    .collect(),
            )
        }
        Value::Array(all) => all.into_iter().map(without_places).collect(),
        value => value,
    }
}
