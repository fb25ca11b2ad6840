//! Every action that a key can cause, once: its keys, its name, one sentence, and where it belongs. The key hints, the
//! help and the manual's table of keys are made from this list, so none of them can be out of date.

use crate::key::Key;

/// What a key causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Up a row.
    Up,
    /// Down a row.
    Down,
    /// Up half a screen.
    HalfUp,
    /// Down half a screen.
    HalfDown,
    /// Up a screen.
    PageUp,
    /// Down a screen.
    PageDown,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// Type a filter.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Mark the row or take its mark, and go down.
    Mark,
    /// Begin a range, or mark it.
    Range,
    /// Mark everybody in the list.
    MarkAll,
    /// Marked and not marked change places.
    Invert,
    /// Take all marks away.
    ClearMarks,
    /// List only the marked people, or the former list again.
    OnlyMarked,
    /// Take people off their seats.
    Deactivate,
    /// Bring people back.
    Reactivate,
    /// Mail a new invitation.
    Resend,
    /// Undo the last batch of this console.
    Undo,
    /// Show one person.
    Detail,
    /// Show all keys.
    Help,
    /// Draw the screen anew.
    Repaint,
    /// One step back.
    Back,
    /// Leave the console.
    Quit,
    /// Apply a plan that changes few people.
    Confirm,
    /// Seat only those for whom there is room.
    Fewer,
    /// Queue those for whom there is no room.
    QueueRest,
    /// Take what was typed.
    Accept,
}

/// Where keys belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The users screen.
    Users,
    /// The filter line.
    Filter,
    /// The plan sheet.
    Plan,
}

/// An action with its keys.
pub struct Entry {
    /// What it causes.
    pub action: Action,
    /// Where.
    pub place: Place,
    /// Its keys, the one to show first.
    pub keys: &'static [Key],
    /// What it is called in a hint.
    pub name: &'static str,
    /// What it does, as a sentence.
    pub sentence: &'static str,
}

const fn entry(
    place: Place,
    action: Action,
    keys: &'static [Key],
    name: &'static str,
    sentence: &'static str,
) -> Entry {
    Entry {
        action,
        place,
        keys,
        name,
        sentence,
    }
}

use Key::{Char, Ctrl};
use Place::{Filter, Plan, Users};

/// Every action, in the order of the help.
pub const ACTIONS: &[Entry] = &[
    entry(
        Users,
        Action::Filter,
        &[Char('/')],
        "find",
        "Type what to look for; the list follows as you type.",
    ),
    entry(
        Users,
        Action::Sort,
        &[Char('s')],
        "sort",
        "Sort by the next of name, email, status and creation.",
    ),
    entry(
        Users,
        Action::Mark,
        &[Char(' ')],
        "mark",
        "Mark the person, or take the mark away, and go down.",
    ),
    entry(
        Users,
        Action::Range,
        &[Char('v')],
        "range",
        "Begin a range; again marks everybody in it; esc leaves it.",
    ),
    entry(
        Users,
        Action::MarkAll,
        &[Char('*')],
        "all",
        "Mark everybody whom the list finds, on the screen or not.",
    ),
    entry(
        Users,
        Action::Invert,
        &[Char('t')],
        "invert",
        "Marked and not marked change places within the list.",
    ),
    entry(
        Users,
        Action::OnlyMarked,
        &[Char('m')],
        "only marked",
        "List only the marked people; again lists the former ones.",
    ),
    entry(
        Users,
        Action::ClearMarks,
        &[Char('M')],
        "clear marks",
        "Take all marks away.",
    ),
    entry(
        Users,
        Action::Deactivate,
        &[Char('d')],
        "deactivate",
        "Show the plan for taking people off their seats.",
    ),
    entry(
        Users,
        Action::Reactivate,
        &[Char('r')],
        "reactivate",
        "Show the plan for bringing people back.",
    ),
    entry(
        Users,
        Action::Resend,
        &[Char('n')],
        "resend",
        "Show the plan for mailing new invitations; the old links die.",
    ),
    entry(
        Users,
        Action::Undo,
        &[Char('z')],
        "undo",
        "Show the plan for undoing your last batch.",
    ),
    entry(
        Users,
        Action::Detail,
        &[Key::Enter],
        "details",
        "Show everything about the person; again leaves.",
    ),
    entry(
        Users,
        Action::Down,
        &[Char('j'), Key::Down],
        "down",
        "Go down a row.",
    ),
    entry(
        Users,
        Action::Up,
        &[Char('k'), Key::Up],
        "up",
        "Go up a row.",
    ),
    entry(
        Users,
        Action::HalfDown,
        &[Ctrl('d')],
        "half down",
        "Go down half a screen.",
    ),
    entry(
        Users,
        Action::HalfUp,
        &[Ctrl('u')],
        "half up",
        "Go up half a screen.",
    ),
    entry(
        Users,
        Action::PageDown,
        &[Key::PageDown, Ctrl('f')],
        "page down",
        "Go down a screen.",
    ),
    entry(
        Users,
        Action::PageUp,
        &[Key::PageUp, Ctrl('b')],
        "page up",
        "Go up a screen.",
    ),
    entry(
        Users,
        Action::Top,
        &[Char('g'), Key::Home],
        "first",
        "Go to the first row.",
    ),
    entry(
        Users,
        Action::Bottom,
        &[Char('G'), Key::End],
        "last",
        "Go to the last row.",
    ),
    entry(
        Users,
        Action::Back,
        &[Key::Escape],
        "back",
        "One step back: range, details, filter.",
    ),
    entry(
        Users,
        Action::Repaint,
        &[Ctrl('l')],
        "repaint",
        "Draw the screen anew.",
    ),
    entry(Users, Action::Help, &[Char('?')], "help", "Show this help."),
    entry(
        Users,
        Action::Quit,
        &[Char('q')],
        "quit",
        "Leave the console.",
    ),
    entry(
        Filter,
        Action::Accept,
        &[Key::Enter],
        "keep",
        "Keep the filter and go to the list.",
    ),
    entry(
        Filter,
        Action::Back,
        &[Key::Escape],
        "clear",
        "Clear the filter.",
    ),
    entry(
        Filter,
        Action::Up,
        &[Key::Up],
        "up",
        "Go up in the list while typing.",
    ),
    entry(
        Filter,
        Action::Down,
        &[Key::Down],
        "down",
        "Go down in the list while typing.",
    ),
    entry(
        Plan,
        Action::Confirm,
        &[Char('y')],
        "apply",
        "Apply exactly this plan. Above 25 people, type their number and press enter.",
    ),
    entry(
        Plan,
        Action::Accept,
        &[Key::Enter],
        "apply",
        "Apply when the number that was typed is right.",
    ),
    entry(
        Plan,
        Action::Fewer,
        &[Char('f')],
        "fewer",
        "Seat only as many as there is room for.",
    ),
    entry(
        Plan,
        Action::QueueRest,
        &[Char('q')],
        "queue the rest",
        "Seat whom there is room for and queue the rest.",
    ),
    entry(
        Plan,
        Action::Down,
        &[Char('j'), Key::Down],
        "down",
        "Scroll down.",
    ),
    entry(Plan, Action::Up, &[Char('k'), Key::Up], "up", "Scroll up."),
    entry(
        Plan,
        Action::PageDown,
        &[Key::PageDown, Ctrl('d'), Char(' ')],
        "page down",
        "Scroll down a page.",
    ),
    entry(
        Plan,
        Action::PageUp,
        &[Key::PageUp, Ctrl('u')],
        "page up",
        "Scroll up a page.",
    ),
    entry(
        Plan,
        Action::Top,
        &[Char('g'), Key::Home],
        "first",
        "Scroll to the numbers.",
    ),
    entry(
        Plan,
        Action::Bottom,
        &[Char('G'), Key::End],
        "last",
        "Scroll to the end.",
    ),
    entry(
        Plan,
        Action::Back,
        &[Key::Escape],
        "cancel",
        "Leave everything as it is.",
    ),
];

/// The action of a key in a place.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    ACTIONS
        .iter()
        .find(|it| it.place == place && it.keys.contains(&key))
        .map(|it| it.action)
}

/// The key to show for an action, and its name.
pub(crate) fn hint(place: Place, action: Action) -> Option<(String, &'static str)> {
    let entry = ACTIONS
        .iter()
        .find(|it| it.place == place && it.action == action)?;
    Some((entry.keys.first()?.to_string(), entry.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in [Users, Filter, Plan] {
            let mut seen = HashSet::new();
            for key in ACTIONS
                .iter()
                .filter(|it| it.place == place)
                .flat_map(|it| it.keys)
            {
                assert!(seen.insert(*key), "{key} in {place:?}");
            }
        }
    }

    #[test]
    fn every_action_is_a_sentence() {
        for entry in ACTIONS {
            assert!(
                entry.sentence.ends_with('.') && !entry.keys.is_empty(),
                "{}",
                entry.name
            );
        }
    }
}
