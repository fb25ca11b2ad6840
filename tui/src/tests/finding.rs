//! The list in any order, filters that follow what they name, and what is offered while one is typed.

use usher_core::command::{Command, Edit, FieldEdit, GroupEdit};
use usher_core::model::{FieldKind, GroupRole, Setting, VisibleTo};

use super::org::Org;
use super::play::Play;
use crate::event::{Event, Timer};

fn edit(org: &Org, who: &str, change: impl FnOnce(&mut Edit)) {
    let mut edit = Edit::of(org.ids(who));
    change(&mut edit);
    org.other().done(Command::Edit(edit));
}

/// Four people, their managers, labels and cost centers against the order of their names.
fn org() -> Org {
    let org = Org::new(9).people("ana bo cleo dora");
    org.other().done(Command::AddField {
        name: "Cost center".into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            visible_to: Some(VisibleTo::Everybody),
            ..FieldEdit::default()
        },
    });
    for (who, manager, label, cost) in [
        ("ana", "dora", "zz", "30"),
        ("bo", "cleo", "mm", "20"),
        ("cleo", "ana", "", "10"),
    ] {
        edit(&org, who, |it| {
            it.manager = Some(Some(format!("{manager}@acme.example")));
            it.add_labels = vec![label.to_owned()];
            it.add_labels.retain(|it| !it.is_empty());
            it.fields = vec![("Cost center".into(), Some(cost.into()))];
        });
    }
    org
}

/// Who is listed, from the top.
fn listed(play: &mut Play) -> String {
    play.keys("g");
    let mut all = Vec::new();
    for _ in 0..5 {
        let who = play.under_cursor();
        all.push(who.trim_end_matches("@acme.example").to_owned());
        play.keys("j");
    }
    all.join(" ")
}

#[test]
fn the_list_is_sorted_by_manager_labels_and_custom_fields() {
    let mut play = Play::open(org());
    for (order, forth, back) in [
        // Who has none comes last, in the order of creation.
        ("manager", "cleo bo ana olga dora", "ana bo cleo dora olga"),
        ("labels", "bo ana olga cleo dora", "ana bo dora cleo olga"),
        (
            "Cost center",
            "cleo bo ana olga dora",
            "ana bo cleo dora olga",
        ),
    ] {
        play.keys(&format!("c<down><ctrl-u>{order}<enter>"));
        assert!(play.app.form.is_none(), "{}", play.screen());
        assert_eq!(listed(&mut play), forth, "{order}");
        play.keys("S");
        let said = format!("sorted by {order}, backwards");
        assert!(play.shows(&said), "{}", play.screen());
        assert_eq!(listed(&mut play), back, "{order}");
        play.keys("S");
    }
    play.keys("S");
    // A view keeps the order, also when the field is called otherwise.
    play.keys("Vsave<enter>Mine<enter>");
    play.org.other().done(Command::SetField {
        name: "Cost center".into(),
        set: FieldEdit {
            name: Some("Place".into()),
            ..FieldEdit::default()
        },
    });
    let mut later = Play::open(play.org);
    later.keys("Vmine<enter>");
    assert!(
        listed(&mut later).starts_with("ana bo"),
        "{}",
        later.screen()
    );
    later.keys("S");
    assert!(later.shows("sorted by Place"), "{}", later.screen());
}

#[test]
fn a_filter_and_marks_follow_a_group_that_is_called_otherwise() {
    let org = org();
    org.other().done(Command::AddGroup {
        name: "Team A".into(),
    });
    edit(&org, "bo dora", |it| {
        it.add_groups = vec![("Team A".into(), GroupRole::Learner)];
    });
    let mut play = Play::open(org);
    play.keys("/group:\"Team A\"<enter>*");
    assert!(
        play.shows("2 people") && play.shows("2 marked"),
        "{}",
        play.screen()
    );
    play.keys("j");
    let under = play.under_cursor();
    play.org.other().done(Command::EditGroup {
        group: "Team A".into(),
        set: GroupEdit {
            name: Some("Alpha".into()),
            ..GroupEdit::default()
        },
    });
    play.event(Event::Committed);
    assert!(
        play.shows("/ group:Alpha") && play.shows("2 people") && play.shows("2 marked"),
        "{}",
        play.screen()
    );
    assert_eq!(play.under_cursor(), under);
    play.keys("d");
    assert!(play.shows("Deactivate 2 people"), "{}", play.screen());
    assert!(play.shows("group:Alpha"), "{}", play.screen());
}

#[test]
fn areas_titles_and_the_like_are_offered_as_people_have_them() {
    let org = org();
    edit(&org, "bo", |it| {
        it.set = vec![
            (usher_core::model::Field::Region, Some("North Sea".into())),
            (usher_core::model::Field::Language, Some("de".into())),
        ];
    });
    let mut play = Play::open(org);
    for (typed, offered) in [
        ("area:r", "=Research"),
        ("title:", "=Lead"),
        ("region:no", "=\"North Sea\""),
        ("region:=no", "=\"North Sea\""),
        ("language:", "=de"),
    ] {
        play.keys(&format!("/<ctrl-u>{typed}"));
        assert!(
            play.line("tab").contains(offered),
            "{typed}: {}",
            play.screen()
        );
        play.keys("<esc>");
    }
    play.keys("/<ctrl-u>region:n<tab><enter>");
    assert!(play.shows("1 person"), "{}", play.screen());
}

#[test]
fn a_list_that_takes_long_to_read_says_so() {
    let mut play = Play::open(org());
    let effects = play.keys_alone("S");
    play.event(Event::Timer(Timer::Slow));
    assert!(play.shows("reading…"), "{}", play.screen());
    play.until_idle(effects);
    assert!(play.shows("5 people"), "{}", play.screen());
    play.event(Event::Timer(Timer::Slow));
    assert!(play.shows("5 people"), "{}", play.screen());
}

#[test]
fn whoever_has_no_reports_has_no_sign_in_the_tree() {
    let mut play = Play::open(org());
    // Dora is the head of all: Ana reports to her, Cleo to Ana, Bo to Cleo.
    play.keys(":tree<enter><right>j<right>j<right>j");
    for (name, sign) in [("Dora", "- "), ("Ana", "- "), ("Cleo", "- "), ("Bo", "  ")] {
        let line = play.line(&format!("{name} Acme"));
        assert!(line.contains(&format!("{sign}{name} Acme")), "{line}");
    }
    play.keys("<right>");
    assert!(play.shows("nobody reports to them"), "{}", play.screen());
}

#[test]
fn what_was_done_last_counts_whom_it_was_about() {
    let mut play = Play::open(org());
    // The three who report to somebody who leaves, or who leave, are changed besides.
    let who = play.org.ids("cleo");
    play.org.other().done(Command::Deactivate { who });
    play.event(Event::Committed);
    assert!(play.shows("deactivated 1 ·"), "{}", play.screen());
}

#[test]
fn a_form_says_that_the_person_stands_otherwise_meanwhile() {
    let mut play = Play::open(org());
    play.keys("/bo@<enter>e");
    let who = play.org.ids("bo");
    play.org.other().done(Command::Deactivate { who });
    play.event(Event::Committed);
    let said = "meanwhile file owner made bo@acme.example inactive; they were active";
    assert!(play.shows(said), "{}", play.screen());
    edit(&play.org, "bo", |it| {
        it.set = vec![(usher_core::model::Field::Title, Some("Chief".into()))];
    });
    play.event(Event::Committed);
    let title = play.line("title");
    assert!(
        title.contains("Chief") && title.contains("just set"),
        "{title}"
    );
}

#[test]
fn instants_are_shown_in_the_organizations_own_time_zone() {
    let org = org();
    org.other().done(Command::SetSetting {
        setting: Setting::TimeZone,
        value: Some("Asia/Kathmandu".into()),
    });
    let utc = org.directory.now().to_string();
    let mut play = Play::open(org);
    play.keys("7");
    assert!(play.shows("times in Asia/Kathmandu"), "{}", play.screen());
    let minute = |text: &str| text.get(11..16).map(str::to_owned).expect("a minute");
    let there: i64 = {
        let (hours, minutes) = (
            minute(&utc)[..2].parse::<i64>(),
            minute(&utc)[3..].parse::<i64>(),
        );
        let all = hours.expect("hours") * 60 + minutes.expect("minutes") + 5 * 60 + 45;
        all % (24 * 60)
    };
    let said = format!("{:02}:{:02}", there / 60, there % 60);
    assert!(play.line(">").contains(&said), "{said}: {}", play.screen());
}

#[test]
fn a_completed_area_finds_exactly_those_who_have_it() {
    let org = org();
    edit(&org, "cleo", |it| {
        let area = Some("Field Sales EMEA".into());
        it.set = vec![(usher_core::model::Field::FunctionalArea, area)];
    });
    let mut play = Play::open(org);
    play.keys("/area:sal<tab><enter>");
    assert!(play.shows("area:=Sales"), "{}", play.screen());
    assert!(
        play.shows("2 people") && !play.shows("cleo@"),
        "{}",
        play.screen()
    );
    // All of it typed, it is still the words of it that are compared, and the whole is offered.
    play.keys("/<ctrl-u>area:sales");
    assert!(play.line("tab").contains("=Sales"), "{}", play.screen());
    play.keys("<esc>/area:fie<tab><enter>");
    assert!(play.shows("1 person"), "{}", play.screen());
}

#[test]
fn by_what_the_list_is_sorted_is_seen() {
    let mut play = Play::open(org());
    assert!(play.shows("Name ↑"), "{}", play.screen());
    play.keys("S");
    assert!(play.shows("Name ↓"), "{}", play.screen());
    play.keys("Ss");
    assert!(
        play.shows("Email ↑") && !play.shows("Name ↑"),
        "{}",
        play.screen()
    );
    play.keys("s");
    assert!(play.shows("Status ↑"), "{}", play.screen());
    // The column of it is not on the screen.
    play.keys("sssss");
    assert!(
        play.line("everybody").contains("by region ↑"),
        "{}",
        play.screen()
    );
    play.keys("S/ana<enter>");
    assert!(
        play.line("1 person").contains("/ ana  by region ↓"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_place_in_a_list_that_is_sorted_otherwise_is_right_or_not_told() {
    let names: Vec<_> = (0..400).map(|i| format!("p{i:03}")).collect();
    let mut play = Play::open(Org::new(500).people(&names.join(" ")));
    play.keys("/-olga<enter>jjjj");
    assert!(play.shows("row 5 of 400"), "{}", play.screen());
    // Whoever was at the front is at the back now.
    play.keys("S");
    assert!(play.shows("row 396 of 400"), "{}", play.screen());
    play.keys("G");
    assert!(play.shows("row 400 of 400"), "{}", play.screen());
    let middle = vec!["k"; 200].join("");
    play.keys(&middle);
    assert!(play.shows("row 200 of 400"), "{}", play.screen());
    // In the middle nobody knows without counting.
    play.keys("S");
    assert!(!play.shows("row "), "{}", play.screen());
    play.keys(&middle);
    assert!(play.shows("row 1 of 400"), "{}", play.screen());
}
