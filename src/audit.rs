//! `usher audit`: that the history is whole, and its end to be kept elsewhere.

use serde_json::json;

use crate::args::{AuditCommand, Format};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{say, write_one};

pub(crate) fn run(desk: &Desk, command: &AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify => verify(desk),
        AuditCommand::Head => head(desk),
    }
}

fn verify(desk: &Desk) -> Result<()> {
    let report = desk.read()?.audit_verify()?;
    let bad = report.first_bad.as_ref();
    if desk.format != Format::Table {
        let json = vec![
            ("ok", json!(bad.is_none())),
            ("events", json!(report.events)),
            ("seq", json!(report.head.seq)),
            ("hash", json!(report.head.hash)),
            ("first_bad", bad.map_or(json!(null), |it| json!({ "seq": it.seq, "why": it.why }))),
        ];
        write_one(desk.format, &json)?;
    }
    match bad {
        Some(bad) => Err(Failure::refused(format!("the history is broken at event {}: {}", bad.seq, bad.why))),
        None => say(desk.format, &format!("the history is whole: {} events, ending in {}", report.events, report.head.hash)),
    }
}

fn head(desk: &Desk) -> Result<()> {
    let head = desk.read()?.audit_head()?;
    write_one(desk.format, &[("seq", json!(head.seq)), ("hash", json!(head.hash)), ("at", json!(head.at))])
}
