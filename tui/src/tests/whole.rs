//! Marking all of a list that is longer than what was read of it.

use usher_core::command::{Command, Edit};
use usher_core::model::GroupRole;

use super::org::Org;
use super::play::Play;

/// More people than a screen's list reads at first, all in one group.
fn many() -> Org {
    let names: Vec<_> = (0..250).map(|i| format!("p{i:03}")).collect();
    let names = names.join(" ");
    let org = Org::new(600).people(&names);
    let other = org.other();
    other.done(Command::AddGroup {
        name: "Sales".into(),
    });
    let mut edit = Edit::of(org.ids(&names));
    edit.add_groups = vec![("Sales".into(), GroupRole::Learner)];
    other.done(Command::Edit(edit));
    org
}

#[test]
fn all_members_of_a_group_are_marked_not_only_those_that_were_read() {
    let mut play = Play::open(many());
    play.keys("3<enter>");
    assert!(play.shows("200+"), "{}", play.screen());
    play.keys("*");
    assert!(play.shows("250 marked"), "{}", play.screen());
    play.keys("d");
    assert!(play.shows("Deactivate 250 people"), "{}", play.screen());
}

#[test]
fn whoever_acts_at_once_acts_on_all() {
    let mut play = Play::open(many());
    play.keys("3<enter>").keys_at_once("*d");
    assert!(play.shows("Deactivate 250 people"), "{}", play.screen());
}

#[test]
fn a_filter_bounds_what_is_marked_and_marks_add_up() {
    let mut play = Play::open(many());
    play.keys("3<enter>/p24<enter>*");
    assert!(play.shows("10 marked"), "{}", play.screen());
    play.keys("/<ctrl-u>p00<enter>*");
    assert!(play.shows("20 marked"), "{}", play.screen());
}

#[test]
fn who_goes_back_while_all_are_being_marked_has_marked_nobody() {
    let mut play = Play::open(many());
    play.keys("3<enter>");
    let effects = play.keys_alone("*");
    assert!(play.shows("marking everybody"), "{}", play.screen());
    play.event(crate::event::Event::Key(crate::key::Key::Escape));
    play.until_idle(effects);
    assert!(
        !play.shows("marked") && play.shows("group Sales"),
        "{}",
        play.screen()
    );
}

#[test]
fn all_invitations_and_all_who_queue_are_marked() {
    let names: Vec<_> = (0..230).map(|i| format!("w{i:03}")).collect();
    let org = Org::new(300).waiting(&names.join(" "));
    let mut play = Play::open(org);
    play.keys("5*");
    assert!(play.shows("230 marked"), "{}", play.screen());
    let names: Vec<_> = (0..300).map(|i| format!("q{i:03}")).collect();
    let mut play = Play::open(Org::new(5).people(&names.join(" ")));
    play.keys("2<enter>*");
    assert!(play.shows("296 marked"), "{}", play.screen());
}
