//! A User as providers usually send it, read from its bytes straight into what is wanted. [`crate::schema`] and
//! [`Wanted::read`] understand everything, by way of trees of values that cost several times as much; this understands
//! what needs no interpretation, and says of anything else that it is not usual.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use usher_core::model::Field;

use crate::mapping::Displaced;
use crate::words::Words;

use super::{FIELDS, KEPT, Wanted, check_tag, checked_external_id, kept_text};

/// Members are in the order of their names, in which they are kept.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Usual<'a> {
    #[serde(skip_serializing)]
    active: Option<bool>,
    #[serde(default, borrow, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Object<Address<'a>>>,
    #[serde(borrow, skip_serializing)]
    display_name: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Emails::are_plain")]
    emails: Emails<'a>,
    #[serde(borrow, skip_serializing)]
    external_id: Option<Text<'a>>,
    #[serde(default, rename = "groups", skip_serializing)]
    _groups: IgnoredAny,
    #[serde(default, rename = "id", skip_serializing)]
    _id: IgnoredAny,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    locale: Option<Text<'a>>,
    #[serde(default, rename = "meta", skip_serializing)]
    _meta: IgnoredAny,
    #[serde(default, borrow, skip_serializing_if = "Name::is_taken")]
    name: Object<Name<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    nick_name: Option<Text<'a>>,
    #[serde(default, rename = "password", skip_serializing)]
    _password: IgnoredAny,
    #[serde(default, borrow, skip_serializing_if = "Vec::is_empty")]
    phone_numbers: Vec<Object<Plural<'a>>>,
    #[serde(borrow, skip_serializing)]
    preferred_language: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    profile_url: Option<Text<'a>>,
    #[serde(default, rename = "schemas", skip_serializing)]
    _schemas: IgnoredAny,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    timezone: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    title: Option<Text<'a>>,
    #[serde(
        default,
        borrow,
        rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        skip_serializing_if = "Enterprise::is_taken"
    )]
    enterprise: Object<Enterprise<'a>>,
    #[serde(borrow, skip_serializing)]
    user_name: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    user_type: Option<Text<'a>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Name<'a> {
    #[serde(borrow, skip_serializing)]
    family_name: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    formatted: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    given_name: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    honorific_prefix: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    honorific_suffix: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    middle_name: Option<Text<'a>>,
}

impl Name<'_> {
    fn is_taken(this: &Object<Self>) -> bool {
        let rest = [
            &this.0.formatted,
            &this.0.honorific_prefix,
            &this.0.honorific_suffix,
            &this.0.middle_name,
        ];
        rest.iter().all(|it| it.is_none())
    }
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Enterprise<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    cost_center: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    department: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    division: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    employee_number: Option<Text<'a>>,
    #[serde(borrow, skip_serializing)]
    manager: Option<Object<Manager<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    organization: Option<Text<'a>>,
}

impl Enterprise<'_> {
    fn is_taken(this: &Object<Self>) -> bool {
        let rest = [
            &this.0.cost_center,
            &this.0.division,
            &this.0.employee_number,
            &this.0.organization,
        ];
        rest.iter().all(|it| it.is_none())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manager<'a> {
    #[serde(borrow)]
    value: Text<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Emails<'a>(#[serde(borrow)] Vec<Object<Plural<'a>>>);

impl Emails<'_> {
    /// Whether they are one of the commonest kind, of which nothing but the address has to be kept.
    fn are_plain(&self) -> bool {
        matches!(
            self.0.as_slice(),
            [Object(Plural { display: None, primary: Some(true), kind: Some(kind), .. })] if kind.0 == "work"
        )
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Plural<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    display: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<bool>,
    #[serde(borrow, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    value: Place<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Address<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    country: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    formatted: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    locality: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    postal_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<bool>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    region: Option<Place<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    street_address: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

/// An object, and not the list of values as which a structure may be written too.
#[derive(Default, Serialize)]
#[serde(transparent)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A text that is not blank.
#[derive(Serialize)]
#[serde(transparent)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NotBlank;
        fn checked<'a, E: serde::de::Error>(text: Cow<'a, str>) -> Result<Text<'a>, E> {
            if text.trim().is_empty() {
                return Err(E::custom("blank"));
            }
            Ok(Text(text))
        }
        impl<'de> Visitor<'de> for NotBlank {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_borrowed_str<E: serde::de::Error>(
                self,
                text: &'de str,
            ) -> Result<Text<'de>, E> {
                checked(Cow::Borrowed(text))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                checked(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(NotBlank)
    }
}

/// A text that a field of the roster may hold instead; its place is kept as null.
#[derive(Deserialize)]
#[serde(transparent)]
struct Place<'a>(#[serde(borrow)] Option<Text<'a>>);

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Wanted {
    /// What a body asks for, if it is of the usual kind; exactly what [`Wanted::read`] would make of it.
    pub(crate) fn usual(body: &[u8]) -> Option<Self> {
        // That something is unassigned is said by few, and heard elsewhere.
        if body.windows(4).any(|it| it == b"null") {
            return None;
        }
        let Object(mut user) = serde_json::from_slice::<Object<Usual<'_>>>(body).ok()?;
        let tags = [&user.preferred_language, &user.locale, &user.timezone];
        for tag in tags.into_iter().flatten() {
            check_tag("", &tag.0).ok()?;
        }
        let email = user.take_email()?;
        let region = user.take_region()?;
        let manager = user.enterprise.0.manager.take();
        let external_id = user.external_id.take();
        let raw = [
            Some(user.user_name.0.clone()),
            Some(email.0),
            user.name.0.given_name.take().map(|it| it.0),
            user.name.0.family_name.take().map(|it| it.0),
            user.display_name.take().map(|it| it.0),
            user.enterprise.0.department.take().map(|it| it.0),
            user.title.take().map(|it| it.0),
            region.map(|it| it.0),
            user.preferred_language.take().map(|it| it.0),
            None,
        ];
        let mut values = [const { None }; FIELDS.len()];
        for ((field, raw), value) in FIELDS.iter().zip(raw).zip(&mut values) {
            if let Some(text) = raw {
                *value = field.parse(&text).ok()?;
                if *field == Field::UserName && value.is_none() {
                    return None;
                }
            }
        }
        values[KEPT] = kept_text(serde_json::to_string(&user).ok()?, 0).ok()?;
        Some(Self {
            values,
            external_id: match external_id {
                None => None,
                Some(text) => Some(checked_external_id(text.0.into_owned()).ok()?),
            },
            manager: manager.map(|it| it.0.value.0.into_owned()),
            active: user.active,
            displaced: Displaced::default(),
            words: Words::default(),
        })
    }
}

impl<'a> Usual<'a> {
    /// The address that is the roster's, out of its element.
    fn take_email(&mut self) -> Option<Text<'a>> {
        let list = &mut self.emails.0;
        if !is_short(list.len()) || list.iter().any(|it| it.0.value.0.is_none()) {
            return None;
        }
        let primary = one_primary(list.iter().map(|it| it.0.primary))?;
        let work = |it: &Object<Plural<'_>>| it.0.kind.as_ref().is_some_and(is_work);
        let chosen = primary.or_else(|| list.iter().position(work)).unwrap_or(0);
        list.get_mut(chosen)?.0.value.0.take()
    }

    /// The region of the work address, out of it; the outer none is for what is not usual.
    fn take_region(&mut self) -> Option<Option<Text<'a>>> {
        one_primary(self.phone_numbers.iter().map(|it| it.0.primary))?;
        one_primary(self.addresses.iter().map(|it| it.0.primary))?;
        let values = |it: &Object<Plural<'_>>| it.0.value.0.is_some();
        if !is_short(self.phone_numbers.len() + 1)
            || !is_short(self.addresses.len() + 1)
            || !self.phone_numbers.iter().all(values)
        {
            return None;
        }
        let Some(Object(work)) = self.addresses.iter_mut().find(|it| is_work(&it.0.kind)) else {
            return Some(None);
        };
        // An address that says no more than its region is not kept at all.
        if work.country.is_none() && work.locality.is_none() {
            return None;
        }
        let region = work.region.replace(Place(None));
        Some(region.and_then(|it| it.0))
    }
}

fn is_work(kind: &Text<'_>) -> bool {
    kind.0.eq_ignore_ascii_case("work")
}

/// Lists that are longer than usual may be longer than is allowed.
fn is_short(length: usize) -> bool {
    (1..100).contains(&length)
}

/// Which element is the primary one, if any; the outer none when more than one is.
fn one_primary(list: impl Iterator<Item = Option<bool>>) -> Option<Option<usize>> {
    let mut primary = list.enumerate().filter(|(_, it)| *it == Some(true));
    match (primary.next(), primary.next()) {
        (_, Some(_)) => None,
        (first, None) => Some(first.map(|it| it.0)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema;

    use super::*;

    fn okta() -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": "00u1", "userName": "ada.lovelace@example.com", "password": "x", "groups": [], "meta": {"resourceType": "User"},
            "name": {"formatted": "Ada \"L\" Lovelace", "givenName": "Ada", "familyName": "Lovelace", "middleName": "K"},
            "displayName": "Ada Lovelace", "nickName": "Ada\n\u{8}\u{1f}", "title": "Engineer", "userType": "Employee",
            "preferredLanguage": "de-DE", "locale": "de-DE", "timezone": "Europe/Berlin", "profileUrl": "https://a.example", "active": true,
            "emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
            "phoneNumbers": [{"value": "+1-555", "type": "work"}, {"value": "+1-556", "type": "mobile", "display": "m", "primary": true}],
            "addresses": [{"type": "work", "streetAddress": "1 Street", "locality": "Berlin", "region": "BE", "postalCode": "10115",
                "country": "DE", "primary": true, "formatted": "1 Street\n10115 Berlin"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "E1", "costCenter": "C", "organization": "O",
                "division": "D", "department": "Sales", "manager": {"value": "0192"}},
        })
    }

    fn entra() -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": "jy", "userName": "k@example.com", "active": true,
            "emails": [{"primary": true, "type": "work", "value": "k@example.com"}], "meta": {"resourceType": "User"},
            "name": {"formatted": "K M", "familyName": "M", "givenName": "K"}, "roles": [],
        })
    }

    /// The body with whatever is at a path replaced or taken away, for every path.
    fn variations(value: &Value, with: &Value, into: &mut dyn FnMut(Value)) {
        let keys: Vec<String> = match value {
            Value::Object(object) => object.keys().cloned().collect(),
            Value::Array(list) => (0..list.len()).map(|it| it.to_string()).collect(),
            _ => return,
        };
        for key in keys {
            let mut put = |new: Option<Value>| {
                let mut copy = value.clone();
                match (&mut copy, new) {
                    (Value::Object(object), None) => drop(object.remove(&key)),
                    (Value::Object(object), Some(new)) => drop(object.insert(key.clone(), new)),
                    (Value::Array(list), None) => drop(list.remove(key.parse().expect("a place"))),
                    (Value::Array(list), Some(new)) => {
                        list[key.parse::<usize>().expect("a place")] = new
                    }
                    _ => {}
                }
                into(copy);
            };
            put(None);
            put(Some(with.clone()));
            let part = match value {
                Value::Object(object) => object[&key].clone(),
                Value::Array(list) => list[key.parse::<usize>().expect("a place")].clone(),
                _ => continue,
            };
            variations(&part, with, &mut |it| put(Some(it)));
        }
    }

    fn agree(body: &Value) -> bool {
        let usual = Wanted::usual(body.to_string().as_bytes());
        let Some(usual) = usual else { return false };
        let read = schema::user(body.clone())
            .ok()
            .and_then(|it| Wanted::read(it, Displaced::default()).ok());
        assert_eq!(Some(usual), read, "{body}");
        true
    }

    #[test]
    fn what_providers_send_is_usual_and_read_as_by_the_schema() {
        for body in [okta(), entra()] {
            let mut body = body;
            body.as_object_mut().and_then(|it| it.remove("roles"));
            assert!(agree(&body), "{body}");
        }
    }

    #[test]
    fn whatever_is_odd_is_left_to_the_schema_or_read_the_same() {
        let odd = [
            json!(null),
            json!(""),
            json!(" "),
            json!("x"),
            json!("WORK"),
            json!("b\u{8}\"\\\u{7f}é"),
            json!("None"),
            json!(1),
            json!(true),
            json!(false),
            json!([]),
            json!({}),
            json!([{}]),
            json!(["a@b.example"]),
            json!([{"value": "v"}]),
            json!({"value": "v"}),
            json!([{"type": "work", "region": "R"}]),
            json!([{"type": "work", "country": "R"}]),
            json!([{"value": "a@b.example", "type": "home"}]),
            json!([{"value": "a@b.example", "primary": true}, {"value": "b@b.example", "primary": true}]),
            json!([{"value": "a@b.example", "type": "work", "primary": true, "display": "A"}, {"value": "w@b.example", "type": "Work"}]),
        ];
        let (mut all, mut usual) = (0, 0);
        for body in [okta(), entra()] {
            for with in &odd {
                variations(&body, with, &mut |body| {
                    all += 1;
                    usual += usize::from(agree(&body));
                });
            }
        }
        assert!(
            usual * 5 > all,
            "{usual} of {all} are usual: too few to tell anything"
        );
    }

    #[test]
    fn two_members_of_one_name_and_broken_bodies_are_not_usual() {
        for body in ["", "{", "[]", "null", r#"{"userName":"a@b.example"}"#] {
            assert_eq!(Wanted::usual(body.as_bytes()), None, "{body}");
        }
        let twice = r#"{"userName":"a@b.example","userName":"b@b.example","emails":[{"value":"a@b.example"}]}"#;
        assert_eq!(Wanted::usual(twice.as_bytes()), None);
    }
}
