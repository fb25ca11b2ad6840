//! What the server says about itself (RFC 7644 §4). It says only what is true of it today.

use hyper::{Method, StatusCode};
use scim_v2::schema_urns;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::request::MOST_RESULTS;
use crate::route::App;
use crate::schema;

/// Answers everything under `/scim/v2` that is not a resource.
pub(crate) fn answer(app: &App, place: &[&str], method: &Method) -> Result<Answer, Fault> {
    let document = match place {
        ["ServiceProviderConfig"] => service_provider_config(&app.base),
        ["ResourceTypes"] => listed(vec![user_type(&app.base)]),
        ["ResourceTypes", "User"] => user_type(&app.base),
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
        Method::GET | Method::HEAD => Ok(answer::json(StatusCode::OK, &document)),
        _ => Err(Fault::method_not_allowed("GET, HEAD")),
    }
}

fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [schema_urns::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A connection's token in the Authorization header",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/scim/v2/ServiceProviderConfig"),
        },
    })
}

fn user_type(base: &str) -> Value {
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
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/scim/v2/ResourceTypes/User")},
    })
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
