//! `POST /api/v1/seen`: when people were last seen. Answered when that is on disk. Whom nobody knows is passed over, and
//! the answer does not tell.

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use usher_core::Error;
use usher_core::model::Timestamp;

use super::body::{self, People};
use super::refusal::Refusal;
use super::reply;
use crate::answer::Answer;
use crate::route::App;

pub(super) async fn answer(app: &App, body: Value) -> Result<Answer, Refusal> {
    let now = app.directory.now();
    let mut object = body::object(body, &["user", "users", "at"])?;
    let at = match object.remove("at") {
        None => now,
        Some(at) => instant(Some(at), "at")?,
    };
    let seen = match body::people(&mut object)? {
        People::One(one) => vec![(body::who(Some(one), "user")?, at)],
        People::Several(several) => several
            .into_iter()
            .enumerate()
            .map(|(i, it)| one_of(it, i, at))
            .collect::<Result<_, _>>()?,
    };
    let received = seen.len();
    let (noted, answered) = oneshot::channel();
    app.directory.note_seen(seen, move |result| {
        // Nobody waits any more when the client has gone; it is noted all the same.
        let _ = noted.send(result);
    });
    answered
        .await
        .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".to_owned())))?;
    Ok(reply(StatusCode::OK, &json!({"received": received})))
}

/// A person of a list: a name, or an object with `user` and `at`.
fn one_of(value: Value, place: usize, at: Timestamp) -> Result<(String, Timestamp), Refusal> {
    let place = format!("users[{place}]");
    let Value::Object(_) = value else {
        return Ok((body::who(Some(value), &place)?, at));
    };
    let mut object = body::object(value, &["user", "at"])?;
    let who = body::who(object.remove("user"), &format!("{place}.user"))?;
    let at = match object.remove("at") {
        None => at,
        said => instant(said, &format!("{place}.at"))?,
    };
    Ok((who, at))
}

fn instant(value: Option<Value>, at: &str) -> Result<Timestamp, Refusal> {
    let remedy = "write an instant like 2026-11-22T08:30:00Z";
    let text =
        body::text(value, at).map_err(|it| it.or_send("an instant like 2026-11-22T08:30:00Z"))?;
    text.parse()
        .map_err(|_| Refusal::bad(at, "is not an instant", remedy))
}
