//! Screens over the list of people: opening them, their keys, and what comes of their actions.

use usher_core::Selection;
use usher_core::command::Edit;
use usher_core::model::UserId;
use usher_core::query::Expr;

use super::{App, Tone};
use crate::action::{Action, Place, action};
use crate::board::{Board, Doing, Here};
use crate::boards::Topic;
use crate::effect::{Effect, Wish};
use crate::form::{self, Form};
use crate::key::Key;
use crate::line::LineEditor;
use crate::names::PersonFields;
use crate::overlay::help::Help;
use crate::overlay::text::TextPane;
use crate::people::{self, Whom};
use crate::screen::columns::{ListColumn, sort_word};
use crate::verb::Verb;
use crate::words;
use crate::writing::{Content, Writing};

/// Most screens that lie over each other.
const DEEPEST: usize = 30;

impl App {
    /// The screen on top, if it is not the list of people.
    pub(crate) fn board(&self) -> Option<&Board> {
        self.boards.last()
    }

    pub(super) fn open(&mut self, topic: Topic) {
        self.hide_import();
        if self.boards.len() >= DEEPEST {
            self.boards.remove(0);
        }
        self.boards.push(Board::new(topic));
        self.lay_out();
    }

    /// Goes to one of the screens that have a key of their own.
    pub(super) fn go_to_screen(&mut self, key: char) -> bool {
        if key == '1' {
            self.hide_import();
            self.boards.clear();
            self.lay_out();
            return true;
        }
        let found = Topic::main().into_iter().find(|it| it.0 == Some(key));
        match found {
            Some((_, topic)) => {
                self.boards.clear();
                self.open(topic);
                true
            }
            None => false,
        }
    }

    pub(super) fn key_on_board(&mut self, key: Key) {
        self.message = None;
        if self.board().is_some_and(|it| it.bar.is_some()) {
            self.key_in_board_filter(key);
            return;
        }
        let Some(board) = self.boards.last() else {
            return;
        };
        let acts = board.topic.kind().acts;
        if let Some(act) = acts.iter().find(|it| it.key == key) {
            let here = Here {
                topic: &board.topic,
                item: board.current(),
                actor: self.counters.as_ref().map_or("", |it| it.actor.as_str()),
                items: board.items(),
                whom: self.whom_on_board(),
                marked: board.marked_people(),
                now: self.now,
            };
            let doing = (act.does)(&here);
            self.perform(doing, false);
        } else if let Some(act) = people::of_key(key)
            && self.anybody_on_board()
        {
            self.do_with_people(act);
        } else if let Some(action) = action(Place::Board, key) {
            self.act_on_board(action);
        } else if let Key::Char(key) = key {
            self.go_to_screen(key);
        }
    }

    fn act_on_board(&mut self, action: Action) {
        match action {
            Action::Undo => self.undo(),
            Action::Menu => self.open_menu(),
            Action::Palette => self.open_palette(),
            Action::Copy => self.copy_from_board(),
            Action::Help => {
                self.help = Some(Help::of_board(self.board()));
                self.lay_out();
            }
            Action::Repaint => self.effects.push(Effect::Repaint),
            Action::Mouse => self.turn_mouse(),
            Action::Theme => self.next_theme(),
            Action::Plain => self.turn_frames(),
            Action::Quit => self.quit(),
            Action::Open => {
                let opens = self.board().and_then(Board::current);
                match opens.and_then(|it| it.opens.clone()) {
                    Some(topic) => self.open(topic),
                    None => self.show_row(),
                }
            }
            Action::Detail => self.show_row(),
            other => self.move_on_board(other),
        }
    }

    /// Shows all of the row under the cursor: what its columns cut or leave out, and what has none.
    fn show_row(&mut self) {
        let Some(board) = self.boards.last() else {
            return;
        };
        if let Some(item) = board.current().filter(|it| !it.heading) {
            let text = item.in_full(board.topic.kind().columns);
            let title = format!("{}: {}", board.topic.kind().name, item.cell(0).trim());
            self.text = Some(TextPane::reading(title, &text));
            self.lay_out();
        }
    }

    fn move_on_board(&mut self, action: Action) {
        let Some(board) = self.boards.last_mut() else {
            return;
        };
        let page = isize::try_from(board.height()).unwrap_or(isize::MAX);
        match action {
            Action::Up => board.move_by(-1),
            Action::Down => board.move_by(1),
            Action::HalfUp => board.move_by(-(page / 2).max(1)),
            Action::HalfDown => board.move_by((page / 2).max(1)),
            Action::PageUp => board.move_by(-page),
            Action::PageDown => board.move_by(page),
            Action::Top => board.jump(false),
            Action::Bottom => board.jump(true),
            Action::Filter => board.bar = Some(LineEditor::offering(&board.filter)),
            Action::Sort => {
                let said = board.sort_next();
                self.say(&said, Tone::Plain);
            }
            Action::Mark => {
                if board.toggle_mark() {
                    board.move_by(1);
                } else {
                    self.say("only rows about people are marked", Tone::Plain);
                }
            }
            Action::MarkAll => {
                let generation = self.board_generation + 1;
                if let Some(request) = board.mark_all(generation) {
                    self.board_generation = generation;
                    self.effects.push(Effect::ReadEverybody(request));
                }
            }
            Action::ClearMarks => board.clear_marks(),
            Action::Back => self.back_from_board(),
            _ => {}
        }
    }

    fn back_from_board(&mut self) {
        let Some(board) = self.boards.last_mut() else {
            return;
        };
        if board.is_marking() {
            board.stop_marking();
        } else if board.has_marks() {
            board.clear_marks();
        } else if !board.filter.is_empty() {
            board.set_filter("");
        } else {
            self.boards.pop();
            // What lies below was read a while ago.
            if let Some(board) = self.boards.last_mut() {
                board.refresh();
            }
            self.lay_out();
        }
    }

    fn key_in_board_filter(&mut self, key: Key) {
        let Some(board) = self.boards.last_mut() else {
            return;
        };
        match action(Place::Filter, key) {
            Some(Action::Accept) => board.bar = None,
            Some(Action::Back) => {
                board.bar = None;
                board.set_filter("");
            }
            Some(Action::Up) => board.move_by(-1),
            Some(Action::Down) => board.move_by(1),
            _ => {
                let bar = board.bar.as_mut();
                if bar.and_then(|it| it.press(key)) == Some(true) {
                    self.typed_in_board_filter();
                }
            }
        }
    }

    pub(super) fn typed_in_board_filter(&mut self) {
        if let Some(board) = self.boards.last_mut()
            && let Some(text) = board.bar.as_ref().map(|it| it.text().to_owned())
        {
            board.set_filter(&text);
        }
    }

    /// Whether an action on the screen on top has somebody to act on: as [`App::whom_on_board`], which names them all.
    pub(super) fn anybody_on_board(&self) -> bool {
        self.board().is_some_and(|board| {
            board.has_marks()
                || matches!(board.topic, Topic::Person(_))
                || board.current().is_some_and(|it| it.who.is_some())
        })
    }

    /// Whom an action on the screen on top is for.
    pub(super) fn whom_on_board(&self) -> Option<Whom> {
        let board = self.board()?;
        if board.has_marks() {
            return Some(Whom {
                words: board.marks_in_words(),
                one: None,
                who: Selection::Ids(board.marked_people()),
                typed: None,
                of_marks: true,
            });
        }
        let one = |user: UserId, words: String| Whom {
            who: Selection::from(user),
            words,
            typed: None,
            of_marks: false,
            one: Some(user),
        };
        if let Topic::Person(user) = board.topic {
            return Some(one(user, board.title().to_owned()));
        }
        let item = board.current()?;
        let cells: Vec<_> = item.cells.iter().take(2).map(|it| it.trim()).collect();
        Some(one(item.who?, cells.join(" · ")))
    }

    /// Whom an action is for, on whatever screen.
    pub(super) fn whom(&self) -> Option<Whom> {
        if self.board().is_some() {
            return self.whom_on_board();
        }
        let target = self.users.target()?;
        let one = match &target.who {
            Selection::Ids(users) if users.len() == 1 => users.first().copied(),
            _ => None,
        };
        Some(Whom {
            who: target.who,
            words: target.words,
            typed: target.typed,
            of_marks: target.of_marks,
            one,
        })
    }

    pub(super) fn do_with_people(&mut self, act: &people::PeopleAct) {
        if act.name == people::EXPORT && self.board().is_none() {
            let doing = self.export_list();
            self.perform(doing, false);
            return;
        }
        match self.whom() {
            Some(whom) => self.perform((act.does)(&whom), whom.of_marks),
            None => self.say("there is nobody here", Tone::Plain),
        }
    }

    /// Asks for a file of the marked people, else of everybody in the list, with its columns and in its order.
    fn export_list(&self) -> Doing {
        let chosen = match self.users.columns.as_slice() {
            [] => &ListColumn::IMPORTANT[..],
            chosen => chosen,
        };
        let mut columns = vec!["status".to_owned()];
        for column in chosen {
            match column {
                ListColumn::Custom(_, name) => columns.push(name.clone()),
                known => columns.extend(known.exported().iter().map(|it| (*it).to_owned())),
            }
        }
        let list = &self.users.list;
        let listed = people::Listed {
            columns,
            sort: (list.sort(), sort_word(list.sort(), &self.names.fields)),
            descending: list.is_descending(),
        };
        if self.users.marks.is_empty() {
            let words = match list.total() {
                Some(total) => people_in_list(total),
                None => "everybody in the list".to_owned(),
            };
            let typed = (!self.users.only_marked).then(|| self.users.filter.text.clone());
            return people::export_list(&words, list.query().clone(), listed, typed);
        }
        let users = &self.users;
        let query = match users.marks.selection() {
            Selection::Ids(ids) => Expr::Or(ids.into_iter().map(Expr::Id).collect()),
            Selection::Query { query, except } => {
                let except = except
                    .into_iter()
                    .map(|it| Expr::Not(Box::new(Expr::Id(it))));
                Expr::And(std::iter::once(query).chain(except).collect())
            }
        };
        let typed = users.marks.typed().map(str::to_owned);
        people::export_list(&users.marks_in_words(), query, listed, typed)
    }

    /// Does what came of an action.
    pub(super) fn perform(&mut self, doing: Doing, of_marks: bool) {
        match doing {
            Doing::Open(topic) => self.open(topic),
            Doing::Become(topic) => {
                if let Some(board) = self.boards.last_mut() {
                    board.become_topic(topic);
                }
            }
            Doing::People(query) => {
                self.hide_import();
                self.boards.clear();
                self.users.filter.bar = None;
                if !self.users.apply_filter(&query, self.now) {
                    let why = self.users.filter.fault.take().map(|it| it.message);
                    self.say(&why.unwrap_or_default(), Tone::Bad);
                }
                self.lay_out();
            }
            Doing::Plan { target, wish } => self.plan(target, of_marks, wish),
            Doing::OfMarks(doing) => self.perform(*doing, true),
            Doing::Retry(_) if self.settings.read_only => {
                self.say("this console is read-only", Tone::Bad);
            }
            Doing::Retry(mails) => self.effects.push(Effect::RetryMails(mails)),
            Doing::Replay(seq) => match self.settings.replay.clone() {
                Some(by) => {
                    let wish = Wish::Replay {
                        seq,
                        by,
                        connection: None,
                    };
                    self.plan(format!("request {seq} of a provider"), of_marks, wish);
                }
                None => self.say("requests are replayed by usher idp replay", Tone::Bad),
            },
            Doing::Ask(_) | Doing::Edit(_) if self.settings.read_only => {
                self.say("this console is read-only", Tone::Bad);
            }
            Doing::Ask(mut form) => {
                form.take_names(&self.names);
                self.form_of_marks = of_marks;
                self.form = Some(*form);
                self.list_files();
                self.effects.push(Effect::ReadNames);
                self.lay_out();
            }
            Doing::Invite => {
                let doing = people::invite(&self.names);
                self.perform(doing, of_marks);
            }
            Doing::EditMany(whom) => {
                let doing = people::edit_many(&whom, &self.names);
                self.perform(doing, of_marks);
            }
            Doing::Edit(user) => {
                self.opening = Some(user);
                self.form_of_marks = of_marks;
                self.effects.push(Effect::ReadFields(user));
                self.effects.push(Effect::ReadNames);
            }
            Doing::Export(writing) => self.write_file(writing),
            Doing::AskFile | Doing::TakeIn(_) | Doing::Import(_) if self.settings.read_only => {
                self.say("this console is read-only", Tone::Bad);
            }
            Doing::AskFile => self.ask_file(),
            Doing::TakeIn(terms) => self.take_in(*terms),
            Doing::Import(chosen) => self.import(chosen.0, chosen.1),
            Doing::Terms(terms) => self.set_terms(*terms),
            Doing::Mend(mends) => self.mend(mends),
            Doing::Look(look) => self.look(look),
            Doing::SaveView(view) => {
                self.form = None;
                self.effects.push(Effect::SaveView(view));
            }
            Doing::CopyJoinLink => self.effects.push(Effect::ReadJoinLink),
            Doing::JoinSheet => self.ask_join_sheet(),
            Doing::Write(..) if self.settings.read_only => {
                self.say("this console is read-only", Tone::Bad);
            }
            Doing::Write(template, language) => self.ask_words(template, language),
            Doing::Preview(template, language, text) => {
                self.ask_preview(template, language, text);
            }
            Doing::Say(text) => self.say(&text, Tone::Plain),
        }
    }

    /// Writes a file, or hands it out by a page where there is no folder to write to.
    fn write_file(&mut self, writing: Box<Writing>) {
        if self.settings.no_files && !self.is_served() {
            let why = "no file leaves this console while no server runs: start `usher serve`";
            match &mut self.form {
                Some(form) => form.fault = Some(why.to_owned()),
                None => self.say(why, Tone::Bad),
            }
            return;
        }
        if let Some(form) = &mut self.form {
            form.fault = Some("writing…".to_owned());
        }
        if let (Content::Copy(_), Some(importing)) = (&writing.content, &mut self.importing) {
            importing.copy_to(writing.to.clone());
        }
        self.effects.push(match self.settings.no_files {
            true => Effect::HandOut(writing),
            false => Effect::Export(writing),
        });
    }

    /// A file was written, or not.
    pub(super) fn file_written(&mut self, written: bool) {
        if let Some(importing) = &mut self.importing {
            importing.copied(written);
        }
    }

    /// Whether a server runs on this database, as far as is known.
    pub(super) fn is_served(&self) -> bool {
        self.counters.as_ref().is_some_and(|it| it.served)
    }

    pub(super) fn key_on_form(&mut self, key: Key) {
        let Some(form) = &mut self.form else { return };
        match form.press(key) {
            form::Asked::Nothing => {}
            form::Asked::Close => self.form = None,
            form::Asked::Do(doing) => {
                let version = form.version();
                let of_marks = self.form_of_marks;
                self.perform(at_version(doing, version), of_marks);
            }
        }
        self.list_files();
    }

    /// Asks for the files or the people to offer in a form, if it wants any.
    pub(super) fn list_files(&mut self) {
        let typed = self.form.as_ref().and_then(|it| it.wants_files());
        let effect = typed.map(|it| Effect::ListFiles(it.to_owned()));
        self.effects.extend(effect);
        let called = self.form.as_ref().and_then(Form::wants_people);
        self.effects.extend(called.map(Effect::FindPeople));
    }

    /// A person's fields came: for a form that is to be opened, or for one in which somebody is typing.
    pub(super) fn fields_read(&mut self, user: UserId, result: Result<Box<PersonFields>, String>) {
        let opens = self.opening == Some(user);
        match result {
            Ok(fields) if opens => {
                self.opening = None;
                let mut form = people::edit_form(&fields);
                form.take_names(&self.names);
                self.form = Some(form);
                self.lay_out();
            }
            Ok(fields) => {
                if let Some(form) = &mut self.form {
                    form.take_now(&fields);
                }
            }
            Err(why) => {
                if opens {
                    self.opening = None;
                    self.deferred.clear();
                }
                self.say(&why, Tone::Bad);
            }
        }
    }

    /// Reads anew what a form compares with.
    pub(super) fn refresh_form(&mut self) {
        let form = self.form.as_ref().or(self.form_applied.as_ref());
        if let Some((user, _)) = form.and_then(|it| it.subject) {
            self.effects.push(Effect::ReadFields(user));
        }
    }
}

/// An edit holds only for the version that it was typed on.
fn at_version(doing: Doing, version: Option<i64>) -> Doing {
    match doing {
        Doing::Plan {
            target,
            wish:
                Wish::People {
                    verb: Verb::Edit(edit),
                    who,
                    typed,
                },
        } => Doing::Plan {
            target,
            wish: Wish::People {
                verb: Verb::Edit(Box::new(Edit { version, ..*edit })),
                who,
                typed,
            },
        },
        other => other,
    }
}

fn people_in_list(total: i64) -> String {
    let n = usize::try_from(total).unwrap_or(0);
    format!("{} in the list", words::people(n))
}
