//! An import: read, looked through, mended, and confirmed as a plan like any other.

mod arriving;
mod confirming;

pub(super) use confirming::said_done;

use usher_core::import::Does;

use super::{App, Tone};
use crate::action::{Action, Place, action};
use crate::effect::Effect;
use crate::importing::{
    FileRead, Importing, Looked, Mend, Origin, Show, Terms, ask_file, ask_terms, mend_form,
};
use crate::key::Key;
use crate::line::LineEditor;
use crate::overlay::help::Help;
use crate::overlay::menu::{Choice, Entry};
use crate::people;
use crate::words::some;
use crate::writing::Content;

impl App {
    /// The import that is looked through, if it is on the screen.
    pub(crate) fn import_on_top(&self) -> Option<&Importing> {
        self.importing.as_ref().filter(|it| !it.hidden)
    }

    /// Another screen is to be seen; an import that is looked through stays open below it.
    pub(super) fn hide_import(&mut self) {
        if let Some(importing) = self.importing.as_mut().filter(|it| !it.hidden) {
            importing.hidden = true;
            if importing.done.is_none() {
                let said =
                    "the import stays open: I among people, or i on the screen imports, comes back";
                self.say(said, Tone::Plain);
            }
        }
    }

    /// Asks for a file; goes back to an import that is still open.
    pub(super) fn ask_file(&mut self) {
        match &mut self.importing {
            Some(importing) if importing.done.is_none() => {
                importing.hidden = false;
                self.lay_out();
            }
            _ => self.perform(ask_file(self.settings.no_files), false),
        }
    }

    /// Reads what was chosen.
    pub(super) fn import(&mut self, origin: Origin, terms: Terms) {
        self.form = None;
        let before = self.importing.replace(Importing::new(origin, terms));
        self.drop_import(before);
        self.read_file();
        self.lay_out();
    }

    fn drop_import(&mut self, importing: Option<Importing>) {
        self.effects
            .extend(importing.map(|it| Effect::Discard(Box::new(it))));
    }

    fn read_file(&mut self) {
        self.import_generation += 1;
        let generation = self.import_generation;
        match (&mut self.importing, self.settings.reader.clone()) {
            (Some(importing), Some(by)) => {
                let request = Box::new(importing.read(generation, by));
                self.effects.push(Effect::ReadFile(request));
            }
            (Some(importing), None) => {
                importing.fault = Some("this console reads no files".to_owned());
            }
            (None, _) => {}
        }
    }

    fn look_through(&mut self) {
        self.import_generation += 1;
        let generation = self.import_generation;
        let request = self.importing.as_mut().and_then(|it| it.review(generation));
        self.effects
            .extend(request.map(|it| Effect::Review(Box::new(it))));
    }

    pub(super) fn file_read(&mut self, generation: u64, result: Result<FileRead, String>) {
        let Some(importing) = self.importing.as_mut() else {
            return;
        };
        if generation != importing.generation {
            return;
        }
        match result {
            Ok(read) => {
                importing.take_sheet(read);
                self.look_through();
            }
            Err(why) => {
                importing.busy = None;
                importing.fault = Some(in_console_words(&why));
            }
        }
    }

    pub(super) fn reviewed(&mut self, generation: u64, result: Result<Box<Looked>, String>) {
        let Some(importing) = self.importing.as_mut() else {
            return;
        };
        if generation != importing.generation {
            return;
        }
        match result {
            Ok(looked) => {
                let before = importing.take_looked(looked);
                let goes_on = std::mem::take(&mut importing.goes_on);
                self.effects
                    .extend(before.map(|it| Effect::Discard(Box::new(it) as Box<_>)));
                if goes_on && !self.is_covered() && self.import_on_top().is_some() {
                    self.message = None;
                    self.confirm_import();
                }
            }
            Err(why) => {
                importing.busy = None;
                importing.fault = Some(in_console_words(&why));
            }
        }
    }

    /// Somebody has changed the roster, on which the rows were looked through.
    pub(super) fn import_grows_old(&mut self) {
        if self.importing.as_mut().is_some_and(Importing::grow_old) {
            self.look_through();
        }
    }

    pub(super) fn set_terms(&mut self, terms: Terms) {
        self.form = None;
        let Some(importing) = &mut self.importing else {
            return;
        };
        let of = |it: &Terms| (it.sheet.clone(), it.encoding.clone());
        let is_read_anew = of(&importing.terms) != of(&terms);
        let waiting = importing.set_terms(terms);
        if waiting > 0 {
            let said = format!(
                "{} in the other sheet wait there",
                some(waiting, "mended cell")
            );
            self.say(&said, Tone::Plain);
        }
        if is_read_anew {
            self.read_file();
        } else {
            self.look_through();
        }
    }

    pub(super) fn mend(&mut self, mends: Vec<Mend>) {
        self.form = None;
        if let Some(importing) = &mut self.importing {
            importing.mend(mends);
            self.look_through();
        }
    }

    pub(super) fn key_on_import(&mut self, key: Key) {
        self.message = None;
        let Some(importing) = &mut self.importing else {
            return;
        };
        if importing.bar.is_some() {
            self.key_in_import_filter(key);
            return;
        }
        importing.goes_on = false;
        if !matches!(key, Key::Escape | Key::Char('q')) {
            importing.stay();
        }
        match (action(Place::Import, key), key) {
            (Some(action), _) => self.act_on_import(action),
            (None, Key::Char(key)) => {
                self.go_to_screen(key);
            }
            _ => {}
        }
    }

    fn act_on_import(&mut self, action: Action) {
        match action {
            Action::Undo => self.undo(),
            Action::Menu => self.open_menu(),
            Action::Palette => self.open_palette(),
            Action::Help => {
                self.help = Some(Help::of_import());
                self.lay_out();
            }
            Action::Repaint => self.effects.push(Effect::Repaint),
            Action::Mouse => self.turn_mouse(),
            Action::Theme => self.next_theme(),
            Action::Plain => self.turn_frames(),
            Action::Quit => {
                if self.importing.as_mut().is_some_and(|it| !it.may_leave()) {
                    self.say(
                        "q again throws what was mended away; E writes a copy with it",
                        Tone::Plain,
                    );
                } else {
                    self.quit();
                }
            }
            Action::Confirm => self.confirm_import(),
            Action::ShowRows => self.choose_rows(),
            Action::LookAgain => self.look_through(),
            Action::Copy => {
                let line = self.importing.as_ref().map(Importing::command_line);
                line.into_iter().for_each(|it| self.copy(it));
            }
            Action::Mend | Action::Unmend | Action::Partial | Action::QueueRest | Action::Terms
                if self.importing.as_ref().is_some_and(|it| it.done.is_some()) =>
            {
                self.say("it is imported; z undoes it, esc leaves", Tone::Plain);
            }
            Action::Mend => self.ask_cells(),
            Action::Terms => {
                let form = self.importing.as_ref().map(|it| ask_terms(&it.terms));
                self.form = form;
                self.lay_out();
            }
            Action::ErrorCopy => self.ask_copy(),
            other => self.move_in_import(other),
        }
    }

    fn move_in_import(&mut self, action: Action) {
        let Some(importing) = &mut self.importing else {
            return;
        };
        let page = isize::try_from(importing.height()).unwrap_or(isize::MAX);
        match action {
            Action::Up => importing.move_by(-1),
            Action::Down => importing.move_by(1),
            Action::HalfUp => importing.move_by(-(page / 2).max(1)),
            Action::HalfDown => importing.move_by((page / 2).max(1)),
            Action::PageUp => importing.move_by(-page),
            Action::PageDown => importing.move_by(page),
            Action::Top => importing.move_by(isize::MIN),
            Action::Bottom => importing.move_by(isize::MAX),
            Action::NextProblem | Action::PreviousProblem => {
                let found = importing.go_to_problem(action == Action::PreviousProblem);
                if !found {
                    self.say("nothing is wrong here", Tone::Good);
                }
            }
            Action::OnlyProblems => {
                let show = match importing.show {
                    Show::All => Show::Only(Does::Wrong),
                    Show::Only(_) | Show::Kind(_) => Show::All,
                };
                self.show_rows(show);
            }
            Action::Filter => importing.bar = Some(LineEditor::offering(&importing.filter)),
            Action::Unmend => {
                if importing.unmend() {
                    self.look_through();
                } else {
                    self.say("nothing was mended", Tone::Plain);
                }
            }
            Action::Partial => {
                importing.terms.partial = !importing.terms.partial;
                self.look_through();
            }
            Action::QueueRest => {
                importing.terms.queue_rest = !importing.terms.queue_rest;
                self.look_through();
            }
            Action::Back => self.back_from_import(),
            _ => {}
        }
    }

    fn back_from_import(&mut self) {
        let Some(importing) = &mut self.importing else {
            return;
        };
        if !importing.filter.is_empty() {
            importing.set_filter("");
        } else if importing.show != Show::All && importing.done.is_none() {
            importing.set_show(Show::All);
        } else if importing.may_leave() {
            let gone = self.importing.take();
            self.drop_import(gone);
            if let Some(board) = self.boards.last_mut() {
                board.refresh();
            }
            self.lay_out();
        } else {
            let n = importing.n_mended();
            let mended = some(n, "mended cell");
            let them = if n == 1 { "it" } else { "them" };
            let said = format!("esc again throws {mended} away; E writes a copy with {them}");
            self.say(&said, Tone::Plain);
        }
    }

    /// Shows these rows only.
    pub(super) fn show_rows(&mut self, show: Show) {
        if let Some(importing) = &mut self.importing {
            importing.set_show(show);
            if importing.place().1 == 0 && show == Show::Only(Does::Wrong) {
                importing.set_show(Show::All);
                self.say("nothing is wrong", Tone::Good);
            }
        }
    }

    fn key_in_import_filter(&mut self, key: Key) {
        let Some(importing) = &mut self.importing else {
            return;
        };
        match action(Place::Filter, key) {
            Some(Action::Accept) => importing.bar = None,
            Some(Action::Back) => {
                importing.bar = None;
                importing.set_filter("");
            }
            Some(Action::Up) => importing.move_by(-1),
            Some(Action::Down) => importing.move_by(1),
            _ => {
                let bar = importing.bar.as_mut();
                if bar.and_then(|it| it.press(key)) == Some(true) {
                    self.typed_in_import_filter();
                }
            }
        }
    }

    pub(super) fn typed_in_import_filter(&mut self) {
        if let Some(importing) = &mut self.importing
            && let Some(text) = importing.bar.as_ref().map(|it| it.text().to_owned())
        {
            importing.set_filter(&text);
        }
    }

    /// The menu of which rows can be shown.
    fn choose_rows(&mut self) {
        let Some(looked) = self.importing.as_ref().and_then(|it| it.looked.as_ref()) else {
            return;
        };
        let entry = |n: usize, sentence: String, show| Entry {
            key: String::new(),
            name: some(n, "row"),
            sentence: sentence.into(),
            choice: Choice::Rows(show),
        };
        let mut entries = vec![entry(looked.len(), "All rows.".to_owned(), Show::All)];
        for (does, said) in [
            (Does::Wrong, "Something is wrong."),
            (Does::Invite, "Somebody is invited."),
            (Does::Create, "Somebody gets an account."),
            (Does::Queue, "Somebody waits for a seat."),
            (Does::Update, "Somebody is changed."),
            (Does::Nothing, "They are on the roster as the row has them."),
            (Does::LeftOut, "There is no seat for them."),
        ] {
            let n = looked.count(does);
            if n > 0 {
                entries.push(entry(n, said.to_owned(), Show::Only(does)));
            }
        }
        let kinds = looked.kinds().iter().enumerate();
        entries.extend(kinds.map(|(i, it)| entry(it.rows.len(), it.words.clone(), Show::Kind(i))));
        self.show_menu("Show which rows".to_owned(), entries);
    }

    fn ask_cells(&mut self) {
        if let Some(form) = self.importing.as_ref().and_then(mend_form) {
            self.form = Some(form);
            self.lay_out();
        }
    }

    fn ask_copy(&mut self) {
        let looked = self.importing.as_ref().and_then(|it| it.looked.as_ref());
        let Some(plan) = looked.map(|it| it.plan().clone()) else {
            return;
        };
        let hint = "A new .xlsx file: the same rows, with what is wrong marked.";
        let form = people::ask_where("Write a copy", &["xlsx"], hint, Content::Copy(plan));
        self.form = Some(form);
        self.lay_out();
    }
}

/// A refusal that names options of the command line, with those of the screen in their place.
fn in_console_words(why: &str) -> String {
    let why = why.replace("say --again", "say yes to once more in the options (o)");
    let why = why.replace(" with --encoding", " in the options (o)");
    let why = why.replace(" with --sheet", " in the options (o)");
    why.replace("say --partial", "press P")
}
