//! What whoever sits here chooses of the looks: order, colours, frames. And one value for many people whom a provider owns.

use usher_core::command::{Command, Edit, FieldEdit};
use usher_core::model::{FieldKind, VisibleTo};

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
fn what_was_asked_for_when_it_was_started_is_not_kept_beside_what_was_chosen() {
    let mut play = Play::open(Org::new(5));
    play.app.settings.theme = Theme::Mono;
    play.keys("<ctrl-p>");
    let kept = &play.app.settings.kept;
    assert!(kept.plain && kept.theme.is_empty(), "{kept:?}");
    play.keys("<ctrl-n>");
    let kept = &play.app.settings.kept;
    assert!(kept.plain && !kept.theme.is_empty(), "{kept:?}");
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

#[test]
fn a_custom_field_is_a_column_in_its_place_and_in_a_view_under_whatever_name() {
    let org = Org::new(5).people("ana bo");
    let other = org.other();
    other.done(Command::AddField {
        name: "Cost center".into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            visible_to: Some(VisibleTo::Everybody),
            ..FieldEdit::default()
        },
    });
    let mut edit = Edit::of(org.ids("ana"));
    edit.fields = vec![("Cost center".into(), Some("4711".into()))];
    other.done(Command::Edit(edit));
    let mut play = Play::open(org);
    play.keys("ccost center, name, email<enter>");
    assert!(
        play.line("Cost center").contains("Name"),
        "{}",
        play.screen()
    );
    let line = play.line("ana");
    assert!(line.find("4711") < line.find("ana"), "{}", play.screen());
    play.keys("Vsave<enter>Centers<enter>");
    assert!(play.shows("is saved"), "{}", play.screen());
    play.org.other().done(Command::SetField {
        name: "Cost center".into(),
        set: FieldEdit {
            name: Some("Kostenstelle".into()),
            ..FieldEdit::default()
        },
    });
    let mut again = Play::open(play.org);
    again.keys("Vcenters<enter>");
    assert!(
        again.shows("Kostenstelle") && again.shows("4711"),
        "{}",
        again.screen()
    );
    again.keys("c");
    assert!(
        again.shows("Kostenstelle, name, email"),
        "{}",
        again.screen()
    );
}
