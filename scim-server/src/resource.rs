//! A person as SCIM shows them, written straight from the roster's row. [`crate::wanted`] is the way back.

use serde_json::Value;
use usher_core::model::{ConnectionId, Field, GroupId, User, fold_key};

use crate::json::Json;
use crate::kept::{Kept, Members, around_place};
use crate::schema::{ENTERPRISE, Object, USER, USHER};
use crate::words::Words;

/// A person with everything that an answer says of them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: User,
    /// What the asking connection calls them.
    pub(crate) external_id: Option<String>,
    /// Their manager's name.
    pub(crate) manager_name: Option<String>,
    /// Their licenses: pool and state.
    pub(crate) licenses: Vec<(String, &'static str)>,
    /// Their place in the queue for a seat; 1 is the head.
    pub(crate) queue_position: Option<i64>,
    /// The groups that they are in, with their names.
    pub(crate) groups: Vec<(GroupId, String)>,
    /// What they have in custom fields that everybody sees: names and values.
    pub(crate) fields: Vec<(String, String)>,
}

/// A person's resource, at the base address.
pub(crate) struct Resource<'a> {
    pub(crate) person: &'a Person,
    pub(crate) base: &'a str,
    /// Who asks: of their own, attributes whose fields others feed are shown as they were sent.
    pub(crate) connection: ConnectionId,
}

impl Resource<'_> {
    /// The resource as a value to work on.
    pub(crate) fn value(&self) -> Value {
        let mut json = Json::default();
        self.write(&mut json);
        serde_json::from_slice(&json.0).unwrap_or_default()
    }

    /// The same as its client may have sent it: without the address that nobody sent, which is the user name and goes with it.
    pub(crate) fn value_as_sent(&self) -> Value {
        let mut value = self.value();
        let profile = &self.person.user.profile;
        let kept = Kept::of(profile.kept.as_deref());
        let key = |it: &Option<String>| it.as_deref().map(fold_key);
        if kept.emails == Some("[]")
            && key(&profile.email) == key(&profile.user_name)
            && let Some(members) = value.as_object_mut()
        {
            members.remove("emails");
        }
        value
    }

    /// Writes the resource.
    pub(crate) fn write(&self, out: &mut Json) {
        let user = &self.person.user;
        let profile = &user.profile;
        let kept = Kept::of(profile.kept.as_deref());
        let words = Words::of(kept.mapped, self.connection);
        let area = words.shown(Field::FunctionalArea, profile.functional_area.as_deref());
        let extended = area.is_some() || user.manager.is_some() || !kept.enterprise.is_empty();
        out.raw("{\"schemas\":[");
        for urn in [Some(USER), extended.then_some(ENTERPRISE), Some(USHER)]
            .into_iter()
            .flatten()
        {
            out.element();
            out.text(urn);
        }
        out.raw("],\"id\":\"");
        out.id(user.id.as_bytes());
        out.raw("\"");
        out.optional_member("externalId", self.person.external_id.as_deref());
        match &profile.user_name {
            Some(user_name) => out.text_member("userName", user_name),
            None => out.text_member("userName", &user.label()),
        }
        write_name(out, user, kept.name);
        out.optional_member("displayName", profile.display_name.as_deref());
        out.optional_member("title", words.shown(Field::Title, profile.title.as_deref()));
        out.optional_member(
            "preferredLanguage",
            words.shown(Field::Language, profile.language.as_deref()),
        );
        out.raw_member(
            "active",
            if user.status.is_scim_active() {
                "true"
            } else {
                "false"
            },
        );
        write_emails(out, user, kept.emails);
        let region = words.shown(Field::Region, profile.region.as_deref());
        write_addresses(out, region, kept.addresses);
        for (name, value) in &kept.rest {
            out.raw_member(name, value);
        }
        self.write_groups(out);
        if extended {
            self.write_enterprise(out, area, kept.enterprise);
        }
        self.write_standing(out);
        self.write_meta(out);
        out.raw("}");
    }

    fn write_groups(&self, out: &mut Json) {
        if self.person.groups.is_empty() {
            return;
        }
        out.raw_member("groups", "[");
        for (id, name) in &self.person.groups {
            out.element();
            out.raw("{\"value\":\"");
            out.id(id.as_bytes());
            out.raw("\",\"$ref\":\"");
            out.raw(self.base);
            out.raw("/scim/v2/Groups/");
            out.id(id.as_bytes());
            out.raw("\"");
            out.text_member("display", name);
            out.raw(",\"type\":\"direct\"}");
        }
        out.raw("]");
    }

    fn write_enterprise(&self, out: &mut Json, area: Option<&str>, kept: Members<'_>) {
        out.raw_member(ENTERPRISE, "{");
        for (name, value) in kept.named() {
            out.raw_member(name, value);
        }
        out.optional_member("department", area);
        if let Some(manager) = &self.person.user.manager {
            out.raw_member("manager", "{\"value\":\"");
            out.id(manager.as_bytes());
            out.raw("\",\"$ref\":\"");
            self.write_location(out, manager.as_bytes());
            out.raw("\"");
            out.optional_member("displayName", self.person.manager_name.as_deref());
            out.raw("}");
        }
        out.raw("}");
    }

    /// Our own extension: where the person stands.
    fn write_standing(&self, out: &mut Json) {
        let Person {
            user,
            licenses,
            queue_position,
            ..
        } = self.person;
        out.raw_member(USHER, "{");
        out.text_member("status", user.status.as_str());
        if !licenses.is_empty() {
            out.raw_member("licenses", "[");
            for (pool, state) in licenses {
                out.element();
                out.raw("{");
                out.text_member("pool", pool);
                out.text_member("state", state);
                out.raw("}");
            }
            out.raw("]");
        }
        if let Some(position) = queue_position {
            out.member("queuePosition");
            out.shown(position);
        }
        if let Some(labels) = &user.profile.labels {
            out.raw_member("labels", "[");
            for label in labels.split(',') {
                out.element();
                out.text(label);
            }
            out.raw("]");
        }
        if !self.person.fields.is_empty() {
            out.raw_member("customFields", "[");
            for (name, value) in &self.person.fields {
                out.element();
                out.raw("{");
                out.text_member("name", name);
                out.text_member("value", value);
                out.raw("}");
            }
            out.raw("]");
        }
        out.raw("}");
    }

    fn write_meta(&self, out: &mut Json) {
        let user = &self.person.user;
        out.raw(",\"meta\":{\"resourceType\":\"User\",\"created\":\"");
        out.shown(user.created_at);
        out.raw("\",\"lastModified\":\"");
        out.shown(user.updated_at);
        out.raw("\",\"location\":\"");
        self.write_location(out, user.id.as_bytes());
        out.raw("\",\"version\":\"W/\\\"");
        out.shown(user.version);
        out.raw("\\\"\"}");
    }

    fn write_location(&self, out: &mut Json, user: &[u8; 16]) {
        out.raw(self.base);
        out.raw("/scim/v2/Users/");
        out.id(user);
    }
}

fn write_name(out: &mut Json, user: &User, kept: Members<'_>) {
    let (first, last) = (
        user.profile.first_name.as_deref(),
        user.profile.last_name.as_deref(),
    );
    if first.is_none() && last.is_none() && kept.is_empty() {
        return;
    }
    out.raw_member("name", "{");
    out.optional_member("givenName", first);
    out.optional_member("familyName", last);
    for (name, value) in kept.named() {
        out.raw_member(name, value);
    }
    out.raw("}");
}

/// The list of addresses: what was sent, with the roster's email in the element that it was taken out of. Where none was sent,
/// the address that the roster has is shown all the same, so that a look-up by it finds whom a POST would be refused for.
fn write_emails(out: &mut Json, user: &User, kept: Option<&str>) {
    let email = user.profile.email.as_deref();
    match (kept, email) {
        (None | Some("[]"), None) => {}
        (None | Some("[]"), Some(email)) => write_plain_email(out, email),
        (Some(list), Some(email)) => write_filled(out, "emails", list, "value", email),
        (Some(list), None) => {
            // An element without an address says nothing.
            let list: Vec<Object> = serde_json::from_str(list).unwrap_or_default();
            let list = list
                .into_iter()
                .filter(|it| it.get("value").is_some_and(|it| !it.is_null()));
            out.member("emails");
            out.shown(Value::from_iter(list.map(Value::Object)));
        }
    }
}

fn write_plain_email(out: &mut Json, email: &str) {
    out.raw_member("emails", "[{\"value\":");
    out.text(email);
    out.raw(",\"type\":\"work\",\"primary\":true}]");
}

/// The list of postal addresses: what was sent, with the roster's region in the first work address.
fn write_addresses(out: &mut Json, region: Option<&str>, kept: Option<&str>) {
    match (kept, region) {
        (None, None) => {}
        (Some(list), Some(region)) => write_filled(out, "addresses", list, "region", region),
        (Some(list), None) => match around_place(list, "region") {
            // The place goes with one of the commas beside it.
            Some((before, after)) => {
                out.raw_member("addresses", before.strip_suffix(',').unwrap_or(before));
                out.raw(if before.ends_with(',') {
                    after
                } else {
                    after.strip_prefix(',').unwrap_or(after)
                });
            }
            None => out.raw_member("addresses", list),
        },
        (None, Some(region)) => write_filled(out, "addresses", "[]", "region", region),
    }
}

/// A list as it is kept, with a value put back into its place; where there is none, into a work element of its own.
fn write_filled(out: &mut Json, list_name: &str, list: &str, name: &str, value: &str) {
    match around_place(list, name) {
        Some((before, after)) => {
            out.raw_member(list_name, before);
            out.raw("\"");
            out.raw(name);
            out.raw("\":");
            out.text(value);
            out.raw(after);
        }
        None => {
            out.raw_member(list_name, list.strip_suffix(']').unwrap_or(list));
            out.element();
            out.raw("{\"type\":\"work\"");
            out.text_member(name, value);
            out.raw("}]");
        }
    }
}
