//! Every action that a key can cause, once: its keys, its name, one sentence, and where it belongs. The key hints, the
//! help and the manual's table of keys are made from this list, so none of them can be out of date.

mod importing;
mod table;

use crate::key::Key;

/// Every action, in the order of the help.
pub fn actions() -> impl Iterator<Item = &'static Entry> {
    table::ACTIONS.iter().chain(importing::ACTIONS)
}

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
    /// Turn the order round.
    Backwards,
    /// Choose columns and order.
    Columns,
    /// Saved views.
    Views,
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
    /// Mark whoever was marked for the last batch.
    MarkAgain,
    /// List only the marked people, or the former list again.
    OnlyMarked,
    /// Invite people.
    Invite,
    /// Import people from a file.
    Import,
    /// Mend the cells of a row.
    Mend,
    /// Take the last mending back.
    Unmend,
    /// Go to the next row that is wrong.
    NextProblem,
    /// Go to the row before that is wrong.
    PreviousProblem,
    /// Choose which rows are shown.
    ShowRows,
    /// Show only what is wrong, or everything again.
    OnlyProblems,
    /// Choose how a file is imported.
    Terms,
    /// Leave out what is wrong, or stop at it.
    Partial,
    /// Write a copy with what is wrong.
    ErrorCopy,
    /// Look through the file again.
    LookAgain,
    /// Show everything that can be done.
    Menu,
    /// Find an action or a screen by its name.
    Palette,
    /// Put something into the clipboard.
    Copy,
    /// Open what the row is.
    Open,
    /// Undo the last batch of this console.
    Undo,
    /// Show one person.
    Detail,
    /// Show all keys.
    Help,
    /// Take the mouse or leave it to the terminal.
    Mouse,
    /// The next colours.
    Theme,
    /// Draw frames, or none.
    Plain,
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
    /// Complete what was begun.
    Complete,
}

/// Where keys belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The users screen.
    Users,
    /// An import that is looked through.
    Import,
    /// The filter line.
    Filter,
    /// The plan sheet.
    Plan,
    /// Any other screen.
    Board,
    /// A form.
    Form,
    /// A list of actions.
    Menu,
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

/// The action of a key in a place.
pub(crate) fn action(place: Place, key: Key) -> Option<Action> {
    actions()
        .find(|it| it.place == place && it.keys.contains(&key))
        .map(|it| it.action)
}

/// The key to show for an action, and its name.
pub(crate) fn hint(place: Place, action: Action) -> Option<(String, &'static str)> {
    let entry = actions().find(|it| it.place == place && it.action == action)?;
    Some((entry.keys.first()?.to_string(), entry.name))
}

#[cfg(test)]
mod tests {
    use super::Place::{Board, Filter, Form, Import, Menu, Plan, Users};
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in [Users, Import, Filter, Plan, Board, Form, Menu] {
            let mut seen = HashSet::new();
            for key in actions()
                .filter(|it| it.place == place)
                .flat_map(|it| it.keys)
            {
                assert!(seen.insert(*key), "{key} in {place:?}");
            }
        }
    }

    #[test]
    fn nothing_that_can_be_done_with_people_takes_another_key_away() {
        for act in crate::people::ACTS {
            for place in [Users, Board] {
                let taken = act.key.and_then(|it| action(place, it));
                assert_eq!(taken, None, "{} in {place:?}", act.name);
            }
        }
    }

    #[test]
    fn no_key_of_a_board_means_two_things() {
        for (_, topic) in crate::boards::Topic::main() {
            let acts = topic.kind().acts;
            for (i, act) in acts.iter().enumerate() {
                let again = acts.iter().skip(i + 1).any(|it| it.key == act.key);
                let taken = action(Board, act.key).filter(|it| *it != Action::Open);
                assert!(!again && taken.is_none(), "{}", act.name);
                assert!(act.sentence.ends_with('.'), "{}", act.name);
            }
        }
    }

    #[test]
    fn every_action_is_a_sentence() {
        for entry in actions() {
            assert!(
                entry.sentence.ends_with('.') && !entry.keys.is_empty(),
                "{}",
                entry.name
            );
        }
    }
}
