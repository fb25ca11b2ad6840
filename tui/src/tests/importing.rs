//! Importing at the console: a file chosen, pasted or sent, looked through, mended cell by cell, confirmed, undone.

use std::path::PathBuf;

use ratatui::layout::Size;
use usher_core::command::{Command, Create};
use usher_core::model::{Actor, Door, Setting};

use super::org::Org;
use super::play::Play;
use super::screens::check;
use crate::app::Settings;
use crate::event::{Event, Timer};
use crate::importing::{Importing, Mend, Origin, Terms};

const JOINERS: &str = "\
email,first name,last name,area,manager,shoe
ana.li@acme.example,Ana,Li,Legal,,7
noor@acme.example,Noor,Haddad,Sales,ana.li@acme.example,8
ana.li@acme.exmaple,Ana,Li,,,9
not an address,Tom,Berg,,,9
kim@acme.example,Kim,Park,Sales,boo@acme.example,9
lee@acme.example,Lee,Park,Sales,boo@acme.example,9
";

fn org() -> Org {
    Org::new(8).people("ana.li bo.rossi")
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("joiners.csv");
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

/// A console that looks through a file of six rows, four of them wrong.
fn looking(size: Size) -> (tempfile::TempDir, Play) {
    let (folder, path) = file(JOINERS);
    let mut play = Play::with(org(), Settings::default(), size);
    play.keys("I");
    play.event(Event::Paste(path.display().to_string()));
    play.keys("<enter>");
    (folder, play)
}

fn small() -> Size {
    Size::new(80, 24)
}

#[test]
fn an_import_on_80_columns() {
    let (_folder, mut play) = looking(small());
    play.keys("n");
    check(
        &play.screen(),
        r"
 usher  Acme Learning                                     no server  file owner
 access 3/8 · 5 free   0 waiting
 joiners.csv  mode both · mails at once                                  6 rows
      Row What    Who                      What is wrong, or becomes of it
        2 update  ana.li@acme.example      functional_area Sales → Legal
        3 invite  noor@acme.example        Noor · Haddad · Sales · ana.li@acme.…
>       4 wrong   ana.li@acme.exmaple      email: did you mean ana.li@acme.exam…
        5 wrong   not an address           email: has no @; write one address l…
        6 wrong   kim@acme.example         manager: there is no user boo@acme.e…
        7 wrong   lee@acme.example         manager: there is no user boo@acme.e…






 Row 4  wrong  ana.li@acme.exmaple
  A4 email “ana.li@acme.exmaple”: did you mean ana.li@acme.example, who exists
  and is active?


 4 wrong  1 invite  1 update   ignored: shoe

 n next problem  enter mend  p only problems  y import  E write a copy  ? help",
    );
}

#[test]
fn an_import_on_120_columns() {
    let (_folder, play) = looking(Size::new(120, 30));
    check(
        &play.screen(),
        r"
 usher  Acme Learning                                                                             no server  file owner
 access 3/8 · 5 free   0 waiting
 joiners.csv  mode both · mails at once                                                                          6 rows
      Row What    Who                                      What is wrong, or becomes of it
>       2 update  ana.li@acme.example                      functional_area Sales → Legal
        3 invite  noor@acme.example                        Noor · Haddad · Sales · ana.li@acme.example
        4 wrong   ana.li@acme.exmaple                      email: did you mean ana.li@acme.example, who exists and is a…
        5 wrong   not an address                           email: has no @; write one address like ana@example.com
        6 wrong   kim@acme.example                         manager: there is no user boo@acme.example
        7 wrong   lee@acme.example                         manager: there is no user boo@acme.example












 Row 2  update  ana.li@acme.example
  functional_area Sales → Legal



 4 wrong  1 invite  1 update   ignored: shoe

 n next problem  enter mend  p only problems  y import  E write a copy  o options  f filter  esc back           ? help",
    );
}

#[test]
fn an_import_on_a_small_screen() {
    let (_folder, mut play) = looking(Size::new(39, 9));
    play.keys("j");
    check(
        &play.screen(),
        r"
 access 3/8 · 5 free   0 waiting
  update  ana.li@acme… functional_area…
> invite  noor@acme.e… Noor · Haddad ·…
  wrong   ana.li@acme… email: did you …
  wrong   not an addr… email: has no @…
  wrong   kim@acme.ex… manager: there …
  wrong   lee@acme.ex… manager: there …

 4 wrong  1 invite  1 update   1 colum…",
    );
}

#[test]
fn problems_are_gone_through_filtered_and_mended_in_place() {
    let (_folder, mut play) = looking(small());
    assert!(play.shows("4 wrong"), "{}", play.screen());
    play.keys("n");
    assert!(
        play.line(">").contains("ana.li@acme.exmaple"),
        "{}",
        play.screen()
    );
    play.keys("nn");
    assert!(play.line(">").contains("kim@"), "{}", play.screen());
    play.keys("N");
    assert!(
        play.line(">").contains("not an address"),
        "{}",
        play.screen()
    );
    // By one way of being wrong, which two rows share whatever else is in them.
    play.keys("fmanager<enter>");
    assert!(play.shows("2 of 6 rows"), "{}", play.screen());
    assert!(!play.shows("not an address"), "{}", play.screen());
    play.keys("<esc>p");
    assert!(
        play.shows("4 of 6 rows") && !play.shows("noor@"),
        "{}",
        play.screen()
    );
    play.keys("/lee<enter>");
    assert!(play.shows("1 of 6 rows"), "{}", play.screen());
    // The attention is on the wrong cell, and what is wrong is said below it.
    play.keys("<enter>");
    assert!(play.line(">manager").contains("boo@"), "{}", play.screen());
    play.keys("bo.rossi@acme.example<enter>");
    assert!(
        play.shows("3 wrong") && play.shows("1 mended"),
        "{}",
        play.screen()
    );
    play.keys("<esc><esc>gnn");
    assert!(
        play.line(">").contains("not an address"),
        "{}",
        play.screen()
    );
    play.keys("<enter>tom.berg@acme.example<enter>");
    assert!(play.line(">").contains("invite"), "{}", play.screen());
    // The last mending is taken back.
    play.keys("u");
    assert!(play.line(">").contains("wrong"), "{}", play.screen());
}

#[test]
fn what_is_right_is_imported_and_undone_by_one_key_and_the_rest_goes_into_a_copy() {
    let (folder, mut play) = looking(Size::new(120, 24));
    play.keys("y");
    assert!(play.shows("4 rows are wrong"), "{}", play.screen());
    play.keys("P");
    assert!(play.shows("wrong left out"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.shows("with something wrong in the row"),
        "{}",
        play.screen()
    );
    play.keys("c");
    let line = play.copied.clone().unwrap_or_default();
    assert!(
        line.ends_with("joiners.csv --mode both --partial"),
        "{line}"
    );
    // Without having confirmed, nothing is lost.
    play.keys("<esc>y");
    assert!(play.shows("Apply this?"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.shows("imported: 1 invited · 1 updated · 4 left out"),
        "{}",
        play.screen()
    );
    let copy = folder.path().join("wrong.xlsx");
    play.keys("E");
    play.event(Event::Paste(copy.display().to_string()));
    play.keys("<enter>");
    assert!(
        play.shows("4 rows with something wrong"),
        "{}",
        play.screen()
    );
    assert!(copy.is_file());
    play.keys("z");
    assert!(play.shows("Undo batch"), "{}", play.screen());
    play.keys("y");
    assert!(
        play.shows("undone · it was batch") && !play.shows("imported:"),
        "{}",
        play.screen()
    );
    play.keys("<esc>:imports<enter>");
    let line = play.line("joiners.csv");
    assert!(line.contains("undone"), "{}", play.screen());
    let session = play.org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let batches = session
        .read()
        .and_then(|it| it.batches(None, 5))
        .expect("batches");
    assert!(batches.iter().any(|it| it.door == Door::Import));
}

#[test]
fn mended_cells_are_not_thrown_away_by_one_key_and_the_command_line_says_that_it_lacks_them() {
    let (folder, mut play) = looking(small());
    play.keys("n<enter>ana2@acme.example<enter>c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(
        copied.contains("without the 1 cell mended here"),
        "{copied}"
    );
    play.keys("<esc>");
    assert!(
        play.shows("esc again throws 1 mended cell away"),
        "{}",
        play.screen()
    );
    play.keys("jq");
    assert!(!play.quit && play.shows("q again"), "{}", play.screen());
    let copy = folder.path().join("mended.xlsx");
    play.keys("E");
    play.event(Event::Paste(copy.display().to_string()));
    play.keys("<enter>c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(
        copied.contains("mended.xlsx") && !copied.contains("without"),
        "{copied}"
    );
    play.keys("<esc>");
    assert!(play.app.importing.is_none());
}

#[test]
fn whom_there_is_no_room_for_is_queued_when_that_is_chosen() {
    let mut play = Play::open(Org::new(2).people("ana"));
    play.keys("I");
    play.event(Event::Paste(
        "email\nkim@acme.example\nlee@acme.example\n".into(),
    ));
    play.keys("<enter>");
    assert!(
        play.shows("0 free, 2 asked, 2 too many"),
        "{}",
        play.screen()
    );
    play.keys("y");
    assert!(
        play.line("> Q").contains("queue the rest"),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(
        play.shows("the rest queued") && !play.shows("too many"),
        "{}",
        play.screen()
    );
    play.keys("yc");
    let line = play.copied.clone().unwrap_or_default();
    assert!(
        line == "usher import - --mode both --queue-rest --yes <<'END'\nemail\nkim@acme.example\nlee@acme.example\nEND",
        "{line}"
    );
    play.keys("y");
    assert!(play.shows("imported: 2 queued"), "{}", play.screen());
}

#[test]
fn what_leavers_of_the_file_give_back_is_told_with_what_is_free() {
    let org = Org::new(2).people("ana");
    let mut play = Play::with(org, Settings::default(), Size::new(120, 24));
    play.keys("I");
    play.event(Event::Paste(
        "email\tstatus\nkim@acme.example\t\nlee@acme.example\t\nana@acme.example\tinactive\n"
            .into(),
    ));
    play.keys("<enter>");
    let said = "1 free, 2 asked, 1 too many, with 1 given back";
    assert!(play.shows(said), "{}", play.screen());
}

#[test]
fn whoever_goes_on_while_it_is_looked_through_gets_the_plan_as_soon_as_there_is_one() {
    let (_folder, mut play) = looking(small());
    play.keys_at_once("Py");
    assert!(play.shows("Apply this?"), "{}", play.screen());
    play.keys("<esc>");
    play.keys_at_once("Pyj");
    assert!(!play.shows("Apply this?"), "{}", play.screen());
}

#[test]
fn the_names_of_files_are_completed() {
    let (folder, _) = file(JOINERS);
    std::fs::write(folder.path().join("joiners.pdf"), "").expect("written");
    let mut play = Play::open(org());
    play.keys("I");
    play.event(Event::Paste(format!("{}/joi", folder.path().display())));
    play.keys("<tab>");
    let text = play
        .app
        .form
        .as_ref()
        .map(|it| it.fields[0].text().to_owned());
    assert!(
        text.is_some_and(|it| it.ends_with("/joiners.csv")),
        "{}",
        play.screen()
    );
    play.keys("<enter>");
    assert!(play.shows("4 wrong"), "{}", play.screen());
}

#[test]
fn rows_are_pasted_from_a_spreadsheet() {
    let mut play = Play::open(org());
    play.keys("I");
    play.event(Event::Paste(
        "email\tfirst name\nkim@acme.example\tKim\n".into(),
    ));
    assert!(play.shows("2 pasted lines"), "{}", play.screen());
    play.keys("<down>create<enter>");
    assert!(play.line("kim@").contains("create"), "{}", play.screen());
    play.keys("yy");
    assert!(play.shows("imported: 1 created"), "{}", play.screen());
}

#[test]
fn what_cannot_be_read_says_why_and_a_file_is_imported_once() {
    let (_folder, path) = file("email\nkim@acme.example\n");
    let mut play = Play::open(org());
    let import = |play: &mut Play| {
        play.keys("I");
        play.event(Event::Paste(path.display().to_string()));
        play.keys("<enter>");
    };
    import(&mut play);
    play.keys("yy<esc>");
    assert!(play.app.importing.is_none());
    import(&mut play);
    assert!(play.shows("was imported already"), "{}", play.screen());
    // Its options let it pass.
    play.keys("o<down><down><down><down>yes<enter>");
    assert!(play.line("kim@").contains("nothing"), "{}", play.screen());
    play.keys("<esc>I/no/such.csv<enter>");
    assert!(
        play.shows("no such file") || play.shows("there is no file"),
        "{}",
        play.screen()
    );
}

#[test]
fn other_peoples_changes_are_looked_at_and_another_screen_can_be_seen_meanwhile() {
    let (_folder, mut play) = looking(small());
    play.keys("n");
    play.org.create("boo");
    play.event(Event::Committed);
    assert!(play.shows("2 wrong"), "{}", play.screen());
    assert!(
        play.line(">").contains("ana.li@acme.exmaple"),
        "{}",
        play.screen()
    );
    play.keys("3");
    assert!(
        play.shows("groups") && play.shows("the import stays open"),
        "{}",
        play.screen()
    );
    play.keys("1I:seats<enter>");
    assert!(play.shows("Bought"), "{}", play.screen());
    play.keys("1I");
    assert!(
        play.line(">").contains("ana.li@acme.exmaple"),
        "{}",
        play.screen()
    );
}

#[test]
fn a_console_without_files_takes_them_by_a_page() {
    let settings = Settings {
        no_files: true,
        ..Settings::default()
    };
    let mut play = Play::with(org(), settings, small());
    play.keys("I/etc/passwd<enter>");
    assert!(
        play.shows("reads no files of the server"),
        "{}",
        play.screen()
    );
    play.keys("<ctrl-u><enter>");
    assert!(play.shows("while no server runs"), "{}", play.screen());
    if let Some(counters) = &mut play.app.counters {
        counters.served = true;
    }
    play.keys("<enter>");
    assert!(play.shows("/exchange/"), "{}", play.screen());
    play.keys("y");
    let url = play.copied.clone().unwrap_or_default();
    let token = url.rsplit('/').next().unwrap_or_default();
    play.event(Event::Timer(Timer::Arrival));
    assert!(play.shows("/exchange/"), "{}", play.screen());
    let sent = play
        .org
        .directory
        .receive(token, "people.csv", JOINERS.as_bytes());
    assert!(sent.expect("received"));
    play.event(Event::Timer(Timer::Arrival));
    assert!(
        play.shows("people.csv") && play.shows("4 wrong"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_list_is_exported_with_its_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut play = Play::open(org());
    let file = folder.path().join("list.csv");
    play.keys("cemail, area<down>email<enter>/status:active<enter>E");
    assert!(play.shows("3 people in the list"), "{}", play.screen());
    play.keys("<down>");
    play.event(Event::Paste(file.display().to_string()));
    play.keys("<enter>");
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(
        text.lines()
            .next()
            .is_some_and(|it| it.ends_with("status,email,functional_area")),
        "{text}"
    );
    let emails = text.lines().skip(1).map(|it| it.split(',').nth(1));
    assert!(emails.is_sorted(), "{text}");
    assert!(
        text.contains("bo.rossi@acme.example") && text.lines().count() == 4,
        "{text}"
    );
    assert!(
        play.shows("usher export list.csv status:active"),
        "{}",
        play.screen()
    );
}

#[test]
fn whoever_has_a_display_name_only_has_a_name_in_the_export_of_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let org = org();
    let mut boss = super::org::person("big.boss");
    boss.profile.first_name = None;
    boss.profile.last_name = None;
    boss.profile.display_name = Some("Ana Boss".into());
    org.other().done(Command::Create(Create {
        people: vec![boss],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    let mut play = Play::open(org);
    let file = folder.path().join("list.csv");
    play.keys("cname<enter>/big.boss<enter>E<down>");
    play.event(Event::Paste(file.display().to_string()));
    play.keys("<enter>");
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(text.contains("Ana Boss"), "{text}");
}

#[test]
fn a_required_column_that_a_file_lacks_is_filled_in_in_place() {
    let org = org();
    org.other().done(Command::SetSetting {
        setting: Setting::RequiredOnInvite,
        value: Some("email,first_name".into()),
    });
    let (_folder, path) = file("email\nkim@acme.example\n");
    let mut play = Play::open(org);
    play.keys("I");
    play.event(Event::Paste(path.display().to_string()));
    play.keys("<enter>");
    assert!(
        play.shows("first_name: first name is required"),
        "{}",
        play.screen()
    );
    play.keys("<enter>Kim<enter>");
    assert!(
        play.shows("1 invite") && play.shows("1 mended"),
        "{}",
        play.screen()
    );
    play.keys("c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(
        copied.contains("without the 1 cell mended here"),
        "{copied}"
    );
}

#[test]
fn a_cell_that_is_mended_again_is_one_cell() {
    let (_folder, mut play) = looking(small());
    play.keys("n<enter>nobody<enter>");
    assert!(play.shows("1 mended"), "{}", play.screen());
    play.keys("<enter>ana2@acme.example<enter>");
    assert!(
        play.shows("3 wrong") && play.shows("1 mended"),
        "{}",
        play.screen()
    );
    play.keys("<esc>");
    assert!(
        play.shows("esc again throws 1 mended cell away; E writes a copy with it"),
        "{}",
        play.screen()
    );
    play.keys("u");
    assert!(
        play.shows("4 wrong") && play.shows("1 mended"),
        "{}",
        play.screen()
    );
    play.keys("u");
    assert!(!play.shows("mended"), "{}", play.screen());
}

#[test]
fn whom_there_is_no_room_for_is_told_apart_from_what_is_wrong() {
    let mut play = Play::open(Org::new(3).people("ana"));
    play.keys("I");
    play.event(Event::Paste(
        "email\nkim@acme.example\nlee@acme.example\nnobody\n".into(),
    ));
    play.keys("<enter>P");
    assert!(
        play.line("3 no seat").contains("no free seat in access"),
        "{}",
        play.screen()
    );
    assert!(
        play.shows("1 wrong  1 invite  1 no seat"),
        "{}",
        play.screen()
    );
    play.keys("yy");
    assert!(
        play.shows("1 invited · 1 left out without a seat · 1 left out · batch"),
        "{}",
        play.screen()
    );
}

#[test]
fn the_plan_shows_the_day_on_which_somebody_of_the_file_is_to_be_deleted() {
    let mut play = Play::open(org());
    play.keys("I");
    play.event(Event::Paste(
        "email,delete_on\nkim@acme.example,2099-01-31\n".into(),
    ));
    play.keys("<enter>y");
    assert!(
        play.line("Leaving")
            .contains("1 person deleted on 2099-01-31"),
        "{}",
        play.screen()
    );
    assert!(play.shows("delete_on 2099-01-31"), "{}", play.screen());
}

#[test]
fn a_text_is_read_as_the_encoding_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("polish.csv");
    // Łukasz, in Windows-1250.
    std::fs::write(&path, b"email,first name\nkim@acme.example,\xa3ukasz\n").expect("written");
    let mut play = Play::with(org(), Settings::default(), Size::new(120, 24));
    play.keys("I");
    play.event(Event::Paste(path.display().to_string()));
    play.keys("<enter>");
    assert!(
        play.shows("£ukasz") && play.shows("read as Windows-1252 text; o names another"),
        "{}",
        play.screen()
    );
    play.keys("o<up>klingon<enter>");
    assert!(
        play.shows("encoding \"klingon\" is unknown"),
        "{}",
        play.screen()
    );
    play.keys("<esc><esc>o<up>windows-1250<enter>");
    assert!(
        play.shows("Łukasz") && play.shows("read as windows-1250 text"),
        "{}",
        play.screen()
    );
    play.keys("c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(
        copied.ends_with("polish.csv --mode both --encoding windows-1250"),
        "{copied}"
    );
    // What was mended stays mended, however the text is read.
    play.keys("e<down>Luke<enter>");
    assert!(
        play.shows("1 mended") && play.shows("Luke"),
        "{}",
        play.screen()
    );
    play.keys("o<up>iso-8859-2<enter>");
    assert!(
        play.shows("1 mended") && play.shows("Luke"),
        "{}",
        play.screen()
    );
    play.keys("u");
    assert!(play.shows("Łukasz"), "{}", play.screen());
    play.keys("<esc>I");
    play.event(Event::Paste(path.display().to_string()));
    play.keys("<down><down><down><down>shift_jis<enter>");
    assert!(
        play.shows("ﾂ」ukasz") || play.shows("｣ukasz"),
        "{}",
        play.screen()
    );
    // What cannot be read so is told with where another is named.
    play.keys("o<up>utf-8<enter>");
    assert!(
        play.shows("is not UTF-8") && play.shows("name another encoding in the options (o)"),
        "{}",
        play.screen()
    );
    // What is pasted is text already.
    play.keys("<esc>I");
    play.event(Event::Paste(
        "email,first name\nkim@acme.example,Łukasz\n".into(),
    ));
    play.keys("<down><down><down><down>windows-1250<enter>");
    assert!(play.shows("Łukasz"), "{}", play.screen());
    play.keys("c");
    let copied = play.copied.clone().unwrap_or_default();
    assert!(!copied.contains("--encoding"), "{copied}");
}

#[test]
fn what_was_mended_in_one_sheet_waits_there_while_another_is_read() {
    let mend = |row| Mend {
        row,
        column: 0,
        text: "kim@acme.example".to_owned(),
        is_title: false,
    };
    let of = |sheet: Option<&str>| Terms {
        sheet: sheet.map(str::to_owned),
        ..Terms::default()
    };
    let origin = Origin::Path(PathBuf::from("people.xlsx"));
    let mut importing = Importing::new(origin, of(None));
    importing.mend(vec![mend(2), mend(3)]);
    assert_eq!(importing.set_terms(of(Some("Leavers"))), 2);
    assert_eq!(importing.n_mended(), 0);
    assert!(!importing.may_leave(), "something would be thrown away");
    importing.mend(vec![mend(7)]);
    assert_eq!(importing.set_terms(of(None)), 1);
    assert_eq!(importing.n_mended(), 2);
    assert!(importing.unmend() && importing.n_mended() == 0);
    assert_eq!(importing.set_terms(of(Some("Leavers"))), 0);
    assert_eq!(importing.n_mended(), 1);
}
