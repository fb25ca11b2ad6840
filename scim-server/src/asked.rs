//! What is kept of a request that changed or tried to change something, for `usher idp log`. Secrets and other people's
//! names are taken out of the body here, where the wire is understood; the core stores what is left.
//!
//! The row goes into the commit of the command that the request comes to, so that keeping it costs no commit of its own.
//! Whatever comes to no command is kept before it is answered.

mod usual;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;
use usher_core::model::{FoundBy, NewAsked, UserId};
use usher_core::{Applied, Error, Result, Session};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::kept_body::{self, Cut};
use crate::metrics;
use crate::schema::USER;
use usual::is_usual;

/// The largest body that is kept, in bytes.
const LARGEST: usize = 1024 * 1024;
/// What is answered when the database is busy.
const BUSY: u16 = 503;
/// The longest error that is kept, in characters.
const LONGEST_ERROR: usize = 1_000;
/// How much of a path from outside an answer repeats, in characters.
const LONGEST_REPEATED: usize = 80;
/// How much is kept of what somebody is called, in characters.
const LONGEST_NAME: usize = 200;
/// The most names that a body is found by.
const MOST_NAMES: usize = 100;
/// A request that would change something, while it is handled.
#[derive(Debug)]
pub(crate) struct Asking {
    method: &'static str,
    path: String,
    user: Option<UserId>,
    said: OnceLock<Said>,
    kept: AtomicBool,
    /// What it is refused with although a part of it is done.
    refused_with: OnceLock<Fault>,
}

/// What is kept of a body.
#[derive(Debug)]
struct Said {
    /// Without what is not published. Whether it is JSON at all is known when the request is done, or looked at when it is refused.
    body: String,
    /// What an error must not repeat of it either.
    cuts: Vec<Cut>,
    /// The names of managers, who are somebody else.
    managers: Vec<String>,
}

/// Names in a body by which erasing must find it.
#[derive(Debug, Default)]
struct Names {
    /// Of anybody; they matter when the request comes to nothing and is about nobody on the roster yet.
    all: Vec<String>,
    /// Of managers.
    managers: Vec<String>,
}

impl Asking {
    /// What a request to this place below the base address asks; none when it can change nothing.
    pub(crate) fn of(method: &Method, place: &[&str]) -> Option<Arc<Self>> {
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if reads || place.last() == Some(&".search") {
            return None;
        }
        let is_id = |it: &str| it.len() == 36 && it.parse::<UserId>().is_ok();
        // Ids only: whatever else stands in an address may be somebody's name.
        let path = match place {
            [kind @ ("Users" | "Groups" | "Bulk")] => format!("/{kind}"),
            [kind @ ("Users" | "Groups"), id] if is_id(id) => format!("/{kind}/{id}"),
            [kind @ ("Users" | "Groups"), ..] => format!("/{kind}/?"),
            _ => "/?".to_owned(),
        };
        let user = match place {
            ["Users", id] if is_id(id) => id.parse().ok(),
            _ => None,
        };
        Some(Arc::new(Self {
            method: metrics::known_method(method),
            path,
            user,
            said: OnceLock::new(),
            kept: AtomicBool::new(false),
            refused_with: OnceLock::new(),
        }))
    }

    /// Notes the body that has arrived.
    pub(crate) fn said(&self, bytes: &[u8]) {
        // What is not kept need not be looked through.
        let small = Some(bytes).filter(|it| it.len() <= LARGEST);
        let Some(Ok(text)) = small.map(std::str::from_utf8) else {
            return;
        };
        if is_usual(text) {
            let _ = self.said.set(Said {
                body: text.to_owned(),
                cuts: Vec::new(),
                managers: Vec::new(),
            });
            return;
        }
        // What cannot be read cannot be looked through for secrets.
        let Ok(mut value) = crate::json::read(bytes) else {
            return;
        };
        let cuts = kept_body::take_out(&mut value);
        let mut names = Names::default();
        names.gather(&value, Place::default());
        let body = value.to_string();
        if body.len() <= LARGEST {
            let managers = names.managers;
            let _ = self.said.set(Said {
                body,
                cuts,
                managers,
            });
        }
    }

    /// Notes that it is refused, whatever is done of it from now on.
    pub(crate) fn refuse_with(&self, fault: &Fault) {
        let _ = self.refused_with.set(fault.clone());
    }

    /// Tells what to keep from the outcome of the command that it came to, of which `status` is said when it is done.
    /// Nothing when it is not settled by that: it is tried again, or told by [`Asking::unkept`].
    pub(crate) fn tell(
        self: &Arc<Self>,
        status: StatusCode,
    ) -> impl Fn(&Result<Applied>) -> Option<NewAsked> + Send + 'static {
        let this = Arc::clone(self);
        move |result| {
            let asked = match result {
                Err(Error::Changed(_) | Error::GroupChanged(_)) => return None,
                Err(Error::NotFound { .. }) if this.path.starts_with("/Groups") => {
                    this.refused(&Fault::no_such_group())
                }
                Err(error) => {
                    let taken = match error {
                        Error::Taken { name, by } => Some((*name, *by)),
                        Error::AnotherPerson { user, .. } => Some((FoundBy::ExternalId, *user)),
                        _ => None,
                    };
                    NewAsked {
                        goes_by: taken.and_then(|_| this.goes_by()),
                        taken,
                        ..this.refused(&Fault::of(error))
                    }
                }
                Ok(applied) => match &applied.held {
                    Some(brake) => NewAsked {
                        batch: applied.batch,
                        ..this.refused(&Fault::held(brake))
                    },
                    // Nothing came of it: who asked looks why.
                    None if status == StatusCode::NO_CONTENT && applied.batch.is_none() => {
                        return None;
                    }
                    None if let Some(fault) = this.refused_with.get() => NewAsked {
                        batch: applied.batch,
                        ..this.refused(fault)
                    },
                    None => NewAsked {
                        user: this.user.or(applied.user),
                        batch: applied.batch,
                        // The rest of it was done, and answered so.
                        error: applied.refused.as_deref().map(|it| this.told(it)),
                        ..this.answered(status)
                    },
                },
            };
            this.kept.store(true, Ordering::Release);
            Some(asked)
        }
    }

    /// What to keep by what was answered, unless it is kept already.
    pub(crate) fn unkept(&self, answer: &std::result::Result<Answer, Fault>) -> Option<NewAsked> {
        // What is in a Bulk request is kept operation by operation.
        let is_done = self.path == "/Bulk" && answer.is_ok();
        if is_done || self.kept.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(match answer {
            Ok(answer) => self.answered(answer.status()),
            Err(fault) => self.refused(fault),
        })
    }

    /// What whom it asks for goes by with the provider, from the body.
    fn goes_by(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.said.get()?.body).ok()?;
        says(&body, "externalId").or_else(|| says(&body, "userName"))
    }

    fn refused(&self, fault: &Fault) -> NewAsked {
        let mut names = Names::default();
        let mut whom = None;
        let said = self.said.get().map(|it| it.body.as_str());
        let body = said.filter(|it| match crate::json::read(it.as_bytes()) {
            Ok(value) => {
                names.gather(&value, Place::default());
                if self.user.is_none() {
                    let called = ["userName", "displayName", "externalId"];
                    whom = called.iter().find_map(|key| says(&value, key));
                }
                true
            }
            Err(_) => false,
        });
        NewAsked {
            whom: whom.map(|it| it.chars().take(LONGEST_NAME).collect()),
            error: Some(self.told(&fault.detail)),
            body: body.map(str::to_owned),
            names: names.all,
            ..self.answered(fault.status)
        }
    }

    /// The error, without what is not kept of the body.
    fn told(&self, error: &str) -> String {
        let mut told = error.to_owned();
        for (cut, kept) in self.said.get().map_or(&[][..], |it| &it.cuts) {
            // An answer repeats so much of it.
            let repeated: String = cut.trim().chars().take(LONGEST_REPEATED).collect();
            told = told.replace(&repeated, kept);
        }
        told.chars().take(LONGEST_ERROR).collect()
    }

    fn answered(&self, status: StatusCode) -> NewAsked {
        let said = self.said.get();
        NewAsked {
            method: self.method,
            path: self.path.clone(),
            status: status.as_u16(),
            error: None,
            user: self.user,
            batch: None,
            body: said.map(|it| it.body.clone()),
            names: said.map(|it| it.managers.clone()).unwrap_or_default(),
            times: 1,
            taken: None,
            goes_by: None,
            whom: None,
        }
    }
}

/// What a body, or the last of its operations that does, says that a single attribute is.
fn says(body: &Value, key: &str) -> Option<String> {
    let named = |object: &Value, key: &str| {
        let mut members = object.as_object()?.iter();
        let found = members.find(|it| is_called(it.0, key))?.1;
        Some(found.clone())
    };
    let text = |object: &Value, key: &str| match named(object, key)? {
        Value::String(text) => Some(text),
        // What is no text is taken as one.
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    };
    let operations = named(body, "operations");
    let operations = operations.as_ref().and_then(Value::as_array);
    let of_operation = |it: &Value| match text(it, "path") {
        Some(path) if is_called(path.trim(), key) => text(it, "value"),
        Some(_) => None,
        None => text(&named(it, "value")?, key),
    };
    text(body, key).or_else(|| operations?.iter().rev().find_map(of_operation))
}

/// Whether a key or path is this attribute of a User, with its schema before it or without.
pub(crate) fn is_called(path: &str, attribute: &str) -> bool {
    let bare = match path.get(..USER.len()) {
        Some(urn) if urn.eq_ignore_ascii_case(USER) => {
            path.get(USER.len()..).and_then(|it| it.strip_prefix(':'))
        }
        _ => Some(path),
    };
    bare.is_some_and(|it| it.eq_ignore_ascii_case(attribute))
}

/// What a request is about, without anybody's id.
pub(crate) fn kind_of(path: Option<&[&str]>) -> &'static str {
    match path {
        Some(["scim", "v2", "Users", ..]) => "/Users",
        Some(["scim", "v2", "Groups", ..]) => "/Groups",
        Some(["scim", "v2", "Bulk", ..]) => "/Bulk",
        _ => "/?",
    }
}

/// Keeps what no command came of, and waits until that is on disk. Should that fail, the answer stands. Whoever is told that the
/// database is busy has waited long enough: it is kept when it can be.
pub(crate) async fn keep(session: &Session, asked: Vec<NewAsked>) {
    if asked.is_empty() {
        return;
    }
    if asked.iter().any(|it| it.status == BUSY) {
        return session.keep_asked(asked, |_| {});
    }
    let (kept, waiting) = oneshot::channel();
    session.keep_asked(asked, move |noted| drop(kept.send(noted)));
    if let Ok(Err(error)) = waiting.await {
        crate::log::broken(&error);
    }
}

/// Where in a body a value stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Below a manager.
    manager: bool,
    /// It is a name by itself.
    name: bool,
}

impl Place {
    /// Below a key, or an operation's path.
    fn below(self, key: &str) -> Self {
        // What a path compares with is a value, and not a name.
        let names: String = key.split('"').step_by(2).collect();
        let key = names.to_ascii_lowercase();
        let manager = self.manager || key.contains("manager");
        Self {
            manager,
            name: key.ends_with("username") || key.ends_with("externalid"),
        }
    }

    /// Below a key of an object: the value of an operation stands where its path points.
    fn of(self, object: &serde_json::Map<String, Value>, key: &str) -> Self {
        let mut members = object.iter();
        let path = members.find(|(name, _)| name.eq_ignore_ascii_case("path"));
        match path.and_then(|it| it.1.as_str()) {
            Some(path) if key.eq_ignore_ascii_case("value") => self.below(path),
            _ => self.below(key),
        }
    }
}

impl Names {
    fn gather(&mut self, value: &Value, place: Place) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    self.gather(value, place.of(object, key));
                }
            }
            Value::Array(list) => list.iter().for_each(|it| self.gather(it, place)),
            Value::String(text) => self.note(text, place),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn note(&mut self, text: &str, place: Place) {
        let is_name = text.contains('@') || place.name || place.manager;
        if !is_name || text.len() > 1_000 || self.all.len() >= MOST_NAMES {
            return;
        }
        self.all.push(text.to_owned());
        if place.manager && text.parse::<UserId>().is_err() {
            self.managers.push(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kept_body::REMOVED;

    fn kept(body: &Value) -> NewAsked {
        let asking = Asking::of(&Method::POST, &["Users"]).expect("a change");
        let text = body.to_string();
        asking.said(text.as_bytes());
        let fault = Fault::invalid_value("no");
        asking.unkept(&Err(fault)).expect("not kept yet")
    }

    fn body(asked: &NewAsked) -> Value {
        let text = asked.body.as_deref().expect("a body");
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn a_plain_body_is_kept_as_it_came() {
        let plain = json!({"userName": "ana@acme.example", "displayName": "Ana", "active": true});
        let asked = kept(&plain);
        assert_eq!(body(&asked), plain);
        assert_eq!(
            (asked.method, asked.path.as_str(), asked.status),
            ("POST", "/Users", 400)
        );
        assert_eq!(asked.error.as_deref(), Some("no"));
    }

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let secret = "hunter2";
        let bodies = [
            json!({"userName": "ana", "password": secret}),
            json!({"userName": "ana", "PassWord": {"value": secret}}),
            json!({"Operations": [{"op": "replace", "path": "password", "value": secret}]}),
            json!({"Operations": [{"op": "replace", "value": {"password": secret, "title": "x"}}]}),
            json!({"Operations": [{"value": [secret, 7], "Path": "urn:x:User:apiToken"}]}),
            json!({"userName": "ana", "apiKey": secret, "private_key": secret}),
            json!({"userName": "ana", "sessionKey": [secret], "accessKeyId": {"x": secret}, "pwd": secret}),
            json!({"urn:ietf:params:scim:schemas:extension:made:2.0:User": {"recoveryKeys": [secret], "Passcode": secret}}),
            json!({"Operations": [{"op": "add", "path": "keys[type eq \"a\"].material", "value": secret}]}),
            json!({"urn:x": {"clientSecrets": [{"name": secret}]}}),
            json!({"Operations": [{"op": "replace", "path": format!("emails[apiKey eq \"{secret}\"].value"), "value": "x"}]}),
            json!({"Operations": [{"op": "replace", "path": format!("password[value eq \"{secret}\"]"), "value": "x"}]}),
            json!({"Operations": [{"op": "add", "path": format!("token eq \"{secret}\""), "value": "x"}]}),
            json!({"Operations": [{"op": "add", "value": {(format!("password[value eq \"{secret}\"]")): "x"}}]}),
            json!({"Operations": [{"op": "add", "path": ["password"], "value": secret}]}),
            json!({"Operations": [{"op": "add", "path": "x[value eq \"a\\\"\"].password", "value": secret}]}),
            json!({"Operations": [{"op": "add", "path": format!("x[value eq \"a\\\"{secret}\"].y"), "value": 1}]}),
            json!({"userName": "ana", "otp": secret, "pin": 1234, "bearer": [secret], "jwt": secret}),
            json!({"userName": "ana", "auth": {"value": secret}, "sessionId": secret, "pass_": secret}),
            json!({"Operations": [{"op": secret, "path": "title", "value": "x"}]}),
            json!({"Operations": [{"op": "replace", "value": secret}]}),
            json!({"Operations": [{"op": "replace", "attribute": "password", "value": [secret]}]}),
            json!({"userName": "ana", "name": {"givenName": "Ana", "motto": secret}}),
            json!({"Operations": [secret]}),
            json!({"Operations": [{"method": "POST", "path": "/Users", "bulkId": "a", "data": secret}]}),
            json!([secret]),
        ];
        for sent in bodies {
            let text = body(&kept(&sent)).to_string();
            assert!(!text.contains(secret) && text.contains(REMOVED), "{text}");
        }
        // Nor does the error say it.
        let path = format!("token eq \"{secret}\"");
        let sent = json!({"Operations": [{"op": "add", "path": path, "value": "x"}]});
        let asking = Asking::of(&Method::POST, &["Users"]).expect("a change");
        asking.said(sent.to_string().as_bytes());
        let fault = Fault::invalid_path(format!("the path {path} cannot be read"));
        let error = asking.unkept(&Err(fault)).and_then(|it| it.error);
        assert_eq!(
            error.as_deref(),
            Some("the path token(removed) cannot be read")
        );
        // A key may be spelled by escapes.
        let hidden = r#"{"userName":"ana","pass\u0077ord":"hunter2"}"#;
        let asking = Asking::of(&Method::POST, &["Users"]).expect("a change");
        asking.said(hidden.as_bytes());
        let asked = asking.unkept(&Err(Fault::internal())).expect("kept");
        assert!(!asked.body.expect("a body").contains("hunter2"));
    }

    #[test]
    fn what_only_a_value_says_is_no_secret() {
        let monkey = r#"emails[value eq "monkey@secret.example"].display"#;
        for sent in [
            json!({"userName": "turkey@acme.example", "title": "Key account manager"}),
            json!({"Operations": [{"op": "add", "path": monkey, "value": "Password desk"}]}),
        ] {
            assert_eq!(body(&kept(&sent)), sent);
        }
    }

    #[test]
    fn other_peoples_names_are_taken_out_or_found_again() {
        let sent = json!({
            "userName": "ana", "displayName": "Ana Li",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                {"manager": {"value": "boss@acme.example", "displayName": "Bo Ek"}},
        });
        let asked = kept(&sent);
        let text = asked.body.clone().expect("a body");
        assert!(text.contains("Ana Li") && !text.contains("Bo Ek"), "{text}");
        assert!(asked.names.contains(&"boss@acme.example".to_owned()));
        let sent = json!({"displayName": "Sales", "members": [{"value": "7", "display": "Bo Ek"}]});
        let text = body(&kept(&sent)).to_string();
        assert!(text.contains("Sales") && !text.contains("Bo Ek"), "{text}");
        let sent = json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "7", "display": "Bo Ek"}]}]});
        assert!(!body(&kept(&sent)).to_string().contains("Bo Ek"));
        // Of a request that was done only the manager is somebody else.
        let asking = Asking::of(&Method::POST, &["Users"]).expect("a change");
        let sent = json!({"userName": "ana@acme.example", "manager": "boss@acme.example"});
        asking.said(sent.to_string().as_bytes());
        let done = asking.unkept(&Ok(crate::answer::empty(StatusCode::CREATED)));
        assert_eq!(done.expect("kept").names, ["boss@acme.example"]);
    }

    #[test]
    fn only_what_changes_something_is_kept_and_only_ids_of_addresses() {
        let id = "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a";
        let path =
            |method: Method, place: &[&str]| Asking::of(&method, place).map(|it| it.path.clone());
        assert_eq!(path(Method::GET, &["Users"]), None);
        assert_eq!(path(Method::POST, &["Users", ".search"]), None);
        assert_eq!(
            path(Method::PATCH, &["Users", id]),
            Some(format!("/Users/{id}"))
        );
        assert_eq!(
            path(Method::PUT, &["Users", "ana@acme.example"]).as_deref(),
            Some("/Users/?")
        );
        assert_eq!(
            path(Method::DELETE, &["Groups", id]),
            Some(format!("/Groups/{id}"))
        );
    }
}
