//! What forms ask for and what they say of what is typed: inviting, editing many, permissions, instructors.

use ratatui::layout::Size;
use usher_core::command::{Command, FieldEdit, PoolEdit};
use usher_core::model::{FieldKind, Permission, TrainingKind, VisibleTo};

use super::boards;
use super::org::Org;
use super::play::Play;
use crate::app::Settings;
use crate::event::Event;

fn field(org: &Org, name: &str, kind: FieldKind, required: bool) {
    org.other().done(Command::AddField {
        name: name.into(),
        kind,
        set: FieldEdit {
            required: Some(required),
            visible_to: Some(VisibleTo::Everybody),
            ..FieldEdit::default()
        },
    });
}

/// A console of 120 by 35 on the usual organization, with two custom fields, of which one is required.
fn with_fields() -> Play {
    let org = boards::org();
    field(&org, "Office", FieldKind::Text, false);
    field(&org, "Cost center", FieldKind::Text, true);
    Play::with(org, Settings::default(), Size::new(120, 35))
}

fn line(play: &Play) -> String {
    let line = play.app.sheet.as_ref().and_then(|it| it.proposal());
    line.map(|it| it.command_line.clone()).unwrap_or_default()
}

#[test]
fn who_is_invited_gets_what_is_required_of_them() {
    let mut play = with_fields();
    play.keys("i")
        .event(Event::Paste("Zoe Zander <zoe@acme.example>".into()));
    play.keys("<down>");
    assert!(play.line(">Cost center").len() > 3, "{}", play.screen());
    assert!(play.shows("Required"), "{}", play.screen());
    play.keys("4711<enter>");
    assert!(play.shows("Invite 1 person"), "{}", play.screen());
    assert!(
        line(&play).contains("--field 'Cost center=4711'"),
        "{}",
        line(&play)
    );
    play.keys("y/zoe<enter><enter>");
    assert!(play.shows("4711"), "{}", play.screen());
}

#[test]
fn an_account_can_be_made_at_once() {
    let mut play = with_fields();
    play.keys("i")
        .event(Event::Paste("Zoe Zander <zoe@acme.example>".into()));
    play.keys("<down>4711<pgdn><up>");
    assert!(play.line(">account").len() > 3, "{}", play.screen());
    play.keys("<ctrl-u>active<enter>");
    assert!(
        play.shows("Create accounts of 1 person"),
        "{}",
        play.screen()
    );
    assert!(line(&play).starts_with("usher create "), "{}", line(&play));
    play.keys("y");
    assert!(play.line("zoe@").contains("active"), "{}", play.screen());
}

#[test]
fn a_custom_field_is_set_for_many() {
    let mut play = with_fields();
    play.keys("<space><space>e");
    for _ in 0..20 {
        if play.line(">Office").is_empty() {
            play.keys("<down>");
        }
    }
    play.keys("Oslo<enter>");
    assert!(
        line(&play).contains("--field Office=Oslo"),
        "{}",
        line(&play)
    );
    play.keys("y");
    assert!(play.shows("2 edited"), "{}", play.screen());
}

#[test]
fn a_form_that_is_longer_than_the_screen_says_so() {
    let mut play = Play::with(boards::org(), Settings::default(), Size::new(80, 20));
    play.keys("/ana<enter>e");
    assert!(play.shows("more below"), "{}", play.screen());
    play.keys("<pgdn>");
    assert!(
        play.shows("more above") && !play.shows("more below"),
        "{}",
        play.screen()
    );
}

#[test]
fn a_mistyped_domain_is_questioned_before_anybody_is_invited() {
    let mut play = Play::open(boards::org());
    play.keys("i")
        .event(Event::Paste("Zoe Zander <zoe@acme.exmaple>".into()));
    play.keys("<enter>");
    assert!(
        play.shows("zoe@acme.exmaple: did you mean zoe@acme.example?"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.app.sheet.is_some(), "one key is not enough");
    play.keys("1<enter>");
    assert!(play.shows("1 invited"), "{}", play.screen());
    play.keys("<esc>i")
        .event(Event::Paste("Yan Yu <yan@acme.example>".into()));
    play.keys("<enter>");
    assert!(!play.shows("Mistyped"), "{}", play.screen());
}

#[test]
fn people_become_administrators_from_where_they_are_listed() {
    let mut play = Play::open(boards::org());
    play.keys("/ana<enter>=");
    assert!(play.shows("Permissions of Li, Ana"), "{}", play.screen());
    play.keys("manage_u<tab><enter>");
    assert!(
        play.shows("usher admin grant manage_users ana.li@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.shows("1 given permissions"), "{}", play.screen());
    // On their own screen, where it is seen.
    play.keys("<enter>");
    assert!(
        play.shows("manage users") || play.shows("manage_users"),
        "{}",
        play.screen()
    );
    play.keys("=<down>manage_users<enter>");
    assert!(
        play.shows("usher admin revoke manage_users"),
        "{}",
        play.screen()
    );
    play.keys("<esc><esc><esc>");
    // What another screen does by that key goes before there, and the menu has both.
    play.keys("3<enter>=");
    assert!(play.shows("Role of"), "{}", play.screen());
    play.keys("<esc>:permis<enter>");
    assert!(play.shows("Permissions of"), "{}", play.screen());
}

#[test]
fn what_waits_for_a_second_administrator_is_told_whole_on_a_small_screen() {
    let org = boards::org();
    for who in ["ana.li", "bo.rossi"] {
        org.other().done(Command::GrantPermissions {
            who: org.ids(who),
            permissions: vec![Permission::Owner, Permission::ManageUsers],
        });
    }
    let mut play = Play::open(org);
    play.keys("/carl<enter>=authorized_purchaser<enter>y");
    assert!(play.shows("1 to approve"), "{}", play.screen());
    // Everything about it is told on a small screen.
    play.keys(":approvals<enter>");
    let row = play.line("carl.weber@");
    assert!(
        row.contains("file owner") && row.contains("2026-") && row.contains("authorized purchaser"),
        "{}",
        play.screen()
    );
}

#[test]
fn who_holds_a_session_is_seen_and_set() {
    let org = boards::org();
    org.other().done(Command::AddTraining {
        name: "Kick-off".into(),
        kind: TrainingKind::Session,
        pool: None,
        held_on: Some("2027-03-01".parse().expect("a day")),
    });
    let mut play = Play::with(org, Settings::default(), Size::new(140, 30));
    play.keys("4/kick<enter>=");
    assert!(play.shows("Instructors of Kick-off"), "{}", play.screen());
    play.keys("ana<tab>");
    assert!(
        play.line(">add").contains("ana.li@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.shows("usher training instructor add Kick-off ana.li@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.line("Kick-off").contains("ana.li@"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.shows("held by ana.li@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("<esc>=<down>nobody@acme.example<enter>");
    assert!(play.shows("nobody@acme.example"), "{}", play.screen());
    play.keys("<esc><esc><esc><esc>4/onb<enter>=");
    assert!(
        play.shows("only sessions have instructors"),
        "{}",
        play.screen()
    );
}

#[test]
fn a_manager_is_found_by_name() {
    let mut play = Play::open(boards::org());
    play.keys("/ana<enter>b");
    assert!(play.shows("Manager of Li, Ana"), "{}", play.screen());
    play.keys("ross");
    assert!(
        play.line("tab")
            .contains("bo.rossi@acme.example (Bo Rossi)"),
        "{}",
        play.screen()
    );
    play.keys("<tab><enter>");
    assert!(
        line(&play).ends_with("--manager bo.rossi@acme.example"),
        "{}",
        line(&play)
    );
    play.keys("<esc><ctrl-u>zzz");
    assert!(play.shows("nobody is called zzz"), "{}", play.screen());
}

#[test]
fn names_that_there_are_not_are_told_while_they_are_typed() {
    let mut play = Play::open(boards::org());
    play.keys("/ana<enter>+coach");
    assert!(!play.shows("there is no"), "{}", play.screen());
    play.keys("x");
    assert!(
        play.shows("there is no add-on pool coachx"),
        "{}",
        play.screen()
    );
    play.keys("<esc><esc>oSal");
    assert!(!play.shows("there is no"), "{}", play.screen());
    play.keys("<enter>");
    assert!(play.shows("there is no group Sal"), "{}", play.screen());
    play.keys("es<enter>");
    assert!(play.app.sheet.is_some(), "{}", play.screen());
}

#[test]
fn buying_less_than_is_held_takes_its_number() {
    let mut play = Play::open(boards::org());
    play.keys("2e<ctrl-u>2<enter>");
    assert!(play.shows("Type 2 and press enter"), "{}", play.screen());
    play.keys("y2<enter>");
    assert!(play.shows("access 5/2"), "{}", play.screen());
}

#[test]
fn who_was_marked_for_the_last_batch_is_marked_again() {
    let mut play = Play::open(boards::org());
    play.keys("R");
    assert!(
        play.shows("nobody was marked for a batch yet"),
        "{}",
        play.screen()
    );
    play.keys("/status:active -olga<enter>*d3<enter>");
    assert!(play.shows("3 deactivated"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.shows("3 deactivated") || !play.shows("marked"),
        "{}",
        play.screen()
    );
    // Nobody is active any more but whom the query leaves out.
    play.keys("<esc><esc>R");
    assert!(play.shows("nobody is marked"), "{}", play.screen());
    play.keys("z3<enter>");
    play.keys("/a<enter><space>d");
    play.keys("<esc>MR");
    assert!(
        play.app.users.marks.typed() == Some("status:active -olga"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_line_of_seats_never_cuts_a_name() {
    let org = boards::org();
    for name in [
        "advanced-coaching",
        "library-of-content",
        "simulations",
        "certificates",
    ] {
        org.other().done(Command::AddPool {
            name: name.parse().expect("a name"),
            set: PoolEdit {
                purchased: Some(0),
                ..PoolEdit::default()
            },
        });
    }
    let play = Play::open(org);
    let seats = play.line("access ");
    assert!(
        seats.contains(" more") && !seats.contains('…') && seats.chars().count() <= 80,
        "{seats}"
    );
}
