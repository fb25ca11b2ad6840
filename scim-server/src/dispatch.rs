//! From a decoded address to the call that answers it, for a request and for an operation of Bulk alike.

use hyper::Method;
use hyper::body::Incoming;
use serde_json::Value;
use usher_core::command::Provision;
use usher_core::model::{GroupId, UserId};

use crate::answer::Answer;
use crate::asked::{self, Asking};
use crate::bulk;
use crate::call::Call;
use crate::fault::Fault;
use crate::json;
use crate::projection::Projection;
use crate::request::Query;
use crate::route;
use crate::wanted::Wanted;

/// A body, arrived or arriving.
pub(crate) enum Sent {
    Arriving(Incoming),
    Ready(Value),
}

impl Sent {
    /// The body as JSON; what is kept of it is noted.
    async fn json(self, limit: usize, asking: Option<&Asking>) -> Result<Value, Fault> {
        match self {
            Self::Ready(value) => {
                note_value(asking, &value);
                Ok(value)
            }
            Self::Arriving(body) => {
                let bytes = route::arrived(body, limit).await?;
                note(asking, &bytes);
                json::read(&bytes)
            }
        }
    }

    /// What is said of a person.
    async fn person(
        self,
        call: &Call<'_>,
        limit: usize,
        asking: Option<&Asking>,
    ) -> Result<Provision, Fault> {
        match self {
            Self::Arriving(body) if call.maps.is_empty() => {
                let bytes = route::arrived(body, limit).await?;
                note(asking, &bytes);
                Wanted::newcomer(&bytes)
            }
            sent => call.newcomer(sent.json(limit, asking).await?),
        }
    }
}

fn note(asking: Option<&Asking>, body: &[u8]) {
    if let Some(asking) = asking {
        asking.said(body);
    }
}

/// Notes an operation of a Bulk request, which has no bytes of its own.
pub(crate) fn note_value(asking: Option<&Asking>, body: &Value) {
    if asking.is_some()
        && !body.is_null()
        && let Ok(bytes) = serde_json::to_vec(body)
    {
        note(asking, &bytes);
    }
}

/// Answers a request for people or groups. What would change something is kept before it is answered.
pub(crate) async fn answer(
    call: Call<'_>,
    place: &[&str],
    method: &Method,
    query: &Query,
    sent: Sent,
) -> Result<Answer, Fault> {
    let kept = call.asking.clone().map(|it| (it, call.session.clone()));
    let answer = carry_out(call, place, method, query, sent).await;
    if let Some((asking, session)) = kept
        && let Some(asked) = asking.unkept(&answer)
    {
        asked::keep(&session, vec![asked]).await;
    }
    answer
}

/// As [`answer`], keeping only what goes with a command. What takes much room while it waits is on the heap: every request
/// is as large as the largest, and is moved several times before it begins.
pub(crate) async fn carry_out(
    call: Call<'_>,
    place: &[&str],
    method: &Method,
    query: &Query,
    sent: Sent,
) -> Result<Answer, Fault> {
    let asking = call.asking.clone();
    let asking = asking.as_deref();
    let small = route::LARGEST_BODY;
    let large = route::LARGEST_LIST;
    match (place, method) {
        (["Bulk"], &Method::POST) => {
            Box::pin(bulk::answer(call, sent.json(large, asking).await?)).await
        }
        (["Bulk", ..], _) => Err(match place {
            ["Bulk"] => Fault::method_not_allowed("POST"),
            _ => Fault::no_such_address(),
        }),
        ([".search"], &Method::POST) => {
            let query = Query::search(&sent.json(small, asking).await?)?;
            searching(call, &query).search(&query)
        }
        (["Users", ".search"], &Method::POST) => {
            let query = Query::search(&sent.json(small, asking).await?)?;
            searching(call, &query).list(&query)
        }
        (["Groups", ".search"], &Method::POST) => {
            let query = Query::search(&sent.json(small, asking).await?)?;
            searching(call, &query).list_groups(&query)
        }
        ([".search"] | [_, ".search"], _) => Err(Fault::method_not_allowed("POST")),
        (["Users"], &Method::GET | &Method::HEAD) => call.list(query),
        (["Users"], &Method::POST) => {
            let person = sent.person(&call, small, asking).await?;
            call.create(person).await
        }
        (["Groups"], &Method::GET | &Method::HEAD) => call.list_groups(query),
        (["Groups"], &Method::POST) => {
            Box::pin(call.create_group(sent.json(large, asking).await?)).await
        }
        ([_], _) => Err(Fault::method_not_allowed("GET, HEAD, POST")),
        (["Users", id], &Method::GET | &Method::HEAD) => call.get(user_id(id)?),
        (["Users", id], &Method::PUT) => {
            Box::pin(call.replace(user_id(id)?, sent.json(small, asking).await?)).await
        }
        (["Users", id], &Method::PATCH) => {
            Box::pin(call.patch(user_id(id)?, sent.json(small, asking).await?)).await
        }
        (["Users", id], &Method::DELETE) => Box::pin(call.delete(user_id(id)?)).await,
        (["Groups", id], &Method::GET | &Method::HEAD) => call.get_group(group_id(id)?),
        (["Groups", id], &Method::PUT) => {
            let id = group_id(id)?;
            Box::pin(call.replace_group(id, sent.json(large, asking).await?)).await
        }
        (["Groups", id], &Method::PATCH) => {
            let id = group_id(id)?;
            Box::pin(call.patch_group(id, sent.json(large, asking).await?)).await
        }
        (["Groups", id], &Method::DELETE) => Box::pin(call.delete_group(group_id(id)?)).await,
        ([_, _], _) => Err(Fault::method_not_allowed("GET, HEAD, PUT, PATCH, DELETE")),
        _ => Err(Fault::no_such_address()),
    }
}

fn searching<'a>(call: Call<'a>, query: &Query) -> Call<'a> {
    Call {
        projection: Projection::of(query),
        ..call
    }
}

fn user_id(text: &str) -> Result<UserId, Fault> {
    exact_id(text).ok_or_else(Fault::no_such_user)
}

fn group_id(text: &str) -> Result<GroupId, Fault> {
    exact_id(text).ok_or_else(Fault::no_such_group)
}

/// An id as we write it; any other text names nobody (RFC 7643 §3.1: its letter case counts).
pub(crate) fn exact_id<T: std::str::FromStr>(text: &str) -> Option<T> {
    let is_ours = text.len() == 36 && !text.bytes().any(|it| it.is_ascii_uppercase());
    text.parse().ok().filter(|_| is_ours)
}
