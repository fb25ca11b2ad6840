//! Work that takes a while: how far it is stands on standard error where that is a terminal, and Ctrl-C takes it back as a
//! whole until it is committed.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use signal_hook::consts::SIGINT;
use signal_hook::flag;
use usher_core::command::Request;
use usher_core::plan::Digest;
use usher_core::{Applied, Plan, Progress, Result, Session, Stage};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(100);
/// Nothing is said about what is over sooner.
const QUIET: Duration = Duration::from_millis(700);

/// What the request would do now.
pub(crate) fn plan(session: &Session, request: &Request) -> Result<Plan> {
    watched(|_| "planning".to_owned(), None, |_| session.plan(request))
}

/// Applies the request.
pub(crate) fn apply(
    session: &Session,
    request: Request,
    confirmed: Option<Digest>,
) -> Result<Applied> {
    let interrupted = Arc::new(AtomicBool::new(false));
    // The second one ends the program, which takes back what is not committed as well.
    let handlers = [
        flag::register_conditional_default(SIGINT, Arc::clone(&interrupted)),
        flag::register(SIGINT, Arc::clone(&interrupted)),
    ];
    let result = watched(how_far, Some(&interrupted), |progress| {
        session.apply_watched(request, confirmed, progress)
    });
    for handler in handlers.into_iter().flatten() {
        signal_hook::low_level::unregister(handler);
    }
    result
}

fn how_far(progress: &Progress) -> String {
    let seen = progress.seen();
    match (seen.stage, seen.percent()) {
        _ if progress.is_cancelled() => "taking it back".to_owned(),
        (Stage::Waiting, _) => "waiting for other work; Ctrl-C cancels".to_owned(),
        (Stage::Planning, _) => "planning; Ctrl-C cancels".to_owned(),
        (Stage::Writing, percent) => {
            format!(
                "{} % written; Ctrl-C cancels all of it",
                percent.unwrap_or(0)
            )
        }
        (Stage::Committing, _) => "putting it on disk".to_owned(),
    }
}

/// Does the work while another thread says how far it is.
fn watched<T>(
    say: impl Fn(&Progress) -> String + Send,
    interrupted: Option<&AtomicBool>,
    work: impl FnOnce(&Progress) -> T,
) -> T {
    let progress = Progress::new();
    std::thread::scope(|scope| {
        let (working, ended) = mpsc::channel::<()>();
        let watched = progress.clone();
        scope.spawn(move || watch(&watched, interrupted, &say, &ended));
        let result = work(&progress);
        drop(working);
        result
    })
}

fn watch(
    progress: &Progress,
    interrupted: Option<&AtomicBool>,
    say: &impl Fn(&Progress) -> String,
    ended: &Receiver<()>,
) {
    let shows = io::stderr().is_terminal();
    let (begun, mut said, mut told) = (Instant::now(), String::new(), false);
    while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        if !told && interrupted.is_some_and(|it| it.load(Ordering::SeqCst)) {
            told = true;
            if !progress.cancel() {
                show("\rtoo late to cancel: it is being put on disk; usher undo takes it back\n");
            }
        }
        let now = say(progress);
        if shows && begun.elapsed() > QUIET && now != said {
            show(&format!("\r{now}…\x1b[K"));
            said = now;
        }
    }
    if !said.is_empty() {
        show("\r\x1b[K");
    }
}

/// Whoever does not read it misses nothing that is not said again.
fn show(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
