//! A form: lines to fill in, checked as they are typed, with what could be meant offered, and with what somebody else
//! has set meanwhile shown beside what is being typed. It decides nothing: what was filled in becomes a plan.

use std::fmt;
use std::sync::Arc;

use usher_core::model::{Date, Field as Known, Status, UserId};

use crate::board::Doing;
use crate::decode::LONGEST_PASTE;
use crate::key::Key;
use crate::line::LineEditor;
use crate::names::{self, Names, PersonFields, Settable};
use crate::words;

/// What is wrong with a value, in words.
pub(crate) type Check = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;
/// What to say about a value that is right, such as how many addresses it has.
pub(crate) type Tell = fn(&str) -> String;
/// What comes of a form: what to do, or which field is wrong and why.
pub(crate) type Finish = Box<dyn Fn(&[Field]) -> Result<Doing, (usize, String)> + Send>;

/// What is offered for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nothing.
    Nothing,
    /// These words.
    Words(&'static [&'static str]),
    /// These words.
    Choices(Vec<String>),
    /// Names of add-on pools.
    Pools,
    /// Names of groups.
    Groups,
    /// Names of trainings.
    Trainings,
    /// Names of labels.
    Labels,
    /// People, by their names and addresses.
    People,
    /// Files of this machine that hold tables, and folders.
    Tables,
}

/// A line to fill in.
pub(crate) struct Field {
    /// What it is.
    pub(crate) label: String,
    /// What is in it.
    pub(crate) line: LineEditor,
    /// What it was when the form was opened.
    pub(crate) original: String,
    /// What somebody else has set it to since.
    pub(crate) theirs: Option<String>,
    /// How it is filled in.
    pub(crate) hint: String,
    /// What is wrong with it.
    pub(crate) fault: Option<String>,
    /// A table that was pasted in its place.
    pub(crate) pasted: Option<Arc<str>>,
    takes_tables: bool,
    check: Check,
    tell: Option<Tell>,
    offer: Offer,
    settable: Option<Settable>,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("label", &self.label)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Field {
    /// An empty line that takes anything.
    pub(crate) fn new(label: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            line: LineEditor::default(),
            original: String::new(),
            theirs: None,
            hint: hint.into(),
            fault: None,
            pasted: None,
            takes_tables: false,
            check: Arc::new(|_| Ok(())),
            tell: None,
            offer: Offer::Nothing,
            settable: None,
        }
    }

    /// The same, with this in it.
    pub(crate) fn with(mut self, text: &str) -> Self {
        self.line = LineEditor::offering(text);
        text.clone_into(&mut self.original);
        self
    }

    /// The same, with another hint.
    pub(crate) fn hinting(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// The same, checked.
    pub(crate) fn checked(
        mut self,
        check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.check = Arc::new(check);
        self
    }

    /// The same, also taking a table that is pasted.
    pub(crate) fn taking_tables(self) -> Self {
        Self {
            takes_tables: true,
            ..self
        }
    }

    /// Takes a pasted table, and says how much of it there is.
    fn take_table(&mut self, text: &str) {
        let lines = text.lines().filter(|it| !it.trim().is_empty()).count();
        self.line = LineEditor::offering(&words::some(lines, "pasted line"));
        self.fault = (text.len() >= LONGEST_PASTE).then(|| {
            "that is more than can be pasted: save it as a file, and import that".to_owned()
        });
        self.pasted = self.fault.is_none().then(|| Arc::from(text));
    }

    /// The same, taking what a type of the core takes; nothing is right too.
    pub(crate) fn of<T: std::str::FromStr>(self) -> Self
    where
        T::Err: fmt::Display,
    {
        self.checked(|text| match text.trim() {
            "" => Ok(()),
            text => text.parse::<T>().map(|_| ()).map_err(|it| it.to_string()),
        })
    }

    /// The same, taking yes, no, or a day on which something is mailed; nothing is right too.
    pub(crate) fn of_mailing(self) -> Self {
        self.offering(Offer::Words(&["yes", "no"]))
            .checked(|text| match text.trim() {
                "" | "yes" | "no" => Ok(()),
                day => day
                    .parse::<Date>()
                    .map(|_| ())
                    .map_err(|_| "say yes, no or a day such as 2027-01-31".to_owned()),
            })
    }

    /// The same, taking a whole number; nothing is right too.
    pub(crate) fn number<T: std::str::FromStr>(self) -> Self {
        self.checked(|text| match text.trim() {
            "" => Ok(()),
            text => match text.parse::<T>() {
                Ok(_) => Ok(()),
                Err(_) => Err("write a whole number".to_owned()),
            },
        })
    }

    /// The same, saying something about what is right.
    pub(crate) fn telling(self, tell: Tell) -> Self {
        Self {
            tell: Some(tell),
            ..self
        }
    }

    /// The same, with something offered.
    pub(crate) fn offering(self, offer: Offer) -> Self {
        Self { offer, ..self }
    }

    /// The same, setting something of a person.
    pub(crate) fn setting(self, settable: Settable) -> Self {
        Self {
            settable: Some(settable),
            ..self
        }
    }

    /// What is in it, without space around it.
    pub(crate) fn text(&self) -> &str {
        self.line.text().trim()
    }

    /// What is in it, if anything is.
    pub(crate) fn given(&self) -> Option<&str> {
        Some(self.text()).filter(|it| !it.is_empty())
    }

    /// Whether it is another than it was.
    pub(crate) fn is_changed(&self) -> bool {
        self.text() != self.original.trim()
    }

    /// What it sets of a person.
    pub(crate) fn settable(&self) -> Option<&Settable> {
        self.settable.as_ref()
    }

    fn look(&mut self) {
        if self.pasted.is_some() {
            return;
        }
        self.fault = (self.check)(self.line.text()).err();
    }

    /// What to say about it while the attention is on it.
    pub(crate) fn told(&self) -> String {
        match (&self.fault, self.tell) {
            (Some(fault), _) => fault.clone(),
            (None, Some(tell)) if !self.text().is_empty() => tell(self.line.text()),
            (None, _) => self.hint.clone(),
        }
    }
}

/// What pressing a key on a form asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Nothing more.
    Nothing,
    /// Leave it.
    Close,
    /// Do what was filled in.
    Do(Doing),
}

/// A form.
pub(crate) struct Form {
    /// What it is for.
    pub(crate) title: String,
    /// Its lines.
    pub(crate) fields: Vec<Field>,
    /// The line that is filled in.
    pub(crate) at: usize,
    /// What was wrong with all of it.
    pub(crate) fault: Option<String>,
    /// What somebody else did meanwhile to the person whose fields these are.
    pub(crate) meanwhile: Option<String>,
    /// The first line on the screen.
    pub(crate) top: usize,
    /// Where the person stood when the form was opened.
    status: Option<Status>,
    /// The person whose fields these are, and the version that the form was filled in on.
    pub(crate) subject: Option<(UserId, i64)>,
    finish: Finish,
    names: Names,
    files: Vec<String>,
    /// What was asked of people last, and who is called so: addresses and names.
    people: (String, Vec<(String, String)>),
    leaving: bool,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("title", &self.title)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Form {
    /// A form of these lines.
    pub(crate) fn new(
        title: impl Into<String>,
        fields: Vec<Field>,
        finish: impl Fn(&[Field]) -> Result<Doing, (usize, String)> + Send + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            fields,
            at: 0,
            fault: None,
            meanwhile: None,
            top: 0,
            status: None,
            subject: None,
            finish: Box::new(finish),
            names: Names::default(),
            files: Vec::new(),
            people: Default::default(),
            leaving: false,
        }
    }

    /// The same, about a person's fields as of a version.
    pub(crate) fn about(self, user: UserId, version: i64) -> Self {
        Self {
            subject: Some((user, version)),
            ..self
        }
    }

    /// The same, of a person who stands so.
    pub(crate) fn standing(self, status: Status) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// Takes the names to offer.
    pub(crate) fn take_names(&mut self, names: &Names) {
        self.names.clone_from(names);
        for at in 0..self.fields.len() {
            self.doubt(at, at != self.at);
        }
    }

    /// Says of a line that it names what there is not, where that is known: of a word that is being typed, once nothing
    /// begins so.
    fn doubt(&mut self, at: usize, is_whole: bool) {
        let Some(field) = self.fields.get(at).filter(|it| it.fault.is_none()) else {
            return;
        };
        let (kind, all) = match field.offer {
            Offer::Pools => ("add-on pool", self.names.pools.get(1..).unwrap_or_default()),
            Offer::Groups => ("group", self.names.groups.as_slice()),
            Offer::Trainings => ("training", self.names.trainings.as_slice()),
            Offer::People if is_whole => return self.doubt_people(at),
            _ => return self.doubt_day(at),
        };
        // Pools are there always: without any, nothing has been read yet.
        if self.names.pools.is_empty() || all.len() >= names::MOST || !field.is_changed() {
            return;
        }
        let is = |word: &str| {
            all.iter()
                .any(|it| it.to_lowercase() == word.to_lowercase())
        };
        let could_be = |word: &str| {
            let word = word.to_lowercase();
            all.iter().any(|it| it.to_lowercase().starts_with(&word))
        };
        let is_id = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
        let text = field.text();
        let n_words = text.split([',', ';']).count();
        let unknown = text
            .split([',', ';'])
            .map(str::trim)
            .enumerate()
            .find(|(i, word)| {
                let is_typed = !is_whole && i + 1 == n_words;
                let known = word.is_empty() || *word == "none" || is_id(word) || is(word);
                !(known || is_typed && could_be(word))
            });
        let unknown = unknown.filter(|_| !is(text)).map(|it| it.1.to_owned());
        if let (Some(word), Some(field)) = (unknown, self.fields.get_mut(at)) {
            field.fault = Some(format!("there is no {kind} {word}"));
        }
    }

    /// Says of a line that several people are called as it says.
    fn doubt_people(&mut self, at: usize) {
        let Some(field) = self.fields.get_mut(at).filter(|it| it.is_changed()) else {
            return;
        };
        let (called, found) = &self.people;
        let is = |it: &&(String, String)| it.0 == *called || it.1 == *called;
        if field.text() == called && found.len() > 1 && found.iter().filter(is).count() != 1 {
            let why =
                format!("several people are called {called}: begin it again, and tab takes one");
            field.fault = Some(why);
        }
    }

    /// Says of a line that a day has begun on which something is to happen.
    fn doubt_day(&mut self, at: usize) {
        let Some(field) = self.fields.get_mut(at).filter(|it| it.is_changed()) else {
            return;
        };
        let is_due = matches!(
            field.settable(),
            Some(Settable::Field(Known::DeactivateOn | Known::DeleteOn))
        );
        let day = field.text().parse::<Date>().ok().filter(|_| is_due);
        if day.is_some_and(|it| self.names.begun.is_some_and(|begun| it <= begun)) {
            field.fault = Some("that day has begun already: choose a later one".to_owned());
        }
    }

    /// What was typed of a person's name, where people are to be offered and were not yet.
    pub(crate) fn wants_people(&self) -> Option<String> {
        let field = self.current().filter(|it| it.offer == Offer::People)?;
        let called = last_word(field.line.text()).1.trim();
        let asks = !called.is_empty() && called != "none" && called != self.people.0;
        (asks && field.is_changed()).then(|| called.to_owned())
    }

    /// Takes people to offer; those of an older question are dropped.
    pub(crate) fn take_people(&mut self, called: String, found: Vec<(String, String)>) {
        if self.wants_people().as_ref() != Some(&called) {
            return;
        }
        if let Some(field) = self.fields.get_mut(self.at).filter(|_| found.is_empty()) {
            field.fault = Some(format!("nobody is called {called}"));
        }
        self.people = (called, found);
    }

    /// What was typed of a file's name, where files are to be offered.
    pub(crate) fn wants_files(&self) -> Option<&str> {
        let field = self.current().filter(|it| it.offer == Offer::Tables);
        field.filter(|it| it.pasted.is_none()).map(Field::text)
    }

    /// Takes the files to offer.
    pub(crate) fn take_files(&mut self, files: Vec<String>) {
        self.files = files;
    }

    /// The line that is filled in.
    pub(crate) fn current(&self) -> Option<&Field> {
        self.fields.get(self.at)
    }

    /// What could be meant in the current line, the nearest first.
    pub(crate) fn offered(&self) -> Vec<String> {
        let Some(field) = self.current() else {
            return Vec::new();
        };
        let all: Vec<String> = match &field.offer {
            Offer::Nothing => return Vec::new(),
            Offer::Words(words) => words.iter().map(|it| (*it).to_owned()).collect(),
            Offer::Choices(words) => words.clone(),
            Offer::Pools => self.names.pools.iter().skip(1).cloned().collect(),
            Offer::Groups => self.names.groups.clone(),
            Offer::Trainings => self.names.trainings.clone(),
            Offer::Labels => self.names.labels.clone(),
            Offer::Tables => self.files.clone(),
            Offer::People => {
                let (called, found) = &self.people;
                let is_asked = last_word(field.line.before()).1.trim() == called;
                let found = found.iter().filter(|it| is_asked && it.0 != *called);
                return found.map(|(label, name)| person(label, name)).collect();
            }
        };
        let last = last_word(field.line.before()).1.to_lowercase();
        let begins = |it: &&String| it.to_lowercase().starts_with(&last) && **it != last;
        let within = |it: &&String| {
            let it = it.to_lowercase();
            !it.starts_with(&last) && it.contains(&last)
        };
        let mut offered: Vec<_> = all.iter().filter(begins).cloned().collect();
        if !last.is_empty() {
            offered.extend(all.iter().filter(within).cloned());
        }
        offered
    }

    /// Takes pasted text: lines become a list.
    pub(crate) fn paste(&mut self, text: &str) {
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect();
        if let Some(field) = self.fields.get_mut(self.at) {
            if field.takes_tables && (lines.len() > 1 || text.contains('\t')) {
                field.take_table(text);
                return;
            }
            field.line.insert(&lines.join(", "));
            field.look();
        }
        self.doubt(self.at, false);
    }

    /// What a key does.
    pub(crate) fn press(&mut self, key: Key) -> Asked {
        let leaving = std::mem::take(&mut self.leaving);
        self.fault = None;
        let last = self.fields.len().saturating_sub(1);
        match key {
            Key::Escape if leaving || !self.fields.iter().any(Field::is_changed) => {
                return Asked::Close;
            }
            Key::Escape => {
                self.leaving = true;
                self.fault = Some("esc again throws away what was typed".to_owned());
            }
            Key::Enter => return self.submit(),
            Key::Tab if self.complete() => {}
            Key::Tab | Key::Down => self.go(if self.at == last { 0 } else { self.at + 1 }),
            Key::BackTab | Key::Up => self.go(self.at.checked_sub(1).unwrap_or(last)),
            Key::PageDown => self.go(last),
            Key::PageUp => self.go(0),
            _ => {
                if let Some(field) = self.fields.get_mut(self.at) {
                    if field.line.press(key) == Some(true) && field.pasted.take().is_some() {
                        field.line = LineEditor::default();
                    }
                    field.look();
                }
                self.doubt(self.at, false);
            }
        }
        Asked::Nothing
    }

    /// Goes to another line; the one that is left is looked at as a whole.
    fn go(&mut self, to: usize) {
        self.doubt(self.at, true);
        self.at = to;
    }

    /// Puts the first of what is offered in, if something was begun.
    fn complete(&mut self) -> bool {
        let offered = self.offered().into_iter().next();
        let (Some(word), Some(field)) = (offered, self.fields.get_mut(self.at)) else {
            return false;
        };
        let before = field.line.before().to_owned();
        let (start, begun) = last_word(&before);
        if begun.is_empty() || field.line.is_offered() {
            return false;
        }
        let word = match field.offer {
            Offer::People => address(&word),
            _ => word.as_str(),
        };
        field.line.replace_before(start, word);
        field.look();
        true
    }

    fn submit(&mut self) -> Asked {
        self.fields.iter_mut().for_each(Field::look);
        (0..self.fields.len()).for_each(|at| self.doubt(at, true));
        if let Some(wrong) = self.fields.iter().position(|it| it.fault.is_some()) {
            self.at = wrong;
            return Asked::Nothing;
        }
        match (self.finish)(&self.fields) {
            Ok(doing) => Asked::Do(doing),
            Err((field, why)) => {
                self.at = field.min(self.fields.len().saturating_sub(1));
                self.fault = Some(why);
                Asked::Nothing
            }
        }
    }

    /// Compares with how the person stands now: what nobody has typed in follows, what was typed stays and says so.
    pub(crate) fn take_now(&mut self, now: &PersonFields) {
        let Some((user, version)) = &mut self.subject else {
            return;
        };
        if *user != now.user || *version == now.version {
            return;
        }
        *version = now.version;
        let by = now.changed_by.as_deref().unwrap_or("somebody");
        let is = |status: Status| status.as_str().replace('_', " ");
        self.meanwhile = Some(match self.status {
            Some(was) if was != now.status => format!(
                "meanwhile {by} made {} {}; they were {}",
                now.label,
                is(now.status),
                is(was)
            ),
            _ => format!("meanwhile {by} changed {}", now.label),
        });
        for field in &mut self.fields {
            let Some(settable) = &field.settable else {
                continue;
            };
            let stored = now.values.iter().find(|(it, _)| it == settable);
            let Some((_, stored)) = stored.filter(|(_, it)| *it != field.original) else {
                continue;
            };
            if !field.is_changed() {
                field.line = LineEditor::offering(stored);
            }
            field.theirs = Some(stored.clone());
            stored.clone_into(&mut field.original);
        }
    }

    /// The version that the form was filled in on.
    pub(crate) fn version(&self) -> Option<i64> {
        self.subject.map(|(_, version)| version)
    }
}

/// A person as they are offered: `ana@acme.example (Ana Li)`.
fn person(label: &str, name: &str) -> String {
    match name {
        "" => label.to_owned(),
        name if name == label => label.to_owned(),
        name => format!("{label} ({name})"),
    }
}

/// The address of a person who is offered.
fn address(offered: &str) -> &str {
    offered.split_once(" (").map_or(offered, |it| it.0)
}

/// Where the word that is being typed in a list begins, and what of it is there.
fn last_word(before: &str) -> (usize, &str) {
    let start = before.rfind([',', ';']).map_or(0, |i| i + 1);
    let word = before.get(start..).unwrap_or_default();
    let space = word.len() - word.trim_start().len();
    (start + space, word.trim_start())
}
