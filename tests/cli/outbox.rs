//! Mail from outside: what the commands say, and that a kill at any step of the conversation with a mail server costs at
//! most one second copy.

use std::time::{Duration, Instant};

use crate::program::Org;
use crate::sink::{Does, Sink, Step};

fn send(org: &Org, sink: &Sink) -> std::process::Command {
    let mut command = org.command(&["outbox", "send"]);
    command
        .env("USHER_SMTP_HOST", "127.0.0.1")
        .env("USHER_SMTP_PORT", sink.address.port().to_string())
        .env("USHER_SMTP_TLS", "none")
        .env("USHER_MAIL_FROM", "usher@acme.example")
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    command
}

#[test]
fn a_kill_at_any_step_costs_at_most_one_second_copy() {
    for step in [
        Step::Greeting,
        Step::Hello,
        Step::Mail,
        Step::Recipient,
        Step::Data,
        Step::Body,
        Step::Answered,
    ] {
        let org = Org::with_seats(10);
        org.type_in("invite ana@acme.example bo@acme.example --yes")
            .ok();
        let hanging = Sink::start(move |at, heard| {
            // The second mail of the two, where there is one at this step.
            let is_early = matches!(at, Step::Greeting | Step::Hello | Step::Mail | Step::Data);
            if at == step && (is_early || heard.contains("bo@")) {
                Does::Hangs
            } else {
                Does::Takes
            }
        });
        let mut child = send(&org, &hanging).spawn().unwrap();
        hanging.wait_for(step);
        if matches!(step, Step::Recipient | Step::Body | Step::Answered) {
            hanging.wait_for(step);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let willing = Sink::start(|_, _| Does::Takes);
        let said = send(&org, &willing).output().unwrap();
        assert!(said.status.success(), "{step:?} {said:?}");
        let mails = org.json("outbox");
        for mail in mails.as_array().unwrap() {
            assert_eq!(mail["state"], "sent", "{step:?} {mails}");
        }
        for name in ["ana@", "bo@"] {
            let copies: Vec<String> = hanging
                .had()
                .iter()
                .chain(&willing.had())
                .filter(|it| it.to[0].contains(name))
                .map(|it| it.message_id())
                .collect();
            assert!(
                (1..=2).contains(&copies.len()),
                "{step:?} {name} {copies:?}"
            );
            assert!(copies.iter().all(|it| *it == copies[0] && !it.is_empty()));
        }
        let all = hanging.had().len() + willing.had().len();
        assert!(all <= 3, "{step:?}: at most one of all has a second copy");
    }
}

#[test]
fn mail_is_a_file_until_there_is_a_server_and_everything_is_shown() {
    let org = Org::with_seats(10);
    org.type_in("invite ana@acme.example --language fr --yes")
        .ok();
    assert_eq!(org.json("outbox")[0]["state"], "waiting");
    let said = org.type_in("outbox send").ok();
    assert!(said.contains("1 put into a folder as files"), "{said}");
    assert_eq!(org.json("outbox")[0]["state"], "filed");
    let said = org.type_in("outbox retry").ok();
    assert!(said.contains("1 stand as files only"), "{said}");
    let files: Vec<_> = std::fs::read_dir(org.path("usher.db.mail"))
        .unwrap()
        .collect();
    assert_eq!(files.len(), 1);
    let shown = org.type_in("outbox show 1").ok();
    assert!(
        shown.contains("Votre invitation") && shown.contains("/accept/"),
        "{shown}"
    );
    let person = org.json("show ana@acme.example");
    assert_eq!(person["invitation_progress"], "filed");
    org.type_in("outbox bounced ana@acme.example --why 'mailbox full'")
        .ok();
    assert_eq!(
        org.json("users is:undelivered")[0]["email"],
        "ana@acme.example"
    );
    let person = org.json("show ana@acme.example");
    assert_eq!(person["undelivered"]["why"], "mailbox full");
}

#[test]
fn a_running_server_sends_and_says_once_that_the_mail_server_is_away() {
    let org = Org::with_seats(10);
    let sink = Sink::start(|_, _| Does::Takes);
    let port = sink.address.port().to_string();
    std::fs::write(
        org.path("usher.db.conf"),
        format!("# ours\nsmtp-host = 127.0.0.1\nsmtp-port = {port}\nsmtp-tls = none\nmail-from = \"usher@acme.example\"\n"),
    )
    .unwrap();
    let server = org.serve_with(&[]);
    org.type_in("invite ana@acme.example --yes").ok();
    let began = Instant::now();
    while sink.had().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.stop(), Some(0));
    assert!(sink.had()[0].text.contains("Message-ID: <"));
}

#[test]
fn the_configuration_says_where_each_value_comes_from_and_what_is_wrong() {
    let org = Org::with_seats(10);
    let file = org.path("usher.db.conf");
    std::fs::write(&file, "mail-pace = 60\nsmtp_tls = starttls\n").unwrap();
    let mut command = org.command(&["config", "show", "--format", "json"]);
    command.env("USHER_MAIL_PACE", "30");
    let said: crate::program::Said = command.output().unwrap().into();
    let options = said.json();
    let of = |name: &str| {
        let all = options.as_array().unwrap();
        all.iter().find(|it| it["option"] == name).unwrap().clone()
    };
    assert_eq!(
        (&of("mail-pace")["value"], &of("mail-pace")["from"]),
        (&"30".into(), &"environment".into())
    );
    assert_eq!(of("smtp-tls")["from"], "file");
    assert_eq!(of("listen")["from"], "default");
    for (text, says) in [
        ("smtp-password = hunter2\n", "a password never stands here"),
        ("colour = red\n", "line 1: there is no option"),
        ("mail-pace\n", "is not `option = value`"),
        (
            "mail-pace = 1\nmail-pace = 2\n",
            "line 2: mail-pace is said twice",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = org.type_in("config show");
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.err.contains(says) && !said.err.contains("hunter2"),
            "{said:?}"
        );
    }
    for (text, says) in [
        ("smtp-host = mx.example\n", "mail-from is not"),
        ("mail-pace = fast\n", "mail-pace in "),
        (
            "smtp-host = mx.example\nmail-from = a@b.example\nsmtp-user = u\n",
            "no password",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = org.type_in("outbox send");
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(says), "{said:?}");
    }
}

#[test]
fn invitations_are_listed_with_how_far_they_have_come() {
    let org = Org::with_seats(10);
    org.type_in("invite ana@acme.example bo@acme.example --yes")
        .ok();
    org.type_in("invite cy@acme.example --no-mail --yes").ok();
    org.type_in("invite dee@acme.example --send-on 2099-01-31 --yes")
        .ok();
    let states = |args: &str| {
        let rows = org.json(&format!("invitations {args}"));
        let rows = rows.as_array().unwrap().clone();
        let said = |it: &serde_json::Value| {
            format!(
                "{} {}",
                it["email"].as_str().unwrap(),
                it["state"].as_str().unwrap()
            )
        };
        rows.iter().map(said).collect::<Vec<_>>()
    };
    assert_eq!(
        states(""),
        [
            "ana@acme.example waiting",
            "bo@acme.example waiting",
            "cy@acme.example not_mailed",
            "dee@acme.example scheduled"
        ]
    );
    org.run(&["outbox", "send"]).ok();
    org.type_in("outbox bounced bo@acme.example").ok();
    org.type_in("cancel ana@acme.example --yes").ok();
    assert_eq!(states("--state bounced"), ["bo@acme.example bounced"]);
    assert_eq!(states("--state withdrawn"), ["ana@acme.example withdrawn"]);
    assert_eq!(states("cy"), ["cy@acme.example not_mailed"]);
    assert_eq!(states("--limit 1"), ["bo@acme.example bounced"]);
    assert_eq!(states("--asked"), [] as [&str; 0]);
}

#[test]
fn mail_that_leaves_with_links_that_only_this_machine_opens_is_warned_of() {
    let org = Org::with_seats(10);
    let sink = Sink::start(|_, _| Does::Takes);
    let warned = || String::from_utf8(send(&org, &sink).output().unwrap().stderr).unwrap();
    assert!(
        warned().contains("which nobody opens from elsewhere"),
        "{}",
        warned()
    );
    // Where mails stay, so may links.
    assert_eq!(org.type_in("outbox send").err, "");
    org.type_in("setting public-url https://usher.acme.example --yes")
        .ok();
    assert_eq!(warned(), "");
}
