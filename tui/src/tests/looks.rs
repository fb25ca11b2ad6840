//! What whoever sits here chooses of the looks: order, colours, frames. And one value for many people whom a provider owns.

use super::held;
use super::org::Org;
use super::play::Play;
use crate::theme::{Depth, Theme};

#[test]
fn colours_are_tried_in_turn_and_frames_left_out() {
    let mut play = Play::open(Org::new(5));
    play.keys("<ctrl-n>");
    assert!(play.shows("colours: dark"), "{}", play.screen());
    assert_eq!(play.app.settings.theme, Theme::Dark(Depth::Indexed));
    play.keys("<ctrl-p>");
    assert!(play.shows("without frames"), "{}", play.screen());
    play.keys("i");
    assert!(!play.shows("│"), "{}", play.screen());
    play.keys("<esc><ctrl-p>i");
    assert!(play.shows("│"), "{}", play.screen());
}

#[test]
fn many_people_are_edited_against_the_provider_that_owns_them_by_override() {
    let mut play = Play::open(held::org("okta"));
    play.keys("/okta<enter>*e");
    assert!(play.shows("override"), "{}", play.screen());
    play.keys("Ana<up>yes<enter>c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(copied.ends_with("--override"), "{copied}");
}
