//! What the server says about itself (RFC 7644 §4), from the same tables that it works by.

use hyper::{Method, StatusCode};
use scim_v2::schema_urns;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::bulk;
use crate::fault::Fault;
use crate::request::{MOST_RESULTS, USUAL_RESULTS};
use crate::route::{self, App};
use crate::schema::{
    self, Attribute, Kind, Mutability, Object, Returned, SCHEMAS, Schema, Shape, Uniqueness,
};

/// Answers everything under `/scim/v2` that is not a resource. `filtered`: whether the query has a filter.
pub(crate) fn answer(
    app: &App,
    place: &[&str],
    method: &Method,
    filtered: bool,
) -> Result<Answer, Fault> {
    let document = match place {
        ["ServiceProviderConfig"] => service_provider_config(&app.base),
        ["ResourceTypes"] => listed(resource_types(&app.base)),
        ["ResourceTypes", name] => {
            let mut types = resource_types(&app.base).into_iter();
            types
                .find(|it| it["id"] == json!(name))
                .ok_or_else(|| Fault::nothing("there is no resource type of this name"))?
        }
        ["Schemas"] => listed(SCHEMAS.iter().map(|it| schema(it, &app.base)).collect()),
        ["Schemas", id] => {
            let found = SCHEMAS.iter().find(|it| it.id.eq_ignore_ascii_case(id));
            schema(
                found.ok_or_else(|| Fault::nothing("there is no schema of this name"))?,
                &app.base,
            )
        }
        // RFC 7644 §3.11: who has no person behind the token answers so.
        ["Me"] => {
            return Err(Fault::new(
                StatusCode::NOT_IMPLEMENTED,
                "a connection's token is nobody's own",
            ));
        }
        _ => return Err(Fault::no_such_address()),
    };
    match *method {
        // RFC 7644 §4: so that nobody takes the whole list for the filtered one.
        Method::GET | Method::HEAD if filtered => Err(Fault::new(
            StatusCode::FORBIDDEN,
            "what the server says about itself cannot be filtered",
        )),
        Method::GET | Method::HEAD => Ok(answer::json(StatusCode::OK, &document)),
        _ => Err(Fault::method_not_allowed("GET, HEAD")),
    }
}

fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [schema_urns::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {
            "supported": true,
            "maxOperations": bulk::MOST_OPERATIONS,
            "maxPayloadSize": route::LARGEST_LIST,
        },
        "filter": {"supported": true, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": USUAL_RESULTS,
            "maxPageSize": MOST_RESULTS,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A connection's token in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/scim/v2/ServiceProviderConfig"),
        },
    })
}

fn resource_types(base: &str) -> Vec<Value> {
    let meta = |name: &str| {
        json!({
            "resourceType": "ResourceType",
            "location": format!("{base}/scim/v2/ResourceTypes/{name}"),
        })
    };
    vec![
        json!({
            "schemas": [schema_urns::RESOURCE_TYPE],
            "id": "User",
            "name": "User",
            "description": "A person on the roster",
            "endpoint": "/Users",
            "schema": schema::USER,
            "schemaExtensions": [
                {"schema": schema::ENTERPRISE, "required": false},
                {"schema": schema::USHER, "required": false},
            ],
            "meta": meta("User"),
        }),
        json!({
            "schemas": [schema_urns::RESOURCE_TYPE],
            "id": "Group",
            "name": "Group",
            "description": "People with a purpose",
            "endpoint": "/Groups",
            "schema": schema::GROUP,
            "schemaExtensions": [],
            "meta": meta("Group"),
        }),
    ]
}

fn schema(schema: &Schema, base: &str) -> Value {
    let attributes = schema.attributes.iter().filter(|it| !it.common);
    json!({
        "schemas": [schema_urns::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes.map(attribute).collect::<Vec<_>>(),
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base}/scim/v2/Schemas/{}", schema.id),
        },
    })
}

/// An attribute's definition (RFC 7643 §7).
fn attribute(it: &Attribute) -> Value {
    let mut out = Object::new();
    out.insert("name".to_owned(), json!(it.name));
    out.insert("type".to_owned(), json!(type_of(it)));
    if !it.parts().is_empty() {
        let parts: Vec<Value> = it.parts().iter().map(attribute).collect();
        out.insert("subAttributes".to_owned(), json!(parts));
    }
    out.insert("multiValued".to_owned(), json!(it.is_list()));
    out.insert("description".to_owned(), json!(it.description));
    out.insert("required".to_owned(), json!(it.required));
    if !it.canonical.is_empty() {
        out.insert("canonicalValues".to_owned(), json!(it.canonical));
    }
    let mutability = match it.mutability {
        Mutability::ReadWrite => "readWrite",
        Mutability::ReadOnly => "readOnly",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    };
    let returned = match it.returned {
        Returned::Always => "always",
        Returned::Default => "default",
        Returned::Request => "request",
        Returned::Never => "never",
    };
    let uniqueness = match it.uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
    };
    out.insert("caseExact".to_owned(), json!(it.case_exact));
    out.insert("mutability".to_owned(), json!(mutability));
    out.insert("returned".to_owned(), json!(returned));
    out.insert("uniqueness".to_owned(), json!(uniqueness));
    if let Kind::Reference(types) = it.kind {
        out.insert("referenceTypes".to_owned(), json!(types));
    }
    Value::Object(out)
}

fn type_of(it: &Attribute) -> &'static str {
    match (&it.shape, it.kind) {
        (Shape::Text, Kind::Reference(_)) => "reference",
        (Shape::Text, Kind::Binary) => "binary",
        (Shape::Text | Shape::Texts, _) => "string",
        (Shape::Flag, _) => "boolean",
        (Shape::Whole, _) => "integer",
        (Shape::Instant, _) => "dateTime",
        (Shape::Complex(_) | Shape::Many(_), _) => "complex",
    }
}

fn listed(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [schema_urns::LIST_RESPONSE],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}
