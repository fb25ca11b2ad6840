//! What is counted while the server runs, and how Prometheus reads it. Labels come from closed lists (route templates,
//! methods, classes of status, statuses) and from the pools' names; nothing of it is about one person.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::{Method, StatusCode};
use usher_core::model::{Actor, Door, Status};
use usher_core::{Directory, Result};

use crate::template::{TEMPLATES, Template};

/// Upper bounds of the histogram's buckets, in microseconds.
const BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000, 10_000_000,
];
/// The methods that are told apart; every other one counts as the last.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

/// How a request is called whose method was not read.
pub(crate) const NO_METHOD: &str = "other";

/// Requests of one template and one method.
#[derive(Default)]
struct Series {
    /// By class of status: 1xx to 5xx.
    classes: [AtomicU64; 5],
    /// By how long they took; the last is what took longer than every bound.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// All of their time, in microseconds.
    took: AtomicU64,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    series: Vec<[Series; METHODS.len()]>,
    connections: AtomicUsize,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            series: TEMPLATES.iter().map(|_| Default::default()).collect(),
            connections: AtomicUsize::new(0),
        }
    }
}

/// One open connection, until dropped.
pub(crate) struct Open(Arc<Metrics>);

impl Open {
    pub(crate) fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(metrics))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The method's name when it is one that is told apart.
pub(crate) fn known_method(method: &Method) -> &'static str {
    METHODS.get(place(method)).copied().unwrap_or("other")
}

fn place(method: &Method) -> usize {
    let known = METHODS.iter().position(|it| *it == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn answered(
        &self,
        template: Template,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let series = self.series.get(template.index());
        let Some(series) = series.and_then(|it| it.get(place(method))) else {
            return;
        };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(class) = series.classes.get(class) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        if let Some(bucket) = series.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        series.took.fetch_add(took, Ordering::Relaxed);
    }

    /// Counts an answer to what could not be read as a request.
    pub(crate) fn unreadable(&self, template: Template, status: StatusCode) {
        // No client can send it, so it is counted with the methods that are not told apart.
        if let Ok(method) = Method::from_bytes(b"UNREAD") {
            self.answered(template, &method, status, Duration::ZERO);
        }
    }

    /// Everything in Prometheus' text format.
    pub(crate) fn text(
        &self,
        directory: &Directory,
        lines_lost: u64,
        certificate_end: Option<i64>,
    ) -> Result<String> {
        let mut out = Text::default();
        self.requests(&mut out);
        out.head(
            "usher_open_connections",
            "gauge",
            "Connections that are open.",
        );
        out.value(
            "usher_open_connections",
            self.connections.load(Ordering::Relaxed),
        );
        out.head(
            "usher_unanswered_commands",
            "gauge",
            "Commands that wait for the writer or are being written.",
        );
        out.value("usher_unanswered_commands", directory.unanswered());
        out.head(
            "usher_writer_up",
            "gauge",
            "Whether changes are stored: the writer's thread lives, and the last commit succeeded.",
        );
        let is_up = directory.writer_lives() && directory.why_not_stored().is_none();
        out.value("usher_writer_up", u8::from(is_up));
        out.head(
            "usher_log_lines_lost_total",
            "counter",
            "Request lines that whoever reads the log was too slow for.",
        );
        out.value("usher_log_lines_lost_total", lines_lost);
        if let Some(end) = certificate_end {
            out.head(
                "usher_tls_certificate_end_seconds",
                "gauge",
                "Until when the certificate is valid, in seconds since 1970.",
            );
            out.value("usher_tls_certificate_end_seconds", end);
        }
        roster(directory, &mut out)?;
        if let Some(bytes) = resident_memory() {
            out.head(
                "process_resident_memory_bytes",
                "gauge",
                "Resident memory size in bytes.",
            );
            out.value("process_resident_memory_bytes", bytes);
        }
        Ok(out.0)
    }

    fn requests(&self, out: &mut Text) {
        let all = || {
            let each = TEMPLATES.iter().zip(&self.series);
            each.flat_map(|(route, methods)| {
                let methods = METHODS.iter().zip(methods);
                methods.map(move |(method, series)| {
                    (format!("route=\"{route}\",method=\"{method}\""), series)
                })
            })
        };
        out.head(
            "usher_http_requests_total",
            "counter",
            "Requests answered, by route template, method and class of status.",
        );
        for (labels, series) in all() {
            for (class, count) in series.classes.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = format!("{labels},status=\"{}xx\"", class + 1);
                    out.labelled("usher_http_requests_total", &labels, count);
                }
            }
        }
        const TOOK: &str = "usher_http_request_duration_seconds";
        out.head(
            TOOK,
            "histogram",
            "Time from a request's head to its answer.",
        );
        for (labels, series) in all() {
            let counts = series.buckets.iter().map(|it| it.load(Ordering::Relaxed));
            let counts: Vec<u64> = counts.collect();
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let mut so_far = 0;
            for (bound, count) in BOUNDS.iter().zip(&counts) {
                so_far += count;
                let labels = format!("{labels},le=\"{}\"", seconds(*bound));
                out.labelled(&format!("{TOOK}_bucket"), &labels, so_far);
            }
            out.labelled(
                &format!("{TOOK}_bucket"),
                &format!("{labels},le=\"+Inf\""),
                total,
            );
            let took = seconds(series.took.load(Ordering::Relaxed));
            out.labelled(&format!("{TOOK}_sum"), &labels, took);
            out.labelled(&format!("{TOOK}_count"), &labels, total);
        }
    }
}

/// People by status and licenses by pool, from totals that are kept.
fn roster(directory: &Directory, out: &mut Text) -> Result<()> {
    let session = directory.as_actor(Actor::Scheduler, Door::Api);
    let (counts, pools, waiting) = {
        let read = session.read()?;
        let waiting = read.waiting_progress_count()?;
        (read.status_counts()?, read.pools()?, waiting)
    };
    out.head("usher_people", "gauge", "People by status.");
    for status in Status::ALL {
        let count = counts.get(&status).copied().unwrap_or(0);
        let labels = format!("status=\"{}\"", status.as_str());
        out.labelled("usher_people", &labels, count);
    }
    let each = [
        ("usher_pool_purchased", "Licenses that the pool has."),
        ("usher_pool_held", "Licenses that people hold."),
        ("usher_pool_queued", "People in the pool's queue."),
    ];
    for (i, (name, help)) in each.into_iter().enumerate() {
        out.head(name, "gauge", help);
        for pool in &pools {
            let value = match i {
                0 => pool.terms.purchased,
                1 => pool.held(),
                _ => pool.queued,
            };
            let labels = format!("pool=\"{}\"", escaped(pool.name.as_str()));
            out.labelled(name, &labels, value);
        }
    }
    out.head(
        "usher_progress_waiting",
        "gauge",
        "Reports of progress of people who had no license for it.",
    );
    out.value("usher_progress_waiting", waiting);
    Ok(())
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

/// What the process holds of the machine's memory, where the system tells it for nothing.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn value(&mut self, name: &str, value: impl std::fmt::Display) {
        self.line(format_args!("{name} {value}"));
    }

    fn labelled(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        self.line(format_args!("{name}{{{labels}}} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}
