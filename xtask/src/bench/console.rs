//! `cargo xtask bench --console`: what the console costs whoever sits at it, at several sizes of the roster. The released
//! program runs in a pseudo-terminal of 120 by 40; keys go in, and the bytes that come out are timed. A frame is whole when
//! its end mark has come (mode 2026).

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use super::stats::{median, percentile};

/// The end of a frame.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// Nothing more comes when nothing has come for so long: longer than the console waits before it reads what was typed.
const QUIET: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(60);
/// How many people are made in one command.
const CHUNK: u64 = 25_000;
const STARTS: usize = 5;
/// What is typed into the filter, letter by letter.
const TYPED: [&str; 6] = [
    "weber",
    "ana li",
    "area:sal",
    "rossi emil",
    "p12",
    "title:eng",
];
const SCREEN: &str = "@corp.example";

const FIRST: [&str; 12] = [
    "ana", "bo", "cleo", "dan", "emil", "fay", "gus", "hal", "ida", "jo", "kim", "liv",
];
const LAST: [&str; 12] = [
    "weber", "li", "rossi", "brandt", "ek", "arslan", "bakker", "celik", "adams", "moreau", "sato",
    "okafor",
];
const AREAS: [&str; 4] = ["Sales", "Engineering", "Design", "Finance"];
const TITLES: [&str; 3] = ["Engineer", "Lead", "Planner"];

/// What was measured at one size.
struct Figures(Vec<(String, f64)>);

/// Measures at each size and prints one table.
pub(crate) fn run(program: &Path, folder: &Path, sizes: &[u64]) -> Result<()> {
    let mut all = Vec::new();
    for people in sizes {
        println!("console: making {people} people");
        let database = fill(program, folder, *people)?;
        println!("console: measuring at {people} people");
        all.push(measure(program, &database)?);
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", database.display()));
        }
    }
    print(sizes, &all);
    Ok(())
}

fn print(sizes: &[u64], all: &[Figures]) {
    let Some(base) = all.first() else { return };
    print!("\n{:<44}", "milliseconds, unless it says otherwise");
    for (i, people) in sizes.iter().enumerate() {
        print!("{people:>12}");
        if i > 0 {
            print!("{:>8}", "ratio");
        }
    }
    println!();
    for (row, (name, first)) in base.0.iter().enumerate() {
        print!("{name:<44}");
        for (i, figures) in all.iter().enumerate() {
            let value = figures.0.get(row).map_or(f64::NAN, |it| it.1);
            print!("{value:>12.2}");
            if i > 0 {
                print!("{:>8.2}", value / first);
            }
        }
        println!();
    }
}

/// A database of so many people, with areas, titles and names that many share.
fn fill(program: &Path, folder: &Path, people: u64) -> Result<PathBuf> {
    let database = folder.join(format!("console-{people}.db"));
    let usher = || {
        let mut command = Command::new(program);
        command.arg("--db").arg(&database);
        command
    };
    let seats = (people + 10).to_string();
    let made = usher()
        .args([
            "init",
            "--name",
            "Bench",
            "--seats",
            &seats,
            "--owner",
            "owner@corp.example",
        ])
        .output()?;
    ensure!(made.status.success(), "usher init failed");
    let mut done = 1;
    while done < people {
        let some = CHUNK.min(people - done).min(people.div_ceil(8));
        let pick =
            |of: &'static [&'static str], by: u64| of[usize::try_from(by).unwrap_or(0) % of.len()];
        let (area, title) = (pick(&AREAS, done / some), pick(&TITLES, done / some));
        let mut child = usher()
            .args([
                "create",
                "-",
                "--no-mail",
                "--yes",
                "--area",
                area,
                "--title",
                title,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut lines = String::new();
        for i in done..done + some {
            let (first, last) = (pick(&FIRST, i), pick(&LAST, i / 12));
            lines.push_str(&format!(
                "{first} {last} <{first}.{last}.p{i}@corp.example>\n"
            ));
        }
        let mut stdin = child.stdin.take().context("a pipe")?;
        stdin.write_all(lines.as_bytes())?;
        drop(stdin);
        ensure!(child.wait()?.success(), "usher create failed");
        done += some;
    }
    Ok(database)
}

fn measure(program: &Path, database: &Path) -> Result<Figures> {
    let mut figures = Vec::new();
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let (console, took) = Console::start(program, database)?;
        starts.push(took);
        console.leave()?;
    }
    figures.push((
        "start to the first frame with people".to_owned(),
        median(&starts).unwrap_or(f64::NAN),
    ));
    let (mut console, _) = Console::start(program, database)?;
    console.settle();
    let mut typed = Answers::default();
    for text in TYPED {
        console.press("/")?;
        for letter in text.chars() {
            typed.add(console.press(&letter.to_string())?);
        }
        console.press("\x1b")?;
        console.press("\x1b")?;
        console.press("\x1b")?;
    }
    typed.tell("typing in the filter", &mut figures);
    let mut moved = Answers::default();
    for _ in 0..60 {
        moved.add(console.press("j")?);
    }
    moved.tell("a row down", &mut figures);
    let mut paged = Answers::default();
    for _ in 0..30 {
        paged.add(console.press("\x1b[6~")?);
    }
    paged.tell("a page down", &mut figures);
    console.press("g")?;
    console.press("g")?;
    let end = console.press("G")?;
    figures.push(("to the end, the last frame".to_owned(), end.last));
    console.press("g")?;
    console.press("g")?;
    for name in [
        "email", "status", "created", "seen", "area", "title", "region", "language", "name",
    ] {
        let sorted = console.press("s")?;
        figures.push((format!("sort by {name}, the last frame"), sorted.last));
    }
    let marked = console.press("*")?;
    figures.push(("mark everybody, the last frame".to_owned(), marked.last));
    figures.push(("memory afterwards, MiB".to_owned(), console.memory()?));
    console.leave()?;
    Ok(Figures(figures))
}

/// What came of one key.
struct Answer {
    /// Milliseconds to the end of the first frame.
    first: f64,
    /// Milliseconds to the end of the last frame that it caused.
    last: f64,
    bytes: usize,
}

#[derive(Default)]
struct Answers(Vec<Answer>);

impl Answers {
    fn add(&mut self, answer: Answer) {
        self.0.push(answer);
    }

    fn tell(&self, what: &str, figures: &mut Vec<(String, f64)>) {
        let of = |pick: fn(&Answer) -> f64, percent| {
            let mut micros: Vec<u64> = self.0.iter().map(|it| (pick(it) * 1000.0) as u64).collect();
            micros.sort_unstable();
            percentile(&micros, percent).map_or(f64::NAN, |it| it as f64 / 1000.0)
        };
        for percent in [50, 99] {
            figures.push((
                format!("{what}, key to frame, p{percent}"),
                of(|it| it.first, percent),
            ));
        }
        figures.push((
            format!("{what}, to the last frame, p99"),
            of(|it| it.last, 99),
        ));
        let bytes: usize = self.0.iter().map(|it| it.bytes).sum();
        let mean = bytes as f64 / self.0.len().max(1) as f64;
        figures.push((format!("{what}, bytes a key"), mean));
    }
}

/// The program in a pseudo-terminal.
struct Console {
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Console {
    /// Starts it; how many milliseconds until a whole frame with people on it has come.
    fn start(program: &Path, database: &Path) -> Result<(Console, f64)> {
        let size = PtySize {
            rows: 40,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program);
        command.arg("--db");
        command.arg(database);
        command.env("TERM", "xterm-256color");
        let began = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let some = buffer.get(..read).unwrap_or_default().to_vec();
                if send.send((Instant::now(), some)).is_err() {
                    return;
                }
            }
        });
        let console = Console {
            keys: pair.master.take_writer()?,
            child,
            bytes,
            _master: pair.master,
        };
        let mut seen = Vec::new();
        loop {
            let (at, some) = console
                .bytes
                .recv_timeout(PATIENCE)
                .context("no first screen")?;
            seen.extend(some);
            let shown = find(&seen, SCREEN.as_bytes());
            if shown.is_some_and(|from| find(&seen[from..], FRAME_END).is_some()) {
                return Ok((console, millis(at - began)));
            }
        }
    }

    /// Waits until nothing more comes.
    fn settle(&self) {
        while self.bytes.recv_timeout(QUIET).is_ok() {}
    }

    /// Presses a key and waits until everything that it caused has come.
    fn press(&mut self, key: &str) -> Result<Answer> {
        let pressed = Instant::now();
        self.keys.write_all(key.as_bytes())?;
        self.keys.flush()?;
        let mut answer = Answer {
            first: f64::NAN,
            last: 0.0,
            bytes: 0,
        };
        // The end mark may come in two pieces.
        let mut tail = Vec::new();
        while let Ok((at, some)) = self.bytes.recv_timeout(QUIET) {
            answer.bytes += some.len();
            tail.extend(some);
            if find(&tail, FRAME_END).is_some() {
                let took = millis(at - pressed);
                if answer.first.is_nan() {
                    answer.first = took;
                }
                answer.last = took;
            }
            let keep = tail.len().saturating_sub(FRAME_END.len() - 1);
            tail.drain(..keep);
        }
        if answer.first.is_nan() {
            // Nothing had to be drawn.
            answer.first = 0.0;
        }
        Ok(answer)
    }

    fn memory(&self) -> Result<f64> {
        let id = self.child.process_id().context("a running console")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.context("no VmRSS")? / 1024.0)
    }

    fn leave(mut self) -> Result<()> {
        self.settle();
        self.keys.write_all(b"q")?;
        self.keys.flush()?;
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            let _ = self.bytes.recv_timeout(Duration::from_millis(20));
            ensure!(Instant::now() < end, "the console does not end");
        }
        Ok(())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn find(bytes: &[u8], sign: &[u8]) -> Option<usize> {
    bytes.windows(sign.len()).position(|it| it == sign)
}
