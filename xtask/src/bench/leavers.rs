//! One batch that deactivates many people of whom one in ten manages nine others, everybody with an add-on license and
//! two assignments: how many a second, and how much memory the command needs at most.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::Value;

use super::table::{Goal, Row};

const BOUND: Duration = Duration::from_secs(900);
/// How often the memory of the command is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Makes an organization of so many people beside its owner, and deactivates all of them at once.
pub(crate) fn measure(
    program: &Path,
    folder: &Path,
    people: u64,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let db = folder.join("leavers.db");
    let usher = |args: &[&str], input: &str| run(program, &db, args, input);
    let seats = (people + 1).to_string();
    let owner = "owner@bench.example";
    usher(
        &[
            "init", "--name", "Bench", "--seats", &seats, "--owner", owner,
        ],
        "",
    )?;
    for args in [
        &["pool", "add", "method", "--purchased", &seats, "--yes"][..],
        &[
            "training", "add", "Reading", "--kind", "pre_work", "--pool", "method", "--yes",
        ],
        &["training", "add", "Course", "--yes"],
        &["group", "add", "Everybody", "--yes"],
        &[
            "group",
            "training",
            "add",
            "Everybody",
            "Reading",
            "Course",
            "--yes",
        ],
    ] {
        usher(args, "")?;
    }
    let addresses: String = (0..people)
        .map(|i| format!("p{i}@bench.example\n"))
        .collect();
    let started = Instant::now();
    usher(
        &["create", "-", "--group", "Everybody", "--no-mail", "--yes"],
        &addresses,
    )?;
    rows.push(
        Row::alone(
            format!("users/s, one batch of {people} creations into a group"),
            Some(people as f64 / started.elapsed().as_secs_f64()),
            Goal::Shown,
        )
        .noted("a license and two assignments each"),
    );
    let managers = make_managers(&db)?;
    let started = Instant::now();
    let peak = usher(&["deactivate", "group:everybody", "--yes"], "")?;
    let rate = people as f64 / started.elapsed().as_secs_f64();
    check(program, &db)?;
    let name = format!("users/s, one batch of {people} leavers, {managers} of them managers");
    let row = Row::alone(name, Some(rate), Goal::Shown);
    rows.push(row.noted(format!(
        "the whole command; peak memory {} MiB",
        peak / 1024
    )));
    Ok(())
}

/// Every tenth person manages the nine after them and reports to the one ten before. Written into the file, because ten
/// thousand commands would take longer than what is measured.
fn make_managers(db: &Path) -> Result<i64> {
    let conn = Connection::open(db)?;
    conn.execute_batch(
        "UPDATE users SET manager = (SELECT id FROM users AS above WHERE above.seq = \
         CASE WHEN (users.seq - 2) % 10 = 0 THEN users.seq - 10 ELSE users.seq - (users.seq - 2) % 10 END) \
         WHERE seq > 2",
    )?;
    let sql = "SELECT count(DISTINCT manager) FROM users";
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

/// Nobody but the owner holds a seat, and nothing is left open.
fn check(program: &Path, db: &Path) -> Result<()> {
    let output = Command::new(program)
        .args(["training", "list", "--format", "json", "--db"])
        .arg(db)
        .output()?;
    let trainings: Value = serde_json::from_slice(&output.stdout)?;
    for training in trainings.as_array().context("a list of trainings")? {
        ensure!(training["assigned"] == 0, "{training} is still assigned");
    }
    let conn = Connection::open(db)?;
    let held: i64 = conn.query_row("SELECT count(*) FROM licenses", [], |row| row.get(0))?;
    ensure!(held == 1, "{held} licenses are held instead of the owner's");
    Ok(())
}

/// Runs the program to its end; the most memory that it had, in KiB.
fn run(program: &Path, db: &Path, args: &[&str], input: &str) -> Result<u64> {
    let mut child = Command::new(program)
        .args(args)
        .arg("--db")
        .arg(db)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("a pipe to the command")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let status = format!("/proc/{}/status", child.id());
    let (started, mut peak) = (Instant::now(), 0);
    loop {
        // The mark of the kernel only rises, so that what is read last is the peak but for the last moment.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|it| it.split_whitespace().next()?.parse().ok());
        peak = peak.max(mark.unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "usher {} failed", args.join(" "));
            return Ok(peak);
        }
        if started.elapsed() > BOUND {
            child.kill()?;
            child.wait()?;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
