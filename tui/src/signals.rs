//! Signals as events: another size, continued after a stop, and the requests to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};

use crate::event::Event;
use crate::terminal;

/// How long the console may take to end when it is told to.
const LAST_RESORT: Duration = Duration::from_secs(3);
/// The signals that ask for the end.
const ENDING: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];

/// The thread that waits for signals; dropping this ends it, and signals do again what they did before.
pub(crate) struct SignalThread {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
    /// Dropped with this, which tells the last resort that it is not needed.
    _alive: Sender<()>,
}

impl SignalThread {
    /// Starts turning signals into events.
    pub(crate) fn start(events: Sender<Event>) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        for signal in ENDING {
            register_conditional_default(signal, Arc::clone(&over))?;
        }
        let mut signals = Signals::new(ENDING.into_iter().chain([SIGWINCH, SIGCONT]))?;
        let handle = signals.handle();
        let (alive, ended) = mpsc::channel();
        let listen = move || {
            let mut ended = Some(ended);
            for signal in signals.forever() {
                let event = match signal {
                    SIGWINCH => Event::Resized(terminal::size()),
                    SIGCONT => {
                        terminal::resume();
                        Event::Redraw(terminal::size())
                    }
                    ending => {
                        if let Some(ended) = ended.take() {
                            last_resort(ended, ending);
                        }
                        Event::Signal(ending)
                    }
                };
                if events.send(event).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("signals".into())
            .spawn(listen)?;
        Ok(Self {
            handle,
            thread: Some(thread),
            over,
            _alive: alive,
        })
    }
}

impl Drop for SignalThread {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.over.store(true, Ordering::SeqCst);
    }
}

/// Ends the process when the console does not: its drawing thread may hang in a write to a line that takes nothing.
fn last_resort(ended: Receiver<()>, signal: i32) {
    let wait = move || {
        if ended.recv_timeout(LAST_RESORT) == Err(mpsc::RecvTimeoutError::Timeout) {
            terminal::restore_by_force();
            signal_hook::low_level::exit(128 + signal);
        }
    };
    // Without a thread for it, the console still ends if it can.
    let _ = std::thread::Builder::new()
        .name("last resort".into())
        .spawn(wait);
}
