//! The schemas that the server has: one table each, which `/Schemas` publishes and every other part of the server asks. An
//! attribute that is not here is not stored; one that is here is stored, returned, compared and changed as it says.

use scim_v2::schema_urns;

use super::attribute::{
    Attribute, binary, complex, flag, instant, many, reference, text, texts, whole,
};

/// The User schema.
pub(crate) const USER: &str = schema_urns::USER;
/// The enterprise extension.
pub(crate) const ENTERPRISE: &str = schema_urns::ENTERPRISE_USER;
/// Our read-only extension.
pub(crate) const USHER: &str = "urn:ietf:params:scim:schemas:extension:usher:2.0:User";
/// The Group schema.
pub(crate) const GROUP: &str = schema_urns::GROUP;

/// A schema: its name, its attributes and what it is for.
pub(crate) struct Schema {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

/// Every schema.
pub(crate) const SCHEMAS: &[Schema] = &[
    Schema {
        id: USER,
        name: "User",
        description: "A person on the roster",
        attributes: CORE,
    },
    Schema {
        id: GROUP,
        name: "Group",
        description: "People with a purpose",
        attributes: GROUP_PARTS,
    },
    Schema {
        id: ENTERPRISE,
        name: "EnterpriseUser",
        description: "A person's place in the organization",
        attributes: ENTERPRISE_PARTS,
    },
    Schema {
        id: USHER,
        name: "UsherUser",
        description: "Where a person stands on the roster",
        attributes: USHER_PARTS,
    },
    Schema {
        id: schema_urns::SERVICE_PROVIDER_CONFIG,
        name: "ServiceProviderConfig",
        description: "What the server can do",
        attributes: CONFIG_PARTS,
    },
    Schema {
        id: schema_urns::RESOURCE_TYPE,
        name: "ResourceType",
        description: "A type of resource and where it is",
        attributes: TYPE_PARTS,
    },
    Schema {
        id: schema_urns::SCHEMA,
        name: "Schema",
        description: "A schema and its attributes",
        attributes: SCHEMA_PARTS,
    },
];

const META: &[Attribute] = &[
    text("resourceType", "The name of the resource's type")
        .read_only()
        .exact(),
    instant("created", "When it was made").read_only(),
    instant("lastModified", "When it was last changed").read_only(),
    reference("location", "Its address", &["uri"]).read_only(),
    text("version", "Its version, as in the ETag")
        .read_only()
        .exact(),
];

const SCHEMAS_ATTRIBUTE: Attribute = texts("schemas", "The schemas that it is of")
    .read_only()
    .exact()
    .always()
    .required()
    .common();
const ID: Attribute = text("id", "The server's name of it, for ever")
    .read_only()
    .exact()
    .always()
    .unique()
    .common();
const META_ATTRIBUTE: Attribute = complex("meta", "What the server knows of it", META)
    .read_only()
    .common();
const EXTERNAL_ID: Attribute = text("externalId", "What this client calls it")
    .exact()
    .common();

const NAME: &[Attribute] = &[
    text("formatted", "The whole name, as shown"),
    text("familyName", "The family name"),
    text("givenName", "The given name"),
    text("middleName", "Names between"),
    text("honorificPrefix", "What stands before the name"),
    text("honorificSuffix", "What stands behind the name"),
];

/// The one part of an element of a list of texts.
pub(crate) const VALUE: Attribute = text("value", "The text").read_only();

const TYPE: Attribute = text("type", "What kind of value it is");
const DISPLAY: Attribute = text("display", "The value, for people");
const PRIMARY: Attribute = flag("primary", "Whether it is the preferred one; one at most");

const EMAIL: &[Attribute] = &[
    text("value", "The address"),
    DISPLAY,
    text("type", "What kind of address it is").suggests(&["work", "home", "other"]),
    PRIMARY,
];
const PHONE: &[Attribute] = &[
    text("value", "The number"),
    DISPLAY,
    text("type", "What kind of number it is")
        .suggests(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];
const PHOTO: &[Attribute] = &[
    reference("value", "Where the picture is", &["external"]),
    DISPLAY,
    text("type", "How large it is").suggests(&["photo", "thumbnail"]),
    PRIMARY,
];
const CERTIFICATE: &[Attribute] = &[
    binary("value", "The certificate, DER in base64"),
    DISPLAY,
    TYPE,
    PRIMARY,
];
const PLURAL: &[Attribute] = &[text("value", "The value"), DISPLAY, TYPE, PRIMARY];

const ADDRESS: &[Attribute] = &[
    text("formatted", "The whole address, as on a letter"),
    text("streetAddress", "Street and number"),
    text("locality", "City"),
    text(
        "region",
        "State or region; the work address's is the person's region",
    ),
    text("postalCode", "Postal code"),
    text("country", "Country"),
    text("type", "What kind of address it is").suggests(&["work", "home", "other"]),
    PRIMARY,
];

const USER_GROUPS: &[Attribute] = &[
    text("value", "The group's id").read_only().exact(),
    reference("$ref", "The group's address", &["Group"]).read_only(),
    text("display", "The group's name").read_only(),
    text("type", "How the person belongs to it")
        .read_only()
        .suggests(&["direct"]),
];

/// The attributes of a User.
pub(crate) const CORE: &[Attribute] = &[
    SCHEMAS_ATTRIBUTE,
    ID,
    META_ATTRIBUTE,
    EXTERNAL_ID,
    text("userName", "The name that the person signs in with")
        .required()
        .unique(),
    complex("name", "The parts of the name", NAME),
    text("displayName", "The name to show"),
    text("nickName", "What the person is called"),
    reference("profileUrl", "A page about the person", &["external"]),
    text("title", "Job title"),
    text("userType", "What kind of member of the organization it is"),
    text("preferredLanguage", "The language to speak to them in"),
    text("locale", "How numbers and dates are shown to them"),
    text("timezone", "Their time zone"),
    flag(
        "active",
        "Whether they are in or may come in; true for a new person of whom it is not said",
    )
    .required(),
    text(
        "password",
        "Accepted and not stored: people sign in elsewhere",
    )
    .write_only(),
    many(
        "emails",
        "Addresses; the primary, else the work, else the first one is the person's",
        EMAIL,
    ),
    many("phoneNumbers", "Telephone numbers", PHONE),
    many("ims", "Instant messaging addresses", PLURAL),
    many("photos", "Pictures", PHOTO),
    many("addresses", "Postal addresses", ADDRESS),
    many("groups", "The groups that the person is in", USER_GROUPS).read_only(),
    many(
        "entitlements",
        "Names of add-on pools, of which the person gets a license each; a value that names none is kept",
        PLURAL,
    ),
    many(
        "roles",
        "Kept and returned; they grant nothing here",
        PLURAL,
    ),
    many("x509Certificates", "Certificates", CERTIFICATE),
];

const MANAGER: &[Attribute] = &[
    text("value", "The manager's id").exact(),
    reference("$ref", "The manager's address", &["User"]),
    text("displayName", "The manager's name").read_only(),
];

/// The attributes of the enterprise extension.
pub(crate) const ENTERPRISE_PARTS: &[Attribute] = &[
    text("employeeNumber", "The number of the employee"),
    text("costCenter", "Cost center"),
    text("organization", "Organization"),
    text("division", "Division"),
    text("department", "Department; the person's functional area"),
    complex("manager", "Whom the person reports to", MANAGER),
];

const LICENSE: &[Attribute] = &[
    text("pool", "Of which pool").read_only(),
    text("state", "How it is held")
        .read_only()
        .suggests(&["reserved", "consumed", "queued"]),
];

const CUSTOM_FIELD: &[Attribute] = &[
    text("name", "The field's name").read_only(),
    text("value", "What they have in it, as people read it").read_only(),
];

/// The attributes of our extension.
pub(crate) const USHER_PARTS: &[Attribute] = &[
    text("status", "Where the person stands")
        .read_only()
        .suggests(&[
            "queued",
            "waiting",
            "pending_transfer",
            "active",
            "inactive",
            "cancelled",
        ]),
    many("licenses", "What they hold or wait for", LICENSE).read_only(),
    whole(
        "queuePosition",
        "Their place in the queue for a seat; 1 is the head",
    )
    .read_only(),
    texts("labels", "Free words").read_only(),
    many(
        "customFields",
        "What they have in the organization's custom fields that everybody sees",
        CUSTOM_FIELD,
    )
    .read_only(),
];

const MEMBER: &[Attribute] = &[
    text("value", "The member's id")
        .required()
        .immutable()
        .exact(),
    reference("$ref", "The member's address", &["User"]).immutable(),
    text("display", "The member's name")
        .read_only()
        .on_request(),
    text("type", "What the member is")
        .immutable()
        .suggests(&["User"]),
];

/// The attributes of a Group.
pub(crate) const GROUP_PARTS: &[Attribute] = &[
    SCHEMAS_ATTRIBUTE,
    ID,
    META_ATTRIBUTE,
    EXTERNAL_ID,
    text("displayName", "The group's name, unique")
        .required()
        .unique(),
    many("members", "The people in it", MEMBER),
];

const SUPPORTED: &[Attribute] = &[flag("supported", "Whether it is").read_only().required()];
const BULK: &[Attribute] = &[
    flag("supported", "Whether it is").read_only().required(),
    whole("maxOperations", "Most operations in one request")
        .read_only()
        .required(),
    whole("maxPayloadSize", "Largest body, in bytes")
        .read_only()
        .required(),
];
const FILTER: &[Attribute] = &[
    flag("supported", "Whether it is").read_only().required(),
    whole("maxResults", "Most resources in one answer")
        .read_only()
        .required(),
];
const PAGINATION: &[Attribute] = &[
    flag("cursor", "Whether pages go by cursor").read_only(),
    flag("index", "Whether pages go by index").read_only(),
    text("defaultPaginationMethod", "How pages go when not asked")
        .read_only()
        .suggests(&["cursor", "index"]),
    whole("defaultPageSize", "Resources on a page when not said").read_only(),
    whole("maxPageSize", "Most resources on a page").read_only(),
    whole("cursorTimeout", "For how many seconds a cursor works").read_only(),
];
const AUTHENTICATION: &[Attribute] = &[
    text("type", "Which kind").read_only().required(),
    text("name", "Its name").read_only().required(),
    text("description", "How it is used").read_only().required(),
    reference("specUri", "Where it is specified", &["external"]).read_only(),
    reference("documentationUri", "Where it is described", &["external"]).read_only(),
    flag("primary", "Whether it is the preferred one").read_only(),
];

const CONFIG_PARTS: &[Attribute] = &[
    reference(
        "documentationUri",
        "Where the server is described",
        &["external"],
    )
    .read_only(),
    complex("patch", "PATCH", SUPPORTED).read_only().required(),
    complex("bulk", "Bulk", BULK).read_only().required(),
    complex("filter", "Filters", FILTER).read_only().required(),
    complex("changePassword", "Changing passwords", SUPPORTED)
        .read_only()
        .required(),
    complex("sort", "Sorting", SUPPORTED).read_only().required(),
    complex("etag", "ETags", SUPPORTED).read_only().required(),
    complex("pagination", "Pages (RFC 9865)", PAGINATION).read_only(),
    many(
        "authenticationSchemes",
        "How clients authenticate",
        AUTHENTICATION,
    )
    .read_only()
    .required(),
];

const EXTENSION: &[Attribute] = &[
    reference("schema", "The extension's name", &["uri"])
        .read_only()
        .required(),
    flag("required", "Whether a resource must have it")
        .read_only()
        .required(),
];

const TYPE_PARTS: &[Attribute] = &[
    text("id", "Its name").read_only(),
    text("name", "Its name").read_only().required(),
    text("description", "What it is").read_only(),
    reference("endpoint", "Where it is, below the base", &["uri"])
        .read_only()
        .required(),
    reference("schema", "Its schema", &["uri"])
        .read_only()
        .required(),
    many("schemaExtensions", "Its extensions", EXTENSION).read_only(),
];

const RULES: &[Attribute] = &[
    text("name", "Its name").read_only().required(),
    text("type", "The type of its values")
        .read_only()
        .required(),
    flag("multiValued", "Whether it is a list")
        .read_only()
        .required(),
    text("description", "What it is").read_only(),
    flag("required", "Whether a resource must have it").read_only(),
    texts("canonicalValues", "Suggested values").read_only(),
    flag("caseExact", "Whether letter case matters").read_only(),
    text("mutability", "Who may write it").read_only(),
    text("returned", "When it is in an answer").read_only(),
    text("uniqueness", "Among what it is unique").read_only(),
    texts("referenceTypes", "What it may refer to").read_only(),
];

const SCHEMA_ATTRIBUTE: &[Attribute] = &[
    text("name", "Its name").read_only().required(),
    text("type", "The type of its values")
        .read_only()
        .required(),
    many("subAttributes", "What its values consist of", RULES).read_only(),
    flag("multiValued", "Whether it is a list")
        .read_only()
        .required(),
    text("description", "What it is").read_only(),
    flag("required", "Whether a resource must have it").read_only(),
    texts("canonicalValues", "Suggested values").read_only(),
    flag("caseExact", "Whether letter case matters").read_only(),
    text("mutability", "Who may write it").read_only(),
    text("returned", "When it is in an answer").read_only(),
    text("uniqueness", "Among what it is unique").read_only(),
    texts("referenceTypes", "What it may refer to").read_only(),
];

const SCHEMA_PARTS: &[Attribute] = &[
    text("id", "Its name").read_only().required(),
    text("name", "Its name, for people").read_only(),
    text("description", "What it is for").read_only(),
    many("attributes", "Its attributes", SCHEMA_ATTRIBUTE)
        .read_only()
        .required(),
];
