//! What keys do: first where the attention is (a sheet, the help, the filter line), then on the list.

use super::{App, MOST_DEFERRED, TYPING, Tone};
use crate::action::{Action, Place, action};
use crate::board::Doing;
use crate::boards::Topic;
use crate::effect::Effect;
use crate::event::Timer;
use crate::key::Key;
use crate::line::LineEditor;
use crate::list::Moved;
use crate::overlay::detail::DetailPane;
use crate::overlay::help::Help;
use crate::people;

/// Whether an action leaves the rows between which a range was begun, so that whoever is in it is marked first.
fn leaves_range(action: Action) -> bool {
    matches!(
        action,
        Action::Filter
            | Action::Sort
            | Action::Backwards
            | Action::Columns
            | Action::Views
            | Action::OnlyMarked
            | Action::Menu
            | Action::Palette
            | Action::Copy
            | Action::Invite
    )
}

impl App {
    pub(super) fn key(&mut self, key: Key) {
        if key == Key::Ctrl('c') {
            self.interrupt();
            return;
        }
        self.leaving &= key == Key::Char('q');
        let waits = !self.deferred.is_empty() || self.must_wait(key);
        if key == Key::Escape {
            self.deferred.clear();
            self.opening = None;
        } else if waits {
            if self.deferred.len() < MOST_DEFERRED {
                self.deferred.push_back(key);
            }
            return;
        }
        self.key_now(key);
    }

    /// Whether what is on the screen is not yet what the key is about.
    fn must_wait(&self, key: Key) -> bool {
        if self.opening.is_some() {
            return true;
        }
        if self.is_covered() || self.import_on_top().is_some() {
            return false;
        }
        match self.board() {
            Some(board) => {
                let goes = matches!(key, Key::Char('0'..='9' | 'q' | '?' | ':'));
                board.bar.is_none() && board.is_settling() && !goes
            }
            None => self.users.filter.bar.is_none() && self.needs_the_list(key),
        }
    }

    /// Whether a key is about a row while the rows that were asked for are not here yet.
    pub(super) fn needs_the_list(&self, key: Key) -> bool {
        let for_any_list = matches!(
            action(Place::Users, key),
            Some(
                Action::Filter
                    | Action::Invite
                    | Action::Import
                    | Action::Palette
                    | Action::MarkAll
                    | Action::ClearMarks
                    | Action::Help
                    | Action::Quit
                    | Action::Repaint
                    | Action::Undo
            )
        );
        let means_nothing = action(Place::Users, key).is_none() && people::of_key(key).is_none();
        self.users.list.is_settling() && !for_any_list && !means_nothing
    }

    pub(super) fn key_now(&mut self, key: Key) {
        if self.sheet.is_some() {
            self.key_on_sheet(key);
        } else if self.note.is_some() {
            self.key_on_note(key);
        } else if let Some(help) = &mut self.help {
            if !help.press(key) {
                self.help = None;
            }
        } else if self.menu.is_some() {
            self.key_in_menu(key);
        } else if self.form.is_some() {
            self.key_on_form(key);
        } else if self.text.is_some() {
            self.key_on_text(key);
        } else if self.import_on_top().is_some() {
            self.key_on_import(key);
        } else if self.board().is_some() {
            self.key_on_board(key);
        } else if self.users.filter.bar.is_some() {
            self.key_in_filter(key);
        } else if let Some(action) = action(Place::Users, key) {
            self.message = None;
            self.act(action, key);
        } else if let Some(act) = people::of_key(key) {
            self.message = None;
            if self.takes_range() {
                self.do_with_people(act);
            }
        } else if let Key::Char(key) = key {
            self.go_to_screen(key);
        }
    }

    fn key_on_note(&mut self, key: Key) {
        match key {
            Key::Escape => {
                self.note = None;
                self.awaited = None;
            }
            Key::Char('y') => {
                if let Some(note) = &mut self.note {
                    note.copied = true;
                    self.effects.push(Effect::Copy(note.copy.clone()));
                }
            }
            _ => {}
        }
    }

    pub(super) fn interrupt(&mut self) {
        self.deferred.clear();
        self.opening = None;
        if self.close_sheet()
            || self.help.take().is_some()
            || self.menu.take().is_some()
            || self.form.take().is_some()
            || self.text.take().is_some()
        {
            return;
        }
        if self.users.filter.bar.is_some() {
            self.leave_filter();
            return;
        }
        if self.cancel_applying() {
            return;
        }
        if self.leaving {
            self.effects.push(Effect::Quit);
        }
        self.leaving = true;
        self.say("ctrl-c again or q leaves the console", Tone::Plain);
    }

    pub(super) fn paste(&mut self, text: &str) {
        if self.sheet.is_some() || self.help.is_some() || self.note.is_some() {
            return;
        }
        if let Some(menu) = &mut self.menu {
            menu.paste(text);
        } else if let Some(form) = &mut self.form {
            form.paste(text);
            self.list_files();
        } else if let Some(pane) = &mut self.text {
            pane.paste(text);
        } else if let Some(importing) = self.importing.as_mut().filter(|it| !it.hidden) {
            if let Some(bar) = &mut importing.bar {
                bar.insert(text);
                self.typed_in_import_filter();
            }
        } else if let Some(board) = self.boards.last_mut() {
            if let Some(bar) = &mut board.bar {
                bar.insert(text);
                self.typed_in_board_filter();
            }
        } else if let Some(bar) = &mut self.users.filter.bar {
            bar.insert(text);
            self.typed_in_filter();
        }
    }

    pub(super) fn act(&mut self, action: Action, key: Key) {
        if leaves_range(action) && !self.takes_range() {
            return;
        }
        match action {
            Action::Filter => self.open_filter(),
            Action::Sort => self.sort_next(),
            Action::Backwards => self.sort_backwards(),
            Action::Columns => self.ask_look(),
            Action::Views => self.open_views(),
            Action::Mark => {
                self.users.toggle_mark();
                self.users.list.move_by(1);
            }
            Action::Range => {
                if let Some(request) = self.users.range() {
                    self.effects.push(Effect::ReadRange(request));
                }
            }
            Action::MarkAll => self.users.mark_all(),
            Action::Invert => self.users.invert(),
            Action::ClearMarks => self.users.clear_marks(),
            Action::MarkAgain => {
                if !self.users.mark_again() {
                    self.say("nobody was marked for a batch yet", Tone::Plain);
                }
            }
            Action::OnlyMarked => self.only_marked(),
            Action::Invite => self.perform(Doing::Invite, false),
            Action::Import => self.perform(Doing::AskFile, false),
            Action::Menu => self.open_menu(),
            Action::Copy => self.open_copy_menu(),
            Action::Palette => self.open_palette(),
            Action::Open => {
                if let Some(user) = self.users.list.current().map(|it| it.id) {
                    self.open(Topic::Person(user));
                }
            }
            Action::Undo => self.undo(),
            Action::Detail => self.toggle_detail(),
            Action::Help => {
                self.help = Some(Help::of_board(None));
                self.lay_out();
            }
            Action::Repaint => self.effects.push(Effect::Repaint),
            Action::Mouse => self.turn_mouse(),
            Action::Theme => self.next_theme(),
            Action::Plain => self.turn_frames(),
            Action::Back => self.back(),
            Action::Quit => self.quit(),
            moving => {
                if self.users.go(moving) == Moved::Waits {
                    self.deferred.push_front(key);
                }
            }
        }
    }

    /// Marks a range that was begun, so that what is done next is done with it. False when its people are still being read.
    fn takes_range(&mut self) -> bool {
        if self.users.list.range().is_none() {
            return true;
        }
        let Some(request) = self.users.range() else {
            return true;
        };
        self.effects.push(Effect::ReadRange(request));
        self.say(
            "the range is being marked; press the key again when it is",
            Tone::Plain,
        );
        false
    }

    pub(super) fn back(&mut self) {
        if self.users.list.range().is_some() {
            self.users.list.end_range();
        } else if self.detail.is_some() {
            self.toggle_detail();
        } else if self.users.only_marked {
            self.users.show_only_marked(false);
        } else {
            self.users.apply_filter("", self.now);
        }
    }

    pub(super) fn quit(&mut self) {
        if self.applying.is_some() && !self.leaving {
            self.leaving = true;
            self.say(
                "a plan is being applied: ctrl-c cancels it whole; q again leaves, and it is applied whole or not at all",
                Tone::Plain,
            );
            return;
        }
        self.effects.push(Effect::Quit);
    }

    pub(super) fn toggle_detail(&mut self) {
        self.detail = match self.detail {
            None => Some(DetailPane::default()),
            Some(_) => None,
        };
        self.lay_out();
    }

    pub(super) fn only_marked(&mut self) {
        if self.users.only_marked {
            self.users.show_only_marked(false);
        } else if self.users.marks.is_empty() {
            self.say("nobody is marked", Tone::Plain);
        } else {
            self.users.show_only_marked(true);
        }
    }

    pub(super) fn open_filter(&mut self) {
        self.users.filter.bar = Some(LineEditor::offering(&self.users.filter.text));
        self.effects.push(Effect::ReadNames);
    }

    pub(super) fn key_in_filter(&mut self, key: Key) {
        match action(Place::Filter, key) {
            Some(Action::Accept) => self.accept_filter(),
            Some(Action::Back) => self.leave_filter(),
            Some(Action::Complete) => {
                if self.users.complete(&self.names) {
                    self.typed_in_filter();
                }
            }
            Some(moving) => {
                // Only movements are left; one beyond the rows in memory is no reason to stop typing.
                self.users.go(moving);
            }
            None => {
                let pressed = self
                    .users
                    .filter
                    .bar
                    .as_mut()
                    .and_then(|bar| bar.press(key));
                if pressed == Some(true) {
                    self.typed_in_filter();
                }
            }
        }
    }

    pub(super) fn typed_in_filter(&mut self) {
        self.users.filter.fault = None;
        // While nothing is being read, the list follows at once; else it does when that is here, or the keyboard rests. What
        // cannot be understood may still be going on: that is told when it rests.
        if !self.users.list.is_settling() {
            self.follow_filter();
        }
        self.effects
            .push(Effect::Timer(Timer::Filter, Some(TYPING)));
    }

    /// Puts what is typed in force, if it can be understood.
    pub(super) fn follow_filter(&mut self) {
        let bar = self.users.filter.bar.as_ref();
        if let Some(text) = bar.map(|it| it.text().to_owned())
            && text.trim() != self.users.filter.text
            && !self.users.apply_filter(&text, self.now)
        {
            self.users.filter.fault = None;
        }
    }

    pub(super) fn accept_filter(&mut self) {
        let text = self
            .users
            .filter
            .bar
            .as_ref()
            .map(|bar| bar.text().to_owned())
            .unwrap_or_default();
        self.effects.push(Effect::Timer(Timer::Filter, None));
        if self.users.apply_filter(&text, self.now) {
            self.users.filter.bar = None;
        }
    }

    pub(super) fn leave_filter(&mut self) {
        self.effects.push(Effect::Timer(Timer::Filter, None));
        self.users.filter.bar = None;
        self.users.filter.fault = None;
        self.users.apply_filter("", self.now);
    }
}
