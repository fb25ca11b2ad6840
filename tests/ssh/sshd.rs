//! An sshd of our own on loopback, for the user who runs the tests, and OpenSSH's client in a pseudo-terminal.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use crate::program::{Org, Said};
use crate::terminal::Terminal;

const SSHD: &str = "/usr/sbin/sshd";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running sshd; killed when dropped.
pub(crate) struct Sshd {
    child: Child,
    port: u16,
    user: String,
}

impl Sshd {
    /// Starts it for an organization: the configuration is the one that `usher ssh setup` prints, but that sshd finds the
    /// program through a program of root's, because a test's own is in a folder that anybody may write.
    pub(crate) fn start(org: &Org) -> Self {
        let user = said(Command::new("id").arg("-un"));
        if said(Command::new("id").arg("-u")) == "0" {
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let host_key = org.path("host_key");
        keygen(&host_key, "");
        let setup = org.type_in("ssh setup").out;
        let program = std::fs::canonicalize(env!("CARGO_BIN_EXE_usher")).unwrap();
        let asking = format!("AuthorizedKeysCommand {}", program.display());
        assert!(setup.contains(&asking), "{setup}");
        let setup = setup.replace(
            &asking,
            &format!("AuthorizedKeysCommand /usr/bin/env {}", program.display()),
        );
        let port = free_port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM no\nPermitRootLogin forced-commands-only\n\
             AllowTcpForwarding yes\nX11Forwarding yes\nAcceptEnv *\nPermitUserEnvironment yes\nSubsystem sftp internal-sftp\n{setup}",
            host_key.display()
        );
        let path = org.path("sshd_config");
        std::fs::write(&path, config).unwrap();
        let log = std::fs::File::create(org.path("sshd.log")).unwrap();
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(&path)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Self { child, port, user };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(org.path("sshd.log")).unwrap_or_default();
            assert!(Instant::now() < end, "sshd does not listen: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
        sshd
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn free_port(&self) -> u16 {
        free_port()
    }

    /// Where the client goes.
    pub(crate) fn destination(&self) -> String {
        format!("{}@127.0.0.1", self.user)
    }

    /// Makes somebody's key; the line of its public half.
    pub(crate) fn make_key(&self, org: &Org, name: &str) -> String {
        let path = org.path(name);
        keygen(&path, name);
        let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        line.trim_end().to_owned()
    }

    /// The client's options for somebody, the port apart, which ssh and scp name differently.
    fn options(&self, org: &Org, name: &str) -> Vec<String> {
        let known = org.path("known_hosts");
        let mut options = vec!["-F".to_owned(), "none".to_owned()];
        for option in [
            format!("Port={}", self.port),
            format!("IdentityFile={}", org.path(name).display()),
            format!("UserKnownHostsFile={}", known.display()),
            "IdentitiesOnly=yes".to_owned(),
            "StrictHostKeyChecking=accept-new".to_owned(),
            "LogLevel=ERROR".to_owned(),
            "BatchMode=yes".to_owned(),
            "ConnectTimeout=20".to_owned(),
        ] {
            options.extend(["-o".to_owned(), option]);
        }
        options
    }

    /// Runs one of OpenSSH's programs without a terminal.
    pub(crate) fn run(&self, org: &Org, program: &str, name: &str, args: &[&str]) -> Said {
        let mut command = Command::new("timeout");
        command
            .arg("60")
            .arg(program)
            .args(self.options(org, name))
            .args(args);
        command.stdin(Stdio::null()).output().unwrap().into()
    }

    /// Starts the client without a terminal and leaves it running.
    pub(crate) fn spawn(&self, org: &Org, name: &str, args: &[&str]) -> Child {
        let mut command = Command::new("ssh");
        command.args(self.options(org, name)).args(args);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Somebody at a terminal who comes in; what they would rather run, if anything.
    pub(crate) fn terminal(&self, org: &Org, name: &str, rather: &[&str]) -> Terminal {
        self.terminal_with(org, name, &[], rather)
    }

    /// The same with further options of the client's.
    pub(crate) fn terminal_with(
        &self,
        org: &Org,
        name: &str,
        options: &[&str],
        rather: &[&str],
    ) -> Terminal {
        let mut command = CommandBuilder::new("ssh");
        command.args(self.options(org, name));
        command.args(options);
        command.args(["-tt", &self.destination()]);
        command.args(rather);
        command.env("TERM", "xterm-256color");
        Terminal::start(command)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn keygen(path: &Path, comment: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
}

/// Whether sshd's greeting comes back through a port that the client forwards, or through its SOCKS proxy.
pub(crate) fn says_hello_through(port: u16, by_socks: bool, to: u16) -> bool {
    let end = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "the client does not listen: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    if by_socks {
        let mut wanted = vec![4, 1];
        wanted.extend(to.to_be_bytes());
        wanted.extend([127, 0, 0, 1, 0]);
        stream.write_all(&wanted).unwrap();
    }
    let mut answer = Vec::new();
    // A connection that is cut off is the refusal.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).contains("SSH-2.0")
}

/// The environments of the consoles that run on a database.
pub(crate) fn environment_of_consoles(database: &Path) -> Vec<Vec<String>> {
    let database = std::fs::canonicalize(database).unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let words = |path: PathBuf| -> Vec<String> {
        let text = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.split('\0').map(str::to_owned).collect()
    };
    processes
        .filter(|it| {
            let args = words(it.path().join("cmdline"));
            let is_usher = args.first().is_some_and(|it| it.ends_with("usher"));
            is_usher && args.iter().any(|it| Path::new(it) == database)
        })
        .map(|it| words(it.path().join("environ")))
        .collect()
}
