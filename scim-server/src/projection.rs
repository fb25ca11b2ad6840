//! `attributes` and `excludedAttributes` (RFC 7644 §3.9), applied to a resource that is written already. `id`,
//! `schemas` and what is asked for stay; both given, `attributes` wins.

use serde_json::Value;

use crate::json::Json;
use crate::request::Query;
use crate::resource::Resource;
use crate::schema::{self, Object};

/// Which attributes an answer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Projection {
    /// Every one.
    Whole,
    /// These, and what is always returned.
    Only(Vec<Name>),
    /// All but these, and what is always returned.
    Without(Vec<Name>),
}

/// An attribute as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The extension's URN, if it is one's.
    urn: Option<&'static str>,
    /// The attribute; none for the extension as a whole.
    attribute: Option<String>,
    /// The sub-attribute.
    part: Option<String>,
}

impl Projection {
    pub(crate) fn of(query: &Query) -> Self {
        match (&query.attributes, &query.excluded) {
            (Some(names), _) if !names.trim().is_empty() => Self::Only(read(names)),
            (_, Some(names)) if !names.trim().is_empty() => Self::Without(read(names)),
            _ => Self::Whole,
        }
    }

    /// Writes what is wanted of a resource.
    pub(crate) fn write(&self, resource: &Resource<'_>, out: &mut Json) {
        if *self == Self::Whole {
            return resource.write(out);
        }
        let mut value = resource.value();
        self.apply(&mut value);
        out.shown(value);
    }

    /// Only what always comes: for whoever looks at status and headers alone.
    pub(crate) fn bare() -> Self {
        Self::Only(Vec::new())
    }

    /// Whether a client asked for certain attributes.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Only(_))
    }

    /// Whether a part is asked for by its name.
    pub(crate) fn names(&self, attribute: &str, part: &str) -> bool {
        let is = |has: &Option<String>, it: &str| {
            has.as_deref()
                .is_some_and(|has| has.eq_ignore_ascii_case(it))
        };
        match self {
            Self::Only(names) => names
                .iter()
                .any(|it| is(&it.attribute, attribute) && is(&it.part, part)),
            Self::Whole | Self::Without(_) => false,
        }
    }

    /// Whether anything of a core attribute is wanted.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        let named = |it: &&Name| {
            it.urn.is_none()
                && it
                    .attribute
                    .as_deref()
                    .is_some_and(|it| it.eq_ignore_ascii_case(attribute))
        };
        match self {
            Self::Whole => true,
            Self::Only(names) => names.iter().any(|it| named(&it)),
            Self::Without(names) => !names.iter().any(|it| named(&it) && it.part.is_none()),
        }
    }

    /// Takes away what is not wanted.
    pub(crate) fn apply(&self, resource: &mut Value) {
        let Some(resource) = resource.as_object_mut() else {
            return;
        };
        match self {
            Self::Whole => {}
            Self::Only(names) => {
                let mut whole = std::mem::take(resource);
                for always in ["schemas", "id"] {
                    resource.extend(whole.remove_entry(always));
                }
                names.iter().for_each(|it| it.copy(&whole, resource));
            }
            Self::Without(names) => names.iter().for_each(|it| it.remove(resource)),
        }
    }
}

fn read(names: &str) -> Vec<Name> {
    names
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .map(Name::read)
        .collect()
}

impl Name {
    fn read(text: &str) -> Self {
        for urn in [schema::ENTERPRISE, schema::USHER] {
            match text.split_at_checked(urn.len()) {
                Some((head, "")) if head.eq_ignore_ascii_case(urn) => {
                    return Self {
                        urn: Some(urn),
                        attribute: None,
                        part: None,
                    };
                }
                Some((head, tail)) if head.eq_ignore_ascii_case(urn) && tail.starts_with(':') => {
                    return Self {
                        urn: Some(urn),
                        ..Self::plain(&tail[1..])
                    };
                }
                _ => {}
            }
        }
        for urn in [schema::USER, schema::GROUP] {
            if let Some((head, tail)) = text.split_at_checked(urn.len())
                && head.eq_ignore_ascii_case(urn)
                && let Some(tail) = tail.strip_prefix(':')
            {
                return Self::plain(tail);
            }
        }
        Self::plain(text)
    }

    fn plain(text: &str) -> Self {
        let (attribute, part) = text
            .split_once('.')
            .map_or((text, None), |(it, part)| (it, Some(part.to_owned())));
        Self {
            urn: None,
            attribute: Some(attribute.to_owned()),
            part,
        }
    }

    fn copy(&self, whole: &Object, into: &mut Object) {
        let (from, into) = match self.urn {
            None => (whole, into),
            Some(urn) => {
                let Some(Value::Object(from)) = whole.get(urn) else {
                    return;
                };
                let into = into
                    .entry(urn)
                    .or_insert_with(|| Value::Object(Object::new()));
                let Some(into) = into.as_object_mut() else {
                    return;
                };
                (from, into)
            }
        };
        let Some(attribute) = &self.attribute else {
            into.clone_from(from);
            return;
        };
        let Some((key, value)) = member(from, attribute) else {
            return;
        };
        match &self.part {
            None => {
                into.insert(key.clone(), value.clone());
            }
            Some(part) => match value {
                Value::Object(object) => {
                    let place = into
                        .entry(key)
                        .or_insert_with(|| Value::Object(Object::new()));
                    copy_part(object, part, place);
                }
                Value::Array(list) => {
                    let fresh = || Value::Array(vec![Value::Object(Object::new()); list.len()]);
                    let places = into.entry(key).or_insert_with(fresh);
                    for (element, place) in
                        list.iter().zip(places.as_array_mut().into_iter().flatten())
                    {
                        element
                            .as_object()
                            .into_iter()
                            .for_each(|it| copy_part(it, part, place));
                    }
                }
                _ => {}
            },
        }
    }

    fn remove(&self, from: &mut Object) {
        let from = match (self.urn, &self.attribute) {
            (Some(urn), None) => {
                from.remove(urn);
                return;
            }
            (Some(urn), Some(_)) => match from.get_mut(urn).and_then(Value::as_object_mut) {
                Some(extension) => extension,
                None => return,
            },
            (None, _) => from,
        };
        let Some(attribute) = &self.attribute else {
            return;
        };
        let Some(key) = member(from, attribute).map(|(key, _)| key.clone()) else {
            return;
        };
        match (&self.part, self.urn, key.as_str()) {
            (_, None, "id" | "schemas") => {}
            (None, ..) => {
                from.remove(&key);
            }
            (Some(part), ..) => match from.get_mut(&key) {
                Some(Value::Object(object)) => remove_member(object, part),
                Some(Value::Array(list)) => {
                    list.iter_mut()
                        .filter_map(Value::as_object_mut)
                        .for_each(|it| remove_member(it, part));
                }
                _ => {}
            },
        }
    }
}

fn member<'a>(object: &'a Object, name: &str) -> Option<(&'a String, &'a Value)> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
}

fn copy_part(from: &Object, part: &str, into: &mut Value) {
    if let (Some((key, value)), Some(into)) = (member(from, part), into.as_object_mut()) {
        into.insert(key.clone(), value.clone());
    }
}

fn remove_member(object: &mut Object, name: &str) {
    object.retain(|key, _| !key.eq_ignore_ascii_case(name));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn projected(attributes: &str, excluded: &str) -> Value {
        let query = Query {
            attributes: Some(attributes.to_owned()),
            excluded: Some(excluded.to_owned()),
            ..Query::default()
        };
        let mut resource = json!({
            "schemas": ["s"], "id": "1", "userName": "ana", "name": {"givenName": "Ana", "familyName": "Li"},
            "emails": [{"value": "a", "type": "work"}, {"value": "b"}],
            schema::ENTERPRISE: {"department": "Sales", "manager": {"value": "2", "displayName": "Bo"}},
        });
        Projection::of(&query).apply(&mut resource);
        resource
    }

    #[test]
    fn only_what_is_asked_for_comes_with_what_always_comes() {
        assert_eq!(
            projected("USERNAME", ""),
            json!({"schemas": ["s"], "id": "1", "userName": "ana"})
        );
        assert_eq!(
            projected("name.familyName, emails.value,nothing", "userName"),
            json!({"schemas": ["s"], "id": "1", "name": {"familyName": "Li"}, "emails": [{"value": "a"}, {"value": "b"}]})
        );
        let manager = format!("{}:manager.value", schema::ENTERPRISE);
        let expected =
            json!({"schemas": ["s"], "id": "1", schema::ENTERPRISE: {"manager": {"value": "2"}}});
        assert_eq!(projected(&manager, ""), expected);
        let user_name = format!("{}:userName", schema::USER);
        assert_eq!(
            projected(&user_name, ""),
            json!({"schemas": ["s"], "id": "1", "userName": "ana"})
        );
    }

    #[test]
    fn what_is_excluded_goes_but_for_what_always_comes() {
        let rest = projected(
            "",
            &format!(
                "id,emails,name.givenName,members,{}:department",
                schema::ENTERPRISE
            ),
        );
        assert_eq!(
            rest,
            json!({
                "schemas": ["s"], "id": "1", "userName": "ana", "name": {"familyName": "Li"},
                schema::ENTERPRISE: {"manager": {"value": "2", "displayName": "Bo"}},
            })
        );
    }
}
