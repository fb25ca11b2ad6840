//! Installs what the checks need beyond the Rust toolchain, by the toolchain's own clients and in bounded time.
//!
//! What cannot be installed is no error here: the check that needs it reports itself as skipped. A failed
//! attempt is remembered for a day, so that working without a network does not cost the bound every time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::process::{self, Ended};

/// Where Debian and its kin install it, and others too.
const SSHD: &str = "/usr/sbin/sshd";
const COMPONENT_BOUND: Duration = Duration::from_secs(180);
const INSTALL_BOUND: Duration = Duration::from_secs(12 * 60);
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Something a check needs that is not part of every Rust toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `cargo fmt`
    Fmt,
    /// `cargo clippy`
    Clippy,
    /// `cargo deny`
    Deny,
    /// OpenSSH's server, which is no part of cargo.
    Sshd,
}

impl Tool {
    const ALL: [Tool; 4] = [Tool::Fmt, Tool::Clippy, Tool::Deny, Tool::Sshd];

    fn name(self) -> &'static str {
        match self {
            Tool::Fmt => "cargo fmt",
            Tool::Clippy => "cargo clippy",
            Tool::Deny => "cargo deny",
            Tool::Sshd => "sshd",
        }
    }

    /// True when cargo knows the subcommand, or the program is where it is always installed.
    pub(crate) fn is_here(self) -> bool {
        match self.name().split_once(' ') {
            Some((cargo, subcommand)) => process::answers(cargo, &[subcommand, "--version"]),
            None => Path::new(SSHD).is_file(),
        }
    }
}

/// `cargo xtask setup`: tries everything again that is missing.
pub(crate) fn run(root: &Path) -> Result<bool> {
    for tool in Tool::ALL {
        let _ = fs::remove_file(note(root, tool));
    }
    let suites = crate::suites::install(root)?;
    Ok(ensure_all(root)?.is_empty() && suites)
}

/// Installs what is missing; answers with what is missing still.
pub(crate) fn ensure_all(root: &Path) -> Result<Vec<Tool>> {
    let mut missing = Vec::new();
    for tool in Tool::ALL {
        if !ensure(root, tool)? {
            println!(
                "setup: {} is not here and could not be installed",
                tool.name()
            );
            missing.push(tool);
        }
    }
    Ok(missing)
}

fn ensure(root: &Path, tool: Tool) -> Result<bool> {
    if tool.is_here() {
        println!("setup: {} is here", tool.name());
        return Ok(true);
    }
    let note = note(root, tool);
    if failed_lately(&note) {
        return Ok(false);
    }
    println!("setup: installing {}", tool.name());
    install(root, tool);
    if tool.is_here() {
        return Ok(true);
    }
    fs::create_dir_all(target(root))?;
    fs::write(
        &note,
        "the last attempt to install this failed; `cargo xtask setup` tries again\n",
    )?;
    Ok(false)
}

/// One attempt; whether it worked is seen by asking for the tool afterwards.
fn install(root: &Path, tool: Tool) {
    let attempt = match tool {
        Tool::Fmt => component("rustfmt"),
        Tool::Clippy => component("clippy"),
        Tool::Deny => process::run(
            process::cargo(root, &["install", "--locked", "cargo-deny"])
                .env("CARGO_TARGET_DIR", target(root).join("tools")),
            INSTALL_BOUND,
        ),
        Tool::Sshd => process::run(
            std::process::Command::new("apt-get").args([
                "install",
                "-y",
                "--no-install-recommends",
                "openssh-server",
            ]),
            COMPONENT_BOUND,
        ),
    };
    match attempt {
        Ok(Ended::Well) => {}
        Ok(Ended::Badly) => println!("setup: the installer failed"),
        Ok(Ended::TooLate) => println!("setup: the installer took too long and was stopped"),
        Err(error) => println!("setup: {error:#}"),
    }
}

fn component(name: &str) -> Result<Ended> {
    process::run(
        std::process::Command::new("rustup").args(["component", "add", name]),
        COMPONENT_BOUND,
    )
}

/// Where cargo builds: what stays between runs and may be thrown away.
pub(crate) fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

fn note(root: &Path, tool: Tool) -> PathBuf {
    target(root).join(format!("not-installed-{}", tool.name().replace(' ', "-")))
}

fn failed_lately(note: &Path) -> bool {
    let written = fs::metadata(note).and_then(|it| it.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < REMEMBERED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_until_the_note_goes() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let note = folder.path().join("not-installed-deny");
        assert!(!failed_lately(&note));
        fs::write(&note, "")?;
        assert!(failed_lately(&note));
        Ok(())
    }
}
