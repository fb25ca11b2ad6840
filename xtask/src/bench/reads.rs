//! Reads beyond look-ups by user name: by id, by externalId, pages from the front and from the depth, filtered ones too.
//! Each is asked again on the large roster, and must cost there what it costs on the small one.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::http::{Client, find};
use super::load::{self, Measured, Phase};
use super::stats::median;
use super::subject::{PHASE_BOUND, Subject};
use super::table::{Goal, Row};

const USERS: &str = "/scim/v2/Users";
const PAGE: u64 = 100;
const FULL_PAGE: &str = "\"itemsPerPage\":100";
/// How many ids are asked for in turn: more than an answer is kept ready for.
const IDS: u64 = 40_000;
/// Everybody is active, and all are of one department.
const ACTIVE: &str = "filter=active%20eq%20true";
const OFFICE: &str = "filter=urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Aextension%3Aenterprise%3A2.0%3AUser%3Adepartment%20eq%20%22Operations%22";

/// What a kind of read came to, round by round.
struct Asked {
    name: &'static str,
    ours: Vec<Measured>,
    ceiling: Vec<Measured>,
}

/// Median milliseconds of each kind of read, to be compared with a larger roster's.
pub(crate) struct Reads(Vec<(&'static str, f64)>);

/// A kind of read: its name, the path of request `n`, and what must be in the answer.
struct Kind {
    name: &'static str,
    path: Box<dyn Fn(u64) -> String + Sync>,
    holds: &'static str,
    /// Whether the ceiling can be asked the same.
    ceiling_too: bool,
    requests: u64,
    connections: u64,
}

impl Kind {
    fn ask(&self, subject: &Subject) -> Result<Measured> {
        let phase = Phase {
            connections: self.connections,
            count: self.requests,
            bound: PHASE_BOUND,
        };
        let ask = |client: &mut Client, n: u64| {
            let path = (self.path)(n);
            let answer = client.get(&path)?;
            ensure!(
                answer.status == 200,
                "{path} was answered {}",
                answer.status
            );
            ensure!(
                find(answer.body, self.holds.as_bytes()).is_some(),
                "the answer to {path} is without {}",
                self.holds
            );
            Ok(())
        };
        let measured = load::run(subject.server()?, phase, &ask)?.faultless();
        measured.with_context(|| format!("{} on {}", self.name, subject.recipe.name))
    }
}

/// Measures every kind at whatever size the roster has now, against the ceiling and a smaller roster where there are any.
pub(crate) fn measure(
    ours: &Subject,
    ceiling: Option<&Subject>,
    small: Option<&Reads>,
    rows: &mut Vec<Row>,
) -> Result<Reads> {
    let mut medians = Vec::new();
    // Each is asked for people whom it has.
    let theirs = ceiling
        .map(|it| Ok::<_, anyhow::Error>(kinds(it.stored, Ids::of(it)?, None)))
        .transpose()?;
    for (at, kind) in kinds(ours.stored, Ids::of(ours)?, Some(ours))
        .iter()
        .enumerate()
    {
        let mut asked = Asked {
            name: kind.name,
            ours: Vec::new(),
            ceiling: Vec::new(),
        };
        for _ in 0..ours.scale.rounds {
            asked.ours.push(kind.ask(ours)?);
            let same = theirs.as_ref().and_then(|it| it.get(at));
            if let (Some(ceiling), Some(kind)) = (ceiling, same.filter(|it| it.ceiling_too)) {
                asked.ceiling.push(kind.ask(ceiling)?);
            }
        }
        let p50 = medians_of(&asked.ours, Measured::p50_ms);
        asked.rows(ours.stored, kind, small, rows);
        medians.push((kind.name, median(&p50).context("no rounds")?));
    }
    let reads = Reads(medians);
    reads.depth(ours.stored, rows);
    Ok(reads)
}

fn medians_of(measured: &[Measured], figure: fn(&Measured) -> f64) -> Vec<f64> {
    measured.iter().map(figure).collect()
}

impl Asked {
    fn rows(&self, stored: u64, kind: &Kind, small: Option<&Reads>, rows: &mut Vec<Row>) {
        let figures = |figure| medians_of(&self.ours, figure);
        let theirs = |figure| medians_of(&self.ceiling, figure);
        let others: Vec<f64> = self.ours.iter().filter_map(|it| it.other_cores).collect();
        let others = format!("others used {:.1} cores", median(&others).unwrap_or(0.0));
        let name = format!("{}, {stored} people", self.name);
        let goal = match self.name {
            BY_ID => Goal::Ratio(0.85),
            BY_EXTERNAL_ID => Goal::Ratio(0.8),
            FIRST_PAGE => Goal::Ratio(0.65),
            _ => Goal::Shown,
        };
        let goal = if kind.ceiling_too { goal } else { Goal::Shown };
        let rate = Measured::rate;
        rows.push(
            Row::pair(
                format!("{name}, a second"),
                &figures(rate),
                "ceiling",
                &theirs(rate),
                goal,
            )
            .noted(others),
        );
        let most = if self.name == FIRST_PAGE { 1.5 } else { 1.3 };
        let goal = if kind.ceiling_too {
            Goal::RatioAtMost(most)
        } else {
            Goal::Shown
        };
        let cpu = Measured::cpu_us;
        rows.push(Row::pair(
            format!("19 CPU us, {name}"),
            &figures(cpu),
            "ceiling",
            &theirs(cpu),
            goal,
        ));
        let before = small.and_then(|it| it.of(self.name));
        if let Some(before) = before {
            let p50 = figures(Measured::p50_ms);
            let before = vec![before; p50.len()];
            let goal = Goal::RatioAtMost(1.5);
            rows.push(Row::pair(
                format!("8 p50 ms, {name}"),
                &p50,
                "ours, small",
                &before,
                goal,
            ));
        }
    }
}

impl Reads {
    fn of(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// What is deep against what is in front.
    fn depth(&self, stored: u64, rows: &mut Vec<Row>) {
        for (deep, front) in [
            (DEEP_PAGE, FIRST_PAGE),
            (DEEP_CURSOR, FIRST_PAGE),
            (DEEP_ACTIVE, FIRST_ACTIVE),
            (DEEP_OFFICE, FIRST_OFFICE),
        ] {
            let (Some(ours), Some(reference)) = (self.of(deep), self.of(front)) else {
                continue;
            };
            let name = format!("10 p50 ms, {deep}, {stored} people");
            let goal = Goal::RatioAtMost(1.5);
            rows.push(Row::pair(
                name,
                &[ours],
                "its first page",
                &[reference],
                goal,
            ));
        }
    }
}

const BY_ID: &str = "6 GET by id";
const BY_EXTERNAL_ID: &str = "7 externalId eq";
const FIRST_PAGE: &str = "9 first page of 100";
const DEEP_PAGE: &str = "page of 100 by startIndex, deep";
const DEEP_CURSOR: &str = "page of 100 by cursor, deep";
const FIRST_ACTIVE: &str = "first page of the active";
const DEEP_ACTIVE: &str = "deep page of the active";
const FIRST_OFFICE: &str = "first page of a department";
const DEEP_OFFICE: &str = "deep page of a department";

/// Every kind of read; those that the ceiling cannot be asked come last.
fn kinds(stored: u64, ids: Ids, ours: Option<&Subject>) -> Vec<Kind> {
    let kind = |name, holds, requests, path: Box<dyn Fn(u64) -> String + Sync>| Kind {
        name,
        path,
        holds,
        ceiling_too: true,
        requests,
        connections: 16,
    };
    let drawn = move |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let behind = stored.saturating_sub(2 * PAGE) + 1;
    let deep = behind.saturating_sub(stored / 20).max(1);
    let mut kinds = vec![
        kind(
            BY_ID,
            "\"userName\"",
            40_000,
            Box::new(move |n| format!("{USERS}/{}", ids.at(drawn(n)))),
        ),
        kind(
            BY_EXTERNAL_ID,
            "\"totalResults\":1,",
            30_000,
            Box::new(move |n| {
                format!(
                    "{USERS}?filter=externalId%20eq%20%2200u{:017x}%22",
                    drawn(n) % stored
                )
            }),
        ),
        kind(
            FIRST_PAGE,
            FULL_PAGE,
            3_000,
            Box::new(|_| format!("{USERS}?startIndex=1&count={PAGE}")),
        ),
        kind(
            DEEP_PAGE,
            FULL_PAGE,
            3_000,
            Box::new(move |n| {
                let start = deep + drawn(n) % (behind - deep + 1);
                format!("{USERS}?startIndex={start}&count={PAGE}")
            }),
        ),
    ];
    let Some(cursor) = ours.and_then(|it| deep_cursor(it, behind).ok()) else {
        return kinds;
    };
    let fixed = |name, query: String| Kind {
        ceiling_too: false,
        ..kind(
            name,
            FULL_PAGE,
            2_000,
            Box::new(move |_| format!("{USERS}?{query}&count={PAGE}")),
        )
    };
    kinds.extend([
        fixed(DEEP_CURSOR, format!("cursor={cursor}")),
        fixed(FIRST_ACTIVE, format!("{ACTIVE}&startIndex=1")),
        fixed(DEEP_ACTIVE, format!("{ACTIVE}&startIndex={behind}")),
        fixed(FIRST_OFFICE, format!("{OFFICE}&startIndex=1")),
        fixed(DEEP_OFFICE, format!("{OFFICE}&startIndex={behind}")),
    ]);
    kinds
}

/// Ids of some people from all over the roster.
pub(crate) struct Ids(Vec<String>);

impl Ids {
    /// Reads them.
    pub(crate) fn of(subject: &Subject) -> Result<Ids> {
        let mut client = subject.server()?.client()?;
        let mut ids = Vec::new();
        let pages = (IDS / PAGE).min(subject.stored / PAGE).max(1);
        for page in 0..pages {
            let start = 2 + page * (subject.stored / pages);
            let answer = client.get(&format!("{USERS}?startIndex={start}&count={PAGE}"))?;
            let answer: Value = serde_json::from_slice(answer.body)?;
            let people = answer.get("Resources").and_then(Value::as_array);
            let found = people
                .into_iter()
                .flatten()
                .filter_map(|it| it.get("id")?.as_str());
            ids.extend(found.map(str::to_owned));
        }
        ensure!(
            !ids.is_empty(),
            "nobody is listed on {}",
            subject.recipe.name
        );
        Ok(Ids(ids))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// One of them; further numbers begin anew.
    pub(crate) fn at(&self, n: u64) -> &str {
        let at = usize::try_from(n % self.count().max(1)).unwrap_or(0);
        self.0.get(at).map_or("", String::as_str)
    }
}

/// The cursor of a page near the end: cursors go forward only, so it is walked to with the largest pages.
fn deep_cursor(subject: &Subject, behind: u64) -> Result<String> {
    let mut client = subject.server()?.client()?;
    let (mut cursor, mut walked) = (String::new(), 0);
    // Far enough to show a cost that grows, near enough not to be what the bench waits for.
    while walked + 300 < behind.min(50_000) {
        let path = format!("{USERS}?cursor={cursor}&count=200&attributes=id");
        let answer = client.get(&path)?;
        ensure!(
            answer.status == 200,
            "{path} was answered {}",
            answer.status
        );
        const KEY: &[u8] = b"\"nextCursor\":\"";
        let at = find(answer.body, KEY).context("the last page came too soon")? + KEY.len();
        let rest = answer.body.get(at..).unwrap_or_default();
        cursor = rest
            .iter()
            .map(|it| char::from(*it))
            .take_while(|it| *it != '"')
            .collect();
        walked += 200;
    }
    Ok(cursor)
}
