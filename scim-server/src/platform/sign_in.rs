//! `POST /api/v1/sign-in`: is this their password, and may they come in? Unknown, wrong and not active are the same bytes,
//! and each costs one hash.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use usher_core::model::User;
use usher_core::password::LONGEST;
use usher_core::{SignIn, Source};

use super::body;
use super::refusal::Refusal;
use super::reply;
use crate::answer::Answer;
use crate::route::App;

/// How many passwords are checked at once; the core hashes no more either. Each takes a thread.
pub(crate) const AT_ONCE: usize = 2;
/// How many attempts may wait for their turn, which is some seconds' worth.
const MOST_WAITING: usize = 64;

/// The attempts that are being looked at, and those that wait.
pub(crate) struct Desk {
    turns: Arc<Semaphore>,
    here: AtomicUsize,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            here: AtomicUsize::new(0),
        }
    }
}

impl Desk {
    /// Does something with a password on a thread of its own, when it is its turn; none when too many wait.
    pub(crate) async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _visit = Visit(&self.here);
        if self.here.fetch_add(1, Ordering::Relaxed) >= AT_ONCE + MOST_WAITING {
            return None;
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            // Held until the hash is made, also when nobody waits for the answer any more.
            let _turn = turn;
            work()
        });
        done.await.ok()
    }
}

/// One who is at the desk, until dropped.
struct Visit<'a>(&'a AtomicUsize);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) async fn answer(
    app: &App,
    peer: Option<IpAddr>,
    body: Value,
) -> Result<Answer, Refusal> {
    let mut object = body::object(body, &["user", "password", "source"])?;
    let who = body::who(object.remove("user"), "user")?;
    let Some(Value::String(password)) = object.remove("password") else {
        return Err(Refusal::bad("password", "is missing", "send a text"));
    };
    if password.len() > LONGEST {
        return Err(Refusal::bad(
            "password",
            "is longer than any password",
            "send at most 1000 bytes",
        ));
    }
    let source = match (object.remove("source"), peer) {
        (Some(said), _) => Source::Person(address(said)?),
        (None, Some(peer)) => Source::Peer(peer),
        (None, None) => Source::Peer(IpAddr::from([0, 0, 0, 0])),
    };
    let directory = app.directory.clone();
    let work = move || directory.sign_in(&who, &password, source);
    let signed_in = app.sign_in.turn(work).await;
    let signed_in = signed_in.ok_or_else(Refusal::crowded)??;
    match signed_in {
        SignIn::In(user) => Ok(reply(StatusCode::OK, &allowed(&user))),
        SignIn::No => Ok(reply(StatusCode::OK, &json!({"allowed": false}))),
        SignIn::Later { seconds } => Err(Refusal::too_many_attempts(seconds)),
    }
}

/// Whoever came in, as far as the platform needs it to greet them.
fn allowed(user: &User) -> Value {
    let profile = &user.profile;
    json!({
        "allowed": true,
        "user": {
            "id": user.id,
            "email": profile.email,
            "user_name": profile.user_name,
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "display_name": profile.display_name,
            "language": profile.language,
        },
    })
}

/// Where the person is, as the platform says.
fn address(said: Value) -> Result<IpAddr, Refusal> {
    let said = said.as_str().and_then(|it| it.trim().parse().ok());
    said.ok_or_else(|| {
        Refusal::bad(
            "source",
            "is not an address",
            "send the person's IP address, or leave it out",
        )
    })
}
