//! From a request to its answer: the address decoded once, the token checked before anything else is looked at, then
//! one `match`. Whatever does not fit, and whatever breaks, answers in the form of RFC 7644 §3.12.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use serde_json::Value;
use usher_core::model::{Actor, Door};
use usher_core::{Authenticated, Directory};

use crate::anchors::Anchors;
use crate::answer::{self, Answer};
use crate::asked::Asking;
use crate::call::Call;
use crate::discovery;
use crate::dispatch::{self, Sent};
use crate::exchange;
use crate::fault::Fault;
use crate::json;
use crate::log::{self, Line, Log};
use crate::metrics::{self, Metrics};
use crate::pace::Pace;
use crate::pages;
use crate::peer;
use crate::people::{ActorNames, PoolNames};
use crate::platform;
use crate::projection::Projection;
use crate::ready::Ready;
use crate::refused::Refused;
use crate::request::{self, Query};
use crate::request_id;
use crate::server::MetricsTo;
use crate::standing;
use crate::template::Template;
use crate::tls::Tls;
use crate::totals::Totals;
use crate::walks::Walks;

/// Largest body, in bytes.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;
/// Largest body that may be about many people: `/Bulk` and `/Groups`.
pub(crate) const LARGEST_LIST: usize = 16 * LARGEST_BODY;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What every request needs.
pub(crate) struct App {
    pub(crate) directory: Directory,
    /// The public base address, without a slash at its end.
    pub(crate) base: String,
    pub(crate) pools: PoolNames,
    /// Where pages of long lists begin.
    pub(crate) anchors: Anchors,
    pub(crate) totals: Totals,
    pub(crate) walks: Walks,
    /// Answers about people that may still hold.
    pub(crate) ready: Ready,
    pub(crate) sign_in: platform::SignInDesk,
    /// What is done after it was answered.
    pub(crate) later: pages::Later,
    /// Proxies whose word about where a request comes from is taken.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) metrics_to: MetricsTo,
    /// How long a request's head may take.
    pub(crate) head_time: Duration,
    /// The certificate that is shown, if any.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) log: Log,
    pub(crate) pace: Pace,
    /// What was refused before it was looked at.
    pub(crate) refused: Refused,
    pub(crate) request_ids: request_id::Ids,
    pub(crate) actors: ActorNames,
}

/// Answers a request, whatever happens: a panic is a 500 for this request alone. Every answer is counted, logged, and
/// carries the request's name.
pub(crate) async fn answer(app: &App, request: Request<Incoming>) -> Answer {
    let began = Instant::now();
    let (head, body) = request.into_parts();
    let id = app.request_ids.of(&head.headers);
    let segments = request::segments(head.uri.path());
    let path: Option<Vec<&str>> = segments
        .as_ref()
        .map(|it| it.iter().map(AsRef::as_ref).collect());
    let template = Template::of(path.as_deref());
    // On the heap, because whatever wraps it would move all of it about, for every request.
    let handled = caught(Box::pin(handle(app, &head, path.as_deref(), body)));
    let (handled, note) = log::noting(async {
        match handled.await {
            Some(Ok(answer)) => answer,
            Some(Err(fault)) => answer::fault(&fault),
            None => {
                log::broken(&"a bug; the server goes on");
                answer::fault(&Fault::internal())
            }
        }
    })
    .await;
    let took = began.elapsed();
    let status = handled.status();
    app.metrics.answered(template, &head.method, status, took);
    if app.log.is_on() || note.error.is_some() {
        let is_sent = head.method != Method::HEAD;
        let bytes = handled.body().size_hint().lower();
        app.log.answered(&Line {
            time: app.directory.now(),
            request: &id,
            method: metrics::known_method(&head.method),
            route: template.as_str(),
            status: status.as_u16(),
            ms: took.as_micros() as f64 / 1_000.0,
            bytes: if is_sent { bytes } else { 0 },
            from: note.actor.map(|it| app.actors.of(app, it)).as_deref(),
            error: note.error.as_deref(),
        });
    }
    answer::with(handled, HeaderName::from_static(request_id::HEADER), id)
}

/// A whole answer, as bytes, to what could not be read as a request. It is counted, logged and named like any other.
pub(crate) fn unreadable(app: &App, why: &Fault) -> Vec<u8> {
    let status = why.status;
    let body = serde_json::to_vec(why).unwrap_or_default();
    let id = app.request_ids.of(&HeaderMap::new());
    let template = Template::of(None);
    app.metrics.unreadable(template, status);
    if app.log.is_on() {
        app.log.answered(&Line {
            time: app.directory.now(),
            request: &id,
            method: metrics::NO_METHOD,
            route: template.as_str(),
            status: status.as_u16(),
            ms: 0.0,
            bytes: body.len() as u64,
            from: None,
            error: None,
        });
    }
    let head = format!(
        "HTTP/1.1 {status}\r\n{}: {id}\r\ncontent-type: application/scim+json\r\ncontent-length: {}\r\n\
         connection: close\r\ndate: {}\r\n\r\n",
        request_id::HEADER,
        body.len(),
        httpdate::fmt_http_date(SystemTime::now()),
    );
    [head.into_bytes(), body].concat()
}

/// What a future comes to; none when it panics.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(Some(result)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

async fn handle(
    app: &App,
    head: &Parts,
    path: Option<&[&str]>,
    body: Incoming,
) -> Result<Answer, Fault> {
    if let Some([place]) = path
        && let Some(answer) = standing::answer(app, head, place)
    {
        return answer;
    }
    if let Some(["exchange", token]) = path {
        return Box::pin(exchange::answer(app, head, token, body)).await;
    }
    if let Some(["api", place @ ..]) = path {
        return Ok(Box::pin(platform::answer(app, head, place, body)).await);
    }
    if let Some(place @ [first, ..]) = path
        && pages::PLACES.contains(first)
    {
        return Ok(Box::pin(pages::answer(app, head, place, body)).await);
    }
    // Whoever types an address of the server is a person, and no provider asks like this.
    if !matches!(path, Some(["scim", ..])) && wants_a_page(head) {
        return Ok(Box::pin(pages::answer(app, head, &[], body)).await);
    }
    let Authenticated {
        connection, maps, ..
    } = authenticate(app, head, path)?;
    let Some(["scim", "v2", place @ ..]) = path else {
        return Err(Fault::no_such_address());
    };
    let query = Query::read(head.uri.query())?;
    if !matches!(place, ["Users" | "Groups" | "Bulk", ..] | [".search"]) {
        return discovery::answer(app, place, &head.method, query.filter.is_some());
    }
    let session = app
        .directory
        .as_actor(Actor::Connection(connection), Door::Scim);
    let projection = Projection::of(&query);
    let call = Call {
        app,
        session,
        connection,
        headers: &head.headers,
        projection,
        maps,
        asking: Asking::of(&head.method, place),
    };
    dispatch::answer(call, place, &head.method, &query, Sent::Arriving(body)).await
}

/// Whether it comes from a browser rather than from a program.
fn wants_a_page(head: &Parts) -> bool {
    let accepted = head.headers.get(header::ACCEPT);
    head.method == Method::GET
        && !head.headers.contains_key(header::AUTHORIZATION)
        && accepted.is_some_and(|it| it.to_str().is_ok_and(|it| it.contains("text/html")))
}

/// The connection whose token the request carries, unless it comes faster than it may.
fn authenticate(app: &App, head: &Parts, path: Option<&[&str]>) -> Result<Authenticated, Fault> {
    let none = || Fault::unauthorized("a bearer token is needed; `usher idp add` prints one");
    let token = bearer(&head.headers).ok_or_else(none)?;
    let Some(known) = app.directory.authenticate_token(token)? else {
        let fault = match app.pace.wrong_token(peer::of(app, head)) {
            Err(wait) => Fault::too_many_wrong_tokens(wait),
            Ok(()) => Fault::unauthorized(
                "the token is unknown, has ended or was revoked; `usher idp rotate` makes a new one",
            ),
        };
        if let Some(connection) = app.directory.ended_token(token)? {
            app.refused.note(connection, &head.method, path, &fault);
        }
        return Err(fault);
    };
    log::from(Actor::Connection(known.connection));
    app.pace.request(known.token).map_err(|wait| {
        let fault = Fault::too_fast(wait);
        let connection = known.connection;
        app.refused.note(connection, &head.method, path, &fault);
        fault
    })?;
    Ok(known)
}

/// The bearer token of a request that has one, and one only.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(credentials), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = credentials.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// A body of at most so many bytes, as JSON.
pub(crate) async fn json(body: Incoming, limit: usize) -> Result<Value, Fault> {
    json::read(&arrived(body, limit).await?)
}

/// A body of at most so many bytes.
pub(crate) async fn arrived(body: Incoming, limit: usize) -> Result<Bytes, Fault> {
    let bytes = tokio::time::timeout(BODY_TIME, bytes(body, limit)).await;
    bytes.unwrap_or_else(|_| {
        Err(Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time",
        ))
    })
}

async fn bytes(body: Incoming, limit: usize) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Fault::too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault::too_large(limit)),
        Err(_) => Err(Fault::invalid_syntax("the body broke off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_one_request_only() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let panics = async |it: Option<u8>| {
            tokio::task::yield_now().await;
            it.expect("a bug of ours, for the test")
        };
        assert_eq!(runtime.block_on(caught(panics(None))), None);
        assert_eq!(runtime.block_on(caught(panics(Some(7)))), Some(7));
    }
}
