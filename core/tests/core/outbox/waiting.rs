//! How much mail one person gets, and what waits for it.

use usher_core::OutboxFilter;
use usher_core::command::Command;
use usher_core::mail::Verdict;
use usher_core::model::{InvitationProgress, Setting};

use super::{DAY, Letters, progress, server, willing};
use crate::org::Org;

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
