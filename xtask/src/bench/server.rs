//! A server under measurement: started on a free loopback port, waited for, stopped or killed, never left behind.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::http::Client;
use crate::process;

const START_BOUND: Duration = Duration::from_secs(60);
const STOP_BOUND: Duration = Duration::from_secs(60);

/// How to start a server, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// What the table calls it.
    pub(crate) name: &'static str,
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments; `{address}` stands for the address to listen on.
    pub(crate) args: Vec<String>,
    /// The bearer token it takes.
    pub(crate) token: String,
    /// A path that is answered 200 as soon as the server can answer.
    pub(crate) first: &'static str,
    /// Where its output goes.
    pub(crate) log: PathBuf,
}

/// A server that has given its first answer.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    token: String,
    /// Milliseconds from starting the program to its first answer.
    pub(crate) started_in_ms: f64,
}

impl Recipe {
    /// Starts the server and waits for its first answer. A program in `wrapper` comes before it and must
    /// keep the process id, as a tracer can.
    pub(crate) fn start(&self, wrapper: &[String]) -> Result<Server> {
        let address = free_address()?;
        let own =
            std::iter::once(self.program.display().to_string()).chain(self.args.iter().cloned());
        let mut words = wrapper
            .iter()
            .cloned()
            .chain(own)
            .map(|it| it.replace("{address}", &address.to_string()));
        let log = File::create(&self.log)?;
        let started = Instant::now();
        let mut command = Command::new(words.next().context("no program")?);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let mut server = Server {
            child,
            address,
            token: self.token.clone(),
            started_in_ms: 0.0,
        };
        server.await_first_answer(self, started)?;
        Ok(server)
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .get(lines.len().saturating_sub(5)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Server {
    /// The id of the server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A new connection to it.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(self.address, &self.token)
    }

    fn await_first_answer(&mut self, recipe: &Recipe, started: Instant) -> Result<()> {
        loop {
            let status = self.client()?.get(recipe.first).map(|answer| answer.status);
            self.started_in_ms = started.elapsed().as_secs_f64() * 1e3;
            match status {
                Ok(200) => return Ok(()),
                Ok(status) => bail!("{} answered {status} to {}", recipe.name, recipe.first),
                Err(_) if self.child.try_wait()?.is_some() => {
                    bail!(
                        "{} ended before its first answer:\n{}",
                        recipe.name,
                        recipe.log_tail()
                    )
                }
                Err(error) if started.elapsed() > START_BOUND => {
                    return Err(error.context(format!(
                        "{} gave no answer:\n{}",
                        recipe.name,
                        recipe.log_tail()
                    )));
                }
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(mut self) -> Result<()> {
        process::signal("TERM", self.pid());
        let ended = process::wait_until(&mut self.child, Instant::now() + STOP_BOUND)?;
        ensure!(
            ended.is_some(),
            "the server did not end within {} s of being asked to",
            STOP_BOUND.as_secs()
        );
        Ok(())
    }

    /// Takes its life at once, as a crash would.
    pub(crate) fn kill(&self) {
        process::signal("KILL", self.pid());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on just now.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs a command of the product to its end and answers with its standard output.
pub(crate) fn output(program: &Path, args: &[&str], bound: Duration) -> Result<String> {
    let mut text = String::new();
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    let ended = process::run_lines(&mut command, bound, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    ensure!(
        ended == process::Ended::Well,
        "`{} {}` {}",
        program.display(),
        args.join(" "),
        told(ended)
    );
    Ok(text)
}

fn told(ended: process::Ended) -> &'static str {
    match ended {
        process::Ended::Well => "succeeded",
        process::Ended::Badly => "failed",
        process::Ended::TooLate => "took too long and was stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(folder: &Path, script: &str) -> Recipe {
        Recipe {
            name: "a shell",
            program: "sh".into(),
            args: vec!["-c".into(), script.into()],
            token: "t".into(),
            first: "/",
            log: folder.join("log"),
        }
    }

    #[test]
    fn a_server_that_dies_at_once_is_told_with_its_last_words() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let error = recipe(folder.path(), "echo no such database; exit 1")
            .start(&[])
            .err()
            .map(|it| it.to_string());
        assert!(
            error.is_some_and(|it| it.contains("ended before") && it.contains("no such database"))
        );
        Ok(())
    }

    #[test]
    fn output_of_a_failing_command_is_an_error() {
        let bound = Duration::from_secs(20);
        assert!(output(Path::new("sh"), &["-c", "exit 1"], bound).is_err());
        assert_eq!(
            output(Path::new("sh"), &["-c", "echo {}"], bound)
                .ok()
                .as_deref(),
            Some("{}\n")
        );
    }
}
