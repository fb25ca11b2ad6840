//! The `usher` program from outside: an organization in a temporary place, its command line, and its server.

#![allow(
    dead_code,
    reason = "each test binary uses the part that it needs, and none uses all"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The longest that anything in a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Panics with everything said unless it ended well.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// The JSON that it printed.
    pub(crate) fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|it| panic!("{it}: {out}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |it: Vec<u8>| String::from_utf8(it).expect("usher prints UTF-8");
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// The program with these arguments, and nothing of the caller's environment that it looks at.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command
        .env_remove("USHER_DB")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// Runs the program in a folder of no account.
pub(crate) fn run(args: &[&str]) -> Said {
    program().args(args).output().unwrap().into()
}

/// An organization in a temporary place.
pub(crate) struct Org {
    pub(crate) dir: TempDir,
}

impl Org {
    /// With that many seats, one of which its owner has taken.
    pub(crate) fn with_seats(seats: u32) -> Self {
        let org = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let seats = seats.to_string();
        org.run(&[
            "init",
            "--name",
            "Acme",
            "--seats",
            &seats,
            "--owner",
            "owner@acme.example",
        ])
        .ok();
        org
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.dir.path().join("usher.db")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program with this organization's database.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.dir.path()).args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    /// Runs a command line as one would type it: words apart by spaces, `'…'` for one with spaces in it.
    pub(crate) fn type_in(&self, line: &str) -> Said {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words)
    }

    /// The same with `--format json`, and what it printed.
    pub(crate) fn json(&self, line: &str) -> Value {
        self.type_in(&format!("{line} --format json")).json()
    }

    /// Runs a command with something on its standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &str) -> Said {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let feeder = std::thread::spawn(move || {
            // A program that refuses early does not read to the end.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        output.into()
    }

    /// The end of the history: equal ends mean that nothing changed.
    pub(crate) fn head(&self) -> String {
        self.type_in("audit head --format json").ok()
    }

    /// One number of one pool.
    pub(crate) fn seats(&self, pool: &str, key: &str) -> i64 {
        let pools = self.json("seats");
        let pool = pools
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == pool)
            .unwrap();
        pool[key].as_i64().unwrap()
    }

    /// The status of somebody.
    pub(crate) fn status(&self, who: &str) -> String {
        self.json(&format!("show {who}"))["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Adds a connection; its token.
    pub(crate) fn token(&self, name: &str) -> String {
        self.json(&format!("idp add {name} --yes"))["token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Starts a server on a free port and waits until it says where it is.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same, with further arguments.
    pub(crate) fn serve_with(&self, more: &[&str]) -> Server {
        let args = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        self.serve_by(self.command(&args))
    }

    /// The same, by a command that ends in being the server.
    pub(crate) fn serve_by(&self, mut command: Command) -> Server {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("server.log"))
            .unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().split(['/', ' ']).find_map(|it| it.parse().ok());
        let log = || std::fs::read_to_string(self.path("server.log")).unwrap_or_default();
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}; {}", log()));
        Server { child, address }
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits; how it ended.
    pub(crate) fn stop(mut self) -> Option<i32> {
        signal("-TERM", self.child.id());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(signal: &str, process: u32) {
    assert!(
        Command::new("kill")
            .args([signal, &process.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// One connection to a server, kept open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, token: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            token: token.to_owned(),
        })
    }

    /// Creates somebody by SCIM.
    pub(crate) fn create(&mut self, user_name: &str) -> std::io::Result<Answer> {
        let user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name, "active": true });
        self.call("POST", "/scim/v2/Users", Some(&user))
    }

    /// One request and its answer.
    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> std::io::Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        write!(
            self.stream.get_mut(),
            "{method} {path} HTTP/1.1\r\nHost: usher\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )?;
        self.answer()
    }

    fn answer(&mut self) -> std::io::Result<Answer> {
        let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|it| it.parse().ok())
            .ok_or_else(cut)?;
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(cut());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| cut())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }
}

/// Whether the text holds anything that acts on a terminal.
pub(crate) fn is_hostile(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && c != '\n' && c != '\r')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// Sets a file's permissions.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
