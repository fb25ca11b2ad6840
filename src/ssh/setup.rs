//! `usher ssh setup`: the lines for sshd's configuration, and whether everything is as they need it. What is printed is a
//! file that sshd reads as it is: the checks are comments in it.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};
use serde_json::json;
use usher_core::model::Door;

use super::{Database, in_a_shell, program};
use crate::args::{ActingAs, Common, Format, SshSetupArgs};
use crate::desk::{open_directory, session};
use crate::failure::{Failure, Result};
use crate::output::{one_line, write_one};

/// Where the lines are put.
const PLACE: &str = "/etc/ssh/sshd_config.d/usher.conf";
/// Where sshd is, besides on the path, which seldom has it.
const SSHD: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"];
/// Writable by others than the owner.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What came of one check.
struct Check {
    what: String,
    found: Found,
}

enum Found {
    Good,
    /// What to do.
    Wrong(String),
    /// Why it could not be looked at.
    Unknown(String),
}

impl Check {
    fn new(what: impl Into<String>, wrong: Option<String>) -> Self {
        Self {
            what: what.into(),
            found: wrong.map_or(Found::Good, Found::Wrong),
        }
    }
}

/// Prints the lines and checks them; a failure when something is to be done.
pub(super) fn run(common: &Common, args: &SshSetupArgs) -> Result<()> {
    let database = Database::at(&common.db)?;
    let user = match &args.user {
        Some(name) => User::from_name(name).ok().flatten(),
        None => User::from_uid(Uid::from_raw(database.owner)).ok().flatten(),
    };
    let Some(user) = user else {
        return Err(Failure::refused(match &args.user {
            Some(name) => format!(
                "there is no system user {name}; make one: useradd --system --create-home --shell /bin/sh {name}"
            ),
            None => "the owner of the database is no user of this machine; name one with --user"
                .to_owned(),
        }));
    };
    let program = program()?;
    let lines = lines(&user, &program, &database.path)?;
    let checks = [
        Check::new(
            format!("{} can be run by sshd", program.display()),
            why_not_trusted(&program),
        ),
        the_database(&database, &user),
        the_user(&user),
        the_keys(common),
        sshd(&user, &lines),
    ];
    print(common.format, &lines, &checks)?;
    let wrong = checks
        .iter()
        .filter(|it| matches!(it.found, Found::Wrong(_)));
    match wrong.count() {
        0 => Ok(()),
        1 => Err(Failure::refused("one thing is to be done first, see above")),
        more => Err(Failure::refused(format!(
            "{more} things are to be done first, see above"
        ))),
    }
}

/// The configuration: who comes in as this user gets a console, and nothing else that sshd could give.
fn lines(user: &User, program: &Path, database: &Path) -> Result<Vec<(&'static str, String)>> {
    let asking = format!(
        "{} --db {} ssh keys %u %t %k",
        in_sshd(program)?,
        in_sshd(database)?
    );
    let word = |it: &str| it.to_owned();
    Ok(vec![
        ("AuthorizedKeysCommand", asking),
        ("AuthorizedKeysCommandUser", user.name.clone()),
        ("AuthorizedKeysFile", word("none")),
        ("AuthenticationMethods", word("publickey")),
        ("PubkeyAuthentication", word("yes")),
        ("PasswordAuthentication", word("no")),
        ("KbdInteractiveAuthentication", word("no")),
        // By this a console closes whose key is taken.
        ("ExposeAuthInfo", word("yes")),
        ("DisableForwarding", word("yes")),
        ("PermitTTY", word("yes")),
        ("PermitUserRC", word("no")),
        // Nothing of the other machine's environment: no variable has this name, and sshd knows no other word for none.
        ("AcceptEnv", word("none")),
        ("MaxAuthTries", word("6")),
        ("ClientAliveInterval", word("15")),
        ("ClientAliveCountMax", word("4")),
    ])
}

/// A path in a command of sshd's configuration, which knows quotes and backslashes of its own, and no shell.
fn in_sshd(path: &Path) -> Result<String> {
    let plain = in_a_shell(path)?;
    if plain.starts_with('\'') || plain.contains('%') {
        return Err(Failure::refused(format!(
            "{}: sshd's configuration cannot name this path; use one of letters, digits and / . _ -",
            path.display()
        )));
    }
    Ok(plain)
}

/// Why sshd would not run a program: it and every folder above it must be root's, and nobody else's to change.
fn why_not_trusted(program: &Path) -> Option<String> {
    for path in program.ancestors() {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Some(format!("{} cannot be looked at", path.display()));
        };
        let shown = path.display();
        if metadata.uid() != 0 {
            return Some(format!(
                "{shown} is not root's: install the program as root, such as with install -o root -g root -m 755 {} /usr/local/bin/usher, and run setup from there",
                program.display()
            ));
        }
        if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
            return Some(format!(
                "{shown} can be changed by others than root: install the program elsewhere, such as in /usr/local/bin, with mode 755"
            ));
        }
    }
    None
}

fn the_database(database: &Database, user: &User) -> Check {
    let shown = database.path.display();
    let what = format!("{} owns and can reach {shown}", user.name);
    if user.uid.as_raw() != database.owner {
        let why = format!("it is somebody else's: chown {} {shown}*", user.name);
        return Check::new(what, Some(why));
    }
    if database.mode & 0o600 != 0o600 {
        return Check::new(
            what,
            Some(format!("its owner cannot use it: chmod 600 {shown}")),
        );
    }
    if let Some(other) = somebody_elses(database) {
        let why = format!(
            "{} is somebody else's: chown {} {shown}*",
            other.display(),
            user.name
        );
        return Check::new(what, Some(why));
    }
    let folders = database.path.ancestors().skip(1);
    for (i, folder) in folders.enumerate() {
        let Ok(metadata) = std::fs::metadata(folder) else {
            continue;
        };
        let mode = metadata.mode();
        let group = user.gid.as_raw() == metadata.gid();
        let bits = match () {
            () if user.uid.is_root() => 0o7,
            () if user.uid.as_raw() == metadata.uid() => mode >> 6 & 0o7,
            () if group => mode >> 3 & 0o7,
            () => mode & 0o7,
        };
        // SQLite writes files of its own beside the database.
        let needed = if i == 0 { 0o3 } else { 0o1 };
        if bits & needed != needed {
            let to_do = if i == 0 {
                "must be able to write in"
            } else {
                "cannot go through"
            };
            let why = format!("{} {to_do} {}", user.name, folder.display());
            return Check::new(what, Some(why));
        }
    }
    Check::new(what, None)
}

/// A file beside the database, and of it, that belongs to somebody else: whoever ran a command as root may have made it.
fn somebody_elses(database: &Database) -> Option<PathBuf> {
    let name = database.path.file_name()?.to_string_lossy().into_owned();
    let beside = std::fs::read_dir(database.path.parent()?).ok()?.flatten();
    let mut of_it = beside.filter(|it| it.file_name().to_string_lossy().starts_with(&name));
    let found = of_it.find(|it| it.metadata().is_ok_and(|it| it.uid() != database.owner));
    found.map(|it| it.path())
}

fn the_user(user: &User) -> Check {
    let what = format!("{} can run the console, and is nobody else", user.name);
    let shell = user
        .shell
        .file_name()
        .and_then(|it| it.to_str())
        .unwrap_or("");
    if ["nologin", "false", ""].contains(&shell) {
        let why = format!(
            "its shell is {}, and sshd runs every command through the shell: usermod --shell /bin/sh {}",
            user.shell.display(),
            user.name
        );
        return Check::new(what, Some(why));
    }
    let root = user.uid.is_root().then(|| {
        "a console should not run as root: make a system user for it, useradd --system --create-home --shell /bin/sh usher, and give it the database".to_owned()
    });
    Check::new(what, root)
}

fn the_keys(common: &Common) -> Check {
    let what = "an administrator has a key";
    let open = || -> Result<bool> {
        let directory = open_directory(&common.db)?;
        let session = session(&directory, Some(ActingAs::FileOwner), Door::Cli)?;
        Ok(!session.read()?.ssh_keys_that_open(None)?.is_empty())
    };
    match open() {
        Ok(true) => Check::new(what, None),
        Ok(false) => Check::new(
            what,
            Some("give one: usher admin key add EMAIL - < id_ed25519.pub".to_owned()),
        ),
        Err(_) => Check {
            what: what.to_owned(),
            found: Found::Unknown("the database cannot be read by whoever asks".to_owned()),
        },
    }
}

/// What sshd would do with somebody who comes in as this user, by its own word.
fn sshd(user: &User, lines: &[(&str, String)]) -> Check {
    let what = format!("sshd is configured so for {}", user.name);
    let unknown = |why: String| Check {
        what: what.clone(),
        found: Found::Unknown(why),
    };
    let Some(sshd) = SSHD.map(PathBuf::from).into_iter().find(|it| it.is_file()) else {
        return Check::new(
            what,
            Some("sshd is not installed: apt-get install openssh-server".to_owned()),
        );
    };
    let asked = Command::new(&sshd)
        .args(["-T", "-C"])
        .arg(format!("user={},host=localhost,addr=127.0.0.1", user.name))
        .stdin(Stdio::null())
        .output();
    let asked = match asked {
        Ok(it) if it.status.success() => String::from_utf8_lossy(&it.stdout).into_owned(),
        Ok(it) => {
            let why = String::from_utf8_lossy(&it.stderr);
            let why = one_line(why.lines().last().unwrap_or("it says nothing"));
            return unknown(format!("sshd -T failed ({why}); try as root"));
        }
        Err(error) => return unknown(format!("sshd cannot be asked: {error}")),
    };
    let differs: Vec<String> = lines
        .iter()
        .filter_map(|it| why_other(&asked, it))
        .collect();
    if differs.is_empty() {
        return Check::new(what, None);
    }
    let why = format!(
        "put this into {PLACE} and reload sshd; it has now: {}",
        differs.join(", ")
    );
    Check::new(what, Some(why))
}

/// What sshd has in the place of a line, if it has anything else.
fn why_other(asked: &str, (key, wanted): &(&str, String)) -> Option<String> {
    // How patient sshd is, is everybody's own choice.
    if key.starts_with("ClientAlive") || *key == "MaxAuthTries" {
        return None;
    }
    let key = key.to_ascii_lowercase();
    let has: Vec<&str> = asked
        .lines()
        .filter_map(|it| it.strip_prefix(key.as_str())?.strip_prefix(' '))
        .collect();
    let is_so = match key.as_str() {
        "acceptenv" => has
            .iter()
            .all(|it| wanted.split(' ').any(|ours| ours == *it)),
        "authorizedkeysfile" => has.is_empty() || has == ["none"],
        _ => has == [wanted.as_str()],
    };
    let shown = if has.is_empty() {
        "nothing".to_owned()
    } else {
        has.join(" ")
    };
    (!is_so).then(|| one_line(&format!("{key} {shown}")))
}

fn print(format: Format, lines: &[(&'static str, String)], checks: &[Check]) -> Result<()> {
    let user = lines.iter().find(|it| it.0 == "AuthorizedKeysCommandUser");
    let user = user.map_or("", |it| it.1.as_str());
    let matching = format!("Match User {user}");
    if format != Format::Table {
        let config: Vec<String> = lines
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        let checks = checks.iter().map(|it| {
            let (state, why) = match &it.found {
                Found::Good => ("good", None),
                Found::Wrong(why) => ("wrong", Some(why)),
                Found::Unknown(why) => ("unknown", Some(why)),
            };
            json!({"check": it.what, "state": state, "why": why})
        });
        return write_one(
            format,
            &[
                ("match", json!(matching)),
                ("lines", json!(config)),
                ("checks", json!(checks.collect::<Vec<_>>())),
            ],
        );
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "# {PLACE}: administrators come in as {user} and get their console, nothing else."
    )?;
    writeln!(out, "{matching}")?;
    for (key, value) in lines {
        writeln!(out, "    {key} {value}")?;
    }
    writeln!(out, "\n# Checked, in the order in which to mend it:")?;
    for check in checks {
        let (sign, why) = match &check.found {
            Found::Good => ("good   ", None),
            Found::Wrong(why) => ("TO DO  ", Some(why)),
            Found::Unknown(why) => ("unknown", Some(why)),
        };
        writeln!(out, "# {sign} {}", one_line(&check.what))?;
        if let Some(why) = why {
            writeln!(out, "#         {}", one_line(why))?;
        }
    }
    Ok(out.flush()?)
}
