//! A plan as an administrator reads it: the numbers first, then everybody by name. Made where the plan was made, away
//! from the thread that draws, because a plan can be about 100,000 people; a line of the list is worded only when it is
//! on the screen.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use usher_core::Plan;
use usher_core::change::{Change, Described, Names};
use usher_core::command::{Request, WhenFull};
use usher_core::model::{BatchId, Hold, Status, UserId};
use usher_core::plan::{Changes, PoolEffect};

use crate::counters;
use crate::effect::{Intent, Wish};
use crate::overlay::plan::BY_ONE_KEY;
use crate::repeating::command_line;
use crate::words;

/// Most lines that are kept of a list: nobody reads further, and a plan can be about everybody.
const MOST_LINES: usize = if cfg!(test) { 100 } else { 20_000 };

/// A plan with what is shown of it.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// What was wanted.
    pub(crate) intent: Intent,
    /// The request as it was planned; applying sends the same one.
    pub(crate) request: Request,
    /// What it would do.
    pub(crate) plan: Arc<Plan>,
    /// The batch that would be undone.
    pub(crate) undoes: Option<BatchId>,
    /// Everybody whom it changes, those who only get another manager last.
    changing: Vec<UserId>,
    /// How many of them get more than another manager.
    n_people: usize,
    /// How many of them are queued instead, where the command is to give them something.
    n_queued: usize,
    /// How many changes are about nobody.
    pub(crate) n_things: usize,
    /// The lines of the list, without those who are skipped.
    lines: Lines,
    /// How many change from which status to which, the most frequent first.
    pub(crate) transitions: Vec<(String, usize)>,
    /// How many are left out.
    pub(crate) n_left_out: usize,
    /// Why people are left out and how many, the most frequent first.
    pub(crate) reasons: Vec<(String, usize)>,
    /// The command line that does the same.
    pub(crate) command_line: String,
    /// Addresses that are probably mistyped, and what was probably meant.
    pub(crate) doubts: Vec<String>,
}

impl Proposal {
    /// Works out what is shown of a plan.
    pub(crate) fn new(
        intent: Intent,
        request: Request,
        mut plan: Plan,
        undoes: Option<BatchId>,
    ) -> Self {
        let (people, moved) = by_person(&plan.changes);
        let things: Vec<_> = (0..plan.changes.len())
            .filter(|i| plan.changes.get(*i).is_some_and(|it| it.user().is_none()))
            .collect();
        let (n_people, n_things) = (people.len(), things.len());
        let both = [people, moved];
        let lines = lines(&things, &both);
        let changing = both.into_iter().flatten().map(|it| it.0).collect();
        let reasons = match plan.review {
            // Each row is wrong in its own way, which stands beside it.
            Some(_) if !plan.skipped.is_empty() => {
                vec![(
                    "with something wrong in the row".to_owned(),
                    plan.skipped.len(),
                )]
            }
            _ => counted(plan.skipped.iter().map(|it| it.reason.as_str())),
        };
        let n_left_out = plan.left_out();
        let transitions = transitions(&plan.changes);
        let command_line = command_line(&intent, &plan, undoes);
        let n_queued = queued_by(plan.command, plan.changes.iter());
        // The rows of an import are told with what becomes of each.
        let lines = if lines.len() > MOST_LINES && plan.review.is_none() {
            let more = lines.len() - MOST_LINES;
            let first = lines.into_iter().take(MOST_LINES);
            let first = first.map(|it| worded(&plan, &it)).collect();
            // It is planned again when it is applied; of this one only the numbers and the digest matter from here on.
            plan.changes.truncate(1);
            plan.names = Names::default();
            Lines::First { first, more }
        } else {
            Lines::All(lines)
        };
        Self {
            intent,
            request,
            plan: Arc::new(plan),
            undoes,
            changing,
            n_people,
            n_queued,
            n_things,
            lines,
            transitions,
            n_left_out,
            reasons,
            command_line,
            doubts: Vec::new(),
        }
    }

    /// How many people change; what is typed to confirm.
    pub(crate) fn number(&self) -> usize {
        match self.n_people {
            0 => self.changing.len(),
            n => n,
        }
    }

    /// Whether everything fits, or somebody has chosen what to do.
    pub(crate) fn fits(&self) -> bool {
        self.plan.shortfalls.is_empty()
    }

    /// Whether it is to be chosen what becomes of those for whom there is no room, or was.
    pub(crate) fn chooses(&self) -> bool {
        !self.fits() || self.intent.when_full != WhenFull::Ask
    }

    /// Who or what changes: `3 people change`, or `1 change` where it is about nobody.
    fn subject(&self) -> String {
        match self.number() {
            0 => words::some(self.n_things, "change"),
            n => format!("{} change", words::people(n)),
        }
    }

    /// What has to be typed before it is applied, where one key would be too easy.
    pub(crate) fn word(&self) -> Option<String> {
        let grave = matches!(&self.intent.wish, Wish::People { verb, .. } if verb.is_grave());
        match &self.intent.wish {
            Wish::Order(order) if order.word.is_some() => order.word.clone(),
            _ if grave || self.number() > BY_ONE_KEY || !self.doubts.is_empty() => {
                Some(self.number().to_string())
            }
            _ => self.bought_too_few(),
        }
    }

    /// What is bought of a pool from now on, where it is less than what is held.
    fn bought_too_few(&self) -> Option<String> {
        let few = |it: &&PoolEffect| {
            it.purchased_after < it.purchased && it.purchased_after < it.held_after
        };
        let pool = self.plan.effects.pools.iter().find(few)?;
        Some(pool.purchased_after.to_string())
    }

    /// What is wanted, as a heading.
    pub(crate) fn heading(&self) -> String {
        let who = match self.number() {
            0 => "nobody".to_owned(),
            n => words::people(n),
        };
        match &self.intent.wish {
            Wish::People { verb, .. } | Wish::Named { verb, .. } => verb.heading(&who),
            Wish::Order(order) => order.heading.clone(),
            Wish::Replay { seq, .. } => format!("Replay request {seq}: {}", self.subject()),
            Wish::Undo(_) => match self.undoes {
                Some(batch) => format!("Undo batch {}: {} back", short(batch), self.subject()),
                None => format!("Undo: {} back", self.subject()),
            },
        }
    }

    /// What has been done, as one word.
    pub(crate) fn done_word(&self) -> String {
        if self.plan.command == "admin_grant" {
            // What changed last may also be that a second administrator was asked: there it is called otherwise.
            return "given permissions".to_owned();
        }
        crate::counters::done_word(self.plan.command)
    }

    /// To how many it was done, in words: `3 given a license · 20 queued`.
    pub(crate) fn done_in_words(&self) -> String {
        let n_done = self.number().saturating_sub(self.n_queued);
        let done = format!("{} {}", words::count(n_done), self.done_word());
        let queued = format!("{} queued", words::count(self.n_queued));
        match (n_done, self.n_queued) {
            (_, 0) => done,
            (0, _) => queued,
            _ => format!("{done} · {queued}"),
        }
    }

    /// What differs from a plan that was shown before, in words.
    pub(crate) fn differs_from(&self, before: &Self) -> Vec<String> {
        let mut said = Vec::new();
        for (one, other, word) in [
            (before, self, "no longer changes"),
            (self, before, "changes too now"),
        ] {
            let others: HashSet<_> = other.changing.iter().collect();
            let gone = one.changing.iter().filter(|it| !others.contains(*it));
            let gone: Vec<_> = gone.copied().collect();
            match gone.as_slice() {
                [] => {}
                [user] => said.push(format!("{} {word}", called(&one.plan, *user))),
                [user, rest @ ..] => {
                    said.push(format!(
                        "{} and {} more: each {word}",
                        called(&one.plan, *user),
                        words::count(rest.len())
                    ));
                }
            }
        }
        if before.plan.skipped.len() != self.plan.skipped.len() {
            let n = |it: &Self| words::count(it.plan.skipped.len());
            said.push(format!("{} skipped instead of {}", n(self), n(before)));
        }
        for pool in &self.plan.effects.pools {
            let free = PoolEffect::free_before;
            let was = before
                .plan
                .effects
                .pools
                .iter()
                .find(|it| it.pool == pool.pool)
                .map(free);
            if let Some(was) = was.filter(|was| *was != free(pool)) {
                said.push(format!(
                    "{} has {} free instead of {}",
                    pool.name,
                    words::number(free(pool)),
                    words::number(was)
                ));
            }
        }
        said
    }

    /// How many lines the list of people and skips has.
    pub(crate) fn list_len(&self) -> usize {
        self.lines.len() + self.plan.skipped.len()
    }

    /// One line of that list: who, and what becomes of them.
    pub(crate) fn list_line(&self, line: usize) -> Option<ListLine> {
        if line >= self.lines.len() {
            let skip = self.plan.skipped.get(line - self.lines.len())?;
            return Some(ListLine {
                who: skip.who.clone(),
                what: skip.reason.clone(),
                skipped: true,
            });
        }
        match &self.lines {
            Lines::All(lines) => lines.get(line).map(|it| worded(&self.plan, it)),
            Lines::First { first, more } => {
                let last = || ListLine {
                    who: format!("… and {} more lines", words::count(*more)),
                    what: String::new(),
                    skipped: false,
                };
                Some(first.get(line).cloned().unwrap_or_else(last))
            }
        }
    }
}

/// What somebody is called whom a plan changes.
fn called(plan: &Plan, user: UserId) -> String {
    let mut told = plan.told().filter(|it| it.1.user() == Some(user));
    let told = told.next().and_then(|it| it.0);
    told.unwrap_or_else(|| plan.names.user(user))
}

fn worded(plan: &Plan, line: &Changed) -> ListLine {
    let changes = line.changes.iter().filter_map(|i| plan.changes.get(*i));
    let mut newcomer = None;
    let said: Vec<_> = changes
        .flat_map(|it| {
            if let Change::UserCreated { created, .. } = &*it {
                newcomer = created.label().map(str::to_owned);
            }
            it.described_in_full(&plan.names)
        })
        .map(|it| in_words(&it))
        .collect();
    let said = said.join(" · ");
    let (who, what) = match line.who {
        Who::Nobody => (said, String::new()),
        Who::Same => (String::new(), said),
        Who::Person(user) => (newcomer.unwrap_or_else(|| plan.names.user(user)), said),
    };
    ListLine {
        who,
        what,
        skipped: false,
    }
}

/// The lines of a list.
#[derive(Debug)]
enum Lines {
    /// All of them; one is worded when it is on the screen.
    All(Vec<Changed>),
    /// Those that are kept of a very long list, and how many there are besides.
    First {
        /// They.
        first: Vec<ListLine>,
        /// How many more.
        more: usize,
    },
}

impl Lines {
    fn len(&self) -> usize {
        match self {
            Self::All(lines) => lines.len(),
            Self::First { first, .. } => first.len() + 1,
        }
    }
}

/// Of up to this many people each change has a line; of more, each person.
const FEW: usize = 3;

/// A line of the list before it is worded.
#[derive(Debug)]
struct Changed {
    who: Who,
    changes: Vec<usize>,
}

#[derive(Debug)]
enum Who {
    Nobody,
    Person(UserId),
    /// The same person as in the line above.
    Same,
}

fn lines(things: &[usize], people: &[ByPerson; 2]) -> Vec<Changed> {
    let mut lines: Vec<_> = things
        .iter()
        .map(|i| Changed {
            who: Who::Nobody,
            changes: vec![*i],
        })
        .collect();
    let people = people.iter().flatten();
    let few = people.clone().count() <= FEW;
    for (user, changes) in people {
        let mut each: Vec<Vec<usize>> = if few {
            changes.iter().map(|it| vec![*it]).collect()
        } else {
            vec![changes.clone()]
        };
        for (n, changes) in each.drain(..).enumerate() {
            let who = if n == 0 {
                Who::Person(*user)
            } else {
                Who::Same
            };
            lines.push(Changed { who, changes });
        }
    }
    lines
}

/// One line of a plan's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListLine {
    /// Who.
    pub(crate) who: String,
    /// What becomes of them, or why they are left out.
    pub(crate) what: String,
    /// Whether they are left out.
    pub(crate) skipped: bool,
}

/// The changes of each person, those who only get another manager apart; both in the plan's order.
type ByPerson = Vec<(UserId, Vec<usize>)>;

fn by_person(changes: &Changes) -> (ByPerson, ByPerson) {
    let mut places: HashMap<UserId, usize> = HashMap::new();
    let mut all: ByPerson = Vec::new();
    let mut get_more: Vec<bool> = Vec::new();
    for (i, change) in changes.iter().enumerate() {
        if let Some(user) = change.user() {
            let place = *places.entry(user).or_insert(all.len());
            match all.get_mut(place) {
                Some((_, its)) => its.push(i),
                None => {
                    all.push((user, vec![i]));
                    get_more.push(false);
                }
            }
            if let Some(gets_more) = get_more.get_mut(place) {
                *gets_more |= !matches!(*change, Change::Manager { .. });
            }
        }
    }
    let (more, moved): (Vec<_>, Vec<_>) = all.into_iter().zip(get_more).partition(|it| it.1);
    let only = |it: Vec<(_, bool)>| it.into_iter().map(|it| it.0).collect();
    (only(more), only(moved))
}

/// Of how many people changes say that they wait for what a command gives: a seat, or a license.
pub(crate) fn queued_by(
    command: &str,
    changes: impl IntoIterator<Item = impl Borrow<Change>>,
) -> usize {
    if !counters::may_queue(command) {
        return 0;
    }
    let waits = |change: &Change| match change {
        Change::License { user, after, .. } if command == "grant" => {
            matches!(after, Hold::Queued(_)).then_some(*user)
        }
        Change::Status { user, after, .. } => (*after == Status::Queued).then_some(*user),
        Change::UserCreated { user, created } => {
            (created.status == Status::Queued).then_some(*user)
        }
        _ => None,
    };
    let changes = changes.into_iter();
    let people: HashSet<_> = changes.filter_map(|it| waits(it.borrow())).collect();
    people.len()
}

fn transitions(changes: &Changes) -> Vec<(String, usize)> {
    let mut statuses: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in changes.iter() {
        if let Change::Status { before, after, .. } = &*change {
            *statuses
                .entry((before.as_str(), after.as_str()))
                .or_default() += 1;
        }
    }
    let mut worded: Vec<_> = statuses
        .into_iter()
        .map(|((from, to), n)| (format!("{from} → {to}"), n))
        .collect();
    worded.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    worded
}

fn counted<'a>(reasons: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *numbers.entry(reason).or_default() += 1;
    }
    let mut worded: Vec<_> = numbers
        .into_iter()
        .map(|(reason, n)| (reason.to_owned(), n))
        .collect();
    worded.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    worded
}

/// A change in words: `status active → inactive`.
pub(crate) fn in_words(said: &Described) -> String {
    if let (Value::Object(before), Value::Object(after)) = (&said.before, &said.after) {
        return format!("{} {}", said.what, differing(before, after));
    }
    let before = value_in_words(&said.before);
    let after = value_in_words(&said.after);
    match (before.is_empty(), after.is_empty()) {
        (true, true) => said.what.clone(),
        (true, false) => format!("{} {after}", said.what),
        (false, true) => format!("{} {before} → none", said.what),
        (false, false) => format!("{} {before} → {after}", said.what),
    }
}

/// What differs of terms that have several parts: `purchased 1 → 7, ends on none → 2027-01-31`.
fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let word = |terms: &Map<String, Value>, name: &str| {
        let text = terms.get(name).map(value_in_words).unwrap_or_default();
        if text.is_empty() {
            "none".to_owned()
        } else {
            text
        }
    };
    let names = names.into_iter();
    let differ = names.filter(|it| before.get(*it) != after.get(*it));
    let said = differ.map(|it| {
        let (before, after) = (word(before, it), word(after, it));
        format!("{} {before} → {after}", it.replace('_', " "))
    });
    said.collect::<Vec<_>>().join(", ")
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(all) => {
            let all = all.iter().map(value_in_words);
            all.collect::<Vec<_>>().join(", ")
        }
        Value::Object(parts) => {
            let parts = parts.iter().map(|(name, it)| (name, value_in_words(it)));
            let parts = parts.filter(|(_, it)| !it.is_empty());
            let said = parts.map(|(name, it)| format!("{} {it}", name.replace('_', " ")));
            said.collect::<Vec<_>>().join(", ")
        }
    }
}

/// An id as short as it stays unambiguous: how it ends is drawn at random, and how it begins is the time, which a batch shares
/// with those that it made way for.
pub(crate) fn short(batch: BatchId) -> String {
    let id = batch.to_string();
    id.rsplit('-').next().unwrap_or(&id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_said_in_words() {
        let said = |before, after| {
            in_words(&Described {
                what: "status".into(),
                before,
                after,
            })
        };
        assert_eq!(
            said(json!("active"), json!("inactive")),
            "status active → inactive"
        );
        assert_eq!(said(json!(null), json!("active")), "status active");
        assert_eq!(said(json!("active"), json!(null)), "status active → none");
        let terms = |n| json!({"purchased": n, "at_capacity": "queue", "ends_on": null, "alarms": [80, 95]});
        assert_eq!(
            said(json!(null), terms(3)),
            "status alarms 80, 95, at capacity queue, purchased 3"
        );
        assert_eq!(said(terms(1), terms(3)), "status purchased 1 → 3");
    }
}
