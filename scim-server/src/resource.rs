//! A person as SCIM shows them, written straight from the roster's row: nothing is built in between. The same writer
//! gives the bytes of an answer and the value that a PATCH works on. [`crate::wanted`] is the way back.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use usher_core::model::{User, fold_key};

use crate::kept::{Filled, Kept, Members, elements};
use crate::schema::{ENTERPRISE, USER, USHER};

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
}

impl Person {
    /// The ETag.
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.user.version)
    }
}

/// The address of a user.
pub(crate) fn location(base: &str, user: &dyn std::fmt::Display) -> String {
    format!("{base}/scim/v2/Users/{user}")
}

/// A person's resource, at the base address.
pub(crate) struct Resource<'a> {
    pub(crate) person: &'a Person,
    pub(crate) base: &'a str,
}

impl Serialize for Resource<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let user = &self.person.user;
        let profile = &user.profile;
        let kept = Kept::of(profile.kept.as_deref());
        let extension = Extension {
            person: self.person,
            kept: &kept,
            base: self.base,
        };
        let mut out = serializer.serialize_map(None)?;
        match extension.is_empty() {
            true => out.serialize_entry("schemas", &[USER, USHER])?,
            false => out.serialize_entry("schemas", &[USER, ENTERPRISE, USHER])?,
        }
        out.serialize_entry("id", &Shown(&user.id))?;
        entry(&mut out, "externalId", self.person.external_id.as_deref())?;
        match &profile.user_name {
            Some(user_name) => out.serialize_entry("userName", user_name)?,
            None => out.serialize_entry("userName", &user.label())?,
        }
        let name = Name { user, kept: &kept };
        if !name.is_empty() {
            out.serialize_entry("name", &name)?;
        }
        entry(&mut out, "displayName", profile.display_name.as_deref())?;
        entry(&mut out, "title", profile.title.as_deref())?;
        entry(&mut out, "preferredLanguage", profile.language.as_deref())?;
        out.serialize_entry("active", &user.status.is_scim_active())?;
        serialize_emails(&mut out, user, kept.emails)?;
        serialize_addresses(&mut out, profile.region.as_deref(), kept.addresses)?;
        for (key, value) in &kept.rest {
            out.serialize_entry(key, value)?;
        }
        if !extension.is_empty() {
            out.serialize_entry(ENTERPRISE, &extension)?;
        }
        out.serialize_entry(
            USHER,
            &Standing {
                person: self.person,
            },
        )?;
        out.serialize_entry(
            "meta",
            &Meta {
                user,
                base: self.base,
            },
        )?;
        out.end()
    }
}

/// Serializes what it shows as.
struct Shown<'a, T>(&'a T);

impl<T: std::fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

fn entry<M: SerializeMap>(out: &mut M, key: &str, value: Option<&str>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |it| out.serialize_entry(key, it))
}

struct Name<'a> {
    user: &'a User,
    kept: &'a Kept<'a>,
}

impl Name<'_> {
    fn is_empty(&self) -> bool {
        let profile = &self.user.profile;
        profile.first_name.is_none() && profile.last_name.is_none() && self.kept.name.0.is_empty()
    }
}

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        entry(
            &mut out,
            "givenName",
            self.user.profile.first_name.as_deref(),
        )?;
        entry(
            &mut out,
            "familyName",
            self.user.profile.last_name.as_deref(),
        )?;
        for (key, value) in &self.kept.name.0 {
            out.serialize_entry(key, value)?;
        }
        out.end()
    }
}

/// The list of addresses: what was sent, with the roster's email in the element that it was taken out of.
fn serialize_emails<M: SerializeMap>(
    out: &mut M,
    user: &User,
    kept: Option<&RawValue>,
) -> Result<(), M::Error> {
    let email = user.profile.email.as_deref();
    let list = kept.map(elements);
    match (list.as_deref(), email) {
        (None | Some([]), None) => Ok(()),
        (None, Some(email)) => out.serialize_entry("emails", &[PlainEmail(email)]),
        (Some([]), Some(email)) => {
            // None was sent. It shows once it is no longer the user name, so that a PATCH does not turn it back.
            let name = user.profile.user_name.as_deref();
            if name.is_some_and(|it| fold_key(it) == fold_key(email)) {
                return Ok(());
            }
            out.serialize_entry("emails", &[PlainEmail(email)])
        }
        (Some(list), email) => {
            let place = list.iter().position(|it| it.get("value").is_none());
            out.serialize_entry(
                "emails",
                &Filled {
                    list,
                    place,
                    key: "value",
                    value: email,
                },
            )
        }
    }
}

struct PlainEmail<'a>(&'a str);

impl Serialize for PlainEmail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("value", self.0)?;
        out.serialize_entry("type", "work")?;
        out.serialize_entry("primary", &true)?;
        out.end()
    }
}

/// The list of postal addresses: what was sent, with the roster's region in the first work address.
fn serialize_addresses<M: SerializeMap>(
    out: &mut M,
    region: Option<&str>,
    kept: Option<&RawValue>,
) -> Result<(), M::Error> {
    let Some(region) = region else {
        return kept.map_or(Ok(()), |it| out.serialize_entry("addresses", it));
    };
    let mut list = kept.map(elements).unwrap_or_default();
    let place = list.iter().position(Members::is_work);
    if place.is_none() {
        list.extend(serde_json::from_str::<Members<'static>>(r#"{"type":"work"}"#).ok());
    }
    let place = Some(place.unwrap_or(list.len().saturating_sub(1)));
    out.serialize_entry(
        "addresses",
        &Filled {
            list: &list,
            place,
            key: "region",
            value: Some(region),
        },
    )
}

struct Extension<'a> {
    person: &'a Person,
    kept: &'a Kept<'a>,
    base: &'a str,
}

impl Extension<'_> {
    fn is_empty(&self) -> bool {
        let user = &self.person.user;
        user.profile.functional_area.is_none()
            && user.manager.is_none()
            && self.kept.enterprise.0.is_empty()
    }
}

impl Serialize for Extension<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        for (key, value) in &self.kept.enterprise.0 {
            out.serialize_entry(key, value)?;
        }
        entry(
            &mut out,
            "department",
            self.person.user.profile.functional_area.as_deref(),
        )?;
        if self.person.user.manager.is_some() {
            out.serialize_entry(
                "manager",
                &Manager {
                    person: self.person,
                    base: self.base,
                },
            )?;
        }
        out.end()
    }
}

struct Manager<'a> {
    person: &'a Person,
    base: &'a str,
}

impl Serialize for Manager<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        if let Some(manager) = &self.person.user.manager {
            out.serialize_entry("value", &Shown(manager))?;
            out.serialize_entry(
                "$ref",
                &format_args!("{}/scim/v2/Users/{manager}", self.base),
            )?;
        }
        entry(&mut out, "displayName", self.person.manager_name.as_deref())?;
        out.end()
    }
}

/// Our own extension: where the person stands.
struct Standing<'a> {
    person: &'a Person,
}

impl Serialize for Standing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("status", self.person.user.status.as_str())?;
        if !self.person.licenses.is_empty() {
            out.serialize_entry("licenses", &Licenses(&self.person.licenses))?;
        }
        if let Some(position) = self.person.queue_position {
            out.serialize_entry("queuePosition", &position)?;
        }
        if let Some(labels) = &self.person.user.profile.labels {
            out.serialize_entry("labels", &labels.split(',').collect::<Vec<_>>())?;
        }
        out.end()
    }
}

struct Licenses<'a>(&'a [(String, &'static str)]);

impl Serialize for Licenses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct License<'a> {
            pool: &'a str,
            state: &'a str,
        }
        let mut out = serializer.serialize_seq(Some(self.0.len()))?;
        for (pool, state) in self.0 {
            out.serialize_element(&License { pool, state })?;
        }
        out.end()
    }
}

struct Meta<'a> {
    user: &'a User,
    base: &'a str,
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("resourceType", "User")?;
        out.serialize_entry("created", &self.user.created_at)?;
        out.serialize_entry("lastModified", &self.user.updated_at)?;
        out.serialize_entry(
            "location",
            &format_args!("{}/scim/v2/Users/{}", self.base, self.user.id),
        )?;
        out.serialize_entry("version", &format_args!("W/\"{}\"", self.user.version))?;
        out.end()
    }
}
