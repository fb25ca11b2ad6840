//! What the server says on stderr: one line a request, and what went wrong. Never a token, a body, an address, a path or
//! a person's name: only what happened, when, to which template of an address, and for which connection.
//!
//! Lines are handed to a thread that writes them, so that whoever reads the log slowly keeps no request waiting; when too
//! many wait, they are dropped and counted.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use usher_core::model::{Actor, Timestamp};

/// The most bytes of lines that wait to be written.
const MOST_WAITING: usize = 1024 * 1024;
/// How long the writing thread lets lines gather.
const GATHER: Duration = Duration::from_millis(20);
/// How long the end waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line a request, for people.
    Text,
    /// One JSON object a request.
    Json,
    /// Failures only.
    #[default]
    Off,
}

/// What is found out about a request while it is handled.
#[derive(Default)]
pub(crate) struct Note {
    /// A connection or a platform.
    pub(crate) actor: Option<Actor>,
    /// What failed, for us to read.
    pub(crate) error: Option<String>,
}

tokio::task_local! {
    static NOTE: RefCell<Note>;
}

/// Runs what handles a request; what is noted meanwhile comes back with its answer.
pub(crate) async fn noting<T>(handling: impl Future<Output = T>) -> (T, Note) {
    let noted = async {
        let answer = handling.await;
        (answer, NOTE.with(RefCell::take))
    };
    NOTE.scope(RefCell::default(), noted).await
}

/// Whom the request is from.
pub(crate) fn from(actor: Actor) {
    // Outside a request there is nobody to note it for.
    let _ = NOTE.try_with(|it| it.borrow_mut().actor = Some(actor));
}

/// A fault of ours or of the machine, of which the client learns nothing.
pub(crate) fn broken(error: &dyn Display) {
    let noted = NOTE.try_with(|it| it.borrow_mut().error = Some(error.to_string()));
    if noted.is_err() {
        tell(&format!("a request failed: {error}"));
    }
}

/// A connection could not be accepted.
pub(crate) fn not_accepted(error: &std::io::Error) {
    tell(&format!("cannot accept a connection: {error}"));
}

/// Something that whoever runs the server should know.
pub(crate) fn said(what: &str) {
    tell(what);
}

/// Whether whoever reads the log expects an object on every line.
static IN_JSON: AtomicBool = AtomicBool::new(false);

fn tell(what: &str) {
    if IN_JSON.load(Ordering::Relaxed) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        eprintln!("{}", told(Timestamp::from_millis(now), what));
    } else {
        eprintln!("usher: {what}");
    }
}

fn told(time: Timestamp, what: &str) -> serde_json::Value {
    serde_json::json!({"time": time, "said": what})
}

/// One answered request.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    pub(crate) time: Timestamp,
    pub(crate) request: &'a str,
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    /// Until the answer was ready, in milliseconds.
    pub(crate) ms: f64,
    pub(crate) bytes: u64,
    /// The connection or platform, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a str>,
}

impl Line<'_> {
    fn text(&self) -> String {
        let Self {
            time,
            request,
            method,
            route,
            status,
            ms,
            bytes,
            ..
        } = self;
        let from = self.from.unwrap_or("-");
        let mut line =
            format!("{time} {status} {method} {route} {ms:.2}ms {bytes}B {from} {request}");
        if let Some(error) = self.error {
            // One line a request, whatever an error says.
            line.push_str(&format!(
                " failed: {}",
                error.replace(char::is_control, " ")
            ));
        }
        line
    }
}

/// The log of requests.
pub(crate) struct Log {
    format: LogFormat,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when there is something to write, and when it is written.
    moved: Condvar,
    lost: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    writing: bool,
    closing: bool,
}

impl Log {
    /// Starts the thread that writes, unless nothing is logged.
    pub(crate) fn start(format: LogFormat) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        IN_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
        if format != LogFormat::Off {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("scim-log".to_owned())
                .spawn(move || shared.write_on())?;
        }
        Ok(Self { format, shared })
    }

    /// Whether requests are logged.
    pub(crate) fn is_on(&self) -> bool {
        self.format != LogFormat::Off
    }

    /// Logs a request; without a log, a failed one is told all the same.
    pub(crate) fn answered(&self, line: &Line<'_>) {
        match (self.format, line.error) {
            (LogFormat::Text, _) => self.shared.add(line.text()),
            (LogFormat::Json, _) => {
                // A line of ours has nothing that JSON cannot carry.
                self.shared
                    .add(serde_json::to_string(line).unwrap_or_default());
            }
            (LogFormat::Off, Some(error)) => {
                eprintln!("usher: request {} failed: {error}", line.request);
            }
            (LogFormat::Off, None) => {}
        }
    }

    /// How many lines were dropped.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Waits a moment for what was logged to be written.
    pub(crate) fn end(&self) {
        let state = self.shared.state();
        let busy = |it: &mut State| it.writing || !it.waiting.is_empty();
        let _ = self
            .shared
            .moved
            .wait_timeout_while(state, LAST_LINES, busy);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.moved.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: String) {
        let mut state = self.state();
        if state.waiting.len() + line.len() >= MOST_WAITING {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(line.as_bytes());
        state.waiting.push(b'\n');
        drop(state);
        if was_empty {
            self.moved.notify_all();
        }
    }

    /// Writes what comes until the log is dropped.
    fn write_on(&self) {
        loop {
            let idle = |it: &mut State| it.waiting.is_empty() && !it.closing;
            let state = self.moved.wait_while(self.state(), idle);
            let state = state.unwrap_or_else(PoisonError::into_inner);
            if state.waiting.is_empty() {
                return;
            }
            drop(state);
            std::thread::sleep(GATHER);
            let lines = {
                let mut state = self.state();
                state.writing = true;
                std::mem::take(&mut state.waiting)
            };
            // Whoever closed stderr wants no log.
            let _ = std::io::stderr().lock().write_all(&lines);
            self.state().writing = false;
            self.moved.notify_all();
        }
    }
}
