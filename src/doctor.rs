//! `usher doctor`: whether everything is as it should be, each look in one line, and what to do where it is not.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use usher_core::Error;
use usher_core::mail::Out;
use usher_core::model::{Actor, Timestamp};

use crate::args::{Common, ServeFlags};
use crate::config::{Setup, Told, beside};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row};

const COLUMNS: &[&str] = &["", "LOOK", "FOUND", "WHAT TO DO"];
const KEYS: &[&str] = &["verdict", "look", "found", "remedy"];
/// A mail that has waited for so long deserves a look.
const LONG_WAIT_MS: i64 = 60 * 60_000;
/// With less than this free on the disk it gets tight.
const LITTLE_ROOM: u64 = 512 << 20;
/// How long another machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Odd,
    Bad,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "look",
            Self::Bad => "bad",
        }
    }
}

struct Look {
    verdict: Verdict,
    what: &'static str,
    found: String,
    remedy: String,
}

fn good(what: &'static str, found: impl Into<String>) -> Look {
    Look {
        verdict: Verdict::Good,
        what,
        found: found.into(),
        remedy: String::new(),
    }
}

fn odd(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Look {
    Look {
        verdict: Verdict::Odd,
        what,
        found: found.into(),
        remedy: remedy.into(),
    }
}

fn bad(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Look {
    Look {
        verdict: Verdict::Bad,
        ..odd(what, found, remedy)
    }
}

pub(crate) fn run(common: &Common, desk: &Desk) -> Result<()> {
    match desk.session.may_manage_mail() {
        // Whoever owns the file is to be told what is wrong with it, however little of it can be read.
        Err(error) if desk.session.actor() == Actor::FileOwner && !is_refusal(&error) => {}
        said => said?,
    }
    let mut looks = read_or_bad("database", database(desk).map(|it| vec![it]));
    looks.extend(files(common, desk));
    looks.push(disk(&common.db));
    looks.extend(read_or_bad("time", clock(desk).map(|it| vec![it])));
    looks.push(server(desk));
    match Setup::load(common) {
        Err(error) => looks.push(bad("configuration", error.why(), "mend that line")),
        Ok(setup) => {
            looks.extend(read_or_bad("public address", address(desk, &setup)));
            looks.extend(certificate(&setup));
            looks.extend(read_or_bad("mail", mail(desk, &setup)));
        }
    }
    looks.extend(read_or_bad("outbox", waiting(desk).map(|it| vec![it])));
    looks.extend(read_or_bad("progress", progress(desk).map(|it| vec![it])));
    let bad = looks.iter().filter(|it| it.verdict == Verdict::Bad).count();
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for look in looks {
        listing.row(Row {
            cells: vec![
                look.verdict.as_str().to_owned(),
                look.what.to_owned(),
                look.found.clone(),
                look.remedy.clone(),
            ],
            json: vec![
                ("verdict", json!(look.verdict.as_str())),
                ("look", json!(look.what)),
                ("found", json!(look.found)),
                ("remedy", json!(look.remedy)),
            ],
        })?;
    }
    listing.end("")?;
    match bad {
        0 => Ok(()),
        1 => Err(Failure::refused("1 thing is not as it should be")),
        n => Err(Failure::refused(format!(
            "{n} things are not as they should be"
        ))),
    }
}

const KEEP: &str = "keep the file as it is, and restore the last good backup beside it to compare";

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Forbidden { .. })
}

/// What a look found, or that the database could not be read for it: the others go on.
fn read_or_bad(what: &'static str, found: Result<Vec<Look>>) -> Vec<Look> {
    found.unwrap_or_else(|error| vec![bad(what, error.why(), KEEP)])
}

fn database(desk: &Desk) -> Result<Look> {
    let read = desk.read()?;
    let faults = read.faults()?;
    if !faults.is_empty() {
        return Ok(bad(
            "database",
            format!("is damaged: {}", faults.join("; ")),
            KEEP,
        ));
    }
    let report = read.audit_verify()?;
    Ok(match report.first_bad {
        None => good(
            "database",
            format!(
                "opens; its pages and totals are sound, and its history of {} events is whole",
                report.events
            ),
        ),
        Some(it) => bad(
            "database",
            format!("its history is broken at event {}: {}", it.seq, it.why),
            KEEP,
        ),
    })
}

/// Whether nobody else can look into what is private.
fn files(common: &Common, desk: &Desk) -> Vec<Look> {
    let directory = desk.session.directory();
    let mut loose = Vec::new();
    let mut private = vec![
        common.db.clone(),
        directory.link_key_file(),
        directory.mail_folder(),
    ];
    for suffix in ["-wal", "-shm", "-erased"] {
        private.push(beside(&common.db, suffix));
    }
    let (mut uid, mut others) = (None, false);
    for file in private {
        let Ok(meta) = std::fs::metadata(&file) else {
            continue;
        };
        if meta.mode() & 0o077 != 0 {
            loose.push(file.display().to_string());
        }
        others |= uid.is_some_and(|it| it != meta.uid());
        uid = Some(meta.uid());
    }
    let mut looks = Vec::new();
    if loose.is_empty() {
        looks.push(good(
            "permissions",
            "nobody else can read or write the database and what is beside it",
        ));
    } else {
        let all = loose.join(" ");
        looks.push(bad(
            "permissions",
            format!("others can use {all}"),
            format!("chmod go= {all}"),
        ));
    }
    if others {
        looks.push(odd(
            "permissions",
            "files beside the database belong to different users",
            "chown them all to the user that the server runs as",
        ));
    }
    if !directory.link_key_file().exists() {
        looks.push(odd(
            "key of links",
            format!("{} is not there", directory.link_key_file().display()),
            "nothing, if no mail was sent yet: it is made when it is needed; else put it back, or resend",
        ));
    }
    looks
}

fn disk(database: &Path) -> Look {
    let folder = database.parent().filter(|it| !it.as_os_str().is_empty());
    match rustix::fs::statvfs(folder.unwrap_or(Path::new("."))) {
        Err(error) => odd(
            "disk",
            format!("cannot be asked ({error})"),
            "look by hand: df",
        ),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let words = format!("{} MB free", free >> 20);
            if free < LITTLE_ROOM {
                bad(
                    "disk",
                    words,
                    "make room: when the disk is full nothing is changed any more",
                )
            } else {
                good("disk", words)
            }
        }
    }
}

/// Whether the clock has gone back behind what was already written.
fn clock(desk: &Desk) -> Result<Look> {
    let read = desk.read()?;
    let now = desk.session.directory().now();
    let zone = read.settings()?.time_zone;
    let last = read.audit_head()?.at;
    Ok(match last {
        Some(last) if last > now => bad(
            "time",
            format!("it is {now} here, before the last change at {last}"),
            "set the clock, and keep it set (timedatectl set-ntp true)",
        ),
        _ => good("time", format!("it is {now}; days begin in {zone}")),
    })
}

fn server(desk: &Desk) -> Look {
    if desk.session.directory().is_served() {
        good("server", "runs on this database")
    } else {
        odd(
            "server",
            "does not run: no mail goes out, nothing due is done, nobody can accept",
            "usher serve",
        )
    }
}

fn address(desk: &Desk, setup: &Setup) -> Result<Vec<Look>> {
    let set = desk.read()?.settings()?.public_url;
    let said = setup.text("public-url").map(str::to_owned);
    let Some(url) = said.or(set) else {
        return Ok(vec![odd(
            "public address",
            "is not set: links lead to this machine only",
            "usher setting public-url https://usher.corp.example",
        )]);
    };
    let secure = url.starts_with("https://");
    let rest = url
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    let host = rest.split('/').next().unwrap_or(rest);
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|it| it.1.parse::<u16>().is_ok())
    {
        host.to_owned()
    } else {
        format!("{host}:{}", if secure { 443 } else { 80 })
    };
    let mut looks = Vec::new();
    if !secure && !host.starts_with("127.0.0.1") && !host.starts_with("localhost") {
        looks.push(odd(
            "public address",
            format!("{url} is not protected"),
            "use https: links and passwords pass over it",
        ));
    }
    looks.push(match reach(&with_port) {
        Ok(()) => good("public address", format!("{url} is reached from here")),
        Err(why) => bad(
            "public address",
            format!("{url} is not reached from here: {why}"),
            "check the name in DNS, the proxy, and that the server runs",
        ),
    });
    Ok(looks)
}

/// Whether something answers there.
fn reach(place: &str) -> std::result::Result<(), String> {
    use std::net::{TcpStream, ToSocketAddrs as _};
    let addresses = place.to_socket_addrs().map_err(|error| error.to_string())?;
    let mut last = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

fn certificate(setup: &Setup) -> Vec<Look> {
    let told = match Told::of(setup, ServeFlags::default()) {
        Ok(told) => told,
        Err(error) => return vec![bad("configuration", error.why(), "mend that option")],
    };
    let (Some(certificate), Some(key)) = (told.tls_cert, told.tls_key) else {
        return Vec::new();
    };
    vec![match usher_scim_server::Tls::load(&certificate, &key) {
        Err(error) => bad(
            "certificate",
            error.to_string(),
            "renew it, or name the right files",
        ),
        Ok(tls) => match tls.warning() {
            Some(warning) => odd("certificate", warning, "renew it"),
            None => good(
                "certificate",
                format!("{} fits its key and is in its time", certificate.display()),
            ),
        },
    }]
}

fn mail(desk: &Desk, setup: &Setup) -> Result<Vec<Look>> {
    let directory = desk.session.directory();
    let config = match setup.mail(directory) {
        Ok(config) => config,
        Err(error) => {
            return Ok(vec![bad(
                "mail",
                error.why(),
                "mend that option: usher config show",
            )]);
        }
    };
    Ok(vec![match &config.out {
        Out::Folder(folder) => odd(
            "mail",
            format!("becomes files in {}", folder.display()),
            "set smtp-host and mail-from to send it",
        ),
        Out::Smtp(smtp) => match smtp.try_out() {
            Ok(()) => good(
                "mail",
                format!("{}:{} takes our mail", smtp.host, smtp.port),
            ),
            Err(why) => bad(
                "mail",
                why,
                "check smtp-host, smtp-port, smtp-tls and the login",
            ),
        },
        Out::Rehearsal(_) => good("mail", "is rehearsed"),
    }])
}

fn progress(desk: &Desk) -> Result<Look> {
    Ok(match desk.read()?.waiting_progress_count()? {
        0 => good("progress", "no report waits"),
        waiting => odd(
            "progress",
            format!("{waiting} wait of people who had no license of the training's pool"),
            "usher progress lists them; grant the licenses, then usher progress --again",
        ),
    })
}

fn waiting(desk: &Desk) -> Result<Look> {
    let (counts, oldest) = desk.read()?.outbox_counts()?;
    let now = desk.session.directory().now();
    let count = |state: &str| counts.get(state).copied().unwrap_or(0);
    let (waiting, ill) = (
        count("waiting") + count("sending"),
        count("failed") + count("bounced"),
    );
    let words = format!("{waiting} wait, {ill} could not be delivered");
    let long = oldest.is_some_and(|it: Timestamp| now.as_millis() - it.as_millis() > LONG_WAIT_MS);
    Ok(if long {
        let since = oldest.map(|it| it.to_string()).unwrap_or_default();
        bad(
            "outbox",
            format!("{words}; the oldest since {since}"),
            "usher outbox --state waiting says why",
        )
    } else if ill > 0 {
        odd("outbox", words, "usher users is:undelivered")
    } else if count("filed") > 0 {
        odd(
            "outbox",
            format!(
                "{words}; {} stand as files and reached nobody",
                count("filed")
            ),
            "once smtp-host is set, usher outbox retry --filed mails them",
        )
    } else {
        good("outbox", words)
    })
}
