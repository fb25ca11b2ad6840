//! `POST /api/v1/progress`: how far people have come with their trainings; who starts uses their license. It is a command
//! like any other, by the platform, and so it is planned, recorded and can be undone. Whom nobody knows, and who may not
//! come in, is passed over, and the answer does not tell.

use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use usher_core::Error;
use usher_core::command::{Command, ProgressReport};
use usher_core::model::{Actor, Door, PlatformId};

use super::body::{self, MOST_PEOPLE};
use super::refusal::Refusal;
use super::reply;
use crate::answer::Answer;
use crate::route::App;

const MEMBERS: [&str; 3] = ["user", "training", "step"];
/// The longest key under which a request may be repeated.
const LONGEST_KEY: usize = 200;

pub(super) async fn answer(
    app: &App,
    platform: PlatformId,
    headers: &HeaderMap,
    body: Value,
) -> Result<Answer, Refusal> {
    let mut object = body::object(body, &["user", "training", "step", "reports"])?;
    let reports: Vec<ProgressReport> = match object.remove("reports") {
        None => vec![report(&mut object, "")?],
        Some(Value::Array(several)) if object.is_empty() => {
            if several.len() > MOST_PEOPLE {
                return Err(Refusal::bad(
                    "reports",
                    format!("has {}, and {MOST_PEOPLE} are the most", several.len()),
                    "send several requests",
                ));
            }
            let each = several.into_iter().enumerate();
            each.map(|(i, it)| {
                let mut object = body::object(it, &MEMBERS)?;
                report(&mut object, &format!("reports[{i}]."))
            })
            .collect::<Result<_, _>>()?
        }
        Some(_) => {
            return Err(Refusal::bad(
                "reports",
                "is not a list that stands alone",
                "send a list as `reports`, or one as `user`, `training` and `step`",
            ));
        }
    };
    let session = app.directory.as_actor(Actor::Platform(platform), Door::Api);
    check_trainings(&session, &reports)?;
    let received = reports.len();
    let mut request = session.request(Command::Progress { reports });
    request.key = key(headers)?;
    let (done, answered) = oneshot::channel();
    session.apply_then(request, None, move |result| {
        // Nobody waits any more when the client has gone; what was told stands all the same.
        let _ = done.send(result);
    });
    answered
        .await
        .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".to_owned())))?;
    Ok(reply(StatusCode::OK, &json!({"received": received})))
}

fn report(object: &mut Map<String, Value>, at: &str) -> Result<ProgressReport, Refusal> {
    let who = body::who(object.remove("user"), &format!("{at}user"))?;
    let training = body::text(object.remove("training"), &format!("{at}training"))
        .map_err(|it| it.or_send("a training's name or id"))?;
    let step = body::text(object.remove("step"), &format!("{at}step"))
        .map_err(|it| it.or_send("started or completed"))?;
    let step = step.parse().map_err(|_| {
        Refusal::bad(
            format!("{at}step"),
            "is neither of the two",
            "send started or completed",
        )
    })?;
    Ok(ProgressReport {
        who,
        training,
        step,
    })
}

/// A training that is not there is the platform's mistake, and nobody's secret.
fn check_trainings(
    session: &usher_core::Session,
    reports: &[ProgressReport],
) -> Result<(), Refusal> {
    let read = session.read()?;
    let mut known: Vec<&str> = Vec::new();
    for (i, report) in reports.iter().enumerate() {
        if known.contains(&report.training.as_str()) {
            continue;
        }
        match read.training(&report.training) {
            Ok(_) => known.push(&report.training),
            Err(Error::NotFound { .. }) => {
                let at = if reports.len() == 1 {
                    "training".to_owned()
                } else {
                    format!("reports[{i}].training")
                };
                return Err(Refusal::bad(
                    at,
                    "is not known",
                    "send the name or id of one that `usher training list` shows",
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The key under which the request may be repeated.
fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Refusal::bad(
            "Idempotency-Key",
            "cannot be used",
            "send up to 200 letters, digits and signs",
        )),
    }
}
