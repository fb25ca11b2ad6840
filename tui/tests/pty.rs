//! The real console in a pseudo-terminal: what it leaves behind, whatever ends it.
//!
//! The child process is this test program itself, run with a database file in its environment.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use usher_core::command::{Command, Create, NewPerson};
use usher_core::import::{Limits, Source, read_here};
use usher_core::model::{Actor, Door, Profile};
use usher_core::{Directory, Founding, Options};
use usher_tui::{ConsoleError, ConsoleOptions, FileReader};

mod wcwidth;

use wcwidth::{Opinion, Terminal};

const DATABASE: &str = "USHER_TUI_TEST_DATABASE";
const HELD: &str = "USHER_TUI_TEST_HELD_DATABASE";
const TRAP: &str = "USHER_TUI_TEST_TRAP";
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The machine's clock, until a file appears: then whoever draws panics.
struct ClockThatBreaks(std::path::PathBuf);

impl usher_core::Clock for ClockThatBreaks {
    fn now(&self) -> usher_core::model::Timestamp {
        let drawing = std::thread::current().name() == Some("console_in_a_terminal");
        assert!(!(drawing && self.0.exists()), "the clock broke");
        usher_core::SystemClock.now()
    }
}

/// Not a test of its own: what the others run in a pseudo-terminal.
#[test]
fn console_in_a_terminal() {
    let Ok(path) = std::env::var(DATABASE) else {
        return;
    };
    let trigger = Path::new(&path).with_extension("panic");
    let options = Options {
        clock: std::sync::Arc::new(ClockThatBreaks(trigger)),
        ..Options::default()
    };
    let directory = Directory::open(Path::new(&path), options).expect("the database opens");
    let session = directory.as_actor(Actor::FileOwner, Door::Console);
    let options = ConsoleOptions {
        reader: Some(reader()),
        ..ConsoleOptions::default()
    };
    let code = match usher_tui::run(session, options) {
        Ok(()) => 40,
        Err(ConsoleError::HungUp) => 41,
        Err(ConsoleError::Signal(signal)) => 100 + signal,
        Err(ConsoleError::NotATerminal) => 42,
        Err(ConsoleError::Terminal(_)) => 43,
        Err(ConsoleError::Idle) => 44,
        Err(ConsoleError::ShutOut) => 45,
    };
    drop(directory);
    std::process::exit(code);
}

/// Reads files in this process: the program's worker is tried with the program.
fn reader() -> FileReader {
    FileReader::new(|_, source, wanted| {
        let Source::Path(path) = source else {
            return Err(usher_core::Error::not_found("file", "in a pipe"));
        };
        let file = std::fs::File::open(path)
            .map_err(|_| usher_core::Error::not_found("file", path.display()))?;
        read_here(file, wanted.sheet, &Limits::default())
    })
}

fn person(email: &str) -> NewPerson {
    NewPerson {
        profile: Profile {
            email: Some(email.into()),
            ..Profile::default()
        },
        ..NewPerson::default()
    }
}

fn create(directory: &Directory, emails: &[&str]) {
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let people = emails.iter().map(|it| person(it)).collect();
    let create = Create {
        people,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    };
    session
        .apply(session.request(Command::Create(create)), None)
        .expect("people are created");
}

/// A database with three people.
fn database() -> (tempfile::TempDir, Directory) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let founding = Founding {
        name: "Acme Learning".into(),
        seats: 50,
        owner: "olga@acme.example".parse().expect("an address"),
        time_zone: "UTC".parse().expect("a zone"),
    };
    let directory = Directory::create(
        &folder.path().join("usher.db"),
        &founding,
        Options::default(),
    )
    .expect("a new database");
    create(&directory, &["ana@acme.example", "bo@acme.example"]);
    (folder, directory)
}

/// The console, its terminal, and what the terminal shows.
struct Session {
    directory: Directory,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// The same on terminals that measure otherwise.
    others: Vec<Terminal>,
    folder: tempfile::TempDir,
}

impl Session {
    fn start() -> Self {
        let (folder, directory) = database();
        let path = folder.path().join("usher.db");
        let pair = native_pty_system()
            .openpty(size(80, 24))
            .expect("a pseudo-terminal");
        let this = std::env::current_exe().expect("the test program");
        let mut command = CommandBuilder::new(this);
        command.args([
            "--exact",
            "console_in_a_terminal",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.env(DATABASE, &path);
        command.env("RUST_BACKTRACE", "0");
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the console starts");
        drop(pair.slave);
        let bytes = read_all(pair.master.try_clone_reader().expect("a reader"));
        let keys = pair.master.take_writer().expect("a writer");
        let screen = vt100::Parser::default();
        Self {
            directory,
            master: pair.master,
            keys,
            child,
            bytes,
            screen,
            others: Vec::new(),
            folder,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        for terminal in &mut self.others {
            terminal.process(bytes);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("keys are taken");
        self.keys.flush().expect("keys are taken");
    }

    fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is as it should be.
    fn until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self.screen.screen()) {
            match self
                .bytes
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.take(&bytes),
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
                self.take(&bytes);
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                while let Ok(bytes) = self.bytes.try_recv() {
                    self.take(&bytes);
                }
                return status;
            }
            assert!(
                Instant::now() < end,
                "the console did not end; the screen is\n{}",
                self.contents()
            );
        }
    }

    fn signal(&self, name: &str) {
        let pid = self
            .child
            .process_id()
            .expect("a running console")
            .to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// The terminal is as it was before: main screen, a cursor, no pasting mode, cooked input.
    fn assert_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.hide_cursor(), "the cursor is seen");
        assert!(!screen.bracketed_paste(), "pasting is as before");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse is the terminal's again"
        );
        let modes = self.master.get_termios().expect("the terminal's modes");
        assert!(
            format!("{:?}", modes.local_flags).contains("ICANON"),
            "input is by line again: {:?}",
            modes.local_flags
        );
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
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

#[cfg(target_os = "linux")]
/// Processor time that a process has used, in clock ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
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
    session.until("the cursor", |screen| {
        screen
            .rows(0, 80)
            .any(|it| it.starts_with("> ") && it.contains("bo@"))
    });
    let names = ["abel", "zoe", "ben", "cleo"].map(|it| format!("{it}@acme.example"));
    let mut quickest = PATIENCE;
    for (i, name) in names.iter().enumerate() {
        create(&session.directory, &[name]);
        let written = Instant::now();
        session.shows(&format!("access {}/50", 4 + i));
        session.shows(name);
        quickest = quickest.min(written.elapsed());
    }
    // The quickest of them, because a busy machine may hold any of them up.
    assert!(
        quickest < Duration::from_millis(500),
        "it took {quickest:?}"
    );
    let rows: Vec<_> = session.screen.screen().rows(0, 80).collect();
    assert!(
        rows.iter()
            .any(|it| it.starts_with("> ") && it.contains("bo@")),
        "the cursor stays on its person: {rows:?}"
    );
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    for (cols, rows) in [(120, 40), (20, 5), (1, 1), (60, 12), (200, 50), (80, 24)] {
        session.screen.screen_mut().set_size(
            rows.try_into().expect("not zero"),
            cols.try_into().expect("not zero"),
        );
        session
            .master
            .resize(size(cols, rows))
            .expect("another size");
    }
    session.shows("? help");
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

#[test]
fn a_panic_puts_the_terminal_right_before_it_is_told() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    std::fs::write(session.folder.path().join("usher.panic"), "").expect("a file");
    session.press("j");
    assert_ne!(session.end().exit_code(), 40);
    session.assert_restored();
    assert!(
        session.contents().contains("the clock broke"),
        "it is told on the screen that is left: {}",
        session.contents()
    );
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

/// Not a test of its own: holds a console's terminal until it is killed, as an SSH server does.
#[test]
fn terminal_of_a_console() {
    let (Ok(path), Ok(trap)) = (std::env::var(HELD), std::env::var(TRAP)) else {
        return;
    };
    let pair = native_pty_system()
        .openpty(size(80, 24))
        .expect("a pseudo-terminal");
    let this = std::env::current_exe().expect("the test program");
    let mut shell = CommandBuilder::new("sh");
    let run = format!(
        "{trap} '{}' --exact console_in_a_terminal --nocapture --test-threads=1; true",
        this.display()
    );
    shell.args(["-c", &run]);
    shell.env(DATABASE, path);
    let _child = pair.slave.spawn_command(shell).expect("the console starts");
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let (mut buffer, mut seen) = ([0; 4096], Vec::new());
    while let Ok(n @ 1..) = reader.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..n]);
        if String::from_utf8_lossy(&seen).contains("ana@acme.example") {
            println!("SHOWN");
            seen.clear();
        }
    }
}

#[cfg(target_os = "linux")]
/// The running processes that have this word in their environment and this one among their arguments.
fn consoles_on(database: &Path) -> Vec<u32> {
    let wanted = format!("{DATABASE}={}", database.display());
    let pids = std::fs::read_dir("/proc")
        .expect("processes")
        .filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    let has = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|b| *b == 0)
            .any(|it| it == wanted.as_bytes())
    };
    pids.filter(has).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_dropped_line_ends_it_even_where_the_shell_ignores_hangups() {
    for trap in ["", "trap '' HUP;"] {
        let (folder, _directory) = database();
        let path = folder.path().join("usher.db");
        let mut holder =
            std::process::Command::new(std::env::current_exe().expect("the test program"))
                .args([
                    "--exact",
                    "terminal_of_a_console",
                    "--nocapture",
                    "--test-threads=1",
                ])
                .env(HELD, &path)
                .env(TRAP, trap)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .expect("a holder");
        let lines = std::io::BufReader::new(holder.stdout.take().expect("its output"));
        assert!(
            std::io::BufRead::lines(lines)
                .map_while(Result::ok)
                .any(|it| it.ends_with("SHOWN")),
            "the console was seen"
        );
        let consoles = consoles_on(&path);
        assert!(!consoles.is_empty(), "the console runs");
        holder.kill().expect("the line is cut");
        holder.wait().expect("the line is cut");
        let end = Instant::now() + PATIENCE;
        while !consoles_on(&path).is_empty() {
            assert!(
                Instant::now() < end,
                "the console outlives its terminal ({trap:?})"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_idle_console_sleeps() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    // Let the ages settle: their steps grow.
    std::thread::sleep(Duration::from_secs(3));
    while session.bytes.try_recv().is_ok() {}
    let pid = session.child.process_id().expect("a running console");
    let before = ticks(pid);
    std::thread::sleep(Duration::from_secs(2));
    assert!(
        ticks(pid) - before <= 3,
        "{} ticks in two idle seconds",
        ticks(pid) - before
    );
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
    while session
        .bytes
        .recv_timeout(Duration::from_millis(200))
        .is_ok()
    {}
    session.press("k");
    let mut drawn = 0;
    while let Ok(bytes) = session.bytes.recv_timeout(Duration::from_millis(300)) {
        drawn += bytes.len();
    }
    assert!((1..600).contains(&drawn), "{drawn} bytes for one key");
}

/// A day's work: people are invited by a pasted list, one is found and edited while somebody else edits them too, many
/// are taken off and brought back by undo, and all the while the window is dragged about.
#[test]
fn a_days_work() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    session.press("i");
    session.shows("Invite people");
    session.press("\x1b[200~Yan Yu <yan@acme.example>\r\nzoe@acme.example\x1b[201~");
    session.shows("2 people to invite");
    session.press("\r");
    session.shows("Apply this?");
    session.press("y");
    session.shows("2 invited");
    session.press("/ana");
    session.shows("1 person");
    session.press("\r\r");
    session.shows("Timeline");
    session.press("e");
    session.shows("Edit ana@acme.example");
    session.press("\x1b[B\x1b[B\x1b[B\x1b[B\x1b[BChief");
    session.shows("Chief");
    let other = session.directory.as_actor(Actor::FileOwner, Door::Cli);
    let ana = other
        .read()
        .expect("readable")
        .find_user("ana@acme.example");
    let mut edit = usher_core::command::Edit::of(ana.expect("ana").id);
    edit.set = vec![(usher_core::model::Field::Title, Some("Queen".into()))];
    other
        .apply(other.request(Command::Edit(edit)), None)
        .expect("edited");
    session.shows("meanwhile: Queen");
    session.press("\r");
    session.shows("title Queen → Chief");
    session.press("y");
    session.shows("1 edited");
    session.press("1/status:active,waiting -olga\r*d");
    session.shows("Deactivate 4 people");
    for cols in (20..140).step_by(7) {
        session
            .master
            .resize(size(cols, 5 + cols / 4))
            .expect("another size");
    }
    session.master.resize(size(80, 24)).expect("another size");
    session.screen.screen_mut().set_size(
        std::num::NonZeroU16::new(24).expect("rows"),
        std::num::NonZeroU16::new(80).expect("columns"),
    );
    session.press("y");
    session.shows("4 deactivated");
    session.shows("access 1/50");
    session.press("z");
    session.shows("4 people change back");
    session.press("y");
    session.shows("access 5/50");
    session.press("7");
    session.shows("undone");
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

/// Whoever watches a queue sees it move up when somebody else frees a seat, and stays where they were.
#[test]
fn a_queue_moves_up_while_it_is_watched() {
    let mut session = Session::start();
    session.shows("access 3/50");
    let other = session.directory.as_actor(Actor::FileOwner, Door::Cli);
    let apply = |command: Command, when_full| {
        let mut request = other.request(command);
        request.when_full = when_full;
        other.apply(request, None).expect("applied")
    };
    apply(
        Command::SetPool {
            name: "access".parse().expect("a pool"),
            set: usher_core::command::PoolEdit {
                purchased: Some(3),
                ..usher_core::command::PoolEdit::default()
            },
        },
        usher_core::command::WhenFull::Ask,
    );
    let late = Create {
        people: vec![person("late@acme.example")],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    };
    apply(
        Command::Create(late),
        usher_core::command::WhenFull::QueueRest,
    );
    session.shows("1 queued");
    session.press("2\r");
    session.shows("late@acme.example");
    let bo = other.read().expect("readable").find_user("bo@acme.example");
    apply(
        Command::Deactivate {
            who: bo.expect("bo").id.into(),
        },
        usher_core::command::WhenFull::Ask,
    );
    session.shows("promoted from the queue");
    session.until("an empty queue", |screen| {
        !screen.contents().contains("late@acme.example")
    });
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

/// A console that is killed with a plan on its screen, or while it is being applied, has done all of it or nothing.
#[test]
fn a_console_that_is_killed_in_mid_action_leaves_all_or_nothing() {
    for confirmed in [false, true] {
        let mut session = Session::start();
        session.shows("ana@acme.example");
        session.press("*d");
        session.shows("Apply this?");
        if confirmed {
            session.press("y");
        }
        session.signal("-KILL");
        session.end();
        let other = session.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = other.read().expect("readable");
        let is_in = |name: &str| {
            let user = read.find_user(&format!("{name}@acme.example"));
            user.expect("somebody").status == usher_core::model::Status::Active
        };
        assert_eq!(is_in("ana"), is_in("bo"), "all or nothing");
        assert!(confirmed || is_in("ana"), "nothing before it was confirmed");
        assert!(read.audit_verify().expect("readable").first_bad.is_none());
    }
}

/// A file is looked through, mended in its cell, imported, and taken back, while another administrator works.
#[test]
fn a_file_of_people_is_mended_imported_and_taken_back() {
    let mut session = Session::start();
    let file = session.folder.path().join("joiners.csv");
    let rows = "email,first name\nkim@acme.example,Kim\nnobody,Lee\n";
    std::fs::write(&file, rows).expect("written");
    session.shows("ana@acme.example");
    session.press("I");
    session.shows("Import people");
    session.press(&format!("\x1b[200~{}\x1b[201~\r", file.display()));
    session.shows("1 wrong");
    create(&session.directory, &["zoe@acme.example"]);
    session.shows("access 4/50");
    session.press("n\r");
    session.shows("has no @");
    session.press("lee@acme.example\r");
    session.shows("1 mended");
    session.until("nothing wrong", |screen| {
        !screen.contents().contains("1 wrong") && screen.contents().contains("2 invite")
    });
    session.press("y");
    session.shows("Apply this?");
    session.press("y");
    session.shows("imported: 2 invited");
    session.shows("access 6/50");
    session.press("z");
    session.shows("Undo batch");
    session.press("y");
    session.shows("access 4/50");
    session.press("\x1bq");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

/// Sizes come quicker than frames can be drawn, while somebody types and others work.
#[test]
fn a_storm_of_sizes_while_typing_ends_in_a_whole_screen() {
    let mut session = Session::start();
    session.shows("ana@acme.example");
    session.press("/an");
    for i in 0..200_u16 {
        let (cols, rows) = (10 + i * 37 % 170, 1 + i * 13 % 60);
        session
            .master
            .resize(size(cols, rows))
            .expect("another size");
        if i == 100 {
            create(&session.directory, &["anton@acme.example"]);
        }
    }
    session.screen.screen_mut().set_size(
        24.try_into().expect("not zero"),
        80.try_into().expect("not zero"),
    );
    session.master.resize(size(80, 24)).expect("another size");
    session.press("t");
    session.shows("anton@acme.example");
    session.shows("1 person");
    session.press("\r*d");
    session.shows("Apply this?");
    session.press("y");
    session.shows("1 deactivated");
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
    session.assert_restored();
}

/// Vowel signs that have a cell of their own on one terminal and none on another: a name reads the same on both, and
/// nothing of it stays when it goes.
#[test]
fn names_read_the_same_whatever_the_terminal_takes_their_letters_for() {
    let mut session = Session::start();
    let opinions = [Opinion::Characters, Opinion::Joiners];
    session.others = opinions.map(|it| Terminal::new(it, 80, 24)).to_vec();
    let names = [("রাহুল", "rahul"), ("நிலா", "nila"), ("രാജൻ", "rajan")];
    let people = names.map(|(name, word)| NewPerson {
        profile: Profile {
            email: Some(format!("{word}@acme.example")),
            first_name: Some(name.into()),
            ..Profile::default()
        },
        ..NewPerson::default()
    });
    let cli = session.directory.as_actor(Actor::FileOwner, Door::Cli);
    let create = Create {
        people: people.into(),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    };
    cli.apply(cli.request(Command::Create(create)), None)
        .expect("people are created");
    session.shows("access 6/50");
    session.shows("nila@");
    let shown = |session: &Session, text: &str| {
        let each = session.others.iter();
        each.map(|it| {
            it.squeezed()
                .iter()
                .filter(|row| row.contains(text))
                .count()
        })
        .collect::<Vec<_>>()
    };
    for (name, word) in names {
        let rows = session.others.iter().flat_map(Terminal::squeezed);
        let both = rows.filter(|it| it.contains(name) && it.contains(word));
        assert_eq!(both.count(), 2, "{name}: {:?}", session.others);
    }
    session.press("/ana@");
    session.shows("1 person");
    session.until("only ana", |screen| !screen.contents().contains("nila@"));
    for (name, _) in names {
        let sign = name.chars().nth(1).expect("a sign").to_string();
        assert_eq!(
            shown(&session, &sign),
            [0, 0],
            "{:?}",
            session.others.first().map(Terminal::screen)
        );
    }
    session.press("\x1b");
    session.shows("nila@");
    assert_eq!(shown(&session, "நிலா"), [1, 1], "{:?}", session.others);
    session.press("q");
    assert_eq!(session.end().exit_code(), 40);
}
