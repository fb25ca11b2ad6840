//! Answers: a status, the headers that SCIM wants and a body of `application/scim+json`.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::fault::Fault;
use crate::json::Json;

/// What goes back to the client.
pub(crate) type Answer = Response<Full<Bytes>>;

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(bytes) => written(status, Json(bytes)),
        // Writing to memory fails only if a `Serialize` of ours says so; none does.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// An answer with a body that is written already.
pub(crate) fn written(status: StatusCode, body: Json) -> Answer {
    ready(status, Bytes::from(body.0))
}

/// An answer with a body that was written before.
pub(crate) fn ready(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/scim+json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

/// The answer with one more header; a text that no header can carry is left out.
pub(crate) fn with(
    mut answer: Answer,
    name: HeaderName,
    value: impl TryInto<HeaderValue>,
) -> Answer {
    if let Ok(value) = value.try_into() {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// A refusal.
pub(crate) fn fault(fault: &Fault) -> Answer {
    let mut answer = json(fault.status, fault);
    if fault.status == StatusCode::UNAUTHORIZED {
        answer = with(
            answer,
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"usher\""),
        );
    }
    if fault.status == StatusCode::PAYLOAD_TOO_LARGE {
        answer = with(
            answer,
            header::CONNECTION,
            HeaderValue::from_static("close"),
        );
    }
    if let Some(seconds) = fault.retry_after {
        answer = with(answer, header::RETRY_AFTER, seconds);
    }
    if let Some(methods) = fault.allow {
        answer = with(answer, header::ALLOW, HeaderValue::from_static(methods));
    }
    answer
}
