//! The API under requests that are nearly right, made by schemathesis from a loose description of it: none may be answered
//! by a server error, and the server and its history must be whole afterwards. The description serves this only; what the
//! server takes is said by its own `/Schemas`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Counted, Server};
use crate::bench::http::Client;
use crate::process;

/// The program, and the package that brings it.
pub(crate) const PROGRAM: &str = "schemathesis";
const DESCRIPTION: &str = include_str!("openapi.json");
/// How long it goes on making requests, in seconds.
const SECONDS: &str = "60";
const BOUND: Duration = Duration::from_secs(85);
/// The same requests on every run, as far as the time goes.
const SEED: &str = "7";

/// Runs it against a server of which nothing else is asked.
pub(super) fn run(tools: &Path, server: &Server, folder: &Path) -> Result<Counted> {
    let mut client = Client::new(server.address, &server.token)?;
    let user = made(
        &mut client,
        "/scim/v2/Users",
        &json!({"userName": "a@acme.example"}),
    )?;
    let other = made(
        &mut client,
        "/scim/v2/Users",
        &json!({"userName": "o@acme.example"}),
    )?;
    let group = made(&mut client, "/scim/v2/Groups", &json!({"displayName": "G"}))?;
    let description = DESCRIPTION
        .replace("@USER@", &user)
        .replace("@OTHER@", &other)
        .replace("@GROUP@", &group);
    std::fs::write(folder.join("openapi.json"), description)?;
    let mut command = Command::new(tools.join("bin").join(PROGRAM));
    command
        .current_dir(folder)
        .args(["run", "openapi.json", "--url", &server.base])
        .arg("-H")
        .arg(format!("Authorization: Bearer {}", server.token))
        .args([
            "--checks",
            "not_a_server_error",
            "--phases",
            "coverage,fuzzing",
        ])
        .args([
            "--max-time",
            SECONDS,
            "--seed",
            SEED,
            "--generation-database",
            "none",
        ])
        .args([
            "--continue-on-failure",
            "--no-shrink",
            "--no-color",
            "--warnings",
            "off",
        ])
        .args(["--report", "json", "--report-json-path", "report.json"]);
    let mut said = Vec::new();
    process::run_lines(&mut command, BOUND, |line| said.push(line.to_owned()))?;
    let report = std::fs::read(folder.join("report.json")).unwrap_or_default();
    let report: Value = serde_json::from_slice(&report).unwrap_or_default();
    let number = |name: &str| {
        let cases = report.pointer(&format!("/test_cases/{name}"));
        cases.and_then(Value::as_u64).unwrap_or(0)
    };
    let (made, bad) = (
        number("generated"),
        number("with_failures") + number("errored"),
    );
    // The old connection was idle for longer than the server keeps one.
    let mut client = Client::new(server.address, &server.token)?;
    let whole = client.get("/readyz").is_ok_and(|it| it.status == 200);
    println!("schemathesis: {made} requests, {bad} answered by a server error or not at all");
    let failed = bad + u64::from(!whole) + u64::from(made == 0);
    if failed > 0 {
        said.iter().for_each(|line| println!("{line}"));
    }
    // However many requests were made, they are one check: their number says more of the machine than of us.
    Ok(Counted {
        passed: u64::from(failed == 0),
        failed,
        skipped: 0,
    })
}

fn made(client: &mut Client, path: &str, body: &Value) -> Result<String> {
    let answer = client.post(path, body.to_string().as_bytes())?;
    ensure!(
        answer.status == 201,
        "{path} was answered {}",
        answer.status
    );
    let answer: Value = serde_json::from_slice(answer.body)?;
    let id = answer.get("id").and_then(Value::as_str);
    Ok(id.context("what was made has an id")?.to_owned())
}
