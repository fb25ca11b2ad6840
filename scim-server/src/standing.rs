//! How the server itself stands: whether it runs (`/healthz`), whether it can do its work (`/readyz`), and what it counts
//! (`/metrics`). None of it needs a token and none of it is about one person; the numbers go to this machine only, unless
//! whoever started the server said otherwise.

use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};
use serde_json::{Value, json};
use usher_core::model::{Actor, Door};
use usher_core::{Directory, Result};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::log;
use crate::peer;
use crate::route::App;
use crate::server::MetricsTo;

/// Headers by which a request shows that somebody passed it on.
const PASSED_ON: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// Answers if the address is one of these.
pub(crate) fn answer(app: &App, head: &Parts, place: &str) -> Option<Result<Answer, Fault>> {
    let known = match place {
        "healthz" => health,
        "readyz" => ready,
        "metrics" => metrics,
        _ => return None,
    };
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return Some(Err(Fault::method_not_allowed("GET, HEAD")));
    }
    Some(known(app, head).map(|it| answer::with(it, header::CACHE_CONTROL, "no-store")))
}

/// Whether the database answers.
fn health(app: &App, _: &Parts) -> Result<Answer, Fault> {
    is_readable(&app.directory)?;
    Ok(said(StatusCode::OK, &json!({"status": "ok"})))
}

/// Whether requests can be answered and changes be made.
fn ready(app: &App, _: &Parts) -> Result<Answer, Fault> {
    let directory = &app.directory;
    Ok(readiness(
        is_readable(directory),
        directory.is_in_place(),
        directory.writer_lives(),
        directory.why_not_stored(),
    ))
}

fn is_readable(directory: &Directory) -> Result<()> {
    let session = directory.as_actor(Actor::Scheduler, Door::Api);
    session.read()?.organization().map(drop)
}

fn readiness(
    read: Result<()>,
    in_place: bool,
    writer_lives: bool,
    why_not_stored: Option<String>,
) -> Answer {
    let why = match (read, in_place, writer_lives, why_not_stored) {
        (Ok(()), true, true, None) => return said(StatusCode::OK, &json!({"status": "ready"})),
        // A file that has gone is why it cannot be read, so that is said.
        (_, false, ..) => {
            "the database's file was moved or replaced; stop the server and look after it"
        }
        (Err(error), ..) => {
            log::broken(&error);
            "the database cannot be read"
        }
        (Ok(()), true, false, _) => "the writer has stopped; start the server anew",
        (Ok(()), true, true, Some(why)) => {
            &format!("changes are not stored ({why}); see to the disk, and it goes on by itself")
        }
    };
    let why = json!({"status": "not ready", "why": why});
    said(StatusCode::SERVICE_UNAVAILABLE, &why)
}

fn metrics(app: &App, head: &Parts) -> Result<Answer, Fault> {
    let is_open = match app.metrics_to {
        MetricsTo::Everybody => true,
        MetricsTo::Loopback => is_from_here(app, head),
        MetricsTo::Nobody => return Err(Fault::nothing("no metrics are served")),
    };
    if !is_open {
        return Err(Fault::new(
            StatusCode::FORBIDDEN,
            "metrics are for this machine only; `usher serve --metrics all` opens them",
        ));
    }
    let certificate_end = app.tls.as_ref().and_then(|it| it.until());
    let text = app
        .metrics
        .text(&app.directory, app.log.lost(), certificate_end)?;
    let answer = answer::written(StatusCode::OK, crate::json::Json(text.into_bytes()));
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(answer::with(answer, header::CONTENT_TYPE, kind))
}

/// Whether a process of this machine asks for itself. A proxy on this machine asks for others.
fn is_from_here(app: &App, head: &Parts) -> bool {
    let passed_on = PASSED_ON.iter().any(|it| head.headers.contains_key(*it));
    !passed_on && peer::of(app, head).is_some_and(|it| it.is_loopback())
}

fn said(status: StatusCode, body: &Value) -> Answer {
    let answer = answer::json(status, body);
    answer::with(answer, header::CONTENT_TYPE, "application/json")
}

#[cfg(test)]
mod tests {
    use usher_core::Error;

    use super::*;

    #[test]
    fn it_is_ready_only_when_the_database_is_read_and_the_writer_lives() {
        let broken = || Err(Error::Broken("for the test".to_owned()));
        assert_eq!(readiness(Ok(()), true, true, None).status(), 200);
        assert_eq!(readiness(Ok(()), true, false, None).status(), 503);
        assert_eq!(readiness(Ok(()), false, true, None).status(), 503);
        assert_eq!(readiness(broken(), true, true, None).status(), 503);
        let full = Some("the disk is full".to_owned());
        assert_eq!(readiness(Ok(()), true, true, full).status(), 503);
    }
}
