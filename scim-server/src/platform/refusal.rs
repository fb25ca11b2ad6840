//! Refusals of the platform's requests: what was wrong, where, and what to do.

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use serde_json::json;
use usher_core::Error;
use usher_core::model::Scope;

use super::reply;
use crate::answer::{self, Answer};
use crate::fault::Fault;

/// A request that is not done, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    /// Where in the body, such as `users[3].at`.
    at: Option<String>,
    remedy: String,
    retry_after: Option<u32>,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            at: None,
            remedy: remedy.into(),
            retry_after: None,
        }
    }

    /// A body that cannot be used, at this place of it.
    pub(super) fn bad(
        at: impl Into<String>,
        error: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            at: Some(at.into()),
            ..Self::new(StatusCode::BAD_REQUEST, error, remedy)
        }
    }

    /// The same, saying what to send.
    pub(super) fn or_send(self, what: &str) -> Self {
        Self {
            remedy: format!("send {what}"),
            ..self
        }
    }

    pub(super) fn no_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "a bearer token is needed",
            "send it as `Authorization: Bearer …`; `usher token add` prints one",
        )
    }

    pub(super) fn unknown_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "the token is unknown, has ended or was revoked",
            "`usher token rotate` makes a new one; an identity provider's token opens /scim only",
        )
    }

    pub(super) fn wrong_scope(scope: Scope) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            format!("the token does not have the scope {scope}"),
            format!("add a token with it: `usher token add NAME --scope {scope}`"),
        )
    }

    pub(super) fn no_such_address() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this address",
            "use /api/v1/access, /api/v1/sign-in, /api/v1/seen or /api/v1/progress",
        )
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this address takes POST only",
            "send a POST with a JSON body",
        )
    }

    /// Too many attempts with one name or from one source, known or not.
    pub(super) fn too_many_attempts(seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many attempts with this name or from this source",
                format!("try again in {seconds} seconds"),
            )
        }
    }

    /// More attempts than can be looked at.
    pub(super) fn crowded() -> Self {
        Self {
            retry_after: Some(2),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many are signing in at this moment",
                "try again in 2 seconds",
            )
        }
    }

    /// The answer that says so.
    pub(super) fn answer(self) -> Answer {
        let mut body = json!({"error": self.error, "remedy": self.remedy});
        if let Some(at) = self.at {
            body["at"] = json!(at);
        }
        let mut answer = reply(self.status, &body);
        let mut say = |name, value| {
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        };
        match self.status {
            StatusCode::UNAUTHORIZED => say(header::WWW_AUTHENTICATE, "Bearer realm=\"usher\""),
            StatusCode::METHOD_NOT_ALLOWED => say(header::ALLOW, "POST"),
            StatusCode::PAYLOAD_TOO_LARGE => say(header::CONNECTION, "close"),
            _ => {}
        }
        match self.retry_after {
            Some(seconds) => answer::with(answer, header::RETRY_AFTER, seconds),
            None => answer,
        }
    }
}

impl From<Fault> for Refusal {
    /// What reading a body refuses for SCIM and for the platform alike.
    fn from(fault: Fault) -> Self {
        let remedy = match fault.status {
            StatusCode::PAYLOAD_TOO_LARGE => "send fewer at once",
            StatusCode::BAD_REQUEST => "send one JSON object",
            StatusCode::TOO_MANY_REQUESTS => "`usher token rotate` makes a new token",
            _ => "repeat it in a moment",
        };
        Self {
            retry_after: fault.retry_after,
            ..Self::new(fault.status, fault.detail, remedy)
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { what, why, remedy } => {
                Self::new(StatusCode::BAD_REQUEST, format!("{what} {why}"), remedy)
            }
            Error::Forbidden { why } => {
                Self::new(StatusCode::FORBIDDEN, why, "ask an administrator of Usher")
            }
            Error::Conflict { why } => Self::new(StatusCode::CONFLICT, why, "look again"),
            Error::KeyReused => Self::new(
                StatusCode::CONFLICT,
                "this Idempotency-Key was used for another request",
                "send a new key",
            ),
            Error::Taken { .. } | Error::AnotherPerson { .. } => {
                Self::new(StatusCode::CONFLICT, error.to_string(), "look again")
            }
            other => Fault::from(other).into(),
        }
    }
}
