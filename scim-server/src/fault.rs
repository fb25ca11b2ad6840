//! Refusals in the form of RFC 7644 §3.12. Whatever cannot be answered as asked becomes a [`Fault`], also what HTTP
//! itself refuses; nothing else writes an error body.

use hyper::StatusCode;
use scim_v2::models::errors::ScimType;
use scim_v2::schema_urns;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usher_core::Error;
use usher_core::model::Brake;

/// A request that is not done, and why.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) scim_type: Option<ScimType>,
    pub(crate) detail: String,
    /// After how many seconds to come again.
    pub(crate) retry_after: Option<u32>,
    /// The methods that the address knows, for a 405.
    pub(crate) allow: Option<&'static str>,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
            retry_after: None,
            allow: None,
        }
    }

    /// A 400 of that kind.
    pub(crate) fn bad(kind: ScimType, detail: impl Into<String>) -> Self {
        Self {
            scim_type: Some(kind),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidValue, detail)
    }

    pub(crate) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidSyntax, detail)
    }

    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidFilter, detail)
    }

    pub(crate) fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidPath, detail)
    }

    pub(crate) fn mutability(attribute: &str) -> Self {
        Self::bad(
            ScimType::Mutability,
            format!("{attribute} cannot be changed or removed by a client"),
        )
    }

    /// As [`Fault::mutability`], of what is set by clients and never gone (RFC 7644 §3.5.2.2).
    pub(crate) fn required(attribute: &str) -> Self {
        Self::bad(
            ScimType::Mutability,
            format!("{attribute} is required: it can be changed, and not removed"),
        )
    }

    /// Whether it refuses what is said of somebody's attributes, and not who asks, whom it is about or when; what cannot be read
    /// may say anything.
    pub(crate) fn is_about_values(&self) -> bool {
        match self.status {
            StatusCode::BAD_REQUEST => self.scim_type != Some(ScimType::InvalidSyntax),
            StatusCode::CONFLICT => self.scim_type == Some(ScimType::Uniqueness),
            _ => false,
        }
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(crate) fn no_such_user() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no user of this id; look the person up by userName",
        )
    }

    pub(crate) fn no_such_group() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no group of this id; look it up by displayName",
        )
    }

    /// A 404 that says so.
    pub(crate) fn nothing(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn no_such_address() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this address; the base address ends in /scim/v2",
        )
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("this address takes {allow} only"),
            )
        }
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes; send less at once"),
        )
    }

    pub(crate) fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "it has another version by now; read it again and repeat",
        )
    }

    /// A fault of ours, which the client learns nothing about.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed on this request; nothing is known to be changed",
        )
    }

    fn again(detail: impl Into<String>, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// A token that makes more requests than it may.
    pub(crate) fn too_fast(seconds: u32) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..Self::again(
                format!("this token makes too many requests; go on in {seconds} seconds"),
                seconds,
            )
        }
    }

    /// Somebody whose leaving a brake holds: it is stored, and somebody decides.
    pub(crate) fn held(brake: &Brake) -> Self {
        let minutes = brake.window_ms / 60_000;
        let seconds = u32::try_from(brake.window_ms / 1_000).unwrap_or(u32::MAX);
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..Self::again(
                format!(
                    "held by the brake of this connection, which lets {} % of its people go in {minutes} minutes, or {} if that \
                     is more: this is stored, and an administrator releases or rejects it (`usher brake list`); repeating it \
                     does no harm",
                    brake.share, brake.floor
                ),
                seconds.clamp(60, 3_600),
            )
        }
    }

    /// Too many requests with tokens that open nothing, from the same source.
    pub(crate) fn too_many_wrong_tokens(seconds: u32) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..Self::again(
                format!(
                    "the token opens nothing, like too many others from this source; go on in {seconds} seconds with one that does"
                ),
                seconds,
            )
        }
    }

    /// What could not be read as a request.
    pub(crate) fn unreadable(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::REQUEST_TIMEOUT => "the head of the request did not arrive in time",
            StatusCode::URI_TOO_LONG => "the address is too long; send a search in a body",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "the head of the request is larger than the server takes"
            }
            StatusCode::HTTP_VERSION_NOT_SUPPORTED => "the server speaks HTTP/1.1 only",
            _ => "the head of the request is not HTTP/1.1",
        };
        Self {
            scim_type: (status == StatusCode::BAD_REQUEST).then_some(ScimType::InvalidSyntax),
            ..Self::new(status, detail)
        }
    }

    /// A request without TLS where there is nothing else.
    pub(crate) fn without_tls() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "this port speaks TLS only: write https, and change the token if this request carried one, for it went unprotected",
        )
    }

    /// Other requests changed the same person again and again meanwhile.
    pub(crate) fn contended() -> Self {
        Self::again(
            "it is being changed by others all the time; repeat in a moment",
            1,
        )
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let fault = Self::of(&error);
        let is_ours = fault.status == StatusCode::INTERNAL_SERVER_ERROR;
        if is_ours || matches!(error, Error::UnknownOutcome(_)) {
            crate::log::broken(&error);
        }
        fault
    }
}

impl Fault {
    /// How the core's error is told to a client.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Invalid { .. } => Self::invalid_value(error.to_string()),
            Error::NotFound { .. } => Self::no_such_user(),
            Error::Conflict { why } => Self {
                scim_type: Some(ScimType::Uniqueness),
                ..Self::new(StatusCode::CONFLICT, why.as_str())
            },
            Error::Taken { .. } | Error::AnotherPerson { .. } => Self {
                scim_type: Some(ScimType::Uniqueness),
                ..Self::new(StatusCode::CONFLICT, error.to_string())
            },
            Error::Forbidden { why } => Self::new(StatusCode::FORBIDDEN, why.as_str()),
            Error::NoSeat(shortfall) => {
                Self::new(StatusCode::FORBIDDEN, format!("no free seat: {shortfall}"))
            }
            Error::Changed(_) | Error::GroupChanged(_) => Self::contended(),
            Error::Busy | Error::Occupied(_) => {
                Self::again("the database is busy; repeat in a moment", 5)
            }
            Error::UnknownOutcome(_) => Self::again(
                "it is not known whether this was stored; look it up, or repeat",
                5,
            ),
            Error::Moved(_)
            | Error::KeyReused
            | Error::Cancelled
            | Error::File { .. }
            | Error::Faulty(_)
            | Error::Imported { .. }
            | Error::Broken(_) => Self::internal(),
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("schemas", &[schema_urns::ERROR])?;
        out.serialize_entry("status", self.status.as_str())?;
        if let Some(scim_type) = &self.scim_type {
            out.serialize_entry("scimType", scim_type.as_str())?;
        }
        out.serialize_entry("detail", &self.detail)?;
        out.end()
    }
}
