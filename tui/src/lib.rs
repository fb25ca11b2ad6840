//! The console of Usher. It knows no SQL and no HTTP; everything it knows or does goes through a
//! [`Session`] of the core.
//!
//! Reading order: `event` and `effect` (all that wakes it, all that it can cause), `app` (the state, and how events
//! change it; no I/O, no clock), `screen` and `overlay` (what is on the screen), `board` and
//! `boards` (every screen but that of people: one file each), `people` (what can be done with people), `form`, `list` and `marks` (a window over a
//! million people, and who of them is marked), `runner` and `reads` (effects carried out, away from the thread that
//! draws), `console` (the loop), `terminal`, `input`, `backend` (the terminal itself).

mod action;
mod app;
mod backend;
mod board;
mod boards;
mod cell;
mod chrome;
mod clip;
mod console;
mod counters;
mod decode;
mod detail;
mod effect;
mod event;
mod form;
mod handouts;
mod importing;
mod input;
mod key;
mod layout;
mod line;
mod list;
mod marks;
mod names;
mod overlay;
mod people;
mod reader;
mod reads;
mod repeating;
mod replay;
mod runner;
mod screen;
mod signals;
mod summary;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod verb;
mod view;
mod watcher;
mod words;
mod writing;
mod zone;

use usher_core::Session;
use usher_core::model::ConsoleLook;

use crate::app::Settings;
use crate::console::Ending;

pub use crate::action::{Action, Entry, Place, actions};
pub use crate::handouts::Handouts;
pub use crate::key::Key;
pub use crate::reader::{FileReader, ReadAs};
pub use crate::replay::Replay;
pub use crate::theme::{Depth, Theme};

/// How the console is to be.
#[derive(Clone, Debug, Default)]
pub struct ConsoleOptions {
    /// Colours, by one of [`Theme::WORDS`]; none named: the terminal's own, or none at all where the environment sets
    /// `NO_COLOR`. Of how many colours, `COLORTERM` says.
    pub theme: Option<String>,
    /// Draw no frames, for those who hear or feel the screen.
    pub plain: bool,
    /// ConsoleLook, but change nothing.
    pub read_only: bool,
    /// Write no files: whoever sits here has no folder on this machine.
    pub no_files: bool,
    /// How what a provider asked is carried out from the inbox; without it, it is not.
    pub replay: Option<Replay>,
    /// How files that people give are read; without it, none are.
    pub reader: Option<FileReader>,
    /// How mails are previewed and sheets are made; without it, they are not.
    pub handouts: Option<Handouts>,
    /// A word in the header, such as `demo`.
    pub title: Option<String>,
}

/// Why the console could not run, or did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input and output are not a terminal.
    #[error("the console needs a terminal; give a command, or see `usher --help`")]
    NotATerminal,
    /// Nobody typed for as long as the setting `idle-minutes` allows.
    #[error("nobody typed for as long as the setting idle-minutes allows; start it again")]
    Idle,
    /// Whoever sat at it was deactivated, or has no permission any more.
    #[error(
        "the console was closed: you are no active administrator any more, or the key that you came with was taken away"
    )]
    ShutOut,
    /// The terminal went away.
    #[error("the terminal is gone")]
    HungUp,
    /// The process was told to end. The terminal has been put right.
    #[error("ended by signal {0}")]
    Signal(i32),
    /// The terminal could not be read or written.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] std::io::Error),
}

/// Colours and whether no frames are drawn: what was asked for goes before what was chosen the last time.
fn look(
    options: &ConsoleOptions,
    no_color: bool,
    depth: Depth,
    kept: Option<&ConsoleLook>,
) -> (Theme, bool) {
    let theme = |word: &str| Theme::from_word(word, depth);
    let asked = options.theme.as_deref().and_then(theme);
    let asked = asked.or(no_color.then_some(Theme::Mono));
    let kept_theme = || kept.and_then(|it| theme(&it.theme));
    (
        asked.or_else(kept_theme).unwrap_or(Theme::Terminal),
        options.plain || kept.is_some_and(|it| it.plain),
    )
}

/// Runs the console on the process's terminal until the person leaves it.
///
/// # Errors
/// [`ConsoleError`]; the terminal is as it was before in every case.
pub fn run(session: Session, options: ConsoleOptions) -> Result<(), ConsoleError> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let depth = match std::env::var("COLORTERM").as_deref() {
        Ok("truecolor" | "24bit") => Depth::True,
        _ => Depth::Indexed,
    };
    // Should it not be readable, the console says why when it reads the rest.
    let kept = session.read().and_then(|it| it.look(session.actor()));
    let kept = kept.ok().flatten();
    let (theme, plain) = look(&options, no_color, depth, kept.as_ref());
    let settings = Settings {
        read_only: options.read_only,
        plain,
        theme,
        depth,
        no_files: options.no_files,
        replay: options.replay,
        reader: options.reader,
        handouts: options.handouts,
        title: options.title,
        kept: kept.unwrap_or_default(),
    };
    match console::run(&session, settings) {
        Ok(Ending::Left) => Ok(()),
        Ok(Ending::Idle) => Err(ConsoleError::Idle),
        Ok(Ending::ShutOut) => Err(ConsoleError::ShutOut),
        Ok(Ending::HungUp) => Err(ConsoleError::HungUp),
        Ok(Ending::Signal(signal)) => Err(ConsoleError::Signal(signal)),
        Err(fault) if fault.kind() == std::io::ErrorKind::Unsupported => {
            Err(ConsoleError::NotATerminal)
        }
        Err(fault) => Err(ConsoleError::Terminal(fault)),
    }
}

#[cfg(test)]
mod look_tests {
    use super::*;

    #[test]
    fn what_was_chosen_the_last_time_holds_where_nothing_is_asked_for() {
        let kept = ConsoleLook {
            theme: "mono".into(),
            plain: true,
        };
        let look = |options: &ConsoleOptions, no_color, kept| {
            look(options, no_color, Depth::Indexed, kept)
        };
        let nothing = ConsoleOptions::default();
        assert_eq!(look(&nothing, false, None), (Theme::Terminal, false));
        assert_eq!(look(&nothing, false, Some(&kept)), (Theme::Mono, true));
        let dark = ConsoleOptions {
            theme: Some("dark".into()),
            ..ConsoleOptions::default()
        };
        let dark = look(&dark, false, Some(&kept));
        assert_eq!(dark, (Theme::Dark(Depth::Indexed), true));
        let light = ConsoleLook {
            theme: "light".into(),
            plain: false,
        };
        assert_eq!(look(&nothing, true, Some(&light)), (Theme::Mono, false));
    }
}
