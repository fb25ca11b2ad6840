//! Searches among people and groups at once, from the root: what a type does not have is without a value for its resources
//! (RFC 7644 §3.4.2.1), and what neither has is refused.

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter};

use super::{json, parse, text, user};
use crate::fault::Fault;
use crate::request::Query;
use crate::schema;

/// One of the two types of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    People,
    Groups,
}

impl Type {
    const fn other(self) -> Self {
        match self {
            Self::People => Self::Groups,
            Self::Groups => Self::People,
        }
    }

    fn has(self, path: &AttrPath) -> bool {
        match self {
            Self::People => user::knows(path),
            Self::Groups => json::knows(path, schema::GROUP, schema::GROUP_PARTS),
        }
    }

    /// Whether only the other type has it.
    fn lacks(self, path: &AttrPath) -> bool {
        !self.has(path) && self.other().has(path)
    }
}

/// What a search of both asks of the resources of one type.
pub(crate) fn of_type(query: &Query, kind: Type) -> Result<Query, Fault> {
    let mut filter = query.filter.as_deref().map(parse).transpose()?;
    if let Some(filter) = &mut filter {
        tell(filter, kind);
    }
    let sorts = |by: &String| text::path(by).is_none_or(|it| !kind.lacks(&it));
    Ok(Query {
        filter: filter.map(|it| it.to_string()),
        sort_by: query.sort_by.clone().filter(sorts),
        descending: query.descending,
        ..Query::default()
    })
}

/// Tells a filter as it is of resources of a type.
fn tell(filter: &mut Filter, kind: Type) {
    let holds = match filter {
        Filter::Not(inner) => return tell(inner, kind),
        Filter::And(filters) | Filter::Or(filters) => {
            return filters.iter_mut().for_each(|it| tell(it, kind));
        }
        Filter::Attr(AttrExp::Present(path)) if kind.lacks(path) => false,
        Filter::Attr(AttrExp::Comparison(path, op, value)) if kind.lacks(path) => {
            let is_none = *value == CompValue::Null;
            match op {
                CompareOp::Eq => is_none,
                CompareOp::Ne => !is_none,
                _ => false,
            }
        }
        Filter::ValuePath(it) if kind.lacks(&it.attr) => false,
        Filter::Attr(_) | Filter::ValuePath(_) => return,
    };
    *filter = always(holds);
}

/// What holds of every resource, or of none: each has an id.
fn always(holds: bool) -> Filter {
    let id = AttrPath {
        uri: None,
        name: "id".to_owned(),
        sub_attr: None,
    };
    let there = Filter::Attr(AttrExp::Present(id));
    if holds {
        there
    } else {
        Filter::Not(Box::new(there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_other_type_has_is_without_a_value() {
        for (filter, people, groups) in [
            ("userName eq \"x\"", "userName eq \"x\"", "not (id pr)"),
            ("not (members pr)", "not (not (id pr))", "not (members pr)"),
            ("userName ne \"x\"", "userName ne \"x\"", "id pr"),
            ("members eq null", "id pr", "members eq null"),
            (
                "members pr or userName sw \"b\"",
                "not (id pr) or userName sw \"b\"",
                "members pr or not (id pr)",
            ),
            (
                "emails[type eq \"work\"] and displayName pr",
                "emails[type eq \"work\"] and displayName pr",
                "not (id pr) and displayName pr",
            ),
            ("nonsense pr", "nonsense pr", "nonsense pr"),
        ] {
            let of = |kind| {
                let query = Query {
                    filter: Some(filter.to_owned()),
                    ..Query::default()
                };
                of_type(&query, kind).unwrap().filter.unwrap()
            };
            assert_eq!(
                (of(Type::People).as_str(), of(Type::Groups).as_str()),
                (people, groups)
            );
        }
    }
}
