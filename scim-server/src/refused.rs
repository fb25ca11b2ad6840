//! What is refused at the door, before it is looked at: a token that has ended, a pace that is too fast. A client that does not
//! mind comes again many times a second, so these are counted, and kept for `usher idp log` as one row for many; nothing
//! waits for that.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::Method;
use usher_core::model::{Actor, ConnectionId, Door, NewAsked};

use crate::asked;
use crate::fault::Fault;
use crate::route::App;

/// How often it is looked whether there is something to keep.
const LOOK: Duration = Duration::from_secs(2);
/// How much time at least one row stands for, once there was one.
const ROW: Duration = Duration::from_secs(60);

/// The counts of connections, by what they were answered.
#[derive(Default)]
pub(crate) struct Refused(Mutex<BTreeMap<(ConnectionId, u16), Count>>);

struct Count {
    /// What came first since the last row, and how many alike.
    waiting: Option<NewAsked>,
    kept: Option<Instant>,
}

impl Refused {
    /// Counts a request of a connection that was refused.
    pub(crate) fn note(
        &self,
        connection: ConnectionId,
        method: &Method,
        path: Option<&[&str]>,
        fault: &Fault,
    ) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let status = fault.status.as_u16();
        let count = counts.entry((connection, status)).or_insert(Count {
            waiting: None,
            kept: None,
        });
        let waiting = count.waiting.get_or_insert_with(|| NewAsked {
            method: crate::metrics::known_method(method),
            path: asked::kind_of(path).to_owned(),
            status,
            error: Some(fault.detail.clone()),
            ..NewAsked::default()
        });
        waiting.times = waiting.times.saturating_add(1);
    }

    /// Takes what is to be kept now: what has waited long enough, or all of it.
    fn take(&self, all: bool) -> Vec<(ConnectionId, NewAsked)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for ((connection, _), count) in counts.iter_mut() {
            let due = all || count.kept.is_none_or(|it| it.elapsed() >= ROW);
            if due && let Some(asked) = count.waiting.take() {
                count.kept = Some(Instant::now());
                taken.push((*connection, asked));
            }
        }
        taken
    }
}

/// Keeps what was refused, for as long as the server runs.
pub(crate) async fn follow(app: &App) {
    loop {
        tokio::time::sleep(LOOK).await;
        keep(app, false).await;
    }
}

/// Keeps what was refused; `all` of it when the server ends.
pub(crate) async fn keep(app: &App, all: bool) {
    for (connection, asked) in app.refused.take(all) {
        let session = app
            .directory
            .as_actor(Actor::Connection(connection), Door::Scim);
        asked::keep(&session, vec![asked]).await;
    }
}
