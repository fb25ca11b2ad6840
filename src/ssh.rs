//! `usher ssh`: OpenSSH lets administrators in who have no account on this machine. One system user, who owns the
//! database; sshd asks here whose key is offered, and is answered with a command that opens that administrator's console
//! and nothing else.

mod setup;

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use usher_core::model::{AdminKey, Door, Fingerprint};

use crate::args::{ActingAs, Common, SshCommand, SshKeysArgs};
use crate::desk::{open_directory, session};
use crate::failure::{Failure, Result};

/// What sshd says of a session to the command that it runs.
const OF_A_SESSION: [&str; 2] = ["SSH_CONNECTION", "SSH_ORIGINAL_COMMAND"];
/// Names a file with how somebody proved who they are, where sshd is told to say so (`ExposeAuthInfo`).
const HOW_PROVEN: &str = "SSH_USER_AUTH";

/// What sshd asks, and how to tell it to.
pub(crate) fn run(common: &Common, command: &SshCommand) -> Result<()> {
    match command {
        SshCommand::Keys(args) => keys(common, args),
        SshCommand::Setup(args) => setup::run(common, args),
    }
}

/// Whether this process was started by sshd. What somebody wanted to run instead of the console is not looked at.
pub(crate) fn is_remote() -> bool {
    OF_A_SESSION.iter().any(|it| std::env::var_os(it).is_some())
}

/// The key by which whoever sits here proved who they are, if sshd says.
pub(crate) fn key_of_this_session() -> Option<Fingerprint> {
    let said = std::fs::read_to_string(std::env::var_os(HOW_PROVEN)?).ok()?;
    said.lines().find_map(|line| {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("publickey"), Some(_), Some(key)) => Fingerprint::of_encoded(key),
            _ => None,
        }
    })
}

/// Answers sshd: lines of `authorized_keys`, none for another system user than the owner of the database.
fn keys(common: &Common, args: &SshKeysArgs) -> Result<()> {
    let database = Database::at(&common.db)?;
    if args.user.as_deref().is_some_and(|it| !database.is_of(it)) {
        return Ok(());
    }
    let wanted = match (&args.kind, &args.key) {
        (_, Some(key)) => match Fingerprint::of_encoded(key) {
            Some(key) => Some(key),
            None => return Ok(()),
        },
        (Some(fingerprint), None) => Some(fingerprint.parse::<Fingerprint>()?),
        (None, None) => None,
    };
    let program = program()?;
    let directory = open_directory(&common.db)?;
    let session = session(&directory, Some(ActingAs::FileOwner), Door::Cli)?;
    let open = session.read()?.ssh_keys_that_open(wanted)?;
    let mut out = std::io::stdout().lock();
    for it in open {
        // Of keys that only look alike sshd has to be told nothing.
        if args.key.is_none() || args.kind.as_deref() == Some(it.key.kind()) {
            writeln!(out, "{}", line(&program, &database.path, &it)?)?;
        }
    }
    Ok(())
}

/// The line for one key: nothing in it was typed by people but the paths of this program and of the database.
fn line(program: &Path, database: &Path, key: &AdminKey) -> Result<String> {
    let command = format!(
        "{} --db {} --as {}",
        in_a_shell(program)?,
        in_a_shell(database)?,
        key.user
    );
    Ok(format!(
        "restrict,pty,command=\"{}\" {} {}",
        // sshd(8): a quote within the command is escaped, and nothing else is.
        command.replace('"', "\\\""),
        key.key.kind(),
        key.key.encoded()
    ))
}

/// A path as a shell has to read it, in one word.
fn in_a_shell(path: &Path) -> Result<String> {
    let unusable = || {
        Failure::refused(format!(
            "{}: sshd cannot be told a path with control characters or other than UTF-8; move it",
            path.display()
        ))
    };
    let text = path.to_str().ok_or_else(unusable)?;
    if text.chars().any(char::is_control) {
        return Err(unusable());
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

/// This program's file.
fn program() -> Result<PathBuf> {
    let here = std::env::current_exe().and_then(std::fs::canonicalize);
    here.map_err(|error| {
        Failure::refused(format!(
            "cannot tell where this program is: {error}; start it anew"
        ))
    })
}

/// The database as sshd and the console's command have to name it.
struct Database {
    path: PathBuf,
    owner: u32,
    mode: u32,
}

impl Database {
    fn at(path: &Path) -> Result<Self> {
        let found = std::fs::canonicalize(path).and_then(|it| Ok((std::fs::metadata(&it)?, it)));
        let (metadata, path) = found.map_err(|error| {
            Failure::refused(format!(
                "{}: {error}; name the database with --db",
                path.display()
            ))
        })?;
        Ok(Self {
            path,
            owner: metadata.uid(),
            mode: metadata.mode(),
        })
    }

    /// Whether it belongs to this system user, who alone can open it.
    fn is_of(&self, user: &str) -> bool {
        let found = nix::unistd::User::from_name(user).ok().flatten();
        found.is_some_and(|it| it.uid.as_raw() == self.owner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use usher_core::model::SshKey;

    use super::*;

    #[test]
    fn paths_pass_through_sshd_and_the_shell_as_they_are() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 \"x\"";
        let key = AdminKey {
            user: "01931b2c-7d5e-7000-8000-0123456789ab".parse().unwrap(),
            key: SshKey::parse(key).unwrap(),
            added_at: usher_core::model::Timestamp::from_millis(0),
        };
        let said = |program: &str| line(Path::new(program), Path::new("/var/lib/usher.db"), &key);
        assert_eq!(
            said("/usr/bin/usher").unwrap(),
            "restrict,pty,command=\"/usr/bin/usher --db /var/lib/usher.db --as 01931b2c-7d5e-7000-8000-0123456789ab\" \
             ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4"
        );
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a b",
            "a\"b",
            "a'b",
            "a$(touch x)b",
            "a\\\"b",
            "`id`",
            "ü;&|",
        ] {
            let program = folder.path().join(name);
            std::fs::write(&program, "#!/bin/sh\necho \"ran $*\"\n").unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(&program, mode).unwrap();
            let line = said(program.to_str().unwrap()).unwrap();
            let quoted = line.strip_prefix("restrict,pty,command=\"").unwrap();
            // As sshd takes it apart (auth-options.c).
            let (mut command, mut rest) = (String::new(), quoted.chars().peekable());
            while let Some(c) = rest.next() {
                match c {
                    '\\' if rest.peek() == Some(&'"') => command.extend(rest.next()),
                    '"' => break,
                    c => command.push(c),
                }
            }
            let ran = std::process::Command::new("sh")
                .args(["-c", &command])
                .output()
                .unwrap();
            let ran = String::from_utf8(ran.stdout).unwrap();
            assert!(
                ran.starts_with("ran --db /var/lib/usher.db --as 0193"),
                "{name}: {line}"
            );
        }
        assert!(said("/opt/a\nb").is_err());
    }
}
