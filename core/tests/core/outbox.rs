//! Mail on its way out: what is sent, what is tried again, what is not sent any more, and what people see of it.

mod addresses;
mod reminders;
mod waiting;
mod wording;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use usher_core::OutboxFilter;
use usher_core::command::{Command, Edit};
use usher_core::link::LinkKind;
use usher_core::mail::{Brought, Letter, MailConfig, Out, Verdict};
use usher_core::model::{Field, InvitationProgress, MailState, Setting, WhichMails};

use crate::org::Org;

const DAY: i64 = 86_400_000;

type Letters = Arc<Mutex<Vec<Letter>>>;

/// A mail server that says what the function says, and what it took.
fn server(
    say: impl Fn(&Letter, usize) -> Verdict + Send + Sync + 'static,
) -> (MailConfig, Letters) {
    let (taken, asked) = (Letters::default(), Mutex::new(0));
    let kept = Arc::clone(&taken);
    let play = move |letter: &Letter| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let verdict = say(letter, *asked);
        if verdict == Verdict::Taken {
            kept.lock().unwrap().push(letter.clone());
        }
        verdict
    };
    let config = MailConfig {
        from: "usher@acme.example".parse().unwrap(),
        reply_to: Some("people@acme.example".parse().unwrap()),
        pace: 0,
        out: Out::Rehearsal(Arc::new(play)),
    };
    (config, taken)
}

fn willing() -> (MailConfig, Letters) {
    server(|_, _| Verdict::Taken)
}

fn states(org: &Org) -> Vec<&'static str> {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mut mails = read.outbox(OutboxFilter::default(), 1000).unwrap();
    mails.reverse();
    mails.iter().map(|it| it.state.as_str()).collect()
}

fn progress(org: &Org, name: &str) -> InvitationProgress {
    let user = org.user(name).id;
    org.cli()
        .read()
        .unwrap()
        .invitation_progress(user)
        .unwrap()
        .unwrap()
}

fn found(org: &Org, query: &str) -> Vec<String> {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let expr = usher_core::query::parse(query, read.now()).unwrap();
    let (people, total) = read.users_from(&expr, 1, 100).unwrap();
    assert_eq!(read.count_users(&expr).unwrap(), total);
    people
        .into_iter()
        .map(|it| it.profile.email.unwrap())
        .collect()
}

fn edit(org: &Org, name: &str, field: Field, value: Option<&str>) {
    org.apply(Command::Edit(Edit {
        set: vec![(field, value.map(str::to_owned))],
        ..Edit::of(org.who(name))
    }));
}

#[test]
fn an_invitation_goes_out_once_with_a_link_that_opens() {
    let org = Org::new(5);
    let (config, taken) = willing();
    org.invite("ana");
    assert_eq!(progress(&org, "ana"), InvitationProgress::Waiting);
    let brought = org.directory.bring_out(&config).unwrap();
    assert_eq!((brought.sent, brought.failed, brought.down), (1, 0, None));
    assert!(org.directory.bring_out(&config).unwrap().is_idle());
    let taken = taken.lock().unwrap();
    let [letter] = &taken[..] else {
        panic!("{} letters", taken.len())
    };
    assert_eq!(letter.to, "ana@acme.example");
    let url = letter
        .text
        .split_whitespace()
        .find(|it| it.starts_with("http"))
        .unwrap();
    let token = url.rsplit('/').next().unwrap();
    let link = org.directory.opened_link(token).unwrap().unwrap();
    assert_eq!(
        (link.kind, link.user, link.generation),
        (LinkKind::Invitation, org.user("ana").id, 1)
    );
    assert_eq!(progress(&org, "ana"), InvitationProgress::Sent);
    org.directory.note_begun(link.user, link.generation);
    org.directory.settle().unwrap();
    assert_eq!(progress(&org, "ana"), InvitationProgress::Begun);
    org.tick(15 * DAY);
    assert_eq!(progress(&org, "ana"), InvitationProgress::Expired);
}

#[test]
fn what_is_refused_for_a_while_is_tried_again_and_the_same() {
    let org = Org::new(9);
    let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let bytes = Arc::clone(&seen);
    let (config, taken) = server(move |letter, nth| {
        bytes.lock().unwrap().push(letter.bytes.clone());
        if nth < 4 {
            Verdict::Later("451 greylisted".into())
        } else {
            Verdict::Taken
        }
    });
    org.invite("ana");
    let mut tries = Vec::new();
    for minute in 0..60 {
        if !org.directory.bring_out(&config).unwrap().is_idle() {
            tries.push(minute);
        }
        org.tick(60_000);
    }
    assert_eq!(tries.len(), 4, "{tries:?}");
    assert_eq!(taken.lock().unwrap().len(), 1);
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter().all(|it| *it == seen[0]),
        "each try carries the same mail"
    );
}

#[test]
fn after_a_day_of_refusals_everybody_gets_their_mail_once_and_in_order() {
    let org = Org::new(200);
    let start = org.directory.now();
    let clock = org.clock.clone();
    let (mut config, taken) = server(move |_, _| {
        use usher_core::Clock as _;
        if clock.now().as_millis() - start.as_millis() < DAY {
            Verdict::Later("450 not now".into())
        } else {
            Verdict::Taken
        }
    });
    config.pace = 60;
    let names: Vec<String> = (0..100).map(|it| format!("p{it}")).collect();
    org.invite(&names.join(" "));
    // A second mail for half of them, whose link replaces the first.
    org.apply(Command::Resend {
        who: org.who(&names[..50].join(" ")),
        mail: true,
    });
    let mut per_minute = Vec::new();
    for _ in 0..(27 * 60) {
        let before = taken.lock().unwrap().len();
        org.directory.bring_out(&config).unwrap();
        per_minute.push(taken.lock().unwrap().len() - before);
        org.tick(60_000);
    }
    let taken = taken.lock().unwrap();
    let mut copies: HashMap<String, usize> = HashMap::new();
    for letter in taken.iter() {
        *copies.entry(letter.message_id.clone()).or_default() += 1;
    }
    assert!(copies.values().all(|it| *it == 1), "nothing twice");
    // The first of two links was replaced by the second, so only the second is sent.
    assert_eq!(taken.len(), 100);
    assert!(
        per_minute.iter().all(|it| *it <= 60),
        "{:?}",
        per_minute.iter().max()
    );
    let open = states(&org).iter().filter(|it| **it == "waiting").count();
    assert_eq!(open, 0, "nothing lost");
}

#[test]
fn a_mail_whose_link_is_dead_is_not_sent() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.invite("ana bo cy dan");
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    org.apply(Command::Resend {
        who: org.who("bo"),
        mail: true,
    });
    org.apply(Command::Delete { who: org.who("cy") });
    org.directory.bring_out(&config).unwrap();
    let to: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.to.clone())
        .collect();
    assert_eq!(to, ["dan@acme.example", "bo@acme.example"]);
    assert_eq!(
        states(&org),
        ["dropped", "dropped", "dropped", "sent", "sent"]
    );
    let cli = org.cli();
    let read = cli.read().unwrap();
    let whys: Vec<String> = read
        .outbox(
            OutboxFilter {
                state: Some(MailState::Dropped),
                ..OutboxFilter::default()
            },
            10,
        )
        .unwrap()
        .into_iter()
        .filter_map(|it| it.why)
        .collect();
    assert!(whys.iter().any(|it| it.contains("replaced")), "{whys:?}");
    drop(read);
    // One that expires before it can go.
    let (away, _) = server(|_, _| Verdict::Later("450 no".into()));
    org.invite("eve");
    org.directory.bring_out(&away).unwrap();
    org.tick(15 * DAY);
    org.directory.bring_out(&config).unwrap();
    assert_eq!(states(&org).last(), Some(&"dropped"));
}

#[test]
fn who_cannot_be_reached_is_shown_until_they_can_be() {
    let org = Org::new(9);
    let (refusing, _) = server(|letter, _| {
        if letter.to.starts_with("ana") {
            Verdict::Never("550 5.1.1 no such\u{1b}[31m user".into())
        } else {
            Verdict::Taken
        }
    });
    org.invite("ana bo");
    let brought = org.directory.bring_out(&refusing).unwrap();
    assert_eq!((brought.sent, brought.failed), (1, 1));
    assert_eq!(progress(&org, "ana"), InvitationProgress::Failed);
    assert_eq!(found(&org, "is:undelivered"), ["ana@acme.example"]);
    let ana = org.user("ana").id;
    let told = org.cli().read().unwrap().undelivered(ana).unwrap().unwrap();
    assert_eq!(told.state, MailState::Failed);
    assert!(
        told.why.contains("no such") && !told.why.contains('\u{1b}'),
        "{}",
        told.why
    );
    // Bo's came back.
    assert_eq!(
        org.directory
            .note_bounced("BO@acme.example", "mailbox full")
            .unwrap(),
        1
    );
    assert_eq!(
        org.directory
            .note_bounced("nobody@acme.example", "x")
            .unwrap(),
        0
    );
    assert_eq!(progress(&org, "bo"), InvitationProgress::Bounced);
    assert_eq!(found(&org, "is:undelivered").len(), 2);
    // Trying again helps one, a new address the other.
    let (config, _) = willing();
    assert_eq!(org.cli().retry_mails(WhichMails::Refused).unwrap(), 1);
    org.directory.bring_out(&config).unwrap();
    assert_eq!(found(&org, "is:undelivered"), ["bo@acme.example"]);
    edit(&org, "bo", Field::Email, Some("bob@acme.example"));
    assert!(found(&org, "is:undelivered").is_empty());
}

#[test]
fn a_mail_server_that_is_away_refuses_nobodys_mail() {
    let org = Org::new(9);
    let (away, _) = server(|_, _| Verdict::Down("connection refused".into()));
    org.invite("ana bo");
    let brought: Brought = org.directory.bring_out(&away).unwrap();
    assert_eq!(brought.down.as_deref(), Some("connection refused"));
    assert_eq!(states(&org), ["waiting", "waiting"]);
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mails = read.outbox(OutboxFilter::default(), 10).unwrap();
    assert!(mails.iter().all(|it| it.attempts == 0));
    assert!(
        mails
            .iter()
            .all(|it| it.why.as_deref() == Some("connection refused"))
    );
    drop(read);
    let (config, taken) = willing();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 2);
}

#[test]
fn after_five_days_it_is_given_up() {
    let org = Org::new(9);
    let (config, _) = server(|_, _| Verdict::Later("450 no".into()));
    // A mail without a link, which would end before.
    org.apply(Command::SetSetting {
        setting: Setting::SingleSignOn,
        value: Some("on".to_owned()),
    });
    org.create("ana");
    org.deactivate("ana");
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    for _ in 0..(6 * 24) {
        org.directory.bring_out(&config).unwrap();
        org.tick(3_600_000);
    }
    let last = states(&org).pop().unwrap();
    assert_eq!(last, "failed");
}

#[test]
fn mails_in_a_folder_are_private_and_go_with_the_person() {
    use std::os::unix::fs::PermissionsExt as _;
    let org = Org::new(9);
    let folder = org.directory.mail_folder();
    let config = MailConfig {
        out: Out::Folder(folder.clone()),
        ..willing().0
    };
    org.invite("ana bo");
    assert_eq!(org.directory.bring_out(&config).unwrap().sent, 2);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files = || -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(&folder).unwrap();
        files.map(|it| it.unwrap().path()).collect()
    };
    assert_eq!(files().len(), 2);
    assert!(files().iter().all(|it| mode(it) == 0o600));
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.apply(Command::Erase {
        who: org.who("ana"),
    });
    let left = files();
    assert_eq!(left.len(), 1);
    let text = std::fs::read_to_string(&left[0]).unwrap();
    assert!(text.contains("To: bo@acme.example"));
    assert_eq!(states(&org), ["filed"]);
}

#[test]
fn what_became_a_file_for_want_of_a_server_is_mailed_once_there_is_one_if_it_is_still_of_use() {
    let org = Org::new(9);
    let (config, taken) = willing();
    let to_files = MailConfig {
        out: Out::Folder(org.directory.mail_folder()),
        ..willing().0
    };
    org.apply(Command::SetSetting {
        setting: Setting::Reminders,
        value: Some("3".into()),
    });
    org.invite("ana bo cleo");
    org.directory.bring_out(&to_files).unwrap();
    assert_eq!(states(&org), ["filed", "filed", "filed"]);
    assert_eq!(progress(&org, "ana"), InvitationProgress::Filed);
    let filed = || org.cli().read().unwrap().outbox_counts().unwrap().0["filed"];
    assert_eq!(filed(), 3);
    // Nothing of it was refused.
    assert_eq!(org.cli().retry_mails(WhichMails::Refused).unwrap(), 0);
    org.apply(Command::Cancel { who: org.who("bo") });
    org.tick(2 * DAY);
    assert_eq!(org.cli().retry_mails(WhichMails::Filed).unwrap(), 3);
    let brought = org.directory.bring_out(&config).unwrap();
    assert_eq!((brought.sent, brought.dropped), (2, 1));
    assert_eq!(taken.lock().unwrap().len(), 2);
    assert_eq!(progress(&org, "ana"), InvitationProgress::Sent);
    // Whoever got it now is reminded three days from now.
    org.tick(DAY + 1);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 2);
    org.tick(2 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 4);
}

#[test]
fn settled_mails_are_kept_for_a_while_and_then_dropped() {
    let org = Org::new(9);
    let (config, _) = willing();
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    org.invite("bo");
    org.tick(91 * DAY);
    assert!(org.directory.trim_outbox().unwrap());
    assert_eq!(states(&org), ["waiting"]);
    assert!(!org.directory.trim_outbox().unwrap());
}
