//! Public conformance suites against the real binary: `scim2-tester` (through `scim2-cli`) and `scim-sanity`, both from
//! PyPI, and a fuzzer of APIs, `schemathesis`, and a mail server, `aiosmtpd`, installed into a virtual environment under the target folder. Where one
//! cannot be installed, its check is skipped, never passed.

mod fuzz;
mod mail;
mod pages;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{self, Ended};
use crate::setup;

const INSTALL_BOUND: Duration = Duration::from_secs(300);
const SUITE_BOUND: Duration = Duration::from_secs(240);
/// What the tester expects and RFC 7643 and 7644 do not, counted apart; docs/conformance.md has the reasons.
///
/// It takes our extension for writable, every attribute of which is the server's: RFC 7644 §3.5.2 has the server refuse
/// that with `mutability`. And it names managers of its own making: of those whom it makes inactive, which it draws by lot, the
/// roster has none manage anybody.
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

/// The programs of these suites, and the packages that bring them.
const SUITES: [&str; 2] = ["scim2", "scim-sanity"];
/// A mail server that is not ours.
const MAIL_SERVER: &str = "aiosmtpd";
const PACKAGES: [&str; 2] = ["scim2-cli", "scim-sanity"];

/// Installs the suites; false when one of them cannot be had here.
pub(crate) fn install(root: &Path) -> Result<bool> {
    let suites = have(root, &SUITES, &PACKAGES);
    let fuzzer = have(root, &[fuzz::PROGRAM], &[fuzz::PROGRAM]);
    let mail = have(root, &[MAIL_SERVER], &[MAIL_SERVER]);
    let browser = pages::install(root);
    Ok(suites && fuzzer && mail && browser)
}

/// Whether these programs are here, or could be installed.
fn have(root: &Path, programs: &[&str], packages: &[&str]) -> bool {
    let folder = tools(root);
    let there = |name: &&str| folder.join("bin").join(name).exists();
    if programs.iter().all(there) {
        return true;
    }
    println!("setup: installing {}", packages.join(" and "));
    let made = process::run(
        Command::new("python3").args(["-m", "venv"]).arg(&folder),
        INSTALL_BOUND,
    );
    if !matches!(made, Ok(Ended::Well)) {
        return false;
    }
    // What an installation that was cut off left behind counts as installed for pip, though its programs are not there.
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "-q", "--force-reinstall"])
        .args(packages);
    matches!(process::run(&mut pip, INSTALL_BOUND), Ok(Ended::Well)) && programs.iter().all(there)
}

/// Runs all of them against fresh organizations and prints their counts.
pub(crate) fn run(root: &Path) -> Result<Counted> {
    let mut counted = Counted::default();
    if have(root, &SUITES, &PACKAGES) {
        let folder = tempfile::tempdir()?;
        let server = Server::start(root, folder.path())?;
        counted.add(&tester(root, &server)?);
        counted.add(&sanity(root, &server)?);
    } else {
        println!("scim2-tester and scim-sanity could not be installed");
        counted.skipped += 1;
    }
    if have(root, &[fuzz::PROGRAM], &[fuzz::PROGRAM]) {
        let folder = tempfile::tempdir()?;
        let server = Server::start(root, folder.path())?;
        counted.add(&fuzz::run(&tools(root), &server, folder.path())?);
    } else {
        println!("schemathesis could not be installed");
        counted.skipped += 1;
    }
    if have(root, &[MAIL_SERVER], &[MAIL_SERVER]) {
        counted.add(&mail::run(root)?);
    } else {
        println!("{MAIL_SERVER} could not be installed");
        counted.skipped += 1;
    }
    counted.add(&pages::run(root)?);
    Ok(counted)
}

impl Counted {
    fn add(&mut self, other: &Counted) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// A server of ours with nobody on it but the owner.
struct Server {
    child: Child,
    address: SocketAddr,
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
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
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
        let listen = address.to_string();
        let child = usher(&["serve", "--listen", &listen, "--public-url", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self {
            child,
            address,
            base: format!("{url}/scim/v2"),
            token,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(address).is_ok() {
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
        "scim2-tester: {} passed, {} failed, {} skipped, {expected} that the RFC has otherwise",
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
