//! A day's work in keys.

use usher_core::command::{Command, Edit};
use usher_core::model::{BatchId, Field};

use super::org::Org;
use super::play::Play;
use crate::event::Event;
use crate::key::Key;

fn five() -> Play {
    Play::open(
        Org::new(10)
            .people("ana bo carl")
            .waiting("dora")
            .inactive("emil"),
    )
}

#[test]
fn the_header_says_what_is_free_and_who_waits() {
    let play = Play::open(
        Org::new(6)
            .people("ana bo")
            .waiting("dora")
            .pool("coaching", 0),
    );
    assert_eq!(
        play.line("access"),
        " access 4/6 · 2 free   1 waiting   coaching 0/0 full"
    );
}

#[test]
fn the_list_follows_the_filter_as_it_is_typed() {
    let mut play = five();
    play.keys("/status:waiting");
    assert!(play.shows("dora@acme.example") && !play.shows("ana@acme.example"));
    assert!(play.shows("1 person"));
    play.keys("<esc>");
    assert!(play.shows("ana@acme.example") && play.shows("6 people"));
}

#[test]
fn a_filter_is_offered_again_and_typing_replaces_it() {
    let mut play = five();
    play.keys("/status:waiting<enter>/status:inactive<enter>");
    assert!(play.shows("/ status:inactive") && play.shows("emil@acme.example"));
    play.keys("/<end> -emil<enter>");
    assert!(play.shows("/ status:inactive -emil") && play.shows("0 people"));
}

#[test]
fn a_filter_that_cannot_be_understood_keeps_the_list_and_says_where() {
    let mut play = five();
    play.keys("/status:waiting");
    play.event(Event::Paste(" colour:red".into()));
    assert!(play.shows("dora@acme.example"), "{}", play.screen());
    assert!(
        play.shows("there is no field \"colour\""),
        "{}",
        play.screen()
    );
    let under = play
        .looks(crate::theme::Theme::Mono)
        .lines()
        .nth(2)
        .unwrap_or_default()
        .to_owned();
    assert_eq!(
        under.find('u'),
        Some("/ status:waiting ".len()),
        "the place is underlined: {under}"
    );
    play.keys("<enter>");
    assert!(
        play.app.users.filter.bar.is_some(),
        "enter does not take what is not understood"
    );
}

#[test]
fn fields_and_values_are_completed_while_typing() {
    let mut play = five();
    play.keys("/sta");
    assert!(play.shows("tab status:"), "{}", play.screen());
    play.keys("<tab>w");
    assert!(play.shows("tab waiting"), "{}", play.screen());
    play.keys("<tab><enter>");
    assert!(
        play.shows("/ status:waiting") && play.shows("dora@"),
        "{}",
        play.screen()
    );
    play.org.other().done(Command::AddGroup {
        name: "Sales north".into(),
    });
    play.keys("/<ctrl-u>gr<tab>sal<tab>");
    assert!(play.shows("/ group:\"Sales north\""), "{}", play.screen());
    play.keys("<esc>");
    assert!(!play.shows("tab "), "{}", play.screen());
}

#[test]
fn columns_and_order_are_chosen_and_kept_as_a_view() {
    let mut play = five();
    play.keys("cem<tab>, ti<tab><down>seen<down>yes<enter>");
    assert!(
        play.shows("Email") && play.shows("Title") && !play.shows("Area"),
        "{}",
        play.screen()
    );
    play.keys("/status:active<enter>Vsave<enter>Mine<enter>");
    assert!(play.shows("view Mine is saved"), "{}", play.screen());
    let mut later = Play::open(play.org);
    assert!(later.shows("Area"));
    later.keys("Vmine<enter>");
    assert!(
        later.shows("/ status:active") && later.shows("Title") && !later.shows("dora@"),
        "{}",
        later.screen()
    );
    later.keys("Vforget<enter>V");
    assert!(!later.shows("Mine"), "{}", later.screen());
}

#[test]
fn the_order_can_be_turned_round() {
    let mut play = five();
    play.keys("S");
    assert!(play.shows("sorted by name, backwards"), "{}", play.screen());
    play.keys("g");
    assert_eq!(play.under_cursor(), "olga@acme.example");
}

#[test]
fn marks_outlive_filters_and_say_how_many_are_hidden() {
    let mut play = five();
    play.keys("  ");
    assert!(play.shows("2 marked"));
    play.keys("/status:waiting<enter> ");
    assert!(
        play.shows("3 marked, 2 of them not in the list"),
        "{}",
        play.screen()
    );
    play.keys("m");
    assert!(
        play.shows("ana@acme.example") && play.shows("dora@acme.example") && play.shows("3 people"),
        "{}",
        play.screen()
    );
    play.keys("m");
    assert!(!play.shows("ana@acme.example"));
    play.keys("M");
    assert!(!play.shows("marked"));
}

#[test]
fn marking_all_marks_whom_the_query_finds_then() {
    let mut play = five();
    play.keys("/status:active<enter>*");
    assert!(play.shows("4 marked"), "{}", play.screen());
    play.keys("jj ");
    assert!(play.shows("3 marked"), "{}", play.screen());
    play.keys("t");
    assert!(play.shows("1 marked"), "{}", play.screen());
    play.keys("<esc>");
    assert!(
        play.shows("1 marked"),
        "the marks do not depend on the filter: {}",
        play.screen()
    );
}

#[test]
fn a_range_marks_everybody_between() {
    let mut play = five();
    play.keys("vjjv");
    assert!(play.shows("3 marked"));
    play.keys("Gvkv");
    assert!(play.shows("5 marked"), "{}", play.screen());
}

#[test]
fn people_are_deactivated_through_a_plan_and_undone() {
    let mut play = five();
    play.keys("/status:active -olga<enter>*d");
    assert!(
        play.shows("Deactivate 3 people") && play.shows("active → inactive 3"),
        "{}",
        play.screen()
    );
    assert!(play.shows("held 5 → 2   free 5 → 8"), "{}", play.screen());
    assert!(
        play.shows("usher deactivate 'status:active -olga'"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.shows("3 deactivated · batch") && play.shows("z undo"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("access 2/10") && !play.shows("marked"),
        "{}",
        play.screen()
    );
    play.keys("z");
    assert!(play.shows("3 people change back"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.shows("access 5/10") && play.shows("3 undone"),
        "{}",
        play.screen()
    );
}

#[test]
fn undo_finds_the_last_batch_of_an_earlier_console() {
    let mut play = five();
    play.keys("dy");
    let mut later = Play::open(play.org);
    later.keys("z");
    assert!(
        later.shows("Undo batch") && later.shows("1 person change"),
        "{}",
        later.screen()
    );
}

#[test]
fn nothing_is_applied_that_was_cancelled_or_not_shown() {
    let mut play = five();
    play.keys("d<esc>");
    assert!(play.app.sheet.is_none() && play.shows("access 5/10"));
    play.keys_at_once("dy");
    assert!(
        play.app.sheet.is_some(),
        "a key before the plan is shown confirms nothing"
    );
    assert!(play.shows("Apply this?"));
}

#[test]
fn many_people_are_confirmed_by_their_number() {
    let names: Vec<_> = (0..30)
        .map(|i| format!("p{i}.{}", "abcdefghij".repeat(2)))
        .collect();
    let mut play = Play::open(Org::new(50).people(&names.join(" ")));
    play.keys("/-olga<enter>*d");
    assert!(play.shows("Type 30 and press enter"));
    play.keys("y");
    assert!(
        play.app.sheet.is_some() && play.shows("this takes its number"),
        "{}",
        play.screen()
    );
    play.keys("29<enter>");
    assert!(play.shows("that is not it"), "{}", play.screen());
    play.keys("30<enter>");
    assert!(play.shows("30 deactivated"), "{}", play.screen());
}

#[test]
fn who_finds_no_seat_is_queued_or_left_out_by_choice() {
    let org = || Org::new(4).inactive("ana bo carl").people("dora emil");
    let mut play = Play::open(org());
    play.keys("/status:inactive<enter>*r");
    assert!(play.shows("access: 3 needed, 1 free"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.app.sheet.is_some(),
        "what does not fit cannot be confirmed"
    );
    play.keys("f");
    assert!(
        play.shows("Reactivate 1 person") && play.shows("--fewer"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(play.shows("access 4/4 · 0 free"), "{}", play.screen());
    let mut play = Play::open(org());
    play.keys("/status:inactive<enter>*rqy");
    assert!(
        play.shows("access 4/4 · 0 free · 2 queued"),
        "{}",
        play.screen()
    );
}

#[test]
fn a_plan_that_moved_is_shown_again_and_asks_again() {
    let mut play = five();
    play.keys("/status:active -olga<enter>*d");
    let who = play.org.ids("bo");
    play.org.other().done(Command::Deactivate { who });
    play.keys("y");
    assert_eq!(
        play.line("Moved").trim_matches(['│', ' ']),
        "Moved          bo@acme.example no longer changes"
    );
    assert!(
        play.shows("access has 6 free instead of 5"),
        "{}",
        play.screen()
    );
    assert!(play.shows("Deactivate 2 people"), "{}", play.screen());
    play.keys("y");
    assert!(play.shows("2 deactivated"), "{}", play.screen());
}

#[test]
fn skipped_people_are_told_with_their_reason() {
    let mut play = five();
    play.keys("*d");
    assert!(
        play.line("Skipped").contains("already inactive"),
        "{}",
        play.screen()
    );
}

#[test]
fn other_peoples_changes_appear_and_the_cursor_stays_on_its_person() {
    let mut play = five();
    play.keys("jj");
    assert_eq!(play.under_cursor(), "carl@acme.example");
    let org = std::mem::replace(&mut play.org, Org::new(1))
        .people("aaron.aaa bart")
        .inactive("zoe");
    play.org = org;
    play.event(Event::Committed);
    assert_eq!(play.under_cursor(), "carl@acme.example");
    assert!(
        play.shows("aaron.aaa@acme.example") && play.shows("row 5 of 9"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("deactivated 1 · cli · just now"),
        "{}",
        play.screen()
    );
}

#[test]
fn who_leaves_the_filtered_list_leaves_the_cursor_to_the_next() {
    let mut play = five();
    play.keys("/status:active<enter>j");
    assert_eq!(play.under_cursor(), "bo@acme.example");
    let who = play.org.ids("bo");
    play.org.other().done(Command::Deactivate { who });
    play.event(Event::Committed);
    assert_eq!(play.under_cursor(), "carl@acme.example");
}

#[test]
fn keys_typed_ahead_wait_for_their_rows() {
    let mut play = five();
    play.keys_at_once("/status:waiting<enter> ");
    assert!(play.shows("1 marked"), "{}", play.screen());
    play.keys_at_once("<esc>Mgd");
    assert!(play.shows("Ana"), "{}", play.screen());
    assert!(play.shows("Deactivate 1 person"), "{}", play.screen());
}

#[test]
fn a_long_list_is_walked_from_end_to_end_and_never_held_whole() {
    let names: Vec<_> = (0..900).map(|i| format!("p.a{i:04}")).collect();
    let mut play = Play::open(Org::new(1000).people(&names.join(" ")));
    assert!(play.app.users.list.rows().len() < 200);
    for _ in 0..100 {
        play.keys("<pgdn>");
    }
    assert!(play.shows("row 901 of 901"), "{}", play.screen());
    assert!(play.app.users.list.rows().len() < 400);
    for i in (1..=900).rev() {
        play.keys("k");
        assert_eq!(
            play.app.users.list.rank(),
            Some((i, true)),
            "{}",
            play.screen()
        );
    }
    play.keys("G").keys("k");
    assert!(play.shows("row 900 of 901"));
    play.keys("vgjv");
    assert!(
        play.shows("899 marked"),
        "a range reaches over what is not in memory: {}",
        play.screen()
    );
}

#[test]
fn details_follow_the_cursor() {
    let mut play = five();
    play.keys("w");
    assert!(
        play.shows("History") && play.shows("ana@acme.example"),
        "{}",
        play.screen()
    );
    play.keys("j");
    assert!(
        play.shows("bo@acme.example") && !play.shows("ana@acme.example"),
        "{}",
        play.screen()
    );
    let who = play.org.ids("bo");
    let set = vec![(Field::Title, Some("Chief".to_owned()))];
    play.org.other().done(Command::Edit(Edit {
        set,
        ..Edit::of(who)
    }));
    play.event(Event::Committed);
    assert!(play.shows("title Lead → Chief"), "{}", play.screen());
    play.keys("<esc>");
    assert!(!play.shows("History"));
}

#[test]
fn a_read_only_console_looks_and_does_nothing() {
    let settings = crate::app::Settings {
        read_only: true,
        ..Default::default()
    };
    let mut play = Play::with(
        Org::new(5).people("ana"),
        settings,
        ratatui::layout::Size::new(80, 24),
    );
    play.keys("d");
    assert!(play.app.sheet.is_none() && play.shows("read-only"));
}

#[test]
fn an_unknown_outcome_is_repeated_with_the_same_key() {
    use crate::event::{Answer, Outcome};
    let mut play = five();
    play.keys("d");
    let first = play
        .app
        .sheet
        .as_ref()
        .and_then(|it| it.proposal())
        .map(|it| it.request.key.clone());
    let _dropped = play
        .app
        .update(Event::Key(Key::Char('y')), play.org.directory.now());
    let why = "the outcome is unknown".to_owned();
    play.event(Event::Answered(Answer::Applied(Box::new(
        Outcome::Unknown(why),
    ))));
    assert!(play.shows("Unknown"), "{}", play.screen());
    let second = play
        .app
        .sheet
        .as_ref()
        .and_then(|it| it.proposal())
        .map(|it| it.request.key.clone());
    assert!(first.flatten().is_some_and(|it| Some(Some(it)) == second));
    play.keys("y");
    assert!(play.shows("1 deactivated"), "{}", play.screen());
}

#[test]
fn a_failed_reading_is_told_and_not_repeated_for_ever() {
    use crate::event::Answer;
    let mut play = five();
    let effects = play
        .app
        .update(Event::Key(Key::Char('G')), play.org.directory.now());
    assert!(effects.is_empty(), "a short list is in memory");
    let effects = play.app.update(Event::Committed, play.org.directory.now());
    let generation = effects.iter().find_map(|it| match it {
        crate::effect::Effect::ReadWindow(it) => Some(it.generation),
        _ => None,
    });
    let answer = Answer::Window {
        generation: generation.unwrap_or(0),
        result: Err("the disk is on fire".into()),
    };
    let effects = play
        .app
        .update(Event::Answered(answer), play.org.directory.now());
    assert!(effects.is_empty(), "{effects:?}");
    assert!(play.shows("the disk is on fire") && play.shows("ana@acme.example"));
}

#[test]
fn leaving_while_a_plan_is_applied_asks_once() {
    let mut play = five();
    play.keys("d");
    let _dropped = play
        .app
        .update(Event::Key(Key::Char('y')), play.org.directory.now());
    play.keys("q");
    assert!(
        !play.quit && play.shows("q again leaves"),
        "{}",
        play.screen()
    );
    play.keys("q");
    assert!(play.quit);
}

#[test]
fn a_short_id_names_its_batch() {
    let batch = BatchId::from_bytes([0x12; 16]);
    assert_eq!(crate::summary::short(batch), "121212121212");
}

#[test]
fn what_is_being_applied_is_cancelled_whole_and_the_form_and_the_marks_stay() {
    let mut play = Play::open(Org::new(9).people("ana bo"));
    play.keys("/ana<enter>e<down><down><down>Anna<enter>");
    let effects = play.keys_alone("y");
    assert!(play.shows("ctrl-c cancels all of it"), "{}", play.screen());
    let more = play.keys_alone("<ctrl-c>");
    assert!(play.shows("all of it is taken back"), "{}", play.screen());
    play.until_idle(effects.into_iter().chain(more).collect());
    assert!(play.app.form.is_some(), "{}", play.screen());
    play.keys("<esc><esc>");
    assert!(!play.shows("Anna"), "{}", play.screen());
    // What was done is too late to cancel, and its undo is a key away.
    play.keys("d");
    let effects = play.keys_alone("y");
    play.app.progress.cancel();
    play.until_idle(effects);
    assert!(
        play.shows("cancelled: nothing was changed"),
        "{}",
        play.screen()
    );
    assert!(!play.quit);
}
