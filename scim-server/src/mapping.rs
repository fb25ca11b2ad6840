//! Which attribute of a connection feeds which field: the paths that may, and what they say of a User. A mapped attribute
//! is kept and returned as any other; what it says is written to its field besides. A field's own attribute feeds it no
//! longer then: from the first write on it is kept for this connection alone ([`crate::words`]). Until a write says it again where
//! it feeds its field, what was sent of it is what it is, whatever was mapped or is not any more. Other connections see the field.

use scim_v2::filter::{AttrExp, ValFilter};
use serde_json::Value;
use usher_core::model::{Field, Mapping, Part};

use crate::patch::Patch;
use crate::patch_path::{Found, Target};
use crate::schema::{self, Attribute, ENTERPRISE, Object, Shape};
use crate::value_filter;

/// Checks the path of an attribute that is to feed a field, and completes it: `phoneNumbers` is `phoneNumbers.value`.
///
/// # Errors
/// What is wrong with it and what to do, in one sentence.
pub fn attribute_path(text: &str) -> Result<String, String> {
    let target = target(text)?;
    let attribute = target.attribute;
    let urn = if target.extension {
        format!("{ENTERPRISE}:")
    } else {
        String::new()
    };
    let filter = match (text.find('['), text.rfind(']')) {
        (Some(from), Some(to)) => text.get(from..=to).unwrap_or_default(),
        _ => "",
    };
    let part = target.part.map(|it| format!(".{}", it.name));
    Ok(format!(
        "{urn}{}{filter}{}",
        attribute.name,
        part.unwrap_or_default()
    ))
}

fn target(text: &str) -> Result<Target, String> {
    let text = text.trim();
    let found = Found::strictly(text).map_err(|_| {
        format!("the path {text:?} cannot be read; write it like title, name.middleName, {ENTERPRISE}:costCenter or addresses[type eq \"work\"].region")
    })?;
    let mut target = match found {
        Found::Attribute(target) => target,
        Found::Password => return Err("a password feeds nothing".to_owned()),
        Found::Core | Found::Enterprise => {
            return Err(format!(
                "{text} is a whole schema; name one attribute of it"
            ));
        }
        Found::ReadOnly(name) => {
            return Err(format!("{name} is the server's own; no provider writes it"));
        }
        Found::Unknown(path) => {
            return Err(format!(
                "there is no attribute {path}; /Schemas lists those that there are"
            ));
        }
    };
    let attribute = target.attribute;
    if let Some(filter) = &target.filter
        && !knows(filter, attribute.parts())
    {
        return Err(format!(
            "the filter names what {} does not have",
            attribute.name
        ));
    }
    if target.part.is_none() && !attribute.parts().is_empty() {
        target.part = schema::find(attribute.parts(), "value");
        if target.part.is_none() {
            let parts: Vec<_> = attribute.parts().iter().map(|it| it.name).collect();
            return Err(format!(
                "{} has parts; name one of {}",
                attribute.name,
                parts.join(", ")
            ));
        }
    }
    let leaf = target.part.unwrap_or(attribute);
    match leaf.shape {
        Shape::Text => Ok(target),
        _ => Err(format!("{} is no text, which a field takes", leaf.name)),
    }
}

fn knows(filter: &ValFilter, parts: &'static [Attribute]) -> bool {
    match filter {
        ValFilter::Attr(AttrExp::Present(path) | AttrExp::Comparison(path, ..)) => {
            path.sub_attr.is_none() && schema::find(parts, &path.name).is_some()
        }
        ValFilter::Not(it) => knows(it, parts),
        ValFilter::And(all) | ValFilter::Or(all) => all.iter().all(|it| knows(it, parts)),
    }
}

/// Which fields their own attributes do not feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Displaced {
    pub(crate) area: bool,
    pub(crate) title: bool,
    pub(crate) region: bool,
    pub(crate) language: bool,
}

impl Displaced {
    /// The fields whose own attributes may be kept.
    pub(crate) const ALL: [Field; 4] = [
        Field::FunctionalArea,
        Field::Title,
        Field::Region,
        Field::Language,
    ];

    pub(crate) fn by(maps: &[Mapping]) -> Self {
        let is = |field| maps.iter().any(|it| it.part == Part::Field(field));
        Self {
            area: is(Field::FunctionalArea),
            title: is(Field::Title),
            region: is(Field::Region),
            language: is(Field::Language),
        }
    }

    /// Those of which something is so.
    pub(crate) fn of(is_so: impl Fn(Field) -> bool) -> Self {
        let mut these = Self::default();
        for field in Self::ALL {
            these.set(field, is_so(field));
        }
        these
    }

    /// Those of them of which something is so.
    pub(crate) fn filter(self, is_so: impl Fn(Field) -> bool) -> Self {
        Self::of(|field| self.has(field) && is_so(field))
    }

    /// Both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self::of(|field| self.has(field) || other.has(field))
    }

    fn set(&mut self, field: Field, to: bool) {
        match field {
            Field::FunctionalArea => self.area = to,
            Field::Title => self.title = to,
            Field::Region => self.region = to,
            Field::Language => self.language = to,
            _ => {}
        }
    }

    pub(crate) fn has(self, field: Field) -> bool {
        match field {
            Field::FunctionalArea => self.area,
            Field::Title => self.title,
            Field::Region => self.region,
            Field::Language => self.language,
            _ => false,
        }
    }
}

/// What mapped attributes say.
pub(crate) type Mapped = Vec<(Part, Option<String>)>;

/// What a new User says.
pub(crate) fn said(maps: &[Mapping], user: &Object) -> Mapped {
    targets(maps)
        .map(|(part, target)| (part, value(user, &target)))
        .filter(|it| it.1.is_some())
        .collect()
}

/// What a request says: of attributes that are other than they were, and of those that it `speaks` of, which is told by what
/// there is of them now.
pub(crate) fn said_now(
    maps: &[Mapping],
    before: &Object,
    after: &Object,
    speaks: impl Fn(Part, &Target, Option<&str>) -> bool,
) -> Mapped {
    targets(maps)
        .filter_map(|(part, target)| {
            let now = value(after, &target);
            let says = now != value(before, &target) || speaks(part, &target, now.as_deref());
            says.then_some((part, now))
        })
        .collect()
}

/// Whether a PATCH speaks of an attribute.
pub(crate) fn in_patch(patch: &Patch) -> impl Fn(&Target) -> bool + '_ {
    |target| patch.speaks_of(target.extension, target.attribute.name)
}

/// Whether a whole body speaks of an attribute, also to say that there is none.
pub(crate) fn in_body(body: &Value) -> impl Fn(&Target) -> bool + '_ {
    let names = |object: &Value, name: &str| {
        object.as_object().is_some_and(|it| {
            it.keys()
                .any(|key| schema::named(key).1.eq_ignore_ascii_case(name))
        })
    };
    move |target| {
        let extension = body
            .as_object()
            .into_iter()
            .flatten()
            .find(|it| schema::is_enterprise(it.0));
        names(body, target.attribute.name)
            || target.extension && extension.is_some_and(|it| names(it.1, target.attribute.name))
    }
}

fn targets(maps: &[Mapping]) -> impl Iterator<Item = (Part, Target)> + '_ {
    // A path that an older server took and this one does not feeds nothing.
    maps.iter()
        .filter_map(|it| Some((it.part, target(&it.path).ok()?)))
}

fn value(user: &Object, target: &Target) -> Option<String> {
    let holder = if target.extension {
        user.get(ENTERPRISE)?.as_object()?
    } else {
        user
    };
    let value = holder.get(target.attribute.name)?;
    let leaf = match (value, target.part) {
        (Value::Array(list), Some(part)) => {
            let fits =
                |it: &&Value| match &target.filter {
                    Some(filter) => value_filter::matches(filter, it),
                    None => true,
                } && it.get(part.name).is_some_and(|it| !it.is_null());
            let mut fitting = list.iter().filter(fits);
            let preferred = fitting.clone().find(|it| schema::is_primary(it));
            preferred.or_else(|| fitting.next())?.get(part.name)?
        }
        (value, Some(part)) => value.get(part.name)?,
        (value, None) => value,
    };
    leaf.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_completed_or_refused_with_what_to_do() {
        for (given, path) in [
            ("TITLE", "title"),
            ("phoneNumbers", "phoneNumbers.value"),
            (
                "costCenter",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costcenter",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
            ),
            (
                "addresses[type eq \"work\"].region",
                "addresses[type eq \"work\"].region",
            ),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:name.middleName",
                "name.middleName",
            ),
            ("externalId", "externalId"),
        ] {
            assert_eq!(attribute_path(given).as_deref(), Ok(path), "{given}");
            assert_eq!(attribute_path(path).as_deref(), Ok(path), "{path}");
        }
        for (given, why) in [
            ("shoeSize", "there is no attribute"),
            ("password", "feeds nothing"),
            ("groups.value", "the server's own"),
            ("id", "the server's own"),
            ("active", "no text"),
            ("name", "name one of formatted"),
            ("addresses[type eq", "cannot be read"),
            ("addresses[planet eq \"x\"].region", "does not have"),
            (
                "urn:ietf:params:scim:schemas:extension:usher:2.0:User:status",
                "the server's own",
            ),
        ] {
            let error = attribute_path(given).expect_err(given);
            assert!(error.contains(why), "{given}: {error}");
        }
    }

    #[test]
    fn a_list_says_what_its_preferred_element_says() {
        let user = json!({"userType": "Contractor", "phoneNumbers": [{"value": "1", "type": "home"}, {"value": "2", "primary": true}, {"value": "3", "type": "work"}]});
        let Value::Object(user) = user else {
            panic!("an object")
        };
        let says = |path: &str| value(&user, &target(path).expect("a path"));
        assert_eq!(says("userType").as_deref(), Some("Contractor"));
        assert_eq!(says("phoneNumbers").as_deref(), Some("2"));
        assert_eq!(
            says("phoneNumbers[type eq \"work\"].value").as_deref(),
            Some("3")
        );
        assert_eq!(says("phoneNumbers[type eq \"fax\"].value"), None);
        assert_eq!(says("title"), None);
    }
}
