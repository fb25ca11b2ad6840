//! Tells the console that something was committed, by this process or another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use usher_core::Session;

use crate::event::Event;

/// How long to wait for a notice before looking whether anybody still listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// Watches until it is dropped. Its thread holds nothing but the notices: it ends with the next of them, with the
/// directory, or within a minute, and nobody waits for it.
pub(crate) struct Watcher {
    over: Arc<AtomicBool>,
}

impl Watcher {
    /// Starts watching.
    pub(crate) fn start(session: &Session, events: Sender<Event>) -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let watch = session.watch();
        let listen = {
            let over = Arc::clone(&over);
            move || {
                while let Ok(notice) = watch.wait(PATIENCE) {
                    let gone = notice.is_some() && events.send(Event::Committed).is_err();
                    if gone || over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new()
            .name("watch".into())
            .spawn(listen)?;
        Ok(Self { over })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
