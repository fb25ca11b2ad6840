//! Every character that there is, at the real program in a pseudo-terminal: none of the bytes that it sends acts on the
//! terminal, reorders a line or hides, but its own control sequences.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use usher_core::model::{harmless, is_hostile};

use crate::program::Org;

/// How many characters are in a cell of a file, and how many such cells in a row.
const IN_A_CELL: usize = 30;
const CELLS: usize = 4;
/// How many rows of people are on the screen.
const COLUMNS: u16 = 480;
const ROWS: u16 = 280;

/// Characters, each behind a letter, so that marks have something to stand on.
fn cells(all: &[char]) -> Vec<String> {
    all.chunks(IN_A_CELL)
        .map(|some| some.iter().flat_map(|c| ['a', *c]).collect())
        .collect()
}

/// What is sent is text that harms nobody, and control sequences: ESC, a bracket, parameters and a letter; or a title, which
/// the program itself chose.
fn check(sent: &[u8]) -> BTreeSet<char> {
    let sent = std::str::from_utf8(sent).unwrap();
    let mut parts = sent.split('\u{1b}');
    let mut seen = BTreeSet::new();
    let first = parts.next().unwrap_or_default();
    let texts = parts.map(|it| {
        let Some(rest) = it.strip_prefix('[') else {
            panic!(
                "a control sequence of another kind: {:?}",
                it.get(..20).unwrap_or(it)
            );
        };
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let parameters = &rest[..end];
        assert!(
            parameters.chars().all(|c| "0123456789;?:<=>".contains(c)),
            "{parameters:?}"
        );
        &rest[end + 1..]
    });
    for text in std::iter::once(first).chain(texts) {
        for c in text.chars().filter(|c| !matches!(c, '\r' | '\n')) {
            assert!(!is_hostile(c), "{c:?} was sent");
            seen.insert(c);
        }
        assert_eq!(harmless(text), text, "something hides");
    }
    seen
}

/// The program in a large terminal, of which only the bytes are looked at; ended when dropped.
struct Raw {
    keys: Box<dyn std::io::Write + Send>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    /// Everything that the program has sent.
    sent: Vec<u8>,
}

impl Raw {
    fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            _master: pair.master,
            child,
            bytes,
            sent: Vec::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until a text was sent.
    fn awaits(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        let has = |sent: &[u8]| sent.windows(text.len()).any(|it| it == text.as_bytes());
        while !has(&self.sent) {
            let left = end.saturating_duration_since(Instant::now());
            self.sent.extend(self.bytes.recv_timeout(left).unwrap());
        }
    }

    /// Waits until something is sent, which need not be, and then nothing more for a moment.
    fn rests(&mut self) {
        let mut patience = Duration::from_secs(5);
        while let Ok(bytes) = self.bytes.recv_timeout(patience) {
            self.sent.extend(bytes);
            patience = Duration::from_millis(120);
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A roster of people with these texts, as one may be that was made before there were rules: no door takes all of them.
fn fill(org: &Org, texts: &[String]) {
    let conn = rusqlite::Connection::open(org.db()).unwrap();
    conn.execute_batch("BEGIN").unwrap();
    {
        let add = "INSERT INTO users (id, status, email, email_key, first_name, functional_area, title, labels, accepted, \
            sort_name, search, created_at, updated_at, version) VALUES (?1, 'active', ?2, ?2, ?3, ?4, ?5, ?6, 1, ?2, '', 1, 1, 1)";
        let mut add = conn.prepare(add).unwrap();
        for (i, row) in texts.chunks(CELLS).enumerate() {
            let at = |n: usize| row.get(n).map(String::as_str);
            let mut id = [0; 16];
            id[..8].copy_from_slice(&u64::try_from(i).unwrap().to_be_bytes());
            let email = format!("p{i:05}@corp.example");
            add.execute((id, email, at(0), at(1), at(2), at(3)))
                .unwrap();
        }
    }
    conn.execute_batch("COMMIT").unwrap();
}

#[test]
fn no_character_of_a_roster_does_anything_to_the_terminal() {
    let org = Org::with_seats(10);
    let all: Vec<char> = (0..=0x10_ffff).filter_map(char::from_u32).collect();
    let texts = cells(&all);
    fill(&org, &texts);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_usher"));
    command.cwd(org.dir.path());
    command.env("TERM", "xterm-256color");
    command.env_remove("USHER_DB");
    let mut terminal = Raw::start(command);
    terminal.awaits("p00000@corp.example");
    terminal.rests();
    terminal.press("cname, area, title, labels\r");
    terminal.rests();
    // Whatever may stand behind a letter is to be seen.
    let stands = |c: &char| {
        let text = format!("a{c}");
        c.is_alphanumeric() && harmless(&text) == text
    };
    let mut missing: BTreeSet<char> = all.iter().copied().filter(stands).collect();
    // On a busy machine a page may be gone before it was drawn: then the list is gone through again.
    for _ in 0..4 {
        for _ in 0..=texts.len() / CELLS / usize::from(ROWS - 10) {
            terminal.press("\u{1b}[6~");
            terminal.rests();
        }
        for c in check(&terminal.sent) {
            missing.remove(&c);
        }
        terminal.sent.clear();
        if missing.is_empty() {
            break;
        }
        terminal.press("g");
        terminal.rests();
    }
    assert!(
        missing.is_empty(),
        "{} were never shown: {missing:?}",
        missing.len()
    );
    terminal.press("q");
}
