//! What the server says about itself, which is what it does.

use serde_json::{Value, json};

use crate::org::{ENTERPRISE, Org, USHER};

const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

fn attribute<'a>(schema: &'a Value, name: &str) -> &'a Value {
    let (list, name) = match name.split_once('.') {
        Some((of, part)) => (&attribute(schema, of)["subAttributes"], part),
        None => (&schema["attributes"], name),
    };
    let list = list.as_array().expect("a list of attributes");
    list.iter()
        .find(|it| it["name"] == json!(name))
        .unwrap_or_else(|| panic!("no attribute {name}"))
}

#[test]
fn every_schema_is_published_in_the_list_and_by_its_name() {
    let org = Org::with_free_seats(1);
    let list = org.get("/scim/v2/Schemas").body;
    let schemas = list["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(list["totalResults"], json!(schemas.len()));
    for schema in &schemas {
        assert_eq!(schema["schemas"], json!([SCHEMA]));
        let id = schema["id"].as_str().unwrap_or_default();
        for path in [id.to_owned(), id.replace(':', "%3A"), id.to_uppercase()] {
            let reply = org.get(&format!("/scim/v2/Schemas/{path}"));
            assert_eq!((reply.status, &reply.body), (200, schema), "{path}");
        }
        for it in schema["attributes"].as_array().into_iter().flatten() {
            for rule in [
                "type",
                "multiValued",
                "mutability",
                "returned",
                "uniqueness",
                "required",
                "caseExact",
            ] {
                assert!(it.get(rule).is_some(), "{id} {it} {rule}");
            }
        }
    }
    let names: Vec<_> = schemas
        .iter()
        .map(|it| it["name"].as_str().unwrap_or_default())
        .collect();
    for name in [
        "User",
        "EnterpriseUser",
        "UsherUser",
        "Group",
        "ServiceProviderConfig",
        "ResourceType",
        "Schema",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn the_rules_that_are_published_are_those_that_hold() {
    let org = Org::with_free_seats(3);
    let user = org
        .get("/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
        .body;
    for (name, rule, value) in [
        ("userName", "required", json!(true)),
        ("userName", "uniqueness", json!("server")),
        ("userName", "caseExact", json!(false)),
        ("password", "mutability", json!("writeOnly")),
        ("password", "returned", json!("never")),
        ("groups", "mutability", json!("readOnly")),
        ("groups.value", "mutability", json!("readOnly")),
        ("emails", "multiValued", json!(true)),
        ("emails.primary", "type", json!("boolean")),
        ("photos.value", "type", json!("reference")),
        ("photos.value", "referenceTypes", json!(["external"])),
        ("x509Certificates.value", "type", json!("binary")),
    ] {
        assert_eq!(attribute(&user, name)[rule], value, "{name} {rule}");
    }
    // What every resource has by the RFC, no schema lists.
    let listed = user["attributes"].as_array().cloned().unwrap_or_default();
    assert!(!listed.iter().any(|it| {
        ["id", "meta", "externalId", "schemas"].contains(&it["name"].as_str().unwrap_or_default())
    }));
    // Each attribute that a client may write is stored and comes back; one that is the server's is refused.
    let id = org.create("ana@acme.example");
    for (urn, schema) in [
        ("", user),
        (
            ENTERPRISE,
            org.get(&format!("/scim/v2/Schemas/{ENTERPRISE}")).body,
        ),
        (USHER, org.get(&format!("/scim/v2/Schemas/{USHER}")).body),
    ] {
        for it in schema["attributes"].as_array().into_iter().flatten() {
            let name = it["name"].as_str().unwrap_or_default();
            let path = if urn.is_empty() {
                name.to_owned()
            } else {
                format!("{urn}:{name}")
            };
            let value = match (it["type"].as_str(), it["multiValued"].as_bool()) {
                (Some("boolean"), _) => json!(true),
                (Some("complex"), Some(true)) => {
                    json!([{"value": "x", "streetAddress": "y", "type": "home"}])
                }
                (Some("complex"), _) => json!({"value": org.owner(), "formatted": "z"}),
                _ => json!("ana@acme.example"),
            };
            let reply = org.patch(&id, json!([{"op": "add", "path": path, "value": value}]));
            if it["mutability"] == json!("readOnly") {
                reply.is_error(400, Some("mutability"));
                continue;
            }
            assert_eq!(reply.status, 200, "{path} {reply:?}");
            let body = if urn.is_empty() {
                &reply.body
            } else {
                &reply.body[urn]
            };
            assert_eq!(
                body.get(name).is_some(),
                it["returned"] != json!("never"),
                "{path}"
            );
        }
    }
}

#[test]
fn what_the_server_says_of_itself_is_read_only_and_not_filtered() {
    let org = Org::with_free_seats(1);
    for path in [
        "ServiceProviderConfig",
        "ResourceTypes",
        "ResourceTypes/User",
        "Schemas",
        "Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
    ] {
        let path = format!("/scim/v2/{path}");
        assert_eq!(org.get(&path).status, 200, "{path}");
        assert_eq!(
            org.get(&path).header("content-type"),
            Some("application/scim+json")
        );
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let reply = org.send(method, &path, Some(json!({})));
            reply.is_error(405, None);
            assert_eq!(reply.header("allow"), Some("GET, HEAD"));
        }
        org.get(&format!("{path}?filter=name%20eq%20%22User%22"))
            .is_error(403, None);
    }
    org.get("/scim/v2/Schemas/urn:nothing").is_error(404, None);
    org.get("/scim/v2/ResourceTypes/Nothing")
        .is_error(404, None);
}
