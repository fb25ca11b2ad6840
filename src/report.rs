//! `usher report`: a report as a file.

use serde_json::json;
use usher_core::report::{self, Report};

use crate::args::{Format, ReportArgs};
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{say, write_one};
use crate::who::parse_query;

/// Writes the report, and says how many rows it has.
pub(crate) fn run(desk: &Desk, args: ReportArgs) -> Result<()> {
    let words = args.query.join(" ");
    let query = if words.trim().is_empty() {
        None
    } else {
        Some(parse_query(&words, &desk.read()?)?)
    };
    let wanted = Report {
        query,
        at: args.at,
        replace: args.force,
        ..Report::of(args.subject)
    };
    let wanted = Report {
        over: args.over.unwrap_or(wanted.over),
        by: args.by.map_or(wanted.by, Into::into),
        ..wanted
    };
    let written = report::write(&desk.session, &wanted, &args.out)?;
    let out = args.out.display().to_string();
    if desk.format == Format::Table {
        let rows = written
            .rows
            .iter()
            .map(|(kind, rows)| format!("{kind} {rows}"));
        let rows: Vec<String> = rows.collect();
        return say(
            desk.format,
            &format!("wrote {out}: {} rows", rows.join(", ")),
        );
    }
    let rows: serde_json::Map<_, _> = written
        .rows
        .iter()
        .map(|(kind, rows)| (kind.to_string(), json!(rows)))
        .collect();
    write_one(desk.format, &[("file", json!(out)), ("rows", json!(rows))])
}
