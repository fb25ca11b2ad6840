//! What a PATCH path points at (RFC 7644 §3.5.2): `attribute`, `attribute.part`, `attribute[filter]` or
//! `attribute[filter].part`, each with an optional schema URN before it, in any letter case.

use scim_v2::filter::{AttrPath, PatchPath, ValFilter};

use crate::fault::Fault;
use crate::schema::{self, Attribute, Mutability, Shape};

/// Longest path that is looked at, in bytes.
const LONGEST: usize = 1_024;

/// A place in a User.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Whether the attribute is the enterprise extension's.
    pub(crate) extension: bool,
    pub(crate) attribute: &'static Attribute,
    /// Which elements of a list.
    pub(crate) filter: Option<ValFilter>,
    /// Which sub-attribute.
    pub(crate) part: Option<&'static Attribute>,
}

impl Target {
    /// A whole attribute of the enterprise extension.
    pub(crate) fn extension(attribute: &'static Attribute) -> Self {
        Self {
            extension: true,
            attribute,
            filter: None,
            part: None,
        }
    }
}

/// What a path turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// A place that a client may write.
    Attribute(Target),
    /// The enterprise extension as a whole.
    Enterprise,
    /// The User itself, named by its schema.
    Core,
    /// The password, which is taken and not stored.
    Password,
    /// Something that is the server's.
    ReadOnly(String),
    /// Nothing that we store.
    Unknown(String),
}

impl Found {
    /// What the `path` of an operation points at.
    pub(crate) fn strictly(path: &str) -> Result<Self, Fault> {
        parse(path).map_err(|()| {
            Fault::invalid_path(format!("the path {} cannot be read", shortened(path)))
        })
    }

    /// What a key of a value without a path points at; one that cannot be read is an unknown attribute.
    pub(crate) fn leniently(key: &str) -> Self {
        parse(key).unwrap_or_else(|()| Self::Unknown(shortened(key)))
    }
}

/// As much of a text from outside as an answer repeats.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

fn parse(path: &str) -> Result<Found, ()> {
    if schema::is_enterprise(path) {
        return Ok(Found::Enterprise);
    }
    if path.eq_ignore_ascii_case(schema::USER) {
        return Ok(Found::Core);
    }
    if path.eq_ignore_ascii_case(schema::USHER) {
        return Ok(Found::ReadOnly(path.to_owned()));
    }
    // Most paths are a plain name; the grammar's machinery is for the others.
    if path.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return Ok(resolve(None, path, None, None));
    }
    if path.len() > LONGEST {
        return Err(());
    }
    match path.parse::<PatchPath>().map_err(|_| ())? {
        PatchPath::Attr(AttrPath {
            uri,
            name,
            sub_attr,
        }) => Ok(resolve(uri.as_deref(), &name, None, sub_attr.as_deref())),
        PatchPath::Value(it) => {
            // A filter takes the elements of a list; its own sub-attribute stands behind the bracket.
            if it.attr.sub_attr.is_some() {
                return Err(());
            }
            let (uri, name) = (it.attr.uri, it.attr.name);
            Ok(resolve(
                uri.as_deref(),
                &name,
                Some(it.filter),
                it.sub_attr.as_deref(),
            ))
        }
    }
}

fn resolve(uri: Option<&str>, name: &str, filter: Option<ValFilter>, part: Option<&str>) -> Found {
    let unknown = || Found::Unknown(shortened(&[name, part.unwrap_or_default()].join(".")));
    let (extension, attribute) = match uri {
        None => match schema::find(schema::CORE, name) {
            Some(attribute) => (false, Some(attribute)),
            None => (true, schema::find(schema::ENTERPRISE_PARTS, name)),
        },
        Some(uri) if uri.eq_ignore_ascii_case(schema::USER) => {
            (false, schema::find(schema::CORE, name))
        }
        Some(uri) if schema::is_enterprise(uri) => {
            (true, schema::find(schema::ENTERPRISE_PARTS, name))
        }
        Some(uri) if uri.eq_ignore_ascii_case(schema::USHER) => {
            return Found::ReadOnly(shortened(name));
        }
        Some(_) => (false, None),
    };
    let Some(attribute) = attribute else {
        return unknown();
    };
    match attribute.mutability {
        Mutability::ReadOnly => return Found::ReadOnly(attribute.name.to_owned()),
        Mutability::WriteOnly => return Found::Password,
        Mutability::ReadWrite | Mutability::Immutable => {}
    }
    let part = match part.map(|part| schema::find(attribute.parts(), part)) {
        None => None,
        Some(None) => return unknown(),
        Some(Some(part)) if part.mutability == Mutability::ReadOnly => {
            return Found::ReadOnly(format!("{}.{}", attribute.name, part.name));
        }
        Some(Some(part)) => Some(part),
    };
    if filter.is_some() && !matches!(attribute.shape, Shape::Many(_)) {
        return unknown();
    }
    Found::Attribute(Target {
        extension,
        attribute,
        filter,
        part,
    })
}
