//! Plays keys in words, and waits until nothing is left to do: no sleeping, no threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use usher_core::import::{Limits, Source, Task, read_as_told};
use usher_core::mail::MailText;
use usher_core::model::{Actor, Door};
use usher_core::{Error, Session};

use super::org::Org;
use crate::app::{App, Settings};
use crate::effect::Effect;
use crate::event::{Event, Timer};
use crate::handouts::Handouts;
use crate::key::Key;
use crate::reader::FileReader;
use crate::runner;
use crate::theme::Theme;
use crate::view;

/// A console without a terminal.
pub(super) struct Play {
    pub(super) app: App,
    pub(super) org: Org,
    session: Session,
    timers: BTreeMap<Timer, i64>,
    pub(super) quit: bool,
    pub(super) copied: Option<String>,
}

impl Play {
    /// Opens the console on an organization, on a screen of 80 by 24.
    pub(super) fn open(org: Org) -> Self {
        Self::with(org, Settings::default(), Size::new(80, 24))
    }

    pub(super) fn with(org: Org, settings: Settings, size: Size) -> Self {
        Self::by(org, Actor::FileOwner, settings, size)
    }

    /// The console of this administrator.
    pub(super) fn by(org: Org, actor: Actor, settings: Settings, size: Size) -> Self {
        let session = org.directory.as_actor(actor, Door::Console);
        let settings = Settings {
            reader: settings.reader.or_else(|| Some(reader())),
            handouts: settings.handouts.or_else(|| Some(handouts())),
            ..settings
        };
        let mut app = App::new(settings, size, org.directory.now());
        let effects = app.start();
        let mut play = Self {
            app,
            org,
            session,
            timers: BTreeMap::new(),
            quit: false,
            copied: None,
        };
        play.until_idle(effects);
        play
    }

    /// Presses keys in words, each when the console has nothing left to do.
    pub(super) fn keys(&mut self, words: &str) -> &mut Self {
        for key in Key::in_words(words) {
            self.event(Event::Key(key));
        }
        self
    }

    /// Presses keys in words at once, before any of them is answered.
    pub(super) fn keys_at_once(&mut self, words: &str) -> &mut Self {
        let effects = self.keys_alone(words);
        self.until_idle(effects);
        self
    }

    /// Lets something happen, and all that follows from it.
    pub(super) fn event(&mut self, event: Event) -> &mut Self {
        let effects = self.app.update(event, self.org.directory.now());
        self.until_idle(effects);
        self
    }

    /// Presses keys in words whose effects are still to be carried out, by [`Play::until_idle`].
    pub(super) fn keys_alone(&mut self, words: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in Key::in_words(words) {
            effects.extend(self.app.update(Event::Key(key), self.org.directory.now()));
        }
        effects
    }

    pub(super) fn until_idle(&mut self, mut effects: Vec<Effect>) {
        loop {
            while !effects.is_empty() {
                for effect in std::mem::take(&mut effects) {
                    effects.extend(self.carry_out(effect));
                }
            }
            // An age changes for ever, and so may a server; nothing waits for them.
            let next = self
                .timers
                .iter()
                .filter(|(it, _)| {
                    !matches!(
                        it,
                        Timer::Age | Timer::Look | Timer::Arrival | Timer::Progress | Timer::Slow
                    )
                })
                .min_by_key(|(_, after)| **after);
            let Some((timer, after)) = next.map(|(timer, after)| (*timer, *after)) else {
                return;
            };
            self.timers.remove(&timer);
            self.org.clock.pass(after);
            effects = self
                .app
                .update(Event::Timer(timer), self.org.directory.now());
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Timer(timer, after) => {
                self.timers.remove(&timer);
                self.timers
                    .extend(after.map(|it| (timer, i64::try_from(it.as_millis()).unwrap_or(0))));
            }
            Effect::Quit => self.quit = true,
            Effect::Repaint | Effect::Mouse(_) => {}
            Effect::Copy(text) => self.copied = Some(text),
            other => {
                if let Some(answer) = runner::answer(&self.session, other, &Arc::default()) {
                    return self
                        .app
                        .update(Event::Answered(answer), self.org.directory.now());
                }
            }
        }
        Vec::new()
    }

    fn drawn(&self, theme: Theme) -> Terminal<TestBackend> {
        let Size { width, height } = self.app.size;
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
        terminal
            .draw(|frame| view::draw(&self.app, theme, frame))
            .expect("a screen in memory");
        terminal
    }

    /// The screen's text.
    pub(super) fn screen(&self) -> String {
        text(&self.drawn(Theme::Terminal))
    }

    /// How the screen looks: a letter a cell.
    pub(super) fn looks(&self, theme: Theme) -> String {
        looks(&self.drawn(theme))
    }

    /// Whether some line of the screen has this in it.
    pub(super) fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// The line of the screen in which this is.
    pub(super) fn line(&self, text: &str) -> String {
        self.screen()
            .lines()
            .find(|it| it.contains(text))
            .unwrap_or_default()
            .to_owned()
    }

    /// The person under the cursor.
    pub(super) fn under_cursor(&self) -> String {
        self.app
            .users
            .list
            .current()
            .map(|it| it.email.clone())
            .unwrap_or_default()
    }
}

/// Fills in names only, and makes sheets of one line.
fn handouts() -> Handouts {
    Handouts::new(
        |session, template, language, text| {
            let own = session.directory().mail_text(template, language)?.0;
            let text = text.unwrap_or(&own);
            let filled = |it: &str| it.replace("{first_name}", "Ana");
            Ok(MailText {
                subject: filled(&text.subject),
                body: filled(&text.body),
            })
        },
        |_, language| Ok(format!("<p>a sheet in {language}</p>")),
    )
}

/// Reads files in this process, which has no worker.
fn reader() -> FileReader {
    FileReader::new(|_, source, wanted| {
        let mut file = tempfile::tempfile().expect("a file");
        match source {
            Source::Path(path) => match File::open(path) {
                Ok(found) => file = found,
                Err(_) => return Err(Error::not_found("file", path.display())),
            },
            Source::Pipe(pipe) => {
                std::io::copy(pipe, &mut file).expect("written");
            }
        }
        let task = Task {
            sheet: wanted.sheet.map(str::to_owned),
            encoding: wanted.encoding.map(str::to_owned),
            limits: Limits::default(),
        };
        read_as_told(file, &task)
    })
}

fn text(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            use ratatui::buffer::CellWidth;
            let cell = &buffer[(x, y)];
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = cell.symbol().cell_width();
            }
            covered = covered.saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n").trim_end().to_owned()
}

/// `.` plain, `b` bold, `d` dim, `u` underlined, `r` reverse, `g` green, `y` yellow, `R` red, `c` cyan, `m` magenta.
fn looks(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width)
            .map(|x| look(&buffer[(x, y)]))
            .collect();
        lines.push(line.trim_end_matches('.').to_owned());
    }
    lines.join("\n").trim_end().to_owned()
}

fn look(cell: &ratatui::buffer::Cell) -> char {
    match (cell.fg, cell.modifier) {
        (_, it) if it.contains(Modifier::REVERSED) => 'r',
        (Color::Green, _) => 'g',
        (Color::Yellow, _) => 'y',
        (Color::Red, _) => 'R',
        (Color::Cyan, _) => 'c',
        (Color::Magenta, _) => 'm',
        (_, it) if it.contains(Modifier::UNDERLINED) => 'u',
        (_, it) if it.contains(Modifier::BOLD) => 'b',
        (_, it) if it.contains(Modifier::DIM) => 'd',
        _ => '.',
    }
}
