//! What came of looking through a file, made ready to be found in: which rows are wrong in which way, and what becomes of
//! the others. Made where the plan is made, away from the thread that draws, because a file can have a million rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use usher_core::Plan;
use usher_core::import::{Does, Fault, Review, Row, RowReview, letters};
use usher_core::model::{UserId, search_text};

use crate::summary::{Proposal, in_words};

/// Most ways of being wrong that are told apart.
const MOST_KINDS: usize = 200;

/// Which rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Show {
    /// All.
    #[default]
    All,
    /// Those of which this becomes.
    Only(Does),
    /// Those that are wrong in one way, by its place among the ways.
    Kind(usize),
}

/// One way of being wrong.
#[derive(Debug)]
pub(crate) struct FaultKind {
    /// The column, and what is wrong without what is different in each row.
    pub(crate) words: String,
    /// The places of the rows.
    pub(crate) rows: Vec<u32>,
}

/// What came of looking through a file.
pub(crate) struct Looked {
    /// The plan, to be confirmed; it is lent to the sheet meanwhile.
    pub(crate) proposal: Option<Box<Proposal>>,
    plan: Arc<Plan>,
    by_does: BTreeMap<Does, Vec<u32>>,
    kinds: Vec<FaultKind>,
    texts: Vec<Box<str>>,
    changes: HashMap<UserId, Vec<usize>>,
    /// How long it took.
    pub(crate) took: Duration,
}

impl std::fmt::Debug for Looked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looked").finish_non_exhaustive()
    }
}

/// Everybody's place in a list that long.
fn place(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

impl Looked {
    /// Makes a plan's review ready; none for a plan that has none.
    pub(crate) fn new(proposal: Proposal) -> Option<Self> {
        let plan = Arc::clone(&proposal.plan);
        let review = plan.review.as_deref()?;
        let mut by_does: BTreeMap<Does, Vec<u32>> = BTreeMap::new();
        let mut texts = Vec::with_capacity(review.rows.len());
        let mut kinds: Vec<FaultKind> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (i, row) in review.rows.iter().enumerate() {
            by_does.entry(row.does).or_default().push(place(i));
            let faults = review.faults_of(row.row);
            for fault in faults {
                let words = kind_in_words(review, fault);
                let at = match known.get(&words) {
                    Some(at) => *at,
                    None if kinds.len() < MOST_KINDS => {
                        known.insert(words.clone(), kinds.len());
                        kinds.push(FaultKind {
                            words,
                            rows: Vec::new(),
                        });
                        kinds.len() - 1
                    }
                    None => continue,
                };
                if let Some(kind) = kinds.get_mut(at)
                    && kind.rows.last() != Some(&place(i))
                {
                    kind.rows.push(place(i));
                }
            }
            let why = faults.iter().map(|it| it.why.as_str());
            let who = review.who(row);
            let said = std::iter::once(who.as_str()).chain(why);
            texts.push(search_text(said).into_boxed_str());
        }
        kinds.sort_by_key(|it| std::cmp::Reverse(it.rows.len()));
        let mut changes: HashMap<UserId, Vec<usize>> = HashMap::new();
        let updated = review.rows.iter().filter(|it| it.does == Does::Update);
        changes.extend(updated.filter_map(|it| Some((review.user(it)?, Vec::new()))));
        for (i, change) in plan.changes.iter().enumerate() {
            if let Some(its) = change.user().and_then(|it| changes.get_mut(&it)) {
                its.push(i);
            }
        }
        Some(Self {
            plan: Arc::clone(&plan),
            proposal: Some(Box::new(proposal)),
            by_does,
            kinds,
            texts,
            changes,
            took: Duration::ZERO,
        })
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What the import makes of the sheet.
    pub(crate) fn review(&self) -> Option<&Review> {
        self.plan.review.as_deref()
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// A row by its place.
    pub(crate) fn row(&self, place: u32) -> Option<&RowReview> {
        self.review()?.rows.get(usize::try_from(place).ok()?)
    }

    /// How many rows become that.
    pub(crate) fn count(&self, does: Does) -> usize {
        self.by_does.get(&does).map_or(0, Vec::len)
    }

    /// Whom a row is about, as typed.
    pub(crate) fn who(&self, row: &RowReview) -> String {
        self.review().map_or_else(String::new, |it| it.who(row))
    }

    /// The places of the rows that are wrong.
    pub(crate) fn wrong(&self) -> &[u32] {
        self.by_does.get(&Does::Wrong).map_or(&[], Vec::as_slice)
    }

    /// The ways of being wrong, the most frequent first.
    pub(crate) fn kinds(&self) -> &[FaultKind] {
        &self.kinds
    }

    /// The places of the rows that are to be shown: of these, those with all of the words.
    pub(crate) fn found(&self, show: Show, words: &str) -> Vec<u32> {
        let words = search_text(words.split_whitespace());
        let words: Vec<&str> = words.split_whitespace().collect();
        let fits = |i: &u32| {
            let text = usize::try_from(*i).ok().and_then(|it| self.texts.get(it));
            words
                .iter()
                .all(|it| text.is_some_and(|text| text.contains(it)))
        };
        let none: &[u32] = &[];
        let some = match show {
            Show::All => return (0..place(self.texts.len())).filter(|it| fits(it)).collect(),
            Show::Only(does) => self.by_does.get(&does).map_or(none, Vec::as_slice),
            Show::Kind(kind) => self.kinds.get(kind).map_or(none, |it| it.rows.as_slice()),
        };
        some.iter().copied().filter(fits).collect()
    }

    /// What is wrong in a row.
    pub(crate) fn faults(&self, row: &RowReview) -> &[Fault] {
        self.review().map_or(&[], |it| it.faults_of(row.row))
    }

    /// What is said of a row in one line: what is wrong, what is changed, or what else is in it.
    pub(crate) fn said(&self, row: &RowReview) -> String {
        let Some(review) = self.review() else {
            return String::new();
        };
        match row.does {
            Does::LeftOut if self.faults(row).is_empty() => NO_SEAT.to_owned(),
            Does::Wrong | Does::LeftOut => {
                let faults = self.faults(row).iter().map(|it| titled(review, it));
                faults.collect::<Vec<_>>().join(" · ")
            }
            Does::Update => self.changed(row).join(" · "),
            Does::Invite | Does::Create | Does::Queue => {
                let who = review.who(row);
                let cells = self.used(row.row).into_iter();
                let others = cells
                    .map(|it| it.1)
                    .filter(|it| !it.is_empty() && *it != who);
                others.collect::<Vec<_>>().join(" · ")
            }
            Does::Nothing => String::new(),
        }
    }

    fn changed(&self, row: &RowReview) -> Vec<String> {
        let user = self.review().and_then(|it| it.user(row));
        let its = user.and_then(|it| self.changes.get(&it));
        let changes = its
            .into_iter()
            .flatten()
            .filter_map(|i| self.plan.changes.get(*i));
        changes
            .map(|it| in_words(&it.described(&self.plan.names)))
            .collect()
    }

    /// Everything that is to be said of a row, one thing a line.
    pub(crate) fn details(&self, row: &RowReview) -> Vec<String> {
        let Some(review) = self.review() else {
            return Vec::new();
        };
        match row.does {
            Does::LeftOut if self.faults(row).is_empty() => vec![NO_SEAT.to_owned()],
            Does::Wrong | Does::LeftOut => self
                .faults(row)
                .iter()
                .map(|it| placed(review, it))
                .collect(),
            Does::Update => self.changed(row),
            Does::Invite | Does::Create | Does::Queue | Does::Nothing => {
                let cells = self.used(row.row).into_iter();
                let filled = cells.filter(|(_, text)| !text.is_empty());
                let said: Vec<_> = filled
                    .map(|(title, text)| format!("{title}: {text}"))
                    .collect();
                vec![said.join(" · ")]
            }
        }
    }

    /// The cells of a row in the columns that are not ignored, each under its title. Where they cannot be read any more, that is
    /// said instead.
    fn used(&self, number: u32) -> Vec<(String, String)> {
        let holds = self
            .review()
            .map_or(&[][..], |it| it.columns.holds.as_slice());
        let cells = self.cells(number);
        if let Some(Err(error)) = self.review().map(|it| it.sheet.check()) {
            return vec![("the file".to_owned(), error.to_string())];
        }
        let cells = cells.into_iter().zip(holds);
        cells
            .filter(|(_, holds)| holds.is_some())
            .map(|it| it.0)
            .collect()
    }

    /// The cells of a row, each under its title.
    pub(crate) fn cells(&self, number: u32) -> Vec<(String, String)> {
        let Some(review) = self.review() else {
            return Vec::new();
        };
        let titles = &review.columns.titles;
        let row = review.sheet.row(number);
        let mut cells = row.iter().flat_map(Row::cells);
        let said = titles.iter().map(|title| {
            let text = cells
                .next()
                .map_or_else(String::new, |it| it.said().into_owned());
            (title.trim().to_owned(), text)
        });
        said.collect()
    }
}

/// What is said of whom there is no room for, where that is not wrong.
const NO_SEAT: &str = "there is no free seat, and fewer were asked for";

fn titled(review: &Review, fault: &Fault) -> String {
    match fault.column {
        Some(column) => format!("{}: {}", review.title(column), at_hand(why(review, fault))),
        None => fault.why.clone(),
    }
}

/// What a wrong cell says.
fn cell(review: &Review, fault: &Fault) -> Option<String> {
    let row = review.sheet.row(fault.row)?;
    let text = row.cell(fault.column?).said().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// What is wrong, without the cell's text before it, which is said beside it.
fn why<'f>(review: &Review, fault: &'f Fault) -> &'f str {
    let text = cell(review, fault);
    let rest = text.and_then(|it| fault.why.strip_prefix(&it)?.strip_prefix(": "));
    rest.unwrap_or(&fault.why)
}

/// `D118 manager “boo@acme”: there is no user …`
fn placed(review: &Review, fault: &Fault) -> String {
    let Some(column) = fault.column else {
        return fault.why.clone();
    };
    let text = cell(review, fault).map_or_else(String::new, |it| format!(" “{it}”"));
    format!(
        "{}{} {}{text}: {}",
        letters(column),
        fault.row,
        review.title(column),
        at_hand(why(review, fault))
    )
}

/// What is to be done is told as it is done here, where an option of the command line is a line of a form.
fn at_hand(why: &str) -> String {
    why.replace("import with --as-typed", "say yes to as typed (o)")
}

/// What is wrong without what is different in each row: the cell's own text, addresses and numbers.
fn kind_in_words(review: &Review, fault: &Fault) -> String {
    let why = why(review, fault);
    let why = match cell(review, fault).filter(|it| it.len() > 1) {
        Some(text) => why.replace(&text, "…"),
        None => why.to_owned(),
    };
    let words = why.split(' ').map(|word| {
        let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
        let differs = bare.contains('@') || bare.chars().any(|it| it.is_ascii_digit());
        if differs { "…" } else { word }
    });
    let why = words.collect::<Vec<_>>().join(" ");
    match fault.column {
        Some(column) => format!("{}: {why}", review.title(column)),
        None => why,
    }
}
