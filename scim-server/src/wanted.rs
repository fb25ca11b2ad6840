//! What a client wants a person to be: a User in the shapes of [`crate::schema`], taken apart into the roster's fields
//! (DESIGN §5, "SCIM mapping"). [`crate::resource`] is the way back; a person rendered and read again is the same.
//!
//! Every attribute has one home. The address that is the roster's email is taken out of its element in `emails`, the
//! region out of the work address, and a null keeps the place; what has no field of its own stays together as one JSON object, [`Field::Kept`].

use serde_json::Value;
use usher_core::Error;
use usher_core::command::{Provision, ProvisionTarget};
use usher_core::model::{ConnectionId, EmailAddress, Field, Part, Status, User, harmless};

use crate::fault::Fault;
use crate::kept::Kept;
use crate::mapping::Displaced;
use crate::patch::Leaf;
use crate::schema::{self, ENTERPRISE, Object};
use crate::words::{MAPPED, Words};

mod usual;

/// The fields that a provider writes.
const FIELDS: [Field; 10] = [
    Field::UserName,
    Field::Email,
    Field::FirstName,
    Field::LastName,
    Field::DisplayName,
    Field::FunctionalArea,
    Field::Title,
    Field::Region,
    Field::Language,
    Field::Kept,
];
/// The attributes that these come from, by which who sent them is told what is wrong.
const ATTRIBUTES: [&str; FIELDS.len()] = [
    "userName",
    "emails.value",
    "name.givenName",
    "name.familyName",
    "displayName",
    "department",
    "title",
    "addresses.region",
    "preferredLanguage",
    "the attributes",
];
const USER_NAME: usize = 0;
const EMAIL: usize = 1;
const AREA: usize = 5;
const REGION: usize = 7;
const KEPT: usize = 9;
/// Longest `externalId`, in bytes.
const LONGEST_EXTERNAL_ID: usize = 1024;
/// Most of what is kept of one person, in bytes.
pub(crate) const MOST_KEPT: usize = 64 * 1024;

/// Which attributes feed which fields, in the order of their names.
const SOURCES: [(bool, &str, &[Part]); 9] = [
    (false, "addresses", &[Part::Field(Field::Region)]),
    (true, "department", &[Part::Field(Field::FunctionalArea)]),
    (false, "displayName", &[Part::Field(Field::DisplayName)]),
    (false, "emails", &[Part::Field(Field::Email)]),
    (true, "manager", &[Part::Manager]),
    (
        false,
        "name",
        &[Part::Field(Field::FirstName), Part::Field(Field::LastName)],
    ),
    (false, "preferredLanguage", &[Part::Field(Field::Language)]),
    (false, "title", &[Part::Field(Field::Title)]),
    (false, "userName", &[Part::Field(Field::UserName)]),
];

/// The parts of a person that a request speaks of, by its attributes.
pub(crate) fn spoken(displaced: Displaced, speaks_of: impl Fn(bool, &str) -> bool) -> Vec<Part> {
    let named = SOURCES.iter().filter(|it| speaks_of(it.0, it.1));
    let parts = named.flat_map(|it| it.2).copied();
    parts
        .filter(|it| !matches!(it, Part::Field(field) if displaced.has(*field)))
        .collect()
}

/// Where a User says a part of a person, if it has a place of its own there.
pub(crate) fn leaf_of(part: Part) -> Option<Leaf> {
    let (extension, attribute, _) = SOURCES.iter().find(|it| it.2.contains(&part))?;
    let within = match part {
        Part::Field(Field::FirstName) => Some("givenName"),
        Part::Field(Field::LastName) => Some("familyName"),
        Part::Field(Field::Email) | Part::Manager => Some("value"),
        Part::Field(Field::Region) => Some("region"),
        _ => None,
    };
    Some(Leaf {
        extension: *extension,
        attribute,
        part: within,
    })
}

/// Which parts of a User a whole body speaks of at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken {
    enterprise: bool,
    addresses: bool,
    external_id: bool,
    echoes: bool,
}

impl Spoken {
    /// What this body speaks of.
    pub(crate) fn of(body: &Value) -> Self {
        let has = |it: &dyn Fn(&str) -> bool| {
            body.as_object()
                .is_some_and(|body| body.keys().any(|key| it(key)))
        };
        let lists = body.get("schemas").and_then(Value::as_array);
        let listed = lists.is_some_and(|list| {
            list.iter()
                .filter_map(Value::as_str)
                .any(schema::is_enterprise)
        });
        let sent = |key: &str| {
            let (of, name) = schema::named(key);
            schema::is_enterprise(key)
                || of == Some(true)
                || of.is_none() && schema::find(schema::ENTERPRISE_PARTS, name).is_some()
        };
        Self {
            enterprise: listed || has(&sent),
            addresses: has(&|key| schema::named(key).1.eq_ignore_ascii_case("addresses")),
            external_id: has(&|key| schema::named(key).1.eq_ignore_ascii_case("externalId")),
            echoes: is_made_of_an_answer(body),
        }
    }

    /// Whether it speaks of the enterprise extension.
    pub(crate) fn enterprise(self) -> bool {
        self.enterprise
    }

    /// Whether it was made from what the server has answered.
    pub(crate) fn echoes(self) -> bool {
        self.echoes
    }

    /// Whether it speaks of postal addresses.
    pub(crate) fn addresses(self) -> bool {
        self.addresses
    }
}

/// What the body of a new person says that they have not: null and nothing are unassigned (RFC 7643 §2.5), and what is left out
/// is not spoken of.
#[derive(Debug, Default)]
pub(crate) struct Unassigned {
    fields: Vec<Field>,
    manager: bool,
}

impl Unassigned {
    pub(crate) fn of(body: &Value) -> Self {
        let mut it = Self::default();
        for (key, value) in body.as_object().into_iter().flatten() {
            if schema::is_enterprise(key) {
                it.extension(value);
                continue;
            }
            let name = schema::named(key).1;
            let is = |of: &str| name.eq_ignore_ascii_case(of);
            if is("name") {
                it.name(value);
            } else if is("department") || is("manager") {
                it.of_extension(name, value);
            } else if is_nothing(value) {
                it.fields.extend(match name {
                    _ if is("title") => Some(Field::Title),
                    _ if is("displayName") => Some(Field::DisplayName),
                    _ if is("preferredLanguage") => Some(Field::Language),
                    _ if is("addresses") => Some(Field::Region),
                    _ => None,
                });
            }
        }
        it
    }

    fn name(&mut self, value: &Value) {
        if is_nothing(value) {
            self.fields.extend([Field::FirstName, Field::LastName]);
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            if is_nothing(value) && key.eq_ignore_ascii_case("givenName") {
                self.fields.push(Field::FirstName);
            } else if is_nothing(value) && key.eq_ignore_ascii_case("familyName") {
                self.fields.push(Field::LastName);
            }
        }
    }

    fn extension(&mut self, value: &Value) {
        if value.is_null() {
            self.of_extension("department", value);
            self.of_extension("manager", value);
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            self.of_extension(schema::named(key).1, value);
        }
    }

    fn of_extension(&mut self, name: &str, value: &Value) {
        if name.eq_ignore_ascii_case("department") && is_nothing(value) {
            self.fields.push(Field::FunctionalArea);
        } else if name.eq_ignore_ascii_case("manager") {
            self.manager |= is_nothing(value)
                || value.as_object().is_some_and(|it| {
                    let mut of = it.iter();
                    of.any(|(key, value)| key.eq_ignore_ascii_case("value") && is_nothing(value))
                });
        }
    }
}

/// Whether a value says that there is none.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a person is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// In the order of [`FIELDS`].
    values: [Option<String>; FIELDS.len()],
    /// What the provider calls them.
    external_id: Option<String>,
    /// Their manager, as the provider says it.
    manager: Option<String>,
    /// Whether they shall be in, if that was said.
    active: Option<bool>,
    /// Fields that their own attributes do not feed, and that are left alone here.
    displaced: Displaced,
    /// What was sent of these attributes.
    words: Words,
}

impl Wanted {
    /// What a person is already.
    pub(crate) fn of(user: &User, external_id: Option<&str>) -> Self {
        let mut values = FIELDS.map(|field| user.profile.get(field).map(str::to_owned));
        // Whom another door made may have no user name; the answer shows the label in its place.
        values[USER_NAME].get_or_insert_with(|| user.label());
        Self {
            values,
            external_id: external_id.map(str::to_owned),
            manager: user.manager.map(|it| it.to_string()),
            active: Some(user.status.is_seated_or_coming()),
            displaced: Displaced::default(),
            words: Words::default(),
        }
    }

    /// What a body asks for that is about a new person, where every attribute feeds its own field.
    pub(crate) fn newcomer(body: &[u8]) -> Result<Provision, Fault> {
        if let Some(wanted) = Self::usual(body) {
            return Ok(wanted.into_new(&Unassigned::default()));
        }
        let body = crate::json::read(body)?;
        let unassigned = Unassigned::of(&body);
        let wanted = Self::read(schema::user(body)?, Displaced::default())?;
        Ok(wanted.into_new(&unassigned))
    }

    /// What a User from outside asks for, where some fields are not fed by their own attributes: what a connection sends of these
    /// is kept as that.
    pub(crate) fn read_from(
        user: Object,
        displaced: Displaced,
        connection: ConnectionId,
    ) -> Result<Self, Fault> {
        let mut wanted = Self::read(user, displaced)?;
        wanted.keep_words(Object::new(), connection);
        Ok(wanted)
    }

    /// What a User from outside asks for.
    pub(crate) fn read(mut user: Object, displaced: Displaced) -> Result<Self, Fault> {
        let Some(user_name) = take_text(&mut user, "userName") else {
            return Err(Fault::invalid_value("userName is required"));
        };
        let mut name = take_object(&mut user, "name");
        let mut extension = take_object(&mut user, ENTERPRISE);
        let manager = extension.remove("manager").and_then(|mut it| {
            let value = it.get_mut("value").map(Value::take);
            value.or_else(|| {
                // By its address alone: what the address ends in.
                let address = it.get("$ref")?.as_str()?;
                address.rsplit('/').next().map(Value::from)
            })
        });
        let email = take_email(&mut user, &user_name);
        for name in TAGS {
            if let Some(Value::String(text)) = user.get(name) {
                check_tag(name, text)?;
            }
        }
        let mut words = Words::default();
        let mut own = |field: Field, said: Option<String>| {
            if displaced.has(field) {
                words.say(field, said);
                return None;
            }
            said
        };
        let area = own(
            Field::FunctionalArea,
            take_text(&mut extension, "department"),
        );
        let title = own(Field::Title, take_text(&mut user, "title"));
        let language = own(Field::Language, take_text(&mut user, "preferredLanguage"));
        let region = own(Field::Region, take_region(&mut user));
        let raw = [
            Some(user_name),
            email,
            take_text(&mut name, "givenName"),
            take_text(&mut name, "familyName"),
            take_text(&mut user, "displayName"),
            area,
            title,
            region,
            language,
            None,
        ];
        let external_id = take_text(&mut user, "externalId")
            .map(checked_external_id)
            .transpose()?;
        let active = user.remove("active").and_then(|it| it.as_bool());
        put_back(&mut user, "name", name);
        put_back(&mut user, ENTERPRISE, extension);
        let mut values = raw;
        let attributes = FIELDS.iter().zip(ATTRIBUTES);
        for ((field, attribute), value) in attributes.zip(&mut values) {
            if let Some(text) = value.take() {
                *value = field.parse(&text).map_err(|error| match error {
                    Error::Invalid { why, remedy, .. } => {
                        Fault::invalid_value(format!("{attribute} {why}; {remedy}"))
                    }
                    error => error.into(),
                })?;
            }
        }
        if values[USER_NAME].is_none() {
            return Err(Fault::invalid_value("userName is required"));
        }
        values[KEPT] = kept(user, words.len())?;
        Ok(Self {
            values,
            external_id,
            manager: manager.and_then(into_text),
            active,
            displaced,
            words,
        })
    }

    /// What was said about `active`, if anything.
    pub(crate) fn active(&self) -> Option<bool> {
        self.active
    }

    /// Keeps what a replacement does not speak of and another door may own: the enterprise extension of a client that
    /// does not use it, a region that came from elsewhere than `addresses`, and the `externalId`. What its connection has sent of
    /// attributes that do not feed their fields stays too; `is_mine` is whether what stands in a field is taken for sent by it.
    pub(crate) fn keep_unspoken(
        &mut self,
        before: &Self,
        spoken: Spoken,
        connection: ConnectionId,
        is_mine: bool,
    ) {
        let words = before.words(connection);
        let unspoken = words.displaced().filter(|field| match field {
            Field::FunctionalArea => !spoken.enterprise,
            Field::Region => !spoken.addresses,
            _ => false,
        });
        self.displaced = self.displaced.or(unspoken);
        let sent = |field, roster: &Option<String>| match words.said(field) {
            None if is_mine => Some(roster.clone()),
            said => said.cloned(),
        };
        if !spoken.enterprise {
            self.values[AREA].clone_from(&before.values[AREA]);
            self.manager.clone_from(&before.manager);
            self.keep_extension(before);
            self.words.leave(
                Field::FunctionalArea,
                sent(Field::FunctionalArea, &before.values[AREA]).filter(|_| self.displaced.area),
            );
        }
        if !spoken.addresses {
            let is_apart = !before.kept_object().contains_key("addresses");
            if is_apart {
                self.values[REGION].clone_from(&before.values[REGION]);
            }
            let said = if is_apart {
                sent(Field::Region, &before.values[REGION])
            } else {
                Some(None)
            };
            self.words
                .leave(Field::Region, said.filter(|_| self.displaced.region));
        }
        // The address that nobody sent was shown all the same: sent back as it is, nobody has sent it yet.
        let unsent = |it: &Self| it.kept_object().remove("emails");
        if self.values[EMAIL] == before.values[EMAIL]
            && unsent(self).is_none()
            && unsent(before).is_some_and(|it| it == Value::Array(Vec::new()))
        {
            let mut object = self.kept_object();
            object.insert("emails".to_owned(), Value::Array(Vec::new()));
            self.values[KEPT] = Some(Value::Object(object).to_string());
        }
        if !spoken.external_id {
            self.external_id.clone_from(&before.external_id);
        }
    }

    /// Keeps what this connection sends, or has sent, of attributes that do not feed their fields, and what others have sent.
    pub(crate) fn keep_all_words(&mut self, before: &Self, connection: ConnectionId) {
        let has_any = |it: &Self| !Kept::of(it.values[KEPT].as_deref()).mapped.is_empty();
        if has_any(before) || self.words != Words::default() {
            self.keep_words(take_object(&mut before.kept_object(), MAPPED), connection);
        }
    }

    fn keep_words(&mut self, mut all: Object, connection: ConnectionId) {
        self.words.write(connection, &mut all);
        if all.is_empty() {
            return;
        }
        let mut object = self.kept_object();
        put_back(&mut object, MAPPED, all);
        self.values[KEPT] = Some(Value::Object(object).to_string());
    }

    /// What a connection has sent of attributes that did not feed their fields.
    pub(crate) fn words(&self, connection: ConnectionId) -> Words {
        Words::of(Kept::of(self.values[KEPT].as_deref()).mapped, connection)
    }

    /// Whether a part is as before.
    pub(crate) fn has_part_of(&self, before: &Self, part: Part) -> bool {
        self.text_of(part) == before.text_of(part)
    }

    /// What it has of a part of its own: a field, or a manager.
    pub(crate) fn text_of(&self, part: Part) -> Option<&str> {
        match part {
            Part::Manager => self.manager.as_deref(),
            Part::Field(field) => {
                let mut values = FIELDS.iter().zip(&self.values);
                values.find(|it| *it.0 == field)?.1.as_deref()
            }
            Part::Custom(_) | Part::Active | Part::Entitlements => None,
        }
    }

    /// Whether everything but `active` is as before.
    pub(crate) fn is_as(&self, before: &Self) -> bool {
        let mut values = FIELDS.iter().zip(self.values.iter().zip(&before.values));
        values.all(|(field, (after, before))| after == before || self.displaced.has(*field))
            && self.external_id == before.external_id
            && self.manager == before.manager
    }

    /// The values of `entitlements`: the add-on pools that are asked for.
    fn entitlements(&self) -> Vec<String> {
        // Most people have none: their JSON is not read for it.
        if !self.values[KEPT]
            .as_deref()
            .is_some_and(|it| it.contains("\"entitlements\":"))
        {
            return Vec::new();
        }
        let Some(Value::Array(list)) = self.kept_object().remove("entitlements") else {
            return Vec::new();
        };
        list.into_iter()
            .filter_map(|mut it| it.get_mut("value").map(Value::take).and_then(into_text))
            .collect()
    }

    fn kept_object(&self) -> Object {
        let kept = self.values[KEPT].as_deref();
        kept.and_then(|it| serde_json::from_str(it).ok())
            .unwrap_or_default()
    }

    fn keep_extension(&mut self, before: &Self) {
        if let Some(extension) = before.kept_object().remove(ENTERPRISE) {
            let mut object = self.kept_object();
            object.insert(ENTERPRISE.to_owned(), extension);
            self.values[KEPT] = Some(Value::Object(object).to_string());
        }
    }

    /// The command that makes this person. Who comes back by it has no more what it says is unassigned.
    pub(crate) fn into_new(self, unassigned: &Unassigned) -> Provision {
        let entitlements = self.entitlements();
        let displaced = self.displaced;
        let set = FIELDS
            .into_iter()
            .zip(self.values)
            // Whoever comes back has of the rest what is sent now.
            .filter(|(field, value)| {
                let none = unassigned.fields.contains(field) && !displaced.has(*field);
                value.is_some() || *field == Field::Kept || none
            });
        Provision {
            target: ProvisionTarget::New,
            external_id: self.external_id.map(Some),
            set: set.collect(),
            manager: self
                .manager
                .map(Some)
                .or(unassigned.manager.then_some(None)),
            active: self.active,
            entitlements: Some(entitlements),
            ..Provision::of(ProvisionTarget::New)
        }
    }

    /// The command that brings `user` from what they were to this; it names what differs only. `said` is what the
    /// request says of `active`, `asks` whether it speaks of `entitlements`.
    pub(crate) fn into_update(
        self,
        before: &Self,
        user: &User,
        said: Option<bool>,
        asks: bool,
    ) -> Provision {
        let (asked, asked_before) = (self.entitlements(), before.entitlements());
        let displaced = self.displaced;
        let pairs = self.values.into_iter().zip(&before.values);
        let set = FIELDS
            .into_iter()
            .zip(pairs)
            .filter(|(field, (after, before))| after != *before && !displaced.has(*field));
        // Of somebody inactive also what changes nothing is heard: a person's deactivation holds until the provider has
        // said so itself (DESIGN §4).
        let heard = user.status == Status::Inactive;
        let target = ProvisionTarget::Existing {
            user: user.id,
            version: Some(user.version),
        };
        Provision {
            external_id: (self.external_id != before.external_id).then_some(self.external_id),
            set: set.map(|(field, (after, _))| (field, after)).collect(),
            manager: (self.manager != before.manager).then_some(self.manager),
            active: said.filter(|it| heard || Some(*it) != before.active),
            // Said again it is heard again: a pool of that name may be there by now, or the license may have gone.
            entitlements: (asks && !(asked.is_empty() && asked_before.is_empty())).then_some(asked),
            ..Provision::of(target)
        }
    }
}

/// Whether a command would ask for nothing at all.
pub(crate) fn asks_nothing(command: &Provision) -> bool {
    command.external_id.is_none()
        && command.set.is_empty()
        && command.manager.is_none()
        && command.active.is_none()
        && command.entitlements.is_none()
        && command.mapped.is_empty()
}

/// Whether a User was made from what the server has answered: only that has the server's own extension, or a version.
pub(crate) fn is_made_of_an_answer(user: &Value) -> bool {
    let mut members = user.as_object().into_iter().flatten();
    members.any(|it| it.0.eq_ignore_ascii_case(schema::USHER)) || has_version(user)
}

/// Whether `meta` has a version, which clients do not make up.
fn has_version(body: &Value) -> bool {
    let named = |object: &Value, name: &str| {
        let mut members = object.as_object()?.iter();
        let found = members.find(|it| it.0.eq_ignore_ascii_case(name));
        found.map(|it| it.1.clone())
    };
    named(body, "meta").is_some_and(|it| named(&it, "version").is_some_and(|it| it.is_string()))
}

/// Attributes that say a language, or how things are shown to somebody.
const TAGS: [&str; 3] = ["preferredLanguage", "locale", "timezone"];
/// The longest of these, in characters: a list of languages with weights is the longest that providers send.
const LONGEST_TAG: usize = 255;

/// Refuses what can be no language. Providers write one in many ways (`en-US`, `en_US`, `en-US,en;q=0.9`, `English`); whichever
/// it is, nothing is decided by it that a strange one could break.
fn check_tag(name: &str, text: &str) -> Result<(), Fault> {
    if text.chars().any(char::is_control) || text.chars().nth(LONGEST_TAG).is_some() {
        return Err(Fault::invalid_value(format!(
            "{name} has control characters or more than {LONGEST_TAG} characters; send one such as en-US or Europe/Berlin"
        )));
    }
    Ok(())
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn take_text(from: &mut Object, name: &str) -> Option<String> {
    from.remove(name).and_then(into_text)
}

fn take_object(from: &mut Object, name: &str) -> Object {
    match from.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    }
}

fn put_back(into: &mut Object, name: &str, object: Object) {
    if !object.is_empty() {
        into.insert(name.to_owned(), Value::Object(object));
    }
}

/// The address that is the roster's: the primary one, else the work one, else the first; else the user name if it is
/// an address. It is taken out of its element; a list that then says nothing more goes altogether, and an empty list
/// stays to say that none was sent.
fn take_email(user: &mut Object, user_name: &str) -> Option<String> {
    let mut list = match user.remove("emails") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    list.retain(|it| it.get("value").is_some());
    let chosen = list
        .iter()
        .position(schema::is_primary)
        .or_else(|| list.iter().position(schema::is_work));
    let Some(element) = list
        .get_mut(chosen.unwrap_or(0))
        .and_then(Value::as_object_mut)
    else {
        let email = user_name.parse::<EmailAddress>().ok()?;
        user.insert("emails".to_owned(), Value::Array(Vec::new()));
        return Some(email.as_str().to_owned());
    };
    let email = element
        .insert("value".to_owned(), Value::Null)
        .and_then(into_text);
    let plain = element.len() == 3
        && element.get("type").and_then(Value::as_str) == Some("work")
        && element.get("primary") == Some(&Value::Bool(true));
    if !(plain && list.len() == 1) {
        user.insert("emails".to_owned(), Value::Array(list));
    }
    email
}

/// The region of the work address, taken out of it.
fn take_region(user: &mut Object) -> Option<String> {
    let list = user.get_mut("addresses")?.as_array_mut()?;
    let work = list
        .iter_mut()
        .find(|it| schema::is_work(it))?
        .as_object_mut()?;
    let region = work
        .insert("region".to_owned(), Value::Null)
        .and_then(into_text);
    let plain = work.len() == 2 && work.get("type").and_then(Value::as_str) == Some("work");
    if plain && list.len() == 1 && region.is_some() {
        user.remove("addresses");
    }
    region
}

fn checked_external_id(text: String) -> Result<String, Fault> {
    if text.len() > LONGEST_EXTERNAL_ID || harmless(&text) != text {
        return Err(Fault::invalid_value(
            "externalId is longer than 1024 bytes or has control characters",
        ));
    }
    Ok(text)
}

/// What is kept of the rest, beside so many bytes of others.
fn kept(rest: Object, others: usize) -> Result<Option<String>, Fault> {
    kept_text(
        serde_json::to_string(&rest).map_err(|_| Fault::internal())?,
        others,
    )
}

fn kept_text(text: String, others: usize) -> Result<Option<String>, Fault> {
    if text.len() + others > MOST_KEPT {
        return Err(Fault::invalid_value(format!(
            "the person has more than {MOST_KEPT} bytes of further attributes"
        )));
    }
    Ok((text != "{}").then_some(text))
}

#[cfg(test)]
mod tests;
