//! Public conformance suites against the real binary: `scim2-tester` (through `scim2-cli`) and `scim-sanity`, both from
//! PyPI, installed into a virtual environment under the target folder. Where they cannot be installed, the check is
//! skipped, never passed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{self, Ended};
use crate::setup;

const INSTALL_BOUND: Duration = Duration::from_secs(300);
const SUITE_BOUND: Duration = Duration::from_secs(240);
/// The tester takes an extension as a whole for writable and complete: it writes ours, which is the server's only (RFC 7644
/// §3.5.2.2 has the server refuse), and compares the manager with what it sent, without the name that the server adds
/// (RFC 7643 §4.3). These are expected and counted apart.
const EXPECTED: [&str; 6] = [
    "Failed to add attribute 'urn:ietf:params:scim:schemas:extension:usher:2.0:User'",
    "Failed to replace attribute 'urn:ietf:params:scim:schemas:extension:usher:2.0:User'",
    "Failed to remove attribute 'urn:ietf:params:scim:schemas:extension:usher:2.0:User'",
    "unexpected value for 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'",
    "unexpected value for 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'",
    "unexpected value for 'manager'",
];

/// How many checks of the suites went which way.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

fn tools(root: &Path) -> PathBuf {
    setup::target(root).join("scim-suites")
}

/// Installs the suites; false when that is not possible here.
pub(crate) fn install(root: &Path) -> Result<bool> {
    let folder = tools(root);
    let there = |name: &str| folder.join("bin").join(name).exists();
    if there("scim2") && there("scim-sanity") {
        return Ok(true);
    }
    println!("setup: installing scim2-cli and scim-sanity");
    let made = process::run(
        Command::new("python3").args(["-m", "venv"]).arg(&folder),
        INSTALL_BOUND,
    );
    if !matches!(made, Ok(Ended::Well)) {
        return Ok(false);
    }
    let installed = process::run(
        Command::new(folder.join("bin/pip")).args(["install", "-q", "scim2-cli", "scim-sanity"]),
        INSTALL_BOUND,
    );
    Ok(matches!(installed, Ok(Ended::Well)) && there("scim2") && there("scim-sanity"))
}

/// Runs both against a fresh organization and prints their counts.
pub(crate) fn run(root: &Path) -> Result<Counted> {
    if !install(root)? {
        println!("the suites could not be installed");
        return Ok(Counted {
            skipped: 1,
            ..Counted::default()
        });
    }
    let folder = tempfile::tempdir()?;
    let server = Server::start(root, folder.path())?;
    let mut counted = tester(root, &server)?;
    let sanity = sanity(root, &server)?;
    counted.passed += sanity.passed;
    counted.failed += sanity.failed;
    counted.skipped += sanity.skipped;
    Ok(counted)
}

struct Server {
    child: Child,
    base: String,
    token: String,
}

impl Server {
    fn start(root: &Path, folder: &Path) -> Result<Self> {
        let binary = setup::target(root).join("debug/usher");
        let usher = |args: &[&str]| {
            let mut command = Command::new(&binary);
            command.arg("--db").arg(folder.join("usher.db")).args(args);
            command
        };
        let made = usher(&[
            "init",
            "--name",
            "Acme",
            "--seats",
            "1000",
            "--owner",
            "owner@acme.example",
        ])
        .output()?;
        ensure!(made.status.success(), "usher init failed");
        // Free a moment ago, and nobody else here asks for it.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let url = format!("http://{address}");
        let added = usher(&[
            "idp",
            "add",
            "suite",
            "--public-url",
            &url,
            "--format",
            "json",
            "--yes",
        ])
        .output()?;
        ensure!(
            added.status.success(),
            "usher idp add failed: {}",
            String::from_utf8_lossy(&added.stderr)
        );
        let added: Value = serde_json::from_slice(&added.stdout)?;
        let added = added.get(0).unwrap_or(&added);
        let token = added.get("token").and_then(Value::as_str);
        let token = token.context("usher idp add prints a token")?.to_owned();
        let child = usher(&["serve", "--listen", &address, "--public-url", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self {
            child,
            base: format!("{url}/scim/v2"),
            token,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(&address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("the server does not listen")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tester(root: &Path, server: &Server) -> Result<Counted> {
    let mut counted = Counted::default();
    let mut expected = 0;
    let mut command = Command::new(tools(root).join("bin/scim2"));
    command.args(["--url", &server.base, "test", "-v"]).env(
        "SCIM_CLI_HEADERS",
        format!("Authorization: Bearer {}", server.token),
    );
    let mut last = String::new();
    process::run_lines(&mut command, SUITE_BOUND, |line| {
        match line.split_whitespace().next() {
            Some("SUCCESS" | "COMPLIANT" | "ACCEPTABLE") => counted.passed += 1,
            Some("SKIPPED") => counted.skipped += 1,
            Some("ERROR" | "CRITICAL" | "DEVIATION") => {
                counted.failed += 1;
                last = line.to_owned();
            }
            _ if !last.is_empty() => {
                if EXPECTED.iter().any(|it| line.contains(it)) {
                    counted.failed -= 1;
                    expected += 1;
                } else {
                    println!("{last}: {line}");
                }
                last.clear();
            }
            _ => {}
        }
    })?;
    println!(
        "scim2-tester: {} passed, {} failed, {} skipped, {expected} as expected of read-only parts",
        counted.passed, counted.failed, counted.skipped
    );
    // Nothing at all is no success.
    if counted.passed == 0 {
        counted.failed += 1;
    }
    Ok(counted)
}

fn sanity(root: &Path, server: &Server) -> Result<Counted> {
    let output = Command::new(tools(root).join("bin/scim-sanity"))
        .args(["probe", &server.base, "--token", &server.token])
        .args(["--i-accept-side-effects", "--json-output"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = text
        .find('{')
        .and_then(|at| serde_json::from_str(text.get(at..)?).ok())
        .unwrap_or_default();
    let number = |name: &str| {
        report
            .pointer(&format!("/summary/{name}"))
            .and_then(Value::as_u64)
            .unwrap_or(0)
    };
    for issue in report
        .get("issues")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        println!("scim-sanity: {}", issue.get("title").unwrap_or(issue));
    }
    let mut counted = Counted {
        passed: number("passed"),
        failed: number("failed") + number("errors"),
        skipped: number("skipped"),
    };
    println!(
        "scim-sanity: {} passed, {} failed, {} skipped",
        counted.passed, counted.failed, counted.skipped
    );
    if counted.passed == 0 {
        counted.failed += 1;
    }
    Ok(counted)
}
