//! The keyboard's own thread: waits for bytes, decodes them, notices when the terminal is gone.
//!
//! It waits with `poll(2)` and looks at the hang-up flag. A reader that only looks for bytes spins for ever when an SSH
//! connection drops under a shell that ignores SIGHUP.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::decode::{Decoder, Typed};
use crate::event::Event;

/// The thread that reads the keyboard; dropping this ends it.
pub(crate) struct InputThread {
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl InputThread {
    /// Starts reading keys from a terminal.
    pub(crate) fn start(terminal: OwnedFd, events: Sender<Event>) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let read = move || {
            // Whoever listens has gone when sending fails, and this ends too.
            let _ = events.send(match read_keys(&terminal, &stopped, &events) {
                Ended::Stopped => return,
                Ended::HungUp => Event::HungUp,
            });
        };
        let thread = std::thread::Builder::new()
            .name("keyboard".into())
            .spawn(read)?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Why reading ended.
enum Ended {
    /// The console is closing.
    Stopped,
    /// The terminal is gone.
    HungUp,
}

fn read_keys(terminal: &OwnedFd, stopped: &PipeReader, events: &Sender<Event>) -> Ended {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 4096];
    loop {
        match wait(terminal, stopped, decoder.patience()) {
            Ready::Stopped => return Ended::Stopped,
            Ready::Gone => return Ended::HungUp,
            Ready::Silence => decoder.silence(),
            Ready::Interrupted => {}
            Ready::Bytes => match rustix::io::read(terminal, &mut bytes) {
                Ok(0) => return Ended::HungUp,
                Ok(n) => bytes.iter().take(n).for_each(|byte| decoder.feed(*byte)),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return Ended::HungUp,
            },
        }
        while let Some(typed) = decoder.pop() {
            let event = match typed {
                Typed::Key(key) => Event::Key(key),
                Typed::Paste(text) => Event::Paste(text),
                Typed::Click { x, y } => Event::Click { x, y },
                Typed::Wheel { down } => Event::Wheel { down },
            };
            if events.send(event).is_err() {
                return Ended::Stopped;
            }
        }
    }
}

/// What waiting ended with.
enum Ready {
    Bytes,
    Silence,
    Interrupted,
    Gone,
    Stopped,
}

fn wait(terminal: &OwnedFd, stopped: &PipeReader, patience: Option<Duration>) -> Ready {
    let timeout = patience.and_then(|it| Timespec::try_from(it).ok());
    let mut fds = [
        PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::IN),
        PollFd::new(stopped, PollFlags::IN),
    ];
    match poll(&mut fds, timeout.as_ref()) {
        Err(Errno::INTR) => return Ready::Interrupted,
        Err(_) => return Ready::Gone,
        Ok(0) => return Ready::Silence,
        Ok(_) => {}
    }
    let (keys, stop) = (fds[0].revents(), fds[1].revents());
    if !stop.is_empty() {
        Ready::Stopped
    } else if keys.contains(PollFlags::IN) {
        Ready::Bytes
    } else {
        Ready::Gone
    }
}
