//! Bulk (RFC 7644 §3.7): many operations in one request, each as if it came alone. `bulkId` references are resolved
//! wherever they stand, also to operations further down; where operations refer to each other in a circle, one is carried
//! out without its references, which are added when the others are there.
//!
//! Creations that stand together and refer to nothing are given to the writer at once and share its commits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use http_body_util::BodyExt;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use scim_v2::schema_urns;
use serde_json::{Map, Value, json};
use usher_core::model::NewAsked;

use crate::answer::{self, Answer};
use crate::asked::{self, Asking};
use crate::call::Call;
use crate::dispatch::{self, Sent};
use crate::fault::Fault;
use crate::projection::Projection;
use crate::request::{self, Query};
use crate::schema::Object;

/// Most operations in one request.
pub(crate) const MOST_OPERATIONS: usize = 10_000;
/// Most creations that wait for one commit.
const TOGETHER: usize = 256;
/// An operation of a Bulk request has no headers of its own.
static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
/// How a reference begins.
const REFERENCE: &str = "bulkId:";

/// One operation.
struct Operation {
    method: Method,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Value,
    /// What it refers to.
    needs: BTreeSet<String>,
}

/// What came of an operation.
struct Outcome {
    status: StatusCode,
    location: Option<String>,
    version: Option<String>,
    /// What was refused, and how.
    response: Option<Value>,
}

impl Outcome {
    fn refused(fault: &Fault) -> Self {
        Self {
            status: fault.status,
            location: None,
            version: None,
            response: serde_json::to_value(fault).ok(),
        }
    }

    fn is_error(&self) -> bool {
        self.status.as_u16() >= 400
    }
}

/// Carries out a Bulk request.
pub(crate) async fn answer(call: Call<'_>, body: Value) -> Result<Answer, Fault> {
    let (operations, most_errors) = read(body)?;
    let mut bulk = Bulk {
        call,
        ids: BTreeMap::new(),
        outcomes: operations.iter().map(|_| None).collect(),
        errors: 0,
        most_errors,
        unkept: Mutex::default(),
    };
    bulk.run(&operations).await;
    let unkept = bulk.unkept.get_mut();
    let unkept = std::mem::take(unkept.unwrap_or_else(PoisonError::into_inner));
    asked::keep(&bulk.call.session, unkept).await;
    let mut done = Vec::with_capacity(operations.len());
    for (operation, outcome) in operations.iter().zip(bulk.outcomes) {
        done.extend(outcome.map(|it| shown(operation, it)));
    }
    Ok(answer::json(
        StatusCode::OK,
        &json!({"schemas": [schema_urns::BULK_RESPONSE], "Operations": done}),
    ))
}

/// The data of the operations that a body asks for, where it is a Bulk request; each refers to what it names.
pub(crate) fn operations(body: Value) -> Result<Vec<Value>, Fault> {
    Ok(read(body)?.0.into_iter().map(|it| it.data).collect())
}

fn shown(operation: &Operation, outcome: Outcome) -> Value {
    let mut out = Map::new();
    out.insert("method".to_owned(), json!(operation.method.as_str()));
    let pairs = [
        ("bulkId", operation.bulk_id.clone()),
        ("location", outcome.location),
        ("version", outcome.version),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            out.insert(name.to_owned(), json!(value));
        }
    }
    out.insert("status".to_owned(), json!(outcome.status.as_str()));
    if let Some(response) = outcome.response {
        out.insert("response".to_owned(), response);
    }
    Value::Object(out)
}

fn read(body: Value) -> Result<(Vec<Operation>, usize), Fault> {
    let Value::Object(body) = body else {
        return Err(Fault::invalid_syntax("the body is not a JSON object"));
    };
    let (mut list, mut most_errors) = (None, usize::MAX);
    for (key, value) in body {
        if key.eq_ignore_ascii_case("Operations") {
            list = Some(value);
        } else if key.eq_ignore_ascii_case("failOnErrors") && !value.is_null() {
            let number = value.as_u64().filter(|it| *it > 0);
            let number = number.ok_or_else(|| {
                Fault::invalid_value("failOnErrors is not a whole number above 0")
            })?;
            most_errors = usize::try_from(number).unwrap_or(usize::MAX);
        }
    }
    let Some(Value::Array(list)) = list else {
        return Err(Fault::invalid_syntax(
            "a Bulk request needs a list of Operations",
        ));
    };
    if list.len() > MOST_OPERATIONS {
        return Err(Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a Bulk request takes {MOST_OPERATIONS} operations at most; send less at once"),
        ));
    }
    let operations: Vec<Operation> = list.into_iter().map(operation).collect::<Result<_, _>>()?;
    let mut names = BTreeSet::new();
    for name in operations.iter().filter_map(|it| it.bulk_id.as_ref()) {
        if !names.insert(name) {
            return Err(Fault::invalid_value(format!(
                "the bulkId {} is given twice",
                name.chars().take(80).collect::<String>()
            )));
        }
    }
    Ok((operations, most_errors))
}

fn operation(value: Value) -> Result<Operation, Fault> {
    let Value::Object(members) = value else {
        return Err(Fault::invalid_syntax("an operation is not an object"));
    };
    let mut known = Object::new();
    for (key, value) in members {
        known.insert(key.to_ascii_lowercase(), value);
    }
    let text = |name: &str| known.get(name).and_then(Value::as_str).map(str::to_owned);
    let method = match text("method").map(|it| it.to_ascii_uppercase()).as_deref() {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => {
            return Err(Fault::invalid_syntax(
                "a method is none of POST, PUT, PATCH and DELETE",
            ));
        }
    };
    let path = text("path").ok_or_else(|| Fault::invalid_syntax("an operation has no path"))?;
    let bulk_id = text("bulkid").filter(|it| !it.is_empty());
    if method == Method::POST && bulk_id.is_none() {
        return Err(Fault::invalid_syntax("a POST needs a bulkId"));
    }
    let version = text("version");
    let data = known.remove("data").unwrap_or_default();
    let mut needs = BTreeSet::new();
    references(&data, &mut needs);
    needs.extend(
        path.split('/')
            .filter_map(|it| it.strip_prefix(REFERENCE))
            .map(str::to_owned),
    );
    if let Some(bulk_id) = &bulk_id {
        needs.remove(bulk_id);
    }
    Ok(Operation {
        method,
        path,
        bulk_id,
        version,
        data,
        needs,
    })
}

/// Every reference in a value.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => into.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|it| references(it, into)),
        Value::Object(members) => members.values().for_each(|it| references(it, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Bulk<'a> {
    call: Call<'a>,
    /// The ids that bulkIds turned out to be.
    ids: BTreeMap<String, String>,
    outcomes: Vec<Option<Outcome>>,
    errors: usize,
    most_errors: usize,
    /// Operations that came to no command: they are kept together, before the whole is answered.
    unkept: Mutex<Vec<NewAsked>>,
}

impl<'a> Bulk<'a> {
    async fn run(&mut self, operations: &[Operation]) {
        // What was carried out without its references, to be completed.
        let mut incomplete = Vec::new();
        loop {
            if self.errors >= self.most_errors {
                return;
            }
            let open: Vec<usize> = (0..operations.len())
                .filter(|&at| self.outcomes.get(at).is_some_and(Option::is_none))
                .collect();
            let Some(&first) = open.first() else { break };
            let coming: BTreeSet<&str> = open
                .iter()
                .filter_map(|&at| operations.get(at)?.bulk_id.as_deref())
                .collect();
            let ready = open.iter().copied().find(|&at| {
                let Some(operation) = operations.get(at) else {
                    return false;
                };
                // Also what can never be resolved is ready: to be refused.
                !operation
                    .needs
                    .iter()
                    .any(|it| coming.contains(it.as_str()))
            });
            match ready {
                Some(at) => {
                    let run = self.creations_from(operations, at);
                    if run.len() > 1 {
                        self.together(operations, &run).await;
                    } else if let Some(operation) = operations.get(at) {
                        let outcome = self.one(operation).await;
                        self.note(at, operation, outcome);
                    }
                }
                None => {
                    // Everything that is open waits for something that is open: a circle.
                    let breaks = open.iter().copied().find(|&at| {
                        operations
                            .get(at)
                            .is_some_and(|it| it.method == Method::POST)
                    });
                    let at = breaks.unwrap_or(first);
                    if let Some(operation) = operations.get(at) {
                        let outcome = self.without_references(operation).await;
                        if !outcome.is_error() {
                            incomplete.push(at);
                        }
                        self.note(at, operation, outcome);
                    }
                }
            }
        }
        for at in incomplete {
            if let Some(operation) = operations.get(at) {
                self.complete(at, operation).await;
            }
        }
    }

    /// The creations of people that stand together from here on and wait for nothing.
    fn creations_from(&self, operations: &[Operation], at: usize) -> Vec<usize> {
        let most = TOGETHER.min(self.most_errors - self.errors);
        let is_creation = |it: &Operation| {
            it.method == Method::POST
                && it.needs.is_empty()
                && it.version.is_none()
                && it.path.trim_matches('/').eq("Users")
        };
        let open = |at: &usize| self.outcomes.get(*at).is_some_and(Option::is_none);
        (at..operations.len())
            .take_while(|at| open(at) && operations.get(*at).is_some_and(is_creation))
            .take(most)
            .collect()
    }

    async fn together(&mut self, operations: &[Operation], run: &[usize]) {
        let mut begun = Vec::with_capacity(run.len());
        for &at in run {
            if let Some(operation) = operations.get(at) {
                let call = self.call_for(&operation.method, &["Users"], &NO_HEADERS);
                dispatch::note_value(call.asking.as_deref(), &operation.data);
                let creation = call.begin_create(operation.data.clone());
                begun.push((at, operation, call.asking, creation));
            }
        }
        for (at, operation, asking, begun) in begun {
            let answer = match begun {
                Ok(waiting) => self.call.created(waiting.await).await,
                Err(fault) => Err(fault),
            };
            self.note_unkept(asking.as_deref(), &answer);
            let outcome = outcome(answer).await;
            self.note(at, operation, outcome);
        }
    }

    fn note(&mut self, at: usize, operation: &Operation, outcome: Outcome) {
        if outcome.is_error() {
            self.errors += 1;
        } else if let (Some(bulk_id), Some(location)) = (&operation.bulk_id, &outcome.location)
            && let Some(id) = location.rsplit('/').next()
        {
            self.ids.insert(bulk_id.clone(), id.to_owned());
        }
        if let Some(slot) = self.outcomes.get_mut(at) {
            *slot = Some(outcome);
        }
    }

    async fn one(&self, operation: &Operation) -> Outcome {
        if let Some(missing) = operation
            .needs
            .iter()
            .find(|it| !self.ids.contains_key(*it))
        {
            let missing: String = missing.chars().take(80).collect();
            let answer = Err(Fault::new(
                StatusCode::CONFLICT,
                format!("the bulkId {missing} stands for nothing that was made"),
            ));
            let path: Vec<&str> = operation.path.trim_matches('/').split('/').collect();
            let asking = Asking::of(&operation.method, &path);
            dispatch::note_value(asking.as_deref(), &operation.data);
            self.note_unkept(asking.as_deref(), &answer);
            return outcome(answer).await;
        }
        let data = self.resolved(&operation.data);
        self.send(operation, data).await
    }

    async fn without_references(&self, operation: &Operation) -> Outcome {
        let mut data = operation.data.clone();
        self.strip(&mut data);
        self.send(operation, data).await
    }

    /// Adds the attributes that could not be said yet.
    async fn complete(&mut self, at: usize, operation: &Operation) {
        let location = self
            .outcomes
            .get(at)
            .and_then(|it| it.as_ref()?.location.clone());
        let Some(location) = location else { return };
        let Some(path) = location
            .find("/scim/v2/")
            .and_then(|it| location.get(it + 8..))
        else {
            return;
        };
        let mut waiting = Object::new();
        for (key, value) in operation.data.as_object().into_iter().flatten() {
            let mut needs = BTreeSet::new();
            references(value, &mut needs);
            if !needs.is_empty() {
                waiting.insert(key.clone(), self.resolved(value));
            }
        }
        let rest = Operation {
            method: Method::PATCH,
            path: path.to_owned(),
            bulk_id: operation.bulk_id.clone(),
            version: None,
            data: json!({"Operations": [{"op": "add", "value": waiting}]}),
            needs: BTreeSet::new(),
        };
        let mut still = BTreeSet::new();
        references(&rest.data, &mut still);
        let outcome = if still.is_empty() {
            self.send(&rest, rest.data.clone()).await
        } else {
            Outcome::refused(&Fault::new(
                StatusCode::CONFLICT,
                "the resource was made, and what it refers to was not",
            ))
        };
        let status = self
            .outcomes
            .get(at)
            .and_then(|it| Some(it.as_ref()?.status));
        if let Some(slot) = self.outcomes.get_mut(at) {
            *slot = Some(Outcome {
                status: status
                    .filter(|_| !outcome.is_error())
                    .unwrap_or(outcome.status),
                location: Some(location),
                ..outcome
            });
        }
    }

    /// The value with every reference that is known resolved.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let id = text.strip_prefix(REFERENCE).and_then(|it| self.ids.get(it));
                Value::String(id.unwrap_or(text).clone())
            }
            Value::Array(list) => list.iter().map(|it| self.resolved(it)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, it)| (key.clone(), self.resolved(it)))
                .collect(),
            other => other.clone(),
        }
    }

    /// Resolves what is known and takes out whatever refers to what is not. True when nothing is left of the value.
    fn strip(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match text.strip_prefix(REFERENCE) {
                Some(name) => match self.ids.get(name) {
                    Some(id) => {
                        *text = id.clone();
                        false
                    }
                    None => true,
                },
                None => false,
            },
            Value::Array(list) => {
                list.retain_mut(|it| !self.strip(it));
                false
            }
            Value::Object(members) => {
                let before = members.len();
                members.retain(|_, it| !self.strip(it));
                before > 0 && members.is_empty()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    async fn send(&self, operation: &Operation, data: Value) -> Outcome {
        let (path, query) = operation
            .path
            .split_once('?')
            .map_or((operation.path.as_str(), None), |(path, query)| {
                (path, Some(query))
            });
        let answer = self.dispatched(operation, path, query, data).await;
        let mut outcome = outcome(answer).await;
        if outcome.location.is_none() && !outcome.is_error() {
            let path = self.path(path);
            outcome.location = Some(format!(
                "{}/scim/v2/{}",
                self.call.app.base,
                path.trim_matches('/')
            ));
        }
        outcome
    }

    /// The path with its references resolved.
    fn path(&self, path: &str) -> String {
        let segment = |it: &str| {
            let id = it.strip_prefix(REFERENCE).and_then(|it| self.ids.get(it));
            id.map_or_else(|| it.to_owned(), Clone::clone)
        };
        path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    async fn dispatched(
        &self,
        operation: &Operation,
        path: &str,
        query: Option<&str>,
        data: Value,
    ) -> Result<Answer, Fault> {
        let path = self.path(path);
        let segments = request::segments(&path).ok_or_else(Fault::no_such_address)?;
        let place: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        // Of the type or of one of it; nothing else, and not Bulk itself.
        if !matches!(
            place.as_slice(),
            ["Users" | "Groups"] | ["Users" | "Groups", _]
        ) || place.last() == Some(&".search")
        {
            return Err(Fault::no_such_address());
        }
        let mut headers = HeaderMap::new();
        if let Some(version) = &operation.version {
            let version = HeaderValue::from_str(version)
                .map_err(|_| Fault::invalid_value("a version cannot be read"))?;
            headers.insert(header::IF_MATCH, version);
        }
        let query = Query::read(query)?;
        let method = &operation.method;
        let call = self.call_for(method, &place, &headers);
        let asking = call.asking.clone();
        let sent = Sent::Ready(data);
        let answer = Box::pin(dispatch::carry_out(call, &place, method, &query, sent)).await;
        self.note_unkept(asking.as_deref(), &answer);
        answer
    }

    /// An operation as if it came alone.
    fn call_for<'h>(&self, method: &Method, place: &[&str], headers: &'h HeaderMap) -> Call<'h>
    where
        'a: 'h,
    {
        Call {
            app: self.call.app,
            session: self.call.session.clone(),
            connection: self.call.connection,
            headers,
            projection: Projection::bare(),
            maps: Arc::clone(&self.call.maps),
            asking: Asking::of(method, place),
        }
    }

    fn note_unkept(&self, asking: Option<&Asking>, answer: &Result<Answer, Fault>) {
        if let Some(asked) = asking.and_then(|it| it.unkept(answer)) {
            let mut unkept = self.unkept.lock().unwrap_or_else(PoisonError::into_inner);
            unkept.push(asked);
        }
    }
}

async fn outcome(answer: Result<Answer, Fault>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(fault) => return Outcome::refused(&fault),
    };
    let text = |name: header::HeaderName| {
        let value = answer.headers().get(name);
        value.and_then(|it| it.to_str().ok()).map(str::to_owned)
    };
    let (location, version) = (text(header::LOCATION), text(header::ETAG));
    let status = answer.status();
    let response = if status.as_u16() >= 400 {
        let body = answer.into_body().collect().await;
        let bytes = body.map(http_body_util::Collected::to_bytes);
        bytes.ok().and_then(|it| serde_json::from_slice(&it).ok())
    } else {
        None
    };
    Outcome {
        status,
        location,
        version,
        response,
    }
}
