//! `POST /api/v1/access`: may these people come in now? It reads what is committed, so that a leaver is kept out from the
//! moment in which the batch commits.

use hyper::StatusCode;
use serde_json::{Map, Value, json};
use usher_core::model::{Access, Actor, Door};

use super::body::{self, People};
use super::refusal::Refusal;
use super::reply;
use crate::answer::Answer;
use crate::route::App;

/// More people than this take long enough to let others have this thread's work meanwhile.
const QUICK: usize = 50;

pub(super) fn answer(app: &App, body: Value) -> Result<Answer, Refusal> {
    let mut object = body::object(body, &["user", "users"])?;
    match body::people(&mut object)? {
        People::One(one) => {
            let who = body::who(Some(one), "user")?;
            let allowed = may_come_in(app, &[who])?;
            let access = allowed.first().copied().unwrap_or(Access::No);
            Ok(reply(StatusCode::OK, &Value::Object(said(access))))
        }
        People::Several(several) => {
            let each = several.into_iter().enumerate();
            let who: Vec<String> = each
                .map(|(i, it)| body::who(Some(it), &format!("users[{i}]")))
                .collect::<Result<_, _>>()?;
            let allowed = if who.len() > QUICK {
                tokio::task::block_in_place(|| may_come_in(app, &who))?
            } else {
                may_come_in(app, &who)?
            };
            let each = who.iter().zip(allowed);
            let users: Vec<Value> = each
                .map(|(who, access)| {
                    let mut said = said(access);
                    said.insert("user".to_owned(), json!(who));
                    Value::Object(said)
                })
                .collect();
            Ok(reply(StatusCode::OK, &json!({"users": users})))
        }
    }
}

/// Who may come in only because a brake holds their leaving is told apart, so that the platform can look closer.
fn said(access: Access) -> Map<String, Value> {
    let mut said = Map::new();
    said.insert("allowed".to_owned(), json!(access != Access::No));
    if access == Access::Leaving {
        said.insert("leaving".to_owned(), json!(true));
    }
    said
}

fn may_come_in(app: &App, who: &[String]) -> Result<Vec<Access>, Refusal> {
    let session = app.directory.as_actor(Actor::Scheduler, Door::Api);
    Ok(session.read()?.may_come_in(who)?)
}
