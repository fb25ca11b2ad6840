//! The pages in a real browser: from the link to the active user, on a phone and on a desk, with scripts and without, by
//! keys alone, and under axe-core, which finds what shuts people out. Needs node, Chromium and two packages of npm; where one
//! is missing the check is skipped, never passed. Its pictures stay in the target folder, to be looked at.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Counted, INSTALL_BOUND};
use crate::process::{self, Ended};
use crate::setup;

const SCRIPT: &str = include_str!("pages.mjs");
const PACKAGES: [&str; 2] = ["puppeteer-core@24", "axe-core@4"];
/// What Chromium is called in different places.
const CHROMIUMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const BUILD_BOUND: Duration = Duration::from_secs(600);
const BOUND: Duration = Duration::from_secs(300);

fn tools(root: &Path) -> PathBuf {
    setup::target(root).join("page-suites")
}

fn chromium() -> Option<&'static str> {
    CHROMIUMS
        .into_iter()
        .find(|it| process::answers(it, &["--version"]))
}

/// Installs what the check needs; false when it cannot be had here.
pub(super) fn install(root: &Path) -> bool {
    if chromium().is_none() {
        println!("setup: installing chromium");
        // Works for root on Debian; elsewhere whoever works here brings a browser.
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-y", "-q", "--no-install-recommends", "chromium"])
            .args(["fonts-dejavu-core", "fonts-liberation"])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null());
        let _ = process::run(&mut apt, INSTALL_BOUND);
    }
    have(root)
}

/// Whether everything is here, or could be installed.
fn have(root: &Path) -> bool {
    let folder = tools(root);
    let there = |name: &str| folder.join("node_modules").join(name).exists();
    if chromium().is_none() || !process::answers("node", &["--version"]) {
        return false;
    }
    if there("puppeteer-core") && there("axe-core") {
        return true;
    }
    println!("setup: installing {}", PACKAGES.join(" and "));
    if std::fs::create_dir_all(&folder).is_err() {
        return false;
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
        .arg(&folder)
        .args(PACKAGES)
        .stdin(Stdio::null());
    matches!(process::run(&mut npm, INSTALL_BOUND), Ok(Ended::Well))
        && there("puppeteer-core")
        && there("axe-core")
}

/// Runs it against an organization of its own.
pub(super) fn run(root: &Path) -> Result<Counted> {
    let mut counted = Counted::default();
    let Some(chromium) = chromium().filter(|_| have(root)) else {
        println!("pages: node, npm or Chromium is not here");
        counted.skipped += 1;
        return Ok(counted);
    };
    let build = [
        "build",
        "-q",
        "-p",
        "usher-scim-server",
        "--example",
        "visitors",
    ];
    let built = process::run(&mut process::cargo(root, &build), BUILD_BOUND)?;
    ensure!(
        built == Ended::Well,
        "the example of the pages is not built"
    );
    let mut house = Command::new(setup::target(root).join("debug/examples/visitors"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut links = String::new();
    let said = house.stdout.take().context("the example says its links")?;
    BufReader::new(said).read_line(&mut links)?;
    let script = tools(root).join("pages.mjs");
    std::fs::write(&script, SCRIPT)?;
    let mut node = Command::new("node");
    node.arg(&script)
        .arg(tools(root).join("node_modules"))
        .arg(chromium)
        .arg(links.trim())
        .arg(tools(root).join("pictures"))
        .stdin(Stdio::null());
    let mut done = false;
    let ended = process::run_lines(&mut node, BOUND, |line| {
        let Ok(said) = serde_json::from_str::<Value>(line) else {
            return println!("pages: {line}");
        };
        match said.get("ok").and_then(Value::as_bool) {
            Some(true) => counted.passed += 1,
            Some(false) => {
                counted.failed += 1;
                println!("pages: {line}");
            }
            None => done = true,
        }
    });
    // The end of its input ends it.
    drop(house.stdin.take());
    let _ = house.wait();
    ended?;
    if !done {
        println!("pages: the browser did not come to the end");
        counted.failed += 1;
    }
    println!(
        "pages: {} passed, {} failed; pictures in {}",
        counted.passed,
        counted.failed,
        tools(root).join("pictures").display()
    );
    Ok(counted)
}
