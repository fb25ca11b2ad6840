//! How connections are doing, their terms, what of a row has no column, and what an administrator finds who comes by SSH only.

use ratatui::layout::Size;
use usher_core::command::{Command, Edit};
use usher_core::model::{Actor, Door, Field, GroupRole, NewAsked, Permission, UserId};

use super::held::{self, keep_asked};
use super::org::Org;
use super::play::Play;
use crate::app::Settings;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 laptop";

/// Of five requests four were refused.
fn failing() -> Org {
    let org = held::org("okta");
    for i in 0..5 {
        keep_asked(
            &org,
            "okta",
            NewAsked {
                method: "POST",
                path: "/Users".into(),
                status: if i == 0 { 201 } else { 400 },
                error: (i > 0)
                    .then(|| format!("externalId is longer than 200 characters, number {i}")),
                body: Some(format!(r#"{{"userName":"kim{i}","active":true}}"#)),
                ..NewAsked::default()
            },
        );
    }
    org
}

fn id(org: &Org, name: &str) -> UserId {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("readable");
    let address = format!("{name}@acme.example");
    read.find_user(&address).expect("a person").id
}

#[test]
fn a_connection_tells_how_it_is_doing_and_the_line_of_seats_warns() {
    let mut play = Play::open(failing());
    assert!(
        play.line("access ").contains("okta 4/5 failed"),
        "{}",
        play.screen()
    );
    play.keys("6");
    assert!(
        play.line("4 of 5 failed").contains("okta"),
        "{}",
        play.screen()
    );
    play.keys("w");
    for said in [
        "Last 24 hours: 4 of 5 failed",
        "Tokens: ",
        "brake: on",
        "brake: percent: 1",
        "new tokens end after days: none",
        "people: 5",
    ] {
        assert!(play.shows(said), "{said}: {}", play.screen());
    }
    play.keys("<esc>");
    assert!(play.app.text.is_none() && play.app.board().is_some());
}

#[test]
fn why_something_was_refused_and_what_was_asked_is_read_in_full() {
    let mut play = Play::open(failing());
    play.keys("6lF<enter>");
    assert!(
        play.shows("What came of it: externalId is longer than 200 characters, number 4"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("Request: POST /Users") && play.shows(r#""userName": "kim4""#),
        "{}",
        play.screen()
    );
}

#[test]
fn columns_that_do_not_fit_are_read_by_w() {
    let mut play = Play::open(super::boards::org());
    play.keys("2");
    assert!(!play.shows("When full"), "{}", play.screen());
    play.keys("w");
    assert!(play.shows("When full: "), "{}", play.screen());
    play.keys("<esc>9w");
    assert!(play.app.text.is_some(), "{}", play.screen());
}

#[test]
fn the_policy_and_the_brake_of_a_connection_are_changed() {
    let mut play = Play::open(held::org("okta"));
    play.keys("6e");
    assert!(play.shows("Policy of okta"), "{}", play.screen());
    play.keys("waiting<down><down>x");
    assert!(play.shows("write a number of days"), "{}", play.screen());
    play.keys("<ctrl-u>90<enter>c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher idp set okta --new-people waiting --token-days 90")
    );
    play.keys("yw");
    assert!(play.shows("New people: waiting"), "{}", play.screen());
    play.keys("<esc>b<down>20<down><down>1d<enter>c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher idp brake okta --share 20 --floor 1 --window 1d")
    );
    play.keys("yw");
    assert!(
        play.shows("brake: in: 1d") && play.shows("new tokens end after days: 90"),
        "{}",
        play.screen()
    );
    play.keys("<esc>boff<enter>y");
    play.keys("w");
    assert!(play.shows("brake: off"), "{}", play.screen());
}

#[test]
fn drift_is_listed() {
    let mut play = Play::open(held::org("okta"));
    let mut edit = Edit::of(id(&play.org, "ana.okta"));
    edit.set = vec![(Field::UserName, Some("anna@acme.example".into()))];
    edit.overriding = true;
    play.org.other().done(Command::Edit(edit));
    play.keys("6D");
    assert!(
        play.line("anna@").contains("overridden") && play.shows("drift from okta"),
        "{}",
        play.screen()
    );
    play.keys("1:drift<enter>");
    assert!(play.shows("drift from providers"), "{}", play.screen());
}

#[test]
fn an_administrator_changes_their_own_ssh_keys() {
    let org = Org::new(9).people("ana");
    org.other().done(Command::GrantPermissions {
        who: org.ids("ana"),
        permissions: vec![Permission::ManageUsers],
    });
    let ana = Actor::Administrator(id(&org, "ana"));
    let mut play = Play::by(org, ana, Settings::default(), Size::new(80, 24));
    play.keys(":SSH keys<enter>");
    assert!(play.shows("nobody comes in by a key"), "{}", play.screen());
    play.keys("i");
    assert!(
        play.line("whose").contains("ana@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("nonsense");
    assert!(!play.shows("Apply"), "{}", play.screen());
    play.keys("<ctrl-u>");
    play.event(crate::event::Event::Paste(KEY.into()));
    play.keys("<enter>c");
    let line = format!("usher admin key add ana@acme.example '{KEY}'");
    assert_eq!(play.copied.as_deref(), Some(line.as_str()));
    play.keys("y");
    assert!(
        play.line("laptop").contains("ana@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("<delete>");
    assert!(
        play.shows("Take a key from ana@acme.example") && play.shows("SHA256:"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(!play.shows("laptop"), "{}", play.screen());
}

#[test]
fn what_is_hidden_is_not_told_as_not_being_there() {
    let org = super::boards::org();
    let mut edit = Edit::of(id(&org, "ana.li"));
    edit.add_groups = vec![("Sales".into(), GroupRole::UserAdministrator)];
    org.other().done(Command::Edit(edit));
    let ana = Actor::Administrator(id(&org, "ana.li"));
    let mut play = Play::by(org, ana, Settings::default(), Size::new(80, 24));
    play.keys("6");
    let okta = play.line("okta");
    assert!(
        okta.contains("not shown to you") && !okta.contains("never") && !okta.contains("none"),
        "{}",
        play.screen()
    );
    play.keys("7");
    assert!(
        play.shows("your batches") && play.shows("What others applied is shown to those"),
        "{}",
        play.screen()
    );
    assert!(!play.shows("nothing was applied yet"), "{}", play.screen());
    for (screen, not) in [
        ("administrators", "nobody acts for the organization"),
        ("outbox", "no mail was written"),
    ] {
        play.keys(&format!(":{screen}<enter>"));
        assert!(
            play.shows("shown to those who see everybody") && !play.shows(not),
            "{}",
            play.screen()
        );
    }
}

#[test]
fn people_are_brought_back_with_their_trainings() {
    let mut play = Play::open(super::boards::org());
    play.keys("/ana<enter>dy:restore<enter>");
    assert!(
        play.shows("usher reactivate ana.li@acme.example --restore-assignments"),
        "{}",
        play.screen()
    );
}

#[test]
fn how_a_console_looks_is_kept_for_its_administrator() {
    let mut play = Play::open(Org::new(9));
    let kept = |play: &Play| {
        let session = play.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let look = session.read().and_then(|it| it.look(Actor::FileOwner));
        look.expect("readable").map(|it| (it.theme, it.plain))
    };
    assert_eq!(kept(&play), None);
    play.keys("<ctrl-p><ctrl-n>");
    assert_eq!(kept(&play), Some(("dark".to_owned(), true)));
    play.keys("<ctrl-p>");
    assert_eq!(kept(&play), Some(("dark".to_owned(), false)));
}
