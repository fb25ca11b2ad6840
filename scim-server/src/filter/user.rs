//! Where the attributes of a User stand on the roster, so that a filter can ask for them. [`crate::resource`] shows them,
//! [`crate::wanted`] sets them.

use hyper::StatusCode;
use scim_v2::filter::AttrPath;
use scim_v2::models::errors::ScimType;
use usher_core::model::{Field, Status};
use usher_core::query::{
    Attribute as Condition, Compared, Expr, Fold, KeptBy, List, Placed, Test, TextField, TimeField,
    Value,
};

use super::{Context, unsupported};
use crate::fault::Fault;
use crate::schema::{self, Attribute, ENTERPRISE, Shape, USER, USHER};
use crate::words;

/// The schemas that every person is of.
pub(super) const SCHEMAS_OF_ALL: [&str; 2] = [USER, USHER];

/// Where an attribute stands.
pub(super) enum Place {
    /// The same of everybody.
    Constant(String, &'static Shape, Fold),
    /// The list of schemas; who is of the enterprise extension.
    Schemas(Expr),
    /// Whether the person is in; which statuses mean that, or the opposite.
    Active(fn(bool) -> Vec<Status>),
    Time(TimeField),
    Value {
        value: Value,
        prefix: String,
        shape: &'static Shape,
        fold: Fold,
    },
    List {
        of: List,
        attribute: &'static Attribute,
        part: Option<&'static Attribute>,
    },
    /// The parts of a complex attribute, of which one being there makes it be there.
    Several(Vec<Place>),
}

/// Whether a path is of the core schema.
pub(super) fn is_core(path: &AttrPath) -> bool {
    path.uri
        .as_deref()
        .is_none_or(|it| it.eq_ignore_ascii_case(USER))
}

/// Where the attribute of that path stands.
pub(super) fn place(path: &AttrPath, context: Context<'_>) -> Result<Place, Fault> {
    let (urn, attribute) = attribute(path).ok_or_else(|| unknown(path))?;
    if attribute.name == "password" {
        // RFC 7644 §7.5.2: nobody learns of a password by asking for it.
        return Err(Fault {
            scim_type: Some(ScimType::Sensitive),
            ..Fault::new(
                StatusCode::FORBIDDEN,
                "password cannot be filtered or sorted by",
            )
        });
    }
    let part = match &path.sub_attr {
        None => None,
        Some(name) => Some(find(attribute.parts(), name).ok_or_else(|| unknown(path))?),
    };
    match (&attribute.shape, part) {
        (Shape::Many(_) | Shape::Texts, _) if attribute.name != "schemas" => Ok(Place::List {
            of: list(urn, attribute, context),
            attribute,
            part,
        }),
        (Shape::Complex(_), Some(part)) => Ok(complex_part(urn, attribute, part, context)),
        // A reference to one resource is its id.
        (Shape::Complex(parts), None) if attribute.name == "manager" => {
            let value = find(parts, "value").ok_or_else(|| unsupported(path))?;
            Ok(complex_part(urn, attribute, value, context))
        }
        (Shape::Complex(parts), None) => Ok(Place::Several(
            parts
                .iter()
                .map(|part| complex_part(urn, attribute, part, context))
                .collect(),
        )),
        _ => Ok(simple(urn, attribute, context)),
    }
}

/// Whether people have the attribute of that path.
pub(super) fn knows(path: &AttrPath) -> bool {
    match (attribute(path), &path.sub_attr) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some((_, attribute)), Some(name)) => find(attribute.parts(), name).is_some(),
    }
}

fn unknown(path: &AttrPath) -> Fault {
    Fault::invalid_filter(format!(
        "there is no attribute {}",
        super::shortened(&path.to_string())
    ))
}

/// The attribute that a path names, and the extension that it is of.
fn attribute(path: &AttrPath) -> Option<(Option<&'static str>, &'static Attribute)> {
    match path.uri.as_deref() {
        None => find(schema::CORE, &path.name)
            .map(|it| (None, it))
            .or_else(|| {
                find(schema::ENTERPRISE_PARTS, &path.name).map(|it| (Some(ENTERPRISE), it))
            }),
        Some(uri) if uri.eq_ignore_ascii_case(USER) => {
            find(schema::CORE, &path.name).map(|it| (None, it))
        }
        Some(uri) if schema::is_enterprise(uri) => {
            find(schema::ENTERPRISE_PARTS, &path.name).map(|it| (Some(ENTERPRISE), it))
        }
        Some(uri) if uri.eq_ignore_ascii_case(USHER) => {
            find(schema::USHER_PARTS, &path.name).map(|it| (Some(USHER), it))
        }
        Some(_) => None,
    }
}

/// The attribute of that name; `ref` is `$ref`, whose first sign the grammar does not have.
fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    if name.eq_ignore_ascii_case("ref") {
        return schema::find(attributes, "$ref");
    }
    schema::find(attributes, name)
}

/// A part of an element, inside `[…]`.
pub(super) fn part(
    path: &AttrPath,
    attribute: &'static Attribute,
) -> Result<&'static Attribute, Fault> {
    if path.uri.is_some() || path.sub_attr.is_some() {
        return Err(unknown(path));
    }
    find(parts_of(attribute), &path.name).ok_or_else(|| unknown(path))
}

/// The one part of a list of texts.
static TEXTS: [Attribute; 1] = [schema::VALUE];

fn parts_of(attribute: &'static Attribute) -> &'static [Attribute] {
    match attribute.shape {
        Shape::Texts => &TEXTS,
        _ => attribute.parts(),
    }
}

/// What a list is compared by when no part is named.
pub(super) fn main_part(attribute: &'static Attribute) -> Option<&'static Attribute> {
    schema::find(parts_of(attribute), "value")
}

/// What letter case means to a part.
pub(super) fn fold(attribute: &Attribute, part: &Attribute) -> Fold {
    match (attribute.name, part.name) {
        _ if part.case_exact => Fold::Exact,
        ("emails", "value") => Fold::Ascii,
        _ => Fold::Caseless,
    }
}

/// The part that another one is made of, and what comes before it: the address of a group is its id behind ours.
pub(super) fn made_of(
    attribute: &Attribute,
    part: &Attribute,
    context: Context<'_>,
) -> Option<(&'static str, String)> {
    (attribute.name == "groups" && part.name == "$ref")
        .then(|| ("value", format!("{}/scim/v2/Groups/", context.base)))
}

/// A part that is the same in every element.
pub(super) fn constant_part(attribute: &Attribute, part: &Attribute) -> Option<&'static str> {
    (attribute.name == "groups" && part.name == "type").then_some("direct")
}

fn list(urn: Option<&str>, attribute: &Attribute, context: Context<'_>) -> List {
    let path = kept(urn, attribute.name, None);
    match attribute.name {
        "groups" => List::Groups,
        "licenses" => List::Licenses,
        "labels" => List::Labels,
        "customFields" => List::CustomFields,
        "emails" => List::Kept {
            path,
            placed: Some(Placed {
                part: "value".to_owned(),
                field: TextField::Email,
                needed: true,
                primary: true,
                sent: None,
            }),
        },
        "addresses" => List::Kept {
            path,
            placed: Some(Placed {
                part: "region".to_owned(),
                field: TextField::Region,
                needed: false,
                primary: false,
                sent: sent(Field::Region, context),
            }),
        },
        _ => List::Kept { path, placed: None },
    }
}

fn kept(urn: Option<&str>, name: &str, part: Option<&str>) -> Vec<String> {
    urn.into_iter()
        .chain([name])
        .chain(part)
        .map(str::to_owned)
        .collect()
}

fn value(value: Value, attribute: &'static Attribute, fold: Fold) -> Place {
    prefixed(String::new(), value, attribute, fold)
}

fn prefixed(prefix: String, value: Value, attribute: &'static Attribute, fold: Fold) -> Place {
    Place::Value {
        value,
        prefix,
        shape: &attribute.shape,
        fold,
    }
}

fn text_fold(attribute: &Attribute) -> Fold {
    if attribute.case_exact {
        Fold::Exact
    } else {
        Fold::Caseless
    }
}

fn simple(urn: Option<&str>, attribute: &'static Attribute, context: Context<'_>) -> Place {
    let fold = text_fold(attribute);
    let field = |it| value(Value::Field(it), attribute, fold);
    let sent = |it, own| value(as_sent(it, sent(own, context)), attribute, fold);
    match (urn, attribute.name) {
        (None, "id") => value(Value::Id, attribute, fold),
        (None, "externalId") => value(Value::ExternalId(context.connection), attribute, fold),
        (None, "userName") => value(Value::SignIn, attribute, Fold::Ascii),
        (None, "displayName") => field(TextField::DisplayName),
        (None, "title") => sent(TextField::Title, Field::Title),
        (None, "preferredLanguage") => sent(TextField::Language, Field::Language),
        (None, "active") => Place::Active(statuses),
        (None, "schemas") => Place::Schemas(extended(context)),
        (Some(ENTERPRISE), "department") => sent(TextField::FunctionalArea, Field::FunctionalArea),
        (Some(USHER), "status") => value(Value::Status, attribute, fold),
        (Some(USHER), "queuePosition") => value(Value::QueuePosition, attribute, fold),
        (urn, name) => value(Value::Kept(kept(urn, name, None)), attribute, fold),
    }
}

fn complex_part(
    urn: Option<&str>,
    attribute: &'static Attribute,
    part: &'static Attribute,
    context: Context<'_>,
) -> Place {
    let fold = text_fold(part);
    let users = format!("{}/scim/v2/Users/", context.base);
    match (attribute.name, part.name) {
        ("name", "givenName") => value(Value::Field(TextField::FirstName), part, fold),
        ("name", "familyName") => value(Value::Field(TextField::LastName), part, fold),
        ("meta", "resourceType") => Place::Constant("User".to_owned(), &part.shape, fold),
        ("meta", "created") => Place::Time(TimeField::Created),
        ("meta", "lastModified") => Place::Time(TimeField::Updated),
        ("meta", "location") => prefixed(users, Value::Id, part, fold),
        ("meta", "version") => prefixed("W/\"".to_owned(), Value::Version, part, fold),
        ("manager", "value") => value(Value::Manager, part, fold),
        ("manager", "$ref") => prefixed(users, Value::Manager, part, fold),
        ("manager", "displayName") => value(Value::ManagerName, part, fold),
        (name, part_name) => value(Value::Kept(kept(urn, name, Some(part_name))), part, fold),
    }
}

/// The statuses that SCIM shows as active, or the others that it shows.
fn statuses(active: bool) -> Vec<Status> {
    Status::ALL
        .into_iter()
        .filter(|it| !matches!(it, Status::Deleted | Status::Erased))
        .filter(|it| it.is_scim_active() == active)
        .collect()
}

/// Who is of the enterprise extension.
fn extended(context: Context<'_>) -> Expr {
    let enterprise = Value::Kept(vec![ENTERPRISE.to_owned()]);
    let area = match sent(Field::FunctionalArea, context) {
        None => Expr::Has(TextField::FunctionalArea),
        sent => {
            let area = as_sent(TextField::FunctionalArea, sent);
            Expr::Attribute(Box::new(Condition::Is(Compared::new(area, Test::Present))))
        }
    };
    Expr::Or(vec![
        Expr::HasManager,
        Expr::Attribute(Box::new(Condition::Is(Compared::new(
            enterprise,
            Test::Present,
        )))),
        area,
    ])
}

/// Where it is kept what the one who asks has sent of a field's own attribute that is not in the field; none where that is of
/// nobody.
fn sent(field: Field, context: Context<'_>) -> Option<KeptBy> {
    context
        .any_mapped
        .then(|| words::place(field, context.connection))
}

/// A field's own attribute as the one who asks has sent it.
fn as_sent(field: TextField, sent: Option<KeptBy>) -> Value {
    match sent {
        None => Value::Field(field),
        Some(by) => Value::AsSent { field, by },
    }
}
