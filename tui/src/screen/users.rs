//! The users screen: the list, its filter, and who is marked.

use usher_core::Selection;
use usher_core::model::{Timestamp, UserId};
use usher_core::query::{Expr, ParseError, Renamed, Vocabulary, complete, in_quotes, parse_with};

use crate::action::Action;
use crate::effect::{CountRequest, RangeRequest};
use crate::line::LineEditor;
use crate::list::{Land, List, Moved};
use crate::marks::{Marks, in_words};
use crate::names::Names;
use crate::screen::columns::ListColumn;
use crate::words;

/// The screen's state.
#[derive(Debug)]
pub(crate) struct Users {
    /// The rows.
    pub(crate) list: List,
    /// Who is marked.
    pub(crate) marks: Marks,
    /// The filter.
    pub(crate) filter: Filter,
    /// Whether the list shows the marked people instead of those whom the filter finds.
    pub(crate) only_marked: bool,
    /// How many are marked, when that had to be counted.
    pub(crate) n_marked: Option<i64>,
    /// How many are marked and in the list, when that had to be counted.
    pub(crate) n_marked_here: Option<i64>,
    /// Which numbers have to be counted.
    pub(crate) uncounted: Uncounted,
    /// Which are being counted.
    pub(crate) counting: Uncounted,
    /// Which request for a range is awaited.
    pub(crate) range_generation: Option<u64>,
    /// The columns that were chosen; none is what fits.
    pub(crate) columns: Vec<ListColumn>,
    /// The custom fields that filters may name.
    pub(crate) vocabulary: Vocabulary,
    last_range: u64,
    /// Who was marked for the last batch.
    last_marks: Option<Marks>,
}

/// Numbers that have to be counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uncounted {
    /// That of the list.
    pub(crate) total: bool,
    /// Those of the marks.
    pub(crate) marks: bool,
}

/// The filter: what the list shows, and what is being typed.
#[derive(Debug)]
pub(crate) struct Filter {
    /// The filter in force, as typed.
    pub(crate) text: String,
    query: Expr,
    /// What is being typed.
    pub(crate) bar: Option<LineEditor>,
    /// Why what is being typed cannot be understood.
    pub(crate) fault: Option<ParseError>,
}

/// Whom an action is for.
#[derive(Debug)]
pub(crate) struct Target {
    /// As a value.
    pub(crate) who: Selection,
    /// In words.
    pub(crate) words: String,
    /// As the command line writes it, where the person typed it.
    pub(crate) typed: Option<String>,
    /// Whether these are the marked people.
    pub(crate) of_marks: bool,
}

impl Users {
    /// Everybody, nobody marked.
    pub(crate) fn new() -> Self {
        Self {
            list: List::new(Expr::Everybody),
            marks: Marks::default(),
            filter: Filter {
                text: String::new(),
                query: Expr::Everybody,
                bar: None,
                fault: None,
            },
            only_marked: false,
            n_marked: None,
            n_marked_here: None,
            columns: Vec::new(),
            vocabulary: Vocabulary::default(),
            uncounted: Uncounted {
                total: true,
                marks: false,
            },
            counting: Uncounted::default(),
            range_generation: None,
            last_range: 0,
            last_marks: None,
        }
    }

    /// Whether the person of a row is marked.
    pub(crate) fn is_marked(&self, user: UserId) -> bool {
        let found = match &self.marks {
            Marks::Found(it) => it.query == *self.list.query() || self.list.finds(user),
            Marks::People(_) => false,
        };
        self.marks.has(user, found)
    }

    /// How many are marked, if known.
    pub(crate) fn number_marked(&self) -> Option<i64> {
        self.marks.known_number().or(self.n_marked)
    }

    /// How many of the marked are not in the list, if known.
    pub(crate) fn number_hidden(&self) -> Option<i64> {
        let list = self.list.query();
        if self.marks.query_within(list).is_some() {
            return Some((self.number_marked()? - self.n_marked_here?).max(0));
        }
        let certain = match &self.marks {
            Marks::Found(_) => true,
            Marks::People(_) => *list == Expr::Everybody,
        };
        certain.then_some(0)
    }

    /// The request that counts what is not known, if anything is. It makes one that is under way void, so it asks for
    /// the same again.
    pub(crate) fn count_request(&mut self, generation: u64) -> Option<CountRequest> {
        let new = std::mem::take(&mut self.uncounted);
        if !(new.total || new.marks) {
            return None;
        }
        let (total, marks) = (
            new.total || self.counting.total,
            new.marks || self.counting.marks,
        );
        self.counting = Uncounted { total, marks };
        let list = self.list.query();
        let marked = (marks && self.marks.known_number().is_none()).then(|| self.marks.query());
        let marked_here = if marks && !self.marks.is_empty() {
            self.marks.query_within(list)
        } else {
            None
        };
        let query = total.then(|| list.clone());
        let any = query.is_some() || marked.is_some() || marked_here.is_some();
        any.then_some(CountRequest {
            generation,
            query,
            marked,
            marked_here,
        })
    }

    /// The marks are others now.
    fn marks_changed(&mut self) {
        self.n_marked = None;
        self.n_marked_here = None;
        self.uncounted.marks = true;
        if self.marks.query_beside(self.list.query()).is_some() {
            self.list.refresh();
        }
    }

    fn list_changed(&mut self) {
        self.uncounted.total = true;
        self.n_marked_here = None;
        self.uncounted.marks = true;
    }

    /// Moves in the list.
    pub(crate) fn go(&mut self, action: Action) -> Moved {
        let page = isize::try_from(self.list.height()).unwrap_or(isize::MAX);
        match action {
            Action::Up => self.list.move_by(-1),
            Action::Down => self.list.move_by(1),
            Action::HalfUp => self.list.move_by(-(page / 2).max(1)),
            Action::HalfDown => self.list.move_by((page / 2).max(1)),
            Action::PageUp => self.list.move_by(-page),
            Action::PageDown => self.list.move_by(page),
            Action::Top => {
                self.list.jump(Land::Top);
                Moved::Done
            }
            Action::Bottom => {
                self.list.jump(Land::Bottom);
                Moved::Done
            }
            _ => Moved::Done,
        }
    }

    /// Marks the person under the cursor, or takes the mark away.
    pub(crate) fn toggle_mark(&mut self) {
        if let Some(user) = self.list.current().map(|row| row.id) {
            let marked = self.is_marked(user);
            self.mark(user, !marked);
            self.marks_changed();
        }
    }

    fn mark(&mut self, user: UserId, marked: bool) {
        let found = match &self.marks {
            Marks::Found(it) => it.query == *self.list.query() || self.list.finds(user),
            Marks::People(_) => false,
        };
        self.marks.set(user, found, marked);
    }

    /// Begins a range, or marks everybody in it. When some of them are not in memory, they have to be read.
    pub(crate) fn range(&mut self) -> Option<RangeRequest> {
        let Some((first, last, in_memory)) = self.list.range_ends() else {
            self.list.begin_range();
            return None;
        };
        let rows = self.list.range();
        if let (true, Some(rows)) = (in_memory, rows) {
            let users: Vec<_> = self.list.rows()[rows].iter().map(|row| row.id).collect();
            self.mark_range(&users);
            return None;
        }
        self.last_range += 1;
        self.range_generation = Some(self.last_range);
        let (query, sort) = (self.list.query().clone(), self.list.sort());
        Some(RangeRequest {
            generation: self.last_range,
            query,
            sort,
            descending: self.list.is_descending(),
            first,
            last,
        })
    }

    /// Marks people between two rows.
    pub(crate) fn mark_range(&mut self, users: &[UserId]) {
        for user in users {
            self.mark(*user, true);
        }
        self.list.end_range();
        self.range_generation = None;
        self.marks_changed();
    }

    /// Marks everybody whom the list finds, besides those who are marked already.
    pub(crate) fn mark_all(&mut self) {
        if !self.only_marked {
            self.marks = self.marks.with_all(self.list.query(), self.typed());
        }
        self.list.end_range();
        self.marks_changed();
    }

    /// Marked and not marked change places within the list.
    pub(crate) fn invert(&mut self) {
        self.marks = self.marks.inverted(self.list.query(), self.typed());
        self.list.end_range();
        self.marks_changed();
    }

    /// Takes all marks away.
    pub(crate) fn clear_marks(&mut self) {
        self.marks = Marks::default();
        self.list.end_range();
        self.marks_changed();
        if self.only_marked {
            self.show_only_marked(false);
        }
    }

    /// What the marks were for is done: they are taken away, and can be brought back.
    pub(crate) fn done_with_marks(&mut self) {
        self.last_marks = Some(self.marks.clone());
        self.clear_marks();
    }

    /// Marks whoever was marked for the last batch; whether there was one.
    pub(crate) fn mark_again(&mut self) -> bool {
        let Some(marks) = self.last_marks.clone() else {
            return false;
        };
        self.marks = marks;
        self.list.end_range();
        self.marks_changed();
        if self.only_marked {
            self.show_only_marked(true);
        }
        true
    }

    /// Lists only the marked people, or those whom the filter finds.
    pub(crate) fn show_only_marked(&mut self, only: bool) {
        self.only_marked = only;
        self.list.set_query(if only {
            self.marks.query()
        } else {
            self.filter.query.clone()
        });
        self.list_changed();
    }

    fn typed(&self) -> Option<String> {
        (!self.only_marked).then(|| self.filter.text.clone())
    }

    /// Puts a filter in force; one that cannot be understood is told and changes nothing.
    pub(crate) fn apply_filter(&mut self, text: &str, now: Timestamp) -> bool {
        match parse_with(text, now, &self.vocabulary) {
            Ok(query) => {
                let query = self.vocabulary.by_id(query);
                self.filter.fault = None;
                text.trim().clone_into(&mut self.filter.text);
                let changed = self.only_marked || query != self.filter.query;
                self.filter.query = query;
                if changed {
                    self.show_only_marked(false);
                }
                true
            }
            Err(fault) => {
                self.filter.fault = Some(fault);
                false
            }
        }
    }

    /// Takes the words that filters may use from now on. A filter and marks that name what is called otherwise by now go on
    /// meaning it.
    pub(crate) fn learn(&mut self, vocabulary: &Vocabulary) {
        let renamed = Renamed::between(&self.vocabulary, vocabulary);
        self.vocabulary.clone_from(vocabulary);
        if renamed.is_empty() {
            return;
        }
        self.filter.text = renamed.text(&self.filter.text);
        self.filter.query = renamed.query(self.filter.query.clone());
        self.marks.call_otherwise(&renamed);
        if let Some(last) = &mut self.last_marks {
            last.call_otherwise(&renamed);
        }
        self.list.call_otherwise(if self.only_marked {
            self.marks.query()
        } else {
            self.filter.query.clone()
        });
    }

    /// What the word that is being typed in the filter could become, and where it begins.
    pub(crate) fn offered(&self, names: &Names) -> (usize, Vec<String>) {
        let Some(bar) = self.filter.bar.as_ref().filter(|it| !it.is_offered()) else {
            return (0, Vec::new());
        };
        let mut completion = complete(bar.before(), &self.vocabulary);
        if let Some(kind) = completion.names {
            use usher_core::query::Names as Kind;
            let begun = completion.begun.to_lowercase();
            // What people have is compared by its words, unless it is said that it is all of it.
            let by_words = matches!(
                kind,
                Kind::Areas | Kind::Titles | Kind::Regions | Kind::Languages
            );
            let sign = if by_words { "=" } else { "" };
            let typed = begun.strip_prefix(sign).unwrap_or(&begun);
            let all = match kind {
                Kind::Groups => &names.groups,
                Kind::Pools => &names.pools,
                Kind::Trainings => &names.trainings,
                Kind::Connections => &names.connections,
                Kind::Labels => &names.labels,
                Kind::Areas => &names.areas,
                Kind::Titles => &names.titles,
                Kind::Regions => &names.regions,
                Kind::Languages => &names.languages,
            };
            let offers = all
                .iter()
                .filter(|it| it.to_lowercase().starts_with(typed))
                .map(|it| format!("{sign}{}", in_quotes(it)))
                .filter(|it| it.to_lowercase() != begun);
            completion.offers.extend(offers);
        }
        (completion.from, completion.offers)
    }

    /// Puts the first of what is offered in.
    pub(crate) fn complete(&mut self, names: &Names) -> bool {
        let (from, offers) = self.offered(names);
        let (Some(word), Some(bar)) = (offers.first(), self.filter.bar.as_mut()) else {
            return false;
        };
        bar.replace_before(from, word);
        true
    }

    /// Whom an action is for: the marked people, else the one under the cursor.
    pub(crate) fn target(&self) -> Option<Target> {
        if self.marks.is_empty() || self.number_marked() == Some(0) {
            let row = self.list.current()?;
            let words = format!("{} <{}>", row.name, row.email);
            return Some(Target {
                who: Selection::from(row.id),
                words,
                typed: None,
                of_marks: false,
            });
        }
        Some(Target {
            who: self.marks.selection(),
            words: self.marks_in_words(),
            typed: self.marks.typed().map(str::to_owned),
            of_marks: true,
        })
    }

    /// The marks in words: `80 marked, 12 of them not in the list`.
    pub(crate) fn marks_in_words(&self) -> String {
        let marked = match (self.number_marked(), self.marks.typed()) {
            (Some(n), _) => format!("{} marked", words::number(n)),
            (None, Some("")) => "everybody marked".to_owned(),
            (None, Some(text)) => format!("everybody marked whom {text} finds"),
            (None, None) => "a query marked".to_owned(),
        };
        in_words(marked, self.number_hidden())
    }
}
