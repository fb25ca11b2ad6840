//! The loop: waits for events, updates the state, carries out effects, draws when something changed. It wakes up for
//! keys, answers, notices of commits and timers, and for nothing else.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use usher_core::Session;

use crate::app::{App, Settings};
use crate::backend::AnsiBackend;
use crate::effect::Effect;
use crate::event::{Answer, Event, Timer};
use crate::input::InputThread;
use crate::runner::Runner;
use crate::signals::SignalThread;
use crate::terminal::{self, TerminalGuard};
use crate::view;
use crate::watcher::Watcher;

/// Most events taken in before a frame is drawn.
const BURST: usize = 1000;

/// Why the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The person left.
    Left,
    /// Nobody typed for as long as the organization allows.
    Idle,
    /// Whoever sat here is no active administrator any more.
    ShutOut,
    /// The terminal is gone.
    HungUp,
    /// The process was told to end.
    Signal(i32),
}

/// Runs the console on the process's terminal until it ends.
pub(crate) fn run(session: &Session, settings: Settings) -> io::Result<Ending> {
    let (events, received) = mpsc::channel();
    let guard = TerminalGuard::enter()?;
    let keyboard = InputThread::start(io::stdin().as_fd().try_clone_to_owned()?, events.clone())?;
    let signals = SignalThread::start(events.clone())?;
    let screen = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let size = terminal::size();
    let terminal = Terminal::new(AnsiBackend::new(screen, size))?;
    let app = App::new(settings, size, session.directory().now());
    // The first frame is drawn before anything is read.
    let mut screen = Screen {
        terminal,
        app,
        repaint: false,
    };
    screen.draw()?;
    let runner = Runner::start(session, &events)?;
    let watcher = Watcher::start(session, events)?;
    let ending = screen.live(session, &runner, &received, idle_limit(session));
    drop((watcher, runner));
    drop(guard);
    drop((keyboard, signals));
    ending
}

/// How long nobody may type, by the setting `idle-minutes`; none when it is 0.
fn idle_limit(session: &Session) -> Option<Duration> {
    let settings = session.read().and_then(|it| it.settings());
    limit_of(settings.map_or(0, |it| it.idle_minutes))
}

fn limit_of(minutes: u32) -> Option<Duration> {
    (minutes > 0).then(|| Duration::from_secs(60 * u64::from(minutes)))
}

struct Screen {
    terminal: Terminal<AnsiBackend<File>>,
    app: App,
    /// The terminal may show something else than what was drawn.
    repaint: bool,
}

impl Screen {
    fn live(
        &mut self,
        session: &Session,
        runner: &Runner,
        received: &Receiver<Event>,
        mut idle: Option<Duration>,
    ) -> io::Result<Ending> {
        let mut timers = Timers::default();
        timers.set(Timer::Idle, idle);
        let mut minutes = None;
        let mut effects = self.app.start();
        loop {
            for effect in effects.drain(..) {
                match runner.carry_out(effect) {
                    Some(Effect::Timer(timer, after)) => timers.set(timer, after),
                    Some(Effect::Repaint) => self.repaint = true,
                    Some(Effect::Mouse(on)) => terminal::take_mouse(on),
                    Some(Effect::Copy(text)) => self.terminal.backend_mut().copy(&text)?,
                    Some(Effect::Quit) => return Ok(Ending::Left),
                    _ => {}
                }
            }
            self.draw()?;
            let Some(first) = timers.wait(received) else {
                return Ok(Ending::HungUp);
            };
            for event in std::iter::once(first)
                .chain(received.try_iter())
                .take(BURST)
            {
                match event {
                    Event::HungUp => return Ok(Ending::HungUp),
                    Event::Signal(signal) => return Ok(Ending::Signal(signal)),
                    Event::Timer(Timer::Idle) => return Ok(Ending::Idle),
                    Event::Answered(Answer::ShutOut) => return Ok(Ending::ShutOut),
                    Event::Key(_) | Event::Paste(_) | Event::Click { .. } | Event::Wheel { .. } => {
                        timers.set(Timer::Idle, idle)
                    }
                    Event::Answered(Answer::Counters(Ok(ref counters))) => {
                        // The setting may be another one now; the time runs anew then.
                        let now = counters.idle_minutes;
                        if minutes.replace(now).is_some_and(|before| before != now) {
                            idle = limit_of(now);
                            timers.set(Timer::Idle, idle);
                        }
                    }
                    Event::Resized(size) | Event::Redraw(size) => {
                        // A terminal that was small for a moment has forgotten what it showed, also where it is now of
                        // the same size as before.
                        self.terminal.backend_mut().set_size(size);
                        self.repaint = true;
                    }
                    _ => {}
                }
                effects.extend(self.app.update(event, session.directory().now()));
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let repaint = std::mem::take(&mut self.repaint);
        if repaint {
            self.terminal.clear()?;
        }
        if std::mem::take(&mut self.app.dirty) || repaint {
            let app = &self.app;
            self.terminal
                .draw(|frame| view::draw(app, app.settings.theme, frame))?;
        }
        Ok(())
    }
}

/// When which timer runs out.
#[derive(Default)]
struct Timers {
    due: Vec<(Timer, Instant)>,
}

impl Timers {
    fn set(&mut self, timer: Timer, after: Option<Duration>) {
        self.due.retain(|(it, _)| *it != timer);
        self.due
            .extend(after.map(|after| (timer, Instant::now() + after)));
    }

    /// The next event; none when nobody can send one any more.
    fn wait(&mut self, received: &Receiver<Event>) -> Option<Event> {
        let Some((timer, at)) = self.due.iter().min_by_key(|(_, at)| *at).copied() else {
            return received.recv().ok();
        };
        match received.recv_timeout(at.saturating_duration_since(Instant::now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => {
                self.set(timer, None);
                Some(Event::Timer(timer))
            }
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::counters::Counters;
    use ratatui::layout::Size;
    use usher_core::command::Command;
    use usher_core::model::{Actor, Door, Permission};
    use usher_core::{Directory, Founding, Options};

    use super::*;
    use crate::theme::Theme;

    /// A database, and what a console draws on.
    struct Place {
        folder: tempfile::TempDir,
        directory: Directory,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let founding = Founding {
                name: "Acme".into(),
                seats: 5,
                owner: "olga@acme.example".parse().expect("an address"),
                time_zone: "UTC".parse().expect("a zone"),
            };
            let database = folder.path().join("usher.db");
            let directory =
                Directory::create(&database, &founding, Options::default()).expect("a database");
            Self { folder, directory }
        }

        fn screen(&self) -> Screen {
            let size = Size::new(80, 24);
            let settings = Settings {
                theme: Theme::Mono,
                ..Settings::default()
            };
            let output = File::create(self.folder.path().join("screen")).expect("a file");
            Screen {
                terminal: Terminal::new(AnsiBackend::new(output, size)).expect("a terminal"),
                app: App::new(settings, size, self.directory.now()),
                repaint: false,
            }
        }
    }

    #[test]
    fn the_time_without_a_key_is_the_settings_also_where_that_is_changed_meanwhile() {
        let place = Place::new();
        let session = place.directory.as_actor(Actor::FileOwner, Door::Console);
        let (events, received) = mpsc::channel();
        let runner = Runner::start(&session, &events).expect("a runner");
        let counters = |minutes| {
            let read = session.read().expect("readable");
            let counters = crate::reads::counters(&read, session.actor()).expect("counted");
            Event::Answered(Answer::Counters(Ok(Box::new(Counters {
                idle_minutes: minutes,
                ..counters
            }))))
        };
        // It was a tenth of a second: from then on nobody is sent off before the hour is over.
        for minutes in [0, 60] {
            events.send(counters(minutes)).expect("taken");
        }
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(400));
            let _ = events.send(Event::HungUp);
        });
        let limit = Some(Duration::from_millis(100));
        let ending = place.screen().live(&session, &runner, &received, limit);
        assert!(matches!(ending, Ok(Ending::HungUp)));
        assert_eq!(limit_of(60), Some(Duration::from_secs(3600)));
    }

    #[test]
    fn a_console_at_which_nobody_types_ends() {
        let place = Place::new();
        let session = place.directory.as_actor(Actor::FileOwner, Door::Console);
        assert_eq!(idle_limit(&session), None);
        let (events, received) = mpsc::channel();
        let runner = Runner::start(&session, &events).expect("a runner");
        let limit = Some(Duration::from_millis(300));
        let ending = place.screen().live(&session, &runner, &received, limit);
        assert_eq!(ending.expect("an ending"), Ending::Idle);
    }

    #[test]
    fn the_console_of_somebody_who_was_taken_off_closes_by_itself() {
        let place = Place::new();
        let owner = place.directory.as_actor(Actor::FileOwner, Door::Cli);
        let apply = |command| owner.apply(owner.request(command), None).expect("a batch");
        let people = usher_core::command::parse_people("ana@acme.example").0;
        apply(Command::Create(usher_core::command::Create {
            people,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
        }));
        let read = owner.read().expect("something to read");
        let ana = read.find_user("ana@acme.example").expect("somebody").id;
        drop(read);
        apply(Command::GrantPermissions {
            who: ana.into(),
            permissions: vec![Permission::ManageUsers],
        });
        let session = place
            .directory
            .as_actor(Actor::Administrator(ana), Door::Console);
        let (events, received) = mpsc::channel();
        let runner = Runner::start(&session, &events).expect("a runner");
        let _watcher = Watcher::start(&session, events).expect("a watcher");
        let limit = Some(Duration::from_secs(60));
        let ending = std::thread::scope(|scope| {
            scope.spawn(|| apply(Command::Deactivate { who: ana.into() }));
            place.screen().live(&session, &runner, &received, limit)
        });
        assert_eq!(ending.expect("an ending"), Ending::ShutOut);
    }
}
