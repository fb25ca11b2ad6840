//! Whom actions are for on every screen, what is copied of them, and the command line and the words that tell what was done.

use usher_core::command::{Command, Edit};
use usher_core::model::GroupRole;

use super::org::Org;
use super::play::Play;
use crate::effect::Effect;

/// So many people, all of them in a group.
fn group_of(n: usize) -> Org {
    let names: Vec<_> = (0..n).map(|i| format!("p{i:03}")).collect();
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

fn copied(play: &Play) -> Vec<&str> {
    play.copied.as_deref().unwrap_or_default().lines().collect()
}

#[test]
fn all_marked_people_are_copied_on_the_screen_or_not() {
    let mut play = Play::open(group_of(250));
    play.keys("*y<enter>");
    assert_eq!(copied(&play).len(), 251, "{}", play.screen());
    assert!(play.shows("copied 251 lines"), "{}", play.screen());
    // A filter hides them, and another person is under the cursor.
    play.keys("M<space><space>/p200<enter>");
    assert!(
        play.shows("2 marked, 2 of them not in the list"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.shows("Copy of 2 marked, 2 of them not in the list"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert_eq!(copied(&play), ["p000@acme.example", "p001@acme.example"]);
}

#[test]
fn more_than_a_clipboard_takes_is_not_copied_in_part() {
    let mut play = Play::open(group_of(250));
    play.keys("*yids<enter>");
    assert!(
        play.shows("nothing is copied: 251 people are more than"),
        "{}",
        play.screen()
    );
    assert_eq!(play.copied, None);
}

#[test]
fn marked_members_of_a_group_are_copied_too() {
    let mut play = Play::open(group_of(210));
    play.keys("3<enter>*y<enter>");
    assert_eq!(copied(&play).len(), 210, "{}", play.screen());
    play.keys("Mj");
    play.keys("y");
    assert!(copied(&play).concat().contains("p001@"), "one row");
}

#[test]
fn marks_that_a_filter_hides_are_told_on_every_screen() {
    let mut play = Play::open(group_of(23));
    play.keys("3<enter>*");
    assert!(
        play.line("23 marked").contains("23 marked   row 1 of 23"),
        "{}",
        play.screen()
    );
    play.keys("/p00<enter>/<ctrl-u>p000<enter>");
    let said = "23 marked, 22 of them not in the list";
    assert!(play.shows(said), "{}", play.screen());
    play.keys("d");
    assert!(
        play.shows(said) && play.shows("Deactivate 23 people"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.shows("23 deactivated"), "{}", play.screen());
    play.keys("<esc>");
    assert!(!play.shows("marked"), "{}", play.screen());
}

#[test]
fn of_a_list_that_is_not_read_to_its_end_hidden_marks_are_told_too() {
    let mut play = Play::open(group_of(250));
    play.keys("3<enter>*/p00<enter>");
    assert!(
        play.shows("250 marked, 240 of them not in the list"),
        "{}",
        play.screen()
    );
}

#[test]
fn what_a_screen_does_with_people_it_does_with_the_marked_ones() {
    let mut play = Play::open(group_of(3));
    play.keys("3<enter><space><space>=");
    assert!(play.shows("Role of 2 marked in Sales"), "{}", play.screen());
    play.keys("coach<enter>");
    assert!(play.shows("Edit 2 people"), "{}", play.screen());
    play.keys("y");
    assert_eq!(play.screen().matches("coach").count(), 2);
    assert!(!play.shows("2 marked"), "{}", play.screen());
    play.keys("*<delete>");
    assert!(
        play.shows("Edit 3 people") && play.shows("usher edit p000@"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.shows("nobody is in this group"), "{}", play.screen());
}

#[test]
fn what_is_for_one_person_refuses_several_marks() {
    let names: Vec<_> = (0..6).map(|i| format!("q{i}")).collect();
    let mut play = Play::open(Org::new(3).people(&names.join(" ")));
    play.keys("2<enter><space><space>K");
    assert!(
        play.shows("2 people are marked, and this is for one"),
        "{}",
        play.screen()
    );
    play.keys("M<space>H");
    assert!(!play.shows("this is for one"), "{}", play.screen());
}

#[test]
fn few_marked_people_are_named_and_many_are_lines_of_input() {
    let mut play = Play::open(group_of(150));
    play.keys("3<enter><space><space><space><space><space><space><space><space>dc");
    let line = play.copied.clone().unwrap_or_default();
    assert!(
        line.starts_with("usher deactivate p000@acme.example p001@acme.example")
            && line.ends_with("p007@acme.example"),
        "{line}"
    );
    play.keys("<esc>*d");
    assert!(
        play.shows("usher deactivate - --yes <<'END'")
            && play.shows("(c copies it with its 150 lines)"),
        "{}",
        play.screen()
    );
    play.keys("c");
    let lines = copied(&play);
    assert_eq!(lines.first(), Some(&"usher deactivate - --yes <<'END'"));
    assert_eq!(lines.get(1), Some(&"p000@acme.example"));
    assert_eq!((lines.len(), lines.last()), (152, Some(&"END")));
}

#[test]
fn whoever_is_queued_was_given_nothing() {
    let org = Org::new(9).people("ana bo carl").pool("coaching", 1);
    let mut play = Play::open(org);
    play.keys("/-olga<enter>*+coaching<enter>");
    assert!(play.shows("not enough room"), "{}", play.screen());
    play.keys("q");
    play.keys("y");
    assert!(
        play.shows("1 given a license · 2 queued"),
        "{}",
        play.screen()
    );
    play.keys("<esc>/<ctrl-u>-olga<enter>");
    assert!(
        play.shows("given a license 1 · queued 2 · console"),
        "{}",
        play.screen()
    );
    let mut play = Play::open(Org::new(1));
    play.keys("i");
    play.event(crate::event::Event::Paste("zoe@acme.example".into()));
    play.keys("<enter>q");
    play.keys("y");
    assert!(
        play.shows("1 queued") && !play.shows("1 invited"),
        "{}",
        play.screen()
    );
}

#[test]
fn marking_all_of_nobody_marks_nobody() {
    let mut play = Play::open(Org::new(9).people("ana bo"));
    play.keys("/=nobody@x<enter>*");
    assert!(!play.shows("0 marked"), "{}", play.screen());
    play.keys("<esc>d");
    assert!(play.shows("Deactivate 1 person"), "{}", play.screen());
}

#[test]
fn the_lines_of_a_long_plan_are_one_row_each_or_whole() {
    let names: Vec<_> = (0..20).map(|i| format!("person{i:02}")).collect();
    let org = Org::new(30).people(&names.join(" "));
    let mut play = Play::open(org);
    play.keys("/-olga<enter>*d");
    assert!(play.line("person00@").contains('…'), "{}", play.screen());
    play.keys("w");
    let screen = play.screen();
    assert!(
        play.shows("access consumed → none") && !screen.contains('…'),
        "{screen}"
    );
    // The last one is reached, and all of it.
    play.keys("G");
    assert!(play.shows("person19@"), "{}", play.screen());
    play.keys("g<pgdn>");
    assert!(!play.shows("person00@"), "{}", play.screen());
}

#[test]
fn a_text_that_is_copied_says_so_and_a_long_change_is_seen_whole() {
    let mut play = Play::open(super::boards::org());
    play.keys("6t");
    play.keys("y");
    assert!(
        play.shows("The new token, shown this once"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.shows("it is copied"), "{}", play.screen());

    let mut play = Play::open(Org::new(9).people("ana bo"));
    play.keys("=authorized_purchaser,manage_reports,manage_assignments<enter>");
    let screen = play.screen();
    let list = screen.split("Command").nth(1).unwrap_or_default();
    assert!(
        list.contains("manage_assignments") && !list.contains('…'),
        "{screen}"
    );
}

#[test]
fn the_list_follows_a_key_in_the_filter_at_once() {
    let mut play = Play::open(Org::new(9).people("ana bo"));
    let reads = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|it| matches!(it, Effect::ReadWindow(_)))
            .count()
    };
    let effects = play.keys_alone("/b");
    assert_eq!(reads(&effects), 1, "without waiting for a rest");
    // While that is being read, no key asks for more.
    let more = play.keys_alone("ozz");
    assert_eq!(reads(&more), 0);
    play.until_idle(effects.into_iter().chain(more).collect());
    assert!(play.shows("nobody is found"), "{}", play.screen());
    // What cannot be understood yet is told when the keyboard rests.
    let effects = play.keys_alone("<ctrl-u>stauts:");
    assert!(!play.shows("stauts:x"), "{}", play.screen());
    play.until_idle(effects);
}

#[test]
fn who_chose_one_way_when_there_is_no_room_may_choose_the_other() {
    let org = Org::new(9).people("ana bo carl").pool("coaching", 1);
    let mut play = Play::open(org);
    play.keys("/-olga<enter>*+coaching<enter>f");
    assert!(play.shows("q queue the rest"), "{}", play.screen());
    play.keys("q");
    assert!(
        play.shows("--queue-rest") && play.shows("f fewer"),
        "{}",
        play.screen()
    );
    play.keys("f");
    assert!(play.shows("--fewer"), "{}", play.screen());
}

#[test]
fn a_line_of_a_form_that_is_wrong_has_a_sign_when_it_was_left() {
    let mut play = Play::open(super::boards::org());
    play.keys("i<down>nogroup<down>");
    assert!(
        play.line("groups").contains("! groups") || play.line("groups").contains("!groups"),
        "{}",
        play.screen()
    );
    play.keys("<up>");
    assert!(!play.line("groups").contains('!'), "{}", play.screen());
}

#[test]
fn what_menus_and_the_help_say_is_read_to_its_end() {
    let mut play = Play::open(super::boards::org());
    play.keys("?");
    assert!(!play.screen().contains('…'), "{}", play.screen());
    play.keys("q:erase");
    assert!(
        play.shows("Destroy the personal data of deleted people; this has no undo."),
        "{}",
        play.screen()
    );
    play.keys("<esc>/ana<enter><enter>");
    let id = play.line("   id ");
    let id = id.split_whitespace().nth(1).unwrap_or_default();
    assert_eq!(id.len(), 36, "{}", play.screen());
}

#[test]
fn a_day_that_has_begun_and_a_name_of_several_are_told_in_the_form() {
    let org = Org::new(9).people("ana tuan.le tuan.vo");
    let mut play = Play::open(org);
    play.keys("/ana<enter>e");
    let form = play.app.form.as_ref().expect("a form");
    let at = form.fields.iter().position(|it| it.label == "delete on");
    play.keys(&"<down>".repeat(at.expect("a line")));
    play.keys("2020-01-01");
    assert!(
        play.shows("that day has begun already"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-u>2099-01-01");
    assert!(!play.shows("has begun"), "{}", play.screen());
    play.keys("<esc><esc>btuan<enter>");
    assert!(
        play.shows("several people are called tuan"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-u>tuan.vo@acme.example<enter>");
    assert!(play.shows("Edit 1 person"), "{}", play.screen());
}
