//! What the screens look like, as text and as looks (see `play::Play::looks` for the letters).

use ratatui::layout::Size;

use super::org::Org;
use super::play::Play;
use crate::app::Settings;
use crate::theme::Theme;

fn org() -> Org {
    Org::new(8)
        .people("ana.li bo.rossi carl.weber")
        .waiting("dora.çelik")
        .inactive("emil.adams")
        .pool("coaching", 0)
}

fn at(width: u16, height: u16, keys: &str) -> Play {
    let settings = Settings {
        title: Some("demo".into()),
        ..Settings::default()
    };
    let mut play = Play::with(org(), settings, Size::new(width, height));
    play.keys(keys);
    play
}

/// Compares a screen, whose lines are told without the spaces at their ends.
pub(super) fn check(actual: &str, expected: &str) {
    let actual: Vec<_> = actual.lines().map(without_ids).collect();
    let (actual, expected) = (
        actual.join("\n"),
        expected.trim_start_matches('\n').trim_end(),
    );
    assert!(
        actual == expected,
        "the screen is\n{actual}\n\nand not\n{expected}"
    );
}

/// Ids and digests are the core's business; here they are dots.
fn without_ids(line: &str) -> String {
    let mut line = line.to_owned();
    if let Some(at) = line.find(" plan ") {
        line.replace_range(at + 6..at + 12, "••••••");
    }
    if let Some(at) = line.find(" id          ") {
        line.replace_range(at + 13.., "•");
    }
    line
}

#[test]
fn users_on_80_columns() {
    let play = at(80, 24, " j");
    check(
        &play.screen(),
        r"
 usher  Acme Learning  [demo]                             no server  file owner
 access 5/8 · 3 free   1 waiting   coaching 0/0 full
  everybody                                                            6 people
   Status     Name ↑              Email                       Area
 x I inactive Adams, Emil         emil.adams@acme.example     Sales
   W waiting  Çelik, Dora         dora.çelik@acme.example     Research
>  A active   Li, Ana             ana.li@acme.example         Sales
   A active   olga@acme.example   olga@acme.example
   A active   Rossi, Bo           bo.rossi@acme.example       Sales
   A active   Weber, Carl         carl.weber@acme.example     Sales











 1 marked   row 3 of 6                                pool add · cli · just now

 d deactivate  r reactivate  e edit  a all actions  m only marked       ? help",
    );
    check(
        &play.looks(Theme::Terminal),
        r"
.ddddd..bbbbbbbbbbbbb..yyyyyy.............................ddddddddd..dddddddddd
.bbbbbbbbbbggggggggg............yyyyyyyyyyyyyyyyyyyy
..ddddddddd............................................................dddddddd
...uuuuuu.....uuuuuu..............uuuuu.......................uuuu
mm.dddddddddd.mmmmmmmmmmm.........mmmmmmmmmmmmmmmmmmmmmmm.....mmmmm
...yyyyyyyyy
rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr
...gggggggg
...gggggggg
...gggggggg











.mmmmmmmm.............................................ddddddddddddddddddddddddd

.c.............c.............c.......c..............c...................c",
    );
}

#[test]
fn without_colours_everything_is_still_told_apart() {
    check(
        &at(60, 15, " jv").looks(Theme::Mono),
        r"
.ddddd..bbbbbbbbbbbbb..bbbbbb.........ddddddddd..dddddddddd
.bbbbbbbbbb.....................bbbbbbbbbbbbbbbbbbbb
..ddddddddd........................................dddddddd
...uuuuuu.....uuuuuu............uuuuu
bb.dddddddddd.bbbbbbbbbbb.......bbbbbbbbbbbbbbbbbbbbbbb
...bbbbbbbbb
rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr






.bbbbbbbb.........................ddddddddddddddddddddddddd
.b........bbb.......b.......b.....b........b........b",
    );
}

#[test]
fn users_on_120_columns_with_details() {
    check(
        &at(120, 20, "jw").screen(),
        r"
 usher  Acme Learning  [demo]                                                                     no server  file owner
 access 5/8 · 3 free   1 waiting   coaching 0/0 full
  everybody                                                                                                    6 people
   Status     Name ↑                Email                                Dora Çelik
   I inactive Adams, Emil           emil.adams@acme.example              status      waiting
>  W waiting  Çelik, Dora           dora.çelik@acme.example              email       dora.çelik@acme.example
   A active   Li, Ana               ana.li@acme.example                  title       Lead
   A active   olga@acme.example     olga@acme.example                    area        Research
   A active   Rossi, Bo             bo.rossi@acme.example                invitation  pending, until 2026-12-06
   A active   Weber, Carl           carl.weber@acme.example              created     2026-11-22
                                                                         id          •

                                                                         Licenses
                                                                         access      reserved

                                                                         History
                                                                         just now    invitation pending 1 · file_owner,…
 row 2 of 6                                                                                   pool add · cli · just now

 / find  space mark  * all  d deactivate  e edit  i invite  enter open  a all actions  : palette  z undo        ? help",
    );
}

#[test]
fn a_small_screen_shows_the_rows() {
    check(
        &at(39, 9, "j ").screen(),
        r"
 access 5/8 · 3 free   1 waiting  +1
  I Adams, Emil
 xW Çelik, Dora
> A Li, Ana
  A olga@acme.example
  A Rossi, Bo
  A Weber, Carl

 1 marked   row 3 of 6",
    );
    check(&at(12, 1, "jj").screen(), "> A Li, Ana");
}

#[test]
fn the_plan_sheet() {
    check(
        &at(80, 20, "*d").screen(),
        r"
 usher  Acme Learning  [demo]                             no server  file owner
 access 5/8 · 3 free   1 waiting   coaching 0/0 full
┌──────────────────────────────────────────────────────────────────────────────┐
│ Deactivate 4 people                                              plan •••••• │
│ 6 marked                                                                     │
│ Changes        4 people   active → inactive 3 · waiting → inactive 1         │
│ Skipped        2   1 already inactive · 1 the last owner                     │
│ Seats          access    held 5 → 1   free 3 → 7                             │
│ Command        usher deactivate '()'                                         │
│                                                                              │
│ + ana.li@acme.example                status active → inactive · license acc… │
│ + bo.rossi@acme.example              status active → inactive · license acc… │
│ + carl.weber@acme.example            status active → inactive · license acc… │
│ + dora.çelik@acme.example            status waiting → inactive · license ac… │
│ - olga@acme.example                  the last owner                          │
│ - emil.adams@acme.example            already inactive                        │
│ Apply this?                                                                  │
│  y apply  esc cancel  c copy command  j down  pgdn page down  G last         │
└──────────────────────────────────────────────────────────────────────────────┘",
    );
}

#[test]
fn the_plan_sheet_without_frames() {
    let settings = Settings {
        plain: true,
        ..Settings::default()
    };
    let mut play = Play::with(org(), settings, Size::new(60, 14));
    play.keys("*d");
    check(
        &play.screen(),
        r"
 usher  Acme Learning                 no server  file owner
 access 5/8 · 3 free   1 waiting   coaching 0/0 full
Deactivate 4 people                              plan ••••••
6 marked
Changes        4 people   active → inactive 3 · waiting → i…
Skipped        2   1 already inactive · 1 the last owner
Seats          access    held 5 → 1   free 3 → 7
Command        usher deactivate '()'

+ ana.li@acme.example          status active → inactive · l…
+ bo.rossi@acme.example        status active → inactive · l…
Apply this?
 y apply  esc cancel  c copy command  j down  pgdn page down",
    );
}

#[test]
fn the_help_is_made_from_the_actions() {
    let mut play = at(80, 20, "?");
    assert!(
        play.screen()
            .contains("  /             Type what to look for; the list follows as you type.")
    );
    play.keys("G");
    assert!(
        play.screen().contains("Leave everything as it is."),
        "{}",
        play.screen()
    );
    play.keys("q");
    assert!(play.app.help.is_none() && !play.quit);
}

#[test]
fn a_name_cannot_act_on_the_screen() {
    use usher_core::command::{Command, Edit};
    use usher_core::model::Field;
    // The core refuses such names at its doors; here they come past it, as an old database or a provider might have them.
    let mut play = at(80, 24, "");
    let who = play.org.ids("bo.rossi");
    let mut edit = Edit::of(who);
    edit.set = vec![(
        Field::LastName,
        Some("\u{1b}[31m\u{202e}issoR\u{200b}\u{301}".into()),
    )];
    play.org.other().done(Command::Edit(edit));
    play.event(crate::event::Event::Committed);
    assert!(
        play.shows("\u{fffd}[31m\u{fffd}issoR\u{fffd}"),
        "{}",
        play.screen()
    );
}
