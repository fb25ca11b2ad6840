//! Every screen but that of people: what it shows, what its keys do, and that it follows what others do.

use ratatui::layout::Size;
use usher_core::command::{Command, Edit, GroupEdit};
use usher_core::model::{Field, GroupRole, TrainingKind};

use super::org::Org;
use super::play::Play;
use crate::app::Settings;
use crate::boards::Topic;
use crate::event::Event;

pub(super) fn org() -> Org {
    let org = Org::new(7)
        .people("ana.li bo.rossi carl.weber")
        .waiting("dora.çelik")
        .inactive("emil.adams")
        .pool("coaching", 1);
    let other = org.other();
    other.done(Command::AddGroup {
        name: "Sales".into(),
    });
    other.done(Command::AddTraining {
        name: "Onboarding".into(),
        kind: TrainingKind::Course,
        pool: None,
        held_on: None,
    });
    other.done(Command::EditGroup {
        group: "Sales".into(),
        set: GroupEdit {
            trainings: vec![("Onboarding".into(), true)],
            ..GroupEdit::default()
        },
    });
    let mut edit = Edit::of(org.ids("ana.li bo.rossi"));
    edit.add_groups = vec![("Sales".into(), GroupRole::Learner)];
    edit.manager = Some(Some("carl.weber@acme.example".into()));
    other.done(Command::Edit(edit));
    other.done(Command::AddConnection {
        name: "okta".into(),
        policy: usher_core::model::ConnectionPolicy::default(),
    });
    org
}

fn play() -> Play {
    Play::open(org())
}

#[test]
fn every_screen_opens_on_every_size_and_leads_back() {
    for size in [
        Size::new(80, 24),
        Size::new(200, 60),
        Size::new(60, 15),
        Size::new(20, 5),
        Size::new(1, 1),
    ] {
        let mut play = Play::with(org(), Settings::default(), size);
        for (key, topic) in Topic::main() {
            let name = topic.kind().name;
            match key {
                Some(key) => play.keys(&key.to_string()),
                None => play.keys(&format!(":{name}<enter>")),
            };
            let board = play.app.board().expect("a screen");
            assert!(board.is_loaded() && board.fault.is_none(), "{name}");
            if size.height >= 24 {
                let said = topic.kind().empty;
                let rows = board.count().0 > 0 || play.shows(said);
                assert!(rows, "{name}: {}", play.screen());
            }
            // A screen below another is reached again.
            play.keys("<enter><esc><esc><esc><esc>");
            play.keys("1");
            assert!(play.app.board().is_none(), "{name}");
        }
    }
}

#[test]
fn the_screen_of_seats() {
    let mut play = play();
    play.keys("2");
    let screen = play.screen();
    let lines: Vec<_> = screen.lines().skip(2).take(4).collect();
    assert_eq!(
        lines,
        [
            " seats                                                                        2",
            "   Pool                    Bought      Held  Reserved  Consumed     Free  Queued",
            ">  access                       7         5         1         4        2       0",
            "   coaching                     1         0         0         0        1       0",
        ],
        "{screen}"
    );
}

#[test]
fn a_pool_is_changed_through_a_plan_and_undone() {
    let mut play = play();
    play.keys("2e");
    assert!(
        play.shows("Pool access") && play.shows("bought"),
        "{}",
        play.screen()
    );
    play.keys("x");
    assert!(
        play.shows("write a whole number"),
        "what is typed is checked at once: {}",
        play.screen()
    );
    play.keys("<ctrl-u>12<enter>");
    assert!(
        play.shows("usher pool set access --purchased 12"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.shows("access 5/12") && play.shows("Set pool access: done"),
        "{}",
        play.screen()
    );
    play.keys("z");
    assert!(play.shows("Undo batch"), "{}", play.screen());
    play.keys("y");
    assert!(play.shows("access 5/7"), "{}", play.screen());
}

#[test]
fn one_person_is_shown_with_everything_that_happened() {
    let mut play = play();
    play.keys("/ana<enter><enter>");
    for said in [
        "Ana Li · active",
        "functional area",
        "carl.weber@acme.example",
        "Licenses",
        "learner           Sales",
    ] {
        assert!(play.shows(said), "{said}: {}", play.screen());
    }
    play.keys("G");
    assert!(
        play.line("Onboarding").contains("assigned"),
        "{}",
        play.screen()
    );
    assert!(play.shows("Timeline"), "{}", play.screen());
    assert!(
        play.line("user active").contains("cli, file owner"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.shows("batch ") && play.shows("create by file owner"),
        "{}",
        play.screen()
    );
    play.keys("<esc><esc>");
    assert!(play.app.board().is_none());
}

#[test]
fn one_person_is_edited_and_what_is_typed_is_checked() {
    let mut play = play();
    play.keys("/ana<enter>e");
    assert!(play.shows("Edit ana.li@acme.example"), "{}", play.screen());
    play.keys("nonsense");
    assert!(play.shows("email address has no @"), "{}", play.screen());
    play.keys("<ctrl-u>ana@acme.example<down><down><down><down><down>Chief<enter>");
    assert!(
        play.shows("email ana.li@acme.example →") && play.shows("title Lead → Chief"),
        "{}",
        play.screen()
    );
    play.keys("c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher edit ana.li@acme.example --set email=ana@acme.example --set title=Chief")
    );
    play.keys("y");
    assert!(play.shows("1 edited"), "{}", play.screen());
    assert!(play.app.form.is_none());
    play.keys("zy");
    assert!(play.shows("ana.li@acme.example"), "{}", play.screen());
}

#[test]
fn keys_typed_ahead_wait_for_the_form() {
    let mut play = play();
    play.keys("/ana<enter>");
    play.keys_at_once("e<down><down>Anna<enter>");
    assert!(play.shows("first_name=Anna"), "{}", play.screen());
}

#[test]
fn what_somebody_else_changes_meanwhile_is_shown_and_never_overwritten() {
    let mut play = play();
    play.keys("/ana<enter>e<down><down><down><down><down>Chief");
    let mut edit = Edit::of(play.org.ids("ana.li"));
    edit.set = vec![
        (Field::Title, Some("Queen".into())),
        (Field::Region, Some("EMEA".into())),
    ];
    play.org.other().done(Command::Edit(edit));
    play.event(Event::Committed);
    assert!(play.shows("meanwhile: Queen"), "{}", play.screen());
    assert!(play.shows("just set by somebody"), "{}", play.screen());
    assert!(
        play.shows("Chief") && play.shows("EMEA"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.shows("title Queen → Chief") && !play.shows("region="),
        "{}",
        play.screen()
    );
    // And once more, between the plan and its confirmation.
    let mut edit = Edit::of(play.org.ids("ana.li"));
    edit.set = vec![(Field::Title, Some("King".into()))];
    play.org.other().done(Command::Edit(edit));
    play.keys("y");
    assert!(play.shows("nothing was changed"), "{}", play.screen());
    assert!(
        play.shows("ana.li@acme.example was changed by file owner"),
        "{}",
        play.screen()
    );
    assert!(play.shows("meanwhile: King"), "{}", play.screen());
}

#[test]
fn people_are_invited_from_a_pasted_list() {
    let mut play = play();
    play.keys("i");
    play.event(Event::Paste(
        "Zoe Zander <zoe@acme.example>\nyan@acme.example\n".into(),
    ));
    assert!(play.shows("2 people to invite"), "{}", play.screen());
    play.keys(", nobody");
    assert!(
        play.shows("1 address not read: nobody"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-w><backspace><backspace><down>sal<tab><enter>");
    assert!(
        play.shows("Invite 2 people")
            && play.shows("usher invite 'Zoe Zander <zoe@acme.example>' yan@acme."),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.shows("2 invited") && play.shows("access 7/7"),
        "{}",
        play.screen()
    );
    play.keys("5");
    assert!(
        play.shows("Zoe Zander") && play.shows("Dora Çelik"),
        "{}",
        play.screen()
    );
    play.keys("/dora<enter>x");
    assert!(
        play.shows("Cancel the invitations of 1 person"),
        "{}",
        play.screen()
    );
    play.keys("y<esc>");
    assert!(!play.shows("Dora"), "{}", play.screen());
}

#[test]
fn a_queue_is_seen_moving_and_its_people_are_moved() {
    let org = Org::new(4).people("ana bo carl");
    org.other()
        .done(Command::Invite(usher_core::command::Invite {
            people: ["x", "y", "z"].map(super::org::person).into(),
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
            send_on: None,
        }));
    let mut play = Play::open(org);
    play.keys("2<enter>");
    let places = |play: &Play| {
        let screen = play.screen();
        let rows = screen
            .lines()
            .filter(|it| it.contains("waiting   ") || it.ends_with("waiting"));
        rows.filter_map(|it| {
            it.split_whitespace()
                .find(|it| it.contains('@'))
                .map(str::to_owned)
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(
        places(&play),
        ["x@acme.example", "y@acme.example", "z@acme.example"],
        "{}",
        play.screen()
    );
    play.keys("GK");
    assert!(
        play.shows("usher queue move z@acme.example --pool access --to 2"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert_eq!(
        places(&play),
        ["x@acme.example", "z@acme.example", "y@acme.example"],
        "{}",
        play.screen()
    );
    // The cursor stays on its person, also when the queue moves up by itself.
    let who = play.org.ids("bo");
    play.org.other().done(Command::Deactivate { who });
    play.event(Event::Committed);
    assert_eq!(
        places(&play),
        ["z@acme.example", "y@acme.example"],
        "{}",
        play.screen()
    );
    assert!(
        play.line("z@acme.example").starts_with('>'),
        "{}",
        play.screen()
    );
}

#[test]
fn any_batch_is_undone() {
    let mut play = play();
    let who = play.org.ids("bo.rossi");
    play.org.other().done(Command::Deactivate { who });
    play.event(Event::Committed);
    play.keys("7");
    assert!(play.line("> ").contains("deactivate"), "{}", play.screen());
    play.keys("u");
    assert!(
        play.shows("bo.rossi@acme.example") && play.shows("Undo batch"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.line("deactivate").contains("undone"),
        "{}",
        play.screen()
    );
}

#[test]
fn members_get_other_roles_and_leave() {
    let mut play = play();
    play.keys("3<enter>");
    assert!(
        play.shows("group Sales") && play.shows("Ana Li"),
        "{}",
        play.screen()
    );
    play.keys("=coach<enter>y");
    assert!(play.line("Ana Li").contains("coach"), "{}", play.screen());
    play.keys("<delete>y");
    assert!(!play.shows("Ana Li"), "{}", play.screen());
    play.keys("<space>*d");
    assert!(play.shows("Deactivate 1 person"), "{}", play.screen());
}

#[test]
fn a_connections_token_is_shown_once_and_its_name_is_typed_to_revoke_it() {
    let mut play = play();
    play.keys("6");
    assert!(play.line("okta").contains("never"), "{}", play.screen());
    play.keys("ty");
    assert!(
        play.shows("The new token, shown this once"),
        "{}",
        play.screen()
    );
    play.keys("y");
    let token = play.copied.clone().expect("copied");
    assert!(play.shows(&token), "{}", play.screen());
    play.keys("<esc>");
    assert!(!play.shows(&token), "{}", play.screen());
    play.keys("<delete>");
    assert!(play.shows("Type okta and press enter"), "{}", play.screen());
    play.keys("y<enter>");
    assert!(play.shows("that is not it"), "{}", play.screen());
    play.keys("okta<enter>");
    assert!(play.line("okta").contains("revoked"), "{}", play.screen());
}

#[test]
fn the_tree_opens_person_by_person() {
    let mut play = play();
    play.keys(":tree<enter>");
    assert!(
        play.shows("+ Carl Weber") && !play.shows("Ana Li"),
        "{}",
        play.screen()
    );
    play.keys("<right>");
    assert!(
        play.shows("- Carl Weber") && play.shows("Ana Li"),
        "{}",
        play.screen()
    );
    assert!(
        play.line("Carl Weber").starts_with('>'),
        "{}",
        play.screen()
    );
    play.keys("<left>");
    assert!(!play.shows("Ana Li"), "{}", play.screen());
}

#[test]
fn settings_are_checked_and_set() {
    let mut play = play();
    play.keys("9/idle<enter><enter>zero");
    assert!(
        play.shows("idle-minutes is not such a number"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-u>30<enter>y");
    assert!(
        play.line("idle-minutes").contains("30"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_palette_finds_actions_and_screens_by_their_names() {
    let mut play = play();
    play.keys(":");
    assert!(play.shows("Do or go"), "{}", play.screen());
    play.keys("reac<enter>");
    assert!(play.shows("Reactivate 1 person"), "{}", play.screen());
    let mut play = self::play();
    play.keys("/ana<enter>adelete<enter>");
    assert!(
        play.shows("Delete 1 person") && play.shows("Type 1 and press enter"),
        "{}",
        play.screen()
    );
}

#[test]
fn a_board_can_be_filtered_sorted_and_copied() {
    let mut play = play();
    play.keys("4<esc>");
    play.keys("3i");
    play.keys("Research<enter>y");
    assert!(
        play.shows("Research") && play.shows("Sales"),
        "{}",
        play.screen()
    );
    play.keys("/sal<enter>");
    assert!(
        !play.shows("Research 0") && play.shows("/ sal"),
        "{}",
        play.screen()
    );
    play.keys("<esc>ss");
    assert!(
        play.shows("sorted by group, backwards"),
        "{}",
        play.screen()
    );
    play.keys("gy");
    assert_eq!(play.copied.as_deref(), Some("Sales\t2\tOnboarding\t"));
}

#[test]
fn a_read_only_console_opens_no_form() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut play = Play::with(org(), settings, Size::new(80, 24));
    for keys in ["e", "i", "2e", "9<enter>"] {
        play.keys(keys);
        assert!(
            play.app.form.is_none() && play.shows("read-only"),
            "{keys}: {}",
            play.screen()
        );
        play.keys("1");
    }
}

#[test]
fn the_mouse_goes_to_rows_opens_them_and_scrolls() {
    let mut play = play();
    play.event(Event::Click { x: 20, y: 6 });
    assert_eq!(play.under_cursor(), "ana.li@acme.example");
    play.event(Event::Click { x: 20, y: 6 });
    assert!(play.shows("Ana Li · active"), "{}", play.screen());
    play.event(Event::Wheel { down: true });
    assert!(play.line("title").starts_with('>'), "{}", play.screen());
    play.keys("1");
    play.event(Event::Click { x: 20, y: 3 });
    assert!(play.shows("sorted by email"), "{}", play.screen());
}

#[test]
fn people_are_exported_to_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("out.csv");
    let mut play = play();
    play.keys("/status:active<enter>*E<down>x.doc");
    assert!(
        play.shows("let it end in .xlsx, .csv or .json"),
        "{}",
        play.screen()
    );
    play.keys(&format!("<ctrl-u>{}<enter>", file.display()));
    assert!(play.shows(": 4 people"), "{}", play.screen());
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(
        text.contains("ana.li@acme.example") && !text.contains("dora"),
        "{text}"
    );
    // A file that is there is not replaced, and the form says so.
    play.keys(&format!("E<down>{}<enter>", file.display()));
    assert!(
        play.app.form.as_ref().is_some_and(|it| it.fault.is_some()),
        "{}",
        play.screen()
    );
}

#[test]
fn mails_are_listed_with_what_became_of_them_and_tried_again() {
    let mut play = Play::open(Org::new(9));
    play.org
        .other()
        .done(Command::Invite(usher_core::command::Invite {
            people: usher_core::command::parse_people("yan@acme.example").0,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: true,
            send_on: None,
        }));
    play.keys(":outbox<enter>");
    let line = play.line("yan@acme.example");
    assert!(
        line.contains("waiting") && line.contains("invitation"),
        "{}",
        play.screen()
    );
    play.keys("R");
    assert!(play.shows("1 mail is tried again"), "{}", play.screen());
    play.keys("A");
    assert!(play.shows("tried again"), "{}", play.screen());
    play.keys("<enter>");
    assert!(play.shows("invitation"), "{}", play.screen());
    play.keys("<esc>:imports<enter>");
    assert!(play.shows("nothing was imported"), "{}", play.screen());
}
