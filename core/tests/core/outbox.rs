//! Mail on its way out: what is sent, what is tried again, what is not sent any more, and what people see of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use usher_core::OutboxFilter;
use usher_core::command::{Accept, Command, Edit, Invite, OwnRecords};
use usher_core::link::LinkKind;
use usher_core::mail::{Brought, Letter, MailConfig, Out, Verdict};
use usher_core::model::{
    Actor, Door, Field, InvitationProgress, MailState, Setting, Status, WhichMails,
};

use crate::org::{Org, invite};

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
fn headers_say_who_writes_and_that_nobody_need_answer() {
    let org = Org::new(5);
    let (config, taken) = willing();
    org.apply(Command::SetSetting {
        setting: Setting::OrganizationName,
        value: Some("Äcme \"Süd\" & <Söhne>".into()),
    });
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let text = String::from_utf8(taken[0].bytes.clone()).unwrap();
    assert!(text.is_ascii());
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for header in [
        "To: ana@acme.example\r\n",
        "Reply-To: people@acme.example\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Language: en\r\n",
        "MIME-Version: 1.0\r\n",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(head.contains(&format!("Message-ID: {}\r\n", taken[0].message_id)));
    assert!(head.contains("From: =?utf-8?") && head.contains("<usher@acme.example>"));
    assert!(!head.contains("List-Unsubscribe"));
    assert_eq!(body.matches("Content-Type: text/").count(), 2);
    assert!(head.lines().chain(body.lines()).all(|it| it.len() <= 998));
    // What is markup in the name is text in the mail.
    assert!(body.contains("&lt;S=C3=B6hne&gt;"), "{body}");
}

#[test]
fn people_are_written_to_in_their_language_and_else_in_the_organizations() {
    let org = Org::new(9);
    let (config, taken) = willing();
    for (name, tag) in [("ana", "de-AT"), ("bo", "fr"), ("cy", "ja")] {
        org.invite(name);
        edit(&org, name, Field::Language, Some(tag));
    }
    org.apply(Command::SetSetting {
        setting: Setting::Language,
        value: Some("es".into()),
    });
    org.directory.bring_out(&config).unwrap();
    let subjects: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.subject.clone())
        .collect();
    assert_eq!(
        subjects,
        [
            "Ihre Einladung zu Acme",
            "Votre invitation à rejoindre Acme",
            "Su invitación a Acme"
        ]
    );
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
fn an_address_that_changes_is_told_at_both_ends() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.create("ana");
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    edit(&org, "ana", Field::Email, Some("anna@acme.example"));
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let mut said: Vec<(String, bool)> = taken
        .iter()
        .map(|it| (it.to.clone(), it.text.contains("anna@")))
        .collect();
    said.sort();
    // The address that was left is told that it was, and not for which one.
    assert_eq!(
        said,
        [
            ("ana@acme.example".to_owned(), false),
            ("anna@acme.example".to_owned(), true)
        ]
    );
}

#[test]
fn undoing_a_change_of_address_is_told_at_both_ends() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.create("ana");
    let edited = org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("anna@acme.example".to_owned()))],
        ..Edit::of(org.who("ana"))
    }));
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    let batch = edited.batch.unwrap();
    org.apply(Command::Undo { batch });
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let mut to: Vec<&str> = taken.iter().map(|it| it.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ana@acme.example", "anna@acme.example"]);
}

#[test]
fn whoever_reads_an_address_that_was_wrong_comes_in_as_nobody() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.invite("wrong");
    org.directory.bring_out(&config).unwrap();
    edit(&org, "wrong", Field::Email, Some("right@acme.example"));
    org.directory.bring_out(&config).unwrap();
    let user = org.user("right").id;
    let accept = |generation| {
        org.tick(1);
        let session = org.directory.as_actor(Actor::Person(user), Door::Page);
        session.apply(
            session.request(Command::Accept(Accept {
                user,
                generation: Some(generation),
                set: Vec::new(),
                fields: Vec::new(),
                password: None,
                records: OwnRecords::StartFresh,
            })),
            None,
        )
    };
    assert!(accept(1).is_err(), "the link that went astray");
    let to: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.to.clone())
        .collect();
    assert_eq!(to, ["wrong@acme.example", "right@acme.example"]);
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mails = read.outbox(OutboxFilter::default(), 10).unwrap();
    let said: Vec<&str> = mails.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(said, ["right@acme.example", "wrong@acme.example"]);
    accept(2).unwrap();
    assert_eq!(org.user("right").status, Status::Active);
    org.assert_chain();
}

#[test]
fn another_way_to_write_the_same_address_leaves_the_link_alone() {
    let org = Org::new(9);
    org.invite("ana");
    edit(&org, "ana", Field::Email, Some("Ana@acme.example"));
    let user = org.user("ana").id;
    let cli = org.cli();
    let invitation = cli.read().unwrap().invitation(user).unwrap().unwrap();
    assert_eq!(invitation.generation, 1);
}

#[test]
fn who_was_mailed_no_invitation_is_mailed_none_because_their_address_is_put_right() {
    let org = Org::new(9);
    let (config, taken) = willing();
    let Command::Invite(command) = invite("ana") else {
        unreachable!()
    };
    org.apply(Command::Invite(Invite {
        mail: false,
        ..command
    }));
    edit(&org, "ana", Field::Email, Some("anna@acme.example"));
    org.directory.bring_out(&config).unwrap();
    assert!(taken.lock().unwrap().is_empty());
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

#[test]
fn who_does_not_accept_is_reminded_by_the_rule_and_once_each_time() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.apply(Command::SetSetting {
        setting: Setting::Reminders,
        value: Some("3, 7".into()),
    });
    org.invite("ana bo cy");
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    org.accept("bo").unwrap();
    let mut days = Vec::new();
    for hour in 0..(13 * 24) {
        // Two servers ask, and one of them twice.
        for _ in 0..3 {
            org.directory.put_reminders().unwrap();
        }
        org.directory.bring_out(&config).unwrap();
        for letter in taken.lock().unwrap().drain(..) {
            assert!(letter.subject.contains("still open"), "{}", letter.subject);
            days.push((letter.to.split('@').next().unwrap().to_owned(), hour / 24));
        }
        if hour == 4 * 24 {
            org.apply(Command::Cancel { who: org.who("cy") });
        }
        org.tick(3_600_000);
    }
    days.sort();
    let wanted = [("ana", 3), ("ana", 7), ("cy", 3)].map(|it| (it.0.to_owned(), it.1));
    assert_eq!(days, wanted);
}

#[test]
fn a_rule_that_is_made_later_counts_for_invitations_that_are_open() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    org.tick(8 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 1);
    org.apply(Command::SetSetting {
        setting: Setting::Reminders,
        value: Some("3,7".into()),
    });
    org.directory.put_reminders().unwrap();
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 2, "one reminder for both days");
}

#[test]
fn whoever_wants_no_more_reminders_says_so_in_the_mail_program_and_gets_none() {
    let org = Org::new(5);
    let (config, taken) = willing();
    for (setting, value) in [
        (Setting::Reminders, "3,7"),
        (Setting::PublicUrl, "https://usher.acme.example"),
    ] {
        org.apply(Command::SetSetting {
            setting,
            value: Some(value.into()),
        });
    }
    org.invite("ana bo");
    org.directory.bring_out(&config).unwrap();
    let heads = || -> Vec<String> {
        let mut taken = taken.lock().unwrap();
        let head = |it: &usher_core::mail::Letter| {
            let text = String::from_utf8(it.bytes.clone()).unwrap();
            text.split("\r\n\r\n").next().unwrap().to_owned()
        };
        taken.drain(..).map(|it| head(&it)).collect()
    };
    let invitations = heads();
    let ana = invitations.iter().find(|it| it.contains("To: ana@"));
    let ana = ana.unwrap();
    assert!(ana.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    let url = ana.split("List-Unsubscribe: <").nth(1).unwrap();
    let url = url.split('>').next().unwrap();
    let token = url.strip_prefix("https://usher.acme.example/reminders/");
    let link = org.directory.opened_link(token.unwrap()).unwrap().unwrap();
    assert_eq!(
        org.directory.reminded(&link).unwrap().unwrap().user.id,
        org.user("ana").id
    );
    // The link accepts nothing.
    assert!(org.directory.invited(&link).unwrap().is_none());
    org.directory.remind_no_more(&link).unwrap();
    org.tick(4 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    let reminded = heads();
    assert_eq!(reminded.len(), 1);
    assert!(reminded[0].contains("To: bo@") && reminded[0].contains("List-Unsubscribe: <"));
    // What lies ready to go out does not go out.
    org.tick(4 * DAY);
    org.directory.put_reminders().unwrap();
    let token = reminded[0].split("/reminders/").nth(1).unwrap();
    let token = token.split('>').next().unwrap();
    let link = org.directory.opened_link(token).unwrap().unwrap();
    org.directory.remind_no_more(&link).unwrap();
    org.directory.bring_out(&config).unwrap();
    assert!(heads().is_empty());
    // A changed rule reminds nobody of it either; a new invitation is one.
    org.apply(Command::SetSetting {
        setting: Setting::Reminders,
        value: Some("1,2".into()),
    });
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert!(heads().is_empty());
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: true,
    });
    org.directory.bring_out(&config).unwrap();
    org.tick(2 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(heads().len(), 2, "the new one, and its reminder");
}

#[test]
fn people_are_told_of_their_deletion_ahead_and_again_when_the_day_changes() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.create("ana");
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    let today = usher_core::model::Date::of_utc(org.directory.now());
    let on = |days: i64| Some(today.plus_days(days).to_string());
    edit(&org, "ana", Field::DeleteOn, on(20).as_deref());
    let told = || {
        org.directory.put_reminders().unwrap();
        org.directory.bring_out(&config).unwrap();
        taken.lock().unwrap().len()
    };
    org.tick(15 * DAY);
    assert_eq!(told(), 0, "off until it is set");
    org.apply(Command::SetSetting {
        setting: Setting::DeletionNoticeDays,
        value: Some("7".into()),
    });
    assert_eq!((told(), told()), (1, 1));
    edit(&org, "ana", Field::DeleteOn, on(22).as_deref());
    assert_eq!((told(), told()), (2, 2));
    // Mails of no batch are told apart as well, also from those of another organization at the same mail server.
    let ana = org.user("ana").id.to_string();
    let taken = taken.lock().unwrap();
    for letter in taken.iter() {
        assert!(letter.message_id.starts_with(&format!("<{ana}.")));
    }
    assert_ne!(taken[0].message_id, taken[1].message_id);
}

#[test]
fn mails_speak_in_the_organizations_own_words_until_these_are_taken_back() {
    use usher_core::mail::MailText;
    use usher_core::model::Language;
    use usher_core::plan::Template;
    let org = Org::new(9);
    let (config, taken) = willing();
    let own = |text: Option<&str>| Command::SetMailText {
        template: Template::Invitation,
        language: Language::English,
        text: text.map(|it| MailText {
            subject: "Welcome to {organization}".into(),
            body: it.into(),
        }),
    };
    let refused = org.try_apply(own(Some("come in"))).unwrap_err().to_string();
    assert!(refused.contains("has no link"), "{refused}");
    let applied = org.apply(own(Some("Dear {first_name},\n\ncome in <b>:\n{link}")));
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    {
        let taken = taken.lock().unwrap();
        assert_eq!(taken[0].subject, "Welcome to Acme");
        assert!(
            taken[0].text.starts_with("Dear ana,\n\ncome in <b>:\nhttp"),
            "{}",
            taken[0].text
        );
        assert!(String::from_utf8_lossy(&taken[0].bytes).contains("come in &lt;b&gt;"));
    }
    org.undo(&applied);
    org.invite("bo");
    org.directory.bring_out(&config).unwrap();
    assert!(
        taken.lock().unwrap()[1]
            .subject
            .starts_with("Your invitation")
    );
    assert!(
        org.plan(own(None)).unwrap().is_empty(),
        "nothing to take back"
    );
}

#[test]
fn a_logo_is_in_the_mail_itself_and_whom_to_ask_is_said_where_it_is_set() {
    let org = Org::new(9);
    let (config, taken) = willing();
    let picture = usher_core::model::Logo::new(b"\x89PNG\r\n\x1a\n0000".to_vec()).unwrap();
    for (setting, value) in [
        (Setting::Logo, picture.to_string()),
        (Setting::HelpContact, "help@acme.example".to_owned()),
    ] {
        org.apply(Command::SetSetting {
            setting,
            value: Some(value),
        });
    }
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let text = String::from_utf8(taken[0].bytes.clone()).unwrap();
    assert!(text.contains("multipart/related") && text.contains("Content-ID: <logo>"));
    assert!(text.contains("cid:logo") && !text.contains("src=3D\"http"));
    assert!(taken[0].text.contains("write to help@acme.example"));
}

#[test]
fn whoever_asks_again_after_a_withdrawal_is_listed_and_administrators_are_told_once_a_week() {
    let org = Org::new(50);
    let (config, taken) = willing();
    org.create("chief");
    org.invite("ana bo");
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    let ana = org.user("ana").id;
    let listed = |org: &Org| {
        let cli = org.cli();
        let rows = cli.read().unwrap().invitation_wishes(10).unwrap();
        rows.into_iter()
            .map(|it| it.user.label())
            .collect::<Vec<_>>()
    };
    // Whose invitation stands asks for nothing here.
    org.directory.ask_again(org.user("bo").id).unwrap();
    assert_eq!(listed(&org), [] as [&str; 0]);
    for _ in 0..3 {
        org.directory.ask_again(ana).unwrap();
        org.tick(DAY);
        org.directory.bring_out(&config).unwrap();
    }
    assert_eq!(listed(&org), ["ana@acme.example"]);
    let told = |taken: &Letters| {
        let taken = taken.lock().unwrap();
        let to: Vec<String> = taken.iter().map(|it| it.to.clone()).collect();
        assert!(taken.iter().all(|it| it.text.contains("ana@acme.example")));
        to
    };
    assert_eq!(told(&taken), ["owner@acme.example"]);
    org.tick(7 * DAY);
    org.directory.ask_again(ana).unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(told(&taken).len(), 2);
    // What waits to be told of somebody who is invited meanwhile is told to nobody.
    org.tick(8 * DAY);
    org.directory.ask_again(ana).unwrap();
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: false,
    });
    assert_eq!(listed(&org), [] as [&str; 0]);
    org.directory.bring_out(&config).unwrap();
    assert_eq!(told(&taken).len(), 2);
    // And nothing of it stays of somebody who is erased.
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    org.directory.ask_again(ana).unwrap();
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.apply(Command::Erase {
        who: usher_core::Selection::Ids(vec![ana]),
    });
    assert_eq!(listed(&org), [] as [&str; 0]);
    org.directory.bring_out(&config).unwrap();
    assert_eq!(told(&taken).len(), 2);
}

#[test]
fn nobody_gets_more_mails_in_a_day_than_the_setting_says_and_what_is_more_waits() {
    let org = Org::new(5);
    let (config, taken) = willing();
    org.apply(Command::SetSetting {
        setting: Setting::MailsADay,
        value: Some("3".into()),
    });
    org.invite("ana bo");
    for _ in 0..6 {
        org.directory.bring_out(&config).unwrap();
        org.apply(Command::Resend {
            who: org.who("ana"),
            mail: true,
        });
        org.tick(60_000);
    }
    let to = |name: &str| {
        let taken = taken.lock().unwrap();
        taken.iter().filter(|it| it.to.starts_with(name)).count()
    };
    org.directory.bring_out(&config).unwrap();
    assert_eq!((to("ana"), to("bo")), (3, 1));
    assert_eq!(progress(&org, "ana"), InvitationProgress::Waiting);
    let cli = org.cli();
    let mails = cli.read().unwrap().outbox(OutboxFilter::default(), 20);
    let why: Vec<_> = mails.unwrap().into_iter().filter_map(|it| it.why).collect();
    assert!(why.iter().any(|it| it.contains("mails-a-day")), "{why:?}");
    // The day after the first of them, the newest goes; those that were replaced do not.
    org.tick(DAY);
    org.directory.bring_out(&config).unwrap();
    assert_eq!(to("ana"), 4);
    assert_eq!(progress(&org, "ana"), InvitationProgress::Sent);
    org.apply(Command::SetSetting {
        setting: Setting::MailsADay,
        value: Some("0".into()),
    });
    for _ in 0..6 {
        org.apply(Command::Resend {
            who: org.who("ana"),
            mail: true,
        });
        org.directory.bring_out(&config).unwrap();
    }
    assert_eq!(to("ana"), 10);
}

#[test]
fn what_waits_by_the_setting_goes_as_soon_as_the_setting_allows_it() {
    let org = Org::new(5);
    let (config, taken) = willing();
    let most = |value: &str| {
        org.apply(Command::SetSetting {
            setting: Setting::MailsADay,
            value: Some(value.into()),
        });
        org.directory.bring_out(&config).unwrap();
    };
    most("1");
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: true,
    });
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 1);
    most("2");
    assert_eq!(taken.lock().unwrap().len(), 2);
    assert_eq!(progress(&org, "ana"), InvitationProgress::Sent);
}

#[test]
fn mail_that_waits_by_a_clock_that_ran_ahead_goes_when_that_is_set_back() {
    let org = Org::new(9);
    let refusing = server(|_, _| Verdict::Later("greylisted".into())).0;
    let (config, taken) = willing();
    org.tick(27 * DAY);
    org.invite("ana");
    org.directory.bring_out(&refusing).unwrap();
    org.tick(-27 * DAY);
    org.directory.bring_out(&config).unwrap();
    assert!(taken.lock().unwrap().is_empty());
    org.invite("bo");
    org.directory.bring_out(&config).unwrap();
    let mut to: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.to.clone())
        .collect();
    to.sort();
    assert_eq!(to, ["ana@acme.example", "bo@acme.example"]);
}

#[test]
fn a_link_within_a_sentence_can_be_pressed() {
    use usher_core::mail::MailText;
    use usher_core::model::Language;
    use usher_core::plan::Template;
    let org = Org::new(9);
    let (config, taken) = willing();
    org.apply(Command::SetMailText {
        template: Template::Invitation,
        language: Language::English,
        text: Some(MailText {
            subject: "Come in".into(),
            body: "Go to {link} & come in.".into(),
        }),
    });
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let whole = String::from_utf8(taken[0].bytes.clone()).unwrap();
    let whole = whole.replace("=\r\n", "").replace("=3D", "=");
    let link = taken[0].text.split_whitespace().nth(2).unwrap();
    let pressed = format!("Go to <a href=\"{link}\">{link}</a> &amp; come in.");
    assert!(whole.contains(&pressed), "{whole}");
}

#[test]
fn an_invitation_is_reminded_of_once_however_often_its_mail_was_asked_for() {
    let org = Org::new(5);
    let (config, taken) = willing();
    for (setting, value) in [
        (Setting::Reminders, "3"),
        (Setting::JoinAllow, "acme.example"),
        (Setting::JoinPage, "on"),
    ] {
        org.apply(Command::SetSetting {
            setting,
            value: Some(value.into()),
        });
    }
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    // Whoever knows the address may type it at the join page: the same link is mailed again.
    let address = "ana@acme.example".parse().unwrap();
    let language = usher_core::model::Language::English;
    org.directory.wish_to_join(&address, language).unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 2);
    org.tick(4 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 3, "one reminder");
    // And whoever wants none is not reminded because somebody asks for them.
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: true,
    });
    org.directory.bring_out(&config).unwrap();
    let link = usher_core::link::Link {
        kind: LinkKind::Reminders,
        user: org.user("ana").id,
        generation: 2,
    };
    org.directory.remind_no_more(&link).unwrap();
    org.directory.wish_to_join(&address, language).unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 5);
    org.tick(4 * DAY);
    org.directory.put_reminders().unwrap();
    org.directory.bring_out(&config).unwrap();
    assert_eq!(taken.lock().unwrap().len(), 5, "none");
}
