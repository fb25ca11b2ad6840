//! Marks that outlive filters, columns that outlive renaming, and what a plan and a person's screen say of where things
//! come from.

use ratatui::layout::Size;
use usher_core::command::{Command, FieldEdit};
use usher_core::model::FieldKind;

use super::held;
use super::org::Org;
use super::play::Play;
use crate::app::Settings;
use crate::event::Event;

fn marked(play: &Play) -> Vec<String> {
    let users = &play.app.users;
    let rows = users.list.rows().iter();
    let marked = rows.filter(|it| users.is_marked(it.id));
    let name = |email: &str| email.split('@').next().unwrap_or_default().to_owned();
    marked.map(|it| name(&it.email)).collect()
}

fn six() -> Play {
    Play::open(
        Org::new(10)
            .people("ana bo carl")
            .waiting("dora")
            .inactive("emil"),
    )
}

#[test]
fn marking_all_adds_to_what_is_marked() {
    let mut play = six();
    play.keys("<space><space>/status:waiting,inactive<enter>*");
    assert!(
        play.shows("4 marked, 2 of them not in the list"),
        "{}",
        play.screen()
    );
    play.keys("/status:active -olga<enter>*");
    assert!(
        play.shows("5 marked, 2 of them not in the list"),
        "{}",
        play.screen()
    );
    play.keys("<esc>");
    assert_eq!(marked(&play), ["ana", "bo", "carl", "dora", "emil"]);
    play.keys("d");
    assert!(play.shows("Deactivate 4 people"), "{}", play.screen());
}

#[test]
fn a_range_that_was_begun_is_what_the_next_action_is_for() {
    let mut play = six();
    play.keys("vjjd");
    assert!(play.shows("Deactivate 3 people"), "{}", play.screen());
    play.keys("<esc>");
    assert_eq!(marked(&play), ["ana", "bo", "carl"]);
    play.keys("jvjy");
    assert_eq!(marked(&play), ["ana", "bo", "carl", "dora", "emil"]);
    // Neither the palette nor a filter forgets it.
    for keys in ["vj:deact<enter>", "vj/ana<enter>d", "vjsd"] {
        let mut play = six();
        play.keys(keys);
        assert!(
            play.shows("Deactivate 2 people"),
            "{keys}\n{}",
            play.screen()
        );
    }
}

#[test]
fn two_marked_filters_are_one_query_on_the_command_line() {
    let mut play = six();
    play.keys("/status:waiting<enter>*/status:active -olga<enter>*d");
    assert!(
        play.shows("usher deactivate '(status:waiting) or (status:active -olga)'"),
        "{}",
        play.screen()
    );
}

#[test]
fn marking_everybody_beside_the_deleted_marks_no_other_deleted_people() {
    let mut play = six();
    for name in ["gus", "hal"] {
        play.org.create(name);
        let who = play.org.ids(name);
        play.org.other().done(Command::Delete { who });
    }
    play.event(Event::Committed);
    play.keys("/status:deleted gus<enter>*/<ctrl-u><enter><esc>*");
    assert!(play.shows("7 marked"), "{}", play.screen());
}

#[test]
fn turning_marks_round_keeps_those_outside_the_list() {
    let mut play = six();
    play.keys("<space><space>/status:active,waiting -olga<enter>");
    assert_eq!(marked(&play), ["ana", "bo"]);
    play.keys("/ana,carl<enter>/ana or carl or dora<enter>t<esc>");
    assert_eq!(marked(&play), ["bo", "carl", "dora"], "{}", play.screen());
    play.keys("/status:inactive<enter>t<esc>");
    assert_eq!(marked(&play), ["bo", "carl", "dora", "emil"]);
    play.keys("/status:inactive<enter>t<esc>");
    assert_eq!(marked(&play), ["bo", "carl", "dora"]);
    assert!(play.shows("3 marked"), "{}", play.screen());
}

#[test]
fn the_command_of_an_invitation_repeats_the_names_that_were_typed() {
    let mut play = six();
    play.keys("i");
    let pasted =
        "Ana Li <li@a.example>, \"de la Cruz, Anna Maria\" <cruz@a.example>, bare@a.example";
    play.event(Event::Paste(pasted.into()));
    play.keys("<enter>");
    let line = play.app.sheet.as_ref().and_then(|it| it.proposal());
    let line = line.map(|it| it.command_line.clone()).unwrap_or_default();
    assert_eq!(
        line,
        "usher invite 'Ana Li <li@a.example>' '\"de la Cruz, Anna Maria\" <cruz@a.example>' bare@a.example"
    );
    let arguments = [
        "Ana Li <li@a.example>",
        "\"de la Cruz, Anna Maria\" <cruz@a.example>",
    ];
    let again: Vec<_> = arguments
        .iter()
        .flat_map(|it| usher_core::command::parse_people(it).0)
        .map(|it| (it.profile.first_name, it.profile.last_name))
        .collect();
    let name = |first: &str, last: &str| (Some(first.to_owned()), Some(last.to_owned()));
    assert_eq!(again, [name("Ana", "Li"), name("Anna Maria", "de la Cruz")]);
}

#[test]
fn a_persons_screen_says_what_the_provider_owns() {
    let mut play = Play::open(held::org("okta"));
    play.keys("/ana<enter><enter>");
    assert!(
        play.line("email ").contains("owned by okta"),
        "{}",
        play.screen()
    );
    assert!(!play.line("status ").contains("owned"), "{}", play.screen());
}

#[test]
fn a_column_keeps_its_values_when_its_field_is_renamed_elsewhere() {
    let mut play = six();
    play.org.other().done(Command::AddField {
        name: "Kosten".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    let bo = play.org.ids("bo");
    let usher_core::Selection::Ids(ids) = bo else {
        panic!("ids");
    };
    let bo = ids.first().copied().expect("bo");
    let mut edit = usher_core::command::Edit::of(bo);
    edit.fields = vec![("Kosten".into(), Some("4711".into()))];
    play.org.other().done(Command::Edit(edit));
    play.event(Event::Committed);
    play.keys(":columns<enter>");
    play.keys("<ctrl-u>name, kosten<enter>");
    assert!(
        play.line("bo@").is_empty() && play.shows("4711"),
        "{}",
        play.screen()
    );
    play.org.other().done(Command::SetField {
        name: "Kosten".into(),
        set: FieldEdit {
            name: Some("Center".into()),
            ..FieldEdit::default()
        },
    });
    play.event(Event::Committed);
    assert!(
        play.shows("Center") && play.shows("4711"),
        "{}",
        play.screen()
    );
    assert!(!play.shows("Kosten"), "{}", play.screen());
}

#[test]
fn a_filter_that_names_what_there_is_not_says_so() {
    let mut play = Play::open(super::boards::org());
    play.keys("/group:sales");
    assert!(!play.shows("there is no"), "{}", play.screen());
    play.keys("<ctrl-u>group:Nope");
    assert!(
        play.shows("there is no group \"Nope\""),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.app.users.filter.bar.is_some(),
        "it is not put in force"
    );
    play.keys("<esc>");
    for (text, said) in [
        ("pool:gold", "there is no pool \"gold\""),
        (
            "training:\"No such\":started",
            "there is no training \"No such\"",
        ),
        ("connection:entra", "there is no connection \"entra\""),
        (
            "group:Sales:coach or group:Sold",
            "there is no group \"Sold\"",
        ),
    ] {
        play.keys("/");
        play.event(Event::Paste(text.into()));
        assert!(play.shows(said), "{}", play.screen());
        play.keys("<esc>");
    }
}

#[test]
fn a_view_whose_group_is_gone_says_so() {
    let mut play = Play::open(super::boards::org());
    play.keys("/group:Sales<enter>V<enter>sellers<enter><esc>");
    play.org.other().done(Command::RemoveGroup {
        group: "Sales".into(),
    });
    play.event(Event::Committed);
    play.keys("Vsellers<enter>");
    assert!(play.shows("there is no group"), "{}", play.screen());
}

#[test]
fn an_open_parenthesis_is_told_while_the_word_behind_it_could_be_completed() {
    let mut play = six();
    play.keys("/a or (b");
    assert!(play.shows("this ( is never closed"), "{}", play.screen());
}

#[test]
fn a_plan_about_very_many_keeps_the_numbers_and_the_first_lines() {
    let names: Vec<_> = (0..150).map(|i| format!("p{i}")).collect();
    let mut play = Play::open(Org::new(400).people(&names.join(" ")));
    play.keys("/-olga<enter>*d");
    assert!(play.shows("Deactivate 150 people"), "{}", play.screen());
    assert!(play.shows("active → inactive 150"), "{}", play.screen());
    play.keys("G");
    assert!(play.shows("… and 50 more lines"), "{}", play.screen());
    play.keys("150<enter>");
    assert!(play.shows("150 deactivated"), "{}", play.screen());
    play.keys("z");
    assert!(play.shows("150 people change back"), "{}", play.screen());
    play.keys("150<enter>");
    assert!(play.shows("access 151/400"), "{}", play.screen());
}

#[test]
fn a_plan_that_is_being_made_says_how_far_it_is() {
    let mut play = six();
    let effects = play.keys_alone("d");
    assert!(play.shows("planning…"), "{}", play.screen());
    play.until_idle(effects);
    assert!(play.app.planning.seen().done > 1, "changes are counted");
    assert!(play.shows("Apply this?"), "{}", play.screen());
}

#[test]
fn a_plans_command_is_seen_whole_and_copying_it_covers_nothing() {
    let mut play = Play::open(Org::new(20).people("annabel.lee bartholomew.long christopher.wren"));
    play.keys("/-olga<enter><space><space><space>d");
    let (line, more) = (play.line("Command"), play.screen());
    assert!(
        line.contains("usher deactivate") && !line.contains('…'),
        "{more}"
    );
    assert!(more.contains("christopher.wren@acme.example  "), "{more}");
    play.keys("c");
    assert!(
        play.shows("Apply this?  the command is copied"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_names_of_a_menu_keep_to_their_column() {
    let mut play = six();
    play.keys("/status:active<enter>V<enter>Designers of EMEA<enter>V");
    assert!(
        play.shows("forget Designer… Remove this view"),
        "{}",
        play.screen()
    );
}

#[test]
fn what_was_filled_in_stays_when_no_file_can_leave() {
    let settings = Settings {
        no_files: true,
        ..Settings::default()
    };
    let org = Org::new(9).people("ana");
    let mut play = Play::with(org, settings, Size::new(80, 24));
    play.keys("E<ctrl-u>users<down>all.csv<enter>");
    assert!(
        play.shows("no file leaves this console") && play.line("  what").contains("users"),
        "{}",
        play.screen()
    );
}
