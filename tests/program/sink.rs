//! A mail server to try against: it takes what it is told to take, and can be told to hang, to answer a byte at a time or to
//! refuse at any step of the conversation.

#![allow(
    dead_code,
    reason = "each test binary uses the part that it needs, and none uses all"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A step of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Greeting,
    Hello,
    Auth,
    Mail,
    Recipient,
    Data,
    /// All of the mail is there, and not answered yet.
    Body,
    /// The mail was answered.
    Answered,
}

/// What the server does at a step.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// What is usual.
    Takes,
    /// Says this.
    Says(&'static str),
    /// Says nothing for as long as the test lasts.
    Hangs,
    /// Answers one byte at a time, with this pause after each.
    Drips(Duration),
    /// Ends the connection.
    Ends,
}

/// A mail that the server has.
#[derive(Clone, Debug)]
pub(crate) struct Had {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
    /// Whether whoever brought it was told that it was taken.
    pub(crate) answered: bool,
}

impl Had {
    pub(crate) fn message_id(&self) -> String {
        let line = self.text.lines().find(|it| it.starts_with("Message-ID: "));
        line.unwrap_or_default().to_owned()
    }
}

type Play = dyn Fn(Step, &str) -> Does + Send + Sync;
/// Wraps a connection in what protects it.
pub(crate) type Protect = dyn Fn(TcpStream) -> Box<dyn Both> + Send + Sync;

/// What can be read from and written to.
pub(crate) trait Both: Read + Write + Send {}
impl<T: Read + Write + Send> Both for T {}

/// The server; its threads end with the connections.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    had: Arc<Mutex<Vec<Had>>>,
    reached: Mutex<mpsc::Receiver<Step>>,
    pub(crate) connections: Arc<Mutex<usize>>,
}

impl Sink {
    /// One that does at each step what the function says of it and of what was said to it.
    pub(crate) fn start(play: impl Fn(Step, &str) -> Does + Send + Sync + 'static) -> Self {
        Self::with(play, None, false)
    }

    pub(crate) fn with(
        play: impl Fn(Step, &str) -> Does + Send + Sync + 'static,
        protect: Option<Arc<Protect>>,
        starts_tls: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, reached) = mpsc::channel();
        let (had, connections) = (Arc::default(), Arc::default());
        let sink = Self {
            address,
            had: Arc::clone(&had),
            reached: Mutex::new(reached),
            connections: Arc::clone(&connections),
        };
        let play: Arc<Play> = Arc::new(play);
        std::thread::spawn(move || {
            for wire in listener.incoming() {
                let Ok(wire) = wire else { break };
                *connections.lock().unwrap() += 1;
                let (had, play, tell) = (Arc::clone(&had), Arc::clone(&play), tell.clone());
                let protect = protect.clone();
                std::thread::spawn(move || {
                    let _ = wire.set_nodelay(true);
                    let talk = Talk {
                        had,
                        play,
                        tell,
                        starts_tls,
                    };
                    match (protect, starts_tls) {
                        (Some(protect), false) => talk.over(protect(wire), true),
                        (Some(protect), true) => talk.starting(wire, &*protect),
                        (None, _) => talk.over(Box::new(wire), true),
                    }
                });
            }
        });
        sink
    }

    pub(crate) fn had(&self) -> Vec<Had> {
        self.had.lock().unwrap().clone()
    }

    /// Waits until a step is reached.
    pub(crate) fn wait_for(&self, step: Step) {
        let reached = self.reached.lock().unwrap();
        loop {
            let next = reached.recv_timeout(Duration::from_secs(60));
            if next.unwrap_or_else(|_| panic!("{step:?} was never reached")) == step {
                return;
            }
        }
    }
}

struct Talk {
    had: Arc<Mutex<Vec<Had>>>,
    play: Arc<Play>,
    tell: mpsc::Sender<Step>,
    starts_tls: bool,
}

impl Talk {
    /// Does what is to be done at a step; whether the conversation goes on, and whether it was the usual.
    fn at(&self, wire: &mut dyn Both, step: Step, heard: &str, usual: &str) -> Option<bool> {
        let does = (self.play)(step, heard);
        let _ = self.tell.send(step);
        let said = match does {
            Does::Takes => usual,
            Does::Says(said) => said,
            Does::Hangs => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            Does::Ends => return None,
            Does::Drips(pause) => {
                for byte in usual.bytes().chain(*b"\r\n") {
                    wire.write_all(&[byte]).ok()?;
                    wire.flush().ok()?;
                    std::thread::sleep(pause);
                }
                return Some(true);
            }
        };
        if !said.is_empty() {
            wire.write_all(format!("{said}\r\n").as_bytes()).ok()?;
            wire.flush().ok()?;
        }
        Some(said == usual)
    }

    fn starting(self, mut wire: TcpStream, protect: &Protect) {
        let said = (|| -> Option<()> {
            self.at(&mut wire, Step::Greeting, "", "220 sink")?;
            let mut lines = BufReader::new(wire.try_clone().ok()?);
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                if line.starts_with("STARTTLS") {
                    wire.write_all(b"220 go\r\n").ok()?;
                    return Some(());
                }
                wire.write_all(b"250-sink\r\n250 STARTTLS\r\n").ok()?;
            }
        })();
        if said.is_some() {
            self.over(protect(wire), false);
        }
    }

    fn over(&self, wire: Box<dyn Both>, greets: bool) {
        let mut lines = BufReader::new(wire);
        if greets
            && self
                .at(lines.get_mut(), Step::Greeting, "", "220 sink")
                .is_none()
        {
            return;
        }
        let _ = self.converse(&mut lines);
    }

    fn converse(&self, lines: &mut BufReader<Box<dyn Both>>) -> Option<()> {
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            let word = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            let wire = lines.get_mut();
            match word.as_str() {
                "EHLO" | "HELO" => {
                    let usual = "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN";
                    self.at(wire, Step::Hello, &line, usual)?;
                }
                "AUTH" => {
                    self.at(wire, Step::Auth, &line, "235 welcome")?;
                }
                "MAIL" => {
                    if self.at(wire, Step::Mail, &line, "250 ok")? {
                        from = line;
                    }
                }
                "RCPT" => {
                    if self.at(wire, Step::Recipient, &line, "250 ok")? {
                        to.push(line);
                    }
                }
                "DATA" => {
                    if !self.at(wire, Step::Data, &line, "354 go on")? {
                        continue;
                    }
                    let text = body(lines)?;
                    let mail = Had {
                        from: std::mem::take(&mut from),
                        to: std::mem::take(&mut to),
                        text,
                        answered: false,
                    };
                    // A server that hangs here has it nevertheless.
                    let hangs =
                        !matches!((self.play)(Step::Body, &mail.to.join(" ")), Does::Says(_));
                    let place = hangs.then(|| {
                        let mut had = self.had.lock().unwrap();
                        had.push(mail.clone());
                        had.len() - 1
                    });
                    let heard = mail.to.join(" ");
                    self.at(lines.get_mut(), Step::Body, &heard, "250 taken")?;
                    if let Some(place) = place {
                        self.had.lock().unwrap()[place].answered = true;
                    }
                    self.at(lines.get_mut(), Step::Answered, &heard, "")?;
                }
                "RSET" | "NOOP" => {
                    wire.write_all(b"250 ok\r\n").ok()?;
                    (from, to) = (String::new(), Vec::new());
                }
                "QUIT" => {
                    let _ = wire.write_all(b"221 bye\r\n");
                    return Some(());
                }
                _ => wire.write_all(b"500 what\r\n").ok()?,
            }
            lines.get_mut().flush().ok()?;
        }
    }
}

/// A mail up to the dot, as it was before it was stuffed.
fn body(lines: &mut impl BufRead) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
