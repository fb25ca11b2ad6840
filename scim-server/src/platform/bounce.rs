//! `POST /api/v1/bounce`: what was last sent to an address came back. For whatever reads the mail server's reports. Answered
//! when that is on disk. An address of nobody is passed over, and the answer does not tell.

use hyper::StatusCode;
use serde_json::{Value, json};
use usher_core::Error;

use super::body;
use super::refusal::Refusal;
use super::reply;
use crate::answer::Answer;
use crate::route::App;

pub(super) async fn answer(app: &App, body: Value) -> Result<Answer, Refusal> {
    let mut object = body::object(body, &["address", "why"])?;
    let address = body::text(object.remove("address"), "address")?;
    let why = match object.remove("why") {
        None => "came back".to_owned(),
        said => body::text(said, "why")?,
    };
    let directory = app.directory.clone();
    tokio::task::spawn_blocking(move || directory.note_bounced(&address, &why))
        .await
        .unwrap_or_else(|_| Err(Error::Broken("the note was not written".to_owned())))?;
    Ok(reply(StatusCode::OK, &json!({"received": 1})))
}
