//! Mail that no command causes: reminders of invitations, and notices of deletions ahead.

use usher_core::command::Command;
use usher_core::link::LinkKind;
use usher_core::model::{Field, Setting};

use super::{DAY, edit, willing};
use crate::org::Org;

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
