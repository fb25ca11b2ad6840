//! The join page, and what mails say.

use ratatui::layout::Size;

use super::org::Org;
use super::play::Play;
use super::screens::check;
use crate::app::Settings;
use crate::event::Event;

fn play() -> Play {
    Play::open(Org::new(8).people("ana"))
}

#[test]
fn the_join_page_is_set_turned_on_and_its_link_is_copied() {
    let mut play = play();
    play.keys(":join page<enter>");
    assert!(play.line("the page").contains("off"), "{}", play.screen());
    play.keys("l");
    assert!(play.shows("the join page is off"), "{}", play.screen());
    play.keys("<enter>acme<down>acme..example");
    assert!(
        play.app
            .form
            .as_ref()
            .is_some_and(|it| it.fields[1].fault.is_some())
    );
    play.keys("<ctrl-u>acme.example<down><down>Welcome<enter>c");
    assert_eq!(
        play.copied.as_deref(),
        Some("usher join set --slug acme --allow acme.example --text Welcome")
    );
    play.keys("yt");
    assert!(play.shows("Turn the join page on"), "{}", play.screen());
    play.keys("y");
    assert!(play.line("the page").contains("on"), "{}", play.screen());
    play.keys("l");
    let link = play.copied.clone().unwrap_or_default();
    assert!(link.ends_with("/join/acme"), "{link}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sheet.html");
    play.keys("Pde<down>");
    play.event(Event::Paste(file.display().to_string()));
    play.keys("<enter>");
    let sheet = std::fs::read_to_string(&file).expect("written");
    assert!(sheet.contains("a sheet in de"), "{sheet}");
}

#[test]
fn a_mail_is_worded_in_place_checked_as_it_is_typed_previewed_and_reset() {
    let mut play = play();
    play.keys(":wording<enter>/invitation en<enter><enter>");
    assert!(
        play.shows("It may say") && play.shows("{link}"),
        "{}",
        play.screen()
    );
    // Without its link nobody could come in by it.
    play.keys("<end> {nonsense}");
    assert!(
        play.shows("{nonsense}, for which nothing stands there"),
        "{}",
        play.screen()
    );
    for _ in 0..11 {
        play.keys("<backspace>");
    }
    play.keys(" - come in!<ctrl-r>");
    assert!(
        play.shows("filled in with examples") && play.shows("Hello Ana"),
        "{}",
        play.screen()
    );
    play.keys("<esc>");
    assert!(
        play.shows("come in!") && play.shows("{first_name}"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-g>");
    assert!(
        play.shows("Say invitation in your own words (en)"),
        "{}",
        play.screen()
    );
    play.keys("y");
    let line = play.line(">");
    assert!(
        line.contains("yours") && line.contains("- come"),
        "{}",
        play.screen()
    );
    play.keys("<delete>y");
    assert!(play.line(">").contains("Usher's"), "{}", play.screen());
}

#[test]
fn the_join_page_and_a_mail_at_80_columns() {
    let mut play = play();
    play.keys(":join page<enter>");
    check(
        &play.screen(),
        r"
 usher  Acme Learning                                     no server  file owner
 access 2/8 · 6 free   0 waiting
 join page                                                                    7
   What         How it is
>  the page     off
   link         -
   slug         -
   may join     nobody
   allow-list   -
   group        -
   words        -










 row 1 of 7                                          created 1 · cli · just now

 esc back  a all actions  enter change  t on or off  l copy link        ? help",
    );
}

#[test]
fn a_mail_being_written_on_a_narrow_screen() {
    let settings = Settings {
        plain: true,
        ..Settings::default()
    };
    let mut play = Play::with(Org::new(8), settings, Size::new(60, 20));
    play.keys(":wording<enter>/reminder en<enter><enter><down><down><down><down>");
    check(
        &play.screen(),
        r"
 usher  Acme Learning                 no server  file owner
 access 1/8 · 7 free   0 waiting
 reminder, en
 Subject: Your invitation to {organization} is still open

 Hello {first_name},

 {organization} has invited you, and the invitation has
 not been accepted yet. To accept, open this page:
 {link}

 The link is yours alone and works until {expires}. If
 you did not expect this, you need not do anything.

 If you cannot get in, write to {help_contact}.
 It may say {organization} {public_url} {help_contact}
 {sign_in_url} {first_name} {email} {link} {expires}

 ctrl-g go on  ctrl-r preview  esc leave",
    );
}
