//! `usher outbox`: what became of mails, and what is to become of them.

use serde_json::json;
use usher_core::mail::Out;
use usher_core::model::{OutboxMail, WhichMails};
use usher_core::{Error, OutboxFilter};

use crate::args::{Common, Format, OutboxArgs, OutboxCommand, OutboxListArgs};
use crate::config;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say, say_or_tell, write_one};
use crate::public_url;

const COLUMNS: &[&str] = &["NUMBER", "TO", "MESSAGE", "STATE", "SINCE", "TRIED", "WHY"];
const KEYS: &[&str] = &[
    "number",
    "user",
    "to",
    "template",
    "state",
    "attempts",
    "created_at",
    "next_at",
    "settled_at",
    "why",
    "batch",
];

pub(crate) fn run(common: &Common, desk: &Desk, args: OutboxArgs) -> Result<()> {
    match args.command {
        None => list(desk, &args.list),
        Some(OutboxCommand::List(args)) => list(desk, &args),
        Some(OutboxCommand::Show { number }) => show(common, desk, number),
        Some(OutboxCommand::Send) => send(common, desk),
        Some(OutboxCommand::Retry { numbers, filed }) => {
            let asked = numbers.len();
            let found = desk.session.retry_mails(match (filed, asked) {
                (true, _) => WhichMails::Filed,
                (false, 0) => WhichMails::Refused,
                (false, _) => WhichMails::These(numbers),
            })?;
            if found < asked {
                return Err(Failure::refused(format!(
                    "{found} of {asked} are tried again; the others are not there, or were sent"
                )));
            }
            let words = match found {
                0 if filed => "no mail stands as a file".to_owned(),
                0 => match filed_mails(desk)? {
                    0 => "nothing was refused, and nothing waits".to_owned(),
                    n => format!(
                        "nothing was refused, and nothing waits; {n} stand as files only: usher outbox retry --filed mails them"
                    ),
                },
                1 => "1 mail is tried again".to_owned(),
                n => format!("{n} mails are tried again"),
            };
            say_or_tell(desk.format, &words, &[("retried", json!(found))])
        }
        Some(OutboxCommand::Bounced { address, why }) => {
            let found = desk.session.note_bounced(address.as_str(), &why)?;
            if found == 0 {
                return Err(Failure::refused(format!(
                    "nothing was sent to {address}, so nothing of it came back"
                )));
            }
            say_or_tell(
                desk.format,
                &format!("noted that mail to {address} came back"),
                &[("bounced", json!(found))],
            )
        }
    }
}

fn list(desk: &Desk, args: &OutboxListArgs) -> Result<()> {
    let read = desk.read()?;
    let user = match &args.to {
        Some(who) => Some(read.find_user(who)?.id),
        None => None,
    };
    let filter = OutboxFilter {
        state: args.state.map(Into::into),
        user,
        before: None,
    };
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for mail in read.outbox(filter, args.limit)? {
        let since = mail.settled_at.unwrap_or(mail.created_at);
        let cells = vec![
            mail.seq.to_string(),
            mail.label.clone(),
            mail.template.as_str().replace('_', " "),
            mail.state.as_str().to_owned(),
            since.to_string(),
            mail.attempts.to_string(),
            mail.why.clone().unwrap_or_default(),
        ];
        listing.row(Row {
            cells,
            json: fields(&mail),
        })?;
    }
    listing.end("no mails")
}

fn fields(mail: &OutboxMail) -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("number", json!(mail.seq)),
        ("user", json!(mail.user)),
        ("to", json!(mail.label)),
        ("template", json!(mail.template.as_str())),
        ("state", json!(mail.state)),
        ("attempts", json!(mail.attempts)),
        ("created_at", json!(mail.created_at)),
        (
            "next_at",
            json!(mail.settled_at.is_none().then_some(mail.next_at)),
        ),
        ("settled_at", json!(mail.settled_at)),
        ("why", json!(mail.why)),
        ("batch", json!(mail.batch)),
    ]
}

/// Shows a mail with its link. Whoever has the link can use it, so only who owns the file and owners are shown it.
fn show(common: &Common, desk: &Desk, number: i64) -> Result<()> {
    let mail = desk.read()?.outbox_mail(number)?;
    let directory = desk.session.directory();
    let config = config::Setup::load(common)?.mail_for_looking(directory)?;
    let said = desk.session.mail_as_sent(&config, &mail)?;
    if desk.format != Format::Table {
        let mut fields = fields(&mail);
        match &said {
            Ok((subject, text)) => {
                fields.push(("subject", json!(subject)));
                fields.push(("text", json!(text)));
            }
            Err(why) => fields.push(("useless", json!(why))),
        }
        return write_one(desk.format, &fields);
    }
    let state = mail.state.as_str();
    say(
        desk.format,
        &format!(
            "To: {}   {state}   tried {} times",
            mail.label, mail.attempts
        ),
    )?;
    if let Some(why) = &mail.why {
        say(desk.format, &format!("Why: {why}"))?;
    }
    match said {
        Ok((subject, text)) => {
            say(desk.format, &format!("Subject: {subject}"))?;
            say(desk.format, "")?;
            for line in text.lines() {
                say(desk.format, line)?;
            }
            Ok(())
        }
        Err(why) => say(desk.format, &format!("It would not be sent now: {why}")),
    }
}

/// How many mails stand as files only.
fn filed_mails(desk: &Desk) -> Result<i64> {
    let (counts, _) = desk.read()?.outbox_counts()?;
    Ok(counts.get("filed").copied().unwrap_or(0))
}

fn send(common: &Common, desk: &Desk) -> Result<()> {
    let directory = desk.session.directory();
    desk.session.may_manage_mail()?;
    let config = config::Setup::load(common)?.mail(directory)?;
    directory.ensure_link_key()?;
    let set = desk.read()?.settings()?.public_url;
    public_url::warn_of_links(&config, set.as_deref());
    let is_folder = matches!(config.out, Out::Folder(_));
    let brought = directory.bring_out(&config)?;
    if brought.elsewhere {
        return Err(Failure::refused(
            "a server brings mail out already; it does so by itself",
        ));
    }
    let numbers = [
        ("sent", brought.sent),
        ("later", brought.later),
        ("failed", brought.failed),
        ("dropped", brought.dropped),
    ];
    let words: Vec<String> = numbers
        .iter()
        .filter(|it| it.1 > 0)
        .map(|it| match it.0 {
            "later" => format!("{} tried again later", it.1),
            "sent" if is_folder => format!("{} put into a folder as files", it.1),
            word => format!("{} {word}", it.1),
        })
        .collect();
    let words = if words.is_empty() {
        "nothing was due".to_owned()
    } else {
        words.join(", ")
    };
    let fields = numbers.map(|it| (it.0, json!(it.1)));
    say_or_tell(desk.format, &words, &fields)?;
    match brought.down {
        Some(why) => Err(Error::Broken(format!("mail does not go out: {why}")).into()),
        None => Ok(()),
    }
}
