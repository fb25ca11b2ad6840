//! The brake: the line that says whom it holds, and the screen where that is decided. What a connection asked.

use ratatui::layout::Size;
use usher_core::command::{Command, Provision, ProvisionTarget};
use usher_core::model::{Actor, Brake, ConnectionPolicy, Door, Field, NewAsked, UserId};

use super::org::Org;
use super::play::Play;
use crate::app::Settings;
use crate::event::Event;
use crate::replay::Replay;

/// An organization whose connection of this name brought five people, and lets one go an hour.
pub(super) fn org(connection: &str) -> Org {
    let org = Org::new(20);
    connect(&org, connection);
    org
}

fn connect(org: &Org, connection: &str) {
    let other = org.other();
    other.done(Command::AddConnection {
        name: connection.into(),
        policy: ConnectionPolicy::default(),
    });
    for name in ["ana", "bo", "carl", "dora", "emil"] {
        let address = format!("{name}.{connection}@acme.example");
        let mut person = Provision::of(ProvisionTarget::New);
        person.set = vec![
            (Field::UserName, Some(address.clone())),
            (Field::Email, Some(address)),
        ];
        ask(org, connection, person);
    }
    other.done(Command::SetBrake {
        name: connection.into(),
        brake: Some(Brake {
            share: 1,
            floor: 1,
            window_ms: 3_600_000,
        }),
    });
}

fn ask(org: &Org, connection: &str, provision: Provision) {
    let connections = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let id = connections
        .read()
        .expect("readable")
        .connection(connection)
        .expect("a connection")
        .id;
    org.clock.pass(1);
    let session = org.directory.as_actor(Actor::Connection(id), Door::Scim);
    let request = session.request(Command::Provision(provision));
    session.apply(request, None).expect("applied");
}

/// The provider says that these people are not active any more.
fn off(org: &Org, connection: &str, names: &str) {
    for name in names.split_whitespace() {
        let user = user(org, &format!("{name}.{connection}"));
        let mut leaver = Provision::of(ProvisionTarget::Existing {
            user,
            version: None,
        });
        leaver.active = Some(false);
        ask(org, connection, leaver);
    }
}

fn user(org: &Org, name: &str) -> UserId {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("readable");
    read.find_user(&format!("{name}@acme.example"))
        .expect("a person")
        .id
}

/// Notes what a connection asked.
pub(super) fn keep_asked(org: &Org, connection: &str, asked: NewAsked) {
    let read = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = read.read().expect("readable");
    let id = read.connection(connection).expect("a connection").id;
    let session = org.directory.as_actor(Actor::Connection(id), Door::Scim);
    let (answer, answered) = std::sync::mpsc::channel();
    session.keep_asked(vec![asked], move |kept| answer.send(kept).expect("heard"));
    answered.recv().expect("answered").expect("kept");
}

#[test]
fn a_line_says_whom_the_brakes_hold_while_they_hold_anybody() {
    let mut play = Play::open(org("okta"));
    assert!(!play.shows("held"), "{}", play.screen());
    let rows = play.app.layout().list.height;
    off(&play.org, "okta", "ana bo carl");
    play.event(Event::Committed);
    let line = play.line("held by");
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>().join(" "),
        "2 people held by the brake of okta :held to release or reject them"
    );
    assert!(play.shows("2 held"), "{}", play.screen());
    assert_eq!(play.app.layout().list.height, rows - 1);
    // On every screen, and not over what a plan shows.
    play.keys("2");
    assert!(play.shows("held by the brake of okta"), "{}", play.screen());
    play.keys("1:held<enter>L");
    assert!(play.shows("held by the brake of okta"), "{}", play.screen());
    play.keys("y<esc>");
    assert!(!play.shows("held by the brake"), "{}", play.screen());
    assert_eq!(play.app.layout().list.height, rows);
}

#[test]
fn what_is_to_be_done_is_said_however_long_the_names_are() {
    let name = "a-connection-with-a-name-that-is-as-long-as-it-gets";
    let org = org(name);
    off(&org, name, "ana bo carl");
    connect(&org, "entra");
    off(&org, "entra", "ana bo");
    let play = Play::open(org);
    let line = play.line("3 people held by brakes");
    assert!(
        line.ends_with(":held to release or reject them") && line.chars().count() < 80,
        "{line}"
    );
    let short = Play::with(play.org, Settings::default(), Size::new(80, 12));
    assert!(
        !short.shows("brakes") && short.shows("3 held"),
        "{}",
        short.screen()
    );
}

#[test]
fn held_people_are_released_and_rejected() {
    let org = org("okta");
    off(&org, "okta", "ana bo carl dora emil");
    let mut play = Play::open(org);
    play.keys(":held<enter>");
    assert!(play.shows("held by brakes"), "{}", play.screen());
    let row = play.line("bo.okta@");
    assert!(
        row.contains("okta") && row.contains("deactivate") && row.contains("held"),
        "{row}"
    );
    assert!(!play.shows("ana.okta@"), "{}", play.screen());
    // The one under the cursor goes.
    play.keys("A");
    assert!(
        play.shows("Release bo.okta@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher brake release bo.okta@acme.example")
    );
    play.keys("y");
    assert!(!play.shows("bo.okta@"), "{}", play.screen());
    // Those who are marked stay.
    play.keys("<space><space>X");
    assert!(play.shows("Reject 2 people"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.line("carl.okta@").contains("rejected"),
        "{}",
        play.screen()
    );
    assert!(
        play.line("emil.okta@").contains("held"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("1 person held by the brake"),
        "{}",
        play.screen()
    );
    // And it can all be undone.
    play.keys("zy");
    assert!(play.shows("3 people held by the"), "{}", play.screen());
}

#[test]
fn a_connection_leads_to_those_whom_it_holds_and_all_are_decided_at_once() {
    let org = org("okta");
    off(&org, "okta", "ana bo carl");
    connect(&org, "entra");
    off(&org, "entra", "ana bo");
    let mut play = Play::open(org);
    play.keys("6/okta<enter>h");
    assert!(
        play.shows(" held by the brake of okta") && !play.shows("entra@"),
        "{}",
        play.screen()
    );
    play.keys("J");
    assert!(
        play.shows("Reject everybody whom the brake of okta holds"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.line("bo.okta@").contains("rejected"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("1 person held by the brake of entra"),
        "{}",
        play.screen()
    );
    // Rejected or not, they may be let go after all.
    play.keys("Ay");
    assert!(!play.shows("bo.okta@"), "{}", play.screen());
}

#[test]
fn a_connections_inbox_is_shown_and_what_failed_is_found() {
    let org = org("okta");
    connect(&org, "entra");
    let kept = |connection: &str, asked| keep_asked(&org, connection, asked);
    kept(
        "okta",
        NewAsked {
            method: "PATCH",
            path: format!("/Users/{}", user(&org, "bo.okta")),
            status: 200,
            user: Some(user(&org, "bo.okta")),
            ..NewAsked::default()
        },
    );
    kept(
        "okta",
        NewAsked {
            method: "POST",
            path: "/Users".into(),
            status: 409,
            error: Some("somebody has this name".into()),
            ..NewAsked::default()
        },
    );
    kept(
        "entra",
        NewAsked {
            method: "DELETE",
            path: "/Groups/7".into(),
            status: 404,
            error: Some("no such group".into()),
            ..NewAsked::default()
        },
    );
    let mut play = Play::open(org);
    play.keys(":inbox<enter>");
    assert!(
        play.line("DELETE Groups").contains("404"),
        "{}",
        play.screen()
    );
    play.keys("6/okta<enter>l");
    let done = play.line("bo.okta@");
    assert!(
        done.contains("200") && done.contains("PATCH Users") && done.contains("nothing to change"),
        "{}",
        play.screen()
    );
    assert!(!play.shows("DELETE Groups"), "{}", play.screen());
    play.keys("F");
    assert!(
        play.shows("failed requests of okta") && !play.shows("bo.okta@"),
        "{}",
        play.screen()
    );
    assert!(
        play.line("POST Users").contains("somebody has"),
        "{}",
        play.screen()
    );
    play.keys("F/bo.okta<enter><enter>");
    assert!(play.shows("Timeline"), "{}", play.screen());
}

#[test]
fn a_form_says_what_a_provider_owns_and_overrides_it() {
    let mut play = Play::open(org("okta"));
    play.keys("/bo.okta<enter>e");
    assert!(play.shows("okta owns it"), "{}", play.screen());
    play.keys("<down>robert@acme.example<enter>");
    assert!(play.shows("owned by okta"), "{}", play.screen());
    play.keys("<esc><up><up>yes<enter>");
    assert!(!play.shows("owned by okta"), "{}", play.screen());
    play.keys("c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher edit bo.okta@acme.example --set user_name=robert@acme.example --override")
    );
    play.keys("y");
    assert!(play.shows("1 edited"), "{}", play.screen());
}

#[test]
fn what_failed_is_replayed_from_the_inbox_through_a_plan_in_the_connections_place() {
    let org = org("okta");
    let other = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let okta = other
        .read()
        .and_then(|it| it.connection("okta"))
        .expect("a connection")
        .id;
    let session = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
    let (answer, answered) = std::sync::mpsc::channel();
    let asked = NewAsked {
        method: "POST",
        path: "/Users".into(),
        status: 403,
        error: Some("no seat was free".into()),
        body: Some("{}".into()),
        ..NewAsked::default()
    };
    session.keep_asked(vec![asked], move |kept| answer.send(kept).expect("heard"));
    answered.recv().expect("answered").expect("kept");
    let replay = Replay::new(|_, asked| {
        assert_eq!((asked.method.as_str(), asked.status), ("POST", 403));
        let mut person = Provision::of(ProvisionTarget::New);
        let address = Some("late.okta@acme.example".to_owned());
        person.set = vec![(Field::UserName, address.clone()), (Field::Email, address)];
        Ok(Command::Provision(person))
    });
    let settings = Settings {
        replay: Some(replay),
        ..Settings::default()
    };
    let mut play = Play::with(org, settings, Size::new(100, 24));
    play.keys(":inbox<enter>FP");
    assert!(play.shows("usher idp replay"), "{}", play.screen());
    assert!(play.shows("Replay request"), "{}", play.screen());
    play.keys("yF");
    assert!(
        play.line("POST Users").contains("replayed"),
        "{}",
        play.screen()
    );
    assert_eq!(
        user(&play.org, "late.okta"),
        other
            .read()
            .and_then(|it| it.find_user("late.okta@acme.example"))
            .expect("a person")
            .id
    );
    play.keys("P");
    assert!(!play.shows("Apply this?"), "{}", play.screen());
}

#[test]
fn without_the_way_to_replay_the_command_is_named() {
    let mut play = Play::open(org("okta"));
    play.keys(":inbox<enter>P");
    assert!(!play.shows("Apply this?"), "{}", play.screen());
}

#[test]
fn marks_end_with_what_they_were_for_and_with_being_listed() {
    let org = org("okta");
    off(&org, "okta", "ana bo carl dora emil");
    let mut play = Play::open(org);
    play.keys(":held<enter><space><space>A");
    assert!(play.shows("Release 2 people"), "{}", play.screen());
    play.keys("y");
    assert!(!play.shows("2 marked"), "{}", play.screen());
    // The one under the cursor is marked, and somebody else lets it go.
    let gone = play
        .app
        .board()
        .and_then(|it| Some(it.current()?.cell(0).to_owned()));
    let gone = gone.expect("somebody is held");
    play.keys("<space>");
    assert!(play.shows("1 marked"), "{}", play.screen());
    let user = {
        let session = play.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("readable");
        read.find_user(&gone).expect("a person").id
    };
    play.org.other().done(Command::ReleaseHeld {
        who: usher_core::command::HeldWho::Users(vec![user]),
    });
    play.app.message = None;
    play.event(Event::Committed);
    assert!(
        play.shows("1 marked person is not listed here any more"),
        "{}",
        play.screen()
    );
    play.keys("X");
    assert!(
        play.shows("Reject ") && !play.shows("marked") && !play.shows("nothing would change"),
        "{}",
        play.screen()
    );
}
