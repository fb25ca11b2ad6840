//! Mail by the real binary to a real mail server that is not ours: `aiosmtpd`, from PyPI, with TLS from the start and asked
//! for. What was meant arrives, once: after a day of refusals, after a kill at every step of the conversation (then twice at
//! the most, and by its id the same), and when every answer is late.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Counted, tools};
use crate::setup;

const SCRIPT: &str = include_str!("mail.py");
/// For how long a step of a conversation is waited for.
const BOUND: Duration = Duration::from_secs(30);
/// How often a mail is refused before it is taken: as often as it is tried in a day.
const REFUSALS: usize = 25;
const PEOPLE: [&str; 3] = ["ana", "bo", "cy"];
/// The steps at which a conversation is cut.
const STEPS: [&str; 5] = ["EHLO", "MAIL", "RCPT", "DATA", "TAKEN"];

type Check = fn(&House) -> Result<()>;

/// Runs every check, each against an organization and a mail server of its own.
pub(super) fn run(root: &Path) -> Result<Counted> {
    let mut counted = Counted::default();
    let checks: [(&str, &str, Check); 5] = [
        ("TLS from the start", "implicit", arrives),
        ("TLS asked for", "starttls", arrives),
        ("a day of refusals", "starttls", refused),
        ("kills at each step", "implicit", killed),
        ("every answer late", "implicit", tarpitted),
    ];
    for (name, tls, check) in checks {
        let folder = tempfile::tempdir()?;
        match House::new(root, folder.path(), tls).and_then(|it| check(&it)) {
            Ok(()) => counted.passed += 1,
            Err(error) => {
                counted.failed += 1;
                println!("mail, {name}: {error:#}");
            }
        }
    }
    println!(
        "mail to aiosmtpd: {} passed, {} failed",
        counted.passed, counted.failed
    );
    Ok(counted)
}

/// An organization that has invited people, and the mail server that it writes to.
struct House {
    folder: PathBuf,
    binary: PathBuf,
    certificate: PathBuf,
    tls: &'static str,
    port: String,
    server: Child,
}

impl House {
    fn new(root: &Path, folder: &Path, tls: &'static str) -> Result<Self> {
        let script = folder.join("mail.py");
        fs::write(&script, SCRIPT)?;
        fs::write(folder.join("mode"), "take")?;
        fs::write(folder.join("log"), "")?;
        let pems = root.join("scim-server/tests/conversations/tls");
        let mut server = Command::new(tools(root).join("bin/python"))
            .arg(script)
            .arg(folder)
            .args([pems.join("first.pem"), pems.join("first.key")])
            .arg(tls)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        let said = server.stdout.take().context("the mail server's port")?;
        BufReader::new(said).read_line(&mut port)?;
        let house = Self {
            folder: folder.to_owned(),
            binary: setup::target(root).join("debug/usher"),
            certificate: pems.join("first.pem"),
            tls,
            port: port.trim().to_owned(),
            server,
        };
        house.does(&[
            "init",
            "--name",
            "Acme",
            "--seats",
            "99",
            "--owner",
            "owner@acme.example",
        ])?;
        house.does(&[
            "setting",
            "public-url",
            "https://usher.acme.example",
            "--yes",
        ])?;
        let people = PEOPLE.map(|it| format!("{it}@acme.example"));
        let mut invite = vec!["invite"];
        invite.extend(people.iter().map(String::as_str));
        invite.push("--yes");
        house.does(&invite)?;
        Ok(house)
    }

    fn usher(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--db")
            .arg(self.folder.join("usher.db"))
            .args(args)
            .env("USHER_SMTP_HOST", "127.0.0.1")
            .env("USHER_SMTP_PORT", &self.port)
            .env("USHER_SMTP_TLS", self.tls)
            .env("USHER_SMTP_CA_FILE", &self.certificate)
            .env("USHER_MAIL_FROM", "usher@acme.example")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn does(&self, args: &[&str]) -> Result<()> {
        let said = self.usher(args).output()?;
        let why = String::from_utf8_lossy(&said.stderr);
        ensure!(said.status.success(), "usher {}: {why}", args.join(" "));
        Ok(())
    }

    fn mode(&self, mode: &str) -> Result<()> {
        Ok(fs::write(self.folder.join("mode"), mode)?)
    }

    /// What the mail server has heard at a step.
    fn heard(&self, step: &str) -> Result<Vec<Value>> {
        let log = fs::read_to_string(self.folder.join("log"))?;
        let lines = log.lines().filter_map(|it| serde_json::from_str(it).ok());
        Ok(lines.filter(|it: &Value| it["step"] == step).collect())
    }

    fn wait_for(&self, step: &str) -> Result<()> {
        let begun = Instant::now();
        while self.heard(step)?.is_empty() {
            ensure!(begun.elapsed() < BOUND, "no conversation came to {step}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Everybody has their mail, protected on its way, at most so often, and by its id it is the same each time.
    fn all_have_theirs(&self, most: usize) -> Result<()> {
        let taken = self.heard("TAKEN")?;
        for name in PEOPLE {
            let to = format!("{name}@acme.example");
            let theirs: Vec<&Value> = taken
                .iter()
                .filter(|it| it["to"][0] == to.as_str())
                .collect();
            let first = theirs
                .first()
                .with_context(|| format!("{to} has no mail"))?;
            ensure!(theirs.len() <= most, "{to} has {} mails", theirs.len());
            ensure!(
                theirs
                    .iter()
                    .all(|it| it["id"] == first["id"] && it["text"] == first["text"]),
                "{to} has two different mails"
            );
            ensure!(first["tls"] == true, "the mail to {to} went unprotected");
            ensure!(first["defects"] == serde_json::json!([]), "{first}");
            for part in ["text", "html"] {
                let text = first[part].as_str().unwrap_or_default();
                ensure!(
                    text.contains("https://usher.acme.example/accept/"),
                    "no link in the {part} to {to}: {text}"
                );
            }
        }
        let said = self.usher(&["outbox", "--format", "json"]).output()?;
        let mails: Value = serde_json::from_slice(&said.stdout)?;
        // Those whose link was replaced before they went are dropped.
        let sent = |it: &Value| it["state"] == "sent" || it["state"] == "dropped";
        ensure!(
            mails.as_array().is_some_and(|it| it.iter().all(sent)),
            "{mails}"
        );
        Ok(())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn arrives(house: &House) -> Result<()> {
    house.does(&["outbox", "send"])?;
    house.all_have_theirs(1)?;
    house.does(&["outbox", "send"])?;
    house.all_have_theirs(1)
}

fn refused(house: &House) -> Result<()> {
    house.mode("refuse")?;
    for _ in 0..REFUSALS {
        house.usher(&["outbox", "send"]).output()?;
        house.does(&["outbox", "retry"])?;
    }
    ensure!(
        house.heard("TAKEN")?.is_empty(),
        "what was refused was taken"
    );
    let tried = house.heard("DATA")?.len();
    ensure!(tried >= REFUSALS, "only {tried} attempts");
    house.mode("take")?;
    house.does(&["outbox", "send"])?;
    house.all_have_theirs(1)
}

fn killed(house: &House) -> Result<()> {
    for step in STEPS {
        fs::write(house.folder.join("log"), "")?;
        house.mode(&format!("hang {step}"))?;
        house.does(&["resend", "status:waiting", "--yes"])?;
        let mut child = house.usher(&["outbox", "send"]).spawn()?;
        let reached = house.wait_for(step);
        child.kill()?;
        child.wait()?;
        reached?;
        house.mode("take")?;
        house.does(&["outbox", "send"])?;
        let why = || format!("after a kill at {step}");
        house.all_have_theirs(2).with_context(why)?;
    }
    Ok(())
}

fn tarpitted(house: &House) -> Result<()> {
    house.mode("slow 1.5")?;
    house.does(&["outbox", "send"])?;
    house.all_have_theirs(1)
}
