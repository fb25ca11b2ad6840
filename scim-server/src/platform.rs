//! What the platform behind Usher (the place where people learn or work) asks and tells: who may come in, who was seen,
//! and how far people are. The core decides; here are the tokens' door, the bodies and the answers. Nothing personal
//! stands in an address or a log, no answer may be kept, and nobody and somebody who may not come in look alike.

mod access;
mod body;
mod bounce;
mod progress;
mod refusal;
mod seen;
mod sign_in;

use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Serialize;
use usher_core::model::{Actor, Scope};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::log;
use crate::peer;
use crate::route::{self, App};
use refusal::Refusal;

pub(crate) use sign_in::{AT_ONCE as SIGN_INS_AT_ONCE, Desk as SignInDesk};

/// Answers a request to an address under `/api`.
pub(crate) async fn answer(app: &App, head: &Parts, place: &[&str], body: Incoming) -> Answer {
    match handle(app, head, place, body).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.answer(),
    }
}

async fn handle(
    app: &App,
    head: &Parts,
    place: &[&str],
    body: Incoming,
) -> Result<Answer, Refusal> {
    let token = route::bearer(&head.headers).ok_or_else(Refusal::no_token)?;
    let known = app.directory.authenticate_platform(token)?;
    let Some((platform, scopes)) = known else {
        let wrong = app.pace.wrong_token(peer::of(app, head));
        wrong.map_err(Fault::too_many_wrong_tokens)?;
        return Err(Refusal::unknown_token());
    };
    log::from(Actor::Platform(platform));
    app.pace.other_request();
    let scope = match place {
        ["v1", "access"] => Scope::Access,
        ["v1", "sign-in"] => Scope::SignIn,
        ["v1", "seen"] => Scope::Seen,
        ["v1", "progress"] => Scope::Progress,
        ["v1", "bounce"] => Scope::Bounce,
        _ => return Err(Refusal::no_such_address()),
    };
    if !scopes.has(scope) {
        return Err(Refusal::wrong_scope(scope));
    }
    if head.method != Method::POST {
        return Err(Refusal::method_not_allowed());
    }
    let body = route::json(body, route::LARGEST_BODY).await?;
    match scope {
        Scope::Access => access::answer(app, body),
        Scope::Seen => seen::answer(app, body).await,
        Scope::SignIn => sign_in::answer(app, peer::of(app, head), body).await,
        Scope::Bounce => bounce::answer(app, body).await,
        Scope::Progress => progress::answer(app, platform, &head.headers, body).await,
    }
}

/// An answer that nobody on the way keeps.
fn reply(status: StatusCode, body: &impl Serialize) -> Answer {
    let answer = answer::json(status, body);
    let answer = answer::with(answer, header::CONTENT_TYPE, "application/json");
    answer::with(answer, header::CACHE_CONTROL, "no-store")
}
