//! `usher audit`: that the history is whole and goes through the ends that were kept elsewhere, and its end today.

use serde_json::{Value, json};
use usher_core::directory::Head;

use crate::args::{AuditCommand, Format, VerifyArgs};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::heads::{self, Kept, head as head_of};
use crate::output::{say, write_one};

pub(crate) fn run(desk: &Desk, command: &AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Verify(args) => verify(desk, args),
        AuditCommand::Head => head(desk),
    }
}

fn verify(desk: &Desk, args: &VerifyArgs) -> Result<()> {
    let mut kept = Vec::new();
    if let Some(against) = &args.against {
        kept.push(kept_head(against)?);
    }
    if let Some(file) = &args.heads {
        kept.extend(heads::noted(file)?);
    }
    let read = desk.read()?;
    let report = read.audit_verify()?;
    let mut missed = None;
    for it in &kept {
        if !read.audit_holds(&it.head)? {
            missed = Some(it);
            break;
        }
    }
    let holds = (!kept.is_empty()).then_some(missed.is_none());
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
        None => match missed {
            Some(kept) => Err(Failure::refused(format!(
                "the history is whole in itself, and does not go through the end that was kept (event {}; {}): its end was cut \
                 off or written anew since, or an older or another file stands here; compare with the backups from after that",
                kept.head.seq, kept.place
            ))),
            None => say(
                desk.format,
                &format!(
                    "the history is whole: {} events, ending in {}{}",
                    report.events,
                    report.head.hash,
                    match kept.len() {
                        0 => String::new(),
                        1 => "; it goes through the end that was kept".to_owned(),
                        ends => format!("; it goes through all {ends} ends that were kept"),
                    }
                ),
            ),
        },
    }
}

/// An end of the chain as somebody kept it.
fn kept_head(said: &str) -> Result<Kept> {
    let kept = |head: Head| Kept {
        head,
        place: said.to_owned(),
    };
    if let Some((seq, hash)) = said.split_once(':')
        && let Some(head) = head_of(seq.trim(), hash.trim())
    {
        return Ok(kept(head));
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
        .and_then(|(seq, hash)| head_of(&seq, hash))
        .map(kept)
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
