//! Running other programs, always with an end: a bound on time after which the whole family is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How a bounded program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It exited with code zero.
    Well,
    /// It exited otherwise, or by a signal.
    Badly,
    /// It was killed because its time was over.
    TooLate,
}

/// Cargo in this workspace.
pub(crate) fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root).stdin(Stdio::null());
    command
}

/// Runs a program to its end or to the bound, its output going where ours goes.
pub(crate) fn run(command: &mut Command, bound: Duration) -> Result<Ended> {
    let child = spawn(command)?;
    wait(child, bound)
}

/// As `run`, and hands every line of its standard output to `line` as it comes.
pub(crate) fn run_lines(
    command: &mut Command,
    bound: Duration,
    mut line: impl FnMut(&str),
) -> Result<Ended> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let output = child
        .stdout
        .take()
        .context("the output of a program was not piped")?;
    let waiting = thread::spawn(move || wait(child, bound));
    for text in BufReader::new(output).split(b'\n') {
        line(&String::from_utf8_lossy(&text?));
    }
    waiting
        .join()
        .map_err(|_| anyhow::anyhow!("waiting for a program panicked"))?
}

/// True when the program can be started at all and says so with exit code zero.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    matches!(run(&mut command, Duration::from_secs(30)), Ok(Ended::Well))
}

fn spawn(command: &mut Command) -> Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .spawn()
        .with_context(|| format!("cannot start {name}"))
}

fn wait(mut child: Child, bound: Duration) -> Result<Ended> {
    Ok(match wait_until(&mut child, Instant::now() + bound)? {
        Some(status) if status.success() => Ended::Well,
        Some(_) => Ended::Badly,
        None => {
            for member in family(child.id()) {
                signal("KILL", member);
            }
            let _ = child.kill();
            child.wait()?;
            Ended::TooLate
        }
    })
}

/// Waits for the end of a child, at most until `deadline`.
pub(crate) fn wait_until(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// A process we started with everything it started. They stay in our own group, so that an interrupt at
/// the terminal reaches them as it reaches us.
fn family(first: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let listed = listed
        .map(|it| String::from_utf8_lossy(&it.stdout).into_owned())
        .unwrap_or_default();
    let parents: Vec<(u32, u32)> = listed.lines().filter_map(pid_and_parent).collect();
    let mut family = vec![first];
    let mut looked_at = 0;
    while let Some(&parent) = family.get(looked_at) {
        family.extend(
            parents
                .iter()
                .filter(|it| it.1 == parent && it.0 != parent)
                .map(|it| it.0),
        );
        looked_at += 1;
    }
    family
}

fn pid_and_parent(line: &str) -> Option<(u32, u32)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Sends a signal to a process we started.
pub(crate) fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn tells_how_a_program_ended() -> Result<()> {
        let bound = Duration::from_secs(20);
        assert_eq!(run(&mut shell("true"), bound)?, Ended::Well);
        assert_eq!(run(&mut shell("exit 3"), bound)?, Ended::Badly);
        assert_eq!(run(&mut shell("kill -9 $$"), bound)?, Ended::Badly);
        Ok(())
    }

    #[test]
    fn kills_the_whole_family_when_time_is_over() -> Result<()> {
        let started = Instant::now();
        // The pipe closes only when the grandchild is gone too.
        let ended = run_lines(
            &mut shell("sleep 60 & sleep 60"),
            Duration::from_millis(100),
            |_| (),
        )?;
        assert_eq!(ended, Ended::TooLate);
        assert!(started.elapsed() < Duration::from_secs(30));
        Ok(())
    }

    #[test]
    fn hands_over_lines() -> Result<()> {
        let mut lines = Vec::new();
        run_lines(
            &mut shell("echo one; echo two"),
            Duration::from_secs(20),
            |line| lines.push(line.to_owned()),
        )?;
        assert_eq!(lines, ["one", "two"]);
        Ok(())
    }
}
