//! The process's own terminal: its modes are switched on together and off together, on every path out.
//!
//! Leaving happens by dropping the [`TerminalGuard`]; in a panic of the drawing thread by the panic hook; and when the
//! drawing thread hangs in a write to a stalled line, by the signal thread's last resort.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use ratatui::layout::Size;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Alternate screen, bracketed paste, the mouse's buttons, no wrapping at the right margin, a clear screen without a cursor.
const ENTER: &[u8] =
    b"\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[?7l\x1b[?25l\x1b[m\x1b[2J\x1b[H";
/// All of it undone, whatever was being written.
const LEAVE: &[u8] =
    b"\x18\x1b[?2026l\x1b[m\x1b[?25h\x1b[?7h\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l";
/// The largest screen that is drawn; a terminal that claims more is drawn on in its corner.
const LARGEST: Size = Size::new(500, 300);

/// What the terminal was like before; there is one terminal in a process, so there is one of these.
static BEFORE: Mutex<Option<Before>> = Mutex::new(None);

struct Before {
    keyboard: OwnedFd,
    screen: File,
    modes: Termios,
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// A terminal in the console's modes, until it is dropped.
pub(crate) struct TerminalGuard {
    hook: Arc<Hook>,
}

impl TerminalGuard {
    /// Switches the terminal over.
    ///
    /// # Errors
    /// When standard input and output are not a terminal.
    pub(crate) fn enter() -> io::Result<Self> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let keyboard = io::stdin().as_fd().try_clone_to_owned()?;
        let screen = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let modes = tcgetattr(&keyboard)?;
        let before = Before {
            keyboard,
            screen,
            modes,
        };
        before.switch_on()?;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let hook: Arc<Hook> = Arc::from(std::panic::take_hook());
        std::panic::set_hook(Box::new(on_panic(
            std::thread::current().id(),
            Arc::clone(&hook),
        )));
        Ok(Self { hook })
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore(OptionalActions::Flush);
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            std::panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// A panic of the drawing thread ends the console, so the terminal is put right before anything is printed. One of
/// any other thread is answered by whoever asked it, and must not write over the screen.
fn on_panic(drawing: ThreadId, hook: Arc<Hook>) -> impl Fn(&PanicHookInfo<'_>) + Send + Sync {
    move |info| {
        if std::thread::current().id() == drawing {
            restore(OptionalActions::Now);
            hook(info);
        }
    }
}

impl Before {
    fn switch_on(&self) -> io::Result<()> {
        let mut raw = self.modes.clone();
        raw.make_raw();
        tcsetattr(&self.keyboard, OptionalActions::Now, &raw)?;
        (&self.screen).write_all(ENTER)?;
        Ok(())
    }
}

/// Puts the terminal back, once; later calls do nothing.
fn restore(when: OptionalActions) {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // The terminal may be gone; there is nobody to tell.
        let _ = (&before.screen).write_all(LEAVE);
        let _ = tcsetattr(&before.keyboard, when, &before.modes);
    }
}

/// Puts the terminal back though the drawing thread hangs in a write, and so may this one.
pub(crate) fn restore_by_force() {
    let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return;
    };
    let _ = tcsetattr(&before.keyboard, OptionalActions::Now, &before.modes);
    let write = move || (&before.screen).write_all(LEAVE);
    if std::thread::Builder::new().spawn(write).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Switches the modes on again after the process was stopped and continued, when the shell has changed them.
pub(crate) fn resume() {
    if let Some(before) = &*BEFORE.lock().unwrap_or_else(PoisonError::into_inner) {
        let _ = before.switch_on();
    }
}

/// Takes the mouse, or leaves it to the terminal, for selecting text.
pub(crate) fn take_mouse(on: bool) {
    let modes: &[u8] = if on {
        b"\x1b[?1000h\x1b[?1006h"
    } else {
        b"\x1b[?1006l\x1b[?1000l"
    };
    if let Some(before) = &*BEFORE.lock().unwrap_or_else(PoisonError::into_inner) {
        let _ = (&before.screen).write_all(modes);
    }
}

/// The terminal's size now; 80 by 24 when it does not know.
pub(crate) fn size() -> Size {
    let known = tcgetwinsize(io::stdout())
        .ok()
        .filter(|it| it.ws_col > 0 && it.ws_row > 0);
    let Some(size) = known else {
        return Size::new(80, 24);
    };
    Size::new(
        size.ws_col.min(LARGEST.width),
        size.ws_row.min(LARGEST.height),
    )
}
