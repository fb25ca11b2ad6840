//! `usher audit`: that the history is whole, and its end to be kept elsewhere.

use serde_json::{Value, json};
use usher_core::directory::Head;

use crate::args::{AuditCommand, Format};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{say, write_one};

pub(crate) fn run(desk: &Desk, command: &AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify(args) => verify(desk, args.against.as_deref()),
        AuditCommand::Head => head(desk),
    }
}

fn verify(desk: &Desk, against: Option<&str>) -> Result<()> {
    let kept = against.map(kept_head).transpose()?;
    let read = desk.read()?;
    let report = read.audit_verify()?;
    let holds = kept.as_ref().map(|it| read.audit_holds(it)).transpose()?;
    drop(read);
    let bad = report.first_bad.as_ref();
    if desk.format != Format::Table {
        let json = vec![
            ("ok", json!(bad.is_none() && holds != Some(false))),
            ("events", json!(report.events)),
            ("seq", json!(report.head.seq)),
            ("hash", json!(report.head.hash)),
            (
                "first_bad",
                bad.map_or(json!(null), |it| json!({ "seq": it.seq, "why": it.why })),
            ),
            ("holds", json!(holds)),
        ];
        write_one(desk.format, &json)?;
    }
    match bad {
        Some(bad) => Err(Failure::refused(format!(
            "the history is broken at event {}: {}",
            bad.seq, bad.why
        ))),
        None => match kept.filter(|_| holds == Some(false)) {
            Some(kept) => Err(Failure::refused(format!(
                "the history is whole in itself, and does not go through the end that was kept (event {}): its end was cut off \
                 since, or an older or another file stands here; compare with the backups from after that",
                kept.seq
            ))),
            None => say(
                desk.format,
                &format!(
                    "the history is whole: {} events, ending in {}{}",
                    report.events,
                    report.head.hash,
                    match holds {
                        Some(_) => "; it goes through the end that was kept",
                        None => "",
                    }
                ),
            ),
        },
    }
}

/// An end of the chain as somebody kept it.
fn kept_head(said: &str) -> Result<Head> {
    let head = |seq: &str, hash: &str| {
        let is_hash = hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit());
        Some(Head {
            seq: seq.parse().ok().filter(|it: &i64| *it >= 0)?,
            hash: is_hash.then(|| hash.to_owned())?,
            at: None,
        })
    };
    if let Some((seq, hash)) = said.split_once(':')
        && let Some(head) = head(seq.trim(), hash.trim())
    {
        return Ok(head);
    }
    let unusable = |why: String| {
        Failure::Usage(format!(
            "{said}: {why}; name the file that `usher audit head --format json` was written to, or say SEQ:HASH"
        ))
    };
    let text =
        std::fs::read_to_string(said).map_err(|it| unusable(format!("cannot be read ({it})")))?;
    let json: Value = serde_json::from_str(&text)
        .map_err(|_| unusable("is not what `usher audit head` says".to_owned()))?;
    let json = json.get(0).unwrap_or(&json);
    let seq = json["seq"].as_i64().map(|it| it.to_string());
    seq.zip(json["hash"].as_str())
        .and_then(|(seq, hash)| head(&seq, hash))
        .ok_or_else(|| unusable("holds no end of a history".to_owned()))
}

fn head(desk: &Desk) -> Result<()> {
    let head = desk.read()?.audit_head()?;
    write_one(
        desk.format,
        &[
            ("seq", json!(head.seq)),
            ("hash", json!(head.hash)),
            ("at", json!(head.at)),
        ],
    )
}
