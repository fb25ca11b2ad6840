//! The real console in a pseudo-terminal: what it leaves behind, whatever ends it.
//!
//! The child process is this test program itself, run with a database file in its environment.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use usher_core::command::{Command, Create, NewPerson};
use usher_core::model::{Actor, Door, Profile};
use usher_core::{Directory, Founding, Options};
use usher_tui::{ConsoleError, ConsoleOptions};

const DATABASE: &str = "USHER_TUI_TEST_DATABASE";
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Not a test of its own: what the others run in a pseudo-terminal.
#[test]
fn console_in_a_terminal() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let directory = Directory::open(Path::new(&path), Options::default()).expect("the database opens");
    let session = directory.as_actor(Actor::FileOwner, Door::Console);
    let code = match usher_tui::run(session, ConsoleOptions::default()) {
        Ok(()) => 40,
        Err(ConsoleError::HungUp) => 41,
        Err(ConsoleError::Signal(signal)) => 100 + signal,
        Err(ConsoleError::NotATerminal) => 42,
        Err(ConsoleError::Terminal(_)) => 43,
    };
    drop(directory);
    std::process::exit(code);
}

fn person(email: &str) -> NewPerson {
    NewPerson { profile: Profile { email: Some(email.into()), ..Profile::default() }, manager: None }
}

fn create(directory: &Directory, emails: &[&str]) {
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let people = emails.iter().map(|it| person(it)).collect();
    let create = Create { people, groups: Vec::new(), pools: Vec::new(), mail: false };
    session.apply(session.request(Command::Create(create)), None).expect("people are created");
}

/// The console, its terminal, and what the terminal shows.
struct Session {
    directory: Directory,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    _folder: tempfile::TempDir,
}

impl Session {
    fn start() -> Self {
        Self::start_with(|command| command)
    }

    fn start_with(prepare: impl FnOnce(CommandBuilder) -> CommandBuilder) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("usher.db");
        let founding = Founding {
            name: "Acme Learning".into(),
            seats: 50,
            owner: "olga@acme.example".parse().expect("an address"),
            time_zone: "UTC".parse().expect("a zone"),
        };
        let directory = Directory::create(&path, &founding, Options::default()).expect("a new database");
        create(&directory, &["ana@acme.example", "bo@acme.example"]);
        let pair = native_pty_system().openpty(size(80, 24)).expect("a pseudo-terminal");
        let this = std::env::current_exe().expect("the test program");
        let mut command = CommandBuilder::new(this);
        command.args(["--exact", "console_in_a_terminal", "--nocapture", "--test-threads=1"]);
        command.env(DATABASE, &path);
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(prepare(command)).expect("the console starts");
        drop(pair.slave);
        let bytes = read_all(pair.master.try_clone_reader().expect("a reader"));
        let keys = pair.master.take_writer().expect("a writer");
        let screen = vt100::Parser::default();
        Self { directory, master: Some(pair.master), keys: Some(keys), child, bytes, screen, _folder: folder }
    }

    fn press(&mut self, keys: &str) {
        let out = self.keys.as_mut().expect("the terminal is there");
        out.write_all(keys.as_bytes()).expect("keys are taken");
        out.flush().expect("keys are taken");
    }

    fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is as it should be.
    fn until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self.screen.screen()) {
            match self.bytes.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{what} did not come; the screen is\n{}", self.contents())
                }
            }
        }
    }

    fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// Waits for the end, and says how it was.
    fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(20)) {
                self.screen.process(&bytes);
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                while let Ok(bytes) = self.bytes.try_recv() {
                    self.screen.process(&bytes);
                }
                return status;
            }
            assert!(Instant::now() < end, "the console did not end; the screen is\n{}", self.contents());
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("a running console").to_string();
        let sent = std::process::Command::new("kill").args([name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// The terminal is as it was before: main screen, a cursor, no pasting mode, cooked input.
    fn assert_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.hide_cursor(), "the cursor is seen");
        assert!(!screen.bracketed_paste(), "pasting is as before");
        let modes = self.master.as_ref().and_then(|it| it.get_termios()).expect("the terminal's modes");
        assert!(format!("{:?}", modes.local_flags).contains("ICANON"), "input is by line again: {:?}", modes.local_flags);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn read_all(mut from: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (send, bytes) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if send.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    bytes
}

/// Processor time that a process has used, in clock ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}

#[test]
fn it_starts_acts_and_leaves_the_terminal_as_it_was() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    session.shows("access 3/50 · 47 free");
    session.press("d");
    session.shows("Apply this?");
    session.press("y");
    session.shows("1 deactivated");
    session.shows("access 2/50 · 48 free");
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

#[test]
fn another_process_is_seen_within_half_a_second() {
    let mut session = Session::start();
    session.shows("access 3/50");
    session.press("j");
    session.until("the cursor", |screen| screen.rows(0, 80).any(|it| it.starts_with("> ") && it.contains("bo@")));
    for (i, name) in ["abel@acme.example", "zoe@acme.example", "ben@acme.example"].iter().enumerate() {
        create(&session.directory, &[name]);
        let written = Instant::now();
        session.shows(&format!("access {}/50", 4 + i));
        session.shows(name);
        let took = written.elapsed();
        assert!(took < Duration::from_millis(500) || cfg!(debug_assertions) && took < Duration::from_secs(2), "it took {took:?}");
    }
    let rows: Vec<_> = session.screen.screen().rows(0, 80).collect();
    assert!(rows.iter().any(|it| it.starts_with("> ") && it.contains("bo@")), "the cursor stays on its person: {rows:?}");
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    for (cols, rows) in [(120, 40), (20, 5), (1, 1), (60, 12), (200, 50), (80, 24)] {
        session.screen.screen_mut().set_size(rows.try_into().expect("not zero"), cols.try_into().expect("not zero"));
        session.master.as_ref().expect("a terminal").resize(size(cols, rows)).expect("another size");
    }
    session.shows("? help");
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

#[test]
fn every_signal_to_end_puts_the_terminal_right() {
    for (name, number) in [("-TERM", 15), ("-HUP", 1), ("-INT", 2), ("-QUIT", 3)] {
        let mut session = Session::start();
        session.shows("ana@acme.example");
        session.signal(name);
        assert_eq!(session.end().exit_code(), 100 + number, "{name}");
        session.assert_restored();
    }
}

#[test]
fn a_dropped_line_ends_it_even_where_the_shell_ignores_hangups() {
    for trap in ["", "trap '' HUP; "] {
        let mut session = Session::start_with(|command| {
            // As a shell would start it: in the background of this one, so that nobody but the console sees the end.
            let mut shell = CommandBuilder::new("sh");
            let line: Vec<_> = command.get_argv().iter().map(|it| format!("'{}'", it.to_string_lossy())).collect();
            shell.args(["-c", &format!("{trap}exec {}", line.join(" "))]);
            for (name, value) in command.iter_full_env_as_str() {
                shell.env(name, value);
            }
            shell
        });
        session.shows("ana@acme.example");
        session.keys = None;
        session.master = None;
        let code = session.end().exit_code();
        assert!([41, 43, 101].contains(&code), "it ended with {code}");
    }
}

#[test]
fn an_idle_console_sleeps() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    // Let the ages settle: their steps grow.
    std::thread::sleep(Duration::from_secs(3));
    while session.bytes.try_recv().is_ok() {}
    let pid = session.child.process_id().expect("a running console");
    let before = ticks(pid);
    std::thread::sleep(Duration::from_secs(2));
    assert!(ticks(pid) - before <= 3, "{} ticks in two idle seconds", ticks(pid) - before);
    let drawn: usize = session.bytes.try_iter().map(|it| it.len()).sum();
    assert!(drawn < 300, "{drawn} bytes in two idle seconds");
}

#[test]
fn a_key_costs_few_bytes() {
    let mut session = Session::start();
    session.shows("? help");
    session.shows("of 3");
    session.press("j");
    session.until("row 2", |screen| screen.contents().contains("row 2 of 3"));
    while session.bytes.recv_timeout(Duration::from_millis(200)).is_ok() {}
    session.press("k");
    let mut drawn = 0;
    while let Ok(bytes) = session.bytes.recv_timeout(Duration::from_millis(300)) {
        drawn += bytes.len();
    }
    assert!((1..600).contains(&drawn), "{drawn} bytes for one key");
}
