//! A naive reading of filters (RFC 7644 §3.4.2.2): held against each resource's JSON, with the rules of letter case that
//! `/Schemas` publishes. Slow, and too plain to be wrong in the way that the server could be.

use std::collections::HashMap;

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::{Value, json};
use usher_core::model::Timestamp;

use crate::org::{CORE, ENTERPRISE, Org, USHER};

/// What `/Schemas` says of each attribute: by URN, name and part in lower case.
pub(crate) struct Rules(HashMap<(String, String, Option<String>), Value>);

impl Rules {
    pub(crate) fn of(org: &Org) -> Self {
        let mut rules = HashMap::new();
        let schemas = org.get("/scim/v2/Schemas").body;
        for schema in schemas["Resources"].as_array().into_iter().flatten() {
            let urn = word(&schema["id"]);
            for it in schema["attributes"].as_array().into_iter().flatten() {
                rules.insert((urn.clone(), word(&it["name"]), None), it.clone());
                for part in it["subAttributes"].as_array().into_iter().flatten() {
                    let key = (urn.clone(), word(&it["name"]), Some(word(&part["name"])));
                    rules.insert(key, part.clone());
                }
            }
        }
        for (name, part, kind, exact) in [
            ("id", None, "string", true),
            ("externalid", None, "string", true),
            ("meta", Some("resourcetype"), "string", true),
            ("meta", Some("created"), "dateTime", false),
            ("meta", Some("lastmodified"), "dateTime", false),
            ("meta", Some("location"), "reference", true),
            ("meta", Some("version"), "string", true),
            ("schemas", None, "string", true),
        ] {
            let rule = json!({"type": kind, "caseExact": exact});
            let key = (
                CORE.to_lowercase(),
                name.to_owned(),
                part.map(str::to_owned),
            );
            rules.insert(key, rule);
        }
        Self(rules)
    }

    /// Every attribute of a User that is published and may be asked for: its URN, name and part as they are written, and what
    /// kind of value it has; lists by themselves and by their parts.
    pub(crate) fn paths(org: &Org) -> Vec<(Option<String>, String, Option<String>, String)> {
        let mut paths = Vec::new();
        let schemas = org.get("/scim/v2/Schemas").body;
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        for schema in schemas["Resources"].as_array().into_iter().flatten() {
            let urn = text(&schema["id"]);
            if ![CORE, ENTERPRISE, USHER].contains(&urn.as_str()) {
                continue;
            }
            let shown = (urn != CORE).then_some(urn);
            for it in schema["attributes"].as_array().into_iter().flatten() {
                if it["returned"] == json!("never") {
                    continue;
                }
                let name = text(&it["name"]);
                if it["type"] != json!("complex") || it["multiValued"] == json!(true) {
                    let kind = if it["type"] == json!("complex") {
                        "string".to_owned()
                    } else {
                        text(&it["type"])
                    };
                    let has_value = it["subAttributes"]
                        .as_array()
                        .is_none_or(|all| all.iter().any(|it| it["name"] == json!("value")));
                    if has_value {
                        paths.push((shown.clone(), name.clone(), None, kind));
                    }
                }
                for part in it["subAttributes"].as_array().into_iter().flatten() {
                    let part_name = Some(text(&part["name"]));
                    paths.push((shown.clone(), name.clone(), part_name, text(&part["type"])));
                }
            }
        }
        paths
    }

    fn get(&self, urn: &str, name: &str, part: Option<&str>) -> Value {
        let part = match part {
            Some("ref") => Some("$ref"),
            part => part,
        };
        let key = |part: Option<&str>| {
            (
                urn.to_lowercase(),
                name.to_lowercase(),
                part.map(str::to_lowercase),
            )
        };
        self.0.get(&key(part)).cloned().unwrap_or_default()
    }

    /// Whether the resource satisfies the filter.
    pub(crate) fn fits(&self, filter: &Filter, resource: &Value) -> bool {
        match filter {
            Filter::And(all) => all.iter().all(|it| self.fits(it, resource)),
            Filter::Or(any) => any.iter().any(|it| self.fits(it, resource)),
            Filter::Not(it) => !self.fits(it, resource),
            Filter::Attr(AttrExp::Present(path)) if path.sub_attr.is_none() => {
                member(holder(resource, urn_of(path)), &path.name).is_some_and(is_something)
            }
            Filter::Attr(AttrExp::Present(path)) => {
                let part = path.sub_attr.as_deref().unwrap_or_default();
                let has = |it: &Value| member(it, part).is_some_and(is_something);
                match member(holder(resource, urn_of(path)), &path.name) {
                    Some(Value::Array(list)) => list.iter().any(has),
                    Some(one) => has(one),
                    None => false,
                }
            }
            Filter::Attr(AttrExp::Comparison(path, op, with)) => {
                let (rule, values) = self.values(path, resource);
                holds(&rule, &values, op, with)
            }
            Filter::ValuePath(path) => {
                let urn = urn_of(&path.attr);
                let list = member(holder(resource, urn), &path.attr.name);
                let elements = list.and_then(Value::as_array).cloned().unwrap_or_default();
                elements
                    .iter()
                    .any(|it| self.inside(&path.filter, urn, &path.attr.name, it))
            }
        }
    }

    fn inside(&self, filter: &ValFilter, urn: &str, name: &str, element: &Value) -> bool {
        let part = |path: &AttrPath| {
            member(element, &path.name)
                .cloned()
                .into_iter()
                .collect::<Vec<_>>()
        };
        match filter {
            ValFilter::And(all) => all.iter().all(|it| self.inside(it, urn, name, element)),
            ValFilter::Or(any) => any.iter().any(|it| self.inside(it, urn, name, element)),
            ValFilter::Not(it) => !self.inside(it, urn, name, element),
            ValFilter::Attr(AttrExp::Present(path)) => part(path).iter().any(is_something),
            ValFilter::Attr(AttrExp::Comparison(path, op, with)) => {
                let rule = self.get(urn, name, Some(&path.name));
                let mut values = part(path);
                if values.is_empty() && rule["type"] == json!("boolean") {
                    values.push(json!(false));
                }
                holds(&rule, &values, op, with)
            }
        }
    }

    /// The values that a path has, and the rule for them.
    fn values(&self, path: &AttrPath, resource: &Value) -> (Value, Vec<Value>) {
        let urn = urn_of(path);
        let found = member(holder(resource, urn), &path.name)
            .cloned()
            .unwrap_or_default();
        let rule = self.get(urn, &path.name, path.sub_attr.as_deref());
        let elements = match found {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let main = rule["type"] == json!("complex") && rule["multiValued"] == json!(true);
        let part = match &path.sub_attr {
            Some(part) => Some(part.as_str()),
            None if main => Some("value"),
            None => None,
        };
        let rule = if main {
            self.get(urn, &path.name, part)
        } else {
            rule
        };
        let Some(part) = part else {
            return (rule, elements);
        };
        let boolean = rule["type"] == json!("boolean");
        let missing = boolean.then_some(Value::Bool(false));
        let values = elements
            .iter()
            .filter_map(|it| member(it, part).cloned().or_else(|| missing.clone()));
        (rule, values.collect())
    }
}

fn word(text: &Value) -> String {
    text.as_str().unwrap_or_default().to_lowercase()
}

fn urn_of(path: &AttrPath) -> &str {
    path.uri.as_deref().unwrap_or(CORE)
}

fn holder<'a>(resource: &'a Value, urn: &str) -> &'a Value {
    match [ENTERPRISE, USHER]
        .into_iter()
        .find(|it| it.eq_ignore_ascii_case(urn))
    {
        Some(urn) => &resource[urn],
        None => resource,
    }
}

pub(crate) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    // The grammar of the crate has no `$`.
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

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().any(is_something),
        Value::Object(members) => members.values().any(is_something),
        _ => true,
    }
}

fn holds(rule: &Value, values: &[Value], op: &CompareOp, with: &CompValue) -> bool {
    if *with == CompValue::Null {
        return values.iter().any(is_something) == (*op == CompareOp::Ne);
    }
    if *op == CompareOp::Ne {
        return !holds(rule, values, &CompareOp::Eq, with);
    }
    values.iter().any(|it| compare(rule, it, op, with))
}

fn compare(rule: &Value, has: &Value, op: &CompareOp, with: &CompValue) -> bool {
    let order = match (rule["type"].as_str(), has, with) {
        (Some("dateTime"), Value::String(has), CompValue::Str(with)) => {
            let instant = |it: &str| {
                it.parse::<Timestamp>()
                    .map(Timestamp::as_millis)
                    .expect("an instant")
            };
            instant(has).cmp(&instant(with))
        }
        (_, Value::Bool(has), with) => {
            let with = match with {
                CompValue::True => true,
                CompValue::False => false,
                CompValue::Str(it) => it.eq_ignore_ascii_case("true"),
                _ => return false,
            };
            return *op == CompareOp::Eq && *has == with;
        }
        (_, Value::Number(has), CompValue::Number(with)) => {
            let (Some(has), Some(with)) = (has.as_f64(), with.as_f64()) else {
                return false;
            };
            has.total_cmp(&with)
        }
        (_, Value::String(has), CompValue::Str(with)) => {
            let exact = rule["caseExact"] == json!(true);
            let folded = |it: &str| {
                if exact {
                    it.to_owned()
                } else {
                    it.to_lowercase()
                }
            };
            let (has, with) = (folded(has), folded(with));
            match op {
                CompareOp::Co => return has.contains(&with),
                CompareOp::Sw => return has.starts_with(&with),
                CompareOp::Ew => return has.ends_with(&with),
                _ => has.cmp(&with),
            }
        }
        _ => return false,
    };
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        _ => false,
    }
}
