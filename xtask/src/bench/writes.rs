//! Writes beyond single creates: PATCH, Bulk, reads beside writers, and groups of many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::floor;
use super::http::Client;
use super::load::{self, Measured, Phase};
use super::people;
use super::reads::Ids;
use super::stats::median;
use super::subject::{PHASE_BOUND, Subject};
use super::table::{Goal, Row};

const BULK: u64 = 1_000;
const GROUPS: &str = "/scim/v2/Groups";
const USERS: &str = "/scim/v2/Users";

/// Measures all of it; people are added.
pub(crate) fn measure(
    ours: &mut Subject,
    folder: &std::path::Path,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let ids = Ids::of(ours)?;
    patches(ours, &ids, rows)?;
    bulk(ours, folder, rows)?;
    beside_writers(ours, &ids, rows)?;
    let all = ids_of_all(ours, 100_000)?;
    for members in [1_000, 10_000, 100_000] {
        if members < all.len() {
            group(ours, &all, members, rows)?;
        }
    }
    Ok(())
}

/// A phase of requests that must be answered 200 or 201.
fn phase(
    subject: &Subject,
    connections: u64,
    count: u64,
    ask: &(dyn Fn(&mut Client, u64) -> Result<u16> + Sync),
) -> Result<Measured> {
    let phase = Phase {
        connections,
        count,
        bound: PHASE_BOUND,
    };
    let ask = |client: &mut Client, n: u64| {
        let status = ask(client, n)?;
        ensure!(
            (200..300).contains(&status),
            "request {n} was answered {status}"
        );
        Ok(())
    };
    load::run(subject.server()?, phase, &ask)?.faultless()
}

fn patches(ours: &mut Subject, ids: &Ids, rows: &mut Vec<Row>) -> Result<()> {
    let (mut rates, mut creates, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ours.scale.rounds {
        creates.push(ours.create(16, ours.scale.creates / 2)?.rate());
        let patched = phase(ours, 16, ours.scale.creates / 2, &|client, n| {
            // Everybody goes out and comes in again, so that each request changes somebody.
            let active = (n / ids.count() + round).is_multiple_of(2);
            let body = format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"Replace","path":"active","value":"{}"}}]}}"#,
                if active { "False" } else { "True" }
            );
            Ok(client
                .patch(&format!("{USERS}/{}", ids.at(n)), body.as_bytes())?
                .status)
        })?;
        rates.push(patched.rate());
        cpu.push(patched.cpu_us());
    }
    // All are in again: others count who leaves.
    let back = r#"{"Operations":[{"op":"replace","path":"active","value":true}]}"#;
    phase(ours, 16, ids.count(), &|client, n| {
        Ok(client
            .patch(&format!("{USERS}/{}", ids.at(n)), back.as_bytes())?
            .status)
    })?;
    let note = format!("{:.0} us of CPU each", median(&cpu).unwrap_or_default());
    let goal = Goal::Ratio(0.85);
    rows.push(
        Row::pair(
            "11 PATCH active a second, 16 connections",
            &rates,
            "ours, creates",
            &creates,
            goal,
        )
        .noted(note),
    );
    Ok(())
}

fn bulk(ours: &mut Subject, folder: &std::path::Path, rows: &mut Vec<Row>) -> Result<()> {
    let (mut rates, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..ours.scale.rounds {
        let first = ours.stored;
        let operations: Vec<String> = (first..first + BULK)
            .map(|i| {
                format!(
                    r#"{{"method":"POST","path":"/Users","bulkId":"b{i}","data":{}}}"#,
                    people::body(i, 0)
                )
            })
            .collect();
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
            operations.join(",")
        );
        let mut client = ours.server()?.client()?;
        let started = Instant::now();
        let answer = client.post("/scim/v2/Bulk", body.as_bytes())?;
        let took = started.elapsed();
        ensure!(answer.status == 200, "Bulk was answered {}", answer.status);
        let made = answer
            .body
            .windows(14)
            .filter(|it| **it == b"\"status\":\"201\""[..])
            .count();
        ensure!(
            made as u64 == BULK,
            "Bulk made {made} people instead of {BULK}"
        );
        ours.stored += BULK;
        rates.push(BULK as f64 / took.as_secs_f64());
        raw.push(floor::rows_per_second(folder, 100)?);
    }
    rows.push(Row::pair(
        "5 people a second, Bulk of 1,000 creates",
        &rates,
        "R100 raw SQLite",
        &raw,
        Goal::Ratio(0.7),
    ));
    Ok(())
}

fn beside_writers(ours: &mut Subject, ids: &Ids, rows: &mut Vec<Row>) -> Result<()> {
    let get =
        |client: &mut Client, n: u64| Ok(client.get(&format!("{USERS}/{}", ids.at(n)))?.status);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ours.scale.rounds {
        alone.push(phase(ours, 4, 10_000, &get)?.p99_ms());
        let next = AtomicU64::new(ours.stored);
        let subject = &*ours;
        let measured = std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                phase(subject, 16, subject.scale.creates / 2, &|client, _| {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    Ok(client.post(USERS, people::body(i, 0).as_bytes())?.status)
                })
            });
            let reading = phase(subject, 4, 10_000, &get);
            let written = writing
                .join()
                .map_err(|_| anyhow::anyhow!("a writer panicked"))?;
            written.and(reading)
        })?;
        ours.stored = next.into_inner();
        beside.push(measured.p99_ms());
    }
    rows.push(Row::pair(
        "15 p99 ms of GET by id beside 16 writers",
        &beside,
        "alone",
        &alone,
        Goal::RatioAtMost(2.0),
    ));
    Ok(())
}

/// So many people's ids, or those of all.
fn ids_of_all(ours: &Subject, most: usize) -> Result<Vec<String>> {
    let mut client = ours.server()?.client()?;
    let (mut ids, mut start) = (Vec::new(), 1);
    while ids.len() <= most {
        let answer = client.get(&format!(
            "{USERS}?startIndex={start}&count=200&attributes=id"
        ))?;
        let page: Value = serde_json::from_slice(answer.body)?;
        let people = page.get("Resources").and_then(Value::as_array).cloned();
        let people = people.unwrap_or_default();
        if people.is_empty() {
            break;
        }
        start += people.len();
        let found = people.iter().filter_map(|it| it.get("id")?.as_str());
        ids.extend(found.map(str::to_owned));
    }
    Ok(ids)
}

fn milliseconds(mut ask: impl FnMut(u64) -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for n in 0..30 {
        let started = Instant::now();
        ask(n)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    median(&times).context("no requests")
}

fn group(ours: &mut Subject, all: &[String], members: usize, rows: &mut Vec<Row>) -> Result<()> {
    let mut client = ours.server()?.client()?;
    let listed: Vec<Value> = all
        .iter()
        .take(members)
        .map(|it| json!({"value": it}))
        .collect();
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": format!("G{members}"), "members": listed});
    let started = Instant::now();
    let answer = client.post(GROUPS, body.to_string().as_bytes())?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    ensure!(
        answer.status == 201,
        "making a group was answered {}",
        answer.status
    );
    let made: Value = serde_json::from_slice(answer.body)?;
    let id = made
        .get("id")
        .and_then(Value::as_str)
        .context("a group has an id")?;
    let path = format!("{GROUPS}/{id}");
    let goal = if members == 10_000 {
        Goal::AtMost(60.0)
    } else {
        Goal::Shown
    };
    rows.push(Row::alone(
        format!("14 ms, a group of {members} in one POST"),
        Some(took),
        goal,
    ));

    let extra = all.get(members).context("one more person")?;
    let patch = |op: &str| {
        let operation = json!({"op": op, "path": "members", "value": [{"value": extra}]});
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}).to_string()
    };
    let (add, remove) = (patch("add"), patch("remove"));
    let narrow = format!("{path}?excludedAttributes=members");
    let moving = milliseconds(|n| {
        let body = if n.is_multiple_of(2) { &add } else { &remove };
        let status = client.patch(&narrow, body.as_bytes())?.status;
        ensure!(
            (200..300).contains(&status),
            "a member was answered {status}"
        );
        Ok(())
    })?;
    let mut next = ours.stored;
    let creating = milliseconds(|_| {
        next += 1;
        people::create(&mut client, next - 1, 0)
    })?;
    ours.stored = next;
    let goal = Goal::RatioAtMost(1.25);
    rows.push(Row::pair(
        format!("12 p50 ms, one member of {members}, in or out"),
        &[moving],
        "ours, a create",
        &[creating],
        goal,
    ));

    let mut get = |path: &str| {
        milliseconds(|_| {
            let status = client.get(path)?.status;
            ensure!(status == 200, "{path} was answered {status}");
            Ok(())
        })
    };
    let (whole, without) = (get(&path)?, get(&narrow)?);
    let one = get(&format!("{USERS}/{extra}"))?;
    rows.push(Row::alone(
        format!("13 p50 ms, GET of a group of {members}"),
        Some(whole),
        Goal::Shown,
    ));
    rows.push(Row::pair(
        format!("13 p50 ms, the same without members, {members}"),
        &[without],
        "ours, GET of a user",
        &[one],
        Goal::RatioAtMost(1.2),
    ));
    Ok(())
}
